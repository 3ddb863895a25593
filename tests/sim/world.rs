//! One scenario with one seed: stages the users, runs until the run ends by itself, and gathers
//! what there is to check.

use super::client::Client;
use super::kept::Kept;
use super::server::Server;
use super::spec::Scenario;
use crate::imaginary::Plan;
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use userferry::clock::{Clock, Moment};
use userferry::job::FirstSent;
use userferry::job::{self, Class, Now, OnConflict, Outcome, Policy};
use userferry::monitor::{Activity, Monitor, Progress};
use userferry::provider::Batching;
use userferry::run::doubt::Quiet;
use userferry::run::signals::Signal;
use userferry::run::{End, Mapper, Runner, Settings, Totals};
use userferry::store::{
    Attempt, Batch, JobId, NewJob, NewRun, Reading, Record, Running, Staging, Table, Tick,
    sqlite::OpenOptions,
};
use userferry::target::Target;
use userferry::user::{IdKind, Identifiers, User};

/// 2026-01-01T00:00:00Z.
const START_MS: i64 = 1_767_225_600_000;
/// No scenario needs longer, in virtual time.
const PATIENCE: Duration = Duration::from_hours(24);

/// What there is to check.
pub(crate) struct Result {
    pub server: Arc<Server>,
    pub end: End,
    /// Why the run before the last one halted, where it was started again after that.
    pub halted_first: Option<String>,
    /// Rows that the last run sent and left in doubt, as it says.
    pub in_doubt: u64,
    pub ended_at: Moment,
    pub most_in_flight: usize,
    pub rows: Vec<Row>,
    pub tally_matches: bool,
    /// How often the process died.
    pub kills: u32,
    /// What the table says of how the last run ended.
    pub end_word: String,
    pub notes: Vec<String>,
    /// What watchers were told at the end, and what the runs did, each change once.
    pub progress: Progress,
    pub activities: Vec<&'static str>,
}

/// A row of the job table.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub id: JobId,
    pub n: u32,
    pub status: String,
    pub detail: Option<String>,
    pub spent: u32,
    pub remote_id: Option<String>,
    pub evidence: Option<String>,
    pub reason: Option<String>,
    pub problems: usize,
    /// Attempts in the ledger that went to the transport.
    pub attempts: usize,
    /// The last run sent it.
    pub is_of_last_run: bool,
}

/// The identifiers of a row.
pub(crate) fn identifiers(row: u32, no_external_id: bool) -> Identifiers {
    let mut ids = Identifiers::default();
    if !no_external_id {
        ids.set(IdKind::ExternalId, &format!("u{row}"));
    }
    ids.set(IdKind::Email, &format!("u{row}@example.com"));
    ids
}

/// The row that a user comes from.
pub(crate) fn row_of(user: &User) -> u32 {
    let email = user.identifiers.get(IdKind::Email).unwrap();
    email[1..email.find('@').unwrap()].parse().unwrap()
}

/// What watchers were told.
#[derive(Default)]
struct Told {
    notes: Vec<String>,
    progress: Option<Progress>,
    activities: Vec<&'static str>,
}

struct Watcher(Arc<Mutex<Told>>, Clock);

impl Monitor for Watcher {
    fn progress(&mut self, progress: &Progress) {
        let mut told = self.0.lock().unwrap();
        let activity = match progress.activity {
            Activity::Connecting => "connecting",
            Activity::Sending => "sending",
            Activity::Paused(_) => "paused",
            Activity::Outage(_) => "outage",
            Activity::Settling => "settling",
            Activity::Stopping => "stopping",
        };
        if told.activities.last() != Some(&activity) {
            told.activities.push(activity);
        }
        told.progress = Some(progress.clone());
    }

    fn note(&mut self, text: &str) {
        let at = self.1.now().as_secs_f64();
        self.0.lock().unwrap().notes.push(format!("{at:8.3}  {text}"));
    }
}

struct World<'a> {
    scenario: &'a Scenario,
    seed: u64,
    rng: fastrand::Rng,
    clock: Clock,
    server: Arc<Server>,
    folder: tempfile::TempDir,
    most_in_flight: Arc<AtomicUsize>,
    told: Arc<Mutex<Told>>,
    kills: u32,
    halted_first: Option<String>,
    /// Of a scenario that goes by the descriptor of a provider.
    plan: Option<Plan>,
}

enum Stop {
    Ask(f64),
    Now(f64),
    Kill(Duration),
}

/// Runs a scenario with one seed.
pub(crate) async fn run(scenario: &Scenario, seed: u64) -> Result {
    let clock = Clock::starting_at(START_MS);
    let timeout = Duration::from_secs_f64(scenario.run.request_timeout_s);
    let server = Arc::new(Server::new(&scenario.server, clock, timeout, seed));
    let most_in_flight: Arc<AtomicUsize> = Arc::default();
    let plan = scenario.run.provider.as_ref().map(|_| Plan::new(&server, &most_in_flight));
    if let (Some(plan), Some(name)) = (&plan, &scenario.run.provider) {
        assert_eq!(plan.provider().name, name);
    }
    let mut world = World {
        scenario,
        seed,
        rng: fastrand::Rng::with_seed(seed ^ 0x5eed),
        clock,
        server,
        folder: tempfile::tempdir().unwrap(),
        most_in_flight,
        told: Arc::default(),
        kills: 0,
        halted_first: None,
        plan,
    };
    world.populate();
    world.stage();
    world.leave_behind();
    let ended = tokio::time::timeout(PATIENCE, world.go()).await;
    let (end, in_doubt) = ended.expect("the run never ends");
    // What is still on its way arrives.
    let ended_at = clock.now();
    tokio::time::sleep(Duration::from_mins(2)).await;
    let (rows, tally_matches, end_word) = world.read();
    let told = std::mem::take(&mut *world.told.lock().unwrap());
    Result {
        server: Arc::clone(&world.server),
        end,
        halted_first: world.halted_first,
        in_doubt,
        ended_at,
        most_in_flight: world.most_in_flight.load(Ordering::SeqCst),
        rows,
        tally_matches,
        kills: world.kills,
        end_word,
        notes: told.notes,
        progress: told.progress.expect("watchers were told nothing"),
        activities: told.activities,
    }
}

impl World<'_> {
    fn db(&self) -> std::path::PathBuf {
        self.folder.path().join("t.db")
    }

    fn open(&self) -> Table {
        let options = OpenOptions { synchronous: "OFF", ..OpenOptions::default() };
        Table::open_with(&self.db(), &options).unwrap()
    }

    /// Users who are there already.
    fn populate(&self) {
        let every = self.scenario.server.existing_every.unwrap_or(u32::MAX);
        for row in (1..=self.scenario.users).filter(|row| row % every == 0) {
            let ids = identifiers(row, self.scenario.run.no_external_id);
            self.server.put(None, ids, false);
        }
        for existing in &self.scenario.server.existing {
            let same = identifiers(existing.row, self.scenario.run.no_external_id);
            let mut ids = Identifiers::default();
            let given =
                [(IdKind::ExternalId, &existing.external_id), (IdKind::Email, &existing.email)];
            for (kind, value) in given {
                match value.as_deref() {
                    Some("same") => ids.set(kind, same.get(kind).unwrap_or_default()),
                    Some(other) => ids.set(kind, other),
                    None => {}
                }
            }
            self.server.put(None, ids, existing.hidden);
        }
    }

    fn stage(&self) {
        let mut table = self.open();
        let source = table.begin_source("users", None, START_MS).unwrap();
        let no_external_id = self.scenario.run.no_external_id;
        let jobs = (1..=self.scenario.users).map(|row| NewJob {
            record_no: row.into(),
            line: None,
            raw: self
                .plan
                .as_ref()
                .map_or_else(|| row.to_string().into_bytes(), |_| Plan::record(row)),
            identifiers: match &self.plan {
                Some(plan) => plan.identifiers(row),
                None => identifiers(row, no_external_id),
            },
            problems: Vec::new(),
            omitted: Vec::new(),
        });
        let counts = table.stage(&Batch {
            source,
            jobs: jobs.collect(),
            checkpoint: "{}".to_owned(),
            fingerprint: String::new(),
            finished: true,
            replace: false,
            now_ms: START_MS,
        });
        assert_eq!(counts.unwrap().rows, u64::from(self.scenario.users));
    }

    /// What an earlier run left behind when it died.
    fn leave_behind(&mut self) {
        let start = &self.scenario.start;
        let n = usize::try_from(start.sending + start.unknown).unwrap();
        if n == 0 {
            return;
        }
        let mut table = self.open();
        let run = table.begin_run(&new_run(START_MS)).unwrap();
        let mut tick = Tick {
            run,
            now_ms: START_MS,
            target_now_ms: Some(START_MS + self.server.ahead_ms()),
            records: &[],
            take_back: &[],
            claim: n,
            claim_bytes: usize::MAX,
            only: None,
            rate_per_s: 0.0,
        };
        let claims = table.tick(&tick).unwrap().claims;
        let now = Now { ms: START_MS, jitter: 0.5 };
        let in_doubt = usize::try_from(start.unknown).unwrap();
        let records: Vec<Record> = claims[..in_doubt]
            .iter()
            .map(|claim| Record {
                id: claim.id,
                sends: claim.sends,
                transition: job::next(&claim.job, &Outcome::Unknown, None, now),
                code: None,
                reason: None,
                first_sent: FirstSent::Keep,
                attempt: Some(Attempt {
                    at_ms: START_MS,
                    took_ms: 1,
                    read_ms: None,
                    class: Class::Unknown,
                    http_status: None,
                    code: None,
                    message: None,
                    request_id: None,
                    request: None,
                }),
                problem: None,
            })
            .collect();
        (tick.records, tick.claim) = (&records, 0);
        table.tick(&tick).unwrap();
        for claim in &claims {
            let user = user(&claim.raw, self.scenario.run.no_external_id);
            let row = row_of(&user);
            let chance = self.rng.f64();
            if chance < start.stored {
                self.server.put(Some(row), user.identifiers, false);
            } else if chance < start.stored + start.arriving {
                let at = Duration::from_secs_f64(self.rng.f64() * 10.0);
                self.server.arrive_late(row, user.identifiers, at);
            }
        }
    }

    /// Runs until a run ends by itself.
    async fn go(&mut self) -> (End, u64) {
        let run = &self.scenario.run;
        let asks = run.stop_s.iter().map(|at| Stop::Ask(*at));
        let nows = run.stop_now_s.iter().map(|at| Stop::Now(*at));
        let mut again_s = run.again_s;
        let mut stops: std::collections::VecDeque<Stop> = asks.chain(nows).collect();
        loop {
            let stop = stops.pop_front().or_else(|| self.next_kill());
            let asked = matches!(stop, Some(Stop::Ask(_) | Stop::Now(_)));
            match self.go_once(stop).await {
                Some((End::Stopped, _)) if asked => {}
                Some((End::Halted(halt), _)) if again_s.is_some() => {
                    self.halted_first = Some(halt.message);
                    let at = Duration::from_secs_f64(again_s.take().unwrap());
                    tokio::time::sleep_until(self.clock.instant(at)).await;
                }
                Some(ended) => return ended,
                None => {}
            }
        }
    }

    fn next_kill(&mut self) -> Option<Stop> {
        let [from, to] = self.scenario.run.kill_after_s?;
        if self.kills == self.scenario.run.kills {
            return None;
        }
        self.kills += 1;
        Some(Stop::Kill(Duration::from_secs_f64(from + (to - from) * self.rng.f64())))
    }

    /// One process: how its run ended, and what it left in doubt; `None` when it was killed, or stopped to be started again.
    async fn go_once(&mut self, stop: Option<Stop>) -> Option<(End, u64)> {
        let clock = Clock::starting_at(self.clock.now_ms());
        let mut table = self.open();
        let id = table.begin_run(&new_run(clock.now_ms())).unwrap();
        let alive = Arc::new(());
        let counts = table.counts().unwrap();
        let totals = Totals {
            total: counts.total,
            done: counts.done,
            failed: counts.failed,
            invalid: counts.invalid,
            ..Totals::default()
        };
        let no_external_id = self.scenario.run.no_external_id;
        let (target, mapper): (Arc<dyn Target>, Mapper) = match &self.plan {
            Some(plan) => (plan.target(clock), plan.mapper()),
            None => (
                Arc::new(Client::new(Arc::clone(&self.server), Arc::clone(&self.most_in_flight))),
                Arc::new(move |raw: &[u8]| (user(raw, no_external_id), Vec::new())),
            ),
        };
        let runner = Runner::new(
            Kept {
                table,
                width: self.scenario.run.width * self.most(),
                _alive: Arc::clone(&alive),
            },
            target,
            mapper,
            self.settings(),
            clock,
            id,
            totals,
            Box::new(Watcher(Arc::clone(&self.told), self.clock)),
        );
        let (sender, receiver) = tokio::sync::mpsc::channel(4);
        let kill_at = match &stop {
            Some(Stop::Kill(after)) => Some(clock.instant(*after)),
            Some(Stop::Ask(_) | Stop::Now(_)) | None => None,
        };
        let base = self.clock;
        let signals = async move {
            let (at, twice) = match stop {
                Some(Stop::Ask(at)) => (at, false),
                Some(Stop::Now(at)) => (at, true),
                Some(Stop::Kill(_)) | None => std::future::pending().await,
            };
            tokio::time::sleep_until(base.instant(Duration::from_secs_f64(at))).await;
            sender.send(Signal::Stop).await.unwrap();
            if twice {
                tokio::time::sleep(Duration::from_millis(10)).await;
                sender.send(Signal::StopNow).await.unwrap();
            }
            std::future::pending::<()>().await;
        };
        let killed = async {
            match kill_at {
                Some(at) => tokio::time::sleep_until(at).await,
                None => std::future::pending().await,
            }
        };
        let end = tokio::select! {
            finished = runner.drain(receiver) => {
                let finished = finished.unwrap();
                Some((finished.end, finished.in_doubt))
            }
            () = signals => None,
            () = killed => None,
        };
        // The last transaction ends on its own thread.
        while Arc::strong_count(&alive) > 1 {
            std::thread::yield_now();
        }
        end
    }

    /// The rows that were chosen, and are still to be settled.
    fn chosen(&self) -> Option<BTreeSet<JobId>> {
        let every = self.scenario.run.only_every?;
        let rows = read_rows(&self.db()).into_iter().filter(|row| {
            let is_open = matches!(row.status.as_str(), "pending" | "sending" | "unknown");
            is_open && row.n % every == 0
        });
        Some(rows.map(|row| row.id).collect())
    }

    /// Users in one request.
    fn most(&self) -> usize {
        self.scenario.server.batch.map_or(1, |batch| batch.most)
    }

    fn settings(&self) -> Settings {
        let run = &self.scenario.run;
        let seconds = Duration::from_secs_f64;
        Settings {
            batching: match &self.plan {
                Some(plan) => plan.provider().batching(),
                None => Batching {
                    counts_users: self
                        .scenario
                        .server
                        .batch
                        .is_some_and(|batch| batch.counts_users),
                    ..Batching::of(self.most(), 80)
                },
            },
            width: run.width,
            ceiling: run.rate,
            quiet: Quiet {
                request_timeout: seconds(run.request_timeout_s),
                settle_time: seconds(run.settle_time_s),
            },
            probe_interval: (seconds(1.0), seconds(4.0)),
            probe_timeout: seconds(3.0),
            max_outage: seconds(run.max_outage_s),
            max_silence_at_start: seconds(30.0),
            write_outage: seconds(run.write_outage_s),
            policy: Policy {
                max_attempts: run.max_attempts,
                on_conflict: if run.skip_conflicts { OnConflict::Skip } else { OnConflict::Fail },
                ..Policy::default()
            },
            limit: run.limit,
            only: self.chosen(),
            max_failures: run.max_failures,
            hold_unknown: run.hold_unknown,
            seed: self.seed,
        }
    }

    fn read(&self) -> (Vec<Row>, bool, String) {
        let mut table = self.open();
        let (kept, counted) = table.audit().unwrap();
        assert_eq!(table.integrity().unwrap(), "ok");
        let end_word = table.last_run().unwrap().and_then(|run| run.end).unwrap_or_default();
        drop(table);
        (read_rows(&self.db()), kept == counted, end_word)
    }
}

fn read_rows(db: &Path) -> Vec<Row> {
    let conn = rusqlite::Connection::open(db).unwrap();
    let mut statement = conn
        .prepare(
            "SELECT record_no, status, detail, spent, remote_id, evidence,
                    (SELECT count(*) FROM attempt a WHERE a.job_id = j.id
                        AND a.outcome <> 'unsendable'),
                    reason, (SELECT count(*) FROM problem p WHERE p.job_id = j.id),
                    EXISTS (SELECT 1 FROM attempt a WHERE a.job_id = j.id
                        AND a.run_id = (SELECT max(id) FROM run)), id
             FROM job j ORDER BY id",
        )
        .unwrap();
    let rows = statement.query_map([], |row| {
        Ok(Row {
            n: row.get(0)?,
            status: row.get(1)?,
            detail: row.get(2)?,
            spent: row.get(3)?,
            remote_id: row.get(4)?,
            evidence: row.get(5)?,
            attempts: row.get(6)?,
            reason: row.get(7)?,
            problems: row.get(8)?,
            is_of_last_run: row.get(9)?,
            id: JobId(row.get(10)?),
        })
    });
    rows.unwrap().map(std::result::Result::unwrap).collect()
}

fn new_run(now_ms: i64) -> NewRun {
    NewRun { machine: "sim".to_owned(), pid: 1, settings: "{}".to_owned(), now_ms }
}

fn user(raw: &[u8], no_external_id: bool) -> User {
    let row = std::str::from_utf8(raw).unwrap().parse().unwrap();
    User { identifiers: identifiers(row, no_external_id), ..User::default() }
}
