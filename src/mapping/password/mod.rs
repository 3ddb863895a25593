//! The rule of a password whose parts stand in columns of their own, or that is to be shorter.

mod read;
mod variants;

pub(super) use read::MARKS;
pub(super) use variants::variants;

use super::Source;
use super::jq::{IMMODERATE, Program};
use super::record::{Fields, Json};
use crate::password::compose::{Composable, Encoding, Order, Parts, compose, halves, shorten};
use crate::password::{Scheme, detect, is_unusable};
use crate::problem::{Problem, Rule as Broken};
use secrecy::SecretString;
use std::borrow::Cow;
use std::sync::Arc;

/// Where the parts of a password's hash come from.
#[derive(Clone, Debug, PartialEq)]
pub struct Password {
    scheme: SchemeOf,
    hash: String,
    hash_encoding: Option<Encoding>,
    /// What stands between digest and salt, where the column of the hash has both.
    split: Option<String>,
    salt: Option<String>,
    salt_encoding: Encoding,
    order: Order,
    iterations: Option<Number>,
    n: Option<Number>,
    r: Number,
    p: Number,
    short: bool,
}

/// Which scheme the hash is of.
#[derive(Clone, Debug, PartialEq)]
enum SchemeOf {
    /// The same for all.
    Named(Composable),
    /// The one that is named for each record.
    From(Origin),
    /// The one that the hash says itself.
    Hash,
}

/// A number of the mapping, or where a record has it.
#[derive(Clone, Debug, PartialEq)]
enum Number {
    Value(u32),
    From(Origin),
}

/// Where a record has what belongs to its hash, and is no secret.
#[derive(Clone, Debug, PartialEq)]
enum Origin {
    Column(String),
    /// A program makes it of the record, which it sees with the password's columns.
    Jq(Arc<Program>),
}

impl Password {
    /// The column of the hash.
    pub(crate) fn hash(&self) -> &str {
        &self.hash
    }

    /// The column of the salt, where it has one of its own.
    pub(super) fn salt(&self) -> Option<&str> {
        self.salt.as_deref()
    }

    /// What the column of the hash holds for a record.
    pub(super) fn hash_of<'a>(&self, source: &Source<'a>) -> Option<Cow<'a, str>> {
        text(&source.fields, &self.hash).ok().flatten()
    }

    /// The columns that must not go anywhere else.
    pub(super) fn secrets(&self) -> impl Iterator<Item = &str> {
        [Some(&self.hash), self.salt.as_ref()].into_iter().flatten().map(String::as_str)
    }

    /// All columns that it reads.
    pub(crate) fn columns(&self) -> impl Iterator<Item = &str> {
        let scheme = match &self.scheme {
            SchemeOf::From(origin) => Some(origin),
            _ => None,
        };
        let numbers = [self.iterations.as_ref(), self.n.as_ref(), Some(&self.r), Some(&self.p)];
        let numbers = numbers.into_iter().flatten().filter_map(|number| match number {
            Number::From(origin) => Some(origin),
            Number::Value(_) => None,
        });
        self.secrets().chain(scheme.into_iter().chain(numbers).flat_map(Origin::columns))
    }

    /// Whether its digests are hashed with a salt of their own.
    pub(crate) fn has_salt(&self) -> bool {
        self.salt.is_some() || self.split.is_some()
    }

    /// In which order digests are composed with their salt. Nothing in a record proves it.
    pub(crate) fn salted_order(&self) -> Option<String> {
        let may_be_digest = match self.scheme {
            SchemeOf::Named(scheme) => matches!(scheme, Composable::Digest(_)),
            SchemeOf::From(_) => true,
            SchemeOf::Hash => false,
        };
        let is_salted = may_be_digest && self.has_salt() && self.order.has_salt();
        is_salted.then(|| self.order.words())
    }

    /// What it does, for people.
    pub(super) fn what(&self) -> &'static str {
        match self.scheme {
            SchemeOf::Named(scheme) => scheme.as_str(),
            SchemeOf::From(Origin::Column(_)) => "the scheme that its column names",
            SchemeOf::From(Origin::Jq(_)) => "the scheme that a jq program names",
            SchemeOf::Hash => "a shorter hash",
        }
    }

    /// The one string for a record; none where it has no hash.
    pub(super) fn take(&self, source: &Source<'_>) -> Result<Option<SecretString>, Problem> {
        let is_there = |hash: &Cow<'_, str>| !hash.is_empty() && !is_unusable(hash);
        let Some(hash) = text(&source.fields, &self.hash)?.filter(is_there) else {
            return Ok(None);
        };
        let stored = self.compose(source, &hash)?;
        let stored = if self.short { shorten(&stored) } else { stored };
        Ok(Some(stored.into()))
    }

    fn compose(&self, source: &Source<'_>, hash: &str) -> Result<String, Problem> {
        // Tables that changed their scheme once have both: a hash that says its own stays as it is.
        let is_split =
            self.split.as_ref().is_some_and(|split| !hash.starts_with('$') && hash.contains(split));
        if is_whole(hash) && !is_split {
            return Ok(hash.to_owned());
        }
        let scheme = match &self.scheme {
            SchemeOf::Named(scheme) => *scheme,
            SchemeOf::Hash => return Ok(hash.to_owned()),
            SchemeOf::From(origin) => self.scheme_of(origin, source)?,
        };
        if matches!(scheme, Composable::Digest(_)) && self.has_salt() && !self.order.has_salt() {
            let message = "a digest with a salt, and the mapping has no `order` that says what was \
                           hashed, e.g. \"salt+password\"";
            return Err(Problem::new(&self.hash, Broken::Password, message));
        }
        let composed = match &self.split {
            Some(split) => self.compose_halves(scheme, hash, split),
            None => self.compose_parts(scheme, source, hash)?,
        };
        composed.map_err(|why| Problem::new(&self.hash, Broken::Password, why))
    }

    /// Of one column with digest and salt.
    fn compose_halves(&self, scheme: Composable, text: &str, split: &str) -> Composed {
        let mut problem = None;
        for (hash, salt) in halves(text, split).into_iter().flatten() {
            match compose(scheme, &self.parts(hash, Some(salt).filter(|salt| !salt.is_empty()))) {
                Ok(stored) => return Ok(stored),
                Err(why) => problem = problem.or(Some(why)),
            }
        }
        Err(problem.unwrap_or("`split` does not stand in it, so there is no salt".into()))
    }

    /// Of a hash and what other columns have that belongs to it.
    fn compose_parts(
        &self,
        scheme: Composable,
        source: &Source<'_>,
        hash: &str,
    ) -> Result<Composed, Problem> {
        let salt = self.salt.as_ref().map(|salt| text(&source.fields, salt)).transpose()?.flatten();
        // An empty cell is no value.
        let salt = salt.filter(|salt| !salt.is_empty());
        // Only what the scheme asks for: a column of another may be anything in this record.
        let of = |number: &Number| number.of(source, &self.hash);
        let (mut iterations, mut scrypt) = (None, None);
        match (scheme, &self.iterations, &self.n) {
            (Composable::Pbkdf2(_), Some(number), _) => iterations = of(number)?,
            (Composable::Scrypt, _, Some(n)) => {
                let (n, r, p) = (of(n)?, of(&self.r)?, of(&self.p)?);
                scrypt = n.zip(r).zip(p).map(|((n, r), p)| (u64::from(n), r, p));
            }
            _ => {}
        }
        let parts = Parts { iterations, scrypt, ..self.parts(hash, salt.as_deref()) };
        Ok(compose(scheme, &parts))
    }

    /// Hash and salt as the rule says that they are written.
    fn parts<'a>(&'a self, hash: &'a str, salt: Option<&'a str>) -> Parts<'a> {
        Parts {
            hash,
            hash_encoding: self.hash_encoding,
            salt,
            salt_encoding: self.salt_encoding,
            order: &self.order,
            iterations: None,
            scrypt: None,
        }
    }

    /// The scheme that a record names.
    fn scheme_of(&self, origin: &Origin, source: &Source<'_>) -> Result<Composable, Problem> {
        let word = origin.of(source, &self.hash)?.unwrap_or_default();
        Composable::parse(&word).ok_or_else(|| {
            let (column, names) = match origin {
                Origin::Column(column) => (column, "names"),
                Origin::Jq(_) => (&self.hash, "the jq program of `scheme_from` names"),
            };
            let message = format!(
                "{names} no scheme that can be composed ({}), and the hash names none itself",
                Composable::WORDS
            );
            Problem::new(column, Broken::Password, message)
        })
    }
}

impl Origin {
    /// The columns that it reads.
    fn columns(&self) -> Vec<&str> {
        match self {
            Self::Column(column) => vec![column],
            Self::Jq(program) => program.paths().iter().map(String::as_str).collect(),
        }
    }

    /// The text, or number as it is written, of a record. What is wrong with a program's is told of
    /// the column of the hash.
    fn of<'a>(&self, source: &Source<'a>, hash: &str) -> Result<Option<Cow<'a, str>>, Problem> {
        let program = match self {
            Self::Column(column) => return text(&source.fields, column),
            Self::Jq(program) => program,
        };
        let wrong = |why: Cow<'static, str>| Problem::new(hash, Broken::Password, why);
        let record = source.whole().ok_or_else(|| wrong(IMMODERATE.into()))?;
        let output = program.run(&record).map_err(wrong)?;
        let found = part(output.as_json(), hash)?;
        Ok(found.map(|text| text.into_owned().into()))
    }
}

/// The one string, or why there is none.
type Composed = Result<String, Cow<'static, str>>;

/// Whether a hash can be nothing but the whole of its scheme.
fn is_whole(hash: &str) -> bool {
    let scheme = detect(hash);
    // Base64 of any digest may look like it.
    scheme.is_unmistakable() && scheme != Scheme::AspNetIdentity
}

impl Number {
    fn of(&self, source: &Source<'_>, hash: &str) -> Result<Option<u32>, Problem> {
        match self {
            Self::Value(value) => Ok(Some(*value)),
            Self::From(origin) => {
                Ok(origin.of(source, hash)?.and_then(|text| text.trim().parse().ok()))
            }
        }
    }
}

/// The text, or number as it is written, of a column.
fn text<'a>(fields: &Fields<'a>, column: &str) -> Result<Option<Cow<'a, str>>, Problem> {
    fields.find(column).map_or(Ok(None), |value| part(Json::of(value), column))
}

fn part<'a>(value: Json<'a>, column: &str) -> Result<Option<Cow<'a, str>>, Problem> {
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

#[cfg(test)]
mod tests;
