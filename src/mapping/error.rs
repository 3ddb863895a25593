//! What is wrong with a rule.

use std::fmt;

/// Why something is no rule. Names keys, never values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleError {
    /// The key of the rule that is wrong, if it is one.
    pub key: Option<String>,
    /// Where in the value of that key, bytes; for a program.
    pub at: Option<usize>,
    pub message: String,
}

impl RuleError {
    pub(super) fn new(message: impl Into<String>) -> Self {
        Self { key: None, at: None, message: message.into() }
    }

    pub(super) fn of(key: &str, message: impl Into<String>) -> Self {
        Self { key: Some(key.to_owned()), ..Self::new(message) }
    }
}

impl fmt::Display for RuleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}
