//! Dates that name their month: `Jan 31, 2024 10:15:00 AM`, `31-Jan-2024`, `Wed Jan 31 10:15:00 UTC 2024`.

use super::scan::Scan;
use super::{FORMS, NOT_THERE, Read};
use chrono::{DateTime, NaiveDate};

const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];
const DAYS: [&str; 7] =
    ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];

/// Whether the month, or the day of the week before it, is named.
pub(super) fn has_month(text: &str) -> bool {
    words(text).take(3).any(|word| month(word).is_some())
}

pub(super) fn read(text: &str) -> Result<Read, &'static str> {
    if let Ok(found) = DateTime::parse_from_rfc2822(text) {
        return Ok(Read::Wall {
            date: found.date_naive(),
            time: Some(found.time()),
            offset: Some(*found.offset()),
        });
    }
    let words: Vec<&str> = words(text).collect();
    let is_day = |word: &str| place(word, &DAYS).is_some();
    let words = match &words[..] {
        [first, rest @ ..] if is_day(first) => rest,
        all => all,
    };
    // The year of `date` and of Java's Date stands behind the time.
    let (year, month_name, day, clock) = match words {
        [first, second, year, clock @ ..] if is_year(year) && month(first).is_some() => {
            (year, first, second, clock)
        }
        [first, second, year, clock @ ..] if is_year(year) => (year, second, first, clock),
        [first, second, clock @ .., year] if is_year(year) => (year, first, second, clock),
        _ => return Err(FORMS),
    };
    let month = month(month_name).ok_or(FORMS)?;
    if !matches!(day.len(), 1 | 2) {
        return Err(FORMS);
    }
    let (year, day) = (year.parse().map_err(|_| FORMS)?, day.parse().map_err(|_| FORMS)?);
    let date = NaiveDate::from_ymd_opt(year, month, day).ok_or(NOT_THERE)?;
    let clock = match clock {
        [] => return Ok(Read::Wall { date, time: None, offset: None }),
        ["at", rest @ ..] => rest,
        all => all,
    };
    let (time, offset) = Scan(&clock.join(" ")).clock_and_zone()?;
    Ok(Read::Wall { date, time: Some(time), offset })
}

/// What white space and commas part; `31-Jan-2024` is three.
fn words(text: &str) -> impl Iterator<Item = &str> {
    let all = text.split(|c: char| c.is_whitespace() || c == ',').filter(|word| !word.is_empty());
    all.flat_map(|word| {
        let mut parts = word.split('-');
        let is_date =
            parts.clone().count() == 3 && parts.nth(1).is_some_and(|m| month(m).is_some());
        word.split(if is_date { '-' } else { ' ' })
    })
}

fn is_year(word: &str) -> bool {
    word.len() == 4 && word.bytes().all(|byte| byte.is_ascii_digit())
}

fn month(word: &str) -> Option<u32> {
    place(word, &MONTHS).and_then(|at| u32::try_from(at + 1).ok())
}

/// Which name a word is, whole or its first three letters.
fn place(word: &str, names: &[&str]) -> Option<usize> {
    let word = word.strip_suffix('.').unwrap_or(word).to_ascii_lowercase();
    let is_it = |name: &&str| **name == *word || word.len() == 3 && name.starts_with(&word);
    names.iter().position(|name| is_it(name) || (*name == "september" && word == "sept"))
}
