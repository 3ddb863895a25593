//! `provider list`: the directories that Userferry can fill, and what each of them takes.

use crate::error::{Exit, Result};
use crate::provider::{self, Provider};
use crate::schema::{Compare, Field, Fold, Format, Type};
use crate::ui::{Ui, table};
use clap::{Args, Subcommand};
use serde_json::{Value, json};

/// `provider`.
#[derive(Debug, Subcommand)]
pub enum ProviderCommand {
    /// List the providers: their fields, limits, passwords and settings
    List(ProviderList),
}

/// `provider list`.
#[derive(Debug, Args)]
pub struct ProviderList {
    /// As JSON, for programs
    #[arg(long)]
    pub json: bool,
}

pub(crate) fn run(ui: Ui, command: &ProviderCommand) -> Result<Exit> {
    let ProviderCommand::List(args) = command;
    let text = if args.json {
        let all: Vec<Value> = provider::ALL.iter().map(|provider| to_json(provider)).collect();
        format!("{}\n", Value::Array(all))
    } else {
        provider::ALL.iter().map(|provider| to_text(provider)).collect::<Vec<_>>().join("\n")
    };
    ui.out(&text)?;
    Ok(Exit::Done)
}

/// The word for the type of a field's values.
fn word(field: &Field) -> &'static str {
    match (field.ty, field.format) {
        (_, Format::Email) => "email",
        (_, Format::Phone) => "phone",
        (_, Format::DateTime) => "date-time",
        (_, Format::Day) => "date",
        (_, Format::OneOf(_)) => "one-of",
        (Type::Text, Format::Any) => "text",
        (Type::Bool, Format::Any) => "bool",
        (Type::Int, Format::Any) => "int",
        (Type::TextList, Format::Any) => "text-list",
    }
}

fn to_json(provider: &Provider) -> Value {
    let field = |field: &Field| {
        let values = match field.format {
            Format::OneOf(words) => Some(words),
            Format::Any | Format::Email | Format::Phone | Format::DateTime | Format::Day => None,
        };
        json!({
            "name": field.name,
            "type": word(field),
            "values": values,
            "identifies": field.identifier.is_some(),
            "unique": field.is_unique,
            "folds": field.folds == Fold::Case,
            "returned": field.returned.map(returned),
        })
    };
    let password = json!({
        "name": provider.schema.password_field,
        "type": "password",
        "values": null,
        "identifies": false,
        "unique": false,
        "folds": false,
        "returned": null,
    });
    let limits = provider.usual_limits();
    let settings = settings(provider).into_iter();
    let settings = settings.map(|(name, env)| json!({ "name": name, "env": env }));
    json!({
        "name": provider.name,
        "title": provider.title,
        "fields": provider.schema.fields.iter().map(field).chain([password]).collect::<Vec<_>>(),
        "batch": limits.batch,
        "lookup": limits.lookup,
        "password_forms": provider.passwords.forms(),
        "abilities": provider.can(),
        "settings": settings.collect::<Vec<_>>(),
    })
}

/// The word for how what is returned of a field compares with what was sent.
fn returned(compare: Compare) -> &'static str {
    match compare {
        Compare::Same => "same",
        Compare::Case => "same-but-for-case",
        Compare::Phone => "same-number",
        Compare::Moment => "same-moment",
    }
}

/// What must or may be set for a run, and the vendor's own variable of the environment for it.
fn settings(provider: &Provider) -> Vec<(&'static str, Option<&'static str>)> {
    let own = provider.settings.iter().map(|setting| (setting.name, setting.env));
    let host = ("host", Some(provider.host.env));
    [host].into_iter().chain(own).chain([("secret", Some(provider.secret.env))]).collect()
}

fn to_text(provider: &Provider) -> String {
    let limits = provider.usual_limits();
    let rows: Vec<Vec<String>> = provider
        .schema
        .fields
        .iter()
        .map(|field| {
            let marks = [
                (field.identifier.is_some(), "identifies"),
                (field.is_unique, "unique"),
                (field.folds == Fold::Case, "in any case"),
                (field.returned.is_none(), "never returned"),
            ];
            let marks: Vec<&str> =
                marks.iter().filter(|(is, _)| *is).map(|(_, word)| *word).collect();
            vec![field.name.to_owned(), word(field).to_owned(), marks.join(", ")]
        })
        .collect();
    let settings = settings(provider).into_iter().map(|(name, env)| match env {
        Some(env) => format!("{name} ({env})"),
        None => name.to_owned(),
    });
    format!(
        "{}  {}\n  users in a request: {} to create, {} to look up\n  passwords: {}\n  can: {}\n  settings: {}\n\n{}",
        provider.name,
        provider.title,
        limits.batch,
        limits.lookup,
        provider.passwords.forms().join(", "),
        provider.can().join(", "),
        settings.collect::<Vec<_>>().join(", "),
        table::render(&["field", "type", ""], &rows)
    )
}
