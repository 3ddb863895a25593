//! better-auth's hashes: `salt:key`, 16 bytes and 64, both in small hexadecimal digits. Shorter is
//! `$pair$salt$key`, both whole, in base64. Earlier versions cut the key: `$better-auth$salt$key`, its first
//! 32 bytes in base64. With a colon it would look like a salt and its SHA-256.
//!
//! A text of this form may also be a salt and the SHA-512 of it and a password, or an MD5 digest and a salt of
//! 64 bytes: nobody can see which, so all are tried, and nothing of either half is cut.
//!
//! The key is scrypt's, with fixed costs, of the password in NFKC; the salt is its digits as they stand.
//! Source: `@better-auth/utils`, password.node.ts.

use super::crypt64::{base64, from_base64};
use super::digest::{from_hex, to_hex};
use std::borrow::Cow;

/// What such a hash says.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct BetterAuth<'a> {
    pub(super) salt: &'a str,
    pub(super) key: Vec<u8>,
}

/// For people: what else a text of this form may be.
pub(super) const OR: &str = "or a digest and its salt: password verify tells which";

impl<'a> BetterAuth<'a> {
    /// Reads the whole form, or the one with a cut key.
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

/// Both halves in base64: shorter, and nothing is lost.
pub(super) fn packed(text: &str) -> Option<String> {
    let (front, back) = text.split_once(':').filter(|_| BetterAuth::parse(text).is_some())?;
    Some(format!("$pair${}${}", base64(&from_hex(front)?), base64(&from_hex(back)?)))
}

/// What [`packed`] made shorter, as it was; other texts as they are.
pub(super) fn unpacked(text: &str) -> Cow<'_, str> {
    let halves = || {
        let (front, back) = text.strip_prefix("$pair$")?.split_once('$')?;
        let (front, back) = (from_base64(front)?, from_base64(back)?);
        let is_one = front.len() == 16 && back.len() == 64;
        is_one.then(|| format!("{}:{}", to_hex(&front), to_hex(&back)))
    };
    halves().map_or(Cow::Borrowed(text), Cow::Owned)
}

fn is_small(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}
