//! Bad input: the exact message, the way out, and a table that does not lie about it.

use super::Desk;

/// Stages one file and expects these words on standard error, and no more.
fn refused(name: &str, content: &[u8], expected: &str) {
    let desk = Desk::new();
    desk.write(name, content);
    let did = desk.ferry(&format!("stage {name}")).ok(2);
    assert_eq!(did.err, expected, "{name}");
    assert_eq!(did.out, "");
    assert!(!desk.path("userferry.db").exists(), "{name}: no empty table is left behind");
}

#[test]
fn what_holds_no_records_is_refused_and_leaves_nothing_behind() {
    refused(
        "empty.json",
        b" \n",
        "error: empty.json: nothing but white space in it\n\nhint: an export without users is an \
         empty array: []\n",
    );
    refused(
        "object.json",
        b"{}",
        "error: object.json: a JSON object that holds no array of objects\n\nhint: name the array: \
         --records NAME; if the object is itself the only user: --input-format jsonl\n",
    );
}

#[test]
fn a_missing_file_is_named() {
    let desk = Desk::new();
    let did = desk.ferry("stage nowhere.json").ok(2);
    assert!(did.err.starts_with("error: nowhere.json: no such file"), "{}", did.err);
    assert!(did.err.contains("hint: "), "{}", did.err);
}

#[test]
fn a_truncated_array_keeps_what_was_read_and_goes_on_when_the_rest_is_there() {
    let desk = Desk::new();
    let whole = r#"[{"uid":"1","mail":"a@example.com"},{"uid":"2","mail":"b@example.com"},{"uid":"3","mail":"c@example.com"}]"#;
    desk.write("users.json", &whole[..80]);
    let did = desk.ferry("stage users.json").ok(2);
    assert!(did.err.contains("error: users.json: "), "{}", did.err);
    assert!(did.err.contains("record 3"), "{}", did.err);
    assert!(did.err.contains("byte 80"), "{}", did.err);
    let status = desk.status();
    assert_eq!(status["total"], 2);
    assert_eq!(status["unfinished_sources"][0]["records"], 2);

    desk.write("users.json", whole);
    let did = desk.ferry("stage users.json").ok(0);
    assert!(did.err.contains("1 record read, 1 staged (went on after record 2)"), "{}", did.err);
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

#[test]
fn a_host_that_is_not_https_and_an_unknown_key_are_usage_errors() {
    let desk = Desk::new();
    desk.write("users.json", r#"[{"uid":"1"}]"#);
    desk.ferry("stage users.json").ok(0);
    let did = desk.ferry("run --host http://core.authing.cn").ok(2);
    assert!(did.err.contains("https"), "{}", did.err);
    desk.write("userferry.toml", "[run]\nconcurency = 4\n");
    let did = desk.ferry("run").ok(2);
    assert!(did.err.contains("userferry.toml") && did.err.contains("line 2"), "{}", did.err);
    assert!(did.err.contains("concurency") && did.err.contains("concurrency"), "{}", did.err);
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
