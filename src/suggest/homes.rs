//! Finds the column that names the country of each phone number. A user's address may lie in another country than
//! their number, so `init` takes a column of countries only where the numbers themselves confirm it.

use super::candidate::{groups, names};
use super::rule::{self, How};
use super::shape::Shape;
use super::survey::{FieldStats, Place};
use super::trial::Trial;
use crate::values::Region;
use crate::values::phone::{bare, country_code, is_written_as_mobile, number};
use crate::words::{agree, counted, grouped};
use std::cmp::Reverse;
use std::collections::BTreeMap;

/// The field of phone numbers.
pub(super) const PHONE: &str = "phone";
/// Columns of a country in two letters of ISO 3166, by their plain names.
const COUNTRIES: &[&str] = &[
    "country",
    "countryid",
    "countrycode",
    "countryiso",
    "countryiso2",
    "countryisocode",
    "isocountry",
    "isocountrycode",
    "addresscountry",
    "addrcountry",
    "billingcountry",
    "phonecountry",
    "c",
];
/// Of these the ones that belong to a postal address: Magento's `country_id`
/// (<https://github.com/magento/magento2/blob/2.4-develop/app/code/Magento/Customer/etc/db_schema.xml>,
/// `customer_address_entity`), LDAP's `c` (<https://www.rfc-editor.org/rfc/rfc4519#section-2.2>).
const OF_ADDRESSES: &[&str] = &["countryid", "c"];
/// What names a postal address, as a part of a name.
const ADDRESSES: &[&str] = &["addr", "billing", "shipping", "delivery", "invoice", "postal"];
/// How many of a hundred numbers have such a country, or agree with it.
const NEARLY_ALL: usize = 95;
/// Fewer numbers with `+` prove nothing of an address.
const FEWEST: usize = 3;
const CHINA: &str = "CN";

/// A rule of phone numbers, and whether it may be taken.
pub(super) struct Told {
    pub(super) rule: String,
    pub(super) note: Option<String>,
    pub(super) is_certain: bool,
}

/// Proposes the column that names the country of each number: a number without a country code is then read as one of
/// that country only. The proposal is uncertain where the column names no country for some of the numbers.
pub(super) fn countries(
    place: &Place,
    stats: &FieldStats,
    fields: &[(Place, FieldStats)],
    trial: &Trial<'_>,
) -> Option<Told> {
    if stats.in_text || stats.of_shape(Shape::Phone) <= stats.of_shape(Shape::PlusPhone) {
        return None;
    }
    let group = groups(place);
    let is_beside = |other: &&Place| {
        let is_its = names(other).last().is_some_and(|name| COUNTRIES.contains(&name.as_str()));
        is_its && groups(other) == group && matches!(other, Place::Column(_))
    };
    let homes = fields.iter().map(|(other, _)| other).filter(is_beside);
    let told: Vec<Told> = homes.filter_map(|home| of_home(place, home, trial)).collect();
    let best = told.iter().position(|told| told.is_certain).unwrap_or(0);
    told.into_iter().nth(best)
}

/// What one column says; none where it says nothing, or the same of all and the numbers do not prove it.
fn of_home(place: &Place, home: &Place, trial: &Trial<'_>) -> Option<Told> {
    let plain = |place: &Place| rule::written(place, &How::default());
    let pairs = trial.pairs((PHONE, &plain(place)), ("country", &plain(home)));
    let filled = pairs.iter().filter(|(_, code)| !code.is_empty()).count();
    let known: Vec<(String, Region)> = pairs
        .iter()
        .filter_map(|(text, code)| {
            let region = Region::new(&code.trim().to_ascii_uppercase())?;
            Some((bare(text).unwrap_or_default(), region))
        })
        .collect();
    let proof = Proof::of(&known)?;
    let shown = rule::shown(home);
    let (is_told, is_of_all) = (known.len() * 100 >= pairs.len() * NEARLY_ALL, !proof.has_others);
    // Words for countries, or codes of something else.
    if !is_told && (known.len() * 2 < filled || is_of_all) {
        return None;
    }
    let doubt = if is_told {
        proof.doubt(&shown, is_of_address(home))
    } else {
        Some(format!(
            "{} of {} have no country of two letters in {shown}, where others have several: with this line their \
             numbers without a country code are refused",
            grouped((pairs.len() - known.len()) as u64),
            grouped(pairs.len() as u64),
        ))
    };
    // One country of all says no more than the numbers do.
    if doubt.is_some() && is_of_all && proof.suspects == 0 {
        return None;
    }
    let is_certain = doubt.is_none();
    let sure = || format!("numbers without a country code are of the country in {shown}");
    let note = Some(doubt.unwrap_or_else(sure));
    Some(Told { rule: rule::written_home(place, home), note, is_certain })
}

fn is_of_address(home: &Place) -> bool {
    let names = names(home);
    let is_named = |name: &String| ADDRESSES.iter().any(|part| name.contains(part));
    names.iter().any(is_named)
        || names.last().is_some_and(|name| OF_ADDRESSES.contains(&name.as_str()))
}

/// What numbers say about the countries beside them.
#[derive(Debug)]
struct Proof {
    /// The country that most records have.
    most: Region,
    /// Whether some records have another.
    has_others: bool,
    /// Numbers without a country code that look like numbers of another country than their record says.
    suspects: usize,
    /// Of all numbers with their country code, and of those in records of another country than most.
    all: Agreed,
    others: Agreed,
}

/// How many numbers with their country code are of the country that their record says.
#[derive(Clone, Copy, Debug, Default)]
struct Agreed {
    n: usize,
    of: usize,
}

impl Agreed {
    fn add(&mut self, agrees: bool) {
        self.of += 1;
        self.n += usize::from(agrees);
    }

    fn is_nearly_all(self) -> bool {
        self.n * 100 >= self.of * NEARLY_ALL
    }
}

impl Proof {
    /// `known`: bare digits, and the country that their record says.
    fn of(known: &[(String, Region)]) -> Option<Self> {
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for (_, region) in known {
            *counts.entry(region.as_str()).or_default() += 1;
        }
        let most = counts.iter().max_by_key(|(code, n)| (**n, Reverse(**code)))?;
        let most = Region::new(most.0)?;
        // Canada's numbers are those of the United States: either way they are read as the same.
        let codes: BTreeMap<&str, String> =
            counts.keys().map(|code| (*code, country_code(code).unwrap_or_default())).collect();
        let code = |region: &Region| codes.get(region.as_str()).map_or("", String::as_str);
        let (mut has_others, mut suspects) = (false, 0);
        let (mut all, mut others) = (Agreed::default(), Agreed::default());
        for (digits, region) in known {
            let is_other = code(region) != code(&most);
            has_others |= is_other;
            if digits.starts_with('+') || digits.starts_with("00") {
                if let Some(Ok(found)) = number(digits, None) {
                    let agrees = found.country == code(region);
                    all.add(agrees);
                    if is_other {
                        others.add(agrees);
                    }
                }
            } else {
                suspects += usize::from(is_suspect(digits, *region, most, is_other));
            }
        }
        Some(Self { most, has_others, suspects, all, others })
    }

    /// Why the column may not say the country of the numbers; none where they prove it.
    fn doubt(&self, shown: &str, is_of_address: bool) -> Option<String> {
        if self.suspects > 0 {
            let most = match self.most.as_str() {
                CHINA => CHINA.to_owned(),
                most => format!("{most} or {CHINA}"),
            };
            return Some(format!(
                "{} without a country code {} mobile numbers of {most}, but {shown} says another country there, perhaps where the \
                 user lives: with this line {} that country's, which is somebody else's number, or {} refused",
                counted(self.suspects as u64, "number"),
                agree(self.suspects as u64, "looks like", "look like"),
                agree(self.suspects as u64, "it becomes", "they become"),
                agree(self.suspects as u64, "is", "are"),
            ));
        }
        for agreed in [self.all, self.others] {
            if !agreed.is_nearly_all() {
                return Some(format!(
                    "{} of {} with a country code {} of another country than {shown} says: it may be where the user lives, and \
                     with this line numbers without a country code are read as of it",
                    grouped((agreed.of - agreed.n) as u64),
                    counted(agreed.of as u64, "number"),
                    agree((agreed.of - agreed.n) as u64, "is", "are"),
                ));
            }
        }
        let asked = if self.has_others { self.others } else { self.all };
        (is_of_address && asked.n < FEWEST).then(|| {
            format!(
                "{shown} is the country of an address, and hardly any number with a country code proves that it is that of \
                 the numbers: with this line numbers without a country code are read as of it"
            )
        })
    }
}

/// Whether a number without a country code may belong to another country than its record names. It does if it has the
/// form of a mobile number of mainland China, or of the country of most records; or if it is valid in the latter and
/// not in its own.
fn is_suspect(digits: &str, region: Region, most: Region, is_other: bool) -> bool {
    let of = |region| matches!(number(digits, Some(region)), Some(Ok(_)));
    let china = Region::new(CHINA).filter(|_| region.as_str() != CHINA);
    china.is_some_and(|china| is_written_as_mobile(digits, china))
        || is_other && (is_written_as_mobile(digits, most) || of(most) && !of(region))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is doubtful of these numbers, each with the country beside it, a hundred times the first one.
    fn doubt(first: (&str, &str), others: &[(&str, &str)], is_of_address: bool) -> Option<String> {
        let all = std::iter::repeat_n(&first, 100).chain(others);
        let known: Vec<(String, Region)> =
            all.map(|(number, code)| (bare(number).unwrap(), Region::new(code).unwrap())).collect();
        Proof::of(&known).unwrap().doubt("land", is_of_address)
    }

    const CHINESE: (&str, &str) = ("13804723261", "CN");
    const GERMAN: (&str, &str) = ("0151 20001000", "DE");

    /// The mobile prefixes: China 138 (MIIT), Germany 0151 (Bundesnetzagentur), the United Kingdom 07400 (Ofcom), the
    /// United States (area code 380 of Ohio, NANPA).
    #[test]
    fn a_country_beside_numbers_that_look_like_those_of_another_is_doubtful() {
        let is_certain = |first, others: &[_]| doubt(first, others, false).is_none();
        assert!(is_certain(CHINESE, &[]));
        assert!(is_certain(CHINESE, &[GERMAN, ("07400 123411", "GB")]));
        assert!(is_certain(("212 555 0123", "US"), &[("416 555 0123", "CA")]));
        assert!(is_certain(GERMAN, &[CHINESE]));
        // Valid in both countries; in China alone; the same where few are Chinese, or none is said to be.
        for (first, other) in [
            (CHINESE, ("13804723261", "US")),
            (CHINESE, ("13804723261", "VN")),
            (GERMAN, ("13804723261", "US")),
            (("13804723261", "US"), GERMAN),
            // A landline of Peking, in no way one of Singapore.
            (CHINESE, ("010-62515115", "SG")),
            // A number of the United States, and none of Singapore.
            (("(212) 555-0123", "US"), ("(202) 555-0199", "SG")),
        ] {
            let told = doubt(first, &[other], false);
            assert!(
                told.as_ref().is_some_and(|told| told.contains("look")),
                "{first:?} {other:?} {told:?}"
            );
        }
    }

    #[test]
    fn numbers_with_their_code_must_agree_also_where_few_live() {
        let with = |phone: &'static str, land: &'static str, n| vec![(phone, land); n];
        let home = ("+86 138 0472 3261", "CN");
        let agreed = [with("+49 151 20001000", "DE", 3), vec![GERMAN; 3]].concat();
        assert_eq!(doubt(home, &agreed, true), None);
        // A hundred Chinese numbers at home prove nothing of those who live abroad.
        let abroad = with("+86 138 0472 3261", "DE", 3);
        let told = doubt(home, &abroad, false).unwrap();
        assert!(
            told.starts_with("3 of 3 numbers with a country code are of another country"),
            "{told}"
        );
        // An address is no proof by itself.
        for others in [vec![GERMAN], with("+49 151 20001000", "DE", 2)] {
            assert_eq!(doubt(home, &others, false), None);
            assert!(doubt(home, &others, true).unwrap().contains("of an address"));
        }
    }

    #[test]
    fn the_country_of_an_address_is_told_by_its_names() {
        let place = |path: &[&str]| Place::Column(path.iter().map(|&name| name.into()).collect());
        for path in [&["billing_country"][..], &["address", "country"], &["c"], &["country_id"]] {
            assert!(is_of_address(&place(path)), "{path:?}");
        }
        for path in [&["country"][..], &["phone_country"], &["profile", "countryCode"]] {
            assert!(!is_of_address(&place(path)), "{path:?}");
        }
    }
}
