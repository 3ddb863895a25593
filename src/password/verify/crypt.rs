//! The hashes of crypt(3) and of PHP programs, which repeat a digest many times.

use super::kdf::Verdict;
use super::{Unverifiable, php_trim};
use crate::password::crypt64::{crypt, crypt_of, from_crypt};
use crate::password::digest::{Digest, equal, to_hex};
use password_hash::PasswordVerifier as _;

/// The most rounds that a hash may ask for.
const ROUNDS: u32 = 10_000_000;

/// phpass' portable hash: `$P$` of WordPress before 6.8 and of others, `$H$` of phpBB.
///
/// WordPress trims a password when it is set (`wp_hash_password`) and when it is given (`wp_authenticate`), and
/// lets nobody in with an empty one; other programs that write `$P$` do not trim. So a password with white space
/// around is tried as it is first, and then without.
/// Source: <https://github.com/WordPress/wordpress-develop/blob/trunk/src/wp-includes/pluggable.php>
pub(super) fn portable(password: &str, stored: &str) -> Verdict {
    let matches = |text: &str| phpass(Digest::Md5, text.as_bytes(), stored, 22);
    let trimmed = php_trim(password);
    let may_be_trimmed =
        stored.starts_with("$P$") && !trimmed.is_empty() && trimmed.len() < password.len();
    Ok(matches(password)? || (may_be_trimmed && matches(trimmed)?))
}

/// phpass and Drupal: a character of cost, eight of salt, and of the digest as many as are kept.
/// Source: Openwall's phpass.
pub(super) fn phpass(digest: Digest, password: &[u8], stored: &str, kept: usize) -> Verdict {
    let read = || {
        let (cost, rest) = stored.get(3..)?.split_at_checked(1)?;
        let (salt, expected) = rest.split_at_checked(8)?;
        Some((from_crypt(cost.as_bytes()[0])?, salt, expected))
    };
    let (cost, salt, expected) = read().ok_or(Unverifiable::Malformed)?;
    if cost > 24 {
        return Err(Unverifiable::TooCostly);
    }
    let mut found = digest.of(&[salt.as_bytes(), password]);
    for _ in 0..1_u32 << cost {
        found = digest.of(&[&found, password]);
    }
    let mut found = crypt_of(&found);
    found.truncate(kept);
    Ok(equal(found.as_bytes(), expected.as_bytes()))
}

/// Drupal 7: SHA-512, cut so that all is 55 characters. `U` marks what was made of an older MD5
/// when the site was upgraded, by phpass too.
/// Source: Drupal's includes/password.inc.
pub(super) fn drupal(password: &[u8], stored: &str) -> Verdict {
    let older = to_hex(&Digest::Md5.of(&[password]));
    let (password, stored) = match stored.strip_prefix('U') {
        Some(stored) => (older.as_bytes(), stored),
        None => (password, stored),
    };
    if stored.starts_with("$P$") {
        return phpass(Digest::Md5, password, stored, 22);
    }
    phpass(Digest::Sha512, password, stored, 55 - 12)
}

/// crypt(3)'s MD5 and Apache's, which differ in their mark.
/// Source: FreeBSD's crypt-md5.c.
pub(super) fn md5(password: &[u8], stored: &str, mark: &str) -> Verdict {
    let rest = stored.strip_prefix(mark).and_then(|rest| rest.split_once('$'));
    let (salt, expected) = rest.ok_or(Unverifiable::Malformed)?;
    let salt = &salt.as_bytes()[..salt.len().min(8)];
    let md5 = Digest::Md5;
    let inner = md5.of(&[password, salt, password]);
    let mut text = [password, mark.as_bytes(), salt].concat();
    text.extend(inner.iter().cycle().take(password.len()));
    let mut n = password.len();
    while n > 0 {
        text.push(if n & 1 == 1 { 0 } else { password[0] });
        n >>= 1;
    }
    let mut found = md5.of(&[&text]);
    for round in 0..1_000 {
        let salt = if round % 3 == 0 { &[] } else { salt };
        let again = if round % 7 == 0 { &[] } else { password };
        found = if round % 2 == 0 {
            md5.of(&[&found, salt, again, password])
        } else {
            md5.of(&[password, salt, again, &found])
        };
    }
    let group = |a: usize, b: usize, c: usize| {
        u32::from(found[a]) << 16 | u32::from(found[b]) << 8 | u32::from(found[c])
    };
    let groups = (0..5).map(|i| group(i, i + 6, if i == 4 { 5 } else { i + 12 }));
    let text = crypt(groups.chain([u32::from(found[11])]), 22);
    Ok(equal(text.as_bytes(), expected.as_bytes()))
}

/// SHA-256 and SHA-512 of crypt(3), the latter possibly cut to half of its digest.
/// Source: Drepper, "Unix crypt using SHA-256 and SHA-512".
pub(super) fn sha(password: &[u8], stored: &str) -> Verdict {
    let mut parts = stored.split('$').skip(2).peekable();
    let rounds = match parts.next_if(|part| part.starts_with("rounds=")) {
        Some(rounds) => rounds["rounds=".len()..].parse().map_err(|_| Unverifiable::Malformed)?,
        None => 5_000_u32,
    };
    if rounds > ROUNDS {
        return Err(Unverifiable::TooCostly);
    }
    let (Some(salt), Some(expected)) = (parts.next(), parts.next()) else {
        return Err(Unverifiable::Malformed);
    };
    // Fewer are taken as 1,000.
    let params = sha_crypt::Params::new(rounds.max(1_000)).map_err(|_| Unverifiable::Malformed)?;
    let salt = salt.as_bytes();
    let mut found = if stored.starts_with("$5$") {
        sha256_text(&sha_crypt::sha256_crypt(password, salt, params))
    } else {
        sha512_text(&sha_crypt::sha512_crypt(password, salt, params))
    };
    found.truncate(expected.len());
    Ok(equal(found.as_bytes(), expected.as_bytes()))
}

/// Where the three bytes of a group stand in the digest.
type Places = (usize, usize, usize);

/// The digest's bytes in crypt(3)'s order.
fn sha256_text(digest: &[u8; 32]) -> String {
    let next = |(a, b, c): Places| (c + 1, a + 1, b + 1);
    let last = u32::from(digest[31]) << 8 | u32::from(digest[30]);
    crypt(groups(digest, (0, 10, 20), next).take(10).chain([last]), 43)
}

fn sha512_text(digest: &[u8; 64]) -> String {
    let next = |(a, b, c): Places| (b + 1, c + 1, a + 1);
    let last = u32::from(digest[63]);
    crypt(groups(digest, (0, 21, 42), next).take(21).chain([last]), 86)
}

fn groups(
    digest: &[u8],
    first: Places,
    next: impl Fn(Places) -> Places,
) -> impl Iterator<Item = u32> {
    let byte = |i: usize| u32::from(digest[i]);
    let places = std::iter::successors(Some(first), move |now| Some(next(*now)));
    places.map(move |(a, b, c)| byte(a) << 16 | byte(b) << 8 | byte(c))
}

/// `$y$`.
pub(super) fn yescrypt(password: &[u8], stored: &str) -> Verdict {
    // The second character of the parameters is the cost as a power of two, less one.
    let cost = stored.as_bytes().get(4).and_then(|byte| from_crypt(*byte));
    if cost.ok_or(Unverifiable::Malformed)? > 17 {
        return Err(Unverifiable::TooCostly);
    }
    let hash = ::yescrypt::PasswordHashRef::new(stored).map_err(|_| Unverifiable::Malformed)?;
    Ok(::yescrypt::Yescrypt::default().verify_password(password, hash).is_ok())
}
