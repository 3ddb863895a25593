//! Whether a run comes to its end before its work does: a signal, or a halt. Pure.

use crate::job::Halt;

/// What makes a run end.
#[derive(Debug, Default)]
pub(super) struct Ending {
    stopping: bool,
    at_once: bool,
    halt: Option<Halt>,
}

impl Ending {
    /// Nothing more is sent; what is in flight is waited for.
    pub(super) fn stop(&mut self) {
        self.stopping = true;
    }

    /// Nothing is waited for.
    pub(super) fn stop_at_once(&mut self) {
        self.stopping = true;
        self.at_once = true;
    }

    /// Halts. Whether this is the first reason to halt: it is the one that is told.
    pub(super) fn halt(&mut self, halt: Halt) -> bool {
        let is_first = self.halt.is_none();
        self.halt.get_or_insert(halt);
        is_first
    }

    /// Whether nothing more is sent.
    pub(super) fn has_begun(&self) -> bool {
        self.stopping || self.halt.is_some()
    }

    pub(super) fn is_halted(&self) -> bool {
        self.halt.is_some()
    }

    pub(super) fn is_stopping(&self) -> bool {
        self.stopping
    }

    pub(super) fn is_at_once(&self) -> bool {
        self.at_once
    }

    /// Why the run has halted, if it has.
    pub(super) fn take_halt(&mut self) -> Option<Halt> {
        self.halt.take()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn halt(message: &str) -> Halt {
        Halt { message: message.to_owned(), hint: String::new() }
    }

    #[test]
    fn the_first_reason_to_halt_is_told() {
        let mut ending = Ending::default();
        assert!(!ending.has_begun() && !ending.is_halted());
        assert!(ending.halt(halt("first")) && !ending.halt(halt("second")));
        assert!(ending.has_begun() && ending.is_halted() && !ending.is_stopping());
        assert_eq!(ending.take_halt(), Some(halt("first")));
    }

    #[test]
    fn a_second_signal_ends_at_once() {
        let mut ending = Ending::default();
        ending.stop();
        assert!(ending.has_begun() && ending.is_stopping() && !ending.is_at_once());
        ending.stop_at_once();
        assert!(ending.is_stopping() && ending.is_at_once() && !ending.is_halted());
    }
}
