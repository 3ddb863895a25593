//! What new records say of rows that they are not applied to: the lines of `newer`.

use super::Judge;
use super::fate::same_content;
use crate::job::{Newer, SignIn};
use crate::store::sqlite::stored::Stored;
use rusqlite::{OptionalExtension as _, params};
use serde_json::Value;

impl Judge<'_> {
    /// Writes down that a record was not applied to a row. Whatever becomes of the row, also when it is done
    /// later, a person can ask for it. Of two records of one source the one that shuts its user out is told.
    /// `held_by`: the job that has the record for its own.
    pub(super) fn note_newer(
        &mut self,
        known: &Stored,
        new: &Stored,
        kept_out: bool,
        held_by: Option<i64>,
    ) -> rusqlite::Result<()> {
        // Two records of one source are two people; and a later source has had the row's own record.
        if known.record_source >= new.source || same_content(&known.raw, &new.raw) {
            return Ok(());
        }
        let what = Newer::of(self.sent_as(known)?, (self.lens.sign_in)(&new.raw));
        let fields = (self.lens.differing)(&known.raw, &new.raw);
        if what == Newer::Differs && fields.is_empty() && !kept_out {
            return self.outdate_newer(known, new);
        }
        if self.has_newer {
            self.forget_what_is_replaced(known.id, new.source)?;
        }
        self.has_newer = true;
        self.t
            .prepare_cached(
                "INSERT INTO newer (job_id, source_id, record_no, what, kept_out, held_by, fields)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
                 ON CONFLICT (job_id, source_id) DO UPDATE
                 SET record_no = ?3, what = ?4, kept_out = ?5, held_by = ?6, fields = ?7 WHERE what <> 'blocked'",
            )?
            .execute(params![
                known.id,
                new.source,
                new.record_no,
                what.as_str(),
                kept_out,
                held_by,
                Value::from(fields).to_string()
            ])
            .map(drop)
    }

    /// What was said of whether the user may sign in when the row was last sent: by the mapping of that time.
    fn sent_as(&self, known: &Stored) -> rusqlite::Result<SignIn> {
        let mut then = self.t.prepare_cached(
            "SELECT m.text FROM mapping m
             WHERE m.id = (SELECT mapping_id FROM attempt WHERE job_id = ?1 ORDER BY n DESC LIMIT 1)
                   AND m.id <> (SELECT mapping_id FROM binding)",
        )?;
        let then: Option<String> = then.query_row([known.id], |row| row.get(0)).optional()?;
        Ok(match then {
            Some(mapping) => (self.lens.sign_in_by)(&mapping, &known.raw),
            None => (self.lens.sign_in)(&known.raw),
        })
    }

    /// Before a line of a source is written: of the lines before it the latest stays that was written by a
    /// source which has ended, for this one may begin anew.
    fn forget_what_is_replaced(&self, known: i64, source: i64) -> rusqlite::Result<()> {
        self.t
            .prepare_cached(
                "DELETE FROM newer WHERE job_id = ?1 AND source_id < (
                     SELECT max(n.source_id) FROM newer n CROSS JOIN source s ON s.id = n.source_id
                     WHERE n.job_id = ?1 AND n.source_id < ?2 AND n.held_by IS NULL AND s.finished_at_ms IS NOT NULL)",
            )?
            .execute([known, source])
            .map(drop)
    }

    /// A record is as the row's: what earlier sources said of the row is out of date, and what another record of
    /// this one seemed to say of it is said of somebody else.
    pub(super) fn outdate_newer(&self, known: &Stored, new: &Stored) -> rusqlite::Result<()> {
        if !self.has_newer {
            return Ok(());
        }
        self.t
            .prepare_cached("DELETE FROM newer WHERE job_id = ?1 AND source_id = ?2")?
            .execute([known.id, new.source])?;
        self.t
            .prepare_cached(
                "UPDATE newer SET outdated_by = ?2
                 WHERE job_id = ?1 AND source_id < ?2 AND outdated_by IS NULL",
            )?
            .execute([known.id, new.source])
            .map(drop)
    }

    /// The row has another record.
    pub(in crate::store::sqlite) fn forget_newer(&self, known: i64) -> rusqlite::Result<()> {
        if !self.has_newer {
            return Ok(());
        }
        self.t.prepare_cached("DELETE FROM newer WHERE job_id = ?1")?.execute([known]).map(drop)
    }
}
