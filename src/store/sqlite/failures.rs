//! Rows that are not done, and why.

use crate::job::Status;
use crate::problem::{FoundProblem, Rule};
use crate::store::{FailureRow, JobId, ProblemId, ProblemRow, Reason, ReasonRow};
use rusqlite::{Connection, params};

/// A page of jobs that are failed, invalid or unknown, by id; the parameters are those of [`picked`]. Each
/// half in the words of its partial index, else all rows would be looked through.
const PICKED: &str = "WITH picked AS (
    SELECT id FROM job WHERE status IN ('failed', 'invalid') AND id > ?1
           AND CASE status WHEN 'failed' THEN ?3 ELSE ?4 END
    UNION ALL
    SELECT id FROM job WHERE status IN ('sending', 'unknown') AND id > ?1
           AND status = 'unknown' AND ?5
    ORDER BY id LIMIT ?2)";

fn picked(which: &[Status], after: JobId, limit: u32) -> (i64, u32, bool, bool, bool) {
    let [failed, invalid, unknown] =
        [Status::Failed, Status::Invalid, Status::Unknown].map(|status| which.contains(&status));
    (after.0, limit, failed, invalid, unknown)
}

pub(super) fn failures(
    c: &Connection,
    which: &[Status],
    after: JobId,
    limit: u32,
) -> rusqlite::Result<Vec<FailureRow>> {
    let mut statement = c.prepare_cached(&format!(
        "{PICKED}
         SELECT j.id, s.path, coalesce(o.record_no, j.record_no), j.key, j.status, j.detail, j.code, j.reason,
                (SELECT count(*) FROM attempt a WHERE a.job_id = j.id)
         FROM picked p CROSS JOIN job j ON j.id = p.id LEFT JOIN origin o ON o.job_id = j.id
              CROSS JOIN source s ON s.id = coalesce(o.source_id, j.source_id)
         ORDER BY p.id",
    ))?;
    let rows = statement.query_map(picked(which, after, limit), |row| {
        Ok(FailureRow {
            id: row.get(0)?,
            source: row.get(1)?,
            record: row.get(2)?,
            key: row.get(3)?,
            status: row.get(4)?,
            detail: row.get(5)?,
            code: row.get(6)?,
            message: row.get(7)?,
            attempts: row.get(8)?,
            problems: Vec::new(),
        })
    })?;
    let mut rows: Vec<FailureRow> = rows.collect::<rusqlite::Result<_>>()?;
    for row in &mut rows {
        row.problems = problems(c, row.id)?;
    }
    Ok(rows)
}

pub(super) fn reasons(
    c: &Connection,
    which: &[Status],
    after: JobId,
    limit: u32,
) -> rusqlite::Result<Vec<ReasonRow>> {
    let mut statement = c.prepare_cached(&format!(
        "{PICKED}
         SELECT j.id, j.status, j.detail, j.code, p.field, p.rule
         FROM picked CROSS JOIN job j ON j.id = picked.id
              LEFT JOIN problem p ON p.job_id = j.id AND j.status = 'invalid'
         ORDER BY j.id, p.n",
    ))?;
    let rows = statement.query_map(picked(which, after, limit), |row| {
        Ok(ReasonRow {
            id: JobId(row.get(0)?),
            reason: Reason {
                status: row.get(1)?,
                detail: row.get(2)?,
                code: row.get(3)?,
                field: row.get(4)?,
                rule: row.get(5)?,
            },
        })
    })?;
    rows.collect()
}

pub(super) fn failure(
    c: &Connection,
    which: &[Status],
    id: JobId,
) -> rusqlite::Result<Option<FailureRow>> {
    Ok(failures(c, which, JobId(id.0 - 1), 1)?.pop().filter(|row| row.id == id.0))
}

pub(super) fn found_problems(
    c: &Connection,
    (job, n): ProblemId,
    limit: u32,
) -> rusqlite::Result<Vec<(ProblemId, FoundProblem)>> {
    let mut statement = c.prepare_cached(
        "SELECT p.job_id, p.n, s.path, j.record_no, j.line, j.key, p.field, p.rule, p.message
         FROM problem p JOIN job j ON j.id = p.job_id JOIN source s ON s.id = j.source_id
         WHERE (p.job_id, p.n) > (?1, ?2) ORDER BY p.job_id, p.n LIMIT ?3",
    )?;
    let rows = statement.query_map(params![job.0, n, limit], |row| {
        let rule: String = row.get(7)?;
        let problem = FoundProblem {
            source: row.get(2)?,
            record: row.get(3)?,
            line: row.get(4)?,
            key: row.get(5)?,
            field: row.get(6)?,
            rule: Rule::parse(&rule).unwrap_or(Rule::Value),
            message: row.get(8)?,
        };
        Ok(((JobId(row.get(0)?), row.get(1)?), problem))
    })?;
    rows.collect()
}

pub(super) fn problems(c: &Connection, id: i64) -> rusqlite::Result<Vec<ProblemRow>> {
    let mut statement =
        c.prepare_cached("SELECT field, rule, message FROM problem WHERE job_id = ?1 ORDER BY n")?;
    let rows = statement.query_map([id], |row| {
        Ok(ProblemRow { field: row.get(0)?, rule: row.get(1)?, message: row.get(2)? })
    })?;
    rows.collect()
}
