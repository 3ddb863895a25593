//! What lies ahead of a run: which rows are left, and when the next one is due. Pure.

use super::chosen::Chosen;
use crate::clock::{Clock, Moment};
use crate::job::Status;
use crate::store::{JobId, Outlook, Record};

/// What lies ahead.
#[derive(Debug, Default)]
pub(super) struct Ahead {
    /// The rows that were chosen for this run, where some were.
    chosen: Option<Chosen>,
    pub(super) outlook: Outlook,
    /// No job is due before this moment; `None` when that is not known.
    pub(super) nothing_until: Option<Moment>,
}

impl Ahead {
    /// Of a table that looks like this; only the chosen rows count, where some were chosen.
    pub(super) fn new(outlook: Outlook, chosen: Option<Chosen>) -> Self {
        let outlook = chosen.as_ref().map_or(outlook, Chosen::outlook);
        let nothing_until = outlook.next_due_ms.is_none().then_some(Moment::MAX);
        Self { chosen, outlook, nothing_until }
    }

    /// Takes in what an outcome made of a row.
    pub(super) fn record(&mut self, record: &Record, clock: Clock) {
        let next = &record.transition;
        if next.status == Status::Pending {
            let due = clock.to_moment(next.not_before_ms);
            self.nothing_until = self.nothing_until.map(|until| until.min(due));
        }
        if let Some(chosen) = &mut self.chosen {
            chosen.record(record);
        }
    }

    /// A transaction has claimed these rows. `outlook` is how the table looks now, if it was asked;
    /// `unwritten_ms` when the first row is due that the table does not know to be pending yet.
    pub(super) fn committed(
        &mut self,
        claimed: impl Iterator<Item = JobId>,
        outlook: Option<Outlook>,
        unwritten_ms: Option<i64>,
        clock: Clock,
    ) {
        let of_chosen = self.chosen.as_mut().map(|chosen| {
            claimed.for_each(|id| chosen.claimed(id));
            chosen.outlook()
        });
        if let Some(outlook) = of_chosen.or(outlook) {
            let due_ms = outlook.next_due_ms.into_iter().chain(unwritten_ms).min();
            self.outlook = outlook;
            self.nothing_until = Some(due_ms.map_or(Moment::MAX, |ms| clock.to_moment(ms)));
        }
    }

    /// Which of the chosen rows are to be claimed, where some were chosen.
    pub(super) fn due(&self, now_ms: i64, most: usize) -> Option<Vec<JobId>> {
        self.chosen.as_ref().map(|chosen| chosen.due(now_ms, most))
    }

    /// How many of the chosen rows are not settled, but for these, where some were chosen.
    pub(super) fn chosen_left(&self, but: impl Iterator<Item = JobId>) -> Option<u64> {
        self.chosen.as_ref().map(|chosen| chosen.open_but(but) as u64)
    }

    /// Until when nothing is due, if nothing is due now; `Moment::MAX` where nothing will ever be.
    pub(super) fn idle_until(&self, now: Moment) -> Option<Moment> {
        self.nothing_until.filter(|until| now < *until)
    }

    /// Whether nothing is pending any more.
    pub(super) fn is_drained(&self) -> bool {
        self.nothing_until == Some(Moment::MAX)
    }

    /// Whether a single row is left, so that no other can be a witness. Rows that were not chosen for
    /// this run could be.
    pub(super) fn is_last(&self) -> bool {
        self.chosen.is_none() && self.outlook.open == 1
    }

    /// Whether every row left has spent an attempt.
    pub(super) fn has_only_suspects(&self) -> bool {
        self.outlook.unsuspected == 0
    }

    /// Whether every row left has been sent before.
    pub(super) fn has_only_tried(&self) -> bool {
        !self.outlook.unsent
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::job::{self, FirstSent, Transition};
    use crate::store::OpenJob;
    use std::time::Duration;

    const SECOND: Duration = Duration::from_secs(1);

    fn outlook(next_due_ms: Option<i64>) -> Outlook {
        Outlook { next_due_ms, open: 1, ..Outlook::default() }
    }

    fn chosen(ids: std::ops::RangeInclusive<i64>) -> Chosen {
        let job = OpenJob { due_ms: Some(0), is_unsent: true, is_unsuspected: true };
        Chosen::new(ids.map(|id| (JobId(id), job)).collect())
    }

    fn none() -> std::iter::Empty<JobId> {
        std::iter::empty()
    }

    #[tokio::test(start_paused = true)]
    async fn a_table_without_pending_rows_is_drained_until_a_row_goes_back() {
        let clock = Clock::starting_at(0);
        let mut ahead = Ahead::new(outlook(None), None);
        assert!(ahead.is_drained());
        let back = Transition { status: Status::Pending, not_before_ms: 3_000, ..job::held() };
        let record = Record {
            id: JobId(1),
            sends: 1,
            transition: back,
            code: None,
            reason: None,
            first_sent: FirstSent::Keep,
            attempt: None,
            problem: None,
        };
        ahead.record(&record, clock);
        assert_eq!(ahead.idle_until(SECOND), Some(3 * SECOND));
        assert_eq!(ahead.idle_until(3 * SECOND), None, "it is due");
    }

    #[tokio::test(start_paused = true)]
    async fn the_next_row_is_due_by_the_table_or_by_what_is_not_written_yet() {
        let clock = Clock::starting_at(0);
        let mut ahead = Ahead::new(outlook(Some(0)), None);
        assert_eq!(ahead.nothing_until, None, "unknown until the first transaction");
        for (table, unwritten, expected) in [
            (Some(5_000), None, 5 * SECOND),
            (Some(5_000), Some(2_000), 2 * SECOND),
            (None, Some(2_000), 2 * SECOND),
            (None, None, Moment::MAX),
        ] {
            ahead.committed(none(), Some(outlook(table)), unwritten, clock);
            assert_eq!(ahead.nothing_until, Some(expected));
        }
        ahead.committed(none(), None, Some(1_000), clock);
        assert!(ahead.is_drained(), "the table was not asked");
    }

    #[tokio::test(start_paused = true)]
    async fn where_rows_were_chosen_they_alone_count_and_others_may_be_witnesses() {
        let clock = Clock::starting_at(0);
        let mut ahead = Ahead::new(outlook(None), Some(chosen(1..=1)));
        assert_eq!(ahead.due(0, 9), Some(vec![JobId(1)]));
        assert!(
            !ahead.is_drained() && !ahead.is_last() && Ahead::new(outlook(None), None).is_last()
        );
        assert!(!ahead.has_only_tried() && !ahead.has_only_suspects());
        ahead.committed([JobId(1)].into_iter(), None, None, clock);
        assert!(ahead.is_drained() && ahead.has_only_tried());
        assert_eq!(
            (ahead.chosen_left(std::iter::empty()), ahead.due(0, 9)),
            (Some(1), Some(Vec::new()))
        );
    }
}
