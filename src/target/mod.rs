//! The target: the one API of a provider that a run talks to.
//!
//! Behind [`Target`] everything is the provider's own: tokens, keys, wire, codes. It answers with
//! the words of [`crate::job`]. It never retries: retries belong to the table.

// A new status or outcome must be met wherever one is told from another.
#![warn(clippy::wildcard_enum_match_arm)]

pub mod authing;
pub mod http;

use crate::identity::DirectoryUser;
use crate::job::{Halt, Outcome};
use crate::user::{Identifiers, User};
use std::future::Future;
use std::time::Duration;

/// The answer to one create.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    pub outcome: Outcome,
    pub told: Told,
}

impl Answer {
    /// An answer of this class, with nothing else known.
    pub fn new(outcome: Outcome) -> Self {
        Self { outcome, told: Told::default() }
    }

    /// An answer of this class, with words about it.
    pub fn worded(outcome: Outcome, message: String) -> Self {
        Self { outcome, told: Told { message: Some(message), ..Told::default() } }
    }
}

/// What a reply says besides its outcome.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Told {
    /// The HTTP status, if there was an answer.
    pub http_status: Option<u16>,
    /// The provider's code, or `http-NNN` where there is none.
    pub code: Option<String>,
    /// The provider's message, or the transport's; every value that we sent is replaced by the
    /// name of its field.
    pub message: Option<String>,
    /// The provider's id of the request.
    pub request_id: Option<String>,
    /// When to come back, if the target said so.
    pub retry_after: Option<Duration>,
}

/// Why a read came to nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The connection could not be made.
    NotSent(String),
    /// No readable answer.
    Unknown {
        /// What came instead.
        why: String,
        /// When to come back, if the target said so.
        retry_after: Option<Duration>,
    },
    /// What answered does not speak the target's protocol: another program, a proxy, or a target that
    /// hangs up. In the middle of a run that is an outage; from its start on, a wrong setting.
    Foreign(String),
    /// Too often.
    Throttled(Option<Duration>),
    /// The token was out of date; it is fetched anew before the next request.
    Stale,
    /// The target works, but does not allow this read.
    Denied(Halt),
    /// The target works, but does not take this question; it may take another. The halt is for where
    /// it takes none.
    Refused(Halt),
    /// The target refuses to work at all.
    Halt(Halt),
}

impl Fault {
    /// No readable answer, and no word about when to come back.
    pub fn unknown(why: String) -> Self {
        Self::Unknown { why, retry_after: None }
    }

    /// Whether the target refuses to work at all.
    pub fn is_halt(&self) -> bool {
        match self {
            Self::Halt(_) => true,
            Self::NotSent(_)
            | Self::Unknown { .. }
            | Self::Foreign(_)
            | Self::Throttled(_)
            | Self::Stale
            | Self::Denied(_)
            | Self::Refused(_) => false,
        }
    }
}

/// What to look up for one job.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// The identifiers that were sent.
    pub identifiers: Identifiers,
    /// By every one of them; else by the first, the key.
    pub thorough: bool,
}

/// One API of a provider.
pub trait Target: Send + Sync + 'static {
    /// An authenticated read that changes nothing: whether the target answers, knows us, and lets
    /// us look users up. Fetches what later requests need (token, key).
    fn probe(&self) -> impl Future<Output = Result<(), Fault>> + Send;

    fn create(&self, user: &User) -> impl Future<Output = Answer> + Send;

    /// How many requests [`Self::find`] makes for these.
    fn requests_for(&self, wanted: &[Wanted]) -> usize {
        usize::from(!wanted.is_empty())
    }

    /// Looks users up: for each wanted one all users that share an identifier with it. Between its
    /// requests it waits for `pace`: one that is refused for coming too soon would spoil all.
    fn find(
        &self,
        wanted: &[Wanted],
        pace: Duration,
    ) -> impl Future<Output = Result<Vec<Vec<DirectoryUser>>, Fault>> + Send;

    /// How much the target's clock is ahead of ours, milliseconds; `None` while it is not known.
    fn clock_ahead_ms(&self) -> Option<i64>;
}
