//! What a comparison looks at: rows with what their records are found by.

use super::identifiers::{hash, hash_bytes};
use super::sql;
use super::standing::{Held, standing};
use crate::job::{Standing, Status};
use crate::json;
use crate::store::Lens;
use crate::user::{IdKind, Identifiers};
use rusqlite::{OptionalExtension, Row, Transaction};

/// Standing rows of one key that are looked at, from the first. Thousands of records with one key are a wrong
/// mapping; to compare each with all the others would take days.
const OF_ONE_KEY: usize = 32;

/// A row, with what its record would be found by.
#[derive(Clone)]
pub(super) struct Stored {
    pub(super) id: i64,
    pub(super) source: i64,
    pub(super) path: String,
    /// Where its record stands, if it took the place of the first one.
    pub(super) origin: Option<Origin>,
    /// Its source corrects what is in the table.
    pub(super) replaces: bool,
    pub(super) record_no: u64,
    pub(super) standing: Standing,
    pub(super) raw: Vec<u8>,
    /// Where its record came from: another source than the job's, if it was replaced.
    pub(super) record_source: i64,
    pub(super) identifiers: Identifiers,
}

/// The place of a record that replaced another.
#[derive(Clone)]
pub(super) struct Origin {
    source: i64,
    path: String,
    record_no: u64,
}

impl Stored {
    /// Source, path and number of the record that it has now.
    pub(super) fn place(&self) -> (i64, &str, u64) {
        match &self.origin {
            Some(origin) => (origin.source, &origin.path, origin.record_no),
            None => (self.source, &self.path, self.record_no),
        }
    }

    /// Let go by a person: nobody stands in its way, and it stands in nobody's.
    pub(super) fn is_waived(&self) -> bool {
        self.standing.is_waived()
    }

    pub(super) fn status(&self) -> Status {
        self.standing.status
    }

    /// The row as a law's result is written to it.
    pub(super) fn held(&self) -> Held {
        Held { id: self.id, source: self.source, standing: self.standing.clone() }
    }

    pub(super) fn has(&self, (kind, value): (IdKind, &str)) -> bool {
        self.identifiers.get(kind) == Some(value)
    }

    pub(super) fn has_key(&self, key: (IdKind, &str)) -> bool {
        self.identifiers.key() == Some(key)
    }
}

fn origin_of(row: &Row<'_>) -> rusqlite::Result<Option<Origin>> {
    let Some(source) = row.get(7)? else { return Ok(None) };
    Ok(Some(Origin { source, path: row.get(8)?, record_no: row.get(9)? }))
}

/// The rows of a transaction, with what each record would be found by.
#[derive(Clone, Copy)]
pub(super) struct Rows<'a> {
    pub(super) t: &'a Transaction<'a>,
    pub(super) lens: &'a Lens<'a>,
}

impl Rows<'_> {
    /// The first earlier job with this identifier for which `wanted` holds.
    pub(super) fn first(
        &self,
        id: (IdKind, &str),
        before: i64,
        wanted: impl Fn(&Stored) -> bool,
    ) -> rusqlite::Result<Option<Stored>> {
        let mut found = None;
        self.each_sharing(hash(id.0, id.1), before, |row| {
            found = Some(row).filter(|row| row.has(id) && wanted(row));
            found.is_none()
        })?;
        Ok(found)
    }

    /// The first earlier jobs of this key.
    pub(super) fn of_key(&self, key: (IdKind, &str), before: i64) -> rusqlite::Result<Vec<Stored>> {
        let (mut rows, mut standing) = (Vec::new(), 0);
        self.each_sharing(hash(key.0, key.1), before, |row| {
            if row.has_key(key) {
                standing += usize::from(!row.is_waived());
                rows.push(row);
            }
            standing < OF_ONE_KEY
        })?;
        Ok(rows)
    }

    /// Calls `f` with the earlier jobs that share a hash, one after the other, until it is false:
    /// there may be very many.
    fn each_sharing(
        &self,
        hash: i64,
        before: i64,
        mut f: impl FnMut(Stored) -> bool,
    ) -> rusqlite::Result<()> {
        let mut statement = self.t.prepare_cached(sql::SHARING)?;
        let mut rows = statement.query([hash, before])?;
        while let Some(row) = rows.next()? {
            if let Some(stored) = self.load(row.get(0)?)?
                && !f(stored)
            {
                break;
            }
        }
        Ok(())
    }

    pub(super) fn load(&self, id: i64) -> rusqlite::Result<Option<Stored>> {
        let mut statement = self.t.prepare_cached(&format!(
            "SELECT j.source_id, s.path, s.replaces, j.record_no, r.source_id, r.raw, {},
                    o.source_id, os.path, o.record_no, {}
             FROM job j JOIN source s ON s.id = j.source_id JOIN record r ON r.job_id = j.id
                  LEFT JOIN origin o ON o.job_id = j.id LEFT JOIN source os ON os.id = o.source_id
             WHERE j.id = ?1",
            sql::IS_FAULTY,
            sql::standing_columns!()
        ))?;
        statement
            .query_row([id], |row| {
                let raw: Vec<u8> = row.get(5)?;
                let is_faulty: bool = row.get(6)?;
                let identifiers =
                    if is_faulty { Identifiers::default() } else { (self.lens.identify)(&raw) };
                Ok(Stored {
                    id,
                    source: row.get(0)?,
                    path: row.get(1)?,
                    replaces: row.get(2)?,
                    record_no: row.get(3)?,
                    standing: standing(row, 10)?,
                    record_source: row.get(4)?,
                    origin: origin_of(row)?,
                    identifiers,
                    raw,
                })
            })
            .optional()
    }

    /// A record that cannot be found by any key is known by its bytes, but for white space: its names
    /// may be given twice, so nothing is taken for the same that is only read as the same.
    pub(super) fn known_without_key(&self, new: &Stored) -> rusqlite::Result<Option<Stored>> {
        let mut found = None;
        let wanted = json::compact(&new.raw);
        self.each_sharing(hash_bytes(&new.raw), new.id, |row| {
            found = Some(row).filter(|row| json::compact(&row.raw) == wanted);
            found.is_none()
        })?;
        Ok(found)
    }
}
