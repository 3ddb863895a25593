//! The answers to probes, and what a read that came to nothing means.

use crate::clock::Moment;
use crate::job::Halt;
use crate::run::{Lookups, Runner};
use crate::store::Running;
use crate::target::{Fault, Reply, Told};
use std::time::Duration;

impl<S: Running> Runner<S> {
    /// The target may have said when to come back.
    pub(super) fn on_read_fault(
        &mut self,
        fault: Fault,
        retry_after: Option<Duration>,
        now: Moment,
        asked_at: Moment,
    ) {
        self.health.read_failed();
        match fault {
            Fault::NotSent(why) | Fault::Foreign(why) => {
                self.on_silent_read(why, None, now, asked_at);
            }
            Fault::Unknown(why) => self.on_silent_read(why, retry_after, now, asked_at),
            Fault::Throttled => self.throttled(retry_after, now, asked_at),
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
    pub(super) fn on_denied(&mut self, halt: Halt) {
        if !self.settings.hold_unknown {
            self.halt_with(halt);
        } else if self.lookups == Lookups::Allowed {
            let is_first = !self.health.has_read();
            self.lookups = if is_first { Lookups::DeniedFromStart } else { Lookups::Denied };
            self.monitor.note("Users cannot be looked up: unknown rows will stay so");
        }
        self.doubts.hold_all();
    }

    pub(super) fn on_probed(&mut self, asked_at: Moment, reply: Reply<Result<(), Fault>>) {
        let now = self.clock.now();
        let Reply { told: Told { retry_after, .. }, body: result } = reply;
        tracing::debug!(passed = result.is_ok(), "gate: probe");
        match result {
            Ok(()) => self.on_probe_passed(now, asked_at),
            Err(Fault::Denied(halt)) => {
                self.on_denied(halt);
                self.on_probe_passed(now, asked_at);
            }
            Err(Fault::NotSent(why)) => {
                self.on_probe_failed(now);
                self.health.fault(Some(why));
            }
            Err(Fault::Foreign(why)) => {
                self.on_probe_failed(now);
                self.health.foreign(why);
            }
            // It answers, though not usefully: that is an outage.
            Err(Fault::Unknown(why)) => {
                self.on_probe_failed(now);
                self.health.fault(Some(why));
                self.health.answered();
                self.pause(retry_after, now);
            }
            Err(Fault::Throttled) => {
                self.on_probe_failed(now);
                self.health.answered();
                self.throttled(retry_after, now, now);
            }
            Err(Fault::Stale) => {
                self.on_probe_failed(now);
                self.health.answered();
            }
            Err(Fault::Refused(halt) | Fault::Halt(halt)) => {
                self.on_probe_failed(now);
                self.halt_with(halt);
            }
        }
    }

    /// The target lets us in.
    fn on_probe_passed(&mut self, now: Moment, asked_at: Moment) {
        self.health.answered();
        match self.lookups {
            // It explains nothing: creates alone can end the outage.
            Lookups::Denied => self.gate.breaker.probe_passed(false),
            Lookups::Allowed | Lookups::DeniedFromStart => {
                self.health.read_passed(now, asked_at);
                // While lookups come to nothing, a probe that passes proves little.
                let sole_witness = self.is_sole_witness(now) && !self.doubts.lookups_fail();
                self.gate.breaker.probe_passed(sole_witness);
            }
        }
    }

    fn on_probe_failed(&mut self, now: Moment) {
        self.health.read_failed();
        self.gate.breaker.probe_failed(now);
    }

    /// How many rows are left that this run may send: not settled, and not given up in doubt.
    pub(in crate::run) fn rows_left(&self) -> u64 {
        let held = self.doubts.held_rows();
        self.ahead
            .chosen_left(held)
            .unwrap_or_else(|| self.books.left().saturating_sub(self.doubts.held() as u64))
    }

    /// Whether a read tells as much as a create could: only rows are left that have broken the
    /// target before while others were answered, or a single one; or creates have failed for so
    /// long, though reads pass, that the rows left must be the reason.
    pub(super) fn is_sole_witness(&self, now: Moment) -> bool {
        let since = self.health.only_reads_since();
        self.ahead.has_only_suspects()
            || self.ahead.is_last()
            || self.ahead.has_only_tried()
                && since.is_some_and(|since| now >= since + self.settings.write_outage)
    }
}
