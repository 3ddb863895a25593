//! What new records have in common with others, and what becomes of them for it.
//!
//! [`step`] is one transaction. The first finds out which identifiers are shared; each of the
//! others judges some of the rows that share one, in the order in which they were read, as if only
//! what came before them were there. A crash in between changes nothing: it goes on where it was.

use super::identifiers::{self, Block, find_shared};
use super::stage::add_problems;
use super::standing::has_problems;
use super::stored::{Rows, Stored};
use super::{Deltas, sql};
use crate::job::{Correction, Status};
use crate::problem::{Problem, Rule};
use crate::store::{Compared, Lens};
use crate::user::IdKind;
use rusqlite::{Connection, Transaction, params};
use std::collections::{HashMap, HashSet};

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
    let mut judge = Judge { anew, ..Judge::new(t, lens, now_ms) };
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

/// What is to become of a new row.
enum Fate {
    /// It stays, with what its key has against it.
    Stay(Option<Problem>),
    /// It stays, with its key against it, and may be a correction of what another source has.
    Differ(Problem),
    /// Its record takes the place of what was there; what its key has against it.
    Replace(Stored, Option<Problem>),
    /// It is what is there already; what its key has against it, should that be looked at again.
    Again(Stored, Option<Problem>),
    /// It takes the place of the first one, and of a later one that is the very record: it was
    /// staged as a new file before somebody said that it is a correction.
    Supersede(Box<(Stored, Stored)>),
    /// The job that it would correct is done, or not settled.
    LeaveAlone { unsettled: bool },
    /// It has no key, and is there already.
    KnownWithoutKey(Stored),
}

pub(super) struct Judge<'a> {
    pub(super) t: &'a Transaction<'a>,
    pub(super) lens: &'a Lens<'a>,
    rows: Rows<'a>,
    pub(super) now_ms: i64,
    /// All rows are compared anew, after another mapping.
    pub(super) anew: bool,
    /// Rows that come back together and are still to be judged: they stand in no earlier one's way.
    pub(super) unjudged: HashSet<i64>,
    pub(super) deltas: Deltas,
    /// What changes in the books of each source.
    pub(super) books: HashMap<i64, Compared>,
    /// Identifiers of rows that took another record.
    pub(super) moved: Block,
}

impl<'a> Judge<'a> {
    fn new(t: &'a Transaction<'a>, lens: &'a Lens<'a>, now_ms: i64) -> Self {
        let (deltas, moved) = (Deltas::default(), Block::default());
        Self {
            t,
            lens,
            rows: Rows { t, lens },
            now_ms,
            anew: false,
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
                self.remove(&told)?;
                // Its own source had it as a row.
                self.t
                    .prepare_cached(
                        "UPDATE source SET rows = rows - 1, replaced = replaced + 1 WHERE id = ?1",
                    )?
                    .execute([told.source])?;
                self.replace(&known, &new, &problems)
            }
            Fate::Again(known, problem) => self.look_again(&known, &new, problem),
            Fate::LeaveAlone { unsettled } => {
                self.book(new.source).more.left_alone += 1;
                self.book(new.source).more.unsettled += u64::from(unsettled);
                self.take_out(&new)
            }
            Fate::KnownWithoutKey(known) => {
                self.hold_too(known.id, new.source)?;
                self.unchanged(&new, &known)
            }
        }
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

    /// The problem of a row whose key another one before `before` has.
    fn key_holder(&self, row: &Stored, before: i64) -> rusqlite::Result<Option<Problem>> {
        let Some(key) = row.identifiers.key() else { return Ok(None) };
        let first = self
            .rows
            .first(key, before, |other| other.has_key(key) && self.stands(other, row.id))?;
        first.map(|first| self.duplicate_key(key.0, &first, row)).transpose()
    }

    fn finish(self) -> rusqlite::Result<Compared> {
        let mut sum = Compared::default();
        let mut write = self.t.prepare_cached(
            "UPDATE source SET rows = rows + ?2 - ?6, replaced = replaced + ?3, unchanged = unchanged + ?4,
                    left_alone = left_alone + ?5 WHERE id = ?1",
        )?;
        for (source, n) in self.books {
            let Compared { more, fewer, .. } = n;
            write.execute(params![
                source,
                more.rows,
                more.replaced,
                more.unchanged,
                more.left_alone,
                fewer.rows
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

    fn fate(&self, new: &Stored) -> rusqlite::Result<Fate> {
        let Some(key) = new.identifiers.key() else {
            let known = self.rows.known_without_key(new)?;
            return Ok(known.map_or(Fate::Stay(None), Fate::KnownWithoutKey));
        };
        let rows = self.rows.of_key(key, new.id)?;
        let same = rows.iter().find(|row| same_content(&row.raw, &new.raw)).cloned();
        let standing: Vec<Stored> = rows.into_iter().filter(|row| !row.is_waived()).collect();
        let first = standing.first().cloned();
        let duplicate = |first: &Stored| self.duplicate_key(key.0, first, new);
        Ok(match (first, same) {
            (None, None) => match self.with_another_key(new)? {
                Some(row) => Fate::Replace(row, None),
                None => Fate::Stay(None),
            },
            // Waived, and exported with others that are corrected.
            (None, Some(same)) => Fate::Again(same, None),
            (Some(first), Some(same)) if first.id == same.id => Fate::Again(same, None),
            (Some(first), Some(same))
                if standing.len() == 2 && self.is_earlier_version(&first, &same, new)? =>
            {
                correct(first, |first| Fate::Supersede(Box::new((first, same))))
            }
            // It does not take the first one's place: somebody who exports such rows and corrects
            // others of them has said nothing about this one.
            (Some(first), Some(same)) => Fate::Again(same, Some(duplicate(&first)?)),
            (Some(first), None) => match corrected(standing, new) {
                Some(row) => {
                    let is_other = row.id != first.id;
                    let problem = is_other.then(|| duplicate(&first)).transpose()?;
                    correct(row, |row| Fate::Replace(row, problem))
                }
                None if !new.replaces && first.record_source != new.source => {
                    Fate::Differ(duplicate(&first)?)
                }
                None => Fate::Stay(Some(duplicate(&first)?)),
            },
        })
    }

    /// The row that a record with a key of its own corrects: its key was wrong or missing. A row that
    /// cannot be sent as it is, and shares an identifier; or a row to send whose very key that is.
    fn with_another_key(&self, new: &Stored) -> rusqlite::Result<Option<Stored>> {
        if !new.replaces {
            return Ok(None);
        }
        for id in new.identifiers.iter() {
            let corrected = |row: &Stored| {
                row.record_source != new.source
                    && match row.status() {
                        Status::Failed | Status::Invalid => true,
                        Status::Pending => row.has_key(id),
                        Status::Sending | Status::Unknown | Status::Done => false,
                    }
            };
            if let Some(row) = self.rows.first(id, new.id, corrected)? {
                return Ok(Some(row));
            }
        }
        Ok(None)
    }

    /// Whether `told` came with a newer state of the very file that is staged now, so that it was
    /// told as a duplicate of its own earlier version. Where there are more of their key, nobody can
    /// tell whose version it is.
    fn is_earlier_version(
        &self,
        first: &Stored,
        told: &Stored,
        new: &Stored,
    ) -> rusqlite::Result<bool> {
        let is_newer = new.replaces
            && told.status() == Status::Invalid
            && told.path == new.path
            && new.path != "-"
            && told.record_source != first.record_source
            && ![told, first].map(|row| row.record_source).contains(&new.source);
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
        self.take_out(new)
    }

    /// What a record has against it for the sake of others: what its key has, and what it shares with
    /// those before `before` but `own`. Of records that share an e-mail address, phone number or user name the
    /// first stays.
    pub(super) fn shared(
        &self,
        new: &Stored,
        of_key: Option<Problem>,
        before: i64,
        own: &[i64],
    ) -> rusqlite::Result<Vec<Problem>> {
        let mut problems: Vec<Problem> = of_key.into_iter().collect();
        let key_kind = new.identifiers.key().map(|(kind, _)| kind);
        for (kind, value) in new.identifiers.iter() {
            let rule = match kind {
                IdKind::ExternalId => continue,
                IdKind::Email => Rule::DuplicateEmail,
                IdKind::Phone => Rule::DuplicatePhone,
                IdKind::Username => Rule::DuplicateUsername,
            };
            // A correction stands where the row stands that it corrects.
            let at = own.first().copied().unwrap_or(new.id);
            let stands = |row: &Stored| !own.contains(&row.id) && self.stands(row, at);
            let Some(other) = self.rows.first((kind, value), before, stands)? else { continue };
            // The key's own kind has been told as a duplicate key.
            let told = key_kind == Some(kind) && other.has_key((kind, value));
            if !told {
                problems.push(self.duplicate(kind, rule, &self.place(&other, new)?));
            }
        }
        Ok(problems)
    }

    /// Whether a row stands in the way of the one of this id. Of those that are waived none does; of
    /// the others the first. One that came later does if it is to be sent, or, where all are compared
    /// anew, if it was sent: it has the place.
    fn stands(&self, row: &Stored, at: i64) -> bool {
        let has_place = row.standing.has_place(self.anew) && !self.unjudged.contains(&row.id);
        row.id != at && !row.is_waived() && (row.id < at || has_place)
    }

    fn duplicate(&self, kind: IdKind, rule: Rule, place: &str) -> Problem {
        let message = format!("{place}{SAME} {}", kind.noun());
        Problem::new((self.lens.field)(kind), rule, message)
    }

    /// The same of a key, with the way out that there is.
    fn duplicate_key(
        &self,
        kind: IdKind,
        first: &Stored,
        new: &Stored,
    ) -> rusqlite::Result<Problem> {
        let way_out = self.way_out(first, new);
        let (place, noun) = (self.place(first, new)?, kind.noun());
        let message = format!("{place}{SAME} key ({noun}) with other content; {way_out}");
        Ok(Problem::new((self.lens.field)(kind), Rule::DuplicateKey, message))
    }

    /// What a person can do about a key that another row has.
    fn way_out(&self, first: &Stored, new: &Stored) -> &'static str {
        let is_done = first.status() == Status::Done;
        // Two records of one source are two people, also with --replace.
        let is_same_source = first.record_source == new.record_source;
        match (is_done, self.is_check(), is_same_source) {
            (true, _, _) => "its user is done: change it at the provider, or waive this row",
            (_, true, true) => "if they are one person, take the one that is out of date out",
            (_, true, false) => "if this is the corrected record, stage it with --replace",
            // Read before the other one is sent, and afterwards.
            (_, false, true) => {
                "if they are one person, waive the row that is out of date and stage again with --replace; \
                 once the other is done, change that user at the provider and waive this row"
            }
            (_, false, false) => {
                "'stage --replace' says that this is the corrected record; once the other is done, change \
                 that user at the provider and waive this row"
            }
        }
    }

    /// Whether this is the table of `check`, which has no file, and of which nothing is sent.
    fn is_check(&self) -> bool {
        self.t.path().is_none_or(str::is_empty)
    }

    /// Where a row comes from, as seen from a new one.
    fn place(&self, stored: &Stored, new: &Stored) -> rusqlite::Result<String> {
        let (source, path, record_no) = stored.place();
        let (new_source, new_path, _) = new.place();
        if source == new_source {
            return Ok(format!("record {record_no}"));
        }
        if path != new_path || new_path == "-" {
            return Ok(format!("record {record_no} of {path}"));
        }
        Ok(if self.have_one_text(source, new_source)? {
            // Staged again as it is.
            format!("record {record_no}")
        } else if stored.record_source == new_source {
            // The file has changed around it: the number is that of its first staging.
            format!("a record of the same file (record {record_no} when it was first staged)")
        } else {
            format!("record {record_no} of an earlier {path}")
        })
    }

    /// Whether two sources were read to the same end, and nothing in them differs.
    fn have_one_text(&self, one: i64, other: i64) -> rusqlite::Result<bool> {
        let mut statement = self.t.prepare_cached(
            "SELECT count(*) = 2 AND min(fingerprint) = max(fingerprint) AND min(fingerprint) <> ''
             FROM source WHERE id IN (?1, ?2) AND finished_at_ms IS NOT NULL",
        )?;
        statement.query_row([one, other], |row| row.get(0))
    }
}

/// What the message of a duplicate says behind the place of the other row.
const SAME: &str = " has the same";

/// The place of the other row, as the message of a duplicate names it.
fn other_of(message: &str) -> &str {
    message.split_once(SAME).map_or(message, |(place, _)| place)
}

/// The row with its key that a record corrects. Where there are several, it is the one with which
/// it shares most, and more than the key: otherwise it could be anybody, who would be lost. Two
/// records of one source are two people.
fn corrected(rows: Vec<Stored>, new: &Stored) -> Option<Stored> {
    if !new.replaces {
        return None;
    }
    let is_ambiguous = rows.len() > 1;
    let shared = |row: &Stored| new.identifiers.iter().filter(|id| row.has(*id)).count();
    let mut candidates: Vec<Stored> =
        rows.into_iter().filter(|row| row.record_source != new.source).collect();
    if is_ambiguous {
        let most = candidates.iter().map(&shared).max().unwrap_or(0);
        candidates.retain(|row| most > 1 && shared(row) == most);
    }
    if candidates.len() == 1 { candidates.pop() } else { None }
}

/// A correction of a row, if that can still be corrected.
fn correct(row: Stored, how: impl FnOnce(Stored) -> Fate) -> Fate {
    match row.standing.correction() {
        Correction::Takes => how(row),
        Correction::IsDone => Fate::LeaveAlone { unsettled: false },
        Correction::IsInHand => Fate::LeaveAlone { unsettled: true },
    }
}

/// Same bytes, or the same JSON: what `export` writes is what was staged.
fn same_content(a: &[u8], b: &[u8]) -> bool {
    if a == b {
        return true;
    }
    let parse = |raw| serde_json::from_slice::<serde_json::Value>(raw).ok();
    matches!((parse(a), parse(b)), (Some(a), Some(b)) if a == b)
}
