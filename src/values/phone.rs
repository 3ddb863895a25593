//! `as = "phone"` and `as = "e164"`: one number is one value, however it is spelled.
//!
//! The provider keeps a number without its country code, and the code in a field of its own, which
//! mainland China goes without. Which numbers there are, the crate `phonenumber` knows; it takes
//! microseconds, so the commonest shape, a mobile number of mainland China, is told here, and a test
//! proves that both say the same.

use crate::user::{IdKind, normalise, same, without_fraction};
use phonenumber::country::{Id, Source};
use phonenumber::metadata::{DATABASE, Database, Metadata};
use std::collections::BTreeSet;
use std::fmt;
use std::sync::Once;

/// The country code that the provider does without.
const CHINA: &str = "86";
/// Compiled patterns that are kept: of two or three hundred countries the commonest kinds.
const PATTERNS: usize = 1_000;
const CHARACTERS: &str = "no phone number: it holds other characters than digits";
pub(crate) const UNKNOWN: &str = "not a valid phone number for its country code";
const ABROAD: &str = "a phone number that is dialled abroad in a way that cannot be told: write \
                      it with + and the country code";

/// Where numbers without a country code belong.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Region(Id);

impl Region {
    /// Two letters of ISO 3166, e.g. `CN`.
    pub(crate) fn new(text: &str) -> Option<Self> {
        text.parse().ok().map(Self)
    }

    pub(crate) fn as_str(&self) -> &str {
        self.0.as_ref()
    }
}

impl fmt::Debug for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A number that its country gives out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Number {
    /// The country code, without `+`.
    pub(crate) country: String,
    /// What follows it, without the zero that is dialled only inside the country.
    pub(crate) national: String,
}

impl Number {
    /// `+8613800138000`.
    pub(crate) fn e164(&self) -> String {
        format!("+{}{}", self.country, self.national)
    }

    /// As the provider keeps it: the number, and the country code of its own field.
    pub(crate) fn parts(self) -> (String, String) {
        (self.national, format!("+{}", self.country))
    }
}

/// Whether the provider does without a country code.
pub(crate) fn goes_without(code: &str) -> bool {
    code.strip_prefix('+') == Some(CHINA)
}

/// Whether a country code as a record has it (`44`, `+44`, `0044`) is another than that of its
/// number. What is no code, such as `GB`, contradicts nothing.
pub(crate) fn contradicts(written: &str, code: &str) -> bool {
    let Ok(bare) = bare(written) else { return false };
    let digits = bare.trim_start_matches('+').trim_start_matches('0');
    !digits.is_empty() && Some(digits) != code.strip_prefix('+')
}

/// Digits, perhaps behind a `+`: without what people set between them, and without the marks of
/// direction that come along when a number is copied. The `.0` of a floating-point number goes too.
pub(crate) fn bare(text: &str) -> Result<String, &'static str> {
    let text = text.trim();
    let text = without_fraction(text.strip_prefix("tel:").unwrap_or(text));
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '0'..='9' => out.push(c),
            '+' | '＋' if out.is_empty() => out.push('+'),
            // The wide forms, as input methods write them.
            '０'..='９' => out.extend(char::from_digit(c as u32 - '０' as u32, 10)),
            _ if is_separator(c) => {}
            _ => return Err(CHARACTERS),
        }
    }
    Ok(out)
}

fn is_separator(c: char) -> bool {
    matches!(c, '-' | '.' | '(' | ')' | '/' | '（' | '）' | '－' | '·')
        || matches!(c, '\u{2010}'..='\u{2015}' | '\u{2212}')
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}' | '\u{feff}')
        || c.is_whitespace()
}

/// The number that bare digits are; none where nobody can tell their country.
pub(crate) fn number(bare: &str, region: Option<Region>) -> Option<Result<Number, &'static str>> {
    if let Some(number) = china_mobile(bare, region) {
        return Some(Ok(number));
    }
    if bare.starts_with('+') {
        return Some(international(bare));
    }
    // In most of the world that is dialled for the `+`.
    if let (Some(rest), None) = (bare.strip_prefix("00"), region)
        && let Ok(number) = international(&format!("+{rest}"))
    {
        return Some(Ok(number));
    }
    region.map(|region| regional(bare, region))
}

/// A mobile number of mainland China, if that is beyond doubt; otherwise it may still be one.
fn china_mobile(bare: &str, region: Option<Region>) -> Option<Number> {
    let national = match bare.strip_prefix("+86") {
        Some(national) => national,
        None if region == Some(Region(Id::CN)) => bare,
        None => return None,
    };
    let digits = national.as_bytes();
    if digits.len() != 11 || !digits.iter().all(u8::is_ascii_digit) || digits[0] != b'1' {
        return None;
    }
    let is_given_out = match (digits[1], digits[2]) {
        (b'3' | b'8', _) => true,
        (b'4', third) => matches!(third, b'5' | b'7'),
        (b'5' | b'9', third) => third != b'4',
        (b'6', third) => matches!(third, b'5'..=b'7'),
        (b'7', third) => matches!(third, b'0'..=b'3' | b'5'..=b'8'),
        _ => false,
    };
    is_given_out.then(|| Number { country: CHINA.to_owned(), national: national.to_owned() })
}

/// A number with its country code. The crate's own parser is not asked: it takes a prefix for calls
/// inside the country away even where the number only begins with the same digit (Russia: +7 8…).
fn international(bare: &str) -> Result<Number, &'static str> {
    let digits = bare.strip_prefix('+').unwrap_or(bare);
    // No country code is the beginning of another.
    let split = (1..=3).find_map(|n| {
        let (country, national) = digits.split_at_checked(n)?;
        let mut regions = tables().by_code(&country.parse::<u16>().ok()?)?;
        // Of the 25 that share +1, nearly all numbers are of one.
        regions.sort_by_key(|region| !region.is_main_country_for_code());
        Some((country, national, regions))
    });
    let (country, national, regions) = split.ok_or(UNKNOWN)?;
    let is_given_out =
        |national: &&str| regions.iter().any(|region| is_given_out(region, national));
    // `+44 (0)20 …`: some write the zero that is dialled only inside the country.
    let national = [Some(national), national.strip_prefix('0')]
        .into_iter()
        .flatten()
        .find(is_given_out)
        .ok_or(UNKNOWN)?;
    Ok(Number { country: country.to_owned(), national: national.to_owned() })
}

/// What the crate knows. It keeps 100 compiled patterns, enough for a dozen countries; in an export
/// from all over the world each number would have its patterns compiled anew.
fn tables() -> &'static Database {
    static ROOM: Once = Once::new();
    ROOM.call_once(|| {
        if let Ok(mut cache) = DATABASE.cache().lock() {
            cache.set_capacity(PATTERNS);
        }
    });
    &DATABASE
}

/// The main region of every country code, as [`Region::new`] takes it.
pub(crate) fn regions() -> impl Iterator<Item = &'static str> {
    (1..1_000u16).filter_map(|code| {
        let mut regions = tables().by_code(&code)?;
        regions.sort_by_key(|region| !region.is_main_country_for_code());
        regions.first().map(|region| region.id()).filter(|id| Region::new(id).is_some())
    })
}

/// The country code of a region, without `+`.
pub(crate) fn country_code(region: &str) -> Option<String> {
    tables().by_id(region).map(|region| region.country_code().to_string())
}

/// A number in its normal form and every other that means the same one: with a country code or without, and
/// with `+`, `00` or nothing before it.
pub(crate) fn spellings(number: &str) -> BTreeSet<String> {
    let digits = number.trim_start_matches('+');
    let rest = digits.strip_prefix("00").unwrap_or(digits);
    let mut spellings = BTreeSet::from([number.to_owned()]);
    if rest.is_empty() || !rest.bytes().all(|byte| byte.is_ascii_digit()) {
        return spellings;
    }
    let codes = (1..1_000u16).filter(|code| tables().by_code(code).is_some());
    for code in codes.map(|code| code.to_string()).chain([String::new()]) {
        let whole = format!("{code}{rest}");
        spellings.extend(rest.strip_prefix(&code).map(str::to_owned));
        spellings.extend(["+", "00", ""].map(|before| format!("{before}{whole}")));
    }
    spellings.retain(|spelling| same(IdKind::Phone, spelling, number));
    spellings
}

/// Whether a number without a country code is a mobile one of that region.
pub(crate) fn is_mobile(bare: &str, region: Region) -> bool {
    // Reading the tables takes as long as staging thousands of records.
    if region == Region(Id::CN) && china_mobile(bare, Some(region)).is_some() {
        return true;
    }
    let kinds = tables().by_id(region.as_str()).map(Metadata::descriptors);
    let Some(mobile) = kinds.and_then(|kinds| kinds.mobile()) else { return false };
    matches!(number(bare, Some(region)), Some(Ok(number)) if mobile.is_match(&number.national))
}

/// Whether a number without a country code is a mobile one of that region, as people write it there: in mainland
/// China nobody writes the zero that is dialled inside the country.
pub(crate) fn is_written_as_mobile(bare: &str, region: Region) -> bool {
    is_mobile(bare, region) && !(region == Region(Id::CN) && bare.starts_with('0'))
}

/// Whether a number is of any kind that a region has.
fn is_given_out(region: &Metadata, national: &str) -> bool {
    let kinds = region.descriptors();
    kinds.general().is_match(national)
        && [
            kinds.mobile(),
            kinds.fixed_line(),
            kinds.toll_free(),
            kinds.premium_rate(),
            kinds.shared_cost(),
            kinds.personal_number(),
            kinds.voip(),
            kinds.pager(),
            kinds.uan(),
            kinds.voicemail(),
        ]
        .into_iter()
        .flatten()
        .any(|kind| kind.is_match(national))
}

fn regional(bare: &str, region: Region) -> Result<Number, &'static str> {
    let parsed = phonenumber::parse_with(tables(), Some(region.0), bare).map_err(|_| UNKNOWN)?;
    if parsed.code().source() == Source::Idd {
        // The crate would read what follows by the rules of the region, not of its own country.
        let rest = bare.strip_prefix("00").or_else(|| bare.strip_prefix("011")).ok_or(ABROAD)?;
        let international = format!("+{rest}");
        return number(&international, None).unwrap_or(Err(UNKNOWN));
    }
    if !parsed.is_valid() {
        // Here the same happens: 8 800 … in Russia.
        let meta = tables().by_id(region.as_str()).ok_or(UNKNOWN)?;
        let rest = meta.national_prefix().and_then(|prefix| bare.strip_prefix(prefix));
        return international(&format!("+{}{}", meta.country_code(), rest.ok_or(UNKNOWN)?));
    }
    Ok(Number {
        country: parsed.country().code().to_string(),
        national: parsed.national().to_string(),
    })
}

/// Whether a number that begins with a country code is one that is given out; without one nobody
/// can tell.
fn check(bare: &str) -> Result<(), &'static str> {
    number(bare, None).map_or(Ok(()), |number| number.map(drop))
}

/// Whether a text may be a phone number. Spaces, dashes, dots and brackets do not count. One that
/// begins with a country code must be one that its country gives out.
pub fn phone(text: &str) -> Result<(), &'static str> {
    let number = normalise(IdKind::Phone, text);
    let digits = number.strip_prefix('+').unwrap_or(&number);
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err("no phone number: it holds other characters than digits");
    }
    if !(5..=20).contains(&digits.len()) {
        return Err("no phone number: it must have 5 to 20 digits");
    }
    check(&number)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn phone_numbers_have_digits_and_perhaps_a_plus() {
        for good in ["13100000001", "+86 131-0000-0001", "(020) 1234.567", "12345", "13800138000.0"]
        {
            assert_eq!(phone(good), Ok(()), "{good}");
        }
        for bad in [
            "1234",
            "+",
            "131000x0001",
            "1+23456",
            "1234.0",
            "123456789012345678901",
            "１２３４５６",
        ] {
            assert!(phone(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_number_is_looked_for_with_its_country_code_and_without() {
        let all = ["18662531355", "+8618662531355", "008618662531355", "8618662531355"];
        for typed in all {
            let spellings = spellings(typed);
            for other in all {
                assert!(spellings.contains(other), "{typed} {other}");
            }
            // 866 and 6 are no country code and one, but what is left is another number.
            assert!(!spellings.contains("62531355") || typed.len() > 11, "{typed}");
        }
        // Too short to be told without a country code, and no number at all.
        for typed in ["4711", "+", "li@example.com", "00"] {
            assert_eq!(spellings(typed), BTreeSet::from([typed.to_owned()]), "{typed}");
        }
        // Of no country that there is.
        assert!(!spellings("62531355").contains("+18662531355"));
        assert!(spellings("2079460958").contains("+442079460958"));
    }

    fn region(text: &str) -> Option<Region> {
        Region::new(text)
    }

    fn e164(text: &str, region: Option<Region>) -> Option<Result<String, &'static str>> {
        number(&bare(text).expect("digits"), region).map(|number| number.map(|n| n.e164()))
    }

    #[test]
    fn every_spelling_of_a_number_is_one_number() {
        for (expected, region, spellings) in [
            (
                "+8613800138000",
                region("CN"),
                &[
                    "13800138000",
                    "138-0013-8000",
                    "138 0013 8000",
                    "+86 138 0013 8000",
                    "+86-13800138000",
                    "(+86)13800138000",
                    "（+86）138－0013－8000",
                    "＋８６１３８００１３８０００",
                    "008613800138000",
                    "8613800138000",
                    "013800138000",
                    "\u{202d}13800138000\u{202c}",
                    "tel:+86-138-0013-8000",
                    "13800138000.0",
                    "8613800138000.0",
                    "+8613800138000.0",
                    "138.0013.8000",
                ][..],
            ),
            (
                "+861012345678",
                region("CN"),
                &["010-12345678", "+86 10 12345678", "+86 (0)10 12345678"],
            ),
            (
                "+442079460958",
                region("GB"),
                &["020 7946 0958", "+44 20 7946 0958", "+44 (0)20 7946 0958"],
            ),
            ("+442079460958", region("CN"), &["+44 20 7946 0958", "0044 20 7946 0958"]),
            (
                "+15208782491",
                region("US"),
                &["(520) 878-2491", "1-520-878-2491", "+1 520 878 2491"],
            ),
            ("+8613800138000", region("US"), &["+8613800138000", "011 86 138 0013 8000"]),
            ("+78005553535", region("RU"), &["8 800 555-35-35", "+7 800 555 35 35"]),
            ("+390612345678", region("IT"), &["06 1234 5678", "+39 06 1234 5678"]),
            ("+81312345678", region("JP"), &["03-1234-5678", "+81 3 1234 5678"]),
            ("+85251234567", None, &["+852 5123 4567", "+852-51234567"]),
        ] {
            for spelling in spellings {
                let found = e164(spelling, region);
                assert_eq!(found, Some(Ok(expected.to_owned())), "{spelling} in {region:?}");
            }
        }
    }

    #[test]
    fn what_no_country_gives_out_is_refused_and_what_nobody_can_tell_is_left() {
        for (text, region) in [
            ("+8612800138000", None),
            ("+86138001380001", None),
            ("+86", None),
            ("+", None),
            ("+999123456789", None),
            ("+15551234", None),
            ("12345", region("CN")),
            ("12800138000", region("CN")),
            ("", region("CN")),
            ("00", region("CN")),
        ] {
            assert_eq!(e164(text, region), Some(Err(UNKNOWN)), "{text} in {region:?}");
        }
        assert_eq!(e164("13800138000", None), None);
        for text in ["1-800-FLOWERS", "13800138000x12", "138#", "1+380", "+86+138"] {
            assert_eq!(bare(text), Err(CHARACTERS), "{text}");
        }
        assert_eq!(region("cn"), None);
        assert_eq!(region("XX"), None);
    }

    #[test]
    fn the_provider_keeps_the_country_code_apart_and_does_without_that_of_china() {
        let parts = |text| number(text, None).expect("a country").expect("a number").parts();
        assert_eq!(parts("+8613800138000"), ("13800138000".to_owned(), "+86".to_owned()));
        assert_eq!(parts("+15208782491"), ("5208782491".to_owned(), "+1".to_owned()));
        assert!(goes_without("+86") && !goes_without("+1"));
    }

    /// What the crate says, without any of our own ways.
    fn by_the_crate(text: &str, region: Option<Id>) -> Option<Number> {
        let parsed =
            phonenumber::parse(region, text).ok().filter(phonenumber::PhoneNumber::is_valid)?;
        Some(Number {
            country: parsed.country().code().to_string(),
            national: parsed.national().to_string(),
        })
    }

    #[test]
    fn every_beginning_of_a_mobile_number_is_judged_as_by_the_crate() {
        for beginning in 1000..2000 {
            for end in ["0000000", "9999999", "0012345"] {
                let national = format!("{beginning}{end}");
                let with_code = format!("+86{national}");
                if let Some(fast) = china_mobile(&national, region("CN")) {
                    assert_eq!(by_the_crate(&national, Some(Id::CN)), Some(fast), "{national}");
                }
                if let Some(fast) = china_mobile(&with_code, None) {
                    assert_eq!(by_the_crate(&with_code, None), Some(fast), "{with_code}");
                }
                let found = number(&with_code, None).and_then(Result::ok);
                assert_eq!(found, by_the_crate(&with_code, None), "{with_code}");
            }
        }
        // The shape that nearly all numbers have takes the short way.
        assert!((130..=139).all(|n| china_mobile(&format!("{n}00138000"), region("CN")).is_some()));
    }

    proptest! {
        #[test]
        fn the_short_way_says_what_the_crate_says(
            national in "1[3-9][0-9]{9}|[0-9]{9,13}",
            with_code in any::<bool>(),
        ) {
            let text = if with_code { format!("+86{national}") } else { national };
            let region = (!with_code).then_some(Id::CN);
            if let Some(fast) = china_mobile(&text, region.map(Region)) {
                prop_assert_eq!(by_the_crate(&text, region), Some(fast));
            }
        }

        /// Every number that the crate knows is known, and is the same one.
        #[test]
        fn a_number_that_the_crate_knows_is_known(
            code in prop::sample::select(vec!["1", "7", "20", "33", "34", "39", "44", "49", "52", "54",
                "55", "61", "65", "81", "82", "86", "91", "234", "852", "853", "886", "800", "971"]),
            national in "[1-9][0-9]{5,11}",
        ) {
            let text = format!("+{code}{national}");
            if let Some(theirs) = by_the_crate(&text, None).filter(|theirs| theirs.e164() == text) {
                prop_assert_eq!(number(&text, None), Some(Ok(theirs)));
            }
        }

        /// What was made of a number is that number again, for the check before sending and for
        /// records that are mapped twice.
        #[test]
        fn a_number_in_its_normal_form_stays(
            text in "\\+?[0-9]{2,16}",
            region in prop::sample::select(vec!["CN", "US", "GB", "DE", "JP", "RU", "BR", "IT", "AR"]),
        ) {
            if let Some(Ok(found)) = number(&text, Region::new(region)) {
                let again = number(&found.e164(), None);
                prop_assert_eq!(again, Some(Ok(found)), "{}", text);
            }
        }

        #[test]
        fn no_text_makes_it_panic(text in "[+0-9]{0,24}|.{0,16}", region in "[A-Z]{2}") {
            if let Ok(bare) = bare(&text) {
                let _ = number(&bare, Region::new(&region));
            }
        }
    }
}
