//! Compressed sources: recognised by their first bytes, unpacked on the way, within limits.
//!
//! What fails here is carried through `std::io` as a [`Trouble`], so that the reader can tell a
//! damaged archive from a disk that cannot be read.

use super::error::InputErrorKind;
use super::size;
use flate2::bufread::MultiGzDecoder;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::io::{self, BufReader, Cursor, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// How a source is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Compression {
    /// One or more gzip members, one after the other.
    Gzip,
    /// One or more zstd frames, one after the other.
    Zstd,
}

impl fmt::Display for Compression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Gzip => "gzip",
            Self::Zstd => "zstd",
        })
    }
}

/// Bytes that an archive may unpack to, however small it is: 64 MiB.
const FREE: u64 = size(64 << 20, 4 << 10) as u64;

/// Beyond [`FREE`], how many bytes of text each packed byte may become. Exports of users shrink to
/// a fifth or a thirtieth; gzip can shrink zeros to a thousandth, zstd without end.
const MAX_RATIO: u64 = 200;

/// The logarithm of the largest window of a zstd frame: 128 MiB of memory, as its own tool allows.
const MAX_WINDOW_LOG: u32 = 27;

/// Packed bytes held at a time.
const PACKED: usize = size(128 * 1024, 64);

/// Bytes unpacked at a time. What a damaged block spoils is no more than this.
const UNPACKED: usize = size(64 * 1024, 64);

/// Why an archive cannot be unpacked further.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Why {
    /// It ends too early.
    CutOff,
    /// It holds what it cannot hold.
    Damaged,
    /// It unpacks to more than it may.
    Endless,
    /// It takes more memory than it may.
    Memory,
}

/// An archive that cannot be unpacked further.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Trouble {
    pub(super) what: Compression,
    pub(super) why: Why,
}

impl Trouble {
    /// The trouble that an error carries.
    pub(super) fn of(error: &io::Error) -> Option<Self> {
        error.get_ref()?.downcast_ref::<Self>().copied()
    }

    /// The sort of error that it is.
    pub(super) fn kind(self) -> InputErrorKind {
        match self.why {
            Why::CutOff => InputErrorKind::CutOff,
            Why::Damaged => InputErrorKind::Damaged,
            Why::Endless | Why::Memory => InputErrorKind::Limit,
        }
    }

    pub(super) fn hint(self) -> String {
        let tool = match (self.what, self.why) {
            (Compression::Gzip, _) => "gunzip -c",
            (Compression::Zstd, Why::Memory) => "zstd -dc --long=31",
            (Compression::Zstd, _) => "zstd -dc",
        };
        match self.why {
            Why::CutOff => {
                "copy or export it again, completely; the records before this place are good"
                    .to_owned()
            }
            Why::Damaged => {
                "copy or export it again; the records before this place are good".to_owned()
            }
            Why::Endless => {
                format!("if that is right, unpack it yourself: {tool} FILE | userferry stage -")
            }
            Why::Memory => format!("unpack it yourself: {tool} FILE | userferry stage -"),
        }
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = self.what;
        match self.why {
            Why::CutOff => write!(f, "the {what} data is cut off"),
            Why::Damaged => write!(f, "the {what} data is damaged"),
            Why::Endless => write!(
                f,
                "the {what} data unpacks to more than {MAX_RATIO} times its size, which is the \
                 limit beyond the first {} MiB",
                FREE >> 20
            ),
            Why::Memory => {
                write!(
                    f,
                    "{what} data that takes more than {} MiB of memory to unpack",
                    1 << (MAX_WINDOW_LOG - 20)
                )
            }
        }
    }
}

impl std::error::Error for Trouble {}

impl From<Trouble> for io::Error {
    fn from(trouble: Trouble) -> Self {
        Self::new(io::ErrorKind::InvalidData, trouble)
    }
}

/// What is known of a source's own bytes, whatever is made of them.
#[derive(Debug, Default)]
pub(super) struct Tally {
    bytes: AtomicU64,
    failed: AtomicBool,
}

impl Tally {
    /// Bytes that were taken from the source.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }
}

/// Counts what is read from a source.
struct Counted {
    input: Box<dyn Read + Send>,
    tally: Arc<Tally>,
}

impl Read for Counted {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let read = self.input.read(buf);
        match &read {
            Ok(n) => {
                self.tally.bytes.fetch_add(*n as u64, Ordering::Relaxed);
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(_) => self.tally.failed.store(true, Ordering::Relaxed),
        }
        read
    }
}

/// A source without its compression.
pub(super) struct Unpacked {
    pub(super) input: Box<dyn Read + Send>,
    pub(super) compression: Option<Compression>,
    pub(super) tally: Arc<Tally>,
}

/// Looks at the first bytes, and unpacks from there on what is compressed.
pub(super) fn unpack(input: Box<dyn Read + Send>) -> io::Result<Unpacked> {
    let tally = Arc::new(Tally::default());
    let mut input = Counted { input, tally: Arc::clone(&tally) };
    let mut head = Vec::new();
    // A few bytes alone would be one more call to the system for each source.
    (&mut input).take(4).read_to_end(&mut head)?;
    let compression = recognise(&head);
    let input = Cursor::new(head).chain(input);
    let Some(what) = compression else {
        return Ok(Unpacked { input: Box::new(input), compression, tally });
    };
    let packed = BufReader::with_capacity(PACKED, input);
    let decoder: Box<dyn Read + Send> = match what {
        Compression::Gzip => Box::new(MultiGzDecoder::new(packed)),
        Compression::Zstd => {
            let mut decoder = zstd::stream::read::Decoder::with_buffer(packed)?;
            decoder.window_log_max(MAX_WINDOW_LOG)?;
            Box::new(decoder)
        }
    };
    let unpack = Unpack { decoder, what, tally: Arc::clone(&tally), bytes: 0, trouble: None };
    Ok(Unpacked { input: Box::new(unpack), compression, tally })
}

fn recognise(head: &[u8]) -> Option<Compression> {
    match head {
        [0x1f, 0x8b, ..] => Some(Compression::Gzip),
        // A frame, or one to be skipped, with which some tools begin.
        [0x28, 0xb5, 0x2f, 0xfd] | [0x50..=0x5f, 0x2a, 0x4d, 0x18] => Some(Compression::Zstd),
        _ => None,
    }
}

struct Unpack {
    decoder: Box<dyn Read + Send>,
    what: Compression,
    tally: Arc<Tally>,
    /// Bytes unpacked.
    bytes: u64,
    /// Stays: what comes behind it is not to be trusted.
    trouble: Option<Trouble>,
}

impl Unpack {
    fn trouble_of(&self, error: &io::Error) -> Trouble {
        let why = if error.kind() == io::ErrorKind::UnexpectedEof {
            Why::CutOff
        } else if error.to_string().contains("too much memory") {
            Why::Memory
        } else {
            Why::Damaged
        };
        Trouble { what: self.what, why }
    }

    fn is_endless(&self) -> bool {
        let allowed = self.tally.bytes().saturating_mul(MAX_RATIO);
        self.bytes.saturating_sub(FREE) > allowed
    }
}

impl Read for Unpack {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if let Some(trouble) = self.trouble {
            return Err(trouble.into());
        }
        let len = buf.len().min(UNPACKED);
        match self.decoder.read(&mut buf[..len]) {
            Ok(n) => {
                self.bytes += n as u64;
                if self.is_endless() {
                    self.trouble = Some(Trouble { what: self.what, why: Why::Endless });
                }
                Ok(n)
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Err(error),
            Err(error) if self.tally.failed.load(Ordering::Relaxed) => Err(error),
            Err(error) => {
                let trouble = self.trouble_of(&error);
                self.trouble = Some(trouble);
                Err(trouble.into())
            }
        }
    }
}
