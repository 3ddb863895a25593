//! What one answer to a request of several users means for each of them.

use super::Outcome;

/// What a request that was refused as a whole may have left in the directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stored {
    /// The provider promises: nothing.
    Nothing,
    /// Some of its users, or it is not known.
    Some,
}

impl Outcome {
    /// What becomes of each user of a request that came to this one end. `is_alone`: it had only this one, and the end
    /// is its own. Of several nobody is blamed: the fault may be that of a neighbour.
    #[must_use]
    pub fn shared(&self, stored: Stored, is_alone: bool) -> Self {
        if is_alone {
            return self.of_one(stored);
        }
        let unless_stored = |outcome| match stored {
            Stored::Nothing => outcome,
            Stored::Some => Self::Unknown,
        };
        match self {
            Self::Duplicate => unless_stored(Self::Entangled { in_doubt: true }),
            Self::Rejected | Self::TooLarge => unless_stored(Self::Entangled { in_doubt: false }),
            Self::Entangled { .. } | Self::Throttled | Self::Halt(_) | Self::Unexplained { .. } => {
                unless_stored(self.clone())
            }
            Self::Stale { .. } | Self::NotSent | Self::Unknown | Self::Returned => self.clone(),
            // One id for several users is no answer.
            Self::Created { .. } => Self::Unknown,
            // It is the password of one of them, who is not named. Nothing was sent.
            Self::Unsendable(_) => Self::Entangled { in_doubt: false },
        }
    }

    fn of_one(&self, stored: Stored) -> Self {
        match self {
            // Refused for a neighbour, where there is none.
            Self::Entangled { in_doubt: true } => Self::Duplicate,
            Self::Entangled { in_doubt: false } => Self::Rejected,
            Self::Throttled | Self::Halt(_) | Self::Unexplained { .. }
                if stored == Stored::Some =>
            {
                Self::Unknown
            }
            Self::Created { .. }
            | Self::Duplicate
            | Self::Rejected
            | Self::TooLarge
            | Self::Throttled
            | Self::Halt(_)
            | Self::Unexplained { .. }
            | Self::Stale { .. }
            | Self::NotSent
            | Self::Unknown
            | Self::Unsendable(_)
            | Self::Returned => self.clone(),
        }
    }
}
