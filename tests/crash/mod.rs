//! Killed at any instant, again and again, and started again: nobody is lost, nobody is created
//! twice, nobody is misreported.
//!
//! The real binary and the sandbox are processes of their own; the binary dies by `SIGKILL`, at
//! random instants and (in builds that have them) at named points. The provider loses 1 % of its
//! replies. What is guaranteed, and asserted exactly so:
//!
//! - A create that left before its sender was killed may still arrive afterwards. It is the only one
//!   that can: the next process resends the row only after it has found nobody at the end of the
//!   quiet time (here 1.2 s), counted from its own start. So no create ever arrives for a key that
//!   the directory holds.
//! - A row that was in a process's hands when it died is `sending` in the table: at most twice the
//!   concurrency of them.

mod staging;

use crate::process::books::{self, Figures};
use crate::process::{Rig, Running};
use std::time::{Duration, Instant};

const POINTS: [&str; 5] =
    ["after-claim", "before-send", "after-send", "after-reply", "before-record"];
const POLL: Duration = Duration::from_millis(2);
const DEADLINE: Duration = Duration::from_mins(2);

/// How much is to be endured.
struct Plan {
    users: usize,
    kills: usize,
    width: i64,
    /// Creates a second, about.
    rate: f64,
    seed: u64,
}

/// What was endured.
#[derive(Debug, Default)]
struct Tally {
    lives: usize,
    kills: usize,
    at_points: usize,
    most_sending: i64,
    most_in_doubt: i64,
}

/// Says which seed it was when a test fails.
struct Seed(u64);

impl Drop for Seed {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("seed: USERFERRY_CRASH_SEED={}", self.0);
        }
    }
}

#[test]
fn twenty_five_kills() {
    endure(&Plan { users: 1_500, kills: 25, width: 8, rate: 250.0, seed: seed() });
}

/// `just soak`: `USERFERRY_SOAK_KILLS` (1,000) kills over `USERFERRY_SOAK_USERS` (20,000) users.
#[test]
#[ignore = "takes many minutes; just soak"]
fn soak() {
    let number = |name: &str, default: usize| {
        std::env::var(name).map_or(default, |text| text.parse().unwrap())
    };
    let users = number("USERFERRY_SOAK_USERS", 20_000);
    let kills = number("USERFERRY_SOAK_KILLS", 1_000);
    endure(&Plan { users, kills, width: 16, rate: 150.0, seed: seed() });
}

fn seed() -> u64 {
    std::env::var("USERFERRY_CRASH_SEED").map_or_else(|_| fastrand::u64(..), |s| s.parse().unwrap())
}

fn endure(plan: &Plan) {
    let seed = Seed(plan.seed);
    let began = Instant::now();
    let mut rng = fastrand::Rng::with_seed(plan.seed);
    let rig = Rig::start(&[
        "--latency=10ms",
        "--jitter=30ms",
        "--drop-after-store=0.01",
        &format!("--seed={}", rng.u32(..)),
    ]);
    rig.stage_users(plan.users);
    let mut tally = Tally::default();
    while tally.kills < plan.kills {
        if !live_and_die(&rig, plan, &mut rng, &mut tally) {
            break;
        }
        let sending = rig.number("SELECT count(*) FROM job WHERE status = 'sending'");
        let in_doubt =
            rig.number("SELECT count(*) FROM job WHERE status IN ('sending', 'unknown')");
        assert!(sending <= 2 * plan.width, "{sending} rows in doubt by one kill");
        tally.most_sending = tally.most_sending.max(sending);
        tally.most_in_doubt = tally.most_in_doubt.max(in_doubt);
    }
    assert!(tally.kills >= plan.kills, "the rows ran out: {tally:?}");
    spawn(&rig, plan, &[]).wait().expect(0);
    let figures = books::check_all_there(&rig, plan.users);
    let lives = i64::try_from(tally.lives).unwrap() + 1;
    assert_eq!(rig.number("SELECT count(*) FROM run"), lives);
    assert_eq!(rig.number("SELECT count(*) FROM run WHERE end IS NULL"), 0);
    report(plan, &tally, figures, began.elapsed());
    drop(seed);
}

fn report(plan: &Plan, tally: &Tally, figures: Figures, took: Duration) {
    eprintln!(
        "{} kills counted ({} at named points) in {} lives; {} users, {} creates arrived, {} stored, \
         {} doubles, {} misreported, 0 lost; at most {} rows in doubt by one kill ({} allowed), {} \
         altogether; {} s; seed {}",
        tally.kills,
        tally.at_points,
        tally.lives,
        plan.users,
        figures.creates,
        figures.stored,
        figures.doubles,
        figures.misreported,
        tally.most_sending,
        2 * plan.width,
        tally.most_in_doubt,
        took.as_secs(),
        plan.seed
    );
}

/// Starts the run that the plan wants.
fn spawn(rig: &Rig, plan: &Plan, env: &[(&str, &str)]) -> Running {
    let concurrency = format!("--concurrency={}", plan.width);
    let rate = format!("--rate={}/s", plan.rate);
    rig.spawn_with(&[&concurrency, &rate], env)
}

/// One process, from its start to its death. `false` when it came to its end instead.
fn live_and_die(rig: &Rig, plan: &Plan, rng: &mut fastrand::Rng, tally: &mut Tally) -> bool {
    let before = rig.sandbox.stats();
    let tokens = before["requests"]["accessToken"].as_u64().unwrap_or(0);
    let stored = before["creates_stored"].as_u64().unwrap();
    let point = (cfg!(debug_assertions) && rng.bool())
        .then(|| format!("{}:{}", rng.choice(POINTS).unwrap(), rng.u32(1..=12)));
    let env: Vec<(&str, &str)> =
        point.iter().map(|point| ("USERFERRY_FAILPOINT", point.as_str())).collect();
    // The rows must last for all kills.
    let left = plan.users.saturating_sub(usize::try_from(stored).unwrap());
    let kills_left = plan.kills - tally.kills;
    #[expect(clippy::cast_precision_loss, reason = "a few thousand")]
    let mean = (left as f64 / kills_left as f64 / plan.rate).min(0.2);
    // Now and then long enough that doubts are settled and sent again before the next death.
    let pause = if rng.u8(..) < 12 { rng.f64() } else { 2.0 * mean * rng.f64() };
    let mut life = spawn(rig, plan, &env);
    tally.lives += 1;
    let lived = wait_for_a_create(rig, &mut life, tokens);
    if let Some(point) = point {
        let ended = life.wait();
        match (ended.signal, ended.code) {
            (Some(9), _) => {}
            (_, Some(0)) => return false,
            _ => panic!("{point}: {ended:?}"),
        }
        // It may have died before the first poll that would have seen the create.
        let lived = lived || creates(rig) > before["creates_received"].as_u64().unwrap();
        tally.kills += usize::from(lived);
        tally.at_points += usize::from(lived);
        return true;
    }
    std::thread::sleep(Duration::from_secs_f64(pause));
    life.kill();
    let ended = life.wait();
    if ended.signal.is_none() {
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
        return false;
    }
    tally.kills += usize::from(lived);
    true
}

/// Waits until a create of this very process has arrived: after its token, which takes longer than
/// what the last one may have left on its way.
fn wait_for_a_create(rig: &Rig, life: &mut Running, tokens: u64) -> bool {
    let began = Instant::now();
    let mut base = None;
    while !life.has_ended() {
        let stats = rig.sandbox.stats();
        let received = stats["creates_received"].as_u64().unwrap();
        match base {
            None if stats["requests"]["accessToken"].as_u64().unwrap_or(0) > tokens => {
                base = Some(received);
            }
            Some(base) if received > base => return true,
            _ => {}
        }
        assert!(began.elapsed() < DEADLINE, "no create arrives: {stats}\n{}", life.said());
        std::thread::sleep(POLL);
    }
    false
}

fn creates(rig: &Rig) -> u64 {
    rig.sandbox.count("creates_received")
}
