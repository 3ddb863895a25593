//! The rate: how many requests a second leave. One number, the theoretical arrival time of the next
//! request (GCRA), paces them; one controller adapts the rate to what the target takes.
//!
//! Unlimited until the first back-pressure. A cut goes to what the target was seen to accept, at
//! most one cut per round trip (answers to requests that left before the last cut do not count).
//! After a burst of refusals the rate returns to 95 % of the last good one at once; from there it
//! probes upwards slowly, and more and more rarely. Pure: time comes from outside.

use crate::clock::Moment;
use std::collections::VecDeque;
use std::time::Duration;

/// Answers are counted over this long.
const WINDOW: Duration = Duration::from_secs(2);
/// A shorter stretch says little about a rate.
const WINDOW_MIN: Duration = Duration::from_millis(900);
/// A cut goes to this much of what was accepted.
const BELOW_ACCEPTED: f64 = 0.97;
/// A cut where too little is known, and the deepest one.
const BLIND_CUT: f64 = 0.7;
const DEEPEST_CUT: f64 = 0.5;
/// Returning after a burst of refusals.
const RETURN: f64 = 0.95;
/// How much of the rate a probe adds a second.
const CLIMB: f64 = 0.01;
/// How long the rate stays after a cut, at first; each further cut doubles it.
const HOLD: Duration = Duration::from_secs(4);
const HOLD_MAX: Duration = Duration::from_mins(1);
/// This long without a refusal, and a burst of them is over.
const CALM: Duration = Duration::from_secs(1);
/// The lowest rate, a second.
const FLOOR: f64 = 0.2;
/// What may leave at once to make up for the timer's grain.
const GRAIN: Duration = Duration::from_millis(5);

/// The pace of requests.
#[derive(Clone, Debug)]
pub struct Rate {
    ceiling: Option<f64>,
    current: Option<f64>,
    next_at: Moment,
    accepted: VecDeque<Moment>,
    began: Moment,
    cut_at: Option<Moment>,
    refused_at: Option<Moment>,
    /// The last rate that was held without a refusal.
    good: Option<f64>,
    /// Cuts since anything was accepted at the rate they led to.
    burst: bool,
    hold: Duration,
    climbed_at: Moment,
}

impl Rate {
    /// A pace that never exceeds `ceiling` requests a second.
    pub fn new(ceiling: Option<f64>) -> Self {
        Self {
            ceiling,
            current: ceiling,
            next_at: Duration::ZERO,
            accepted: VecDeque::new(),
            began: Duration::ZERO,
            cut_at: None,
            refused_at: None,
            good: None,
            burst: false,
            hold: HOLD,
            climbed_at: Duration::ZERO,
        }
    }

    /// Requests a second; `None` for no limit.
    pub fn current(&self) -> Option<f64> {
        self.current
    }

    /// When the next request may leave; a moment that has passed means at once.
    pub fn next_at(&self) -> Moment {
        if self.current.is_some() { self.next_at } else { Duration::ZERO }
    }

    /// A request leaves.
    pub fn left(&mut self, now: Moment) {
        let Some(rate) = self.current else { return };
        let interval = Duration::from_secs_f64(1.0 / rate);
        // What was not used is lost but for the timer's grain, so that no second sees a burst.
        let earliest = now.saturating_sub(GRAIN.min(interval * 4));
        self.next_at = self.next_at.max(earliest) + interval;
    }

    /// The target accepted a request that left at `sent_at`.
    pub fn accepted(&mut self, now: Moment, sent_at: Moment) {
        if self.accepted.is_empty() {
            self.began = self.began.max(sent_at);
        }
        self.accepted.push_back(now);
        self.forget(now);
        let Some(current) = self.current else { return };
        if self.refused_at.is_some_and(|at| now < at + CALM) {
            return;
        }
        if self.burst && self.cut_at.is_none_or(|at| sent_at > at) {
            self.burst = false;
            let back = self.good.unwrap_or(current) * RETURN;
            self.set(current.max(back));
            self.climbed_at = now;
            return;
        }
        self.climb(now);
    }

    fn climb(&mut self, now: Moment) {
        let Some(current) = self.current else { return };
        let held_until = self.cut_at.map_or(Duration::ZERO, |at| at + self.hold);
        if self.cut_at.is_none() || now < held_until {
            self.climbed_at = now;
            return;
        }
        let seconds = now.saturating_sub(self.climbed_at).as_secs_f64();
        if seconds >= 0.1 {
            self.good = Some(current);
            self.set(current * (1.0 + CLIMB * seconds.min(1.0)));
            self.climbed_at = now;
        }
    }

    /// The target refused a request that left at `sent_at`, as too much.
    pub fn refused(&mut self, now: Moment, sent_at: Moment) {
        self.forget(now);
        let calm_before = self.refused_at.is_none_or(|at| now >= at + CALM);
        self.refused_at = Some(now);
        if self.cut_at.is_some_and(|at| sent_at <= at) {
            return;
        }
        let seen = self.seen(now);
        if calm_before && self.good.is_none() {
            self.good = seen;
        }
        let from = self.current.or(seen).unwrap_or(FLOOR / BLIND_CUT);
        let to = match seen {
            // Fewer than some answers say nothing.
            Some(seen) if self.enough(now) => {
                (seen * BELOW_ACCEPTED).clamp(from * DEEPEST_CUT, from * BELOW_ACCEPTED)
            }
            _ => from * BLIND_CUT,
        };
        self.hold = if self.cut_at.is_some() { (self.hold * 2).min(HOLD_MAX) } else { HOLD };
        self.burst = true;
        if calm_before && self.enough(now) {
            // The rate was held until now: what the target takes lies just below.
            self.good = Some(to / RETURN);
        }
        self.set(to);
        self.cut_at = Some(now);
        self.climbed_at = now;
    }

    /// Requests accepted a second, over the window.
    fn seen(&self, now: Moment) -> Option<f64> {
        if self.accepted.is_empty() {
            return None;
        }
        let span = now.saturating_sub(self.began.max(now.saturating_sub(WINDOW)));
        #[expect(clippy::cast_precision_loss, reason = "a count of requests")]
        let n = self.accepted.len() as f64;
        Some(n / span.as_secs_f64().max(0.05))
    }

    fn enough(&self, now: Moment) -> bool {
        self.accepted.len() >= 10 && now.saturating_sub(self.began) >= WINDOW_MIN
    }

    fn forget(&mut self, now: Moment) {
        while self.accepted.front().is_some_and(|at| *at + WINDOW < now) {
            self.accepted.pop_front();
        }
    }

    fn set(&mut self, rate: f64) {
        let rate = rate.max(FLOOR);
        self.current = Some(self.ceiling.map_or(rate, |ceiling| rate.min(ceiling)));
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::cast_precision_loss, reason = "counts of requests")]

    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn no_second_ever_sees_more_than_the_ceiling(
            rate in 1.0..500.0f64,
            waits in proptest::collection::vec(0u64..50_000, 50..400),
        ) {
            let mut pace = Rate::new(Some(rate));
            let mut now = Duration::ZERO;
            let mut left: Vec<Duration> = Vec::new();
            for wait in waits {
                now = (now + Duration::from_micros(wait)).max(pace.next_at());
                pace.left(now);
                left.push(now);
            }
            for (i, from) in left.iter().enumerate() {
                let in_a_second = left[i..].iter().take_while(|at| **at < *from + Duration::from_secs(1)).count();
                let grain = (GRAIN.as_secs_f64() * rate).min(4.0);
                prop_assert!(in_a_second as f64 <= rate + grain + 1.0, "{in_a_second} at {rate}/s");
            }
        }
    }
}
