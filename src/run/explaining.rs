//! Refusals that an authenticated read has to explain: those that wait for one, and those whose read is
//! under way. Pure.

use super::worker::Landing;

/// Refusals that are not understood yet.
#[derive(Debug, Default)]
pub(super) struct Explaining {
    waiting: Vec<Landing>,
    asked: Vec<Landing>,
}

impl Explaining {
    /// A refusal that the next read is to explain.
    pub(super) fn wait(&mut self, landing: Landing) {
        self.waiting.push(landing);
    }

    /// Whether refusals wait for a read, and none is under way.
    pub(super) fn is_due(&self) -> bool {
        self.asked.is_empty() && !self.waiting.is_empty()
    }

    /// A read leaves for all that wait.
    pub(super) fn ask(&mut self) {
        self.asked = std::mem::take(&mut self.waiting);
    }

    /// The read has ended: these are the refusals that it explains.
    pub(super) fn answered(&mut self) -> Vec<Landing> {
        std::mem::take(&mut self.asked)
    }

    /// The read that is under way is not waited for: its refusals wait again.
    pub(super) fn abandon(&mut self) {
        self.waiting.append(&mut self.asked);
    }

    /// No read may leave: takes out what waits. Unless the run `ends`, rows stay that are throttled
    /// alone: it is their own pause.
    pub(super) fn give_up(&mut self, ends: bool) -> Vec<Landing> {
        let (waiting, given_up) = std::mem::take(&mut self.waiting)
            .into_iter()
            .partition(|landing| !ends && landing.is_throttled());
        self.waiting = waiting;
        given_up
    }

    /// How many refusals the read under way is to explain.
    #[cfg(test)]
    pub(super) fn asked(&self) -> usize {
        self.asked.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::job::Outcome;
    use crate::run::worker::Landed;
    use crate::store::JobId;
    use crate::target::{Answer, Told};
    use crate::user::User;
    use std::time::Duration;

    fn landing(n: i64, outcome: Outcome) -> Landing {
        let (user, answer) = (User::default(), Answer::new(outcome));
        Landing {
            rows: vec![Landed { id: JobId(n), user, answer, wait: Duration::ZERO }],
            size: 1,
            request: None,
            whole: None,
            trial: None,
            sent_at: Duration::ZERO,
            ended_at: Duration::ZERO,
            told: Told::default(),
            gate_knows: false,
        }
    }

    /// Two refusals that wait, of which the second is throttled.
    fn two() -> Explaining {
        let mut explaining = Explaining::default();
        explaining.wait(landing(1, Outcome::Unexplained { about_token: false }));
        explaining.wait(landing(2, Outcome::Throttled));
        explaining
    }

    fn ids(landings: &[Landing]) -> Vec<i64> {
        landings.iter().flat_map(|landing| &landing.rows).map(|row| row.id.0).collect()
    }

    #[test]
    fn a_read_explains_what_had_come_when_it_left_and_the_next_one_leaves_after_it() {
        let mut explaining = Explaining::default();
        assert!(!explaining.is_due());
        explaining.wait(landing(1, Outcome::Throttled));
        assert!(explaining.is_due());
        explaining.ask();
        explaining.wait(landing(2, Outcome::Throttled));
        assert!(!explaining.is_due(), "one is under way");
        assert_eq!(ids(&explaining.answered()), [1]);
        assert!(explaining.is_due());
    }

    #[test]
    fn while_no_read_may_leave_only_throttled_rows_wait_on() {
        let mut explaining = two();
        assert_eq!(ids(&explaining.give_up(false)), [1]);
        assert_eq!(ids(&explaining.give_up(false)), [0; 0]);
        assert_eq!(ids(&explaining.give_up(true)), [2]);
    }

    #[test]
    fn refusals_of_an_abandoned_read_are_not_lost() {
        let mut explaining = two();
        explaining.ask();
        assert_eq!(ids(&explaining.give_up(true)), [0; 0], "their read is under way");
        explaining.abandon();
        assert_eq!(ids(&explaining.give_up(true)), [1, 2]);
    }
}
