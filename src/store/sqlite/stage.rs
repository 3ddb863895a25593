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
    let path =
        t.query_row("SELECT path FROM source WHERE id = ?1", [batch.source.0], |row| row.get(0))?;
    let (deltas, counts) = (Deltas::default(), StageCounts::default());
    let mut stager = Stager { t, batch, path, deltas, counts };
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
    // What it has corrected in other sources' rows may be corrected again.
    t.execute(
        "UPDATE record SET source_id = (SELECT source_id FROM job WHERE id = job_id)
         WHERE source_id = ?1 AND job_id NOT IN (SELECT id FROM job WHERE source_id = ?1)",
        [source.0],
    )?;
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
#[derive(Clone)]
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
    /// Let go by a person: nobody stands in its way, and it stands in nobody's.
    fn is_waived(&self) -> bool {
        self.detail == Some(Detail::Waived)
    }

    fn has(&self, (kind, value): (IdKind, &str)) -> bool {
        self.identifiers.get(kind) == Some(value)
    }

    fn has_key(&self, key: (IdKind, &str)) -> bool {
        self.identifiers.key() == Some(key)
    }
}

/// What is to become of a record.
enum Fate {
    /// A new job, with what its key has against it.
    Insert(Option<Problem>),
    /// It takes the place of what was there; what its key has against it.
    Replace(Stored, Option<Problem>),
    /// It is what is there already; what its key has against it, should that be looked at again.
    Again(Stored, Option<Problem>),
    /// It takes the place of the first one, and of a later one that is the very record: it was
    /// staged as a new file before somebody said that it is a correction.
    Supersede(Stored, Stored),
    /// Its job is done, or not settled.
    LeaveAlone { unsettled: bool },
    /// It has no key, and is there already.
    KnownWithoutKey { is_wrong: bool },
}

struct Stager<'a> {
    t: &'a Transaction<'a>,
    batch: &'a Batch<'a>,
    /// The path of the batch's source.
    path: String,
    deltas: Deltas,
    counts: StageCounts,
}

impl Stager<'_> {
    fn stage(&mut self, new: &NewJob) -> rusqlite::Result<()> {
        self.counts.records += 1;
        match self.fate(new)? {
            Fate::Insert(problem) => {
                let problems = self.problems(new, problem, &[])?;
                self.insert(new, &problems)
            }
            Fate::Replace(known, problem) => {
                let problems = self.problems(new, problem, &[known.id])?;
                self.replace(&known, new, &problems)
            }
            Fate::Supersede(known, told) => {
                let problems = self.problems(new, None, &[known.id, told.id])?;
                self.drop_told(&told)?;
                self.replace(&known, new, &problems)
            }
            Fate::Again(known, problem) => self.look_again(&known, new, problem),
            Fate::LeaveAlone { unsettled } => {
                self.counts.left_alone += 1;
                self.counts.unsettled += u64::from(unsettled);
                Ok(())
            }
            Fate::KnownWithoutKey { is_wrong } => {
                self.counts.unchanged += 1;
                self.counts.still_wrong += u64::from(is_wrong);
                Ok(())
            }
        }
    }

    fn fate(&self, new: &NewJob) -> rusqlite::Result<Fate> {
        let Some(key) = new.identifiers.key() else {
            let known = self.known_without_key(new)?;
            return Ok(known.map_or(Fate::Insert(None), |status| Fate::KnownWithoutKey {
                is_wrong: is_wrong(status),
            }));
        };
        let rows = self.all(key, |row| row.has_key(key))?;
        let same = rows.iter().find(|row| same_content(&row.raw, &new.raw)).cloned();
        let standing: Vec<Stored> = rows.into_iter().filter(|row| !row.is_waived()).collect();
        let first = standing.first().cloned();
        let duplicate = |first: &Stored| duplicate(key.0, Rule::DuplicateKey, &self.place(first));
        Ok(match (first, same) {
            (None, None) => match self.with_another_key(new)? {
                Some(row) => Fate::Replace(row, None),
                None => Fate::Insert(None),
            },
            // Waived, and exported with others that are corrected.
            (None, Some(same)) => Fate::Again(same, None),
            (Some(first), Some(same)) if first.id == same.id => Fate::Again(same, None),
            (Some(first), Some(same))
                if standing.len() == 2 && self.is_earlier_version(&first, &same)? =>
            {
                correct(first, |first| Fate::Supersede(first, same))
            }
            // It does not take the first one's place: somebody who exports such rows and corrects
            // others of them has said nothing about this one.
            (Some(first), Some(same)) => Fate::Again(same, Some(duplicate(&first))),
            (Some(first), None) => match self.corrected(standing, new) {
                Some(row) => {
                    let problem = (row.id != first.id).then(|| duplicate(&first));
                    correct(row, |row| Fate::Replace(row, problem))
                }
                None => Fate::Insert(Some(duplicate(&first))),
            },
        })
    }

    /// The row with its key that a record corrects. Where there are several, it is the one with which
    /// it shares most, and more than the key: otherwise it could be anybody, who would be lost. Two
    /// records of one source are two people.
    fn corrected(&self, rows: Vec<Stored>, new: &NewJob) -> Option<Stored> {
        if !self.batch.replace {
            return None;
        }
        let is_ambiguous = rows.len() > 1;
        let shared = |row: &Stored| new.identifiers.iter().filter(|id| row.has(*id)).count();
        let mut candidates: Vec<Stored> =
            rows.into_iter().filter(|row| row.record_source != self.batch.source.0).collect();
        if is_ambiguous {
            let most = candidates.iter().map(&shared).max().unwrap_or(0);
            candidates.retain(|row| most > 1 && shared(row) == most);
        }
        if candidates.len() == 1 { candidates.pop() } else { None }
    }

    /// The row that a record with a key of its own corrects: its key was wrong or missing. A row that
    /// cannot be sent as it is, and shares an identifier; or a row to send whose very key that is.
    fn with_another_key(&self, new: &NewJob) -> rusqlite::Result<Option<Stored>> {
        if !self.batch.replace {
            return Ok(None);
        }
        for id in new.identifiers.iter() {
            let corrected = |row: &Stored| {
                row.record_source != self.batch.source.0
                    && match row.status {
                        status if is_wrong(status) => true,
                        Status::Pending => row.has_key(id),
                        _ => false,
                    }
            };
            if let Some(row) = self.first(id, corrected)? {
                return Ok(Some(row));
            }
        }
        Ok(None)
    }

    /// Whether `told` came with a newer state of the very file that is staged now, so that it was
    /// told as a duplicate of its own earlier version. Where there are more of their key, nobody can
    /// tell whose version it is.
    fn is_earlier_version(&self, first: &Stored, told: &Stored) -> rusqlite::Result<bool> {
        let is_newer = self.batch.replace
            && told.status == Status::Invalid
            && told.path == self.path
            && self.path != "-"
            && told.record_source != first.record_source
            && ![told, first].map(|row| row.record_source).contains(&self.batch.source.0);
        if !is_newer {
            return Ok(false);
        }
        let mut untouched = self.t.prepare_cached(
            "SELECT sends = 0 AND NOT EXISTS (SELECT 1 FROM decision WHERE job_id = job.id)
             FROM job WHERE id = ?1",
        )?;
        untouched.query_row([told.id], |row| row.get(0))
    }

    /// The record is there already. Somebody who stages it again as a correction wants to know
    /// whether what stood in its way still does.
    fn look_again(
        &mut self,
        known: &Stored,
        new: &NewJob,
        problem: Option<Problem>,
    ) -> rusqlite::Result<()> {
        if self.batch.replace {
            // This source holds the record too: no other record of it takes its place.
            self.t
                .prepare_cached("UPDATE record SET source_id = ?2 WHERE job_id = ?1")?
                .execute([known.id, self.batch.source.0])?;
        }
        if self.batch.replace && known.status == Status::Invalid {
            let problems = self.problems(new, problem, &[known.id])?;
            if problems.is_empty() {
                return self.replace(known, new, &problems);
            }
            self.write_problems(known.id, &problems)?;
        }
        self.counts.unchanged += 1;
        self.counts.still_wrong += u64::from(is_wrong(known.status));
        Ok(())
    }

    /// The record of this row has taken another row's place.
    fn drop_told(&mut self, told: &Stored) -> rusqlite::Result<()> {
        self.forget_identifiers(told)?;
        for table in ["problem", "record"] {
            self.t
                .prepare_cached(&format!("DELETE FROM {table} WHERE job_id = ?1"))?
                .execute([told.id])?;
        }
        self.t.prepare_cached("DELETE FROM job WHERE id = ?1")?.execute([told.id])?;
        self.t
            .prepare_cached(
                "UPDATE source SET rows = rows - 1, replaced = replaced + 1 WHERE id = ?1",
            )?
            .execute([told.source])?;
        self.deltas.add(told.source, told.status, told.detail, told.code.as_deref(), -1);
        Ok(())
    }

    fn place(&self, stored: &Stored) -> String {
        if stored.source == self.batch.source.0 {
            format!("record {}", stored.record_no)
        } else if stored.path == self.path && self.path != "-" {
            format!("record {} of an earlier {}", stored.record_no, stored.path)
        } else {
            format!("record {} of {}", stored.record_no, stored.path)
        }
    }

    /// The first job with this identifier for which `wanted` holds.
    fn first(
        &self,
        id: (IdKind, &str),
        wanted: impl Fn(&Stored) -> bool,
    ) -> rusqlite::Result<Option<Stored>> {
        for job in self.with_hash(id)? {
            if let Some(stored) = self.load(job)?.filter(|row| row.has(id) && wanted(row)) {
                return Ok(Some(stored));
            }
        }
        Ok(None)
    }

    /// All jobs with this identifier for which `wanted` holds.
    fn all(
        &self,
        id: (IdKind, &str),
        wanted: impl Fn(&Stored) -> bool,
    ) -> rusqlite::Result<Vec<Stored>> {
        let mut rows = Vec::new();
        for job in self.with_hash(id)? {
            rows.extend(self.load(job)?.filter(|row| row.has(id) && wanted(row)));
        }
        Ok(rows)
    }

    fn with_hash(&self, (kind, value): (IdKind, &str)) -> rusqlite::Result<Vec<i64>> {
        let mut statement = self.t.prepare_cached(sql::BY_HASH)?;
        statement.query_map([hash(kind, value)], |row| row.get(0))?.collect()
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
    fn known_without_key(&self, new: &NewJob) -> rusqlite::Result<Option<Status>> {
        let mut statement = self.t.prepare_cached(
            "SELECT r.raw, j.status FROM identifier i JOIN job j ON j.id = i.job_id JOIN record r ON r.job_id = j.id
             WHERE i.hash = ?1",
        )?;
        let mut rows = statement.query([hash_bytes(&new.raw)])?;
        while let Some(row) = rows.next()? {
            if row.get_ref(0)?.as_blob()? == new.raw.as_slice() {
                return Ok(Status::parse(&row.get::<_, String>(1)?));
            }
        }
        Ok(None)
    }

    /// Everything that is wrong with a record: what was found in itself, what its key has against
    /// it, and what it has in common with others but `own`: of records that share an e-mail
    /// address, phone number or user name the first stays.
    fn problems(
        &self,
        new: &NewJob,
        of_key: Option<Problem>,
        own: &[i64],
    ) -> rusqlite::Result<Vec<Problem>> {
        let mut problems = new.problems.clone();
        problems.extend(of_key);
        let key_kind = new.identifiers.key().map(|(kind, _)| kind);
        for (kind, value) in new.identifiers.iter() {
            let rule = match kind {
                IdKind::ExternalId => continue,
                IdKind::Email => Rule::DuplicateEmail,
                IdKind::Phone => Rule::DuplicatePhone,
                IdKind::Username => Rule::DuplicateUsername,
            };
            let stands = |row: &Stored| !own.contains(&row.id) && !row.is_waived();
            let Some(other) = self.first((kind, value), stands)? else { continue };
            // The key's own kind has been told as a duplicate key.
            let told = key_kind == Some(kind) && other.has_key((kind, value));
            if !told {
                problems.push(duplicate(kind, rule, &self.place(&other)));
            }
        }
        Ok(problems)
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
        self.forget_identifiers(known)?;
        self.t
            .prepare_cached(
                "UPDATE job SET status = ?2, detail = NULL, code = NULL, reason = NULL, spent = 0,
                        not_before_ms = 0, key = ?3, updated_at_ms = ?4,
                        -- Whoever is found by other identifiers was not made by what was sent before.
                        first_sent_ms = CASE WHEN ?5 THEN first_sent_ms END
                 WHERE id = ?1",
            )?
            .execute(params![
                known.id,
                status.as_str(),
                new.identifiers.key().map(|(_, key)| key),
                self.batch.now_ms,
                known.identifiers == new.identifiers,
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
        self.write_problems(id, problems)
    }

    /// By their primary key: there may be three of them for every job of the table.
    fn forget_identifiers(&self, row: &Stored) -> rusqlite::Result<()> {
        let mut forget =
            self.t.prepare_cached("DELETE FROM identifier WHERE hash = ?1 AND job_id = ?2")?;
        for (kind, value) in row.identifiers.iter() {
            forget.execute(params![hash(kind, value), row.id])?;
        }
        Ok(())
    }

    fn write_problems(&self, id: i64, problems: &[Problem]) -> rusqlite::Result<()> {
        self.t.prepare_cached("DELETE FROM problem WHERE job_id = ?1")?.execute([id])?;
        let mut problem = self.t.prepare_cached(
            "INSERT INTO problem (job_id, n, field, rule, message) VALUES (?1, ?2, ?3, ?4, ?5)",
        )?;
        for (n, p) in (1_i64..).zip(problems) {
            problem.execute(params![id, n, p.field, p.rule.as_str(), p.message])?;
        }
        Ok(())
    }
}

/// A correction of a row, if that can still be corrected.
fn correct(row: Stored, how: impl FnOnce(Stored) -> Fate) -> Fate {
    match row.status {
        Status::Pending | Status::Failed | Status::Invalid => how(row),
        Status::Done => Fate::LeaveAlone { unsettled: false },
        Status::Sending | Status::Unknown => Fate::LeaveAlone { unsettled: true },
    }
}

/// Whether a row cannot be sent as it is.
fn is_wrong(status: Status) -> bool {
    matches!(status, Status::Failed | Status::Invalid)
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
