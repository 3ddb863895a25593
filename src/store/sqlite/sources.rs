//! Sources, and what stands in the table of each.

use crate::job::{Detail, Status};
use crate::store::{Replaced, SourceId, UnfinishedSource};
use rusqlite::{Connection, Transaction, params};

/// The sources of these paths. Of standard input only its last reading: what came before is another
/// source.
const NAMED: &str = "WITH named AS (
    SELECT id FROM source WHERE path <> '-' AND path IN (SELECT value FROM json_each(?1))
    UNION ALL
    SELECT id FROM source WHERE id = (SELECT max(id) FROM source WHERE path = '-')
                                AND '-' IN (SELECT value FROM json_each(?1)))";
/// A row of these: one whose record came from there, or did at first.
const OF_NAMED: &str =
    "(j.source_id IN (SELECT id FROM named) OR r.source_id IN (SELECT id FROM named))";

/// The sources with the path `?1`; if `?3`, the latest of these alone: a file may be staged in several states.
pub(super) const OF_PATH: &str = "(
     SELECT id FROM source WHERE path = ?1
            AND (NOT ?3 OR id = (SELECT max(id) FROM source WHERE path = ?1)))";

pub(super) fn has_sources(c: &Connection) -> rusqlite::Result<bool> {
    Ok(!sources_where(c, "id = (SELECT min(id) FROM source)")?.is_empty())
}

pub(super) fn unfinished_sources(c: &Connection) -> rusqlite::Result<Vec<UnfinishedSource>> {
    // The newest is not finished before its records are compared with the others.
    sources_where(
        c,
        "finished_at_ms IS NULL
         OR (id = (SELECT max(id) FROM source) AND (SELECT blocks > compared FROM comparison))",
    )
}

pub(super) fn closed_sources(c: &Connection) -> rusqlite::Result<Vec<UnfinishedSource>> {
    // Elsewhere a source is finished only with a checkpoint at the file's end.
    sources_where(
        c,
        "finished_at_ms IS NOT NULL AND json_valid(checkpoint)
         AND json_extract(checkpoint, '$.finished') = 0",
    )
}

fn sources_where(c: &Connection, condition: &str) -> rusqlite::Result<Vec<UnfinishedSource>> {
    let sql = format!("SELECT path, records FROM source WHERE {condition} ORDER BY id");

    let mut statement = c.prepare(&sql)?;
    let rows = statement
        .query_map([], |row| Ok(UnfinishedSource { path: row.get(0)?, records: row.get(1)? }))?;
    rows.collect()
}

pub(super) fn close_source(t: &Transaction<'_>, path: &str, now_ms: i64) -> rusqlite::Result<()> {
    t.execute(
        "UPDATE source SET finished_at_ms = ?2 WHERE path = ?1 AND finished_at_ms IS NULL",
        params![path, now_ms],
    )
    .map(drop)
}

pub(super) fn checkpoints(c: &Connection) -> rusqlite::Result<Vec<(SourceId, String)>> {
    let mut statement = c.prepare("SELECT id, checkpoint FROM source ORDER BY id")?;
    let rows = statement.query_map([], |row| Ok((SourceId(row.get(0)?), row.get(1)?)))?;
    rows.collect()
}

pub(super) fn replaced(c: &Connection) -> rusqlite::Result<Vec<Replaced>> {
    // The order of a CROSS JOIN is kept: few rows were replaced, and a scan of `job` would take seconds.
    let mut statement = c.prepare(
        "WITH waived AS (
             SELECT j.id, j.key FROM origin o CROSS JOIN job j ON j.id = o.job_id WHERE j.detail = 'waived'),
         back AS (
             SELECT key FROM job
             WHERE key IN (SELECT key FROM waived) AND (detail IS NULL OR detail <> 'waived'))
         SELECT first.path, now.path, count(*), count(*) FILTER (WHERE j.detail = 'waived')
         FROM origin o CROSS JOIN job j ON j.id = o.job_id
             CROSS JOIN source first ON first.id = j.source_id CROSS JOIN source now ON now.id = o.source_id
         WHERE first.path <> now.path
               AND NOT (j.id IN (SELECT id FROM waived) AND j.key IN (SELECT key FROM back))
         GROUP BY first.path, now.path ORDER BY first.path, now.path",
    )?;
    let rows = statement.query_map([], |row| {
        Ok(Replaced { of: row.get(0)?, by: row.get(1)?, rows: row.get(2)?, waived: row.get(3)? })
    })?;
    rows.collect()
}

pub(super) fn rows_of(
    c: &Connection,
    path: &str,
) -> rusqlite::Result<Vec<(Status, Option<Detail>, u64)>> {
    // The tally counts a row for its first source, so each record that was replaced is moved to its own.
    let mut statement = c.prepare(
        "WITH named AS (SELECT id FROM source WHERE path = ?1)
         SELECT status, detail, sum(n) FROM (
             SELECT status, nullif(detail, '') AS detail, n FROM tally WHERE source_id IN (SELECT id FROM named)
             UNION ALL
             SELECT j.status, j.detail,
                    (o.source_id IN (SELECT id FROM named)) - (j.source_id IN (SELECT id FROM named))
             FROM origin o CROSS JOIN job j ON j.id = o.job_id)
         GROUP BY status, detail HAVING sum(n) > 0",
    )?;
    let rows = statement.query_map([path], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    rows.collect()
}

pub(super) fn paths(c: &Connection) -> rusqlite::Result<Vec<String>> {
    let mut statement = c.prepare("SELECT DISTINCT path FROM source ORDER BY path")?;
    let rows = statement.query_map([], |row| row.get(0))?;
    rows.collect()
}

pub(super) fn has_records_of(c: &Connection, source: SourceId) -> rusqlite::Result<bool> {
    c.query_row("SELECT EXISTS (SELECT 1 FROM record WHERE source_id = ?1)", [source.0], |row| {
        row.get(0)
    })
}

pub(super) fn invalid_of(c: &Connection, paths: &[String]) -> rusqlite::Result<u64> {
    let paths = serde_json::Value::from(paths).to_string();
    let sql = format!(
        "{NAMED} SELECT count(*) FROM job j JOIN record r ON r.job_id = j.id
         WHERE j.status IN ('failed', 'invalid') AND j.status = 'invalid' AND {OF_NAMED}"
    );
    c.query_row(&sql, [paths], |row| row.get(0))
}

pub(super) fn invalid_of_others(
    c: &Connection,
    paths: &[String],
) -> rusqlite::Result<Vec<(String, u64)>> {
    let paths = serde_json::Value::from(paths).to_string();
    let sql = format!(
        "{NAMED} SELECT s.path, count(*) FROM job j JOIN record r ON r.job_id = j.id
             LEFT JOIN origin o ON o.job_id = j.id
             JOIN source s ON s.id = coalesce(o.source_id, j.source_id)
         WHERE j.status IN ('failed', 'invalid') AND j.status = 'invalid' AND NOT {OF_NAMED}
         GROUP BY s.path ORDER BY count(*) DESC, s.path"
    );

    let mut statement = c.prepare(&sql)?;
    let rows = statement.query_map([paths], |row| Ok((row.get(0)?, row.get(1)?)))?;
    rows.collect()
}
