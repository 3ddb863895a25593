//! A cell of CSV as JSON: text, unless the caller says that its column feeds something else.

use crate::json::{is_number, next_special};

/// What a column's cells are read as, where they can be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cell {
    /// `true false yes no t f y n 1 0`, in any case, become a truth value.
    Bool,
    /// What JSON would take for a number becomes a number.
    Int,
}

pub(super) fn push_cell(bytes: &[u8], cell: Option<Cell>, json: &mut Vec<u8>) {
    let word = bytes.trim_ascii();
    match cell {
        Some(Cell::Bool) if let Some(truth) = truth_of(word) => json.extend_from_slice(truth),
        Some(Cell::Int) if is_number(word) => json.extend_from_slice(word),
        _ => push_text(bytes, json),
    }
}

fn truth_of(word: &[u8]) -> Option<&'static [u8]> {
    match word.to_ascii_lowercase().as_slice() {
        b"true" | b"t" | b"yes" | b"y" | b"1" => Some(b"true"),
        b"false" | b"f" | b"no" | b"n" | b"0" => Some(b"false"),
        _ => None,
    }
}

/// Writes a text as JSON. Bytes that are not UTF-8 stay, as they do in JSON that is read.
pub(super) fn push_text(text: &[u8], json: &mut Vec<u8>) {
    json.push(b'"');
    let mut start = 0;
    while let Some(at) = next_special(text, start) {
        json.extend_from_slice(&text[start..at]);
        match text[at] {
            b'\n' => json.extend_from_slice(b"\\n"),
            b'\r' => json.extend_from_slice(b"\\r"),
            b'\t' => json.extend_from_slice(b"\\t"),
            byte @ (b'"' | b'\\') => json.extend_from_slice(&[b'\\', byte]),
            byte => json.extend_from_slice(format!("\\u{byte:04x}").as_bytes()),
        }
        start = at + 1;
    }
    json.extend_from_slice(&text[start..]);
    json.push(b'"');
}
