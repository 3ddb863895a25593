//! Newer records that were not applied, as the rows stand now.

use crate::job::Newer;
use crate::store::{JobId, NewerRow};
use rusqlite::{Connection, params};
use std::collections::BTreeMap;

/// Rows that are done have what was sent, whatever they were when the newer record came. Of those that are
/// waived the ones that a person keeps out. The order of a CROSS JOIN is kept: a scan of `job` would take seconds.
const JUDGED: &str = "SELECT n.job_id, s.path, n.record_no, j.key, j.detail, n.fields,
        CASE WHEN j.detail = 'waived' THEN 'kept-out' ELSE n.what END AS said
 FROM newer n CROSS JOIN job j ON j.id = n.job_id CROSS JOIN source s ON s.id = n.source_id
 WHERE j.status = 'done' AND (j.detail <> 'waived' OR n.kept_out) AND (?1 IS NULL OR s.path = ?1)";

pub(super) fn counts(c: &Connection, path: Option<&str>) -> rusqlite::Result<BTreeMap<Newer, u64>> {
    let mut statement =
        c.prepare_cached(&format!("SELECT said, count(*) FROM ({JUDGED}) GROUP BY said"))?;
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
        "SELECT * FROM ({JUDGED}) WHERE job_id > ?2 AND (?3 IS NULL OR said = ?3)
         ORDER BY job_id LIMIT ?4"
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
