//! What records share, however they came: in one batch or in many, compared at once or bit by bit,
//! with a process that died in between. The oracle compares each record with all before it.

use super::bench::{Bench, identify, sqlite};
use proptest::prelude::*;
use std::collections::BTreeSet;
use userferry::job::Status;
use userferry::store::{Reading, Staging, Table};
use userferry::user::IdKind;

/// A record of few possible identifiers, so that many are shared.
fn record() -> impl Strategy<Value = String> {
    let id = |n: u8| prop_oneof![2 => Just(None), 3 => (0..n).prop_map(Some)];
    (id(12), id(12), id(12), id(12), 0_u8..2).prop_map(|(x, e, p, u, n)| {
        let mut record = format!("{{\"n\":{n}");
        for (name, value) in [("x", x), ("e", e), ("p", p), ("u", u)] {
            if let Some(value) = value {
                record.push_str(&format!(",\"{name}\":\"{name}{value}\""));
            }
        }
        record.push('}');
        record
    })
}

/// A row as it must be: the record's number, and the rules that it breaks with the number of the
/// first record that stands in its way.
type Expected = (u64, BTreeSet<(String, u64)>);

/// All rows, by comparing each with all before it.
fn expected(records: &[String]) -> Vec<Expected> {
    let mut rows: Vec<(usize, BTreeSet<(String, u64)>)> = Vec::new();
    for (i, record) in records.iter().enumerate() {
        let ids = identify(record.as_bytes());
        let same_key = |j: usize| match (identify(records[j].as_bytes()).key(), ids.key()) {
            (None, None) => records[j] == *record,
            (theirs, ours) => theirs == ours,
        };
        if rows.iter().any(|(j, _)| same_key(*j) && records[*j] == *record) {
            continue;
        }
        let mut problems = BTreeSet::new();
        let no = |j: usize| j as u64 + 1;
        let same = rows.iter().find(|(j, _)| ids.key().is_some() && same_key(*j));
        if let Some((j, _)) = same {
            problems.insert(("duplicate-key".to_owned(), no(*j)));
        }
        for (kind, rule) in [
            (IdKind::Email, "duplicate-email"),
            (IdKind::Phone, "duplicate-phone"),
            (IdKind::Username, "duplicate-username"),
        ] {
            let Some(value) = ids.get(kind) else { continue };
            let shares = |j: usize| identify(records[j].as_bytes()).get(kind) == Some(value);
            let Some((j, _)) = rows.iter().find(|(j, _)| shares(*j)) else { continue };
            let is_key = |ids: &userferry::user::Identifiers| ids.key() == Some((kind, value));
            if !(is_key(&ids) && is_key(&identify(records[*j].as_bytes()))) {
                problems.insert((rule.to_owned(), no(*j)));
            }
        }
        rows.push((i, problems));
    }
    rows.into_iter().map(|(i, problems)| (no_of(i), problems)).collect()
}

fn no_of(i: usize) -> u64 {
    i as u64 + 1
}

fn found(bench: &Bench<Table>) -> Vec<Expected> {
    let mut rows = Vec::new();
    for row in bench.eyes.rows() {
        let problems: BTreeSet<(String, u64)> = bench
            .eyes
            .problems(row.id)
            .into_iter()
            .map(|(rule, message)| {
                let no = message.split(' ').nth(1).and_then(|no| no.parse().ok());
                (rule, no.expect("it names the first"))
            })
            .collect();
        let is_invalid = row.status == Status::Invalid;
        assert_eq!(is_invalid, !problems.is_empty(), "{row:?}");
        rows.push((row.record_no, problems));
    }
    rows
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn each_record_is_compared_with_all_before_it(
        records in prop::collection::vec(record(), 1..60),
        cuts in prop::collection::vec((1_usize..20, any::<bool>(), 0_usize..3), 1..8),
    ) {
        let mut bench = sqlite();
        let source = bench.source("/users.json");
        let mut left: Vec<&str> = records.iter().map(String::as_str).collect();
        let mut cuts = cuts.iter().cycle();
        while !left.is_empty() {
            let (n, compares, steps_before_a_crash) = cuts.next().unwrap();
            let rest = left.split_off((*n).min(left.len()));
            bench.append(source, &left, false);
            left = rest;
            if *compares || left.is_empty() {
                for _ in 0..*steps_before_a_crash {
                    bench.compare();
                }
                bench.store = Table::open(bench.store.path()).unwrap();
                while !bench.compare().done {}
            }
        }
        prop_assert!(bench.store.is_compared().unwrap());
        prop_assert_eq!(found(&bench), expected(&records));
        prop_assert_eq!(bench.eyes.sources()[0][0], records.len() as u64);
    }
}

#[test]
fn thousands_of_records_with_one_key_are_all_told() {
    let mut bench = sqlite();
    let source = bench.source("/users.json");
    let records: Vec<String> =
        (0..3_000).map(|n| format!("{{\"x\":\"tenant\",\"n\":{n}}}")).collect();
    let records: Vec<&str> = records.iter().map(String::as_str).collect();
    let counts = bench.stage(source, &records);
    assert_eq!((counts.rows, counts.invalid), (3_000, 2_999));
}

/// A placeholder that everybody has: the first is found at once, however many follow.
#[test]
fn an_address_that_everybody_has_is_compared_with_the_first_alone() {
    let mut bench = sqlite();
    let source = bench.source("/users.json");
    let records: Vec<String> =
        (0..20_000).map(|n| format!("{{\"x\":\"{n}\",\"e\":\"none@example.com\"}}")).collect();
    let records: Vec<&str> = records.iter().map(String::as_str).collect();
    let counts = bench.stage(source, &records);
    assert_eq!((counts.rows, counts.invalid), (20_000, 19_999));
}

#[test]
fn a_search_by_key_finds_rows_of_every_batch_and_none_that_are_gone() {
    let mut bench = sqlite();
    for n in 0..3 {
        let source = bench.source(&format!("/{n}"));
        bench.stage(source, &[r#"{"x":"1","n":1}"#, r#"{"x":"1","n":2}"#, r#"{"x":"2"}"#]);
    }
    assert_eq!(bench.store.jobs_by_key("1").unwrap().len(), 2);
    assert_eq!(bench.store.jobs_by_key("2").unwrap().len(), 1);
    let fixed = bench.source("/fixed");
    bench.replace(fixed, &[r#"{"x":"2","n":"new"}"#]);
    let rows = bench.store.jobs_by_key("2").unwrap();
    assert_eq!((rows.len(), rows[0].raw.as_slice()), (1, &br#"{"x":"2","n":"new"}"#[..]));
}
