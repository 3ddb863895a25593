//! Staging: streams a source into the job table, in batches that carry their own checkpoint, so
//! that it can be cut off anywhere and go on.

use crate::clock;
use crate::columns;
use crate::error::{Error, Result};
use crate::failpoint;
use crate::input::{self, Checkpoint, InputErrorKind, Reader, Record, Source};
use crate::mapping::Mapping;
use crate::password::detect;
use crate::password::guard::{self, Guard, Watch};
use crate::store::{Batch, Compared, Lens, NewJob, SourceId, SourceRow, StageCounts, Store};
use crate::target::schema::Schema;
use crate::user::{IdKind, Identifiers, User};
use crate::validate::{self, Warning};
use secrecy::ExposeSecret as _;
use std::collections::BTreeSet;

/// Records in one transaction, at most.
const BATCH_RECORDS: usize = 5_000;
/// Bytes of records in one transaction, about.
const BATCH_BYTES: usize = 8 << 20;

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
    /// The path of a source that was read to its end and then cut off: it is not one to stage again
    /// for the sake of `replace`.
    pub went_on: Option<&'a str>,
    /// Start a source anew whose staging is unfinished.
    pub restart: bool,
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
    /// What its records have.
    pub found: Found,
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
pub fn stage<S: Store>(
    store: &mut S,
    source: &Source,
    settings: &Settings<'_>,
    progress: OnProgress<'_>,
) -> Result<Staged> {
    compare(store, settings.mapping, settings.schema)?;
    let path = canonical(source)?;
    let known = store.source(&path)?;
    let unfinished = known.iter().rfind(|row| !row.finished);
    let (mut staged, mut head) = (Staged::default(), Vec::new());
    let mut watch = Watch::new(settings.guard);
    let (id, mut reader) = match unfinished {
        Some(row) if settings.restart => {
            let mut reader = Reader::open(source, &settings.input, None)?;
            head = judged_head(source, &mut reader, settings, &mut watch)?;
            store.restart_source(row.id, clock::system_ms())?;
            (row.id, reader)
        }
        Some(row) => {
            staged.resumed_after = row.counts.records;
            staged.counts = row.counts;
            // What was judged when it began is judged again: the settings may be others.
            if *source != Source::Stdin {
                let mut again = Reader::open(source, &settings.input, None)?;
                judged_head(source, &mut again, settings, &mut watch)?;
                watch.rewind(0);
            }
            (row.id, Reader::open(source, &settings.input, checkpoint_of(row).as_ref())?)
        }
        None => {
            let is_again = settings.replace && settings.went_on != Some(path.as_str());
            if !is_again && is_unchanged(source, settings, &known)? {
                staged.known = true;
                return Ok(staged);
            }
            let mut reader = Reader::open(source, &settings.input, None)?;
            head = judged_head(source, &mut reader, settings, &mut watch)?;
            let id = store.begin_source(&path, reader.bytes_total(), clock::system_ms())?;
            (id, reader)
        }
    };
    staged.note = reader.note();
    let mut stager = Stager { store, settings, id, staged, batch: Vec::new(), bytes: 0, watch };
    stager.run(head, &mut reader, progress)?;
    let mut staged = stager.staged;
    staged.counts.compared(&compare(store, settings.mapping, settings.schema)?);
    Ok(staged)
}

/// The first records of a source, whose passwords must be what the guard says: a column of hashes
/// that would be hashed again, or of plain text that would be readable, is found before anything is
/// staged.
fn judged_head(
    source: &Source,
    reader: &mut Reader,
    settings: &Settings<'_>,
    watch: &mut Watch,
) -> Result<Vec<Record>> {
    columns::refuse_strange_header(source, reader, settings.mapping)?;
    let head = look_ahead(reader, settings.mapping, settings.schema, watch);
    match watch.mistake() {
        Some((what, hint)) => Err(Error::usage(format!("{source}: {what}")).hint(hint)),
        None => Ok(head),
    }
}

/// Reads the first records of a source, and takes note of their passwords.
pub(crate) fn look_ahead(
    reader: &mut Reader,
    mapping: &Mapping,
    schema: &Schema,
    watch: &mut Watch,
) -> Vec<Record> {
    let (mut head, mut bytes, mut seen) = (Vec::new(), 0, 0);
    // All of it goes into one batch: behind it lies a checkpoint.
    while head.len() < guard::JUDGED && bytes < BATCH_BYTES {
        // An error comes again where the rest is read.
        let Ok(Some(record)) = reader.next_record() else { break };
        bytes += record.raw.len();
        if record.fault.is_none() {
            let user = validate::prepare(&record.raw, mapping, schema).user;
            if let Some(password) = user.password {
                watch.see(detect(password.expose_secret()), record.no);
                seen += 1;
            }
        }
        head.push(record);
    }
    watch.rewind(seen);
    head
}

/// Compares what was staged since with all other rows, to the end.
pub fn compare<S: Store>(store: &mut S, mapping: &Mapping, schema: &Schema) -> Result<Compared> {
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
    f(&Lens {
        identify: &|raw| validate::prepare(raw, mapping, schema).user.identifiers,
        field: &|kind| field_of(kind, mapping, schema),
    })
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

/// Whether the file is one that was staged to its end, read as the options say, and has not changed
/// since. What comes by standard input can be read only once, so it is always new.
fn is_unchanged(source: &Source, settings: &Settings<'_>, known: &[SourceRow]) -> Result<bool> {
    if *source == Source::Stdin {
        return Ok(false);
    }
    for row in known.iter().rev() {
        match Reader::open(source, &settings.input, checkpoint_of(row).as_ref()) {
            Ok(_) => return Ok(true),
            Err(error) if error.kind == InputErrorKind::Changed => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(false)
}

struct Stager<'a, S: Store> {
    store: &'a mut S,
    settings: &'a Settings<'a>,
    id: SourceId,
    staged: Staged,
    batch: Vec<NewJob>,
    bytes: usize,
    watch: Watch,
}

impl<S: Store> Stager<'_, S> {
    /// Stages the records that were read already, and then the rest.
    fn run(
        &mut self,
        head: Vec<Record>,
        reader: &mut Reader,
        progress: OnProgress<'_>,
    ) -> Result<()> {
        let mut head = head.into_iter();
        loop {
            match head.next().map_or_else(|| reader.next_record(), |record| Ok(Some(record))) {
                Ok(Some(record)) => {
                    self.add(record);
                    if self.batch.len() >= BATCH_RECORDS || self.bytes >= BATCH_BYTES {
                        self.commit(&reader.checkpoint(), false)?;
                        progress(
                            reader.bytes_read(),
                            reader.bytes_total(),
                            self.staged.counts.records,
                        );
                    }
                }
                Ok(None) => return self.commit(&reader.checkpoint(), true),
                Err(error) => {
                    self.commit(&reader.checkpoint(), false)?;
                    self.staged.broken = Some(error.into());
                    return Ok(());
                }
            }
        }
    }

    fn add(&mut self, record: Record) {
        self.bytes += record.raw.len();
        let new = if let Some(fault) = record.fault {
            NewJob {
                record_no: record.no,
                line: record.line,
                raw: record.raw,
                identifiers: Identifiers::default(),
                problems: vec![fault],
            }
        } else {
            let Settings { mapping, schema, .. } = *self.settings;
            let (raw, no) = (&record.raw, record.no);
            let prepared = validate::prepare_guarded(raw, no, mapping, schema, &mut self.watch);
            if let (true, Some(password)) = (self.settings.guard.accepted, &prepared.user.password)
            {
                let scheme = detect(password.expose_secret());
                self.staged.accepted += u64::from(self.watch.is_accepted(scheme));
            }
            self.staged.found.note(&prepared.user);
            let has = |warning| u64::from(prepared.warnings.contains(&warning));
            self.staged.long_passwords += has(Warning::LongPassword);
            self.staged.shortenable += has(Warning::Shortenable);
            NewJob {
                record_no: record.no,
                line: record.line,
                raw: record.raw,
                identifiers: prepared.user.identifiers,
                problems: prepared.problems,
            }
        };
        self.batch.push(new);
    }

    fn commit(&mut self, checkpoint: &Checkpoint, finished: bool) -> Result<()> {
        let batch = Batch {
            source: self.id,
            jobs: std::mem::take(&mut self.batch),
            checkpoint: serde_json::to_string(checkpoint)
                .map_err(|_| Error::internal("internal error: a checkpoint cannot be written"))?,
            fingerprint: checkpoint.fingerprint.clone(),
            finished,
            replace: self.settings.replace,
            now_ms: clock::system_ms(),
        };
        self.bytes = 0;
        self.staged.counts += self.store.stage(&batch)?;
        failpoint::hit("staged");
        Ok(())
    }
}
