//! What a caller may say of a source; what nobody says is detected.

use super::cells::Cell;
use super::delimiter::Delimiter;
use super::encoding::Encoding;
use super::names::Header;
use serde::{Deserialize, Serialize};
use std::fmt;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// One JSON document: an array of records, or an object that holds one.
    Json,
    /// JSON Lines: one record a line.
    Jsonl,
    /// One record a row, behind a header with the names of the columns, or without one.
    Csv,
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Json => "json",
            Self::Jsonl => "jsonl",
            Self::Csv => "csv",
        })
    }
}

/// What the quotes of CSV are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Quoting {
    /// Part of the values: every line is a row.
    None,
    /// Around cells, and written twice within: such a cell may span lines.
    Double,
}

/// What overrules detection.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// The array that holds the records, from the root of the document, e.g. `data.users`.
    pub records: Option<String>,
    pub format: Option<Format>,
    /// The encoding of the text. A byte order mark goes before it.
    pub encoding: Option<Encoding>,
    /// What separates the cells of CSV.
    pub delimiter: Option<Delimiter>,
    /// What the quotes of CSV are.
    pub quotes: Option<Quoting>,
    /// Where the names of the columns of CSV come from.
    pub header: Header,
    /// What the cells of these columns of CSV are read as, where they can be. CSV has no types, so
    /// what the columns feed decides.
    pub cells: Vec<(String, Cell)>,
    /// Words that stand in cells of CSV for no value, besides `\N`. None: as it was read before.
    pub null: Option<Vec<String>>,
    /// Count in CSV how often words stand there that may mean no value.
    pub count_nulls: bool,
}
