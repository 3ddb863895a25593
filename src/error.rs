//! What ends a command early: what happened, where, the way out, and the exit code.
//!
//! A record that cannot be sent and a create that is refused are data ([`crate::problem::Problem`],
//! [`crate::job::Outcome`]), never an [`Error`].

use std::fmt;

/// The exit codes, a stable part of the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// Everything is done (`check`, `stage`: no record has a problem).
    Done = 0,
    /// An internal error: a bug, or an I/O failure that has no better class.
    Internal = 1,
    /// Usage, configuration, or an input that cannot be read.
    Usage = 2,
    /// Finished, but some rows are failed, invalid or unknown, or a source is unfinished.
    Incomplete = 3,
    /// Halted by the target: credentials, permission, quota, a long outage, every row refused alike.
    Halted = 4,
    /// Stopped early by request: a signal or `--limit`. Resumable.
    Stopped = 5,
    /// The job table is in use or cannot be used.
    Table = 6,
}

impl From<Exit> for std::process::ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// An error that ends a command.
///
/// `message` is one line that says what and where; `hint` is the way out. Neither ever holds a
/// secret, a password or a value of a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error {
    /// The exit code that the command ends with.
    pub exit: Exit,
    /// What happened, and where.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
}

impl Error {
    /// An error with the given exit code.
    pub fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self { exit, message: message.into(), hint: None }
    }

    /// Exit 2: usage, configuration or unreadable input.
    pub fn usage(message: impl Into<String>) -> Self {
        Self::new(Exit::Usage, message)
    }

    /// Exit 6: the job table is in use or unusable.
    pub fn table(message: impl Into<String>) -> Self {
        Self::new(Exit::Table, message)
    }

    /// Exit 4: the target halts the work.
    pub fn halted(message: impl Into<String>) -> Self {
        Self::new(Exit::Halted, message)
    }

    /// Exit 1: nothing the user did.
    pub fn internal(message: impl Into<String>) -> Self {
        Self::new(Exit::Internal, message)
    }

    /// Adds the way out.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {}

/// A result whose error ends the command.
pub type Result<T, E = Error> = std::result::Result<T, E>;
