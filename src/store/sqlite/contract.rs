//! The contract of a store, kept by the files beside: each method is one transaction.

use super::{
    Table, binding, compare, decide, export, failures, jobs, newer, omitted, progress, remap, run,
    sources, stage, undo,
};
use crate::job::{Detail, Newer, SettleAs, Status};
use crate::problem::FoundProblem;
use crate::store::{
    AttemptRow, Batch, Binding, Chosen, Claim, Compared, Counts, Deciding, ErrorClass, Exported,
    FailureRow, JobId, JobRow, Lens, Mapped, MappedId, NewRun, NewerRow, OpenJob, Outlook,
    ProblemId, ProblemRow, Reading, ReasonRow, Remap, Replaced, Retried, Retry, RunEnd, RunId,
    RunRow, Running, SourceId, SourceRow, StageCounts, Staging, StoreError, TallyLine, Tick,
    Ticked, ToMap, Undone, UnfinishedSource,
};
use crate::user::Identifiers;
use std::collections::BTreeMap;
use std::path::Path;

impl Staging for Table {
    fn source(&mut self, path: &str) -> Result<Vec<SourceRow>, StoreError> {
        self.check(|c| stage::sources(c, path))
    }

    fn begin_source(
        &mut self,
        path: &str,
        bytes: Option<u64>,
        now_ms: i64,
    ) -> Result<SourceId, StoreError> {
        self.write(|t| stage::begin(t, path, bytes, now_ms))
    }

    fn restart_source(&mut self, source: SourceId, now_ms: i64) -> Result<SourceId, StoreError> {
        self.write(|t| stage::restart(t, source, now_ms))
    }

    fn stage(&mut self, batch: &Batch) -> Result<StageCounts, StoreError> {
        self.write(|t| stage::stage(t, batch))
    }

    fn is_compared(&mut self) -> Result<bool, StoreError> {
        self.check(|c| compare::is_pending(c).map(|pending| !pending))
    }

    fn compare(&mut self, lens: &Lens<'_>, now_ms: i64) -> Result<Compared, StoreError> {
        self.write(|t| compare::step(t, lens, now_ms))
    }

    fn bind(&mut self, provider: &str, mapping: &str, now_ms: i64) -> Result<(), StoreError> {
        self.write(|t| binding::bind(t, provider, mapping, now_ms))
    }

    fn restore_binding(&mut self, before: Option<&Binding>) -> Result<(), StoreError> {
        self.write(|t| binding::restore_binding(t, before))
    }

    fn bind_passwords(&mut self, passwords: &str) -> Result<(), StoreError> {
        self.write(|t| binding::bind_passwords(t, passwords))
    }

    fn bind_target(&mut self, target: &str) -> Result<(), StoreError> {
        self.write(|t| binding::bind_target(t, target))
    }

    fn close_source(&mut self, path: &str, now_ms: i64) -> Result<(), StoreError> {
        self.write(|t| sources::close_source(t, path, now_ms))
    }

    fn remap(&self) -> Result<Option<Remap>, StoreError> {
        self.check(remap::state)
    }

    fn begin_remap(&mut self, state: &Remap) -> Result<(), StoreError> {
        self.write(|t| remap::begin(t, state))
    }

    fn rows_to_map(&self, state: &Remap, limit: u32) -> Result<Vec<ToMap>, StoreError> {
        self.check(|c| remap::page(c, state.after, limit))
    }

    fn write_remap(
        &mut self,
        state: &Remap,
        rows: &[Mapped],
        now_ms: i64,
    ) -> Result<(), StoreError> {
        self.write(|t| remap::write(t, state, rows, now_ms))
    }

    fn end_remap(
        &mut self,
        state: &Remap,
        sign_in_changed: bool,
        now_ms: i64,
    ) -> Result<(), StoreError> {
        self.write(|t| remap::end(t, state, sign_in_changed, now_ms))
    }
}

impl Running for Table {
    fn begin_run(&mut self, new: &NewRun) -> Result<RunId, StoreError> {
        self.write(|t| run::begin(t, new))
    }

    fn doubts(&mut self, after: JobId, limit: usize) -> Result<Vec<Claim>, StoreError> {
        self.check(|c| run::doubts(c, after, limit))
    }

    fn tick(&mut self, tick: &Tick<'_>) -> Result<Ticked, StoreError> {
        self.write(|t| run::tick(t, tick))
    }

    fn outlook(&mut self) -> Result<Outlook, StoreError> {
        self.check(run::outlook)
    }

    fn open_jobs(&mut self, jobs: &[JobId]) -> Result<Vec<(JobId, OpenJob)>, StoreError> {
        self.check(|c| run::open_jobs(c, jobs))
    }

    fn audit(&mut self) -> Result<(Vec<TallyLine>, Vec<TallyLine>), StoreError> {
        // One transaction, so that both see the same state.
        self.write(|t| Ok((run::tally_kept(t)?, run::tally_counted(t)?)))
    }

    fn end_run(&mut self, id: RunId, end: &RunEnd) -> Result<(), StoreError> {
        self.write(|t| run::end(t, id, end))
    }
}

impl Deciding for Table {
    fn would_retry(&self, which: &Retry) -> Result<Retried, StoreError> {
        self.check(|c| decide::would_retry(c, which))
    }

    fn failed_jobs(&self, which: &Retry) -> Result<Vec<JobId>, StoreError> {
        self.check(|c| decide::failed_jobs(c, which))
    }

    fn retry(&mut self, which: &Retry, now_ms: i64) -> Result<Retried, StoreError> {
        self.write(|t| decide::retry(t, which, now_ms))
    }

    fn settle(
        &mut self,
        job: JobId,
        to: SettleAs<'_>,
        reason: &str,
        now_ms: i64,
    ) -> Result<bool, StoreError> {
        self.write(|t| decide::settle(t, job, to, reason, now_ms))
    }

    fn waive(&mut self, which: &Chosen, reason: &str, now_ms: i64) -> Result<u64, StoreError> {
        self.write(|t| decide::waive(t, which, reason, now_ms))
    }

    fn give_up(&mut self, path: &str, is_latest: bool, given_up: bool) -> Result<bool, StoreError> {
        self.write(|t| newer::give_up(t, path, is_latest, given_up))
    }

    fn waived(&self, which: &Chosen) -> Result<Vec<JobId>, StoreError> {
        self.check(|c| decide::waived(c, which))
    }

    fn waived_otherwise(&self, which: &Chosen) -> Result<u64, StoreError> {
        self.check(|c| decide::waived_otherwise(c, which))
    }

    fn undo(
        &mut self,
        jobs: &[JobId],
        decision: &str,
        lens: &Lens<'_>,
        now_ms: i64,
    ) -> Result<Undone, StoreError> {
        self.write(|t| undo::undo(t, jobs, decision, lens, now_ms))
    }
}

impl Reading for Table {
    fn path(&self) -> &Path {
        &self.path
    }

    fn counts(&self) -> Result<Counts, StoreError> {
        self.check(progress::counts)
    }

    fn errors_by_class(&self) -> Result<Vec<ErrorClass>, StoreError> {
        self.check(progress::errors_by_class)
    }

    fn last_run(&self) -> Result<Option<RunRow>, StoreError> {
        self.check(progress::last_run)
    }

    fn unfinished_sources(&self) -> Result<Vec<UnfinishedSource>, StoreError> {
        self.check(sources::unfinished_sources)
    }

    fn closed_sources(&self) -> Result<Vec<UnfinishedSource>, StoreError> {
        self.check(sources::closed_sources)
    }

    fn has_sources(&self) -> Result<bool, StoreError> {
        self.check(sources::has_sources)
    }

    fn has_records_of(&self, source: SourceId) -> Result<bool, StoreError> {
        self.check(|c| sources::has_records_of(c, source))
    }

    fn replaced(&self) -> Result<Vec<Replaced>, StoreError> {
        self.check(sources::replaced)
    }

    fn rows_of(&self, path: &str) -> Result<Vec<(Status, Option<Detail>, u64)>, StoreError> {
        self.check(|c| sources::rows_of(c, path))
    }

    fn source_paths(&self) -> Result<Vec<String>, StoreError> {
        self.check(sources::paths)
    }

    fn checkpoints(&self) -> Result<Vec<(SourceId, String)>, StoreError> {
        self.check(sources::checkpoints)
    }

    fn invalid_of(&self, paths: &[String]) -> Result<u64, StoreError> {
        self.check(|c| sources::invalid_of(c, paths))
    }

    fn invalid_of_others(&self, paths: &[String]) -> Result<Vec<(String, u64)>, StoreError> {
        self.check(|c| sources::invalid_of_others(c, paths))
    }

    fn failures(
        &self,
        which: &[Status],
        after: JobId,
        limit: u32,
    ) -> Result<Vec<FailureRow>, StoreError> {
        self.check(|c| failures::failures(c, which, after, limit))
    }

    fn failure(&self, which: &[Status], id: JobId) -> Result<Option<FailureRow>, StoreError> {
        self.check(|c| failures::failure(c, which, id))
    }

    fn reasons(
        &self,
        which: &[Status],
        after: JobId,
        limit: u32,
    ) -> Result<Vec<ReasonRow>, StoreError> {
        self.check(|c| failures::reasons(c, which, after, limit))
    }

    fn problems(&self, id: JobId) -> Result<Vec<ProblemRow>, StoreError> {
        self.check(|c| failures::problems(c, id.0))
    }

    fn omitted(&self, id: JobId) -> Result<Vec<ProblemRow>, StoreError> {
        self.check(|c| omitted::of(c, id.0))
    }

    fn omitted_counts(&self) -> Result<BTreeMap<String, u64>, StoreError> {
        self.check(omitted::counts)
    }

    fn newer_counts(&self, path: Option<&str>) -> Result<BTreeMap<Newer, u64>, StoreError> {
        self.check(|c| newer::counts(c, path))
    }

    fn newer(
        &self,
        path: Option<&str>,
        which: Option<Newer>,
        after: JobId,
        limit: u32,
    ) -> Result<Vec<NewerRow>, StoreError> {
        self.check(|c| newer::rows(c, path, which, after, limit))
    }

    fn found_problems(
        &self,
        after: ProblemId,
        limit: u32,
    ) -> Result<Vec<(ProblemId, FoundProblem)>, StoreError> {
        self.check(|c| failures::found_problems(c, after, limit))
    }

    fn attempts(&self, id: JobId) -> Result<Vec<AttemptRow>, StoreError> {
        self.check(|c| jobs::attempts(c, id))
    }

    fn decisions(&self, job: JobId) -> Result<Vec<String>, StoreError> {
        self.check(|c| jobs::decisions(c, job))
    }

    fn jobs_by_key(&self, key: &str) -> Result<Vec<JobRow>, StoreError> {
        self.check(|c| jobs::jobs_by_key(c, key))
    }

    fn jobs_by_record(&self, record_no: u64) -> Result<Vec<JobRow>, StoreError> {
        self.check(|c| jobs::jobs_by_record(c, record_no))
    }

    fn jobs_with(
        &self,
        identifier: &str,
        identify: &dyn Fn(&[u8]) -> Identifiers,
    ) -> Result<Vec<JobRow>, StoreError> {
        self.check(|c| jobs::jobs_with(c, identifier, identify))
    }

    fn can_skip(&self) -> Result<bool, StoreError> {
        self.check(progress::can_skip)
    }

    fn has_conflict_with(&self, words: &str) -> Result<bool, StoreError> {
        self.check(|c| progress::has_conflict_with(c, words))
    }

    fn has_duplicate_key(&self) -> Result<bool, StoreError> {
        self.check(progress::has_duplicate_key)
    }

    fn has_attempts(&self) -> Result<bool, StoreError> {
        self.check(progress::has_attempts)
    }

    fn record(&self, job: JobId) -> Result<Option<Vec<u8>>, StoreError> {
        self.check(|c| export::record(c, job))
    }

    fn pending_record(&self, job: JobId) -> Result<Option<Vec<u8>>, StoreError> {
        self.check(|c| export::pending_record(c, job))
    }

    fn records(
        &self,
        status: Status,
        after: JobId,
        limit: u32,
    ) -> Result<Vec<(JobId, Vec<u8>)>, StoreError> {
        self.check(|c| export::records(c, status, after, limit))
    }

    fn records_to_send(
        &self,
        after: JobId,
        limit: u32,
    ) -> Result<Vec<(JobId, Vec<u8>)>, StoreError> {
        self.check(|c| export::records_to_send(c, after, limit))
    }

    fn id_map(&self, after: JobId, limit: u32) -> Result<Vec<MappedId>, StoreError> {
        self.check(|c| export::id_map(c, after, limit))
    }

    fn exported(
        &self,
        status: Status,
        after: JobId,
        limit: u32,
    ) -> Result<Vec<Exported>, StoreError> {
        self.check(|c| export::exported(c, status, after, limit))
    }

    fn binding(&self) -> Result<Option<Binding>, StoreError> {
        self.check(binding::binding)
    }

    fn settings_of_doubts(&self) -> Result<Vec<String>, StoreError> {
        self.check(progress::settings_of_doubts)
    }

    fn integrity(&self) -> Result<String, StoreError> {
        self.check(progress::integrity)
    }
}
