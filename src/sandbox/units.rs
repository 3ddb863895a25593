//! Values as people write them: `50ms`, `50/s`, `0.05`, `bad@example.com=http500`.
//!
//! Every one is parsed from the text of a flag and from the same text in JSON.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// A length of time: `50ms`, `2s`, `1m`, `1h`; a bare number is seconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Span(pub Duration);

impl FromStr for Span {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is no duration: write 50ms, 2s, 1m or 1h");
        let digits = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
        let number: f64 = text[..digits].parse().map_err(|_| wrong())?;
        let seconds = match &text[digits..] {
            "ms" => number / 1000.0,
            "" | "s" => number,
            "m" => number * 60.0,
            "h" => number * 3600.0,
            _ => return Err(wrong()),
        };
        Duration::try_from_secs_f64(seconds).map(Span).map_err(|_| wrong())
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ms = self.0.as_millis();
        if ms.is_multiple_of(1000) { write!(f, "{}s", ms / 1000) } else { write!(f, "{ms}ms") }
    }
}

/// Requests per unit of time: `50/s`, `600/m`; a bare number is per second.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Rate {
    /// Requests per second, above 0.
    pub per_second: f64,
}

impl FromStr for Rate {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is no rate: write 50/s or 600/m");
        let (number, unit) = text.split_once('/').unwrap_or((text, "s"));
        let number: f64 = number.trim().parse().map_err(|_| wrong())?;
        let per_second = match unit.trim() {
            "s" => number,
            "m" => number / 60.0,
            "h" => number / 3600.0,
            _ => return Err(wrong()),
        };
        if per_second.is_finite() && per_second > 0.0 {
            Ok(Rate { per_second })
        } else {
            Err(wrong())
        }
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/s", self.per_second)
    }
}

/// A probability, 0 to 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "f64", into = "f64")]
pub struct Chance(pub f64);

impl TryFrom<f64> for Chance {
    type Error = String;

    fn try_from(p: f64) -> Result<Self, String> {
        if (0.0..=1.0).contains(&p) {
            Ok(Chance(p))
        } else {
            Err(format!("{p} is no probability: write a number from 0 to 1"))
        }
    }
}

impl From<Chance> for f64 {
    fn from(chance: Chance) -> Self {
        chance.0
    }
}

impl FromStr for Chance {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let number: f64 = text.parse().map_err(|_| format!("`{text}` is no number from 0 to 1"))?;
        Self::try_from(number)
    }
}

impl fmt::Display for Chance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// How a create fails on purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Effect {
    /// HTTP 500 with a JSON body.
    Http500,
    /// HTTP 502 with an HTML page.
    Http502Html,
    /// HTTP 503 with a JSON body.
    Http503,
    /// HTTP 200 and `{"data":{"createUser":null}}`.
    Null,
    /// HTTP 200 and a GraphQL error whose message is plain text.
    StringError,
    /// HTTP 200 and a GraphQL error with this code.
    Code(i64),
    /// The connection is reset, nothing is answered.
    Reset,
    /// Nothing is ever answered.
    Hang,
}

impl FromStr for Effect {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Ok(match text {
            "http500" => Self::Http500,
            "http502-html" => Self::Http502Html,
            "http503" => Self::Http503,
            "null" => Self::Null,
            "string-error" => Self::StringError,
            "reset" => Self::Reset,
            "hang" => Self::Hang,
            _ => match text.strip_prefix("code:").map(str::parse) {
                Some(Ok(code)) => Self::Code(code),
                _ => {
                    return Err(format!(
                        "`{text}` is no effect: write http500, http502-html, http503, null, \
                         string-error, code:2040, reset or hang"
                    ));
                }
            },
        })
    }
}

impl fmt::Display for Effect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Http500 => f.write_str("http500"),
            Self::Http502Html => f.write_str("http502-html"),
            Self::Http503 => f.write_str("http503"),
            Self::Null => f.write_str("null"),
            Self::StringError => f.write_str("string-error"),
            Self::Code(code) => write!(f, "code:{code}"),
            Self::Reset => f.write_str("reset"),
            Self::Hang => f.write_str("hang"),
        }
    }
}

/// A create that fails because of who it is for: `KEY=EFFECT`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Poison {
    /// E-mail (in any case), phone, username or external id.
    pub key: String,
    /// What happens to its creates.
    pub effect: Effect,
}

impl FromStr for Poison {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (key, effect) =
            text.rsplit_once('=').ok_or_else(|| format!("`{text}`: write KEY=EFFECT"))?;
        Ok(Poison { key: key.to_owned(), effect: effect.parse()? })
    }
}

impl fmt::Display for Poison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={}", self.key, self.effect)
    }
}

/// What a throttled reply says about when to come back: `2` (seconds) or `date:2` (the HTTP date
/// two seconds ahead).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum RetryAfter {
    /// A number of seconds.
    Seconds(u64),
    /// An HTTP date so many seconds ahead.
    Date(u64),
}

impl FromStr for RetryAfter {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (date, seconds) = match text.strip_prefix("date:") {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let seconds: u64 = seconds
            .trim_end_matches('s')
            .parse()
            .map_err(|_| format!("`{text}`: write a number of seconds, or date:2 for a date"))?;
        Ok(if date { Self::Date(seconds) } else { Self::Seconds(seconds) })
    }
}

impl fmt::Display for RetryAfter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Seconds(n) => write!(f, "{n}"),
            Self::Date(n) => write!(f, "date:{n}"),
        }
    }
}

macro_rules! json_as_text {
    ($($name:ident)*) => {$(
        impl TryFrom<String> for $name {
            type Error = String;

            fn try_from(text: String) -> Result<Self, String> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(value: $name) -> Self {
                value.to_string()
            }
        }
    )*};
}

json_as_text!(Span Rate Effect Poison RetryAfter);

#[cfg(test)]
mod tests {

    use super::*;

    #[test]
    fn durations_and_rates_read_as_people_write_them() {
        let span = |text: &str| text.parse::<Span>().unwrap().0;
        assert_eq!(span("50ms"), Duration::from_millis(50));
        assert_eq!(span("2s"), Duration::from_secs(2));
        assert_eq!(span("1.5s"), Duration::from_millis(1500));
        assert_eq!(span("1m"), Duration::from_mins(1));
        assert_eq!(span("0"), Duration::ZERO);
        for wrong in ["", "ms", "-1s", "5 s", "1d", "1e999s", "9999999999999999999999h"] {
            assert!(wrong.parse::<Span>().is_err(), "{wrong}");
        }
        assert_eq!("50/s".parse::<Rate>().unwrap().to_string(), "50/s");
        assert_eq!("600/m".parse::<Rate>().unwrap().to_string(), "10/s");
        for wrong in ["0/s", "-1/s", "x/s", "5/d", "", "inf/s", "NaN"] {
            assert!(wrong.parse::<Rate>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn every_value_reads_back_what_it_writes() {
        for text in ["http500", "http502-html", "http503", "null", "string-error", "code:2040"] {
            assert_eq!(text.parse::<Effect>().unwrap().to_string(), text);
        }
        for text in ["a=b@x.org=reset", "u=hang"] {
            assert_eq!(text.parse::<Poison>().unwrap().to_string(), text);
        }
        for text in ["2", "date:2"] {
            assert_eq!(text.parse::<RetryAfter>().unwrap().to_string(), text);
        }
        for text in ["50ms", "2s"] {
            assert_eq!(text.parse::<Span>().unwrap().to_string(), text);
        }
        assert_eq!("0.5".parse::<Chance>().unwrap().to_string(), "0.5");
        assert!("1.5".parse::<Chance>().is_err());
        assert!("code:x".parse::<Effect>().is_err());
        assert!("nokey".parse::<Poison>().is_err());
    }
}
