//! Staging: streams a source into the job table, in batches that carry their own checkpoint, so
//! that it can be cut off anywhere and go on.

// A new status or outcome must be met wherever one is told from another.
#![warn(clippy::wildcard_enum_match_arm)]

mod batches;
mod head;

pub(crate) use head::{awaited, look_ahead, no_records};

use crate::clock;
use crate::error::{Error, Result};
use crate::failpoint;
use crate::input::{self, Checkpoint, InputError, InputErrorKind, Reader, Source, show_name};
use crate::job::SignIn;
use crate::mapping::Mapping;
use crate::password::guard::{Guard, Watch};
use crate::prepare;
use crate::schema::Schema;
use crate::store::{Compared, Lens, SourceId, SourceRow, StageCounts, Staging};
use crate::user::{IdKind, User, Value};
use batches::{Batcher, written_behind};
use head::Head;
use secrecy::ExposeSecret as _;
use std::cell::RefCell;
use std::collections::BTreeSet;

/// How to stage.
pub struct Settings<'a> {
    /// What overrules the detection of formats.
    pub input: input::Options,
    /// Where the provider's fields come from.
    pub mapping: &'a Mapping,
    /// What the target accepts.
    pub schema: &'a Schema,
    /// What the passwords must be.
    pub guard: Guard,
    /// Records whose key is in the table replace what is there.
    pub replace: bool,
    /// The passwords of the table were judged already, by its first sources. Of corrections each is then judged
    /// for itself: they are the few that went wrong, not a column.
    pub is_judged: bool,
    /// The path of a source that was read to its end and then cut off: it is not one to stage again
    /// for the sake of `replace`.
    pub went_on: Option<&'a str>,
    /// Start a source anew whose staging is unfinished.
    pub restart: bool,
    /// What may be missing or left out.
    pub allowed: Allowed<'a>,
}

/// What a person has said about columns that records lack, or that nothing maps.
#[derive(Clone, Copy, Debug, Default)]
pub struct Allowed<'a> {
    /// The mapping is the user's own, so a column of it that no record has is a mistake.
    pub are_columns_named: bool,
    /// Of the provider's fields, those that the records need not have.
    pub missing: &'a [String],
    /// Nearly all records may have the external id of another.
    pub repeated: bool,
    /// Columns that are left out on purpose.
    pub unused: &'a [String],
}

/// What staging a source came to.
#[derive(Clone, Debug, Default)]
pub struct Staged {
    /// What became of its records, with those of earlier calls.
    pub counts: StageCounts,
    /// Records read by earlier calls: this one went on behind them.
    pub resumed_after: u64,
    /// The source was staged before, and has not changed since.
    pub known: bool,
    /// What was found out about the source and a person should know.
    pub note: Option<String>,
    /// Passwords that do not suit the guard, and were accepted.
    pub accepted: u64,
    /// Passwords that a small key could not carry.
    pub long_passwords: u64,
    /// Of these, those that the mapping can make short enough.
    pub shortenable: u64,
    /// Records without a key.
    pub keyless: u64,
    /// What its records have.
    pub found: Found,
    /// What its first records, or its form, say and a person should know.
    pub warnings: Vec<String>,
    /// Why the source could not be read to its end. What was read before it is staged, and the
    /// source is unfinished.
    pub broken: Option<Error>,
}

/// What the records of a source have, whatever the others lack.
#[derive(Clone, Debug, Default)]
pub struct Found {
    /// Records that were mapped.
    pub records: u64,
    /// One at least has a password.
    pub passwords: bool,
    /// One at least has an identifier of this kind.
    pub kinds: BTreeSet<IdKind>,
}

impl Found {
    fn note(&mut self, user: &User) {
        self.records += 1;
        self.passwords |= user.password.is_some();
        self.kinds.extend(user.identifiers.iter().map(|(kind, _)| kind));
    }
}

impl std::ops::AddAssign for Found {
    fn add_assign(&mut self, other: Self) {
        self.records += other.records;
        self.passwords |= other.passwords;
        self.kinds.extend(other.kinds);
    }
}

/// Where staging stands: bytes read, of how many if that is known, and records.
pub type OnProgress<'a> = &'a mut dyn FnMut(u64, Option<u64>, u64);

/// Stages a source. An error means that nothing of it could be read, that its passwords do not suit
/// the guard, or that the table failed.
pub fn stage<S: Staging>(
    store: &mut S,
    source: &Source,
    settings: &Settings<'_>,
    progress: OnProgress<'_>,
) -> Result<Staged> {
    compare(store, settings.mapping, settings.schema)?;
    let path = canonical(source)?;
    let known = store.source(&path)?;
    let unfinished = known.iter().rfind(|row| !row.finished);
    let (mut staged, mut head) = (Staged::default(), Head::default());
    let mut watch = Watch::new(settings.guard);
    let (id, mut reader) = match unfinished {
        Some(row) if settings.restart => {
            // The file may have changed in all but this.
            let input = input_as(row, settings, Checkpoint::with_header);
            let mut reader = Reader::open(source, &input, None)?;
            let start = reader.checkpoint();
            head = head::judged(source, &mut reader, settings, &mut watch)?;
            let id = store.restart_source(row.id, clock::system_ms())?;
            keep_names(store, id, &start)?;
            (id, reader)
        }
        Some(row) => {
            staged.resumed_after = row.counts.records;
            staged.counts = row.counts;
            // What was judged when it began is judged again: the settings may be others.
            if *source != Source::Stdin {
                let input = input_as(row, settings, Checkpoint::as_before);
                let mut again = Reader::open(source, &input, None)?;
                head::judged(source, &mut again, settings, &mut watch)?;
                watch.rewind(0);
            }
            (row.id, Reader::open(source, &settings.input, checkpoint_of(row).as_ref())?)
        }
        None => {
            let is_again = settings.replace && settings.went_on != Some(path.as_str());
            if !is_again && let Some(reader) = unchanged(source, settings, &known)? {
                staged.known = true;
                staged.note = reader.note();
                return Ok(staged);
            }
            let mut reader = Reader::open(source, &settings.input, None)
                .map_err(|error| with_columns_of_before(error, &known))?;
            let start = reader.checkpoint();
            head = head::judged(source, &mut reader, settings, &mut watch)?;
            let id = store.begin_source(&path, reader.bytes_total(), clock::system_ms())?;
            keep_names(store, id, &start)?;
            (id, reader)
        }
    };
    staged.note = reader.note();
    staged.warnings = head.warnings;
    let mut batcher = Batcher::new(settings, id, watch, staged);
    let counts = written_behind(store, |batches| {
        batcher.read(head.records, &mut reader, &batches, progress)
    })?;
    let mut staged = batcher.staged;
    let warned = [reader.escapes(), reader.wide_rows()];
    staged.warnings.extend(warned.into_iter().flatten().map(|(_, why)| why));
    staged.counts += counts;
    let compared = compare(store, settings.mapping, settings.schema)?;
    staged.counts.compared(&compared);
    Ok(staged)
}

/// Keeps what the user says of columns and cells before anything is read: staging may be killed
/// before its first batch, and goes on without the option.
fn keep_names<S: Staging>(store: &mut S, source: SourceId, start: &Checkpoint) -> Result<()> {
    if start.has_given_options() {
        store.stage(&batches::empty(source, start)?)?;
    }
    Ok(())
}

/// Compares what was staged since with all other rows, to the end.
pub fn compare<S: Staging>(store: &mut S, mapping: &Mapping, schema: &Schema) -> Result<Compared> {
    let mut sum = Compared::default();
    if store.is_compared()? {
        return Ok(sum);
    }
    with_lens(mapping, schema, |lens| {
        while !sum.done {
            sum += store.compare(lens, clock::system_ms())?;
            failpoint::hit("staged");
        }
        Ok(sum)
    })
}

/// Lets a store see records as this mapping does.
pub(crate) fn with_lens<T>(
    mapping: &Mapping,
    schema: &Schema,
    f: impl FnOnce(&Lens<'_>) -> T,
) -> T {
    let earlier = RefCell::new(None);
    f(&Lens {
        identify: &|raw| prepare::inspect(raw, mapping, schema).user.identifiers,
        field: &|kind| field_of(kind, mapping, schema),
        sign_in: &|raw| sign_in(raw, mapping, schema),
        differing: &|a, b| differing(a, b, mapping, schema),
        sign_in_by: &|text, raw| sign_in_by(&earlier, text, raw, schema),
    })
}

/// The names of the provider's fields that two records fill otherwise, the password's among them.
fn differing(a: &[u8], b: &[u8], mapping: &Mapping, schema: &Schema) -> Vec<String> {
    let [a, b] = [a, b].map(|raw| prepare::inspect(raw, mapping, schema).user);
    let password = |user: &User| user.password.as_ref().map(|it| it.expose_secret().to_owned());
    let names: BTreeSet<&str> = a.fields.iter().chain(&b.fields).map(|(name, _)| *name).collect();
    let differ = names.into_iter().filter(|name| a.get(name) != b.get(name));
    let is_another = password(&a) != password(&b);
    differ.chain(is_another.then_some(schema.password_field)).map(str::to_owned).collect()
}

/// By an earlier mapping of the table; the one that was asked for last is kept.
fn sign_in_by(
    kept: &RefCell<Option<(String, Mapping)>>,
    text: &str,
    raw: &[u8],
    schema: &Schema,
) -> SignIn {
    let mut kept = kept.borrow_mut();
    if kept.as_ref().is_none_or(|(of, _)| of != text) {
        *kept = serde_json::from_str(text).ok().map(|mapping| (text.to_owned(), mapping));
    }
    kept.as_ref().map_or(SignIn::Unknown, |(_, mapping)| sign_in(raw, mapping, schema))
}

/// Whether two mappings may say something else of who may sign in.
pub(crate) fn is_another_sign_in(old: &Mapping, new: &Mapping, schema: &Schema) -> bool {
    let fields = [schema.blocked_field, schema.deleted_field].into_iter().flatten();
    fields.into_iter().any(|field| old.rule(field) != new.rule(field))
}

/// What a record says of whether its user may sign in.
fn sign_in(raw: &[u8], mapping: &Mapping, schema: &Schema) -> SignIn {
    let fields = [schema.blocked_field, schema.deleted_field].into_iter().flatten();
    let mapped: Vec<&str> = fields.filter(|field| mapping.rule(field).is_some()).collect();
    if mapped.is_empty() {
        return SignIn::May;
    }
    let prepared = prepare::inspect(raw, mapping, schema);
    let is_wrong = |field: &str| {
        let name = mapping.source_name(field);
        let mut problems = prepared.problems.iter();
        problems.any(|problem| problem.field == name || problem.field.is_empty())
            || prepared.omitted.iter().any(|omitted| omitted.field == field)
    };
    if mapped.iter().any(|field| prepared.user.get(field) == Some(&Value::Bool(true))) {
        SignIn::MayNot
    } else if mapped.iter().any(|field| is_wrong(field)) {
        SignIn::Unknown
    } else if mapped.iter().all(|field| prepared.user.get(field).is_none()) {
        SignIn::Unsaid
    } else {
        SignIn::May
    }
}

/// The source's name of the field that holds a kind of identifier.
pub(crate) fn field_of(kind: IdKind, mapping: &Mapping, schema: &Schema) -> String {
    let field = schema.identifier(kind);
    field.map_or("", |field| mapping.source_name(field.name)).to_owned()
}

/// The path by which the table knows a source.
pub(crate) fn canonical(source: &Source) -> Result<String> {
    match source {
        Source::Stdin => Ok("-".to_owned()),
        Source::File(path) => match path.canonicalize() {
            Ok(path) => Ok(path.display().to_string()),
            // The reader says it better.
            Err(_) => match Reader::open(source, &input::Options::default(), None) {
                Err(error) => Err(error.into()),
                Ok(_) => Ok(path.display().to_string()),
            },
        },
    }
}

fn checkpoint_of(row: &SourceRow) -> Option<Checkpoint> {
    serde_json::from_str(&row.checkpoint).ok()
}

/// A refusal of a header, with the names that the user gave for the columns when the source was staged
/// before.
fn with_columns_of_before(mut error: InputError, known: &[SourceRow]) -> InputError {
    let mut before = known.iter().rev().filter_map(checkpoint_of);
    let given = before.find_map(|at| {
        at.columns().filter(|_| at.has_given_names()).map(|(_, names)| names.to_vec())
    });
    if let (InputErrorKind::Header, Some(names)) = (error.kind, given) {
        let shown: Vec<String> = names.iter().map(|name| show_name(name.as_bytes())).collect();
        let shown = shown.join(",").replace('\'', r"'\''");
        let hint = error.hint.map_or_else(String::new, |hint| format!("; {hint}"));
        error.hint = Some(format!("it was staged with --columns '{shown}' last time{hint}"));
    }
    error
}

/// How to read a source that is unfinished: the options, with what its checkpoint keeps.
fn input_as(
    row: &SourceRow,
    settings: &Settings<'_>,
    with: fn(&Checkpoint, &input::Options) -> input::Options,
) -> input::Options {
    let options = &settings.input;
    checkpoint_of(row).map_or_else(|| options.clone(), |before| with(&before, options))
}

/// Whether the file is one that was staged to its end, read as the options say, and has not changed
/// since. What comes by standard input can be read only once, so it is always new.
fn unchanged(
    source: &Source,
    settings: &Settings<'_>,
    known: &[SourceRow],
) -> Result<Option<Reader>> {
    if *source == Source::Stdin {
        return Ok(None);
    }
    for row in known.iter().rev() {
        // An earlier start has none where the source was started anew, and one that was closed did
        // not come to its end.
        let Some(checkpoint) = checkpoint_of(row).filter(|at| at.finished) else { continue };
        match Reader::open(source, &settings.input, Some(&checkpoint)) {
            Ok(reader) => return Ok(Some(reader)),
            Err(error) if error.kind == InputErrorKind::Changed => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(None)
}
