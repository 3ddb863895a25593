//! What people decide: to retry, to settle, to waive.

use super::run::CRASHED;
use super::{Deltas, Table};
use crate::job::{Class, Detail, Status};
use crate::store::{JobId, StoreError};
use rusqlite::{Connection, OptionalExtension, Transaction, params};
use std::collections::HashSet;

/// Which failed rows to retry; all of them by default.
#[derive(Clone, Debug, Default)]
pub struct Retry {
    /// Only those with this code.
    pub code: Option<String>,
    /// Only those that failed so.
    pub detail: Option<Detail>,
    /// Only these.
    pub jobs: Option<Vec<JobId>>,
}

/// Which rows to waive.
#[derive(Clone, Debug)]
pub enum Chosen {
    /// These.
    Jobs(Vec<JobId>),
    /// All of a status: failed, invalid or unknown.
    Status(Status),
}

/// What a person says became of a row in doubt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SettleAs<'a> {
    /// The user is in the directory.
    Done,
    /// It is there under this id.
    DoneWithId(&'a str),
    /// It is not: send it again.
    Pending,
    /// It is not, and is not to be sent.
    Failed,
}

pub(super) struct Row {
    id: i64,
    pub(super) source: i64,
    pub(super) status: Status,
    pub(super) detail: Option<Detail>,
    pub(super) code: Option<String>,
    reason: Option<String>,
    remote_id: Option<String>,
    evidence: Option<String>,
    pub(super) updated_at_ms: i64,
}

/// What became of failed rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Retried {
    /// They will be sent again.
    pub pending: u64,
    /// They cannot be sent as they are.
    pub invalid: u64,
}

/// Where a decision takes a row.
struct Goal<'a> {
    decision: &'a str,
    status: Status,
    detail: Option<Detail>,
    reason: &'a str,
    /// The id in the directory, where it is told.
    user_id: Option<&'a str>,
    now_ms: i64,
}

impl Table {
    /// Makes failed rows pending again, and those invalid that have problems by now; attempts and
    /// history stay.
    pub fn retry(&mut self, which: &Retry, now_ms: i64) -> Result<Retried, StoreError> {
        self.write(|t| {
            let ids = failed(t, which)?;
            let (mut deltas, mut pending) = (Deltas::default(), 0);
            for id in &ids {
                let Some(row) = load(t, *id)? else { continue };
                let is_wrong = has_problems(t, *id)?;
                let status = if is_wrong { Status::Invalid } else { Status::Pending };
                t.prepare_cached(
                    "UPDATE job SET status = ?3, detail = NULL, code = NULL, reason = NULL,
                            spent = 0, not_before_ms = 0, remote_id = NULL, updated_at_ms = ?2
                     WHERE id = ?1",
                )?
                .execute(params![id, now_ms, status.as_str()])?;
                deltas.add(row.source, row.status, row.detail, row.code.as_deref(), -1);
                deltas.add(row.source, status, None, None, 1);
                pending += u64::from(!is_wrong);
            }
            deltas.apply(t)?;
            Ok(Retried { pending, invalid: ids.len() as u64 - pending })
        })
    }

    /// What [`Self::retry`] would do; changes nothing.
    pub fn would_retry(&self, which: &Retry) -> Result<Retried, StoreError> {
        self.check(|c| {
            let mut retried = Retried::default();
            for id in failed(c, which)? {
                if has_problems(c, id)? {
                    retried.invalid += 1;
                } else {
                    retried.pending += 1;
                }
            }
            Ok(retried)
        })
    }

    /// The rows that [`Self::retry`] would take, the oldest first.
    pub fn failed_jobs(&self, which: &Retry) -> Result<Vec<JobId>, StoreError> {
        self.check(|c| Ok(failed(c, which)?.into_iter().map(JobId).collect()))
    }

    /// Settles a row that is unknown; `false` when it is not.
    pub fn settle(
        &mut self,
        job: JobId,
        to: SettleAs<'_>,
        reason: &str,
        now_ms: i64,
    ) -> Result<bool, StoreError> {
        let (status, detail, user_id) = match to {
            // Whether it was this table that created it is not known, so a later undo must not
            // delete it.
            SettleAs::Done => (Status::Done, Some(Detail::Existed), None),
            SettleAs::DoneWithId(id) => (Status::Done, Some(Detail::Existed), Some(id)),
            SettleAs::Pending => (Status::Pending, None, None),
            SettleAs::Failed => (Status::Failed, Some(Detail::Rejected), None),
        };
        let goal = Goal { decision: "settle", status, detail, reason, user_id, now_ms };
        self.write(|t| {
            let Some(row) = load(t, job.0)? else { return Ok(false) };
            if !matches!(row.status, Status::Unknown | Status::Sending) {
                return Ok(false);
            }
            let mut deltas = Deltas::default();
            decide(t, &row, &goal, &mut deltas)?;
            deltas.apply(t)?;
            Ok(true)
        })
    }

    /// Lets failed, invalid and unknown rows go, and pending ones that are named. Returns how many.
    pub fn waive(&mut self, which: &Chosen, reason: &str, now_ms: i64) -> Result<u64, StoreError> {
        let goal = Goal {
            decision: "waive",
            status: Status::Done,
            detail: Some(Detail::Waived),
            reason,
            user_id: None,
            now_ms,
        };
        self.write(|t| {
            let ids: Vec<i64> = match which {
                Chosen::Jobs(jobs) => jobs.iter().map(|job| job.0).collect(),
                Chosen::Status(status) => t
                    .prepare(
                        "SELECT id FROM job WHERE status IN ('failed', 'invalid') AND status = ?1
                         UNION ALL
                         SELECT id FROM job WHERE status IN ('sending', 'unknown')
                                AND (status = ?1 OR ?1 = 'unknown')",
                    )?
                    .query_map([status.as_str()], |row| row.get(0))?
                    .collect::<rusqlite::Result<_>>()?,
            };
            let mut deltas = Deltas::default();
            let mut n = 0;
            for id in ids {
                let Some(row) = load(t, id)? else { continue };
                if can_be_waived(row.status) {
                    decide(t, &row, &goal, &mut deltas)?;
                    n += 1;
                }
            }
            deltas.apply(t)?;
            Ok(n)
        })
    }

    /// What was decided about a row, a line each, for people.
    pub fn decisions(&self, job: JobId) -> Result<Vec<String>, StoreError> {
        self.check(|c| {
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
        })
    }

    /// Whether anything was ever sent.
    pub fn has_attempts(&self) -> Result<bool, StoreError> {
        self.check(|c| {
            c.query_row(
                "SELECT EXISTS (SELECT 1 FROM attempt) OR EXISTS
                    (SELECT 1 FROM job WHERE status IN ('sending', 'unknown'))",
                [],
                |row| row.get(0),
            )
        })
    }

    /// The rows that were waived and still are, for `waive --status … --undo`.
    pub fn waived(&self, from: Status) -> Result<Vec<JobId>, StoreError> {
        self.check(|c| {
            let mut statement = c.prepare(
                "SELECT DISTINCT d.job_id FROM decision d JOIN job j ON j.id = d.job_id
                 WHERE d.decision = 'waive' AND d.undone_at_ms IS NULL AND d.from_status = ?1
                       AND j.detail = 'waived' ORDER BY d.job_id",
            )?;
            let rows = statement.query_map([from.as_str()], |row| Ok(JobId(row.get(0)?)))?;
            rows.collect()
        })
    }
}

/// Whether a row can be let go. One in doubt too: whoever gives it up knows that its user may be there.
pub fn can_be_waived(status: Status) -> bool {
    match status {
        Status::Pending | Status::Sending | Status::Unknown | Status::Failed | Status::Invalid => {
            true
        }
        Status::Done => false,
    }
}

fn failed(c: &Connection, which: &Retry) -> rusqlite::Result<Vec<i64>> {
    let mut statement = c.prepare(
        "SELECT id FROM job WHERE status IN ('failed', 'invalid') AND status = 'failed'
                AND (?1 IS NULL OR code = ?1) AND (?2 IS NULL OR detail = ?2) ORDER BY id",
    )?;
    let ids = statement
        .query_map(params![which.code, which.detail.map(Detail::as_str)], |row| row.get(0))?;
    let mut ids: Vec<i64> = ids.collect::<rusqlite::Result<_>>()?;
    if let Some(jobs) = &which.jobs {
        let jobs: HashSet<JobId> = jobs.iter().copied().collect();
        ids.retain(|id| jobs.contains(&JobId(*id)));
    }
    Ok(ids)
}

/// Another mapping may have found something in a row that failed before.
fn has_problems(c: &Connection, id: i64) -> rusqlite::Result<bool> {
    c.prepare_cached("SELECT EXISTS (SELECT 1 FROM problem WHERE job_id = ?1)")?
        .query_row([id], |row| row.get(0))
}

pub(super) fn load(t: &Transaction<'_>, id: i64) -> rusqlite::Result<Option<Row>> {
    t.prepare_cached(
        "SELECT source_id, status, detail, code, reason, remote_id, evidence, updated_at_ms
         FROM job WHERE id = ?1",
    )?
    .query_row([id], |row| {
        let (status, detail): (String, Option<String>) = (row.get(1)?, row.get(2)?);
        Ok(Row {
            id,
            source: row.get(0)?,
            status: Status::parse(&status).unwrap_or(Status::Sending),
            detail: detail.as_deref().and_then(Detail::parse),
            code: row.get(3)?,
            reason: row.get(4)?,
            remote_id: row.get(5)?,
            evidence: row.get(6)?,
            updated_at_ms: row.get(7)?,
        })
    })
    .optional()
}

fn decide(
    t: &Transaction<'_>,
    row: &Row,
    goal: &Goal<'_>,
    deltas: &mut Deltas,
) -> rusqlite::Result<()> {
    if row.status == Status::Sending {
        // Left so by a crash: that send is part of the history, whatever is decided.
        t.execute(
            "INSERT INTO attempt (job_id, n, run_id, at_ms, outcome, message)
             SELECT id, sends, claimed_by_run, updated_at_ms, ?2, ?3 FROM job WHERE id = ?1",
            params![row.id, Class::Unknown.as_str(), CRASHED],
        )?;
    }
    t.prepare_cached(
        "INSERT INTO decision (job_id, at_ms, decision, from_status, from_detail, from_code, from_reason,
                               from_remote_id, from_evidence, to_status, reason, from_updated_at_ms)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
    )?
    .execute(params![
        row.id,
        goal.now_ms,
        goal.decision,
        row.status.as_str(),
        row.detail.map(Detail::as_str),
        row.code,
        row.reason,
        row.remote_id,
        row.evidence,
        goal.status.as_str(),
        goal.reason,
        row.updated_at_ms,
    ])?;
    t.prepare_cached(
        "UPDATE job SET status = ?2, detail = ?3, code = NULL, reason = ?4, claimed_by_run = NULL,
                not_before_ms = 0, updated_at_ms = ?5, remote_id = coalesce(?6, remote_id)
         WHERE id = ?1",
    )?
    .execute(params![
        row.id,
        goal.status.as_str(),
        goal.detail.map(Detail::as_str),
        goal.reason,
        goal.now_ms,
        goal.user_id,
    ])?;
    deltas.add(row.source, row.status, row.detail, row.code.as_deref(), -1);
    deltas.add(row.source, goal.status, goal.detail, None, 1);
    Ok(())
}
