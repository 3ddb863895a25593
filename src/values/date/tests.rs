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

/// Written by `tests/exports/dates.py`, whose oracle is Python's datetime.
#[test]
fn the_forms_of_exports_are_the_moments_that_python_says() {
    let table = include_str!("../../../tests/exports/dates.tsv");
    let mut forms = std::collections::BTreeSet::new();
    for row in table.lines().filter(|row| !row.contains('$')) {
        let [form, text, expected] = row.split('\t').collect::<Vec<_>>()[..] else {
            panic!("{row}")
        };
        assert_eq!(moment(text).as_deref(), Ok(expected), "{form}: {text}");
        forms.insert(form);
    }
    assert_eq!(forms.len(), 26);
}

#[test]
fn what_names_its_month_or_counts_otherwise_is_read_only_where_it_is_clear() {
    for (text, why) in [
        ("31-Jan-24", FORMS),
        ("Jan 31, 24", FORMS),
        ("Jan 32, 2024", NOT_THERE),
        ("Jan 31, 2024 13:15 PM", NOT_THERE),
        ("Jan 31, 2024 0:15 AM", NOT_THERE),
        ("Jan 31, 2024 10:15 XM", FORMS),
        ("Jan 31, 2024 10", FORMS),
        // There are three zones of this name.
        ("Wed Jan 31 10:15:00 CST 2024", FORMS),
        ("Mars 31, 2024", FORMS),
        ("January", FORMS),
        ("Jan Jan 2024", FORMS),
        ("20240131101500.0Q", FORMS),
        ("20240131101500 1", FORMS),
        ("2024-01-31 10:15:00 +0800 UTC", FORMS),
        ("/Date(x)/", FORMS),
        ("/Date(1496846048000+8)/", FORMS),
        ("/Date(99999999999999999999)/", FORMS),
        // Before 1970; .NET's ticks since the year 1.
        ("116444735999999999", NUMBER),
        ("638422857000000000", NUMBER),
        ("12345678901234", NOT_THERE),
    ] {
        assert_eq!(moment(text), Err(why), "{text}");
    }
    for (text, expected) in [
        ("Sept. 1, 2024", "2024-09-01"),
        ("Thursday, 29 February 2024", "2024-02-29"),
        ("/Date(1496878448000+0800)/", "2017-06-08"),
        ("116444736000000000", "1970-01-01"),
    ] {
        assert_eq!(day(text).as_deref(), Ok(expected), "{text}");
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
        "9223372036854775807",
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
        "0001-01-02",
        "0001-02-01 00:00:00",
        "01/02/0001",
        "10/01/0001",
        "01/01/00010",
        "2001-01-01",
        "01/01/2001 00:01",
        "0001",
        "-62135510400000",
        "-6213559680000",
        "/Date(-62135510400000)/",
        "0001-01-01x",
        "0000-00-00x",
        "9223372036854775806",
    ] {
        assert!(!is_zero_date(text), "{text}");
    }
    assert_eq!(moment("1970-01-01"), Ok("1970-01-01T00:00:00.000Z".to_owned()));
}

/// As .NET writes `DateTime.MinValue` and `DateTimeOffset.MinValue` (ToString of en-US, de-DE, zh-CN; SQL Server's
/// datetime2 and datetimeoffset; System.Text.Json, DataContractJsonSerializer), and Go its zero time.
#[test]
fn the_first_day_of_the_year_1_is_none() {
    for text in [
        "0001-01-01",
        "0001-01-01 00:00:00",
        "0001-01-01 00:00:00.0000000",
        "0001-01-01 00:00:00.0000000 +00:00",
        "0001-01-01T00:00:00",
        "0001-01-01T00:00:00Z",
        "0001-01-01t00:00:00z",
        "0001-01-01T00:00:00+08:00",
        "0001-01-01T08:00:00Z",
        "0001-01-01 00:00:00 +0000 UTC",
        "01/01/0001",
        "01/01/0001 00:00:00",
        "1/1/0001 12:00:00 AM",
        "1/1/0001 12:00:00 am",
        "01/01/0001, 12:00:00 AM",
        "01-01-0001",
        "01.01.0001 00:00:00",
        "0001/1/1 0:00:00",
        "Jan  1 0001 12:00AM",
        "00010101",
        "/Date(-62135596800000)/",
        "/Date(-62135578800000)/",
        "/Date(-62135596800000+0000)/",
        "-62135596800",
        "-62135596800000",
    ] {
        assert!(is_zero_date(text), "{text}");
    }
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
        (Some("%m/%d/%Y %H:%M"), Some("-05:30"), "01/02/2024 00:00", "2024-01-02T05:30:00.000Z"),
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
    fn no_text_makes_it_panic(text in "[0-9TZ:/. +年月日-]{0,24}|(Wed |Jan |31 |2024 |10:15 |AM |GMT|-|/Date\\(|\\)/|[0-9]){0,9}|.{0,12}") {
        let _ = (moment(&text), day(&text), DateForm::new(Some(&text), Some(&text)));
    }
}
