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
mod finish;
pub mod gate;
mod groups;
mod hand;
pub mod health;
mod outbox;
mod pump;
mod report;
mod settings;
pub mod signals;
pub mod stale;
mod targets_clock;
pub mod throttles;
mod worker;

use crate::clock::{Clock, Moment};
use crate::error::Error;
use crate::job::Halt;
use crate::monitor::Monitor;
use crate::problem::Problem;
use crate::store::{JobId, RunId, Running};
use crate::target::Target;
use crate::user::User;
use crate::words::counted;
use ahead::Ahead;
use blaming::Blaming;
use books::Books;
pub use books::Totals;
use chosen::Chosen;
use commit::{Committed, GATHER};
use doubt::{Doubts, NewDoubt};
use ending::Ending;
use explaining::Explaining;
pub use finish::{End, Finished};
use gate::Gate;
use gate::breaker::Breaker;
use gate::rate::Rate;
use groups::Groups;
use hand::Hand;
use health::{Health, Patience};
use outbox::Outbox;
pub use settings::Settings;
use signals::Signal;
use std::sync::Arc;
use std::time::Duration;
use targets_clock::TargetsClock;
use tokio::sync::mpsc;
use tokio::task::{JoinError, JoinHandle, JoinSet};
use worker::Event;

/// How often watchers hear of the run.
const REPORT: Duration = Duration::from_millis(100);

/// Maps a stored record to the user to send.
pub type Mapper = Arc<dyn Fn(&[u8]) -> (User, Vec<Problem>) + Send + Sync>;

/// A run over one job table and one target.
pub struct Runner<S: Running> {
    store: Option<S>,
    target: Arc<dyn Target>,
    mapper: Mapper,
    settings: Settings,
    clock: Clock,
    rng: fastrand::Rng,
    run: RunId,
    gate: Gate,
    hand: Hand,
    groups: Groups,
    /// Requests of several rows, so far.
    shared_requests: i64,
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
    targets_clock: TargetsClock,
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

impl<S: Running> Runner<S> {
    /// A run that has begun in the table as `run`; `totals` are the table's at that time.
    #[expect(clippy::too_many_arguments, reason = "what a run is made of")]
    pub fn new(
        store: S,
        target: Arc<dyn Target>,
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
            shared_requests: 0,
            groups: Groups::new(settings.batching.most, settings.most()),
            explaining: Explaining::default(),
            outbox: Outbox::default(),
            commit: None,
            requests: JoinSet::new(),
            doubts: Doubts::new(settings.quiet, settings.batching.lookup),
            blaming: Blaming::new(settings.most(), settings.max_outage),
            ahead: Ahead::default(),
            ending: Ending::default(),
            health: Health::default(),
            lookups: Lookups::Allowed,
            targets_clock: TargetsClock::default(),
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
                // Whoever was sent had a key. If this program finds none, the user would be looked for in vain
                // and sent again.
                if user.identifiers.key().is_none() {
                    continue;
                }
                // A crash is no fault of the row: no epoch.
                self.doubts.add(NewDoubt {
                    id: claim.id,
                    sends: claim.sends,
                    job: claim.job,
                    identifiers: user.identifiers,
                    ended_at: Moment::ZERO,
                    epoch: None,
                    code: claim.code,
                    size: 1,
                    next_size: None,
                    was_answered: claim.job.duplicate,
                });
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
