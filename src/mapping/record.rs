//! A record's fields without a tree: each name, and its value as text that is not yet parsed.
//!
//! A record is mapped twice (when it is staged and when it is sent), so this is a hot path. It
//! relies on the reader having checked the grammar, and only finds where values end; what is not
//! well formed ends in "no object", never in a panic.

use super::secret::is_secret_name;
use crate::json::{self, skip_space, text_end, value_end};
use crate::password::detect::detect;
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

    /// The value of a field of that literal name, else of the field that a dotted path leads to.
    pub(super) fn find(&self, path: &str) -> Option<&'a str> {
        if let Some(value) = self.get(path) {
            return Some(value);
        }
        // A name may itself hold dots: the longest one that is there wins.
        path.rmatch_indices('.').find_map(|(dot, _)| {
            let inner = self.get(&path[..dot])?;
            inner.starts_with('{').then(|| Fields::parse(inner)?.find(&path[dot + 1..]))?
        })
    }
}

/// Takes a list apart. None if it is no list.
fn elements(raw: &str) -> Option<Vec<&str>> {
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
            Json::Object if depth > 1 => Seen::Object,
            Json::Object => Seen::Other,
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
    Object,
}

impl<'a> Json<'a> {
    pub(super) fn of(raw: &'a str) -> Self {
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
    let inner = raw.get(1..raw.len() - 1).unwrap_or_default();
    if memchr::memchr(b'\\', inner.as_bytes()).is_some() {
        serde_json::from_str::<String>(raw).map_or_else(|_| Cow::Borrowed(inner), Cow::Owned)
    } else {
        Cow::Borrowed(inner)
    }
}

/// What a copy of a record goes without; in any case without password hashes, whatever their name.
#[derive(Clone, Copy)]
pub(super) struct LeftOut<'a> {
    /// Fields, by their literal names, or by dotted paths, which lead into no list.
    pub(super) paths: &'a [&'a str],
    /// What is called like a password, wherever it stands; but not what is only true or false.
    pub(super) by_name: bool,
}

impl LeftOut<'_> {
    fn has(self, name: &str, value: &str) -> bool {
        let says_something = || !value.starts_with(['t', 'f', 'n']);
        self.paths.contains(&name)
            || is_hash(value)
            || (self.by_name && says_something() && is_secret_name(name))
    }
}

/// The object as compact JSON: order of fields, text of numbers and escapes kept.
pub(super) fn compact_without(fields: &Fields<'_>, left_out: LeftOut<'_>, out: &mut String) {
    out.push('{');
    let mut first = true;
    for (name, value) in &fields.0 {
        if left_out.has(name, value) {
            continue;
        }
        if !std::mem::take(&mut first) {
            out.push(',');
        }
        push_name(name, out);
        out.push(':');
        let paths: Vec<&str> = left_out
            .paths
            .iter()
            .filter_map(|path| path.strip_prefix(name.as_ref())?.strip_prefix('.'))
            .collect();
        value_without(value, LeftOut { paths: &paths, ..left_out }, out);
    }
    out.push('}');
}

fn value_without(value: &str, left_out: LeftOut<'_>, out: &mut String) {
    let is_looked_into = left_out.by_name || may_hold_hash(value);
    match value.as_bytes().first() {
        Some(b'{') if is_looked_into || !left_out.paths.is_empty() => match Fields::parse(value) {
            Some(inner) => compact_without(&inner, left_out, out),
            None => compact(value, out),
        },
        Some(b'[') if is_looked_into => match elements(value) {
            Some(inner) => list_without(&inner, left_out, out),
            None => compact(value, out),
        },
        _ => compact(value, out),
    }
}

fn list_without(elements: &[&str], left_out: LeftOut<'_>, out: &mut String) {
    out.push('[');
    let mut first = true;
    for element in elements.iter().filter(|element| !is_hash(element)) {
        if !std::mem::take(&mut first) {
            out.push(',');
        }
        value_without(element, LeftOut { paths: &[], ..left_out }, out);
    }
    out.push(']');
}

/// Every hash that can be told from another text has one of these in it, but for those of ASP.NET
/// Identity, which begin with an `A` (base64 of a zero or a one), those in base64 (of a brace and a
/// letter), and those with a salt behind or before a colon.
fn may_hold_hash(value: &str) -> bool {
    let bytes = value.as_bytes();
    memchr::memchr3_iter(b'$', b'"', b':', bytes).any(|at| match bytes[at] {
        b'$' => true,
        b'"' => matches!(bytes[at + 1..], [b'{' | b'A', ..] | [b'e', b'0'..=b'3', ..]),
        _ => has_digits_at(bytes, at),
    })
}

/// Whether the digits of the shortest digest stand before a colon, or behind it.
fn has_digits_at(bytes: &[u8], colon: usize) -> bool {
    const LEAST: usize = 32;
    let before = &bytes[colon.saturating_sub(LEAST)..colon];
    let behind = &bytes[colon + 1..bytes.len().min(colon + 1 + LEAST)];
    let are_digits = |part: &[u8]| part.len() == LEAST && part.iter().all(u8::is_ascii_hexdigit);
    are_digits(before) || are_digits(behind)
}

/// Whether a value is a password's hash beyond doubt. Digits alone may be anything.
fn is_hash(value: &str) -> bool {
    let may_be = value.starts_with('"') && may_hold_hash(value);
    may_be && detect(&text(value)).is_unmistakable()
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
    if !raw.starts_with(['{', '[']) {
        out.push_str(raw);
        return;
    }
    json::for_each_stretch(raw.as_bytes(), |stretch| out.push_str(&raw[stretch]));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(raw: &str) -> Fields<'_> {
        Fields::parse(raw).expect("an object")
    }

    fn only<'a>(paths: &'a [&'a str]) -> LeftOut<'a> {
        LeftOut { paths, by_name: false }
    }

    #[test]
    fn what_is_called_like_a_password_is_left_out_wherever_it_stands() {
        let raw = r#"{"uid":"24eb90c1bf2377d6bcffa8e74ffbf85b","pwd_md5":"24eb","pin":1,"password":null,"hasPassword":true,
            "passwordChangedAt":"2020-01-01","credential":{"algorithm":"md5","hash":"24eb","salt":"4d","n":[{"salt":7,"x":1}]},
            "oldPasswords":["a","b"],"a":[[{"plainPassword":"hunter2","y":[]}],"z"]}"#;
        let mut out = String::new();
        compact_without(&fields(raw), LeftOut { paths: &["pin"], by_name: true }, &mut out);
        let kept = r#"{"uid":"24eb90c1bf2377d6bcffa8e74ffbf85b","password":null,"hasPassword":true,"passwordChangedAt":"2020-01-01","credential":{"algorithm":"md5","n":[{"x":1}]},"a":[[{"y":[]}],"z"]}"#;
        assert_eq!(out, kept);
    }

    #[test]
    fn a_literal_name_wins_over_a_path() {
        let found = |raw: &str, path: &str| fields(raw).find(path).map(str::to_owned);
        assert_eq!(found("{\"a\":{\"b\":1},\"a.b\":2}", "a.b").as_deref(), Some("2"));
        assert_eq!(found("{\"a\":{\"b\":1}}", "a.b").as_deref(), Some("1"));
        assert_eq!(found("{\"a\":{\"b.c\":1}}", "a.b.c").as_deref(), Some("1"));
        assert_eq!(found("{\"a.b\":{\"c\":1}}", "a.b.c").as_deref(), Some("1"));
        assert_eq!(found("{\"a\":[1]}", "a.b"), None);
        assert_eq!(found("{\"a\":null}", "a.b.c"), None);
    }

    #[test]
    fn a_copy_has_no_password_hash_whatever_its_name() {
        let hash = format!("$2b$12${}", "a".repeat(53));
        let raw = format!(
            r#"{{"pwd":"{hash}","auth":{{"old":"{hash}","n":1}},"ldap":"{{SSHA}}c2FsdGVkLWhhc2gtb2Ytc29tZS1ieXRlcw==","price":"$5","hex":"d41d8cd98f00b204e9800998ecf8427e"}}"#
        );
        let mut out = String::new();
        compact_without(&fields(&raw), only(&[]), &mut out);
        let kept = r#"{"auth":{"n":1},"price":"$5","hex":"d41d8cd98f00b204e9800998ecf8427e"}"#;
        assert_eq!(out, kept);
    }

    /// They hold no sign that only hashes have.
    #[test]
    fn a_copy_has_no_hash_of_asp_net() {
        let (v2, v3) =
            (format!("A{}==", "A".repeat(65)), format!("AQAAAAEAACcQAAAAE{}", "A".repeat(67)));
        let raw = format!(r#"{{"a":"{v2}","b":["{v3}"],"c":{{"d":"{v3}"}},"e":"AAA"}}"#);
        let mut copy = String::new();
        compact_without(&fields(&raw), only(&[]), &mut copy);
        assert_eq!(copy, r#"{"b":[],"c":{},"e":"AAA"}"#);
    }

    /// A digest with its salt, and what an LDIF has.
    #[test]
    fn a_copy_has_no_hash_with_a_colon_or_in_base64() {
        let digest = "a".repeat(32);
        let raw = format!(
            r#"{{"a":"{digest}:xy","b":["xy:{digest}"],"c":{{"d":"e1NTSEF9Qi9BUGtacWNoUzZsdW1mekVvNXRFZTJDTWEwK1J3aUI="}},"e":"{digest}","f":"12:34","g":"e1a"}}"#
        );
        let mut copy = String::new();
        compact_without(&fields(&raw), only(&[]), &mut copy);
        assert_eq!(copy, format!(r#"{{"b":[],"c":{{}},"e":"{digest}","f":"12:34","g":"e1a"}}"#));
        for line in include_str!("../../tests/password/forms.jsonl").lines() {
            let vector: serde_json::Value = serde_json::from_str(line).unwrap();
            if vector["scheme"] != "hex-md5" {
                let raw =
                    serde_json::json!({"a": {"b": vector["stored"]}, "c": [vector["stored"]]});
                let mut copy = String::new();
                compact_without(&fields(&raw.to_string()), only(&[]), &mut copy);
                assert_eq!(copy, r#"{"a":{},"c":[]}"#, "{}", vector["stored"]);
            }
        }
    }

    #[test]
    fn a_copy_has_no_password_hash_in_a_list() {
        let hash = format!("$2b$12${}", "a".repeat(53));
        let raw = format!(
            r#"{{"c":[ {{"hash":"{hash}", "by": [1]}} , "x y"],"d":["{hash}"],"e":[[ "{hash}", "$5" ],{{"f":{{"g":["{hash}",2e3]}}}}],
            "p":[{{"pin":"$1", "q":"{hash}"}}, {{}}, []],"h":["{{SSHA}}c2FsdGVkLWhhc2gtb2Ytc29tZS1ieXRlcw==" , null],"i":[ 1 , " $ " ]}}"#
        );
        let mut out = String::new();
        compact_without(&fields(&raw), only(&["p.pin"]), &mut out);
        let kept = r#"{"c":[{"by":[1]},"x y"],"d":[],"e":[["$5"],{"f":{"g":[2e3]}}],"p":[{"pin":"$1"},{},[]],"h":[null],"i":[1," $ "]}"#;
        assert_eq!(out, kept);
    }

    #[test]
    fn the_copy_is_compact_and_leaves_out_what_it_must() {
        let raw = "{ \"z\" : 1.50 , \"p\":\"\\\"secret\",\n\"a b\":[ \" x \\\\\" , 2e3 ],\
                   \"c\":{\"p\":\"q\", \"k\": {}}, \"\\u0070w\": 1}";
        let mut out = String::new();
        compact_without(&fields(raw), only(&["p", "c.p", "pw"]), &mut out);
        assert_eq!(out, "{\"z\":1.50,\"a b\":[\" x \\\\\",2e3],\"c\":{\"k\":{}}}");
    }
}
