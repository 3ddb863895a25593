//! What a program that ends in an error says of it. The crate's messages quote the values at hand;
//! ours name the operation and the types, and of texts only those that stand in the program.

use crate::json::outside_texts;
use jaq_core::Error;
use jaq_json::Val;
use std::fmt::{self, Write as _};

/// Bytes of an error, with its values, that is read.
const LONGEST: usize = 64 << 10;
const FAILED: &str = "the jq program ends in an error";
/// Introduces the text of an `error("…")` that the mapping's author wrote.
pub(in crate::mapping) const SAYS: &str = "the mapping's program says: ";

/// The message about an error, without any value of the record.
pub(super) fn describe(error: &Error<Val>, source: &str) -> String {
    let mut told = Short(String::new());
    let is_whole = write!(told, "{error}").is_ok();
    if !is_whole {
        return FAILED.to_owned();
    }
    if let Some(text) = said(&told.0, source) {
        return format!("{SAYS}{text}");
    }
    match reason(&told.0, source) {
        Some(reason) => format!("{FAILED}: {reason}"),
        None => FAILED.to_owned(),
    }
}

/// A text of an end: values that share their parts may be without one when they are written out.
struct Short(String);

impl fmt::Write for Short {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        if self.0.len() + text.len() > LONGEST {
            return Err(fmt::Error);
        }
        self.0.push_str(text);
        Ok(())
    }
}

/// The text of an `error("…")` that stands in the program: what its author wrote there is no value of a
/// record. Any other text may be one, also if the program has the same text in another place.
fn said(told: &str, source: &str) -> Option<String> {
    let is_argument = |(at, _): (usize, &str)| {
        let before = source[..at].trim_end().strip_suffix('(').map(str::trim_end);
        let after = source[at + told.len()..].trim_start();
        before.is_some_and(|before| before.ends_with("error")) && after.starts_with(')')
    };
    let is_said = told.starts_with('"') && source.match_indices(told).any(is_argument);
    is_said.then(|| serde_json::from_str(told).ok())?
}

/// `told` is what the crate says: its own words with values as JSON, or a value alone, which is what
/// the program itself, or a filter of the library, has said.
fn reason(told: &str, source: &str) -> Option<String> {
    if let "\"no JSON\"" | "\"no text\"" = told {
        return Some(told.trim_matches('"').to_owned());
    }
    if let Some(rest) = told.strip_prefix("cannot use ") {
        let (value, rest) = value(rest);
        let wanted = rest.strip_prefix(" as ")?;
        return Some(format!("cannot use {} as {wanted}", noun(value)));
    }
    if let Some(rest) = told.strip_prefix("cannot index ") {
        let (value, rest) = value(rest);
        let key = rest.strip_prefix(" with ")?;
        let key = if stands_in(source, key) { key } else { noun(key) };
        return Some(format!("cannot index {} with {key}", noun(value)));
    }
    if let Some(rest) = told.strip_prefix("cannot calculate ") {
        let (left, rest) = value(rest);
        let mut rest = rest.trim_start().splitn(2, ' ');
        let verb = verb(rest.next()?)?;
        return Some(format!("cannot {verb} {} and {}", noun(left), noun(rest.next()?)));
    }
    let input = told.strip_prefix("invalid path expression with input ")?;
    Some(format!("cannot change what is no path, with input {}", noun(input)))
}

fn verb(operator: &str) -> Option<&'static str> {
    Some(match operator {
        "+" => "add",
        "-" => "subtract",
        "*" => "multiply",
        "/" => "divide",
        "%" => "take the remainder of",
        _ => return None,
    })
}

/// jq's word for the type of a value.
fn noun(json: &str) -> &'static str {
    match json.as_bytes().first() {
        Some(b'{') => "object",
        Some(b'[') => "array",
        Some(b'"') => "string",
        Some(b'b') => "bytes",
        Some(b't' | b'f') => "boolean",
        Some(b'n') if json.starts_with("null") => "null",
        _ => "number",
    }
}

/// The value at the beginning of a text, and what follows it: at its end stands a space that lies in
/// no text, list or object.
fn value(text: &str) -> (&str, &str) {
    let mut depth = 0_usize;
    for (at, byte) in outside_texts(text.as_bytes()) {
        match byte {
            b'[' | b'{' => depth += 1,
            b']' | b'}' => depth = depth.saturating_sub(1),
            b' ' if depth == 0 => return text.split_at(at),
            _ => {}
        }
    }
    (text, "")
}

/// Whether a name, as JSON, is one that the program writes: `"a"` or `.a`.
fn stands_in(source: &str, key: &str) -> bool {
    let Some(name) = key.strip_prefix('"').and_then(|key| key.strip_suffix('"')) else {
        return false;
    };
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let is_field = |(at, _): (usize, &str)| {
        let before = source[..at].ends_with('.');
        before && !source[at + name.len()..].starts_with(is_word)
    };
    !name.is_empty() && (source.contains(key) || source.match_indices(name).any(is_field))
}
