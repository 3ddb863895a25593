//! The next record of CSV.

use super::error::InputError;
use super::line_ends::{line_ends, pass};
use super::stream::Failure;
use super::{MAX_RECORD, Reader, Record};

impl Reader {
    pub(super) fn next_row(&mut self) -> Result<Option<Record>, InputError> {
        loop {
            let Some(rows) = &mut self.rows else { return Ok(None) };
            let window = &mut self.stream.window;
            let len = match rows.read(window) {
                Ok(Some(len)) => len,
                Ok(None) => {
                    self.finish();
                    return Ok(None);
                }
                Err(failure) => return Err(self.failed(failure)),
            };
            if rows.is_blank() {
                pass(window, len);
                continue;
            }
            rows.note_escapes();
            rows.note_width();
            rows.count_nulls();
            let lines = line_ends(window.bytes()[..len].trim_ascii_end()) + 1;
            let (raw, fault) = rows.to_json(lines, || self.wrapping.bad_bytes());
            if raw.len() > MAX_RECORD {
                return Err(self.failed(Failure::TooLong));
            }
            let (start, line) = (window.offset(), Some(window.line()));
            pass(window, len);
            self.records += 1;
            let (no, end) = (self.records, window.offset());
            return Ok(Some(Record { no, line, start, end, raw, fault }));
        }
    }
}
