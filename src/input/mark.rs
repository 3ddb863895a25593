//! The field `_userferry`, in which an export says why a record was not sent. [`add`] and
//! [`is_padding_due`] serve the export; the reader undoes both, so that a record that nobody
//! changed comes back byte for byte.

use crate::json::{is_space, outside_texts, skip_space};
use memchr::memmem::Finder;
use std::ops::Range;
use std::sync::LazyLock;

/// The name of the field, and of the column of CSV.
pub(crate) const MARK: &str = "_userferry";
const QUOTED: &[u8] = b"\"_userferry\"";

/// The object with the reason as its last field. `object` is a well formed JSON object.
pub(crate) fn add(object: &[u8], why: &str) -> Vec<u8> {
    let inside = object.trim_ascii_end();
    let inside = inside.strip_suffix(b"}").unwrap_or(inside).trim_ascii_end();
    let mut marked = inside.to_vec();
    if !inside.ends_with(b"{") {
        marked.push(b',');
    }
    marked.extend_from_slice(QUOTED);
    marked.push(b':');
    marked.extend_from_slice(serde_json::Value::from(why).to_string().as_bytes());
    marked.extend_from_slice(&object[inside.len()..]);
    marked
}

/// Takes the field out of a record.
pub(super) fn strip(raw: &mut Vec<u8>) {
    // One searcher for all: every record is searched for the mark.
    static FINDER: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(QUOTED));
    if raw.first() != Some(&b'{') || FINDER.find(raw).is_none() {
        return;
    }
    while let Some(place) = find(raw) {
        raw.drain(place);
    }
}

/// Where the field stands, with the comma that separates it from another.
fn find(raw: &[u8]) -> Option<Range<usize>> {
    let parts = parts(raw);
    let is_mark = |part: &Range<usize>| {
        let part = &raw[part.clone()];
        part.starts_with(QUOTED) && part.get(skip_space(part, QUOTED.len())) == Some(&b':')
    };
    let at = parts.iter().position(is_mark)?;
    let (start, end) = (parts[at].start, parts[at].end);
    match (at.checked_sub(1).map(|before| parts[before].end), parts.get(at + 1)) {
        (Some(before), _) => Some(before..end),
        (None, Some(next)) => Some(start..next.start),
        (None, None) => Some(start..end),
    }
}

/// Where the fields of an object or the elements of an array stand, without the white space around
/// them. Of what is broken only those before the break.
pub(crate) fn parts(raw: &[u8]) -> Vec<Range<usize>> {
    let mut parts = Vec::new();
    let mut push = |mut part: Range<usize>| {
        while !part.is_empty() && is_space(raw[part.start]) {
            part.start += 1;
        }
        while !part.is_empty() && is_space(raw[part.end - 1]) {
            part.end -= 1;
        }
        if !part.is_empty() {
            parts.push(part);
        }
    };
    let (mut start, mut depth) = (0, 0_usize);
    for (at, byte) in outside_texts(raw) {
        match byte {
            b'{' | b'[' => {
                depth += 1;
                start = if depth == 1 { at + 1 } else { start };
            }
            b'}' | b']' if depth <= 1 => {
                push(start..at);
                break;
            }
            b'}' | b']' => depth -= 1,
            b',' if depth == 1 => {
                push(start..at);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts
}

/// Whether a row that does not fit its header needs one more cell in the export, an empty one:
/// with its own cells alone it could have as many as the header, and be taken for a good row.
pub(crate) fn is_padding_due(columns: usize, cells: &[impl AsRef<[u8]>]) -> bool {
    cells.len() >= columns && cells[columns..].iter().all(|cell| cell.as_ref().is_empty())
}

/// Whether a row that has as many cells as the header was refused for what its quotes may hide: of other rows that
/// are refused no cell spans lines.
pub(crate) fn may_hide_rows(cells: &[impl AsRef<[u8]>]) -> bool {
    cells.iter().any(|cell| memchr::memchr2(b'\r', b'\n', cell.as_ref()).is_some())
}

/// Whether the export has added a cell to this row, which then is the last one.
pub(super) fn is_padded(columns: usize, cells: &[impl AsRef<[u8]>]) -> bool {
    cells.len() > columns && is_padding_due(columns, cells)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stripped(raw: &[u8]) -> String {
        let mut raw = raw.to_vec();
        strip(&mut raw);
        String::from_utf8(raw).unwrap()
    }

    #[test]
    fn what_is_marked_and_stripped_is_what_it_was() {
        for raw in ["{}", "{ }", r#"{"a":1}"#, "{ \"a\": [1, {\"b\": 2}] ,\n \"c\":\"}\\\"\" \n}"] {
            let marked = add(raw.as_bytes(), "invalid: \"x\", a; b");
            let value: serde_json::Value = serde_json::from_slice(&marked).unwrap();
            assert_eq!(value[MARK], "invalid: \"x\", a; b", "{raw}");
            assert_eq!(value.as_object().unwrap().keys().next_back().unwrap(), MARK);
            assert_eq!(stripped(&marked), raw);
        }
    }

    #[test]
    fn it_goes_wherever_an_editor_has_put_it_but_not_out_of_other_objects() {
        for (raw, kept) in [
            (r#"{"_userferry":"x","a":1}"#, r#"{"a":1}"#),
            (r#"{"a":1, "_userferry" : {"b":[1,2]}, "c":2}"#, r#"{"a":1, "c":2}"#),
            (r#"{"_userferry":1,"_userferry":2}"#, "{}"),
            (r#"{"a":{"_userferry":1}}"#, r#"{"a":{"_userferry":1}}"#),
            (r#"{"a":"_userferry"}"#, r#"{"a":"_userferry"}"#),
            (r#"["_userferry"]"#, r#"["_userferry"]"#),
            // A line that an editor broke.
            (r#"{"a":1 "b":2,"_userferry":"x"}"#, r#"{"a":1 "b":2}"#),
            (r#"{"a":"_userferry"#, r#"{"a":"_userferry"#),
            (r#"{"_userferry"#, r#"{"_userferry"#),
        ] {
            assert_eq!(stripped(raw.as_bytes()), kept);
        }
    }

    #[test]
    fn a_row_that_does_not_fit_never_gets_as_many_cells_as_the_header_and_comes_back() {
        for columns in 1..4 {
            for n in 0..6_u32 {
                for empty in 0..(1 << n) {
                    let cell = |i: u32| if empty & (1 << i) == 0 { "x" } else { "" };
                    let own: Vec<&str> = (0..n).map(cell).collect();
                    let mut written = own.clone();
                    if is_padding_due(columns, &own) {
                        written.push("");
                    }
                    assert_ne!(written.len(), columns, "{own:?}");
                    if is_padded(columns, &written) {
                        written.pop();
                    }
                    assert_eq!(written, own);
                }
            }
        }
    }
}
