//! `run`: drains pending rows against the target.

mod binding;
mod dry;
mod finish;

use super::chosen::Named;
use super::global::Global;
use super::sending::{Sending, secret_variables, settings_help};
use super::sources::{source_name, to_go_on};
use super::{Writer, ask, jobs_of, machine, open_reader, open_writer};
use crate::clock::Clock;
use crate::config::{self, OnUnknown, process_env};
use crate::error::{Error, Exit, Result};
use crate::job::{Policy, Status};
use crate::mapping::Mapping;
use crate::monitor::Monitor;
use crate::provider::Connection;
use crate::run::doubt::Quiet;
use crate::run::{Finished, Mapper, Runner, Settings, Totals, signals};
use crate::schema::Schema;
use crate::store::{JobId, NewRun, Reading, Running, Table};
use crate::target::{Target, http};
use crate::ui::Ui;
use crate::ui::progress::RunProgress;
use crate::words::grouped;
use crate::{open_files, prepare, units};
use clap::Args;
use secrecy::SecretString;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

/// While only rows that were tried are left and creates fail though reads pass: how long until
/// that is held against the rows.
const WRITE_OUTAGE: Duration = Duration::from_mins(2);
/// A connection that cannot be made before the target's first answer is a wrong setting.
const SILENCE_AT_START: Duration = Duration::from_secs(30);
/// The longest wait between two probes, in first waits.
const PROBE_SPREAD: u32 = 4;
/// Rows that a run has in its hands at most, unless more requests in flight are asked for.
const IN_HAND: usize = 4_000;
/// How long a probe may take.
const PROBE_TIMEOUT: Duration = Duration::from_secs(3);

/// `run`.
#[derive(Debug, Args)]
#[command(after_help = settings_help())]
pub struct Run {
    /// Send only the rows of this key, then stop; may be given several times: a canary of people whom
    /// you can ask
    #[arg(long, value_name = "KEY", conflicts_with = "limit")]
    pub key: Vec<String>,

    #[command(flatten)]
    pub sending: Sending,
}

pub(crate) fn run(global: &Global, ui: Ui, args: &Run) -> Result<Exit> {
    let settings = load(global, &args.sending)?;
    if args.sending.dry_run {
        let table = open_reader(global)?;
        let only = chosen(ui, &table, &args.key)?;
        return dry::dry_run(ui, &args.sending, &settings, table, only);
    }
    let writer = open_writer(global, "run", false)?;
    let only = chosen(ui, &writer.table, &args.key)?;
    let ready = ready(global, &args.sending, &settings, &writer.table)?;
    go(ui, &args.sending, &settings, writer, ready, only)
}

/// The rows of these keys that are still to be settled; none where no key is named.
fn chosen(ui: Ui, table: &Table, keys: &[String]) -> Result<Option<BTreeSet<JobId>>> {
    if keys.is_empty() {
        return Ok(None);
    }
    let is_open = |status| matches!(status, Status::Pending | Status::Sending | Status::Unknown);
    let named = Named::of(table, keys, jobs_of, is_open)?;
    named.refuse_if_none("none of these rows is still to be sent")?;
    named.tell_others(ui, |job| if job.sends > 0 { "Not sent again" } else { "Not sent" });
    Ok(Some(named.taken))
}

/// The settings as file, environment and flags have them.
pub(super) fn load(global: &Global, args: &Sending) -> Result<config::Settings> {
    if args.secret.is_some() {
        return Err(Error::usage("the secret is never an argument: other users of this machine can read those")
            .hint(format!("set {}, or secret_file in userferry.toml; change the secret at the provider, for the history of your shell has it now", secret_variables())));
    }
    config::Settings::load(global.config.as_deref(), &args.flags(), &process_env)
}

/// What a run needs beside its table.
pub(super) struct Ready {
    mapping: Mapping,
    to: To,
}

/// Where users are sent.
struct To {
    target: Arc<dyn Target>,
    clock: Clock,
}

/// Looks whether a run can begin, and changes nothing: whatever refuses it does so here.
pub(super) fn ready(
    global: &Global,
    args: &Sending,
    settings: &config::Settings,
    table: &Table,
) -> Result<Ready> {
    super::same_provider(table, settings)?;
    let mapping = binding::mapping_for(settings, table)?;
    super::same_guard(table, &settings.target)?;
    let most = args.limit.and_then(|limit| usize::try_from(limit).ok()).unwrap_or(usize::MAX);
    open_files::allow_connections(settings.width().min(most))?;
    settings.ready_to_run()?;
    binding::bind(table, settings)?;
    let ask = || ask::unseen(global, &question(&settings.target));
    let secret = config::load_secret(&settings.target, &process_env, ask)?;
    let clock = Clock::system();
    let target = (settings.target.provider.connect)(connection(settings, secret, clock))?;
    Ok(Ready { mapping, to: To { target, clock } })
}

/// Runs on a table that is open.
pub(super) fn go(
    ui: Ui,
    args: &Sending,
    settings: &config::Settings,
    writer: Writer,
    Ready { mapping, to }: Ready,
    only: Option<BTreeSet<JobId>>,
) -> Result<Exit> {
    tell_target(ui, &settings.target);
    let in_hand = 2 * settings.width() * settings.target.limits().batch.max(1);
    if in_hand > IN_HAND {
        ui.note(&format!(
            "With so many requests in flight a kill may leave up to {} rows in doubt, to be looked up",
            grouped(in_hand as u64)
        ));
    }
    if let Some(proxy) = http::proxy_in_use(&settings.target.host) {
        ui.note(&format!("Through the proxy {proxy}"));
    }
    for source in writer.table.unfinished_sources()? {
        ui.warn(&format!(
            "{} is unfinished: staged up to record {}; {}",
            source_name(&source.path),
            grouped(source.records),
            to_go_on(&source.path)
        ));
    }
    let Writer { mut table, _lock, .. } = writer;
    let is_first = !table.has_attempts()?;
    let unproved = mapping.unproved_order(settings.target.schema());
    if let Some(unproved) = unproved.as_ref().filter(|_| is_first) {
        ui.warn(unproved);
    }
    let before = table.counts()?;
    binding::bind_now(&mut table, settings)?;
    let errors_before = table.errors_by_class()?;
    let plan = Plan {
        settings: Settings { only, ..run_settings(settings, args) },
        mapper: mapper(mapping, settings.target.schema()),
        told: describe(settings, args),
    };
    let finished = drain(table, to, plan, Box::new(RunProgress::new(ui)))?;
    let is_unproved = unproved.is_some();
    finish::finish(ui, finished, before, &errors_before, settings.run.on_conflict, is_unproved)
}

/// What a run is to do.
struct Plan {
    settings: Settings,
    mapper: Mapper,
    /// What the table keeps of it.
    told: String,
}

fn drain(
    mut table: Table,
    To { target, clock, .. }: To,
    Plan { mut settings, mapper, told }: Plan,
    monitor: Box<dyn Monitor>,
) -> Result<Finished<Table>> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Error::internal(format!("no runtime: {error}")))?;
    runtime.block_on(async {
        let signals = signals::listen()
            .map_err(|error| Error::internal(format!("signals cannot be heard: {error}")))?;
        settings.quiet = longest_quiet(settings.quiet, &table.settings_of_doubts()?);
        let counts = table.counts()?;
        let totals = Totals {
            total: counts.total,
            done: counts.done,
            failed: counts.failed,
            invalid: counts.invalid,
            ..Totals::default()
        };
        let run = table.begin_run(&NewRun {
            machine: machine(),
            pid: std::process::id(),
            settings: told,
            now_ms: clock.now_ms(),
        })?;
        let runner = Runner::new(table, target, mapper, settings, clock, run, totals, monitor);
        // A task like its requests: on this thread each answer would have to wake it from another one.
        let drained = tokio::spawn(runner.drain(signals)).await;
        drained.unwrap_or_else(|error| match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(_) => Err(Error::internal("internal error: the run was cancelled")),
        })
    })
}

/// Maps a record as staging did, and validates it again.
pub(super) fn mapper(mapping: Mapping, schema: &'static Schema) -> Mapper {
    Arc::new(move |raw| {
        let prepared = prepare::prepare(raw, &mapping, schema);
        (prepared.user, prepared.problems)
    })
}

fn connection(settings: &config::Settings, secret: SecretString, clock: Clock) -> Connection {
    let target = &settings.target;
    Connection {
        http: http::Settings {
            host: target.host.clone(),
            request_timeout: settings.run.request_timeout.get(),
            connect_timeout: settings.run.connect_timeout().get(),
            ca_file: target.ca_file.clone(),
            width: settings.width(),
            request_id: target.provider.request_id,
        },
        own: target.own.clone(),
        secret,
        keep_password: target.keep_password,
        clock,
    }
}

fn run_settings(settings: &config::Settings, args: &Sending) -> Settings {
    let run = &settings.run;
    let probe = run.probe_interval.get();
    Settings {
        batching: settings.target.batching(),
        width: settings.width(),
        ceiling: run.rate.map(units::Rate::per_second),
        quiet: Quiet {
            request_timeout: run.request_timeout.get(),
            settle_time: run.settle_time.get(),
        },
        probe_interval: (probe, probe * PROBE_SPREAD),
        probe_timeout: PROBE_TIMEOUT.min(run.request_timeout.get()),
        max_outage: run.max_outage.get(),
        max_silence_at_start: SILENCE_AT_START.min(run.max_outage.get()),
        write_outage: WRITE_OUTAGE.min(run.max_outage.get() / 2),
        policy: Policy {
            max_attempts: run.max_attempts,
            on_conflict: run.on_conflict,
            ..Policy::default()
        },
        limit: args.limit,
        only: None,
        max_failures: run.max_failures,
        hold_unknown: run.on_unknown == OnUnknown::Hold,
        seed: fastrand::u64(..),
    }
}

/// For the table: what this run was told, without secrets.
fn describe(settings: &config::Settings, args: &Sending) -> String {
    serde_json::json!({
        "target": settings.target,
        "run": settings.run,
        "limit": args.limit,
    })
    .to_string()
}

/// What an earlier run left in doubt may be under way for as long as that run's settings say.
fn longest_quiet(own: Quiet, earlier: &[String]) -> Quiet {
    #[derive(serde::Deserialize)]
    struct Told {
        run: Times,
    }
    #[derive(serde::Deserialize)]
    struct Times {
        request_timeout: units::Duration,
        settle_time: units::Duration,
    }
    let told = earlier.iter().filter_map(|text| serde_json::from_str::<Told>(text).ok());
    told.fold(own, |longest, Told { run }| Quiet {
        request_timeout: longest.request_timeout.max(run.request_timeout.get()),
        settle_time: longest.settle_time.max(run.settle_time.get()),
    })
}

/// For the terminal. It says how not to be asked, for nobody may be there to answer.
fn question(target: &config::TargetSettings) -> String {
    let secret = target.provider.secret;
    let whose: Vec<String> = std::iter::once(secret.of.to_owned())
        .chain(target.places().map(|(_, value)| value.to_string()))
        .collect();
    format!(
        "The secret of {} is needed. {} in the environment, or secret_file in userferry.toml, \
         avoids this question; Ctrl-C ends the run.\nSecret: ",
        whose.join(" "),
        secret.env
    )
}

/// Says whom a run sends to.
fn tell_target(ui: Ui, target: &config::TargetSettings) {
    ui.note(&format!("To {}{}", target.host, place(target)));
}

/// Which directory at its host, in words: `, user pool 1234`.
fn place(target: &config::TargetSettings) -> String {
    let word = |name| target.provider.setting(name).map_or(name, |setting| setting.word);
    target
        .places()
        .fold(String::new(), |all, (name, value)| format!("{all}, {} {value}", word(name)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubts_are_waited_for_as_long_as_the_run_that_made_them_would_have() {
        let seconds = |n| Duration::from_secs(n);
        let own = Quiet { request_timeout: seconds(10), settle_time: seconds(5) };
        let of = |text: &str| {
            let mut settings = config::Settings::default();
            settings.run.request_timeout = text.parse().unwrap();
            let args = Sending::default();
            describe(&settings, &args)
        };
        let longest = |earlier: &[String]| longest_quiet(own, earlier).request_timeout;
        assert_eq!(longest(&[]), seconds(10));
        assert_eq!(longest(&[of("3s")]), seconds(10));
        assert_eq!(longest(&[of("3s"), of("1m"), of("20s")]), seconds(60));
        assert_eq!(longest_quiet(own, &["no JSON".to_owned()]).settle_time, seconds(5));
    }
}
