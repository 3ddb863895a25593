//! A password's rule as it is written: read, judged as a whole, and written again.

use super::origin::{Of, Origin, Word};
use super::{Costs, Password, SchemeOf};
use crate::mapping::error::RuleError;
use crate::password::Scheme;
use crate::password::compose::{Composable, Encoding, Order};
use crate::words::quoted;
use serde_json::{Map, Value, json};

const KEYS: &[&str] = &[
    "scheme",
    "scheme_from",
    "hash",
    "hash_encoding",
    "split",
    "salt",
    "salt_encoding",
    "order",
    "password_encoding",
    "key",
    "key_encoding",
    "iterations",
    "n",
    "r",
    "p",
    "m",
    "variant",
    "version",
    "short",
];
/// Those that not every scheme has.
const PARTS: &[&str] = &[
    "order",
    "iterations",
    "n",
    "r",
    "p",
    "m",
    "variant",
    "version",
    "key",
    "key_encoding",
    "hash_encoding",
    "salt_encoding",
    "password_encoding",
    "split",
];
/// Those by which it is known.
pub(in crate::mapping) const MARKS: &[&str] =
    &["scheme", "scheme_from", "hash", "salt", "short", "order", "split"];

const UNCERTAIN: &str = "jq: the program takes the record as a whole here; name each field that it reads, as in .a.b, \
                         .a[0].b or .a | fromjson | .b, so that all of them are kept out of copies";
const FORM: &str = "a password in parts is { scheme = \"sha256\", hash = \"column\", salt = \
                    \"column\", order = \"salt+password\" }, and a long one { hash = \"column\", \
                    short = true }";

impl Password {
    /// Reads the rule as it stands in the configuration or in the job table.
    pub(in crate::mapping) fn from_json(rule: &Map<String, Value>) -> Result<Self, RuleError> {
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
        let Some(hash) = rule.secret("hash")? else {
            return Err(RuleError::new(format!("`hash` is missing: {FORM}")));
        };
        let text = || Of::Constant(Encoding::Text);
        let costs = Costs {
            iterations: rule.number("iterations")?,
            n: rule.number("n")?,
            r: rule.number("r")?.unwrap_or(Of::Constant(8)),
            p: rule.number("p")?.unwrap_or(Of::Constant(1)),
            m: rule.number("m")?,
            variant: rule.word("variant", "\"i\", \"d\" or \"id\"")?,
            version: rule.word("version", "\"1.0\" or \"1.3\"")?,
        };
        let typed = "\"utf8\", \"utf16le\" or \"latin1\"";
        let password = Self {
            scheme: rule.scheme(short, &hash)?,
            hash,
            hash_encoding: rule.encoding("hash_encoding")?,
            split: rule.text("split", "what stands between digest and salt")?.map(str::to_owned),
            salt: rule.secret("salt")?,
            salt_encoding: rule.encoding("salt_encoding")?.unwrap_or_else(text),
            order: rule.order()?,
            typed: rule.word("password_encoding", typed)?,
            key: rule.secret("key")?,
            key_encoding: rule.encoding("key_encoding")?.unwrap_or_else(text),
            costs,
            short,
        };
        password.is_whole(&rule).map(|()| password)
    }

    /// The rule of a column that is whole.
    pub(in crate::mapping) fn of_column(hash: &str) -> Self {
        Self {
            scheme: SchemeOf::Hash,
            hash: Origin::Column(hash.to_owned()),
            hash_encoding: None,
            split: None,
            salt: None,
            salt_encoding: Of::Constant(Encoding::Text),
            order: Of::Constant(Order::plain()),
            typed: None,
            key: None,
            key_encoding: Of::Constant(Encoding::Text),
            costs: Costs::default(),
            short: false,
        }
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
        let belongs = belongs(scheme);
        if let Some(key) =
            PARTS.iter().find(|key| rule.0.contains_key(**key) && !belongs.contains(key))
        {
            let message = format!("`{key}` does not belong to scheme = \"{}\"", scheme.as_str());
            return Err(RuleError::of(key, message));
        }
        if self.salt.is_some() && self.split.is_some() {
            return Err(RuleError::of("split", "only one of `salt` and `split` can be given"));
        }
        let is_plain = matches!(&self.order, Of::Constant(order) if !order.has_salt());
        let is_of_salt = matches!(&self.order, Of::Constant(order) if order.has_salt());
        let costs = &self.costs;
        match scheme {
            Composable::Digest(_) | Composable::Hmac(_) if self.has_salt() && is_plain => {
                Err(missing(
                    "order",
                    "what was hashed, e.g. \"salt+password\", \"password+salt\", \"md5(password)+salt\"",
                ))
            }
            Composable::Digest(_) | Composable::Hmac(_) if !self.has_salt() && is_of_salt => {
                Err(missing(
                    "salt",
                    "the column of the salt, or split = \":\" where it stands in the column of the hash",
                ))
            }
            Composable::Hmac(_) if self.key.is_none() => {
                Err(missing("key", "the column of the key, or { jq = \"program\" }"))
            }
            Composable::Digest(_) | Composable::Hmac(_) => Ok(()),
            _ if self.salt.is_none() => Err(missing("salt", "the column of the salt")),
            Composable::Pbkdf2(_) | Composable::Argon2(_) if costs.iterations.is_none() => {
                Err(missing("iterations", "a number, or the column that has it"))
            }
            Composable::Scrypt if costs.n.is_none() => {
                Err(missing("n", "the cost, a power of two, or the column that has it"))
            }
            Composable::Argon2(_) if costs.m.is_none() => {
                Err(missing("m", "the memory in KiB, or the column that has it"))
            }
            _ => Ok(()),
        }
    }

    /// The canonical form, which [`Self::from_json`] reads back.
    pub(crate) fn to_json(&self) -> Value {
        let mut rule = Map::new();
        let mut put = |key: &str, value: Value| drop(rule.insert(key.to_owned(), value));
        match &self.scheme {
            SchemeOf::Named(scheme) => put("scheme", json!(scheme.as_str())),
            SchemeOf::From(origin) => put("scheme_from", origin.to_json()),
            SchemeOf::Hash => {}
        }
        put("hash", self.hash.to_json());
        if let Some(encoding) = &self.hash_encoding {
            put("hash_encoding", encoding.to_json(false));
        }
        if let Some(split) = &self.split {
            put("split", json!(split));
        }
        if let Some(salt) = &self.salt {
            put("salt", salt.to_json());
        }
        let text = Of::Constant(Encoding::Text);
        if self.salt_encoding != text {
            put("salt_encoding", self.salt_encoding.to_json(false));
        }
        if self.order != Of::Constant(Order::plain()) {
            put("order", self.order.to_json(false));
        }
        if let Some(typed) = &self.typed {
            put("password_encoding", typed.to_json(false));
        }
        if let Some(key) = &self.key {
            put("key", key.to_json());
        }
        if self.key_encoding != text {
            put("key_encoding", self.key_encoding.to_json(false));
        }
        let (costs, usual) = (&self.costs, Costs::default());
        for (key, number) in [
            ("iterations", costs.iterations.as_ref()),
            ("n", costs.n.as_ref()),
            ("r", Some(&costs.r).filter(|r| **r != usual.r)),
            ("p", Some(&costs.p).filter(|p| **p != usual.p)),
            ("m", costs.m.as_ref()),
        ] {
            if let Some(number) = number {
                put(key, number.to_json(true));
            }
        }
        if let Some(variant) = &costs.variant {
            put("variant", variant.to_json(false));
        }
        if let Some(version) = &costs.version {
            put("version", version.to_json(false));
        }
        if self.short {
            put("short", json!(true));
        }
        Value::Object(rule)
    }
}

/// The keys of a scheme.
fn belongs(scheme: Composable) -> &'static [&'static str] {
    match scheme {
        Composable::Digest(_) => {
            &["order", "password_encoding", "hash_encoding", "salt_encoding", "split"]
        }
        Composable::Hmac(_) => {
            &["order", "password_encoding", "key", "key_encoding", "hash_encoding", "salt_encoding"]
        }
        Composable::Pbkdf2(_) => &["iterations", "hash_encoding", "salt_encoding"],
        Composable::Scrypt => &["n", "r", "p", "hash_encoding", "salt_encoding"],
        Composable::Argon2(_) => {
            &["iterations", "m", "p", "variant", "version", "hash_encoding", "salt_encoding"]
        }
        // Both columns are base64, always.
        Composable::Firebase => &[],
    }
}

impl Password {
    /// As a person writes it in the mapping.
    pub(in crate::mapping) fn to_toml(&self) -> String {
        fn inline(value: &Value) -> String {
            match value {
                Value::String(text) => quoted(text),
                Value::Object(rule) => {
                    let pair =
                        |(key, value): (&String, &Value)| format!("{key} = {}", inline(value));
                    format!("{{ {} }}", rule.iter().map(pair).collect::<Vec<_>>().join(", "))
                }
                other => other.to_string(),
            }
        }
        inline(&self.to_json())
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

    /// Where a part comes from that must go nowhere else: all that it reads is known.
    fn secret(&self, key: &str) -> Result<Option<Origin>, RuleError> {
        let origin = self.origin(key)?;
        match origin.as_ref().map(Origin::certain) {
            Some(Err(at)) => Err(RuleError { at: Some(at), ..RuleError::of(key, UNCERTAIN) }),
            _ => Ok(origin),
        }
    }

    fn scheme(&self, short: bool, hash: &Origin) -> Result<SchemeOf, RuleError> {
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
            (None, None) if short || hash.column().is_none() => Ok(SchemeOf::Hash),
            (None, None) => Err(RuleError::new(format!(
                "neither `scheme` nor `scheme_from` nor `short`: {FORM}"
            ))),
        }
    }

    fn encoding(&self, key: &str) -> Result<Option<Of<Encoding>>, RuleError> {
        let is_hash = key == "hash_encoding";
        let words =
            if is_hash { "\"hex\" or \"base64\"" } else { "\"text\", \"hex\" or \"base64\"" };
        let encoding = self.word(key, words)?;
        if is_hash && encoding == Some(Of::Constant(Encoding::Text)) {
            return Err(RuleError::of(key, format!("`{key}` must be {words}")));
        }
        Ok(encoding)
    }

    fn order(&self) -> Result<Of<Order>, RuleError> {
        const FORM: &str = "up to four of \"salt\", and \"password\", \"md5(password)\" or \
                            \"sha1(password)\" once, with + between";
        Ok(self.word("order", FORM)?.unwrap_or(Of::Constant(Order::plain())))
    }

    /// A word, or where a record has it.
    fn word<T: Word>(&self, key: &str, form: &str) -> Result<Option<Of<T>>, RuleError> {
        self.of(key, false, || {
            format!("{form}, or {{ from = \"column\" }} or {{ jq = \"program\" }}")
        })
    }

    fn number(&self, key: &str) -> Result<Option<Of<u32>>, RuleError> {
        self.of(key, true, || {
            "a number, or the column that has it, or { jq = \"program\" }".to_owned()
        })
    }

    fn of<T: Word>(
        &self,
        key: &str,
        is_column: bool,
        form: impl Fn() -> String,
    ) -> Result<Option<Of<T>>, RuleError> {
        let Some(value) = self.0.get(key) else { return Ok(None) };
        match Of::from_json(value, is_column) {
            Some(Ok(of)) => Ok(Some(of)),
            // The place in the program is one behind this key.
            Some(Err(error)) => Err(RuleError { key: Some(key.to_owned()), ..error }),
            None => Err(RuleError::of(key, format!("`{key}` must be {}", form()))),
        }
    }
}
