//! Firebase's scrypt: its parameters belong to the project, not to the user.
//!
//! Source: <https://github.com/firebase/scrypt>. The digest is the project's signer key, encrypted
//! with a key that scrypt makes of the password.

use super::crypt64::{from_base64, standard};
use serde::Deserialize;

/// The parameters that Firebase's console shows under "Password hash parameters". Other keys are of
/// no matter, but for an algorithm that is another one.
#[derive(Clone, Deserialize)]
pub struct Firebase {
    /// The key, base64. A secret.
    #[serde(alias = "signerKey")]
    pub base64_signer_key: String,
    /// What comes behind each salt, base64.
    #[serde(alias = "saltSeparator")]
    pub base64_salt_separator: String,
    /// scrypt's block size.
    pub rounds: u32,
    /// scrypt's cost as a power of two.
    #[serde(alias = "memoryCost")]
    pub mem_cost: u8,
    /// The word for the algorithm.
    #[serde(default)]
    algorithm: Option<String>,
}

const FORM: &str = "base64_signer_key, base64_salt_separator, rounds and mem_cost are expected, as \
                    Firebase's console shows them or as JSON";

impl Firebase {
    /// Reads them: JSON, or the text as the console shows it (`hash_config { … }`), on several lines
    /// or on one.
    pub fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim().trim_start_matches('\u{feff}');
        let read = if text.starts_with('{') { from_json(text) } else { from_console(text) };
        let parameters = read.ok_or(FORM)?;
        if let Some(other) = &parameters.algorithm
            && !other.eq_ignore_ascii_case("SCRYPT")
        {
            return Err("the algorithm of these parameters is not SCRYPT, which is Firebase's own"
                .to_owned());
        }
        let key = from_base64(&standard(&parameters.base64_signer_key));
        let separator = from_base64(&standard(&parameters.base64_salt_separator));
        if key.is_none_or(|key| key.is_empty()) || separator.is_none() {
            return Err("the signer key or the salt separator is no base64".to_owned());
        }
        Ok(parameters)
    }

    /// As the custom password function reads it.
    pub fn to_json(&self) -> String {
        let json = serde_json::json!({
            "base64_signer_key": self.base64_signer_key,
            "base64_salt_separator": self.base64_salt_separator,
            "rounds": self.rounds,
            "mem_cost": self.mem_cost,
        });
        format!("{json:#}\n")
    }

    /// The key and the separator as bytes.
    pub(super) fn bytes(&self) -> Option<(Vec<u8>, Vec<u8>)> {
        let of = |text: &str| from_base64(&standard(text));
        Some((of(&self.base64_signer_key)?, of(&self.base64_salt_separator)?))
    }
}

/// An object of them, or one that holds it under `hash_config` or `hashConfig`.
fn from_json(text: &str) -> Option<Firebase> {
    let mut value: serde_json::Value = serde_json::from_str(text).ok()?;
    for name in ["hash_config", "hashConfig"] {
        if let Some(inner) = value.get_mut(name) {
            value = inner.take();
        }
    }
    serde_json::from_value(value).ok()
}

/// `name: value,` in braces. No value has a comma, a brace or white space in it.
fn from_console(text: &str) -> Option<Firebase> {
    let text = text.strip_prefix("hash_config")?;
    let items = text.split([',', '{', '}', '\n', '\r']);
    let pairs: Vec<(&str, &str)> = items
        .filter_map(|item| item.split_once(':'))
        .map(|(name, value)| (name.trim(), value.trim().trim_matches('"')))
        .collect();
    let value = |name: &str| {
        let found = pairs.iter().find(|(other, _)| other.trim_matches('"') == name);
        found.map(|(_, value)| (*value).to_owned())
    };
    Some(Firebase {
        base64_signer_key: value("base64_signer_key")?,
        base64_salt_separator: value("base64_salt_separator")?,
        rounds: value("rounds")?.parse().ok()?,
        mem_cost: value("mem_cost")?.parse().ok()?,
        algorithm: value("algorithm"),
    })
}

/// `$fbscrypt$v=1,n=14,r=8,p=1,ss=Bw==,sk=KEY$salt$hash`: hash, salt and the project's parameters in
/// one text, as GoTrue takes them from who moves from Firebase to Supabase.
///
/// Source: `ParseFirebaseScryptHash` of GoTrue.
pub(super) struct FbScrypt {
    pub(super) parameters: Firebase,
    pub(super) lanes: u32,
    pub(super) salt: Vec<u8>,
    pub(super) hash: Vec<u8>,
}

impl FbScrypt {
    /// Reads it without its first `$`.
    pub(super) fn parse(rest: &str) -> Option<Self> {
        let parts: Vec<&str> = rest.split('$').collect();
        let ["fbscrypt", costs, salt, hash] = parts.as_slice() else { return None };
        let of = |name: &str| costs.split(',').find_map(|item| item.strip_prefix(name));
        if of("v=") != Some("1") {
            return None;
        }
        let parameters = Firebase {
            base64_signer_key: of("sk=")?.to_owned(),
            base64_salt_separator: of("ss=").unwrap_or_default().to_owned(),
            rounds: of("r=")?.parse().ok()?,
            mem_cost: of("n=")?.parse().ok()?,
            algorithm: None,
        };
        let (key, _) = parameters.bytes()?;
        let (salt, hash) = (from_base64(salt)?, from_base64(hash)?);
        let lanes = of("p=")?.parse().ok()?;
        let is_whole = !key.is_empty() && hash.len() >= 16;
        is_whole.then_some(Self { parameters, lanes, salt, hash })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_read_in_every_form() {
        let console = "hash_config {\n  algorithm: SCRYPT,\n  base64_signer_key: c2VjcmV0,\n  \
                       base64_salt_separator: Bw==,\n  rounds: 8,\n  mem_cost: 14,\n}\n";
        let json = r#"{"base64_signer_key":"c2VjcmV0","base64_salt_separator":"Bw==","rounds":8,"mem_cost":14}"#;
        let one_line = console.replace('\n', " ");
        let more = json.replace('{', r#"{"algorithm":"SCRYPT","project":"shop","#);
        let inside = format!(r#"{{"hash_config":{more},"x":1}}"#);
        // As Google's API and its tools write them.
        let api = r#"{"hashConfig":{"algorithm":"SCRYPT","signerKey":"c2VjcmV0","saltSeparator":"Bw==","rounds":8,"memoryCost":14}}"#;
        for text in [console, json, &one_line, &more, &inside, api, &format!("\u{feff}{json}")] {
            let parameters = Firebase::parse(text).unwrap_or_else(|why| panic!("{why}: {text}"));
            assert_eq!(Firebase::parse(&parameters.to_json()).ok().unwrap().rounds, 8);
            assert_eq!((parameters.rounds, parameters.mem_cost), (8, 14));
            assert_eq!(parameters.base64_signer_key, "c2VjcmV0");
            assert_eq!(parameters.base64_salt_separator, "Bw==");
        }
        for wrong in [
            "",
            "{}",
            "hash_config {\n rounds: 8,\n}",
            &console.replace("c2VjcmV0", "?"),
            &console.replace("SCRYPT", "STANDARD_SCRYPT"),
            &more.replace("SCRYPT", "HMAC_SHA256"),
        ] {
            let why = Firebase::parse(wrong).err().unwrap();
            assert!(!why.contains("c2VjcmV0"), "{why}");
        }
    }

    #[test]
    fn what_is_not_whole_is_no_hash_with_its_parameters() {
        let (key, hash) = ("YWJj", "YWFhYWFhYWFhYWFhYWFhYQ==");
        let whole = format!("fbscrypt$v=1,n=14,r=8,p=1,ss=Bw==,sk={key}$c2FsdA==${hash}");
        assert!(FbScrypt::parse(&whole).is_some());
        assert!(FbScrypt::parse(&whole.replace("ss=Bw==,", "")).is_some());
        for (from, to) in
            [("v=1", "v=2"), ("n=14", "n=x"), (",sk=YWJj", ""), (hash, "YWFh"), ("r=8,", "")]
        {
            assert!(FbScrypt::parse(&whole.replace(from, to)).is_none(), "{to}");
        }
    }
}
