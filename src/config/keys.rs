//! Every setting by name: where it goes, what form it has, and its variable in the environment.

use super::{OnConflict, OnUnknown, Settings, TargetKind};
use crate::error::{Error, Result};
use crate::units::{DURATION_FORM, Duration, RATE_FORM};
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
    /// A name that the environment knows besides `USERFERRY_…`.
    alias: Option<&'static str>,
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
    Key { name, form, alias: None, set }
}

const fn alias(mut key: Key, alias: &'static str) -> Key {
    key.alias = Some(alias);
    key
}

const FROM_1_TO_1000: &str = "a whole number from 1 to 1000";
const FROM_1_TO_1024: &str = "a whole number from 1 to 1024";

/// All settings but the mapping.
pub(super) const KEYS: &[Key] = &[
    key("null", "a list of words such as [\"NULL\"]", |s, raw| {
        s.null = Some(raw.list()?);
        Some(())
    }),
    key("target.kind", "\"authing-v2\"", |s, raw| {
        (raw.text()? == TargetKind::AuthingV2.as_str())
            .then(|| s.target.kind = TargetKind::AuthingV2)
    }),
    alias(
        key("target.host", "an address such as \"https://core.authing.cn\"", |s, raw| {
            raw.filled()?.clone_into(&mut s.target.host);
            Some(())
        }),
        "AUTHING_HOST",
    ),
    key("target.header_prefix", "a prefix such as \"x-authing-\"", |s, raw| {
        let prefix = raw.filled()?.to_ascii_lowercase();
        let fits = prefix.ends_with('-')
            && prefix.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        fits.then(|| s.target.header_prefix = prefix)
    }),
    alias(
        key("target.user_pool_id", "the id of the user pool as text", |s, raw| {
            let id = raw.filled()?;
            let fits = id.len() <= 128 && id.bytes().all(|byte| byte.is_ascii_graphic());
            fits.then(|| s.target.user_pool_id = Some(id.to_owned()))
        }),
        "AUTHING_USERPOOL_ID",
    ),
    key("target.keep_password", "true or false", |s, raw| {
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
        s.run.concurrency = u32::try_from(raw.int(1..=1024)?).ok()?;
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

/// Sets one setting, e.g. `run.rate`. The error is the form that is expected.
pub(super) fn set(
    settings: &mut Settings,
    name: &str,
    raw: &Raw<'_>,
) -> std::result::Result<(), &'static str> {
    let key = KEYS.iter().find(|key| key.name == name).ok_or("another setting")?;
    (key.set)(settings, raw).ok_or(key.form)
}

/// Sets what the environment says. An empty variable counts as none. `USERFERRY_…` goes over the
/// names that the vendor's own tools use.
pub(super) fn apply_env(
    settings: &mut Settings,
    env: &dyn Fn(&str) -> Option<String>,
) -> Result<()> {
    for key in KEYS {
        let own = format!("USERFERRY_{}", key.short().to_ascii_uppercase());
        for variable in key.alias.into_iter().chain([own.as_str()]) {
            let Some(value) = env(variable).filter(|value| !value.trim().is_empty()) else {
                continue;
            };
            (key.set)(settings, &Raw::Variable(&value)).ok_or_else(|| {
                Error::usage(format!("environment variable {variable}: {} is expected", key.form))
            })?;
        }
    }
    Ok(())
}
