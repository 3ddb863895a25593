//! The real runner against a directory in memory, while the power goes again and again.

use super::disk::{Disk, Fault, Loss};
use crate::store::bench::identify;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use userferry::clock::Clock;
use userferry::identity::DirectoryUser;
use userferry::job::{Outcome, Policy};
use userferry::monitor::Silent;
use userferry::provider::Batching;
use userferry::run::doubt::Quiet;
use userferry::run::{Runner, Settings, Totals};
use userferry::store::{
    Batch, NewJob, NewRun, Reading, Running, Staging, StoreError, Table, sqlite::OpenOptions,
};
use userferry::target::{
    Answer, Created, Fault as TargetFault, Later, Reply, Target, Told, Wanted,
};
use userferry::user::User;

const USERS: u64 = 40;
/// The date of every reply.
const DATE_MS: i64 = 1_000_000;

/// Holds users, and remembers a create of one that it held already.
#[derive(Default)]
struct Directory(Mutex<Inner>);

#[derive(Default)]
struct Inner {
    users: BTreeMap<String, DirectoryUser>,
    again: Vec<String>,
    rng: fastrand::Rng,
}

impl Directory {
    async fn create_one(&self, user: &User) -> Answer {
        let key = user.identifiers.external_id.clone().unwrap_or_default();
        let wait = self.0.lock().unwrap().rng.u64(1..50);
        tokio::time::sleep(Duration::from_millis(wait)).await;
        let outcome = {
            let mut inner = self.0.lock().unwrap();
            if inner.users.contains_key(&key) {
                inner.again.push(key);
                Outcome::Duplicate
            } else if inner.rng.u8(0..10) == 0 {
                Outcome::Unknown
            } else {
                let id = format!("r{key}");
                let identifiers = user.identifiers.clone();
                let made = DirectoryUser { id: id.clone(), identifiers, created_at_ms: None };
                inner.users.insert(key, made);
                if inner.rng.u8(0..10) == 0 {
                    Outcome::Unknown
                } else {
                    Outcome::Created { remote_id: id }
                }
            }
        };
        // The user is there; the power may go before the answer arrives.
        tokio::time::sleep(Duration::from_millis(wait)).await;
        Answer::new(outcome)
    }
}

impl Target for Directory {
    fn probe(&self) -> Later<'_, Reply<Result<(), TargetFault>>> {
        Box::pin(async { Reply { told: dated(), body: Ok(()) } })
    }

    fn create<'a>(&'a self, users: &'a [User]) -> Later<'a, Reply<Created>> {
        Box::pin(async move {
            let [user] = users else { panic!("{} users in one request", users.len()) };
            Reply { told: dated(), body: Created::whole(self.create_one(user).await) }
        })
    }

    fn find<'a>(
        &'a self,
        wanted: &'a [Wanted],
        _pace: Duration,
    ) -> Later<'a, Reply<Result<Vec<Vec<DirectoryUser>>, TargetFault>>> {
        let inner = self.0.lock().unwrap();
        let find = |wanted: &Wanted| {
            let key = wanted.identifiers.external_id.as_ref();
            key.and_then(|key| inner.users.get(key)).cloned().into_iter().collect()
        };
        let found = wanted.iter().map(find).collect();
        Box::pin(async { Reply { told: dated(), body: Ok(found) } })
    }
}

fn dated() -> Told {
    Told { date_ms: Some(DATE_MS), ..Told::default() }
}

/// Opens the table and stages what is missing.
fn open(options: &OpenOptions) -> Result<Table, StoreError> {
    let mut table = Table::open_with(Path::new("/table.db"), options)?;
    let source = match table.source("/users.json")?.first() {
        Some(row) if row.finished => return Ok(table),
        Some(row) => row.id,
        None => table.begin_source("/users.json", None, 1)?,
    };
    let user = |record_no| {
        let raw = format!(r#"{{"x":"{record_no}"}}"#).into_bytes();
        let (identifiers, problems) = (identify(&raw), Vec::new());
        NewJob { record_no, line: None, raw, identifiers, problems, omitted: Vec::new() }
    };
    table.stage(&Batch {
        source,
        jobs: (1..=USERS).map(user).collect(),
        checkpoint: String::new(),
        fingerprint: String::new(),
        finished: true,
        replace: false,
        now_ms: 1,
    })?;
    Ok(table)
}

async fn live(options: &OpenOptions, directory: &Arc<Directory>, seed: u64) -> Result<(), String> {
    let mut table = open(options).map_err(|error| error.to_string())?;
    let clock = Clock::starting_at(1_000_000);
    let new = NewRun {
        machine: "here".to_owned(),
        pid: 1,
        settings: "{}".to_owned(),
        now_ms: clock.now_ms(),
    };
    let run = table.begin_run(&new).map_err(|error| error.to_string())?;
    let settings = Settings {
        batching: Batching::of(1, 80),
        width: 8,
        ceiling: None,
        quiet: Quiet {
            request_timeout: Duration::from_secs(2),
            settle_time: Duration::from_millis(200),
        },
        probe_interval: (Duration::from_secs(1), Duration::from_secs(4)),
        probe_timeout: Duration::from_secs(3),
        max_outage: Duration::from_mins(30),
        max_silence_at_start: Duration::from_secs(30),
        write_outage: Duration::from_mins(2),
        policy: Policy { max_attempts: 1_000, ..Policy::default() },
        limit: None,
        only: None,
        max_failures: None,
        hold_unknown: false,
        seed,
    };
    let mapper =
        Arc::new(|raw: &[u8]| (User { identifiers: identify(raw), ..User::default() }, Vec::new()));
    let totals = Totals { total: USERS, ..Totals::default() };
    let (_stop, signals) = tokio::sync::mpsc::channel(1);
    let runner = Runner::new(
        table,
        Arc::<Directory>::clone(directory),
        mapper,
        settings,
        clock,
        run,
        totals,
        Box::new(Silent),
    );
    let finished = runner.drain(signals).await.map_err(|error| error.message)?;
    let counts = finished.store.counts().map_err(|error| error.to_string())?;
    if counts.done == USERS { Ok(()) } else { Err(format!("{:?}: {counts:?}", finished.end)) }
}

/// Runs until all is done; says how often the power went, or what broke.
fn run_with_cuts(seed: u64, synchronous: &'static str) -> (u32, Option<String>) {
    let disk = Disk::new(seed);
    let options = OpenOptions { synchronous, vfs: Some(disk.vfs()), exclusive: true };
    let rng = fastrand::Rng::with_seed(seed);
    let directory = Arc::new(Directory(Mutex::new(Inner { rng, ..Inner::default() })));
    let mut rng = fastrand::Rng::with_seed(seed);
    let mut cuts = 0;
    loop {
        let loss = if rng.bool() { Loss::Any } else { Loss::All };
        let after = rng.u64(0..120 + 40 * u64::from(cuts));
        disk.set_fault(Some(Fault::Power { after, loss }));
        let life = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .unwrap()
            .block_on(live(&options, &directory, seed));
        if let Some(key) = directory.0.lock().unwrap().again.first() {
            return (cuts, Some(format!("{key} was sent though it was there")));
        }
        match life {
            Ok(()) => break,
            Err(_) if disk.is_dead() => {
                cuts += 1;
                disk.power_on();
            }
            Err(error) => return (cuts, Some(error)),
        }
    }
    let there = directory.0.lock().unwrap().users.len() as u64;
    (cuts, (there != USERS).then(|| format!("{there} users are there")))
}

#[test]
fn no_user_is_lost_or_sent_twice_whenever_the_power_goes() {
    let mut cuts = 0;
    for seed in 0..60 {
        let (n, broken) = run_with_cuts(seed, "FULL");
        assert!(broken.is_none(), "seed {seed}, after {n} cuts: {broken:?}");
        cuts += n;
    }
    println!("runner, FULL: {cuts} cuts");
    assert!(cuts >= 100, "only {cuts} cuts prove little");
}

#[test]
fn a_user_would_be_sent_twice_without_the_syncs() {
    let is_sent_twice = |seed: &u64| {
        run_with_cuts(*seed, "NORMAL").1.is_some_and(|broken| broken.contains("was sent though"))
    };
    let failed = (0..20).filter(is_sent_twice).count();
    println!("runner, NORMAL: {failed} of 20 sent a user twice");
    assert!(failed > 0, "the test proves nothing");
}
