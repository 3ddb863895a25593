//! A password's rule as it is written: read, judged as a whole, and written again.

use super::{Number, Origin, Password, SchemeOf};
use crate::mapping::error::RuleError;
use crate::mapping::jq::Program;
use crate::password::Scheme;
use crate::password::compose::{Composable, Encoding, Order};
use crate::words::quoted;
use serde_json::{Map, Value, json};
use std::sync::Arc;

const KEYS: &[&str] = &[
    "scheme",
    "scheme_from",
    "hash",
    "hash_encoding",
    "split",
    "salt",
    "salt_encoding",
    "order",
    "iterations",
    "n",
    "r",
    "p",
    "short",
];
/// Those by which it is known.
pub(in crate::mapping) const MARKS: &[&str] =
    &["scheme", "scheme_from", "hash", "salt", "short", "order", "split"];

const FORM: &str = "a password in parts is { scheme = \"sha256\", hash = \"column\", salt = \
                    \"column\", order = \"salt+password\" }, and a long one { hash = \"column\", \
                    short = true }";

impl Password {
    /// Reads the rule as it stands in the configuration or in the job table.
    pub(in crate::mapping) fn from_json(rule: &Map<String, Value>) -> Result<Self, RuleError> {
        if let Some(key) = rule.keys().find(|key| !KEYS.contains(&key.as_str())) {
            let shown = crate::input::show_name(key.as_bytes());
            let message = format!("`{shown}` does not belong to a password's rule; {FORM}");
            return Err(RuleError::of(key, message));
        }
        let rule = Keys(rule);
        let short = match rule.0.get("short") {
            None | Some(Value::Bool(false)) => false,
            Some(Value::Bool(true)) => true,
            Some(_) => return Err(RuleError::of("short", "`short` must be true or false")),
        };
        let Some(hash) = rule.column("hash")? else {
            return Err(RuleError::new(format!("`hash` is missing: {FORM}")));
        };
        let password = Self {
            scheme: rule.scheme(short)?,
            hash,
            hash_encoding: rule.encoding("hash_encoding")?,
            split: rule.text("split", "what stands between digest and salt")?.map(str::to_owned),
            salt: rule.column("salt")?,
            salt_encoding: rule.encoding("salt_encoding")?.unwrap_or(Encoding::Text),
            order: rule.order()?,
            iterations: rule.number("iterations")?,
            n: rule.number("n")?,
            r: rule.number("r")?.unwrap_or(Number::Value(8)),
            p: rule.number("p")?.unwrap_or(Number::Value(1)),
            short,
        };
        password.is_whole(&rule).map(|()| password)
    }

    /// The rule of a column that is whole.
    pub(in crate::mapping) fn of_column(hash: &str) -> Self {
        Self {
            scheme: SchemeOf::Hash,
            hash: hash.to_owned(),
            hash_encoding: None,
            split: None,
            salt: None,
            salt_encoding: Encoding::Text,
            order: Order::plain(),
            iterations: None,
            n: None,
            r: Number::Value(8),
            p: Number::Value(1),
            short: false,
        }
    }

    /// What one key asks of another.
    fn is_whole(&self, rule: &Keys<'_>) -> Result<(), RuleError> {
        let missing = |key: &str, wants: &str| {
            let of = rule.0.keys().next().map_or("hash", String::as_str);
            RuleError::of(of, format!("`{key}` is missing: {wants}"))
        };
        let scheme = match self.scheme {
            SchemeOf::Named(scheme) => scheme,
            // The records say.
            SchemeOf::From(_) => return Ok(()),
            SchemeOf::Hash => {
                let other = KEYS
                    .iter()
                    .find(|key| !matches!(**key, "hash" | "short") && rule.0.contains_key(**key));
                return match other {
                    None => Ok(()),
                    Some(key) => Err(RuleError::of(key, format!("`{key}` wants a `scheme`"))),
                };
            }
        };
        let belongs: &[&str] = match scheme {
            Composable::Digest(_) => &["order", "hash_encoding", "salt_encoding", "split"],
            Composable::Pbkdf2(_) => &["iterations", "hash_encoding", "salt_encoding"],
            Composable::Scrypt => &["n", "r", "p", "hash_encoding", "salt_encoding"],
            // Both columns are base64, always.
            Composable::Firebase => &[],
        };
        for key in ["order", "iterations", "n", "r", "p", "hash_encoding", "salt_encoding", "split"]
        {
            if rule.0.contains_key(key) && !belongs.contains(&key) {
                let message =
                    format!("`{key}` does not belong to scheme = \"{}\"", scheme.as_str());
                return Err(RuleError::of(key, message));
            }
        }
        if self.salt.is_some() && self.split.is_some() {
            return Err(RuleError::of("split", "only one of `salt` and `split` can be given"));
        }
        match scheme {
            Composable::Digest(_) if self.has_salt() && !self.order.has_salt() => Err(missing(
                "order",
                "what was hashed, e.g. \"salt+password\", \"password+salt\", \"md5(password)+salt\"",
            )),
            Composable::Digest(_) if !self.has_salt() && self.order.has_salt() => Err(missing(
                "salt",
                "the column of the salt, or split = \":\" where it stands in the column of the hash",
            )),
            Composable::Digest(_) => Ok(()),
            _ if self.salt.is_none() => Err(missing("salt", "the column of the salt")),
            Composable::Pbkdf2(_) if self.iterations.is_none() => {
                Err(missing("iterations", "a number, or the column that has it"))
            }
            Composable::Scrypt if self.n.is_none() => {
                Err(missing("n", "the cost, a power of two, or the column that has it"))
            }
            _ => Ok(()),
        }
    }

    /// The canonical form, which [`Self::from_json`] reads back.
    pub(crate) fn to_json(&self) -> Value {
        let mut rule = Map::new();
        let mut put = |key: &str, value: Value| drop(rule.insert(key.to_owned(), value));
        match &self.scheme {
            SchemeOf::Named(scheme) => put("scheme", json!(scheme.as_str())),
            SchemeOf::From(origin) => put("scheme_from", origin.to_json()),
            SchemeOf::Hash => {}
        }
        put("hash", json!(self.hash));
        if let Some(encoding) = self.hash_encoding {
            put("hash_encoding", json!(encoding.as_str()));
        }
        if let Some(split) = &self.split {
            put("split", json!(split));
        }
        if let Some(salt) = &self.salt {
            put("salt", json!(salt));
        }
        if self.salt_encoding != Encoding::Text {
            put("salt_encoding", json!(self.salt_encoding.as_str()));
        }
        if self.order != Order::plain() {
            put("order", json!(self.order.words()));
        }
        let defaults = [Number::Value(8), Number::Value(1)];
        let numbers = [
            ("iterations", self.iterations.as_ref()),
            ("n", self.n.as_ref()),
            ("r", Some(&self.r).filter(|r| **r != defaults[0])),
            ("p", Some(&self.p).filter(|p| **p != defaults[1])),
        ];
        for (key, number) in numbers {
            match number {
                Some(Number::Value(value)) => put(key, json!(value)),
                Some(Number::From(origin)) => put(key, origin.to_json()),
                None => {}
            }
        }
        if self.short {
            put("short", json!(true));
        }
        Value::Object(rule)
    }
}

impl Password {
    /// As a person writes it in the mapping.
    pub(in crate::mapping) fn to_toml(&self) -> String {
        fn inline(value: &Value) -> String {
            match value {
                Value::String(text) => quoted(text),
                Value::Object(rule) => {
                    let pair =
                        |(key, value): (&String, &Value)| format!("{key} = {}", inline(value));
                    format!("{{ {} }}", rule.iter().map(pair).collect::<Vec<_>>().join(", "))
                }
                other => other.to_string(),
            }
        }
        inline(&self.to_json())
    }
}

impl Origin {
    /// Reads it as it stands behind a key.
    fn from_json(value: &Value) -> Option<Result<Self, RuleError>> {
        match value {
            Value::String(column) if !column.is_empty() => Some(Ok(Self::Column(column.clone()))),
            Value::Object(rule) if rule.len() == 1 => {
                let program = Program::read(rule.get("jq")?);
                Some(program.map(|program| Self::Jq(Arc::new(program))))
            }
            _ => None,
        }
    }

    fn to_json(&self) -> Value {
        match self {
            Self::Column(column) => json!(column),
            Self::Jq(program) => json!({ "jq": program.source() }),
        }
    }
}

/// The keys of a rule, read one by one.
struct Keys<'a>(&'a Map<String, Value>);

impl Keys<'_> {
    fn text(&self, key: &str, what: &str) -> Result<Option<&str>, RuleError> {
        match self.0.get(key) {
            None => Ok(None),
            Some(Value::String(text)) if !text.is_empty() => Ok(Some(text)),
            Some(_) => Err(RuleError::of(key, format!("`{key}` must be {what}"))),
        }
    }

    fn column(&self, key: &str) -> Result<Option<String>, RuleError> {
        Ok(self.text(key, "the name of a column")?.map(str::to_owned))
    }

    fn origin(&self, key: &str) -> Result<Option<Origin>, RuleError> {
        const WHAT: &str = "the name of a column, or { jq = \"program\" }";
        let Some(value) = self.0.get(key) else { return Ok(None) };
        match Origin::from_json(value) {
            Some(Ok(origin)) => Ok(Some(origin)),
            // The place in the program is one behind this key.
            Some(Err(error)) => Err(RuleError { key: Some(key.to_owned()), ..error }),
            None => Err(RuleError::of(key, format!("`{key}` must be {WHAT}"))),
        }
    }

    fn scheme(&self, short: bool) -> Result<SchemeOf, RuleError> {
        let named = self.text("scheme", "the name of a scheme")?;
        match (named, self.origin("scheme_from")?) {
            (Some(_), Some(_)) => Err(RuleError::of(
                "scheme_from",
                "only one of `scheme` and `scheme_from` can be given",
            )),
            (Some(word), None) => {
                let scheme = Composable::parse(word).ok_or_else(|| {
                    let words = Composable::WORDS;
                    let whole = Scheme::parse(word).is_some();
                    let message = if whole {
                        format!("a hash of {word} is whole as it stands: name its column alone, password = \"column\"")
                    } else {
                        format!("`scheme` must be one of {words}")
                    };
                    RuleError::of("scheme", message)
                })?;
                Ok(SchemeOf::Named(scheme))
            }
            (None, Some(origin)) => Ok(SchemeOf::From(origin)),
            (None, None) if short => Ok(SchemeOf::Hash),
            (None, None) => Err(RuleError::new(format!(
                "neither `scheme` nor `scheme_from` nor `short`: {FORM}"
            ))),
        }
    }

    fn encoding(&self, key: &str) -> Result<Option<Encoding>, RuleError> {
        const WORDS: &str = "\"text\", \"hex\" or \"base64\"";
        let Some(word) = self.text(key, WORDS)? else { return Ok(None) };
        let encoding = Encoding::parse(word)
            .filter(|encoding| key != "hash_encoding" || *encoding != Encoding::Text)
            .ok_or_else(|| RuleError::of(key, format!("`{key}` must be \"hex\" or \"base64\"")))?;
        Ok(Some(encoding))
    }

    fn order(&self) -> Result<Order, RuleError> {
        const FORM: &str = "up to four of \"salt\", and \"password\", \"md5(password)\" or \
                            \"sha1(password)\" once, with + between";
        let Some(order) = self.text("order", FORM)? else { return Ok(Order::plain()) };
        Order::parse(order).ok_or_else(|| RuleError::of("order", format!("`order` must be {FORM}")))
    }

    fn number(&self, key: &str) -> Result<Option<Number>, RuleError> {
        let wrong = || {
            let what = "a number, or the column that has it, or { jq = \"program\" }";
            RuleError::of(key, format!("`{key}` must be {what}"))
        };
        match self.0.get(key) {
            None => Ok(None),
            Some(Value::Number(number)) => {
                let value = number.as_u64().and_then(|n| u32::try_from(n).ok()).filter(|n| *n > 0);
                value.map(|value| Some(Number::Value(value))).ok_or_else(wrong)
            }
            Some(Value::String(_) | Value::Object(_)) => self
                .origin(key)
                .map_err(|error| if error.at.is_some() { error } else { wrong() })
                .map(|origin| origin.map(Number::From)),
            Some(_) => Err(wrong()),
        }
    }
}
