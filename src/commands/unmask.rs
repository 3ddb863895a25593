//! Fields that `preview`, `show` and `failures` show as they are. What is or may be a password never is.

use crate::error::{Error, Result};
use crate::input::show_name;
use crate::mapping::{Mapping, Rule};
use crate::password::{Scheme, detect};
use crate::redact;
use crate::schema::Schema;
use crate::user::{IdKind, User, Value, normalise, same};
use secrecy::ExposeSecret;

/// The provider's fields that were asked for.
pub(super) struct Unmasked<'a> {
    fields: &'a [String],
    /// Whether all were, but for those that hold a password.
    all: bool,
    secrets: Vec<String>,
}

/// Stands for every field.
const ALL: &str = "all";

/// The provider's fields that are or hold a password, or a copy of the whole record.
fn secret_fields(mapping: &Mapping, schema: &Schema) -> Vec<String> {
    let secrets = mapping.secrets(schema);
    let is_secret = |field: &str, rule: &Rule| match rule {
        Rule::Column { from, .. } => secrets.contains(&from.as_str()),
        Rule::Raw { .. } | Rule::Password(_) => true,
        Rule::Jq { .. } | Rule::Constant(_) => false,
    } || field == schema.password_field;
    let named = mapping.rules().iter().filter(|(field, rule)| is_secret(field, rule));
    named.map(|(field, _)| field.clone()).collect()
}

impl<'a> Unmasked<'a> {
    /// Refuses what is no field, and what the password's column feeds.
    pub(super) fn new(fields: &'a [String], mapping: &Mapping, schema: &Schema) -> Result<Self> {
        let secrets = mapping.secrets(schema);
        if fields.iter().any(|field| field == ALL) {
            return Ok(Self { fields, all: true, secrets: secret_fields(mapping, schema) });
        }
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
        Ok(Self { fields, all: false, secrets: Vec::new() })
    }

    /// Whether a field was asked for.
    fn names(&self, field: &str) -> bool {
        if self.all {
            !self.secrets.iter().any(|secret| secret == field)
        } else {
            self.fields.iter().any(|named| named == field)
        }
    }

    /// A row's key: masked where it is an address, a number or a name that was neither asked for nor
    /// `typed` by who asks.
    pub(super) fn key(
        &self,
        key: &str,
        user: &User,
        typed: Option<&str>,
        schema: &Schema,
    ) -> String {
        let is_key = |(_, value): &(IdKind, &str)| *value == key;
        let kind = user.identifiers.iter().find(is_key).map(|(kind, _)| kind);
        let is_shown = match kind {
            Some(IdKind::ExternalId) => true,
            Some(kind) => {
                typed.is_some_and(|typed| same(kind, key, &normalise(kind, typed)))
                    || schema.identifier(kind).is_some_and(|field| self.names(field.name))
            }
            // The mapping has changed so much since that nothing of the record is its key.
            None => self.all || typed == Some(key),
        };
        if is_shown { on_one_line(key) } else { redact::masked_key(key) }
    }

    /// A value as it is shown.
    pub(super) fn show(&self, field: &str, value: &Value, user: &User) -> String {
        let is_named = self.names(field);
        let password = user.password.as_ref().map_or("", ExposeSecret::expose_secret);
        let is_harmless = |text: &str| is_harmless(text, password);
        match value {
            Value::Text(text) if is_named && is_harmless(text) => on_one_line(text),
            Value::List(items) if is_named && items.iter().all(|item| is_harmless(item)) => {
                let items: Vec<String> = items.iter().map(|item| on_one_line(item)).collect();
                items.join(", ")
            }
            Value::Text(_) | Value::List(_) | Value::Bool(_) | Value::Int(_) => {
                redact::masked_value(value)
            }
        }
    }
}

/// Whether a text neither is nor holds the user's password or the hash of one, in whatever column it
/// stands.
fn is_harmless(text: &str, password: &str) -> bool {
    let is_between = |c: char| c.is_whitespace() || "\"'`:=,;|<>()[]".contains(c);
    let is_plain = |part: &str| matches!(detect(part), Scheme::Plain | Scheme::None);
    let holds = !password.is_empty() && text.contains(password);
    !holds && is_plain(text) && text.split(is_between).all(is_plain)
}

/// As it is, but for what a terminal would obey.
pub(super) fn on_one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}
