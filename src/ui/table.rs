//! Columns for people.

use unicode_width::UnicodeWidthStr as _;

/// Lines the cells up: each column as wide as its widest cell, the last one not padded.
pub fn render(header: &[&str], rows: &[Vec<String>]) -> String {
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.width());
        cells.chain(header.get(column).map(|name| name.width())).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..header.len()).map(width).collect();
    let line = |cells: &[String]| {
        let last = cells.len().saturating_sub(1);
        let mut text = String::new();
        for (i, cell) in cells.iter().enumerate() {
            text.push_str(cell);
            if i < last {
                let pad = widths.get(i).copied().unwrap_or(0).saturating_sub(cell.width());
                text.extend(std::iter::repeat_n(' ', pad + 2));
            }
        }
        text.truncate(text.trim_end().len());
        text.push('\n');
        text
    };
    let header: Vec<String> = header.iter().map(|name| (*name).to_owned()).collect();
    let mut out = line(&header);
    for row in rows {
        out.push_str(&line(row));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Chinese characters take two places on a terminal, marks that join none.
    #[test]
    fn a_cell_is_as_wide_as_a_terminal_shows_it() {
        let rows =
            vec![vec!["\u{5f20}\u{4e09}".into(), "x".into()], vec!["e\u{301}".into(), "y".into()]];
        assert_eq!(
            render(&["N", "WHY"], &rows),
            "N     WHY\n\u{5f20}\u{4e09}  x\ne\u{301}     y\n"
        );
    }

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let rows = vec![
            vec!["1".into(), "é".into(), "x".into()],
            vec!["10".into(), "ab".into(), String::new()],
        ];
        assert_eq!(render(&["N", "NAME", "WHY"], &rows), "N   NAME  WHY\n1   é     x\n10  ab\n");
    }
}
