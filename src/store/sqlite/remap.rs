//! Mapping rows again after a change of the mapping: in pages, each a transaction, so that it can be
//! cut off anywhere and go on.

use super::binding::change_mapping;
use super::identifiers::{Block, hash, hashes};
use super::stage::add_problems;
use super::standing::load;
use super::{Deltas, compare, newer, omitted, sql};
use crate::job::{Remapped, Status};
use crate::store::{Mapped, Remap, ToMap};
use crate::user::IdKind;
use rusqlite::{Connection, OptionalExtension, Transaction, params};

pub(super) fn state(c: &Connection) -> rusqlite::Result<Option<Remap>> {
    c.query_row("SELECT mapping, passwords, accepted, after FROM remap", [], |row| {
        Ok(Remap {
            mapping: row.get(0)?,
            guard: row.get(1)?,
            accepted: row.get(2)?,
            after: row.get(3)?,
        })
    })
    .optional()
}

/// Begins anew: no row is mapped yet, and none compared.
pub(super) fn begin(t: &Transaction<'_>, state: &Remap) -> rusqlite::Result<()> {
    t.execute(
        "INSERT OR REPLACE INTO remap (id, mapping, passwords, accepted, after) VALUES (1, ?1, ?2, ?3, ?4)",
        params![state.mapping, state.guard, state.accepted, state.after],
    )?;
    t.execute("DELETE FROM identifier", [])?;
    compare::begin_anew(t)
}

/// The rows after the given one, done ones included: they stand in the way of others.
pub(super) fn page(c: &Connection, after: i64, limit: u32) -> rusqlite::Result<Vec<ToMap>> {
    let mut statement = c.prepare_cached(&format!(
        "SELECT j.id, j.status, j.detail IS 'waived', r.raw, {}, j.record_no
         FROM job j JOIN record r ON r.job_id = j.id WHERE j.id > ?1 ORDER BY j.id LIMIT ?2",
        sql::IS_FAULTY
    ))?;
    let rows = statement.query_map(params![after, limit], |row| {
        Ok(ToMap {
            id: row.get(0)?,
            status: row.get(1)?,
            is_waived: row.get(2)?,
            raw: row.get(3)?,
            is_faulty: row.get(4)?,
            record_no: row.get(5)?,
        })
    })?;
    rows.collect()
}

/// Writes what became of a page. Rows that are done stay as they are.
pub(super) fn write(
    t: &Transaction<'_>,
    state: &Remap,
    rows: &[Mapped],
    now_ms: i64,
) -> rusqlite::Result<()> {
    let (mut deltas, mut block) = (Deltas::default(), Block::default());
    for mapped in rows {
        for hash in hashes(&mapped.identifiers, &mapped.row.raw) {
            block.add(hash, mapped.row.id);
        }
        let Some(row) = load(t, mapped.row.id)? else { continue };
        let to = row.standing.remapped(found_in(t, mapped)?, now_ms);
        let is_kept = to.as_ref().is_none_or(|to| to.status == Status::Done && !to.is_waived());
        if is_kept {
            keep_key(t, mapped, &mut block)?;
        } else if mapped.row.is_faulty {
            continue;
        } else {
            write_record(t, mapped, now_ms)?;
        }
        if let Some(to) = to {
            row.becomes(t, &to, &mut deltas)?;
        }
    }
    deltas.apply(t)?;
    block.write(t)?;
    let after = rows.last().map_or(state.after, |mapped| mapped.row.id);
    t.execute("UPDATE remap SET after = ?1", [after]).map(drop)
}

/// What a law is told of a row.
fn found_in(t: &Transaction<'_>, mapped: &Mapped) -> rusqlite::Result<Remapped> {
    let is_decided = t
        .prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM decision WHERE job_id = ?1 AND undone_at_ms IS NULL)",
        )?
        .query_row([mapped.row.id], |row| row.get(0))?;
    Ok(Remapped {
        has_problems: !mapped.problems.is_empty(),
        same_identifiers: mapped.same_identifiers,
        is_decided,
    })
}

/// What was sent is found by the key that it was sent under, too.
fn keep_key(t: &Transaction<'_>, mapped: &Mapped, block: &mut Block) -> rusqlite::Result<()> {
    let id = mapped.row.id;
    let key: Option<String> =
        t.prepare_cached("SELECT key FROM job WHERE id = ?1")?.query_row([id], |row| row.get(0))?;
    let is_another = |key: &&str| mapped.identifiers.key().is_none_or(|(_, new)| new != *key);
    if let Some(key) = key.as_deref().filter(is_another) {
        for kind in IdKind::ALL {
            block.add(hash(kind, key), id);
        }
    }
    Ok(())
}

/// What the new mapping says of the record of a row that is still to be sent, or was let go.
fn write_record(t: &Transaction<'_>, mapped: &Mapped, now_ms: i64) -> rusqlite::Result<()> {
    let id = mapped.row.id;
    t.prepare_cached("DELETE FROM problem WHERE job_id = ?1")?.execute([id])?;
    add_problems(t, id, &mapped.problems)?;
    omitted::remove(t, id)?;
    omitted::add(t, std::iter::once((id, &mapped.omitted[..])))?;
    t.prepare_cached("UPDATE job SET key = ?2 WHERE id = ?1")?
        .execute(params![id, mapped.identifiers.key().map(|(_, key)| key)])?;
    if mapped.row.is_waived {
        // That can be undone. What was decided before it, under the old mapping, cannot.
        t.prepare_cached(
            "UPDATE decision SET from_updated_at_ms = max(?2, from_updated_at_ms + 1)
             WHERE job_id = ?1 AND decision = 'waive' AND undone_at_ms IS NULL",
        )?
        .execute([id, now_ms])?;
    }
    Ok(())
}

/// All rows are mapped: the new mapping is the table's.
pub(super) fn end(
    t: &Transaction<'_>,
    state: &Remap,
    sign_in_changed: bool,
    now_ms: i64,
) -> rusqlite::Result<()> {
    change_mapping(t, &state.mapping, &state.guard, now_ms)?;
    if sign_in_changed {
        newer::sign_in_changed(t)?;
    }
    // Where there is no row, there is nothing to compare anew.
    t.execute("UPDATE comparison SET anew = 0 WHERE blocks = compared", [])?;
    t.execute("DELETE FROM remap", []).map(drop)
}
