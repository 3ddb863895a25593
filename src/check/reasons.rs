//! The problems of a check for people: each reason once, with its count and the first record that has it.

use super::mapped_to;
use crate::mapping::Mapping;
use crate::problem::{FoundProblem, Rule};
use crate::schema::Schema;
use crate::words::{counted, grouped};
use std::collections::BTreeMap;

/// Reasons that are kept apart; beyond, memory would not be constant.
const MOST: usize = 1_000;
/// Reasons that are shown.
const SHOWN: usize = 20;

/// Problems by field and rule.
#[derive(Default)]
pub struct Reasons {
    groups: BTreeMap<(String, Rule), Group>,
    /// Problems of reasons beyond [`MOST`].
    others: u64,
}

struct Group {
    count: u64,
    first: FoundProblem,
    /// Not all of them are told in the same words.
    differ: bool,
}

impl Reasons {
    /// Counts a problem.
    pub fn add(&mut self, problem: FoundProblem) {
        let key = (problem.field.clone(), problem.rule);
        if let Some(group) = self.groups.get_mut(&key) {
            group.count += 1;
            group.differ |= group.first.message != problem.message;
        } else if self.groups.len() < MOST {
            self.groups.insert(key, Group { count: 1, first: problem, differ: false });
        } else {
            self.others += 1;
        }
    }

    /// A line for each reason, the most frequent first; empty where there is none.
    pub fn to_text(&self, mapping: &Mapping, schema: &Schema) -> String {
        let mut text = self.lines(&|field| mapped_to(mapping, field, schema));
        if !text.is_empty() {
            text.push_str("each of them, record by record: --format jsonl\n");
        }
        text
    }

    /// The same of what was read without a mapping.
    pub(crate) fn unmapped(&self) -> String {
        self.lines(&|_| Vec::new())
    }

    fn lines(&self, to: &dyn Fn(&str) -> Vec<String>) -> String {
        let mut groups: Vec<&Group> = self.groups.values().collect();
        groups
            .sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.first.field.cmp(&b.first.field)));
        let mut text: String = groups.iter().take(SHOWN).map(|group| line(group, to)).collect();
        if let Some(more) = groups.len().checked_sub(SHOWN).filter(|more| *more > 0) {
            text.push_str(&format!("… and {}\n", counted(more as u64, "more reason")));
        }
        if self.others > 0 {
            text.push_str(&format!("… and {} of other fields\n", counted(self.others, "problem")));
        }
        text
    }
}

/// `1,204 x mail (goes to email): missing @; first in users.csv, record 5, line 6`
fn line(group: &Group, to: &dyn Fn(&str) -> Vec<String>) -> String {
    let first = &group.first;
    let to = to(&first.field);
    let field = match (first.field.as_str(), to.as_slice()) {
        ("", _) => "the whole record".to_owned(),
        (field, []) => field.to_owned(),
        (field, [to]) if to == field => field.to_owned(),
        (field, to) => format!("{field} (goes to {})", to.join(", ")),
    };
    let place = first.line.map_or_else(String::new, |line| format!(", line {}", grouped(line)));
    let such_as = if group.differ { "for example " } else { "" };
    let first_in = if group.count == 1 { "in" } else { "first in" };
    format!(
        "{} x {field}: {such_as}{} ({}); {first_in} {}, record {}{place}\n",
        grouped(group.count),
        first.message,
        first.rule,
        first.source,
        grouped(first.record)
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::authing::fields::V2;

    fn problem(record: u64, field: &str, rule: Rule, message: &str) -> FoundProblem {
        FoundProblem {
            source: "u.csv".to_owned(),
            record,
            line: Some(record + 1),
            key: None,
            field: field.to_owned(),
            rule,
            message: message.to_owned(),
        }
    }

    #[test]
    fn each_reason_is_told_once_with_its_count_its_column_and_its_first_record() {
        let mut reasons = Reasons::default();
        for record in 1..=1_500 {
            reasons.add(problem(record, "mail", Rule::Email, "not an e-mail address: missing @"));
        }
        reasons.add(problem(7, "uid", Rule::DuplicateKey, "as record 3"));
        reasons.add(problem(9, "uid", Rule::DuplicateKey, "as record 4"));
        reasons.add(problem(2, "", Rule::Syntax, "cut off"));
        let schema = &V2;
        let expected = "\
            1,500 x mail (goes to email): not an e-mail address: missing @ (email); first in u.csv, record 1, line 2\n\
            2 x uid (goes to externalId): for example as record 3 (duplicate-key); first in u.csv, record 7, line 8\n\
            1 x the whole record: cut off (syntax); in u.csv, record 2, line 3\n\
            each of them, record by record: --format jsonl\n";
        assert_eq!(reasons.to_text(&Mapping::reference(), schema), expected);
        assert_eq!(Reasons::default().to_text(&Mapping::reference(), schema), "");
    }

    #[test]
    fn fields_without_number_cost_no_memory_without_bound() {
        let mut reasons = Reasons::default();
        for n in 0..3_000 {
            reasons.add(problem(n, &format!("field{n}"), Rule::Type, "no text"));
        }
        assert_eq!((reasons.groups.len(), reasons.others), (MOST, 2_000));
        let text = reasons.to_text(&Mapping::reference(), &V2);
        assert!(
            text.contains("… and 980 more reasons\n… and 2,000 problems of other fields\n"),
            "{text}"
        );
    }
}
