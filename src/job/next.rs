//! The table of outcomes.

use super::{Detail, Evidence, Job, Now, Outcome, Status, Transition};
use crate::backoff;

/// What an outcome makes of a job that is being sent.
///
/// `until_ms` is when the target asked to come back, if it did (UTC milliseconds).
pub fn next(job: &Job, outcome: &Outcome, until_ms: Option<i64>, now: Now) -> Transition {
    match outcome {
        Outcome::Created { remote_id } => {
            Transition::done(Detail::Created, remote_id.clone(), Evidence::Reply).spend()
        }
        Outcome::Duplicate => Transition::to(Status::Unknown).spend(),
        Outcome::Rejected | Outcome::TooLarge => Transition::failed(Detail::Rejected).spend(),
        // The fault may be that of another row: nothing is held against this one.
        Outcome::Entangled { in_doubt: true } => Transition::to(Status::Unknown),
        Outcome::Entangled { in_doubt: false } => Transition::pending(0),
        Outcome::Throttled => {
            let wait = backoff::short(now.jitter);
            Transition::pending(until_ms.unwrap_or(now.ms).max(now.ms) + wait)
        }
        Outcome::Halt(_) | Outcome::Returned => Transition::pending(0),
        Outcome::Unexplained { .. } => {
            Transition::pending(now.ms + backoff::delay_ms(job.spent, now.jitter))
        }
        // A row that no key serves must not come before those that tell whether the key is good.
        Outcome::Stale { .. } | Outcome::NotSent => {
            Transition::pending(now.ms + backoff::short(now.jitter))
        }
        Outcome::Unknown => Transition::to(Status::Unknown),
        Outcome::Unsendable(_) => Transition::to(Status::Invalid),
    }
}
