//! The table of findings: what a lookup makes of a doubt.

use super::{Detail, Evidence, Job, Now, OnConflict, Policy, Transition};
use crate::backoff;

/// What a lookup by the identifiers that were sent found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding {
    /// One user, and it is ours.
    Ours {
        /// The id in the directory.
        remote_id: String,
        /// When the directory says it was created, UTC milliseconds.
        created_at_ms: Option<i64>,
    },
    /// One user that is not ours and has no external id.
    Bystander {
        /// The id in the directory.
        remote_id: String,
    },
    /// A user with another external id, ours with other identifiers, or several users.
    Other,
    /// Nobody, and it is too early to conclude anything from it.
    NobodyYet,
    /// Nobody, after the quiet time.
    Nobody {
        /// Whether the unknown attempt counts against the row: the target was answering other rows.
        witnessed: bool,
    },
}

/// What a finding makes of a job that is in doubt (its last outcome was [`Outcome::Duplicate`] or
/// [`Outcome::Unknown`]). `None`: it stays in doubt and is looked up again.
pub fn settle(job: &Job, finding: &Finding, policy: &Policy, now: Now) -> Option<Transition> {
    match finding {
        Finding::Ours { remote_id, created_at_ms } => {
            let detail = if job.had_unknown && is_of_our_making(job, *created_at_ms, policy) {
                Detail::Created
            } else {
                Detail::Existed
            };
            Some(Transition::done(detail, remote_id.clone(), Evidence::Lookup))
        }
        Finding::Bystander { remote_id } => Some(match policy.on_conflict {
            OnConflict::Skip => {
                Transition::done(Detail::Skipped, remote_id.clone(), Evidence::Lookup)
            }
            // Kept, so that it is known later whom a skip would pass over.
            OnConflict::Fail => Transition {
                remote_id: Some(remote_id.clone()),
                ..Transition::failed(Detail::Conflict)
            },
        }),
        Finding::Other => Some(Transition::failed(Detail::Conflict)),
        Finding::NobodyYet => None,
        // The provider says it is there, and we may have made it: its search lags. Resending
        // would only be answered the same way.
        Finding::Nobody { .. } if job.duplicate && job.had_unknown => None,
        Finding::Nobody { .. } if job.duplicate => Some(Transition::failed(Detail::Conflict)),
        Finding::Nobody { witnessed } => Some(resend(job, *witnessed, policy, now)),
    }
}

/// Whether a user created at this time may be of this job's making: an attempt ended unknown, and
/// the directory does not say, or cannot for want of a clock, that the user was there before.
pub fn may_have_made(job: &Job, created_at_ms: Option<i64>, policy: &Policy) -> bool {
    let nobody_can_say = created_at_ms.is_none() || job.first_sent_ms.is_none();
    job.had_unknown && (nobody_can_say || is_of_our_making(job, created_at_ms, policy))
}

fn is_of_our_making(job: &Job, created_at_ms: Option<i64>, policy: &Policy) -> bool {
    let tolerance = i64::try_from(policy.created_tolerance.as_millis()).unwrap_or(i64::MAX);
    match (created_at_ms, job.first_sent_ms) {
        (Some(created), Some(sent)) => created >= sent.saturating_sub(tolerance),
        // A later undo deletes what was created here: without proof it is not ours to delete.
        (None, _) | (_, None) => false,
    }
}

fn resend(job: &Job, witnessed: bool, policy: &Policy, now: Now) -> Transition {
    let spent = job.spent + u32::from(witnessed);
    if witnessed && spent >= policy.max_attempts {
        return Transition::failed(Detail::Exhausted).spend();
    }
    let next = Transition::pending(now.ms + backoff::delay_ms(spent, now.jitter));
    if witnessed { next.spend() } else { next }
}
