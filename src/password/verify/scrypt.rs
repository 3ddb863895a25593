//! The forms of scrypt.

use super::Unverifiable;
use super::kdf::{MEMORY, Verdict, WORK, cost};
use crate::password::crypt64::{from_base64, from_crypt, from_crypt_text};
use crate::password::digest::{equal, from_hex};
use crate::password::firebase::{FbScrypt, Firebase};
use crate::password::spring::SpringScrypt;
use aws_lc_rs::cipher::{AES_256, DecryptingKey, DecryptionContext, UnboundCipherKey};

/// What a stored string says.
struct Form {
    /// The cost as a power of two, block size, lanes.
    costs: (u8, u32, u32),
    salt: Vec<u8>,
    expected: Vec<u8>,
}

/// All forms but Firebase's.
pub(super) fn any(password: &[u8], stored: &str) -> Verdict {
    let read = if let Some(rest) = stored.strip_prefix("$7$") {
        crypt(rest)
    } else if stored.starts_with("$scrypt$") {
        passlib(stored)
    } else if let Some(rest) = stored.strip_prefix("scrypt:") {
        werkzeug(rest)
    } else if let Some(rest) = stored.strip_prefix('$') {
        let read = SpringScrypt::parse(rest);
        read.map(|SpringScrypt { costs, salt, hash: expected }| Form { costs, salt, expected })
    } else {
        django(stored)
    };
    let form = read.ok_or(Unverifiable::Malformed)?;
    let found = derive(password, &form.salt, form.costs, form.expected.len())?;
    Ok(equal(&found, &form.expected))
}

/// `$scrypt$ln=15,r=8,p=1$salt$hash`.
fn passlib(stored: &str) -> Option<Form> {
    let parts: Vec<&str> = stored.split('$').collect();
    let [_, _, costs, salt, hash] = parts.as_slice() else { return None };
    let ln = u8::try_from(cost(costs, "ln=")?).ok()?;
    let costs = (ln, cost(costs, "r=")?, cost(costs, "p=")?);
    Some(Form { costs, salt: from_base64(salt)?, expected: from_base64(hash)? })
}

/// `32768:8:1$salt$hex`.
fn werkzeug(rest: &str) -> Option<Form> {
    let parts: Vec<&str> = rest.split('$').collect();
    let [costs, salt, hash] = parts.as_slice() else { return None };
    let costs: Vec<&str> = costs.split(':').collect();
    let [n, r, p] = costs.as_slice() else { return None };
    let costs = (log2(n)?, r.parse().ok()?, p.parse().ok()?);
    Some(Form { costs, salt: salt.as_bytes().to_vec(), expected: from_hex(hash)? })
}

/// `scrypt$N$salt$r$p$base64`.
fn django(stored: &str) -> Option<Form> {
    let parts: Vec<&str> = stored.split('$').collect();
    let [_, n, salt, r, p, hash] = parts.as_slice() else { return None };
    let costs = (log2(n)?, r.parse().ok()?, p.parse().ok()?);
    Some(Form { costs, salt: salt.as_bytes().to_vec(), expected: from_base64(hash)? })
}

/// crypt(3)'s `C6..../....salt$hash`: one character of cost, five each of block size and lanes.
fn crypt(rest: &str) -> Option<Form> {
    let (head, hash) = rest.split_once('$')?;
    let (costs, salt) = head.split_at_checked(11)?;
    let costs = costs.as_bytes();
    let number = |digits: &[u8]| {
        digits.iter().rev().try_fold(0_u32, |n, byte| Some(n << 6 | from_crypt(*byte)?))
    };
    let ln = u8::try_from(from_crypt(costs[0])?).ok()?;
    let costs = (ln, number(&costs[1..6])?, number(&costs[6..11])?);
    Some(Form { costs, salt: salt.as_bytes().to_vec(), expected: from_crypt_text(hash)? })
}

fn log2(n: &str) -> Option<u8> {
    let n: u64 = n.parse().ok()?;
    n.is_power_of_two().then(|| u8::try_from(n.trailing_zeros()).ok())?
}

pub(super) fn derive(
    password: &[u8],
    salt: &[u8],
    (ln, r, p): (u8, u32, u32),
    len: usize,
) -> Result<Vec<u8>, Unverifiable> {
    if len < 16 {
        // A digest of a few bytes would match by chance.
        return Err(Unverifiable::Malformed);
    }
    let n = if ln < 40 { 1_u64 << ln } else { u64::MAX };
    let bytes = n.saturating_mul(128).saturating_mul(r.into());
    if bytes > MEMORY || bytes.saturating_mul(p.into()) > WORK {
        return Err(Unverifiable::TooCostly);
    }
    let params = ::scrypt::Params::new(ln, r, p).map_err(|_| Unverifiable::Malformed)?;
    let mut found = vec![0; len];
    ::scrypt::scrypt(password, salt, &params, &mut found).map_err(|_| Unverifiable::Malformed)?;
    Ok(found)
}

/// Firebase's, whose parameters are told apart from it.
pub(super) fn firebase(password: &[u8], stored: &str, parameters: &Firebase) -> Verdict {
    let read = || {
        let (salt, expected) = stored.strip_prefix("$firebase-scrypt$")?.split_once('$')?;
        Some((from_base64(salt)?, from_base64(expected)?))
    };
    let (salt, expected) = read().ok_or(Unverifiable::Malformed)?;
    encrypted(password, salt, &expected, parameters, 1)
}

/// Firebase's with its parameters.
pub(super) fn fbscrypt(password: &[u8], stored: &str) -> Verdict {
    let read = stored.strip_prefix('$').and_then(FbScrypt::parse);
    let FbScrypt { parameters, lanes, salt, hash } = read.ok_or(Unverifiable::Malformed)?;
    encrypted(password, salt, &hash, &parameters, lanes)
}

/// What scrypt makes of the password encrypts the project's key.
fn encrypted(
    password: &[u8],
    mut salt: Vec<u8>,
    expected: &[u8],
    parameters: &Firebase,
    lanes: u32,
) -> Verdict {
    let (mut signer, separator) = parameters.bytes().ok_or(Unverifiable::Malformed)?;
    // A digest of a few bytes would match by chance.
    if expected.len() < 16 {
        return Err(Unverifiable::Malformed);
    }
    salt.extend(separator);
    let key = derive(password, &salt, (parameters.mem_cost, parameters.rounds, lanes), 64)?;
    // In counter mode to encrypt is to decrypt.
    let mut cipher = || {
        let key = UnboundCipherKey::new(&AES_256, &key[..32]).ok()?;
        let counter = DecryptionContext::Iv128([0; 16].into());
        Some(DecryptingKey::ctr(key).ok()?.decrypt(&mut signer, counter).ok()?.to_vec())
    };
    let found = cipher().ok_or(Unverifiable::Malformed)?;
    let found = found.get(..expected.len()).ok_or(Unverifiable::Malformed)?;
    Ok(equal(found, expected))
}
