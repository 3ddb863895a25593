//! What the end of a run without a word leaves behind, and what the next run makes of it.

use super::{Standing, Status};
use crate::backoff;

/// What the ledger says of an attempt whose run ended before its outcome was recorded.
pub const CRASHED: &str = "the run ended before an answer was recorded";

/// An hour of `Retry-After` and the longest backoff, milliseconds.
const FAR_MS: i64 = 3_600_000 + backoff::CAP_MS;

impl Standing {
    /// What a run that begins makes of a row: what was being sent is in doubt, and each doubt passes into
    /// its hands; a row that would wait longer than any backoff waits no more, for the clock was set back.
    /// Rows that stay as they are: `None`.
    pub fn recovered(&self, run: i64, now_ms: i64) -> Option<Self> {
        match self.status {
            Status::Sending => Some(Self {
                status: Status::Unknown,
                claimed_by: Some(run),
                reason: Some(CRASHED.to_owned()),
                updated_at_ms: now_ms,
                ..self.clone()
            }),
            Status::Unknown => Some(Self { claimed_by: Some(run), ..self.clone() }),
            Status::Pending if self.not_before_ms > latest_due_ms(now_ms) => {
                Some(Self { not_before_ms: 0, ..self.clone() })
            }
            Status::Pending | Status::Done | Status::Failed | Status::Invalid => None,
        }
    }
}

/// The latest time for which a row can wait, UTC milliseconds.
pub(crate) fn latest_due_ms(now_ms: i64) -> i64 {
    now_ms + FAR_MS
}
