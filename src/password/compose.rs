//! One string of a hash and what belongs to it, where a source keeps them in columns of their own;
//! and a shorter string of a hash that is too long for the provider's key.
//!
//! A provider stores one text a user, so what a sign-in needs must be in it. The forms:
//!
//! - `$sha256$ORDER$SALT$DIGEST` (also `md5`, `sha1`, `sha512`): salt and digest in base64 without
//!   padding; [`Order`] says what was hashed.
//! - `$pbkdf2-sha256$ITERATIONS$SALT$DIGEST` and `$scrypt$ln=15,r=8,p=1$SALT$DIGEST`, as passlib
//!   writes them.
//! - `$argon2id$v=19$m=7168,t=5,p=1$SALT$DIGEST` (also `argon2i`, `argon2d`), as everybody writes it.
//! - `$hmac-sha256$ORDER$SALT$KEY$DIGEST` (also `hmac-md5`, `hmac-sha1`, `hmac-sha512`): all in base64
//!   without padding; what ORDER says is hashed under the key.
//! - `$firebase-scrypt$SALT$DIGEST`, both as Firebase exports them.
//! - `$pair$SALT$KEY`, better-auth's `SALT:KEY`, or a digest and a salt that look so, in base64 without padding.
//!
//! Cutting a digest to its first 32 bytes is sound where the longer one begins with the shorter one:
//! PBKDF2 and scrypt (which ends with PBKDF2) make their output so, Firebase's digest is a stream
//! cipher's, and of SHA-512 32 bytes are compared, which are as hard to hit as SHA-256.

use super::argon2::{LEAST_SALT, is_possible};
use super::better_auth;
use super::crypt64::{adapted, base64, from_base64, standard};
use super::detect::{unwrapped, without_prefix};
use super::digest::{Digest, from_hex};
pub use super::joined::halves;
pub use super::order::Order;
use super::pbkdf2::Pbkdf2;
use super::words::plain;
pub use super::words::{Typed, Variant, Version};
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
    /// Argon2. The variant is `None` if another column of the source names it.
    Argon2(Option<Variant>),
    /// A digest under a key.
    Hmac(Digest),
    /// Firebase's scrypt.
    Firebase,
}

impl Composable {
    /// The words of a mapping.
    pub const WORDS: &'static str = "md5, sha1, sha256, sha512, pbkdf2-sha1, pbkdf2-sha256, \
                                     pbkdf2-sha512, scrypt, argon2i, argon2d, argon2id, hmac-md5, hmac-sha1, \
                                     hmac-sha256, hmac-sha512, firebase-scrypt";

    /// The scheme of a word: as it stands in the mapping, or as a source writes it (`SHA-256`,
    /// `PBKDF2_SHA512`).
    pub fn parse(word: &str) -> Option<Self> {
        let word = plain(word);
        if let Some(function) = word.strip_prefix("hmac") {
            return Digest::parse(function).map(Self::Hmac);
        }
        Some(match word.as_str() {
            "scrypt" => Self::Scrypt,
            "argon2" => Self::Argon2(None),
            "argon2i" | "argon2d" | "argon2id" => Self::Argon2(Variant::parse(&word)),
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
            Self::Digest(digest) | Self::Hmac(digest) => (digest.len(), digest.len()),
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
            Self::Argon2(None) => "argon2",
            Self::Argon2(Some(Variant::I)) => "argon2i",
            Self::Argon2(Some(Variant::D)) => "argon2d",
            Self::Argon2(Some(Variant::Id)) => "argon2id",
            Self::Hmac(Digest::Md5) => "hmac-md5",
            Self::Hmac(Digest::Sha1) => "hmac-sha1",
            Self::Hmac(Digest::Sha256) => "hmac-sha256",
            Self::Hmac(Digest::Sha512) => "hmac-sha512",
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
    /// The encoding of a word, in a mapping or in an export.
    pub fn parse(word: &str) -> Option<Self> {
        Some(match plain(word).as_str() {
            "text" | "utf8" => Self::Text,
            "hex" => Self::Hex,
            "base64" | "base64url" => Self::Base64,
            _ => return None,
        })
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
    /// How the password was written; for what has an order.
    pub typed: Typed,
    /// The key of an HMAC, and how it is written.
    pub key: Option<(&'a str, Encoding)>,
    /// Iterations of PBKDF2, passes of Argon2.
    pub iterations: Option<u32>,
    /// scrypt's cost (a power of two), block size and lanes.
    pub scrypt: Option<(u64, u32, u32)>,
    /// Argon2's memory in KiB and its lanes.
    pub argon2: Option<(u32, u32)>,
    /// Where the scheme does not say it.
    pub variant: Option<Variant>,
    /// Without it is the one of today.
    pub version: Option<Version>,
}

impl<'a> Parts<'a> {
    /// A hash alone.
    pub fn of(hash: &'a str, order: &'a Order) -> Self {
        Self {
            hash,
            hash_encoding: None,
            salt: None,
            salt_encoding: Encoding::Text,
            order,
            typed: Typed::Utf8,
            key: None,
            iterations: None,
            scrypt: None,
            argon2: None,
            variant: None,
            version: None,
        }
    }
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
    let is_ordered = matches!(scheme, Composable::Digest(_) | Composable::Hmac(_));
    if !is_ordered && parts.typed != Typed::Utf8 {
        return Err(NOT_UTF8.into());
    }
    let is_salted = !is_ordered || parts.order.has_salt();
    if is_salted && parts.salt.is_none() {
        return Err("the salt is absent".into());
    }
    let salt = parts.salt_encoding.decode(parts.salt.filter(|_| is_salted).unwrap_or_default());
    let salt = salt.ok_or("the salt is not written as `salt_encoding` says")?;
    let order = || parts.order.typed(parts.typed).ok_or(NOT_UTF8);
    match scheme {
        Composable::Digest(function) => {
            let (name, order) = (function.as_str(), order()?.letters());
            Ok(format!("${name}${order}${}${}", base64(&salt), base64(&digest)))
        }
        Composable::Hmac(_) => {
            let (name, order) = (scheme.as_str(), order()?.letters());
            let (key, encoding) = parts.key.ok_or("the key of the HMAC is absent")?;
            let key =
                encoding.decode(key).ok_or("the key is not written as `key_encoding` says")?;
            let (salt, key) = (base64(&salt), base64(&key));
            Ok(format!("${name}${order}${salt}${key}${}", base64(&digest)))
        }
        Composable::Pbkdf2(function) => {
            let iterations = parts.iterations.filter(|n| *n > 0).ok_or(NO_ITERATIONS)?;
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
        Composable::Argon2(variant) => argon2(variant, parts, &salt, &digest),
        Composable::Firebase => Err("cannot be".into()),
    }
}

const NOT_UTF8: &str =
    "the password was not in UTF-8 when it was hashed, and a hash of this scheme cannot say so";
const NO_ITERATIONS: &str = "the number of iterations is absent or no number";

fn argon2(
    variant: Option<Variant>,
    parts: &Parts<'_>,
    salt: &[u8],
    digest: &[u8],
) -> Result<String, Fault> {
    let variant = variant.or(parts.variant).ok_or("the variant of Argon2 is absent: i, d or id")?;
    let version = parts.version.unwrap_or(Version::V13).number();
    let (m, p) = parts.argon2.ok_or("`m` or `p` is absent or no number")?;
    let t = parts.iterations.ok_or(NO_ITERATIONS)?;
    if !is_possible((m, t, p), salt.len()) {
        let least = LEAST_SALT;
        return Err(format!(
            "there is no Argon2 with less than 8 KiB of memory (`m`) a lane (`p`), or with a salt of less than {least} bytes"
        )
        .into());
    }
    let (name, salt, digest) = (variant.as_str(), base64(salt), base64(digest));
    Ok(format!("$argon2{name}$v={version}$m={m},t={t},p={p}${salt}${digest}"))
}

/// A hash of PBKDF2 in the PHC string format that leaves its iterations out, with them.
pub fn with_iterations(hash: &str, iterations: u32) -> Option<String> {
    let rest = hash.strip_prefix("$pbkdf2")?;
    let parts: Vec<&str> = rest.split('$').collect();
    let [function, salt, digest] = parts.as_slice() else { return None };
    let whole = format!("$pbkdf2{function}$i={iterations}${salt}${digest}");
    Pbkdf2::parse(&whole).is_some().then_some(whole)
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
    // A digest is no text.
    let bytes = encoding.decode(hash).filter(|_| encoding != Encoding::Text);
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
    // A name in braces says no more than the hash behind it.
    let scheme = detect(stored);
    let bare = without_prefix(stored);
    if bare.len() < stored.len() && !scheme.is_no_form() && detect(bare) == scheme {
        return Some(shorten(bare));
    }
    if let Some(read) = Pbkdf2::parse(stored) {
        return read.cut(SHORT);
    }
    let (head, digest) = match scheme {
        Scheme::BetterAuth => return better_auth::packed(stored),
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
