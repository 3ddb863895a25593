//! Reads ahead: a thread of its own reads, and unpacks, what comes next while records are taken from
//! what is here.

use super::size;
use std::io::{self, ErrorKind, Read};
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};

/// Small enough to be in a core's cache when its bytes are looked at.
const BLOCK: usize = size(128 * 1024, 64);
/// Blocks that wait, at most; one more is being filled, and one is being taken from.
const WAITING: usize = 2;

/// A stream that is read by a thread, which starts with the first call.
pub(super) enum Ahead {
    /// Not started. Nothing only while it starts.
    Idle(Option<Box<dyn Read + Send>>),
    /// There is no thread to be had, or millions of short inputs are tried.
    Here(Box<dyn Read + Send>),
    /// Being read.
    There(Blocks),
}

/// What the thread has read.
pub(super) struct Blocks {
    full: Receiver<io::Result<Block>>,
    /// Goes back to be filled again.
    empty: Sender<Vec<u8>>,
    block: Block,
    /// The first byte of `block` that was not taken.
    at: usize,
    /// The end has come.
    ended: bool,
}

/// Bytes of the stream; without any it is the end. A thread that is gone without having said so has
/// failed: to take that for the end would lose the rest.
#[derive(Default)]
struct Block {
    bytes: Vec<u8>,
    len: usize,
}

impl Ahead {
    pub(super) fn new(input: Box<dyn Read + Send>) -> Self {
        Self::Idle(Some(input))
    }

    fn start(input: Box<dyn Read + Send>) -> Self {
        if cfg!(fuzzing) {
            return Self::Here(input);
        }
        let (to_reader, full) = sync_channel(WAITING);
        let (empty, from_reader) = channel();
        // Through a channel, so that it is not lost with a thread that cannot be had.
        let (hand_over, handed) = channel();
        let thread = std::thread::Builder::new().name("reader".to_owned());
        let started = thread.spawn(move || {
            if let Ok(input) = handed.recv() {
                read(input, &to_reader, &from_reader);
            }
        });
        match started {
            Ok(_) => match hand_over.send(input) {
                Ok(()) => {
                    let block = Block::default();
                    Self::There(Blocks { full, empty, block, at: 0, ended: false })
                }
                Err(unsent) => Self::Here(unsent.0),
            },
            Err(_) => Self::Here(input),
        }
    }
}

/// Fills blocks to the end of the stream, or until nobody takes them. What comes is passed on at once,
/// however little: a pipe may stall behind it. An error is passed on like a block; whoever asks again
/// is told what comes after it.
fn read(
    mut input: Box<dyn Read + Send>,
    full: &SyncSender<io::Result<Block>>,
    empty: &Receiver<Vec<u8>>,
) {
    loop {
        let mut bytes = empty.try_recv().unwrap_or_else(|_| vec![0; BLOCK]);
        let next = match input.read(&mut bytes) {
            Ok(len) => Ok(Block { bytes, len }),
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(error) => Err(error),
        };
        let is_last = next.as_ref().is_ok_and(|block| block.len == 0);
        if full.send(next).is_err() || is_last {
            return;
        }
    }
}

impl Blocks {
    fn take(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if self.ended {
            return Ok(0);
        }
        if self.at == self.block.len {
            let gone = |_| io::Error::other("what reads ahead has ended");
            let next = self.full.recv().map_err(gone)??;
            let taken = std::mem::replace(&mut self.block, next).bytes;
            self.at = 0;
            self.ended = self.block.len == 0;
            if !taken.is_empty() {
                // Of no use to a thread that has come to the end.
                drop(self.empty.send(taken));
            }
        }
        let n = buf.len().min(self.block.len - self.at);
        buf[..n].copy_from_slice(&self.block.bytes[self.at..self.at + n]);
        self.at += n;
        Ok(n)
    }
}

impl Read for Ahead {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if let Self::Idle(input) = self {
            let Some(input) = input.take() else { return Ok(0) };
            *self = Self::start(input);
        }
        match self {
            Self::Idle(_) => Ok(0),
            Self::Here(input) => input.read(buf),
            Self::There(blocks) => blocks.take(buf),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    /// A stream of so many bytes, each its place; what comes then is up to the test.
    struct Numbers {
        at: Arc<AtomicUsize>,
        len: usize,
        piece: usize,
        end: fn() -> io::Result<usize>,
    }

    fn numbers(
        len: usize,
        piece: usize,
        end: fn() -> io::Result<usize>,
    ) -> (Ahead, Arc<AtomicUsize>) {
        let at = Arc::new(AtomicUsize::new(0));
        let input = Numbers { at: Arc::clone(&at), len, piece, end };
        (Ahead::new(Box::new(input)), at)
    }

    #[expect(clippy::cast_possible_truncation, reason = "the place, modulo 251")]
    fn byte(at: usize) -> u8 {
        (at % 251) as u8
    }

    impl Read for Numbers {
        fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
            let at = self.at.load(Ordering::SeqCst);
            let n = self.piece.min(buf.len()).min(self.len - at);
            if n == 0 {
                return (self.end)();
            }
            if at.is_multiple_of(3) && fastrand::bool() {
                return Err(ErrorKind::Interrupted.into());
            }
            for (i, slot) in buf[..n].iter_mut().enumerate() {
                *slot = byte(at + i);
            }
            self.at.store(at + n, Ordering::SeqCst);
            Ok(n)
        }
    }

    #[test]
    fn every_byte_comes_once_and_in_its_place_however_it_is_read() {
        for (len, piece) in
            [(0, 1), (1, 1), (10_000, 7), (BLOCK, BLOCK), (9 * BLOCK + 5, BLOCK + 1)]
        {
            let (mut ahead, _) = numbers(len, piece, || Ok(0));
            let mut read = Vec::new();
            let mut buf = vec![0; 3_001];
            loop {
                let n = ahead.read(&mut buf).unwrap();
                if n == 0 {
                    break;
                }
                read.extend_from_slice(&buf[..n]);
            }
            assert_eq!(read.len(), len);
            assert!(read.iter().enumerate().all(|(at, found)| *found == byte(at)));
            assert_eq!(ahead.read(&mut buf).unwrap(), 0, "the end stays");
        }
    }

    #[test]
    fn an_error_comes_behind_what_was_read_before_it_and_is_never_the_end() {
        let (mut ahead, _) = numbers(1_000, 300, || Err(ErrorKind::TimedOut.into()));
        let mut read = Vec::new();
        assert_eq!(ahead.read_to_end(&mut read).unwrap_err().kind(), ErrorKind::TimedOut);
        assert_eq!(read.len(), 1_000);
        assert!(ahead.read(&mut [0; 8]).is_err(), "nor is the next call");
    }

    #[test]
    fn a_thread_that_dies_is_no_end() {
        let (mut ahead, _) = numbers(1_000, 300, || panic!("a decoder that has a bug"));
        let mut read = Vec::new();
        assert!(ahead.read_to_end(&mut read).is_err());
        assert_eq!(read.len(), 1_000);
    }

    #[test]
    fn it_reads_no_further_ahead_than_its_blocks_hold() {
        let (mut ahead, at) = numbers(100 * BLOCK, BLOCK, || Ok(0));
        let mut seen = 0;
        for _ in 0..20 {
            ahead.read_exact(&mut vec![0; BLOCK]).unwrap();
            std::thread::sleep(std::time::Duration::from_millis(2));
            seen += BLOCK;
            assert!(at.load(Ordering::SeqCst) - seen <= (WAITING + 1) * BLOCK);
        }
    }

    #[test]
    fn nothing_is_read_before_it_is_asked_for() {
        let (ahead, at) = numbers(100, 10, || Ok(0));
        std::thread::sleep(std::time::Duration::from_millis(5));
        assert_eq!(at.load(Ordering::SeqCst), 0);
        drop(ahead);
    }
}
