//! Suggest: a mapping for an export, from the names of its fields and the shapes of their values.
//! Pure: what was seen goes in ([`Survey`]), lines of a settings file come out ([`Proposal`]).
//!
//! It proposes, a person decides: what is not certain is written as a comment, with the reason.
//! Every rule that is proposed has been tried on the records that were looked at ([`Tried`]). No value of a
//! record is shown.

mod blocked;
mod candidate;
mod choose;
mod dates;
mod homes;
mod lockouts;
mod nested;
mod passwords;
mod phones;
mod rule;
mod salts;
mod shape;
mod standing;
mod survey;
mod trial;
mod verified;
mod write;

pub use shape::Shape;
pub use survey::{FieldStats, Place, Survey};
pub use trial::Tried;

pub(crate) use rule::scheme;
pub(crate) use standing::{Judgement, judge};

use crate::schema::Schema;
use crate::vocabulary::salt::Salt;
use crate::vocabulary::standing::Kind;
use candidate::Candidate;
use std::collections::HashMap;
use trial::Trial;

/// A mapping that is proposed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Proposal {
    /// Records that were looked at.
    pub records: u64,
    /// Whether the export may have more.
    pub is_sample: bool,
    /// The rules: identifiers first, then the others; behind each its alternatives.
    pub lines: Vec<Line>,
    /// Fields of the export that nothing is made of.
    pub left: Vec<Left>,
    /// Fields that a copy of the raw record should go without.
    pub without: Vec<String>,
    /// The provider's field for such a copy.
    pub raw_field: Option<&'static str>,
    /// The provider's fields that identify a user.
    pub identifiers: Vec<&'static str>,
}

/// A rule that is proposed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// The provider's field.
    pub field: &'static str,
    /// The field of the export, as a person would name it.
    pub source: String,
    /// The rule as TOML.
    pub rule: String,
    /// Records of a hundred that have a value.
    pub coverage: String,
    /// What a person should know.
    pub note: Option<String>,
    /// What it came to on the records; none where it does not hold.
    pub tried: Option<Tried>,
    /// Whether what it refuses is left out, and does not cost the user.
    pub omits: bool,
    /// Whether it holds; otherwise it is written as a comment.
    pub holds: bool,
    /// Whether it is a comment because the rule above, which holds, takes its field, too.
    pub is_part: bool,
}

/// A field of the export that nothing is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Left {
    /// The field, as a person would name it.
    pub source: String,
    /// How a rule would name it, as TOML.
    pub rule: String,
    /// Records of a hundred that have a value.
    pub coverage: String,
    /// Why, or what could be made of it.
    pub reason: String,
}

/// Fields that come first, in this order, as the template has them; the others follow in the
/// target's order.
const FIRST: &[&str] = &[
    "externalId",
    "email",
    "phone",
    "username",
    "nickname",
    "password",
    "emailVerified",
    "phoneVerified",
    "loginsCount",
];

/// Why a rule leaves out what is wrong, though no value that was looked at is.
const FREE_TEXT: &str = "free text there, so what is no phone number is left out";

/// As [`FREE_TEXT`], of GoTrue's table.
const DIGESTS: &str =
    "of users deleted softly GoTrue keeps a digest in its place, which is left out";

/// The field of e-mail addresses.
const EMAIL: &str = "email";

/// The field of the external id.
const ID: &str = "externalId";

/// Points that an identifier loses some of whose values came before: another may be the better one.
const REPEATED: i64 = 300;

/// Proposes a mapping. `is_sample`: the export has, or may have, more records than were looked at.
///
/// Fields go by the vocabulary's words for them; the provider's own names stand in what comes out.
pub fn propose(survey: &Survey, is_sample: bool, schema: &Schema) -> Proposal {
    let mut proposal = by_meaning(survey, is_sample, &schema.by_meaning(), schema);
    for line in &mut proposal.lines {
        line.field = schema.named(line.field).unwrap_or(line.field);
    }
    proposal
}

/// `schema`: with the vocabulary's words for names. `own`: with the provider's.
fn by_meaning(survey: &Survey, is_sample: bool, schema: &Schema, own: &Schema) -> Proposal {
    let (fields, records) = (survey.fields(), survey.records());
    let trial = Trial::new(survey.kept(), schema);
    let mut candidates = choose::candidates(&fields, records, survey.taken_at(), schema);
    candidates.retain(|it| it.field == schema.password_field || schema.field(it.field).is_some());
    phones::settle(&mut candidates, &fields, &trial);
    verified::settle(&mut candidates, &survey.nested, &fields, records);
    let taken = passwords::settle(&mut candidates, &survey.nested, &fields, records, schema);
    passwords::shorten(&mut candidates, &trial, schema);
    let mut tried = try_all(&mut candidates, &trial, schema);
    never_verified_alone(&mut candidates, &mut tried);
    // The best first; of equal ones the first in the export.
    candidates.sort_by_key(|candidate| (std::cmp::Reverse(candidate.points), candidate.at));
    let rest = schema.fields.iter().map(|field| field.name).filter(|name| !FIRST.contains(name));
    let free = phones::free_text(&fields);
    let has_digests = phones::has_digests(&fields);
    let mut lines = Vec::new();
    for field in FIRST.iter().copied().chain(rest) {
        let of_field = candidates.iter().filter(|candidate| candidate.field == field);
        lines.extend(of_field.enumerate().map(|(i, candidate)| {
            let (place, stats) = &fields[candidate.at];
            let tried = tried.remove(&(candidate.at, candidate.field)).filter(|_| i == 0);
            let is_free = candidate.field == phones::PHONE && free.contains(&candidate.at);
            let is_digest = has_digests && matches!(candidate.field, EMAIL | phones::PHONE);
            let omits =
                tried.as_ref().is_some_and(|tried| is_free || is_digest || tried.refusals() > 0);
            Line { omits, ..line(candidate, place, percent(stats.filled(), records), tried) }
        }));
    }
    omit(&mut lines, has_digests, schema);
    tell_nobody(&mut lines, &fields, &trial);
    let held: Vec<&str> = lines.iter().filter(|line| line.holds).map(|line| line.field).collect();
    for line in &mut lines {
        line.is_part &= held.contains(&line.field);
    }
    let is_used = |at: usize| candidates.iter().any(|candidate| candidate.at == at);
    let is_part = |place: &Place| taken.is_some_and(|root| passwords::is_inside(place, root));
    let left = fields.iter().enumerate();
    let left = left.filter(|(at, (place, _))| !is_used(*at) && !is_part(place));
    let (beside, system) = lockouts::beside(&fields);
    let left = left.map(|(at, (place, stats))| Left {
        source: rule::shown(place),
        rule: rule::written(place, &rule::How::default()),
        coverage: percent(stats.filled(), records),
        reason: if beside.contains(&at) && stats.filled() > 0 {
            format!("not what says in {system} who may sign in")
        } else if lines.iter().any(|line| line.holds && rule::is_home(&line.rule, place)) {
            "in the rule of the phone numbers: the country of those without a country code"
                .to_owned()
        } else {
            why_left(place, stats, own)
        },
    });
    let left: Vec<Left> = left.collect();
    let without = without(&fields, &candidates, schema);
    let identifiers = own.fields.iter().filter(|field| field.identifier.is_some());
    let identifiers = identifiers.map(|field| field.name).collect();
    Proposal { records, is_sample, lines, left, without, raw_field: own.raw_field, identifiers }
}

/// Tries the rules that may hold; what each came to, by its candidate. One that refuses most values holds no
/// more, unless it is of passwords or of who may not sign in: without it nobody would miss them. Nor does a rule
/// that takes no value at all say who may sign in.
fn try_all(
    candidates: &mut [Candidate],
    trial: &Trial<'_>,
    schema: &Schema,
) -> HashMap<(usize, &'static str), Tried> {
    let mut all = HashMap::new();
    for candidate in candidates.iter_mut().filter(|candidate| candidate.points.is_some()) {
        let tried = trial.run(candidate.field, &candidate.rule).unwrap_or_default();
        let is_missed = candidate.field == schema.password_field
            || schema.blocked_field == Some(candidate.field)
                && (tried.taken > 0 || tried.refusals() == 0);
        if tried.takes_most() || is_missed {
            if let Some(told) = tried.told_repeated() {
                let notes = [Some(told), candidate.note.take()];
                candidate.note = Some(notes.into_iter().flatten().collect::<Vec<_>>().join("; "));
                candidate.points = candidate.points.map(|points| points - REPEATED);
            }
            all.insert((candidate.at, candidate.field), tried);
        } else {
            let told = [Some(tried.told(false)), candidate.note.take()];
            candidate.note = Some(told.into_iter().flatten().collect::<Vec<_>>().join("; "));
            candidate.points = None;
        }
    }
    all
}

/// Drops the proposal that says whether an address was verified if the address itself is not mapped.
fn never_verified_alone(
    candidates: &mut [Candidate],
    tried: &mut HashMap<(usize, &'static str), Tried>,
) {
    let pairs = [
        ("emailVerified", "email", "no column of e-mail addresses is taken"),
        ("phoneVerified", phones::PHONE, "no column of phone numbers is taken"),
    ];
    for (verified, field, why) in pairs {
        if tried.keys().any(|(_, taken)| *taken == field) {
            continue;
        }
        tried.retain(|(_, taken), _| *taken != verified);
        let is_it = |one: &&mut Candidate| one.field == verified && one.points.is_some();
        for candidate in candidates.iter_mut().filter(is_it) {
            candidate.points = None;
            candidate.note =
                Some(candidate.note.take().map_or(why.to_owned(), |note| format!("{why}; {note}")));
        }
    }
}

/// What a rule that holds refuses, or will refuse, is left out, where the field is not needed. `has_digests`: digests
/// stand in for addresses and numbers.
fn omit(lines: &mut [Line], has_digests: bool, schema: &Schema) {
    let holds = |field: &str| lines.iter().any(|line| line.holds && line.field == field);
    let (has_id, has_email) = (holds(ID), holds(EMAIL));
    for line in lines.iter_mut().filter(|line| line.omits) {
        line.omits = match line.field {
            EMAIL => has_digests && has_id,
            phones::PHONE => has_id || has_email,
            field => may_omit(field, schema),
        };
        if line.omits {
            line.rule = rule::with_omission(&line.rule);
            let is_clean = line.tried.as_ref().is_some_and(|tried| tried.refusals() == 0);
            let is_digest = has_digests && matches!(line.field, EMAIL | phones::PHONE);
            let note = if is_digest { Some(DIGESTS) } else { is_clean.then_some(FREE_TEXT) };
            let notes = line.note.take().into_iter().chain(note.map(str::to_owned));
            let notes: Vec<String> = notes.collect();
            line.note = (!notes.is_empty()).then(|| notes.join("; "));
        }
    }
}

/// Says where a row of the system stands for nobody, and would become a user.
fn tell_nobody(lines: &mut [Line], fields: &[(Place, FieldStats)], trial: &Trial<'_>) {
    let Some(system) = choose::system(fields) else { return };
    for line in lines.iter_mut().filter(|line| line.holds && line.field == ID) {
        let ids = trial.texts(ID, &line.rule);
        if let Some((id, whom)) = ids.iter().find_map(|id| Some((id, system.nobody(id)?))) {
            let note = format!("{id} stands for {whom}: leave this row out of the export");
            line.note =
                Some(line.note.take().map_or_else(|| note.clone(), |old| format!("{old}; {note}")));
        }
    }
}

/// Whether a wrong value of a field may be left out. Who a user is, whether they may sign in, and by which
/// password, is never left out; a phone number only where something else identifies the user.
fn may_omit(field: &str, schema: &Schema) -> bool {
    schema
        .field(field)
        .is_some_and(|field| field.identifier.is_none() && schema.why_needed(field).is_none())
}

/// `tried`: what the rule came to, if it holds.
fn line(candidate: &Candidate, place: &Place, coverage: String, tried: Option<Tried>) -> Line {
    let is_second = candidate.points.is_some() && tried.is_none();
    let another = is_second.then(|| "another candidate".to_owned());
    let notes: Vec<String> = another.into_iter().chain(candidate.note.clone()).collect();
    Line {
        field: candidate.field,
        source: rule::shown(place),
        rule: candidate.rule.clone(),
        coverage,
        note: (!notes.is_empty()).then(|| notes.join("; ")),
        holds: tried.is_some(),
        tried,
        omits: false,
        is_part: candidate.is_part,
    }
}

/// What a path says by its names of whether its user may sign in: `status.enabled` does,
/// `newsletter.enabled` not.
pub(crate) fn standing(path: &[String]) -> Option<Kind> {
    blocked::standing(&Place::Column(path.to_vec()))
}

/// Whether a path says by its name alone who may sign in or not.
pub(crate) fn speaks(path: &[String]) -> bool {
    let kind = standing(path);
    kind.is_some_and(|kind| !matches!(kind, Kind::Open | Kind::Status | Kind::Mark))
}

/// Whether a path is that of a password's salt.
pub(crate) fn salt(path: &[String]) -> Option<Salt> {
    salts::salt(&Place::Column(path.to_vec()))
}

/// Whole per cent, rounded down: 100 % are all.
fn percent(n: u64, of: u64) -> String {
    match n * 100 / of.max(1) {
        0 if n > 0 => "< 1 %".to_owned(),
        whole => format!("{whole} %"),
    }
}

fn why_left(place: &Place, stats: &FieldStats, own: &Schema) -> String {
    if stats.filled() == 0 {
        return "always empty".to_owned();
    }
    if choose::is_credentials(place) && stats.of_type("list") > 0 {
        return format!(
            "may hold password hashes in parts, inside a list; if so: {} = {{ scheme = …, hash = \
             \"credentials[0].…\", salt = … }}",
            own.password_field
        );
    }
    if choose::is_secret(place, stats) {
        return match own.raw_field {
            Some(raw) => format!("looks like a secret: keep it out of {raw}, too"),
            None => "looks like a secret".to_owned(),
        };
    }
    if let (true, Some(blocked)) = (choose::is_status(place), own.blocked_field) {
        let rule = standing::rule_to_complete(place);
        let how = standing::HOW_TO_COMPLETE;
        return format!("if it says who may not log in: {blocked} = {rule} ({how})");
    }
    if let Some((field, group)) = choose::elsewhere(place) {
        return format!(
            "inside `{group}`, which may be another's; if it is the user's: {}",
            own.named(field).unwrap_or(field)
        );
    }
    if stats.of_type("list") > 0 {
        return "a list of objects: jq can pick one value out of it".to_owned();
    }
    if stats.of_type("object") > 0 {
        return "an object whose names are data".to_owned();
    }
    "no field of the provider is plainly meant".to_owned()
}

/// What a copy of the raw record should go without: secrets, and what may be a password but was
/// not taken for it.
fn without(
    fields: &[(Place, FieldStats)],
    candidates: &[Candidate],
    schema: &Schema,
) -> Vec<String> {
    let mut names = Vec::new();
    for (at, (place, stats)) in fields.iter().enumerate() {
        let password =
            |candidate: &Candidate| candidate.at == at && candidate.field == schema.password_field;
        let is_hidden = stats.of_shape(Shape::Hash) > 0 || candidates.iter().any(password);
        if !is_hidden && !choose::is_secret(place, stats) {
            continue;
        }
        let name = match place {
            Place::Column(path) | Place::First(path) | Place::FirstValue(path) => path.join("."),
            Place::Pair { list, .. } => list.join("."),
        };
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

#[cfg(test)]
mod tests;
