//! What a target accepts: its fields, their types and formats. Data, so that mapping and
//! validation stay free of any provider.

use crate::user::IdKind;

/// The vocabulary's word for a password, which is no field.
const PASSWORD: &str = "password";

/// The vocabulary's word for who may not sign in.
pub const BLOCKED: &str = "blocked";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Type {
    Text,
    Bool,
    /// Whole number, −2³¹ to 2³¹−1.
    Int,
    TextList,
}

/// A further condition on the value of a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    Any,
    Email,
    Phone,
    /// ISO 8601 date and time.
    DateTime,
    /// A day, e.g. `2024-01-31`. Asked of conversions, but no condition: the provider takes any text.
    Day,
    /// One of these words.
    OneOf(&'static [&'static str]),
}

#[derive(Clone, Copy, Debug)]
pub struct Field {
    /// The provider's name of it.
    pub name: &'static str,
    pub ty: Type,
    /// A further condition.
    pub format: Format,
    /// The kind of identifier it holds, if any.
    pub identifier: Option<IdKind>,
    /// No two users have the same value.
    pub is_unique: bool,
    /// What the provider takes for the same value.
    pub folds: Fold,
    /// How what the provider returns compares with what was sent; none where it returns nothing of it.
    pub returned: Option<Compare>,
    /// The vocabulary's word for what it holds, e.g. `email`, `blocked`, `givenName`; empty where it has none.
    pub means: &'static str,
}

impl Field {
    /// A field of any value, which the provider returns as it was sent. Its name is the vocabulary's word for it.
    pub const fn new(name: &'static str, ty: Type) -> Self {
        Self {
            name,
            ty,
            format: Format::Any,
            identifier: None,
            is_unique: false,
            folds: Fold::Exact,
            returned: Some(Compare::Same),
            means: name,
        }
    }

    /// With a further condition.
    #[must_use]
    pub const fn of_format(self, format: Format) -> Self {
        Self { format, ..self }
    }

    /// It identifies a user, and no two have the same.
    #[must_use]
    pub const fn identifies(self, kind: IdKind, folds: Fold) -> Self {
        Self { identifier: Some(kind), is_unique: true, folds, ..self }
    }

    /// The vocabulary has another word for it.
    #[must_use]
    pub const fn meaning(self, means: &'static str) -> Self {
        Self { means, ..self }
    }

    /// The provider returns it, or does not.
    #[must_use]
    pub const fn returned_as(self, returned: Option<Compare>) -> Self {
        Self { returned, ..self }
    }
}

/// How a value that a provider returns compares with the one that was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compare {
    /// The same value.
    Same,
    /// The same text, whatever the case of its letters.
    Case,
    /// The same phone number, in any form.
    Phone,
    /// The same moment, in any zone and precision.
    Moment,
}

/// What a provider takes for the same value of a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fold {
    /// The same text alone.
    Exact,
    /// Also where upper case stands for lower case.
    Case,
}

/// What a target accepts.
#[derive(Clone, Copy, Debug)]
pub struct Schema {
    /// The closed list of fields, without the password.
    pub fields: &'static [Field],
    /// Fields that the provider takes in an update but not when a user is created.
    pub update_only: &'static [&'static str],
    /// The field that takes the country code of a phone number, e.g. `+1`.
    pub phone_country_field: Option<&'static str>,
    /// The field that takes the password.
    pub password_field: &'static str,
    /// The field that is true for users who may not sign in, if there is one.
    pub blocked_field: Option<&'static str>,
    /// The field that is true for users who were deleted, if there is one.
    pub deleted_field: Option<&'static str>,
    /// Fields that say of an identifier that it is the user's own, with its kind.
    pub verified_fields: &'static [(&'static str, IdKind)],
    /// A field that takes any text, in which a copy of the whole record may be kept.
    pub raw_field: Option<&'static str>,
    /// A password of more bytes may not fit; staging warns, `run` decides with the real key.
    pub password_bytes_warn: usize,
}

impl Schema {
    pub fn field(&self, name: &str) -> Option<&'static Field> {
        // Asked several times for each record: by its last letter nearly every other name is told.
        let last = name.as_bytes().last();
        self.fields.iter().find(|field| field.name.as_bytes().last() == last && field.name == name)
    }

    /// Why a wrong value of a field may not be left out, if it may not: the user would be another one, or could
    /// sign in. A phone number and an e-mail address may, where something else identifies the user.
    pub fn why_needed(&self, field: &Field) -> Option<&'static str> {
        let is = |name: Option<&str>| name == Some(field.name);
        if is(self.blocked_field) || is(self.deleted_field) {
            return Some("says who may not sign in");
        }
        if is(self.phone_country_field) {
            return Some("says whose a phone number is");
        }
        let is_id = matches!(field.identifier, Some(IdKind::ExternalId | IdKind::Username));
        is_id.then_some("identifies a user")
    }

    /// The provider's name for what a word of the vocabulary means.
    pub fn named(&self, means: &str) -> Option<&'static str> {
        if means == PASSWORD {
            return Some(self.password_field);
        }
        self.fields.iter().find(|field| field.means == means).map(|field| field.name)
    }

    /// The same schema, in which the vocabulary's words stand for the provider's names. A field that means none of
    /// them gets a name that is no word, for its own may be one. Where they differ it lives as long as the program.
    #[must_use]
    pub fn by_meaning(&self) -> Self {
        let word = |name: &'static str| match self.field(name) {
            Some(field) if !field.means.is_empty() => field.means,
            Some(_) => format!("={name}").leak(),
            None => name,
        };
        if self.password_field == PASSWORD && self.fields.iter().all(|it| it.means == it.name) {
            return *self;
        }
        let fields = self.fields.iter().map(|field| Field { name: word(field.name), ..*field });
        let verified = self.verified_fields.iter().map(|(name, kind)| (word(name), *kind));
        let update_only = self.update_only.iter().copied().map(word);
        Self {
            fields: fields.collect::<Vec<_>>().leak(),
            update_only: update_only.collect::<Vec<_>>().leak(),
            phone_country_field: self.phone_country_field.map(word),
            password_field: PASSWORD,
            blocked_field: self.blocked_field.map(word),
            deleted_field: self.deleted_field.map(word),
            verified_fields: verified.collect::<Vec<_>>().leak(),
            raw_field: self.raw_field.map(word),
            password_bytes_warn: self.password_bytes_warn,
        }
    }

    /// The field that holds a kind of identifier.
    pub fn identifier(&self, kind: IdKind) -> Option<&'static Field> {
        self.fields.iter().find(|field| field.identifier == Some(kind))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As of a directory whose `email` holds something else.
    #[test]
    fn a_name_that_means_something_else_is_no_word() {
        const fn text(name: &'static str, means: &'static str) -> Field {
            Field::new(name, Type::Text).meaning(means)
        }
        const FIELDS: &[Field] = &[text("email", ""), text("mail", "email"), text("password", "")];
        let schema = Schema {
            fields: FIELDS,
            update_only: &[],
            phone_country_field: None,
            password_field: "credential",
            blocked_field: None,
            deleted_field: None,
            verified_fields: &[],
            raw_field: None,
            password_bytes_warn: 72,
        };
        let words = schema.by_meaning();
        let named = |name: &str| words.fields.iter().filter(|field| field.name == name).count();
        assert_eq!((named("email"), named("mail"), named("password")), (1, 0, 0));
        assert_eq!(words.password_field, "password");
        assert_eq!(
            (schema.named("email"), schema.named("password")),
            (Some("mail"), Some("credential"))
        );
    }
}
