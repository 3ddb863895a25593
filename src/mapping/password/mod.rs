//! The rule of a password whose parts stand apart, or that is to be shorter.

mod origin;
mod read;
mod stored;
mod variants;

pub(super) use read::MARKS;
pub(super) use stored::stored;
pub(super) use variants::variants;

use super::Source;
use crate::password::compose::{
    Composable, Encoding, Order, Parts, Typed, Variant, Version, compose, halves, shorten,
    with_iterations,
};
use crate::password::{Scheme, detect};
use crate::problem::{Problem, Rule as Broken};
use origin::{Of, Origin};
use secrecy::SecretString;
use std::borrow::Cow;

/// Where the parts of a password's hash come from.
#[derive(Clone, Debug, PartialEq)]
pub struct Password {
    scheme: SchemeOf,
    hash: Origin,
    hash_encoding: Option<Of<Encoding>>,
    /// What stands between digest and salt, where the column of the hash has both.
    split: Option<String>,
    salt: Option<Origin>,
    salt_encoding: Of<Encoding>,
    order: Of<Order>,
    /// How the password was written when it was hashed.
    typed: Option<Of<Typed>>,
    /// The key of an HMAC.
    key: Option<Origin>,
    key_encoding: Of<Encoding>,
    costs: Costs,
    short: bool,
}

/// What the slow schemes ask for.
#[derive(Clone, Debug, PartialEq)]
struct Costs {
    iterations: Option<Of<u32>>,
    /// scrypt's.
    n: Option<Of<u32>>,
    r: Of<u32>,
    /// Lanes of scrypt and Argon2.
    p: Of<u32>,
    /// Argon2's memory in KiB.
    m: Option<Of<u32>>,
    variant: Option<Of<Variant>>,
    version: Option<Of<Version>>,
}

impl Default for Costs {
    fn default() -> Self {
        Self {
            iterations: None,
            n: None,
            r: Of::Constant(8),
            p: Of::Constant(1),
            m: None,
            variant: None,
            version: None,
        }
    }
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

/// What problems are told of where no column has the hash.
const NAMELESS: &str = "password";

impl Password {
    /// The column of the hash, or the path to it, if it is one.
    pub(crate) fn hash(&self) -> Option<&str> {
        self.hash.column()
    }

    /// What a problem is told of.
    fn name(&self) -> &str {
        self.hash().unwrap_or(NAMELESS)
    }

    /// The column of the salt, where it has one of its own.
    pub(super) fn salt(&self) -> Option<&str> {
        self.salt.as_ref()?.column()
    }

    /// What the column of the hash holds for a record.
    pub(super) fn hash_of<'a>(&self, source: &Source<'a>) -> Option<Cow<'a, str>> {
        self.read_hash(source).ok().flatten()
    }

    fn read_hash<'a>(&self, source: &Source<'a>) -> Result<Option<Cow<'a, str>>, Problem> {
        self.hash.read(source, self.name(), |value, column| {
            stored(value, "a part of the password is expected")
                .map_err(|why| Problem::new(column, Broken::Type, why))
        })
    }

    /// The columns that must not go anywhere else.
    pub(super) fn secrets(&self) -> impl Iterator<Item = &str> {
        let origins = [Some(&self.hash), self.salt.as_ref(), self.key.as_ref()];
        // A rule with one that may read any other is refused when it is read.
        origins.into_iter().flatten().flat_map(|origin| origin.certain().unwrap_or_default())
    }

    /// All columns that it reads.
    pub(crate) fn columns(&self) -> impl Iterator<Item = &str> {
        let scheme = match &self.scheme {
            SchemeOf::From(origin) => Some(origin),
            _ => None,
        };
        let costs = &self.costs;
        let numbers = [costs.iterations.as_ref(), costs.n.as_ref(), costs.m.as_ref()];
        let numbers = numbers.into_iter().flatten().chain([&costs.r, &costs.p]);
        let encodings = [Some(&self.salt_encoding), Some(&self.key_encoding)];
        let encodings = encodings.into_iter().chain([self.hash_encoding.as_ref()]).flatten();
        let others = [
            self.order.origin(),
            self.typed.as_ref().and_then(Of::origin),
            costs.variant.as_ref().and_then(Of::origin),
            costs.version.as_ref().and_then(Of::origin),
        ];
        let origins = scheme
            .into_iter()
            .chain(numbers.filter_map(Of::origin))
            .chain(encodings.filter_map(Of::origin))
            .chain(others.into_iter().flatten());
        self.secrets().chain(origins.flat_map(Origin::columns))
    }

    /// Whether its digests are hashed with a salt of their own.
    pub(crate) fn has_salt(&self) -> bool {
        self.salt.is_some() || self.split.is_some()
    }

    /// In which order digests are composed with their salt. Nothing in a record proves it, unless it
    /// says so itself.
    pub(crate) fn salted_order(&self) -> Option<String> {
        let may_be_digest = match self.scheme {
            SchemeOf::Named(scheme) => matches!(scheme, Composable::Digest(_)),
            SchemeOf::From(_) => true,
            SchemeOf::Hash => false,
        };
        match &self.order {
            Of::Constant(order) if may_be_digest && self.has_salt() && order.has_salt() => {
                Some(order.words())
            }
            _ => None,
        }
    }

    /// What it does, for people.
    pub(super) fn what(&self) -> &'static str {
        match self.scheme {
            SchemeOf::Named(scheme) => scheme.as_str(),
            SchemeOf::From(Origin::Column(_)) => "the scheme that its column names",
            SchemeOf::From(Origin::Jq(_)) => "the scheme that a jq program names",
            SchemeOf::Hash if self.short => "a shorter hash",
            SchemeOf::Hash => "the hash as it is",
        }
    }

    /// The one string for a record; none where it has no hash.
    pub(super) fn take(&self, source: &Source<'_>) -> Result<Option<SecretString>, Problem> {
        let Some(hash) = self.read_hash(source)? else { return Ok(None) };
        let stored = self.compose(source, &hash)?;
        let stored = if self.short { shorten(&stored) } else { stored };
        Ok(Some(stored.into()))
    }

    fn compose(&self, source: &Source<'_>, hash: &str) -> Result<String, Problem> {
        // Tables that changed their scheme once have both: a hash that says its own stays as it is.
        let is_split =
            self.split.as_ref().is_some_and(|split| !hash.starts_with('$') && hash.contains(split));
        if is_whole(hash) && !is_split {
            return self.whole(source, hash);
        }
        let iterations = self.costs.iterations.as_ref();
        if let Some(Of::Constant(iterations)) = iterations
            && let Some(whole) = with_iterations(hash, *iterations)
        {
            return self.whole(source, &whole);
        }
        let scheme = match &self.scheme {
            SchemeOf::Named(scheme) => *scheme,
            SchemeOf::Hash => return Ok(hash.to_owned()),
            SchemeOf::From(origin) => self.scheme_of(origin, source)?,
        };
        let has_order = !matches!(&self.order, Of::Constant(order) if !order.has_salt());
        if matches!(scheme, Composable::Digest(_)) && self.has_salt() && !has_order {
            let message = "a digest with a salt, and the mapping has no `order` that says what was \
                           hashed, e.g. \"salt+password\"";
            return Err(self.problem(message));
        }
        let composed = match &self.split {
            Some(split) => self.compose_halves(scheme, source, hash, split)?,
            None => self.compose_parts(scheme, source, hash)?,
        };
        composed.map_err(|why| self.problem(why))
    }

    /// A hash that says all itself: what a record says beside it must not contradict.
    fn whole(&self, source: &Source<'_>, hash: &str) -> Result<String, Problem> {
        if self.typed(source)? != Typed::Utf8 {
            return Err(self.problem(
                "the password was not in UTF-8 when it was hashed, and a hash of this scheme cannot say so",
            ));
        }
        let is_placed = matches!(self.order, Of::From { .. });
        if is_placed && self.read_salt(source)?.is_some() {
            return Err(self.problem(
                "a hash that has its salt inside, and another salt beside it: such a hash cannot be composed",
            ));
        }
        Ok(hash.to_owned())
    }

    fn problem(&self, why: impl Into<String>) -> Problem {
        Problem::new(self.name(), Broken::Password, why)
    }

    /// An empty cell is no salt.
    fn read_salt<'a>(&self, source: &Source<'a>) -> Result<Option<Cow<'a, str>>, Problem> {
        let salt = self.salt.as_ref().map(|salt| salt.text(source, self.name())).transpose()?;
        Ok(salt.flatten().filter(|salt| !salt.is_empty()))
    }

    fn typed(&self, source: &Source<'_>) -> Result<Typed, Problem> {
        let typed = self.typed.as_ref().map(|typed| typed.value(source, self.name()));
        Ok(typed.transpose()?.flatten().unwrap_or(Typed::Utf8))
    }

    /// What was hashed. A record that says no order has no salt, or the mapping says which it is.
    fn order(&self, source: &Source<'_>, is_salted: bool) -> Result<Order, Problem> {
        let order = if is_salted {
            self.order.value(source, self.name())?
        } else {
            self.order.said(source, self.name())?.or(Some(Order::plain()))
        };
        let why = "a salt, and the record does not say in which order it was hashed";
        order.ok_or_else(|| self.problem(why))
    }

    /// Of one column with digest and salt.
    fn compose_halves(
        &self,
        scheme: Composable,
        source: &Source<'_>,
        text: &str,
        split: &str,
    ) -> Result<Composed, Problem> {
        let order = self.order(source, true)?;
        let mut problem = None;
        for (hash, salt) in halves(text, split).into_iter().flatten() {
            let salt = Some(salt).filter(|salt| !salt.is_empty());
            match compose(scheme, &self.parts(source, hash, salt, &order)?) {
                Ok(stored) => return Ok(Ok(stored)),
                Err(why) => problem = problem.or(Some(why)),
            }
        }
        Ok(Err(problem.unwrap_or("`split` does not stand in it, so there is no salt".into())))
    }

    /// Of a hash and what other columns have that belongs to it.
    fn compose_parts(
        &self,
        scheme: Composable,
        source: &Source<'_>,
        hash: &str,
    ) -> Result<Composed, Problem> {
        let salt = self.read_salt(source)?;
        let is_ordered = matches!(scheme, Composable::Digest(_) | Composable::Hmac(_));
        let order = if is_ordered { self.order(source, salt.is_some())? } else { Order::plain() };
        let key = self.key.as_ref().filter(|_| matches!(scheme, Composable::Hmac(_)));
        let key = key.map(|key| key.text(source, self.name())).transpose()?.flatten();
        let mut parts = self.parts(source, hash, salt.as_deref(), &order)?;
        if let Some(key) = key.as_deref() {
            let encoding = self.key_encoding.value(source, self.name())?;
            parts.key = Some((key, encoding.unwrap_or(Encoding::Text)));
        }
        // Only what the scheme asks for: a column of another may be anything in this record.
        let of = |number: &Of<u32>| number.value(source, self.name());
        let costs = &self.costs;
        if let (Composable::Pbkdf2(_) | Composable::Argon2(_), Some(number)) =
            (scheme, &costs.iterations)
        {
            parts.iterations = of(number)?;
        }
        match (scheme, &costs.n, &costs.m) {
            (Composable::Scrypt, Some(n), _) => {
                let (n, r, p) = (of(n)?, of(&costs.r)?, of(&costs.p)?);
                parts.scrypt = n.zip(r).zip(p).map(|((n, r), p)| (u64::from(n), r, p));
            }
            (Composable::Argon2(_), _, Some(m)) => {
                parts.argon2 = of(m)?.zip(of(&costs.p)?);
                let variant = costs.variant.as_ref().map(|one| one.value(source, self.name()));
                parts.variant = variant.transpose()?.flatten();
                let version = costs.version.as_ref().map(|one| one.value(source, self.name()));
                parts.version = version.transpose()?.flatten();
            }
            _ => {}
        }
        Ok(compose(scheme, &parts))
    }

    /// Hash and salt as the rule says that they are written.
    fn parts<'a>(
        &self,
        source: &Source<'_>,
        hash: &'a str,
        salt: Option<&'a str>,
        order: &'a Order,
    ) -> Result<Parts<'a>, Problem> {
        let name = self.name();
        let hash_encoding = self.hash_encoding.as_ref().map(|it| it.value(source, name));
        let salt_encoding = self.salt_encoding.value(source, name)?;
        Ok(Parts {
            hash_encoding: hash_encoding.transpose()?.flatten(),
            salt,
            salt_encoding: salt_encoding.unwrap_or(Encoding::Text),
            typed: self.typed(source)?,
            ..Parts::of(hash, order)
        })
    }

    /// The scheme that a record names.
    fn scheme_of(&self, origin: &Origin, source: &Source<'_>) -> Result<Composable, Problem> {
        let word = origin.text(source, self.name())?.unwrap_or_default();
        Composable::parse(&word).ok_or_else(|| {
            let (column, names) = match origin {
                Origin::Column(column) => (column.as_str(), "names"),
                Origin::Jq(_) => (self.name(), "the jq program of `scheme_from` names"),
            };
            let message = format!(
                "{names} no scheme that can be composed ({}), and the hash names none itself",
                Composable::WORDS
            );
            Problem::new(column, Broken::Password, message)
        })
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

#[cfg(test)]
mod tests;
