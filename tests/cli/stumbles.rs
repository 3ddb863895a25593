//! Messages over which new users stumbled.

use super::{Desk, numbered};
use crate::process::Rig;

const MAPPING: &str = "[mapping]\nexternalId = \"uid\"\nemail = \"mail\"\n";

#[test]
fn a_rule_that_ends_in_an_error_says_which_operation_on_which_types() {
    let desk = Desk::new();
    let rules = "name = { jq = '. + .n' }\nnickname = { jq = '.n.a' }\nlocality = { jq = 'error(.city)' }\n";
    desk.write("userferry.toml", format!("{MAPPING}{rules}"));
    desk.write("u.jsonl", "{\"uid\":\"1\",\"n\":4242,\"city\":\"geheim\"}\n");
    let did = desk.ferry("check u.jsonl").ok(3);
    for told in [
        "name: the jq program ends in an error: cannot add object and number (value)",
        "nickname: the jq program ends in an error: cannot index number with \"a\" (value)",
        "locality: the jq program ends in an error (value)",
    ] {
        assert!(did.out.contains(told), "{told}: {}", did.out);
    }
    assert!(!did.out.contains("geheim") && !did.out.contains("4242"), "{}", did.out);
}

#[test]
fn a_header_without_any_column_of_the_mapping_is_one_error() {
    let desk = Desk::new();
    desk.write("userferry.toml", MAPPING);
    desk.write("u.csv", "uid;mail\n1;a@b.cn\n2;c@d.cn\n");
    let told = "error: none of the columns that [mapping] takes (uid, mail) is in the header of u.csv, \
                which has 1 column\n\nhint: is --encoding or --delimiter another, or better left out? If not, \
                write the names of its columns into [mapping]: userferry init --from u.csv proposes them\n";
    for line in ["stage", "check", "preview"] {
        let did = desk.ferry(&format!("{line} u.csv --delimiter , --header")).ok(2);
        assert!(did.err.ends_with(told), "{line}: {}", did.err);
    }
    assert!(!desk.path("userferry.db").exists());
    desk.ferry("stage u.csv").ok(0);
    // One column is enough; others may be missing.
    desk.write("v.csv", "uid,town\n3,x\n");
    desk.ferry("stage v.csv").ok(0);
}

#[test]
fn rows_that_are_no_objects_are_told_when_they_are_exported_and_known_when_they_come_again() {
    let desk = Desk::new();
    desk.write("u.csv", "uid,mail\n1,a@b.cn\n2,c@d.cn,too many\n");
    desk.ferry("stage u.csv").ok(3);
    let did = desk.ferry("export --status invalid -o wrong.json").ok(0);
    let told = "warning: 1 record written is no JSON object, and no staging takes them so";
    assert!(did.err.contains(told), "{}", did.err);
    assert!(!desk.ferry("export --status pending").ok(0).err.contains("no JSON object"));
    // An editor may set it apart in another way.
    desk.write("wrong.json", "[\n  [\n    \"2\",\n    \"c@d.cn\",\n    \"too many\"\n  ]\n]\n");
    let did = desk.ferry("stage --replace wrong.json").ok(3);
    assert!(did.err.contains("1 record read, 1 in the table already"), "{}", did.err);
    assert_eq!(desk.status()["total"], 2);
}

#[test]
fn paths_inside_objects_are_listed_where_nothing_takes_them() {
    let desk = Desk::new();
    desk.write("userferry.toml", format!("{MAPPING}locality = \"address.city\"\n"));
    let many: Vec<String> = (0..30).map(|n| format!("\"k{n}\":1")).collect();
    desk.write(
        "u.jsonl",
        format!(
            "{{\"uid\":\"1\",\"address\":{{\"city\":\"x\",\"zip\":\"y\"}},\"dept\":1,\
             \"job\":{{\"title\":\"z\",\"boss\":{{\"name\":\"q\"}}}},\"seen\":{{{}}}}}\n",
            many.join(",")
        ),
    );
    let told = "not mapped: dept, address.zip, job.title, job.boss.name, seen.…\n";
    let did = desk.ferry("check u.jsonl").ok(0);
    assert!(did.out.contains(told), "{}", did.out);
    assert!(desk.ferry("preview u.jsonl").ok(0).out.contains(told));
    // What copies the whole record takes them all.
    desk.write("userferry.toml", format!("{MAPPING}oauth = {{ raw = true }}\n"));
    assert!(!desk.ferry("check u.jsonl").ok(0).out.contains("not mapped"));
}

#[test]
fn staging_exits_by_the_rows_of_the_sources_that_it_names() {
    let desk = Desk::new();
    desk.write("bad.jsonl", "{\"uid\":\"1\",\"mail\":\"none\"}\n");
    desk.write("good.jsonl", "{\"uid\":\"2\"}\n");
    let bad = "1 invalid row of bad.jsonl cannot be sent: userferry failures\n";
    let other =
        "1 invalid row of other sources (DIR/bad.jsonl: 1) cannot be sent: userferry failures\n";
    assert!(desk.ferry("stage bad.jsonl").ok(3).err.contains(bad));
    assert!(desk.ferry("stage good.jsonl").ok(0).err.contains(other));
    let of_stdin =
        desk.pipe("stage -", "{\"uid\":\"3\",\"mail\":\"no\"}\n{\"uid\":\"4\"}\n").ok(3).err;
    let first = "1 invalid row of - cannot be sent\n1 invalid row of other sources (DIR/bad.jsonl: 1) cannot";
    assert!(of_stdin.contains(first), "{of_stdin}");
    desk.ferry("waive --key 3 --reason so").ok(0);
    // Nothing to do, and the rows are what they were.
    assert!(desk.ferry("stage bad.jsonl").ok(3).err.contains(bad));
    assert!(desk.ferry("stage good.jsonl").ok(0).err.contains(other));
    desk.ferry("stage good.jsonl bad.jsonl").ok(3);
    // Still wrong in a correction: it is of both files.
    desk.write("again.jsonl", "{\"uid\":\"1\",\"mail\":\"no\"}\n");
    let did = desk.ferry("stage --replace again.jsonl").ok(3);
    assert!(did.err.contains("1 invalid row of again.jsonl cannot be sent"), "{}", did.err);
    desk.write("right.jsonl", "{\"uid\":\"1\",\"mail\":\"a@b.cn\"}\n");
    desk.ferry("stage --replace right.jsonl").ok(0);
    desk.ferry("stage bad.jsonl").ok(0);
}

/// As a person counts who looks into the file: how it was staged is the table's affair.
#[test]
fn a_duplicate_in_a_file_that_is_staged_again_is_one_in_the_same_file() {
    let desk = Desk::new();
    let twice = "{\"uid\":\"1\",\"mail\":\"a@b.cn\"}\n{\"uid\":\"1\",\"mail\":\"c@b.cn\"}\n{\"uid\":\"2\",\"mail\":\"a@b.cn\"}\n";
    desk.write("u.jsonl", twice);
    desk.ferry("stage u.jsonl").ok(3);
    let told = |desk: &Desk, place: &str| {
        let out = desk.ferry("failures").ok(0).out;
        let key = format!("{place} has the same key (external id)");
        let mail = format!("{place} has the same e-mail address");
        assert!(out.contains(&key) && out.contains(&mail), "{out}");
        assert!(!out.contains("an earlier"), "{out}");
    };
    told(&desk, "record 1");
    desk.ferry("stage --replace u.jsonl").ok(3);
    told(&desk, "record 1");
    // It has grown, and holds them all the same.
    desk.write("u.jsonl", format!("{}{twice}", "{\"uid\":\"9\"}\n"));
    desk.ferry("stage --replace u.jsonl").ok(3);
    told(&desk, "a record of the same file (record 1 when it was first staged)");
}

/// A run that its own system would not allow sends nothing, and leaves failed what was.
#[test]
fn a_retry_whose_run_is_refused_changes_nothing() {
    let rig = Rig::start(&["--poison=1=code:2003"]);
    let desk = Desk::at(&rig.sandbox.url);
    desk.write("u.jsonl", super::numbered(1..3));
    desk.ferry("stage u.jsonl").ok(0);
    desk.ferry("run").ok(3);
    let line = "retry-failed --run --concurrency 200";
    let did = desk.did(desk.after("ulimit -n 100", line).output().unwrap()).ok(2);
    assert!(did.err.starts_with("error: with 200 requests in flight"), "{}", did.err);
    assert_eq!(desk.status()["failed"], 1);
    desk.write("userferry.toml", "[target]\nca_file = \"absent.pem\"\n");
    let did = desk.ferry("retry-failed --run").ok(2);
    assert!(did.err.contains("absent.pem cannot be used"), "{}", did.err);
    assert_eq!(desk.status()["failed"], 1);
    std::fs::remove_file(desk.path("userferry.toml")).unwrap();
    let did = desk.ferry("retry-failed --run --dry-run").ok(0);
    assert_eq!(did.err, "1 failed row would be pending again; nothing was changed\n");
    assert_eq!(desk.status()["failed"], 1);
    desk.write("userferry.toml", format!("{MAPPING}nickname = \"uid\"\n"));
    let did = desk.ferry("retry-failed --run").ok(2);
    // Something was sent: to stage anew would forget it.
    assert!(did.err.contains("put the old mapping back\n"), "{}", did.err);
    assert_eq!(desk.status()["failed"], 1);
}

/// Opening it twice takes its first bytes away, and with lines of the right length nothing looks amiss.
#[test]
fn a_pipe_that_is_named_as_a_file_is_refused_before_it_is_read() {
    let desk = Desk::new();
    let told = "is no file, but a pipe or a device\n\nhint: let it come by standard input: userferry stage - < ";
    let did = desk.pipe("stage /dev/stdin", &super::numbered(1..3)).ok(2);
    assert!(did.err.contains(told), "{}", did.err);
    let did = desk.did(desk.after("mkfifo pipe", "stage pipe").output().unwrap()).ok(2);
    assert!(did.err.contains(&format!("{told}pipe\n")), "{}", did.err);
    assert!(!desk.path("userferry.db").exists());
}

/// A refusal takes back the table that it has made, and no other that lies at its path by then.
#[test]
fn a_refused_staging_deletes_no_table_that_was_put_in_the_place_of_its_own() {
    use std::io::Write as _;
    use std::process::Stdio;
    let desk = Desk::new();
    desk.write("u.jsonl", super::numbered(1..3));
    desk.ferry("stage u.jsonl --db other.db").ok(0);
    let other = std::fs::read(desk.path("other.db")).unwrap();
    let db = desk.path("userferry.db");
    let mut command = desk.command("stage -");
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // Its WAL is there once the table is bound, and then it waits for its input.
    let until = std::time::Instant::now() + std::time::Duration::from_secs(30);
    while !desk.path("userferry.db-wal").exists() {
        assert!(std::time::Instant::now() < until, "no table was made");
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    std::fs::rename(&db, desk.path("moved.db")).unwrap();
    std::fs::rename(desk.path("other.db"), &db).unwrap();
    child.stdin.take().unwrap().write_all(b"<html>\n").unwrap();
    desk.did(child.wait_with_output().unwrap()).ok(2);
    assert_eq!(std::fs::read(&db).unwrap(), other);
    desk.pipe("stage - --db new.db", "<html>\n").ok(2);
    assert!(!desk.path("new.db").exists());
}

#[test]
fn as_long_as_nothing_was_sent_a_changed_mapping_may_begin_anew() {
    let desk = Desk::new();
    desk.write("u.jsonl", super::numbered(1..3));
    desk.write("userferry.toml", MAPPING);
    desk.ferry("stage u.jsonl").ok(0);
    desk.write("userferry.toml", format!("{MAPPING}nickname = \"uid\"\n"));
    let told = "or put the old mapping back. Nothing was sent yet, so you can also begin anew: rm DIR/userferry.db \
                DIR/userferry.db-wal DIR/userferry.db-shm, then stage\n";
    for command in ["run", "stage u.jsonl"] {
        let did = desk.ferry(command).ok(2);
        assert!(did.err.ends_with(told), "{}", did.err);
    }
    for file in ["userferry.db", "userferry.db-wal", "userferry.db-shm"] {
        let _ = std::fs::remove_file(desk.path(file));
    }
    desk.ferry("stage u.jsonl").ok(0);
}

/// In the same words for one and for several, and the way out once.
#[test]
fn a_record_that_stands_in_a_wrong_row_already_is_told_plainly() {
    let desk = Desk::new();
    desk.write("u.jsonl", "{\"uid\":\"1\",\"mail\":\"none\"}\n{\"uid\":\"2\",\"mail\":\"no\"}\n");
    desk.ferry("stage u.jsonl").ok(3);
    for (n, told) in [
        (1, "1 record is in the table already, in a row that is failed or invalid\n"),
        (2, "2 records are in the table already, in rows that are failed or invalid\n"),
    ] {
        let some: Vec<String> = desk.read("u.jsonl").lines().take(n).map(str::to_owned).collect();
        desk.write("again.jsonl", some.join("\n"));
        let err = desk.ferry("stage --replace again.jsonl").ok(3).err;
        assert!(err.contains(&format!("warning: {told}")), "{err}");
        assert_eq!(err.matches("userferry failures").count(), 1, "{err}");
    }
    // It names all that can be done.
    let told = desk.ferry("failures").ok(0).err;
    for way in ["userferry export", "userferry stage --replace", "userferry waive"] {
        assert!(told.contains(way), "{told}");
    }
}

#[test]
fn a_failed_row_that_is_staged_again_has_a_way_out() {
    let rig = Rig::start(&["--poison=1=code:2003"]);
    let desk = Desk::at(&rig.sandbox.url);
    desk.write("u.jsonl", "{\"uid\":\"1\"}\n{\"uid\":\"2\"}\n");
    desk.ferry("stage u.jsonl").ok(0);
    desk.ferry("run").ok(3);
    let err = desk.ferry("stage --replace u.jsonl").ok(0).err;
    let told = "warning: 1 record is in the table already, in a row that is failed or invalid\n\
                why, and what can be done: userferry failures\n";
    assert!(err.ends_with(told), "{err}");
    assert!(desk.ferry("failures").ok(0).err.contains("userferry retry-failed --run"));
}

#[test]
fn records_that_differ_under_a_known_key_are_told_with_the_way_to_replace() {
    let desk = Desk::new();
    desk.write("u.jsonl", "{\"uid\":\"1\"}\n{\"uid\":\"2\"}\n");
    desk.ferry("stage u.jsonl").ok(0);
    desk.write("new.jsonl", "{\"uid\":\"1\",\"nickname\":\"A\"}\n{\"uid\":\"2\"}\n{\"uid\":\"3\"}\n{\"uid\":\"3\",\"nickname\":\"C\"}\n");
    let did = desk.ferry("stage new.jsonl").ok(3);
    let told = "warning: 1 record differs from what the table has under the same key: if it is newer, \
                userferry stage --replace new.jsonl (users who are done are not changed: change those at the provider); if it is \
                another file by mistake, userferry waive --source new.jsonl\n";
    assert!(did.err.contains(told), "{}", did.err);
    assert!(!desk.ferry("stage --replace new.jsonl").ok(3).err.contains("differs from"));
}

/// Staged plainly at first, a corrected record is a duplicate of the row that it corrects, under another
/// key or under the same. That row is waived, and no other.
#[test]
fn a_correction_that_was_staged_plainly_comes_in_when_the_row_is_waived_that_it_corrects() {
    for id in ["1", "2"] {
        let desk = Desk::new();
        let wrong = r#"{"uid":"1","mail":"nobody","phone":"13800000000"}"#;
        let right = format!(r#"{{"uid":"{id}","mail":"c@d.cn","phone":"13800000000"}}"#);
        desk.write("users.jsonl", format!("{wrong}\n{wrong}x\n"));
        desk.ferry("stage users.jsonl").ok(3);
        desk.write("fixed.jsonl", format!("{right}\n"));
        desk.ferry("stage fixed.jsonl").ok(3);
        if id == "2" {
            desk.ferry("stage --replace fixed.jsonl").ok(3);
        }
        let other = "waive --key 1 --record 2 --source users.jsonl --reason corrected";
        assert!(desk.ferry(other).ok(2).err.contains("the row of record 2 has another key"));
        let one = "waive --key 1 --record 1 --source users.jsonl --reason corrected";
        assert_eq!(desk.ferry(one).ok(0).err, "1 row waived; --undo takes it back\n");
        let did = desk.ferry("stage --replace fixed.jsonl").ok(0);
        assert!(did.err.contains("1 row to send: userferry run"), "{id}: {}", did.err);
        let status = desk.status();
        assert_eq!((&status["pending"], &status["waived"]), (&1.into(), &1.into()), "{id}");
    }
}

/// Whoever waives by a key lets go of all its rows, is told which, and is told again when a record of
/// them comes back.
#[test]
fn a_record_that_comes_back_to_a_waived_row_is_told() {
    let desk = Desk::new();
    desk.write("a.jsonl", "{\"uid\":\"1\",\"mail\":\"no\"}\n");
    desk.write("b.jsonl", "{\"uid\":\"1\",\"mail\":\"a@b.cn\"}\n");
    desk.ferry("stage a.jsonl b.jsonl").ok(3);
    let did = desk.ferry("waive --key 1 --reason gone").ok(0);
    let expected = "2 rows waived (DIR/a.jsonl 1, DIR/b.jsonl 1); --undo takes it back\n";
    assert_eq!(did.err, expected);
    let did = desk.ferry("stage --replace b.jsonl").ok(0);
    let expected = "warning: 1 record is in the table already, in a row that was waived: \
                    userferry waive --undo takes one back\n";
    assert!(did.err.contains(expected), "{}", did.err);
}

/// Two records of one file are two people, whatever is said of the file: one of them is let go.
#[test]
fn of_an_id_that_repeats_in_one_file_either_row_can_be_kept() {
    let desk = Desk::new();
    let lines = "{\"uid\":\"1\",\"mail\":\"a@b.cn\"}\n{\"uid\":\"1\",\"mail\":\"c@d.cn\"}\n";
    desk.write("u.jsonl", lines);
    desk.ferry("stage u.jsonl").ok(3);
    let did = desk.ferry("failures").ok(0);
    assert!(
        did.out.ends_with("has the same key (external id) with other content\n"),
        "{}",
        did.out
    );
    let way_out = "Same key, one person:    waive the row that is out of date, stage --replace\n";
    assert!(did.err.contains(way_out), "{}", did.err);
    desk.ferry("waive --key 1 --record 1 --reason old").ok(0);
    desk.ferry("stage --replace u.jsonl").ok(0);
    let left = desk.ferry("export --status pending").ok(0).out;
    assert_eq!(left, lines.lines().nth(1).unwrap().to_owned() + "\n");
}

/// A row whose record two files hold counts for both of them.
#[test]
fn a_row_that_two_files_hold_is_told_for_both() {
    let desk = Desk::new();
    desk.write("users.jsonl", "{\"uid\":\"1\",\"mail\":\"none\"}\n{\"nickname\":\"A\"}\n");
    desk.ferry("stage users.jsonl").ok(3);
    desk.ferry("export --status invalid -o wrong.jsonl").ok(0);
    for source in ["wrong.jsonl", "users.jsonl", "wrong.jsonl"] {
        let did = desk.ferry(&format!("stage {source}")).ok(3);
        let told = format!("\n2 invalid rows of {source} cannot be sent");
        assert!(did.err.contains(&told), "{}", did.err);
    }
}

#[test]
fn a_row_without_a_key_is_shown_and_waived_by_its_place() {
    let desk = Desk::new();
    desk.write("u.jsonl", "{\"uid\":\"1\"}\n{\"nickname\":\"nobody\"}\n");
    desk.write("v.jsonl", "{\"uid\":\"2\"}\n{\"nickname\":\"no one\"}\n");
    desk.ferry("stage u.jsonl v.jsonl").ok(3);
    let did = desk.ferry("show --record 2").ok(2);
    assert!(did.err.contains("record 2 of 2 sources: DIR/u.jsonl, DIR/v.jsonl"), "{}", did.err);
    let shown = desk.ferry("show --record 2 --source v.jsonl").ok(0).out;
    assert!(shown.contains("source     DIR/v.jsonl, record 2, line 2"), "{shown}");
    assert!(shown.contains("\nsends      not sent: invalid\n"), "{shown}");
    desk.ferry("waive --record 9 --source v.jsonl --reason gone").ok(2);
    desk.ferry("waive --key 2 --source v.jsonl --reason gone").ok(2);
    desk.ferry("waive --record 2 --source v.jsonl --reason gone").ok(0);
    assert_eq!(
        (desk.status()["waived"].as_u64(), desk.status()["invalid"].as_u64()),
        (Some(1), Some(1))
    );
    desk.ferry("waive --record 2 --source v.jsonl --undo").ok(0);
    assert_eq!(desk.status()["invalid"], 2);
    // A file may be staged in another state: its numbers are no names of people.
    let did = desk.ferry("waive --record 1 --source v.jsonl --reason gone").ok(2);
    let expected = "error: the row of record 1 has a key\n\nhint: name it by that, too: --key 2\n";
    assert_eq!(did.err, expected);
    // In another state its number 2 is somebody else: which of them is meant?
    desk.write("v.jsonl", "{\"uid\":\"2\"}\n{\"nickname\":\"another one\"}\n");
    desk.ferry("stage v.jsonl").ok(3);
    let did = desk.ferry("waive --record 2 --source v.jsonl --reason gone").ok(2);
    assert!(
        did.err.contains("2 rows without a key come from record 2 of DIR/v.jsonl"),
        "{}",
        did.err
    );
    let did = desk.ferry("waive --status invalid --source x.jsonl --reason gone").ok(2);
    assert!(did.err.contains("no source is named x.jsonl"), "{}", did.err);
    assert_eq!(desk.status()["waived"], 0);
    let most = u64::MAX;
    desk.ferry(&format!("show --record {most}")).ok(2);
}

/// An address says who somebody is: where it is the key, it is not told unasked.
#[test]
fn a_key_that_is_an_address_is_shown_only_where_that_is_asked_for() {
    let desk = Desk::new();
    desk.write("it's.jsonl", "{\"mail\":\"a@b.cn\"}\n");
    desk.ferry("stage it's.jsonl").ok(0);
    let did = desk.ferry("waive --record 1 --reason gone").ok(2);
    let expected = "error: the row of record 1 has a key\n\nhint: name it by that, too: --key KEY; \
                    userferry show --record 1 --source 'DIR/it'\\''s.jsonl' --unmask all shows it\n";
    assert_eq!(did.err, expected);
    for (line, key) in [
        ("show --record 1", "a…(6)"),
        ("show --record 1 --unmask nickname", "a…(6)"),
        ("show --record 1 --unmask email", "a@b.cn"),
        ("show --record 1 --unmask all", "a@b.cn"),
        // Whoever names it knows it.
        ("show A@B.cn", "a@b.cn"),
    ] {
        let out = desk.ferry(line).ok(0).out;
        assert!(out.starts_with(&format!("key        {key}\n")), "{line}: {out}");
        let json = desk.ferry(&format!("{line} --json")).ok(0).out;
        let rows: serde_json::Value = serde_json::from_str(&json).unwrap();
        assert_eq!(rows[0]["key"], key, "{line}");
        let email =
            if line.contains("email") || line.contains("all") { "a@b.cn" } else { "a…(6)" };
        assert_eq!(rows[0]["would_send"]["email"], email, "{line}");
    }
    let refused = desk.ferry("show --record 1 --unmask password").ok(2).err;
    assert!(refused.contains("is or holds a password"), "{refused}");
}

#[test]
fn a_list_of_failures_masks_keys_that_are_personal_data_and_data_for_programs_has_them() {
    let desk = Desk::new();
    let bad = "\"nickname\":7,\"password\":\"hunter2\"}\n";
    let keys = [
        "\"uid\":\"4711\"",
        "\"mail\":\"zoe@example.com\"",
        "\"phone\":\"13800138000\"",
        "\"username\":\"zoequux\"",
    ];
    let rows: Vec<String> = keys.iter().map(|key| format!("{{{key},{bad}")).collect();
    let rule = "externalId = \"uid\"\nemail = \"mail\"\nphone = \"phone\"\nusername = \"username\"\npassword = \"password\"\n";
    desk.write("userferry.toml", format!("[mapping]\n{rule}"));
    desk.write("u.jsonl", rows.join(""));
    desk.ferry("stage u.jsonl --accept-passwords").ok(0);
    let table = rusqlite::Connection::open(desk.path("userferry.db")).unwrap();
    let told = |line: &str| desk.ferry(line).ok(0).out;
    // Somebody refuses them all.
    table
        .execute_batch("UPDATE job SET status = 'failed', detail = 'rejected', code = '2003'")
        .unwrap();
    let personal = ["zoe@example.com", "13800138000", "zoequux"];
    let out = told("failures");
    assert!(out.contains(" 4711 ") && out.contains(" z…(15) "), "{out}");
    assert!(personal.iter().all(|key| !out.contains(key)), "{out}");
    let out = told("failures --unmask email,phone");
    assert!(
        out.contains(personal[0]) && out.contains(personal[1]) && !out.contains(personal[2]),
        "{out}"
    );
    let out = told("failures --unmask all");
    assert!(personal.iter().all(|key| out.contains(key)), "{out}");
    for line in ["failures --json", "failures --format jsonl", "failures --format csv"] {
        let out = told(line);
        assert!(personal.iter().all(|key| out.contains(key)), "{line}: {out}");
    }
    assert!(told("failures --help").contains("JSON and CSV are data for programs"));
    assert!(
        desk.ferry("failures --unmask nothing")
            .ok(2)
            .err
            .contains("the target has no field `nothing`")
    );
}

#[test]
fn keys_of_rows_that_share_an_identifier_are_masked_in_a_refusal() {
    let desk = Desk::new();
    let row = |mail: &str| format!("{{\"mail\":\"{mail}\",\"phone\":\"13800138000\"}}\n");
    desk.write("u.jsonl", row("zoe@example.com") + &row("mia@example.com"));
    desk.ferry("stage u.jsonl").ok(3);
    let did = desk.ferry("waive --key 13800138000 --reason gone").ok(2);
    assert!(did.err.contains("2 rows have this, and it is not their key: z…(15) ("), "{}", did.err);
    assert!(!did.err.contains("@example.com"), "{}", did.err);
}

/// As messages call it.
#[test]
fn standard_input_is_named_by_its_name_or_by_its_sign() {
    let desk = Desk::new();
    desk.write("u.jsonl", "{\"uid\":\"1\"}\n{\"nickname\":\"A\"}\n");
    desk.ferry("stage u.jsonl").ok(3);
    desk.pipe("stage -", "{\"uid\":\"2\"}\n{\"nickname\":\"B\"}\n").ok(3);
    let did = desk.ferry("show --record 2").ok(2);
    let told = "record 2 of 2 sources: standard input, DIR/u.jsonl";
    assert!(did.err.contains(told), "{}", did.err);
    for name in ["-", "standard input"] {
        let mut command = desk.command("show --record 2 --source");
        let did = desk.did(command.arg(name).output().unwrap()).ok(0);
        assert!(did.out.contains("source     -, record 2"), "{}", did.out);
    }
}

#[test]
fn a_program_that_takes_any_column_has_no_strange_header() {
    let desk = Desk::new();
    let rule = "externalId = { jq = 'with_entries(.key |= ascii_downcase) | .uid' }\n";
    desk.write("userferry.toml", format!("[mapping]\n{rule}"));
    desk.write("u.csv", "UID,MAIL\n1,a@b.cn\n");
    desk.ferry("stage u.csv").ok(0);
}

/// Its text would be two to the power of sixty times as long.
#[test]
fn an_error_about_an_endless_value_is_told_in_short() {
    let desk = Desk::new();
    let rule = "name = { jq = 'reduce range(60) as $i (1; [.,.]) | .x' }\n";
    desk.write("userferry.toml", format!("{MAPPING}{rule}"));
    desk.write("u.jsonl", "{\"uid\":\"1\"}\n");
    let did = desk.ferry("check u.jsonl").ok(3);
    assert!(did.out.contains("name: the jq program ends in an error (value)"), "{}", did.out);
}

#[test]
fn the_names_of_a_map_are_not_shown() {
    let desk = Desk::new();
    let seen: Vec<String> = (0..60).map(|n| format!("\"a{n}@b.cn\":1")).collect();
    desk.write("u.jsonl", format!("{{\"uid\":\"1\",\"seen\":{{{}}},\"e.x\":1}}\n", seen.join(",")));
    desk.write("userferry.toml", MAPPING);
    let did = desk.ferry("check u.jsonl").ok(0);
    assert!(did.out.contains("seen.…") && !did.out.contains("@b.cn"), "{}", did.out);
}

#[test]
fn djangos_mark_is_no_password_and_an_empty_salt_is_none() {
    let desk = Desk::new();
    let hash = format!("$2b$12${}", "a".repeat(53));
    let records = format!(
        "{{\"uid\":\"1\",\"password\":\"{hash}\"}}\n{{\"uid\":\"2\",\"password\":\"!{}\"}}\n",
        "x".repeat(40)
    );
    desk.write("u.jsonl", records);
    desk.ferry("stage u.jsonl").ok(0);
    let rule =
        "password = { scheme = \"md5\", hash = \"h\", salt = \"s\", order = \"salt+password\" }\n";
    desk.write("userferry.toml", format!("{MAPPING}{rule}"));
    let md5 = "d41d8cd98f00b204e9800998ecf8427e";
    desk.write("v.csv", format!("uid,h,s\n1,{md5},x\n2,{md5},\n"));
    let did = desk.ferry("check v.csv").ok(3);
    assert!(did.out.contains("the salt is absent"), "{}", did.out);
}

#[test]
fn a_number_dialled_with_two_zeros_is_the_same_as_with_a_plus() {
    let desk = Desk::new();
    desk.write(
        "userferry.toml",
        format!("{MAPPING}phone = {{ from = \"tel\", as = \"phone\" }}\n"),
    );
    desk.write(
        "u.jsonl",
        "{\"uid\":\"1\",\"tel\":\"+49 151 23000296\"}\n{\"uid\":\"2\",\"tel\":\"004915123000296\"}\n",
    );
    let did = desk.ferry("check u.jsonl").ok(3);
    assert!(did.out.contains("duplicate-phone"), "{}", did.out);
}

#[test]
fn the_map_of_ids_names_the_kind_of_each_key_and_counts_who_is_done_without_one() {
    let rig = Rig::start(&[]);
    let desk = Desk::at(&rig.sandbox.url);
    desk.write("u.jsonl", "{\"uid\":\"1\"}\n{\"mail\":\"a@b.cn\"}\n{\"uid\":\"3\"}\n");
    desk.ferry("stage u.jsonl").ok(0);
    desk.ferry("waive --key 3 --reason left").ok(0);
    desk.ferry("run").ok(0);
    let did = desk.ferry("export --map --format csv").ok(0);
    let kinds: Vec<&str> = did.out.lines().filter_map(|line| line.rsplit(',').next()).collect();
    assert_eq!(kinds, ["kind", "external-id", "email"]);
    assert_eq!(
        did.err,
        "2 ids written; 1 row has none\n1 row is done without an id there: waived, or settled \
         without --user-id\n"
    );
    // What was sent is not kept.
    assert!(desk.ferry("show 1").ok(0).out.contains("\nmaps now   {"));
    assert!(
        desk.ferry("show 1")
            .ok(0)
            .out
            .contains("(by the mapping of today; what was sent is not kept)\n")
    );
}

#[test]
fn a_row_in_doubt_is_settled_with_the_id_of_its_user() {
    let rig = Rig::start(&["--poison=1=hang", "--deny-lookup"]);
    let desk = Desk::at(&rig.sandbox.url);
    desk.write("u.jsonl", numbered(1..3));
    desk.ferry("stage u.jsonl").ok(0);
    desk.ferry("run --concurrency 1 --on-unknown hold").ok(3);
    let did = desk.ferry("settle 1 --as failed --user-id x1 --reason seen").ok(2);
    assert!(did.err.contains("--user-id is for --as done"), "{}", did.err);
    desk.ferry("settle 1 --as done --user-id x1 --reason seen").ok(0);
    assert!(desk.ferry("export --map --format csv").ok(0).out.contains("\n1,x1,external-id\n"));
    assert!(desk.ferry("show 1").ok(0).out.contains("\nid there   x1"));
    desk.ferry("settle 1 --undo").ok(0);
    assert!(!desk.ferry("export --map --format csv").ok(0).out.contains("x1"));
}

#[test]
fn a_preview_shows_fields_that_were_named_and_never_a_password() {
    let desk = Desk::new();
    let rules =
        "password = \"pwd\"\ngender = { from = \"sex\", as = \"gender\" }\nlocality = \"note\"\n";
    desk.write("userferry.toml", format!("{MAPPING}{rules}"));
    let hash = "$2b$12$nCa3WDbsc3tvM57ifzjwrOAGGuNK7EPV0R17WKcW6f13NZvX97yLe";
    desk.write(
        "u.jsonl",
        format!("{{\"uid\":\"1\",\"sex\":\"female\",\"pwd\":\"{hash}\",\"note\":\"bcrypt:{hash} of 2019\"}}\n"),
    );
    let out = desk.ferry("preview u.jsonl --unmask gender,locality").ok(0).out;
    assert!(out.contains("gender      F "), "{out}");
    assert!(!out.contains("$2b$12"), "{out}");
    for field in ["password", "sex"] {
        let did = desk.ferry(&format!("preview u.jsonl --unmask {field}")).ok(2);
        assert!(did.err.starts_with("error: --unmask: "), "{}", did.err);
    }
}

#[test]
fn a_replaced_row_is_named_by_the_place_of_the_record_that_will_be_sent() {
    let desk = Desk::new();
    desk.write("u.jsonl", "{\"uid\":\"1\"}\n{\"uid\":\"2\",\"mail\":\"none\"}\n");
    desk.ferry("stage u.jsonl").ok(3);
    desk.write("wrong.jsonl", "{\"uid\":\"2\",\"mail\":\"no\"}\n");
    desk.ferry("stage --replace wrong.jsonl").ok(3);
    let place = "DIR/wrong.jsonl, record 1, line 1";
    assert!(desk.ferry("show 2").ok(0).out.contains(&format!("source     {place}\n")));
    assert!(desk.ferry("preview --key 2").ok(3).out.starts_with(place));
    assert!(desk.ferry("failures").ok(0).out.contains("wrong.jsonl  1       2    invalid"));
    let table = rusqlite::Connection::open(desk.path("userferry.db")).unwrap();
    let told: (String, u64, u64) = table
        .query_row("SELECT source, record, line FROM failures", [], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?))
        })
        .unwrap();
    assert!(told.0.ends_with("/wrong.jsonl") && (told.1, told.2) == (1, 1), "{told:?}");
    // Others that share something are told of this place, too.
    desk.write("v.jsonl", "{\"uid\":\"2\",\"mail\":\"x@y.cn\"}\n");
    desk.ferry("stage v.jsonl").ok(3);
    let lines = desk.ferry("failures --format jsonl").ok(0).out;
    assert!(lines.contains("record 1 of DIR/wrong.jsonl has the same key"), "{lines}");
    // The books stay those of the source where the row was counted.
    let rows = "SELECT rows FROM source ORDER BY id LIMIT 1";
    assert_eq!(table.query_row(rows, [], |row| row.get::<_, u64>(0)).unwrap(), 2);
}

#[test]
fn what_is_exported_of_csv_is_told_and_of_json_lines_nothing_of_csv_is_said() {
    let told = |source: &str, text: &str, name: &str| {
        let desk = Desk::new();
        desk.write(source, text);
        desk.ferry(&format!("stage {source}")).ok(3);
        desk.ferry(&format!("export --status invalid -o {name}")).ok(0).err
    };
    let of_csv = told("u.csv", "uid,mail\n1,none\n2\n", "wrong.jsonl");
    let line = "Rows of CSV are written as JSON Lines, each an object with the names of the columns: correct them there, \
                and userferry stage --replace takes them. With --format csv, or in a file called .csv, they stay CSV\n";
    assert!(of_csv.contains(line) && of_csv.contains("may be a row of CSV"), "{of_csv}");
    let as_json = told("u.csv", "uid,mail\n1,none\n", "wrong.json");
    assert!(as_json.contains("Rows of CSV are written as JSON, each"), "{as_json}");
    let of_json = told("u.jsonl", "{\"uid\":\"1\",\"mail\":\"none\"}\n[1]\n", "wrong.jsonl");
    assert!(of_json.contains("1 record written is no JSON object"), "{of_json}");
    assert!(!of_json.contains("CSV"), "{of_json}");
}

#[test]
fn corrections_of_users_that_are_done_are_told_with_what_can_be_done() {
    let rig = Rig::start(&[]);
    let desk = Desk::at(&rig.sandbox.url);
    desk.write("userferry.toml", format!("{MAPPING}phone = \"mobile\"\n"));
    desk.write("u.jsonl", super::numbered(1..3));
    let did = desk.ferry("stage u.jsonl").ok(0);
    // Two may be without by chance.
    assert!(!did.err.contains("no record has"), "{}", did.err);
    desk.ferry("run").ok(0);
    for (n, told) in [
        (
            1,
            "1 record left as it is: its user is done, and no user is changed there: change it at the provider\n",
        ),
        (
            2,
            "2 records left as they are: their users are done, and no user is changed there: change them at the provider\n",
        ),
    ] {
        let some: Vec<String> =
            (1..=n).map(|n| format!("{{\"uid\":\"{n}\",\"nickname\":\"x{n}\"}}")).collect();
        desk.write("done.jsonl", some.join("\n"));
        let did = desk.ferry("stage --replace done.jsonl").ok(3);
        assert!(did.err.contains(told), "{}", did.err);
        assert!(!did.err.contains("no record has"), "{}", did.err);
    }
}

#[test]
fn records_that_init_could_not_read_are_counted() {
    let desk = Desk::new();
    let faulty = "{\"uid\":\"a\",}\n[]\nx\n";
    desk.write("u.jsonl", format!("{}{faulty}", super::numbered(1..248)));
    let did = desk.ferry("init --from u.jsonl").ok(0);
    let told = "after a look at 247 of 250 records (3 could not be read, and check names them). ";
    assert!(did.err.contains(told), "{}", did.err);
}

/// Followed as they stand, they would lead to the table and the settings of another migration.
#[test]
fn commands_that_messages_name_keep_the_table_and_the_settings_that_were_named() {
    let desk = Desk::new();
    desk.write("other.toml", MAPPING);
    desk.write("u.jsonl", "{\"uid\":\"1\",\"mail\":\"a@b.cn\"}\n{\"uid\":\"2\",\"mail\":\"-\"}\n");
    let options = "--db rehearsal.db --config other.toml";
    let did = desk.ferry(&format!("{options} stage u.jsonl")).ok(3);
    let told = format!("1 row to send: userferry {options} run\n");
    assert!(did.err.ends_with(&told), "{}", did.err);
    assert!(did.err.contains(&format!("cannot be sent: userferry {options} failures\n")));
    // Where a variable names another table, the usual one must be named, too.
    for (db, told) in [("rehearsal.db", "--db rehearsal.db"), ("userferry.db", "--db userferry.db")]
    {
        let mut command = desk.command(&format!("--db {db} --config other.toml stage u.jsonl"));
        let did = desk.did(command.env("USERFERRY_DB", "rehearsal.db").output().unwrap()).ok(3);
        let told = format!("1 row to send: userferry {told} --config other.toml run\n");
        assert!(did.err.ends_with(&told), "{}", did.err);
    }
    // New settings are written where none are.
    desk.write("new.jsonl", "{\"uid\":\"1\",\"mail\":\"a@b.cn\"}\n");
    let did = desk.ferry("--config proposed.toml init --from new.jsonl").ok(0);
    let told = "then: userferry --config proposed.toml check new.jsonl\n";
    assert!(did.err.ends_with(told), "{}", did.err);
    desk.write("strange.csv", "id;email\n1;a@b.cn\n");
    let did = desk.ferry(&format!("{options} check strange.csv")).ok(2);
    assert!(did.err.contains("userferry init --from strange.csv"), "{}", did.err);
}

#[test]
fn an_export_that_the_example_does_not_fit_is_told_of_the_proposal() {
    let desk = Desk::new();
    desk.write("u.csv", "id,name,phone\n1,Li,\n2,Bo,\n");
    let told = "no [mapping] of yours says what the columns are, so the one of the vendor's example was taken; \
                one that fits is proposed by: userferry init --from u.csv\n";
    for line in ["check u.csv", "stage u.csv"] {
        let did = desk.ferry(line).ok(3);
        assert!(did.err.contains(told), "{line}: {}", did.err);
    }
    // Not of corrections, nor where the columns are known.
    let did = desk.ferry("stage --replace u.csv").ok(3);
    assert!(!did.err.contains("proposed"), "{}", did.err);
    desk.write("wrong.jsonl", "{\"uid\":\"2\",\"mail\":\"-\"}\n");
    for line in ["check wrong.jsonl", "--db w.db stage wrong.jsonl"] {
        let did = desk.ferry(line).ok(3);
        assert!(!did.err.contains("proposed"), "{line}: {}", did.err);
    }
    let did = desk.pipe("check -", "[{\"a\":1}]\n").ok(3);
    assert!(did.err.contains("userferry init --from FILE\n"), "{}", did.err);
    // `init` writes over no settings.
    desk.ferry("init").ok(0);
    let did = desk.ferry("check u.csv").ok(3);
    let told = "for userferry.toml has no other; one that fits is proposed by: \
                userferry init --config proposed.toml --from u.csv\n";
    assert!(did.err.contains(told), "{}", did.err);
    desk.ferry("init --config proposed.toml --from u.csv").ok(0);
    desk.write("userferry.toml", "[mapping]\nexternalId = \"uid\"\nphone = \"phone\"\n");
    let did = desk.ferry("check u.csv").ok(3);
    assert!(!did.err.contains("vendor's example"), "{}", did.err);
}

#[test]
fn a_wrong_provider_in_the_environment_is_told_the_known_ones() {
    let desk = Desk::new();
    desk.write("u.jsonl", "{\"uid\":\"1\",\"mail\":\"a@b.cn\"}\n");
    let mut command = desk.command("check u.jsonl");
    command.env("USERFERRY_KIND", "authing-v9");
    let did = desk.did(command.output().unwrap()).ok(2);
    assert!(did.err.contains("environment variable USERFERRY_KIND: the name of a provider"));
    assert!(did.err.contains("\n\nhint: ") && did.err.contains("authing-v2"), "{}", did.err);
}
