//! Escapes of a database's text format: whether the cells hold any, and how to export without them. They are
//! taken as they stand: `C:\new` may be meant.

use super::Reader;
use crate::vocabulary::nulls;
use crate::words::counted;

/// What `mysql --batch` writes for NULL.
const BATCH_NULL: &str = "NULL";

/// The rows with escapes, where tabs separate the cells.
#[derive(Default)]
pub(super) struct Escapes {
    /// A cell was what `COPY` and `INTO OUTFILE` write for NULL.
    has_null: bool,
    /// Rows with an escape as those write it.
    rows: u64,
    /// Rows with an escape as `mysql --batch` writes it.
    batch_rows: u64,
    /// A backslash was none of these escapes: `--batch` writes no such.
    has_other: bool,
}

impl Escapes {
    /// Takes note of the cells of a row.
    pub(super) fn see<'a>(&mut self, cells: impl Iterator<Item = &'a [u8]>) {
        let (mut is_one, mut is_of_batch) = (false, false);
        for cell in cells.filter(|cell| cell.contains(&b'\\')) {
            if cell == nulls::ESCAPED.as_bytes() {
                self.has_null = true;
                continue;
            }
            is_one |= has_escape(cell);
            let is_like_batch = is_batch(cell);
            is_of_batch |= is_like_batch;
            self.has_other |= !is_like_batch;
        }
        self.rows += u64::from(is_one);
        self.batch_rows += u64::from(is_of_batch);
    }
}

/// Whether an escape stands in a cell, as `COPY` and `INTO OUTFILE` write them.
fn has_escape(cell: &[u8]) -> bool {
    cell.windows(2).any(|two| two[0] == b'\\' && b"\\bfnrtvZ0".contains(&two[1]))
}

/// Whether each backslash of a cell begins an escape of `mysql --batch`
/// (<https://dev.mysql.com/doc/refman/8.4/en/mysql-command-options.html#option_mysql_raw>).
fn is_batch(cell: &[u8]) -> bool {
    let mut bytes = cell.iter();
    while let Some(byte) = bytes.next() {
        if *byte == b'\\' && !bytes.next().is_some_and(|next| b"\\nt0".contains(next)) {
            return false;
        }
    }
    true
}

impl Reader {
    /// How many rows so far have escapes of a database's text format, and what that means, where the source
    /// writes no value as such formats do: `\N`, or the word NULL.
    pub(crate) fn escapes(&self) -> Option<(u64, String)> {
        let rows = self.rows.as_ref()?;
        let escapes = rows.escapes();
        if escapes.has_null && escapes.rows > 0 {
            let why = format!(
                "tabs between the cells and \\N for no value, as in the text format of PostgreSQL's COPY and of \
                 MySQL: cells of {} hold escapes with a backslash, which are taken as they stand; export it as \
                 CSV: COPY (SELECT …) TO … WITH (FORMAT csv, HEADER)",
                counted(escapes.rows, "row")
            );
            return Some((escapes.rows, why));
        }
        let has_word = || {
            let frequent = rows.counts().map(nulls::NullCounts::frequent).unwrap_or_default();
            rows.is_null(BATCH_NULL.as_bytes())
                || frequent.iter().any(|found| found.word == BATCH_NULL)
        };
        if escapes.has_other || escapes.batch_rows == 0 || !has_word() {
            return None;
        }
        let why = format!(
            "tabs between the cells and NULL for no value, as mysql --batch writes: cells of {} hold escapes with a \
             backslash (\\t, \\n, \\\\), which are taken as they stand; export it without: mysql --batch --raw, if \
             no value holds a tab or a newline, or else as JSON: \
             mysql -N -r -e \"SELECT JSON_OBJECT('id', id, 'email', email, …) FROM users\" app > users.jsonl",
            counted(escapes.batch_rows, "row")
        );
        Some((escapes.batch_rows, why))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_of_batch_has_no_other_backslash() {
        for (cell, expected) in [
            (r"Max\\Schmidt", true),
            (r"Uwe\tBecker", true),
            (r"one\ntwo\0", true),
            (r"DOMAIN\li", false),
            (r"a\\\li", false),
            (r"li\", false),
            (r"\N", false),
        ] {
            assert_eq!(is_batch(cell.as_bytes()), expected, "{cell}");
        }
    }
}
