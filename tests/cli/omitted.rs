//! Values that are left out because they do not fit. The counts are held against those of this file, which
//! knows of each record which of its values are good.

use super::Desk;
use crate::process::Rig;
use serde_json::{Value, json};
use std::collections::{BTreeMap, HashMap};

const OMITTING: &str = r#"[mapping]
externalId = "uid"
email = "mail"
phone = { from = "tel", as = "phone", region = "CN", on_error = "omit" }
birthdate = { from = "born", as = "date", on_error = "omit" }
gender = { jq = ".sex", on_error = "omit" }
signedUp = { from = "since", on_error = "omit" }
loginsCount = { from = "logins", as = "int" }
"#;

/// Values of a column; the second word says whether the provider takes what comes of them.
type Values = &'static [(&'static str, bool)];

const TEL: Values = &[
    ("\"138########\"", true),
    ("\"+1 650 253 ####\"", true),
    ("\"12345\"", false),
    ("\"unknown\"", false),
    ("true", false),
    ("null", true),
    ("\"\"", true),
];
const BORN: Values = &[
    ("\"1990-05-01\"", true),
    ("\"31.12.1970\"", true),
    ("\"0000-00-00\"", true),
    ("\"1990-13-01\"", false),
    ("\"never\"", false),
    ("[1990]", false),
    ("null", true),
];
const SEX: Values =
    &[("\"M\"", true), ("\"F\"", true), ("\"x\"", false), ("7", false), ("null", true)];
const SINCE: Values = &[
    ("\"2017-06-07T14:34:08.700Z\"", true),
    ("\"2017-06-07\"", false),
    ("0", false),
    ("null", true),
];

/// What is expected to be left out of a record by its `uid`, or, without one, by its `mail`.
type Expected = HashMap<String, Vec<&'static str>>;

/// So many records, each with a value of every column; one in eleven is invalid for another reason, and one
/// in thirteen has nothing to be known by but its number.
fn export(n: usize) -> (String, Expected) {
    let mut rng = fastrand::Rng::with_seed(11);
    let (mut lines, mut expected) = (String::new(), Expected::new());
    for no in 0..n {
        let mut line = String::from("{");
        let has_id = no % 13 != 0;
        if has_id {
            line.push_str(&format!("\"uid\":\"{no}\","));
        }
        let logins = if no % 11 == 0 { "\"often\"" } else { "\"3\"" };
        line.push_str(&format!("\"no\":{no},\"logins\":{logins}"));
        let mut left_out = Vec::new();
        for (field, column, values) in [
            ("phone", "tel", TEL),
            ("birthdate", "born", BORN),
            ("gender", "sex", SEX),
            ("signedUp", "since", SINCE),
        ] {
            let (value, is_good) = values[rng.usize(0..values.len())];
            let value = value.replace("########", &format!("{no:08}"));
            let value = value.replace("####", &format!("{:04}", no % 10_000));
            line.push_str(&format!(",\"{column}\":{value}"));
            // What nothing else identifies is invalid by its number.
            if !is_good && (field != "phone" || has_id) {
                left_out.push(field);
            }
        }
        line.push_str("}\n");
        lines.push_str(&line);
        expected.insert(no.to_string(), left_out);
    }
    (lines, expected)
}

fn sum<'a>(of: impl Iterator<Item = &'a Vec<&'static str>>) -> Value {
    let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
    for field in of.flatten() {
        *counts.entry(field).or_default() += 1;
    }
    json!(counts)
}

/// The records in the table by their `no`, and the status of each.
fn rows(desk: &Desk) -> Vec<(String, String)> {
    let table = rusqlite::Connection::open(desk.path("userferry.db")).unwrap();
    let text = "SELECT CAST(raw AS TEXT), status FROM job JOIN record ON job_id = id ORDER BY id";
    let mut statement = table.prepare(text).unwrap();
    let rows = statement.query_map([], |row| Ok((row.get::<_, String>(0)?, row.get(1)?)));
    rows.unwrap()
        .map(|row| {
            let (raw, status) = row.unwrap();
            (serde_json::from_str::<Value>(&raw).unwrap()["no"].to_string(), status)
        })
        .collect()
}

/// What the rows of the table leave out, by what this file knows of their records.
fn of_table(desk: &Desk, expected: &Expected) -> Value {
    let rows = rows(desk);
    sum(rows.iter().map(|(no, _)| &expected[no]))
}

#[test]
fn every_count_is_that_of_the_records() {
    let desk = Desk::new();
    desk.write("userferry.toml", OMITTING);
    let (lines, expected) = export(700);
    desk.write("u.jsonl", lines);
    let all = sum(expected.values());
    let check: Value = serde_json::from_str(&desk.ferry("check --json u.jsonl").ok(3).out).unwrap();
    assert_eq!(check["omitted"], all, "{check}");
    assert_eq!(check["unmapped"], json!(["no"]));
    let text = desk.ferry("check u.jsonl").ok(3).out;
    let section = text.split("\nleft out (on_error = \"omit\")\n").nth(1).unwrap();
    let told: BTreeMap<&str, u64> = section
        .lines()
        .take_while(|line| !line.is_empty())
        .map(|line| line.trim().split_once(' ').unwrap())
        .map(|(field, n)| (field, n.trim().parse().unwrap()))
        .collect();
    assert_eq!(json!(told), all, "{text}");
    let staged = desk.ferry("stage u.jsonl").ok(3).err;
    let list: Vec<String> = told.iter().map(|(field, n)| format!("{field} {n}")).collect();
    let line = format!(
        "left out of the rows in the table because the values do not fit: {}\n",
        list.join(", ")
    );
    assert!(staged.contains(&line), "{staged}");
    assert_eq!(desk.status()["omitted"], all);
    let line = format!("left out {}\n", list.join(", "));
    let status = desk.ferry("status").ok(0).out;
    assert!(status.contains(&line), "{status}");
}

#[test]
fn the_counts_are_true_after_each_kill_and_each_change() {
    let desk = Desk::new();
    desk.write("userferry.toml", OMITTING);
    let (lines, mut expected) = export(12_000);
    desk.write("u.jsonl", &lines);
    let mut lives = 0;
    loop {
        let mut command = desk.command("stage u.jsonl");
        let did = desk.did(command.env("USERFERRY_FAILPOINT", "staged:1").output().unwrap());
        assert_eq!(desk.status()["omitted"], of_table(&desk, &expected), "after {lives} kills");
        if did.code.is_some() {
            break;
        }
        lives += 1;
    }
    assert!(lives > 3, "{lives}");
    let before = rows(&desk).len();
    assert_eq!(before, 12_000);

    // Half of those with a bad birthday get a good one, and a worse gender.
    let mut corrected = String::new();
    for line in lines.lines().filter(|line| line.contains("\"never\"") && line.contains("\"uid\""))
    {
        let mut record: Value = serde_json::from_str(line).unwrap();
        record["born"] = json!("1990-05-01");
        record["sex"] = json!("?");
        corrected.push_str(&format!("{record}\n"));
        let left_out = expected.get_mut(&record["no"].to_string()).unwrap();
        left_out.retain(|field| !matches!(*field, "birthdate" | "gender"));
        left_out.push("gender");
    }
    assert!(corrected.lines().count() > 500);
    desk.write("corrected.jsonl", corrected);
    for _ in 0..2 {
        let mut command = desk.command("stage --replace corrected.jsonl");
        desk.did(command.env("USERFERRY_FAILPOINT", "staged:1").output().unwrap());
    }
    desk.ferry("stage --replace corrected.jsonl").ok(3);
    assert_eq!(rows(&desk).len(), before);
    let counts = of_table(&desk, &expected);
    assert_eq!(desk.status()["omitted"], counts);

    desk.ferry("waive --status invalid --reason so").ok(0);
    assert_eq!(desk.status()["omitted"], counts);
    desk.ferry("waive --status invalid --undo").ok(0);
    assert_eq!(desk.status()["omitted"], counts);

    // The birthday is dear to somebody: it makes its record invalid now. No record says when it was.
    let strict = OMITTING
        .replace("as = \"date\", on_error = \"omit\"", "as = \"date\"")
        .replace("signedUp = { from = \"since\", on_error = \"omit\" }\n", "");
    desk.write("userferry.toml", &strict);
    let mut kills = 0;
    loop {
        let mut command = desk.command("remap");
        let did = desk.did(command.env("USERFERRY_FAILPOINT", "staged:1").output().unwrap());
        if did.code.is_some() {
            break;
        }
        kills += 1;
        assert_eq!(desk.status()["omitted"], counted(&desk), "after kill {kills}");
    }
    assert!(kills > 0, "it was never killed");
    for left_out in expected.values_mut() {
        left_out.retain(|field| !matches!(*field, "birthdate" | "signedUp"));
    }
    assert_eq!(desk.status()["omitted"], of_table(&desk, &expected));
}

/// What the rows themselves say is left out.
fn counted(desk: &Desk) -> Value {
    let table = rusqlite::Connection::open(desk.path("userferry.db")).unwrap();
    let mut statement =
        table.prepare("SELECT field, count(*) FROM omitted GROUP BY field").unwrap();
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get::<_, u64>(1)?)));
    let rows: BTreeMap<String, u64> = rows.unwrap().map(Result::unwrap).collect();
    json!(rows)
}

const TWO: &str = r#"{"uid":"1","mail":"ann@example.com","tel":"+1 650 253 000","born":"never","sex":"x"}
{"uid":"2","mail":"bob@example.com","tel":"+1 650 253 0000","born":"1990-05-01","sex":"M"}
"#;

#[test]
fn what_is_sent_goes_without_them_and_each_row_says_so() {
    let rig = Rig::start(&[]);
    let desk = Desk::at(&rig.sandbox.url);
    desk.write("userferry.toml", OMITTING);
    desk.write("u.jsonl", TWO);
    desk.ferry("stage u.jsonl").ok(0);
    let shown = desk.ferry("show 1").ok(0).out;
    assert!(shown.contains("left out   birthdate (date): "), "{shown}");
    assert!(shown.contains("left out   gender (value): not one of M, F, U\n"), "{shown}");
    assert!(shown.contains("left out   phone (phone): "), "{shown}");
    assert!(!shown.contains("never") && !shown.contains("650"), "no value: {shown}");
    assert!(!desk.ferry("show 2").ok(0).out.contains("left out"));
    let shown: Value = serde_json::from_str(&desk.ferry("show 1 --json").ok(0).out).unwrap();
    let fields: Vec<&str> = shown[0]["omitted"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it["field"].as_str().unwrap())
        .collect();
    assert_eq!(fields, ["birthdate", "gender", "phone"]);
    let preview = desk.ferry("preview u.jsonl").ok(0).out;
    assert!(
        preview.contains("\nleft out: phone: ") && preview.contains("\nleft out: gender: "),
        "{preview}"
    );
    assert!(!preview.contains("phoneCountryCode"), "{preview}");

    // The first answer is lost, so that a row is sent again.
    rig.sandbox.faults(&json!({"drop_before_store": 1.0}));
    desk.command("run --limit 1").env("USERFERRY_MAX_OUTAGE", "1s").output().unwrap();
    rig.sandbox.faults(&json!({"drop_before_store": 0.0}));
    desk.ferry("run").ok(0);
    let users: Vec<Value> =
        rig.sandbox.users().iter().map(|line| serde_json::from_str(line).unwrap()).collect();
    let ann = users.iter().find(|user| user["externalId"] == "1").unwrap();
    for field in ["phone", "phoneCountryCode", "birthdate"] {
        assert!(ann[field].is_null(), "{field}: {ann}");
    }
    assert_eq!(ann["gender"], "U", "what the directory says where nothing is sent");
    let bob = users.iter().find(|user| user["externalId"] == "2").unwrap();
    assert_eq!(
        (&bob["phone"], &bob["phoneCountryCode"]),
        (&json!("6502530000"), &json!("+1")),
        "{bob}"
    );
    assert_eq!(desk.status()["omitted"], json!({"birthdate": 1, "gender": 1, "phone": 1}));
}

#[test]
fn a_rule_that_may_not_leave_out_is_refused_with_line_and_column() {
    for (rule, column, why) in [
        (
            "externalId = { from = \"uid\", on_error = \"omit\" }",
            1,
            "`externalId` identifies a user, so a wrong value cannot be left out",
        ),
        (
            "blocked = { from = \"off\", as = \"bool\", on_error = \"omit\" }",
            1,
            "`blocked` says who may not sign in, so a wrong value cannot be left out",
        ),
        (
            "password = { from = \"pwd\", on_error = \"omit\" }",
            1,
            "`password` cannot be left out where it is wrong",
        ),
        (
            "gender = { from = \"sex\", on_error = \"ignore\" }",
            26,
            "`on_error` can only be \"omit\"",
        ),
    ] {
        let desk = Desk::new();
        desk.write("userferry.toml", format!("[mapping]\n{rule}\n"));
        desk.write("u.jsonl", TWO);
        let refused = desk.ferry("check u.jsonl").ok(2).err;
        let place = format!("error: userferry.toml, line 2, column {column}: ");
        assert!(refused.starts_with(&place) && refused.contains(why), "{refused}");
    }
}
