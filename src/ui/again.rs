//! The commands that messages name, for who named a job table or settings of their own: followed as they stand, they
//! would lead to another table.

use crate::words::shell_word;

/// Commands that open the job table, or read the settings.
const COMMANDS: &[&str] = &[
    "check",
    "export",
    "failures",
    "init",
    "password",
    "preview",
    "remap",
    "retry-failed",
    "run",
    "settle",
    "show",
    "stage",
    "status",
    "waive",
];
const PROGRAM: &str = "userferry ";

/// The flags for such a command: empty where none is needed.
pub fn flags(named: &[(&str, Option<&str>)]) -> String {
    let flag = |(name, value): &(&str, Option<&str>)| {
        let value = (*value)?;
        Some(format!("--{name} {} ", shell_word(value)))
    };
    named.iter().filter_map(flag).collect()
}

/// A text whose commands have these flags.
pub(crate) fn with_flags(text: &str, flags: &str) -> String {
    let mut out = String::with_capacity(text.len() + flags.len());
    let mut rest = text;
    while let Some(at) = rest.find(PROGRAM) {
        let (before, after) = rest.split_at(at + PROGRAM.len());
        out += before;
        let is_word = |c: char| c.is_ascii_lowercase() || c == '-';
        let word = &after[..after.find(|c| !is_word(c)).unwrap_or(after.len())];
        if COMMANDS.contains(&word) {
            out += flags;
        }
        rest = after;
    }
    out + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_that_are_named_lead_to_the_same_table() {
        let flags = flags(&[("db", Some("rehearsal.db")), ("config", None)]);
        for (text, expected) in [
            ("2 rows to send: userferry run", "2 rows to send: userferry --db rehearsal.db run"),
            ("'userferry run' goes on", "'userferry --db rehearsal.db run' goes on"),
            ("userferry retry-failed --run", "userferry --db rehearsal.db retry-failed --run"),
            (
                "userferry status, userferry show 1",
                "userferry --db rehearsal.db status, userferry --db rehearsal.db show 1",
            ),
            // These know no table, or are no commands.
            ("userferry sandbox --port 0", "userferry sandbox --port 0"),
            ("userferry --db x.db run", "userferry --db x.db run"),
            ("userferry runs", "userferry runs"),
            ("userferry.toml", "userferry.toml"),
        ] {
            assert_eq!(with_flags(text, &flags), expected);
        }
    }

    #[test]
    fn a_path_that_a_shell_would_take_apart_is_quoted() {
        let flags = flags(&[("db", Some("my table.db")), ("config", Some("it's.toml"))]);
        assert_eq!(flags, r"--db 'my table.db' --config 'it'\''s.toml' ");
    }
}
