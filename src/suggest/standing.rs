//! Whether a field says who may not sign in, by its name and by its values, and the rule that takes it.
//!
//! A rule that is certain can be left as it is: every value that it does not know is an error of its
//! record, so nobody is let in or shut out by a guess.

use super::rule::{self, How};
use super::survey::Place;
use crate::mapping::UNKNOWN_STATE as UNKNOWN;
use crate::values::truth_of;
use crate::vocabulary::standing::{Kind, is_plain};
use crate::vocabulary::states::{Side, Tally, What};
use crate::words::{counted, grouped};

/// Stands for the words that a person must add.
const MISSING: &str = "…";
pub(super) const HOW_TO_COMPLETE: &str = "for \"…\" put each word that shuts out, and add each that lets in with false; any other is \
                               an error of its record";
/// Words of values that, under a name which says nothing, may be of something else than the account.
#[rustfmt::skip]
const WEAK: &[&str] = &[
    "closed", "archived", "invalid", "revoked", "removed", "inactive", "lock", "block", "delete", "forbidden", "关闭", "失效", "无效", "作废", "停止", "暂停", "屏蔽", "禁止",
    "不可用", "已关闭", "已失效", "已作废", "已停止", "已暂停",
];

/// Words that say the opposite of each other.
#[rustfmt::skip]
const PAIRS: &[(&str, &str)] = &[
    ("true", "false"), ("t", "f"), ("1", "0"), ("yes", "no"), ("y", "n"), ("是", "否"), ("enabled", "disabled"), ("enable", "disable"),
    ("启用", "禁用"), ("启用", "停用"),
];

/// What follows from the name and the values of a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Judgement {
    /// Records whose value says that their user may not sign in; where the values do not tell, all that
    /// have one.
    pub(crate) concerned: u64,
    /// Whether the values tell.
    pub(crate) is_told: bool,
    /// Whether the rule is safe to leave as it is.
    pub(crate) is_certain: bool,
    /// Whether the field says who may sign in, and not who may not.
    pub(crate) is_opposite: bool,
    /// What a person should know.
    pub(crate) note: Option<String>,
    form: Form,
}

/// How the rule is written.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Form {
    /// A word of `as`, or none; beside other fields the table.
    Step(Option<&'static str>, Table),
    Table(Table),
    /// Bit 2 of a number.
    Bit,
    /// The letter D in brackets.
    Letter,
    /// A list of words that a person must complete; until then every other one is an error.
    Asked(Table),
}

/// Values, in lower case, and whether they block; what is not in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Table {
    known: Vec<(String, bool)>,
    /// Whether every value outside the table blocks the user; otherwise such a value is an error.
    others_block: bool,
}

impl Table {
    fn of<'a>(known: impl IntoIterator<Item = (&'a str, bool)>) -> Self {
        let known = known.into_iter().map(|(text, blocks)| (text.to_owned(), blocks)).collect();
        Self { known, others_block: false }
    }

    /// Nothing in it blocks nobody.
    fn with_empty(mut self) -> Self {
        for text in ["", "null"] {
            if !self.known.iter().any(|(known, _)| known == text) {
                self.known.insert(0, (text.to_owned(), false));
            }
        }
        self
    }

    /// Of each well-known pair both: who meets one half alone in the sample meets the other behind it.
    fn with_counterparts(mut self) -> Self {
        for (text, blocks) in self.known.clone() {
            let others = PAIRS.iter().filter_map(|(one, other)| match &*text {
                text if text == *one => Some(*other),
                text if text == *other => Some(*one),
                _ => None,
            });
            for other in others {
                if !self.known.iter().any(|(known, _)| known == other) {
                    self.known.push((other.to_owned(), !blocks));
                }
            }
        }
        self
    }

    /// The program behind the place.
    fn program(&self) -> String {
        let one = |(text, blocks): &(String, bool)| {
            format!("{}: {blocks}", serde_json::Value::from(text.as_str()))
        };
        let known: Vec<String> = self.known.iter().map(one).collect();
        let others =
            if self.others_block { "true".to_owned() } else { format!("error(\"{UNKNOWN}\")") };
        format!(
            " | tostring | trim | ascii_downcase | {{{}}}[.] | if . == null then {others} else . end",
            known.join(", ")
        )
    }
}

impl Judgement {
    fn new(concerned: u64, form: Form) -> Self {
        Self { concerned, is_told: true, is_certain: true, is_opposite: false, note: None, form }
    }

    fn untold(concerned: u64, form: Form, note: impl Into<String>) -> Self {
        Self { is_told: false, ..Self::new(concerned, form) }.doubtful(note)
    }

    /// For a person to decide.
    fn doubtful(self, note: impl Into<String>) -> Self {
        Self { is_certain: false, ..self.note(note) }
    }

    fn note(mut self, note: impl Into<String>) -> Self {
        let note = note.into();
        self.note = Some(self.note.map_or(note.clone(), |before| format!("{before}; {note}")));
        self
    }

    fn is_asked(&self) -> bool {
        matches!(self.form, Form::Asked(_))
    }

    /// The rule of `blocked`, as TOML.
    pub(crate) fn rule(&self, place: &Place) -> String {
        match &self.form {
            Form::Step(None, _) => rule::written(place, &How::default()),
            Form::Step(Some(step), _) => rule::written(place, &How::step(step)),
            _ => rule::written_jq(place, &self.program()),
        }
    }

    /// The jq program that says whether the user is blocked.
    pub(crate) fn expression(&self, place: &Place) -> String {
        format!("{}{}", rule::jq(place), self.program())
    }

    fn program(&self) -> String {
        match &self.form {
            Form::Step(_, table) | Form::Table(table) | Form::Asked(table) => table.program(),
            Form::Bit => " | tonumber | . / 2 | floor | . % 2 == 1".to_owned(),
            Form::Letter => " | tostring | split(\"D\") | length > 1".to_owned(),
        }
    }
}

/// The rule of `blocked` for a field whose words nobody knows.
pub(super) fn rule_to_complete(place: &Place) -> String {
    asked(0, Table::default()).rule(place)
}

/// What follows from a field that is filled in some of so many records.
pub(crate) fn judge(kind: Kind, name: &str, tally: &Tally, records: u64) -> Option<Judgement> {
    if tally.filled == 0 {
        return None;
    }
    match kind {
        Kind::Allowed | Kind::Blocked => flag(kind, tally, records)
            .filter(|told| told.is_told || !told.is_asked() || is_plain(name)),
        Kind::Status => status(tally, records),
        Kind::Since | Kind::Until | Kind::Mark => dates(kind, tally, records),
        Kind::Bits => bits(tally),
        Kind::Letters => {
            let (locked, open) = (tally.of(What::Letters(true)), tally.of(What::Letters(false)));
            (locked + open == tally.filled).then(|| Judgement::new(locked, Form::Letter))
        }
        Kind::Open => open(tally, records),
    }
}

/// `userAccountControl`.
fn bits(tally: &Tally) -> Option<Judgement> {
    let (locked, free) = (tally.of(What::Number(true)), tally.of(What::Number(false)));
    let known = locked + free;
    if known == 0 || known * 10 < tally.filled * 8 {
        return None;
    }
    Some(Judgement::new(locked, Form::Bit).note("bit 2 (ACCOUNTDISABLE) is set"))
}

fn flag(kind: Kind, tally: &Tally, records: u64) -> Option<Judgement> {
    let (yes, no) = (tally.of(What::Yes), tally.of(What::No));
    let (truths, never, dates) = (yes + no, tally.of(What::Never), tally.of(What::Date));
    let is_allowed = kind == Kind::Allowed;
    let opposite = |found: Judgement| Judgement { is_opposite: is_allowed, ..found };
    // The words say themselves which side they are on: of 禁用 and 正常 it does not matter what the
    // field is called.
    let words = tally.known();
    if words > 0
        && (words + never == tally.filled || !is_allowed && words + never + no == tally.filled)
    {
        return Some(self::words(tally, records, !is_allowed));
    }
    let marks = tally.of(What::Mark);
    if !is_allowed && marks + never + no == tally.filled && marks > 0 {
        return Some(dates_of(Kind::Mark, tally, records));
    }
    if dates > 0 && dates + never + no == tally.filled {
        return (!is_allowed).then(|| dates_of(Kind::Since, tally, records));
    }
    // A few others are mistakes of their records; many are words with a meaning of their own.
    if truths > 0 && (tally.filled - truths) * 50 <= tally.filled {
        return Some(opposite(truth(is_allowed, tally, records)));
    }
    let codes = tally.of(What::Code);
    if !is_allowed && no > 0 && truths + codes == tally.filled {
        let table = Table { others_block: true, ..Table::of([("0", false)]).with_empty() };
        return Some(
            Judgement::new(tally.filled - no, Form::Table(table))
                .doubtful("0 may sign in; find out what the other numbers stand for"),
        );
    }
    if !tally.is_few() {
        return None;
    }
    if tally.is_mostly_truths() {
        let found = opposite(truth(is_allowed, tally, records));
        // Of numbers, 1 may be one state among others.
        return Some(match codes {
            0 => found,
            _ => found.doubtful("find out what the other numbers stand for"),
        });
    }
    let truths =
        tally.truths.iter().map(|(word, (truth, _))| (word.as_str(), *truth != is_allowed));
    let table = Table::of(truths);
    Some(opposite(asked(tally.filled, if is_allowed { table } else { table.with_empty() })))
}

/// For a person to complete: what the words say is not known.
fn asked(concerned: u64, mut table: Table) -> Judgement {
    table.known.push((MISSING.to_owned(), true));
    Judgement::untold(concerned, Form::Asked(table), HOW_TO_COMPLETE)
}

/// A field of truth values.
fn truth(is_allowed: bool, tally: &Tally, records: u64) -> Judgement {
    let (yes, no) = (tally.of(What::Yes), tally.of(What::No));
    let others = tally.filled - yes - no;
    let missing = records.saturating_sub(tally.filled);
    let words = tally.truths.iter().map(|(word, (truth, _))| (word.as_str(), *truth != is_allowed));
    let words: Vec<(&str, bool)> = words.collect();
    let table = |words: &[(&str, bool)]| Table::of(words.iter().copied()).with_counterparts();
    let told = match (is_allowed, missing) {
        (false, _) => {
            let step = if tally.bools == tally.filled { None } else { Some("bool") };
            Judgement::new(yes, Form::Step(step, table(&words).with_empty()))
        }
        (true, 0) => Judgement::new(no, Form::Step(Some("not"), table(&words))),
        (true, _) if no > 0 => Judgement::new(no, Form::Table(table(&words)))
            .note(format!("{} none, which is an error of its record", have(missing))),
        (true, _) => {
            let table = Table { others_block: true, ..table(&words) };
            Judgement::untold(
                missing,
                Form::Table(table),
                format!("{} none: with this line they could not sign in", have(missing)),
            )
        }
    };
    let of = grouped(tally.filled);
    match others {
        0 => told,
        1 => told.note(format!("1 of {of} values means neither true nor false: check names it")),
        n => told.note(format!(
            "{} of {of} values mean neither true nor false: check names them",
            grouped(n)
        )),
    }
}

fn have(records: u64) -> String {
    let have = if records == 1 { "has" } else { "have" };
    format!("{} {have}", counted(records, "record"))
}

/// A field of words or codes for states.
fn status(tally: &Tally, records: u64) -> Option<Judgement> {
    if tally.known() > 0 && tally.known() * 10 >= tally.filled * 8 {
        return Some(words(tally, records, false));
    }
    let number = |text: &&String| text.parse::<i64>().is_ok();
    let minus = tally.nevers.iter().filter(|(text, _)| number(text)).map(|(_, n)| n).sum::<u64>();
    let codes = tally.of(What::Code) + tally.of(What::Yes) + tally.of(What::No) + minus;
    let letters = tally.of(What::Letter);
    if letters > 0 && tally.has_a > 0 && letters == tally.filled {
        let table = Table { others_block: true, ..Table::of([("a", false)]) };
        return Some(Judgement::new(letters - tally.has_a, Form::Table(table)).doubtful(
            "with this line all letters but A are shut out: find out what they stand for",
        ));
    }
    // `t f y n` are letters, and truth values.
    let is_code = tally.is_few() && codes + letters == tally.filled;
    is_code.then(|| asked(tally.filled, Table::default()))
}

/// A field of which most values are words that are known. `none_lets_in`: also those that say nothing, such
/// as `none` and `no`.
fn words(tally: &Tally, records: u64, none_lets_in: bool) -> Judgement {
    let of = |side| tally.side(side);
    let (out, half) = (of(Side::Out), of(Side::Half));
    let doubt = of(Side::Doubt) + half;
    let missing = records.saturating_sub(tally.filled);
    let nothing = if none_lets_in { tally.of(What::Never) + tally.of(What::No) } else { 0 };
    let unknown = tally.filled - nothing - (tally.known() - half);
    let decided = tally.words.iter().filter(|(_, (side, _))| *side != Side::Doubt);
    let decided = decided.map(|(word, (side, _))| (word.as_str(), *side == Side::Out));
    let mut table = Table::of(decided).with_counterparts();
    // Where nobody has a word for it, nothing is the word of those who may.
    let is_in_empty = of(Side::In) == 0;
    if is_in_empty {
        table = table.with_empty();
    }
    if nothing > 0 {
        let falses = tally.truths.iter().filter(|(_, (truth, _))| !truth).map(|(word, _)| word);
        for word in falses.chain(tally.nevers.keys()) {
            if !table.known.iter().any(|(known, _)| known == word) {
                table.known.push((word.clone(), false));
            }
        }
    }
    let is_truth = |(word, (side, _)): (&String, &(Side, u64))| {
        truth_of(word).is_some_and(|truth| truth == (*side == Side::In))
    };
    let is_step = missing + nothing == 0 && tally.words.iter().all(is_truth);
    let form = if is_step { Form::Step(Some("not"), table) } else { Form::Table(table) };
    if out + doubt == 0 && unknown > 0 {
        let note = "not known are other words than those here: find out what they stand for";
        return Judgement::untold(tally.filled, form, note);
    }
    let mut found = Judgement::new(out + doubt, form);
    if doubt > half {
        let doubts = tally.words.iter().filter(|(_, (side, _))| *side == Side::Doubt);
        let doubts: Vec<String> =
            doubts.map(|(word, (_, n))| format!("\"{word}\" ({})", grouped(*n))).collect();
        found = found.note(format!(
            "add {}: true for those who may not sign in, false for those who may; until then it is an error of \
             each record",
            doubts.join(", ")
        ));
    }
    if unknown > 0 {
        found = found.note(format!(
            "{} a word that is not known, which is an error of its record: add it",
            have(unknown)
        ));
    }
    if missing > 0 && !is_in_empty {
        found = found.note(format!("{} none, which is an error of its record", have(missing)));
    }
    if out == 0 {
        return found.doubtful("if these may not sign in");
    }
    if out == records && records > 1 {
        return found.doubtful("it would shut out everybody");
    }
    found
}

fn dates(kind: Kind, tally: &Tally, records: u64) -> Option<Judgement> {
    let (yes, no) = (tally.of(What::Yes), tally.of(What::No));
    if kind == Kind::Since && yes > 0 && yes + no == tally.filled {
        return flag(Kind::Blocked, tally, records);
    }
    if kind != Kind::Mark && tally.known() > 0 && tally.known() == tally.filled {
        return status(tally, records);
    }
    Some(dates_of(kind, tally, records))
}

/// A field that is empty for those who may sign in.
fn dates_of(kind: Kind, tally: &Tally, records: u64) -> Judgement {
    let never = tally.of(What::No) + tally.of(What::Never);
    let filled = tally.filled - never;
    let nevers = tally.nevers.keys().map(|word| (word.as_str(), false));
    let falses = tally.truths.iter().filter(|(_, (truth, _))| !truth);
    let falses = falses.map(|(word, _)| (word.as_str(), false));
    let known: Vec<(&str, bool)> = falses.chain(nevers).collect();
    let mut table = Table::of(known).with_empty();
    if !table.known.iter().any(|(word, _)| word == "0") {
        table.known.push(("0".to_owned(), false));
    }
    let table = Table { others_block: true, ..table };
    let found = Judgement::new(filled, Form::Table(table));
    match kind {
        Kind::Until => found.doubtful(
            "until when they are shut out: with this line also those whose time is over, so it is only a comment",
        ),
        Kind::Mark if tally.of(What::Mark) == filled => found.note("shut out where there is a mark"),
        Kind::Mark => found.doubtful("if all that have one may not sign in"),
        _ if filled == records && records > 1 => found.doubtful("it would shut out everybody"),
        _ if tally.of(What::Date) < filled => {
            found.doubtful("with this line everything but no date shuts out")
        }
        _ => found.note("it says when; shut out where there is a time"),
    }
}

/// A field whose name says nothing.
fn open(tally: &Tally, records: u64) -> Option<Judgement> {
    let is_strong = |(word, (side, _)): (&String, &(Side, u64))| {
        *side == Side::Out && !WEAK.contains(&word.as_str()) && truth_of(word) != Some(true)
    };
    if tally.known() * 20 < tally.filled * 19 || !tally.words.iter().any(is_strong) {
        return None;
    }
    Some(
        words(tally, records, false)
            .doubtful("told by its values: if these are the states of the accounts"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tally(values: &[&str]) -> Tally {
        let mut tally = Tally::default();
        for value in values {
            tally.add(value, false);
        }
        tally
    }

    #[test]
    fn a_switch_with_odd_words_is_taken_as_one_and_no_rule_lets_unknown_words_in() {
        let place = Place::Column(vec!["blocked".to_owned()]);
        let of = |kind, tally: &Tally, records| {
            judge(kind, "blocked", tally, records).expect("a judgement")
        };
        let mut bools = Tally::default();
        (0..10).for_each(|_| bools.add("true", true));
        bools.add("maybe", false);
        let found = of(Kind::Blocked, &bools, 601);
        assert_eq!(found.rule(&place), r#"{ from = "blocked", as = "bool" }"#);
        assert_eq!((found.concerned, found.is_certain), (10, true));
        let found = of(Kind::Allowed, &tally(&["yes", "no", "maybe"]), 3);
        assert_eq!(found.rule(&place), r#"{ from = "blocked", as = "not" }"#);
        // Numbers may be codes, of which 1 is one.
        assert!(!of(Kind::Blocked, &tally(&["1", "1", "2"]), 3).is_certain);
        for (kind, values) in [
            (Kind::Blocked, &["maybe", "gone", "true"][..]),
            (Kind::Blocked, &["maybe"]),
            (Kind::Allowed, &["gone", "here"]),
            (Kind::Status, &["0", "1"]),
            (Kind::Status, &["b", "2"]),
        ] {
            let rule = of(kind, &tally(values), values.len() as u64).rule(&place);
            assert!(rule.contains("if . == null then error("), "{kind:?} {values:?}: {rule}");
            assert!(!rule.contains("== \"") && !rule.contains("!="), "{rule}");
        }
    }

    #[test]
    fn a_rule_is_certain_only_where_nobody_is_let_in_or_shut_out_by_a_guess() {
        // The kind, the values, how many are concerned, whether they tell, whether the rule is certain.
        for (kind, values, concerned, is_told, is_certain) in [
            (Kind::Blocked, &["1", "0", ""][..], 1, true, true),
            (Kind::Blocked, &["禁用", "正常"], 1, true, true),
            (Kind::Blocked, &["2024-01-01 00:00:00", ""], 1, true, true),
            (Kind::Blocked, &["0", "2", "2"], 2, true, false),
            (Kind::Allowed, &["1", "0", "1"], 1, true, true),
            (Kind::Allowed, &["1", "0", ""], 1, true, true),
            (Kind::Allowed, &["1", "", ""], 2, false, false),
            (Kind::Allowed, &["gone", "here"], 2, false, false),
            (Kind::Status, &["active", "suspended", "Banned"], 2, true, true),
            (Kind::Status, &["active", "pending"], 1, true, false),
            (Kind::Status, &["active", "pending", "banned"], 2, true, true),
            (Kind::Status, &["0", "1"], 2, false, false),
            (Kind::Status, &["A", "D"], 1, true, false),
            (Kind::Status, &["active", "active"], 0, true, false),
            (Kind::Status, &["active", "ldap_blocked", "locked"], 2, true, true),
            (Kind::Blocked, &["none", "suspended"], 1, true, true),
            (Kind::Blocked, &["X", ""], 1, true, true),
            (Kind::Since, &["2024-01-01", "", "0000-00-00"], 1, true, true),
            (Kind::Since, &["2024-01-01", "2024-01-02"], 2, true, false),
            (Kind::Until, &["2024-01-01", ""], 1, true, false),
            (Kind::Mark, &["spam, twice", ""], 1, true, false),
            (Kind::Bits, &["512", "514", "66050"], 2, true, true),
            (Kind::Letters, &["[U          ]", "[DU         ]"], 1, true, true),
            (Kind::Open, &["正常", "封号"], 1, true, false),
        ] {
            let found =
                judge(kind, "active", &tally(values), values.len() as u64).expect("a judgement");
            let told = (found.concerned, found.is_told, found.is_certain);
            assert_eq!(told, (concerned, is_told, is_certain), "{kind:?}: {values:?}");
        }
        for (kind, values) in [
            (Kind::Status, &["married", "single"][..]),
            (Kind::Open, &["closed", "open"]),
            (Kind::Open, &["x", "y"]),
            (Kind::Allowed, &["2024-01-01", ""]),
            (Kind::Blocked, &["", ""]),
            (Kind::Bits, &["x"]),
        ] {
            let found = judge(kind, "active", &tally(values), values.len() as u64);
            assert_eq!(found, None, "{kind:?}: {values:?}");
        }
    }
}
