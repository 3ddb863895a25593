//! What a comparison makes of a row.

use super::compare::Judge;
use super::identifiers::hashes;
use super::omitted;
use super::stage::add_problems;
use super::standing::has_problems;
use super::stored::Stored;
use crate::job::{Standing, Status};
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
        if self.invalidate(new)? {
            self.book(new.source).more.invalid += 1;
        }
        Ok(())
    }

    /// A row that was to be sent cannot be; `false` where it was not to be sent.
    pub(super) fn invalidate(&mut self, row: &Stored) -> rusqlite::Result<bool> {
        self.becomes(row, row.standing.held_against())
    }

    /// An invalid row that nothing is held against any more can be sent.
    pub(super) fn free(&mut self, row: &Stored) -> rusqlite::Result<bool> {
        let has_problems = has_problems(self.t, row.id)?;
        self.becomes(row, row.standing.freed(has_problems))
    }

    /// Writes what a law has made of a row; `false` where it stays as it is.
    fn becomes(&mut self, row: &Stored, to: Option<Standing>) -> rusqlite::Result<bool> {
        let Some(to) = to else { return Ok(false) };
        row.held().becomes(self.t, &to, &mut self.deltas)?;
        Ok(true)
    }

    /// The new row's record takes the place of the one that was there; attempts stay.
    pub(super) fn replace(
        &mut self,
        known: &Stored,
        new: &Stored,
        problems: &[Problem],
    ) -> rusqlite::Result<()> {
        let is_valid = new.status() == Status::Pending && problems.is_empty();
        let same_identifiers = known.identifiers == new.identifiers;
        let Some(to) = known.standing.replaced(is_valid, same_identifiers, self.now_ms) else {
            return self.leave_alone(known, new);
        };
        self.judge_newer_again(known, new)?;
        self.move_problems(new.id, known.id)?;
        add_problems(self.t, known.id, problems)?;
        omitted::take_over(self.t, new.id, known.id)?;
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
            .prepare_cached("UPDATE job SET key = ?2 WHERE id = ?1")?
            .execute(params![known.id, new.identifiers.key().map(|(_, key)| key)])?;
        self.becomes(known, Some(to))?;
        self.move_identifiers(new, known.id)?;
        self.book(new.source).more.replaced += 1;
        self.book(new.source).more.invalid += u64::from(!is_valid);
        self.take_out(new)
    }

    /// A correction of a row that is done, or in a run's hands, is not applied: its record goes.
    pub(super) fn leave_alone(&mut self, known: &Stored, new: &Stored) -> rusqlite::Result<()> {
        self.book(new.source).more.left_alone += 1;
        self.book(new.source).more.unsettled += u64::from(known.status().is_in_hand());
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
        book.fewer.rows += 1;
        book.fewer.invalid += u64::from(new.status() == Status::Invalid);
        self.remove(new)
    }

    pub(super) fn remove(&mut self, row: &Stored) -> rusqlite::Result<()> {
        for table in ["problem", "record"] {
            self.t
                .prepare_cached(&format!("DELETE FROM {table} WHERE job_id = ?1"))?
                .execute([row.id])?;
        }
        omitted::remove(self.t, row.id)?;
        self.t.prepare_cached("DELETE FROM job WHERE id = ?1")?.execute([row.id])?;
        self.deltas.leaves(row.source, &row.standing);
        Ok(())
    }
}
