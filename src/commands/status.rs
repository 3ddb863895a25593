//! `status`: progress from SQLite, also while a run is going.

use super::global::Global;
use super::newer;
use super::sources::{source_name, to_go_on};
use super::{canonical, open_reader};
use crate::clock;
use crate::error::{Exit, Result};
use crate::job::{self, Newer};
use crate::monitor::Settled;
use crate::store::lock;
use crate::store::{Counts, ErrorClass, Reading, RunRow, Staging, Table, UnfinishedSource};
use crate::ui::Ui;
use crate::words::{by_field, grouped, span};
use clap::Args;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::time::Duration;

/// Where the table stands.
struct State {
    counts: Counts,
    errors: Vec<ErrorClass>,
    /// Rows by the provider's field that is left out of them.
    omitted: BTreeMap<String, u64>,
    /// Users who are done and have a newer record that was not applied, by what it says.
    newer: BTreeMap<Newer, u64>,
    last_run: Option<RunRow>,
    unfinished: Vec<UnfinishedSource>,
    /// Closed by a person before they were read to their end.
    closed: Vec<UnfinishedSource>,
    /// The rows are being mapped anew: what is counted as pending or invalid may change.
    remapping: bool,
    /// A run holds the lock and has not ended.
    running: bool,
}

/// `status`.
#[derive(Debug, Args)]
pub struct Status {
    /// Print one JSON object
    #[arg(long)]
    pub json: bool,

    /// Show it again every second until nothing is left to do
    #[arg(long, conflicts_with = "json")]
    pub watch: bool,
}

pub(crate) fn run(global: &Global, ui: Ui, args: &Status) -> Result<Exit> {
    let table = open_reader(global)?;
    if args.json {
        ui.out(&format!("{}\n", to_json(&state(global, &table)?)))?;
        return Ok(Exit::Done);
    }
    let mut lines = 0;
    loop {
        let state = state(global, &table)?;
        let text = ui.fitted(&to_text(&state));
        let up = if lines > 0 { format!("\x1b[{lines}A\x1b[J") } else { String::new() };
        ui.out(&format!("{up}{text}"))?;
        if !args.watch || !state.running {
            return Ok(Exit::Done);
        }
        lines = text.lines().count();
        std::thread::sleep(Duration::from_secs(1));
    }
}

fn state(global: &Global, table: &Table) -> Result<State> {
    let mut last_run = table.last_run()?;
    // After a kill the last run has no end, and the lock may be that of another command.
    let holder = lock::holder(&canonical(&global.db)?);
    let running = last_run.as_ref().is_some_and(|run| {
        run.ended_at_ms.is_none() && holder.is_some_and(|holder| holder.pid == run.pid)
    });
    if !running {
        // It may have ended between the two looks.
        last_run = table.last_run()?;
    }
    Ok(State {
        counts: table.counts()?,
        errors: table.errors_by_class()?,
        omitted: table.omitted_counts()?,
        newer: table.newer_counts(None)?,
        unfinished: table.unfinished_sources()?,
        closed: table.closed_sources()?,
        remapping: table.remap()?.is_some(),
        last_run,
        running,
    })
}

impl State {
    fn rate(&self) -> f64 {
        self.last_run.as_ref().filter(|_| self.running).map_or(0.0, |run| run.rate_per_s)
    }

    fn eta_s(&self) -> Option<u64> {
        let c = &self.counts;
        let table = Settled::of_table(c.total, c.done, c.failed, c.invalid);
        table.eta_s(self.rate())
    }
}

fn to_json(state: &State) -> Value {
    let mut object = match serde_json::to_value(state.counts) {
        Ok(Value::Object(object)) => object,
        _ => Map::new(),
    };
    object.insert("rate_per_s".into(), json!((state.rate() * 10.0).round() / 10.0));
    object.insert("eta_s".into(), json!(state.eta_s()));
    let last_run = state.last_run.as_ref().map(|run| {
        json!({
            "id": run.id,
            "started_at": clock::iso(run.started_at_ms),
            "ended_at": run.ended_at_ms.map(clock::iso),
            "running": state.running,
            "end": end_of(run, state.running),
            "reason": run.reason,
            "machine": run.machine,
            "pid": run.pid,
            "done": run.done,
            "failed": run.failed,
            "invalid": run.invalid,
        })
    });
    object.insert("last_run".into(), json!(last_run));
    object.insert("by_error".into(), json!(state.errors));
    object.insert("omitted".into(), json!(state.omitted));
    object.insert("newer".into(), json!(state.newer));
    object.insert("unfinished_sources".into(), sources(&state.unfinished));
    object.insert("closed_sources".into(), sources(&state.closed));
    object.insert("remapping".into(), json!(state.remapping));
    Value::Object(object)
}

fn sources(sources: &[UnfinishedSource]) -> Value {
    let source =
        |source: &UnfinishedSource| json!({ "source": source.path, "records": source.records });
    sources.iter().map(source).collect()
}

/// A run whose process was killed or died has written none. That is no error which it met.
fn end_of(run: &RunRow, running: bool) -> Option<String> {
    match (&run.end, running) {
        (Some(end), _) => Some(end.clone()),
        (None, true) => None,
        (None, false) => Some("killed".to_owned()),
    }
}

fn to_text(state: &State) -> String {
    let c = &state.counts;
    let mut text = String::new();
    let mut line = |name: &str, n: u64, detail: String| {
        if n > 0 || matches!(name, "total" | "done" | "pending" | "failed") {
            text.push_str(&format!("{name:<8} {:>12}{detail}\n", grouped(n)));
        }
    };
    line("total", c.total, String::new());
    line(
        "done",
        c.done,
        parts(&[
            (c.created, "created"),
            (c.existed, "existed"),
            (c.skipped, "skipped"),
            (c.waived, "waived"),
        ]),
    );
    line("pending", c.pending, String::new());
    line("sending", c.sending, sending(state));
    let next = if state.running { "this run" } else { "the next run" };
    line("unknown", c.unknown, format!("  may or may not have been created; {next} looks them up"));
    line("failed", c.failed, String::new());
    line("invalid", c.invalid, String::new());
    // What has neither detail nor code says no more than the count above it.
    let telling = |error: &&ErrorClass| error.detail.is_some() || error.code.is_some();
    for error in
        state.errors.iter().filter(telling).filter(|e| e.status != job::Status::Unknown).take(10)
    {
        let detail = error.detail.map_or(error.status.as_str(), job::Detail::as_str);
        let code =
            error.code.as_deref().map_or_else(String::new, |code| format!(" with code {code}"));
        text.push_str(&format!("  {} {detail}{code}\n", grouped(error.n)));
    }
    if !state.omitted.is_empty() {
        text.push_str(&format!("left out {}\n", by_field(&state.omitted)));
    }
    if let Some(line) = newer::counted_line(&state.newer) {
        text.push_str(&format!("{line}\n"));
    }
    for source in &state.unfinished {
        text.push_str(&format!(
            "unfinished source: {} (staged up to record {}; {}, or: userferry stage --close SOURCE)\n",
            source_name(&source.path),
            grouped(source.records),
            to_go_on(&source.path)
        ));
    }
    for source in &state.closed {
        text.push_str(&format!(
            "closed source: {} (up to record {}, which counts as all of it)\n",
            source_name(&source.path),
            grouped(source.records)
        ));
    }
    if state.remapping {
        text.push_str("unfinished remap: before anything else, userferry remap must end\n");
    }
    if c.total == 0 && state.unfinished.is_empty() {
        text.push_str("nothing is staged yet: userferry stage SOURCE\n");
    }
    if let Some(run) = &state.last_run {
        text.push_str(&run_text(state, run));
    }
    text
}

/// What is being sent, or was when the last run was killed.
fn sending(state: &State) -> String {
    let (were, them) = if state.counts.sending == 1 { ("was", "it") } else { ("were", "them") };
    if state.running {
        return format!("  this run settles {them}");
    }
    format!("  {were} being sent when the run ended; the next run settles {them}")
}

fn run_text(state: &State, run: &RunRow) -> String {
    let started = clock::iso(run.started_at_ms);
    if state.running {
        let eta = state.eta_s().map_or_else(String::new, |eta| format!(", ETA {}", span(eta)));
        return format!(
            "running since {started} on {}, process {}: {:.0}/s{eta}\n",
            run.machine, run.pid, run.rate_per_s
        );
    }
    // A process that died could not write down how.
    let end = run.end.clone().unwrap_or_else(|| "was killed or died".to_owned());
    let reason = run.reason.as_deref().map_or_else(String::new, |reason| format!(": {reason}"));
    let ended = run.ended_at_ms.map(|ms| format!(", ended {}", clock::iso(ms)));
    format!("last run: started {started}{}: {end}{reason}\n", ended.unwrap_or_default())
}

fn parts(parts: &[(u64, &str)]) -> String {
    let parts: Vec<String> = parts
        .iter()
        .filter(|(n, _)| *n > 0)
        .map(|(n, word)| format!("{} {word}", grouped(*n)))
        .collect();
    if parts.is_empty() { String::new() } else { format!("  {}", parts.join(", ")) }
}
