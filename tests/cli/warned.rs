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

/// An md5 digest of salt and password, as the mapping guesses.
const SALTED: &str = "[mapping]\nexternalId = \"uid\"\npassword = { scheme = \"md5\", hash = \"pwd\", salt = \"salt\", \
                      order = \"salt+password\" }\n";

const UNPROVED: &str = "the hashes are sent as digest and salt in the order salt+password, which nothing in the records \
                        proves; before you send them, try one account whose password you know: userferry password verify \
                        --key KEY";

fn salted(numbers: std::ops::Range<u32>) -> String {
    let line = |n| {
        format!(
            "{{\"uid\":\"{n}\",\"pwd\":\"5f4dcc3b5aa765d61d8327deb882cf{n:02}\",\"salt\":\"s{n}\"}}\n"
        )
    };
    numbers.map(line).collect()
}

#[test]
fn an_order_that_nobody_proved_is_told_by_check_before_the_first_run_and_after_a_canary() {
    let rig = Rig::start(&[]);
    let desk = Desk::at(&rig.sandbox.url);
    desk.write("userferry.toml", SALTED);
    desk.write("u.jsonl", salted(10..20));
    let report: Value =
        serde_json::from_str(&desk.ferry("check u.jsonl --json").ok(0).out).unwrap();
    let warnings = report["warnings"].as_array().unwrap();
    let told = warnings.iter().find(|one| one["warning"] == "order-unproved").unwrap();
    assert_eq!((&told["count"], told["message"].as_str().unwrap()), (&Value::from(10), UNPROVED));
    desk.ferry("stage u.jsonl").ok(0);
    let warning = format!("warning: {UNPROVED}\n");
    let first = desk.ferry("run --limit 2").ok(5).err;
    let canary =
        "Try a password that you know before you go on: userferry password verify --key KEY\n";
    assert!(first.contains(&warning) && first.contains(canary), "{first}");
    let second = desk.ferry("run").ok(0).err;
    assert!(!second.contains("password verify"), "{second}");
}

/// What says its order itself, or has none, is no guess.
#[test]
fn hashes_without_a_guessed_order_are_not_warned_about() {
    let desk = Desk::new();
    for rule in [
        "\"pwd\"",
        "{ scheme = \"md5\", hash = \"pwd\" }",
        "{ scheme = \"pbkdf2-sha256\", hash = \"pwd\", salt = \"salt\", iterations = 1000 }",
    ] {
        desk.write(
            "userferry.toml",
            format!("[mapping]\nexternalId = \"uid\"\npassword = {rule}\n"),
        );
        desk.write("u.jsonl", salted(10..12));
        let out = desk.ferry("check u.jsonl --json").out;
        assert!(out.contains("\"warnings\"") && !out.contains("order-unproved"), "{rule}: {out}");
    }
}

#[test]
fn a_remap_says_who_was_sent_by_the_old_rules_and_warns_of_a_new_order() {
    let rig = Rig::start(&[]);
    let desk = Desk::at(&rig.sandbox.url);
    desk.write("userferry.toml", "[mapping]\nexternalId = \"uid\"\npassword = \"pwd\"\n");
    desk.write("u.jsonl", salted(10..14));
    desk.ferry("stage u.jsonl").ok(0);
    desk.ferry("waive --key 13 --reason left").ok(0);
    desk.ferry("run --limit 2").ok(5);
    desk.write("userferry.toml", SALTED);
    assert_eq!(
        desk.ferry("remap").ok(0).err,
        format!(
            "1 row mapped again: 1 pending (before: 1), 0 invalid (before: 0)\n\
             1 row skipped or waived: nothing changes about that\n\
             warning: 2 done rows were sent by the old mapping, with the old rule of password: remap changes no user at \
             the provider. Their records: userferry export --status done; their ids there: userferry export --map\n\
             warning: if the old rule of password was wrong, these users cannot sign in before setting a new password\n\
             warning: {UNPROVED}\n\
             1 row to send: userferry run\n"
        )
    );
    // Another rule has nothing to do with passwords.
    desk.write("userferry.toml", format!("{SALTED}nickname = \"uid\"\n"));
    let err = desk.ferry("remap").ok(0).err;
    assert!(
        err.contains("2 done rows were sent by the old mapping, with the old rule of nickname: "),
        "{err}"
    );
    assert!(!err.contains("sign in") && !err.contains("password verify"), "{err}");
}

#[test]
fn columns_that_were_named_wrong_are_told_with_the_way_to_begin_anew() {
    let rig = Rig::start(&[]);
    let desk = Desk::at(&rig.sandbox.url);
    desk.write("userferry.toml", "[mapping]\nexternalId = \"uid\"\nnickname = \"nick\"\n");
    desk.write("u.csv", "1,7,tom\n2,8,ann\n");
    desk.ferry("stage u.csv --columns uid,number,nick").ok(0);
    let told = "warning: DIR/u.csv was staged before with other names of its columns (uid,number,nick), and rows of that \
                staging are still in the table. If those names were wrong, do not run; ";
    let anew = "nothing was sent yet, so begin anew: rm DIR/userferry.db DIR/userferry.db-wal DIR/userferry.db-shm, then \
                stage once\n";
    for line in ["stage", "stage --replace"] {
        let err = desk.ferry(&format!("{line} u.csv --columns number,uid,nick")).ok(0).err;
        assert!(err.contains(&format!("{told}{anew}")), "{line}: {err}");
    }
    assert_eq!(desk.status()["pending"], 4);
    desk.ferry("run --key 7").ok(5);
    let err = desk.ferry("stage --replace u.csv --columns number,uid,nick").ok(0).err;
    let sent = "some rows were sent already: userferry export --map has the ids of their users";
    assert!(err.contains(&format!("{told}{sent}")) && !err.contains("rm "), "{err}");
    // The way out leads there.
    for file in ["userferry.db", "userferry.db-wal", "userferry.db-shm"] {
        std::fs::remove_file(desk.path(file)).unwrap();
    }
    let err = desk.ferry("stage u.csv --columns number,uid,nick").ok(0).err;
    assert!(!err.contains("was staged before") && err.matches("warning:").count() == 1, "{err}");
    assert!(err.contains("warning: no password is mapped"), "{err}");
    assert_eq!(desk.status()["pending"], 2);
}

/// Where the corrected names have replaced every row, nothing is left to say.
#[test]
fn columns_that_were_corrected_everywhere_are_not_warned_about() {
    let desk = Desk::new();
    desk.write("userferry.toml", "[mapping]\nexternalId = \"uid\"\nnickname = \"nick\"\n");
    desk.write("u.csv", "1,7,tom\n2,8,ann\n");
    desk.ferry("stage u.csv --columns uid,nick,number").ok(0);
    for _ in 0..2 {
        let err = desk.ferry("stage --replace u.csv --columns uid,number,nick").ok(0).err;
        assert!(!err.contains("warning"), "{err}");
    }
    assert_eq!(desk.status()["total"], 2);
}

/// One place names both rows, so `waive` could only let both go.
#[test]
fn waive_names_the_way_to_begin_anew_where_one_place_names_several_rows() {
    let rig = Rig::start(&[]);
    let desk = Desk::at(&rig.sandbox.url);
    desk.write("userferry.toml", "[mapping]\nexternalId = \"uid\"\nnickname = \"nick\"\n");
    desk.write("u.csv", "1,7,tom\n2,8,ann\n");
    desk.ferry("stage u.csv --columns uid,nick,number").ok(0);
    desk.ferry("stage u.csv --columns uid,number,nick").ok(3);
    let way = "\n      rm DIR/userferry.db DIR/userferry.db-wal DIR/userferry.db-shm (nothing was sent yet: if a staging was \
               wrong as a whole, begin anew)\n";
    let err = desk.ferry("waive --key 1 --reason wrong").ok(2).err;
    assert!(err.ends_with(way), "{err}");
    desk.ferry("run --key 2").ok(5);
    let err = desk.ferry("waive --key 1 --reason wrong").ok(2).err;
    assert!(!err.contains("rm "), "{err}");
}

#[test]
fn a_column_that_says_nothing_of_the_kind_is_named_as_unused_and_asked_about_no_more() {
    let desk = Desk::new();
    let lines = |n| {
        format!(
            "{{\"uid\":\"{n}\",\"account\":{{\"status\":\"{}\"}}}}\n",
            if n % 3 == 0 { "disabled" } else { "active" }
        )
    };
    desk.write("u.jsonl", (1..31).map(lines).collect::<String>());
    let mapping = "[mapping]\nexternalId = \"uid\"\n";
    desk.write("userferry.toml", mapping);
    let out = desk.ferry("check u.jsonl").ok(0).out;
    let way =
        "  Left out on purpose? Under [check] in userferry.toml: unused = [\"account.status\"]\n";
    assert!(out.contains(way), "{out}");
    for (unused, is_told) in
        [("account.status", false), ("account", false), ("status", true), ("account.stat", true)]
    {
        desk.write("userferry.toml", format!("[check]\nunused = [\"{unused}\"]\n{mapping}"));
        let out = desk.ferry("check u.jsonl --json").ok(0).out;
        assert_eq!(out.contains("blocked-not-mapped"), is_told, "{unused}: {out}");
    }
    desk.write("userferry.toml", format!("[check]\nunused = \"status\"\n{mapping}"));
    let err = desk.ferry("check u.jsonl").ok(2).err;
    let told =
        "userferry.toml, line 2: `unused`: a list of columns such as [\"status\"] is expected\n";
    assert!(err.contains(told), "{err}");
    // It is no part of what was staged: it may change at any time.
    desk.write("userferry.toml", mapping);
    desk.write("v.jsonl", numbered(1..3));
    desk.ferry("stage v.jsonl").ok(0);
    desk.write("userferry.toml", format!("[check]\nunused = [\"status\"]\n{mapping}"));
    desk.ferry("stage v.jsonl").ok(0);
}

/// German mobile numbers are Chinese ones by a rule that names China: each would be somebody else's.
#[test]
fn phone_numbers_of_other_countries_than_the_rule_names_are_told_before_anything_is_sent() {
    let desk = Desk::new();
    let rule = "phone = { from = \"tel\", as = \"phone\", region = \"CN\" }\n";
    desk.write("userferry.toml", format!("{MAPPING}{rule}"));
    let users = |numbers: &[&str]| {
        let lines = numbers.iter().enumerate();
        let lines: Vec<String> =
            lines.map(|(n, number)| format!("{{\"uid\":\"{n}\",\"tel\":\"{number}\"}}")).collect();
        lines.join("\n")
    };
    let told = "1 of 2 phone numbers without + is read as of CN, but would be a mobile number of a country that others of the \
                column say (+49: 1): it may be somebody else's number by this. Write numbers of other countries with + and their \
                country code, in the export or by a jq program in the rule, from a column that says the country\n";
    desk.write("mixed.jsonl", users(&["13800138000", "+49 170 1234567", "0151 12345678"]));
    let checked = desk.ferry("check mixed.jsonl").ok(0).out;
    assert!(checked.contains(&format!("  {told}")), "{checked}");
    let json = desk.ferry("check --json mixed.jsonl").ok(0).out;
    let report: Value = serde_json::from_str(&json).unwrap();
    let warnings = report["warnings"].as_array().unwrap();
    let one = warnings.iter().find(|one| one["warning"] == "phones-abroad").unwrap();
    assert_eq!(one["count"], 1);
    let staged = desk.ferry("stage mixed.jsonl").ok(0).err;
    assert!(
        staged.contains(&format!("warning: mixed.jsonl: by the first 3 records, {told}")),
        "{staged}"
    );
    assert!(!checked.contains("0151") && !staged.contains("0151"), "no number is shown");
    // Clean: who lives abroad has a +, and who does not has none, or a landline.
    desk.write("clean.jsonl", users(&["15112345678", "+49 170 1234567", "010-62515115"]));
    assert!(!desk.ferry("check clean.jsonl").ok(0).out.contains("somebody else"));
}

/// Whoever adds an address later would have it verified already, for all that is known of the provider.
#[test]
fn a_verified_address_that_is_not_there_is_told_and_sent_as_it_stands() {
    let rig = Rig::start(&[]);
    let desk = Desk::at(&rig.sandbox.url);
    let rules = "phone = { from = \"tel\", on_error = \"omit\" }\nemailVerified = \"mv\"\nphoneVerified = \"tv\"\n";
    desk.write("userferry.toml", format!("{MAPPING}{rules}"));
    desk.write(
        "u.jsonl",
        "{\"uid\":\"1\",\"mail\":\"a@b.cn\",\"mv\":true,\"tel\":\"13800138000\",\"tv\":true}\n\
         {\"uid\":\"2\",\"mv\":true,\"tv\":false}\n{\"uid\":\"3\",\"mail\":\"\",\"mv\":true}\n{\"uid\":\"4\",\"mv\":false}\n\
         {\"uid\":\"5\",\"tel\":\"x\",\"tv\":true}\n",
    );
    let report: Value =
        serde_json::from_str(&desk.ferry("check --json u.jsonl").ok(0).out).unwrap();
    let warnings = report["warnings"].as_array().unwrap().iter();
    let told: Vec<(&Value, &str)> = warnings
        .filter(|one| one["warning"] == "verified-nothing")
        .map(|one| (&one["count"], one["message"].as_str().unwrap()))
        .collect();
    let rest = "it is sent as it stands, and one that is added later may then count as verified; look at the rules of both, or \
                leave";
    let of_mail = format!(
        "2 records have emailVerified = true and no e-mail address: {rest} emailVerified out of these by a jq program"
    );
    let of_phone = format!(
        "1 record has phoneVerified = true and no phone number: {rest} phoneVerified out of these by a jq program"
    );
    assert_eq!(told, [(&Value::from(2), &of_mail[..]), (&Value::from(1), &of_phone[..])]);
    desk.ferry("stage u.jsonl").ok(0);
    desk.ferry("run").ok(0);
    let sent = rig.creates();
    let of =
        |id: &str| &sent.iter().find(|user| user["stored"]["externalId"] == id).unwrap()["stored"];
    assert_eq!(of("2")["emailVerified"], true);
    assert_eq!(of("5")["phoneVerified"], true);
    // As the way out says.
    desk.write(
        "userferry.toml",
        format!("{MAPPING}emailVerified = {{ jq = 'if (.mail // \"\") != \"\" then .mv else null end' }}\n"),
    );
    assert!(!desk.ferry("check u.jsonl").ok(0).out.contains("count as verified"));
}

/// Drupal's `users_field_data`: uid 0 is whoever has not signed in (core/modules/user/user.install).
#[test]
fn the_row_of_drupals_visitors_is_told_by_each_command_that_reads_it() {
    let desk = Desk::new();
    let hash = "$2y$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy";
    let header = "uid,langcode,preferred_langcode,name,pass,mail,status,created,access,login\n";
    let one = |n: u32| {
        format!("{n},en,en,user{n},{hash},u{n}@example.com,1,1700000000,1700000000,1700000000\n")
    };
    let users: String = (1..30).map(one).collect();
    let visitors = "0,en,,,,,0,1700000000,0,0\n";
    desk.write("with.csv", format!("{header}{visitors}{users}"));
    desk.write("without.csv", format!("{header}{users}"));
    let whom =
        "0 stands for Drupal's visitors, who have not signed in: leave this row out of the export";
    let told = "1 record stands for Drupal's visitors, who have not signed in, and would become a user: leave it out of the \
                export, or let go of it once staged: userferry waive --key 0 --reason …";
    for (name, is_told) in [("without.csv", false), ("with.csv", true)] {
        desk.ferry(&format!("init --from {name} --config {name}.toml")).ok(0);
        let config = desk.read(&format!("{name}.toml"));
        assert_eq!(config.contains(whom), is_told, "{config}");
        let report = desk.ferry(&format!("check {name} --config {name}.toml --json")).ok(0).out;
        let report: Value = serde_json::from_str(&report).unwrap();
        let is_its = |one: &&Value| one["warning"] == "nobody";
        let found = report["warnings"].as_array().unwrap().iter().find(is_its);
        assert_eq!(found.is_some_and(|one| one["message"] == told), is_told, "{found:?}");
        let err =
            desk.ferry(&format!("stage {name} --config {name}.toml --db {name}.db")).ok(0).err;
        let flags = format!("--db {name}.db --config {name}.toml");
        let told = told.replace("userferry waive", &format!("userferry {flags} waive"));
        assert_eq!(err.contains(&told), is_told, "{err}");
    }
    desk.ferry("--db with.csv.db waive --key 0 --reason visitors").ok(0);
}

/// A mistyped column makes every record wrong, so it is told before what is wrong with each.
#[test]
fn a_column_that_no_record_has_is_told_before_all_that_is_wrong_with_the_records() {
    let desk = Desk::new();
    desk.write(
        "userferry.toml",
        "[mapping]\nexternalId = \"uid\"\nemail = \"e_mail\"\nphone = \"tel\"\n",
    );
    let line =
        |n: u32| format!("{{\"uid\":\"{n}\",\"mail\":\"u{n}@example.com\",\"tel\":\"none\"}}\n");
    desk.write("u.jsonl", (1..300).map(line).collect::<String>());
    let out = desk.ferry("check u.jsonl").ok(3).out;
    let mut lines = out.lines();
    assert_eq!(lines.next(), Some("`email` comes from `e_mail`, which no record has"), "{out}");
    assert!(lines.next().unwrap().starts_with("299 x tel (goes to phone): "), "{out}");
    // Once where nothing is wrong with a record.
    desk.write("u.jsonl", numbered(1..3));
    let out = desk.ferry("check u.jsonl").ok(0).out;
    assert_eq!(out.matches("`email` comes from `e_mail`, which no record has").count(), 1, "{out}");
}

#[test]
fn rows_of_csv_go_back_as_csv_into_a_file_that_is_called_so() {
    let desk = Desk::new();
    desk.write("userferry.toml", MAPPING);
    desk.write("u.tsv", "uid\tmail\n1\ta@example.com\n2\tb,c@example.com\n");
    desk.ferry("stage u.tsv").ok(3);
    desk.ferry("export --status pending -o right.tsv").ok(0);
    assert_eq!(desk.read("right.tsv"), "uid\tmail\n1\ta@example.com\n");
    let object = "{\"uid\":\"1\",\"mail\":\"a@example.com\"}\n";
    assert_eq!(desk.ferry("export --status pending").ok(0).out, object);
    // Of JSON the name of the file says what separates the cells.
    let desk = Desk::new();
    desk.write("userferry.toml", MAPPING);
    desk.write("u.jsonl", object);
    desk.ferry("stage u.jsonl").ok(0);
    desk.ferry("export --status pending -o right.tsv").ok(0);
    assert_eq!(desk.read("right.tsv"), "uid\tmail\n1\ta@example.com\n");
}

/// GoTrue's `auth.users` after `signInAnonymously()` (supabase.com/docs/guides/auth/auth-anonymous).
#[test]
fn supabases_anonymous_users_are_counted_as_nobody() {
    let desk = Desk::new();
    let mut csv = String::from("id,aud,email,phone,raw_user_meta_data,is_anonymous\n");
    for n in 0..30 {
        let anonymous = n % 10 == 7;
        let email = if anonymous { String::new() } else { format!("u{n}@example.com") };
        let flag = if anonymous { 't' } else { 'f' };
        csv.push_str(&format!("id-{n},authenticated,{email},,{{}},{flag}\n"));
    }
    desk.write("users.csv", csv);
    desk.ferry("init --from users.csv").ok(0);
    let told = "3 records stand for Supabase's anonymous users, who have not signed up, and would become users: leave them out \
                of the export, or let go of each once staged: userferry waive --key id-27 --reason …";
    let report: Value =
        serde_json::from_str(&desk.ferry("check users.csv --json").ok(0).out).unwrap();
    let found =
        report["warnings"].as_array().unwrap().iter().find(|one| one["warning"] == "nobody");
    assert_eq!(
        found.map(|one| (&one["count"], &one["message"])),
        Some((&Value::from(3), &Value::from(told)))
    );
    assert!(desk.ferry("stage users.csv").ok(0).err.contains(told));
}
