//! What a comparison makes of a row.

use super::compare::Judge;
use super::identifiers::hashes;
use super::stage::add_problems;
use super::stored::Stored;
use crate::job::Status;
use crate::problem::Problem;
use rusqlite::params;

impl Judge<'_> {
    /// The row stays; what it shares is held against it.
    pub(super) fn stay(&mut self, new: &Stored, of_key: Option<Problem>) -> rusqlite::Result<()> {
        let before = if self.anew { i64::MAX } else { new.id };
        let problems = self.shared(new, of_key, before, &[])?;
        if problems.is_empty() {
            return Ok(());
        }
        add_problems(self.t, new.id, &problems)?;
        if new.status == Status::Pending {
            self.invalidate(new)?;
            self.book(new.source).invalid += 1;
        }
        Ok(())
    }

    /// A row that was to be sent cannot be.
    pub(super) fn invalidate(&mut self, row: &Stored) -> rusqlite::Result<()> {
        self.t
            .prepare_cached("UPDATE job SET status = 'invalid' WHERE id = ?1")?
            .execute([row.id])?;
        self.deltas.add(row.source, Status::Pending, None, None, -1);
        self.deltas.add(row.source, Status::Invalid, None, None, 1);
        Ok(())
    }

    pub(super) fn has_problems(&self, id: i64) -> rusqlite::Result<bool> {
        self.t
            .prepare_cached("SELECT EXISTS (SELECT 1 FROM problem WHERE job_id = ?1)")?
            .query_row([id], |row| row.get(0))
    }

    /// An invalid row that nothing is held against any more can be sent.
    pub(super) fn free(&mut self, row: &Stored) -> rusqlite::Result<()> {
        let n = self
            .t
            .prepare_cached(
                "UPDATE job SET status = 'pending', code = NULL, reason = NULL
                 WHERE id = ?1 AND NOT EXISTS (SELECT 1 FROM problem WHERE job_id = ?1)",
            )?
            .execute([row.id])?;
        if n > 0 {
            self.deltas.add(row.source, row.status, row.detail, row.code.as_deref(), -1);
            self.deltas.add(row.source, Status::Pending, None, None, 1);
        }
        Ok(())
    }

    /// The new row's record takes the place of the one that was there; attempts stay.
    pub(super) fn replace(
        &mut self,
        known: &Stored,
        new: &Stored,
        problems: &[Problem],
    ) -> rusqlite::Result<()> {
        let is_valid = new.status == Status::Pending && problems.is_empty();
        let status = if is_valid { Status::Pending } else { Status::Invalid };
        self.move_problems(new.id, known.id)?;
        add_problems(self.t, known.id, problems)?;
        self.t
            .prepare_cached(
                "INSERT OR REPLACE INTO origin (job_id, source_id, record_no, line)
                 SELECT ?2, source_id, record_no, line FROM job WHERE id = ?1",
            )?
            .execute([new.id, known.id])?;
        self.t.prepare_cached("DELETE FROM record WHERE job_id = ?1")?.execute([known.id])?;
        self.t
            .prepare_cached("UPDATE record SET job_id = ?2 WHERE job_id = ?1")?
            .execute([new.id, known.id])?;
        self.t
            .prepare_cached(
                "UPDATE job SET status = ?2, detail = NULL, code = NULL, reason = NULL, spent = 0,
                        not_before_ms = 0, key = ?3, updated_at_ms = ?4,
                        -- Whoever stood in the way of the old record is nobody to the new one.
                        remote_id = NULL, evidence = NULL,
                        -- Whoever is found by other identifiers was not made by what was sent before.
                        first_sent_ms = CASE WHEN ?5 THEN first_sent_ms END
                 WHERE id = ?1",
            )?
            .execute(params![
                known.id,
                status.as_str(),
                new.identifiers.key().map(|(_, key)| key),
                self.now_ms,
                known.identifiers == new.identifiers,
            ])?;
        self.move_identifiers(new, known.id)?;
        self.deltas.add(known.source, known.status, known.detail, known.code.as_deref(), -1);
        self.deltas.add(known.source, status, None, None, 1);
        self.book(new.source).replaced += 1;
        self.book(new.source).invalid += i64::from(status == Status::Invalid);
        self.take_out(new)
    }

    /// The problems that a record has of its own.
    pub(super) fn move_problems(&self, from: i64, to: i64) -> rusqlite::Result<()> {
        self.t.prepare_cached("DELETE FROM problem WHERE job_id = ?1")?.execute([to])?;
        self.t
            .prepare_cached("UPDATE problem SET job_id = ?2 WHERE job_id = ?1")?
            .execute([from, to])
            .map(drop)
    }

    /// Those that come later find the record under its new job.
    pub(super) fn move_identifiers(&mut self, new: &Stored, to: i64) -> rusqlite::Result<()> {
        let mut moved = self.t.prepare_cached(
            "INSERT OR IGNORE INTO collision (hash, job_id, is_new)
             SELECT hash, ?3, 0 FROM collision WHERE hash = ?1 AND job_id = ?2",
        )?;
        for hash in hashes(&new.identifiers, &new.raw) {
            moved.execute([hash, new.id, to])?;
            self.moved.add(hash, to);
        }
        Ok(())
    }

    /// Takes a new row out of its source's rows: its record was there, or went to another row.
    pub(super) fn take_out(&mut self, new: &Stored) -> rusqlite::Result<()> {
        let book = self.book(new.source);
        book.rows -= 1;
        book.invalid -= i64::from(new.status == Status::Invalid);
        self.remove(new)
    }

    pub(super) fn remove(&mut self, row: &Stored) -> rusqlite::Result<()> {
        for table in ["problem", "record"] {
            self.t
                .prepare_cached(&format!("DELETE FROM {table} WHERE job_id = ?1"))?
                .execute([row.id])?;
        }
        self.t.prepare_cached("DELETE FROM job WHERE id = ?1")?.execute([row.id])?;
        self.deltas.add(row.source, row.status, row.detail, row.code.as_deref(), -1);
        Ok(())
    }
}
