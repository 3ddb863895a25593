//! Newer records that were not applied, as the rows stand now.

use super::sources::OF_PATH;
use crate::job::Newer;
use crate::store::{JobId, NewerRow};
use rusqlite::{Connection, params};
use std::collections::BTreeMap;

/// Lines that count: of sources that no person has let go, and of records that no person has let go by name.
fn counts_for(line: &str) -> String {
    format!(
        "{line}.source_id NOT IN (SELECT id FROM source WHERE given_up) AND NOT EXISTS (
             SELECT 1 FROM decision d WHERE d.job_id = {line}.held_by AND d.decision = 'waive'
                    AND d.undone_at_ms IS NULL AND d.chosen = 'row')"
    )
}

/// Of each row the line of the latest source, if the row is done: it has what was sent, whatever it was when the
/// newer record came. Of rows that are waived those that a person keeps out. The order of a CROSS JOIN is kept: a
/// scan of `job` would take seconds.
fn judged() -> String {
    format!(
        "SELECT n.job_id, s.path, n.record_no, j.key, j.detail, n.fields,
                CASE WHEN j.detail = 'waived' THEN 'kept-out' ELSE n.what END AS said
         FROM newer n CROSS JOIN job j ON j.id = n.job_id CROSS JOIN source s ON s.id = n.source_id
         WHERE j.status = 'done' AND (j.detail <> 'waived' OR n.kept_out) AND (?1 IS NULL OR s.path = ?1)
               AND n.what <> 'as-sent' AND NOT (j.detail <> 'waived' AND n.what = 'differs' AND n.fields = '[]')
               AND {} AND NOT EXISTS (
             SELECT 1 FROM newer l WHERE l.job_id = n.job_id AND l.source_id > n.source_id AND {})",
        counts_for("n"),
        counts_for("l")
    )
}

pub(super) fn counts(c: &Connection, path: Option<&str>) -> rusqlite::Result<BTreeMap<Newer, u64>> {
    // Hardly any table has one, and to read the long question takes longer than to answer it.
    let has_lines: bool =
        c.prepare_cached("SELECT EXISTS (SELECT 1 FROM newer)")?.query_row([], |row| row.get(0))?;
    if !has_lines {
        return Ok(BTreeMap::new());
    }
    let mut statement =
        c.prepare_cached(&format!("SELECT said, count(*) FROM ({}) GROUP BY said", judged()))?;
    let counts = statement.query_map([path], |row| Ok((row.get(0)?, row.get(1)?)))?;
    counts.collect()
}

pub(super) fn rows(
    c: &Connection,
    path: Option<&str>,
    which: Option<Newer>,
    after: JobId,
    limit: u32,
) -> rusqlite::Result<Vec<NewerRow>> {
    let mut statement = c.prepare_cached(&format!(
        "SELECT * FROM ({}) WHERE job_id > ?2 AND (?3 IS NULL OR said = ?3)
         ORDER BY job_id LIMIT ?4",
        judged()
    ))?;
    let which = which.map(Newer::as_str);
    let rows = statement.query_map(params![path, after.0, which, limit], |row| {
        let fields: String = row.get(5)?;
        Ok(NewerRow {
            id: JobId(row.get(0)?),
            source: row.get(1)?,
            record: row.get(2)?,
            key: row.get(3)?,
            detail: row.get(4)?,
            fields: serde_json::from_str(&fields).unwrap_or_default(),
            newer: row.get(6)?,
        })
    })?;
    rows.collect()
}

/// The mapping says of who may sign in something else than the one that these lines were written under.
pub(super) fn sign_in_changed(c: &Connection) -> rusqlite::Result<()> {
    let text = "UPDATE newer SET what = 'state-unknown' WHERE what IN ('unblocked', 'differs')";
    c.execute(text, []).map(drop)
}

/// A person lets go of all of a source, or takes that back. Whether its records have said anything of rows that
/// they were not applied to.
pub(super) fn give_up(
    c: &Connection,
    path: &str,
    is_latest: bool,
    given_up: bool,
) -> rusqlite::Result<bool> {
    let text = format!("UPDATE source SET given_up = ?2 WHERE id IN {OF_PATH} AND given_up <> ?2");
    if c.execute(&text, params![path, given_up, is_latest])? == 0 {
        return Ok(false);
    }
    let text = format!("SELECT EXISTS (SELECT 1 FROM newer WHERE source_id IN {OF_PATH})");
    c.query_row(&text, params![path, given_up, is_latest], |row| row.get(0))
}

/// A source begins anew: what it has said so far is not said.
pub(super) fn forget_source(c: &Connection, source: i64) -> rusqlite::Result<()> {
    c.execute("DELETE FROM newer WHERE source_id = ?1", [source]).map(drop)
}
