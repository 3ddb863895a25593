//! What waits to be written: outcomes, and rows to be taken back. Pure: time comes from outside.

use crate::clock::Moment;
use crate::job::Status;
use crate::store::{JobId, Record};

/// What waits for a transaction.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    pub(super) records: Vec<Record>,
    /// Since when the first of them has waited.
    since: Option<Moment>,
    /// Rows that were settled wrongly (job and fence).
    take_back: Vec<(JobId, u32)>,
}

/// What goes into one transaction.
pub(super) struct Batch {
    pub records: Vec<Record>,
    pub take_back: Vec<(JobId, u32)>,
}

impl Outbox {
    pub(super) fn push(&mut self, record: Record, now: Moment) {
        self.records.push(record);
        self.since.get_or_insert(now);
    }

    pub(super) fn take_back(&mut self, rows: Vec<(JobId, u32)>) {
        self.take_back.extend(rows);
    }

    /// Outcomes that wait.
    pub(super) fn len(&self) -> usize {
        self.records.len()
    }

    /// Whether rows wait to be taken back.
    pub(super) fn takes_back(&self) -> bool {
        !self.take_back.is_empty()
    }

    /// Whether nothing waits at all.
    pub(super) fn is_empty(&self) -> bool {
        self.records.is_empty() && self.take_back.is_empty()
    }

    /// Since when the first outcome has waited.
    pub(super) fn since(&self) -> Option<Moment> {
        self.since
    }

    /// Takes out what the next transaction writes: at most `most` outcomes. Rows are taken back with the
    /// last ones, for their outcomes must have been written.
    pub(super) fn take(&mut self, most: usize, now: Moment) -> Batch {
        let rest = self.records.split_off(self.records.len().min(most));
        let records = std::mem::replace(&mut self.records, rest);
        self.since = (!self.records.is_empty()).then_some(now);
        let is_last = self.records.is_empty();
        let take_back = if is_last { std::mem::take(&mut self.take_back) } else { Vec::new() };
        Batch { records, take_back }
    }

    /// When the first of the rows is due that the table does not know to be pending yet, UTC
    /// milliseconds.
    pub(super) fn next_due_ms(&self) -> Option<i64> {
        let pending = self.records.iter().filter(|it| it.transition.status == Status::Pending);
        pending.map(|record| record.transition.not_before_ms).min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::job::{self, FirstSent, Transition};
    use std::time::Duration;

    const SECOND: Duration = Duration::from_secs(1);

    fn record(n: i64, transition: Transition) -> Record {
        Record {
            id: JobId(n),
            sends: 1,
            transition,
            code: None,
            reason: None,
            first_sent: FirstSent::Keep,
            attempt: None,
            problem: None,
        }
    }

    fn outbox(n: i64) -> Outbox {
        let mut outbox = Outbox::default();
        (1..=n)
            .for_each(|n| outbox.push(record(n, job::held()), u32::try_from(n).unwrap() * SECOND));
        outbox
    }

    #[test]
    fn outcomes_are_written_in_their_order_and_the_rest_waits_anew() {
        let mut outbox = outbox(3);
        assert_eq!(outbox.since(), Some(SECOND), "since the first came");
        let ids = |batch: &Batch| batch.records.iter().map(|it| it.id.0).collect::<Vec<_>>();
        assert_eq!(ids(&outbox.take(2, 9 * SECOND)), [1, 2]);
        assert_eq!((outbox.len(), outbox.since()), (1, Some(9 * SECOND)));
        assert_eq!(ids(&outbox.take(2, 10 * SECOND)), [3]);
        assert!(outbox.is_empty() && outbox.since().is_none());
    }

    #[test]
    fn rows_are_taken_back_when_their_outcomes_have_been_written() {
        let mut outbox = outbox(3);
        outbox.take_back(vec![(JobId(3), 1)]);
        assert!(outbox.take(2, SECOND).take_back.is_empty() && outbox.takes_back());
        assert_eq!(outbox.take(2, SECOND).take_back, [(JobId(3), 1)]);
        outbox.take_back(vec![(JobId(1), 1)]);
        assert!(!outbox.is_empty(), "though no outcome waits");
    }

    #[test]
    fn only_pending_rows_are_due() {
        let mut outbox = outbox(2);
        assert_eq!(outbox.next_due_ms(), None);
        for ms in [7, 5, 9] {
            let pending = Transition { status: Status::Pending, not_before_ms: ms, ..job::held() };
            outbox.push(record(ms, pending), SECOND);
        }
        assert_eq!(outbox.next_due_ms(), Some(5));
    }
}
