//! From the bytes of a source to the window over its text: count, unpack, decode.
//!
//! Offsets, lines and the fingerprint are those of the text in UTF-8, so a checkpoint holds
//! however the source is packed and encoded. UTF-8 goes through as it is.

use super::encoding::{self, Decoded, Encoding, Guess, Sampled};
use super::error::{InputError, InputErrorKind as Kind};
use super::source::io_reason;
use super::unpack::{self, Compression, Tally, Trouble, Unpacked};
use super::window::Window;
use std::io::{self, Read};
use std::sync::Arc;

/// First bytes of what a user may take for an export, and what to do with it.
const MAGIC: &[(&[u8], &str, &str)] = &[
    (b"\x1f\x8b", "gzip data within compressed data", "unpack it first"),
    (b"PK\x03\x04", "a zip archive or a spreadsheet", "unpack it, or export as CSV or JSON"),
    (b"\x28\xb5\x2f\xfd", "zstd data within compressed data", "unpack it first"),
    (b"\xfd7zXZ\0", "xz data", "unpack it first: xz -dc FILE | userferry stage -"),
    (b"BZh", "bzip2 data", "unpack it first: bzip2 -dc FILE | userferry stage -"),
    (b"SQLite format 3\0", "an SQLite database", "export the users from it as CSV or JSON"),
    (b"\xd0\xcf\x11\xe0", "an old spreadsheet or document", "export the users as CSV or JSON"),
    (b"%PDF", "a PDF document", "export the users as CSV or JSON"),
];

/// How a text lies in its source.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wrapping {
    pub(super) compression: Option<Compression>,
    pub(super) encoding: Encoding,
    /// Nothing says beyond doubt that it is UTF-8.
    is_unsure: bool,
}

impl Wrapping {
    /// Whether the text stands in the source as it is.
    pub(super) fn is_none(self) -> bool {
        self.compression.is_none() && self.encoding.is_utf_8()
    }

    /// What is wrong with bytes that are no text.
    pub(super) fn bad_bytes(self) -> String {
        let way_out = if self.is_unsure {
            "; if all of the file is in another encoding, name it: --encoding"
        } else {
            ""
        };
        format!("bytes that are not {}{way_out}", self.encoding)
    }
}

pub(super) struct Text {
    pub(super) window: Window,
    pub(super) wrapping: Wrapping,
    pub(super) tally: Arc<Tally>,
}

impl Text {
    /// Finds out how the text lies in the source; `named` overrules what is told by its bytes, and
    /// `kept` is what was found out before.
    pub(super) fn open(
        input: Box<dyn Read + Send>,
        file: &str,
        named: Option<Encoding>,
        kept: Option<Encoding>,
    ) -> Result<Self, InputError> {
        let unpacked = unpack::unpack(input);
        let Unpacked { input, compression, tally } = unpacked.map_err(|e| unreadable(file, &e))?;
        let sampled = Sampled::new(input);
        refuse_what_is_no_text(&sampled.sample, file)?;
        let told = encoding::marked(&sampled.sample).or(named);
        let guess = || encoding::guess(&sampled.sample, sampled.is_whole);
        let Guess { encoding, is_unsure } = match (told, kept) {
            (Some(encoding), _) => Guess { encoding, is_unsure: false },
            (None, Some(encoding)) => Guess { encoding, ..guess() },
            (None, None) => guess(),
        };
        let input: Box<dyn Read + Send> = if encoding.is_utf_8() {
            Box::new(sampled)
        } else {
            Box::new(Decoded::new(Box::new(sampled), encoding))
        };
        let wrapping = Wrapping { compression, encoding, is_unsure };
        Ok(Self { window: Window::new(input), wrapping, tally })
    }
}

fn refuse_what_is_no_text(sample: &[u8], file: &str) -> Result<(), InputError> {
    if let Some((_, what, hint)) = MAGIC.iter().find(|(magic, ..)| sample.starts_with(magic)) {
        let what = format!("this looks like {what}, not like JSON or CSV");
        return Err(InputError::new(Kind::Format, file, what).hint(*hint));
    }
    if encoding::is_utf_32(sample) {
        let what = "the text is in UTF-32, which is not read";
        return Err(InputError::new(Kind::Encoding, file, what)
            .hint("convert it first: iconv -f UTF-32 -t UTF-8 FILE > FILE.utf8"));
    }
    Ok(())
}

/// The error that a failure to read is, without a place.
pub(super) fn unreadable(file: &str, error: &io::Error) -> InputError {
    match Trouble::of(error) {
        Some(trouble) => {
            InputError::new(trouble.kind(), file, trouble.to_string()).hint(trouble.hint())
        }
        None => InputError::new(Kind::Unreadable, file, io_reason(error)),
    }
}
