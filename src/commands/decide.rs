//! What `retry-failed`, `settle` and `waive` share: the rows that are decided about, and the way back.

use super::sources::source_name;
use super::unmask::Unmasked;
use super::{Writer, jobs_of, schema_of, staged_mapping};
use crate::clock;
use crate::error::{Error, Exit, Result};
use crate::mapping::Mapping;
use crate::prepare;
use crate::stage::with_lens;
use crate::store::{Deciding, JobId, JobRow, Reading, Table, Undone};
use crate::ui::Ui;
use crate::words::{counted, grouped};

/// Rows of one transaction: what they would be found by is looked for at once.
const UNDONE_AT_ONCE: usize = 10_000;

/// `way_out` is named where there is nothing to undo.
pub(super) fn undo(
    writer: &mut Writer,
    ui: Ui,
    jobs: &[JobId],
    decision: &str,
    way_out: Option<String>,
) -> Result<Exit> {
    let mapping = staged_mapping(&writer.table)?.unwrap_or_else(Mapping::reference);
    let schema = schema_of(&writer.table)?;
    let mut sum = Undone::default();
    for jobs in jobs.chunks(UNDONE_AT_ONCE) {
        let now_ms = clock::system_ms();
        sum += with_lens(&mapping, schema, |lens| writer.table.undo(jobs, decision, lens, now_ms))?;
    }
    if sum.undone == 0 && sum.moved_on > 0 {
        return Err(Error::usage("the row has moved on since that decision: it cannot be undone"));
    }
    if sum.undone == 0 {
        let error = Error::usage("there is no such decision to undo");
        return Err(match way_out {
            Some(way_out) => error.hint(way_out),
            None => error,
        });
    }
    let what = if sum.undone == 1 { "it was" } else { "they were" };
    ui.note(&format!("{} as {what} before", counted(sum.undone, "row")));
    if sum.taken > 0 {
        ui.warn(&format!(
            "{} of these cannot be sent, because another row came meanwhile and has the same \
             identifier: userferry show KEY tells which",
            grouped(sum.taken)
        ));
    }
    Ok(Exit::Done)
}

pub(super) fn by_key(table: &Table, typed: &str) -> Result<Vec<JobRow>> {
    let jobs = jobs_of(table, typed)?;
    if jobs.len() > 1 && table.jobs_by_key(typed)?.is_empty() {
        let mapping = staged_mapping(table)?.unwrap_or_else(Mapping::reference);
        let schema = schema_of(table)?;
        let unmasked = Unmasked::new(&[], &mapping, schema)?;
        let place = |job: &JobRow| {
            let user = prepare::inspect(&job.raw, &mapping, schema).user;
            let shown = job.key.as_deref().map(|key| unmasked.key(key, &user, Some(typed), schema));
            let shown = shown.unwrap_or_else(|| "-".to_owned());
            format!("{shown} ({}, record {})", source_name(&job.source), job.record_no)
        };
        let places: Vec<String> = jobs.iter().take(5).map(place).collect();
        return Err(Error::usage(format!(
            "{} have this, and it is not their key: {}",
            counted(jobs.len() as u64, "row"),
            places.join(", ")
        ))
        .hint(
            "decide about them by their keys; userferry show --record N --unmask all shows one",
        ));
    }
    Ok(jobs)
}

pub(super) fn ids(jobs: &[JobRow]) -> Vec<JobId> {
    jobs.iter().map(|job| job.id).collect()
}
