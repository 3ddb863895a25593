//! The table, with a sign of life: a test that kills a run waits until its last transaction has
//! ended, as the death of a process would have it. It sees to what holds after each transaction.

use std::sync::Arc;
use userferry::store::{
    Claim, JobId, NewRun, OpenJob, Outlook, Reading, RunEnd, RunId, Running, StoreError, Table,
    TallyLine, Tick, Ticked,
};

pub(crate) struct Kept {
    pub table: Table,
    /// Rows that may be in flight.
    pub width: usize,
    /// Counts how many hold the table.
    pub _alive: Arc<()>,
}

impl Running for Kept {
    fn begin_run(&mut self, run: &NewRun) -> Result<RunId, StoreError> {
        self.table.begin_run(run)
    }

    fn doubts(&mut self, after: JobId, limit: usize) -> Result<Vec<Claim>, StoreError> {
        self.table.doubts(after, limit)
    }

    fn tick(&mut self, tick: &Tick<'_>) -> Result<Ticked, StoreError> {
        let ticked = self.table.tick(tick)?;
        assert_eq!(ticked.fenced, 0, "an outcome was dropped though only one run is alive");
        let in_hand = self.table.counts()?.sending;
        assert!(
            in_hand <= 2 * self.width as u64,
            "{in_hand} in hand, {} may be in flight",
            self.width
        );
        Ok(ticked)
    }

    fn outlook(&mut self) -> Result<Outlook, StoreError> {
        self.table.outlook()
    }

    fn open_jobs(&mut self, jobs: &[JobId]) -> Result<Vec<(JobId, OpenJob)>, StoreError> {
        self.table.open_jobs(jobs)
    }

    fn audit(&mut self) -> Result<(Vec<TallyLine>, Vec<TallyLine>), StoreError> {
        self.table.audit()
    }

    fn end_run(&mut self, run: RunId, end: &RunEnd) -> Result<(), StoreError> {
        self.table.end_run(run, end)
    }
}
