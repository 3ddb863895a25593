//! What to do with rows that were staged wrong as a whole: while nothing was sent, staging can begin anew.

use super::sources::source_name;
use crate::error::Result;
use crate::input::{Checkpoint, show_name};
use crate::store::{Reading, SourceRow, Table};
use crate::ui::Ui;

/// The files to delete, where nothing of the table was sent yet.
pub(super) fn files_to_delete(table: &Table) -> Result<Option<String>> {
    if table.has_attempts()? {
        return Ok(None);
    }
    let path = table.path().display();
    let all = ["", "-wal", "-shm"].map(|end| format!("{path}{end}"));
    let there: Vec<String> =
        all.into_iter().filter(|name| std::path::Path::new(name).exists()).collect();
    Ok(Some(there.join(" ")))
}

/// Warns where a source was staged before with other names of its columns, and rows of that staging are
/// still there: its records have other keys or other values by now, and may stand in the table twice.
pub(super) fn tell_other_columns(ui: Ui, table: &Table, rows: &[SourceRow]) -> Result<()> {
    let Some((now, before)) = rows.split_last() else { return Ok(()) };
    let Some(now) = names_of(now) else { return Ok(()) };
    for row in before {
        let Some(names) = names_of(row) else { continue };
        let is_given = names.1 || now.1;
        if !is_given || names.0 == now.0 || !table.has_records_of(row.id)? {
            continue;
        }
        let source = source_name(&row.path);
        // Names of a header may be anything; these were typed.
        let shown: Vec<String> = names.0.iter().map(|name| show_name(name.as_bytes())).collect();
        let shown = if names.1 { format!(" ({})", shown.join(",")) } else { String::new() };
        let way = match files_to_delete(table)? {
            Some(files) => {
                format!("Nothing was sent yet, so begin anew: rm {files}, then stage once")
            }
            None => format!(
                "Some rows were sent already: userferry export --map has the ids of their users, so that you can correct or \
                 delete them at the provider; stage {source} with the right names into another table \
                 (userferry --db another.db stage …), and run that one"
            ),
        };
        ui.warn(&format!(
            "{source} was staged before with other names of its columns{shown}, and rows of that staging are still in the \
             table. If those names were wrong, do not run: {way}"
        ));
        return Ok(());
    }
    Ok(())
}

/// The names of a source's columns, and whether they were typed.
fn names_of(row: &SourceRow) -> Option<(Vec<String>, bool)> {
    let checkpoint: Checkpoint = serde_json::from_str(&row.checkpoint).ok()?;
    let (_, names) = checkpoint.columns()?;
    Some((names.to_vec(), checkpoint.has_given_names()))
}
