//! How an attempt ended.

use super::Class;
use crate::problem::Problem;

/// Why the target refuses to work at all, and the way out. Neither text holds a value that was
/// sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Halt {
    pub message: String,
    pub hint: String,
}

/// The outcome of one attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The provider says that it created the user, with this id.
    Created {
        /// The id in the directory.
        remote_id: String,
    },
    /// The provider has such a user: to be looked up.
    Duplicate,
    /// The data must change.
    Rejected,
    /// A refusal that no known code explains and that could not be checked by a read; nothing was
    /// created.
    Unexplained {
        /// It was the token that was refused, though it is a fresh one. If a read passes with it, it is
        /// good, and only not known everywhere yet.
        about_token: bool,
    },
    /// The request had too many users or bytes; nothing was created.
    TooLarge,
    /// Refused together with the others of its request, for a fault that may be theirs; nothing was created.
    Entangled {
        /// It may be there already, for that is the fault of one of them: to be looked up.
        in_doubt: bool,
    },
    /// Too often; nothing was created.
    Throttled,
    /// The token or the key is out of date; nothing was created.
    Stale {
        /// Where what was fetched last has never been accepted: why the run halts if no row gets through.
        halt: Option<Halt>,
    },
    /// The connection could not be made; nothing was sent.
    NotSent,
    /// Ended without a readable answer.
    Unknown,
    /// The target refuses to work at all; nothing was created.
    Halt(Halt),
    /// It cannot be sent to this target (its password does not fit the key); nothing was sent.
    Unsendable(Problem),
    /// Claimed, but never handed to the transport.
    Returned,
}

impl Outcome {
    /// The class for the table `attempt`; `None` when there was no attempt at all.
    pub fn class(&self) -> Option<Class> {
        Some(match self {
            Self::Created { .. } => Class::Created,
            Self::Duplicate => Class::Duplicate,
            Self::Rejected | Self::TooLarge | Self::Unexplained { .. } => Class::Rejected,
            Self::Entangled { .. } => Class::Entangled,
            Self::Throttled => Class::Throttled,
            Self::Stale { .. } => Class::Stale,
            Self::NotSent => Class::NotSent,
            Self::Unknown => Class::Unknown,
            Self::Halt(_) => Class::Halt,
            Self::Unsendable(_) => Class::Unsendable,
            Self::Returned => return None,
        })
    }

    /// Whether the user cannot have been made by this attempt: the provider says so, or nothing was
    /// sent. One who is found later, and was not in doubt before, was made by a later attempt.
    pub fn proves_absence(&self) -> bool {
        match self {
            Self::Created { .. } | Self::Unknown => false,
            Self::Duplicate
            | Self::Rejected
            | Self::TooLarge
            | Self::Entangled { .. }
            | Self::Unexplained { .. }
            | Self::Throttled
            | Self::Stale { .. }
            | Self::NotSent
            | Self::Halt(_)
            | Self::Unsendable(_)
            | Self::Returned => true,
        }
    }

    /// Whether the provider gave a definite answer about the row: proof that it answers.
    pub fn is_definite(&self) -> bool {
        match self {
            Self::Created { .. } | Self::Duplicate | Self::Rejected | Self::TooLarge => true,
            Self::Entangled { .. }
            | Self::Unexplained { .. }
            | Self::Throttled
            | Self::Stale { .. }
            | Self::NotSent
            | Self::Unknown
            | Self::Halt(_)
            | Self::Unsendable(_)
            | Self::Returned => false,
        }
    }

    /// Whether it was refused together with others.
    pub fn is_entangled(&self) -> bool {
        match self {
            Self::Entangled { .. } => true,
            Self::Created { .. }
            | Self::Duplicate
            | Self::Rejected
            | Self::TooLarge
            | Self::Unexplained { .. }
            | Self::Throttled
            | Self::Stale { .. }
            | Self::NotSent
            | Self::Unknown
            | Self::Halt(_)
            | Self::Unsendable(_)
            | Self::Returned => false,
        }
    }

    /// Why the row cannot be sent, where it cannot.
    pub fn problem(&self) -> Option<&Problem> {
        match self {
            Self::Unsendable(problem) => Some(problem),
            Self::Created { .. }
            | Self::Duplicate
            | Self::Rejected
            | Self::TooLarge
            | Self::Entangled { .. }
            | Self::Unexplained { .. }
            | Self::Throttled
            | Self::Stale { .. }
            | Self::NotSent
            | Self::Unknown
            | Self::Halt(_)
            | Self::Returned => None,
        }
    }

    /// Whether a read has to tell what it means.
    pub fn is_unexplained(&self) -> bool {
        match self {
            Self::Unexplained { .. } => true,
            Self::Created { .. }
            | Self::Duplicate
            | Self::Rejected
            | Self::TooLarge
            | Self::Entangled { .. }
            | Self::Throttled
            | Self::Stale { .. }
            | Self::NotSent
            | Self::Unknown
            | Self::Halt(_)
            | Self::Unsendable(_)
            | Self::Returned => false,
        }
    }

    /// Of several rows that a key is out of date for, the request tells of the key, once; not each row.
    #[must_use]
    pub fn without_halt_of_stale(self) -> Self {
        match self {
            Self::Stale { .. } => Self::Stale { halt: None },
            Self::Created { .. }
            | Self::Duplicate
            | Self::Rejected
            | Self::TooLarge
            | Self::Entangled { .. }
            | Self::Unexplained { .. }
            | Self::Throttled
            | Self::NotSent
            | Self::Unknown
            | Self::Halt(_)
            | Self::Unsendable(_)
            | Self::Returned => self,
        }
    }

    /// What an authenticated read that passes, and left after the refusal, makes of it: the target takes
    /// others, so the row is refused for itself, or its token is only not known everywhere yet.
    #[must_use]
    pub fn explained(self) -> Self {
        match self {
            Self::Unexplained { about_token: true } => Self::Stale { halt: None },
            Self::Unexplained { about_token: false } | Self::Throttled => Self::Rejected,
            Self::Created { .. }
            | Self::Duplicate
            | Self::Rejected
            | Self::TooLarge
            | Self::Entangled { .. }
            | Self::Stale { .. }
            | Self::NotSent
            | Self::Unknown
            | Self::Halt(_)
            | Self::Unsendable(_)
            | Self::Returned => self,
        }
    }
}
