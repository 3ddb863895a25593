//! `retry-failed`, `settle`, `waive`: what people decide about rows.

use super::{Writer, jobs_of, open_writer, place, run, staged_mapping};
use crate::cli::{FailedClass, Global, RetryFailed, Settle, SettleTo, Waive, WaiveStatus};
use crate::clock;
use crate::config::TargetKind;
use crate::error::{Error, Exit, Result};
use crate::job::{Detail, Status};
use crate::mapping::Mapping;
use crate::stage::with_lens;
use crate::store::JobId;
use crate::store::sqlite::{Chosen, JobRow, Retry, SettleAs, Undone};
use crate::ui::{Ui, counted, grouped};

/// Rows of one transaction: what they would be found by is looked for at once.
const UNDONE_AT_ONCE: usize = 10_000;

pub(super) fn retry_failed(global: &Global, ui: Ui, args: &RetryFailed) -> Result<Exit> {
    if args.run && args.sending.dry_run {
        return Err(Error::usage("--dry-run sends nothing, but retry-failed changes rows")
            .hint("userferry run --dry-run shows what would be sent"));
    }
    let settings = if args.run { Some(run::load(global, &args.sending)?) } else { None };
    let mut writer = open_writer(global, "retry-failed", false)?;
    let jobs = match &args.key {
        Some(key) => Some(ids(&by_key(&writer, key)?)),
        None => None,
    };
    let detail = args.class.map(|class| match class {
        FailedClass::Rejected => Detail::Rejected,
        FailedClass::Conflict => Detail::Conflict,
        FailedClass::Exhausted => Detail::Exhausted,
    });
    // A run that is refused leaves failed what was.
    let ready =
        settings.as_ref().map(|settings| run::ready(&args.sending, settings, &writer.table));
    let ready = ready.transpose()?;
    let which = Retry { code: args.code.clone(), detail, jobs };
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
    match settings.zip(ready) {
        Some((settings, ready)) => run::go(ui, &args.sending, &settings, writer, ready),
        None => Ok(Exit::Done),
    }
}

pub(super) fn settle(global: &Global, ui: Ui, args: &Settle) -> Result<Exit> {
    let mut writer = open_writer(global, "settle", false)?;
    let jobs = by_key(&writer, &args.key)?;
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
    let named = match (&args.key, args.place.record) {
        (Some(key), None) => Some(by_key(&writer, key)?),
        (Some(key), Some(_)) => {
            Some(place::those_at(&writer.table, &args.place, by_key(&writer, key)?)?)
        }
        (None, Some(_)) => Some(place::without_key_at(&writer.table, &args.place)?),
        (None, None) => None,
    };
    let is_named = named.is_some();
    // Whoever names a key should see that it was that of several rows.
    let places = named.as_deref().filter(|jobs| jobs.len() > 1).map(place::listed);
    let chosen = match named {
        Some(jobs) => vec![Chosen::Jobs(ids(&jobs))],
        None => statuses(&args.status).into_iter().map(Chosen::Status).collect(),
    };
    if args.undo {
        let mut jobs = Vec::new();
        for chosen in chosen {
            jobs.extend(match chosen {
                Chosen::Jobs(jobs) => jobs,
                Chosen::Status(status) => writer.table.waived(status)?,
            });
        }
        return undo(&mut writer, ui, &jobs, "waive");
    }
    let reason = args.reason.as_deref().unwrap_or_default();
    let (mut n, mut parts) = (0, Vec::new());
    for chosen in &chosen {
        let let_go = writer.table.waive(chosen, reason, clock::system_ms())?;
        if let (Chosen::Status(status), true) = (chosen, let_go > 0) {
            parts.push(format!("{} {status}", grouped(let_go)));
        }
        n += let_go;
    }
    if n == 0 && is_named {
        return Err(Error::usage(
            "the row is neither pending nor failed nor invalid: there is nothing to waive",
        ));
    }
    if n == 0 {
        let which = if chosen.len() > 1 { "one of these statuses" } else { "this status" };
        ui.note(&format!("No row has {which}; nothing was changed"));
        return Ok(Exit::Done);
    }
    // Whoever waives two statuses at once should see what went with which.
    let parts = if parts.len() > 1 { Some(parts.join(", ")) } else { places };
    let parts = parts.map_or_else(String::new, |parts| format!(" ({parts})"));
    ui.note(&format!("{} waived{parts}; --undo takes it back", counted(n, "row")));
    Ok(Exit::Done)
}

/// Each status once, also where it is named twice.
fn statuses(named: &[WaiveStatus]) -> Vec<Status> {
    let all = [(WaiveStatus::Failed, Status::Failed), (WaiveStatus::Invalid, Status::Invalid)];
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

fn by_key(writer: &Writer, key: &str) -> Result<Vec<JobRow>> {
    let jobs = jobs_of(&writer.table, key)?;
    if jobs.len() > 1 && writer.table.jobs_by_key(key)?.is_empty() {
        let place = |job: &JobRow| {
            format!(
                "{} ({}, record {})",
                job.key.as_deref().unwrap_or("-"),
                job.source,
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
