//! One rule of a mapping: where the value of a provider's field comes from, and what is done with
//! it.

use super::error::RuleError;
use super::home::Home;
use super::jq::Program;
use super::password::{self, Password};
use super::path;
use crate::values::DateForm;
use serde_json::{Map, Value as Json, json};
use std::sync::Arc;

/// Where a value comes from.
#[derive(Clone, Debug, PartialEq)]
pub enum Rule {
    /// A field of the record, by name or path.
    Column {
        /// The name in the export.
        from: String,
        /// What is done with it.
        how: How,
    },
    /// What a jq program makes of the record.
    Jq {
        program: Arc<Program>,
        /// What is done with its result.
        how: How,
    },
    /// The same value for every user.
    Constant(Constant),
    /// The whole record as compact JSON, without these fields and without the password's.
    Raw {
        /// Names or paths that are left out.
        without: Vec<String>,
    },
    /// A password of several parts; for the password's field alone.
    Password(Box<Password>),
}

/// What is done with a value before it is sent.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct How {
    /// Conversions, in this order. Without any the type must fit as it is.
    pub steps: Vec<As>,
    /// The value where there is none: absent, null, empty, or white space that was trimmed.
    pub default: Option<Constant>,
    /// Whether a value that does not fit leaves the field out (`on_error = "omit"`). Otherwise its
    /// record is invalid.
    pub omits: bool,
}

impl How {
    /// The column that says the region of a phone number.
    pub(super) fn region_column(&self) -> Option<&str> {
        match self.steps.last()? {
            As::Phone(Home::Column(column)) | As::E164(Home::Column(column)) => Some(column),
            _ => None,
        }
    }

    /// Whether dates are converted.
    pub(crate) fn has_date(&self) -> bool {
        self.steps.iter().any(|step| matches!(step, As::Date(_)))
    }
}

/// A conversion that is asked for by name.
#[derive(Clone, Debug, PartialEq)]
pub enum As {
    /// Numbers and truth values become text.
    Text,
    /// Text such as `4` becomes a whole number.
    Int,
    /// `true false yes no t f y n 1 0` (in any case), `是 否 启用 禁用 停用 正常 冻结` become a truth value.
    Bool,
    /// As [`Self::Bool`], and the opposite: for a column that says who is active.
    Not,
    /// Text loses the white space around it.
    Trim,
    /// Text in lower case.
    Lower,
    /// A date or time becomes what the provider takes.
    Date(DateForm),
    /// A phone number becomes what the provider keeps; the country code goes into its own field.
    Phone(Home),
    /// A phone number with its country code: `+8613800138000`.
    E164(Home),
    /// Words for a gender become `M`, `F` or `U`.
    Gender,
}

impl As {
    /// The word in the configuration.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Int => "int",
            Self::Bool => "bool",
            Self::Not => "not",
            Self::Trim => "trim",
            Self::Lower => "lower",
            Self::Date(_) => "date",
            Self::Phone(_) => "phone",
            Self::E164(_) => "e164",
            Self::Gender => "gender",
        }
    }

    /// Whether another conversion can follow.
    fn can_go_on(&self) -> bool {
        matches!(self, Self::Text | Self::Trim | Self::Lower)
    }
}

/// A value that stands in the configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Constant {
    Text(String),
    Bool(bool),
    Int(i64),
    List(Vec<String>),
}

const FORMS: &str = "a rule is \"column\", { from = \"column\", as = \"text\", default = … }, \
                     { jq = \"program\" }, { value = … } or { raw = true, without = [\"column\"] }";
const STEPS: &str = "`as` must be \"text\", \"int\", \"bool\", \"not\", \"trim\", \"lower\", \"date\", \
                     \"phone\", \"e164\" or \"gender\", or a list of these";
const VALUE: &str = "must be text, a whole number, true, false or a list of texts";

/// What says where a value comes from.
const KINDS: &[&str] = &["from", "jq", "value", "raw"];
/// What says what is done with it.
const HOW: &[&str] = &["as", "default", "region", "format", "zone", ON_ERROR];
/// The key that says what a value does that does not fit, and its only word.
const ON_ERROR: &str = "on_error";
const OMIT: &str = "omit";

impl Rule {
    /// A column as it is.
    pub fn column(from: impl Into<String>) -> Self {
        Self::Column { from: from.into(), how: How::default() }
    }

    /// Reads a rule as it stands in the configuration or in the job table.
    pub fn from_json(rule: &Json) -> Result<Self, RuleError> {
        match rule {
            Json::String(from) => column(from, How::default()),
            Json::Object(rule) => Self::from_object(rule),
            _ => Err(RuleError::new(format!("not a rule: {FORMS}"))),
        }
    }

    fn from_object(rule: &Map<String, Json>) -> Result<Self, RuleError> {
        if rule.keys().any(|key| password::MARKS.contains(&key.as_str())) {
            return Ok(Self::Password(Box::new(Password::from_json(rule)?)));
        }
        let kinds: Vec<&str> =
            KINDS.iter().copied().filter(|kind| rule.contains_key(*kind)).collect();
        let kind = match kinds.as_slice() {
            [kind] => *kind,
            [] => {
                let message = format!("neither `from` nor `jq` nor `value` nor `raw`: {FORMS}");
                return Err(RuleError::new(message));
            }
            several => {
                let message = format!("only one of `{}` can be given", several.join("`, `"));
                return Err(RuleError::of(several[1], message));
            }
        };
        let beside: &[&str] = match kind {
            "from" | "jq" => HOW,
            "raw" => &["without"],
            _ => &[],
        };
        if let Some(key) = rule.keys().find(|key| *key != kind && !beside.contains(&key.as_str())) {
            let shown = crate::input::show_name(key.as_bytes());
            let message = format!("`{shown}` does not belong beside `{kind}`; {FORMS}");
            return Err(RuleError::of(key, message));
        }
        match kind {
            "from" => {
                let from = rule["from"].as_str();
                let from = from
                    .ok_or_else(|| RuleError::of("from", "`from` must be the name of a column"))?;
                column(from, how(rule)?)
            }
            "jq" => {
                let program = Program::read(&rule["jq"])?;
                Ok(Self::Jq { program: Arc::new(program), how: how(rule)? })
            }
            "value" => constant("value", &rule["value"]).map(Self::Constant),
            _ => raw(rule),
        }
    }

    /// Whether the value comes from this column, or from something inside it.
    pub fn reads(&self, column: &str) -> bool {
        match self {
            Self::Column { from, .. } => from == column,
            Self::Jq { program, .. } => program.paths().iter().any(|path| {
                path.strip_prefix(column)
                    .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
            }),
            Self::Password(password) => password.columns().any(|name| name == column),
            Self::Constant(_) | Self::Raw { .. } => false,
        }
    }

    /// Whether its value would be what this path leads to, have it in it, or be a part of it. What a
    /// program sees goes without it, so only one that names it counts.
    pub(super) fn takes(&self, secret: &str) -> bool {
        if self.region_column().is_some_and(|column| path::overlap(column, secret)) {
            return true;
        }
        match self {
            Self::Column { from, .. } => path::overlap(from, secret),
            Self::Jq { program, .. } => {
                program.paths().iter().any(|path| path::leads_into(path, secret))
            }
            Self::Password(_) | Self::Constant(_) | Self::Raw { .. } => false,
        }
    }

    /// The column that a person would name for it, if it is one.
    pub fn column_name(&self) -> Option<&str> {
        match self {
            Self::Column { from, .. } => Some(from),
            Self::Password(password) => password.hash(),
            Self::Jq { .. } | Self::Constant(_) | Self::Raw { .. } => None,
        }
    }

    /// What is done with the value, where it comes from the record.
    pub fn how(&self) -> Option<&How> {
        match self {
            Self::Column { how, .. } | Self::Jq { how, .. } => Some(how),
            Self::Constant(_) | Self::Raw { .. } | Self::Password(_) => None,
        }
    }

    /// The column that says the region of its phone number.
    pub(crate) fn region_column(&self) -> Option<&str> {
        self.how().and_then(How::region_column)
    }

    /// Whether a value that does not fit leaves the field out instead of making the record invalid.
    pub fn omits(&self) -> bool {
        self.how().is_some_and(|how| how.omits)
    }

    /// The canonical form; [`Self::from_json`] reads it back.
    pub fn to_json(&self) -> Json {
        match self {
            Self::Column { from, how } if *how == How::default() => json!(from),
            Self::Column { from, how } => how.with("from", from),
            Self::Jq { program, how } => how.with("jq", program.source()),
            Self::Constant(value) => json!({ "value": value.to_json() }),
            Self::Raw { without } if without.is_empty() => json!({ "raw": true }),
            Self::Raw { without } => json!({ "raw": true, "without": without }),
            Self::Password(password) => password.to_json(),
        }
    }
}

impl Constant {
    fn to_json(&self) -> Json {
        match self {
            Self::Text(text) => json!(text),
            Self::Bool(truth) => json!(truth),
            Self::Int(number) => json!(number),
            Self::List(list) => json!(list),
        }
    }
}

impl How {
    /// As the members of an object behind one that says where the value comes from.
    fn with(&self, kind: &str, value: &str) -> Json {
        let mut rule = Map::new();
        rule.insert(kind.to_owned(), json!(value));
        let words: Vec<&str> = self.steps.iter().map(As::as_str).collect();
        match words.as_slice() {
            [] => {}
            [word] => drop(rule.insert("as".to_owned(), json!(word))),
            words => drop(rule.insert("as".to_owned(), json!(words))),
        }
        match self.steps.last() {
            Some(As::Date(form)) => {
                for (name, value) in [("format", form.format()), ("zone", form.zone())] {
                    drop(value.map(|value| rule.insert(name.to_owned(), json!(value))));
                }
            }
            Some(As::Phone(home) | As::E164(home)) => home.put(&mut rule),
            _ => {}
        }
        if let Some(default) = &self.default {
            rule.insert("default".to_owned(), default.to_json());
        }
        if self.omits {
            rule.insert(ON_ERROR.to_owned(), json!(OMIT));
        }
        Json::Object(rule)
    }
}

fn column(from: &str, how: How) -> Result<Rule, RuleError> {
    if from.is_empty() {
        return Err(RuleError::of("from", "the name of the column is empty"));
    }
    Ok(Rule::Column { from: from.to_owned(), how })
}

fn how(rule: &Map<String, Json>) -> Result<How, RuleError> {
    let words: Vec<&str> = match rule.get("as") {
        None => Vec::new(),
        Some(Json::String(word)) => vec![word.as_str()],
        Some(list) => {
            let words = list.as_array().map(|list| list.iter().map(Json::as_str).collect());
            words.flatten().ok_or_else(|| RuleError::of("as", STEPS))?
        }
    };
    let steps: Vec<As> = words.iter().map(|word| step(word, rule)).collect::<Result<_, _>>()?;
    if let Some(early) = steps.iter().rev().skip(1).find(|step| !step.can_go_on()) {
        let message = format!("\"{}\" must come last in `as`", early.as_str());
        return Err(RuleError::of("as", message));
    }
    let last = steps.last();
    for (key, fits, wants) in [
        ("region", matches!(last, Some(As::Phone(_) | As::E164(_))), "as = \"phone\""),
        ("format", matches!(last, Some(As::Date(_))), "as = \"date\""),
        ("zone", matches!(last, Some(As::Date(_))), "as = \"date\""),
    ] {
        if rule.contains_key(key) && !fits {
            return Err(RuleError::of(key, format!("`{key}` belongs to {wants}")));
        }
    }
    let default = rule.get("default").map(|value| constant("default", value)).transpose()?;
    let omits = match rule.get(ON_ERROR) {
        None => false,
        Some(word) if word == OMIT => true,
        Some(_) => return Err(RuleError::of(ON_ERROR, "`on_error` can only be \"omit\"")),
    };
    Ok(How { steps, default, omits })
}

fn step(word: &str, rule: &Map<String, Json>) -> Result<As, RuleError> {
    let option = |key: &str, form: &str| match rule.get(key) {
        None => Ok(None),
        Some(Json::String(text)) => Ok(Some(text.clone())),
        Some(_) => Err(RuleError::of(key, format!("`{key}`: {form} is expected"))),
    };
    Ok(match word {
        "text" => As::Text,
        "int" => As::Int,
        "bool" => As::Bool,
        "not" => As::Not,
        "trim" => As::Trim,
        "lower" => As::Lower,
        "gender" => As::Gender,
        "phone" => As::Phone(Home::read(rule)?),
        "e164" => As::E164(Home::read(rule)?),
        "date" => {
            let format = option("format", "a pattern such as \"%d/%m/%Y\"")?;
            let zone = option("zone", "an offset from UTC such as \"+08:00\"")?;
            let form = DateForm::new(format.as_deref(), zone.as_deref());
            As::Date(form.map_err(|(key, why)| RuleError::of(key, format!("`{key}`: {why}")))?)
        }
        _ => return Err(RuleError::of("as", STEPS)),
    })
}

fn constant(key: &str, value: &Json) -> Result<Constant, RuleError> {
    let wrong = || RuleError::of(key, format!("`{key}` {VALUE}"));
    match value {
        Json::String(text) => Ok(Constant::Text(text.clone())),
        Json::Bool(truth) => Ok(Constant::Bool(*truth)),
        Json::Number(number) => number.as_i64().map(Constant::Int).ok_or_else(wrong),
        Json::Array(list) => texts(list).map(Constant::List).ok_or_else(wrong),
        _ => Err(wrong()),
    }
}

fn raw(rule: &Map<String, Json>) -> Result<Rule, RuleError> {
    if rule["raw"] != Json::Bool(true) {
        return Err(RuleError::of("raw", "`raw` can only be true"));
    }
    let without = match rule.get("without") {
        None => Vec::new(),
        Some(list) => list
            .as_array()
            .and_then(|list| texts(list))
            .ok_or_else(|| RuleError::of("without", "`without` must be a list of column names"))?,
    };
    Ok(Rule::Raw { without })
}

fn texts(list: &[Json]) -> Option<Vec<String>> {
    list.iter().map(|item| item.as_str().map(str::to_owned)).collect()
}
