//! Text for a terminal of a known width. Pure.

use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

/// A command that a person may copy stays on one line.
const COMMAND: &str = "userferry ";

/// The lines of a text, each broken at spaces where it is wider than the terminal. What follows a break is
/// indented as its line is.
pub(super) fn lines(text: &str, width: usize) -> String {
    let mut out: Vec<String> = Vec::new();
    for line in text.split('\n') {
        let words = line.trim_start_matches(' ');
        let indent = &line[..line.len() - words.len()];
        if line.width() <= width || words.starts_with(COMMAND) {
            out.push(line.to_owned());
            continue;
        }
        let room = width.saturating_sub(indent.len()).max(1);
        out.extend(wrapped(words, room).iter().map(|part| format!("{indent}{}", part.trim_end())));
    }
    out.join("\n")
}

/// Lines of at most this width, broken at spaces; a word that is longer than a line is broken, too.
pub(super) fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    let mut used = 0;
    for word in text.split(' ') {
        let gap = usize::from(used > 0);
        if used > 0 && used + gap + word.width() > width {
            lines.push(String::new());
            used = 0;
        } else if used > 0 {
            push(&mut lines, " ");
            used += gap;
        }
        for c in word.chars() {
            let of_char = c.width().unwrap_or(0);
            if used > 0 && used + of_char > width {
                lines.push(String::new());
                used = 0;
            }
            push(&mut lines, c.encode_utf8(&mut [0; 4]));
            used += of_char;
        }
    }
    lines
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
