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

/// The same for a decision: only rows that have no key. A file may have been staged in several states,
/// so its numbers name others today than then, and nobody who can be sent may be let go by mistake.
pub(super) fn without_key_at(table: &Table, place: &Place) -> Result<Vec<JobRow>> {
    let mut jobs = jobs_at(table, place)?;
    jobs.retain(|job| job.key.is_none());
    if jobs.is_empty() {
        let record = place.record.unwrap_or_default();
        return Err(Error::usage(format!("the row of record {record} has a key"))
            .hint("name it by that: --key KEY; userferry failures shows it"));
    }
    // Which of them is meant? The file has one record of that number, and each state had.
    if jobs.len() > 1 {
        let record = place.record.unwrap_or_default();
        return Err(Error::usage(format!(
            "{} without a key come from record {record} of {}, which was staged in several states",
            counted(jobs.len() as u64, "row"),
            jobs[0].source
        ))
        .hint(format!(
            "userferry show --record {record} shows them; give those that are to stay something to be identified by, \
             and let the others go with --status invalid"
        )));
    }
    Ok(jobs)
}

/// Of rows that were named by a key, the one of the record at a place.
pub(super) fn those_at(table: &Table, place: &Place, jobs: Vec<JobRow>) -> Result<Vec<JobRow>> {
    let there = jobs_at(table, place)?;
    let jobs: Vec<JobRow> =
        jobs.into_iter().filter(|job| there.iter().any(|other| other.id == job.id)).collect();
    if jobs.is_empty() {
        let record = place.record.unwrap_or_default();
        return Err(Error::usage(format!("the row of record {record} has another key"))
            .hint("userferry failures shows the key, the source and the record of each row"));
    }
    Ok(jobs)
}

/// Where rows come from, the first of them.
pub(super) fn listed(jobs: &[JobRow]) -> String {
    const SHOWN: usize = 5;
    let shown = jobs.iter().take(SHOWN).map(|job| format!("{} {}", job.source, job.record_no));
    let mut places: Vec<String> = shown.collect();
    if jobs.len() > SHOWN {
        places.push(format!("and {} more", jobs.len() - SHOWN));
    }
    places.join(", ")
}

/// Whether a name on the command line is that of a source: its path, or its name as lists show it.
fn is_source(path: &str, named: &str) -> bool {
    let of_file = Path::new(path).file_name().is_some_and(|name| name == named);
    let canonical =
        || file::canonical(Path::new(named)).is_ok_and(|named| named == Path::new(path));
    path == named || of_file || canonical()
}
