//! What the quotes of CSV mean: where they hold a cell together, where they are stray, and whether a source
//! uses them at all.

use super::form::Marked;
use super::line_ends::LineEnd;
use super::raw_cells::Cells;

/// Follows the quotes of a row.
pub(super) struct Quotes {
    /// What was followed so far; at the end of the row, its length.
    pub(super) at: usize,
    delimiter: u8,
    line_end: LineEnd,
    place: Place,
    spans_lines: bool,
    /// Text stands in a cell without quotes around it.
    has_plain: bool,
    /// How many cells begin with a quote.
    quoted: usize,
}

#[derive(PartialEq)]
enum Place {
    /// At the start of a cell.
    Start,
    /// In a cell without quotes around it.
    Plain,
    /// In a cell in quotes.
    Quoted,
    /// Behind a quote in such a cell: its end, or the first of two.
    Behind,
    /// Behind the end of such a cell and a carriage return, which only a newline may follow.
    Return,
    /// Behind the line end.
    End,
}

impl Quotes {
    pub(super) fn new(delimiter: u8, line_end: LineEnd) -> Self {
        Self {
            at: 0,
            delimiter,
            line_end,
            place: Place::Start,
            spans_lines: false,
            has_plain: false,
            quoted: 0,
        }
    }

    /// Goes on in a row, to its end or that of the bytes. Returns whether a quote is stray.
    pub(super) fn follow(&mut self, bytes: &[u8]) -> bool {
        while self.at < bytes.len() {
            let rest = &bytes[self.at..];
            let (n, place) = match (&self.place, rest[0]) {
                (Place::End, _) => return false,
                (Place::Quoted, _) => match memchr::memchr(b'"', rest) {
                    Some(at) => (at + 1, Place::Behind),
                    None => (rest.len(), Place::Quoted),
                },
                (Place::Start | Place::Behind, b'"') => (1, Place::Quoted),
                (_, byte) if self.line_end.is_one(byte) => (1, Place::End),
                (Place::Behind | Place::Return, b'\r') => (1, Place::Return),
                (Place::Start | Place::Plain | Place::Behind, byte) if byte == self.delimiter => {
                    (1, Place::Start)
                }
                (Place::Behind | Place::Return, _) => return true,
                (Place::Start | Place::Plain, _) => {
                    (self.line_end.find_or(self.delimiter, rest), Place::Plain)
                }
            };
            if self.place == Place::Quoted {
                self.spans_lines |= memchr::memchr2(b'\r', b'\n', &rest[..n]).is_some();
            }
            self.has_plain |= place == Place::Plain;
            self.quoted += usize::from(self.place == Place::Start && place == Place::Quoted);
            self.at += n;
            self.place = place;
        }
        false
    }

    /// Whether the end of the row was reached.
    pub(super) fn has_ended(&self) -> bool {
        self.place == Place::End
    }

    /// Whether what was followed ends inside quotes.
    pub(super) fn is_open(&self) -> bool {
        self.place == Place::Quoted
    }

    /// Whether a line end stands in quotes.
    pub(super) fn spans_lines(&self) -> bool {
        self.spans_lines
    }

    /// Whether the quotes of a row hold what looks like rows: two of its lines or more, and one in four of them, have
    /// for themselves as many cells as there are columns. Then the quote that opens may be part of a value,
    /// and what it holds be other users. Of rows the first line and the last have as many for sure, whatever
    /// their cells hold; that lines of prose have as many is chance. A row of which every cell is in quotes comes from
    /// a program that would have put those in quotes, too, and in a file of one column every line is a row.
    pub(super) fn hold_rows(&self, bytes: &[u8], columns: usize) -> bool {
        let is_enclosed = !self.has_plain && self.quoted > 1;
        !is_enclosed && self.look_like_rows(bytes, columns)
    }

    /// Whether lines in quotes look like rows, whatever stands in quotes besides.
    fn look_like_rows(&self, bytes: &[u8], columns: usize) -> bool {
        if !self.spans_lines || columns < 2 {
            return false;
        }
        let row = self.content(bytes);
        let (mut all, mut alike, mut maybe) = (0_u64, 0_u64, 0_u64);
        let (mut is_tight, mut begins, mut ends) = (false, false, false);
        for line in row.split(|byte| self.line_end.is_one(*byte)) {
            if line.is_empty() && self.line_end == LineEnd::Any {
                // Between the two bytes of a line end.
                continue;
            }
            let line = Line::of(line, self.delimiter);
            if all == 0 {
                // One of them may be the quote that hides others.
                is_tight = line.tight > 1 && line.spaces == 0;
            }
            ends = line.may_be_a_row(columns, is_tight);
            begins |= all == 0 && ends;
            all += 1;
            maybe += u64::from(ends);
            alike += u64::from(line.is_like_a_row(columns));
        }
        (alike >= 2 && alike * 4 >= all)
            || (begins && ends && maybe >= 2 && maybe * 4 >= all && !self.is_written_twice(row))
    }

    /// Whether the quotes hold what looks like rows if the mark of an export, in this cell, is not looked at, nor empty
    /// cells beyond the columns. Where the mark says that they may, quotes around every cell say nothing: a table
    /// editor has put them there.
    pub(super) fn hold_rows_beside(
        &self,
        bytes: &[u8],
        (added, marked): (usize, Marked),
        columns: usize,
    ) -> bool {
        let cells = Cells::of(self.content(bytes), self.delimiter).enumerate();
        let mut own: Vec<&[u8]> =
            cells.filter(|(i, _)| *i != added).map(|(_, cell)| cell).collect();
        let is_empty = |cell: &&[u8]| matches!(*cell, b"" | b"\"\"");
        while own.len() > columns && own.last().is_some_and(is_empty) {
            own.pop();
        }
        let own = own.join(&self.delimiter);
        let mut quotes = Self::new(self.delimiter, self.line_end);
        if quotes.follow(&own) {
            return false;
        }
        match marked {
            Marked::Hiding => quotes.look_like_rows(&own, columns),
            Marked::No | Marked::Sound => quotes.hold_rows(&own, columns),
        }
    }

    /// Whether a quote stands twice beside text, as only a program writes it that knows quotes.
    fn is_written_twice(&self, row: &[u8]) -> bool {
        let is_end = |byte: Option<&u8>| {
            byte.is_none_or(|byte| *byte == self.delimiter || matches!(byte, b'\r' | b'\n'))
        };
        memchr::memmem::find_iter(row, b"\"\"").any(|at| {
            let before = at.checked_sub(1).and_then(|before| row.get(before));
            !is_end(before) || !is_end(row.get(at + 2))
        })
    }

    /// Whether the first line of a row has for itself as many cells as there are columns.
    pub(super) fn begin_a_row(&self, bytes: &[u8], columns: usize) -> bool {
        let (line, _) = self.line_end.line(self.content(bytes));
        columns > 1 && Line::of(line, self.delimiter).is_like_a_row(columns)
    }

    /// The row without its line end.
    pub(super) fn content<'a>(&self, bytes: &'a [u8]) -> &'a [u8] {
        let content = &bytes[..self.at - usize::from(self.has_ended())];
        if self.is_open() { content } else { self.line_end.without_returns(content) }
    }
}

/// A line in which quotes mean nothing.
struct Line {
    cells: usize,
    /// Delimiters with a space behind them, as prose has them.
    spaces: usize,
    /// With a space or the end of the line, as programs have them.
    prose: usize,
    /// With text right behind them.
    tight: usize,
    is_of_tabs: bool,
}

impl Line {
    fn of(line: &[u8], delimiter: u8) -> Self {
        let mut found =
            Self { cells: 1, spaces: 0, prose: 0, tight: 0, is_of_tabs: delimiter == b'\t' };
        for at in memchr::memchr_iter(delimiter, line) {
            let next = line.get(at + 1);
            found.cells += 1;
            found.spaces += usize::from(next == Some(&b' '));
            found.prose += usize::from(matches!(next, None | Some(b' ' | b'\r')));
            let is_text = |byte: &u8| *byte != delimiter && !matches!(byte, b' ' | b'\r');
            found.tight += usize::from(next.is_some_and(is_text));
        }
        found
    }

    /// Whether it has as many cells as there are columns, and is no prose.
    fn is_like_a_row(&self, columns: usize) -> bool {
        self.cells == columns && (self.is_of_tabs || self.prose * 2 < self.cells)
    }

    /// Whether it has as many cells as there are columns: a cell may be empty or begin with a space. Only where
    /// every one of many cells begins so, and none of the first line, it is prose.
    fn may_be_a_row(&self, columns: usize, is_tight: bool) -> bool {
        let is_prose = columns > 3 && is_tight && self.spaces + 1 == self.cells;
        self.cells == columns && (self.is_of_tabs || !is_prose)
    }
}

/// Whether newlines or carriage returns end most rows of a sample.
pub(super) fn line_end(sample: &[u8], delimiter: u8) -> LineEnd {
    let (mut newlines, mut returns) = (0, 0);
    let mut rest = sample;
    while !rest.is_empty() {
        let mut quotes = Quotes::new(delimiter, LineEnd::Any);
        let len = if quotes.follow(rest) { LineEnd::Any.line(rest).1 } else { quotes.at };
        match (&rest[..len], rest.get(len)) {
            ([.., b'\n'], _) => newlines += 1,
            // Several before a newline are one line end.
            ([.., b'\r'], Some(byte)) if !matches!(byte, b'\r' | b'\n') => returns += 1,
            _ => {}
        }
        rest = &rest[len..];
    }
    if returns > newlines { LineEnd::Any } else { LineEnd::Newline }
}

/// Whether one of the rows holds by its quotes what could not stand in a cell without: what separates cells or
/// rows, or a quote that is written twice. Quotes around anything else may belong to the value.
pub(super) fn are_used(mut rows: &[u8], delimiter: u8, line_end: LineEnd, columns: usize) -> bool {
    while !rows.is_empty() {
        let mut quotes = Quotes::new(delimiter, line_end);
        if quotes.follow(rows) || quotes.hold_rows(rows, columns) {
            // As it is read: a row with a stray quote ends with its line.
            rows = &rows[line_end.line(rows).1..];
            continue;
        }
        let row = &rows[..quotes.at];
        let mut parts = row.split(|byte| *byte == delimiter || matches!(byte, b'\r' | b'\n'));
        // At the end of what is seen a quote may be open, and its cell be stray yet.
        if quotes.has_ended() && parts.any(|part| part.first() == Some(&b'"') && !is_around(part)) {
            return true;
        }
        rows = &rows[quotes.at..];
    }
    false
}

/// Whether quotes stand around the text, and none that is written twice in it.
fn is_around(part: &[u8]) -> bool {
    is_in_quotes(part) && !part[1..part.len() - 1].contains(&b'"')
}

/// Whether a cell, as it stands in its row, begins and ends with a quote.
pub(super) fn is_in_quotes(cell: &[u8]) -> bool {
    cell.len() > 1 && cell.starts_with(b"\"") && cell.ends_with(b"\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_are_used_where_they_hold_what_could_not_stand_without() {
        for (rows, columns, expected) in [
            ("1\t\"a\tb\"\n", 2, true),
            ("1\t\"a\nb\"\tx\r\n", 3, true),
            ("1\t\"a \"\"b\"\"\"\n", 2, true),
            ("1\t\"Groß\" Müller\n2\t\"a\tb\"\n", 2, true),
            ("1\t\"Groß\" Müller\n2\t\"Kalle\"\n3\tthe 5\" nail\n", 2, false),
            ("1\ta\n2\tb\n", 2, false),
            ("1\t\"\"\tx\n", 2, false),
            // A nickname that begins with a quote, and one that ends with one.
            ("1\t\"Bobby\n2\tx\n3\tRob\"\n", 2, false),
            ("1\t\"Bobby\n2\tx\n3\tRob\"\n4\t\"a\nb\"\n", 2, true),
            // Cut off: it may go on as one that is stray.
            ("1\ta\n2\t\"b\tx", 2, false),
            ("", 2, false),
        ] {
            assert_eq!(
                are_used(rows.as_bytes(), b'\t', LineEnd::Newline, columns),
                expected,
                "{rows:?}"
            );
        }
    }
}
