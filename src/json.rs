//! JSON as bytes: its white space, texts, words and numbers. Relies on nothing but the grammar, and
//! imports nothing of ours.

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
    let mut start = 0;
    for (at, byte) in outside_texts(json) {
        if is_space(byte) {
            f(start..at);
            start = at + 1;
        }
    }
    f(start..json.len());
}

/// The bytes that stand in no text, each with its offset; of a text only the quotation mark that opens
/// it. A text that is not closed goes on to the end.
pub(crate) fn outside_texts(json: &[u8]) -> impl Iterator<Item = (usize, u8)> {
    let mut next = 0;
    std::iter::from_fn(move || {
        let at = next;
        let &byte = json.get(at)?;
        next = match byte {
            b'"' => text_end(json, at).unwrap_or(json.len()),
            _ => at + 1,
        };
        Some((at, byte))
    })
}

/// The offset behind the value that starts at `at`; none if it does not end.
pub(crate) fn value_end(json: &[u8], at: usize) -> Option<usize> {
    match json.get(at)? {
        b'"' => text_end(json, at),
        b'{' | b'[' => container_end(json, at),
        _ => {
            let len = json[at..].iter().take_while(|byte| !ends_word(**byte)).count();
            let word = &json[at..at + len];
            let known = matches!(word, b"true" | b"false" | b"null") || is_number(word);
            known.then_some(at + len)
        }
    }
}

fn container_end(json: &[u8], at: usize) -> Option<usize> {
    let mut depth = 0usize;
    for (i, byte) in outside_texts(&json[at..]) {
        match byte {
            b'{' | b'[' => depth += 1,
            b'}' | b']' if depth <= 1 => return Some(at + i + 1),
            b'}' | b']' => depth -= 1,
            _ => {}
        }
    }
    None
}

/// The offset behind the text whose opening quotation mark stands at `at`; none if it is not closed, or
/// no text starts there.
pub(crate) fn text_end(json: &[u8], at: usize) -> Option<usize> {
    if json.get(at) != Some(&b'"') {
        return None;
    }
    let mut at = at + 1;
    loop {
        at = next_special(json, at)?;
        match json[at] {
            b'"' => return Some(at + 1),
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
}

/// White space of JSON.
#[inline]
pub(crate) fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\n' | b'\r' | b'\t')
}

/// The offset of the first byte from `at` on that is not white space.
#[inline]
pub(crate) fn skip_space(bytes: &[u8], mut at: usize) -> usize {
    while bytes.get(at).is_some_and(|byte| is_space(*byte)) {
        at += 1;
    }
    at
}

/// The next quotation mark, backslash or control character.
///
/// Eight bytes at a time: a byte whose high bit is set in `hits` is one of them. Borrows can only
/// mark bytes above the first true one, so the lowest mark is right.
#[inline]
pub(crate) fn next_special(bytes: &[u8], mut at: usize) -> Option<usize> {
    const ONES: u64 = u64::from_le_bytes([1; 8]);
    const HIGH: u64 = ONES << 7;
    const QUOTES: u64 = ONES * b'"' as u64;
    const BACKSLASHES: u64 = ONES * b'\\' as u64;
    const SPACES: u64 = ONES * b' ' as u64;
    let zero = |word: u64| word.wrapping_sub(ONES) & !word;
    while let Some(chunk) = bytes.get(at..).and_then(|rest| rest.first_chunk::<8>()) {
        let word = u64::from_le_bytes(*chunk);
        let control = word.wrapping_sub(SPACES) & !word;
        let hits = (zero(word ^ QUOTES) | zero(word ^ BACKSLASHES) | control) & HIGH;
        if hits != 0 {
            return Some(at + hits.trailing_zeros() as usize / 8);
        }
        at += 8;
    }
    let rest = bytes.get(at..)?;
    rest.iter().position(|b| matches!(b, b'"' | b'\\' | 0..0x20)).map(|i| at + i)
}

/// The bytes that end a number, `true`, `false` or `null`.
const ENDS_WORD: [bool; 256] = {
    let mut table = [false; 256];
    let ends = b",:]}[{\" \n\r\t";
    let mut i = 0;
    while i < ends.len() {
        table[ends[i] as usize] = true;
        i += 1;
    }
    table
};

/// Whether a byte ends a number, `true`, `false` or `null`.
#[inline]
pub(crate) fn ends_word(byte: u8) -> bool {
    ENDS_WORD[usize::from(byte)]
}

/// Whether a word is a number as JSON writes it.
pub(crate) fn is_number(word: &[u8]) -> bool {
    let digits = |word: &[u8]| word.iter().take_while(|b| b.is_ascii_digit()).count();
    let mut rest = word.strip_prefix(b"-").unwrap_or(word);
    let whole = digits(rest);
    if whole == 0 || (whole > 1 && rest[0] == b'0') {
        return false;
    }
    rest = &rest[whole..];
    if let Some(fraction) = rest.strip_prefix(b".") {
        let n = digits(fraction);
        if n == 0 {
            return false;
        }
        rest = &fraction[n..];
    }
    if let [b'e' | b'E', exponent @ ..] = rest {
        let exponent =
            exponent.strip_prefix(b"+").or(exponent.strip_prefix(b"-")).unwrap_or(exponent);
        let n = digits(exponent);
        return n > 0 && n == exponent.len();
    }
    rest.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

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

    #[test]
    fn only_bytes_outside_texts_are_given_out() {
        for (json, expected) in [
            (r#"{"a": [1, "b,c"]}"#, r#"{": [1, "]}"#),
            (r#""[\"]" ,"\\"}"#, r#"" ,"}"#),
            // Not closed: nothing behind it.
            (r#"[1,"a]"#, "[1,\""),
            (r#"["a\"#, "[\""),
            ("\"", "\""),
            ("", ""),
        ] {
            let given: Vec<u8> = outside_texts(json.as_bytes()).map(|(_, byte)| byte).collect();
            assert_eq!(String::from_utf8_lossy(&given), expected, "{json}");
            assert!(outside_texts(json.as_bytes()).all(|(at, byte)| json.as_bytes()[at] == byte));
        }
    }

    #[test]
    fn a_value_ends_behind_its_own_bracket_quote_or_word() {
        for (json, expected) in [
            (r#"{"a":[1,{"b":"]}\""}]} ,"#, Some(22)),
            ("[[],[]]]", Some(7)),
            (r#""a\"b" x"#, Some(6)),
            ("-1.5e3,", Some(6)),
            ("null}", Some(4)),
            ("nul,", None),
            ("[1", None),
            (r#"["a]"#, None),
            (r#""a\""#, None),
            ("", None),
        ] {
            assert_eq!(value_end(json.as_bytes(), 0), expected, "{json}");
        }
    }

    proptest! {
        #[test]
        fn a_text_ends_where_serde_json_says(text in any::<String>(), rest in any::<String>()) {
            let written = serde_json::Value::from(text).to_string();
            let json = written.clone() + &rest;
            prop_assert_eq!(text_end(json.as_bytes(), 0), Some(written.len()));
            prop_assert_eq!(text_end(&json.as_bytes()[..written.len() - 1], 0), None);
        }

    #[test]
    fn numbers_are_those_of_serde_json(word in "-?[0-9]{0,3}(\\.[0-9]{0,2})?([eE][+-]?[0-9]{0,2})?") {
        let theirs = serde_json::from_str::<serde_json::Number>(&word).is_ok();
        prop_assert_eq!(is_number(word.as_bytes()), theirs);
    }

    #[test]
    fn special_bytes_are_found_wherever_they_stand(bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
        let slow = bytes.iter().position(|b| matches!(b, b'"' | b'\\' | 0..0x20));
        prop_assert_eq!(next_special(&bytes, 0), slow);
    }
    }
}
