//! What newer records say of users who are done, who stay as they were sent.

use super::unmask::Unmasked;
use super::{schema_of, staged_mapping};
use crate::error::Result;
use crate::job::Newer;
use crate::mapping::Mapping;
use crate::prepare;
use crate::store::{JobId, NewerRow, Reading, Table};
use crate::ui::Ui;
use crate::words::{agree, counted, grouped};
use std::collections::BTreeMap;

/// Keys that are named, at most.
const NAMED: u32 = 5;

/// How many such users there are, and what lists them.
pub(super) fn counted_line(counts: &BTreeMap<Newer, u64>) -> Option<String> {
    let n: u64 = counts.values().sum();
    let part = |(what, n): (&Newer, &u64)| format!("{} {}", grouped(*n), said(*what));
    let parts: Vec<String> = counts.iter().map(part).collect();
    (n > 0).then(|| {
        format!(
            "{} with a newer record that was not applied ({}): userferry failures --newer",
            counted(n, "settled user"),
            parts.join(", ")
        )
    })
}

/// In a count.
fn said(what: Newer) -> &'static str {
    match what {
        Newer::Blocked => "to block",
        Newer::StateUnknown => "in an unknown state",
        Newer::Unblocked => "blocked no more",
        Newer::Differs => "otherwise different",
        Newer::KeptOut => "kept out",
    }
}

/// Says of a source whom its records shut out, or may shut out, who is in the directory.
pub(super) fn tell_source(ui: Ui, table: &Table, path: &str) -> Result<()> {
    let counts = table.newer_counts(Some(path))?;
    let of = |what| counts.get(&what).copied().unwrap_or_default();
    if of(Newer::Blocked) > 0 {
        let first = table.newer(Some(path), Some(Newer::Blocked), JobId(0), NAMED)?;
        ui.warn(&to_block(of(Newer::Blocked), &keys(table, &first)?));
    }
    let unknown = of(Newer::StateUnknown);
    if unknown > 0 {
        ui.warn(&format!(
            "{} a state that [mapping] does not know, so nobody can tell whether {} may still sign in: userferry failures \
             --newer",
            agree(
                unknown,
                "1 record of a user who is done has",
                &format!("{} records of users who are done have", grouped(unknown))
            ),
            agree(unknown, "this user", "these users"),
        ));
    }
    Ok(())
}

/// The keys of rows, masked as those of failures are.
fn keys(table: &Table, rows: &[NewerRow]) -> Result<Vec<String>> {
    let mapping = staged_mapping(table)?.unwrap_or_else(Mapping::reference);
    let schema = schema_of(table)?;
    let unmasked = Unmasked::new(&[], &mapping, schema)?;
    let shown = rows.iter().map(|row| {
        let user = prepare::inspect(&table.record(row.id)?.unwrap_or_default(), &mapping, schema);
        Ok(unmasked.key(row.key.as_deref().unwrap_or("-"), &user.user, None, schema))
    });
    shown.collect()
}

/// Users who are done, and may not sign in by newer records.
fn to_block(n: u64, shown: &[String]) -> String {
    let more = match n.saturating_sub(shown.len() as u64) {
        0 => String::new(),
        n => format!(" and {}", counted(n, "other")),
    };
    format!(
        "{} by now that {}: userferry does not change users who are in the directory, so block {} there ({}: {}{more}; \
         userferry export --map has the {} there)",
        agree(n, "1 record says", &format!("{} records say", grouped(n))),
        agree(
            n,
            "its user may not sign in, who was sent before as one who may",
            "their users may not sign in, who were sent before as users who may"
        ),
        agree(n, "this one", "them"),
        agree(n, "the key", "the keys"),
        shown.join(", "),
        agree(n, "id", "ids"),
    )
}
