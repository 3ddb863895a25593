//! Who may not sign in, in the exports of systems that say so themselves: `init --from` writes the rule,
//! which shuts out whom the vendor's documentation says, and `check` has nothing to say of those columns.
//!
//! The tables are `tests/exports/lockouts.json`, each with the document that it is written from.

use crate::cli::init::export;
use serde_json::{Value, json};
use std::io::Cursor;
use userferry::check::Checker;
use userferry::config::Settings;
use userferry::input::{Header, Options, Reader};
use userferry::mapping::Mapping;
use userferry::prepare::prepare;
use userferry::provider::authing::fields::V2;
use userferry::suggest::{Survey, propose};
use userferry::user::Value as Sent;

/// 2026-11-30T11:00:00Z, the time of the tables.
const NOW: i64 = 1_796_036_400;
/// How often each row stands in the export; one of which the vendor says nothing stands there once.
const OFTEN: usize = 30;

/// Values of the columns, and whether such a user may not sign in, if the vendor says so.
type Row = (Vec<String>, Option<bool>);

/// The export of one system.
struct System {
    name: String,
    others: Vec<(String, String)>,
    columns: Vec<String>,
    rows: Vec<Row>,
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

fn systems() -> Vec<System> {
    let text_of = std::fs::read_to_string(export("lockouts.json")).unwrap();
    let read: Value = serde_json::from_str(&text_of).unwrap();
    let of_one = |system: &Value| {
        let others = system["others"].as_object().unwrap().iter();
        let rows = system["rows"].as_array().unwrap().iter().map(|row| {
            let values = row[0].as_array().unwrap().iter().map(text).collect();
            (values, row[1].as_bool())
        });
        let rows: Vec<Row> = rows.collect();
        let known = rows.iter().filter(|row| row.1.is_some());
        let known: Vec<Row> = known.cloned().cycle().take(OFTEN * rows.len()).collect();
        System {
            name: text(&system["name"]),
            others: others.map(|(name, value)| (name.clone(), text(value))).collect(),
            columns: system["columns"].as_array().unwrap().iter().map(text).collect(),
            rows: known.into_iter().chain(rows.into_iter().filter(|row| row.1.is_none())).collect(),
        }
    };
    read["systems"].as_array().unwrap().iter().map(of_one).collect()
}

impl System {
    /// The names and values of a record.
    fn record(&self, n: usize) -> Vec<(&str, String)> {
        // An @@ stands for the sign itself, behind the number.
        let value = |text: &str| {
            text.replace("@@", &format!("{n}\u{1}"))
                .replace('@', &n.to_string())
                .replace('\u{1}', "@")
        };
        let others = self.others.iter().map(|(name, text)| (name.as_str(), value(text)));
        let said = self.columns.iter().map(String::as_str).zip(self.rows[n].0.iter().cloned());
        others.chain(said).collect()
    }

    fn csv(&self) -> Vec<u8> {
        let mut writer = csv::Writer::from_writer(Vec::new());
        writer.write_record(self.record(0).iter().map(|(name, _)| *name)).unwrap();
        for n in 0..self.rows.len() {
            writer.write_record(self.record(n).iter().map(|(_, value)| value)).unwrap();
        }
        writer.into_inner().unwrap()
    }

    /// The same with types: null, true and numbers; a name with a dot is a path.
    fn jsonl(&self) -> Vec<u8> {
        let typed = |text: &str| match text {
            "" => Value::Null,
            "true" | "True" | "t" => json!(true),
            "false" | "False" | "f" => json!(false),
            number if number.parse::<i64>().is_ok_and(|n| n.to_string() == number) => {
                serde_json::from_str(number).unwrap()
            }
            other => json!(other),
        };
        let lines = (0..self.rows.len()).map(|n| {
            let mut record = json!({});
            for (name, value) in self.record(n) {
                match name.split_once('.') {
                    Some((outer, inner)) => record[outer][inner] = typed(&value),
                    None => record[name] = typed(&value),
                }
            }
            format!("{record}\n")
        });
        lines.collect::<String>().into_bytes()
    }
}

fn reader(bytes: &[u8], mapping: Option<&Mapping>) -> Reader {
    let schema = &V2;
    let cells = mapping.map_or_else(Vec::new, |mapping| mapping.cells(schema));
    let is_csv = !bytes.starts_with(b"{");
    let header = if is_csv { Header::First } else { Options::default().header };
    let options = Options { cells, header, ..Options::default() };
    Reader::from_read(Cursor::new(bytes.to_vec()), "users", &options, None).unwrap()
}

/// What the proposed rule makes of an export.
fn told(system: &System, bytes: &[u8], wrong: &mut Vec<String>) {
    let schema = &V2;
    let mut records = Vec::new();
    let mut source = reader(bytes, None);
    while let Some(record) = source.next_record().unwrap() {
        assert!(record.fault.is_none(), "{}", system.name);
        records.push(record.raw);
    }
    let mut survey = Survey::at(NOW);
    for record in &records {
        survey.add(record);
    }
    let lines = propose(&survey, false, schema).lines;
    let name = &system.name;
    let Some(line) = lines.iter().find(|line| line.field == "blocked" && line.holds) else {
        let lines: Vec<&str> =
            lines.iter().filter(|l| l.field == "blocked").map(|l| l.rule.as_str()).collect();
        wrong.push(format!("{name}: no rule holds: {lines:?}"));
        return;
    };
    let toml = format!("[mapping]\nexternalId = \"n\"\nblocked = {}\n", line.rule);
    let settings = Settings::from_toml(&toml, std::path::Path::new("userferry.toml")).expect(&toml);
    let mapping = settings.mapping;
    for (n, record) in records.iter().enumerate() {
        // Each has an id, so only the rule of `blocked` can be a problem.
        let raw = String::from_utf8(record.clone()).unwrap().replacen(
            '{',
            &format!("{{\"n\":\"{n}\","),
            1,
        );
        let prepared = prepare(raw.as_bytes(), &mapping, schema);
        let blocked = prepared.user.fields.iter().find(|(name, _)| *name == "blocked");
        let blocked = matches!(blocked, Some((_, Sent::Bool(true))));
        let found = prepared.problems.is_empty().then_some(blocked);
        let (values, expected) = &system.rows[n];
        if found != *expected {
            let why: Vec<String> = prepared.problems.iter().map(|p| p.message.clone()).collect();
            wrong.push(format!(
                "{name} {values:?}: {found:?}, not {expected:?} {why:?}\n  {}",
                line.rule
            ));
        }
    }
    let mut checker = Checker::new(&mapping, schema).unwrap();
    checker.source("users", &mut reader(bytes, Some(&mapping)), &mut |_, _| {}).unwrap();
    let warnings = checker.finish(&mut |_| Ok(())).unwrap().warnings;
    for one in warnings.iter().filter(|one| one.warning == "blocked-not-mapped") {
        wrong.push(format!("{name}: {}", one.message));
    }
}

#[test]
fn who_may_not_sign_in_is_whom_the_vendor_says() {
    let mut wrong = Vec::new();
    let systems = systems();
    assert_eq!(systems.len(), 21);
    for system in &systems {
        told(system, &system.csv(), &mut wrong);
        told(system, &system.jsonl(), &mut wrong);
    }
    wrong.sort();
    wrong.dedup();
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}

/// What `init` makes of who may not sign in, of the values of some columns: the rule, if it holds.
fn rule_of(columns: &[&str], row: impl Fn(usize) -> Vec<String>) -> Option<String> {
    let mut survey = Survey::at(NOW);
    for n in 0..60 {
        let names = columns.iter().map(|name| (*name).to_owned());
        let record: serde_json::Map<String, Value> =
            names.zip(row(n).into_iter().map(Value::from)).collect();
        survey.add(Value::from(record).to_string().as_bytes());
    }
    let lines = propose(&survey, false, &V2).lines;
    lines.into_iter().find(|line| line.field == "blocked" && line.holds).map(|line| line.rule)
}

/// A table of one's own has no meaning of a vendor's, though some of its columns are called the same.
#[test]
fn a_table_of_ones_own_is_no_systems() {
    let of = |columns: &str, states: &[&str]| {
        let columns: Vec<&str> = columns.split(',').collect();
        let value = |n: usize, name: &str| match name {
            "status" => states[n % states.len()].to_owned(),
            "groupid" => ["5", "10", "6"][n % 3].to_owned(),
            "adminid" | "emailstatus" => "0".to_owned(),
            "langcode" => "en".to_owned(),
            "last_updated" | "last_access" => "2024-01-01 10:00:00".to_owned(),
            _ => format!("u{n}@example.com"),
        };
        rule_of(&columns, |n| columns.iter().map(|name| value(n, name)).collect())
    };
    // Of numbers nobody knows which shut out, and which are of which group.
    for columns in [
        "id,login,email,status,last_updated",
        "uid,username,email,groupid,status,adminid",
        "uid,username,email,groupid,status,emailstatus",
        "uid,name,pass,mail,status,langcode",
        "id,profile.login,statusChanged,email,status",
        "id,email,status,tfa_secret,last_page,last_access",
    ] {
        for states in [&["0", "1"][..], &["0"], &["1", "2"]] {
            assert_eq!(of(columns, states), None, "{columns}: {states:?}");
        }
    }
    // Words say themselves what they are; what they do not say, a person adds.
    for columns in [
        "id,login,email,status,last_updated",
        "id,email,status,provider,external_identifier",
        "id,email,status,tfa_secret,email_notifications,provider",
        "id,profile.login,statusChanged,email,status",
    ] {
        let rule = of(columns, &["active", "inactive", "active", "staged"]).expect(columns);
        assert!(
            rule.contains(r#""active": false"#) && rule.contains(r#""inactive": true"#),
            "{columns}: {rule}"
        );
        assert!(!rule.contains("staged"), "{columns}: {rule}");
    }
}

/// A rule brings no definition that it does not call.
#[test]
fn a_rule_has_what_it_needs() {
    let columns = ["id", "profile.login", "statusChanged", "status"];
    let states = ["ACTIVE", "PASSWORD_EXPIRED", "SUSPENDED"];
    let rule = rule_of(&columns, |n| {
        vec![format!("{n}"), format!("u{n}@example.com"), String::new(), states[n % 3].to_owned()]
    });
    let rule = rule.expect("a rule");
    let defined: Vec<&str> =
        rule.split("def ").skip(1).filter_map(|rest| rest.split([':', '(']).next()).collect();
    assert_eq!(defined, ["unknown", "text", "word"], "{rule}");
}

/// Also where nobody in the sample is shut out, and the column is empty: the rest of the export may differ.
#[test]
fn a_rule_is_written_though_nobody_in_the_sample_is_shut_out() {
    for (name, record) in [
        (
            "LockoutEnd",
            json!({"Id": "1", "SecurityStamp": "s", "PasswordHash": "", "LockoutEnd": null, "LockoutEnabled": true}),
        ),
        (
            "banned_until",
            json!({"id": "1", "aud": "authenticated", "banned_until": null, "deleted_at": null}),
        ),
        (
            "locked_at",
            json!({"id": "1", "encrypted_password": "", "sign_in_count": 1, "locked_at": null}),
        ),
    ] {
        let mut survey = Survey::at(NOW);
        survey.add(record.to_string().as_bytes());
        let proposal = propose(&survey, false, &V2);
        let line = proposal.lines.iter().find(|line| line.field == "blocked" && line.holds);
        assert_eq!(line.map(|line| line.source.as_str()), Some(name));
    }
}

/// A rule that compares with a time says which, for jq has no clock.
#[test]
fn the_time_stands_in_the_rule_and_in_its_comment() {
    let record = json!({"Id": "1", "SecurityStamp": "s", "PasswordHash": "", "LockoutEnd": null, "LockoutEnabled": true});
    let toml = |mut survey: Survey| {
        survey.add(record.to_string().as_bytes());
        propose(&survey, false, &V2).to_toml("")
    };
    let timed = toml(Survey::at(NOW));
    let line = timed.lines().find(|line| line.starts_with("blocked = ")).expect("a rule");
    assert!(
        line.contains(r#"def asof: "2026-11-30T11:00:00Z""#)
            && line.contains("as of 2026-11-30T11:00:00Z"),
        "{line}"
    );
    // Who does not know the time writes no such rule.
    let untimed = toml(Survey::default());
    assert!(!untimed.lines().any(|line| line.starts_with("blocked = ")), "{untimed}");
}
