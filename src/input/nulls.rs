//! Words that stand in many cells of CSV for no value.

use super::Reader;
use super::scan::show_name;
use crate::vocabulary::nulls::NullWord;
use crate::words::grouped;
use serde_json::Value;

/// Columns that are named.
const SHOWN: usize = 5;

/// A word that stands in many cells for no value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NullCells {
    /// One of a fixed list.
    pub(crate) word: &'static str,
    /// It is read as no value already.
    pub(crate) is_taken: bool,
    /// The columns that have it, each with the number of its cells.
    pub(crate) columns: Vec<(String, u64)>,
}

impl NullCells {
    /// How many cells have the word.
    pub(crate) fn count(&self) -> u64 {
        self.columns.iter().map(|(_, n)| n).sum()
    }

    /// The word, and where it stands, for people.
    pub(crate) fn told(&self) -> String {
        let shown = self.columns.iter().take(SHOWN);
        let shown =
            shown.map(|(name, n)| format!("{} {}", show_name(name.as_bytes()), grouped(*n)));
        let mut parts: Vec<String> = shown.collect();
        if self.columns.len() > SHOWN {
            parts.push(format!("and {} more columns", self.columns.len() - SHOWN));
        }
        format!("{} ({})", self.word, parts.join(", "))
    }
}

impl Reader {
    /// Words so frequent in the rows read so far that they mean no value, where the source is CSV and they are
    /// counted.
    pub(crate) fn null_words(&self) -> Vec<NullCells> {
        let Some((rows, counts)) = self.rows.as_ref().and_then(|rows| Some((rows, rows.counts()?)))
        else {
            return Vec::new();
        };
        let with_names =
            counts.frequent().into_iter().map(|NullWord { word, columns }| NullCells {
                word,
                is_taken: rows.is_null(word.as_bytes()),
                columns: columns.into_iter().map(|(i, n)| (rows.name(i).to_owned(), n)).collect(),
            });
        with_names.collect()
    }

    /// Each of these words, and those that are named already, as the setting `null` has them.
    pub(crate) fn null_setting(&self, found: &[NullCells]) -> Vec<String> {
        let mut words: Vec<String> = found.iter().map(|cells| cells.word.to_owned()).collect();
        let named = self.rows.iter().flat_map(super::csv::Rows::null);
        words.extend(named.filter(|word| found.iter().all(|it| it.word != *word)).cloned());
        words
    }
}

/// A row as it would be read if these words stood for no value.
pub(crate) fn without(raw: Vec<u8>, words: &[NullCells]) -> Vec<u8> {
    let Ok(Value::Object(mut cells)) = serde_json::from_slice(&raw) else { return raw };
    for cell in cells.values_mut() {
        if cell.as_str().is_some_and(|text| words.iter().any(|word| word.word == text)) {
            *cell = Value::from("");
        }
    }
    Value::Object(cells).to_string().into_bytes()
}
