//! The runner: drains pending jobs against the target.
//!
//! One task owns all state and turns events (an answer, a commit, a signal, the time) into moves;
//! what decides is pure and lives beside it: [`gate`], [`doubt`], [`alike`], [`crate::job`]. The
//! store works on a thread of its own, one transaction at a time; requests are tasks. Nothing is
//! sent before its claim is committed.

pub mod alike;
pub mod breaker;
pub mod doubt;
pub mod gate;
mod outcomes;
mod pump;
pub mod rate;
pub mod signals;
mod worker;

use crate::clock::{Clock, Moment, millis};
use crate::error::Error;
use crate::failpoint;
use crate::identity::DirectoryUser;
use crate::job::{Policy, Status};
use crate::monitor::{Activity, Monitor, Progress};
use crate::problem::Problem;
use crate::store::{JobId, Outlook, Record, RunEnd, RunId, Store, StoreError, Tick, Ticked};
use crate::target::{Fault, Halt, Target};
use crate::user::User;
use alike::Alike;
use breaker::Breaker;
use doubt::{Doubt, Doubts, Quiet};
use gate::Gate;
use outcomes::InHand;
use rate::Rate;
use signals::Signal;
use std::collections::{HashMap, VecDeque};
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
/// The rate shown is that of the last while.
const RATE_WINDOW: Duration = Duration::from_secs(5);

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
    /// Halt at this many failures instead of when every row is refused alike.
    pub max_failures: Option<u64>,
    /// Go on though users cannot be looked up; jobs in doubt stay unknown.
    pub hold_unknown: bool,
    /// Seed of the jitter.
    pub seed: u64,
}

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// Nothing is left that this run could do.
    Drained,
    /// Stopped by a signal or the limit; the rest stays pending.
    Stopped,
    /// Halted by the target.
    Halted(Halt),
}

/// What a request came to.
enum Event {
    Landed(Box<worker::Landing>),
    Found { doubts: Vec<Doubt>, asked_at: Moment, result: Result<Vec<Vec<DirectoryUser>>, Fault> },
    Probed(Result<(), Fault>),
}

/// A claimed job that waits for the gate.
struct Ready {
    id: JobId,
    user: User,
}

type Committed<S> = (S, Result<Ticked, StoreError>, Commit);

/// What a transaction was about.
struct Commit {
    asked: usize,
}

/// A run over one job table and one target.
#[expect(clippy::struct_excessive_bools, reason = "independent facts, not a hidden state machine")]
pub struct Runner<S: Store, T: Target> {
    store: Option<S>,
    target: Arc<T>,
    mapper: Mapper,
    settings: Settings,
    clock: Clock,
    rng: fastrand::Rng,
    run: RunId,
    gate: Gate,
    ready: VecDeque<Ready>,
    /// Claimed and not recorded yet, ready or in flight.
    in_hand: HashMap<JobId, InHand>,
    outbox: Vec<Record>,
    outbox_since: Option<Moment>,
    take_back: Vec<(JobId, u32)>,
    commit: Option<JoinHandle<Committed<S>>>,
    requests: JoinSet<Event>,
    doubts: Doubts,
    alike: Alike,
    /// The code with which every row was refused, once that has halted the run.
    refused_alike: Option<String>,
    pressure: f64,
    /// No job is due before this moment; `None` when that is not known.
    nothing_due_until: Option<Moment>,
    outlook: Outlook,
    stopping: bool,
    stop_now: bool,
    halt: Option<Halt>,
    answered_once: bool,
    /// Watchers were told of an outage, and not yet of its end.
    in_trouble: bool,
    last_fault: Option<String>,
    refused_since: Option<Moment>,
    last_definite: Moment,
    /// Since when every lookup has failed.
    lookups_fail_since: Option<Moment>,
    lookups_denied: bool,
    totals: Totals,
    settled: VecDeque<(Moment, u64)>,
    reported_at: Option<Moment>,
    monitor: Box<dyn Monitor>,
}

/// Counts of the table, followed through the run.
#[derive(Clone, Copy, Debug, Default)]
pub struct Totals {
    /// Jobs in the table.
    pub total: u64,
    /// Done.
    pub done: u64,
    /// Failed.
    pub failed: u64,
    /// Invalid.
    pub invalid: u64,
    /// Settled by this run.
    pub settled: u64,
    /// Failed in this run.
    pub failed_now: u64,
}

/// What a finished run hands back.
pub struct Finished<S> {
    /// The store.
    pub store: S,
    /// How it ended.
    pub end: End,
}

impl<S: Store, T: Target> Runner<S, T> {
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
            ready: VecDeque::new(),
            in_hand: HashMap::new(),
            outbox: Vec::new(),
            outbox_since: None,
            take_back: Vec::new(),
            commit: None,
            requests: JoinSet::new(),
            doubts: Doubts::new(settings.quiet),
            alike: Alike::default(),
            refused_alike: None,
            pressure: 0.0,
            nothing_due_until: None,
            outlook: Outlook::default(),
            stopping: false,
            stop_now: false,
            halt: None,
            answered_once: false,
            in_trouble: false,
            last_fault: None,
            refused_since: None,
            last_definite: Moment::ZERO,
            lookups_fail_since: None,
            lookups_denied: false,
            totals,
            settled: VecDeque::new(),
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
        self.outlook = store.outlook()?;
        if self.outlook.next_due_ms.is_none() {
            self.nothing_due_until = Some(Moment::MAX);
        }
        let mut after = JobId(0);
        loop {
            let page = store.doubts(after, PAGE)?;
            let Some(last) = page.last() else { return Ok(()) };
            after = last.id;
            for claim in &page {
                let (user, _) = (self.mapper)(&claim.raw);
                // A crash is no fault of the row: no epoch.
                self.doubts.add(
                    claim.id,
                    claim.sends,
                    claim.job,
                    user.identifiers,
                    Moment::ZERO,
                    None,
                    None,
                );
            }
            if page.len() < PAGE {
                return Ok(());
            }
        }
    }

    fn on_signal(&mut self, signal: Signal) {
        match signal {
            Signal::Stop => {
                self.stopping = true;
                self.give_back_ready();
                let in_flight = self.gate.in_flight();
                self.monitor.note(&format!("Stopping: waiting for {in_flight} requests in flight"));
            }
            Signal::StopNow => {
                self.stopping = true;
                self.stop_now = true;
                self.give_back_ready();
                self.abandon_flights();
            }
        }
    }

    /// Whether everything that this run can do is done and recorded.
    fn is_over(&self) -> bool {
        if self.commit.is_some() || !self.outbox.is_empty() || !self.take_back.is_empty() {
            return false;
        }
        if !self.in_hand.is_empty() {
            return false;
        }
        if self.stopping || self.halt.is_some() {
            return self.stop_now || self.gate.in_flight() == 0;
        }
        self.nothing_due_until == Some(Moment::MAX) && self.doubts.open() == 0
            || self.limit_reached()
    }

    fn limit_reached(&self) -> bool {
        self.settings.limit.is_some_and(|limit| self.totals.settled >= limit)
    }

    fn finish(mut self) -> Result<Finished<S>, Error> {
        let now_ms = self.clock.now_ms();
        self.report_now(self.clock.now());
        let mut store = self.store.take().ok_or_else(|| bug("the store is away"))?;
        let drained = self.nothing_due_until == Some(Moment::MAX) && self.doubts.open() == 0;
        let end = match self.halt.take() {
            Some(halt) => End::Halted(halt),
            None if self.stopping => End::Stopped,
            None if self.limit_reached() && !drained => End::Stopped,
            None => End::Drained,
        };
        let (word, reason) = match &end {
            End::Drained if self.totals.done == self.totals.total => ("done", None),
            End::Drained => ("incomplete", None),
            End::Stopped => ("stopped", None),
            End::Halted(halt) => ("halted", Some(halt.message.clone())),
        };
        store.end_run(self.run, &RunEnd { end: word, reason, now_ms })?;
        let (kept, counted) = store.audit()?;
        if kept != counted {
            return Err(bug("the tally of the job table does not match its rows")
                .hint("please report this, with the output of: sqlite3 userferry.db 'SELECT * FROM tally'"));
        }
        Ok(Finished { store, end })
    }

    fn halt_with(&mut self, halt: Halt) {
        if self.halt.is_none() {
            self.monitor.note(&format!("Halting: {}", halt.message));
            self.halt = Some(halt);
        }
        self.gate.halt();
        self.give_back_ready();
    }

    /// Ends the run when the target has not answered for too long.
    fn watch_outage(&mut self, now: Moment) {
        if self.halt.is_some() || self.stopping {
            return;
        }
        let fault = self.last_fault.clone().unwrap_or_else(|| "no answer".to_owned());
        if !self.answered_once && now >= self.settings.max_silence_at_start {
            let seconds = self.settings.max_silence_at_start.as_secs();
            self.halt_with(Halt {
                message: format!("the target could not be reached within {seconds} s: {fault}"),
                hint: "check the host and the network, then run again; nothing was sent".to_owned(),
            });
        } else if self.trouble().is_some_and(|since| now >= since + self.settings.max_outage) {
            let minutes = humane(self.settings.max_outage);
            self.halt_with(Halt {
                message: format!("the target has given no usable answer for {minutes}: {fault}"),
                hint: "no row was marked failed; run again when it is back".to_owned(),
            });
        }
    }

    /// Since when the target has neither answered nor accepted anything.
    fn trouble(&self) -> Option<Moment> {
        // While rows are sent, failing lookups are no outage; at the end they are all that is left.
        let only_doubts = self.in_hand.is_empty() && self.nothing_due_until == Some(Moment::MAX);
        let lookups = self.lookups_fail_since.filter(|_| only_doubts);
        [self.gate.breaker.trouble_since(), self.refused_since, lookups].into_iter().flatten().min()
    }

    // ---- commits

    /// Starts a transaction when there is enough to write, or jobs are wanted.
    fn start_commit(&mut self, now: Moment) {
        if self.commit.is_some() {
            return;
        }
        let claim = self.claims_wanted(now);
        if !self.is_commit_due(now, claim) {
            return;
        }
        let Some(mut store) = self.store.take() else { return };
        let rest = self.outbox.split_off(self.outbox.len().min(BATCH));
        let records = std::mem::replace(&mut self.outbox, rest);
        self.outbox_since = (!self.outbox.is_empty()).then_some(now);
        let take_back =
            if self.outbox.is_empty() { std::mem::take(&mut self.take_back) } else { Vec::new() };
        if !records.is_empty() {
            failpoint::hit("before-record");
        }
        let now_ms = self.clock.to_ms(now);
        let target_now_ms = now_ms + self.target.clock_ahead_ms();
        let (run, rate_per_s) = (self.run, self.rate_per_s(now));
        let commit = Commit { asked: claim };
        self.commit = Some(tokio::task::spawn_blocking(move || {
            let tick = Tick {
                run,
                now_ms,
                target_now_ms,
                records: &records,
                take_back: &take_back,
                claim,
                rate_per_s,
            };
            let ticked = store.tick(&tick).and_then(|mut ticked| {
                if ticked.claims.len() < claim || claim == 0 {
                    ticked.outlook = Some(store.outlook()?);
                }
                Ok(ticked)
            });
            (store, ticked, commit)
        }));
    }

    fn is_commit_due(&self, now: Moment, claim: usize) -> bool {
        if self.outbox.is_empty() && self.take_back.is_empty() {
            return claim > 0;
        }
        // Nobody is on the way who could join.
        if self.gate.in_flight() == 0 || (claim > 0 && self.ready.is_empty()) {
            return true;
        }
        self.outbox.len() >= (self.settings.width / 2).clamp(1, BATCH)
            || self.outbox_since.is_some_and(|since| now >= since + GATHER)
            || !self.take_back.is_empty()
    }

    /// How many jobs to claim now: no more than can start soon, and at most twice the width in
    /// hand altogether, so that after a crash only those few are in doubt.
    fn claims_wanted(&self, now: Moment) -> usize {
        let width = self.settings.width;
        let idle = self.stopping || self.halt.is_some() || self.gate.paused(now).is_some();
        if idle || self.nothing_due_until.is_some_and(|until| now < until) {
            return 0;
        }
        // Doubts are settled before more are made.
        if self.doubts.open() >= (20 * width).max(1_000) {
            return 0;
        }
        let wanted = match self.gate.breaker.passage(now) {
            breaker::Passage::Open => width,
            breaker::Passage::Trial => 1,
            breaker::Passage::Lookups
            | breaker::Passage::Probe
            | breaker::Passage::Wait(_)
            | breaker::Passage::Blocked => 0,
        };
        if self.ready.len() > wanted / 2 {
            return 0;
        }
        let unrecorded = self.in_hand.len() + self.outbox.len();
        let room = (2 * width).saturating_sub(unrecorded);
        let budget = self.settings.limit.map_or(usize::MAX, |limit| {
            let under_way =
                u64::try_from(self.in_hand.len() + self.doubts.open()).unwrap_or(u64::MAX);
            let left = limit.saturating_sub(self.totals.settled).saturating_sub(under_way);
            usize::try_from(left).unwrap_or(usize::MAX)
        });
        wanted.saturating_sub(self.ready.len()).min(room).min(budget)
    }

    fn on_commit(&mut self, (store, ticked, commit): Committed<S>) -> Result<(), Error> {
        self.store = Some(store);
        let ticked = ticked?;
        if ticked.fenced > 0 {
            self.monitor.note(&format!("{} late outcomes were dropped", ticked.fenced));
        }
        if !ticked.claims.is_empty() {
            failpoint::hit("after-claim");
        }
        if let Some(outlook) = ticked.outlook {
            self.outlook = outlook;
            if commit.asked > 0 {
                self.nothing_due_until = Some(self.next_due(outlook));
            }
        }
        for claim in &ticked.claims {
            self.take_in(claim);
        }
        if self.stopping || self.halt.is_some() {
            self.give_back_ready();
        }
        Ok(())
    }

    /// When the next job is due, by the table and by what is not written yet.
    fn next_due(&self, outlook: Outlook) -> Moment {
        let unwritten = self
            .outbox
            .iter()
            .filter(|record| record.transition.status == Status::Pending)
            .map(|record| record.transition.not_before_ms);
        outlook
            .next_due_ms
            .into_iter()
            .chain(unwritten)
            .min()
            .map_or(Moment::MAX, |ms| self.clock.to_moment(ms))
    }

    // ---- time and reports

    fn next_wake(&self, now: Moment) -> Moment {
        let mut wake = now + REPORT;
        let mut sooner = |moment: Option<Moment>| {
            if let Some(moment) = moment.filter(|moment| *moment > now) {
                wake = wake.min(moment);
            }
        };
        if self.commit.is_none() {
            sooner(self.outbox_since.map(|since| since + GATHER));
        }
        sooner(self.gate_wake(now));
        sooner(self.nothing_due_until);
        sooner(self.doubts.next_look());
        wake
    }

    fn rate_per_s(&self, now: Moment) -> f64 {
        let Some((first, _)) = self.settled.front() else { return 0.0 };
        let n: u64 = self.settled.iter().map(|(_, n)| n).sum();
        let span = now.saturating_sub(*first).max(Duration::from_millis(500));
        #[expect(clippy::cast_precision_loss, reason = "a count of rows")]
        let n = n as f64;
        n / span.as_secs_f64()
    }

    fn count_settled(&mut self, now: Moment) {
        match self.settled.back_mut() {
            Some((at, n)) if now.saturating_sub(*at) < REPORT => *n += 1,
            _ => self.settled.push_back((now, 1)),
        }
        while self.settled.front().is_some_and(|(at, _)| *at + RATE_WINDOW < now) {
            self.settled.pop_front();
        }
    }

    fn report(&mut self, now: Moment) {
        if self.reported_at.is_none_or(|at| now >= at + REPORT) {
            self.reported_at = Some(now);
            self.report_now(now);
        }
    }

    fn report_now(&mut self, now: Moment) {
        let rate_per_s = self.rate_per_s(now);
        let totals = self.totals;
        let left = totals.total.saturating_sub(totals.done + totals.failed + totals.invalid);
        #[expect(
            clippy::cast_precision_loss,
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "an estimate in seconds"
        )]
        let eta_s = (rate_per_s > 0.0).then(|| (left as f64 / rate_per_s).ceil() as u64);
        let progress = Progress {
            total: totals.total,
            done: totals.done,
            failed: totals.failed,
            invalid: totals.invalid,
            unknown: (self.doubts.open() + self.doubts.held()) as u64,
            in_flight: self.gate.in_flight(),
            rate_per_s,
            eta_s,
            activity: self.activity(now),
        };
        self.monitor.progress(&progress);
    }

    fn activity(&self, now: Moment) -> Activity {
        if self.stopping || self.halt.is_some() {
            Activity::Stopping
        } else if !self.answered_once {
            Activity::Connecting
        } else if let Some(until) = self.gate.paused(now) {
            Activity::Paused(until.saturating_sub(now))
        } else if let (false, Some(since)) =
            (self.gate.breaker.is_closed(), self.gate.breaker.trouble_since())
        {
            Activity::Outage(now.saturating_sub(since))
        } else if self.in_hand.is_empty() && self.nothing_due_until.is_some_and(|until| now < until)
        {
            Activity::Settling
        } else {
            Activity::Sending
        }
    }
}

fn bug(what: &str) -> Error {
    Error::internal(format!("internal error: {what}"))
}

fn humane(duration: Duration) -> String {
    let ms = millis(duration);
    match ms {
        _ if ms % 60_000 == 0 => format!("{} min", ms / 60_000),
        _ if ms % 1_000 == 0 => format!("{} s", ms / 1_000),
        _ => format!("{ms} ms"),
    }
}
