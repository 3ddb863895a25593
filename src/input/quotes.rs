//! What the quotes of CSV mean: where they hold a cell together, where they are stray, and whether a source
//! uses them at all.

/// Follows the quotes of a row.
pub(super) struct Quotes {
    /// What was followed so far; at the end of the row, its length.
    pub(super) at: usize,
    place: Place,
}

enum Place {
    /// At the start of a cell.
    Start,
    /// In a cell without quotes around it.
    Plain,
    /// In a cell in quotes.
    Quoted,
    /// Behind a quote in such a cell: its end, or the first of two.
    Behind,
    /// Behind the line end.
    End,
}

impl Quotes {
    pub(super) fn new() -> Self {
        Self { at: 0, place: Place::Start }
    }

    /// Goes on in a row, to its end or that of the bytes. Returns whether a quote is stray.
    pub(super) fn follow(&mut self, bytes: &[u8], delimiter: u8) -> bool {
        while self.at < bytes.len() {
            let rest = &bytes[self.at..];
            let (n, place) = match (&self.place, rest[0]) {
                (Place::End, _) => return false,
                (Place::Quoted, _) => match memchr::memchr(b'"', rest) {
                    Some(at) => (at + 1, Place::Behind),
                    None => (rest.len(), Place::Quoted),
                },
                (Place::Start | Place::Behind, b'"') => (1, Place::Quoted),
                (_, b'\r' | b'\n') => (1, Place::End),
                (_, byte) if byte == delimiter => (1, Place::Start),
                (Place::Behind, _) => return true,
                (Place::Start | Place::Plain, _) => {
                    let end = memchr::memchr3(delimiter, b'\r', b'\n', rest);
                    (end.unwrap_or(rest.len()), Place::Plain)
                }
            };
            self.at += n;
            self.place = place;
        }
        false
    }
}

/// Whether one of the rows holds by its quotes what could not stand in a cell without: what separates cells or
/// rows, or a quote that is written twice. Quotes around anything else may belong to the value.
pub(super) fn are_used(mut rows: &[u8], delimiter: u8) -> bool {
    while !rows.is_empty() {
        let mut quotes = Quotes::new();
        if quotes.follow(rows, delimiter) {
            // As it is read: a row with a stray quote ends with its line.
            let end = memchr::memchr2(b'\r', b'\n', rows).map_or(rows.len(), |at| at + 1);
            rows = &rows[end..];
            continue;
        }
        let row = &rows[..quotes.at];
        let mut parts = row.split(|byte| *byte == delimiter || matches!(byte, b'\r' | b'\n'));
        // At the end of what is seen a quote may be open, and its cell be stray yet.
        let is_whole = matches!(quotes.place, Place::End);
        if is_whole && parts.any(|part| part.first() == Some(&b'"') && !is_around(part)) {
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
        for (rows, expected) in [
            ("1\t\"a\tb\"\n", true),
            ("1\t\"a\nb\"\tx\r\n", true),
            ("1\t\"a \"\"b\"\"\"\n", true),
            ("1\t\"Groß\" Müller\n2\t\"a\tb\"\n", true),
            ("1\t\"Groß\" Müller\n2\t\"Kalle\"\n3\tthe 5\" nail\n", false),
            ("1\ta\n2\tb\n", false),
            ("1\t\"\"\tx\n", false),
            // Cut off: it may go on as one that is stray.
            ("1\ta\n2\t\"b\tx", false),
            ("", false),
        ] {
            assert_eq!(are_used(rows.as_bytes(), b'\t'), expected, "{rows:?}");
        }
    }
}
