//! The entries of an export, written in its format and counted.

use super::ExportFormat;
use super::sheet::Sheet;
use crate::input::mark;
use crate::store::{Exported, MappedId};
use std::io::Write;

/// What was written, counted.
#[derive(Default)]
pub(super) struct Written {
    pub(super) entries: u64,
    pub(super) left_out: u64,
    /// Of those written, the records that no staging takes for a user.
    pub(super) no_objects: u64,
    /// Of those written, the rows of CSV.
    pub(super) of_csv: u64,
    /// Of those written as CSV, the records with lists or objects inside.
    pub(super) nested: u64,
    /// Of the ids written, those of users who were skipped.
    pub(super) skipped: u64,
}

/// What is written, entry by entry, in the format that was asked for.
pub(super) struct List<'a> {
    pub(super) out: &'a mut dyn Write,
    pub(super) format: ExportFormat,
    pub(super) n: Written,
}

impl List<'_> {
    pub(super) fn begin(&mut self, map: bool) -> std::io::Result<()> {
        match self.format {
            ExportFormat::Json => self.out.write_all(b"["),
            ExportFormat::Csv if map => self.out.write_all(b"key,id,kind\n"),
            ExportFormat::Csv | ExportFormat::Jsonl => Ok(()),
        }
    }

    pub(super) fn record(&mut self, record: &Exported, is_csv: bool) -> std::io::Result<()> {
        let is_json = serde_json::from_slice::<&serde_json::value::RawValue>(&record.raw).is_ok();
        if self.format == ExportFormat::Json && !is_json {
            self.n.left_out += 1;
            return Ok(());
        }
        let is_object = is_json && record.raw.trim_ascii_start().first() == Some(&b'{');
        self.n.no_objects += u64::from(!is_object);
        self.n.of_csv += u64::from(is_csv);
        let raw = match &record.why {
            Some(why) if is_object => &mark::add(&record.raw, why),
            _ => &record.raw,
        };
        if self.format == ExportFormat::Json {
            return self.element(raw);
        }
        self.n.entries += 1;
        self.out.write_all(&on_one_line(raw))?;
        self.out.write_all(b"\n")
    }

    pub(super) fn row(&mut self, sheet: &Sheet, record: &Exported) -> std::io::Result<()> {
        let Some(row) = sheet.row(record) else {
            self.n.left_out += 1;
            return Ok(());
        };
        self.n.entries += 1;
        self.n.of_csv += u64::from(row.is_of_csv);
        self.n.no_objects += u64::from(row.is_misfit);
        self.n.nested += u64::from(row.is_nested);
        self.out.write_all(&sheet.line(&row.cells))
    }

    pub(super) fn pair(&mut self, row: &MappedId, kind: &str) -> std::io::Result<()> {
        let (key, id) = (row.key.as_deref().unwrap_or_default(), row.remote_id.as_str());
        let object = serde_json::json!({ "key": key, "id": id, "kind": kind }).to_string();
        match self.format {
            ExportFormat::Json => self.element(object.as_bytes()),
            ExportFormat::Jsonl => {
                self.n.entries += 1;
                writeln!(self.out, "{object}")
            }
            ExportFormat::Csv => {
                self.n.entries += 1;
                let mut writer = csv::Writer::from_writer(&mut *self.out);
                writer.write_record([key, id, kind])?;
                writer.flush()
            }
        }
    }

    fn element(&mut self, json: &[u8]) -> std::io::Result<()> {
        self.out.write_all(if self.n.entries == 0 { b"\n" } else { b",\n" })?;
        self.n.entries += 1;
        self.out.write_all(json)
    }

    pub(super) fn end(&mut self) -> std::io::Result<()> {
        if self.format == ExportFormat::Json {
            self.out.write_all(if self.n.entries == 0 { b"]\n" } else { b"\n]\n" })?;
        }
        self.out.flush()
    }
}

/// A record of several lines becomes one: the white space around its line ends goes. In JSON that is
/// never part of a value, so names given twice and the digits of numbers stay as they are.
fn on_one_line(raw: &[u8]) -> Vec<u8> {
    let is_end = |byte: &u8| matches!(byte, b'\n' | b'\r');
    let mut lines = raw.split(is_end);
    let mut out = lines.next().unwrap_or_default().to_vec();
    for line in lines {
        out.truncate(out.trim_ascii_end().len());
        out.extend_from_slice(line.trim_ascii_start());
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_on_one_line_keeps_every_value() {
        let raw = b"{\n\t\"a\": \"x  y\",\r\n\t\"a\": 1.00,\n\n  \"b\" :  [ ]\n}";
        assert_eq!(on_one_line(raw), br#"{"a": "x  y","a": 1.00,"b" :  [ ]}"#);
        assert_eq!(on_one_line(b"{\"a\": \"b \"}"), b"{\"a\": \"b \"}");
    }
}
