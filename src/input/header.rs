//! The header of a CSV file: what separates its cells, and the names of the columns.

use super::csv::{Delimiter, Rows, pass};
use super::error::{InputError, InputErrorKind as Kind};
use super::scan::show_name;
use super::{Layout, Options, Reader, size};
use std::cmp::Reverse;
use std::collections::HashSet;

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

    /// Reads the header, and goes to the first row.
    pub(super) fn enter_rows(
        &mut self,
        delimiter: Delimiter,
        options: &Options,
    ) -> Result<Layout, InputError> {
        let mut rows = Rows::new(delimiter);
        self.layout = Layout::Rows { delimiter, header: Vec::new() };
        let window = &mut self.stream.window;
        let len = match rows.read(window) {
            Ok(len) => len.unwrap_or(0),
            Err(failure) => return Err(self.failed(failure)),
        };
        pass(window, len);
        if rows.is_stray() {
            let what = "a quote stands inside a name of a column";
            return Err(InputError::new(Kind::Header, &self.file, what)
                .hint("take the quotes out of the first line"));
        }
        let header = self.names(rows.cells())?;
        self.rows = Some(rows.with_columns(&header, &options.cells));
        Ok(Layout::Rows { delimiter, header })
    }

    /// The names of the columns.
    fn names<'a>(&self, cells: impl Iterator<Item = &'a [u8]>) -> Result<Vec<String>, InputError> {
        let fail =
            |kind, what: &str, hint: &str| Err(InputError::new(kind, &self.file, what).hint(hint));
        let mut names = Vec::new();
        let mut seen = HashSet::new();
        for (i, cell) in cells.enumerate() {
            let Ok(name) = std::str::from_utf8(cell) else {
                return fail(
                    Kind::Encoding,
                    &format!("the names of the columns are not in {}", self.wrapping.encoding),
                    "name the encoding of the file: --encoding gb18030, utf-16le, big5, …",
                );
            };
            let name = match name.trim() {
                "" => format!("column {}", i + 1),
                name if looks_like_data(name) => {
                    return fail(
                        Kind::Header,
                        "the first line seems to hold a user, not the names of the columns",
                        "put a line with the names of the columns before it, e.g. uid,mail,nickname",
                    );
                }
                name => name.to_owned(),
            };
            if !seen.insert(name.clone()) {
                return fail(
                    Kind::Header,
                    &format!("two columns have the name `{}`", show_name(name.as_bytes())),
                    "give each column a name of its own in the first line",
                );
            }
            names.push(name);
        }
        Ok(names)
    }
}

/// Nobody calls a column by an e-mail address or a long number.
fn looks_like_data(name: &str) -> bool {
    let is_number = name.len() >= 5 && name.bytes().all(|byte| byte.is_ascii_digit());
    let is_address = name.split_once('@').is_some_and(|(local, domain)| {
        !local.is_empty()
            && domain.split_once('.').is_some_and(|(a, b)| !a.is_empty() && !b.is_empty())
    });
    is_number || is_address
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
    let mut rows = Rows::new(delimiter);
    let (mut at, mut columns, mut agree, mut seen) = (0, 0, 0, 0);
    while seen <= ROWS && at < sample.len() {
        rows.clear();
        let (mut has_ended, n) = rows.feed(&sample[at..]);
        at += n;
        if !has_ended && is_whole {
            has_ended = rows.feed(b"\n").0;
        }
        if !has_ended {
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
    fn a_column_is_not_called_by_an_address_or_a_long_number() {
        for name in ["a@b.cn", "13800138000", "10001", "\u{5f20}@b.cn"] {
            assert!(looks_like_data(name), "{name}");
        }
        for name in ["mail", "e@mail", "@b.cn", "1234", "2024-01", "phone1"] {
            assert!(!looks_like_data(name), "{name}");
        }
    }
}
