//! What a person decides, and takes back.

use super::{Detail, Evidence, Standing, Status};

/// What a person says became of a row in doubt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SettleAs<'a> {
    /// The user is in the directory.
    Done,
    /// It is there under this id.
    DoneWithId(&'a str),
    /// It is not: send it again.
    Pending,
    /// It is not, and is not to be sent.
    Failed,
}

/// A decision about a row, as it was written down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decided {
    /// UTC milliseconds.
    pub at_ms: i64,
    /// Where it took the row.
    pub to: Status,
    /// What the row was before.
    pub from: Status,
    pub from_detail: Option<Detail>,
    pub from_code: Option<String>,
    pub from_reason: Option<String>,
    pub from_remote_id: Option<String>,
    pub from_evidence: Option<Evidence>,
    /// When that was written, UTC milliseconds.
    pub from_updated_at_ms: i64,
}

impl Standing {
    /// A failed row goes again, with all its attempts. A row that has problems by now, after another
    /// mapping, becomes invalid. Rows that have not failed stay.
    pub fn retried(&self, has_problems: bool, now_ms: i64) -> Option<Self> {
        match self.status {
            Status::Failed => Some(Self {
                status: if has_problems { Status::Invalid } else { Status::Pending },
                spent: 0,
                remote_id: None,
                ..self.pending_again(now_ms)
            }),
            Status::Pending
            | Status::Sending
            | Status::Unknown
            | Status::Done
            | Status::Invalid => None,
        }
    }

    /// A person says what became of a row in doubt. Other rows stay.
    pub fn settled(&self, to: SettleAs<'_>, reason: &str, now_ms: i64) -> Option<Self> {
        match self.status {
            Status::Sending | Status::Unknown => {}
            Status::Pending | Status::Done | Status::Failed | Status::Invalid => return None,
        }
        let (status, detail, id) = match to {
            // Nobody knows whether this table created it, so a later undo must not delete it.
            SettleAs::Done => (Status::Done, Some(Detail::Existed), None),
            SettleAs::DoneWithId(id) => (Status::Done, Some(Detail::Existed), Some(id)),
            SettleAs::Pending => (Status::Pending, None, None),
            SettleAs::Failed => (Status::Failed, Some(Detail::Rejected), None),
        };
        Some(Self {
            remote_id: id.map(str::to_owned).or_else(|| self.remote_id.clone()),
            ..self.decided(status, detail, reason, now_ms)
        })
    }

    /// A person lets a row go: one in doubt too, for whoever gives it up knows that its user may exist.
    pub fn waived(&self, reason: &str, now_ms: i64) -> Option<Self> {
        self.status
            .can_be_waived()
            .then(|| self.decided(Status::Done, Some(Detail::Waived), reason, now_ms))
    }

    /// Whether a person has let it go.
    pub fn is_waived(&self) -> bool {
        self.detail == Some(Detail::Waived)
    }

    /// A decision taken back: the row is what it was before. `None` where it has moved on since.
    /// `last_run` takes a row in doubt in hand.
    pub fn undone(&self, decided: &Decided, last_run: Option<i64>) -> Option<Self> {
        if self.status != decided.to || self.updated_at_ms != decided.at_ms {
            return None;
        }
        let status = match decided.from {
            // It was being sent when the process ended.
            Status::Sending | Status::Unknown => Status::Unknown,
            from @ (Status::Pending | Status::Done | Status::Failed | Status::Invalid) => from,
        };
        Some(Self {
            status,
            detail: decided.from_detail,
            claimed_by: last_run.filter(|_| status.is_in_hand()),
            remote_id: decided.from_remote_id.clone(),
            evidence: decided.from_evidence,
            code: decided.from_code.clone(),
            reason: decided.from_reason.clone(),
            // As if nothing had been decided: an earlier decision can be undone in its turn.
            updated_at_ms: decided.from_updated_at_ms,
            ..self.clone()
        })
    }

    fn decided(&self, status: Status, detail: Option<Detail>, reason: &str, now_ms: i64) -> Self {
        Self { status, detail, reason: Some(reason.to_owned()), ..self.pending_again(now_ms) }
    }
}
