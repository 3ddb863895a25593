//! `show`: one user, whole.

use super::global::Global;
use super::place::Place;
use super::unmask::Unmasked;
use super::{jobs_of, open_reader, place, schema_of, staged_mapping};
use crate::clock;
use crate::error::{Exit, Result};
use crate::job::{Detail, Status};
use crate::mapping::Mapping;
use crate::schema::Schema;
use crate::store::{AttemptRow, JobRow, Reading, Table};
use crate::ui::{Ui, table};
use crate::words::grouped;
use crate::{prepare, redact};
use clap::Args;
use serde_json::{Value, json};

/// `show`.
#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("which").required(true).args(["key", "record"]))]
#[command(mut_arg("source", |arg| arg.requires("record").conflicts_with("key")))]
pub struct Show {
    /// External id, e-mail address, phone number or user name
    #[arg(value_name = "KEY")]
    pub key: Option<String>,

    #[command(flatten)]
    pub place: Place,

    /// Show these of the provider's fields as they are, and a key that is one of them: email; or all.
    /// Never a password
    #[arg(long, value_name = "FIELD", value_delimiter = ',')]
    pub unmask: Vec<String>,

    /// Print one array, an object for each row
    #[arg(long)]
    pub json: bool,
}

pub(crate) fn run(global: &Global, ui: Ui, args: &Show) -> Result<Exit> {
    let table = open_reader(global)?;
    let jobs = match &args.key {
        Some(key) => jobs_of(&table, key)?,
        None => place::jobs_at(&table, &args.place)?,
    };
    let mapping = staged_mapping(&table)?.unwrap_or_else(Mapping::reference);
    let schema = schema_of(&table)?;
    let unmasked = Unmasked::new(&args.unmask, &mapping, schema)?;
    let view = View { mapping: &mapping, schema, unmasked, typed: args.key.as_deref() };
    if args.json {
        let rows = jobs.iter().map(|job| json(&table, job, &view));
        let rows: Vec<Value> = rows.collect::<Result<_>>()?;
        return ui.out(&format!("{}\n", Value::Array(rows))).map(|()| Exit::Done);
    }
    let mut texts = Vec::new();
    for job in &jobs {
        texts.push(describe(&table, job, &view)?);
    }
    ui.tell(&texts.join("\n"))?;
    Ok(Exit::Done)
}

/// How rows are shown.
struct View<'a> {
    mapping: &'a Mapping,
    schema: &'static Schema,
    unmasked: Unmasked<'a>,
    /// The key that was asked for.
    typed: Option<&'a str>,
}

/// What of a row may tell who it is, as it is shown.
struct Shown {
    key: Option<String>,
    /// The user whom the mapping makes of the record, as JSON.
    user: String,
}

impl View<'_> {
    fn of(&self, job: &JobRow) -> Shown {
        let schema = self.schema;
        let user = prepare::prepare(&job.raw, self.mapping, schema).user;
        let key = job.key.as_deref().map(|key| self.unmasked.key(key, &user, self.typed, schema));
        let show =
            |field: &str, value: &crate::user::Value| self.unmasked.show(field, value, &user);
        Shown { key, user: redact::shown(&user, schema, &show) }
    }
}

/// What [`describe`] tells, for programs. `would_send` is masked, and null of what is invalid; what was sent is
/// not kept.
fn json(table: &Table, job: &JobRow, view: &View<'_>) -> Result<Value> {
    let Shown { key, user } = view.of(job);
    let is_sent = job.status != Status::Invalid;
    let would_send: Option<Value> = serde_json::from_str(&user).ok().filter(|_| is_sent);
    let attempts = table.attempts(job.id)?.into_iter().map(|attempt| {
        json!({
            "n": attempt.n,
            "run": attempt.run_id,
            "at": clock::iso(attempt.at_ms),
            "took_ms": attempt.took_ms,
            "read_ms": attempt.read_ms,
            "outcome": attempt.outcome,
            "http_status": attempt.http_status,
            "code": attempt.code,
            "message": attempt.message,
            "request_id": attempt.request_id,
        })
    });
    let attempts: Vec<Value> = attempts.collect();
    Ok(json!({
        "source": job.source,
        "record": job.record_no,
        "line": job.line,
        "key": key,
        "status": job.status.as_str(),
        "detail": job.detail.map(Detail::as_str),
        "code": job.code,
        "reason": job.reason,
        "remote_id": job.remote_id,
        "evidence": job.evidence,
        "updated_at": clock::iso(job.updated_at_ms),
        "would_send": would_send,
        "problems": table.problems(job.id)?,
        "omitted": table.omitted(job.id)?,
        "decisions": table.decisions(job.id)?,
        "attempts": attempts,
    }))
}

fn describe(table: &Table, job: &JobRow, view: &View<'_>) -> Result<String> {
    let Shown { key, user } = view.of(job);
    let mut text = String::new();
    let mut line = |name: &str, value: &str| {
        text.push_str(&format!("{name:<10} {value}\n"));
    };
    line("key", key.as_deref().unwrap_or("-"));
    line("status", &job.status_and_detail());
    if let Some(code) = &job.code {
        line("code", code);
    }
    if let Some(reason) = &job.reason {
        line("why", reason);
    }
    if let Some(id) = &job.remote_id {
        let evidence = job.evidence.map_or_else(String::new, |e| format!("  (by {e})"));
        line("id there", &format!("{id}{evidence}"));
    }
    let place = job.line.map_or_else(String::new, |line| format!(", line {line}"));
    line("source", &format!("{}, record {}{place}", job.source, job.record_no));
    line("updated", &clock::iso(job.updated_at_ms));
    match job.status {
        // What was sent is not kept, and the mapping may have changed since.
        Status::Done => {
            line(
                "maps now",
                &format!("{user}  (by the mapping of today; what was sent is not kept)"),
            );
        }
        // Its fields may be what nobody should see: a password in the column of hashes, say.
        Status::Invalid => line("sends", "not sent: invalid"),
        Status::Pending | Status::Sending | Status::Unknown | Status::Failed => {
            line("sends", &user);
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
    for omitted in table.omitted(job.id)? {
        line("left out", &format!("{} ({}): {}", omitted.field, omitted.rule, omitted.message));
    }
    for decision in table.decisions(job.id)? {
        line("decided", &decision);
    }
    text.push_str(&attempts(table, job)?);
    Ok(text)
}

/// The time of the create, and of the read that explained its refusal.
fn took(attempt: &AttemptRow) -> String {
    let Some(ms) = attempt.took_ms else { return "-".to_owned() };
    let read =
        attempt.read_ms.map_or_else(String::new, |read| format!(" + {} ms read", grouped_ms(read)));
    format!("{} ms{read}", grouped_ms(ms))
}

fn grouped_ms(ms: i64) -> String {
    grouped(u64::try_from(ms).unwrap_or(0))
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
                took(&a),
                a.outcome.to_string(),
                a.http_status.map_or_else(dash, |status| status.to_string()),
                a.code.unwrap_or_else(dash),
                a.message.unwrap_or_default(),
            ]
        })
        .collect();
    Ok(table::render(&["ATTEMPT", "AT", "TOOK", "OUTCOME", "HTTP", "CODE", "MESSAGE"], &rows))
}
