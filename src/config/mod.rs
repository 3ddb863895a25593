//! Settings: flags over environment over file over defaults.
//!
//! Errors name the file, the line and the key, never a value: a secret may stand in the wrong
//! place.

mod file;
mod host;
mod keys;
mod secret;
mod syntax;

pub use secret::load_secret;

use crate::error::{Error, Result};
pub use crate::job::OnConflict;
use crate::mapping::Mapping;
use crate::schema::Schema;
use crate::target::authing::fields;
use crate::units::{Duration, Rate};
use serde::Serialize;
use std::path::{Path, PathBuf};

/// The file that is read if it is there and no other is named.
pub const DEFAULT_FILE: &str = "userferry.toml";

/// What `init` writes: every setting with its default and a line of explanation.
pub const TEMPLATE: &str = include_str!("template.toml");

/// The line of [`TEMPLATE`] that shows how words for no value are named.
pub(crate) const NULL_EXAMPLE: &str = "# null = [\"NULL\"]";

/// Looks a variable of the environment up.
pub type Env<'a> = &'a dyn Fn(&str) -> Option<String>;

/// The environment of the process.
pub fn process_env(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// All settings.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Settings {
    /// Where the users go.
    pub target: TargetSettings,
    /// How they are sent.
    pub run: RunSettings,
    /// What `check` need not ask.
    pub check: CheckSettings,
    /// Words that stand in cells of CSV for no value, besides `\N`; none where nothing is said of them.
    pub null: Option<Vec<String>>,
    /// What is sent.
    pub mapping: Mapping,
    /// The file that was read, if any.
    pub file: Option<PathBuf>,
}

/// Which API of which provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum TargetKind {
    /// Authing's V2 API (GraphQL).
    #[serde(rename = "authing-v2")]
    AuthingV2,
}

impl TargetKind {
    /// The word in the settings.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::AuthingV2 => "authing-v2",
        }
    }

    /// What this API accepts.
    pub fn schema(self) -> &'static Schema {
        match self {
            Self::AuthingV2 => &fields::V2,
        }
    }
}

/// The section `[target]`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TargetSettings {
    /// Which API.
    pub kind: TargetKind,
    /// `https://host[:port][/path]`, without a slash at the end.
    pub host: String,
    /// How the headers of the requests begin, e.g. `x-authing-`.
    pub header_prefix: String,
    /// The id of the user pool. Staging and checking do without.
    pub user_pool_id: Option<String>,
    /// Whether passwords are hashes, to be stored as they are.
    pub keep_password: bool,
    /// Further certificates to trust, in PEM.
    pub ca_file: Option<PathBuf>,
    /// A file that holds the secret.
    pub secret_file: Option<PathBuf>,
}

impl Default for TargetSettings {
    fn default() -> Self {
        Self {
            kind: TargetKind::AuthingV2,
            host: "https://core.authing.cn".to_owned(),
            header_prefix: "x-authing-".to_owned(),
            user_pool_id: None,
            keep_password: true,
            ca_file: None,
            secret_file: None,
        }
    }
}

/// The section `[check]`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CheckSettings {
    /// Columns that are left out on purpose: they neither say who may not sign in nor hold a salt.
    pub unused: Vec<String>,
}

/// What to do where the key may create users but not look them up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum OnUnknown {
    /// The run halts before it sends anything.
    Halt,
    /// Rows whose fate is not known stay so.
    Hold,
}

/// How long connecting may take, unless it is set or `request_timeout` is short.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// The section `[run]`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RunSettings {
    /// Requests in flight, at most; 1 to 1,024.
    pub concurrency: u32,
    /// A ceiling for the rate; without it the rate adapts.
    pub rate: Option<Rate>,
    /// How long one request may take.
    pub request_timeout: Duration,
    /// How long connecting may take; always less than `request_timeout`. Five seconds, or half of
    /// `request_timeout` where that is less, unless it is set.
    pub connect_timeout: Option<Duration>,
    /// After a timeout: how long a request may still be on its way into the directory.
    pub settle_time: Duration,
    /// How often one user is sent before its row is exhausted; 1 to 1,000.
    pub max_attempts: u32,
    /// How long the target may be unreachable before the run halts.
    pub max_outage: Duration,
    /// How often the target is probed during an outage, at first.
    pub probe_interval: Duration,
    /// A user that the directory has already and that is not ours.
    pub on_conflict: OnConflict,
    /// The key may create but not look up.
    pub on_unknown: OnUnknown,
    /// Failed rows before the run halts, instead of the rule about equal refusals.
    pub max_failures: Option<u64>,
}

impl Default for RunSettings {
    fn default() -> Self {
        Self {
            concurrency: 32,
            rate: None,
            request_timeout: Duration::from_secs(30),
            connect_timeout: None,
            settle_time: Duration::from_secs(5),
            max_attempts: 8,
            max_outage: Duration::from_secs(30 * 60),
            probe_interval: Duration::from_secs(1),
            on_conflict: OnConflict::Fail,
            on_unknown: OnUnknown::Halt,
            max_failures: None,
        }
    }
}

impl RunSettings {
    /// How long connecting may take.
    pub fn connect_timeout(&self) -> Duration {
        let half = self.request_timeout.half();
        self.connect_timeout.unwrap_or(CONNECT_TIMEOUT.min(half))
    }
}

/// What flags say; it goes over everything else.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Flags {
    /// `--host`.
    pub host: Option<String>,
    /// `--user-pool-id`.
    pub user_pool_id: Option<String>,
    /// `--concurrency`.
    pub concurrency: Option<u32>,
    /// `--rate`.
    pub rate: Option<Rate>,
    /// `--request-timeout`.
    pub request_timeout: Option<Duration>,
    /// `--connect-timeout`.
    pub connect_timeout: Option<Duration>,
    /// `--settle-time`.
    pub settle_time: Option<Duration>,
    /// `--max-attempts`.
    pub max_attempts: Option<u32>,
    /// `--max-outage`.
    pub max_outage: Option<Duration>,
    /// `--on-conflict`.
    pub on_conflict: Option<OnConflict>,
    /// `--on-unknown`.
    pub on_unknown: Option<OnUnknown>,
    /// `--max-failures`.
    pub max_failures: Option<u64>,
}

impl Settings {
    /// Reads the file (`config`, which must exist, else [`DEFAULT_FILE`] if it is there), then the
    /// environment, then the flags. Fails with exit 2.
    pub fn load(config: Option<&Path>, flags: &Flags, env: Env<'_>) -> Result<Self> {
        let mut settings = Self::default();
        let path = config.unwrap_or(Path::new(DEFAULT_FILE));
        match std::fs::read_to_string(path) {
            Ok(text) => {
                file::apply(&mut settings, &text, path)?;
                settings.file = Some(path.to_owned());
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                if config.is_some() {
                    return Err(Error::usage(format!("{}: no such file", path.display())).hint(
                        "check --config; 'userferry init' writes a commented userferry.toml",
                    ));
                }
            }
            Err(error) => {
                let why = match error.kind() {
                    std::io::ErrorKind::InvalidData => "not in UTF-8".to_owned(),
                    _ => format!("cannot be read: {error}"),
                };
                return Err(Error::usage(format!("{}: {why}", path.display())));
            }
        }
        keys::apply_env(&mut settings, env)?;
        settings.apply_flags(flags)?;
        settings.finish()?;
        Ok(settings)
    }

    /// Reads settings from the text of a file; `path` stands for it in messages.
    pub fn from_toml(text: &str, path: &Path) -> Result<Self> {
        let mut settings = Self::default();
        file::apply(&mut settings, text, path)?;
        settings.finish()?;
        Ok(settings)
    }

    /// The user pool's id, which a run cannot do without.
    pub fn user_pool(&self) -> Result<&str> {
        self.target.user_pool_id.as_deref().ok_or_else(|| {
            let file = match &self.file {
                Some(path) => path.display().to_string(),
                None => format!("{DEFAULT_FILE} (userferry init writes one)"),
            };
            Error::usage("the id of the user pool is missing").hint(format!(
                "set it in one of three places: user_pool_id = \"…\" under [target] in {file}, \
                 AUTHING_USERPOOL_ID in the environment, or --user-pool-id"
            ))
        })
    }

    fn apply_flags(&mut self, flags: &Flags) -> Result<()> {
        use keys::Raw;
        let mut set = |name: &str, raw: Raw<'_>| {
            keys::set(self, name, &raw).map_err(|form| {
                let flag = name.rsplit('.').next().unwrap_or(name).replace('_', "-");
                Error::usage(format!("--{flag}: {form} is expected"))
            })
        };
        if let Some(host) = &flags.host {
            set("target.host", Raw::Word(host))?;
        }
        if let Some(id) = &flags.user_pool_id {
            set("target.user_pool_id", Raw::Word(id))?;
        }
        for (name, number) in [
            ("run.concurrency", flags.concurrency.map(i64::from)),
            ("run.max_attempts", flags.max_attempts.map(i64::from)),
            ("run.max_failures", flags.max_failures.map(|n| i64::try_from(n).unwrap_or(i64::MAX))),
        ] {
            if let Some(number) = number {
                set(name, Raw::Int(number))?;
            }
        }
        let run = &mut self.run;
        let keep = |flag: Option<Duration>, setting: &mut Duration| {
            *setting = flag.unwrap_or(*setting);
        };
        keep(flags.request_timeout, &mut run.request_timeout);
        run.connect_timeout = flags.connect_timeout.or(run.connect_timeout);
        keep(flags.settle_time, &mut run.settle_time);
        keep(flags.max_outage, &mut run.max_outage);
        run.rate = flags.rate.or(run.rate);
        run.on_conflict = flags.on_conflict.unwrap_or(run.on_conflict);
        run.on_unknown = flags.on_unknown.unwrap_or(run.on_unknown);
        Ok(())
    }

    /// What concerns several settings.
    fn finish(&mut self) -> Result<()> {
        self.target.host = host::check(&self.target.host)?;
        let run = &self.run;
        let zero = Duration::from_millis(0);
        for (name, duration) in [
            ("connect_timeout", run.connect_timeout()),
            ("request_timeout", run.request_timeout),
            ("probe_interval", run.probe_interval),
        ] {
            if duration == zero {
                return Err(Error::usage(format!("{name} must be more than zero")));
            }
        }
        if run.connect_timeout() >= run.request_timeout {
            return Err(Error::usage(format!(
                "connect_timeout ({}) must be less than request_timeout ({})",
                run.connect_timeout(),
                run.request_timeout
            ))
            .hint(
                "else nobody could tell whether a request that timed out had been sent: lower \
                 connect_timeout or raise request_timeout",
            ));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
