//! Reasons why a record cannot be sent, found before sending.

use serde::Serialize;
use std::fmt;

/// The rule that a record breaks. The words are part of the machine-readable contract; more may
/// come, none is renamed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Rule {
    /// The record is not well formed, or gives a field twice.
    Syntax,
    /// Invalid UTF-8 or a lone surrogate.
    Encoding,
    /// The value's type is not the one that the target's field takes.
    Type,
    /// The target has no such field.
    UnknownField,
    /// No identifier at all: nothing the user could be found by.
    Identifier,
    /// Not an e-mail address.
    Email,
    /// Not a phone number.
    Phone,
    /// Not a date or time in a form that the target takes.
    Date,
    /// Longer than the target takes.
    Length,
    /// Not one of the values that the target takes.
    Value,
    /// Another record has the same key.
    DuplicateKey,
    /// Another record has the same e-mail address.
    DuplicateEmail,
    /// Another record has the same phone number.
    DuplicatePhone,
    /// Another record has the same user name.
    DuplicateUsername,
    /// The password cannot be sent.
    Password,
    /// The program failed on this record.
    Internal,
}

impl Rule {
    /// Every rule, in the order of the contract.
    pub const ALL: [Self; 16] = [
        Self::Syntax,
        Self::Encoding,
        Self::Type,
        Self::UnknownField,
        Self::Identifier,
        Self::Email,
        Self::Phone,
        Self::Date,
        Self::Length,
        Self::Value,
        Self::DuplicateKey,
        Self::DuplicateEmail,
        Self::DuplicatePhone,
        Self::DuplicateUsername,
        Self::Password,
        Self::Internal,
    ];

    /// The rule of that word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|rule| rule.as_str() == word)
    }

    /// The word of the contract, e.g. `duplicate-key`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Syntax => "syntax",
            Self::Encoding => "encoding",
            Self::Type => "type",
            Self::UnknownField => "unknown-field",
            Self::Identifier => "identifier",
            Self::Email => "email",
            Self::Phone => "phone",
            Self::Date => "date",
            Self::Length => "length",
            Self::Value => "value",
            Self::DuplicateKey => "duplicate-key",
            Self::DuplicateEmail => "duplicate-email",
            Self::DuplicatePhone => "duplicate-phone",
            Self::DuplicateUsername => "duplicate-username",
            Self::Password => "password",
            Self::Internal => "internal",
        }
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One reason why a record cannot be sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// The source's name of the field, or the target's where nothing was mapped; empty when the
    /// record as a whole is meant.
    pub field: String,
    /// The rule that is broken.
    pub rule: Rule,
    /// What is wrong, for people. Never holds the value.
    pub message: String,
}

impl Problem {
    /// A problem of one field (or, with an empty name, of the whole record).
    pub fn new(field: impl Into<String>, rule: Rule, message: impl Into<String>) -> Self {
        Self { field: field.into(), rule, message: message.into() }
    }
}

/// A value that was left out because it does not fit and the rule of its field says
/// `on_error = "omit"`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Omitted {
    /// The provider's field.
    pub field: &'static str,
    /// What is wrong with the value.
    pub problem: Problem,
}

/// A problem and where it is: one line of `check --format jsonl`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FoundProblem {
    /// The source as the user named it.
    pub source: String,
    /// The record, from 1.
    pub record: u64,
    /// The line on which the record starts, from 1; null where there is none.
    pub line: Option<u64>,
    /// The record's key, if it has one.
    pub key: Option<String>,
    /// The source's name of the field, or the target's; empty where the whole record is meant.
    pub field: String,
    /// The rule that is broken.
    pub rule: Rule,
    /// For people. Holds no value of the record.
    pub message: String,
}

impl fmt::Display for FoundProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: record {}", self.source, self.record)?;
        if let Some(line) = self.line {
            write!(f, ", line {line}")?;
        }
        if !self.field.is_empty() {
            write!(f, ", {}", self.field)?;
        }
        write!(f, ": {} ({})", self.message, self.rule)
    }
}
