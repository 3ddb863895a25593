//! Tokens and keys that run out, and where they cannot be had.

use super::server::{Act, Kind, Reply, Wire};
use super::{Rig, all, user};
use serde_json::{Value, json};
use std::collections::HashSet;
use std::sync::OnceLock;
use std::time::{Duration, Instant};
use userferry::run::End;
use userferry::sandbox;

fn refused(code: i64) -> Wire {
    Wire::Reply(Reply::json(200, &json!({"code": code, "message": "no", "data": null})))
}

/// Requests take a while, so that many are on their way at one time.
async fn slow(n: usize) -> Rig {
    let knobs =
        sandbox::Settings { latency: "20ms".parse().unwrap(), ..sandbox::Settings::default() };
    let mut rig = Rig::start(knobs).await;
    rig.stage(&(1..=n).map(user).collect::<Vec<_>>());
    rig.settings.width = 8;
    rig
}

// ---- the token

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_revoked_under_all_requests_in_flight_is_fetched_once_a_generation() {
    let rig = slow(120).await;
    rig.front.script(|seen| match (seen.kind, seen.n) {
        (Kind::Create, 30 | 90) => Act::pass().change(json!({"revoke_tokens": true})),
        _ => Act::pass(),
    });
    assert_eq!(rig.run().await, End::Drained);
    rig.check_all("created").await;
    assert_eq!(rig.front.count(Kind::Token), 3);
    let creates = rig.front.count(Kind::Create);
    assert!((122..=120 + 2 * 8).contains(&creates), "{creates} creates");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_revoked_while_the_first_key_is_fetched_is_fetched_anew() {
    let rig = slow(20).await;
    rig.front.script(|seen| match (seen.kind, seen.n) {
        (Kind::Key, 1) => Act::instead(refused(2206)).change(json!({"revoke_tokens": true})),
        _ => Act::pass(),
    });
    assert_eq!(rig.run().await, End::Drained);
    rig.check_all("created").await;
    assert_eq!((rig.front.count(Kind::Token), rig.front.count(Kind::Key)), (2, 2));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_revoked_while_a_new_key_is_fetched_is_fetched_anew() {
    let rig = slow(60).await;
    rig.front.script(|seen| match (seen.kind, seen.n) {
        (Kind::Create, 20) => {
            Act::pass().change(json!({"revoke_tokens": true, "rotate_key": true}))
        }
        // The token of now has been accepted by creates alone, and all of them were told 2016.
        (Kind::Key, 2) => Act::instead(refused(2206)).change(json!({"revoke_tokens": true})),
        _ => Act::pass(),
    });
    assert_eq!(rig.run().await, End::Drained);
    rig.check_all("created").await;
    assert_eq!((rig.front.count(Kind::Token), rig.front.count(Kind::Key)), (3, 3));
    let tokens: HashSet<String> =
        rig.front.seen().into_iter().map(|seen| seen.authorization).collect();
    assert_eq!(tokens.len(), 1 + 3, "none, and one a generation");
}

/// The server counts a token's life in whole seconds, so that some end before we renew them.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tokens_that_run_out_by_themselves_are_renewed() {
    let knobs =
        sandbox::Settings { token_ttl: "2s".parse().unwrap(), ..sandbox::Settings::default() };
    let mut rig = Rig::start(knobs).await;
    rig.settings.ceiling = Some(20.0);
    rig.stage(&(1..=80).map(user).collect::<Vec<_>>());
    assert_eq!(rig.run().await, End::Drained);
    rig.check_all("created").await;
    let tokens = rig.front.count(Kind::Token);
    assert!(tokens >= 2 && tokens <= rig.front.count(Kind::Create) / 10, "{tokens} tokens");
}

// ---- the key

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_that_changes_is_fetched_once_for_all() {
    let rig = slow(80).await;
    rig.front.script(|seen| match (seen.kind, seen.n) {
        (Kind::Create, 30) => Act::pass().change(json!({"rotate_key": true})),
        _ => Act::pass(),
    });
    assert_eq!(rig.run().await, End::Drained);
    rig.check_all("created").await;
    assert_eq!((rig.front.count(Kind::Key), rig.front.count(Kind::Token)), (2, 1));
}

/// Some rows of 30 are told 2016, whatever the key.
async fn no_key_opens(rows: &'static [usize], width: usize) {
    let keys: Vec<String> = rows.iter().map(|row| format!("u{row}")).collect();
    let poison = keys.iter().map(|key| format!("{key}=code:2016").parse().unwrap()).collect();
    let mut rig = Rig::start(sandbox::Settings { poison, ..sandbox::Settings::default() }).await;
    rig.settings.width = width;
    rig.stage(&(1..=30).map(user).collect::<Vec<_>>());
    assert_eq!(rig.run().await, End::Drained, "rows {rows:?}, width {width}");
    rig.check(&rig.users().await);
    for (key, row) in rig.rows() {
        let is_one = keys.contains(&key);
        let detail = if is_one { "rejected" } else { "created" };
        assert_eq!(row.detail.as_deref(), Some(detail), "{key}: {row:?}");
        assert_eq!(row.code.as_deref(), is_one.then_some("2016"), "{key}: {row:?}");
    }
    assert!(keys.iter().all(|key| rig.front.creates_of(key) <= 20));
    assert!(rig.front.count(Kind::Key) <= 1 + 20 * rows.len());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rows_whose_passwords_no_key_opens_are_rejected_alone() {
    let rows: [&[usize]; 4] = [&[1], &[15], &[30], &[1, 2]];
    let cases = [1, 4].into_iter().flat_map(|width| rows.map(|rows| (rows, width)));
    all(cases.map(|(rows, width)| no_key_opens(rows, width))).await;
}

/// After so many good creates of 30, none is told anything but 2016, until the next run.
async fn no_key_opens_any(good_before: usize) {
    let rig = Rig::with_users(30).await;
    // The front itself refuses: a switch of the sandbox could come after creates that are on their way,
    // and a single row that is left over is to blame for itself.
    rig.front.script(move |seen| match seen.kind {
        Kind::Create if seen.n > good_before => {
            let said =
                json!({"errors": [{"message": {"code": 2016, "message": "no"}}], "data": null});
            Act::instead(Wire::Reply(Reply::json(200, &said)))
        }
        _ => Act::pass(),
    });
    let halt = rig.expect_halt().await;
    assert!(halt.message.contains("decrypt passwords"), "{halt:?}");
    rig.check(&rig.users().await);
    assert!(rig.rows().values().all(|row| row.status != "failed"));
    let creates = rig.front.count(Kind::Create);
    assert!(creates <= good_before + 40, "{creates} creates");
    rig.front.script(|_| Act::pass());
    assert_eq!(rig.run().await, End::Drained);
    rig.check_all("created").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_no_key_opens_any_password_the_run_halts_and_nobody_is_failed() {
    all([0, 10, 27].map(no_key_opens_any)).await;
}

// ---- a token that cannot be had

/// What the first tokens, or those after a revocation, are answered with.
async fn tokens_refused(at_start: bool, reply: Reply) {
    let rig = slow(20).await;
    rig.front.script(move |seen| match (seen.kind, seen.n) {
        (Kind::Token, n) if n == if at_start { 1 } else { 2 } => {
            Act::instead(Wire::Reply(reply.clone()))
        }
        (Kind::Create, 10) if !at_start => Act::pass().change(json!({"revoke_tokens": true})),
        _ => Act::pass(),
    });
    assert_eq!(rig.run().await, End::Drained);
    rig.check_all("created").await;
    assert!(rig.front.count(Kind::Token) >= 2, "a token was refused");
}

/// A server that gives no token for nine tenths of the second that it asks for.
async fn closed_for_a_second(at_start: bool) {
    let rig = slow(20).await;
    let first = OnceLock::new();
    rig.front.script(move |seen| match seen.kind {
        Kind::Token if at_start || seen.n > 1 => {
            let closed = first.get_or_init(Instant::now).elapsed() < Duration::from_millis(900);
            if closed { Act::instead(come_back_in_a_second()) } else { Act::pass() }
        }
        Kind::Create if seen.n == 10 => Act::pass().change(json!({"revoke_tokens": true})),
        _ => Act::pass(),
    });
    assert_eq!(rig.run().await, End::Drained);
    rig.check_all("created").await;
    // Two generations and one refusal; what was on its way to the first may ask once more.
    let tokens = rig.front.count(Kind::Token);
    let most = if at_start { 3 } else { 5 };
    assert!((3..=most).contains(&tokens), "{tokens} requests, at the start: {at_start}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_request_told_when_to_come_back_is_not_made_before() {
    all([true, false].map(closed_for_a_second)).await;
}

/// Where an instance does not know a new token yet.
async fn unknown_for_a_while(kind: Kind, at_start: bool) {
    let rig = slow(40).await;
    rig.front.script(move |seen| {
        let is_new = if at_start { 1 } else { 2 };
        match (seen.kind, seen.n) {
            (Kind::Create, 5) => Act::after(Wire::Close),
            (Kind::Create, 20) if !at_start => Act::pass().change(json!({"revoke_tokens": true})),
            (read, n) if read == kind && (is_new..is_new + 2).contains(&n) => {
                Act::instead(refused(2206))
            }
            _ => Act::pass(),
        }
    });
    assert_eq!(rig.run().await, End::Drained, "{kind:?}, at the start: {at_start}");
    rig.check_all("created").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_fresh_token_that_reads_do_not_know_yet_halts_nothing() {
    let cases = [(Kind::Probe, true), (Kind::Lookup, true), (Kind::Lookup, false)];
    all(cases.map(|(kind, at_start)| unknown_for_a_while(kind, at_start))).await;
}

fn come_back_in_a_second() -> Wire {
    let said = json!({"statusCode": 429, "message": "Too many requests"});
    Wire::Reply(Reply::json(429, &said).with("retry-after", "1"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_of_a_gateway_instead_of_a_token_is_an_outage() {
    let statuses = [400, 401, 403, 404, 502];
    let cases = statuses.into_iter().flat_map(|status| [(true, status), (false, status)]);
    all(cases.map(|(at_start, status)| tokens_refused(at_start, Reply::html(status)))).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_gateway_that_never_gives_a_token_halts_the_run_as_an_outage() {
    let mut rig = Rig::with_users(5).await;
    rig.settings.max_outage = Duration::from_secs(2);
    rig.front.script(|seen| match seen.kind {
        Kind::Token => Act::instead(Wire::Reply(Reply::html(403))),
        _ => Act::pass(),
    });
    let halt = rig.expect_halt().await;
    assert!(halt.message.contains("no usable answer for 2 s"), "{halt:?}");
    assert!(halt.message.contains("http-403"), "{halt:?}");
    let tokens = rig.front.count(Kind::Token);
    assert!((3..=50).contains(&tokens), "{tokens} requests for a token");
    assert!(rig.rows().values().all(|row| row.status == "pending"));
    rig.check(&rig.users().await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn credentials_refused_in_words_of_the_target_halt_the_run_at_once() {
    let said: [Value; 3] = [
        json!({"errors": [{"message": {"code": 1001, "message": "no"}}], "data": null}),
        json!({"statusCode": 401, "message": "Unauthorized"}),
        json!({"errors": [{"message": "Variable got invalid value"}]}),
    ];
    for said in said {
        let rig = Rig::with_users(5).await;
        let reply = Reply::json(400, &said);
        rig.front.script(move |_| Act::instead(Wire::Reply(reply.clone())));
        let halt = rig.expect_halt().await;
        assert!(halt.message.contains("credentials"), "{halt:?}");
        assert_eq!(rig.front.seen().len(), 1);
        rig.check(&rig.users().await);
    }
}
