//! Copies of a record, and what they go without: whoever reads a copy must not read a password in it.

use super::path::{inside, without_choices};
use super::record::{Fields, elements, held, text};
use super::secret::is_secret_name;
use crate::json;
use crate::password::detect::detect;

/// What a copy of a record goes without; in any case without password hashes, whatever their name.
#[derive(Clone, Copy)]
pub(super) struct LeftOut<'a> {
    /// Fields, by their literal names, or by paths. Where a path chooses an entry of a list, all entries
    /// go without what it leads to; what lies in a text that holds JSON takes the text with it.
    pub(super) paths: &'a [&'a str],
    /// What is called like a password, wherever it stands; but not what is only true or false.
    pub(super) by_name: bool,
}

impl LeftOut<'_> {
    /// Whether a field is left out. `behind`: what paths say of the inside of it.
    fn has(self, name: &str, value: &str, behind: &[&str]) -> bool {
        let says_something = || !value.starts_with(['t', 'f', 'n']);
        behind.iter().any(|path| without_choices(path).is_empty())
            || self.has_text(value, behind)
            || (self.by_name && says_something() && is_secret_name(name))
    }

    /// Whether a text is a hash, or holds JSON that would lose something.
    fn has_text(self, value: &str, behind: &[&str]) -> bool {
        if !value.starts_with('"') {
            return false;
        }
        if is_hash(value) {
            return true;
        }
        let may_lose = !behind.is_empty() || self.by_name || may_hold_hash(value);
        let Some(held) = may_lose.then(|| held(value)).flatten() else { return false };
        if !behind.is_empty() {
            return true;
        }
        let (mut whole, mut copy) = (String::new(), String::new());
        compact(&held, &mut whole);
        value_without(&held, LeftOut { paths: &[], ..self }, &mut copy);
        whole != copy
    }
}

/// The object as compact JSON: order of fields, text of numbers and escapes kept.
pub(super) fn compact_without(fields: &Fields<'_>, left_out: LeftOut<'_>, out: &mut String) {
    out.push('{');
    let mut first = true;
    for (name, value) in &fields.0 {
        let behind: Vec<&str> =
            left_out.paths.iter().filter_map(|path| inside(path, name)).collect();
        if left_out.has(name, value, &behind) {
            continue;
        }
        if !std::mem::take(&mut first) {
            out.push(',');
        }
        push_name(name, out);
        out.push(':');
        value_without(value, LeftOut { paths: &behind, ..left_out }, out);
    }
    out.push('}');
}

/// The paths begin with a dot, or with a choice.
fn value_without(value: &str, left_out: LeftOut<'_>, out: &mut String) {
    let is_looked_into = left_out.by_name || !left_out.paths.is_empty() || may_hold_hash(value);
    match value.as_bytes().first() {
        Some(b'{') if is_looked_into => match Fields::parse(value) {
            Some(inner) => {
                let names = left_out.paths.iter();
                let paths: Vec<&str> =
                    names.filter_map(|path| without_choices(path).strip_prefix('.')).collect();
                compact_without(&inner, LeftOut { paths: &paths, ..left_out }, out);
            }
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
    // A path without a choice leads into no list.
    let paths: Vec<&str> =
        left_out.paths.iter().copied().filter(|path| path.starts_with('[')).collect();
    let left_out = LeftOut { paths: &paths, ..left_out };
    for element in elements.iter().filter(|element| !left_out.has_text(element, &paths)) {
        if !std::mem::take(&mut first) {
            out.push(',');
        }
        value_without(element, left_out, out);
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

/// Whether a value is a password's hash, or begins as one. Digits alone may be anything.
fn is_hash(value: &str) -> bool {
    let may_be = value.starts_with('"') && may_hold_hash(value);
    may_be && detect(&text(value)).begins_as_hash()
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

    /// Spellings that the schemes' own libraries refuse.
    #[test]
    fn a_copy_has_no_hash_that_nobody_can_verify() {
        for line in include_str!("../../tests/password/refused.jsonl").lines() {
            let vector: serde_json::Value = serde_json::from_str(line).unwrap();
            let hash = &vector["stored"];
            let inner = serde_json::json!({"old": hash}).to_string();
            let raw = serde_json::json!({"a": {"b": hash}, "c": [hash], "d": hash, "e": inner});
            let mut copy = String::new();
            compact_without(&fields(&raw.to_string()), only(&[]), &mut copy);
            assert_eq!(copy, r#"{"a":{},"c":[]}"#, "{hash}");
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

    /// What a path chooses in a list goes from all entries; a text that holds JSON goes whole.
    #[test]
    fn a_copy_goes_without_what_paths_lead_to_in_lists_and_in_texts() {
        let raw = r#"{"c":[{"t":"p","s":"{\"v\":1}","d":"{\"n\":2}"},{"t":"o","s":"{\"v\":3}"}],"u":["x","y"],
            "n":[[{"k":1,"l":2}]],"j":"{\"a\":{\"b\":1},\"z\":2}","m":{"k":1},"w":"{no json"}"#;
        let left_out = ["c[t=p].s.v", "u[0]", "n[0][0].k", "j.a.b", "m[0].k", "w.x"];
        let mut copy = String::new();
        compact_without(&fields(raw), only(&left_out), &mut copy);
        let kept =
            r#"{"c":[{"t":"p","d":"{\"n\":2}"},{"t":"o"}],"n":[[{"l":2}]],"m":{},"w":"{no json"}"#;
        assert_eq!(copy, kept);
    }

    #[test]
    fn a_copy_has_no_hash_or_password_in_a_text_that_holds_json() {
        let hash = format!("$2b$12${}", "a".repeat(53));
        let inner = serde_json::json!({"old": [hash]}).to_string();
        let twice = serde_json::json!({"x": inner}).to_string();
        let named = serde_json::json!({"auth": {"password": "geheim"}}).to_string();
        let harmless = serde_json::json!({"city": "Basel", "n": [1]}).to_string();
        let raw =
            serde_json::json!({"a": inner, "b": [twice, harmless], "c": named, "d": harmless})
                .to_string();
        let mut copy = String::new();
        compact_without(&fields(&raw), only(&[]), &mut copy);
        assert!(!copy.contains("$2b$") && copy.contains("geheim"), "{copy}");
        let mut copy = String::new();
        compact_without(&fields(&raw), LeftOut { paths: &[], by_name: true }, &mut copy);
        let kept = serde_json::json!({"b": [harmless], "d": harmless}).to_string();
        assert_eq!(copy, kept);
    }
}
