//! Records of which the rule of those who may not sign in does not know whether their user may. What stands
//! in them is not told.

use super::FoundProblem;
use crate::input::show_name;
use crate::mapping::{As, Mapping, Rule, UNKNOWN_STATE};
use crate::schema::Schema;
use crate::words::{agree, counted, grouped};
use std::collections::BTreeSet;

/// Those with a word that the rule does not know, and those without a value.
#[derive(Default)]
pub(super) struct UnknownStates {
    words: Met,
    none: Met,
    /// The columns in which they have none.
    empty: BTreeSet<String>,
}

/// How many there are, and where the first is.
#[derive(Default)]
struct Met {
    count: u64,
    first: Option<(String, u64)>,
}

/// A warning about them.
pub(super) struct Told {
    pub(super) warning: &'static str,
    pub(super) count: u64,
    pub(super) message: String,
}

const ADD_WORD: &str = "add the word, in small letters, to the list in the rule: \"word\": true for users who may not sign in, \
                        \"word\": false for those who may";
const ADD_NONE: &str = "add it to the list in the rule, as \"null\" where the column is absent or null, as \"\" where it is empty: \
                        \"null\": true for users who may not sign in, \"null\": false for those who may";
const NO_LIST: &str =
    "the rule has no list of words: correct these records, or say in its program what they mean";
const DEFAULT: &str =
    "default = true in the rule shuts such users out, default = false lets them in";

impl UnknownStates {
    /// Takes note of a problem that is of this kind: a program that `init` proposes says so, and the
    /// mapping adds which of its columns are empty.
    pub(super) fn see(&mut self, problem: &FoundProblem) {
        let Some((_, rest)) = problem.message.split_once(UNKNOWN_STATE) else { return };
        let met = if rest.is_empty() { &mut self.words } else { &mut self.none };
        met.count += 1;
        met.first.get_or_insert_with(|| (problem.source.clone(), problem.record));
        let names = rest.strip_prefix("; ").and_then(|rest| rest.strip_suffix(" no value"));
        let names = names.and_then(|names| names.rsplit_once(' ')).map(|(names, _have)| names);
        self.empty.extend(names.into_iter().flat_map(|names| names.split(", ").map(str::to_owned)));
    }

    /// What a person should do about them.
    pub(super) fn told(&self, mapping: &Mapping, schema: &Schema) -> Vec<Told> {
        let Some(blocked) = schema.blocked_field else { return Vec::new() };
        let shown = |path: &String| format!("`{}`", show_name(path.as_bytes()));
        let (columns, has_list): (Vec<String>, _) = match mapping.rule(blocked) {
            Some(Rule::Column { from, .. }) => (vec![shown(from)], None),
            Some(Rule::Jq { program, how }) if how.steps.contains(&As::Not) => {
                (program.paths().iter().map(shown).collect(), None)
            }
            Some(Rule::Jq { program, .. }) => {
                (program.paths().iter().map(shown).collect(), Some(has_list(program.source())))
            }
            _ => return Vec::new(),
        };
        let empty: Vec<String> = self.empty.iter().cloned().collect();
        let empty = if empty.is_empty() { place(&columns) } else { place(&empty) };
        let way = |of_list| match has_list {
            None => DEFAULT,
            Some(true) => of_list,
            Some(false) => NO_LIST,
        };
        let words = self.words.told("unknown-state", |have| {
            format!(
                "{have} a word{} that the rule of {blocked} does not know: it does not say whether such users may sign in",
                place(&columns)
            )
        }, way(ADD_WORD));
        let none = self.none.told("no-state", |have| {
            format!(
                "{have} no value{empty}, and the rule of {blocked} does not say whether users without one may sign in"
            )
        }, way(ADD_NONE));
        words.into_iter().chain(none).collect()
    }
}

fn place(columns: &[String]) -> String {
    match columns {
        [] => String::new(),
        columns => format!(" in {}", columns.join(" or ")),
    }
}

/// Whether a program looks words up in a list, as those that `init` proposes do.
fn has_list(program: &str) -> bool {
    program.contains("}[.]") || program.contains("word({")
}

impl Met {
    /// None if there are none.
    fn told(
        &self,
        warning: &'static str,
        what: impl Fn(&str) -> String,
        way: &str,
    ) -> Option<Told> {
        let (source, record) = self.first.as_ref()?;
        let count = self.count;
        let message = format!(
            "{} {}, so {} invalid; {} record {} of {source}; {way}",
            counted(count, "record"),
            what(agree(count, "has", "have")),
            agree(count, "it is", "they are"),
            agree(count, "it is", "the first is"),
            grouped(*record)
        );
        Some(Told { warning, count, message })
    }
}
