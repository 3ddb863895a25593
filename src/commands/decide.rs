//! `retry-failed`, `settle`, `waive`: what people decide about rows.

use super::place::Place;
use super::sending::{SETTINGS_HELP, Sending};
use super::{Writer, jobs_of, open_reader, open_writer, place, run, staged_mapping};
use crate::cli::Global;
use crate::clock;
use crate::config::TargetKind;
use crate::error::{Error, Exit, Result};
use crate::job::{Detail, SettleAs, Status};
use crate::mapping::Mapping;
use crate::stage::with_lens;
use crate::store::{Chosen, Deciding, JobId, JobRow, Reading, Retry, Table, Undone};
use crate::ui::Ui;
use crate::words::{agree, counted, grouped};
use clap::{Args, ValueEnum};

/// Rows of one transaction: what they would be found by is looked for at once.
const UNDONE_AT_ONCE: usize = 10_000;

/// `retry-failed`.
#[derive(Debug, Args)]
#[command(after_help = SETTINGS_HELP)]
pub struct RetryFailed {
    /// Only rows that failed with this code
    #[arg(long, value_name = "CODE")]
    pub code: Option<String>,

    /// Only rows that failed in this way
    #[arg(long, value_name = "CLASS")]
    pub class: Option<FailedClass>,

    /// Only the row with this key
    #[arg(long, value_name = "KEY")]
    pub key: Option<String>,

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

/// `settle`.
#[derive(Debug, Args)]
#[command(override_usage = "userferry settle KEY --as STATUS --reason TEXT [--user-id ID]
       userferry settle KEY --undo")]
pub struct Settle {
    /// The row
    #[arg(value_name = "KEY")]
    pub key: String,

    /// done: the user is in the directory; pending: it is not, send it; failed: neither
    #[arg(long = "as", value_name = "STATUS", required_unless_present = "undo")]
    pub to: Option<SettleTo>,

    /// The user's id in the directory, with --as done: export --map then has it
    #[arg(
        long,
        value_name = "ID",
        requires = "to",
        value_parser = clap::builder::NonEmptyStringValueParser::new()
    )]
    pub user_id: Option<String>,

    /// Why; kept with the decision
    #[arg(
        long,
        value_name = "TEXT",
        required_unless_present = "undo",
        value_parser = clap::builder::NonEmptyStringValueParser::new()
    )]
    pub reason: Option<String>,

    /// Take the decision back
    #[arg(long, conflicts_with_all = ["to", "reason", "user_id"])]
    pub undo: bool,
}

/// What became of a row in doubt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum SettleTo {
    /// The user is in the directory.
    Done,
    /// It is not: send it.
    Pending,
    /// It is not, and is not to be sent.
    Failed,
}

/// `waive`.
#[derive(Debug, Args)]
#[command(
    override_usage = "userferry waive --key KEY [--all | --record N [--source SOURCE]] --reason TEXT
       userferry waive --record N [--source SOURCE] --reason TEXT
       userferry waive --status STATUS[,STATUS] --reason TEXT
       userferry waive … --undo"
)]
#[command(group = clap::ArgGroup::new("which").required(true).multiple(true).args(["key", "status", "record"]))]
pub struct Waive {
    /// The rows with this key; with --record the one of that record
    #[arg(long, value_name = "KEY")]
    pub key: Option<String>,

    /// All rows with the key, also where several have it and one of them is still to be sent
    #[arg(long, requires = "key")]
    pub all: bool,

    #[command(flatten)]
    pub place: Place,

    /// All rows of this status, or of several: failed,invalid,unknown
    #[arg(long, value_name = "STATUS", value_delimiter = ',', conflicts_with_all = ["key", "record"])]
    pub status: Vec<WaiveStatus>,

    /// Why; kept with the decision
    #[arg(
        long,
        value_name = "TEXT",
        required_unless_present = "undo",
        value_parser = clap::builder::NonEmptyStringValueParser::new()
    )]
    pub reason: Option<String>,

    /// Take the decision back
    #[arg(long, conflicts_with = "reason")]
    pub undo: bool,
}

/// What can be waived.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum WaiveStatus {
    /// Refused for good.
    Failed,
    /// Problems found before sending.
    Invalid,
    /// Nobody can tell yet whether the user was created.
    Unknown,
}

pub(super) fn retry_failed(global: &Global, ui: Ui, args: &RetryFailed) -> Result<Exit> {
    if args.sending.dry_run {
        let table = open_reader(global)?;
        let which = to_retry(&table, args)?;
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
    let which = to_retry(&writer.table, args)?;
    // A run that is refused leaves failed what was.
    let ready =
        settings.as_ref().map(|settings| run::ready(&args.sending, settings, &writer.table));
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
fn to_retry(table: &Table, args: &RetryFailed) -> Result<Retry> {
    let jobs = match &args.key {
        Some(key) => Some(ids(&by_key(table, key)?)),
        None => None,
    };
    let detail = args.class.map(|class| match class {
        FailedClass::Rejected => Detail::Rejected,
        FailedClass::Conflict => Detail::Conflict,
        FailedClass::Exhausted => Detail::Exhausted,
    });
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

pub(super) fn settle(global: &Global, ui: Ui, args: &Settle) -> Result<Exit> {
    let mut writer = open_writer(global, "settle", false)?;
    let jobs = by_key(&writer.table, &args.key)?;
    if args.undo {
        return undo(&mut writer, ui, &ids(&jobs), "settle");
    }
    let (Some(to), Some(reason)) = (args.to, args.reason.as_deref()) else {
        return Err(Error::usage("--as and --reason are needed"));
    };
    if args.user_id.is_some() {
        takes_an_id(to, &jobs)?;
    }
    let to = match to {
        SettleTo::Done => args.user_id.as_deref().map_or(SettleAs::Done, SettleAs::DoneWithId),
        SettleTo::Pending => SettleAs::Pending,
        SettleTo::Failed => SettleAs::Failed,
    };
    let mut settled = 0;
    for job in &jobs {
        settled += u64::from(writer.table.settle(job.id, to, reason, clock::system_ms())?);
    }
    if settled == 0 {
        let status = jobs.first().map_or(Status::Pending, |job| job.status);
        return Err(Error::usage(format!(
            "the row is {status}, not unknown: there is nothing to settle"
        ))
        .hint("'waive' lets failed and invalid rows go; 'retry-failed --key' sends one again"));
    }
    ui.note(&format!("{} settled; --undo takes it back", counted(settled, "row")));
    Ok(Exit::Done)
}

/// One user has one id.
fn takes_an_id(to: SettleTo, jobs: &[JobRow]) -> Result<()> {
    if to != SettleTo::Done {
        return Err(Error::usage("--user-id is for --as done: other rows have no user there"));
    }
    let in_doubt = |job: &&JobRow| matches!(job.status, Status::Unknown | Status::Sending);
    let rows = jobs.iter().filter(in_doubt).count();
    if rows > 1 {
        let message = format!(
            "{} of this key are in doubt: one --user-id cannot be that of all",
            counted(rows as u64, "row")
        );
        return Err(Error::usage(message).hint("settle them without it"));
    }
    Ok(())
}

pub(super) fn waive(global: &Global, ui: Ui, args: &Waive) -> Result<Exit> {
    // The parser lets it pass beside --status, which is about all sources.
    if args.place.source.is_some() && args.place.record.is_none() {
        return Err(Error::usage("--source goes with --record only")
            .hint("waive by --key, by --record N --source SOURCE, or all of a --status"));
    }
    let mut writer = open_writer(global, "waive", false)?;
    let Some(jobs) = named(&writer, args)? else { return waive_statuses(&mut writer, ui, args) };
    if args.undo {
        return undo(&mut writer, ui, &ids(&jobs), "waive");
    }
    let going = going(&writer.table, jobs, args.all)?;
    let reason = args.reason.as_deref().unwrap_or_default();
    let in_doubt = going.iter().filter(|job| is_in_doubt(job.status)).count() as u64;
    let n = writer.table.waive(&Chosen::Jobs(ids(&going)), reason, clock::system_ms())?;
    // Whoever names a key should see that it was that of several rows.
    let places = Some(place::listed(&going)).filter(|_| going.len() > 1);
    tell_waived(ui, n, places);
    tell_in_doubt(ui, in_doubt);
    Ok(Exit::Done)
}

/// A row in doubt is let go without knowing whether its user was created.
fn tell_in_doubt(ui: Ui, n: u64) {
    if n > 0 {
        ui.warn(&format!(
            "{} in doubt: {} may be in the directory, and no run looks there any more",
            agree(n, "this row was", &format!("{} of these rows were", grouped(n))),
            agree(n, "its user", "their users")
        ));
    }
}

fn is_in_doubt(status: Status) -> bool {
    matches!(status, Status::Sending | Status::Unknown)
}

/// The rows that are named by key or place; none where it is by status.
fn named(writer: &Writer, args: &Waive) -> Result<Option<Vec<JobRow>>> {
    Ok(match (&args.key, args.place.record) {
        (Some(key), None) => Some(by_key(&writer.table, key)?),
        (Some(key), Some(_)) => {
            Some(place::those_at(&writer.table, &args.place, by_key(&writer.table, key)?)?)
        }
        (None, Some(_)) => Some(place::without_key_at(&writer.table, &args.place)?),
        (None, None) => None,
    })
}

/// Of the rows that were named, those that can go. Two records of one key may be two people, or one
/// who is to stay out: where one of them would be sent, nobody but the user can tell.
fn going(table: &Table, jobs: Vec<JobRow>, all: bool) -> Result<Vec<JobRow>> {
    let (going, others): (Vec<_>, Vec<_>) =
        jobs.into_iter().partition(|job| job.status.can_be_waived());
    if going.is_empty() {
        return Err(nothing_to_waive(&others));
    }
    let is_open = going.len() > 1 && going.iter().any(|job| job.status == Status::Pending);
    if is_open && !all { Err(place::which_of(table, &going)?) } else { Ok(going) }
}

fn nothing_to_waive(jobs: &[JobRow]) -> Error {
    let mut are: Vec<String> = jobs.iter().map(JobRow::status_and_detail).collect();
    are.dedup();
    let message = format!(
        "{} {}: there is nothing to waive",
        agree(jobs.len() as u64, "the row is", "the rows are"),
        are.join(", ")
    );
    Error::usage(message)
}

fn waive_statuses(writer: &mut Writer, ui: Ui, args: &Waive) -> Result<Exit> {
    let statuses = statuses(&args.status);
    if args.undo {
        let mut jobs = Vec::new();
        for status in statuses {
            jobs.extend(writer.table.waived(status)?);
        }
        return undo(writer, ui, &jobs, "waive");
    }
    let reason = args.reason.as_deref().unwrap_or_default();
    let (mut n, mut in_doubt, mut parts) = (0, 0, Vec::new());
    for status in &statuses {
        let let_go = writer.table.waive(&Chosen::Status(*status), reason, clock::system_ms())?;
        if *status == Status::Unknown {
            in_doubt = let_go;
        }
        if let_go > 0 {
            parts.push(format!("{} {status}", grouped(let_go)));
        }
        n += let_go;
    }
    if n == 0 {
        let which = if statuses.len() > 1 { "one of these statuses" } else { "this status" };
        ui.note(&format!("No row has {which}; nothing was changed"));
        return Ok(Exit::Done);
    }
    // Whoever waives two statuses at once should see what went with which.
    tell_waived(ui, n, Some(parts.join(", ")).filter(|_| parts.len() > 1));
    tell_in_doubt(ui, in_doubt);
    Ok(Exit::Done)
}

fn tell_waived(ui: Ui, n: u64, parts: Option<String>) {
    let parts = parts.map_or_else(String::new, |parts| format!(" ({parts})"));
    ui.note(&format!("{} waived{parts}; --undo takes it back", counted(n, "row")));
}

/// Each status once, also where it is named twice.
fn statuses(named: &[WaiveStatus]) -> Vec<Status> {
    let all = [
        (WaiveStatus::Failed, Status::Failed),
        (WaiveStatus::Invalid, Status::Invalid),
        (WaiveStatus::Unknown, Status::Unknown),
    ];
    all.into_iter().filter(|(name, _)| named.contains(name)).map(|(_, status)| status).collect()
}

fn undo(writer: &mut Writer, ui: Ui, jobs: &[JobId], decision: &str) -> Result<Exit> {
    let mapping = staged_mapping(&writer.table)?.unwrap_or_else(Mapping::reference);
    let schema = TargetKind::AuthingV2.schema();
    let mut sum = Undone::default();
    for jobs in jobs.chunks(UNDONE_AT_ONCE) {
        let now_ms = clock::system_ms();
        sum += with_lens(&mapping, schema, |lens| writer.table.undo(jobs, decision, lens, now_ms))?;
    }
    if sum.undone == 0 && sum.moved_on > 0 {
        return Err(Error::usage("the row has moved on since that decision: it cannot be undone"));
    }
    if sum.undone == 0 {
        return Err(Error::usage("there is no such decision to undo"));
    }
    let what = if sum.undone == 1 { "it was" } else { "they were" };
    ui.note(&format!("{} as {what} before", counted(sum.undone, "row")));
    if sum.taken > 0 {
        ui.warn(&format!(
            "{} of these cannot be sent, because another row came meanwhile and has the same \
             identifier: userferry show KEY tells which",
            grouped(sum.taken)
        ));
    }
    Ok(Exit::Done)
}

fn by_key(table: &Table, key: &str) -> Result<Vec<JobRow>> {
    let jobs = jobs_of(table, key)?;
    if jobs.len() > 1 && table.jobs_by_key(key)?.is_empty() {
        let place = |job: &JobRow| {
            format!(
                "{} ({}, record {})",
                job.key.as_deref().unwrap_or("-"),
                place::source_name(&job.source),
                job.record_no
            )
        };
        let places: Vec<String> = jobs.iter().take(5).map(place).collect();
        return Err(Error::usage(format!(
            "{} have this, and it is not their key: {}",
            counted(jobs.len() as u64, "row"),
            places.join(", ")
        ))
        .hint("decide about them by their keys"));
    }
    Ok(jobs)
}

fn ids(jobs: &[JobRow]) -> Vec<JobId> {
    jobs.iter().map(|job| job.id).collect()
}
