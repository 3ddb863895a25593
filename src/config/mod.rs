//! Settings: flags over environment over file over defaults.
//!
//! Errors name the file, the line and the key, never a value: a secret may stand in the wrong
//! place.

mod file;
mod host;
mod keys;
mod rules;
mod secret;
mod syntax;

pub use secret::load_secret;

use crate::error::{Error, Result};
pub use crate::job::OnConflict;
use crate::mapping::Mapping;
use crate::password::guard::Guard;
use crate::provider::{self, Batching, Limits, Own, Passwords, Provider, Value};
use crate::schema::Schema;
use crate::units::{Duration, Rate};
use serde::Serialize;
use serde::ser::{SerializeMap as _, Serializer};
use std::path::{Path, PathBuf};

/// The file that is read if it is there and no other is named.
pub const DEFAULT_FILE: &str = "userferry.toml";

/// What `init` writes: every setting with its default and a line of explanation.
pub fn template(provider: &Provider) -> String {
    include_str!("template.toml")
        .replace("{HOST}", provider.host.env)
        .replace("{SECRET}", provider.secret.env)
        .replace("{WIDTH}", &provider.usual_limits().width().to_string())
        .replace("{TARGET}", provider.template)
        .replace("{MAPPING}\n", provider.mapping)
}

/// The variable of the environment that names the provider.
pub(crate) const KIND_ENV: &str = "USERFERRY_KIND";

/// The line of the [`template`] that shows how words for no value are named.
pub(crate) const NULL_EXAMPLE: &str = "# null = [\"NULL\"]";

/// Looks a variable of the environment up.
pub type Env<'a> = &'a dyn Fn(&str) -> Option<String>;

/// The environment of the process.
pub fn process_env(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// All settings.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// The providers to choose from.
    pub providers: &'static [&'static Provider],
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

impl Default for Settings {
    fn default() -> Self {
        let mut settings = Self::among(provider::ALL);
        settings.target.find_host();
        settings
    }
}

/// The section `[target]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TargetSettings {
    /// Which API of which provider (`kind`).
    pub provider: &'static Provider,
    /// `https://host[:port][/path]`, without a slash at the end; empty where it is not known.
    pub host: String,
    /// What only this provider has, such as the id of a user pool. Staging and checking do without.
    pub own: Own,
    /// Whether passwords are hashes, to be stored as they are.
    pub keep_password: bool,
    /// Further certificates to trust, in PEM.
    pub ca_file: Option<PathBuf>,
    /// A file that holds the secret.
    pub secret_file: Option<PathBuf>,
}

impl TargetSettings {
    fn of(provider: &'static Provider) -> Self {
        Self {
            provider,
            host: String::new(),
            own: Own::defaults(provider.settings),
            keep_password: true,
            ca_file: None,
            secret_file: None,
        }
    }

    /// Sets the provider's own host where none is set. It may depend on other settings, so all must be read before.
    fn find_host(&mut self) {
        if self.host.is_empty() {
            (self.provider.host.default)(&self.own).unwrap_or_default().clone_into(&mut self.host);
        }
    }

    /// The fields of the provider.
    pub fn schema(&self) -> &'static Schema {
        &self.provider.schema
    }

    /// What passwords must be.
    pub fn guard(&self, accepted: bool) -> Guard {
        match self.provider.passwords {
            Passwords::AllAlike => Guard { keep: self.keep_password, accepted, each: None },
            Passwords::Each(each) => Guard { keep: false, accepted, each: Some(each) },
        }
    }

    /// What goes into one request, and how it counts.
    pub fn limits(&self) -> Limits {
        (self.provider.limits)(&self.own)
    }

    /// What goes into one request.
    pub fn batching(&self) -> Batching {
        self.provider.batching_within(self.limits())
    }

    /// What tells this directory from another of the provider, by the names of the settings.
    pub fn places(&self) -> impl Iterator<Item = (&'static str, &Value)> {
        let is_place = |name: &str| self.provider.setting(name).is_some_and(|it| it.is_place);
        self.own.iter().filter(move |(name, _)| is_place(name))
    }
}

impl Serialize for TargetSettings {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("kind", self.provider.name)?;
        map.serialize_entry("host", &self.host)?;
        for (name, value) in self.own.iter() {
            map.serialize_entry(name, value)?;
        }
        map.serialize_entry("keep_password", &self.keep_password)?;
        map.serialize_entry("ca_file", &self.ca_file)?;
        map.serialize_entry("secret_file", &self.secret_file)?;
        map.end()
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
    /// Requests in flight, at most; 1 to 1,024. Without it as many as suit the provider.
    pub concurrency: Option<u32>,
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
            concurrency: None,
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

impl Settings {
    /// Requests in flight, at most.
    pub fn width(&self) -> usize {
        let set = self.run.concurrency.and_then(|n| usize::try_from(n).ok());
        set.map_or_else(|| self.target.limits().width(), |n| n.max(1))
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
    /// What only some providers have, e.g. `--user-pool-id`, by the names of the flags.
    pub own: Vec<(&'static str, String)>,
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
    /// The defaults, for one of these providers: the first, until another is named. The host is not known yet.
    ///
    /// # Panics
    /// Without a provider.
    pub fn among(providers: &'static [&'static Provider]) -> Self {
        Self {
            providers,
            target: TargetSettings::of(providers[0]),
            run: RunSettings::default(),
            check: CheckSettings::default(),
            null: None,
            mapping: rules::usual(providers[0]),
            file: None,
        }
    }

    /// Reads the file (`config`, which must exist, else [`DEFAULT_FILE`] if it is there), then the
    /// environment, then the flags. Fails with exit 2.
    pub fn load(config: Option<&Path>, flags: &Flags, env: Env<'_>) -> Result<Self> {
        Self::load_among(provider::ALL, config, flags, env)
    }

    /// The same, for one of these providers.
    pub fn load_among(
        providers: &'static [&'static Provider],
        config: Option<&Path>,
        flags: &Flags,
        env: Env<'_>,
    ) -> Result<Self> {
        let mut settings = Self::among(providers);
        let path = config.unwrap_or(Path::new(DEFAULT_FILE));
        // Before the file: the provider says which settings and fields there are.
        let named = keys::apply_kind(&mut settings, env)?.then_some(settings.target.provider);
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
        if let Some(named) = named.filter(|named| *named != settings.target.provider) {
            return Err(Error::usage(format!(
                "environment variable {} says {}, and kind under [target] says {}",
                keys::variable("kind"),
                named.name,
                settings.target.provider.name
            ))
            .hint("a mapping is written for one provider: unset the variable, or name another file with --config"));
        }
        keys::apply_env(&mut settings, env)?;
        settings.apply_flags(flags)?;
        settings.finish()?;
        Ok(settings)
    }

    /// Reads settings from the text of a file; `path` stands for it in messages.
    pub fn from_toml(text: &str, path: &Path) -> Result<Self> {
        Self::among_from_toml(provider::ALL, text, path)
    }

    /// The same, for one of these providers.
    pub fn among_from_toml(
        providers: &'static [&'static Provider],
        text: &str,
        path: &Path,
    ) -> Result<Self> {
        let mut settings = Self::among(providers);
        file::apply(&mut settings, text, path)?;
        settings.finish()?;
        Ok(settings)
    }

    /// Whether a mapping was written that is another than the provider's usual one.
    pub fn has_own_mapping(&self) -> bool {
        self.mapping != rules::usual(self.target.provider)
    }

    /// Fails where the mapping does not fit the target, or nothing says what it is.
    pub fn check_mapping(&self) -> Result<()> {
        if self.mapping.rules().is_empty() && !self.has_own_mapping() {
            let name = self.target.provider.name;
            return Err(Error::usage(format!(
                "no [mapping] says which of your columns feed the fields of {name}"
            ))
            .hint(format!(
                "userferry init --provider {name} --from users.json proposes one from an export"
            )));
        }
        self.mapping.validate(self.target.schema())
    }

    /// Fails where a setting is missing that a run cannot do without.
    pub fn ready_to_run(&self) -> Result<()> {
        let target = &self.target;
        let host =
            ("host", "the address of the target", Some(target.provider.host.env), Some("host"));
        let own = target.provider.settings.iter().filter(|setting| setting.is_required);
        let own = own.map(|own| (own.name, own.noun, own.env, own.flag.map(|flag| flag.name)));
        let is_set = |name: &str| match name {
            "host" => !target.host.is_empty(),
            name => target.own.has(name),
        };
        let Some((name, noun, env, flag)) = [host].into_iter().chain(own).find(|it| !is_set(it.0))
        else {
            return Ok(());
        };
        let file = match &self.file {
            Some(path) => path.display().to_string(),
            None => format!("{DEFAULT_FILE} (userferry init writes one)"),
        };
        let env = env.map_or_else(|| keys::variable(name), str::to_owned);
        let in_file = format!("{name} = \"…\" under [target] in {file}");
        Err(Error::usage(format!("{noun} is missing")).hint(match flag {
            Some(flag) => format!(
                "set it in one of three places: {in_file}, {env} in the environment, or --{flag}"
            ),
            None => format!("set {in_file}, or {env} in the environment"),
        }))
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
        for (name, number) in [
            ("run.concurrency", flags.concurrency.map(i64::from)),
            ("run.max_attempts", flags.max_attempts.map(i64::from)),
            ("run.max_failures", flags.max_failures.map(|n| i64::try_from(n).unwrap_or(i64::MAX))),
        ] {
            if let Some(number) = number {
                set(name, Raw::Int(number))?;
            }
        }
        for (flag, value) in &flags.own {
            self.set_own_flag(flag, value)?;
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

    /// Sets what only some providers have.
    fn set_own_flag(&mut self, flag: &str, value: &str) -> Result<()> {
        let provider = self.target.provider;
        let Some(own) = provider.flagged(flag) else {
            let has = self.providers.iter().filter(|other| other.flagged(flag).is_some());
            let names: Vec<&str> = has.map(|other| other.name).collect();
            return Err(Error::usage(format!("--{flag}: {} has no such setting", provider.name))
                .hint(format!(
                    "it is for {}; kind under [target] says which provider is meant",
                    names.join(" and ")
                )));
        };
        keys::set(self, &format!("target.{}", own.name), &keys::Raw::Variable(value))
            .map_err(|form| Error::usage(format!("--{flag}: {form} is expected")))
    }

    /// What concerns several settings.
    fn finish(&mut self) -> Result<()> {
        self.target.find_host();
        if !self.target.host.is_empty() {
            self.target.host = host::check(&self.target.host, self.target.provider)?;
        }
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
