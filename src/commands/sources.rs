//! The names of sources, on the command line and in messages.

use crate::error::{Error, Result};
use crate::store::{Reading, Replaced, Table, file};
use crate::words::{agree, counted, grouped, shell_word};
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

/// Sources by the names of their files: a column for people must stay narrow. The other formats have the
/// whole paths.
pub(super) struct Names {
    /// Each path with its name, the longest first, for one may begin as another.
    names: Vec<(String, String)>,
}

impl Names {
    pub(super) fn of(mut paths: Vec<String>) -> Self {
        paths.sort_unstable_by_key(|path| std::cmp::Reverse(path.len()));
        let name = |path: String| {
            let name = Path::new(&path).file_name()?.to_string_lossy().into_owned();
            Some((path, name))
        };
        let names: Vec<(String, String)> = paths.into_iter().filter_map(name).collect();
        // Files of one name in several folders keep their paths.
        let is_alone = |name: &str| names.iter().filter(|(_, other)| other == name).count() == 1;
        Self { names: names.iter().filter(|(_, name)| is_alone(name)).cloned().collect() }
    }

    /// A text in which each path is a name.
    pub(super) fn short(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for (path, name) in &self.names {
            if text.contains(path.as_str()) {
                text = text.replace(path, name);
            }
        }
        text
    }
}

/// Users of one source who are not sent, because the records of another have taken their place.
pub(super) fn replaced_told(replaced: &Replaced) -> String {
    let Replaced { of, by, rows, waived } = replaced;
    let way = shell_word(of);
    let rows = counted(*rows, "record");
    let what = match waived {
        0 => String::new(),
        n => format!(
            "; {} of these {} waived, so nobody is sent for {}",
            grouped(*n),
            agree(*n, "is", "are"),
            agree(*n, "it", "them")
        ),
    };
    format!(
        "records of {by} have taken the place of {rows} of {of}{what}: userferry stage --replace {way} brings those of {of} back"
    )
}
