//! `check`: reads, maps and validates; stages and sends nothing.

use super::global::Global;
use super::reading::SourceOptions;
use crate::check::{Checker, IdAlone, Reasons};
use crate::columns;
use crate::config::{Flags, Settings, process_env};
use crate::error::{Error, Exit, Result};
use crate::input::{Options, Reader, Source};
use crate::mapping::Mapping;
use crate::store::file::Replacement;
use crate::ui::Ui;
use crate::ui::progress::ReadProgress;
use crate::words::grouped;
use clap::{Args, ValueEnum};
use std::cell::RefCell;
use std::io::{BufWriter, Write};
use std::path::PathBuf;

/// `check`.
#[derive(Debug, Args)]
pub struct Check {
    /// The export; '-' for standard input
    #[arg(value_name = "SOURCE", required = true)]
    pub sources: Vec<String>,

    #[command(flatten)]
    pub reading: SourceOptions,

    /// What to write: a summary as text or as one JSON object, or each problem as a JSON line
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub format: CheckFormat,

    /// Same as --format json
    #[arg(long, conflicts_with = "format")]
    pub json: bool,

    /// Write to FILE instead of standard output, which '-' means too
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,

    /// As stage --accept-passwords
    #[arg(long)]
    pub accept_passwords: bool,
}

/// What `check` writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum CheckFormat {
    /// A summary for people.
    Text,
    /// The summary as one object.
    Json,
    /// One object a problem.
    Jsonl,
}

pub(crate) fn run(global: &Global, ui: Ui, args: &Check) -> Result<Exit> {
    let settings = Settings::load(global.config.as_deref(), &Flags::default(), &process_env)?;
    let schema = settings.target.schema();
    settings.check_mapping()?;
    let format = if args.json { CheckFormat::Json } else { args.format };
    if let (Some(path), Ok(table)) = (&args.output, super::canonical(&global.db)) {
        super::refuse_table(&table, path)?;
    }
    let sources: Vec<Source> = args.sources.iter().map(|name| Source::parse(name)).collect();
    if let Some(path) = &args.output {
        super::refuse_source(sources.iter().filter_map(Source::path), path)?;
    }
    let out = RefCell::new(Output::new(ui, args)?);
    let source_name = RefCell::new(String::new());
    let unwritten = RefCell::new(None);
    let guard = settings.target.guard(args.accept_passwords);
    let mut checker =
        Checker::new(&settings.mapping, schema)?.guard(guard).unused(&settings.check.unused);
    if format == CheckFormat::Jsonl {
        checker = checker.on_id_alone(|found| {
            let line = id_alone(&source_name.borrow(), &found);
            if let Err(error) = out.borrow_mut().line(&line) {
                unwritten.borrow_mut().get_or_insert(error);
            }
        });
    }
    let options = Options { count_nulls: true, ..args.reading.options_for(&settings) };
    let broken = read(ui, &sources, &options, &settings.mapping, &mut checker, &source_name).err();
    // A source that cannot even be opened leaves nothing to report.
    if let Some(error) = &broken
        && checker.records() == 0
    {
        return Err(error.clone());
    }
    let mut reasons = Reasons::default();
    let report = checker.finish(&mut |problem| {
        match format {
            CheckFormat::Jsonl => out.borrow_mut().line(&json(&problem)?)?,
            CheckFormat::Text => reasons.add(problem),
            CheckFormat::Json => {}
        }
        Ok(())
    })?;
    let mut out = out.into_inner();
    if let Some(error) = unwritten.into_inner() {
        return Err(error);
    }
    match format {
        CheckFormat::Text => {
            let reasons = reasons.to_text(&settings.mapping, schema);
            if !reasons.is_empty() {
                // What makes every record wrong comes before each that is. Nobody named the columns of the
                // vendor's example.
                let is_named = settings.has_own_mapping();
                for missing in report.missing_columns().filter(|_| is_named) {
                    out.tell(missing)?;
                }
                out.tell(&reasons)?;
            }
            out.tell(report.to_text().trim_end())?;
        }
        CheckFormat::Json => out.line(&json(&report)?)?,
        CheckFormat::Jsonl => {}
    }
    if let Some(error) = broken {
        out.finish()?;
        return Err(error);
    }
    out.finish()?;
    // Digits that may be digests are no problem of one record, but of their column.
    let is_refused = report.warnings.iter().any(|warning| warning.warning == "password-column");
    if is_refused {
        ui.note("stage would refuse this: see the warning about the passwords");
        return Ok(Exit::Incomplete);
    }
    if report.invalid > 0 {
        ui.note(&cannot_be_sent(report.invalid, report.records));
        if report.valid == 0 && !report.has_key && !settings.has_own_mapping() {
            ui.note(&super::no_mapping(&settings, &args.sources, &args.reading));
        }
        return Ok(Exit::Incomplete);
    }
    Ok(Exit::Done)
}

/// What can be done about records with problems.
fn cannot_be_sent(invalid: u64, records: u64) -> String {
    let of = grouped(records);
    match (invalid, records) {
        (1, 1) => "the record cannot be sent as it is: correct it in the source, or stage it and correct it later".to_owned(),
        (1, _) => format!(
            "1 of {of} records cannot be sent as it is: correct it in the source, or stage all and \
             correct the invalid one later"
        ),
        _ => format!(
            "{} of {of} records cannot be sent as they are: correct them in the source, or stage all \
             and correct the invalid ones later",
            grouped(invalid)
        ),
    }
}

/// Reads the sources, up to one that cannot be read.
fn read(
    ui: Ui,
    sources: &[Source],
    options: &Options,
    mapping: &Mapping,
    checker: &mut Checker<'_>,
    name: &RefCell<String>,
) -> Result<()> {
    sources.iter().try_for_each(Source::is_there)?;
    for source in sources {
        *name.borrow_mut() = source.to_string();
        let mut reader = Reader::open(source, options, None)?;
        columns::refuse_strange_header(source, &reader, mapping)?;
        if let Some(note) = reader.note() {
            ui.note(&format!("{source}: {note}"));
        }
        let mut bar = ReadProgress::new(ui);
        checker.source(&source.to_string(), &mut reader, &mut |reader, records| {
            bar.update(reader.bytes_read(), reader.bytes_total(), records);
        })?;
        drop(bar);
        for cells in reader.null_words().iter().filter(|cells| cells.is_taken) {
            ui.note(&format!("{source}: cells that hold {} count as no value", cells.told()));
        }
    }
    Ok(())
}

/// A line of `--format jsonl` about a record that is sent, but has nothing to sign in with.
fn id_alone(source: &str, found: &IdAlone<'_>) -> String {
    serde_json::json!({
        "source": source,
        "record": found.record,
        "line": found.line,
        "key": found.key,
        "field": "",
        "warning": "nothing-to-sign-in-with",
        "message": "no e-mail address, phone number or user name: there is nothing to sign in with",
    })
    .to_string()
}

fn json(value: &impl serde::Serialize) -> Result<String> {
    serde_json::to_string(value).map_err(|_| Error::internal("internal error: a report is no JSON"))
}

/// Standard output, or a file that only its owner can read.
struct Output {
    ui: Ui,
    file: Option<(BufWriter<Replacement>, String)>,
}

impl Output {
    fn new(ui: Ui, args: &Check) -> Result<Self> {
        let Some(path) = super::output_file(args.output.as_deref()) else {
            return Ok(Self { ui, file: None });
        };
        let name = path.display().to_string();
        let file = Replacement::create(path).map_err(|error| unwritable(&name, &error))?;
        Ok(Self { ui, file: Some((BufWriter::new(file), name)) })
    }

    fn line(&mut self, text: &str) -> Result<()> {
        match &mut self.file {
            None => self.ui.out(&format!("{text}\n")),
            Some((file, name)) => {
                writeln!(file, "{text}").map_err(|error| unwritable(name, &error))
            }
        }
    }

    /// A text for people.
    fn tell(&mut self, text: &str) -> Result<()> {
        if self.file.is_none() {
            return self.ui.tell(&format!("{text}\n"));
        }
        let text = self.ui.led_on(text).into_owned();
        self.line(&text)
    }

    fn finish(self) -> Result<()> {
        let Some((file, name)) = self.file else { return Ok(()) };
        let file = file.into_inner().map_err(|error| unwritable(&name, &error.into_error()))?;
        file.finish().map_err(|error| unwritable(&name, &error))
    }
}

fn unwritable(name: &str, error: &std::io::Error) -> Error {
    Error::usage(format!("{name} cannot be written: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_record_is_told_as_one() {
        for (invalid, records, expected) in [
            (1, 1, "the record cannot be sent as it is: "),
            (1, 2_000, "1 of 2,000 records cannot be sent as it is: "),
            (2, 2, "2 of 2 records cannot be sent as they are: "),
        ] {
            let told = cannot_be_sent(invalid, records);
            assert!(told.starts_with(expected), "{told}");
        }
    }
}
