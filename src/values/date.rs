//! `as = "date"`: dates and times in the forms that exports have, as the provider takes them.
//!
//! A moment becomes ISO 8601 in UTC with milliseconds. Where the provider keeps a day (a birthday)
//! it stays the day that was written: a birthday does not move with the time zone.

use chrono::format::{Item, Parsed, StrftimeItems, parse};
use chrono::{DateTime, Datelike, FixedOffset, NaiveDate, NaiveTime, Timelike, Utc};

const FORMS: &str = "no date in a form that is known (2024-01-31, 2024-01-31T14:30:00Z, \
                     2024/01/31, 31.01.2024, 20240131, RFC 2822, seconds or milliseconds since \
                     1970); the mapping can name another: format = \"…\"";
const AMBIGUOUS: &str = "a date whose day and month could be either; the mapping must say which: \
                         format = \"%d/%m/%Y\" or format = \"%m/%d/%Y\"";
const NOT_THERE: &str = "a day or time that there is not";
const NUMBER: &str = "a number that is neither seconds nor milliseconds since 1970 nor a day as \
                      20240131";
const FORMAT: &str = "no date of the mapping's format";

/// How dates are written, where they do not say it themselves.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DateForm {
    format: Option<Format>,
    zone: Option<Zone>,
}

/// What the provider keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// A moment, e.g. `2024-01-31T14:30:00.000Z`.
    Moment,
    /// A day, e.g. `2024-01-31`.
    Day,
}

#[derive(Clone, Debug, PartialEq)]
struct Format {
    text: String,
    items: Vec<Item<'static>>,
}

#[derive(Clone, Debug, PartialEq)]
struct Zone {
    text: String,
    offset: FixedOffset,
}

/// What a text says.
enum Read {
    /// A moment on the world's clock.
    Instant(DateTime<Utc>),
    /// What a calendar and perhaps a clock on the wall show.
    Wall { date: NaiveDate, time: Option<NaiveTime>, offset: Option<FixedOffset> },
}

impl DateForm {
    /// How the file says it: a pattern of strftime, and an offset such as `+08:00`. The error
    /// names the option that is wrong.
    pub(crate) fn new(
        format: Option<&str>,
        zone: Option<&str>,
    ) -> Result<Self, (&'static str, &'static str)> {
        let format = format.map(Format::new).transpose().map_err(|why| ("format", why))?;
        let zone = zone.map(Zone::new).transpose().map_err(|why| ("zone", why))?;
        Ok(Self { format, zone })
    }

    pub(crate) fn format(&self) -> Option<&str> {
        self.format.as_ref().map(|format| format.text.as_str())
    }

    pub(crate) fn zone(&self) -> Option<&str> {
        self.zone.as_ref().map(|zone| zone.text.as_str())
    }

    /// The date as the provider takes it.
    pub(crate) fn convert(&self, text: &str, wanted: Wanted) -> Result<String, &'static str> {
        let read = match &self.format {
            Some(format) => format.read(text.trim())?,
            None => read(text.trim())?,
        };
        let zone = self.zone.as_ref().map_or(utc(), |zone| zone.offset);
        match wanted {
            Wanted::Moment => moment(&read, zone),
            Wanted::Day => Ok(day(&read, zone)),
        }
    }
}

/// Whether a text is what databases of the MySQL family keep where there is no date: `0` seconds since
/// 1970, also as a decimal; `0000-00-00` and `00000000`, with or without a midnight.
pub(crate) fn is_zero_date(text: &str) -> bool {
    let text = text.trim();
    let is_zeros = |digits: &str| digits.bytes().all(|digit| digit == b'0');
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    if fraction.is_empty() {
        return false;
    }
    if matches!(whole, "0" | "00000000") {
        return is_zeros(fraction) && (whole == "0" || whole == text);
    }
    let fraction = fraction.strip_suffix(['Z', 'z']).unwrap_or(fraction);
    let Some(time) = whole.strip_prefix("0000-00-00") else { return false };
    let is_midnight = match time.strip_prefix([' ', 'T', 't']) {
        None => time.is_empty() && whole == text,
        Some("00:00" | "00:00Z" | "00:00z" | "00:00:00Z" | "00:00:00z") => whole == text,
        Some(time) => time == "00:00:00",
    };
    is_midnight && is_zeros(fraction)
}

/// Whether a text is a date in a form that is known, or would be if the mapping said which number of
/// it is the day.
pub(crate) fn is_date(text: &str) -> bool {
    match read(text.trim()) {
        Ok(_) => true,
        Err(why) => why == AMBIGUOUS,
    }
}

fn utc() -> FixedOffset {
    chrono::Offset::fix(&Utc)
}

fn moment(read: &Read, zone: FixedOffset) -> Result<String, &'static str> {
    let utc = match read {
        Read::Instant(instant) => instant.naive_utc(),
        Read::Wall { date, time, offset } => date
            .and_time(time.unwrap_or(NaiveTime::MIN))
            .checked_sub_offset(offset.unwrap_or(zone))
            .ok_or(NOT_THERE)?,
    };
    if !(0..=9999).contains(&utc.year()) {
        return Err(NOT_THERE);
    }
    Ok(format!(
        "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z",
        utc.year(),
        utc.month(),
        utc.day(),
        utc.hour(),
        utc.minute(),
        utc.second(),
        // A leap second is the last moment of its minute.
        (utc.nanosecond() / 1_000_000).min(999),
    ))
}

fn day(read: &Read, zone: FixedOffset) -> String {
    let date = match read {
        Read::Instant(instant) => instant.with_timezone(&zone).date_naive(),
        Read::Wall { date, .. } => *date,
    };
    format!("{:04}-{:02}-{:02}", date.year(), date.month(), date.day())
}

impl Zone {
    fn new(text: &str) -> Result<Self, &'static str> {
        let offset = match text {
            "Z" | "UTC" => Some(utc()),
            _ => Scan(text).offset().filter(|(_, rest)| rest.is_empty()).map(|(offset, _)| offset),
        };
        let offset = offset.ok_or("an offset from UTC such as \"+08:00\" is expected")?;
        Ok(Self { text: text.to_owned(), offset })
    }
}

impl Format {
    fn new(text: &str) -> Result<Self, &'static str> {
        const PATTERN: &str = "a pattern such as \"%d/%m/%Y %H:%M\" is expected (%Y year, %m \
                               month, %d day, %H hour, %M minute, %S second)";
        let items = StrftimeItems::new(text).parse_to_owned().map_err(|_| PATTERN)?;
        let format = Self { text: text.to_owned(), items };
        // A pattern without a year, or with a part that can only be written, reads no date.
        let sample = NaiveDate::from_ymd_opt(2001, 2, 3).and_then(|day| day.and_hms_opt(16, 5, 6));
        let sample = sample.ok_or(PATTERN)?.and_utc().fixed_offset();
        let mut written = String::new();
        std::fmt::Write::write_fmt(
            &mut written,
            format_args!("{}", sample.format_with_items(format.items.iter())),
        )
        .map_err(|_| PATTERN)?;
        let is_whole = match format.read(&written) {
            Ok(Read::Wall { date, .. }) => date == sample.date_naive(),
            Ok(Read::Instant(instant)) => instant == sample,
            Err(_) => false,
        };
        if is_whole { Ok(format) } else { Err("the pattern gives no whole date: year, month, day") }
    }

    fn read(&self, text: &str) -> Result<Read, &'static str> {
        let mut parsed = Parsed::new();
        parse(&mut parsed, text, self.items.iter()).map_err(|_| FORMAT)?;
        if parsed.timestamp().is_some() {
            let instant = parsed.to_naive_datetime_with_offset(0).map_err(|_| FORMAT)?;
            return Ok(Read::Instant(instant.and_utc()));
        }
        Ok(Read::Wall {
            date: parsed.to_naive_date().map_err(|_| FORMAT)?,
            time: match parsed.to_naive_time() {
                Ok(time) => Some(time),
                Err(_) if parsed.hour_mod_12().is_some() => return Err(FORMAT),
                Err(_) => None,
            },
            offset: parsed.offset().and_then(FixedOffset::east_opt),
        })
    }
}

fn read(text: &str) -> Result<Read, &'static str> {
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    if unsigned.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
        && unsigned.bytes().filter(|byte| *byte == b'.').count() < 2
    {
        return number(text);
    }
    // `Wed, 7 Jun …`, `7 Jun …`, `07 Jun …`.
    let begin = text.as_bytes();
    if begin.first().is_some_and(u8::is_ascii_alphabetic)
        || begin.get(1..3).is_some_and(|bytes| bytes.contains(&b' '))
    {
        let found = DateTime::parse_from_rfc2822(text).map_err(|_| FORMS)?;
        return Ok(Read::Wall {
            date: found.date_naive(),
            time: Some(found.time()),
            offset: Some(*found.offset()),
        });
    }
    let (date, rest) = calendar(text)?;
    if rest.is_empty() {
        return Ok(Read::Wall { date, time: None, offset: None });
    }
    let rest = rest.strip_prefix(['T', 't']).or_else(|| {
        let trimmed = rest.trim_start();
        (trimmed.len() < rest.len()).then_some(trimmed)
    });
    let (time, rest) = Scan(rest.ok_or(FORMS)?).clock()?;
    let offset = match rest.trim_start() {
        "" => None,
        "Z" | "z" | "UTC" | "GMT" => Some(utc()),
        rest => match Scan(rest).offset() {
            Some((offset, "")) => Some(offset),
            _ => return Err(FORMS),
        },
    };
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
        _ => None,
    };
    instant.map(Read::Instant).ok_or(NUMBER)
}

/// A date at the beginning of a text, and what follows.
fn calendar(text: &str) -> Result<(NaiveDate, &str), &'static str> {
    let (first, rest) = Scan(text).digits();
    if first.len() == 8 {
        return Ok((compact(first)?.0, rest));
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
struct Scan<'a>(&'a str);

impl<'a> Scan<'a> {
    /// The digits that it begins with, and the rest.
    fn digits(self) -> (&'a str, &'a str) {
        let n = self.0.bytes().take_while(u8::is_ascii_digit).count();
        self.0.split_at(n)
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

    /// `+08:00`, `+0800`, `+08`, and the rest.
    fn offset(self) -> Option<(FixedOffset, &'a str)> {
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

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn moment(text: &str) -> Result<String, &'static str> {
        DateForm::default().convert(text, Wanted::Moment)
    }

    fn day(text: &str) -> Result<String, &'static str> {
        DateForm::default().convert(text, Wanted::Day)
    }

    #[test]
    fn the_forms_of_exports_become_moments_in_utc() {
        for (text, expected) in [
            ("2017-06-07T14:34:08.700Z", "2017-06-07T14:34:08.700Z"),
            ("2017-06-07T14:34:08.7009999999Z", "2017-06-07T14:34:08.700Z"),
            ("2017-06-07T14:34:08,7+04:00", "2017-06-07T10:34:08.700Z"),
            ("2017-06-07t14:34:08z", "2017-06-07T14:34:08.000Z"),
            ("2017-06-07T14:34:08", "2017-06-07T14:34:08.000Z"),
            ("2017-06-07T14:34", "2017-06-07T14:34:00.000Z"),
            ("2017-06-07 14:34:08", "2017-06-07T14:34:08.000Z"),
            ("2017-06-07 14:34:08 UTC", "2017-06-07T14:34:08.000Z"),
            ("2017-06-07 14:34:08.25 +0200", "2017-06-07T12:34:08.250Z"),
            ("2017-06-07 14:34:08+08", "2017-06-07T06:34:08.000Z"),
            ("20170607T143408Z", "2017-06-07T14:34:08.000Z"),
            ("20170607143408", "2017-06-07T14:34:08.000Z"),
            ("2017-06-07", "2017-06-07T00:00:00.000Z"),
            ("2024/01/31", "2024-01-31T00:00:00.000Z"),
            ("2024/1/3 9:05", "2024-01-03T09:05:00.000Z"),
            ("2024.01.31", "2024-01-31T00:00:00.000Z"),
            ("31.01.2024", "2024-01-31T00:00:00.000Z"),
            ("1.2.2024 07:08", "2024-02-01T07:08:00.000Z"),
            ("2024年1月31日", "2024-01-31T00:00:00.000Z"),
            ("20240131", "2024-01-31T00:00:00.000Z"),
            ("Wed, 07 Jun 2017 14:34:08 GMT", "2017-06-07T14:34:08.000Z"),
            ("Wed, 7 Jun 2017 14:34:08 +0800", "2017-06-07T06:34:08.000Z"),
            ("7 Jun 2017 14:34:08 +0800", "2017-06-07T06:34:08.000Z"),
            ("1496846048", "2017-06-07T14:34:08.000Z"),
            ("1496846048.7", "2017-06-07T14:34:08.700Z"),
            ("1496846048700", "2017-06-07T14:34:08.700Z"),
            ("-315619200", "1960-01-01T00:00:00.000Z"),
            (" 2020-02-29 ", "2020-02-29T00:00:00.000Z"),
            ("0001-01-01", "0001-01-01T00:00:00.000Z"),
        ] {
            assert_eq!(moment(text), Ok(expected.to_owned()), "{text}");
        }
    }

    #[test]
    fn the_day_of_a_mail_header_stays_as_it_is_written() {
        for text in [
            "Wed, 07 Jun 2017 00:00:00 +0800",
            "Wed, 7 Jun 2017 23:30:00 -0500",
            "7 Jun 2017 00:00:00 GMT",
        ] {
            assert_eq!(day(text), Ok("2017-06-07".to_owned()), "{text}");
            let form = DateForm::new(None, Some("-11:00")).expect("a zone");
            assert_eq!(form.convert(text, Wanted::Day), Ok("2017-06-07".to_owned()), "{text}");
        }
    }

    #[test]
    fn what_is_no_date_or_not_clear_is_refused() {
        for (text, why) in [
            ("01/02/2024", AMBIGUOUS),
            ("31/01/2024 10:00", AMBIGUOUS),
            ("01-02-2024", AMBIGUOUS),
            ("2019-02-29", NOT_THERE),
            ("20191301", NOT_THERE),
            ("0000-00-00 00:00:00", NOT_THERE),
            ("2017-06-07T25:00:00Z", NOT_THERE),
            ("0000-01-01T00:00:00+08:00", NOT_THERE),
            ("1", NUMBER),
            ("2017", NUMBER),
            ("14968460487001234", NUMBER),
            ("-20240131", NUMBER),
            ("", NUMBER),
            ("1.2", NUMBER),
            ("yesterday", FORMS),
            ("31.01.24", FORMS),
            ("2017-06-07T", FORMS),
            ("2017-06-07T14", FORMS),
            ("2017-06-07T14:34:08+4", FORMS),
            ("2017-06-07 14:34:08 CEST", FORMS),
            ("2017-06-07T14:34:08+25:00", FORMS),
            ("2017-06/07", FORMS),
            ("2024年1月31", FORMS),
            ("中", FORMS),
            ("1中", FORMS),
        ] {
            assert_eq!(moment(text), Err(why), "{text}");
        }
    }

    #[test]
    fn a_zero_date_is_none_and_1970_is_one() {
        for text in [
            "0",
            " 0 ",
            "0000-00-00",
            "0000-00-00 00:00:00",
            "0000-00-00T00:00:00",
            "0000-00-00 00:00:00.000000",
            "0.0",
            "0.000",
            "00000000",
            "0000-00-00 00:00",
            "0000-00-00T00:00:00Z",
            "0000-00-00 00:00:00.000",
            "0000-00-00T00:00:00.000Z",
        ] {
            assert!(is_zero_date(text), "{text}");
        }
        for text in [
            "",
            "00",
            "1",
            "-0",
            "0.5",
            "000",
            "1970-01-01",
            "1970-01-01 00:00:00",
            "0000-00-01",
            "0000-00-00 00:00:01",
            "0000-00-00 10:00:00",
            "0000-00-00 00:00:00.5",
            "0000-00-000000",
            "0.",
            ".0",
            "0.01",
            "0000000",
            "00000000.0",
            "00000001",
            "0000-00-00 00:01",
            "0000-00-00.0",
            "0000-00-00T00:00:00ZZ",
            "0000-00-00 00:00.0",
            "0000-00-00T00:00:00+08:00",
            "0001-01-01",
            "0000-00-00x",
        ] {
            assert!(!is_zero_date(text), "{text}");
        }
        assert_eq!(moment("1970-01-01"), Ok("1970-01-01T00:00:00.000Z".to_owned()));
    }

    #[test]
    fn a_day_stays_the_day_that_was_written() {
        for (text, expected) in [
            ("1990-05-01T00:00:00+08:00", "1990-05-01"),
            ("1990-05-01", "1990-05-01"),
            ("01.05.1990", "1990-05-01"),
            ("641520000000", "1990-05-01"),
        ] {
            assert_eq!(day(text), Ok(expected.to_owned()), "{text}");
        }
        let china = DateForm::new(None, Some("+08:00")).expect("a zone");
        // Midnight of 1 May 1990 in China.
        assert_eq!(china.convert("641491200000", Wanted::Day), Ok("1990-05-01".to_owned()));
    }

    #[test]
    fn a_format_and_a_zone_say_what_the_text_does_not() {
        for (format, zone, text, expected) in [
            (Some("%m/%d/%Y"), None, "01/02/2024", "2024-01-02T00:00:00.000Z"),
            (Some("%d/%m/%Y"), None, "01/02/2024", "2024-02-01T00:00:00.000Z"),
            (Some("%d/%m/%y %I:%M %p"), None, "01/02/24 03:04 PM", "2024-02-01T15:04:00.000Z"),
            (Some("%d %b %Y"), None, "3 Feb 2024", "2024-02-03T00:00:00.000Z"),
            (Some("%Y%m%d%H%M%S%z"), None, "20240203040506+0800", "2024-02-02T20:05:06.000Z"),
            (Some("%s"), Some("+08:00"), "1496846048", "2017-06-07T14:34:08.000Z"),
            (
                Some("%m/%d/%Y %H:%M"),
                Some("-05:30"),
                "01/02/2024 00:00",
                "2024-01-02T05:30:00.000Z",
            ),
            (None, Some("+08:00"), "2024-01-02 03:00:00", "2024-01-01T19:00:00.000Z"),
            (None, Some("+08:00"), "2024-01-02", "2024-01-01T16:00:00.000Z"),
            (None, Some("+08:00"), "2024-01-02T03:00:00Z", "2024-01-02T03:00:00.000Z"),
            (None, Some("+08:00"), "1496846048", "2017-06-07T14:34:08.000Z"),
        ] {
            let form = DateForm::new(format, zone).expect("they can be");
            assert_eq!(form.convert(text, Wanted::Moment), Ok(expected.to_owned()), "{text}");
        }
        let form = DateForm::new(Some("%m/%d/%Y"), None).expect("a format");
        assert_eq!(form.convert("2024-01-02", Wanted::Moment), Err(FORMAT));
        let form = DateForm::new(Some("%m/%d/%Y %H:%M"), None).expect("a format");
        assert_eq!(form.convert("01/02/2024", Wanted::Moment), Err(FORMAT));
    }

    #[test]
    fn formats_and_zones_that_cannot_be_are_refused() {
        for format in ["", "%", "%Q!", "%m/%d", "%H:%M", "day"] {
            assert!(matches!(DateForm::new(Some(format), None), Err(("format", _))), "{format}");
        }
        for zone in ["", "8", "+8", "Asia/Shanghai", "+08:00 ", "+15:00", "+08:60", "CST"] {
            assert!(matches!(DateForm::new(None, Some(zone)), Err(("zone", _))), "{zone}");
        }
    }

    proptest! {
        /// chrono writes; what we read of it is the same moment.
        #[test]
        fn every_moment_that_chrono_writes_is_read(
            ms in -62_135_596_800_000i64..253_402_300_000_000,
            minutes in -720i32..=840,
        ) {
            let utc = DateTime::from_timestamp_millis(ms).expect("a moment");
            let offset = FixedOffset::east_opt(minutes * 60).expect("an offset");
            let there = utc.with_timezone(&offset);
            let expected = utc.to_rfc3339_opts(chrono::SecondsFormat::Millis, true);
            prop_assume!(there.year() > 0 && there.year() < 10_000);
            for text in [
                there.to_rfc3339(),
                there.format("%Y-%m-%d %H:%M:%S%.3f %z").to_string(),
                there.format("%Y/%m/%d %H:%M:%S%.3f%:z").to_string(),
                there.format("%d.%m.%Y %H:%M:%S%.3f %:z").to_string(),
                there.format("%Y%m%dT%H%M%S%.3f%z").to_string(),
            ] {
                prop_assert_eq!(moment(&text), Ok(expected.clone()), "{}", text);
            }
            let zone = there.format("%:z").to_string();
            let form = DateForm::new(None, Some(&zone)).expect("a zone");
            let text = there.format("%Y-%m-%dT%H:%M:%S%.3f").to_string();
            prop_assert_eq!(form.convert(&text, Wanted::Moment), Ok(expected.clone()));
            prop_assert_eq!(day(&text), Ok(there.format("%Y-%m-%d").to_string()));
            if there.year() >= 1900 {
                let whole = there.format("%a, %d %b %Y %H:%M:%S %z").to_string();
                let expected = format!("{}.000Z", &expected[..19]);
                prop_assert_eq!(moment(&whole), Ok(expected), "{}", whole);
            }
        }

        #[test]
        fn seconds_and_milliseconds_are_told_apart(s in 100_000_000i64..9_999_999_999) {
            let expected = DateTime::from_timestamp(s, 0).expect("a moment");
            let expected = expected.to_rfc3339_opts(chrono::SecondsFormat::Millis, true);
            prop_assert_eq!(moment(&s.to_string()), Ok(expected.clone()));
            prop_assert_eq!(moment(&(s * 1000).to_string()), Ok(expected));
        }

        #[test]
        fn no_text_makes_it_panic(text in "[0-9TZ:/. +年月日-]{0,24}|.{0,12}") {
            let _ = (moment(&text), day(&text), DateForm::new(Some(&text), Some(&text)));
        }
    }
}
