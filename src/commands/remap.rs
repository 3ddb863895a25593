//! `remap`: maps and validates again what is not done yet, after a change of the mapping.

use super::{open_writer, staged_guard, staged_mapping};
use crate::cli::{Global, Remap};
use crate::config::{Flags, Settings, process_env};
use crate::error::{Error, Exit, Result};
use crate::password::guard::Guard;
use crate::remap::remap;
use crate::ui::progress::ReadProgress;
use crate::ui::{Ui, agree, counted, grouped};

pub(super) fn run(global: &Global, ui: Ui, args: &Remap) -> Result<Exit> {
    let settings = Settings::load(global.config.as_deref(), &Flags::default(), &process_env)?;
    let schema = settings.target.kind.schema();
    settings.mapping.validate(schema)?;
    let mut writer = open_writer(global, "remap", false)?;
    let table = &mut writer.table;
    let before = table.counts()?;
    let Some(old) = staged_mapping(table)? else {
        return Err(Error::usage("nothing is staged yet").hint("userferry stage SOURCE"));
    };
    let staged = staged_guard(table)?;
    let guard = Guard { keep: settings.target.keep_password, accepted: args.accept_passwords };
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
    if after.done > 0 {
        ui.note(&format!("{} done: nothing changes about that", counted(after.done, "row")));
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
