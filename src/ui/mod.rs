//! What people see: standard output for what a pipe wants, standard error for the rest.

pub mod again;
mod bar;
pub mod progress;
mod screen;
pub mod table;
mod wrap;

use crate::error::{Error, Exit, Result};
use again::Again;
use std::borrow::Cow;
use std::io::{self, IsTerminal, Write};

/// The terminal, or what stands in for it.
#[derive(Clone, Copy, Debug)]
pub struct Ui {
    quiet: bool,
    verbose: bool,
    color: bool,
    /// Flags that the commands in messages need to lead to the same job table.
    again: Again,
}

impl Ui {
    /// `color`: whether colours are wanted; none where the terminal and the environment decide.
    pub fn new(is_quiet: bool, is_verbose: bool, color: Option<bool>) -> Self {
        let by_default = || {
            io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|v| v.is_empty())
        };
        let color = color.unwrap_or_else(by_default);
        Self { quiet: is_quiet, verbose: is_verbose, color, again: Again::default() }
    }

    /// The commands that messages name get these flags.
    #[must_use]
    pub fn with_flags(self, again: Again) -> Self {
        Self { again, ..self }
    }

    /// A text for people, whose commands lead to the same job table.
    pub fn led_on<'a>(&self, text: &'a str) -> Cow<'a, str> {
        if self.again.is_empty() { text.into() } else { self.again.put_into(text).into() }
    }

    /// Whether colours are wanted.
    pub fn has_color(&self) -> bool {
        self.color
    }

    /// Whether a bar may be drawn: on a terminal, and where no log would run through it.
    pub fn has_bar(&self) -> bool {
        !self.quiet && !self.verbose && io::stderr().is_terminal()
    }

    /// Writes to standard output. A reader that has gone away ends the command quietly, exit 0.
    pub fn out(&self, text: &str) -> Result<()> {
        written(io::stdout().lock().write_all(text.as_bytes()))
    }

    /// Writes a table to standard output, whose last column is wrapped where that is a terminal.
    pub fn table(&self, header: &[&str], rows: &[Vec<String>]) -> Result<()> {
        let terminal = console::Term::stdout();
        let width = terminal.is_term().then(|| usize::from(terminal.size().1));
        self.out(&table::fitted(header, rows, width))
    }

    /// Writes a text for people to standard output: broken at spaces where that is a terminal.
    pub fn tell(&self, text: &str) -> Result<()> {
        self.out(&self.fitted(text))
    }

    /// A text for people as standard output takes it.
    pub fn fitted(&self, text: &str) -> String {
        fitted(&self.led_on(text), &console::Term::stdout())
    }

    /// Writes a line to standard error, unless it was asked to be quiet.
    pub fn note(&self, text: &str) {
        if !self.quiet {
            self.line(&fitted(&self.led_on(text), &console::Term::stderr()));
        }
    }

    /// Writes a warning to standard error.
    pub fn warn(&self, text: &str) {
        self.labelled("warning:", "33", text);
    }

    /// Writes an error and its way out to standard error.
    pub fn error(&self, error: &Error) {
        self.labelled("error:", "1;31", &error.message);
        if let Some(hint) = &error.hint {
            self.line("");
            self.labelled("hint:", "36", hint);
        }
    }

    /// A label in a colour, which has no width, and a text behind it.
    fn labelled(&self, label: &str, color: &str, text: &str) {
        let text = self.led_on(text);
        let told = fitted(&format!("{label} {text}"), &console::Term::stderr());
        let rest = told.strip_prefix(label).unwrap_or(&told);
        self.line(&format!("{}{rest}", self.paint(label, color)));
    }

    /// A text in a colour, where colours are wanted.
    pub fn paint(&self, text: &str, code: &str) -> String {
        if self.color { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }

    #[expect(clippy::unused_self, reason = "all output goes through here")]
    fn line(&self, text: &str) {
        // Nobody is left to be told that standard error is gone.
        drop(writeln!(io::stderr().lock(), "{text}"));
    }
}

/// A text, broken at spaces where it is wider than the terminal; as it is where there is none.
pub fn fitted(text: &str, terminal: &console::Term) -> String {
    match terminal.size_checked() {
        Some((_, width)) if terminal.is_term() => wrap::lines(text, usize::from(width)),
        _ => text.to_owned(),
    }
}

/// Turns a failure to write to standard output into the end of the command.
pub fn written(result: io::Result<()>) -> Result<()> {
    result.map_err(|error| {
        if error.kind() == io::ErrorKind::BrokenPipe {
            Error::new(Exit::Done, "")
        } else {
            Error::internal(format!("standard output cannot be written: {error}"))
        }
    })
}
