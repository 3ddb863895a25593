//! What the runner makes of single events that no scenario brings about at will.

use super::commit::{Commit, Mapped};
use super::doubt::Quiet;
use super::worker::{Landed, Landing};
use super::*;
use crate::identity::DirectoryUser;
use crate::job::{FirstSent, Job, Outcome, Policy, Status};
use crate::monitor::Progress;
use crate::problem::Rule;
use crate::provider::Batching;
use crate::store::{
    Batch, Claim, NewJob, NewRun, OpenJob, Outlook, Reading, Record, Running, Staging, Table,
    Ticked,
};
use crate::target::{Answer, Created, Fault, Later, Reply, Told, Wanted};
use crate::user::{IdKind, Identifiers};
use std::sync::Mutex;
use tempfile::TempDir;

const SECOND: Duration = Duration::from_secs(1);
/// 2026-01-01T00:00:00Z.
const START_MS: i64 = 1_767_225_600_000;

/// A target that never answers.
struct Silent;

impl Target for Silent {
    fn probe(&self) -> Later<'_, Reply<Result<(), Fault>>> {
        Box::pin(std::future::pending())
    }

    fn create<'a>(&'a self, _users: &'a [User]) -> Later<'a, Reply<Created>> {
        Box::pin(std::future::pending())
    }

    fn find<'a>(
        &'a self,
        _wanted: &'a [Wanted],
        _pace: Duration,
    ) -> Later<'a, Reply<Result<Vec<Vec<DirectoryUser>>, Fault>>> {
        Box::pin(std::future::pending())
    }
}

/// What watchers are told, but for the figures.
#[derive(Clone, Default)]
struct Notes(Arc<Mutex<Vec<String>>>);

impl Monitor for Notes {
    fn progress(&mut self, _progress: &Progress) {}

    fn note(&mut self, text: &str) {
        self.0.lock().unwrap().push(text.to_owned());
    }
}

fn settings() -> Settings {
    Settings {
        width: 4,
        batching: Batching::of(1, 80),
        ceiling: None,
        quiet: Quiet { request_timeout: 30 * SECOND, settle_time: 5 * SECOND },
        probe_interval: (SECOND, 4 * SECOND),
        probe_timeout: 3 * SECOND,
        max_outage: 300 * SECOND,
        max_silence_at_start: 30 * SECOND,
        write_outage: 120 * SECOND,
        policy: Policy::default(),
        limit: None,
        only: None,
        max_failures: None,
        hold_unknown: false,
        seed: 1,
    }
}

fn identifiers(n: i64) -> Identifiers {
    let mut identifiers = Identifiers::default();
    identifiers.set(IdKind::ExternalId, &format!("u{n}"));
    identifiers
}

/// A run over two rows, before its first event.
fn runner() -> (Runner<Table>, TempDir) {
    let dir = tempfile::tempdir().unwrap();
    let mut table = Table::open(&dir.path().join("t.db")).unwrap();
    let source = table.begin_source("users", None, START_MS).unwrap();
    let jobs = (1..=2).map(|n| NewJob {
        record_no: n,
        line: None,
        raw: n.to_string().into_bytes(),
        identifiers: identifiers(i64::try_from(n).unwrap()),
        problems: Vec::new(),
        omitted: Vec::new(),
    });
    let batch = Batch {
        source,
        jobs: jobs.collect(),
        checkpoint: "{}".to_owned(),
        fingerprint: String::new(),
        finished: true,
        replace: false,
        now_ms: START_MS,
    };
    table.stage(&batch).unwrap();
    let (machine, settings_json) = ("here".to_owned(), "{}".to_owned());
    let run = NewRun { machine, pid: 1, settings: settings_json, now_ms: START_MS };
    let run = table.begin_run(&run).unwrap();
    let runner = Runner::new(
        table,
        Arc::new(Silent),
        Arc::new(|_: &[u8]| (User::default(), Vec::new())),
        settings(),
        Clock::starting_at(START_MS),
        run,
        Totals { total: 2, ..Totals::default() },
        Box::new(Notes::default()),
    );
    (runner, dir)
}

/// A row that this run sent alone, in doubt.
fn doubt(n: i64) -> NewDoubt {
    NewDoubt {
        id: JobId(n),
        sends: 1,
        job: job(),
        identifiers: identifiers(n),
        ended_at: SECOND,
        epoch: None,
        code: None,
        size: 1,
        next_size: None,
        was_answered: false,
    }
}

fn job() -> Job {
    Job { spent: 0, first_sent_ms: None, had_unknown: false, duplicate: false }
}

/// Takes in a row that was claimed.
fn take_in(runner: &mut Runner<Table>, n: i64) {
    let raw = n.to_string().into_bytes();
    let claim = Claim { id: JobId(n), sends: 1, job: job(), is_first: true, code: None, raw };
    runner.take_in(Mapped::new(&claim, &runner.mapper));
}

/// A create that came to this; it has left at the beginning, and ends now.
fn landing(runner: &Runner<Table>, n: i64, outcome: Outcome) -> Event {
    Event::Landed(Box::new(landed(n, outcome, runner.clock.now())))
}

/// A create of one row that left at the beginning.
fn landed(n: i64, outcome: Outcome, ended_at: Moment) -> Landing {
    let (user, answer) = (User::default(), Answer::new(outcome));
    Landing {
        rows: vec![Landed { id: JobId(n), user, answer, wait: Duration::ZERO }],
        size: 1,
        request: None,
        whole: None,
        trial: None,
        sent_at: Duration::ZERO,
        ended_at,
        told: Told::default(),
        gate_knows: false,
    }
}

/// What becomes of a row whose create came to this.
fn land(runner: &mut Runner<Table>, outcome: Outcome) -> Record {
    take_in(runner, 1);
    runner.hand.beyond(0);
    runner.on_event(landing(runner, 1, outcome));
    runner.outbox.records.pop().unwrap()
}

/// Rows whose refusals wait for a read; it has left.
fn refused(runner: &mut Runner<Table>, rows: std::ops::RangeInclusive<i64>) {
    for n in rows {
        take_in(runner, n);
        runner.on_event(landing(runner, n, Outcome::Unexplained { about_token: false }));
    }
    runner.hand.beyond(0);
    assert!(runner.outbox.is_empty(), "a read decides first");
    runner.explaining.ask();
}

/// The breaker lets everything through.
fn open_gate(runner: &mut Runner<Table>) {
    runner.gate.breaker.probe_started(Duration::ZERO);
    runner.gate.breaker.probe_passed(true);
}

fn denied() -> Fault {
    Fault::Denied(Halt { message: "may not look users up".to_owned(), hint: String::new() })
}

/// One transaction, as the loop makes it.
async fn commit(runner: &mut Runner<Table>) {
    runner.start_commit(runner.clock.now());
    let committed = runner.commit.take().expect("nothing to commit").await.unwrap();
    runner.on_commit(committed).unwrap();
}

// ---- what is written down

/// The program may map better than the one that staged the row.
#[tokio::test(start_paused = true)]
async fn a_problem_that_only_this_program_finds_is_told_in_its_own_words() {
    let (mut runner, _dir) = runner();
    let problem = Problem::new("email", Rule::Email, "not an e-mail address");
    let found = problem.clone();
    runner.mapper = Arc::new(move |_| (User::default(), vec![found.clone()]));
    take_in(&mut runner, 1);
    let record = runner.outbox.records.pop().unwrap();
    assert_eq!((record.transition.status, record.problem), (Status::Invalid, Some(problem)));
    assert!(runner.hand.ready() == 0, "it is not sent");
}

#[tokio::test(start_paused = true)]
async fn a_flight_that_is_given_up_is_in_doubt_and_the_ledger_says_why() {
    let (mut runner, _dir) = runner();
    take_in(&mut runner, 1);
    runner.abandon_flights();
    let record = runner.outbox.records.pop().unwrap();
    assert_eq!(record.transition.status, Status::Unknown);
    let why = Some("stopped before an answer came");
    assert_eq!(record.reason.as_deref(), why);
    assert_eq!(record.attempt.unwrap().message.as_deref(), why);
}

/// Other rows are due, but not for this run.
#[tokio::test(start_paused = true)]
async fn a_limit_that_leaves_doubts_alone_waits_for_them() {
    for (limit, expected) in [(None, false), (Some(2), false), (Some(1), true)] {
        let (mut runner, _dir) = runner();
        runner.settings.limit = limit;
        open_gate(&mut runner);
        runner.on_event(Event::Probed { asked_at: Duration::ZERO, reply: Reply::new(Ok(())) });
        take_in(&mut runner, 1);
        runner.hand.beyond(0);
        let unknown = Outcome::Unknown;
        runner.on_event(landing(&runner, 1, unknown));
        commit(&mut runner).await;
        let is_settling =
            matches!(runner.activity(runner.clock.now()), crate::monitor::Activity::Settling);
        assert_eq!(is_settling, expected, "{limit:?}");
    }
}

// ---- where users cannot be looked up

#[tokio::test(start_paused = true)]
async fn a_refusal_that_nothing_explains_is_the_rows_only_where_reads_were_denied_from_the_start() {
    let cases = [
        (Lookups::DeniedFromStart, Status::Failed),
        (Lookups::Denied, Status::Pending),
        (Lookups::Allowed, Status::Pending),
    ];
    for (lookups, status) in cases {
        let (mut runner, _dir) = runner();
        runner.settings.hold_unknown = true;
        runner.lookups = lookups;
        refused(&mut runner, 1..=1);
        runner.on_event(Event::Explained {
            asked_at: Duration::ZERO,
            reply: Reply::new(Err(denied())),
        });
        let record = runner.outbox.records.pop().unwrap();
        assert_eq!(record.transition.status, status, "{lookups:?}");
    }
}

// ---- refusals that no known code explains

/// The statuses of the rows whose refusal this read was to explain.
fn explained(result: Result<(), Fault>) -> Vec<(Status, Option<i64>)> {
    let (mut runner, _dir) = runner();
    refused(&mut runner, 1..=2);
    runner.on_event(Event::Explained { asked_at: Duration::ZERO, reply: Reply::new(result) });
    let told = |record: &Record| {
        (record.transition.status, record.attempt.as_ref().and_then(|attempt| attempt.read_ms))
    };
    runner.outbox.records.iter().map(told).collect()
}

#[tokio::test(start_paused = true)]
async fn one_read_decides_about_all_refusals_that_came_before_it() {
    let halt = Halt { message: "revoked".to_owned(), hint: String::new() };
    let silent = Fault::NotSent("no route".to_owned());
    assert_eq!(explained(Ok(())), [(Status::Failed, Some(0)); 2]);
    assert_eq!(explained(Err(silent)), [(Status::Pending, Some(0)); 2]);
    assert_eq!(explained(Err(Fault::Halt(halt))), [(Status::Pending, Some(0)); 2]);
}

#[tokio::test(start_paused = true)]
async fn the_read_goes_through_the_gate_counts_against_the_rate_and_has_a_time_of_its_own() {
    let (mut runner, _dir) = runner();
    runner.gate.rate = Rate::new(Some(1.0));
    open_gate(&mut runner);
    take_in(&mut runner, 1);
    runner.pump(SECOND);
    assert_eq!(runner.gate.in_flight(), 1, "the create");
    tokio::time::advance(SECOND + SECOND / 2).await;
    runner.on_event(landing(&runner, 1, Outcome::Unexplained { about_token: false }));
    runner.pump(SECOND + SECOND / 2);
    assert_eq!(runner.gate.in_flight(), 0, "the rate holds the read back");
    runner.pump(2 * SECOND);
    assert_eq!((runner.gate.in_flight(), runner.explaining.asked()), (1, 1));
    tokio::time::advance(SECOND).await;
    runner.on_event(Event::Explained { asked_at: 2 * SECOND, reply: Reply::new(Ok(())) });
    let attempt = runner.outbox.records.pop().unwrap().attempt.unwrap();
    assert_eq!((attempt.took_ms, attempt.read_ms), (1_500, Some(500)));
}

/// The breaker opens and half-opens again while the refusal of its trial waits for a read.
#[tokio::test(start_paused = true)]
async fn a_trial_that_is_explained_too_late_does_not_close_the_breaker() {
    for is_late in [false, true] {
        let (mut runner, _dir) = runner();
        let half_open = |runner: &mut Runner<Table>| {
            runner.gate.breaker.probe_started(Duration::ZERO);
            runner.gate.breaker.probe_passed(false);
        };
        half_open(&mut runner);
        let trial = runner.gate.breaker.trial_started();
        take_in(&mut runner, 1);
        runner.hand.beyond(0);
        let Event::Landed(mut landing) =
            landing(&runner, 1, Outcome::Unexplained { about_token: false })
        else {
            unreachable!()
        };
        landing.trial = trial;
        runner.on_event(Event::Landed(landing));
        runner.explaining.ask();
        if is_late {
            runner.gate.breaker.fault(Duration::ZERO, true);
            half_open(&mut runner);
        }
        runner.on_event(Event::Explained { asked_at: Duration::ZERO, reply: Reply::new(Ok(())) });
        assert_eq!(runner.outbox.records.pop().unwrap().transition.status, Status::Failed);
        assert_eq!(runner.gate.breaker.is_closed(), !is_late);
    }
}

/// The claim of a row that waits for its read must not grow old.
#[tokio::test(start_paused = true)]
async fn refusals_go_back_when_no_read_may_leave() {
    for pauses in [false, true] {
        let (mut runner, _dir) = runner();
        open_gate(&mut runner);
        take_in(&mut runner, 1);
        runner.hand.beyond(0);
        runner.on_event(landing(&runner, 1, Outcome::Unexplained { about_token: false }));
        if pauses {
            runner.gate.pause_until(3_600 * SECOND);
        }
        runner.pump(SECOND);
        let back: Vec<Status> =
            runner.outbox.records.iter().map(|record| record.transition.status).collect();
        let expected = if pauses { vec![Status::Pending] } else { Vec::new() };
        assert_eq!((back, runner.explaining.asked()), (expected, usize::from(!pauses)));
    }
}

#[tokio::test(start_paused = true)]
async fn a_run_that_stops_asks_no_more_and_sends_refused_rows_later() {
    for signal in [Signal::Stop, Signal::StopNow] {
        let (mut runner, _dir) = runner();
        refused(&mut runner, 1..=1);
        runner.explaining.abandon();
        runner.on_signal(signal);
        let record = runner.outbox.records.pop().unwrap();
        assert_eq!(record.transition.status, Status::Pending, "{signal:?}");
        assert!(runner.outbox.is_empty());
    }
}

// ---- when a row was sent

#[tokio::test(start_paused = true)]
async fn the_first_send_is_when_it_left_and_not_when_the_row_was_claimed() {
    let cases = [
        (true, Outcome::Unknown, FirstSent::At(START_MS + 1_000 + 60_000)),
        (false, Outcome::Unknown, FirstSent::Keep),
        (true, Outcome::NotSent, FirstSent::Forget),
    ];
    for (is_first, outcome, expected) in cases {
        let (mut runner, _dir) = runner();
        runner.targets_clock.heard(Some(START_MS + 60_000), START_MS);
        open_gate(&mut runner);
        take_in(&mut runner, 1);
        runner.hand.claims.get_mut(&JobId(1)).unwrap().is_first = is_first;
        // The server was slow, and no place among the requests in flight was free for a second.
        runner.pump(SECOND);
        runner.on_event(landing(&runner, 1, outcome.clone()));
        assert_eq!(runner.outbox.records.pop().unwrap().first_sent, expected, "{outcome:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn claims_go_back_when_the_gate_pauses_or_the_breaker_opens() {
    type Hold = fn(&mut Runner<Table>);
    let pauses: Hold = |runner| runner.gate.pause_until(SECOND);
    let breaks: Hold = |runner| (0..5).for_each(|_| runner.gate.breaker.fault(Moment::ZERO, true));
    let goes: Hold = |_| {};
    for (hold, returned) in [(pauses, 2), (breaks, 2), (goes, 0)] {
        let (mut runner, _dir) = runner();
        open_gate(&mut runner);
        take_in(&mut runner, 1);
        take_in(&mut runner, 2);
        hold(&mut runner);
        runner.pump(Moment::ZERO);
        let back = runner.outbox.records.iter().filter(|record| {
            record.transition.status == Status::Pending && record.first_sent == FirstSent::Forget
        });
        assert_eq!(back.count(), returned);
        assert_eq!(runner.gate.in_flight(), 2 - returned);
    }
}

/// A lookup without identifiers finds nobody, and the row would be sent again.
#[tokio::test(start_paused = true)]
async fn a_doubt_whose_record_cannot_be_mapped_stays_one() {
    let (mut runner, _dir) = runner();
    open_gate(&mut runner);
    commit(&mut runner).await;
    assert_eq!(runner.hand.ready(), 2);
    let mut table = runner.store.take().unwrap();
    let run = NewRun {
        machine: "here".to_owned(),
        pid: 1,
        settings: "{}".to_owned(),
        now_ms: START_MS + 1,
    };
    runner.run = table.begin_run(&run).unwrap();
    runner.store = Some(table);
    runner.mapper = Arc::new(|raw: &[u8]| match raw {
        b"1" => (User::default(), vec![Problem::new("", Rule::Internal, "it failed")]),
        _ => (User { identifiers: identifiers(2), ..User::default() }, Vec::new()),
    });
    runner.load().unwrap();
    assert_eq!(runner.doubts.open(), 1);
    assert_eq!(runner.store.as_ref().unwrap().counts().unwrap().unknown, 2);
}

#[tokio::test(start_paused = true)]
async fn a_denied_lookup_is_divided_unless_doubts_are_held() {
    for (hold_unknown, open, held) in [(false, 2, 0), (true, 0, 2)] {
        let (mut runner, _dir) = runner();
        runner.settings.hold_unknown = hold_unknown;
        for n in 1..=2 {
            runner.doubts.add(doubt(n));
        }
        let doubts = runner.doubts.take(10 * SECOND);
        assert_eq!(doubts.len(), 2);
        let reply = Reply::new(Err(denied()));
        runner.on_event(Event::Found { doubts, asked_at: 10 * SECOND, reply });
        assert_eq!((runner.doubts.open(), runner.doubts.held()), (open, held));
        assert!(!runner.ending.is_halted());
    }
}

/// Of three rows that are given up in doubt one is chosen: the others are none of those left.
#[test]
fn rows_in_doubt_that_were_not_chosen_are_not_among_those_left() {
    let new = OpenJob { due_ms: Some(0), is_unsent: true, is_unsuspected: true };
    let (mut runner, _dir) = runner();
    runner.books.totals.total = 10;
    for n in 3..=5 {
        runner.doubts.add(doubt(n));
    }
    runner.doubts.hold_all();
    assert_eq!(runner.rows_left(), 7);
    let chosen = Chosen::new((1..=3).map(|n| (JobId(n), new)).collect());
    runner.ahead = ahead::Ahead::new(Outlook::default(), Some(chosen));
    assert_eq!(runner.rows_left(), 2);
}

// ---- what a read tells where no create can

/// Whether a probe that passes is enough, after reads have passed for so long and creates have not
/// been answered.
async fn is_enough(outlook: Outlook, reads_pass_for: Duration) -> bool {
    let (mut runner, _dir) = runner();
    runner.ahead.outlook = outlook;
    tokio::time::advance(10 * SECOND).await;
    runner.health.read_passed(runner.clock.now(), runner.clock.now());
    tokio::time::advance(reads_pass_for).await;
    let asked_at = runner.clock.now();
    runner.gate.breaker.probe_started(asked_at);
    runner.on_event(Event::Probed { asked_at, reply: Reply::new(Ok(())) });
    runner.gate.breaker.is_closed()
}

#[tokio::test(start_paused = true)]
async fn a_read_is_enough_for_one_row_for_suspects_or_for_tried_rows_after_two_minutes() {
    let (early, late) = (119 * SECOND, 120 * SECOND);
    let tried = Outlook { open: 2, unsuspected: 2, unsent: false, ..Outlook::default() };
    assert!(!is_enough(tried, early).await && is_enough(tried, late).await);
    let untried = Outlook { unsent: true, ..tried };
    assert!(!is_enough(untried, early).await && !is_enough(untried, late).await);
    assert!(is_enough(Outlook { open: 1, unsuspected: 1, ..untried }, early).await);
    assert!(is_enough(Outlook { unsuspected: 0, ..untried }, early).await);
}

// ---- while it stops

#[tokio::test(start_paused = true)]
async fn a_run_that_stops_sends_nothing_and_waits_for_no_outage() {
    for stopping in [false, true] {
        let (mut runner, _dir) = runner();
        if stopping {
            runner.ending.stop();
        }
        runner.watch_outage(29 * SECOND);
        assert!(!runner.ending.is_halted());
        runner.pump(29 * SECOND);
        assert_eq!(runner.gate.in_flight(), usize::from(!stopping), "the first probe");
        runner.watch_outage(3_600 * SECOND);
        assert_eq!(runner.ending.is_halted(), !stopping);
    }
}

// ---- commits

#[tokio::test(start_paused = true)]
async fn every_commit_that_leaves_something_unclaimed_or_claims_nothing_tells_what_lies_ahead() {
    let (mut runner, _dir) = runner();
    open_gate(&mut runner);
    commit(&mut runner).await;
    assert_eq!((runner.hand.ready(), runner.ahead.outlook.open), (2, 2));
    assert_eq!(runner.ahead.nothing_until, Some(Moment::MAX));
    runner.hand.send(SECOND, (1, usize::MAX), true, &runner.settings.batching);
    let created = Outcome::Created { remote_id: "id-1".to_owned() };
    runner.on_event(Event::Landed(Box::new(landed(1, created, Duration::ZERO))));
    commit(&mut runner).await;
    assert_eq!(runner.ahead.outlook.open, 1, "without a claim");
}

/// A program of the mapping may take long: answers and signals must not wait for it.
#[tokio::test]
async fn claimed_records_are_mapped_on_the_thread_of_the_transaction() {
    let (mut runner, _dir) = runner();
    let threads = Arc::new(Mutex::new(Vec::new()));
    let mapped_on = Arc::clone(&threads);
    runner.mapper = Arc::new(move |_| {
        mapped_on.lock().unwrap().push(std::thread::current().id());
        (User::default(), Vec::new())
    });
    open_gate(&mut runner);
    commit(&mut runner).await;
    assert_eq!(runner.hand.ready(), 2);
    let threads = threads.lock().unwrap();
    assert_eq!(threads.len(), 2);
    assert!(!threads.contains(&std::thread::current().id()), "on the loop's own");
}

/// An outcome may come while a transaction is under way that looks ahead without it.
#[tokio::test(start_paused = true)]
async fn what_is_not_written_yet_is_due_too() {
    let (mut runner, _dir) = runner();
    let back = land(&mut runner, Outcome::NotSent);
    let done = land(&mut runner, Outcome::Created { remote_id: "id-1".to_owned() });
    let due = runner.clock.to_moment(back.transition.not_before_ms);
    assert!(due > Duration::ZERO);
    for (outbox, expected) in [(vec![done.clone()], Moment::MAX), (vec![done, back], due)] {
        for asked in [0, 1] {
            runner.outbox.records.clone_from(&outbox);
            runner.ahead.nothing_until = None;
            let store = runner.store.take().unwrap();
            let outlook = Some(Outlook::default());
            let ticked = Ticked { claims: Vec::new(), fenced: 0, outlook };
            runner
                .on_commit((store, Ok((ticked, Vec::new())), Commit { asked, records: 0 }))
                .unwrap();
            assert_eq!(runner.ahead.nothing_until, Some(expected));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn outcomes_that_came_too_late_are_told_of_where_there_are_any() {
    for (fenced, told) in [(0, &[][..]), (3, &["3 late outcomes were dropped"])] {
        let (mut runner, _dir) = runner();
        let notes = Notes::default();
        runner.monitor = Box::new(notes.clone());
        let store = runner.store.take().unwrap();
        let ticked = Ticked { claims: Vec::new(), fenced, outlook: None };
        runner
            .on_commit((store, Ok((ticked, Vec::new())), Commit { asked: 0, records: 3 }))
            .unwrap();
        assert_eq!(*notes.0.lock().unwrap(), told);
    }
}
