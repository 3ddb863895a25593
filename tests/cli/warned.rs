//! Warnings and ways out before anything is sent, and after it was.

use super::{Desk, numbered};
use crate::process::Rig;
use serde_json::Value;

const MAPPING: &str = "[mapping]\nexternalId = \"uid\"\nemail = \"mail\"\n";

/// Two rows with one address wait for nobody once both are waived; a third takes it, and has the place
/// when one of the two comes back.
#[test]
fn a_row_that_comes_back_says_so_where_a_newcomer_has_its_address_though_another_had_it_before() {
    let desk = Desk::new();
    desk.write("userferry.toml", MAPPING);
    desk.write(
        "u.jsonl",
        "{\"uid\":\"1\",\"mail\":\"a@b.cn\"}\n{\"uid\":\"2\",\"mail\":\"a@b.cn\"}\n",
    );
    desk.write("n.jsonl", "{\"uid\":\"3\",\"mail\":\"a@b.cn\"}\n");
    desk.ferry("stage u.jsonl").ok(3);
    desk.ferry("waive --key 2 --reason left").ok(0);
    // The same row stands in its way as before.
    assert_eq!(desk.ferry("waive --key 2 --undo").ok(0).err, "1 row as it was before\n");
    desk.ferry("waive --key 2 --reason left").ok(0);
    desk.ferry("waive --key 1 --reason left").ok(0);
    desk.ferry("stage n.jsonl").ok(0);
    let err = desk.ferry("waive --key 2 --undo").ok(0).err;
    assert_eq!(
        err,
        "1 row as it was before\nwarning: 1 of these cannot be sent, because another row came meanwhile and has the \
         same identifier: userferry show KEY tells which\n"
    );
    let shown = desk.ferry("show 2").ok(0).out;
    let told =
        "problem    mail (duplicate-email): record 1 of DIR/n.jsonl has the same e-mail address\n";
    assert!(shown.contains(told), "{shown}");
}
