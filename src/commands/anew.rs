//! What to do with rows that were staged wrong as a whole: while nothing was sent, staging can begin anew.

use super::sources::source_name;
use crate::error::Result;
use crate::input::{Checkpoint, show_name};
use crate::store::{Reading, SourceRow, Table, file};
use crate::ui::Ui;
use crate::words::shell_word;
use std::path::Path;

/// The command that deletes the table's files, where nothing of the table was sent yet.
pub(super) fn removal(table: &Table) -> Result<Option<String>> {
    Ok(if table.has_attempts()? { None } else { Some(removal_of(table.path())) })
}

/// In words that a shell takes as they are meant, however the files are called.
fn removal_of(table: &Path) -> String {
    let all = ["", "-wal", "-shm"].map(|end| file::beside(table, end));
    let there = all.iter().filter(|path| path.exists());
    let words: Vec<String> = there.map(|path| shell_word(&path.display().to_string())).collect();
    format!("rm {}", words.join(" "))
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
        let way = match removal(table)? {
            Some(removal) => {
                format!("nothing was sent yet, so begin anew: {removal}, then stage once")
            }
            None => format!(
                "some rows were sent already: userferry export --map has the ids of their users, so that you can correct or \
                 delete them at the provider; stage {source} with the right names into another table \
                 (userferry --db another.db stage …), and run that one"
            ),
        };
        ui.warn(&format!(
            "{source} was staged before with other names of its columns{shown}, and rows of that staging are still in the \
             table. If those names were wrong, do not run; {way}"
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

#[cfg(test)]
mod tests {
    use super::*;

    /// What is pasted is what a shell runs, so a shell is asked.
    #[test]
    fn a_shell_deletes_the_tables_files_and_no_others() {
        let folder = tempfile::tempdir().unwrap();
        let own = ["it's the job.db", "it's the job.db-wal"];
        let others = ["its", "it", "the", "job.db", "job.db-wal"];
        for name in own.iter().chain(&others) {
            std::fs::write(folder.path().join(name), "").unwrap();
        }
        let command = removal_of(&folder.path().join(own[0]));
        let status = std::process::Command::new("sh")
            .args(["-c", &command])
            .current_dir(folder.path())
            .status()
            .unwrap();
        assert!(status.success(), "{command}");
        assert!(own.iter().all(|name| !folder.path().join(name).exists()), "{command}");
        assert!(others.iter().all(|name| folder.path().join(name).exists()), "{command}");
    }
}
