//! The rows of `--key`: which of them a command takes, and what is said of the others.

use super::sources::source_name;
use super::unmask::Unmasked;
use super::{schema_of, staged_mapping};
use crate::error::{Error, Result};
use crate::job::{Detail, Status};
use crate::mapping::Mapping;
use crate::prepare;
use crate::schema::Schema;
use crate::store::{JobId, JobRow, Table};
use crate::ui::Ui;
use crate::words::shell_word;
use std::collections::BTreeSet;

/// Rows that are named one by one, and ways that are.
const SHOWN: usize = 5;

/// The rows that keys name.
pub(super) struct Named {
    /// Those that the command takes.
    pub(super) taken: BTreeSet<JobId>,
    others: Vec<Other>,
}

/// A row that the command does not take.
struct Other {
    job: JobRow,
    /// Its key as it is shown.
    shown: String,
    /// What names it on a command line.
    key: String,
}

impl Named {
    /// The rows that `find` finds by these keys; the command takes those of which it says so.
    pub(super) fn of(
        table: &Table,
        keys: &[String],
        find: fn(&Table, &str) -> Result<Vec<JobRow>>,
        takes: fn(Status) -> bool,
    ) -> Result<Self> {
        let mapping = staged_mapping(table)?.unwrap_or_else(Mapping::reference);
        let schema = schema_of(table)?;
        let (mut taken, mut others) = (BTreeSet::new(), Vec::<Other>::new());
        for typed in keys {
            for job in find(table, typed)? {
                if takes(job.status) {
                    taken.insert(job.id);
                } else if others.iter().all(|other| other.job.id != job.id) {
                    others.push(Other::new(job, typed, (&mapping, schema))?);
                }
            }
        }
        Ok(Self { taken, others })
    }

    /// Why the command does nothing, and what can be done instead, where it takes none of them.
    pub(super) fn refuse_if_none(&self, why: &str) -> Result<()> {
        if !self.taken.is_empty() {
            return Ok(());
        }
        let all: Vec<&Other> = self.others.iter().collect();
        Err(Error::usage(format!("{why}: {}", listed(&all))).hint(self.ways()))
    }

    /// Names the rows that the command does not take, behind what `words` says of each.
    pub(super) fn tell_others(&self, ui: Ui, words: fn(&JobRow) -> &'static str) {
        let mut told: Vec<&str> = self.others.iter().map(|other| words(&other.job)).collect();
        told.sort_unstable();
        told.dedup();
        for word in told {
            let rows = self.others.iter().filter(|other| words(&other.job) == word);
            ui.note(&format!("{word}: {}", listed(&rows.collect::<Vec<_>>())));
        }
    }

    /// What can be done about the rows that the command does not take, a line for each way.
    fn ways(&self) -> String {
        let mut ways: Vec<String> = Vec::new();
        for other in &self.others {
            let way = other.way();
            if ways.len() < SHOWN && !ways.contains(&way) {
                ways.push(way);
            }
        }
        ways.join("\n      ")
    }
}

impl Other {
    fn new(
        job: JobRow,
        typed: &str,
        (mapping, schema): (&Mapping, &'static Schema),
    ) -> Result<Self> {
        let user = prepare::inspect(&job.raw, mapping, schema).user;
        let unmasked = Unmasked::new(&[], mapping, schema)?;
        let shown = job.key.as_deref().map(|key| unmasked.key(key, &user, Some(typed), schema));
        // A key that is masked names nothing: what was typed does.
        let key = job.key.clone().filter(|key| shown.as_ref() == Some(key));
        let key = key.unwrap_or_else(|| typed.to_owned());
        Ok(Self { shown: shown.unwrap_or_else(|| "-".to_owned()), key, job })
    }

    /// `7 (users.jsonl, record 7, done/created)`.
    fn told(&self) -> String {
        let Self { job, shown, .. } = self;
        let place = format!("{}, record {}", source_name(&job.source), job.record_no);
        format!("{shown} ({place}, {})", job.status_and_detail())
    }

    fn way(&self) -> String {
        let key = shell_word(&self.key);
        match (self.job.status, self.job.detail) {
            (Status::Pending, _) => format!("userferry run --key {key}"),
            (Status::Sending | Status::Unknown, _) => {
                "userferry run looks for users in doubt; userferry settle decides where it cannot"
                    .to_owned()
            }
            (Status::Failed, _) => format!("userferry retry-failed --key {key} --run"),
            (Status::Invalid, _) => {
                "correct the record and stage it: userferry stage --replace SOURCE".to_owned()
            }
            (Status::Done, Some(Detail::Waived)) => {
                format!("userferry waive --key {key} --undo, then run again")
            }
            (Status::Done, _) => {
                "a user who is done is never sent again: change the user at the provider".to_owned()
            }
        }
    }
}

fn listed(rows: &[&Other]) -> String {
    let mut listed: Vec<String> = rows.iter().take(SHOWN).map(|row| row.told()).collect();
    if rows.len() > SHOWN {
        listed.push(format!("and {} more", rows.len() - SHOWN));
    }
    listed.join(", ")
}
