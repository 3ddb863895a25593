//! What can be done about rows that are not done: a short line for each way out.

use crate::error::Result;
use crate::identity::ONLY_OUR_ID;
use crate::job::{Detail, Status};
use crate::store::{Counts, ErrorClass, Reading, Table};

/// Rows in whose way another user or row stands; of failed ones, to send them again helps nobody.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Conflicts {
    n: u64,
    /// Whether `--on-conflict skip` would pass over one of them: a user without an external id stands
    /// in its way, and was not passed over so far.
    can_skip: bool,
    /// Whether one of them is with a user who has the same external id and nothing else.
    same_id: bool,
    /// Whether an invalid row has the key of another.
    same_key: bool,
}

impl Conflicts {
    pub(super) fn of(table: &Table, may_skip: bool) -> Result<Self> {
        let errors = table.errors_by_class()?;
        let n = conflicts(&errors);
        let can_skip = may_skip && n > 0 && table.can_skip()?;
        let same_id = n > 0 && table.has_conflict_with(ONLY_OUR_ID)?;
        let has_invalid = errors.iter().any(|error| error.status == Status::Invalid);
        let same_key = has_invalid && table.has_duplicate_key()?;
        Ok(Self { n, can_skip, same_id, same_key })
    }
}

/// How many failed rows have another user in their way.
pub(super) fn conflicts(errors: &[ErrorClass]) -> u64 {
    let is_conflict = |error: &&ErrorClass| {
        error.status == Status::Failed && error.detail == Some(Detail::Conflict)
    };
    errors.iter().filter(is_conflict).map(|error| error.n).sum()
}

/// After a run.
pub(super) fn after_run(counts: &Counts, conflicts: Conflicts) -> Vec<String> {
    let mut steps = Vec::new();
    if counts.failed + counts.invalid > 0 {
        steps.push(step("See them, and why:", "userferry failures"));
    }
    steps.extend(about_failures(counts, conflicts));
    if counts.unknown > 0 {
        steps.push(step("See unknown rows:", "userferry failures --status unknown"));
    }
    steps.extend(about_unknown(counts));
    steps
}

/// After rows were shown.
pub(super) fn about_rows(counts: &Counts, conflicts: Conflicts) -> Vec<String> {
    let mut steps = about_failures(counts, conflicts);
    steps.extend(about_unknown(counts));
    steps
}

fn about_unknown(counts: &Counts) -> Vec<String> {
    if counts.unknown == 0 {
        return Vec::new();
    }
    vec![
        step("Look unknown rows up:", "userferry run"),
        step("One is in the directory:", "userferry settle KEY --as done --reason TEXT"),
        step("One is not, send it:", "userferry settle KEY --as pending --reason TEXT"),
    ]
}

fn about_failures(counts: &Counts, conflicts: Conflicts) -> Vec<String> {
    let mut steps = Vec::new();
    let only_conflicts = counts.failed > 0 && counts.failed == conflicts.n;
    if only_conflicts && conflicts.can_skip {
        let skip = "userferry retry-failed --run --on-conflict skip";
        steps.push(step("Skip existing users:", skip));
    }
    if counts.failed > 0 && conflicts.same_id {
        steps.push(step("Same ids, other people:", "README, \"Several systems into one pool\""));
    }
    if counts.failed > 0 && !only_conflicts {
        steps.push(step("Send failed rows again:", "userferry retry-failed --run"));
    }
    let status = match (counts.failed, counts.invalid) {
        (0, 0) => return steps,
        (_, 0) => "failed",
        (0, _) => "invalid",
        _ => "failed,invalid",
    };
    let export = format!("userferry export --status {status} -o wrong.jsonl");
    steps.push(step("Take records out:", &export));
    steps.push(step("Put corrected ones back:", "userferry stage --replace wrong.jsonl"));
    if only_conflicts {
        let waive = "userferry waive --status failed --reason TEXT";
        steps.push(step("Let failed rows go:", waive));
    }
    if counts.invalid > 0 && conflicts.same_key {
        steps.push(step(
            "Same key, one person:",
            "waive the row that is out of date, stage --replace",
        ));
        steps
            .push(step("If the other is done:", "change the user at the provider, waive this row"));
    }
    if counts.invalid > 0 {
        // A record without a key replaces nothing: its row stays until it is let go.
        let waive = "userferry waive --status invalid --reason TEXT";
        steps.push(step("Let invalid rows go:", waive));
    }
    steps
}

fn step(what: &str, how: &str) -> String {
    format!("{what:<25}{how}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_helps_is_named_on_short_lines() {
        let counts =
            |failed, invalid, unknown| Counts { unknown, failed, invalid, ..Counts::default() };
        let none = Conflicts::default();
        assert_eq!(after_run(&counts(0, 0, 0), none), Vec::<String>::new());
        assert_eq!(
            after_run(&counts(0, 0, 1), none),
            [
                "See unknown rows:        userferry failures --status unknown",
                "Look unknown rows up:    userferry run",
                "One is in the directory: userferry settle KEY --as done --reason TEXT",
                "One is not, send it:     userferry settle KEY --as pending --reason TEXT",
            ]
        );
        assert_eq!(
            about_failures(&counts(0, 2, 1), none),
            [
                "Take records out:        userferry export --status invalid -o wrong.jsonl",
                "Put corrected ones back: userferry stage --replace wrong.jsonl",
                "Let invalid rows go:     userferry waive --status invalid --reason TEXT",
            ]
        );
        assert_eq!(
            about_failures(
                &counts(2, 0, 0),
                Conflicts { n: 2, can_skip: true, same_id: false, ..none }
            ),
            [
                "Skip existing users:     userferry retry-failed --run --on-conflict skip",
                "Take records out:        userferry export --status failed -o wrong.jsonl",
                "Put corrected ones back: userferry stage --replace wrong.jsonl",
                "Let failed rows go:      userferry waive --status failed --reason TEXT",
            ]
        );
        // Of several sorts the others may go through.
        let one = Conflicts { n: 1, can_skip: true, same_id: false, ..none };
        let of_two_sorts = about_failures(&counts(2, 0, 0), one);
        assert_eq!(of_two_sorts[0], "Send failed rows again:  userferry retry-failed --run");
        // They were skipped where that is possible.
        let skipped = about_failures(&counts(1, 0, 0), Conflicts { can_skip: false, ..one });
        assert!(skipped[0].starts_with("Take records out:"), "{skipped:?}");
        let same_ids = about_failures(&counts(1, 0, 0), Conflicts { n: 1, same_id: true, ..none });
        assert_eq!(
            same_ids[0],
            "Same ids, other people:  README, \"Several systems into one pool\""
        );
        let all = after_run(&counts(1, 2, 3), Conflicts { same_id: true, ..none });
        assert_eq!(all.len(), 10);
        let same_key = about_failures(&counts(0, 1, 0), Conflicts { same_key: true, ..none });
        assert_eq!(
            same_key[2..4],
            [
                "Same key, one person:    waive the row that is out of date, stage --replace",
                "If the other is done:    change the user at the provider, waive this row",
            ]
        );
        assert!(all.iter().all(|line| line.len() <= 80), "{all:?}");
    }
}
