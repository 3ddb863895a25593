//! How a CSV file begins: what separates its cells, and where the names of its columns come from.

use super::csv::Rows;
use super::delimiter::Delimiter;
use super::enclosed::Enclosed;
use super::error::{InputError, InputErrorKind as Kind};
use super::line_ends::{LineEnd, pass};
use super::mark::MARK;
use super::names::{self, Header, named, unique};
use super::options::Quoting;
use super::quotes;
use super::wide::Widths;
use super::window::Window;
use super::{Layout, Options, Reader, size};
use crate::vocabulary::nulls;
use crate::words::counted;
use std::cmp::Reverse;

/// What may separate cells, the more usual first.
const DELIMITERS: [u8; 4] = [b',', b';', b'\t', b'|'];

/// How much of a source is looked at to tell what separates its cells.
const SAMPLE: usize = size(64 * 1024, 256);

/// Rows that confirm it, at most.
const ROWS: usize = 100;

impl Reader {
    /// What separates the cells of the first line; none if it has but one.
    pub(super) fn find_delimiter(&mut self, is_named_tsv: bool) -> Option<Delimiter> {
        let window = &mut self.stream.window;
        // What cannot be read is told when it is needed.
        drop(window.more(SAMPLE + 1));
        let bytes = window.bytes();
        let is_whole = window.at_end() && bytes.len() <= SAMPLE;
        delimiter(&bytes[..bytes.len().min(SAMPLE)], is_whole, is_named_tsv)
    }

    /// What the line `sep=;` before the header says, which a spreadsheet may write; consumes it.
    pub(super) fn stated_delimiter(&mut self) -> Option<Delimiter> {
        let window = &mut self.stream.window;
        drop(window.more(SAMPLE));
        match window.bytes() {
            [b's' | b'S', b'e' | b'E', b'p' | b'P', b'=', byte, b'\r' | b'\n', ..] => {
                let delimiter = char::from(*byte).to_string().parse().ok()?;
                pass(window, 5);
                Some(delimiter)
            }
            _ => None,
        }
    }

    /// Takes the names of the columns from where the options say, and goes to the first row.
    pub(super) fn enter_rows(
        &mut self,
        delimiter: Delimiter,
        options: &Options,
    ) -> Result<Layout, InputError> {
        let null = options.null.as_deref().map(nulls::named).unwrap_or_default();
        self.layout = Layout::Rows {
            delimiter,
            header: Vec::new(),
            is_named: false,
            null: Vec::new(),
            is_bare: false,
            line_end: LineEnd::Any,
            quotes: None,
            enclosed: Enclosed::No,
        };
        let line_end = quotes::line_end(first_rows(&mut self.stream.window), delimiter.0);
        let quotes = options.quotes;
        let mut rows = Rows::new(delimiter, line_end, quotes);
        let (header, is_named) = match &options.header {
            Header::Columns(names) => (self.named_columns(&mut rows, names)?, true),
            from => (self.first_line(&mut rows, from)?, false),
        };
        let first = first_rows(&mut self.stream.window);
        let widths = widths(&mut rows, first, header.len());
        // What has the mark is an export, which puts quotes around what needs them.
        let is_marked = header.iter().any(|name| name == MARK);
        if is_marked && quotes == Some(Quoting::None) {
            let what = format!(
                "the column {MARK} says that this is an export of userferry, which uses quotes"
            );
            return Err(InputError::new(Kind::Header, &self.file, what).hint(
                "say --quotes none of the file that the rows come from: stage --quotes none SOURCE",
            ));
        }
        let is_bare = quotes.is_none()
            && !is_marked
            && delimiter.is_tab()
            && !quotes::are_used(first, delimiter.0, line_end, header.len());
        let enclosed = match quotes {
            Some(Quoting::None) => Enclosed::No,
            _ => Enclosed::of(first, delimiter.0, line_end, header.len()),
        };
        let rows = rows.with_columns(&header, is_named, &options.cells).with_first_widths(widths);
        self.rows = Some(rows.with_null(&null, enclosed, options.count_nulls).bare(is_bare));
        Ok(Layout::Rows { delimiter, header, is_named, null, is_bare, line_end, quotes, enclosed })
    }

    /// The names that the user gives, if the first row has as many cells.
    fn named_columns(
        &mut self,
        rows: &mut Rows,
        names: &[String],
    ) -> Result<Vec<String>, InputError> {
        let names = named(names).map_err(|what| {
            InputError::new(Kind::Header, &self.file, format!("--columns: {what}"))
                .hint("give each column a name of its own")
        })?;
        // What is wrong with the row itself is told of its record.
        if !matches!(rows.read(&mut self.stream.window), Ok(Some(_))) || rows.is_stray() {
            return Ok(names);
        }
        let columns = rows.count();
        if columns != names.len() {
            let what = format!(
                "the first line has {}, and --columns names {}",
                counted(columns as u64, "column"),
                names.len()
            );
            return Err(InputError::new(Kind::Header, &self.file, what)
                .hint("name every column, in the order of the file; is --delimiter another?"));
        }
        let is_same = |(cell, name): (&[u8], &String)| {
            std::str::from_utf8(cell)
                .is_ok_and(|cell| cell.trim().to_lowercase() == name.to_lowercase())
        };
        if rows.cells().zip(&names).all(is_same) {
            let what = "the first line is a header with the names that --columns gives";
            return Err(InputError::new(Kind::Header, &self.file, what)
                .hint("give --header in place of --columns"));
        }
        Ok(names)
    }

    /// The names in the first line, which is consumed.
    fn first_line(&mut self, rows: &mut Rows, from: &Header) -> Result<Vec<String>, InputError> {
        let window = &mut self.stream.window;
        let len = match rows.read(window) {
            Ok(len) => len.unwrap_or(0),
            Err(failure) => return Err(self.failed(failure)),
        };
        pass(window, len);
        let fail =
            |kind, what: &str, hint: &str| Err(InputError::new(kind, &self.file, what).hint(hint));
        if rows.is_stray() {
            let what = "a quote stands inside a name of a column";
            return fail(Kind::Header, what, "take the quotes out of the first line");
        }
        let cells: Result<Vec<String>, _> = rows
            .cells()
            .map(|cell| std::str::from_utf8(cell).map(|cell| cell.trim().to_owned()))
            .collect();
        let Ok(cells) = cells else {
            return fail(
                Kind::Encoding,
                &format!("the names of the columns are not in {}", self.wrapping.encoding),
                "name the encoding of the file: --encoding gb18030, utf-16le, big5, …",
            );
        };
        let cells: Vec<&str> = cells.iter().map(String::as_str).collect();
        let judged = match from {
            Header::Known(known) => {
                let repeated = repeated(rows, &cells, first_rows(window));
                names::judge(&cells, known, |column| repeated[column])
            }
            _ => names::trusted(&cells),
        };
        if let Err(unsure) = judged {
            return fail(Kind::Header, &unsure.what(), unsure.hint(from));
        }
        unique(cells.into_iter()).map_err(|what| {
            InputError::new(Kind::Header, &self.file, what)
                .hint("give each column a name of its own in the first line")
        })
    }
}

/// What is looked at of what follows, however much was read.
fn first_rows(window: &mut Window) -> &[u8] {
    // What cannot be read is told when it is needed.
    drop(window.more(SAMPLE));
    &window.bytes()[..window.bytes().len().min(SAMPLE)]
}

/// Which cells of the first line stand again in the same column of one of the next rows.
fn repeated(rows: &mut Rows, cells: &[&str], sample: &[u8]) -> Vec<bool> {
    let mut repeated = vec![false; cells.len()];
    let mut at = 0;
    for _ in 0..ROWS {
        // The last row may be longer than the sample.
        let Some((n, _)) = rows.take_first(&sample[at..]) else { break };
        at += n;
        let same: Vec<bool> = cells
            .iter()
            .zip(rows.cells())
            .map(|(first, cell)| cell.trim_ascii() == first.as_bytes())
            .collect();
        // Files that were put together have their header several times.
        if !same.iter().all(|same| *same) {
            repeated.iter_mut().zip(same).for_each(|(repeated, same)| *repeated |= same);
        }
    }
    repeated
}

/// How many cells the first rows have.
fn widths(rows: &mut Rows, sample: &[u8], columns: usize) -> Widths {
    let mut widths = Widths::default();
    let mut at = 0;
    for _ in 0..ROWS {
        let Some((n, true)) = rows.take_first(&sample[at..]) else { break };
        at += n;
        widths.see(rows.count(), columns);
    }
    widths
}

/// Whether the cells of the first line could be the names of columns, and not a piece of a
/// document or a program.
pub(super) fn looks_like_names(bytes: &[u8]) -> bool {
    // Cut before anything else: how much more there is depends on how it is read.
    let sample = bytes[..bytes.len().min(SAMPLE)].trim_ascii_start();
    let line = sample.split(|byte| matches!(byte, b'\r' | b'\n')).next().unwrap_or_default();
    !line.iter().any(|byte| matches!(byte, b'{' | b'}' | b'<' | b'>'))
}

/// What separates the cells of the header: what makes the most columns of it, of those that make
/// as many of most rows that follow.
fn delimiter(sample: &[u8], is_whole: bool, prefer_tabs: bool) -> Option<Delimiter> {
    let judged = DELIMITERS.iter().enumerate().filter_map(|(i, &byte)| {
        let (columns, is_confirmed) = judge(sample, is_whole, Delimiter(byte));
        let is_preferred = prefer_tabs && byte == b'\t';
        (columns > 1).then_some(((is_preferred, is_confirmed, columns, Reverse(i)), byte))
    });
    judged.max().map(|(_, byte)| Delimiter(byte))
}

/// The columns of the header, and whether most of the rows in the sample have as many.
fn judge(sample: &[u8], is_whole: bool, delimiter: Delimiter) -> (usize, bool) {
    let mut rows = Rows::new(delimiter, quotes::line_end(sample, delimiter.0), None);
    let (mut at, mut columns, mut agree, mut seen) = (0, 0, 0, 0);
    while seen <= ROWS {
        let Some((n, has_ended)) = rows.take_first(&sample[at..]) else { break };
        at += n;
        if !has_ended && !is_whole {
            // A header longer than the sample is judged as far as it is seen.
            columns = if seen == 0 { rows.count() } else { columns };
            break;
        }
        match seen {
            0 => columns = rows.count(),
            _ => agree += usize::from(rows.count() == columns),
        }
        seen += 1;
    }
    (columns, agree * 2 + 1 >= seen)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whether_a_line_holds_names_does_not_depend_on_how_much_was_read() {
        let text = format!("{}a,b,{}}},c", "\t".repeat(10), "x".repeat(SAMPLE - 14));
        for read in [SAMPLE + 1, SAMPLE + 2, text.len()] {
            assert!(looks_like_names(&text.as_bytes()[..read]), "{read}");
        }
        assert!(!looks_like_names(b"  a,{b"));
    }

    #[test]
    fn the_delimiter_is_told_by_the_header_and_confirmed_by_rows() {
        for (sample, expected) in [
            ("uid,mail\n1,a\n", Some(b',')),
            ("uid;mail\r\n1;a\r\n", Some(b';')),
            ("uid\tmail\r1\ta\r", Some(b'\t')),
            ("uid|mail", Some(b'|')),
            ("\"a,b\";\"c\"\n1;2\n", Some(b';')),
            ("\"a\nb\",\"c\"\n1,2\n", Some(b',')),
            // More commas in the header, but no row agrees.
            ("id;a, b, c, d\n1;x\n2;y\n", Some(b';')),
            ("id;name, full;mail\n1;Wu, Li;a\n2;Li, Bo;b\n", Some(b';')),
            ("uid\n1,2\n", None),
            ("", None),
        ] {
            let found = delimiter(sample.as_bytes(), true, false).map(|delimiter| delimiter.0);
            assert_eq!(found, expected, "{sample:?}");
        }
        let tabs = delimiter(b"a,b,c\td\n", true, true);
        assert_eq!(tabs, Some(Delimiter(b'\t')));
    }

    #[test]
    fn a_word_that_stands_in_its_column_again_is_found_however_much_was_read() {
        let cells = ["zhang", "password", "email"];
        let sample = b"li,x,phone\n\"wu, b\",\"y\r\nz\",email\nzhao,password,";
        let mut rows = Rows::new(Delimiter(b','), LineEnd::Newline, None);
        assert_eq!(repeated(&mut rows, &cells, sample), [false, true, true]);
        assert_eq!(repeated(&mut rows, &cells, b""), [false; 3]);
        assert_eq!(repeated(&mut rows, &cells, b"zhang,x\n"), [true, false, false]);
        assert_eq!(repeated(&mut rows, &cells, b"a,b,c\nzhang,password,email\n"), [false; 3]);
    }

    #[test]
    fn names_that_are_given_are_each_there_once() {
        let given =
            |names: &[&str]| named(&names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>());
        let names = ["id", "mail"].map(str::to_owned).to_vec();
        assert_eq!(given(&["id", " mail "]), Ok(names));
        assert_eq!(given(&["id", "id"]), Err("the columns 1 and 2 have the same name".to_owned()));
        for (names, column) in [(&["id", " ", "mail"][..], 2), (&["", "id"], 1), (&["id", ""], 2)] {
            assert_eq!(given(names), Err(format!("the name of column {column} is empty")));
        }
    }
}
