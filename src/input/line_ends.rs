//! Where lines of CSV end: in a newline, with or without carriage returns before it, or in a carriage return alone.

use super::MAX_RECORD;
use super::stream::Failure;
use super::window::Window;
use serde::{Deserialize, Serialize};

/// What ends the rows of a source.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum LineEnd {
    /// A newline, a carriage return, or both.
    #[default]
    Any,
    /// A newline, which carriage returns may precede. One that stands elsewhere is part of its cell.
    Newline,
}

impl LineEnd {
    pub(super) fn is_any(&self) -> bool {
        *self == Self::Any
    }

    /// Whether the byte ends a row by itself.
    pub(super) fn is_one(self, byte: u8) -> bool {
        byte == b'\n' || (byte == b'\r' && self == Self::Any)
    }

    /// Whether a line end ends the text.
    pub(super) fn ends(self, text: &[u8]) -> bool {
        text.last().is_some_and(|byte| self.is_one(*byte))
    }

    /// Where the delimiter or a line end is found first; the length if nowhere.
    pub(super) fn find_or(self, delimiter: u8, bytes: &[u8]) -> usize {
        let at = match self {
            Self::Any => memchr::memchr3(delimiter, b'\r', b'\n', bytes),
            Self::Newline => memchr::memchr2(delimiter, b'\n', bytes),
        };
        at.unwrap_or(bytes.len())
    }

    /// The first line, and its length with what ends it.
    pub(super) fn line(self, bytes: &[u8]) -> (&[u8], usize) {
        let end = match self {
            Self::Any => memchr::memchr2(b'\r', b'\n', bytes),
            Self::Newline => memchr::memchr(b'\n', bytes),
        };
        let line = self.without_returns(&bytes[..end.unwrap_or(bytes.len())]);
        (line, end.map_or(bytes.len(), |end| end + 1))
    }

    /// A row without the carriage returns that belong to its line end.
    pub(super) fn without_returns(self, row: &[u8]) -> &[u8] {
        let returns = row.iter().rev().take_while(|byte| **byte == b'\r').count();
        if self == Self::Any { row } else { &row[..row.len() - returns] }
    }

    /// Consumes empty lines. Returns whether anything follows.
    pub(super) fn skip(self, window: &mut Window) -> Result<bool, Failure> {
        let mut returns = 0;
        loop {
            let Some(byte) = window.bytes().get(returns) else {
                if window.at_end() {
                    // A carriage return at the end is half of a line end.
                    pass(window, returns);
                    return Ok(false);
                }
                window.more(returns + 1)?;
                continue;
            };
            match byte {
                b'\r' if self == Self::Any => {
                    let len = whole_line_end(window, 1);
                    pass(window, len);
                }
                b'\r' if returns > MAX_RECORD => return Err(Failure::TooLong),
                b'\r' => returns += 1,
                b'\n' => pass(window, std::mem::take(&mut returns) + 1),
                _ => return Ok(true),
            }
        }
    }
}

/// The length with the newline that belongs to a carriage return at the end.
pub(super) fn whole_line_end(window: &mut Window, len: usize) -> usize {
    if window.bytes()[len - 1] != b'\r' {
        return len;
    }
    if window.bytes().len() == len && !window.at_end() {
        // What cannot be read is told when it is needed.
        drop(window.more(len + 1));
    }
    len + usize::from(window.bytes().get(len) == Some(&b'\n'))
}

/// Moves on, and counts the lines that end in a carriage return alone too.
pub(super) fn pass(window: &mut Window, len: usize) {
    let bytes = &window.bytes()[..len];
    let line = window.line() + line_ends(bytes);
    window.consume(len);
    window.set_line(line);
}

pub(super) fn line_ends(bytes: &[u8]) -> u64 {
    let newlines = memchr::memchr_iter(b'\n', bytes).count();
    let returns = memchr::memchr_iter(b'\r', bytes).filter(|at| bytes.get(at + 1) != Some(&b'\n'));
    (newlines + returns.count()) as u64
}
