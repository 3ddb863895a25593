//! `init`: writes a commented userferry.toml, never over an existing one; with `--from` its mapping
//! is proposed from an export.

use super::global::Global;
use super::reading::SourceOptions;
use crate::check::{FoundProblem, Reasons};
use crate::clock;
use crate::config;
use crate::error::{Error, Exit, Result};
use crate::input::{Options, Reader, Source, nulls, show_name};
use crate::provider::{self, Provider};
use crate::store::file::Replacement;
use crate::suggest::{Proposal, Survey, propose};
use crate::ui::{Ui, table};
use crate::words::{agree, counted, grouped, quoted};
use clap::Args;
use std::io::Write;
use std::path::Path;

/// Records that are looked at.
const SAMPLE: u64 = 2_000;
/// Bytes of the records that are looked at, about.
const MOST_BYTES: usize = 64 << 20;
/// Fields that are named in the summary but feed nothing.
const SHOWN: usize = 20;

/// `init`.
#[derive(Debug, Args)]
#[command(mut_arg("input_format", |arg| arg.requires("from")))]
#[command(mut_arg("records", |arg| arg.requires("from")))]
#[command(mut_arg("encoding", |arg| arg.requires("from")))]
#[command(mut_arg("delimiter", |arg| arg.requires("from")))]
#[command(mut_arg("header", |arg| arg.requires("from")))]
#[command(mut_arg("columns", |arg| arg.requires("from")))]
#[command(mut_arg("null", |arg| arg.requires("from")))]
pub struct Init {
    /// Propose the mapping from the fields of this export; '-' for standard input
    #[arg(long, value_name = "SOURCE")]
    pub from: Option<String>,

    /// The provider that the users go to, as userferry provider list names it [default: the first]
    #[arg(long, value_name = "NAME")]
    pub provider: Option<String>,

    /// Ask nothing: `init` never does, so scripts may say it as they do to other commands
    #[arg(long)]
    pub yes: bool,

    #[command(flatten)]
    pub reading: SourceOptions,
}

impl Init {
    fn provider(&self) -> Result<&'static Provider> {
        let Some(name) = &self.provider else { return Ok(provider::DEFAULT) };
        provider::named(provider::ALL, name).ok_or_else(|| {
            Error::usage("--provider: the name of a provider is expected")
                .hint(provider::known(provider::ALL))
        })
    }
}

/// What the file lacks that only a person knows.
fn to_set(provider: &Provider) -> String {
    match provider.required().as_slice() {
        [] => "Look at [target] in it".to_owned(),
        names => format!("Set {} in it", names.join(" and ")),
    }
}

pub(crate) fn run(global: &Global, ui: Ui, args: &Init) -> Result<Exit> {
    let provider = args.provider()?;
    let path = global.config.as_deref().unwrap_or(Path::new(config::DEFAULT_FILE));
    let Some(name) = &args.from else {
        write(path, &config::template(provider))?;
        let shown = path.display();
        let check = check_line("users.json", &args.reading);
        ui.note(&format!("Wrote {shown}. {}, then: {check}", to_set(provider)));
        return Ok(Exit::Done);
    };
    // Before the export is read: standard input can be read only once.
    if path.metadata().is_ok_and(|found| found.is_file() || found.is_dir()) {
        return Err(there_already(path));
    }
    let source = Source::parse(name);
    if let (Some(file), Ok(table)) = (source.path(), super::canonical(&global.db)) {
        super::refuse_table(&table, file)?;
    }
    let Sample { proposal, seen, null } = look_at(ui, &source, &args.reading, provider)?;
    write(path, &settings(provider, &proposal, &null))?;
    tell(ui, &proposal);
    let check = check_line(name, &args.reading);
    ui.note(&format!(
        "\nWrote {} after a look at {seen}. {}, read [mapping], and change what is wrong; then: {check}",
        path.display(),
        to_set(provider)
    ));
    Ok(Exit::Done)
}

/// How to check the export by the settings that were written.
fn check_line(source: &str, reading: &SourceOptions) -> String {
    format!("userferry check {}", reading.with_source(source))
}

/// What was seen in an export.
struct Sample {
    proposal: Proposal,
    /// At how many records was looked.
    seen: String,
    /// The words that stand in cells of CSV for no value.
    null: Vec<String>,
}

/// Looks at the first records, and proposes.
fn look_at(
    ui: Ui,
    source: &Source,
    reading: &SourceOptions,
    provider: &'static Provider,
) -> Result<Sample> {
    let options = Options { count_nulls: true, ..reading.options() };
    let mut reader = Reader::open(source, &options, None)?;
    if let Some(note) = reader.note() {
        ui.note(&format!("{source}: {note}"));
    }
    let (mut sample, mut bytes) = (Vec::new(), 0);
    let (mut read, mut faulty, mut reasons) = (0, 0, Reasons::default());
    while read < SAMPLE && bytes < MOST_BYTES {
        let Some(record) = reader.next_record()? else { break };
        read += 1;
        let Some(fault) = record.fault else {
            bytes += record.raw.len();
            sample.push(record.raw);
            continue;
        };
        faulty += 1;
        reasons.add(FoundProblem {
            source: source.to_string(),
            record: record.no,
            line: record.line,
            key: None,
            field: fault.field,
            rule: fault.rule,
            message: fault.message,
        });
    }
    let unread = Unread { records: faulty, reasons: reasons.unmapped(), wide: reader.wide_rows() };
    let found = reader.null_words();
    let null = reader.null_setting(&found);
    for cells in &found {
        ui.note(&format!("{source}: cells that hold {} count as no value", cells.told()));
    }
    if let Some((_, why)) = reader.escapes() {
        ui.warn(&format!("{source}: {why}"));
    }
    let mut survey = Survey::at(clock::system_ms() / 1000);
    for raw in sample {
        survey.add(&if found.is_empty() { raw } else { nulls::without(raw, &found) });
    }
    if survey.records() == 0 {
        return Err(unread.refusal(source));
    }
    unread.tell(ui, source);
    let is_sample = read == SAMPLE || bytes >= MOST_BYTES;
    let proposal = propose(&survey, is_sample, &provider.schema);
    Ok(Sample { proposal, seen: looked_at(survey.records(), read, faulty), null })
}

/// Records that could not be read, and why.
struct Unread {
    records: u64,
    /// A line for each reason.
    reasons: String,
    /// What rows with too many cells mean, where many have.
    wide: Option<(u64, String)>,
}

impl Unread {
    fn tell(&self, ui: Ui, source: &Source) {
        if self.records > 0 {
            let n = counted(self.records, "record");
            ui.warn(&format!("{source}: {n} could not be read:\n{}", self.reasons.trim_end()));
        }
        if let Some((_, why)) = &self.wide {
            ui.warn(&format!("{source}: {why}"));
        }
    }

    /// Why nothing can be proposed.
    fn refusal(&self, source: &Source) -> Error {
        let what = format!("{source}: no record to propose a mapping from");
        match &self.wide {
            None if self.records == 0 => Error::usage(what)
                .hint("without --from, init writes the mapping of the vendor's example"),
            Some((_, why)) => Error::usage(format!("{what}: none could be read")).hint(why),
            None => {
                Error::usage(format!("{what}: none could be read")).hint(self.reasons.trim_end())
            }
        }
    }
}

/// At how many records was looked, and why at no more. What came twice, word for word, counts once.
fn looked_at(records: u64, read: u64, faulty: u64) -> String {
    let twice = read.saturating_sub(records + faulty);
    let mut reasons = Vec::new();
    if faulty > 0 {
        reasons.push(format!(
            "{} could not be read, and check names {}",
            grouped(faulty),
            agree(faulty, "it", "them")
        ));
    }
    if twice > 0 {
        reasons.push(format!("{} came before, word for word", grouped(twice)));
    }
    if reasons.is_empty() {
        return counted(records, "record");
    }
    format!("{} of {} ({})", grouped(records), counted(read, "record"), reasons.join("; "))
}

/// The commented settings, with this mapping and these words in place of the example's.
fn settings(provider: &Provider, proposal: &Proposal, null: &[String]) -> String {
    let template = config::template(provider);
    let (before, example) = template.split_once("[mapping]\n").unwrap_or((&template, ""));
    let help = example.split_inclusive('\n').take_while(|line| line.starts_with('#'));
    let words: Vec<String> = null.iter().map(|word| quoted(word)).collect();
    let before = match words.as_slice() {
        [] => before.to_owned(),
        words => {
            before.replacen(config::NULL_EXAMPLE, &format!("null = [{}]", words.join(", ")), 1)
        }
    };
    format!("{before}{}", proposal.to_toml(&help.collect::<String>()))
}

fn write(path: &Path, text: &str) -> Result<()> {
    let shown = path.display();
    let mut file = Replacement::create_where_none_is(path).map_err(|error| {
        if error.kind() == std::io::ErrorKind::AlreadyExists {
            return there_already(path);
        }
        Error::usage(format!("{shown} cannot be written: {error}"))
    })?;
    file.write_all(text.as_bytes())
        .map_err(|error| Error::usage(format!("{shown} cannot be written: {error}")))
}

fn there_already(path: &Path) -> Error {
    Error::usage(format!("{} is there already", path.display()))
        .hint("edit it, or name another file with --config")
}

/// What was found. Names of fields, never values.
fn tell(ui: Ui, proposal: &Proposal) {
    let name = |text: &str| show_name(text.as_bytes());
    let held = proposal.lines.iter().filter(|line| line.holds || line.is_part);
    let mut rows: Vec<Vec<String>> = held
        .map(|line| vec![name(&line.source), line.field.to_owned(), line.coverage.clone()])
        .collect();
    let is_used = |source: &str| {
        proposal.lines.iter().any(|line| (line.holds || line.is_part) && line.source == source)
    };
    let unsure = proposal.lines.iter().filter(|line| !line.holds && !is_used(&line.source));
    rows.extend(
        unsure.map(|line| {
            vec![name(&line.source), format!("({}?)", line.field), line.coverage.clone()]
        }),
    );
    let left = proposal.left.iter().take(SHOWN);
    rows.extend(left.map(|left| vec![name(&left.source), "-".to_owned(), left.coverage.clone()]));
    ui.note(table::render(&["field", "provider's field", "filled"], &rows).trim_end());
    if let Some(more) = proposal.left.len().checked_sub(SHOWN).filter(|more| *more > 0) {
        ui.note(&format!("… and {} that nothing is made of", counted(more as u64, "field")));
    }
    if !proposal.has_identifier() {
        ui.warn(&format!(
            "no field identifies a user: name one of {} in [mapping]",
            proposal.identifiers.join(", ")
        ));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_that_were_not_looked_at_are_counted_with_the_reason() {
        for (records, read, faulty, expected) in [
            (1, 1, 0, "1 record"),
            (2_000, 2_000, 0, "2,000 records"),
            (247, 250, 3, "247 of 250 records (3 could not be read, and check names them)"),
            (2, 3, 1, "2 of 3 records (1 could not be read, and check names it)"),
            (2, 3, 0, "2 of 3 records (1 came before, word for word)"),
            (
                1,
                3,
                1,
                "1 of 3 records (1 could not be read, and check names it; 1 came before, word for word)",
            ),
        ] {
            assert_eq!(looked_at(records, read, faulty), expected);
        }
    }
}
