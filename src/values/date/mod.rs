//! `as = "date"`: dates and times in the forms that exports have, as the provider takes them.
//!
//! A moment becomes ISO 8601 in UTC with milliseconds. Where the provider keeps a day (a birthday)
//! it stays the day that was written: a birthday does not move with the time zone.

mod named;
mod none;
mod read;
mod scan;

use chrono::format::{Item, Parsed, StrftimeItems, parse};
use chrono::{DateTime, Datelike, FixedOffset, NaiveDate, NaiveTime, Timelike, Utc};
pub(crate) use none::is_zero_date;
use read::read;
use scan::Scan;

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

#[cfg(test)]
mod tests;
