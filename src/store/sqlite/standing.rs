//! Rows as the laws see them, and the one statement that writes what a law returns. Words of the table
//! that this program does not know are errors: guessing another status would lose or double a user.

use super::{Deltas, sql};
use crate::job::{Class, Detail, Evidence, Newer, Op, Standing, Status};
use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSql, ToSqlOutput, ValueRef};
use rusqlite::{Connection, OptionalExtension, Row, params};

/// A word that this program does not know, in a table that it has made: another program has written it.
#[derive(Debug, thiserror::Error)]
#[error("not a {0}")]
pub(super) struct UnknownWord(pub(super) &'static str);

macro_rules! stored_words {
    ($($type:ty: $what:literal,)*) => {$(
        impl FromSql for $type {
            fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
                let word = value.as_str()?;
                Self::parse(word).ok_or_else(|| FromSqlError::other(UnknownWord($what)))
            }
        }

        impl ToSql for $type {
            fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
                Ok(self.as_str().into())
            }
        }
    )*};
}

stored_words! {
    Status: "status",
    Detail: "detail",
    Class: "class of an outcome",
    Evidence: "evidence",
    Op: "operation",
    Newer: "word for a newer record",
}

/// Reads `standing_columns!` from the given one on.
pub(super) fn standing(row: &Row<'_>, from: usize) -> rusqlite::Result<Standing> {
    Ok(Standing {
        status: row.get(from)?,
        detail: row.get(from + 1)?,
        spent: row.get(from + 2)?,
        not_before_ms: row.get(from + 3)?,
        first_sent_ms: row.get(from + 4)?,
        claimed_by: row.get(from + 5)?,
        remote_id: row.get(from + 6)?,
        evidence: row.get(from + 7)?,
        code: row.get(from + 8)?,
        reason: row.get(from + 9)?,
        updated_at_ms: row.get(from + 10)?,
    })
}

/// A row with the source that counts it.
pub(super) struct Held {
    pub(super) id: i64,
    pub(super) source: i64,
    pub(super) standing: Standing,
}

/// Reads the source and `standing_columns!`.
pub(super) fn held(id: i64, row: &Row<'_>) -> rusqlite::Result<Held> {
    Ok(Held { id, source: row.get(0)?, standing: standing(row, 1)? })
}

pub(super) fn load(c: &Connection, id: i64) -> rusqlite::Result<Option<Held>> {
    c.prepare_cached(sql::STANDING)?.query_row([id], |row| held(id, row)).optional()
}

impl Held {
    /// Writes what a law has made of the row, and counts it.
    pub(super) fn becomes(
        &self,
        c: &Connection,
        to: &Standing,
        deltas: &mut Deltas,
    ) -> rusqlite::Result<()> {
        write(c, self.id, to)?;
        deltas.moves(self.source, &self.standing, to);
        Ok(())
    }
}

fn write(c: &Connection, id: i64, to: &Standing) -> rusqlite::Result<()> {
    c.prepare_cached(sql::WRITE)?
        .execute(params![
            id,
            to.status,
            to.detail,
            to.spent,
            to.not_before_ms,
            to.first_sent_ms,
            to.claimed_by,
            to.remote_id,
            to.evidence,
            to.code,
            to.reason,
            to.updated_at_ms,
        ])
        .map(drop)
}

/// Whether anything is held against a row.
pub(super) fn has_problems(c: &Connection, id: i64) -> rusqlite::Result<bool> {
    c.prepare_cached("SELECT EXISTS (SELECT 1 FROM problem WHERE job_id = ?1)")?
        .query_row([id], |row| row.get(0))
}
