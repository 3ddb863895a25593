//! Whether a password matches a hash.
//!
//! What the stored string asks for in memory and time is bounded: it comes from an export, and a
//! wrong number must not take the machine.

mod colons;
mod crypt;
mod kdf;
mod ldap;
mod scrypt;

use super::better_auth::{self, BetterAuth};
use super::crypt64::from_base64;
use super::detect::{unwrapped, without_prefix};
use super::digest::{Digest, equal, from_hex};
use super::firebase::Firebase;
use super::joined::{Joined, Way, hmac, way_of_cut};
use super::order::Order;
use super::{Scheme, detect};

/// Why nobody can say whether a password matches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unverifiable {
    /// It is no hash of a known scheme.
    NoHash,
    /// It is called by its scheme, but its parts cannot be read.
    Malformed,
    /// It asks for more memory or time than is reasonable.
    TooCostly,
    /// The parameters of the Firebase project are needed.
    Firebase,
    /// `$2x$` is the mark of a faulty implementation, which nobody should imitate.
    Faulty,
}

/// Whether the password matches the stored string. `firebase` is asked only for its hashes.
pub fn verify(
    password: &str,
    stored: &str,
    firebase: Option<&Firebase>,
) -> Result<bool, Unverifiable> {
    let scheme = detect(stored);
    let unwrapped = unwrapped(stored);
    let hash = without_prefix(&unwrapped);
    let bytes = password.as_bytes();
    match scheme {
        Scheme::Plain | Scheme::Unknown | Scheme::None => Err(Unverifiable::NoHash),
        Scheme::Bcrypt => kdf::bcrypt(bytes, hash),
        Scheme::WordPress => kdf::wordpress(password, hash),
        Scheme::Argon2i | Scheme::Argon2d | Scheme::Argon2id => kdf::argon2(bytes, hash),
        Scheme::Scrypt => scrypt::any(bytes, hash),
        // It may also be a salt and a digest.
        Scheme::BetterAuth => {
            let hash = better_auth::unpacked(hash);
            Ok(colons::better_auth(password, &hash)? || way(bytes, &hash).is_some())
        }
        Scheme::Magento => colons::magento(bytes, hash),
        Scheme::FirebaseScrypt => {
            scrypt::firebase(bytes, hash, firebase.ok_or(Unverifiable::Firebase)?)
        }
        Scheme::FbScrypt => scrypt::fbscrypt(bytes, hash),
        Scheme::Pbkdf2Sha1 | Scheme::Pbkdf2Sha256 | Scheme::Pbkdf2Sha512 => {
            kdf::pbkdf2(bytes, hash)
        }
        Scheme::AspNetIdentity => kdf::asp_net(bytes, hash),
        Scheme::Phpass => crypt::portable(password, hash),
        Scheme::Drupal7 => crypt::drupal(bytes, hash),
        Scheme::Md5Crypt => crypt::md5(bytes, hash, "$1$"),
        Scheme::Apr1 => crypt::md5(bytes, hash, "$apr1$"),
        Scheme::Sha256Crypt | Scheme::Sha512Crypt => crypt::sha(bytes, hash),
        Scheme::Yescrypt => crypt::yescrypt(bytes, hash),
        Scheme::LdapSha | Scheme::LdapSsha => ldap::digest(Digest::Sha1, bytes, hash),
        Scheme::LdapMd5 | Scheme::LdapSmd5 => ldap::digest(Digest::Md5, bytes, hash),
        Scheme::LdapSsha512 => ldap::digest(Digest::Sha512, bytes, hash),
        Scheme::LdapSha2 | Scheme::LdapSsha2 => ldap::sha2(bytes, hash),
        Scheme::Hmac => keyed(bytes, hash),
        Scheme::SaltedMd5
        | Scheme::SaltedSha1
        | Scheme::SaltedSha256
        | Scheme::SaltedSha512
        | Scheme::UnsaltedMd5
        | Scheme::UnsaltedSha1 => match hash.strip_prefix('$') {
            Some(rest) => salted(bytes, rest),
            None => Ok(way(bytes, hash).is_some()),
        },
        Scheme::HexMd5 => hex(Digest::Md5, bytes, hash),
        Scheme::HexSha1 => hex(Digest::Sha1, bytes, hash),
        Scheme::HexSha256 => hex(Digest::Sha256, bytes, hash),
        Scheme::HexSha512 => hex(Digest::Sha512, bytes, hash),
    }
}

/// How a password matches a digest with its salt in one text, which does not say so itself.
pub fn way(password: &[u8], stored: &str) -> Option<Way> {
    let stored = &*better_auth::unpacked(stored);
    let way = Joined::readings(stored).find_map(|one| one.matches(password));
    way.or_else(|| {
        let BetterAuth { salt, key } = BetterAuth::parse(stored)?;
        way_of_cut(password, salt.as_bytes(), &key)
    })
}

/// PHP's trim: <https://www.php.net/manual/en/function.trim.php>
fn php_trim(text: &str) -> &str {
    text.trim_matches([' ', '\t', '\n', '\r', '\0', '\x0b'])
}

fn hex(digest: Digest, password: &[u8], stored: &str) -> Result<bool, Unverifiable> {
    let expected = from_hex(stored).ok_or(Unverifiable::Malformed)?;
    Ok(equal(&digest.of(&[password]), &expected))
}

/// `sha256$ORDER$SALT$DIGEST`, the digest possibly cut.
fn salted(password: &[u8], rest: &str) -> Result<bool, Unverifiable> {
    let parts: Vec<&str> = rest.split('$').collect();
    let [digest, order, salt, expected] = parts.as_slice() else {
        return Err(Unverifiable::Malformed);
    };
    let read = || {
        let (digest, order) = (Digest::parse(digest)?, Order::from_letters(order)?);
        Some((digest, order, from_base64(salt)?, from_base64(expected)?))
    };
    let (digest, order, salt, expected) = read().ok_or(Unverifiable::Malformed)?;
    // A digest of a few bytes, or of none, would match by chance or always.
    if expected.len() < 16 {
        return Err(Unverifiable::Malformed);
    }
    let mut found = order.digest(digest, password, &salt);
    found.truncate(expected.len());
    Ok(equal(&found, &expected))
}

/// `$hmac-sha256$ORDER$SALT$KEY$DIGEST`.
fn keyed(password: &[u8], stored: &str) -> Result<bool, Unverifiable> {
    let read = || {
        let parts: Vec<&str> = stored.strip_prefix("$hmac-")?.split('$').collect();
        let [digest, order, salt, key, expected] = parts.as_slice() else { return None };
        let (digest, order) = (Digest::parse(digest)?, Order::from_letters(order)?);
        Some((digest, order, from_base64(salt)?, from_base64(key)?, from_base64(expected)?))
    };
    let (digest, order, salt, key, expected) = read().ok_or(Unverifiable::Malformed)?;
    Ok(equal(&hmac(digest, &key, &order.hashed(password, &salt)), &expected))
}

#[cfg(test)]
mod tests;
