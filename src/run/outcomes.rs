//! What an answer means for the gate, the job and the run.

use super::doubt::{Doubt, Doubts, Refused};
use super::stale::Blame;
use super::worker::Landing;
use super::{Event, Lookups, Ready, Runner};
use crate::clock::{Moment, millis};
use crate::identity::{DirectoryUser, finding};
use crate::job::{self, Class, Detail, Finding, Job, Now, Outcome, Status, Transition};
use crate::problem::{Problem, Rule};
use crate::store::{Attempt, Claim, JobId, Record, Store};
use crate::target::{Answer, Fault, Halt, Target};
use std::time::Duration;

/// No `Retry-After` is believed beyond this.
const RETRY_AFTER_MAX: Duration = Duration::from_hours(1);

/// What is known of a claimed job that has no outcome yet.
pub(super) struct InHand {
    pub sends: u32,
    pub job: Job,
    pub sent_at: Option<Moment>,
}

impl<S: Store, T: Target> Runner<S, T> {
    pub(super) fn on_event(&mut self, event: Event) {
        self.gate.ended();
        match event {
            Event::Landed(landing) => self.on_landing(*landing),
            Event::Found { doubts, asked_at, result } => self.on_found(doubts, asked_at, result),
            Event::Probed { asked_at, result } => self.on_probed(asked_at, result),
        }
    }

    /// Maps a claimed job and lines it up.
    pub(super) fn take_in(&mut self, claim: &Claim) {
        let (user, problems) = (self.mapper)(&claim.raw);
        let in_hand = InHand { sends: claim.sends, job: claim.job, sent_at: None };
        self.in_hand.insert(claim.id, in_hand);
        match problems.into_iter().next() {
            None => self.ready.push_back(Ready { id: claim.id, user }),
            Some(problem) => {
                let answer = Answer { problem: Some(problem), ..Answer::new(Outcome::Unsendable) };
                self.record(claim.id, &answer, None);
            }
        }
    }

    /// Claims that never reached the transport go back.
    pub(super) fn give_back_ready(&mut self) {
        for ready in std::mem::take(&mut self.ready) {
            self.record(ready.id, &Answer::new(Outcome::Returned), None);
        }
    }

    /// The process ends now: what is in flight may or may not arrive.
    pub(super) fn abandon_flights(&mut self) {
        let ids: Vec<JobId> = self.in_hand.keys().copied().collect();
        let now = self.clock.now();
        for id in ids {
            let sent_at = self.in_hand.get(&id).and_then(|in_hand| in_hand.sent_at).unwrap_or(now);
            let answer = Answer {
                message: Some("stopped before an answer came".to_owned()),
                ..Answer::new(Outcome::Unknown)
            };
            self.record(id, &answer, Some((sent_at, now)));
        }
        self.requests.abort_all();
    }

    // ---- creates

    fn on_landing(&mut self, landing: Landing) {
        let Landing { id, user, trial, sent_at, ended_at, mut answer, read } = landing;
        let Some(in_hand) = self.in_hand.get(&id) else { return };
        let (sends, mut job) = (in_hand.sends, in_hand.job);
        if matches!(answer.outcome, Outcome::Created { .. }) && user.password.is_some() {
            self.stale.password_taken(sent_at);
        }
        if let Some((asked_at, fault)) = read {
            self.on_explaining(&mut answer, fault, asked_at, ended_at, trial);
        }
        let answer = self.judge_stale(id, answer, ended_at);
        let epoch = self.gate.breaker.blame(trial);
        self.tell_gate(&answer, trial, sent_at, ended_at);
        let transition = self.record(id, &answer, Some((sent_at, ended_at)));
        self.watch_alike(id, sends, &answer);
        if transition.status == Status::Unknown {
            job.spent += u32::from(transition.spend);
            job.duplicate = answer.outcome == Outcome::Duplicate;
            job.had_unknown |= answer.outcome == Outcome::Unknown;
            self.doubts.add(id, sends, job, user.identifiers, ended_at, epoch, answer.code);
        }
    }

    /// The read that was to explain a refusal failed.
    fn on_explaining(
        &mut self,
        answer: &mut Answer,
        fault: Fault,
        asked_at: Moment,
        now: Moment,
        trial: bool,
    ) {
        match fault {
            // The secret may not look users up, and has been told so from the first: it is let in.
            Fault::Denied(_) if self.lookups == Lookups::DeniedFromStart => {
                answer.outcome =
                    if answer.is_about_token { Outcome::Stale } else { Outcome::Rejected };
            }
            // It could before: whoever denies it now may deny everything.
            Fault::Denied(halt) => {
                self.health.fault(Some(halt.message.clone()));
                self.fault(now, trial);
                self.on_denied(halt);
            }
            fault => self.on_read_fault(fault, now, asked_at),
        }
    }

    /// A row for which token or key are out of date every time is refused for itself, if others
    /// prove them good; if nobody does, the run halts.
    fn judge_stale(&mut self, id: JobId, mut answer: Answer, now: Moment) -> Answer {
        if answer.outcome != Outcome::Stale {
            self.stale.forget(id);
            return answer;
        }
        let alone = self.outlook.open == 1 && self.health.reads_pass();
        match self.stale.met(id, now, answer.halt.is_some(), alone) {
            Blame::Nobody => {}
            Blame::Row => answer.outcome = Outcome::Rejected,
            Blame::Target => answer.outcome = Outcome::Halt,
        }
        answer
    }

    fn tell_gate(&mut self, answer: &Answer, trial: bool, sent_at: Moment, now: Moment) {
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
                self.throttled(answer.retry_after, now, sent_at);
            }
            Outcome::NotSent | Outcome::Unknown => {
                self.health.fault(answer.message.clone());
                self.fault(now, trial);
                self.press(true, now, sent_at);
                self.pause(answer.retry_after, now);
            }
            Outcome::Halt => {
                self.gate.breaker.trial_void();
                if let Some(halt) = answer.halt.clone() {
                    self.halt_with(halt);
                }
            }
            Outcome::Stale | Outcome::Unexplained | Outcome::Unsendable | Outcome::Returned => {
                if trial {
                    self.gate.breaker.trial_void();
                }
            }
        }
    }

    fn throttled(&mut self, retry_after: Option<Duration>, now: Moment, sent_at: Moment) {
        tracing::debug!(retry_after_ms = retry_after.map(millis), "gate: throttled");
        self.health.throttled(now);
        self.gate.rate.refused(now, sent_at);
        self.pause(retry_after, now);
    }

    /// A server that says when it will be back is believed.
    fn pause(&mut self, retry_after: Option<Duration>, now: Moment) {
        if let Some(wait) = retry_after {
            let wait = wait.min(RETRY_AFTER_MAX);
            self.gate.pause_until(now + wait);
            self.health.asked_to_wait(now, wait, self.settings.max_outage);
        }
    }

    fn answered(&mut self, trial: bool) {
        self.gate.breaker.answered(trial);
        self.notice();
    }

    fn fault(&mut self, now: Moment, telling: bool) {
        self.gate.breaker.fault(now, telling);
        self.notice();
    }

    /// Tells watchers when the breaker has opened or closed.
    fn notice(&mut self) {
        if let Some(text) = self.health.notice(self.gate.breaker.is_closed()) {
            tracing::debug!(closed = self.gate.breaker.is_closed(), "gate: the breaker");
            self.monitor.note(&text);
        }
    }

    /// Many faults among the answers, though not in a row, are back-pressure too.
    fn press(&mut self, fault: bool, now: Moment, sent_at: Moment) {
        if !self.gate.breaker.is_closed() {
            self.health.no_pressure();
        } else if self.health.presses(fault) {
            self.gate.press(now, sent_at);
        }
    }

    fn watch_alike(&mut self, id: JobId, sends: u32, answer: &Answer) {
        let code = match answer.outcome {
            Outcome::Created { .. } => return self.alike.created(id, sends),
            Outcome::Rejected => answer.code.as_deref().unwrap_or("none"),
            Outcome::Unsendable => Class::Unsendable.as_str(),
            Outcome::Duplicate
            | Outcome::Unexplained
            | Outcome::Throttled
            | Outcome::Stale
            | Outcome::NotSent
            | Outcome::Unknown
            | Outcome::Halt
            | Outcome::Returned => return,
        };
        // Answers that were on their way when the run halted for this very code.
        if self.refused_alike.as_deref() == Some(code) {
            return self.take_back(&answer.outcome, vec![(id, sends)]);
        }
        let verdict = self.alike.refused(id, sends, code);
        if let (Some(verdict), None) = (verdict, self.settings.max_failures) {
            let halt = refused_alike(answer, code, verdict.rows.len());
            self.take_back(&answer.outcome, verdict.rows);
            self.refused_alike = Some(verdict.code);
            self.halt_with(halt);
        }
    }

    /// Rows that this outcome has settled, and wrongly so.
    fn take_back(&mut self, outcome: &Outcome, rows: Vec<(JobId, u32)>) {
        let n = rows.len() as u64;
        let is_unsendable = *outcome == Outcome::Unsendable;
        let total = if is_unsendable { &mut self.totals.invalid } else { &mut self.totals.failed };
        *total = total.saturating_sub(n);
        self.totals.settled = self.totals.settled.saturating_sub(n);
        self.take_back.extend(rows);
    }

    /// Writes down what becomes of a claimed job.
    fn record(&mut self, id: JobId, answer: &Answer, sent: Option<(Moment, Moment)>) -> Transition {
        let now = self.now();
        let until_ms = answer.retry_after.map(|wait| now.ms + millis(wait.min(RETRY_AFTER_MAX)));
        let Some(in_hand) = self.in_hand.remove(&id) else {
            return job::next(&NOBODY, &Outcome::Returned, None, now);
        };
        let transition = job::next(&in_hand.job, &answer.outcome, until_ms, now);
        tracing::trace!(
            job = id.0,
            send = in_hand.sends,
            outcome = answer.outcome.class().map_or("returned", Class::as_str),
            http = answer.http_status,
            code = answer.code.as_deref(),
            status = transition.status.as_str(),
            "attempt"
        );
        let attempt = answer.outcome.class().map(|class| {
            let (sent_at, ended_at) = sent.unwrap_or((self.clock.now(), self.clock.now()));
            Attempt {
                at_ms: self.clock.to_ms(sent_at),
                took_ms: millis(ended_at.saturating_sub(sent_at)),
                class,
                http_status: answer.http_status,
                code: answer.code.clone(),
                message: answer.message.clone(),
                request_id: answer.request_id.clone(),
            }
        });
        let problem = answer.problem.clone().or_else(|| {
            (transition.status == Status::Invalid)
                .then(|| Problem::new("", Rule::Value, "cannot be sent to this target"))
        });
        let reason = match transition.status {
            Status::Failed | Status::Unknown => answer.message.clone(),
            Status::Pending | Status::Sending | Status::Done | Status::Invalid => None,
        };
        self.push(Record {
            id,
            sends: in_hand.sends,
            transition: transition.clone(),
            code: answer.code.clone(),
            reason,
            forget_send: answer.outcome.proves_absence() && !in_hand.job.had_unknown,
            attempt,
            problem,
        });
        transition
    }

    fn push(&mut self, record: Record) {
        let now = self.clock.now();
        let next = &record.transition;
        match next.status {
            Status::Done => self.totals.done += 1,
            Status::Failed => {
                self.totals.failed += 1;
                self.totals.failed_now += 1;
            }
            Status::Invalid => self.totals.invalid += 1,
            Status::Pending => {
                let due = self.clock.to_moment(next.not_before_ms);
                self.nothing_due_until = self.nothing_due_until.map(|until| until.min(due));
            }
            Status::Sending | Status::Unknown => {}
        }
        if matches!(next.status, Status::Done | Status::Failed | Status::Invalid) {
            self.totals.settled += 1;
            self.pace.count(now);
        }
        self.outbox.push(record);
        self.outbox_since.get_or_insert(now);
        self.watch_failures();
    }

    /// Halts at the number of failures that the user has set, of whatever kind.
    fn watch_failures(&mut self) {
        if let Some(max) = self.settings.max_failures.filter(|max| self.totals.failed_now >= *max)
            && self.halt.is_none()
        {
            self.halt_with(Halt {
                message: format!("{max} rows have failed in this run"),
                hint: "userferry failures shows them; --max-failures sets the number".to_owned(),
            });
        }
    }

    fn now(&mut self) -> Now {
        Now { ms: self.clock.now_ms(), jitter: self.rng.f64() }
    }

    // ---- lookups

    fn on_found(
        &mut self,
        doubts: Vec<Doubt>,
        asked_at: Moment,
        result: Result<Vec<Vec<DirectoryUser>>, Fault>,
    ) {
        let now = self.clock.now();
        let found = match result {
            Ok(found) => found,
            Err(Fault::Refused(halt)) => return self.on_refused_lookup(doubts, halt),
            // The probe may look users up: it may be one identifier that is not let through.
            Err(Fault::Denied(halt)) if !self.settings.hold_unknown => {
                return self.on_refused_lookup(doubts, halt);
            }
            Err(fault) => {
                tracing::debug!(rows = doubts.len(), "lookup: no usable answer");
                self.doubts.put_back(doubts, now);
                self.on_read_fault(fault, now, asked_at);
                return;
            }
        };
        self.gate.rate.accepted(now, asked_at);
        self.doubts.answered();
        self.health.read_passed(now, asked_at);
        if self.is_sole_witness(now) {
            self.gate.breaker.answered(false);
        }
        for (doubt, users) in doubts.into_iter().zip(found) {
            self.settle(doubt, &users, asked_at, now);
        }
    }

    /// The target answers, but not this question: another one may be answered.
    fn on_refused_lookup(&mut self, doubts: Vec<Doubt>, halt: Halt) {
        tracing::debug!(rows = doubts.len(), "lookup: refused");
        match self.doubts.refused(doubts) {
            Refused::Divided => {}
            Refused::Held(doubt) => self.push(Record {
                id: doubt.id,
                sends: doubt.sends,
                transition: job::held(),
                code: doubt.code,
                reason: Some(format!("cannot be looked up: {}", halt.message)),
                forget_send: false,
                attempt: None,
                problem: None,
            }),
            Refused::All => self.halt_with(halt),
        }
    }

    fn settle(&mut self, doubt: Doubt, users: &[DirectoryUser], asked_at: Moment, now: Moment) {
        let (mut found, why) = finding(&doubt.identifiers, users, |user| {
            job::may_have_made(&doubt.job, user.created_at_ms, &self.settings.policy)
        });
        // What counts is when the question was asked.
        if found == Finding::NobodyYet && Doubts::is_quiet(&doubt, asked_at) {
            let witnessed = self.doubts.was_witnessed(&doubt)
                || doubt.epoch.is_some() && self.is_sole_witness(now);
            found = Finding::Nobody { witnessed };
        }
        let at = self.now();
        let Some(transition) = job::settle(&doubt.job, &found, &self.settings.policy, at) else {
            self.doubts.look_again(doubt, now);
            return;
        };
        self.doubts.settled();
        let (status, users) = (transition.status.as_str(), users.len());
        tracing::trace!(job = doubt.id.0, users, status, "doubt settled");
        let reason = match transition.detail {
            Some(Detail::Conflict) => Some(why.unwrap_or_else(|| HIDDEN.to_owned())),
            Some(Detail::Exhausted) => {
                let fault =
                    "every attempt ended without a usable answer while others were answered";
                Some(fault.to_owned())
            }
            Some(Detail::Skipped) => why,
            _ => None,
        };
        let code = doubt.code.clone();
        self.push(Record {
            id: doubt.id,
            sends: doubt.sends,
            transition,
            code,
            reason,
            forget_send: false,
            attempt: None,
            problem: None,
        });
    }

    fn on_read_fault(&mut self, fault: Fault, now: Moment, asked_at: Moment) {
        self.health.read_failed();
        match fault {
            Fault::NotSent(why) => self.on_silent_read(why, None, now, asked_at),
            Fault::Unknown { why, retry_after } => {
                self.on_silent_read(why, retry_after, now, asked_at);
            }
            Fault::Throttled(wait) => self.throttled(wait, now, asked_at),
            Fault::Stale => {}
            Fault::Denied(halt) => self.on_denied(halt),
            Fault::Refused(halt) | Fault::Halt(halt) => self.halt_with(halt),
        }
    }

    fn on_silent_read(
        &mut self,
        why: String,
        retry_after: Option<Duration>,
        now: Moment,
        asked_at: Moment,
    ) {
        self.health.fault(Some(why));
        let telling = self.gate.breaker.is_after_probe(asked_at);
        self.fault(now, telling);
        self.press(true, now, asked_at);
        self.pause(retry_after, now);
    }

    /// Users cannot be looked up: halt, or go on and leave jobs in doubt unknown.
    fn on_denied(&mut self, halt: Halt) {
        if !self.settings.hold_unknown {
            self.halt_with(halt);
        } else if self.lookups == Lookups::Allowed {
            let is_first = !self.health.has_read();
            self.lookups = if is_first { Lookups::DeniedFromStart } else { Lookups::Denied };
            self.monitor.note("Users cannot be looked up: unknown rows will stay so");
        }
        self.doubts.hold_all();
    }

    fn on_probed(&mut self, asked_at: Moment, result: Result<(), Fault>) {
        let now = self.clock.now();
        tracing::debug!(passed = result.is_ok(), "gate: probe");
        let passed = match result {
            Err(Fault::Denied(halt)) => {
                self.on_denied(halt);
                Ok(())
            }
            other => other,
        };
        match passed {
            Ok(()) => {
                self.health.answered();
                self.health.read_passed(now, asked_at);
                // While lookups come to nothing, a probe that passes proves little.
                let sole_witness = self.is_sole_witness(now) && !self.doubts.lookups_fail();
                self.gate.breaker.probe_passed(sole_witness);
            }
            Err(fault) => {
                self.health.read_failed();
                self.gate.breaker.probe_failed(now);
                match fault {
                    Fault::NotSent(why) => self.health.fault(Some(why)),
                    // It answers, though not usefully: that is an outage.
                    Fault::Unknown { why, retry_after } => {
                        self.health.fault(Some(why));
                        self.health.answered();
                        self.pause(retry_after, now);
                    }
                    Fault::Throttled(wait) => {
                        self.health.answered();
                        self.throttled(wait, now, now);
                    }
                    Fault::Stale | Fault::Denied(_) => {}
                    Fault::Refused(halt) | Fault::Halt(halt) => self.halt_with(halt),
                }
            }
        }
    }

    /// Whether a read tells as much as a create could: only rows are left that have broken the
    /// target before while others were answered, or a single one; or creates have failed for so
    /// long, though reads pass, that the rows left must be the reason.
    fn is_sole_witness(&self, now: Moment) -> bool {
        let since = self.health.only_reads_since();
        self.outlook.unsuspected == 0
            || self.outlook.open == 1
            || !self.outlook.unsent
                && since.is_some_and(|since| now >= since + self.settings.write_outage)
    }
}

/// Why a run ends in which every row has come to the end of this one.
fn refused_alike(answer: &Answer, code: &str, n: usize) -> Halt {
    if let Some(problem) = &answer.problem {
        return Halt {
            message: format!("no row can be sent: {}; the {n} rows are pending again", problem.message),
            hint: "ask the provider for a key of 2,048 bits, which carries 245 bytes, or leave the password out of the [mapping]; --max-failures N goes on and leaves such rows invalid"
                .to_owned(),
        };
    }
    let words = answer.message.as_deref().unwrap_or("no message");
    Halt {
        message: format!(
            "the target refuses every row alike, with code {code}: {words}; the {n} rows are pending again"
        ),
        hint: "one setting is wrong, not the rows: correct it and run again; --max-failures N goes on until N have failed"
            .to_owned(),
    }
}

const HIDDEN: &str = "the provider has such a user, but none of its identifiers finds it";

const NOBODY: Job = Job { spent: 0, first_sent_ms: None, had_unknown: false, duplicate: false };
