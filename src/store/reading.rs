//! What people and programs ask of a job table.

use super::{Binding, JobId, SourceId, StoreError};
use crate::job::{Class, Detail, Evidence, Newer, Op, Status};
use crate::problem::FoundProblem;
use crate::user::Identifiers;
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::Path;

/// The job of a problem, and its number among those of the job.
pub type ProblemId = (JobId, i64);

/// The view `progress`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    pub total: u64,
    pub pending: u64,
    pub sending: u64,
    pub unknown: u64,
    pub done: u64,
    pub failed: u64,
    pub invalid: u64,
    pub created: u64,
    pub existed: u64,
    pub skipped: u64,
    pub waived: u64,
}

impl Counts {
    /// Jobs that a run still has to settle.
    pub fn open(&self) -> u64 {
        self.pending + self.sending + self.unknown
    }
}

/// One line of the view `errors_by_class`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ErrorClass {
    /// `failed`, `invalid` or `unknown`.
    pub status: Status,
    /// For failed.
    pub detail: Option<Detail>,
    /// The provider's code.
    pub code: Option<String>,
    /// How many jobs.
    pub n: u64,
}

/// A run as the table knows it.
#[derive(Clone, Debug)]
pub struct RunRow {
    pub id: i64,
    pub started_at_ms: i64,
    pub ended_at_ms: Option<i64>,
    pub seen_at_ms: i64,
    pub machine: String,
    pub pid: u32,
    pub rate_per_s: f64,
    pub end: Option<String>,
    pub reason: Option<String>,
    pub done: i64,
    pub failed: i64,
    pub invalid: i64,
}

/// A problem of a failed or invalid row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ProblemRow {
    /// The field, empty when the whole record is meant.
    pub field: String,
    /// The rule.
    pub rule: String,
    /// For people.
    pub message: String,
}

impl std::fmt::Display for ProblemRow {
    /// `mail: not an e-mail address`; of a whole record the message alone.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if !self.field.is_empty() {
            write!(f, "{}: ", self.field)?;
        }
        f.write_str(&self.message)
    }
}

/// A failed, invalid or unknown row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FailureRow {
    /// Id of the job; not part of the contract.
    #[serde(skip)]
    pub id: i64,
    /// Path of the source.
    pub source: String,
    /// Number of the record, from 1.
    pub record: u64,
    /// The key, if the record has one.
    pub key: Option<String>,
    /// `failed`, `invalid` or `unknown`.
    pub status: Status,
    /// For failed.
    pub detail: Option<Detail>,
    /// The provider's code.
    pub code: Option<String>,
    /// For people.
    pub message: Option<String>,
    /// How many attempts there were.
    pub attempts: u64,
    /// What was found before sending.
    pub problems: Vec<ProblemRow>,
}

/// What a newer record says of a row that is done, to which it was not applied.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NewerRow {
    /// Id of the job; not part of the contract.
    #[serde(skip)]
    pub id: JobId,
    /// Path of the source of the newer record.
    pub source: String,
    /// Its number there, from 1.
    pub record: u64,
    /// The key.
    pub key: Option<String>,
    /// How the row is done.
    pub detail: Option<Detail>,
    /// What the newer record says.
    pub newer: Newer,
    /// The names of the fields that differ.
    pub fields: Vec<String>,
}

/// Why a row is not done, without what differs from row to row.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct Reason {
    /// `failed`, `invalid` or `unknown`.
    pub status: Status,
    /// For failed.
    pub detail: Option<Detail>,
    /// The provider's code.
    pub code: Option<String>,
    /// For invalid: the field that has a problem; empty where the whole record has.
    pub field: Option<String>,
    /// For invalid: the rule that is broken.
    pub rule: Option<String>,
}

/// One reason of one row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReasonRow {
    /// The job.
    pub id: JobId,
    /// The reason.
    pub reason: Reason,
}

/// One job, whole.
#[derive(Clone, Debug)]
pub struct JobRow {
    pub id: JobId,
    pub source: String,
    pub record_no: u64,
    pub line: Option<u64>,
    pub key: Option<String>,
    pub status: Status,
    pub detail: Option<Detail>,
    pub sends: u32,
    pub spent: u32,
    pub first_sent_ms: Option<i64>,
    pub not_before_ms: i64,
    pub remote_id: Option<String>,
    pub evidence: Option<Evidence>,
    pub code: Option<String>,
    pub reason: Option<String>,
    pub updated_at_ms: i64,
    pub raw: Vec<u8>,
}

impl JobRow {
    /// `done/waived`, `pending`.
    pub fn status_and_detail(&self) -> String {
        self.status.with(self.detail)
    }
}

/// One line of the ledger.
#[derive(Clone, Debug)]
pub struct AttemptRow {
    pub n: u32,
    pub run_id: i64,
    pub at_ms: i64,
    pub took_ms: Option<i64>,
    pub read_ms: Option<i64>,
    pub op: Op,
    pub outcome: Class,
    pub http_status: Option<u16>,
    pub code: Option<String>,
    pub message: Option<String>,
    pub request_id: Option<String>,
}

/// An old key and the id that the directory gave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MappedId {
    /// The job.
    pub id: JobId,
    /// The key.
    pub key: Option<String>,
    /// The id in the directory.
    pub remote_id: String,
    /// The user was in the directory before and was passed over; nothing of this record was sent into it.
    pub is_skipped: bool,
    /// The record.
    pub raw: Vec<u8>,
}

/// An unfinished source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnfinishedSource {
    /// Its path.
    pub path: String,
    /// Records read so far.
    pub records: u64,
}

/// Rows of one source whose records another source has replaced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replaced {
    /// The path of the source that they began in.
    pub of: String,
    /// The path of the source whose records they have now.
    pub by: String,
    /// How many there are.
    pub rows: u64,
    /// Of these, those that are waived.
    pub waived: u64,
}

/// A record, and what is known of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exported {
    /// The job.
    pub id: JobId,
    /// The record.
    pub raw: Vec<u8>,
    /// Where the record came from.
    pub source: SourceId,
    /// Why it was not sent, of failed, invalid and unknown ones: status, code, reason and problems.
    pub why: Option<String>,
}

/// What can be asked of a job table, also while a run is going.
pub trait Reading {
    /// Where the table lies.
    fn path(&self) -> &Path;
    /// The view `progress`.
    fn counts(&self) -> Result<Counts, StoreError>;
    /// The view `errors_by_class`.
    fn errors_by_class(&self) -> Result<Vec<ErrorClass>, StoreError>;
    /// The latest run.
    fn last_run(&self) -> Result<Option<RunRow>, StoreError>;
    /// Sources whose staging has not come to its end.
    fn unfinished_sources(&self) -> Result<Vec<UnfinishedSource>, StoreError>;
    /// Sources that a person has closed before they were read to their end.
    fn closed_sources(&self) -> Result<Vec<UnfinishedSource>, StoreError>;
    /// Whether the staging of any source was ever begun.
    fn has_sources(&self) -> Result<bool, StoreError>;
    /// Whether a record of this source is in the table still: others may have taken the place of all. Reads
    /// all records.
    fn has_records_of(&self, source: SourceId) -> Result<bool, StoreError>;
    /// Rows whose records were replaced by those of a source with another path. Not those that are waived while
    /// another row has their key: their users have come back.
    fn replaced(&self) -> Result<Vec<Replaced>, StoreError>;
    /// How many rows have a record of a source with this path, by status and detail.
    fn rows_of(&self, path: &str) -> Result<Vec<(Status, Option<Detail>, u64)>, StoreError>;
    /// The path of each source, once.
    fn source_paths(&self) -> Result<Vec<String>, StoreError>;
    /// Where the reading of each source stands.
    fn checkpoints(&self) -> Result<Vec<(SourceId, String)>, StoreError>;
    /// Invalid rows of these sources, by path.
    fn invalid_of(&self, paths: &[String]) -> Result<u64, StoreError>;
    /// Invalid rows of other sources than these, by the path of the record that each has now; the
    /// source with the most first.
    fn invalid_of_others(&self, paths: &[String]) -> Result<Vec<(String, u64)>, StoreError>;
    /// Rows of these statuses among failed, invalid and unknown, by id after the given one: a page,
    /// so that no reader holds the WAL for long. Ends when a page is not full.
    fn failures(
        &self,
        which: &[Status],
        after: JobId,
        limit: u32,
    ) -> Result<Vec<FailureRow>, StoreError>;
    /// One failed, invalid or unknown row.
    fn failure(&self, which: &[Status], id: JobId) -> Result<Option<FailureRow>, StoreError>;
    /// Why rows of these statuses are not done, by id after the given one: a page of rows, each with its
    /// reasons. Ends when a page is empty.
    fn reasons(
        &self,
        which: &[Status],
        after: JobId,
        limit: u32,
    ) -> Result<Vec<ReasonRow>, StoreError>;
    /// The problems of a job.
    fn problems(&self, id: JobId) -> Result<Vec<ProblemRow>, StoreError>;
    /// What is left out of a job's record, by the provider's field.
    fn omitted(&self, id: JobId) -> Result<Vec<ProblemRow>, StoreError>;
    /// Rows by the provider's field that is left out of them, whatever their status.
    fn omitted_counts(&self) -> Result<BTreeMap<String, u64>, StoreError>;
    /// How many rows are done and have a newer record that was not applied, by what it says; if a path is
    /// given, only records of sources with this path.
    fn newer_counts(&self, path: Option<&str>) -> Result<BTreeMap<Newer, u64>, StoreError>;
    /// These rows, by id after the given one: a page.
    fn newer(
        &self,
        path: Option<&str>,
        which: Option<Newer>,
        after: JobId,
        limit: u32,
    ) -> Result<Vec<NewerRow>, StoreError>;
    /// All problems by job, after the given place: a page, each with its place.
    fn found_problems(
        &self,
        after: ProblemId,
        limit: u32,
    ) -> Result<Vec<(ProblemId, FoundProblem)>, StoreError>;
    /// The ledger of a job.
    fn attempts(&self, id: JobId) -> Result<Vec<AttemptRow>, StoreError>;
    /// What was decided about a row, a line each, for people.
    fn decisions(&self, job: JobId) -> Result<Vec<String>, StoreError>;
    /// The jobs that have this key, as it stands in the record or normalised.
    fn jobs_by_key(&self, key: &str) -> Result<Vec<JobRow>, StoreError>;
    /// The jobs whose record has this number in its source. Looks through all rows.
    fn jobs_by_record(&self, record_no: u64) -> Result<Vec<JobRow>, StoreError>;
    /// The jobs that have this identifier, whatever their key is. A phone number is found with its country code
    /// and without.
    fn jobs_with(
        &self,
        identifier: &str,
        identify: &dyn Fn(&[u8]) -> Identifiers,
    ) -> Result<Vec<JobRow>, StoreError>;
    /// Whether a conflict is with one user without an external id, whom a run may skip.
    fn can_skip(&self) -> Result<bool, StoreError>;
    /// Whether the reason of a conflict holds these words.
    fn has_conflict_with(&self, words: &str) -> Result<bool, StoreError>;
    /// Whether a row is invalid because another has its key.
    fn has_duplicate_key(&self) -> Result<bool, StoreError>;
    /// Whether anything was ever sent.
    fn has_attempts(&self) -> Result<bool, StoreError>;
    /// The record of a job.
    fn record(&self, job: JobId) -> Result<Option<Vec<u8>>, StoreError>;
    /// The record of a job, if it is pending.
    fn pending_record(&self, job: JobId) -> Result<Option<Vec<u8>>, StoreError>;
    /// Records of jobs of one status, by id after the given one: a page.
    fn records(
        &self,
        status: Status,
        after: JobId,
        limit: u32,
    ) -> Result<Vec<(JobId, Vec<u8>)>, StoreError>;
    /// Records of jobs that were sent, are or will be, failed ones too, by id after the given one: a page.
    fn records_to_send(
        &self,
        after: JobId,
        limit: u32,
    ) -> Result<Vec<(JobId, Vec<u8>)>, StoreError>;
    /// Old keys and the ids that the directory gave, by id after the given one: a page.
    fn id_map(&self, after: JobId, limit: u32) -> Result<Vec<MappedId>, StoreError>;
    /// Records of jobs of one status, by id after the given one: a page.
    fn exported(
        &self,
        status: Status,
        after: JobId,
        limit: u32,
    ) -> Result<Vec<Exported>, StoreError>;
    /// What the table is bound to; `None` before anything was staged.
    fn binding(&self) -> Result<Option<Binding>, StoreError>;
    /// The settings of the runs that have sent what is in doubt now, as they were written down.
    fn settings_of_doubts(&self) -> Result<Vec<String>, StoreError>;
    /// What SQLite finds when it checks its file: `ok`, or what is wrong.
    fn integrity(&self) -> Result<String, StoreError>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn open_is_what_a_run_still_has_to_settle() {
        let counts =
            Counts { pending: 1, sending: 2, unknown: 4, done: 8, failed: 16, ..Counts::default() };
        assert_eq!(counts.open(), 7);
    }
}
