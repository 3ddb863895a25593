//! Values that were left out of what is sent: the rows of `omitted`, and `omitted_tally`, which adds them up.
//! No other file writes either.

use crate::problem::Omitted;
use crate::store::ProblemRow;
use rusqlite::{Connection, params};
use std::collections::BTreeMap;

/// Adds what was left out of the records of jobs.
pub(super) fn add<'a>(
    c: &Connection,
    jobs: impl Iterator<Item = (i64, &'a [Omitted])>,
) -> rusqlite::Result<()> {
    let mut counts: BTreeMap<&str, i64> = BTreeMap::new();
    for (id, omitted) in jobs.filter(|(_, omitted)| !omitted.is_empty()) {
        let mut insert = c.prepare_cached(
            "INSERT INTO omitted (job_id, field, rule, message) VALUES (?1, ?2, ?3, ?4)",
        )?;
        for Omitted { field, problem } in omitted {
            insert.execute(params![id, field, problem.rule.as_str(), problem.message])?;
            *counts.entry(field).or_default() += 1;
        }
    }
    counts.into_iter().try_for_each(|(field, n)| tally(c, field, n))
}

fn tally(c: &Connection, field: &str, n: i64) -> rusqlite::Result<()> {
    c.prepare_cached(
        "INSERT INTO omitted_tally (field, n) VALUES (?1, ?2)
         ON CONFLICT (field) DO UPDATE SET n = n + excluded.n",
    )?
    .execute(params![field, n])
    .map(drop)
}

/// Another record has taken the place of a job's: what was left out of that one counts.
pub(super) fn take_over(c: &Connection, from: i64, to: i64) -> rusqlite::Result<()> {
    remove(c, to)?;
    c.prepare_cached("UPDATE omitted SET job_id = ?2 WHERE job_id = ?1")?
        .execute([from, to])
        .map(drop)
}

/// Nothing was left out of a job's record.
pub(super) fn remove(c: &Connection, id: i64) -> rusqlite::Result<()> {
    let mut delete = c.prepare_cached("DELETE FROM omitted WHERE job_id = ?1 RETURNING field")?;
    let fields = delete.query_map([id], |row| row.get(0))?;
    let fields: Vec<String> = fields.collect::<rusqlite::Result<_>>()?;
    fields.iter().try_for_each(|field| tally(c, field, -1))
}

/// Removes what belongs to jobs that are no more.
pub(super) fn remove_orphans(c: &Connection) -> rusqlite::Result<()> {
    c.execute_batch(
        "DELETE FROM omitted WHERE job_id NOT IN (SELECT id FROM job);
         DELETE FROM omitted_tally;
         INSERT INTO omitted_tally (field, n) SELECT field, count(*) FROM omitted GROUP BY field",
    )
}

/// What was left out of a job's record, by the provider's field.
pub(super) fn of(c: &Connection, id: i64) -> rusqlite::Result<Vec<ProblemRow>> {
    let mut statement = c.prepare_cached(
        "SELECT field, rule, message FROM omitted WHERE job_id = ?1 ORDER BY field",
    )?;
    let rows = statement.query_map([id], |row| {
        Ok(ProblemRow { field: row.get(0)?, rule: row.get(1)?, message: row.get(2)? })
    })?;
    rows.collect()
}

/// Rows by the provider's field that was left out.
pub(super) fn counts(c: &Connection) -> rusqlite::Result<BTreeMap<String, u64>> {
    let mut statement = c.prepare("SELECT field, n FROM omitted_tally WHERE n > 0")?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    rows.collect()
}
