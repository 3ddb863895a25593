//! The forms with colons: better-auth's and Magento's.

use super::kdf::{MEMORY, Verdict, WORK};
use super::{Unverifiable, scrypt};
use crate::password::better_auth::BetterAuth;
use crate::password::digest::{equal, to_hex};
use crate::password::magento::{Magento, Step, argon2_salt};
use argon2::{Algorithm, Argon2, Params, Version};
use icu_normalizer::ComposingNormalizerBorrowed;

/// better-auth's: scrypt of the password in NFKC, with the salt's digits as they stand.
pub(super) fn better_auth(password: &str, stored: &str) -> Verdict {
    let BetterAuth { salt, key } = BetterAuth::parse(stored).ok_or(Unverifiable::Malformed)?;
    let password = ComposingNormalizerBorrowed::new_nfkc().normalize(password);
    let found = scrypt::derive(password.as_bytes(), salt.as_bytes(), (14, 16, 1), key.len())?;
    Ok(equal(&found, &key))
}

/// Magento's, one step after the other: each hashes the digits that the one before made.
pub(super) fn magento(password: &[u8], stored: &str) -> Verdict {
    let read = Magento::parse(stored).ok_or(Unverifiable::Malformed)?;
    let mut found = password.to_vec();
    for step in &read.steps {
        let bytes = match *step {
            Step::Digest(digest) => digest.of(&[read.salt.as_bytes(), &found]),
            Step::Argon2id { bytes, passes, kib } => {
                argon2id(&found, &argon2_salt(read.salt), (kib, passes), bytes)?
            }
        };
        found = to_hex(&bytes).into_bytes();
    }
    Ok(equal(&found, read.expected.to_ascii_lowercase().as_bytes()))
}

fn argon2id(
    password: &[u8],
    salt: &[u8],
    (kib, passes): (u32, u32),
    len: usize,
) -> Result<Vec<u8>, Unverifiable> {
    let bytes = u64::from(kib) * 1024;
    if bytes > MEMORY || bytes.saturating_mul(passes.into()) > WORK {
        return Err(Unverifiable::TooCostly);
    }
    let derive = || {
        let params = Params::new(kib, passes, 1, Some(len)).ok()?;
        let mut found = vec![0; len];
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        argon2.hash_password_into(password, salt, &mut found).ok()?;
        Some(found)
    };
    derive().ok_or(Unverifiable::Malformed)
}
