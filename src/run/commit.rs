//! Transactions of the run: when one starts, how much it claims, and what comes back.

use super::breaker::Passage;
use super::{BATCH, Commit, Committed, GATHER, Runner};
use crate::clock::Moment;
use crate::error::Error;
use crate::failpoint;
use crate::job::Status;
use crate::store::{Outlook, Store, Tick};
use crate::target::Target;

impl<S: Store, T: Target> Runner<S, T> {
    /// Starts a transaction when there is enough to write, or jobs are wanted.
    pub(super) fn start_commit(&mut self, now: Moment) {
        if self.commit.is_some() {
            return;
        }
        let claim = self.claims_wanted(now);
        if !self.is_commit_due(now, claim) {
            return;
        }
        let Some(mut store) = self.store.take() else { return };
        let rest = self.outbox.split_off(self.outbox.len().min(BATCH));
        let records = std::mem::replace(&mut self.outbox, rest);
        self.outbox_since = (!self.outbox.is_empty()).then_some(now);
        let take_back =
            if self.outbox.is_empty() { std::mem::take(&mut self.take_back) } else { Vec::new() };
        if !records.is_empty() {
            failpoint::hit("before-record");
        }
        let now_ms = self.clock.to_ms(now);
        let target_now_ms = self.target.clock_ahead_ms().map(|ahead| now_ms.saturating_add(ahead));
        let (run, rate_per_s) = (self.run, self.pace.per_s(now));
        let commit = Commit { asked: claim, records: records.len() };
        self.commit = Some(tokio::task::spawn_blocking(move || {
            let tick = Tick {
                run,
                now_ms,
                target_now_ms,
                records: &records,
                take_back: &take_back,
                claim,
                rate_per_s,
            };
            let ticked = store.tick(&tick).and_then(|mut ticked| {
                if ticked.claims.len() < claim || claim == 0 {
                    ticked.outlook = Some(store.outlook()?);
                }
                Ok(ticked)
            });
            (store, ticked, commit)
        }));
    }

    fn is_commit_due(&self, now: Moment, claim: usize) -> bool {
        if self.outbox.is_empty() && self.take_back.is_empty() {
            return claim > 0;
        }
        // Nobody is on the way who could join.
        if self.gate.in_flight() == 0 || (claim > 0 && self.ready.is_empty()) {
            return true;
        }
        self.outbox.len() >= (self.settings.width / 2).clamp(1, BATCH)
            || self.outbox_since.is_some_and(|since| now >= since + GATHER)
            || !self.take_back.is_empty()
    }

    /// How many jobs to claim now: no more than can start soon, and at most twice the width in
    /// hand altogether, so that after a crash only those few are in doubt.
    fn claims_wanted(&self, now: Moment) -> usize {
        let width = self.settings.width;
        let idle = self.stopping || self.halt.is_some() || self.gate.paused(now).is_some();
        if idle || self.nothing_due_until.is_some_and(|until| now < until) {
            return 0;
        }
        // Doubts are settled before more are made.
        if self.doubts.open() >= (20 * width).max(1_000) {
            return 0;
        }
        let wanted = match self.gate.breaker.passage(now) {
            Passage::Open => width,
            Passage::Trial => 1,
            Passage::Lookups | Passage::Probe | Passage::Wait(_) | Passage::Blocked => 0,
        };
        if self.ready.len() > wanted / 2 {
            return 0;
        }
        let unrecorded = self.in_hand.len() + self.outbox.len();
        let room = (2 * width).saturating_sub(unrecorded);
        let budget = self.settings.limit.map_or(usize::MAX, |limit| {
            let under_way =
                u64::try_from(self.in_hand.len() + self.doubts.open() + self.doubts.held())
                    .unwrap_or(u64::MAX);
            let left = limit.saturating_sub(self.totals.settled).saturating_sub(under_way);
            usize::try_from(left).unwrap_or(usize::MAX)
        });
        wanted.saturating_sub(self.ready.len()).min(room).min(budget)
    }

    pub(super) fn on_commit(&mut self, (store, ticked, commit): Committed<S>) -> Result<(), Error> {
        self.store = Some(store);
        let ticked = ticked?;
        let Commit { records, asked, .. } = commit;
        tracing::debug!(records, asked, claimed = ticked.claims.len(), "commit");
        if ticked.fenced > 0 {
            self.monitor.note(&format!("{} late outcomes were dropped", ticked.fenced));
        }
        if !ticked.claims.is_empty() {
            failpoint::hit("after-claim");
        }
        if let Some(outlook) = ticked.outlook {
            self.outlook = outlook;
            if commit.asked > 0 {
                self.nothing_due_until = Some(self.next_due(outlook));
            }
        }
        for claim in &ticked.claims {
            self.take_in(claim);
        }
        if self.stopping || self.halt.is_some() {
            self.give_back_ready();
        }
        Ok(())
    }

    /// When the next job is due, by the table and by what is not written yet.
    fn next_due(&self, outlook: Outlook) -> Moment {
        let unwritten = self
            .outbox
            .iter()
            .filter(|record| record.transition.status == Status::Pending)
            .map(|record| record.transition.not_before_ms);
        outlook
            .next_due_ms
            .into_iter()
            .chain(unwritten)
            .min()
            .map_or(Moment::MAX, |ms| self.clock.to_moment(ms))
    }
}
