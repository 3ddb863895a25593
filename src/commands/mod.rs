//! One file per command: its arguments, and `run`, which is its story.

// A new status or outcome must be met wherever one is told from another.
#![warn(clippy::wildcard_enum_match_arm)]

mod anew;
mod ask;
pub(crate) mod check;
mod chosen;
mod decide;
pub(crate) mod demo;
pub(crate) mod export;
pub(crate) mod failures;
pub(crate) mod global;
pub(crate) mod init;
mod newer;
mod next;
mod own_flags;
pub(crate) mod password;
mod place;
pub(crate) mod preview;
pub(crate) mod provider_list;
mod reading;
pub(crate) mod remap;
pub(crate) mod retry_failed;
pub(crate) mod run;
pub(crate) mod sandbox;
mod sending;
pub(crate) mod settle;
pub(crate) mod show;
mod sources;
pub(crate) mod stage;
pub(crate) mod status;
mod unmask;
pub(crate) mod waive;

use crate::clock;
use crate::config::{self, TargetSettings};
use crate::error::{Error, Result};
use crate::mapping::Mapping;
use crate::password::guard::Guard;
use crate::provider::{self, Provider};
use crate::schema::Schema;
use crate::store::file::{self, FileId};
use crate::store::lock::{Holder, Lock};
use crate::store::{JobRow, Reading, Staging, StoreError, Table};
use crate::words::shell_word;
use global::Global;
use serde::de::DeserializeOwned;
use std::fs::{File, Metadata};
use std::os::fd::AsFd as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

/// A table opened for writing, under its lock.
struct Writer {
    // Dropped first: the table is closed before the lock is.
    table: Table,
    /// The source whose staging was cut off while its records were compared. That was finished now.
    went_on: Option<String>,
    _lock: Lock,
}

impl Writer {
    /// Deletes the table, whose file this process made. The lock is held meanwhile, and its file stays:
    /// somebody may be waiting for it.
    fn delete(self, made: FileId) -> Result<()> {
        let Self { table, _lock: lock, .. } = self;
        let path = table.path().to_owned();
        let removed = made.is_at(&path).and_then(|is_there| {
            if is_there {
                drop(table);
                file::remove_database(&path, made)
            } else {
                // SQLite deletes its WAL by name when it closes a table, and that name is another's now.
                std::mem::forget(table);
                Ok(())
            }
        });
        drop(lock);
        removed.map_err(|error| StoreError::Open { path, why: error.to_string() }.into())
    }
}

/// Takes the lock and opens the table; `create` also where there is none.
fn open_writer(global: &Global, command: &str, create: bool) -> Result<Writer> {
    let path = canonical(&global.db)?;
    if !create && !path.exists() {
        return Err(StoreError::Missing(path).into());
    }
    let folder = path.parent().unwrap_or(Path::new("."));
    if let Some(kind) = file::network_file_system(folder) {
        return Err(StoreError::NetworkFileSystem { path, kind }.into());
    }
    let holder = Holder {
        machine: machine(),
        pid: std::process::id(),
        since: clock::iso(clock::system_ms()),
        command: command.to_owned(),
    };
    let lock = Lock::take(&path, &holder)?;
    let mut table = Table::open(&path)?;
    let mut went_on = None;
    if table.remap()?.is_some() {
        if command != "remap" {
            return Err(Error::usage("the rows are being mapped anew, and that was cut off")
                .hint("userferry remap goes on"));
        }
    } else if let Some(mapping) = staged_mapping(&table)? {
        // Staging may have been killed: what it left is compared before anybody decides about it.
        if !table.is_compared()? {
            went_on = table.unfinished_sources()?.pop().map(|source| source.path);
        }
        let schema = schema_of(&table)?;
        crate::stage::compare(&mut table, &mapping, schema)?;
    }
    Ok(Writer { table, went_on, _lock: lock })
}

fn open_reader(global: &Global) -> Result<Table> {
    Ok(Table::open_reader(&canonical(&global.db)?)?)
}

/// The table's canonical path, so that two names for it share one lock.
fn canonical(path: &Path) -> Result<PathBuf> {
    file::canonical(path)
        .map_err(|error| StoreError::Open { path: path.to_owned(), why: error.to_string() }.into())
}

/// The machine's name.
fn machine() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}

/// The way out where the mapping is not the one that the table was staged with.
fn mapping_hint(table: &Table) -> Result<String> {
    let remap = "userferry remap maps and validates again what is not done yet; or put the old mapping back";
    Ok(match anew::removal(table)? {
        None => remap.to_owned(),
        Some(removal) => format!(
            "{remap}. Nothing was sent yet, so you can also begin anew: {removal}, then stage"
        ),
    })
}

/// The mapping that the table was staged with.
fn staged_mapping(table: &Table) -> Result<Option<Mapping>> {
    table.binding()?.map(|binding| readable(table, "mapping", &binding.mapping)).transpose()
}

/// What the passwords of the table must be, as they were staged.
fn staged_guard(table: &Table) -> Result<Option<Guard>> {
    let passwords = table.binding()?.and_then(|binding| binding.passwords);
    passwords.map(|text| readable(table, "setting for passwords", &text)).transpose()
}

/// What Userferry has written into the binding itself.
fn readable<T: DeserializeOwned>(table: &Table, what: &'static str, text: &str) -> Result<T> {
    serde_json::from_str(text)
        .map_err(|_| StoreError::UnknownWord { path: table.path().to_owned(), what }.into())
}

fn keep_guard(table: &mut Table, guard: Guard) -> Result<()> {
    let text = serde_json::to_string(&guard)
        .map_err(|_| Error::internal("internal error: the guard cannot be written"))?;
    Ok(table.bind_passwords(&text)?)
}

/// Refuses rows whose passwords were judged for another setting than the one that they would be sent
/// with.
fn same_guard(table: &Table, target: &TargetSettings) -> Result<()> {
    let keep = target.guard(false).keep;
    match staged_guard(table)? {
        Some(staged) if staged.keep != keep && table.counts()?.total > 0 => Err(Error::usage(
            format!(
                "the rows in the job table were staged for keep_password = {}, which is {keep} now",
                staged.keep
            ),
        )
        .hint("userferry remap validates again what is not done yet; or put the old setting back")),
        _ => Ok(()),
    }
}

/// The provider that the table was staged for; before that the one that is meant where nothing names another.
fn provider_of(table: &Table) -> Result<&'static Provider> {
    let Some(binding) = table.binding()? else { return Ok(provider::DEFAULT) };
    provider::named(provider::ALL, &binding.provider).ok_or_else(|| {
        Error::usage(format!(
            "the job table is for the provider {}, which this version does not know",
            binding.provider
        ))
        .hint("userferry provider list shows those that it knows")
    })
}

/// The fields of that provider.
fn schema_of(table: &Table) -> Result<&'static Schema> {
    Ok(&provider_of(table)?.schema)
}

/// Refuses rows that were staged for another provider than the one that the settings name.
fn same_provider(table: &Table, settings: &config::Settings) -> Result<()> {
    let (staged, named) = (provider_of(table)?, settings.target.provider);
    if staged == named || table.binding()?.is_none() || table.counts()?.total == 0 {
        return Ok(());
    }
    Err(Error::usage(format!(
        "the rows in the job table were staged for {}, and kind under [target] is {} now",
        staged.name, named.name
    ))
    .hint("put the old setting back, or stage into a fresh table: userferry --db another.db stage users.json"))
}

/// What is behind an export of which not one record has a key, where no mapping was written for it.
fn no_mapping(
    settings: &config::Settings,
    sources: &[String],
    reading: &reading::SourceOptions,
) -> String {
    let source = sources.first().map_or("users.json", String::as_str);
    let read = reading.with_source(source);
    match &settings.file {
        None => format!(
            "no [mapping] of yours says what the columns are, so the one of the vendor's example was taken; one that \
             fits is proposed by: userferry init --from {read}"
        ),
        // `init` writes over none.
        Some(path) => format!(
            "the mapping is the one of the vendor's example, for {} has no other; one that fits is proposed by: \
             userferry init --config proposed.toml --from {read}",
            path.display()
        ),
    }
}

/// The rows of this key, else those that have this identifier.
fn jobs_of(table: &Table, key: &str) -> Result<Vec<JobRow>> {
    let mut jobs = table.jobs_by_key(key)?;
    if jobs.is_empty() {
        jobs = jobs_with(table, key)?;
    }
    if jobs.is_empty() {
        return Err(Error::usage(format!("no row has the key {}", shell_word(key)))
            .hint("an external id, an e-mail address, a phone number or a user name of a record"));
    }
    Ok(jobs)
}

/// The rows that have this identifier.
fn jobs_with(table: &Table, identifier: &str) -> Result<Vec<JobRow>> {
    let mapping = staged_mapping(table)?.unwrap_or_else(Mapping::reference);
    let schema = schema_of(table)?;
    let jobs = crate::stage::with_lens(&mapping, schema, |lens| {
        table.jobs_with(identifier, lens.identify)
    });
    Ok(jobs?)
}

/// The file to write to; `-` means standard output, as no file at all does, and any name of the file that standard
/// output is: to replace that would lose what stands in it (`-o /dev/fd/1 >> FILE`).
fn output_file(output: Option<&Path>) -> Option<&Path> {
    let names = [Path::new("-"), Path::new("/dev/stdout")];
    output.filter(|path| !names.contains(path) && !is_standard_output(path))
}

fn is_standard_output(path: &Path) -> bool {
    let open = std::io::stdout().as_fd().try_clone_to_owned().map(File::from);
    let of_stdout = open.and_then(|file| file.metadata());
    let id = |found: &Metadata| (found.dev(), found.ino());
    matches!((of_stdout, path.metadata()), (Ok(out), Ok(named)) if id(&out) == id(&named))
}

/// What has not been read to its end, or is about to be read, is no place for an output.
fn refuse_source<'a>(mut sources: impl Iterator<Item = &'a Path>, path: &Path) -> Result<()> {
    let same = |a: &Path, b: &Path| canonical(a).ok().is_some_and(|a| canonical(b).ok() == Some(a));
    if sources.any(|source| same(source, path)) {
        return Err(Error::usage(format!(
            "{} is a source that is still to be read",
            path.display()
        ))
        .hint("name another file with --output"));
    }
    Ok(())
}

/// The table's own files are neither a source nor a place for an export. Even to read them by
/// another handle would drop the locks that SQLite holds.
fn refuse_table(table: &Path, path: &Path) -> Result<()> {
    let is_table = canonical(path).is_ok_and(|path| {
        let own = |end: &str| path.as_os_str() == format!("{}{end}", table.display()).as_str();
        ["", "-wal", "-shm", ".lock"].into_iter().any(own)
    });
    if is_table {
        return Err(Error::usage(format!("{} is the job table's own file", path.display()))
            .hint("name another file, or another table with --db"));
    }
    Ok(())
}
