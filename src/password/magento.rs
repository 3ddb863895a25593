//! Passwords of Magento 2: `hash:salt:version`, where an older hash that was hashed again has a
//! version for each time, the oldest first: 0 MD5, 1 SHA-256, 2 Argon2id as libsodium has it for
//! interactive use, 3 the same with its numbers, `3_32_2_67108864`: length of the hash, passes,
//! memory in bytes.
//!
//! Source: Magento's `Framework/Encryption/Encryptor.php`, `isValidHash` and `getArgonHash`.

use super::Scheme;
use super::digest::{Digest, to_hex};
use super::digits::is_hex;

/// The longest salt.
const LONGEST: usize = 128;
/// `SODIUM_CRYPTO_PWHASH_SALTBYTES`.
pub(super) const SALT_BYTES: usize = 16;
/// `SODIUM_CRYPTO_SIGN_SEEDBYTES`, `SODIUM_CRYPTO_PWHASH_OPSLIMIT_INTERACTIVE` and
/// `…_MEMLIMIT_INTERACTIVE`, the latter in KiB.
const INTERACTIVE: Step = Step::Argon2id { bytes: 32, passes: 2, kib: 65_536 };

/// One time that something was hashed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Of the salt and the text.
    Digest(Digest),
    Argon2id {
        bytes: usize,
        passes: u32,
        kib: u32,
    },
}

impl Step {
    fn parse(version: &str) -> Option<Self> {
        match version {
            "0" => return Some(Self::Digest(Digest::Md5)),
            "1" => return Some(Self::Digest(Digest::Sha256)),
            "2" => return Some(INTERACTIVE),
            _ => {}
        }
        let numbers: Vec<&str> = version.strip_prefix("3_")?.split('_').collect();
        let [bytes, passes, memory] = numbers.as_slice() else { return None };
        let memory: u64 = memory.parse().ok()?;
        // What libsodium rounds down, it never wrote.
        let kib = memory.is_multiple_of(1024).then(|| u32::try_from(memory / 1024).ok())??;
        let (bytes, passes) = (bytes.parse().ok()?, passes.parse().ok()?);
        let is_one = (16..=64).contains(&bytes) && passes >= 1 && kib >= 8;
        is_one.then_some(Self::Argon2id { bytes, passes, kib })
    }

    /// Bytes of what it makes.
    fn len(self) -> usize {
        match self {
            Self::Digest(digest) => digest.len(),
            Self::Argon2id { bytes, .. } => bytes,
        }
    }
}

/// A hash of which Argon2id is the last step. Those of digests alone are [`super::joined`]'s.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Magento<'a> {
    /// Hexadecimal digits.
    pub(super) expected: &'a str,
    pub(super) salt: &'a str,
    pub(super) steps: Vec<Step>,
}

impl<'a> Magento<'a> {
    pub(super) fn parse(text: &'a str) -> Option<Self> {
        let (expected, rest) = text.split_once(':')?;
        let (salt, versions) = rest.split_once(':')?;
        let is_salt =
            (1..=LONGEST).contains(&salt.len()) && salt.bytes().all(|byte| byte.is_ascii_graphic());
        if !is_salt || versions.len() > 64 {
            return None;
        }
        let steps: Vec<Step> = versions.split(':').map(Step::parse).collect::<Option<_>>()?;
        let last = *steps.last().filter(|step| matches!(step, Step::Argon2id { .. }))?;
        let is_hash = expected.len() == 2 * last.len() && is_hex(expected);
        (is_hash && steps.len() <= 4).then_some(Self { expected, salt, steps })
    }

    pub(super) fn scheme(text: &'a str) -> Option<Scheme> {
        Self::parse(text).map(|_| Scheme::Magento)
    }

    /// Memory in KiB and passes of the step that asks for most.
    pub(super) fn cost(&self) -> (u32, u32) {
        let costs = self.steps.iter().filter_map(|step| match step {
            Step::Argon2id { passes, kib, .. } => Some((*kib, *passes)),
            Step::Digest(_) => None,
        });
        costs.max_by_key(|(kib, passes)| u64::from(*kib) * u64::from(*passes)).unwrap_or_default()
    }
}

/// The salt as Argon2id takes it: cut, or repeated until it is long enough.
pub(super) fn argon2_salt(salt: &str) -> Vec<u8> {
    salt.bytes().cycle().take(SALT_BYTES).collect()
}

/// What digests alone make of a password, in hexadecimal digits.
pub(super) fn digest_again(password: &[u8], salt: &[u8], versions: &str) -> Option<String> {
    let mut found = password.to_vec();
    for version in versions.split(':') {
        let Step::Digest(digest) = Step::parse(version)? else { return None };
        found = to_hex(&digest.of(&[salt, &found])).into_bytes();
    }
    String::from_utf8(found).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_those_that_magento_writes() {
        let hash = "a".repeat(64);
        let steps = |versions: &str| {
            Magento::parse(&format!("{hash}:salt:{versions}")).map(|read| read.steps)
        };
        let (md5, sha256) = (Step::Digest(Digest::Md5), Step::Digest(Digest::Sha256));
        assert_eq!(steps("2"), Some(vec![INTERACTIVE]));
        assert_eq!(steps("3_32_2_67108864"), Some(vec![INTERACTIVE]));
        assert_eq!(steps("0:1:2"), Some(vec![md5, sha256, INTERACTIVE]));
        for versions in [
            "",
            "0",
            "1",
            "0:1",
            "2:1",
            "4",
            "02",
            "3",
            "3_32_2",
            "3_16_2_67108864",
            "3_32_0_8192",
            "3_32_2_8193",
            "3_32_2_4096",
            "3_32_2_67108864_1",
            "3_32_2_-1",
            "2:",
            ":2",
            "1:1:1:1:2",
        ] {
            assert_eq!(steps(versions), None, "{versions}");
        }
        assert_eq!(Magento::parse(&format!("{hash}::2")), None);
        assert_eq!(Magento::parse(&format!("{hash}:sa lt:2")), None);
    }
}
