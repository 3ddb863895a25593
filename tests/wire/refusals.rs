//! Refusals that say nothing about the row: bans, tokens that are not known everywhere yet, pauses,
//! keys that are too small.

use super::server::{Act, Kind, Reply, Wire};
use super::{Rig, user};
use serde_json::{Value, json};
use std::collections::HashSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use userferry::run::End;
use userferry::sandbox;
use userferry::store::{Deciding as _, Retry, Table};

fn refused(code: i64) -> Wire {
    Wire::Reply(Reply::json(200, &json!({"code": code, "message": "no", "data": null})))
}

/// A ban with 403 on everything, for 30 creates.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_ban_on_everything_costs_no_row() {
    let rig = Rig::with_users(60).await;
    let bad = std::sync::atomic::AtomicUsize::new(0);
    rig.front.script(move |seen| {
        use std::sync::atomic::Ordering::SeqCst;
        if seen.kind == Kind::Create && seen.n >= 10 && bad.fetch_add(1, SeqCst) < 30 {
            return Act::instead(Wire::Reply(Reply::html(403)));
        }
        if seen.kind == Kind::Probe && bad.load(SeqCst) > 0 && bad.load(SeqCst) <= 30 {
            return Act::instead(Wire::Reply(Reply::html(403)));
        }
        Act::pass()
    });
    let end = rig.run().await;
    let rows = rig.rows();
    let failed = rows.values().filter(|row| row.status == "failed").count();
    assert_eq!(failed, 0, "{end:?}");
    assert!(matches!(&end, End::Halted(halt) if halt.message.contains("look users up")), "{end:?}");
}

/// The first create with each renewed token is told that the token is out of date.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_fresh_token_that_is_not_known_everywhere_costs_no_row() {
    let knobs =
        sandbox::Settings { latency: "20ms".parse().unwrap(), ..sandbox::Settings::default() };
    let rig = Rig::start(knobs).await;
    rig.stage(&(1..=60).map(user).collect::<Vec<_>>());
    let known: Mutex<HashSet<String>> = Mutex::new(HashSet::new());
    rig.front.script(move |seen| {
        if seen.kind == Kind::Create {
            let mut known = known.lock().unwrap();
            let first = known.is_empty();
            let new = known.insert(seen.authorization.clone());
            if new && !first {
                return Act::instead(refused(2206));
            }
            if seen.n == 20 {
                return Act::pass().change(json!({"revoke_tokens": true}));
            }
        }
        Act::pass()
    });
    assert_eq!(rig.run().await, End::Drained);
    rig.check_all("created").await;
    assert!(rig.front.count(Kind::Token) >= 2, "the token was revoked");
}

/// Creates get 403, reads 502, for ever.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn creates_forbidden_and_reads_failing_are_an_outage() {
    let mut rig = Rig::with_users(30).await;
    rig.settings.max_outage = Duration::from_secs(2);
    rig.front.script(|seen| match seen.kind {
        Kind::Create if seen.n >= 10 => Act::instead(Wire::Reply(Reply::html(403))),
        Kind::Probe if seen.n > 1 => Act::instead(Wire::Reply(Reply::html(502))),
        _ => Act::pass(),
    });
    let ended = tokio::time::timeout(Duration::from_secs(12), rig.run()).await;
    let end = ended.unwrap();
    assert!(
        matches!(&end, End::Halted(halt) if halt.message.contains("no usable answer")),
        "{end:?}"
    );
    assert!(rig.rows().values().all(|row| row.status != "failed"));
}

/// 503 with Retry-After longer than `max_outage`.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pause_that_was_asked_for_by_503_is_no_outage() {
    let mut rig = Rig::with_users(10).await;
    rig.settings.max_outage = Duration::from_secs(2);
    rig.settings.width = 1;
    rig.front.script(|seen| match seen.kind {
        Kind::Create if seen.n == 5 => {
            Act::instead(Wire::Reply(Reply::html(503).with("retry-after", "4")))
        }
        _ => Act::pass(),
    });
    let end = rig.run().await;
    assert_eq!(end, End::Drained);
}

/// The first probe is told to come back later than `max_outage`.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pause_that_was_asked_for_at_the_start_is_no_outage() {
    let mut rig = Rig::with_users(10).await;
    rig.settings.max_outage = Duration::from_secs(2);
    rig.front.script(|seen| match seen.kind {
        Kind::Probe if seen.n == 1 => {
            Act::instead(Wire::Reply(Reply::html(429).with("retry-after", "4")))
        }
        _ => Act::pass(),
    });
    let end = rig.run().await;
    assert_eq!(end, End::Drained);
}

/// A read that fails says when to come back; whoever comes sooner is counted.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pause_that_a_failed_read_asks_for_is_kept() {
    let rig = Rig::with_users(10).await;
    let told: Mutex<Option<Instant>> = Mutex::new(None);
    let early = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&early);
    rig.front.script(move |seen| {
        let mut told = told.lock().unwrap();
        if told.is_some_and(|at| at.elapsed() < Duration::from_millis(900)) {
            counted.fetch_add(1, Ordering::SeqCst);
        }
        if seen.kind == Kind::Probe && seen.n == 1 {
            *told = Some(Instant::now());
            return Act::instead(Wire::Reply(Reply::html(503).with("retry-after", "1")));
        }
        Act::pass()
    });
    assert_eq!(rig.run().await, End::Drained);
    assert_eq!(early.load(Ordering::SeqCst), 0, "requests in the pause");
    assert_eq!(rig.front.count(Kind::Probe), 2);
}

/// Passwords of 150 bytes, a key that carries 117.
fn with_a_long_password(n: usize) -> Value {
    let mut user = user(n);
    user["password"] = json!(format!("{n:0150}"));
    user
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn passwords_that_are_all_too_long_halt_the_run_and_cost_no_row() {
    let rig =
        Rig::start(sandbox::Settings { key_bits: 1024, ..sandbox::Settings::default() }).await;
    rig.stage(&(1..=300).map(with_a_long_password).collect::<Vec<_>>());
    let halt = rig.expect_halt().await;
    let told = "no row can be sent: the password has 150 bytes; the target's key carries 117; \
                the 20 rows are pending again";
    assert_eq!(halt.message, told);
    assert_eq!(rig.with_status("pending").len(), 300);
    assert_eq!(rig.front.count(Kind::Create), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn some_passwords_that_are_too_long_are_invalid_rows() {
    let rig =
        Rig::start(sandbox::Settings { key_bits: 1024, ..sandbox::Settings::default() }).await;
    let long = |n: usize| n.is_multiple_of(5);
    let users = (1..=40).map(|n| if long(n) { with_a_long_password(n) } else { user(n) });
    rig.stage(&users.collect::<Vec<_>>());
    assert_eq!(rig.run().await, End::Drained);
    assert_eq!((rig.with_status("invalid").len(), rig.with_status("done").len()), (8, 32));
    assert_eq!(rig.users().await.len(), 32);
}

/// Refused, then created by somebody else, then a lost request.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_signed_up_between_a_refusal_and_a_retry_is_not_of_our_making() {
    let rig = Rig::with_users(1).await;
    rig.front.script(|seen| match seen.kind {
        Kind::Create => Act::instead(refused(2003)),
        _ => Act::pass(),
    });
    assert_eq!(rig.run().await, End::Drained);
    assert_eq!(rig.rows()["u1"].status, "failed");
    rig.add_users(&json!([{"externalId": "u1", "email": "u1@example.com"}])).await;
    // The sandbox dates such users a day back; this one has signed up just now.
    let at = chrono::DateTime::from_timestamp_millis(userferry::clock::system_ms()).unwrap();
    let at = at.format("%Y-%m-%dT%H:%M:%S%.3fZ").to_string();
    {
        let mut table = Table::open(&rig.db()).unwrap();
        table.retry(&Retry::default(), userferry::clock::system_ms()).unwrap();
    }
    rig.front.script(move |seen| match seen.kind {
        Kind::Create => Act::instead(Wire::Close),
        Kind::Lookup => {
            let at = at.clone();
            Act::edit(move |reply| {
                let mut body: Value = serde_json::from_slice(&reply.body).unwrap();
                for user in body["data"].as_array_mut().unwrap() {
                    user["createdAt"] = json!(at);
                }
                reply.body = body.to_string().into_bytes();
            })
        }
        _ => Act::edit(ten_seconds_later),
    });
    assert_eq!(rig.run().await, End::Drained);
    let row = &rig.rows()["u1"];
    assert_eq!(row.detail.as_deref(), Some("existed"));
}

/// The server's clock has gone on.
fn ten_seconds_later(reply: &mut Reply) {
    let date = reply.headers.iter_mut().find(|(name, _)| name.eq_ignore_ascii_case("date"));
    let (_, date) = date.expect("the sandbox tells its time");
    let time = httpdate::parse_http_date(date).unwrap() + Duration::from_secs(10);
    *date = httpdate::fmt_http_date(time);
}

/// A lookup that is forbidden in the words of the target itself.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lookups_denied_in_the_targets_own_words_may_be_done_without() {
    let mut rig = Rig::with_users(6).await;
    rig.settings.hold_unknown = true;
    rig.front.script(|seen| match seen.kind {
        Kind::Lookup | Kind::Probe => Act::instead(Wire::Reply(Reply::json(
            403,
            &json!({"statusCode": 403, "message": "Forbidden resource"}),
        ))),
        _ => Act::pass(),
    });
    let end = rig.run().await;
    assert_eq!(end, End::Drained);
}

/// Two instances with a key each, behind one address: every other create, by chance, meets the wrong
/// one.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_instances_with_a_key_each_cost_no_row() {
    let rig = Rig::with_users(100).await;
    let rng = Mutex::new(fastrand::Rng::with_seed(3));
    rig.front.script(move |seen| match seen.kind {
        Kind::Create if rng.lock().unwrap().bool() => Act::instead(refused(2016)),
        _ => Act::pass(),
    });
    assert_eq!(rig.run().await, End::Drained);
    rig.check_all("created").await;
}

/// Users need not be looked up, and could be; then everything is forbidden.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_ban_on_everything_is_an_outage_where_lookups_may_be_done_without() {
    let mut rig = Rig::with_users(60).await;
    rig.settings.hold_unknown = true;
    rig.settings.max_outage = Duration::from_secs(2);
    rig.front.script(|seen| match seen.kind {
        Kind::Create if seen.n >= 10 => Act::instead(Wire::Reply(Reply::html(403))),
        Kind::Probe if seen.n > 1 => Act::instead(Wire::Reply(Reply::html(403))),
        _ => Act::pass(),
    });
    let end = tokio::time::timeout(Duration::from_mins(1), rig.run()).await.unwrap();
    assert!(
        matches!(&end, End::Halted(halt) if halt.message.contains("no usable answer")),
        "{end:?}"
    );
    assert!(rig.rows().values().all(|row| row.status != "failed"));
    assert!(rig.front.count(Kind::Create) < 200, "{}", rig.front.count(Kind::Create));
}
