//! The sandbox as a process of its own: signals, and what outlives them.

use super::client::Client;
use serde_json::{Value, json};
use std::io::Write as _;
use std::path::Path;
use std::process::Stdio;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};

/// Starts the command in `dir`; it says its address when it is ready.
async fn start(dir: &Path) -> (Child, Client) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_userferry"))
        .args(["sandbox", "--port", "0", "--log", "log", "--state", "state"])
        .current_dir(dir)
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let url = lines.next_line().await.unwrap().unwrap();
    (child, Client::new(url).await)
}

fn lines(path: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(path).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[tokio::test]
async fn a_kill_loses_nothing_that_was_answered() {
    let dir = tempfile::tempdir().unwrap();
    let (mut child, client) = start(dir.path()).await;
    for n in 0..20 {
        assert_eq!(client.create(json!({"externalId": n.to_string()})).await.code(), None);
    }
    child.kill().await.unwrap();
    let stored = |lines: &[Value]| lines.iter().filter(|l| l["stored"].is_object()).count();
    assert_eq!(stored(&lines(&dir.path().join("log"))), 20);

    // A line that was torn in the middle of its write is as if it had never been.
    for name in ["log", "state"] {
        let mut file = std::fs::File::options().append(true).open(dir.path().join(name)).unwrap();
        file.write_all(b"{\"n\":22,\"kind\":\"us").unwrap();
    }
    let (mut child, client) = start(dir.path()).await;
    for n in 0..21 {
        let code = (n < 20).then_some(2026);
        assert_eq!(client.create(json!({"externalId": n.to_string()})).await.code(), code);
    }
    child.kill().await.unwrap();
    let log = lines(&dir.path().join("log"));
    assert_eq!(stored(&log), 21);
    assert!(log.iter().map(|line| line["n"].as_u64().unwrap()).eq(1..=log.len() as u64));
}

#[tokio::test]
async fn a_signal_to_end_ends_it_well() {
    for signal in [rustix::process::Signal::TERM, rustix::process::Signal::INT] {
        let dir = tempfile::tempdir().unwrap();
        let (mut child, client) = start(dir.path()).await;
        client.faults(json!({"outage": "hang"})).await;
        let pid = rustix::process::Pid::from_raw(child.id().unwrap().try_into().unwrap()).unwrap();
        let (hung, status) = tokio::join!(client.exists_or_broken(), async {
            while lines(&dir.path().join("log")).len() < 2 {
                tokio::task::yield_now().await;
            }
            rustix::process::kill_process(pid, signal).unwrap();
            child.wait().await.unwrap()
        });
        assert!(status.success(), "{status}");
        assert!(hung.is_err(), "an open request is cut off");
    }
}
