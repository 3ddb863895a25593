//! Which field of the export is which of the provider's.

use super::blocked::{BLOCKED, blocked};
use super::candidate::{Candidate, groups, has_name, names, permille};
use super::lockouts::note_peppers;
use super::rule::{self, How};
use super::salts::salts_apart;
use super::shape::Shape;
use super::survey::{FieldStats, Place};
use crate::schema::{Field, Schema, Type};
use crate::user::IdKind;
use crate::vocabulary::synonyms::{self, Meaning};
use crate::vocabulary::systems::{self, Reading, System};
use crate::words::grouped;
use std::borrow::Cow;

/// The system whose export has these fields.
pub(super) fn system(fields: &[(Place, FieldStats)]) -> Option<&'static System> {
    let columns = fields.iter().filter_map(|(place, _)| match place {
        Place::Column(path) | Place::First(path) => path.last().map(String::as_str),
        _ => None,
    });
    systems::of_columns(&columns.collect::<Vec<&str>>())
}

/// All candidates, in the order of the export.
pub(super) fn candidates(
    fields: &[(Place, FieldStats)],
    records: u64,
    now: Option<i64>,
    schema: &Schema,
) -> Vec<Candidate> {
    let system = system(fields);
    let mut found: Vec<Candidate> = fields
        .iter()
        .enumerate()
        .filter(|(_, (place, stats))| stats.filled() > 0 && has_name(place))
        .filter_map(|(at, (place, stats))| {
            if let Some(reading) = system.and_then(|system| system.reading(names(place).last()?)) {
                return Some(of_system(at, place, reading));
            }
            let own = system.and_then(|system| system.field(names(place).last()?));
            let (meaning, depth) = match own {
                Some("") => return None,
                Some(field) => (Meaning { field, doubt: 0 }, 0),
                None => region(place, stats, fields).or_else(|| meaning(place))?,
            };
            let doubt = i64::from(meaning.doubt) + 50 * depth;
            let field = if meaning.field == "username" && are_seconds(stats) {
                "lastLogin"
            } else {
                meaning.field
            };
            let is_of_standing = matches!(field, BLOCKED | "isDeleted");
            (!is_of_standing && (!stats.in_text || may_be_own_word(field, schema)))
                .then(|| candidate(at, place, stats, field, (records, doubt), schema))
        })
        .collect();
    blocked(&mut found, fields, records, now);
    by_shape(&mut found, fields, records, schema);
    salts_apart(&mut found, fields, schema);
    note_peppers(&mut found, fields);
    found
}

/// A column whose values mean something of their own in the system.
fn of_system(at: usize, place: &Place, reading: &Reading) -> Candidate {
    let steps = reading.step.into_iter().collect();
    let how = How { filter: Some(reading.filter), steps, ..How::default() };
    Candidate {
        at,
        field: reading.field,
        rule: rule::written(place, &how),
        note: Some(reading.note.to_owned()),
        points: Some(1_000),
        is_part: false,
    }
}

/// Whether `init` may propose a field from text that holds JSON. Users write Supabase's `raw_user_meta_data`
/// themselves (<https://supabase.com/docs/guides/auth/managing-user-data>), so it must not supply identifiers,
/// passwords or truth values.
fn may_be_own_word(field: &str, schema: &Schema) -> bool {
    let is_word = |field: &Field| field.identifier.is_none() && field.ty != Type::Bool;
    schema.field(field).is_some_and(is_word)
}

/// Whether `login` says when, in seconds since 1970: nobody is called so.
fn are_seconds(stats: &FieldStats) -> bool {
    let seconds = stats.of_shape(Shape::Seconds);
    seconds > 0 && seconds + stats.of_shape(Shape::NoDate) == stats.filled()
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
    let is_taken = kind != Some(IdKind::ExternalId) || is_nearly_unique(stats);
    let note = (!is_taken).then(|| no_id(stats.repeated, stats.filled()));
    if field == schema.password_field && stats.of_shape(Shape::Hash) > 0 {
        doubt -= 500;
    }
    let points = permille(stats.filled(), records) - doubt;
    match how {
        Err(why) => {
            let rule = rule::written(place, &How::default());
            Candidate {
                at,
                field,
                rule,
                note: Some(why.into_owned()),
                points: None,
                is_part: false,
            }
        }
        Ok(how) => {
            let points = is_taken.then_some(points);
            let rule = rule::written(place, &how);
            let more = stats.several.then(|| "the first of several".to_owned());
            let notes: Vec<String> = [more, note, how.note].into_iter().flatten().collect();
            let note = (!notes.is_empty()).then(|| notes.join("; "));
            Candidate { at, field, rule, note, points, is_part: false }
                .or_time(place, stats, records)
        }
    }
}

/// Whether at most one value in fifty came before: these are mistakes of their records, and `check` is
/// for them. Where more do, the field tells something else.
fn is_nearly_unique(stats: &FieldStats) -> bool {
    stats.repeated * 50 <= stats.filled()
}

/// What follows where too many values came before.
fn no_id(repeated: u64, filled: u64) -> String {
    let them = if repeated == 1 {
        "it is a mistake, correct it"
    } else {
        "they are mistakes, correct them"
    };
    format!(
        "{} of {} values came before, so it is hardly an id: with this line the later records could not be sent; if \
         {them} and take it; without an external id users are recognised by e-mail address, phone number or user name",
        grouped(repeated),
        grouped(filled)
    )
}

impl Candidate {
    /// `email_verified_at` holds when, where whether is asked; where it is empty, it says no.
    fn or_time(self, place: &Place, stats: &FieldStats, records: u64) -> Self {
        if !matches!(self.field, "emailVerified" | "phoneVerified") || !is_time(stats) {
            return self;
        }
        let rule = rule::written_filled(place);
        let note = Some("it says when; verified where there is a time".to_owned());
        let points = self.points.map(|points| points + 1_000 - permille(stats.filled(), records));
        Self { rule, note, points, ..self }
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
) -> Result<How, Cow<'static, str>> {
    if field == schema.password_field {
        return rule::password(place, stats);
    }
    let Some(known) = schema.field(field) else {
        return Err("the target has no such field".into());
    };
    match rule::how(known, stats) {
        Err(_) if matches!(field, "emailVerified" | "phoneVerified") && is_time(stats) => {
            Ok(How::default())
        }
        how => how,
    }
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
                || stats.in_text
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
