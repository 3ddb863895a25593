//! From a record to the user that would be sent, with every problem found: mapped, its values checked, and
//! its password judged by the guard. Pure; what concerns several users (duplicates) is not decided here.

use crate::caught::caught;
use crate::mapping::{Copies, Mapped, Mapping, Rule as MappingRule};
use crate::password::compose::shorten;
use crate::password::guard::Watch;
use crate::problem::{Omitted, Problem, Rule};
use crate::schema::Schema;
use crate::user::{User, Value};
use crate::values::{fault, is_date};
use secrecy::{ExposeSecret as _, SecretString};

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
    /// Values that were left out, each of which would be a problem without `on_error = "omit"`. Those
    /// of an invalid record are here, too.
    pub omitted: Vec<Omitted>,
}

/// Maps and validates one record.
pub fn prepare(raw: &[u8], mapping: &Mapping, schema: &Schema) -> Prepared {
    shielded(|| validated(mapping.map(raw, schema, Copies::Made), mapping, schema))
}

/// As [`prepare`], for what is not to be sent yet: without copies of the record where nothing can be
/// wrong with them.
pub fn inspect(raw: &[u8], mapping: &Mapping, schema: &Schema) -> Prepared {
    shielded(|| validated(mapping.map(raw, schema, Copies::WhereTheyMayBeWrong), mapping, schema))
}

/// A record on which the program fails is invalid, and no other one is lost with it.
fn shielded(work: impl FnOnce() -> Prepared) -> Prepared {
    caught(work).unwrap_or_else(|at| {
        let message = format!("the program failed on this record, at {at}: please report it");
        Prepared {
            user: User::default(),
            problems: vec![Problem::new("", Rule::Internal, message)],
            warnings: Vec::new(),
            omitted: Vec::new(),
        }
    })
}

fn validated(mapped: Mapped, mapping: &Mapping, schema: &Schema) -> Prepared {
    let warnings = long_password(&mapped.user, schema);
    let Mapped { mut user, mut problems, mut omitted } = mapped;
    if let Some(problem) = unidentified(&user, mapping, schema, &problems, &omitted) {
        problems.push(problem);
    }
    problems.extend(faults(&user, mapping, schema));
    // A value that is no e-mail address, such as "n/a", identifies nobody.
    for field in schema.fields.iter().filter(|_| !problems.is_empty()) {
        if let Some(kind) = field.identifier {
            let name = mapping.source_name(field.name);
            if problems.iter().any(|problem| problem.field == name) {
                user.identifiers.set(kind, "");
            }
        }
    }
    // Nothing else identifies the user: what was left out is missed.
    if user.identifiers.key().is_none() {
        let missed = omitted.extract_if(.., |omitted| identifies(omitted, schema));
        problems.extend(missed.map(|omitted| omitted.problem));
    }
    Prepared { user, problems, warnings, omitted }
}

fn identifies(omitted: &Omitted, schema: &Schema) -> bool {
    schema.field(omitted.field).is_some_and(|field| field.identifier.is_some())
}

/// As [`inspect`], and whether the password suits what the provider will do with it.
pub fn inspect_guarded(
    raw: &[u8],
    record_no: u64,
    mapping: &Mapping,
    schema: &Schema,
    watch: &mut Watch,
) -> Prepared {
    shielded(|| {
        let mut prepared = inspect(raw, mapping, schema);
        if let Some(password) = &prepared.user.password {
            let field = mapping.source_name(schema.password_field);
            let scheme = watch.see(password.expose_secret(), record_no);
            prepared.problems.extend(watch.problem(scheme, field));
        }
        prepared
    })
}

/// The problem of a user whom nothing identifies. One is enough: none where an identifier is there but
/// is of a wrong type, or was left out.
fn unidentified(
    user: &User,
    mapping: &Mapping,
    schema: &Schema,
    problems: &[Problem],
    omitted: &[Omitted],
) -> Option<Problem> {
    if user.identifiers.key().is_some() {
        return None;
    }
    let explained = problems.iter().any(|problem| {
        problem.field.is_empty()
            || schema.fields.iter().any(|field| {
                field.identifier.is_some() && mapping.source_name(field.name) == problem.field
            })
    });
    let explained = explained || omitted.iter().any(|omitted| identifies(omitted, schema));
    (!explained).then(|| Problem::new("", Rule::Identifier, no_identifier(mapping, schema)))
}

/// What the target refuses about the values of a user.
fn faults(user: &User, mapping: &Mapping, schema: &Schema) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (name, value) in &user.fields {
        let Some(field) = schema.field(name) else { continue };
        if let Some((rule, mut message)) = fault(field, value) {
            if rule == Rule::Date && could_be_converted(value, mapping.rule(name)) {
                message.push_str("; the mapping can convert it: as = \"date\"");
            }
            problems.push(Problem::new(mapping.source_name(name), rule, message));
        }
    }
    problems
}

fn long_password(user: &User, schema: &Schema) -> Vec<Warning> {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::authing::fields::V2;

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

    /// Fields, each with the rule that its value breaks.
    type Wrong = Vec<(String, Rule)>;

    /// What of a record is sent, what is wrong with it, and what is left out.
    fn parts(rules: &str, raw: &str) -> (Vec<String>, Wrong, Wrong) {
        let mapping: Mapping = serde_json::from_str(rules).expect("a mapping");
        mapping.validate(&V2).expect("it fits");
        let Prepared { user, problems, omitted, .. } = prepare(raw.as_bytes(), &mapping, &V2);
        let sent = user.fields.iter().map(|(name, _)| (*name).to_owned()).collect();
        let problems = problems.into_iter().map(|problem| (problem.field, problem.rule)).collect();
        let omitted = omitted.into_iter().map(|left| (left.field.to_owned(), left.problem.rule));
        (sent, problems, omitted.collect())
    }

    fn named(list: &[(&str, Rule)]) -> Wrong {
        list.iter().map(|(name, rule)| ((*name).to_owned(), *rule)).collect()
    }

    #[test]
    fn a_value_that_does_not_fit_is_left_out_where_its_rule_says_so() {
        let rules = r#"{"externalId":"uid","nickname":{"from":"nick","on_error":"omit"},
            "gender":{"from":"sex","on_error":"omit"},"loginsCount":{"from":"n","as":"int","on_error":"omit"},
            "birthdate":{"from":"born","as":"date","default":"1970-01-01","on_error":"omit"},
            "signedUp":{"from":"since","on_error":"omit"},"locality":{"jq":".town.name","on_error":"omit"},
            "emailVerified":{"from":"ok","as":"bool","on_error":"omit"},"region":"area"}"#;
        let wrong = r#"{"uid":"1","nick":["a"],"sex":"x","n":"four","born":"0000-13-01","since":0,
            "town":"Paris","ok":"maybe"}"#;
        let (sent, problems, omitted) = parts(rules, wrong);
        assert_eq!((sent, problems), (vec!["externalId".to_owned()], vec![]));
        let expected = [
            ("nickname", Rule::Type),
            ("gender", Rule::Value),
            ("loginsCount", Rule::Type),
            ("birthdate", Rule::Date),
            ("signedUp", Rule::Date),
            ("locality", Rule::Value),
            ("emailVerified", Rule::Type),
        ];
        assert_eq!(omitted, named(&expected));
        // What is wrong elsewhere stays a problem, and what was left out is told all the same.
        let (_, problems, omitted) = parts(rules, r#"{"uid":"1","sex":"x","area":true}"#);
        assert_eq!((problems, omitted), (named(&[("area", Rule::Type)]), named(&expected[1..2])));
        // What fits, and what is absent, is not.
        let right = r#"{"uid":"1","nick":"a","sex":"M","n":"4","since":"2017-06-07T14:34:08Z",
            "town":{"name":"Paris"},"ok":"yes"}"#;
        let (sent, problems, omitted) = parts(rules, right);
        assert_eq!((sent.len(), problems, omitted), (8, vec![], vec![]));
    }

    #[test]
    fn a_phone_or_an_address_is_left_out_only_where_another_identifier_is_left() {
        let rules = r#"{"username":"login","email":{"from":"mail","on_error":"omit"},
            "phone":{"from":"tel","as":"phone","on_error":"omit"},"phoneCountryCode":"code"}"#;
        let bad_phone = ("phone", Rule::Phone);
        let bad_email = ("email", Rule::Email);
        for (raw, problems, omitted) in [
            (r#"{"login":"a","tel":"+1 650 253 0000"}"#, vec![], vec![]),
            (r#"{"login":"a","tel":"+1 23"}"#, vec![], vec![bad_phone]),
            // The check of the field, not the conversion.
            (r#"{"login":"a","tel":"12"}"#, vec![], vec![bad_phone]),
            (r#"{"login":"a","tel":"+1 23","mail":"n/a"}"#, vec![], vec![bad_email, bad_phone]),
            (r#"{"mail":"a@b.cn","tel":"+1 23"}"#, vec![], vec![bad_phone]),
            (r#"{"mail":"n/a","tel":"13800138000"}"#, vec![], vec![bad_email]),
            (
                r#"{"mail":"n/a","tel":"+1 23"}"#,
                vec![("mail", Rule::Email), ("tel", Rule::Phone)],
                vec![],
            ),
            (r#"{"tel":"+1 23"}"#, vec![("tel", Rule::Phone)], vec![]),
            (r#"{"login":"","tel":true}"#, vec![("tel", Rule::Type)], vec![]),
            (
                r#"{"login":{},"tel":"1"}"#,
                vec![("login", Rule::Type), ("tel", Rule::Phone)],
                vec![],
            ),
            // The record's own code says another country.
            (r#"{"login":"a","tel":"+1 650 253 0000","code":"+86"}"#, vec![], vec![bad_phone]),
        ] {
            let (_, found, left_out) = parts(rules, raw);
            assert_eq!((found, left_out), (named(&problems), named(&omitted)), "{raw}");
        }
        let without_code =
            r#"{"username":"login","phone":{"from":"tel","as":"phone","on_error":"omit"}}"#;
        let (sent, ..) = parts(without_code, r#"{"login":"a","tel":"+1 650 253 0000"}"#);
        assert_eq!(sent, ["username", "phone", "phoneCountryCode"]);
        let (sent, ..) = parts(without_code, r#"{"login":"a","tel":"+1 650 253 000"}"#);
        assert_eq!(sent, ["username"], "no country code without its number");
    }

    /// A copy of the record that staging does without would have been refused by no field but such as
    /// take not every text.
    #[test]
    fn what_is_inspected_has_the_problems_of_what_is_sent() {
        let rules = r#"{"externalId":"uid","email":"mail","gender":{"raw":true},"oauth":{"raw":true},
            "address":{"raw":true,"without":["mail"]},"phone":"tel","password":"pwd"}"#;
        let mapping: Mapping = serde_json::from_str(rules).expect("a mapping");
        let long = format!("{{\"uid\":\"1\",\"x\":\"{}\"}}", "y".repeat(1 << 20));
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
    fn a_record_on_which_the_program_fails_is_invalid() {
        let prepared = shielded(|| panic!("geheim"));
        assert!(prepared.user.fields.is_empty() && prepared.user.identifiers.key().is_none());
        let [problem] = prepared.problems.as_slice() else { panic!("{prepared:?}") };
        assert_eq!((problem.field.as_str(), problem.rule), ("", Rule::Internal));
        let told = "the program failed on this record, at prepare.rs:";
        assert!(problem.message.starts_with(told), "{}", problem.message);
        assert!(!problem.message.contains("geheim"));
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
