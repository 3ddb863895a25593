//! The three views for people, read by other clients while a run is going.

use super::{Desk, numbered};
use crate::process::Rig;
use rusqlite::{Connection, OpenFlags};
use serde_json::{Map, Value};
use std::path::Path;
use std::process::{Child, Command};

/// Asks for a query, gets the rows as objects; a client that fails ends the test.
type Client = fn(table: &Path, query: &str) -> Vec<Value>;

/// The program `sqlite3`, as the README shows it.
fn shell(table: &Path, query: &str) -> Vec<Value> {
    let mut command = Command::new("sqlite3");
    command.args(["-json", "-cmd", ".timeout 5000"]).arg(table).arg(query);
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.is_empty(), "{query}: {said}");
    // Without rows it prints nothing.
    if output.stdout.is_empty() {
        return Vec::new();
    }
    serde_json::from_slice(&output.stdout).unwrap()
}

/// The library, with a connection of its own for each query.
fn library(table: &Path, query: &str) -> Vec<Value> {
    let client = Connection::open_with_flags(table, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
    let mut statement = client.prepare(query).unwrap();
    let names: Vec<String> = statement.column_names().iter().map(|&n| n.to_owned()).collect();
    let mut rows = statement.query([]).unwrap();
    let mut found = Vec::new();
    while let Some(row) = rows.next().unwrap() {
        let mut object = Map::new();
        for name in &names {
            let value = match row.get::<_, rusqlite::types::Value>(name.as_str()).unwrap() {
                rusqlite::types::Value::Null => Value::Null,
                rusqlite::types::Value::Integer(n) => n.into(),
                rusqlite::types::Value::Text(text) => text.into(),
                other => panic!("{name}: {other:?}"),
            };
            object.insert(name.clone(), value);
        }
        found.push(Value::Object(object));
    }
    found
}

fn is_there(program: &str) -> bool {
    Command::new(program).arg("-version").output().is_ok_and(|output| output.status.success())
}

/// A run that is going; it ends with the value.
struct Run(Child);

impl Drop for Run {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

/// Reads all views over and over until the run ends. Returns how often.
fn watch(table: &Path, client: Client, run: &mut Run, exit: i32) -> u64 {
    let (mut seen, mut done) = (0, 0);
    loop {
        let ended = run.0.try_wait().unwrap();
        let progress = client(table, "SELECT * FROM progress");
        let [row] = progress.as_slice() else { panic!("{progress:?}") };
        let n = |name: &str| row[name].as_u64().unwrap();
        let statuses = ["pending", "sending", "unknown", "done", "failed", "invalid"];
        assert_eq!(n("total"), statuses.iter().map(|name| n(name)).sum::<u64>(), "{row}");
        assert!(n("done") >= done, "{} after {done}", n("done"));
        done = n("done");
        // The three rows that were wrong from the start are there all the time.
        let failures = client(table, "SELECT * FROM failures");
        assert!(failures.iter().filter(|row| row["status"] == "invalid").count() == 3);
        let classes = client(table, "SELECT * FROM errors_by_class");
        assert!(classes.iter().any(|row| row["status"] == "invalid" && row["n"] == 3));
        match ended {
            Some(status) => {
                assert_eq!(status.code(), Some(exit));
                return seen;
            }
            None => seen += u64::from(done > 0),
        }
    }
}

/// What the views tell after the run is what the program itself tells.
fn agrees(desk: &Desk, table: &Path, client: Client) {
    let status = desk.status();
    let progress = client(table, "SELECT * FROM progress").remove(0);
    for (name, n) in progress.as_object().unwrap() {
        assert_eq!(&status[name], n, "{name}");
    }
    assert_eq!(progress.as_object().unwrap().len(), 11);
    let classes = client(table, "SELECT * FROM errors_by_class");
    assert_eq!(status["by_error"], Value::Array(classes));

    let lines = desk.ferry("failures --format jsonl").ok(0).out;
    let told: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let failures = client(table, "SELECT * FROM failures");
    assert_eq!(failures.len(), told.len());
    let folder = table.parent().unwrap().canonicalize().unwrap();
    for (row, told) in failures.iter().zip(&told) {
        for name in ["record", "key", "status", "detail", "code", "attempts"] {
            assert_eq!(row[name], told[name], "{name}: {row}");
        }
        let source = row["source"].as_str().unwrap().replace(folder.to_str().unwrap(), "DIR");
        assert_eq!(source, told["source"]);
        assert_eq!(row["message"], told["message"]);
    }
}

/// Three wrong rows among many, one of which the provider refuses, read by a client meanwhile.
fn read_by(client: Client) {
    let rig = Rig::start(&["--latency=10ms", "--poison=400=code:2003"]);
    let desk = Desk::at(&rig.sandbox.url);
    let wrong = "{\"nickname\":\"nobody\"}\n{\"uid\":\"x\",\"mail\":\"none\"}\n42\n";
    desk.write("users.jsonl", format!("{wrong}{}", numbered(1..801)));
    desk.ferry("stage users.jsonl").ok(3);
    let table = desk.path("userferry.db");

    let run = desk.command("-q run --concurrency 4").spawn().unwrap();
    let seen = watch(&table, client, &mut Run(run), 3);
    assert!(seen > 0, "it was read while the run was going");
    let counts = [("done", 799), ("failed", 1), ("invalid", 3), ("pending", 0)];
    for (name, n) in counts {
        assert_eq!(desk.status()[name], n, "{name}");
    }
    agrees(&desk, &table, client);

    // Once the wrong rows are let go nothing is left: the same run again ends with 0.
    for status in ["failed", "invalid"] {
        desk.ferry(&format!("waive --status {status} --reason gone")).ok(0);
    }
    desk.ferry("run").ok(0);
    assert_eq!(client(&table, "SELECT * FROM failures"), [] as [Value; 0]);
    agrees(&desk, &table, client);
    let stored = rig.creates().iter().filter(|line| line["stored"].is_object()).count();
    assert_eq!(stored, 799, "each row once, readers or not");
}

#[test]
fn the_views_hold_for_the_library_while_a_run_is_going() {
    read_by(library);
}

#[test]
fn the_views_hold_for_the_program_sqlite3_while_a_run_is_going() {
    if is_there("sqlite3") {
        read_by(shell);
    } else {
        println!("skipped: no program sqlite3 on the PATH");
    }
}
