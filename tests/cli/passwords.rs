//! The password column: the two mistakes that are fatal, proving one password, the function.

use super::Desk;
use crate::process::Rig;
use serde_json::{Value, json};

/// Of `secret`, by passlib.
const BCRYPT: &str = "$2b$04$xnrvHQfHU.4jNK3pUClMIOSW18SKvEYIGrm6waY6lZrRlPrptIB4O";
/// `md5(md5("secret") + "x9")`, by md5sum.
const DISCUZ: &str = "173a88924b8698dd1c3d0a525963ca1a";

fn export(passwords: &[&str]) -> String {
    let user = |(i, password): (usize, &&str)| json!({"uid": i.to_string(), "password": password});
    Value::from(passwords.iter().enumerate().map(user).collect::<Vec<_>>()).to_string()
}

/// What `stage` refuses, with nothing staged and no table left behind.
#[track_caller]
fn refused(desk: &Desk, told: &str) {
    let did = desk.ferry("stage users.json").ok(2);
    assert!(did.err.starts_with(&format!("error: users.json: {told}")), "{}", did.err);
    assert!(did.err.contains("--accept-passwords"), "{}", did.err);
    assert!(!did.err.contains("geheim") && !did.err.contains(BCRYPT), "{}", did.err);
    assert!(!desk.path("userferry.db").exists());
}

#[test]
fn plain_text_that_would_be_stored_readable_is_not_staged() {
    let desk = Desk::new();
    desk.write("users.json", export(&["geheim1", "geheim2", ""]));
    let told = "the passwords are 2 plain text (first: record 1), and keep_password = true would store plain text readable\n";
    refused(&desk, told);
    let checked = desk.ferry("check users.json").ok(3).out;
    assert!(checked.contains(&format!("users.json: {}", told.trim_end())), "{checked}");
    assert!(checked.contains("2 x password: plain text"), "{checked}");
    assert!(checked.contains("; first in users.json, record 1, line 1\n"), "{checked}");
    desk.write("userferry.toml", "[target]\nkeep_password = false\n");
    desk.ferry("check users.json").ok(0);
    desk.ferry("stage users.json").ok(0);
}

#[test]
fn hashes_that_would_be_hashed_again_are_not_staged() {
    let desk = Desk::new();
    desk.write("userferry.toml", "[target]\nkeep_password = false\n");
    let again = "keep_password = false would hash the hashes again: nobody could sign in\n";
    desk.write("users.json", export(&[BCRYPT, BCRYPT]));
    refused(&desk, &format!("the passwords are 2 bcrypt (first: record 1), and {again}"));
    // That these are digests, the rest of the column says.
    desk.write("users.json", export(&[DISCUZ, DISCUZ]));
    refused(&desk, &format!("the passwords are 2 hex-md5 (first: record 1), and {again}"));
    let checked = desk.ferry("check users.json").ok(3).out;
    assert!(checked.contains("2 hex-md5"), "{checked}");
    desk.write("users.json", export(&["geheim1", "geheim2", DISCUZ]));
    desk.ferry("stage users.json").ok(0);
}

#[test]
fn a_column_of_both_is_shown_by_scheme_and_not_staged() {
    let desk = Desk::new();
    desk.write("users.json", export(&[BCRYPT, "geheim1", DISCUZ, "geheim2"]));
    refused(
        &desk,
        "the passwords are 1 bcrypt (first: record 1), 1 hex-md5 (first: record 3), 2 plain text (first: record 2), \
         and keep_password = true would store the plain text readable\n",
    );
    desk.write("userferry.toml", "[target]\nkeep_password = false\n");
    refused(
        &desk,
        "the passwords are 1 bcrypt (first: record 1), 1 hex-md5 (first: record 3), 2 plain text (first: record 2), \
         and keep_password = false would hash the hashes again: nobody could sign in\n",
    );
    desk.ferry("stage --accept-passwords users.json").ok(0);
    assert_eq!(desk.status()["pending"], 4);
}

/// A file of corrections holds the few that went wrong: those that are still wrong do not refuse the others,
/// and nothing of the other sort gets in.
#[test]
fn passwords_that_are_not_corrected_yet_do_not_refuse_the_corrections_beside_them() {
    let hashes = |n: usize| vec![BCRYPT; n];
    let texts = |n: usize| (0..n).map(|i| format!("geheim{i}")).collect::<Vec<_>>();
    let texts = texts(44);
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    for (keep, right, wrong, way) in [
        (true, hashes(44), ["*", "geheim1"], "keep_password = true would store"),
        (false, texts, [BCRYPT, BCRYPT], "keep_password = false would hash the hashes again"),
    ] {
        let rig = Rig::start(&[]);
        let desk = Desk::at(&rig.sandbox.url);
        let columns =
            "[mapping]\nexternalId = \"uid\"\nemail = \"mail\"\npassword = \"password\"\n";
        desk.write("userferry.toml", format!("[target]\nkeep_password = {keep}\n{columns}"));
        let mut users: Vec<Value> = right
            .iter()
            .enumerate()
            .map(|(i, password)| json!({"uid": i.to_string(), "password": password}))
            .collect();
        users[2]["mail"] = "none".into();
        users[0]["password"] = wrong[0].into();
        users[1]["password"] = wrong[1].into();
        let lines = |users: &[Value]| {
            let lines: Vec<String> = users.iter().map(Value::to_string).collect();
            lines.join("\n")
        };
        desk.write("users.jsonl", lines(&users));
        // As a first source, it would be refused.
        desk.write("few.jsonl", lines(&users[..3]));
        let did = desk.ferry("stage --replace few.jsonl").ok(2);
        assert!(did.err.contains(way) && !desk.path("userferry.db").exists(), "{}", did.err);
        desk.ferry("stage users.jsonl").ok(3);
        desk.ferry("export --status invalid -o wrong.jsonl").ok(0);
        desk.write("wrong.jsonl", desk.read("wrong.jsonl").replace("none", "a@example.com"));
        let did = desk.ferry("stage --replace wrong.jsonl").ok(3);
        assert!(
            did.err.contains("3 records read, 1 replaced, 2 in the table already"),
            "{}",
            did.err
        );
        let told = "each record with such a password is invalid, and the others are staged; correct these passwords or leave \
                    them out; if they are right, --accept-passwords stages them as they are";
        assert!(did.err.contains(way) && did.err.contains(told), "{}", did.err);
        // A row that could be sent, and its correction cannot.
        users[3]["password"] = wrong[1].into();
        desk.write("more.jsonl", lines(&users[3..4]));
        let did = desk.ferry("stage --replace more.jsonl").ok(3);
        assert!(did.err.contains("1 record read, 1 replaced, 1 of them invalid"), "{}", did.err);
        desk.ferry("run").ok(3);
        let sent: Vec<String> = rig
            .creates()
            .iter()
            .map(|user| user["stored"]["externalId"].as_str().unwrap().to_owned())
            .collect();
        assert_eq!(sent.len(), 41);
        assert!(["0", "1", "3"].iter().all(|id| !sent.iter().any(|other| other == id)), "{sent:?}");
        let failures = desk.ferry("failures --format jsonl").ok(0).out;
        assert_eq!(failures.matches("\"rule\":\"password\"").count(), 3, "{failures}");
        // Corrected at last, or accepted.
        users[0]["password"] = right[4].into();
        users[1]["password"] = right[5].into();
        desk.write("wrong.jsonl", lines(&users[..2]));
        let did = desk.ferry("stage --replace wrong.jsonl").ok(0);
        assert!(did.err.contains("2 records read, 2 replaced"), "{}", did.err);
        let did = desk.ferry("stage --replace --accept-passwords more.jsonl").ok(0);
        assert!(did.err.contains("1 password accepted"), "{}", did.err);
        desk.ferry("run").ok(0);
        assert_eq!(desk.status()["created"], 44);
    }
}

/// Whatever stands behind the first thousand is a problem of its own record; standard input can be
/// read only once.
#[test]
fn a_later_record_that_contradicts_is_invalid() {
    let desk = Desk::new();
    let mut passwords = vec![BCRYPT; 1_000];
    passwords.extend(["geheim1", BCRYPT, "geheim2"]);
    desk.write("users.json", export(&passwords));
    desk.ferry("stage users.json").ok(3);
    desk.pipe("stage --db piped.db -", &desk.read("users.json")).ok(3);
    for db in ["userferry.db", "piped.db"] {
        let failures = desk.ferry(&format!("failures --format jsonl --db {db}")).ok(0).out;
        let keys: Vec<String> = failures
            .lines()
            .map(|line| serde_json::from_str::<Value>(line).unwrap())
            .map(|row| {
                assert_eq!(row["problems"][0]["rule"], "password", "{row}");
                row["key"].as_str().unwrap().to_owned()
            })
            .collect();
        assert_eq!(keys, ["1000", "1002"]);
    }
    let checked = desk.ferry("check --json users.json").ok(3).out;
    let report: Value = serde_json::from_str(&checked).unwrap();
    assert_eq!(report["problems_by_rule"], json!({"password": 2}));
    assert_eq!(report["passwords"], json!({"bcrypt": 1001, "plain": 2}));
    // What the provider is not to hash is not told as what it hashes: it may be a hash that was cut off.
    let checked = desk.ferry("check users.json").ok(3).out;
    let told = "2  plain text, or a hash of no known scheme, and keep_password = true stores it as it is, readable\n";
    assert!(checked.contains(told) && !checked.contains("hashes it itself"), "{checked}");
    // Killed behind the first transaction, it goes on without judging the rest as a column.
    passwords.extend(vec!["geheim3"; 6_000]);
    desk.write("users.json", export(&passwords));
    let mut command = desk.command("stage --db killed.db users.json");
    desk.did(command.env("USERFERRY_FAILPOINT", "staged:1").output().unwrap());
    desk.ferry("stage --db killed.db users.json").ok(3);
    let counts = desk.ferry("status --json --db killed.db").ok(0).out;
    assert!(
        counts.contains("\"pending\":1001,") && counts.contains("\"invalid\":6002,"),
        "{counts}"
    );
}

/// The rows were judged for one setting; they are not sent with the other.
#[test]
fn rows_are_not_sent_with_another_setting_than_they_were_staged_for() {
    let rig = Rig::start(&[]);
    let desk = Desk::at(&rig.sandbox.url);
    desk.write("users.json", export(&[BCRYPT, BCRYPT]));
    desk.ferry("stage users.json").ok(0);
    desk.write("userferry.toml", "[target]\nkeep_password = false\n");
    let told = "the rows in the job table were staged for keep_password = true, which is false now";
    for line in ["run", "run --dry-run", "stage users.json"] {
        let did = desk.ferry(line).ok(2);
        assert!(did.err.contains(told) && did.err.contains("userferry remap"), "{}", did.err);
    }
    assert!(rig.sandbox.users().is_empty());
    let did = desk.ferry("remap").ok(2);
    assert!(did.err.contains("by this mapping the passwords are 2 bcrypt"), "{}", did.err);
    desk.write("userferry.toml", "[target]\nkeep_password = true\n");
    desk.ferry("run").ok(0);
    assert_eq!(rig.sandbox.users().len(), 2);
}

/// Werkzeug's scrypt and SHA-512 in hexadecimal digits are too long for a key of 1,024 bits.
#[test]
fn what_is_too_long_for_a_small_key_is_told_with_the_way_out() {
    let rig = Rig::start(&[]);
    let desk = Desk::at(&rig.sandbox.url);
    let long = [
        format!("scrypt:32768:8:1$saltsaltsaltsalt${}", "ab".repeat(64)),
        "cd".repeat(64),
        format!("$argon2id$v=19$m=65536,t=3,p=4$c2FsdHNhbHRzYWx0c2FsdA${}", "A".repeat(86)),
    ];
    desk.write("users.json", export(&[&long[0], &long[1], &long[2]]));
    let checked = desk.ferry("check users.json").ok(0).out;
    assert!(checked.contains("3 passwords are longer than 117 bytes"), "{checked}");
    let way = "2 of these could be shorter: password = { hash = \"password\", short = true }";
    assert!(checked.contains(way), "{checked}");
    let staged = desk.ferry("stage users.json").ok(0).err;
    assert!(staged.contains("2 of these would be short enough with short = true"), "{staged}");
    let shown = desk.ferry("preview --key 0").ok(0).out;
    assert!(shown.contains("; short = true in the mapping's rule"), "{shown}");
    desk.write(
        "userferry.toml",
        "[mapping]\nexternalId = \"uid\"\npassword = { hash = \"password\", short = true }\n",
    );
    desk.ferry("remap").ok(0);
    // The sandbox has a small key, and decrypts what it is sent.
    desk.ferry("run").ok(3);
    let status = desk.status();
    assert_eq!((&status["created"], &status["invalid"]), (&json!(2), &json!(1)));
}

/// The setting is part of what a remap changes, however it ends.
#[test]
fn a_remap_that_is_killed_leaves_no_row_for_the_wrong_setting() {
    let both: Vec<Value> = (0..2_500)
        .map(|n| json!({"uid": n.to_string(), "hash": BCRYPT, "plain": format!("geheim{n}")}))
        .collect();
    let mapping = |keep: bool, column: &str| {
        format!(
            "[target]\nkeep_password = {keep}\n[mapping]\nexternalId = \"uid\"\npassword = \"{column}\"\n"
        )
    };
    for kills in [1, 2, 3] {
        let desk = Desk::new();
        desk.write("users.json", Value::from(both.clone()).to_string());
        desk.write("userferry.toml", mapping(true, "hash"));
        desk.ferry("stage users.json").ok(0);
        // Killed behind a page, and behind the last.
        desk.write("userferry.toml", mapping(false, "plain"));
        let mut command = desk.command("remap");
        desk.did(command.env("USERFERRY_FAILPOINT", format!("staged:{kills}")).output().unwrap());
        // With the setting of before, plain text would be stored readable.
        desk.write("userferry.toml", mapping(true, "plain"));
        desk.ferry("run --dry-run").ok(2);
        let did = desk.ferry("remap").ok(2);
        assert!(
            did.err.contains("keep_password = true would store plain text readable"),
            "{}",
            did.err
        );
        desk.ferry("run --dry-run").ok(2);
        desk.write("userferry.toml", mapping(false, "plain"));
        desk.ferry("remap").ok(0);
        desk.ferry("run --dry-run").ok(0);
    }
}

/// Also where only the whole column tells that its digits are digests.
#[test]
fn a_remap_judges_the_column() {
    let desk = Desk::new();
    desk.write("users.json", export(&[DISCUZ, DISCUZ]));
    desk.ferry("stage users.json").ok(0);
    desk.write("userferry.toml", "[target]\nkeep_password = false\n");
    let did = desk.ferry("remap").ok(2);
    assert!(did.err.contains("2 hex-md5 (first: record 1)"), "{}", did.err);
    assert_eq!(desk.status()["remapping"], false);
    desk.ferry("remap --accept-passwords").ok(0);
}

/// What another setting has found in a row that was waived meanwhile is not forgotten.
#[test]
fn a_row_that_comes_back_is_judged_by_the_setting_of_today() {
    let desk = Desk::new();
    desk.write("userferry.toml", "[target]\nkeep_password = false\n");
    let mut users = vec!["geheim1"];
    users.extend([""; 3]);
    desk.write("users.json", export(&users));
    desk.ferry("stage users.json").ok(0);
    desk.ferry("waive --key 0 --reason so").ok(0);
    desk.write("userferry.toml", "[target]\nkeep_password = true\n");
    desk.ferry("remap").ok(0);
    desk.ferry("waive --key 0 --undo").ok(0);
    assert_eq!(desk.status()["invalid"], 1);
}

/// What was accepted once frees nothing that nobody has accepted.
#[test]
fn an_acceptance_is_not_kept() {
    let desk = Desk::new();
    desk.write("a.json", export(&["geheim1"]));
    let told = desk.ferry("stage --accept-passwords a.json").ok(0).err;
    assert!(told.contains("1 password accepted as it is, though it does not suit"), "{told}");
    let mut users = vec![BCRYPT; 40];
    users.push("geheim2");
    desk.write("b.json", export(&users).replace("\"uid\":\"", "\"uid\":\"b"));
    desk.ferry("stage b.json").ok(3);
    desk.write("userferry.toml", "[mapping]\nexternalId = \"uid\"\npassword = \"password\"\n");
    desk.ferry("remap").ok(3);
    let invalid = desk.ferry("failures").ok(0).out;
    assert!(invalid.contains("b40") && desk.status()["invalid"] == 2, "{invalid}");
    desk.ferry("remap --accept-passwords").ok(0);
    assert_eq!(desk.status()["invalid"], 0);
}

/// Staging that goes on judges the source again: it may have been cut off before it had any record.
#[test]
fn a_source_that_goes_on_is_judged_again() {
    let desk = Desk::new();
    desk.write("users.json", "[{\"uid\":\"1\"");
    desk.ferry("stage users.json").ok(2);
    desk.write("userferry.toml", "[target]\nkeep_password = false\n");
    desk.write("users.json", export(&[DISCUZ, DISCUZ]));
    let did = desk.ferry("stage users.json").ok(2);
    assert!(did.err.contains("2 hex-md5"), "{}", did.err);
    // Whatever comes behind a thousand without any is judged by those before it.
    let mut users = vec![""; 1_000];
    users.extend([DISCUZ; 3]);
    desk.write("late.json", export(&users));
    desk.ferry("stage late.json").ok(3);
    assert_eq!(desk.status()["invalid"], 3);
}

/// `forms.jsonl` and `typed.tsv` are of tests/password.
#[test]
fn hashes_in_a_form_of_their_own_are_not_taken_for_plain_text() {
    let desk = Desk::new();
    let vectors = include_str!("../password/forms.jsonl").lines();
    let vectors: Vec<Value> = vectors.map(|line| serde_json::from_str(line).unwrap()).collect();
    let of = |vector: &Value| vector["stored"].as_str().unwrap().to_owned();
    let passwords: Vec<String> = vectors.iter().map(of).collect();
    let passwords: Vec<&str> = passwords.iter().map(String::as_str).collect();
    desk.write("users.json", export(&passwords));
    let report = desk.ferry("check --json users.json").ok(0).out;
    let report: Value = serde_json::from_str(&report).unwrap();
    let schemes = report["passwords"].as_object().unwrap();
    assert!(!schemes.contains_key("plain") && !schemes.contains_key("unknown"), "{schemes:?}");
    let all: u64 = schemes.values().filter_map(Value::as_u64).sum();
    assert_eq!(all, vectors.len() as u64);
}

/// Argon2 in spellings that its own library refuses: nobody can verify them, and hashes they are all
/// the same.
#[test]
fn a_hash_that_nobody_can_verify_is_as_well_kept_as_any_other() {
    let desk = Desk::new();
    let vectors = include_str!("../password/refused.jsonl").lines();
    let vectors: Vec<Value> = vectors.map(|line| serde_json::from_str(line).unwrap()).collect();
    let hashes: Vec<&str> =
        vectors.iter().map(|vector| vector["stored"].as_str().unwrap()).collect();
    let told = "the passwords are 16 of a form that is not known (first: record 1): ";
    for setting in ["true", "false"] {
        desk.write("userferry.toml", format!("[target]\nkeep_password = {setting}\n"));
        desk.write("users.json", export(&hashes));
        refused(&desk, told);
        let checked = desk.ferry("check users.json").ok(3).out;
        assert!(checked.contains("unknown") && !checked.contains("plain text"), "{checked}");
        // Few among others: their own records are wrong.
        let few: Vec<&str> = match setting {
            "true" => [BCRYPT; 40].into_iter().chain([hashes[0]]).collect(),
            _ => ["geheim1"; 40].into_iter().chain([hashes[0]]).collect(),
        };
        desk.write("few.json", export(&few));
        let db = format!("--db {setting}.db");
        desk.ferry(&format!("{db} stage few.json")).ok(3);
        let failures = desk.ferry(&format!("{db} failures")).ok(0).out;
        assert!(failures.contains("a form that is not known"), "{failures}");
        // A file of corrections takes none.
        desk.write("again.json", json!([{"uid": "40", "password": hashes[1]}]).to_string());
        desk.ferry(&format!("{db} stage --replace again.json")).ok(3);
        desk.write("again.json", json!([{"uid": "1", "password": hashes[1]}]).to_string());
        desk.ferry(&format!("{db} stage --replace again.json")).ok(3);
    }
    // In columns of other names.
    let mapping = "[mapping]\nexternalId = \"uid\"\nnickname = \"nick\"\noauth = { raw = true }\n";
    desk.write("userferry.toml", mapping);
    let user = |(i, hash): (usize, &&str)| json!({"uid": i.to_string(), "nick": hash, "x": hash});
    let users: Vec<Value> = hashes.iter().enumerate().map(user).collect();
    desk.write("users.json", Value::from(users).to_string());
    for i in 1..=hashes.len() {
        let did = desk.ferry(&format!("preview users.json --record {i} --unmask all")).ok(0);
        assert!(!did.out.contains("argon2") && !did.out.contains("v=19"), "{}", did.out);
    }
}

#[test]
fn what_nobody_types_is_not_called_plain_text() {
    let desk = Desk::new();
    // 24 bytes each, of a generator that has nothing to do with passwords.
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        format!("{state:016x}")
    };
    let tokens: Vec<String> = (0..300).map(|_| [next(), next(), next()].concat()).collect();
    let tokens: Vec<&str> = tokens.iter().map(String::as_str).collect();
    let told = "the passwords are 300 of a form that is not known (first: record 1): ";
    for setting in ["true", "false"] {
        desk.write("userferry.toml", format!("[target]\nkeep_password = {setting}\n"));
        desk.write("users.json", export(&tokens));
        refused(&desk, told);
        let did = desk.ferry("stage users.json").ok(2);
        assert!(!did.err.contains("plain text"), "{}", did.err);
        let hint = did.err.lines().skip(1).collect::<String>();
        assert!(!hint.contains("keep_password = false"), "{hint}");
        let checked = desk.ferry("check users.json").ok(3).out;
        assert!(checked.contains("unknown") && !checked.contains("plain"), "{checked}");
        assert!(!checked.contains("with keep_password = false"), "{checked}");
        let did = desk.ferry("password function --from users.json -o function").ok(2);
        assert!(did.err.contains("of a form that is not known"), "{}", did.err);
        assert!(!did.err.contains("keep_password = false"), "{}", did.err);
    }
    desk.ferry("stage --accept-passwords users.json").ok(0);
    desk.write("right", "secret");
    let did = desk.ferry("password verify --key 7 --password-file right").ok(2);
    assert!(did.err.contains("a form that is not known"), "{}", did.err);
    assert!(!did.err.contains("keep_password = false"), "{}", did.err);
    // What people type is plain text as before.
    let typed = include_str!("../password/typed.tsv").lines().take(300);
    let typed: Vec<&str> = typed.filter_map(|line| Some(line.split_once('\t')?.1)).collect();
    let desk = Desk::new();
    desk.write("users.json", export(&typed));
    let told = "the passwords are 300 plain text (first: record 1), and keep_password = true would store plain text readable\n";
    refused(&desk, told);
    let did = desk.ferry("stage users.json").ok(2);
    assert!(did.err.contains("keep_password = false under [target] lets the provider hash them"));
}

#[test]
fn a_salt_that_nobody_has_mapped_is_found_by_a_known_password() {
    let desk = Desk::new();
    let users = json!([{"uid": "1", "pwd": DISCUZ, "town": "Bonn", "profile": {"s": "x9"}}]);
    desk.write("users.json", users.to_string());
    desk.write("userferry.toml", "[mapping]\nexternalId = \"uid\"\npassword = \"pwd\"\n");
    desk.ferry("stage users.json").ok(0);
    desk.write("right", "secret");
    let verify = "password verify --key 1 --password-file right";
    let did = desk.ferry(verify).ok(3);
    let (_, rule) = did.err.trim_end().split_once("userferry remap: ").unwrap();
    assert!(rule.contains("salt = \"profile.s\""), "{rule}");
    // What it says is what is needed.
    desk.write("userferry.toml", format!("[mapping]\nexternalId = \"uid\"\n{rule}\n"));
    desk.ferry("remap").ok(0);
    desk.ferry(verify).ok(0);
    for hidden in ["secret", DISCUZ, "x9", "Bonn"] {
        assert!(!did.out.contains(hidden) && !did.err.contains(hidden), "{}", did.err);
    }
}

const SALTED: &str = "[mapping]\nexternalId = \"uid\"\npassword = { scheme = \"md5\", hash = \"pwd\", salt = \"salt\", order = \"ORDER\" }\n";

#[test]
fn one_known_password_proves_the_column_the_scheme_and_the_order() {
    let desk = Desk::new();
    let users = json!([
        {"uid": "1", "pwd": BCRYPT},
        {"uid": "2", "pwd": DISCUZ, "salt": "x9"},
        {"uid": "3"},
    ]);
    desk.write("users.json", users.to_string());
    desk.write("userferry.toml", SALTED.replace("ORDER", "salt+password"));
    desk.ferry("stage users.json").ok(0);
    desk.write("right", "secret\n");
    let verify =
        |key: &str| desk.ferry(&format!("password verify --key {key} --password-file right"));
    assert_eq!(
        verify("1").ok(0).out,
        "DIR/users.json, record 1: the password matches its hash (bcrypt, cost 4)\n"
    );
    let did = verify("2").ok(3);
    assert_eq!(
        did.out,
        "DIR/users.json, record 2: the password does not match its hash (salted-md5)\n"
    );
    let order = "It does with this in the mapping, then userferry remap: password = { scheme = \"md5\", hash = \"pwd\", \
                 salt = \"salt\", order = \"md5(password)+salt\" }\n";
    assert_eq!(did.err, order);
    desk.write("userferry.toml", SALTED.replace("ORDER", "md5(password)+salt"));
    let did = verify("2").ok(3);
    let told =
        "It does with the new rule, and the settings file says so already: userferry remap\n";
    assert_eq!(did.err, told);
    desk.ferry("remap").ok(0);
    verify("2").ok(0);
    assert!(verify("3").ok(2).err.contains("this user has no password"));
    assert!(verify("4").ok(2).err.contains("no row has the key 4"));
    let did = desk.pipe("password verify --key 2 --password-file -", "wrong").ok(3);
    assert!(did.err.contains("Is it this user's password?"), "{}", did.err);
    let did = desk.ferry("password verify --key 1").ok(2);
    assert!(did.err.contains("--password-file"), "{}", did.err);
    for did in [verify("1"), verify("2"), did] {
        for hidden in ["secret", BCRYPT, DISCUZ, "x9"] {
            assert!(!did.out.contains(hidden) && !did.err.contains(hidden), "{}", did.out);
        }
    }
}

/// better-auth's scrypt, a salt with its SHA-512 and an MD5 digest with its salt look alike (tests/password/either.jsonl).
#[test]
fn what_may_be_better_auths_or_a_salted_digest_is_named_so_and_settled_by_a_password() {
    let desk = Desk::new();
    let vectors = include_str!("../password/either.jsonl").lines();
    let vectors: Vec<Value> = vectors.map(|line| serde_json::from_str(line).unwrap()).collect();
    let of = |name: &str| {
        let is_it = |v: &&Value| {
            v["password"] == "secret"
                && v["by"].as_str().unwrap().ends_with(name)
                && v.get("rule").is_none()
        };
        vectors.iter().find(is_it).unwrap()["stored"].clone()
    };
    let rows = [
        ("1", "hashlib, scrypt"),
        ("2", "hashlib, salt+password"),
        ("3", "hashlib, md5(password)+salt"),
        ("4", "hashlib, md5 of password+salt"),
    ];
    let users: Vec<Value> =
        rows.iter().map(|(id, name)| json!({"uid": id, "password": of(name)})).collect();
    desk.write("users.json", json!(users).to_string());
    let or = "or a digest and its salt: password verify tells which";
    desk.ferry("init --from users.json").ok(0);
    let settings = desk.read("userferry.toml");
    assert!(
        settings.contains(&format!("better-auth ({or})")) && settings.contains("short = true"),
        "{settings}"
    );
    assert!(desk.ferry("check users.json").ok(0).out.contains(or));
    // As they are, and shorter.
    for mapping in [None, Some(settings)] {
        desk.write(
            "userferry.toml",
            mapping.unwrap_or_else(|| {
                "[mapping]\nexternalId = \"uid\"\npassword = \"password\"\n".to_owned()
            }),
        );
        let _ = std::fs::remove_file(desk.path("userferry.db"));
        desk.ferry("stage users.json").ok(0);
        for (n, told) in [
            (1, "the password matches its hash (better-auth, N 16384)"),
            (
                2,
                "the password matches its hash (a salt and its SHA-512, salt+password; not better-auth)",
            ),
            (
                3,
                "the password matches its hash (a salt and its SHA-512, md5(password)+salt; not better-auth)",
            ),
            (
                4,
                "the password matches its hash (a salt and its MD5, password+salt; not better-auth)",
            ),
        ] {
            let verify = format!("password verify --record {n} --password-file -");
            let did = desk.pipe(&verify, "secret").ok(0);
            assert_eq!(did.out, format!("DIR/users.json, record {n}: {told}\n"));
            desk.pipe(&verify, "Secret").ok(3);
        }
    }
}

#[test]
fn a_password_is_tried_on_the_record_at_a_place() {
    let desk = Desk::new();
    let users = |n: u32| json!([{"uid": format!("{n}1"), "pwd": BCRYPT}, {"uid": format!("{n}2"), "pwd": BCRYPT}]);
    desk.write("userferry.toml", SALTED.replace("ORDER", "salt+password"));
    desk.write("a.json", users(1).to_string());
    desk.ferry("stage a.json").ok(0);
    let verify = |place: &str, password: &str| {
        desk.pipe(&format!("password verify {place} --password-file -"), password)
    };
    let told = "DIR/a.json, record 2: the password matches its hash (bcrypt, cost 4)\n";
    assert_eq!(verify("--record 2", "secret").ok(0).out, told);
    assert!(
        verify("--record 2", "wrong").ok(3).out.contains("record 2: the password does not match")
    );
    assert!(verify("--record 3", "secret").ok(2).err.contains("no row comes from record 3"));
    desk.write("b.json", users(2).to_string());
    desk.ferry("stage b.json").ok(0);
    assert!(verify("--record 2", "secret").ok(2).err.contains("record 2 of 2 sources"));
    assert_eq!(verify("--record 2 --source a.json", "secret").ok(0).out, told);
    // One of the two ways, and a source only with a number.
    for wrong in ["", "--key 11 --record 1", "--source a.json", "--key 11 --source a.json"] {
        verify(wrong, "secret").ok(2);
    }
}

/// No column and no order belongs to a hash that carries its own salt.
#[test]
fn of_a_hash_with_its_own_salt_it_is_only_said_that_the_password_does_not_match() {
    let desk = Desk::new();
    // `printf x9secret | md5sum`.
    let md5 = "c4e0116b9f257a61c92fa4751ce45077";
    let users =
        json!([{"uid": "1", "password": BCRYPT, "salt": "x9"}, {"uid": "2", "password": md5}]);
    desk.write("users.json", users.to_string());
    desk.ferry("stage users.json").ok(0);
    let did = desk.pipe("password verify --key 1 --password-file -", "wrong").ok(3);
    let told = "DIR/users.json, record 1: the password does not match its hash (bcrypt, cost 4)\n";
    assert_eq!((did.out.as_str(), did.err.as_str()), (told, ""));
    let did = desk.pipe("password verify --key 2 --password-file -", "wrong").ok(3);
    assert!(did.err.contains("were tried"), "{}", did.err);
}

/// One column of two digests, and none that names the scheme.
#[test]
fn a_program_tells_the_scheme_of_each_hash_from_the_check_to_the_proof() {
    let desk = Desk::new();
    // `printf x9secret | md5sum`, and sha256sum.
    let (md5, sha256) = (
        "c4e0116b9f257a61c92fa4751ce45077",
        "2a8b46486e23ea60366e324d27c0c3cd6de63e93f7b0e8e662ee5bf3a1c33a7f",
    );
    let users = json!([
        {"uid": "1", "pwd": md5, "salt": "x9"},
        {"uid": "2", "pwd": sha256, "salt": "x9"},
    ]);
    desk.write("users.json", users.to_string());
    let settings = |scheme: &str| {
        let rule =
            format!("{{ {scheme}, hash = \"pwd\", salt = \"salt\", order = \"salt+password\" }}");
        desk.write(
            "userferry.toml",
            format!("[mapping]\nexternalId = \"uid\"\npassword = {rule}\n"),
        );
    };
    settings("scheme = \"md5\"");
    let did = desk.ferry("check users.json").ok(3);
    let told = "1 x pwd (goes to password): 64 hexadecimal digits, where md5 has 32; if the column has hashes of \
                several schemes, scheme_from = { jq = '…' } says which (password); in users.json, record 2, line 1";
    assert!(did.err.contains(told) || did.out.contains(told), "{}{}", did.out, did.err);
    settings("scheme_from = { jq = 'if (.pwd | length' }");
    let did = desk.ferry("check users.json").ok(2);
    assert!(
        did.err.contains(
            "userferry.toml, line 3, column 53: mapping of `password`: jq: closing parenthesis"
        ),
        "{}",
        did.err
    );
    settings("scheme_from = { jq = 'if (.pwd | length) == 32 then \"md5\" else \"sha256\" end' }");
    let did = desk.ferry("check users.json").ok(0);
    assert!(did.out.contains("salted-md5") && did.out.contains("salted-sha256"), "{}", did.out);
    desk.ferry("stage users.json").ok(0);
    desk.write("right", "secret\n");
    for key in ["1", "2"] {
        desk.ferry(&format!("password verify --key {key} --password-file right")).ok(0);
    }
    let did = desk.ferry("preview --key 2").ok(0);
    assert!(did.out.contains("the scheme that a jq program names"), "{}", did.out);
    assert!(!did.out.contains(sha256), "{}", did.out);
}

#[test]
fn the_function_is_written_for_what_was_found() {
    let desk = Desk::new();
    let yescrypt = format!("$y$j9T$salt${}", "x".repeat(43));
    desk.write("users.json", export(&[BCRYPT, BCRYPT, DISCUZ, &yescrypt]));
    desk.ferry("stage users.json").ok(0);
    for (line, directory) in
        [("", "a"), ("--from users.json", "b"), ("--scheme bcrypt,hex-md5,yescrypt", "c")]
    {
        let did = desk.ferry(&format!("password function {line} -o {directory}"));
        let counted = if line.starts_with("--scheme") {
            did.ok(0)
        } else {
            let did = did.ok(3);
            assert!(
                did.err.contains(&format!("Wrote {directory} for bcrypt (2), hex-md5 (1)\n")),
                "{}",
                did.err
            );
            assert!(did.err.contains("1 user: yescrypt is not in it"), "{}", did.err);
            did
        };
        assert!(counted.err.contains("yescrypt is not in it: no kept package"), "{}", counted.err);
        let test = format!("Test it: (cd {directory} && npm ci --omit=dev && node self-test.js)");
        assert!(counted.err.contains(&test), "{}", counted.err);
        for name in [
            "index.js",
            "package.json",
            "package-lock.json",
            "README.md",
            "self-test.js",
            "schemes/bcrypt.js",
        ] {
            assert!(desk.path(directory).join(name).is_file(), "{name}");
        }
        assert!(!desk.path(directory).join("schemes/ldap.js").exists());
        assert_eq!(desk.read(&format!("{directory}/index.js")), desk.read("a/index.js"));
    }
    let did = desk.ferry("password function -o a").ok(2);
    assert!(did.err.contains("a is there already, and not empty"), "{}", did.err);
    assert!(did.err.contains("replace the function in it with --force"), "{}", did.err);
    let did = desk.ferry("password function --scheme rot13 -o d").ok(2);
    assert!(
        did.err.contains("`rot13` is no scheme") && did.err.contains("bcrypt, "),
        "{}",
        did.err
    );
    desk.write("plain.json", export(&["geheim"]));
    let did = desk.ferry("password function --from plain.json -o d").ok(2);
    assert!(did.err.contains("no hash that a custom password function could check"), "{}", did.err);
    assert!(!desk.path("d").exists());
    // An export without any.
    desk.write("userferry.toml", "[mapping]\nexternalId = \"uid\"\n");
    let did = desk.ferry("password function --from plain.json -o d").ok(2);
    assert!(did.err.starts_with("error: no password is mapped"), "{}", did.err);
    assert!(!did.err.contains("plain text"), "{}", did.err);
}

/// With `--force` a function takes the place of one that was written before, and of nothing else.
#[test]
fn a_function_is_written_again_over_itself_alone() {
    let desk = Desk::new();
    let write = |schemes: &str, more: &str| {
        desk.ferry(&format!("password function --scheme {schemes} -o f {more}"))
    };
    write("bcrypt,hex-md5", "--force").ok(0);
    let md5 = desk.read("f/index.js");
    assert!(desk.path("f/schemes/bcrypt.js").is_file());
    // As `npm ci` leaves it.
    std::fs::create_dir_all(desk.path("f/node_modules/hash-wasm")).unwrap();
    desk.write("f/limits.json", "{}");
    write("hex-md5", "").ok(2);
    assert_eq!(
        (desk.read("f/limits.json"), desk.read("f/index.js")),
        ("{}".to_owned(), md5.clone())
    );
    write("hex-md5", "--force").ok(0);
    assert!(!desk.path("f/schemes/bcrypt.js").exists() && desk.path("f/schemes/hex.js").is_file());
    assert!(desk.read("f/limits.json").len() > 2 && desk.read("f/index.js") != md5);
    assert!(desk.path("f/node_modules/hash-wasm").is_dir());
    // The parameters that a person wrote in stay as long as they are of use.
    desk.write("f/firebase.json", PARAMETERS);
    let did = write("firebase-scrypt,hex-md5", "--force").ok(0);
    assert!(!did.err.contains("are missing"), "{}", did.err);
    assert_eq!(desk.read("f/firebase.json"), PARAMETERS);
    write("hex-md5", "--force").ok(0);
    assert!(!desk.path("f/firebase.json").exists());
    // What else may be in a folder stays.
    desk.write("f/schemes/own.js", "own");
    let did = write("hex-md5", "--force").ok(2);
    assert!(did.err.contains("f is there already, and not empty"), "{}", did.err);
    assert!(did.err.contains("replaces nothing but a function"), "{}", did.err);
    let did = desk.ferry("password function --scheme hex-md5 -o . --force").ok(2);
    assert!(did.err.contains(". is there already, and not empty"), "{}", did.err);
    desk.write("index.js", "mine");
    desk.ferry("password function --scheme hex-md5 -o index.js --force").ok(2);
    assert_eq!(desk.read("index.js"), "mine");
}

/// What is not sent needs no function.
#[test]
fn the_function_is_for_the_passwords_of_rows_that_are_sent() {
    let desk = Desk::new();
    let hashes = vec![BCRYPT; 40];
    let mut users: Value = serde_json::from_str(&export(&hashes)).unwrap();
    users[7]["mail"] = json!("none");
    users[7]["password"] = json!("geheim789");
    users.as_array_mut().unwrap().push(json!({"uid": "99", "password": "geheim789"}));
    desk.write("users.json", users.to_string());
    desk.ferry("stage users.json").ok(3);
    let is_told = |directory: &str, line: &str, left_out: &str| {
        let did = desk.ferry(&format!("password function {line} -o {directory}")).ok(0);
        let wrote = format!("{left_out}Wrote {directory} for bcrypt (39)\n");
        assert!(did.err.starts_with(&wrote), "{}", did.err);
        assert!(!did.err.contains("is not in it"), "{}", did.err);
    };
    // They may be corrected, and sent then.
    let invalid = "warning: the passwords of 2 invalid rows are left out; once the records are corrected, write the function again with --force\n";
    is_told("a", "", invalid);
    is_told("b", "--from users.json", "");
    desk.ferry("waive --status invalid --reason left").ok(0);
    is_told("c", "", "");
    // What is accepted goes as it is.
    let desk = Desk::new();
    desk.write("users.json", users.to_string());
    desk.ferry("stage users.json --accept-passwords").ok(3);
    let did = desk.ferry("password function -o a").ok(3);
    assert!(did.err.contains("1 user: plain is not in it"), "{}", did.err);
}

#[test]
fn firebases_parameters_go_into_the_function_and_nowhere_else() {
    let desk = Desk::new();
    // Google's own example.
    let user = json!({"localId": "1", "passwordHash": HASH, "salt": "42xEC+ixf3L2lw=="});
    desk.write("users.json", json!([user]).to_string());
    desk.write("parameters", PARAMETERS);
    desk.write(
        "userferry.toml",
        "[mapping]\nexternalId = \"localId\"\npassword = { scheme = \"firebase-scrypt\", hash = \"passwordHash\", salt = \"salt\" }\n",
    );
    desk.ferry("stage users.json").ok(0);
    desk.write("right", "user1password");
    let did = desk.ferry("password verify --key 1 --password-file right").ok(2);
    assert!(did.err.contains("--firebase FILE"), "{}", did.err);
    let did =
        desk.ferry("password verify --key 1 --password-file right --firebase parameters").ok(0);
    assert!(did.out.contains("matches its hash (firebase-scrypt)"), "{}", did.out);
    // What cannot let anybody in is not ready.
    let did = desk.ferry("password function -o bare").ok(3);
    assert!(did.err.contains("the parameters of your Firebase project are missing"), "{}", did.err);
    assert!(did.err.contains("bare/firebase.json"), "{}", did.err);
    desk.ferry("password function --scheme firebase-scrypt -o named").ok(3);
    // With another system in the same pool.
    let did = desk
        .ferry("password function --scheme bcrypt,salted-md5,firebase-scrypt --firebase parameters -o all")
        .ok(0);
    assert!(did.err.contains("Wrote all for bcrypt, firebase-scrypt, salted-md5\n"), "{}", did.err);
    assert!(did.err.contains("--scheme bcrypt,firebase-scrypt,salted-md5,OTHERS\n"), "{}", did.err);
    for name in ["bcrypt", "firebase-scrypt", "salted"] {
        assert!(desk.path(&format!("all/schemes/{name}.js")).is_file(), "{name}");
    }
    // What is not among the schemes is not spoken of.
    desk.ferry("password function --scheme bcrypt -o other").ok(0);
    assert!(desk.read("all/README.md").contains("\"mem_cost\""));
    assert!(!desk.read("other/README.md").contains("irebase"));
    for readme in ["all/README.md", "other/README.md"] {
        assert!(desk.read(readme).contains("## 3. Try it") && !desk.read(readme).contains("<!--"));
    }
    let parameters: Value = serde_json::from_str(&desk.read("all/firebase.json")).unwrap();
    assert_eq!(parameters["rounds"], 8);
    let did = desk.ferry("password function --firebase parameters -o with").ok(0);
    assert!(!did.err.contains("warning"), "{}", did.err);
    let written: Value = serde_json::from_str(&desk.read("with/firebase.json")).unwrap();
    assert_eq!(written["mem_cost"], 14);
    desk.write("parameters", "{\"rounds\": 8}");
    let did =
        desk.ferry("password verify --key 1 --password-file right --firebase parameters").ok(2);
    assert!(did.err.contains("parameters: base64_signer_key, "), "{}", did.err);
}

const HASH: &str =
    "lSrfV15cpx95/sZS2W9c9Kp6i/LVgQNDNC/qzrCnh1SAyZvqmZqAjTdn3aoItz+VHjoZilo78198JAdRuid5lQ==";
const PARAMETERS: &str = "hash_config {
  algorithm: SCRYPT,
  base64_signer_key: jxspr8Ki0RYycVU8zykbdLGjFQ3McFUH0uiiTvC8pVMXAn210wjLNmdZJzxUECKbm0QsEmYUSDzZvpjeJ9WmXA==,
  base64_salt_separator: Bw==,
  rounds: 8,
  mem_cost: 14,
}
";
