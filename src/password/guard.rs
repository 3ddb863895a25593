//! The two mistakes that nobody can sign in after, or that everybody can read: hashes that the
//! provider hashes again, and plain text that it stores as it is.

use super::typed::Texts;
use super::{Scheme, detect};
use crate::problem::{Problem, Rule};
use crate::words::agree;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Records at the beginning of a source that are judged together.
pub const JUDGED: usize = 1_000;

/// One password in so many that contradicts the others is a mistake of its record, and so is a single
/// one among others however few; more are one of the column.
const FEW: u64 = 20;

/// What the passwords of a table must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Guard {
    /// The provider stores them as they are (the setting `keep_password`), so they must be hashes;
    /// else it hashes them, so they must be plain text.
    pub keep: bool,
    /// A person has said that they are right as they are. Not kept: it is said each time.
    #[serde(skip)]
    pub accepted: bool,
    /// The provider judges each for itself. Not kept: the provider says so.
    #[serde(skip)]
    pub each: Option<Each>,
}

/// What a provider takes that judges each password for itself: hashes of these schemes, and plain text, which
/// it hashes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Each {
    pub schemes: &'static [Scheme],
    pub plain: bool,
}

impl Each {
    fn problem(self, scheme: Scheme) -> Option<String> {
        match scheme {
            Scheme::None => None,
            Scheme::Plain => (!self.plain).then(|| {
                "plain text, or a hash of no known scheme, which the provider does not take"
                    .to_owned()
            }),
            Scheme::Unknown => {
                Some("a form that is not known: the provider does not take it".to_owned())
            }
            scheme => (!self.schemes.contains(&scheme)).then(|| {
                format!("a hash of the scheme {scheme}, which the provider does not take")
            }),
        }
    }
}

impl Guard {
    /// What passwords must suit, for people.
    pub fn judge(self) -> &'static str {
        if self.each.is_some() { "the provider" } else { "keep_password" }
    }

    /// Whether plain text is right.
    fn takes_plain(self) -> bool {
        self.each.map_or(!self.keep, |each| each.plain)
    }

    /// The problem of one password. What is ambiguous (32 hexadecimal digits can be a password) is a
    /// hash only where `digests` says that such digits are.
    pub fn problem(self, scheme: Scheme, digests: bool, field: &str) -> Option<Problem> {
        if let Some(each) = self.each {
            // Digits that nothing else says are a digest are a password.
            let is_plain = !scheme.is_unmistakable() && !scheme.is_no_form() && !digests;
            let scheme = if is_plain && scheme != Scheme::None { Scheme::Plain } else { scheme };
            let message = each.problem(scheme).filter(|_| !self.accepted)?;
            return Some(Problem::new(field, Rule::Password, message));
        }
        let is_hash =
            scheme.is_unmistakable() || digests && !matches!(scheme, Scheme::Plain | Scheme::None);
        let message = match (self.keep, scheme) {
            _ if self.accepted => return None,
            (true, Scheme::Plain) => {
                "plain text, or a hash of no known scheme, and keep_password = true would store it as it is, readable"
            }
            (true, Scheme::Unknown) => {
                "a form that is not known: nothing says that anybody can sign in with it"
            }
            (false, Scheme::Unknown) => {
                "a form that is not known: if it is a hash, keep_password = false would hash it again, and nobody could sign in \
                 with it"
            }
            (false, _) if is_hash => {
                "a hash, and keep_password = false would hash it again: nobody could sign in with it"
            }
            _ => return None,
        };
        Some(Problem::new(field, Rule::Password, message))
    }
}

/// The passwords of a source as they come, each judged by those before it.
#[derive(Clone, Debug)]
pub struct Watch {
    guard: Guard,
    column: Column,
    /// Passwords that were seen ahead, and will come again.
    ahead: u64,
}

impl Watch {
    /// Nothing seen yet.
    pub fn new(guard: Guard) -> Self {
        Self { guard, column: Column::default(), ahead: 0 }
    }

    /// Takes note of the password of a record, and says its scheme, as far as the column tells it.
    pub fn see(&mut self, password: &str, record_no: u64) -> Scheme {
        let scheme = detect(password);
        if self.ahead > 0 {
            self.ahead -= 1;
        } else {
            self.column.add(scheme, password, record_no);
        }
        self.named(scheme)
    }

    /// What the column makes of the scheme that a password alone tells.
    pub fn named(&self, scheme: Scheme) -> Scheme {
        if scheme == Scheme::Plain { self.column.no_form(self.guard) } else { scheme }
    }

    /// As many passwords as were seen will be seen once more, and count no second time.
    pub fn rewind(&mut self, seen: u64) {
        self.ahead = seen;
    }

    /// The problem of a password that was seen.
    pub fn problem(&self, scheme: Scheme, field: &str) -> Option<Problem> {
        self.guard.problem(scheme, self.is_digest(scheme), field)
    }

    /// Whether what may be a digest or a password is a digest here.
    fn is_digest(&self, scheme: Scheme) -> bool {
        let is_certain = scheme.is_unmistakable() || scheme.is_no_form();
        !is_certain && self.column.has_digests()
    }

    /// What is wrong with what was seen so far as a column.
    pub fn mistake(&self) -> Option<(String, &'static str)> {
        self.column.mistake(self.guard)
    }

    /// Whether a password is staged only because a person accepted it.
    pub fn is_accepted(&self, scheme: Scheme) -> bool {
        let strict = Guard { accepted: false, ..self.guard };
        self.guard.accepted && strict.problem(scheme, self.is_digest(scheme), "").is_some()
    }
}

/// The passwords of a column.
#[derive(Clone, Debug, Default)]
pub struct Column {
    /// How many of which scheme, and in which record the first.
    schemes: BTreeMap<Scheme, (u64, u64)>,
    /// Those of no known form.
    texts: Texts,
}

impl Column {
    pub fn add(&mut self, scheme: Scheme, password: &str, record_no: u64) {
        if scheme == Scheme::Plain {
            self.texts.add(password);
        }
        if scheme != Scheme::None {
            self.schemes.entry(scheme).or_insert((0, record_no)).0 += 1;
        }
    }

    /// What those are that have no known form. Where plain text is right, a few passwords of one
    /// password manager, in a file of corrections say, are not in doubt.
    fn no_form(&self, guard: Guard) -> Scheme {
        let is_allowed = guard.takes_plain() && self.texts.are_few();
        if is_allowed || self.texts.are_typed() { Scheme::Plain } else { Scheme::Unknown }
    }

    fn count(&self, is: impl Fn(Scheme) -> bool) -> u64 {
        self.schemes.iter().filter(|(scheme, _)| is(**scheme)).map(|(_, (n, _))| n).sum()
    }

    /// Whether digits that may be a digest or a password are digests: by what else the column holds.
    /// Hardly anybody's password is 32 hexadecimal digits.
    fn has_digests(&self) -> bool {
        let digits = self.count(|scheme| !scheme.is_no_form() && !scheme.is_unmistakable());
        let plain = self.count(|scheme| scheme == Scheme::Plain);
        let all = self.count(|_| true);
        digits >= plain || all - plain >= plain || digits >= 3 && digits * FEW > all
    }

    /// Whether so many contradict that they are a mistake of the column. A few are mistakes of their
    /// records, which say so themselves.
    fn has_many(&self, is: impl Fn(Scheme) -> bool) -> bool {
        let (n, all) = (self.count(is), self.count(|_| true));
        n * FEW > all && (n > 1 || all <= 2)
    }

    /// What is wrong with the column, and the way out; nothing if it suits the setting.
    pub fn mistake(&self, guard: Guard) -> Option<(String, &'static str)> {
        if guard.accepted || guard.each.is_some() {
            return None;
        }
        let digests = self.has_digests();
        let is_hash = |scheme: Scheme| scheme.is_unmistakable() || digests && !scheme.is_no_form();
        let no_form = self.no_form(guard);
        let is_unknown = |scheme: Scheme| {
            scheme == Scheme::Unknown || scheme == Scheme::Plain && no_form == Scheme::Unknown
        };
        if self.has_many(is_unknown) {
            return Some(self.unknown(guard, &is_hash, no_form));
        }
        let is_plain = |scheme: Scheme| !is_hash(scheme) && !is_unknown(scheme);
        let (hashes, plain) = (self.count(is_hash), self.count(is_plain));
        let is_wrong = if guard.keep { self.has_many(is_plain) } else { self.has_many(is_hash) };
        if !is_wrong {
            return None;
        }
        let all = self.count(|_| true);
        let (why, hint) = match (guard.keep, hashes, plain) {
            (true, _, 0) | (false, 0, _) => return None,
            (true, 0, _) => (
                "keep_password = true would store plain text readable",
                "keep_password = false under [target] lets the provider hash them, all of a table; are they hashes of a scheme that \
                 userferry does not know, --accept-passwords stages them as they are",
            ),
            (false, _, 0) => (
                "keep_password = false would hash the hashes again: nobody could sign in",
                "keep_password = true under [target] stores hashes as they are; --accept-passwords stages them all the same",
            ),
            (true, _, _) => ("keep_password = true would store the plain text readable", MIXED),
            (false, _, _) => {
                ("keep_password = false would hash the hashes again: nobody could sign in", MIXED)
            }
        };
        let are = agree(all, "the only password is", "the passwords are");
        Some((format!("{are} {}, and {why}", self.words(&is_hash, no_form)), hint))
    }

    /// What is wrong with a column of which many have no known form, and are not what people type. That
    /// they are plain text is not to be said: whoever believed it would have hashes hashed.
    fn unknown(
        &self,
        guard: Guard,
        is_hash: &impl Fn(Scheme) -> bool,
        no_form: Scheme,
    ) -> (String, &'static str) {
        let all = self.count(|_| true);
        let (why, hint) = if guard.keep {
            ("nothing says that anybody can sign in with them", UNKNOWN_KEPT)
        } else {
            (
                "if they are hashes, keep_password = false would hash them again, and nobody could sign in",
                UNKNOWN_HASHED,
            )
        };
        let are = agree(all, "the only password is", "the passwords are");
        (format!("{are} {}: {why}", self.words(is_hash, no_form)), hint)
    }

    /// How many of which scheme, e.g. "997 bcrypt and 3 plain text (first: record 17)"; of a single one no
    /// number.
    fn words(&self, is_hash: &impl Fn(Scheme) -> bool, no_form: Scheme) -> String {
        let name = |scheme: Scheme| match scheme {
            Scheme::Plain => no_form_word(no_form),
            Scheme::Unknown => no_form_word(scheme),
            scheme if is_hash(scheme) => scheme.as_str(),
            _ => "hexadecimal digits",
        };
        let all = self.count(|_| true);
        let mut parts: Vec<(&str, u64, u64)> = Vec::new();
        for (scheme, (n, first)) in &self.schemes {
            match parts.iter_mut().find(|(word, ..)| *word == name(*scheme)) {
                Some((_, sum, least)) => (*sum, *least) = (*sum + n, *first.min(least)),
                None => parts.push((name(*scheme), *n, *first)),
            }
        }
        let told = |(name, n, first): &(&str, u64, u64)| {
            if all == 1 {
                format!("{name} (record {first})")
            } else {
                format!("{n} {name} (first: record {first})")
            }
        };
        let parts: Vec<String> = parts.iter().map(told).collect();
        parts.join(", ")
    }
}

fn no_form_word(scheme: Scheme) -> &'static str {
    if scheme == Scheme::Unknown { "of a form that is not known" } else { "plain text" }
}

const UNKNOWN_KEPT: &str = "they look like what programs make, not like what people type: find out what made them, and what belongs to them (a \
                            salt, iterations); README, Passwords has the rules that make one string of it, and userferry password \
                            verify tries a password that you know; --accept-passwords stages them as they are, for a password \
                            function of your own";
const UNKNOWN_HASHED: &str = "they look like what programs make, not like what people type: find out what made them; hashes want \
                              keep_password = true and a password function that knows them; if people do type these very texts, \
                              --accept-passwords stages them";
const MIXED: &str = "hashes want keep_password = true, and plain text false: move one sort into a source and a table of its own, or \
                     leave these passwords out; --accept-passwords stages them as they are";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::password::digest::{Digest, to_hex};

    fn mistake(keep: bool, schemes: &[(Scheme, u64)]) -> Option<String> {
        let mut column = Column::default();
        let mut record_no = 0;
        for (scheme, n) in schemes {
            for _ in 0..*n {
                record_no += 1;
                column.add(*scheme, "hunter2", record_no);
            }
        }
        let guard = Guard { keep, accepted: false, each: None };
        assert_eq!(column.mistake(Guard { accepted: true, ..guard }), None);
        column.mistake(guard).map(|(what, _)| what)
    }

    #[test]
    fn a_column_must_suit_the_setting() {
        use Scheme::{Bcrypt, HexMd5, None as No, Plain};
        for (keep, schemes) in [
            (true, vec![(Bcrypt, 5), (No, 3)]),
            (true, vec![(Bcrypt, 5), (HexMd5, 1)]),
            (true, vec![(HexMd5, 3)]),
            (true, vec![(Bcrypt, 19), (Plain, 1)]),
            (true, vec![(Bcrypt, 2), (Plain, 1)]),
            (true, vec![(Bcrypt, 38), (Plain, 2)]),
            (false, vec![(Bcrypt, 1), (Plain, 19)]),
            (false, vec![(Plain, 5), (No, 1)]),
            // Somebody's password is 32 digits.
            (false, vec![(Plain, 5), (HexMd5, 1)]),
            (false, vec![(Plain, 500), (HexMd5, 2)]),
            (true, vec![]),
            (false, vec![(No, 9)]),
        ] {
            assert_eq!(mistake(keep, &schemes), None, "{keep} {schemes:?}");
        }
        let readable = "keep_password = true would store plain text readable";
        let again = "keep_password = false would hash the hashes again: nobody could sign in";
        for (keep, schemes, told) in [
            (true, vec![(Plain, 2)], format!("2 plain text (first: record 1), and {readable}")),
            (
                true,
                vec![(Plain, 2), (HexMd5, 1)],
                format!("1 hexadecimal digits (first: record 3), 2 plain text (first: record 1), and {readable}"),
            ),
            (
                true,
                vec![(Bcrypt, 1), (Plain, 1)],
                "1 bcrypt (first: record 1), 1 plain text (first: record 2), and keep_password = true would store the plain text readable".to_owned(),
            ),
            (
                true,
                vec![(Bcrypt, 37), (Plain, 2)],
                "37 bcrypt (first: record 1), 2 plain text (first: record 38), and keep_password = true would store the plain text readable".to_owned(),
            ),
            (false, vec![(Bcrypt, 2)], format!("2 bcrypt (first: record 1), and {again}")),
            (
                false,
                vec![(Plain, 500), (HexMd5, 499)],
                format!("499 hex-md5 (first: record 501), 500 plain text (first: record 1), and {again}"),
            ),
            (false, vec![(Bcrypt, 1)], format!("bcrypt (record 1), and {again}")),
            (false, vec![(HexMd5, 2)], format!("2 hex-md5 (first: record 1), and {again}")),
            (
                false,
                vec![(Bcrypt, 1), (Plain, 1)],
                format!("1 bcrypt (first: record 1), 1 plain text (first: record 2), and {again}"),
            ),
        ] {
            let is_one = schemes.iter().map(|(_, n)| n).sum::<u64>() == 1;
            let told = if is_one {
                format!("the only password is {told}")
            } else {
                format!("the passwords are {told}")
            };
            assert_eq!(mistake(keep, &schemes), Some(told), "{keep} {schemes:?}");
        }
    }

    #[test]
    fn what_nobody_types_is_never_called_plain_text() {
        let token = |i: u64| to_hex(&Digest::Sha512.of(&[&i.to_be_bytes()]))[..48].to_owned();
        for keep in [true, false] {
            let guard = Guard { keep, accepted: false, each: None };
            let mut watch = Watch::new(guard);
            for i in 1..=1_000 {
                let scheme = watch.see(&token(i), i);
                // Where plain text is right, the first few are not in doubt.
                if keep || i >= 5 {
                    assert_eq!(scheme, Scheme::Unknown, "{i}");
                    assert!(watch.problem(scheme, "pwd").is_some());
                }
            }
            let (what, hint) = watch.mistake().unwrap();
            let told = "the passwords are 1000 of a form that is not known (first: record 1): ";
            assert!(what.starts_with(told), "{what}");
            assert!(!what.contains("plain") && !hint.contains("keep_password = false"), "{hint}");
            assert!(hint.contains("--accept-passwords"), "{hint}");
            let accepted = Watch { guard: Guard { accepted: true, ..guard }, ..watch.clone() };
            assert_eq!(accepted.mistake(), None);
            assert!(accepted.is_accepted(Scheme::Unknown));
            // The rest of a column that changed its scheme once.
            for i in 1_001..=3_000 {
                watch.see(&format!("$2b$12${}", "x".repeat(53)), i);
            }
            let (what, hint) = watch.mistake().unwrap();
            assert!(what.contains("2000 bcrypt") && what.contains("1000 of a form"), "{what}");
            assert!(!hint.contains("keep_password = false"), "{hint}");
        }
    }

    /// A file of corrections, by people who use a password manager.
    #[test]
    fn a_few_passwords_of_one_manager_go_where_plain_text_goes() {
        let few = ["k3XvT9qLmZ2rWc7HdN5b", "Qw8sYf4JpU6eRt1GzK0v", "b7NcM2xVhL9dSa5TgR3k"];
        let mistake = |keep| {
            let mut watch = Watch::new(Guard { keep, accepted: false, each: None });
            for (i, password) in few.iter().enumerate() {
                let scheme = watch.see(password, i as u64 + 1);
                assert_eq!(watch.problem(scheme, "pwd").is_some(), keep);
            }
            watch.mistake().map(|(what, _)| what)
        };
        assert_eq!(mistake(false), None);
        assert!(mistake(true).unwrap().contains("3 of a form that is not known"));
    }

    #[test]
    fn what_people_type_is_plain_text_as_ever() {
        let text = include_str!("../../tests/password/typed.tsv");
        let passwords = text.lines().filter_map(|line| line.split_once('\t'));
        let mut watch = Watch::new(Guard { keep: true, accepted: false, each: None });
        for (i, (_, password)) in passwords.enumerate() {
            assert_eq!(detect(password), Scheme::Plain, "{password}");
            watch.see(password, i as u64 + 1);
        }
        let (what, hint) = watch.mistake().unwrap();
        assert_eq!(
            what,
            "the passwords are 2000 plain text (first: record 1), and keep_password = true would store plain text readable"
        );
        assert!(hint.starts_with("keep_password = false under [target] lets the provider hash"));
        let mut watch = Watch::new(Guard { keep: false, accepted: false, each: None });
        for (i, line) in text.lines().enumerate() {
            watch.see(line.split_once('\t').unwrap().1, i as u64 + 1);
        }
        assert_eq!(watch.mistake(), None);
    }

    #[test]
    fn a_later_record_that_contradicts_is_a_problem() {
        let problem = |keep, scheme| {
            let guard = Guard { keep, accepted: false, each: None };
            assert_eq!(Guard { accepted: true, ..guard }.problem(scheme, true, "pwd"), None);
            guard.problem(scheme, false, "pwd").is_some()
        };
        for scheme in Scheme::HASHES {
            assert!(!problem(true, *scheme));
            assert_eq!(problem(false, *scheme), scheme.is_unmistakable());
            let guard = Guard { keep: false, accepted: false, each: None };
            assert!(guard.problem(*scheme, true, "pwd").is_some());
        }
        assert!(problem(true, Scheme::Plain) && !problem(false, Scheme::Plain));
        assert!(!problem(true, Scheme::None) && !problem(false, Scheme::None));
    }
}
