//! Rows by the place that their records come from: those without a key have no other name.

use crate::cli::Place;
use crate::error::{Error, Result};
use crate::store::file;
use crate::store::sqlite::{JobRow, Table};
use crate::ui::counted;
use std::path::Path;

/// The rows of the record at a place; several where a file was staged in several states.
pub(super) fn jobs_at(table: &Table, place: &Place) -> Result<Vec<JobRow>> {
    let record = place.record.unwrap_or_default();
    let mut jobs = table.jobs_by_record(record)?;
    if let Some(source) = &place.source {
        jobs.retain(|job| is_source(&job.source, source));
    }
    let mut sources: Vec<&str> = jobs.iter().map(|job| job.source.as_str()).collect();
    sources.sort_unstable();
    sources.dedup();
    match sources.as_slice() {
        [] => Err(Error::usage(format!("no row comes from record {record} of such a source"))
            .hint("userferry failures names the source and the record of each row")),
        [_] => Ok(jobs),
        several => Err(Error::usage(format!(
            "rows come from record {record} of {}: {}",
            counted(several.len() as u64, "source"),
            several.join(", ")
        ))
        .hint("name the one: --source SOURCE")),
    }
}

/// The same for a decision, which is about one record.
pub(super) fn one_at(table: &Table, place: &Place) -> Result<Vec<JobRow>> {
    let jobs = jobs_at(table, place)?;
    if let [first, _, ..] = jobs.as_slice() {
        return Err(Error::usage(format!(
            "{} come from record {} of {}, which was staged in several states",
            counted(jobs.len() as u64, "row"),
            first.record_no,
            first.source
        ))
        .hint("decide about them by their keys, or by --status"));
    }
    Ok(jobs)
}

/// Whether a name on the command line is that of a source: its path, or its name as lists show it.
fn is_source(path: &str, named: &str) -> bool {
    let of_file = Path::new(path).file_name().is_some_and(|name| name == named);
    let canonical =
        || file::canonical(Path::new(named)).is_ok_and(|named| named == Path::new(path));
    path == named || of_file || canonical()
}
