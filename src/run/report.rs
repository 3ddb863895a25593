//! What a run tells those who watch it.

use super::{REPORT, Runner};
use crate::clock::Moment;
use crate::monitor::{Activity, Progress};
use crate::store::Running;
use std::collections::VecDeque;
use std::time::Duration;

/// The rate is that of the last while.
const WINDOW: Duration = Duration::from_secs(5);
/// What a shorter time has seen is no rate yet.
const SPAN_MIN: Duration = Duration::from_millis(500);

/// How fast jobs are settled. Pure: time comes from outside.
#[derive(Debug, Default)]
pub(super) struct Pace {
    /// When jobs were settled, of late.
    settled: VecDeque<Moment>,
}

impl Pace {
    /// A job is settled.
    pub(super) fn count(&mut self, now: Moment) {
        self.settled.push_back(now);
    }

    /// Jobs settled a second, of late.
    pub(super) fn per_s(&mut self, now: Moment) -> f64 {
        while self.settled.front().is_some_and(|at| *at + WINDOW < now) {
            self.settled.pop_front();
        }
        let Some(first) = self.settled.front() else { return 0.0 };
        let span = now.saturating_sub(*first).max(SPAN_MIN);
        #[expect(clippy::cast_precision_loss, reason = "a count of rows")]
        let n = self.settled.len() as f64;
        n / span.as_secs_f64()
    }
}

impl<S: Running> Runner<S> {
    pub(super) fn report(&mut self, now: Moment) {
        if self.reported_at.is_none_or(|at| now >= at + REPORT) {
            self.reported_at = Some(now);
            self.report_now(now);
        }
    }

    pub(super) fn report_now(&mut self, now: Moment) {
        let rate_per_s = self.books.per_s(now);
        let totals = self.books.totals;
        let mut progress = Progress {
            total: totals.total,
            done: totals.done,
            failed: totals.failed,
            invalid: totals.invalid,
            unknown: (self.doubts.open() + self.doubts.held()) as u64,
            settled: totals.settled,
            limit: self.books.most,
            in_flight: self.gate.in_flight(),
            rate_per_s,
            eta_s: None,
            activity: self.activity(now),
        };
        progress.eta_s = progress.extent().eta_s(rate_per_s);
        self.monitor.progress(&progress);
    }

    pub(super) fn activity(&self, now: Moment) -> Activity {
        if self.ending.has_begun() {
            Activity::Stopping
        } else if !self.health.has_answered() {
            Activity::Connecting
        } else if let Some(until) = self.gate.paused(now) {
            Activity::Paused(until.saturating_sub(now))
        } else if let (false, Some(since)) =
            (self.gate.breaker.is_closed(), self.gate.breaker.trouble_since())
        {
            Activity::Outage(now.saturating_sub(since))
        } else if self.hand.is_empty() && self.waits(now) {
            Activity::Settling
        } else {
            Activity::Sending
        }
    }

    /// Whether something is left to do, but not now. What is held for a person waits for no run.
    fn waits(&self, now: Moment) -> bool {
        if self.budget() == 0 && self.doubts.open() > 0 {
            // Other rows are due, and the limit leaves them to another run.
            return true;
        }
        let until = self.ahead.idle_until(now);
        until.is_some_and(|until| until != Moment::MAX || self.doubts.open() > 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TENTH: Duration = Duration::from_millis(100);

    #[test]
    fn the_rate_is_that_of_the_last_seconds() {
        let mut pace = Pace::default();
        // Tenths of a second: ten rows a second for 10 s, a hundred a second for 10 s, then none.
        let expected = [
            (0, 2.0),
            (4, 10.0),
            (10, 11.0),
            (99, 10.2),
            (199, 102.0),
            (240, 20.0),
            (249, 2.0),
            (250, 0.0),
        ];
        let mut told = Vec::new();
        for tenth in 0..=260_u32 {
            let rows = match tenth {
                0..100 => 1,
                100..200 => 10,
                _ => 0,
            };
            for _ in 0..rows {
                pace.count(tenth * TENTH);
            }
            told.push(pace.per_s(tenth * TENTH));
        }
        for (tenth, per_s) in expected {
            assert!((told[tenth] - per_s).abs() < 1e-9, "{tenth}: {}", told[tenth]);
        }
    }
}
