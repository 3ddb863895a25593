//! The answers to creates.

use super::Times;
use crate::clock::Moment;
use crate::job::{Class, FirstSent, Halt, Outcome, Status};
use crate::problem::Problem;
use crate::run::blaming::Uniform;
use crate::run::throttles::Verdict;
use crate::run::worker::Landing;
use crate::run::{Lookups, Runner};
use crate::store::{JobId, Running};
use crate::target::{Answer, Fault, Target, Told};
use crate::words::{agree, counted};
use std::time::Duration;

impl<S: Running, T: Target> Runner<S, T> {
    pub(super) fn on_landing(&mut self, mut landing: Landing) {
        if self.hand.get(landing.id).is_none() {
            return;
        }
        if matches!(landing.answer.outcome, Outcome::Created { .. }) {
            self.blaming.taken(landing.sent_at, landing.user.password.is_some());
        }
        let asks = !self.ending.has_begun();
        if landing.answer.outcome.is_unexplained() && asks {
            self.explaining.wait(landing);
        } else if self.judge_throttled(&mut landing) && asks {
            self.tell_gate(&landing);
            self.explaining.wait(landing);
        } else {
            self.land(landing, None);
        }
    }

    /// What has ended, and is now understood as far as it can be.
    fn land(&mut self, mut landing: Landing, read: Option<Duration>) {
        let Landing { id, ended_at, .. } = landing;
        let alone = self.ahead.is_last() && self.health.reads_pass();
        let outcome = self.blaming.judge_stale(id, ended_at, landing.answer.outcome, alone);
        if outcome != Outcome::Throttled {
            self.blaming.not_throttled(id);
        }
        landing.answer.outcome = outcome;
        let epoch = self.gate.breaker.blame(landing.trial);
        self.tell_gate(&landing);
        self.conclude(landing, epoch, read);
    }

    /// Writes down what becomes of the row.
    fn conclude(&mut self, landing: Landing, epoch: Option<u64>, read: Option<Duration>) {
        let Landing { id, user, sent_at, ended_at, mut answer, wait, .. } = landing;
        if answer.outcome == Outcome::Throttled {
            answer.told.retry_after = answer.told.retry_after.max(Some(wait));
        }
        let Some(in_hand) = self.hand.get(id) else { return };
        let (sends, mut job) = (in_hand.sends, in_hand.job);
        if let FirstSent::At(ms) = self.first_sent(in_hand, &answer.outcome) {
            job.first_sent_ms = Some(ms);
        }
        let transition = self.record(id, &answer, Some(Times { sent_at, ended_at, read }));
        self.watch_alike(id, sends, &answer);
        if transition.status == Status::Unknown {
            job.spent += u32::from(transition.spend);
            job.duplicate = answer.outcome == Outcome::Duplicate;
            job.had_unknown |= answer.outcome == Outcome::Unknown;
            self.doubts.add(id, sends, job, user.identifiers, ended_at, epoch, answer.told.code);
        }
    }

    // ---- refusals that no known code explains

    /// No read may leave that could explain refusals: nothing was created, and the rows go again later,
    /// for their claims must not grow old.
    pub(in crate::run) fn give_up_explaining(&mut self, ends: bool) {
        for landing in self.explaining.give_up(ends) {
            self.land_unexplained(landing, None);
        }
    }

    /// A refusal that no known code explains: row or target? An authenticated read that left after
    /// it decides, one for all refusals that had come by then. If it fails too, that is the target's
    /// business.
    pub(super) fn on_explained(&mut self, asked_at: Moment, result: Result<(), Fault>) {
        let now = self.clock.now();
        let read = Some(now.saturating_sub(asked_at));
        let landings = self.explaining.answered();
        tracing::debug!(rows = landings.len(), passed = result.is_ok(), "explaining read");
        let explained = match result {
            Ok(()) => {
                self.gate.rate.accepted(now, asked_at);
                self.health.read_passed(now, asked_at);
                Explained::ReadsPass
            }
            // The secret may not look users up, and has been told so from the first: it is let in.
            Err(Fault::Denied(_)) if self.lookups == Lookups::DeniedFromStart => {
                Explained::ReadsPass
            }
            // It could before: whoever denies it now may deny everything.
            Err(Fault::Denied(denied)) => {
                self.health.fault(Some(denied.message.clone()));
                let breaker = &self.gate.breaker;
                let telling = landings.iter().any(|landing| breaker.is_tried_by(landing.trial));
                self.fault(now, telling);
                self.on_denied(denied);
                Explained::Nothing
            }
            Err(Fault::Halt(halt)) => Explained::Halt(halt),
            // Told to the gate once, not for each row.
            Err(
                fault @ (Fault::NotSent(_)
                | Fault::Unknown { .. }
                | Fault::Foreign(_)
                | Fault::Throttled(_)
                | Fault::Stale
                | Fault::Refused(_)),
            ) => {
                self.on_read_fault(fault, now, asked_at);
                Explained::Nothing
            }
        };
        for mut landing in landings {
            match &explained {
                Explained::ReadsPass => {
                    landing.answer.outcome = landing.answer.outcome.explained();
                    self.land(landing, read);
                }
                Explained::Halt(halt) => {
                    landing.answer.outcome = Outcome::Halt(halt.clone());
                    self.land(landing, read);
                }
                Explained::Nothing => self.land_unexplained(landing, read),
            }
        }
    }

    fn land_unexplained(&mut self, landing: Landing, read: Option<Duration>) {
        if landing.answer.outcome == Outcome::Throttled {
            // The gate has been told when the answer came.
            self.conclude(landing, None, read);
        } else {
            self.land(landing, read);
        }
    }

    // ---- whose fault it is

    /// A row that is throttled every time, while others are taken, is refused for itself. Whether a
    /// read has to say so, because only such rows are left.
    fn judge_throttled(&mut self, landing: &mut Landing) -> bool {
        if landing.answer.outcome != Outcome::Throttled {
            return false;
        }
        let left = self.rows_left();
        match self.blaming.judge_throttled(landing.id, landing.ended_at, left) {
            Verdict::Wait(wait) => {
                landing.wait = wait;
                false
            }
            Verdict::Row => {
                landing.answer.outcome = Outcome::Rejected;
                false
            }
            Verdict::RowIfReadsPass(wait) => {
                landing.wait = wait;
                true
            }
        }
    }

    fn tell_gate(&mut self, landing: &Landing) {
        let Landing { answer, trial, sent_at, ended_at: now, .. } = landing;
        let (trial, sent_at, now) = (*trial, *sent_at, *now);
        match &answer.outcome {
            Outcome::Created { .. } | Outcome::Duplicate | Outcome::Rejected => {
                self.answered(trial);
                self.gate.rate.accepted(now, sent_at);
                self.doubts.witness(self.gate.breaker.epoch(), sent_at);
                self.health.definite(now, sent_at);
                self.press(false, now, sent_at);
            }
            Outcome::Throttled => {
                self.answered(trial);
                self.throttled(answer.told.retry_after, now, sent_at);
            }
            Outcome::NotSent | Outcome::Unknown => {
                self.health.fault(answer.told.message.clone());
                let telling = self.gate.breaker.is_tried_by(trial);
                self.fault(now, telling);
                self.press(true, now, sent_at);
                self.pause(answer.told.retry_after, now);
            }
            Outcome::Halt(halt) => {
                self.gate.breaker.trial_void(trial);
                self.halt_with(halt.clone());
            }
            Outcome::Stale { .. }
            | Outcome::Unexplained { .. }
            | Outcome::Unsendable(_)
            | Outcome::Returned => self.gate.breaker.trial_void(trial),
        }
    }

    fn watch_alike(&mut self, id: JobId, sends: u32, answer: &Answer) {
        let refused = match &answer.outcome {
            Outcome::Created { .. } => return self.blaming.created(id, sends),
            Outcome::Rejected => Refused::ByTarget(&answer.told),
            Outcome::Unsendable(problem) => Refused::Unsendable(problem),
            Outcome::Duplicate
            | Outcome::Unexplained { .. }
            | Outcome::Throttled
            | Outcome::Stale { .. }
            | Outcome::NotSent
            | Outcome::Unknown
            | Outcome::Halt(_)
            | Outcome::Returned => return,
        };
        let halts = self.settings.max_failures.is_none();
        match self.blaming.refused(id, sends, refused.code(), halts) {
            Uniform::No => {}
            Uniform::Late => self.take_back(&refused, vec![(id, sends)]),
            Uniform::Yes(rows) => {
                let halt = refused.halt(rows.len());
                self.take_back(&refused, rows);
                self.halt_with(halt);
            }
        }
    }

    /// Rows that this has settled, and wrongly so.
    fn take_back(&mut self, refused: &Refused<'_>, rows: Vec<(JobId, u32)>) {
        let n = rows.len() as u64;
        match refused {
            Refused::ByTarget(_) => self.books.take_back_failed(n),
            Refused::Unsendable(_) => self.books.take_back_invalid(n),
        }
        self.outbox.take_back(rows);
    }
}

/// What a read has told about the refusals that waited for it.
enum Explained {
    /// The target accepts our credentials, so the refusals are about the rows.
    ReadsPass,
    /// The target refuses to work: that is the outcome of each row.
    Halt(Halt),
    Nothing,
}

/// What settles a row, and may be a wrong setting's fault where it settles every row.
enum Refused<'a> {
    ByTarget(&'a Told),
    Unsendable(&'a Problem),
}

impl Refused<'_> {
    fn code(&self) -> &str {
        match self {
            Self::ByTarget(told) => told.code.as_deref().unwrap_or("none"),
            Self::Unsendable(_) => Class::Unsendable.as_str(),
        }
    }

    /// Why a run ends in which `n` rows have come to the same end.
    fn halt(&self, n: usize) -> Halt {
        let rows = format!("{} {}", counted(n as u64, "row"), agree(n as u64, "is", "are"));
        match self {
            Self::ByTarget(told) => {
                let (code, words) = (self.code(), told.message.as_deref().unwrap_or("no message"));
                Halt {
                    message: format!(
                        "the target refuses every row alike, with code {code}: {words}; the {rows} pending again"
                    ),
                    hint: "one setting is wrong, not the rows: correct it and run again; --max-failures N goes on until N have failed"
                        .to_owned(),
                }
            }
            Self::Unsendable(problem) => Halt {
                message: format!(
                    "no row can be sent: {}; the {rows} pending again",
                    problem.message
                ),
                hint: "ask the provider for a key of 2,048 bits, which carries 245 bytes, or leave the password out of the [mapping]; --max-failures N goes on and leaves such rows invalid"
                    .to_owned(),
            },
        }
    }
}
