//! The answers to creates.

use super::Times;
use crate::clock::Moment;
use crate::job::{Class, FirstSent, Halt, Now, Outcome, Status, Stored};
use crate::problem::Problem;
use crate::run::blaming::Uniform;
use crate::run::doubt::NewDoubt;
use crate::run::throttles::Verdict;
use crate::run::worker::{Landed, Landing};
use crate::run::{Lookups, Runner};
use crate::store::{JobId, Running};
use crate::target::{Answer, Fault, Reply, Told};
use crate::words::{agree, counted};
use std::time::Duration;

impl<S: Running> Runner<S> {
    pub(super) fn on_landing(&mut self, mut landing: Landing) {
        landing.rows.retain(|row| self.hand.get(row.id).is_some());
        if landing.rows.is_empty() {
            return;
        }
        self.note_taken(&landing);
        let asks = !self.ending.has_begun();
        let unexplained = if asks { landing.split_off(is_unexplained) } else { None };
        if !landing.rows.is_empty() {
            if self.judge_throttled(&mut landing) && asks {
                self.tell_gate(&mut landing);
                self.explaining.wait(landing);
            } else {
                self.land(landing, None);
            }
        }
        if let Some(unexplained) = unexplained {
            self.explaining.wait(unexplained);
        }
    }

    fn note_taken(&mut self, landing: &Landing) {
        // One id for several users is no answer.
        if landing.whole.is_some() && !landing.is_alone() {
            return;
        }
        let taken: Vec<&Landed> = landing.rows.iter().filter(|row| row.is_created()).collect();
        if !taken.is_empty() {
            let with_password = taken.iter().any(|row| row.user.password.is_some());
            self.blaming.taken(landing.sent_at, taken.len() as u64, with_password);
        }
    }

    /// What has ended, and is now understood as far as it can be.
    fn land(&mut self, mut landing: Landing, read: Option<Duration>) {
        self.judge_stale(&mut landing);
        for row in landing.rows.iter().filter(|row| row.answer.outcome != Outcome::Throttled) {
            self.blaming.not_throttled(row.id);
        }
        let epoch = self.gate.breaker.blame(landing.trial);
        self.tell_gate(&mut landing);
        self.conclude(landing, epoch, read);
    }

    /// A row that meets a token or key out of date each time may be to blame itself, but only where it is alone, or
    /// where the answer says so of it by name.
    fn judge_stale(&mut self, landing: &mut Landing) {
        let now = landing.ended_at;
        let is_alone = landing.is_alone();
        if !is_alone {
            if let Some(halt) = self.blaming.judge_stale_together(landing.telling()) {
                return landing.change_outcomes(|_| Outcome::Halt(halt.clone()));
            }
            if landing.whole.is_some() {
                let is_stale = |row: &&Landed| matches!(row.answer.outcome, Outcome::Stale { .. });
                for row in landing.rows.iter().filter(|row| !is_stale(row)) {
                    self.blaming.not_stale(row.id);
                }
                return;
            }
            landing.change_outcomes(Outcome::without_halt_of_stale);
        }
        let alone = is_alone && self.ahead.is_last() && self.health.reads_pass();
        for row in &mut landing.rows {
            let id = row.id;
            row.change_outcome(|outcome| self.blaming.judge_stale(id, now, outcome, alone));
        }
    }

    /// Writes down what becomes of the rows.
    fn conclude(&mut self, mut landing: Landing, epoch: Option<u64>, read: Option<Duration>) {
        if self.lookups != Lookups::Allowed {
            landing.without_doubts_of_others();
        }
        let next_sizes = self.regroup(&landing);
        let is_alone = landing.is_alone();
        // Of one row the end of its request and the answer to it are the same.
        if let Some(stored) = landing.whole.or(is_alone.then_some(Stored::Nothing)) {
            landing.change_outcomes(|outcome| outcome.shared(stored, is_alone));
        }
        let size = landing.size;
        let Landing { rows, request, sent_at, ended_at, told, .. } = landing;
        // Rows that went together wait together.
        let (times, now) = (Times { sent_at, ended_at, read, request }, self.now());
        for (row, next_size) in rows.into_iter().zip(next_sizes) {
            self.conclude_row(row, &told, times, now, Shared { epoch, size, next_size });
        }
    }

    fn conclude_row(&mut self, row: Landed, told: &Told, times: Times, now: Now, shared: Shared) {
        let Landed { id, user, answer, wait } = row;
        let mut told = told.clone();
        if answer.outcome == Outcome::Throttled {
            told.retry_after = told.retry_after.max(Some(wait));
        }
        let Some(in_hand) = self.hand.get(id) else { return };
        let (sends, mut job) = (in_hand.sends, in_hand.job);
        if let FirstSent::At(ms) = self.first_sent(in_hand, &answer.outcome) {
            job.first_sent_ms = Some(ms);
        }
        let transition = self.record(id, &answer, &told, Some(times), now);
        self.watch_alike(id, sends, &answer);
        if transition.status != Status::Unknown {
            return;
        }
        job.spent += u32::from(transition.spend);
        job.duplicate = answer.outcome == Outcome::Duplicate;
        job.had_unknown |= answer.outcome == Outcome::Unknown;
        let Shared { epoch, size, next_size } = shared;
        self.doubts.add(NewDoubt {
            id,
            sends,
            job,
            identifiers: user.identifiers,
            ended_at: times.ended_at,
            // A request that was answered is no silence that could be held against a row.
            epoch: epoch.filter(|_| next_size.is_none()),
            code: answer.code,
            size,
            next_size,
            was_answered: answer.outcome != Outcome::Unknown || next_size.is_some(),
        });
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
    pub(super) fn on_explained(&mut self, asked_at: Moment, reply: Reply<Result<(), Fault>>) {
        let now = self.clock.now();
        let Reply { told, body: result } = reply;
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
                | Fault::Unknown(_)
                | Fault::Foreign(_)
                | Fault::Throttled
                | Fault::Stale
                | Fault::Refused(_)),
            ) => {
                self.on_read_fault(fault, told.retry_after, now, asked_at);
                Explained::Nothing
            }
        };
        for mut landing in landings {
            match &explained {
                Explained::ReadsPass => {
                    landing.change_outcomes(Outcome::explained);
                    self.land(landing, read);
                }
                Explained::Halt(halt) => {
                    landing.change_outcomes(|_| Outcome::Halt(halt.clone()));
                    self.land(landing, read);
                }
                Explained::Nothing => self.land_unexplained(landing, read),
            }
        }
    }

    fn land_unexplained(&mut self, landing: Landing, read: Option<Duration>) {
        if landing.is_throttled() {
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
        let (left, is_alone) = (self.rows_left(), landing.is_alone());
        if !is_alone && landing.whole.is_some() {
            self.blaming.throttled_together(landing.telling(), landing.size as u64);
            return false;
        }
        // A read that passes speaks against all of them.
        let mut wants_read = true;
        for row in &mut landing.rows {
            if row.answer.outcome != Outcome::Throttled {
                wants_read = false;
                continue;
            }
            match self.blaming.judge_throttled(row.id, landing.ended_at, left) {
                Verdict::RowIfReadsPass(wait) => {
                    row.wait = wait;
                    continue;
                }
                Verdict::Wait(wait) => row.wait = wait,
                Verdict::Row => row.answer.outcome = Outcome::Rejected,
            }
            wants_read = false;
        }
        wants_read
    }

    /// Tells the gate what the request came to, once.
    fn tell_gate(&mut self, landing: &mut Landing) {
        if std::mem::replace(&mut landing.gate_knows, true) {
            return;
        }
        let Landing { told, trial, sent_at, ended_at: now, .. } = &*landing;
        let (trial, sent_at, now, retry_after) = (*trial, *sent_at, *now, told.retry_after);
        let Some(answer) = landing.telling() else { return };
        match answer.outcome.clone() {
            Outcome::Created { .. }
            | Outcome::Duplicate
            | Outcome::Rejected
            | Outcome::TooLarge
            | Outcome::Entangled { .. } => {
                self.answered(trial);
                // In what the provider counts.
                let units = if self.settings.batching.counts_users { landing.size } else { 1 };
                for _ in 0..units {
                    self.gate.rate.accepted(now, sent_at);
                }
                self.doubts.witness(self.gate.breaker.epoch(), sent_at);
                self.health.definite(now, sent_at);
                self.press(false, now, sent_at);
            }
            Outcome::Throttled => {
                self.answered(trial);
                self.throttled(retry_after, now, sent_at);
                if landing.whole == Some(Stored::Some) {
                    self.health.creates_throttled(now);
                }
                // Others of the same request were taken.
                if landing.rows.iter().any(|row| row.answer.outcome.is_definite()) {
                    self.doubts.witness(self.gate.breaker.epoch(), sent_at);
                    self.health.definite(now, sent_at);
                }
            }
            Outcome::NotSent | Outcome::Unknown => {
                self.health.fault(answer.message.clone());
                let telling = self.gate.breaker.is_tried_by(trial);
                self.fault(now, telling);
                self.press(true, now, sent_at);
                self.pause(retry_after, now);
            }
            Outcome::Halt(halt) => {
                self.gate.breaker.trial_void(trial);
                self.halt_with(halt);
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
            Outcome::Rejected | Outcome::TooLarge => Refused::ByTarget(answer),
            Outcome::Unsendable(problem) => Refused::Unsendable(problem),
            Outcome::Duplicate
            | Outcome::Entangled { .. }
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

/// What the rows of one request share when it ends in doubt.
#[derive(Clone, Copy)]
struct Shared {
    epoch: Option<u64>,
    size: usize,
    next_size: Option<usize>,
}

fn is_unexplained(row: &Landed) -> bool {
    row.answer.outcome.is_unexplained()
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
    ByTarget(&'a Answer),
    Unsendable(&'a Problem),
}

impl Refused<'_> {
    fn code(&self) -> &str {
        match self {
            Self::ByTarget(answer) => answer.code.as_deref().unwrap_or("none"),
            Self::Unsendable(_) => Class::Unsendable.as_str(),
        }
    }

    /// Why a run ends in which `n` rows have come to the same end.
    fn halt(&self, n: usize) -> Halt {
        let rows = format!("{} {}", counted(n as u64, "row"), agree(n as u64, "is", "are"));
        match self {
            Self::ByTarget(answer) => {
                let (code, words) = (self.code(), answer.message.as_deref().unwrap_or("no message"));
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
