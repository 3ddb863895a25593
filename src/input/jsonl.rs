//! Records of JSON Lines: one value a line. A line that does not parse is the fault of that
//! record alone, because the next line starts anew.

use super::encoding::UNDECODABLE;
use super::error::{InputError, InputErrorKind};
use super::scan::{Kind, Scanned, Stop};
use super::stream::Failure;
use super::{MAX_RECORD, Reader, Record};
use crate::json::{is_space, skip_space};
use crate::problem::{Problem, Rule};

impl Reader {
    /// The record of the next line that is not blank.
    pub(super) fn next_line(&mut self) -> Result<Option<Record>, InputError> {
        loop {
            let (len, newline) = self.line_len().map_err(|failure| self.failed(failure))?;
            let line = &self.stream.window.bytes()[..len];
            let start = skip_space(line, 0);
            if start == len {
                self.stream.window.consume(len + usize::from(newline));
                if newline {
                    continue;
                }
                self.finish();
                return Ok(None);
            }
            // Of the last character only a part is there. In UTF-8, which is not decoded, it is a byte like
            // any other, and within a record that is not whole either.
            let is_decoded = !self.wrapping.encoding.is_utf_8();
            if !newline && is_decoded && line.last() == Some(&UNDECODABLE) {
                return Err(self.failed(Failure::CutOff));
            }
            let end = len - line.iter().rev().take_while(|byte| is_space(**byte)).count();
            let scanned = match self.stream.scanner.scan(&line[start..end], true) {
                Ok(scanned) => whole(&line[start..end], scanned),
                Err(Stop::Incomplete) if !newline => {
                    return Err(self.failed(Failure::CutOff));
                }
                Err(stop) => faulty(end - start, start, &stop),
            };
            self.stream.window.consume(start);
            let record = self.record(scanned, end - start);
            self.stream.window.consume(len - end + usize::from(newline));
            return Ok(Some(Record { end: self.stream.window.offset(), ..record }));
        }
    }

    /// Length of the next line without its newline, and whether it has one.
    pub(super) fn line_len(&mut self) -> Result<(usize, bool), Failure> {
        let window = &mut self.stream.window;
        let mut seen = 0;
        loop {
            let bytes = window.bytes();
            let newline = memchr::memchr(b'\n', &bytes[seen..]);
            seen = newline.map_or(bytes.len(), |i| seen + i);
            if seen > MAX_RECORD {
                return Err(Failure::TooLong);
            }
            if newline.is_some() || window.at_end() {
                return Ok((seen, newline.is_some()));
            }
            window.more(seen + 1)?;
        }
    }

    /// The error of a source that should be JSON Lines and is one JSON document.
    pub(super) fn records_option_is_for_json(&self) -> InputError {
        InputError::new(
            InputErrorKind::Records,
            &self.file,
            "--records names an array inside a JSON object, and this is none",
        )
        .hint("leave --records out")
    }
}

/// A line that starts with a value: nothing must follow it.
fn whole(line: &[u8], scanned: Scanned) -> Scanned {
    let rest = skip_space(line, scanned.len);
    if rest == line.len() {
        return scanned;
    }
    let fault = Problem::new("", Rule::Syntax, "something follows the end of the record");
    Scanned { len: line.len(), kind: Kind::Object, fault: Some(fault) }
}

fn faulty(len: usize, indent: usize, stop: &Stop) -> Scanned {
    let message = match stop {
        Stop::Incomplete => "the line ends within the record".to_owned(),
        Stop::Broken { at, what } => format!("{what} at byte {} of the line", indent + at),
    };
    let fault = Some(Problem::new("", Rule::Syntax, message));
    Scanned { len, kind: Kind::Object, fault }
}
