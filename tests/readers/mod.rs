//! Readers in tight loops, each with a connection of its own for each query, while runs and stagings start,
//! end and are killed: with a timeout none fails, without one only in the moment in which SQLite
//! builds the index of the WAL (`SQLITE_BUSY_RECOVERY`).

use crate::process::{Rig, Running};
use rusqlite::{Connection, OpenFlags, ffi};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

const QUERY: &str = "SELECT total FROM progress";
const WITH_TIMEOUT: Duration = Duration::from_secs(5);

/// What a reader met, by its error; "" for an answer.
type Met = BTreeMap<String, u64>;

/// Reads once; the error in words.
type Read = fn(&Path) -> Result<(), String>;

fn by_library(table: &Path, timeout: Duration) -> Result<(), String> {
    let read = || -> rusqlite::Result<i64> {
        let table = Connection::open_with_flags(table, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
        table.busy_timeout(timeout)?;
        table.query_row(QUERY, [], |row| row.get(0))
    };
    match read() {
        Ok(_) => Ok(()),
        Err(rusqlite::Error::SqliteFailure(error, _))
            if error.extended_code == ffi::SQLITE_BUSY_RECOVERY =>
        {
            Err("SQLITE_BUSY_RECOVERY".to_owned())
        }
        Err(error) => Err(error.to_string()),
    }
}

fn patient(table: &Path) -> Result<(), String> {
    by_library(table, WITH_TIMEOUT)
}

fn impatient(table: &Path) -> Result<(), String> {
    by_library(table, Duration::ZERO)
}

fn by_program(command: &mut Command) -> Result<(), String> {
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    if output.status.success() { Ok(()) } else { Err(said.trim().to_owned()) }
}

fn shell(table: &Path) -> Result<(), String> {
    by_program(Command::new("sqlite3").arg(table).arg(QUERY))
}

fn patient_shell(table: &Path) -> Result<(), String> {
    by_program(Command::new("sqlite3").args(["-cmd", ".timeout 5000"]).arg(table).arg(QUERY))
}

fn python(table: &Path) -> Result<(), String> {
    let program = "import sqlite3, sys\n\
        sqlite3.connect(sys.argv[1], timeout=0).execute(sys.argv[2]).fetchall()";
    by_program(Command::new("python3").args(["-c", program]).arg(table).arg(QUERY))
}

/// Reads over and over until it is told to end.
fn reader(table: PathBuf, read: Read, ends: Arc<AtomicBool>) -> JoinHandle<Met> {
    std::thread::spawn(move || {
        let mut met = Met::new();
        while !ends.load(Ordering::Relaxed) {
            *met.entry(read(&table).err().unwrap_or_default()).or_default() += 1;
        }
        met
    })
}

/// Starts runs and stagings in turn; of three, two are killed after a random time.
fn disturb(rig: &Rig, starts: usize) {
    for start in 0..starts {
        let mut command: Running = match start % 2 {
            0 => rig.spawn_command(&["--quiet", "stage", "users.jsonl", "--restart"], &[]),
            _ => rig.spawn(&["--limit=20", "--concurrency=4"]),
        };
        if start % 3 != 0 {
            std::thread::sleep(Duration::from_millis(fastrand::u64(..150)));
            command.kill();
        }
        command.wait();
    }
}

fn read_while_disturbed(starts: usize, readers: &[(&str, Read)]) -> BTreeMap<String, Met> {
    let rig = Rig::start(&["--latency=2ms"]);
    rig.stage_users(4_000);
    let table = rig.dir.path().join("userferry.db");
    let ends = Arc::new(AtomicBool::new(false));
    let started: Vec<(String, JoinHandle<Met>)> = readers
        .iter()
        .map(|(name, read)| ((*name).to_owned(), reader(table.clone(), *read, Arc::clone(&ends))))
        .collect();
    disturb(&rig, starts);
    ends.store(true, Ordering::Relaxed);
    started.into_iter().map(|(name, reader)| (name, reader.join().unwrap())).collect()
}

/// Readers with a timeout have read, and met nothing else.
fn check(met: &BTreeMap<String, Met>, may_fail: &str) {
    println!("{met:?}");
    for (name, met) in met {
        assert!(met[""] > 0, "{name} has read nothing");
        let errors = met.keys().filter(|error| !error.is_empty());
        if name.contains("patient") && !name.contains("impatient") {
            assert_eq!(errors.count(), 0, "{name}: {met:?}");
        } else {
            for error in errors {
                assert!(error.contains(may_fail), "{name}: {met:?}");
            }
        }
    }
}

#[test]
fn a_reader_with_a_timeout_never_fails() {
    let met = read_while_disturbed(30, &[("patient", patient), ("impatient", impatient)]);
    check(&met, "SQLITE_BUSY_RECOVERY");
}

/// `just soak-readers`
#[test]
#[ignore = "takes minutes; just soak-readers"]
fn soak() {
    let starts = std::env::var("USERFERRY_SOAK_STARTS").map_or(200, |text| text.parse().unwrap());
    let library: [(&str, Read); 2] = [("patient", patient), ("impatient", impatient)];
    check(&read_while_disturbed(starts, &library), "SQLITE_BUSY_RECOVERY");
    // These programs do not tell one kind of busy from another.
    let programs: [(&str, Read); 3] =
        [("patient shell", patient_shell), ("shell", shell), ("python", python)];
    check(&read_while_disturbed(starts, &programs), "database is locked");
}
