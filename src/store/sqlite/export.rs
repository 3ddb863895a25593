//! Records that leave the table as they came, each with the reason why it was not sent.

use super::Table;
use super::read::{ProblemRow, problems};
use crate::job::Status;
use crate::store::{JobId, SourceId, StoreError};
use rusqlite::params;

/// A record, and what is known of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exported {
    /// The job.
    pub id: JobId,
    /// The record.
    pub raw: Vec<u8>,
    /// Where the record came from.
    pub source: SourceId,
    /// Why it was not sent, of failed, invalid and unknown ones: status, code, reason and problems.
    pub why: Option<String>,
}

impl Table {
    /// Records of jobs of one status, by id after the given one: a page.
    pub fn exported(
        &self,
        status: Status,
        after: JobId,
        limit: u32,
    ) -> Result<Vec<Exported>, StoreError> {
        let is_told = matches!(status, Status::Failed | Status::Invalid | Status::Unknown);
        self.check(|c| {
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
        })
    }

    /// Whether a record of this source is in the table still: others may have taken the place of all. Reads
    /// all records.
    pub fn has_records_of(&self, source: SourceId) -> Result<bool, StoreError> {
        self.check(|c| {
            c.query_row(
                "SELECT EXISTS (SELECT 1 FROM record WHERE source_id = ?1)",
                [source.0],
                |row| row.get(0),
            )
        })
    }

    /// Where the reading of each source stands.
    pub fn checkpoints(&self) -> Result<Vec<(SourceId, String)>, StoreError> {
        self.check(|c| {
            let mut statement = c.prepare("SELECT id, checkpoint FROM source ORDER BY id")?;
            let rows = statement.query_map([], |row| Ok((SourceId(row.get(0)?), row.get(1)?)))?;
            rows.collect()
        })
    }
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
