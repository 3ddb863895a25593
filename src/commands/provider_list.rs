//! `provider list`: the directories that Userferry can fill, and what each of them takes.

use crate::error::{Exit, Result};
use crate::provider::{self, Provider};
use crate::schema::{Field, Format, Type};
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
        let is_id = field.identifier.is_some();
        json!({ "name": field.name, "type": word(field), "identifies": is_id, "unique": is_id })
    };
    let password = json!({
        "name": provider.schema.password_field,
        "type": "password",
        "identifies": false,
        "unique": false,
    });
    let limits = provider.usual_limits();
    let abilities: Vec<&str> = provider.abilities.iter().map(|it| it.word()).collect();
    let settings = settings(provider).into_iter();
    let settings = settings.map(|(name, env)| json!({ "name": name, "env": env }));
    json!({
        "name": provider.name,
        "title": provider.title,
        "fields": provider.schema.fields.iter().map(field).chain([password]).collect::<Vec<_>>(),
        "batch": limits.batch,
        "lookup": limits.lookup,
        "password_forms": provider.passwords.forms(),
        "abilities": abilities,
        "settings": settings.collect::<Vec<_>>(),
    })
}

/// What must or may be set for a run, and the vendor's own variable of the environment for it.
fn settings(provider: &Provider) -> Vec<(&'static str, Option<&'static str>)> {
    let own = provider.settings.iter().map(|setting| (setting.name, setting.env));
    let host = ("host", Some(provider.host.env));
    [host].into_iter().chain(own).chain([("secret", Some(provider.secret.env))]).collect()
}

fn to_text(provider: &Provider) -> String {
    let limits = provider.usual_limits();
    let abilities: Vec<&str> = provider.abilities.iter().map(|it| it.word()).collect();
    let rows: Vec<Vec<String>> = provider
        .schema
        .fields
        .iter()
        .map(|field| {
            let id = if field.identifier.is_some() { "identifies, unique" } else { "" };
            vec![field.name.to_owned(), word(field).to_owned(), id.to_owned()]
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
        abilities.join(", "),
        settings.collect::<Vec<_>>().join(", "),
        table::render(&["field", "type", ""], &rows)
    )
}
