//! Which fields of the export say who may not sign in, and the rule of `blocked`.

use super::candidate::{Candidate, has_name, is_group, names_end, permille, raw_names};
use super::rule;
use super::standing::{Judgement, judge};
use super::survey::{FieldStats, Place};
use crate::vocabulary::standing::{Kind, kind};
use crate::vocabulary::synonyms::{self, plain};

/// The field of users who may not sign in.
pub(super) const BLOCKED: &str = "blocked";

/// What says who may not sign in. The provider has one field for it: several that are certain become one
/// rule.
pub(super) fn blocked(found: &mut Vec<Candidate>, fields: &[(Place, FieldStats)], records: u64) {
    let is_taken = |at: usize| found.iter().any(|other| other.at == at);
    let told: Vec<(usize, Judgement)> = fields
        .iter()
        .enumerate()
        .filter(|(at, (place, stats))| has_name(place) && !stats.in_text && !is_taken(*at))
        .filter_map(|(at, (place, stats))| {
            let kind = standing(place)?;
            let name = names_end(place);
            let told = judge(kind, &name, &stats.tally, records)?;
            let is_flag = matches!(kind, Kind::Allowed | Kind::Blocked | Kind::Bits);
            (told.concerned > 0 || is_flag).then_some((at, told))
        })
        .collect();
    let certain: Vec<&(usize, Judgement)> =
        told.iter().filter(|(_, told)| told.is_certain).collect();
    let several = (certain.len() > 1).then(|| {
        let of_one =
            |(at, told): &&(usize, Judgement)| format!("({})", told.expression(&fields[*at].0));
        rule::jq_rule(&certain.iter().map(of_one).collect::<Vec<_>>().join(" or "))
    });
    let first = certain.first().map(|(at, _)| *at);
    for (at, told) in &told {
        let (place, stats) = &fields[*at];
        let points = permille(stats.filled(), records) - 50 * i64::from(told.is_opposite);
        let mut candidate = Candidate {
            at: *at,
            field: BLOCKED,
            rule: told.rule(place),
            note: about_standing(told),
            points: told.is_certain.then_some(points),
        };
        if let Some(rule) = several.as_ref().filter(|_| told.is_certain) {
            let own = candidate.note.take().map_or(String::new(), |note| format!("; {note}"));
            if first == Some(*at) {
                let names: Vec<String> =
                    certain.iter().map(|(at, _)| rule::shown(&fields[*at].0)).collect();
                candidate.rule.clone_from(rule);
                candidate.note = Some(format!("shut out by any of {}{own}", names.join(", ")));
            } else {
                candidate.points = None;
                candidate.note = Some(format!("is in the rule above{own}"));
            }
        }
        found.push(candidate);
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
