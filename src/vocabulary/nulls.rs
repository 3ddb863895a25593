//! Words that programs write into a cell of CSV where there is no value, and how often a column has them.

use std::collections::BTreeSet;

/// The word that databases write: `SELECT … INTO OUTFILE` of MySQL
/// (<https://dev.mysql.com/doc/refman/8.0/en/null-values.html>), `COPY` of PostgreSQL
/// (<https://www.postgresql.org/docs/current/sql-copy.html>). It never means anything else.
pub(crate) const ESCAPED: &str = "\\N";

/// Words that mean no value in the exports of databases, spreadsheets and programs. Most are among those
/// that pandas takes for it (<https://pandas.pydata.org/docs/reference/api/pandas.read_csv.html>). Any may
/// be somebody's name, so a person or the frequency decides.
const WORDS: [&str; 12] = [
    ESCAPED, "NULL", "null", "(null)", "[NULL]", "<null>", "nil", "None", "N/A", "n/a", "#N/A",
    "NaN",
];
/// Bytes of the longest.
const LONGEST: usize = 6;

/// Fewer in a column may be people's names, if no other column has the word.
const LEAST: u64 = 2;
/// Cells of a hundred that people's names do not reach.
const PERCENT: u64 = 3;
/// Fewer in all columns together may be one person's names.
const LEAST_OF_SEVERAL: u64 = 3;

/// How often each column has such words.
#[derive(Clone, Debug, Default)]
pub(crate) struct NullCounts {
    columns: Vec<Column>,
}

#[derive(Clone, Debug, Default)]
struct Column {
    filled: u64,
    words: [u64; WORDS.len()],
}

/// A word that is frequent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NullWord {
    pub(crate) word: &'static str,
    /// The columns that have it, from 0, each with how many cells.
    pub(crate) columns: Vec<(usize, u64)>,
}

impl NullCounts {
    /// Takes note of a cell of a column, from 0.
    pub(crate) fn see(&mut self, column: usize, cell: &[u8]) {
        if cell.is_empty() {
            return;
        }
        let counts = self.see_filled(column);
        if cell.len() <= LONGEST
            && let Some(at) = WORDS.iter().position(|word| word.as_bytes() == cell)
        {
            counts.words[at] += 1;
        }
    }

    /// Takes note of a cell that is a text, whatever word it is.
    pub(crate) fn see_text(&mut self, column: usize) {
        self.see_filled(column);
    }

    fn see_filled(&mut self, column: usize) -> &mut Column {
        if self.columns.len() <= column {
            self.columns.resize_with(column + 1, Column::default);
        }
        let counts = &mut self.columns[column];
        counts.filled += 1;
        counts
    }

    /// The words that are so frequent that they are nobody's name.
    pub(crate) fn frequent(&self) -> Vec<NullWord> {
        let with_columns = WORDS.iter().enumerate().map(|(at, word)| {
            let columns = self.columns.iter().enumerate();
            let columns = columns.map(|(i, column)| (i, column.words[at])).filter(|(_, n)| *n > 0);
            NullWord { word, columns: columns.collect() }
        });
        with_columns.filter(|word| self.is_frequent(word)).collect()
    }

    fn is_frequent(&self, word: &NullWord) -> bool {
        let all: u64 = word.columns.iter().map(|(_, n)| n).sum();
        let in_one = |(column, n): &(usize, u64)| {
            *n >= LEAST && n * 100 > self.columns[*column].filled * PERCENT
        };
        (word.columns.len() > 1 && all >= LEAST_OF_SEVERAL) || word.columns.iter().any(in_one)
    }
}

/// Words that a person names, besides the one that always counts; in order, each once.
pub(crate) fn named(words: &[String]) -> Vec<String> {
    let words: BTreeSet<&str> = words.iter().map(String::as_str).collect();
    words
        .into_iter()
        .filter(|word| !word.is_empty() && *word != ESCAPED)
        .map(str::to_owned)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frequent(rows: &[&[&str]]) -> Vec<(&'static str, Vec<(usize, u64)>)> {
        let mut counts = NullCounts::default();
        for row in rows {
            row.iter().enumerate().for_each(|(i, cell)| counts.see(i, cell.as_bytes()));
        }
        counts.frequent().into_iter().map(|word| (word.word, word.columns)).collect()
    }

    #[test]
    fn the_longest_word_is_looked_for() {
        assert_eq!(WORDS.iter().map(|word| word.len()).max(), Some(LONGEST));
    }

    #[test]
    fn a_word_is_frequent_in_several_columns_or_in_many_cells_of_one() {
        assert_eq!(
            frequent(&[&["1", "NULL", "NULL"], &["2", "", "x"], &["3", "NULL", "nil"]]),
            [("NULL", vec![(1, 2), (2, 1)])]
        );
        assert_eq!(frequent(&[&["1", "N/A"], &["2", "N/A"], &["3", ""]]), [("N/A", vec![(1, 2)])]);
        assert_eq!(frequent(&[&["\\N", "x"], &["\\N", "y"]]), [("\\N", vec![(0, 2)])]);
    }

    #[test]
    fn people_of_that_name_are_not_many() {
        let none: Vec<(&str, Vec<(usize, u64)>)> = Vec::new();
        assert_eq!(frequent(&[&["1", "NULL"], &["2", "Null"], &["3", "None such"]]), none);
        // Her first name, and her name at birth.
        assert_eq!(frequent(&[&["1", "NULL", "NULL"], &["2", "x", "y"]]), none);
        let mut rows: Vec<&[&str]> = vec![&["ann", "Miller"]; 97];
        rows.extend([&["bob", "NULL"][..]; 3]);
        assert_eq!(frequent(&rows), none, "3 of 100");
        rows.push(&["eve", "NULL"]);
        assert_eq!(frequent(&rows), [("NULL", vec![(1, 4)])]);
    }
}
