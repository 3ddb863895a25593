//! The decision on a request. It changes nothing itself: [`super::core`] writes it down and carries it out,
//! and [`super::server`] answers.

use super::log::Write;
use super::reply::Say;

/// What becomes of a request.
pub(super) struct Decision {
    /// The word in the log.
    pub(super) outcome: &'static str,
    pub(super) say: Say,
    pub(super) write: Option<Write>,
    /// The knob that did it.
    pub(super) fault: Option<&'static str>,
    /// Users that a lookup found.
    pub(super) found: Option<usize>,
}

impl Decision {
    pub(super) fn new(outcome: &'static str, say: Say) -> Self {
        Self { outcome, say, write: None, fault: None, found: None }
    }

    pub(super) fn refused(code: i64) -> Self {
        Self::new("refused", Say::code(code))
    }

    pub(super) fn fault(self, knob: &'static str) -> Self {
        Self { fault: Some(knob), ..self }
    }

    pub(super) fn found(self, found: usize) -> Self {
        Self { found: Some(found), ..self }
    }
}

/// A password as it arrived.
pub(super) enum Password {
    None,
    Clear(String),
    /// Not encrypted with the present key.
    Unreadable,
}
