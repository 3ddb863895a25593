//! The state of a running sandbox, and the one place where a decision becomes a fact: written to
//! the files, carried out, counted, then answered.

use super::SandboxError;
use super::auth::Tokens;
use super::call::Call;
use super::decision::Decision;
use super::directory::{Directory, Fields, Identifier};
use super::faults::{Bucket, Switches};
use super::keys::Key;
use super::log::{self, Lines, Write};
use super::reply::{Answer, Form, Say};
use super::settings::Settings;
use super::stats::Stats;
use super::units::Effect;
use chrono::{DateTime, SecondsFormat, Utc};
use serde::Serialize;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

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
    pub(super) log: Option<Lines>,
    /// The number of the last request.
    pub(super) last: u64,
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

impl Core {
    pub(super) fn keep_key(&mut self) -> Result<(), SandboxError> {
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
    pub(super) fn recover(&mut self) -> Result<(), SandboxError> {
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

    pub(super) fn rotation_is_due(&self) -> bool {
        let every = self.settings.key_rotate_after;
        every.is_some_and(|every| every > 0 && self.stats.creates_stored.is_multiple_of(every))
    }

    /// Makes a decision a fact. What cannot be written down does not happen: HTTP 500.
    pub(super) fn commit(
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
