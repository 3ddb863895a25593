//! Where phone numbers without a country code belong: in one region, or in the one that their record says.

use super::error::RuleError;
use crate::input::show_name;
use crate::values::Region;
use serde_json::{Map, Value, json};

const KEY: &str = "region";
const FORM: &str =
    "a country in two capital letters such as \"CN\", or { from = \"column\" }, is expected";

/// Where numbers without a country code belong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Home {
    /// Nobody says it.
    Unknown,
    /// In this region.
    Region(Region),
    /// In the region that this column of the record names.
    Column(String),
}

impl Home {
    /// Reads what stands in a rule.
    pub(super) fn read(rule: &Map<String, Value>) -> Result<Self, RuleError> {
        let wrong = || RuleError::of(KEY, format!("`{KEY}`: {FORM}"));
        match rule.get(KEY) {
            None => Ok(Self::Unknown),
            Some(Value::String(text)) => Region::new(text).map(Self::Region).ok_or_else(wrong),
            Some(Value::Object(inside)) if inside.len() == 1 => {
                let column = inside.get("from").and_then(Value::as_str);
                let column = column.filter(|column| !column.is_empty()).ok_or_else(wrong)?;
                Ok(Self::Column(column.to_owned()))
            }
            Some(_) => Err(wrong()),
        }
    }

    /// Writes it as it stands in a rule.
    pub(super) fn put(&self, rule: &mut Map<String, Value>) {
        let written = match self {
            Self::Unknown => return,
            Self::Region(region) => json!(region.as_str()),
            Self::Column(column) => json!({ "from": column }),
        };
        rule.insert(KEY.to_owned(), written);
    }

    pub(super) fn region(&self) -> Option<Region> {
        match self {
            Self::Region(region) => Some(*region),
            Self::Unknown | Self::Column(_) => None,
        }
    }

    /// What is wrong with a number that says no country, where its record does not say one either.
    pub(super) fn lacks(&self) -> Option<String> {
        let Self::Column(column) = self else { return None };
        let column = show_name(column.as_bytes());
        Some(format!(
            "a phone number without a country code, and `{column}` names no country in two letters of ISO 3166"
        ))
    }
}
