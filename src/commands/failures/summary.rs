//! `failures --summary`: each reason once, with its count and one row as an example.

use super::{FailureFormat, Names, csv_line, why};
use crate::error::{Error, Result};
use crate::job::Status;
use crate::redact;
use crate::store::{JobId, Reading, Reason, Table};
use crate::ui::Ui;
use crate::words::grouped;
use serde::Serialize;
use std::collections::BTreeMap;

/// Rows in one read transaction.
const PAGE: u32 = 10_000;

/// A reason, how many rows it concerns, and the first of them.
#[derive(Serialize)]
struct Group {
    #[serde(flatten)]
    reason: Reason,
    rows: u64,
    example: Example,
}

/// One row, with nothing that tells who it is.
#[derive(Serialize)]
struct Example {
    source: String,
    record: u64,
    /// First character and length.
    key: Option<String>,
    message: String,
}

pub(super) fn print(ui: Ui, table: &Table, which: &[Status], format: FailureFormat) -> Result<()> {
    let groups = groups(table, which)?;
    let json = |group: &Group| {
        serde_json::to_string(group)
            .map_err(|_| Error::internal("internal error: a summary is no JSON"))
    };
    match format {
        FailureFormat::Table => as_table(ui, &groups, which, &Names::of(table.source_paths()?)),
        FailureFormat::Json => {
            let lines: Vec<String> = groups.iter().map(json).collect::<Result<_>>()?;
            let end = if lines.is_empty() { "" } else { "\n" };
            ui.out(&format!("[{end}{}{end}]\n", lines.join(",\n")))
        }
        FailureFormat::Jsonl => {
            groups.iter().try_for_each(|group| ui.out(&format!("{}\n", json(group)?)))
        }
        FailureFormat::Csv => {
            let header = [
                "rows", "status", "detail", "code", "field", "rule", "source", "record", "key",
                "message",
            ];
            ui.out(&csv_line(&header.map(str::to_owned))?)?;
            groups.iter().try_for_each(|group| ui.out(&csv_line(&cells(group))?))
        }
    }
}

/// The reasons, the most frequent first. There are as many as there are codes, fields and rules, however
/// many rows: what differs from row to row stands in the example alone.
fn groups(table: &Table, which: &[Status]) -> Result<Vec<Group>> {
    let mut counts: BTreeMap<Reason, (u64, JobId)> = BTreeMap::new();
    let mut after = JobId(0);
    loop {
        let page = table.reasons(which, after, PAGE)?;
        let Some(last) = page.last() else { break };
        after = last.id;
        for row in page {
            counts.entry(row.reason).or_insert((0, row.id)).0 += 1;
        }
    }
    let mut groups = Vec::new();
    for (reason, (rows, first)) in counts {
        let Some(row) = table.failure(which, first)? else { continue };
        let of_field = row.problems.iter().find(|problem| {
            Some(&problem.field) == reason.field.as_ref()
                && Some(&problem.rule) == reason.rule.as_ref()
        });
        let message = of_field.map_or_else(|| why(&row), |problem| problem.message.clone());
        let key = row.key.as_deref().map(redact::masked_key);
        let example = Example { source: row.source, record: row.record, key, message };
        groups.push(Group { reason, rows, example });
    }
    groups.sort_by(|a, b| b.rows.cmp(&a.rows).then_with(|| a.reason.cmp(&b.reason)));
    Ok(groups)
}

fn as_table(ui: Ui, groups: &[Group], which: &[Status], names: &Names) -> Result<()> {
    if groups.is_empty() {
        ui.note(&format!("No row is {}", super::words(which)));
        return Ok(());
    }
    let rows: Vec<Vec<String>> = groups.iter().map(|group| line(group, names)).collect();
    ui.table(&["ROWS", "STATUS", "CODE", "FIELD", "EXAMPLE", "WHY"], &rows)
}

fn line(group: &Group, names: &Names) -> Vec<String> {
    let Group { reason, rows, example } = group;
    let dash = |text: Option<&str>| text.filter(|t| !t.is_empty()).unwrap_or("-").to_owned();
    let key = example.key.as_ref().map_or_else(String::new, |key| format!(" ({key})"));
    vec![
        grouped(*rows),
        reason.status.with(reason.detail),
        dash(reason.code.as_deref().or(reason.rule.as_deref())),
        dash(reason.field.as_deref()),
        format!("{}, record {}{key}", names.short(&example.source), example.record),
        names.short(&example.message),
    ]
}

fn cells(group: &Group) -> [String; 10] {
    let Group { reason, rows, example } = group;
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    [
        rows.to_string(),
        reason.status.to_string(),
        reason.detail.map(|detail| detail.to_string()).unwrap_or_default(),
        text(&reason.code),
        text(&reason.field),
        text(&reason.rule),
        example.source.clone(),
        example.record.to_string(),
        text(&example.key),
        example.message.clone(),
    ]
}
