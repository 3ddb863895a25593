//! Mapping: from a record to the user that would be sent.
//!
//! A mapping is an ordered list: a provider's field, and the [`Rule`] that says where its value
//! comes from. It is stored with the job table, so that a run maps exactly as staging did.

mod cells;
mod convert;
mod record;
mod rule;
mod validate;

pub(crate) use record::{compact_record, for_each_field};
pub use rule::{As, Constant, Rule};
pub(crate) use validate::nearest;

use crate::problem::{Problem, Rule as Broken};
use crate::target::schema::{Schema, Type};
use crate::user::{IdKind, User, Value, normalise};
use record::{Fields, Json, compact_without};
use secrecy::SecretString;
use serde::de::{self, Deserialize, Deserializer, MapAccess, Visitor};
use serde::ser::{Serialize, SerializeMap, Serializer};
use std::fmt;

/// Which provider field comes from where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mapping {
    rules: Vec<(String, Rule)>,
}

impl Mapping {
    /// A mapping of these rules, in this order. What is wrong with it says [`Self::validate`].
    pub fn new(rules: Vec<(String, Rule)>) -> Self {
        Self { rules }
    }

    /// The alignment of the vendor's reference script, with `uid` as external id; the copy of the
    /// raw record goes without the password.
    pub fn reference() -> Self {
        let rules = [
            ("externalId", "uid"),
            ("nickname", "nickname"),
            ("password", "password"),
            ("email", "mail"),
            ("emailVerified", "emailVerified"),
            ("phone", "phone"),
            ("loginsCount", "loginsCount"),
        ];
        let mut rules: Vec<(String, Rule)> =
            rules.map(|(field, from)| (field.to_owned(), Rule::column(from))).into();
        rules.push(("oauth".to_owned(), Rule::Raw { without: Vec::new() }));
        Self { rules }
    }

    /// The rules, in order.
    pub fn rules(&self) -> &[(String, Rule)] {
        &self.rules
    }

    /// The rule of a provider's field.
    pub fn rule(&self, field: &str) -> Option<&Rule> {
        self.rules.iter().find(|(name, _)| name == field).map(|(_, rule)| rule)
    }

    /// The source's name for a provider's field, or that field's own where no column feeds it.
    pub fn source_name<'a>(&'a self, field: &'a str) -> &'a str {
        match self.rule(field) {
            Some(Rule::Column { from, .. }) => from,
            _ => field,
        }
    }

    /// The provider's fields that a column feeds.
    pub fn targets_of<'a>(&'a self, column: &'a str) -> impl Iterator<Item = &'a str> {
        self.rules.iter().filter_map(move |(field, rule)| match rule {
            Rule::Column { from, .. } if from == column => Some(field.as_str()),
            _ => None,
        })
    }

    /// Maps a record: the user, and all that hinders. `raw` is one JSON object. What is null,
    /// absent or empty is left out; identifiers lose the white space around them, and a phone
    /// number its spaces, dashes, dots and brackets.
    pub fn apply(&self, raw: &[u8], schema: &Schema) -> (User, Vec<Problem>) {
        let mut user = User::default();
        let Ok(text) = std::str::from_utf8(raw) else {
            let problem = Problem::new("", Broken::Encoding, "bytes that are not UTF-8");
            return (user, vec![problem]);
        };
        let Some(fields) = Fields::parse(text) else {
            let problem = Problem::new("", Broken::Syntax, "the record is no JSON object");
            return (user, vec![problem]);
        };
        let mut problems = Vec::new();
        for (name, rule) in &self.rules {
            if name == schema.password_field {
                if let Rule::Column { from, .. } = rule {
                    match password(&fields, from) {
                        Ok(password) => user.password = password,
                        Err(problem) => problems.push(problem),
                    }
                }
                continue;
            }
            let Some(field) = schema.field(name) else {
                problems.push(unknown_field(name, rule));
                continue;
            };
            match self.value(&fields, rule, field.ty, schema) {
                Ok(Some(value)) => put(&mut user, name, field.identifier, value),
                Ok(None) => {}
                Err(message) => {
                    problems.push(Problem::new(self.source_name(name), Broken::Type, message));
                }
            }
        }
        (user, problems)
    }

    fn value(
        &self,
        fields: &Fields<'_>,
        rule: &Rule,
        ty: Type,
        schema: &Schema,
    ) -> Result<Option<Value>, String> {
        match rule {
            Rule::Column { from, convert } => match fields.find(from) {
                Some(value) => convert::convert(Json::of(value), ty, *convert)
                    .map_err(std::borrow::Cow::into_owned),
                None => Ok(None),
            },
            Rule::Constant(constant) => match convert::constant(constant, ty) {
                Some(value) => Ok(Some(value)),
                None => Err("the mapping's constant does not fit the field".to_owned()),
            },
            Rule::Raw { without } => {
                let mut without: Vec<&str> = without.iter().map(String::as_str).collect();
                if let Some(Rule::Column { from, .. }) = self.rule(schema.password_field) {
                    without.push(from);
                }
                let mut copy = String::new();
                compact_without(fields, &without, &mut copy);
                Ok(Some(Value::Text(copy)))
            }
        }
    }
}

fn unknown_field(name: &str, rule: &Rule) -> Problem {
    let field = match rule {
        Rule::Column { from, .. } => from,
        _ => name,
    };
    let message = format!("the target has no field `{name}`");
    Problem::new(field, Broken::UnknownField, message)
}

fn password(fields: &Fields<'_>, from: &str) -> Result<Option<SecretString>, Problem> {
    let Some(value) = fields.find(from) else { return Ok(None) };
    match Json::of(value) {
        Json::Null => Ok(None),
        Json::Text(text) if text.is_empty() => Ok(None),
        Json::Text(text) => Ok(Some(text.into_owned().into())),
        Json::Number(number) => Ok(Some(number.to_owned().into())),
        other => {
            let message = format!("{}, where the password is expected as text", other.noun());
            Err(Problem::new(from, Broken::Type, message))
        }
    }
}

fn put(user: &mut User, name: &str, identifier: Option<IdKind>, value: Value) {
    let value = match (identifier, value) {
        (Some(kind), Value::Text(text)) => {
            user.identifiers.set(kind, &text);
            // What is sent and what is looked up later must be the same: the provider compares
            // e-mail addresses without regard to case, but phone numbers by character.
            let sent =
                if kind == IdKind::Phone { normalise(kind, &text) } else { text.trim().to_owned() };
            if sent.is_empty() {
                return;
            }
            Value::Text(sent)
        }
        (_, value) => value,
    };
    user.fields.push((name.to_owned(), value));
}

impl Default for Mapping {
    fn default() -> Self {
        Self::reference()
    }
}

impl Serialize for Mapping {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.rules.len()))?;
        for (field, rule) in &self.rules {
            map.serialize_entry(field, &rule.to_json())?;
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for Mapping {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Rules;
        impl<'de> Visitor<'de> for Rules {
            type Value = Mapping;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of mapping rules")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Mapping, A::Error> {
                let mut rules = Vec::new();
                while let Some((field, rule)) = map.next_entry::<String, serde_json::Value>()? {
                    rules.push((field, Rule::from_json(&rule).map_err(de::Error::custom)?));
                }
                Ok(Mapping { rules })
            }
        }
        deserializer.deserialize_map(Rules)
    }
}

#[cfg(test)]
mod tests;
