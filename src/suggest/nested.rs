//! What lies deeper than in columns, as it was seen in the records of an export: the passwords of Keycloak's
//! `credentials` and of Auth0's `custom_password_hash`, and the verified addresses of Okta's `credentials`.

use serde_json::{Map, Value};
use std::collections::BTreeMap;

pub(super) const KEYCLOAK: &str = "credentials";
pub(super) const AUTH0: &str = "custom_password_hash";
/// Schemes that a note names; what else stands there is not told, for it may be a value.
const KNOWN: &[&str] = &[
    "argon2",
    "pbkdf2",
    "pbkdf2-sha1",
    "pbkdf2-sha256",
    "pbkdf2-sha512",
    "bcrypt",
    "hmac",
    "ldap",
    "md4",
    "md5",
    "scrypt",
    "sha1",
    "sha256",
    "sha512",
];

/// What was seen of them. Counts; no value is kept.
#[derive(Debug, Default)]
pub(super) struct Nested {
    pub(super) keycloak: Seen,
    /// Of these, in the form of Keycloak before version 9.
    pub(super) older: u64,
    pub(super) auth0: Seen,
    /// Records in which Okta says whether an address is verified.
    pub(super) okta_emails: u64,
}

/// How many records have one, and of which schemes.
#[derive(Debug, Default)]
pub(super) struct Seen {
    pub(super) records: u64,
    pub(super) schemes: BTreeMap<&'static str, u64>,
}

impl Seen {
    fn add(&mut self, scheme: Option<&str>) {
        self.records += 1;
        if let Some(known) = KNOWN.iter().copied().find(|known| Some(*known) == scheme) {
            *self.schemes.entry(known).or_default() += 1;
        }
    }

    pub(super) fn note(&self, whose: &str) -> String {
        let schemes: Vec<&str> = self.schemes.keys().copied().collect();
        if schemes.is_empty() {
            whose.to_owned()
        } else {
            format!("{whose}: {}", schemes.join(", "))
        }
    }
}

impl Nested {
    pub(super) fn add(&mut self, record: &Map<String, Value>) {
        let entries = record.get(KEYCLOAK).and_then(Value::as_array).into_iter().flatten();
        let is_password = |entry: &&Value| entry["type"] == "password";
        if let Some(entry) = { entries }.find(is_password) {
            let data = held(&entry["credentialData"]);
            if held(&entry["secretData"])["value"].is_string() {
                self.keycloak.add(data["algorithm"].as_str());
            } else if entry["hashedSaltedValue"].is_string() {
                self.older += 1;
                self.keycloak.add(entry["algorithm"].as_str());
            }
        }
        let addresses = record.get(KEYCLOAK).and_then(|held| held["emails"].as_array());
        let is_told = |entry: &Value| entry["value"].is_string() && entry["status"].is_string();
        if record.get("profile").is_some_and(|profile| profile["email"].is_string()) && {
            addresses
        }
        .is_some_and(|all| all.iter().any(is_told))
        {
            self.okta_emails += 1;
        }
        let custom = record.get(AUTH0);
        if let Some(algorithm) = custom.and_then(|custom| custom["algorithm"].as_str())
            && custom.is_some_and(|custom| custom["hash"]["value"].is_string())
        {
            self.auth0.add(Some(algorithm));
        }
    }
}

/// JSON, or what a text holds of it.
fn held(value: &Value) -> Value {
    match value.as_str() {
        Some(text) => serde_json::from_str(text).unwrap_or_default(),
        None => value.clone(),
    }
}
