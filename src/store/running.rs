//! What a run needs of a job table.

use super::{JobId, RunId, SourceId, StoreError};
use crate::job::{Class, FirstSent, Job, Status, Transition};
use crate::problem::Problem;

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
    /// The number of its request in this run, where it had more than one job.
    pub request: Option<i64>,
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
    /// How many bytes their records may have altogether; one job is claimed in any case.
    pub claim_bytes: usize,
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

/// What drains a job table. Each method is one transaction.
pub trait Running: Send + 'static {
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
