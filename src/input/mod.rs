//! Sources: an export, taken apart into records, in constant memory at any size.
//!
//! What a source is, its content tells ([`Options`] overrules): an array, an object that holds
//! one, JSON Lines, CSV; packed or not; in what encoding. [`Reader::next_record`] returns one record after the other with what is wrong
//! in it alone; an error is about the document, and what was returned before stays valid.
//! A [`Checkpoint`] says where to go on, and holds the fingerprint of all that lies before it.

mod cells;
mod checkpoint;
mod csv;
mod delimiter;
mod detect;
mod enclosed;
mod encoding;
mod error;
mod escapes;
mod form;
mod header;
mod json;
mod jsonl;
mod line_ends;
pub(crate) mod mark;
mod names;
mod next_row;
pub(crate) mod nulls;
mod options;
mod quotes;
mod raw_cells;
pub(crate) mod scan;
mod source;
mod sql;
mod stream;
mod survey;
mod text;
mod unpack;
mod wide;
mod window;

pub use cells::Cell;
pub use checkpoint::Checkpoint;
pub use delimiter::Delimiter;
pub use encoding::Encoding;
pub use error::{InputError, InputErrorKind, Position};
pub use names::{Header, KnownNames};
pub use options::{Format, Options, Quoting};
pub use source::Source;
pub use unpack::Compression;

use crate::problem::{Problem, Rule};
use checkpoint::Layout;
use scan::{Kind, Scanned};
use std::io::Read;
use std::path::Path;
use std::sync::Arc;
use stream::{Failure, Stream};
use text::{Text, Wrapping};
use unpack::{Tally, Trouble};

pub(crate) use names::is_data;
pub(crate) use scan::{HIDDEN, show_name};

/// The most bytes that one record may have: 16 MiB.
pub const MAX_RECORD: usize = size(16 << 20, 1 << 10);

/// A size; small where the reader is fuzzed, so that short inputs reach every buffer's end.
const fn size(usual: usize, fuzzed: usize) -> usize {
    if cfg!(fuzzing) { fuzzed } else { usual }
}

/// One element of a source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Its number, from 1.
    pub no: u64,
    /// The line on which it starts, from 1; none in formats without lines.
    pub line: Option<u64>,
    /// Offset of its first byte, in the text in UTF-8.
    pub start: u64,
    /// Offset behind it, where a reader can go on: in JSON behind the value, in JSON Lines and CSV
    /// behind the newline.
    pub end: u64,
    /// JSON: the bytes as they stand in the source, without white space around; of CSV an object
    /// of the row's cells, or their array where it has too many or too few. Without the field in
    /// which an export says why the record was not sent.
    pub raw: Vec<u8>,
    /// What is wrong in this record alone. Such a record cannot be mapped.
    pub fault: Option<Problem>,
}

pub struct Reader {
    stream: Stream,
    file: String,
    bytes_total: Option<u64>,
    wrapping: Wrapping,
    tally: Arc<Tally>,
    layout: Layout,
    /// Of CSV: what takes rows apart.
    rows: Option<csv::Rows>,
    records: u64,
    finished: bool,
    /// The checkpoint behind the last record, while the rest of the document is verified.
    kept: Option<Checkpoint>,
    error: Option<InputError>,
}

impl Reader {
    /// The names of the columns, where the source is CSV.
    pub(crate) fn header(&self) -> Option<&[String]> {
        match &self.layout {
            Layout::Rows { header, .. } => Some(header),
            Layout::Array { .. } | Layout::Lines | Layout::Values => None,
        }
    }

    /// Opens a source at its start, or where a checkpoint says. For that the bytes before it are
    /// read again, and must be what they were.
    pub fn open(
        source: &Source,
        options: &Options,
        resume: Option<&Checkpoint>,
    ) -> Result<Self, InputError> {
        let name = source.to_string();
        let (input, size): (Box<dyn Read + Send>, _) = match source {
            Source::Stdin => (Box::new(std::io::stdin()), None),
            Source::File(path) => {
                let (file, size) = source::open_file(path, &name)?;
                (Box::new(file), size)
            }
        };
        let mut reader = Self::new(input, name, size, options, resume)?;
        reader.begin(options, resume, source.path())?;
        Ok(reader)
    }

    /// Reads from anything; `name` stands for the file in messages.
    pub fn from_read(
        input: impl Read + Send + 'static,
        name: &str,
        options: &Options,
        resume: Option<&Checkpoint>,
    ) -> Result<Self, InputError> {
        let mut reader = Self::new(Box::new(input), name.to_owned(), None, options, resume)?;
        reader.begin(options, resume, Some(Path::new(name)))?;
        Ok(reader)
    }

    fn new(
        input: Box<dyn Read + Send>,
        file: String,
        bytes_total: Option<u64>,
        options: &Options,
        resume: Option<&Checkpoint>,
    ) -> Result<Self, InputError> {
        // What was read in one encoding goes on in it, unless another is named.
        let before = resume.filter(|checkpoint| checkpoint.offset > 0);
        let kept = before.and_then(|checkpoint| checkpoint.encoding);
        let Text { window, wrapping, tally } = Text::open(input, &file, options.encoding, kept)?;
        Ok(Self {
            stream: Stream::new(window),
            file,
            bytes_total,
            wrapping,
            tally,
            layout: Layout::Lines,
            rows: None,
            records: 0,
            finished: false,
            kept: None,
            error: None,
        })
    }

    fn begin(
        &mut self,
        options: &Options,
        resume: Option<&Checkpoint>,
        path: Option<&Path>,
    ) -> Result<(), InputError> {
        match resume {
            Some(checkpoint) if checkpoint.offset > 0 => self.take_up(checkpoint, options),
            _ => {
                // Nothing was read, but it may have been said how.
                let said = resume.map(|checkpoint| checkpoint.with_header(options));
                self.layout = self.detect(said.as_ref().unwrap_or(options), path)?;
                Ok(())
            }
        }
    }

    /// Reads up to the checkpoint and compares. What is read otherwise now is another source.
    fn take_up(&mut self, checkpoint: &Checkpoint, options: &Options) -> Result<(), InputError> {
        // A byte order mark goes before what is named, so what is named may be the same as before.
        let is_recoded = options.encoding.is_some()
            && checkpoint.encoding.is_some_and(|before| before != self.wrapping.encoding);
        let option = if is_recoded { Some("--encoding") } else { None };
        if let Some(option) = option.or_else(|| checkpoint.layout.contradicted_by(options)) {
            let at = Position { record: None, line: checkpoint.line, byte: checkpoint.offset };
            let what = format!("was staged up to here otherwise than {option} says");
            return Err(InputError::new(InputErrorKind::Changed, &self.file, what)
                .at(at)
                .hint("leave the option out, or start it anew: stage --restart SOURCE"));
        }
        let window = &mut self.stream.window;
        while window.offset() < checkpoint.offset && !window.at_end() {
            let left = checkpoint.offset - window.offset();
            let have = window.bytes().len();
            window.consume(usize::try_from(left).map_or(have, |left| left.min(have)));
            if window.offset() < checkpoint.offset
                && let Err(error) = window.more(1)
            {
                return Err(self.failed(Failure::Io(error)));
            }
        }
        if window.offset() != checkpoint.offset || window.fingerprint() != checkpoint.fingerprint {
            return Err(self.changed("has changed since it was staged up to here", checkpoint));
        }
        window.set_line(checkpoint.line);
        self.layout = checkpoint.layout.clone();
        if let Layout::Rows {
            delimiter,
            header,
            is_named,
            null,
            is_bare,
            line_end,
            quotes,
            enclosed,
        } = &self.layout
        {
            let rows = csv::Rows::new(*delimiter, *line_end, *quotes).with_columns(
                header,
                *is_named,
                &options.cells,
            );
            self.rows = Some(rows.with_null(null, *enclosed, options.count_nulls).bare(*is_bare));
        }
        self.records = checkpoint.records;
        if checkpoint.finished {
            match self.stream.window.more(1) {
                Ok(()) if !self.stream.window.bytes().is_empty() => {
                    return Err(self.changed("has grown since it was read to its end", checkpoint));
                }
                Ok(()) => self.finished = true,
                Err(error) => return Err(self.failed(Failure::Io(error))),
            }
        }
        Ok(())
    }

    fn changed(&self, what: &str, checkpoint: &Checkpoint) -> InputError {
        let at = Position { record: None, line: checkpoint.line, byte: checkpoint.offset };
        InputError::new(InputErrorKind::Changed, &self.file, what)
            .at(at)
            .hint("give the file back its old content, or start it anew: stage --restart SOURCE")
    }

    /// The next record. After `None` the whole source was read and is well formed to its end;
    /// after an error every further call returns the same error.
    pub fn next_record(&mut self) -> Result<Option<Record>, InputError> {
        if let Some(error) = &self.error {
            return Err(error.clone());
        }
        if self.finished {
            return Ok(None);
        }
        let next = match self.layout {
            Layout::Array { .. } => self.next_element(),
            Layout::Lines => self.next_line(),
            Layout::Values => self.next_value(),
            Layout::Rows { .. } => self.next_row(),
        };
        if let Err(error) = &next {
            self.error = Some(error.clone());
        }
        next
    }

    /// Where to go on after the last record returned.
    pub fn checkpoint(&self) -> Checkpoint {
        if let Some(kept) = &self.kept {
            return kept.clone();
        }
        let window = &self.stream.window;
        // Before the first record there is nothing to keep: start anew.
        let fresh = self.records == 0 && !self.finished;
        Checkpoint {
            offset: if fresh { 0 } else { window.offset() },
            records: self.records,
            line: if fresh { 1 } else { window.line() },
            finished: self.finished,
            fingerprint: if fresh { EMPTY_SHA256.to_owned() } else { window.fingerprint() },
            layout: self.layout.clone(),
            encoding: Some(self.wrapping.encoding),
        }
    }

    /// SHA-256 in hexadecimal of all bytes up to the checkpoint; at the end, of the whole source.
    pub fn fingerprint(&self) -> String {
        self.checkpoint().fingerprint
    }

    /// The size of the source in bytes, if it is known before it is read.
    pub fn bytes_total(&self) -> Option<u64> {
        self.bytes_total
    }

    /// Bytes of the source consumed so far, as they lie in it, for progress.
    pub fn bytes_read(&self) -> u64 {
        if self.wrapping.is_none() { self.stream.window.offset() } else { self.tally.bytes() }
    }

    pub fn format(&self) -> Format {
        self.layout.format()
    }

    /// What was found out about the source and a person should know; none about JSON in UTF-8.
    pub fn note(&self) -> Option<String> {
        let mut parts = match &self.layout {
            Layout::Rows { delimiter, .. } => {
                vec!["CSV".to_owned(), format!("separated by {delimiter}")]
            }
            _ if self.wrapping.is_none() => return None,
            Layout::Array { .. } => vec!["JSON".to_owned()],
            Layout::Lines | Layout::Values => vec!["JSON Lines".to_owned()],
        };
        if !self.wrapping.encoding.is_utf_8() {
            parts.push(format!("in {}", self.wrapping.encoding));
        }
        parts.extend(self.wrapping.compression.map(|compression| compression.to_string()));
        Some(parts.join(", "))
    }

    fn finish(&mut self) {
        self.kept = None;
        self.finished = true;
    }

    /// The record that starts at the window's first byte; consumes it.
    fn record(&mut self, scanned: Scanned, len: usize) -> Record {
        let len = len.max(scanned.len);
        let window = &mut self.stream.window;
        let start = window.offset();
        let line = window.line();
        let mut raw = window.bytes()[..len].to_vec();
        mark::strip(&mut raw);
        window.consume(len);
        self.records += 1;
        let mut fault = scanned.fault;
        if let Some(fault) = &mut fault
            && fault.rule == Rule::Encoding
            && fault.message == scan::BAD_BYTES
        {
            fault.message = self.wrapping.bad_bytes();
        }
        let fault = fault.or_else(|| {
            let is = match scanned.kind {
                Kind::Object => return None,
                Kind::Array => "an array",
                Kind::Scalar => "a single value",
            };
            let message = format!("the record is {is}, where an object is expected");
            Some(Problem::new("", Rule::Type, message))
        });
        Record { no: self.records, line: Some(line), start, end: window.offset(), raw, fault }
    }

    /// The error that a failure in the next record is.
    fn failed(&self, failure: Failure) -> InputError {
        let window = &self.stream.window;
        let record = Some(self.records + 1);
        let record_start = window.offset();
        let here = Position { record, line: window.line(), byte: record_start };
        match failure {
            Failure::Io(error) => {
                let unreadable = text::unreadable(&self.file, &error);
                if Trouble::of(&error).is_some() { unreadable.at(here) } else { unreadable }
            }
            Failure::OpenQuote => {
                let what = "the file ends inside quotes, in the row that begins here";
                InputError::new(InputErrorKind::CutOff, &self.file, what).at(here).hint(
                    "export it again, completely, or close the quote, and stage the same file \
                     again: it goes on with this record; if the file uses no quotes: --quotes none",
                )
            }
            Failure::CutOff => {
                let left = window.bytes().len();
                let line = window.line_at(left);
                let at = Position { record, line, byte: record_start + left as u64 };
                InputError::new(InputErrorKind::CutOff, &self.file, "the document is cut off")
                    .at(at)
                    .hint("export it again, completely; the records before this one are good")
            }
            Failure::Broken { byte, line, what } => InputError::new(
                InputErrorKind::Broken,
                &self.file,
                format!("no valid JSON: {what}"),
            )
            .at(Position { record, line, byte })
            .hint("correct the file at this place; the records before this one are good"),
            Failure::TooLong => {
                let what = format!("a record of more than {} MiB", MAX_RECORD >> 20);
                let hint = match self.layout {
                    Layout::Rows { .. } => {
                        "a quote in it may not be closed; if the file uses no quotes: --quotes none"
                    }
                    _ => "take what is so long out of the export; no user needs it",
                };
                InputError::new(InputErrorKind::TooLong, &self.file, what).at(here).hint(hint)
            }
        }
    }
}

const EMPTY_SHA256: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

#[cfg(test)]
mod tests;
