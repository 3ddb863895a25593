//! One string of a hash and what belongs to it, where a source keeps them in columns of their own;
//! and a shorter string of a hash that is too long for the provider's key.
//!
//! A provider stores one text a user, so what a sign-in needs must be in it. The forms:
//!
//! - `$sha256$ORDER$SALT$DIGEST` (also `md5`, `sha1`, `sha512`): salt and digest in base64 without
//!   padding; [`Order`] says what was hashed.
//! - `$pbkdf2-sha256$ITERATIONS$SALT$DIGEST` and `$scrypt$ln=15,r=8,p=1$SALT$DIGEST`, as passlib
//!   writes them.
//! - `$firebase-scrypt$SALT$DIGEST`, both as Firebase exports them.
//!
//! Cutting a digest to its first 32 bytes is sound where the longer one begins with the shorter one:
//! PBKDF2 and scrypt (which ends with PBKDF2) make their output so, Firebase's digest is a stream
//! cipher's, and of SHA-512 32 bytes are compared, which are as hard to hit as SHA-256.

use super::crypt64::{adapted, base64, from_base64, standard};
use super::detect::unwrapped;
use super::digest::{Digest, from_hex};
pub use super::joined::halves;
pub use super::order::Order;
use super::pbkdf2::Pbkdf2;
use super::{Scheme, detect};
use std::borrow::Cow;

/// Bytes to which a digest is cut.
const SHORT: usize = 32;
/// Bytes of the shortest digest.
const SHORTEST: usize = 16;

/// A scheme whose parts can be composed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Composable {
    /// A plain digest, with or without a salt.
    Digest(Digest),
    /// PBKDF2 with a function other than MD5.
    Pbkdf2(Digest),
    Scrypt,
    /// Firebase's scrypt.
    Firebase,
}

impl Composable {
    /// The words of a mapping.
    pub const WORDS: &'static str = "md5, sha1, sha256, sha512, pbkdf2-sha1, pbkdf2-sha256, \
                                     pbkdf2-sha512, scrypt, firebase-scrypt";

    /// The scheme of a word: as it stands in the mapping, or as a source writes it (`SHA-256`,
    /// `PBKDF2_SHA512`).
    pub fn parse(word: &str) -> Option<Self> {
        let word: String =
            word.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_lowercase();
        Some(match word.as_str() {
            "scrypt" => Self::Scrypt,
            "firebasescrypt" => Self::Firebase,
            word => match word.strip_prefix("pbkdf2").map(|rest| rest.trim_start_matches("hmac")) {
                // Without its function nobody knows which it is.
                Some("md5" | "") => return None,
                Some(function) => Self::Pbkdf2(Digest::parse(function)?),
                None => Self::Digest(Digest::parse(word)?),
            },
        })
    }

    /// How many bytes its digest has, from and to.
    fn digest_bytes(self) -> (usize, usize) {
        match self {
            Self::Digest(digest) => (digest.len(), digest.len()),
            _ => (SHORTEST, 64),
        }
    }

    /// The word of a mapping.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Digest(digest) => digest.as_str(),
            Self::Pbkdf2(Digest::Sha256) => "pbkdf2-sha256",
            Self::Pbkdf2(Digest::Sha512) => "pbkdf2-sha512",
            Self::Pbkdf2(_) => "pbkdf2-sha1",
            Self::Scrypt => "scrypt",
            Self::Firebase => "firebase-scrypt",
        }
    }
}

/// How bytes are written in a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// They are the text's own.
    Text,
    Hex,
    /// Base64 of either alphabet, with or without padding.
    Base64,
}

impl Encoding {
    /// The encoding of a word.
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Text, Self::Hex, Self::Base64].into_iter().find(|one| one.as_str() == word)
    }

    /// The word in a mapping.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Hex => "hex",
            Self::Base64 => "base64",
        }
    }

    fn decode(self, text: &str) -> Option<Vec<u8>> {
        match self {
            Self::Text => Some(text.as_bytes().to_vec()),
            Self::Hex => from_hex(text),
            Self::Base64 => from_base64(&standard(text)),
        }
    }
}

/// The parts of a hash, as a record has them.
#[derive(Clone, Copy, Debug)]
pub struct Parts<'a> {
    pub hash: &'a str,
    /// How it is written; without, hexadecimal digits are told from base64 by what they are.
    pub hash_encoding: Option<Encoding>,
    /// The salt, if there is one. It may be empty.
    pub salt: Option<&'a str>,
    /// How it is written.
    pub salt_encoding: Encoding,
    /// What was hashed; for digests.
    pub order: &'a Order,
    /// Iterations of PBKDF2.
    pub iterations: Option<u32>,
    /// scrypt's cost (a power of two), block size and lanes.
    pub scrypt: Option<(u64, u32, u32)>,
}

/// Why there is no such hash, without a value.
pub type Fault = Cow<'static, str>;

pub fn compose(scheme: Composable, parts: &Parts<'_>) -> Result<String, Fault> {
    if scheme == Composable::Firebase {
        let is_base64 = |text: &str| from_base64(text).is_some_and(|bytes| !bytes.is_empty());
        let (salt, hash) = (standard(parts.salt.unwrap_or_default()), standard(parts.hash));
        if !is_base64(&salt) || !is_base64(&hash) {
            return Err("hash and salt of firebase-scrypt must be base64".into());
        }
        return Ok(format!("$firebase-scrypt${salt}${hash}"));
    }
    let digest = decode_digest(scheme, parts)?;
    let is_salted = match scheme {
        Composable::Digest(_) => parts.order.has_salt(),
        _ => true,
    };
    if is_salted && parts.salt.is_none() {
        return Err("the salt is absent".into());
    }
    let salt = parts.salt_encoding.decode(parts.salt.filter(|_| is_salted).unwrap_or_default());
    let salt = salt.ok_or("the salt is not written as `salt_encoding` says")?;
    match scheme {
        Composable::Digest(function) => {
            let (name, order) = (function.as_str(), parts.order.letters());
            Ok(format!("${name}${order}${}${}", base64(&salt), base64(&digest)))
        }
        Composable::Pbkdf2(function) => {
            let iterations = parts.iterations.filter(|n| *n > 0);
            let iterations = iterations.ok_or("the number of iterations is absent or no number")?;
            let name = match function {
                Digest::Sha1 => "pbkdf2",
                _ => scheme.as_str(),
            };
            Ok(format!("${name}${iterations}${}${}", adapted(&salt), adapted(&digest)))
        }
        Composable::Scrypt => {
            let (n, r, p) = parts.scrypt.ok_or("`n`, `r` or `p` is absent or no number")?;
            if !n.is_power_of_two() || n < 2 || r == 0 || p == 0 {
                return Err("`n` is no power of two, or `r` or `p` is 0".into());
            }
            let ln = n.trailing_zeros();
            Ok(format!("$scrypt$ln={ln},r={r},p={p}${}${}", base64(&salt), base64(&digest)))
        }
        Composable::Firebase => Err("cannot be".into()),
    }
}

fn decode_digest(scheme: Composable, parts: &Parts<'_>) -> Result<Vec<u8>, Fault> {
    // As SQL Server writes bytes.
    let is_digits = |text: &&str| text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let bare = parts.hash.strip_prefix("0x").or(parts.hash.strip_prefix("0X"));
    let bare = bare.filter(|rest| is_digits(rest) && parts.hash_encoding != Some(Encoding::Base64));
    let (hash, is_hex) = (bare.unwrap_or(parts.hash), bare.is_some());
    // Digits that are all hexadecimal are never taken for base64: a wrong length is a mistake.
    let is_hex = is_hex || is_digits(&hash);
    let told = if is_hex { Encoding::Hex } else { Encoding::Base64 };
    let encoding = parts.hash_encoding.unwrap_or(told);
    let bytes = encoding.decode(hash);
    let (least, most) = scheme.digest_bytes();
    if let Some(bytes) = bytes.filter(|bytes| (least..=most).contains(&bytes.len())) {
        return Ok(bytes);
    }
    let digits = if is_hex && encoding == Encoding::Hex { hash.len() } else { 0 };
    Err(misfit(digits, scheme).into())
}

/// Why a hash is none of its scheme. How long it is, only where it is as long as hashes are: what is
/// shorter may be a password.
fn misfit(digits: usize, scheme: Composable) -> String {
    let (least, most) = scheme.digest_bytes();
    let range = match (2 * least, 2 * most) {
        (least, most) if least == most => least.to_string(),
        (least, most) => format!("{least} to {most}"),
    };
    let scheme = scheme.as_str();
    if digits < 2 * SHORTEST {
        return format!("no hash of {scheme}, in {range} hexadecimal digits or the same in base64");
    }
    format!(
        "{digits} hexadecimal digits, where {scheme} has {range}; if the column has hashes of several schemes, \
         scheme_from = {{ jq = '…' }} says which"
    )
}

/// A shorter form of a hash that says the same, where there is one; else the hash itself.
pub fn shorten(stored: &str) -> String {
    short_form(stored).filter(|short| short.len() < stored.len()).unwrap_or(stored.to_owned())
}

fn short_form(stored: &str) -> Option<String> {
    // Base64 of a hash says no more than the hash.
    if let Cow::Owned(inner) = unwrapped(stored) {
        return Some(shorten(&inner));
    }
    if let Some(read) = Pbkdf2::parse(stored) {
        return read.cut(SHORT);
    }
    let scheme = detect(stored);
    let (head, digest) = match scheme {
        Scheme::HexSha512 => {
            let digest = from_hex(stored)?;
            return Some(format!("$sha512$p$${}", base64(&digest[..SHORT])));
        }
        _ => stored.rsplit_once('$')?,
    };
    let short = match scheme {
        Scheme::Scrypt if stored.starts_with("scrypt:") => digest.get(..2 * SHORT)?.to_owned(),
        Scheme::Scrypt if stored.starts_with("$7$") => return None,
        // What says nothing of its order stays as it is.
        Scheme::SaltedSha512 if !stored.starts_with('$') => return None,
        Scheme::Scrypt | Scheme::FirebaseScrypt | Scheme::SaltedSha512 => {
            let padding = if stored.starts_with('$') { "" } else { "=" };
            format!("{}{padding}", base64(from_base64(digest)?.get(..SHORT)?))
        }
        Scheme::Sha512Crypt => digest.get(..43)?.to_owned(),
        _ => return None,
    };
    // Firebase's salt comes with padding that nobody needs.
    let head = if scheme == Scheme::FirebaseScrypt { head.trim_end_matches('=') } else { head };
    Some(format!("{head}${short}"))
}
