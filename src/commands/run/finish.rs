//! The end of a run: its balance, what is left to do, and the exit code.

use crate::commands::newer;
use crate::commands::next::{self, Conflicts};
use crate::error::{Error, Exit, Result};
use crate::job::OnConflict;
use crate::run::{End, Finished};
use crate::store::{Counts, ErrorClass, Reading, Table};
use crate::ui::Ui;
use crate::words::{counted, grouped};

pub(super) fn finish(
    ui: Ui,
    Finished { store: table, end, in_doubt, unanswered }: Finished<Table>,
    before: Counts,
    errors_before: &[ErrorClass],
    on_conflict: OnConflict,
    is_unproved: bool,
) -> Result<Exit> {
    let counts = table.counts()?;
    ui.note(&summary(&counts, &before));
    if let Some(line) = newer::counted_line(&table.newer_counts(None)?) {
        ui.note(&line);
    }
    let unfinished = table.unfinished_sources()?.len() as u64;
    let conflicts = Conflicts::of(&table, on_conflict == OnConflict::Fail)?;
    match end {
        End::Halted(halt) => Err(Error::halted(halt.message).hint(halt.hint)),
        End::Stopped => {
            if let Some(why) = unanswered {
                ui.note(&format!("The target has given no usable answer: {why}"));
            }
            ui.note("Stopped; 'userferry run' goes on");
            Ok(Exit::Stopped)
        }
        End::Limited => {
            let canary = canary(&table, &before, errors_before, in_doubt)?;
            Ok(tell_canary(ui, &canary, is_unproved))
        }
        End::Drained => Ok(tell_rest(ui, &counts, conflicts, unfinished)),
    }
}

/// What is left to do after a run that has done all it could.
fn tell_rest(ui: Ui, counts: &Counts, conflicts: Conflicts, unfinished: u64) -> Exit {
    for line in next::after_run(counts, conflicts) {
        ui.note(&line);
    }
    if unfinished > 0 {
        ui.note(&format!(
            "{} unfinished: stage it again, complete and under the same name, or let it go: userferry stage --close \
             SOURCE",
            counted(unfinished, "source")
        ));
    }
    if counts.done == counts.total && unfinished == 0 { Exit::Done } else { Exit::Incomplete }
}

/// What became of the rows of a canary: how many there are now more of a kind, for what is greater
/// than none. Doubts of earlier runs may be settled by it: those that it leaves itself are counted apart.
struct Canary {
    parts: Vec<String>,
    failed: u64,
    unknown: u64,
}

fn canary(
    table: &Table,
    before: &Counts,
    errors_before: &[ErrorClass],
    unknown: u64,
) -> Result<Canary> {
    let counts = table.counts()?;
    let conflicts =
        next::conflicts(&table.errors_by_class()?).saturating_sub(next::conflicts(errors_before));
    let failed = counts.failed.saturating_sub(before.failed);
    let invalid = counts.invalid.saturating_sub(before.invalid);
    let all = [
        (counts.created.saturating_sub(before.created), "created"),
        (counts.existed.saturating_sub(before.existed), "existed already"),
        (counts.skipped.saturating_sub(before.skipped), "skipped"),
        (conflicts, "in conflict with another user"),
        (failed.saturating_sub(conflicts), "refused or exhausted"),
        (invalid, "invalid"),
        (unknown, "in doubt"),
    ];
    let parts =
        all.iter().filter(|(n, _)| *n > 0).map(|(n, word)| format!("{} {word}", grouped(*n)));
    Ok(Canary { parts: parts.collect(), failed: failed + invalid, unknown })
}

/// A canary that failed is no mere stop: whoever reads only the exit code must not go on.
fn tell_canary(ui: Ui, canary: &Canary, is_unproved: bool) -> Exit {
    if !canary.parts.is_empty() {
        ui.note(&format!("In this run: {}", canary.parts.join(", ")));
    }
    if canary.failed > 0 {
        ui.note("See them, and why, before you go on: userferry failures");
    } else if canary.unknown > 0 {
        ui.note("See what is in doubt: userferry failures --status unknown");
    }
    if is_unproved {
        ui.note(
            "Try a password that you know before you go on: userferry password verify --key KEY",
        );
    }
    ui.note("Stopped, as asked; 'userferry run' goes on");
    if canary.failed + canary.unknown > 0 { Exit::Incomplete } else { Exit::Stopped }
}

/// The balance, in a line.
fn summary(counts: &Counts, before: &Counts) -> String {
    let mut text = format!("{} of {} done", grouped(counts.done), grouped(counts.total));
    let mut details = Vec::new();
    for (n, word) in [
        (counts.created, "created"),
        (counts.existed, "existed"),
        (counts.skipped, "skipped"),
        (counts.waived, "waived"),
    ] {
        if n > 0 && n != counts.done {
            details.push(format!("{} {word}", grouped(n)));
        }
    }
    if !details.is_empty() {
        text.push_str(&format!(" ({})", details.join(", ")));
    }
    for (n, word) in [
        (counts.failed, "failed"),
        (counts.invalid, "invalid"),
        (counts.unknown, "unknown"),
        (counts.pending + counts.sending, "pending"),
    ] {
        if n > 0 {
            text.push_str(&format!(", {} {word}", grouped(n)));
        }
    }
    text.push_str(&format!("; {}", in_this_run(counts, before)));
    text
}

/// How many rows a run has settled, and as what, where that is not one word for all that is done.
fn in_this_run(counts: &Counts, before: &Counts) -> String {
    let more = |of: fn(&Counts) -> u64| of(counts).saturating_sub(of(before));
    let kinds = [
        (more(|counts| counts.created), "created"),
        (more(|counts| counts.existed), "existed"),
        (more(|counts| counts.skipped), "skipped"),
        (more(|counts| counts.failed), "failed"),
        (more(|counts| counts.invalid), "invalid"),
    ];
    let settled = kinds.iter().map(|(n, _)| n).sum::<u64>();
    let parts: Vec<String> = kinds
        .iter()
        .filter(|(n, _)| *n > 0)
        .map(|(n, word)| format!("{} {word}", grouped(*n)))
        .collect();
    let is_plain = settled == 0 || more(|counts| counts.created) == settled;
    let parts = if is_plain { String::new() } else { format!(": {}", parts.join(", ")) };
    format!("{} in this run{parts}", grouped(settled))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_counts_all_that_it_has_settled() {
        let before = Counts { total: 600, pending: 590, done: 4, failed: 6, ..Counts::default() };
        let before = Counts { created: 4, ..before };
        for (counts, expected) in [
            (
                Counts { created: 6, done: 6, failed: 9, ..before },
                "5 in this run: 2 created, 3 failed",
            ),
            (
                Counts { created: 575, existed: 3, ..before },
                "574 in this run: 571 created, 3 existed",
            ),
            (Counts { created: 1_044, ..before }, "1,040 in this run"),
            (Counts { invalid: 2, skipped: 1, ..before }, "3 in this run: 1 skipped, 2 invalid"),
            (before, "0 in this run"),
        ] {
            assert_eq!(in_this_run(&counts, &before), expected);
        }
    }
}
