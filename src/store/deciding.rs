//! What people decide about rows, and take back.

use super::{JobId, Lens, StoreError};
use crate::job::{Detail, SettleAs, Status};

/// Which failed rows to retry; all of them by default.
#[derive(Clone, Debug, Default)]
pub struct Retry {
    /// Only those with this code.
    pub code: Option<String>,
    /// Only those that failed so.
    pub detail: Option<Detail>,
    /// Only these.
    pub jobs: Option<Vec<JobId>>,
}

/// Which rows to waive.
#[derive(Clone, Debug)]
pub enum Chosen {
    /// These.
    Jobs(Vec<JobId>),
    /// These, which were named by an identifier that stands beside their keys.
    Beside(Vec<JobId>),
    /// All of a status: failed, invalid or unknown.
    Status(Status),
    /// All that failed in this way.
    Failed(Detail),
    /// Of these statuses, the rows whose record came from this source.
    Source {
        /// The path of the source.
        path: String,
        /// Only the latest of the sources with this path: a file may be staged in several states.
        is_latest: bool,
        /// Pending, failed, invalid or unknown.
        statuses: Vec<Status>,
    },
}

/// What became of failed rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Retried {
    /// They will be sent again.
    pub pending: u64,
    /// They cannot be sent as they are.
    pub invalid: u64,
}

/// What undoing decisions came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Undone {
    /// Rows that are again what they were.
    pub undone: u64,
    /// Of these, rows that share an identifier with a row that came meanwhile: they cannot be sent.
    pub taken: u64,
    /// Rows that have moved on since, and stay as they are.
    pub moved_on: u64,
}

impl std::ops::AddAssign for Undone {
    fn add_assign(&mut self, other: Self) {
        self.undone += other.undone;
        self.taken += other.taken;
        self.moved_on += other.moved_on;
    }
}

/// What a person may do with rows. What becomes of each says `job`.
pub trait Deciding {
    /// What [`Self::retry`] would do; changes nothing.
    fn would_retry(&self, which: &Retry) -> Result<Retried, StoreError>;
    /// The rows that [`Self::retry`] would take, the oldest first.
    fn failed_jobs(&self, which: &Retry) -> Result<Vec<JobId>, StoreError>;
    /// Makes failed rows pending again, and those invalid that have problems by now; attempts and
    /// history stay.
    fn retry(&mut self, which: &Retry, now_ms: i64) -> Result<Retried, StoreError>;
    /// Settles a row that is unknown; `false` when it is not.
    fn settle(
        &mut self,
        job: JobId,
        to: SettleAs<'_>,
        reason: &str,
        now_ms: i64,
    ) -> Result<bool, StoreError>;
    /// Lets failed, invalid and unknown rows go, and pending ones that are named by themselves or by their
    /// source. Returns how many.
    fn waive(&mut self, which: &Chosen, reason: &str, now_ms: i64) -> Result<u64, StoreError>;
    /// All of a source was a mistake, or was none after all: what its records say of users who are done counts no
    /// more, or again. `is_latest`: only the latest of the sources with this path. Whether they say anything.
    fn give_up(&mut self, path: &str, is_latest: bool, given_up: bool) -> Result<bool, StoreError>;
    /// The rows that `--undo` with this choice takes back. All of them are still waived. A status, a class or a source
    /// takes back only rows that were waived by the same choice, not rows waived by key; an identifier other than the
    /// key takes back only rows that were waived by that identifier.
    fn waived(&self, which: &Chosen) -> Result<Vec<JobId>, StoreError>;
    /// How many rows of a status, a class or a source are waived in another way, so that `--undo` of such a
    /// choice leaves them alone.
    fn waived_otherwise(&self, which: &Chosen) -> Result<u64, StoreError>;
    /// Takes back the latest decision of this sort about each of these rows, if nothing has happened
    /// since. Where nothing was decided, nothing is undone.
    fn undo(
        &mut self,
        jobs: &[JobId],
        decision: &str,
        lens: &Lens<'_>,
        now_ms: i64,
    ) -> Result<Undone, StoreError>;
}
