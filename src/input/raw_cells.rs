//! The cells of a row with their quotes.

/// The cells of a row as they stand there, with their quotes.
pub(super) struct Cells<'a> {
    rest: Option<&'a [u8]>,
    delimiter: u8,
}

impl<'a> Cells<'a> {
    pub(super) fn of(row: &'a [u8], delimiter: u8) -> Self {
        Self { rest: Some(row), delimiter }
    }
}

impl<'a> Iterator for Cells<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let rest = self.rest.take()?;
        let mut from = 0;
        if rest.first() == Some(&b'"') {
            from = 1;
            // A quote that is written twice closes nothing.
            while let Some(at) = memchr::memchr(b'"', &rest[from..]) {
                from += at + 1;
                if rest.get(from) != Some(&b'"') {
                    break;
                }
                from += 1;
            }
        }
        let Some(at) = memchr::memchr(self.delimiter, &rest[from..]) else { return Some(rest) };
        self.rest = Some(&rest[from + at + 1..]);
        Some(&rest[..from + at])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_stand_as_in_their_row() {
        let row = b"a,\"b,\"\"c\"\",\",,\"\",\"x\ny\",";
        let cells: Vec<&[u8]> = Cells::of(row, b',').collect();
        let expected: [&[u8]; 6] = [b"a", b"\"b,\"\"c\"\",\"", b"", b"\"\"", b"\"x\ny\"", b""];
        assert_eq!(cells, expected);
    }
}
