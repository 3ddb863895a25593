//! Holds the statements that write a status to the laws of `job`: whatever SQL does for speed in one go is,
//! row by row, what the law returns.

use super::compare::Judge;
use super::identifiers::{hash, with_hash};
use super::stage::JOB;
use super::standing::{has_problems, load};
use super::stored::Rows;
use super::{Table, sql};
use crate::job::{
    Decided, Detail, Evidence, Remapped, SettleAs, SignIn, Standing, Status, latest_due_ms,
};
use crate::problem::{Problem, Rule};
use crate::store::{
    Batch, Chosen, Deciding, JobId, Lens, Mapped, NewJob, NewRun, Reading, Remap, RunId, Running,
    SourceId, Staging, StoreError, Tick,
};
use crate::user::{IdKind, Identifiers};
use rusqlite::params;
use std::fs;
use std::path::{Path, PathBuf};

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

    /// One more record.
    fn stage_more(&mut self, raw: &str) {
        let job = NewJob {
            record_no: 99,
            line: None,
            raw: raw.as_bytes().to_vec(),
            identifiers: Identifiers::default(),
            problems: Vec::new(),
            omitted: Vec::new(),
        };
        self.stage_jobs(vec![job]);
    }

    fn stage(&mut self, problems: Vec<Vec<Problem>>) {
        let jobs = problems.into_iter().zip(1..).map(|(problems, record_no)| NewJob {
            record_no,
            line: None,
            raw: format!("{{\"n\":{record_no}}}").into_bytes(),
            identifiers: Identifiers::default(),
            problems,
            omitted: Vec::new(),
        });
        self.stage_jobs(jobs.collect());
    }

    fn stage_jobs(&mut self, jobs: Vec<NewJob>) {
        let batch = Batch {
            source: self.source,
            jobs,
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
    let (mut rows, latest) = (Vec::new(), latest_due_ms(NOW_MS));
    for status in Status::ALL {
        for (not_before_ms, sends) in
            [(0, 0), (0, 2), (NOW_MS, 2), (i64::MAX, 2), (latest, 2), (latest + 1, 2)]
        {
            let detail = match status {
                Status::Done => Some(Detail::Existed),
                Status::Failed => Some(Detail::Conflict),
                Status::Pending | Status::Sending | Status::Unknown | Status::Invalid => None,
            };
            let is_known = sends > 0;
            let row = Standing {
                status: *status,
                detail,
                spent: sends,
                not_before_ms,
                first_sent_ms: is_known.then_some(17),
                claimed_by: status.is_in_hand().then_some(3),
                remote_id: is_known.then(|| "r".to_owned()),
                evidence: is_known.then_some(Evidence::Lookup),
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
    for id in 1..=i64::try_from(rows.len() / Status::ALL.len()).unwrap() {
        let before = bench.row(id);
        conn.execute(sql::CLAIM, params![id, 8, 99, NOW_MS]).unwrap();
        assert_eq!(Some(bench.row(id)), before.claimed(8, Some(99), NOW_MS));
    }
}

#[test]
fn a_run_claims_as_the_law_says() {
    let rows = rows();
    let mut bench = Bench::with(&rows);
    let tick = Tick {
        run: RunId(8),
        now_ms: NOW_MS,
        target_now_ms: Some(99),
        records: &[],
        take_back: &[],
        claim: 1_000,
        claim_bytes: usize::MAX,
        only: None,
        rate_per_s: 1.0,
    };
    let claims = bench.table.tick(&tick).unwrap().claims;
    assert_eq!(claims.len(), 3, "never sent, due before, due now");
    for ((row, sends), id) in rows.iter().zip(1..) {
        let claim = claims.iter().find(|claim| claim.id == JobId(id));
        let expected = claim.and_then(|_| row.claimed(8, Some(99), NOW_MS));
        assert_eq!(bench.row(id), expected.unwrap_or_else(|| row.clone()), "{row:?}");
        let sends_now = sends + u32::from(claim.is_some());
        assert!(claim.is_none_or(|claim| claim.sends == sends_now));
        assert!(claim.is_none_or(|claim| claim.job.first_sent_ms == bench.row(id).first_sent_ms));
    }
    assert!(bench.books_are_true());
}

/// Sees nothing in a record.
fn lens() -> Lens<'static> {
    Lens {
        identify: &|_| Identifiers::default(),
        field: &|_| String::new(),
        sign_in: &|_| SignIn::May,
        differing: &|_, _| Vec::new(),
        sign_in_by: &|_, _| SignIn::May,
    }
}

/// Whatever is in the row: what a person decides, and takes back, is what the laws say.
#[test]
fn a_decision_and_its_undoing_write_what_the_laws_say() {
    let lens = lens();
    for word in ["waive", "settle"] {
        let rows = rows();
        let mut bench = Bench::with(&rows);
        // Two runs before, of which the last one takes a doubt.
        let runs = "INSERT INTO run (id, started_at_ms, machine, pid, settings, seen_at_ms)
                    VALUES (3, 1, 'm', 1, '{}', 1), (4, 1, 'm', 1, '{}', 1)";
        bench.table.conn.execute_batch(runs).unwrap();
        for ((row, _), id) in rows.iter().zip(1..) {
            let to = if word == "waive" {
                bench.table.waive(&Chosen::Jobs(vec![JobId(id)]), "so", NOW_MS).unwrap();
                row.waived("so", NOW_MS)
            } else {
                bench.table.settle(JobId(id), SettleAs::Failed, "so", NOW_MS).unwrap();
                row.settled(SettleAs::Failed, "so", NOW_MS)
            };
            assert_eq!(bench.row(id), to.clone().unwrap_or_else(|| row.clone()), "{word} {row:?}");
            let Some(to) = to else { continue };
            let decided = Decided {
                at_ms: NOW_MS,
                to: to.status,
                from: row.status,
                from_detail: row.detail,
                from_code: row.code.clone(),
                from_reason: row.reason.clone(),
                from_remote_id: row.remote_id.clone(),
                from_evidence: row.evidence,
                from_updated_at_ms: row.updated_at_ms,
            };
            bench.table.undo(&[JobId(id)], word, &lens, NOW_MS + 1).unwrap();
            let back = to.undone(&decided, Some(4)).unwrap();
            // Who has waited is looked at again; nothing is held against these rows.
            let is_free = word == "waive" && row.status == Status::Invalid;
            let back = if is_free { back.freed(false).unwrap() } else { back };
            assert_eq!(bench.row(id), back, "{word} {row:?}");
        }
        assert!(bench.books_are_true());
    }
}

/// A row in a run's hands is found by what it was sent with, and by what the new mapping says; nothing
/// else of it changes.
#[test]
fn another_mapping_writes_nothing_of_a_row_that_its_law_lets_be() {
    let rows = rows();
    let mut bench = Bench::with(&rows);
    bench.table.conn.execute_batch("UPDATE job SET key = 'old'").unwrap();
    let state = Remap { mapping: "B".into(), guard: "{}".into(), accepted: false, after: 0 };
    bench.table.begin_remap(&state).unwrap();
    let problem = || Problem::new("mail", Rule::Value, "is wrong".to_owned());
    let mapped = bench.table.rows_to_map(&state, 1_000).unwrap().into_iter().map(|row| {
        let mut identifiers = Identifiers::default();
        identifiers.set(IdKind::ExternalId, "new");
        let (problems, omitted) = (vec![problem()], Vec::new());
        Mapped { row, identifiers, problems, omitted, same_identifiers: false }
    });
    let mapped: Vec<Mapped> = mapped.collect();
    bench.table.write_remap(&state, &mapped, NOW_MS).unwrap();
    let by = Remapped { has_problems: true, same_identifiers: false, is_decided: false };
    for ((row, _), id) in rows.iter().zip(1..) {
        let to = row.remapped(by, NOW_MS);
        let found: (Option<String>, bool) = bench
            .table
            .conn
            .query_row(
                "SELECT key, EXISTS (SELECT 1 FROM problem WHERE job_id = id) FROM job WHERE id = ?1",
                [id],
                |row| Ok((row.get(0)?, row.get(1)?)),
            )
            .unwrap();
        let key = if to.is_some() { "new" } else { "old" };
        assert_eq!(found, (Some(key.to_owned()), to.is_some()), "{row:?}");
        for key in ["new", key] {
            let found = with_hash(&bench.table.conn, hash(IdKind::ExternalId, key)).unwrap();
            assert!(found.contains(&id), "{key} {row:?}");
        }
        assert_eq!(bench.row(id), to.unwrap_or_else(|| row.clone()));
    }
    assert!(bench.books_are_true());
}

/// Whoever asks for it: a correction that the law refuses changes nothing of the row, and is left alone.
#[test]
fn a_correction_writes_nothing_of_a_row_that_its_law_lets_be() {
    let rows = rows();
    let mut bench = Bench::with(&rows);
    bench.stage_more("another");
    for ((row, sends), id) in rows.iter().zip(1..) {
        // Never committed: each row has the new one to itself.
        let new_id = i64::try_from(rows.len()).unwrap() + 1;
        let lens = lens();
        let problem = [Problem::new("mail", Rule::Value, "is wrong".to_owned())];
        let t = bench.table.conn.transaction().unwrap();
        let stored = Rows { t: &t, lens: &lens };
        let (known, new) =
            (stored.load(id).unwrap().unwrap(), stored.load(new_id).unwrap().unwrap());
        let mut judge = Judge::new(&t, &lens, NOW_MS);
        judge.replace(&known, &new, &problem).unwrap();
        let expected = row.replaced(false, true, NOW_MS);
        let left_alone = judge.books.values().map(|book| book.more.left_alone).sum::<u64>();
        assert_eq!(left_alone, u64::from(expected.is_none()), "{row:?}, sent {sends} times");
        let after = stored.load(id).unwrap().unwrap();
        assert_eq!(after.raw, if expected.is_some() { &new.raw[..] } else { &known.raw[..] });
        assert_eq!(has_problems(&t, id).unwrap(), expected.is_some(), "{row:?}");
        assert_eq!(after.standing, expected.unwrap_or_else(|| row.clone()));
        assert!(stored.load(new_id).unwrap().is_none(), "its record went somewhere, or nowhere");
    }
}

/// A row that has become something else since is not one that a person let go.
#[test]
fn a_waiver_of_a_row_that_has_moved_on_is_not_listed() {
    let failed = rows().into_iter().find(|(row, _)| row.status == Status::Failed).unwrap();
    let mut bench = Bench::with(std::slice::from_ref(&failed));
    bench.table.waive(&Chosen::Status(Status::Failed), "so", NOW_MS).unwrap();
    assert_eq!(bench.table.waived(&Chosen::Status(Status::Failed)).unwrap(), [JobId(1)]);
    bench.table.conn.execute("UPDATE job SET detail = 'adopted'", []).unwrap();
    assert_eq!(bench.table.waived(&Chosen::Status(Status::Failed)).unwrap(), []);
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
        let ids: Vec<JobId> = (1..=36).map(JobId).collect();
        let waived = bench.table.waive(&Chosen::Jobs(ids), "all of them", NOW_MS);
        assert_eq!(told(waived.unwrap_err()), what);
        assert_eq!(told(bench.table.jobs_by_record(13).unwrap_err()), what);
    }
}

/// The literals of a file of Rust, as the compiler reads them; comments are none.
fn literals(text: &str) -> Vec<String> {
    let (mut found, mut chars) = (Vec::new(), text.chars().peekable());
    while let Some(c) = chars.next() {
        match c {
            '/' if chars.peek() == Some(&'/') => while chars.next().is_some_and(|c| c != '\n') {},
            // A character that is a quote; a lifetime has none.
            '\'' if chars.peek() == Some(&'"') => drop(chars.next()),
            '"' => {
                let mut literal = String::new();
                while let Some(c) = chars.next().filter(|c| *c != '"') {
                    // An escape stands for white space or itself; none is needed within a word.
                    let c = if c == '\\' { chars.next().unwrap_or(' ') } else { c };
                    literal.push(c);
                }
                found.push(literal);
            }
            _ => {}
        }
    }
    found
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Whether a text is a statement that writes to `job`, or to a table that is named elsewhere.
fn writes_jobs(text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    let is_of_word = |c: char| c.is_ascii_alphanumeric() || "_{}".contains(c);
    let words: Vec<&str> =
        text.split(|c| !is_of_word(c)).filter(|word| !["", "main"].contains(word)).collect();
    let is_table =
        |at: usize| words.get(at).is_none_or(|table| *table == "job" || table.contains(['{', '}']));
    words.iter().enumerate().any(|(at, verb)| match *verb {
        "update" if words.get(at + 1) == Some(&"or") => is_table(at + 3),
        "update" => is_table(at + 1),
        // INSERT OR …, REPLACE, DELETE.
        "into" | "from" => {
            let writes = |word: &&str| ["insert", "replace", "delete"].contains(word);
            is_table(at + 1) && words[at.saturating_sub(3)..at].iter().any(writes)
        }
        _ => false,
    })
}

#[test]
fn every_way_to_write_a_job_is_seen() {
    for text in [
        "UPDATE job SET status = 'done'",
        "update  job set status = 'done'",
        "UPDATE\n  job AS j SET status = 'done'",
        "UPDATE OR IGNORE job SET status = 'done'",
        "UPDATE \"job\" SET status = 'done'",
        "UPDATE main.[job] SET status = 'done'",
        "WITH x AS (SELECT 1 WHERE 1) UPDATE `job` SET (code) = (SELECT 1 WHERE 1)",
        "UPDATE {table} SET status = 'done'",
        "UPDATE ",
        "INSERT INTO job (id) VALUES (1)",
        "insert or replace into job (id) values (1)",
        "REPLACE INTO job (id) VALUES (1)",
        "INSERT INTO {into}",
        "DELETE FROM job",
        "INSERT INTO job (id) VALUES (1) ON CONFLICT DO UPDATE SET status = 'done'",
    ] {
        assert!(writes_jobs(text), "{text}");
        let code = format!("// it's \"no\n f('\"', 'x', \"{}\")", text.replace('"', "\\\""));
        assert_eq!(literals(&code), [text]);
    }
    for text in [
        "SELECT id FROM job WHERE status = 'done'",
        "UPDATE source SET rows = (SELECT count(*) FROM job)",
        "INSERT INTO tally (n) SELECT count(*) FROM job",
        "INSERT INTO tally (n) VALUES (1) ON CONFLICT DO UPDATE SET n = 2",
        "DELETE FROM job_note",
    ] {
        assert!(!writes_jobs(text), "{text}");
    }
    assert_eq!(literals("\"SELECT \\\n  1\""), ["SELECT \n  1"]);
}

/// The files of a folder and of those in it.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

#[test]
fn no_other_statement_writes_what_a_law_decides() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut known: Vec<(&str, String)> = [
        // Each of them is held to its law above, or writes what a law has returned.
        ("sql.rs", sql::CLAIM),
        ("sql.rs", sql::WRITE),
        ("sql.rs", sql::RECOVER),
        ("sql.rs", sql::INHERIT),
        ("sql.rs", sql::HASTEN),
        ("stage.rs", "INSERT OR FAIL INTO {into} VALUES {values}"),
        // The key is no part of a standing.
        ("remap.rs", "UPDATE job SET key = ?2 WHERE id = ?1"),
        ("verdict.rs", "UPDATE job SET key = ?2 WHERE id = ?1"),
        // Rows go whole.
        ("verdict.rs", "DELETE FROM {table} WHERE job_id = ?1"),
        ("verdict.rs", "DELETE FROM job WHERE id = ?1"),
        ("stage.rs", "DELETE FROM {table} WHERE job_id IN (SELECT id FROM job WHERE {NEVER_SENT})"),
        ("stage.rs", "DELETE FROM job WHERE {NEVER_SENT}"),
    ]
    .map(|(file, text)| (file, one_line(text)))
    .to_vec();
    let files = files(&root.join("src/store"));
    assert!(files.len() > 25, "the folder has moved");
    for file in &files {
        // Tests write what they need.
        if file.ends_with("sqlite/laws.rs") || file.ends_with("sqlite/sql/tests.rs") {
            continue;
        }
        for text in literals(&fs::read_to_string(file).unwrap()) {
            let text = one_line(&text);
            if writes_jobs(&text) {
                let is_it = |(name, known): &(&str, String)| file.ends_with(name) && *known == text;
                let at = known.iter().position(is_it);
                known.swap_remove(at.unwrap_or_else(|| panic!("{}: {text}", file.display())));
            }
        }
    }
    assert!(known.is_empty(), "these are no more: {known:?}");
    assert_eq!(JOB, "job (source_id, updated_at_ms, id, record_no, line, key, status)");
    for file in self::files(&root.join("migrations")) {
        let text = fs::read_to_string(file).unwrap().to_ascii_lowercase();
        assert!(!text.contains("trigger"), "a trigger writes what nobody sees");
    }
}
