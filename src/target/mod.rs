//! The target: the one API of a provider that a run talks to.
//!
//! Behind [`Target`] everything is the provider's own: tokens, keys, wire, codes. It answers with
//! the words of [`crate::job`]. It never retries: retries belong to the table.

// A new status or outcome must be met wherever one is told from another.
#![warn(clippy::wildcard_enum_match_arm)]

pub mod http;

use crate::identity::DirectoryUser;
use crate::job::{Halt, Outcome, Stored};
use crate::user::{Identifiers, User};
use std::pin::Pin;
use std::time::Duration;

/// What a request came to: what is known of the request itself, beside what was asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reply<T> {
    pub told: Told,
    pub body: T,
}

impl<T> Reply<T> {
    /// A reply of which nothing else is known.
    pub fn new(body: T) -> Self {
        Self { told: Told::default(), body }
    }
}

/// What is known of a request besides what was asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Told {
    /// The HTTP status, if there was a reply.
    pub http_status: Option<u16>,
    /// The provider's id of the request.
    pub request_id: Option<String>,
    /// When to come back, if the target said so.
    pub retry_after: Option<Duration>,
    /// The target's own time, UTC milliseconds.
    pub date_ms: Option<i64>,
}

/// What became of one user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    pub outcome: Outcome,
    /// The provider's code, or `http-NNN` where there is none.
    pub code: Option<String>,
    /// The provider's message, or the transport's; every value that we sent is replaced by the
    /// name of its field.
    pub message: Option<String>,
}

impl Answer {
    /// An answer of this class, with nothing else known.
    pub fn new(outcome: Outcome) -> Self {
        Self { outcome, code: None, message: None }
    }

    /// An answer of this class, with words about it.
    pub fn worded(outcome: Outcome, message: String) -> Self {
        Self { message: Some(message), ..Self::new(outcome) }
    }

    /// An answer of this class, with the provider's code.
    pub fn coded(outcome: Outcome, code: impl Into<String>) -> Self {
        Self { code: Some(code.into()), ..Self::new(outcome) }
    }
}

/// What a request came to that was to create users.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Created {
    /// The reply says of each user what became of it, in the order in which they were sent.
    Each(Vec<Answer>),
    /// The request as a whole came to one end.
    Whole {
        answer: Answer,
        /// What may be in the directory all the same.
        stored: Stored,
    },
}

impl Created {
    /// The request came to this end, and left nothing in the directory but what the outcome says.
    pub fn whole(answer: Answer) -> Self {
        Self::Whole { answer, stored: Stored::Nothing }
    }
}

/// What comes later; boxed, so that a target can be chosen while the program runs.
pub type Later<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Why a read came to nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The connection could not be made.
    NotSent(String),
    /// No readable answer.
    Unknown(String),
    /// What answered does not speak the target's protocol: another program, a proxy, or a target that
    /// hangs up. In the middle of a run that is an outage; from its start on, a wrong setting.
    Foreign(String),
    /// Too often.
    Throttled,
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
    /// Whether the target refuses to work at all.
    pub fn is_halt(&self) -> bool {
        match self {
            Self::Halt(_) => true,
            Self::NotSent(_)
            | Self::Unknown(_)
            | Self::Foreign(_)
            | Self::Throttled
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

/// One API of a provider. Four questions; the replies bear all that is known.
pub trait Target: Send + Sync + 'static {
    /// An authenticated read that changes nothing: whether the target answers, knows us, and lets
    /// us look users up. Fetches what later requests need (token, key).
    fn probe(&self) -> Later<'_, Reply<Result<(), Fault>>>;

    /// Creates users, in one request: no more than the provider's limits, of one batch key.
    fn create<'a>(&'a self, users: &'a [User]) -> Later<'a, Reply<Created>>;

    /// How many requests [`Self::find`] makes for these.
    fn requests_for(&self, wanted: &[Wanted]) -> usize {
        usize::from(!wanted.is_empty())
    }

    /// Looks users up: for each wanted one all users that share an identifier with it. Between its
    /// requests it waits for `pace`: one that is refused for coming too soon would spoil all.
    fn find<'a>(
        &'a self,
        wanted: &'a [Wanted],
        pace: Duration,
    ) -> Later<'a, Reply<Result<Vec<Vec<DirectoryUser>>, Fault>>>;
}
