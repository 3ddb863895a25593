//! A window over a stream of bytes: what was read and not yet consumed, the offset, the line, and
//! the fingerprint of everything that was consumed.

use super::size;
use crate::password::digest::to_hex;
use aws_lc_rs::digest;
use std::io::{self, Read};

/// Bytes asked of the operating system at a time.
const CHUNK: usize = size(1 << 20, 64);

pub(crate) struct Window {
    input: Box<dyn Read + Send>,
    buffer: Vec<u8>,
    /// The first byte not consumed.
    start: usize,
    /// The end of what was read.
    filled: usize,
    /// Consumed bytes up to here are in `hash`. It lags behind `start`, because hashing a
    /// megabyte at once costs less than hashing three thousand records.
    hashed: usize,
    hash: digest::Context,
    /// Offset of `buffer[0]` in the stream.
    base: u64,
    line: u64,
    eof: bool,
}

impl Window {
    pub(crate) fn new(input: Box<dyn Read + Send>) -> Self {
        Self {
            input,
            buffer: vec![0; CHUNK],
            start: 0,
            filled: 0,
            hashed: 0,
            hash: digest::Context::new(&digest::SHA256),
            base: 0,
            line: 1,
            eof: false,
        }
    }

    /// What was read and not consumed.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.buffer[self.start..self.filled]
    }

    /// Offset of `bytes()[0]` in the stream.
    pub(crate) fn offset(&self) -> u64 {
        self.base + self.start as u64
    }

    /// Line of `bytes()[0]`, from 1.
    pub(crate) fn line(&self) -> u64 {
        self.line
    }

    /// Line of `bytes()[at]`, from 1.
    pub(crate) fn line_at(&self, at: usize) -> u64 {
        let bytes = self.bytes();
        self.line + newlines(&bytes[..at.min(bytes.len())])
    }

    /// Whether `bytes()` holds all that is left.
    pub(crate) fn at_end(&self) -> bool {
        self.eof
    }

    /// Reads until `bytes()` is as long as `want` or the stream ends; nothing if it is already.
    pub(crate) fn more(&mut self, want: usize) -> io::Result<()> {
        while !self.eof && self.bytes().len() < want {
            self.make_room();
            match self.input.read(&mut self.buffer[self.filled..]) {
                Ok(0) => self.eof = true,
                Ok(n) => self.filled += n,
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => return Err(e),
            }
        }
        Ok(())
    }

    fn make_room(&mut self) {
        if self.filled < self.buffer.len() {
            return;
        }
        self.hash_consumed();
        self.buffer.copy_within(self.start..self.filled, 0);
        self.base += self.start as u64;
        self.filled -= self.start;
        self.start = 0;
        self.hashed = 0;
        if self.filled > self.buffer.len() / 2 {
            self.buffer.resize(self.buffer.len() * 2, 0);
        }
    }

    /// Moves on by `n` of `bytes()`.
    pub(crate) fn consume(&mut self, n: usize) {
        let end = (self.start + n).min(self.filled);
        self.line += newlines(&self.buffer[self.start..end]);
        self.start = end;
        // Or each fingerprint would hash all that a large buffer holds once more.
        if self.start - self.hashed >= CHUNK {
            self.hash_consumed();
        }
    }

    fn hash_consumed(&mut self) {
        self.hash.update(&self.buffer[self.hashed..self.start]);
        self.hashed = self.start;
    }

    /// Sets the line, where a stream is taken up in its middle.
    pub(crate) fn set_line(&mut self, line: u64) {
        self.line = line;
    }

    /// Consumes white space and peeks at the byte behind it; none at the end of the stream.
    pub(crate) fn skip_space(&mut self) -> io::Result<Option<u8>> {
        loop {
            let space = crate::json::skip_space(self.bytes(), 0);
            self.consume(space);
            match self.bytes().first() {
                Some(&byte) => return Ok(Some(byte)),
                None if self.eof => return Ok(None),
                None => self.more(1)?,
            }
        }
    }

    /// SHA-256 of all consumed bytes, in hexadecimal.
    pub(crate) fn fingerprint(&self) -> String {
        let mut hash = self.hash.clone();
        hash.update(&self.buffer[self.hashed..self.start]);
        to_hex(hash.finish().as_ref())
    }
}

fn newlines(bytes: &[u8]) -> u64 {
    memchr::memchr_iter(b'\n', bytes).count() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window(bytes: usize) -> Window {
        Window::new(Box::new(io::repeat(b'x').take(bytes as u64)))
    }

    #[test]
    fn what_is_there_is_not_read_again() {
        let mut window = window(8 * CHUNK);
        for _ in 0..8 {
            window.more(CHUNK / 2).unwrap();
        }
        assert_eq!(window.buffer.len(), CHUNK);
        window.more(CHUNK + 1).unwrap();
        assert!(window.bytes().len() > CHUNK && !window.at_end());
        window.more(9 * CHUNK).unwrap();
        assert_eq!((window.bytes().len(), window.at_end()), (8 * CHUNK, true));
    }

    #[test]
    fn a_fingerprint_hashes_a_chunk_at_most_that_was_hashed_before() {
        let mut window = window(4 * CHUNK);
        window.more(4 * CHUNK).unwrap();
        while !window.bytes().is_empty() {
            window.consume(CHUNK / 16 * 3);
            assert!(window.start - window.hashed < CHUNK);
        }
        let all = digest::digest(&digest::SHA256, &vec![b'x'; 4 * CHUNK]);
        assert_eq!(window.fingerprint(), to_hex(all.as_ref()));
    }
}
