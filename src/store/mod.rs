//! The job table. [`Store`] is what the walk needs of it; [`sqlite`] is where it lives.
//!
//! Methods are synchronous and take and return batches: each is one transaction. Who calls them
//! decides about threads.

pub mod error;
pub mod file;
pub mod lock;
pub mod sqlite;

use crate::job::{Class, FirstSent, Job, Status, Transition};
use crate::problem::Problem;
use crate::user::{IdKind, Identifiers};
pub use error::StoreError;

/// A job's id in the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct JobId(pub i64);

/// A run's id in the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RunId(pub i64);

/// A source's id in the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SourceId(pub i64);

/// What a job table is bound to. The texts are JSON, which the store does not read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Binding {
    /// Whose fields and password forms the rows were checked against.
    pub provider: String,
    /// What makes users of the records.
    pub mapping: String,
    /// The setting that the passwords were judged for, from the first source on.
    pub passwords: Option<String>,
    /// The directory of the first run.
    pub target: Option<String>,
}

/// A record on its way into the table.
#[derive(Clone, Debug)]
pub struct NewJob {
    /// From 1.
    pub record_no: u64,
    /// From 1, where the source has lines.
    pub line: Option<u64>,
    /// The record as it stands in the source.
    pub raw: Vec<u8>,
    /// What it would be found by.
    pub identifiers: Identifiers,
    /// Problems of the record itself; the store adds those it has with other records.
    pub problems: Vec<Problem>,
}

/// How a store sees records that are in the table: it knows of no mapping.
pub struct Lens<'a> {
    /// Tells the identifiers of a record, for the exact check behind a hash.
    pub identify: &'a dyn Fn(&[u8]) -> Identifiers,
    /// The source's name of the field that holds a kind of identifier.
    pub field: &'a dyn Fn(IdKind) -> String,
}

/// Records to stage in one transaction, together with where staging then goes on.
pub struct Batch {
    /// Where they come from.
    pub source: SourceId,
    /// The records.
    pub jobs: Vec<NewJob>,
    /// Opaque: where to go on.
    pub checkpoint: String,
    /// SHA-256 of all that has been read.
    pub fingerprint: String,
    /// The source has been read to its end.
    pub finished: bool,
    /// These are corrected records: they replace what is there.
    pub replace: bool,
    /// UTC milliseconds.
    pub now_ms: i64,
}

/// What became of the records of a source: `records` is the sum of the next four.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StageCounts {
    /// Records read.
    pub records: u64,
    /// New jobs.
    pub rows: u64,
    /// Jobs whose record was replaced.
    pub replaced: u64,
    /// Records that are in the table already, with the same content.
    pub unchanged: u64,
    /// Replacements that were not made because the job is done or not settled.
    pub left_alone: u64,
    /// Of `left_alone`: the job is sending or unknown.
    pub unsettled: u64,
    /// Of `unchanged`: jobs that are failed or invalid.
    pub still_wrong: u64,
    /// Of `unchanged`: jobs that were waived.
    pub waived: u64,
    /// Of `rows` and `replaced`: jobs with problems.
    pub invalid: u64,
    /// Of `invalid`: records that differ from what another source has under their key. They may be
    /// corrections that were not told as such.
    pub differing: u64,
}

impl std::ops::AddAssign for StageCounts {
    fn add_assign(&mut self, other: Self) {
        self.records += other.records;
        self.rows += other.rows;
        self.replaced += other.replaced;
        self.unchanged += other.unchanged;
        self.left_alone += other.left_alone;
        self.unsettled += other.unsettled;
        self.still_wrong += other.still_wrong;
        self.waived += other.waived;
        self.invalid += other.invalid;
        self.differing += other.differing;
    }
}

impl StageCounts {
    /// Takes in what comparing has changed.
    pub fn compared(&mut self, with: &Compared) {
        self.rows = self.rows.saturating_add_signed(with.rows);
        self.replaced += with.replaced;
        self.unchanged += with.unchanged;
        self.left_alone += with.left_alone;
        self.unsettled += with.unsettled;
        self.still_wrong += with.still_wrong;
        self.waived += with.waived;
        self.invalid = self.invalid.saturating_add_signed(with.invalid);
        self.differing += with.differing;
    }
}

/// What comparing new rows with the others came to: changes of [`StageCounts`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Compared {
    /// Nothing is left to compare.
    pub done: bool,
    /// New rows: fewer, by those whose record was there or went to another row.
    pub rows: i64,
    /// Jobs whose record was replaced.
    pub replaced: u64,
    /// Records that were in the table already.
    pub unchanged: u64,
    /// Replacements that were not made.
    pub left_alone: u64,
    /// Of them: the job is sending or unknown.
    pub unsettled: u64,
    /// Of `unchanged`: jobs that are failed or invalid.
    pub still_wrong: u64,
    /// Of `unchanged`: jobs that were waived.
    pub waived: u64,
    /// Jobs with problems: more, or fewer.
    pub invalid: i64,
    /// Records that differ from what another source has under their key, and replace nothing.
    pub differing: u64,
}

impl std::ops::AddAssign for Compared {
    fn add_assign(&mut self, other: Self) {
        self.done |= other.done;
        self.rows += other.rows;
        self.replaced += other.replaced;
        self.unchanged += other.unchanged;
        self.left_alone += other.left_alone;
        self.unsettled += other.unsettled;
        self.still_wrong += other.still_wrong;
        self.waived += other.waived;
        self.invalid += other.invalid;
        self.differing += other.differing;
    }
}

/// A source as the table knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceRow {
    /// Its id.
    pub id: SourceId,
    /// Canonical path, `-` for standard input.
    pub path: String,
    /// Opaque: where staging goes on.
    pub checkpoint: String,
    /// SHA-256 of all that was read.
    pub fingerprint: String,
    /// What became of its records so far.
    pub counts: StageCounts,
    /// Whether it has been read to its end.
    pub finished: bool,
}

/// A job in a run's hands: claimed, or in doubt.
#[derive(Clone, Debug)]
pub struct Claim {
    /// The job.
    pub id: JobId,
    /// The fence: an outcome is applied only while the job still has this number.
    pub sends: u32,
    /// What the rules need to know.
    pub job: Job,
    /// No send before this claim can have arrived.
    pub is_first: bool,
    /// The provider's code for a job in doubt, if it gave one.
    pub code: Option<String>,
    /// The record, to be mapped.
    pub raw: Vec<u8>,
}

/// One attempt, for the ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// When it started, UTC milliseconds.
    pub at_ms: i64,
    /// How long it took, milliseconds.
    pub took_ms: i64,
    /// How long the read took that explained its refusal, milliseconds, if there was one.
    pub read_ms: Option<i64>,
    /// The class of its result.
    pub class: Class,
    /// The HTTP status, if there was an answer.
    pub http_status: Option<u16>,
    /// The provider's code, if it gave one.
    pub code: Option<String>,
    /// The provider's message or the transport's, without any value that we sent.
    pub message: Option<String>,
    /// The provider's id of the request, if it gave one.
    pub request_id: Option<String>,
}

/// What to write about one job.
#[derive(Clone, Debug)]
pub struct Record {
    /// The job.
    pub id: JobId,
    /// The fence it was claimed under.
    pub sends: u32,
    /// What becomes of it.
    pub transition: Transition,
    /// The provider's code, kept for failed and unknown.
    pub code: Option<String>,
    /// Why, for people.
    pub reason: Option<String>,
    /// What is known now of the job's first send.
    pub first_sent: FirstSent,
    /// The attempt that led to it, if one did.
    pub attempt: Option<Attempt>,
    /// The problem that makes it invalid.
    pub problem: Option<Problem>,
}

/// One transaction of a run: outcomes in, claims out.
#[derive(Debug)]
pub struct Tick<'a> {
    /// The run.
    pub run: RunId,
    /// UTC milliseconds.
    pub now_ms: i64,
    /// UTC milliseconds on the target's clock, for the first send of what is claimed; `None` where
    /// the target does not tell its time: then nothing found later is of our making for certain.
    pub target_now_ms: Option<i64>,
    /// Outcomes to record.
    pub records: &'a [Record],
    /// Jobs that this run found rejected or unsendable, to take back: every row was refused alike.
    pub take_back: &'a [(JobId, u32)],
    /// How many jobs to claim at most.
    pub claim: usize,
    /// Only these are claimed, where some were chosen.
    pub only: Option<&'a [JobId]>,
    /// Jobs settled a second, for `status`.
    pub rate_per_s: f64,
}

/// What a transaction of a run did.
#[derive(Debug, Default)]
pub struct Ticked {
    /// Jobs claimed; fewer than asked for when no more are due.
    pub claims: Vec<Claim>,
    /// Outcomes that were dropped, because the job was not in this run's hands any more.
    pub fenced: usize,
    /// What lies ahead, if it was asked for.
    pub outlook: Option<Outlook>,
}

/// What lies ahead of a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Outlook {
    /// When the next pending job is due, UTC milliseconds; `None` when there is none.
    pub next_due_ms: Option<i64>,
    /// How many jobs are not settled; counted up to 2.
    pub open: u32,
    /// How many of them have never spent an attempt; counted up to 2.
    pub unsuspected: u32,
    /// Whether a pending one has never been sent.
    pub unsent: bool,
    /// Whether a source has not been read to its end.
    pub unfinished_source: bool,
}

/// Where a job stands that is not settled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OpenJob {
    /// When it is due, if it is pending, UTC milliseconds.
    pub due_ms: Option<i64>,
    /// Whether it is pending, and has never been sent.
    pub is_unsent: bool,
    /// Whether it has never spent an attempt.
    pub is_unsuspected: bool,
}

/// A run that starts.
#[derive(Clone, Debug)]
pub struct NewRun {
    /// The machine's name.
    pub machine: String,
    /// The process.
    pub pid: u32,
    /// JSON, no secrets.
    pub settings: String,
    /// UTC milliseconds.
    pub now_ms: i64,
}

/// A number of jobs by status and so on; the table keeps it, `audit` counts it anew.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TallyLine {
    /// The source.
    pub source: SourceId,
    /// The status.
    pub status: Status,
    /// The detail, empty for none.
    pub detail: String,
    /// The provider's code, empty for none.
    pub code: String,
    /// How many.
    pub n: u64,
}

/// How a run ended, for the table.
#[derive(Clone, Debug)]
pub struct RunEnd {
    /// `done`, `incomplete`, `halted`, `stopped` or `error`.
    pub end: &'static str,
    /// Why, for people.
    pub reason: Option<String>,
    /// UTC milliseconds.
    pub now_ms: i64,
}

/// What the walk needs of a job table. Each method is one transaction.
pub trait Store: Send + 'static {
    /// The sources that are known by this path, the oldest first.
    fn source(&mut self, path: &str) -> Result<Vec<SourceRow>, StoreError>;
    /// Begins a new source.
    fn begin_source(
        &mut self,
        path: &str,
        bytes: Option<u64>,
        now_ms: i64,
    ) -> Result<SourceId, StoreError>;
    /// Starts an unfinished source anew: its jobs that were never sent are dropped, the others
    /// stay and will be met again by key. Returns the source to stage into: a new one if any stay,
    /// for they were read by the earlier start.
    fn restart_source(&mut self, source: SourceId, now_ms: i64) -> Result<SourceId, StoreError>;
    /// Stages records: one row each, until they are compared with the others.
    fn stage(&mut self, batch: &Batch) -> Result<StageCounts, StoreError>;
    /// Whether all rows were compared. Nothing may be staged or sent before what was begun is done.
    fn is_compared(&mut self) -> Result<bool, StoreError>;
    /// Compares new rows with the others, a part of them at a time, until it says `done`.
    fn compare(&mut self, lens: &Lens<'_>, now_ms: i64) -> Result<Compared, StoreError>;
    /// Begins a run: what earlier runs left sending becomes unknown, with the attempt that is
    /// missing in the ledger, and all that is unknown passes into this run's hands.
    fn begin_run(&mut self, run: &NewRun) -> Result<RunId, StoreError>;
    /// Jobs in doubt in this run's hands, by id, after the given one.
    fn doubts(&mut self, after: JobId, limit: usize) -> Result<Vec<Claim>, StoreError>;
    /// Records outcomes and claims jobs.
    fn tick(&mut self, tick: &Tick<'_>) -> Result<Ticked, StoreError>;
    /// What lies ahead.
    fn outlook(&mut self) -> Result<Outlook, StoreError>;
    /// Where each of these jobs stands that is not settled.
    fn open_jobs(&mut self, jobs: &[JobId]) -> Result<Vec<(JobId, OpenJob)>, StoreError>;
    /// The tally as kept, and as counted anew.
    fn audit(&mut self) -> Result<(Vec<TallyLine>, Vec<TallyLine>), StoreError>;
    /// Ends a run.
    fn end_run(&mut self, run: RunId, end: &RunEnd) -> Result<(), StoreError>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_add_up_field_by_field() {
        let mut sum = StageCounts {
            records: 1,
            rows: 9,
            replaced: 3,
            unchanged: 4,
            left_alone: 5,
            unsettled: 6,
            still_wrong: 7,
            waived: 10,
            invalid: 8,
            differing: 9,
        };
        sum += sum;
        sum += StageCounts { records: 100, ..StageCounts::default() };
        let expected = StageCounts {
            records: 102,
            rows: 18,
            replaced: 6,
            unchanged: 8,
            left_alone: 10,
            unsettled: 12,
            still_wrong: 14,
            waived: 20,
            invalid: 16,
            differing: 18,
        };
        assert_eq!(sum, expected);
    }
}
