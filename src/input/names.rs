//! Whether the first line of CSV is a header. It is decided here alone: where it is not, no cell of
//! that line may be taken for the name of a column, which messages and settings show.

use super::mark::MARK;
use crate::json::is_space;
use crate::vocabulary::is_column_name;
use std::collections::HashMap;

/// Where the names of the columns of CSV come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Header {
    /// The first line, if it is known to be a header.
    Known(KnownNames),
    /// The first line: the user says that it is a header.
    First,
    /// The user: the first line is a record.
    Columns(Vec<String>),
}

/// Names that columns are known by, besides those that exports usually have.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KnownNames {
    /// The columns that the mapping reads.
    pub mapping: Vec<String>,
    /// The header that the source had when it was read before.
    pub before: Option<Vec<String>>,
}

impl Header {
    /// The option of the command line that says so; none where the first line decides.
    pub(super) fn option(&self) -> Option<&'static str> {
        match self {
            Self::Known(_) => None,
            Self::First => Some("--header"),
            Self::Columns(_) => Some("--columns"),
        }
    }
}

impl Default for Header {
    fn default() -> Self {
        Self::Known(KnownNames::default())
    }
}

/// Known names that make a header of a line. One may be a value by chance.
const ENOUGH: usize = 2;

/// Why a line is not known to be a header. It holds the numbers of columns, from 1, and no cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unsure {
    /// A cell is what no column is called.
    Data(usize, &'static str),
    /// Of so many columns at most this one has a known name.
    TooFew(usize, Option<usize>),
}

impl Unsure {
    pub(super) fn what(self) -> String {
        let unknown = "the first line is not known to be a header";
        match self {
            Self::Data(column, noun) => format!(
                "the first line seems to hold a user, not the names of the columns: column {column} is {noun}"
            ),
            Self::TooFew(1, _) => format!("{unknown}: it has a single column"),
            Self::TooFew(n, None) => format!("{unknown}: of its {n} columns none has a known name"),
            Self::TooFew(n, Some(known)) => {
                format!("{unknown}: of its {n} columns only column {known} has a known name")
            }
        }
    }

    /// The ways out; the likelier first.
    pub(super) fn hint(self, from: &Header) -> &'static str {
        match (self, from) {
            (Self::Data(..), Header::Known(_)) => {
                "if it is a user, name the columns: --columns id,name,password,…; if it is the header: --header"
            }
            (Self::Data(..), _) => {
                "if it is a user, name the columns in place of --header: --columns id,name,password,…; if it is \
                 the header, give that column another name"
            }
            (Self::TooFew(..), _) => {
                "if it is the header: --header; if it is a user, name the columns: --columns \
                 id,name,password,…; if it was taken apart or decoded wrongly: --delimiter, --encoding"
            }
        }
    }
}

/// Judges the cells of a first line. `is_repeated` says of a column's number, from 0, whether the same
/// text stands in a later row of it: then it is a value (`active`, `email`), whatever it means elsewhere.
pub(super) fn judge(
    cells: &[&str],
    known: &KnownNames,
    is_repeated: impl Fn(usize) -> bool,
) -> Result<(), Unsure> {
    // A column that an export has added stands in no file but its own.
    if cells.contains(&MARK) || known.before.as_ref().is_some_and(|before| before == cells) {
        return Ok(());
    }
    let data = cells.iter().enumerate().find_map(|(i, cell)| Some((i, data(cell)?)));
    if let Some((i, noun)) = data {
        return Err(Unsure::Data(i + 1, noun));
    }
    let is_known =
        |cell: &str| known.mapping.iter().any(|column| column == cell) || is_column_name(cell);
    let mut found: Vec<(usize, String)> = Vec::new();
    for (i, cell) in cells.iter().enumerate() {
        let folded = cell.to_lowercase();
        let is_new = found.iter().all(|(_, other)| *other != folded);
        if is_new && is_known(cell) && !is_repeated(i) {
            found.push((i + 1, folded));
        }
    }
    if found.len() >= ENOUGH {
        return Ok(());
    }
    Err(Unsure::TooFew(cells.len(), found.first().map(|(column, _)| *column)))
}

/// Judges the cells of a first line that the user calls a header.
pub(super) fn trusted(cells: &[&str]) -> Result<(), Unsure> {
    let data = cells.iter().enumerate().find_map(|(i, cell)| Some((i, plain_data(cell)?)));
    data.map_or(Ok(()), |(i, noun)| Err(Unsure::Data(i + 1, noun)))
}

/// What a cell plainly is, if that is no name of a column.
fn data(cell: &str) -> Option<&'static str> {
    if let Some(noun) = plain_data(cell) {
        return Some(noun);
    }
    let bytes = cell.as_bytes();
    let is_of = |is_it: fn(&u8) -> bool| bytes.iter().all(is_it);
    let has_digit = bytes.iter().any(u8::is_ascii_digit);
    let is_digest = bytes.len() >= 16
        && has_digit
        && is_of(|byte| byte.is_ascii_hexdigit() || matches!(byte, b'-' | b':'));
    if is_digest || cell.starts_with('$') || is_tagged(cell) {
        return Some("a hash or a token");
    }
    let is_number = has_digit && is_of(|byte| byte.is_ascii_digit() || b"+-/:. TZ".contains(byte));
    if is_number {
        return Some("a number or a date");
    }
    (cell == "\\N" || cell == "NULL").then_some("an empty value of a database")
}

/// `{SSHA}…`, `{bcrypt}…`.
fn is_tagged(cell: &str) -> bool {
    cell.strip_prefix('{')
        .and_then(|rest| rest.split_once('}'))
        .is_some_and(|(_, hash)| !hash.is_empty())
}

/// Whether a name is plainly no name but somebody's address or number.
pub(crate) fn is_data(name: &str) -> bool {
    plain_data(name).is_some()
}

/// What no column is called, whoever says that its line is a header: its user would be lost.
fn plain_data(cell: &str) -> Option<&'static str> {
    let is_address = cell.split_once('@').is_some_and(|(local, domain)| {
        !local.is_empty()
            && !domain.bytes().any(is_space)
            && domain.split_once('.').is_some_and(|(a, b)| !a.is_empty() && !b.is_empty())
    });
    if is_address {
        return Some("an e-mail address");
    }
    let is_number = cell.len() >= 5 && cell.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then_some("a number")
}

/// The names of columns that a user gives.
pub(super) fn named(names: &[String]) -> Result<Vec<String>, String> {
    match names.iter().position(|name| name.trim().is_empty()) {
        Some(i) => Err(format!("the name of column {} is empty", i + 1)),
        None => unique(names.iter().map(|name| name.trim())),
    }
}

/// The name of a column that has none, from 0.
pub(super) fn unnamed(column: usize) -> String {
    format!("column {}", column + 1)
}

/// Names of columns, each of which is there once; a number for those that have none.
pub(super) fn unique<'a>(names: impl Iterator<Item = &'a str>) -> Result<Vec<String>, String> {
    let mut unique = Vec::new();
    let mut seen: HashMap<String, usize> = HashMap::new();
    for (i, name) in names.enumerate() {
        let name = if name.is_empty() { unnamed(i) } else { name.to_owned() };
        if let Some(first) = seen.insert(name.clone(), i + 1) {
            return Err(format!("the columns {first} and {} have the same name", i + 1));
        }
        unique.push(name);
    }
    Ok(unique)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(line: &str, mapping: &[&str]) -> Result<(), Unsure> {
        let mapping = mapping.iter().map(|&name| name.to_owned()).collect();
        let cells: Vec<&str> = line.split(',').collect();
        judge(&cells, &KnownNames { mapping, before: None }, |_| false)
    }

    #[test]
    fn two_known_names_make_a_header() {
        for line in [
            "uid,mail",
            "id,x,email",
            "ID,E-Mail",
            "编号,姓名,邮箱",
            "user_login,user_pass",
            "x,,login,city",
        ] {
            assert_eq!(judged(line, &[]), Ok(()), "{line}");
        }
        assert_eq!(judged("k1,k2,k3", &["k1", "k3"]), Ok(()));
        assert_eq!(judged("uid,k2", &["k2"]), Ok(()));
    }

    #[test]
    fn one_known_name_may_be_a_value() {
        for (line, expected) in [
            ("zhang,hunter2", Unsure::TooFew(2, None)),
            ("zhang,password,x", Unsure::TooFew(3, Some(2))),
            ("email,Email,zhang", Unsure::TooFew(3, Some(1))),
            ("zhang,hunter2,active,verified,deleted,CN", Unsure::TooFew(6, None)),
            ("启用,已验证,张三", Unsure::TooFew(3, None)),
            ("uid", Unsure::TooFew(1, Some(1))),
            ("hunter2", Unsure::TooFew(1, None)),
        ] {
            assert_eq!(judged(line, &[]), Err(expected), "{line}");
        }
        let mapping = KnownNames { mapping: vec!["k1".to_owned()], before: None };
        assert_eq!(judge(&["k1", "x"], &mapping, |_| false), Err(Unsure::TooFew(2, Some(1))));
    }

    #[test]
    fn a_word_that_its_column_has_again_is_a_value() {
        let known = KnownNames::default();
        let cells = ["zhang", "password", "email"];
        assert_eq!(judge(&cells, &known, |_| false), Ok(()));
        assert_eq!(judge(&cells, &known, |i| i == 2), Err(Unsure::TooFew(3, Some(2))));
    }

    #[test]
    fn a_header_that_was_read_before_is_one_again() {
        let known = KnownNames { mapping: Vec::new(), before: Some(vec!["k1".to_owned()]) };
        assert_eq!(judge(&["k1"], &known, |_| false), Ok(()));
        assert_eq!(judge(&["k2"], &known, |_| false), Err(Unsure::TooFew(1, None)));
    }

    #[test]
    fn what_is_plainly_a_value_is_told_by_its_column() {
        for (cell, noun) in [
            ("a@b.cn", "an e-mail address"),
            ("张@b.cn", "an e-mail address"),
            ("13800138000", "a number"),
            ("10001", "a number"),
            ("7", "a number or a date"),
            ("2024-01-31T10:00:00Z", "a number or a date"),
            ("$2b$12$abc", "a hash or a token"),
            ("{SSHA}abc", "a hash or a token"),
            ("5f4dcc3b5aa765d61d8327deb882cf99", "a hash or a token"),
            ("\\N", "an empty value of a database"),
        ] {
            let expected = Err(Unsure::Data(3, noun));
            assert_eq!(judged(&format!("uid,mail,{cell}"), &[]), expected, "{cell}");
        }
        for name in
            ["e@mail", "@b.cn", "2nd phone", "phone1", "address_line_1", "custom:dept", "[x]"]
        {
            assert_eq!(judged(&format!("uid,mail,{name}"), &[]), Ok(()), "{name}");
        }
    }
}
