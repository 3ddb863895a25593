//! What a row says of itself, and what a run makes of it.

use super::{Detail, Evidence, Status, Transition};

/// Everything of a row that a law may change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    pub status: Status,
    /// Why, for done and failed.
    pub detail: Option<Detail>,
    /// Attempts that count against [`super::Policy::max_attempts`].
    pub spent: u32,
    /// For pending: not to be sent before, UTC milliseconds.
    pub not_before_ms: i64,
    /// When the first create may have left, on the server's clock, UTC milliseconds.
    pub first_sent_ms: Option<i64>,
    /// The run that has it in hand, while it is sending or unknown.
    pub claimed_by: Option<i64>,
    /// The id in the directory.
    pub remote_id: Option<String>,
    /// What done rests on.
    pub evidence: Option<Evidence>,
    /// The provider's code, for failed and unknown.
    pub code: Option<String>,
    /// For people: why it failed, is in doubt or was let go.
    pub reason: Option<String>,
    /// UTC milliseconds.
    pub updated_at_ms: i64,
}

/// What an outcome tells of when a job's first send left that may have arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FirstSent {
    /// Nothing new.
    Keep,
    /// No send so far can have arrived: the next one is the first.
    Forget,
    /// At this time, on the target's clock, UTC milliseconds; the claim could only note its own.
    At(i64),
}

/// What is written with a transition.
#[derive(Clone, Copy, Debug)]
pub struct Written<'a> {
    /// The provider's code, if it gave one.
    pub code: Option<&'a str>,
    /// Why, for people.
    pub reason: Option<&'a str>,
    pub first_sent: FirstSent,
}

impl Standing {
    /// Taken by a run, to be sent. `target_now_ms` is UTC milliseconds on the target's clock, where it is
    /// known. Only pending rows are claimed.
    pub fn claimed(&self, run: i64, target_now_ms: Option<i64>, now_ms: i64) -> Option<Self> {
        match self.status {
            Status::Pending => Some(Self {
                status: Status::Sending,
                claimed_by: Some(run),
                code: None,
                reason: None,
                first_sent_ms: self.first_sent_ms.or(target_now_ms),
                updated_at_ms: now_ms,
                ..self.clone()
            }),
            Status::Sending | Status::Unknown | Status::Done | Status::Failed | Status::Invalid => {
                None
            }
        }
    }

    /// What a transition makes of a row that is in a run's hands.
    #[must_use]
    pub fn after(&self, to: &Transition, with: &Written<'_>, now_ms: i64) -> Self {
        Self {
            status: to.status,
            detail: to.detail,
            spent: self.spent + u32::from(to.spend),
            not_before_ms: to.not_before_ms,
            first_sent_ms: match with.first_sent {
                FirstSent::Keep => self.first_sent_ms,
                FirstSent::Forget => None,
                FirstSent::At(ms) => Some(ms),
            },
            claimed_by: self.claimed_by.filter(|_| to.status.is_in_hand()),
            remote_id: to.remote_id.clone().or_else(|| self.remote_id.clone()),
            evidence: to.evidence.or(self.evidence),
            code: with.code.filter(|_| to.status.has_code()).map(str::to_owned),
            reason: with.reason.map(str::to_owned),
            updated_at_ms: now_ms,
        }
    }

    /// A row that its run found rejected or unsendable, where every row was refused alike: pending again,
    /// and unspent.
    pub fn taken_back(&self, now_ms: i64) -> Option<Self> {
        let spent = match self.status {
            Status::Failed if self.detail == Some(Detail::Rejected) => self.spent.saturating_sub(1),
            Status::Invalid => self.spent,
            Status::Failed | Status::Pending | Status::Sending | Status::Unknown | Status::Done => {
                return None;
            }
        };
        Some(Self { spent, ..self.pending_again(now_ms) })
    }

    /// To be sent at once, with nothing held against it.
    pub(super) fn pending_again(&self, now_ms: i64) -> Self {
        Self {
            status: Status::Pending,
            detail: None,
            not_before_ms: 0,
            claimed_by: None,
            code: None,
            reason: None,
            updated_at_ms: now_ms,
            ..self.clone()
        }
    }
}
