//! The settings of a run.

use super::doubt::Quiet;
use crate::job::Policy;
use crate::provider::Batching;
use crate::store::JobId;
use std::collections::BTreeSet;
use std::time::Duration;

/// The settings of a run.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Requests in flight, at most; at least 1.
    pub width: usize,
    /// What goes into one request.
    pub batching: Batching,
    /// Requests a second, at most; users, where the provider counts those.
    pub ceiling: Option<f64>,
    /// How long until nobody found means nobody.
    pub quiet: Quiet,
    /// The first and the longest wait between two probes of a target that does not answer.
    pub probe_interval: (Duration, Duration),
    /// How long a probe may take.
    pub probe_timeout: Duration,
    /// How long the target may give no answer before the run halts.
    pub max_outage: Duration,
    /// The same before its first answer.
    pub max_silence_at_start: Duration,
    /// While only rows are left that were tried before, and creates fail though reads pass: how
    /// long until that is held against the rows.
    pub write_outage: Duration,
    /// The rules for jobs.
    pub policy: Policy,
    /// Settle at most this many jobs.
    pub limit: Option<u64>,
    /// Send only these jobs.
    pub only: Option<BTreeSet<JobId>>,
    /// Halt at this many failures instead of when every row is refused alike.
    pub max_failures: Option<u64>,
    /// Go on though users cannot be looked up; jobs in doubt stay unknown.
    pub hold_unknown: bool,
    /// Seed of the jitter.
    pub seed: u64,
}

impl Settings {
    /// How many jobs the run may settle, if not all.
    pub(super) fn most(&self) -> Option<u64> {
        self.limit.or(self.only.as_ref().map(|jobs| jobs.len() as u64))
    }
}
