//! How an attempt ended.

use super::Class;

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
    Unexplained,
    /// Too often; nothing was created.
    Throttled,
    /// The token or the key is out of date; nothing was created.
    Stale,
    /// The connection could not be made; nothing was sent.
    NotSent,
    /// Ended without a readable answer.
    Unknown,
    /// The target refuses to work at all; nothing was created.
    Halt,
    /// It cannot be sent to this target (its password does not fit the key); nothing was sent.
    Unsendable,
    /// Claimed, but never handed to the transport.
    Returned,
}

impl Outcome {
    /// The class for the table `attempt`; `None` when there was no attempt at all.
    pub fn class(&self) -> Option<Class> {
        Some(match self {
            Self::Created { .. } => Class::Created,
            Self::Duplicate => Class::Duplicate,
            Self::Rejected | Self::Unexplained => Class::Rejected,
            Self::Throttled => Class::Throttled,
            Self::Stale => Class::Stale,
            Self::NotSent => Class::NotSent,
            Self::Unknown => Class::Unknown,
            Self::Halt => Class::Halt,
            Self::Unsendable => Class::Unsendable,
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
            | Self::Unexplained
            | Self::Throttled
            | Self::Stale
            | Self::NotSent
            | Self::Halt
            | Self::Unsendable
            | Self::Returned => true,
        }
    }

    /// Whether the provider gave a definite answer about the row: proof that it answers.
    pub fn is_definite(&self) -> bool {
        match self {
            Self::Created { .. } | Self::Duplicate | Self::Rejected => true,
            Self::Unexplained
            | Self::Throttled
            | Self::Stale
            | Self::NotSent
            | Self::Unknown
            | Self::Halt
            | Self::Unsendable
            | Self::Returned => false,
        }
    }
}
