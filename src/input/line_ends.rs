//! Where lines of CSV end: in a newline, a carriage return, or both.

use super::stream::Failure;
use super::window::Window;

/// Consumes empty lines. Returns whether anything follows.
pub(super) fn skip_line_ends(window: &mut Window) -> Result<bool, Failure> {
    loop {
        match window.bytes().first() {
            Some(b'\r' | b'\n') => {
                let len = whole_line_end(window, 1);
                pass(window, len);
            }
            Some(_) => return Ok(true),
            None if window.at_end() => return Ok(false),
            None => window.more(1)?,
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
