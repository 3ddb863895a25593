//! Every knob that makes a request fail: what the client sees, what the log says, what is stored.

use super::client::{Rig, Seen};
use serde_json::{Value, json};
use std::time::Duration;
use userferry::sandbox::{Chance, RateStatus, RetryAfter};

/// What the log says of the last create, and whether it is stored.
fn told(rig: &Rig) -> (Value, bool) {
    let line = rig.last();
    (line["outcome"].clone(), line["stored"].is_object())
}

#[tokio::test]
async fn a_drop_before_storing_closes_the_connection_and_stores_nothing() {
    let rig = Rig::start(|s| s.drop_before_store = Chance(1.0)).await;
    assert!(rig.client.try_create(json!({"email": "a@x.org"})).await.is_err());
    assert_eq!(told(&rig), (json!("dropped-before-store"), false));
    assert_eq!(rig.last()["http"], Value::Null);
    assert_eq!(rig.sandbox.stats().users, 0);
}

#[tokio::test]
async fn a_drop_after_storing_closes_the_connection_and_the_user_is_there() {
    let rig = Rig::start(|s| s.drop_after_store = Chance(1.0)).await;
    assert!(rig.client.try_create(json!({"email": "a@x.org"})).await.is_err());
    assert_eq!(told(&rig), (json!("dropped-after-store"), true));
    assert_eq!(
        rig.client.exists(json!({"email": "a@x.org"})).await.json()["data"]["isUserExists"],
        true
    );
    let again = rig.client.create(json!({"email": "a@x.org"})).await;
    assert_eq!(again.code(), Some(2026), "a duplicate is answered: there is nothing to store");
    assert_eq!(rig.sandbox.stats().dropped, 1);
}

#[tokio::test]
async fn a_hang_stores_the_user_and_answers_nothing() {
    let rig = Rig::start(|s| s.hang = Chance(1.0)).await;
    let hung = rig.client.try_create(json!({"email": "a@x.org"}));
    tokio::pin!(hung);
    // The lookup is answered while the create never is.
    loop {
        let exists = tokio::select! {
            answered = &mut hung => panic!("{answered:?}"),
            seen = rig.client.exists(json!({"email": "a@x.org"})) => seen,
        };
        if exists.json()["data"]["isUserExists"] == true {
            break;
        }
    }
    let created = rig.log().into_iter().find(|line| line["op"] == "createUser").unwrap();
    assert_eq!(
        (&created["outcome"], &created["stored"]["email"]),
        (&json!("hung"), &json!("a@x.org"))
    );
}

#[tokio::test]
async fn every_nth_create_fails_as_asked() {
    let rig = Rig::start(|s| s.fail_every = Some(2)).await;
    let mut number = 0;
    let mut user = || {
        number += 1;
        json!({"externalId": number.to_string()})
    };
    for (effect, check) in [
        ("http500", (|seen| seen.status == 500) as fn(Seen) -> bool),
        ("http502-html", |seen| seen.status == 502 && seen.text.starts_with("<html>")),
        ("http503", |seen| seen.status == 503),
        ("null", |seen| seen.status == 200 && seen.text == r#"{"data":{"createUser":null}}"#),
        ("string-error", |seen| seen.json()["errors"][0]["message"].is_string()),
        ("code:2040", |seen| seen.code() == Some(2040)),
    ] {
        rig.client.faults(json!({"fail_with": effect})).await;
        assert_eq!(rig.client.create(user()).await.code(), None, "{effect}");
        let seen = rig.client.create(user()).await;
        assert_eq!(told(&rig), (json!("refused"), false));
        assert_eq!(rig.last()["fault"], "fail_every");
        assert!(check(seen), "{effect}");
    }
    rig.client.faults(json!({"fail_with": "reset"})).await;
    rig.client.create(user()).await;
    assert!(rig.client.try_create(user()).await.is_err());
    assert_eq!(rig.sandbox.stats().users, 7);
}

#[tokio::test]
async fn poison_fails_one_user_every_time() {
    let rig = Rig::start(|s| {
        s.poison = vec!["Bad@x.org=http500".parse().unwrap(), "e1=reset".parse().unwrap()];
    })
    .await;
    for _ in 0..2 {
        assert_eq!(rig.client.create(json!({"email": "bad@x.org"})).await.status, 500);
        assert!(rig.client.try_create(json!({"externalId": "e1"})).await.is_err());
    }
    assert_eq!(rig.last()["fault"], "poison");
    assert_eq!(rig.client.create(json!({"email": "good@x.org"})).await.status, 200);
    assert_eq!(rig.sandbox.stats().users, 1);
}

#[tokio::test]
async fn beyond_the_rate_requests_are_throttled_in_every_way() {
    let rig = Rig::start(|s| s.rate = Some("1/h".parse().unwrap())).await;
    let user = || json!({"email": "a@x.org"});
    assert_eq!(rig.client.create(user()).await.status, 200);
    let seen = rig.client.create(user()).await;
    assert_eq!((seen.status, seen.headers.get("retry-after")), (429, None));
    assert_eq!(told(&rig), (json!("throttled"), false));
    assert_eq!(rig.client.exists(user()).await.status, 429, "lookups count too");
    assert!(!rig.client.public_key().await.is_empty(), "the key does not");
    for (status, code) in
        [(RateStatus::Gql429, 429), (RateStatus::Code2100, 2100), (RateStatus::Code1000, 1000)]
    {
        rig.client.faults(json!({ "rate_status": status })).await;
        let seen = rig.client.create(user()).await;
        assert_eq!((seen.status, seen.code()), (200, Some(code)));
    }
    rig.client.faults(json!({"rate_status": "body429"})).await;
    let seen = rig.client.create(user()).await;
    assert_eq!((seen.status, &seen.json()["statusCode"]), (200, &json!(429)));
    assert_eq!(rig.sandbox.stats().throttled, 6);
}

#[tokio::test]
async fn retry_after_is_sent_as_seconds_or_as_a_date() {
    let rig = Rig::start(|s| {
        s.rate = Some("1/h".parse().unwrap());
        s.retry_after = Some(RetryAfter::Seconds(7));
    })
    .await;
    let user = || json!({"email": "a@x.org"});
    rig.client.create(user()).await;
    assert_eq!(rig.client.create(user()).await.headers["retry-after"], "7");
    rig.client.faults(json!({"retry_after": "date:3600"})).await;
    let seen = rig.client.create(user()).await;
    let date =
        |name: &str| httpdate::parse_http_date(seen.headers[name].to_str().unwrap()).unwrap();
    let ahead = date("retry-after").duration_since(date("date")).unwrap();
    assert!(ahead.abs_diff(Duration::from_hours(1)) <= Duration::from_secs(1));
}

#[tokio::test]
async fn a_full_pool_refuses_new_users_only() {
    let rig = Rig::start(|s| s.quota = Some(1)).await;
    rig.client.create(json!({"email": "a@x.org"})).await;
    assert_eq!(rig.client.create(json!({"email": "b@x.org"})).await.code(), Some(2040));
    assert_eq!(rig.client.create(json!({"email": "a@x.org"})).await.code(), Some(2026));
}

#[tokio::test]
async fn lookups_may_be_denied_or_lag_behind() {
    let rig = Rig::start(|s| s.deny_lookup = true).await;
    let user = || json!({"email": "a@x.org"});
    assert_eq!(rig.client.create(user()).await.code(), None);
    assert_eq!(rig.client.find(user()).await.code(), Some(1001));
    rig.client.faults(json!({"deny_lookup": false, "lookup_lag": "1h"})).await;
    assert_eq!(rig.client.exists(user()).await.json()["data"]["isUserExists"], true);
    let late = || json!({"email": "late@x.org"});
    rig.client.create(late()).await;
    assert_eq!(rig.client.exists(late()).await.json()["data"]["isUserExists"], false);
    assert_eq!(rig.client.create(late()).await.code(), Some(2026), "yet it is taken");
    assert_eq!(rig.last()["held"], true);
}

#[tokio::test]
async fn a_request_is_carried_out_though_the_client_hangs_up() {
    let rig = Rig::start(|_| ()).await;
    rig.client.faults(json!({"latency": "1s"})).await;
    {
        let given_up = rig.client.try_create(json!({"email": "a@x.org"}));
        tokio::pin!(given_up);
        while rig.sandbox.stats().in_flight == 0 {
            tokio::select! {
                answered = &mut given_up => panic!("{answered:?}"),
                () = tokio::task::yield_now() => {}
            }
        }
    }
    // The client has gone away while the request is on its way into the directory.
    while rig.sandbox.stats().in_flight > 0 {
        tokio::task::yield_now().await;
    }
    assert_eq!(rig.sandbox.stats().users, 1);
    assert_eq!(told(&rig), (json!("stored"), true));
}
