//! What people ask for: to stop, to stop now, to settle so many rows; and what they should not do.

use crate::process::Rig;
use crate::process::books;
use std::time::Duration;
use userferry::store::{Reading, Table};

#[test]
fn ctrl_c_ends_a_run_soon_and_the_next_one_goes_on() {
    let rig = Rig::start(&["--latency=20ms"]);
    rig.stage_users(300);
    let args = ["--concurrency=8", "--rate=100/s"];
    let run = rig.spawn(&args);
    rig.sandbox.wait_for_stored(50);
    run.interrupt();
    let said = run.wait().expect(5);
    assert!(said.contains("userferry run"), "{said}");
    let counts = rig.counts();
    assert!(counts["pending"] > 0, "{counts:?}");
    // All that was in flight was answered: nothing is in doubt.
    assert_eq!((counts.get("unknown"), counts.get("sending")), (None, None), "{counts:?}");
    books::check(&rig);
    rig.run(&args).expect(0);
    books::check_all_there(&rig, 300);
}

#[test]
fn ctrl_c_while_nothing_answers_ends_with_the_requests() {
    let rig = Rig::start(&["--latency=5ms"]);
    rig.stage_users(200);
    let args = ["--concurrency=8", "--rate=100/s"];
    let run = rig.spawn(&args);
    rig.sandbox.wait_for_stored(50);
    rig.sandbox.faults(&serde_json::json!({"outage": "hang"}));
    rig.sandbox.wait("requests that hang", |stats| stats["outage_requests"] != 0);
    run.interrupt();
    run.wait().expect(5);
    assert_eq!(rig.counts().get("failed"), None);
    books::check(&rig);
    rig.sandbox.faults(&serde_json::json!({"outage": "none"}));
    rig.run(&args).expect(0);
    books::check_all_there(&rig, 200);
}

#[test]
fn a_second_ctrl_c_leaves_what_is_in_flight_in_doubt() {
    let rig = Rig::start(&["--latency=5ms"]);
    rig.stage_users(200);
    let mut run = rig.spawn_with(&["--concurrency=8"], &[("USERFERRY_REQUEST_TIMEOUT", "30s")]);
    rig.sandbox.wait_for_stored(50);
    rig.sandbox.faults(&serde_json::json!({"latency": "600s"}));
    // Those that had arrived before are answered at once: only the others are in flight for long.
    let mut answered = u64::MAX;
    rig.sandbox.wait("requests that stay in flight", |stats| {
        let before = std::mem::replace(&mut answered, stats["creates_received"].as_u64().unwrap());
        std::thread::sleep(Duration::from_millis(100));
        before == answered && stats["in_flight"].as_u64().unwrap() >= 8
    });
    run.interrupt();
    run.wait_for("Stopping");
    run.interrupt();
    run.wait().expect(5);
    let in_doubt = rig.counts()["unknown"];
    assert!((1..=8).contains(&in_doubt), "{:?}", rig.counts());
    rig.sandbox.faults(&serde_json::json!({"latency": "5ms"}));
    rig.run(&["--concurrency=8"]).expect(0);
    books::check_all_there(&rig, 200);
}

#[test]
fn a_limit_is_kept_to_the_row() {
    let rig = Rig::start(&["--latency=5ms", "--drop-after-store=0.05"]);
    rig.stage_users(300);
    for (limit, done) in [("--limit=1", 1), ("--limit=99", 100), ("--limit=100", 200)] {
        rig.run(&["--concurrency=8", limit]).expect(5);
        rig.expect(&[("done", done), ("pending", 300 - done)]);
        let creates = i64::try_from(rig.creates().len()).unwrap();
        assert!(creates >= done, "{creates}");
        assert_eq!(creates, done, "no more is sent than the limit wants");
    }
    rig.run(&["--concurrency=8", "--limit=100"]).expect(0);
    books::check_all_there(&rig, 300);
}

#[test]
fn two_runs_on_one_table() {
    let rig = Rig::start(&["--latency=5ms"]);
    rig.stage_users(200);
    let first = rig.spawn(&["--concurrency=8", "--rate=50/s"]);
    rig.sandbox.wait_for_stored(10);
    let said = rig.run(&["--concurrency=8"]).expect(6);
    let machine = rustix::system::uname().nodename().to_string_lossy().into_owned();
    for part in [machine, format!("process {}", first.pid()), "since 20".to_owned()] {
        assert!(said.contains(&part), "{part}: {said}");
    }
    // Those who only read are let in.
    let (code, status) = rig.ask(&["status", "--json"]);
    assert_eq!(code, Some(0));
    let status: serde_json::Value = serde_json::from_str(&status).unwrap();
    assert_eq!(status["total"], 200);
    assert!(status["done"].as_u64().unwrap() < 200, "{status}");
    first.wait().expect(0);
    books::check_all_there(&rig, 200);
}

/// A wall clock that was set back between two runs, as far as the table can tell: rows that were
/// put off are not put off by the difference too.
#[test]
fn a_clock_that_was_set_back_puts_no_row_off() {
    let rig = Rig::start(&[]);
    rig.stage_users(20);
    rig.run(&["--limit=5"]).expect(5);
    let table = rusqlite::Connection::open(rig.dir.path().join("userferry.db")).unwrap();
    let day_ms = 24 * 3_600_000;
    let put_off = "UPDATE job SET not_before_ms = updated_at_ms + ?1 WHERE status = 'pending'";
    assert_eq!(table.execute(put_off, [day_ms]).unwrap(), 15);
    drop(table);
    rig.run(&[]).expect(0);
    books::check_all_there(&rig, 20);
}

/// What a killed run has sent may be under way for as long as its own settings say, however often
/// others have started since.
#[test]
fn the_settings_of_whoever_sent_what_is_in_doubt_are_remembered() {
    let rig = Rig::start(&["--latency=5ms"]);
    rig.stage_users(200);
    let mut seen = 0;
    for timeout in ["7s", "5s"] {
        let env = [("USERFERRY_REQUEST_TIMEOUT", timeout)];
        let mut run = rig.spawn_with(&["--concurrency=2", "--rate=50/s"], &env);
        if seen == 0 {
            rig.sandbox.wait_for_stored(5);
            rig.sandbox.faults(&serde_json::json!({"outage": "hang"}));
        }
        let more = |stats: &serde_json::Value| stats["outage_requests"].as_u64().unwrap() > seen;
        let stats = rig.sandbox.wait("requests that hang", more);
        seen = stats["outage_requests"].as_u64().unwrap();
        run.kill();
        assert_eq!(run.wait().signal, Some(9));
    }
    let table = Table::open_reader(&rig.dir.path().join("userferry.db")).unwrap();
    let settings = table.settings_of_doubts().unwrap();
    assert!(
        settings.iter().any(|text| text.contains("\"request_timeout\":\"7s\"")),
        "{settings:?}"
    );
}

#[test]
fn a_source_that_is_cut_off_leaves_the_run_incomplete() {
    let rig = Rig::start(&[]);
    std::fs::write(rig.dir.path().join("cut.json"), r#"[{"uid":"u1","mail":"u1@example.com"},"#)
        .unwrap();
    assert_eq!(rig.ask(&["stage", "cut.json"]).0, Some(2));
    let said = rig.run(&[]).expect(3);
    assert!(said.contains("cut.json is unfinished"), "{said}");
    let end: String = rig.table().query_row("SELECT end FROM run", [], |row| row.get(0)).unwrap();
    assert_eq!(end, "incomplete");
}
