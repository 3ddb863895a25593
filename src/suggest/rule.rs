//! How a value that was found must be read so that the target takes it, and how a rule is written.

use super::dates::Order;
use super::shape::Shape;
use super::survey::{FieldStats, Place};
use crate::password::cost::named;
use crate::schema::{Field, Format, Type};
use crate::words::{grouped, quoted};
use std::borrow::Cow;

/// What is before the second address of several.
const FIRST_EMAIL: &str = "strings | sub(\"[|;,].*\"; \"\")";

/// What is done with the values of a place.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct How {
    /// What jq makes of a value before all else.
    pub(super) filter: Option<&'static str>,
    /// The words of `as`.
    pub(super) steps: Vec<&'static str>,
    /// A key that belongs to them, and its value.
    pub(super) option: Option<(&'static str, String)>,
    /// What a person should know.
    pub(super) note: Option<String>,
}

impl How {
    pub(super) fn step(word: &'static str) -> Self {
        Self { steps: vec![word], ..Self::default() }
    }

    fn note(self, text: impl Into<String>) -> Self {
        Self { note: Some(text.into()), ..self }
    }
}

/// What must be done so that the field takes these values, or why it takes them not. Most of them
/// must fit: the others are what `check` is for.
pub(super) fn how(field: &Field, stats: &FieldStats) -> Result<How, Cow<'static, str>> {
    if most(stats, stats.of_type("list") + stats.of_type("object")) {
        return Err("a list or an object, which no field takes".into());
    }
    if most(stats, stats.of_shape(Shape::Hash)) {
        return Err("password hashes, which must not be readable".into());
    }
    match (field.ty, field.format) {
        (Type::Bool, _) => truth(stats),
        (Type::Int, _) => int(stats),
        (Type::TextList, _) => Err("the field takes a list of texts".into()),
        (Type::Text, _) if most(stats, stats.of_type("bool")) => {
            Err("truth values, where text is expected".into())
        }
        (Type::Text, Format::Email) => email(stats),
        (Type::Text, Format::Phone) => phone(stats),
        (Type::Text, Format::DateTime) => moment(stats),
        (Type::Text, _) if field.name == "birthdate" => day(stats),
        (Type::Text, _) if field.name == "lastIP" && !half(stats, stats.of_shape(Shape::Ip)) => {
            Err("its values are no addresses of machines".into())
        }
        (Type::Text, _) if field.name == "photo" && are_ids(stats) => {
            Err("the ids of files, which are no addresses".into())
        }
        (Type::Text, Format::OneOf(_)) => gender(stats),
        (Type::Text, _) => Ok(text(field, stats)),
    }
}

/// As [`how`], for the password.
pub(super) fn password(place: &Place, stats: &FieldStats) -> Result<How, Cow<'static, str>> {
    const UNKNOWN: &str =
        "no hash of a known scheme: if it is plain text, set keep_password = false above";
    const NOT_TYPED: &str = "of a form that is not known, and nothing that people type: find out what made it (README, Passwords)";
    if !matches!(place, Place::Column(_)) {
        return Err("a password comes from a column, not from inside a list".into());
    }
    if !most(stats, stats.of_type("text") + stats.of_type("number")) {
        return Err("no text, so no password".into());
    }
    let schemes: Vec<String> =
        stats.schemes.keys().filter(|scheme| **scheme != "plain").map(|one| named(one)).collect();
    if schemes.is_empty() {
        let note = if stats.texts.are_typed() { UNKNOWN } else { NOT_TYPED };
        return Ok(How::default().note(note));
    }
    Ok(How::default().note(schemes.join(", ")))
}

fn are_ids(stats: &FieldStats) -> bool {
    most(stats, stats.of_shape(Shape::Uuid) + stats.of_shape(Shape::Whole))
}

fn all(stats: &FieldStats, n: u64) -> bool {
    n >= stats.filled()
}

fn most(stats: &FieldStats, n: u64) -> bool {
    n > 0 && n * 10 >= stats.filled() * 8
}

/// As [`most`], for what may be left out where it is wrong.
fn half(stats: &FieldStats, n: u64) -> bool {
    n > 0 && n * 2 >= stats.filled()
}

fn text(field: &Field, stats: &FieldStats) -> How {
    // Identifiers lose the white space around them without being asked.
    if stats.of_shape(Shape::Spaced) > 0 && field.identifier.is_none() {
        return How::step("trim");
    }
    How::default()
}

fn email(stats: &FieldStats) -> Result<How, Cow<'static, str>> {
    let several = stats.of_shape(Shape::Emails);
    if !most(stats, stats.of_shape(Shape::Email) + several) {
        return Err("its values are no e-mail addresses".into());
    }
    let mut steps = Vec::new();
    if stats.of_shape(Shape::Spaced) > 0 {
        steps.push("trim");
    }
    if stats.of_shape(Shape::Capitals) > 0 {
        steps.push("lower");
    }
    if several == 0 {
        return Ok(How { steps, ..How::default() });
    }
    let how = How { steps, filter: Some(FIRST_EMAIL), ..How::default() };
    Ok(how.note(format!("{} of them several addresses: the first", grouped(several))))
}

/// The region is chosen later, by the numbers themselves; then the rule is tried, and holds where it takes most of
/// them. A wrong one among them costs no user.
fn phone(stats: &FieldStats) -> Result<How, Cow<'static, str>> {
    match stats.of_shape(Shape::Phone) {
        0 => Err("its values are no phone numbers".into()),
        few if few * 4 < stats.filled() => {
            let (few, all) = (grouped(few), grouped(stats.filled()));
            Err(format!("{few} of {all} values are phone numbers").into())
        }
        _ => Ok(How::default()),
    }
}

fn gender(stats: &FieldStats) -> Result<How, Cow<'static, str>> {
    if all(stats, stats.of_shape(Shape::Letter)) {
        return Ok(How::default());
    }
    if half(stats, stats.of_shape(Shape::Gender)) {
        return Ok(How::step("gender"));
    }
    Err("words that as = \"gender\" does not know".into())
}

fn moment(stats: &FieldStats) -> Result<How, Cow<'static, str>> {
    let moments = stats.of_shape(Shape::Moment);
    if all(stats, moments) && stats.of_type("number") == 0 {
        return Ok(How::default());
    }
    date(stats, moments + stats.of_shape(Shape::Date))
}

fn day(stats: &FieldStats) -> Result<How, Cow<'static, str>> {
    if all(stats, stats.of_shape(Shape::Day)) {
        return Ok(How::default());
    }
    let how = date(stats, stats.of_shape(Shape::Moment) + stats.of_shape(Shape::Date))?;
    // A day does not move with the zone.
    Ok(How { note: None, ..how })
}

fn date(stats: &FieldStats, known: u64) -> Result<How, Cow<'static, str>> {
    let never = stats.of_shape(Shape::NoDate);
    if known > 0 && half(stats, known + never) {
        let how = How::step("date");
        if stats.of_shape(Shape::NoZone) > 0 {
            return Ok(how.note("without a zone, so taken as UTC; else zone = \"+08:00\""));
        }
        return Ok(how);
    }
    let pattern = stats.patterns.iter().max_by_key(|(_, orders)| orders.all);
    let Some((pattern, orders)) = pattern.filter(|(_, found)| half(stats, found.all + never))
    else {
        return Err("its values are no dates in a form that is known".into());
    };
    match orders.certain() {
        Some(order) if pattern.has_whole_year() => {
            Ok(How { option: Some(("format", pattern.format(order))), ..How::step("date") })
        }
        Some(order) => Err(format!(
            "years of two digits: if all are of this century, as = \"date\", format = \"{}\"",
            pattern.format(order)
        )
        .into()),
        None => Err(format!(
            "day and month could be either: as = \"date\", format = \"{}\" or \"{}\"",
            pattern.format(Order::DayFirst),
            pattern.format(Order::MonthFirst)
        )
        .into()),
    }
}

pub(super) fn truth(stats: &FieldStats) -> Result<How, Cow<'static, str>> {
    let bools = stats.of_type("bool");
    if all(stats, bools) {
        return Ok(How::default());
    }
    let known = bools + stats.of_shape(Shape::Truth);
    // A few are mistakes of their records; many are words with a meaning of their own.
    if known == 0 || (stats.filled() - known) * 50 > stats.filled() {
        return Err("values that mean neither true nor false".into());
    }
    Ok(How::step("bool"))
}

fn int(stats: &FieldStats) -> Result<How, Cow<'static, str>> {
    let whole = stats.of_shape(Shape::Whole);
    if all(stats, whole) && all(stats, stats.of_type("number")) {
        return Ok(How::default());
    }
    if most(stats, whole) {
        return Ok(How::step("int"));
    }
    Err("no whole numbers of 32 bits".into())
}

/// The right side of a line of `[mapping]`.
pub(super) fn written(place: &Place, how: &How) -> String {
    let source = match (place, how.filter) {
        (_, Some(filter)) => format!("jq = {}", program(&format!("{} | {filter}", jq(place)))),
        (Place::Column(path), _) if how.steps.is_empty() => return quoted(&path.join(".")),
        (Place::Column(path), _) => format!("from = {}", quoted(&path.join("."))),
        _ => format!("jq = {}", program(&jq(place))),
    };
    let steps: Vec<String> = how.steps.iter().map(|step| quoted(step)).collect();
    let steps = match &steps[..] {
        [] => String::new(),
        [one] => format!(", as = {one}"),
        several => format!(", as = [{}]", several.join(", ")),
    };
    let option = how
        .option
        .as_ref()
        .map_or(String::new(), |(key, value)| format!(", {key} = {}", quoted(value)));
    format!("{{ {source}{steps}{option} }}")
}

/// A rule of a jq program that asks something about a place, e.g. `.enabled == false`.
pub(super) fn written_jq(place: &Place, what: &str) -> String {
    jq_rule(&format!("{}{what}", jq(place)))
}

pub(super) fn jq_rule(text: &str) -> String {
    format!("{{ jq = {} }}", program(text))
}

/// What names the scheme of a column of digests in hexadecimal digits: where they are of several, how
/// many digits there are tells them apart.
pub(crate) fn scheme(place: &Place, digests: &[&str]) -> String {
    if let [one] = digests {
        return format!("scheme = \"{one}\"");
    }
    let digits = |digest: &str| match digest {
        "md5" => 32,
        "sha1" => 40,
        "sha256" => 64,
        _ => 128,
    };
    let names: Vec<String> =
        digests.iter().map(|digest| format!("\"{}\": \"{digest}\"", digits(digest))).collect();
    let text = format!("{{{}}}[{} | length | tostring]", names.join(", "), jq(place));
    format!("scheme_from = {{ jq = {} }}", program(&text))
}

/// The rule of phone numbers that begin with their country codes, without the `+`.
pub(super) fn written_plus(place: &Place) -> String {
    let text = "select(. != null and . != \"\") | \"+\" + (tostring | ltrimstr(\"+\"))";
    format!("{{ jq = {}, as = \"phone\" }}", program(&format!("{} | {text}", jq(place))))
}

/// A rule of phone numbers without a country code, whose countries another column of the record says.
pub(super) fn written_home(place: &Place, home: &Place) -> String {
    let rule = written(place, &How::step("phone"));
    let inside = rule.strip_suffix(" }").unwrap_or(&rule);
    format!("{inside}, {} }}", written_region(home))
}

/// Whether a rule takes the country of numbers from this place.
pub(super) fn is_home(rule: &str, home: &Place) -> bool {
    rule.contains(&written_region(home))
}

fn written_region(home: &Place) -> String {
    format!("region = {{ from = {} }}", quoted(&shown(home)))
}

/// The same rule, which leaves out what it would refuse.
pub(super) fn with_omission(rule: &str) -> String {
    const OMIT: &str = "on_error = \"omit\" }";
    match rule.strip_suffix(" }") {
        Some(inside) => format!("{inside}, {OMIT}"),
        None => format!("{{ from = {rule}, {OMIT}"),
    }
}

/// The rule that a place is filled. CSV has empty text where nothing is.
pub(super) fn written_filled(place: &Place) -> String {
    format!("{{ jq = {} }}", program(&format!("({} // \"\") != \"\"", jq(place))))
}

/// A place as a person would name it.
pub(super) fn shown(place: &Place) -> String {
    match place {
        Place::Column(path) => path.join("."),
        Place::First(path) => format!("{}[0]", path.join(".")),
        Place::FirstValue(path) => format!("{}[0].value", path.join(".")),
        Place::Pair { list, name, .. } => format!("{}: {name}", list.join(".")),
    }
}

/// The jq program that leads to a place.
pub(super) fn jq(place: &Place) -> String {
    let path = |names: &[String]| -> String {
        let plain = |name: &str| {
            name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
                && !name.starts_with(|c: char| c.is_ascii_digit())
        };
        let step = |name: &String| match name {
            name if plain(name) => format!(".{name}"),
            name => format!(".[{}]", serde_json::Value::from(name.as_str())),
        };
        names.iter().map(step).collect()
    };
    match place {
        Place::Column(names) => path(names),
        Place::First(names) => format!("{}[0]", path(names)),
        Place::FirstValue(names) => format!("{}[0].value", path(names)),
        Place::Pair { list, keys: (key, value), name } => {
            let name = serde_json::Value::from(name.as_str());
            format!("{}[]? | select(.{key} == {name}) | .{value}", path(list))
        }
    }
}

/// A program as TOML: as it is where it can be.
fn program(text: &str) -> String {
    if text.contains('\'') || text.chars().any(char::is_control) {
        quoted(text)
    } else {
        format!("'{text}'")
    }
}
