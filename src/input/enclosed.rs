//! Sources that put every text in quotes: there a word without quotes is no text.
//!
//! phpMyAdmin and MySQL's `INTO OUTFILE … ENCLOSED BY '"'` write NULL so, and the text NULL in quotes
//! (<https://dev.mysql.com/doc/refman/8.4/en/load-data.html>: "a field containing the literal word NULL as its value is
//! read as a NULL value. This differs from the word NULL enclosed within FIELDS ENCLOSED BY characters, which is read
//! as the string 'NULL'").

use super::line_ends::LineEnd;
use super::quotes::Quotes;
use super::raw_cells::Cells;
use crate::json::is_number;
use crate::vocabulary::nulls;
use serde::{Deserialize, Serialize};

/// What such programs write for no value.
const NULL: &[u8] = b"NULL";

/// Whether a source puts every text in quotes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Enclosed {
    #[default]
    No,
    /// It does.
    Texts,
    /// It does, and has a NULL without quotes, so a word in quotes is a text.
    Null,
}

impl Enclosed {
    pub(super) fn is_no(&self) -> bool {
        *self == Self::No
    }

    /// What the first rows tell: all but numbers and NULL is in quotes, and quotes stand around something that no program
    /// puts in quotes for what is in it.
    pub(super) fn of(rows: &[u8], delimiter: u8, line_end: LineEnd, columns: usize) -> Self {
        let (mut rest, mut has_needless, mut has_null) = (rows, false, false);
        while !rest.is_empty() {
            let mut quotes = Quotes::new(delimiter, line_end);
            if quotes.follow(rest) || quotes.hold_rows(rest, columns) {
                rest = &rest[line_end.line(rest).1..];
                continue;
            }
            if !quotes.has_ended() {
                break;
            }
            for cell in Cells::of(quotes.content(rest), delimiter) {
                has_needless |= is_needless(cell);
                has_null |= cell == NULL;
                if !cell.is_empty() && !cell.starts_with(b"\"") && !is_no_text(cell) {
                    return Self::No;
                }
            }
            rest = &rest[quotes.at..];
        }
        match (has_needless, has_null) {
            (false, _) => Self::No,
            (true, false) => Self::Texts,
            (true, true) => Self::Null,
        }
    }

    /// Whether a cell has no value; none where that depends on other words.
    pub(super) fn is_null(self, cell: &[u8], is_quoted: bool) -> Option<bool> {
        match (self, is_quoted) {
            (Self::Texts | Self::Null, false) if cell == NULL => Some(true),
            (Self::Null, true) => Some(false),
            _ => None,
        }
    }
}

/// Whether quotes stand around letters, digits and such alone.
fn is_needless(cell: &[u8]) -> bool {
    let inner = cell.strip_prefix(b"\"").and_then(|cell| cell.strip_suffix(b"\""));
    let is_plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"@._-".contains(byte);
    inner.is_some_and(|inner| !inner.is_empty() && inner.iter().all(is_plain))
}

fn is_no_text(cell: &[u8]) -> bool {
    cell == NULL
        || cell == nulls::ESCAPED.as_bytes()
        || is_number(cell)
        || cell.iter().all(u8::is_ascii_digit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_puts_every_text_in_quotes_or_not() {
        for (rows, expected) in [
            ("\"1\",\"a@b.cn\",NULL\n\"2\",\"c@d.cn\",\"NULL\"\n", Enclosed::Null),
            ("1,\"Li, \"\"Bo\"\"\nX\",007\r\n2,\"Wu\",-1.5\r\n", Enclosed::Texts),
            ("1,\"Li\",\\N\n", Enclosed::Texts),
            ("1,\"Li\",\n2,\"NULL\",\"\"\n", Enclosed::Texts),
            // An address without quotes, a word, and quotes that are needed.
            ("1,a@b.cn,NULL\n2,\"Wu\",x\n", Enclosed::No),
            ("1,\"Li\",null\n", Enclosed::No),
            ("1,\"Li, Bo\",NULL\n2,\"\",NULL\n", Enclosed::No),
            // As PHP's fputcsv does where a space stands in it.
            ("1,\"Li Bo\",NULL\n", Enclosed::No),
            ("1,NULL,2\n", Enclosed::No),
            // The last row is not seen whole.
            ("1,\"Li\",2\n2,\"Wu\",NUL", Enclosed::Texts),
            ("", Enclosed::No),
        ] {
            let found = Enclosed::of(rows.as_bytes(), b',', LineEnd::Newline, 3);
            assert_eq!(found, expected, "{rows:?}");
        }
    }
}
