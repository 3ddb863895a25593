//! Columns that nothing maps, though their names say that it matters: whether a user may sign in, and
//! the salt of a hash.

use super::FieldCounts;
use crate::input::show_name;
use crate::mapping::{Mapping, Rule};
use crate::suggest::{self, Place, Standing, quoted};
use crate::target::schema::Schema;

/// What such names end with: most others are told by it at once.
const ENDS: &[&str] =
    &["enabled", "active", "disabled", "blocked", "suspended", "locked", "banned", "salt"];
/// The provider's field of those who may not sign in.
const BLOCKED: &str = "blocked";

/// Whether the last part of a path is such a name.
pub(crate) fn matters(path: &str) -> bool {
    let has_end = |end: &&str| {
        let from = path.len().checked_sub(end.len());
        from.and_then(|from| path.get(from..)).is_some_and(|tail| tail.eq_ignore_ascii_case(end))
    };
    (ENDS.iter().any(has_end) || !path.is_ascii())
        && (suggest::standing(path).is_some() || suggest::is_salt(path))
}

/// Whether a rule takes this field of the record, or something inside it. A copy of the record takes
/// nothing: nobody reads it.
pub(super) fn is_taken(mapping: &Mapping, name: &str) -> bool {
    let is_it = |column: &str| super::feeds(name, column) || super::feeds(column, name);
    mapping.rules().iter().any(|(_, rule)| match rule {
        Rule::Column { from, .. } => is_it(from),
        Rule::Password(password) => password.columns().any(is_it),
        Rule::Jq { program, .. } => program.paths().iter().any(|path| is_it(path)),
        Rule::Constant(_) | Rule::Raw { .. } => false,
    })
}

/// What follows from a path that says who may sign in, and is not mapped.
pub(super) fn of_standing(
    path: &str,
    mapping: &Mapping,
    schema: &Schema,
    fields: &FieldCounts,
) -> Option<String> {
    let standing = suggest::standing(path)?;
    schema.field(BLOCKED)?;
    let shown = show_name(path.as_bytes());
    let who = "if it says who may not sign in, these users could after the move";
    match mapping.rule(BLOCKED) {
        None => {
            let (how, word) = match standing {
                Standing::Allowed => ("not", " != \"the word that lets in\""),
                Standing::Blocked => ("bool", " == \"the word that shuts out\""),
            };
            let from = quoted(path);
            let words = suggest::asked(&names_of(path, fields), word);
            Some(format!(
                "`{shown}` is not mapped: {who}; map it: {BLOCKED} = {{ from = {from}, as = \"{how}\" }}, or where it \
                 says so in words: {BLOCKED} = {words}"
            ))
        }
        // It may look at the whole record.
        Some(Rule::Jq { .. }) => None,
        Some(_) => Some(format!(
            "`{shown}` is not mapped, and the rule of {BLOCKED} takes another column alone: {who}; one rule can \
             take both: {BLOCKED} = {{ jq = '…' }}"
        )),
    }
}

/// A field of a record: its name may hold dots, or it is a path.
fn names_of(path: &str, fields: &FieldCounts) -> Place {
    Place::Column(match fields.get(path) {
        Some(_) => vec![path.to_owned()],
        None => path.split('.').map(str::to_owned).collect(),
    })
}

/// What follows from a salt that is not mapped, where the passwords are digests without one.
pub(super) fn of_salt(
    salt: &str,
    digests: &[&str],
    mapping: &Mapping,
    schema: &Schema,
    fields: &FieldCounts,
) -> Option<String> {
    let hash = match mapping.rule(schema.password_field)? {
        Rule::Password(password) if password.has_salt() => return None,
        Rule::Password(password) => password.hash(),
        Rule::Column { from, .. } => from,
        _ => return None,
    };
    if digests.is_empty() || !suggest::is_salt(salt) {
        return None;
    }
    let scheme = suggest::scheme(&names_of(hash, fields), digests);
    let (shown, hash, salt) = (show_name(salt.as_bytes()), quoted(hash), quoted(salt));
    Some(format!(
        "the passwords are digests without a salt ({}), and `{shown}` is not mapped: if it was hashed with them, \
         nobody could sign in; then password = {{ {scheme}, hash = {hash}, salt = {salt}, order = \"salt+password\" \
         }}, in the order in which it was hashed",
        digests.join(", ")
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_matter_are_known_in_every_spelling_and_others_are_not() {
        for name in [
            "enabled",
            "isEnabled",
            "IS_ACTIVE",
            "account.enabled",
            "status.isDisabled",
            "user_active",
            "Suspended",
            "is-blocked",
            "locked",
            "banned",
            "已禁用",
            "pwd_salt",
            "passwordSalt",
            "credential.salt",
            "盐",
        ] {
            assert!(matters(name), "{name}");
        }
        for name in [
            "inactive_since",
            "enabled_at",
            "lastActive",
            "basalt_no",
            "enabled.by",
            "mfa.enabled",
            "newsletter.active",
            "device.phone.locked",
            "friends.bob.isActive",
            "apiToken.salt",
            "姓名",
            "",
            "proactive",
        ] {
            assert!(!matters(name), "{name}");
        }
    }
}
