//! What a table is bound to: the mapping that its rows were staged with, and the target of its first run.

use crate::commands::{mapping_hint, readable, staged_mapping};
use crate::config;
use crate::error::{Error, Result};
use crate::mapping::Mapping;
use crate::store::{Reading, Staging, Table};

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

fn binding(settings: &config::Settings, pool: &str) -> serde_json::Value {
    serde_json::json!({
        "kind": settings.target.kind.as_str(),
        "host": settings.target.host,
        "user_pool_id": pool,
        "keep_password": settings.target.keep_password,
    })
}

/// A rehearsal must never pass for the migration: a table belongs to the target of its first run.
pub(super) fn bind(table: &Table, settings: &config::Settings, pool: &str) -> Result<()> {
    let Some(text) = table.binding()?.and_then(|binding| binding.target) else { return Ok(()) };
    let bound: serde_json::Value = readable(table, "target", &text)?;
    let wanted = binding(settings, pool);
    if bound == wanted || !table.has_attempts()? {
        return Ok(());
    }
    let name = |target: &serde_json::Value| {
        let part = |name| target.get(name).and_then(serde_json::Value::as_str).unwrap_or("?");
        let kept = target.get("keep_password").and_then(serde_json::Value::as_bool);
        let kept = kept.map_or_else(String::new, |kept| format!(", keep_password {kept}"));
        format!("{} at {}, user pool {}{kept}", part("kind"), part("host"), part("user_pool_id"))
    };
    Err(Error::usage(format!(
        "this job table belongs to {}; this run would go to {}",
        name(&bound),
        name(&wanted)
    ))
    .hint(
        "stage into a fresh table for another target: userferry --db another.db stage users.json",
    ))
}

pub(super) fn bind_now(table: &mut Table, settings: &config::Settings, pool: &str) -> Result<()> {
    Ok(table.bind_target(&binding(settings, pool).to_string())?)
}
