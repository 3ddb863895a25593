//! `waive`: lets rows go.

use super::decide::{by_key, ids, undo};
use super::global::Global;
use super::place::{self, Place};
use super::retry_failed::FailedClass;
use super::sources::{path_of, replaced_told, source_name};
use super::{Writer, jobs_with, open_writer};
use crate::clock;
use crate::error::{Error, Exit, Result};
use crate::job::{Detail, Status};
use crate::store::{Chosen, Deciding, JobRow, Reading, Staging, Table};
use crate::ui::Ui;
use crate::words::{agree, counted, grouped, shell_word};
use clap::{Args, ValueEnum};

/// `waive`.
#[derive(Debug, Args)]
#[command(override_usage = "userferry waive --key KEY [--all] --reason TEXT
       userferry waive --key KEY --record N [--source SOURCE] --reason TEXT
       userferry waive --record N [--source SOURCE] --reason TEXT
       userferry waive --status STATUS[,STATUS] [--source SOURCE] --reason TEXT
       userferry waive --class CLASS --reason TEXT
       userferry waive --source SOURCE [--all] --reason TEXT
       userferry waive … --undo")]
#[command(group = clap::ArgGroup::new("which").required(true).multiple(true).args(["key", "status", "class", "record", "source"]))]
#[command(mut_arg("source", |arg| arg.help(
    "The source of that record [default: the only one that has such a number]; without --record all rows of this \
     source that are pending, failed or invalid, or that are of a --status"
)))]
pub struct Waive {
    /// The rows with this key; with --record the one of that record
    #[arg(long, value_name = "KEY")]
    pub key: Option<String>,

    /// All rows with the key, also where several have it and one of them is still to be sent (with it as its key
    /// or beside it); with --source also those of earlier states of the file
    #[arg(long, conflicts_with = "record")]
    pub all: bool,

    #[command(flatten)]
    pub place: Place,

    /// All rows of this status, or of several: failed,invalid,unknown
    #[arg(long, value_name = "STATUS", value_delimiter = ',', conflicts_with_all = ["key", "record"])]
    pub status: Vec<WaiveStatus>,

    /// Only rows that failed in this way
    #[arg(long, value_name = "CLASS", conflicts_with_all = ["key", "record", "source"])]
    pub class: Option<FailedClass>,

    /// Why; kept with the decision
    #[arg(
        long,
        value_name = "TEXT",
        required_unless_present = "undo",
        value_parser = clap::builder::NonEmptyStringValueParser::new()
    )]
    pub reason: Option<String>,

    /// Take the decision back; keeps no reason
    #[arg(long)]
    pub undo: bool,
}

/// Of a source that was let go.
const QUIET: &str = "what its records say of users who are done is not told any more";

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

pub(crate) fn run(global: &Global, ui: Ui, args: &Waive) -> Result<Exit> {
    if args.place.source.is_some() && args.key.is_some() && args.place.record.is_none() {
        return Err(Error::usage("--source does not go with --key alone").hint(
            "name the row by --key K --record N --source SOURCE, or all rows of a source by --source SOURCE alone",
        ));
    }
    if args.all && args.key.is_none() && args.place.source.is_none() {
        return Err(Error::usage("--all goes with --key or --source"));
    }
    if args.class.is_some() && args.status.iter().any(|status| *status != WaiveStatus::Failed) {
        return Err(Error::usage("--class goes with --status failed alone: other rows have none"));
    }
    if args.undo && args.reason.is_some() {
        ui.note("--undo keeps no reason: the one that was given stays beside the decision");
    }
    let mut writer = open_writer(global, "waive", false)?;
    let Some(jobs) = named(&writer.table, args)? else { return waive_many(&mut writer, ui, args) };
    if args.undo {
        return undo(&mut writer, ui, &ids(&jobs), "waive", None);
    }
    let going = going(&writer.table, jobs, args.all)?;
    let reason = args.reason.as_deref().unwrap_or_default();
    let in_doubt = going.iter().filter(|job| job.status.is_in_hand()).count() as u64;
    // Whoever names a key should see that it was that of several rows.
    let places = Some(place::listed(&going)).filter(|_| going.len() > 1);
    let n = let_go(&mut writer.table, going, args.key.as_deref(), reason)?;
    tell_waived(ui, n, places);
    tell_in_doubt(ui, in_doubt);
    Ok(Exit::Done)
}

/// Lets rows go that were named by a key or a place. Which of them have it beside their own key is kept, so that
/// the same words take the decision back.
fn let_go(table: &mut Table, going: Vec<JobRow>, key: Option<&str>, reason: &str) -> Result<u64> {
    let of_key = key.map(|key| table.jobs_by_key(key)).transpose()?;
    let is_own = |job: &JobRow| of_key.as_ref().is_none_or(|jobs| is_among(job, jobs));
    let (own, beside): (Vec<_>, Vec<_>) = going.into_iter().partition(is_own);
    let now_ms = clock::system_ms();
    Ok(table.waive(&Chosen::Jobs(ids(&own)), reason, now_ms)?
        + table.waive(&Chosen::Beside(ids(&beside)), reason, now_ms)?)
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

/// The rows that are named by key or place; none where it is by status.
fn named(table: &Table, args: &Waive) -> Result<Option<Vec<JobRow>>> {
    let by_key = |key| known_by(table, key, args.undo);
    Ok(match (&args.key, args.place.record) {
        (Some(key), None) => Some(by_key(key)?),
        (Some(key), Some(_)) => Some(place::those_at(table, &args.place, by_key(key)?)?),
        (None, Some(_)) => Some(place::without_key_at(table, &args.place)?),
        (None, None) => None,
    })
}

/// The rows of a key, and those that have it beside another key and are still to be sent: whoever names a phone
/// number may mean either. Where that is taken back, those that were let go so.
fn known_by(table: &Table, key: &str, undo: bool) -> Result<Vec<JobRow>> {
    let mut jobs = by_key(table, key)?;
    let mut beside = jobs_with(table, key)?;
    beside.retain(|job| !is_among(job, &jobs));
    if undo {
        let let_go = table.waived(&Chosen::Beside(ids(&beside)))?;
        beside.retain(|job| let_go.contains(&job.id));
    } else {
        beside.retain(|job| job.status == Status::Pending);
    }
    jobs.extend(beside);
    Ok(jobs)
}

fn is_among(job: &JobRow, jobs: &[JobRow]) -> bool {
    jobs.iter().any(|other| other.id == job.id)
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

/// Waives the rows of statuses, of a source, or of both.
fn waive_many(writer: &mut Writer, ui: Ui, args: &Waive) -> Result<Exit> {
    let source = args.place.source.as_ref();
    let path = source.map(|named| path_of(&writer.table, named)).transpose()?;
    let choice = |status| match (&path, args.class) {
        (Some(path), _) => {
            let (path, statuses) = (path.clone(), vec![status]);
            Chosen::Source { path, is_latest: !args.all, statuses }
        }
        (None, Some(class)) => Chosen::Failed(class.detail()),
        (None, None) => Chosen::Status(status),
    };
    let chosen: Vec<(Status, Chosen)> =
        statuses(args).into_iter().map(|status| (status, choice(status))).collect();
    let of_states = match &path {
        Some(path) if !args.all => latest_of(&mut writer.table, path)?,
        _ => None,
    };
    // A wrong file has said nothing of anybody. Killed in between, what it says is told too often, not too seldom.
    let of_whole = path.as_deref().filter(|_| args.status.is_empty());
    if args.undo {
        let tells =
            of_whole.map(|path| writer.table.give_up(path, !args.all, false)).transpose()?;
        let (mut jobs, mut left) = (Vec::new(), 0);
        for (_, chosen) in chosen {
            jobs.extend(writer.table.waived(&chosen)?);
            if path.is_none() {
                left += writer.table.waived_otherwise(&chosen)?;
            }
        }
        if tells == Some(true) {
            ui.note("What its records say of users who are done is told again: userferry failures --newer");
            if jobs.is_empty() {
                return Ok(Exit::Done);
            }
        }
        let left = tell_left(left);
        let way_out = of_states.or_else(|| left.clone());
        let exit = undo(writer, ui, &jobs, "waive", way_out)?;
        if let Some(told) = left {
            ui.note(&told);
        }
        return Ok(exit);
    }
    let reason = args.reason.as_deref().unwrap_or_default();
    let (mut n, mut in_doubt, mut parts) = (0, 0, Vec::new());
    for (status, chosen) in chosen {
        let let_go = writer.table.waive(&chosen, reason, clock::system_ms())?;
        if status == Status::Unknown {
            in_doubt = let_go;
        }
        if let_go > 0 {
            parts.push(format!("{} {status}", grouped(let_go)));
        }
        n += let_go;
    }
    let told = of_whole.map(|path| writer.table.give_up(path, !args.all, true)).transpose()?;
    let is_quiet = told == Some(true);
    let and = if is_quiet { QUIET } else { "nothing was changed" };
    if n == 0 {
        let of_states = of_states.map_or_else(String::new, |told| format!(". {told}"));
        ui.note(&format!("No row {}; {and}{of_states}", nothing_chosen(args)));
        return Ok(Exit::Done);
    }
    if is_quiet {
        ui.note(&format!("And {QUIET}"));
    }
    // Whoever waives two statuses at once should see what went with which.
    tell_waived(ui, n, Some(parts.join(", ")).filter(|_| parts.len() > 1));
    tell_in_doubt(ui, in_doubt);
    path.map_or(Ok(()), |path| tell_source(writer, ui, &path, of_states))?;
    Ok(Exit::Done)
}

/// Rows of a status or a class that were let go in another way: whoever was named stays out.
fn tell_left(n: u64) -> Option<String> {
    (n > 0).then(|| {
        format!(
            "{} of these that {} let go by key or with a source {} waived: --undo with the words of \
             that decision takes {} back",
            counted(n, "row"),
            agree(n, "was", "were"),
            agree(n, "stays", "stay"),
            agree(n, "it", "them")
        )
    })
}

/// Where a file was staged in several states, that only rows of the latest are meant.
fn latest_of(table: &mut Table, path: &str) -> Result<Option<String>> {
    let states = table.source(path)?.len() as u64;
    let name = shell_word(source_name(path));
    Ok((states > 1).then(|| {
        format!("{name} was staged in {states} states, and the rows of the latest are meant; --all takes those of the others, too")
    }))
}

/// What is said of a source whose rows were waived: whom it leaves where, and whom it took the place of.
fn tell_source(writer: &mut Writer, ui: Ui, path: &str, of_states: Option<String>) -> Result<()> {
    let name = shell_word(source_name(path));
    let table = &mut writer.table;
    if table.unfinished_sources()?.iter().any(|source| source.path == path) {
        ui.warn(&format!(
            "{name} was not read to its end: staging it again brings the rest; userferry stage --close {name} lets that go, too"
        ));
    }
    if let Some(told) = of_states {
        ui.note(&told);
    }
    let (mut done, mut in_doubt) = (0, 0);
    for (status, detail, n) in table.rows_of(path)? {
        match status {
            Status::Done if detail != Some(Detail::Waived) => done += n,
            Status::Sending | Status::Unknown => in_doubt += n,
            Status::Done | Status::Pending | Status::Failed | Status::Invalid => {}
        }
    }
    if done > 0 {
        ui.warn(&format!(
            "{} of {name} {} done: the provider has {}, and userferry export --map {} ids",
            counted(done, "row"),
            agree(done, "is", "are"),
            agree(done, "its user", "their users"),
            agree(done, "has its", "has their")
        ));
    }
    if in_doubt > 0 {
        ui.warn(&format!(
            "{} of {name} {} in doubt and {} waived: run looks {} up, and --status unknown lets {} go",
            counted(in_doubt, "row"),
            agree(in_doubt, "is", "are"),
            agree(in_doubt, "was not", "were not"),
            agree(in_doubt, "it", "them"),
            agree(in_doubt, "it", "them")
        ));
    }
    for replaced in table.replaced()?.iter().filter(|one| one.by == path && one.waived > 0) {
        ui.warn(&replaced_told(replaced));
    }
    for (other, n) in table.invalid_of_others(&[path.to_owned()])? {
        ui.note(&format!(
            "{} of {other} may have been invalid because of these: userferry stage --replace {} looks at them again",
            counted(n, "row"),
            shell_word(&other)
        ));
    }
    Ok(())
}

/// What no row is, where none was chosen.
fn nothing_chosen(args: &Waive) -> String {
    let status = if args.status.len() > 1 { "one of these statuses" } else { "this status" };
    match (&args.place.source, args.status.is_empty()) {
        (None, _) if args.class.is_some() => "failed in this way".to_owned(),
        (None, _) => format!("has {status}"),
        (Some(source), false) => format!("of {source} has {status}"),
        (Some(source), true) => format!("of {source} is pending, failed or invalid"),
    }
}

fn tell_waived(ui: Ui, n: u64, parts: Option<String>) {
    let parts = parts.map_or_else(String::new, |parts| format!(" ({parts})"));
    ui.note(&format!("{} waived{parts}; --undo takes it back", counted(n, "row")));
}

/// Each status once, also where it is named twice. Of a source, rows in doubt are waived only if they are
/// named by their status.
fn statuses(args: &Waive) -> Vec<Status> {
    match (args.status.is_empty(), args.undo) {
        _ if args.class.is_some() => return vec![Status::Failed],
        (false, _) => {}
        (true, false) => return vec![Status::Pending, Status::Failed, Status::Invalid],
        (true, true) => {
            return vec![Status::Pending, Status::Failed, Status::Invalid, Status::Unknown];
        }
    }
    let all = [
        (WaiveStatus::Failed, Status::Failed),
        (WaiveStatus::Invalid, Status::Invalid),
        (WaiveStatus::Unknown, Status::Unknown),
    ];
    let named = |name| args.status.contains(&name);
    all.into_iter().filter(|(name, _)| named(*name)).map(|(_, status)| status).collect()
}
