//! The words of the job table, of JSON and of the command line.

use std::fmt;

macro_rules! words {
    ($(#[$meta:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident = $word:literal,)* }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum $name { $($(#[$doc])* $variant,)* }

        impl $name {
            /// All of them, in the order of the documentation.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The word in the table, in JSON and on the command line.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)* }
            }

            /// The inverse of [`Self::as_str`].
            pub fn parse(word: &str) -> Option<Self> {
                match word { $($word => Some(Self::$variant),)* _ => None }
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                to.serialize_str(self.as_str())
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.as_str())
            }
        }
    };
}

words! {
    /// What a newer record says of a user, where it was not applied.
    Newer {
        /// May not sign in, who was sent as one who may.
        Blocked = "blocked",
        /// Nothing that the mapping knows of whether the user may sign in.
        StateUnknown = "state-unknown",
        /// May sign in, who was sent as one who may not.
        Unblocked = "unblocked",
        /// Something else is otherwise.
        Differs = "differs",
        /// Whatever it says: a person has let go of the user.
        KeptOut = "kept-out",
    }
}

words! {
    /// Where a job stands.
    Status {
        /// To send, maybe not before a time.
        Pending = "pending",
        /// Claimed by a run.
        Sending = "sending",
        /// May or may not have been created.
        Unknown = "unknown",
        /// In the directory, or let go by policy or a person.
        Done = "done",
        /// Refused for good, until somebody retries it.
        Failed = "failed",
        /// Problems found before sending; nothing was sent.
        Invalid = "invalid",
    }
}

impl Status {
    /// For people, with its detail if it has one: `failed/conflict`, `pending`.
    pub fn with(self, detail: Option<Detail>) -> String {
        match detail {
            Some(detail) => format!("{self}/{detail}"),
            None => self.to_string(),
        }
    }

    /// In a run's hands: being sent, or in doubt.
    pub fn is_in_hand(self) -> bool {
        match self {
            Self::Sending | Self::Unknown => true,
            Self::Pending | Self::Done | Self::Failed | Self::Invalid => false,
        }
    }

    /// It cannot be sent as it is.
    pub fn is_wrong(self) -> bool {
        match self {
            Self::Failed | Self::Invalid => true,
            Self::Pending | Self::Sending | Self::Unknown | Self::Done => false,
        }
    }

    /// It keeps the provider's code: the tally groups by it.
    pub fn has_code(self) -> bool {
        match self {
            Self::Failed | Self::Unknown => true,
            Self::Pending | Self::Sending | Self::Done | Self::Invalid => false,
        }
    }

    /// The row says why it is not done: its code, its reason or its problems.
    pub fn says_why(self) -> bool {
        match self {
            Self::Failed | Self::Invalid | Self::Unknown => true,
            Self::Pending | Self::Sending | Self::Done => false,
        }
    }

    /// A person can let it go.
    pub fn can_be_waived(self) -> bool {
        match self {
            Self::Pending | Self::Sending | Self::Unknown | Self::Failed | Self::Invalid => true,
            Self::Done => false,
        }
    }
}

words! {
    /// Why a job is done or failed.
    Detail {
        /// Done: created by this job table.
        Created = "created",
        /// Done: it was there, and is ours.
        Existed = "existed",
        /// Done: left alone by policy.
        Skipped = "skipped",
        /// Done: let go by a person.
        Waived = "waived",
        /// Done: it was there without being ours, and has been made ours.
        Adopted = "adopted",
        /// Done: it was there, and has been brought up to date.
        Updated = "updated",
        /// Done: created by this job table, and deleted again.
        Undone = "undone",
        /// Failed: rejected by the provider.
        Rejected = "rejected",
        /// Failed: another user stands in the way.
        Conflict = "conflict",
        /// Failed: attempts used up.
        Exhausted = "exhausted",
    }
}

words! {
    /// The class of an attempt's result, as the table `attempt` keeps it.
    Class {
        /// The provider says that it created the user.
        Created = "created",
        /// The provider has such a user.
        Duplicate = "duplicate",
        /// The data must change.
        Rejected = "rejected",
        /// Too often; nothing was created.
        Throttled = "throttled",
        /// The token or the key is out of date; nothing was created.
        Stale = "stale",
        /// No connection; nothing was sent.
        NotSent = "not-sent",
        /// No readable answer: may or may not have been created.
        Unknown = "unknown",
        /// The target refuses to work at all; nothing was created.
        Halt = "halt",
        /// It cannot be sent to this target; nothing was sent.
        Unsendable = "unsendable",
        /// Refused together with others of its request, for a fault that may be theirs; nothing was created.
        Entangled = "entangled",
    }
}

words! {
    /// What an attempt does. Reads are never attempts.
    Op {
        /// Creates the user.
        Create = "create",
        /// Changes it.
        Update = "update",
        /// Deletes it.
        Delete = "delete",
    }
}

words! {
    /// What a row's being done rests on.
    Evidence {
        /// The reply to its create.
        Reply = "reply",
        /// A later lookup.
        Lookup = "lookup",
    }
}
