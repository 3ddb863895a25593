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
    /// What becomes of each of several users, where their request came to this one end. Nobody is blamed for it: the
    /// fault may be that of a neighbour.
    #[must_use]
    pub fn shared(&self, stored: Stored) -> Self {
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
            // It is the password of one of them, who is not named.
            Self::Unsendable(_) => Self::Returned,
        }
    }
}
