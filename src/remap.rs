//! Remap: maps and validates again what is not done yet, after a change of the mapping. In pages
//! that carry their own place, so that it can be cut off anywhere and go on.

// A new status or outcome must be met wherever one is told from another.
#![warn(clippy::wildcard_enum_match_arm)]

use crate::clock;
use crate::error::{Error, Result};
use crate::failpoint;
use crate::job::Status;
use crate::mapping::Mapping;
use crate::password::guard::{Guard, JUDGED, Watch};
use crate::prepare::{inspect, inspect_guarded};
use crate::schema::Schema;
use crate::stage;
use crate::store::{Mapped, Remap, Staging, Table, ToMap};
use crate::user::Identifiers;
use secrecy::ExposeSecret as _;

/// Rows in one transaction.
const PAGE: u32 = 2_000;

/// Maps all rows by `new` instead of `old`, and compares them with each other. Goes on where an
/// earlier call to the same mapping was cut off. `progress` is told how many rows are mapped.
pub fn remap(
    table: &mut Table,
    old: &Mapping,
    new: &Mapping,
    schema: &Schema,
    guard: Guard,
    progress: &mut dyn FnMut(u64),
) -> Result<()> {
    let text = serde_json::to_string(new).ok().zip(serde_json::to_string(&guard).ok());
    let (mapping, passwords) =
        text.ok_or_else(|| Error::internal("internal error: the mapping cannot be written"))?;
    let mut watch = judged(table, new, schema, guard)?;
    let begun = Remap { mapping, guard: passwords, accepted: guard.accepted, after: 0 };
    if table.remap()?.is_none_or(|state| Remap { after: 0, ..state } != begun) {
        table.begin_remap(&begun)?;
    }
    let mut mapped = 0;
    while let Some(state) = table.remap()? {
        let rows = table.rows_to_map(&state, PAGE)?;
        if rows.is_empty() {
            let sign_in_changed = stage::is_another_sign_in(old, new, schema);
            table.end_remap(&state, sign_in_changed, clock::system_ms())?;
            break;
        }
        let rows: Vec<Mapped> =
            rows.into_iter().map(|row| map(row, old, new, schema, &mut watch)).collect();
        table.write_remap(&state, &rows, clock::system_ms())?;
        failpoint::hit("staged");
        mapped += rows.len() as u64;
        progress(mapped);
    }
    stage::compare(table, new, schema)?;
    Ok(())
}

/// The first passwords of what is not done, which must be what the guard says, as when they were
/// staged.
fn judged(table: &Table, mapping: &Mapping, schema: &Schema, guard: Guard) -> Result<Watch> {
    let (mut watch, mut seen) = (Watch::new(guard), 0);
    let (mapping_of, guard_of) = (String::new(), String::new());
    let mut state = Remap { mapping: mapping_of, guard: guard_of, accepted: false, after: 0 };
    while seen < JUDGED {
        let rows = table.rows_to_map(&state, PAGE)?;
        let Some(last) = rows.last() else { break };
        state.after = last.id;
        for row in rows.iter().filter(|row| row.status != Status::Done && !row.is_faulty) {
            if let Some(password) = inspect(&row.raw, mapping, schema).user.password {
                watch.see(password.expose_secret(), row.record_no);
                seen += 1;
            }
        }
    }
    match watch.mistake() {
        Some((what, hint)) => Err(Error::usage(format!("by this mapping {what}")).hint(hint)),
        None => Ok(watch),
    }
}

fn map(row: ToMap, old: &Mapping, new: &Mapping, schema: &Schema, watch: &mut Watch) -> Mapped {
    if row.is_faulty {
        return Mapped {
            row,
            identifiers: Identifiers::default(),
            problems: Vec::new(),
            omitted: Vec::new(),
            same_identifiers: true,
        };
    }
    let prepared = inspect_guarded(&row.raw, row.record_no, new, schema, watch);
    let before = inspect(&row.raw, old, schema).user.identifiers;
    Mapped {
        same_identifiers: before == prepared.user.identifiers,
        identifiers: prepared.user.identifiers,
        problems: prepared.problems,
        omitted: prepared.omitted,
        row,
    }
}
