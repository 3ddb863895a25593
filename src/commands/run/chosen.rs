//! The rows of `--key`: which of them are sent, and what is said of the others.

use crate::commands::jobs_of;
use crate::commands::place::shell_word;
use crate::error::{Error, Result};
use crate::job::{Detail, Status};
use crate::store::{JobId, JobRow, Table};
use crate::ui::Ui;
use std::collections::BTreeSet;

/// Rows that are named one by one, and ways that are.
const SHOWN: usize = 5;

/// A settled row, by the key that was typed for it.
struct Settled<'a> {
    key: &'a str,
    job: JobRow,
}

/// The rows of these keys that are still to be settled; none where no key is named.
pub(super) fn chosen(ui: Ui, table: &Table, keys: &[String]) -> Result<Option<BTreeSet<JobId>>> {
    if keys.is_empty() {
        return Ok(None);
    }
    let mut chosen = BTreeSet::new();
    let mut settled = Vec::new();
    for key in keys {
        for job in jobs_of(table, key)? {
            match job.status {
                Status::Pending | Status::Sending | Status::Unknown => {
                    chosen.insert(job.id);
                }
                Status::Done | Status::Failed | Status::Invalid => {
                    settled.push(Settled { key, job });
                }
            }
        }
    }
    if chosen.is_empty() {
        let message = format!("none of these rows is still to be sent: {}", named(&settled));
        return Err(Error::usage(message).hint(ways_back(&settled)));
    }
    if !settled.is_empty() {
        ui.note(&format!("Not sent again: {}", named(&settled)));
    }
    Ok(Some(chosen))
}

/// "7 (done/created), 9 (invalid)".
fn named(settled: &[Settled<'_>]) -> String {
    let one = |row: &Settled<'_>| {
        let key: String =
            row.key.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect();
        format!("{key} ({})", row.job.status_and_detail())
    };
    let mut rows: Vec<String> = settled.iter().take(SHOWN).map(one).collect();
    if settled.len() > SHOWN {
        rows.push(format!("and {} more", settled.len() - SHOWN));
    }
    rows.join(", ")
}

/// What sends each of these rows again, a line for each way.
fn ways_back(settled: &[Settled<'_>]) -> String {
    let mut ways: Vec<String> = Vec::new();
    for row in settled {
        let way = way_back(row);
        if ways.len() < SHOWN && !ways.contains(&way) {
            ways.push(way);
        }
    }
    ways.join("\n      ")
}

fn way_back(row: &Settled<'_>) -> String {
    let key = shell_word(row.key);
    match (row.job.status, row.job.detail) {
        (Status::Failed, _) => format!("userferry retry-failed --key {key} --run"),
        (Status::Invalid, _) => {
            "correct the record and stage it: userferry stage --replace SOURCE".to_owned()
        }
        (_, Some(Detail::Waived)) => format!("userferry waive --key {key} --undo, then run again"),
        _ => "a user who is done is never sent again: change the user at the provider".to_owned(),
    }
}
