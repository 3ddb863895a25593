//! What new records have in common with others, and what becomes of them for it.
//!
//! [`step`] is one transaction. The first finds out which identifiers are shared; each of the
//! others judges some of the rows that share one, in the order in which they were read, as if only
//! what came before them were there. A crash in between changes nothing: it goes on where it was.

mod fate;
mod newer;
mod problems;
mod words;

use super::identifiers::{self, Block, find_shared};
use super::stage::add_problems;
use super::standing::has_problems;
use super::stored::{Rows, Stored};
use super::{Deltas, sql};
use crate::job::{Correction, Status};
use crate::problem::Problem;
use crate::store::{Compared, Lens};
use fate::Fate;
use rusqlite::{Connection, Transaction, params};
use std::collections::{HashMap, HashSet};
use words::other_of;

/// Rows that are judged in one transaction.
const ROWS: u32 = 1_000;

/// Whether there are rows that were not compared.
pub(super) fn is_pending(c: &Connection) -> rusqlite::Result<bool> {
    c.query_row("SELECT blocks > compared FROM comparison", [], |row| row.get(0))
}

/// All rows are compared anew, after another mapping: none of them is taken out or replaced.
pub(super) fn begin_anew(c: &Connection) -> rusqlite::Result<()> {
    c.execute("DELETE FROM collision", [])?;
    c.execute(
        "UPDATE comparison SET blocks = 0, compared = 0, upto = NULL, cursor = 0, anew = 1",
        [],
    )
    .map(drop)
}

/// One step; `done` when there is nothing left to compare.
pub(super) fn step(
    t: &Transaction<'_>,
    lens: &Lens<'_>,
    now_ms: i64,
) -> rusqlite::Result<Compared> {
    let (blocks, compared, upto, cursor, anew): (i64, i64, Option<i64>, i64, bool) =
        t.query_row("SELECT blocks, compared, upto, cursor, anew FROM comparison", [], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?))
        })?;
    if upto.is_none() {
        if blocks == compared {
            return Ok(Compared { done: true, ..Compared::default() });
        }
        find_shared(t, compared, blocks)?;
        t.execute("UPDATE comparison SET upto = ?1, cursor = 0", [blocks])?;
        return Ok(Compared::default());
    }
    let jobs = unjudged(t, cursor)?;
    let Some(last) = jobs.last() else {
        t.execute("DELETE FROM collision", [])?;
        // What was moved meanwhile is compared too.
        t.execute(
            "UPDATE comparison SET compared = blocks, upto = NULL, cursor = 0, anew = 0",
            [],
        )?;
        return Ok(Compared { done: true, ..Compared::default() });
    };
    let has_newer = t.query_row("SELECT EXISTS (SELECT 1 FROM newer)", [], |row| row.get(0))?;
    let mut judge = Judge { anew, has_newer, ..Judge::new(t, lens, now_ms) };
    for id in &jobs {
        if anew {
            judge.judge_anew(*id)?;
        } else {
            judge.judge(*id)?;
        }
    }
    let compared = judge.finish()?;
    t.execute("UPDATE comparison SET cursor = ?1", [last])?;
    Ok(compared)
}

/// Looks anew at rows that stood in nobody's way for a time, and now do again: who came meanwhile
/// stays. Returns how many of them cannot be sent for that.
pub(super) fn judge_back(
    t: &Transaction<'_>,
    lens: &Lens<'_>,
    jobs: &[i64],
    now_ms: i64,
) -> rusqlite::Result<u64> {
    let mut judge = Judge::new(t, lens, now_ms);
    let mut hashes = HashSet::new();
    for id in jobs {
        let Some(row) = judge.rows.load(*id)? else { continue };
        hashes.extend(identifiers::hashes(&row.identifiers, &row.raw));
    }
    identifiers::find(t, &hashes)?;
    judge.unjudged = jobs.iter().copied().collect();
    let mut jobs = jobs.to_vec();
    jobs.sort_unstable();
    let mut taken = 0;
    for id in jobs {
        judge.unjudged.remove(&id);
        taken += u64::from(judge.judge_back(id)?);
    }
    t.execute("DELETE FROM collision", [])?;
    judge.finish()?;
    Ok(taken)
}

fn unjudged(c: &Connection, after: i64) -> rusqlite::Result<Vec<i64>> {
    let mut statement = c.prepare_cached(sql::UNJUDGED)?;
    statement.query_map([after, i64::from(ROWS)], |row| row.get(0))?.collect()
}

/// Judges rows in one transaction, and keeps the books of it.
pub(super) struct Judge<'a> {
    pub(super) t: &'a Transaction<'a>,
    pub(super) lens: &'a Lens<'a>,
    rows: Rows<'a>,
    pub(super) now_ms: i64,
    /// All rows are compared anew, after another mapping.
    pub(super) anew: bool,
    /// There may be newer records that were not applied.
    has_newer: bool,
    /// Rows that come back together and are still to be judged: they stand in no earlier one's way.
    pub(super) unjudged: HashSet<i64>,
    pub(super) deltas: Deltas,
    /// What changes in the books of each source.
    pub(super) books: HashMap<i64, Compared>,
    /// Identifiers of rows that took another record.
    pub(super) moved: Block,
}

impl<'a> Judge<'a> {
    pub(super) fn new(t: &'a Transaction<'a>, lens: &'a Lens<'a>, now_ms: i64) -> Self {
        let (deltas, moved) = (Deltas::default(), Block::default());
        Self {
            t,
            lens,
            rows: Rows { t, lens },
            now_ms,
            anew: false,
            has_newer: true,
            unjudged: HashSet::new(),
            deltas,
            books: HashMap::new(),
            moved,
        }
    }

    fn judge(&mut self, id: i64) -> rusqlite::Result<()> {
        // Gone since: it has taken another row's place.
        let Some(new) = self.rows.load(id)? else { return Ok(()) };
        match self.fate(&new)? {
            Fate::Stay(problem) => self.stay(&new, problem),
            Fate::Differ(problem) => {
                self.book(new.source).more.differing += 1;
                self.stay(&new, Some(problem))
            }
            Fate::Replace(known, problem) => {
                let problems = self.shared(&new, problem, new.id, &[known.id])?;
                self.replace(&known, &new, &problems)
            }
            Fate::Supersede(rows) => {
                let (known, told) = *rows;
                let problems = self.shared(&new, None, new.id, &[known.id, told.id])?;
                self.take_back(&told, "replaced")?;
                self.replace(&known, &new, &problems)
            }
            Fate::Dismiss(rows) => {
                let (known, told) = *rows;
                self.take_back(&told, "left_alone")?;
                self.leave_alone(&known, &new)
            }
            Fate::KeepOut(known) => {
                self.book(new.source).more.kept_out += 1;
                self.leave_alone(&known, &new)
            }
            Fate::Again(known, problem) => self.look_again(&known, &new, problem),
            Fate::LeaveAlone(known) => self.leave_alone(&known, &new),
            Fate::KnownWithoutKey(known) => {
                self.hold_too(known.id, new.source)?;
                self.unchanged(&new, &known)
            }
        }
    }

    /// Takes out a row that was staged as a new one, of what came of it by now in the books of its own source.
    fn take_back(&mut self, told: &Stored, book: &str) -> rusqlite::Result<()> {
        self.remove(told)?;
        let text = format!("UPDATE source SET rows = rows - 1, {book} = {book} + 1 WHERE id = ?1");
        self.t.prepare_cached(&text)?.execute([told.source]).map(drop)
    }

    /// A row that was there before its identifiers changed: nothing is held against it but what it
    /// shares with others. What is done stays so; what failed does too, but is not sent again.
    fn judge_anew(&mut self, id: i64) -> rusqlite::Result<()> {
        let Some(row) = self.rows.load(id)? else { return Ok(()) };
        if row.standing.correction() != Correction::Takes {
            return Ok(());
        }
        let of_key = self.key_holder(&row, i64::MAX)?;
        self.stay(&row, of_key)
    }

    /// A row that is no longer waived. Returns whether another row has what it would be found by, and
    /// none or another one had when it was waived.
    fn judge_back(&mut self, id: i64) -> rusqlite::Result<bool> {
        let before: HashSet<(String, String)> = self
            .t
            .prepare_cached(
                "DELETE FROM problem WHERE job_id = ?1 AND rule LIKE 'duplicate-%' RETURNING rule, message",
            )?
            .query_map([id], |row| {
                let message: String = row.get(1)?;
                Ok((row.get(0)?, other_of(&message).to_owned()))
            })?
            .collect::<rusqlite::Result<_>>()?;
        let Some(row) = self.rows.load(id)? else { return Ok(false) };
        let of_key = self.key_holder(&row, i64::MAX)?;
        let problems = self.shared(&row, of_key, i64::MAX, &[])?;
        add_problems(self.t, id, &problems)?;
        // Another mapping may have found something in it since, too.
        if has_problems(self.t, id)? {
            self.invalidate(&row)?;
        } else {
            self.free(&row)?;
        }
        let had = |problem: &Problem| {
            before.contains(&(
                problem.rule.as_str().to_owned(),
                other_of(&problem.message).to_owned(),
            ))
        };
        Ok(!problems.iter().all(had))
    }

    fn finish(self) -> rusqlite::Result<Compared> {
        let mut sum = Compared::default();
        let mut write = self.t.prepare_cached(
            "UPDATE source SET rows = rows + ?2 - ?6, replaced = replaced + ?3, unchanged = unchanged + ?4,
                    left_alone = left_alone + ?5, kept_out = kept_out + ?7 WHERE id = ?1",
        )?;
        for (source, n) in self.books {
            let Compared { more, fewer, .. } = n;
            write.execute(params![
                source,
                more.rows,
                more.replaced,
                more.unchanged,
                more.left_alone,
                fewer.rows,
                more.kept_out
            ])?;
            sum += n;
        }
        self.deltas.apply(self.t)?;
        self.moved.write(self.t)?;
        Ok(sum)
    }

    pub(super) fn book(&mut self, source: i64) -> &mut Compared {
        self.books.entry(source).or_default()
    }

    /// The record is there already. Somebody who stages it again as a correction wants to know
    /// whether what stood in its way still does.
    fn look_again(
        &mut self,
        known: &Stored,
        new: &Stored,
        problem: Option<Problem>,
    ) -> rusqlite::Result<()> {
        self.hold_too(known.id, new.source)?;
        if new.replaces && known.status() == Status::Invalid {
            let problems = self.shared(new, problem, new.id, &[known.id])?;
            if new.status() == Status::Pending && problems.is_empty() {
                return self.replace(known, new, &problems);
            }
            self.move_problems(new.id, known.id)?;
            add_problems(self.t, known.id, &problems)?;
        }
        self.unchanged(new, known)
    }

    /// The new source holds the record too: no other record of it takes its place, and it stays if the
    /// source where it came from first is started anew.
    fn hold_too(&self, known: i64, source: i64) -> rusqlite::Result<()> {
        self.t
            .prepare_cached("UPDATE record SET source_id = ?2 WHERE job_id = ?1")?
            .execute([known, source])
            .map(drop)
    }

    fn unchanged(&mut self, new: &Stored, known: &Stored) -> rusqlite::Result<()> {
        let book = self.book(new.source);
        book.more.unchanged += 1;
        book.more.still_wrong += u64::from(known.status().is_wrong());
        book.more.waived += u64::from(known.is_waived());
        book.more.keyless += u64::from(new.identifiers.key().is_none());
        self.outdate_newer(known, new)?;
        self.take_out(new)
    }
}
