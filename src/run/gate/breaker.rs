//! The breaker: stops sending into an outage, and finds out with few requests when it is over.
//!
//! ```text
//!            5 faults in a row                       a read passes
//!  closed ─────────────────────▶ open ──▶ probing ─────────────────▶ half-open
//!     ▲                           ▲          │ fault                     │
//!     │ the trial is answered     └──────────┴───────────────────────────┤ fault
//!     └──────────────────────────────────────────────────────────────────┘
//! ```
//!
//! Half-open lets one create at a time through, and lookups. Pure: time comes from outside.

use crate::clock::Moment;
use std::time::Duration;

/// Faults in a row that open it. With 1 % of requests lost at random, five in a row come once in
/// ten thousand million.
const FAULTS: u32 = 5;
/// How much longer each probe waits than the last. From 1 s to 4 s it takes ten probes and 20 s,
/// so that an outage of 60 s costs about 20 probes.
const GROWTH: f64 = 1.15;

/// What the breaker lets through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Passage {
    /// Everything.
    Open,
    /// One create as a trial, and lookups.
    Trial,
    /// Lookups only: a trial is under way.
    Lookups,
    /// A read, to see whether the target answers.
    Probe,
    /// Nothing before this moment.
    Wait(Moment),
    /// Nothing before the probe has ended.
    Blocked,
}

impl Passage {
    /// Whether a create may pass.
    pub fn lets_creates(self) -> bool {
        match self {
            Self::Open | Self::Trial => true,
            Self::Lookups | Self::Probe | Self::Wait(_) | Self::Blocked => false,
        }
    }

    /// Whether reads may pass that are no probe.
    pub fn lets_reads(self) -> bool {
        match self {
            Self::Open | Self::Trial | Self::Lookups => true,
            Self::Probe | Self::Wait(_) | Self::Blocked => false,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Closed { faults: u32 },
    Waiting { probe_at: Moment },
    Probing,
    HalfOpen { trial: Option<Trial> },
}

/// A create on which the breaker's fate hangs. Each is another one: the verdict on a trial may come
/// only when the breaker has opened and half-opened again, and says nothing about that time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trial(u64);

/// The breaker.
#[derive(Clone, Debug)]
pub struct Breaker {
    state: State,
    min: Duration,
    max: Duration,
    interval: Duration,
    last_probe: Moment,
    epoch: u64,
    /// Trials so far.
    trials: u64,
    trouble_since: Option<Moment>,
}

impl Breaker {
    /// A breaker that starts with a probe: nothing has been heard of the target yet.
    pub fn new(min: Duration, max: Duration) -> Self {
        Self {
            state: State::Waiting { probe_at: Duration::ZERO },
            min,
            max: max.max(min),
            interval: min,
            last_probe: Duration::ZERO,
            epoch: 0,
            trials: 0,
            trouble_since: Some(Duration::ZERO),
        }
    }

    /// What may pass now.
    pub fn passage(&self, now: Moment) -> Passage {
        match self.state {
            State::Closed { .. } => Passage::Open,
            State::Waiting { probe_at } if probe_at <= now => Passage::Probe,
            State::Waiting { probe_at } => Passage::Wait(probe_at),
            State::Probing => Passage::Blocked,
            State::HalfOpen { trial: None } => Passage::Trial,
            State::HalfOpen { trial: Some(_) } => Passage::Lookups,
        }
    }

    /// Whether everything may pass.
    pub fn is_closed(&self) -> bool {
        matches!(self.state, State::Closed { .. })
    }

    /// Counts up each time the breaker opens or closes: what happened in one closed epoch
    /// happened while the target was answering.
    pub fn epoch(&self) -> u64 {
        self.epoch
    }

    /// The epoch under which a fault may be held against a row: not that of a trial, nor of what
    /// left before the outage and fails in it.
    pub fn blame(&self, trial: Option<Trial>) -> Option<u64> {
        (self.is_closed() && trial.is_none()).then_some(self.epoch)
    }

    /// Whether this is the trial that is under way.
    pub fn is_tried_by(&self, trial: Option<Trial>) -> bool {
        trial.is_some() && self.state == State::HalfOpen { trial }
    }

    /// Since when nothing has gone well. A read that passed is well, until the trial fails.
    pub fn trouble_since(&self) -> Option<Moment> {
        match self.state {
            State::HalfOpen { .. } => None,
            State::Closed { .. } | State::Waiting { .. } | State::Probing => self.trouble_since,
        }
    }

    /// Whether a request that left at this moment left after the latest probe.
    pub fn is_after_probe(&self, sent_at: Moment) -> bool {
        sent_at >= self.last_probe
    }

    /// A probe starts.
    pub fn probe_started(&mut self, now: Moment) {
        self.last_probe = now;
        self.state = State::Probing;
    }

    /// The probe's read passed. `sole_witness`: only rows are left that break the target by
    /// themselves, so that no create can tell more than a read does.
    pub fn probe_passed(&mut self, sole_witness: bool) {
        if let State::Probing = self.state {
            self.state = State::HalfOpen { trial: None };
        }
        if sole_witness {
            self.close();
        }
    }

    /// The probe's read failed.
    pub fn probe_failed(&mut self, now: Moment) {
        self.trouble_since.get_or_insert(now);
        self.wait();
    }

    /// A create starts: half-open, it is the trial.
    pub fn trial_started(&mut self) -> Option<Trial> {
        let State::HalfOpen { .. } = self.state else { return None };
        self.trials += 1;
        let trial = Some(Trial(self.trials));
        self.state = State::HalfOpen { trial };
        trial
    }

    /// The trial came to nothing: it was never sent, or its answer says nothing about the target.
    pub fn trial_void(&mut self, trial: Option<Trial>) {
        if self.is_tried_by(trial) {
            self.state = State::HalfOpen { trial: None };
        }
    }

    /// The target answered a request; a create may have been a trial.
    pub fn answered(&mut self, trial: Option<Trial>) {
        match self.state {
            State::Closed { .. } => self.state = State::Closed { faults: 0 },
            State::HalfOpen { .. } if self.is_tried_by(trial) => self.close(),
            // An answer to what was sent before the outage says nothing about now.
            State::HalfOpen { .. } | State::Waiting { .. } | State::Probing => return,
        }
        self.trouble_since = None;
    }

    /// A request ended without a readable answer, or no connection could be made. `telling`: it is
    /// the trial under way, or a lookup that was asked after the probe; what left before the outage and fails
    /// late says nothing about now.
    pub fn fault(&mut self, now: Moment, telling: bool) {
        self.trouble_since.get_or_insert(now);
        match self.state {
            State::Closed { faults } if faults + 1 < FAULTS => {
                self.state = State::Closed { faults: faults + 1 };
            }
            State::Closed { .. } => {
                self.interval = self.min;
                self.last_probe = now;
                self.epoch += 1;
                self.wait();
            }
            // What the probe promised does not hold.
            State::HalfOpen { .. } if telling => self.wait(),
            State::HalfOpen { .. } | State::Waiting { .. } | State::Probing => {}
        }
    }

    /// Probes are counted from start to start, so that one that hangs until its own time-out does
    /// not add to the wait.
    fn wait(&mut self) {
        self.state = State::Waiting { probe_at: self.last_probe + self.interval };
        self.interval = self.interval.mul_f64(GROWTH).min(self.max);
    }

    fn close(&mut self) {
        if !self.is_closed() {
            self.epoch += 1;
        }
        self.state = State::Closed { faults: 0 };
        self.interval = self.min;
        self.trouble_since = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn closed() -> Breaker {
        let mut breaker = Breaker::new(SECOND, 4 * SECOND);
        breaker.probe_started(Duration::ZERO);
        breaker.probe_passed(true);
        breaker
    }

    #[test]
    fn it_starts_with_a_probe_and_a_trial() {
        let mut breaker = Breaker::new(SECOND, 4 * SECOND);
        assert_eq!(breaker.passage(Duration::ZERO), Passage::Probe);
        breaker.probe_started(Duration::ZERO);
        assert_eq!(breaker.passage(Duration::ZERO), Passage::Blocked);
        breaker.probe_passed(false);
        assert_eq!(breaker.passage(Duration::ZERO), Passage::Trial);
        let trial = breaker.trial_started();
        assert_eq!(breaker.passage(Duration::ZERO), Passage::Lookups);
        breaker.answered(trial);
        assert_eq!(breaker.passage(Duration::ZERO), Passage::Open);
        assert_eq!(breaker.trouble_since(), None);
    }

    #[test]
    fn five_faults_in_a_row_open_it_and_one_answer_starts_the_count_anew() {
        let mut breaker = closed();
        for _ in 0..4 {
            breaker.fault(SECOND, false);
        }
        breaker.answered(None);
        for _ in 0..4 {
            breaker.fault(SECOND, false);
        }
        assert!(breaker.is_closed());
        breaker.fault(SECOND, false);
        assert_eq!(breaker.passage(SECOND), Passage::Wait(2 * SECOND));
    }

    #[test]
    fn an_outage_of_a_minute_costs_fewer_than_25_probes() {
        for hang in [Duration::ZERO, 3 * SECOND] {
            let mut breaker = closed();
            for _ in 0..5 {
                breaker.fault(Duration::ZERO, false);
            }
            let (mut now, mut probes) = (Duration::ZERO, 0);
            while now < 60 * SECOND {
                match breaker.passage(now) {
                    Passage::Wait(until) => now = until,
                    Passage::Probe => {
                        probes += 1;
                        breaker.probe_started(now);
                        now += hang;
                        breaker.probe_failed(now);
                    }
                    other @ (Passage::Open
                    | Passage::Trial
                    | Passage::Lookups
                    | Passage::Blocked) => panic!("{other:?}"),
                }
            }
            assert!((10..25).contains(&probes), "{probes}");
        }
    }

    fn opened(at: Moment) -> Breaker {
        let mut breaker = closed();
        for _ in 0..FAULTS {
            breaker.fault(at, false);
        }
        breaker
    }

    /// Opened at 10 s, probed at 11 s, and the probe passed.
    fn half_open() -> Breaker {
        let mut breaker = opened(10 * SECOND);
        breaker.probe_started(11 * SECOND);
        breaker.probe_passed(false);
        breaker
    }

    #[test]
    fn an_epoch_ends_when_it_opens_and_when_it_closes() {
        let mut breaker = closed();
        let first = breaker.epoch();
        for _ in 0..FAULTS - 1 {
            breaker.fault(SECOND, false);
        }
        assert!(breaker.is_closed());
        assert_eq!(breaker.epoch(), first);
        breaker.fault(SECOND, false);
        assert!(!breaker.is_closed());
        assert_eq!(breaker.epoch(), first + 1);
        breaker.probe_started(2 * SECOND);
        breaker.probe_passed(false);
        let trial = breaker.trial_started();
        assert_eq!(breaker.epoch(), first + 1);
        breaker.answered(trial);
        assert!(breaker.is_closed());
        assert_eq!(breaker.epoch(), first + 2);
    }

    #[test]
    fn a_fault_is_held_against_a_row_only_while_closed_and_never_that_of_the_trial() {
        let breaker = closed();
        let trial = half_open().trial_started();
        assert_eq!(breaker.blame(None), Some(breaker.epoch()));
        // The trial was under way when a lookup's probe closed the breaker.
        assert_eq!(breaker.blame(trial), None);
        for breaker in [opened(10 * SECOND), half_open()] {
            assert_eq!((breaker.blame(None), breaker.blame(trial)), (None, None));
        }
    }

    #[test]
    fn trouble_lasts_from_the_first_fault_to_an_answer_but_not_while_half_open() {
        let mut breaker = closed();
        assert_eq!(breaker.trouble_since(), None);
        breaker.fault(7 * SECOND, false);
        breaker.fault(9 * SECOND, false);
        assert_eq!(breaker.trouble_since(), Some(7 * SECOND));
        breaker.answered(None);
        assert_eq!(breaker.trouble_since(), None);
        let mut breaker = half_open();
        assert_eq!(breaker.trouble_since(), None);
        breaker.trial_started();
        breaker.fault(12 * SECOND, true);
        assert_eq!(breaker.trouble_since(), Some(10 * SECOND), "it was no recovery");
    }

    #[test]
    fn only_what_left_after_the_probe_tells_about_now() {
        let mut breaker = half_open();
        assert!(!breaker.is_after_probe(10 * SECOND));
        assert!(breaker.is_after_probe(11 * SECOND) && breaker.is_after_probe(12 * SECOND));
        // Late answers and late faults of what left before the outage.
        breaker.answered(None);
        breaker.fault(12 * SECOND, false);
        assert_eq!(breaker.passage(12 * SECOND), Passage::Trial);
        breaker.fault(12 * SECOND, true);
        assert!(matches!(breaker.passage(11 * SECOND), Passage::Wait(_)));
    }

    #[test]
    fn a_trial_that_tells_nothing_is_followed_by_another() {
        let mut breaker = half_open();
        let trial = breaker.trial_started();
        assert_eq!(breaker.passage(12 * SECOND), Passage::Lookups);
        breaker.trial_void(trial);
        assert_eq!(breaker.passage(12 * SECOND), Passage::Trial);
    }

    /// A refusal waits for the read that explains it, and meanwhile a lookup may fail.
    #[test]
    fn a_verdict_on_a_trial_of_an_earlier_time_changes_nothing() {
        let mut breaker = half_open();
        let late = breaker.trial_started();
        breaker.fault(12 * SECOND, true);
        breaker.probe_started(13 * SECOND);
        breaker.probe_passed(false);
        breaker.answered(late);
        assert_eq!(breaker.passage(13 * SECOND), Passage::Trial, "none is under way");
        let trial = breaker.trial_started();
        breaker.answered(late);
        breaker.trial_void(late);
        assert_eq!(breaker.passage(13 * SECOND), Passage::Lookups, "another one is");
        assert!(!breaker.is_tried_by(late) && breaker.is_tried_by(trial));
        breaker.answered(trial);
        assert!(breaker.is_closed());
    }

    #[test]
    fn a_probe_comes_when_it_is_due_and_one_at_a_time() {
        let mut breaker = opened(10 * SECOND);
        let due = 11 * SECOND;
        assert_eq!(breaker.passage(10 * SECOND + SECOND / 2), Passage::Wait(due));
        assert_eq!(breaker.passage(due), Passage::Probe);
        breaker.probe_started(due);
        assert_eq!(breaker.passage(due), Passage::Blocked);
        breaker.probe_failed(12 * SECOND);
        assert_eq!(breaker.passage(due), Passage::Wait(due + SECOND.mul_f64(GROWTH)));
    }

    proptest! {
        #[test]
        fn it_never_waits_longer_than_the_longest_interval(events in proptest::collection::vec(0u8..6, 1..200)) {
            let mut breaker = closed();
            let mut now = Duration::ZERO;
            for event in events {
                now += Duration::from_millis(100);
                match event {
                    0 => breaker.fault(now, false),
                    1 => breaker.fault(now, true),
                    2 => breaker.answered(None),
                    3 => if breaker.passage(now) == Passage::Probe { breaker.probe_started(now) },
                    4 => if breaker.passage(now) == Passage::Blocked { breaker.probe_failed(now) },
                    _ => if breaker.passage(now) == Passage::Blocked { breaker.probe_passed(false) },
                }
                if let Passage::Wait(until) = breaker.passage(now) {
                    prop_assert!(until <= now + 4 * SECOND);
                }
            }
        }
    }
}
