//! The runner: drains pending jobs against the target.
//!
//! One task owns all state and turns events (an answer, a commit, a signal, the time) into moves;
//! what decides is pure and lives beside it: [`gate`], [`doubt`], [`alike`], [`crate::job`]. The
//! store works on a thread of its own, one transaction at a time, and there claimed records are mapped;
//! requests are tasks. Nothing is sent before its claim is committed.

// A new status or outcome must be met wherever one is told from another.
#![warn(clippy::wildcard_enum_match_arm)]

mod ahead;
pub mod alike;
mod answers;
mod blaming;
mod books;
pub mod chosen;
mod commit;
pub mod doubt;
mod ending;
mod explaining;
pub mod gate;
mod hand;
pub mod health;
mod outbox;
mod pump;
mod report;
pub mod signals;
pub mod stale;
pub mod throttles;
mod worker;

use crate::clock::{Clock, Moment};
use crate::error::Error;
use crate::identity::DirectoryUser;
use crate::job::{Halt, Policy};
use crate::monitor::Monitor;
use crate::problem::Problem;
use crate::store::{Claim, JobId, RunEnd, RunId, Running, StoreError, Ticked};
use crate::target::{Fault, Target};
use crate::user::User;
use crate::words::counted;
use ahead::Ahead;
use blaming::Blaming;
use books::Books;
pub use books::Totals;
use chosen::Chosen;
use doubt::{Doubt, Doubts, Quiet};
use ending::Ending;
use explaining::Explaining;
use gate::Gate;
use gate::breaker::Breaker;
use gate::rate::Rate;
use hand::{Hand, InHand};
use health::{Health, Patience};
use outbox::Outbox;
use signals::Signal;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::task::{JoinError, JoinHandle, JoinSet};

/// A commit waits this long for company.
const GATHER: Duration = Duration::from_millis(20);
/// At most this much goes into one transaction.
const BATCH: usize = 500;
/// How often watchers hear of the run.
const REPORT: Duration = Duration::from_millis(100);

/// Maps a stored record to the user to send.
pub type Mapper = Arc<dyn Fn(&[u8]) -> (User, Vec<Problem>) + Send + Sync>;

/// The settings of a run.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Requests in flight, at most; at least 1.
    pub width: usize,
    /// Requests a second, at most.
    pub ceiling: Option<f64>,
    /// How long until nobody found means nobody.
    pub quiet: Quiet,
    /// The first and the longest wait between two probes of a target that does not answer.
    pub probe_interval: (Duration, Duration),
    /// How long a probe may take.
    pub probe_timeout: Duration,
    /// How long the target may give no answer before the run halts.
    pub max_outage: Duration,
    /// The same before its first answer.
    pub max_silence_at_start: Duration,
    /// While only rows are left that were tried before, and creates fail though reads pass: how
    /// long until that is held against the rows.
    pub write_outage: Duration,
    /// The rules for jobs.
    pub policy: Policy,
    /// Settle at most this many jobs.
    pub limit: Option<u64>,
    /// Send only these jobs.
    pub only: Option<BTreeSet<JobId>>,
    /// Halt at this many failures instead of when every row is refused alike.
    pub max_failures: Option<u64>,
    /// Go on though users cannot be looked up; jobs in doubt stay unknown.
    pub hold_unknown: bool,
    /// Seed of the jitter.
    pub seed: u64,
}

impl Settings {
    /// How many jobs the run may settle, if not all.
    fn most(&self) -> Option<u64> {
        self.limit.or(self.only.as_ref().map(|jobs| jobs.len() as u64))
    }
}

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// Nothing is left that this run could do.
    Drained,
    /// Stopped by a signal; the rest stays pending.
    Stopped,
    /// All that it was to settle is settled: the limit is reached, or the jobs that were chosen are.
    Limited,
    /// Halted by the target.
    Halted(Halt),
}

/// What a request came to.
enum Event {
    Landed(Box<worker::Landing>),
    Explained { asked_at: Moment, result: Result<(), Fault> },
    Found { doubts: Vec<Doubt>, asked_at: Moment, result: Result<Vec<Vec<DirectoryUser>>, Fault> },
    Probed { asked_at: Moment, result: Result<(), Fault> },
}

/// A claimed job with the user to send, or the first reason why it cannot be sent.
struct Mapped {
    id: JobId,
    in_hand: InHand,
    user: Result<User, Problem>,
}

impl Mapped {
    fn new(claim: &Claim, mapper: &Mapper) -> Self {
        let (user, problems) = mapper(&claim.raw);
        let Claim { id, sends, job, is_first, .. } = *claim;
        let user = problems.into_iter().next().map_or(Ok(user), Err);
        Self { id, in_hand: InHand { sends, job, is_first, sent_at: None }, user }
    }
}

type Committed<S> = (S, Result<(Ticked, Vec<Mapped>), StoreError>, Commit);

/// What a transaction was about.
struct Commit {
    asked: usize,
    records: usize,
}

/// A run over one job table and one target.
pub struct Runner<S: Running, T: Target> {
    store: Option<S>,
    target: Arc<T>,
    mapper: Mapper,
    settings: Settings,
    clock: Clock,
    rng: fastrand::Rng,
    run: RunId,
    gate: Gate,
    hand: Hand,
    explaining: Explaining,
    outbox: Outbox,
    commit: Option<JoinHandle<Committed<S>>>,
    requests: JoinSet<Event>,
    doubts: Doubts,
    blaming: Blaming,
    ahead: Ahead,
    ending: Ending,
    health: Health,
    lookups: Lookups,
    books: Books,
    reported_at: Option<Moment>,
    monitor: Box<dyn Monitor>,
}

/// Whether users can be looked up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Lookups {
    Allowed,
    /// The secret may not do it: the very first read said so.
    DeniedFromStart,
    /// It could before.
    Denied,
}

/// What a finished run hands back.
pub struct Finished<S> {
    /// The store.
    pub store: S,
    /// How it ended.
    pub end: End,
    /// Rows that it sent, and leaves in doubt.
    pub in_doubt: u64,
}

impl<S: Running, T: Target> Runner<S, T> {
    /// A run that has begun in the table as `run`; `totals` are the table's at that time.
    #[expect(clippy::too_many_arguments, reason = "what a run is made of")]
    pub fn new(
        store: S,
        target: Arc<T>,
        mapper: Mapper,
        settings: Settings,
        clock: Clock,
        run: RunId,
        totals: Totals,
        monitor: Box<dyn Monitor>,
    ) -> Self {
        let (min, max) = settings.probe_interval;
        let gate = Gate::new(Breaker::new(min, max), Rate::new(settings.ceiling), settings.width);
        Self {
            store: Some(store),
            target,
            mapper,
            clock,
            rng: fastrand::Rng::with_seed(settings.seed),
            run,
            gate,
            hand: Hand::default(),
            explaining: Explaining::default(),
            outbox: Outbox::default(),
            commit: None,
            requests: JoinSet::new(),
            doubts: Doubts::new(settings.quiet),
            blaming: Blaming::new(settings.most(), settings.max_outage),
            ahead: Ahead::default(),
            ending: Ending::default(),
            health: Health::default(),
            lookups: Lookups::Allowed,
            books: Books::new(totals, settings.most()),
            reported_at: None,
            monitor,
            settings,
        }
    }

    /// Drains the table. `signals` brings requests to stop.
    ///
    /// Ends with the end of the run recorded in the table; with an error only if the table fails
    /// or there is a bug: then the rows in flight are unknown, and the next run settles them.
    pub async fn drain(
        mut self,
        mut signals: mpsc::Receiver<Signal>,
    ) -> Result<Finished<S>, Error> {
        self.load()?;
        let (run, doubts) = (self.run.0, self.doubts.open());
        tracing::debug!(run, doubts, width = self.settings.width, "run begins");
        let mut signals_open = true;
        while !self.is_over() {
            let now = self.clock.now();
            self.watch_outage(now);
            self.pump(now);
            self.start_commit(now);
            self.report(now);
            if self.is_over() {
                break;
            }
            let wake = self.clock.instant(self.next_wake(now));
            let commit = self.commit.as_mut();
            tokio::select! {
                biased;
                signal = signals.recv(), if signals_open => match signal {
                    Some(signal) => self.on_signal(signal),
                    None => signals_open = false,
                },
                committed = async { match commit { Some(handle) => handle.await, None => std::future::pending().await } } => {
                    self.commit = None;
                    let committed = committed.map_err(|_| bug("the writer ended"))?;
                    self.on_commit(committed)?;
                }
                Some(event) = self.requests.join_next() => {
                    self.on_joined(event)?;
                    while let Some(event) = self.requests.try_join_next() {
                        self.on_joined(event)?;
                    }
                }
                () = tokio::time::sleep_until(wake) => {}
            }
        }
        self.finish()
    }

    fn on_joined(&mut self, event: Result<Event, JoinError>) -> Result<(), Error> {
        match event {
            Ok(event) => self.on_event(event),
            // Stopped at once; what was in flight is recorded as unknown.
            Err(error) if error.is_cancelled() => self.gate.ended(),
            Err(_) => return Err(bug("a request's task ended")),
        }
        Ok(())
    }

    fn load(&mut self) -> Result<(), Error> {
        const PAGE: usize = 1_000;
        let Some(store) = self.store.as_mut() else { return Err(bug("the store is away")) };
        let outlook = store.outlook()?;
        let only = self.settings.only.take().map(|jobs| jobs.into_iter().collect::<Vec<JobId>>());
        let open = only.map(|jobs| store.open_jobs(&jobs)).transpose()?;
        self.ahead = Ahead::new(outlook, open.map(Chosen::new));
        let mut after = JobId(0);
        loop {
            let page = store.doubts(after, PAGE)?;
            let Some(last) = page.last() else { return Ok(()) };
            after = last.id;
            for claim in page {
                let (user, _) = (self.mapper)(&claim.raw);
                // A crash is no fault of the row: no epoch.
                self.doubts.add(
                    claim.id,
                    claim.sends,
                    claim.job,
                    user.identifiers,
                    Moment::ZERO,
                    None,
                    claim.code,
                );
            }
        }
    }

    fn on_signal(&mut self, signal: Signal) {
        match signal {
            Signal::Stop => {
                self.ending.stop();
                self.give_back();
                self.note_flights("Stopping");
            }
            Signal::StopNow => {
                self.ending.stop_at_once();
                self.give_back();
                self.abandon_flights();
            }
        }
    }

    /// Whether everything that this run can do is done and recorded.
    fn is_over(&self) -> bool {
        if self.commit.is_some() || !self.outbox.is_empty() {
            return false;
        }
        if !self.hand.is_empty() {
            return false;
        }
        if self.ending.has_begun() {
            return self.ending.is_at_once() || self.gate.in_flight() == 0;
        }
        self.ahead.is_drained() && self.doubts.open() == 0 || self.limit_reached()
    }

    fn limit_reached(&self) -> bool {
        let held = self.doubts.own_held() as u64;
        self.settings.limit.is_some_and(|limit| self.books.totals.settled + held >= limit)
    }

    fn finish(mut self) -> Result<Finished<S>, Error> {
        let now_ms = self.clock.now_ms();
        self.report_now(self.clock.now());
        let mut store = self.store.take().ok_or_else(|| bug("the store is away"))?;
        // A limit, or a signal, that left nothing over has stopped nothing.
        let outlook = store.outlook()?;
        // Requests that were given up are in doubt, though this run looks nobody up any more.
        let nothing_left = outlook.next_due_ms.is_none() && self.doubts.open() == 0;
        let drained = nothing_left && !self.ending.is_at_once();
        let all_done =
            self.books.totals.done == self.books.totals.total && !outlook.unfinished_source;
        let end = match self.ending.take_halt() {
            Some(halt) => End::Halted(halt),
            None if drained => End::Drained,
            None if self.ending.is_stopping() => End::Stopped,
            None => End::Limited,
        };
        let (word, reason) = match &end {
            End::Drained if all_done => ("done", None),
            End::Drained => ("incomplete", None),
            End::Stopped | End::Limited => ("stopped", None),
            End::Halted(halt) => ("halted", Some(halt.message.clone())),
        };
        tracing::debug!(
            run = self.run.0,
            end = word,
            settled = self.books.totals.settled,
            "run ends"
        );
        store.end_run(self.run, &RunEnd { end: word, reason, now_ms })?;
        let (kept, counted) = store.audit()?;
        if kept != counted {
            return Err(bug("the tally of the job table does not match its rows")
                .hint("please report this, with the output of: sqlite3 -cmd '.timeout 5000' userferry.db 'SELECT * FROM tally'"));
        }
        Ok(Finished { store, end, in_doubt: self.doubts.own() as u64 })
    }

    fn halt_with(&mut self, halt: Halt) {
        if self.ending.halt(halt) {
            tracing::debug!(in_flight = self.gate.in_flight(), "halting");
            self.note_flights("Halting");
        }
        self.gate.halt();
        self.give_back();
    }

    /// What an end waits for, if it does.
    fn note_flights(&mut self, what: &str) {
        let in_flight = self.gate.in_flight();
        if in_flight > 0 {
            self.monitor.note(&format!(
                "{what}: waiting for {} in flight",
                counted(in_flight as u64, "request")
            ));
        }
    }

    /// Ends the run when the target has not answered for too long.
    fn watch_outage(&mut self, now: Moment) {
        if self.ending.has_begun() {
            return;
        }
        let silent_since = self.gate.breaker.trouble_since();
        let patience = Patience {
            at_start: self.settings.max_silence_at_start,
            max_outage: self.settings.max_outage,
        };
        let Some(mut halt) = self.health.verdict(now, silent_since, patience) else { return };
        if self.health.is_throttled() {
            halt = self.blaming.tell(halt, self.rows_left());
        }
        self.halt_with(halt);
    }

    fn next_wake(&self, now: Moment) -> Moment {
        let mut wake = now + REPORT;
        let mut sooner = |moment: Option<Moment>| {
            if let Some(moment) = moment.filter(|moment| *moment > now) {
                wake = wake.min(moment);
            }
        };
        if self.commit.is_none() {
            sooner(self.outbox.since().map(|since| since + GATHER));
        }
        sooner(self.gate_wake(now));
        sooner(self.ahead.idle_until(now));
        sooner(self.doubts.next_look());
        wake
    }
}

fn bug(what: &str) -> Error {
    Error::internal(format!("internal error: {what}"))
}

#[cfg(test)]
mod tests;
