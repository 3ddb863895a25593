//! Another program on the target's port, and a gateway before a target that is not up yet.

use super::Rig;
use super::server::{Act, Kind, Reply, Wire};
use std::time::Duration;
use userferry::run::End;

/// What comes back.
type Came = fn() -> Wire;

/// What a run says that is answered so from its start on.
async fn answered_with(wire: Came) -> String {
    let mut rig = Rig::with_users(5).await;
    rig.settings.max_silence_at_start = Duration::from_millis(500);
    rig.settings.probe_interval = (Duration::from_millis(50), Duration::from_millis(100));
    rig.front.script(move |_| Act::instead(wire()));
    let halt = rig.expect_halt().await;
    assert!(halt.hint.contains("check the host and its port"), "{halt:?}");
    assert!(rig.rows().values().all(|row| row.status == "pending"));
    assert_eq!(rig.front.count(Kind::Create), 0);
    halt.message
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_program_on_the_port_halts_the_run_and_is_named() {
    let cases: [(Came, &str); 6] = [
        (|| Wire::Reply(Reply::html(200)), "HTTP 200 with a page of HTML or XML"),
        (|| Wire::Reply(Reply::html(404)), "HTTP 404 with a page of HTML or XML"),
        (|| Wire::Reply(Reply::json(200, &serde_json::json!({"hello": "world"}))), "HTTP 200"),
        (|| Wire::Reply(Reply::html(403)), "http-403"),
        (|| Wire::Close, "the connection ended without a whole answer"),
        (|| Wire::Raw(b"SSH-2.0-OpenSSH_9.2p1\r\n".to_vec()), "no HTTP came"),
    ];
    for (wire, expected) in cases {
        let message = answered_with(wire).await;
        assert!(message.contains("not as the target does, for 500 ms: "), "{message}");
        assert!(message.contains(expected), "{expected}: {message}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_gateways_error_at_the_start_is_an_outage_and_waited_for() {
    let mut rig = Rig::with_users(5).await;
    rig.settings.max_silence_at_start = Duration::from_millis(200);
    rig.settings.probe_interval = (Duration::from_millis(50), Duration::from_millis(100));
    rig.front.script(|seen| match (seen.kind, seen.n) {
        (Kind::Token, ..=12) => Act::instead(Wire::Reply(Reply::html(502))),
        _ => Act::pass(),
    });
    assert_eq!(rig.run().await, End::Drained);
    rig.check_all("created").await;
}

/// In the middle of a run the target has proved itself: whatever comes instead is an outage.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_program_in_the_middle_of_a_run_is_an_outage() {
    let mut rig = Rig::with_users(40).await;
    rig.settings.width = 2;
    rig.settings.max_silence_at_start = Duration::from_millis(200);
    rig.settings.probe_interval = (Duration::from_millis(50), Duration::from_millis(100));
    rig.front.script(|seen| match (seen.kind, seen.n) {
        (Kind::Create, 10..=20) | (Kind::Probe, 2..=8) => {
            Act::instead(Wire::Reply(Reply::html(200)))
        }
        _ => Act::pass(),
    });
    assert_eq!(rig.run().await, End::Drained);
    rig.check_all("created").await;
}
