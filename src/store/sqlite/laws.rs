//! Holds the statements that write a status to the laws of `job`: whatever SQL does for speed in one go is,
//! row by row, what the law returns.

use super::standing::load;
use super::{Table, sql};
use crate::job::{Detail, Evidence, Standing, Status};
use crate::problem::{Problem, Rule};
use crate::store::{
    Batch, Chosen, Deciding, JobId, NewJob, NewRun, Reading, Running, SourceId, Staging, StoreError,
};
use crate::user::Identifiers;
use rusqlite::params;
use std::fs;
use std::path::Path;

const NOW_MS: i64 = 50_000_000;

struct Bench {
    table: Table,
    source: SourceId,
    _folder: tempfile::TempDir,
}

impl Bench {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut table = Table::open(&folder.path().join("t.db")).unwrap();
        let source = table.begin_source("a.json", None, 1).unwrap();
        Self { table, source, _folder: folder }
    }

    fn stage(&mut self, problems: Vec<Vec<Problem>>) {
        let jobs = problems.into_iter().zip(1..).map(|(problems, record_no)| NewJob {
            record_no,
            line: None,
            raw: format!("{{\"n\":{record_no}}}").into_bytes(),
            identifiers: Identifiers::default(),
            problems,
        });
        let batch = Batch {
            source: self.source,
            jobs: jobs.collect(),
            checkpoint: String::new(),
            fingerprint: String::new(),
            finished: true,
            replace: false,
            now_ms: NOW_MS,
        };
        self.table.stage(&batch).unwrap();
    }

    /// A row for each of these, with so many sends behind it.
    fn with(rows: &[(Standing, u32)]) -> Self {
        let mut bench = Self::new();
        bench.stage(rows.iter().map(|_| Vec::new()).collect());
        for ((row, sends), id) in rows.iter().zip(1_i64..) {
            let conn = &bench.table.conn;
            conn.execute("UPDATE job SET sends = ?2 WHERE id = ?1", params![id, sends]).unwrap();
            let held = load(conn, id).unwrap().unwrap();
            let mut deltas = super::Deltas::default();
            held.becomes(conn, row, &mut deltas).unwrap();
            deltas.apply(conn).unwrap();
        }
        bench
    }

    fn row(&self, id: i64) -> Standing {
        load(&self.table.conn, id).unwrap().unwrap().standing
    }

    /// Whether the tally, which statements keep by themselves, is what the rows add up to.
    fn books_are_true(&mut self) -> bool {
        let (kept, counted) = self.table.audit().unwrap();
        kept == counted
    }
}

/// Rows of each status, with much and with little behind them.
fn rows() -> Vec<(Standing, u32)> {
    let mut rows = Vec::new();
    for status in Status::ALL {
        for (not_before_ms, sends) in [(0, 0), (0, 2), (NOW_MS, 2), (i64::MAX, 2)] {
            let detail = match status {
                Status::Done => Some(Detail::Existed),
                Status::Failed => Some(Detail::Conflict),
                Status::Pending | Status::Sending | Status::Unknown | Status::Invalid => None,
            };
            let is_done = *status == Status::Done;
            let row = Standing {
                status: *status,
                detail,
                spent: sends,
                not_before_ms,
                first_sent_ms: (sends > 0).then_some(17),
                claimed_by: status.is_in_hand().then_some(3),
                remote_id: is_done.then(|| "r".to_owned()),
                evidence: is_done.then_some(Evidence::Lookup),
                code: status.has_code().then(|| "2001".to_owned()),
                reason: (*status != Status::Pending).then(|| "a reason".to_owned()),
                updated_at_ms: 5,
            };
            rows.push((row, sends));
        }
    }
    rows
}

#[test]
fn staging_writes_what_the_law_says() {
    let mut bench = Bench::new();
    let problem = || Problem::new("mail", Rule::Value, "is wrong".to_owned());
    // More rows than one statement inserts, and some that are left over.
    bench.stage((0..45).map(|n| if n % 3 == 0 { vec![problem()] } else { Vec::new() }).collect());
    for n in 0..45 {
        assert_eq!(bench.row(n + 1), Standing::staged(n % 3 != 0, NOW_MS), "{n}");
    }
    assert!(bench.books_are_true());
}

#[test]
fn a_run_that_begins_leaves_each_row_as_the_law_says() {
    let rows = rows();
    let mut bench = Bench::with(&rows);
    let new = NewRun { machine: "m".into(), pid: 1, settings: "{}".into(), now_ms: NOW_MS };
    let run = bench.table.begin_run(&new).unwrap();
    for ((row, _), id) in rows.iter().zip(1..) {
        let expected = row.recovered(run.0, NOW_MS).unwrap_or_else(|| row.clone());
        assert_eq!(bench.row(id), expected, "{row:?}");
    }
    assert!(bench.books_are_true());
}

#[test]
fn a_claim_writes_what_the_law_says_and_finds_pending_rows_alone() {
    let rows = rows();
    let bench = Bench::with(&rows);
    let conn = &bench.table.conn;
    let mut due = Vec::new();
    for (text, of_one) in [(sql::DUE_NEW, false), (sql::DUE_AGAIN, false), (sql::DUE_ONE, true)] {
        let mut statement = conn.prepare(text).unwrap();
        for id in 1..=i64::try_from(rows.len()).unwrap() {
            let values = [if of_one { id } else { 1_000 }, i64::MAX];
            let values = &values[..statement.parameter_count()];
            let found = statement
                .query_map(rusqlite::params_from_iter(values), |row| row.get::<_, i64>(0))
                .unwrap();
            due.extend(found.map(|id| JobId(id.unwrap())));
        }
    }
    assert!(due.iter().all(|id| bench.row(id.0).status == Status::Pending));
    for id in 1..=4 {
        let before = bench.row(id);
        conn.execute(sql::CLAIM, params![id, 8, 99, NOW_MS]).unwrap();
        assert_eq!(Some(bench.row(id)), before.claimed(8, Some(99), NOW_MS));
    }
}

#[test]
fn a_word_that_is_not_known_is_an_error_and_never_another_status() {
    for (column, what) in [("status", "status"), ("detail", "detail"), ("evidence", "evidence")] {
        let mut bench = Bench::with(&rows());
        let damage = format!(
            "PRAGMA ignore_check_constraints = ON; UPDATE job SET {column} = 'odd' WHERE status = 'unknown'"
        );
        bench.table.conn.execute_batch(&damage).unwrap();
        let told = |error: StoreError| {
            let StoreError::UnknownWord { what, .. } = error else { panic!("{error}") };
            what
        };
        let ids: Vec<JobId> = (1..=24).map(JobId).collect();
        let waived = bench.table.waive(&Chosen::Jobs(ids), "all of them", NOW_MS);
        assert_eq!(told(waived.unwrap_err()), what);
        assert_eq!(told(bench.table.jobs_by_record(9).unwrap_err()), what);
    }
}

/// Statements that set any column of a standing, by the file that they stand in.
fn writers(file: &Path) -> Vec<String> {
    let columns = [
        "status",
        "detail",
        "spent",
        "not_before_ms",
        "first_sent_ms",
        "claimed_by_run",
        "remote_id",
        "evidence",
        "code",
        "reason",
        "updated_at_ms",
    ];
    let text = fs::read_to_string(file).unwrap();
    let mut found = Vec::new();
    for (at, _) in text.match_indices("UPDATE job") {
        let statement: String = text[at..].chars().take_while(|c| *c != '"').collect();
        let set = statement.split("WHERE").next().unwrap_or_default().to_owned();
        let sets = |column: &str| set.split([',', ' ', '\n', '(']).any(|word| word == column);
        if columns.iter().any(|column| sets(column)) {
            found.push(set.split_whitespace().collect::<Vec<_>>().join(" "));
        }
    }
    found
}

#[test]
fn no_other_statement_writes_what_a_law_decides() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/store/sqlite");
    let mut seen = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let file = entry.unwrap().path();
        let name = file.file_name().unwrap().to_string_lossy().into_owned();
        if file.is_dir() || name == "laws.rs" {
            continue;
        }
        let found = writers(&file);
        if name == "sql.rs" {
            // Each of them is held to its law above, or writes what a law has returned.
            let known = [sql::CLAIM, sql::WRITE, sql::RECOVER, sql::INHERIT, sql::HASTEN];
            assert_eq!(found.len(), known.len(), "{found:?}");
        } else {
            assert_eq!(found, Vec::<String>::new(), "{name}");
        }
        seen += 1;
    }
    assert!(seen > 10, "the folder has moved");
}
