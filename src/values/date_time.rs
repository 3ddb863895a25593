//! Dates and times as a target takes them.

use super::is_zero_date;

/// Whether a text is a date and time of ISO 8601: `2017-06-07T14:34:08`, with or without a
/// fraction, with `Z`, an offset or no zone.
pub fn date_time(text: &str) -> Result<(), &'static str> {
    const FORM: &str = "no date and time such as 2017-06-07T14:34:08.700Z";
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') {
        return Err(
            "a number, where a date and time such as 2017-06-07T14:34:08.700Z is expected: \
                    the target refuses seconds or milliseconds since 1970",
        );
    }
    if is_zero_date(text) {
        return Err("what programs write where there is no date: as = \"date\" reads it as none");
    }
    // Byte 10 parts date and time; chrono would take a space or nothing in other forms too.
    if !matches!(text.as_bytes().get(10), Some(b'T' | b't')) {
        return Err(FORM);
    }
    let upper = text.to_ascii_uppercase();
    let zoned = chrono::DateTime::parse_from_rfc3339(&upper).is_ok()
        || chrono::DateTime::parse_from_str(&upper, "%Y-%m-%dT%H:%M:%S%.f%z").is_ok()
        || chrono::DateTime::parse_from_str(&upper, "%Y-%m-%dT%H:%M%z").is_ok();
    let local = || {
        ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%dT%H:%M"]
            .iter()
            .any(|form| chrono::NaiveDateTime::parse_from_str(&upper, form).is_ok())
    };
    if zoned || local() || (upper.ends_with('Z') && date_time_minutes(&upper)) {
        Ok(())
    } else {
        Err(FORM)
    }
}

fn date_time_minutes(text: &str) -> bool {
    chrono::NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%MZ").is_ok()
}

#[cfg(test)]
mod tests {
    use super::date_time;

    #[test]
    fn dates_are_iso_8601_with_a_time() {
        for good in [
            "2017-06-07T14:34:08.700Z",
            "2017-06-07T14:34:08",
            "2017-06-07T14:34:08+04:00",
            "2017-06-07T14:34:08.123456789-0330",
            "2017-06-07t14:34:08z",
            "2017-06-07T14:34",
            "2017-06-07T14:34Z",
            "2020-02-29T00:00:00Z",
        ] {
            assert_eq!(date_time(good), Ok(()), "{good}");
        }
        for bad in [
            "",
            "1496846048",
            "1496846048000",
            "2017-06-07",
            "07.06.2017 14:34",
            "yesterday",
            "2017-06-07 14:34:08",
            "2017-13-07T14:34:08Z",
            "2019-02-29T00:00:00Z",
            "2017-06-07T25:00:00Z",
            "2017-06-07T14:34:08 UTC",
            "2017-06-07T14:34:08+4",
            "0001-01-01T00:00:00",
            "0001-01-01T00:00:00Z",
            "0000-00-00T00:00:00Z",
        ] {
            assert!(date_time(bad).is_err(), "{bad}");
        }
    }
}
