//! JSON as bytes.

use std::ops::Range;

/// Without the white space between its parts. What is no JSON stays as it is: its white space may
/// tell it from another text.
pub(crate) fn compact(json: &[u8]) -> Vec<u8> {
    if serde_json::from_slice::<serde::de::IgnoredAny>(json).is_err() {
        return json.to_vec();
    }
    let mut out = Vec::with_capacity(json.len());
    for_each_stretch(json, |stretch| out.extend_from_slice(&json[stretch]));
    out
}

/// Calls `f` with what lies between the white space between the parts of a JSON value, in order.
pub(crate) fn for_each_stretch(json: &[u8], mut f: impl FnMut(Range<usize>)) {
    let (mut in_text, mut escaped) = (false, false);
    let mut start = 0;
    for (i, &byte) in json.iter().enumerate() {
        if in_text {
            in_text = escaped || byte != b'"';
            escaped = !escaped && byte == b'\\';
        } else if byte == b'"' {
            in_text = true;
        } else if crate::input::is_space(byte) {
            f(start..i);
            start = i + 1;
        }
    }
    f(start..json.len());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_white_space_between_parts_goes() {
        for (written, expected) in [
            (" [ \"a  b\" ,\n1 ] ", "[\"a  b\",1]"),
            ("{ \"a\\\" \": \"\\\\\" , \"b\" : {} }", "{\"a\\\" \":\"\\\\\",\"b\":{}}"),
            ("{\"a\": 1, \"a\": 1.0}", "{\"a\":1,\"a\":1.0}"),
            // No JSON: two numbers are not one.
            ("1 2", "1 2"),
            ("[\"a\" \"b\"]", "[\"a\" \"b\"]"),
        ] {
            assert_eq!(compact(written.as_bytes()), expected.as_bytes(), "{written}");
        }
    }
}
