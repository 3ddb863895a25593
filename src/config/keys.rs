//! Every setting by name: where it goes, what form it has, and its variable in the environment.

use super::{OnConflict, OnUnknown, Settings, TargetSettings, rules};
use crate::error::{Error, Result};
use crate::provider::{self, Form, Passwords, Value};
use crate::units::{DURATION_FORM, Duration, RATE_FORM};
use std::borrow::Cow;
use std::path::PathBuf;

/// A value as it stands in the file, a variable or a flag.
#[derive(Debug)]
pub(super) enum Raw<'a> {
    /// Text of the file, or of a flag.
    Word(&'a str),
    Int(i64),
    Bool(bool),
    /// A list of texts.
    List(Vec<&'a str>),
    /// Text of a variable, which may stand for any type.
    Variable(&'a str),
    /// A type that no setting has.
    Other,
}

impl<'a> Raw<'a> {
    fn text(&self) -> Option<&'a str> {
        match self {
            Self::Word(text) | Self::Variable(text) => Some(text.trim()),
            _ => None,
        }
    }

    fn filled(&self) -> Option<&'a str> {
        self.text().filter(|text| !text.is_empty())
    }

    fn int(&self, range: std::ops::RangeInclusive<i64>) -> Option<i64> {
        let number = match self {
            Self::Int(number) => *number,
            Self::Variable(text) => text.trim().parse().ok()?,
            _ => return None,
        };
        range.contains(&number).then_some(number)
    }

    fn bool(&self) -> Option<bool> {
        match self {
            Self::Bool(truth) => Some(*truth),
            Self::Variable(text) => text.trim().parse().ok(),
            _ => None,
        }
    }

    /// A list; a variable has commas between its parts.
    fn list(&self) -> Option<Vec<String>> {
        let parts: Vec<&str> = match self {
            Self::List(parts) => parts.clone(),
            Self::Variable(text) => text.split(',').collect(),
            _ => return None,
        };
        let parts: Vec<String> = parts.iter().map(|part| part.trim().to_owned()).collect();
        parts.iter().all(|part| !part.is_empty()).then_some(parts)
    }

    fn duration(&self) -> Option<Duration> {
        self.text()?.parse().ok()
    }
}

/// One setting.
pub(super) struct Key {
    /// Section and name, e.g. `run.rate`; of a setting without a section the name alone.
    pub(super) name: &'static str,
    /// The form of its value, for messages: `… is expected`.
    form: &'static str,
    set: fn(&mut Settings, &Raw<'_>) -> Option<()>,
}

impl Key {
    pub(super) fn section(&self) -> &'static str {
        self.name.split_once('.').map_or("", |(section, _)| section)
    }

    /// Where it belongs, for people.
    pub(super) fn home(&self) -> String {
        match self.section() {
            "" => "it belongs at the top of the file, before the first section".to_owned(),
            section => format!("it belongs under [{section}]"),
        }
    }

    /// The form of its value, for messages: `… is expected`.
    pub(super) fn form(&self) -> &'static str {
        self.form
    }

    pub(super) fn short(&self) -> &'static str {
        self.name.split_once('.').map_or(self.name, |(_, short)| short)
    }
}

const fn key(
    name: &'static str,
    form: &'static str,
    set: fn(&mut Settings, &Raw<'_>) -> Option<()>,
) -> Key {
    Key { name, form, set }
}

pub(super) const KIND: &str = "target.kind";
const HOST: &str = "target.host";
const KEEP_PASSWORD: &str = "target.keep_password";
const FROM_1_TO_1000: &str = "a whole number from 1 to 1000";
const FROM_1_TO_1024: &str = "a whole number from 1 to 1024";

/// All settings but the mapping, and what only one provider has.
pub(super) const KEYS: &[Key] = &[
    key("null", "a list of words such as [\"NULL\"]", |s, raw| {
        s.null = Some(raw.list()?);
        Some(())
    }),
    key(KIND, "the name of a provider", |s, raw| {
        let provider = provider::named(s.providers, raw.text()?)?;
        if provider != s.target.provider {
            s.target = TargetSettings::of(provider);
            s.mapping = rules::usual(provider);
        }
        Some(())
    }),
    key(HOST, "an address such as \"https://login.example.com\"", |s, raw| {
        raw.filled()?.clone_into(&mut s.target.host);
        Some(())
    }),
    key(KEEP_PASSWORD, "true or false", |s, raw| {
        s.target.keep_password = raw.bool()?;
        Some(())
    }),
    key("target.ca_file", "the path of a file", |s, raw| {
        s.target.ca_file = Some(PathBuf::from(raw.filled()?));
        Some(())
    }),
    key("target.secret_file", "the path of a file", |s, raw| {
        s.target.secret_file = Some(PathBuf::from(raw.filled()?));
        Some(())
    }),
    key("run.concurrency", FROM_1_TO_1024, |s, raw| {
        s.run.concurrency = Some(u32::try_from(raw.int(1..=1024)?).ok()?);
        Some(())
    }),
    key("run.rate", RATE_FORM, |s, raw| {
        s.run.rate = Some(raw.text()?.parse().ok()?);
        Some(())
    }),
    key("run.request_timeout", DURATION_FORM, |s, raw| {
        s.run.request_timeout = raw.duration()?;
        Some(())
    }),
    key("run.connect_timeout", DURATION_FORM, |s, raw| {
        s.run.connect_timeout = Some(raw.duration()?);
        Some(())
    }),
    key("run.settle_time", DURATION_FORM, |s, raw| {
        s.run.settle_time = raw.duration()?;
        Some(())
    }),
    key("run.max_attempts", FROM_1_TO_1000, |s, raw| {
        s.run.max_attempts = u32::try_from(raw.int(1..=1000)?).ok()?;
        Some(())
    }),
    key("run.max_outage", DURATION_FORM, |s, raw| {
        s.run.max_outage = raw.duration()?;
        Some(())
    }),
    key("run.probe_interval", DURATION_FORM, |s, raw| {
        s.run.probe_interval = raw.duration()?;
        Some(())
    }),
    key("run.on_conflict", "\"fail\" or \"skip\"", |s, raw| {
        s.run.on_conflict = match raw.text()? {
            "fail" => OnConflict::Fail,
            "skip" => OnConflict::Skip,
            _ => return None,
        };
        Some(())
    }),
    key("run.on_unknown", "\"halt\" or \"hold\"", |s, raw| {
        s.run.on_unknown = match raw.text()? {
            "halt" => OnUnknown::Halt,
            "hold" => OnUnknown::Hold,
            _ => return None,
        };
        Some(())
    }),
    key("run.max_failures", "a whole number from 1", |s, raw| {
        s.run.max_failures = Some(u64::try_from(raw.int(1..=i64::MAX)?).ok()?);
        Some(())
    }),
    key("check.unused", "a list of columns such as [\"status\"]", |s, raw| {
        s.check.unused = raw.list()?;
        Some(())
    }),
];

/// Whether these settings have one of this name, e.g. `run.rate`: some only one provider has.
pub(super) fn knows(settings: &Settings, name: &str) -> bool {
    let provider = settings.target.provider;
    match name {
        KEEP_PASSWORD => provider.passwords == Passwords::AllAlike,
        name => {
            let own = name.strip_prefix("target.").and_then(|short| provider.setting(short));
            own.is_some() || KEYS.iter().any(|key| key.name == name)
        }
    }
}

/// The names of a section, without it.
pub(super) fn names(settings: &Settings, section: &str) -> Vec<&'static str> {
    let own = settings.target.provider.settings.iter().map(|setting| setting.name);
    let own = own.filter(|_| section == "target");
    let keys = KEYS.iter().filter(|key| key.section() == section && knows(settings, key.name));
    keys.map(Key::short).chain(own).collect()
}

/// Sets one setting, e.g. `run.rate`. The error is the form that is expected.
pub(super) fn set(
    settings: &mut Settings,
    name: &str,
    raw: &Raw<'_>,
) -> std::result::Result<(), Cow<'static, str>> {
    let own = name.strip_prefix("target.");
    if let Some(own) = own.and_then(|short| settings.target.provider.setting(short)) {
        let value = own_value(own.form, raw).ok_or_else(|| own.form.words())?;
        settings.target.own.set(own, value);
        return Ok(());
    }
    let key = KEYS.iter().find(|key| key.name == name).ok_or("another setting")?;
    (key.set)(settings, raw).ok_or_else(|| key.form.into())
}

/// A value of this form.
fn own_value(form: Form, raw: &Raw<'_>) -> Option<Value> {
    match (form, raw) {
        (Form::Whole { .. }, Raw::Int(number)) => form.whole(*number),
        (Form::Truth, Raw::Bool(truth)) => Some(Value::Truth(*truth)),
        // In the file a number and a truth value stand without quotes.
        (Form::Whole { .. } | Form::Truth, Raw::Word(_)) => None,
        _ => form.read(raw.filled()?),
    }
}

/// The variable of the environment for a setting, by its name without a section.
pub(super) fn variable(short: &str) -> String {
    format!("USERFERRY_{}", short.to_ascii_uppercase())
}

/// Sets what the environment says. An empty variable counts as none. `USERFERRY_…` goes over the
/// names that the vendor's own tools use.
pub(super) fn apply_env(
    settings: &mut Settings,
    env: &dyn Fn(&str) -> Option<String>,
) -> Result<()> {
    let provider = settings.target.provider;
    for key in KEYS.iter().filter(|key| key.name != KIND) {
        let vendors = (key.name == HOST).then_some(provider.host.env);
        set_from(settings, env, key.name, vendors)?;
    }
    for own in provider.settings {
        set_from(settings, env, &format!("target.{}", own.name), own.env)?;
    }
    Ok(())
}

/// Sets the provider that the environment names; whether it names one.
pub(super) fn apply_kind(
    settings: &mut Settings,
    env: &dyn Fn(&str) -> Option<String>,
) -> Result<bool> {
    set_from(settings, env, KIND, None)
}

/// Whether it was set.
fn set_from(
    settings: &mut Settings,
    env: &dyn Fn(&str) -> Option<String>,
    name: &str,
    vendors: Option<&str>,
) -> Result<bool> {
    let mut is_set = false;
    let short = name.rsplit('.').next().unwrap_or(name);
    let ours = variable(short);
    for variable in vendors.into_iter().chain([ours.as_str()]) {
        let Some(value) = env(variable).filter(|value| !value.trim().is_empty()) else { continue };
        if !knows(settings, name) {
            return Err(Error::usage(format!(
                "environment variable {variable}: {} has no such setting",
                settings.target.provider.name
            ))
            .hint("unset it"));
        }
        is_set = true;
        let providers = settings.providers;
        set(settings, name, &Raw::Variable(&value)).map_err(|form| {
            let error =
                Error::usage(format!("environment variable {variable}: {form} is expected"));
            if name == KIND { error.hint(provider::known(providers)) } else { error }
        })?;
    }
    Ok(is_set)
}
