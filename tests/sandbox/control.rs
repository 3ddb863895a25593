//! What can be changed and seen while the sandbox runs.

use super::client::Rig;
use serde_json::{Value, json};

#[tokio::test]
async fn an_outage_hits_everything_and_is_logged() {
    let rig = Rig::start(|_| ()).await;
    rig.client.faults(json!({"outage": "http503"})).await;
    assert_eq!(rig.client.create(json!({"email": "a@x.org"})).await.status, 503);
    assert_eq!(rig.client.get("/api/v2/.well-known").await.status, 503);
    assert_eq!(
        (&rig.last()["op"], &rig.last()["outcome"]),
        (&json!("publicKey"), &json!("outage"))
    );
    rig.client.faults(json!({"outage": "reset"})).await;
    assert!(rig.client.try_create(json!({"email": "a@x.org"})).await.is_err());
    assert_eq!(rig.last()["email"], "a@x.org");
    rig.client.faults(json!({"outage": "none"})).await;
    assert_eq!(rig.client.create(json!({"email": "a@x.org"})).await.status, 200);
    assert_eq!(rig.sandbox.stats().outage_requests, 3);
}

#[tokio::test]
async fn an_outage_may_hit_writes_alone() {
    let rig = Rig::start(|_| ()).await;
    rig.client.faults(json!({"write_outage": "http503"})).await;
    assert_eq!(rig.client.create(json!({"email": "a@x.org"})).await.status, 503);
    assert_eq!(rig.client.exists(json!({"email": "a@x.org"})).await.status, 200);
}

#[tokio::test]
async fn tokens_and_the_secret_can_be_revoked() {
    let mut rig = Rig::start(|_| ()).await;
    let user = |n: u32| json!({"externalId": n.to_string()});
    rig.client.faults(json!({"revoke_tokens": true})).await;
    assert_eq!(rig.client.create(user(1)).await.code(), Some(2206));
    rig.client.token = rig.client.fetch_token("sandbox-secret").await.unwrap();
    assert_eq!(rig.client.create(user(1)).await.code(), None);
    rig.client.faults(json!({"revoke_tokens": 2020, "revoke_secret": true})).await;
    assert_eq!(rig.client.create(user(2)).await.code(), Some(2020));
    assert!(rig.client.fetch_token("sandbox-secret").await.is_none());
    rig.client.faults(json!({"revoke_secret": false, "new_secret": "other"})).await;
    assert!(rig.client.fetch_token("sandbox-secret").await.is_none());
    assert!(rig.client.fetch_token("other").await.is_some());
}

#[tokio::test]
async fn one_wrong_setting_of_the_pool_refuses_everything() {
    let rig = Rig::start(|_| ()).await;
    let user = || json!({"externalId": "1"});
    rig.client.faults(json!({"refuse_all_code": 1000})).await;
    assert_eq!(rig.client.create(user()).await.code(), Some(1000));
    rig.client.faults(json!({"refuse_all_code": null, "pool_gone": true})).await;
    assert_eq!(rig.client.create(user()).await.code(), Some(2224));
    assert_eq!(rig.client.exists(user()).await.code(), Some(2224));
    let to = "http://127.0.0.1:9/elsewhere";
    rig.client.faults(json!({"pool_gone": false, "redirect": to})).await;
    let seen = rig.client.create(user()).await;
    assert_eq!((seen.status, seen.headers["location"].to_str().unwrap()), (307, to));
    assert_eq!(rig.last()["outcome"], "redirected");
    rig.client.faults(json!({"redirect": null})).await;
    assert_eq!(rig.client.create(user()).await.code(), None);
}

#[tokio::test]
async fn the_key_can_be_changed_and_resized() {
    let rig = Rig::start(|_| ()).await;
    let sealed = rig.client.seal("hash").await;
    rig.client.faults(json!({"rotate_key": true})).await;
    let user = json!({"externalId": "1", "password": sealed});
    assert_eq!(rig.client.create(user).await.code(), Some(2016));
    rig.client.faults(json!({"key_bits": 2048})).await;
    assert_eq!(rig.client.seal("hash").await.len(), 344);
}

#[tokio::test]
async fn a_wrong_change_changes_nothing_and_says_why() {
    let rig = Rig::start(|_| ()).await;
    for (change, why) in [
        (json!({"outage": "http503", "latencyy": "1s"}), "latencyy"),
        (json!({"outage": "sometimes"}), "sometimes"),
        (json!({"latency": "soon", "pool_gone": true}), "soon"),
        (json!({"port": 1}), "port"),
        (json!({"revoke_tokens": "yes"}), "revoke_tokens"),
    ] {
        let seen = rig.client.faults(change).await;
        assert_eq!(seen.status, 400);
        assert!(seen.json()["error"].as_str().unwrap().contains(why), "{}", seen.text);
    }
    let now = rig.client.get("/__sandbox/faults").await.json();
    assert_eq!((&now["outage"], &now["pool_gone"]), (&json!("none"), &json!(false)));
    assert_eq!(now["latency"], "0s");
}

#[tokio::test]
async fn users_can_be_added_and_listed() {
    let rig = Rig::start(|_| ()).await;
    let before = json!([{"email": "Old@x.org", "password": "$2b$old"}, {"phone": "1"}]);
    let seen = rig.client.post("/__sandbox/users", &before).await.unwrap();
    assert_eq!(seen.json()["added"], 2);
    assert_eq!(rig.client.create(json!({"email": "old@x.org"})).await.code(), Some(2026));
    assert_eq!(rig.last()["held"], true);
    let seen = rig.client.post("/__sandbox/users", &json!([{"phone": "1"}])).await.unwrap();
    assert_eq!(seen.status, 400);
    let listed = rig.client.get("/__sandbox/users").await.text;
    assert!(!listed.contains("$2b$old"));
    let users: Vec<Value> = listed.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    assert_eq!((users.len(), &users[0]["email"]), (2, &json!("old@x.org")));
    let listed = rig.client.get("/__sandbox/users?passwords=true").await.text;
    assert!(listed.contains("$2b$old"));
}

#[tokio::test]
async fn stats_count_what_happened() {
    let rig = Rig::start(|_| ()).await;
    rig.client.create(json!({"email": "a@x.org"})).await;
    rig.client.create(json!({"email": "a@x.org"})).await;
    rig.client.create(json!({})).await;
    rig.client.exists(json!({"email": "a@x.org"})).await;
    rig.client.public_key().await;
    let stats = rig.client.get("/__sandbox/stats").await.json();
    for (name, count) in [
        ("users", 1),
        ("received", 6),
        ("creates_received", 3),
        ("creates_stored", 1),
        ("creates_duplicate", 1),
        ("creates_refused", 1),
        ("lookups", 1),
        ("tokens_issued", 1),
        ("key_fetches", 1),
        ("in_flight", 0),
        ("max_in_flight", 1),
    ] {
        assert_eq!(stats[name], count, "{name}");
    }
    assert_eq!(stats["requests"]["createUser"], 3);
    assert_eq!(serde_json::to_value(rig.sandbox.stats()).unwrap(), stats);
    assert_eq!(rig.log().len(), 5, "admin requests are not in the log");
}

#[tokio::test]
async fn no_web_page_looks_in() {
    let rig = Rig::start(|_| ()).await;
    for (name, value) in [("origin", "https://example.com"), ("host", "example.com")] {
        let request = rig.client.request("GET", "/__sandbox/users").header(name, value);
        assert_eq!(rig.client.send(request).await.unwrap().status, 403, "{name}");
    }
}
