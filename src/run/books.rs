//! The counts of the table, followed through the run. Pure: time comes from outside.

use super::report::Pace;
use crate::clock::Moment;
use crate::job::Status;

/// Counts of the table, followed through the run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
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

/// The counts, and how fast they grow.
#[derive(Debug)]
pub(super) struct Books {
    pub(super) totals: Totals,
    /// How many jobs the run may settle, if not all.
    pub(super) most: Option<u64>,
    pace: Pace,
}

impl Books {
    pub(super) fn new(totals: Totals, most: Option<u64>) -> Self {
        Self { totals, most, pace: Pace::default() }
    }

    /// A row in this run's hands gets this status.
    pub(super) fn record(&mut self, status: Status, now: Moment) {
        let totals = &mut self.totals;
        match status {
            Status::Done => totals.done += 1,
            Status::Failed => {
                totals.failed += 1;
                totals.failed_now += 1;
            }
            Status::Invalid => totals.invalid += 1,
            Status::Pending | Status::Sending | Status::Unknown => return,
        }
        totals.settled += 1;
        self.pace.count(now);
    }

    /// So many rows that failed are pending again.
    pub(super) fn take_back_failed(&mut self, n: u64) {
        self.totals.failed = self.totals.failed.saturating_sub(n);
        self.totals.settled = self.totals.settled.saturating_sub(n);
    }

    /// So many rows that were found invalid are pending again.
    pub(super) fn take_back_invalid(&mut self, n: u64) {
        self.totals.invalid = self.totals.invalid.saturating_sub(n);
        self.totals.settled = self.totals.settled.saturating_sub(n);
    }

    /// How many jobs of the table are not settled.
    pub(super) fn left(&self) -> u64 {
        let Totals { total, done, failed, invalid, .. } = self.totals;
        total.saturating_sub(done + failed + invalid)
    }

    /// Jobs settled a second, of late.
    pub(super) fn per_s(&mut self, now: Moment) -> f64 {
        self.pace.per_s(now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_settled_counts_and_what_is_taken_back_does_not() {
        let table = Totals { total: 9, done: 2, ..Totals::default() };
        let mut books = Books::new(table, None);
        for status in Status::ALL {
            books.record(*status, Moment::ZERO);
        }
        let settled = Totals { done: 3, failed: 1, invalid: 1, settled: 3, failed_now: 1, ..table };
        assert_eq!((books.totals, books.left()), (settled, 4));
        books.take_back_failed(1);
        books.take_back_invalid(1);
        let back = Totals { failed: 0, invalid: 0, settled: 1, ..settled };
        assert_eq!((books.totals, books.left()), (back, 6));
        books.take_back_failed(1);
        assert_eq!(books.totals, Totals { settled: 0, ..back }, "rows of an earlier run");
    }
}
