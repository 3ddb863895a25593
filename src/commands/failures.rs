//! `failures`: failed, invalid and unknown rows with their reasons.

mod newer;
mod summary;

use super::global::Global;
use super::next::{self, Conflicts};
use super::sources::Names;
use super::unmask::Unmasked;
use super::{open_reader, schema_of, staged_mapping};
use crate::error::{Error, Exit, Result};
use crate::job::Status;
use crate::mapping::Mapping;
use crate::prepare;
use crate::store::{Counts, FailureRow, JobId, Reading, Table};
use crate::ui::Ui;
use clap::{Args, ValueEnum};

/// Rows in one read transaction: none of them holds the WAL for long.
const PAGE: u32 = 500;

/// `failures`.
#[derive(Debug, Args)]
#[command(
    after_help = "In the table a key that is an e-mail address, a phone number or a user name is masked; an external id is \
                  not. JSON and CSV are data for programs, and have every key in full; the example of --summary is masked in \
                  every format."
)]
pub struct Failures {
    /// Only rows of this status, or of several: failed,unknown [default: all three]
    #[arg(long, value_name = "STATUS", value_delimiter = ',')]
    pub status: Vec<FailureStatus>,

    /// How to print them
    #[arg(long, value_name = "FORMAT", default_value = "table")]
    pub format: FailureFormat,

    /// The same as --format json
    #[arg(long, conflicts_with = "format")]
    pub json: bool,

    /// Show keys in the table that are one of these of the provider's fields as they are: email; or all
    #[arg(long, value_name = "FIELD", value_delimiter = ',', conflicts_with = "summary")]
    pub unmask: Vec<String>,

    /// Each reason once: how many rows it concerns, and one of them, masked
    #[arg(long)]
    pub summary: bool,

    /// Users who are done, but of whom a newer record says something else: what, and in which of the provider's
    /// fields. They stay as they were sent: change them at the provider. --newer=blocked lists those to block
    #[arg(long, value_name = "WHAT", num_args = 0..=1, require_equals = true, default_missing_value = "all")]
    #[arg(conflicts_with_all = ["status", "summary"], value_parser = newer::what)]
    pub newer: Option<newer::What>,
}

/// The rows to list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum FailureStatus {
    /// Refused for good.
    Failed,
    /// Problems found before sending.
    Invalid,
    /// Nobody can tell yet whether the user was created.
    Unknown,
}

/// How to print failures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum FailureFormat {
    /// For people.
    Table,
    /// One array.
    Json,
    /// One object a line.
    Jsonl,
    /// For spreadsheets.
    Csv,
}

pub(crate) fn run(global: &Global, ui: Ui, args: &Failures) -> Result<Exit> {
    let table = open_reader(global)?;
    let mapping = staged_mapping(&table)?.unwrap_or_else(Mapping::reference);
    let schema = schema_of(&table)?;
    let keys = Keys { unmasked: Unmasked::new(&args.unmask, &mapping, schema)?, mapping: &mapping };
    let rows = Rows { table, which: wanted(&args.status) };
    let format = if args.json { FailureFormat::Json } else { args.format };
    if args.summary {
        summary::print(ui, &rows.table, &rows.which, format)?;
        return Ok(Exit::Done);
    }
    if let Some(what) = args.newer {
        newer::print(ui, &rows.table, &keys, format, what)?;
        return Ok(Exit::Done);
    }
    match format {
        FailureFormat::Table => as_table(ui, &rows, &keys)?,
        FailureFormat::Json => as_json(ui, &rows)?,
        FailureFormat::Jsonl => each(&rows, |row| ui.out(&format!("{}\n", json(row)?)))?,
        FailureFormat::Csv => {
            ui.out(&csv_line(&CSV_HEADER.map(str::to_owned))?)?;
            each(&rows, |row| ui.out(&csv_line(&cells(row))?))?;
        }
    }
    Ok(Exit::Done)
}

/// The rows to list, and where they are.
struct Rows {
    table: Table,
    which: Vec<Status>,
}

/// How keys are shown to people.
struct Keys<'a> {
    mapping: &'a Mapping,
    unmasked: Unmasked<'a>,
}

impl Keys<'_> {
    fn shown(&self, table: &Table, id: JobId, key: Option<&str>) -> Result<String> {
        let Some(key) = key else { return Ok("-".to_owned()) };
        let schema = schema_of(table)?;
        let raw = table.record(id)?.unwrap_or_default();
        let user = prepare::inspect(&raw, self.mapping, schema).user;
        Ok(self.unmasked.key(key, &user, None, schema))
    }
}

/// All of them where no status is named.
fn wanted(named: &[FailureStatus]) -> Vec<Status> {
    let all = [
        (FailureStatus::Failed, Status::Failed),
        (FailureStatus::Invalid, Status::Invalid),
        (FailureStatus::Unknown, Status::Unknown),
    ];
    let wanted = all.into_iter().filter(|(name, _)| named.is_empty() || named.contains(name));
    wanted.map(|(_, status)| status).collect()
}

fn each(rows: &Rows, mut work: impl FnMut(&FailureRow) -> Result<()>) -> Result<()> {
    let mut after = JobId(0);
    loop {
        let page = rows.table.failures(&rows.which, after, PAGE)?;
        for row in &page {
            work(row)?;
        }
        match page.last() {
            Some(last) if page.len() == PAGE as usize => after = JobId(last.id),
            _ => return Ok(()),
        }
    }
}

/// `message` is what the table shows as the reason, also for a row that was never sent.
fn json(row: &FailureRow) -> Result<String> {
    let row = FailureRow { message: Some(why(row)), ..row.clone() };
    serde_json::to_string(&row).map_err(|_| Error::internal("internal error: a row is no JSON"))
}

fn as_json(ui: Ui, rows: &Rows) -> Result<()> {
    json_array(ui, |element| each(rows, |row| element(&json(row)?)))
}

/// Writes a JSON array with one element on each line. `write` passes the elements on, one by one.
fn json_array(
    ui: Ui,
    write: impl FnOnce(&mut dyn FnMut(&str) -> Result<()>) -> Result<()>,
) -> Result<()> {
    let mut first = true;
    ui.out("[")?;
    write(&mut |element| {
        let comma = if std::mem::take(&mut first) { "\n" } else { ",\n" };
        ui.out(&format!("{comma}{element}"))
    })?;
    ui.out(if first { "]\n" } else { "\n]\n" })
}

/// Columns are as wide as a page needs.
fn as_table(ui: Ui, source: &Rows, keys: &Keys<'_>) -> Result<()> {
    const HEADER: [&str; 7] = ["SOURCE", "RECORD", "KEY", "STATUS", "CODE", "TRIES", "WHY"];
    let (mut rows, mut any) = (Vec::new(), false);
    let names = Names::of(source.table.source_paths()?);
    each(source, |row| {
        any = true;
        rows.push(vec![
            names.short(&row.source),
            row.record.to_string(),
            keys.shown(&source.table, JobId(row.id), row.key.as_deref())?,
            row.status.with(row.detail),
            row.code.clone().unwrap_or_else(|| "-".to_owned()),
            row.attempts.to_string(),
            names.short(&why(row)),
        ]);
        if rows.len() == PAGE as usize {
            ui.table(&HEADER, &rows)?;
            rows.clear();
        }
        Ok(())
    })?;
    if !any {
        ui.note(&format!("No row is {}", words(&source.which)));
        return Ok(());
    }
    if !rows.is_empty() {
        ui.table(&HEADER, &rows)?;
    }
    let counts = shown(&source.which, source.table.counts()?);
    for line in next::about_rows(&counts, Conflicts::of(&source.table, true)?) {
        ui.note(&line);
    }
    Ok(())
}

/// What was not asked for needs no advice.
fn shown(which: &[Status], counts: Counts) -> Counts {
    let of = |status, n| if which.contains(&status) { n } else { 0 };
    Counts {
        failed: of(Status::Failed, counts.failed),
        invalid: of(Status::Invalid, counts.invalid),
        unknown: of(Status::Unknown, counts.unknown),
        ..counts
    }
}

/// "failed", "failed or unknown", "failed, invalid or unknown".
fn words(which: &[Status]) -> String {
    let named: Vec<&str> = which.iter().map(|status| status.as_str()).collect();
    match named.split_last() {
        Some((last, others)) if !others.is_empty() => format!("{} or {last}", others.join(", ")),
        _ => named.concat(),
    }
}

fn why(row: &FailureRow) -> String {
    let problems = row.problems.iter().map(ToString::to_string);
    row.message.clone().into_iter().chain(problems).collect::<Vec<_>>().join("; ")
}

const CSV_HEADER: [&str; 8] =
    ["source", "record", "key", "status", "detail", "code", "message", "attempts"];

fn cells(row: &FailureRow) -> [String; 8] {
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    [
        row.source.clone(),
        row.record.to_string(),
        text(&row.key),
        row.status.to_string(),
        row.detail.map(|detail| detail.to_string()).unwrap_or_default(),
        text(&row.code),
        why(row),
        row.attempts.to_string(),
    ]
}

fn csv_line(cells: &[String]) -> Result<String> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let bytes = writer.write_record(cells).ok().and_then(|()| writer.into_inner().ok());
    let bytes = bytes.ok_or_else(|| Error::internal("internal error: a row is no CSV"))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
