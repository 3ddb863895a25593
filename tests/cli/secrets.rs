//! No secret, password or hash in anything that is written, but where it must be.

use super::{Desk, Did};
use crate::process::Rig;
use serde_json::json;
use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Child, Stdio};

const SECRET: &str = "planted-secret-4f1c";
const HASH: &str = "$2b$12$PlantedHashPlantedHashPlantedHashPlantedHash1234567AB";
const MAIL: &str = "planted.person@example.com";

fn files(folder: &Path) -> Vec<std::path::PathBuf> {
    std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect()
}

#[test]
fn a_whole_story_at_the_highest_verbosity_gives_nothing_away() {
    // The sandbox echoes the values of a wrong type, and is told to refuse some.
    let rig = Rig::start(&[
        &format!("--secret={SECRET}"),
        &format!("--poison={MAIL}=string-error"),
        "--poison=u2@example.com=code:2003",
        "--drop-after-store=0.2",
    ]);
    let desk = Desk::at(&rig.sandbox.url);
    let mut users =
        vec![json!({"uid": "1", "mail": MAIL, "password": HASH, "nickname": "Planted"})];
    users.extend((2..20).map(
        |n| json!({"uid": n.to_string(), "mail": format!("u{n}@example.com"), "password": HASH}),
    ));
    users.push(
        json!({"uid": "99", "mail": "planted no address", "password": HASH, "loginsCount": HASH}),
    );
    desk.write("users.json", json!(users).to_string());
    let ferry = |line: &str| -> Did {
        let mut command = desk.command(&format!("-vv {line}"));
        command.env("AUTHING_SECRET", SECRET);
        let output = command.output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Did { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
    };
    let mut said = String::new();
    for line in [
        "check users.json",
        "check --json users.json",
        "check --format jsonl users.json",
        "stage users.json",
        "run --dry-run",
        "run",
        "status",
        "status --json",
        "failures",
        "failures --format json",
        "failures --format csv",
        "show 1",
        "show 2",
        "show 99",
        "retry-failed --run",
        "export --map",
        "waive --status invalid --reason gone",
        "export --status failed -o users_failed.json",
    ] {
        let did = ferry(line);
        assert!(matches!(did.code, Some(0 | 3)), "{line}: {}", did.err);
        said.push_str(&did.out);
        said.push_str(&did.err);
    }
    for planted in [SECRET, HASH, &HASH[7..40], MAIL, "planted no address"] {
        assert!(!said.contains(planted), "{planted} in {said}");
    }
    // The secret is nowhere at all; the hashes only where records are.
    for path in files(desk.path("users.json").parent().unwrap()) {
        let content = std::fs::read(&path).unwrap();
        let has = |text: &str| content.windows(text.len()).any(|part| part == text.as_bytes());
        let name = path.file_name().unwrap().to_str().unwrap();
        assert!(!has(SECRET), "{name}");
        let holds_records = matches!(
            name,
            "users.json" | "users_failed.json" | "userferry.db" | "userferry.db-wal"
        );
        assert!(holds_records || !has(HASH), "{name}");
        if name != "users.json" {
            let mode = std::fs::metadata(&path).unwrap().permissions().mode();
            assert_eq!(mode & 0o077, 0, "{name}");
        }
    }
    // Nor does the ledger quote what was sent.
    let table = rusqlite::Connection::open(desk.path("userferry.db")).unwrap();
    let quoting: i64 = table
        .query_row(
            "SELECT count(*) FROM attempt WHERE message LIKE '%' || ?1 || '%' OR message LIKE '%' || ?2 || '%'",
            [MAIL, HASH],
            |row| row.get(0),
        )
        .unwrap();
    assert_eq!(quoting, 0);
}

/// The names of all files in a folder, each of which only its owner can read.
#[track_caller]
fn private(folder: &Path) -> Vec<String> {
    let mut names = Vec::new();
    for path in files(folder) {
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
        names.push(name);
    }
    names.sort();
    names
}

/// A process that ends with the value.
struct Ends(Child);

impl Drop for Ends {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

#[test]
fn every_file_is_private_from_the_start_whatever_the_mask_also_while_a_run_is_going() {
    let desk = Desk::new();
    let folder = desk.path(".");
    let mut sandbox = desk.careless("-q sandbox --port 0 --latency 20ms --log log --state state");
    let mut sandbox = Ends(sandbox.stdout(Stdio::piped()).spawn().unwrap());
    let mut url = String::new();
    BufReader::new(sandbox.0.stdout.take().unwrap()).read_line(&mut url).unwrap();
    let careless = |line: &str| {
        let mut command = desk.careless(line);
        command.env("AUTHING_HOST", url.trim_end());
        command
    };
    // Our own source is not the program's.
    let mut stage = careless("stage -");
    let mut stage = stage.stdin(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    stage.stdin.take().unwrap().write_all(super::numbered(1..401).as_bytes()).unwrap();
    assert_eq!(stage.wait().unwrap().code(), Some(0));
    desk.did(careless("init").output().unwrap()).ok(0);

    let mut run = Ends(careless("-q run --concurrency 2").spawn().unwrap());
    while desk.status()["done"].as_u64().unwrap() < 20 {
        assert!(run.0.try_wait().unwrap().is_none());
    }
    let during = [
        "log",
        "state",
        "userferry.db",
        "userferry.db-shm",
        "userferry.db-wal",
        "userferry.db.lock",
        "userferry.toml",
    ];
    assert_eq!(private(&folder), during);
    assert!(run.0.try_wait().unwrap().is_none(), "that was while it was going");
    assert_eq!(run.0.wait().unwrap().code(), Some(0));

    // One that was there, and open to all, is private too when it is written again.
    desk.write("map.csv", "");
    for line in ["export --status done -o records.json", "export --map --force -o map.csv"] {
        desk.did(careless(line).output().unwrap()).ok(0);
    }
    let after = private(&folder);
    for name in ["log", "map.csv", "records.json", "state", "userferry.db"] {
        assert!(after.iter().any(|other| other == name), "{name}: {after:?}");
    }
}

#[test]
fn a_refused_secret_is_not_repeated() {
    let rig = Rig::start(&[]);
    let desk = Desk::at(&rig.sandbox.url);
    desk.write("users.json", r#"[{"uid":"1"}]"#);
    desk.ferry("stage users.json").ok(0);
    let output = desk.command("-vv run").env("AUTHING_SECRET", SECRET).output().unwrap();
    assert_eq!(output.status.code(), Some(4));
    let err = String::from_utf8(output.stderr).unwrap();
    assert!(err.contains("the credentials of user pool") && !err.contains(SECRET), "{err}");
}

/// The demo tells the whole story and gives nothing away, but in the sandbox's own files.
#[test]
fn the_demo_ends_well_and_leaves_nothing_running() {
    let desk = Desk::new();
    let mut command = desk.careless("demo --folder demo");
    // A user's own settings must not lead it to a real pool.
    command.env("AUTHING_HOST", "https://core.authing.cn").env("AUTHING_SECRET", SECRET);
    let output = command.output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    let (out, err) = (text(output.stdout), text(output.stderr));
    assert_eq!(output.status.code(), Some(0), "{out}{err}");
    assert!(err.contains("1,003 of 1,003 done"), "{err}");
    for planted in [SECRET, "sandbox-secret", "$2b$12$"] {
        assert!(!out.contains(planted) && !err.contains(planted), "{planted}");
    }
    let names = private(&desk.path("demo"));
    for name in ["users.json", "userferry.db", "wrong.json", "sandbox.log", "sandbox.state"] {
        assert!(names.iter().any(|other| other == name), "{name}: {names:?}");
    }
    let mode = std::fs::metadata(desk.path("demo")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
    let log = desk.read("demo/sandbox.log");
    let stored = log.lines().filter(|line| line.contains("\"stored\":{")).count();
    assert_eq!(stored, 1_003);
    // Its processes are gone: the table can be locked, and nobody listens.
    desk.ferry("--db demo/userferry.db retry-failed").ok(0);
}
