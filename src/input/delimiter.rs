//! What separates the cells of CSV.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// What stands between the cells of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delimiter(pub(super) u8);

impl Delimiter {
    pub(super) fn is_tab(self) -> bool {
        self.0 == b'\t'
    }

    /// The character between cells of an export: a comma where this one is no usual one, which
    /// would have to be named when the export is read.
    pub(crate) fn usual(self) -> u8 {
        if matches!(self.0, b';' | b'\t' | b'|') { self.0 } else { b',' }
    }
}

impl FromStr for Delimiter {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.as_bytes() {
            _ if text.eq_ignore_ascii_case("tab") || text == "\\t" => Ok(Self(b'\t')),
            [byte] if byte.is_ascii() && !matches!(byte, b'"' | b'\r' | b'\n' | 0) => {
                Ok(Self(*byte))
            }
            _ => {
                Err("one character of ASCII that is no quotation mark, or the word tab".to_owned())
            }
        }
    }
}

impl fmt::Display for Delimiter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            b'\t' => f.write_str("tabs"),
            byte => write!(f, "'{}'", char::from(byte)),
        }
    }
}
