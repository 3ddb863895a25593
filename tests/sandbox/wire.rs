//! The API as it is when nothing goes wrong on purpose.

use super::client::{Client, POOL, Rig, seal};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use userferry::sandbox::{EmailSyntax, FindMiss};

#[tokio::test]
async fn a_kept_hash_arrives_byte_for_byte_and_never_comes_back() {
    for bits in [1024, 2048] {
        let rig = Rig::start(|s| s.key_bits = bits).await;
        let hash = "$2b$12$nCa3WDbsc3tvM57ifzjwrOAGGuNK7EPV0R17WKcW6f13NZvX97yLe";
        let password = rig.client.seal(hash).await;
        assert_eq!(password.len(), if bits == 1024 { 172 } else { 344 });
        let seen = rig
            .client
            .create(json!({"email": "Test1@Example.com", "externalId": "1", "loginsCount": 4,
                "password": password}))
            .await;
        assert_eq!(seen.status, 200);
        let user = &seen.json()["data"]["createUser"];
        assert_eq!(user["id"].as_str().unwrap().len(), 24);
        assert_eq!(user["email"], "test1@example.com");
        assert_eq!((&user["loginsCount"], &user["status"]), (&json!(4), &json!("Activated")));
        assert_eq!(user["password"], Value::Null);
        let line = rig.last();
        assert_eq!(line["stored"]["password"], hash);
        assert_eq!((&line["outcome"], &line["held"]), (&json!("stored"), &json!(false)));
        assert_eq!(line["keep_password"], true);
        assert_eq!(line["external_id"], "1");
    }
}

#[tokio::test]
async fn the_rest_twin_answers_201_and_code_200() {
    let rig = Rig::start(|_| ()).await;
    let user = json!({"userInfo": {"email": "A@x.org"}, "keepPassword": true});
    let seen = rig.client.post("/api/v2/users", &user).await.unwrap();
    assert_eq!((seen.status, &seen.json()["code"]), (201, &json!(200)));
    assert_eq!(seen.json()["data"]["email"], "a@x.org");
    let seen = rig.client.post("/api/v2/users", &user).await.unwrap();
    assert_eq!((seen.status, &seen.json()["code"]), (201, &json!(2026)));
    let id = rig.log()[0]["stored"]["id"].as_str().unwrap().to_owned();
    let path = format!("/api/v2/users/{id}");
    let seen = rig.client.post(&path, &json!({"nickname": "n"})).await.unwrap();
    assert_eq!(seen.json()["data"]["nickname"], "n");
    let access = json!({"userPoolId": POOL, "secret": "sandbox-secret"});
    let seen = rig.client.post("/api/v2/userpools/access-token", &access).await.unwrap();
    assert_eq!(seen.status, 201);
    assert_eq!(seen.json()["accessToken"].as_str().unwrap().split('.').count(), 3);
    let wrong = json!({"userInfo": {"email": 3}});
    let seen = rig.client.post("/api/v2/users", &wrong).await.unwrap();
    assert_eq!((seen.status, &seen.json()["code"]), (400, &json!(400)));
}

#[tokio::test]
async fn every_identifier_is_unique_and_its_code_can_be_set() {
    let rig = Rig::start(|s| {
        s.duplicate_code_email = 2200;
        s.duplicate_code_phone = 2035;
        s.duplicate_code_username = 2034;
    })
    .await;
    let user = json!({"email": "a@x.org", "phone": "1", "username": "u", "externalId": "e"});
    rig.client.create(user).await;
    for (again, code) in [
        (json!({"email": "A@X.org"}), 2200),
        (json!({"phone": "1"}), 2035),
        (json!({"username": "u"}), 2034),
        (json!({"externalId": "e"}), 2026),
    ] {
        assert_eq!(rig.client.create(again.clone()).await.code(), Some(code), "{again}");
        assert_eq!(
            (&rig.last()["outcome"], &rig.last()["held"]),
            (&json!("duplicate"), &json!(true))
        );
    }
    rig.client.create(json!({"email": "a@x.org", "externalId": "new"})).await;
    assert_eq!(rig.last()["held"], false, "the external id decides");
    assert_eq!(rig.sandbox.stats().creates_duplicate, 5);
    assert_eq!(rig.sandbox.stats().users, 1);
}

#[tokio::test]
async fn input_is_closed_and_typed_and_refused_in_plain_text() {
    let rig = Rig::start(|_| ()).await;
    for (user, why) in [
        (json!({"email": "a", "loginsCount": "4"}), "Int cannot represent"),
        (json!({"email": "a", "city": "x"}), "\"city\" is not defined by type"),
        (json!({"phone": 5}), "String cannot represent"),
    ] {
        let seen = rig.client.create(user).await;
        let body = seen.json();
        assert_eq!(seen.status, 200);
        assert!(body["errors"][0]["message"].as_str().unwrap().contains(why), "{}", seen.text);
        assert_eq!(rig.last()["outcome"], "refused");
    }
    for (user, code) in [
        (json!({"nickname": "n"}), 2028),
        (json!({"email": ""}), 2028),
        (json!({"email": "a", "password": "plain"}), 2016),
        (json!({"email": "a", "lastLogin": "1500000000000"}), 2231),
    ] {
        assert_eq!(rig.client.create(user.clone()).await.code(), Some(code), "{user}");
    }
    for date in ["2017-06-07T14:34:08.700Z", "2017-06-07T14:34:08", "2017-06-07T14:34:08+04:00"] {
        let seen = rig.client.create(json!({"email": date, "signedUp": date})).await;
        assert_eq!(seen.json()["data"]["createUser"]["signedUp"], date);
    }
    assert_eq!(rig.sandbox.stats().users, 3);
}

#[tokio::test]
async fn email_syntax_is_checked_if_asked_for() {
    let rig = Rig::start(|s| s.email_syntax = EmailSyntax::Strict).await;
    for email in ["word", "a@b", "a b@x.org", "@x.org", "a@x..org", "a@b@x.org"] {
        assert_eq!(rig.client.create(json!({ "email": email })).await.code(), Some(2204));
    }
    assert_eq!(rig.client.create(json!({"email": "a@x.org"})).await.code(), None);
}

#[tokio::test]
async fn lookups_find_by_every_identifier() {
    let rig = Rig::start(|_| ()).await;
    let user = json!({"email": "a@x.org", "phone": "1", "username": "u", "externalId": "e"});
    let id = rig.client.create(user).await.json()["data"]["createUser"]["id"].clone();
    for by in [
        json!({"email": "A@x.ORG"}),
        json!({"phone": "1"}),
        json!({"username": "u"}),
        json!({"externalId": "e"}),
    ] {
        assert_eq!(rig.client.exists(by.clone()).await.json()["data"]["isUserExists"], true);
        assert_eq!(rig.client.find(by).await.json()["data"]["findUser"]["id"], id);
    }
    let miss = rig.client.find(json!({"username": "U"})).await;
    assert_eq!(miss.text, r#"{"data":{"findUser":null}}"#);
    rig.client.faults(json!({"find_miss": FindMiss::Code2004})).await;
    assert_eq!(rig.client.find(json!({"username": "U"})).await.code(), Some(2004));
    assert_eq!(rig.last()["found"], 0);
}

#[tokio::test]
async fn a_batch_asks_for_80_users_at_most() {
    let rig = Rig::start(|_| ()).await;
    for n in 0..3 {
        rig.client.create(json!({"externalId": format!("e{n}")})).await;
    }
    let ask = |count: usize| {
        let ids: Vec<String> = (0..count).map(|n| format!("e{n}")).collect();
        json!({"ids": ids, "type": "externalId", "withCustomData": false})
    };
    let seen = rig.client.post("/api/v2/users/batch", &ask(80)).await.unwrap();
    assert_eq!((seen.status, &seen.json()["code"]), (201, &json!(200)));
    assert_eq!(seen.json()["data"].as_array().unwrap().len(), 3);
    assert_eq!((&rig.last()["ids"], &rig.last()["found"]), (&json!(80), &json!(3)));
    let seen = rig.client.post("/api/v2/users/batch", &ask(81)).await.unwrap();
    assert_eq!(seen.json()["code"], 2030);
    let query =
        "query($ids: [String!]!, $type: String) { userBatch(ids: $ids, type: $type) { id } }";
    let seen = rig.client.graphql(query, ask(2)).await.unwrap();
    assert_eq!(seen.json()["data"]["userBatch"].as_array().unwrap().len(), 2);
    let seen = rig.client.graphql(query, ask(81)).await.unwrap();
    assert_eq!(seen.code(), Some(2030));
}

#[tokio::test]
async fn users_are_updated_and_get_custom_data() {
    let rig = Rig::start(|_| ()).await;
    rig.client.create(json!({"email": "b@x.org"})).await;
    let created = rig.client.create(json!({"email": "a@x.org", "externalId": "e"})).await;
    let id = created.json()["data"]["createUser"]["id"].clone();
    let update = "mutation updateUser($id: String, $input: UpdateUserInput!) { \
        updateUser(id: $id, input: $input) { id nickname city email } }";
    let input = json!({"nickname": "n", "city": "X", "email": "NEW@x.org"});
    let seen = rig.client.graphql(update, json!({"id": id, "input": input})).await.unwrap();
    let user = json!({"id": id, "nickname": "n", "city": "X", "email": "new@x.org"});
    assert_eq!(seen.json()["data"]["updateUser"], user);
    let input = json!({"email": "B@x.org"});
    let seen = rig.client.graphql(update, json!({"id": id, "input": input})).await.unwrap();
    assert_eq!(seen.code(), Some(2026));
    let seen = rig.client.graphql(update, json!({"id": "x", "input": {}})).await.unwrap();
    assert_eq!(seen.code(), Some(2004));
    let one = "mutation($targetType: UDFTargetType!, $targetId: String!, \
        $udvList: [UserDefinedDataInput!]) { setUdvBatch(targetType: $targetType, \
        targetId: $targetId, udvList: $udvList) { key value } }";
    let list = json!([{"key": "school", "value": "\"A\""}]);
    let variables = json!({"targetType": "USER", "targetId": id, "udvList": list});
    let seen = rig.client.graphql(one, variables).await.unwrap();
    assert_eq!(seen.json()["data"]["setUdvBatch"], list);
    let many = "mutation($targetType: UDFTargetType!, $input: [SetUdfValueBatchInput!]!) { \
        setUdfValueBatch(targetType: $targetType, input: $input) { code message } }";
    let input = json!([{"targetId": id, "key": "age", "value": "3"}]);
    let variables = json!({"targetType": "USER", "input": input});
    let seen = rig.client.graphql(many, variables).await.unwrap();
    assert_eq!(seen.json()["data"]["setUdfValueBatch"]["code"], 200);
    let found = rig.client.find(json!({"email": "new@x.org"})).await.json();
    let custom = json!([{"key": "school", "value": "\"A\""}, {"key": "age", "value": "3"}]);
    assert_eq!(found["data"]["findUser"]["customData"], custom);
}

#[tokio::test]
async fn only_the_pools_own_token_lets_in() {
    let mut rig = Rig::start(|_| ()).await;
    let user = || json!({"email": "a@x.org"});
    let good = std::mem::replace(&mut rig.client.token, "a.b.c".to_owned());
    assert_eq!(rig.client.create(user()).await.code(), Some(2020));
    assert_eq!(rig.last()["outcome"], "unauthorized");
    assert!(rig.client.fetch_token("wrong").await.is_none());
    assert_eq!((&rig.last()["op"], &rig.last()["code"]), (&json!("accessToken"), &json!(1001)));
    let claims = good.split('.').nth(1).unwrap();
    let claims: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).unwrap()).unwrap();
    let life = claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap();
    assert_eq!(life, 3600);
    rig.client.token = good;
    assert_eq!(rig.client.create(user()).await.code(), None);
    let lost = rig.client.request("POST", "/graphql/v2").header("x-authing-userpool-id", "other");
    let body = json!({"query": "{ isUserExists(email: \"a\") }"}).to_string();
    let seen = rig.client.send(lost.body(body)).await.unwrap();
    assert_eq!(seen.status, 200);
    rig.client.faults(json!({"token_ttl": "0s"})).await;
    rig.client.token = rig.client.fetch_token("sandbox-secret").await.unwrap();
    assert_eq!(rig.client.create(user()).await.code(), Some(2206));
}

#[tokio::test]
async fn other_header_names_are_a_setting() {
    let rig = Rig::start(|s| s.header_prefix = "x-approw-".to_owned()).await;
    assert_eq!(rig.client.create(json!({"email": "a"})).await.code(), Some(2224));
    let request = rig.client.request("POST", "/api/v2/users").header("x-approw-userpool-id", POOL);
    let body = json!({"userInfo": {"email": "a"}}).to_string();
    let seen = rig.client.send(request.body(body)).await.unwrap();
    assert_eq!(seen.json()["code"], 200);
}

#[tokio::test]
async fn every_reply_has_a_date_unless_told_otherwise() {
    let rig = Rig::start(|_| ()).await;
    assert!(rig.client.get("/api/v2/.well-known").await.headers.contains_key("date"));
    assert!(rig.client.get("/nowhere").await.headers.contains_key("date"));
    rig.client.faults(json!({"no_date_header": true, "codes_as_text": true})).await;
    let seen = rig.client.create(json!({})).await;
    assert!(!seen.headers.contains_key("date"));
    assert_eq!(seen.json()["errors"][0]["message"]["code"], "2028");
}

#[tokio::test]
async fn hostile_requests_get_an_answer_and_break_nothing() {
    let rig = Rig::start(|_| ()).await;
    let big = "x".repeat(2 << 20);
    let deep = "[".repeat(100_000);
    for (path, body, status) in [
        ("/graphql/v2", "{", 400),
        ("/graphql/v2", deep.as_str(), 400),
        ("/graphql/v2", "null", 400),
        ("/graphql/v2", r#"{"query": 5}"#, 400),
        ("/graphql/v2", r#"{"query":"{ nothing }"}"#, 400),
        ("/graphql/v2", big.as_str(), 413),
        ("/api/v2/users", r#"{"userInfo":null}"#, 400),
        ("/api/v2/users/batch", "[]", 400),
        ("/api/v2/users/a/b", "{}", 404),
        ("/__sandbox/faults", "[]", 400),
        ("/__sandbox/users", "{}", 400),
        ("/__sandbox/nothing", "", 404),
    ] {
        let request = rig.client.request("POST", path).body(body.to_owned());
        let seen = rig.client.send(request).await.unwrap();
        assert_eq!(seen.status, status, "{path} {body:.30}");
    }
    assert_eq!(rig.client.create(json!({"email": "a"})).await.status, 200);
    let outcomes: Vec<Value> = rig.log().iter().map(|line| line["outcome"].clone()).collect();
    assert_eq!(outcomes.iter().filter(|outcome| *outcome == "bad-request").count(), 8);
}

#[tokio::test]
async fn a_stale_key_is_refused_until_it_is_fetched_again() {
    let rig = Rig::start(|s| s.key_rotate_after = Some(2)).await;
    let old = rig.client.public_key().await;
    for n in 0..2 {
        let user = json!({"externalId": n.to_string(), "password": seal(&old, "hash")});
        assert_eq!(rig.client.create(user).await.code(), None);
    }
    let user = |pem: &str| json!({"externalId": "3", "password": seal(pem, "hash")});
    assert_eq!(rig.client.create(user(&old)).await.code(), Some(2016));
    let new = rig.client.public_key().await;
    assert_ne!(old, new);
    assert_eq!(rig.client.create(user(&new)).await.code(), None);
}

#[tokio::test]
async fn the_key_is_there_for_all_and_a_client_without_token_gets_nothing_else() {
    let rig = Rig::start(|_| ()).await;
    let bare = Client::new(rig.sandbox.url()).await;
    assert!(bare.public_key().await.starts_with("-----BEGIN PUBLIC KEY-----\nMIGfMA0"));
}
