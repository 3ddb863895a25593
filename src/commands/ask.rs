//! What is asked for on the terminal: nothing where there is none, or where `--no-input` forbids it
//! (<https://clig.dev/#interactivity>).

use super::global::Global;
use secrecy::SecretString;
use std::io::{self, IsTerminal as _};

/// Asks for a text that is not shown while it is typed; none where nobody can be asked.
pub(super) fn unseen(global: &Global, question: &str) -> Option<io::Result<SecretString>> {
    let term = console::Term::stderr();
    if global.no_input || !term.is_term() || !io::stdin().is_terminal() {
        return None;
    }
    let asked = term.write_str(question).and_then(|()| term.read_secure_line());
    Some(asked.map(SecretString::from))
}

/// Why nobody was asked.
pub(super) fn why_not(global: &Global) -> &'static str {
    if global.no_input { "--no-input forbids asking" } else { "there is no terminal to ask on" }
}
