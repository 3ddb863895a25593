//! What can go wrong with a job table, in words that say the way out.

use crate::error::Error;
use std::io;
use std::path::{Path, PathBuf};

/// An error of the job table. All end a command with exit code 6; nothing that was committed is
/// lost by any of them.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// There is no such file.
    #[error("there is no job table at {0}")]
    Missing(PathBuf),
    /// Another process holds the lock.
    #[error("the job table {path} is in use: {holder}")]
    InUse {
        /// The table.
        path: PathBuf,
        /// Machine, process and since when, as far as known.
        holder: String,
    },
    /// Not a job table.
    #[error("{0} is not a job table of Userferry")]
    Foreign(PathBuf),
    /// Written by a newer version.
    #[error(
        "the job table {path} was written by a newer Userferry (schema {found}; this one knows {known})"
    )]
    Newer {
        /// The table.
        path: PathBuf,
        /// Its schema version.
        found: u32,
        /// The newest that this program knows.
        known: u32,
    },
    /// Laid out as this schema version was while it was being made.
    #[error("the job table {0} was made by a version of Userferry that was never released")]
    Unreleased(PathBuf),
    /// On a network file system, where locks and WAL do not hold.
    #[error("the job table {path} would lie on a network file system ({kind})")]
    NetworkFileSystem {
        /// The table.
        path: PathBuf,
        /// The file system.
        kind: &'static str,
    },
    /// The disk is full.
    #[error("the disk of the job table {0} is full")]
    Full(PathBuf),
    /// The file or its folder cannot be written.
    #[error("the job table {0} cannot be written: read-only file or folder")]
    ReadOnly(PathBuf),
    /// The file is damaged.
    #[error("the job table {0} is damaged")]
    Corrupt(PathBuf),
    /// A word in the table is none that this program writes.
    #[error("the job table {path} is damaged: it holds a {what} that Userferry does not know")]
    UnknownWord {
        /// The table.
        path: PathBuf,
        /// What the word should be.
        what: &'static str,
    },
    /// Another process keeps the database busy.
    #[error("the job table {0} is kept busy by another program")]
    Busy(PathBuf),
    /// The file cannot be opened or created.
    #[error("the job table {path} cannot be opened: {why}")]
    Open {
        /// The table.
        path: PathBuf,
        /// The operating system's words.
        why: String,
    },
    /// Anything else that SQLite says. Its messages hold SQL and names, never values.
    #[error("the job table {path} failed: {why}")]
    Sqlite {
        /// The table.
        path: PathBuf,
        /// SQLite's words.
        why: String,
    },
}

impl StoreError {
    /// What the operating system said about the table or a file beside it.
    pub(super) fn of_system(path: &Path, error: &io::Error) -> Self {
        #[expect(
            clippy::wildcard_enum_match_arm,
            reason = "kinds of the system, of which more may come"
        )]
        match error.kind() {
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
                Self::ReadOnly(path.to_owned())
            }
            io::ErrorKind::StorageFull => Self::Full(path.to_owned()),
            _ => Self::Open { path: path.to_owned(), why: error.to_string() },
        }
    }

    /// The way out.
    fn hint(&self) -> &'static str {
        match self {
            Self::Missing(_) => {
                "stage an export first: userferry stage users.json; or name the table with --db"
            }
            Self::InUse { .. } => {
                "wait for it to end or stop it; status, failures, show and export work meanwhile"
            }
            Self::Foreign(_) => "name another file with --db",
            Self::Newer { .. } => "use the newer program, or a fresh table with --db",
            Self::Unreleased(_) => {
                "finish with the program that made it, or stage into a fresh table with --db"
            }
            Self::NetworkFileSystem { .. } => "put it on a local disk with --db",
            Self::Full(_) => {
                "free some space and run the same command again: it goes on where it stopped"
            }
            Self::ReadOnly(_) => {
                "make the file and its folder writable, then run the same command again"
            }
            Self::Corrupt(_) => {
                "run 'PRAGMA integrity_check' on a copy; restore a backup of the table"
            }
            Self::UnknownWord { .. } => {
                "another program has written to it: restore a backup of the table, or undo that change"
            }
            Self::Busy(_) => "close the program that writes to it, then run the same command again",
            Self::Open { .. } => "check the path given with --db",
            Self::Sqlite { .. } => "run the same command again; if it stays, check the disk",
        }
    }
}

impl From<StoreError> for Error {
    fn from(error: StoreError) -> Self {
        Self::table(error.to_string()).hint(error.hint())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_system_says_is_told_with_the_way_out() {
        let told = |kind: io::ErrorKind| {
            Error::from(StoreError::of_system(Path::new("/t.db"), &kind.into())).to_string()
        };
        let cases = [
            (io::ErrorKind::PermissionDenied, "read-only file or folder"),
            (io::ErrorKind::ReadOnlyFilesystem, "read-only file or folder"),
            (io::ErrorKind::StorageFull, "/t.db is full"),
            (io::ErrorKind::NotADirectory, "cannot be opened: not a directory"),
        ];
        for (kind, words) in cases {
            assert!(told(kind).contains(words), "{kind}: {}", told(kind));
        }
    }
}
