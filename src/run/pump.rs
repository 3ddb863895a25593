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
        while self.may_send_at(now).is_some_and(|at| at <= now) {
            let Admission::Go { trial } = self.gate.admit(Kind::Create, now) else { break };
            // A trial risks one row.
            let most = if trial.is_some() { 1 } else { self.groups.most() };
            let is_all = self.has_all_in_hand(now);
            let most = (most, self.groups.bytes());
            let rows = self.hand.send(now, most, is_all, &self.settings.batching);
            if self.settings.batching.counts_users {
                self.gate.rate.charge(rows.len().saturating_sub(1), now);
            }
            let request = self.number_of_request(rows.len());
            self.hand.number(&rows, request);
            let flight = worker::Flight { rows, request, trial };
            self.requests.spawn(worker::create(Arc::clone(&self.target), self.clock, flight));
        }
    }

    /// The ledger tells by a number which rows shared a request.
    fn number_of_request(&mut self, rows: usize) -> Option<i64> {
        if rows < 2 {
            return None;
        }
        self.shared_requests += 1;
        Some(self.shared_requests)
    }

    /// When the next request for creates is ready to leave, if rows wait at all.
    fn may_send_at(&self, now: Moment) -> Option<Moment> {
        let most = if self.gate.is_on_trial(now) { 1 } else { self.groups.most() };
        self.hand.leaves_at(most, self.has_all_in_hand(now))
    }

    /// Whether no row can join those that wait for the gate.
    fn has_all_in_hand(&self, now: Moment) -> bool {
        self.commit.is_none() && self.ahead.idle_until(now).is_some()
    }

    /// Claims that the gate holds back go back to the table: a claim notes when the row is sent, and
    /// a user who signs up meanwhile must not pass for ours.
    fn hold_back(&mut self, now: Moment) {
        if !self.gate.lets_reads(now) {
            self.give_up_explaining(false);
        }
        let keep = self.may_wait(now);
        // A rate that was cut a little needs no transaction for it.
        if self.hand.ready() > 2 * keep {
            self.give_back_beyond(keep);
        }
    }

    /// How many rows may wait for the gate: as many as may leave within a second.
    pub(super) fn may_wait(&self, now: Moment) -> usize {
        let (requests, most) = (self.gate.may_wait(now), self.groups.most());
        if self.gate.is_on_trial(now) {
            return requests;
        }
        if requests > 0 && self.settings.batching.counts_users {
            let width = self.settings.width.saturating_mul(most);
            return self.gate.rate.in_a_second().min(width);
        }
        requests.saturating_mul(most)
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
        let leaves_at = self.may_send_at(now);
        let kinds = [
            (Kind::Probe, true),
            (Kind::Explain, self.explaining.is_due()),
            (Kind::Lookup, looks),
            (Kind::Create, leaves_at.is_some_and(|at| at <= now)),
        ];
        let opens = kinds.into_iter().filter(|(_, waiting)| *waiting);
        let opens = opens.filter_map(|(kind, _)| self.gate.opens_at(kind, now));
        opens.chain(leaves_at.filter(|at| *at > now)).min()
    }
}
