//! What is said of an export: what was left out, what changed its form, which rows have no id.

use super::ExportFormat;
use super::list::Written;
use crate::error::Result;
use crate::store::{Reading as _, Table};
use crate::ui::Ui;
use crate::words::{agree, counted, grouped};

pub(super) fn left_out(n: u64, format: ExportFormat) -> String {
    let why = match format {
        ExportFormat::Csv => agree(
            n,
            "no row of CSV can hold it; --format jsonl writes it as it is",
            "no row of CSV can hold them; --format jsonl writes them as they are",
        ),
        ExportFormat::Json | ExportFormat::Jsonl => agree(
            n,
            "it is no valid JSON; --format jsonl writes it as it is",
            "they are no valid JSON; --format jsonl writes them as they are",
        ),
    };
    format!("{} left out, for {why}", counted(n, "record"))
}

/// In which form records are written that had another.
pub(super) fn tell_shape(ui: Ui, n: &Written, format: ExportFormat) {
    if format == ExportFormat::Csv {
        return tell_sheet(ui, n);
    }
    if n.no_objects > 0 {
        let row = ". A list in square brackets may be a row of CSV that did not fit its header";
        ui.warn(&format!(
            "{}, and no staging takes them so: each must become {{\"name of a field\": \"value\", …}}{}",
            no_objects(n.no_objects),
            if n.of_csv > 0 { row } else { "" }
        ));
    }
    if n.of_csv > 0 {
        let form = if format == ExportFormat::Json { "JSON" } else { "JSON Lines" };
        ui.note(&format!(
            "Rows of CSV are written as {form}, each an object with the names of the columns: correct them there, and \
             userferry stage --replace takes them. With --format csv, or in a file called .csv, they stay CSV"
        ));
    }
}

/// What a table of cells cannot say.
fn tell_sheet(ui: Ui, n: &Written) {
    if n.no_objects > 0 {
        ui.warn(&format!(
            "{} more or fewer cells than the header, and {} written as {}: give each column its cell",
            agree(n.no_objects, "1 row has", &format!("{} rows have", grouped(n.no_objects))),
            agree(n.no_objects, "is", "are"),
            agree(n.no_objects, "it is", "they are")
        ));
    }
    let of_json = n.entries.saturating_sub(n.of_csv);
    if of_json > 0 {
        ui.note(&format!(
            "{} of JSON written as CSV: numbers and truth values become text, and null an empty cell",
            counted(of_json, "record")
        ));
    }
    if n.nested > 0 {
        ui.warn(&format!(
            "{} lists or objects, which a mapping finds no more when they come back from CSV: --format jsonl keeps them",
            agree(n.nested, "1 record has", &format!("{} records have", grouped(n.nested)))
        ));
    }
}

fn no_objects(n: u64) -> String {
    let are = if n == 1 { "is no JSON object" } else { "are no JSON objects" };
    format!("{} written {are}", counted(n, "record"))
}

/// For the balance: the rows that a map of the ids leaves out.
pub(super) fn without_id(table: &Table, written: u64) -> Result<String> {
    Ok(match table.counts()?.total.saturating_sub(written) {
        0 => String::new(),
        1 => "; 1 row has none".to_owned(),
        n => format!("; {} have none", counted(n, "row")),
    })
}

/// A skipped row maps to a user who is not of this migration.
pub(super) fn tell_skipped(ui: Ui, n: u64) {
    if n > 0 {
        ui.note(&format!(
            "{} of a skipped row: a user who was there already, and whom nothing of the record changed",
            agree(n, "1 of these ids is that", &format!("{} of these ids are those", grouped(n)))
        ));
    }
}

/// Rows that a person called done: of their users the table knows no id.
pub(super) fn tell_done_without_id(ui: Ui, done: u64, written: u64) {
    let n = done.saturating_sub(written);
    if n > 0 {
        let are = if n == 1 { "is" } else { "are" };
        ui.note(&format!(
            "{} {are} done without an id there: waived, or settled without --user-id",
            counted(n, "row")
        ));
    }
}
