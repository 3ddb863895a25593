//! Text for a terminal of a known width. Pure.

use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

/// A command that a person may copy stays on one line.
const COMMAND: &str = "userferry ";

/// What stands behind a gap is a column of its own: it is wrapped there, if so much is left for it.
const LEAST: usize = 24;
/// How far the rest of a row is set in that has too little room for that.
const INDENT: usize = 4;
/// Between two columns.
const GAP: &str = "  ";

/// The lines of a text, each broken at spaces where it is wider than the terminal. What follows a break is
/// indented as its line is, and stands below the last column of a row.
pub(super) fn lines(text: &str, width: usize) -> String {
    let mut out: Vec<String> = Vec::new();
    for line in text.split('\n') {
        if line.width() <= width || line.trim_start_matches(' ').starts_with(COMMAND) {
            out.push(line.to_owned());
        } else if let Some((before, command)) = command_at_the_end(line) {
            out.extend(broken(before.trim_end(), width));
            out.push(format!("{}{command}", " ".repeat(INDENT)));
        } else {
            out.extend(broken(line, width));
        }
    }
    out.join("\n")
}

/// A line that ends with a command, taken apart before it: broken elsewhere, a part of the command would run as
/// another one.
fn command_at_the_end(line: &str) -> Option<(&str, &str)> {
    let at = line.rfind(COMMAND)?;
    let (before, command) = line.split_at(at);
    let stands_apart = before.ends_with(": ") || before.ends_with(GAP);
    let is_all = ["; ", ", ", ". ", " ("].iter().all(|end| !command.contains(end));
    (stands_apart && is_all).then_some((before, command))
}

/// The parts of a line that is too wide.
fn broken(line: &str, width: usize) -> Vec<String> {
    let words = line.trim_start_matches(' ');
    let indent = line.len() - words.len();
    let is_row = words.contains(GAP);
    let (head, hang) = match last_column(line, indent, width) {
        Some(at) => (&line[..at], line[..at].width()),
        None => (&line[..indent], indent + if is_row { INDENT } else { 0 }),
    };
    let parts = wrapped(&line[head.len()..], width.saturating_sub(hang).max(1));
    let before = std::iter::once(head.to_owned()).chain(std::iter::repeat(" ".repeat(hang)));
    before.zip(parts).map(|(before, part)| format!("{before}{}", part.trim_end())).collect()
}

/// Where the last column of a row begins that has room enough.
fn last_column(line: &str, indent: usize, width: usize) -> Option<usize> {
    let starts = line.match_indices(|c| c != ' ').map(|(at, _)| at);
    let mut columns = starts.filter(|at| *at > indent && line[..*at].ends_with(GAP));
    columns.rfind(|at| line[..*at].width() + LEAST <= width)
}

/// Lines of at most this width, broken at spaces; a word that is longer than a line is broken, too, behind
/// a comma if it has one.
pub(super) fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    let mut used = 0;
    for word in text.split(' ') {
        let mut gap = usize::from(used > 0);
        for part in parts(word, width) {
            if used > 0 && used + gap + part.width() > width {
                lines.push(String::new());
                used = 0;
            } else if gap > 0 {
                push(&mut lines, " ");
                used += gap;
            }
            gap = 0;
            for c in part.chars() {
                let of_char = c.width().unwrap_or(0);
                if used > 0 && used + of_char > width {
                    lines.push(String::new());
                    used = 0;
                }
                push(&mut lines, c.encode_utf8(&mut [0; 4]));
                used += of_char;
            }
        }
    }
    lines
}

/// A word, or what it is made of where it fits no line.
fn parts(word: &str, width: usize) -> Vec<&str> {
    if word.width() <= width || !word.contains(',') {
        return vec![word];
    }
    word.split_inclusive(',').collect()
}

fn push(lines: &mut [String], text: &str) {
    if let Some(line) = lines.last_mut() {
        line.push_str(text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_broken_at_spaces_and_keeps_its_indent() {
        let text = "one two three\n  four five six\n";
        assert_eq!(lines(text, 9), "one two\nthree\n  four\n  five\n  six\n");
        assert_eq!(lines(text, 80), text);
    }

    #[test]
    fn a_command_stays_whole() {
        let text = "  userferry retry-failed --run";
        assert_eq!(lines(text, 10), text);
    }

    #[test]
    fn a_command_at_the_end_of_a_line_stays_whole_below_it() {
        let row =
            "Skip existing users:     userferry --db r.db retry-failed --run --on-conflict skip";
        assert_eq!(
            lines(row, 60),
            "Skip existing users:\n    userferry --db r.db retry-failed --run --on-conflict skip"
        );
        let told = "10 rows to send: userferry --db 'a table.db' run";
        assert_eq!(lines(told, 30), "10 rows to send:\n    userferry --db 'a table.db' run");
        // What goes on is no command alone.
        let prose = "why: userferry failures tells it; see there";
        assert_eq!(lines(prose, 30), "why: userferry failures tells\nit; see there");
    }

    #[test]
    fn the_last_column_of_a_row_is_wrapped_below_itself() {
        let row = "problem    mail: it has no @, or more than one\nnext";
        assert_eq!(
            lines(row, 36),
            "problem    mail: it has no @, or\n           more than one\nnext"
        );
        // Too little is left: the rest is set in.
        assert_eq!(lines(row, 30), "problem    mail: it has no\n    @, or more than one\nnext");
        let row = "  a_column_with_a_long_name_of_some_system  299  text  email";
        assert_eq!(
            lines(row, 50),
            "  a_column_with_a_long_name_of_some_system\n      299  text  email"
        );
    }

    #[test]
    fn what_has_no_spaces_is_broken_behind_commas() {
        let row = "sends      {\"email\":\"s…(34)\",\"nickname\":\"…(3)\",\"gender\":\"M\"}";
        let told = "sends      {\"email\":\"s…(34)\",\n           \"nickname\":\"…(3)\",\n           \"gender\":\"M\"}";
        assert_eq!(lines(row, 36), told);
    }

    #[test]
    fn no_line_is_wider_than_the_terminal_and_no_word_is_lost() {
        let text = "warning: users.csv: \u{5f20}\u{4e09}\u{5f20}\u{4e09} may not sign in  (10 of 601)\n   indented text";
        for width in 8..90 {
            let told = lines(text, width);
            assert!(told.split('\n').all(|line| line.width() <= width), "{width}: {told}");
            let packed = |text: &str| text.split_whitespace().collect::<String>();
            assert_eq!(packed(&told), packed(text), "{width}");
        }
    }
}
