//! SQLite's files: what is refused, with which words; who may read them; who holds the lock.

use super::bench::{Bench, sqlite};
use std::collections::BTreeSet;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::time::Duration;
use tempfile::TempDir;
use userferry::store::file::canonical;
use userferry::store::lock::{Holder, Lock, holder};
use userferry::store::{Reading, Staging, StoreError, Table};

fn place() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().canonicalize().unwrap().join("table.db");
    (folder, path)
}

fn mode(path: &Path) -> u32 {
    path.metadata().unwrap().permissions().mode() & 0o777
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    PathBuf::from(format!("{}{suffix}", path.display()))
}

fn refusal(path: &Path) -> StoreError {
    Table::open(path).err().unwrap()
}

#[test]
fn a_foreign_database_is_refused_and_stays_as_it_is() {
    let (_folder, path) = place();
    let other = rusqlite::Connection::open(&path).unwrap();
    other.execute_batch("CREATE TABLE refinery_schema_history (version INT)").unwrap();
    drop(other);
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
    let before = std::fs::read(&path).unwrap();
    assert!(matches!(refusal(&path), StoreError::Foreign(_)));
    assert!(matches!(Table::open_reader(&path).err().unwrap(), StoreError::Foreign(_)));
    assert_eq!(std::fs::read(&path).unwrap(), before);
    assert_eq!(mode(&path), 0o644);
}

#[test]
fn a_text_file_is_refused_and_stays_as_it_is() {
    for text in ["{\"users\": []}", &"users\n".repeat(2_000)] {
        let (_folder, path) = place();
        std::fs::write(&path, text).unwrap();
        assert!(matches!(refusal(&path), StoreError::Foreign(_)));
        assert!(matches!(Table::open_reader(&path).err().unwrap(), StoreError::Foreign(_)));
        assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
    }
}

#[test]
fn a_table_of_a_newer_version_is_refused() {
    let (_folder, path) = place();
    drop(Table::open(&path).unwrap());
    rusqlite::Connection::open(&path).unwrap().pragma_update(None, "user_version", 99).unwrap();
    assert!(matches!(refusal(&path), StoreError::Newer { found: 99, known: 1, .. }));
    let error = Table::open_reader(&path).err().unwrap();
    assert!(matches!(error, StoreError::Newer { found: 99, .. }));
}

/// Its number is known, but its tables are laid out in another way, which would be misread in silence.
#[test]
fn a_table_whose_schema_was_changed_before_its_release_is_refused() {
    let (_folder, path) = place();
    drop(Table::open(&path).unwrap());
    let other = rusqlite::Connection::open(&path).unwrap();
    other.execute("UPDATE refinery_schema_history SET checksum = '1'", []).unwrap();
    drop(other);
    assert!(matches!(refusal(&path), StoreError::Unreleased(_)));
    assert!(matches!(Table::open_reader(&path).err().unwrap(), StoreError::Unreleased(_)));
}

#[test]
fn an_empty_file_becomes_a_table_and_is_none_to_a_reader() {
    let (_folder, path) = place();
    assert!(matches!(Table::open_reader(&path).err().unwrap(), StoreError::Missing(_)));
    std::fs::write(&path, "").unwrap();
    assert!(matches!(Table::open_reader(&path).err().unwrap(), StoreError::Missing(_)));
    drop(Table::open(&path).unwrap());
    assert_eq!(mode(&path), 0o600);
    assert_eq!(Table::open_reader(&path).unwrap().counts().unwrap().total, 0);
}

#[test]
fn a_folder_is_no_table() {
    let (_folder, path) = place();
    std::fs::create_dir(&path).unwrap();
    assert!(matches!(refusal(&path), StoreError::Open { .. }));
    assert!(Table::open_reader(&path).is_err());
    assert!(matches!(refusal(&path.join("no/such.db")), StoreError::Open { .. }));
}

#[test]
fn a_read_only_file_or_folder_is_told_as_such() {
    if rustix::process::geteuid().is_root() {
        return; // Nothing is read-only to the superuser.
    }
    let (folder, path) = place();
    drop(Table::open(&path).unwrap());
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o400)).unwrap();
    assert!(matches!(refusal(&path), StoreError::ReadOnly(_)));
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
    std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o500)).unwrap();
    assert!(matches!(refusal(&path), StoreError::ReadOnly(_)));
    assert_eq!(Table::open_reader(&path).unwrap().counts().unwrap().total, 0);
    std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o700)).unwrap();
}

#[test]
fn every_file_is_the_owners_alone_also_when_it_was_not() {
    let (_folder, path) = place();
    let lock = Lock::take(&path, &me()).unwrap();
    let table = Table::open(&path).unwrap();
    for suffix in ["", "-wal", "-shm", ".lock"] {
        assert_eq!(mode(&beside(&path, suffix)), 0o600, "{suffix}");
    }
    drop((table, lock));
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o666)).unwrap();
    let _table = Table::open(&path).unwrap();
    for suffix in ["", "-wal", "-shm"] {
        assert_eq!(mode(&beside(&path, suffix)), 0o600, "{suffix}");
    }
}

fn me() -> Holder {
    Holder {
        machine: "ferry-1".to_owned(),
        pid: 4711,
        since: "2026-01-02T03:04:05Z".to_owned(),
        command: "run".to_owned(),
    }
}

#[test]
fn who_holds_the_lock_is_named_and_a_crash_leaves_no_obstacle() {
    let (_folder, path) = place();
    assert_eq!(holder(&path), None);
    let lock = Lock::take(&path, &me()).unwrap();
    assert_eq!(holder(&path), Some(me()));
    let error = Lock::take(&path, &me()).unwrap_err();
    assert!(matches!(error, StoreError::InUse { .. }));
    let text = error.to_string();
    assert!(text.ends_with(
        "is in use: the command 'run' on ferry-1, process 4711, since 2026-01-02T03:04:05Z"
    ));
    drop(lock);
    // The file stays, as after a crash.
    assert!(beside(&path, ".lock").exists());
    // Another test's process may still hold the handle between its fork and its exec.
    let began = std::time::Instant::now();
    while holder(&path).is_some() && began.elapsed() < Duration::from_secs(10) {
        std::thread::yield_now();
    }
    assert_eq!(holder(&path), None);
    drop(Lock::take(&path, &me()).unwrap());
}

#[test]
fn a_look_at_the_lock_is_no_reason_to_refuse_a_writer() {
    let (_folder, path) = place();
    drop(Lock::take(&path, &me()).unwrap());
    let look = std::fs::File::open(beside(&path, ".lock")).unwrap();
    look.lock_shared().unwrap();
    let looking = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(30));
        drop(look);
    });
    let _lock = Lock::take(&path, &me()).unwrap();
    looking.join().unwrap();
}

/// A link that SQLite does not follow stands where the shared memory would be, as on a mount that
/// nobody can write to.
#[test]
fn a_table_beside_which_nothing_can_be_made_is_read_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("100%25? #1.db");
    let mut table = Table::open(&path).unwrap();
    table.begin_source("/a", None, 1).unwrap();
    drop(table);
    let wal = beside(&path, "-wal");
    assert_eq!(std::fs::metadata(&wal).unwrap().len(), 0, "all of it is in the table");
    std::fs::remove_file(&wal).unwrap();
    std::fs::remove_file(beside(&path, "-shm")).unwrap();
    symlink("nowhere/at-all", beside(&path, "-shm")).unwrap();
    for empty in [false, true] {
        if empty {
            std::fs::write(&wal, "").unwrap();
        }
        let reader = Table::open_reader(&path).unwrap();
        assert_eq!(reader.unfinished_sources().unwrap()[0].path, "/a");
    }
    std::fs::write(&wal, "what was committed last").unwrap();
    assert!(matches!(Table::open_reader(&path).err().unwrap(), StoreError::ReadOnly(_)));
    std::fs::remove_file(beside(&path, "-shm")).unwrap();
    std::fs::write(&path, "users\n".repeat(2_000)).unwrap();
    assert!(matches!(Table::open_reader(&path).err().unwrap(), StoreError::Foreign(_)));
}

#[test]
fn the_log_is_empty_after_the_last_writer_though_somebody_reads() {
    let (_folder, path) = place();
    let mut table = Table::open(&path).unwrap();
    table.begin_source("/a", None, 1).unwrap();
    let reader = Table::open_reader(&path).unwrap();
    let wal = beside(&path, "-wal");
    assert!(wal.metadata().unwrap().len() > 0);
    drop(table);
    assert_eq!(wal.metadata().unwrap().len(), 0);
    assert_eq!(reader.unfinished_sources().unwrap()[0].path, "/a");
}

#[test]
fn a_reader_neither_waits_for_a_writer_nor_holds_it_up() {
    let (_folder, path) = place();
    let mut table = Table::open(&path).unwrap();
    table.begin_source("/a", None, 1).unwrap();
    let reader = Table::open_reader(&path).unwrap();
    let writing = rusqlite::Connection::open(&path).unwrap();
    writing.execute_batch("BEGIN IMMEDIATE; UPDATE source SET path = '/b'").unwrap();
    assert_eq!(reader.counts().unwrap().total, 0);
    assert_eq!(reader.unfinished_sources().unwrap()[0].path, "/a");
    writing.execute_batch("COMMIT").unwrap();
    assert_eq!(reader.unfinished_sources().unwrap()[0].path, "/b");
    let reading = rusqlite::Connection::open(&path).unwrap();
    reading.execute_batch("BEGIN; SELECT count(*) FROM source").unwrap();
    table.begin_source("/c", None, 1).unwrap();
}

#[test]
fn a_key_finds_each_of_its_rows_once() {
    let mut bench = super::bench::sqlite();
    bench.staged(&[r#"{"x":"a@b.c","e":"a@b.c"}"#, r#"{"x":"a@b.c","e":"d@b.c"}"#]);
    let found: Vec<i64> =
        bench.store.jobs_by_key("a@b.c").unwrap().iter().map(|row| row.id.0).collect();
    assert_eq!(found, [1, 2]);
}

#[test]
fn a_table_that_is_damaged_is_told_from_a_whole_one() {
    let (_folder, path) = place();
    drop(Table::open(&path).unwrap());
    assert_eq!(Table::open_reader(&path).unwrap().integrity().unwrap(), "ok");
    let mut bytes = std::fs::read(&path).unwrap();
    let last = bytes.len() - 8_192;
    bytes[last..].fill(0xA5);
    std::fs::write(&path, bytes).unwrap();
    let told = Table::open_reader(&path).and_then(|table| table.integrity());
    assert!(told.as_ref().is_ok_and(|told| told.contains("page")) || told.is_err(), "{told:?}");
}

#[test]
fn one_hash_of_two_identifiers_is_no_duplicate() {
    let mut bench = sqlite();
    let source = bench.source("/a");
    let stage = |bench: &mut Bench<Table>, raw: &str| {
        let mut counts = bench.append(source, &[raw], false);
        every_hash_is_everybodys(&bench.store);
        while !bench.store.is_compared().unwrap() {
            counts.compared(&bench.compare());
        }
        counts
    };
    stage(&mut bench, r#"{"x":"1","e":"a@b.c"}"#);
    stage(&mut bench, r#"{"x":"2","e":"d@b.c"}"#);
    let counts = stage(&mut bench, r#"{"x":"3","e":"D@b.c"}"#);
    assert_eq!((counts.rows, counts.invalid), (1, 1));
    assert_eq!(stage(&mut bench, r#"{"x":"2","e":"d@b.c"}"#).unchanged, 1);
    let table = &bench.store;
    let rows = table.jobs_by_key("3").unwrap();
    let problems = table.problems(rows[0].id).unwrap();
    assert_eq!(problems[0].message, "record 2 has the same e-mail address");
    assert_eq!(table.jobs_by_key("2").unwrap().len(), 1);
}

/// As if all identifiers had all hashes: each block says so of its jobs.
fn every_hash_is_everybodys(table: &Table) {
    let other = rusqlite::Connection::open(table.path()).unwrap();
    let mut statement = other.prepare("SELECT id, base, entries FROM identifier").unwrap();
    let rows: Vec<(i64, i64, Vec<u8>)> = statement
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    let (mut hashes, mut jobs) = (BTreeSet::new(), BTreeSet::new());
    for (id, base, entries) in &rows {
        for entry in entries.chunks(8) {
            hashes.insert(<[u8; 6]>::try_from(&entry[..6]).unwrap());
            let job = base + i64::from(u16::from_be_bytes(entry[6..].try_into().unwrap()));
            jobs.insert((id & ((1 << 40) - 1), u16::try_from(job).unwrap()));
        }
    }
    for (block, _) in &jobs {
        for share in 0..16_u8 {
            let of_share = hashes.iter().filter(|hash| hash[0] >> 4 == share);
            let entries: Vec<u8> = of_share
                .flat_map(|hash| jobs.iter().map(move |job| (hash, job)))
                .filter(|(_, (of, _))| of == block)
                .flat_map(|(hash, (_, job))| [&hash[..], &job.to_be_bytes()].concat())
                .collect();
            if !entries.is_empty() {
                let text =
                    "INSERT OR REPLACE INTO identifier (id, base, entries) VALUES (?1, 0, ?2)";
                other.execute(text, (i64::from(share) << 40 | block, entries)).unwrap();
            }
        }
    }
}

#[test]
fn every_name_of_a_table_is_one_path_also_before_it_is_there() {
    let (folder, path) = place();
    let root = folder.path().canonicalize().unwrap();
    std::fs::create_dir(root.join("sub")).unwrap();
    symlink("../table.db", root.join("sub/link.db")).unwrap();
    symlink("sub", root.join("other")).unwrap();
    symlink("loop", root.join("loop")).unwrap();
    let names = ["table.db", "sub/../table.db", "sub/link.db", "other/link.db", "./table.db"];
    for there in [false, true] {
        for name in names {
            assert_eq!(canonical(&root.join(name)).unwrap(), path, "{name}");
        }
        if !there {
            std::fs::write(&path, "").unwrap();
        }
    }
    assert!(canonical(&root.join("loop")).is_err());
    assert!(canonical(&root.join("no/table.db")).is_err());
}

/// Whether this process holds a lock on a file, by the kernel's list. It is read in pieces, and can miss
/// one while others come and go: hence several looks.
#[cfg(target_os = "linux")]
fn is_locked(path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let inode = format!(":{}", path.metadata().unwrap().ino());
    let pid = std::process::id().to_string();
    let is_ours = |line: &str| {
        let line: Vec<&str> = line.split_whitespace().collect();
        line[1] == "POSIX" && line[4] == pid && line[5].ends_with(&inode)
    };
    (0..50).any(|_| std::fs::read_to_string("/proc/locks").unwrap().lines().any(is_ours))
}

/// A handle that is closed drops every lock of its process: the next reader would take the table
/// for abandoned and truncate the shared memory that the writer is using.
#[cfg(target_os = "linux")]
#[test]
fn opening_a_table_keeps_the_locks_of_sqlite() {
    let (_folder, path) = place();
    for mode in [0o600, 0o644] {
        let table = Table::open(&path).unwrap();
        assert!(is_locked(&beside(&path, "-shm")), "mode {mode:o}");
        // A second one in the same process takes nothing from the first.
        drop(Table::open_reader(&path).unwrap());
        assert!(is_locked(&beside(&path, "-shm")), "mode {mode:o}");
        drop(table);
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
    }
}
