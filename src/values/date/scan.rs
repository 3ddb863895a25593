//! Times, zones and runs of digits at the beginning of a text.

use super::{FORMS, NOT_THERE, utc};
use chrono::{FixedOffset, NaiveTime, Timelike};

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
    pub(super) fn clock(self) -> Result<(NaiveTime, &'a str), &'static str> {
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
