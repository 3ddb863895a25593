//! A mapping that changes after staging.

use super::Desk;
use crate::process::Rig;
use serde_json::{Value, json};

const BY_UID: &str = "[mapping]\nexternalId = \"uid\"\nemail = \"mail\"\n";
const BY_OTHER: &str = "[mapping]\nexternalId = \"id\"\nemail = \"contact\"\n";

const USERS: &str = r#"{"uid":"1","id":"a","mail":"nobody","contact":"a@example.com"}
{"uid":"2","id":"b","mail":"b@example.com","contact":"b"}
{"uid":"3","id":"c","mail":"c@example.com","contact":"c@example.com"}
{"uid":"4","id":"c","mail":"d@example.com","contact":"a@example.com"}
{"uid":"5","uid":"6","id":"e"}
"#;

fn desk() -> Desk {
    let desk = Desk::new();
    desk.write("userferry.toml", BY_UID);
    desk.write("u.jsonl", USERS);
    desk.ferry("stage u.jsonl").ok(3);
    desk
}

/// Key and status of each row, with the rules that it breaks.
fn rows(desk: &Desk) -> Vec<Value> {
    let table = rusqlite::Connection::open(desk.path("userferry.db")).unwrap();
    let text = "SELECT key, status, (SELECT group_concat(rule) FROM problem WHERE job_id = job.id) FROM job ORDER BY id";
    let mut statement = table.prepare(text).unwrap();
    let row = |row: &rusqlite::Row<'_>| {
        let text = |i| row.get::<_, Option<String>>(i);
        Ok(json!([text(0)?, text(1)?, text(2)?]))
    };
    statement.query_map([], row).unwrap().map(Result::unwrap).collect()
}

fn as_staged_by(mapping: &str) -> Vec<Value> {
    let desk = Desk::new();
    desk.write("userferry.toml", mapping);
    desk.write("u.jsonl", USERS);
    desk.ferry("stage u.jsonl").ok(3);
    rows(&desk)
}

#[test]
fn rows_become_what_staging_by_the_new_mapping_would_have_made_of_them() {
    let desk = desk();
    desk.write("userferry.toml", BY_OTHER);
    assert_eq!(
        desk.ferry("remap").ok(3).err,
        "5 rows mapped again: 2 pending (before: 3), 3 invalid (before: 2)\n\
         2 rows to send: userferry run\n\
         3 invalid rows cannot be sent: userferry failures\n"
    );
    let expected = [
        json!(["a", "pending", null]),
        json!(["b", "invalid", "email"]),
        json!(["c", "pending", null]),
        json!(["c", "invalid", "duplicate-key,duplicate-email"]),
        json!([null, "invalid", "syntax"]),
    ];
    assert_eq!(rows(&desk), expected);
    assert_eq!(rows(&desk), as_staged_by(BY_OTHER));
    desk.write("userferry.toml", BY_UID);
    desk.ferry("remap").ok(3);
    assert_eq!(rows(&desk), as_staged_by(BY_UID));
}

#[test]
fn a_remap_that_is_killed_goes_on_and_nothing_else_does_before() {
    let desk = desk();
    desk.write("userferry.toml", BY_OTHER);
    let mut lives = 0;
    loop {
        let mut command = desk.command("remap");
        let did = desk.did(command.env("USERFERRY_FAILPOINT", "staged:1").output().unwrap());
        if did.code.is_some() {
            break;
        }
        lives += 1;
        if lives == 1 {
            let refused = "error: the rows are being mapped anew, and that was cut off\n\n\
                           hint: userferry remap goes on\n";
            assert_eq!(desk.ferry("waive --status invalid --reason so").ok(2).err, refused);
            let told = "unfinished remap: before anything else, userferry remap must end\n";
            assert!(desk.ferry("status").ok(0).out.ends_with(told));
            assert_eq!(desk.status()["remapping"], true);
        }
    }
    assert!(lives >= 3, "{lives}");
    assert_eq!(rows(&desk), as_staged_by(BY_OTHER));
}

#[test]
fn what_is_done_stays_and_what_is_in_doubt_is_settled_first() {
    let rig = Rig::start(&[]);
    let desk = Desk::at(&rig.sandbox.url);
    desk.write("userferry.toml", BY_UID);
    desk.write("u.jsonl", USERS);
    desk.ferry("stage u.jsonl").ok(3);
    // Its first create is stored; it dies before it can write that down.
    let mut command = desk.command("run --limit 1");
    desk.did(command.env("USERFERRY_FAILPOINT", "after-reply:1").output().unwrap());
    desk.write("userferry.toml", BY_OTHER);
    let refused = desk.ferry("remap").ok(2).err;
    let told = "sending or unknown: they are settled by what was sent, so by the old mapping";
    assert!(refused.contains(told), "{refused}");
    desk.write("userferry.toml", BY_UID);
    desk.ferry("run").ok(3);
    let before = rows(&desk);
    desk.write("userferry.toml", BY_OTHER);
    desk.ferry("remap").ok(3);
    let is_done = |row: &&Value| row[1] == "done";
    let done = |rows: &[Value]| rows.iter().filter(is_done).cloned().collect::<Vec<_>>();
    assert_eq!(done(&rows(&desk)), done(&before));
    assert_eq!(done(&before).len(), 3);
    let done = desk.ferry("show 3").ok(0).out;
    assert!(done.contains("created"), "found by the key that it was sent under: {done}");
}

#[test]
fn what_failed_is_not_sent_again_where_another_has_its_key_now() {
    let rig = Rig::start(&[]);
    rig.sandbox.add_users(&json!([{"email": "bob@example.com", "externalId": "somebody else"}]));
    let desk = Desk::at(&rig.sandbox.url);
    desk.write("userferry.toml", BY_UID);
    desk.write(
        "u.jsonl",
        r#"{"uid":"1","mail":"nobody","id":"k","contact":"ann@example.com"}
{"uid":"2","mail":"bob@example.com","id":"k","contact":"bob2@example.com"}"#,
    );
    desk.ferry("stage u.jsonl").ok(3);
    desk.ferry("run").ok(3);
    desk.write("userferry.toml", BY_OTHER);
    desk.ferry("remap").ok(0);
    let failed = json!(["k", "failed", "duplicate-key"]);
    assert_eq!(rows(&desk), [json!(["k", "pending", null]), failed]);
    let did = desk.ferry("retry-failed").ok(0);
    assert!(did.err.contains("1 failed row invalid now, because of the mapping"), "{}", did.err);
    assert_eq!(rows(&desk)[1], json!(["k", "invalid", "duplicate-key"]));
    desk.ferry("run").ok(3);
    assert_eq!(rig.sandbox.users().len(), 2, "one was there, Ann is new");
}

#[test]
fn what_was_waived_is_mapped_again_too_and_comes_back_by_the_new_mapping() {
    let desk = desk();
    desk.ferry("waive --status invalid --reason so").ok(0);
    desk.write("userferry.toml", BY_OTHER);
    desk.ferry("remap").ok(3);
    assert_eq!(rows(&desk)[0], json!(["a", "done", null]));
    assert!(desk.ferry("show a").ok(0).out.contains("waived"));
    assert_eq!(
        desk.ferry("waive --status invalid --undo").ok(0).err,
        "2 rows as they were before\n"
    );
    let mut expected = as_staged_by(BY_OTHER);
    // Nobody stood in the way of its e-mail address when it was compared.
    expected[3] = json!(["c", "invalid", "duplicate-key"]);
    assert_eq!(rows(&desk), expected);
}

/// A waived row stands in nobody's way after a remap either, and an address that is one row's key but
/// not the other's is no duplicate key.
#[test]
fn after_a_remap_only_a_standing_row_with_the_very_key_makes_a_duplicate_key() {
    let desk = Desk::new();
    desk.write("userferry.toml", BY_UID);
    desk.write("gone.jsonl", r#"{"uid":"1","mail":"nobody"}"#);
    desk.ferry("stage gone.jsonl").ok(3);
    desk.ferry("waive --status invalid --reason gone").ok(0);
    let users = r#"{"uid":"1","mail":"b@example.com"}
{"uid":"3","mail":"c@example.com"}
{"mail":"c@example.com"}
"#;
    desk.write("u.jsonl", users);
    desk.ferry("stage u.jsonl").ok(3);
    let staged = rows(&desk);
    assert_eq!(staged[1], json!(["1", "pending", null]));
    assert_eq!(staged[3], json!(["c@example.com", "invalid", "duplicate-email"]));
    desk.write("userferry.toml", format!("{BY_UID}name = \"called\"\n"));
    desk.ferry("remap").ok(3);
    assert_eq!(rows(&desk), staged);
}

/// A row that was sent has the place of one that comes back, also after the next remap.
#[test]
fn who_was_sent_keeps_the_place_of_a_row_that_comes_back() {
    let rig = Rig::start(&[]);
    let desk = Desk::at(&rig.sandbox.url);
    let with_phone = format!("{BY_UID}phone = \"tel\"\n");
    desk.write("userferry.toml", &with_phone);
    desk.write("a.jsonl", r#"{"uid":"1","mail":"a@example.com","tel":"no number"}"#);
    desk.ferry("stage a.jsonl").ok(3);
    desk.ferry("waive --status invalid --reason so").ok(0);
    desk.write("b.jsonl", r#"{"uid":"1","mail":"a@example.com","tel":"13800000001"}"#);
    desk.ferry("stage b.jsonl").ok(0);
    desk.ferry("run").ok(0);
    let undone = desk.ferry("waive --status invalid --undo").ok(0).err;
    assert!(undone.contains("1 of these cannot be sent"), "{undone}");
    desk.write("userferry.toml", BY_UID);
    desk.ferry("remap").ok(3);
    desk.ferry("run").ok(3);
    assert_eq!(rig.sandbox.users().len(), 1);
    let status = desk.status();
    assert_eq!((&status["created"], &status["invalid"]), (&json!(1), &json!(1)), "{status}");
}

#[test]
fn a_table_without_rows_is_remapped_and_forgets_it() {
    let desk = Desk::new();
    desk.write("userferry.toml", BY_UID);
    desk.write("none.json", "[]");
    desk.ferry("stage none.json").ok(0);
    desk.write("userferry.toml", BY_OTHER);
    desk.ferry("remap").ok(0);
    desk.write("u.jsonl", "{\"id\":\"1\"}\n{\"id\":\"1\"}\n");
    desk.ferry("stage u.jsonl").ok(0);
    assert_eq!(rows(&desk), [json!(["1", "pending", null])]);
}
