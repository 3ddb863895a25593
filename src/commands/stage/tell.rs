//! What is said of a staging: what became of each source, and what cannot be sent.

use crate::commands::sources::source_name;
use crate::mapping::Mapping;
use crate::password::guard::Guard;
use crate::schema::Schema;
use crate::stage::{Found, Staged, no_records};
use crate::ui::Ui;
use crate::words::{agree, by_field, counted, grouped};
use std::collections::BTreeMap;

/// Warns of a mapped column that no record has: it may be mistyped, and no user would get that field.
pub(super) fn tell_missing(ui: Ui, mapping: &Mapping, schema: &Schema, found: &Found) {
    for (name, rule) in mapping.rules() {
        let Some(from) = rule.column_name() else { continue };
        let kind = schema.field(name).and_then(|field| field.identifier);
        let is_missing = match kind {
            Some(kind) => !found.kinds.contains(&kind),
            None => name == schema.password_field && !found.passwords,
        };
        if is_missing {
            ui.warn(&format!(
                "no record has a valid `{from}`, which is to be the {name}: userferry check shows the columns"
            ));
        }
    }
}

/// How often a field of the table's rows is left out.
pub(super) fn left_out(omitted: &BTreeMap<String, u64>) -> String {
    format!(
        "left out of the rows in the table because the values do not fit: {}",
        by_field(omitted)
    )
}

/// Says what became of a source.
pub(super) fn tell(ui: Ui, source: &str, staged: &Staged, guard: Guard) {
    if staged.known {
        let how = staged.note.as_ref().map_or_else(String::new, |note| format!(" ({note})"));
        ui.note(&format!("{source}: staged before{how} and unchanged since; nothing to do"));
        return;
    }
    if let Some(note) = &staged.note {
        ui.note(&format!("{source}: {note}"));
    }
    for warning in &staged.warnings {
        ui.warn(&format!("{source}: {warning}"));
    }
    let c = &staged.counts;
    if c.records == 0 && staged.broken.is_none() {
        ui.warn(&no_records(source));
    }
    let mut parts = vec![format!("{} read", counted(c.records, "record"))];
    for (n, what) in [
        (c.rows, "staged"),
        (c.replaced, "replaced"),
        (c.invalid, "of them invalid"),
        (c.unchanged, "in the table already"),
    ] {
        if n > 0 {
            parts.push(format!("{} {what}", grouped(n)));
        }
    }
    let after = match staged.resumed_after {
        0 => String::new(),
        n => format!(" (went on after record {})", grouped(n)),
    };
    ui.note(&format!("{source}: {}{after}", parts.join(", ")));
    let done = c.left_alone - c.unsettled - c.kept_out;
    if done > 0 {
        let as_is = agree(
            done,
            "it is: its user is done, and no user is changed there: change it",
            "they are: their users are done, and no user is changed there: change them",
        );
        ui.warn(&format!("{} left as {as_is} at the provider", counted(done, "record")));
    }
    if c.kept_out > 0 {
        ui.warn(&format!(
            "{} not taken: {} let go by its key, and so stays out; to let one in, userferry waive --undo --key KEY, \
             then userferry stage --replace {source}",
            counted(c.kept_out, "newer record"),
            agree(c.kept_out, "its user was", "the user of each was"),
        ));
    }
    if c.unsettled > 0 {
        ui.warn(&format!(
            "{} not replaced: {} sending or unknown; run first, then stage --replace again",
            counted(c.unsettled, "record"),
            agree(c.unsettled, "its row is", "their rows are")
        ));
    }
    if staged.accepted > 0 {
        ui.warn(&format!(
            "{} accepted as {} not suit {}",
            counted(staged.accepted, "password"),
            agree(staged.accepted, "it is, though it does", "they are, though they do"),
            guard.judge()
        ));
    }
    if staged.long_passwords > 0 {
        ui.warn(&format!(
            "{} over 117 bytes, more than a 1,024-bit key carries; run decides with the target's real key",
            counted(staged.long_passwords, "password")
        ));
    }
    if staged.shortenable > 0 {
        ui.note(&format!(
            "{} of these would be short enough with short = true in the mapping's rule for the password, and userferry remap",
            grouped(staged.shortenable)
        ));
    }
    if c.still_wrong > 0 {
        let there = there_already(c.still_wrong, "a row that is", "rows that are");
        ui.warn(&format!("{there} failed or invalid"));
    }
    if c.waived > 0 {
        let there = there_already(c.waived, "a row that was", "rows that were");
        ui.warn(&format!("{there} waived: userferry waive --undo takes one back"));
    }
    if c.differing > 0 {
        ui.warn(&format!(
            "{} {} newer, userferry stage --replace {source} (users who are done are not changed: change those at the \
             provider); if it is another file by mistake, userferry waive --source {source}",
            counted(c.differing, "record"),
            agree(
                c.differing,
                "differs from what the table has under the same key: if it is",
                "differ from what the table has under the same key: if they are"
            )
        ));
    }
}

/// Records that cannot take the place of a row, because nothing says whose they are.
pub(super) fn without_key(n: u64, source: &str) -> String {
    let (have, replace) = (agree(n, "has", "have"), agree(n, "replaces", "replace"));
    let rows = agree(
        n,
        "the row that it was to correct stays as it is",
        "the rows that they were to correct stay as they are",
    );
    format!(
        "{} of {source} {have} no key (no external id, e-mail address, phone number or user name), and so {replace} no row: \
         {rows}; let go of each with userferry waive --record N --source FILE --reason …, by the place that userferry failures \
         names",
        counted(n, "record")
    )
}

/// Records that stand in rows already, of which more is said.
fn there_already(n: u64, row: &str, rows: &str) -> String {
    let (are, rows) = (agree(n, "is", "are"), agree(n, row, rows));
    format!("{} {are} in the table already, in {rows}", counted(n, "record"))
}

/// What cannot be sent, with the way out behind the last line, once.
pub(super) fn not_sent(
    sources: &[String],
    of_them: u64,
    of_others: &[(String, u64)],
    is_wrong: bool,
) -> Vec<String> {
    let these = if sources.len() > 3 { "these sources".to_owned() } else { sources.join(", ") };
    let others = format!("other sources ({})", named(of_others));
    let n = of_others.iter().map(|(_, n)| n).sum();
    let mut lines: Vec<String> = [(of_them, these.as_str()), (n, &others)]
        .into_iter()
        .filter(|(n, _)| *n > 0)
        .map(|(n, whose)| format!("{} of {whose} cannot be sent", counted(n, "invalid row")))
        .collect();
    match lines.last_mut() {
        Some(last) => last.push_str(": userferry failures"),
        // Of failed rows nothing was said but that records stand in them.
        None if is_wrong => lines.push("why, and what can be done: userferry failures".to_owned()),
        None => {}
    }
    lines
}

/// Sources with how many rows each has: up to three of them.
fn named(sources: &[(String, u64)]) -> String {
    const SHOWN: usize = 3;
    let shown = sources.iter().take(SHOWN);
    let shown: Vec<String> =
        shown.map(|(path, n)| format!("{}: {}", source_name(path), grouped(*n))).collect();
    let more = match sources.len().saturating_sub(SHOWN) as u64 {
        0 => String::new(),
        n => format!(", and {}", counted(n, "other")),
    };
    format!("{}{more}", shown.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_out_is_told_once_behind_what_cannot_be_sent() {
        let sources = ["a.json".to_owned(), "b.json".to_owned()];
        let of = |n: u64| (0..n).map(|i| (format!("/{i}.json"), 9 - i)).collect::<Vec<_>>();
        for (of_them, of_others, is_wrong, expected) in [
            (0, 0, false, &[][..]),
            (1, 0, true, &["1 invalid row of a.json, b.json cannot be sent: userferry failures"]),
            (
                2,
                1,
                true,
                &[
                    "2 invalid rows of a.json, b.json cannot be sent",
                    "9 invalid rows of other sources (/0.json: 9) cannot be sent: userferry failures",
                ],
            ),
            (
                0,
                5,
                true,
                &[
                    "35 invalid rows of other sources (/0.json: 9, /1.json: 8, /2.json: 7, and 2 others) cannot be sent: \
                   userferry failures",
                ],
            ),
            (0, 0, true, &["why, and what can be done: userferry failures"]),
        ] {
            assert_eq!(not_sent(&sources, of_them, &of(of_others), is_wrong), expected);
        }
    }
}
