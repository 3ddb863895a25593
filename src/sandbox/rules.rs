//! The rules for single values of a user.

use super::directory::Fields;
use chrono::{DateTime, NaiveDate, NaiveDateTime};
use serde_json::{Map, Value};

/// Whether a text looks like an e-mail address: one `@`, a domain of two labels, no space.
pub(super) fn is_email(text: &str) -> bool {
    text.split_once('@').is_some_and(|(local, domain)| {
        !local.is_empty()
            && !text.contains(char::is_whitespace)
            && !domain.contains('@')
            && domain.contains('.')
            && domain.split('.').all(|label| !label.is_empty())
    })
}

/// ISO 8601 with or without a time, with or without a zone.
pub(super) fn is_iso_date(text: &str) -> bool {
    DateTime::parse_from_rfc3339(text).is_ok()
        || DateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f%z").is_ok()
        || NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f").is_ok()
        || NaiveDate::parse_from_str(text, "%Y-%m-%d").is_ok()
}

/// The custom fields in `params`: JSON text, an array of `{key, value}`.
pub(super) fn custom_fields(params: Option<&str>) -> Option<Fields> {
    let Some(params) = params.filter(|text| !text.is_empty()) else { return Some(Fields::new()) };
    let items: Vec<Map<String, Value>> = serde_json::from_str(params).ok()?;
    items
        .into_iter()
        .map(|mut item| match (item.remove("key"), item.remove("value")) {
            (Some(Value::String(key)), Some(value)) => Some((key, value)),
            _ => None,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_a_name_and_a_domain_of_two_labels() {
        for good in ["a@x.org", "a.b+c@sub.x.org", "ü@ü.example"] {
            assert!(is_email(good), "{good}");
        }
        for bad in
            ["", "word", "@x.org", "a@", "a@b", "a@b@x.org", "a b@x.org", "a@x..org", "a@.org"]
        {
            assert!(!is_email(bad), "{bad}");
        }
    }

    #[test]
    fn dates_are_iso_8601_and_never_a_number() {
        for good in [
            "2017-06-07T14:34:08.700Z",
            "2017-06-07T14:34:08.700",
            "2017-06-07T14:34:08+04:00",
            "2017-06-07T14:34:08+0400",
            "2017-06-07",
        ] {
            assert!(is_iso_date(good), "{good}");
        }
        for bad in
            ["", "1500000000000", "07.06.2017", "2017-13-01", "yesterday", "2017-06-07T25:00:00"]
        {
            assert!(!is_iso_date(bad), "{bad}");
        }
    }

    #[test]
    fn custom_fields_are_a_list_of_keys_and_values() {
        assert_eq!(custom_fields(None), Some(Fields::new()));
        let fields =
            custom_fields(Some(r#"[{"key":"school","value":"A"},{"key":"age","value":3}]"#));
        assert_eq!(fields.map(|fields| fields.len()), Some(2));
        for bad in ["{}", "[1]", "[{\"key\":1,\"value\":1}]", "[{\"key\":\"a\"}]", "nonsense"] {
            assert_eq!(custom_fields(Some(bad)), None, "{bad}");
        }
    }
}
