//! Whether a mapping makes sense for a target, before any record is read.

use super::Mapping;
use super::convert::constant;
use super::rule::{As, Rule};
use crate::error::{Error, Result};
use crate::input::show_name;
use crate::target::schema::{Field, Schema, Type};

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
        fits(field, rule)?;
        let Rule::Column { from, .. } = rule else { return Ok(()) };
        if self.rule(schema.password_field).is_some_and(|other| other.reads(from)) {
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
        Rule::Column { convert: None | Some(As::Text), .. } => Ok(()),
        Rule::Column { .. } => {
            Err(Error::usage(format!("mapping: `{name}`: a password is text"))
                .hint("leave `as` out"))
        }
        Rule::Constant(_) => Err(Error::usage(format!(
            "mapping: `{name}`: one password for everybody, in a file, is none"
        ))
        .hint(
            "name the column of the password, or remove the rule: users without a password \
               set one by e-mail or phone",
        )),
        Rule::Raw { .. } => {
            Err(Error::usage(format!("mapping: `{name}` cannot be the raw record"))
                .hint("name the column of the password"))
        }
    }
}

fn fits(field: &Field, rule: &Rule) -> Result<()> {
    let takes = match field.ty {
        Type::Text => "text",
        Type::Bool => "true or false",
        Type::Int => "a whole number of 32 bits",
        Type::TextList => "a list of texts",
    };
    let name = field.name;
    match rule {
        Rule::Column { convert: None, .. } => Ok(()),
        Rule::Column { convert: Some(convert), .. } => {
            let ty = match convert {
                As::Text => Type::Text,
                As::Int => Type::Int,
                As::Bool => Type::Bool,
            };
            if ty == field.ty {
                return Ok(());
            }
            let word = convert.as_str();
            Err(Error::usage(format!(
                "mapping: `{name}` takes {takes}, so as = \"{word}\" cannot fit"
            ))
            .hint(format!("leave as = \"{word}\" out")))
        }
        Rule::Constant(value) if constant(value, field.ty).is_some() => Ok(()),
        Rule::Constant(_) => {
            Err(Error::usage(format!("mapping: the constant of `{name}` does not fit"))
                .hint(format!("`{name}` takes {takes}")))
        }
        Rule::Raw { .. } if field.ty == Type::Text && field.identifier.is_none() => Ok(()),
        Rule::Raw { .. } => {
            Err(Error::usage(format!("mapping: `{name}` cannot take the raw record"))
                .hint("a field of text can, e.g. oauth"))
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

/// The word that is most like a mistyped one, if any is like it.
pub(crate) fn nearest<'a>(word: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let lower = word.to_lowercase();
    known
        .map(|candidate| (distance(&lower, &candidate.to_lowercase()), candidate))
        .filter(|(distance, _)| *distance <= (word.len() / 2).clamp(1, 3))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// Insertions, deletions and replacements from one word to the other (Levenshtein).
fn distance(a: &str, b: &str) -> usize {
    // Names are short; what is not is no typing error.
    if a.len() > 64 || b.len() > 64 {
        return usize::MAX;
    }
    let b: Vec<char> = b.chars().filter(|c| !matches!(c, '_' | '-')).collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().filter(|c| !matches!(c, '_' | '-')).enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, y) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(x != *y);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}
