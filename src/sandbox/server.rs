//! The state of a running sandbox, and the one place where a decision becomes a fact: written to
//! the files, carried out, counted, then answered.

use super::SandboxError;
use super::auth::Tokens;
use super::call::{self, Call, Kind, Request};
use super::directory::{Directory, Fields, Identifier};
use super::faults::{self, Bucket, Switches};
use super::keys::Key;
use super::log::{self, Lines, Write};
use super::reply::{Answer, Form, Reply, Say};
use super::settings::Settings;
use super::stats::Stats;
use super::units::Effect;
use super::v2::{self, Decision, Password};
use chrono::{DateTime, SecondsFormat, Utc};
use serde::Serialize;
use serde_json::{Value, json};
use std::fs::File;
use std::io::BufReader;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

/// The present, read once per request.
pub(super) struct Now {
    pub(super) wall: SystemTime,
    pub(super) since_start: Duration,
}

impl Now {
    fn utc(&self) -> DateTime<Utc> {
        self.wall.into()
    }

    pub(super) fn ms(&self) -> i64 {
        self.utc().timestamp_millis()
    }

    pub(super) fn seconds(&self) -> i64 {
        self.utc().timestamp()
    }

    pub(super) fn iso(&self) -> String {
        self.utc().to_rfc3339_opts(SecondsFormat::Millis, true)
    }
}

/// Everything that requests share.
pub(super) struct Core {
    pub(super) settings: Settings,
    pub(super) switches: Switches,
    pub(super) directory: Directory,
    pub(super) tokens: Tokens,
    pub(super) key: Arc<Key>,
    pub(super) bucket: Bucket,
    /// Creates that came as far as the faults.
    pub(super) creates: u64,
    pub(super) stats: Stats,
    pub(super) journal: Option<Lines>,
    log: Option<Lines>,
    /// The number of the last request.
    last: u64,
}

/// A running server's state, shared by its connections.
pub(super) struct Server {
    core: Mutex<Core>,
    started: Instant,
}

/// A line of the request log.
#[derive(Serialize)]
struct Entry<'a> {
    n: u64,
    at_ms: i64,
    op: &'a str,
    api: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    external_id: Option<&'a Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<&'a Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    phone: Option<&'a Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    username: Option<&'a Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ids: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    found: Option<usize>,
    outcome: &'a str,
    code: Option<i64>,
    http: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fault: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    held: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    keep_password: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stored: Option<Value>,
}

impl Server {
    /// Reads the files and makes what is missing.
    pub(super) fn open(settings: Settings) -> Result<Self, SandboxError> {
        let mut directory = Directory::default();
        let (journal, saved) = match &settings.state {
            Some(path) => {
                let journal = Lines::open(path).map_err(|e| SandboxError::file(path, e))?;
                if !path.is_file() {
                    return Err(SandboxError::content(path, "is no regular file".to_owned()));
                }
                let reader = File::open(path).map_err(|e| SandboxError::file(path, e))?;
                let saved = log::replay(BufReader::new(reader), &mut directory)
                    .map_err(|why| SandboxError::content(path, why))?;
                (Some(journal), saved)
            }
            None => (None, None),
        };
        let (log, last) = match &settings.log {
            Some(path) => {
                let mut log = Lines::open(path).map_err(|e| SandboxError::file(path, e))?;
                let line = log.last_line().map_err(|e| SandboxError::file(path, e))?;
                let last = line.map_or(Ok(0), |line| log::number(&line));
                (Some(log), last.map_err(|why| SandboxError::content(path, why))?)
            }
            None => (None, 0),
        };
        let saved = saved.map(|pem| Key::from_private_pem(&pem)).transpose()?;
        let saved = saved.filter(|key| key.bits() == settings.key_bits as usize);
        let is_new = saved.is_none();
        let key = saved.map_or_else(|| Key::generate(settings.key_bits), Ok)?;
        let mut core = Core {
            tokens: Tokens::new(&settings.user_pool_id),
            switches: Switches::default(),
            directory,
            key: Arc::new(key),
            bucket: Bucket::default(),
            creates: 0,
            stats: Stats::default(),
            journal,
            log,
            last,
            settings,
        };
        core.recover()?;
        if is_new {
            core.keep_key()?;
        }
        core.read_users()?;
        Ok(Self { core: Mutex::new(core), started: Instant::now() })
    }

    pub(super) fn core(&self) -> MutexGuard<'_, Core> {
        self.core.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn now(&self) -> Now {
        Now { wall: SystemTime::now(), since_start: self.started.elapsed() }
    }

    /// Counts a request in and says how long it takes.
    pub(super) fn arrive(&self) -> Duration {
        let mut core = self.core();
        core.stats.arrive();
        faults::delay(&core.settings, core.stats.received, core.stats.in_flight)
    }

    pub(super) fn leave(&self) {
        self.core().stats.in_flight -= 1;
    }

    /// Handles one request. Everything it changes is in the files before it returns.
    pub(super) fn handle(&self, request: &Request) -> Answer {
        let call = call::read(request);
        let password = call.as_ref().map_or(Password::None, |call| self.password(call));
        let now = self.now();
        let mut core = self.core();
        let known = call.as_ref().ok();
        let user = known.map(Call::user).unwrap_or_default();
        let held = known.filter(|c| c.kind == Kind::Create).map(|_| core.directory.holds(&user));
        let (call, reply) = match call {
            Ok(call) => (Some(call), None),
            Err(reply) => (None, Some(reply)),
        };
        let wanted = match (&call, reply) {
            (Some(call), _) => Ok(call),
            (None, reply) => Err(reply.unwrap_or_else(|| Reply::text(400, "Bad Request"))),
        };
        let decision = v2::decide(&mut core, request, wanted, password, &now);
        let stored = matches!(decision.write, Some(Write::Create(_)));
        let answer = core.commit(call.as_ref(), &user, held, decision, &now);
        let rotate = stored && core.rotation_is_due();
        drop(core);
        if rotate {
            self.rotate_key();
        }
        answer
    }

    /// The password of a create or an update, decrypted: the slow part, done outside the lock.
    fn password(&self, call: &Call) -> Password {
        let user = call.user();
        match user.get("password").and_then(Value::as_str) {
            None | Some("") => Password::None,
            Some(sealed) => {
                let key = Arc::clone(&self.core().key);
                key.decrypt(sealed).map_or(Password::Unreadable, Password::Clear)
            }
        }
    }

    /// Changes the RSA key. If the state file cannot take it, the old one stays.
    pub(super) fn rotate_key(&self) {
        let bits = self.core().settings.key_bits;
        let made = Key::generate(bits).map_err(SandboxError::from).and_then(|key| {
            let mut core = self.core();
            let old = std::mem::replace(&mut core.key, Arc::new(key));
            core.keep_key().inspect_err(|_| core.key = old)
        });
        if let Err(e) = made {
            tracing::error!("the key stays as it is: {e}");
        }
    }
}

impl Core {
    fn keep_key(&mut self) -> Result<(), SandboxError> {
        let pem = self.key.private_pem()?;
        match (&mut self.journal, &self.settings.state) {
            (Some(journal), Some(path)) => {
                journal.append(&log::key_line(&pem)).map_err(|e| SandboxError::file(path, e))
            }
            _ => Ok(()),
        }
    }

    /// A process that was killed between its two writes left a stored user without a line in the
    /// log. The line is made up for: nobody was answered.
    fn recover(&mut self) -> Result<(), SandboxError> {
        let (Some(state), Some(path)) = (&self.settings.state, &self.settings.log) else {
            return Ok(());
        };
        let (Some(journal), Some(log)) = (&mut self.journal, &mut self.log) else { return Ok(()) };
        let line = journal.last_line().map_err(|e| SandboxError::file(state, e))?;
        let line: Value = line.and_then(|l| serde_json::from_str(&l).ok()).unwrap_or_default();
        let is_user = line["kind"] == "user" && line["n"].as_u64() == Some(self.last + 1);
        let user = line["id"].as_str().and_then(|id| self.directory.by_id(id));
        if let Some(user) = user.filter(|_| is_user) {
            let line = json!({
                "n": self.last + 1, "at_ms": DateTime::<Utc>::from(SystemTime::now()).timestamp_millis(),
                "op": "createUser", "external_id": user.fields.get("externalId"),
                "email": user.fields.get("email"), "phone": user.fields.get("phone"),
                "username": user.fields.get("username"), "outcome": "dropped-after-store",
                "code": null, "http": null, "fault": "killed", "held": false,
                "stored": user.record(true),
            });
            log.append(&line).map_err(|e| SandboxError::file(path, e))?;
            self.last += 1;
        }
        Ok(())
    }

    fn rotation_is_due(&self) -> bool {
        let every = self.settings.key_rotate_after;
        every.is_some_and(|every| every > 0 && self.stats.creates_stored.is_multiple_of(every))
    }

    /// Makes a decision a fact. What cannot be written down does not happen: HTTP 500.
    fn commit(
        &mut self,
        call: Option<&Call>,
        user: &Fields,
        held: Option<bool>,
        decision: Decision,
        now: &Now,
    ) -> Answer {
        let Decision { mut outcome, say, mut write, mut fault, found } = decision;
        let mut code = say.code_of();
        let op = call.map_or("unknown", |call| call.op);
        let form = call.map_or(&Form::Rest, |call| &call.form);
        let mut answer = say.shape(form, op, self.settings.codes_as_text);
        let journalled = match (&mut self.journal, &write) {
            (Some(journal), Some(write)) => {
                let mut line = write.line();
                line["n"] = json!(self.last + 1);
                journal.append(&line)
            }
            _ => Ok(()),
        };
        if let Err(e) = &journalled {
            tracing::error!("the state file cannot be written: {e}");
            (outcome, code, fault, write) = ("refused", None, Some("state"), None);
            answer = broken();
        }
        let stored = match &write {
            Some(Write::Create(user)) => Some(user.record(true)),
            _ => None,
        };
        let id = |identifier: Identifier| {
            let name = identifier.field();
            user.get(name).or_else(|| call.and_then(|call| call.args.get(name)))
        };
        let keep = call.and_then(|call| call.args.get("keepPassword")).and_then(Value::as_bool);
        let entry = Entry {
            n: self.last + 1,
            at_ms: now.ms(),
            op,
            api: if matches!(form, Form::GraphQl(_)) { "graphql" } else { "rest" },
            external_id: id(Identifier::ExternalId),
            email: id(Identifier::Email),
            phone: id(Identifier::Phone),
            username: id(Identifier::Username),
            ids: call.and_then(|c| c.args.get("ids")).and_then(Value::as_array).map(Vec::len),
            found,
            outcome,
            code,
            http: if let Answer::Reply(reply) = &answer { Some(reply.status) } else { None },
            fault,
            held,
            keep_password: keep,
            stored,
        };
        if let Some(log) = &mut self.log
            && let Err(e) = log.append(&entry)
        {
            tracing::error!("the log cannot be written: {e}");
            if let (Some(journal), Some(_)) = (&mut self.journal, &write) {
                journal.undo();
            }
            return broken();
        }
        self.last += 1;
        self.stats.count(call, outcome, entry.stored.is_some());
        if let Some(write) = write
            && let Err(why) = write.apply(&mut self.directory)
        {
            tracing::error!("the directory refused what was checked before: {why}");
        }
        self.stats.users = self.directory.len();
        answer
    }
}

fn broken() -> Answer {
    Say::of(Effect::Http500).shape(&Form::Rest, "unknown", false)
}
