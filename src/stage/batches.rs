//! The records of a source in batches: read and mapped on this thread, while the batch before is
//! written on another.

use super::{Settings, Staged};
use crate::clock;
use crate::error::{Error, Result};
use crate::failpoint;
use crate::input::{Checkpoint, Reader, Record};
use crate::password::detect;
use crate::password::guard::Watch;
use crate::prepare::{self, Warning};
use crate::store::{Batch, NewJob, SourceId, StageCounts, Staging};
use crate::user::Identifiers;
use secrecy::ExposeSecret as _;
use std::panic::resume_unwind;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

/// Records in one transaction, at most.
const RECORDS: usize = 5_000;
/// Bytes of records in one transaction, about.
pub(super) const BYTES: usize = 8 << 20;
/// Batches that wait for the writer. With the one that is read and the one that is written, this is
/// the memory that staging takes.
const WAITING: usize = 1;

/// Writes what `read` hands over, on a thread of its own, in the order in which it comes. An error of
/// the table ends both.
pub(super) fn written_behind<S: Staging>(
    store: &mut S,
    read: impl FnOnce(SyncSender<Batch>) -> Result<()>,
) -> Result<StageCounts> {
    let (batches, arriving) = sync_channel(WAITING);
    thread::scope(|scope| {
        let writer = thread::Builder::new()
            .name("writer".to_owned())
            .spawn_scoped(scope, move || write(store, &arriving))
            .map_err(|error| Error::internal(format!("no thread to write on: {error}")))?;
        let read = read(batches);
        let counts = writer.join().unwrap_or_else(|panic| resume_unwind(panic))?;
        read.map(|()| counts)
    })
}

fn write<S: Staging>(store: &mut S, arriving: &Receiver<Batch>) -> Result<StageCounts> {
    let mut counts = StageCounts::default();
    for batch in arriving {
        counts += store.stage(&batch)?;
        failpoint::hit("staged");
    }
    Ok(counts)
}

/// Makes the batches of a source.
pub(super) struct Batcher<'a> {
    pub(super) settings: &'a Settings<'a>,
    pub(super) id: SourceId,
    pub(super) watch: Watch,
    pub(super) staged: Staged,
    jobs: Vec<NewJob>,
    bytes: usize,
}

impl<'a> Batcher<'a> {
    pub(super) fn new(
        settings: &'a Settings<'a>,
        id: SourceId,
        watch: Watch,
        staged: Staged,
    ) -> Self {
        Self { settings, id, watch, staged, jobs: Vec::new(), bytes: 0 }
    }

    /// Hands over the records that were read already, and then the rest. Ends early where nobody
    /// takes them any more: the writer says why.
    pub(super) fn read(
        &mut self,
        head: Vec<Record>,
        reader: &mut Reader,
        batches: &SyncSender<Batch>,
        progress: super::OnProgress<'_>,
    ) -> Result<()> {
        let mut head = head.into_iter();
        let mut records = self.staged.counts.records;
        loop {
            match head.next().map_or_else(|| reader.next_record(), |record| Ok(Some(record))) {
                Ok(Some(record)) => {
                    self.add(record);
                    if self.jobs.len() < RECORDS && self.bytes < BYTES {
                        continue;
                    }
                    records += self.jobs.len() as u64;
                    if batches.send(self.batch(&reader.checkpoint(), false)?).is_err() {
                        return Ok(());
                    }
                    progress(reader.bytes_read(), reader.bytes_total(), records);
                }
                end => {
                    let finished = end.is_ok();
                    self.staged.broken = end.err().map(Error::from);
                    // Nobody who takes it says why.
                    drop(batches.send(self.batch(&reader.checkpoint(), finished)?));
                    return Ok(());
                }
            }
        }
    }

    fn add(&mut self, record: Record) {
        self.bytes += record.raw.len();
        let new = if let Some(fault) = record.fault {
            NewJob {
                record_no: record.no,
                line: record.line,
                raw: record.raw,
                identifiers: Identifiers::default(),
                problems: vec![fault],
                omitted: Vec::new(),
            }
        } else {
            let Settings { mapping, schema, .. } = *self.settings;
            let (raw, no) = (&record.raw, record.no);
            let prepared = prepare::inspect_guarded(raw, no, mapping, schema, &mut self.watch);
            if let (true, Some(password)) = (self.settings.guard.accepted, &prepared.user.password)
            {
                let scheme = self.watch.named(detect(password.expose_secret()));
                self.staged.accepted += u64::from(self.watch.is_accepted(scheme));
            }
            self.staged.found.note(&prepared.user);
            let has = |warning| u64::from(prepared.warnings.contains(&warning));
            self.staged.long_passwords += has(Warning::LongPassword);
            self.staged.shortenable += has(Warning::Shortenable);
            NewJob {
                record_no: record.no,
                line: record.line,
                raw: record.raw,
                identifiers: prepared.user.identifiers,
                problems: prepared.problems,
                omitted: prepared.omitted,
            }
        };
        self.staged.keyless += u64::from(new.identifiers.key().is_none());
        self.jobs.push(new);
    }

    fn batch(&mut self, checkpoint: &Checkpoint, finished: bool) -> Result<Batch> {
        self.bytes = 0;
        let next = Vec::with_capacity(self.jobs.len());
        Ok(Batch {
            jobs: std::mem::replace(&mut self.jobs, next),
            finished,
            replace: self.settings.replace,
            ..empty(self.id, checkpoint)?
        })
    }
}

/// A batch that has nothing but its checkpoint.
pub(super) fn empty(source: SourceId, checkpoint: &Checkpoint) -> Result<Batch> {
    Ok(Batch {
        source,
        jobs: Vec::new(),
        checkpoint: serde_json::to_string(checkpoint)
            .map_err(|_| Error::internal("internal error: a checkpoint cannot be written"))?,
        fingerprint: checkpoint.fingerprint.clone(),
        finished: false,
        replace: false,
        now_ms: clock::system_ms(),
    })
}
