//! A record's fields without a tree: each name, and its value as text that is not yet parsed.
//!
//! A record is mapped twice (when it is staged and when it is sent), so this is a hot path. It
//! relies on the reader having checked the grammar, and only finds where values end; what is not
//! well formed ends in "no object", never in a panic.

use crate::json::{skip_space, text_end, value_end};
use serde::de::IgnoredAny;
use std::borrow::Cow;

/// A record, or an object inside one: names, and values as they are written.
pub(super) struct Fields<'a>(pub(super) Vec<(Cow<'a, str>, &'a str)>);

impl<'a> Fields<'a> {
    /// Takes an object apart. None if it is no object.
    pub(super) fn parse(raw: &'a str) -> Option<Self> {
        let bytes = raw.as_bytes();
        let mut fields = Vec::with_capacity(16);
        let mut at = expect(bytes, 0, b'{')?;
        if let Some(end) = expect(bytes, at, b'}') {
            return (skip_space(bytes, end) == bytes.len()).then_some(Self(fields));
        }
        loop {
            let start = skip_space(bytes, at);
            let end = text_end(bytes, start)?;
            let name = text(&raw[start..end]);
            let start = skip_space(bytes, expect(bytes, end, b':')?);
            let end = value_end(bytes, start)?;
            fields.push((name, &raw[start..end]));
            if let Some(next) = expect(bytes, end, b',') {
                at = next;
                continue;
            }
            let end = expect(bytes, end, b'}')?;
            return (skip_space(bytes, end) == bytes.len()).then_some(Self(fields));
        }
    }

    pub(super) fn get(&self, name: &str) -> Option<&'a str> {
        self.0.iter().find(|(other, _)| other == name).map(|(_, value)| *value)
    }
}

/// Takes a list apart. None if it is no list.
pub(super) fn elements(raw: &str) -> Option<Vec<&str>> {
    let bytes = raw.as_bytes();
    let mut elements = Vec::new();
    let mut at = expect(bytes, 0, b'[')?;
    if let Some(end) = expect(bytes, at, b']') {
        return (skip_space(bytes, end) == bytes.len()).then_some(elements);
    }
    loop {
        let start = skip_space(bytes, at);
        let end = value_end(bytes, start)?;
        elements.push(&raw[start..end]);
        if let Some(next) = expect(bytes, end, b',') {
            at = next;
            continue;
        }
        let end = expect(bytes, end, b']')?;
        return (skip_space(bytes, end) == bytes.len()).then_some(elements);
    }
}

/// Calls `f` with each field of a record: its name, the word for its type, and whether it is null
/// or empty text. Does nothing for what is no object.
pub(crate) fn for_each_field(raw: &[u8], mut f: impl FnMut(&str, &'static str, bool)) {
    let Some(fields) = std::str::from_utf8(raw).ok().and_then(Fields::parse) else { return };
    for (name, value) in &fields.0 {
        let ty = match value.as_bytes().first() {
            Some(b'"') => "text",
            Some(b't' | b'f') => "bool",
            Some(b'n') | None => "null",
            Some(b'[') => "list",
            Some(b'{') => "object",
            Some(_) => "number",
        };
        f(name, ty, matches!(*value, "null" | "\"\""));
    }
}

/// Calls `f` with the path of the object that a field stands in (empty for the record), the field's
/// name, and whether it is an object with fields; goes into such a one, not deeper than so many
/// objects, where `f` says so.
pub(crate) fn for_each_inner_field(
    raw: &[u8],
    depth: usize,
    f: &mut dyn FnMut(&str, &str, bool) -> bool,
) {
    let Ok(text) = std::str::from_utf8(raw) else { return };
    each_inside(text, "", depth, f);
}

/// What stands in a field, for those who look at values.
pub(crate) enum Seen<'a> {
    /// Text, a number as it is written, `true` or `false`; empty for null. And whether it is a truth
    /// value.
    Plain(Cow<'a, str>, bool),
    /// An object that can be looked into.
    Object,
    /// A list, or an object that lies too deep.
    Other,
}

/// As [`for_each_inner_field`], with the values.
pub(crate) fn for_each_value(
    raw: &[u8],
    depth: usize,
    f: &mut dyn FnMut(&str, &str, Seen<'_>) -> bool,
) {
    let Ok(text) = std::str::from_utf8(raw) else { return };
    each_value(text, "", depth, f);
}

fn each_value(
    raw: &str,
    parent: &str,
    depth: usize,
    f: &mut dyn FnMut(&str, &str, Seen<'_>) -> bool,
) {
    let Some(fields) = Fields::parse(raw) else { return };
    for (name, value) in &fields.0 {
        let seen = match Json::of(value) {
            Json::Null => Seen::Plain("".into(), false),
            Json::Bool(truth) => Seen::Plain(if truth { "true" } else { "false" }.into(), true),
            Json::Number(number) => Seen::Plain(number.into(), false),
            Json::Text(text) => Seen::Plain(text, false),
            Json::Array(_) => Seen::Other,
            Json::Object(_) if depth > 1 => Seen::Object,
            Json::Object(_) => Seen::Other,
        };
        let is_object = matches!(seen, Seen::Object);
        if f(parent, name, seen) && is_object {
            each_value(value, &path_of(parent, name), depth - 1, f);
        }
    }
}

fn each_inside(raw: &str, parent: &str, depth: usize, f: &mut dyn FnMut(&str, &str, bool) -> bool) {
    let Some(fields) = Fields::parse(raw) else { return };
    for (name, value) in &fields.0 {
        let is_object = depth > 1
            && value.starts_with('{')
            && Fields::parse(value).is_some_and(|inner| !inner.0.is_empty());
        if f(parent, name, is_object) && is_object {
            each_inside(value, &path_of(parent, name), depth - 1, f);
        }
    }
}

/// The path of a field in an object.
pub(crate) fn path_of(parent: &str, name: &str) -> String {
    if parent.is_empty() { name.to_owned() } else { format!("{parent}.{name}") }
}

/// The offset behind `byte`, if it stands at `at` or behind white space there.
fn expect(bytes: &[u8], at: usize, byte: u8) -> Option<usize> {
    let at = skip_space(bytes, at);
    (bytes.get(at) == Some(&byte)).then_some(at + 1)
}

/// A value of a record, by its JSON type.
#[derive(Debug)]
pub(super) enum Json<'a> {
    Null,
    Bool(bool),
    /// A number as it is written.
    Number(&'a str),
    Text(Cow<'a, str>),
    Array(&'a str),
    Object(&'a str),
}

impl<'a> Json<'a> {
    pub(super) fn of(raw: &'a str) -> Self {
        match raw.as_bytes().first() {
            Some(b'"') => Self::Text(text(raw)),
            Some(b't') => Self::Bool(true),
            Some(b'f') => Self::Bool(false),
            Some(b'n') | None => Self::Null,
            Some(b'[') => Self::Array(raw),
            Some(b'{') => Self::Object(raw),
            Some(_) => Self::Number(raw),
        }
    }

    /// The type with its article, for messages.
    pub(super) fn noun(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "a truth value",
            Self::Number(_) => "a number",
            Self::Text(_) => "text",
            Self::Array(_) => "a list",
            Self::Object(_) => "an object",
        }
    }
}

/// The JSON that a text holds: an object or a list, well formed and not too deep. None for other texts.
pub(super) fn held(raw: &str) -> Option<Cow<'_, str>> {
    let held = trimmed(text(raw));
    let may_be = held.starts_with(['{', '[']);
    (may_be && serde_json::from_str::<IgnoredAny>(&held).is_ok()).then_some(held)
}

fn trimmed(text: Cow<'_, str>) -> Cow<'_, str> {
    match text {
        Cow::Borrowed(text) => text.trim().into(),
        Cow::Owned(text) if text.trim().len() == text.len() => text.into(),
        Cow::Owned(text) => text.trim().to_owned().into(),
    }
}

/// The text of a JSON string.
pub(super) fn text(raw: &str) -> Cow<'_, str> {
    let inner = raw.get(1..raw.len() - 1).unwrap_or_default();
    if memchr::memchr(b'\\', inner.as_bytes()).is_some() {
        serde_json::from_str::<String>(raw).map_or_else(|_| Cow::Borrowed(inner), Cow::Owned)
    } else {
        Cow::Borrowed(inner)
    }
}
