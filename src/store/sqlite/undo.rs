//! Taking back what people have decided.

use super::standing::load;
use super::{Deltas, compare};
use crate::job::Decided;
use crate::store::{JobId, Lens, Undone};
use rusqlite::{OptionalExtension, Row, Transaction, params};

pub(super) fn undo(
    t: &Transaction<'_>,
    jobs: &[JobId],
    decision: &str,
    lens: &Lens<'_>,
    now_ms: i64,
) -> rusqlite::Result<Undone> {
    let (mut undone, mut back) = (Undone::default(), Vec::new());
    for job in jobs {
        match undo_one(t, job.0, decision, now_ms)? {
            Some(true) => back.push(job.0),
            Some(false) => undone.moved_on += 1,
            None => {}
        }
    }
    undone.undone = back.len() as u64;
    // A waived row stands in nobody's way: others may have come meanwhile.
    if decision == "waive" {
        undone.taken = compare::judge_back(t, lens, &back, now_ms)?;
    }
    Ok(undone)
}

/// Whether it is undone; none where there is nothing to undo.
fn undo_one(
    t: &Transaction<'_>,
    job: i64,
    decision: &str,
    now_ms: i64,
) -> rusqlite::Result<Option<bool>> {
    let latest: Option<(i64, Decided)> = t
        .query_row(
            "SELECT id, at_ms, to_status, from_status, from_detail, from_code, from_reason, from_remote_id,
                    from_evidence, from_updated_at_ms FROM decision
             WHERE job_id = ?1 AND decision = ?2 AND undone_at_ms IS NULL ORDER BY id DESC LIMIT 1",
            params![job, decision],
            |row| Ok((row.get(0)?, decided(row)?)),
        )
        .optional()?;
    let Some((id, decided)) = latest else { return Ok(None) };
    let Some(row) = load(t, job)? else { return Ok(None) };
    let last_run = t.query_row("SELECT max(id) FROM run", [], |row| row.get(0))?;
    let Some(to) = row.standing.undone(&decided, last_run) else { return Ok(Some(false)) };
    let mut deltas = Deltas::default();
    row.becomes(t, &to, &mut deltas)?;
    deltas.apply(t)?;
    t.execute("UPDATE decision SET undone_at_ms = ?2 WHERE id = ?1", params![id, now_ms])?;
    Ok(Some(true))
}

fn decided(row: &Row<'_>) -> rusqlite::Result<Decided> {
    Ok(Decided {
        at_ms: row.get(1)?,
        to: row.get(2)?,
        from: row.get(3)?,
        from_detail: row.get(4)?,
        from_code: row.get(5)?,
        from_reason: row.get(6)?,
        from_remote_id: row.get(7)?,
        from_evidence: row.get(8)?,
        from_updated_at_ms: row.get(9)?,
    })
}
