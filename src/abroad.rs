//! Phone numbers that are read as numbers of the one region that the mapping names, though they may be of
//! another country that numbers of the same column say themselves. Each would be somebody else's.

use crate::mapping::{As, Copies, Mapping, Rule};
use crate::schema::Schema;
use crate::user::{IdKind, Value};
use crate::values::Region;
use crate::values::phone::{bare, country_code, is_mobile, number, regions};
use crate::words::{agree, grouped};
use std::collections::BTreeMap;

/// The region whose mobile numbers nobody writes with the zero that is dialled inside the country.
const CHINA: &str = "CN";
/// Numbers that are looked at again when it is known which countries there are; more prove nothing more.
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
    rule: Option<(Mapping, Region)>,
    /// Numbers that are read as those of the region.
    read: u64,
    /// Of these, those that are no mobile numbers there.
    suspects: Vec<String>,
    /// How many numbers say which country code.
    said: BTreeMap<String, u64>,
}

impl<'a> Abroad<'a> {
    /// Nothing seen yet.
    pub(crate) fn new(mapping: &Mapping, schema: &'a Schema) -> Self {
        let field = schema.identifier(IdKind::Phone).map(|field| field.name);
        let is_said = mapping.rule(schema.phone_country_field).is_some();
        let rule = field.filter(|_| !is_said).and_then(|field| {
            let (rule, region) = unread(mapping.rule(field)?)?;
            Some((Mapping::new(vec![(field.to_owned(), rule)]), region))
        });
        Self { schema, rule, read: 0, suspects: Vec::new(), said: BTreeMap::new() }
    }

    /// Looks at a record.
    pub(crate) fn add(&mut self, raw: &[u8]) {
        let Some((mapping, region)) = &self.rule else { return };
        let user = mapping.map(raw, self.schema, Copies::WhereTheyMayBeWrong).user;
        let Some((_, Value::Text(text))) = user.fields.first() else { return };
        let Ok(digits) = bare(text) else { return };
        let Some(Ok(found)) = number(&digits, Some(*region)) else { return };
        if digits.starts_with('+') {
            *self.said.entry(found.country).or_default() += 1;
        } else if Some(&found.country) == country_code(region.as_str()).as_ref() {
            self.read += 1;
            if !is_written_as_mobile(&digits, *region) && self.suspects.len() < MOST {
                self.suspects.push(digits);
            }
        }
    }

    /// How many may be of another country, and what a person should know; nothing where only chance speaks
    /// for it.
    pub(crate) fn told(&self) -> Option<(u64, String)> {
        let (_, region) = self.rule.as_ref()?;
        let own = country_code(region.as_str())?;
        let mut others: Vec<(&String, u64, Region)> = self
            .said
            .iter()
            .filter(|(code, _)| **code != own)
            .filter_map(|(code, n)| Some((code, *n, main_region(code)?)))
            .collect();
        others.sort_by_key(|(_, n, _)| std::cmp::Reverse(*n));
        let is_of_another =
            |digits: &&String| others.iter().any(|(_, _, region)| is_mobile(digits, *region));
        let n = self.suspects.iter().filter(is_of_another).count() as u64;
        if n == 0 || n * 100 < self.read * FEW {
            return None;
        }
        let shown =
            others.iter().take(NAMED).map(|(code, n, _)| format!("+{code}: {}", grouped(*n)));
        let shown: Vec<String> = shown.collect();
        let more = if others.len() > NAMED { ", …" } else { "" };
        let region = region.as_str();
        let message = format!(
            "{} of {} without + {} read as of {region}, but would be {} of a country that others of the column say ({}{more}): \
             {} may be somebody else's number by this. Write numbers of other countries with + and their country code, in the \
             export or by a jq program in the rule, from a column that says the country",
            grouped(n),
            agree(self.read, "1 phone number", &format!("{} phone numbers", grouped(self.read))),
            agree(n, "is", "are"),
            agree(n, "a mobile number", "mobile numbers"),
            shown.join(", "),
            agree(n, "it", "each"),
        );
        Some((n, message))
    }
}

/// A rule as it is before its text is read as a phone number, and the region that it reads it by.
fn unread(rule: &Rule) -> Option<(Rule, Region)> {
    let mut rule = rule.clone();
    let (Rule::Column { how, .. } | Rule::Jq { how, .. }) = &mut rule else { return None };
    let (As::Phone(Some(region)) | As::E164(Some(region))) = how.steps.pop()? else { return None };
    if how.steps.is_empty() {
        how.steps.push(As::Text);
    }
    Some((rule, region))
}

/// Whether a number is a mobile one of the region, as people write it there.
fn is_written_as_mobile(digits: &str, region: Region) -> bool {
    is_mobile(digits, region) && !(region.as_str() == CHINA && digits.starts_with('0'))
}

fn main_region(code: &str) -> Option<Region> {
    let is_its = |region: &&str| country_code(region).is_some_and(|own| own == code);
    regions().find(is_its).and_then(Region::new)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::target::authing::fields::V2;

    fn told(rules: &str, numbers: &[&str]) -> Option<(u64, String)> {
        let mapping: Mapping = serde_json::from_str(rules).unwrap();
        let mut abroad = Abroad::new(&mapping, &V2);
        for number in numbers {
            abroad
                .add(format!("{{\"uid\":\"1\",\"tel\":\"{number}\",\"code\":\"49\"}}").as_bytes());
        }
        abroad.told()
    }

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
        // The records say the country, or no region is named.
        assert_eq!(told(&china(",\"phoneCountryCode\":\"code\""), &mixed), None);
        let without = r#"{"externalId":"uid","phone":{"from":"tel","as":"phone"}}"#;
        assert_eq!(told(without, &mixed), None);
        // At home where they are read.
        assert_eq!(told(&china("").replace("\"CN\"", "\"DE\""), &mixed), None);
    }

    #[test]
    fn a_few_of_many_are_chance() {
        let mut numbers = vec!["13800138000"; 100];
        numbers.extend(["+49 170 1234567", "0151 12345678"]);
        assert_eq!(told(&china(""), &numbers), None);
        numbers.push("0151 12345679");
        assert_eq!(told(&china(""), &numbers).unwrap().0, 2);
    }
}
