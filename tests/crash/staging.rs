//! Killed while it stages, again and again, and started again: the table is the one that an
//! undisturbed staging makes.

use crate::process::BINARY;
use rusqlite::Connection;
use std::collections::hash_map::DefaultHasher;
use std::fmt::Write as _;
use std::hash::{Hash as _, Hasher as _};
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};
use tempfile::TempDir;
use userferry::store::{Reading, Table};

fn stage(dir: &Path, db: &str, source: &str) -> Command {
    let mut command = Command::new(BINARY);
    command.args(["--quiet", "--db", db, "stage"]).args(source.split(' '));
    command.current_dir(dir).env_clear();
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command
}

/// An export in which one in ten shares something with another.
fn export(users: usize, seed: u64) -> String {
    let mut rng = fastrand::Rng::with_seed(seed);
    let mut text = String::from("[");
    for n in 0..users {
        let (uid, mail, phone) = match rng.u8(0..40) {
            0 => (n / 2, n, n),
            1 => (n, n / 2, n),
            2 => (n, n, n / 2),
            3 => (n / 2, n / 2, n / 2),
            _ => (n, n, n),
        };
        let comma = if n == 0 { "" } else { ",\n" };
        write!(
            text,
            "{comma}{{\"uid\":\"{uid:x}\",\"mail\":\"u{mail}@example.com\",\"phone\":\"1{phone:010}\"}}"
        )
        .unwrap();
    }
    text.push(']');
    text
}

/// Writes the export, also as gzip.
fn write_export(dir: &Path, users: usize) {
    let text = export(users, 5);
    let file = std::fs::File::create(dir.join("users.json.gz")).unwrap();
    let mut packed = flate2::write::GzEncoder::new(file, flate2::Compression::fast());
    std::io::Write::write_all(&mut packed, text.as_bytes()).unwrap();
    packed.finish().unwrap();
    std::fs::write(dir.join("users.json"), text).unwrap();
}

/// Everything that the table says, but when.
fn content(path: &Path) -> Vec<(&'static str, u64, u64)> {
    assert_eq!(Table::open_reader(path).unwrap().integrity().unwrap(), "ok");
    let table = Connection::open(path).unwrap();
    [
        ("job", "SELECT id, source_id, record_no, line, key, status, detail, sends, first_sent_ms FROM job ORDER BY id"),
        ("record", "SELECT job_id, raw, source_id FROM record ORDER BY job_id"),
        ("problem", "SELECT job_id, n, field, rule, message FROM problem ORDER BY job_id, n"),
        ("omitted", "SELECT job_id, field, rule, message FROM omitted ORDER BY job_id, field"),
        ("omitted_tally", "SELECT field, n FROM omitted_tally ORDER BY field"),
        ("tally", "SELECT source_id, status, n FROM tally ORDER BY 1, 2"),
        ("source", "SELECT path, checkpoint, fingerprint, records, rows, replaced, unchanged, left_alone FROM source"),
        ("newer", "SELECT * FROM newer ORDER BY job_id"),
        ("collision", "SELECT * FROM collision"),
        ("comparison", "SELECT blocks > compared, upto, anew, last_job FROM comparison"),
    ]
    .map(|(name, text)| {
        let mut statement = table.prepare(text).unwrap();
        let columns = statement.column_count();
        let mut rows = statement.query([]).unwrap();
        let (mut hash, mut n) = (DefaultHasher::new(), 0);
        while let Some(row) = rows.next().unwrap() {
            n += 1;
            for column in 0..columns {
                format!("{:?}", row.get::<_, rusqlite::types::Value>(column).unwrap()).hash(&mut hash);
            }
        }
        (name, n, hash.finish())
    })
    .into_iter()
    .chain([identifiers(&table)])
    .collect()
}

/// What each block of identifiers says, in whatever blocks it lies: rows that are corrected bit by
/// bit are found by as many.
fn identifiers(table: &Connection) -> (&'static str, u64, u64) {
    let mut statement = table.prepare("SELECT base, entries FROM identifier").unwrap();
    let mut all: Vec<(i64, Vec<u8>)> = Vec::new();
    let mut rows = statement.query([]).unwrap();
    while let Some(row) = rows.next().unwrap() {
        let (base, entries): (i64, Vec<u8>) = (row.get(0).unwrap(), row.get(1).unwrap());
        all.extend(entries.chunks(8).map(|entry| {
            let job = u16::from_be_bytes(entry[6..].try_into().unwrap());
            (base + i64::from(job), entry[..6].to_vec())
        }));
    }
    all.sort();
    all.dedup();
    let mut hash = DefaultHasher::new();
    all.hash(&mut hash);
    ("identifier", all.len() as u64, hash.finish())
}

/// The undisturbed table, upon what is there already.
fn undisturbed(dir: &Path, source: &str) -> Vec<(&'static str, u64, u64)> {
    begin(dir, "whole.db");
    let status = stage(dir, "whole.db", source).status().unwrap();
    assert_eq!(status.code(), Some(3), "some share something");
    content(&dir.join("whole.db"))
}

#[test]
fn killed_after_each_transaction() {
    let dir = TempDir::new().unwrap();
    write_export(dir.path(), 12_000);
    let whole = undisturbed(dir.path(), "users.json");
    assert!(whole[2].1 > 500, "{whole:?}");
    let mut lives = 0;
    while is_killed(
        stage(dir.path(), "t.db", "users.json").env("USERFERRY_FAILPOINT", "staged:1").status(),
    ) {
        lives += 1;
    }
    assert!(lives > 4, "{lives}");
    assert_eq!(content(&dir.path().join("t.db")), whole);
}

/// What newer records say of users who are done is there as if nothing had been.
#[test]
fn killed_after_each_transaction_while_users_are_done() {
    for source in ["corrected.json", "--replace corrected.json"] {
        let dir = TempDir::new().unwrap();
        write_export(dir.path(), 12_000);
        std::fs::write(dir.path().join("corrected.json"), export(12_000, 6)).unwrap();
        let status = stage(dir.path(), "first.db", "users.json").status().unwrap();
        assert_eq!(status.code(), Some(3));
        let table = Connection::open(dir.path().join("first.db")).unwrap();
        let done = "UPDATE job SET status = 'done', detail = 'created' WHERE status = 'pending' AND id % 3 > 0;
                    DELETE FROM tally;
                    INSERT INTO tally SELECT source_id, status, coalesce(detail, ''), '', count(*) FROM job GROUP BY 1, 2, 3;";
        table.execute_batch(done).unwrap();
        drop(table);
        let whole = undisturbed(dir.path(), source);
        let newer = whole.iter().find(|(name, _, _)| *name == "newer").unwrap();
        assert!(newer.1 > 300, "{whole:?}");
        begin(dir.path(), "t.db");
        let mut lives = 0;
        while is_killed(
            stage(dir.path(), "t.db", source).env("USERFERRY_FAILPOINT", "staged:1").status(),
        ) {
            lives += 1;
            // Corrections that are staged again are judged again.
            if is_compared(&dir.path().join("t.db")) {
                break;
            }
        }
        assert!(lives > 4, "{lives}");
        assert_eq!(content(&dir.path().join("t.db")), whole, "{source}");
    }
}

/// Until it is compared, nobody is told that the source is finished.
#[test]
fn killed_before_it_is_compared() {
    let dir = TempDir::new().unwrap();
    write_export(dir.path(), 100);
    let staged =
        stage(dir.path(), "t.db", "users.json").env("USERFERRY_FAILPOINT", "staged:1").status();
    assert!(is_killed(staged));
    let mut status = Command::new(BINARY);
    status.args(["--db", "t.db", "status", "--json"]).current_dir(dir.path()).env_clear();
    let unfinished = |status: &mut Command| {
        let out = status.output().unwrap().stdout;
        let json: serde_json::Value = serde_json::from_slice(&out).unwrap();
        json["unfinished_sources"].as_array().unwrap().len()
    };
    assert_eq!(unfinished(&mut status), 1);
    assert!(!is_killed(stage(dir.path(), "t.db", "users.json").status()));
    assert_eq!(unfinished(&mut status), 0);
}

fn is_killed(status: std::io::Result<ExitStatus>) -> bool {
    let status = status.unwrap();
    assert!(status.signal() == Some(9) || status.code() == Some(3), "{status:?}");
    status.signal() == Some(9)
}

/// A new table is a copy of the one that everything begins with, if there is one.
fn begin(dir: &Path, db: &str) {
    let (first, db) = (dir.join("first.db"), dir.join(db));
    if first.exists() && !db.exists() {
        std::fs::copy(first, db).unwrap();
    }
}

#[test]
fn killed_at_random() {
    endure(12_000, 8, "users.json");
    endure(12_000, 4, "users.json.gz");
}

/// Corrections take the place of rows that were there, and each of other corrections.
#[test]
fn killed_at_random_while_it_replaces() {
    endure(12_000, 6, "--replace corrected.json");
}

/// `just soak-staging`: a million records, killed twenty times.
#[test]
#[ignore = "takes many minutes; just soak-staging"]
fn soak_staging() {
    let number = |name: &str, default: usize| {
        std::env::var(name).map_or(default, |text| text.parse().unwrap())
    };
    let (records, kills) =
        (number("USERFERRY_SOAK_RECORDS", 1_000_000), number("USERFERRY_SOAK_KILLS", 20));
    for source in ["users.json", "users.json.gz", "--replace corrected.json"] {
        endure(records, kills, source);
    }
}

/// The table is the undisturbed one; it makes way for the next.
fn is_whole(dir: &Path, status: ExitStatus, whole: &[(&'static str, u64, u64)]) {
    assert!(matches!(status.code(), None | Some(0 | 3)), "{status:?}");
    assert_eq!(content(&dir.join("t.db")), whole);
    for end in ["", "-wal", "-shm", ".lock"] {
        // Not all of them are there.
        drop(std::fs::remove_file(dir.join(format!("t.db{end}"))));
    }
}

/// Whether nothing of the last staging is left to do.
fn is_compared(path: &Path) -> bool {
    let Ok(table) = Connection::open(path) else { return false };
    let text = "SELECT (SELECT count(*) FROM source WHERE finished_at_ms IS NOT NULL) = 2
                       AND (SELECT blocks = compared FROM comparison)";
    table.query_row(text, [], |row| row.get(0)).unwrap_or(false)
}

/// Kills it at random instants, as often as it says; when one staging has ended, another begins.
fn endure(records: usize, kills: usize, source: &str) {
    let dir = TempDir::new().unwrap();
    write_export(dir.path(), records);
    if source.starts_with("--replace") {
        std::fs::write(dir.path().join("corrected.json"), export(records, 6)).unwrap();
        let status = stage(dir.path(), "first.db", "users.json").status().unwrap();
        assert_eq!(status.code(), Some(3));
    }
    let began = std::time::Instant::now();
    let whole = undisturbed(dir.path(), source);
    let took = began.elapsed();
    let mut rng = fastrand::Rng::new();
    let (mut killed, mut tables) = (0, 1);
    while killed < kills {
        begin(dir.path(), "t.db");
        let mut child = stage(dir.path(), "t.db", source).spawn().unwrap();
        std::thread::sleep(took.mul_f64(rng.f64() * 0.3));
        child.kill().unwrap();
        let status = child.wait().unwrap();
        // It may have been at its very end; corrections that are staged again are judged again.
        let is_at_end = source.starts_with("--replace") && is_compared(&dir.path().join("t.db"));
        if status.signal() == Some(9) && !is_at_end {
            killed += 1;
        } else {
            is_whole(dir.path(), status, &whole);
            tables += 1;
        }
    }
    begin(dir.path(), "t.db");
    let status = stage(dir.path(), "t.db", source).status().unwrap();
    is_whole(dir.path(), status, &whole);
    println!(
        "{records} records of {source}, killed {killed} times in {tables} stagings: each table as \
         an undisturbed one ({took:.1?})"
    );
}
