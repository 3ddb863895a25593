//! The gate: whether a request may leave now, in a fixed order: halted → paused until → breaker →
//! rate → width. Pure; the run loop asks it and waits.

pub mod breaker;
pub mod rate;

use crate::clock::Moment;
use breaker::{Breaker, Passage, Trial};
use rate::Rate;

/// Faults do not cut the rate below so many a second: if they go on at such a pace, the pace is not
/// their cause.
const PRESSURE_FLOOR: f64 = 10.0;

/// What a request is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// An authenticated read, to see whether the target answers.
    Probe,
    /// A lookup of jobs in doubt.
    Lookup,
    /// The authenticated read that is to explain a refusal.
    Explain,
    /// A create.
    Create,
}

/// The gate's answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Admission {
    /// It may leave.
    Go {
        /// The first create after an outage: the breaker's fate hangs on it.
        trial: Option<Trial>,
    },
    /// Not before this moment.
    Wait(Moment),
    /// Not before something else has ended.
    Blocked,
}

/// The gate.
#[derive(Clone, Debug)]
pub struct Gate {
    halted: bool,
    paused_until: Moment,
    /// The breaker.
    pub breaker: Breaker,
    /// The rate.
    pub rate: Rate,
    width: usize,
    in_flight: usize,
}

impl Gate {
    /// A gate for at most `width` requests in flight.
    pub fn new(breaker: Breaker, rate: Rate, width: usize) -> Self {
        Self { halted: false, paused_until: Moment::ZERO, breaker, rate, width, in_flight: 0 }
    }

    /// Asks for a request of this kind, and counts it as in flight when it may go.
    pub fn admit(&mut self, kind: Kind, now: Moment) -> Admission {
        if let Err(admission) = self.check(kind, now) {
            return admission;
        }
        if kind == Kind::Probe {
            self.breaker.probe_started(now);
        }
        let trial = if kind == Kind::Create { self.breaker.trial_started() } else { None };
        self.rate.left(now);
        self.in_flight += 1;
        Admission::Go { trial }
    }

    fn check(&self, kind: Kind, now: Moment) -> Result<(), Admission> {
        let passage = self.passage(now);
        let passes = match kind {
            Kind::Probe => passage == Passage::Probe,
            Kind::Lookup | Kind::Explain => passage.lets_reads(),
            Kind::Create => passage.lets_creates(),
        };
        if let Passage::Wait(until) = passage {
            return Err(Admission::Wait(until));
        }
        if !passes {
            return Err(Admission::Blocked);
        }
        if self.rate.next_at() > now {
            return Err(Admission::Wait(self.rate.next_at()));
        }
        if self.in_flight >= self.width {
            return Err(Admission::Blocked);
        }
        Ok(())
    }

    /// What may pass now, but for the rate and the width.
    fn passage(&self, now: Moment) -> Passage {
        match self.paused(now) {
            _ if self.halted => Passage::Blocked,
            Some(until) => Passage::Wait(until),
            None => self.breaker.passage(now),
        }
    }

    /// When a request of this kind may leave, if only time stands in its way.
    pub fn opens_at(&self, kind: Kind, now: Moment) -> Option<Moment> {
        match self.check(kind, now) {
            Err(Admission::Wait(until)) => Some(until),
            Ok(()) | Err(Admission::Blocked | Admission::Go { .. }) => None,
        }
    }

    /// A request that was admitted has ended.
    pub fn ended(&mut self) {
        self.in_flight = self.in_flight.saturating_sub(1);
    }

    /// Many faults of late; the last of a request that left at `sent_at`: fewer may leave.
    pub fn press(&mut self, now: Moment, sent_at: Moment) {
        if self.rate.current().is_none_or(|rate| rate > PRESSURE_FLOOR) {
            self.rate.refused(now, sent_at);
        }
    }

    /// Nothing leaves any more.
    pub fn halt(&mut self) {
        self.halted = true;
    }

    /// Nothing leaves before this moment, unless it is paused for longer already.
    pub fn pause_until(&mut self, moment: Moment) {
        self.paused_until = self.paused_until.max(moment);
        self.rate.paused_until(moment);
    }

    /// Whether reads may leave, but for the rate and the width.
    pub fn lets_reads(&self, now: Moment) -> bool {
        self.passage(now).lets_reads()
    }

    /// How many creates may wait for the gate: as many as may leave within a second, for a claim notes
    /// when the row is sent.
    pub fn may_wait(&self, now: Moment) -> usize {
        match self.passage(now) {
            Passage::Open => self.rate.in_a_second().min(self.width),
            Passage::Trial => 1,
            Passage::Lookups | Passage::Probe | Passage::Wait(_) | Passage::Blocked => 0,
        }
    }

    /// Whether the next create is a trial of a target that was silent. A trial carries one row.
    pub fn is_on_trial(&self, now: Moment) -> bool {
        self.passage(now) == Passage::Trial
    }

    /// Until when nothing leaves, if that is still to come.
    pub fn paused(&self, now: Moment) -> Option<Moment> {
        (now < self.paused_until).then_some(self.paused_until)
    }

    /// Requests in flight.
    pub fn in_flight(&self) -> usize {
        self.in_flight
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    const SECOND: Duration = Duration::from_secs(1);

    fn gate(width: usize) -> Gate {
        let mut gate = Gate::new(Breaker::new(SECOND, 4 * SECOND), Rate::new(Some(1.0)), width);
        gate.breaker.probe_started(Moment::ZERO);
        gate.breaker.probe_passed(true);
        gate
    }

    #[test]
    fn halted_comes_before_paused_before_breaker_before_rate_before_width() {
        let now = 10 * SECOND;
        let mut gate = gate(1);
        assert_eq!(gate.admit(Kind::Create, now), Admission::Go { trial: None });
        let after = now + 2 * SECOND;
        assert_eq!(gate.admit(Kind::Create, after), Admission::Blocked, "width");
        assert!(matches!(gate.admit(Kind::Create, now), Admission::Wait(_)), "rate");
        for _ in 0..5 {
            gate.breaker.fault(now, false);
        }
        assert_eq!(gate.admit(Kind::Create, now), Admission::Wait(now + SECOND), "breaker");
        gate.pause_until(now + 9 * SECOND);
        assert_eq!(gate.admit(Kind::Create, now), Admission::Wait(now + 9 * SECOND), "paused");
        gate.halt();
        assert_eq!(gate.admit(Kind::Create, now), Admission::Blocked, "halted");
    }

    #[test]
    fn it_says_when_it_opens_if_only_time_stands_in_the_way() {
        let now = 10 * SECOND;
        let mut gate = gate(1);
        assert_eq!(gate.opens_at(Kind::Create, now), None, "it is open");
        gate.pause_until(now + SECOND);
        assert_eq!(gate.opens_at(Kind::Create, now), Some(now + SECOND));
        assert_eq!(gate.opens_at(Kind::Create, now + SECOND), None, "the pause is over");
        assert_eq!(gate.paused(now + SECOND), None);
        assert!(matches!(gate.admit(Kind::Create, now + SECOND), Admission::Go { .. }));
        let next = gate.opens_at(Kind::Create, now + SECOND);
        assert!(next.is_some_and(|at| at > now + SECOND), "the rate: {next:?}");
        gate.halt();
        assert_eq!(gate.opens_at(Kind::Create, now + SECOND), None);
    }

    #[test]
    fn faults_cut_the_rate_but_not_below_the_floor() {
        for (rate, is_cut) in [(None, true), (Some(100.0), true), (Some(10.0), false)] {
            let mut gate = Gate::new(Breaker::new(SECOND, 4 * SECOND), Rate::new(rate), 9);
            gate.rate.left(SECOND);
            gate.press(2 * SECOND, SECOND);
            let is_less = gate.rate.current().is_some_and(|now| now < rate.unwrap_or(f64::MAX));
            assert_eq!(is_less, is_cut, "{rate:?}");
        }
    }

    #[test]
    fn what_the_rate_holds_back_leaves_at_the_very_moment_that_was_told() {
        let mut gate = gate(9);
        assert!(matches!(gate.admit(Kind::Create, 9 * SECOND), Admission::Go { .. }));
        let next = gate.opens_at(Kind::Create, 9 * SECOND).unwrap();
        assert!(matches!(gate.admit(Kind::Create, next), Admission::Go { .. }));
    }

    #[test]
    fn a_request_that_ended_makes_room_for_another() {
        let mut gate = gate(2);
        for n in 1..=2 {
            assert!(matches!(gate.admit(Kind::Create, n * 100 * SECOND), Admission::Go { .. }));
        }
        assert_eq!(gate.in_flight(), 2);
        assert_eq!(gate.admit(Kind::Create, 300 * SECOND), Admission::Blocked);
        gate.ended();
        assert_eq!(gate.in_flight(), 1);
        assert!(matches!(gate.admit(Kind::Create, 300 * SECOND), Admission::Go { .. }));
    }

    /// Half-open after an outage: lookups may pass, and one create.
    #[test]
    fn one_create_is_the_trial_after_an_outage() {
        let now = 100 * SECOND;
        let mut gate = Gate::new(Breaker::new(SECOND, 4 * SECOND), Rate::new(None), 9);
        assert_eq!(gate.admit(Kind::Create, now), Admission::Blocked, "the probe comes first");
        assert_eq!(gate.admit(Kind::Probe, now), Admission::Go { trial: None });
        assert_eq!(gate.admit(Kind::Probe, now), Admission::Blocked, "one probe at a time");
        gate.breaker.probe_passed(false);
        assert_eq!(gate.admit(Kind::Lookup, now + SECOND), Admission::Go { trial: None });
        let first = gate.admit(Kind::Create, now + 2 * SECOND);
        assert!(matches!(first, Admission::Go { trial: Some(_) }), "{first:?}");
        assert_eq!(gate.admit(Kind::Create, now + 3 * SECOND), Admission::Blocked);
    }

    #[test]
    fn a_shorter_pause_does_not_end_a_longer_one() {
        let mut gate = gate(1);
        gate.pause_until(5 * SECOND);
        gate.pause_until(2 * SECOND);
        assert_eq!(gate.paused(SECOND), Some(5 * SECOND));
    }
}
