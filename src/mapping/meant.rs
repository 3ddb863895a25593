//! Which rule was meant, where a password that is known does not match by the one that stands there.
//! A wrong rule cannot match: a digest has 128 bits or more.

use super::password::variants;
use super::{Mapping, Password, Rule, Source};
use crate::schema::Schema;
use secrecy::ExposeSecret as _;

/// A rule by which the password matches.
pub(crate) struct Meant {
    /// As it is written in the mapping.
    pub(crate) rule: String,
    /// The column that is its salt and feeds a field of its own, which no password's column may.
    pub(crate) feeds: Option<(String, String)>,
}

/// The first rule for this record's password whose one string `matches`.
pub(crate) fn meant(
    raw: &[u8],
    mapping: &Mapping,
    schema: &Schema,
    matches: &dyn Fn(&str) -> bool,
) -> Option<Meant> {
    let field = schema.password_field;
    let source = Source::of(raw).ok()?;
    let base = base(mapping, field)?;
    let hash = base.hash_of(&source)?;
    let does = |rule: &Password| {
        let taken = rule.take(&source).ok().flatten();
        // A hash that is whole is the same by every rule.
        let taken = taken.filter(|stored| stored.expose_secret() != hash);
        taken.is_some_and(|stored| matches(stored.expose_secret()))
    };
    let rule = variants(&base, &source).into_iter().find(does)?;
    let feeds = rule.salt().and_then(|salt| {
        let of = |(name, other): &&(String, Rule)| {
            name != field && !matches!(other, Rule::Raw { .. }) && other.reads(salt)
        };
        mapping.rules().iter().find(of).map(|(name, _)| (salt.to_owned(), name.clone()))
    });
    Some(Meant { rule: format!("{field} = {}", rule.to_toml()), feeds })
}

/// Whether a password is what stands in its column, with nothing added to it.
pub(crate) fn is_as_it_stands(
    raw: &[u8],
    mapping: &Mapping,
    schema: &Schema,
    stored: &str,
) -> bool {
    let (Ok(source), Some(base)) = (Source::of(raw), base(mapping, schema.password_field)) else {
        return false;
    };
    base.hash_of(&source).is_some_and(|hash| hash == stored)
}

/// The rule of the password; none where it is not made of a column of hashes.
fn base(mapping: &Mapping, field: &str) -> Option<Password> {
    match mapping.rule(field)? {
        Rule::Password(rule) => Some((**rule).clone()),
        Rule::Column { from, .. } => Some(Password::of_column(from)),
        Rule::Jq { .. } | Rule::Constant(_) | Rule::Raw { .. } => None,
    }
}
