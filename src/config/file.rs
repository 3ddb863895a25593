//! The TOML file: every key by hand, so that an error can name line and key and show no value.

use super::Settings;
use super::keys::{self, KEYS, Raw};
use super::rules::{in_order, json};
use super::syntax;
use crate::error::{Error, Result};
use crate::input::show_name;
use crate::mapping::{Mapping, Rule, RuleError};
use crate::provider;
use crate::words::nearest;
use std::path::{Path, PathBuf};
use toml::Spanned;
use toml::de::{DeString, DeTable, DeValue};

struct Place<'a> {
    path: &'a Path,
    text: &'a str,
}

impl Place<'_> {
    /// An error at a byte of the file.
    fn error(&self, at: usize, what: &str) -> Error {
        let before = self.text.as_bytes().get(..at).unwrap_or(self.text.as_bytes());
        let line = 1 + memchr::memchr_iter(b'\n', before).count();
        Error::usage(format!("{}, line {line}: {what}", self.path.display()))
    }

    /// An error at a byte of a line that says much.
    fn exact(&self, at: usize, what: &str) -> Error {
        let before = self.text.get(..at).unwrap_or(self.text);
        let line = before.rsplit('\n').next().unwrap_or(before);
        let column = 1 + line.chars().count();
        let line = 1 + before.matches('\n').count();
        Error::usage(format!("{}, line {line}, column {column}: {what}", self.path.display()))
    }
}

/// Takes the settings of a file over.
pub(super) fn apply(settings: &mut Settings, text: &str, path: &Path) -> Result<()> {
    let place = Place { path, text };
    let root = DeTable::parse(text).map_err(|error| {
        let (at, what) = syntax::explain(&error, text);
        place.error(at, &what).hint(
            "text stands in double quotes, sections in brackets, and a key is given only once; \
             'userferry init' writes an example",
        )
    })?;
    let mut members = in_order(root.get_ref());
    // The target first: the provider says which settings and fields there are.
    members.sort_by_key(|(name, _)| name.get_ref().as_ref() != "target");
    for (name, value) in members {
        match (name.get_ref().as_ref(), value.get_ref()) {
            ("mapping", DeValue::Table(rules)) => settings.mapping = mapping(rules, &place)?,
            (section @ ("target" | "run" | "check"), DeValue::Table(table)) => {
                apply_section(settings, section, table, &place)?;
            }
            ("target" | "run" | "check" | "mapping", _) => {
                let what = format!("`{}` must be a section", name.get_ref());
                return Err(place.error(name.span().start, &what));
            }
            (key, value) if KEYS.iter().any(|known| known.name == key) => {
                keys::set(settings, key, &raw(value)).map_err(|form| {
                    place.error(name.span().start, &format!("`{key}`: {form} is expected"))
                })?;
            }
            (other, _) => {
                let env = settings.target.provider.secret.env;
                return Err(unknown_section(other, env, name.span().start, &place));
            }
        }
    }
    // The mapping is checked against the target that the whole file names.
    settings.mapping.check(settings.target.schema()).map_err(|(i, error)| {
        let rules = root.get_ref().get("mapping").and_then(|value| value.get_ref().as_table());
        let name =
            rules.and_then(|rules| in_order(rules).get(i).map(|(name, _)| name.span().start));
        let at = place.exact(name.unwrap_or(0), &error.message);
        Error { hint: error.hint, ..at }
    })
}

fn unknown_section(name: &str, secret_env: &str, at: usize, place: &Place<'_>) -> Error {
    if is_secret(name) {
        return secret_in_file(secret_env, at, place);
    }
    let shown = show_name(name.as_bytes());
    if let Some(key) = KEYS.iter().find(|key| key.short() == name) {
        return place
            .error(at, &format!("`{shown}` stands outside of its section"))
            .hint(key.home());
    }
    let error = place.error(at, &format!("unknown section `{shown}`"));
    match nearest(name, ["target", "run", "check", "mapping"].into_iter()) {
        Some(near) => error.hint(format!("did you mean [{near}]?")),
        None => error.hint("the sections are [target], [run], [check] and [mapping]"),
    }
}

fn is_secret(name: &str) -> bool {
    name.to_ascii_lowercase().contains("secret") && name != "secret_file"
}

fn secret_in_file(env: &str, at: usize, place: &Place<'_>) -> Error {
    place.error(at, "the secret does not belong in the file").hint(format!(
        "remove the line; give the secret as {env} in the environment, or in a file of its own \
         that only you can read: secret_file = \"…\""
    ))
}

fn apply_section(
    settings: &mut Settings,
    section: &str,
    table: &DeTable<'_>,
    place: &Place<'_>,
) -> Result<()> {
    let full = |name: &Spanned<DeString<'_>>| format!("{section}.{}", name.get_ref());
    let mut members = in_order(table);
    // The kind first: it says which others there are.
    members.sort_by_key(|(name, _)| full(name) != keys::KIND);
    for (name, value) in members {
        let short = name.get_ref().as_ref();
        let at = name.span().start;
        if is_secret(short) {
            return Err(secret_in_file(settings.target.provider.secret.env, at, place));
        }
        let full = full(name);
        if !keys::knows(settings, &full) {
            return Err(unknown_key(settings, section, short, at, place));
        }
        keys::set(settings, &full, &raw(value.get_ref())).map_err(|form| {
            let error = place.error(at, &format!("`{short}`: {form} is expected"));
            if full == keys::KIND { error.hint(provider::known(settings.providers)) } else { error }
        })?;
    }
    if section == "target" {
        // Paths in a file are meant as seen from that file.
        let folder = place.path.parent().unwrap_or(Path::new(""));
        let from_here = |path: &mut Option<PathBuf>| {
            if let Some(path) = path {
                *path = folder.join(&path);
            }
        };
        from_here(&mut settings.target.ca_file);
        from_here(&mut settings.target.secret_file);
    }
    Ok(())
}

fn unknown_key(
    settings: &Settings,
    section: &str,
    short: &str,
    at: usize,
    place: &Place<'_>,
) -> Error {
    let shown = show_name(short.as_bytes());
    let error = place.error(at, &format!("unknown setting `{shown}` in [{section}]"));
    let elsewhere = |key: &&keys::Key| key.short() == short && key.section() != section;
    if let Some(key) = KEYS.iter().find(elsewhere) {
        return error.hint(key.home());
    }
    let names = keys::names(settings, section);
    if let Some(near) = nearest(short, names.iter().copied()) {
        return error.hint(format!("did you mean `{near}`?"));
    }
    error.hint(format!("[{section}] knows {}", names.join(", ")))
}

fn raw<'a>(value: &'a DeValue<'_>) -> Raw<'a> {
    match value {
        DeValue::String(text) => Raw::Word(text),
        DeValue::Boolean(truth) => Raw::Bool(*truth),
        DeValue::Integer(number) => {
            i64::from_str_radix(number.as_str(), number.radix()).map_or(Raw::Other, Raw::Int)
        }
        DeValue::Array(items) => {
            let texts: Option<Vec<&str>> =
                items.iter().map(|item| item.get_ref().as_str()).collect();
            texts.map_or(Raw::Other, Raw::List)
        }
        _ => Raw::Other,
    }
}

/// The rules of `[mapping]`; they replace the reference mapping.
fn mapping(rules: &DeTable<'_>, place: &Place<'_>) -> Result<Mapping> {
    let mut mapping = Vec::new();
    for (name, value) in in_order(rules) {
        if let Some(key) = KEYS.iter().find(|key| key.name == name.get_ref().as_ref()) {
            let what = format!("`{}` stands in [mapping], where it is no field", key.name);
            return Err(place.error(name.span().start, &what).hint(key.home()));
        }
        let rule = Rule::from_json(&json(value.get_ref())).map_err(|error| {
            let shown = show_name(name.get_ref().as_bytes());
            let at = rule_error(&error, value, place.text).unwrap_or(name.span().start);
            place.exact(at, &format!("mapping of `{shown}`: {error}"))
        })?;
        mapping.push((name.get_ref().as_ref().to_owned(), rule));
    }
    Ok(Mapping::new(mapping))
}

/// Where in the file a rule is wrong: at the key, or inside the program.
fn rule_error(error: &RuleError, rule: &Spanned<DeValue<'_>>, text: &str) -> Option<usize> {
    let key = error.key.as_deref()?;
    let (name, value) =
        rule.get_ref().as_table()?.iter().find(|(name, _)| name.get_ref() == key)?;
    let in_program = || {
        // The scheme of a password: { jq = "…" } behind a key of its own.
        let inner = value.get_ref().as_table();
        let inner = inner.and_then(|table| table.iter().find(|(name, _)| name.get_ref() == "jq"));
        let value = inner.map_or(value, |(_, program)| program);
        let written = text.get(value.span())?;
        let program = value.get_ref().as_str()?;
        // With escapes the places in the file and in the program differ: then the whole is meant.
        let start = written.find(program)?;
        Some(value.span().start + start + error.at?)
    };
    Some(in_program().unwrap_or(match error.at {
        Some(_) => value.span().start,
        None => name.span().start,
    }))
}
