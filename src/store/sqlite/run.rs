//! Transactions of a run.

use super::binding::current_mapping;
use super::stage::add_problems;
use super::standing::{held, load};
use super::{Deltas, sql};
use crate::job::{self, CRASHED, Class, Job, Op, Status, Written};
use crate::store::{
    Claim, JobId, NewRun, OpenJob, Outlook, Record, RunEnd, RunId, SourceId, TallyLine, Tick,
    Ticked,
};
use rusqlite::fallible_streaming_iterator::FallibleStreamingIterator as _;
use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};
use std::collections::BTreeMap;

pub(super) fn begin(t: &Transaction<'_>, new: &NewRun) -> rusqlite::Result<RunId> {
    t.execute(
        "UPDATE run SET ended_at_ms = seen_at_ms, end = 'killed', reason = 'the process ended'
         WHERE ended_at_ms IS NULL",
        [],
    )?;
    t.execute(
        "INSERT INTO run (started_at_ms, machine, pid, settings, seen_at_ms) VALUES (?1, ?2, ?3, ?4, ?1)",
        params![new.now_ms, new.machine, new.pid, new.settings],
    )?;
    let run = RunId(t.last_insert_rowid());
    recover(t, run, new.now_ms)?;
    Ok(run)
}

/// Under the lock whatever is `sending` was left so by a run that is gone. What each row becomes says
/// [`Standing::recovered`]; a test holds these statements, which are made for many rows, to it.
fn recover(t: &Transaction<'_>, run: RunId, now_ms: i64) -> rusqlite::Result<()> {
    // Nothing is mapped anew while rows are being sent.
    let mapping = current_mapping(t)?;
    t.execute(sql::LOST_ATTEMPTS, params![Op::Create, Class::Unknown, CRASHED, mapping])?;
    let mut deltas = Deltas::default();
    let mut orphans = t.prepare(
        "SELECT source_id, count(*) FROM job
         WHERE status IN ('sending', 'unknown') AND status = 'sending' GROUP BY source_id",
    )?;
    let mut rows = orphans.query([])?;
    while let Some(row) = rows.next()? {
        let (source, n): (i64, i64) = (row.get(0)?, row.get(1)?);
        deltas.add(source, Status::Sending, None, None, -n);
        deltas.add(source, Status::Unknown, None, None, n);
    }
    t.execute(sql::RECOVER, params![CRASHED, now_ms])?;
    t.execute(sql::INHERIT, [run.0])?;
    t.execute(sql::HASTEN, [job::latest_due_ms(now_ms)])?;
    deltas.apply(t)
}

pub(super) fn doubts(c: &Connection, after: JobId, limit: usize) -> rusqlite::Result<Vec<Claim>> {
    let mut statement = c.prepare_cached(sql::DOUBTS)?;
    let rows =
        statement.query_map(params![after.0, i64::try_from(limit).unwrap_or(i64::MAX)], |row| {
            let last: Option<Class> = row.get(7)?;
            let mut claim = claim_from(row)?.0;
            claim.job.duplicate = last == Some(Class::Duplicate);
            claim.code = row.get(8)?;
            Ok(claim)
        })?;
    rows.collect()
}

/// Columns: id, source, sends, spent, first sent, raw, had unknown.
fn claim_from(row: &Row<'_>) -> rusqlite::Result<(Claim, i64)> {
    let claim = Claim {
        id: JobId(row.get(0)?),
        sends: row.get(2)?,
        job: Job {
            spent: row.get(3)?,
            first_sent_ms: row.get(4)?,
            had_unknown: row.get(6)?,
            duplicate: false,
        },
        is_first: false,
        code: None,
        raw: row.get(5)?,
    };
    Ok((claim, row.get(1)?))
}

pub(super) fn tick(t: &Transaction<'_>, tick: &Tick<'_>) -> rusqlite::Result<Ticked> {
    let mut deltas = Deltas::default();
    let mut ticked = Ticked::default();
    let mut settled = Settled::default();
    let mapping = current_mapping(t)?;
    for record in tick.records {
        if write(t, tick, record, mapping, &mut deltas)? {
            settled.count(record);
        } else {
            ticked.fenced += 1;
        }
    }
    for (id, sends) in tick.take_back {
        take_back(t, tick, (*id, *sends), &mut deltas, &mut settled)?;
    }
    ticked.claims = claim(t, tick, &mut deltas)?;
    deltas.apply(t)?;
    let mut statement = t.prepare_cached(
        "UPDATE run SET seen_at_ms = ?2, rate_per_s = ?3, done = done + ?4, failed = failed + ?5,
                invalid = invalid + ?6 WHERE id = ?1",
    )?;
    statement.execute(params![
        tick.run.0,
        tick.now_ms,
        tick.rate_per_s,
        settled.done,
        settled.failed,
        settled.invalid
    ])?;
    Ok(ticked)
}

/// Jobs that a transaction settled.
#[derive(Default)]
struct Settled {
    done: i64,
    failed: i64,
    invalid: i64,
}

impl Settled {
    fn count(&mut self, record: &Record) {
        match record.transition.status {
            Status::Done => self.done += 1,
            Status::Failed => self.failed += 1,
            Status::Invalid => self.invalid += 1,
            Status::Pending | Status::Sending | Status::Unknown => {}
        }
    }
}

/// Applies an outcome under its fence; `false` when the job is not in this run's hands any more.
fn write(
    t: &Transaction<'_>,
    tick: &Tick<'_>,
    record: &Record,
    mapping: Option<i64>,
    deltas: &mut Deltas,
) -> rusqlite::Result<bool> {
    let held = t
        .prepare_cached(sql::HELD)?
        .query_row(params![record.id.0, record.sends, tick.run.0], |row| held(record.id.0, row))
        .optional()?;
    let Some(held) = held else { return Ok(false) };
    let with = Written {
        code: record.code.as_deref(),
        reason: record.reason.as_deref(),
        first_sent: record.first_sent,
    };
    held.becomes(t, &held.standing.after(&record.transition, &with, tick.now_ms), deltas)?;
    if let Some(attempt) = &record.attempt {
        t.prepare_cached(sql::ATTEMPT)?.execute(params![
            record.id.0,
            record.sends,
            tick.run.0,
            mapping,
            Op::Create,
            attempt.at_ms,
            attempt.took_ms,
            attempt.read_ms,
            attempt.class,
            attempt.http_status,
            attempt.code,
            attempt.message,
            attempt.request_id,
            attempt.request,
        ])?;
    }
    if let Some(problem) = &record.problem {
        add_problems(t, record.id.0, std::slice::from_ref(problem))?;
    }
    Ok(true)
}

/// What this run refused, or could not send, and turned out to be no fault of the row: pending
/// again, and unspent.
fn take_back(
    t: &Transaction<'_>,
    tick: &Tick<'_>,
    (id, sends): (JobId, u32),
    deltas: &mut Deltas,
    settled: &mut Settled,
) -> rusqlite::Result<()> {
    let is_ours: bool = t
        .prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM job j JOIN attempt a ON a.job_id = j.id AND a.n = j.sends
                            WHERE j.id = ?1 AND j.sends = ?2 AND a.run_id = ?3)",
        )?
        .query_row(params![id.0, sends, tick.run.0], |row| row.get(0))?;
    let Some(held) = load(t, id.0)?.filter(|_| is_ours) else { return Ok(()) };
    let Some(to) = held.standing.taken_back(tick.now_ms) else { return Ok(()) };
    held.becomes(t, &to, deltas)?;
    match held.standing.status {
        Status::Invalid => {
            t.prepare_cached("DELETE FROM problem WHERE job_id = ?1")?.execute([id.0])?;
            settled.invalid -= 1;
        }
        Status::Failed => settled.failed -= 1,
        Status::Pending | Status::Sending | Status::Unknown | Status::Done => {}
    }
    Ok(())
}

/// What one transaction still claims: so many jobs, with records of so many bytes. The first is claimed in any
/// case.
struct Budget {
    jobs: usize,
    bytes: usize,
    is_first: bool,
}

impl Budget {
    fn of(tick: &Tick<'_>) -> Self {
        Self { jobs: tick.claim, bytes: tick.claim_bytes, is_first: true }
    }

    /// Whether a job with a record of so many bytes is claimed, too.
    fn takes(&mut self, bytes: usize) -> bool {
        let takes = self.jobs > 0 && (self.is_first || bytes <= self.bytes);
        if takes {
            self.jobs -= 1;
            self.bytes = self.bytes.saturating_sub(bytes);
            self.is_first = false;
        } else {
            self.jobs = 0;
        }
        takes
    }
}

/// Of the jobs that were chosen those that are due, in the order of the choice.
fn due_of(
    t: &Transaction<'_>,
    tick: &Tick<'_>,
    jobs: &[JobId],
) -> rusqlite::Result<Vec<(Claim, i64)>> {
    let mut one = t.prepare_cached(sql::DUE_ONE)?;
    let mut budget = Budget::of(tick);
    let mut rows = Vec::new();
    for job in jobs {
        if budget.jobs == 0 {
            break;
        }
        let row = one.query_row(params![job.0, tick.now_ms], claim_from).optional()?;
        rows.extend(row.filter(|(claim, _)| budget.takes(claim.raw.len())));
    }
    Ok(rows)
}

/// The jobs that are due, in turn: by time, and of one time by id. Those that go again at once have
/// their place among the new ones. Records are read one by one: altogether they may be large.
fn due(t: &Transaction<'_>, tick: &Tick<'_>) -> rusqlite::Result<Vec<(Claim, i64)>> {
    let limit = i64::try_from(tick.claim).unwrap_or(i64::MAX);
    let (mut new, mut again) = (t.prepare_cached(sql::DUE_NEW)?, t.prepare_cached(sql::DUE_AGAIN)?);
    let (mut new, mut again) = (new.query([limit])?, again.query(params![limit, tick.now_ms])?);
    let turn = |row: &Row<'_>| Ok::<(i64, i64), rusqlite::Error>((row.get(7)?, row.get(0)?));
    let mut next = (new.next()?.map(turn).transpose()?, again.next()?.map(turn).transpose()?);
    let mut budget = Budget::of(tick);
    let mut rows = Vec::new();
    while budget.jobs > 0 {
        let is_new = match next {
            (None, None) => break,
            (Some(new), Some(again)) => new < again,
            (new, None) => new.is_some(),
            (None, Some(_)) => false,
        };
        let source = if is_new { &mut new } else { &mut again };
        let Some(row) = source.get() else { break };
        let (claim, of) = claim_from(row)?;
        if !budget.takes(claim.raw.len()) {
            break;
        }
        rows.push((claim, of));
        let following = source.next()?.map(turn).transpose()?;
        *(if is_new { &mut next.0 } else { &mut next.1 }) = following;
    }
    Ok(rows)
}

fn claim(
    t: &Transaction<'_>,
    tick: &Tick<'_>,
    deltas: &mut Deltas,
) -> rusqlite::Result<Vec<Claim>> {
    let rows = match tick.only {
        None => due(t, tick)?,
        Some(jobs) => due_of(t, tick, jobs)?,
    };
    let mut take = t.prepare_cached(sql::CLAIM)?;
    let mut claims = Vec::with_capacity(rows.len());
    for (mut claim, source) in rows {
        take.execute(params![claim.id.0, tick.run.0, tick.target_now_ms, tick.now_ms])?;
        deltas.add(source, Status::Pending, None, None, -1);
        deltas.add(source, Status::Sending, None, None, 1);
        claim.sends += 1;
        claim.is_first = claim.job.first_sent_ms.is_none();
        claim.job.first_sent_ms = claim.job.first_sent_ms.or(tick.target_now_ms);
        claims.push(claim);
    }
    Ok(claims)
}

pub(super) fn outlook(c: &Connection) -> rusqlite::Result<Outlook> {
    let again: Option<i64> = c.prepare_cached(sql::NEXT_DUE)?.query_row([], |row| row.get(0))?;
    let unsuspected = c.prepare_cached(sql::UNSUSPECTED)?.query_row([], |row| row.get(0))?;
    let open = c.prepare_cached(sql::OPEN)?.query_row([], |row| row.get(0))?;
    let unsent = c.prepare_cached(sql::UNSENT)?.query_row([], |row| row.get(0))?;
    let next_due_ms = if unsent { Some(0) } else { again };
    let unfinished_source = c.prepare_cached(sql::UNFINISHED)?.query_row([], |row| row.get(0))?;
    Ok(Outlook { next_due_ms, open, unsuspected, unsent, unfinished_source })
}

pub(super) fn open_jobs(c: &Connection, jobs: &[JobId]) -> rusqlite::Result<Vec<(JobId, OpenJob)>> {
    let mut statement = c.prepare_cached(sql::OPEN_ONE)?;
    let mut open = Vec::with_capacity(jobs.len());
    for job in jobs {
        let found: Option<(bool, bool, bool, i64)> = statement
            .query_row([job.0], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))
            .optional()?;
        let Some((is_pending, is_new, is_unsuspected, not_before_ms)) = found else { continue };
        let due_ms = is_pending.then_some(if is_new { 0 } else { not_before_ms });
        let is_unsent = is_pending && is_new;
        open.push((*job, OpenJob { due_ms, is_unsent, is_unsuspected }));
    }
    Ok(open)
}

pub(super) fn tally_kept(c: &Connection) -> rusqlite::Result<Vec<TallyLine>> {
    let mut statement =
        c.prepare("SELECT source_id, status, detail, code, n FROM tally WHERE n <> 0")?;
    let rows = statement.query_map([], |row| {
        Ok(TallyLine {
            source: SourceId(row.get(0)?),
            status: row.get(1)?,
            detail: row.get(2)?,
            code: row.get(3)?,
            n: u64::try_from(row.get::<_, i64>(4)?).unwrap_or(u64::MAX),
        })
    })?;
    let mut lines: Vec<TallyLine> = rows.collect::<rusqlite::Result<_>>()?;
    lines.sort();
    Ok(lines)
}

/// Counts here, not by `GROUP BY`: that would sort all rows, in a file as large as they are.
pub(super) fn tally_counted(c: &Connection) -> rusqlite::Result<Vec<TallyLine>> {
    type Kind = (i64, Status, String, String);
    let mut counts: BTreeMap<Kind, u64> = BTreeMap::new();
    let mut statement = c.prepare("SELECT source_id, status, detail, code FROM job")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let optional = |column| row.get::<_, Option<String>>(column).map(Option::unwrap_or_default);
        let kind = (row.get(0)?, row.get(1)?, optional(2)?, optional(3)?);
        *counts.entry(kind).or_default() += 1;
    }
    let line = |((source, status, detail, code), n): (Kind, u64)| TallyLine {
        source: SourceId(source),
        status,
        detail,
        code,
        n,
    };
    Ok(counts.into_iter().map(line).collect())
}

pub(super) fn end(t: &Transaction<'_>, run: RunId, end: &RunEnd) -> rusqlite::Result<()> {
    t.execute(
        "UPDATE run SET ended_at_ms = ?2, seen_at_ms = ?2, end = ?3, reason = ?4 WHERE id = ?1",
        params![run.0, end.now_ms, end.end, end.reason],
    )
    .map(drop)
}
