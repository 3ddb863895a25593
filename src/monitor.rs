//! What a run tells those who watch it. The library never prints.

use std::time::Duration;

/// What a run is doing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Activity {
    /// Finding out whether the target answers.
    Connecting,
    /// Sending.
    Sending,
    /// Held back by the target, for this long.
    Paused(Duration),
    /// The target does not answer: waiting for it, for this long so far.
    Outage(Duration),
    /// Nothing left to send: waiting until jobs in doubt can be settled, or retried.
    Settling,
    /// Finishing what is in flight.
    Stopping,
}

/// How much of the work is settled: the one place that computes it, for bars, estimates and `status`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Settled {
    /// Rows that need nothing more.
    pub settled: u64,
    /// All rows that a run can settle.
    pub of: u64,
}

impl Settled {
    /// Of a table's rows: those that are done or failed, of all but the invalid ones, which no run can
    /// send.
    pub fn of_table(total: u64, done: u64, failed: u64, invalid: u64) -> Self {
        Self { settled: done + failed, of: total.saturating_sub(invalid) }
    }

    /// Of what a run may settle. With a limit the rows count that this run has settled, of as many as
    /// it may.
    #[must_use]
    pub fn within(self, limit: Option<u64>, settled_by_run: u64) -> Self {
        let Some(limit) = limit else { return self };
        let most = settled_by_run + self.left();
        Self { settled: settled_by_run, of: limit.min(most).max(settled_by_run) }
    }

    /// Rows that are still to be settled.
    pub fn left(self) -> u64 {
        self.of.saturating_sub(self.settled)
    }

    /// Seconds until all is settled at this rate; `None` when that cannot be told.
    pub fn eta_s(self, per_s: f64) -> Option<u64> {
        #[expect(
            clippy::cast_precision_loss,
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "an estimate in seconds"
        )]
        (per_s > 0.0).then(|| (self.left() as f64 / per_s).ceil() as u64)
    }
}

/// Where a run stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Progress {
    /// Jobs in the table.
    pub total: u64,
    /// Done.
    pub done: u64,
    /// Failed.
    pub failed: u64,
    /// Invalid.
    pub invalid: u64,
    /// In doubt.
    pub unknown: u64,
    /// Settled by this run.
    pub settled: u64,
    /// How many rows this run may settle, if there is a limit.
    pub limit: Option<u64>,
    /// Requests in flight.
    pub in_flight: usize,
    /// Jobs settled a second, lately.
    pub rate_per_s: f64,
    /// Seconds until all is settled at this rate; `None` when that cannot be told.
    pub eta_s: Option<u64>,
    /// What it is doing.
    pub activity: Activity,
}

impl Progress {
    /// How much of what the run may settle is settled.
    pub fn extent(&self) -> Settled {
        Settled::of_table(self.total, self.done, self.failed, self.invalid)
            .within(self.limit, self.settled)
    }
}

/// Somebody who watches a run.
pub trait Monitor: Send {
    /// Where the run stands; called several times a second.
    fn progress(&mut self, progress: &Progress);

    /// Something worth a line: an outage begins or ends, a pause, a decision.
    fn note(&mut self, text: &str);
}

/// Watches nothing.
#[derive(Debug, Default)]
pub struct Silent;

impl Monitor for Silent {
    fn progress(&mut self, _progress: &Progress) {}

    fn note(&mut self, _text: &str) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_takes_as_long_as_the_rate_says() {
        let table = Settled::of_table(100, 40, 7, 3);
        assert_eq!((table.settled, table.of, table.left()), (47, 97, 50));
        let told = [0.0, 0.3, 1.0, 50.0, 80.0].map(|per_s| table.eta_s(per_s));
        assert_eq!(told, [None, Some(167), Some(50), Some(1), Some(1)]);
        assert_eq!(Settled::of_table(50, 40, 7, 3).eta_s(1.0), Some(0));
    }

    #[test]
    fn with_a_limit_only_what_the_run_may_still_settle_counts() {
        let table = Settled::of_table(100, 40, 7, 3);
        let limited = |limit, by_run| table.within(Some(limit), by_run);
        let eta = [10, 4, 99].map(|limit| limited(limit, 4).eta_s(1.0));
        assert_eq!(eta, [Some(6), Some(0), Some(50)]);
        assert_eq!(limited(10, 4), Settled { settled: 4, of: 10 });
        // Fewer rows are left than the run may settle.
        assert_eq!(limited(99, 4), Settled { settled: 4, of: 54 });
        assert_eq!(table.within(None, 4), table);
    }
}
