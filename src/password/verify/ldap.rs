//! The digests of directories: `{NAME}base64`, the digest and behind it the salt.

use super::Unverifiable;
use super::kdf::Verdict;
use crate::password::crypt64::from_base64;
use crate::password::digest::{Digest, equal};
use aws_lc_rs::digest as aws;

pub(super) fn digest(digest: Digest, password: &[u8], stored: &str) -> Verdict {
    let (expected, salt) = parts(stored, digest.len())?;
    Ok(equal(&digest.of(&[password, &salt]), &expected))
}

/// The functions of SHA-2, by their names.
pub(super) fn sha2(password: &[u8], stored: &str) -> Verdict {
    let name = stored[1..].split_once('}').map(|(name, _)| name.to_ascii_uppercase());
    let algorithm = match name.as_deref().map(|name| name.trim_start_matches('S')) {
        Some("HA256") => &aws::SHA256,
        Some("HA384") => &aws::SHA384,
        Some("HA512") => &aws::SHA512,
        _ => return Err(Unverifiable::Malformed),
    };
    let (expected, salt) = parts(stored, algorithm.output_len())?;
    let mut context = aws::Context::new(algorithm);
    context.update(password);
    context.update(&salt);
    Ok(equal(context.finish().as_ref(), &expected))
}

fn parts(stored: &str, digest: usize) -> Result<(Vec<u8>, Vec<u8>), Unverifiable> {
    let value = stored.split_once('}').and_then(|(_, value)| from_base64(value));
    let mut value = value.ok_or(Unverifiable::Malformed)?;
    if value.len() < digest {
        return Err(Unverifiable::Malformed);
    }
    let salt = value.split_off(digest);
    Ok((value, salt))
}
