//! Transactions of staging: new jobs, replacements, and what records have in common with others.

use super::{Deltas, sql};
use crate::job::{Detail, Status};
use crate::problem::{Problem, Rule};
use crate::store::{Batch, NewJob, SourceId, SourceRow, StageCounts};
use crate::user::{IdKind, Identifiers};
use rusqlite::{Connection, OptionalExtension, Transaction, params};

pub(super) fn sources(c: &Connection, path: &str) -> rusqlite::Result<Vec<SourceRow>> {
    let mut statement = c.prepare(
        "SELECT id, path, checkpoint, fingerprint, records, finished_at_ms IS NOT NULL
         FROM source WHERE path = ?1 ORDER BY id",
    )?;
    let rows = statement.query_map([path], |row| {
        Ok(SourceRow {
            id: SourceId(row.get(0)?),
            path: row.get(1)?,
            checkpoint: row.get(2)?,
            fingerprint: row.get(3)?,
            records: row.get(4)?,
            finished: row.get(5)?,
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

pub(super) fn stage(t: &Transaction<'_>, batch: &Batch<'_>) -> rusqlite::Result<StageCounts> {
    let mut stager = Stager { t, batch, deltas: Deltas::default(), counts: StageCounts::default() };
    for job in &batch.jobs {
        stager.stage(job)?;
    }
    let Stager { deltas, counts, .. } = stager;
    deltas.apply(t)?;
    t.execute(
        "UPDATE source SET checkpoint = ?2, fingerprint = ?3, records = records + ?4, rows = rows + ?5,
                replaced = replaced + ?6, unchanged = unchanged + ?7, left_alone = left_alone + ?8,
                finished_at_ms = CASE WHEN ?9 THEN ?10 END
         WHERE id = ?1",
        params![
            batch.source.0,
            batch.checkpoint,
            batch.fingerprint,
            counts.records,
            counts.rows,
            counts.replaced,
            counts.unchanged,
            counts.left_alone,
            batch.finished,
            batch.now_ms,
        ],
    )?;
    Ok(counts)
}

/// Drops the source's jobs that were never sent and sets its counters to what stays.
pub(super) fn restart(t: &Transaction<'_>, source: SourceId, now_ms: i64) -> rusqlite::Result<()> {
    const NEVER_SENT: &str = "source_id = ?1 AND sends = 0 AND status IN ('pending', 'invalid')
         AND NOT EXISTS (SELECT 1 FROM decision d WHERE d.job_id = job.id)
         AND NOT EXISTS (SELECT 1 FROM record r WHERE r.job_id = job.id AND r.source_id <> job.source_id)";
    for table in ["problem", "identifier", "record"] {
        t.execute(
            &format!("DELETE FROM {table} WHERE job_id IN (SELECT id FROM job WHERE {NEVER_SENT})"),
            [source.0],
        )?;
    }
    t.execute(&format!("DELETE FROM job WHERE {NEVER_SENT}"), [source.0])?;
    t.execute("DELETE FROM tally WHERE source_id = ?1", [source.0])?;
    t.execute(
        "INSERT INTO tally (source_id, status, detail, code, n)
         SELECT source_id, status, coalesce(detail, ''), coalesce(code, ''), count(*) FROM job
         WHERE source_id = ?1 GROUP BY 1, 2, 3, 4",
        [source.0],
    )?;
    // What stays was read by the earlier start.
    t.execute(
        "UPDATE source SET checkpoint = '', fingerprint = '', replaced = 0, unchanged = 0, left_alone = 0,
                rows = (SELECT count(*) FROM job WHERE source_id = ?1),
                records = (SELECT count(*) FROM job WHERE source_id = ?1), started_at_ms = ?2
         WHERE id = ?1",
        params![source.0, now_ms],
    )
    .map(drop)
}

/// A job that is in the table and shares an identifier with a record.
struct Stored {
    id: i64,
    source: i64,
    path: String,
    record_no: u64,
    status: Status,
    detail: Option<Detail>,
    code: Option<String>,
    raw: Vec<u8>,
    /// Where its record came from: another source than the job's, if it was replaced.
    record_source: i64,
    identifiers: Identifiers,
}

impl Stored {
    fn place(&self, batch: &Batch<'_>) -> String {
        if self.source == batch.source.0 {
            format!("record {}", self.record_no)
        } else {
            format!("record {} of {}", self.record_no, self.path)
        }
    }
}

struct Stager<'a> {
    t: &'a Transaction<'a>,
    batch: &'a Batch<'a>,
    deltas: Deltas,
    counts: StageCounts,
}

impl Stager<'_> {
    fn stage(&mut self, new: &NewJob) -> rusqlite::Result<()> {
        self.counts.records += 1;
        let mut problems = new.problems.clone();
        let mut replaces = None;
        if let Some((kind, key)) = new.identifiers.key() {
            if let Some(known) = self.with_key(kind, key)? {
                if same_content(&known.raw, &new.raw) || self.is_told_already(kind, key, new)? {
                    self.counts.unchanged += 1;
                    return Ok(());
                }
                // Two records of one source are two people, until somebody says otherwise.
                if self.batch.replace && known.record_source != self.batch.source.0 {
                    match known.status {
                        Status::Pending | Status::Failed | Status::Invalid => {
                            replaces = Some(known);
                        }
                        status @ (Status::Done | Status::Sending | Status::Unknown) => {
                            self.leave_alone(status != Status::Done);
                            return Ok(());
                        }
                    }
                } else {
                    problems.push(duplicate(kind, Rule::DuplicateKey, &known.place(self.batch)));
                }
            }
        } else if self.is_known_without_key(new)? {
            self.counts.unchanged += 1;
            return Ok(());
        }
        self.check_other_identifiers(new, replaces.as_ref(), &mut problems)?;
        match replaces {
            Some(known) => self.replace(&known, new, &problems),
            None => self.insert(new, &problems),
        }
    }

    fn leave_alone(&mut self, unsettled: bool) {
        self.counts.left_alone += 1;
        self.counts.unsettled += u64::from(unsettled);
    }

    /// The first job whose key is this one.
    fn with_key(&self, kind: IdKind, key: &str) -> rusqlite::Result<Option<Stored>> {
        self.first(kind, key, |stored| stored.identifiers.key() == Some((kind, key)))
    }

    /// Whether one of the later jobs with this key is the very record, so that its problem has been
    /// told. It does not take the first one's place either: somebody who exports such rows and
    /// corrects others of them has said nothing about this one.
    fn is_told_already(&self, kind: IdKind, key: &str, new: &NewJob) -> rusqlite::Result<bool> {
        let wanted = |stored: &Stored| {
            stored.identifiers.key() == Some((kind, key)) && same_content(&stored.raw, &new.raw)
        };
        Ok(self.first(kind, key, wanted)?.is_some())
    }

    /// The first job with this identifier for which `wanted` holds.
    fn first(
        &self,
        kind: IdKind,
        value: &str,
        wanted: impl Fn(&Stored) -> bool,
    ) -> rusqlite::Result<Option<Stored>> {
        let ids: Vec<i64> = self
            .t
            .prepare_cached(sql::BY_HASH)?
            .query_map([hash(kind, value)], |row| row.get(0))?
            .collect::<rusqlite::Result<_>>()?;
        for id in ids {
            let Some(stored) = self.load(id)? else { continue };
            if stored.identifiers.get(kind) == Some(value) && wanted(&stored) {
                return Ok(Some(stored));
            }
        }
        Ok(None)
    }

    fn load(&self, id: i64) -> rusqlite::Result<Option<Stored>> {
        let mut statement = self.t.prepare_cached(
            "SELECT j.source_id, s.path, j.record_no, j.status, j.detail, j.code, r.raw, r.source_id
             FROM job j JOIN source s ON s.id = j.source_id JOIN record r ON r.job_id = j.id
             WHERE j.id = ?1",
        )?;
        statement
            .query_row([id], |row| {
                let (status, detail): (String, Option<String>) = (row.get(3)?, row.get(4)?);
                let raw: Vec<u8> = row.get(6)?;
                Ok(Stored {
                    id,
                    source: row.get(0)?,
                    path: row.get(1)?,
                    record_no: row.get(2)?,
                    status: Status::parse(&status).unwrap_or(Status::Sending),
                    detail: detail.as_deref().and_then(Detail::parse),
                    code: row.get(5)?,
                    record_source: row.get(7)?,
                    identifiers: (self.batch.identify)(&raw),
                    raw,
                })
            })
            .optional()
    }

    /// A record that cannot be found by any key is known by its bytes.
    fn is_known_without_key(&self, new: &NewJob) -> rusqlite::Result<bool> {
        let mut statement = self.t.prepare_cached(
            "SELECT r.raw FROM identifier i JOIN job j ON j.id = i.job_id JOIN record r ON r.job_id = j.id
             WHERE i.hash = ?1",
        )?;
        let mut rows = statement.query([hash_bytes(&new.raw)])?;
        while let Some(row) = rows.next()? {
            if row.get_ref(0)?.as_blob()? == new.raw.as_slice() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Of records that share an e-mail address, phone number or user name the first stays.
    fn check_other_identifiers(
        &self,
        new: &NewJob,
        replaces: Option<&Stored>,
        problems: &mut Vec<Problem>,
    ) -> rusqlite::Result<()> {
        let key_kind = new.identifiers.key().map(|(kind, _)| kind);
        for (kind, value) in new.identifiers.iter() {
            let rule = match kind {
                IdKind::ExternalId => continue,
                IdKind::Email => Rule::DuplicateEmail,
                IdKind::Phone => Rule::DuplicatePhone,
                IdKind::Username => Rule::DuplicateUsername,
            };
            let own = replaces.map(|stored| stored.id);
            let other = self.first(kind, value, |stored| Some(stored.id) != own)?;
            let Some(other) = other else { continue };
            // The key's own kind has been told as a duplicate key.
            let told = key_kind == Some(kind) && other.identifiers.key() == Some((kind, value));
            if !told {
                problems.push(duplicate(kind, rule, &other.place(self.batch)));
            }
        }
        Ok(())
    }

    fn insert(&mut self, new: &NewJob, problems: &[Problem]) -> rusqlite::Result<()> {
        let status = status_of(problems);
        self.t
            .prepare_cached(
                "INSERT INTO job (source_id, record_no, line, key, status, updated_at_ms)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            )?
            .execute(params![
                self.batch.source.0,
                new.record_no,
                new.line,
                new.identifiers.key().map(|(_, key)| key),
                status.as_str(),
                self.batch.now_ms,
            ])?;
        let id = self.t.last_insert_rowid();
        self.write_record(id, new, problems)?;
        self.deltas.add(self.batch.source.0, status, None, None, 1);
        self.counts.rows += 1;
        self.counts.invalid += u64::from(status == Status::Invalid);
        Ok(())
    }

    /// The corrected record takes the place of the one that was there; attempts stay.
    fn replace(
        &mut self,
        known: &Stored,
        new: &NewJob,
        problems: &[Problem],
    ) -> rusqlite::Result<()> {
        let status = status_of(problems);
        for table in ["problem", "record"] {
            self.t
                .prepare_cached(&format!("DELETE FROM {table} WHERE job_id = ?1"))?
                .execute([known.id])?;
        }
        // By its primary key: there may be three of them for every job of the table.
        let mut forget =
            self.t.prepare_cached("DELETE FROM identifier WHERE hash = ?1 AND job_id = ?2")?;
        for (kind, value) in known.identifiers.iter() {
            forget.execute(params![hash(kind, value), known.id])?;
        }
        self.t
            .prepare_cached(
                "UPDATE job SET status = ?2, detail = NULL, code = NULL, reason = NULL, spent = 0,
                        not_before_ms = 0, key = ?3, updated_at_ms = ?4
                 WHERE id = ?1",
            )?
            .execute(params![
                known.id,
                status.as_str(),
                new.identifiers.key().map(|(_, key)| key),
                self.batch.now_ms,
            ])?;
        self.write_record(known.id, new, problems)?;
        self.deltas.add(known.source, known.status, known.detail, known.code.as_deref(), -1);
        self.deltas.add(known.source, status, None, None, 1);
        self.counts.replaced += 1;
        self.counts.invalid += u64::from(status == Status::Invalid);
        Ok(())
    }

    fn write_record(&self, id: i64, new: &NewJob, problems: &[Problem]) -> rusqlite::Result<()> {
        self.t
            .prepare_cached("INSERT INTO record (job_id, raw, source_id) VALUES (?1, ?2, ?3)")?
            .execute(params![id, new.raw, self.batch.source.0])?;
        let mut identifier = self
            .t
            .prepare_cached("INSERT OR IGNORE INTO identifier (hash, job_id) VALUES (?1, ?2)")?;
        for (kind, value) in new.identifiers.iter() {
            identifier.execute(params![hash(kind, value), id])?;
        }
        if new.identifiers.key().is_none() {
            identifier.execute(params![hash_bytes(&new.raw), id])?;
        }
        let mut problem = self.t.prepare_cached(
            "INSERT INTO problem (job_id, n, field, rule, message) VALUES (?1, ?2, ?3, ?4, ?5)",
        )?;
        for (n, p) in (1_i64..).zip(problems) {
            problem.execute(params![id, n, p.field, p.rule.as_str(), p.message])?;
        }
        Ok(())
    }
}

fn status_of(problems: &[Problem]) -> Status {
    if problems.is_empty() { Status::Pending } else { Status::Invalid }
}

fn duplicate(kind: IdKind, rule: Rule, place: &str) -> Problem {
    let message = match rule {
        Rule::DuplicateKey => format!(
            "{place} has the same key ({}) with other content; 'stage --replace' says that this is the corrected record",
            kind.noun()
        ),
        _ => format!("{place} has the same {}", kind.noun()),
    };
    Problem::new("", rule, message)
}

/// Same bytes, or the same JSON: what `export` writes is what was staged.
fn same_content(a: &[u8], b: &[u8]) -> bool {
    if a == b {
        return true;
    }
    let parse = |raw| serde_json::from_slice::<serde_json::Value>(raw).ok();
    matches!((parse(a), parse(b)), (Some(a), Some(b)) if a == b)
}

/// The first 8 bytes of a SHA-256 over kind and value.
pub(super) fn hash(kind: IdKind, value: &str) -> i64 {
    let mark = match kind {
        IdKind::ExternalId => b'x',
        IdKind::Email => b'e',
        IdKind::Phone => b'p',
        IdKind::Username => b'u',
    };
    hash_parts(mark, value.as_bytes())
}

fn hash_bytes(raw: &[u8]) -> i64 {
    hash_parts(b'r', raw)
}

fn hash_parts(mark: u8, bytes: &[u8]) -> i64 {
    let mut context = aws_lc_rs::digest::Context::new(&aws_lc_rs::digest::SHA256);
    context.update(&[mark]);
    context.update(bytes);
    let digest = context.finish();
    let mut first = [0_u8; 8];
    first.copy_from_slice(&digest.as_ref()[..8]);
    i64::from_be_bytes(first)
}
