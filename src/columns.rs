//! Whether a source has any of the columns that the mapping takes: a file that is read in a wrong
//! encoding, or taken apart at a wrong delimiter, is told once and not once a record.

use crate::error::{Error, Result};
use crate::input::{Reader, Source, show_name};
use crate::mapping::{Mapping, Rule, feeds};
use crate::vocabulary::is_column_name;
use crate::words::counted;
use std::collections::HashSet;

/// Names that are shown, of either side.
const SHOWN: usize = 8;

/// Refuses a source of CSV whose header has nothing that the mapping takes.
pub(crate) fn refuse_strange_header(
    source: &Source,
    reader: &Reader,
    mapping: &Mapping,
) -> Result<()> {
    let Some(header) = reader.header() else { return Ok(()) };
    let Some(wanted) = wanted(mapping) else { return Ok(()) };
    if header.iter().any(|name| wanted.iter().any(|column| feeds(name, column))) {
        return Ok(());
    }
    let hint = match reader.wide_rows() {
        Some((_, why)) => {
            format!("{why}. Then userferry init --from {source} proposes what [mapping] takes")
        }
        None => format!(
            "is --encoding or --delimiter another, or better left out? If not, write the names of its columns into \
             [mapping]: userferry init --from {source} proposes them"
        ),
    };
    Err(Error::usage(format!(
        "none of the columns that [mapping] takes ({}) is in the header of {source}, which has {}{}",
        shown(&wanted),
        counted(header.len() as u64, "column"),
        known(header)
    ))
    .hint(hint))
}

/// The columns that the rules name; none where a rule may take any, or no rule takes one.
fn wanted(mapping: &Mapping) -> Option<Vec<&str>> {
    let mut wanted = Vec::new();
    for (_, rule) in mapping.rules() {
        wanted.extend(rule.region_column());
        match rule {
            Rule::Column { from, .. } => wanted.push(from.as_str()),
            Rule::Password(password) => wanted.extend(password.columns()),
            // A program may take any.
            Rule::Jq { .. } => return None,
            Rule::Constant(_) | Rule::Raw { .. } => {}
        }
    }
    // One that feeds several is shown once.
    let mut seen = HashSet::new();
    wanted.retain(|column| seen.insert(*column));
    (!wanted.is_empty()).then_some(wanted)
}

fn shown(names: &[&str]) -> String {
    let mut shown: Vec<String> =
        names.iter().take(SHOWN).map(|name| show_name(name.as_bytes())).collect();
    if names.len() > SHOWN {
        shown.push("…".to_owned());
    }
    shown.join(", ")
}

/// The usual names of the header. Where nothing of the mapping is among them, the others may be anything,
/// a user's name and password too.
fn known(header: &[String]) -> String {
    let names: Vec<&str> =
        header.iter().map(String::as_str).filter(|name| is_column_name(name)).collect();
    let names = &names[..names.len().min(SHOWN)];
    match header.len() - names.len() {
        _ if names.is_empty() => String::new(),
        0 => format!(": {}", shown(names)),
        1 => format!(": {} and 1 other", shown(names)),
        others => format!(": {} and {others} others", shown(names)),
    }
}

#[cfg(test)]
mod tests {
    use super::known;

    #[test]
    fn the_names_that_are_shown_and_the_others_make_all() {
        let names = "id email phone username password nickname gender birthdate city country x y";
        let header: Vec<String> = names.split(' ').map(str::to_owned).collect();
        let expected =
            ": id, email, phone, username, password, nickname, gender, birthdate and 4 others";
        assert_eq!(known(&header), expected);
        assert_eq!(known(&header[..2]), ": id, email");
        assert_eq!(known(&header[10..]), "");
    }
}
