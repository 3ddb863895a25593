//! Fields that a preview shows as they are. What is or may be a password never is.

use crate::error::{Error, Result};
use crate::input::show_name;
use crate::mapping::{Mapping, Rule};
use crate::password::{Scheme, detect};
use crate::redact;
use crate::target::schema::Schema;
use crate::user::Value;

/// The provider's fields that were asked for.
pub(super) struct Unmasked<'a>(&'a [String]);

impl<'a> Unmasked<'a> {
    /// Refuses what is no field, and what the password's column feeds.
    pub(super) fn new(fields: &'a [String], mapping: &Mapping, schema: &Schema) -> Result<Self> {
        let secrets = mapping.secrets(schema);
        for field in fields {
            let is_secret = match mapping.rule(field) {
                Some(Rule::Column { from, .. }) => secrets.contains(&from.as_str()),
                Some(Rule::Raw { .. } | Rule::Password(_)) => true,
                Some(Rule::Jq { .. } | Rule::Constant(_)) | None => false,
            };
            let shown = show_name(field.as_bytes());
            if is_secret || field == schema.password_field {
                let message =
                    format!("--unmask: {shown} is or holds a password, or a whole record");
                return Err(Error::usage(message).hint("such a field is never shown; name others"));
            }
            if schema.field(field).is_none() {
                let message = format!("--unmask: the target has no field `{shown}`");
                return Err(Error::usage(message)
                    .hint("name fields as the column FIELD does: birthdate,gender"));
            }
        }
        Ok(Self(fields))
    }

    /// A value as it is shown.
    pub(super) fn show(&self, field: &str, value: &Value) -> String {
        let is_named = self.0.iter().any(|named| named == field);
        match value {
            Value::Text(text) if is_named && is_harmless(text) => show_name(text.as_bytes()),
            Value::List(items) if is_named && items.iter().all(|item| is_harmless(item)) => {
                let items: Vec<String> =
                    items.iter().map(|item| show_name(item.as_bytes())).collect();
                items.join(", ")
            }
            _ => redact::masked_value(field, value),
        }
    }
}

/// Whether a text is no hash of a password, in whatever column it stands.
fn is_harmless(text: &str) -> bool {
    matches!(detect(text), Scheme::Plain | Scheme::None)
}
