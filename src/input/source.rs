//! Where records come from, and opening it.

use super::error::{InputError, InputErrorKind};
use std::fmt;
use std::fs::File;
use std::path::{Path, PathBuf};

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    File(PathBuf),
    Stdin,
}

impl Source {
    /// `-` is standard input, anything else a path.
    pub fn parse(text: &str) -> Self {
        if text == "-" { Self::Stdin } else { Self::File(PathBuf::from(text)) }
    }

    /// The path, if it is a file.
    pub fn path(&self) -> Option<&Path> {
        match self {
            Self::File(path) => Some(path),
            Self::Stdin => None,
        }
    }

    /// Refuses a file that is not there. A pipe is left alone: it can be opened only once.
    pub(crate) fn is_there(&self) -> Result<(), InputError> {
        match self.path().map(Path::metadata) {
            Some(Err(error)) if error.kind() == std::io::ErrorKind::NotFound => {
                Err(missing(&self.to_string()))
            }
            _ => Ok(()),
        }
    }
}

fn missing(name: &str) -> InputError {
    InputError::new(InputErrorKind::Unreadable, name, "no such file")
        .hint("check the path; '-' reads standard input")
}

impl From<&str> for Source {
    fn from(text: &str) -> Self {
        Self::parse(text)
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => write!(f, "{}", path.display()),
            Self::Stdin => f.write_str("standard input"),
        }
    }
}

/// Opens a file and tells its size, if it is a regular one.
pub(super) fn open_file(path: &Path, name: &str) -> Result<(File, Option<u64>), InputError> {
    let fail = |what: &str, hint: &str| {
        Err(InputError::new(InputErrorKind::Unreadable, name, what).hint(hint))
    };
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Err(missing(name));
        }
        Err(error) => return fail(&io_reason(&error), "check the path and its permissions"),
    };
    match file.metadata() {
        Ok(metadata) if metadata.is_dir() => {
            fail("a directory, not a file", "name the files in it")
        }
        Ok(metadata) => {
            let size = metadata.is_file().then_some(metadata.len());
            Ok((file, size))
        }
        Err(error) => fail(&io_reason(&error), "check the path and its permissions"),
    }
}

pub(super) fn io_reason(error: &std::io::Error) -> String {
    format!("cannot be read: {error}")
}
