//! Whether a new row stays, is a correction of another, or is there already.

use super::Judge;
use crate::job::{Correction, Status};
use crate::problem::Problem;
use crate::store::sqlite::stored::Stored;
use rusqlite::OptionalExtension as _;

/// What is to become of a new row.
pub(super) enum Fate {
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
    LeaveAlone(Stored),
    /// The first one is done; a later one, which is the very record, told no more than that.
    Dismiss(Box<(Stored, Stored)>),
    /// A person has let go of who has its key, by that key: the user stays out.
    KeepOut(Stored),
    /// It has no key, and is there already.
    KnownWithoutKey(Stored),
}

impl Fate {
    /// The rows that a record with their key is not applied to; `standing` are all of that key that stand.
    fn not_applied_to(&self, standing: Vec<Stored>) -> Vec<Stored> {
        match self {
            Self::KeepOut(row) => vec![row.clone()],
            Self::Replace(known, _) => except(standing, &[known]),
            Self::Supersede(rows) => except(standing, &[&rows.0, &rows.1]),
            // It is no news of those who came with it, nor where it is the first one's own.
            Self::Again(known, _) if standing.first().is_some_and(|first| first.id == known.id) => {
                Vec::new()
            }
            Self::Again(known, _) => {
                let came_with = |row: &Stored| {
                    row.source == known.source || row.record_source == known.record_source
                };
                standing.into_iter().filter(|row| !came_with(row)).collect()
            }
            Self::LeaveAlone(_) | Self::Dismiss(_) | Self::Stay(_) | Self::Differ(_) => standing,
            Self::KnownWithoutKey(_) => Vec::new(),
        }
    }

    /// The job that has the new record for its own.
    fn held_by(&self, new: &Stored) -> Option<i64> {
        match self {
            Self::Stay(_) | Self::Differ(_) => Some(new.id),
            Self::Again(known, _) | Self::Replace(known, _) => Some(known.id),
            Self::Supersede(_)
            | Self::LeaveAlone(_)
            | Self::Dismiss(_)
            | Self::KeepOut(_)
            | Self::KnownWithoutKey(_) => None,
        }
    }
}

fn except(mut rows: Vec<Stored>, those: &[&Stored]) -> Vec<Stored> {
    rows.retain(|row| those.iter().all(|other| other.id != row.id));
    rows
}

impl Judge<'_> {
    pub(super) fn fate(&mut self, new: &Stored) -> rusqlite::Result<Fate> {
        let Some(key) = new.identifiers.key() else {
            let known = self.rows.known_without_key(new)?;
            return Ok(known.map_or(Fate::Stay(None), Fate::KnownWithoutKey));
        };
        let rows = self.rows.of_key(key, new.id)?;
        let same = rows.iter().find(|row| same_content(&row.raw, &new.raw)).cloned();
        let (waived, standing): (Vec<Stored>, Vec<Stored>) =
            rows.into_iter().partition(Stored::is_waived);
        let first = standing.first().cloned();
        let duplicate = |first: &Stored| self.duplicate_key(key.0, first, new);
        let fate = match (first.clone(), same) {
            (None, None) => match self.waived_by_key(waived)? {
                Some(row) => Fate::KeepOut(row),
                None => match self.with_another_key(new)? {
                    Some(row) => Fate::Replace(row, None),
                    None => Fate::Stay(None),
                },
            },
            // Waived, and exported with others that are corrected.
            (None, Some(same)) => Fate::Again(same, None),
            (Some(first), Some(same)) if first.id == same.id => Fate::Again(same, None),
            (Some(first), Some(same))
                if standing.len() == 2 && self.is_earlier_version(&first, &same, new)? =>
            {
                match first.standing.correction() {
                    Correction::Takes => Fate::Supersede(Box::new((first, same))),
                    Correction::IsDone => Fate::Dismiss(Box::new((first, same))),
                    // What was told of it stands until the first one is settled.
                    Correction::IsInHand => Fate::LeaveAlone(first),
                }
            }
            // It does not take the first one's place: somebody who exports such rows and corrects
            // others of them has said nothing about this one.
            (Some(first), Some(same)) => Fate::Again(same, Some(duplicate(&first)?)),
            (Some(first), None) => match corrected(&standing, new) {
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
        };
        let (is_kept_out, held_by) = (matches!(fate, Fate::KeepOut(_)), fate.held_by(new));
        for row in fate.not_applied_to(standing) {
            self.note_newer(&row, new, is_kept_out, held_by)?;
        }
        Ok(fate)
    }

    /// The row that says that nobody is to be sent under its key, where none stands any more: the last of them
    /// that was let go was named by a person, and not with all of its source or status.
    fn waived_by_key(&self, waived: Vec<Stored>) -> rusqlite::Result<Option<Stored>> {
        let mut latest = self.t.prepare_cached(
            "SELECT id, chosen = 'row' FROM decision
             WHERE job_id = ?1 AND decision = 'waive' AND undone_at_ms IS NULL ORDER BY id DESC LIMIT 1",
        )?;
        let mut last: Option<(i64, bool, Stored)> = None;
        for row in waived {
            let decision: Option<(i64, bool)> =
                latest.query_row([row.id], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
            if let Some((id, is_named)) = decision
                && last.as_ref().is_none_or(|(before, _, _)| *before < id)
            {
                last = Some((id, is_named, row));
            }
        }
        Ok(last.filter(|(_, is_named, _)| *is_named).map(|(_, _, row)| row))
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
            && told.source != first.source
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
}

/// The row with its key that a record corrects. Where there are several, it is the one with which
/// it shares most, and more than the key: otherwise it could be anybody, who would be lost. Two
/// records of one source are two people.
fn corrected(rows: &[Stored], new: &Stored) -> Option<Stored> {
    if !new.replaces {
        return None;
    }
    let is_ambiguous = rows.len() > 1;
    let shared = |row: &Stored| new.identifiers.iter().filter(|id| row.has(*id)).count();
    let mut candidates: Vec<&Stored> =
        rows.iter().filter(|row| row.record_source != new.source).collect();
    if is_ambiguous {
        let most = candidates.iter().map(|row| shared(row)).max().unwrap_or(0);
        candidates.retain(|row| most > 1 && shared(row) == most);
    }
    if candidates.len() == 1 { candidates.pop().cloned() } else { None }
}

/// A correction of a row, if that can still be corrected.
fn correct(row: Stored, how: impl FnOnce(Stored) -> Fate) -> Fate {
    match row.standing.correction() {
        Correction::Takes => how(row),
        Correction::IsDone | Correction::IsInHand => Fate::LeaveAlone(row),
    }
}

/// Same bytes, or the same JSON: what `export` writes is what was staged.
pub(super) fn same_content(a: &[u8], b: &[u8]) -> bool {
    if a == b {
        return true;
    }
    let parse = |raw| serde_json::from_slice::<serde_json::Value>(raw).ok();
    matches!((parse(a), parse(b)), (Some(a), Some(b)) if a == b)
}
