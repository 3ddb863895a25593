//! Firebase's scrypt: its parameters belong to the project, not to the user.
//!
//! Source: <https://github.com/firebase/scrypt>. The digest is the project's signer key, encrypted
//! with a key that scrypt makes of the password.

use super::crypt64::from_base64;
use serde::Deserialize;

/// The parameters that Firebase's console shows under "Password hash parameters".
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Firebase {
    /// The key, base64. A secret.
    pub base64_signer_key: String,
    /// What comes behind each salt, base64.
    pub base64_salt_separator: String,
    /// scrypt's block size.
    pub rounds: u32,
    /// scrypt's cost as a power of two.
    pub mem_cost: u8,
}

impl Firebase {
    /// Reads them: JSON, or the text as the console shows it (`hash_config { … }`).
    pub fn parse(text: &str) -> Result<Self, String> {
        let parameters: Self = if text.trim_start().starts_with("hash_config") {
            from_console(text)?
        } else {
            serde_json::from_str(text).map_err(|_| FORM.to_owned())?
        };
        let key = from_base64(&parameters.base64_signer_key);
        let separator = from_base64(&parameters.base64_salt_separator);
        if key.is_none_or(|key| key.is_empty()) || separator.is_none() {
            return Err("the signer key or the salt separator is no base64".to_owned());
        }
        Ok(parameters)
    }
}

impl Firebase {
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
}

const FORM: &str = "base64_signer_key, base64_salt_separator, rounds and mem_cost are expected, as \
                    Firebase's console shows them or as JSON";

/// Lines of `name: value,` in braces.
fn from_console(text: &str) -> Result<Firebase, String> {
    let value = |name: &str| {
        let line = text.lines().find_map(|line| line.trim().strip_prefix(name)?.strip_prefix(':'));
        line.map(|value| value.trim().trim_end_matches(',').to_owned()).ok_or(FORM)
    };
    let number = |name: &str| value(name)?.parse().map_err(|_| FORM);
    Ok(Firebase {
        base64_signer_key: value("base64_signer_key")?,
        base64_salt_separator: value("base64_salt_separator")?,
        rounds: number("rounds")?,
        mem_cost: number("mem_cost")?.try_into().map_err(|_| FORM)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_read_in_both_forms() {
        let console = "hash_config {\n  algorithm: SCRYPT,\n  base64_signer_key: c2VjcmV0,\n  \
                       base64_salt_separator: Bw==,\n  rounds: 8,\n  mem_cost: 14,\n}\n";
        let json = r#"{"base64_signer_key":"c2VjcmV0","base64_salt_separator":"Bw==","rounds":8,"mem_cost":14}"#;
        for text in [console, json] {
            let parameters = Firebase::parse(text).ok().unwrap();
            assert_eq!(Firebase::parse(&parameters.to_json()).ok().unwrap().rounds, 8);
            assert_eq!((parameters.rounds, parameters.mem_cost), (8, 14));
            assert_eq!(parameters.base64_signer_key, "c2VjcmV0");
            assert_eq!(parameters.base64_salt_separator, "Bw==");
        }
        for wrong in ["", "{}", "hash_config {\n rounds: 8,\n}", &console.replace("c2VjcmV0", "?")]
        {
            assert!(Firebase::parse(wrong).is_err(), "{wrong}");
        }
    }
}
