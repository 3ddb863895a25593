//! What a value is: an e-mail address, a phone number, a date, a gender, a truth value. Knows the fields of
//! a target, but no mapping.
//!
//! The checks are lenient: they refuse what no provider takes, and leave the rest to the target,
//! which will say so for that row alone.

mod date;
mod date_time;
mod email;
pub(crate) mod gender;
pub(crate) mod phone;
mod truth;

pub use date::DateForm;
pub(crate) use date::{Wanted, is_date, is_zero_date};
pub use date_time::date_time;
pub use email::email;
pub use phone::{Region, phone};
pub(crate) use truth::{state_of, truth_of};

use crate::problem::Rule;
use crate::schema::{Field, Format};
use crate::user::Value;

/// The most bytes of an identifier.
const IDENTIFIER_BYTES: usize = 512;
/// The most bytes of any other text: more is a mistake in the export or the mapping.
const TEXT_BYTES: usize = 1 << 20;

/// What is wrong with a value of a field, if anything is: the rule and a message without the value.
pub fn fault(field: &Field, value: &Value) -> Option<(Rule, String)> {
    let texts: &[String] = match value {
        Value::Text(text) => std::slice::from_ref(text),
        Value::List(list) => list,
        Value::Bool(_) | Value::Int(_) => return None,
    };
    texts.iter().find_map(|text| text_fault(field, text))
}

/// Whether a field takes any text of so many bytes, whatever it says.
pub fn fits_anyway(field: &Field, bytes: usize) -> bool {
    let is_any = matches!(field.format, Format::Any | Format::Day);
    is_any && field.identifier.is_none() && bytes <= TEXT_BYTES
}

fn text_fault(field: &Field, text: &str) -> Option<(Rule, String)> {
    let most = if field.identifier.is_some() { IDENTIFIER_BYTES } else { TEXT_BYTES };
    if text.len() > most {
        return Some((Rule::Length, format!("longer than {most} bytes")));
    }
    if field.identifier.is_some() && holds(text, char::is_control) {
        return Some((Rule::Value, "holds a control character".to_owned()));
    }
    match field.format {
        Format::Any | Format::Day => None,
        Format::Email => email(text).err().map(|why| (Rule::Email, why.to_owned())),
        Format::Phone => phone(text).err().map(|why| (Rule::Phone, why.to_owned())),
        Format::DateTime => date_time(text).err().map(|why| (Rule::Date, why.to_owned())),
        Format::OneOf(words) => (!words.contains(&text))
            .then(|| (Rule::Value, format!("not one of {}", words.join(", ")))),
    }
}

/// Whether a text holds such a character. Nearly every text is ASCII, which needs no decoding.
fn holds(text: &str, is: impl Fn(char) -> bool) -> bool {
    if text.is_ascii() { text.bytes().any(|byte| is(byte.into())) } else { text.chars().any(is) }
}
