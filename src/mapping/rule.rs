//! One rule of a mapping: where the value of a provider's field comes from.

use serde_json::{Map, Value as Json, json};

/// Where a value comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rule {
    /// A field of the record, by name or dotted path.
    Column {
        /// The name in the export.
        from: String,
        /// What to read it as; the type must fit as it is without.
        convert: Option<As>,
    },
    /// The same value for every user.
    Constant(Constant),
    /// The whole record as compact JSON, without these fields and without the password's.
    Raw {
        /// Names or dotted paths that are left out.
        without: Vec<String>,
    },
}

/// A conversion that is asked for by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum As {
    /// Numbers and truth values become text.
    Text,
    /// Text such as `4` becomes a whole number.
    Int,
    /// `true false yes no t f y n 1 0` (in any case) become a truth value.
    Bool,
}

impl As {
    /// The word in the configuration.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Int => "int",
            Self::Bool => "bool",
        }
    }
}

/// A value that stands in the configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Constant {
    /// Text.
    Text(String),
    /// Truth value.
    Bool(bool),
    /// Whole number.
    Int(i64),
    /// List of texts.
    List(Vec<String>),
}

const FORMS: &str = "a rule is \"column\", { from = \"column\", as = \"text\" }, \
                     { value = … } or { raw = true, without = [\"column\"] }";

/// Keys of rules that a later version will know.
const LATER: &[&str] = &["jq", "scheme", "hash", "salt", "order", "region"];

impl Rule {
    /// A column as it is.
    pub fn column(from: impl Into<String>) -> Self {
        Self::Column { from: from.into(), convert: None }
    }

    /// Reads a rule as it stands in the configuration or in the job table. The error names keys,
    /// never values.
    pub fn from_json(rule: &Json) -> Result<Self, String> {
        match rule {
            Json::String(from) => column(from, None),
            Json::Object(rule) => Self::from_object(rule),
            _ => Err(format!("not a rule: {FORMS}")),
        }
    }

    fn from_object(rule: &Map<String, Json>) -> Result<Self, String> {
        if let Some(key) = rule.keys().find(|key| LATER.contains(&key.as_str())) {
            return Err(format!("`{key}` is not available in this version; {FORMS}"));
        }
        let kinds: Vec<&str> =
            ["from", "value", "raw"].into_iter().filter(|key| rule.contains_key(*key)).collect();
        let allowed: &[&str] = match kinds.as_slice() {
            ["from"] => &["from", "as"],
            ["value"] => &["value"],
            ["raw"] => &["raw", "without"],
            [] => return Err(format!("neither `from` nor `value` nor `raw`: {FORMS}")),
            several => return Err(format!("only one of `{}` can be given", several.join("`, `"))),
        };
        if let Some(key) = rule.keys().find(|key| !allowed.contains(&key.as_str())) {
            return Err(format!(
                "`{}` does not belong beside `{}`; {FORMS}",
                crate::input::show_name(key.as_bytes()),
                allowed[0]
            ));
        }
        match allowed[0] {
            "from" => {
                let from = rule["from"].as_str();
                column(from.ok_or("`from` must be the name of a column")?, rule.get("as"))
            }
            "value" => constant(&rule["value"]).map(Self::Constant),
            _ => raw(rule),
        }
    }

    /// Whether the value comes from this column.
    pub fn reads(&self, column: &str) -> bool {
        matches!(self, Self::Column { from, .. } if from == column)
    }

    /// The canonical form; [`Self::from_json`] reads it back.
    pub fn to_json(&self) -> Json {
        match self {
            Self::Column { from, convert: None } => json!(from),
            Self::Column { from, convert: Some(convert) } => {
                json!({ "from": from, "as": convert.as_str() })
            }
            Self::Constant(value) => json!({ "value": match value {
                Constant::Text(text) => json!(text),
                Constant::Bool(truth) => json!(truth),
                Constant::Int(number) => json!(number),
                Constant::List(list) => json!(list),
            }}),
            Self::Raw { without } if without.is_empty() => json!({ "raw": true }),
            Self::Raw { without } => json!({ "raw": true, "without": without }),
        }
    }
}

fn column(from: &str, convert: Option<&Json>) -> Result<Rule, String> {
    if from.is_empty() {
        return Err("the name of the column is empty".to_owned());
    }
    let convert = match convert {
        None => None,
        Some(word) => Some(match word.as_str() {
            Some("text") => As::Text,
            Some("int") => As::Int,
            Some("bool") => As::Bool,
            Some("phone") => {
                return Err("`as = \"phone\"` is not available in this version; \
                            without it a number is taken as it stands"
                    .to_owned());
            }
            _ => return Err("`as` must be \"text\", \"int\" or \"bool\"".to_owned()),
        }),
    };
    Ok(Rule::Column { from: from.to_owned(), convert })
}

fn constant(value: &Json) -> Result<Constant, String> {
    let wrong =
        || "`value` must be text, a whole number, true, false or a list of texts".to_owned();
    match value {
        Json::String(text) => Ok(Constant::Text(text.clone())),
        Json::Bool(truth) => Ok(Constant::Bool(*truth)),
        Json::Number(number) => number.as_i64().map(Constant::Int).ok_or_else(wrong),
        Json::Array(list) => texts(list).map(Constant::List).ok_or_else(wrong),
        _ => Err(wrong()),
    }
}

fn raw(rule: &Map<String, Json>) -> Result<Rule, String> {
    if rule["raw"] != Json::Bool(true) {
        return Err("`raw` can only be true".to_owned());
    }
    let without = match rule.get("without") {
        None => Vec::new(),
        Some(list) => list
            .as_array()
            .and_then(|list| texts(list))
            .ok_or("`without` must be a list of column names")?,
    };
    Ok(Rule::Raw { without })
}

fn texts(list: &[Json]) -> Option<Vec<String>> {
    list.iter().map(|item| item.as_str().map(str::to_owned)).collect()
}
