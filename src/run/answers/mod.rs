//! What an answer means for the gate, the job and the run: [`creates`], [`lookups`] and [`probes`] read
//! the answers, [`regroup`] says which rows may share the next requests; here stands what they share.

mod creates;
mod lookups;
mod probes;
mod regroup;

use super::Runner;
use super::commit::Mapped;
use super::hand::InHand;
use super::worker::Event;
use crate::clock::{Moment, millis};
use crate::job::{self, Class, FirstSent, Halt, Job, Now, Outcome, Status, Transition};
use crate::run::gate::breaker::Trial;
use crate::store::{Attempt, JobId, Record, Running};
use crate::target::{Answer, Told};
use crate::words::{agree, grouped};
use std::time::Duration;

/// No `Retry-After` is believed beyond this.
const RETRY_AFTER_MAX: Duration = Duration::from_hours(1);

/// When a request left and when it ended, and how long the read took that explained its refusal.
#[derive(Clone, Copy)]
struct Times {
    sent_at: Moment,
    ended_at: Moment,
    read: Option<Duration>,
    /// The number of the request, where it had several rows.
    request: Option<i64>,
}

impl<S: Running> Runner<S> {
    pub(super) fn on_event(&mut self, event: Event) {
        self.gate.ended();
        self.targets_clock.heard(event.told().date_ms, self.clock.now_ms());
        match event {
            Event::Landed(landing) => self.on_landing(*landing),
            Event::Explained { asked_at, reply } => self.on_explained(asked_at, reply),
            Event::Found { doubts, asked_at, reply } => self.on_found(doubts, asked_at, reply),
            Event::Probed { asked_at, reply } => self.on_probed(asked_at, reply),
        }
    }

    /// Lines a claimed job up.
    pub(super) fn take_in(&mut self, mapped: Mapped) {
        let Mapped { id, in_hand, user } = mapped;
        self.hand.take_in(id, in_hand);
        match user {
            Ok(user) => {
                let (limit, now) = (self.groups.limit(id), self.clock.now());
                self.hand.line_up(id, user, limit, &self.settings.batching, now);
            }
            Err(problem) => {
                self.record_unsent(id, Outcome::Unsendable(problem));
            }
        }
    }

    /// Nothing more is sent: what waits to be sent or explained goes back.
    pub(super) fn give_back(&mut self) {
        self.give_back_ready();
        self.give_up_explaining(true);
    }

    /// Gives back the claims that never reached the transport.
    pub(super) fn give_back_ready(&mut self) {
        self.give_back_beyond(0);
    }

    /// Gives back the latest claims that wait for the gate, all but `keep`.
    pub(super) fn give_back_beyond(&mut self, keep: usize) {
        for id in self.hand.beyond(keep) {
            self.record_unsent(id, Outcome::Returned);
        }
    }

    /// The process ends now: what is in flight may or may not arrive.
    pub(super) fn abandon_flights(&mut self) {
        self.explaining.abandon();
        self.give_up_explaining(true);
        let now = self.clock.now();
        for id in self.hand.ids() {
            let in_hand = self.hand.get(id);
            let sent_at = in_hand.and_then(|in_hand| in_hand.sent_at).unwrap_or(now);
            let request = in_hand.and_then(|in_hand| in_hand.request);
            let why = "stopped before an answer came".to_owned();
            let answer = Answer::worded(Outcome::Unknown, why);
            let times = Times { sent_at, ended_at: now, read: None, request };
            let at = self.now();
            self.record(id, &answer, &Told::default(), Some(times), at);
        }
        self.requests.abort_all();
    }

    // ---- creates

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

    fn answered(&mut self, trial: Option<Trial>) {
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

    /// Writes down what becomes of a claimed job that did not leave.
    fn record_unsent(&mut self, id: JobId, outcome: Outcome) {
        let now = self.now();
        self.record(id, &Answer::new(outcome), &Told::default(), None, now);
    }

    /// Writes down what becomes of a claimed job.
    fn record(
        &mut self,
        id: JobId,
        answer: &Answer,
        told: &Told,
        sent: Option<Times>,
        now: Now,
    ) -> Transition {
        let Answer { outcome, code, message } = answer;
        let until_ms = told.retry_after.map(|wait| now.ms + millis(wait.min(RETRY_AFTER_MAX)));
        let Some(in_hand) = self.hand.put_down(id) else {
            return job::next(&NOBODY, &Outcome::Returned, None, now);
        };
        let transition = job::next(&in_hand.job, outcome, until_ms, now);
        let first_sent = self.first_sent(&in_hand, outcome);
        tracing::trace!(
            job = id.0,
            send = in_hand.sends,
            outcome = outcome.class().map_or("returned", Class::as_str),
            http = told.http_status,
            code = code.as_deref(),
            status = transition.status.as_str(),
            "attempt"
        );
        let attempt = outcome.class().map(|class| {
            let now = self.clock.now();
            let times =
                sent.unwrap_or(Times { sent_at: now, ended_at: now, read: None, request: None });
            Attempt {
                at_ms: self.clock.to_ms(times.sent_at),
                took_ms: millis(times.ended_at.saturating_sub(times.sent_at)),
                read_ms: times.read.map(millis),
                class,
                http_status: told.http_status,
                code: code.clone(),
                message: message.clone(),
                request_id: told.request_id.clone(),
                request: times.request,
            }
        });
        let reason = match transition.status {
            Status::Failed | Status::Unknown => message.clone(),
            Status::Pending | Status::Sending | Status::Done | Status::Invalid => None,
        };
        if !transition.status.is_in_hand() && transition.status != Status::Pending {
            self.groups.forget(id);
        }
        self.push(Record {
            id,
            sends: in_hand.sends,
            transition: transition.clone(),
            code: code.clone(),
            reason,
            first_sent,
            attempt,
            problem: outcome.problem().cloned(),
        });
        transition
    }

    /// What the table is to keep as the moment of the first send. The claim noted its own time, for
    /// nobody can tell when a crashed run sent; an outcome tells it exactly.
    fn first_sent(&self, in_hand: &InHand, outcome: &Outcome) -> FirstSent {
        if outcome.proves_absence() && !in_hand.job.had_unknown {
            return FirstSent::Forget;
        }
        let sent_at = in_hand.sent_at.filter(|_| in_hand.is_first);
        let ms = sent_at.and_then(|at| self.targets_clock.at(self.clock.to_ms(at)));
        ms.map_or(FirstSent::Keep, FirstSent::At)
    }

    fn push(&mut self, record: Record) {
        let now = self.clock.now();
        self.books.record(record.transition.status, now);
        self.ahead.record(&record, self.clock);
        self.outbox.push(record, now);
        self.watch_failures();
    }

    /// Halts at the number of failures that the user has set, of whatever kind.
    fn watch_failures(&mut self) {
        if let Some(max) =
            self.settings.max_failures.filter(|max| self.books.totals.failed_now >= *max)
            && !self.ending.is_halted()
        {
            self.halt_with(Halt {
                message: format!(
                    "{} failed in this run",
                    agree(max, "1 row has", &format!("{} rows have", grouped(max)))
                ),
                hint: "userferry failures shows them; --max-failures sets the number".to_owned(),
            });
        }
    }

    fn now(&mut self) -> Now {
        Now { ms: self.clock.now_ms(), jitter: self.rng.f64() }
    }
}

const NOBODY: Job = Job { spent: 0, first_sent_ms: None, had_unknown: false, duplicate: false };
