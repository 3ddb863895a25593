//! Reads a date in the forms that exports have, where the text itself says which number is what.

use super::{AMBIGUOUS, FORMS, NOT_THERE, NUMBER, Read, named, utc};
use chrono::{DateTime, FixedOffset, NaiveDate, NaiveTime, Timelike};

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

/// Takes a text apart from its beginning.
#[derive(Clone, Copy)]
pub(super) struct Scan<'a>(pub(super) &'a str);

impl<'a> Scan<'a> {
    /// The digits that it begins with, and the rest.
    pub(super) fn digits(self) -> (&'a str, &'a str) {
        let n = self.0.bytes().take_while(u8::is_ascii_digit).count();
        self.0.split_at(n)
    }

    /// A time to the end of the text, with its zone if it has one: `10:15:00.5 AM +0800`.
    pub(super) fn clock_and_zone(self) -> Result<(NaiveTime, Option<FixedOffset>), &'static str> {
        let (time, rest) = self.clock()?;
        let (time, rest) = half_of_day(time, rest.trim_start())?;
        Ok((time, Scan(rest.trim_start()).zone()?))
    }

    /// `HH:MM`, `HH:MM:SS`, with a fraction; or without colons.
    fn clock(self) -> Result<(NaiveTime, &'a str), &'static str> {
        let (run, mut rest) = self.digits();
        let mut parts = Vec::with_capacity(3);
        match run.len() {
            1 | 2 => {
                parts.push(run);
                while let Some(after) = rest.strip_prefix(':').filter(|_| parts.len() < 3) {
                    let (part, after) = Scan(after).digits();
                    if part.len() != 2 {
                        return Err(FORMS);
                    }
                    parts.push(part);
                    rest = after;
                }
                if parts.len() < 2 {
                    return Err(FORMS);
                }
            }
            4 => parts.extend([&run[..2], &run[2..]]),
            6 => parts.extend([&run[..2], &run[2..4], &run[4..]]),
            _ => return Err(FORMS),
        }
        let mut nano = 0;
        if let Some(after) = rest.strip_prefix(['.', ',']).filter(|_| parts.len() == 3) {
            let (fraction, after) = Scan(after).digits();
            if fraction.is_empty() {
                return Err(FORMS);
            }
            nano = format!("{fraction:0<9}")[..9].parse().map_err(|_| FORMS)?;
            rest = after;
        }
        let part = |i: usize| parts.get(i).map_or(Ok(0), |part: &&str| part.parse::<u32>());
        let (hour, minute, second) = (part(0), part(1), part(2));
        let time = match (hour, minute, second) {
            (Ok(hour), Ok(minute), Ok(second)) => {
                NaiveTime::from_hms_nano_opt(hour, minute, second, nano)
            }
            _ => None,
        };
        Ok((time.ok_or(NOT_THERE)?, rest))
    }

    /// What is behind a time: nothing, `Z`, `UTC`, an offset, `GMT+0800 (China Standard Time)`, `+0800 UTC`.
    fn zone(self) -> Result<Option<FixedOffset>, &'static str> {
        let begin = ["UTC", "GMT"].iter().find_map(|name| self.0.strip_prefix(name));
        let rest = match (self.0, begin) {
            ("", _) => return Ok(None),
            ("Z" | "z", _) | (_, Some("")) => return Ok(Some(utc())),
            (text, begin) => begin.unwrap_or(text),
        };
        let (offset, rest) = Scan(rest).offset().ok_or(FORMS)?;
        let is_comment = rest.starts_with(" (") && rest.ends_with(')');
        let is_told_again = rest == " UTC" && offset == utc();
        (rest.is_empty() || is_comment || is_told_again).then_some(Some(offset)).ok_or(FORMS)
    }

    /// `+08:00`, `+0800`, `+08`, and the rest.
    pub(super) fn offset(self) -> Option<(FixedOffset, &'a str)> {
        let (sign, rest) = match self.0.strip_prefix('+') {
            Some(rest) => (1, rest),
            None => (-1, self.0.strip_prefix('-')?),
        };
        let (hours, rest) = Scan(rest).digits();
        let (hours, minutes, rest) = match (hours.len(), rest.strip_prefix(':')) {
            (2, Some(rest)) => {
                let (minutes, rest) = Scan(rest).digits();
                (hours, Some(minutes).filter(|minutes| minutes.len() == 2)?, rest)
            }
            (2, None) => (hours, "0", rest),
            (4, None) => (&hours[..2], &hours[2..], rest),
            _ => return None,
        };
        let (hours, minutes) = (hours.parse::<i32>().ok()?, minutes.parse::<i32>().ok()?);
        // The farthest are −12:00 and +14:00.
        let fits = hours <= 14 && minutes < 60;
        fits.then(|| FixedOffset::east_opt(sign * (hours * 60 + minutes) * 60))?
            .map(|offset| (offset, rest))
    }
}

/// The time of the half of the day that `AM` or `PM` behind it says.
fn half_of_day(time: NaiveTime, rest: &str) -> Result<(NaiveTime, &str), &'static str> {
    let Some((word, behind)) = rest.split_at_checked(2) else { return Ok((time, rest)) };
    let is_after_noon = match word {
        "AM" | "am" | "Am" => false,
        "PM" | "pm" | "Pm" => true,
        _ => return Ok((time, rest)),
    };
    let hour = match time.hour() {
        hour @ 1..=12 => hour % 12 + if is_after_noon { 12 } else { 0 },
        _ => return Err(NOT_THERE),
    };
    Ok((time.with_hour(hour).ok_or(NOT_THERE)?, behind))
}
