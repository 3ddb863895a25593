//! Keeps what was sent out of what is kept: a provider's message may quote the values of a user.

use crate::schema::Schema;
use crate::user::{User, Value};
use secrecy::ExposeSecret;

/// Longer messages are cut, characters.
const MESSAGE_MAX: usize = 300;
/// A shorter value is replaced only where it stands alone, or it would eat letters of words.
const SHORT: usize = 4;

/// The message with every value of the users of a request, and every credential (name and value), replaced by
/// the name of its field in angle brackets, cut at 300 characters, on one line.
pub fn message(
    text: &str,
    users: &[User],
    schema: &Schema,
    credentials: &[(&str, &str)],
) -> String {
    let credentials = credentials.iter().map(|(name, value)| (*name, (*value).to_owned()));
    let users = users.iter().flat_map(|user| values_of(user, schema));
    let mut values: Vec<(&str, String)> =
        credentials.chain(users).flat_map(|(field, value)| forms(field, &value)).collect();
    // The longest first: one value may be part of another, also of another user.
    values.retain(|(_, value)| !value.is_empty());
    values.sort_by_key(|(_, value)| std::cmp::Reverse(value.len()));
    let mut text = flat(text);
    let mut folded = folded_text(&text);
    for (field, value) in values {
        // Of all the users of a request a message quotes few.
        if folded.contains(&folded_text(&value)) {
            text = replace(&text, &value, &format!("<{field}>"));
            folded = folded_text(&text);
        }
    }
    // A whole object is quoted: its values may be escaped in any way.
    if let Some(at) = text.find('{') {
        text.truncate(at);
        text.push('…');
    }
    cut(&text)
}

/// All that was sent of a user, by the names of its fields.
fn values_of<'a>(user: &'a User, schema: &Schema) -> Vec<(&'a str, String)> {
    let mut values: Vec<(&str, String)> = Vec::new();
    if let Some(password) = &user.password {
        values.push((schema.password_field, password.expose_secret().to_owned()));
    }
    for (field, value) in &user.fields {
        match value {
            Value::Text(text) => {
                values.push((field, text.clone()));
                values.extend(inner(text).into_iter().map(|value| (*field, value)));
            }
            Value::Int(number) => values.push((field, number.to_string())),
            Value::List(items) => {
                values.extend(items.iter().map(|item| (*field, item.clone())));
            }
            Value::Bool(_) => {}
        }
    }
    values.extend(user.identifiers.iter().map(|(kind, value)| (kind.noun(), value.to_owned())));
    values
}

/// On one line.
fn flat(text: &str) -> String {
    text.replace(['\n', '\r', '\t'], " ")
}

/// How a value may stand in a message: as it is, as writers of JSON escape it, and a phone number
/// without its country code, which is at most three digits long (ITU-T E.164).
fn forms<'a>(field: &'a str, value: &str) -> Vec<(&'a str, String)> {
    const COUNTRY: usize = 3;
    const NUMBER: usize = 8;
    let mut forms = vec![flat(value)];
    if let Ok(json) = serde_json::to_string(value) {
        // RFC 8259, section 7: what must be escaped; some escape also what may be.
        let json = json.get(1..json.len() - 1).unwrap_or_default().to_owned();
        let ascii = in_ascii(&json);
        let slashes = [&json, &ascii].map(|form| form.replace('/', "\\/"));
        forms.extend([json, ascii]);
        forms.extend(slashes);
    }
    if let Some(digits) = value.strip_prefix('+')
        && digits.bytes().all(|byte| byte.is_ascii_digit())
    {
        let national = (0..=COUNTRY).filter_map(|n| digits.get(n..));
        forms.extend(national.filter(|rest| rest.len() >= NUMBER).map(str::to_owned));
    }
    forms.sort();
    forms.dedup();
    forms.into_iter().map(|form| (field, form)).collect()
}

/// Writes characters outside ASCII as `\uXXXX`, and those beyond U+FFFF as a pair of surrogates.
fn in_ascii(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_ascii() {
            out.push(c);
        } else {
            for unit in c.encode_utf16(&mut [0; 2]) {
                out.push_str(&format!("\\u{unit:04x}"));
            }
        }
    }
    out
}

/// The values inside a value that is itself a JSON document, as the raw copy is. Short ones are left
/// to the fields that they were mapped to: alone they tell nothing.
fn inner(text: &str) -> Vec<String> {
    let mut values = Vec::new();
    if let (true, Ok(document)) = (text.starts_with('{'), serde_json::from_str(text)) {
        let mut left: Vec<serde_json::Value> = vec![document];
        while let Some(value) = left.pop() {
            match value {
                serde_json::Value::Object(members) => {
                    left.extend(members.into_iter().map(|(_, value)| value));
                }
                serde_json::Value::Array(items) => left.extend(items),
                serde_json::Value::String(text) => values.push(text),
                serde_json::Value::Number(number) => values.push(number.to_string()),
                serde_json::Value::Bool(_) | serde_json::Value::Null => {}
            }
        }
        values.retain(|value| value.chars().count() >= SHORT);
    }
    values
}

/// What would be sent, as JSON with every value masked: the first character and the length; the raw copy
/// by its length alone, and of a password not even that: it may be plain text.
pub fn masked(user: &User, schema: &Schema) -> String {
    shown(user, schema, &|_, value| masked_value(value))
}

/// The same, each value as `show` makes it.
pub fn shown(user: &User, schema: &Schema, show: &dyn Fn(&str, &Value) -> String) -> String {
    let mut object = serde_json::Map::new();
    for (field, value) in &user.fields {
        object.insert((*field).to_owned(), show(field, value).into());
    }
    if user.password.is_some() {
        object.insert(schema.password_field.to_owned(), "<not shown>".into());
    }
    serde_json::Value::Object(object).to_string()
}

/// One value of what would be sent, masked; of a document its length alone.
pub fn masked_value(value: &Value) -> String {
    match value {
        Value::Text(text) if text.starts_with('{') => format!("<{} bytes>", text.len()),
        Value::Text(text) => mask(text),
        Value::Bool(truth) => truth.to_string(),
        Value::Int(number) => number.to_string(),
        Value::List(items) => items.iter().map(|item| mask(item)).collect::<Vec<_>>().join(", "),
    }
}

fn mask(text: &str) -> String {
    let n = text.chars().count();
    let first: String = text.chars().take(usize::from(n > 3)).collect();
    format!("{first}…({n})")
}

/// A key, masked: it may be an e-mail address, a phone number or a name.
pub fn masked_key(key: &str) -> String {
    mask(key)
}

/// A message that quotes nobody, cut at 300 characters, on one line.
pub fn plain(text: &str) -> String {
    cut(&flat(text))
}

fn cut(text: &str) -> String {
    if text.chars().count() <= MESSAGE_MAX {
        return text.to_owned();
    }
    let mut cut: String = text.chars().take(MESSAGE_MAX - 1).collect();
    cut.push('…');
    cut
}

/// Replaces without regard to case, for a provider may have changed it.
fn replace(text: &str, value: &str, name: &str) -> String {
    // Character by character: in lower case some have another length, and one may become several.
    let wanted: Vec<char> = value.chars().flat_map(fold).collect();
    let is_short = value.len() < SHORT;
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let before = out.chars().next_back();
        let end =
            matched(rest, &wanted).filter(|end| !is_short || stands_alone(before, &rest[*end..]));
        if let Some(end) = end {
            out.push_str(name);
            rest = &rest[end..];
        } else {
            out.push(first);
            rest = &rest[first.len_utf8()..];
        }
    }
    out
}

fn folded_text(text: &str) -> String {
    text.chars().flat_map(fold).collect()
}

/// Without case; the two small sigmas are one.
fn fold(c: char) -> impl Iterator<Item = char> {
    c.to_lowercase().map(|c| if c == 'ς' { 'σ' } else { c })
}

/// Where the folded value ends at the beginning of the text, in bytes, if it stands there.
fn matched(text: &str, wanted: &[char]) -> Option<usize> {
    let mut left = wanted;
    for (at, c) in text.char_indices() {
        if left.is_empty() {
            return Some(at);
        }
        for folded in fold(c) {
            left = left.strip_prefix(&[folded])?;
        }
    }
    left.is_empty().then_some(text.len())
}

fn stands_alone(before: Option<char>, after: &str) -> bool {
    let is_word = |c: char| c.is_alphanumeric();
    !before.is_some_and(is_word) && !after.chars().next().is_some_and(is_word)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::authing::fields::V2;
    use crate::user::IdKind;

    fn told(text: &str, user: &User) -> String {
        message(text, std::slice::from_ref(user), &V2, &[])
    }

    fn user() -> User {
        let mut user = User {
            fields: vec![
                ("email", Value::Text("Test1@123.com".into())),
                ("loginsCount", Value::Int(4)),
                ("nickname", Value::Text("an".into())),
            ],
            password: Some("$2b$12$abcdefghijk".to_owned().into()),
            ..User::default()
        };
        user.identifiers.set(IdKind::Email, "Test1@123.com");
        user
    }

    #[test]
    fn values_become_the_names_of_their_fields() {
        let text = "user TEST1@123.COM with $2b$12$abcdefghijk exists, 4 of 44\nan answer, sang an";
        assert_eq!(
            told(text, &user()),
            "user <email> with <password> exists, <loginsCount> of 44 <nickname> answer, sang <nickname>"
        );
    }

    #[test]
    fn a_message_that_quotes_an_object_ends_before_it() {
        let text = r#"Variable "$userInfo" got invalid value {"oauth":"{\"ssn\":\"1\"}"}"#;
        assert_eq!(told(text, &user()), r#"Variable "$userInfo" got invalid value …"#);
    }

    #[test]
    fn values_inside_the_raw_copy_are_replaced_too() {
        let mut user = user();
        let raw = r#"{"mail":"Test1@123.com","pass":{"no":[1234567],"who":"Zoë Quux"},"n":3}"#;
        user.fields.push(("oauth", Value::Text(raw.into())));
        assert_eq!(
            told(&format!("{raw}; 1234567 of ZOË Quux, 3"), &user),
            "<oauth>; <oauth> of <oauth>, 3"
        );
        assert_eq!(told("test1@123.com", &user), "<email>");
    }

    #[test]
    fn credentials_are_replaced_too() {
        let credentials = [("secret", "s3cret-of-the-pool"), ("token", "eyJhbGciOi.x.y")];
        assert_eq!(
            message("Bearer eyJhbGciOi.x.y of S3cret-of-the-pool", &[user()], &V2, &credentials),
            "Bearer <token> of <secret>"
        );
    }

    #[test]
    fn a_long_message_is_cut_at_300_characters() {
        let text = "é".repeat(1_000);
        assert_eq!(told(&text, &user()).chars().count(), 300);
    }

    #[test]
    fn a_value_is_found_in_every_form_that_a_provider_may_quote_it_in() {
        let mut user = user();
        let text = |field: &'static str, value: &str| (field, Value::Text(value.to_owned()));
        user.fields.push(text("address", "12 Main St\nSpringfield"));
        user.fields.push(text("name", "Conor \"Con\" O'Brien"));
        user.fields.push(text("city", "İstanbul ẞtadt"));
        user.fields.push(text("alias", "ΝΙΚΟΣ"));
        assert_eq!(told("Νίκος is no νικος", &user), "Νίκος is no <alias>");
        user.identifiers.set(IdKind::Phone, "+8613800138000");
        let told = |text: &str| told(text, &user);
        assert_eq!(told("at '12 Main St Springfield'"), "at '<address>'");
        assert_eq!(told(r"at '12 Main St\nSpringfield'"), "at '<address>'");
        assert_eq!(told(r#""Conor \"Con\" O'Brien" is odd"#), r#""<name>" is odd"#);
        let phone = "<phone number>";
        assert_eq!(told("13800138000 or 8613800138000"), format!("{phone} or {phone}"));
        assert_eq!(told("İSTANBUL ẞTADT: İ TEST1@123.com"), "<city>: İ <email>");
        assert_eq!(told("İ éabc@x.io ẞ"), "İ éabc@x.io ẞ");
    }

    /// The forms are those that Python's `json.dumps` and PHP's `json_encode` write.
    #[test]
    fn a_value_is_found_in_the_escapes_of_other_writers_of_json() {
        let mut user = user();
        user.password = Some("$2b$12$ab/cd.efgh".to_owned().into());
        user.fields.push(("name", Value::Text("Zoë 😀/李".into())));
        for (text, expected) in [
            (r#"bad "$2b$12$ab\/cd.efgh""#, r#"bad "<password>""#),
            (r#"bad "Zo\u00eb \ud83d\ude00/\u674e""#, r#"bad "<name>""#),
            (r#"bad "Zo\u00EB \uD83D\uDE00\/\u674E""#, r#"bad "<name>""#),
            (r#"bad "Zoë 😀\/李""#, r#"bad "<name>""#),
        ] {
            assert_eq!(told(text, &user), expected);
        }
    }

    proptest::proptest! {
        /// Any text, any value: no panic, and the value is gone.
        #[test]
        fn a_long_value_never_stays(before in ".{0,20}", value in "[a-zA-Z0-9İẞéΣς@+]{4,12}", after in ".{0,20}") {
            let user = User { fields: vec![("x", Value::Text(value.clone()))], ..User::default() };
            let same = told(&format!("{before}{value}{after}"), &user);
            let upper = told(&format!("{before}{}{after}", value.to_uppercase()), &user);
            proptest::prop_assert!(!same.contains(&value));
            proptest::prop_assert!(!upper.contains(&value.to_uppercase()));
        }
    }

    #[test]
    fn a_refused_request_quotes_none_of_its_users() {
        let users: Vec<User> = (0..50)
            .map(|n| {
                let text = |field: &'static str, value: String| (field, Value::Text(value));
                let mut user = User {
                    fields: vec![
                        text("login", format!("user{n}")),
                        text("town", format!("Town {n}")),
                    ],
                    password: Some(format!("$2b$12$hash-of-{n}").into()),
                    ..User::default()
                };
                user.identifiers.set(IdKind::Username, &format!("user{n}"));
                user
            })
            .collect();
        let schema = Schema { password_field: "credential", ..V2 };
        let told = |text: &str| message(text, &users, &schema, &[]);
        assert_eq!(
            told("USER4 and user49 of town 7: $2b$12$hash-of-33"),
            "<login> and <login> of <town>: <credential>"
        );
        // Replaced before it is cut: a value across the cut leaves nothing.
        let long = "x".repeat(295);
        assert_eq!(told(&format!("{long} user49")), format!("{long} <lo…"));
    }

    #[test]
    fn a_masked_user_has_the_name_that_the_provider_gives_the_password() {
        let schema = Schema { password_field: "credential", ..V2 };
        let user = User { password: Some("secret".to_owned().into()), ..User::default() };
        assert_eq!(masked(&user, &schema), r#"{"credential":"<not shown>"}"#);
    }

    #[test]
    fn letters_whose_lower_case_is_longer_do_no_harm() {
        assert_eq!(told("İ Test1@123.com İ", &user()), "İ <email> İ");
    }
}
