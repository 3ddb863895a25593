//! The rows that were chosen for a run, where some were: which are due, and what lies ahead. Followed in
//! memory, for to ask the table about each of them after each transaction would cost more than the
//! transaction. Pure.

use crate::job::Status;
use crate::store::{JobId, OpenJob, Outlook, Record};
use std::collections::{BTreeSet, HashMap};

/// The chosen rows that are not settled.
#[derive(Debug, Default)]
pub struct Chosen {
    rows: HashMap<JobId, OpenJob>,
    due: BTreeSet<(i64, JobId)>,
    unsent: usize,
    unsuspected: usize,
}

impl Chosen {
    /// Of rows that stand like this.
    pub fn new(rows: Vec<(JobId, OpenJob)>) -> Self {
        let mut chosen = Self::default();
        for (id, standing) in rows {
            chosen.put(id, standing);
        }
        chosen
    }

    fn put(&mut self, id: JobId, standing: OpenJob) {
        self.due.extend(standing.due_ms.map(|ms| (ms, id)));
        self.unsent += usize::from(standing.is_unsent);
        self.unsuspected += usize::from(standing.is_unsuspected);
        self.rows.insert(id, standing);
    }

    fn take(&mut self, id: JobId) -> Option<OpenJob> {
        let standing = self.rows.remove(&id)?;
        if let Some(ms) = standing.due_ms {
            self.due.remove(&(ms, id));
        }
        self.unsent -= usize::from(standing.is_unsent);
        self.unsuspected -= usize::from(standing.is_unsuspected);
        Some(standing)
    }

    /// A row was claimed.
    pub fn claimed(&mut self, id: JobId) {
        if let Some(standing) = self.take(id) {
            self.put(id, OpenJob { due_ms: None, is_unsent: false, ..standing });
        }
    }

    /// Takes in what an outcome made of a row.
    pub fn record(&mut self, record: &Record) {
        let Some(standing) = self.take(record.id) else { return };
        let next = &record.transition;
        let due_ms = match next.status {
            Status::Pending => Some(next.not_before_ms),
            Status::Sending | Status::Unknown => None,
            Status::Done | Status::Failed | Status::Invalid => return,
        };
        let is_unsuspected = standing.is_unsuspected && !next.spend;
        self.put(record.id, OpenJob { due_ms, is_unsuspected, ..standing });
    }

    /// At most so many of those that are due, the earliest first.
    pub fn due(&self, now_ms: i64, most: usize) -> Vec<JobId> {
        let due = self.due.range(..=(now_ms, JobId(i64::MAX)));
        due.map(|(_, id)| *id).take(most).collect()
    }

    /// How many are not settled, but for these; rows may be among them that were not chosen.
    pub fn open_but(&self, rows: impl Iterator<Item = JobId>) -> usize {
        self.rows.len() - rows.filter(|id| self.rows.contains_key(id)).count()
    }

    /// What lies ahead.
    pub fn outlook(&self) -> Outlook {
        let up_to_2 = |n: usize| u32::try_from(n.min(2)).unwrap_or(2);
        Outlook {
            next_due_ms: self.due.first().map(|(ms, _)| *ms),
            open: up_to_2(self.rows.len()),
            unsuspected: up_to_2(self.unsuspected),
            unsent: self.unsent > 0,
            unfinished_source: false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::job::FirstSent;
    use crate::job::Transition;
    use proptest::prelude::*;

    const STATUSES: [Status; 3] = [Status::Pending, Status::Unknown, Status::Done];

    /// What happens to a row: a claim, or one of the statuses, with or without an attempt spent.
    type Event = (i64, Option<(usize, bool)>, i64);

    fn record(id: i64, status: Status, spend: bool, not_before_ms: i64) -> Record {
        let (detail, remote_id, evidence) = (None, None, None);
        let transition = Transition { status, detail, spend, not_before_ms, remote_id, evidence };
        Record {
            id: JobId(id),
            sends: 1,
            transition,
            code: None,
            reason: None,
            first_sent: FirstSent::Keep,
            attempt: None,
            problem: None,
        }
    }

    proptest! {
        /// Held against a list of rows that is counted anew each time.
        #[test]
        fn it_knows_what_counting_all_rows_says(
            events in proptest::collection::vec(
                (0i64..8, proptest::option::of((0usize..3, any::<bool>())), 0i64..100), 0..60),
            now_ms in 0i64..100,
        ) {
            let events: Vec<Event> = events;
            let new = OpenJob { due_ms: Some(0), is_unsent: true, is_unsuspected: true };
            let mut rows: Vec<(JobId, OpenJob)> = (0..6).map(|n| (JobId(n), new)).collect();
            let mut chosen = Chosen::new(rows.clone());
            for (id, change, ms) in events {
                match change {
                    None => chosen.claimed(JobId(id)),
                    Some((n, spend)) => chosen.record(&record(id, STATUSES[n], spend, ms)),
                }
                rows.retain(|row| row.0 != JobId(id) || !matches!(change, Some((2, _))));
                for (_, row) in rows.iter_mut().filter(|row| row.0 == JobId(id)) {
                    row.due_ms = matches!(change, Some((0, _))).then_some(ms);
                    row.is_unsent &= change.is_some();
                    row.is_unsuspected &= !matches!(change, Some((_, true)));
                }
            }
            let count = |is: fn(&OpenJob) -> bool| rows.iter().filter(|row| is(&row.1)).count();
            let outlook = chosen.outlook();
            prop_assert_eq!(chosen.open_but(std::iter::empty()), rows.len());
            let but = rows.iter().filter(|row| row.0.0 < 4).count();
            prop_assert_eq!(chosen.open_but((4..8).map(JobId)), but);
            prop_assert_eq!(outlook.next_due_ms, rows.iter().filter_map(|row| row.1.due_ms).min());
            prop_assert_eq!(outlook.open as usize, rows.len().min(2));
            prop_assert_eq!(outlook.unsuspected as usize, count(|row| row.is_unsuspected).min(2));
            prop_assert_eq!(outlook.unsent, count(|row| row.is_unsent) > 0);
            let mut due: Vec<(i64, JobId)> =
                rows.iter().filter_map(|row| Some((row.1.due_ms?, row.0))).collect();
            due.retain(|row| row.0 <= now_ms);
            due.sort_unstable();
            due.truncate(3);
            let due: Vec<JobId> = due.into_iter().map(|row| row.1).collect();
            prop_assert_eq!(chosen.due(now_ms, 3), due);
        }
    }
}
