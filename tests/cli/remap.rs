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
}
