//! Whether a mapping makes sense for a target, before any record is read.

use super::Mapping;
use super::convert::constant;
use super::rule::{As, Constant, How, Rule};
use crate::error::{Error, Result};
use crate::input::show_name;
use crate::schema::{Field, Format, Schema, Type};
use crate::values::fault;
use crate::words::nearest;

const REMOVE_ON_ERROR: &str = "leave `on_error` out: a record with a wrong value is then invalid";

impl Mapping {
    /// Checks the mapping against a target. The error names the field, never a value.
    pub fn validate(&self, schema: &Schema) -> Result<()> {
        self.check(schema).map_err(|(_, error)| error)
    }

    /// As [`Self::validate`]; the error comes with the number of the rule, from 0.
    pub(crate) fn check(&self, schema: &Schema) -> Result<(), (usize, Error)> {
        for (i, (name, rule)) in self.rules.iter().enumerate() {
            self.check_rule(i, name, rule, schema).map_err(|error| (i, error))?;
        }
        Ok(())
    }

    fn check_rule(&self, i: usize, name: &str, rule: &Rule, schema: &Schema) -> Result<()> {
        let shown = show_name(name.as_bytes());
        if self.rules[..i].iter().any(|(other, _)| other == name) {
            return Err(Error::usage(format!("mapping: two rules for the field `{shown}`"))
                .hint("keep one of them"));
        }
        if name == schema.password_field {
            return password_rule(name, rule);
        }
        let field = schema.field(name).ok_or_else(|| unknown(&shown, schema))?;
        fits(field, rule, schema)?;
        omission_fits(field, rule, schema)?;
        let secrets = self.secrets(schema);
        if let Some(from) = secrets.into_iter().find(|column| rule.takes(column)) {
            let from = show_name(from.as_bytes());
            return Err(Error::usage(format!(
                "mapping: the column `{from}` feeds the password and `{name}` too"
            ))
            .hint(format!("a password or its hash must not be readable: remove `{name}`")));
        }
        Ok(())
    }
}

fn password_rule(name: &str, rule: &Rule) -> Result<()> {
    match rule {
        Rule::Column { how: How { default: Some(_), .. }, .. } | Rule::Constant(_) => {
            Err(Error::usage(format!(
                "mapping: `{name}`: one password for everybody, in a file, is none"
            ))
            .hint(
                "name the column of the password, or remove the rule: users without a password \
                 set one by e-mail or phone",
            ))
        }
        Rule::Column { how, .. } if how.omits => Err(Error::usage(format!(
            "mapping: `{name}` cannot be left out where it is wrong: that user could not sign in"
        ))
        .hint(REMOVE_ON_ERROR)),
        Rule::Column { how, .. } if how.steps.iter().all(|step| *step == As::Text) => Ok(()),
        Rule::Password(_) => Ok(()),
        Rule::Column { .. } => {
            Err(Error::usage(format!("mapping: `{name}`: a password is text"))
                .hint("leave `as` out"))
        }
        Rule::Raw { .. } => {
            Err(Error::usage(format!("mapping: `{name}` cannot be the raw record"))
                .hint("name the column of the password"))
        }
        Rule::Jq { .. } => {
            Err(Error::usage(format!("mapping: `{name}` cannot come from a jq program"))
                .hint("name the column of the password: it is kept out of everything else"))
        }
    }
}

fn fits(field: &Field, rule: &Rule, schema: &Schema) -> Result<()> {
    let name = field.name;
    match rule {
        Rule::Column { how, .. } | Rule::Jq { how, .. } => {
            for step in &how.steps {
                step_fits(field, step)?;
            }
            default_fits(field, how)
        }
        Rule::Constant(constant) => constant_fits(field, constant, "constant"),
        Rule::Password(_) => Err(Error::usage(format!("mapping: `{name}` is no password"))
            .hint("`scheme`, `hash` and `salt` are for the rule of the password")),
        Rule::Raw { .. } if field.ty == Type::Text && field.identifier.is_none() => Ok(()),
        Rule::Raw { .. } => Err(Error::usage(format!(
            "mapping: `{name}` cannot take the raw record"
        ))
        .hint(schema.raw_field.map_or_else(
            || "a field of text can, which identifies nobody".to_owned(),
            |field| format!("a field of text can, e.g. {field}"),
        ))),
    }
}

fn takes(field: &Field) -> &'static str {
    match field.ty {
        Type::Text => "text",
        Type::Bool => "true or false",
        Type::Int => "a whole number of 32 bits",
        Type::TextList => "a list of texts",
    }
}

fn step_fits(field: &Field, step: &As) -> Result<()> {
    let (name, word) = (field.name, step.as_str());
    let ty = match step {
        As::Int => Type::Int,
        As::Bool | As::Not => Type::Bool,
        // What comes before a number or a truth value.
        As::Trim | As::Lower if field.ty != Type::TextList => return Ok(()),
        As::Phone(_) | As::E164(_) if field.format != Format::Phone => {
            return Err(Error::usage(format!(
                "mapping: `{name}` is no field for a phone number, so as = \"{word}\" cannot fit"
            ))
            .hint(format!("leave as = \"{word}\" out")));
        }
        _ => Type::Text,
    };
    if ty == field.ty {
        return Ok(());
    }
    let takes = takes(field);
    Err(Error::usage(format!("mapping: `{name}` takes {takes}, so as = \"{word}\" cannot fit"))
        .hint(format!("leave as = \"{word}\" out")))
}

fn default_fits(field: &Field, how: &How) -> Result<()> {
    let Some(default) = &how.default else { return Ok(()) };
    if field.identifier.is_some() {
        return Err(Error::usage(format!(
            "mapping: `{}` identifies a user, so it cannot have a default",
            field.name
        ))
        .hint("leave `default` out: a user needs only one identifier"));
    }
    constant_fits(field, default, "default")
}

/// Whether a wrong value of the field may be left out. A phone number or an e-mail address may, since it
/// is only left out of records that have another identifier.
fn omission_fits(field: &Field, rule: &Rule, schema: &Schema) -> Result<()> {
    if !rule.omits() {
        return Ok(());
    }
    let Some(why) = schema.why_needed(field) else { return Ok(()) };
    let message = format!("mapping: `{}` {why}, so a wrong value cannot be left out", field.name);
    Err(Error::usage(message).hint(REMOVE_ON_ERROR))
}

fn constant_fits(field: &Field, value: &Constant, what: &str) -> Result<()> {
    let (name, takes) = (field.name, takes(field));
    let Some(value) = constant(value, field.ty) else {
        return Err(Error::usage(format!("mapping: the {what} of `{name}` does not fit"))
            .hint(format!("`{name}` takes {takes}")));
    };
    match fault(field, &value) {
        None => Ok(()),
        Some((_, why)) => {
            Err(Error::usage(format!("mapping: the {what} of `{name}` does not fit: {why}")))
        }
    }
}

fn unknown(name: &str, schema: &Schema) -> Error {
    let error = Error::usage(format!("mapping: the target has no field `{name}`"));
    if schema.update_only.contains(&name) {
        return error.hint(format!(
            "`{name}` cannot be given when a user is created, only in an update afterwards: \
             remove the rule, or keep the value in the raw record"
        ));
    }
    let known = schema.fields.iter().map(|field| field.name).chain([schema.password_field]);
    match nearest(name, known) {
        Some(near) => error.hint(format!("did you mean `{near}`?")),
        None => error.hint("the left side is the provider's field, the right side your column"),
    }
}
