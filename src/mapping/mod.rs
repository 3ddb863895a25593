//! Mapping: from a record to the user that would be sent.
//!
//! A mapping is an ordered list: a provider's field, and the [`Rule`] that says where its value
//! comes from. It is stored with the job table, so that a run maps exactly as staging did.

mod cells;
mod convert;
mod copy;
mod empty;
mod error;
mod home;
mod jq;
mod meant;
mod password;
mod path;
mod record;
mod rule;
mod secret;
mod sent;
mod trace;
mod validate;

pub use convert::UNKNOWN_STATE;
pub use error::RuleError;
pub use home::Home;
pub use jq::Program;
pub(crate) use meant::{Meant, is_as_it_stands, meant};
pub use password::Password;
pub(crate) use path::feeds;
pub(crate) use record::{Seen, for_each_field, for_each_inner_field, for_each_value, path_of};
pub use rule::{As, Constant, How, Rule};
pub(crate) use secret::is_secret_name;
pub use trace::{Origin, Traced};

use crate::problem::{Omitted, Problem, Rule as Broken};
use crate::schema::{Field, Schema};
use crate::user::{User, Value};
use crate::values::{Region, fault, fits_anyway, phone};
use convert::{Fault, Taken};
use copy::{LeftOut, compact_without};
use path::find;
use record::{Fields, Json};
use secrecy::SecretString;
use sent::Sent;
use serde::de::{self, Deserialize, Deserializer, MapAccess, Visitor};
use serde::ser::{Serialize, SerializeMap, Serializer};
use std::borrow::Cow;
use std::cell::OnceCell;
use std::fmt;

const CONTRADICTION: &str = "a phone number of another country than the record's country code says";

/// Whether a copy of the record (`raw = true`) is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Copies {
    /// For what is to be sent.
    Made,
    /// For those who want to know what is wrong with a record, and what it is found by.
    WhereTheyMayBeWrong,
}

/// What a mapping makes of a record.
#[derive(Debug, Default)]
pub struct Mapped {
    pub user: User,
    /// What was found wrong.
    pub problems: Vec<Problem>,
    /// What was left out, because its rule says so of values that do not fit.
    pub omitted: Vec<Omitted>,
}

/// Which provider field comes from where.
#[derive(Clone, Debug, PartialEq)]
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

    /// What a person should know before hashes are sent that the mapping composes of digest and salt.
    pub(crate) fn unproved_order(&self, schema: &Schema) -> Option<String> {
        let Some(Rule::Password(password)) = self.rule(schema.password_field) else { return None };
        let order = password.salted_order()?;
        Some(format!(
            "the hashes are sent as digest and salt in the order {order}, which nothing in the records proves; before you \
             send them, try one account whose password you know: userferry password verify --key KEY"
        ))
    }

    /// The source's name for a provider's field, or that field's own where no column feeds it.
    pub fn source_name<'a>(&'a self, field: &'a str) -> &'a str {
        self.rule(field).and_then(Rule::column_name).unwrap_or(field)
    }

    /// The provider's fields that a column feeds.
    pub fn targets_of<'a>(&'a self, column: &'a str) -> impl Iterator<Item = &'a str> {
        self.rules.iter().filter_map(move |(field, rule)| match rule {
            Rule::Column { from, .. } if from == column => Some(field.as_str()),
            _ => None,
        })
    }

    /// The columns that the rules read or leave out, as far as they name them.
    pub fn columns(&self) -> Vec<String> {
        let mut columns: Vec<&str> = Vec::new();
        for (_, rule) in &self.rules {
            columns.extend(rule.region_column());
            match rule {
                Rule::Column { from, .. } => columns.push(from),
                Rule::Password(password) => columns.extend(password.columns()),
                Rule::Jq { program, .. } => {
                    columns.extend(program.paths().iter().map(String::as_str));
                }
                Rule::Raw { without } => columns.extend(without.iter().map(String::as_str)),
                Rule::Constant(_) => {}
            }
        }
        columns.sort_unstable();
        columns.dedup();
        columns.into_iter().map(str::to_owned).collect()
    }

    /// As [`Self::map`], for what is to be sent: the user and every problem found.
    pub fn apply(&self, raw: &[u8], schema: &Schema) -> (User, Vec<Problem>) {
        let mapped = self.map(raw, schema, Copies::Made);
        (mapped.user, mapped.problems)
    }

    /// Maps a record. `raw` is one JSON object. What is null, absent or empty is left out;
    /// identifiers lose the white space around them, and a phone number its spaces, dashes, dots and
    /// brackets.
    pub fn map(&self, raw: &[u8], schema: &Schema, copies: Copies) -> Mapped {
        let mut mapped = Mapped::default();
        mapped.user.fields.reserve(self.rules.len());
        let source = match Source::of(raw) {
            Ok(source) => source,
            Err(problem) => {
                mapped.problems.push(problem);
                return mapped;
            }
        };
        let code = self.code(&source, schema);
        for (name, rule) in &self.rules {
            if name == schema.password_field {
                match password(&source, rule) {
                    Ok(password) => mapped.user.password = password,
                    Err(problem) => mapped.problems.push(problem),
                }
                continue;
            }
            let Some(field) = schema.field(name) else {
                mapped.problems.push(unknown_field(name, rule));
                continue;
            };
            // A copy is never longer than the record.
            let is_moot = copies == Copies::WhereTheyMayBeWrong && fits_anyway(field, raw.len());
            if is_moot && matches!(rule, Rule::Raw { .. }) {
                continue;
            }
            match self.sent(&source, rule, field, code.as_deref(), schema) {
                Ok(Some(sent)) => sent.put(&mut mapped.user, field, code.is_some(), schema),
                Ok(None) => {}
                Err((broken, message)) => {
                    let problem = Problem::new(self.source_name(name), broken, message);
                    if rule.omits() {
                        mapped.omitted.push(Omitted { field: field.name, problem });
                    } else {
                        mapped.problems.push(problem);
                    }
                }
            }
        }
        mapped
    }

    /// What would be sent in a field of a record that has this country code of its own.
    fn sent(
        &self,
        source: &Source<'_>,
        rule: &Rule,
        field: &Field,
        code: Option<&str>,
        schema: &Schema,
    ) -> Result<Option<Sent>, Fault> {
        let Some(taken) = self.take(source, rule, field, schema)? else { return Ok(None) };
        // A blank code is none.
        if code.is_none()
            && schema.phone_country_field == Some(field.name)
            && is_blank(&taken.value)
        {
            return Ok(None);
        }
        if let (Some(own), Some(code)) = (&taken.country, code)
            && phone::contradicts(code, own)
        {
            return Err((Broken::Phone, CONTRADICTION.into()));
        }
        let Some(sent) = Sent::of(field, taken) else { return Ok(None) };
        // Other values are checked with the whole user.
        if rule.omits() { sent.checked(field).map(Some) } else { Ok(Some(sent)) }
    }

    /// The country code that a rule of the mapping gives for a record.
    fn code(&self, source: &Source<'_>, schema: &Schema) -> Option<String> {
        let field = schema.field(schema.phone_country_field?)?;
        let rule = self.rule(field.name)?;
        let taken = self.take(source, rule, field, schema).ok()??;
        // A wrong one that is left out says nothing about the number.
        if is_blank(&taken.value) || (rule.omits() && fault(field, &taken.value).is_some()) {
            return None;
        }
        match taken.value {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The value of a field, if the record has one.
    fn take(
        &self,
        source: &Source<'_>,
        rule: &Rule,
        field: &Field,
        schema: &Schema,
    ) -> Result<Option<Taken>, Fault> {
        match rule {
            Rule::Column { from, how } => match find(&source.fields, from) {
                Some(value) => convert::convert(Json::of(&value), field, &source.how(how)),
                None => convert::without_value(field, how),
            },
            Rule::Jq { program, how } => {
                let record = source.for_programs(|| self.secrets(schema));
                let record = record.ok_or((Broken::Value, jq::IMMODERATE.into()))?;
                let output = program
                    .run(record)
                    .map_err(|why| (Broken::Value, source.with_what_is_empty(program, why)))?;
                convert::convert(output.as_json(), field, &source.how(how))
            }
            Rule::Constant(constant) => match convert::constant(constant, field.ty) {
                Some(value) => Ok(Some(Taken::of(value))),
                None => Err((Broken::Type, "the mapping's constant does not fit the field".into())),
            },
            Rule::Raw { without } => {
                let mut without: Vec<&str> = without.iter().map(String::as_str).collect();
                without.extend(self.secrets(schema));
                let mut copy = String::new();
                // Nobody looks over what goes out so.
                let left_out = LeftOut { paths: &without, by_name: true };
                compact_without(&source.fields, left_out, &mut copy);
                Ok(Some(Taken::of(Value::Text(copy))))
            }
            Rule::Password(_) => Err((Broken::Password, "no field of a password".into())),
        }
    }

    /// The columns of the password, which go nowhere else.
    pub(crate) fn secrets(&self, schema: &Schema) -> Vec<&str> {
        match self.rule(schema.password_field) {
            Some(Rule::Column { from, .. }) => vec![from],
            Some(Rule::Password(password)) => password.secrets().collect(),
            _ => Vec::new(),
        }
    }
}

fn is_blank(value: &Value) -> bool {
    matches!(value, Value::Text(text) if text.trim().is_empty())
}

/// A record that is being mapped.
struct Source<'a> {
    text: &'a str,
    fields: Fields<'a>,
    /// As jq programs see it, made when the first one asks.
    for_programs: OnceCell<Option<jaq_json::Val>>,
    /// With everything.
    whole: OnceCell<Option<jaq_json::Val>>,
}

impl<'a> Source<'a> {
    fn of(raw: &'a [u8]) -> Result<Self, Problem> {
        let text = std::str::from_utf8(raw)
            .map_err(|_| Problem::new("", Broken::Encoding, "bytes that are not UTF-8"))?;
        let fields = Fields::parse(text)
            .ok_or_else(|| Problem::new("", Broken::Syntax, "the record is no JSON object"))?;
        Ok(Self { text, fields, for_programs: OnceCell::new(), whole: OnceCell::new() })
    }

    /// Without the password's columns, and without what is plainly a password's hash.
    fn for_programs<'b>(&self, secrets: impl FnOnce() -> Vec<&'b str>) -> Option<&jaq_json::Val> {
        let record = self.for_programs.get_or_init(|| {
            let mut text = String::new();
            let left_out = LeftOut { paths: &secrets(), by_name: false };
            compact_without(&self.fields, left_out, &mut text);
            jq::record(&text)
        });
        record.as_ref()
    }
}

impl Source<'_> {
    /// What is done with a value of this record: a number whose region a column names is one of that region.
    fn how<'b>(&self, how: &'b How) -> Cow<'b, How> {
        let Some(column) = how.region_column() else { return Cow::Borrowed(how) };
        let named = find(&self.fields, column).and_then(|value| match Json::of(&value) {
            Json::Text(text) => Region::new(&text.trim().to_ascii_uppercase()),
            _ => None,
        });
        let Some(region) = named else { return Cow::Borrowed(how) };
        let mut how = how.clone();
        if let Some(As::Phone(home) | As::E164(home)) = how.steps.last_mut() {
            *home = Home::Region(region);
        }
        Cow::Owned(how)
    }

    /// With everything, for the programs of the password's own rule.
    fn whole(&self) -> Option<&jaq_json::Val> {
        self.whole.get_or_init(|| jq::record(self.text)).as_ref()
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

fn password(source: &Source<'_>, rule: &Rule) -> Result<Option<SecretString>, Problem> {
    let from = match rule {
        Rule::Column { from, .. } => from,
        Rule::Password(password) => return password.take(source),
        _ => return Ok(None),
    };
    let Some(value) = find(&source.fields, from) else { return Ok(None) };
    match password::stored(Json::of(&value), "the password is expected as text") {
        Ok(text) => Ok(text.map(|text| text.into_owned().into())),
        Err(why) => Err(Problem::new(from, Broken::Type, why)),
    }
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
