//! The target goes away in the middle of a run, in every way that targets do, and comes back: no
//! row pays for it, few requests go into it, and the run goes on by itself.

use crate::process::books;
use crate::process::{Rig, Running};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

pub(crate) const WIDTH: u64 = 8;
const ARGS: [&str; 2] = ["--concurrency=8", "--rate=200/s"];
/// What may fall into an outage besides the probes: what is in flight when it begins, and the
/// faults that open the breaker.
const AT_ONCE: u64 = WIDTH + 5;

/// How the target goes away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Http503,
    Reset,
    Hang,
    /// Writes fail, reads are answered.
    Writes,
    /// Nobody listens.
    NoListener,
}

/// What an outage came to.
#[derive(Debug)]
pub(crate) struct Came {
    /// Requests that fell into it; not known where nobody listens.
    pub(crate) requests: u64,
    /// From the return to the first user stored after it.
    pub(crate) back_after: Duration,
}

impl Kind {
    fn begin(self, rig: &mut Rig) {
        match self {
            Self::NoListener => rig.sandbox.kill(),
            Self::Writes => rig.sandbox.faults(&json!({"write_outage": "http503"})),
            Self::Http503 => rig.sandbox.faults(&json!({"outage": "http503"})),
            Self::Reset => rig.sandbox.faults(&json!({"outage": "reset"})),
            Self::Hang => rig.sandbox.faults(&json!({"outage": "hang"})),
        }
    }

    fn end(self, rig: &mut Rig) {
        match self {
            Self::NoListener => rig.sandbox.restart(),
            _ => rig.sandbox.faults(&json!({"write_outage": "none", "outage": "none"})),
        }
    }
}

/// An outage of this length in the middle of a run of `users`.
pub(crate) fn endure(kind: Kind, length: Duration, users: usize) -> Came {
    // There is no event to wait for.
    endure_until(kind, users, &[], |_, _| std::thread::sleep(length))
}

/// An outage in the middle of a run of `users`, until `is_over` returns.
fn endure_until(
    kind: Kind,
    users: usize,
    env: &[(&str, &str)],
    is_over: impl FnOnce(&Rig, &mut Running),
) -> Came {
    let mut rig = Rig::start(&["--latency=10ms"]);
    rig.stage_users(users);
    let mut run = rig.spawn_with(&ARGS, env);
    rig.sandbox.wait_for_stored(100);
    kind.begin(&mut rig);
    is_over(&rig, &mut run);
    let requests = if kind == Kind::NoListener { 0 } else { rig.sandbox.count("outage_requests") };
    let returned = Instant::now();
    kind.end(&mut rig);
    // A sandbox that was started again counts anew.
    let stored = rig.sandbox.count("creates_stored");
    rig.sandbox.wait_for_stored(stored + 1);
    let back_after = returned.elapsed();
    run.wait().expect(0);
    books::check_all_there(&rig, users);
    Came { requests, back_after }
}

/// An outage until some probes have fallen into it. They start every 100 ms, growing to 400 ms.
fn endure_short(kind: Kind) {
    let env = [
        ("USERFERRY_PROBE_INTERVAL", "100ms"),
        ("USERFERRY_REQUEST_TIMEOUT", "200ms"),
        ("USERFERRY_CONNECT_TIMEOUT", "150ms"),
    ];
    let mut creates = (0, 0);
    let came = endure_until(kind, 400, &env, |rig, run| {
        run.wait_for("does not answer");
        if kind == Kind::NoListener {
            // Nobody counts what a port refuses on which nobody listens.
            return std::thread::sleep(Duration::from_millis(900));
        }
        let received = || rig.sandbox.count("creates_received");
        let before = received();
        let so_far = rig.sandbox.count("outage_requests");
        rig.sandbox.wait("probes", |stats| stats["outage_requests"].as_u64() > Some(so_far + 4));
        creates = (before, received());
    });
    eprintln!("{kind:?}: {came:?}, creates {creates:?}");
    // What was in flight; where reads pass, each probe brings a create as the trial.
    let most = if kind == Kind::Writes { AT_ONCE + 6 } else { AT_ONCE };
    assert!(creates.1 - creates.0 <= most, "{kind:?}: {creates:?} creates");
}

#[test]
fn http_503_costs_no_row() {
    endure_short(Kind::Http503);
}

#[test]
fn connections_that_are_reset_cost_no_row() {
    endure_short(Kind::Reset);
}

#[test]
fn requests_that_are_never_answered_cost_no_row() {
    endure_short(Kind::Hang);
}

#[test]
fn writes_that_fail_while_reads_pass_cost_no_row() {
    endure_short(Kind::Writes);
}

#[test]
fn a_server_that_is_gone_costs_no_row() {
    endure_short(Kind::NoListener);
}

fn halt_and_go_on(fault: &Value) {
    let rig = Rig::start(&["--latency=10ms"]);
    rig.stage_users(300);
    let run = rig.spawn(&[&ARGS[..], &["--max-outage=3s"]].concat());
    rig.sandbox.wait_for_stored(50);
    rig.sandbox.faults(fault);
    let said = run.wait().expect(4);
    assert!(said.contains("no usable answer for 3 s"), "{said}");
    assert!(said.contains("no row was marked failed"), "{said}");
    let counts = rig.counts();
    for status in ["failed", "sending", "invalid"] {
        assert_eq!(counts.get(status), None, "{counts:?}");
    }
    assert!(counts["pending"] > 0, "{counts:?}");
    assert_eq!(rig.number("SELECT coalesce(max(spent), 0) FROM job WHERE status <> 'done'"), 0);
    rig.sandbox.faults(&json!({"outage": "none", "write_outage": "none"}));
    rig.run(&ARGS).expect(0);
    books::check_all_there(&rig, 300);
}

#[test]
fn an_outage_that_is_too_long_halts_and_the_next_run_finishes() {
    halt_and_go_on(&json!({"outage": "http503"}));
}

#[test]
fn a_server_that_hangs_too_long_halts_and_the_next_run_finishes() {
    halt_and_go_on(&json!({"outage": "hang"}));
}

#[test]
fn writes_that_fail_too_long_halt_and_the_next_run_finishes() {
    halt_and_go_on(&json!({"write_outage": "http503"}));
}

/// Killed in the middle of an outage, started again in it, and again when it is over.
#[test]
fn killed_in_an_outage() {
    let rig = Rig::start(&["--latency=10ms"]);
    rig.stage_users(300);
    let start = || -> Running { rig.spawn(&ARGS) };
    let mut run = start();
    rig.sandbox.wait_for_stored(50);
    rig.sandbox.faults(&json!({"outage": "hang"}));
    rig.sandbox.wait("requests in the outage", |stats| stats["outage_requests"] != 0);
    run.kill();
    assert_eq!(run.wait().signal, Some(9));
    let seen = rig.sandbox.count("outage_requests");
    let mut run = start();
    rig.sandbox.wait("a probe", |stats| stats["outage_requests"].as_u64().unwrap() > seen);
    run.kill();
    assert_eq!(run.wait().signal, Some(9));
    books::check(&rig);
    rig.sandbox.faults(&json!({"outage": "none"}));
    rig.run(&ARGS).expect(0);
    books::check_all_there(&rig, 300);
}
