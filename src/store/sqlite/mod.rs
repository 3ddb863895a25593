//! The job table in SQLite: `STRICT` tables, WAL, `synchronous = FULL`, one writer.

mod binding;
mod compare;
mod contract;
mod decide;
mod export;
mod failures;
mod identifiers;
mod jobs;
#[cfg(test)]
mod laws;
mod newer;
mod omitted;
mod progress;
mod remap;
mod run;
mod sources;
mod sql;
mod stage;
mod standing;
mod stored;
mod undo;
mod verdict;

use super::StoreError;
use super::file::{self, FileId};
use crate::job::{Detail, Standing, Status};
use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags};
use rustc_hash::FxHashMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

mod embedded {
    refinery::embed_migrations!("migrations/sqlite");
}

/// 'UFRY', in the header of the file.
const APPLICATION_ID: i32 = 0x5546_5259;

/// How long to wait for another program that has the database open.
const BUSY: Duration = Duration::from_secs(30);

/// How a table is opened; the defaults are those of production.
#[derive(Clone, Debug)]
pub struct OpenOptions {
    /// `FULL`: a commit survives a loss of power. Tests of that use others.
    pub synchronous: &'static str,
    /// SQLite's file layer, by name; `None` for the operating system's.
    pub vfs: Option<&'static str>,
    /// Keeps the database to this connection, readers included: for file layers that have no
    /// shared memory.
    pub exclusive: bool,
}

impl Default for OpenOptions {
    fn default() -> Self {
        Self { synchronous: "FULL", vfs: None, exclusive: false }
    }
}

/// An open job table.
pub struct Table {
    conn: Connection,
    path: PathBuf,
    writes: bool,
    /// The table's file, if this process made it.
    made: Option<FileId>,
}

impl Table {
    /// Opens the table at `path` for writing, creating it if it is not there. The caller holds
    /// the lock.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        Self::open_with(path, &OpenOptions::default())
    }

    /// Like [`Self::open`], with options.
    pub fn open_with(path: &Path, options: &OpenOptions) -> Result<Self, StoreError> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
            | OpenFlags::SQLITE_OPEN_CREATE
            | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let mut made = None;
        let conn = if let Some(vfs) = options.vfs {
            Connection::open_with_flags_and_vfs(path, flags, vfs)
        } else {
            // SQLite gives its WAL the rights of the database file. A file that is there keeps its
            // own until it has proved to be a job table.
            made =
                file::create_private(path).map_err(|error| StoreError::of_system(path, &error))?;
            Connection::open_with_flags(path, flags)
        };
        let conn = conn.map_err(|error| convert(path, &error))?;
        let mut table = Self { conn, path: path.to_owned(), writes: true, made };
        table.prepare(options)?;
        if options.vfs.is_none() {
            file::make_private(path).map_err(|error| StoreError::of_system(path, &error))?;
        }
        Ok(table)
    }

    /// The table's file, if this process made it.
    pub fn made(&self) -> Option<FileId> {
        self.made
    }

    /// A table that is gone when it is closed. What does not fit into its cache lies in a file of the
    /// system's folder for temporary files, which has no name and only this process can read.
    pub fn temporary() -> Result<Self, StoreError> {
        // Names the folder, in messages and for what SQLite writes down beside.
        let path = std::env::temp_dir().join("userferry-check");
        let conn = Connection::open("").map_err(|error| convert(&path, &error))?;
        let mut table = Self { conn, path, writes: true, made: None };
        table.prepare(&OpenOptions { synchronous: "OFF", ..OpenOptions::default() })?;
        Ok(table)
    }

    /// Opens the table at `path` for reading only. It sees each commit of a run that is going on,
    /// and never blocks it.
    pub fn open_reader(path: &Path) -> Result<Self, StoreError> {
        if !path.exists() {
            return Err(StoreError::Missing(path.to_owned()));
        }
        if path.is_dir() {
            let why = "it is a folder".to_owned();
            return Err(StoreError::Open { path: path.to_owned(), why });
        }
        let conn = open_reader_connection(path)?;
        let table = Self { conn, path: path.to_owned(), writes: false, made: None };
        let found = table.schema_version()?;
        table.check_version(found)?;
        if found == 0 {
            return Err(StoreError::Missing(path.to_owned()));
        }
        Ok(table)
    }

    fn prepare(&mut self, options: &OpenOptions) -> Result<(), StoreError> {
        self.check(|c| c.busy_timeout(BUSY))?;
        if options.exclusive {
            self.check(|c| c.pragma_update(None, "locking_mode", "EXCLUSIVE"))?;
        }
        let found = self.schema_version()?;
        self.check_version(found)?;
        // fullfsync: on macOS a plain fsync does not reach the disk; elsewhere it means nothing.
        // Foreign keys are not checked while rows are written, which would look up three rows for each;
        // `integrity` does, and the tests ask for it.
        let pragmas = format!(
            "PRAGMA page_size = 8192;
             PRAGMA journal_mode = WAL;
             PRAGMA synchronous = {};
             PRAGMA fullfsync = ON;
             PRAGMA checkpoint_fullfsync = ON;
             PRAGMA foreign_keys = OFF;
             PRAGMA temp_store = FILE;
             PRAGMA cache_size = -16384;",
            options.synchronous
        );
        self.check(|c| c.execute_batch(&pragmas))?;
        // Else the two statements that claim are compiled anew for each value of their limit.
        self.check(|c| c.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true).map(drop))?;
        // `drop` checkpoints. SQLite's own way on close locks readers out for a moment that is none of
        // SQLITE_BUSY_RECOVERY.
        let no_checkpoint = DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE;
        self.check(|c| c.set_db_config(no_checkpoint, true).map(drop))?;
        self.conn.set_prepared_statement_cache_capacity(64);
        self.keep_temporaries_beside();
        if found < newest_version() {
            self.migrate()?;
        }
        Ok(())
    }

    /// What SQLite writes down for a while (sorting, the way back within a statement) holds the same
    /// data as the table, so it stays on the same disk. Deprecated in SQLite, because it is one
    /// setting for the whole process; a process has one table. If it fails, the system's folder serves.
    fn keep_temporaries_beside(&self) {
        if let Some(folder) = self.path.parent().and_then(Path::to_str) {
            let folder = folder.replace('\'', "''");
            let pragma = format!("PRAGMA temp_store_directory = '{folder}'");
            drop(self.conn.execute_batch(&pragma));
        }
    }

    /// The file is marked as ours before it holds anything, and each migration sets the version in
    /// its own transaction: a crash leaves no state in between.
    fn migrate(&mut self) -> Result<(), StoreError> {
        self.check(|c| c.pragma_update(None, "application_id", APPLICATION_ID))?;
        embedded::migrations::runner().run(&mut self.conn).map(drop).map_err(|error| {
            let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(&error);
            while let Some(error) = cause {
                if let Some(error) = error.downcast_ref::<rusqlite::Error>() {
                    return convert(&self.path, error);
                }
                cause = error.source();
            }
            StoreError::Sqlite {
                path: self.path.clone(),
                why: format!("its schema could not be brought up to date: {error}"),
            }
        })
    }

    /// 0 for an empty file.
    fn schema_version(&self) -> Result<u32, StoreError> {
        self.check(|c| {
            let id: i32 = c.pragma_query_value(None, "application_id", |row| row.get(0))?;
            let version: u32 = c.pragma_query_value(None, "user_version", |row| row.get(0))?;
            let empty: bool =
                c.query_row("SELECT count(*) = 0 FROM sqlite_schema", [], |row| row.get(0))?;
            Ok((id, version, empty))
        })
        .and_then(|found| match found {
            (APPLICATION_ID, version, _) => Ok(version),
            (0, 0, true) => Ok(0),
            _ => Err(StoreError::Foreign(self.path.clone())),
        })
    }

    fn check_version(&self, found: u32) -> Result<(), StoreError> {
        let known = newest_version();
        if found > known {
            return Err(StoreError::Newer { path: self.path.clone(), found, known });
        }
        if found > 0 && !self.check(has_these_migrations)? {
            return Err(StoreError::Unreleased(self.path.clone()));
        }
        Ok(())
    }

    fn check<T>(
        &self,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, StoreError> {
        work(&self.conn).map_err(|error| convert(&self.path, &error))
    }

    /// One transaction that writes.
    fn write<T>(
        &mut self,
        work: impl FnOnce(&rusqlite::Transaction<'_>) -> rusqlite::Result<T>,
    ) -> Result<T, StoreError> {
        let path = &self.path;
        let run = |conn: &mut Connection| {
            let transaction =
                conn.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
            let result = work(&transaction)?;
            transaction.commit()?;
            Ok(result)
        };
        run(&mut self.conn).map_err(|error| convert(path, &error))
    }
}

impl Drop for Table {
    fn drop(&mut self) {
        // So a copy of the file alone is whole, and the WAL does not stay as large as it ever was. Where a
        // reader holds it up, nothing is lost: the WAL stays, and the next process goes on with it.
        // No `PRAGMA optimize`: the plans are tested without statistics, and those of one
        // moment say nothing of the next, when every row has another status.
        if self.writes {
            drop(self.conn.busy_timeout(Duration::ZERO));
            drop(self.conn.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)"));
        }
    }
}

/// Whether the table was made by the migrations that this program has, by their texts' checksums. A
/// migration that was changed before its release would be misread in silence.
fn has_these_migrations(c: &Connection) -> rusqlite::Result<bool> {
    let runner = embedded::migrations::runner();
    let mut statement = c.prepare("SELECT version, checksum FROM refinery_schema_history")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let (version, checksum): (i64, String) = (row.get(0)?, row.get(1)?);
        let known = runner.get_migrations().iter().find(|m| i64::from(m.version()) == version);
        if known.is_some_and(|migration| migration.checksum().to_string() != checksum) {
            return Ok(false);
        }
    }
    Ok(true)
}

fn newest_version() -> u32 {
    embedded::migrations::runner()
        .get_migrations()
        .iter()
        .filter_map(|migration| u32::try_from(migration.version()).ok())
        .max()
        .unwrap_or(0)
}

fn open_reader_connection(path: &Path) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let open = |conn: Connection| {
        conn.busy_timeout(BUSY)?;
        conn.pragma_update(None, "query_only", true)?;
        conn.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))?;
        Ok(conn)
    };
    match Connection::open_with_flags(path, flags).and_then(open) {
        // On a read-only mount there is no place for the shared memory of the WAL; nobody can be
        // writing there either.
        Err(error) if error.sqlite_error_code() == Some(ErrorCode::CannotOpen) => {
            // `immutable` would pass over what is in the WAL only: an old state, told as the truth.
            let wal = file::beside(path, "-wal");
            if wal.metadata().is_ok_and(|wal| wal.len() > 0) {
                return Err(StoreError::ReadOnly(path.to_owned()));
            }
            let uri = format!("file:{}?immutable=1", escape_uri(path));
            Connection::open_with_flags(uri, flags | OpenFlags::SQLITE_OPEN_URI).and_then(open)
        }
        result => result,
    }
    .map_err(|error| convert(path, &error))
}

/// SQLite's URIs take a percent sign before each byte that has a meaning of its own.
fn escape_uri(path: &Path) -> String {
    let text = path.to_string_lossy();
    text.replace('%', "%25").replace('?', "%3f").replace('#', "%23")
}

fn convert(path: &Path, error: &rusqlite::Error) -> StoreError {
    let path = path.to_owned();
    if let rusqlite::Error::FromSqlConversionFailure(_, _, cause) = error
        && let Some(standing::UnknownWord(what)) = cause.downcast_ref()
    {
        return StoreError::UnknownWord { path, what };
    }
    match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => StoreError::Full(path),
        Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => StoreError::ReadOnly(path),
        Some(ErrorCode::DatabaseCorrupt) => StoreError::Corrupt(path),
        Some(ErrorCode::NotADatabase) => StoreError::Foreign(path),
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => StoreError::Busy(path),
        Some(ErrorCode::CannotOpen) => StoreError::Open { path, why: error.to_string() },
        // A sync, a quota or the shared memory of the WAL can meet a full disk too, which SQLite
        // then calls an I/O error.
        Some(ErrorCode::SystemIoFailure) if file::is_disk_full(&path) => StoreError::Full(path),
        _ => StoreError::Sqlite { path, why: error.to_string() },
    }
}

/// Changes of the tally, gathered over a transaction.
#[derive(Default)]
struct Deltas(FxHashMap<(i64, &'static str, &'static str, String), i64>);

impl Deltas {
    fn add(
        &mut self,
        source: i64,
        status: Status,
        detail: Option<Detail>,
        code: Option<&str>,
        n: i64,
    ) {
        let detail = detail.map_or("", Detail::as_str);
        let code = code.unwrap_or("").to_owned();
        *self.0.entry((source, status.as_str(), detail, code)).or_default() += n;
    }

    /// A row of this source is something else now.
    fn moves(&mut self, source: i64, from: &Standing, to: &Standing) {
        self.leaves(source, from);
        self.add(source, to.status, to.detail, to.code.as_deref(), 1);
    }

    /// A row of this source is gone.
    fn leaves(&mut self, source: i64, from: &Standing) {
        self.add(source, from.status, from.detail, from.code.as_deref(), -1);
    }

    fn apply(self, conn: &Connection) -> rusqlite::Result<()> {
        let mut statement = conn.prepare_cached(sql::TALLY)?;
        for ((source, status, detail, code), n) in self.0 {
            if n != 0 {
                statement.execute(rusqlite::params![source, status, detail, code, n])?;
            }
        }
        conn.prepare_cached("DELETE FROM tally WHERE n = 0")?.execute([]).map(drop)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn migrations_leave_the_version_of_the_newest() {
        let folder = tempfile::tempdir().unwrap();
        let table = Table::open(&folder.path().join("t.db")).unwrap();
        assert_eq!(table.schema_version().unwrap(), newest_version());
    }

    #[test]
    fn what_sqlite_says_is_told_by_its_cause() {
        let told = |code| {
            let error = rusqlite::Error::SqliteFailure(rusqlite::ffi::Error::new(code), None);
            convert(&std::env::temp_dir().join("t.db"), &error)
        };
        assert!(matches!(told(rusqlite::ffi::SQLITE_FULL), StoreError::Full(_)));
        assert!(matches!(told(rusqlite::ffi::SQLITE_READONLY), StoreError::ReadOnly(_)));
        assert!(matches!(told(rusqlite::ffi::SQLITE_PERM), StoreError::ReadOnly(_)));
        assert!(matches!(told(rusqlite::ffi::SQLITE_CORRUPT), StoreError::Corrupt(_)));
        assert!(matches!(told(rusqlite::ffi::SQLITE_NOTADB), StoreError::Foreign(_)));
        assert!(matches!(told(rusqlite::ffi::SQLITE_BUSY), StoreError::Busy(_)));
        assert!(matches!(told(rusqlite::ffi::SQLITE_LOCKED), StoreError::Busy(_)));
        assert!(matches!(told(rusqlite::ffi::SQLITE_CANTOPEN), StoreError::Open { .. }));
        assert!(matches!(told(rusqlite::ffi::SQLITE_IOERR), StoreError::Sqlite { .. }));
    }

    /// Of Linux's file systems /proc is one on which nothing is ever free.
    #[cfg(target_os = "linux")]
    #[test]
    fn an_input_output_error_on_a_full_disk_is_the_full_disk() {
        let code = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_IOERR);
        let error = rusqlite::Error::SqliteFailure(code, None);
        assert!(matches!(convert(Path::new("/proc/t.db"), &error), StoreError::Full(_)));
    }

    /// By the handles that the process holds while a sort is under way. Another test's table may move
    /// the folder, which is one for the process, in between: hence several tries.
    #[cfg(target_os = "linux")]
    #[test]
    fn temporary_files_lie_beside_the_table() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().canonicalize().unwrap();
        let is_beside = || {
            let table = Table::open(&place.join("t's.db")).unwrap();
            table.conn.pragma_update(None, "cache_size", 10).unwrap();
            let mut sort = table
                .conn
                .prepare(
                    "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 50000)
                     SELECT hex(randomblob(100)) x FROM n ORDER BY x",
                )
                .unwrap();
            let mut rows = sort.query([]).unwrap();
            rows.next().unwrap();
            let open = std::fs::read_dir("/proc/self/fd").unwrap();
            open.filter_map(|entry| entry.unwrap().path().read_link().ok())
                .any(|file| file.starts_with(&place) && file.to_string_lossy().contains("etilqs_"))
        };
        assert!((0..20).any(|_| is_beside()));
    }
}
