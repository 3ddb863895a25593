//! What is asked for on the terminal: nothing where there is none, or where `--no-input` forbids it
//! (<https://clig.dev/#interactivity>).

use super::global::Global;
use crate::ui;
use rustix::process::{Signal, getpgrp, getpid, kill_current_process_group, kill_process};
use rustix::termios::{
    LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcgetpgrp, tcsetattr,
};
use secrecy::SecretString;
use std::io::{self, BufRead as _, IsTerminal as _, Stdin};

/// Asks for a text that is not shown while it is typed; none where nobody can be asked.
pub(super) fn unseen(global: &Global, question: &str) -> Option<io::Result<SecretString>> {
    let term = console::Term::stderr();
    if global.no_input || !term.is_term() || !io::stdin().is_terminal() {
        return None;
    }
    let asked = term.write_str(&ui::fitted(question, &term)).and_then(|()| {
        let asked = Hidden::typing(io::stdin()).and_then(|hidden| hidden.line());
        // That of the person was not shown.
        term.write_line("")?;
        asked
    });
    Some(asked.and_then(|typed| match typed {
        Typed::Line(line) => Ok(line),
        Typed::End(signal) => Err(end(signal)),
    }))
}

/// What a person typed.
enum Typed {
    Line(SecretString),
    /// What ends a program: Ctrl-C, or Ctrl-\.
    End(Signal),
}

/// Hides what is typed on a terminal until it is dropped. Ctrl-C is read as the end of a line, because its signal
/// would end the program before the terminal is restored.
struct Hidden {
    stdin: Stdin,
    before: Termios,
}

impl Hidden {
    fn typing(stdin: Stdin) -> io::Result<Self> {
        let before = tcgetattr(&stdin)?;
        let mut modes = before.clone();
        modes.local_modes.remove(LocalModes::ECHO | LocalModes::ISIG);
        for (end, code) in [
            (SpecialCodeIndex::VEOL, SpecialCodeIndex::VINTR),
            (SpecialCodeIndex::VEOL2, SpecialCodeIndex::VQUIT),
        ] {
            modes.special_codes[end] = before.special_codes[code];
        }
        let hidden = Self { stdin, before };
        tcsetattr(&hidden.stdin, OptionalActions::Flush, &modes)?;
        Ok(hidden)
    }

    /// The signal that a byte asks for; zero asks for none.
    fn signal(&self, byte: u8) -> Option<Signal> {
        let is = |code| byte != 0 && self.before.special_codes[code] == byte;
        if is(SpecialCodeIndex::VINTR) {
            return Some(Signal::INT);
        }
        is(SpecialCodeIndex::VQUIT).then_some(Signal::QUIT)
    }

    fn line(&self) -> io::Result<Typed> {
        let mut stdin = self.stdin.lock();
        let mut line = Vec::new();
        loop {
            let bytes = match stdin.fill_buf() {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                read => read?,
            };
            let is_end = |byte: &u8| *byte == b'\n' || self.signal(*byte).is_some();
            let at = bytes.iter().position(is_end);
            line.extend_from_slice(bytes.get(..at.unwrap_or(bytes.len())).unwrap_or_default());
            let end = at.and_then(|at| bytes.get(at).copied());
            let read = at.map_or(bytes.len(), |at| at + 1);
            stdin.consume(read);
            if let Some(signal) = end.and_then(|byte| self.signal(byte)) {
                return Ok(Typed::End(signal));
            }
            if end.is_some() || read == 0 {
                return text(line).map(Typed::Line);
            }
        }
    }
}

/// What a typed line says. A control key shows nothing, so what it typed would be an unseen part of the secret:
/// Ctrl-Z, which suspends nothing here, or an arrow.
fn text(line: Vec<u8>) -> io::Result<SecretString> {
    let refuse = |why| Err(io::Error::new(io::ErrorKind::InvalidData, why));
    let Ok(text) = String::from_utf8(line) else { return refuse("it is not UTF-8") };
    let text = text.trim_end_matches('\r');
    if text.contains(char::is_control) {
        return refuse("a control key was typed, such as Ctrl-Z or an arrow; begin again");
    }
    Ok(text.to_owned().into())
}

impl Drop for Hidden {
    fn drop(&mut self) {
        if let Err(error) = tcsetattr(&self.stdin, OptionalActions::Flush, &self.before) {
            tracing::warn!("the terminal cannot be put back as it was: {error}");
        }
    }
}

/// Ends as the terminal would have ended it, with all that runs beside it in front of this terminal. Where
/// it goes on all the same, nothing was typed.
fn end(signal: Signal) -> io::Error {
    let is_in_front = tcgetpgrp(io::stdin()).is_ok_and(|group| group == getpgrp());
    let ended = if is_in_front {
        kill_current_process_group(signal)
    } else {
        kill_process(getpid(), signal)
    };
    ended.err().map_or_else(|| io::ErrorKind::Interrupted.into(), io::Error::from)
}

/// Why nobody was asked.
pub(super) fn why_not(global: &Global) -> &'static str {
    if global.no_input { "--no-input forbids asking" } else { "there is no terminal to ask on" }
}
