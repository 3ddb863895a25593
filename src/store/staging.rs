//! What staging and mapping anew need of a job table.

use super::{Binding, SourceId, StoreError};
use crate::job::{SignIn, Status};
use crate::problem::{Omitted, Problem};
use crate::user::{IdKind, Identifiers};

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
    /// What is left out of it.
    pub omitted: Vec<Omitted>,
}

/// Compares two records; gives names of fields.
pub type Differing<'a> = dyn Fn(&[u8], &[u8]) -> Vec<String> + 'a;

/// How a store sees records that are in the table: it knows of no mapping.
pub struct Lens<'a> {
    /// Tells the identifiers of a record, for the exact check behind a hash.
    pub identify: &'a dyn Fn(&[u8]) -> Identifiers,
    /// The source's name of the field that holds a kind of identifier.
    pub field: &'a dyn Fn(IdKind) -> String,
    /// What a record says of whether its user may sign in. Asked only of records that are not applied, and of
    /// those that the rows have instead.
    pub sign_in: &'a dyn Fn(&[u8]) -> SignIn,
    /// The names of the provider's fields that two records fill otherwise.
    pub differing: &'a Differing<'a>,
    /// Whether its user may sign in, by an earlier mapping of the table, of which this is the text.
    pub sign_in_by: &'a dyn Fn(&str, &[u8]) -> SignIn,
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
    /// Of `left_alone`: records whose user a person waived by key.
    pub kept_out: u64,
    /// Of `unchanged`: jobs that are failed or invalid.
    pub still_wrong: u64,
    /// Of `unchanged`: jobs that were waived.
    pub waived: u64,
    /// Of `unchanged`: records without a key, known by all that stands in them.
    pub keyless: u64,
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
        self.kept_out += other.kept_out;
        self.still_wrong += other.still_wrong;
        self.waived += other.waived;
        self.keyless += other.keyless;
        self.invalid += other.invalid;
        self.differing += other.differing;
    }
}

impl StageCounts {
    /// Takes in what comparing has changed.
    pub fn compared(&mut self, with: &Compared) {
        *self += with.more;
        self.rows = self.rows.saturating_sub(with.fewer.rows);
        self.invalid = self.invalid.saturating_sub(with.fewer.invalid);
    }
}

/// What comparing new rows with the others came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Compared {
    /// Nothing is left to compare.
    pub done: bool,
    /// What there is more of.
    pub more: StageCounts,
    /// What there is less of: rows whose record was there or went to another row, and invalid ones among
    /// them.
    pub fewer: StageCounts,
}

impl std::ops::AddAssign for Compared {
    fn add_assign(&mut self, other: Self) {
        self.done |= other.done;
        self.more += other.more;
        self.fewer += other.fewer;
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
    /// A person has let go of all of it.
    pub given_up: bool,
}

/// A mapping that is under way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remap {
    /// JSON: the mapping that takes the place of the old one.
    pub mapping: String,
    /// JSON: what the passwords must be by then.
    pub guard: String,
    /// Passwords that do not suit it were accepted.
    pub accepted: bool,
    /// Rows up to this one are mapped.
    pub after: i64,
}

/// A row to be mapped again.
#[derive(Clone, Debug)]
pub struct ToMap {
    /// The job.
    pub id: i64,
    /// Its number in its source, from 1.
    pub record_no: u64,
    /// Where it stands.
    pub status: Status,
    /// A person has let it go, which can be undone.
    pub is_waived: bool,
    /// The record.
    pub raw: Vec<u8>,
    /// The record cannot be mapped, whatever the mapping: its problems stay.
    pub is_faulty: bool,
}

/// A row as the new mapping makes it.
#[derive(Clone, Debug)]
pub struct Mapped {
    /// The row.
    pub row: ToMap,
    /// What its record is found by now.
    pub identifiers: Identifiers,
    /// What was found wrong in it.
    pub problems: Vec<Problem>,
    /// What is left out of it.
    pub omitted: Vec<Omitted>,
    /// It was found by the same before.
    pub same_identifiers: bool,
}

/// What brings records into a job table. Each method is one transaction.
pub trait Staging: Send {
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
    /// Binds the table to a provider and a mapping, JSON. The target stays.
    fn bind(&mut self, provider: &str, mapping: &str, now_ms: i64) -> Result<(), StoreError>;
    /// What the table was bound to before something was refused that would have been its first source.
    fn restore_binding(&mut self, before: Option<&Binding>) -> Result<(), StoreError>;
    /// The setting that the passwords of the rows were judged for, JSON. The table is bound.
    fn bind_passwords(&mut self, passwords: &str) -> Result<(), StoreError>;
    /// The target of the first run, JSON. The table is bound.
    fn bind_target(&mut self, target: &str) -> Result<(), StoreError>;
    /// What was read of an unfinished source counts as all of it. Its checkpoint still says that it
    /// was not read to its end.
    fn close_source(&mut self, path: &str, now_ms: i64) -> Result<(), StoreError>;
    /// The mapping of all rows anew that is under way, if one is.
    fn remap(&self) -> Result<Option<Remap>, StoreError>;
    /// Begins to map all rows anew. Nothing may be sending or unknown.
    fn begin_remap(&mut self, state: &Remap) -> Result<(), StoreError>;
    /// The next rows to map.
    fn rows_to_map(&self, state: &Remap, limit: u32) -> Result<Vec<ToMap>, StoreError>;
    /// Writes rows as the new mapping makes them.
    fn write_remap(
        &mut self,
        state: &Remap,
        rows: &[Mapped],
        now_ms: i64,
    ) -> Result<(), StoreError>;
    /// All rows are mapped. They are still to be compared with each other.
    ///
    /// `sign_in_changed`: the new mapping may say something else of who may sign in, so that what newer records
    /// said of it by the old one is not known any more.
    fn end_remap(
        &mut self,
        state: &Remap,
        sign_in_changed: bool,
        now_ms: i64,
    ) -> Result<(), StoreError>;
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
            kept_out: 12,
            still_wrong: 7,
            waived: 10,
            keyless: 11,
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
            kept_out: 24,
            still_wrong: 14,
            waived: 20,
            keyless: 22,
            invalid: 16,
            differing: 18,
        };
        assert_eq!(sum, expected);
    }
}
