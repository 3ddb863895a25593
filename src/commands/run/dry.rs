//! The dry run: shows what would be sent.

use super::binding::{bind, mapping_for};
use crate::commands::sending::Sending;
use crate::commands::{same_guard, same_provider};
use crate::config;
use crate::error::{Exit, Result};
use crate::job;
use crate::store::{JobId, Reading, Staging, Table};
use crate::ui::Ui;
use crate::words::{counted, grouped};
use crate::{prepare, redact};
use std::collections::BTreeSet;

/// Rows that a dry run shows where no limit says otherwise.
const DRY_ROWS: u64 = 3;

/// Shows what would be sent. Opens the table for reading only, so that nothing can change.
pub(super) fn dry_run(
    ui: Ui,
    args: &Sending,
    settings: &config::Settings,
    mut table: Table,
    only: Option<BTreeSet<JobId>>,
) -> Result<Exit> {
    same_provider(&table, settings)?;
    let mapping = mapping_for(settings, &table)?;
    same_guard(&table, &settings.target)?;
    if !table.is_compared()? {
        ui.warn("a staging was cut off before its rows were compared: some of these may be duplicates, which a run finds first");
    }
    bind(&table, settings)?;
    super::tell_target(ui, &settings.target);
    let limit = u32::try_from(args.limit.unwrap_or(DRY_ROWS)).unwrap_or(u32::MAX);
    let (rows, pending) = match only {
        None => {
            let counts = table.counts()?;
            let rows = table.records(job::Status::Pending, JobId(0), limit)?;
            (rows, args.limit.unwrap_or(u64::MAX).min(counts.pending))
        }
        Some(only) => {
            let mut rows = Vec::new();
            for job in only {
                rows.extend(table.pending_record(job)?.map(|raw| (job, raw)));
            }
            let n = rows.len() as u64;
            (rows, n)
        }
    };
    let shown = rows.len() as u64;
    for (_, raw) in rows {
        let prepared = prepare::prepare(&raw, &mapping, settings.target.schema());
        ui.out(&format!("{}\n", redact::masked(&prepared.user, settings.target.schema())))?;
    }
    let first = match shown {
        _ if pending <= shown => String::new(),
        1 => ", of which this is the first".to_owned(),
        _ => format!(", of which these are the first {}", grouped(shown)),
    };
    ui.note(&format!("{} would be sent{first}; nothing was", counted(pending, "row")));
    Ok(Exit::Done)
}
