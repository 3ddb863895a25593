//! Which fields of the export say who may not sign in, and the rule of `blocked`.

use super::candidate::{Candidate, has_name, is_group, names_end, permille, raw_names};
use super::lockouts;
use super::rule::{self, How};
use super::standing::{Judgement, judge};
use super::survey::{FieldStats, Place};
use crate::vocabulary::standing::{Kind, kind};
use crate::vocabulary::synonyms::{self, plain};

/// The field of users who may not sign in.
pub(super) const BLOCKED: &str = "blocked";

/// A field, or several together, whose rule is certain.
struct Certain {
    /// The first field, and the others, each with the rule that would take it alone.
    at: Vec<(usize, String)>,
    expression: String,
    note: Option<String>,
}

/// What says who may not sign in, at a time in seconds since 1970. The provider has one field for it:
/// several that are certain become one rule.
pub(super) fn blocked(
    found: &mut Vec<Candidate>,
    fields: &[(Place, FieldStats)],
    records: u64,
    now: Option<i64>,
) {
    let system = lockouts::told(fields, now);
    let (beside, _) = lockouts::beside(fields);
    let is_systems = |at: usize| {
        beside.contains(&at) || system.as_ref().is_some_and(|told| told.at.contains(&at))
    };
    let is_taken = |at: usize| found.iter().any(|other| other.at == at);
    let told: Vec<(usize, Judgement)> = fields
        .iter()
        .enumerate()
        .filter(|(at, (place, stats))| {
            has_name(place) && !stats.in_text && !is_taken(*at) && !is_systems(*at)
        })
        .filter_map(|(at, (place, stats))| {
            let kind = standing(place)?;
            let name = names_end(place);
            let told = judge(kind, &name, &stats.tally, records)?;
            let is_flag = matches!(kind, Kind::Allowed | Kind::Blocked | Kind::Bits);
            (told.concerned > 0 || is_flag).then_some((at, told))
        })
        .collect();
    let of_one = |(at, told): &(usize, Judgement)| Certain {
        at: vec![(*at, told.rule(&fields[*at].0))],
        expression: told.expression(&fields[*at].0),
        note: about_standing(told),
    };
    let alone = |at: usize| (at, rule::written(&fields[at].0, &How::default()));
    let of_system = system.map(|told| Certain {
        at: told.at.into_iter().map(alone).collect(),
        expression: told.expression,
        note: Some(told.note),
    });
    let has_system = of_system.is_some();
    let certain: Vec<Certain> = of_system
        .into_iter()
        .chain(told.iter().filter(|(_, told)| told.is_certain).map(of_one))
        .collect();
    let points = |at: usize| permille(fields[at].1.filled(), records);
    for (at, told) in &told {
        let (place, note) = (&fields[*at].0, about_standing(told));
        let points = told.is_certain.then(|| points(*at) - 50 * i64::from(told.is_opposite));
        found.push(Candidate {
            at: *at,
            field: BLOCKED,
            rule: told.rule(place),
            note,
            points,
            is_part: false,
        });
    }
    if certain.len() > 1 || has_system {
        together(found, fields, &certain, &points);
    }
}

/// One rule of several fields; the others only say that they are in it.
fn together(
    found: &mut Vec<Candidate>,
    fields: &[(Place, FieldStats)],
    certain: &[Certain],
    points: &dyn Fn(usize) -> i64,
) {
    let rule = match certain {
        [one] => rule::jq_rule(&one.expression),
        several => {
            let of_one = |one: &Certain| format!("({})", one.expression);
            rule::jq_rule(&several.iter().map(of_one).collect::<Vec<_>>().join(" or "))
        }
    };
    let all: Vec<usize> = certain.iter().flat_map(|one| one.at.iter().map(|(at, _)| *at)).collect();
    let shown = |at: &usize| rule::shown(&fields[*at].0);
    let names = all.iter().map(shown).collect::<Vec<_>>().join(", ");
    found.retain(|other| !(other.field == BLOCKED && all.contains(&other.at)));
    for one in certain {
        for (n, (at, alone)) in one.at.iter().enumerate() {
            let own = one.note.as_ref().filter(|_| n == 0);
            let own = own.map_or(String::new(), |note| format!("; {note}"));
            let is_first = all.first() == Some(at);
            let (note, points) = if !is_first {
                (format!("is in the rule above{own}"), None)
            } else if certain.len() == 1 && all.len() > 1 {
                (format!("from {names}{own}"), Some(points(*at)))
            } else if all.len() > 1 {
                (format!("shut out by any of {names}{own}"), Some(points(*at)))
            } else {
                (own.trim_start_matches("; ").to_owned(), Some(points(*at)))
            };
            let rule = if is_first { &rule } else { alone };
            let (rule, note) = (rule.clone(), Some(note));
            found.push(Candidate {
                at: *at,
                field: BLOCKED,
                rule,
                note,
                points,
                is_part: !is_first,
            });
        }
    }
}

fn about_standing(told: &Judgement) -> Option<String> {
    let opposite = told.is_opposite.then(|| "the opposite of blocked".to_owned());
    let is_asked = !told.is_told;
    let notes: Vec<String> = opposite.into_iter().chain(told.note.clone()).collect();
    (!notes.is_empty()).then(|| notes.join(if is_asked { ": " } else { "; " }))
}

/// What a place says of whether its user may sign in.
pub(super) fn standing(place: &Place) -> Option<Kind> {
    let path = raw_names(place);
    let (last, groups) = path.split_last()?;
    let is_users =
        |group: &String| synonyms::STATUS.contains(&plain(group).as_str()) || is_group(group);
    groups.iter().all(is_users).then(|| kind(last))?
}
