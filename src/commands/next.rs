//! What can be done about rows that are not done: a short line for each way out.

use crate::store::sqlite::Counts;

/// After a run.
pub(super) fn after_run(counts: &Counts) -> Vec<String> {
    let mut steps = Vec::new();
    if counts.failed + counts.invalid > 0 {
        steps.push(step("See them, and why:", "userferry failures"));
    }
    steps.extend(about_failures(counts));
    if counts.unknown > 0 {
        steps.push(step("See unknown rows:", "userferry failures --status unknown"));
    }
    steps.extend(about_unknown(counts));
    steps
}

/// After rows were shown.
pub(super) fn about_rows(counts: &Counts) -> Vec<String> {
    let mut steps = about_failures(counts);
    steps.extend(about_unknown(counts));
    steps
}

fn about_unknown(counts: &Counts) -> Vec<String> {
    if counts.unknown == 0 {
        return Vec::new();
    }
    vec![
        step("Look unknown rows up:", "userferry run"),
        step("Or decide about one:", "userferry settle KEY --as done --reason TEXT"),
    ]
}

fn about_failures(counts: &Counts) -> Vec<String> {
    let mut steps = Vec::new();
    if counts.failed > 0 {
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
        assert_eq!(after_run(&counts(0, 0, 0)), Vec::<String>::new());
        assert_eq!(
            after_run(&counts(0, 0, 1)),
            [
                "See unknown rows:        userferry failures --status unknown",
                "Look unknown rows up:    userferry run",
                "Or decide about one:     userferry settle KEY --as done --reason TEXT",
            ]
        );
        assert_eq!(
            about_failures(&counts(0, 2, 1)),
            [
                "Take records out:        userferry export --status invalid -o wrong.jsonl",
                "Put corrected ones back: userferry stage --replace wrong.jsonl",
                "Let invalid rows go:     userferry waive --status invalid --reason TEXT",
            ]
        );
        let all = after_run(&counts(1, 2, 3));
        assert_eq!(all.len(), 8);
        assert!(all.iter().all(|line| line.len() <= 80), "{all:?}");
    }
}
