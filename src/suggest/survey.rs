//! The fields of an export's first records: where they lie, how often they are filled, and what
//! their values look like. Counts and hashes; and the records themselves, on which the rules are tried.

use super::dates::{Orders, Pattern};
use super::nested::Nested;
use super::shape::{Shape, shapes};
use crate::input::is_data;
use crate::password::detect;
use crate::password::typed::Texts;
use crate::vocabulary::standing;
use crate::vocabulary::states::Tally;
use crate::vocabulary::synonyms;
use serde_json::{Map, Value};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};

/// Different places that are counted; beyond, memory would not be constant.
const MOST_FIELDS: usize = 1_000;
/// An object of more different names than this is a table of its own: its names are data.
const MOST_NAMES: usize = 64;
/// Bytes of records that are kept; of what is beyond, only counts.
const MOST_BYTES: usize = 64 << 20;
/// How deep objects are looked into.
const MOST_DEPTH: usize = 6;
/// How lists of named values are written: the name, the value.
const PAIRS: &[(&str, &str)] =
    &[("Name", "Value"), ("name", "value"), ("key", "value"), ("type", "value")];

/// Where a value lies in a record.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Place {
    /// A field, under these names from the root.
    Column(Vec<String>),
    /// The first element of the list under these names.
    First(Vec<String>),
    /// The value of its first element, in a list such as `emails` of SCIM.
    FirstValue(Vec<String>),
    /// In a list of named values the one of this name.
    Pair {
        list: Vec<String>,
        /// The key of the names, and that of the values.
        keys: (&'static str, &'static str),
        name: String,
    },
}

/// What was seen at one place.
#[derive(Clone, Debug, Default)]
pub struct FieldStats {
    /// Records that have it.
    pub present: u64,
    /// Of these, those where it is null, empty, or nothing but white space.
    pub empty: u64,
    /// Filled values by type: `text number bool list object`.
    pub types: BTreeMap<&'static str, u64>,
    /// Filled values by shape.
    pub shapes: BTreeMap<Shape, u64>,
    /// Dates whose day and month could be either, by how they are written.
    pub(super) patterns: BTreeMap<Pattern, Orders>,
    /// Password hashes by scheme, of those that look like one.
    pub schemes: BTreeMap<&'static str, u64>,
    /// Whether people type them.
    pub texts: Texts,
    /// Values that another record had before, to the letter.
    pub repeated: u64,
    /// Whether a list had more than one element.
    pub several: bool,
    /// Whether it lies in text that holds JSON, into which paths lead, but no jq program.
    pub in_text: bool,
    /// Characters of the shortest filled value and of the longest.
    pub(super) lengths: Option<(usize, usize)>,
    seen: HashSet<u64>,
    /// What the values say of whether their users may sign in.
    pub(super) tally: Tally,
}

impl FieldStats {
    /// Records that have a value.
    pub fn filled(&self) -> u64 {
        self.present - self.empty
    }

    /// How many values are of a type.
    pub fn of_type(&self, ty: &str) -> u64 {
        self.types.get(ty).copied().unwrap_or(0)
    }

    /// How many values have a shape.
    pub fn of_shape(&self, shape: Shape) -> u64 {
        self.shapes.get(&shape).copied().unwrap_or(0)
    }

    fn take(&mut self, value: &Value) {
        self.present += 1;
        let (ty, text) = match value {
            Value::Null => ("null", String::new()),
            Value::Bool(truth) => ("bool", truth.to_string()),
            Value::Number(number) => ("number", number.to_string()),
            Value::String(text) => ("text", text.clone()),
            Value::Array(_) => ("list", String::new()),
            Value::Object(_) => ("object", String::new()),
        };
        let is_empty = match value {
            Value::Array(items) => items.is_empty(),
            Value::Object(members) => members.is_empty(),
            _ => text.trim().is_empty(),
        };
        if is_empty {
            self.empty += 1;
            return;
        }
        *self.types.entry(ty).or_default() += 1;
        let len = text.chars().count();
        let (least, most) = self.lengths.unwrap_or((len, len));
        self.lengths = Some((least.min(len), most.max(len)));
        self.tally.add(&text, ty == "bool");
        if matches!(ty, "text" | "number") {
            self.texts.add(&text);
            for shape in shapes(&text) {
                *self.shapes.entry(shape).or_default() += 1;
                let pattern = (shape == Shape::Slashed).then(|| Pattern::of(text.trim())).flatten();
                if let Some(pattern) = pattern {
                    self.patterns.entry(pattern.clone()).or_default().add(&pattern, text.trim());
                }
            }
            if self.shapes.keys().any(|shape| matches!(shape, Shape::Hash | Shape::HexHash)) {
                *self.schemes.entry(detect(&text).as_str()).or_default() += 1;
            }
        }
        self.repeated += u64::from(!self.seen.insert(hash(text.trim().as_bytes())));
    }
}

/// The fields of the records so far.
#[derive(Debug, Default)]
pub struct Survey {
    records: u64,
    /// Whether an object is being looked at that text holds.
    in_text: bool,
    kept: Vec<Box<[u8]>>,
    kept_bytes: usize,
    fields: Vec<(Place, FieldStats)>,
    index: HashMap<Place, usize>,
    seen: HashSet<u64>,
    pub(super) nested: Nested,
    taken_at: Option<i64>,
}

impl Survey {
    /// One that is taken at this time, in seconds since 1970: what ends at a time is over or not.
    pub fn at(seconds: i64) -> Self {
        Self { taken_at: Some(seconds), ..Self::default() }
    }

    pub(super) fn taken_at(&self) -> Option<i64> {
        self.taken_at
    }

    /// Looks at a record, one JSON object. What is none, and what came word for word before, does
    /// not count.
    pub fn add(&mut self, raw: &[u8]) {
        let Ok(Value::Object(record)) = serde_json::from_slice(raw) else { return };
        if self.seen.insert(hash(raw)) {
            self.records += 1;
            if self.kept_bytes + raw.len() <= MOST_BYTES {
                self.kept_bytes += raw.len();
                self.kept.push(raw.into());
            }
            self.nested.add(&record);
            self.object(&mut Vec::new(), &record);
        }
    }

    /// Records that counted.
    pub fn records(&self) -> u64 {
        self.records
    }

    /// The records that rules are tried on: all that counted, unless they are very large.
    pub(super) fn kept(&self) -> &[Box<[u8]>] {
        &self.kept
    }

    /// What was seen, in the order of the export. An object whose names are data is one field.
    pub fn fields(&self) -> Vec<(Place, FieldStats)> {
        let mut names: HashMap<&[String], u64> = HashMap::new();
        for (place, _) in &self.fields {
            *names.entry(parent(place)).or_default() += 1;
        }
        let is_table = |names_of: &[String]| {
            !names_of.is_empty() && names.get(names_of).is_some_and(|n| *n > MOST_NAMES as u64)
        };
        let lists: HashSet<&[String]> =
            self.fields.iter().filter_map(|(p, _)| list_of(p)).collect();
        let mut kept: Vec<(Place, FieldStats)> = Vec::new();
        for (place, stats) in &self.fields {
            // A list that is empty here and filled there.
            if stats.filled() == 0
                && matches!(place, Place::Column(path) if lists.contains(&path[..]))
            {
                continue;
            }
            let path = parent(place);
            let Some(table) = (1..=path.len()).map(|n| &path[..n]).find(|path| is_table(path))
            else {
                kept.push((place.clone(), stats.clone()));
                continue;
            };
            let table = Place::Column(table.to_vec());
            if !kept.iter().any(|(other, _)| *other == table) {
                let types = BTreeMap::from([("object", stats.filled())]);
                let (present, empty) = (stats.present, stats.empty);
                kept.push((table, FieldStats { present, empty, types, ..FieldStats::default() }));
            }
        }
        kept
    }

    fn object(&mut self, path: &mut Vec<String>, members: &Map<String, Value>) {
        // An object may be keyed by its users: their addresses and numbers are no names of fields.
        for (name, value) in members.iter().filter(|(name, _)| !is_data(name)) {
            path.push(name.clone());
            match value {
                Value::Object(inner) if path.len() < MOST_DEPTH && has_names(inner) => {
                    self.object(path, inner);
                }
                Value::Array(items) if !self.in_text => self.list(path, value, items),
                Value::String(text) => match object_in(text).filter(|_| path.len() < MOST_DEPTH) {
                    Some(inner) if has_names(&inner) => {
                        let before = std::mem::replace(&mut self.in_text, true);
                        self.object(path, &inner);
                        self.in_text = before;
                    }
                    _ => self.take(Place::Column(path.clone()), value, false),
                },
                _ => self.take(Place::Column(path.clone()), value, false),
            }
            path.pop();
        }
    }

    fn list(&mut self, path: &[String], value: &Value, items: &[Value]) {
        if is_plural(path)
            && let Some(first) = items.first().and_then(|item| item.get("value"))
        {
            self.take(Place::FirstValue(path.to_vec()), first, items.len() > 1);
            return;
        }
        if let Some(keys) = pairs(items) {
            let mut before = HashSet::new();
            for item in items {
                let Some(name) = item[keys.0].as_str().filter(|name| is_known(name)) else {
                    // It may be a value: it is not told.
                    continue;
                };
                if before.insert(name) {
                    let (list, name) = (path.to_vec(), name.to_owned());
                    self.take(Place::Pair { list, keys, name }, &item[keys.1], false);
                }
            }
            if before.len() < items.len() {
                self.take(Place::Column(path.to_vec()), value, false);
            }
            return;
        }
        match items.first() {
            Some(first) if !first.is_array() && !first.is_object() => {
                self.take(Place::First(path.to_vec()), first, items.len() > 1);
            }
            _ => self.take(Place::Column(path.to_vec()), value, false),
        }
    }

    fn take(&mut self, place: Place, value: &Value, several: bool) {
        let at = match self.index.get(&place) {
            Some(at) => *at,
            None if self.fields.len() >= MOST_FIELDS => return,
            None => {
                self.index.insert(place.clone(), self.fields.len());
                self.fields.push((place, FieldStats::default()));
                self.fields.len() - 1
            }
        };
        let stats = &mut self.fields[at].1;
        stats.several |= several;
        stats.in_text |= self.in_text;
        stats.take(value);
    }
}

fn parent(place: &Place) -> &[String] {
    match place {
        Place::Column(path) | Place::First(path) | Place::FirstValue(path) => {
            &path[..path.len().saturating_sub(1)]
        }
        Place::Pair { list, .. } => list,
    }
}

fn list_of(place: &Place) -> Option<&[String]> {
    match place {
        Place::Column(_) => None,
        Place::First(list) | Place::FirstValue(list) | Place::Pair { list, .. } => Some(list),
    }
}

/// The object that a text holds as JSON.
fn object_in(text: &str) -> Option<Map<String, Value>> {
    let is_object = text.trim_start().starts_with('{');
    is_object.then(|| serde_json::from_str(text).ok()).flatten()
}

/// Whether the names in an object are names of fields, and no data such as `ada@example.com`.
fn has_names(members: &Map<String, Value>) -> bool {
    let is_data = |name: &String| {
        name.contains('@')
            || name.len() >= 24
                && name.bytes().any(|b| b.is_ascii_digit())
                && name.bytes().all(|b| b.is_ascii_hexdigit() || b == b'-')
            || name.len() >= 5 && name.bytes().all(|b| b.is_ascii_digit() || b"+- ".contains(&b))
    };
    !members.is_empty() && !members.keys().any(is_data)
}

/// Whether a named value has a name that exports have for a field.
fn is_known(name: &str) -> bool {
    let last = name.rsplit(':').next().unwrap_or(name);
    let is_standing = !matches!(standing::kind(last), None | Some(standing::Kind::Open));
    is_standing || synonyms::meaning(&synonyms::plain(last)).is_some()
}

/// Whether a list is of addresses or of numbers, of which the first is the user's.
fn is_plural(path: &[String]) -> bool {
    let meaning = path.last().and_then(|name| synonyms::meaning(&synonyms::plain(name)));
    meaning.is_some_and(|found| matches!(found.field, "email" | "phone"))
}

/// How a list of named values is written, if it is one.
fn pairs(items: &[Value]) -> Option<(&'static str, &'static str)> {
    let is_name = |text: &str| {
        (1..=64).contains(&text.len())
            && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-:.".contains(&b))
    };
    PAIRS.iter().copied().find(|(name, value)| {
        !items.is_empty()
            && items.iter().all(|item| {
                item.get(name).and_then(Value::as_str).is_some_and(is_name)
                    && item.get(value).is_some_and(|value| !value.is_object() && !value.is_array())
            })
    })
}

fn hash(bytes: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    bytes.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn survey(records: &[&str]) -> Vec<(Place, FieldStats)> {
        let mut survey = Survey::default();
        for record in records {
            survey.add(record.as_bytes());
        }
        survey.fields()
    }

    fn column(path: &str) -> Place {
        Place::Column(path.split('.').map(str::to_owned).collect())
    }

    #[test]
    fn fields_are_counted_where_they_lie() {
        let found = survey(&[
            r#"{"id":1,"p":{"mail":"a@example.com"},"tags":["x","y"],"list":[{"a":1}]}"#,
            r#"{"id":2,"p":{"mail":null},"tags":[],"at":[{"Name":"sub","Value":"s"}]}"#,
            r#"{"id":2,"p":{"mail":null},"tags":[],"at":[{"Name":"sub","Value":"s"}]}"#,
            r#"{"id":2,"p":{"mail":" "}}"#,
            "[]",
        ]);
        let told: Vec<(Place, u64, u64, u64)> = found
            .into_iter()
            .map(|(place, stats)| (place, stats.present, stats.empty, stats.repeated))
            .collect();
        let at = vec!["at".to_owned()];
        let pair = Place::Pair { list: at, keys: ("Name", "Value"), name: "sub".to_owned() };
        let expected = [
            (column("id"), 3, 0, 1),
            (column("p.mail"), 3, 2, 0),
            (Place::First(vec!["tags".to_owned()]), 1, 0, 0),
            (column("list"), 1, 0, 0),
            (pair, 1, 0, 0),
        ];
        assert_eq!(told, expected);
    }

    #[test]
    fn what_is_named_by_data_is_one_field() {
        let names: Vec<String> = (0..65).map(|n| format!("\"device-{n}\":{n}")).collect();
        let record = format!("{{\"id\":1,\"devices\":{{{}}}}}", names.join(","));
        let places: Vec<Place> = survey(&[&record]).into_iter().map(|(place, _)| place).collect();
        assert_eq!(places, [column("id"), column("devices")]);
        for record in [
            r#"{"friends":{"ada@example.com":{"since":1}}}"#,
            r#"{"friends":{"0a0a0a0a-0000-4000-8000-000000000001":1}}"#,
            r#"{"friends":{"+1415555010":1}}"#,
            r#"{"friends":[{"name":"ada","value":1},{"name":"ben","value":2}]}"#,
        ] {
            let places: Vec<Place> =
                survey(&[record]).into_iter().map(|(place, _)| place).collect();
            assert_eq!(places, [column("friends")], "{record}");
        }
    }
}
