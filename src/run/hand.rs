//! The claimed jobs that have no outcome yet: those that wait for the gate, and those in flight. Pure.

use crate::clock::Moment;
use crate::job::Job;
use crate::provider::{BatchKey, Batching};
use crate::store::JobId;
use crate::user::User;
use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::time::Duration;

/// A request that is not full waits this long for more rows.
const GATHER: Duration = Duration::from_millis(20);
/// Rows that have waited for so long go before those that fill a request.
const PATIENCE: Duration = Duration::from_secs(1);

/// What is known of a claimed job that has no outcome yet.
#[derive(Debug)]
pub(super) struct InHand {
    pub sends: u32,
    pub job: Job,
    /// No send before this claim can have arrived.
    pub is_first: bool,
    pub sent_at: Option<Moment>,
    /// The number of the request that it left in, where that had several rows.
    pub request: Option<i64>,
    /// Of its record.
    pub bytes: usize,
}

/// A claimed job that waits for the gate.
#[derive(Debug)]
pub(super) struct Ready {
    pub id: JobId,
    pub user: User,
    /// Since when.
    pub since: Moment,
    /// How many came before it.
    turn: u64,
}

/// Only rows of one lane share a request: those that the provider takes together, and of which as many may.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Lane {
    key: BatchKey,
    limit: usize,
}

/// What a run has in its hands.
#[derive(Debug, Default)]
pub(super) struct Hand {
    ready: BTreeMap<Lane, VecDeque<Ready>>,
    waiting: usize,
    turns: u64,
    /// Claimed and not recorded yet, ready or in flight.
    pub(super) claims: HashMap<JobId, InHand>,
    /// Of their records.
    bytes: usize,
}

impl Hand {
    /// A job was claimed.
    pub(super) fn take_in(&mut self, id: JobId, in_hand: InHand) {
        self.bytes += in_hand.bytes;
        self.claims.insert(id, in_hand);
    }

    /// It waits for the gate; a request with it may have so many rows.
    pub(super) fn line_up(
        &mut self,
        id: JobId,
        user: User,
        limit: usize,
        batch: &Batching,
        now: Moment,
    ) {
        let lane = Lane { key: (batch.key)(&user), limit };
        self.turns += 1;
        let ready = Ready { id, user, since: now, turn: self.turns };
        self.ready.entry(lane).or_default().push_back(ready);
        self.waiting += 1;
    }

    /// When the next request may leave: at once where it is full or nothing more can join it, else a little later,
    /// in case others do.
    pub(super) fn leaves_at(&self, most: usize, is_all: bool) -> Option<Moment> {
        let leaves = |(lane, rows): (&Lane, &VecDeque<Ready>)| {
            let first = rows.front()?;
            let waits = !is_all && rows.len() < lane.limit.min(most);
            Some(if waits { first.since + GATHER } else { Moment::ZERO })
        };
        self.ready.iter().filter_map(leaves).min()
    }

    /// The next request leaves, of `most` rows and bytes at most, if one may. `is_all`: nothing more can join.
    pub(super) fn send(
        &mut self,
        now: Moment,
        (most, most_bytes): (usize, usize),
        is_all: bool,
        batch: &Batching,
    ) -> Vec<Ready> {
        let Some(lane) = self.next_lane(now, most, is_all) else { return Vec::new() };
        let Some(line) = self.ready.get_mut(&lane) else { return Vec::new() };
        let most_bytes = batch.max_bytes.min(most_bytes);
        let rows = fill(line, (most.min(lane.limit), most_bytes), batch);
        if line.is_empty() {
            self.ready.remove(&lane);
        }
        self.waiting -= rows.len();
        for row in &rows {
            if let Some(in_hand) = self.claims.get_mut(&row.id) {
                in_hand.sent_at = Some(now);
            }
        }
        rows
    }

    /// The number of the request in which these rows leave.
    pub(super) fn number(&mut self, rows: &[Ready], request: Option<i64>) {
        for row in rows {
            if let Some(in_hand) = self.claims.get_mut(&row.id) {
                in_hand.request = request;
            }
        }
    }

    /// Which rows leave next: those that have waited for too long, else those that fill a request, else those whose
    /// time to gather is over; of several the first that came.
    fn next_lane(&self, now: Moment, most: usize, is_all: bool) -> Option<Lane> {
        let rank = |(lane, rows): &(&Lane, &VecDeque<Ready>)| {
            let first = rows.front()?;
            let waited = now.saturating_sub(first.since);
            let rank = if waited >= PATIENCE {
                0
            } else if rows.len() >= lane.limit.min(most) {
                1
            } else if is_all || waited >= GATHER {
                2
            } else {
                return None;
            };
            Some((rank, first.turn))
        };
        let lanes = self.ready.iter().filter_map(|entry| Some((rank(&entry)?, entry.0)));
        lanes.min().map(|(_, lane)| lane.clone())
    }

    /// Takes the latest that wait for the gate out of the line, all but `keep`.
    pub(super) fn beyond(&mut self, keep: usize) -> Vec<JobId> {
        let mut back = Vec::new();
        while self.waiting > keep {
            let latest = self.ready.iter().max_by_key(|(_, rows)| rows.back().map(|row| row.turn));
            let Some(lane) = latest.map(|(lane, _)| lane.clone()) else { break };
            let Some(rows) = self.ready.get_mut(&lane) else { break };
            back.extend(rows.pop_back().map(|row| row.id));
            if rows.is_empty() {
                self.ready.remove(&lane);
            }
            self.waiting -= 1;
        }
        back.reverse();
        back
    }

    /// A job has its outcome.
    pub(super) fn put_down(&mut self, id: JobId) -> Option<InHand> {
        let in_hand = self.claims.remove(&id)?;
        self.bytes -= in_hand.bytes;
        Some(in_hand)
    }

    pub(super) fn get(&self, id: JobId) -> Option<&InHand> {
        self.claims.get(&id)
    }

    pub(super) fn ids(&self) -> Vec<JobId> {
        self.claims.keys().copied().collect()
    }

    /// How many wait for the gate.
    pub(super) fn ready(&self) -> usize {
        self.waiting
    }

    /// How many are claimed, ready or in flight.
    pub(super) fn len(&self) -> usize {
        self.claims.len()
    }

    /// How many bytes their records have.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    pub(super) fn is_empty(&self) -> bool {
        self.claims.is_empty()
    }
}

/// Takes rows out of a line for one request: no more than `most`, nor more bytes than the provider takes, and no two
/// that it would hold for the same user. The first always goes.
fn fill(
    line: &mut VecDeque<Ready>,
    (most, most_bytes): (usize, usize),
    batch: &Batching,
) -> Vec<Ready> {
    let Some(first) = line.pop_front() else { return Vec::new() };
    if most <= 1 {
        return vec![first];
    }
    let mut bytes = first.user.bytes();
    let mut taken: HashSet<String> = (batch.folded)(&first.user).into_iter().collect();
    let mut rows = vec![first];
    let mut at = 0;
    while rows.len() < most && at < line.len() {
        let user = &line[at].user;
        let more = user.bytes();
        if bytes + more > most_bytes {
            at += 1;
            continue;
        }
        let names = (batch.folded)(user);
        if names.iter().any(|name| taken.contains(name)) {
            at += 1;
            continue;
        }
        bytes += more;
        taken.extend(names);
        rows.extend(line.remove(at));
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::user::IdKind;
    use std::sync::Arc;

    const NOW: Moment = Duration::from_secs(7);

    fn user(n: i64) -> User {
        let mut user = User::default();
        user.identifiers.set(IdKind::ExternalId, &n.to_string());
        user
    }

    fn line_up(hand: &mut Hand, n: i64, user: User, limit: usize, batch: &Batching, now: Moment) {
        let job = Job { spent: 0, first_sent_ms: None, had_unknown: false, duplicate: false };
        hand.take_in(
            JobId(n),
            InHand { sends: 1, job, is_first: true, sent_at: None, request: None, bytes: 0 },
        );
        hand.line_up(JobId(n), user, limit, batch, now);
    }

    fn hand(rows: i64, batch: &Batching) -> Hand {
        let mut hand = Hand::default();
        (1..=rows).for_each(|n| line_up(&mut hand, n, user(n), batch.most, batch, NOW));
        hand
    }

    fn ids(rows: &[Ready]) -> Vec<i64> {
        rows.iter().map(|row| row.id.0).collect()
    }

    #[test]
    fn the_first_that_was_claimed_leaves_first_and_stays_in_hand() {
        let single = Batching::of(1, 1);
        let mut hand = hand(3, &single);
        assert_eq!(hand.leaves_at(1, false), Some(Moment::ZERO));
        assert_eq!(ids(&hand.send(NOW, (1, usize::MAX), false, &single)), [1]);
        assert_eq!((hand.ready(), hand.len()), (2, 3));
        let sent_at = |id| hand.get(JobId(id)).and_then(|in_hand| in_hand.sent_at);
        assert_eq!((sent_at(1), sent_at(2)), (Some(NOW), None));
        assert!(hand.put_down(JobId(1)).is_some() && hand.put_down(JobId(1)).is_none());
        assert_eq!(hand.len(), 2);
    }

    #[test]
    fn the_latest_go_back() {
        let mut hand = hand(3, &Batching::of(1, 1));
        assert_eq!(hand.beyond(5), []);
        assert_eq!(hand.beyond(1), [JobId(2), JobId(3)]);
        assert_eq!((hand.ready(), hand.len()), (1, 3), "until their outcome is written");
    }

    #[test]
    fn a_request_leaves_when_it_is_full_or_nothing_can_join_or_its_time_to_gather_is_over() {
        let four = Batching::of(4, 80);
        let mut hand = hand(6, &four);
        assert_eq!(ids(&hand.send(NOW, (4, usize::MAX), false, &four)), [1, 2, 3, 4]);
        assert_eq!(hand.leaves_at(4, false), Some(NOW + GATHER));
        assert!(hand.send(NOW, (4, usize::MAX), false, &four).is_empty());
        assert_eq!(hand.leaves_at(4, true), Some(Moment::ZERO), "nothing can join");
        assert_eq!(hand.leaves_at(2, false), Some(Moment::ZERO), "no more than two may");
        assert_eq!(
            ids(&hand.send(NOW + GATHER, (1, usize::MAX), false, &four)),
            [5],
            "a trial has one row"
        );
        assert_eq!(ids(&hand.send(NOW, (4, usize::MAX), true, &four)), [6]);
        assert_eq!((hand.ready(), hand.leaves_at(4, true)), (0, None));
    }

    #[test]
    fn only_rows_of_one_key_and_of_one_limit_share_a_request() {
        let mut two = Batching::of(2, 80);
        two.key = Arc::new(|user| user.identifiers.email.clone());
        let mut hand = Hand::default();
        for (n, key, limit) in [(1, "a", 2), (2, "b", 2), (3, "b", 1), (4, "a", 2), (5, "b", 2)] {
            let mut user = user(n);
            user.identifiers.set(IdKind::Email, key);
            line_up(&mut hand, n, user, limit, &two, NOW);
        }
        two.folded = Arc::new(|_| Vec::new());
        let sent: Vec<Vec<i64>> =
            (0..3).map(|_| ids(&hand.send(NOW, (2, usize::MAX), false, &two))).collect();
        assert_eq!(sent, [vec![1, 4], vec![2, 5], vec![3]]);
    }

    #[test]
    fn rows_that_have_waited_for_a_second_go_before_full_requests() {
        let mut two = Batching::of(2, 80);
        two.key = Arc::new(|user| user.identifiers.email.clone());
        let mut hand = Hand::default();
        let later = NOW + PATIENCE;
        for (n, key, since) in [(1, "rare", NOW), (2, "often", later), (3, "often", later)] {
            let mut user = user(n);
            user.identifiers.set(IdKind::Email, key);
            line_up(&mut hand, n, user, 2, &two, since);
        }
        two.folded = Arc::new(|_| Vec::new());
        let just_before = later.saturating_sub(Duration::from_millis(1));
        let mut first = |now| ids(&hand.send(now, (2, usize::MAX), false, &two));
        assert_eq!(first(just_before), [2, 3]);
        assert_eq!(first(later), [1]);
    }

    #[test]
    fn users_whom_the_provider_would_hold_for_one_never_travel_together() {
        let three = Batching::of(3, 80);
        let mut hand = Hand::default();
        for (n, mail) in [(1, "A@x.org"), (2, "a@x.org"), (3, "b@x.org")] {
            let mut user = user(n);
            user.identifiers.username = Some(mail.to_owned());
            line_up(&mut hand, n, user, 3, &three, NOW);
        }
        assert_eq!(ids(&hand.send(NOW, (3, usize::MAX), true, &three)), [1, 3]);
        assert_eq!(ids(&hand.send(NOW, (3, usize::MAX), true, &three)), [2]);
    }

    #[test]
    fn a_request_has_no_more_bytes_than_the_provider_takes_unless_of_one_user() {
        let mut three = Batching::of(3, 80);
        three.max_bytes = 2 * user(1).bytes();
        let mut hand = hand(3, &three);
        assert_eq!(ids(&hand.send(NOW, (3, usize::MAX), true, &three)), [1, 2]);
        three.max_bytes = 0;
        assert_eq!(ids(&hand.send(NOW, (3, usize::MAX), true, &three)), [3]);
    }
}
