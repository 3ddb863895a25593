//! What newer exports say of users who are done: who is told, of whom, and until when.

use super::Desk;
use crate::process::Rig;

const MAPPING: &str =
    "[mapping]\nexternalId = \"id\"\nemail = \"mail\"\nblocked = \"banned\"\nname = \"name\"\n";

struct Told {
    rig: Rig,
    desk: Desk,
}

impl Told {
    fn by(mapping: &str) -> Self {
        let rig = Rig::start(&[]);
        let desk = Desk::at(&rig.sandbox.url);
        desk.write("userferry.toml", mapping);
        Self { rig, desk }
    }

    fn file(&self, name: &str, records: &[&str]) {
        self.desk.write(name, records.join("\n") + "\n");
    }

    /// Key, place and word of each line that is told.
    #[track_caller]
    fn listed(&self) -> Vec<String> {
        let out = self.desk.ferry("failures --newer --json").ok(0).out;
        let rows: serde_json::Value = serde_json::from_str(&out).unwrap();
        let line = |row: &serde_json::Value| {
            let file = row["source"].as_str().unwrap().rsplit('/').next().unwrap();
            format!(
                "{} {} {file}:{}",
                row["key"].as_str().unwrap(),
                row["newer"].as_str().unwrap(),
                row["record"]
            )
        };
        rows.as_array().unwrap().iter().map(line).collect()
    }
}

const OLD: &str = r#"{"id":"1","mail":"old@example.com","banned":true}"#;
const NEW: &str = r#"{"id":"1","mail":"new@example.com","banned":false}"#;

/// README's way for two records of one id: the one that is out of date is let go.
#[test]
fn a_record_that_was_let_go_as_outdated_is_no_news() {
    let told = Told::by(MAPPING);
    told.file("u.jsonl", &[OLD, NEW]);
    told.desk.ferry("stage u.jsonl").ok(3);
    told.desk.ferry("waive --key 1 --record 1 --reason outdated").ok(0);
    told.desk.ferry("stage --replace u.jsonl").ok(0);
    let err = told.desk.ferry("run").ok(0).err;
    assert!(!err.contains("to block"), "{err}");
    assert_eq!(told.listed(), [""; 0]);
    assert_eq!(told.rig.creates().len(), 1);
    let err = told.desk.ferry("stage --replace u.jsonl").ok(0).err;
    assert!(!err.contains("block"), "{err}");
    assert_eq!(told.listed(), [""; 0]);
}

/// Of another file: it is told until somebody lets go of that very record.
#[test]
fn a_newer_record_is_told_until_it_is_let_go() {
    let told = Told::by(MAPPING);
    told.file("u.jsonl", &[NEW]);
    told.desk.ferry("stage u.jsonl").ok(0);
    told.desk.ferry("run").ok(0);
    told.file("n.jsonl", &[OLD]);
    told.desk.ferry("stage n.jsonl").ok(3);
    let blocked = ["1 blocked n.jsonl:1"];
    assert_eq!(told.listed(), blocked);
    // With all that are invalid: nobody has looked at this one.
    told.desk.ferry("waive --status invalid --reason duplicates").ok(0);
    assert_eq!(told.listed(), blocked);
    told.desk.ferry("waive --undo --status invalid").ok(0);
    told.desk.ferry("waive --key 1 --record 1 --source n.jsonl --reason outdated").ok(0);
    assert_eq!(told.listed(), [""; 0]);
    told.desk.ferry("waive --undo --key 1 --record 1 --source n.jsonl").ok(0);
    assert_eq!(told.listed(), blocked);
}

/// Two records of one source are two people, in whatever order a later export has them.
#[test]
fn a_twin_is_no_news_of_the_other() {
    let told = Told::by(MAPPING);
    told.file("u.jsonl", &[NEW, OLD]);
    told.desk.ferry("stage u.jsonl").ok(3);
    told.desk.ferry("run").ok(3);
    for records in [&[OLD, NEW][..], &[NEW, OLD], &[OLD]] {
        for replace in ["", "--replace "] {
            told.file("u.jsonl", records);
            let err = told.desk.ferry(&format!("stage {replace}u.jsonl")).ok(3).err;
            assert!(!err.contains("to block") && !err.contains("sign in"), "{records:?}: {err}");
            assert_eq!(told.listed(), [""; 0], "{replace}{records:?}");
        }
    }
}

/// The first of its key never got through; who is in the directory is another.
#[test]
fn whoever_is_done_is_told_of_also_where_another_row_of_the_key_came_first() {
    let told = Told::by(MAPPING);
    let (a, b) = (r#"{"id":"1","name":"A"}"#, r#"{"id":"1","name":"B"}"#);
    told.file("u.jsonl", &[a, b]);
    told.desk.ferry("stage u.jsonl").ok(3);
    told.desk.ferry("waive --key 1 --record 1 --reason other").ok(0);
    told.desk.ferry("stage --replace u.jsonl").ok(0);
    told.desk.ferry("run").ok(0);
    told.desk.ferry("waive --undo --key 1 --record 1").ok(0);
    told.file("n.jsonl", &[r#"{"id":"1","name":"B","banned":true}"#]);
    for replace in ["", "--replace "] {
        let err = told.desk.ferry(&format!("stage {replace}n.jsonl")).ok(3).err;
        assert!(err.contains("1 record says by now that its user may not sign in"), "{err}");
        assert_eq!(told.listed(), ["1 blocked n.jsonl:1"]);
    }
}

#[test]
fn after_another_key_whoever_is_done_is_told_of() {
    let told = Told::by(MAPPING);
    let bad = r#"{"id":"x","alt":"K","mail":"bad"}"#;
    told.file("u.jsonl", &[bad, r#"{"id":"K","alt":"K"}"#]);
    told.desk.ferry("stage u.jsonl").ok(3);
    told.desk.ferry("run").ok(3);
    told.desk.write("userferry.toml", MAPPING.replace("\"id\"", "\"alt\""));
    told.desk.ferry("remap").ok(3);
    told.file("n.jsonl", &[r#"{"id":"K","alt":"K","banned":true}"#]);
    for replace in ["", "--replace "] {
        told.desk.ferry(&format!("stage {replace}n.jsonl")).ok(3);
        assert_eq!(told.listed(), ["K blocked n.jsonl:1"]);
    }
}

/// A file that was cut off, and is whole without that user.
#[test]
fn a_source_that_begins_anew_takes_back_what_it_said_alone() {
    let told = Told::by(MAPPING);
    told.file("u.jsonl", &[NEW]);
    told.desk.ferry("stage u.jsonl").ok(0);
    told.desk.ferry("run").ok(0);
    told.file("n.jsonl", &[OLD]);
    told.desk.ferry("stage --replace n.jsonl").ok(3);
    let blocked = ["1 blocked n.jsonl:1"];
    assert_eq!(told.listed(), blocked);
    // What the cut-off one says of the user: something else, or what was sent.
    for says in [r#"{"id":"1","mail":"z@example.com","banned":false}"#, NEW] {
        told.desk.write("m.json", format!("[{says},\n{{\"id\":\"9\"}},\n{{\"id\""));
        told.desk.ferry("stage --replace m.json").ok(2);
        assert_ne!(told.listed(), blocked, "{says}");
        told.desk.write("m.json", "[{\"id\":\"9\"}]");
        told.desk.ferry("stage --replace --restart m.json").ok(0);
        assert_eq!(told.listed(), blocked, "{says}");
    }
}

/// The first users were sent before anybody saw that nothing said who is banned.
#[test]
fn whoever_was_sent_as_one_who_may_is_told_of_though_the_mapping_says_it_today() {
    let unsaid = "[mapping]\nexternalId = \"id\"\nemail = \"mail\"\n";
    let told = Told::by(unsaid);
    let user = |n: u32, mail: &str| {
        format!("{{\"id\":\"{n}\",\"mail\":\"{mail}{n}@example.com\",\"banned\":{}}}", n == 1)
    };
    told.file("u.jsonl", &[&user(1, "a"), &user(2, "a")]);
    told.desk.ferry("stage u.jsonl").ok(0);
    told.desk.ferry("run --limit 2").ok(0);
    // Before the rule is there: it differs, and then nobody knows.
    told.file("before.jsonl", &[&user(1, "b")]);
    told.desk.ferry("stage --replace before.jsonl").ok(3);
    assert_eq!(told.listed(), ["1 differs before.jsonl:1"]);
    told.desk.write("userferry.toml", MAPPING);
    told.desk.ferry("remap").ok(0);
    assert_eq!(told.listed(), ["1 state-unknown before.jsonl:1"]);
    let err = told.desk.ferry("stage --replace before.jsonl").ok(3).err;
    assert!(err.contains("1 record says by now that its user may not sign in"), "{err}");
    assert_eq!(told.listed(), ["1 blocked before.jsonl:1"]);
    told.file("after.jsonl", &[&user(1, "c"), &user(2, "c")]);
    told.desk.ferry("stage --replace after.jsonl").ok(3);
    assert_eq!(told.listed(), ["1 blocked after.jsonl:1", "2 differs after.jsonl:2"]);
}

#[test]
fn a_record_that_says_nothing_unblocks_nobody() {
    let told = Told::by(MAPPING);
    told.file("u.jsonl", &[OLD]);
    told.desk.ferry("stage u.jsonl").ok(0);
    told.desk.ferry("run").ok(0);
    for (says, word) in [
        (r#"{"id":"1","mail":"x@example.com"}"#, "state-unknown"),
        (r#"{"id":"1","mail":"y@example.com","banned":null}"#, "state-unknown"),
        (r#"{"id":"1","mail":"z@example.com","banned":false}"#, "unblocked"),
        (r#"{"id":"1","mail":"z@example.com","banned":true}"#, "differs"),
    ] {
        told.file("n.jsonl", &[says]);
        told.desk.ferry("stage --replace n.jsonl").ok(3);
        assert_eq!(told.listed(), [format!("1 {word} n.jsonl:1")]);
    }
}

/// Whoever is kept out stays that, also where the file was cut off behind the record.
#[test]
fn a_source_that_goes_on_tells_who_is_kept_out() {
    let told = Told::by(MAPPING);
    told.file("u.jsonl", &[r#"{"id":"1"}"#, r#"{"id":"2"}"#, r#"{"id":"3"}"#]);
    told.desk.ferry("stage u.jsonl").ok(0);
    told.desk.ferry("waive --key 2 --reason left").ok(0);
    let whole = "[{\"id\":\"1\"},\n{\"id\":\"2\",\"name\":\"B\"},\n{\"id\":\"4\"}]";
    told.desk.write("n.json", &whole[..whole.len() - 6]);
    told.desk.ferry("stage n.json").ok(2);
    told.desk.write("n.json", whole);
    let err = told.desk.ferry("stage n.json").ok(0).err;
    assert!(err.contains("1 newer record not taken: its user was let go by its key"), "{err}");
    assert!(!err.contains("its user is done"), "{err}");
}

/// What is not sent is no news, and what is sent alike is none either.
#[test]
fn what_would_be_sent_alike_is_no_news() {
    let told = Told::by(
        "[mapping]\nexternalId = \"id\"\npassword = \"hash\"\nblocked = { from = \"banned\", as = \"bool\" }\n",
    );
    let record = |hash: char, more: &str| {
        format!("{{\"id\":\"1\",\"hash\":\"$2b$10${}\",{more}}}", hash.to_string().repeat(53))
    };
    told.file("u.jsonl", &[&record('x', "\"banned\":\"t\",\"visits\":1")]);
    told.desk.ferry("stage u.jsonl").ok(0);
    told.desk.ferry("run").ok(0);
    told.file("n.jsonl", &[&record('x', "\"banned\":1,\"visits\":2")]);
    let err = told.desk.ferry("stage --replace n.jsonl").ok(3).err;
    assert!(!err.contains("newer record"), "{err}");
    assert_eq!(told.listed(), [""; 0]);
    told.file("m.jsonl", &[&record('y', "\"banned\":1,\"visits\":3")]);
    told.desk.ferry("stage --replace m.jsonl").ok(3);
    let out = told.desk.ferry("failures --newer=differs --format csv").ok(0).out;
    assert!(out.ends_with(",1,created,differs,password\n"), "{out}");
    let out = told.desk.ferry("failures --newer=blocked --format jsonl").ok(0).out;
    assert_eq!(out, "");
    let err = told.desk.ferry("failures --newer=wrong").ok(2).err;
    assert!(
        err.contains("blocked, state-unknown, unblocked, differs, kept-out is expected"),
        "{err}"
    );
    // Who has the first state again is as was sent.
    told.file("o.jsonl", &[&record('x', "\"banned\":1,\"visits\":4")]);
    told.desk.ferry("stage --replace o.jsonl").ok(3);
    assert_eq!(told.listed(), [""; 0]);
}

/// Yesterday's export was staged once more by mistake, and taken out again.
#[test]
fn a_wrong_source_that_is_let_go_leaves_what_others_said() {
    for replace in ["", "--replace "] {
        let told = Told::by(MAPPING);
        let users = |name: &str, off: &str| {
            (1..4)
                .map(|n| {
                    format!(
                        "{{\"id\":\"{n}\",\"name\":\"{name}\",\"banned\":{}}}",
                        off.contains(&n.to_string())
                    )
                })
                .collect::<Vec<_>>()
                .join("\n")
        };
        told.file("u.jsonl", &[&users("A", "")]);
        told.desk.ferry("stage u.jsonl").ok(0);
        told.desk.ferry("run").ok(0);
        told.file("day2.jsonl", &[&users("A", "12")]);
        told.desk.ferry(&format!("stage {replace}day2.jsonl")).ok(3);
        let blocked = ["1 blocked day2.jsonl:1", "2 blocked day2.jsonl:2"];
        assert_eq!(told.listed(), blocked);
        // User 1 as it was sent, the others otherwise.
        let wrong = users("A", "").lines().next().unwrap().to_owned() + "\n" + &users("B", "");
        let wrong: Vec<&str> =
            wrong.lines().filter(|line| !line.contains("\"1\",\"name\":\"B\"")).collect();
        told.file("wrong.jsonl", &wrong);
        told.desk.ferry(&format!("stage {replace}wrong.jsonl")).ok(3);
        assert_ne!(told.listed(), blocked);
        told.desk.ferry("waive --source wrong.jsonl --reason mistake").ok(0);
        assert_eq!(told.listed(), blocked, "{replace}");
        told.desk.ferry("waive --source wrong.jsonl --undo").ok(0);
        assert_ne!(told.listed(), blocked);
    }
}
