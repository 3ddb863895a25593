//! The settings that only one provider has, such as the id of a user pool.

use serde::Serialize;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

/// One setting under `[target]`.
#[derive(Clone, Copy, Debug)]
pub struct Setting {
    /// Its key in the file.
    pub name: &'static str,
    /// What it is, for people: `the id of the user pool`.
    pub noun: &'static str,
    /// The word before its value where a run says where it goes: `user pool`.
    pub word: &'static str,
    /// What its value is.
    pub form: Form,
    /// The variable of the environment that the vendor's own tools use, besides `USERFERRY_…`.
    pub env: Option<&'static str>,
    /// Its value where none is set.
    pub default: Option<&'static str>,
    /// A run cannot do without.
    pub is_required: bool,
    /// It says which directory of the provider is meant: a job table is bound to it.
    pub is_place: bool,
    /// Its flag, if it has one.
    pub flag: Option<Flag>,
}

impl Setting {
    /// How many users go into one request: from one to what the provider takes.
    pub const fn batch(most: u32) -> Self {
        Self {
            name: BATCH,
            noun: "how many users go into one request",
            word: BATCH,
            form: Form::Whole { least: 1, most },
            env: None,
            default: None,
            is_required: false,
            is_place: false,
            flag: None,
        }
    }
}

const BATCH: &str = "batch";

/// What the value of a setting is.
#[derive(Clone, Copy, Debug)]
pub enum Form {
    /// Text of a form, said in the words of messages (`… is expected`); as it is kept, if it has the form.
    Text(&'static str, fn(&str) -> Option<String>),
    /// A whole number of a range.
    Whole { least: u32, most: u32 },
    /// True or false.
    Truth,
    /// One of these words.
    OneOf(&'static [&'static str]),
}

impl Form {
    /// The form in the words of messages: `… is expected`.
    pub fn words(self) -> Cow<'static, str> {
        match self {
            Self::Text(words, _) => words.into(),
            Self::Whole { least, most } => format!("a whole number from {least} to {most}").into(),
            Self::Truth => "true or false".into(),
            Self::OneOf(words) => {
                let words: Vec<String> = words.iter().map(|word| format!("\"{word}\"")).collect();
                words.join(" or ").into()
            }
        }
    }

    /// A value that text stands for, as in a variable of the environment.
    pub fn read(self, text: &str) -> Option<Value> {
        match self {
            Self::Text(_, read) => read(text).map(Value::Text),
            Self::Whole { .. } => self.whole(text.parse().ok()?),
            Self::Truth => text.parse().ok().map(Value::Truth),
            Self::OneOf(words) => words.contains(&text).then(|| Value::Text(text.to_owned())),
        }
    }

    /// A value that a number stands for.
    pub fn whole(self, number: i64) -> Option<Value> {
        let Self::Whole { least, most } = self else { return None };
        let number = u32::try_from(number).ok()?;
        (least..=most).contains(&number).then_some(Value::Whole(number))
    }
}

/// The value of a setting.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Value {
    Text(String),
    Whole(u32),
    Truth(bool),
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => f.write_str(text),
            Self::Whole(number) => number.fmt(f),
            Self::Truth(truth) => truth.fmt(f),
        }
    }
}

/// The flag of a setting.
#[derive(Clone, Copy, Debug)]
pub struct Flag {
    /// Without the dashes before it.
    pub name: &'static str,
    /// What stands for its value in the help.
    pub value: &'static str,
    /// Its line in the help.
    pub help: &'static str,
}

/// The values of a provider's own settings, by name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Own(BTreeMap<&'static str, Value>);

impl Own {
    /// What is set where nothing else is said.
    pub fn defaults(settings: &[Setting]) -> Self {
        let set = |setting: &Setting| Some((setting.name, setting.form.read(setting.default?)?));
        Self(settings.iter().filter_map(set).collect())
    }

    /// Whether a setting has a value.
    pub fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// The text of a setting.
    pub fn get(&self, name: &str) -> Option<&str> {
        match self.0.get(name)? {
            Value::Text(text) => Some(text),
            Value::Whole(_) | Value::Truth(_) => None,
        }
    }

    /// The number of a setting.
    pub fn whole(&self, name: &str) -> Option<u32> {
        match self.0.get(name)? {
            Value::Whole(number) => Some(*number),
            Value::Text(_) | Value::Truth(_) => None,
        }
    }

    /// Whether a setting is true.
    pub fn truth(&self, name: &str) -> Option<bool> {
        match self.0.get(name)? {
            Value::Truth(truth) => Some(*truth),
            Value::Text(_) | Value::Whole(_) => None,
        }
    }

    /// How many users go into one request, if [`Setting::batch`] says so.
    pub fn batch(&self) -> Option<usize> {
        self.whole(BATCH).and_then(|number| usize::try_from(number).ok())
    }

    /// Sets a value, which has the form of the setting.
    pub fn set(&mut self, setting: &Setting, value: Value) {
        self.0.insert(setting.name, value);
    }

    /// Every value that is set, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, &Value)> {
        self.0.iter().map(|(name, value)| (*name, value))
    }
}
