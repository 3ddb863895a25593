//! Transactions of staging: sources, and new jobs. What records have in common with others is
//! found when all of a source's are there: `compare`.

use super::identifiers::{Block, hashes};
use super::{Deltas, newer, omitted};
use crate::job::{Standing, Status};
use crate::problem::Problem;
use crate::store::{Batch, NewJob, SourceId, SourceRow, StageCounts};
use rusqlite::{Connection, Transaction, params};

pub(super) fn sources(c: &Connection, path: &str) -> rusqlite::Result<Vec<SourceRow>> {
    let mut statement = c.prepare(
        "SELECT id, path, checkpoint, fingerprint, finished_at_ms IS NOT NULL,
                records, rows, replaced, unchanged, left_alone, kept_out,
                given_up,
                coalesce((SELECT sum(n) FROM tally WHERE source_id = source.id AND status = 'invalid'), 0)
         FROM source WHERE path = ?1 ORDER BY id",
    )?;
    let rows = statement.query_map([path], |row| {
        Ok(SourceRow {
            id: SourceId(row.get(0)?),
            path: row.get(1)?,
            checkpoint: row.get(2)?,
            fingerprint: row.get(3)?,
            finished: row.get(4)?,
            given_up: row.get(11)?,
            counts: StageCounts {
                records: row.get(5)?,
                rows: row.get(6)?,
                replaced: row.get(7)?,
                unchanged: row.get(8)?,
                left_alone: row.get(9)?,
                kept_out: row.get(10)?,
                invalid: row.get(12)?,
                ..StageCounts::default()
            },
        })
    })?;
    rows.collect()
}

pub(super) fn begin(
    t: &Transaction<'_>,
    path: &str,
    bytes: Option<u64>,
    now_ms: i64,
) -> rusqlite::Result<SourceId> {
    t.execute(
        "INSERT INTO source (path, checkpoint, fingerprint, bytes, started_at_ms)
         VALUES (?1, '', '', ?2, ?3)",
        params![path, bytes.map(|n| i64::try_from(n).unwrap_or(i64::MAX)), now_ms],
    )?;
    Ok(SourceId(t.last_insert_rowid()))
}

/// Appends a row for each record, and says how far the source has been read.
pub(super) fn stage(t: &Transaction<'_>, batch: &Batch) -> rusqlite::Result<StageCounts> {
    let mut counts = StageCounts::default();
    let (mut deltas, mut block) = (Deltas::default(), Block::default());
    // Not the highest that is there: rows go when they are compared, also between two batches.
    let last: i64 = t.query_row("SELECT last_job FROM comparison", [], |row| row.get(0))?;
    let jobs = i64::try_from(batch.jobs.len()).unwrap_or(i64::MAX);
    t.execute("UPDATE comparison SET last_job = last_job + ?1", [jobs])?;
    for (id, new) in (last + 1..).zip(&batch.jobs) {
        for hash in hashes(&new.identifiers, &new.raw) {
            block.add(hash, id);
        }
        counts.invalid += u64::from(status_of(&new.problems) == Status::Invalid);
    }
    insert(t, batch, last + 1)?;
    counts.rows = batch.jobs.len() as u64;
    counts.records = counts.rows;
    let invalid = i64::try_from(counts.invalid).unwrap_or(i64::MAX);
    deltas.add(batch.source.0, Status::Pending, None, None, jobs - invalid);
    deltas.add(batch.source.0, Status::Invalid, None, None, invalid);
    deltas.apply(t)?;
    block.write(t)?;
    t.execute(
        "UPDATE source SET checkpoint = ?2, fingerprint = ?3, records = records + ?4, rows = rows + ?4,
                replaces = ?5, given_up = 0, finished_at_ms = CASE WHEN ?6 THEN ?7 END
         WHERE id = ?1",
        params![
            batch.source.0,
            batch.checkpoint,
            batch.fingerprint,
            counts.records,
            batch.replace,
            batch.finished,
            batch.now_ms,
        ],
    )?;
    Ok(counts)
}

/// Rows of one statement: to run one costs as much as to insert several rows.
pub(super) const AT_ONCE: usize = 20;
/// What is written of a job; the first two columns are the same for all of a batch.
pub(super) const JOB: &str = "job (source_id, updated_at_ms, id, record_no, line, key, status)";
/// What is written of a record; the first column is the same for all of a batch.
pub(super) const RECORD: &str = "record (source_id, job_id, raw)";

/// Writes the jobs of a batch, the first with this id.
fn insert(t: &Transaction<'_>, batch: &Batch, first: i64) -> rusqlite::Result<()> {
    let jobs: Vec<(i64, &NewJob)> = (first..).zip(&batch.jobs).collect();
    let (many, rest) = jobs.split_at(jobs.len() - jobs.len() % AT_ONCE);
    insert_chunks(t, batch, many, AT_ONCE)?;
    insert_chunks(t, batch, rest, 1)?;
    for (id, new) in &jobs {
        add_problems(t, *id, &new.problems)?;
    }
    omitted::add(t, jobs.iter().map(|(id, new)| (*id, &new.omitted[..])))
}

fn insert_chunks(
    t: &Transaction<'_>,
    batch: &Batch,
    jobs: &[(i64, &NewJob)],
    rows: usize,
) -> rusqlite::Result<()> {
    let mut job = t.prepare_cached(&insert_rows(JOB, 2, 5, rows))?;
    job.raw_bind_parameter(1, batch.source.0)?;
    job.raw_bind_parameter(2, batch.now_ms)?;
    let mut record = t.prepare_cached(&insert_rows(RECORD, 1, 2, rows))?;
    record.raw_bind_parameter(1, batch.source.0)?;
    for chunk in jobs.chunks_exact(rows) {
        for (n, (id, new)) in chunk.iter().enumerate() {
            let at = 3 + 5 * n;
            job.raw_bind_parameter(at, id)?;
            job.raw_bind_parameter(at + 1, new.record_no)?;
            job.raw_bind_parameter(at + 2, new.line)?;
            job.raw_bind_parameter(at + 3, new.identifiers.key().map(|(_, key)| key))?;
            job.raw_bind_parameter(at + 4, status_of(&new.problems).as_str())?;
            record.raw_bind_parameter(2 + 2 * n, id)?;
            record.raw_bind_parameter(3 + 2 * n, &new.raw[..])?;
        }
        job.raw_execute()?;
        record.raw_execute()?;
    }
    Ok(())
}

/// A statement that inserts so many rows. Their first columns, so many as are `shared`, have the same
/// values in all; then come `own` columns of each. `OR FAIL`: to undo the statement alone, SQLite
/// would copy each page before it changes it; a failure undoes the whole transaction anyway.
pub(super) fn insert_rows(into: &str, shared: usize, own: usize, rows: usize) -> String {
    let row = |n| {
        let first = shared + n * own + 1;
        let all = (1..=shared).chain(first..first + own);
        format!("({})", all.map(|i| format!("?{i}")).collect::<Vec<_>>().join(","))
    };
    let values = (0..rows).map(row).collect::<Vec<_>>().join(",");
    format!("INSERT OR FAIL INTO {into} VALUES {values}")
}

/// Appends problems to those that a job has.
pub(super) fn add_problems(c: &Connection, id: i64, problems: &[Problem]) -> rusqlite::Result<()> {
    if problems.is_empty() {
        return Ok(());
    }
    let mut problem = c.prepare_cached(
        "INSERT INTO problem (job_id, n, field, rule, message)
         SELECT ?1, coalesce(max(n), 0) + 1, ?2, ?3, ?4 FROM problem WHERE job_id = ?1",
    )?;
    for p in problems {
        problem.execute(params![id, p.field, p.rule.as_str(), p.message])?;
    }
    Ok(())
}

fn status_of(problems: &[Problem]) -> Status {
    Standing::staged(problems.is_empty(), 0).status
}

/// Drops the source's jobs that were never sent. What stays was read by the earlier start: the
/// source ends with that, and another one begins, whose counts are those of the file.
pub(super) fn restart(
    t: &Transaction<'_>,
    source: SourceId,
    now_ms: i64,
) -> rusqlite::Result<SourceId> {
    const NEVER_SENT: &str = "source_id = ?1 AND sends = 0 AND status IN ('pending', 'invalid')
         AND NOT EXISTS (SELECT 1 FROM decision d WHERE d.job_id = job.id)
         AND NOT EXISTS (SELECT 1 FROM record r WHERE r.job_id = job.id AND r.source_id <> job.source_id)";
    // What it has corrected in other sources' rows may be corrected again.
    t.execute(
        "UPDATE record SET source_id = (SELECT source_id FROM job WHERE id = job_id)
         WHERE source_id = ?1 AND job_id NOT IN (SELECT id FROM job WHERE source_id = ?1)",
        [source.0],
    )?;
    t.execute("DELETE FROM origin WHERE source_id = ?1", [source.0])?;
    newer::forget_source(t, source.0)?;
    for table in ["problem", "record"] {
        t.execute(
            &format!("DELETE FROM {table} WHERE job_id IN (SELECT id FROM job WHERE {NEVER_SENT})"),
            [source.0],
        )?;
    }
    t.execute(&format!("DELETE FROM job WHERE {NEVER_SENT}"), [source.0])?;
    omitted::remove_orphans(t)?;
    t.execute("DELETE FROM tally WHERE source_id = ?1", [source.0])?;
    t.execute(
        "INSERT INTO tally (source_id, status, detail, code, n)
         SELECT source_id, status, coalesce(detail, ''), coalesce(code, ''), count(*) FROM job
         WHERE source_id = ?1 GROUP BY 1, 2, 3, 4",
        [source.0],
    )?;
    let staying: i64 =
        t.query_row("SELECT count(*) FROM job WHERE source_id = ?1", [source.0], |row| row.get(0))?;
    t.execute(
        "UPDATE source SET checkpoint = '', fingerprint = '', replaced = 0, unchanged = 0, left_alone = 0, kept_out = 0, given_up = 0,
                rows = ?3, records = ?3,
                started_at_ms = CASE WHEN ?3 = 0 THEN ?2 ELSE started_at_ms END,
                finished_at_ms = CASE WHEN ?3 > 0 THEN ?2 END
         WHERE id = ?1",
        params![source.0, now_ms, staying],
    )?;
    if staying == 0 {
        return Ok(source);
    }
    t.execute(
        "INSERT INTO source (path, checkpoint, fingerprint, bytes, started_at_ms)
         SELECT path, '', '', bytes, ?2 FROM source WHERE id = ?1",
        params![source.0, now_ms],
    )?;
    Ok(SourceId(t.last_insert_rowid()))
}
