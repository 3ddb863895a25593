//! Durations and rates as people write them: `30s`, `200ms`, `5m`, `1h`; `50/s`, `3000/m`.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use std::str::FromStr;

/// The forms of a [`Duration`], for messages.
pub const DURATION_FORM: &str = "a duration such as \"200ms\", \"30s\", \"5m\" or \"1h\"";
/// The forms of a [`Rate`], for messages.
pub const RATE_FORM: &str = "a rate such as \"50/s\" or \"3000/m\"";

/// A span of time in whole milliseconds, written with its unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Duration(std::time::Duration);

impl Duration {
    /// So many milliseconds.
    pub const fn from_millis(millis: u64) -> Self {
        Self(std::time::Duration::from_millis(millis))
    }

    /// So many seconds.
    pub const fn from_secs(secs: u64) -> Self {
        Self(std::time::Duration::from_secs(secs))
    }

    /// Half of it, in whole milliseconds, and at least one.
    #[must_use]
    pub fn half(self) -> Self {
        let half = u64::try_from(self.0.as_millis() / 2).unwrap_or(u64::MAX);
        Self::from_millis(half.max(1))
    }

    /// As the standard library has it.
    pub const fn get(self) -> std::time::Duration {
        self.0
    }
}

impl From<Duration> for std::time::Duration {
    fn from(duration: Duration) -> Self {
        duration.0
    }
}

/// A text that is no duration or no rate. Does not hold the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected {0}")]
pub struct WrongForm(&'static str);

impl FromStr for Duration {
    type Err = WrongForm;

    fn from_str(text: &str) -> Result<Self, WrongForm> {
        let wrong = WrongForm(DURATION_FORM);
        let text = text.trim();
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        let number: u64 = text[..digits].parse().map_err(|_| wrong)?;
        let unit: u64 = match text[digits..].trim_start() {
            "ms" => 1,
            "s" => 1_000,
            "m" | "min" => 60_000,
            "h" => 3_600_000,
            "d" => 86_400_000,
            _ => return Err(wrong),
        };
        // A year is more than anybody waits, and keeps all sums of times in range.
        let millis = number.checked_mul(unit).filter(|ms| *ms <= 365 * 86_400_000).ok_or(wrong)?;
        Ok(Self::from_millis(millis))
    }
}

impl fmt::Display for Duration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let millis = self.0.as_millis();
        match millis {
            0 => f.write_str("0s"),
            _ if millis.is_multiple_of(3_600_000) => write!(f, "{}h", millis / 3_600_000),
            _ if millis.is_multiple_of(60_000) => write!(f, "{}m", millis / 60_000),
            _ if millis.is_multiple_of(1_000) => write!(f, "{}s", millis / 1_000),
            _ => write!(f, "{millis}ms"),
        }
    }
}

/// A number of requests in a span of time; above zero.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rate {
    count: f64,
    per: Per,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Per {
    Second,
    Minute,
    Hour,
}

impl Rate {
    /// Requests in one second.
    pub fn per_second(self) -> f64 {
        match self.per {
            Per::Second => self.count,
            Per::Minute => self.count / 60.0,
            Per::Hour => self.count / 3_600.0,
        }
    }
}

impl FromStr for Rate {
    type Err = WrongForm;

    fn from_str(text: &str) -> Result<Self, WrongForm> {
        let wrong = WrongForm(RATE_FORM);
        let (count, unit) = text.split_once('/').unwrap_or((text, "s"));
        let per = match unit.trim() {
            "s" => Per::Second,
            "m" | "min" => Per::Minute,
            "h" => Per::Hour,
            _ => return Err(wrong),
        };
        let count = count.trim();
        if !count.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') {
            return Err(wrong);
        }
        let count: f64 = count.parse().map_err(|_| wrong)?;
        let rate = Self { count, per };
        if count.is_finite() && (1e-4..=1e6).contains(&rate.per_second()) {
            Ok(rate)
        } else {
            Err(wrong)
        }
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unit = match self.per {
            Per::Second => "s",
            Per::Minute => "m",
            Per::Hour => "h",
        };
        write!(f, "{}/{unit}", self.count)
    }
}

macro_rules! serde_as_text {
    ($($unit:ty),*) => {$(
        impl Serialize for $unit {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $unit {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
            }
        }
    )*};
}
serde_as_text!(Duration, Rate);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_and_written() {
        for (text, millis, written) in [
            ("30s", 30_000, "30s"),
            ("200ms", 200, "200ms"),
            ("5m", 300_000, "5m"),
            ("1h", 3_600_000, "1h"),
            ("90 min", 5_400_000, "90m"),
            ("1500ms", 1_500, "1500ms"),
            ("2000ms", 2_000, "2s"),
            ("0s", 0, "0s"),
        ] {
            let duration: Duration = text.parse().expect(text);
            assert_eq!(duration, Duration::from_millis(millis));
            assert_eq!(duration.to_string(), written);
        }
        for text in ["", "30", "s", "-1s", "1.5s", "1w", "99999999999999999999s", "400d", "１s"] {
            assert!(text.parse::<Duration>().is_err(), "{text}");
        }
    }

    #[test]
    fn rates_are_read_and_written() {
        for (text, per_second, written) in [
            ("50/s", 50.0, "50/s"),
            ("3000/m", 50.0, "3000/m"),
            ("0.5 / s", 0.5, "0.5/s"),
            ("7", 7.0, "7/s"),
        ] {
            let rate: Rate = text.parse().expect(text);
            assert!((rate.per_second() - per_second).abs() < 1e-9);
            assert_eq!(rate.to_string(), written);
        }
        for text in ["", "0/s", "-1/s", "1/d", "NaN/s", "inf", "1e3/s", "/s", "1..2/s"] {
            assert!(text.parse::<Rate>().is_err(), "{text}");
        }
    }
}
