//! Bad input: the exact message, the way out, and a table that does not lie about it.

use super::{Desk, Did};
use crate::process::{POOL, Rig};
use serde_json::{Value, json};
use std::collections::BTreeMap;

const GOOD: &str = r#"[{"uid":"101"},{"uid":"102"}]"#;

/// What `status` says is what stands in the rows, and both are as expected.
#[track_caller]
fn table_holds(desk: &Desk, expected: &[(&str, u64)]) {
    let status = desk.status();
    let table = rusqlite::Connection::open(desk.path("userferry.db")).unwrap();
    let mut statement = table.prepare("SELECT status, count(*) FROM job GROUP BY 1").unwrap();
    let rows: BTreeMap<String, u64> = statement
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    for name in ["pending", "sending", "unknown", "done", "failed", "invalid"] {
        let n = expected.iter().find(|(status, _)| *status == name).map_or(0, |(_, n)| *n);
        assert_eq!(status[name], n, "{name}: {status}");
        assert_eq!(rows.get(name).copied().unwrap_or(0), n, "{name}: {rows:?}");
    }
    assert_eq!(status["total"], rows.values().sum::<u64>());
}

#[track_caller]
fn stage(desk: &Desk, name: &str, code: i32) -> Did {
    let did = desk.ferry(&format!("stage {name}")).ok(code);
    assert!(!did.err.contains("panicked"), "{}", did.err);
    assert_eq!(did.out, "");
    did
}

/// Stages what is no export: exactly these words; no table is made for it, and one that is there
/// stays as it is.
#[track_caller]
fn refused(name: &str, content: Option<&[u8]>, expected: &str) {
    let desk = Desk::new();
    if let Some(content) = content {
        desk.write(name, content);
    }
    assert_eq!(stage(&desk, name, 2).err, expected);
    assert!(!desk.path("userferry.db").exists(), "no empty table is left behind");

    desk.write("good.json", GOOD);
    stage(&desk, "good.json", 0);
    assert_eq!(stage(&desk, name, 2).err, expected);
    table_holds(&desk, &[("pending", 2)]);
    assert_eq!(desk.status()["unfinished_sources"], json!([]));
}

/// What `failures` tells of one row.
struct Wrong {
    record: u64,
    key: Option<&'static str>,
    /// Field, rule, message.
    problems: &'static [(&'static str, &'static str, &'static str)],
    why: &'static str,
}

/// Stages a source of which some records are wrong: exactly these rows are invalid, for exactly
/// these reasons, in each form of `failures`, and the others are staged.
#[track_caller]
fn invalid(name: &str, content: &[u8], summary: &str, good: u64, wrong: &[Wrong]) {
    let desk = Desk::new();
    desk.write(name, content);
    let n = wrong.len() as u64;
    let rows = if n == 1 { "row" } else { "rows" };
    let mut expected = format!(
        "{name}: {summary}\n{n} invalid {rows} of {name} cannot be sent: userferry failures\n"
    );
    if good > 0 {
        let rows = if good == 1 { "row" } else { "rows" };
        expected += &format!("{good} {rows} to send: userferry run\n");
    }
    assert_eq!(stage(&desk, name, 3).err, expected);
    table_holds(&desk, &[("pending", good), ("invalid", n)]);

    let told = desk.ferry("failures").ok(0);
    let cells = |line: &str| line.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    let mut lines = told.out.lines();
    assert_eq!(lines.next().map(cells), Some(cells("SOURCE RECORD KEY STATUS CODE TRIES WHY")));
    for row in wrong {
        let (record, key, why) = (row.record, row.key.unwrap_or("-"), row.why);
        let expected = format!("{name} {record} {key} invalid - 0 {why}");
        assert_eq!(lines.next().map(cells), Some(cells(&expected)));
    }
    assert_eq!(lines.next(), None);
    let shares_key =
        wrong.iter().any(|row| row.problems.iter().any(|(_, rule, _)| *rule == "duplicate-key"));
    let same_key = if shares_key {
        "Same key, one person:    waive the row that is out of date, stage --replace\n\
         If the other is done:    change the user at the provider, waive this row\n"
    } else {
        ""
    };
    assert_eq!(
        told.err,
        format!(
            "Take records out:        userferry export --status invalid -o wrong.jsonl\n\
             Put corrected ones back: userferry stage --replace wrong.jsonl\n\
             {same_key}\
             Let invalid rows go:     userferry waive --status invalid --reason TEXT\n"
        )
    );
    let lines = desk.ferry("failures --format jsonl").ok(0).out;
    let rows: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(rows, wrong.iter().map(|row| as_json(name, row)).collect::<Vec<_>>());
}

fn as_json(name: &str, row: &Wrong) -> Value {
    let problems: Vec<Value> = row
        .problems
        .iter()
        .map(|(field, rule, message)| json!({"field": field, "rule": rule, "message": message}))
        .collect();
    json!({
        "source": format!("DIR/{name}"), "record": row.record, "key": row.key,
        "status": "invalid", "detail": null, "code": null, "message": row.why, "attempts": 0,
        "problems": problems,
    })
}

#[test]
fn a_missing_file_is_named() {
    refused(
        "nowhere.json",
        None,
        "error: nowhere.json: no such file\n\nhint: check the path; '-' reads standard input\n",
    );
}

#[test]
fn an_empty_file_is_refused() {
    let expected = |name: &str| {
        format!(
            "error: {name}: nothing but white space in it\n\nhint: an export without users is an \
             empty array: []\n"
        )
    };
    refused("empty.json", Some(b""), &expected("empty.json"));
    refused("blank.jsonl", Some(b" \n"), &expected("blank.jsonl"));
}

#[test]
fn an_object_without_records_is_refused() {
    refused(
        "object.json",
        Some(b"{}"),
        "error: object.json: a JSON object that holds no array of objects\n\nhint: name the array: \
         --records NAME; if the object is itself the only user: --input-format jsonl\n",
    );
}

#[test]
fn a_scalar_among_objects_is_that_records_problem() {
    const MESSAGE: &str = "the record is a single value, where an object is expected";
    invalid(
        "users.json",
        br#"[{"uid":"1"},42,{"uid":"3"}]"#,
        "3 records read, 3 staged, 1 of them invalid",
        2,
        &[Wrong { record: 2, key: None, problems: &[("", "type", MESSAGE)], why: MESSAGE }],
    );
}

#[test]
fn bytes_that_are_not_utf_8_are_that_records_problem() {
    const MESSAGE: &str = "bytes that are not UTF-8; if all of the file is in another encoding, name \
                           it: --encoding";
    let why = "mail: bytes that are not UTF-8; if all of the file is in another encoding, name it: \
               --encoding";
    let wrong = [Wrong { record: 2, key: None, problems: &[("mail", "encoding", MESSAGE)], why }];
    let summary = "3 records read, 3 staged, 1 of them invalid";
    let array = b"[{\"uid\":\"1\"},{\"uid\":\"2\",\"mail\":\"b\xff@example.com\"},{\"uid\":\"3\"}]";
    invalid("users.json", array, summary, 2, &wrong);
    let lines =
        b"{\"uid\":\"1\"}\n{\"uid\":\"2\",\"mail\":\"b\xff@example.com\"}\n{\"uid\":\"3\"}\n";
    invalid("users.jsonl", lines, summary, 2, &wrong);
}

#[test]
fn a_byte_order_mark_changes_nothing() {
    let lines = "{\"uid\":\"101\"}\n{\"uid\":\"102\"}\n";
    for (name, content) in [("users.json", GOOD), ("users.jsonl", lines)] {
        let desk = Desk::new();
        desk.write(name, format!("\u{feff}{content}"));
        assert_eq!(
            stage(&desk, name, 0).err,
            format!("{name}: 2 records read, 2 staged\n2 rows to send: userferry run\n")
        );
        table_holds(&desk, &[("pending", 2)]);
        assert_eq!(desk.ferry("export --status pending").ok(0).out, lines);
    }
}

#[test]
fn a_uid_that_comes_twice_with_other_content_is_the_later_records_problem() {
    const MESSAGE: &str = "record 1 has the same key (external id) with other content";
    invalid(
        "users.json",
        br#"[{"uid":"1","nickname":"A"},{"uid":"1","nickname":"B"},{"uid":"1","nickname":"A"}]"#,
        "3 records read, 2 staged, 1 of them invalid, 1 in the table already",
        1,
        &[Wrong {
            record: 2,
            key: Some("1"),
            problems: &[("uid", "duplicate-key", MESSAGE)],
            why: "uid: record 1 has the same key (external id) with other content",
        }],
    );
}

#[test]
fn wrong_types_are_told_field_by_field() {
    invalid(
        "users.json",
        br#"[{"uid":"1","nickname":{},"mail":["a@example.com"],"emailVerified":"yes","phone":true,"loginsCount":"12"},
            {"uid":"2","emailVerified":"perhaps","phone":12.5,"loginsCount":"twelve"}]"#,
        "2 records read, 2 staged, 2 of them invalid",
        0,
        &[
            Wrong {
                record: 1,
                key: Some("1"),
                problems: &[
                    ("nickname", "type", "an object, where text is expected"),
                    ("mail", "type", "a list, where text is expected"),
                    (
                        "emailVerified",
                        "type",
                        "text, where true or false is expected; the mapping can convert it: as = \"bool\"",
                    ),
                    (
                        "phone",
                        "type",
                        "a truth value, where text is expected; the mapping can convert it: as = \"text\"",
                    ),
                    (
                        "loginsCount",
                        "type",
                        "text, where a whole number is expected; the mapping can convert it: as = \"int\"",
                    ),
                ],
                why: "nickname: an object, where text is expected; mail: a list, where text is \
                      expected; emailVerified: text, where true or false is expected; the mapping \
                      can convert it: as = \"bool\"; phone: a truth value, where text is expected; \
                      the mapping can convert it: as = \"text\"; loginsCount: text, where a whole \
                      number is expected; the mapping can convert it: as = \"int\"",
            },
            Wrong {
                record: 2,
                key: Some("2"),
                problems: &[
                    ("emailVerified", "type", "text, where true or false is expected"),
                    ("loginsCount", "type", "text, where a whole number is expected"),
                    ("phone", "phone", "no phone number: it must have 5 to 20 digits"),
                ],
                why: "emailVerified: text, where true or false is expected; loginsCount: text, \
                      where a whole number is expected; phone: no phone number: it must have 5 to \
                      20 digits",
            },
        ],
    );
}

#[test]
fn a_record_without_any_identifier_is_told_where_one_could_stand() {
    const MESSAGE: &str =
        "nothing to identify the user by: `uid`, `mail`, `phone` are absent or empty";
    let problems = &[("", "identifier", MESSAGE)];
    let wrong = |record| Wrong { record, key: None, problems, why: MESSAGE };
    invalid(
        "users.json",
        br#"[{"nickname":"nobody"},{"uid":"2"},{"uid":"","mail":null}]"#,
        "3 records read, 3 staged, 2 of them invalid",
        1,
        &[wrong(1), wrong(3)],
    );
}

#[test]
fn a_wrong_secret_halts_the_run_before_anything_is_sent() {
    let rig = Rig::start(&[]);
    let desk = Desk::at(&rig.sandbox.url);
    desk.write("good.json", GOOD);
    stage(&desk, "good.json", 0);
    let output = desk.command("run").env("AUTHING_SECRET", "not-the-secret").output().unwrap();
    let did = desk.did(output).ok(4);
    let reason = format!(
        "the credentials of user pool {POOL} are refused (code 1001: No permission for this \
         operation)"
    );
    assert_eq!(
        did.err,
        format!(
            "To {}, user pool {POOL}\n0 of 2 done, 2 pending; 0 in this run\nerror: {reason}\n\n\
             hint: check AUTHING_USERPOOL_ID, AUTHING_SECRET and the host, then run again; no row was marked \
             failed\n",
            rig.sandbox.url
        )
    );
    assert_eq!(did.out, "");
    table_holds(&desk, &[("pending", 2)]);
    let last_run = &desk.status()["last_run"];
    assert_eq!((&last_run["end"], &last_run["reason"]), (&json!("halted"), &json!(reason)));
    assert_eq!(rig.creates().len(), 0);
    desk.ferry("run").ok(0);
    table_holds(&desk, &[("done", 2)]);
}

#[test]
fn a_truncated_array_keeps_what_was_read_and_goes_on_when_the_rest_is_there() {
    let desk = Desk::new();
    let whole = r#"[{"uid":"1","mail":"a@example.com"},{"uid":"2","mail":"b@example.com"},{"uid":"3","mail":"c@example.com"}]"#;
    desk.write("users.json", &whole[..80]);
    assert_eq!(
        stage(&desk, "users.json", 2).err,
        "users.json: 2 records read, 2 staged\n\
         error: users.json: the document is cut off (at record 3, line 1, byte 80)\n\n\
         hint: export it again, completely; the records before this one are good\n"
    );
    table_holds(&desk, &[("pending", 2)]);
    assert_eq!(
        desk.status()["unfinished_sources"],
        json!([{"source": "DIR/users.json", "records": 2}])
    );

    desk.write("users.json", whole);
    let did = desk.ferry("stage users.json").ok(0);
    assert!(did.err.contains("3 records read, 3 staged (went on after record 2)"), "{}", did.err);
    assert_eq!(desk.status()["total"], 3);
    assert!(desk.status()["unfinished_sources"].as_array().unwrap().is_empty());
    let did = desk.ferry("stage users.json").ok(0);
    assert!(did.err.contains("staged before and unchanged since"), "{}", did.err);
}

#[test]
fn a_changed_file_under_a_checkpoint_is_refused_and_restart_is_the_way_out() {
    let desk = Desk::new();
    desk.write("users.json", r#"[{"uid":"1","mail":"a@example.com"},{"uid":"2","#);
    desk.ferry("stage users.json").ok(2);
    desk.write(
        "users.json",
        r#"[{"uid":"7","mail":"x@example.com"},{"uid":"8","mail":"y@example.com"}]"#,
    );
    let did = desk.ferry("stage users.json").ok(2);
    assert!(did.err.contains("has changed since it was staged"), "{}", did.err);
    assert!(did.err.contains("stage --restart"), "{}", did.err);
    desk.ferry("stage --restart users.json").ok(0);
    assert_eq!(desk.status()["total"], 2);
    let keys = desk.ferry("export --status pending").ok(0).out;
    assert!(keys.contains("\"7\"") && keys.contains("\"8\"") && !keys.contains("\"1\""), "{keys}");
}

/// Its rows stay, because another file has their records too: they are no records of the new start.
#[test]
fn a_source_that_is_started_anew_counts_from_its_first_record() {
    let desk = Desk::new();
    let cut_off = r#"[{"uid":"1"},{"uid":"2"},{"uid":"3","#;
    let rest = r#""nickname":"C"},{"uid":"4"}"#;
    desk.write("part.json", cut_off);
    desk.ferry("stage part.json").ok(2);
    desk.write("whole.json", format!("{cut_off}{rest}]"));
    desk.ferry("stage whole.json").ok(0);
    let did = desk.ferry("stage --restart part.json").ok(2);
    assert!(did.err.contains("part.json: 2 records read, 2 in the table already\n"), "{}", did.err);
    assert_eq!(desk.status()["unfinished_sources"][0]["records"], 2);
    desk.write("part.json", format!(r#"{cut_off}{rest},{{"uid":"5","mail":"no"}}]"#));
    let did = desk.ferry("stage part.json").ok(3);
    let told = "part.json: 5 records read, 1 staged, 1 of them invalid, 4 in the table already (went \
                on after record 2)\n";
    assert!(did.err.contains(told), "{}", did.err);
    let wrong = desk.ferry("failures --format csv").ok(0).out;
    assert!(wrong.contains("DIR/part.json,5,5,invalid"), "{wrong}");
    let again = desk.ferry("stage part.json").ok(3).err;
    assert!(again.contains("staged before and unchanged since"), "{again}");
    assert!(desk.status()["unfinished_sources"].as_array().unwrap().is_empty());
    // Nor is a file known by a start that nothing is left of.
    desk.write("part.json", r#"[{"uid":"9"}]"#);
    let other = desk.ferry("stage part.json").ok(3).err;
    assert!(other.contains("part.json: 1 record read, 1 staged\n"), "{other}");
}

#[test]
fn each_wrong_record_is_told_with_its_place_and_the_rest_is_staged() {
    let desk = Desk::new();
    desk.write(
        "users.jsonl",
        [
            &b"{\"uid\":\"1\",\"mail\":\"a@example.com\"}\n"[..],
            b"{\"uid\":\"2\",\"mail\":\"b\xff@example.com\"}\n",
            b"42\n",
            b"{\"uid\":\"1\",\"mail\":\"other@example.com\"}\n",
            b"{\"uid\":\"5\",\"loginsCount\":\"4\",\"emailVerified\":\"yes\"}\n",
            b"{\"nickname\":\"nobody\"}\n",
            b"{\"uid\":\"7\",\"mail\":\"a@example.com\"}\n",
        ]
        .concat(),
    );
    desk.ferry("stage users.jsonl").ok(3);
    let lines = desk.ferry("failures --format jsonl").ok(0).out;
    let rules: Vec<(u64, Vec<String>)> = lines
        .lines()
        .map(|line| {
            let row: serde_json::Value = serde_json::from_str(line).unwrap();
            let rules = row["problems"].as_array().unwrap().iter();
            let rules = rules.map(|problem| problem["rule"].as_str().unwrap().to_owned());
            (row["record"].as_u64().unwrap(), rules.collect())
        })
        .collect();
    let expected = [
        (2, vec!["encoding"]),
        (3, vec!["type"]),
        (4, vec!["duplicate-key"]),
        (5, vec!["type", "type"]),
        (6, vec!["identifier"]),
        (7, vec!["duplicate-email"]),
    ];
    assert_eq!(rules.len(), expected.len(), "{rules:?}");
    for ((record, mut rules), (wanted, words)) in rules.into_iter().zip(expected) {
        rules.sort();
        assert_eq!((record, rules), (wanted, words.into_iter().map(str::to_owned).collect()));
    }
    assert!(lines.contains("record 1 has the same e-mail address"), "{lines}");
    assert!(!lines.contains("other@example.com"), "{lines}");
    assert_eq!(desk.status()["pending"], 1);
    assert_eq!(desk.status()["invalid"], 6);
}

/// Runs with a wrong setting: exactly these words, and the table stays as it is.
#[track_caller]
fn wrong_setting(line: &str, settings: Option<&str>, expected: &str) {
    let desk = Desk::new();
    desk.write("good.json", GOOD);
    stage(&desk, "good.json", 0);
    if let Some(settings) = settings {
        desk.write("userferry.toml", settings);
    }
    let did = desk.ferry(line).ok(2);
    assert_eq!((did.err.as_str(), did.out.as_str()), (expected, ""));
    std::fs::remove_file(desk.path("userferry.toml")).ok();
    table_holds(&desk, &[("pending", 2)]);
    assert_eq!(desk.status()["last_run"], Value::Null);
}

#[test]
fn a_host_that_is_not_https_is_refused() {
    wrong_setting(
        "run --host http://core.authing.cn",
        None,
        "error: host: the address must begin with https://\n\nhint: users and passwords would go \
         over the network unprotected; http is allowed only on this machine (127.0.0.1, ::1, \
         localhost)\n",
    );
}

#[test]
fn an_unknown_key_in_the_settings_is_told_with_its_line() {
    wrong_setting(
        "run",
        Some("[run]\nconcurency = 4\n"),
        "error: userferry.toml, line 2: unknown setting `concurency` in [run]\n\nhint: did you mean \
         `concurrency`?\n",
    );
    wrong_setting(
        "run",
        Some("[run]\n\nflurb = 4\n"),
        "error: userferry.toml, line 3: unknown setting `flurb` in [run]\n\nhint: [run] knows \
         concurrency, rate, request_timeout, connect_timeout, settle_time, max_attempts, \
         max_outage, probe_interval, on_conflict, on_unknown, max_failures\n",
    );
    let desk = Desk::new();
    desk.write("userferry.toml", "[target]\nsecret = \"hunter2-in-the-file\"\n");
    let did = desk.ferry("run").ok(2);
    assert!(did.err.contains("secret") && !did.err.contains("hunter2"), "{}", did.err);
}

#[test]
fn a_table_that_is_missing_foreign_or_a_folder_is_exit_6() {
    let desk = Desk::new();
    let did = desk.ferry("run").ok(6);
    assert!(did.err.contains("there is no job table at DIR/userferry.db"), "{}", did.err);
    desk.write(
        "userferry.db",
        "this is no database, but a text that is long enough to be looked at",
    );
    let did = desk.ferry("status").ok(6);
    assert!(did.err.contains("is not a job table of Userferry"), "{}", did.err);
    std::fs::create_dir(desk.path("folder")).unwrap();
    let did = desk.ferry("--db folder status").ok(6);
    assert!(did.err.contains("folder cannot be opened: it is a folder"), "{}", did.err);
    desk.write("u.json", "[]");
    desk.ferry("--db folder stage u.json").ok(6);
    desk.ferry("--db nowhere/userferry.db stage u.json").ok(6);
}

#[test]
fn a_source_that_is_still_to_be_read_is_no_output() {
    let desk = Desk::new();
    desk.write("u.json", r#"[{"uid":"1"}]"#);
    desk.write("cut.json", r#"[{"uid":"1"},{"uid":"2"#);
    let refused = |name: &str| {
        format!(
            "error: {name} is a source that is still to be read\n\nhint: name another file with --output\n"
        )
    };
    assert_eq!(desk.ferry("check u.json -o ./u.json").ok(2).err, refused("./u.json"));
    desk.ferry("stage cut.json").ok(2);
    assert_eq!(
        desk.ferry("export --status pending -o cut.json --force").ok(2).err,
        refused("cut.json")
    );
    assert_eq!(desk.read("cut.json"), r#"[{"uid":"1"},{"uid":"2"#);
    // One that was read to its end lies in the table.
    desk.ferry("stage u.json").ok(0);
    let did = desk.ferry("export --status pending -o u.json").ok(2);
    let told =
        "error: u.json is there already\n\nhint: name another file, or replace it with --force\n";
    assert_eq!(did.err, told);
    desk.ferry("export --status pending -o u.json --force").ok(0);
}

#[test]
fn the_job_table_itself_is_no_source() {
    let desk = Desk::new();
    desk.write("u.json", r#"[{"uid":"1"}]"#);
    desk.ferry("stage u.json").ok(0);
    std::os::unix::fs::symlink(desk.path("userferry.db"), desk.path("link.json")).unwrap();
    for name in ["userferry.db", "./userferry.db", "link.json", "userferry.db.lock"] {
        let did = desk.ferry(&format!("stage {name}")).ok(2);
        let expected = format!(
            "error: {name} is the job table's own file\n\nhint: name another file, or another table with --db\n"
        );
        assert_eq!(did.err, expected);
    }
    assert_eq!(desk.status()["total"], 1);
}
