//! What a row has against it for the sake of others: its key, and what else it shares with them.

use super::Judge;
use super::words::SAME;
use crate::problem::{Problem, Rule};
use crate::store::sqlite::stored::Stored;
use crate::user::IdKind;

impl Judge<'_> {
    /// The problem of a row whose key another one before `before` has.
    pub(super) fn key_holder(
        &self,
        row: &Stored,
        before: i64,
    ) -> rusqlite::Result<Option<Problem>> {
        let Some(key) = row.identifiers.key() else { return Ok(None) };
        let first = self
            .rows
            .first(key, before, |other| other.has_key(key) && self.stands(other, row.id))?;
        first.map(|first| self.duplicate_key(key.0, &first, row)).transpose()
    }

    /// What a record has against it for the sake of others: what its key has, and what it shares with
    /// those before `before` but `own`. Of records that share an e-mail address, phone number or user name the
    /// first stays.
    pub(in crate::store::sqlite) fn shared(
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
    pub(super) fn duplicate_key(
        &self,
        kind: IdKind,
        first: &Stored,
        new: &Stored,
    ) -> rusqlite::Result<Problem> {
        let way_out = self.way_out(first, new);
        let (place, noun) = (self.place(first, new)?, kind.noun());
        let message = format!("{place}{SAME} key ({noun}) with other content{way_out}");
        Ok(Problem::new((self.lens.field)(kind), Rule::DuplicateKey, message))
    }
}
