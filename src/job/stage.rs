//! What a record, other records and another mapping make of a row.

use super::{Newer, Standing, Status};

/// Whether a corrected record may take the place of a row's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Correction {
    /// It may: nothing is in the directory.
    Takes,
    /// The user is done: change it at the provider.
    IsDone,
    /// The row is in a run's hands.
    IsInHand,
}

/// What another mapping found in a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Remapped {
    /// It cannot be sent as it is.
    pub has_problems: bool,
    /// It is found by the same identifiers as before.
    pub same_identifiers: bool,
    /// A person has decided about it, and has not taken that back.
    pub is_decided: bool,
}

/// What a record says of whether its user may sign in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignIn {
    /// They may.
    May,
    /// The record says nothing of it: who is sent like that may.
    Unsaid,
    /// They may not.
    MayNot,
    /// The mapping does not know what is said.
    Unknown,
}

impl Newer {
    /// Compares whether the user may sign in by the record that was (or will be) sent and by the newer one.
    pub fn of(sent: SignIn, newer: SignIn) -> Self {
        match (sent, newer) {
            (SignIn::May | SignIn::Unsaid | SignIn::Unknown, SignIn::MayNot) => Self::Blocked,
            (_, SignIn::Unknown) | (SignIn::MayNot, SignIn::Unsaid) => Self::StateUnknown,
            (SignIn::MayNot, SignIn::May) => Self::Unblocked,
            (SignIn::May | SignIn::Unsaid | SignIn::Unknown, SignIn::May | SignIn::Unsaid)
            | (SignIn::MayNot, SignIn::MayNot) => Self::Differs,
        }
    }

    /// Whether the user may have to be shut out.
    pub fn is_alarm(self) -> bool {
        match self {
            Self::Blocked | Self::StateUnknown => true,
            Self::Unblocked | Self::Differs | Self::KeptOut => false,
        }
    }
}

impl Standing {
    /// A new row.
    pub fn staged(is_valid: bool, now_ms: i64) -> Self {
        Self {
            status: if is_valid { Status::Pending } else { Status::Invalid },
            detail: None,
            spent: 0,
            not_before_ms: 0,
            first_sent_ms: None,
            claimed_by: None,
            remote_id: None,
            evidence: None,
            code: None,
            reason: None,
            updated_at_ms: now_ms,
        }
    }

    /// Another row has what this one would be found by: it cannot be sent. Only rows that are still to
    /// be sent change.
    pub fn held_against(&self) -> Option<Self> {
        match self.status {
            Status::Pending => Some(Self { status: Status::Invalid, ..self.clone() }),
            Status::Sending | Status::Unknown | Status::Done | Status::Failed | Status::Invalid => {
                None
            }
        }
    }

    /// Nothing is held against an invalid row any more.
    pub fn freed(&self, has_problems: bool) -> Option<Self> {
        match self.status {
            Status::Invalid if !has_problems => {
                Some(Self { status: Status::Pending, code: None, reason: None, ..self.clone() })
            }
            Status::Pending
            | Status::Sending
            | Status::Unknown
            | Status::Done
            | Status::Failed
            | Status::Invalid => None,
        }
    }

    /// Whether a corrected record may take this row's place.
    pub fn correction(&self) -> Correction {
        match self.status {
            Status::Pending | Status::Failed | Status::Invalid => Correction::Takes,
            Status::Done => Correction::IsDone,
            Status::Sending | Status::Unknown => Correction::IsInHand,
        }
    }

    /// Another record takes the place of the row's: nothing of the old one stays but its attempts. Whoever
    /// is found by other identifiers was not made by what was sent before.
    pub fn replaced(&self, is_valid: bool, same_identifiers: bool, now_ms: i64) -> Option<Self> {
        match self.correction() {
            Correction::Takes => Some(Self {
                first_sent_ms: self.first_sent_ms.filter(|_| same_identifiers),
                ..Self::staged(is_valid, now_ms)
            }),
            Correction::IsDone | Correction::IsInHand => None,
        }
    }

    /// What another mapping makes of a row. What failed or was waived stays so, with its reason; what is
    /// in a run's hands stays too. `None`: it stays as it is.
    pub fn remapped(&self, by: Remapped, now_ms: i64) -> Option<Self> {
        let first_sent_ms = self.first_sent_ms.filter(|_| by.same_identifiers);
        // What was decided under the old mapping is not undone any more, not in the same millisecond either.
        let updated_at_ms = now_ms.max(self.updated_at_ms + 1);
        match self.status {
            Status::Pending | Status::Invalid => Some(Self {
                first_sent_ms,
                remote_id: self.remote_id.clone(),
                evidence: self.evidence,
                spent: self.spent,
                not_before_ms: self.not_before_ms,
                ..Self::staged(!by.has_problems, updated_at_ms)
            }),
            Status::Failed => Some(Self { first_sent_ms, updated_at_ms, ..self.clone() }),
            Status::Done if self.is_waived() => Some(Self { first_sent_ms, ..self.clone() }),
            Status::Done if by.is_decided => Some(Self { updated_at_ms, ..self.clone() }),
            Status::Done | Status::Sending | Status::Unknown => None,
        }
    }

    /// Whether a row keeps what it would be found by from rows that came before it. `anew`: all rows are
    /// compared anew, so that only what was sent has its place already.
    pub fn has_place(&self, anew: bool) -> bool {
        match self.status {
            Status::Sending | Status::Unknown => true,
            Status::Done => !self.is_waived(),
            Status::Pending | Status::Failed => !anew,
            Status::Invalid => false,
        }
    }
}
