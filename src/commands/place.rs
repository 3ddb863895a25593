//! Rows by the place that their records come from: those without a key have no other name.

use super::sources::{is_source, source_name};
use super::{anew, schema_of, staged_mapping};
use crate::error::{Error, Result};
use crate::mapping::Mapping;
use crate::prepare;
use crate::store::{JobRow, Reading, Table};
use crate::user::IdKind;
use crate::words::{counted, shell_word};
use clap::Args;

/// A row by the place that its record comes from, for those that have no key.
#[derive(Clone, Debug, Default, Args)]
pub struct Place {
    /// The row of the record with this number, as failures names it
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=9_223_372_036_854_775_807))]
    pub record: Option<u64>,

    /// The source of that record [default: the only one that has such a number]
    #[arg(long, value_name = "SOURCE")]
    pub source: Option<String>,
}

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
            several.iter().map(|path| source_name(path)).collect::<Vec<_>>().join(", ")
        ))
        .hint("name the one: --source SOURCE")),
    }
}

/// The same for a decision: only rows that have no key. A file may have been staged in several states,
/// so its numbers name others today than then, and nobody who can be sent may be let go by mistake.
pub(super) fn without_key_at(table: &Table, place: &Place) -> Result<Vec<JobRow>> {
    let (with_key, jobs): (Vec<_>, Vec<_>) =
        jobs_at(table, place)?.into_iter().partition(|job| job.key.is_some());
    if jobs.is_empty() {
        return Err(has_a_key(table, place, &with_key)?);
    }
    // Which of them is meant? The file has one record of that number, and each state had.
    if jobs.len() > 1 {
        let record = place.record.unwrap_or_default();
        return Err(Error::usage(format!(
            "{} without a key come from record {record} of {}, which was staged in several states",
            counted(jobs.len() as u64, "row"),
            source_name(&jobs[0].source)
        ))
        .hint(format!(
            "userferry show --record {record} shows them; give those that are to stay something to be identified by, \
             and let the others go with --status invalid"
        )));
    }
    Ok(jobs)
}

fn has_a_key(table: &Table, place: &Place, jobs: &[JobRow]) -> Result<Error> {
    let record = place.record.unwrap_or_default();
    let hint = match jobs {
        [job] => match external_id(table, job)? {
            Some(id) => format!("name it by that, too: --key {}", shell_word(&id)),
            None => format!(
                "name it by that, too: --key KEY; userferry show --record {record} --source {} --unmask all shows it",
                shell_word(&job.source)
            ),
        },
        // In each state of the file it was another one.
        _ => format!(
            "userferry show --record {record} --unmask all tells the keys; name the one: --key KEY"
        ),
    };
    Ok(Error::usage(format!("the row of record {record} has a key")).hint(hint))
}

/// The key of a row, unless it is one that says who the user is.
fn external_id(table: &Table, job: &JobRow) -> Result<Option<String>> {
    let Some(key) = &job.key else { return Ok(None) };
    let mapping = staged_mapping(table)?.unwrap_or_else(Mapping::reference);
    let user = prepare::inspect(&job.raw, &mapping, schema_of(table)?).user;
    let is_id = user.identifiers.get(IdKind::ExternalId) == Some(key)
        // A terminal would take these for its own.
        && !key.chars().any(char::is_control);
    Ok(is_id.then(|| key.clone()))
}

/// Which of the rows that one key names is to go: the command for each, and that for all of them.
pub(super) fn which_of(table: &Table, jobs: &[JobRow]) -> Result<Error> {
    const SHOWN: usize = 5;
    let key = external_id(table, &jobs[0])?.map_or_else(|| "KEY".to_owned(), |id| shell_word(&id));
    let waive = |place: &str| format!("userferry waive --key {key} {place} --reason TEXT");
    let of =
        |job: &JobRow| format!("--record {} --source {}", job.record_no, shell_word(&job.source));
    let mut ways: Vec<String> = Vec::new();
    for job in jobs.iter().take(SHOWN) {
        // Of a file that was staged in several states one place names several.
        if jobs.iter().filter(|other| of(other) == of(job)).count() == 1 {
            ways.push(format!("{} ({})", waive(&of(job)), job.status));
        }
    }
    ways.push(format!("{} (all of them)", waive("--all")));
    // Of one file, in several states or read in several ways.
    if ways.len() <= jobs.len().min(SHOWN)
        && let Some(removal) = anew::removal(table)?
    {
        ways.push(format!(
            "{removal} (nothing was sent yet: if a staging was wrong as a whole, begin anew)"
        ));
    }
    let is_key = jobs.iter().all(|job| job.key == jobs[0].key);
    let message = format!(
        "{} have this {}, and one of them is still to be sent: which is to go?",
        counted(jobs.len() as u64, "row"),
        if is_key { "key" } else { "as their key or beside another key" }
    );
    Ok(Error::usage(message).hint(ways.join("\n      ")))
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
    let shown = jobs
        .iter()
        .take(SHOWN)
        .map(|job| format!("{} {}", source_name(&job.source), job.record_no));
    let mut places: Vec<String> = shown.collect();
    if jobs.len() > SHOWN {
        places.push(format!("and {} more", jobs.len() - SHOWN));
    }
    places.join(", ")
}
