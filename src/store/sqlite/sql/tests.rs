//! What the statements must not do: scan, make tables, be compiled anew.

use super::*;
use crate::store::sqlite::Table;
use crate::store::sqlite::stage;
use crate::store::{JobId, NewRun, Reading, RunId, Running, Staging, Tick};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Such as SQLite makes for a list of more than two words, with a file of its own, each time.
#[test]
fn no_statement_that_is_run_for_each_user_makes_a_table() {
    let folder = tempfile::tempdir().unwrap();
    let table = Table::open(&folder.path().join("t.db")).unwrap();
    let job = stage::insert_rows(stage::JOB, 2, 5, stage::AT_ONCE);
    let record = stage::insert_rows(stage::RECORD, 1, 2, stage::AT_ONCE);
    let run = [DUE_NEW, DUE_AGAIN, CLAIM, HELD, WRITE, ATTEMPT, TALLY];
    for text in run.into_iter().chain([job.as_str(), &record]) {
        let mut statement = table.conn.prepare(&format!("EXPLAIN {text}")).unwrap();
        let mut rows = statement.raw_query();
        let mut steps = 0;
        while let Some(row) = rows.next().unwrap() {
            let step: String = row.get("opcode").unwrap();
            assert!(!["OpenEphemeral", "OpenAutoindex"].contains(&step.as_str()), "{text}");
            steps += 1;
        }
        assert!(steps > 5, "{text}");
    }
}

/// SQLite likes to fit a plan to the values of its parameters, each time they change.
#[test]
fn no_statement_is_compiled_anew_for_other_values() {
    let folder = tempfile::tempdir().unwrap();
    let table = Table::open(&folder.path().join("t.db")).unwrap();
    for (name, text, _) in ALL {
        let mut statement = table.conn.prepare(text).unwrap();
        let parameters = statement.parameter_count();
        for value in 1..4 {
            let values = rusqlite::params_from_iter(std::iter::repeat_n(value, parameters));
            // Some refuse a number where there should be a word.
            drop(statement.query(values).unwrap().next());
        }
        let compiled = statement.get_status(rusqlite::StatementStatus::RePrepare);
        assert_eq!(compiled, 0, "{name}");
    }
}

#[test]
fn every_hot_statement_is_served_by_its_index() {
    let folder = tempfile::tempdir().unwrap();
    let table = Table::open(&folder.path().join("t.db")).unwrap();
    for (name, text, indices) in ALL {
        let mut statement = table.conn.prepare(&format!("EXPLAIN QUERY PLAN {text}")).unwrap();
        let parameters = statement.parameter_count();
        let plan: Vec<String> = statement
            .query_map(rusqlite::params_from_iter(std::iter::repeat_n(1, parameters)), |row| {
                row.get(3)
            })
            .unwrap()
            .map(Result::unwrap)
            .collect();
        let plan = plan.join("\n");
        for index in *indices {
            assert!(plan.contains(index), "{name} should use {index}:\n{plan}");
        }
        // `SELECT EXISTS (…)` itself is a scan of one constant row.
        let scans = |line: &&str| line.starts_with("SCAN") && *line != "SCAN CONSTANT ROW";
        for line in plan.lines().filter(scans) {
            assert!(
                line.contains("USING") || line.contains("subquery") || line.contains("CONSTANT"),
                "{name} scans:\n{plan}"
            );
        }
    }
}

/// A table with so many jobs that are done, as many that are pending, and no statistics.
fn half_done(table: &Table, done: u32) {
    let fill = format!(
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT {all})
         INSERT INTO job (id, source_id, record_no, status, detail, sends, updated_at_ms)
         SELECT i, 1, i, iif(i > {done}, 'pending', 'done'), iif(i > {done}, NULL, 'created'), i <= {done}, 1 FROM n;
         INSERT INTO source (id, path, checkpoint, fingerprint, started_at_ms, finished_at_ms) VALUES (1, 'f', '{{}}', '', 1, 1);
         INSERT INTO tally SELECT source_id, status, coalesce(detail, ''), '', count(*) FROM job GROUP BY 1, 2, 3;
         INSERT INTO record (job_id, raw, source_id) SELECT id, x'7b7d', 1 FROM job;
         INSERT INTO problem (job_id, n, field, rule, message) SELECT id, 0, 'mail', 'email', 'wrong' FROM job WHERE id <= {done};
         INSERT INTO attempt (job_id, n, run_id, op, at_ms, outcome) SELECT id, 1, 1, 'create', 1, 'created' FROM job WHERE id <= {done};
         INSERT INTO run (id, started_at_ms, machine, pid, settings, seen_at_ms) VALUES (1, 1, 'm', 1, '{{}}', 1);",
        all = 2 * done
    );
    table.conn.execute_batch(&fill).unwrap();
}

/// Steps of SQLite's machine, in tens, that something takes with a table of so many jobs that are done.
fn steps_of(done: u32, act: impl FnOnce(&mut Table, u32)) -> u64 {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.db");
    half_done(&Table::open(&path).unwrap(), done);
    let mut table = Table::open(&path).unwrap();
    let steps = Arc::new(AtomicU64::new(0));
    let count = Arc::clone(&steps);
    let handler = move || {
        count.fetch_add(1, Ordering::Relaxed);
        false
    };
    table.conn.progress_handler(10, Some(handler)).unwrap();
    act(&mut table, done);
    steps.load(Ordering::Relaxed)
}

/// From the start of a run to its first claims.
fn start(table: &mut Table, done: u32) {
    assert!(table.has_attempts().unwrap());
    table.unfinished_sources().unwrap();
    assert_eq!(table.counts().unwrap().done, u64::from(done));
    table.settings_of_doubts().unwrap();
    let new = NewRun { machine: "m".to_owned(), pid: 2, settings: "{}".to_owned(), now_ms: 2 };
    assert_eq!(table.begin_run(&new).unwrap(), RunId(2));
    assert_eq!(table.outlook().unwrap().open, 2);
    assert!(table.doubts(JobId(0), 1_000).unwrap().is_empty());
    let tick = Tick {
        run: RunId(2),
        now_ms: 2,
        target_now_ms: None,
        records: &[],
        take_back: &[],
        claim: 8,
        claim_bytes: usize::MAX,
        only: None,
        rate_per_s: 0.0,
    };
    assert_eq!(table.tick(&tick).unwrap().claims.len(), 8);
}

/// What `status` asks.
fn ask(table: &mut Table, done: u32) {
    assert_eq!(table.counts().unwrap().done, u64::from(done));
    assert!(table.last_run().unwrap().is_some());
    assert!(table.errors_by_class().unwrap().is_empty());
    assert!(table.omitted_counts().unwrap().is_empty());
    assert!(table.newer_counts(None).unwrap().is_empty());
    assert!(table.newer_counts(Some("f")).unwrap().is_empty());
    assert!(table.newer(None, None, JobId(0), 10).unwrap().is_empty());
    assert!(table.unfinished_sources().unwrap().is_empty());
    assert!(table.closed_sources().unwrap().is_empty());
    assert!(table.remap().unwrap().is_none());
    // Which ways out there are, at the end of a run and of `failures`.
    assert!(!table.has_duplicate_key().unwrap());
    // And what staging tells of corrected records.
    assert!(table.replaced().unwrap().is_empty());
}

#[test]
fn the_start_of_a_run_does_not_grow_with_what_is_done() {
    let (small, large) = (steps_of(1_000, start), steps_of(20_000, start));
    assert!(small > 10 && large < small + small / 4, "{small} steps, then {large}");
}

#[test]
fn what_status_asks_does_not_grow_with_the_table() {
    let (small, large) = (steps_of(1_000, ask), steps_of(20_000, ask));
    assert!(small > 10 && large < small + small / 4, "{small} steps, then {large}");
}
