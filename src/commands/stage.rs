//! `stage`: streams sources into the job table.

mod tell;

use super::anew;
use super::global::Global;
use super::newer;
use super::reading::SourceOptions;
use super::sources::{is_source, replaced_told, source_name};
use super::{
    Writer, canonical, keep_guard, open_writer, provider_of, refuse_table, same_guard,
    same_provider, staged_mapping,
};
use crate::clock;
use crate::columns;
use crate::config::{Flags, Settings, process_env};
use crate::error::{Error, Exit, Result};
use crate::input::{self, Reader, Source};
use crate::job::Detail;
use crate::mapping::Mapping;
use crate::schema::Schema;
use crate::stage::{self, Found};
use crate::store::{Binding, Reading, Staging, Table, UnfinishedSource};
use crate::ui::Ui;
use crate::ui::progress::ReadProgress;
use crate::words::{agree, counted};
use clap::Args;
use std::path::Path;
use tell::{left_out, not_sent, tell, tell_missing, without_key};

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
    #[arg(long, conflicts_with_all = ["replace", "restart", "accept_missing", "accept_repeated", "accept_passwords"])]
    pub close: bool,

    /// Stage sources in which no record has a valid value for these of the provider's fields, though [mapping]
    /// takes them from a column: password, externalId
    #[arg(long, value_name = "FIELD", value_delimiter = ',')]
    pub accept_missing: Vec<String>,

    /// Stage sources of whose records nearly all have the external id of another: of each id the first is sent
    #[arg(long)]
    pub accept_repeated: bool,

    /// Stage passwords that do not suit keep_password: plain text that would be stored readable,
    /// hashes that would be hashed again
    #[arg(long)]
    pub accept_passwords: bool,
}

pub(crate) fn run(global: &Global, ui: Ui, args: &Stage) -> Result<Exit> {
    if args.close {
        return close(global, ui, &args.sources);
    }
    let settings = Settings::load(global.config.as_deref(), &Flags::default(), &process_env)?;
    let schema = settings.target.schema();
    settings.check_mapping()?;
    known_fields(&args.accept_missing, schema)?;
    let options = args.reading.options_for(&settings);
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
    let schema = settings.target.schema();
    if settings.mapping.rule(schema.password_field).is_none() && !writer.table.has_sources()? {
        ui.warn(
            "no password is mapped: nobody can sign in before setting a new one by e-mail or phone",
        );
    }
    let is_judged = writer.table.counts()?.total > 0;
    let (table, went_on) = (&mut writer.table, writer.went_on.as_deref());
    same_provider(table, settings)?;
    keep_mapping(table, settings)?;
    same_guard(table, &settings.target)?;
    let guard = settings.target.guard(args.accept_passwords);
    keep_guard(table, guard)?;
    let how = stage::Settings {
        input: options,
        mapping: &settings.mapping,
        schema,
        guard,
        replace: args.replace,
        is_judged,
        went_on,
        restart: args.restart,
        allowed: stage::Allowed {
            are_columns_named: settings.has_own_mapping(),
            missing: &args.accept_missing,
            repeated: args.accept_repeated,
            unused: &settings.check.unused,
        },
    };
    // Before anything is read: a file may be gone afterwards.
    let paths: Vec<String> = args
        .sources
        .iter()
        .map(|name| stage::canonical(&Source::parse(name)))
        .collect::<Result<_>>()?;
    let mut found = Found::default();
    let (mut left_alone, mut still_wrong, mut is_whole) = (0, 0, true);
    for name in &args.sources {
        let source = Source::parse(name);
        let mut progress = ReadProgress::new(ui);
        let staged = stage::stage(table, &source, &how, &mut |bytes, of, records| {
            progress.update(bytes, of, records);
        })?;
        drop(progress);
        tell(ui, &source.to_string(), &staged, guard);
        newer::tell_source(ui, table, &stage::canonical(&source)?)?;
        if staged.known {
            tell_absent(ui, table, &stage::canonical(&source)?)?;
        } else {
            let rows = table.source(&stage::canonical(&source)?)?;
            anew::tell_other_columns(ui, table, &rows)?;
        }
        // Those that are there already correct nothing.
        let keyless = staged.keyless.saturating_sub(staged.counts.keyless);
        if args.replace && keyless > 0 && !staged.known {
            ui.warn(&without_key(keyless, &source.to_string()));
        }
        found += staged.found;
        is_whole &= staged.resumed_after == 0;
        // Who was let go is where a person wants them.
        left_alone += staged.counts.left_alone - staged.counts.kept_out;
        still_wrong += staged.counts.still_wrong;
        if let Some(error) = staged.broken {
            return Err(error);
        }
    }
    if how.allowed.are_columns_named && is_whole && found.records >= MISSED {
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
    let fits_none = invalid > 0 && invalid == found.records && found.kinds.is_empty();
    if fits_none && is_whole && !args.replace && !how.allowed.are_columns_named {
        ui.note(&super::no_mapping(settings, &args.sources, &args.reading));
    }
    let omitted = table.omitted_counts()?;
    if !omitted.is_empty() {
        ui.note(&left_out(&omitted));
    }
    if let Some(line) = newer::counted_line(&table.newer_counts(None)?) {
        ui.note(&line);
    }
    if counts.pending > 0 {
        ui.note(&format!("{} to send: userferry run", counted(counts.pending, "row")));
    }
    // By the rows of the sources that were named, whenever they became invalid, and by corrections
    // that could not be applied.
    Ok(if invalid + left_alone > 0 { Exit::Incomplete } else { Exit::Done })
}

/// Says of a source that is in the table already which of its users are not sent.
fn tell_absent(ui: Ui, table: &mut Table, path: &str) -> Result<()> {
    for replaced in table.replaced()?.iter().filter(|one| one.of == path) {
        ui.warn(&replaced_told(replaced));
    }
    if table.source(path)?.last().is_some_and(|source| source.given_up) {
        ui.warn(
            "it was let go as a whole, so what its records say of users who are done is not told: userferry waive --undo \
             --source SOURCE takes that back",
        );
    }
    let rows = table.rows_of(path)?;
    let of_waived = rows.iter().filter(|(_, detail, _)| *detail == Some(Detail::Waived));
    let waived = of_waived.map(|(_, _, n)| n).sum();
    if waived > 0 {
        ui.warn(&format!(
            "{} of it {} waived: userferry waive --undo takes one back",
            counted(waived, "row"),
            agree(waived, "is", "are")
        ));
    }
    Ok(())
}

/// Refuses names of `--accept-missing` that no record is asked for.
fn known_fields(names: &[String], schema: &Schema) -> Result<()> {
    let awaited: Vec<&str> = stage::awaited(schema).collect();
    match names.iter().find(|name| !awaited.contains(&name.as_str())) {
        None => Ok(()),
        Some(name) => Err(Error::usage(format!(
            "--accept-missing takes {}, not {name}",
            awaited.join(" or ")
        ))
        .hint("a field that is not one of these may always be missing")),
    }
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
    if let Some(made) = writer.table.made() {
        return writer.delete(made);
    }
    Ok(writer.table.restore_binding(before)?)
}

/// Rows are mapped again when they are sent, so they must be mapped as they were staged.
fn keep_mapping(table: &mut Table, settings: &Settings) -> Result<()> {
    let mapping = &settings.mapping;
    match staged_mapping(table)? {
        Some(staged) if staged == *mapping && provider_of(table)? == settings.target.provider => {
            Ok(())
        }
        Some(_) if table.counts()?.total > 0 => Err(Error::usage(
            "the [mapping] is not the one that the rows in the job table were staged with",
        )
        .hint(super::mapping_hint(table)?)),
        _ => {
            let text = serde_json::to_string(mapping)
                .map_err(|_| Error::internal("internal error: the mapping cannot be written"))?;
            Ok(table.bind(settings.target.provider.name, &text, clock::system_ms())?)
        }
    }
}
