//! bcrypt, Argon2 and PBKDF2.

use super::{Unverifiable, php_trim};
use crate::password::argon2::{LEAST_HASH, is_possible};
use crate::password::crypt64::{base64, from_base64, from_strict_base64};
use crate::password::digest::{Digest, equal, to_hex};
use crate::password::pbkdf2::Pbkdf2;
use crate::password::phc;
use argon2::{Algorithm, Argon2, Params, Version};
use aws_lc_rs::{hmac, pbkdf2 as aws};
use std::num::NonZeroU32;

/// The most memory that a hash may ask for: 1 GiB.
pub(super) const MEMORY: u64 = 1 << 30;
/// The most work of Argon2 and scrypt: memory times passes or lanes.
pub(super) const WORK: u64 = 16 * MEMORY;
/// The most iterations of PBKDF2.
const ITERATIONS: u32 = 20_000_000;
/// The highest cost of bcrypt: some minutes.
const BCRYPT_COST: u32 = 20;

pub(super) type Verdict = Result<bool, Unverifiable>;

/// `$2b$12$…`, with what Django puts before it.
pub(super) fn bcrypt(password: &[u8], stored: &str) -> Verdict {
    if let Some(hash) = stored.strip_prefix("bcrypt_sha256$") {
        return plain_bcrypt(to_hex(&Digest::Sha256.of(&[password])).as_bytes(), hash);
    }
    plain_bcrypt(password, stored.strip_prefix("bcrypt$").unwrap_or(stored))
}

fn plain_bcrypt(password: &[u8], hash: &str) -> Verdict {
    if hash.starts_with("$2x$") {
        return Err(Unverifiable::Faulty);
    }
    let cost: Option<u32> = hash.get(4..6).and_then(|cost| cost.parse().ok());
    if cost.ok_or(Unverifiable::Malformed)? > BCRYPT_COST {
        return Err(Unverifiable::TooCostly);
    }
    ::bcrypt::verify(password, hash).map_err(|_| Unverifiable::Malformed)
}

/// WordPress 6.8: bcrypt of a keyed digest, so that long passwords are not cut.
/// Source: `wp_hash_password` in WordPress' pluggable.php.
pub(super) fn wordpress(password: &str, stored: &str) -> Verdict {
    let hash = stored.strip_prefix("$wp").ok_or(Unverifiable::Malformed)?;
    let key = hmac::Key::new(hmac::HMAC_SHA384, b"wp-sha384");
    // 48 bytes: base64 of them has no padding.
    let digest = base64(hmac::sign(&key, php_trim(password).as_bytes()).as_ref());
    plain_bcrypt(digest.as_bytes(), hash)
}

/// `$argon2id$v=19$m=65536,t=3,p=4$salt$hash`, the numbers in any order; also with Django's name before
/// it.
pub(super) fn argon2(password: &[u8], stored: &str) -> Verdict {
    let stored = stored.strip_prefix("argon2$").unwrap_or(stored).trim_start_matches('$');
    let mut parts = stored.split('$').peekable();
    let algorithm = match parts.next() {
        Some("argon2i") => Algorithm::Argon2i,
        Some("argon2d") => Algorithm::Argon2d,
        Some("argon2id") => Algorithm::Argon2id,
        _ => return Err(Unverifiable::Malformed),
    };
    let version = match parts.next_if(|part| part.starts_with("v=")) {
        Some("v=19") => Version::V0x13,
        Some("v=16") | None => Version::V0x10,
        Some(_) => return Err(Unverifiable::Malformed),
    };
    let costs = parts.next().unwrap_or_default();
    let costs = phc::numbers(costs, ["m", "t", "p"]).ok_or(Unverifiable::Malformed)?;
    let [m, t, p] = costs;
    let bytes = u64::from(m) * 1024;
    if bytes > MEMORY || bytes.saturating_mul(t.into()) > WORK || p > 64 {
        return Err(Unverifiable::TooCostly);
    }
    let (Some(salt), Some(expected)) =
        (parts.next().and_then(from_strict_base64), parts.next().and_then(from_strict_base64))
    else {
        return Err(Unverifiable::Malformed);
    };
    if !is_possible((m, t, p), salt.len()) || expected.len() < LEAST_HASH {
        return Err(Unverifiable::Malformed);
    }
    let derive = || {
        let params = Params::new(m, t, p, Some(expected.len())).ok()?;
        let mut found = vec![0; expected.len()];
        let argon2 = Argon2::new(algorithm, version, params);
        argon2.hash_password_into(password, &salt, &mut found).ok()?;
        Some(found)
    };
    Ok(equal(&derive().ok_or(Unverifiable::Malformed)?, &expected))
}

/// The number behind a name in a list with commas.
pub(super) fn cost(list: &str, name: &str) -> Option<u32> {
    list.split(',').find_map(|item| item.strip_prefix(name))?.parse().ok()
}

/// All forms of PBKDF2.
pub(super) fn pbkdf2(password: &[u8], stored: &str) -> Verdict {
    let read = Pbkdf2::parse(stored).ok_or(Unverifiable::Malformed)?;
    let iterations = u32::try_from(read.iterations).map_err(|_| Unverifiable::TooCostly)?;
    derived(read.digest, iterations, password, &read.salt, &read.hash)
}

fn derived(
    digest: Digest,
    iterations: u32,
    password: &[u8],
    salt: &[u8],
    expected: &[u8],
) -> Verdict {
    let algorithm = match digest {
        Digest::Sha256 => aws::PBKDF2_HMAC_SHA256,
        Digest::Sha512 => aws::PBKDF2_HMAC_SHA512,
        Digest::Sha1 | Digest::Md5 => aws::PBKDF2_HMAC_SHA1,
    };
    if iterations > ITERATIONS {
        return Err(Unverifiable::TooCostly);
    }
    let iterations = NonZeroU32::new(iterations).ok_or(Unverifiable::Malformed)?;
    // A digest of a few bytes would match by chance.
    if expected.len() < 10 {
        return Err(Unverifiable::Malformed);
    }
    Ok(aws::verify(algorithm, iterations, salt, password, expected).is_ok())
}

/// ASP.NET Identity, versions 2 and 3.
/// Source: `PasswordHasher` of ASP.NET Core.
pub(super) fn asp_net(password: &[u8], stored: &str) -> Verdict {
    let bytes = from_base64(stored).ok_or(Unverifiable::Malformed)?;
    if bytes.first() == Some(&0) {
        let (Some(salt), Some(expected)) = (bytes.get(1..17), bytes.get(17..49)) else {
            return Err(Unverifiable::Malformed);
        };
        return derived(Digest::Sha1, 1_000, password, salt, expected);
    }
    let read = || {
        let number = |at: usize| Some(u32::from_be_bytes(bytes.get(at..at + 4)?.try_into().ok()?));
        let digest = match number(1)? {
            0 => Digest::Sha1,
            1 => Digest::Sha256,
            2 => Digest::Sha512,
            _ => return None,
        };
        let end = usize::try_from(number(9)?).ok()?.checked_add(13)?;
        Some((digest, number(5)?, bytes.get(13..end)?, bytes.get(end..)?))
    };
    let (digest, iterations, salt, expected) = read().ok_or(Unverifiable::Malformed)?;
    derived(digest, iterations, password, salt, expected)
}
