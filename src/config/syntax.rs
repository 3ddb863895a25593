//! What is wrong with a file that is no TOML, in plain words. The parser's own messages are not shown:
//! they say what a grammar expects. No text of the file is, but the names of keys that are known.

use super::keys::KEYS;
use crate::input::show_name;
use crate::provider;
use std::borrow::Cow;
use toml::de::Error;

/// What the parser's messages mean, by how they begin and what they hold.
const CAUSES: &[(&str, &str, &str)] = &[
    ("extra `=`", "", "an equals sign too many"),
    (
        "string values must be quoted",
        "",
        "the value is missing, or is a text without double quotes",
    ),
    ("invalid boolean", "", "true and false stand in small letters, and text in double quotes"),
    ("invalid", "expected `\"`", "a text is not closed: a double quote is missing"),
    ("invalid", "expected `'`", "a text is not closed: a single quote is missing"),
    ("invalid", "visible characters", "a text holds a character that cannot be written as it is"),
    ("unexpected key or value", "", "something follows where the line should end"),
    ("unclosed table", "", "the name of a section is not closed: `]` is missing"),
    ("unclosed inline table", "", "a brace is not closed: `}` is missing"),
    ("unclosed array", "", "a list is not closed: `]` is missing"),
    (
        "key with no value",
        "",
        "`=` is missing behind a key; a key with a space in it stands in double quotes",
    ),
    ("missing comma", "", "a comma is missing"),
    ("missing escaped value", "", "a backslash in double quotes is written twice"),
    (
        "invalid unquoted key",
        "",
        "a key of other characters than a-z, 0-9, `-` and `_` stands in double quotes",
    ),
    ("unquoted keys cannot be empty", "", "the key before `=` is missing"),
    ("invalid key-value pair", "", "this is no line of the form: key = value"),
    ("unexpected leading zero", "", "a number may not begin with 0"),
];

/// Where an error is, and what is wrong there.
pub(super) fn explain(error: &Error, text: &str) -> (usize, String) {
    let span = error.span().unwrap_or(text.len()..text.len());
    let line = line_at(text, span.start);
    let message = error.message();
    if message.starts_with("duplicate key") {
        let name = show_name(text.get(span.clone()).unwrap_or_default().as_bytes());
        let what = if line.trim_start().starts_with('[') {
            format!("the section [{name}] is there already")
        } else {
            format!("`{name}` is given already")
        };
        return (span.start, what);
    }
    let is_it = |(start, part, _): &&(&str, &str, &str)| {
        message.starts_with(start) && message.contains(part)
    };
    let cause = CAUSES.iter().find(is_it).map_or("not valid TOML", |(_, _, cause)| cause);
    let is_of_value = ["string values", "invalid boolean", "unexpected leading"];
    let what = match key_of(line) {
        Some((key, Some(form))) if is_of_value.iter().any(|start| message.starts_with(start)) => {
            format!("`{key}`: {form} is expected")
        }
        Some((key, _)) => format!("`{key}`: {cause}"),
        None => cause.to_owned(),
    };
    (span.start, what)
}

fn line_at(text: &str, at: usize) -> &str {
    let (before, behind) = text.split_at_checked(at).unwrap_or((text, ""));
    let start = before.rfind('\n').map_or(0, |newline| newline + 1);
    let end = behind.find('\n').map_or(text.len(), |newline| at + newline);
    text.get(start..end).unwrap_or_default()
}

/// The key of a line, and the form of its value, if it is one that settings have: anything else
/// before an equals sign may be a piece of a secret.
fn key_of(line: &str) -> Option<(&str, Option<Cow<'static, str>>)> {
    let key = line.split_once('=')?.0.trim();
    if let Some(known) = KEYS.iter().find(|known| known.short() == key) {
        return Some((key, Some(known.form().into())));
    }
    for provider in provider::ALL {
        if let Some(setting) = provider.setting(key) {
            return Some((key, Some(setting.form.words())));
        }
        let schema = &provider.schema;
        if key == schema.password_field || schema.field(key).is_some() {
            return Some((key, None));
        }
    }
    None
}
