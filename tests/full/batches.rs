//! How fast requests of several users go, beside what one thread claims and records in the table alone. The target
//! answers at once and costs nothing.

use std::sync::Arc;
use std::time::{Duration, Instant};
use userferry::clock::Clock;
use userferry::identity::DirectoryUser;
use userferry::job::{self, Class, FirstSent, Now, Outcome, Policy};
use userferry::monitor::{Monitor, Progress};
use userferry::provider::Batching;
use userferry::run::doubt::Quiet;
use userferry::run::{End, Runner, Settings, Totals};
use userferry::store::{
    Attempt, Batch, Claim, NewJob, NewRun, Reading as _, Record, Running as _, Staging as _, Table,
    Tick,
};
use userferry::target::{Answer, Created, Fault, Later, Reply, Target, Wanted};
use userferry::user::{IdKind, Identifiers, User};

const USERS: u64 = 300_000;
/// So often each is measured, in turn.
const TURNS: usize = 5;

struct Stub;

impl Target for Stub {
    fn probe(&self) -> Later<'_, Reply<Result<(), Fault>>> {
        Box::pin(async { Reply::new(Ok(())) })
    }

    fn create<'a>(&'a self, users: &'a [User]) -> Later<'a, Reply<Created>> {
        Box::pin(async move {
            let created = |user: &User| {
                let remote_id =
                    user.identifiers.key().map_or_else(String::new, |key| key.1.to_owned());
                Answer::new(Outcome::Created { remote_id })
            };
            Reply::new(Created::Each(users.iter().map(created).collect()))
        })
    }

    fn find<'a>(
        &'a self,
        wanted: &'a [Wanted],
        _pace: Duration,
    ) -> Later<'a, Reply<Result<Vec<Vec<DirectoryUser>>, Fault>>> {
        Box::pin(async move { Reply::new(Ok(vec![Vec::new(); wanted.len()])) })
    }
}

struct Silent;

impl Monitor for Silent {
    fn progress(&mut self, _: &Progress) {}

    fn note(&mut self, _: &str) {}
}

fn identifiers(n: u64) -> Identifiers {
    let mut ids = Identifiers::default();
    ids.set(IdKind::ExternalId, &format!("u{n}"));
    ids.set(IdKind::Email, &format!("u{n}@example.com"));
    ids
}

/// A record of the usual size.
fn record(n: u64) -> Vec<u8> {
    let hash = "x".repeat(53);
    format!(
        "{{\"uid\":\"u{n}\",\"mail\":\"u{n}@example.com\",\"nickname\":\"User {n}\",\"password\":\"$2b$10${hash}\"}}"
    )
    .into_bytes()
}

fn user(raw: &[u8]) -> User {
    let value: serde_json::Value = serde_json::from_slice(raw).unwrap();
    let n = value["uid"].as_str().unwrap()[1..].parse().unwrap();
    User { identifiers: identifiers(n), ..User::default() }
}

/// Users that are staged in one transaction.
const AT_ONCE: usize = 10_000;

fn staged(folder: &tempfile::TempDir) -> Table {
    let mut table = Table::open(&folder.path().join("t.db")).unwrap();
    let source = table.begin_source("users", None, 0).unwrap();
    for from in (0..USERS).step_by(AT_ONCE) {
        let jobs = (from..from + AT_ONCE as u64).map(|n| NewJob {
            record_no: n + 1,
            line: None,
            raw: record(n),
            identifiers: identifiers(n),
            problems: Vec::new(),
            omitted: Vec::new(),
        });
        let batch = Batch {
            source,
            jobs: jobs.collect(),
            checkpoint: "{}".to_owned(),
            fingerprint: String::new(),
            finished: from + AT_ONCE as u64 == USERS,
            replace: false,
            now_ms: 0,
        };
        table.stage(&batch).unwrap();
    }
    table
}

fn new_run() -> NewRun {
    NewRun { machine: "here".to_owned(), pid: 1, settings: "{}".to_owned(), now_ms: 0 }
}

/// One thread that claims, and records that all were created: users a second.
fn alone(at_once: usize) -> f64 {
    let folder = tempfile::tempdir().unwrap();
    let mut table = staged(&folder);
    let run = table.begin_run(&new_run()).unwrap();
    let began = Instant::now();
    let mut records: Vec<Record> = Vec::new();
    loop {
        let tick = Tick {
            run,
            now_ms: 1,
            target_now_ms: Some(1),
            records: &records,
            take_back: &[],
            claim: at_once,
            claim_bytes: 32 << 20,
            only: None,
            rate_per_s: 0.0,
        };
        let claims = table.tick(&tick).unwrap().claims;
        if claims.is_empty() {
            break;
        }
        records = claims.iter().map(created).collect();
    }
    let took = began.elapsed();
    assert_eq!(table.counts().unwrap().done, USERS);
    per_second(took)
}

fn created(claim: &Claim) -> Record {
    let outcome = Outcome::Created { remote_id: format!("id-{}", claim.id.0) };
    Record {
        id: claim.id,
        sends: claim.sends,
        transition: job::next(&claim.job, &outcome, None, Now { ms: 1, jitter: 0.5 }),
        code: None,
        reason: None,
        first_sent: FirstSent::Keep,
        attempt: Some(Attempt {
            at_ms: 1,
            took_ms: 1,
            read_ms: None,
            class: Class::Created,
            http_status: Some(200),
            code: None,
            message: None,
            request_id: None,
            request: None,
        }),
        problem: None,
    }
}

/// A run with requests of so many users: users a second.
fn run(most: usize, width: usize) -> f64 {
    let folder = tempfile::tempdir().unwrap();
    let mut table = staged(&folder);
    let id = table.begin_run(&new_run()).unwrap();
    let seconds = Duration::from_secs;
    let settings = Settings {
        batching: Batching::of(most, 80),
        width,
        ceiling: None,
        quiet: Quiet { request_timeout: seconds(30), settle_time: seconds(5) },
        probe_interval: (seconds(1), seconds(4)),
        probe_timeout: seconds(3),
        max_outage: seconds(1_800),
        max_silence_at_start: seconds(30),
        write_outage: seconds(120),
        policy: Policy::default(),
        limit: None,
        only: None,
        max_failures: None,
        hold_unknown: false,
        seed: 1,
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let began = Instant::now();
    let finished = runtime.block_on(async move {
        let mapper = Arc::new(|raw: &[u8]| (user(raw), Vec::new()));
        let totals = Totals { total: USERS, ..Totals::default() };
        let clock = Clock::system();
        let runner = Runner::new(
            table,
            Arc::new(Stub),
            mapper,
            settings,
            clock,
            id,
            totals,
            Box::new(Silent),
        );
        let (_sender, receiver) = tokio::sync::mpsc::channel(4);
        tokio::spawn(runner.drain(receiver)).await.unwrap().unwrap()
    });
    let took = began.elapsed();
    assert_eq!(finished.end, End::Drained);
    per_second(took)
}

fn per_second(took: Duration) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "few enough")]
    let users = USERS as f64;
    users / took.as_secs_f64()
}

fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures[figures.len() / 2]
}

#[test]
#[ignore = "three minutes; just full"]
fn requests_of_several_users_beside_the_table_alone() {
    for (most, width) in [(50, 32), (1_000, 2)] {
        let (mut table, mut runs) = (Vec::new(), Vec::new());
        for _ in 0..TURNS {
            table.push(alone(2 * most * width / 4));
            runs.push(run(most, width));
        }
        let ratios = runs.iter().zip(&table).map(|(run, alone)| run / alone).collect();
        eprintln!(
            "batches of {most}, {width} in flight: {:.0} users/s, the table alone {:.0}; ratio {:.2}",
            median(runs.clone()),
            median(table.clone()),
            median(ratios)
        );
    }
}
