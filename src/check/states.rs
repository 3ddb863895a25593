//! Records whose state the rule of those who may not sign in does not know. What stands in them is not told.

use super::FoundProblem;
use crate::input::show_name;
use crate::mapping::{Mapping, Rule};
use crate::suggest::UNKNOWN_STATE;
use crate::words::{agree, counted, grouped};

/// The provider's field of those who may not sign in.
const BLOCKED: &str = "blocked";

/// How many there are, and where the first is.
#[derive(Default)]
pub(super) struct UnknownStates {
    count: u64,
    first: Option<(String, u64)>,
}

impl UnknownStates {
    /// Takes note of a problem that is of this kind: a program that `init` proposes says so.
    pub(super) fn see(&mut self, problem: &FoundProblem) {
        if problem.message.ends_with(UNKNOWN_STATE) {
            self.count += 1;
            self.first.get_or_insert_with(|| (problem.source.clone(), problem.record));
        }
    }

    /// What a person should do about them; nothing if there are none.
    pub(super) fn told(&self, mapping: &Mapping) -> Option<(u64, String)> {
        let (source, record) = self.first.as_ref()?;
        let Some(Rule::Jq { program, .. }) = mapping.rule(BLOCKED) else { return None };
        let shown = |path: &String| format!("`{}`", show_name(path.as_bytes()));
        let columns: Vec<String> = program.paths().iter().map(shown).collect();
        let place = if columns.is_empty() {
            String::new()
        } else {
            format!(" in {}", columns.join(" or "))
        };
        let (have, are) =
            (agree(self.count, "has", "have"), agree(self.count, "it is", "they are"));
        let first = agree(self.count, "it is", "the first is");
        let message = format!(
            "{} {have} a word{place} that the rule of {BLOCKED} does not know, or none, so {are} invalid: nobody is let in or \
             shut out by a guess; {first} record {} of {source}; add the word, in small letters, to the list in the rule \
             (\"null\" for a column that is not there): \"word\": true for users who may not sign in, \"word\": false for \
             those who may",
            counted(self.count, "record"),
            grouped(*record)
        );
        Some((self.count, message))
    }
}
