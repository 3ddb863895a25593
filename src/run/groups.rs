//! How many rows may share a request: smaller groups find the one that spoils the request for the others.
//! Pure.

use crate::store::JobId;
use std::collections::HashMap;

/// So many times a row may be refused together with others of which some are named: then in halves.
const NAMED: u32 = 3;
/// So many times an answer to several may leave a row out: then it goes in halves, for alone it is to blame.
const UNSAID: u32 = 3;
/// So many times a request may be refused for a duplicate that nobody finds: then in halves.
const DUPLICATE: u32 = 2;
/// So many times a request may meet a token or key that is out of date: one of its rows may be the reason.
const STALE: u32 = 3;
/// So many times a request may be throttled: one of its rows may be the reason. As often as of a row alone.
const THROTTLED: u32 = 20;
/// So many requests with a row may end in silence though nobody else was answered meanwhile: one of its rows may be
/// the reason each time. An outage ends one of them, for its trials carry one row.
const SILENT: u32 = 2;
/// So many rows go alone where the first request of several is refused: a wrong setting shows by them.
const CANARY: u64 = 20;
/// In a run over few rows no fewer than this.
const CANARY_LEAST: u64 = 5;

/// How many rows may share a request with each row.
#[derive(Debug)]
pub(super) struct Groups {
    /// Of any request: the provider's limit.
    most: usize,
    /// Bytes of any request: less than those that were too large.
    bytes: usize,
    /// Rows that may share a request with fewer, or were refused together with others.
    rows: HashMap<JobId, Row>,
    /// A row that shared its request with others was created.
    has_been_accepted: bool,
    /// So many more rows go alone.
    alone: u64,
    canary: u64,
}

#[derive(Debug)]
struct Row {
    limit: usize,
    named: u32,
    unsaid: u32,
    duplicates: u32,
    stale: u32,
    throttled: u32,
    silent: u32,
}

impl Groups {
    /// For requests of `most` rows, in a run that settles at most so many.
    pub(super) fn new(most: usize, settles: Option<u64>) -> Self {
        Self {
            most: most.max(1),
            bytes: usize::MAX,
            rows: HashMap::new(),
            has_been_accepted: false,
            alone: 0,
            canary: settles.map_or(CANARY, |settles| settles.clamp(CANARY_LEAST, CANARY)),
        }
    }

    /// Rows that a request may have at most.
    pub(super) fn most(&self) -> usize {
        if self.alone > 0 { 1 } else { self.most }
    }

    /// Rows that a request with this row in it may have at most.
    pub(super) fn limit(&self, id: JobId) -> usize {
        self.rows.get(&id).map_or(self.most, |row| row.limit.min(self.most)).min(self.most())
    }

    /// A row that shared its request with others was created.
    pub(super) fn accepted(&mut self) {
        self.has_been_accepted = true;
    }

    /// A row that was alone got a definite answer.
    pub(super) fn answered_alone(&mut self) {
        self.alone = self.alone.saturating_sub(1);
    }

    /// This row is settled.
    pub(super) fn forget(&mut self, id: JobId) {
        self.rows.remove(&id);
    }

    /// A request of several rows was refused as a whole: before any was accepted, some go alone.
    pub(super) fn refused(&mut self) {
        if !self.has_been_accepted {
            self.has_been_accepted = true;
            self.alone = self.canary;
        }
    }

    /// A request of so many rows was refused for one of them, which is not known.
    pub(super) fn halve(&mut self, id: JobId, size: usize) {
        let half = half(size);
        let row = self.row(id);
        row.limit = row.limit.min(half);
    }

    /// A request of so many rows was refused for others, which are named.
    pub(super) fn named(&mut self, id: JobId, size: usize) {
        let row = self.row(id);
        row.named += 1;
        if row.named >= NAMED {
            self.halve(id, size);
        }
    }

    /// The answer to a request of so many rows does not mention this one. How many may share its next request, if
    /// nobody finds it.
    pub(super) fn unsaid(&mut self, id: JobId, size: usize) -> usize {
        let row = self.row(id);
        row.unsaid += 1;
        if row.unsaid >= UNSAID { half(size) } else { size }
    }

    /// A request of so many rows was refused for a duplicate among them. How many may share the next request of
    /// those that nobody finds.
    pub(super) fn duplicate(&mut self, id: JobId, size: usize) -> usize {
        let row = self.row(id);
        row.duplicates += 1;
        if row.duplicates >= DUPLICATE { half(size) } else { size }
    }

    /// A request of several rows, of so many bytes, was too large: one that is far too large itself goes alone by
    /// that, and does not make others small.
    pub(super) fn too_large(&mut self, bytes: usize) {
        self.bytes = self.bytes.min(bytes / 2);
    }

    /// Bytes that the rows of a request may have at most.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// A request of so many rows met a token or key that is out of date.
    pub(super) fn stale(&mut self, id: JobId, size: usize) {
        let row = self.row(id);
        row.stale += 1;
        if row.stale >= STALE {
            self.halve(id, size);
        }
    }

    /// A request of several ended in silence, and nobody else was answered meanwhile. Whether it happens too often.
    pub(super) fn silent(&mut self, id: JobId) -> bool {
        let row = self.row(id);
        row.silent += 1;
        row.silent >= SILENT
    }

    /// A request of so many rows was throttled as a whole.
    pub(super) fn throttled(&mut self, id: JobId, size: usize) {
        let row = self.row(id);
        row.throttled += 1;
        if row.throttled >= THROTTLED {
            self.halve(id, size);
        }
    }

    fn row(&mut self, id: JobId) -> &mut Row {
        self.rows.entry(id).or_insert(Row {
            limit: usize::MAX,
            named: 0,
            unsaid: 0,
            duplicates: 0,
            stale: 0,
            throttled: 0,
            silent: 0,
        })
    }

    /// The row may share a request with no more than this.
    pub(super) fn restrict(&mut self, id: JobId, limit: usize) {
        let row = self.row(id);
        row.limit = row.limit.min(limit.max(1));
    }
}

/// Half of the rows of a request, the larger half.
pub(super) fn half(size: usize) -> usize {
    size.div_ceil(2).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: JobId = JobId(1);

    #[test]
    fn halves_of_halves_go_down_to_one_row() {
        let mut groups = Groups::new(50, None);
        let mut limits = vec![groups.limit(ID)];
        while *limits.last().unwrap() > 1 {
            groups.halve(ID, *limits.last().unwrap());
            limits.push(groups.limit(ID));
        }
        assert_eq!(limits, [50, 25, 13, 7, 4, 2, 1]);
        assert_eq!(groups.limit(JobId(2)), 50, "others go on as before");
        groups.forget(ID);
        assert_eq!(groups.limit(ID), 50);
    }

    #[test]
    fn rows_that_are_never_named_go_in_halves_from_the_third_time_on() {
        let mut groups = Groups::new(50, None);
        let limits: Vec<usize> = (0..3)
            .map(|_| {
                groups.named(ID, 40);
                groups.limit(ID)
            })
            .collect();
        assert_eq!(limits, [50, 50, 20]);
    }

    #[test]
    fn those_whom_nobody_finds_go_together_once_more_after_a_duplicate() {
        let mut groups = Groups::new(50, None);
        assert_eq!([groups.duplicate(ID, 50), groups.duplicate(ID, 49)], [50, 25]);
    }

    #[test]
    fn where_the_first_request_is_refused_rows_go_alone_first() {
        for (settles, alone) in [(None, 20), (Some(2), 5), (Some(1_000), 20)] {
            let mut groups = Groups::new(50, settles);
            groups.refused();
            for _ in 0..alone {
                assert_eq!((groups.most(), groups.limit(ID)), (1, 1));
                groups.answered_alone();
            }
            assert_eq!(groups.most(), 50, "a wrong setting would have halted the run");
            groups.refused();
            assert_eq!(groups.most(), 50, "once");
        }
        let mut groups = Groups::new(50, None);
        groups.accepted();
        groups.refused();
        assert_eq!(groups.most(), 50, "others were accepted");
    }

    #[test]
    fn a_request_that_is_too_large_makes_all_later_ones_smaller() {
        let mut groups = Groups::new(50, None);
        groups.too_large(5_000);
        groups.too_large(5_200);
        assert_eq!(groups.bytes(), 2_500, "those that were on their way tell nothing new");
        assert_eq!(groups.most(), 50, "it is their bytes that count");
        // One of them is far too large by itself.
        groups.too_large(1_000_000);
        assert_eq!(groups.bytes(), 2_500);
    }

    #[test]
    fn rows_that_are_stale_or_throttled_together_each_time_go_in_halves() {
        let mut groups = Groups::new(50, None);
        let stale: Vec<usize> = (0..3)
            .map(|_| {
                groups.stale(ID, 50);
                groups.limit(ID)
            })
            .collect();
        assert_eq!(stale, [50, 50, 25]);
        let other = JobId(2);
        for _ in 1..20 {
            groups.throttled(other, 50);
        }
        assert_eq!(groups.limit(other), 50, "as often as a row alone");
        groups.throttled(other, 50);
        assert_eq!(groups.limit(other), 25);
    }
}
