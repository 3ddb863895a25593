//! Single rows, by what people call them.

use super::identifiers;
use crate::store::{AttemptRow, JobId, JobRow};
use crate::user::{IdKind, Identifiers, normalise, same};
use crate::values::phone;
use rusqlite::{Connection, OptionalExtension, Row, params};
use std::collections::BTreeMap;

pub(super) fn attempts(c: &Connection, id: JobId) -> rusqlite::Result<Vec<AttemptRow>> {
    let mut statement = c.prepare_cached(
        "SELECT n, run_id, op, at_ms, took_ms, read_ms, outcome, http_status, code, message, request_id
         FROM attempt WHERE job_id = ?1 ORDER BY n",
    )?;
    let rows = statement.query_map([id.0], |row| {
        Ok(AttemptRow {
            n: row.get(0)?,
            run_id: row.get(1)?,
            op: row.get(2)?,
            at_ms: row.get(3)?,
            took_ms: row.get(4)?,
            read_ms: row.get(5)?,
            outcome: row.get(6)?,
            http_status: row.get(7)?,
            code: row.get(8)?,
            message: row.get(9)?,
            request_id: row.get(10)?,
        })
    })?;
    rows.collect()
}

pub(super) fn decisions(c: &Connection, job: JobId) -> rusqlite::Result<Vec<String>> {
    let mut statement = c.prepare(
        "SELECT at_ms, decision, from_status, to_status, reason, undone_at_ms IS NOT NULL
         FROM decision WHERE job_id = ?1 ORDER BY id",
    )?;
    let rows = statement.query_map([job.0], |row| {
        let at = crate::clock::iso(row.get(0)?);
        let (decision, from): (String, String) = (row.get(1)?, row.get(2)?);
        let (to, reason): (String, String) = (row.get(3)?, row.get(4)?);
        let undone = if row.get(5)? { " (undone)" } else { "" };
        Ok(format!("{at} {decision}: {from} to {to}: {reason}{undone}"))
    })?;
    rows.collect()
}

pub(super) fn jobs_by_key(c: &Connection, key: &str) -> rusqlite::Result<Vec<JobRow>> {
    let mut statement = c.prepare_cached(&format!("{JOB_ROW} WHERE j.id = ?1 AND j.key = ?2"))?;
    let mut found = BTreeMap::new();
    for kind in IdKind::ALL {
        let value = normalise(kind, key);
        for id in identifiers::with_hash(c, identifiers::hash(kind, &value))? {
            let row = statement.query_row(params![id, value], job_row).optional()?;
            found.extend(row.map(|row| (id, row)));
        }
    }
    Ok(found.into_values().collect())
}

pub(super) fn jobs_by_record(c: &Connection, record_no: u64) -> rusqlite::Result<Vec<JobRow>> {
    let mut statement = c.prepare_cached(&format!(
        "{JOB_ROW} WHERE coalesce(o.record_no, j.record_no) = ?1 ORDER BY j.id"
    ))?;
    statement.query_map([record_no], job_row)?.collect()
}

pub(super) fn jobs_with(
    c: &Connection,
    identifier: &str,
    identify: &dyn Fn(&[u8]) -> Identifiers,
) -> rusqlite::Result<Vec<JobRow>> {
    let mut statement = c.prepare_cached(&format!("{JOB_ROW} WHERE j.id = ?1"))?;
    let mut found = BTreeMap::new();
    for kind in IdKind::ALL {
        let value = normalise(kind, identifier);
        let spellings = match kind {
            IdKind::Phone => phone::spellings(&value),
            IdKind::ExternalId | IdKind::Email | IdKind::Username => [value.clone()].into(),
        };
        let hashes = spellings.iter().map(|spelling| identifiers::hash(kind, spelling)).collect();
        for id in identifiers::with_hashes(c, &hashes)? {
            let row = statement.query_row([id], job_row).optional()?;
            let has = |row: &JobRow| {
                identify(&row.raw).get(kind).is_some_and(|its| same(kind, its, &value))
            };
            found.extend(row.filter(has).map(|row| (id, row)));
        }
    }
    Ok(found.into_values().collect())
}

/// A job as [`job_row`] reads it; its place is that of the record that it has now.
const JOB_ROW: &str = "\
SELECT j.id, s.path, coalesce(o.record_no, j.record_no), iif(o.job_id IS NULL, j.line, o.line), j.key, j.status, j.detail, j.sends, j.spent, j.first_sent_ms,
       j.not_before_ms, j.remote_id, j.evidence, j.code, j.reason, j.updated_at_ms, r.raw
FROM job j LEFT JOIN origin o ON o.job_id = j.id
     JOIN source s ON s.id = coalesce(o.source_id, j.source_id) JOIN record r ON r.job_id = j.id";

fn job_row(row: &Row<'_>) -> rusqlite::Result<JobRow> {
    Ok(JobRow {
        id: JobId(row.get(0)?),
        source: row.get(1)?,
        record_no: row.get(2)?,
        line: row.get(3)?,
        key: row.get(4)?,
        status: row.get(5)?,
        detail: row.get(6)?,
        sends: row.get(7)?,
        spent: row.get(8)?,
        first_sent_ms: row.get(9)?,
        not_before_ms: row.get(10)?,
        remote_id: row.get(11)?,
        evidence: row.get(12)?,
        code: row.get(13)?,
        reason: row.get(14)?,
        updated_at_ms: row.get(15)?,
        raw: row.get(16)?,
    })
}
