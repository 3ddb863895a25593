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
        // The wrong file has user 1 as the user was sent, and users 2 and 3 with another name.
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

const SENT: &str = r#"{"id":"1","mail":"a@example.com","banned":false}"#;
const SHUT: &str = r#"{"id":"1","mail":"a@example.com","banned":true}"#;
const OTHER: &str = r#"{"id":"1","mail":"b@example.com","banned":false}"#;

impl Told {
    /// User 1 is done, as [`SENT`].
    fn sent() -> Self {
        let told = Self::by(MAPPING);
        told.file("u.jsonl", &[SENT]);
        told.desk.ferry("stage u.jsonl").ok(0);
        told.desk.ferry("run").ok(0);
        told
    }

    fn stage(&self, name: &str, records: &[&str]) {
        self.file(name, records);
        self.desk.ferry(&format!("stage --replace {name}"));
    }

    fn let_go(&self, name: &str) {
        self.desk.ferry(&format!("waive --source {name} --reason mistake")).ok(0);
    }
}

/// It was a mistake, and is right by now.
#[test]
fn a_source_that_was_let_go_and_is_staged_again_tells_again() {
    for how in ["stage --replace --restart n.json", "stage --replace n.json"] {
        let told = Told::sent();
        told.desk.write("n.json", format!("[{SHUT},\n{{\"id\""));
        told.desk.ferry("stage --replace n.json").ok(2);
        assert_eq!(told.listed(), ["1 blocked n.json:1"]);
        told.let_go("n.json");
        assert_eq!(told.listed(), [""; 0]);
        told.desk.write("n.json", format!("[{SHUT},\n{{\"id\":\"2\"}}]"));
        told.desk.ferry(how);
        assert_eq!(told.listed(), ["1 blocked n.json:1"], "{how}");
    }
    // Whole and unchanged it is not read again, but says so.
    let told = Told::sent();
    told.stage("n.jsonl", &[SHUT]);
    told.let_go("n.jsonl");
    let err = told.desk.ferry("stage n.jsonl").ok(0).err;
    assert!(err.contains("it was let go as a whole"), "{err}");
    told.desk.ferry("waive --source n.jsonl --undo").ok(0);
    assert_eq!(told.listed(), ["1 blocked n.jsonl:1"]);
}

#[test]
fn what_stood_in_a_wrong_source_counts_in_the_right_one() {
    let told = Told::sent();
    told.file("s2.jsonl", &[SHUT, r#"{"id":"stranger"}"#]);
    told.desk.ferry("stage s2.jsonl").ok(3);
    told.let_go("s2.jsonl");
    assert_eq!(told.listed(), [""; 0]);
    told.file("s3.jsonl", &[SHUT]);
    for how in ["stage s3.jsonl", "stage --replace s3.jsonl"] {
        told.desk.ferry(how);
        assert_eq!(told.listed(), ["1 blocked s3.jsonl:1"], "{how}");
    }
}

/// An old record is corrected though a newer one is there, which nobody has let go.
#[test]
fn a_correction_of_an_old_record_leaves_what_a_newer_one_says() {
    let mapping = format!("{MAPPING}signedUp = {{ from = \"since\", as = \"date\" }}\n");
    let old = |since: &str| {
        format!(
            "{{\"id\":\"1\",\"mail\":\"a@example.com\",\"banned\":false,\"since\":\"{since}\"}}"
        )
    };
    for (newest, expected) in [
        (r#"{"id":"1","mail":"b@example.com","banned":true}"#, &["1 blocked s2.jsonl:1"][..]),
        (r#"{"id":"1","mail":"b@example.com","banned":false}"#, &["1 differs s2.jsonl:1"]),
    ] {
        let told = Told::by(&mapping);
        told.file("u.jsonl", &[&old("wrong")]);
        told.desk.ferry("stage u.jsonl").ok(3);
        told.file("s2.jsonl", &[newest]);
        told.desk.ferry("stage s2.jsonl").ok(3);
        told.stage("fix.jsonl", &[&old("2024-01-31")]);
        told.desk.ferry("run").ok(3);
        assert_eq!(told.rig.creates().len(), 1);
        assert_eq!(told.listed(), expected);
    }
}

/// On the second day `--replace` was forgotten, and the duplicates were let go all together.
#[test]
fn a_record_that_was_let_go_is_no_news_of_one_that_came_after_it_but_for_who_is_shut_out() {
    let record = |banned: bool, name: &str| {
        format!(
            "{{\"id\":\"1\",\"mail\":\"a@example.com\",\"banned\":{banned},\"name\":\"{name}\"}}"
        )
    };
    for (days, expected) in [
        ([true, false, true], &[""; 0][..]),
        ([false, false, false], &[]),
        // The last may correct the first: nobody who was shut out is let in unseen.
        ([false, true, false], &["1 blocked s2.jsonl:1"]),
    ] {
        let told = Told::by(MAPPING);
        told.file("u.jsonl", &[&record(days[0], "A")]);
        told.desk.ferry("stage u.jsonl").ok(0);
        told.file("s2.jsonl", &[&record(days[1], "B")]);
        told.desk.ferry("stage s2.jsonl").ok(3);
        told.desk.ferry("waive --status invalid --reason duplicates").ok(0);
        told.stage("s3.jsonl", &[&record(days[2], "C")]);
        told.desk.ferry("run").ok(0);
        assert_eq!(told.rig.creates()[0]["stored"]["name"], "C");
        assert_eq!(told.listed(), expected, "{days:?}");
    }
}

/// What was sent is out of date, so what came before is not.
#[test]
fn a_record_like_the_one_that_was_sent_is_let_go_by_name() {
    let told = Told::sent();
    told.file("s2.jsonl", &[SHUT]);
    told.desk.ferry("stage s2.jsonl").ok(3);
    let alike = r#"{"id":"1","mail":"a@example.com","banned":false,"visits":4}"#;
    told.file("s3.jsonl", &[alike]);
    told.desk.ferry("stage s3.jsonl").ok(3);
    assert_eq!(told.listed(), [""; 0]);
    told.desk.ferry("waive --key 1 --record 1 --source s3.jsonl --reason outdated").ok(0);
    assert_eq!(told.listed(), ["1 blocked s2.jsonl:1"]);
    told.desk.ferry("waive --undo --key 1 --record 1 --source s3.jsonl").ok(0);
    assert_eq!(told.listed(), [""; 0]);
}

/// It says what would be sent, and only whoever is kept out needs to be told of it.
#[test]
fn whoever_is_kept_out_no_more_has_no_news_of_what_is_sent_alike() {
    let told = Told::by(MAPPING);
    told.file("u.jsonl", &[SENT]);
    told.desk.ferry("stage u.jsonl").ok(0);
    told.desk.ferry("waive --key 1 --reason left").ok(0);
    told.file("n.jsonl", &[r#"{"id":"1","mail":"a@example.com","banned":false,"visits":4}"#]);
    told.desk.ferry("stage n.jsonl").ok(0);
    assert_eq!(told.listed(), ["1 kept-out n.jsonl:1"]);
    told.desk.ferry("waive --undo --key 1").ok(0);
    told.desk.ferry("run").ok(0);
    assert_eq!(told.listed(), [""; 0]);
}

#[test]
fn a_later_source_that_has_what_was_sent_ends_it_whoever_said_so_before() {
    let told = Told::sent();
    told.stage("s2.jsonl", &[SHUT]);
    told.stage("s3.jsonl", &[SENT]);
    assert_eq!(told.listed(), [""; 0]);
    told.let_go("s3.jsonl");
    assert_eq!(told.listed(), ["1 blocked s2.jsonl:1"]);
    told.stage("s4.jsonl", &[SENT]);
    assert_eq!(told.listed(), [""; 0]);
    told.let_go("s4.jsonl");
    assert_eq!(told.listed(), ["1 blocked s2.jsonl:1"]);
}

/// A record stood under a wrong key.
#[test]
fn a_record_whose_key_is_corrected_says_nothing_of_the_wrong_one() {
    let told = Told::sent();
    let other =
        |id: &str| format!("{{\"id\":\"{id}\",\"mail\":\"e2@example.com\",\"banned\":true}}");
    told.file("s2.jsonl", &[&other("1")]);
    told.desk.ferry("stage s2.jsonl").ok(3);
    assert_eq!(told.listed(), ["1 blocked s2.jsonl:1"]);
    let err = {
        told.file("fix.jsonl", &[&other("2")]);
        told.desk.ferry("stage --replace fix.jsonl").ok(0).err
    };
    assert!(err.contains("1 replaced"), "{err}");
    assert_eq!(told.listed(), [""; 0]);
}

/// A correction of the newer record itself is one, too.
#[test]
fn a_newer_record_that_is_corrected_says_what_it_says_by_then() {
    let told = Told::sent();
    let newer = |mail: &str, banned: bool| {
        format!("{{\"id\":\"1\",\"mail\":\"{mail}\",\"name\":\"N\",\"banned\":{banned}}}")
    };
    told.file("s2.jsonl", &[&newer("wrong", true)]);
    told.desk.ferry("stage s2.jsonl").ok(3);
    for (banned, word) in [(true, "blocked"), (false, "differs")] {
        told.stage("fix.jsonl", &[&newer("c@example.com", banned)]);
        let listed = told.listed();
        assert!(listed.len() == 1 && listed[0].starts_with(&format!("1 {word} ")), "{listed:?}");
    }
}

#[test]
fn sources_that_are_let_go_one_after_the_other_uncover_what_shuts_out() {
    let told = Told::sent();
    told.stage("s2.jsonl", &[SHUT]);
    let blocked = ["1 blocked s2.jsonl:1"];
    for n in 3..9 {
        let name = format!("s{n}.jsonl");
        told.stage(&name, &[OTHER]);
        assert_eq!(told.listed(), [format!("1 differs {name}:1")]);
        if n > 4 {
            continue;
        }
        told.let_go(&name);
        assert_eq!(told.listed(), blocked);
    }
    for n in 5..9 {
        told.let_go(&format!("s{n}.jsonl"));
    }
    assert_eq!(told.listed(), blocked);
}

/// The same two records, in either order.
#[test]
fn of_two_records_of_a_source_the_one_that_shuts_out_is_told() {
    let alike = r#"{"id":"1","mail":"a@example.com","banned":false,"visits":9}"#;
    for records in [[SHUT, alike], [alike, SHUT], [SHUT, OTHER], [OTHER, SHUT]] {
        let told = Told::sent();
        told.stage("s2.jsonl", &records);
        let listed = told.listed();
        assert!(
            listed.len() == 1 && listed[0].starts_with("1 blocked "),
            "{records:?}: {listed:?}"
        );
    }
    // One that is the user's own says that the other is somebody else.
    for records in [[SHUT, SENT], [SENT, SHUT]] {
        let told = Told::sent();
        told.stage("s2.jsonl", &records);
        assert_eq!(told.listed(), [""; 0], "{records:?}");
    }
}
