//! The names of sources, on the command line and in messages.

use crate::error::{Error, Result};
use crate::store::{Reading, Table, file};
use std::path::Path;

/// Whether a name on the command line is that of a source: its path, or its name as lists and messages
/// show it.
pub(super) fn is_source(path: &str, named: &str) -> bool {
    if path == "-" {
        return named == "-" || named == source_name(path);
    }
    let of_file = Path::new(path).file_name().is_some_and(|name| name == named);
    let canonical =
        || file::canonical(Path::new(named)).is_ok_and(|named| named == Path::new(path));
    path == named || of_file || canonical()
}

/// The path of the source that a name on the command line means.
pub(super) fn path_of(table: &Table, named: &str) -> Result<String> {
    let paths = table.source_paths()?;
    // The whole path of one may be the name of another.
    if let Some(path) = paths.iter().find(|path| *path == named) {
        return Ok(path.clone());
    }
    let mut of_name = paths.into_iter().filter(|path| is_source(path, named));
    match (of_name.next(), of_name.next()) {
        (Some(path), None) => Ok(path),
        (None, _) => Err(Error::usage(format!("no source is named {named}"))
            .hint("userferry failures names the source of each row")),
        (Some(first), Some(second)) => {
            Err(Error::usage(format!("several sources are named {named}: {first}, {second}"))
                .hint("name the one by its whole path"))
        }
    }
}

/// What goes on with a source that was cut off.
pub(super) fn to_go_on(path: &str) -> &'static str {
    match path {
        "-" => "to go on, feed all of it to 'stage -' again",
        _ => "to go on, stage it again, complete and under this name",
    }
}

/// A source as messages call it.
pub(super) fn source_name(path: &str) -> &str {
    if path == "-" { "standard input" } else { path }
}

/// A word of a command line, in quotes where a shell would take it apart; without what a terminal would
/// obey.
pub(super) fn shell_word(word: &str) -> String {
    let word: String = word.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect();
    let is_plain = |c: char| c.is_alphanumeric() || "_@%+=:,./-".contains(c);
    if !word.is_empty() && word.chars().all(is_plain) {
        return word;
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}
