//! Every command, its contract and its manners.

use super::{Desk, numbered};
use serde_json::Value;
use std::os::unix::fs::PermissionsExt as _;

const USERS: &str = r#"[{"uid":"1","mail":"a@example.com","nickname":"Ann"},
{"uid":"2","mail":"no address"},{"uid":"3","mail":"c@example.com"}]"#;

#[test]
fn help_and_version_are_exit_0_and_a_wrong_command_line_is_2() {
    let desk = Desk::new();
    let help = desk.ferry("--help").ok(0).out;
    for command in [
        "init",
        "check",
        "preview",
        "stage",
        "run",
        "retry-failed",
        "status",
        "failures",
        "show",
        "settle",
        "waive",
        "export",
        "sandbox",
        "demo",
    ] {
        assert!(help.contains(&format!("  {command} ")), "{command}");
        assert!(!desk.ferry(&format!("{command} --help")).ok(0).out.is_empty());
    }
    assert!(desk.ferry("sandbox --help").ok(0).out.contains("before you touch production"));
    assert!(desk.ferry("--version").ok(0).out.starts_with("userferry "));
    for wrong in [
        "",
        "sail",
        "stage",
        "preview",
        "preview --record 1 --key 2",
        "settle 1",
        "waive --key 1",
        "export",
        "run --rate fast",
    ] {
        let did = desk.ferry(wrong).ok(2);
        assert_eq!(did.out, "");
        assert!(!did.err.is_empty());
    }
}

#[test]
fn init_writes_settings_that_work_and_never_over_an_existing_file() {
    let desk = Desk::new();
    desk.ferry("init").ok(0);
    let text = desk.read("userferry.toml");
    let did = desk.ferry("init").ok(2);
    assert!(did.err.contains("userferry.toml is there already"), "{}", did.err);
    assert_eq!(desk.read("userferry.toml"), text);
    desk.write("users.json", USERS);
    desk.ferry("check users.json").ok(3);
}

#[test]
fn the_settings_that_init_writes_name_no_pool_and_a_run_says_where_to() {
    let desk = Desk::new();
    desk.ferry("init").ok(0);
    let pools: Vec<String> = desk
        .read("userferry.toml")
        .lines()
        .filter(|line| line.contains("user_pool_id ="))
        .map(str::to_owned)
        .collect();
    assert_eq!(pools, ["# user_pool_id = \"YOUR-USER-POOL-ID\""]);
    desk.write("users.json", USERS);
    desk.ferry("stage users.json").ok(3);
    for (line, file) in [
        ("run", "userferry.toml"),
        ("--config mine.toml run", "mine.toml"),
        ("run", "userferry.toml (userferry init writes one)"),
    ] {
        let mut command = desk.command(line);
        let did = desk.did(command.env_remove("AUTHING_USERPOOL_ID").output().unwrap()).ok(2);
        let expected = format!(
            "error: the id of the user pool is missing\n\nhint: set it in one of three places: \
             user_pool_id = \"…\" under [target] in {file}, AUTHING_USERPOOL_ID in the environment, \
             or --user-pool-id\n"
        );
        assert_eq!(did.err, expected);
        // The second turn reads it under another name, the third finds none.
        if desk.path("userferry.toml").exists() {
            std::fs::rename(desk.path("userferry.toml"), desk.path("mine.toml")).unwrap();
        }
    }
}

#[test]
fn several_statuses_are_exported_together_and_no_row_twice() {
    let desk = Desk::new();
    desk.write("users.json", USERS);
    desk.ferry("stage users.json").ok(3);
    let uids = |line: &str| -> Vec<String> {
        let out = desk.ferry(line).ok(0).out;
        let records = out.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        records.map(|record| record["uid"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(uids("export --status failed,invalid"), ["2"]);
    assert_eq!(uids("export --status invalid,pending,invalid"), ["2", "1", "3"]);
    assert_eq!(uids("export --status pending --status invalid"), ["1", "3", "2"]);
    let did = desk.ferry("export --status failed,wrong").ok(2);
    assert!(did.err.starts_with("error: invalid value 'wrong' for '--status <STATUS>'"));
    desk.ferry("export --status pending,invalid -o all.json").ok(0);
    let array: Value = serde_json::from_str(&desk.read("all.json")).unwrap();
    assert_eq!(array.as_array().unwrap().len(), 3);
}

#[test]
fn the_sandboxs_help_leaves_out_what_it_has_no_use_for() {
    let desk = Desk::new();
    let help = desk.ferry("sandbox --help").ok(0).out;
    assert!(!help.contains("--db") && !help.contains("--config"), "{help}");
    assert!(help.contains("--quiet") && help.contains("--color"), "{help}");
    let help = desk.ferry("run --help").ok(0).out;
    assert!(help.contains("--db") && help.contains("--config"), "{help}");
    // They are taken all the same, as everywhere, before the command and after it.
    for line in ["--db x sandbox --port none", "sandbox --db x --config y --port none"] {
        let did = desk.ferry(line).ok(2);
        assert!(did.err.starts_with("error: invalid value 'none' for '--port"), "{}", did.err);
    }
}

#[test]
fn check_stages_nothing_and_its_json_is_a_contract() {
    let desk = Desk::new();
    desk.write("users.json", USERS);
    let report: Value =
        serde_json::from_str(&desk.ferry("check --json users.json").ok(3).out).unwrap();
    assert_eq!(
        (&report["records"], &report["valid"], &report["invalid"]),
        (&3.into(), &2.into(), &1.into())
    );
    assert_eq!(report["fields"]["mail"]["present"], 3);
    assert_eq!(report["fields"]["mail"]["mapped_to"][0], "email");
    assert_eq!(report["problems_by_rule"]["email"], 1);
    assert_eq!(report["passwords"]["none"], 3);
    let did = desk.ferry("check --format jsonl -o problems.jsonl users.json").ok(3);
    assert_eq!(
        did.err,
        "1 of 3 records cannot be sent as it is: correct it in the source, or stage all and \
         correct the invalid one later\n"
    );
    let problem: Value = serde_json::from_str(desk.read("problems.jsonl").trim()).unwrap();
    let mut names: Vec<&String> = problem.as_object().unwrap().keys().collect();
    names.sort();
    assert_eq!(names, ["field", "key", "line", "message", "record", "rule", "source"]);
    assert_eq!(
        (&problem["record"], &problem["line"], &problem["rule"]),
        (&2.into(), &2.into(), &"email".into())
    );
    assert!(!desk.path("userferry.db").exists());
}

#[test]
fn status_json_is_a_contract() {
    let desk = Desk::new();
    desk.write("users.json", USERS);
    desk.ferry("stage users.json").ok(3);
    let status = desk.status();
    for name in [
        "total", "pending", "sending", "unknown", "done", "failed", "invalid", "created",
        "existed", "skipped", "waived",
    ] {
        assert!(status[name].is_u64(), "{name}");
    }
    assert!(status["rate_per_s"].is_number() && status["eta_s"].is_null());
    for name in ["unfinished_sources", "closed_sources"] {
        assert_eq!(status[name], serde_json::json!([]), "{name}");
    }
    assert!(status["last_run"].is_null() && status["by_error"].is_array());
    assert_eq!(
        status["by_error"][0],
        serde_json::json!({"status":"invalid","detail":null,"code":null,"n":1})
    );
}

#[test]
fn failures_come_in_four_forms() {
    let desk = Desk::new();
    desk.write("users.json", USERS);
    desk.ferry("stage users.json").ok(3);
    let table = desk.ferry("failures").ok(0).out;
    assert!(table.starts_with("SOURCE      RECORD  KEY  STATUS"), "{table}");
    assert!(table.contains("users.json  2       2    invalid"), "{table}");
    let line: Value =
        serde_json::from_str(&desk.ferry("failures --format jsonl").ok(0).out).unwrap();
    let mut names: Vec<&String> = line.as_object().unwrap().keys().collect();
    names.sort();
    let contract =
        ["attempts", "code", "detail", "key", "message", "problems", "record", "source", "status"];
    assert_eq!(names, contract);
    let array: Value =
        serde_json::from_str(&desk.ferry("failures --format json").ok(0).out).unwrap();
    assert_eq!(array, serde_json::json!([line]));
    let csv = desk.ferry("failures --format csv").ok(0).out;
    assert_eq!(csv.lines().count(), 2, "{csv}");
    assert!(csv.starts_with("source,record,key,status,detail,code,message,attempts\n"), "{csv}");
}

#[test]
fn what_is_exported_is_private_and_unchanged_when_it_is_staged_again() {
    let desk = Desk::new();
    desk.write("users.json", USERS);
    desk.ferry("stage users.json").ok(3);
    desk.ferry("export --status pending -o out.json").ok(0);
    let mode = std::fs::metadata(desk.path("out.json")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let array: Value = serde_json::from_str(&desk.read("out.json")).unwrap();
    assert_eq!(array.as_array().unwrap().len(), 2);
    let did = desk.ferry("stage out.json").ok(0);
    assert!(did.err.contains("2 records read, 2 in the table already"), "{}", did.err);
    let lines = desk.ferry("export --status pending").ok(0).out;
    assert_eq!(lines.lines().count(), 2);
    desk.ferry("export --status pending -o out.csv").ok(0);
    assert!(!desk.read("out.csv").contains("_userferry"));
    assert_eq!(desk.ferry("export --map --format csv").ok(0).out, "key,id,kind\n");
}

#[test]
fn waive_lets_rows_go_and_can_be_undone() {
    let desk = Desk::new();
    desk.write("users.json", USERS);
    desk.ferry("stage users.json").ok(3);
    // Somebody who is to be left out.
    desk.ferry("waive --key 1 --reason left").ok(0);
    assert_eq!(desk.status()["waived"], 1);
    let did = desk.ferry("waive --key 1 --reason left").ok(2);
    let expected = "error: the row is done/waived: there is nothing to waive\n";
    assert_eq!(did.err, expected);
    desk.ferry("waive --key 1 --undo").ok(0);
    assert_eq!(desk.status()["waived"], 0);
    desk.ferry("waive --status invalid --reason left").ok(0);
    assert_eq!(desk.status()["waived"], 1);
    assert!(desk.ferry("show 2").ok(0).out.contains("waive: invalid to done: left"));
    desk.ferry("waive --key 2 --undo").ok(0);
    assert_eq!(desk.status()["invalid"], 1);
    desk.ferry("waive --key 2 --undo").ok(2);
}

/// Two records of one key may be two people, or one who is to stay out: nobody is let go by a guess, and
/// nobody is sent by one.
#[test]
fn a_key_of_several_rows_is_waived_only_if_it_is_said_which() {
    let desk = Desk::new();
    desk.write(
        "users.json",
        r#"[{"uid":"1","mail":"a@example.com"},{"uid":"1","mail":"b@example.com"},
            {"uid":"2","mail":"a@example.com","phone":"13800000001"},{"uid":"13800000001"}]"#,
    );
    desk.ferry("stage users.json").ok(3);
    let did = desk.ferry("waive --key 1 --reason double").ok(2);
    let expected = "error: 2 rows have this key, and one of them is still to be sent: which is to go?\n\n\
         hint: userferry waive --key 1 --record 1 --source DIR/users.json --reason TEXT (pending)\n      \
         userferry waive --key 1 --record 2 --source DIR/users.json --reason TEXT (invalid)\n      \
         userferry waive --key 1 --all --reason TEXT (all of them)\n";
    assert_eq!(did.err, expected);
    let before = desk.status();
    let did = desk.ferry("waive --key 1 --all --reason gone").ok(0);
    let expected = "2 rows waived (DIR/users.json 1, DIR/users.json 2); --undo takes it back\n";
    assert_eq!(did.err, expected);
    let status = desk.status();
    assert!(status["pending"] == 1 && status["waived"] == 2, "{status}");
    assert_eq!(desk.ferry("waive --key 1 --undo").ok(0).err, "2 rows as they were before\n");
    assert_eq!(desk.status(), before);
    desk.ferry("waive --key 1 --record 2 --source users.json --reason double").ok(0);
    let status = desk.status();
    assert!(status["pending"] == 2 && status["waived"] == 1, "{status}");
    // One of them has gone already: the other one is meant, and alone told.
    let did = desk.ferry("waive --key 1 --reason gone").ok(0);
    assert_eq!(did.err, "1 row waived; --undo takes it back\n");
    let did = desk.ferry("waive --key 1 --reason gone").ok(2);
    let expected = "error: the rows are done/waived: there is nothing to waive\n";
    assert_eq!(did.err, expected);
    desk.ferry("waive --key 1 --record 1 --source users.json --undo").ok(0);
    assert_eq!(desk.status()["pending"], 2);
    // Several rows have this address, and it is nobody's key.
    let did = desk.ferry("waive --key a@example.com --reason so").ok(2);
    assert!(did.err.contains("2 rows have this, and it is not their key: 1 ("), "{}", did.err);
    // It is somebody's key.
    desk.ferry("waive --key 13800000001 --reason so").ok(0);
    assert_eq!(desk.status()["pending"], 1);
}

/// A number may be the key of a row that is invalid, and stand beside the key of one that is still to be sent.
#[test]
fn a_row_that_is_to_be_sent_is_asked_about_where_the_key_of_another_is_its_phone_number() {
    let desk = Desk::new();
    desk.write(
        "userferry.toml",
        "[mapping]\nexternalId = \"uid\"\nphone = { from = \"phone\", as = \"phone\", region = \"CN\" }\n\
         emailVerified = \"seen\"\n",
    );
    desk.write(
        "u.json",
        r#"[{"uid":"1","phone":"18662531355"},{"uid":"3","phone":"13800000002"},
            {"phone":"+8613800000002","seen":"perhaps"},
            {"uid":"4","phone":"+442079460958"}]"#,
    );
    desk.ferry("stage u.json").ok(3);
    let before = desk.status();
    assert!(before["pending"] == 3 && before["invalid"] == 1, "{before}");
    let did = desk.ferry("waive --key 13800000002 --reason left").ok(2);
    let expected = "error: 2 rows have this as their key or beside another key, and one of them is still to be \
         sent: which is to go?\n\n\
         hint: userferry waive --key KEY --record 3 --source DIR/u.json --reason TEXT (invalid)\n      \
         userferry waive --key KEY --record 2 --source DIR/u.json --reason TEXT (pending)\n      \
         userferry waive --key KEY --all --reason TEXT (all of them)\n";
    assert_eq!(did.err, expected);
    for typed in ["+8613800000002", "008613800000002"] {
        let did = desk.ferry(&format!("waive --key {typed} --reason left")).ok(2);
        assert!(did.err.contains("record 2)") && did.err.contains("record 3)"), "{}", did.err);
    }
    assert_eq!(desk.status(), before);
    desk.ferry("waive --key 13800000002 --record 2 --source u.json --reason left").ok(0);
    assert!(desk.ferry("show 3").ok(0).out.contains("done/waived"));
    desk.ferry("waive --key 3 --undo").ok(0);
    assert_eq!(desk.status(), before);
    // A number is found however it is written.
    for (typed, key) in [
        ("18662531355", "1"),
        ("+8618662531355", "1"),
        ("+86-186-6253-1355", "1"),
        ("008618662531355", "1"),
        ("2079460958", "4"),
        ("+442079460958", "4"),
    ] {
        let out = desk.ferry(&format!("show {typed} --json")).ok(0).out;
        let rows: Value = serde_json::from_str(&out).unwrap();
        assert!(rows.as_array().unwrap().len() == 1 && rows[0]["key"] == key, "{typed}: {rows}");
    }
    let did = desk.ferry("show +8618662531356").ok(2);
    assert!(did.err.contains("no row has the key"), "{}", did.err);
}

/// What `waive` does by an identifier, the same words with `--undo` take back, and no more.
#[test]
fn what_was_waived_by_a_number_beside_the_key_comes_back_by_the_same_number() {
    let desk = Desk::new();
    desk.write(
        "userferry.toml",
        "[mapping]\nexternalId = \"id\"\nphone = { from = \"tel\", as = \"phone\", region = \"CN\" }\n",
    );
    desk.write("u.jsonl", "{\"id\":\"13800138000\"}\n{\"id\":\"77\",\"tel\":\"13800138000\"}\n");
    desk.ferry("stage u.jsonl").ok(0);
    let before = desk.status();
    let waived = || desk.status()["waived"].as_u64();
    let did = desk.ferry("waive --key 13800138000 --all --reason x").ok(0);
    assert!(did.err.starts_with("2 rows waived ("), "{}", did.err);
    let did = desk.ferry("waive --undo --key 13800138000").ok(0);
    assert_eq!(did.err, "2 rows as they were before\n");
    assert_eq!(desk.status(), before);
    // With the command that the question names.
    let one = "--key 13800138000 --record 2 --source u.jsonl";
    for undo in [one, "--key +8613800138000", "--key 77", one] {
        desk.ferry(&format!("waive {one} --reason x")).ok(0);
        assert_eq!(waived(), Some(1), "{undo}");
        let did = desk.ferry(&format!("waive --undo {undo}")).ok(0);
        assert_eq!((did.err.as_str(), waived()), ("1 row as it was before\n", Some(0)), "{undo}");
    }
    // Somebody who was let go by the own key stays out when the number of another comes back.
    desk.ferry("waive --key 77 --reason x").ok(0);
    desk.ferry("waive --key 13800138000 --reason x").ok(0);
    let did = desk.ferry("waive --undo --key 13800138000").ok(0);
    assert_eq!((did.err.as_str(), waived()), ("1 row as it was before\n", Some(1)));
    assert!(desk.ferry("show 77").ok(0).out.contains("done/waived"));
    let did = desk.ferry("waive --undo --key 13800138000").ok(2);
    assert!(did.err.contains("there is no such decision to undo"), "{}", did.err);
}

#[test]
fn an_unknown_key_is_a_usage_error_and_settle_is_for_rows_in_doubt() {
    let desk = Desk::new();
    desk.write("users.json", USERS);
    desk.ferry("stage users.json").ok(3);
    desk.ferry("show 99").ok(2);
    let did = desk.ferry("settle 1 --as done --reason seen").ok(2);
    assert!(did.err.contains("the row is pending, not unknown"), "{}", did.err);
    let by_address = desk.ferry("show A@example.com").ok(0).out;
    assert_eq!(by_address, desk.ferry("show 1").ok(0).out, "found by its address too");
}

#[test]
fn a_dry_run_sends_nothing_and_masks_all() {
    let desk = Desk::at("http://127.0.0.1:9");
    desk.write("users.json", USERS);
    desk.ferry("stage users.json").ok(3);
    let did = desk.ferry("run --dry-run").ok(0);
    assert_eq!(did.out.lines().count(), 2);
    assert!(!did.out.contains("a@example.com"), "{}", did.out);
    assert!(did.err.contains("2 rows would be sent; nothing was"), "{}", did.err);
}

#[test]
fn quiet_says_only_what_went_wrong_and_standard_input_is_a_source() {
    let desk = Desk::new();
    let did = desk.pipe("-q stage -", "{\"uid\":\"1\"}\n{\"uid\":\"2\"}\n").ok(0);
    assert_eq!((did.out.as_str(), did.err.as_str()), ("", ""));
    assert_eq!(desk.status()["pending"], 2);
    let did = desk
        .pipe("-q stage --input-format jsonl --replace -", "{\"uid\":\"2\",\"nickname\":\"Bo\"}\n")
        .ok(0);
    assert_eq!(did.err, "");
    assert_eq!(desk.status()["pending"], 2);
    assert!(desk.ferry("export --status pending").ok(0).out.contains("Bo"));
}

#[test]
fn a_reader_that_goes_away_ends_the_command_quietly() {
    let desk = Desk::new();
    let lines = numbered(0..5_000);
    desk.write("users.jsonl", lines);
    desk.ferry("stage users.jsonl").ok(0);
    let mut command = desk.command("export --status pending");
    command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
    let mut child = command.spawn().unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "");
}
