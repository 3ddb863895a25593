//! Staging and a run told over and over on one disk, and what its teller was told is committed.

use super::disk::Disk;
use crate::store::bench::{Sent, identify};
use std::collections::BTreeMap;
use std::path::Path;
use userferry::job::Status;
use userferry::store::{
    Batch, JobId, NewJob, NewRun, Reading, Running, Staging, StoreError, Table, Tick,
    sqlite::OpenOptions,
};

/// Users in the export.
const USERS: u64 = 40;
/// Records in one transaction.
const BATCH: u64 = 8;
/// Jobs claimed at once.
const WIDTH: usize = 5;

/// Why a life of the story ended early.
#[derive(Debug)]
pub(crate) enum Violation {
    /// The store said so: nothing is wrong with that if the disk failed.
    Store(StoreError),
    /// A promise is broken.
    Broken(String),
}

impl From<StoreError> for Violation {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

fn broken<T>(what: String) -> Result<T, Violation> {
    Err(Violation::Broken(what))
}

/// What was sent of one user, and what of it was reported as recorded.
#[derive(Clone, Copy, Default)]
struct Known {
    sends: u32,
    attempts: u32,
    done: bool,
}

pub(crate) struct Story {
    options: OpenOptions,
    rng: fastrand::Rng,
    staged: u64,
    known: BTreeMap<String, Known>,
}

impl Story {
    pub(crate) fn new(disk: &Disk, synchronous: &'static str, seed: u64) -> Self {
        let options = OpenOptions { synchronous, vfs: Some(disk.vfs()), exclusive: true };
        Self { options, rng: fastrand::Rng::with_seed(seed), staged: 0, known: BTreeMap::new() }
    }

    /// One life: opens the table, checks it, and goes on until all is done or the disk fails.
    pub(crate) fn live(&mut self) -> Result<(), Violation> {
        let mut table = Table::open_with(Path::new("/table.db"), &self.options)?;
        self.check(&mut table)?;
        let new =
            NewRun { machine: "here".to_owned(), pid: 1, settings: "{}".to_owned(), now_ms: 1 };
        let run = table.begin_run(&new)?;
        for doubt in table.doubts(JobId(0), 1_000)? {
            let outcome = Sent::throttled(0).by_lookup().of(&doubt);
            self.tick(&mut table, run, &[(key(&doubt.raw), outcome)], 0)?;
        }
        loop {
            let finished = self.stage(&mut table)?;
            let claims = self.tick(&mut table, run, &[], WIDTH)?;
            if claims.is_empty() && finished {
                break;
            }
            let outcomes: Vec<_> = claims
                .iter()
                .map(|claim| {
                    let sent = match self.rng.u8(0..4) {
                        0 => Sent::throttled(0),
                        _ => Sent::created(),
                    };
                    (key(&claim.raw), sent.of(claim))
                })
                .collect();
            self.tick(&mut table, run, &outcomes, 0)?;
        }
        self.check(&mut table)?;
        let counts = table.counts()?;
        if (counts.total, counts.done) != (USERS, USERS) {
            return broken(format!("not all are done: {counts:?}"));
        }
        Ok(())
    }

    /// Stages the next records; `true` when there are no more.
    fn stage(&mut self, table: &mut Table) -> Result<bool, Violation> {
        let known = table.source("/users.json")?;
        let (source, read) = match known.first() {
            Some(row) if row.finished => return Ok(true),
            Some(row) => (row.id, row.counts.records),
            None => (table.begin_source("/users.json", None, 1)?, 0),
        };
        let upto = (read + BATCH).min(USERS);
        let jobs = (read + 1..=upto).map(user).collect();
        let batch = Batch {
            source,
            jobs,
            checkpoint: upto.to_string(),
            fingerprint: String::new(),
            finished: upto == USERS,
            replace: false,
            now_ms: 1,
        };
        table.stage(&batch)?;
        self.staged = upto;
        Ok(false)
    }

    /// One transaction of the run; what it returns is remembered.
    fn tick(
        &mut self,
        table: &mut Table,
        run: userferry::store::RunId,
        outcomes: &[(String, userferry::store::Record)],
        claim: usize,
    ) -> Result<Vec<userferry::store::Claim>, Violation> {
        let records: Vec<_> = outcomes.iter().map(|(_, record)| record.clone()).collect();
        let ticked = table.tick(&Tick {
            run,
            now_ms: 1,
            target_now_ms: Some(1),
            records: &records,
            take_back: &[],
            claim,
            claim_bytes: usize::MAX,
            only: None,
            rate_per_s: 0.0,
        })?;
        if ticked.fenced > 0 {
            return broken("an outcome of a job in hand was dropped".to_owned());
        }
        for (key, record) in outcomes {
            let known = self.known.entry(key.clone()).or_default();
            if record.attempt.is_some() {
                known.attempts = record.sends;
            }
            known.done |= record.transition.status == Status::Done;
        }
        for claim in &ticked.claims {
            let known = self.known.entry(key(&claim.raw)).or_default();
            // From now on it may be sent.
            if known.done || claim.sends <= known.sends {
                return broken(format!("{} is sent again as {}", key(&claim.raw), claim.sends));
            }
            known.sends = claim.sends;
        }
        Ok(ticked.claims)
    }

    /// Everything that was reported as committed is there.
    fn check(&self, table: &mut Table) -> Result<(), Violation> {
        let integrity = table.integrity()?;
        if integrity != "ok" {
            return broken(format!("the file is damaged: {integrity}"));
        }
        let (kept, counted) = table.audit()?;
        if kept != counted {
            return broken("the tally is not what there is".to_owned());
        }
        let read = table.source("/users.json")?.first().map_or(0, |row| row.counts.records);
        if read < self.staged || table.counts()?.total != read {
            return broken(format!("{} records were staged, {read} are there", self.staged));
        }
        for (key, known) in &self.known {
            let rows = table.jobs_by_key(key)?;
            let [row] = rows.as_slice() else {
                return broken(format!("{key} has {} rows", rows.len()));
            };
            if row.sends < known.sends {
                return broken(format!("the claim {} of {key} is lost", known.sends));
            }
            if known.done && row.status != Status::Done {
                return broken(format!("{key} was done and is {}", row.status));
            }
            let attempts = table.attempts(row.id)?;
            if known.attempts > 0 && !attempts.iter().any(|attempt| attempt.n == known.attempts) {
                return broken(format!("the attempt {} of {key} is lost", known.attempts));
            }
            // A claim without an attempt is one that a crash cut off.
            let pending = row.status == Status::Pending && known.sends == row.sends;
            if pending && !attempts.iter().any(|attempt| attempt.n == row.sends) {
                return broken(format!("the send {} of {key} is forgotten", row.sends));
            }
        }
        Ok(())
    }
}

fn user(no: u64) -> NewJob {
    let raw = format!(r#"{{"x":"{no}","e":"u{no}@example.com","fill":"{:300}"}}"#, "").into_bytes();
    NewJob {
        record_no: no,
        line: None,
        identifiers: identify(&raw),
        raw,
        problems: Vec::new(),
        omitted: Vec::new(),
    }
}

fn key(raw: &[u8]) -> String {
    identify(raw).external_id.unwrap_or_default()
}
