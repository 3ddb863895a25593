//! Keeps what was sent out of what is kept: a provider's message may quote the values of a user.

use crate::user::{User, Value};
use secrecy::ExposeSecret;

/// Longer messages are cut, characters.
const MESSAGE_MAX: usize = 300;
/// A shorter value is replaced only where it stands alone, or it would eat letters of words.
const SHORT: usize = 4;

/// The message with every value of the user, and every credential (name and value), replaced by the
/// name of its field in angle brackets, cut at 300 characters, on one line.
pub fn message(text: &str, user: &User, credentials: &[(&str, &str)]) -> String {
    let mut values: Vec<(&str, String)> =
        credentials.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
    if let Some(password) = &user.password {
        values.push(("password", password.expose_secret().to_owned()));
    }
    for (field, value) in &user.fields {
        match value {
            Value::Text(text) => {
                values.push((field, text.clone()));
                values.extend(inner(text).into_iter().map(|value| (field.as_str(), value)));
            }
            Value::Int(number) => values.push((field, number.to_string())),
            Value::List(items) => {
                values.extend(items.iter().map(|item| (field.as_str(), item.clone())));
            }
            Value::Bool(_) => {}
        }
    }
    for (kind, value) in user.identifiers.iter() {
        values.push((kind.noun(), value.to_owned()));
    }
    // The longest first: one value may be part of another.
    values.retain(|(_, value)| !value.is_empty());
    values.sort_by_key(|(_, value)| std::cmp::Reverse(value.len()));
    let mut text = text.replace(['\n', '\r', '\t'], " ");
    for (field, value) in values {
        text = replace(&text, &value, &format!("<{field}>"));
    }
    // A whole object is quoted: its values may be escaped in any way.
    if let Some(at) = text.find('{') {
        text.truncate(at);
        text.push('…');
    }
    cut(&text)
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

/// What would be sent, as JSON with every value masked: the first character and the length; the
/// password and the raw copy by their length alone.
pub fn masked(user: &User) -> String {
    let mut object = serde_json::Map::new();
    for (field, value) in &user.fields {
        let masked = match value {
            Value::Text(text) if field == "oauth" => format!("<{} bytes>", text.len()),
            Value::Text(text) => mask(text),
            Value::Bool(truth) => truth.to_string(),
            Value::Int(number) => number.to_string(),
            Value::List(items) => {
                items.iter().map(|item| mask(item)).collect::<Vec<_>>().join(", ")
            }
        };
        object.insert(field.clone(), masked.into());
    }
    if user.password.is_some() {
        let bytes = user.password_bytes();
        object.insert("password".to_owned(), format!("<{bytes} bytes>").into());
    }
    serde_json::Value::Object(object).to_string()
}

fn mask(text: &str) -> String {
    let n = text.chars().count();
    let first: String = text.chars().take(usize::from(n > 3)).collect();
    format!("{first}…({n})")
}

/// A message that quotes nobody, cut at 300 characters, on one line.
pub fn plain(text: &str) -> String {
    cut(&text.replace(['\n', '\r', '\t'], " "))
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
    let lower = text.to_lowercase();
    let wanted = value.to_lowercase();
    // Where lower case has other lengths than the text, positions would not agree.
    if lower.len() != text.len() {
        return text.replace(value, name);
    }
    let mut out = String::with_capacity(text.len());
    let mut from = 0;
    while let Some(at) = lower[from..].find(&wanted).map(|at| at + from) {
        let end = at + wanted.len();
        if value.len() < SHORT && !stands_alone(&lower, at, end) {
            out.push_str(&text[from..end]);
        } else {
            out.push_str(&text[from..at]);
            out.push_str(name);
        }
        from = end;
    }
    out.push_str(&text[from..]);
    out
}

fn stands_alone(text: &str, at: usize, end: usize) -> bool {
    let is_word = |c: char| c.is_alphanumeric();
    !text[..at].chars().next_back().is_some_and(is_word)
        && !text[end..].chars().next().is_some_and(is_word)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::user::IdKind;

    fn user() -> User {
        let mut user = User {
            fields: vec![
                ("email".into(), Value::Text("Test1@123.com".into())),
                ("loginsCount".into(), Value::Int(4)),
                ("nickname".into(), Value::Text("an".into())),
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
            message(text, &user(), &[]),
            "user <email> with <password> exists, <loginsCount> of 44 <nickname> answer, sang <nickname>"
        );
    }

    #[test]
    fn a_message_that_quotes_an_object_ends_before_it() {
        let text = r#"Variable "$userInfo" got invalid value {"oauth":"{\"ssn\":\"1\"}"}"#;
        assert_eq!(message(text, &user(), &[]), r#"Variable "$userInfo" got invalid value …"#);
    }

    #[test]
    fn values_inside_the_raw_copy_are_replaced_too() {
        let mut user = user();
        let raw = r#"{"mail":"Test1@123.com","pass":{"no":[1234567],"who":"Zoë Quux"},"n":3}"#;
        user.fields.push(("oauth".into(), Value::Text(raw.into())));
        assert_eq!(
            message(&format!("{raw}; 1234567 of ZOË Quux, 3"), &user, &[]),
            "<oauth>; <oauth> of <oauth>, 3"
        );
        assert_eq!(message("test1@123.com", &user, &[]), "<email>");
    }

    #[test]
    fn credentials_are_replaced_too() {
        let credentials = [("secret", "s3cret-of-the-pool"), ("token", "eyJhbGciOi.x.y")];
        assert_eq!(
            message("Bearer eyJhbGciOi.x.y of S3cret-of-the-pool", &user(), &credentials),
            "Bearer <token> of <secret>"
        );
    }

    #[test]
    fn a_long_message_is_cut_at_300_characters() {
        let text = "é".repeat(1_000);
        assert_eq!(message(&text, &user(), &[]).chars().count(), 300);
    }

    #[test]
    fn letters_whose_lower_case_is_longer_do_no_harm() {
        assert_eq!(message("İ Test1@123.com İ", &user(), &[]), "İ <email> İ");
    }
}
