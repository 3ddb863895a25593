//! Whose fault it is that a token or a key is out of date time and again: the row's, whose password
//! no key opens, or the target's, which opens none. Others prove it. Pure.

use crate::clock::Moment;
use crate::job::Halt;
use crate::store::JobId;
use std::collections::HashMap;

/// So often in a row a row may meet a token or key that is out of date: of instances of the target
/// of which half hold another key, it meets the wrong one so often once in a million.
const ROW: u32 = 20;
/// So many answers in a row may say so of a key that was just fetched.
const FRESH: u32 = 20;

/// What is to be made of an answer that a token or key is out of date.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Blame {
    /// Too early to say: the row is sent again.
    Nobody,
    /// The row, and it alone.
    Row,
    /// The target: no row will get through, and the run halts for this reason.
    Target(Halt),
}

/// Rows that met a token or key that was out of date, the last time they were answered.
#[derive(Debug, Default)]
pub struct Stale {
    rows: HashMap<JobId, Met>,
    /// Answers in a row that refused a fresh key.
    fresh: u32,
    /// When the latest create left whose password was taken.
    taken: Moment,
}

#[derive(Debug)]
struct Met {
    times: u32,
    since: Moment,
}

impl Stale {
    /// A row got another answer.
    pub fn forget(&mut self, id: JobId) {
        self.rows.remove(&id);
    }

    /// A create that left at `sent_at` was answered created, with its password.
    pub fn password_taken(&mut self, sent_at: Moment) {
        self.fresh = 0;
        self.taken = self.taken.max(sent_at);
    }

    /// Several rows were answered so in one request. Why the run halts, if no fresh key is ever accepted.
    pub fn met_together(&mut self, fresh: Option<Halt>) -> Option<Halt> {
        self.fresh += u32::from(fresh.is_some());
        fresh.filter(|_| self.fresh >= FRESH)
    }

    /// A row was answered so at `now`. `fresh`: of a key that had just been fetched and was not
    /// accepted before, and why the run halts if none is. `alone`: nobody else is left who could prove
    /// it good.
    pub fn met(&mut self, id: JobId, now: Moment, fresh: Option<Halt>, alone: bool) -> Blame {
        self.fresh += u32::from(fresh.is_some());
        let met = self.rows.entry(id).or_insert(Met { times: 0, since: now });
        met.times += 1;
        let is_proven = alone || self.taken > met.since;
        let halt = fresh.filter(|_| !is_proven);
        if met.times >= ROW {
            self.rows.remove(&id);
            return halt.map_or(Blame::Row, Blame::Target);
        }
        halt.filter(|_| self.fresh >= FRESH).map_or(Blame::Nobody, Blame::Target)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    const SECOND: Duration = Duration::from_secs(1);

    /// Why a run halts where no fresh key is accepted.
    fn halt() -> Halt {
        Halt { message: "no key fits".to_owned(), hint: String::new() }
    }

    /// What comes of a row that meets a fresh key that is refused, each second from the first on.
    fn refused(stale: &mut Stale, alone: bool) -> Vec<Blame> {
        (1..=ROW).map(|second| stale.met(JobId(1), second * SECOND, Some(halt()), alone)).collect()
    }

    #[test]
    fn a_row_is_to_blame_where_anothers_password_was_taken_later() {
        let mut stale = Stale::default();
        stale.met(JobId(1), SECOND, None, false);
        stale.password_taken(2 * SECOND);
        let blames: Vec<Blame> = (3..ROW + 2)
            .map(|second| stale.met(JobId(1), second * SECOND, Some(halt()), false))
            .collect();
        let (last, before) = blames.split_last().unwrap();
        assert_eq!((last, before.len()), (&Blame::Row, 18));
        assert!(before.iter().all(|blame| *blame == Blame::Nobody), "{blames:?}");
    }

    #[test]
    fn the_target_is_to_blame_where_none_was_taken_since() {
        let mut stale = Stale::default();
        stale.password_taken(SECOND);
        assert_eq!(refused(&mut stale, false).last(), Some(&Blame::Target(halt())));
    }

    #[test]
    fn the_last_row_is_to_blame_for_itself() {
        assert_eq!(refused(&mut Stale::default(), true).last(), Some(&Blame::Row));
    }

    #[test]
    fn twenty_refusals_of_fresh_keys_in_a_row_are_the_targets_fault() {
        let mut stale = Stale::default();
        let mut ask = |n| stale.met(JobId(n), SECOND, Some(halt()), false);
        assert!((1..20).all(|n| ask(n) == Blame::Nobody));
        assert_eq!(ask(20), Blame::Target(halt()));
    }

    #[test]
    fn another_answer_in_between_starts_the_count_anew() {
        let mut stale = Stale::default();
        for _ in 0..3 {
            for _ in 0..ROW - 1 {
                assert_eq!(stale.met(JobId(1), SECOND, Some(halt()), true), Blame::Nobody);
            }
            stale.forget(JobId(1));
        }
    }

    #[test]
    fn a_token_that_others_prove_good_is_the_rows_fault() {
        let mut stale = Stale::default();
        let last = (0..ROW).map(|_| stale.met(JobId(1), SECOND, None, false)).last();
        assert_eq!(last, Some(Blame::Row));
    }
}
