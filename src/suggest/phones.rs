//! Which country the numbers of a phone column are of, where they do not say it themselves.

use super::candidate::{Candidate, names};
pub(super) use super::homes::PHONE;
use super::homes::{Told, countries};
use super::rule::{self, How};
use super::shape::Shape;
use super::survey::{FieldStats, Place};
use super::trial::Trial;
use crate::values::Region;
use crate::values::phone::{bare, country_code, is_mobile, number, phone, regions};
use crate::vocabulary::systems;
use crate::words::grouped;
use std::collections::BTreeMap;

/// A country is not told by fewer numbers, unless they are mobile numbers of mainland China.
const FEWEST: usize = 20;
/// A country code that fewer of a hundred numbers have is not certain to be one.
const FEW: usize = 5;
/// Country codes that a comment names.
const MOST_CODES: usize = 8;
/// Numbers on which every country is tried; those that take most of them are tried on all.
const FIRST: usize = 20;

/// Gives each rule of phone numbers the region that its values ask for.
pub(super) fn settle(found: &mut [Candidate], fields: &[(Place, FieldStats)], trial: &Trial<'_>) {
    let are_told = is_of_gotrue(fields);
    for candidate in found.iter_mut().filter(|other| other.field == PHONE) {
        if candidate.points.is_none() {
            continue;
        }
        let (place, stats) = &fields[candidate.at];
        let told = match countries(place, stats, fields, trial) {
            Some(told) => told,
            None => tell(place, stats, trial, are_told),
        };
        candidate.rule = told.rule;
        if !told.is_certain {
            candidate.points = None;
        }
        let notes: Vec<String> = candidate.note.take().into_iter().chain(told.note).collect();
        candidate.note = (!notes.is_empty()).then(|| notes.join("; "));
    }
}

/// Whether it is the table of Supabase's GoTrue with users who were deleted softly: it replaces their address and
/// number by digests (<https://github.com/supabase/auth/blob/master/internal/models/user.go>, `SoftDeleteUser`,
/// `obfuscateEmail`, `obfuscatePhone`).
pub(super) fn has_digests(fields: &[(Place, FieldStats)]) -> bool {
    let is_deleted = |place: &Place| names(place).concat() == "deletedat";
    is_of_gotrue(fields) && fields.iter().any(|(place, _)| is_deleted(place))
}

/// Whether it is the table of Supabase's GoTrue, which writes each number with its code and without the `+`
/// (<https://github.com/supabase/auth/blob/master/internal/api/phone.go>, `formatPhoneNumber`).
fn is_of_gotrue(fields: &[(Place, FieldStats)]) -> bool {
    let is_its = |name: &String| matches!(name.as_str(), "rawusermetadata" | "rawappmetadata");
    fields.iter().any(|(place, _)| names(place).first().is_some_and(is_its))
}

/// The numbers of the fields that their system keeps as free text: some will be wrong, though none of the
/// records that were looked at has one.
pub(super) fn free_text(fields: &[(Place, FieldStats)]) -> Vec<usize> {
    let paths: Vec<String> = fields.iter().map(|(place, _)| names(place).concat()).collect();
    let free = systems::free_phones(&paths);
    (0..paths.len()).filter(|at| free.contains(&paths[*at].as_str())).collect()
}

/// `are_told`: it is known of the system that each number has its code in front.
fn tell(place: &Place, stats: &FieldStats, trial: &Trial<'_>, are_told: bool) -> Told {
    let of = |how: &How, note: Option<String>| {
        let rule = rule::written(place, how);
        Told { rule, note, is_certain: true }
    };
    let (phones, plus) = (stats.of_shape(Shape::Phone), stats.of_shape(Shape::PlusPhone));
    let without = phones.saturating_sub(plus);
    // Who writes country codes means no country by a number without one.
    if plus * 2 > phones || without == 0 {
        let note = (without > 0)
            .then(|| format!("{} without a country code: taken as they stand", grouped(without)));
        return of(&How::step("phone"), note);
    }
    let texts = trial.texts(PHONE, &rule::written(place, &How::default()));
    let digits = texts.iter().filter_map(|text| bare(text).ok());
    let (with_code, others): (Vec<String>, Vec<String>) =
        digits.partition(|digits| digits.starts_with('+') || digits.starts_with("00"));
    let numbers: Vec<String> =
        others.into_iter().filter(|digits| (7..=15).contains(&digits.len())).collect();
    let regional = |code: String| How { option: Some(("region", code)), ..How::step("phone") };
    match country(&numbers, &with_code, stats.of_shape(Shape::ChinaMobile)) {
        Country::One(code) => of(&regional(code.to_owned()), None),
        Country::InFront if !stats.in_text => in_front(place, &numbers, are_told),
        Country::Several(codes) if codes.len() > 1 => {
            let note = format!(
                "numbers without a country code, which may be of {}: if all are of one, as = \"phone\", region = \"…\"",
                codes.join(", ")
            );
            of(&as_it_stands(&texts), Some(note))
        }
        Country::InFront | Country::Several(_) => {
            let note = "numbers without a country code: if all are of one country, as = \"phone\", region = \"…\"";
            of(&as_it_stands(&texts), Some(note.to_owned()))
        }
    }
}

/// Of numbers whose country nobody knows: `030/1234567` is one only without the stroke.
fn as_it_stands(texts: &[String]) -> How {
    let is_written_apart = |text: &String| {
        phone(text).is_err() && bare(text).is_ok_and(|digits| phone(&digits).is_ok())
    };
    if texts.iter().any(is_written_apart) { How::step("phone") } else { How::default() }
}

/// Numbers that begin with a country code, without the `+`. A national number may look like one with the code
/// of another country, and then be somebody else's: what few begin with is for a person to decide.
fn in_front(place: &Place, numbers: &[String], are_told: bool) -> Told {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for digits in numbers {
        if let Some(Ok(found)) = number(&format!("+{digits}"), None) {
            *counts.entry(found.country).or_default() += 1;
        }
    }
    let mut counts: Vec<(String, usize)> = counts.into_iter().collect();
    counts.sort_by_key(|(_, n)| std::cmp::Reverse(*n));
    let is_few = |n: usize| n * 100 < numbers.len() * FEW;
    let one = |(code, n): &(String, usize)| format!("+{code}: {}", grouped(*n as u64));
    let shown: Vec<String> = counts.iter().take(MOST_CODES).map(one).collect();
    let more = if counts.len() > MOST_CODES { ", …" } else { "" };
    let begin = "the numbers begin with a country code, without the +";
    let note = format!("{begin} ({}{more})", shown.join(", "));
    let is_certain = are_told || !counts.iter().any(|(_, n)| is_few(*n));
    let doubt = "; but a code that few have may be the beginning of a national number: if all have their code in front";
    let doubt = if is_certain { "" } else { doubt };
    Told { rule: rule::written_plus(place), note: Some(format!("{note}{doubt}")), is_certain }
}

/// Whose numbers they are.
#[derive(Debug, PartialEq, Eq)]
enum Country {
    One(&'static str),
    /// Each begins with the code of its own country.
    InFront,
    /// It is not certain; these may be.
    Several(Vec<&'static str>),
}

/// A country is certain where nearly all are numbers of it, and it is that of the few numbers that say theirs,
/// or the only one that has them as mobile numbers.
fn country(numbers: &[String], with_code: &[String], china_mobiles: u64) -> Country {
    let are_in = |code: &str| share(numbers, |digits| is_of(digits, code)) >= 95;
    if china_mobiles > 0
        && china_mobiles * 2 >= numbers.len() as u64
        && share(numbers, |digits| is_of(digits, "CN")) >= 80
    {
        return Country::One("CN");
    }
    if numbers.len() < FEWEST {
        return Country::Several(Vec::new());
    }
    let of_others = |code: &&str| share(with_code, |digits| is_of_code(digits, code)) >= 80;
    if let Some(code) = regions().filter(|_| with_code.len() > 2).find(of_others)
        && are_in(code)
    {
        return Country::One(code);
    }
    let first: Vec<String> =
        numbers.iter().step_by((numbers.len() / FIRST).max(1)).take(FIRST).cloned().collect();
    let mobile = |numbers: &[String], code: &str| {
        Region::new(code).map_or(0, |region| share(numbers, |digits| is_mobile(digits, region)))
    };
    let likely = regions().filter(|code| mobile(&first, code) >= 65);
    let mut likely: Vec<(&'static str, usize)> = likely
        .map(|code| (code, mobile(numbers, code)))
        .filter(|(_, share)| *share >= 75)
        .collect();
    likely.sort_by_key(|(_, share)| std::cmp::Reverse(*share));
    let is_in_front = || share(numbers, |digits| is_of_code(&format!("+{digits}"), "")) >= 95;
    match likely[..] {
        [(code, share)] if share >= 85 && are_in(code) => Country::One(code),
        _ if is_in_front() => Country::InFront,
        _ => Country::Several(likely.iter().take(3).map(|(code, _)| *code).collect()),
    }
}

/// How many of a hundred are so.
fn share(numbers: &[String], is: impl Fn(&str) -> bool) -> usize {
    let n = numbers.iter().filter(|digits| is(digits)).count();
    n * 100 / numbers.len().max(1)
}

fn is_of(digits: &str, code: &str) -> bool {
    Region::new(code).is_some_and(|region| matches!(number(digits, Some(region)), Some(Ok(_))))
}

/// Whether a number with its country code is one of that region; of any, where none is named.
fn is_of_code(digits: &str, code: &str) -> bool {
    let Some(Ok(found)) = number(digits, None) else { return false };
    code.is_empty() || country_code(code).is_some_and(|code| code == found.country)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Numbers as the plans of their countries have them: what is begun, and so many digits behind it.
    fn numbers(begins: &[&str], digits: u32) -> Vec<String> {
        let mut state = 18_u64;
        let mut random = |below: u64| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) % below
        };
        let mut one = |n: usize| {
            let rest = random(10_u64.pow(digits));
            format!("{}{rest:0width$}", begins[n % begins.len()], width = digits as usize)
        };
        (0..200).map(&mut one).collect()
    }

    #[test]
    fn a_country_is_certain_or_not_chosen() {
        for (begins, digits, expected) in [
            (&["21255", "31062", "20633", "51247"][..], 5, Country::One("US")),
            (&["121255", "131062", "120633"], 5, Country::One("US")),
            (&["1198", "2199", "3198"], 7, Country::One("BR")),
        ] {
            let numbers = numbers(begins, digits);
            assert_eq!(country(&numbers, &[], 0), expected, "{begins:?}");
        }
        // Japan's mobile numbers are India's and Nigeria's, too.
        for begins in [&["090", "080", "070"][..], &["0900", "0910"], &["600", "610"], &["555"]] {
            let found = country(&numbers(begins, 8 - u32::from(begins[0].len() > 3)), &[], 0);
            assert!(matches!(found, Country::Several(_)), "{begins:?}: {found:?}");
        }
    }

    #[test]
    fn the_few_numbers_that_say_their_country_say_it_of_the_others() {
        let others = numbers(&["0912", "0935"], 6);
        let with_code = |begin: &str| vec![format!("{begin}912345678"); 5];
        assert_eq!(country(&others, &with_code("+886"), 0), Country::One("TW"));
        assert!(matches!(country(&others, &with_code("+886")[..2], 0), Country::Several(_)));
        let strange = [with_code("+886"), with_code("+972")[..4].to_vec()].concat();
        assert!(matches!(country(&others, &strange, 0), Country::Several(_)));
    }
}
