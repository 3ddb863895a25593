//! What stands for no date.

use super::read::read;
use super::{AMBIGUOUS, Read};
use chrono::NaiveDate;

/// 2⁶³ − 1.
const NEVER: &str = "9223372036854775807";
/// The beginning of the year 1 in seconds and milliseconds since 1970.
const BEGINNING: &[&str] = &["-62135596800", "-62135596800000"];

/// Whether a text is what databases keep where there is no date. Those of the MySQL family: `0` seconds since
/// 1970, also as a decimal; `0000-00-00` and `00000000`, with or without a midnight. Active Directory: `0`, or
/// the largest number of 64 bits (<https://learn.microsoft.com/windows/win32/adschema/a-accountexpires>). .NET and Go:
/// the first day of the year 1.
pub(crate) fn is_zero_date(text: &str) -> bool {
    let text = text.trim();
    if text == NEVER || is_first_day(text) {
        return true;
    }
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

/// Whether it is the first day of the year 1, at any time of it: what .NET writes where no date was set
/// (<https://learn.microsoft.com/dotnet/api/system.datetime.minvalue>), and Go (<https://pkg.go.dev/time#Time.IsZero>). A
/// conversion to another zone moves it by hours.
fn is_first_day(text: &str) -> bool {
    if BEGINNING.contains(&text) {
        return true;
    }
    // Few texts are read for this.
    if !text.contains("0001") && !text.contains("-62135") {
        return false;
    }
    let first = NaiveDate::from_ymd_opt(1, 1, 1);
    match read(text) {
        Ok(Read::Instant(instant)) => Some(instant.date_naive()) == first,
        Ok(Read::Wall { date, .. }) => Some(date) == first,
        // Day and month are 1, so their order does not matter.
        Err(why) if why == AMBIGUOUS => {
            let begin = ["01/01/0001", "1/1/0001", "01-01-0001", "1-1-0001"];
            let rest = begin.iter().find_map(|begin| text.strip_prefix(begin));
            let rest = rest.map(|rest| rest.strip_prefix(',').unwrap_or(rest));
            rest.is_some_and(|rest| read(&format!("0001-01-01{rest}")).is_ok())
        }
        Err(_) => false,
    }
}
