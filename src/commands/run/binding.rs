//! What a table is bound to: the mapping that its rows were staged with, and the target of its first run.

use crate::commands::{mapping_hint, readable, staged_mapping};
use crate::config;
use crate::error::{Error, Result};
use crate::mapping::Mapping;
use crate::provider::{Passwords, Provider};
use crate::store::{Reading, Staging, Table};
use crate::words::agree;
use serde_json::Value;

/// Rows are mapped as they were staged; a settings file that says otherwise is refused.
pub(super) fn mapping_for(settings: &config::Settings, table: &Table) -> Result<Mapping> {
    match staged_mapping(table)? {
        Some(staged) if settings.file.is_some() && staged != settings.mapping => Err(Error::usage(
            "the [mapping] has changed since the rows in the job table were staged",
        )
        .hint(mapping_hint(table)?)),
        Some(staged) => Ok(staged),
        None => Ok(settings.mapping.clone()),
    }
}

fn binding(target: &config::TargetSettings) -> Value {
    let mut bound = serde_json::json!({ "kind": target.provider.name, "host": target.host });
    for (name, value) in target.places() {
        bound[name] = serde_json::json!(value);
    }
    if target.provider.passwords == Passwords::AllAlike {
        bound["keep_password"] = target.keep_password.into();
    }
    bound
}

/// A target in words: its kind, its host, and what else it is bound to.
fn name(target: &Value) -> String {
    let part = |name| target.get(name).and_then(Value::as_str).unwrap_or("?");
    let mut words = format!("{} at {}", part("kind"), part("host"));
    let others = target.as_object().into_iter().flatten();
    for (name, value) in others.filter(|(name, _)| *name != "kind" && *name != "host") {
        let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        words.push_str(&format!(", {name} {value}"));
    }
    words
}

/// A rehearsal must never pass for the migration: a table belongs to the target of its first run.
pub(super) fn bind(table: &Table, settings: &config::Settings) -> Result<()> {
    let Some(text) = table.binding()?.and_then(|binding| binding.target) else { return Ok(()) };
    let bound: Value = readable(table, "target", &text)?;
    let wanted = binding(&settings.target);
    if bound == wanted || !table.has_attempts()? {
        return Ok(());
    }
    Err(Error::usage(format!(
        "this job table belongs to {}; this run would go to {}",
        name(&bound),
        name(&wanted)
    ))
    .hint(other_target(settings.target.provider, &config::process_env)))
}

/// The way out: most often a rehearsal has left its variables.
fn other_target(provider: &Provider, env: config::Env<'_>) -> String {
    const FRESH: &str =
        "stage into a fresh table for another target: userferry --db another.db stage users.json";
    let places = provider.settings.iter().filter(|setting| setting.is_place);
    let names = [config::KIND_ENV, provider.host.env].into_iter();
    let set: Vec<&str> = names
        .chain(places.filter_map(|setting| setting.env))
        .filter(|name| env(name).is_some_and(|value| !value.trim().is_empty()))
        .collect();
    match set.as_slice() {
        [] => FRESH.to_owned(),
        set => format!(
            "{} in the environment {} before the settings file: after a rehearsal, unset {}; {FRESH}",
            set.join(", "),
            agree(set.len() as u64, "goes", "go"),
            agree(set.len() as u64, "it", "them")
        ),
    }
}

pub(super) fn bind_now(table: &mut Table, settings: &config::Settings) -> Result<()> {
    Ok(table.bind_target(&binding(&settings.target).to_string())?)
}
