//! Remap: maps and validates again what is not done yet, after a change of the mapping. In pages
//! that carry their own place, so that it can be cut off anywhere and go on.

use crate::clock;
use crate::error::{Error, Result};
use crate::failpoint;
use crate::mapping::Mapping;
use crate::password::guard::Guard;
use crate::stage;
use crate::store::sqlite::{Mapped, Table, ToMap};
use crate::target::schema::Schema;
use crate::user::Identifiers;
use crate::validate::{prepare, prepare_guarded};

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
    let text = serde_json::to_string(new)
        .map_err(|_| Error::internal("internal error: the mapping cannot be written"))?;
    if table.remap()?.is_none_or(|state| state.mapping != text) {
        table.begin_remap(&text)?;
    }
    let mut mapped = 0;
    while let Some(state) = table.remap()? {
        let rows = table.rows_to_map(&state, PAGE)?;
        if rows.is_empty() {
            table.end_remap(&state)?;
            break;
        }
        let rows: Vec<Mapped> =
            rows.into_iter().map(|row| map(row, old, new, schema, guard)).collect();
        table.write_remap(&state, &rows, clock::system_ms())?;
        failpoint::hit("staged");
        mapped += rows.len() as u64;
        progress(mapped);
    }
    stage::compare(table, new, schema)?;
    Ok(())
}

fn map(row: ToMap, old: &Mapping, new: &Mapping, schema: &Schema, guard: Guard) -> Mapped {
    if row.is_faulty {
        let identifiers = Identifiers::default();
        return Mapped { row, identifiers, problems: Vec::new(), same_identifiers: true };
    }
    let prepared = prepare_guarded(&row.raw, new, schema, guard);
    let before = prepare(&row.raw, old, schema).user.identifiers;
    Mapped {
        same_identifiers: before == prepared.user.identifiers,
        identifiers: prepared.user.identifiers,
        problems: prepared.problems,
        row,
    }
}
