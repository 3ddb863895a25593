//! `show`: one user, whole.

use super::{jobs_of, open_reader, place, staged_mapping};
use crate::cli::{Global, Show};
use crate::clock;
use crate::config::TargetKind;
use crate::error::{Exit, Result};
use crate::job::Status;
use crate::mapping::Mapping;
use crate::store::sqlite::{JobRow, Table};
use crate::ui::{Ui, table};
use crate::{redact, validate};

pub(super) fn run(global: &Global, ui: Ui, args: &Show) -> Result<Exit> {
    let table = open_reader(global)?;
    let jobs = match &args.key {
        Some(key) => jobs_of(&table, key)?,
        None => place::jobs_at(&table, &args.place)?,
    };
    let mapping = staged_mapping(&table)?.unwrap_or_else(Mapping::reference);
    let mut texts = Vec::new();
    for job in &jobs {
        texts.push(describe(&table, job, &mapping)?);
    }
    ui.out(&texts.join("\n"))?;
    Ok(Exit::Done)
}

fn describe(table: &Table, job: &JobRow, mapping: &Mapping) -> Result<String> {
    let mut text = String::new();
    let mut line = |name: &str, value: &str| {
        text.push_str(&format!("{name:<10} {value}\n"));
    };
    line("key", job.key.as_deref().unwrap_or("-"));
    line("status", &job.status_and_detail());
    if let Some(code) = &job.code {
        line("code", code);
    }
    if let Some(reason) = &job.reason {
        line("why", reason);
    }
    if let Some(id) = &job.remote_id {
        let evidence = job.evidence.as_deref().map_or_else(String::new, |e| format!("  (by {e})"));
        line("id there", &format!("{id}{evidence}"));
    }
    let place = job.line.map_or_else(String::new, |line| format!(", line {line}"));
    line("source", &format!("{}, record {}{place}", job.source, job.record_no));
    line("updated", &clock::iso(job.updated_at_ms));
    let prepared = validate::prepare(&job.raw, mapping, TargetKind::AuthingV2.schema());
    let masked = redact::masked(&prepared.user);
    match job.status {
        // What was sent is not kept, and the mapping may have changed since.
        Status::Done => {
            line(
                "maps now",
                &format!("{masked}  (by the mapping of today; what was sent is not kept)"),
            );
        }
        Status::Invalid => line("would send", &masked),
        Status::Pending | Status::Sending | Status::Unknown | Status::Failed => {
            line("sends", &masked);
        }
    }
    for problem in table.problems(job.id)? {
        // Without a field it is about the whole record.
        let what = match problem.field.as_str() {
            "" => problem.rule,
            field => format!("{field} ({})", problem.rule),
        };
        line("problem", &format!("{what}: {}", problem.message));
    }
    for decision in table.decisions(job.id)? {
        line("decided", &decision);
    }
    text.push_str(&attempts(table, job)?);
    Ok(text)
}

fn attempts(table: &Table, job: &JobRow) -> Result<String> {
    let attempts = table.attempts(job.id)?;
    if attempts.is_empty() {
        return Ok("no attempts\n".to_owned());
    }
    let dash = || "-".to_owned();
    let rows: Vec<Vec<String>> = attempts
        .into_iter()
        .map(|a| {
            vec![
                a.n.to_string(),
                clock::iso(a.at_ms),
                a.took_ms.map_or_else(dash, |ms| format!("{ms} ms")),
                a.outcome,
                a.http_status.map_or_else(dash, |status| status.to_string()),
                a.code.unwrap_or_else(dash),
                a.message.unwrap_or_default(),
            ]
        })
        .collect();
    Ok(table::render(&["ATTEMPT", "AT", "TOOK", "OUTCOME", "HTTP", "CODE", "MESSAGE"], &rows))
}
