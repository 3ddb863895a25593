//! Texts that begin as hashes do. Whether anybody can verify them is another question: they may be
//! damaged, in a spelling that no library takes, or of a scheme that nothing here knows. People do
//! not type them, so they are never taken for plain text.
//!
//! Sources: crypt(5), the PHC string format (<https://github.com/P-H-C/phc-string-format>), RFC 2307 for
//! names in braces and Dovecot's further ones (<https://doc.dovecot.org/main/core/config/auth/schemes.html>).

use super::crypt64::from_base64;
use super::digest::Digest;

/// So much at least stands behind the mark of a hash.
const LEAST: usize = 12;
/// Nobody types so much behind a mark of any name.
const LONG: usize = 40;
/// The identifiers of crypt that are letters or digits.
const CRYPT: &[&str] =
    &["1", "2", "2a", "2b", "2x", "2y", "3", "5", "6", "7", "y", "gy", "p", "h", "s", "apr1", "wp"];
/// What the names of slow schemes begin with, wherever they stand.
const SLOW: &[&str] = &["argon2", "bcrypt", "pbkdf2", "scrypt"];
/// What other names between dollar signs begin with.
const NAMED: &[&str] =
    &["firebase-scrypt", "fbscrypt", "hmac-", "md5", "sha1", "sha2", "sha5", "yescrypt"];
/// The other scheme names in braces begin with one of these.
const BRACED: &[&str] = &[
    "sha",
    "ssha",
    "md4",
    "md5",
    "smd5",
    "xsha",
    "crypt",
    "blf-crypt",
    "pkcs5s2",
    "ldap",
    "sm3",
    "ssm3",
];

/// The alphabet of all hashes that begin with a `$`, with the separators and parameters of PHC strings.
pub(super) const IN_HASHES: [bool; 256] = letters_and(b"./$+=,-_*");

/// Letters, digits, and these signs. As a table: every password is looked through.
pub(super) const fn letters_and(signs: &[u8]) -> [bool; 256] {
    let mut table = [false; 256];
    let mut byte: u8 = 0;
    while byte < 128 {
        table[byte as usize] = byte.is_ascii_alphanumeric();
        byte += 1;
    }
    let mut i = 0;
    while i < signs.len() {
        table[signs[i] as usize] = true;
        i += 1;
    }
    table
}

/// What base64 stands for, where it begins as that of a brace and a letter does.
pub(super) fn may_be_directory(password: &str) -> Option<String> {
    let may_be = matches!(password.as_bytes(), [b'e', b'0'..=b'3', ..]);
    may_be.then(|| String::from_utf8(from_base64(password)?).ok())?
}

/// Whether a text begins as a hash does, also in the base64 of a directory.
pub(super) fn begins_as_hash(text: &str) -> bool {
    begins(text)
        || may_be_directory(text).is_some_and(|inner| inner.starts_with('{') && begins(&inner))
}

fn begins(text: &str) -> bool {
    let text = text.trim();
    let text = text.strip_prefix("U$").map_or(text, |_| &text[1..]);
    let (name, behind) = match text.as_bytes().first() {
        Some(b'$') => return text[1..].split_once('$').is_some_and(|parts| dollars(text, parts)),
        Some(b'{') => match text[1..].split_once('}') {
            Some(parts) => parts,
            None => return false,
        },
        _ => return text.split_once('$').is_some_and(framework),
    };
    let name = name.to_ascii_lowercase();
    let is_other = || name.ends_with("-crypt");
    is_some(behind) && (has_prefix(&name, SLOW) || has_prefix(&name, BRACED) || is_other())
}

/// `$ID$…`.
fn dollars(text: &str, (id, behind): (&str, &str)) -> bool {
    let name = id.to_ascii_lowercase();
    let is_known =
        CRYPT.contains(&name.as_str()) || has_prefix(&name, SLOW) || has_prefix(&name, NAMED);
    let is_name = !id.is_empty()
        && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_,=".contains(&byte));
    let is_long = text.len() >= LONG && behind.contains('$');
    is_some(behind)
        && (is_known || is_name && is_long && text.bytes().all(|byte| IN_HASHES[usize::from(byte)]))
}

/// `pbkdf2_sha256$…`, `scrypt:32768:8:1$…`, `sha1$SALT$DIGEST`.
fn framework((head, behind): (&str, &str)) -> bool {
    let head = head.to_ascii_lowercase();
    let is_digest =
        || Digest::parse(&head).is_some() && behind.contains('$') && behind.len() >= 2 * LEAST;
    is_some(behind) && (has_prefix(&head, SLOW) || is_digest())
}

fn has_prefix(name: &str, prefixes: &[&str]) -> bool {
    prefixes.iter().any(|prefix| name.starts_with(prefix))
}

fn is_some(behind: &str) -> bool {
    behind.len() >= LEAST && !behind.contains(char::is_whitespace)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::password::{Scheme, detect};

    /// Spellings that the schemes' own libraries refuse, damage, and schemes that are not known.
    #[test]
    fn what_begins_as_a_hash_is_a_form_that_is_not_known() {
        let x = |n: usize| "x".repeat(n);
        for text in [
            "$argon2id$v=19$m=065536,t=3,p=4$c2FsdHNhbHQ$aGFzaGhhc2hoYXNoaGFzaA".to_owned(),
            "$argon2id$v=19$m=65536,t=3,p=4,data=eA$c2FsdHNhbHQ$aGFzaGhhc2hoYXNoaGFzaA".to_owned(),
            "$argon2id$v=19$m=65536,t=3,p=4$c2Fsd-_hbHQ$aGFzaGhhc2hoYXNoaGFzaA".to_owned(),
            "$ARGON2ID$V=19$M=65536,T=3,P=4$c2FsdHNhbHQ$aGFzaGhhc2hoYXNoaGFzaA".to_owned(),
            "argon2$argon2id$v=19$m=0102400,t=2,p=8$c2FsdHNhbHQ$aGFzaGhhc2hoYXNoaGFzaA".to_owned(),
            "{ARGON2}$argon2id$v=19$m=065536,t=3,p=4$c2FsdHNhbHQ$aGFzaGhhc2hoYXNoaGFzaA".to_owned(),
            format!("$2b$12${}", x(52)),
            format!(" $2b$12${}", x(53)),
            format!("$2b$12${}\n", x(53)),
            format!("$2y$10${}密", x(50)),
            format!("$6$salt${}", x(85)),
            format!("$1$salt${}", x(21)),
            format!("$P$B{}", x(29)),
            format!("U$S$D{}", x(50)),
            format!("$md5,rounds=904$salt${}", x(22)),
            format!("$gy$j9T$salt${}", x(43)),
            format!("$scrypt$n=16,r=8,p=1$salt${}", x(43)),
            format!("$pbkdf2-sha3$1000$salt${}", x(43)),
            format!("$balloon$v=1$s=1024,t=3${}${}", x(22), x(43)),
            format!("pbkdf2_sha256$many$salt${}=", x(43)),
            format!("bcrypt_sha256$$2b$12${}", x(52)),
            format!("sha1$salt${}", x(40)),
            "{SSHA}W6ph5Mm5Pz8GgiULbPgzG37m".to_owned(),
            "{SSHA}W6ph5Mm5Pz8GgiULbPgzG37mj9hzYW-_".to_owned(),
            "{PBKDF2-SHA256}ten$c2FsdA$aGFzaA".to_owned(),
            "{SHA512-CRYPT}$6$salt$cutoff".to_owned(),
            "{PKCS5S2}deZNhDkKWQTL6y".to_owned(),
            // {SSHA}not-quite-base64
            "e1NTSEF9bm90LXF1aXRlLWJhc2U2NA==".to_owned(),
        ] {
            assert_eq!(detect(&text), Scheme::Unknown, "{text}");
        }
    }

    #[test]
    fn what_people_type_begins_otherwise() {
        for text in [
            "$",
            "$$$",
            "$1$",
            "$ecret$",
            "$2b$",
            "{bcrypt}secret",
            "{SHA}no",
            "{}",
            "{hi}there-you-all",
            "{noop}correcthorse",
            "{CLEARTEXT}correcthorse",
            "pbkdf2$",
            "U$A",
            "U$",
            "sha1$s$mine",
            "Pa$$word-for-my-sha1$hop",
            "$hop-till-you$drop",
            "$6$ s p a c e s",
            "e1NT",
            "argon2-is-good",
            "$a$b$c",
            "密$码$",
        ] {
            assert!(!begins_as_hash(text), "{text}");
        }
    }
}
