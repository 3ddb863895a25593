//! The user: a record after mapping, as it would be sent; and what identifies it.

use secrecy::{ExposeSecret, SecretString};
use std::fmt;

/// A typed value of a provider's field.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(untagged)]
pub enum Value {
    /// Text.
    Text(String),
    /// Truth value.
    Bool(bool),
    /// Whole number.
    Int(i64),
    /// List of texts.
    List(Vec<String>),
}

/// What would be sent for one record.
///
/// `Debug` never shows a value: users end up in assertion messages and logs.
#[derive(Clone, Default)]
pub struct User {
    /// Provider field and value, in the order of the mapping, without the password. Fields that
    /// are absent, null or empty in the record are left out.
    pub fields: Vec<(&'static str, Value)>,
    /// The password or its hash, if the record has one.
    pub password: Option<SecretString>,
    /// What the directory knows this user by.
    pub identifiers: Identifiers,
}

impl User {
    /// The value of a field.
    pub fn get(&self, field: &str) -> Option<&Value> {
        self.fields.iter().find(|(name, _)| *name == field).map(|(_, value)| value)
    }

    /// About how many bytes it takes in a request.
    pub fn bytes(&self) -> usize {
        const AROUND: usize = 8;
        let of = |value: &Value| match value {
            Value::Text(text) => text.len(),
            Value::Bool(_) => 5,
            Value::Int(_) => 11,
            Value::List(texts) => texts.iter().map(|text| text.len() + AROUND).sum(),
        };
        let fields = self.fields.iter().map(|(name, value)| name.len() + of(value) + AROUND);
        fields.sum::<usize>() + self.password_bytes() + AROUND
    }

    /// Bytes of the password in UTF-8, 0 without one.
    pub fn password_bytes(&self) -> usize {
        self.password.as_ref().map_or(0, |p| p.expose_secret().len())
    }
}

impl fmt::Debug for User {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.fields.iter().map(|(name, _)| *name).collect();
        f.debug_struct("User").field("fields", &names).finish_non_exhaustive()
    }
}

/// A kind of identifier; each is unique in a directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum IdKind {
    /// The user's id in the system it comes from.
    ExternalId,
    /// E-mail address.
    Email,
    /// Phone number.
    Phone,
    /// User name.
    Username,
}

impl IdKind {
    /// All kinds, in the order in which they serve as key.
    pub const ALL: [Self; 4] = [Self::ExternalId, Self::Email, Self::Phone, Self::Username];

    /// The word for people, e.g. `external id`.
    pub fn noun(self) -> &'static str {
        match self {
            Self::ExternalId => "external id",
            Self::Email => "e-mail address",
            Self::Phone => "phone number",
            Self::Username => "user name",
        }
    }
}

/// The identifiers of a user, normalised so that equal ones mean the same user: e-mail in lower
/// case, phone without spaces, dashes, dots and brackets and without the `.0` of a floating-point
/// number, all without white space around.
#[derive(Clone, Default, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub struct Identifiers {
    /// Id in the old system.
    pub external_id: Option<String>,
    /// E-mail address.
    pub email: Option<String>,
    /// Phone number.
    pub phone: Option<String>,
    /// User name, case kept.
    pub username: Option<String>,
}

impl Identifiers {
    /// The identifier of one kind.
    pub fn get(&self, kind: IdKind) -> Option<&str> {
        match kind {
            IdKind::ExternalId => self.external_id.as_deref(),
            IdKind::Email => self.email.as_deref(),
            IdKind::Phone => self.phone.as_deref(),
            IdKind::Username => self.username.as_deref(),
        }
    }

    /// Sets the identifier of one kind from a value as it stands in a record; an empty one is
    /// none.
    pub fn set(&mut self, kind: IdKind, value: &str) {
        self.set_normal(kind, normalise(kind, value));
    }

    /// Sets the identifier of one kind from its normal form.
    pub(crate) fn set_normal(&mut self, kind: IdKind, value: String) {
        let value = (!value.is_empty()).then_some(value);
        match kind {
            IdKind::ExternalId => self.external_id = value,
            IdKind::Email => self.email = value,
            IdKind::Phone => self.phone = value,
            IdKind::Username => self.username = value,
        }
    }

    /// Whether there is an external id, and nothing to sign in with.
    pub(crate) fn is_external_id_alone(&self) -> bool {
        self.external_id.is_some()
            && self.email.is_none()
            && self.phone.is_none()
            && self.username.is_none()
    }

    /// The identifiers that are there.
    pub fn iter(&self) -> impl Iterator<Item = (IdKind, &str)> {
        IdKind::ALL.into_iter().filter_map(|kind| self.get(kind).map(|value| (kind, value)))
    }

    /// The key: the external id, else e-mail, else phone, else user name.
    pub fn key(&self) -> Option<(IdKind, &str)> {
        self.iter().next()
    }
}

impl fmt::Debug for Identifiers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter().map(|(kind, _)| kind)).finish()
    }
}

/// The normal form of an identifier.
pub fn normalise(kind: IdKind, value: &str) -> String {
    let value = value.trim();
    match kind {
        IdKind::Email => value.to_lowercase(),
        // As nearly all of them stand there.
        IdKind::Phone if value.bytes().all(|byte| byte.is_ascii_digit()) => value.to_owned(),
        IdKind::Phone => {
            let value = without_fraction(value);
            let is_filler = |c: &char| matches!(c, ' ' | '-' | '.' | '(' | ')' | '\u{a0}');
            let bare: String = value.chars().filter(|c| !is_filler(c)).collect();
            // Other white space may have stood behind a dash.
            bare.trim().to_owned()
        }
        IdKind::ExternalId | IdKind::Username => value.to_owned(),
    }
}

/// Digits without the `.0` that follows where a program kept them as a floating-point number: it
/// is no digit of a phone number. Another text stays as it is.
pub(crate) fn without_fraction(text: &str) -> &str {
    text.strip_suffix(".0")
        .filter(|whole| {
            let digits = whole.strip_prefix('+').unwrap_or(whole);
            !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
        })
        .unwrap_or(text)
}

/// The fewest digits of a phone number that can be told without its country code.
const PHONE_DIGITS: usize = 8;
/// The most digits of a country code, with the zeros that may stand before it.
const COUNTRY_DIGITS: usize = 5;

/// Whether two identifiers in their normal form are one: a provider may keep a phone number without
/// the country code that was sent, or with it.
pub fn same(kind: IdKind, a: &str, b: &str) -> bool {
    if a == b || kind != IdKind::Phone {
        return a == b;
    }
    let (a, b) = (a.trim_start_matches('+'), b.trim_start_matches('+'));
    let (long, short) = if a.len() > b.len() { (a, b) } else { (b, a) };
    short.len() >= PHONE_DIGITS
        && long.len() - short.len() <= COUNTRY_DIGITS
        && long.ends_with(short)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_is_the_first_identifier_in_order() {
        let mut ids = Identifiers::default();
        assert_eq!(ids.key(), None);
        ids.set(IdKind::Username, "zhang");
        ids.set(IdKind::Email, " Test1@Example.com ");
        assert_eq!(ids.key(), Some((IdKind::Email, "test1@example.com")));
        ids.set(IdKind::ExternalId, "1");
        assert_eq!(ids.key(), Some((IdKind::ExternalId, "1")));
    }

    #[test]
    fn empty_identifiers_are_none() {
        let mut ids = Identifiers::default();
        ids.set(IdKind::Phone, " - ");
        assert_eq!(ids.key(), None);
    }

    proptest::proptest! {
        #[test]
        fn a_normal_form_is_its_own(
            value in "([ \\-.()+\u{a0}\u{2003}\u{3000}\t\n]|[0-9]|[a-zA-ZÄΣİß@]|\\PC){0,12}",
        ) {
            for kind in IdKind::ALL {
                let normal = normalise(kind, &value);
                proptest::prop_assert_eq!(normalise(kind, &normal), normal);
            }
        }
    }

    #[test]
    fn white_space_behind_a_dash_is_no_part_of_a_phone_number() {
        assert_eq!(normalise(IdKind::Phone, "-\u{2003}1 (2)\t-"), "12");
    }

    #[test]
    fn the_fraction_of_a_number_is_no_digit_of_a_phone_number() {
        for (text, expected) in [
            ("13800138000.0", "13800138000"),
            (" +8613800138000.0\n", "+8613800138000"),
            ("138.0013.8000", "13800138000"),
            ("01.23.45.67.0", "012345670"),
            ("13800138000.5", "138001380005"),
            ("(020) 1234.0", "02012340"),
            (".0", "0"),
        ] {
            assert_eq!(normalise(IdKind::Phone, text), expected, "{text}");
        }
        assert_eq!(normalise(IdKind::Username, "1.0"), "1.0");
    }

    #[test]
    fn a_phone_number_is_the_same_with_and_without_its_country_code() {
        for (a, b, is_same) in [
            ("+8613800138000", "13800138000", true),
            ("13800138000", "008613800138000", true),
            ("13800138000", "13800138001", false),
            ("+861380", "1380", false),
        ] {
            assert_eq!(same(IdKind::Phone, a, b), is_same, "{a} {b}");
        }
        assert!(!same(IdKind::ExternalId, "0012345678", "12345678"));
    }

    #[test]
    fn debug_shows_no_value() {
        let mut ids = Identifiers::default();
        ids.set(IdKind::Email, "a@example.com");
        assert_eq!(format!("{ids:?}"), "{Email}");
    }
}
