//! `retry-failed`: makes failed rows pending again, and may run at once.

use super::chosen::Named;
use super::decide::by_key;
use super::global::Global;
use super::sending::{Sending, settings_help};
use super::{open_reader, open_writer, run};
use crate::clock;
use crate::error::{Exit, Result};
use crate::job::{Detail, Status};
use crate::store::{Deciding, JobId, Retry, Table};
use crate::ui::Ui;
use crate::words::counted;
use clap::{Args, ValueEnum};

/// `retry-failed`.
#[derive(Debug, Args)]
#[command(after_help = settings_help())]
#[command(mut_arg("dry_run", |arg| arg.help("Count the rows that would be pending again; send and change nothing")))]
pub struct RetryFailed {
    /// Only rows that failed with this code
    #[arg(long, value_name = "CODE")]
    pub code: Option<String>,

    /// Only rows that failed in this way
    #[arg(long, value_name = "CLASS")]
    pub class: Option<FailedClass>,

    /// Only the row with this key; may be given several times
    #[arg(long, value_name = "KEY")]
    pub key: Vec<String>,

    /// Then do what run does
    #[arg(long)]
    pub run: bool,

    #[command(flatten)]
    pub sending: Sending,
}

/// How a row failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum FailedClass {
    /// Rejected by the provider.
    Rejected,
    /// Another user stands in the way.
    Conflict,
    /// Attempts used up.
    Exhausted,
}

impl FailedClass {
    pub(super) fn detail(self) -> Detail {
        match self {
            Self::Rejected => Detail::Rejected,
            Self::Conflict => Detail::Conflict,
            Self::Exhausted => Detail::Exhausted,
        }
    }
}

pub(crate) fn run(global: &Global, ui: Ui, args: &RetryFailed) -> Result<Exit> {
    if args.sending.dry_run {
        let table = open_reader(global)?;
        let which = to_retry(ui, &table, args)?;
        ui.note(&match table.would_retry(&which)?.pending {
            0 => "No failed row matches; nothing would be changed".to_owned(),
            n => {
                format!("{} would be pending again; nothing was changed", counted(n, "failed row"))
            }
        });
        return Ok(Exit::Done);
    }
    let settings = if args.run { Some(run::load(global, &args.sending)?) } else { None };
    let mut writer = open_writer(global, "retry-failed", false)?;
    let which = to_retry(ui, &writer.table, args)?;
    // A run that is refused leaves failed what was.
    let ready = settings
        .as_ref()
        .map(|settings| run::ready(global, &args.sending, settings, &writer.table));
    let ready = ready.transpose()?;
    let retried = writer.table.retry(&which, clock::system_ms())?;
    ui.note(&match retried.pending {
        0 if retried.invalid == 0 => "No failed row matches; nothing was changed".to_owned(),
        n => format!("{} pending again", counted(n, "failed row")),
    });
    if retried.invalid > 0 {
        ui.warn(&format!(
            "{} invalid now, because of the mapping: userferry failures --status invalid",
            counted(retried.invalid, "failed row")
        ));
    }
    if retried.pending == 0 && which.jobs.is_some() {
        return Ok(Exit::Done);
    }
    match settings.zip(ready) {
        Some((settings, ready)) => {
            // With a filter the run is for these rows; without one it does what any run does.
            let only = which.jobs.map(|jobs| jobs.into_iter().collect());
            let sending = Sending { limit: None, ..args.sending.clone() };
            run::go(ui, &sending, &settings, writer, ready, only)
        }
        None => Ok(Exit::Done),
    }
}

/// Which rows to retry, one by one where not all are meant; with a limit the oldest of them.
fn to_retry(ui: Ui, table: &Table, args: &RetryFailed) -> Result<Retry> {
    let jobs = named(ui, table, &args.key)?;
    let detail = args.class.map(FailedClass::detail);
    let mut which = Retry { code: args.code.clone(), detail, jobs };
    let limit = args.sending.limit;
    let is_filtered = which.jobs.is_some() || which.code.is_some() || which.detail.is_some();
    if is_filtered || limit.is_some() {
        let mut jobs = table.failed_jobs(&which)?;
        jobs.truncate(limit.and_then(|limit| usize::try_from(limit).ok()).unwrap_or(usize::MAX));
        which.jobs = Some(jobs);
    }
    Ok(which)
}

/// The failed rows of these keys; none where no key is named.
fn named(ui: Ui, table: &Table, keys: &[String]) -> Result<Option<Vec<JobId>>> {
    if keys.is_empty() {
        return Ok(None);
    }
    let named = Named::of(table, keys, by_key, |status| status == Status::Failed)?;
    named.refuse_if_none("none of these rows is failed")?;
    named.tell_others(ui, |_| "Not failed");
    Ok(Some(named.taken.into_iter().collect()))
}
