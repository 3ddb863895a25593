//! What new records say of rows that they are not applied to: the lines of `newer`.

use super::Judge;
use super::fate::same_content;
use crate::job::{Newer, SignIn};
use crate::store::sqlite::stored::Stored;
use rusqlite::{OptionalExtension as _, params};
use serde_json::Value;

/// Which line of its own source a line replaces that says what was sent.
const OVER_ALL: &str = "1";
const OVER_NONE: &str = "0";
const OVER_ALL_BUT_ALARMS: &str = "what NOT IN ('blocked', 'state-unknown')";

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
        // Two records of one source are two people.
        if known.record_source == new.source || same_content(&known.raw, &new.raw) {
            return Ok(());
        }
        let sent = self.sent_as(known)?;
        let Some((what, fields)) = self.said(sent, &known.raw, &new.raw) else {
            // It would send the same, so earlier sources are outdated. What shuts the user out in this very source stays:
            // nobody can tell which of its two records is about the user.
            return if kept_out {
                self.write(known.id, new, Newer::Differs, &[], (true, held_by))
            } else {
                let place = (new.source, new.record_no);
                self.as_sent(known.id, place, held_by, OVER_ALL_BUT_ALARMS)
            };
        };
        self.write(known.id, new, what, &fields, (kept_out, held_by))?;
        if known.record_source > new.source {
            // A source that began later has had the row's own record by now.
            self.as_sent(known.id, (known.record_source, 0), None, OVER_NONE)?;
        }
        Ok(())
    }

    /// What a record says of a row that was sent so; none where it would be sent alike.
    fn said(&self, sent: SignIn, known: &[u8], new: &[u8]) -> Option<(Newer, Vec<String>)> {
        let what = Newer::of(sent, (self.lens.sign_in)(new));
        let fields = (self.lens.differing)(known, new);
        (what != Newer::Differs || !fields.is_empty()).then_some((what, fields))
    }

    fn write(
        &mut self,
        known: i64,
        new: &Stored,
        what: Newer,
        fields: &[String],
        (kept_out, held_by): (bool, Option<i64>),
    ) -> rusqlite::Result<()> {
        self.has_newer = true;
        self.t
            .prepare_cached(
                "INSERT INTO newer (job_id, source_id, record_no, what, kept_out, held_by, fields)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
                 ON CONFLICT (job_id, source_id) DO UPDATE
                 SET record_no = ?3, what = ?4, kept_out = ?5, held_by = ?6, fields = ?7 WHERE what <> 'blocked'",
            )?
            .execute(params![
                known,
                new.source,
                new.record_no,
                what.as_str(),
                kept_out,
                held_by,
                Value::from(fields).to_string()
            ])?;
        self.forget_old_lines(known)
    }

    /// A source says of a row what was sent, so earlier lines count no more; where there are none, nothing is
    /// written. `over`: a condition in SQL, for which a line that the same source has already is replaced.
    fn as_sent(
        &self,
        known: i64,
        (source, record_no): (i64, u64),
        held_by: Option<i64>,
        over: &str,
    ) -> rusqlite::Result<()> {
        if !self.has_newer {
            return Ok(());
        }
        self.t
            .prepare_cached(&format!(
                "INSERT INTO newer (job_id, source_id, record_no, what, kept_out, held_by, fields)
                 SELECT ?1, ?2, ?3, 'as-sent', 0, ?4, '[]' WHERE EXISTS (SELECT 1 FROM newer WHERE job_id = ?1)
                 ON CONFLICT (job_id, source_id) DO UPDATE SET what = 'as-sent', held_by = ?4, fields = '[]' WHERE {over}"
            ))?
            .execute(params![known, source, record_no, held_by])?;
        self.forget_old_lines(known)
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

    /// Sources may begin anew, or be let go, and then earlier lines count again: the last few stay, and the last
    /// that shuts the user out.
    fn forget_old_lines(&self, known: i64) -> rusqlite::Result<()> {
        self.t
            .prepare_cached(
                "DELETE FROM newer WHERE job_id = ?1
                    AND source_id < (SELECT source_id FROM newer WHERE job_id = ?1
                                     ORDER BY source_id DESC LIMIT 1 OFFSET 3)
                    AND source_id IS NOT (SELECT max(source_id) FROM newer WHERE job_id = ?1 AND what = 'blocked')",
            )?
            .execute([known])
            .map(drop)
    }

    /// A record is the row's own: what earlier sources said of the row is out of date, and what another record of
    /// this one seemed to say of it is said of somebody else.
    pub(super) fn outdate_newer(&self, known: &Stored, new: &Stored) -> rusqlite::Result<()> {
        self.as_sent(known.id, (new.source, new.record_no), None, OVER_ALL)
    }

    /// The row has another record. Newer ones that still stand are judged by it; of those that are gone the one
    /// that shuts the user out is kept, unless this record does. A record that came before this one and was let go is
    /// told only where it may shut the user out: whether this is a newer state, or a correction of the old one, nobody
    /// can tell.
    pub(in crate::store::sqlite) fn judge_newer_again(
        &self,
        known: &Stored,
        new: &Stored,
    ) -> rusqlite::Result<()> {
        if !self.has_newer {
            return Ok(());
        }
        let sent = (self.lens.sign_in)(&new.raw);
        let mut forget =
            self.t.prepare_cached("DELETE FROM newer WHERE job_id = ?1 AND source_id = ?2")?;
        for (source, what, held_by) in self.lines_of(known.id)? {
            if what == "as-sent" {
                continue;
            }
            let held = held_by.map(|id| self.rows.load(id)).transpose()?.flatten();
            match held.filter(|held| held.id != new.id && !same_content(&held.raw, &new.raw)) {
                Some(held) => match self.said(sent, &new.raw, &held.raw) {
                    Some((what, fields))
                        if source > new.source || !held.is_waived() || what.is_alarm() =>
                    {
                        self.say_anew((known.id, source), what, &fields)?;
                    }
                    _ => drop(forget.execute([known.id, source])?),
                },
                None if held_by.is_none() && what == "blocked" && sent != SignIn::MayNot => {}
                None => drop(forget.execute([known.id, source])?),
            }
        }
        // What the row's record said of others before it was corrected.
        self.t
            .prepare_cached("DELETE FROM newer WHERE held_by = ?1 AND source_id < ?2")?
            .execute([known.id, new.source])
            .map(drop)
    }

    fn lines_of(&self, known: i64) -> rusqlite::Result<Vec<(i64, String, Option<i64>)>> {
        let mut lines = self
            .t
            .prepare_cached("SELECT source_id, what, held_by FROM newer WHERE job_id = ?1")?;
        let lines = lines.query_map([known], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
        lines.collect()
    }

    fn say_anew(
        &self,
        (known, source): (i64, i64),
        what: Newer,
        fields: &[String],
    ) -> rusqlite::Result<()> {
        self.t
            .prepare_cached(
                "UPDATE newer SET what = ?3, fields = ?4 WHERE job_id = ?1 AND source_id = ?2",
            )?
            .execute(params![known, source, what.as_str(), Value::from(fields).to_string()])
            .map(drop)
    }
}
