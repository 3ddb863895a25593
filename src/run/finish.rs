//! How a run ends: what it writes into the table, and what it hands back.

use super::{Runner, bug};
use crate::error::Error;
use crate::job::Halt;
use crate::store::{RunEnd, Running};

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// Nothing is left that this run could do.
    Drained,
    /// Stopped by a signal; the rest stays pending.
    Stopped,
    /// All that it was to settle is settled: the limit is reached, or the jobs that were chosen are.
    Limited,
    /// Halted by the target.
    Halted(Halt),
}

/// What a finished run hands back.
pub struct Finished<S> {
    /// The store.
    pub store: S,
    /// How it ended.
    pub end: End,
    /// Rows that it sent, and leaves in doubt.
    pub in_doubt: u64,
    /// What the last attempt came to, where the target has answered none.
    pub unanswered: Option<String>,
}

impl<S: Running> Runner<S> {
    /// Writes the end of the run into the table.
    pub(super) fn finish(mut self) -> Result<Finished<S>, Error> {
        let now_ms = self.clock.now_ms();
        self.report_now(self.clock.now());
        let mut store = self.store.take().ok_or_else(|| bug("the store is away"))?;
        // A limit, or a signal, that left nothing over has stopped nothing.
        let outlook = store.outlook()?;
        // Requests that were given up are in doubt, though this run looks nobody up any more.
        let nothing_left = outlook.next_due_ms.is_none() && self.doubts.open() == 0;
        let drained = nothing_left && !self.ending.is_at_once();
        let all_done =
            self.books.totals.done == self.books.totals.total && !outlook.unfinished_source;
        let end = match self.ending.take_halt() {
            Some(halt) => End::Halted(halt),
            None if drained => End::Drained,
            None if self.ending.is_stopping() => End::Stopped,
            None => End::Limited,
        };
        let (word, reason) = match &end {
            End::Drained if all_done => ("done", None),
            End::Drained => ("incomplete", None),
            End::Stopped | End::Limited => ("stopped", None),
            End::Halted(halt) => ("halted", Some(halt.message.clone())),
        };
        tracing::debug!(
            run = self.run.0,
            end = word,
            settled = self.books.totals.settled,
            "run ends"
        );
        store.end_run(self.run, &RunEnd { end: word, reason, now_ms })?;
        let (kept, counted) = store.audit()?;
        if kept != counted {
            return Err(bug("the tally of the job table does not match its rows")
                .hint("please report this, with the output of: sqlite3 -cmd '.timeout 5000' userferry.db 'SELECT * FROM tally'"));
        }
        let unanswered = self.health.unanswered().map(str::to_owned);
        Ok(Finished { store, end, in_doubt: self.doubts.own() as u64, unanswered })
    }
}
