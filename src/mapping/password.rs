//! The rule of a password whose parts stand in columns of their own, or that is to be shorter.

use super::Source;
use super::jq::{IMMODERATE, Program};
use super::record::{Fields, Json};
use super::rule::{self, RuleError};
use crate::password::compose::{Composable, Encoding, Order, Parts, compose, shorten};
use crate::password::{Scheme, detect, is_unusable};
use crate::problem::{Problem, Rule as Broken};
use secrecy::SecretString;
use serde_json::{Map, Value, json};
use std::borrow::Cow;
use std::sync::Arc;

/// Where the parts of a password's hash come from.
#[derive(Clone, Debug, PartialEq)]
pub struct Password {
    scheme: SchemeOf,
    hash: String,
    hash_encoding: Option<Encoding>,
    salt: Option<String>,
    salt_encoding: Encoding,
    order: Order,
    iterations: Option<Number>,
    n: Option<Number>,
    r: Number,
    p: Number,
    short: bool,
}

/// Which scheme the hash is of.
#[derive(Clone, Debug, PartialEq)]
enum SchemeOf {
    /// The same for all.
    Named(Composable),
    /// The one that is named for each record.
    From(Origin),
    /// The one that the hash says itself.
    Hash,
}

/// A number of the mapping, or where a record has it.
#[derive(Clone, Debug, PartialEq)]
enum Number {
    Value(u32),
    From(Origin),
}

/// Where a record has what belongs to its hash, and is no secret.
#[derive(Clone, Debug, PartialEq)]
enum Origin {
    /// In a column.
    Column(String),
    /// A program makes it of the record, which it sees with the password's columns.
    Jq(Arc<Program>),
}

/// The keys of the rule.
pub(super) const KEYS: &[&str] = &[
    "scheme",
    "scheme_from",
    "hash",
    "hash_encoding",
    "salt",
    "salt_encoding",
    "order",
    "iterations",
    "n",
    "r",
    "p",
    "short",
];
/// Those by which it is known.
pub(super) const MARKS: &[&str] = &["scheme", "scheme_from", "hash", "salt", "short", "order"];

const FORM: &str = "a password in parts is { scheme = \"sha256\", hash = \"column\", salt = \
                    \"column\", order = \"salt+password\" }, and a long one { hash = \"column\", \
                    short = true }";

impl Password {
    /// Reads the rule as it stands in the configuration or in the job table.
    pub(super) fn from_json(rule: &Map<String, Value>) -> Result<Self, RuleError> {
        if let Some(key) = rule.keys().find(|key| !KEYS.contains(&key.as_str())) {
            let shown = crate::input::show_name(key.as_bytes());
            let message = format!("`{shown}` does not belong to a password's rule; {FORM}");
            return Err(RuleError::of(key, message));
        }
        let rule = Keys(rule);
        let short = match rule.0.get("short") {
            None | Some(Value::Bool(false)) => false,
            Some(Value::Bool(true)) => true,
            Some(_) => return Err(RuleError::of("short", "`short` must be true or false")),
        };
        let Some(hash) = rule.column("hash")? else {
            return Err(RuleError::new(format!("`hash` is missing: {FORM}")));
        };
        let password = Self {
            scheme: rule.scheme(short)?,
            hash,
            hash_encoding: rule.encoding("hash_encoding")?,
            salt: rule.column("salt")?,
            salt_encoding: rule.encoding("salt_encoding")?.unwrap_or(Encoding::Text),
            order: rule.order()?,
            iterations: rule.number("iterations")?,
            n: rule.number("n")?,
            r: rule.number("r")?.unwrap_or(Number::Value(8)),
            p: rule.number("p")?.unwrap_or(Number::Value(1)),
            short,
        };
        password.is_whole(&rule).map(|()| password)
    }

    /// What one key asks of another.
    fn is_whole(&self, rule: &Keys<'_>) -> Result<(), RuleError> {
        let missing = |key: &str, wants: &str| {
            let of = rule.0.keys().next().map_or("hash", String::as_str);
            RuleError::of(of, format!("`{key}` is missing: {wants}"))
        };
        let scheme = match self.scheme {
            SchemeOf::Named(scheme) => scheme,
            // The records say.
            SchemeOf::From(_) => return Ok(()),
            SchemeOf::Hash => {
                let other = KEYS
                    .iter()
                    .find(|key| !matches!(**key, "hash" | "short") && rule.0.contains_key(**key));
                return match other {
                    None => Ok(()),
                    Some(key) => Err(RuleError::of(key, format!("`{key}` wants a `scheme`"))),
                };
            }
        };
        let belongs: &[&str] = match scheme {
            Composable::Digest(_) => &["order", "hash_encoding", "salt_encoding"],
            Composable::Pbkdf2(_) => &["iterations", "hash_encoding", "salt_encoding"],
            Composable::Scrypt => &["n", "r", "p", "hash_encoding", "salt_encoding"],
            // Both columns are base64, always.
            Composable::Firebase => &[],
        };
        for key in ["order", "iterations", "n", "r", "p", "hash_encoding", "salt_encoding"] {
            if rule.0.contains_key(key) && !belongs.contains(&key) {
                let message =
                    format!("`{key}` does not belong to scheme = \"{}\"", scheme.as_str());
                return Err(RuleError::of(key, message));
            }
        }
        match scheme {
            Composable::Digest(_) if self.salt.is_some() && !self.order.has_salt() => Err(missing(
                "order",
                "what was hashed, e.g. \"salt+password\", \"password+salt\", \"md5(password)+salt\"",
            )),
            Composable::Digest(_) if self.salt.is_none() && self.order.has_salt() => {
                Err(missing("salt", "the column of the salt"))
            }
            Composable::Digest(_) => Ok(()),
            _ if self.salt.is_none() => Err(missing("salt", "the column of the salt")),
            Composable::Pbkdf2(_) if self.iterations.is_none() => {
                Err(missing("iterations", "a number, or the column that has it"))
            }
            Composable::Scrypt if self.n.is_none() => {
                Err(missing("n", "the cost, a power of two, or the column that has it"))
            }
            _ => Ok(()),
        }
    }

    /// The canonical form, which [`Self::from_json`] reads back.
    pub(super) fn to_json(&self) -> Value {
        let mut rule = Map::new();
        let mut put = |key: &str, value: Value| drop(rule.insert(key.to_owned(), value));
        match &self.scheme {
            SchemeOf::Named(scheme) => put("scheme", json!(scheme.as_str())),
            SchemeOf::From(origin) => put("scheme_from", origin.to_json()),
            SchemeOf::Hash => {}
        }
        put("hash", json!(self.hash));
        if let Some(encoding) = self.hash_encoding {
            put("hash_encoding", json!(encoding.as_str()));
        }
        if let Some(salt) = &self.salt {
            put("salt", json!(salt));
        }
        if self.salt_encoding != Encoding::Text {
            put("salt_encoding", json!(self.salt_encoding.as_str()));
        }
        if self.order != Order::plain() {
            put("order", json!(self.order.words()));
        }
        let defaults = [Number::Value(8), Number::Value(1)];
        let numbers = [
            ("iterations", self.iterations.as_ref()),
            ("n", self.n.as_ref()),
            ("r", Some(&self.r).filter(|r| **r != defaults[0])),
            ("p", Some(&self.p).filter(|p| **p != defaults[1])),
        ];
        for (key, number) in numbers {
            match number {
                Some(Number::Value(value)) => put(key, json!(value)),
                Some(Number::From(origin)) => put(key, origin.to_json()),
                None => {}
            }
        }
        if self.short {
            put("short", json!(true));
        }
        Value::Object(rule)
    }

    /// The column of the hash.
    pub(crate) fn hash(&self) -> &str {
        &self.hash
    }

    /// The columns that must not go anywhere else.
    pub(super) fn secrets(&self) -> impl Iterator<Item = &str> {
        [Some(&self.hash), self.salt.as_ref()].into_iter().flatten().map(String::as_str)
    }

    /// All columns that it reads.
    pub(crate) fn columns(&self) -> impl Iterator<Item = &str> {
        let scheme = match &self.scheme {
            SchemeOf::From(origin) => Some(origin),
            _ => None,
        };
        let numbers = [self.iterations.as_ref(), self.n.as_ref(), Some(&self.r), Some(&self.p)];
        let numbers = numbers.into_iter().flatten().filter_map(|number| match number {
            Number::From(origin) => Some(origin),
            Number::Value(_) => None,
        });
        self.secrets().chain(scheme.into_iter().chain(numbers).flat_map(Origin::columns))
    }

    /// Whether its digests are hashed with a salt of their own.
    pub(crate) fn has_salt(&self) -> bool {
        self.salt.is_some()
    }

    /// What it does, for people.
    pub(super) fn what(&self) -> &'static str {
        match self.scheme {
            SchemeOf::Named(scheme) => scheme.as_str(),
            SchemeOf::From(Origin::Column(_)) => "the scheme that its column names",
            SchemeOf::From(Origin::Jq(_)) => "the scheme that a jq program names",
            SchemeOf::Hash => "a shorter hash",
        }
    }

    /// The one string for a record; none where it has no hash.
    pub(super) fn take(&self, source: &Source<'_>) -> Result<Option<SecretString>, Problem> {
        let is_there = |hash: &Cow<'_, str>| !hash.is_empty() && !is_unusable(hash);
        let Some(hash) = text(&source.fields, &self.hash)?.filter(is_there) else {
            return Ok(None);
        };
        let stored = self.compose(source, &hash)?;
        let stored = if self.short { shorten(&stored) } else { stored };
        Ok(Some(stored.into()))
    }

    fn compose(&self, source: &Source<'_>, hash: &str) -> Result<String, Problem> {
        // Tables that changed their scheme once have both: a hash that says its own stays as it is.
        if is_whole(hash) {
            return Ok(hash.to_owned());
        }
        let scheme = match &self.scheme {
            SchemeOf::Named(scheme) => *scheme,
            SchemeOf::Hash => return Ok(hash.to_owned()),
            SchemeOf::From(origin) => self.scheme_of(origin, source)?,
        };
        if matches!(scheme, Composable::Digest(_)) && self.salt.is_some() && !self.order.has_salt()
        {
            let message = "a digest with a salt, and the mapping has no `order` that says what was \
                           hashed, e.g. \"salt+password\"";
            return Err(Problem::new(&self.hash, Broken::Password, message));
        }
        let salt = self.salt.as_ref().map(|salt| text(&source.fields, salt)).transpose()?.flatten();
        // An empty cell is no value.
        let salt = salt.filter(|salt| !salt.is_empty());
        // Only what the scheme asks for: a column of another may be anything in this record.
        let of = |number: &Number| number.of(source, &self.hash);
        let (mut iterations, mut scrypt) = (None, None);
        match (scheme, &self.iterations, &self.n) {
            (Composable::Pbkdf2(_), Some(number), _) => iterations = of(number)?,
            (Composable::Scrypt, _, Some(n)) => {
                let (n, r, p) = (of(n)?, of(&self.r)?, of(&self.p)?);
                scrypt = n.zip(r).zip(p).map(|((n, r), p)| (u64::from(n), r, p));
            }
            _ => {}
        }
        let parts = Parts {
            hash,
            hash_encoding: self.hash_encoding,
            salt: salt.as_deref(),
            salt_encoding: self.salt_encoding,
            order: &self.order,
            iterations,
            scrypt,
        };
        compose(scheme, &parts).map_err(|why| Problem::new(&self.hash, Broken::Password, why))
    }

    /// The scheme that a record names.
    fn scheme_of(&self, origin: &Origin, source: &Source<'_>) -> Result<Composable, Problem> {
        let word = origin.of(source, &self.hash)?.unwrap_or_default();
        Composable::parse(&word).ok_or_else(|| {
            let (column, names) = match origin {
                Origin::Column(column) => (column, "names"),
                Origin::Jq(_) => (&self.hash, "the jq program of `scheme_from` names"),
            };
            let message = format!(
                "{names} no scheme that can be composed ({}), and the hash names none itself",
                Composable::WORDS
            );
            Problem::new(column, Broken::Password, message)
        })
    }
}

impl Origin {
    /// Reads it as it stands behind a key.
    fn from_json(value: &Value) -> Option<Result<Self, RuleError>> {
        match value {
            Value::String(column) if !column.is_empty() => Some(Ok(Self::Column(column.clone()))),
            Value::Object(rule) if rule.len() == 1 => {
                let program = rule::program(rule.get("jq")?);
                Some(program.map(|program| Self::Jq(Arc::new(program))))
            }
            _ => None,
        }
    }

    fn to_json(&self) -> Value {
        match self {
            Self::Column(column) => json!(column),
            Self::Jq(program) => json!({ "jq": program.source() }),
        }
    }

    /// The columns that it reads.
    fn columns(&self) -> Vec<&str> {
        match self {
            Self::Column(column) => vec![column],
            Self::Jq(program) => program.paths().iter().map(String::as_str).collect(),
        }
    }

    /// The text, or number as it is written, of a record. What is wrong with a program's is told of
    /// the column of the hash.
    fn of<'a>(&self, source: &Source<'a>, hash: &str) -> Result<Option<Cow<'a, str>>, Problem> {
        let program = match self {
            Self::Column(column) => return text(&source.fields, column),
            Self::Jq(program) => program,
        };
        let wrong = |why: Cow<'static, str>| Problem::new(hash, Broken::Password, why);
        let record = source.whole().ok_or_else(|| wrong(IMMODERATE.into()))?;
        let output = program.run(&record).map_err(wrong)?;
        let found = part(output.as_json(), hash)?;
        Ok(found.map(|text| text.into_owned().into()))
    }
}

/// Whether a hash can be nothing but the whole of its scheme.
fn is_whole(hash: &str) -> bool {
    let scheme = detect(hash);
    // Base64 of any digest may look like it.
    scheme.is_unmistakable() && scheme != Scheme::AspNetIdentity
}

impl Number {
    fn of(&self, source: &Source<'_>, hash: &str) -> Result<Option<u32>, Problem> {
        match self {
            Self::Value(value) => Ok(Some(*value)),
            Self::From(origin) => {
                Ok(origin.of(source, hash)?.and_then(|text| text.trim().parse().ok()))
            }
        }
    }
}

/// The text, or number as it is written, of a column.
fn text<'a>(fields: &Fields<'a>, column: &str) -> Result<Option<Cow<'a, str>>, Problem> {
    fields.find(column).map_or(Ok(None), |value| part(Json::of(value), column))
}

fn part<'a>(value: Json<'a>, column: &str) -> Result<Option<Cow<'a, str>>, Problem> {
    match value {
        Json::Null => Ok(None),
        Json::Text(text) => Ok(Some(text)),
        Json::Number(number) => Ok(Some(number.into())),
        other => {
            let message = format!("{}, where a part of the password is expected", other.noun());
            Err(Problem::new(column, Broken::Type, message))
        }
    }
}

/// The keys of a rule, read one by one.
struct Keys<'a>(&'a Map<String, Value>);

impl Keys<'_> {
    fn text(&self, key: &str, what: &str) -> Result<Option<&str>, RuleError> {
        match self.0.get(key) {
            None => Ok(None),
            Some(Value::String(text)) if !text.is_empty() => Ok(Some(text)),
            Some(_) => Err(RuleError::of(key, format!("`{key}` must be {what}"))),
        }
    }

    fn column(&self, key: &str) -> Result<Option<String>, RuleError> {
        Ok(self.text(key, "the name of a column")?.map(str::to_owned))
    }

    fn origin(&self, key: &str) -> Result<Option<Origin>, RuleError> {
        const WHAT: &str = "the name of a column, or { jq = \"program\" }";
        let Some(value) = self.0.get(key) else { return Ok(None) };
        match Origin::from_json(value) {
            Some(Ok(origin)) => Ok(Some(origin)),
            // The place in the program is one behind this key.
            Some(Err(error)) => Err(RuleError { key: Some(key.to_owned()), ..error }),
            None => Err(RuleError::of(key, format!("`{key}` must be {WHAT}"))),
        }
    }

    fn scheme(&self, short: bool) -> Result<SchemeOf, RuleError> {
        let named = self.text("scheme", "the name of a scheme")?;
        match (named, self.origin("scheme_from")?) {
            (Some(_), Some(_)) => Err(RuleError::of(
                "scheme_from",
                "only one of `scheme` and `scheme_from` can be given",
            )),
            (Some(word), None) => {
                let scheme = Composable::parse(word).ok_or_else(|| {
                    let words = Composable::WORDS;
                    let whole = Scheme::parse(word).is_some();
                    let message = if whole {
                        format!("a hash of {word} is whole as it stands: name its column alone, password = \"column\"")
                    } else {
                        format!("`scheme` must be one of {words}")
                    };
                    RuleError::of("scheme", message)
                })?;
                Ok(SchemeOf::Named(scheme))
            }
            (None, Some(origin)) => Ok(SchemeOf::From(origin)),
            (None, None) if short => Ok(SchemeOf::Hash),
            (None, None) => Err(RuleError::new(format!(
                "neither `scheme` nor `scheme_from` nor `short`: {FORM}"
            ))),
        }
    }

    fn encoding(&self, key: &str) -> Result<Option<Encoding>, RuleError> {
        const WORDS: &str = "\"text\", \"hex\" or \"base64\"";
        let Some(word) = self.text(key, WORDS)? else { return Ok(None) };
        let encoding = Encoding::parse(word)
            .filter(|encoding| key != "hash_encoding" || *encoding != Encoding::Text)
            .ok_or_else(|| RuleError::of(key, format!("`{key}` must be \"hex\" or \"base64\"")))?;
        Ok(Some(encoding))
    }

    fn order(&self) -> Result<Order, RuleError> {
        const FORM: &str = "up to four of \"salt\", and \"password\", \"md5(password)\" or \
                            \"sha1(password)\" once, with + between";
        let Some(order) = self.text("order", FORM)? else { return Ok(Order::plain()) };
        Order::parse(order).ok_or_else(|| RuleError::of("order", format!("`order` must be {FORM}")))
    }

    fn number(&self, key: &str) -> Result<Option<Number>, RuleError> {
        let wrong = || {
            let what = "a number, or the column that has it, or { jq = \"program\" }";
            RuleError::of(key, format!("`{key}` must be {what}"))
        };
        match self.0.get(key) {
            None => Ok(None),
            Some(Value::Number(number)) => {
                let value = number.as_u64().and_then(|n| u32::try_from(n).ok()).filter(|n| *n > 0);
                value.map(|value| Some(Number::Value(value))).ok_or_else(wrong)
            }
            Some(Value::String(_) | Value::Object(_)) => self
                .origin(key)
                .map_err(|error| if error.at.is_some() { error } else { wrong() })
                .map(|origin| origin.map(Number::From)),
            Some(_) => Err(wrong()),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::mapping::{Mapping, Rule};
    use crate::target::authing::fields::V2;
    use secrecy::ExposeSecret as _;
    use serde_json::{Value, json};

    fn mapping(rule: &Value) -> Mapping {
        let rule = Rule::from_json(rule).unwrap();
        assert_eq!(Rule::from_json(&rule.to_json()).unwrap(), rule, "it is read as it was written");
        Mapping::new(vec![
            ("externalId".to_owned(), Rule::column("id")),
            ("password".to_owned(), rule),
            ("oauth".to_owned(), Rule::Raw { without: Vec::new() }),
        ])
    }

    /// The password that comes of a record, or the problem: field, rule and message.
    fn taken(rule: &Value, record: &Value) -> Result<Option<String>, String> {
        let mapping = mapping(rule);
        mapping.validate(&V2).unwrap();
        let (user, problems) = mapping.apply(record.to_string().as_bytes(), &V2);
        for column in ["hash", "salt"] {
            let raw = format!("{:?}", user.get("oauth"));
            assert!(!raw.contains(column), "the copy holds no {column}: {raw}");
        }
        match problems.as_slice() {
            [] => Ok(user.password.map(|password| password.expose_secret().to_owned())),
            [problem] => Err(format!("{} {}: {}", problem.field, problem.rule, problem.message)),
            several => panic!("{several:?}"),
        }
    }

    const MD5: &str = "5f4dcc3b5aa765d61d8327deb882cf99";

    #[test]
    fn parts_become_one_string() {
        let md5 =
            json!({"scheme": "md5", "hash": "hash", "salt": "salt", "order": "md5(password)+salt"});
        let one = Ok(Some("$md5$ms$YWI$X03MO1qnZdYdgyfeuILPmQ".to_owned()));
        assert_eq!(taken(&md5, &json!({"id": 1, "hash": MD5, "salt": "ab"})), one);
        for absent in
            [json!({"id": 1}), json!({"id": 1, "hash": null}), json!({"id": 1, "hash": ""})]
        {
            assert_eq!(taken(&md5, &absent), Ok(None));
        }
        // A table that has both.
        let bcrypt = format!("$2b$12${}", "x".repeat(53));
        assert_eq!(taken(&md5, &json!({"id": 1, "hash": bcrypt})), Ok(Some(bcrypt)));
        let by_column =
            json!({"scheme_from": "algo", "hash": "hash", "salt": "salt", "iterations": "n"});
        let record = json!({"id": 1, "algo": "PBKDF2-SHA256", "n": "29000", "hash": "ab".repeat(32), "salt": "ab"});
        let one = format!("$pbkdf2-sha256$29000$YWI${}", "q6ur".repeat(10) + "q6s");
        assert_eq!(taken(&by_column, &record), Ok(Some(one)));
        // Which of its records are digests, the column says: a salt must not be dropped then.
        let record = json!({"id": 1, "algo": "SHA-256", "hash": "ab".repeat(32), "salt": "ab"});
        let problem = taken(&by_column, &record).unwrap_err();
        assert!(
            problem.contains("a digest with a salt, and the mapping has no `order`"),
            "{problem}"
        );
        let mut with_order = by_column.clone();
        with_order["order"] = json!("salt+password");
        let one = format!("$sha256$sp$YWI${}", "q6ur".repeat(10) + "q6s");
        assert_eq!(taken(&with_order, &record), Ok(Some(one)));
        let short = json!({"hash": "hash", "short": true});
        let one = format!("$sha512$p$${}", "q6ur".repeat(10) + "q6s");
        assert_eq!(taken(&short, &json!({"id": 1, "hash": "ab".repeat(64)})), Ok(Some(one)));
        assert_eq!(taken(&short, &json!({"id": 1, "hash": MD5})), Ok(Some(MD5.to_owned())));
    }

    #[test]
    fn what_does_not_fit_is_a_problem_of_its_column() {
        let md5 =
            json!({"scheme": "md5", "hash": "hash", "salt": "salt", "order": "salt+password"});
        let none = "hash password: no hash of md5, in 32 hexadecimal digits or the same in base64";
        let length = "hash password: 64 hexadecimal digits, where md5 has 32; if the column has hashes of several \
                      schemes, scheme_from = { jq = '…' } says which";
        let absent = "hash password: the salt is absent";
        for (record, problem) in [
            (json!({"id": 1, "hash": "secret", "salt": "ab"}), none),
            // How long it is must not be told of what may be a password.
            (json!({"id": 1, "hash": "123456", "salt": "ab"}), none),
            (json!({"id": 1, "hash": "ab".repeat(32), "salt": "ab"}), length),
            (json!({"id": 1, "hash": MD5}), absent),
            (json!({"id": 1, "hash": MD5, "salt": null}), absent),
            (
                json!({"id": 1, "hash": MD5, "salt": [1]}),
                "salt type: a list, where a part of the password is expected",
            ),
        ] {
            assert_eq!(taken(&md5, &record), Err(problem.to_owned()));
        }
        let by_column = json!({"scheme_from": "algo", "hash": "hash"});
        let problem = taken(&by_column, &json!({"id": 1, "hash": MD5, "algo": "rot13"}));
        assert!(
            problem.unwrap_err().starts_with("algo password: names no scheme that can be composed")
        );
    }

    #[test]
    fn a_program_names_the_scheme_of_each_hash_and_sees_it() {
        let by_length = json!({
            "scheme_from": {"jq": "if (.hash | length) == 32 then \"md5\" else \"pbkdf2-sha256\" end"},
            "iterations": {"jq": ".rounds * 1000"}, "hash": "hash", "salt": "salt", "order": "salt+password",
        });
        let md5 = json!({"id": 1, "hash": MD5, "salt": "ab"});
        assert_eq!(
            taken(&by_length, &md5),
            Ok(Some("$md5$sp$YWI$X03MO1qnZdYdgyfeuILPmQ".to_owned()))
        );
        let record = json!({"id": 1, "hash": "ab".repeat(32), "salt": "ab", "rounds": 29});
        let one = format!("$pbkdf2-sha256$29000$YWI${}", "q6ur".repeat(10) + "q6s");
        assert_eq!(taken(&by_length, &record), Ok(Some(one)));
        for (program, why) in [
            (
                ".hash",
                "hash password: the jq program of `scheme_from` names no scheme that can be composed",
            ),
            ("empty", "hash password: the jq program of `scheme_from` names no scheme"),
            ("error(.hash)", "hash password: "),
            ("{hash}", "hash type: an object, where a part of the password is expected"),
        ] {
            let rule = json!({"scheme_from": {"jq": program}, "hash": "hash", "salt": "salt"});
            let problem = taken(&rule, &md5).unwrap_err();
            assert!(problem.starts_with(why) && !problem.contains(MD5), "{program}: {problem}");
        }
        let mapping = mapping(&by_length);
        let Some(Rule::Password(password)) = mapping.rule("password") else {
            panic!("no password")
        };
        assert!(password.columns().any(|column| column == "rounds"), "what feeds it is told");
    }

    #[test]
    fn a_rule_that_cannot_be_is_refused_with_the_way_out() {
        for (rule, key, message) in [
            (json!({"scheme": "md5"}), None, "`hash` is missing"),
            (json!({"hash": "h"}), None, "neither `scheme` nor `scheme_from` nor `short`"),
            (
                json!({"scheme": "rot13", "hash": "h"}),
                Some("scheme"),
                "`scheme` must be one of md5",
            ),
            (json!({"scheme": "bcrypt", "hash": "h"}), Some("scheme"), "is whole as it stands"),
            (
                json!({"scheme": "md5", "hash": "h", "salt": "s"}),
                Some("scheme"),
                "`order` is missing",
            ),
            (
                json!({"scheme": "md5", "hash": "h", "order": "salt+password"}),
                Some("scheme"),
                "`salt` is missing",
            ),
            (
                json!({"scheme": "md5", "hash": "h", "order": "password+password"}),
                Some("order"),
                "`order` must be",
            ),
            (json!({"scheme": "md5", "hash": "h", "n": 2}), Some("n"), "does not belong to"),
            (
                json!({"scheme": "pbkdf2-sha256", "hash": "h", "salt": "s"}),
                Some("scheme"),
                "`iterations` is missing",
            ),
            (
                json!({"scheme": "scrypt", "hash": "h", "salt": "s"}),
                Some("scheme"),
                "`n` is missing",
            ),
            (
                json!({"scheme": "pbkdf2-sha256", "hash": "h", "salt": "s", "iterations": 0}),
                Some("iterations"),
                "must be a number, or the column",
            ),
            (
                json!({"hash": "h", "short": true, "salt": "s"}),
                Some("salt"),
                "`salt` wants a `scheme`",
            ),
            (
                json!({"scheme_from": {"jq": "if"}, "hash": "h"}),
                Some("scheme_from"),
                "jq: a term is expected",
            ),
            (
                json!({"scheme_from": {"from": "x"}, "hash": "h"}),
                Some("scheme_from"),
                "must be the name of a column, or { jq",
            ),
            (json!({"hash": "h", "short": "yes"}), Some("short"), "must be true or false"),
            (
                json!({"scheme": "md5", "hash": "h", "from": "x"}),
                Some("from"),
                "does not belong to",
            ),
            (
                json!({"scheme": "md5", "hash": "h", "hash_encoding": "text"}),
                Some("hash_encoding"),
                "must be \"hex\" or \"base64\"",
            ),
        ] {
            let error = Rule::from_json(&rule).unwrap_err();
            assert_eq!(error.key.as_deref(), key, "{rule}");
            assert!(error.message.contains(message), "{rule}: {}", error.message);
        }
    }

    #[test]
    fn its_columns_feed_nothing_else_and_it_feeds_no_other_field() {
        let rule =
            json!({"scheme": "md5", "hash": "hash", "salt": "salt", "order": "salt+password"});
        for column in ["hash", "salt"] {
            let mut rules = mapping(&rule).rules().to_vec();
            rules.push(("nickname".to_owned(), Rule::column(column)));
            let error = Mapping::new(rules).validate(&V2).unwrap_err().to_string();
            assert!(error.contains("feeds the password and `nickname` too"), "{error}");
        }
        let rules = vec![("nickname".to_owned(), Rule::from_json(&rule).unwrap())];
        let error = Mapping::new(rules).validate(&V2).unwrap_err().to_string();
        assert!(error.contains("`nickname` is no password"), "{error}");
    }
}
