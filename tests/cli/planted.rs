//! Ten thousand records with one of each problem at known places: all are found, and nothing else.

use super::Desk;
use serde_json::{Value, json};
use std::collections::BTreeMap;

const RECORDS: usize = 10_000;

const SETTINGS: &str = r#"[mapping]
externalId = "uid"
email = "mail"
phone = "tel"
username = "login"
nickname = "nick"
gender = "sex"
signedUp = "since"
loginsCount = "logins"
"#;

fn good(n: usize) -> String {
    format!(
        r#"{{"uid":"id-{n}","mail":"user{n}@example.com","tel":"139{n:08}","login":"user{n}","nick":"张 {n}","sex":"F","since":"2020-01-31T08:00:00Z","logins":{n}}}"#
    )
}

/// What stands at a place instead of a good record, and the problems that it has: field and rule.
type Planted = (usize, Vec<u8>, &'static [(&'static str, &'static str)]);

fn planted() -> Vec<Planted> {
    let with = |n: usize, old: String, new: String| good(n).replace(&old, &new).into_bytes();
    let mail = |n: usize| format!("user{n}@example.com");
    let tel = |n: usize| format!("139{n:08}");
    let login = |n: usize| format!(r#""login":"user{n}""#);
    let mut not_utf_8 = good(202).into_bytes();
    let at = not_utf_8.windows(4).position(|part| part == b"user").unwrap();
    not_utf_8[at] = 0xff;
    vec![
        (101, with(101, r#""nick":"#.into(), r#""mail":"#.into()), &[("mail", "syntax")]),
        (202, not_utf_8, &[("mail", "encoding")]),
        (203, with(203, "张 203".into(), r"\ud800".into()), &[("nick", "encoding")]),
        (
            303,
            with(303, r#""logins":303"#.into(), r#""logins":"many""#.into()),
            &[("logins", "type")],
        ),
        (304, b"304".to_vec(), &[("", "type")]),
        (404, br#"{"nick":"nobody"}"#.to_vec(), &[("", "identifier")]),
        (505, with(505, mail(505), "n/a".into()), &[("mail", "email")]),
        (606, with(606, tel(606), "12x45".into()), &[("tel", "phone")]),
        (707, with(707, "2020-01-31T08:00:00Z".into(), "yesterday".into()), &[("since", "date")]),
        (808, with(808, "id-808".into(), "x".repeat(600)), &[("uid", "length")]),
        (909, with(909, r#""sex":"F""#.into(), r#""sex":"?""#.into()), &[("sex", "value")]),
        (1010, with(1010, "id-1010".into(), "id-10".into()), &[("uid", "duplicate-key")]),
        (1111, with(1111, mail(1111), mail(11).to_uppercase()), &[("mail", "duplicate-email")]),
        (1212, with(1212, tel(1212), "139-0000-0012".into()), &[("tel", "duplicate-phone")]),
        (1313, with(1313, login(1313), login(13)), &[("login", "duplicate-username")]),
        (1414, with(1414, mail(1414), "a@b@c".into()), &[("mail", "email")]),
        (1515, good(15).into_bytes(), &[]),
        (
            9_999,
            with(9_999, r#""sex":"F","since":"2020"#.into(), r#""sex":"Q","since":"20"#.into()),
            &[("sex", "value"), ("since", "date")],
        ),
    ]
}

/// The export: an array with a record a line, from line 2.
fn export(planted: &[Planted]) -> Vec<u8> {
    let mut text = b"[\n".to_vec();
    for n in 1..=RECORDS {
        match planted.iter().find(|(at, ..)| *at == n) {
            Some((_, record, _)) => text.extend_from_slice(record),
            None => text.extend_from_slice(good(n).as_bytes()),
        }
        text.extend_from_slice(if n == RECORDS { b"\n]" } else { b",\n" });
    }
    text
}

#[test]
fn all_are_found_and_none_else() {
    let desk = Desk::new();
    let planted = planted();
    desk.write("userferry.toml", SETTINGS);
    desk.write("users.json", export(&planted));
    let mut expected = Vec::new();
    for (at, _, problems) in &planted {
        for (field, rule) in *problems {
            expected.push(json!(["users.json", at, at + 1, field, rule]));
        }
    }

    let did = desk.ferry("check users.json --format jsonl -o problems.jsonl").ok(3);
    assert!(did.out.is_empty(), "{}", did.out);
    let lines = desk.read("problems.jsonl");
    let found: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let shown = |p: &Value| json!([p["source"], p["record"], p["line"], p["field"], p["rule"]]);
    assert_eq!(found.iter().map(shown).collect::<Vec<_>>(), expected);

    let report: Value =
        serde_json::from_str(&desk.ferry("check users.json --json").ok(3).out).unwrap();
    let wrong = planted.iter().filter(|(.., problems)| !problems.is_empty()).count();
    let numbers = ["records", "valid", "invalid", "unchanged"].map(|name| report[name].clone());
    assert_eq!(numbers, [json!(RECORDS), json!(RECORDS - wrong - 1), json!(wrong), json!(1)]);
    let mut by_rule: BTreeMap<&str, u64> = BTreeMap::new();
    for (_, rule) in planted.iter().flat_map(|(.., problems)| *problems) {
        *by_rule.entry(rule).or_default() += 1;
    }
    assert_eq!(report["problems_by_rule"], json!(by_rule));

    desk.ferry("stage users.json").ok(3);
    let status = desk.status();
    assert_eq!(status["total"], json!(RECORDS - 1));
    assert_eq!(status["invalid"], json!(wrong));
    let lines = desk.ferry("failures --format jsonl").ok(0).out;
    let mut staged = Vec::new();
    for line in lines.lines() {
        let row: Value = serde_json::from_str(line).unwrap();
        for problem in row["problems"].as_array().unwrap() {
            let at = row["record"].as_u64().unwrap();
            staged.push(json!(["users.json", at, at + 1, problem["field"], problem["rule"]]));
        }
    }
    assert_eq!(staged, expected, "staging finds what the check found");
}
