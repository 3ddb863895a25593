//! Whether the values of a user are such that the target will take them. Pure; what concerns
//! several users (duplicates) is not decided here.
//!
//! The checks are lenient: they refuse what no provider takes, and leave the rest to the target,
//! which will say so for that row alone.

use crate::mapping::{Mapping, Rule as MappingRule, is_date};
use crate::password::compose::shorten;
use crate::password::guard::Watch;
use crate::problem::{Problem, Rule};
use crate::target::schema::{Field, Format, Schema};
use crate::user::{IdKind, User, Value};
use secrecy::{ExposeSecret as _, SecretString};

/// The most bytes of an identifier.
const IDENTIFIER_BYTES: usize = 512;
/// The most bytes of any other text: more is a mistake in the export or the mapping.
const TEXT_BYTES: usize = 1 << 20;

/// What does not stop a user but should be known before the run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Warning {
    /// The password is longer than the smallest key carries; `run` knows the real key.
    LongPassword,
    /// The mapping can make it so short that the smallest key carries it.
    Shortenable,
}

impl Warning {
    /// The word for machines, e.g. `long-password`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::LongPassword => "long-password",
            Self::Shortenable => "shortenable-password",
        }
    }
}

/// A record that was mapped and validated.
#[derive(Debug)]
pub struct Prepared {
    /// What would be sent.
    pub user: User,
    /// All reasons why it cannot be sent; empty if it can.
    pub problems: Vec<Problem>,
    /// What should be known.
    pub warnings: Vec<Warning>,
}

/// Maps and validates one record.
pub fn prepare(raw: &[u8], mapping: &Mapping, schema: &Schema) -> Prepared {
    validated(mapping.apply(raw, schema), mapping, schema)
}

/// As [`prepare`], for what is not to be sent yet: without copies of the record.
pub fn inspect(raw: &[u8], mapping: &Mapping, schema: &Schema) -> Prepared {
    validated(mapping.inspect(raw, schema), mapping, schema)
}

fn validated(
    (mut user, mut problems): (User, Vec<Problem>),
    mapping: &Mapping,
    schema: &Schema,
) -> Prepared {
    let warnings = validate(&user, mapping, schema, &mut problems);
    // A value that is no e-mail address, such as "n/a", identifies nobody.
    for field in schema.fields.iter().filter(|_| !problems.is_empty()) {
        if let Some(kind) = field.identifier {
            let name = mapping.source_name(field.name);
            if problems.iter().any(|problem| problem.field == name) {
                user.identifiers.set(kind, "");
            }
        }
    }
    Prepared { user, problems, warnings }
}

/// As [`inspect`], and whether the password suits what the provider will do with it.
pub fn inspect_guarded(
    raw: &[u8],
    record_no: u64,
    mapping: &Mapping,
    schema: &Schema,
    watch: &mut Watch,
) -> Prepared {
    let mut prepared = inspect(raw, mapping, schema);
    if let Some(password) = &prepared.user.password {
        let field = mapping.source_name(schema.password_field);
        let scheme = watch.see(password.expose_secret(), record_no);
        prepared.problems.extend(watch.problem(scheme, field));
    }
    prepared
}

/// Validates a user, and adds to the problems that mapping found.
pub fn validate(
    user: &User,
    mapping: &Mapping,
    schema: &Schema,
    problems: &mut Vec<Problem>,
) -> Vec<Warning> {
    // Without an identifier because its value is of a wrong type: one problem is enough.
    let explained = problems.iter().any(|problem| {
        problem.field.is_empty()
            || schema.fields.iter().any(|field| {
                field.identifier.is_some() && mapping.source_name(field.name) == problem.field
            })
    });
    if user.identifiers.key().is_none() && !explained {
        problems.push(Problem::new("", Rule::Identifier, no_identifier(mapping, schema)));
    }
    for (name, value) in &user.fields {
        let Some(field) = schema.field(name) else { continue };
        if let Some((rule, mut message)) = fault(field, value) {
            if rule == Rule::Date && could_be_converted(value, mapping.rule(name)) {
                message.push_str("; the mapping can convert it: as = \"date\"");
            }
            problems.push(Problem::new(mapping.source_name(name), rule, message));
        }
    }
    let (Some(password), true) =
        (&user.password, user.password_bytes() > schema.password_bytes_warn)
    else {
        return Vec::new();
    };
    let short = SecretString::from(shorten(password.expose_secret()));
    if short.expose_secret().len() <= schema.password_bytes_warn {
        return vec![Warning::LongPassword, Warning::Shortenable];
    }
    vec![Warning::LongPassword]
}

/// Whether a value that is no date of the target's is one that the mapping could make one of.
fn could_be_converted(value: &Value, rule: Option<&MappingRule>) -> bool {
    let Some(MappingRule::Column { how, .. } | MappingRule::Jq { how, .. }) = rule else {
        return false;
    };
    let Value::Text(text) = value else { return false };
    !how.has_date() && is_date(text)
}

fn no_identifier(mapping: &Mapping, schema: &Schema) -> String {
    let mut names: Vec<String> = Vec::new();
    for field in schema.fields.iter().filter(|field| field.identifier.is_some()) {
        if mapping.rule(field.name).is_some() {
            names.push(format!("`{}`", mapping.source_name(field.name)));
        }
    }
    if names.is_empty() {
        return "nothing to identify the user by: the mapping has no identifier".to_owned();
    }
    format!("nothing to identify the user by: {} are absent or empty", names.join(", "))
}

/// What is wrong with a value of a field, if anything is: the rule and a message without the value.
pub(crate) fn fault(field: &Field, value: &Value) -> Option<(Rule, String)> {
    let texts: &[String] = match value {
        Value::Text(text) => std::slice::from_ref(text),
        Value::List(list) => list,
        Value::Bool(_) | Value::Int(_) => return None,
    };
    texts.iter().find_map(|text| text_fault(field, text))
}

/// Whether a field takes any text of so many bytes, whatever it says.
pub(crate) fn fits_anyway(field: &Field, bytes: usize) -> bool {
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

/// Whether a text may be an e-mail address.
pub fn email(text: &str) -> Result<(), &'static str> {
    let (local, domain) = text.rsplit_once('@').ok_or("no e-mail address: it has no @")?;
    if local.is_empty() {
        return Err("no e-mail address: nothing before the @");
    }
    if local.len() > 64 {
        return Err("no e-mail address: more than 64 bytes before the @");
    }
    if local.contains('@') {
        return Err("no e-mail address: more than one @");
    }
    if text.len() > 254 {
        return Err("no e-mail address: more than 254 bytes");
    }
    let is_foreign =
        |c: char| c.is_whitespace() || c.is_control() || matches!(c, '<' | '>' | ',' | ';');
    if holds(text, is_foreign) {
        return Err("no e-mail address: it holds white space or a separator");
    }
    if local.starts_with('.') || local.ends_with('.') {
        return Err("no e-mail address: a dot at the edge of the part before the @");
    }
    let domain = domain.as_bytes();
    if !domain.contains(&b'.') {
        return Err("no e-mail address: the domain has no dot");
    }
    let is_bad =
        |label: &[u8]| label.is_empty() || label[0] == b'-' || label[label.len() - 1] == b'-';
    if domain.split(|byte| *byte == b'.').any(is_bad) {
        return Err("no e-mail address: the domain is not well formed");
    }
    Ok(())
}

/// Whether a text may be a phone number. Spaces, dashes, dots and brackets do not count. One that
/// begins with a country code must be one that its country gives out.
pub fn phone(text: &str) -> Result<(), &'static str> {
    let number = crate::user::normalise(IdKind::Phone, text);
    let digits = number.strip_prefix('+').unwrap_or(&number);
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err("no phone number: it holds other characters than digits");
    }
    if !(5..=20).contains(&digits.len()) {
        return Err("no phone number: it must have 5 to 20 digits");
    }
    crate::mapping::phone::check(&number)
}

/// Whether a text is a date and time of ISO 8601: `2017-06-07T14:34:08`, with or without a
/// fraction, with `Z`, an offset or no zone.
pub fn date_time(text: &str) -> Result<(), &'static str> {
    const FORM: &str = "no date and time such as 2017-06-07T14:34:08.700Z";
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') {
        return Err(
            "a number, where a date and time such as 2017-06-07T14:34:08.700Z is expected: \
                    the target refuses seconds or milliseconds since 1970",
        );
    }
    // Byte 10 parts date and time; chrono would take a space or nothing in other forms too.
    if !matches!(text.as_bytes().get(10), Some(b'T' | b't')) {
        return Err(FORM);
    }
    let upper = text.to_ascii_uppercase();
    let zoned = chrono::DateTime::parse_from_rfc3339(&upper).is_ok()
        || chrono::DateTime::parse_from_str(&upper, "%Y-%m-%dT%H:%M:%S%.f%z").is_ok()
        || chrono::DateTime::parse_from_str(&upper, "%Y-%m-%dT%H:%M%z").is_ok();
    let local = || {
        ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%dT%H:%M"]
            .iter()
            .any(|form| chrono::NaiveDateTime::parse_from_str(&upper, form).is_ok())
    };
    if zoned || local() || (upper.ends_with('Z') && date_time_minutes(&upper)) {
        Ok(())
    } else {
        Err(FORM)
    }
}

fn date_time_minutes(text: &str) -> bool {
    chrono::NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%MZ").is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::target::authing::fields::V2;

    #[test]
    fn email_addresses_are_checked_leniently() {
        for good in
            ["test1@123.com", "a+b.c@x-y.example", "李@例子.中国", "o'hara@a.b.c", "A_B@C.de"]
        {
            assert_eq!(email(good), Ok(()), "{good}");
        }
        let long = format!("{}@a.bc", "x".repeat(65));
        for bad in [
            "",
            "a",
            "@a.b",
            "a@",
            "a@b",
            "a@@b.c",
            "a@b@c.d",
            "a b@c.d",
            "a@b..c",
            "a@.b",
            "a@b.",
            "a@-b.c",
            "a\u{7f}@b.c",
            ".a@b.c",
            "a.@b.c",
            "a@b.c,d@e.f",
            "A <a@b.c>",
            &long,
        ] {
            assert!(email(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn phone_numbers_have_digits_and_perhaps_a_plus() {
        for good in ["13100000001", "+86 131-0000-0001", "(020) 1234.567", "12345", "13800138000.0"]
        {
            assert_eq!(phone(good), Ok(()), "{good}");
        }
        for bad in [
            "1234",
            "+",
            "131000x0001",
            "1+23456",
            "1234.0",
            "123456789012345678901",
            "１２３４５６",
        ] {
            assert!(phone(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn dates_are_iso_8601_with_a_time() {
        for good in [
            "2017-06-07T14:34:08.700Z",
            "2017-06-07T14:34:08",
            "2017-06-07T14:34:08+04:00",
            "2017-06-07T14:34:08.123456789-0330",
            "2017-06-07t14:34:08z",
            "2017-06-07T14:34",
            "2017-06-07T14:34Z",
            "2020-02-29T00:00:00Z",
        ] {
            assert_eq!(date_time(good), Ok(()), "{good}");
        }
        for bad in [
            "",
            "1496846048",
            "1496846048000",
            "2017-06-07",
            "07.06.2017 14:34",
            "yesterday",
            "2017-06-07 14:34:08",
            "2017-13-07T14:34:08Z",
            "2019-02-29T00:00:00Z",
            "2017-06-07T25:00:00Z",
            "2017-06-07T14:34:08 UTC",
            "2017-06-07T14:34:08+4",
        ] {
            assert!(date_time(bad).is_err(), "{bad}");
        }
    }

    fn problems(raw: &str) -> Vec<(String, Rule)> {
        let rules = r#"{"externalId":"uid","email":"mail","phone":"phone","gender":"sex",
            "signedUp":"since","oauth":{"raw":true},"password":"pwd"}"#;
        let mapping: Mapping = serde_json::from_str(rules).expect("a mapping");
        let prepared = prepare(raw.as_bytes(), &mapping, &V2);
        prepared.problems.into_iter().map(|problem| (problem.field, problem.rule)).collect()
    }

    #[test]
    fn every_problem_names_the_source_field_and_the_rule() {
        let raw = r#"{"uid":"a\u0000","mail":"x","phone":"1","sex":"W","since":1496846048}"#;
        let expected = [
            ("uid", Rule::Value),
            ("mail", Rule::Email),
            ("phone", Rule::Phone),
            ("sex", Rule::Value),
            ("since", Rule::Date),
        ]
        .map(|(field, rule)| (field.to_owned(), rule));
        assert_eq!(problems(raw), expected);
        let long = format!("{{\"uid\":\"{}\"}}", "x".repeat(513));
        assert_eq!(problems(&long), [("uid".to_owned(), Rule::Length)]);
    }

    #[test]
    fn a_date_that_the_mapping_could_convert_is_told_with_the_way() {
        let mapping = |rule: &str| -> Mapping {
            serde_json::from_str(&format!(r#"{{"externalId":"uid","signedUp":{rule}}}"#)).unwrap()
        };
        let told = |rule: &str, since: &str| {
            let raw = format!(r#"{{"uid":"1","since":{since}}}"#);
            let problems = prepare(raw.as_bytes(), &mapping(rule), &V2).problems;
            problems.into_iter().map(|problem| problem.message).collect::<String>()
        };
        let way = "; the mapping can convert it: as = \"date\"";
        for since in ["\"2017-06-07\"", "\"07.06.2017 14:34\"", "1496846048", "\"01/02/2024\""] {
            assert!(told("\"since\"", since).ends_with(way), "{since}");
            assert!(told("{\"jq\":\".since\"}", since).ends_with(way), "{since}");
            let converted = told(r#"{"from":"since","as":"date"}"#, since);
            assert!(!converted.contains(way), "{since}: {converted}");
        }
        assert!(!told("\"since\"", "\"yesterday\"").contains(way));
    }

    /// A copy of the record that staging does without would have been refused by no field but such as
    /// take not every text.
    #[test]
    fn what_is_inspected_has_the_problems_of_what_is_sent() {
        let rules = r#"{"externalId":"uid","email":"mail","gender":{"raw":true},"oauth":{"raw":true},
            "address":{"raw":true,"without":["mail"]},"phone":"tel","password":"pwd"}"#;
        let mapping: Mapping = serde_json::from_str(rules).expect("a mapping");
        let long = format!("{{\"uid\":\"1\",\"x\":\"{}\"}}", "y".repeat(TEXT_BYTES));
        for raw in [r#"{"uid":"1","mail":"a@b.cn"}"#, r#"{"mail":"n/a"}"#, "{}", "[1]", &long] {
            let sent = prepare(raw.as_bytes(), &mapping, &V2);
            let staged = inspect(raw.as_bytes(), &mapping, &V2);
            let shown = &raw[..raw.len().min(40)];
            assert_eq!(staged.problems, sent.problems, "{shown}");
            assert_eq!(staged.user.identifiers, sent.user.identifiers, "{shown}");
            assert!(!sent.problems.is_empty(), "a record is no gender: {shown}");
        }
        let problems = inspect(long.as_bytes(), &mapping, &V2).problems;
        assert!(problems.iter().any(|problem| problem.rule == Rule::Length));
    }

    #[test]
    fn a_user_without_any_identifier_is_refused_once() {
        assert_eq!(problems("{\"pwd\":\"x\"}"), [(String::new(), Rule::Identifier)]);
        assert_eq!(problems("{\"uid\":\" \",\"phone\":\"\"}"), [(String::new(), Rule::Identifier)]);
        assert_eq!(problems("{\"uid\":true}"), [("uid".to_owned(), Rule::Type)]);
    }

    #[test]
    fn a_long_password_is_a_warning_and_no_problem() {
        let record = |n: usize| format!("{{\"uid\":\"1\",\"password\":\"{}\"}}", "x".repeat(n));
        let prepared = |n| prepare(record(n).as_bytes(), &Mapping::reference(), &V2);
        assert_eq!(prepared(117).warnings, []);
        assert_eq!(prepared(118).warnings, [Warning::LongPassword]);
        assert_eq!(prepared(118).problems, []);
    }
}
