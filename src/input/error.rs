//! Why a source cannot be read: what, where, and the way out.

use crate::error::{Error, Exit};
use std::fmt;

/// Why a source cannot be read, or not to its end.
///
/// The message names the file and the position and at most the names of fields, never a value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{file}: {what}{}", place(self.at.as_ref()))]
pub struct InputError {
    pub kind: InputErrorKind,
    /// The source as the user named it; `standard input`.
    pub file: String,
    /// Where in the source.
    pub at: Option<Position>,
    pub what: String,
    pub hint: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InputErrorKind {
    /// The file does not exist, is a directory, or cannot be read.
    Unreadable,
    /// Nothing but white space.
    Empty,
    /// Not in a format that can be read.
    Format,
    /// In an encoding that is not read, or names of columns that cannot be decoded.
    Encoding,
    /// The document ends too early.
    CutOff,
    /// The document is no valid JSON.
    Broken,
    /// The compressed data is damaged.
    Damaged,
    /// The compressed data takes more room than it may.
    Limit,
    /// The header of a CSV file cannot be used.
    Header,
    /// It is not clear which part of the document holds the records.
    Records,
    /// A record is longer than [`super::MAX_RECORD`].
    TooLong,
    /// The source is not what it was at the checkpoint, or is not to be read as it was.
    Changed,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    /// The record, from 1; none where no record is concerned.
    pub record: Option<u64>,
    /// The line, from 1.
    pub line: u64,
    /// The offset in bytes, from 0.
    pub byte: u64,
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(record) = self.record {
            write!(f, "record {record}, ")?;
        }
        write!(f, "line {}, byte {}", self.line, self.byte)
    }
}

fn place(at: Option<&Position>) -> String {
    at.map_or_else(String::new, |at| format!(" (at {at})"))
}

impl InputError {
    pub(crate) fn new(kind: InputErrorKind, file: &str, what: impl Into<String>) -> Self {
        Self { kind, file: file.to_owned(), at: None, what: what.into(), hint: None }
    }

    pub(crate) fn at(mut self, at: Position) -> Self {
        self.at = Some(at);
        self
    }

    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

impl From<InputError> for Error {
    fn from(error: InputError) -> Self {
        Self { exit: Exit::Usage, message: error.to_string(), hint: error.hint }
    }
}
