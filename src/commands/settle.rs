//! `settle`: a person decides about rows in doubt.

use super::decide::{by_key, ids, undo};
use super::global::Global;
use super::open_writer;
use crate::clock;
use crate::error::{Error, Exit, Result};
use crate::job::{Detail, SettleAs, Status};
use crate::store::{Deciding, JobRow};
use crate::ui::Ui;
use crate::words::{agree, counted};
use clap::{Args, ValueEnum};

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

pub(crate) fn run(global: &Global, ui: Ui, args: &Settle) -> Result<Exit> {
    let mut writer = open_writer(global, "settle", false)?;
    let jobs = by_key(&writer.table, &args.key)?;
    if args.undo {
        return undo(&mut writer, ui, &ids(&jobs), "settle", None);
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
        return Err(not_in_doubt(&jobs));
    }
    ui.note(&format!("{} settled; --undo takes it back", counted(settled, "row")));
    Ok(Exit::Done)
}

/// Why none of the rows was settled, with the way out for each that can be decided about otherwise.
fn not_in_doubt(jobs: &[JobRow]) -> Error {
    let mut are: Vec<String> = jobs.iter().map(JobRow::status_and_detail).collect();
    are.dedup();
    let message = format!(
        "{} {}, not unknown: there is nothing to settle",
        agree(jobs.len() as u64, "the row is", "the rows are"),
        are.join(", ")
    );
    let mut ways: Vec<&str> = jobs.iter().map(way_out).collect();
    ways.dedup();
    Error::usage(message).hint(ways.join("\n      "))
}

fn way_out(job: &JobRow) -> &'static str {
    match (job.status, job.detail) {
        (Status::Failed, Some(Detail::Conflict)) => {
            "if the user in the directory is another person, let the row go: userferry waive --key KEY --reason TEXT; if it \
             is the same person, give it the external id of this record there, then: userferry retry-failed --key KEY --run"
        }
        (Status::Failed, _) => {
            "userferry retry-failed --key KEY --run sends it again; userferry waive --key KEY --reason TEXT lets it go"
        }
        (Status::Invalid, _) => {
            "correct the record and stage it: userferry stage --replace SOURCE; or let it go: userferry waive --key KEY \
             --reason TEXT"
        }
        (Status::Pending, _) => "userferry run sends it",
        (Status::Done, Some(Detail::Waived)) => "userferry waive --key KEY --undo takes that back",
        (Status::Done | Status::Sending | Status::Unknown, _) => {
            "userferry show KEY tells what became of it"
        }
    }
}

/// One user has one id.
fn takes_an_id(to: SettleTo, jobs: &[JobRow]) -> Result<()> {
    if to != SettleTo::Done {
        return Err(Error::usage("--user-id is for --as done: other rows have no user there"));
    }
    let in_doubt = |job: &&JobRow| job.status.is_in_hand();
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
