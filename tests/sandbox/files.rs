//! The log, the state and the users that were there before.

use super::client::{Client, Rig, settings};
use serde_json::{Value, json};
use std::os::unix::fs::PermissionsExt as _;
use userferry::sandbox::{Sandbox, SandboxError};

#[tokio::test]
async fn the_same_port_and_state_go_on_after_a_stop() {
    let dir = tempfile::tempdir().unwrap();
    let at = |port: u16| {
        settings(|s| {
            s.port = port;
            s.state = Some(dir.path().join("state"));
            s.log = Some(dir.path().join("log"));
        })
    };
    let sandbox = Sandbox::start(at(0)).await.unwrap();
    let url = sandbox.url();
    let port = url.rsplit(':').next().unwrap().parse().unwrap();
    let client = Client::new(url.clone()).await;
    let sealed = client.seal("$2b$hash").await;
    let user = json!({"email": "a@x.org", "externalId": "1", "password": sealed});
    let created = client.create(user).await.json();
    sandbox.stop().await;
    assert!(client.try_create(json!({"externalId": "2"})).await.is_err(), "nobody is there");

    let sandbox = Sandbox::start(at(port)).await.unwrap();
    assert_eq!(sandbox.url(), url);
    assert_eq!(sandbox.stats().users, 1);
    let id = &created["data"]["createUser"]["id"];
    assert_eq!(&client.find(json!({"externalId": "1"})).await.json()["data"]["findUser"]["id"], id);
    let user = json!({"externalId": "2", "password": sealed});
    assert_eq!(client.create(user).await.code(), None, "token and key live on");
    let second = sandbox.stats();
    assert_eq!((second.users, second.creates_stored), (2, 1));
    sandbox.stop().await;

    for name in ["log", "state"] {
        let about = std::fs::metadata(dir.path().join(name)).unwrap();
        assert_eq!(about.permissions().mode() & 0o777, 0o600, "{name}");
    }
    let log = std::fs::read_to_string(dir.path().join("log")).unwrap();
    let numbers: Vec<u64> = log
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["n"].as_u64().unwrap())
        .collect();
    assert_eq!(numbers, (1..=numbers.len() as u64).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_kill_between_the_two_files_leaves_no_user_without_a_line() {
    let dir = tempfile::tempdir().unwrap();
    let both = || {
        settings(|s| {
            s.state = Some(dir.path().join("state"));
            s.log = Some(dir.path().join("log"));
        })
    };
    let sandbox = Sandbox::start(both()).await.unwrap();
    let client = Client::new(sandbox.url()).await;
    client.create(json!({"externalId": "1", "email": "a@x.org"})).await;
    sandbox.stop().await;
    let read = || std::fs::read_to_string(dir.path().join("log")).unwrap();
    let log = read();
    let (token, created) = log.split_once('\n').unwrap();
    std::fs::write(dir.path().join("log"), format!("{token}\n")).unwrap();

    for _ in 0..2 {
        Sandbox::start(both()).await.unwrap().stop().await;
        let log = read();
        let made_up: Value = serde_json::from_str(log.lines().last().unwrap()).unwrap();
        let created: Value = serde_json::from_str(created).unwrap();
        for field in ["n", "op", "external_id", "email", "held", "stored"] {
            assert_eq!(made_up[field], created[field], "{field}");
        }
        assert_eq!(made_up["outcome"], "dropped-after-store");
        assert_eq!(log.lines().count(), 2);
    }
}

#[tokio::test]
async fn a_stop_cuts_off_a_request_that_is_on_its_way() {
    let Rig { sandbox, client, .. } = Rig::start(|_| ()).await;
    client.faults(json!({"latency": "1h"})).await;
    let cut_off = client.try_create(json!({"email": "a@x.org"}));
    tokio::pin!(cut_off);
    while sandbox.stats().in_flight == 0 {
        tokio::select! {
            answered = &mut cut_off => panic!("{answered:?}"),
            () = tokio::task::yield_now() => {}
        }
    }
    let (cut_off, ()) = tokio::join!(cut_off, sandbox.stop());
    assert!(cut_off.is_err());
}

#[tokio::test]
async fn what_cannot_be_logged_is_not_stored() {
    let dir = tempfile::tempdir().unwrap();
    let state = dir.path().join("state");
    let mut rig = Rig::start(|s| {
        s.log = Some("/dev/full".into());
        s.state = Some(state.clone());
    })
    .await;
    let before = std::fs::read_to_string(&state).unwrap();
    // Its own token cannot be had, as that request cannot be logged; another's of the same pool is
    // as good.
    assert!(rig.client.token.is_empty());
    rig.client.token = Rig::start(|_| ()).await.client.token;
    assert_eq!(rig.client.create(json!({"email": "a@x.org"})).await.status, 500);
    assert_eq!(rig.sandbox.stats().users, 0);
    assert_eq!(std::fs::read_to_string(&state).unwrap(), before);
}

#[tokio::test]
async fn a_state_that_is_no_file_is_refused() {
    let full = settings(|s| s.state = Some("/dev/full".into()));
    assert!(matches!(Sandbox::start(full).await, Err(SandboxError::Content { .. })));
}

#[tokio::test]
async fn users_that_were_there_before_are_read_once() {
    let dir = tempfile::tempdir().unwrap();
    let (users, state) = (dir.path().join("users"), dir.path().join("state"));
    std::fs::write(&users, "{\"email\":\"Old@x.org\"}\n\n{\"phone\":\"1\"}\n").unwrap();
    for _ in 0..2 {
        let both = settings(|s| (s.users, s.state) = (Some(users.clone()), Some(state.clone())));
        let sandbox = Sandbox::start(both).await.unwrap();
        assert_eq!(sandbox.stats().users, 2);
        let client = Client::new(sandbox.url()).await;
        assert_eq!(client.create(json!({"email": "old@x.org"})).await.code(), Some(2026));
        sandbox.stop().await;
    }
}

#[tokio::test]
async fn a_bad_start_says_where_and_why() {
    let dir = tempfile::tempdir().unwrap();
    let file = |text: &str| {
        let path = dir.path().join("file");
        std::fs::write(&path, text).unwrap();
        path
    };
    let users = |text: &str| settings(|s| s.users = Some(file(text)));
    for (text, why) in [
        ("{\"email\":1}\n", "line 1: "),
        ("{\"email\":\"a\"}\n{\"email\":\"A\"}\n", "line 2: the email belongs to another user"),
        ("{\"email\":\"a\"}\nnonsense\n", "line 2: "),
    ] {
        let error = Sandbox::start(users(text)).await.unwrap_err().to_string();
        assert!(error.contains(why), "{error}");
    }
    let state = settings(|s| s.state = Some(file("{\"something\":\"else\"}\n")));
    assert!(matches!(Sandbox::start(state).await, Err(SandboxError::Content { .. })));
    let nowhere = settings(|s| s.log = Some(dir.path().join("no/such/folder")));
    assert!(matches!(Sandbox::start(nowhere).await, Err(SandboxError::File { .. })));
    let first = Sandbox::start(settings(|_| ())).await.unwrap();
    let port = first.url().rsplit(':').next().unwrap().parse().unwrap();
    let second = Sandbox::start(settings(|s| s.port = port)).await;
    assert!(matches!(second, Err(SandboxError::Listen { .. })));
}
