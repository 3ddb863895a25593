//! Phone numbers without a country code beside others that say theirs. Read as numbers of the one region that
//! the mapping names, they may be of another country, and then are somebody else's; where it names none, nobody
//! can tell whose they are.

use crate::mapping::{As, Copies, Home, Mapping, Rule};
use crate::schema::Schema;
use crate::user::{IdKind, Value};
use crate::values::Region;
use crate::values::phone::{bare, country_code, is_mobile, is_written_as_mobile, number, regions};
use crate::words::{agree, grouped};
use std::collections::BTreeMap;

/// The region whose numbers the provider keeps without their country code.
const CHINA: &str = "CN";
/// The field that holds the region which a record names, while it is looked at.
const COUNTRY: &str = "country";
/// How many digits a number has that is taken as it stands.
const DIGITS: std::ops::RangeInclusive<usize> = 7..=15;
/// What can be done about numbers of several countries.
const WAY_OUT: &str = "Write numbers of other countries with + and their country code, in the export or by a jq program in \
                       the rule, from a column that says the country";
/// Numbers that are looked at again when it is known which countries there are. Those behind them are compared
/// with the countries that are known by then.
const MOST: usize = 10_000;
/// Fewer of a hundred look like numbers of another country by chance: landlines do.
const FEW: u64 = 1;
/// Countries that are named.
const NAMED: usize = 5;

/// The numbers of a column, as they come.
pub(crate) struct Abroad<'a> {
    schema: &'a Schema,
    /// The rule of the phone number alone, without what it makes of it, and the region that it names. None
    /// where there is no such rule, or records say the country code of their number themselves.
    rule: Option<(Mapping, Option<Region>)>,
    /// Numbers without a country code: of the region, where one is named.
    read: u64,
    /// Of these, the first that are no mobile numbers there.
    suspects: Vec<String>,
    /// How many of them are kept.
    most: usize,
    /// Those behind them that are of a country that others say; without a region, all that are not China's.
    beyond: u64,
    /// What numbers say of their country, by its code.
    said: BTreeMap<String, Said>,
    /// Where each record names the region of its number.
    each: Option<Each>,
}

/// Numbers whose records name their regions: where a user lives need not be where the number is from.
struct Each {
    /// The rules of the number, without what it makes of it, and of the region.
    mapping: Mapping,
    /// The fields of these rules.
    fields: [String; 2],
    /// Numbers without a country code.
    read: u64,
    /// Of these, by their region, those that are valid there and are written like a mobile number of mainland China.
    both: BTreeMap<String, u64>,
}

/// The numbers that say one country code.
struct Said {
    n: u64,
    /// Its main region; none for that of the rule.
    region: Option<Region>,
}

/// What a person should know.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Told {
    /// The word for machines.
    pub(crate) warning: &'static str,
    /// How many numbers.
    pub(crate) count: u64,
    pub(crate) message: String,
}

impl<'a> Abroad<'a> {
    /// Nothing seen yet.
    pub(crate) fn new(mapping: &Mapping, schema: &'a Schema) -> Self {
        let field = schema.identifier(IdKind::Phone).map(|field| field.name);
        let is_said = schema.phone_country_field.is_some_and(|code| mapping.rule(code).is_some());
        let rule = field.filter(|_| !is_said).and_then(|field| {
            let (rule, region) = unread(mapping.rule(field)?)?;
            Some((Mapping::new(vec![(field.to_owned(), rule)]), region))
        });
        let each = field.filter(|_| !is_said);
        let each = each.and_then(|field| Each::new(field, mapping.rule(field)?));
        let (suspects, said) = (Vec::new(), BTreeMap::new());
        Self { schema, rule, read: 0, suspects, most: MOST, beyond: 0, said, each }
    }

    /// Looks at a record.
    pub(crate) fn add(&mut self, raw: &[u8]) {
        if let Some(each) = &mut self.each {
            each.add(raw, self.schema);
        }
        let Some((mapping, region)) = &self.rule else { return };
        let region = *region;
        let user = mapping.map(raw, self.schema, Copies::WhereTheyMayBeWrong).user;
        let Some((_, Value::Text(text))) = user.fields.first() else { return };
        let Ok(digits) = bare(text) else { return };
        match (number(&digits, region), region) {
            (Some(Ok(found)), None) => self.say(found.country, CHINA),
            (Some(Ok(found)), Some(region)) if digits.starts_with('+') => {
                self.say(found.country, region.as_str());
            }
            (Some(Ok(found)), Some(region))
                if Some(&found.country) == country_code(region.as_str()).as_ref() =>
            {
                self.read_as(digits, region);
            }
            (None, _) if DIGITS.contains(&digits.len()) => {
                self.read += 1;
                self.beyond += u64::from(!is_written_in_china(&digits));
            }
            _ => {}
        }
    }

    fn say(&mut self, code: String, own: &str) {
        let said = self.said.entry(code).or_insert_with_key(|code| {
            let is_own = country_code(own).as_ref() == Some(code);
            Said { n: 0, region: if is_own { None } else { main_region(code) } }
        });
        said.n += 1;
    }

    /// A number without a country code, which is read as one of the region.
    fn read_as(&mut self, digits: String, region: Region) {
        self.read += 1;
        if is_written_as_mobile(&digits, region) {
            return;
        }
        if self.suspects.len() < self.most {
            self.suspects.push(digits);
        } else {
            self.beyond += u64::from(self.is_of_another(&digits));
        }
    }

    /// Whether it would be a mobile number of a country that others say.
    fn is_of_another(&self, digits: &str) -> bool {
        self.said.values().filter_map(|said| said.region).any(|region| is_mobile(digits, region))
    }

    /// What a person should know; nothing where only chance speaks for it.
    pub(crate) fn told(&self) -> Option<Told> {
        if let Some(each) = &self.each {
            return each.told();
        }
        let (_, region) = self.rule.as_ref()?;
        let mut others: Vec<(&String, u64)> = self
            .said
            .iter()
            .filter(|(_, said)| said.region.is_some())
            .map(|(code, said)| (code, said.n))
            .collect();
        others.sort_by_key(|(_, n)| std::cmp::Reverse(*n));
        let shown = others.iter().take(NAMED).map(|(code, n)| format!("+{code}: {}", grouped(*n)));
        let shown: Vec<String> = shown.collect();
        let more = if others.len() > NAMED { ", …" } else { "" };
        let shown = format!("{}{more}", shown.join(", "));
        let kept = self.suspects.iter().filter(|digits| self.is_of_another(digits)).count() as u64;
        let (n, said) = (kept + self.beyond, self.said.values().map(|said| said.n).sum::<u64>());
        let of = if region.is_some() { self.read } else { self.read + said };
        if others.is_empty() || n == 0 || n * 100 < of * FEW {
            return None;
        }
        Some(match region {
            Some(region) => as_of_region(n, of, *region, &shown),
            None => as_it_stands(n, of, &shown),
        })
    }
}

impl Each {
    /// None where the rule takes no region from the record.
    fn new(field: &str, rule: &Rule) -> Option<Self> {
        let mut rule = rule.clone();
        let (Rule::Column { how, .. } | Rule::Jq { how, .. }) = &mut rule else { return None };
        let Some(As::Phone(Home::Column(column)) | As::E164(Home::Column(column))) =
            how.steps.pop()
        else {
            return None;
        };
        if how.steps.is_empty() {
            how.steps.push(As::Text);
        }
        let home = Rule::from_json(&serde_json::Value::from(column)).ok()?;
        let fields = [field.to_owned(), COUNTRY.to_owned()];
        let mapping = Mapping::new(fields.iter().cloned().zip([rule, home]).collect());
        Some(Self { mapping, fields, read: 0, both: BTreeMap::new() })
    }

    fn add(&mut self, raw: &[u8], schema: &Schema) {
        let user = self.mapping.map(raw, schema, Copies::WhereTheyMayBeWrong).user;
        let [number_of, home_of] = &self.fields;
        let text = |of: &str| match user.fields.iter().find(|(name, _)| *name == of) {
            Some((_, Value::Text(text))) => text.as_str(),
            _ => "",
        };
        let Ok(digits) = bare(text(number_of)) else { return };
        if digits.is_empty() || digits.starts_with('+') || digits.starts_with("00") {
            return;
        }
        self.read += 1;
        let Some(region) = Region::new(&text(home_of).trim().to_ascii_uppercase()) else { return };
        let china = Region::new(CHINA).filter(|china| *china != region);
        if china.is_some_and(|china| is_written_as_mobile(&digits, china))
            && matches!(number(&digits, Some(region)), Some(Ok(_)))
        {
            *self.both.entry(region.as_str().to_owned()).or_default() += 1;
        }
    }

    /// One is enough: its user would be somebody else.
    fn told(&self) -> Option<Told> {
        let count: u64 = self.both.values().sum();
        if count == 0 {
            return None;
        }
        let mut both: Vec<(&String, &u64)> = self.both.iter().collect();
        both.sort_by_key(|(_, n)| std::cmp::Reverse(**n));
        let shown = both.iter().take(NAMED).map(|(code, n)| format!("{code}: {}", grouped(**n)));
        let shown: Vec<String> = shown.collect();
        let more = if both.len() > NAMED { ", …" } else { "" };
        let message = format!(
            "{} of {} without + {} by the country of {} ({}{more}), but {} as a mobile number of mainland China, too: {} may be \
             somebody else's number by this, where that is the country in which a user lives. Write numbers with + and their \
             country code where you know it",
            grouped(count),
            agree(self.read, "1 phone number", &format!("{} phone numbers", grouped(self.read))),
            agree(count, "is read", "are read"),
            agree(count, "its record", "their records"),
            shown.join(", "),
            agree(count, "is valid", "each is valid"),
            agree(count, "it", "each"),
        );
        Some(Told { warning: "phones-of-two-countries", count, message })
    }
}

/// Numbers that are read as of one region. `shown`: the countries that others say.
fn as_of_region(n: u64, of: u64, region: Region, shown: &str) -> Told {
    let message = format!(
        "{} of {} without + {} read as of {}, but would be {} of a country that others of the column say ({shown}): \
         {} may be somebody else's number by this. {WAY_OUT}",
        grouped(n),
        agree(of, "1 phone number", &format!("{} phone numbers", grouped(of))),
        agree(n, "is", "are"),
        region.as_str(),
        agree(n, "a mobile number", "mobile numbers"),
        agree(n, "it", "each"),
    );
    Told { warning: "phones-abroad", count: n, message }
}

/// Numbers that say no country, where the rule names none.
fn as_it_stands(n: u64, of: u64, shown: &str) -> Told {
    let message = format!(
        "{} of {} {} no country code and {} not written as one of mainland China, while others of the column say their country \
         ({shown}): {} as {}, and nobody can tell whose {} by this. If {} of one country, name it in the rule: \
         as = \"phone\", region = \"…\". Otherwise: {WAY_OUT}",
        grouped(n),
        agree(of, "1 phone number", &format!("{} phone numbers", grouped(of))),
        agree(n, "has", "have"),
        agree(n, "is", "are"),
        agree(n, "it is sent", "they are sent"),
        agree(n, "it stands", "they stand"),
        agree(n, "it is", "they are"),
        agree(n, "it is", "all of them are"),
    );
    Told { warning: "phones-without-country", count: n, message }
}

/// A rule as it is before its text is read as a phone number, and the region that it reads it by, if it names one.
fn unread(rule: &Rule) -> Option<(Rule, Option<Region>)> {
    let mut rule = rule.clone();
    let (Rule::Column { how, .. } | Rule::Jq { how, .. }) = &mut rule else { return None };
    let region = match how.steps.last() {
        // The record says it.
        Some(As::Phone(Home::Column(_)) | As::E164(Home::Column(_))) => return None,
        Some(As::Phone(Home::Region(region)) | As::E164(Home::Region(region))) => {
            let region = *region;
            how.steps.pop();
            Some(region)
        }
        Some(As::Phone(Home::Unknown) | As::E164(Home::Unknown)) => {
            how.steps.pop();
            None
        }
        _ => None,
    };
    if how.steps.is_empty() {
        how.steps.push(As::Text);
    }
    Some((rule, region))
}

/// Whether a number without a country code is written as people in mainland China write theirs: a mobile one
/// without the zero, another one with it.
fn is_written_in_china(digits: &str) -> bool {
    let Some(china) = Region::new(CHINA) else { return false };
    match digits.strip_prefix('0') {
        Some(_) => !is_mobile(digits, china) && matches!(number(digits, Some(china)), Some(Ok(_))),
        None => is_mobile(digits, china),
    }
}

fn main_region(code: &str) -> Option<Region> {
    let is_its = |region: &&str| country_code(region).is_some_and(|own| own == code);
    regions().find(is_its).and_then(Region::new)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::authing::fields::V2;

    fn seen<'a>(rules: &str, most: usize, numbers: impl Iterator<Item = &'a str>) -> Option<Told> {
        let mapping: Mapping = serde_json::from_str(rules).unwrap();
        let mut abroad = Abroad { most, ..Abroad::new(&mapping, &V2) };
        for number in numbers {
            abroad
                .add(format!("{{\"uid\":\"1\",\"tel\":\"{number}\",\"code\":\"49\"}}").as_bytes());
        }
        abroad.told()
    }

    fn told(rules: &str, numbers: &[&str]) -> Option<(u64, String)> {
        seen(rules, MOST, numbers.iter().copied()).map(|told| (told.count, told.message))
    }

    const WITHOUT: &str = r#"{"externalId":"uid","phone":{"from":"tel","as":"phone"}}"#;

    fn china(more: &str) -> String {
        format!(
            "{{\"externalId\":\"uid\",\"phone\":{{\"from\":\"tel\",\"as\":\"phone\",\"region\":\"CN\"}}{more}}}"
        )
    }

    #[test]
    fn numbers_that_would_be_of_a_country_that_others_say_are_told() {
        // German mobile numbers (Bundesnetzagentur: 015x with 11 digits, 016x and 017x with 10 or 11).
        let mixed =
            ["+49 170 1234567", "0151 12345678", "0171-23456789", "13800138000", "+1 212 555 0123"];
        let (n, message) = told(&china(""), &mixed).unwrap();
        assert_eq!(n, 2);
        let expected = "2 of 3 phone numbers without + are read as of CN, but would be mobile numbers of a country that others of \
                        the column say (+1: 1, +49: 1): each may be somebody else's number by this. ";
        assert!(message.starts_with(expected), "{message}");
    }

    #[test]
    fn clean_columns_are_not_suspected() {
        let mobile = ["13800138000", "15112345678", "17123456789", "+86 138 0013 8001"];
        let landline = ["010-62515115", "021 6128 1234", "0755-26712345"];
        let abroad = ["+49 170 1234567", "+12125550123", "+81 90 1234 5678", "+44 7400 123456"];
        let all = [&mobile[..], &landline, &abroad].concat();
        assert_eq!(told(&china(""), &all), None);
        // Nobody says another country.
        assert_eq!(told(&china(""), &["0151 12345678", "13800138000"]), None);
        let mixed = ["+49 170 1234567", "0151 12345678"];
        assert!(told(&china(""), &mixed).is_some());
        // The records say the country.
        assert_eq!(told(&china(",\"phoneCountryCode\":\"code\""), &mixed), None);
        // Nobody says another country where no region is named either, or all are written as in China.
        assert_eq!(told(WITHOUT, &["0151 12345678", "2125550123", "+86 138 0013 8001"]), None);
        assert_eq!(told(WITHOUT, &all), None);
        // At home where they are read.
        assert_eq!(told(&china("").replace("\"CN\"", "\"DE\""), &mixed), None);
    }

    /// 380 is an area code of Ohio, and 138 begins mobile numbers of China (MIIT); no number of Vietnam has 11 digits and
    /// begins with 13.
    #[test]
    fn a_number_that_is_valid_in_china_and_where_its_record_says_is_told() {
        let told = |records: &[(&str, &str)], more: &str| {
            let rules = format!(
                "{{\"externalId\":\"uid\",\"phone\":{{\"from\":\"tel\",\"as\":\"phone\",\"region\":{{\"from\":\"land\"}}}}{more}}}"
            );
            let mapping: Mapping = serde_json::from_str(&rules).unwrap();
            let mut abroad = Abroad::new(&mapping, &V2);
            for (number, land) in records {
                abroad.add(format!("{{\"tel\":\"{number}\",\"land\":\"{land}\"}}").as_bytes());
            }
            abroad.told()
        };
        let clean = [
            ("13804723261", "CN"),
            ("13804723261", "VN"),
            ("13804723261", ""),
            ("+1 380 472 3261", "us"),
            ("380 472 3261", "US"),
            ("0151 20001000", "DE"),
            ("", "US"),
        ];
        assert_eq!(told(&clean, ""), None);
        let both = [&clean[..], &[("138-0472-3261", "us"), ("13804723262", "US")]].concat();
        let found = told(&both, "").unwrap();
        assert_eq!((found.warning, found.count), ("phones-of-two-countries", 2));
        let start = "2 of 7 phone numbers without + are read by the country of their records (US: 2), but each is valid as a \
                     mobile number of mainland China, too: each may be somebody else's number by this";
        assert!(found.message.starts_with(start), "{}", found.message);
        assert_eq!(told(&both, ",\"phoneCountryCode\":\"code\""), None);
    }

    #[test]
    fn a_few_of_many_are_chance() {
        let mut numbers = vec!["13800138000"; 100];
        numbers.extend(["+49 170 1234567", "0151 12345678"]);
        assert_eq!(told(&china(""), &numbers), None);
        numbers.push("0151 12345679");
        assert_eq!(told(&china(""), &numbers).unwrap().0, 2);
    }

    #[test]
    fn without_a_region_numbers_that_say_no_country_beside_others_are_told() {
        let mixed =
            ["+49 170 1234567", "0049 170 1234568", "0151 12345678", "2125550123", "+12125550123"];
        let expected = "2 of 6 phone numbers have no country code and are not written as one of mainland China, while others of \
                        the column say their country (+49: 2, +1: 1): they are sent as they stand, and nobody can tell whose they \
                        are by this. If all of them are of one country, name it in the rule: as = \"phone\", region = \"…\". ";
        let numbers = [&mixed[..], &["13800138000"]].concat();
        for rules in [WITHOUT, r#"{"externalId":"uid","phone":"tel"}"#] {
            let (n, message) = told(rules, &numbers).unwrap();
            assert_eq!(n, 2);
            assert!(message.starts_with(expected), "{message}");
        }
        let with_code = WITHOUT.replace("\"phone\":", "\"phoneCountryCode\":\"code\",\"phone\":");
        assert_eq!(told(&with_code, &numbers), None);
        let warning = seen(WITHOUT, MOST, numbers.iter().copied()).unwrap().warning;
        assert_eq!(warning, "phones-without-country");
    }

    #[test]
    fn all_of_many_are_counted() {
        // More than are kept; and so many more that those that are kept are less than one of a hundred.
        for (most, n) in [(MOST, 12_000), (10, 2_000)] {
            let wrong = std::iter::repeat_n("0151 12345678", n);
            let numbers = ["+49 170 1234567"].into_iter().chain(wrong);
            let found = seen(&china(""), most, numbers).unwrap();
            assert_eq!(found.count, n as u64);
            let start = format!("{0} of {0} phone numbers without +", grouped(n as u64));
            assert!(found.message.starts_with(&start), "{}", found.message);
        }
        // Landlines of the region fill what is kept, and are none of another country.
        let landlines = std::iter::repeat_n("010-62515115", 50);
        let wrong = std::iter::repeat_n("0151 12345678", 50);
        let numbers = ["+49 170 1234567"].into_iter().chain(landlines).chain(wrong);
        assert_eq!(seen(&china(""), 10, numbers).unwrap().count, 50);
    }
}
