//! A running sandbox: opens its files and handles each request.

use super::SandboxError;
use super::auth::Tokens;
use super::call::{self, Call, Kind, Request};
use super::core::{Core, Now};
use super::decision::Password;
use super::directory::Directory;
use super::faults::{self, Bucket, Switches};
use super::keys::Key;
use super::log::{self, Lines, Write};
use super::reply::{Answer, Reply};
use super::settings::Settings;
use super::stats::Stats;
use super::v2;
use serde_json::Value;
use std::fs::File;
use std::io::BufReader;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

/// A running server's state, shared by its connections.
pub(super) struct Server {
    core: Mutex<Core>,
    started: Instant,
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
