//! Records that leave the table as they came, each with the reason why it was not sent.

use super::failures::problems;
use crate::job::Status;
use crate::store::{Exported, JobId, MappedId, ProblemRow, SourceId};
use rusqlite::{Connection, OptionalExtension, params};

pub(super) fn records(
    c: &Connection,
    status: Status,
    after: JobId,
    limit: u32,
) -> rusqlite::Result<Vec<(JobId, Vec<u8>)>> {
    let mut statement = c.prepare_cached(
        "SELECT j.id, r.raw FROM job j JOIN record r ON r.job_id = j.id
         WHERE j.status = ?1 AND j.id > ?2 ORDER BY j.id LIMIT ?3",
    )?;
    let rows = statement.query_map(params![status.as_str(), after.0, limit], |row| {
        Ok((JobId(row.get(0)?), row.get(1)?))
    })?;
    rows.collect()
}

pub(super) fn records_to_send(
    c: &Connection,
    after: JobId,
    limit: u32,
) -> rusqlite::Result<Vec<(JobId, Vec<u8>)>> {
    let mut statement = c.prepare_cached(
        "SELECT j.id, r.raw FROM job j JOIN record r ON r.job_id = j.id
         WHERE j.status <> 'invalid' AND (j.detail IS NULL OR j.detail NOT IN ('waived', 'skipped'))
               AND j.id > ?1 ORDER BY j.id LIMIT ?2",
    )?;
    let rows = statement
        .query_map(params![after.0, limit], |row| Ok((JobId(row.get(0)?), row.get(1)?)))?;
    rows.collect()
}

pub(super) fn record(c: &Connection, job: JobId) -> rusqlite::Result<Option<Vec<u8>>> {
    let mut statement = c.prepare_cached("SELECT raw FROM record WHERE job_id = ?1")?;
    statement.query_row([job.0], |row| row.get(0)).optional()
}

pub(super) fn pending_record(c: &Connection, job: JobId) -> rusqlite::Result<Option<Vec<u8>>> {
    c.query_row(
        "SELECT r.raw FROM job j JOIN record r ON r.job_id = j.id
         WHERE j.id = ?1 AND j.status = 'pending'",
        [job.0],
        |row| row.get(0),
    )
    .optional()
}

pub(super) fn id_map(c: &Connection, after: JobId, limit: u32) -> rusqlite::Result<Vec<MappedId>> {
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
}

pub(super) fn exported(
    c: &Connection,
    status: Status,
    after: JobId,
    limit: u32,
) -> rusqlite::Result<Vec<Exported>> {
    let is_told = status.says_why();

    let mut statement = c.prepare_cached(
        "SELECT j.id, r.raw, r.source_id, j.detail, j.code, j.reason
         FROM job j JOIN record r ON r.job_id = j.id
         WHERE j.status = ?1 AND j.id > ?2 ORDER BY j.id LIMIT ?3",
    )?;
    let mut rows = statement.query(params![status.as_str(), after.0, limit])?;
    let mut page = Vec::new();
    while let Some(row) = rows.next()? {
        let id: i64 = row.get(0)?;
        let why = if is_told {
            let mut word = status.to_string();
            if let Some(detail) = row.get::<_, Option<String>>(3)? {
                word = format!("{word}/{detail}");
            }
            Some(why(&word, row.get(4)?, row.get(5)?, &problems(c, id)?))
        } else {
            None
        };
        let source = SourceId(row.get(2)?);
        page.push(Exported { id: JobId(id), raw: row.get(1)?, source, why });
    }
    Ok(page)
}

/// "failed/rejected 2003: the words of the provider", "invalid: mail: not an e-mail address".
fn why(
    status: &str,
    code: Option<String>,
    reason: Option<String>,
    problems: &[ProblemRow],
) -> String {
    let head = code.map_or(status.to_owned(), |code| format!("{status} {code}"));
    let problems = problems.iter().map(ToString::to_string);
    let reasons: Vec<String> = reason.into_iter().chain(problems).collect();
    if reasons.is_empty() { head } else { format!("{head}: {}", reasons.join("; ")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_tells_status_code_words_and_problems() {
        let problem = |field: &str| ProblemRow {
            field: field.to_owned(),
            rule: "value".to_owned(),
            message: "wrong".to_owned(),
        };
        let told = |code: Option<&str>, reason: Option<&str>, problems: &[ProblemRow]| {
            let [code, reason] = [code, reason].map(|text| text.map(str::to_owned));
            why("failed/rejected", code, reason, problems)
        };
        assert_eq!(told(None, None, &[]), "failed/rejected");
        assert_eq!(told(Some("2003"), Some("taken"), &[]), "failed/rejected 2003: taken");
        let two = [problem("mail"), problem("")];
        assert_eq!(told(None, Some("x"), &two), "failed/rejected: x; mail: wrong; wrong");
    }
}
