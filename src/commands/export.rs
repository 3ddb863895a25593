//! `export`: source records, re-stageable as they are; or old keys with the new ids.

use super::open_reader;
use crate::cli::{Export, ExportFormat, ExportStatus, Global};
use crate::error::{Error, Exit, Result};
use crate::job::Status;
use crate::store::JobId;
use crate::store::file::Replacement;
use crate::store::sqlite::Table;
use crate::ui::{self, Ui, counted};
use std::io::{BufWriter, Write};
use std::path::Path;

/// Rows in one read transaction: none of them holds the WAL for long.
const PAGE: u32 = 1_000;

pub(super) fn run(global: &Global, ui: Ui, args: &Export) -> Result<Exit> {
    let table = open_reader(global)?;
    let format = format_of(args)?;
    let output = super::output_file(args.output.as_deref());
    let n = match output {
        None => write(&table, args, format, &mut std::io::stdout().lock(), ui::written)?,
        Some(path) => {
            super::refuse_table(&super::canonical(&global.db)?, path)?;
            let unread = table.unfinished_sources()?;
            super::refuse_source(unread.iter().map(|source| Path::new(&source.path)), path)?;
            if !args.force && path.metadata().is_ok_and(|found| found.is_file()) {
                return Err(Error::usage(format!("{} is there already", path.display()))
                    .hint("name another file, or replace it with --force"));
            }
            let failed = |error: std::io::Error| {
                Error::usage(format!("{} cannot be written: {error}", path.display()))
            };
            let mut file = BufWriter::new(Replacement::create(path).map_err(failed)?);
            let n = write(&table, args, format, &mut file, |result| result.map_err(failed))?;
            let file = file.into_inner().map_err(|error| failed(error.into_error()))?;
            file.finish().map_err(failed)?;
            n
        }
    };
    let what = if args.map { "id" } else { "record" };
    let place = output.map_or_else(String::new, |path| format!(" to {}", path.display()));
    let without = if args.map { without_id(&table, n.written)? } else { String::new() };
    ui.note(&format!("{} written{place}{without}", counted(n.written, what)));
    if n.left_out > 0 {
        ui.warn(&format!(
            "{} left out, for they are no valid JSON; --format jsonl writes them as they are",
            counted(n.left_out, "record")
        ));
        return Ok(Exit::Incomplete);
    }
    Ok(Exit::Done)
}

/// For the balance: the rows that a map of the ids leaves out.
fn without_id(table: &Table, written: u64) -> Result<String> {
    Ok(match table.counts()?.total.saturating_sub(written) {
        0 => String::new(),
        1 => "; 1 row has none".to_owned(),
        n => format!("; {} have none", counted(n, "row")),
    })
}

fn format_of(args: &Export) -> Result<ExportFormat> {
    let by_name = args.output.as_deref().and_then(Path::extension).and_then(|extension| {
        match extension.to_str()? {
            "json" => Some(ExportFormat::Json),
            "jsonl" | "ndjson" => Some(ExportFormat::Jsonl),
            "csv" => Some(ExportFormat::Csv),
            _ => None,
        }
    });
    let format = args.format.or(by_name).unwrap_or(ExportFormat::Jsonl);
    if format == ExportFormat::Csv && !args.map {
        return Err(Error::usage("records are written as json or jsonl; csv is for --map")
            .hint("name the file .json or .jsonl, or set --format"));
    }
    Ok(format)
}

#[derive(Default)]
struct Written {
    written: u64,
    left_out: u64,
}

fn write(
    table: &Table,
    args: &Export,
    format: ExportFormat,
    out: &mut dyn Write,
    check: impl Fn(std::io::Result<()>) -> Result<()>,
) -> Result<Written> {
    let mut list = List { out, format, n: Written::default() };
    check(list.begin(args.map))?;
    if args.map {
        write_map(table, &mut list, &check)?;
    }
    for (i, status) in args.status.iter().enumerate() {
        // One that is named twice is written once.
        if !args.status.iter().take(i).any(|earlier| earlier == status) {
            write_records(table, status_of(*status), &mut list, &check)?;
        }
    }
    check(list.end())?;
    Ok(list.n)
}

fn write_map(
    table: &Table,
    list: &mut List<'_>,
    check: &impl Fn(std::io::Result<()>) -> Result<()>,
) -> Result<()> {
    let mut after = JobId(0);
    loop {
        let page = table.id_map(after, PAGE)?;
        for row in &page {
            check(list.pair(row.key.as_deref().unwrap_or_default(), &row.remote_id))?;
        }
        match page.last() {
            Some(last) if page.len() == PAGE as usize => after = last.id,
            _ => return Ok(()),
        }
    }
}

fn write_records(
    table: &Table,
    status: Status,
    list: &mut List<'_>,
    check: &impl Fn(std::io::Result<()>) -> Result<()>,
) -> Result<()> {
    let mut after = JobId(0);
    loop {
        let page = table.records(status, after, PAGE)?;
        for (_, raw) in &page {
            check(list.record(raw))?;
        }
        match page.last() {
            Some((last, _)) if page.len() == PAGE as usize => after = *last,
            _ => return Ok(()),
        }
    }
}

fn status_of(status: ExportStatus) -> Status {
    match status {
        ExportStatus::Pending => Status::Pending,
        ExportStatus::Sending => Status::Sending,
        ExportStatus::Unknown => Status::Unknown,
        ExportStatus::Done => Status::Done,
        ExportStatus::Failed => Status::Failed,
        ExportStatus::Invalid => Status::Invalid,
    }
}

struct List<'a> {
    out: &'a mut dyn Write,
    format: ExportFormat,
    n: Written,
}

impl List<'_> {
    fn begin(&mut self, map: bool) -> std::io::Result<()> {
        match self.format {
            ExportFormat::Json => self.out.write_all(b"["),
            ExportFormat::Csv if map => self.out.write_all(b"key,id\n"),
            ExportFormat::Csv | ExportFormat::Jsonl => Ok(()),
        }
    }

    fn record(&mut self, raw: &[u8]) -> std::io::Result<()> {
        let valid = serde_json::from_slice::<&serde_json::value::RawValue>(raw).is_ok();
        if self.format == ExportFormat::Json {
            if !valid {
                self.n.left_out += 1;
                return Ok(());
            }
            return self.element(raw);
        }
        self.n.written += 1;
        self.out.write_all(&on_one_line(raw))?;
        self.out.write_all(b"\n")
    }

    fn pair(&mut self, key: &str, id: &str) -> std::io::Result<()> {
        let object = serde_json::json!({ "key": key, "id": id }).to_string();
        match self.format {
            ExportFormat::Json => self.element(object.as_bytes()),
            ExportFormat::Jsonl => {
                self.n.written += 1;
                writeln!(self.out, "{object}")
            }
            ExportFormat::Csv => {
                self.n.written += 1;
                let mut writer = csv::Writer::from_writer(&mut *self.out);
                writer.write_record([key, id])?;
                writer.flush()
            }
        }
    }

    fn element(&mut self, json: &[u8]) -> std::io::Result<()> {
        self.out.write_all(if self.n.written == 0 { b"\n" } else { b",\n" })?;
        self.n.written += 1;
        self.out.write_all(json)
    }

    fn end(&mut self) -> std::io::Result<()> {
        if self.format == ExportFormat::Json {
            self.out.write_all(if self.n.written == 0 { b"]\n" } else { b"\n]\n" })?;
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
