//! `stage`: streams sources into the job table.

use super::anew;
use super::place::{is_source, source_name};
use super::reading::SourceOptions;
use super::{Writer, canonical, keep_guard, open_writer, refuse_table, same_guard, staged_mapping};
use crate::cli::Global;
use crate::clock;
use crate::columns;
use crate::config::{Flags, Settings, TargetKind, process_env};
use crate::error::{Error, Exit, Result};
use crate::input::{self, Reader, Source};
use crate::mapping::Mapping;
use crate::password::guard::Guard;
use crate::stage::{self, Found, Staged};
use crate::store::{Binding, Reading, Staging, Table, UnfinishedSource};
use crate::target::schema::Schema;
use crate::ui::Ui;
use crate::ui::progress::ReadProgress;
use crate::words::{agree, counted, grouped};
use clap::Args;
use std::path::Path;

/// Records of which one at least should have what the mapping takes: of fewer it may be chance.
const MISSED: u64 = 10;

/// `stage`.
#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag")]
#[command(mut_arg("input_format", |arg| arg.visible_alias("format")))]
pub struct Stage {
    /// The export: JSON, JSON Lines or CSV, also compressed; '-' for standard input
    #[arg(value_name = "SOURCE", required = true)]
    pub sources: Vec<String>,

    #[command(flatten)]
    pub reading: SourceOptions,

    /// These are corrected records: they replace rows with the same key that are pending, failed
    /// or invalid
    #[arg(long)]
    pub replace: bool,

    /// Start a source anew whose staging was cut off and whose file has changed since
    #[arg(long)]
    pub restart: bool,

    /// Close sources whose staging was cut off: what was read of them counts as all of them
    #[arg(long, conflicts_with_all = ["replace", "restart", "accept_passwords"])]
    pub close: bool,

    /// Stage passwords that do not suit keep_password: plain text that would be stored readable,
    /// hashes that would be hashed again
    #[arg(long)]
    pub accept_passwords: bool,
}

pub(super) fn run(global: &Global, ui: Ui, args: &Stage) -> Result<Exit> {
    if args.close {
        return close(global, ui, &args.sources);
    }
    let settings = Settings::load(global.config.as_deref(), &Flags::default(), &process_env)?;
    let schema = settings.target.kind.schema();
    settings.mapping.validate(schema)?;
    let options = args.reading.options_for(&settings.mapping, schema);
    for source in args.sources.iter().map(|name| Source::parse(name)) {
        if let Some(path) = source.path() {
            refuse_table(&canonical(&global.db)?, path)?;
        }
    }
    for name in &args.sources {
        refuse_pipe(name)?;
    }
    if !global.db.exists() {
        can_be_read(&args.sources, &options, &settings.mapping)?;
    }
    let mut writer = open_writer(global, "stage", true)?;
    let before = writer.table.binding()?;
    let done = stage_all(ui, args, &settings, options, &mut writer);
    if done.is_err() {
        // Why it was refused is what matters, not that an empty table may be left.
        drop(undo(writer, before.as_ref()));
    }
    done
}

/// Stages the sources one after the other, and says what became of them.
fn stage_all(
    ui: Ui,
    args: &Stage,
    settings: &Settings,
    options: input::Options,
    writer: &mut Writer,
) -> Result<Exit> {
    let schema = settings.target.kind.schema();
    let (table, went_on) = (&mut writer.table, writer.went_on.as_deref());
    keep_mapping(table, &settings.mapping)?;
    same_guard(table, settings.target.keep_password)?;
    let guard = Guard { keep: settings.target.keep_password, accepted: args.accept_passwords };
    keep_guard(table, guard)?;
    let how = stage::Settings {
        input: options,
        mapping: &settings.mapping,
        schema,
        guard,
        replace: args.replace,
        went_on,
        restart: args.restart,
    };
    // Before anything is read: a file may be gone afterwards.
    let paths: Vec<String> = args
        .sources
        .iter()
        .map(|name| stage::canonical(&Source::parse(name)))
        .collect::<Result<_>>()?;
    let mut found = Found::default();
    let (mut left_alone, mut still_wrong) = (0, 0);
    for name in &args.sources {
        let source = Source::parse(name);
        let mut progress = ReadProgress::new(ui);
        let staged = stage::stage(table, &source, &how, &mut |bytes, of, records| {
            progress.update(bytes, of, records);
        })?;
        drop(progress);
        tell(ui, &source.to_string(), &staged);
        if !staged.known {
            let rows = table.source(&stage::canonical(&source)?)?;
            anew::tell_other_columns(ui, table, &rows)?;
        }
        if args.replace && staged.keyless > 0 && !staged.known {
            ui.warn(&without_key(staged.keyless, &source.to_string()));
        }
        found += staged.found;
        left_alone += staged.counts.left_alone;
        still_wrong += staged.counts.still_wrong;
        if let Some(error) = staged.broken {
            return Err(error);
        }
    }
    // Who has written no mapping has named no columns.
    if settings.file.is_some() && found.records >= MISSED {
        tell_missing(ui, &settings.mapping, schema, &found);
    }
    let counts = table.counts()?;
    let invalid = table.invalid_of(&paths)?;
    // Most tables have none: then nothing is looked for.
    let of_others = match counts.invalid.saturating_sub(invalid) {
        0 => Vec::new(),
        _ => table.invalid_of_others(&paths)?,
    };
    for line in not_sent(&args.sources, invalid, &of_others, still_wrong > 0) {
        ui.note(&line);
    }
    if counts.pending > 0 {
        ui.note(&format!("{} to send: userferry run", counted(counts.pending, "row")));
    }
    // By the rows of the sources that were named, whenever they became invalid, and by corrections
    // that could not be applied.
    Ok(if invalid + left_alone > 0 { Exit::Incomplete } else { Exit::Done })
}

/// Lets go of what was never read of sources. Their files may be gone, or replaced under other names.
fn close(global: &Global, ui: Ui, names: &[String]) -> Result<Exit> {
    let mut writer = open_writer(global, "stage", false)?;
    let unfinished = writer.table.unfinished_sources()?;
    let mut closing: Vec<&UnfinishedSource> = Vec::new();
    for name in names {
        let mut named = unfinished.iter().filter(|source| is_source(&source.path, name));
        match (named.next(), named.next()) {
            (Some(source), None) => closing.push(source),
            (None, _) => {
                return Err(Error::usage(format!("{name} is no unfinished source"))
                    .hint("userferry status names them"));
            }
            (Some(_), Some(_)) => {
                return Err(Error::usage(format!("several unfinished sources are named {name}"))
                    .hint("name the one by its path: userferry status has it"));
            }
        }
    }
    for source in closing {
        writer.table.close_source(&source.path, clock::system_ms())?;
        let path = source_name(&source.path);
        let n = source.records;
        let counts = agree(n, "counts", "count");
        ui.note(&format!("{path}: closed; {} {counts} as all of it", counted(n, "record")));
    }
    Ok(Exit::Done)
}

/// What cannot be sent, with the way out behind the last line, once.
fn not_sent(
    sources: &[String],
    of_them: u64,
    of_others: &[(String, u64)],
    is_wrong: bool,
) -> Vec<String> {
    let these = if sources.len() > 3 { "these sources".to_owned() } else { sources.join(", ") };
    let others = format!("other sources ({})", named(of_others));
    let n = of_others.iter().map(|(_, n)| n).sum();
    let mut lines: Vec<String> = [(of_them, these.as_str()), (n, &others)]
        .into_iter()
        .filter(|(n, _)| *n > 0)
        .map(|(n, whose)| format!("{} of {whose} cannot be sent", counted(n, "invalid row")))
        .collect();
    match lines.last_mut() {
        Some(last) => last.push_str(": userferry failures"),
        // Of failed rows nothing was said but that records stand in them.
        None if is_wrong => lines.push("why, and what can be done: userferry failures".to_owned()),
        None => {}
    }
    lines
}

/// Sources with how many rows each has: up to three of them.
fn named(sources: &[(String, u64)]) -> String {
    const SHOWN: usize = 3;
    let shown = sources.iter().take(SHOWN);
    let shown: Vec<String> =
        shown.map(|(path, n)| format!("{}: {}", source_name(path), grouped(*n))).collect();
    let more = match sources.len().saturating_sub(SHOWN) as u64 {
        0 => String::new(),
        n => format!(", and {}", counted(n, "other")),
    };
    format!("{}{more}", shown.join(", "))
}

/// What is read more than once, and known by its path afterwards, must be a file. Of a pipe the first
/// bytes would be gone.
fn refuse_pipe(name: &str) -> Result<()> {
    let source = Source::parse(name);
    let is_pipe = |path: &Path| path.metadata().is_ok_and(|it| !it.is_file() && !it.is_dir());
    match source.path() {
        Some(path) if is_pipe(path) => {
            Err(Error::usage(format!("{name} is no file, but a pipe or a device"))
                .hint(format!("let it come by standard input: userferry stage - < {name}")))
        }
        _ => Ok(()),
    }
}

/// A file that is no export at all leaves no empty job table behind.
fn can_be_read(sources: &[String], options: &input::Options, mapping: &Mapping) -> Result<()> {
    for name in sources {
        match Source::parse(name) {
            // Can be read only once.
            Source::Stdin => {}
            file @ Source::File(_) => {
                let reader = Reader::open(&file, options, None)?;
                columns::refuse_strange_header(&file, &reader, mapping)?;
            }
        }
    }
    Ok(())
}

/// A refusal before anything was staged leaves no empty table behind, and one that was there as it was.
fn undo(mut writer: Writer, before: Option<&Binding>) -> Result<()> {
    if writer.table.has_sources()? {
        return Ok(());
    }
    if writer.is_made {
        return writer.delete();
    }
    Ok(writer.table.restore_binding(before)?)
}

/// Rows are mapped again when they are sent, so they must be mapped as they were staged.
fn keep_mapping(table: &mut Table, mapping: &Mapping) -> Result<()> {
    match staged_mapping(table)? {
        Some(staged) if staged == *mapping => Ok(()),
        Some(_) if table.counts()?.total > 0 => Err(Error::usage(
            "the [mapping] is not the one that the rows in the job table were staged with",
        )
        .hint(super::mapping_hint(table)?)),
        _ => {
            let text = serde_json::to_string(mapping)
                .map_err(|_| Error::internal("internal error: the mapping cannot be written"))?;
            let provider = TargetKind::AuthingV2.as_str();
            Ok(table.bind(provider, &text, clock::system_ms())?)
        }
    }
}

/// A mistyped column must not go unnoticed: nobody would have that address, or a password.
fn tell_missing(ui: Ui, mapping: &Mapping, schema: &Schema, found: &Found) {
    for (name, rule) in mapping.rules() {
        let Some(from) = rule.column_name() else { continue };
        let kind = schema.field(name).and_then(|field| field.identifier);
        let is_missing = match kind {
            Some(kind) => !found.kinds.contains(&kind),
            None => name == schema.password_field && !found.passwords,
        };
        if is_missing {
            ui.warn(&format!(
                "no record has a valid `{from}`, which is to be the {name}: userferry check shows the columns"
            ));
        }
    }
}

/// Says what became of a source.
fn tell(ui: Ui, source: &str, staged: &Staged) {
    if staged.known {
        let how = staged.note.as_ref().map_or_else(String::new, |note| format!(" ({note})"));
        ui.note(&format!("{source}: staged before{how} and unchanged since; nothing to do"));
        return;
    }
    if let Some(note) = &staged.note {
        ui.note(&format!("{source}: {note}"));
    }
    let c = &staged.counts;
    let mut parts = vec![format!("{} read", counted(c.records, "record"))];
    for (n, what) in [
        (c.rows, "staged"),
        (c.replaced, "replaced"),
        (c.invalid, "of them invalid"),
        (c.unchanged, "in the table already"),
    ] {
        if n > 0 {
            parts.push(format!("{} {what}", grouped(n)));
        }
    }
    let after = match staged.resumed_after {
        0 => String::new(),
        n => format!(" (went on after record {})", grouped(n)),
    };
    ui.note(&format!("{source}: {}{after}", parts.join(", ")));
    let done = c.left_alone - c.unsettled;
    if done > 0 {
        let as_is = agree(
            done,
            "it is: its user is done, and no user is changed there: change it",
            "they are: their users are done, and no user is changed there: change them",
        );
        ui.warn(&format!("{} left as {as_is} at the provider", counted(done, "record")));
    }
    if c.unsettled > 0 {
        ui.warn(&format!(
            "{} not replaced: {} sending or unknown; run first, then stage --replace again",
            counted(c.unsettled, "record"),
            agree(c.unsettled, "its row is", "their rows are")
        ));
    }
    if staged.accepted > 0 {
        ui.warn(&format!(
            "{} accepted as {} not suit keep_password",
            counted(staged.accepted, "password"),
            agree(staged.accepted, "it is, though it does", "they are, though they do")
        ));
    }
    if staged.long_passwords > 0 {
        ui.warn(&format!(
            "{} over 117 bytes, more than a 1,024-bit key carries; run decides with the target's real key",
            counted(staged.long_passwords, "password")
        ));
    }
    if staged.shortenable > 0 {
        ui.note(&format!(
            "{} of these would be short enough with short = true in the mapping's rule for the password, and userferry remap",
            grouped(staged.shortenable)
        ));
    }
    if c.still_wrong > 0 {
        let there = there_already(c.still_wrong, "a row that is", "rows that are");
        ui.warn(&format!("{there} failed or invalid"));
    }
    if c.waived > 0 {
        let there = there_already(c.waived, "a row that was", "rows that were");
        ui.warn(&format!("{there} waived: userferry waive --undo takes one back"));
    }
    if c.differing > 0 {
        ui.warn(&format!(
            "{} {} newer, userferry stage --replace {source}",
            counted(c.differing, "record"),
            agree(
                c.differing,
                "differs from what the table has under the same key: if it is",
                "differ from what the table has under the same key: if they are"
            )
        ));
    }
}

/// Records that cannot take the place of a row, because nothing says whose they are.
fn without_key(n: u64, source: &str) -> String {
    let (have, replace) = (agree(n, "has", "have"), agree(n, "replaces", "replace"));
    let rows = agree(
        n,
        "the row that it was to correct stays as it is",
        "the rows that they were to correct stay as they are",
    );
    format!(
        "{} of {source} {have} no key (no external id, e-mail address, phone number or user name), and so {replace} no row: \
         {rows}; let go of each with userferry waive --record N --source FILE --reason …, by the place that userferry failures \
         names",
        counted(n, "record")
    )
}

/// Records that stand in rows already, of which more is said.
fn there_already(n: u64, row: &str, rows: &str) -> String {
    let (are, rows) = (agree(n, "is", "are"), agree(n, row, rows));
    format!("{} {are} in the table already, in {rows}", counted(n, "record"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_out_is_told_once_behind_what_cannot_be_sent() {
        let sources = ["a.json".to_owned(), "b.json".to_owned()];
        let of = |n: u64| (0..n).map(|i| (format!("/{i}.json"), 9 - i)).collect::<Vec<_>>();
        for (of_them, of_others, is_wrong, expected) in [
            (0, 0, false, &[][..]),
            (1, 0, true, &["1 invalid row of a.json, b.json cannot be sent: userferry failures"]),
            (
                2,
                1,
                true,
                &[
                    "2 invalid rows of a.json, b.json cannot be sent",
                    "9 invalid rows of other sources (/0.json: 9) cannot be sent: userferry failures",
                ],
            ),
            (
                0,
                5,
                true,
                &[
                    "35 invalid rows of other sources (/0.json: 9, /1.json: 8, /2.json: 7, and 2 others) cannot be sent: \
                   userferry failures",
                ],
            ),
            (0, 0, true, &["why, and what can be done: userferry failures"]),
        ] {
            assert_eq!(not_sent(&sources, of_them, &of(of_others), is_wrong), expected);
        }
    }
}
