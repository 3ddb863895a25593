//! What a check found, for machines (`check --json`) and for people.

use super::nowhere::{Nowhere, shown_unmapped};
use crate::password::{Scheme, cost};
use crate::problem::Rule;
use crate::words;
use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use unicode_width::UnicodeWidthStr as _;

/// Different names of fields that are counted; beyond, memory would not be constant.
pub(super) const MOST_FIELDS: usize = 1000;

/// The warning of a column that the mapping takes and no record has.
pub(super) const MISSING: &str = "column-missing";

/// What is said of passwords of no known form where the provider stores them as they are.
const KEPT: &str = "plain text, or a hash of no known scheme, and keep_password = true stores it as it is, readable";

/// What a check found in all sources together.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct CheckReport {
    /// Records read: `valid + invalid + unchanged`.
    pub records: u64,
    /// Records without a problem.
    pub valid: u64,
    /// Records with at least one problem.
    pub invalid: u64,
    /// Records that came before, word for word under the same key: they are staged once.
    pub unchanged: u64,
    /// Records whose user may not sign in; none where no rule of the mapping says who may not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub blocked: Option<u64>,
    /// The fields of the records, in the order in which they first appear.
    pub fields: FieldCounts,
    /// Passwords by scheme.
    pub passwords: BTreeMap<&'static str, u64>,
    /// What is known of each scheme, the weakest first.
    pub password_schemes: Vec<PasswordScheme>,
    /// Problems by rule; only rules that are broken.
    pub problems_by_rule: BTreeMap<Rule, u64>,
    /// Values that were left out because they do not fit and the rule of their field says so, by the
    /// provider's field. Those of invalid records count, too.
    pub omitted: BTreeMap<String, u64>,
    /// The columns, and the paths inside objects, that nothing maps.
    pub unmapped: Vec<String>,
    /// What does not stop anybody but should be known.
    pub warnings: Vec<CheckWarning>,
    /// One record at least has something that identifies its user.
    #[serde(skip)]
    pub(crate) has_key: bool,
    /// The fields inside objects that nothing maps: for people only.
    #[serde(skip)]
    pub(crate) nowhere: Nowhere,
}

/// The passwords of one scheme.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PasswordScheme {
    /// Its word.
    pub scheme: &'static str,
    /// How many passwords.
    pub count: u64,
    /// The lowest and the highest cost that they name, where the scheme has one.
    pub cost: Option<(u64, u64)>,
    /// What the cost counts: `cost iterations rounds KiB N`.
    pub unit: &'static str,
    /// How hard they are to guess, from 0 (plain text) to 4.
    pub strength: u8,
    /// What a sign-in with them needs, for people.
    pub needs: &'static str,
}

/// The costs of the passwords of one scheme.
#[derive(Default)]
pub(super) struct Costs {
    count: u64,
    range: Option<(u64, u64)>,
}

impl Costs {
    pub(super) fn add(&mut self, cost: Option<u64>) {
        self.count += 1;
        if let Some(cost) = cost {
            let (low, high) = self.range.unwrap_or((cost, cost));
            self.range = Some((low.min(cost), high.max(cost)));
        }
    }

    /// `keep`: the provider stores passwords as they are.
    pub(super) fn report(self, scheme: Scheme, keep: bool) -> PasswordScheme {
        PasswordScheme {
            scheme: scheme.as_str(),
            count: self.count,
            cost: self.range,
            unit: cost::unit(scheme),
            strength: cost::strength(scheme),
            needs: if keep && scheme == Scheme::Plain { KEPT } else { cost::needs(scheme) },
        }
    }
}

/// Something to know before the run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CheckWarning {
    /// Its word for machines: `long-password`, `shortenable-password`, `no-password`, `hash-not-kept`, `plain-kept`, `several-schemes`,
    /// `password-column`, `column-missing`, `many-fields`, `no-external-id`, `raw-copy`,
    /// `blocked-not-mapped`, `salt-not-mapped`, `null-word`, `nothing-to-sign-in-with`, `order-unproved`,
    /// `unknown-state` (a word that the rule of `blocked` does not know), `no-state` (no value there),
    /// `phones-abroad`, `phones-of-two-countries`, `phones-without-country`, `verified-nothing`, `no-records`,
    /// `nobody` (the record stands for nobody in its system).
    pub warning: &'static str,
    /// Records concerned.
    pub count: u64,
    /// For people.
    pub message: String,
    /// The column that is asked about, where the answer may be that it was left out on purpose: then
    /// `unused` under `[check]` names it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub column: Option<String>,
}

/// One field of the export.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct FieldCount {
    /// Records that have it.
    pub present: u64,
    /// Of these, those where it is null or empty text.
    pub empty: u64,
    /// How often it has which type: `text number bool null list object`.
    pub types: BTreeMap<&'static str, u64>,
    /// The provider's fields that it feeds; a copy of the raw record is named only where nothing
    /// else is.
    pub mapped_to: Vec<String>,
}

/// The fields of the export by name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FieldCounts(pub Vec<(String, FieldCount)>);

impl FieldCounts {
    /// The field of that name.
    pub fn get(&self, name: &str) -> Option<&FieldCount> {
        self.0.iter().find(|(other, _)| other == name).map(|(_, count)| count)
    }

    /// The entry of a name. `hint` is where it probably stands, because records tend to have
    /// their fields in the same order. None for a new name when there are too many.
    pub(super) fn entry(&mut self, name: &str, hint: usize) -> Option<&mut FieldCount> {
        let here = self.0.get(hint).is_some_and(|(other, _)| other == name);
        let found = if here { Some(hint) } else { self.0.iter().position(|(n, _)| n == name) };
        let at = match found {
            Some(at) => at,
            None if self.0.len() >= MOST_FIELDS => return None,
            None => {
                self.0.push((name.to_owned(), FieldCount::default()));
                self.0.len() - 1
            }
        };
        self.0.get_mut(at).map(|(_, count)| count)
    }
}

impl Serialize for FieldCounts {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, count) in &self.0 {
            map.serialize_entry(name, count)?;
        }
        map.end()
    }
}

impl CheckReport {
    /// The report for people, several lines.
    pub fn to_text(&self) -> String {
        let mut out = String::new();
        // Writing to a string cannot fail.
        let plural = if self.records == 1 { "" } else { "s" };
        let _ = write!(out, "{} record{plural}", self.records);
        let _ = write!(out, ": {} valid, {} invalid", self.valid, self.invalid);
        if self.unchanged > 0 {
            let _ = write!(out, ", {} given again unchanged", self.unchanged);
        }
        out.push('\n');
        if let Some(blocked) = self.blocked {
            let _ = writeln!(out, "blocked: {blocked} of {} user{plural}", self.records);
        }
        self.fields_to_text(&mut out);
        self.passwords_to_text(&mut out);
        let rules = self.problems_by_rule.iter().map(|(rule, n)| (rule.as_str(), n));
        section(&mut out, "problems", rules);
        section(&mut out, "left out (on_error = \"omit\")", self.omitted.iter());
        if !self.warnings.is_empty() {
            out.push_str("\nwarnings\n");
        }
        for warning in &self.warnings {
            let _ = writeln!(out, "  {}", warning.message);
        }
        let asked: Vec<String> = self
            .warnings
            .iter()
            .filter_map(|one| one.column.as_deref())
            .map(words::quoted)
            .collect();
        if !asked.is_empty() {
            let _ = writeln!(
                out,
                "  Left out on purpose? Under [check] in userferry.toml: unused = [{}]",
                asked.join(", ")
            );
        }
        out
    }

    /// What is said of the columns that the mapping takes and no record has.
    pub fn missing_columns(&self) -> impl Iterator<Item = &str> {
        let missing = self.warnings.iter().filter(|one| one.warning == MISSING);
        missing.map(|one| one.message.as_str())
    }

    /// What nothing maps: the columns in their order, then the paths inside objects.
    pub(super) fn all_unmapped(&self) -> Vec<String> {
        self.unmapped_fields().map(str::to_owned).chain(self.nowhere.paths()).collect()
    }

    /// The fields of the records that nothing maps, and nothing inside them.
    fn unmapped_fields(&self) -> impl Iterator<Item = &str> {
        let unmapped =
            self.fields.0.iter().filter(|(name, count)| {
                count.mapped_to.is_empty() && !self.nowhere.names_inside(name)
            });
        unmapped.map(|(name, _)| name.as_str())
    }

    fn passwords_to_text(&self, out: &mut String) {
        if self.password_schemes.is_empty() {
            return;
        }
        out.push_str("\npasswords\n");
        for one in &self.password_schemes {
            let cost = match one.cost {
                None => String::new(),
                Some((low, high)) if low == high => format!("{} {low}, ", one.unit),
                Some((low, high)) => format!("{} {low} to {high}, ", one.unit),
            };
            let _ = writeln!(out, "  {:20} {:>10}  {cost}{}", one.scheme, one.count, one.needs);
        }
        let hashes = self.password_schemes.iter().filter(|one| one.strength > 0);
        let is_salt_open = self.warnings.iter().any(|one| one.warning == "salt-not-mapped");
        if let Some(weakest) = hashes.min_by_key(|one| (one.strength, one.cost))
            && weakest.strength < 4
        {
            let why = match weakest.strength {
                1 if is_salt_open => {
                    "a digest; whether it has a salt is not said: see the warnings"
                }
                1 => "a digest without a salt: one search finds the passwords of all",
                2 => "a digest that costs nothing to try",
                _ => "an old scheme that costs little to try",
            };
            let _ = writeln!(out, "  weakest: {}, {why}", weakest.scheme);
        }
    }

    fn fields_to_text(&self, out: &mut String) {
        let fields = &self.fields.0;
        if fields.is_empty() {
            return;
        }
        let shown = |name: &str| crate::input::show_name(name.as_bytes());
        let longest = |min: usize, lengths: &mut dyn Iterator<Item = usize>| {
            lengths.max().unwrap_or(0).max(min)
        };
        let types = |count: &FieldCount| count.types.keys().copied().collect::<Vec<_>>().join(", ");
        let name_width = longest(5, &mut fields.iter().map(|(n, _)| shown(n).width()));
        let type_width = longest(5, &mut fields.iter().map(|(_, c)| types(c).len()));
        let number_width = |min: usize, of: fn(&FieldCount) -> u64| {
            longest(min, &mut fields.iter().map(|(_, c)| of(c).to_string().len()))
        };
        let (present, empty) = (number_width(7, |c| c.present), number_width(5, |c| c.empty));
        let _ = writeln!(
            out,
            "\n{:name_width$}  {:>present$}  {:>empty$}  {:type_width$}  goes to",
            "field", "present", "empty", "types"
        );
        for (name, count) in fields {
            let to = count.mapped_to.join(", ");
            let to = if to.is_empty() { "-" } else { &to };
            let name = shown(name);
            // Formatting pads by characters, of which some are two places wide.
            let pad = " ".repeat(name_width.saturating_sub(name.width()));
            let _ = writeln!(
                out,
                "{name}{pad}  {:>present$}  {:>empty$}  {:type_width$}  {to}",
                count.present,
                count.empty,
                types(count)
            );
        }
        // Where a rule says who is blocked, other columns are warned about by what they hold.
        let is_asked = self.blocked.is_none();
        let mut unmapped: Vec<String> =
            self.unmapped_fields().map(|path| shown_unmapped(path, is_asked)).collect();
        unmapped.extend(self.nowhere.shown(is_asked));
        if !unmapped.is_empty() {
            let _ = writeln!(out, "\nnot mapped: {}", unmapped.join(", "));
        }
    }
}

fn section<'a, K: AsRef<str>>(
    out: &mut String,
    title: &str,
    counts: impl Iterator<Item = (K, &'a u64)>,
) {
    for (i, (word, count)) in counts.enumerate() {
        if i == 0 {
            let _ = writeln!(out, "\n{title}");
        }
        let _ = writeln!(out, "  {:20} {count:>10}", word.as_ref());
    }
}
