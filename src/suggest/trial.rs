//! Rules that are proposed, tried on the records that were looked at, by the code that stages them.

use crate::mapping::{Mapping, Rule};
use crate::prepare::{Warning, prepare};
use crate::problem::Rule as Broken;
use crate::schema::Schema;
use crate::user::Value;
use crate::words::grouped;
use std::collections::{BTreeMap, HashSet};

/// Reasons that are told of one rule.
const MOST_REASONS: usize = 3;

/// What a rule came to on all records together. Counts, and reasons that hold no value.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tried {
    /// Values that would be sent.
    pub taken: u64,
    /// Values that would be refused, by the reason.
    pub refused: BTreeMap<String, u64>,
    /// Of those that would be sent, identifiers that an earlier record has, too: only one of them can.
    pub repeated: u64,
}

impl Tried {
    /// Values that would be refused.
    pub fn refusals(&self) -> u64 {
        self.refused.values().sum()
    }

    /// Whether most values are taken.
    pub(super) fn takes_most(&self) -> bool {
        self.taken > self.refusals()
    }

    /// What follows from identifiers that came before, if some did.
    pub(super) fn told_repeated(&self) -> Option<String> {
        let others = match self.repeated {
            0 => return None,
            1 => "another record: the later record cannot be sent, and check names it",
            _ => "other records: the later records cannot be sent, and check names them",
        };
        let (n, of) = (grouped(self.repeated), grouped(self.taken));
        Some(format!("{n} of {of} values came before in {others}"))
    }

    /// `1,799 of 1,800 values taken, 1 not: a text that is no whole number`. `omits`: what is refused is left
    /// out, and does not cost the user.
    pub(super) fn told(&self, omits: bool) -> String {
        let refusals = self.refusals();
        let all = self.taken + refusals;
        if refusals == 0 {
            return match all {
                0 => "no value".to_owned(),
                1 => "the only value taken".to_owned(),
                all => format!("all {} values taken", grouped(all)),
            };
        }
        let mut reasons: Vec<(&String, u64)> =
            self.refused.iter().map(|(why, n)| (why, *n)).collect();
        reasons.sort_by_key(|(_, n)| std::cmp::Reverse(*n));
        let is_one = reasons.len() == 1;
        let shown: Vec<String> = reasons
            .iter()
            .take(MOST_REASONS)
            .map(|(why, n)| if is_one { (*why).clone() } else { format!("{} {why}", grouped(*n)) })
            .collect();
        let more = if reasons.len() > MOST_REASONS { ", …" } else { "" };
        let how = if omits { "left out" } else { "not" };
        let (taken, refused) = (grouped(self.taken), grouped(refusals));
        let reasons = shown.join(", ");
        format!("{taken} of {} values taken, {refused} {how}: {reasons}{more}", grouped(all))
    }
}

/// The records that rules are tried on.
#[derive(Clone, Copy)]
pub(super) struct Trial<'a> {
    records: &'a [Box<[u8]>],
    schema: &'a Schema,
}

impl<'a> Trial<'a> {
    pub(super) fn new(records: &'a [Box<[u8]>], schema: &'a Schema) -> Self {
        Self { records, schema }
    }

    /// What a rule of a field comes to; none where it cannot be read as one.
    pub(super) fn run(&self, field: &str, rule: &str) -> Option<Tried> {
        let mapping = mapping(field, rule)?;
        let kind = self.schema.field(field).and_then(|field| field.identifier);
        let (mut tried, mut seen) = (Tried::default(), HashSet::new());
        for record in self.records {
            let prepared = prepare(record, &mapping, self.schema);
            // That other fields identify the user is not asked here.
            let problem = prepared.problems.iter().find(|found| found.rule != Broken::Identifier);
            if let Some(problem) = problem {
                *tried.refused.entry(reason(&problem.message)).or_default() += 1;
            } else if prepared.user.password.is_some() || !prepared.user.fields.is_empty() {
                tried.taken += 1;
                let id = kind.and_then(|kind| prepared.user.identifiers.get(kind));
                let is_new = id.is_none_or(|id| seen.insert(id.to_owned()));
                tried.repeated += u64::from(!is_new);
            }
        }
        Some(tried)
    }

    /// How many passwords of a rule are longer than a small key carries, and could be shorter.
    pub(super) fn shortenable(&self, field: &str, rule: &str) -> u64 {
        let Some(mapping) = mapping(field, rule) else { return 0 };
        let prepared = self.records.iter().map(|raw| prepare(raw, &mapping, self.schema));
        prepared.filter(|one| one.warnings.contains(&Warning::Shortenable)).count() as u64
    }

    /// What two rules make of each record that has a value by the first; empty where it has none by the second.
    pub(super) fn pairs(&self, first: (&str, &str), second: (&str, &str)) -> Vec<(String, String)> {
        let rules = [first, second].map(|(field, rule)| mapping(field, rule));
        let [Some(first), Some(second)] = rules else { return Vec::new() };
        let text = |raw: &[u8], mapping: &Mapping| {
            let (_, value) = prepare(raw, mapping, self.schema).user.fields.into_iter().next()?;
            if let Value::Text(text) = value { Some(text) } else { None }
        };
        let pairs = self
            .records
            .iter()
            .map(|raw| Some((text(raw, &first)?, text(raw, &second).unwrap_or_default())));
        pairs.flatten().collect()
    }

    /// The texts that a rule makes of the records, of those that it refuses, too.
    pub(super) fn texts(&self, field: &str, rule: &str) -> Vec<String> {
        let Some(mapping) = mapping(field, rule) else { return Vec::new() };
        let users = self.records.iter().map(|raw| prepare(raw, &mapping, self.schema).user);
        let texts = users.flat_map(|user| user.fields).filter(|(name, _)| *name == field);
        let text = |(_, value)| if let Value::Text(text) = value { Some(text) } else { None };
        texts.filter_map(text).collect()
    }
}

/// A mapping of one rule, as it stands in the file.
fn mapping(field: &str, rule: &str) -> Option<Mapping> {
    let line: serde_json::Value = toml::from_str(&format!("rule = {rule}")).ok()?;
    let rule = Rule::from_json(line.get("rule")?).ok()?;
    Some(Mapping::new(vec![(field.to_owned(), rule)]))
}

/// Why a value is refused, without the way out: that is for who has chosen the rule.
fn reason(message: &str) -> String {
    let end = message.find("; ").or_else(|| message.find(" (")).unwrap_or(message.len());
    message[..end].to_owned()
}
