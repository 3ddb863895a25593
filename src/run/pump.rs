//! Lets leave what the gate admits.

use super::gate::{Admission, Kind};
use super::{Lookups, Runner, worker};
use crate::clock::Moment;
use crate::store::Running;
use std::sync::Arc;
use std::time::Duration;

/// The longest wait between two requests of one lookup.
const LONGEST_PACE: Duration = Duration::from_secs(10);

impl<S: Running> Runner<S> {
    /// Starts probes, lookups and creates, as many as the gate admits.
    pub(super) fn pump(&mut self, now: Moment) {
        if self.ending.has_begun() {
            return;
        }
        self.hold_back(now);
        if let Admission::Go { .. } = self.gate.admit(Kind::Probe, now) {
            let limit = self.probe_limit();
            self.requests.spawn(worker::probe(Arc::clone(&self.target), self.clock, limit));
        }
        if self.explaining.is_due()
            && let Admission::Go { .. } = self.gate.admit(Kind::Explain, now)
        {
            self.explaining.ask();
            let limit = self.probe_limit();
            self.requests.spawn(worker::explain(Arc::clone(&self.target), self.clock, limit));
        }
        if self.lookups != Lookups::Allowed {
            self.doubts.hold_all();
        }
        while self.doubts.next_look().is_some_and(|at| at <= now) {
            let Admission::Go { .. } = self.gate.admit(Kind::Lookup, now) else { break };
            let doubts = self.doubts.take(now);
            let requests = self.target.requests_for(&worker::wanted(&doubts));
            self.gate.rate.charge(requests.saturating_sub(1), now);
            // A stated rate of some requests an hour must not hold up the end of a run.
            let pace = self.gate.rate.interval().min(LONGEST_PACE);
            self.requests.spawn(worker::find(Arc::clone(&self.target), self.clock, doubts, pace));
        }
        while self.hand.ready() > 0 {
            let Admission::Go { trial } = self.gate.admit(Kind::Create, now) else { break };
            let Some(ready) = self.hand.send(now) else { break };
            let flight = worker::Flight { rows: vec![ready], trial };
            self.requests.spawn(worker::create(Arc::clone(&self.target), self.clock, flight));
        }
    }

    /// Claims that the gate holds back go back to the table: a claim notes when the row is sent, and
    /// a user who signs up meanwhile must not pass for ours.
    fn hold_back(&mut self, now: Moment) {
        if !self.gate.lets_reads(now) {
            self.give_up_explaining(false);
        }
        let keep = self.gate.may_wait(now);
        // A rate that was cut a little needs no transaction for it.
        if self.hand.ready() > 2 * keep {
            self.give_back_beyond(keep);
        }
    }

    /// How long a read may take that is asked to see how the target is doing.
    fn probe_limit(&self) -> Duration {
        let most = self.settings.quiet.request_timeout;
        if self.health.has_answered() {
            self.health.probe_timeout(self.settings.probe_timeout, most)
        } else {
            most
        }
    }

    /// When the gate may admit what waits for it.
    pub(super) fn gate_wake(&self, now: Moment) -> Option<Moment> {
        if self.ending.has_begun() {
            return None;
        }
        let looks = self.doubts.next_look().is_some_and(|at| at <= now);
        let kinds = [
            (Kind::Probe, true),
            (Kind::Explain, self.explaining.is_due()),
            (Kind::Lookup, looks),
            (Kind::Create, self.hand.ready() > 0),
        ];
        kinds
            .into_iter()
            .filter(|(_, waiting)| *waiting)
            .filter_map(|(kind, _)| self.gate.opens_at(kind, now))
            .min()
    }
}
