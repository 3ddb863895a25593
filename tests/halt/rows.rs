//! What is wrong with a row costs that row alone; a server that limits the rate costs none.

use crate::process::{Rig, books, user};
use serde_json::{Value, json};

#[test]
fn a_row_that_breaks_the_server_is_exhausted_and_named() {
    let rig = Rig::start(&["--latency=5ms", "--poison=u42=http500"]);
    rig.stage_users(200);
    rig.run(&["--concurrency=8", "--max-attempts=3"]).expect(3);
    rig.expect(&[("done", 199), ("failed", 1), ("failed/exhausted", 1)]);
    let creates = rig.creates().iter().filter(|line| line["external_id"] == "u42").count();
    assert_eq!(creates, 3, "as many as attempts are allowed");
    let (_, failures) = rig.ask(&["failures", "--format=jsonl"]);
    let failure: Value = serde_json::from_str(&failures).unwrap();
    assert_eq!((&failure["key"], &failure["attempts"]), (&json!("u42"), &json!(3)));
    books::check(&rig);
    // With the cause removed it goes like any other.
    rig.sandbox.faults(&json!({"poison": []}));
    assert_eq!(rig.ask(&["retry-failed"]).0, Some(0));
    rig.run(&["--concurrency=8"]).expect(0);
    books::check_all_there(&rig, 200);
}

#[test]
fn a_row_that_is_rejected_costs_that_row_alone() {
    let rig = Rig::start(&["--latency=5ms", "--poison=u7=code:2003", "--poison=u8=string-error"]);
    rig.stage_users(100);
    rig.run(&["--concurrency=8"]).expect(3);
    rig.expect(&[("done", 98), ("failed", 2), ("failed/rejected", 2)]);
    books::check(&rig);
}

fn limited(rate_status: &str, retry_after: &[&str]) {
    let status = format!("--rate-status={rate_status}");
    let rig = Rig::start(&[&["--latency=5ms", "--rate=50/s", &status], retry_after].concat());
    rig.stage_users(200);
    rig.run(&["--concurrency=16"]).expect(0);
    let throttled = rig.sandbox.count("throttled");
    eprintln!("{rate_status} {retry_after:?}: {throttled} of {} throttled", rig.creates().len());
    assert!(throttled > 0, "the limit was met");
    assert_eq!(rig.number("SELECT max(spent) FROM job"), 1);
    books::check_all_there(&rig, 200);
}

#[test]
fn a_limit_told_by_http_429_fails_nobody() {
    limited("http429", &[]);
}

/// Rows that are looked up by every identifier take several requests each, and a limit so low that
/// not all of them fit into one moment: with a limit that nobody told, and with a stated one, which
/// is never exceeded.
#[test]
fn lookups_keep_to_a_low_limit_too() {
    for flags in [&["--concurrency=8"][..], &["--concurrency=8", "--rate=10/s"]] {
        let rig = Rig::start(&["--rate=12/s"]);
        let there = |n: usize| json!({"username": format!("there{n}"), "email": format!("u{n}@example.com")});
        rig.sandbox.add_users(&(0..4).map(there).collect::<Value>());
        let users: Vec<Value> = (0..12)
            .map(|n| json!({"uid": format!("k{n}"), "mail": format!("u{n}@example.com"), "phone": format!("1380000{n:04}")}))
            .collect();
        rig.stage(&users);
        rig.run(flags).expect(3);
        rig.expect(&[("done", 8), ("failed", 4), ("failed/conflict", 4)]);
        if flags.len() > 1 {
            // A tenth of a second after another, but for token, key and probe. Not by what was throttled:
            // a busy machine delays requests, and then they arrive in a heap.
            let at: Vec<i64> = rig.log().iter().filter_map(|line| line["at_ms"].as_i64()).collect();
            let took = at.iter().max().unwrap() - at.iter().min().unwrap();
            let paced = i64::try_from(at.len()).unwrap() - 3;
            assert!(paced >= 20, "12 creates and the lookups of 4 conflicts: {paced}");
            assert!(took >= (paced - 5) * 100, "the stated rate holds for lookups too: {took} ms");
        }
        books::check(&rig);
    }
}

#[test]
fn a_limit_told_with_retry_after_fails_nobody() {
    limited("http429", &["--retry-after=1"]);
}

#[test]
fn a_limit_told_in_the_body_fails_nobody() {
    limited("body429", &[]);
}

#[test]
fn a_limit_told_by_code_2100_fails_nobody() {
    limited("code2100", &[]);
}

// ---- conflicts

/// Who is there before the run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum There {
    /// Nobody.
    Nobody,
    /// Our external id and e-mail.
    Ours,
    /// Our external id, with another's e-mail and phone.
    OurIdOfAnother,
    /// Our e-mail, without an external id.
    NoExternalId,
    /// Our e-mail, with another external id.
    AnotherId,
    /// Our e-mail and our phone, of two different people.
    TwoPeople,
}

const USERS: usize = 1_000;

impl There {
    /// 50 of each, 20 of the last, mixed.
    fn of(n: usize) -> Self {
        match (n % 20, n % 50) {
            (1, _) => Self::Ours,
            (2, _) => Self::OurIdOfAnother,
            (3, _) => Self::NoExternalId,
            (4, _) => Self::AnotherId,
            (_, 25) => Self::TwoPeople,
            _ => Self::Nobody,
        }
    }

    fn users(self, n: usize) -> Vec<Value> {
        let (mail, phone) = (format!("u{n}@example.com"), format!("138{n:08}"));
        match self {
            Self::Nobody => vec![],
            Self::Ours => vec![json!({"externalId": format!("u{n}"), "email": mail})],
            Self::OurIdOfAnother => vec![json!({
                "externalId": format!("u{n}"),
                "email": format!("someone{n}@example.com"),
                "phone": format!("139{n:08}"),
            })],
            Self::NoExternalId => vec![json!({"email": mail})],
            Self::AnotherId => vec![json!({"externalId": format!("x{n}"), "email": mail})],
            Self::TwoPeople => vec![json!({"email": mail}), json!({"phone": phone})],
        }
    }

    /// The verdict of DESIGN's table.
    fn verdict(self, policy: &str) -> &'static str {
        match (self, policy) {
            (Self::Nobody, _) => "done/created",
            (Self::Ours, _) => "done/existed",
            (Self::NoExternalId, "skip") => "done/skipped",
            _ => "failed/conflict",
        }
    }
}

fn conflicts(policy: &str, lossy: &[&str]) {
    let rig = Rig::start(&[&["--latency=5ms"], lossy].concat());
    let before: Vec<Value> = (1..=USERS).flat_map(|n| There::of(n).users(n)).collect();
    rig.sandbox.add_users(&Value::Array(before));
    let before = rig.sandbox.users();
    // All have a phone here: two different people may have e-mail and phone.
    let records: Vec<Value> = (1..=USERS)
        .map(|n| {
            let mut record = user(n);
            record["phone"] = json!(format!("138{n:08}"));
            record
        })
        .collect();
    rig.stage(&records);
    rig.run(&["--concurrency=8", &format!("--on-conflict={policy}")]).expect(3);
    let table = rig.table();
    let mut statement =
        table.prepare("SELECT key, status || '/' || coalesce(detail, '') FROM job").unwrap();
    let mut rows = statement.query([]).unwrap();
    while let Some(row) = rows.next().unwrap() {
        let (key, verdict): (String, String) = (row.get(0).unwrap(), row.get(1).unwrap());
        let there = There::of(key[1..].parse().unwrap());
        assert_eq!(verdict, there.verdict(policy), "{key}: {there:?}, {policy}");
    }
    let after = rig.sandbox.users();
    assert_eq!(after[..before.len()], before[..], "users that were there before are as they were");
    let nobody = (1..=USERS).filter(|n| There::of(*n) == There::Nobody).count();
    assert_eq!(nobody, 780);
    assert_eq!(after.len(), before.len() + nobody);
}

#[test]
fn conflicts_have_the_verdicts_of_the_table_where_they_fail() {
    conflicts("fail", &[]);
}

#[test]
fn conflicts_have_the_verdicts_of_the_table_where_they_are_skipped() {
    conflicts("skip", &[]);
}

/// Failures of every kind count, not only refusals.
#[test]
fn max_failures_counts_conflicts_too() {
    let rig = Rig::start(&["--latency=5ms"]);
    let there: Vec<Value> = (1..=200).flat_map(|n| There::AnotherId.users(n)).collect();
    rig.sandbox.add_users(&Value::Array(there));
    rig.stage_users(200);
    let said = rig.run(&["--concurrency=4", "--max-failures=10"]).expect(4);
    assert!(said.contains("10 rows have failed in this run"), "{said}");
    let failed = rig.counts()["failed/conflict"];
    assert!((10..200).contains(&failed), "{failed}");
    books::check(&rig);
}

/// A lost reply must not make a user that was there before one of our making.
#[test]
fn conflicts_have_the_verdicts_of_the_table_when_replies_are_lost() {
    conflicts("fail", &["--drop-after-store=0.05", "--drop-before-store=0.05", "--hang=0.005"]);
    conflicts("skip", &["--drop-after-store=0.05", "--drop-before-store=0.05", "--hang=0.005"]);
}
