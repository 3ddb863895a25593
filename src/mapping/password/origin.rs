//! Where the parts of a password come from: a column, a path, a jq program, or the mapping itself.

use super::super::Source;
use super::super::error::RuleError;
use super::super::jq::{IMMODERATE, Program};
use super::super::path::find;
use super::super::record::Json;
use crate::password::compose::{Encoding, Order, Typed, Variant, Version};
use crate::problem::{Problem, Rule as Broken};
use serde_json::{Map, Value, json};
use std::borrow::Cow;
use std::sync::Arc;

/// Where a record has a part of its password.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Origin {
    /// A column, or a path into objects and lists.
    Column(String),
    /// A program makes it of the record, which it sees with the password's columns.
    Jq(Arc<Program>),
}

impl Origin {
    /// The column or path, if it is one.
    pub(super) fn column(&self) -> Option<&str> {
        match self {
            Self::Column(column) => Some(column),
            Self::Jq(_) => None,
        }
    }

    /// The columns that it reads.
    pub(super) fn columns(&self) -> Vec<&str> {
        match self {
            Self::Column(column) => vec![column],
            Self::Jq(program) => program.paths().iter().map(String::as_str).collect(),
        }
    }

    /// The same where it must not read any other.
    pub(super) fn certain(&self) -> Result<Vec<&str>, usize> {
        match self {
            Self::Column(column) => Ok(vec![column]),
            Self::Jq(program) => Ok(program.reads()?.iter().map(String::as_str).collect()),
        }
    }

    /// The text, or number as it is written, of a record. What is wrong with a program's is told of
    /// the field `of`.
    pub(super) fn text<'a>(
        &self,
        source: &Source<'a>,
        of: &str,
    ) -> Result<Option<Cow<'a, str>>, Problem> {
        self.read(source, of, part)
    }

    /// Reads the value of a record with `read`; `None` if the record has none.
    pub(super) fn read<'a>(
        &self,
        source: &Source<'a>,
        of: &str,
        read: impl for<'b> Fn(Json<'b>, &str) -> Result<Option<Cow<'b, str>>, Problem>,
    ) -> Result<Option<Cow<'a, str>>, Problem> {
        let owned = |found: Option<Cow<'_, str>>| found.map(|text| text.into_owned().into());
        match self {
            Self::Column(column) => match find(&source.fields, column) {
                None => Ok(None),
                Some(Cow::Borrowed(value)) => read(Json::of(value), column),
                Some(Cow::Owned(value)) => read(Json::of(&value), column).map(owned),
            },
            Self::Jq(program) => {
                let wrong = |why: Cow<'static, str>| Problem::new(of, Broken::Password, why);
                let record = source.whole().ok_or_else(|| wrong(IMMODERATE.into()))?;
                let output = program.run(record).map_err(wrong)?;
                read(output.as_json(), of).map(owned)
            }
        }
    }

    /// Reads it as it stands behind a key; none if it is neither a column nor a program.
    pub(super) fn from_json(value: &Value) -> Option<Result<Self, RuleError>> {
        match value {
            Value::String(column) if !column.is_empty() => Some(Ok(Self::Column(column.clone()))),
            Value::Object(rule) if rule.len() == 1 => {
                let program = Program::read(rule.get("jq")?);
                Some(program.map(|program| Self::Jq(Arc::new(program))))
            }
            _ => None,
        }
    }

    pub(super) fn to_json(&self) -> Value {
        match self {
            Self::Column(column) => json!(column),
            Self::Jq(program) => json!({ "jq": program.source() }),
        }
    }
}

/// The text, or number as it is written.
pub(super) fn part<'a>(value: Json<'a>, column: &str) -> Result<Option<Cow<'a, str>>, Problem> {
    match value {
        Json::Null => Ok(None),
        Json::Text(text) => Ok(Some(text)),
        Json::Number(number) => Ok(Some(number.into())),
        other => {
            let message = format!("{}, where a part of the password is expected", other.noun());
            Err(Problem::new(column, Broken::Type, message))
        }
    }
}

/// A part that is the same for all, or that each record says.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Of<T> {
    Constant(T),
    From {
        origin: Origin,
        /// Where a record says nothing.
        default: Option<T>,
    },
}

/// A part that is a word or a number.
pub(super) trait Word: Clone + PartialEq {
    /// What a mapping can say, for messages.
    const WORDS: &'static str;
    /// What it is, for messages.
    const NOUN: &'static str;
    /// Whether a word that is none is a mistake of its own; else it counts as absent.
    const IS_TOLD: bool = true;

    /// As a mapping writes it, or an export.
    fn of_word(word: &str) -> Option<Self>;
    /// As a mapping writes it.
    fn word(&self) -> Value;
}

impl<T: Word> Of<T> {
    pub(super) fn origin(&self) -> Option<&Origin> {
        match self {
            Self::Constant(_) => None,
            Self::From { origin, .. } => Some(origin),
        }
    }

    /// For a record: none where neither it nor the mapping says anything.
    pub(super) fn value(&self, source: &Source<'_>, of: &str) -> Result<Option<T>, Problem> {
        let said = self.said(source, of)?;
        Ok(said.or_else(|| match self {
            Self::Constant(_) => None,
            Self::From { default, .. } => default.clone(),
        }))
    }

    /// The same without the default.
    pub(super) fn said(&self, source: &Source<'_>, of: &str) -> Result<Option<T>, Problem> {
        let origin = match self {
            Self::Constant(value) => return Ok(Some(value.clone())),
            Self::From { origin, .. } => origin,
        };
        let word = origin.text(source, of)?;
        let Some(word) = word.as_deref().map(str::trim).filter(|word| !word.is_empty()) else {
            return Ok(None);
        };
        let found = T::of_word(word);
        if found.is_some() || !T::IS_TOLD {
            return Ok(found);
        }
        let message = format!("names no {} that is known ({})", T::NOUN, T::WORDS);
        Err(Problem::new(origin.column().unwrap_or(of), Broken::Password, message))
    }

    /// Reads it as it stands behind a key; none if it is neither a word nor an object of `from` or
    /// `jq`. `is_column`: a text is no word but a column.
    pub(super) fn from_json(value: &Value, is_column: bool) -> Option<Result<Self, RuleError>> {
        let constant = |value: &Value| match value {
            Value::String(word) if !is_column => T::of_word(word),
            Value::Number(number) => T::of_word(&number.to_string()),
            _ => None,
        };
        let rule = match value {
            Value::Object(rule) => rule,
            Value::String(_) if is_column => {
                let origin = Origin::from_json(value)?;
                return Some(origin.map(|origin| Self::From { origin, default: None }));
            }
            value => return constant(value).map(|value| Ok(Self::Constant(value))),
        };
        let default = match rule.get("default") {
            None => None,
            Some(value) => Some(constant(value)?),
        };
        let known = |key: &String| matches!(key.as_str(), "from" | "jq" | "default");
        let origin = match (rule.get("from"), rule.get("jq")) {
            (Some(Value::String(column)), None) if !column.is_empty() => {
                Ok(Origin::Column(column.clone()))
            }
            (None, Some(program)) => {
                Program::read(program).map(|program| Origin::Jq(Arc::new(program)))
            }
            _ => return None,
        };
        rule.keys().all(known).then(|| origin.map(|origin| Self::From { origin, default }))
    }

    pub(super) fn to_json(&self, is_column: bool) -> Value {
        let (origin, default) = match self {
            Self::Constant(value) => return value.word(),
            Self::From { origin, default } => (origin, default),
        };
        let mut rule = Map::new();
        match origin {
            Origin::Column(column) if is_column && default.is_none() => return json!(column),
            Origin::Column(column) => rule.insert("from".to_owned(), json!(column)),
            Origin::Jq(program) => rule.insert("jq".to_owned(), json!(program.source())),
        };
        if let Some(default) = default {
            rule.insert("default".to_owned(), default.word());
        }
        Value::Object(rule)
    }
}

impl Word for u32 {
    const WORDS: &'static str = "a whole number above 0";
    const NOUN: &'static str = "number";
    // What it is for says that it is absent or no number.
    const IS_TOLD: bool = false;

    fn of_word(word: &str) -> Option<Self> {
        word.parse().ok().filter(|number| *number > 0)
    }

    fn word(&self) -> Value {
        json!(self)
    }
}

impl Word for Encoding {
    const WORDS: &'static str = "text, hex or base64";
    const NOUN: &'static str = "encoding";

    fn of_word(word: &str) -> Option<Self> {
        Self::parse(word)
    }

    fn word(&self) -> Value {
        json!(self.as_str())
    }
}

impl Word for Typed {
    const WORDS: &'static str = "utf8, utf16le or latin1";
    const NOUN: &'static str = "encoding of passwords";

    fn of_word(word: &str) -> Option<Self> {
        Self::parse(word)
    }

    fn word(&self) -> Value {
        json!(self.as_str())
    }
}

impl Word for Order {
    const WORDS: &'static str = "salt+password, password+salt or the like; prefix, suffix";
    const NOUN: &'static str = "order";

    fn of_word(word: &str) -> Option<Self> {
        Self::parse(word)
    }

    fn word(&self) -> Value {
        json!(self.words())
    }
}

impl Word for Variant {
    const WORDS: &'static str = "i, d or id";
    const NOUN: &'static str = "variant of Argon2";

    fn of_word(word: &str) -> Option<Self> {
        Self::parse(word)
    }

    fn word(&self) -> Value {
        json!(self.as_str())
    }
}

impl Word for Version {
    const WORDS: &'static str = "1.0 or 1.3";
    const NOUN: &'static str = "version of Argon2";

    fn of_word(word: &str) -> Option<Self> {
        Self::parse(word)
    }

    fn word(&self) -> Value {
        json!(self.as_str())
    }
}
