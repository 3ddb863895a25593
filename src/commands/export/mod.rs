//! `export`: source records, re-stageable as they are; or old keys with the new ids.

mod sheet;

use super::{open_reader, staged_mapping};
use crate::cli::Global;
use crate::config::TargetKind;
use crate::error::{Error, Exit, Result};
use crate::input::mark;
use crate::job::Status;
use crate::mapping::Mapping;
use crate::store::file::Replacement;
use crate::store::{Exported, JobId, MappedId, Reading, Table};
use crate::ui::{self, Ui};
use crate::user::IdKind;
use crate::validate;
use crate::words::{agree, counted, grouped};
use clap::{Args, ValueEnum};
use sheet::{CsvSources, Sheet};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

/// Rows in one read transaction: none of them holds the WAL for long.
const PAGE: u32 = 1_000;

/// `export`.
#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("what").required(true).args(["status", "map"]))]
pub struct Export {
    /// Records of the rows of this status, or of several: failed,invalid. Those of failed, invalid
    /// and unknown rows say why in `_userferry`, which no reading takes for a part of the record
    #[arg(long, value_name = "STATUS", value_delimiter = ',')]
    pub status: Vec<ExportStatus>,

    /// Old key and new id of every user that is done, instead of records
    ///
    /// A skipped row has the id of the user who was in the directory already.
    #[arg(long)]
    pub map: bool,

    /// Format [default: told by the name of FILE, else jsonl]
    #[arg(long, value_name = "FORMAT")]
    pub format: Option<ExportFormat>,

    /// Write to FILE (mode 0600: records hold password hashes) instead of standard output, which
    /// '-' means too
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,

    /// Replace FILE if it is there
    #[arg(long)]
    pub force: bool,
}

/// The rows to export.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ExportStatus {
    Pending,
    Sending,
    Unknown,
    Done,
    Failed,
    Invalid,
}

/// The format of an export.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ExportFormat {
    /// One object a line.
    Jsonl,
    /// One array.
    Json,
    /// Rows under the names of the columns, in UTF-8.
    Csv,
}

pub(super) fn run(global: &Global, ui: Ui, args: &Export) -> Result<Exit> {
    let table = open_reader(global)?;
    let format = format_of(args);
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
    let without = if args.map { without_id(&table, n.entries)? } else { String::new() };
    ui.note(&format!("{} written{place}{without}", counted(n.entries, what)));
    if args.map {
        tell_skipped(ui, n.skipped);
        tell_done_without_id(ui, table.counts()?.done, n.entries);
    }
    if !args.map {
        tell_shape(ui, &n, format);
    }
    if n.left_out > 0 {
        ui.warn(&left_out(n.left_out, format));
        return Ok(Exit::Incomplete);
    }
    Ok(Exit::Done)
}

fn left_out(n: u64, format: ExportFormat) -> String {
    let why = match format {
        ExportFormat::Csv => agree(
            n,
            "no row of CSV can hold it; --format jsonl writes it as it is",
            "no row of CSV can hold them; --format jsonl writes them as they are",
        ),
        ExportFormat::Json | ExportFormat::Jsonl => agree(
            n,
            "it is no valid JSON; --format jsonl writes it as it is",
            "they are no valid JSON; --format jsonl writes them as they are",
        ),
    };
    format!("{} left out, for {why}", counted(n, "record"))
}

/// In which form records are written that had another.
fn tell_shape(ui: Ui, n: &Written, format: ExportFormat) {
    if format == ExportFormat::Csv {
        return tell_sheet(ui, n);
    }
    if n.no_objects > 0 {
        let row = ". A list in square brackets may be a row of CSV that did not fit its header";
        ui.warn(&format!(
            "{}, and no staging takes them so: each must become {{\"name of a field\": \"value\", …}}{}",
            no_objects(n.no_objects),
            if n.of_csv > 0 { row } else { "" }
        ));
    }
    if n.of_csv > 0 {
        let form = if format == ExportFormat::Json { "JSON" } else { "JSON Lines" };
        ui.note(&format!(
            "Rows of CSV are written as {form}, each an object with the names of the columns: correct them there, and \
             userferry stage --replace takes them. With --format csv, or in a file called .csv, they stay CSV"
        ));
    }
}

/// What a table of cells cannot say.
fn tell_sheet(ui: Ui, n: &Written) {
    if n.no_objects > 0 {
        ui.warn(&format!(
            "{} with {} own cells, for {} not fit the header: give each column its cell",
            counted(n.no_objects, "row"),
            agree(n.no_objects, "its", "their"),
            agree(n.no_objects, "it does", "they do")
        ));
    }
    let of_json = n.entries.saturating_sub(n.of_csv);
    if of_json > 0 {
        ui.note(&format!(
            "{} of JSON written as CSV: numbers and truth values become text, and null an empty cell",
            counted(of_json, "record")
        ));
    }
    if n.nested > 0 {
        ui.warn(&format!(
            "{} lists or objects, which a mapping finds no more when they come back from CSV: --format jsonl keeps them",
            agree(n.nested, "1 record has", &format!("{} records have", grouped(n.nested)))
        ));
    }
}

fn no_objects(n: u64) -> String {
    let are = if n == 1 { "is no JSON object" } else { "are no JSON objects" };
    format!("{} written {are}", counted(n, "record"))
}

/// For the balance: the rows that a map of the ids leaves out.
fn without_id(table: &Table, written: u64) -> Result<String> {
    Ok(match table.counts()?.total.saturating_sub(written) {
        0 => String::new(),
        1 => "; 1 row has none".to_owned(),
        n => format!("; {} have none", counted(n, "row")),
    })
}

/// A skipped row maps to a user who is not of this migration.
fn tell_skipped(ui: Ui, n: u64) {
    if n > 0 {
        ui.note(&format!(
            "{} of a skipped row: a user who was there already, and whom nothing of the record changed",
            agree(n, "1 of these ids is that", &format!("{} of these ids are those", grouped(n)))
        ));
    }
}

/// Rows that a person called done: of their users the table knows no id.
fn tell_done_without_id(ui: Ui, done: u64, written: u64) {
    let n = done.saturating_sub(written);
    if n > 0 {
        let are = if n == 1 { "is" } else { "are" };
        ui.note(&format!(
            "{} {are} done without an id there: waived, or settled without --user-id",
            counted(n, "row")
        ));
    }
}

fn format_of(args: &Export) -> ExportFormat {
    let by_name = args.output.as_deref().and_then(Path::extension).and_then(|extension| {
        match extension.to_str()? {
            "json" => Some(ExportFormat::Json),
            "jsonl" | "ndjson" => Some(ExportFormat::Jsonl),
            "csv" => Some(ExportFormat::Csv),
            _ => None,
        }
    });
    args.format.or(by_name).unwrap_or(ExportFormat::Jsonl)
}

#[derive(Default)]
struct Written {
    entries: u64,
    left_out: u64,
    /// Of those written, the records that no staging takes for a user.
    no_objects: u64,
    /// Of those written, the rows of CSV.
    of_csv: u64,
    /// Of those written as CSV, the records with lists or objects inside.
    nested: u64,
    /// Of the ids written, those of users who were skipped.
    skipped: u64,
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
    } else {
        write_records(table, &wanted(args), &mut list, &check)?;
    }
    check(list.end())?;
    Ok(list.n)
}

/// The statuses that were named; one that is named twice is written once.
fn wanted(args: &Export) -> Vec<Status> {
    let mut wanted = Vec::new();
    for status in args.status.iter().copied().map(status_of) {
        if !wanted.contains(&status) {
            wanted.push(status);
        }
    }
    wanted
}

fn write_map(
    table: &Table,
    list: &mut List<'_>,
    check: &impl Fn(std::io::Result<()>) -> Result<()>,
) -> Result<()> {
    let mapping = staged_mapping(table)?.unwrap_or_else(Mapping::reference);
    let mut after = JobId(0);
    loop {
        let page = table.id_map(after, PAGE)?;
        for row in &page {
            check(list.pair(row, kind_of(row, &mapping)))?;
            list.n.skipped += u64::from(row.is_skipped);
        }
        match page.last() {
            Some(last) if page.len() == PAGE as usize => after = last.id,
            _ => return Ok(()),
        }
    }
}

/// Which kind of identifier a key is: people without an external id are known by another. Empty where
/// the mapping has changed so much since that nothing of the record is its key.
fn kind_of(row: &MappedId, mapping: &Mapping) -> &'static str {
    let user = validate::prepare(&row.raw, mapping, TargetKind::AuthingV2.schema()).user;
    let is_key = |(_, value): &(IdKind, &str)| row.key.as_deref() == Some(*value);
    let found = user.identifiers.iter().find(is_key);
    found.map_or("", |(kind, _)| match kind {
        IdKind::ExternalId => "external-id",
        IdKind::Email => "email",
        IdKind::Phone => "phone",
        IdKind::Username => "username",
    })
}

fn write_records(
    table: &Table,
    statuses: &[Status],
    list: &mut List<'_>,
    check: &impl Fn(std::io::Result<()>) -> Result<()>,
) -> Result<()> {
    let sources = CsvSources::of(table)?;
    if list.format != ExportFormat::Csv {
        return each(table, statuses, &mut |record| {
            check(list.record(record, sources.has(record.source)))
        });
    }
    // Once for the columns, once for the rows: the table may hold more than fits into memory.
    let mut sheet = Sheet::new(sources);
    each(table, statuses, &mut |record| {
        sheet.survey(record);
        Ok(())
    })?;
    check(list.out.write_all(&sheet.header()))?;
    each(table, statuses, &mut |record| check(list.row(&sheet, record)))
}

/// Calls `f` with each record of these statuses, in their order.
fn each(
    table: &Table,
    statuses: &[Status],
    f: &mut dyn FnMut(&Exported) -> Result<()>,
) -> Result<()> {
    for status in statuses {
        let mut after = JobId(0);
        loop {
            let page = table.exported(*status, after, PAGE)?;
            for record in &page {
                f(record)?;
            }
            match page.last() {
                Some(last) if page.len() == PAGE as usize => after = last.id,
                _ => break,
            }
        }
    }
    Ok(())
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
            ExportFormat::Csv if map => self.out.write_all(b"key,id,kind\n"),
            ExportFormat::Csv | ExportFormat::Jsonl => Ok(()),
        }
    }

    fn record(&mut self, record: &Exported, is_csv: bool) -> std::io::Result<()> {
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

    fn row(&mut self, sheet: &Sheet, record: &Exported) -> std::io::Result<()> {
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

    fn pair(&mut self, row: &MappedId, kind: &str) -> std::io::Result<()> {
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

    fn end(&mut self) -> std::io::Result<()> {
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
