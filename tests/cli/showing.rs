//! Commands that show: each reason once, objects for programs, and nothing that tells who it is.

use super::Desk;
use crate::process::Rig;
use serde_json::{Value, json};

fn lines(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Of 30 users the provider refuses two with one code and one with another; three are invalid for two
/// reasons.
fn after_a_run() -> (Rig, Desk) {
    let rig = Rig::start(&["--poison=3=code:2003", "--poison=5=code:2003", "--poison=8=code:2029"]);
    let desk = Desk::at(&rig.sandbox.url);
    let mut text = String::new();
    for n in 1..=30 {
        let mail = match n {
            11 => "none".to_owned(),
            12 => "also-none".to_owned(),
            _ => format!("person{n}@example.com"),
        };
        text.push_str(&format!("{}\n", json!({"uid": n.to_string(), "mail": mail})));
    }
    text.push_str("42\n");
    desk.write("u.jsonl", text);
    desk.ferry("stage u.jsonl").ok(3);
    desk.ferry("run").ok(3);
    (rig, desk)
}

#[test]
fn a_summary_has_each_reason_once_with_its_count_and_a_masked_example() {
    let (_rig, desk) = after_a_run();
    let out = desk.ferry("failures --summary").ok(0).out;
    let told: Vec<(String, String)> = out
        .lines()
        .skip(1)
        .map(|line| {
            let mut words = line.split_whitespace().map(str::to_owned);
            (words.next().unwrap(), words.next().unwrap())
        })
        .collect();
    let expected =
        [("2", "failed/rejected"), ("2", "invalid"), ("1", "failed/rejected"), ("1", "invalid")];
    assert_eq!(told, expected.map(|(n, status)| (n.to_owned(), status.to_owned())), "{out}");
    assert!(!out.contains("person") && !out.contains("none"), "{out}");

    let groups: Value =
        serde_json::from_str(&desk.ferry("failures --summary --json").ok(0).out).unwrap();
    let of = |n: usize, name: &str| groups[n][name].clone();
    assert_eq!(
        (of(0, "rows"), of(0, "code"), of(0, "field")),
        (json!(2), json!("2003"), json!(null))
    );
    assert_eq!(
        (of(1, "rows"), of(1, "field"), of(1, "rule")),
        (json!(2), json!("mail"), json!("email"))
    );
    assert_eq!(groups[1]["example"]["record"], 11);
    assert_eq!(groups[1]["example"]["key"], "…(2)");
    // Every row is in one group for each of its reasons, as the rows themselves say.
    let rows = lines(&desk.ferry("failures --format jsonl").ok(0).out);
    let reasons: usize =
        rows.iter().map(|row| row["problems"].as_array().unwrap().len().max(1)).sum();
    let counted: u64 =
        groups.as_array().unwrap().iter().map(|group| group["rows"].as_u64().unwrap()).sum();
    assert_eq!(counted, reasons as u64);

    let only = desk.ferry("failures --summary --status invalid --format jsonl").ok(0).out;
    assert!(lines(&only).iter().all(|group| group["status"] == "invalid"), "{only}");
    assert_eq!(desk.ferry("failures --summary --format csv").ok(0).out.lines().count(), 5);
    let none = desk.ferry("failures --summary --status unknown").ok(0);
    assert_eq!((none.out.as_str(), none.err.as_str()), ("", "No row is unknown\n"));
}

#[test]
fn json_is_a_short_word_for_the_format() {
    let (_rig, desk) = after_a_run();
    let short = desk.ferry("failures --json").ok(0).out;
    assert_eq!(short, desk.ferry("failures --format json").ok(0).out);
    desk.ferry("failures --json --format csv").ok(2);
}

#[test]
fn show_has_an_object_for_each_row() {
    let (_rig, desk) = after_a_run();
    let shown: Value = serde_json::from_str(&desk.ferry("show 3 --json").ok(0).out).unwrap();
    let row = &shown[0];
    for (name, value) in [
        ("key", json!("3")),
        ("status", json!("failed")),
        ("detail", json!("rejected")),
        ("code", json!("2003")),
        ("record", json!(3)),
        ("remote_id", json!(null)),
    ] {
        assert_eq!(row[name], value, "{name}");
    }
    assert_eq!(row["attempts"].as_array().unwrap().len(), 1);
    assert_eq!(row["attempts"][0]["outcome"], "rejected");
    assert!(row["attempts"][0]["at"].as_str().unwrap().ends_with('Z'));
    assert_eq!(row["would_send"]["email"], "p…(19)");
    let invalid: Value = serde_json::from_str(&desk.ferry("show 11 --json").ok(0).out).unwrap();
    assert_eq!(invalid[0]["problems"][0]["field"], "mail");
}

#[test]
fn a_refusal_that_a_read_explained_shows_the_time_of_both() {
    let rig = Rig::start(&["--poison=1=code:1010"]);
    let desk = Desk::at(&rig.sandbox.url);
    desk.write("u.jsonl", "{\"uid\":\"1\"}\n{\"uid\":\"2\"}\n");
    desk.ferry("stage u.jsonl").ok(0);
    desk.ferry("run").ok(3);
    let shown: Value = serde_json::from_str(&desk.ferry("show 1 --json").ok(0).out).unwrap();
    assert!(shown[0]["attempts"][0]["read_ms"].is_number(), "{shown}");
    assert!(desk.ferry("show 1").ok(0).out.contains(" ms read"));
    let other: Value = serde_json::from_str(&desk.ferry("show 2 --json").ok(0).out).unwrap();
    assert_eq!(other[0]["attempts"][0]["read_ms"], Value::Null);
}

#[test]
fn unmask_all_shows_all_but_passwords_and_hashes() {
    let desk = Desk::new();
    let record = json!({
        "uid": "4711", "mail": "zhang@example.com",
        "password": "$2b$10$abcdefghijklmnopqrstuuG8T1gWb8mZgGZ3vGx1YyO1bqk7h6dy2",
        "nickname": "Zhang Wei", "phone": "13800138000",
    });
    desk.write("u.jsonl", record.to_string());
    let out = desk.ferry("preview u.jsonl --unmask all").ok(0).out;
    for shown in ["4711", "zhang@example.com", "Zhang Wei", "13800138000"] {
        assert!(out.contains(shown), "{shown}: {out}");
    }
    assert!(!out.contains("$2b$10$") && !out.contains("abcdefgh"), "{out}");
}

#[test]
fn check_tells_each_reason_once() {
    let desk = Desk::new();
    let record = |n: u32| json!({"uid": n.to_string(), "mail": "none"}).to_string();
    let text = (1..=100).map(record).collect::<Vec<_>>().join("\n");
    desk.write("u.jsonl", text);
    let out = desk.ferry("check u.jsonl").ok(3).out;
    let about: Vec<&str> = out.lines().filter(|line| line.contains(" x ")).collect();
    assert_eq!(about.len(), 1, "{out}");
    assert!(about[0].starts_with("100 x mail (goes to email): "), "{out}");
    let all = desk.ferry("check u.jsonl --format jsonl").ok(3).out;
    assert_eq!(lines(&all).iter().filter(|line| line["rule"] == "email").count(), 100);
}

/// Whoever sees how long a password is has the less to guess.
#[test]
fn of_a_row_that_is_not_sent_nothing_is_shown_as_if_it_were() {
    let desk = Desk::new();
    desk.write("userferry.toml", "[mapping]\nexternalId = \"uid\"\npassword = \"pwd\"\n");
    let hash = "$2b$12$nCa3WDbsc3tvM57ifzjwrOAGGuNK7EPV0R17WKcW6f13NZvX97yLe";
    let line = |n| format!("{{\"uid\":\"{n}\",\"pwd\":\"{hash}\"}}\n");
    let hashes = (1..40).map(line).collect::<Vec<_>>().concat();
    desk.write("u.jsonl", format!("{hashes}{{\"uid\":\"99\",\"pwd\":\"geheim789\"}}\n"));
    desk.ferry("stage u.jsonl").ok(3);
    let shown = desk.ferry("show 99").ok(0).out;
    assert!(shown.contains("\nstatus     invalid\n"), "{shown}");
    assert!(shown.contains("not sent: invalid\n"), "{shown}");
    let json = desk.ferry("show 99 --json").ok(0).out;
    for said in [&shown, &json] {
        assert!(!said.contains("9 bytes") && !said.contains("geheim"), "{said}");
    }
    let rows: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(rows[0]["would_send"], Value::Null);
    // Nor where it is right.
    let desk = Desk::new();
    let settings =
        "[target]\nkeep_password = false\n[mapping]\nexternalId = \"uid\"\npassword = \"pwd\"\n";
    desk.write("userferry.toml", settings);
    desk.write("u.jsonl", "{\"uid\":\"99\",\"pwd\":\"geheim789\"}\n");
    desk.ferry("stage u.jsonl").ok(0);
    let said =
        ["show 99", "show 99 --json", "run --dry-run"].map(|line| desk.ferry(line).ok(0).out);
    for said in said {
        assert!(said.contains("<not shown>") && !said.contains("9 bytes"), "{said}");
    }
}
