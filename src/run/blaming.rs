//! Whose fault the answers are: the row's, or the target's and its settings'. Pure.

use super::alike::Alike;
use super::stale::{Blame, Stale};
use super::throttles::{Throttles, Verdict};
use crate::clock::Moment;
use crate::job::{Halt, Outcome};
use crate::store::JobId;
use crate::target::Answer;
use std::time::Duration;

/// What has been held against rows so far.
#[derive(Debug)]
pub(super) struct Blaming {
    alike: Alike,
    /// The code with which every row was refused, once that has halted the run.
    refused_alike: Option<String>,
    stale: Stale,
    throttles: Throttles,
}

/// Whether every row is refused alike.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Uniform {
    /// As far as is known, only this one.
    No,
    /// This answer was on its way when the run halted for this very code.
    Late,
    /// Yes: these rows (job and fence), this one among them.
    Yes(Vec<(JobId, u32)>),
}

impl Blaming {
    /// For a run that settles at most `most` rows and halts after an outage of this length.
    pub(super) fn new(most: Option<u64>, max_outage: Duration) -> Self {
        Self {
            alike: Alike::new(most),
            refused_alike: None,
            stale: Stale::default(),
            throttles: Throttles::new(max_outage),
        }
    }

    /// A request that left at `sent_at` created so many.
    pub(super) fn taken(&mut self, sent_at: Moment, rows: u64, with_password: bool) {
        self.throttles.taken(sent_at, rows);
        if with_password {
            self.stale.password_taken(sent_at);
        }
    }

    /// A row for which token or key are out of date every time is refused for itself, if others
    /// prove them good; if nobody does, the run halts. `alone`: nobody else is left who could.
    pub(super) fn judge_stale(
        &mut self,
        id: JobId,
        now: Moment,
        outcome: Outcome,
        alone: bool,
    ) -> Outcome {
        let halt = match outcome {
            Outcome::Stale { halt } => halt,
            Outcome::Created { .. }
            | Outcome::Duplicate
            | Outcome::Rejected
            | Outcome::TooLarge
            | Outcome::Entangled { .. }
            | Outcome::Unexplained { .. }
            | Outcome::Throttled
            | Outcome::NotSent
            | Outcome::Unknown
            | Outcome::Halt(_)
            | Outcome::Unsendable(_)
            | Outcome::Returned => {
                self.stale.forget(id);
                return outcome;
            }
        };
        match self.stale.met(id, now, halt, alone) {
            Blame::Nobody => Outcome::Stale { halt: None },
            Blame::Row => Outcome::Rejected,
            Blame::Target(halt) => Outcome::Halt(halt),
        }
    }

    /// Several rows were answered together that token or key are out of date: one fault of the target, of no row. Why
    /// the run halts, if it does.
    pub(super) fn judge_stale_together(&mut self, answer: Option<&Answer>) -> Option<Halt> {
        let Some(Outcome::Stale { halt }) = answer.map(|answer| &answer.outcome) else {
            return None;
        };
        self.stale.met_together(halt.clone())
    }

    /// A row got another answer.
    pub(super) fn not_stale(&mut self, id: JobId) {
        self.stale.forget(id);
    }

    /// So many rows were throttled together: that counts against none of them.
    pub(super) fn throttled_together(&mut self, answer: Option<&Answer>, rows: u64) {
        if answer.is_some_and(|answer| answer.outcome == Outcome::Throttled) {
            self.throttles.met_together(rows);
        }
    }

    /// A row was throttled: every time, while others are taken, it is refused for itself.
    pub(super) fn judge_throttled(&mut self, id: JobId, now: Moment, left: u64) -> Verdict {
        self.throttles.met(id, now, left)
    }

    /// What a halt tells where only throttled rows are left.
    pub(super) fn tell(&self, halt: Halt, left: u64) -> Halt {
        self.throttles.tell(halt, left)
    }

    /// A row is not throttled any more.
    pub(super) fn not_throttled(&mut self, id: JobId) {
        self.throttles.forget(id);
    }

    /// A row was created.
    pub(super) fn created(&mut self, id: JobId, sends: u32) {
        self.alike.created(id, sends);
    }

    /// A row was refused with this code. `halts`: the run halts where every row is.
    pub(super) fn refused(&mut self, id: JobId, sends: u32, code: &str, halts: bool) -> Uniform {
        if self.refused_alike.as_deref() == Some(code) {
            return Uniform::Late;
        }
        match self.alike.refused(id, sends, code) {
            Some(verdict) if halts => {
                self.refused_alike = Some(verdict.code);
                Uniform::Yes(verdict.rows)
            }
            Some(_) | None => Uniform::No,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refuse(blaming: &mut Blaming, n: i64, code: &str, halts: bool) -> Uniform {
        blaming.refused(JobId(n), 1, code, halts)
    }

    #[test]
    fn refusals_that_come_after_the_halt_are_of_the_same_fault_if_they_have_its_code() {
        let mut blaming = Blaming::new(Some(5), Duration::from_mins(5));
        assert!((1..5).all(|n| refuse(&mut blaming, n, "2003", true) == Uniform::No));
        let rows = (1..=5).map(|n| (JobId(n), 1)).collect();
        assert_eq!(refuse(&mut blaming, 5, "2003", true), Uniform::Yes(rows));
        assert_eq!(refuse(&mut blaming, 6, "2003", true), Uniform::Late);
        assert_eq!(refuse(&mut blaming, 7, "2028", true), Uniform::No);
    }

    #[test]
    fn a_run_that_does_not_halt_for_them_takes_no_row_back() {
        let mut blaming = Blaming::new(Some(5), Duration::from_mins(5));
        assert!((1..300).all(|n| refuse(&mut blaming, n, "2003", false) == Uniform::No));
    }

    #[test]
    fn another_answer_than_stale_passes_and_starts_the_count_anew() {
        let mut blaming = Blaming::new(None, Duration::from_mins(5));
        let stale = || Outcome::Stale { halt: None };
        let mut judge =
            |outcome| blaming.judge_stale(JobId(1), Duration::from_secs(1), outcome, false);
        for _ in 0..2 {
            assert!((1..20).all(|_| judge(stale()) == stale()));
            assert_eq!(judge(Outcome::NotSent), Outcome::NotSent);
        }
        assert!((1..20).all(|_| judge(stale()) == stale()));
        assert_eq!(judge(stale()), Outcome::Rejected, "for the twentieth time");
    }
}
