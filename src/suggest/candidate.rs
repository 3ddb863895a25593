//! A field of the export that may feed one of the provider's, and the names on the path to it.

use super::rule;
use super::survey::Place;
use crate::vocabulary::synonyms::{self, plain};
use crate::vocabulary::words;

/// A field of the export that may feed one of the provider's.
#[derive(Clone, Debug)]
pub(super) struct Candidate {
    /// Its number among the fields of the export.
    pub(super) at: usize,
    /// The provider's field.
    pub(super) field: &'static str,
    pub(super) rule: String,
    /// What a person should know, or why it does not fit.
    pub(super) note: Option<String>,
    /// Better ones have more; none for what does not fit.
    pub(super) points: Option<i64>,
    /// Whether the rule of another candidate takes it, too.
    pub(super) is_part: bool,
}

/// A rule cannot name a column that has no name.
pub(super) fn has_name(place: &Place) -> bool {
    !rule::shown(place).is_empty()
}

/// The last name of a place.
pub(super) fn names_end(place: &Place) -> String {
    raw_names(place).pop().unwrap_or_default()
}

/// Whether an object, or the table whose name stands before a column's, only groups what is the user's:
/// `profile`, `sys_user`, `dbo`.
pub(super) fn is_group(name: &str) -> bool {
    let is_known =
        |word: &str| synonyms::GROUPS.contains(&word) || synonyms::TABLES.contains(&word);
    let words = words::known(name, &is_known);
    synonyms::GROUPS.contains(&plain(name).as_str()) || words.iter().all(|word| is_known(word))
}

/// The names of the objects around a place, plain.
pub(super) fn groups(place: &Place) -> Vec<String> {
    let mut names = names(place);
    names.pop();
    names
}

/// The names that lead to a place, plain. A name such as `cognito:username` is two; those that
/// databases add (`$oid`, `$date`) are none.
pub(super) fn names(place: &Place) -> Vec<String> {
    raw_names(place).iter().map(|name| plain(name)).filter(|name| !name.is_empty()).collect()
}

/// The same as they are written.
pub(super) fn raw_names(place: &Place) -> Vec<String> {
    let (path, last) = match place {
        Place::Column(path) | Place::First(path) | Place::FirstValue(path) => (path, None),
        Place::Pair { list, name, .. } => (list, Some(name)),
    };
    path.iter()
        .chain(last)
        .filter(|name| !name.starts_with('$'))
        .flat_map(|name| name.split([':', '.']))
        .filter(|name| name.contains(char::is_alphanumeric))
        .map(str::to_owned)
        .collect()
}

/// Of a thousand.
pub(super) fn permille(n: u64, of: u64) -> i64 {
    i64::try_from(n * 1000 / of.max(1)).unwrap_or(1000)
}
