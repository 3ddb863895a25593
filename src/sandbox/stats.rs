//! Counters of a running sandbox.

use super::call::{Call, Kind};
use serde::Serialize;
use std::collections::BTreeMap;

/// What has happened since the start; the same as `GET /__sandbox/stats`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Stats {
    /// Users in the directory, those that were there before included.
    pub users: usize,
    pub received: u64,
    /// Requests by operation, as in the log.
    pub requests: BTreeMap<&'static str, u64>,
    /// Requests by outcome, as in the log.
    pub outcomes: BTreeMap<String, u64>,
    /// Creates that were logged.
    pub creates_received: u64,
    /// Users stored by creates, whether or not the client learnt of it.
    pub creates_stored: u64,
    /// Creates whose user was there.
    pub creates_duplicate: u64,
    /// Creates refused for another reason.
    pub creates_refused: u64,
    pub throttled: u64,
    /// Connections closed without a reply, or never answered, by a fault that hits creates.
    pub dropped: u64,
    /// Lookups answered.
    pub lookups: u64,
    pub tokens_issued: u64,
    /// Times that the public key was fetched.
    pub key_fetches: u64,
    /// Requests that fell into an outage.
    pub outage_requests: u64,
    /// Requests being handled.
    pub in_flight: usize,
    /// The most at one time.
    pub max_in_flight: usize,
}

impl Stats {
    pub(super) fn arrive(&mut self) {
        self.received += 1;
        self.in_flight += 1;
        self.max_in_flight = self.max_in_flight.max(self.in_flight);
    }

    pub(super) fn count(&mut self, call: Option<&Call>, outcome: &str, stored: bool) {
        *self.requests.entry(call.map_or("unknown", |call| call.op)).or_default() += 1;
        match self.outcomes.get_mut(outcome) {
            Some(count) => *count += 1,
            None => {
                self.outcomes.insert(outcome.to_owned(), 1);
            }
        }
        self.creates_stored += u64::from(stored);
        if call.is_some_and(|call| call.kind == Kind::Create) {
            self.creates_received += 1;
            self.creates_duplicate += u64::from(outcome == "duplicate");
            self.creates_refused += u64::from(outcome == "refused");
        }
        self.throttled += u64::from(outcome == "throttled");
        self.outage_requests += u64::from(outcome == "outage");
        self.dropped += u64::from(outcome.starts_with("dropped") || outcome == "hung");
        if outcome == "ok" {
            match call.map(|call| call.op) {
                Some("accessToken") => self.tokens_issued += 1,
                Some("publicKey") => self.key_fetches += 1,
                _ => self.lookups += 1,
            }
        }
    }
}
