//! The answers to lookups.

use crate::clock::Moment;
use crate::identity::{DirectoryUser, finding};
use crate::job::{self, Detail, Finding, FirstSent, Halt, Now, Status};
use crate::run::Runner;
use crate::run::doubt::{Doubt, Doubts, Refused};
use crate::store::{Record, Running};
use crate::target::{Fault, Reply};

impl<S: Running> Runner<S> {
    pub(super) fn on_found(
        &mut self,
        doubts: Vec<Doubt>,
        asked_at: Moment,
        reply: Reply<Result<Vec<Vec<DirectoryUser>>, Fault>>,
    ) {
        let now = self.clock.now();
        let Reply { told, body: result } = reply;
        let found = match result {
            Ok(found) if found.len() == doubts.len() => found,
            Ok(_) => {
                let fault = Fault::Unknown(
                    "a lookup answers for other users than were asked for".to_owned(),
                );
                self.doubts.put_back(doubts, now);
                return self.on_read_fault(fault, told.retry_after, now, asked_at);
            }
            Err(Fault::Refused(halt)) => return self.on_refused_lookup(doubts, halt),
            // The probe may look users up: it may be one identifier that is not let through.
            Err(Fault::Denied(halt)) if !self.settings.hold_unknown => {
                return self.on_refused_lookup(doubts, halt);
            }
            Err(
                fault @ (Fault::Denied(_)
                | Fault::NotSent(_)
                | Fault::Unknown(_)
                | Fault::Foreign(_)
                | Fault::Throttled
                | Fault::Stale
                | Fault::Halt(_)),
            ) => {
                tracing::debug!(rows = doubts.len(), "lookup: no usable answer");
                self.doubts.put_back(doubts, now);
                self.on_read_fault(fault, told.retry_after, now, asked_at);
                return;
            }
        };
        self.gate.rate.accepted(now, asked_at);
        self.doubts.answered();
        self.health.read_passed(now, asked_at);
        if self.is_sole_witness(now) {
            self.gate.breaker.answered(None);
        }
        // Rows that are looked up together wait together.
        let at = self.now();
        for (doubt, users) in doubts.into_iter().zip(found) {
            self.settle(doubt, &users, asked_at, at);
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
                first_sent: FirstSent::Keep,
                attempt: None,
                problem: None,
            }),
            Refused::All => self.halt_with(halt),
        }
    }

    fn settle(&mut self, doubt: Doubt, users: &[DirectoryUser], asked_at: Moment, at: Now) {
        let now = self.clock.to_moment(at.ms);
        let (mut found, why) = finding(&doubt.identifiers, users, |user| {
            job::may_have_made(&doubt.job, user.created_at_ms, &self.settings.policy)
        });
        // What counts is when the question was asked.
        if found == Finding::NobodyYet && Doubts::is_quiet(&doubt, asked_at) {
            let witnessed = self.doubts.was_witnessed(&doubt)
                || doubt.epoch.is_some() && self.is_sole_witness(now);
            self.regroup_doubt(&doubt, witnessed);
            // Of several rows nobody knows which one broke the target.
            found = Finding::Nobody { witnessed: witnessed && doubt.size == 1 };
        }
        let Some(transition) = job::settle(&doubt.job, &found, &self.settings.policy, at) else {
            self.doubts.look_again(doubt, now);
            return;
        };
        self.doubts.settled(&doubt);
        if transition.status != Status::Pending {
            self.groups.forget(doubt.id);
        }
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
            Some(
                Detail::Created
                | Detail::Existed
                | Detail::Waived
                | Detail::Adopted
                | Detail::Updated
                | Detail::Undone
                | Detail::Rejected,
            )
            | None => None,
        };
        let code = doubt.code.clone();
        self.push(Record {
            id: doubt.id,
            sends: doubt.sends,
            transition,
            code,
            reason,
            first_sent: FirstSent::Keep,
            attempt: None,
            problem: None,
        });
    }
}

const HIDDEN: &str = "the provider has such a user, but none of its identifiers finds it";
