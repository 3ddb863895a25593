//! The salts of digests that lie in columns of their own.

use super::candidate::{Candidate, groups, is_group, names, names_end, raw_names};
use super::rule::{self, How};
use super::shape::Shape;
use super::survey::{FieldStats, Place};
use crate::schema::Schema;
use crate::vocabulary::salt::{self, Salt};
use crate::vocabulary::synonyms;

/// A hash without its salt is of no use: a person must know where it lies.
pub(super) fn salts_apart(
    found: &mut [Candidate],
    fields: &[(Place, FieldStats)],
    schema: &Schema,
) {
    for candidate in found.iter_mut().filter(|other| other.field == schema.password_field) {
        let (place, stats) = &fields[candidate.at];
        if let Some(salt) = ucenter(place, stats, fields).filter(|_| candidate.points.is_some()) {
            let hash = rule::written(place, &How::default());
            candidate.rule = format!(
                "{{ scheme = \"md5\", hash = {hash}, salt = {salt}, order = \"md5(password)+salt\" }}"
            );
            candidate.note = Some(
                "as UCenter hashes (Discuz): md5(md5(password)+salt); try it on one account whose password you know, with \
                 userferry password verify"
                    .to_owned(),
            );
            continue;
        }
        // Such a hash has its salt inside.
        if candidate.points.is_none() || stats.of_shape(Shape::Hash) > 0 {
            continue;
        }
        let beside = |is_it: &dyn Fn(&str) -> bool| beside(place, fields, is_it);
        let salts = salts_of(place, fields);
        let Some((kin, salt)) = salts.first().cloned() else { continue };
        let others: Vec<&str> =
            salts.iter().skip(1).filter(|other| other.0 == kin).map(|other| &other.1[..]).collect();
        let hash = rule::written(place, &How::default());
        let parts = format!("hash = {hash}, salt = {salt}");
        let is_firebase = fields.iter().any(|(other, _)| names(other) == ["localid"]);
        let digests: Vec<&str> =
            stats.schemes.keys().filter_map(|scheme| scheme.strip_prefix("hex-")).collect();
        if digests.is_empty() && kin == Salt::Other {
            continue;
        }
        if digests.is_empty() && is_firebase {
            // Whole it has 118 bytes, one more than the smaller key carries.
            candidate.rule = format!("{{ scheme = \"firebase-scrypt\", {parts}, short = true }}");
            candidate.note = Some("Firebase's scrypt".to_owned());
            continue;
        }
        let source = match (beside(&|name| synonyms::SCHEMES.contains(&name)), digests.as_slice()) {
            (Some(column), _) => format!("scheme_from = {column}"),
            (None, [_, ..]) => rule::scheme(place, &digests),
            (None, []) => {
                candidate.note = Some(format!(
                    "its salt lies in {salt}: password = {{ scheme = \"…\", {parts} }}"
                ));
                continue;
            }
        };
        let is_named = source.starts_with("scheme_from = \"");
        let iterations = beside(&|name| synonyms::ITERATIONS.contains(&name));
        let iterations = iterations
            .filter(|_| is_named)
            .map_or_else(String::new, |column| format!(", iterations = {column}"));
        // A wrong guess would let nobody sign in, and nothing would say so: it is only a comment.
        candidate.points = None;
        candidate.rule = format!("{{ {source}, {parts}{iterations}, order = \"salt+password\" }}");
        let guess = if is_named { "order is" } else { "scheme and order are" };
        let whose = match (kin, others.as_slice()) {
            (Salt::Other, _) => format!("{salt} may be the salt of something else; "),
            (_, []) => String::new(),
            (_, others) => format!("the salt may be {}, too; ", others.join(", ")),
        };
        candidate.note = Some(format!(
            "{whose}{guess} a guess: find out what was hashed (several times? then pbkdf2 or the like), and prove \
             it with userferry password verify and a password you know"
        ));
    }
}

/// The salt of UCenter, which keeps the users of Discuz, where the columns are those of its table of
/// members. Newer ones hash with bcrypt, which has its salt inside; such hashes stay as they are.
/// Source: UCenter's `uc_members` (install/uc.sql), and `get_passwordhash` in model/user.php.
fn ucenter(place: &Place, stats: &FieldStats, fields: &[(Place, FieldStats)]) -> Option<String> {
    const OTHERS: &[&str] = &[
        "myid",
        "myidkey",
        "regip",
        "regdate",
        "lastloginip",
        "lastlogintime",
        "secques",
        "secmobile",
        "secmobicc",
    ];
    let find = |name: &str| fields.iter().find(|(other, _)| names(other) == [name]);
    let is_known = |scheme: &str| ["hex-md5", "bcrypt", "plain"].contains(&scheme);
    let are_md5 =
        stats.schemes.contains_key("hex-md5") && stats.schemes.keys().all(|one| is_known(one));
    let (salt, of_salt) = find("salt")?;
    let has_names = ["uid", "username", "email"].iter().all(|name| find(name).is_some());
    let others = OTHERS.iter().filter(|name| find(name).is_some()).count();
    let is_one = names(place) == ["password"] && are_md5 && has_names && others >= 2;
    (is_one && of_salt.lengths == Some((6, 6))).then(|| rule::written(salt, &How::default()))
}

/// The columns that may hold the salts of this one's hashes, as a rule names them, the likeliest first.
fn salts_of(place: &Place, fields: &[(Place, FieldStats)]) -> Vec<(Salt, String)> {
    let name = names_end(place);
    let mut found: Vec<_> = fields
        .iter()
        .filter(|(other, stats)| matches!(other, Place::Column(_)) && stats.filled() > 0)
        .filter_map(|(other, stats)| {
            let kin = salt(other).filter(|kin| salt::may_be(*kin, &stats.tally))?;
            let (is_strange, shared) = salt::distance(&names_end(other), &name);
            let kin = if is_strange { Salt::Other } else { kin.min(Salt::Bare) };
            let is_apart = groups(other) != groups(place);
            Some(((is_strange, is_apart, shared, kin), other))
        })
        .collect();
    // Of equal ones the first in the export.
    found.sort_by_key(|(order, _)| *order);
    found
        .into_iter()
        .map(|((.., kin), other)| (kin, rule::written(other, &How::default())))
        .collect()
}

/// The column of such a name in the same object, as a rule names it.
fn beside(
    place: &Place,
    fields: &[(Place, FieldStats)],
    is_it: &dyn Fn(&str) -> bool,
) -> Option<String> {
    let found = fields.iter().map(|(other, _)| other).find(|other| {
        matches!(other, Place::Column(_))
            && groups(other) == groups(place)
            && names(other).last().is_some_and(|name| is_it(name))
    });
    found.map(|other| rule::written(other, &How::default()))
}

/// What a place's name says of a salt: all of its names together, `password.hash.salt.value`.
pub(super) fn salt(place: &Place) -> Option<Salt> {
    let path = raw_names(place);
    let (last, groups) = path.split_last()?;
    let is_users = |group: &String| is_group(group) || salt::is_of_password(group);
    if !groups.iter().all(is_users) {
        return None;
    }
    salt::of_name(last).or_else(|| {
        let before = groups.last().filter(|_| salt::is_value(last))?;
        salt::of_name(before)
    })
}
