//! `remap`: maps and validates again what is not done yet, after a change of the mapping.

use super::global::Global;
use super::{open_writer, same_provider, staged_guard, staged_mapping};
use crate::config::{Flags, Settings, process_env};
use crate::error::{Error, Exit, Result};
use crate::mapping::Mapping;
use crate::remap::remap;
use crate::store::{Counts, Reading, Staging};
use crate::ui::Ui;
use crate::ui::progress::ReadProgress;
use crate::words::{agree, counted, grouped};
use clap::Args;

/// `remap`.
#[derive(Debug, Args)]
pub struct Remap {
    /// As stage --accept-passwords
    #[arg(long)]
    pub accept_passwords: bool,
}

pub(crate) fn run(global: &Global, ui: Ui, args: &Remap) -> Result<Exit> {
    let settings = Settings::load(global.config.as_deref(), &Flags::default(), &process_env)?;
    let schema = settings.target.schema();
    settings.check_mapping()?;
    let mut writer = open_writer(global, "remap", false)?;
    let table = &mut writer.table;
    same_provider(table, &settings)?;
    let before = table.counts()?;
    let Some(old) = staged_mapping(table)? else {
        return Err(Error::usage("nothing is staged yet").hint("userferry stage SOURCE"));
    };
    let staged = staged_guard(table)?;
    let guard = settings.target.guard(args.accept_passwords);
    let is_same = old == settings.mapping && staged.is_none_or(|staged| staged.keep == guard.keep);
    if is_same && !guard.accepted && table.remap()?.is_none() {
        let invalid = match before.invalid {
            0 => String::new(),
            n => format!("; {} cannot be sent: userferry failures", counted(n, "invalid row")),
        };
        ui.note(&format!("the rows are mapped so already; nothing to do{invalid}"));
        return Ok(if before.invalid > 0 { Exit::Incomplete } else { Exit::Done });
    }
    let unsettled = before.sending + before.unknown;
    if unsettled > 0 {
        let are = if unsettled == 1 { "is" } else { "are" };
        return Err(Error::usage(format!(
            "{} {are} sending or unknown: they are settled by what was sent, so by the old mapping",
            counted(unsettled, "row")
        ))
        .hint("put the old mapping back and run, or settle them (userferry settle); then remap"));
    }
    let mut bar = ReadProgress::of_rows(ui, "rows mapped");
    let changed = changed_rules(&old, &settings.mapping);
    remap(table, &old, &settings.mapping, schema, guard, &mut |rows| {
        bar.update(rows, Some(before.total), rows);
    })?;
    drop(bar);
    let after = table.counts()?;
    ui.note(&format!(
        "{} mapped again: {} pending (before: {}), {} invalid (before: {})",
        counted(after.total - after.done, "row"),
        grouped(after.pending),
        grouped(before.pending),
        grouped(after.invalid),
        grouped(before.invalid),
    ));
    if after.failed > 0 {
        ui.note(&format!(
            "{} mapped too, and {}: userferry retry-failed",
            counted(after.failed, "failed row"),
            agree(after.failed, "waits", "wait")
        ));
    }
    let password = schema.password_field;
    let is_new = changed.iter().any(|field| field == password);
    let had_both = old.rule(password).is_some() && settings.mapping.rule(password).is_some();
    tell_done(ui, &after, &changed, password, is_new && had_both);
    if let Some(unproved) = settings.mapping.unproved_order(schema).filter(|_| is_new) {
        ui.warn(&unproved);
    }
    if after.pending > 0 {
        ui.note(&format!("{} to send: userferry run", counted(after.pending, "row")));
    }
    if after.invalid > 0 {
        ui.note(&format!(
            "{} cannot be sent: userferry failures",
            counted(after.invalid, "invalid row")
        ));
        return Ok(Exit::Incomplete);
    }
    Ok(Exit::Done)
}

/// The provider's fields whose rules differ.
fn changed_rules(old: &Mapping, new: &Mapping) -> Vec<String> {
    let fields = old.rules().iter().chain(new.rules()).map(|(field, _)| field);
    let mut changed: Vec<String> = Vec::new();
    for field in fields {
        if old.rule(field) != new.rule(field) && !changed.contains(field) {
            changed.push(field.clone());
        }
    }
    changed
}

/// What was sent by the old mapping stays as it was sent.
/// `is_corrected`: they were sent with passwords, which have another rule now.
fn tell_done(ui: Ui, after: &Counts, changed: &[String], password: &str, is_corrected: bool) {
    let sent = after.created + after.existed;
    let others = after.done.saturating_sub(sent);
    if others > 0 {
        ui.note(&format!(
            "{} skipped or waived: nothing changes about that",
            counted(others, "row")
        ));
    }
    if sent == 0 {
        return;
    }
    let which = match changed {
        [] => String::new(),
        fields => format!(
            ", with the old {} of {}",
            agree(fields.len() as u64, "rule", "rules"),
            fields.join(", ")
        ),
    };
    ui.warn(&format!(
        "{} sent by the old mapping{which}: remap changes no user at the provider. Their records: userferry export \
         --status done; their ids there: userferry export --map",
        agree(sent, "1 done row was", &format!("{} done rows were", grouped(sent)))
    ));
    if is_corrected {
        ui.warn(&format!(
            "if the old rule of {password} was wrong, {} cannot sign in before setting a new password",
            agree(sent, "this user", "these users")
        ));
    }
}
