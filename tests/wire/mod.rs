//! The real target over real connections, under the real runner over a real job table, against the
//! sandbox behind a front that spoils chosen replies. What the sandbox stored, and what the front
//! saw arrive, is the oracle.

mod access;
mod foreign;
mod lookups;
mod refusals;
mod replies;
mod server;

use rusqlite::Connection;
use secrecy::SecretString;
use serde_json::{Map, Value, json};
use server::{Front, ask};
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinSet;
use userferry::clock::{Clock, system_ms};
use userferry::job::Halt;
use userferry::job::Policy;
use userferry::monitor::{Monitor, Progress};
use userferry::provider::authing::v2::{self, V2};
use userferry::run::doubt::Quiet;
use userferry::run::{End, Runner, Settings, Totals};
use userferry::sandbox::{self, Sandbox};
use userferry::store::{Batch, NewJob, NewRun, Reading, Running, Staging, Table};
use userferry::target::http;
use userferry::user::{self, IdKind, User};

/// Whatever takes longer than this hangs.
const PATIENCE: Duration = Duration::from_mins(1);
/// Every request is answered, or its connection closed, at once: only a busy machine is slow.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(8);
const POOL: &str = "5f0000000000000000000001";
const SECRET: &str = "sandbox-secret";

/// A job table, a sandbox, and the front between them.
struct Rig {
    dir: tempfile::TempDir,
    sandbox: Sandbox,
    front: Front,
    settings: Settings,
}

struct Silent;

impl Monitor for Silent {
    fn progress(&mut self, _progress: &Progress) {}

    fn note(&mut self, _text: &str) {}
}

/// A row of the job table.
#[derive(Debug)]
struct Row {
    status: String,
    detail: Option<String>,
    code: Option<String>,
    remote_id: Option<String>,
    /// Attempts in the ledger.
    attempts: usize,
    /// Of these, with an answer about this very user.
    answered: usize,
}

impl Rig {
    async fn start(knobs: sandbox::Settings) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let log = Some(dir.path().join("log"));
        let sandbox = Sandbox::start(sandbox::Settings { port: 0, log, ..knobs }).await.unwrap();
        let front = Front::start(sandbox.url().trim_start_matches("http://")).await;
        Self { dir, sandbox, front, settings: settings() }
    }

    /// With users `u1` to `un` staged.
    async fn with_users(n: usize) -> Self {
        let rig = Self::start(sandbox::Settings::default()).await;
        rig.stage(&(1..=n).map(user).collect::<Vec<_>>());
        rig
    }

    fn db(&self) -> PathBuf {
        self.dir.path().join("t.db")
    }

    fn address(&self) -> String {
        self.sandbox.url().trim_start_matches("http://").to_owned()
    }

    fn stage(&self, users: &[Value]) {
        let mut table = Table::open(&self.db()).unwrap();
        let source = table.begin_source("users", None, 0).unwrap();
        let jobs = users.iter().zip(1..).map(|(user, record_no)| {
            let raw = user.to_string().into_bytes();
            let identifiers = mapped(&raw).identifiers;
            let (problems, omitted) = (Vec::new(), Vec::new());
            NewJob { record_no, line: None, raw, identifiers, problems, omitted }
        });
        let counts = table.stage(&Batch {
            source,
            jobs: jobs.collect(),
            checkpoint: "{}".to_owned(),
            fingerprint: String::new(),
            finished: true,
            replace: false,
            now_ms: system_ms(),
        });
        assert_eq!(counts.unwrap().rows, users.len() as u64);
    }

    /// One run, as the program makes it.
    async fn run(&self) -> End {
        let clock = Clock::system();
        let target = V2::new(self.target(), clock).unwrap();
        let mut table = Table::open(&self.db()).unwrap();
        let counts = table.counts().unwrap();
        let run = table.begin_run(&NewRun {
            machine: "here".to_owned(),
            pid: 1,
            settings: "{}".to_owned(),
            now_ms: clock.now_ms(),
        });
        let totals = Totals {
            total: counts.total,
            done: counts.done,
            failed: counts.failed,
            invalid: counts.invalid,
            ..Totals::default()
        };
        let runner = Runner::new(
            table,
            Arc::new(target),
            Arc::new(|raw: &[u8]| (mapped(raw), Vec::new())),
            self.settings.clone(),
            clock,
            run.unwrap(),
            totals,
            Box::new(Silent),
        );
        // Nobody asks it to stop.
        let (_stop, signals) = tokio::sync::mpsc::channel(1);
        let drained = tokio::time::timeout(PATIENCE, runner.drain(signals)).await;
        drained.expect("the run never ends").unwrap().end
    }

    async fn expect_halt(&self) -> Halt {
        match self.run().await {
            End::Halted(halt) => halt,
            other => panic!("{other:?}"),
        }
    }

    fn target(&self) -> v2::Settings {
        v2::Settings {
            http: http::Settings {
                host: format!("http://{}", self.front.address),
                request_timeout: REQUEST_TIMEOUT,
                connect_timeout: REQUEST_TIMEOUT.mul_f64(0.9),
                ca_file: None,
                width: self.settings.width,
                request_id: &["x-request-id", "x-authing-request-id"],
            },
            header_prefix: "x-authing-".to_owned(),
            user_pool_id: POOL.to_owned(),
            secret: SecretString::from(SECRET),
            keep_password: true,
        }
    }

    /// Rows by key.
    fn rows(&self) -> HashMap<String, Row> {
        let table = Connection::open(self.db()).unwrap();
        let query = "SELECT key, status, detail, code, remote_id,
                (SELECT count(*) FROM attempt a WHERE a.job_id = j.id),
                (SELECT count(*) FROM attempt a WHERE a.job_id = j.id
                    AND a.outcome IN ('created', 'duplicate', 'rejected'))
            FROM job j";
        let mut statement = table.prepare(query).unwrap();
        let rows = statement.query_map([], |row| {
            let found = Row {
                status: row.get(1)?,
                detail: row.get(2)?,
                code: row.get(3)?,
                remote_id: row.get(4)?,
                attempts: row.get(5)?,
                answered: row.get(6)?,
            };
            Ok((row.get(0)?, found))
        });
        rows.unwrap().map(Result::unwrap).collect()
    }

    /// The whole directory.
    /// Keys of the rows with this status.
    fn with_status(&self, status: &str) -> Vec<String> {
        let rows = self.rows().into_iter().filter(|(_, row)| row.status == status);
        rows.map(|(key, _)| key).collect()
    }

    /// What the table says why a row is not done.
    fn reason(&self, key: &str) -> String {
        let query = "SELECT reason FROM job WHERE key = ?1";
        Connection::open(self.db()).unwrap().query_row(query, [key], |row| row.get(0)).unwrap()
    }

    async fn users(&self) -> Vec<Value> {
        let reply = ask(&self.address(), "GET", "/__sandbox/users", "", b"").await;
        let text = String::from_utf8(reply.body).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// Users that are there before the run.
    async fn add_users(&self, users: &Value) {
        let body = users.to_string();
        let reply = ask(&self.address(), "POST", "/__sandbox/users", "", body.as_bytes()).await;
        assert_eq!(reply.status, 200);
    }

    /// What must hold after any run: nobody twice, nobody lost, nothing sent that the ledger does
    /// not know of.
    #[track_caller]
    fn check(&self, directory: &[Value]) {
        let mut there: HashMap<&str, &Value> = HashMap::new();
        for user in directory {
            let twice = there.insert(key_of(user), user);
            assert!(twice.is_none(), "{} is in the directory twice", key_of(user));
        }
        for (key, row) in self.rows() {
            let arrived = self.front.creates_of(&key);
            assert!(arrived <= row.attempts, "{key}: {arrived} creates arrived: {row:?}");
            assert!(row.answered <= arrived, "{key}: only {arrived} creates arrived: {row:?}");
            let remote_id = there.get(key.as_str()).map(|user| user["id"].as_str().unwrap());
            match row.status.as_str() {
                "done" => assert_eq!(row.remote_id.as_deref(), remote_id, "{key}: {row:?}"),
                "pending" | "failed" => assert_eq!(remote_id, None, "{key}: {row:?}"),
                "unknown" => {}
                other => panic!("{key} is {other}"),
            }
        }
    }

    /// That, and every row is done for this reason.
    async fn check_all(&self, detail: &str) {
        let directory = self.users().await;
        self.check(&directory);
        let rows = self.rows();
        assert_eq!(directory.len(), rows.len(), "users in the directory");
        for (key, row) in rows {
            assert_eq!(row.detail.as_deref(), Some(detail), "{key}: {row:?}");
        }
    }
}

/// Cases at one time: most of each is waiting.
fn all<C>(cases: impl IntoIterator<Item = C>) -> impl Future<Output = Vec<()>>
where
    C: Future<Output = ()> + Send + 'static,
{
    cases.into_iter().collect::<JoinSet<()>>().join_all()
}

/// Tiny waits; four requests at a time. What ends without an answer has been carried out by then, so
/// that the quiet time need not be as long as a request may take.
fn settings() -> Settings {
    let ms = Duration::from_millis;
    Settings {
        batching: userferry::provider::Batching::of(1, 80),
        width: 4,
        ceiling: None,
        quiet: Quiet { request_timeout: ms(300), settle_time: ms(50) },
        probe_interval: (ms(50), ms(200)),
        probe_timeout: REQUEST_TIMEOUT,
        max_outage: ms(20_000),
        max_silence_at_start: ms(20_000),
        write_outage: ms(5_000),
        policy: Policy::default(),
        limit: None,
        only: None,
        max_failures: None,
        hold_unknown: false,
        seed: 7,
    }
}

/// The record of user `n`.
fn user(n: usize) -> Value {
    json!({
        "externalId": format!("u{n}"),
        "email": format!("u{n}@example.com"),
        "phone": format!("138{n:08}"),
        "password": format!("$2b$10${n:053}"),
    })
}

fn key_of(user: &Value) -> &str {
    user["externalId"].as_str().or(user["phone"].as_str()).unwrap()
}

/// Records have the provider's names already.
fn mapped(raw: &[u8]) -> User {
    let record: Map<String, Value> = serde_json::from_slice(raw).unwrap();
    let mut user = User::default();
    for (name, value) in record {
        let text = value.as_str().unwrap().to_owned();
        let (field, kind) = match name.as_str() {
            "password" => {
                user.password = Some(SecretString::from(text));
                continue;
            }
            "externalId" => ("externalId", IdKind::ExternalId),
            "email" => ("email", IdKind::Email),
            "phone" => ("phone", IdKind::Phone),
            other => panic!("{other}"),
        };
        user.identifiers.set(kind, &text);
        user.fields.push((field, user::Value::Text(text)));
    }
    user
}
