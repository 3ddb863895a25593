//! The target refuses to work: exit 4, nothing failed, few requests wasted; with the cause removed
//! the next run finishes.

use crate::process::books;
use crate::process::{Ended, POOL, Rig};
use serde_json::{Value, json};

const WIDTH: usize = 8;
const ARGS: [&str; 1] = ["--concurrency=8"];

/// A fault in mid-run, and how the run ended.
fn strike(rig: &Rig, after: u64, fault: &Value) -> Ended {
    let run = rig.spawn(&ARGS);
    rig.sandbox.wait_for_stored(after);
    rig.sandbox.faults(fault);
    run.wait()
}

/// Requests in the log that had this operation and outcome.
fn in_log(rig: &Rig, op: &str, outcome: &str) -> usize {
    rig.log().iter().filter(|line| line["op"] == op && line["outcome"] == outcome).count()
}

#[track_caller]
fn nothing_failed(rig: &Rig) {
    let counts = rig.counts();
    for status in ["failed", "invalid", "sending"] {
        assert_eq!(counts.get(status), None, "{counts:?}");
    }
    assert_eq!(rig.number("SELECT coalesce(max(spent), 0) FROM job WHERE status <> 'done'"), 0);
    books::check(rig);
}

#[test]
fn credentials_revoked_in_mid_run() {
    let rig = Rig::start(&["--latency=5ms"]);
    rig.stage_users(1_500);
    let said = strike(&rig, 300, &json!({"revoke_tokens": true, "revoke_secret": true})).expect(4);
    assert!(said.contains("credentials") && said.contains("are refused"), "{said}");
    assert!(!said.contains("sandbox-secret"), "{said}");
    nothing_failed(&rig);
    assert!(in_log(&rig, "accessToken", "refused") <= 1, "one refresh for all");
    assert!(in_log(&rig, "createUser", "unauthorized") <= WIDTH, "wasted requests");
    rig.sandbox.faults(&json!({"revoke_secret": false, "new_secret": "another"}));
    rig.spawn_with(&ARGS, &[("AUTHING_SECRET", "another")]).wait().expect(0);
    books::check_all_there(&rig, 1_500);
}

#[test]
fn a_wrong_secret_at_the_start() {
    let rig = Rig::start(&[]);
    rig.stage_users(50);
    let said = rig.spawn_with(&ARGS, &[("AUTHING_SECRET", "wrong-secret")]).wait().expect(4);
    assert!(said.contains("AUTHING_SECRET") && !said.contains("wrong-secret"), "{said}");
    rig.expect(&[("pending", 50)]);
    assert_eq!(rig.log().len(), 1, "one request for a token, and no more");
    rig.run(&ARGS).expect(0);
    books::check_all_there(&rig, 50);
}

#[test]
fn permission_lost_in_mid_run() {
    let rig = Rig::start(&["--latency=5ms"]);
    rig.stage_users(400);
    let said = strike(&rig, 100, &json!({"refuse_all_code": 1001})).expect(4);
    assert!(said.contains("1001"), "{said}");
    nothing_failed(&rig);
    assert!(in_log(&rig, "createUser", "refused") <= WIDTH);
    rig.sandbox.faults(&json!({"refuse_all_code": null}));
    rig.run(&ARGS).expect(0);
    books::check_all_there(&rig, 400);
}

#[test]
fn the_pool_is_gone() {
    let rig = Rig::start(&["--latency=5ms"]);
    rig.stage_users(400);
    let said = strike(&rig, 100, &json!({"pool_gone": true})).expect(4);
    assert!(said.contains("2224") && said.contains("user_pool_id"), "{said}");
    nothing_failed(&rig);
    assert!(in_log(&rig, "createUser", "refused") <= WIDTH);
    rig.sandbox.faults(&json!({"pool_gone": false}));
    rig.run(&ARGS).expect(0);
    books::check_all_there(&rig, 400);
}

#[test]
fn the_quota_is_full() {
    let rig = Rig::start(&["--latency=5ms", "--quota=200"]);
    rig.stage_users(400);
    let said = rig.run(&ARGS).expect(4);
    assert!(said.contains("2040") && said.contains("quota"), "{said}");
    rig.expect(&[("done", 200), ("pending", 200)]);
    nothing_failed(&rig);
    assert!(in_log(&rig, "createUser", "refused") <= WIDTH);
    rig.sandbox.faults(&json!({"quota": null}));
    rig.run(&ARGS).expect(0);
    books::check_all_there(&rig, 400);
}

#[test]
fn a_key_that_changes_is_fetched_once_more() {
    let rig = Rig::start(&["--latency=5ms"]);
    rig.stage_users(400);
    strike(&rig, 100, &json!({"rotate_key": true})).expect(0);
    assert_eq!(rig.sandbox.count("key_fetches"), 2);
    books::check_all_there(&rig, 400);
}

#[test]
fn a_key_that_changes_all_the_time() {
    let rig = Rig::start(&["--latency=5ms", "--key-rotate-after=40"]);
    rig.stage_users(200);
    rig.run(&ARGS).expect(0);
    books::check_all_there(&rig, 200);
}

#[test]
fn a_token_that_expires_is_refreshed_once_for_all() {
    for code in [2206, 2020] {
        let rig = Rig::start(&["--latency=5ms"]);
        rig.stage_users(400);
        strike(&rig, 100, &json!({"revoke_tokens": code})).expect(0);
        assert_eq!(rig.sandbox.count("tokens_issued"), 2);
        assert!(in_log(&rig, "createUser", "unauthorized") <= WIDTH);
        books::check_all_there(&rig, 400);
    }
}

#[test]
fn a_short_lived_token_is_renewed_in_time() {
    let rig = Rig::start(&["--latency=5ms", "--token-ttl=3s"]);
    rig.stage_users(300);
    rig.run(&["--concurrency=8", "--rate=60/s"]).expect(0);
    assert!(rig.sandbox.count("tokens_issued") >= 2);
    books::check_all_there(&rig, 300);
}

#[test]
fn every_row_refused_alike_fails_none() {
    let rig = Rig::start(&["--latency=5ms"]);
    rig.stage_users(300);
    rig.sandbox.faults(&json!({"refuse_all_code": 2003}));
    let said = rig.run(&ARGS).expect(4);
    assert!(said.contains("2003") && said.contains("--max-failures"), "{said}");
    rig.expect(&[("pending", 300)]);
    nothing_failed(&rig);
    assert!(rig.creates().len() <= 20 + WIDTH, "{}", rig.creates().len());
    rig.sandbox.faults(&json!({"refuse_all_code": null}));
    rig.run(&ARGS).expect(0);
    books::check_all_there(&rig, 300);
}

#[test]
fn every_row_refused_alike_in_mid_run_fails_few() {
    let rig = Rig::start(&["--latency=5ms"]);
    rig.stage_users(1_000);
    strike(&rig, 50, &json!({"refuse_all_code": 2003})).expect(4);
    let refused = in_log(&rig, "createUser", "refused");
    assert!(refused <= 200 + WIDTH, "{refused}");
    // Those beyond the verdict were in flight.
    let failed = rig.counts().get("failed").copied().unwrap_or(0);
    assert!(failed <= i64::try_from(WIDTH).unwrap(), "{:?}", rig.counts());
    books::check(&rig);
}

#[test]
fn lookups_that_are_denied_halt_at_the_start() {
    let rig = Rig::start(&["--deny-lookup"]);
    rig.stage_users(50);
    let said = rig.run(&ARGS).expect(4);
    assert!(said.contains("on_unknown"), "{said}");
    rig.expect(&[("pending", 50)]);
    assert!(rig.creates().is_empty());
}

#[test]
fn lookups_that_are_denied_may_be_done_without() {
    let rig = Rig::start(&["--deny-lookup", "--drop-after-store=0.1"]);
    rig.stage_users(200);
    rig.run(&["--concurrency=8", "--on-unknown=hold"]).expect(3);
    let lost = in_log(&rig, "createUser", "dropped-after-store");
    assert!(lost > 0);
    let (lost, all) = (i64::try_from(lost).unwrap(), 200);
    rig.expect(&[("unknown", lost), ("done/created", all - lost), ("done", all - lost)]);
    books::check(&rig);
    rig.sandbox.faults(&json!({"deny_lookup": false}));
    rig.run(&ARGS).expect(0);
    books::check_all_there(&rig, 200);
}

#[test]
fn a_redirect_is_named_and_not_followed() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let rig = Rig::start(&["--latency=5ms"]);
    rig.stage_users(400);
    let to = format!("http://{}/elsewhere", listener.local_addr().unwrap());
    let said = strike(&rig, 100, &json!({"redirect": to})).expect(4);
    assert!(said.contains(&to), "{said}");
    let followed = listener.accept();
    assert_eq!(followed.unwrap_err().kind(), std::io::ErrorKind::WouldBlock);
    nothing_failed(&rig);
    rig.sandbox.faults(&json!({"redirect": null}));
    rig.run(&ARGS).expect(0);
    books::check_all_there(&rig, 400);
}

#[test]
fn a_table_belongs_to_one_target() {
    let rig = Rig::start(&[]);
    rig.stage_users(20);
    rig.run(&["--limit=5"]).expect(5);
    let another = rig.another();
    let said = rig.spawn_with(&ARGS, &[("AUTHING_HOST", &another.url)]).wait().expect(2);
    for name in [&rig.sandbox.url, &another.url, "--db"] {
        assert!(said.contains(name), "{name}: {said}");
    }
    let pool = "5f0000000000000000000002";
    let said = rig.spawn_with(&ARGS, &[("AUTHING_USERPOOL_ID", pool)]).wait().expect(2);
    assert!(said.contains(pool) && said.contains(POOL), "{said}");
    assert_eq!(another.count("received"), 0);
    rig.run(&ARGS).expect(0);
    books::check_all_there(&rig, 20);
}
