//! better-auth's hashes: `salt:key`, 16 bytes and 64, both in small hexadecimal digits; and the form of
//! them with a cut key, `$better-auth$salt$key`, the key in base64. With a colon it would look like a
//! salt and its SHA-256.
//!
//! A text of this form may also be a salt and the SHA-512 of it and a password: nobody can see which, so
//! both are tried, of the cut form too.
//!
//! The key is scrypt's, with fixed costs, of the password in NFKC; the salt is its digits as they stand.
//! Source: `@better-auth/utils`, password.node.ts.

use super::crypt64::{base64, from_base64};
use super::digest::from_hex;

/// What such a hash says.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct BetterAuth<'a> {
    pub(super) salt: &'a str,
    pub(super) key: Vec<u8>,
}

/// For people: what else a text of this form may be.
pub(super) const OR: &str = "or a salt and its SHA-512: password verify tells which";

impl<'a> BetterAuth<'a> {
    /// Reads either form.
    pub(super) fn parse(text: &'a str) -> Option<Self> {
        let (salt, key) = if let Some(rest) = text.strip_prefix("$better-auth$") {
            let (salt, key) = rest.split_once('$')?;
            (salt, from_base64(key).filter(|key| key.len() == 32)?)
        } else {
            let (salt, key) = text.split_once(':')?;
            (salt, from_hex(key).filter(|bytes| bytes.len() == 64 && is_small(key))?)
        };
        (salt.len() == 32 && is_small(salt)).then_some(Self { salt, key })
    }
}

/// The same with no more than so many bytes of key: scrypt's output begins the same at any length.
pub(super) fn cut(text: &str, most: usize) -> Option<String> {
    let read = BetterAuth::parse(text)?;
    Some(format!("$better-auth${}${}", read.salt, base64(read.key.get(..most)?)))
}

fn is_small(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}
