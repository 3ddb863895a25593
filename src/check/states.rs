//! Records of which the rule of those who may not sign in does not know whether their user may. What stands
//! in them is not told.

use super::FoundProblem;
use crate::input::show_name;
use crate::mapping::{Mapping, Rule};
use crate::suggest::UNKNOWN_STATE;
use crate::words::{agree, counted, grouped};

/// The provider's field of those who may not sign in.
const BLOCKED: &str = "blocked";

/// Those with a word that the rule does not know, and those without a value.
#[derive(Default)]
pub(super) struct UnknownStates {
    words: Met,
    none: Met,
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

impl UnknownStates {
    /// Takes note of a problem that is of this kind: a program that `init` proposes says so, and the
    /// mapping adds where nothing is in its columns.
    pub(super) fn see(&mut self, problem: &FoundProblem) {
        let Some((_, rest)) = problem.message.split_once(UNKNOWN_STATE) else { return };
        let met = if rest.is_empty() { &mut self.words } else { &mut self.none };
        met.count += 1;
        met.first.get_or_insert_with(|| (problem.source.clone(), problem.record));
    }

    /// What a person should do about them.
    pub(super) fn told(&self, mapping: &Mapping) -> Vec<Told> {
        let Some(Rule::Jq { program, .. }) = mapping.rule(BLOCKED) else { return Vec::new() };
        let shown = |path: &String| format!("`{}`", show_name(path.as_bytes()));
        let columns: Vec<String> = program.paths().iter().map(shown).collect();
        let place = match columns.as_slice() {
            [] => String::new(),
            columns => format!(" in {}", columns.join(" or ")),
        };
        let words = self.words.told("unknown-state", |have| {
            format!(
                "{have} a word{place} that the rule of {BLOCKED} does not know: it does not say whether such users may sign in"
            )
        }, "add the word, in small letters, to the list in the rule: \"word\": true for users who may not sign in, \"word\": false \
            for those who may");
        let none = self.none.told("no-state", |have| {
            format!(
                "{have} no value{place}, and the rule of {BLOCKED} does not say whether users without one may sign in"
            )
        }, "add it to the list in the rule, as \"null\" where the column is absent or null, as \"\" where it is empty: \"null\": true \
            for users who may not sign in, \"null\": false for those who may");
        words.into_iter().chain(none).collect()
    }
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
