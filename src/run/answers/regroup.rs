//! What an answer to several rows means for the next requests of these.

use crate::job::{Outcome, Stored};
use crate::run::doubt::Doubt;
use crate::run::worker::{Landed, Landing};
use crate::run::{Runner, groups};
use crate::store::Running;

impl<S: Running> Runner<S> {
    /// What an answer to several rows means for the next requests of these; how many may share one with each row, if
    /// nobody is found who stands in its way.
    pub(super) fn regroup(&mut self, landing: &Landing) -> Vec<Option<usize>> {
        let size = landing.size;
        if landing.is_alone() {
            return self.regroup_one(landing);
        }
        let Some(stored) = landing.whole else { return self.regroup_each(landing) };
        let ids = landing.rows.iter().map(|row| row.id);
        let next_size = |next: usize| vec![Some(next); landing.rows.len()];
        let Some(answer) = landing.telling() else { return Vec::new() };
        match (&answer.outcome, stored) {
            // The lookup shows who is there: the others go together once more.
            (Outcome::Duplicate | Outcome::Entangled { in_doubt: true }, _) => {
                self.groups.refused();
                return ids.map(|id| Some(self.groups.duplicate(id, size))).collect();
            }
            (Outcome::Rejected | Outcome::Entangled { in_doubt: false }, Stored::Some) => {
                self.groups.refused();
                return next_size(groups::half(size));
            }
            (Outcome::Rejected | Outcome::Entangled { in_doubt: false }, Stored::Nothing)
            | (Outcome::Unsendable(_), _) => {
                self.groups.refused();
                ids.for_each(|id| self.groups.halve(id, size));
            }
            (Outcome::TooLarge, _) => self.groups.too_large(landing.bytes()),
            (Outcome::Stale { .. }, _) => ids.for_each(|id| self.groups.stale(id, size)),
            (Outcome::Throttled, Stored::Nothing) => {
                ids.for_each(|id| self.groups.throttled(id, size));
            }
            // The request has ended: they are looked up soon.
            (Outcome::Throttled, Stored::Some) => {
                ids.for_each(|id| self.groups.throttled(id, size));
                let limit = |row: &Landed| Some(self.groups.limit(row.id).min(size));
                return landing.rows.iter().map(limit).collect();
            }
            (Outcome::Halt(_) | Outcome::Unexplained { .. }, Stored::Some) => {
                return next_size(size);
            }
            (
                Outcome::Created { .. }
                | Outcome::Unexplained { .. }
                | Outcome::NotSent
                | Outcome::Unknown
                | Outcome::Halt(_)
                | Outcome::Returned,
                _,
            ) => {}
        }
        vec![None; landing.rows.len()]
    }

    fn regroup_one(&mut self, landing: &Landing) -> Vec<Option<usize>> {
        let Some(answer) = landing.telling() else { return Vec::new() };
        if answer.outcome.is_definite() || answer.outcome.is_entangled() {
            self.groups.answered_alone();
        }
        let has_ended = matches!(
            answer.outcome,
            Outcome::Throttled | Outcome::Halt(_) | Outcome::Unexplained { .. }
        );
        vec![(has_ended && landing.whole == Some(Stored::Some)).then_some(1)]
    }

    /// Each row has its own answer. One that is not mentioned is looked up soon, for the request has ended.
    fn regroup_each(&mut self, landing: &Landing) -> Vec<Option<usize>> {
        let size = landing.size;
        for row in &landing.rows {
            if row.is_created() {
                self.groups.accepted();
            } else if row.answer.outcome.is_entangled() {
                self.groups.named(row.id, size);
            }
        }
        let unsaid = |row: &Landed| {
            let is_unsaid = row.answer.outcome == Outcome::Unknown;
            is_unsaid.then(|| self.groups.unsaid(row.id, size))
        };
        landing.rows.iter().map(unsaid).collect()
    }

    /// Nobody was found of a request of several rows: how many may share the next one.
    pub(super) fn regroup_doubt(&mut self, doubt: &Doubt, witnessed: bool) {
        let broke = doubt.size > 1
            && doubt.next_size.is_none()
            && (witnessed || self.groups.silent(doubt.id));
        if let Some(limit) = doubt.next_size.or(broke.then(|| groups::half(doubt.size))) {
            self.groups.restrict(doubt.id, limit);
        }
    }
}
