//! `failures --newer`: users who are done, of whom newer records say something else.

use super::{FailureFormat, Keys, Names, PAGE, csv_line, json_array};
use crate::error::{Error, Result};
use crate::job::Newer;
use crate::store::{JobId, NewerRow, Reading, Table};
use crate::ui::Ui;

/// All, or those of whom the newer record says this.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct What(Option<Newer>);

/// Reads the value of `--newer`.
pub(super) fn what(text: &str) -> std::result::Result<What, String> {
    if text == "all" {
        return Ok(What(None));
    }
    let words = || Newer::ALL.iter().map(|what| what.as_str()).collect::<Vec<_>>().join(", ");
    let found = Newer::ALL.iter().copied().find(|what| what.as_str() == text);
    found
        .map(|what| What(Some(what)))
        .ok_or_else(|| format!("one of {} is expected, or all", words()))
}

pub(super) fn print(
    ui: Ui,
    table: &Table,
    keys: &Keys<'_>,
    format: FailureFormat,
    What(what): What,
) -> Result<()> {
    let each = |work: &mut dyn FnMut(&NewerRow) -> Result<()>| each(table, what, work);
    match format {
        FailureFormat::Table => as_table(ui, table, keys, what),
        FailureFormat::Json => json_array(ui, |element| each(&mut |row| element(&json(row)?))),
        FailureFormat::Jsonl => each(&mut |row| ui.out(&format!("{}\n", json(row)?))),
        FailureFormat::Csv => {
            let header = ["source", "record", "key", "detail", "newer", "fields"];
            ui.out(&csv_line(&header.map(str::to_owned))?)?;
            each(&mut |row| ui.out(&csv_line(&cells(row))?))
        }
    }
}

fn each(
    table: &Table,
    what: Option<Newer>,
    mut work: impl FnMut(&NewerRow) -> Result<()>,
) -> Result<()> {
    let mut after = JobId(0);
    loop {
        let page = table.newer(None, what, after, PAGE)?;
        for row in &page {
            work(row)?;
        }
        match page.last() {
            Some(last) if page.len() == PAGE as usize => after = last.id,
            _ => return Ok(()),
        }
    }
}

fn as_table(ui: Ui, table: &Table, keys: &Keys<'_>, what: Option<Newer>) -> Result<()> {
    const HEADER: [&str; 6] = ["SOURCE", "RECORD", "KEY", "DONE", "NEWER", "FIELDS"];
    let (mut rows, mut any) = (Vec::new(), false);
    let names = Names::of(table.source_paths()?);
    each(table, what, |row| {
        any = true;
        let [_, record, _, detail, newer, _] = cells(row);
        let key = keys.shown(table, row.id, row.key.as_deref())?;
        rows.push(vec![
            names.short(&row.source),
            record,
            key,
            detail,
            newer,
            row.fields.join(", "),
        ]);
        if rows.len() == PAGE as usize {
            ui.table(&HEADER, &rows)?;
            rows.clear();
        }
        Ok(())
    })?;
    if !any {
        ui.note("No newer record says something else of a user who is done");
    } else if !rows.is_empty() {
        ui.table(&HEADER, &rows)?;
    }
    Ok(())
}

fn json(row: &NewerRow) -> Result<String> {
    serde_json::to_string(row).map_err(|_| Error::internal("internal error: a row is no JSON"))
}

fn cells(row: &NewerRow) -> [String; 6] {
    [
        row.source.clone(),
        row.record.to_string(),
        row.key.clone().unwrap_or_default(),
        row.detail.map(|detail| detail.to_string()).unwrap_or_default(),
        row.newer.to_string(),
        row.fields.join(" "),
    ]
}
