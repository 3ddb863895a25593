//! Answers to creates that say nothing, or point elsewhere.

use super::server::{Act, Kind, Reply, Wire};
use super::{Rig, SECRET, all};
use serde_json::json;
use tokio::net::TcpListener;
use userferry::run::End;

/// An answer that does not say whether the user was created: every third of the first 12 creates
/// gets it, after the user was stored or instead. All rows end done, created here, once.
async fn settles_if(stored: bool, name: &str, wire: Wire) {
    let rig = Rig::with_users(12).await;
    rig.front.script(move |seen| {
        let hit = seen.kind == Kind::Create && seen.n <= 12 && seen.n.is_multiple_of(3);
        match (hit, stored) {
            (false, _) => Act::pass(),
            (true, true) => Act::after(wire.clone()),
            (true, false) => Act::instead(wire.clone()),
        }
    });
    assert_eq!(rig.run().await, End::Drained, "{name}, stored: {stored}");
    rig.check_all("created").await;
    let creates = rig.front.count(Kind::Create);
    assert_eq!(creates, if stored { 12 } else { 16 }, "{name}, stored: {stored}");
    assert!(rig.front.count(Kind::Lookup) > 0, "{name}: looked up");
}

async fn settles(name: String, wire: Wire) {
    tokio::join!(settles_if(true, &name, wire.clone()), settles_if(false, &name, wire));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_error_inside_the_target_is_looked_up() {
    let path = json!({"errors": [{"message": "Timed out", "path": ["createUser"]}], "data": null});
    let kind = json!({"errors": [{"message": "Timed out",
        "extensions": {"code": "INTERNAL_SERVER_ERROR"}}], "data": null});
    all([path, kind].map(|body| settles(body.to_string(), Wire::Reply(Reply::json(200, &body)))))
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_gateways_page_about_a_create_is_looked_up() {
    let statuses = [404, 408, 421, 425, 499];
    all(statuses.map(|status| settles(status.to_string(), Wire::Reply(Reply::html(status))))).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_that_is_cut_too_long_or_no_text_is_looked_up() {
    let body = br#"{"data":{"createUser":{"id":"1"}}}"#.to_vec();
    let whole = Reply { status: 200, body, ..Reply::default() };
    let cut = Wire::Raw(whole.promising(whole.body.len() + 10));
    let body = b"{\"data\":{\"createUser\":{\"id\":\"\xff\xfe\"}}}".to_vec();
    let broken = Wire::Reply(Reply { body, ..whole.clone() });
    let mut long = whole;
    long.body.resize(50 << 20, b' ');
    let cases = [("cut", cut), ("no UTF-8", broken), ("50 MB", Wire::Reply(long))];
    all(cases.map(|(name, wire)| settles(name.to_owned(), wire))).await;
}

// ---- redirects

/// The run halts and names the other host, which sees nothing.
async fn redirected(kind: Kind, status: u16) {
    let rig = Rig::with_users(12).await;
    let other = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = other.local_addr().unwrap();
    let location = format!("http://{address}/graphql/v2?token={SECRET}");
    rig.front.script(move |seen| {
        if seen.kind == kind && (kind == Kind::Token || seen.n == 6) {
            return Act::instead(Wire::Reply(Reply::html(status).with("location", &location)));
        }
        Act::pass()
    });
    let halt = rig.expect_halt().await;
    assert!(halt.message.contains(&format!("HTTP {status}")), "{halt:?}");
    assert!(halt.message.contains(&address.to_string()), "{halt:?}");
    assert!(!halt.message.contains(SECRET), "{halt:?}");
    let called = tokio::time::timeout(std::time::Duration::from_millis(50), other.accept()).await;
    assert!(called.is_err(), "the other host was called");
    rig.check(&rig.users().await);
    assert!(rig.rows().values().all(|row| row.status != "failed"));
    rig.front.script(|_| Act::pass());
    assert_eq!(rig.run().await, End::Drained);
    rig.check_all("created").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_redirect_is_named_and_never_followed() {
    let kinds = [Kind::Create, Kind::Token].into_iter();
    let cases = kinds.flat_map(|kind| [301, 302, 307, 308].map(|status| redirected(kind, status)));
    all(cases).await;
}
