//! Columns for people.

use super::wrap::{self, wrapped};
use unicode_width::UnicodeWidthStr as _;

/// Between two columns.
const GAP: usize = 2;
/// Where less is left for the last column, its cells stand below the others.
const LEAST: usize = 24;
/// How far they are set in there.
const INDENT: usize = 4;

/// Lines the cells up: each column as wide as its widest cell, the last one not padded.
pub fn render(header: &[&str], rows: &[Vec<String>]) -> String {
    fitted(header, rows, None)
}

/// The same for a terminal of so many columns, if it is one: the text of the last column is wrapped to
/// what the others leave, and where those are too wide themselves, the row is broken between them.
pub fn fitted(header: &[&str], rows: &[Vec<String>], terminal: Option<usize>) -> String {
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.width());
        cells.chain(header.get(column).map(|name| name.width())).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..header.len().saturating_sub(1)).map(width).collect();
    let start = widths.iter().map(|width| width + GAP).sum();
    let line = |cells: &[String]| {
        let mut text = String::new();
        for (cell, width) in cells.iter().zip(&widths) {
            text.push_str(cell);
            text.extend(std::iter::repeat_n(' ', width.saturating_sub(cell.width()) + GAP));
        }
        if let Some(last) = cells.get(widths.len()) {
            let last = last_cell(last, start, terminal);
            if last.starts_with('\n') {
                text.truncate(text.trim_end().len());
            }
            text.push_str(&last);
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
    // The other columns may be wider than the terminal, too.
    match terminal {
        Some(terminal) => wrap::lines(&out, terminal),
        None => out,
    }
}

/// The last cell of a line, which starts at this column.
fn last_cell(text: &str, start: usize, terminal: Option<usize>) -> String {
    let Some(terminal) = terminal.filter(|terminal| start + text.width() > *terminal) else {
        return text.to_owned();
    };
    let room = terminal.saturating_sub(start);
    if room >= LEAST {
        return wrapped(text, room).join(&format!("\n{}", " ".repeat(start)));
    }
    let indent = format!("\n{}", " ".repeat(INDENT));
    let lines = wrapped(text, terminal.saturating_sub(INDENT));
    format!("{indent}{}", lines.join(&indent))
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

    #[test]
    fn the_last_column_is_wrapped_to_what_the_others_leave() {
        let rows = vec![
            vec!["10".into(), "the provider says that it is so".into()],
            vec!["2".into(), "short".into()],
        ];
        let told = fitted(&["RECORD", "WHY"], &rows, Some(32));
        assert_eq!(
            told,
            "RECORD  WHY\n\
             10      the provider says that\n        it is so\n\
             2       short\n"
        );
        // No terminal: one line for each row.
        assert_eq!(fitted(&["RECORD", "WHY"], &rows, None), render(&["RECORD", "WHY"], &rows));
        assert_eq!(render(&["RECORD", "WHY"], &rows).lines().count(), 3);
    }

    #[test]
    fn where_little_is_left_the_text_stands_below() {
        let rows = vec![vec!["a-long-key@example.com".into(), "this is too long for it".into()]];
        let expected =
            "KEY                     WHY\na-long-key@example.com\n    this is too long for it\n";
        assert_eq!(fitted(&["KEY", "WHY"], &rows, Some(32)), expected);
    }

    #[test]
    fn words_without_spaces_are_broken_where_the_line_ends() {
        let chinese = "\u{8be5}\u{7528}\u{6237}\u{5df2}\u{5b58}\u{5728}";
        assert_eq!(
            wrapped(&format!("no {chinese}"), 8),
            ["no", "\u{8be5}\u{7528}\u{6237}\u{5df2}", "\u{5b58}\u{5728}"]
        );
    }

    proptest::proptest! {
        /// Nothing is lost, and no line is too wide.
        #[test]
        fn wrapping_loses_nothing(text in "[a-z\u{8be5}\u{7528} ]{0,80}", width in 2..30_usize) {
            let lines = wrapped(&text, width);
            proptest::prop_assert!(lines.iter().all(|line| line.width() <= width), "{:?}", lines);
            let letters = |text: &str| text.replace(' ', "");
            proptest::prop_assert_eq!(letters(&lines.concat()), letters(&text));
        }
    }
}
