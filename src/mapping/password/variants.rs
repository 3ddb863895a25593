//! The rules that may have been meant by a password's rule: another column as the salt, written otherwise,
//! hashed in another order.
//!
//! Digests cost nothing, so for them every column of the record is tried; of the schemes that are
//! slow only the salt's encodings are.

use super::origin::{Of, Origin, part};
use super::{Password, SchemeOf};
use crate::mapping::record::{Fields, Json};
use crate::mapping::{Source, path_of};
use crate::password::Digest;
use crate::password::compose::{Composable, Encoding, Order};

/// What was hashed, with a salt and without.
const SALTED: &[&str] = &[
    "salt+password",
    "password+salt",
    "md5(password)+salt",
    "salt+md5(password)",
    "sha1(password)+salt",
    "salt+sha1(password)",
    "salt+password+salt",
];
const UNSALTED: &[&str] = &["password", "md5(password)", "sha1(password)"];
const ENCODINGS: [Encoding; 3] = [Encoding::Text, Encoding::Hex, Encoding::Base64];
/// Columns of a record that may be the salt.
const COLUMNS: usize = 200;
/// The longest value that may be one.
const LONGEST: usize = 256;

/// The rules for a record that may have been meant by this one.
pub(in crate::mapping) fn variants(base: &Password, source: &Source<'_>) -> Vec<Password> {
    let digests = |digest| of_digest(base, digest, &source.fields);
    let of_scheme = |scheme| match scheme {
        // Neither a key nor a salt of Argon2 is guessed.
        Composable::Firebase | Composable::Argon2(_) | Composable::Hmac(_) => Vec::new(),
        Composable::Digest(digest) => digests(digest),
        Composable::Pbkdf2(_) | Composable::Scrypt => encodings(base.clone()).collect(),
    };
    match &base.scheme {
        SchemeOf::Named(scheme) => of_scheme(*scheme),
        SchemeOf::From(origin) => {
            base.scheme_of(origin, source).map_or_else(|_| Vec::new(), of_scheme)
        }
        SchemeOf::Hash => Digest::ALL.into_iter().flat_map(digests).collect(),
    }
}

/// The rule with the salt written in each way.
fn encodings(base: Password) -> impl Iterator<Item = Password> {
    let of = move |encoding| Password { salt_encoding: Of::Constant(encoding), ..base.clone() };
    ENCODINGS.into_iter().map(of)
}

fn of_digest(base: &Password, digest: Digest, fields: &Fields<'_>) -> Vec<Password> {
    let scheme = match &base.scheme {
        // What the records name stays theirs.
        SchemeOf::From(origin) => SchemeOf::From(origin.clone()),
        _ => SchemeOf::Named(Composable::Digest(digest)),
    };
    let named = Password { scheme, short: false, ..base.clone() };
    let text = Of::Constant(Encoding::Text);
    let alone = Password { salt: None, split: None, salt_encoding: text, ..named.clone() };
    let unsalted = UNSALTED.iter().filter_map(|order| Order::parse(order));
    let mut rules: Vec<Password> =
        unsalted.map(|order| Password { order: Of::Constant(order), ..alone.clone() }).collect();
    rules.extend(salted(&Password { split: Some(":".to_owned()), ..alone }));
    rules.extend(of_orders(&named, &columns(base, fields)));
    rules
}

/// The rule with each column as its salt, in each order and encoding.
fn of_orders(base: &Password, columns: &[String]) -> Vec<Password> {
    let with = |column: &String| {
        let salt = Some(Origin::Column(column.clone()));
        salted(&Password { salt, split: None, ..base.clone() })
    };
    columns.iter().flat_map(with).collect()
}

fn salted(base: &Password) -> Vec<Password> {
    let orders: Vec<Order> = SALTED.iter().filter_map(|order| Order::parse(order)).collect();
    let with = |order: Order| encodings(Password { order: Of::Constant(order), ..base.clone() });
    orders.into_iter().flat_map(with).collect()
}

/// The columns that may be a salt, the one that stands in the rule first.
fn columns(base: &Password, fields: &Fields<'_>) -> Vec<String> {
    let mut columns: Vec<String> = base.salt().map(str::to_owned).into_iter().collect();
    gather(fields, "", 3, &mut columns);
    columns.retain(|column| Some(column.as_str()) != base.hash());
    columns.truncate(COLUMNS);
    columns
}

fn gather(fields: &Fields<'_>, parent: &str, depth: usize, columns: &mut Vec<String>) {
    for (name, value) in &fields.0 {
        let path = path_of(parent, name);
        if let (true, Some(inner)) = (depth > 1 && value.starts_with('{'), Fields::parse(value)) {
            gather(&inner, &path, depth - 1, columns);
            continue;
        }
        let Ok(Some(text)) = part(Json::of(value), name) else { continue };
        if !text.is_empty() && text.len() <= LONGEST && !columns.contains(&path) {
            columns.push(path);
        }
    }
}
