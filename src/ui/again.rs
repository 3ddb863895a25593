//! The commands that messages name, for who named a job table or settings of their own: followed as they stand, they
//! would lead to another table.

use crate::words::shell_word;
use std::path::Path;

/// Commands that open the job table, or read the settings. `init` is none: it writes new ones, and never over others.
const COMMANDS: &[&str] = &[
    "check",
    "export",
    "failures",
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
/// A command that names a table itself.
const NAMES_A_TABLE: &str = "--db ";

/// The flags that such commands need, each with a space behind it; empty where none is needed.
#[derive(Clone, Copy, Debug, Default)]
pub struct Again {
    db: &'static str,
    config: &'static str,
}

impl Again {
    /// Of a program that lives as long as its flags. None where the command finds the same without.
    pub fn new(db: Option<&Path>, config: Option<&Path>) -> Self {
        let flag = |name: &str, path: Option<&Path>| -> &'static str {
            path.map_or("", |path| format!("--{name} {} ", word(path)).leak())
        };
        Self { db: flag("db", db), config: flag("config", config) }
    }

    pub(super) fn is_empty(self) -> bool {
        self.db.is_empty() && self.config.is_empty()
    }

    /// A text whose commands have these flags.
    pub(crate) fn put_into(self, text: &str) -> String {
        let mut out = String::with_capacity(text.len() + self.db.len() + self.config.len());
        let mut rest = text;
        while let Some(at) = rest.find(PROGRAM) {
            let (before, after) = rest.split_at(at + PROGRAM.len());
            let is_name = !before[..at].ends_with(is_part_of_a_path);
            out += before;
            if is_name && after.starts_with(NAMES_A_TABLE) {
                out += self.config;
            } else if is_name && COMMANDS.contains(&first_word(after)) {
                out += self.db;
                out += self.config;
            }
            rest = after;
        }
        out + rest
    }
}

/// As a shell takes it. What cannot be written down is told as what it is.
fn word(path: &Path) -> String {
    match path.to_str() {
        Some(text) if text.chars().any(char::is_control) => "FILE".to_owned(),
        Some(text) if text.starts_with('-') => shell_word(&format!("./{text}")),
        Some(text) => shell_word(text),
        None => "FILE".to_owned(),
    }
}

fn is_part_of_a_path(c: char) -> bool {
    c.is_alphanumeric() || "/_.-".contains(c)
}

/// The word that a text begins with; none if it is only a part of one.
fn first_word(text: &str) -> &str {
    let end = text.find(|c: char| !c.is_ascii_lowercase() && c != '-').unwrap_or(text.len());
    let (word, rest) = text.split_at(end);
    let mut behind = rest.chars();
    let goes_on = match behind.next() {
        // The end of a sentence, or of a name.
        Some('.') => behind.next().is_some_and(char::is_alphanumeric),
        Some(c) => is_part_of_a_path(c),
        None => false,
    };
    if goes_on { "" } else { word }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_that_are_named_lead_to_the_same_table() {
        let again = Again::new(Some(Path::new("r.db")), Some(Path::new("c.toml")));
        for (text, expected) in [
            (
                "2 rows to send: userferry run",
                "2 rows to send: userferry --db r.db --config c.toml run",
            ),
            ("'userferry run' goes on", "'userferry --db r.db --config c.toml run' goes on"),
            (
                "userferry retry-failed --run",
                "userferry --db r.db --config c.toml retry-failed --run",
            ),
            ("see userferry status.", "see userferry --db r.db --config c.toml status."),
            (
                "userferry status, userferry show 1",
                "userferry --db r.db --config c.toml status, userferry --db r.db --config c.toml show 1",
            ),
            // Another table, and the same settings.
            ("userferry --db x.db run", "userferry --config c.toml --db x.db run"),
            // These know no table, or are no commands.
            ("userferry sandbox --port 0", "userferry sandbox --port 0"),
            ("userferry init --from u.csv", "userferry init --from u.csv"),
            ("userferry runs", "userferry runs"),
            ("userferry run.sh", "userferry run.sh"),
            ("'/home/li/userferry export/u.csv'", "'/home/li/userferry export/u.csv'"),
            ("my-userferry run", "my-userferry run"),
            ("userferry.toml", "userferry.toml"),
        ] {
            assert_eq!(again.put_into(text), expected);
        }
        let db_alone = Again::new(Some(Path::new("r.db")), None);
        assert_eq!(db_alone.put_into("userferry --db x.db run"), "userferry --db x.db run");
    }

    #[test]
    fn a_path_is_written_as_a_shell_and_the_program_take_it() {
        use std::ffi::OsStr;
        use std::os::unix::ffi::OsStrExt as _;
        for (path, expected) in [
            (&b"my table.db"[..], "userferry --db 'my table.db' run"),
            (b"it's.db", r"userferry --db 'it'\''s.db' run"),
            (b"-x.db", "userferry --db ./-x.db run"),
            (b"caf\xe9.db", "userferry --db FILE run"),
            (b"a\nb.db", "userferry --db FILE run"),
        ] {
            let again = Again::new(Some(Path::new(OsStr::from_bytes(path))), None);
            assert_eq!(again.put_into("userferry run"), expected);
        }
    }
}
