//! What a scenario file can say. Times are seconds of virtual time from the start of the first run.

use serde::Deserialize;
use std::collections::BTreeMap;

/// A range, both ends included.
pub(crate) type Range = [f64; 2];

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Scenario {
    /// Each seed is a run of the whole scenario.
    #[serde(default = "two")]
    pub seeds: u64,
    /// Users to send, numbered from 1.
    pub users: u32,
    #[serde(default)]
    pub server: Server,
    #[serde(default)]
    pub run: Run,
    #[serde(default)]
    pub start: Start,
    #[serde(default)]
    pub expect: Expect,
}

fn two() -> u64 {
    2
}

/// The simulated server and its directory.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Server {
    pub latency_ms: f64,
    /// Each latency differs by up to this share, either way.
    pub jitter: f64,
    pub knee: Option<Knee>,
    pub limit: Option<Limit>,
    pub outages: Vec<Outage>,
    /// Up and down in turn.
    pub flap: Option<Flap>,
    /// The share of creates that are stored while the reply is lost.
    pub lost_replies: f64,
    /// A lost reply is noticed by the time-out, not by a reset.
    pub lost_in_silence: bool,
    /// The share of creates that are cut off before anything is stored.
    pub resets: f64,
    /// The share of creates whose reply is lost and that are stored only later.
    pub late: f64,
    /// How much later, at most.
    pub late_s: f64,
    /// Rows that always break it.
    pub poison: Vec<u32>,
    /// Rows of a request of several that are neither stored nor mentioned.
    pub drop: Vec<u32>,
    /// A user can be found only this long after it was stored.
    pub lookup_lag_s: f64,
    /// Users who are there already.
    pub existing: Vec<Existing>,
    /// The user of every Nth row is in the directory already.
    pub existing_every: Option<u32>,
    /// Rows that are rejected, with a known code.
    pub reject: Vec<u32>,
    /// Every Nth row is rejected, too.
    pub reject_every: Option<u32>,
    /// Rows that are refused with words that no table explains.
    pub unexplained: Vec<u32>,
    /// Rows whose creates are throttled every time, whatever their pace.
    pub throttle: Vec<u32>,
    /// The share of creates that are throttled at random, whatever their pace.
    pub throttled_share: f64,
    /// So many creates are taken, and further ones throttled for a while; reads pass.
    pub quota: Option<Quota>,
    /// Rows that do not fit this target.
    pub unsendable: Vec<u32>,
    /// Every create is rejected with this code, from a time on.
    pub refuse_all: Option<RefuseAll>,
    pub token_life_s: Option<f64>,
    /// From then on nobody gets a token, and none is honoured.
    pub revoked_s: Option<f64>,
    /// No user can be looked up.
    pub lookups_denied: bool,
    /// From when on.
    pub denied_from_s: f64,
    /// How much its clock is ahead of ours.
    pub clock_ahead_s: i64,
    /// It takes several users in one request.
    pub batch: Option<Batch>,
}

/// How it takes several users in one request.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Batch {
    /// Users that the client puts into one request.
    pub most: usize,
    pub mode: BatchMode,
    /// The share of users that an answer does not mention.
    #[serde(default)]
    pub left_out: f64,
    /// Of a request whose reply is lost, or that breaks the server, the first half is stored.
    #[serde(default)]
    pub half_stored: bool,
    /// A request of more users is too large (413).
    #[serde(default)]
    pub too_large: Option<usize>,
    /// What it names bad rows by is nothing that we sent.
    #[serde(default)]
    pub misnamed: bool,
    /// Its limit, and a stated rate, count users and not requests.
    #[serde(default)]
    pub counts_users: bool,
}

/// What a server answers about several users.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub(crate) enum BatchMode {
    /// About each, in any order, told by its identifiers.
    Identity,
    /// About each, in their order.
    Index,
    /// About those alone that failed; the others were created under the ids that we sent.
    Failures,
    /// If one is bad, all are refused and nothing is stored; the bad ones are named.
    Named,
    /// The same, and none is named.
    Unnamed,
    /// If one is bad, the call is refused and none is named, but the good ones are stored.
    Kept,
}

impl Server {
    /// Whether a row is rejected, with a known code.
    pub(crate) fn rejects(&self, row: u32) -> bool {
        self.reject.contains(&row)
            || self.reject_every.is_some_and(|every| row.is_multiple_of(every))
    }
}

impl Default for Server {
    fn default() -> Self {
        Self {
            latency_ms: 50.0,
            jitter: 0.3,
            knee: None,
            limit: None,
            outages: Vec::new(),
            flap: None,
            lost_replies: 0.0,
            lost_in_silence: false,
            resets: 0.0,
            late: 0.0,
            late_s: 0.0,
            poison: Vec::new(),
            drop: Vec::new(),
            lookup_lag_s: 0.0,
            existing: Vec::new(),
            existing_every: None,
            reject: Vec::new(),
            reject_every: None,
            unexplained: Vec::new(),
            throttle: Vec::new(),
            throttled_share: 0.0,
            quota: None,
            unsendable: Vec::new(),
            refuse_all: None,
            token_life_s: None,
            revoked_s: None,
            lookups_denied: false,
            denied_from_s: 0.0,
            clock_ahead_s: 0,
            batch: None,
        }
    }
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Quota {
    pub creates: usize,
    pub until_s: f64,
}

/// Beyond so many requests at a time each further one makes all slower.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Knee {
    pub at: usize,
    pub ms_per_extra: f64,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Limit {
    pub per_s: f64,
    #[serde(default)]
    pub kind: LimitKind,
    /// Of a bucket: what passes at once.
    #[serde(default = "ten")]
    pub burst: f64,
    /// Says when to come back.
    #[serde(default)]
    pub retry_after: RetryAfter,
    /// Only between these times.
    pub between_s: Option<Range>,
}

fn ten() -> f64 {
    10.0
}

#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub(crate) enum LimitKind {
    #[default]
    Bucket,
    /// So many in each whole second.
    Window,
}

#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq)]
#[serde(rename_all = "lowercase")]
pub(crate) enum RetryAfter {
    #[default]
    No,
    /// When the next request would pass, in whole seconds, rounded up.
    Yes,
    /// Always so many seconds.
    Seconds(f64),
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Outage {
    pub from_s: f64,
    pub to_s: f64,
    pub kind: OutageKind,
    #[serde(default)]
    pub only: Only,
    /// The share of creates sent into it that are stored all the same.
    #[serde(default)]
    pub stored: f64,
}

/// What an outage hits.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Only {
    #[default]
    All,
    Creates,
    Lookups,
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub(crate) enum OutageKind {
    /// Connections are refused.
    Refuse,
    /// HTTP 503.
    Unavailable,
    /// Connections are taken, and nothing comes.
    Hang,
    /// Connections are cut off.
    Reset,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Flap {
    pub up_s: f64,
    pub down_s: f64,
    pub until_s: f64,
    pub kind: OutageKind,
}

/// A user who is there already; `None` for an identifier that it has not, `same` for that of the
/// row, else another one.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Existing {
    pub row: u32,
    pub external_id: Option<String>,
    pub email: Option<String>,
    /// No lookup finds it.
    #[serde(default)]
    pub hidden: bool,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RefuseAll {
    pub code: String,
    #[serde(default)]
    pub from_s: f64,
}

/// The settings of the run.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Run {
    pub width: usize,
    pub rate: Option<f64>,
    pub request_timeout_s: f64,
    pub settle_time_s: f64,
    pub max_outage_s: f64,
    pub write_outage_s: f64,
    pub max_attempts: u32,
    pub skip_conflicts: bool,
    pub hold_unknown: bool,
    pub limit: Option<u64>,
    pub max_failures: Option<u64>,
    /// Only every Nth row is sent: those that are not settled are chosen anew for each run.
    pub only_every: Option<u32>,
    /// The provider that the users go to, by its descriptor; else the runner gets users and limits directly.
    pub provider: Option<String>,
    /// Users are sent without an external id.
    pub no_external_id: bool,
    /// Asks the run to stop at these times; it is started again.
    pub stop_s: Vec<f64>,
    /// The same, twice in a row: it stops at once.
    pub stop_now_s: Vec<f64>,
    /// The process dies after a random time between these, again and again, until this time.
    pub kill_after_s: Option<Range>,
    pub kills: u32,
    /// Where the run halts, another one is started at this time.
    pub again_s: Option<f64>,
}

impl Default for Run {
    fn default() -> Self {
        Self {
            width: 32,
            rate: None,
            request_timeout_s: 30.0,
            settle_time_s: 5.0,
            max_outage_s: 1800.0,
            write_outage_s: 120.0,
            max_attempts: 8,
            skip_conflicts: false,
            hold_unknown: false,
            limit: None,
            max_failures: None,
            only_every: None,
            provider: None,
            no_external_id: false,
            stop_s: Vec::new(),
            stop_now_s: Vec::new(),
            kill_after_s: None,
            kills: 0,
            again_s: None,
        }
    }
}

/// What an earlier run left behind when it died.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Start {
    /// Rows that were being sent.
    pub sending: u32,
    /// Rows in doubt.
    pub unknown: u32,
    /// The share of both that is in the directory.
    pub stored: f64,
    /// The share of both that arrives only in the first seconds of this run.
    pub arriving: f64,
}

#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub(crate) enum End {
    #[default]
    Drained,
    Limited,
    Halted,
}

/// What must come of it, beyond what always holds.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Expect {
    pub end: End,
    /// The halt's message holds this.
    pub halt: Option<String>,
    /// The message of the halt before the run was started again holds this.
    pub halted_first: Option<String>,
    pub duration_s: Option<Range>,
    /// Rows done a second, over all.
    pub per_s: Option<Range>,
    /// Most requests in flight at a time, as the server saw them.
    pub in_flight: Option<Range>,
    /// Creates beyond one for each row.
    pub wasted: Option<Range>,
    /// Creates in all.
    pub creates: Option<Range>,
    /// Requests refused as too many.
    pub throttled: Option<Range>,
    /// The share of requests refused as too many, after some seconds.
    pub throttled_share: Option<Share>,
    /// Requests sent into each outage, beyond those in flight when it began.
    pub sent_into_outage: Option<Range>,
    /// A row is created this soon after each outage.
    pub back_within_s: Option<f64>,
    /// Attempts spent beyond those that created a row.
    pub spent_in_vain: Option<Range>,
    /// How many rows of a status or detail there are; without `done` all rows must be.
    pub done: Option<Range>,
    pub pending: Option<Range>,
    pub unknown: Option<Range>,
    pub failed: Option<Range>,
    pub invalid: Option<Range>,
    pub created: Option<Range>,
    pub existed: Option<Range>,
    /// How often the process died before the run ended.
    pub kills: Option<Range>,
    /// Watchers were told this, with more around it.
    pub note: Option<String>,
    /// What watchers were told that the runs do, each change once.
    pub activities: Option<Vec<String>>,
    /// What becomes of some rows: `failed/exhausted`.
    pub rows: BTreeMap<String, String>,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Share {
    pub after_s: f64,
    pub max: f64,
}

/// Reads a scenario.
pub(crate) fn parse(text: &str) -> Scenario {
    toml::from_str(text).unwrap()
}
