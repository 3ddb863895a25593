//! Taking back what people have decided.

use super::decide::load;
use super::{Deltas, Table, compare};
use crate::job::{Detail, Status};
use crate::store::{JobId, Lens, StoreError};
use rusqlite::{OptionalExtension, Transaction, params};

/// What undoing decisions came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Undone {
    /// Rows that are again what they were.
    pub undone: u64,
    /// Of these, rows that share an identifier with a row that came meanwhile: they cannot be sent.
    pub taken: u64,
    /// Rows that have moved on since, and stay as they are.
    pub moved_on: u64,
}

impl std::ops::AddAssign for Undone {
    fn add_assign(&mut self, other: Self) {
        self.undone += other.undone;
        self.taken += other.taken;
        self.moved_on += other.moved_on;
    }
}

impl Table {
    /// Takes back the latest decision of this sort about each of these rows, if nothing has happened
    /// since. Where nothing was decided, nothing is undone.
    pub fn undo(
        &mut self,
        jobs: &[JobId],
        decision: &str,
        lens: &Lens<'_>,
        now_ms: i64,
    ) -> Result<Undone, StoreError> {
        self.write(|t| {
            let (mut undone, mut back) = (Undone::default(), Vec::new());
            for job in jobs {
                match undo(t, job.0, decision, now_ms)? {
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
        })
    }
}

/// Whether it is undone; none where there is nothing to undo.
fn undo(
    t: &Transaction<'_>,
    job: i64,
    decision: &str,
    now_ms: i64,
) -> rusqlite::Result<Option<bool>> {
    type Decided = (i64, i64, String, Option<String>, Option<String>, String);
    let latest: Option<Decided> = t
        .query_row(
            "SELECT id, at_ms, from_status, from_detail, from_code, to_status FROM decision
             WHERE job_id = ?1 AND decision = ?2 AND undone_at_ms IS NULL ORDER BY id DESC LIMIT 1",
            params![job, decision],
            |row| {
                Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?, row.get(5)?))
            },
        )
        .optional()?;
    let Some((id, at_ms, from_status, from_detail, from_code, to_status)) = latest else {
        return Ok(None);
    };
    let Some(row) = load(t, job)? else { return Ok(None) };
    if row.status.as_str() != to_status || row.updated_at_ms != at_ms {
        return Ok(Some(false));
    }
    // A row that was being sent when the process ended is in doubt.
    let status = match Status::parse(&from_status) {
        Some(Status::Sending) | None => Status::Unknown,
        Some(status) => status,
    };
    let detail = from_detail.as_deref().and_then(Detail::parse);
    t.execute(
        "UPDATE job SET status = ?2, detail = ?3,
                (code, reason, remote_id, evidence) =
                    (SELECT from_code, from_reason, from_remote_id, from_evidence FROM decision WHERE id = ?4),
                claimed_by_run = CASE WHEN ?2 = 'unknown' THEN (SELECT max(id) FROM run) END,
                -- As if nothing had been decided: an earlier decision can be undone in its turn.
                updated_at_ms = (SELECT from_updated_at_ms FROM decision WHERE id = ?4)
         WHERE id = ?1",
        params![job, status.as_str(), detail.map(Detail::as_str), id],
    )?;
    t.execute("UPDATE decision SET undone_at_ms = ?2 WHERE id = ?1", params![id, now_ms])?;
    let mut deltas = Deltas::default();
    deltas.add(row.source, row.status, row.detail, row.code.as_deref(), -1);
    deltas.add(row.source, status, detail, from_code.as_deref(), 1);
    deltas.apply(t)?;
    Ok(Some(true))
}
