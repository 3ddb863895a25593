//! The claimed jobs that have no outcome yet: those that wait for the gate, and those in flight. Pure.

use crate::clock::Moment;
use crate::job::Job;
use crate::store::JobId;
use crate::user::User;
use std::collections::{HashMap, VecDeque};

/// What is known of a claimed job that has no outcome yet.
#[derive(Debug)]
pub(super) struct InHand {
    pub sends: u32,
    pub job: Job,
    /// No send before this claim can have arrived.
    pub is_first: bool,
    pub sent_at: Option<Moment>,
}

/// A claimed job that waits for the gate.
#[derive(Debug)]
pub(super) struct Ready {
    pub id: JobId,
    pub user: User,
}

/// What a run has in its hands.
#[derive(Debug, Default)]
pub(super) struct Hand {
    pub(super) ready: VecDeque<Ready>,
    /// Claimed and not recorded yet, ready or in flight.
    pub(super) claims: HashMap<JobId, InHand>,
}

impl Hand {
    /// A job was claimed.
    pub(super) fn take_in(&mut self, id: JobId, in_hand: InHand) {
        self.claims.insert(id, in_hand);
    }

    /// It waits for the gate.
    pub(super) fn line_up(&mut self, id: JobId, user: User) {
        self.ready.push_back(Ready { id, user });
    }

    /// The next one leaves.
    pub(super) fn send(&mut self, now: Moment) -> Option<Ready> {
        let ready = self.ready.pop_front()?;
        if let Some(in_hand) = self.claims.get_mut(&ready.id) {
            in_hand.sent_at = Some(now);
        }
        Some(ready)
    }

    /// Takes the latest that wait for the gate out of the line, all but `keep`.
    pub(super) fn beyond(&mut self, keep: usize) -> Vec<JobId> {
        self.ready.split_off(self.ready.len().min(keep)).into_iter().map(|it| it.id).collect()
    }

    /// A job has its outcome.
    pub(super) fn put_down(&mut self, id: JobId) -> Option<InHand> {
        self.claims.remove(&id)
    }

    pub(super) fn get(&self, id: JobId) -> Option<&InHand> {
        self.claims.get(&id)
    }

    pub(super) fn ids(&self) -> Vec<JobId> {
        self.claims.keys().copied().collect()
    }

    /// How many wait for the gate.
    pub(super) fn ready(&self) -> usize {
        self.ready.len()
    }

    /// How many are claimed, ready or in flight.
    pub(super) fn len(&self) -> usize {
        self.claims.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.claims.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn hand() -> Hand {
        let mut hand = Hand::default();
        for id in [1, 2, 3].map(JobId) {
            let job = Job { spent: 0, first_sent_ms: None, had_unknown: false, duplicate: false };
            hand.take_in(id, InHand { sends: 1, job, is_first: true, sent_at: None });
            hand.line_up(id, User::default());
        }
        hand
    }

    #[test]
    fn the_first_that_was_claimed_leaves_first_and_stays_in_hand() {
        let (mut hand, now) = (hand(), Duration::from_secs(7));
        assert_eq!(hand.send(now).map(|ready| ready.id), Some(JobId(1)));
        assert_eq!((hand.ready(), hand.len()), (2, 3));
        let sent_at = |id| hand.get(JobId(id)).and_then(|in_hand| in_hand.sent_at);
        assert_eq!((sent_at(1), sent_at(2)), (Some(now), None));
        assert!(hand.put_down(JobId(1)).is_some() && hand.put_down(JobId(1)).is_none());
        assert_eq!(hand.len(), 2);
    }

    #[test]
    fn the_latest_go_back() {
        let mut hand = hand();
        assert_eq!(hand.beyond(5), []);
        assert_eq!(hand.beyond(1), [JobId(2), JobId(3)]);
        assert_eq!((hand.ready(), hand.len()), (1, 3), "until their outcome is written");
    }
}
