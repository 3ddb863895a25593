//! Commands that act: what a dry run leaves alone, whom a canary takes, what a person may give up.

use super::{Desk, numbered};
use crate::process::Rig;
use clap::CommandFactory as _;
use rusqlite::Connection;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// All that the job table holds, in words.
fn dump(desk: &Desk) -> String {
    let table = Connection::open(desk.path("userferry.db")).unwrap();
    let names: Vec<String> = table
        .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")
        .unwrap()
        .query_map([], |row| row.get(0))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    let mut dump = String::new();
    for name in names {
        let mut statement = table.prepare(&format!("SELECT * FROM \"{name}\"")).unwrap();
        let columns = statement.column_count();
        let mut rows = statement.query([]).unwrap();
        while let Some(row) = rows.next().unwrap() {
            let cells = (0..columns).map(|n| row.get::<_, rusqlite::types::Value>(n).unwrap());
            dump.push_str(&format!("{name}: {:?}\n", cells.collect::<Vec<_>>()));
        }
    }
    dump
}

/// The external ids that reached the provider, in their order.
fn sent(rig: &Rig) -> Vec<String> {
    let id = |line: &Value| line["external_id"].as_str().map(str::to_owned);
    rig.creates().iter().filter_map(id).collect()
}

/// Twelve users; the provider refuses 3 and 5, and 4 is in doubt for ever.
fn after_a_run() -> (Rig, Desk) {
    let rig = Rig::start(&["--poison=3=code:2003", "--poison=5=code:2003"]);
    let desk = Desk::at(&rig.sandbox.url);
    desk.write("u.jsonl", numbered(1..13));
    desk.ferry("stage u.jsonl").ok(0);
    desk.ferry("run --limit 6 --concurrency 1").ok(3);
    (rig, desk)
}

/// The commands that have the flag, as the program itself has them.
fn with_dry_run(command: &clap::Command, path: &str, found: &mut BTreeSet<String>) {
    if command.get_arguments().any(|arg| arg.get_long() == Some("dry-run")) {
        found.insert(path.trim().to_owned());
    }
    for inner in command.get_subcommands() {
        with_dry_run(inner, &format!("{path} {}", inner.get_name()), found);
    }
}

#[test]
fn a_dry_run_changes_nothing_and_shows_what_the_real_one_does() {
    let (rig, desk) = after_a_run();
    let mut found = BTreeSet::new();
    with_dry_run(&userferry::cli::Cli::command(), "", &mut found);
    let tried = ["run", "retry-failed"].map(str::to_owned);
    assert_eq!(found, BTreeSet::from(tried), "each is tried below");
    let before = (dump(&desk), std::fs::read(desk.path("userferry.db")).unwrap(), sent(&rig));
    let told = [
        ("run --dry-run", "6 rows would be sent, of which these are the first 3; nothing was\n"),
        ("run --dry-run --limit 2", "2 rows would be sent; nothing was\n"),
        ("run --dry-run --key 9", "1 row would be sent; nothing was\n"),
        ("retry-failed --dry-run", "2 failed rows would be pending again; nothing was changed\n"),
        (
            "retry-failed --dry-run --run --limit 1",
            "1 failed row would be pending again; nothing was changed\n",
        ),
        ("retry-failed --dry-run --code 1", "No failed row matches; nothing would be changed\n"),
    ];
    for (line, said) in told {
        let did = desk.ferry(line).ok(0);
        let told = match did.err.split_once('\n') {
            Some((to, rest)) if line.starts_with("run") => {
                assert!(to.starts_with("To http://127.0.0.1:"), "{to}");
                rest
            }
            _ => &did.err,
        };
        assert_eq!(told, said, "{line}");
        let after = (dump(&desk), std::fs::read(desk.path("userferry.db")).unwrap(), sent(&rig));
        assert!(after == before, "{line} has changed something");
    }
    let shown = desk.ferry("run --dry-run --key 9").ok(0).out;
    desk.ferry("run --key 9").ok(5);
    let all = sent(&rig);
    assert_eq!(all[before.2.len()..], ["9"], "{shown}");
    assert_eq!(desk.ferry("retry-failed").ok(0).err, "2 failed rows pending again\n");
}

#[test]
fn a_retry_with_a_limit_takes_as_many_and_the_oldest_first() {
    let (rig, desk) = after_a_run();
    assert_eq!(desk.ferry("retry-failed --limit 1").ok(0).err, "1 failed row pending again\n");
    assert_eq!((&desk.status()["failed"], &desk.status()["pending"]), (&json!(1), &json!(7)));
    assert!(desk.ferry("show 3").ok(0).out.contains("pending"));
    let before = sent(&rig).len();
    desk.ferry("retry-failed --limit 1 --run").ok(3);
    assert_eq!(sent(&rig)[before..], ["5"], "the run is for the row that was retried");
    assert_eq!(desk.status()["failed"], 1);
}

#[test]
fn a_limit_counts_among_the_rows_that_the_filters_leave() {
    let poison = [
        "--poison=a=code:2003",
        "--poison=m=code:2029",
        "--poison=z=code:2003",
        "--poison=b=code:2003",
    ];
    let rig = Rig::start(&poison);
    let desk = Desk::at(&rig.sandbox.url);
    // The rows stand in the file in another order than their keys sort in.
    let lines: String = ["z", "m", "b", "a"].map(|uid| format!("{{\"uid\":\"{uid}\"}}\n")).concat();
    desk.write("u.jsonl", lines + &numbered(1..20));
    desk.ferry("stage u.jsonl").ok(0);
    desk.ferry("run").ok(3);
    let told = desk.ferry("retry-failed --limit 2 --code 2003").ok(0).err;
    assert_eq!(told, "2 failed rows pending again\n");
    let status = |key: &str| -> String {
        let shown: Value =
            serde_json::from_str(&desk.ferry(&format!("show {key} --json")).out).unwrap();
        shown[0]["status"].as_str().unwrap().to_owned()
    };
    let now = ["z", "m", "b", "a"].map(status);
    assert_eq!(now, ["pending", "failed", "pending", "failed"], "the oldest of that code");
}

#[test]
fn a_canary_with_failures_exits_3_and_a_good_one_5() {
    let rig = Rig::start(&["--poison=3=code:2003"]);
    rig.sandbox.add_users(&json!([
        {"externalId": "2", "username": "two"},
        {"externalId": "other", "username": "four"},
    ]));
    let desk = Desk::at(&rig.sandbox.url);
    desk.write("userferry.toml", "[mapping]\nexternalId = \"uid\"\nusername = \"name\"\n");
    let names = [("1", "one"), ("2", "two"), ("3", "three"), ("4", "four")];
    let mut lines: String =
        names.map(|(uid, name)| format!("{}\n", json!({"uid": uid, "name": name}))).concat();
    for n in 5..20 {
        lines.push_str(&format!("{}\n", json!({"uid": n.to_string(), "name": format!("n{n}")})));
    }
    desk.write("u.jsonl", lines);
    desk.ferry("stage u.jsonl").ok(0);
    let err = desk.ferry("run --limit 5").ok(3).err;
    let line = "3 of 19 done (2 created, 1 existed), 2 failed, 14 pending; 5 in this run: 2 created, 1 existed, 2 failed\n";
    assert!(err.contains(line), "{err}");
    let told = "In this run: 2 created, 1 existed already, 1 in conflict with another user, \
                1 refused or exhausted\n\
                See them, and why, before you go on: userferry failures\n\
                Stopped, as asked; 'userferry run' goes on\n";
    assert!(err.ends_with(told), "{err}");
    let err = desk.ferry("run --limit 3").ok(5).err;
    assert!(
        err.ends_with("In this run: 3 created\nStopped, as asked; 'userferry run' goes on\n"),
        "{err}"
    );
}

#[test]
fn a_run_with_keys_sends_these_and_no_others() {
    let rig = Rig::start(&[]);
    let desk = Desk::at(&rig.sandbox.url);
    desk.write("u.jsonl", numbered(1..40));
    desk.ferry("stage u.jsonl").ok(0);
    let err = desk.ferry("run --key 31 --limit 3").ok(2).err;
    assert!(err.contains("'--key <KEY>' cannot be used with '--limit <N>'"), "{err}");
    desk.ferry("run --key 31 --key 7").ok(5);
    let mut whom = sent(&rig);
    whom.sort();
    assert_eq!(whom, ["31", "7"]);
    assert_eq!(desk.status()["pending"], 37);
    let err = desk.ferry("run --key 7 --key 8").ok(5).err;
    assert!(err.starts_with("Not sent again: 7 (DIR/u.jsonl, record 7, done/created)\n"), "{err}");
    let err = desk.ferry("run --key 7").ok(2).err;
    let told = "error: none of these rows is still to be sent: 7 (DIR/u.jsonl, record 7, done/created)\n\n\
                hint: a user who is done is never sent again: change the user at the provider\n";
    assert_eq!(err, told);
    let err = desk.ferry("run --key nobody").ok(2).err;
    assert!(err.starts_with("error: no row has the key nobody\n"), "{err}");
    desk.ferry("run").ok(0);
    assert_eq!(sent(&rig).len(), 39, "each once");
}

#[test]
fn a_row_that_must_wait_is_waited_for_though_others_are_due() {
    let rig = Rig::start(&[]);
    let desk = Desk::at(&rig.sandbox.url);
    desk.write("u.jsonl", numbered(1..40));
    desk.ferry("stage u.jsonl").ok(0);
    rig.sandbox.faults(&json!({"fail_every": 2, "fail_with": "code:2100"}));
    desk.ferry("run --key 31 --key 7 --key 8").ok(5);
    let whom: BTreeSet<String> = sent(&rig).into_iter().collect();
    assert_eq!(whom, BTreeSet::from(["31", "7", "8"].map(str::to_owned)));
    assert_eq!(desk.status()["done"], 3);
}

#[test]
fn a_row_in_doubt_is_given_up_with_a_reason_and_that_is_undone() {
    let rig = Rig::start(&["--poison=2=reset"]);
    let desk = Desk::at(&rig.sandbox.url);
    desk.write("u.jsonl", numbered(1..4));
    desk.ferry("stage u.jsonl").ok(0);
    let run = desk.command("run --concurrency 1").spawn().unwrap();
    while desk.status()["unknown"] == 0 {
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    let pid = rustix::process::Pid::from_child(&run);
    rustix::process::kill_process(pid, rustix::process::Signal::KILL).unwrap();
    { run }.wait().unwrap();
    let doubted = desk.ferry("failures --status unknown --format jsonl").ok(0).out;
    let in_doubt = desk.status();
    let n = in_doubt["unknown"].as_u64().unwrap() + in_doubt["sending"].as_u64().unwrap();
    assert!(n > 0, "{doubted}");
    desk.ferry("waive --key 2").ok(2);
    let err = desk.ferry("waive --key 2 --reason gone").ok(0).err;
    assert!(err.contains("this row was in doubt: its user may be in the directory"), "{err}");
    assert_eq!(desk.status()["waived"], 1);
    let err = desk.ferry("waive --key 2 --undo --reason back").ok(0).err;
    let told = "--undo keeps no reason: the one that was given stays beside the decision\n";
    assert!(err.starts_with(told), "{err}");
    assert_eq!(
        desk.status()["unknown"].as_u64().unwrap() + desk.status()["sending"].as_u64().unwrap(),
        n
    );
    let err = desk.ferry("waive --status unknown --reason gone").ok(0).err;
    assert!(err.contains("in doubt"), "{err}");
    assert_eq!(desk.status()["unknown"], 0);
    assert!(desk.ferry("show 2").ok(0).out.contains("gone"));
}

#[test]
fn skip_is_offered_only_where_it_passes_over_somebody() {
    for (external_id, offered) in [(None, true), (Some("other"), false)] {
        let rig = Rig::start(&[]);
        let mut user = json!({"username": "one"});
        if let Some(id) = external_id {
            user["externalId"] = json!(id);
        }
        rig.sandbox.add_users(&json!([user]));
        let desk = Desk::at(&rig.sandbox.url);
        desk.write("userferry.toml", "[mapping]\nexternalId = \"uid\"\nusername = \"name\"\n");
        desk.write("u.jsonl", json!({"uid": "1", "name": "one"}).to_string());
        desk.ferry("stage u.jsonl").ok(0);
        let err = desk.ferry("run").ok(3).err;
        assert_eq!(err.contains("--on-conflict skip"), offered, "{err}");
        if !offered {
            continue;
        }
        desk.ferry("retry-failed --run --on-conflict skip").ok(0);
        let there: Value = serde_json::from_str(&rig.sandbox.users()[0]).unwrap();
        let did = desk.ferry("export --map --format json").ok(0);
        let map: Value = serde_json::from_str(&did.out).unwrap();
        assert_eq!(map, json!([{"key": "1", "id": there["id"], "kind": "external-id"}]));
        let told = "1 id written\n1 of these ids is that of a skipped row: a user who was there already, and whom \
                    nothing of the record changed\n";
        assert_eq!(did.err, told);
    }
}

#[test]
fn the_secret_is_never_an_argument() {
    let desk = Desk::new();
    desk.write("u.jsonl", numbered(1..2));
    desk.ferry("stage u.jsonl").ok(0);
    let err = desk.ferry("run --secret hunter2hunter2").ok(2).err;
    assert!(err.starts_with("error: the secret is never an argument"), "{err}");
    assert!(err.contains("AUTHING_SECRET") && !err.contains("hunter2"), "{err}");
}

/// Each settled row has a way back of its own, and there is none for users who are done.
#[test]
fn a_run_for_settled_rows_names_them_and_what_sends_each_again() {
    let rig = Rig::start(&["--poison=2=code:2003"]);
    let desk = Desk::at(&rig.sandbox.url);
    let wrong = "{\"uid\":\"o'hara\",\"mail\":\"none\"}\n{\"uid\":\"5\"}\n";
    desk.write("u.jsonl", format!("{}{wrong}", numbered(1..3)));
    desk.ferry("stage u.jsonl").ok(3);
    desk.ferry("waive --key 5 --reason left").ok(0);
    desk.ferry("run").ok(3);
    let told = |line: &str| desk.ferry(line).ok(2).err;
    let failed = "error: none of these rows is still to be sent: 2 (DIR/u.jsonl, record 2, failed/rejected)\n\n\
                  hint: userferry retry-failed --key 2 --run\n";
    assert_eq!(told("run --key 2"), failed);
    let invalid = "error: none of these rows is still to be sent: o'hara (DIR/u.jsonl, record 3, invalid)\n\n\
                   hint: correct the record and stage it: userferry stage --replace SOURCE\n";
    assert_eq!(told("run --key o'hara"), invalid);
    let waived = "error: none of these rows is still to be sent: 5 (DIR/u.jsonl, record 4, done/waived)\n\n\
                  hint: userferry waive --key 5 --undo, then run again\n";
    assert_eq!(told("run --key 5"), waived);
    let all = told("run --key 1 --key 2 --key 5");
    for line in [
        "1 (DIR/u.jsonl, record 1, done/created), 2 (DIR/u.jsonl, record 2, failed/rejected), \
         5 (DIR/u.jsonl, record 4, done/waived)",
        "--key 2 --run",
        "--key 5 --undo",
    ] {
        assert!(all.contains(line), "{line}: {all}");
    }
    // The hints hold.
    desk.ferry("waive --key 5 --undo").ok(0);
    desk.ferry("run --key 5").ok(3);
    assert_eq!(desk.status()["created"], 2);
}

#[test]
fn a_retry_of_rows_that_did_not_fail_says_what_they_are_and_what_to_do() {
    let (rig, desk) = after_a_run();
    desk.write("wrong.jsonl", "{\"uid\":\"100\",\"mail\":\"none\"}\n");
    desk.ferry("stage wrong.jsonl").ok(3);
    let before = dump(&desk);
    for (key, row, way) in [
        (
            "100",
            "DIR/wrong.jsonl, record 1, invalid",
            "correct the record and stage it: userferry stage --replace SOURCE",
        ),
        (
            "1",
            "DIR/u.jsonl, record 1, done/created",
            "a user who is done is never sent again: change the user at the provider",
        ),
        ("9", "DIR/u.jsonl, record 9, pending", "userferry run --key 9"),
    ] {
        for line in ["retry-failed", "retry-failed --run", "retry-failed --dry-run"] {
            let err = desk.ferry(&format!("{line} --key {key}")).ok(2).err;
            let told =
                format!("error: none of these rows is failed: {key} ({row})\n\nhint: {way}\n");
            assert_eq!(err, told, "{line}");
        }
    }
    assert_eq!(dump(&desk), before);
    let sent_before = sent(&rig).len();
    let err = desk.ferry("retry-failed --key 3 --key 100 --key 1 --run").ok(3).err;
    let told = "Not failed: 100 (DIR/wrong.jsonl, record 1, invalid), 1 (DIR/u.jsonl, record 1, done/created)\n\
                1 failed row pending again\n";
    assert!(err.starts_with(told), "{err}");
    assert_eq!(sent(&rig)[sent_before..], ["3"]);
}

#[test]
fn a_retry_takes_several_keys() {
    let (rig, desk) = after_a_run();
    let before = sent(&rig).len();
    let err = desk.ferry("retry-failed --key 5 --key 3 --dry-run").ok(0).err;
    assert_eq!(err, "2 failed rows would be pending again; nothing was changed\n");
    desk.ferry("retry-failed --key 5 --key 3 --run").ok(3);
    let mut whom = sent(&rig)[before..].to_vec();
    whom.sort();
    assert_eq!(whom, ["3", "5"]);
}

/// One address may be that of a row that is sent and of one that is not.
#[test]
fn a_row_that_is_not_sent_is_named_by_its_own_key_and_place() {
    let rig = Rig::start(&[]);
    let desk = Desk::at(&rig.sandbox.url);
    let shared =
        ["99", "100"].map(|id| format!("{{\"uid\":\"{id}\",\"mail\":\"li99@example.com\"}}\n"));
    let phone = "{\"mail\":\"wu@example.com\",\"phone\":\"12\"}\n";
    desk.write("u.jsonl", format!("{}{}{phone}", numbered(5..6), shared.concat()));
    desk.ferry("stage u.jsonl").ok(3);
    let err = desk.ferry("run --key 5 --key li99@example.com --key 100").ok(3).err;
    assert!(err.starts_with("Not sent: 100 (DIR/u.jsonl, record 3, invalid)\n"), "{err}");
    assert!(!err.contains("li99"), "{err}");
    let mut whom = sent(&rig);
    whom.sort();
    assert_eq!(whom, ["5", "99"]);
    // A key that was typed is known to who typed it.
    let err = desk.ferry("run --key wu@example.com").ok(2).err;
    let told =
        "none of these rows is still to be sent: wu@example.com (DIR/u.jsonl, record 4, invalid)";
    assert!(err.contains(told), "{err}");
}

/// Two systems count their users from 1: what README says of them, before it is too late and after.
#[test]
fn two_systems_whose_ids_are_the_same_go_into_one_pool() {
    let rig = Rig::start(&[]);
    let (shop, app) = (Desk::at(&rig.sandbox.url), Desk::at(&rig.sandbox.url));
    let user = |n: u32, host: &str| json!({"id": n, "mail": format!("u{n}@{host}.example")});
    let users = |host: &str| json!((1..4).map(|n| user(n, host)).collect::<Vec<_>>()).to_string();
    let mapping = |rule: &str| format!("[mapping]\nexternalId = {rule}\nemail = \"mail\"\n");
    shop.write("userferry.toml", mapping("\"id\""));
    shop.write("users.json", users("shop"));
    shop.ferry("stage users.json").ok(0);
    shop.ferry("run").ok(0);
    app.write("userferry.toml", mapping("\"id\""));
    app.write("users.json", users("app"));
    app.ferry("stage users.json").ok(0);
    let pointer = "Same ids, other people:  README, \"Several systems into one pool\"\n";
    assert!(app.ferry("run").ok(3).err.contains(pointer));
    let failures = app.ferry("failures").ok(0);
    assert!(failures.err.contains(pointer), "{}", failures.err);
    let why = "(has our external id, and nothing else of ours)";
    assert_eq!(failures.out.matches(why).count(), 3, "{}", failures.out);
    app.write("userferry.toml", mapping("{ jq = '\"app-\" + (.id | tostring)' }"));
    app.ferry("remap").ok(0);
    app.ferry("retry-failed --run").ok(0);
    let mut ids: Vec<String> = rig
        .sandbox
        .users()
        .iter()
        .map(|line| serde_json::from_str::<Value>(line).unwrap())
        .filter_map(|user| user["externalId"].as_str().map(str::to_owned))
        .collect();
    ids.sort();
    assert_eq!(ids, ["1", "2", "3", "app-1", "app-2", "app-3"]);
    // An address that both have is a conflict of another kind.
    let third = Desk::at(&rig.sandbox.url);
    third.write("userferry.toml", mapping("\"id\""));
    third.write("users.json", json!([{"id": "x", "mail": "u1@shop.example"}]).to_string());
    third.ferry("stage users.json").ok(0);
    assert!(!third.ferry("run").ok(3).err.contains("Same ids"));
}

/// The directory has the same person already, without an external id.
#[test]
fn a_conflict_cannot_be_settled_and_the_way_out_that_is_told_holds() {
    let rig = Rig::start(&[]);
    rig.sandbox.add_users(&json!([{"username": "three"}]));
    let desk = Desk::at(&rig.sandbox.url);
    desk.write("userferry.toml", "[mapping]\nexternalId = \"uid\"\nusername = \"name\"\n");
    desk.write("u.jsonl", json!({"uid": "3", "name": "three"}).to_string());
    desk.ferry("stage u.jsonl").ok(0);
    let settle = "settle 3 --as done --user-id x --reason same";
    let err = desk.ferry(settle).ok(2).err;
    assert!(err.contains("the row is pending, not unknown"), "{err}");
    assert!(err.ends_with("hint: userferry run sends it\n"), "{err}");
    desk.ferry("run").ok(3);
    let err = desk.ferry(settle).ok(2).err;
    let told = "error: the row is failed/conflict, not unknown: there is nothing to settle\n\n\
                hint: if the user in the directory is another person, let the row go: userferry waive --key KEY --reason TEXT; \
                if it is the same person, give it the external id of this record there, then: userferry retry-failed \
                --key KEY --run\n";
    assert_eq!(err, told);
    // Another directory, in which it has that id.
    let other = Rig::start(&[]);
    other.sandbox.add_users(&json!([{"username": "three", "externalId": "3"}]));
    let desk = Desk::at(&other.sandbox.url);
    desk.write("userferry.toml", "[mapping]\nexternalId = \"uid\"\nusername = \"name\"\n");
    desk.write("u.jsonl", json!({"uid": "3", "name": "three"}).to_string());
    desk.ferry("stage u.jsonl").ok(0);
    desk.ferry("run").ok(0);
    assert_eq!(desk.status()["existed"], 1);
}

/// What a terminal would obey is not repeated.
#[test]
fn a_key_that_no_row_has_is_named_as_it_was_typed() {
    let desk = Desk::new();
    desk.write("u.jsonl", numbered(1..2));
    desk.ferry("stage u.jsonl").ok(0);
    let err = |key: &str| {
        let mut command = desk.command("show");
        desk.did(command.arg(key).output().unwrap()).ok(2).err
    };
    assert!(err("a b").starts_with("error: no row has the key 'a b'\n"));
    assert!(err("\u{1b}[31m").starts_with("error: no row has the key '\u{fffd}[31m'\n"));
}

#[test]
fn the_help_of_each_dry_run_says_what_that_one_does() {
    let desk = Desk::new();
    for (command, told) in [
        ("run", "Show what would be sent, masked; send and change nothing"),
        ("retry-failed", "Count the rows that would be pending again; send and change nothing"),
    ] {
        let help = desk.ferry(&format!("{command} --help")).ok(0).out;
        let (_, help) = help.split_once("--dry-run").unwrap();
        let words: Vec<&str> = help.split_whitespace().collect();
        assert!(words.join(" ").starts_with(told), "{help}");
    }
}

#[test]
fn usage_lines_show_what_is_mandatory() {
    let desk = Desk::new();
    let help = desk.ferry("settle --help").ok(0).out;
    assert!(help.contains("Usage: userferry settle KEY --as STATUS --reason TEXT"), "{help}");
    let help = desk.ferry("waive --help").ok(0).out;
    assert!(
        help.contains("userferry waive --status STATUS[,STATUS] [--source SOURCE] --reason TEXT"),
        "{help}"
    );
}

#[test]
fn the_last_run_is_told_with_its_start_and_its_end() {
    let (_rig, desk) = after_a_run();
    let out = desk.ferry("status").ok(0).out;
    let line = out.lines().last().unwrap();
    let status = desk.status();
    let at = |name: &str| status["last_run"][name].as_str().unwrap();
    let told = format!("last run: started {}, ended {}: stopped", at("started_at"), at("ended_at"));
    assert_eq!(line, told);
    assert!(at("started_at").ends_with('Z'));
}
