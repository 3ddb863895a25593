//! A job table under test, a pair of eyes that look at it from outside, and short words for what
//! the laws do with both.

use serde_json::Value;
use std::collections::BTreeMap;
use userferry::job::{Class, Detail, Evidence, FirstSent, SignIn, Status, Transition};
use userferry::problem::{Omitted, Problem, Rule};
use userferry::store::{
    Attempt, Batch, Claim, Compared, JobId, Lens, Mapped, NewJob, NewRun, Record, Remap, RunId,
    SourceId, StageCounts, Store, Table, Tick, Ticked, Undone,
};
use userferry::user::{IdKind, Identifiers};

/// A job as it stands in the table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) id: JobId,
    pub(crate) source: SourceId,
    pub(crate) record_no: u64,
    pub(crate) status: Status,
    pub(crate) detail: Option<Detail>,
    pub(crate) sends: u32,
    pub(crate) spent: u32,
    pub(crate) not_before_ms: i64,
    pub(crate) code: Option<String>,
    pub(crate) reason: Option<String>,
    pub(crate) remote_id: Option<String>,
    pub(crate) raw: String,
}

/// Looks at a table from outside.
pub(crate) trait Eyes {
    /// All jobs by id.
    fn rows(&self) -> Vec<Row>;
    /// The ledger of a job: number, run and class.
    fn attempts(&self, job: JobId) -> Vec<(u32, i64, String)>;
    /// The mapping that each send of a job was under.
    fn sent_under(&self, job: JobId) -> Vec<Option<String>>;
    /// The mappings that the table has had, the oldest first.
    fn mappings(&self) -> Vec<String>;
    /// The problems of a job: rule and message.
    fn problems(&self, job: JobId) -> Vec<(String, String)>;
    /// What is left out of which job, in order.
    fn omitted(&self) -> Vec<(JobId, String)>;
    /// Per source: records, rows, replaced, unchanged, left alone.
    fn sources(&self) -> Vec<[u64; 5]>;
    /// What a run settled: done, failed, invalid.
    fn settled(&self, run: RunId) -> [i64; 3];
    /// Rows that refer to one that is not there.
    fn orphans(&self) -> u64;
}

/// SQLite's tables from another connection.
struct SqliteEyes(rusqlite::Connection);

impl Eyes for SqliteEyes {
    fn orphans(&self) -> u64 {
        let text = "SELECT count(*) FROM pragma_foreign_key_check";
        self.0.query_row(text, [], |row| row.get(0)).unwrap()
    }

    fn rows(&self) -> Vec<Row> {
        let text =
            "SELECT j.id, j.source_id, record_no, status, detail, sends, spent, not_before_ms, code,
                           reason, remote_id, CAST(raw AS TEXT)
                    FROM job j LEFT JOIN record r ON r.job_id = j.id ORDER BY j.id";
        let mut statement = self.0.prepare(text).unwrap();
        let rows = statement.query_map([], |row| {
            let (status, detail): (String, Option<String>) = (row.get(3)?, row.get(4)?);
            Ok(Row {
                id: JobId(row.get(0)?),
                source: SourceId(row.get(1)?),
                record_no: row.get(2)?,
                status: Status::parse(&status).unwrap(),
                detail: detail.as_deref().map(|detail| Detail::parse(detail).unwrap()),
                sends: row.get(5)?,
                spent: row.get(6)?,
                not_before_ms: row.get(7)?,
                code: row.get(8)?,
                reason: row.get(9)?,
                remote_id: row.get(10)?,
                raw: row.get(11)?,
            })
        });
        rows.unwrap().map(Result::unwrap).collect()
    }

    fn attempts(&self, job: JobId) -> Vec<(u32, i64, String)> {
        let text = "SELECT n, run_id, outcome FROM attempt WHERE job_id = ?1 ORDER BY n";
        let mut statement = self.0.prepare(text).unwrap();
        let rows = statement.query_map([job.0], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)));
        rows.unwrap().map(Result::unwrap).collect()
    }

    fn sent_under(&self, job: JobId) -> Vec<Option<String>> {
        let text = "SELECT m.text FROM attempt a LEFT JOIN mapping m ON m.id = a.mapping_id
                    WHERE a.job_id = ?1 ORDER BY a.n";
        let mut statement = self.0.prepare(text).unwrap();
        statement.query_map([job.0], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
    }

    fn mappings(&self) -> Vec<String> {
        let mut statement = self.0.prepare("SELECT text FROM mapping ORDER BY id").unwrap();
        statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
    }

    fn problems(&self, job: JobId) -> Vec<(String, String)> {
        let text = "SELECT rule, message FROM problem WHERE job_id = ?1 ORDER BY n";
        let mut statement = self.0.prepare(text).unwrap();
        let rows = statement.query_map([job.0], |row| Ok((row.get(0)?, row.get(1)?)));
        rows.unwrap().map(Result::unwrap).collect()
    }

    fn omitted(&self) -> Vec<(JobId, String)> {
        let mut statement =
            self.0.prepare("SELECT job_id, field FROM omitted ORDER BY job_id, field").unwrap();
        let rows = statement.query_map([], |row| Ok((JobId(row.get(0)?), row.get(1)?)));
        rows.unwrap().map(Result::unwrap).collect()
    }

    fn sources(&self) -> Vec<[u64; 5]> {
        let text = "SELECT records, rows, replaced, unchanged, left_alone FROM source ORDER BY id";
        let mut statement = self.0.prepare(text).unwrap();
        let rows = statement.query_map([], |row| {
            Ok([row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?])
        });
        rows.unwrap().map(Result::unwrap).collect()
    }

    fn settled(&self, run: RunId) -> [i64; 3] {
        self.0
            .query_row("SELECT done, failed, invalid FROM run WHERE id = ?1", [run.0], |row| {
                Ok([row.get(0)?, row.get(1)?, row.get(2)?])
            })
            .unwrap()
    }
}

/// A store under test. After each step its books must balance.
pub(crate) struct Bench<S> {
    pub(crate) store: S,
    pub(crate) eyes: Box<dyn Eyes>,
    pub(crate) now_ms: i64,
    _folder: tempfile::TempDir,
}

/// A table in SQLite in a folder of its own.
pub(crate) fn sqlite() -> Bench<Table> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("table.db");
    let store = Table::open(&path).unwrap();
    let eyes = Box::new(SqliteEyes(rusqlite::Connection::open(&path).unwrap()));
    Bench { store, eyes, now_ms: 1_000, _folder: folder }
}

impl<S: Store> Bench<S> {
    /// A new source of this name.
    pub(crate) fn source(&mut self, path: &str) -> SourceId {
        self.store.begin_source(path, None, self.now_ms).unwrap()
    }

    /// Stages records, numbered on from what the source has.
    pub(crate) fn stage(&mut self, source: SourceId, records: &[&str]) -> StageCounts {
        self.stage_with(source, records, false)
    }

    /// Stages corrected records.
    pub(crate) fn replace(&mut self, source: SourceId, records: &[&str]) -> StageCounts {
        self.stage_with(source, records, true)
    }

    fn stage_with(&mut self, source: SourceId, records: &[&str], replace: bool) -> StageCounts {
        let mut counts = self.append(source, records, replace);
        while !self.store.is_compared().unwrap() {
            counts.compared(&self.compare());
        }
        counts
    }

    /// Stages records without comparing them with the others.
    pub(crate) fn append(
        &mut self,
        source: SourceId,
        records: &[&str],
        replace: bool,
    ) -> StageCounts {
        let read = self.eyes.sources()[usize::try_from(source.0).unwrap() - 1][0];
        let jobs = (read + 1..).zip(records).map(|(no, raw)| new_job(no, raw)).collect();
        let counts = self
            .store
            .stage(&Batch {
                source,
                jobs,
                checkpoint: format!("after {}", read + records.len() as u64),
                fingerprint: String::new(),
                finished: false,
                replace,
                now_ms: self.now_ms,
            })
            .unwrap();
        self.balance();
        counts
    }

    /// One step of comparing.
    pub(crate) fn compare(&mut self) -> Compared {
        let lens = lens();
        let compared = self.store.compare(&lens, self.now_ms).unwrap();
        self.balance();
        compared
    }

    /// Maps all rows by another mapping, which finds what the old one found, and compares them.
    pub(crate) fn remap(&mut self, mapping: &str, now_ms: i64) {
        let (mapping, guard) = (mapping.to_owned(), "{}".to_owned());
        self.store.begin_remap(&Remap { mapping, guard, accepted: false, after: 0 }).unwrap();
        let state = self.store.remap().unwrap().unwrap();
        let mapped = self.store.rows_to_map(&state, 1_000).unwrap().into_iter().map(|row| {
            let NewJob { identifiers, problems, omitted, .. } =
                new_job(row.record_no, std::str::from_utf8(&row.raw).unwrap());
            Mapped { row, identifiers, problems, omitted, same_identifiers: true }
        });
        let mapped: Vec<Mapped> = mapped.collect();
        self.store.write_remap(&state, &mapped, now_ms).unwrap();
        self.balance();
        self.store.end_remap(&state, false, now_ms).unwrap();
        while !self.store.is_compared().unwrap() {
            self.compare();
        }
    }

    /// A source of these records, pending unless they have problems.
    pub(crate) fn staged(&mut self, records: &[&str]) -> SourceId {
        let source = self.source("/users.json");
        self.stage(source, records);
        source
    }

    /// A source of `n` users with the keys 1, 2, and so on.
    pub(crate) fn users(&mut self, n: u64) -> SourceId {
        let records: Vec<String> = (1..=n).map(|n| format!(r#"{{"x":"{n}"}}"#)).collect();
        let records: Vec<&str> = records.iter().map(String::as_str).collect();
        self.staged(&records)
    }

    /// Begins a run.
    pub(crate) fn run(&mut self) -> RunId {
        let new = NewRun {
            machine: "here".to_owned(),
            pid: 1,
            settings: "{}".to_owned(),
            now_ms: self.now_ms,
        };
        let run = self.store.begin_run(&new).unwrap();
        self.balance();
        run
    }

    /// Records outcomes and claims jobs.
    pub(crate) fn tick(&mut self, run: RunId, records: &[Record], claim: usize) -> Ticked {
        self.tick_with(run, records, &[], claim)
    }

    /// The same, and takes rejections back.
    pub(crate) fn tick_with(
        &mut self,
        run: RunId,
        records: &[Record],
        take_back: &[(JobId, u32)],
        claim: usize,
    ) -> Ticked {
        let tick = Tick {
            run,
            now_ms: self.now_ms,
            target_now_ms: Some(self.now_ms + 7),
            records,
            take_back,
            claim,
            claim_bytes: usize::MAX,
            only: None,
            rate_per_s: 1.5,
        };
        let ticked = self.store.tick(&tick).unwrap();
        self.balance();
        ticked
    }

    /// Claims this many.
    pub(crate) fn claim(&mut self, run: RunId, n: usize) -> Vec<Claim> {
        self.tick(run, &[], n).claims
    }

    /// Claims one and records this of it.
    pub(crate) fn send(&mut self, run: RunId, outcome: &Sent) -> JobId {
        let claim = self.claim(run, 1).remove(0);
        self.tick(run, &[outcome.of(&claim)], 0);
        claim.id
    }

    /// The job as it stands.
    pub(crate) fn row(&self, id: JobId) -> Row {
        self.eyes.rows().into_iter().find(|row| row.id == id).unwrap()
    }

    /// The status of every job, by id.
    pub(crate) fn statuses(&self) -> Vec<Status> {
        self.eyes.rows().iter().map(|row| row.status).collect()
    }

    /// The tally is what there is, and each source's records are accounted for.
    pub(crate) fn balance(&mut self) {
        let (kept, counted) = self.store.audit().unwrap();
        assert_eq!(kept, counted, "the tally is not what there is");
        assert_eq!(self.eyes.orphans(), 0, "a row refers to one that is not there");
        for [records, rows, replaced, unchanged, left_alone] in self.eyes.sources() {
            assert_eq!(records, rows + replaced + unchanged + left_alone, "a source is unbalanced");
        }
        let (mut omitted, mut counts) = (Vec::new(), BTreeMap::new());
        for row in self.eyes.rows() {
            for field in omitted_of(&row.raw) {
                omitted.push((row.id, (*field).to_owned()));
                *counts.entry((*field).to_owned()).or_default() += 1;
            }
        }
        assert_eq!(self.eyes.omitted(), omitted, "what is left out is not that of the records");
        assert_eq!(self.store.omitted_counts().unwrap(), counts, "what is left out is miscounted");
        let rows: u64 = self.eyes.sources().iter().map(|source| source[1]).sum();
        assert_eq!(rows, self.eyes.rows().len() as u64, "a source's rows are not those there are");
    }
}

/// What a send came to, short.
#[derive(Clone, Debug)]
pub(crate) struct Sent {
    pub(crate) class: Option<Class>,
    pub(crate) transition: Transition,
    pub(crate) code: Option<String>,
    pub(crate) problem: Option<Problem>,
}

impl Sent {
    fn new(class: Class, status: Status, detail: Option<Detail>) -> Self {
        let transition = Transition {
            status,
            detail,
            spend: false,
            not_before_ms: 0,
            remote_id: None,
            evidence: None,
        };
        Self { class: Some(class), transition, code: None, problem: None }
    }

    pub(crate) fn created() -> Self {
        let mut sent = Self::new(Class::Created, Status::Done, Some(Detail::Created));
        sent.transition.spend = true;
        sent.transition.remote_id = Some("r1".to_owned());
        sent.transition.evidence = Some(Evidence::Reply);
        sent
    }

    pub(crate) fn rejected(code: &str) -> Self {
        let mut sent = Self::new(Class::Rejected, Status::Failed, Some(Detail::Rejected));
        sent.transition.spend = true;
        sent.code = Some(code.to_owned());
        sent
    }

    pub(crate) fn unknown() -> Self {
        Self::new(Class::Unknown, Status::Unknown, None)
    }

    pub(crate) fn duplicate() -> Self {
        let mut sent = Self::new(Class::Duplicate, Status::Unknown, None);
        sent.transition.spend = true;
        sent.code = Some("2026".to_owned());
        sent
    }

    pub(crate) fn throttled(not_before_ms: i64) -> Self {
        let mut sent = Self::new(Class::Throttled, Status::Pending, None);
        sent.transition.not_before_ms = not_before_ms;
        sent
    }

    pub(crate) fn unsendable() -> Self {
        let mut sent = Self::new(Class::Unsendable, Status::Invalid, None);
        sent.problem = Some(Problem::new("password", Rule::Password, "does not fit the key"));
        sent
    }

    /// Without an attempt, as a lookup leads to it.
    pub(crate) fn by_lookup(mut self) -> Self {
        self.class = None;
        self
    }

    /// Written about this job.
    pub(crate) fn of(&self, claim: &Claim) -> Record {
        self.under(claim.id, claim.sends)
    }

    /// Written about this job under this fence.
    pub(crate) fn under(&self, id: JobId, sends: u32) -> Record {
        let attempt = self.class.map(|class| Attempt {
            at_ms: 5,
            took_ms: 3,
            read_ms: None,
            class,
            http_status: Some(200),
            code: self.code.clone(),
            message: None,
            request_id: None,
            request: None,
        });
        Record {
            id,
            sends,
            transition: self.transition.clone(),
            code: self.code.clone(),
            reason: None,
            first_sent: FirstSent::Keep,
            attempt,
            problem: self.problem.clone(),
        }
    }
}

impl<S: Store> Bench<S> {
    /// Takes waivers back together.
    pub(crate) fn undo_all(&mut self, ids: &[JobId], now_ms: i64) -> Undone {
        let lens = lens();
        let undone = self.store.undo(ids, "waive", &lens, now_ms).unwrap();
        self.balance();
        undone
    }

    /// Takes a decision about one row back.
    pub(crate) fn undo(&mut self, id: JobId, decision: &str, now_ms: i64) -> Undone {
        let lens = lens();
        let undone = self.store.undo(&[id], decision, &lens, now_ms).unwrap();
        self.balance();
        undone
    }
}

/// Sees records as [`new_job`] does.
fn lens() -> Lens<'static> {
    Lens {
        identify: &identify,
        field: &|kind| kind.noun().to_owned(),
        sign_in: &|_| SignIn::May,
        differing: &|_, _| vec!["n".to_owned()],
        sign_in_by: &|_, _| SignIn::May,
    }
}

/// A record with a field `bad` has a problem of its own.
fn new_job(record_no: u64, raw: &str) -> NewJob {
    let problems = if raw.contains("bad") {
        vec![Problem::new("mail", Rule::Email, "not an e-mail address")]
    } else {
        Vec::new()
    };
    let omitted = omitted_of(raw)
        .iter()
        .map(|field| Omitted { field, problem: Problem::new(*field, Rule::Date, "not a date") });
    let omitted = omitted.collect();
    let raw = raw.as_bytes().to_vec();
    NewJob { record_no, line: Some(record_no), identifiers: identify(&raw), raw, problems, omitted }
}

/// What is left out of a record, by its field `n`.
fn omitted_of(raw: &str) -> &'static [&'static str] {
    if raw.contains("\"n\":1") {
        &["birthdate"]
    } else if raw.contains("\"n\":2") {
        &["birthdate", "gender"]
    } else {
        &[]
    }
}

/// External id, e-mail, phone and user name are the fields `x`, `e`, `p` and `u`.
pub(crate) fn identify(raw: &[u8]) -> Identifiers {
    let value: Value = serde_json::from_slice(raw).unwrap_or_default();
    let mut identifiers = Identifiers::default();
    let kinds = [
        ("x", IdKind::ExternalId),
        ("e", IdKind::Email),
        ("p", IdKind::Phone),
        ("u", IdKind::Username),
    ];
    for (field, kind) in kinds {
        if let Some(text) = value.get(field).and_then(Value::as_str) {
            identifiers.set(kind, text);
        }
    }
    identifiers
}
