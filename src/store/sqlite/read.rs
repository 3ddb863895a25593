//! What people and machines ask of the table.

use super::{Table, identifiers, sql};
use crate::job::{Class, Detail, Evidence, Op, Status};
use crate::problem::{FoundProblem, Rule};
use crate::store::{JobId, StoreError};
use crate::user::{IdKind, Identifiers, normalise};
use rusqlite::{OptionalExtension, Row, params};
use serde::Serialize;
use std::collections::BTreeMap;

/// The job of a problem, and its number among those of the job.
pub type ProblemId = (JobId, i64);

/// The view `progress`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    pub total: u64,
    pub pending: u64,
    pub sending: u64,
    pub unknown: u64,
    pub done: u64,
    pub failed: u64,
    pub invalid: u64,
    pub created: u64,
    pub existed: u64,
    pub skipped: u64,
    pub waived: u64,
}

impl Counts {
    /// Jobs that a run still has to settle.
    pub fn open(&self) -> u64 {
        self.pending + self.sending + self.unknown
    }
}

/// One line of the view `errors_by_class`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ErrorClass {
    /// `failed`, `invalid` or `unknown`.
    pub status: Status,
    /// For failed.
    pub detail: Option<Detail>,
    /// The provider's code.
    pub code: Option<String>,
    /// How many jobs.
    pub n: u64,
}

/// A run as the table knows it.
#[derive(Clone, Debug)]
pub struct RunRow {
    pub id: i64,
    pub started_at_ms: i64,
    pub ended_at_ms: Option<i64>,
    pub seen_at_ms: i64,
    pub machine: String,
    pub pid: u32,
    pub rate_per_s: f64,
    pub end: Option<String>,
    pub reason: Option<String>,
    pub done: i64,
    pub failed: i64,
    pub invalid: i64,
}

/// A problem of a failed or invalid row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ProblemRow {
    /// The field, empty when the whole record is meant.
    pub field: String,
    /// The rule.
    pub rule: String,
    /// For people.
    pub message: String,
}

impl std::fmt::Display for ProblemRow {
    /// `mail: not an e-mail address`; of a whole record the message alone.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if !self.field.is_empty() {
            write!(f, "{}: ", self.field)?;
        }
        f.write_str(&self.message)
    }
}

/// A failed, invalid or unknown row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FailureRow {
    /// Id of the job; not part of the contract.
    #[serde(skip)]
    pub id: i64,
    /// Path of the source.
    pub source: String,
    /// Number of the record, from 1.
    pub record: u64,
    /// The key, if the record has one.
    pub key: Option<String>,
    /// `failed`, `invalid` or `unknown`.
    pub status: Status,
    /// For failed.
    pub detail: Option<Detail>,
    /// The provider's code.
    pub code: Option<String>,
    /// For people.
    pub message: Option<String>,
    /// How many attempts there were.
    pub attempts: u64,
    /// What was found before sending.
    pub problems: Vec<ProblemRow>,
}

/// Why a row is not done, without what differs from row to row.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct Reason {
    /// `failed`, `invalid` or `unknown`.
    pub status: Status,
    /// For failed.
    pub detail: Option<Detail>,
    /// The provider's code.
    pub code: Option<String>,
    /// For invalid: the field that has a problem; empty where the whole record has.
    pub field: Option<String>,
    /// For invalid: the rule that is broken.
    pub rule: Option<String>,
}

/// One reason of one row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReasonRow {
    /// The job.
    pub id: JobId,
    /// The reason.
    pub reason: Reason,
}

/// One job, whole.
#[derive(Clone, Debug)]
pub struct JobRow {
    pub id: JobId,
    pub source: String,
    pub record_no: u64,
    pub line: Option<u64>,
    pub key: Option<String>,
    pub status: Status,
    pub detail: Option<Detail>,
    pub sends: u32,
    pub spent: u32,
    pub first_sent_ms: Option<i64>,
    pub not_before_ms: i64,
    pub remote_id: Option<String>,
    pub evidence: Option<Evidence>,
    pub code: Option<String>,
    pub reason: Option<String>,
    pub updated_at_ms: i64,
    pub raw: Vec<u8>,
}

impl JobRow {
    /// `done/waived`, `pending`.
    pub fn status_and_detail(&self) -> String {
        self.status.with(self.detail)
    }
}

/// One line of the ledger.
#[derive(Clone, Debug)]
pub struct AttemptRow {
    pub n: u32,
    pub run_id: i64,
    pub at_ms: i64,
    pub took_ms: Option<i64>,
    pub read_ms: Option<i64>,
    pub op: Op,
    pub outcome: Class,
    pub http_status: Option<u16>,
    pub code: Option<String>,
    pub message: Option<String>,
    pub request_id: Option<String>,
}

/// An old key and the id that the directory gave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MappedId {
    /// The job.
    pub id: JobId,
    /// The key.
    pub key: Option<String>,
    /// The id in the directory.
    pub remote_id: String,
    /// The user was in the directory before and was passed over; nothing of this record was sent into it.
    pub is_skipped: bool,
    /// The record.
    pub raw: Vec<u8>,
}

/// An unfinished source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnfinishedSource {
    /// Its path.
    pub path: String,
    /// Records read so far.
    pub records: u64,
}

/// A page of jobs that are failed, invalid or unknown, by id; the parameters are those of [`picked`]. Each
/// half in the words of its partial index, else all rows would be looked through.
const PICKED: &str = "WITH picked AS (
    SELECT id FROM job WHERE status IN ('failed', 'invalid') AND id > ?1
           AND CASE status WHEN 'failed' THEN ?3 ELSE ?4 END
    UNION ALL
    SELECT id FROM job WHERE status IN ('sending', 'unknown') AND id > ?1
           AND status = 'unknown' AND ?5
    ORDER BY id LIMIT ?2)";

fn picked(which: &[Status], after: JobId, limit: u32) -> (i64, u32, bool, bool, bool) {
    let [failed, invalid, unknown] =
        [Status::Failed, Status::Invalid, Status::Unknown].map(|status| which.contains(&status));
    (after.0, limit, failed, invalid, unknown)
}

/// The sources of these paths. Of standard input only its last reading: what came before is another
/// source.
const NAMED: &str = "WITH named AS (
    SELECT id FROM source WHERE path <> '-' AND path IN (SELECT value FROM json_each(?1))
    UNION ALL
    SELECT id FROM source WHERE id = (SELECT max(id) FROM source WHERE path = '-')
                                AND '-' IN (SELECT value FROM json_each(?1)))";
/// A row of these: one whose record came from there, or did at first.
const OF_NAMED: &str =
    "(j.source_id IN (SELECT id FROM named) OR r.source_id IN (SELECT id FROM named))";

impl Table {
    /// The view `progress`.
    pub fn counts(&self) -> Result<Counts, StoreError> {
        self.check(|c| {
            c.query_row("SELECT * FROM progress", [], |row| {
                Ok(Counts {
                    total: row.get("total")?,
                    pending: row.get("pending")?,
                    sending: row.get("sending")?,
                    unknown: row.get("unknown")?,
                    done: row.get("done")?,
                    failed: row.get("failed")?,
                    invalid: row.get("invalid")?,
                    created: row.get("created")?,
                    existed: row.get("existed")?,
                    skipped: row.get("skipped")?,
                    waived: row.get("waived")?,
                })
            })
        })
    }

    /// The view `errors_by_class`.
    pub fn errors_by_class(&self) -> Result<Vec<ErrorClass>, StoreError> {
        self.check(|c| {
            let mut statement = c.prepare("SELECT status, detail, code, n FROM errors_by_class")?;
            let rows = statement.query_map([], |row| {
                Ok(ErrorClass {
                    status: row.get(0)?,
                    detail: row.get(1)?,
                    code: row.get(2)?,
                    n: row.get(3)?,
                })
            })?;
            rows.collect()
        })
    }

    /// The latest run.
    pub fn last_run(&self) -> Result<Option<RunRow>, StoreError> {
        self.check(|c| {
            let mut statement = c.prepare(
                "SELECT id, started_at_ms, ended_at_ms, seen_at_ms, machine, pid, rate_per_s, end, reason,
                        done, failed, invalid
                 FROM run ORDER BY id DESC LIMIT 1",
            )?;
            let mut rows = statement.query_map([], |row| {
                Ok(RunRow {
                    id: row.get(0)?,
                    started_at_ms: row.get(1)?,
                    ended_at_ms: row.get(2)?,
                    seen_at_ms: row.get(3)?,
                    machine: row.get(4)?,
                    pid: row.get(5)?,
                    rate_per_s: row.get(6)?,
                    end: row.get(7)?,
                    reason: row.get(8)?,
                    done: row.get(9)?,
                    failed: row.get(10)?,
                    invalid: row.get(11)?,
                })
            })?;
            rows.next().transpose()
        })
    }

    /// The settings of the runs that have sent what is in doubt now, as they were written down.
    pub fn settings_of_doubts(&self) -> Result<Vec<String>, StoreError> {
        self.check(|c| {
            let mut statement = c.prepare(sql::SETTINGS_OF_DOUBTS)?;
            let rows = statement.query_map([], |row| row.get(0))?;
            rows.collect()
        })
    }

    /// Whether the staging of any source was ever begun.
    pub fn has_sources(&self) -> Result<bool, StoreError> {
        Ok(!self.sources_where("id = (SELECT min(id) FROM source)")?.is_empty())
    }

    /// Sources whose staging has not come to its end.
    pub fn unfinished_sources(&self) -> Result<Vec<UnfinishedSource>, StoreError> {
        // The newest is not finished before its records are compared with the others.
        self.sources_where(
            "finished_at_ms IS NULL
             OR (id = (SELECT max(id) FROM source) AND (SELECT blocks > compared FROM comparison))",
        )
    }

    /// Sources that a person has closed before they were read to their end.
    pub fn closed_sources(&self) -> Result<Vec<UnfinishedSource>, StoreError> {
        // Elsewhere a source is finished only with a checkpoint at the file's end.
        self.sources_where(
            "finished_at_ms IS NOT NULL AND json_valid(checkpoint)
             AND json_extract(checkpoint, '$.finished') = 0",
        )
    }

    fn sources_where(&self, condition: &str) -> Result<Vec<UnfinishedSource>, StoreError> {
        let sql = format!("SELECT path, records FROM source WHERE {condition} ORDER BY id");
        self.check(|c| {
            let mut statement = c.prepare(&sql)?;
            let rows = statement.query_map([], |row| {
                Ok(UnfinishedSource { path: row.get(0)?, records: row.get(1)? })
            })?;
            rows.collect()
        })
    }

    /// Invalid rows of these sources, by path.
    pub fn invalid_of(&self, paths: &[String]) -> Result<u64, StoreError> {
        let paths = serde_json::Value::from(paths).to_string();
        let sql = format!(
            "{NAMED} SELECT count(*) FROM job j JOIN record r ON r.job_id = j.id
             WHERE j.status IN ('failed', 'invalid') AND j.status = 'invalid' AND {OF_NAMED}"
        );
        self.check(|c| c.query_row(&sql, [paths], |row| row.get(0)))
    }

    /// Invalid rows of other sources than these, by the path of the record that each has now; the
    /// source with the most first.
    pub fn invalid_of_others(&self, paths: &[String]) -> Result<Vec<(String, u64)>, StoreError> {
        let paths = serde_json::Value::from(paths).to_string();
        let sql = format!(
            "{NAMED} SELECT s.path, count(*) FROM job j JOIN record r ON r.job_id = j.id
                 LEFT JOIN origin o ON o.job_id = j.id
                 JOIN source s ON s.id = coalesce(o.source_id, j.source_id)
             WHERE j.status IN ('failed', 'invalid') AND j.status = 'invalid' AND NOT {OF_NAMED}
             GROUP BY s.path ORDER BY count(*) DESC, s.path"
        );
        self.check(|c| {
            let mut statement = c.prepare(&sql)?;
            let rows = statement.query_map([paths], |row| Ok((row.get(0)?, row.get(1)?)))?;
            rows.collect()
        })
    }

    /// Rows of these statuses among failed, invalid and unknown, by id after the given one: a page,
    /// so that no reader holds the WAL for long. Ends when a page is not full.
    pub fn failures(
        &self,
        which: &[Status],
        after: JobId,
        limit: u32,
    ) -> Result<Vec<FailureRow>, StoreError> {
        self.check(|c| {
            let mut statement = c.prepare_cached(&format!(
                "{PICKED}
                 SELECT j.id, s.path, coalesce(o.record_no, j.record_no), j.key, j.status, j.detail, j.code, j.reason,
                        (SELECT count(*) FROM attempt a WHERE a.job_id = j.id)
                 FROM picked p CROSS JOIN job j ON j.id = p.id LEFT JOIN origin o ON o.job_id = j.id
                      CROSS JOIN source s ON s.id = coalesce(o.source_id, j.source_id)
                 ORDER BY p.id",
            ))?;
            let rows = statement.query_map(picked(which, after, limit), |row| {
                Ok(FailureRow {
                    id: row.get(0)?,
                    source: row.get(1)?,
                    record: row.get(2)?,
                    key: row.get(3)?,
                    status: row.get(4)?,
                    detail: row.get(5)?,
                    code: row.get(6)?,
                    message: row.get(7)?,
                    attempts: row.get(8)?,
                    problems: Vec::new(),
                })
            })?;
            let mut rows: Vec<FailureRow> = rows.collect::<rusqlite::Result<_>>()?;
            for row in &mut rows {
                row.problems = problems(c, row.id)?;
            }
            Ok(rows)
        })
    }

    /// Why rows of these statuses are not done, by id after the given one: a page of rows, each with its
    /// reasons. Ends when a page is empty.
    pub fn reasons(
        &self,
        which: &[Status],
        after: JobId,
        limit: u32,
    ) -> Result<Vec<ReasonRow>, StoreError> {
        self.check(|c| {
            let mut statement = c.prepare_cached(&format!(
                "{PICKED}
                 SELECT j.id, j.status, j.detail, j.code, p.field, p.rule
                 FROM picked CROSS JOIN job j ON j.id = picked.id
                      LEFT JOIN problem p ON p.job_id = j.id AND j.status = 'invalid'
                 ORDER BY j.id, p.n",
            ))?;
            let rows = statement.query_map(picked(which, after, limit), |row| {
                Ok(ReasonRow {
                    id: JobId(row.get(0)?),
                    reason: Reason {
                        status: row.get(1)?,
                        detail: row.get(2)?,
                        code: row.get(3)?,
                        field: row.get(4)?,
                        rule: row.get(5)?,
                    },
                })
            })?;
            rows.collect()
        })
    }

    /// One failed, invalid or unknown row.
    pub fn failure(&self, which: &[Status], id: JobId) -> Result<Option<FailureRow>, StoreError> {
        Ok(self.failures(which, JobId(id.0 - 1), 1)?.pop().filter(|row| row.id == id.0))
    }

    /// The problems of a job.
    pub fn problems(&self, id: JobId) -> Result<Vec<ProblemRow>, StoreError> {
        self.check(|c| problems(c, id.0))
    }

    /// All problems by job, after the given place: a page, each with its place.
    pub fn found_problems(
        &self,
        (job, n): ProblemId,
        limit: u32,
    ) -> Result<Vec<(ProblemId, FoundProblem)>, StoreError> {
        self.check(|c| {
            let mut statement = c.prepare_cached(
                "SELECT p.job_id, p.n, s.path, j.record_no, j.line, j.key, p.field, p.rule, p.message
                 FROM problem p JOIN job j ON j.id = p.job_id JOIN source s ON s.id = j.source_id
                 WHERE (p.job_id, p.n) > (?1, ?2) ORDER BY p.job_id, p.n LIMIT ?3",
            )?;
            let rows = statement.query_map(params![job.0, n, limit], |row| {
                let rule: String = row.get(7)?;
                let problem = FoundProblem {
                    source: row.get(2)?,
                    record: row.get(3)?,
                    line: row.get(4)?,
                    key: row.get(5)?,
                    field: row.get(6)?,
                    rule: Rule::parse(&rule).unwrap_or(Rule::Value),
                    message: row.get(8)?,
                };
                Ok(((JobId(row.get(0)?), row.get(1)?), problem))
            })?;
            rows.collect()
        })
    }

    /// The ledger of a job.
    pub fn attempts(&self, id: JobId) -> Result<Vec<AttemptRow>, StoreError> {
        self.check(|c| {
            let mut statement = c.prepare_cached(
                "SELECT n, run_id, op, at_ms, took_ms, read_ms, outcome, http_status, code, message, request_id
                 FROM attempt WHERE job_id = ?1 ORDER BY n",
            )?;
            let rows = statement.query_map([id.0], |row| {
                Ok(AttemptRow {
                    n: row.get(0)?,
                    run_id: row.get(1)?,
                    op: row.get(2)?,
                    at_ms: row.get(3)?,
                    took_ms: row.get(4)?,
                    read_ms: row.get(5)?,
                    outcome: row.get(6)?,
                    http_status: row.get(7)?,
                    code: row.get(8)?,
                    message: row.get(9)?,
                    request_id: row.get(10)?,
                })
            })?;
            rows.collect()
        })
    }

    /// The jobs that have this key, as it stands in the record or normalised.
    pub fn jobs_by_key(&self, key: &str) -> Result<Vec<JobRow>, StoreError> {
        self.check(|c| {
            let mut statement =
                c.prepare_cached(&format!("{JOB_ROW} WHERE j.id = ?1 AND j.key = ?2"))?;
            let mut found = BTreeMap::new();
            for kind in IdKind::ALL {
                let value = normalise(kind, key);
                for id in identifiers::with_hash(c, identifiers::hash(kind, &value))? {
                    let row = statement.query_row(params![id, value], job_row).optional()?;
                    found.extend(row.map(|row| (id, row)));
                }
            }
            Ok(found.into_values().collect())
        })
    }

    /// The jobs whose record has this number in its source. Looks through all rows.
    pub fn jobs_by_record(&self, record_no: u64) -> Result<Vec<JobRow>, StoreError> {
        self.check(|c| {
            let mut statement = c.prepare_cached(&format!(
                "{JOB_ROW} WHERE coalesce(o.record_no, j.record_no) = ?1 ORDER BY j.id"
            ))?;
            statement.query_map([record_no], job_row)?.collect()
        })
    }

    /// The jobs that have this identifier, whatever their key is.
    pub fn jobs_with(
        &self,
        identifier: &str,
        identify: &dyn Fn(&[u8]) -> Identifiers,
    ) -> Result<Vec<JobRow>, StoreError> {
        self.check(|c| {
            let mut statement = c.prepare_cached(&format!("{JOB_ROW} WHERE j.id = ?1"))?;
            let mut found = BTreeMap::new();
            for kind in IdKind::ALL {
                let value = normalise(kind, identifier);
                for id in identifiers::with_hash(c, identifiers::hash(kind, &value))? {
                    let row = statement.query_row([id], job_row).optional()?;
                    let has = |row: &JobRow| identify(&row.raw).get(kind) == Some(value.as_str());
                    found.extend(row.filter(has).map(|row| (id, row)));
                }
            }
            Ok(found.into_values().collect())
        })
    }

    /// Whether a conflict is with one user without an external id, whom a run may skip.
    pub fn can_skip(&self) -> Result<bool, StoreError> {
        self.check(|c| {
            c.query_row(
                "SELECT EXISTS (SELECT 1 FROM job WHERE status IN ('failed', 'invalid')
                                AND detail = 'conflict' AND remote_id IS NOT NULL)",
                [],
                |row| row.get(0),
            )
        })
    }

    /// The record of a job, if it is pending.
    pub fn pending_record(&self, job: JobId) -> Result<Option<Vec<u8>>, StoreError> {
        self.check(|c| {
            c.query_row(
                "SELECT r.raw FROM job j JOIN record r ON r.job_id = j.id
                 WHERE j.id = ?1 AND j.status = 'pending'",
                [job.0],
                |row| row.get(0),
            )
            .optional()
        })
    }

    /// Records of jobs of one status, by id after the given one: a page.
    pub fn records(
        &self,
        status: Status,
        after: JobId,
        limit: u32,
    ) -> Result<Vec<(JobId, Vec<u8>)>, StoreError> {
        self.check(|c| {
            let mut statement = c.prepare_cached(
                "SELECT j.id, r.raw FROM job j JOIN record r ON r.job_id = j.id
                 WHERE j.status = ?1 AND j.id > ?2 ORDER BY j.id LIMIT ?3",
            )?;
            let rows = statement.query_map(params![status.as_str(), after.0, limit], |row| {
                Ok((JobId(row.get(0)?), row.get(1)?))
            })?;
            rows.collect()
        })
    }

    /// Old keys and the ids that the directory gave, by id after the given one: a page.
    pub fn id_map(&self, after: JobId, limit: u32) -> Result<Vec<MappedId>, StoreError> {
        self.check(|c| {
            let mut statement = c.prepare_cached(
                "SELECT j.id, j.key, j.remote_id, j.detail = 'skipped', r.raw
                 FROM job j JOIN record r ON r.job_id = j.id
                 WHERE j.detail IN ('created', 'existed', 'skipped') AND j.remote_id IS NOT NULL AND j.id > ?1
                 ORDER BY j.id LIMIT ?2",
            )?;
            let rows = statement.query_map(params![after.0, limit], |row| {
                Ok(MappedId {
                    id: JobId(row.get(0)?),
                    key: row.get(1)?,
                    remote_id: row.get(2)?,
                    is_skipped: row.get(3)?,
                    raw: row.get(4)?,
                })
            })?;
            rows.collect()
        })
    }

    /// What SQLite finds when it checks its file: `ok`, or what is wrong.
    pub fn integrity(&self) -> Result<String, StoreError> {
        self.check(|c| {
            let found: String = c.query_row("PRAGMA integrity_check", [], |row| row.get(0))?;
            let mut orphans = c.prepare("SELECT \"table\" FROM pragma_foreign_key_check")?;
            match orphans.query_map([], |row| row.get::<_, String>(0))?.next() {
                Some(table) if found == "ok" => {
                    Ok(format!("a row of {} refers to nothing", table?))
                }
                _ => Ok(found),
            }
        })
    }
}

pub(super) fn problems(c: &rusqlite::Connection, id: i64) -> rusqlite::Result<Vec<ProblemRow>> {
    let mut statement =
        c.prepare_cached("SELECT field, rule, message FROM problem WHERE job_id = ?1 ORDER BY n")?;
    let rows = statement.query_map([id], |row| {
        Ok(ProblemRow { field: row.get(0)?, rule: row.get(1)?, message: row.get(2)? })
    })?;
    rows.collect()
}

/// A job as [`job_row`] reads it; its place is that of the record that it has now.
const JOB_ROW: &str = "\
SELECT j.id, s.path, coalesce(o.record_no, j.record_no), iif(o.job_id IS NULL, j.line, o.line), j.key, j.status, j.detail, j.sends, j.spent, j.first_sent_ms,
       j.not_before_ms, j.remote_id, j.evidence, j.code, j.reason, j.updated_at_ms, r.raw
FROM job j LEFT JOIN origin o ON o.job_id = j.id
     JOIN source s ON s.id = coalesce(o.source_id, j.source_id) JOIN record r ON r.job_id = j.id";

fn job_row(row: &Row<'_>) -> rusqlite::Result<JobRow> {
    Ok(JobRow {
        id: JobId(row.get(0)?),
        source: row.get(1)?,
        record_no: row.get(2)?,
        line: row.get(3)?,
        key: row.get(4)?,
        status: row.get(5)?,
        detail: row.get(6)?,
        sends: row.get(7)?,
        spent: row.get(8)?,
        first_sent_ms: row.get(9)?,
        not_before_ms: row.get(10)?,
        remote_id: row.get(11)?,
        evidence: row.get(12)?,
        code: row.get(13)?,
        reason: row.get(14)?,
        updated_at_ms: row.get(15)?,
        raw: row.get(16)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn open_is_what_a_run_still_has_to_settle() {
        let counts =
            Counts { pending: 1, sending: 2, unknown: 4, done: 8, failed: 16, ..Counts::default() };
        assert_eq!(counts.open(), 7);
    }
}
