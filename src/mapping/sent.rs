//! A value as it is sent, and what identifies a user by it.

use super::convert::{Fault, Taken};
use crate::schema::{Field, Schema};
use crate::user::{IdKind, User, Value, normalise};
use crate::values::{fault, phone};

/// A value of a field as it is sent.
pub(super) struct Sent {
    value: Value,
    /// The normal form, where the field identifies a user.
    identifier: Option<(IdKind, String)>,
    /// The country code of a phone number, where the provider keeps it apart.
    country: Option<String>,
}

impl Sent {
    /// None where nothing is left of an identifier but white space and filling characters.
    pub(super) fn of(field: &Field, taken: Taken) -> Option<Self> {
        let Taken { value, country, .. } = taken;
        let (Some(kind), Value::Text(text)) = (field.identifier, &value) else {
            return Some(Self { value, identifier: None, country });
        };
        let normal = normalise(kind, text);
        if normal.is_empty() {
            return None;
        }
        // What is sent and what is looked up later must be the same: the provider compares
        // e-mail addresses without regard to case, but phone numbers by character.
        let value = match kind {
            IdKind::Phone => Value::Text(normal.clone()),
            _ if text.trim().len() < text.len() => Value::Text(text.trim().to_owned()),
            _ => value,
        };
        Some(Self { value, identifier: Some((kind, normal)), country })
    }

    /// What the target refuses about it, if anything.
    pub(super) fn checked(self, field: &Field) -> Result<Self, Fault> {
        match fault(field, &self.value) {
            Some((broken, message)) => Err((broken, message.into())),
            None => Ok(self),
        }
    }

    /// Adds it to a user; with the code of a phone number, unless the record has one of its own. Where the target
    /// has no field for the code, it stands before the number.
    pub(super) fn put(mut self, user: &mut User, field: &Field, has_code: bool, schema: &Schema) {
        let country = self.country.take();
        let country = country.filter(|own| !has_code && !phone::goes_without(own));
        if let (Some(country), None) = (&country, schema.phone_country_field) {
            if let Value::Text(number) = &mut self.value {
                number.insert_str(0, country);
            }
            if let Some((_, normal)) = &mut self.identifier {
                normal.insert_str(0, country);
            }
        }
        if let Some((kind, normal)) = self.identifier {
            user.identifiers.set_normal(kind, normal);
        }
        user.fields.push((field.name, self.value));
        if let (Some(country), Some(code)) = (country, schema.phone_country_field) {
            user.fields.push((code, Value::Text(country)));
        }
    }
}
