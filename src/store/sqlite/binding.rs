//! What a table is bound to: a provider and a mapping from its first staging on, a target from its first run on.

use crate::password::digest::to_hex;
use crate::store::Binding;
use aws_lc_rs::digest;
use rusqlite::{Connection, OptionalExtension, Transaction, params};

pub(super) fn binding(c: &Connection) -> rusqlite::Result<Option<Binding>> {
    c.query_row(
        "SELECT b.provider, m.text, b.passwords, b.target
         FROM binding b JOIN mapping m ON m.id = b.mapping_id",
        [],
        |row| {
            Ok(Binding {
                provider: row.get(0)?,
                mapping: row.get(1)?,
                passwords: row.get(2)?,
                target: row.get(3)?,
            })
        },
    )
    .optional()
}

pub(super) fn bind(
    t: &Transaction<'_>,
    provider: &str,
    mapping: &str,
    now_ms: i64,
) -> rusqlite::Result<()> {
    let mapping_id = mapping_id(t, mapping, now_ms)?;
    t.execute(
        "INSERT INTO binding (id, provider, mapping_id) VALUES (1, ?1, ?2)
         ON CONFLICT (id) DO UPDATE SET provider = excluded.provider, mapping_id = excluded.mapping_id",
        params![provider, mapping_id],
    )
    .map(drop)
}

pub(super) fn restore_binding(
    t: &Transaction<'_>,
    before: Option<&Binding>,
) -> rusqlite::Result<()> {
    let Some(before) = before else {
        t.execute("DELETE FROM binding", [])?;
        return t.execute("DELETE FROM mapping", []).map(drop);
    };
    let mapping_id: i64 =
        t.query_row("SELECT max(id) FROM mapping WHERE text = ?1", [&before.mapping], |row| {
            row.get(0)
        })?;
    t.execute(
        "UPDATE binding SET provider = ?1, mapping_id = ?2, passwords = ?3, target = ?4",
        params![before.provider, mapping_id, before.passwords, before.target],
    )?;
    t.execute("DELETE FROM mapping WHERE id > ?1", [mapping_id]).map(drop)
}

pub(super) fn bind_passwords(t: &Transaction<'_>, passwords: &str) -> rusqlite::Result<()> {
    of_bound(t.execute("UPDATE binding SET passwords = ?1", [passwords])?)
}

pub(super) fn bind_target(t: &Transaction<'_>, target: &str) -> rusqlite::Result<()> {
    of_bound(t.execute("UPDATE binding SET target = ?1", [target])?)
}

/// Fails where the table is not bound to a provider yet: there was no row to update.
fn of_bound(rows: usize) -> rusqlite::Result<()> {
    if rows == 1 { Ok(()) } else { Err(rusqlite::Error::QueryReturnedNoRows) }
}

/// The new mapping takes the place of the old one, when all rows are mapped by it.
pub(super) fn change_mapping(
    t: &Transaction<'_>,
    mapping: &str,
    passwords: &str,
    now_ms: i64,
) -> rusqlite::Result<()> {
    let mapping_id = mapping_id(t, mapping, now_ms)?;
    t.execute("UPDATE binding SET mapping_id = ?1, passwords = ?2", params![mapping_id, passwords])
        .map(drop)
}

/// The mapping that rows are sent under now.
pub(super) fn current_mapping(c: &Connection) -> rusqlite::Result<Option<i64>> {
    c.prepare_cached("SELECT mapping_id FROM binding")?.query_row([], |row| row.get(0)).optional()
}

/// The row of a mapping: that of the latest one, if it is the same.
fn mapping_id(t: &Transaction<'_>, text: &str, now_ms: i64) -> rusqlite::Result<i64> {
    let latest: Option<(i64, String)> = t
        .query_row("SELECT id, text FROM mapping ORDER BY id DESC LIMIT 1", [], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .optional()?;
    if let Some((id, _)) = latest.filter(|(_, latest)| latest == text) {
        return Ok(id);
    }
    t.execute(
        "INSERT INTO mapping (text, digest, since_ms) VALUES (?1, ?2, ?3)",
        params![text, to_hex(digest::digest(&digest::SHA256, text.as_bytes()).as_ref()), now_ms],
    )?;
    Ok(t.last_insert_rowid())
}
