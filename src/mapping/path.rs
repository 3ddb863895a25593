//! Paths into a record: `a.b` goes into an object, `a[0]` takes an entry of a list by its number, and
//! `a[type=password]` the first one whose member `type` says so. Where a path goes on and text holds
//! JSON, the text is read as JSON, as Keycloak's exports want it
//! (`credentials[type=password].secretData.value`).

use super::record::{Fields, Json, elements, held};
use std::borrow::Cow;

/// The steps of a path that are taken; one that goes deeper leads nowhere.
const MOST_STEPS: usize = 64;

/// The value that a path leads to, as JSON. A field of that very name wins over a path.
pub(super) fn find<'a>(fields: &Fields<'a>, path: &str) -> Option<Cow<'a, str>> {
    named(fields, path, MOST_STEPS)
}

fn named<'a>(fields: &Fields<'a>, path: &str, steps: usize) -> Option<Cow<'a, str>> {
    if let Some(value) = fields.get(path) {
        return Some(value.into());
    }
    // A name may itself hold dots and brackets: the longest one that is there wins.
    path.rmatch_indices(['.', '[']).find_map(|(at, _)| {
        let inner = fields.get(&path[..at])?;
        within(inner, &path[at..], steps.checked_sub(1)?)
    })
}

/// What lies in a value: `rest` is empty, or begins with a dot or a choice in brackets.
fn within<'a>(value: &'a str, rest: &str, steps: usize) -> Option<Cow<'a, str>> {
    if rest.is_empty() {
        return Some(value.into());
    }
    match value.as_bytes().first()? {
        b'{' => named(&Fields::parse(value)?, rest.strip_prefix('.')?, steps),
        b'[' => {
            let (choice, rest) = Choice::read(rest)?;
            within(choice.of(&elements(value)?)?, rest, steps.checked_sub(1)?)
        }
        b'"' => {
            let held = held(value)?;
            within(&held, rest, steps.checked_sub(1)?).map(|found| found.into_owned().into())
        }
        _ => None,
    }
}

/// Which entry of a list.
enum Choice<'p> {
    At(usize),
    /// The first one that has this member with this value.
    By {
        member: &'p str,
        value: &'p str,
    },
}

impl<'p> Choice<'p> {
    /// Reads it at the start of a path; and what comes behind it.
    fn read(path: &'p str) -> Option<(Self, &'p str)> {
        let (inner, rest) = path.strip_prefix('[')?.split_once(']')?;
        let choice = match inner.split_once('=') {
            Some((member, value)) => Self::By { member, value },
            None => Self::At(inner.parse().ok()?),
        };
        Some((choice, rest))
    }

    fn of<'a>(&self, entries: &[&'a str]) -> Option<&'a str> {
        match self {
            Self::At(at) => entries.get(*at).copied(),
            Self::By { member, value } => {
                entries.iter().copied().find(|entry| says(entry, member, value))
            }
        }
    }
}

/// Whether an entry is an object with such a member.
fn says(entry: &str, member: &str, value: &str) -> bool {
    let member = Fields::parse(entry).and_then(|fields| fields.get(member));
    match member.map(Json::of) {
        Some(Json::Text(text)) => text == value,
        Some(Json::Number(number)) => number == value,
        Some(Json::Bool(truth)) => value == if truth { "true" } else { "false" },
        _ => false,
    }
}

/// What a path says of the inside of a field: empty where it leads to the field itself or to an entry
/// of it, else what comes behind the field's name. None if it leads elsewhere.
pub(super) fn inside<'p>(path: &'p str, name: &str) -> Option<&'p str> {
    let rest = path.strip_prefix(name)?;
    match without_choices(rest) {
        "" => Some(""),
        behind => behind.starts_with('.').then_some(rest),
    }
}

/// Without the choices of entries that a path begins with.
pub(super) fn without_choices(mut path: &str) -> &str {
    while let Some((_, rest)) = Choice::read(path) {
        path = rest;
    }
    path
}

/// Whether one of two paths leads to what the other one leads to, or into it.
pub(super) fn overlap(one: &str, other: &str) -> bool {
    leads_into(one, other) || leads_into(other, one)
}

/// Whether a path leads to what another one leads to, or into it, whichever entries they choose.
pub(super) fn leads_into(path: &str, other: &str) -> bool {
    feeds(&names(other), &names(path))
}

/// The names of a path alone.
fn names(path: &str) -> String {
    let mut names = String::with_capacity(path.len());
    let mut rest = path;
    while let Some(at) = rest.find('[') {
        let behind = without_choices(&rest[at..]);
        if behind.len() == rest.len() - at {
            break;
        }
        names.push_str(&rest[..at]);
        rest = behind;
    }
    names.push_str(rest);
    names
}

/// Whether a column of a mapping is this field of the record, or lies inside it.
pub(crate) fn feeds(field: &str, column: &str) -> bool {
    column.strip_prefix(field).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(raw: &str, path: &str) -> Option<String> {
        find(&Fields::parse(raw).expect("an object"), path).map(Cow::into_owned)
    }

    #[test]
    fn a_literal_name_wins_over_a_path() {
        assert_eq!(found("{\"a\":{\"b\":1},\"a.b\":2}", "a.b").as_deref(), Some("2"));
        assert_eq!(found("{\"a\":{\"b\":1}}", "a.b").as_deref(), Some("1"));
        assert_eq!(found("{\"a\":{\"b.c\":1}}", "a.b.c").as_deref(), Some("1"));
        assert_eq!(found("{\"a.b\":{\"c\":1}}", "a.b.c").as_deref(), Some("1"));
        assert_eq!(found("{\"a\":[1]}", "a.b"), None);
        assert_eq!(found("{\"a\":null}", "a.b.c"), None);
        assert_eq!(found(r#"{"a[0]":1,"a":[2]}"#, "a[0]").as_deref(), Some("1"));
    }

    #[test]
    fn entries_of_lists_are_chosen_by_number_and_by_member() {
        let raw = r#"{"a":["x","y"],"m":[{"t":"w","v":1},{"t":"h","v":2,"p":true},{"t":"h","v":3}],"n":[[1],[2]],
            "b.c":[{"d":5}],"k":[{"n":7,"v":8}, 3, null]}"#;
        for (path, value) in [
            ("a[0]", Some("\"x\"")),
            ("a[1]", Some("\"y\"")),
            ("a[2]", None),
            ("a[-1]", None),
            ("a[]", None),
            ("a[x]", None),
            ("a[0", None),
            ("a[0].b", None),
            ("a[0][0]", None),
            ("m[t=h].v", Some("2")),
            ("m[p=true].v", Some("2")),
            ("m[t=x].v", None),
            ("m[t=].v", None),
            ("n[1][0]", Some("2")),
            ("b.c[0].d", Some("5")),
            ("k[n=7].v", Some("8")),
            ("m.v", None),
            ("m[t=h]v", None),
            ("[0]", None),
            ("", None),
        ] {
            assert_eq!(found(raw, path).as_deref(), value, "{path}");
        }
    }

    /// The form of Keycloak's realm export.
    #[test]
    fn text_that_holds_json_is_read_where_a_path_goes_on() {
        let secret = serde_json::json!({"value": "aGFzaA==", "salt": "c2FsdA=="}).to_string();
        let data = serde_json::json!({"n": 5, "more": {"m": ["7168"]}}).to_string();
        let raw = serde_json::json!({"credentials": [
            {"type": "otp", "secretData": "{\"value\": \"other\"}"},
            {"type": "password", "secretData": secret, "credentialData": data, "label": "{broken", "word": "x"},
        ], "list": "[{\"a\": \"{\\\"b\\\": 2}\"}]"})
        .to_string();
        let of = |path: &str| found(&raw, path);
        assert_eq!(of("credentials[type=password].secretData.value").unwrap(), "\"aGFzaA==\"");
        assert_eq!(of("credentials[1].credentialData.more.m[0]").unwrap(), "\"7168\"");
        assert_eq!(of("list[0].a.b").unwrap(), "2");
        for nowhere in [
            "credentials[type=password].label.x",
            "credentials[type=password].word.x",
            "credentials[type=password].secretData.value.x",
            "list.a",
        ] {
            assert_eq!(of(nowhere), None, "{nowhere}");
        }
        // Without a further step it stays text.
        assert!(of("credentials[1].secretData").unwrap().starts_with("\"{"));
    }

    #[test]
    fn hostile_text_leads_nowhere() {
        let deep = "[".repeat(100_000);
        for text in
            [deep.as_str(), "{\"a\":", "{\"a\":1}}", "{a:1}", "{\"a\":\u{1}}", "[1,]", "{}{}", "\""]
        {
            let raw = serde_json::json!({"t": text}).to_string();
            assert_eq!(found(&raw, "t.a"), None);
            assert_eq!(found(&raw, "t[0]"), None);
        }
        let path = format!("a{}", ".a".repeat(10_000));
        let nested = format!("{}1{}", "{\"a\":".repeat(200), "}".repeat(200));
        assert_eq!(found(&nested, &path), None);
        assert_eq!(found(&nested, &path[..101]).map(|value| value.len() > 100), Some(true));
    }

    #[test]
    fn paths_overlap_whichever_entries_they_choose() {
        for (one, other, is_so) in [
            ("a[0].b", "a[t=x]", true),
            ("a", "a[0]", true),
            ("a.b", "a.b.c", true),
            ("a[0].b", "a[0].c", false),
            ("ab", "a", false),
            ("a[", "a", true),
        ] {
            assert_eq!((overlap(one, other), overlap(other, one)), (is_so, is_so), "{one} {other}");
        }
    }
}
