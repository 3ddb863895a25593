//! The promises at their full size: minutes each, so `just full` and not CI. Figures are printed;
//! what is asserted are counts, never times.

mod batches;

use crate::outage::{self, Kind};
use crate::process::{Rig, books};
use serde_json::{Value, json};
use std::time::Duration;

const MINUTE: Duration = Duration::from_mins(1);

/// A minute of each kind of outage in the middle of a run: fewer than 30 requests into it beyond
/// what was in flight.
#[test]
#[ignore = "six minutes; just full"]
fn outages() {
    let kinds = [Kind::Http503, Kind::Reset, Kind::Hang, Kind::Writes, Kind::NoListener];
    for kind in kinds {
        let came = outage::endure(kind, MINUTE, 1_000);
        eprintln!("{kind:?} for 60 s, 8 in flight: {came:?}, back after {:?}", came.back_after);
        assert!(came.requests < 30 + outage::WIDTH, "{kind:?}: {came:?}");
    }
}

/// The sandbox is stopped in the middle of 1,000 users, for longer than the run may wait.
#[test]
#[ignore = "half a minute; just full"]
fn a_provider_that_is_stopped_and_started_again() {
    let mut rig = Rig::start(&["--latency=10ms"]);
    rig.stage_users(1_000);
    let run = rig.spawn(&["--concurrency=8", "--rate=200/s", "--max-outage=15s"]);
    rig.sandbox.wait_for_stored(400);
    rig.sandbox.kill();
    let said = run.wait().expect(4);
    let counts = rig.counts();
    eprintln!("stopped for 15 s: {counts:?}\n{said}");
    assert_eq!((counts.get("failed"), counts.get("sending")), (None, None));
    rig.sandbox.restart();
    rig.run(&["--concurrency=8"]).expect(0);
    books::check_all_there(&rig, 1_000);
}

/// What came of a run over so many users under a limit of 50/s.
struct Limited {
    /// The share of requests that were throttled after 5 s.
    late_share: f64,
    throttled: usize,
    /// When the creates left, milliseconds, by the ledger.
    departures: Vec<i64>,
}

fn limited(users: usize, sandbox: &[&str], run: &[&str]) -> Limited {
    let rig = Rig::start(&[&["--latency=20ms", "--rate=50/s"], sandbox].concat());
    rig.stage_users(users);
    rig.run(&[&["--concurrency=32"], run].concat()).expect(0);
    books::check_all_there(&rig, users);
    let log = rig.log();
    let at = |line: &Value| line["at_ms"].as_f64().unwrap() / 1_000.0;
    let began = log.iter().find(|line| line["op"] == "createUser").map(at).unwrap();
    let ended = log.iter().map(at).fold(0.0, f64::max);
    let late: Vec<&Value> = log.iter().filter(|line| at(line) > began + 5.0).collect();
    let throttled = late.iter().filter(|line| line["outcome"] == "throttled").count();
    let all = log.iter().filter(|line| line["outcome"] == "throttled").count();
    #[expect(clippy::cast_precision_loss, reason = "counts of requests")]
    let share = throttled as f64 / late.len() as f64;
    eprintln!(
        "{users} users at 50/s, {sandbox:?} {run:?}: {:.1} s, {all} throttled, {throttled} of {} after 5 s",
        ended - began,
        late.len()
    );
    let table = rig.table();
    let mut statement = table.prepare("SELECT at_ms FROM attempt ORDER BY at_ms").unwrap();
    let departures = statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap);
    Limited { late_share: share, throttled: all, departures: departures.collect() }
}

/// 50/s, and nobody says so: 5,000 users take 100 s at best.
#[test]
#[ignore = "six minutes; just full"]
fn an_unknown_limit() {
    for status in ["http429", "body429", "code2100"] {
        let share = limited(5_000, &[&format!("--rate-status={status}")], &[]).late_share;
        assert!(share < 0.02, "{status}: {share} of the requests after 5 s were throttled");
    }
}

#[test]
#[ignore = "two minutes; just full"]
fn a_rate_below_the_limit() {
    const WINDOW_MS: i64 = 2_000;
    /// What the provider takes in such a window.
    const TAKEN: usize = 100;
    let limited = limited(5_000, &[], &["--rate=45/s"]);
    for (i, ends_at) in limited.departures.iter().enumerate().skip(TAKEN) {
        let took = ends_at - limited.departures[i - TAKEN];
        assert!(took >= WINDOW_MS, "{} creates left within {took} ms", TAKEN + 1);
    }
    // What leaves evenly may arrive in a bunch, where the machine has held the provider up.
    let throttled = limited.throttled;
    assert!(throttled < 50, "{throttled} requests of 5,000 were throttled");
}

#[test]
#[ignore = "a minute; just full"]
fn credentials_revoked_in_the_middle_of_ten_thousand() {
    const WIDTH: usize = 32;
    let rig = Rig::start(&["--latency=5ms"]);
    rig.stage_users(10_000);
    let run = rig.spawn(&["--concurrency=32"]);
    rig.sandbox.wait_for_stored(5_000);
    rig.sandbox.faults(&json!({"revoke_tokens": true, "revoke_secret": true}));
    run.wait().expect(4);
    books::check(&rig);
    let count = |op: &str, outcome: &str| {
        rig.log().iter().filter(|line| line["op"] == op && line["outcome"] == outcome).count()
    };
    let refreshes = count("accessToken", "refused");
    let wasted = count("createUser", "unauthorized");
    let counts = rig.counts();
    eprintln!("revoked: {refreshes} refreshes refused, {wasted} creates wasted, {counts:?}");
    assert_eq!(counts.get("failed"), None);
    assert!(refreshes <= 1 && wasted <= WIDTH, "{refreshes} {wasted}");
    rig.sandbox.faults(&json!({"revoke_secret": false, "new_secret": "another"}));
    rig.spawn_with(&["--concurrency=32"], &[("AUTHING_SECRET", "another")]).wait().expect(0);
    books::check_all_there(&rig, 10_000);
}

/// Seven rows among 1,000 that always get a 500 are exhausted and named, and no other.
#[test]
#[ignore = "two minutes; just full"]
fn seven_rows_that_break_the_provider() {
    let poison: Vec<String> = (1..=7).map(|n| format!("--poison=u{}=http500", n * 140)).collect();
    let flags: Vec<&str> = poison.iter().map(String::as_str).chain(["--latency=5ms"]).collect();
    let rig = Rig::start(&flags);
    rig.stage_users(1_000);
    rig.run(&["--concurrency=8"]).expect(3);
    rig.expect(&[("done", 993), ("done/created", 993), ("failed", 7), ("failed/exhausted", 7)]);
    books::check(&rig);
    for n in 1..=7 {
        let (code, out) = rig.ask(&["failures", "--format=jsonl"]);
        assert_eq!(code, Some(0));
        assert!(out.contains(&format!("\"key\":\"u{}\"", n * 140)), "{out}");
    }
}

/// 300 records of 1 MiB, each sent whole, 32 at a time: however many may be in hand, their records are not.
#[test]
#[ignore = "half a minute; just full"]
fn memory_with_records_of_a_mebibyte() {
    let rig = Rig::start(&["--latency=50ms"]);
    let records: Vec<Value> = (1..=300)
        .map(|n| {
            let mut user = crate::process::user(n);
            // The whole of it is sent as a text, which may have a mebibyte at most.
            user["filler"] = "x".repeat((1 << 20) - (1 << 12)).into();
            user
        })
        .collect();
    rig.stage(&records);
    drop(records);
    let mut run = rig.spawn(&["--concurrency=32"]);
    let mut most_kib = 0;
    while !run.has_ended() {
        let status = std::fs::read_to_string(format!("/proc/{}/status", run.pid()));
        let line = status.unwrap_or_default();
        let line = line.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kib = line.and_then(|line| line.trim().strip_suffix(" kB")?.trim().parse::<u64>().ok());
        most_kib = most_kib.max(kib.unwrap_or(0));
        std::thread::sleep(Duration::from_millis(5));
    }
    run.wait().expect(0);
    eprintln!("300 records of 1 MiB: {most_kib} KiB at most");
    assert!(most_kib > 1_000, "nothing was measured");
    assert!(most_kib < 128 * 1024, "{most_kib} KiB");
    books::check_all_there(&rig, 300);
}
