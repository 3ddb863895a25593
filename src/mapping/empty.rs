//! What a program that does not know a record says more: which of the columns that it reads are empty.

use super::path::find;
use super::record::Json;
use super::{Program, Source, UNKNOWN_STATE, jq};
use crate::input::show_name;
use serde_json::Value;
use std::borrow::Cow;

/// Values of columns that say who may sign in. With one of them in its place it shows that another value was
/// not known, whatever the empty columns are.
const KNOWN: &[&str] = &["", "0", "1", "true", "false", "active", "confirmed", "512"];

impl Source<'_> {
    /// What a program says of a record, and behind it, where all that it reads is empty, that it is. Of a
    /// user of whom it does not know whether they may sign in, also which of several are.
    pub(super) fn with_what_is_empty(
        &self,
        program: &Program,
        why: Cow<'static, str>,
    ) -> Cow<'static, str> {
        let is_empty = |path: &String| {
            find(&self.fields, path).is_none_or(|value| match Json::of(&value) {
                Json::Null => true,
                Json::Text(text) => text.trim().is_empty(),
                _ => false,
            })
        };
        if !why.starts_with(jq::SAYS) {
            return why;
        }
        let paths = program.paths();
        let empty = paths.iter().filter(|path| is_empty(path));
        let shown = |path: &String| format!("`{}`", show_name(path.as_bytes()));
        let names: Vec<String> = empty.map(shown).collect();
        let is_told = names.len() == paths.len()
            || why.ends_with(UNKNOWN_STATE)
                && !paths.iter().any(|path| !is_empty(path) && self.is_by(program, path));
        if names.is_empty() || !is_told {
            return why;
        }
        let have = if names.len() == 1 { "has" } else { "have" };
        format!("{why}; {} {have} no value", names.join(", ")).into()
    }

    /// Whether it is the value of this column that a program does not know: with another one there it says
    /// that the user may sign in, so all other columns are known to it.
    fn is_by(&self, program: &Program, path: &str) -> bool {
        let Ok(mut record) = serde_json::from_str::<Value>(self.text) else { return false };
        KNOWN.iter().any(|known| {
            let Some(place) = place(&mut record, path) else { return false };
            *place = (*known).into();
            let record = jq::record(&record.to_string());
            let output = record.and_then(|record| program.run(&record).ok());
            output.is_some_and(|output| matches!(output.as_json(), Json::Bool(false)))
        })
    }
}

/// Where a path leads: a name, or else through objects.
fn place<'a>(record: &'a mut Value, path: &str) -> Option<&'a mut Value> {
    if record.get(path).is_some() {
        return record.get_mut(path);
    }
    path.split('.').try_fold(record, |inside, name| inside.get_mut(name))
}
