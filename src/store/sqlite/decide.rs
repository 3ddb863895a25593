//! What people decide: to retry, to settle, to waive.

use super::Deltas;
use super::binding::current_mapping;
use super::sources::OF_PATH;
use super::standing::{Held, has_problems, load};
use crate::job::{CRASHED, Class, Detail, Op, SettleAs, Standing, Status};
use crate::store::{Chosen, JobId, Retried, Retry};
use rusqlite::{Connection, OptionalExtension as _, Transaction, params};
use std::collections::HashSet;

impl Retried {
    fn count(&mut self, to: &Standing) {
        match to.status {
            Status::Invalid => self.invalid += 1,
            Status::Pending => self.pending += 1,
            Status::Sending | Status::Unknown | Status::Done | Status::Failed => {}
        }
    }
}

/// What a person has decided.
struct Decision<'a> {
    word: &'static str,
    /// By what its row was chosen.
    chosen: &'static str,
    /// Whether an identifier beside its key named it.
    is_beside: bool,
    reason: &'a str,
    now_ms: i64,
}

pub(super) fn retry(t: &Transaction<'_>, which: &Retry, now_ms: i64) -> rusqlite::Result<Retried> {
    let (mut deltas, mut retried) = (Deltas::default(), Retried::default());
    for id in failed(t, which)? {
        let Some(row) = load(t, id)? else { continue };
        let Some(to) = row.standing.retried(has_problems(t, id)?, now_ms) else { continue };
        row.becomes(t, &to, &mut deltas)?;
        retried.count(&to);
    }
    deltas.apply(t)?;
    Ok(retried)
}

pub(super) fn would_retry(c: &Connection, which: &Retry) -> rusqlite::Result<Retried> {
    let mut retried = Retried::default();
    for id in failed(c, which)? {
        let Some(row) = load(c, id)? else { continue };
        if let Some(to) = row.standing.retried(has_problems(c, id)?, 0) {
            retried.count(&to);
        }
    }
    Ok(retried)
}

pub(super) fn failed_jobs(c: &Connection, which: &Retry) -> rusqlite::Result<Vec<JobId>> {
    Ok(failed(c, which)?.into_iter().map(JobId).collect())
}

pub(super) fn settle(
    t: &Transaction<'_>,
    job: JobId,
    to: SettleAs<'_>,
    reason: &str,
    now_ms: i64,
) -> rusqlite::Result<bool> {
    let decision = Decision { word: "settle", chosen: "row", is_beside: false, reason, now_ms };

    let Some(row) = load(t, job.0)? else { return Ok(false) };
    let Some(to) = row.standing.settled(to, reason, now_ms) else { return Ok(false) };
    let mut deltas = Deltas::default();
    decide(t, &row, &to, &decision, &mut deltas)?;
    deltas.apply(t)?;
    Ok(true)
}

pub(super) fn waive(
    t: &Transaction<'_>,
    which: &Chosen,
    reason: &str,
    now_ms: i64,
) -> rusqlite::Result<u64> {
    let is_beside = matches!(which, Chosen::Beside(_));
    let decision = Decision { word: "waive", chosen: by(which), is_beside, reason, now_ms };

    let mut deltas = Deltas::default();
    let mut n = 0;
    for id in chosen(t, which)? {
        let Some(row) = load(t, id)? else { continue };
        let Some(to) = row.standing.waived(reason, now_ms) else { continue };
        decide(t, &row, &to, &decision, &mut deltas)?;
        n += 1;
    }
    deltas.apply(t)?;
    Ok(n)
}

/// By what the rows of a choice are chosen, as it stands beside their decisions.
fn by(which: &Chosen) -> &'static str {
    match which {
        Chosen::Jobs(_) | Chosen::Beside(_) => "row",
        Chosen::Status(_) | Chosen::Failed(_) => "status",
        Chosen::Source { .. } => "source",
    }
}

/// The rows that may be waived by this choice, by id.
fn chosen(c: &Connection, which: &Chosen) -> rusqlite::Result<Vec<i64>> {
    match which {
        Chosen::Jobs(jobs) | Chosen::Beside(jobs) => Ok(jobs.iter().map(|job| job.0).collect()),
        Chosen::Status(status) => c
            .prepare(
                "SELECT id FROM job WHERE status IN ('failed', 'invalid') AND status = ?1
                 UNION ALL
                 SELECT id FROM job WHERE status IN ('sending', 'unknown')
                        AND (status = ?1 OR ?1 = 'unknown')",
            )?
            .query_map([status], |row| row.get(0))?
            .collect(),
        Chosen::Failed(detail) => failed(c, &Retry { detail: Some(*detail), ..Retry::default() }),
        Chosen::Source { path, is_latest, statuses } => c
            .prepare(&format!(
                "SELECT j.id FROM job j LEFT JOIN origin o ON o.job_id = j.id
                 WHERE {RECORD_SOURCE} IN {OF_PATH} AND j.status IN (SELECT value FROM json_each(?2)) ORDER BY j.id"
            ))?
            .query_map(params![path, as_list(statuses), is_latest], |row| row.get(0))?
            .collect(),
    }
}

pub(super) fn waived(c: &Connection, which: &Chosen) -> rusqlite::Result<Vec<JobId>> {
    match which {
        Chosen::Jobs(jobs) => Ok(jobs.clone()),
        Chosen::Beside(jobs) => waived_beside(c, jobs),
        Chosen::Status(_) | Chosen::Failed(_) | Chosen::Source { .. } => waived_of(c, which, true),
    }
}

pub(super) fn waived_otherwise(c: &Connection, which: &Chosen) -> rusqlite::Result<u64> {
    Ok(waived_of(c, which, false)?.len() as u64)
}

/// The rows of a choice that are waived: those that were let go by such a choice, or those that were let go in
/// another way. What counts is the latest decision about a row.
fn waived_of(c: &Connection, which: &Chosen, is_so: bool) -> rusqlite::Result<Vec<JobId>> {
    let (statuses, detail, path, is_latest) = match which {
        Chosen::Jobs(_) | Chosen::Beside(_) => return Ok(Vec::new()),
        Chosen::Status(status) => (vec![*status], None, None, false),
        Chosen::Failed(detail) => (vec![Status::Failed], Some(*detail), None, false),
        Chosen::Source { path, is_latest, statuses } => {
            (statuses.clone(), None, Some(path), *is_latest)
        }
    };
    let mut statement = c.prepare(&format!(
        "SELECT d.job_id FROM decision d CROSS JOIN job j ON j.id = d.job_id
             LEFT JOIN origin o ON o.job_id = j.id
         WHERE d.decision = 'waive' AND d.undone_at_ms IS NULL AND j.detail = 'waived'
               AND (d.chosen = ?5) = ?6
               AND d.from_status IN (SELECT value FROM json_each(?2))
               AND (?1 IS NULL OR {RECORD_SOURCE} IN {OF_PATH})
               AND (?4 IS NULL OR d.from_detail = ?4)
               AND NOT EXISTS (SELECT 1 FROM decision l WHERE l.job_id = d.job_id AND l.id > d.id
                                      AND l.decision = 'waive' AND l.undone_at_ms IS NULL)
         ORDER BY d.job_id"
    ))?;
    let values = params![path, as_list(&statuses), is_latest, detail, by(which), is_so];
    let rows = statement.query_map(values, |row| Ok(JobId(row.get(0)?)))?;
    rows.collect()
}

/// Of these rows those that are waived, and were named by an identifier beside their keys.
fn waived_beside(c: &Connection, jobs: &[JobId]) -> rusqlite::Result<Vec<JobId>> {
    let mut statement = c.prepare_cached(
        "SELECT d.beside AND j.detail IS 'waived' FROM decision d JOIN job j ON j.id = d.job_id
         WHERE d.job_id = ?1 AND d.decision = 'waive' AND d.undone_at_ms IS NULL ORDER BY d.id DESC LIMIT 1",
    )?;
    let mut waived = Vec::new();
    for job in jobs {
        if statement.query_row([job.0], |row| row.get(0)).optional()?.unwrap_or(false) {
            waived.push(*job);
        }
    }
    Ok(waived)
}

/// The source that the record of a row came from.
const RECORD_SOURCE: &str = "coalesce(o.source_id, j.source_id)";

/// A list for `json_each`. Where nothing runs, a row that is `sending` is in doubt like one that is `unknown`.
fn as_list(statuses: &[Status]) -> String {
    let in_doubt = statuses.contains(&Status::Unknown).then_some(&Status::Sending);
    let words: Vec<&str> = statuses.iter().chain(in_doubt).map(|status| status.as_str()).collect();
    serde_json::Value::from(words).to_string()
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

fn decide(
    t: &Transaction<'_>,
    row: &Held,
    to: &Standing,
    decision: &Decision<'_>,
    deltas: &mut Deltas,
) -> rusqlite::Result<()> {
    let from = &row.standing;
    if from.status == Status::Sending {
        // Left so by a crash: that send is part of the history, whatever is decided.
        t.execute(
            "INSERT INTO attempt (job_id, n, run_id, mapping_id, op, at_ms, outcome, message)
             SELECT id, sends, claimed_by_run, ?5, ?2, updated_at_ms, ?3, ?4 FROM job WHERE id = ?1",
            params![row.id, Op::Create, Class::Unknown, CRASHED, current_mapping(t)?],
        )?;
    }
    t.prepare_cached(
        "INSERT INTO decision (job_id, at_ms, decision, from_status, from_detail, from_code, from_reason,
                               from_remote_id, from_evidence, to_status, reason, from_updated_at_ms, chosen, beside)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)",
    )?
    .execute(params![
        row.id,
        decision.now_ms,
        decision.word,
        from.status,
        from.detail,
        from.code,
        from.reason,
        from.remote_id,
        from.evidence,
        to.status,
        decision.reason,
        from.updated_at_ms,
        decision.chosen,
        decision.is_beside,
    ])?;
    row.becomes(t, to, deltas)
}
