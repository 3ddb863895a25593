//! How far the table is.

use super::sql;
use crate::store::{Counts, ErrorClass, RunRow};
use rusqlite::Connection;

pub(super) fn counts(c: &Connection) -> rusqlite::Result<Counts> {
    c.query_row("SELECT * FROM progress", [], |row| {
        Ok(Counts {
            total: row.get("total")?,
            pending: row.get("pending")?,
            sending: row.get("sending")?,
            unknown: row.get("unknown")?,
            done: row.get("done")?,
            failed: row.get("failed")?,
            invalid: row.get("invalid")?,
            created: row.get("created")?,
            existed: row.get("existed")?,
            skipped: row.get("skipped")?,
            waived: row.get("waived")?,
        })
    })
}

pub(super) fn errors_by_class(c: &Connection) -> rusqlite::Result<Vec<ErrorClass>> {
    let mut statement = c.prepare("SELECT status, detail, code, n FROM errors_by_class")?;
    let rows = statement.query_map([], |row| {
        Ok(ErrorClass {
            status: row.get(0)?,
            detail: row.get(1)?,
            code: row.get(2)?,
            n: row.get(3)?,
        })
    })?;
    rows.collect()
}

pub(super) fn last_run(c: &Connection) -> rusqlite::Result<Option<RunRow>> {
    let mut statement = c.prepare(
        "SELECT id, started_at_ms, ended_at_ms, seen_at_ms, machine, pid, rate_per_s, end, reason,
                done, failed, invalid
         FROM run ORDER BY id DESC LIMIT 1",
    )?;
    let mut rows = statement.query_map([], |row| {
        Ok(RunRow {
            id: row.get(0)?,
            started_at_ms: row.get(1)?,
            ended_at_ms: row.get(2)?,
            seen_at_ms: row.get(3)?,
            machine: row.get(4)?,
            pid: row.get(5)?,
            rate_per_s: row.get(6)?,
            end: row.get(7)?,
            reason: row.get(8)?,
            done: row.get(9)?,
            failed: row.get(10)?,
            invalid: row.get(11)?,
        })
    })?;
    rows.next().transpose()
}

pub(super) fn settings_of_doubts(c: &Connection) -> rusqlite::Result<Vec<String>> {
    let mut statement = c.prepare(sql::SETTINGS_OF_DOUBTS)?;
    let rows = statement.query_map([], |row| row.get(0))?;
    rows.collect()
}

pub(super) fn can_skip(c: &Connection) -> rusqlite::Result<bool> {
    c.query_row(
        "SELECT EXISTS (SELECT 1 FROM job WHERE status IN ('failed', 'invalid')
                        AND detail = 'conflict' AND remote_id IS NOT NULL)",
        [],
        |row| row.get(0),
    )
}

pub(super) fn has_conflict_with(c: &Connection, words: &str) -> rusqlite::Result<bool> {
    c.query_row(
        "SELECT EXISTS (SELECT 1 FROM job WHERE status IN ('failed', 'invalid')
                        AND detail = 'conflict' AND instr(reason, ?1))",
        [words],
        |row| row.get(0),
    )
}

pub(super) fn has_duplicate_key(c: &Connection) -> rusqlite::Result<bool> {
    c.query_row(sql::HAS_DUPLICATE_KEY, [], |row| row.get(0))
}

pub(super) fn has_attempts(c: &Connection) -> rusqlite::Result<bool> {
    c.query_row(
        "SELECT EXISTS (SELECT 1 FROM attempt) OR EXISTS
            (SELECT 1 FROM job WHERE status IN ('sending', 'unknown'))",
        [],
        |row| row.get(0),
    )
}

pub(super) fn integrity(c: &Connection) -> rusqlite::Result<String> {
    let found: String = c.query_row("PRAGMA integrity_check", [], |row| row.get(0))?;
    let mut orphans = c.prepare("SELECT \"table\" FROM pragma_foreign_key_check")?;
    match orphans.query_map([], |row| row.get::<_, String>(0))?.next() {
        Some(table) if found == "ok" => Ok(format!("a row of {} refers to nothing", table?)),
        _ => Ok(found),
    }
}
