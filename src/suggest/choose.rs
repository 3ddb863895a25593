//! Which field of the export is which of the provider's.

use super::rule::{self, How};
use super::salt::{self, Salt};
use super::shape::Shape;
use super::standing::{self, Judgement, Kind};
use super::survey::{FieldStats, Place};
use super::synonyms::{self, Meaning, plain};
use super::words;
use crate::target::schema::Schema;
use crate::ui::grouped;
use crate::user::IdKind;

/// The field of users who may not sign in.
const BLOCKED: &str = "blocked";

/// A field of the export that may feed one of the provider's.
#[derive(Clone, Debug)]
pub(super) struct Candidate {
    /// Its number among the fields of the export.
    pub(super) at: usize,
    /// The provider's field.
    pub(super) field: &'static str,
    /// The rule.
    pub(super) rule: String,
    /// What a person should know, or why it does not fit.
    pub(super) note: Option<String>,
    /// Better ones have more; none for what does not fit.
    pub(super) points: Option<i64>,
}

/// All candidates, in the order of the export.
pub(super) fn candidates(
    fields: &[(Place, FieldStats)],
    records: u64,
    schema: &Schema,
) -> Vec<Candidate> {
    let mut found: Vec<Candidate> = fields
        .iter()
        .enumerate()
        .filter(|(_, (place, stats))| stats.filled() > 0 && has_name(place))
        .filter_map(|(at, (place, stats))| {
            let (meaning, depth) = region(place, stats, fields).or_else(|| meaning(place))?;
            let doubt = i64::from(meaning.doubt) + 50 * depth;
            let is_of_standing = matches!(meaning.field, BLOCKED | "isDeleted");
            (!is_of_standing)
                .then(|| candidate(at, place, stats, meaning.field, (records, doubt), schema))
        })
        .collect();
    blocked(&mut found, fields, records);
    by_shape(&mut found, fields, records, schema);
    salts_apart(&mut found, fields, schema);
    found
}

/// A rule cannot name a column that has no name.
fn has_name(place: &Place) -> bool {
    !rule::shown(place).is_empty()
}

/// A `state` beside a city, or a postal code, is a region, unless it holds words for states of accounts.
fn region(
    place: &Place,
    stats: &FieldStats,
    fields: &[(Place, FieldStats)],
) -> Option<(Meaning, i64)> {
    let group = groups(place);
    let is_state = names(place).last().is_some_and(|name| name == "state")
        && stats.tally.known() * 2 < stats.filled();
    let is_place = |other: &Place| {
        let found = (groups(other) == group).then(|| meaning(other)).flatten();
        found.is_some_and(|(found, _)| matches!(found.field, "locality" | "postalCode"))
    };
    let is_region =
        is_state && are_groups(&group) && fields.iter().any(|(other, _)| is_place(other));
    let depth = i64::try_from(group.len()).unwrap_or(i64::MAX);
    is_region.then_some((Meaning { field: "region", doubt: 10 }, depth))
}

/// A hash without its salt is of no use: a person must know where it lies.
fn salts_apart(found: &mut [Candidate], fields: &[(Place, FieldStats)], schema: &Schema) {
    for candidate in found.iter_mut().filter(|other| other.field == schema.password_field) {
        let (place, stats) = &fields[candidate.at];
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

fn candidate(
    at: usize,
    place: &Place,
    stats: &FieldStats,
    field: &'static str,
    (records, doubt): (u64, i64),
    schema: &Schema,
) -> Candidate {
    let kind = schema.field(field).and_then(|field| field.identifier);
    let how = fit(place, stats, field, schema);
    let mut doubt = doubt;
    let mut note = None;
    let is_id = kind == Some(IdKind::ExternalId);
    let is_taken = !is_id || is_nearly_unique(stats);
    if kind.is_some() && stats.repeated > 0 {
        doubt += 300;
        note = Some(about_repeated(stats, is_taken));
    }
    if field == schema.password_field && stats.of_shape(Shape::Hash) > 0 {
        doubt -= 500;
    }
    let points = permille(stats.filled(), records) - doubt;
    match how {
        Err(why) => {
            let rule = rule::written(place, &How::default());
            Candidate { at, field, rule, note: Some(why.to_owned()), points: None }
        }
        Ok(how) => {
            let points = is_taken.then_some(points);
            let rule = rule::written(place, &how);
            let more = stats.several.then(|| "the first of several".to_owned());
            let notes: Vec<String> = [more, note, how.note].into_iter().flatten().collect();
            let note = (!notes.is_empty()).then(|| notes.join("; "));
            Candidate { at, field, rule, note, points }.or_time(place, stats)
        }
    }
}

/// Whether at most one value in fifty came before: these are mistakes of their records, and `check` is
/// for them. Where more do, the field tells something else.
fn is_nearly_unique(stats: &FieldStats) -> bool {
    stats.repeated * 50 <= stats.filled()
}

/// What follows from values of an identifier that came before.
fn about_repeated(stats: &FieldStats, is_taken: bool) -> String {
    let (n, of) = (grouped(stats.repeated), grouped(stats.filled()));
    let is_one = stats.repeated == 1;
    match (is_taken, is_one) {
        (true, true) => format!(
            "{n} of {of} values came before in another record: the later record cannot be sent, and check names it"
        ),
        (true, false) => format!(
            "{n} of {of} values came before in other records: the later records cannot be sent, and check names them"
        ),
        (false, _) => {
            let them = if is_one {
                "it is a mistake, correct it"
            } else {
                "they are mistakes, correct them"
            };
            format!(
                "{n} of {of} values came before, so it is hardly an id: with this line the later records could not be \
                 sent; if {them} and take it; without an external id users are recognised by e-mail address, phone \
                 number or user name"
            )
        }
    }
}

impl Candidate {
    /// `email_verified_at` holds when, where whether is asked.
    fn or_time(self, place: &Place, stats: &FieldStats) -> Self {
        if !matches!(self.field, "emailVerified" | "phoneVerified") || !is_time(stats) {
            return self;
        }
        let rule = rule::written_filled(place);
        Self { rule, note: Some("it says when; verified where there is a time".to_owned()), ..self }
    }
}

fn is_time(stats: &FieldStats) -> bool {
    stats.of_shape(Shape::Moment) + stats.of_shape(Shape::Date) == stats.filled()
}

fn fit(
    place: &Place,
    stats: &FieldStats,
    field: &str,
    schema: &Schema,
) -> Result<How, &'static str> {
    if field == schema.password_field {
        return rule::password(place, stats);
    }
    let Some(known) = schema.field(field) else { return Err("the target has no such field") };
    match rule::how(known, stats) {
        Err(_) if matches!(field, "emailVerified" | "phoneVerified") && is_time(stats) => {
            Ok(How::default())
        }
        how => how,
    }
}

/// What says who may not sign in. The provider has one field for it: several that are certain become one
/// rule.
fn blocked(found: &mut Vec<Candidate>, fields: &[(Place, FieldStats)], records: u64) {
    let is_taken = |at: usize| found.iter().any(|other| other.at == at);
    let told: Vec<(usize, Judgement)> = fields
        .iter()
        .enumerate()
        .filter(|(at, (place, _))| has_name(place) && !is_taken(*at))
        .filter_map(|(at, (place, stats))| {
            let kind = standing(place)?;
            let name = names_end(place);
            let told = standing::judge(kind, &name, &stats.tally, records)?;
            let is_flag = matches!(kind, Kind::Allowed | Kind::Blocked | Kind::Bits);
            (told.concerned > 0 || is_flag).then_some((at, told))
        })
        .collect();
    let certain: Vec<&(usize, Judgement)> =
        told.iter().filter(|(_, told)| told.is_certain).collect();
    let several = (certain.len() > 1).then(|| {
        let of_one =
            |(at, told): &&(usize, Judgement)| format!("({})", told.expression(&fields[*at].0));
        rule::jq_rule(&certain.iter().map(of_one).collect::<Vec<_>>().join(" or "))
    });
    let first = certain.first().map(|(at, _)| *at);
    for (at, told) in &told {
        let (place, stats) = &fields[*at];
        let points = permille(stats.filled(), records) - 50 * i64::from(told.is_opposite);
        let mut candidate = Candidate {
            at: *at,
            field: BLOCKED,
            rule: told.rule(place),
            note: about_standing(told),
            points: told.is_certain.then_some(points),
        };
        if let Some(rule) = several.as_ref().filter(|_| told.is_certain) {
            let own = candidate.note.take().map_or(String::new(), |note| format!("; {note}"));
            if first == Some(*at) {
                let names: Vec<String> =
                    certain.iter().map(|(at, _)| rule::shown(&fields[*at].0)).collect();
                candidate.rule.clone_from(rule);
                candidate.note = Some(format!("shut out by any of {}{own}", names.join(", ")));
            } else {
                candidate.points = None;
                candidate.note = Some(format!("is in the rule above{own}"));
            }
        }
        found.push(candidate);
    }
}

fn about_standing(told: &Judgement) -> Option<String> {
    let opposite = told.is_opposite.then(|| "the opposite of blocked".to_owned());
    let is_asked = !told.is_told;
    let notes: Vec<String> = opposite.into_iter().chain(told.note.clone()).collect();
    (!notes.is_empty()).then(|| notes.join(if is_asked { ": " } else { "; " }))
}

fn names_end(place: &Place) -> String {
    raw_names(place).pop().unwrap_or_default()
}

/// What a place says of whether its user may sign in.
pub(super) fn standing(place: &Place) -> Option<Kind> {
    let path = raw_names(place);
    let (last, groups) = path.split_last()?;
    let is_users =
        |group: &String| synonyms::STATUS.contains(&plain(group).as_str()) || is_group(group);
    groups.iter().all(is_users).then(|| standing::kind(last))?
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

/// Whether an object, or the table whose name stands before a column's, only groups what is the user's:
/// `profile`, `sys_user`, `dbo`.
fn is_group(name: &str) -> bool {
    let is_known =
        |word: &str| synonyms::GROUPS.contains(&word) || synonyms::TABLES.contains(&word);
    let words = words::known(name, &is_known);
    synonyms::GROUPS.contains(&plain(name).as_str()) || words.iter().all(|word| is_known(word))
}

/// What no name told may be told by the values, where nothing else is the field.
fn by_shape(
    found: &mut Vec<Candidate>,
    fields: &[(Place, FieldStats)],
    records: u64,
    schema: &Schema,
) {
    for (field, shapes) in [
        ("email", &[Shape::Email][..]),
        ("phone", &[Shape::ChinaMobile, Shape::PlusPhone]),
        (schema.password_field, &[Shape::Hash]),
        ("externalId", &[Shape::Uuid]),
    ] {
        if found.iter().any(|other| other.field == field && other.points.is_some()) {
            continue;
        }
        for (at, (place, stats)) in fields.iter().enumerate() {
            // A user name may be an e-mail address; another field is what it is called, if it fits.
            let may_share =
                |other: &Candidate| other.field == "username" && matches!(field, "email" | "phone");
            let is_taken = found
                .iter()
                .any(|other| other.at == at && other.points.is_some() && !may_share(other));
            let n = shapes.iter().map(|shape| stats.of_shape(*shape)).max().unwrap_or(0);
            let is_id = field == "externalId" && (n == 0 && ends_with_id(place));
            let is_it = n * 20 >= stats.filled() * 19 || is_id;
            if is_taken
                || !is_it
                || stats.filled() == 0
                || !has_name(place)
                || !are_groups(&groups(place))
            {
                continue;
            }
            if is_id && stats.filled() < records {
                continue;
            }
            let mut told = candidate(at, place, stats, field, (records, 400), schema);
            let why = if is_id { "told by its name's end" } else { "told by its values" };
            told.note = Some(told.note.map_or(why.to_owned(), |note| format!("{why}; {note}")));
            if told.points.is_some() {
                found.push(told);
            }
        }
    }
}

fn ends_with_id(place: &Place) -> bool {
    names(place).last().is_some_and(|name| name.ends_with("id") || name.ends_with("编号"))
}

/// What the names of a place mean, and how deep it lies. The longest end of the path that means
/// something counts; what is before it must only be a group.
fn meaning(place: &Place) -> Option<(Meaning, i64)> {
    let names = names(place);
    if is_status(place) {
        return None;
    }
    (0..names.len()).find_map(|from| {
        let found = synonyms::meaning(&names[from..].concat())?;
        let depth = i64::try_from(from).unwrap_or(i64::MAX);
        may_hold(found.field, &names[..from]).then_some((found, depth))
    })
}

/// Whether what lies in objects of these names is a field of the user. A `status` holds what is true or
/// not of its user, but `status.name` is nobody's.
pub(super) fn may_hold(field: &str, groups: &[String]) -> bool {
    let is_truth = matches!(field, "blocked" | "isDeleted" | "emailVerified" | "phoneVerified");
    let is_status = |name: &String| is_truth && synonyms::STATUS.contains(&name.as_str());
    groups.iter().all(|name| synonyms::GROUPS.contains(&name.as_str()) || is_status(name))
}

/// What a field would be if it did not lie in something that is not the user.
pub(super) fn elsewhere(place: &Place) -> Option<(&'static str, String)> {
    let names = names(place);
    let (last, groups) = names.split_last()?;
    let found = synonyms::meaning(last)?;
    let group = groups.iter().find(|group| !synonyms::GROUPS.contains(&group.as_str()))?;
    Some((found.field, group.clone()))
}

/// Whether a field's name says that it must be kept back. Whether somebody has a secret is none.
pub(super) fn is_secret(place: &Place, stats: &FieldStats) -> bool {
    stats.filled() > stats.of_type("bool")
        && names(place).iter().any(|name| synonyms::SECRET.iter().any(|part| name.contains(part)))
}

/// Whether a field holds ways to log in.
pub(super) fn is_credentials(place: &Place) -> bool {
    names(place).last().is_some_and(|name| name.starts_with("credential"))
}

/// Whether a field says by words of its own who is blocked.
pub(super) fn is_status(place: &Place) -> bool {
    let names = names(place);
    let Some((last, groups)) = names.split_last() else { return false };
    synonyms::STATUS.contains(&last.as_str())
        && !groups.iter().any(|group| matches!(group.as_str(), "address" | "location"))
}

fn are_groups(names: &[String]) -> bool {
    may_hold("", names)
}

fn groups(place: &Place) -> Vec<String> {
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
fn raw_names(place: &Place) -> Vec<String> {
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

fn permille(n: u64, of: u64) -> i64 {
    i64::try_from(n * 1000 / of.max(1)).unwrap_or(1000)
}
