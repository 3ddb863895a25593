//! Mapping and settings. Oracles: `serde_json`, and that a value never shows in a message.
//!
//! The first byte chooses: a record through rules of every kind, or the text of a settings file
//! and, behind a zero, a record for it.

#![no_main]

use libfuzzer_sys::fuzz_target;
use secrecy::ExposeSecret;
use serde_json::Value as Json;
use std::path::Path;
use std::sync::OnceLock;
use userferry::config::Settings;
use userferry::mapping::{Mapping, Rule};
use userferry::password::is_unusable;
use userferry::prepare::{Prepared, prepare};
use userferry::problem::Problem;
use userferry::provider::authing::fields::V2;
use userferry::user::{User, Value, normalise};
use userferry_fuzz::{has_twins, is_private, parse};

const RULES: &str = r#"
[mapping]
externalId = "uid"
username = { from = "login", as = ["trim", "lower"] }
email = { from = "contact.mail", as = ["trim", "lower"] }
phone = { from = "tel", as = "phone", region = "CN" }
nickname = "nick"
name = { jq = '(.first // "") + " " + (.last // "") | ltrimstr(" ")' }
givenName = { jq = '.list | map(tostring) | join(",") | .[0:20]', default = "?" }
company = { from = "org.unit.name", as = "text", default = "none" }
website = { jq = 'if .site then .site | ascii_downcase | sub("^http:"; "https:") else empty end' }
gender = { from = "sex", as = "gender", default = "U" }
birthdate = { from = "born", as = "date" }
signedUp = { from = "since", as = "date", zone = "+08:00" }
lastLogin = { from = "seen", as = "date", format = "%d/%m/%Y %H:%M" }
emailVerified = { from = "ok", as = "bool" }
blocked = { value = false }
isDeleted = "gone"
loginsCount = { from = "n", as = "int", default = 0 }
registerSource = { value = ["import"] }
password = "pwd"
oauth = { raw = true, without = ["pin", "contact.pin"] }
"#;

const OTHERS: &str = r#"
[mapping]
externalId = { from = "uid", as = "text" }
email = { from = "mail", on_error = "omit" }
phone = { from = "tel", as = "e164", on_error = "omit" }
phoneCountryCode = "code"
address = { jq = '[.. | strings] | sort | unique | first', on_error = "omit" }
profile = { jq = 'try error(.nick) catch .' }
locale = { jq = '.list | [limit(3; .[])] | add | tostring' }
registerSource = "list"
loginsCount = { jq = '.n | tonumber | floor', on_error = "omit" }
signedUp = { from = "since", on_error = "omit" }
lastLogin = { from = "seen", as = "date", zone = "Z" }
oauth = { raw = true }
"#;

/// Paths into lists and into JSON that text holds; parts of a password from anywhere.
const PARTS: &str = r#"
[mapping]
externalId = "ids[0]"
email = "contact[primary=true].mail"
nickname = "info.nick"
locality = { from = "info.list[1].city", as = "trim" }
company = { jq = '.info | type' }
password = { scheme_from = "credentials[type=password].data.algorithm", hash = "credentials[type=password].secret.value", hash_encoding = { from = "credentials[type=password].data.encoding" }, salt = { jq = '.credentials[0].secret | if type == "string" then fromjson else . end | .salt' }, salt_encoding = { jq = '.how // "base64"' }, order = { from = "credentials[type=password].data.position", default = "salt+password" }, password_encoding = { from = "credentials[type=password].data.password" }, key = "credentials[type=password].secret.key", iterations = "credentials[type=password].data.n", n = { from = "n", default = 1024 }, r = { from = "r", default = 8 }, m = "m", p = { jq = '.p' }, variant = { from = "credentials[type=password].data.type[0]", default = "id" }, version = { from = "v" }, short = true }
oauth = { raw = true, without = ["info.list[0].pin", "ids[1]"] }
"#;

fn fixed() -> &'static [Mapping; 3] {
    static FIXED: OnceLock<[Mapping; 3]> = OnceLock::new();
    FIXED.get_or_init(|| {
        [RULES, OTHERS, PARTS].map(|text| {
            Settings::from_toml(text, Path::new("userferry.toml")).expect("they fit").mapping
        })
    })
}

fuzz_target!(|data: &[u8]| {
    let Some((choice, data)) = data.split_first() else { return };
    match choice % 4 {
        0 | 1 => fixed().iter().for_each(|mapping| map(mapping, data)),
        2 => map(&Mapping::reference(), data),
        _ => {
            let (text, record) = match data.iter().position(|byte| *byte == 0) {
                Some(at) => (&data[..at], &data[at + 1..]),
                None => (data, &b"{\"uid\":\"1\",\"mail\":\"a@b.example\",\"n\":[1,{}]}"[..]),
            };
            if let Ok(text) = std::str::from_utf8(text) {
                settings(text, record);
            }
        }
    }
});

fn settings(text: &str, record: &[u8]) {
    let path = Path::new("userferry.toml");
    let settings = match Settings::from_toml(text, path) {
        Ok(settings) => settings,
        Err(error) => {
            assert_eq!(Settings::from_toml(text, path), Err(error), "the same error again");
            return;
        }
    };
    let stored = serde_json::to_string(&settings.mapping).expect("it serialises");
    let again: Mapping = serde_json::from_str(&stored).expect("it is read back");
    assert_eq!(again, settings.mapping, "a mapping is stored as it is");
    settings.mapping.validate(&V2).expect("what is taken fits");
    map(&settings.mapping, record);
    // What was read back maps alike.
    assert!(is_same(&prepare(record, &settings.mapping, &V2), &prepare(record, &again, &V2)));
}

fn map(mapping: &Mapping, raw: &[u8]) {
    let prepared = prepare(raw, mapping, &V2);
    assert!(is_same(&prepared, &prepare(raw, mapping, &V2)), "mapping twice is the same");
    for (kind, value) in prepared.user.identifiers.iter() {
        assert_eq!(normalise(kind, value), value, "a normal form is one already");
    }
    // Other records come to no mapping: the reader found a fault in them.
    let Some(record) = parse(raw).filter(|_| !is_private(raw) && !has_twins(raw)) else { return };
    let Json::Object(fields) = &record else {
        assert!(!prepared.problems.is_empty());
        return;
    };
    assert!(prepared.problems.iter().all(|problem| problem.message != NO_OBJECT));
    for (name, rule) in mapping.rules() {
        match rule {
            Rule::Column { from, how } if how.steps.is_empty() && !from.contains(['.', '[']) => {
                if name == V2.password_field {
                    let password = prepared.user.password.as_ref().map(ExposeSecret::expose_secret);
                    let text = fields.get(from).and_then(Json::as_str);
                    let is_usable = |text: &&str| !text.is_empty() && !is_unusable(text);
                    if let Some(text) = text.filter(is_usable) {
                        let bare = Some(text.strip_prefix("{noop}").unwrap_or(text));
                        assert_eq!(password, bare.filter(|text| !text.is_empty()));
                    }
                } else if let (Some(Json::String(text)), Some(Value::Text(found))) =
                    (fields.get(from), prepared.user.get(name))
                {
                    // A default stands where the record's text is empty.
                    let is_default = text.is_empty() && how.default.is_some();
                    assert!(is_default || found == text || found == text.trim() || name == "phone");
                }
            }
            Rule::Raw { without } => copy(mapping, &prepared.user, name, without, fields),
            _ => {}
        }
    }
    quotes_nothing(mapping, &record, &told(&prepared));
    omits_what_is_wrong(mapping, raw, &prepared);
}

/// Every problem, with those of what is left out.
fn told(prepared: &Prepared) -> Vec<Problem> {
    let omitted = prepared.omitted.iter().map(|omitted| &omitted.problem);
    prepared.problems.iter().chain(omitted).cloned().collect()
}

/// What is left out is what would be wrong without `on_error`, and nothing of it is sent.
fn omits_what_is_wrong(mapping: &Mapping, raw: &[u8], prepared: &Prepared) {
    if !mapping.rules().iter().any(|(_, rule)| rule.omits()) {
        assert!(prepared.omitted.is_empty());
        return;
    }
    let mut rules = serde_json::to_value(mapping).expect("it serialises");
    for rule in rules.as_object_mut().into_iter().flat_map(|rules| rules.values_mut()) {
        if let Some(rule) = rule.as_object_mut() {
            rule.remove("on_error");
        }
    }
    let strict: Mapping = serde_json::from_value(rules).expect("rules without `on_error`");
    let sorted = |problems: Vec<Problem>| {
        let mut sorted: Vec<(String, &str)> =
            problems.into_iter().map(|problem| (problem.field, problem.rule.as_str())).collect();
        sorted.sort_unstable();
        sorted
    };
    assert_eq!(sorted(told(prepared)), sorted(prepare(raw, &strict, &V2).problems));
    // A phone number may bring its own country code.
    for omitted in prepared.omitted.iter().filter(|it| it.field != V2.phone_country_field) {
        assert!(prepared.user.get(omitted.field).is_none(), "what is left out is not sent");
    }
}

const NO_OBJECT: &str = "the record is no JSON object";

fn is_same(a: &Prepared, b: &Prepared) -> bool {
    let password = |user: &User| user.password.as_ref().map(|p| p.expose_secret().to_owned());
    a.user.fields == b.user.fields
        && a.user.identifiers == b.user.identifiers
        && password(&a.user) == password(&b.user)
        && a.problems == b.problems
        && a.warnings == b.warnings
        && a.omitted == b.omitted
}

/// The copy of the record has what the record has, but what must be left out.
fn copy(
    mapping: &Mapping,
    user: &User,
    name: &str,
    without: &[String],
    fields: &serde_json::Map<String, Json>,
) {
    let Some(Value::Text(copy)) = user.get(name) else { return };
    let Some(Json::Object(copy)) = parse(copy.as_bytes()) else {
        panic!("the copy of a record is JSON");
    };
    // What hash, salt and key read goes nowhere else: of `PARTS` all credentials, which a program reads.
    let password: &[&str] = match mapping.rule(V2.password_field) {
        Some(Rule::Column { from, .. }) => &[from.as_str()],
        Some(Rule::Password(_)) => &["credentials"],
        _ => &[],
    };
    let left_out: Vec<&str> =
        without.iter().map(String::as_str).chain(password.iter().copied()).collect();
    for (field, value) in fields {
        let is_inside = left_out.iter().any(|path| {
            path.strip_prefix(field.as_str()).is_some_and(|rest| rest.starts_with(['.', '[']))
        });
        if left_out.contains(&field.as_str()) {
            assert!(!copy.contains_key(field), "`without` is left out");
        } else if let Some(copied) = copy.get(field) {
            let text = || value.to_string();
            let may_lack = || text().contains(['$', '{']) || is_like_a_password(&text());
            assert!(copied == value || is_inside || may_lack(), "it is copied as it is");
        } else {
            // Text that holds JSON, or a piece of it, goes as a whole where something in it must.
            let is_hash = value.as_str().is_some_and(|text| {
                text.contains(['$', '{', '[', '"']) || text.contains(':') && has_digest(text)
            });
            assert!(
                is_inside || is_hash || is_like_a_password(field),
                "only passwords are left out unasked"
            );
        }
    }
    assert!(copy.keys().all(|field| fields.contains_key(field)), "nothing is made up");
}

/// Whether as many hexadecimal digits as the shortest digest has stand together, as in `digest:salt`.
fn has_digest(text: &str) -> bool {
    text.split(|c: char| !c.is_ascii_hexdigit()).any(|part| part.len() >= 32)
}

/// Whether a name, or one in a text, may be that of a password: more than are taken for one.
fn is_like_a_password(text: &str) -> bool {
    let text = text.to_lowercase();
    let words =
        ["pass", "pw", "kennwort", "hash", "salt", "digest", "secret", "密码", "口令", "盐"];
    words.iter().any(|word| text.replace(|c: char| !c.is_alphanumeric(), "").contains(word))
}

/// No message holds a value: where one seems to, the value is changed, and the message must not
/// change with it.
fn quotes_nothing(mapping: &Mapping, record: &Json, problems: &[Problem]) {
    if problems.is_empty() {
        return;
    }
    let mut values = Vec::new();
    scalars(record, &mut values);
    for value in values {
        if !problems.iter().any(|problem| problem.message.contains(&value)) {
            continue;
        }
        let other = turned(&value);
        if other == value {
            continue;
        }
        let mut changed = record.clone();
        replace(&mut changed, &value, &other);
        let again = told(&prepare(changed.to_string().as_bytes(), mapping, &V2));
        let quoted = again.iter().any(|problem| problem.message.contains(&other));
        assert!(!quoted, "a message quotes a value of the record");
    }
}

/// Texts and numbers long enough that they stand in no message by chance.
fn scalars(value: &Json, found: &mut Vec<String>) {
    match value {
        Json::String(text) if text.len() > 4 => found.push(text.clone()),
        Json::Number(number) if number.to_string().len() > 4 => found.push(number.to_string()),
        Json::Array(items) => items.iter().for_each(|item| scalars(item, found)),
        Json::Object(members) => members.values().for_each(|item| scalars(item, found)),
        _ => {}
    }
}

/// Another text of the same shape.
fn turned(text: &str) -> String {
    let turn = |c: char, first: u8, count: u8| char::from((c as u8 - first + 1) % count + first);
    text.chars()
        .map(|c| match c {
            'a'..='z' => turn(c, b'a', 26),
            'A'..='Z' => turn(c, b'A', 26),
            '1'..='9' => char::from((c as u8 - b'1' + 1) % 9 + b'1'),
            c => c,
        })
        .collect()
}

fn replace(value: &mut Json, from: &str, to: &str) {
    match value {
        Json::String(text) if text == from => to.clone_into(text),
        Json::Number(number) if number.to_string() == from => {
            if let Some(other @ Json::Number(_)) = parse(to.as_bytes()) {
                *value = other;
            }
        }
        Json::Array(items) => items.iter_mut().for_each(|item| replace(item, from, to)),
        Json::Object(members) => members.values_mut().for_each(|item| replace(item, from, to)),
        _ => {}
    }
}
