//! JSON over a stream: values, names and separators, one after the other, whatever the size.

use super::scan::{Scanned, Scanner, Stop};
use super::window::Window;
use super::{MAX_RECORD, size};
use crate::json::skip_space;
use std::io;

/// Beyond this a value that is not complete waits for twice as much before it is scanned again,
/// so that all scans of it together cost no more than two.
const PATIENCE: usize = size(64 * 1024, 64);

/// Why the walk cannot go on.
#[derive(Debug)]
pub(super) enum Failure {
    Io(io::Error),
    CutOff,
    Broken {
        byte: u64,
        line: u64,
        what: &'static str,
    },
    TooLong,
    /// The source ends inside quotes.
    OpenQuote,
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

pub(super) struct Stream {
    pub(super) window: Window,
    pub(super) scanner: Scanner,
}

impl Stream {
    pub(super) fn new(window: Window) -> Self {
        Self { window, scanner: Scanner::default() }
    }

    /// Scans the value that starts `at` bytes into the window, without consuming it.
    pub(super) fn scan_at(&mut self, at: usize) -> Result<Scanned, Failure> {
        loop {
            let bytes = &self.window.bytes()[at..];
            let is_long = bytes.len() > MAX_RECORD;
            let eof = self.window.at_end() && !is_long;
            // How much more happens to lie in the window must not matter.
            match self.scanner.scan(&bytes[..bytes.len().min(MAX_RECORD + 1)], eof) {
                Ok(scanned) if scanned.len > MAX_RECORD => return Err(Failure::TooLong),
                Ok(scanned) => return Ok(scanned),
                Err(Stop::Broken { at: i, what }) => return Err(self.broken(at + i, what)),
                Err(Stop::Incomplete) if is_long => return Err(Failure::TooLong),
                Err(Stop::Incomplete) if eof => return Err(Failure::CutOff),
                Err(Stop::Incomplete) => {
                    let have = bytes.len();
                    let want = if have < PATIENCE { have + 1 } else { have * 2 };
                    self.window.more(at + want)?;
                }
            }
        }
    }

    pub(super) fn broken(&self, at: usize, what: &'static str) -> Failure {
        let byte = self.window.offset() + at as u64;
        Failure::Broken { byte, line: self.window.line_at(at), what }
    }

    /// The offset in the window, at or behind `at`, of the first byte that is not white space.
    /// None at the end of the stream. Consumes nothing.
    pub(super) fn peek_from(&mut self, start: usize) -> Result<Option<usize>, Failure> {
        let mut at = start;
        loop {
            at = skip_space(self.window.bytes(), at);
            if at - start > MAX_RECORD {
                return Err(Failure::TooLong);
            }
            if at < self.window.bytes().len() {
                return Ok(Some(at));
            }
            if self.window.at_end() {
                return Ok(None);
            }
            self.window.more(at + 1)?;
        }
    }

    /// Consumes white space; the byte behind it.
    pub(super) fn peek(&mut self) -> Result<u8, Failure> {
        self.window.skip_space()?.ok_or(Failure::CutOff)
    }

    /// Consumes white space and one byte, which must be `byte`.
    pub(super) fn expect(&mut self, byte: u8, what: &'static str) -> Result<(), Failure> {
        if self.peek()? != byte {
            return Err(self.broken(0, what));
        }
        self.window.consume(1);
        Ok(())
    }

    /// Consumes the name of a field and the colon behind it.
    pub(super) fn name(&mut self) -> Result<String, Failure> {
        if self.peek()? != b'"' {
            return Err(self.broken(0, "the name of a field in double quotes is expected"));
        }
        let len = self.scan_at(0)?.len;
        let text = &self.window.bytes()[..len];
        let name = serde_json::from_slice(text)
            .unwrap_or_else(|_| String::from_utf8_lossy(&text[1..len - 1]).into_owned());
        self.window.consume(len);
        self.expect(b':', "a colon is expected after a field's name")?;
        Ok(name)
    }

    /// Consumes the comma before the next member (true), or the closing bracket (false).
    pub(super) fn goes_on(&mut self, close: u8) -> Result<bool, Failure> {
        let byte = self.peek()?;
        if byte != b',' && byte != close {
            return Err(self.broken(0, "a comma or the closing bracket is expected"));
        }
        self.window.consume(1);
        Ok(byte == b',')
    }

    /// Consumes a value of any size. Only what lies two levels below must fit into memory.
    pub(super) fn skip_value(&mut self) -> Result<(), Failure> {
        let open = self.peek()?;
        let close = match open {
            b'[' => b']',
            b'{' => b'}',
            _ => return self.skip_small(),
        };
        self.window.consume(1);
        if self.peek()? == close {
            self.window.consume(1);
            return Ok(());
        }
        loop {
            if open == b'{' {
                self.name()?;
            }
            self.peek()?;
            self.skip_small()?;
            if !self.goes_on(close)? {
                return Ok(());
            }
        }
    }

    fn skip_small(&mut self) -> Result<(), Failure> {
        let len = self.scan_at(0)?.len;
        self.window.consume(len);
        Ok(())
    }
}
