//! Who may not sign in, where the columns are those of a system that defines it itself: the rule is
//! written out of what its vendor documents, and makes an error of every other value.

use super::candidate::{Candidate, names, names_end};
use super::rule;
use super::survey::{FieldStats, Place};
use crate::mapping::UNKNOWN_STATE as UNKNOWN;
use crate::vocabulary::lockouts::{self, Reading, Says, System};
use crate::vocabulary::states::{Tally, What};
use crate::vocabulary::synonyms::plain;
use chrono::DateTime;

/// What a system's columns say of who may not sign in.
pub(super) struct Told {
    /// The fields that say it, by their numbers among the fields of the export.
    pub(super) at: Vec<usize>,
    /// The jq program that says whether the user is blocked.
    pub(super) expression: String,
    /// What a person should know.
    pub(super) note: String,
}

/// The names of a place as one, plain.
fn whole_name(place: &Place) -> String {
    names(place).concat()
}

/// The system whose fields these are: by their names, and by what it would make of their values.
fn system(names: &[String], fields: &[(Place, FieldStats)]) -> Option<&'static System> {
    let is_read = |says: &Says| {
        find(says.column, names, fields).is_none_or(|at| is_read(says.reading, &fields[at].1.tally))
    };
    lockouts::of(names).find(|system| system.says.iter().all(is_read))
}

/// The number of a column.
fn find(column: &str, names: &[String], fields: &[(Place, FieldStats)]) -> Option<usize> {
    let is_it = |at: &usize| names[*at] == column && matches!(fields[*at].0, Place::Column(_));
    (0..names.len()).find(is_it)
}

/// The fields that only explain what others of their system say, or say nothing, by their numbers; and what the
/// system is called.
pub(super) fn beside(fields: &[(Place, FieldStats)]) -> (Vec<usize>, &'static str) {
    let names: Vec<String> = fields.iter().map(|(place, _)| whole_name(place)).collect();
    let Some(system) = system(&names, fields) else { return (Vec::new(), "") };
    let is_one = |at: &usize| system.beside.contains(&names[*at].as_str());
    ((0..names.len()).filter(is_one).collect(), system.name)
}

/// What is said of these fields at this time, in seconds since 1970.
pub(super) fn told(fields: &[(Place, FieldStats)], now: Option<i64>) -> Option<Told> {
    let names: Vec<String> = fields.iter().map(|(place, _)| whole_name(place)).collect();
    let system = system(&names, fields)?;
    let find = |column: &str| find(column, &names, fields);
    let (mut at, mut parts, mut readings) = (Vec::new(), Vec::new(), Vec::new());
    for says in system.says {
        let Some(field) = find(says.column) else { continue };
        let place = &fields[field].0;
        at.push(field);
        readings.push(says.reading);
        let mut part = format!("({} | {})", rule::jq(place), program(says.reading));
        if let Some(other) = says.only_if.and_then(find) {
            at.push(other);
            let truth = Reading::Truth { blocks: true, none: Some(false) };
            readings.push(truth);
            part = format!("(({} | {}) and {part})", rule::jq(&fields[other].0), program(truth));
        }
        parts.push(part);
    }
    let has_clock = readings.iter().any(|reading| reading.has_clock());
    if has_clock && now.is_none() {
        return None;
    }
    let expression = format!("{} {}", definitions(&readings, now), parts.join(" or "));
    (!at.is_empty()).then(|| Told { at, expression, note: note(system, now.filter(|_| has_clock)) })
}

/// What a person should know of the rule.
fn note(system: &System, now: Option<i64>) -> String {
    let time = now.map(|now| {
        format!(
            "as of {}, when init ran (jq has no clock): for an export of another time, change asof",
            written(now)
        )
    });
    let note = (!system.note.is_empty()).then(|| system.note.to_owned());
    let parts: Vec<String> =
        [format!("as {} says it", system.name)].into_iter().chain(time).chain(note).collect();
    parts.join("; ")
}

/// Whether most of the values are of this kind. Without any value nothing speaks against it.
fn is_read(reading: Reading, tally: &Tally) -> bool {
    let never = tally.of(What::Never) + tally.of(What::No);
    let numbers = tally.of(What::Number(true)) + tally.of(What::Number(false));
    let truths = tally.of(What::Yes) + tally.of(What::No);
    let read = match reading {
        Reading::Since | Reading::Until { .. } => tally.of(What::Date) + never,
        Reading::Truth { .. } => tally.of(What::Yes) + never,
        Reading::Bit => numbers + tally.of(What::Code),
        Reading::Words(words) => words.iter().map(|(word, _)| tally.times(word)).sum(),
        Reading::Groups(_) => truths + tally.of(What::Code) + numbers + never,
        Reading::Expires => tally.of(What::Date) + numbers + never,
    };
    read * 10 >= tally.filled * 8
}

/// What the programs are made of: the names of those that call it, none for all, and the definition. A value that
/// is not there is the text null. TIME stands for when the survey was taken.
#[rustfmt::skip]
const PARTS: &[(&[&str], &str)] = &[
    (&["until", "expired"], "def asof: \"TIME\" | fromdateiso8601;"),
    (&[], "def unknown: error(\"UNKNOWN\");"),
    (&[], "def text: tostring | trim;"),
    (&["since", "until", "expired", "group"], "def none: . == \"\" or ascii_downcase == \"null\";"),
    // What MySQL, and what .NET and Go write where there is no date.
    (&["since", "until"], "def zero: test(\"^(0000-|0001-01-01|0?1[/.]0?1[/.]0001)\");"),
    (&["word"], "def word(words): text | ascii_downcase | words[.] | if . == null then unknown else . end;"),
    (&["since"], "def since: text | if none or zero then false elif test(\"^[0-9]{4}\") then true else unknown end;"),
    // Seconds or milliseconds since 1970, or a date and a time, with a zone or in UTC. The last year there is
    // stands for ever, and so does PostgreSQL's infinity; -infinity is before all times.
    (&["until"],
     "def until(never): text | if none then never elif zero or . == \"0\" or . == \"-infinity\" then false \
      elif startswith(\"9999-\") or . == \"infinity\" then true elif test(\"^[0-9]{10}$\") then tonumber > asof \
      elif test(\"^[0-9]{13}$\") then tonumber / 1000 > asof else (sub(\" \"; \"T\") | sub(\" \"; \"\") | sub(\"[.][0-9]+\"; \"\") | \
      if test(\"T[0-9:]+$\") then . + \"Z\" else . end | fromdateiso8601? // unknown) > asof end;"),
    (&["expired"],
     "def expired: text | if none or . == \"0\" then false elif test(\"^[0-9]{1,19}$\") \
      then tonumber <= (asof + 11644473600) * 10000000 else unknown end;"),
    (&["bit2"], "def bit2: text | if test(\"^[0-9]{1,10}$\") then tonumber / 2 | floor | . % 2 == 1 else unknown end;"),
    (&["group"], "def group(words): text | if none then false elif test(\"^[0-9]{1,9}$\") then words[.] // false else unknown end;"),
];

/// The definitions that the [`program`]s of these readings need.
fn definitions(readings: &[Reading], now: Option<i64>) -> String {
    let is_used = |callers: &[&str]| {
        callers.is_empty() || readings.iter().any(|reading| callers.contains(&name(*reading)))
    };
    let used = PARTS.iter().filter(|(callers, _)| is_used(callers));
    let used: Vec<&str> = used.map(|(_, definition)| *definition).collect();
    used.join(" ").replace("UNKNOWN", UNKNOWN).replace("TIME", &written(now.unwrap_or_default()))
}

/// A time as jq reads it.
fn written(seconds: i64) -> String {
    let time = DateTime::from_timestamp(seconds, 0).unwrap_or_default();
    time.format("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// Words and what they say, as jq has an object.
fn object<'a>(words: impl IntoIterator<Item = (&'a str, bool)>) -> String {
    let one = |(word, blocks): (&str, bool)| format!("\"{word}\": {blocks}");
    let words: Vec<String> = words.into_iter().map(one).collect();
    format!("{{{}}}", words.join(", "))
}

/// What the program of a reading is called in [`PARTS`].
fn name(reading: Reading) -> &'static str {
    match reading {
        Reading::Words(_) | Reading::Truth { .. } => "word",
        Reading::Since => "since",
        Reading::Until { .. } => "until",
        Reading::Expires => "expired",
        Reading::Bit => "bit2",
        Reading::Groups(_) => "group",
    }
}

/// The program behind the place of a column, of [`definitions`].
fn program(reading: Reading) -> String {
    let given = match reading {
        Reading::Words(words) => object(words.iter().copied()),
        Reading::Truth { blocks, none } => {
            let yes = ["true", "t", "1", "yes", "y"].map(|word| (word, blocks));
            let no = ["false", "f", "0", "no", "n"].map(|word| (word, !blocks));
            let none = none.map_or_else(Vec::new, |none| vec![("", none), ("null", none)]);
            object(yes.into_iter().chain(no).chain(none))
        }
        Reading::Until { none } => none.to_string(),
        Reading::Groups(out) => object(out.iter().map(|group| (*group, true))),
        Reading::Since | Reading::Expires | Reading::Bit => return name(reading).to_owned(),
    };
    format!("{}({given})", name(reading))
}

/// What nobody sees in a hash: Devise may have put a secret behind each password.
pub(super) fn note_peppers(found: &mut [Candidate], fields: &[(Place, FieldStats)]) {
    const DEVISE: &[&str] = &["resetpasswordtoken", "remembercreatedat", "resetpasswordsentat"];
    let is_devise = fields.iter().any(|(place, _)| DEVISE.contains(&whole_name(place).as_str()));
    for candidate in found.iter_mut().filter(|candidate| candidate.points.is_some()) {
        let (place, stats) = &fields[candidate.at];
        let is_its =
            plain(&names_end(place)) == "encryptedpassword" && stats.schemes.contains_key("bcrypt");
        if is_devise && is_its && candidate.field == "password" {
            let note = candidate.note.take().unwrap_or_default();
            candidate.note = Some(format!(
                "{note}; if config.pepper is set in Devise's initializer, nobody can sign in with these: the pepper is not in them"
            ));
        }
    }
}
