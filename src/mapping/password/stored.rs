//! What stands where a password does: one text, or a list of several as directories keep them.

use crate::mapping::record::{Json, elements};
use crate::password::{detect, is_unusable};
use std::borrow::Cow;

/// What Spring Security puts before a password that it does not hash.
const NOT_HASHED: &str = "{noop}";

/// The hash, or the password. Of several the first one of a form that is known, else the first one: a
/// directory's `userPassword` may have more than one value. None where nobody can sign in with it.
pub(in crate::mapping) fn stored<'a>(
    value: Json<'a>,
    expected: &str,
) -> Result<Option<Cow<'a, str>>, String> {
    match value {
        Json::Null => Ok(None),
        Json::Text(text) => Ok(usable(text)),
        Json::Number(number) => Ok(Some(number.into())),
        Json::Array(list) => {
            let texts = elements(list).unwrap_or_default().into_iter().map(Json::of);
            let texts = texts.map(|entry| match entry {
                Json::Text(text) => Ok(usable(text)),
                Json::Null => Ok(None),
                other => Err(format!("a list with {}, where {expected}", other.noun())),
            });
            let texts: Vec<_> = texts.collect::<Result<_, _>>()?;
            let mut texts: Vec<Cow<'_, str>> = texts.into_iter().flatten().collect();
            let known = texts.iter().position(|text| !detect(text).is_no_form());
            Ok((!texts.is_empty()).then(|| texts.swap_remove(known.unwrap_or(0))))
        }
        other => Err(format!("{}, where {expected}", other.noun())),
    }
}

fn usable(text: Cow<'_, str>) -> Option<Cow<'_, str>> {
    if text.is_empty() || is_unusable(&text) {
        return None;
    }
    Some(match text.strip_prefix(NOT_HASHED) {
        None => text,
        Some("") => return None,
        Some(password) => password.to_owned().into(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(raw: &str) -> Result<Option<String>, String> {
        stored(Json::of(raw), "text is expected").map(|found| found.map(Cow::into_owned))
    }

    #[test]
    fn of_several_values_the_first_that_is_a_hash_is_taken() {
        let hash = "{SSHA}W6ph5Mm5Pz8GgiULbPgzG37mj9hzYWx0";
        for (raw, found) in [
            (format!(r#"["{hash}"]"#), Some(hash)),
            (format!(r#"["secret","{hash}","{{SHA}}W6ph5Mm5Pz8GgiULbPgzG37mj9g="]"#), Some(hash)),
            (format!(r#"["{{SASL}}li@EXAMPLE.COM",null,"","{hash}"]"#), Some(hash)),
            (r#"["secret","other"]"#.to_owned(), Some("secret")),
            (r#"["{SASL}li@EXAMPLE.COM"]"#.to_owned(), None),
            ("[]".to_owned(), None),
            ("null".to_owned(), None),
            ("\"\"".to_owned(), None),
            ("\"{noop}secret\"".to_owned(), Some("secret")),
            ("\"{noop}\"".to_owned(), None),
            ("7".to_owned(), Some("7")),
        ] {
            assert_eq!(of(&raw).unwrap().as_deref(), found, "{raw}");
        }
        assert_eq!(of("{}").unwrap_err(), "an object, where text is expected");
        assert_eq!(of("[{}]").unwrap_err(), "a list with an object, where text is expected");
    }
}
