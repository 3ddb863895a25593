//! Transactions of the run: when one starts, how much it claims, and what comes back.

use super::hand::InHand;
use super::outbox::Batch;
use super::{Mapper, Runner};
use crate::clock::Moment;
use crate::error::Error;
use crate::failpoint;
use crate::problem::Problem;
use crate::store::{Claim, JobId, Running, StoreError, Tick, Ticked};
use crate::user::User;
use crate::words::{agree, counted};
use std::sync::Arc;
use std::time::Duration;

/// A commit waits this long for company.
pub(super) const GATHER: Duration = Duration::from_millis(20);
/// At most this much goes into one transaction, unless a request has more rows.
const TOGETHER: usize = 500;
/// Records of so many bytes may be in hand, whatever the settings.
const BYTES_IN_HAND: usize = 32 << 20;
/// The most doubts while which rows are claimed: doubts are settled before more are made.
const DOUBTS_MOST: usize = 20_000;

/// A claimed job with the user to send, or the first reason why it cannot be sent.
pub(super) struct Mapped {
    pub(super) id: JobId,
    pub(super) in_hand: InHand,
    pub(super) user: Result<User, Problem>,
}

impl Mapped {
    pub(super) fn new(claim: &Claim, mapper: &Mapper) -> Self {
        let (user, problems) = mapper(&claim.raw);
        let Claim { id, sends, job, is_first, .. } = *claim;
        let user = problems.into_iter().next().map_or(Ok(user), Err);
        Self {
            id,
            in_hand: InHand {
                sends,
                job,
                is_first,
                sent_at: None,
                request: None,
                bytes: claim.raw.len(),
            },
            user,
        }
    }
}

pub(super) type Committed<S> = (S, Result<(Ticked, Vec<Mapped>), StoreError>, Commit);

/// What a transaction was about.
pub(super) struct Commit {
    pub(super) asked: usize,
    pub(super) records: usize,
}

/// What waits for a transaction. Pure: time comes from outside.
#[derive(Clone, Copy, Debug, Default)]
struct Waiting {
    /// Outcomes to write, and since when the first has waited.
    outbox: usize,
    since: Option<Moment>,
    /// Whether rows are to be taken back.
    take_back: bool,
    /// Jobs to claim, and those that are claimed and wait for the gate.
    claim: usize,
    ready: usize,
    in_flight: usize,
}

impl Waiting {
    /// Whether it starts now: when half the width has gathered, a while after the first, or at once
    /// where waiting gains nothing.
    fn is_due(&self, now: Moment, width: usize, together: usize) -> bool {
        if self.outbox == 0 && !self.take_back {
            return self.claim > 0;
        }
        // Nobody is on the way who could join, or nothing is left to send.
        let is_idle = self.in_flight == 0 || (self.claim > 0 && self.ready == 0);
        is_idle
            || self.take_back
            || self.outbox >= (width / 2).clamp(1, together)
            || self.since.is_some_and(|since| now >= since + GATHER)
    }
}

/// What a run has in its hands. Pure.
#[derive(Clone, Copy, Debug)]
struct Hands {
    /// Claimed, and waiting for the gate.
    ready: usize,
    /// Claimed, and not written when the transaction ends: these and more.
    unrecorded: usize,
    doubts: usize,
    /// What the limit leaves to claim.
    budget: usize,
}

impl Hands {
    /// How many jobs to claim where the gate lets `wanted` through: no more than can start soon, and at most
    /// twice as many in hand altogether as may be in flight, so that after a crash only those few are in doubt.
    fn claims(&self, wanted: usize, width: usize) -> usize {
        // Doubts are settled before more are made.
        let doubts_most = width.saturating_mul(20).clamp(1_000, DOUBTS_MOST);
        if self.doubts >= doubts_most || self.ready > wanted / 2 {
            return 0;
        }
        let room = width.saturating_mul(2).saturating_sub(self.unrecorded);
        wanted.saturating_sub(self.ready).min(room).min(self.budget)
    }
}

impl<S: Running> Runner<S> {
    /// Starts a transaction when there is enough to write, or jobs are wanted.
    pub(super) fn start_commit(&mut self, now: Moment) {
        if self.commit.is_some() {
            return;
        }
        let claim = self.claims_wanted(now);
        let waiting = Waiting {
            outbox: self.outbox.len(),
            since: self.outbox.since(),
            take_back: self.outbox.takes_back(),
            claim,
            ready: self.hand.ready(),
            in_flight: self.gate.in_flight(),
        };
        if !waiting.is_due(now, self.rows_in_flight(), self.together()) {
            return;
        }
        let Some(mut store) = self.store.take() else { return };
        let Batch { records, take_back } = self.outbox.take(self.together(), now);
        if !records.is_empty() {
            failpoint::hit("before-record");
        }
        let now_ms = self.clock.to_ms(now);
        let target_now_ms = self.targets_clock.at(now_ms);
        let (run, rate_per_s) = (self.run, self.books.per_s(now));
        let claim_bytes = BYTES_IN_HAND.saturating_sub(self.hand.bytes());
        let only = self.ahead.due(now_ms, claim);
        let commit = Commit { asked: claim, records: records.len() };
        let mapper = Arc::clone(&self.mapper);
        self.commit = Some(tokio::task::spawn_blocking(move || {
            let tick = Tick {
                run,
                now_ms,
                target_now_ms,
                records: &records,
                take_back: &take_back,
                claim,
                claim_bytes,
                only: only.as_deref(),
                rate_per_s,
            };
            let ticked = store.tick(&tick).and_then(|mut ticked| {
                if only.is_none() && (ticked.claims.len() < claim || claim == 0) {
                    ticked.outlook = Some(store.outlook()?);
                }
                // Here, for programs of the mapping may take their time.
                let claims = std::mem::take(&mut ticked.claims);
                let mapped = claims.iter().map(|claim| Mapped::new(claim, &mapper)).collect();
                Ok((ticked, mapped))
            });
            (store, ticked, commit)
        }));
    }

    /// How many jobs the limit leaves to claim.
    pub(super) fn budget(&self) -> usize {
        self.settings.limit.map_or(usize::MAX, |limit| {
            let under_way =
                u64::try_from(self.hand.len() + self.doubts.open() + self.doubts.own_held())
                    .unwrap_or(u64::MAX);
            let left = limit.saturating_sub(self.books.totals.settled).saturating_sub(under_way);
            usize::try_from(left).unwrap_or(usize::MAX)
        })
    }

    /// How many rows may be in flight.
    fn rows_in_flight(&self) -> usize {
        self.settings.width.saturating_mul(self.settings.batching.most)
    }

    /// How much goes into one transaction, at most.
    fn together(&self) -> usize {
        TOGETHER.max(self.settings.batching.most)
    }

    /// How many jobs to claim now.
    fn claims_wanted(&self, now: Moment) -> usize {
        if self.ending.has_begun() || self.ahead.idle_until(now).is_some() {
            return 0;
        }
        if self.hand.bytes() >= BYTES_IN_HAND {
            return 0;
        }
        let wanted = self.may_wait(now);
        let hands = Hands {
            ready: self.hand.ready(),
            // What the transaction itself writes makes room for what it claims.
            unrecorded: self.hand.len() + self.outbox.len().saturating_sub(self.together()),
            doubts: self.doubts.open(),
            budget: self.budget(),
        };
        hands.claims(wanted, self.rows_in_flight())
    }

    pub(super) fn on_commit(&mut self, (store, ticked, commit): Committed<S>) -> Result<(), Error> {
        self.store = Some(store);
        let (ticked, mapped) = ticked?;
        let Commit { records, asked, .. } = commit;
        tracing::debug!(records, asked, claimed = mapped.len(), "commit");
        if ticked.fenced > 0 {
            self.monitor.note(&format!(
                "{} {} dropped",
                counted(ticked.fenced as u64, "late outcome"),
                agree(ticked.fenced as u64, "was", "were")
            ));
        }
        if !mapped.is_empty() {
            failpoint::hit("after-claim");
        }
        let claimed = mapped.iter().map(|one| one.id);
        let unwritten_ms = self.outbox.next_due_ms();
        self.ahead.committed(claimed, ticked.outlook, unwritten_ms, self.clock);
        for one in mapped {
            self.take_in(one);
        }
        if self.ending.has_begun() {
            self.give_back_ready();
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WIDTH: usize = 10;

    #[test]
    fn a_transaction_waits_for_company_but_not_for_nothing() {
        let now = Duration::from_secs(9);
        let since = |ms| Some(now.saturating_sub(Duration::from_millis(ms)));
        let is_due = |waiting: Waiting| waiting.is_due(now, WIDTH, TOGETHER);
        let nothing = Waiting { in_flight: 3, ready: 3, ..Waiting::default() };
        let one = Waiting { outbox: 1, since: since(19), ..nothing };
        assert!(!is_due(nothing) && is_due(Waiting { claim: 1, ..nothing }), "only to claim");
        assert!(!is_due(one), "others may join");
        assert!(is_due(Waiting { since: since(20), ..one }), "long enough");
        assert!(!is_due(Waiting { outbox: 4, ..one }) && is_due(Waiting { outbox: 5, ..one }));
        assert!(is_due(Waiting { in_flight: 0, ..one }), "nobody who could join");
        assert!(is_due(Waiting { claim: 7, ready: 0, ..one }), "nothing left to send");
        assert!(!is_due(Waiting { claim: 7, ..one }) && !is_due(Waiting { ready: 0, ..one }));
        assert!(
            is_due(Waiting { take_back: true, ..nothing })
                && is_due(Waiting { take_back: true, ..one })
        );
        assert!(one.is_due(now, 1, TOGETHER), "alone");
        let many = Waiting { outbox: TOGETHER, ..one };
        assert!(many.is_due(now, 100 * TOGETHER, TOGETHER), "a full transaction");
    }

    #[test]
    fn claims_are_no_more_than_can_start_soon() {
        let none = Hands { ready: 0, unrecorded: 0, doubts: 0, budget: usize::MAX };
        assert_eq!(
            (none.claims(WIDTH, WIDTH), none.claims(1, WIDTH), none.claims(0, WIDTH)),
            (10, 1, 0)
        );
        let with_ready = |ready| Hands { ready, unrecorded: ready, ..none }.claims(WIDTH, WIDTH);
        assert_eq!([1, 5, 6, 10].map(with_ready), [9, 5, 0, 0], "only when half has left");
        let in_hand = |unrecorded| Hands { unrecorded, ..none }.claims(WIDTH, WIDTH);
        assert_eq!([10, 13, 20, 30].map(in_hand), [10, 7, 0, 0], "twice the width at most");
        assert_eq!(Hands { budget: 3, ..none }.claims(WIDTH, WIDTH), 3);
        let doubts = |doubts, width| Hands { doubts, ..none }.claims(width, width);
        assert_eq!([doubts(999, WIDTH), doubts(1_000, WIDTH)], [10, 0]);
        assert_eq!([doubts(1_999, 100), doubts(2_000, 100)], [100, 0]);
    }
}
