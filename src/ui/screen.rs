//! The terminal under a progress bar, with room left for what the terminal itself writes there.

use console::Term;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle, TermLike};
use std::io;

/// A terminal echoes Ctrl-C as `^C` behind the bar, and there is room for it twice. Without room the echo
/// wraps, the cursor is one line lower than the bar, and clearing the bar would leave it standing.
const ECHO_COLUMNS: u16 = 4;
/// At most so many drawings a second.
const HZ: u8 = 10;

/// A terminal that says it is narrower than it is.
#[derive(Debug)]
struct Screen<T>(T);

impl<T: TermLike> TermLike for Screen<T> {
    fn width(&self) -> u16 {
        without_echo(self.0.width())
    }

    fn height(&self) -> u16 {
        self.0.height()
    }

    fn move_cursor_up(&self, n: usize) -> io::Result<()> {
        self.0.move_cursor_up(n)
    }

    fn move_cursor_down(&self, n: usize) -> io::Result<()> {
        self.0.move_cursor_down(n)
    }

    fn move_cursor_right(&self, n: usize) -> io::Result<()> {
        self.0.move_cursor_right(n)
    }

    fn move_cursor_left(&self, n: usize) -> io::Result<()> {
        self.0.move_cursor_left(n)
    }

    fn write_line(&self, s: &str) -> io::Result<()> {
        self.0.write_line(s)
    }

    fn write_str(&self, s: &str) -> io::Result<()> {
        self.0.write_str(s)
    }

    fn clear_line(&self) -> io::Result<()> {
        self.0.clear_line()
    }

    fn flush(&self) -> io::Result<()> {
        self.0.flush()
    }
}

/// A progress line on standard error. Its message is the whole line: see [`super::bar::draw`].
pub(super) fn line() -> ProgressBar {
    line_on(Term::buffered_stderr())
}

fn line_on(terminal: impl TermLike + 'static) -> ProgressBar {
    let target = ProgressDrawTarget::term_like_with_hz(Box::new(Screen(terminal)), HZ);
    let bar = ProgressBar::with_draw_target(None, target);
    // Only a malformed template fails, and then indicatif's own bar is shown.
    if let Ok(style) = ProgressStyle::with_template("{msg}") {
        bar.set_style(style);
    }
    bar
}

/// The columns that a line on standard error may take.
pub(super) fn width() -> usize {
    usize::from(without_echo(Term::stderr().size().1))
}

fn without_echo(columns: u16) -> u16 {
    columns.saturating_sub(ECHO_COLUMNS).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use indicatif::InMemoryTerm;

    /// Draws a line as wide as it may be, lets the terminal echo, and clears it.
    fn left_over(columns: u16, echo: &str, drawn_again: bool) -> String {
        let terminal = InMemoryTerm::new(10, columns);
        let bar = line_on(terminal.clone());
        let widest = usize::from(without_echo(columns)) - 1;
        let message = |done: u32| format!("{:x<widest$}", format!("{done} of 80 "));
        bar.set_message(message(12));
        bar.force_draw();
        assert!(terminal.contents().contains("12 of"), "{}", terminal.contents());
        terminal.write_str(echo).expect("write");
        if drawn_again {
            bar.set_message(message(13));
            bar.force_draw();
        }
        bar.finish_and_clear();
        terminal.contents()
    }

    #[test]
    fn ctrl_c_leaves_no_stale_bar() {
        for columns in [20, 60, 80, 120] {
            for echo in ["", "^C", "^C^C"] {
                for drawn_again in [false, true] {
                    assert_eq!(left_over(columns, echo, drawn_again), "", "{columns} {echo}");
                }
            }
        }
    }

    #[test]
    fn without_the_room_a_bar_would_stay() {
        // What the test above would show if the room were gone.
        assert_ne!(left_over(60, "^C^C^C", false), "");
    }
}
