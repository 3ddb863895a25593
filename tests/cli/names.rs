//! Columns that decide whether somebody can sign in, under the names and with the values of many
//! systems: salts beside digests, and the accounts that are switched off. `init --from` proposes them and
//! `check` warns of them, and of innocent columns neither says a word.
//!
//! The lists (`tests/exports/names.json`) were written down by somebody who had not read the tables.

use crate::cli::init::export;
use serde_json::Value;
use std::io::Cursor;
use userferry::check::{CheckWarning, Checker};
use userferry::config::Settings;
use userferry::input::{Options, Reader};
use userferry::mapping::Mapping;
use userferry::prepare::prepare;
use userferry::provider::authing::fields::V2;
use userferry::suggest::{Line, Survey, propose};
use userferry::user::Value as Sent;

const BLOCKED: &str = "blocked-not-mapped";
const SALT: &str = "salt-not-mapped";
/// Users who may sign in, and those who may not.
const ACTIVE: usize = 27;
const INACTIVE: usize = 13;

/// The list of that name.
fn list(name: &str) -> Vec<Value> {
    let text = std::fs::read_to_string(export("names.json")).unwrap();
    let lists: Value = serde_json::from_str(&text).unwrap();
    lists[name].as_array().unwrap().clone()
}

/// An export with such a column, as records.
struct Export {
    records: Vec<Vec<u8>>,
    csv: Vec<u8>,
}

impl Export {
    /// Each record has its cell of the column.
    fn new(name: &str, cells: &[&str], digest: &str) -> Self {
        let mut writer = csv::Writer::from_writer(Vec::new());
        writer.write_record(["id", "mail", "pwd", name]).unwrap();
        for (n, cell) in cells.iter().enumerate() {
            let id = (1_000 + n).to_string();
            let hash: String = digest
                .bytes()
                .map(|b| char::from(b"0123456789abcdef"[(usize::from(b) + n * 7) % 16]))
                .collect();
            writer.write_record([&id, &format!("u{n}@example.com"), &hash, *cell]).unwrap();
        }
        let csv = writer.into_inner().unwrap();
        let mut reader = reader(&csv, Vec::new());
        let records = std::iter::from_fn(|| reader.next_record().unwrap()).map(|record| record.raw);
        Self { records: records.collect(), csv }
    }

    /// The lines that are proposed.
    fn lines(&self) -> Vec<Line> {
        let mut survey = Survey::default();
        for record in &self.records {
            survey.add(record);
        }
        propose(&survey, false, &V2).lines
    }

    /// The warnings of `check` under such a mapping.
    fn warnings(&self, mapping: &str) -> Vec<CheckWarning> {
        let mapping = mapping_of(mapping);
        let schema = &V2;
        let mut checker = Checker::new(&mapping, schema).unwrap();
        let mut reader = reader(&self.csv, mapping.cells(schema));
        checker.source("users.csv", &mut reader, &mut |_, _| {}).unwrap();
        checker.finish(&mut |_| Ok(())).unwrap().warnings
    }

    /// Who would be blocked under such a mapping: none where the record cannot be sent.
    fn blocked(&self, mapping: &str) -> Vec<Option<bool>> {
        let mapping = mapping_of(mapping);
        let of_one = |record: &Vec<u8>| {
            let prepared = prepare(record, &mapping, &V2);
            let blocked = prepared.user.fields.iter().find(|(name, _)| *name == "blocked");
            let blocked = matches!(blocked, Some((_, Sent::Bool(true))));
            prepared.problems.is_empty().then_some(blocked)
        };
        self.records.iter().map(of_one).collect()
    }
}

fn reader(csv: &[u8], cells: Vec<(String, userferry::input::Cell)>) -> Reader {
    let options = Options { cells, ..Options::default() };
    Reader::from_read(Cursor::new(csv.to_vec()), "users.csv", &options, None).unwrap()
}

fn mapping_of(rules: &str) -> Mapping {
    let text = format!("[mapping]\nexternalId = \"id\"\nemail = \"mail\"\n{rules}\n");
    Settings::from_toml(&text, std::path::Path::new("userferry.toml")).expect(rules).mapping
}

fn texts(values: &Value) -> Vec<&str> {
    values.as_array().unwrap().iter().map(|value| value.as_str().unwrap()).collect()
}

/// Whether these are numbers that stand for states.
fn are_codes(cells: &[&str]) -> bool {
    cells.iter().all(|cell| cell.parse::<i32>().is_ok())
}

/// So many of these, in turn.
fn cells<'a>(values: &[&'a str], n: usize) -> Vec<&'a str> {
    values.iter().copied().cycle().take(n).collect()
}

const DIGESTS: [&str; 2] = [
    "5f4dcc3b5aa765d61d8327deb882cf99",
    "5e884898da28047151d0e56f8dc6292773603d0d6aabbdd62a11ef721d1542d8",
];

#[test]
fn the_salt_of_digests_is_found_whatever_it_is_called() {
    let mut missed = Vec::new();
    for (n, case) in list("salts").iter().enumerate() {
        let name = case["name"].as_str().unwrap();
        let salts: Vec<String> = (0..40).map(|n| format!("{:06x}", n * 7919 + 4_000_037)).collect();
        let cells: Vec<&str> = salts.iter().map(String::as_str).collect();
        let export = Export::new(name, &cells, DIGESTS[n % 2]);
        let lines = export.lines();
        let quoted = format!("salt = {}", toml_text(name));
        let is_it = |line: &&Line| line.field == "password" && line.rule.contains(&quoted);
        if !lines.iter().any(|line| is_it(&line)) {
            missed.push(format!("init {name}"));
        }
        let warnings = export.warnings("password = \"pwd\"");
        if !warnings.iter().any(|one| one.warning == SALT && one.count == 40) {
            missed.push(format!("check {name}"));
        }
    }
    assert!(missed.is_empty(), "{} missed: {missed:#?}", missed.len());
}

/// A proposed rule that holds lets nobody in who may not, and shuts out nobody who may.
#[test]
fn who_may_not_sign_in_is_found_whatever_says_so() {
    let (mut missed, mut wrong) = (Vec::new(), Vec::new());
    let (mut counted, mut codes, mut held) = (0, 0, 0);
    for case in &list("deactivated") {
        let name = case["name"].as_str().unwrap();
        let active = texts(&case["values"]["active"]);
        let inactive = texts(&case["values"]["inactive"]);
        let all = [cells(&active, ACTIVE), cells(&inactive, INACTIVE)].concat();
        let export = Export::new(name, &all, DIGESTS[0]);
        let lines = export.lines();
        let line = lines.iter().find(|line| line.field == "blocked" && line.source == name);
        match line {
            None => missed.push(format!("init {name} {active:?} {inactive:?}")),
            Some(line) => {
                let rule = format!("blocked = {}", line.rule);
                mapping_of(&rule);
                if line.holds {
                    held += 1;
                    let blocked = export.blocked(&rule);
                    let (active, inactive) = blocked.split_at(ACTIVE);
                    if active.contains(&Some(true)) || inactive.contains(&Some(false)) {
                        wrong.push(format!("rule {rule}: {active:?} {inactive:?}"));
                    }
                    if active.contains(&None) {
                        wrong.push(format!("refused {rule}"));
                    }
                    assert_eq!(
                        export
                            .warnings(&format!("password = \"pwd\"\n{rule}"))
                            .iter()
                            .filter(|one| one.warning == BLOCKED)
                            .count(),
                        0
                    );
                }
            }
        }
        match export.warnings("password = \"pwd\"").iter().find(|one| one.warning == BLOCKED) {
            None => missed.push(format!("check {name} {active:?} {inactive:?}")),
            Some(one) if one.count == INACTIVE as u64 => counted += 1,
            // Of codes nobody knows which ones shut out: all that have a value are counted.
            Some(one) if are_codes(&all) && one.count == all.len() as u64 => codes += 1,
            Some(one) => wrong.push(format!("count {} {name} {active:?} {inactive:?}", one.count)),
        }
    }
    println!("{held} rules hold, {counted} counts tell, {codes} are of codes");
    assert!(
        missed.is_empty() && wrong.is_empty(),
        "{} {missed:#?} {} {wrong:#?}",
        missed.len(),
        wrong.len()
    );
}

#[test]
fn of_innocent_columns_nothing_is_said() {
    let mut suspected = Vec::new();
    for case in &list("innocent") {
        let name = case["name"].as_str().unwrap();
        let all = cells(&texts(&case["values"]), 40);
        let export = Export::new(name, &all, DIGESTS[1]);
        let is_it = |line: &&Line| {
            line.field == "blocked" || line.field == "password" && line.rule.contains("salt")
        };
        if let Some(line) = export.lines().iter().find(is_it) {
            suspected.push(format!("init {name}: {}", line.rule));
        }
        let warnings = export.warnings("password = \"pwd\"");
        if let Some(one) = warnings.iter().find(|one| matches!(one.warning, BLOCKED | SALT)) {
            suspected.push(format!("check {name}: {}", one.message));
        }
    }
    assert!(suspected.is_empty(), "{} suspected: {suspected:#?}", suspected.len());
}

/// Text as TOML has it.
fn toml_text(text: &str) -> String {
    toml::Value::from(text).to_string()
}
