//! `export`: source records, re-stageable as they are; or old keys with the new ids.

mod list;
mod sheet;
mod tell;

use super::global::Global;
use super::{open_reader, schema_of, staged_mapping};
use crate::error::{Error, Exit, Result};
use crate::job::Status;
use crate::mapping::Mapping;
use crate::prepare;
use crate::schema::Schema;
use crate::store::file::Replacement;
use crate::store::{Exported, JobId, MappedId, Reading, Table};
use crate::ui::{self, Ui};
use crate::user::IdKind;
use crate::words::counted;
use clap::{Args, ValueEnum};
use list::{List, Written};
use sheet::{CsvSources, Sheet};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use tell::{left_out, tell_done_without_id, tell_shape, tell_skipped, without_id};

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

pub(crate) fn run(global: &Global, ui: Ui, args: &Export) -> Result<Exit> {
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

fn format_of(args: &Export) -> ExportFormat {
    let by_name = args.output.as_deref().and_then(Path::extension).and_then(|extension| {
        match extension.to_str()? {
            "json" => Some(ExportFormat::Json),
            "jsonl" | "ndjson" => Some(ExportFormat::Jsonl),
            "csv" | "tsv" => Some(ExportFormat::Csv),
            _ => None,
        }
    });
    args.format.or(by_name).unwrap_or(ExportFormat::Jsonl)
}

/// What separates the cells of CSV where the sources do not say it.
fn delimiter_of(args: &Export) -> u8 {
    let extension = args.output.as_deref().and_then(Path::extension);
    if extension.is_some_and(|extension| extension == "tsv") { b'\t' } else { b',' }
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
        write_records(table, &wanted(args), delimiter_of(args), &mut list, &check)?;
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
    let schema = schema_of(table)?;
    let mut after = JobId(0);
    loop {
        let page = table.id_map(after, PAGE)?;
        for row in &page {
            check(list.pair(row, kind_of(row, &mapping, schema)))?;
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
fn kind_of(row: &MappedId, mapping: &Mapping, schema: &'static Schema) -> &'static str {
    let user = prepare::prepare(&row.raw, mapping, schema).user;
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
    delimiter: u8,
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
    let mut sheet = Sheet::new(sources, delimiter);
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
