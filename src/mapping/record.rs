//! A record's fields without a tree: each name, and its value as text that is not yet parsed.

use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::fmt;

/// A record, or an object inside one.
pub(super) struct Fields<'a>(pub(super) Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'a> Fields<'a> {
    /// Takes an object apart. None if it is no object, or no valid JSON.
    pub(super) fn parse(raw: &'a str) -> Option<Self> {
        let mut deserializer = serde_json::Deserializer::from_str(raw);
        let fields = deserializer.deserialize_map(Members).ok()?;
        deserializer.end().ok()?;
        Some(fields)
    }

    pub(super) fn get(&self, name: &str) -> Option<&'a RawValue> {
        self.0.iter().find(|(other, _)| other == name).map(|(_, value)| *value)
    }

    /// The value of a field of that literal name, else of the field that a dotted path leads to.
    pub(super) fn find(&self, path: &str) -> Option<&'a RawValue> {
        if let Some(value) = self.get(path) {
            return Some(value);
        }
        // A name may itself hold dots: the longest one that is there wins.
        path.rmatch_indices('.').find_map(|(dot, _)| {
            let inner = self.get(&path[..dot])?.get();
            inner.starts_with('{').then(|| Fields::parse(inner)?.find(&path[dot + 1..]))?
        })
    }
}

/// Calls `f` with each field of a record: its name, the word for its type, and whether it is null
/// or empty text. Does nothing for what is no object.
pub(crate) fn for_each_field(raw: &[u8], mut f: impl FnMut(&str, &'static str, bool)) {
    let Some(fields) = std::str::from_utf8(raw).ok().and_then(Fields::parse) else { return };
    for (name, value) in &fields.0 {
        let raw = value.get();
        let ty = match raw.as_bytes().first() {
            Some(b'"') => "text",
            Some(b't' | b'f') => "bool",
            Some(b'n') | None => "null",
            Some(b'[') => "list",
            Some(b'{') => "object",
            Some(_) => "number",
        };
        f(name, ty, matches!(raw, "null" | "\"\""));
    }
}

struct Members;

impl<'de> Visitor<'de> for Members {
    type Value = Fields<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut fields = Vec::with_capacity(16);
        while let Some(Name(name)) = map.next_key()? {
            fields.push((name, map.next_value()?));
        }
        Ok(Fields(fields))
    }
}

/// A name that is borrowed where it has no escapes; `Cow` alone would always copy.
#[derive(serde::Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

/// A value of a record, by its JSON type.
#[derive(Debug)]
pub(super) enum Json<'a> {
    Null,
    Bool(bool),
    /// A number as it is written.
    Number(&'a str),
    Text(Cow<'a, str>),
    Array(&'a str),
    Object,
}

impl<'a> Json<'a> {
    pub(super) fn of(value: &'a RawValue) -> Self {
        let raw = value.get();
        match raw.as_bytes().first() {
            Some(b'"') => Self::Text(text(raw)),
            Some(b't') => Self::Bool(true),
            Some(b'f') => Self::Bool(false),
            Some(b'n') | None => Self::Null,
            Some(b'[') => Self::Array(raw),
            Some(b'{') => Self::Object,
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
            Self::Object => "an object",
        }
    }
}

/// The text of a JSON string.
fn text(raw: &str) -> Cow<'_, str> {
    let inner = &raw[1..raw.len() - 1];
    if inner.contains('\\') {
        serde_json::from_str::<String>(raw).map_or_else(|_| Cow::Borrowed(inner), Cow::Owned)
    } else {
        Cow::Borrowed(inner)
    }
}

/// The object as compact JSON: order of fields, text of numbers and escapes kept, without the
/// fields that `without` names (literally, or by a dotted path).
pub(super) fn compact_without(fields: &Fields<'_>, without: &[&str], out: &mut String) {
    out.push('{');
    let mut first = true;
    for (name, value) in &fields.0 {
        if without.contains(&name.as_ref()) {
            continue;
        }
        if !std::mem::take(&mut first) {
            out.push(',');
        }
        push_name(name, out);
        out.push(':');
        let deeper: Vec<&str> = without
            .iter()
            .filter_map(|path| path.strip_prefix(name.as_ref())?.strip_prefix('.'))
            .collect();
        let inner = if deeper.is_empty() { None } else { Fields::parse(value.get()) };
        match inner {
            Some(inner) => compact_without(&inner, &deeper, out),
            None => compact(value.get(), out),
        }
    }
    out.push('}');
}

fn push_name(name: &str, out: &mut String) {
    if name.bytes().any(|byte| matches!(byte, b'"' | b'\\' | 0..0x20)) {
        out.push_str(&serde_json::Value::from(name).to_string());
    } else {
        out.push('"');
        out.push_str(name);
        out.push('"');
    }
}

/// Copies JSON without the white space between its parts.
fn compact(raw: &str, out: &mut String) {
    if !raw.bytes().any(|byte| byte.is_ascii_whitespace()) {
        out.push_str(raw);
        return;
    }
    let mut in_text = false;
    let mut escaped = false;
    let mut start = 0;
    for (i, byte) in raw.bytes().enumerate() {
        if in_text {
            in_text = escaped || byte != b'"';
            escaped = !escaped && byte == b'\\';
        } else if byte == b'"' {
            in_text = true;
        } else if byte.is_ascii_whitespace() {
            out.push_str(&raw[start..i]);
            start = i + 1;
        }
    }
    out.push_str(&raw[start..]);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(raw: &str) -> Fields<'_> {
        Fields::parse(raw).expect("an object")
    }

    #[test]
    fn a_literal_name_wins_over_a_path() {
        let found =
            |raw: &str, path: &str| fields(raw).find(path).map(|value| value.get().to_owned());
        assert_eq!(found("{\"a\":{\"b\":1},\"a.b\":2}", "a.b").as_deref(), Some("2"));
        assert_eq!(found("{\"a\":{\"b\":1}}", "a.b").as_deref(), Some("1"));
        assert_eq!(found("{\"a\":{\"b.c\":1}}", "a.b.c").as_deref(), Some("1"));
        assert_eq!(found("{\"a.b\":{\"c\":1}}", "a.b.c").as_deref(), Some("1"));
        assert_eq!(found("{\"a\":[1]}", "a.b"), None);
        assert_eq!(found("{\"a\":null}", "a.b.c"), None);
    }

    #[test]
    fn the_copy_is_compact_and_leaves_out_what_it_must() {
        let raw = "{ \"z\" : 1.50 , \"p\":\"\\\"secret\",\n\"a b\":[ \" x \\\\\" , 2e3 ],\
                   \"c\":{\"p\":\"q\", \"k\": {}}, \"\\u0070w\": 1}";
        let mut out = String::new();
        compact_without(&fields(raw), &["p", "c.p", "pw"], &mut out);
        assert_eq!(out, "{\"z\":1.50,\"a b\":[\" x \\\\\",2e3],\"c\":{\"k\":{}}}");
    }
}
