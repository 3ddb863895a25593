//! What a value looks like, without keeping it.

use super::dates::{Orders, Pattern};
use crate::password::detect;
use crate::values::phone::bare;
use crate::values::{self, DateForm, Wanted, is_zero_date, truth_of};
use chrono::NaiveDate;

/// No date is longer.
const MOST_OF_DATE: usize = 64;

/// What a value may look like; one can have several of these.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Shape {
    Email,
    /// Several e-mail addresses, as directories join them: `a@b.cn|c@d.cn`.
    Emails,
    Capitals,
    Phone,
    /// A mobile number of mainland China.
    ChinaMobile,
    /// A phone number with `+`, or `00`, and country code.
    PlusPhone,
    /// A password hash that can be nothing else.
    Hash,
    /// Hexadecimal digits of a hash's length.
    HexHash,
    /// Means true or false.
    Truth,
    /// A whole number of 32 bits.
    Whole,
    /// A date and time as the target takes it.
    Moment,
    /// A day such as 2024-01-31.
    Day,
    /// A date in another form that is understood.
    Date,
    /// Seconds since 1970, of the years 2001 to 2033.
    Seconds,
    /// What stands for no date: `0`, `0000-00-00`, `0001-01-01`.
    NoDate,
    /// A date without a zone in one of these forms.
    NoZone,
    /// A date such as 03/04/2024, which may be of March or of April.
    Slashed,
    /// `M`, `F` or `U`.
    Letter,
    /// A word or number for a gender.
    Gender,
    /// White space around it.
    Spaced,
    Uuid,
    /// An address of the internet, of a machine.
    Ip,
}

/// The shapes of a text, or of a number as it is written.
pub(super) fn shapes(text: &str) -> Vec<Shape> {
    let mut found = Vec::new();
    let mut note = |is: bool, shape| {
        if is {
            found.push(shape);
        }
    };
    let trimmed = text.trim();
    note(trimmed.len() < text.len(), Shape::Spaced);
    note(values::email(trimmed).is_ok(), Shape::Email);
    note(are_emails(trimmed), Shape::Emails);
    note(trimmed.chars().any(char::is_uppercase), Shape::Capitals);
    let scheme = detect(text);
    note(scheme.begins_as_hash(), Shape::Hash);
    note(scheme.as_str().starts_with("hex-"), Shape::HexHash);
    note(truth_of(trimmed).is_some(), Shape::Truth);
    note(trimmed.parse::<i32>().is_ok(), Shape::Whole);
    note(matches!(trimmed, "M" | "F" | "U"), Shape::Letter);
    note(is_gender(trimmed), Shape::Gender);
    note(is_uuid(trimmed), Shape::Uuid);
    note(trimmed.parse::<std::net::IpAddr>().is_ok(), Shape::Ip);
    phone(trimmed, &mut note);
    if is_zero_date(trimmed) {
        note(true, Shape::NoDate);
    } else {
        date(trimmed, &mut note);
    }
    found
}

fn are_emails(text: &str) -> bool {
    let mut parts = text.split(['|', ';', ',']);
    text.contains(['|', ';', ',']) && parts.all(|part| values::email(part.trim()).is_ok())
}

fn is_gender(text: &str) -> bool {
    const WORDS: &[&str] = &[
        "m", "male", "man", "1", "男", "男性", "f", "female", "w", "woman", "2", "女", "女性", "u",
        "unknown", "0", "9", "未知", "保密",
    ];
    WORDS.contains(&text.to_lowercase().as_str())
}

fn is_uuid(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    parts.iter().map(|part| part.len()).eq([8, 4, 4, 4, 12])
        && parts.concat().bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn phone(text: &str, note: &mut impl FnMut(bool, Shape)) {
    // As `as = "phone"` reads it, which takes more signs between the digits than the provider does.
    let number = bare(text).unwrap_or_default();
    let digits = number.strip_prefix('+').unwrap_or(&number);
    let is_time = text.contains('.') && is_epoch(text) || text.matches('/').count() > 1;
    let is_phone = values::phone(&number).is_ok() && (7..=15).contains(&digits.len()) && !is_time;
    note(is_phone, Shape::Phone);
    let is_abroad =
        number.strip_prefix("00").is_some_and(|rest| values::phone(&format!("+{rest}")).is_ok());
    note(is_phone && (number.starts_with('+') || is_abroad), Shape::PlusPhone);
    let national = ["+86", "0086", "86"].iter().find_map(|code| number.strip_prefix(code));
    let is_mobile = |number: &str| {
        let bytes = number.as_bytes();
        bytes.len() == 11 && bytes[0] == b'1' && (b'3'..=b'9').contains(&bytes[1])
    };
    let is_china = is_mobile(&number) || national.is_some_and(is_mobile);
    note(is_phone && is_china, Shape::ChinaMobile);
}

fn date(text: &str, note: &mut impl FnMut(bool, Shape)) {
    let is_moment = values::date_time(text).is_ok();
    note(is_moment, Shape::Moment);
    note(text.len() == 10 && NaiveDate::parse_from_str(text, "%Y-%m-%d").is_ok(), Shape::Day);
    if is_moment || text.len() > MOST_OF_DATE {
        return;
    }
    // Digits alone are read as seconds or milliseconds, too, where a number of anything else stands.
    let is_number = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
        && text.bytes().filter(|byte| *byte == b'.').count() < 2;
    let may_be = !is_number || is_epoch(text) || matches!(text.len(), 8 | 14 | 18);
    let read = |form: DateForm| form.convert(text, Wanted::Moment);
    let found = read(DateForm::default()).ok().filter(|_| may_be);
    note(found.is_some(), Shape::Date);
    let is_seconds = is_number && text.len() == 10 && text.starts_with('1') && !text.contains('.');
    note(is_seconds, Shape::Seconds);
    if let (Some(found), Ok(east)) = (found, DateForm::new(None, Some("+01:00"))) {
        note(read(east) != Ok(found), Shape::NoZone);
    }
    note(
        Pattern::of(text).is_some_and(|pattern| Orders::default().add(&pattern, text)),
        Shape::Slashed,
    );
}

/// Seconds or milliseconds since 1970, of this century or nearly.
fn is_epoch(text: &str) -> bool {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let is_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let is_long = matches!(whole.len(), 10 | 13) || whole.len() == 9 && whole >= "600000000";
    is_long && is_digits(whole) && is_digits(fraction) && !whole.starts_with('0')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_have_the_shapes_that_a_person_would_see() {
        use Shape::*;
        for (text, expected) in [
            ("a@example.com", &[Email][..]),
            (" A@example.com", &[Spaced, Email, Capitals]),
            ("a@example.com|b@example.com", &[Emails]),
            ("13100000001", &[Phone, ChinaMobile]),
            ("+86 131-0000-0001", &[Phone, PlusPhone, ChinaMobile]),
            ("+14155550100", &[Phone, PlusPhone]),
            ("030/1234567", &[Phone]),
            ("true", &[Truth]),
            ("1", &[Truth, Whole, Gender]),
            ("M", &[Capitals, Letter, Gender]),
            ("女", &[Gender]),
            ("2024-01-31T10:00:00Z", &[Capitals, Moment]),
            ("2024-01-31", &[Phone, Day, Date, NoZone]),
            ("2024/1/31 10:00", &[Date, NoZone]),
            ("2024年1月31日", &[Date, NoZone]),
            ("31.01.2024", &[Phone, Date, NoZone]),
            ("31/01/2024", &[Slashed]),
            ("01/31/2024 8:15 PM", &[Capitals, Slashed]),
            ("31/31/2024", &[]),
            ("0000-00-00", &[Phone, NoDate]),
            ("0001-01-01 00:00:00.0000000", &[NoDate]),
            ("1/1/0001 12:00:00 AM", &[Capitals, NoDate]),
            ("20240131101500.0Z", &[Capitals, Date]),
            ("133511697000000000", &[Date]),
            ("Jan 31, 2024 10:15:00 AM", &[Capitals, Date, NoZone]),
            ("1486324027000", &[Phone, Date]),
            ("1486324027.5", &[Date]),
            ("Wed, 07 Jun 2017 14:34:08 +0000", &[Capitals, Date]),
            ("0a0a0a0a-0000-4000-8000-000000000001", &[Uuid]),
            ("d41d8cd98f00b204e9800998ecf8427e", &[HexHash]),
            ("$2b$12$nCa3WDbsc3tvM57ifzjwrOAGGuNK7EPV0R17WKcW6f13NZvX97yLe", &[Capitals, Hash]),
            ("zhang", &[]),
        ] {
            assert_eq!(shapes(text), expected, "{text}");
        }
    }
}
