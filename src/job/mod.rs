//! A job and its laws: every change of a status.
//!
//! Everything here is pure: no clock, no randomness, no I/O. [`next()`] has the table of outcomes,
//! [`settle()`] that of lookups. [`Standing`] is what a row says of itself; what a run, a crash, a person, a new
//! mapping or another record makes of it are its methods. The store writes what they return.

// A new status or outcome must be met wherever one is told from another.
#![warn(clippy::wildcard_enum_match_arm)]

mod decide;
mod next;
mod outcome;
mod recover;
mod settle;
mod shared;
mod stage;
mod standing;
mod words;

pub use decide::{Decided, SettleAs};
pub use next::next;
pub use outcome::{Halt, Outcome};
pub use recover::CRASHED;
pub(crate) use recover::latest_due_ms;
pub use settle::{Finding, may_have_made, settle};
pub use shared::Stored;
pub use stage::{Correction, Remapped, SignIn};
pub use standing::{FirstSent, Standing, Written};
pub use words::{Class, Detail, Evidence, Newer, Op, Status};

use std::time::Duration;

/// What the rules need to know of a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Job {
    /// Attempts that count against [`Policy::max_attempts`].
    pub spent: u32,
    /// When the first create may have left, on the server's clock, UTC milliseconds.
    pub first_sent_ms: Option<i64>,
    /// An earlier attempt ended unknown, so that a user found may be of our making.
    pub had_unknown: bool,
    /// The last answer was that the user is there already.
    pub duplicate: bool,
}

/// What to do when another user stands in the way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum OnConflict {
    /// The row fails as a conflict.
    #[default]
    Fail,
    /// The row is done, skipped, if it is one user without an external id.
    Skip,
}

/// The settings that the rules depend on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Spent attempts after which a row is exhausted, at least 1.
    pub max_attempts: u32,
    /// What to do when another user stands in the way.
    pub on_conflict: OnConflict,
    /// How much a user's `createdAt` may lie before our first send and still be of our making:
    /// both are whole seconds of the server's clock, and ours is estimated from its `Date`.
    pub created_tolerance: Duration,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            max_attempts: 8,
            on_conflict: OnConflict::Fail,
            created_tolerance: Duration::from_secs(2),
        }
    }
}

/// The moment at which a rule is applied: time and chance come from outside.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Now {
    /// UTC milliseconds.
    pub ms: i64,
    /// A random number in `0.0..1.0`, for jitter.
    pub jitter: f64,
}

/// What becomes of a job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transition {
    /// The next status.
    pub status: Status,
    /// Why, for done and failed.
    pub detail: Option<Detail>,
    /// Whether an attempt is spent.
    pub spend: bool,
    /// For pending: not to be sent before, UTC milliseconds.
    pub not_before_ms: i64,
    /// The id in the directory: of a done job, or of the user without an external id that stands in
    /// the way of a failed one.
    pub remote_id: Option<String>,
    /// What done rests on.
    pub evidence: Option<Evidence>,
}

impl Transition {
    pub(super) fn to(status: Status) -> Self {
        Self {
            status,
            detail: None,
            spend: false,
            not_before_ms: 0,
            remote_id: None,
            evidence: None,
        }
    }

    pub(super) fn pending(not_before_ms: i64) -> Self {
        Self { not_before_ms, ..Self::to(Status::Pending) }
    }

    pub(super) fn done(detail: Detail, remote_id: String, evidence: Evidence) -> Self {
        Self {
            detail: Some(detail),
            remote_id: Some(remote_id),
            evidence: Some(evidence),
            ..Self::to(Status::Done)
        }
    }

    pub(super) fn failed(detail: Detail) -> Self {
        Self { detail: Some(detail), ..Self::to(Status::Failed) }
    }

    pub(super) fn spend(self) -> Self {
        Self { spend: true, ..self }
    }
}

/// A doubt that nothing can settle now stays one.
pub fn held() -> Transition {
    Transition::to(Status::Unknown)
}

#[cfg(test)]
mod tests;
