//! Records of CSV: one row a record, which becomes a JSON object of texts.
//!
//! CSV has no types. Where the caller says that a column feeds a truth value or a number
//! ([`Cell`]), a cell that reads as one becomes one; everything else stays text.

use super::MAX_RECORD;
use super::cells::{Cell, push_cell, push_text};
use super::delimiter::Delimiter;
use super::enclosed::Enclosed;
use super::escapes::Escapes;
use super::form::{Form, Marked};
use super::line_ends::{LineEnd, whole_line_end};
use super::mark::{self, MARK};
use super::names::unnamed;
use super::options::Quoting;
use super::quotes::{self, Quotes};
use super::raw_cells::Cells;
use super::scan::show_name;
use super::stream::Failure;
use super::wide::Widths;
use super::window::Window;
use crate::json::is_space;
use crate::problem::{Problem, Rule};
use crate::vocabulary::nulls::{self, NullCounts};
use csv_core::{ReadRecordResult, Terminator};

struct Column {
    name: String,
    /// The name as JSON, with the colon.
    key: Vec<u8>,
    cell: Option<Cell>,
}

/// Takes rows apart. Keeps its memory from one row to the next.
pub(super) struct Rows {
    core: csv_core::Reader,
    delimiter: u8,
    line_end: LineEnd,
    /// What the user says that quotes are.
    quotes: Option<Quoting>,
    /// The cells of the row, one after the other, and where each ends.
    text: Vec<u8>,
    text_len: usize,
    ends: Vec<usize>,
    cells: usize,
    form: Form,
    /// The source uses no quotes: where they cannot be those of CSV, they stand for themselves.
    is_bare: bool,
    columns: Vec<Column>,
    /// The names of the columns are the user's, not those of a header.
    is_named: bool,
    /// Which column says why an export has the row; it is no part of the record.
    mark: Option<usize>,
    /// Escapes of a database's text format, where the cells are separated as in it.
    escapes: Escapes,
    /// How many rows are too wide: of the first, and of those read.
    first_widths: Widths,
    widths: Option<Widths>,
    /// Words that stand for no value, besides the one that always does.
    null: Vec<String>,
    /// Whether the source puts every text in quotes, and then which cells of the row are.
    enclosed: Enclosed,
    quoted: Vec<bool>,
    /// How often columns have such words, if that is to be known.
    counts: Option<NullCounts>,
}

impl Rows {
    pub(super) fn new(delimiter: Delimiter, line_end: LineEnd, quotes: Option<Quoting>) -> Self {
        let mut rows = Self {
            core: core(delimiter.0, quotes != Some(Quoting::None)),
            delimiter: delimiter.0,
            line_end,
            quotes,
            text: vec![0; 4096],
            text_len: 0,
            ends: vec![0; 64],
            cells: 0,
            form: Form::Plain,
            is_bare: false,
            columns: Vec::new(),
            is_named: false,
            mark: None,
            escapes: Escapes::default(),
            first_widths: Widths::default(),
            widths: None,
            null: Vec::new(),
            enclosed: Enclosed::No,
            quoted: Vec::new(),
            counts: None,
        };
        // A byte order mark is dealt with elsewhere: what has read something looks for none.
        rows.feed(b"\n");
        rows
    }

    /// The columns, and what the caller knows of them.
    pub(super) fn with_columns(
        mut self,
        names: &[String],
        is_named: bool,
        cells: &[(String, Cell)],
    ) -> Self {
        let column = |name: &String| {
            let mut key = Vec::new();
            push_text(name.as_bytes(), &mut key);
            key.push(b':');
            let cell = cells.iter().find(|(column, _)| column == name).map(|(_, cell)| *cell);
            Column { name: name.clone(), key, cell }
        };
        self.columns = names.iter().map(column).collect();
        self.is_named = is_named;
        self.mark = names.iter().position(|name| name == MARK);
        self
    }

    /// What stands for no value. Between tabs such words tell what the escapes mean.
    pub(super) fn with_null(
        mut self,
        words: &[String],
        enclosed: Enclosed,
        are_counted: bool,
    ) -> Self {
        self.null = words.to_vec();
        self.enclosed = enclosed;
        let are_counted = are_counted || self.delimiter == b'\t';
        self.counts = are_counted.then(NullCounts::default);
        self
    }

    /// How many cells the first rows have.
    pub(super) fn with_first_widths(mut self, widths: Widths) -> Self {
        self.first_widths = widths;
        self
    }

    pub(super) fn widths(&self) -> &Widths {
        self.widths.as_ref().unwrap_or(&self.first_widths)
    }

    /// Takes note of how many cells the row has. What an export has marked is as it was in its source.
    pub(super) fn note_width(&mut self) {
        if self.mark.is_none() {
            let cells = if self.is_stray() { 0 } else { self.cells };
            self.widths.get_or_insert_default().see(cells, self.columns.len());
        }
    }

    /// Whether the source uses no quotes.
    pub(super) fn bare(mut self, is_bare: bool) -> Self {
        self.is_bare = is_bare;
        self
    }

    fn clear(&mut self) {
        self.text_len = 0;
        self.cells = 0;
        self.form = Form::Plain;
        self.quoted.clear();
    }

    /// Takes a row apart, which stands there without its line end.
    fn take(&mut self, row: &[u8]) {
        self.clear();
        self.feed(row);
        self.feed(b"\n");
    }

    /// Takes a line apart in which quotes mean nothing.
    fn take_plain(&mut self, line: &[u8]) {
        let quoting = std::mem::replace(&mut self.core, core(self.delimiter, false));
        // As at the beginning: what has read something looks for no byte order mark.
        self.feed(b"\n");
        self.take(line);
        self.core = quoting;
    }

    /// Takes the first row of a sample. Returns its length, with the empty lines before it and its line end, and
    /// whether it ends in the sample; none where there are only empty lines.
    pub(super) fn take_first(&mut self, sample: &[u8]) -> Option<(usize, bool)> {
        let blank = sample.iter().position(|byte| !matches!(byte, b'\r' | b'\n'))?;
        let bytes = &sample[blank..];
        let mut quotes = Quotes::new(self.delimiter, self.line_end);
        if self.has_no_quotes() || quotes.follow(bytes) {
            let (line, len) = self.line_end.line(bytes);
            self.take_plain(line);
            return Some((blank + len, self.line_end.ends(&bytes[..len])));
        }
        self.take(quotes.content(bytes));
        if quotes.is_open() {
            // The next row begins outside quotes, and is not looked at for a byte order mark.
            self.core.reset();
            self.feed(b"\n");
        }
        Some((blank + quotes.at, quotes.has_ended()))
    }

    fn has_no_quotes(&self) -> bool {
        self.quotes == Some(Quoting::None)
    }

    /// Takes in bytes. Returns whether the row has ended, and how many of them belong to it.
    fn feed(&mut self, bytes: &[u8]) -> (bool, usize) {
        let mut at = 0;
        // Without bytes the parser would take it for the end of the file.
        while at < bytes.len() {
            let (result, read, text, ends) = self.core.read_record(
                &bytes[at..],
                &mut self.text[self.text_len..],
                &mut self.ends[self.cells..],
            );
            at += read;
            self.text_len += text;
            self.cells += ends;
            match result {
                ReadRecordResult::InputEmpty => {}
                ReadRecordResult::OutputFull => self.text.resize(self.text.len() * 2, 0),
                ReadRecordResult::OutputEndsFull => self.ends.resize(self.ends.len() * 2, 0),
                ReadRecordResult::Record | ReadRecordResult::End => return (true, at),
            }
        }
        (false, at)
    }

    /// Reads the next row. Returns its length in the window, with its line end; none at the end.
    ///
    /// A row with a stray quote ends with the line on which it starts: the quote before it may be
    /// the stray one, and what lies between them are other rows. Where the source uses no quotes, such a line
    /// with the right number of cells is a row like any other.
    pub(super) fn read(&mut self, window: &mut Window) -> Result<Option<usize>, Failure> {
        if !self.line_end.skip(window)? {
            return Ok(None);
        }
        if self.has_no_quotes() {
            return self.read_line(window).map(Some);
        }
        let mut quotes = Quotes::new(self.delimiter, self.line_end);
        loop {
            // However much more of it is there already.
            let bytes = &window.bytes()[..window.bytes().len().min(MAX_RECORD + 1)];
            if quotes.follow(bytes) {
                let len = self.read_line(window)?;
                if !self.stands_for_itself() {
                    self.form = Form::Stray;
                }
                return Ok(Some(len));
            }
            if quotes.has_ended() || (window.at_end() && bytes.len() == window.bytes().len()) {
                break;
            }
            if bytes.len() > MAX_RECORD {
                break;
            }
            let want = bytes.len() + 1;
            window.more(want)?;
        }
        let (bytes, columns) = (&window.bytes()[..quotes.at], self.columns.len());
        let holds_rows = self.quotes.is_none() && self.holds_rows(&quotes, bytes);
        if self.is_bare && (holds_rows || quotes.is_open() && quotes.begin_a_row(bytes, columns)) {
            let len = self.read_line(window)?;
            self.form = Form::Unclosed;
            return Ok(Some(len));
        }
        let row = quotes.content(bytes);
        if row.len() >= MAX_RECORD {
            return Err(Failure::TooLong);
        }
        if quotes.is_open() {
            return Err(Failure::OpenQuote);
        }
        self.take(row);
        if !self.enclosed.is_no() {
            let cells = Cells::of(row, self.delimiter);
            self.quoted.extend(cells.map(|cell| cell.starts_with(b"\"")));
        }
        self.form = match quotes.spans_lines() {
            _ if holds_rows => Form::Hiding,
            true => Form::OverLines,
            false => Form::Plain,
        };
        if self.quotes == Some(Quoting::Double) && self.is_held_back() {
            // The user says that it is one row: what kept it from that goes.
            self.cells -= 1;
        }
        let len = quotes.at;
        Ok(Some(if quotes.has_ended() { whole_line_end(window, len) } else { len }))
    }

    /// Reads the line at the window's start as a row, in which quotes mean nothing.
    fn read_line(&mut self, window: &mut Window) -> Result<usize, Failure> {
        let len = loop {
            let bytes = &window.bytes()[..window.bytes().len().min(MAX_RECORD + 1)];
            let (line, len) = self.line_end.line(bytes);
            if self.line_end.ends(&bytes[..len]) {
                if line.len() >= MAX_RECORD {
                    return Err(Failure::TooLong);
                }
                break len;
            }
            if bytes.len() > MAX_RECORD {
                return Err(Failure::TooLong);
            }
            if window.at_end() {
                break len;
            }
            let want = bytes.len() + 1;
            window.more(want)?;
        };
        self.take_plain(self.line_end.line(&window.bytes()[..len]).0);
        Ok(whole_line_end(window, len))
    }

    /// Whether the source uses no quotes, and a line is a row in which they can only stand for themselves.
    fn stands_for_itself(&self) -> bool {
        self.is_bare && self.cells == self.columns.len() && !self.cells().any(quotes::is_in_quotes)
    }

    /// Whether a quote in the row is neither the end of a cell nor written twice.
    pub(super) fn is_stray(&self) -> bool {
        self.form.is_stray()
    }

    /// Whether the quotes of a row hold what looks like rows. What an export has marked is also looked at without
    /// its mark: so it was in its source. One of which the mark says nothing of its quotes was read as one user.
    fn holds_rows(&self, quotes: &Quotes, bytes: &[u8]) -> bool {
        let columns = self.columns.len();
        if quotes.hold_rows(bytes, columns) {
            return true;
        }
        let Some(mark) = self.mark.filter(|_| quotes.spans_lines()) else { return false };
        let marked = Marked::in_row(quotes.content(bytes), self.delimiter, mark);
        let is_named = |(i, it): (usize, &Column)| it.name != unnamed(i);
        let named = self.columns.iter().enumerate().rposition(is_named).unwrap_or(0);
        marked != Marked::Sound && quotes.hold_rows_beside(bytes, (mark, marked), named)
    }

    /// The cells without the one that says why an export has the row.
    fn own_cells(&self) -> Vec<&[u8]> {
        let cells = self.cells().enumerate().filter(|(i, _)| self.mark != Some(*i));
        cells.map(|(_, cell)| cell).collect()
    }

    /// Whether an export has kept a row whose quotes may hide others from being taken for one user.
    fn is_held_back(&self) -> bool {
        let cells = self.own_cells();
        self.mark.is_some_and(|mark| mark < self.cells)
            && cells.len() == self.columns.len()
            && mark::is_padded(self.columns.len() - 1, &cells)
            && mark::may_hide_rows(&cells)
    }

    /// Whether its cells are those of the columns.
    fn is_sound(&self) -> bool {
        !self.is_stray() && self.form != Form::Hiding && self.cells == self.columns.len()
    }

    pub(super) fn cells(&self) -> impl Iterator<Item = &[u8]> {
        let mut start = 0;
        self.ends[..self.cells].iter().map(move |end| {
            let cell = &self.text[start..*end];
            start = *end;
            cell
        })
    }

    /// How many cells the row has.
    pub(super) fn count(&self) -> usize {
        self.cells
    }

    /// Takes note of what only the text format of a database writes, where cells are separated as in it.
    pub(super) fn note_escapes(&mut self) {
        if self.delimiter == b'\t' && self.text[..self.text_len].contains(&b'\\') {
            let mut escapes = std::mem::take(&mut self.escapes);
            escapes.see(self.cells());
            self.escapes = escapes;
        }
    }

    pub(super) fn escapes(&self) -> &Escapes {
        &self.escapes
    }

    /// The words that stand for no value, besides the one that always does.
    pub(super) fn null(&self) -> &[String] {
        &self.null
    }

    pub(super) fn counts(&self) -> Option<&NullCounts> {
        self.counts.as_ref()
    }

    /// The name of a column, from 0.
    pub(super) fn name(&self, column: usize) -> &str {
        &self.columns[column].name
    }

    pub(super) fn is_null(&self, cell: &[u8]) -> bool {
        cell == NULL || self.null.iter().any(|word| word.as_bytes() == cell)
    }

    /// Whether the cell of a column has no value by its quotes, or by their absence.
    fn is_null_by_quotes(&self, column: usize, cell: &[u8]) -> Option<bool> {
        self.enclosed.is_null(cell, *self.quoted.get(column)?).filter(|_| cell != NULL)
    }

    pub(super) fn count_nulls(&mut self) {
        let Some(mut counts) = self.counts.take() else { return };
        if self.is_sound() {
            for (i, cell) in self.cells().enumerate().filter(|(i, _)| self.mark != Some(*i)) {
                match self.is_null_by_quotes(i, cell) {
                    Some(true) => {}
                    Some(false) => counts.see_text(i),
                    None => counts.see(i, cell),
                }
            }
        }
        self.counts = Some(counts);
    }

    /// Whether nothing but white space stands in it, where there should be several cells.
    pub(super) fn is_blank(&self) -> bool {
        self.cells == 1
            && self.columns.len() > 1
            && self.text[..self.text_len].iter().all(|byte| is_space(*byte))
    }

    /// The row as JSON, and what is wrong with it.
    pub(super) fn to_json(
        &self,
        lines: u64,
        bad_bytes: impl Fn() -> String,
    ) -> (Vec<u8>, Option<Problem>) {
        if !self.is_sound() {
            return self.as_array(lines);
        }
        let mut fault = None;
        let mut json = vec![b'{'];
        for (i, (column, cell)) in self.columns.iter().zip(self.cells()).enumerate() {
            if self.mark == Some(i) {
                continue;
            }
            if json.len() > 1 {
                json.push(b',');
            }
            json.extend_from_slice(&column.key);
            let is_null = self.is_null_by_quotes(i, cell).unwrap_or_else(|| self.is_null(cell));
            let cell = if is_null { b"" } else { cell };
            push_cell(cell, column.cell, &mut json);
            if fault.is_none() && std::str::from_utf8(cell).is_err() {
                let name = show_name(column.name.as_bytes());
                fault = Some(Problem::new(name, Rule::Encoding, bad_bytes()));
            }
        }
        json.push(b'}');
        (json, fault)
    }

    /// The row as an array, which no staging takes for a user, and why it is none.
    fn as_array(&self, lines: u64) -> (Vec<u8>, Option<Problem>) {
        let mut cells = self.own_cells();
        let is_marked = self.mark.is_some_and(|mark| mark < self.cells);
        let columns = self.columns.len() - usize::from(is_marked);
        let is_padded = is_marked && mark::is_padded(columns, &cells);
        if is_padded {
            cells.pop();
        }
        let mut json = vec![b'['];
        for cell in &cells {
            if json.len() > 1 {
                json.push(b',');
            }
            push_text(cell, &mut json);
        }
        json.push(b']');
        let is_like_others = is_padded && cells.len() == columns;
        let form = match is_like_others {
            true if mark::may_hide_rows(&cells) => Form::Hiding,
            true => Form::Stray,
            false => self.form,
        };
        let fault = form.fault(cells.len(), columns, lines, self.is_named);
        (json, Some(fault))
    }
}

/// What takes cells apart. Only a newline ends a row: [`LineEnd`] says what else does.
fn core(delimiter: u8, quoting: bool) -> csv_core::Reader {
    let mut builder = csv_core::ReaderBuilder::new();
    builder.delimiter(delimiter).quoting(quoting).terminator(Terminator::Any(b'\n')).build()
}

/// What databases write for NULL (`COPY`, `INTO OUTFILE`) is an empty cell.
const NULL: &[u8] = nulls::ESCAPED.as_bytes();
