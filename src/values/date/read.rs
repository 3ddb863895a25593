//! Reads a date in the forms that exports have, where the text itself says which number is what.

use super::scan::Scan;
use super::{AMBIGUOUS, FORMS, NOT_THERE, NUMBER, Read, named};
use chrono::{DateTime, NaiveDate};

/// 1970 in Windows' FILETIME, which counts 100 ns since 1601, and 2500
/// (<https://learn.microsoft.com/windows/win32/api/minwinbase/ns-minwinbase-filetime>).
const FILETIME: std::ops::Range<i64> = 116_444_736_000_000_000..283_671_936_000_000_000;

pub(super) fn read(text: &str) -> Result<Read, &'static str> {
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    if unsigned.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
        && unsigned.bytes().filter(|byte| *byte == b'.').count() < 2
    {
        return number(text);
    }
    if let Some(inside) = text.strip_prefix("/Date(").and_then(|rest| rest.strip_suffix(")/")) {
        return dot_net(inside);
    }
    if named::has_month(text) {
        return named::read(text);
    }
    let (date, rest) = calendar(text)?;
    if rest.is_empty() {
        return Ok(Read::Wall { date, time: None, offset: None });
    }
    // `20240131101500.0Z`, as LDAP has it, goes on with the time at once.
    let is_generalized = Scan(text).digits().0.len() == 14;
    let rest = rest.strip_prefix(['T', 't']).or_else(|| {
        let trimmed = rest.trim_start();
        (trimmed.len() < rest.len() || is_generalized).then_some(trimmed)
    });
    let (time, offset) = Scan(rest.ok_or(FORMS)?).clock_and_zone()?;
    Ok(Read::Wall { date, time: Some(time), offset })
}

/// Digits alone: how many there are tells what they mean.
fn number(text: &str) -> Result<Read, &'static str> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = whole.strip_prefix('-').unwrap_or(whole);
    let value: i64 = whole.parse().map_err(|_| NUMBER)?;
    let is_plain = digits.len() == text.len();
    let instant = match digits.len() {
        8 if is_plain => {
            let (date, _) = compact(digits)?;
            return Ok(Read::Wall { date, time: None, offset: None });
        }
        14 if is_plain => {
            let (date, rest) = compact(digits)?;
            let (time, _) = Scan(rest).clock()?;
            return Ok(Read::Wall { date, time: Some(time), offset: None });
        }
        9 | 10 => {
            let milli: i64 = format!("{fraction:0<3}")[..3].parse().map_err(|_| NUMBER)?;
            let milli = if value < 0 { -milli } else { milli };
            DateTime::from_timestamp_millis(value * 1000 + milli)
        }
        11..=13 => DateTime::from_timestamp_millis(value),
        15 | 16 if is_plain => DateTime::from_timestamp_micros(value),
        18 if is_plain && FILETIME.contains(&value) => {
            DateTime::from_timestamp_micros((value - FILETIME.start) / 10)
        }
        _ => None,
    };
    instant.map(Read::Instant).ok_or(NUMBER)
}

/// Milliseconds since 1970, perhaps with the offset of the clock that wrote them.
fn dot_net(text: &str) -> Result<Read, &'static str> {
    let sign = text.rfind(['+', '-']).filter(|at| *at > 0);
    let (digits, zone) = text.split_at(sign.unwrap_or(text.len()));
    let instant = digits.parse().ok().and_then(DateTime::from_timestamp_millis).ok_or(FORMS)?;
    if zone.is_empty() {
        return Ok(Read::Instant(instant));
    }
    let offset = Scan(zone).offset().filter(|(_, rest)| rest.is_empty()).ok_or(FORMS)?.0;
    let wall = instant.naive_utc().checked_add_offset(offset).ok_or(NOT_THERE)?;
    Ok(Read::Wall { date: wall.date(), time: Some(wall.time()), offset: Some(offset) })
}

/// A date at the beginning of a text, and what follows.
fn calendar(text: &str) -> Result<(NaiveDate, &str), &'static str> {
    let (first, rest) = Scan(text).digits();
    if first.len() == 8 {
        return Ok((compact(first)?.0, rest));
    }
    if first.len() == 14 {
        return compact(text);
    }
    let mut chars = rest.chars();
    let separator = chars.next().filter(|c| matches!(c, '-' | '/' | '.' | '年')).ok_or(FORMS)?;
    let (second, rest) = Scan(chars.as_str()).digits();
    let again = if separator == '年' { '月' } else { separator };
    let rest = rest.strip_prefix(again).ok_or(FORMS)?;
    let (third, rest) = Scan(rest).digits();
    let (year, month, day) = match (first.len(), second.len(), third.len()) {
        (4, 1 | 2, 1 | 2) => (first, second, third),
        (1 | 2, 1 | 2, 4) if separator == '.' => (third, second, first),
        (1 | 2, 1 | 2, 4) => return Err(AMBIGUOUS),
        _ => return Err(FORMS),
    };
    let rest = if separator == '年' { rest.strip_prefix('日').ok_or(FORMS)? } else { rest };
    Ok((date(year, month, day)?, rest))
}

/// `20240131` at the beginning of digits, and what follows.
fn compact(digits: &str) -> Result<(NaiveDate, &str), &'static str> {
    Ok((date(&digits[..4], &digits[4..6], &digits[6..8])?, &digits[8..]))
}

fn date(year: &str, month: &str, day: &str) -> Result<NaiveDate, &'static str> {
    let part = |digits: &str| digits.parse::<u32>().map_err(|_| FORMS);
    let year = i32::try_from(part(year)?).map_err(|_| FORMS)?;
    NaiveDate::from_ymd_opt(year, part(month)?, part(day)?).ok_or(NOT_THERE)
}
