//! What a run tells those who watch it. The library never prints.

use std::time::Duration;

/// What a run is doing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Activity {
    /// Finding out whether the target answers.
    Connecting,
    /// Sending.
    Sending,
    /// Held back by the target, for this long.
    Paused(Duration),
    /// The target does not answer: waiting for it, for this long so far.
    Outage(Duration),
    /// Nothing left to send: waiting until jobs in doubt can be settled, or retried.
    Settling,
    /// Finishing what is in flight.
    Stopping,
}

/// Where a run stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Progress {
    /// Jobs in the table.
    pub total: u64,
    /// Done.
    pub done: u64,
    /// Failed.
    pub failed: u64,
    /// Invalid.
    pub invalid: u64,
    /// In doubt.
    pub unknown: u64,
    /// Settled by this run.
    pub settled: u64,
    /// How many rows this run may settle, if there is a limit.
    pub limit: Option<u64>,
    /// Requests in flight.
    pub in_flight: usize,
    /// Jobs settled a second, lately.
    pub rate_per_s: f64,
    /// Seconds until all is settled at this rate; `None` when that cannot be told.
    pub eta_s: Option<u64>,
    /// What it is doing.
    pub activity: Activity,
}

/// Somebody who watches a run.
pub trait Monitor: Send {
    /// Where the run stands; called several times a second.
    fn progress(&mut self, progress: &Progress);

    /// Something worth a line: an outage begins or ends, a pause, a decision.
    fn note(&mut self, text: &str);
}

/// Watches nothing.
#[derive(Debug, Default)]
pub struct Silent;

impl Monitor for Silent {
    fn progress(&mut self, _progress: &Progress) {}

    fn note(&mut self, _text: &str) {}
}
