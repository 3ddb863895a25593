//! What a run tells those who watch it.

use super::{RATE_WINDOW, REPORT, Runner};
use crate::clock::Moment;
use crate::monitor::{Activity, Progress};
use crate::store::Store;
use crate::target::Target;
use std::time::Duration;

impl<S: Store, T: Target> Runner<S, T> {
    pub(super) fn rate_per_s(&self, now: Moment) -> f64 {
        let Some((first, _)) = self.settled.front() else { return 0.0 };
        let n: u64 = self.settled.iter().map(|(_, n)| n).sum();
        let span = now.saturating_sub(*first).max(Duration::from_millis(500));
        #[expect(clippy::cast_precision_loss, reason = "a count of rows")]
        let n = n as f64;
        n / span.as_secs_f64()
    }

    pub(super) fn count_settled(&mut self, now: Moment) {
        match self.settled.back_mut() {
            Some((at, n)) if now.saturating_sub(*at) < REPORT => *n += 1,
            _ => self.settled.push_back((now, 1)),
        }
        while self.settled.front().is_some_and(|(at, _)| *at + RATE_WINDOW < now) {
            self.settled.pop_front();
        }
    }

    pub(super) fn report(&mut self, now: Moment) {
        if self.reported_at.is_none_or(|at| now >= at + REPORT) {
            self.reported_at = Some(now);
            self.report_now(now);
        }
    }

    pub(super) fn report_now(&mut self, now: Moment) {
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
        } else if !self.health.has_answered() {
            Activity::Connecting
        } else if let Some(until) = self.gate.paused(now) {
            Activity::Paused(until.saturating_sub(now))
        } else if let (false, Some(since)) =
            (self.gate.breaker.is_closed(), self.gate.breaker.trouble_since())
        {
            Activity::Outage(now.saturating_sub(since))
        } else if self.in_hand.is_empty() && self.waits(now) {
            Activity::Settling
        } else {
            Activity::Sending
        }
    }

    /// Whether something is left to do, but not now. What is held for a person waits for no run.
    fn waits(&self, now: Moment) -> bool {
        let until = self.nothing_due_until.filter(|until| now < *until);
        until.is_some_and(|until| until != Moment::MAX || self.doubts.open() > 0)
    }
}
