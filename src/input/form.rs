//! What the quotes of a row of CSV make of it, and what is wrong with one that is no user.

use super::raw_cells::Cells;
use crate::problem::{Problem, Rule};
use crate::words::grouped;

/// What the quotes of a row are.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Form {
    /// They stand around cells of one line, or there are none.
    Plain,
    /// A line end stands in them.
    OverLines,
    /// One is neither the end of a cell nor written twice, and does not stand for itself.
    Stray,
    /// One opens a cell that its line does not close, where the source uses no quotes.
    Unclosed,
    /// They hold what looks like other rows.
    Hiding,
}

impl Form {
    /// Whether the row is one line, in which quotes mean nothing.
    pub(super) fn is_stray(self) -> bool {
        matches!(self, Self::Stray | Self::Unclosed)
    }

    /// What is wrong with a row of so many lines and cells, where there should be so many columns.
    pub(super) fn fault(self, cells: usize, columns: usize, lines: u64, is_named: bool) -> Problem {
        let message = match self {
            Self::Stray => STRAY.to_owned(),
            Self::Unclosed => UNCLOSED.to_owned(),
            Self::Hiding => {
                format!("a cell in quotes spans {} {LIKE_ROWS}, {HIDING}", grouped(lines))
            }
            Self::Plain => wrong_count(cells, columns, is_named),
            Self::OverLines => format!(
                "{}; it spans {lines} lines, so a quote may not be closed",
                wrong_count(cells, columns, is_named)
            ),
        };
        Problem::new("", Rule::Syntax, message)
    }
}

fn wrong_count(cells: usize, columns: usize, is_named: bool) -> String {
    let cells = match cells {
        1 => "1 column".to_owned(),
        n => format!("{n} columns"),
    };
    let header = if is_named { "--columns names" } else { "the header has" };
    format!("the row has {cells}, where {header} {columns}")
}

const STRAY: &str = "a quote stands inside a cell; a cell that has quotes must stand in quotes, \
                     and each of its own be written twice";

const UNCLOSED: &str = "a cell begins with a quote that its line does not close, in a file that uses no quotes; if \
                        the quote is part of the value: --quotes none";

const LIKE_ROWS: &str = "lines that look like rows";

const HIDING: &str = "so its first quote may be part of a value, and other users stand behind it; if the file uses no \
                      quotes: --quotes none; if the quote alone is wrong, correct it; if it is one cell: \
                      --quotes double";

/// What an export says of a row in its mark.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Marked {
    /// Nothing: it is no row of the export.
    No,
    /// It was invalid because its quotes may hide other rows.
    Hiding,
    /// It was invalid, or not sent, for another reason: its quotes were in order.
    Sound,
}

impl Marked {
    /// What the mark in a cell of a row says.
    pub(super) fn in_row(row: &[u8], delimiter: u8, mark: usize) -> Self {
        let Some(cell) = Cells::of(row, delimiter).nth(mark) else { return Self::No };
        if cell.iter().all(|byte| *byte == b'"' || byte.is_ascii_whitespace()) {
            Self::No
        } else if memchr::memmem::find(cell, LIKE_ROWS.as_bytes()).is_some() {
            Self::Hiding
        } else {
            Self::Sound
        }
    }
}
