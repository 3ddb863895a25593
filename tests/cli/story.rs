//! The main job, end to end; the oracle is the sandbox's log.

use super::{Desk, numbered};
use crate::process::Rig;
use serde_json::{Value, json};
use std::collections::HashSet;

/// The export of the vendor's page on importing users.
const PAGE: &str = r#"[
	{"uid": "1", "nickname": "zhang", "account_id": "zhang", "mail": "test1@123.com",
	 "password": "$2b$12$nCa3WDbsc3tvM57ifzjwrOAGGuNK7EPV0R17WKcW6f13NZvX97yLe",
	 "phone": "13100000001", "emailVerified": true, "loginsCount": 4},
	{"uid": "2", "nickname": "wang", "account_id": "wang", "mail": "test2@123.com",
	 "password": "$2b$12$HGloOlfz1HzD0v/r5m1r7OCMcx6X85eC5.At3Ckxe.Jn/u/Za/yy2",
	 "phone": "13100000002", "emailVerified": false, "loginsCount": 12},
	{"uid": "3", "nickname": "zhao", "account_id": "zhao", "mail": "test3@123.com",
	 "password": "$2b$12$ia1oUZZFbEUpLvuqUsKideQq9lVkf2kq9vFaTvp7dlfeCx8UlTmDu",
	 "phone": "13100000003", "emailVerified": true, "loginsCount": 0}
]"#;

fn import_the_page(flags: &[&str]) {
    let rig = Rig::start(flags);
    let desk = Desk::at(&rig.sandbox.url);
    desk.write("users.json", PAGE);
    desk.ferry("stage users.json").ok(0);
    desk.ferry("run").ok(0);
    assert_eq!(desk.status()["done"], 3);

    let records: Vec<Value> = serde_json::from_str(PAGE).unwrap();
    let creates = rig.creates();
    assert_eq!(creates.len(), 3);
    for record in &records {
        let stored = creates.iter().find(|c| c["external_id"] == record["uid"]).unwrap();
        let stored = &stored["stored"];
        assert_eq!(stored["password"], record["password"], "byte for byte");
        assert_eq!(stored["email"], record["mail"]);
        assert_eq!(stored["phone"], record["phone"]);
        assert_eq!(stored["nickname"], record["nickname"]);
        assert_eq!(stored["emailVerified"], record["emailVerified"]);
        assert!(stored["loginsCount"].is_u64());
        assert_eq!(stored["loginsCount"], record["loginsCount"]);
        let raw: Value = serde_json::from_str(stored["oauth"].as_str().unwrap()).unwrap();
        let mut expected = record.clone();
        expected.as_object_mut().unwrap().remove("password");
        assert_eq!(raw, expected, "the raw record without the password");
    }
    desk.ferry("run").ok(0);
    assert_eq!(rig.creates().len(), 3, "a second run sends no create");
}

#[test]
fn the_users_of_the_page_arrive_byte_for_byte() {
    import_the_page(&[]);
}

#[test]
fn the_users_of_the_page_arrive_under_a_key_of_2048_bits_and_with_codes_as_text() {
    import_the_page(&["--key-bits=2048", "--codes-as-text"]);
}

#[test]
fn refused_rows_are_named_exported_corrected_and_sent_again() {
    let rig =
        Rig::start(&["--poison=u3@example.com=code:2003", "--poison=u5@example.com=code:2204"]);
    let desk = Desk::at(&rig.sandbox.url);
    let users: Vec<Value> = (1..=30)
        .map(|n| json!({"uid": n.to_string(), "mail": format!("u{n}@example.com")}))
        .collect();
    desk.write("users.json", json!(users).to_string());
    desk.ferry("stage users.json").ok(0);
    desk.ferry("run").ok(3);
    let table = desk.ferry("failures").ok(0).out;
    assert!(table.contains("users.json  3       3    failed/rejected  2003"), "{table}");
    assert!(table.contains("users.json  5       5    failed/rejected  2204"), "{table}");

    desk.ferry("export --status failed -o users_failed.json").ok(0);
    let failed: Vec<Value> = serde_json::from_str(&desk.read("users_failed.json")).unwrap();
    assert_eq!(failed.len(), 2);
    let corrected = desk.read("users_failed.json").replace("u3@", "v3@").replace("u5@", "v5@");
    desk.write("users_failed.json", corrected);
    let did = desk.ferry("stage --replace users_failed.json").ok(0);
    assert!(did.err.contains("2 records read, 2 replaced"), "{}", did.err);
    desk.ferry("run").ok(0);
    assert_eq!(desk.status()["created"], 30);
    let keys: HashSet<String> = rig.sandbox.users().into_iter().collect();
    assert_eq!(keys.len(), 30);
    assert!(desk.ferry("show 3").ok(0).out.contains("rejected"), "history stays");
    let map = desk.ferry("export --map --format csv").ok(0).out;
    assert_eq!(map.lines().count(), 31);
}

#[test]
fn where_the_cause_was_the_servers_retry_failed_does() {
    let rig = Rig::start(&["--fail-every=10"]);
    let desk = Desk::at(&rig.sandbox.url);
    let users = numbered(1..51);
    desk.write("users.jsonl", users);
    desk.ferry("stage users.jsonl").ok(0);
    desk.ferry("run").ok(3);
    assert_eq!(desk.status()["failed"], 5);
    rig.sandbox.faults(&json!({"fail_every": null}));
    desk.ferry("retry-failed --class conflict").ok(0);
    assert_eq!(desk.status()["failed"], 5, "none of that class");
    desk.ferry("retry-failed --code 2003 --run").ok(0);
    assert_eq!(desk.status()["created"], 50);
    let ledger = "SELECT count(*) FROM attempt WHERE outcome = 'rejected'";
    let table = rusqlite::Connection::open(desk.path("userferry.db")).unwrap();
    assert_eq!(table.query_row(ledger, [], |row| row.get::<_, i64>(0)).unwrap(), 5);
}

#[test]
fn an_unfinished_source_is_told_and_ends_a_run_with_3_at_best() {
    let rig = Rig::start(&[]);
    let desk = Desk::at(&rig.sandbox.url);
    desk.write("users.json", r#"[{"uid":"1"},{"uid":"#);
    desk.ferry("stage users.json").ok(2);
    let did = desk.ferry("run").ok(3);
    assert!(did.err.contains("is unfinished: staged up to record 1"), "{}", did.err);
    let told = "unfinished source: DIR/users.json (staged up to record 1; to go on, stage it again, complete \
                and under this name, or: userferry stage --close SOURCE)\n";
    let status = desk.ferry("status").ok(0).out;
    assert!(status.contains(told), "{status}");
    assert_eq!(desk.status()["done"], 1);
}

#[test]
fn standard_input_that_was_cut_off_is_to_be_fed_again() {
    let rig = Rig::start(&[]);
    let desk = Desk::at(&rig.sandbox.url);
    desk.pipe("stage -", r#"[{"uid":"1"},{"uid":"#).ok(2);
    let told = "unfinished source: standard input (staged up to record 1; to go on, feed all of it to \
                'stage -' again, or: userferry stage --close SOURCE)\n";
    let status = desk.ferry("status").ok(0).out;
    assert!(status.contains(told), "{status}");
    desk.ferry("run").ok(3);
    desk.pipe("stage -", r#"[{"uid":"1"},{"uid":"2"}]"#).ok(0);
    desk.ferry("run").ok(0);
}

/// What is left after a run is told with what helps: conflicts are not sent again for nothing.
#[test]
fn conflicts_have_ways_out_of_their_own() {
    let rig = Rig::start(&[]);
    let desk = Desk::at(&rig.sandbox.url);
    let there = json!([
        {"username": "there", "email": "a@example.com"},
        {"externalId": "other", "email": "b@example.com"},
    ]);
    rig.sandbox.add_users(&there);
    let lines =
        "{\"uid\":\"1\",\"mail\":\"a@example.com\"}\n{\"uid\":\"2\",\"mail\":\"b@example.com\"}\n";
    desk.write("u.jsonl", lines);
    desk.ferry("stage u.jsonl").ok(0);
    let told = desk.ferry("run").ok(3).err;
    let skip = "userferry retry-failed --run --on-conflict skip";
    assert!(told.contains(skip) && told.contains("userferry failures"), "{told}");
    assert!(told.contains("userferry waive --status failed --reason TEXT"), "{told}");
    assert!(desk.ferry("failures").ok(0).err.contains(skip));
    let told = desk.ferry(&skip["userferry ".len()..]).ok(3).err;
    assert_eq!(desk.status()["skipped"], 1);
    assert!(!told.contains("retry-failed"), "{told}");
    desk.ferry("waive --status failed --reason other").ok(0);
    desk.ferry("run").ok(0);
}

/// The complete file came under another name, and the one that was cut off may be gone.
#[test]
fn a_source_that_was_cut_off_can_be_closed() {
    let rig = Rig::start(&[]);
    let desk = Desk::at(&rig.sandbox.url);
    desk.write("part.json", r#"[{"uid":"1"},{"uid":"#);
    desk.ferry("stage part.json").ok(2);
    desk.write("whole.json", r#"[{"uid":"1"},{"uid":"2"}]"#);
    desk.ferry("stage whole.json").ok(0);
    desk.ferry("stage --close whole.json").ok(2);
    std::fs::remove_file(desk.path("part.json")).unwrap();
    desk.ferry("run").ok(3);
    let did = desk.ferry("stage --close part.json").ok(0);
    assert_eq!(did.err, "DIR/part.json: closed; 1 record counts as all of it\n");
    desk.ferry("run").ok(0);
    let told = "closed source: DIR/part.json (up to record 1, which counts as all of it)\n";
    assert!(desk.ferry("status").ok(0).out.contains(told));
    let expected = json!([{ "source": "DIR/part.json", "records": 1 }]);
    assert_eq!(desk.status()["closed_sources"], expected);
    // Should it come after all, it is not one that was staged before.
    desk.write("part.json", r#"[{"uid":"1"},{"uid":"3"}]"#);
    let did = desk.ferry("stage part.json").ok(0);
    let told = "part.json: 2 records read, 1 staged, 1 in the table already\n";
    assert!(did.err.starts_with(told), "{}", did.err);
}

#[test]
fn a_row_in_doubt_can_be_settled_by_a_person_and_that_undone() {
    let rig = Rig::start(&["--hang=1", "--deny-lookup"]);
    let desk = Desk::at(&rig.sandbox.url);
    desk.write("users.json", r#"[{"uid":"1"}]"#);
    desk.ferry("stage users.json").ok(0);
    desk.ferry("run --on-unknown hold").ok(3);
    assert_eq!(desk.status()["unknown"], 1);
    desk.ferry("settle 1 --as done --reason seen-in-the-console").ok(0);
    assert_eq!(desk.status()["done"], 1);
    desk.ferry("settle 1 --undo").ok(0);
    assert_eq!(desk.status()["unknown"], 1);
}

/// An independent client reads the views while a run is going, and the run goes on.
#[test]
fn the_views_can_be_read_by_any_client_while_a_run_is_going() {
    let rig = Rig::start(&["--latency=20ms"]);
    let desk = Desk::at(&rig.sandbox.url);
    let users = numbered(1..601);
    desk.write("users.jsonl", format!("{users}{{\"nickname\":\"nobody\"}}\n"));
    desk.ferry("stage users.jsonl").ok(3);
    let mut run = desk.command("run --concurrency 4");
    run.stderr(std::process::Stdio::null());
    let mut run = run.spawn().unwrap();
    rig.sandbox.wait_for_stored(50);
    let client = rusqlite::Connection::open(desk.path("userferry.db")).unwrap();
    let progress = |column: &str| -> i64 {
        client.query_row(&format!("SELECT {column} FROM progress"), [], |row| row.get(0)).unwrap()
    };
    // A reader in the middle of its transaction: the run goes on, the reader's view does not.
    client.execute_batch("BEGIN").unwrap();
    let seen = progress("done");
    let stored = rig.sandbox.count("creates_stored");
    rig.sandbox.wait_for_stored(stored + 50);
    assert_eq!(progress("done"), seen);
    client.execute_batch("COMMIT").unwrap();
    assert!(progress("done") > seen, "the run was not held up");
    assert_eq!(progress("total"), 601);
    let status = desk.status();
    assert!(status["last_run"]["running"].as_bool().unwrap(), "{status}");
    assert_eq!(run.wait().unwrap().code(), Some(3));
    let status = desk.status();
    for name in ["total", "pending", "done", "failed", "invalid", "created", "unknown"] {
        assert_eq!(progress(name), status[name].as_i64().unwrap(), "{name}");
    }
    let failures: i64 =
        client.query_row("SELECT count(*) FROM failures", [], |row| row.get(0)).unwrap();
    assert_eq!(failures, 1);
    let by_class: (String, i64) = client
        .query_row("SELECT status, n FROM errors_by_class", [], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .unwrap();
    assert_eq!(by_class, ("invalid".to_owned(), 1));
}
