//! Which scheme a password is stored in, told from its form.
//!
//! Only what is unambiguous gets a name. A hash of pure hexadecimal digits is called by its
//! length; that it may be salted, or be of another function of that length, nobody can see.

use super::argon2;
use super::better_auth::{BetterAuth, unpacked};
use super::crypt64::{from_base64, from_strict_base64};
use super::digest::Digest;
use super::digits::{is_hex, is_number};
use super::firebase::FbScrypt;
use super::joined::Joined;
use super::magento::Magento;
use super::marked::{IN_HASHES, begins_as_hash, letters_and, may_be_directory};
use super::order::Order;
use super::pbkdf2::Pbkdf2;
use super::phc;
use super::scheme::Scheme;
use super::spring::SpringScrypt;
use std::borrow::Cow;

/// The scheme of a password as it stands in an export.
pub fn detect(password: &str) -> Scheme {
    if password.is_empty() {
        return Scheme::None;
    }
    let found = match unwrapped(password) {
        Cow::Owned(inner) => directory(&inner),
        Cow::Borrowed(password) => hash(password),
    };
    let none = || if begins_as_hash(password) { Scheme::Unknown } else { Scheme::Plain };
    found.unwrap_or_else(none)
}

/// What a directory's base64 stands for, where it stands for a hash with the name of its family in
/// braces: exports in LDIF have it (`userPassword:: e1NTSEF9…`).
pub(super) fn unwrapped(password: &str) -> Cow<'_, str> {
    let inner = may_be_directory(password).filter(|text| directory(text).is_some());
    inner.map_or(Cow::Borrowed(password), Cow::Owned)
}

/// The scheme of a hash with a name in braces.
fn directory(text: &str) -> Option<Scheme> {
    text.starts_with('{').then(|| hash(text))?
}

/// Whether nobody can sign in with it: the mark of Django for a user without a password, who comes from
/// elsewhere (`!`, and 40 characters that say nothing); `{SASL}user@REALM`, with which a directory asks
/// another server, also in base64.
pub fn is_unusable(password: &str) -> bool {
    if is_sasl(password.as_bytes()) {
        return true;
    }
    // Base64 of a brace and an S.
    let may_be = matches!(password.as_bytes(), [b'e', b'1' | b'3', ..]);
    if may_be && from_base64(password).is_some_and(|bytes| is_sasl(&bytes)) {
        return true;
    }
    let rest = password.strip_prefix('!');
    rest.is_some_and(|rest| {
        rest.is_empty() || rest.len() == 40 && rest.bytes().all(|byte| byte.is_ascii_alphanumeric())
    })
}

fn is_sasl(password: &[u8]) -> bool {
    password.get(..6).is_some_and(|name| name.eq_ignore_ascii_case(b"{SASL}"))
}

fn hash(password: &str) -> Option<Scheme> {
    let bare = without_prefix(password);
    if let Some(rest) = bare.strip_prefix('$') {
        return modular(rest).or_else(|| pbkdf2(bare)).or_else(|| better_auth(bare));
    }
    if bare.starts_with('{') {
        return ldap(bare).or_else(|| pbkdf2(bare));
    }
    if let Some(older) = bare.strip_prefix("U$") {
        // What Drupal made of the MD5 digests of its version 6.
        let is_hash = matches!(modular(older), Some(Scheme::Drupal7 | Scheme::Phpass));
        return is_hash.then_some(Scheme::Drupal7);
    }
    let with_colons = || better_auth(bare).or_else(|| Magento::scheme(bare));
    let other = || hex(bare).or_else(|| asp_net(bare));
    named(bare).or_else(with_colons).or_else(|| Joined::scheme(bare)).or_else(other)
}

/// A hash without the name of its family in braces, as directories (`{CRYPT}$6$…`) and Spring
/// Security (`{bcrypt}$2a$…`, `{argon2@SpringSecurity_v5_8}$argon2id$…`, `{ldap}{SSHA}…`) put before it
/// where the hash itself says the same.
pub(super) fn without_prefix(password: &str) -> &str {
    let inner = password.strip_prefix('{').and_then(|rest| rest.split_once('}'));
    let Some((name, hash)) = inner else { return password };
    let family = name.split_once('@').map_or(name, |(family, _)| family).to_ascii_lowercase();
    let says_itself = match family.as_str() {
        "crypt" | "bcrypt" | "argon2" | "scrypt" => hash.starts_with('$'),
        "ldap" => hash.starts_with('{'),
        _ => false,
    };
    if says_itself { hash } else { password }
}

/// The alphabet of crypt's own base64.
const IN_CRYPT: [bool; 256] = letters_and(b"./");

/// PBKDF2 in any of its forms.
fn pbkdf2(hash: &str) -> Option<Scheme> {
    Some(match Pbkdf2::parse(hash)?.digest {
        Digest::Sha256 => Scheme::Pbkdf2Sha256,
        Digest::Sha512 => Scheme::Pbkdf2Sha512,
        Digest::Sha1 | Digest::Md5 => Scheme::Pbkdf2Sha1,
    })
}

/// The modular crypt format, without its first `$`.
fn modular(rest: &str) -> Option<Scheme> {
    let (id, hash) = rest.split_once('$')?;
    if !hash.bytes().all(|byte| IN_HASHES[usize::from(byte)]) {
        return None;
    }
    if let Some(digest) = Digest::parse(id) {
        return composed(digest, hash);
    }
    let parts: Vec<&str> = hash.split('$').collect();
    let last = parts.last().map_or(0, |part| part.len());
    let salted = |digests: &[usize]| {
        let rounds = parts.len() == 3 && parts[0].starts_with("rounds=");
        (parts.len() == 2 || rounds) && digests.contains(&last)
    };
    let is = |holds: bool, scheme| holds.then_some(scheme);
    match id {
        // Cost, then 22 characters of salt and 31 of hash.
        "2a" | "2b" | "2x" | "2y" => is(is_bcrypt(&parts), Scheme::Bcrypt),
        "wp" => is(parts[0] == "2y" && is_bcrypt(&parts[1..]), Scheme::WordPress),
        "argon2i" => is(is_argon2(&parts), Scheme::Argon2i),
        "argon2d" => is(is_argon2(&parts), Scheme::Argon2d),
        "argon2id" => is(is_argon2(&parts), Scheme::Argon2id),
        "scrypt" => is(parts.len() == 3 && parts[0].starts_with("ln="), Scheme::Scrypt),
        "7" => is(parts.len() == 2 && parts[0].len() >= 11 && last == 43, Scheme::Scrypt),
        "firebase-scrypt" => {
            let is_hash = |part: &&str| from_base64(part).is_some_and(|bytes| !bytes.is_empty());
            is(parts.len() == 2 && parts.iter().all(is_hash), Scheme::FirebaseScrypt)
        }
        "fbscrypt" => is(FbScrypt::parse(rest).is_some(), Scheme::FbScrypt),
        // One character of cost, eight of salt, then the hash.
        "P" | "H" => is(parts.len() == 1 && last == 31, Scheme::Phpass),
        "S" => is(parts.len() == 1 && last == 52, Scheme::Drupal7),
        "1" => is(salted(&[22]), Scheme::Md5Crypt),
        "apr1" => is(salted(&[22]), Scheme::Apr1),
        "5" => is(salted(&[43]), Scheme::Sha256Crypt),
        // The short form has half of the digest.
        "6" => is(salted(&[86, 43]), Scheme::Sha512Crypt),
        "y" => is(parts.len() == 3 && last == 43, Scheme::Yescrypt),
        _ => match id.strip_prefix("hmac-").and_then(Digest::parse) {
            Some(digest) => is(is_hmac(digest, &parts), Scheme::Hmac),
            None => is(SpringScrypt::parse(rest).is_some(), Scheme::Scrypt),
        },
    }
}

fn is_bcrypt(parts: &[&str]) -> bool {
    parts.len() == 2
        && is_number(parts[0])
        && parts[0].len() == 2
        && parts[1].len() == 53
        && is_crypt(parts[1])
}

/// `ORDER$SALT$KEY$DIGEST`.
fn is_hmac(digest: Digest, parts: &[&str]) -> bool {
    let [order, salt, key, value] = parts else { return false };
    let is_placed = |order: Order| order.has_salt() || salt.is_empty();
    Order::from_letters(order).is_some_and(is_placed)
        && [salt, key].iter().all(|part| from_base64(part).is_some())
        && from_base64(value).is_some_and(|bytes| bytes.len() == digest.len())
}

/// `v=19$m=65536,t=3,p=4$salt$hash`, the numbers in any order; the oldest ones have no version.
fn is_argon2(parts: &[&str]) -> bool {
    let parts = if parts[0].starts_with("v=") { &parts[1..] } else { parts };
    let [costs, salt, hash] = parts else { return false };
    let bytes = |part: &str| from_strict_base64(part).map_or(0, |bytes| bytes.len());
    phc::numbers(costs, ["m", "t", "p"])
        .is_some_and(|[m, t, p]| argon2::is_possible((m, t, p), bytes(salt)))
        && bytes(hash) >= argon2::LEAST_HASH
}

/// `ORDER$SALT$DIGEST` of a digest.
fn composed(digest: Digest, hash: &str) -> Option<Scheme> {
    let (order, rest) = hash.split_once('$')?;
    let (salt, value) = rest.split_once('$')?;
    let order = Order::from_letters(order)?;
    let salt = from_base64(salt)?;
    let len = from_base64(value)?.len();
    let fits = len == digest.len() || digest == Digest::Sha512 && len == 32;
    (fits && (order.has_salt() || salt.is_empty())).then_some(Scheme::salted(digest))
}

/// `{SCHEME}value`, as directories keep it.
fn ldap(password: &str) -> Option<Scheme> {
    let (name, value) = password[1..].split_once('}')?;
    let bytes = from_base64(value)?.len();
    let exact = |digest: usize, scheme| (bytes == digest).then_some(scheme);
    let salted = |digest: usize, scheme| (bytes > digest).then_some(scheme);
    match name.to_ascii_uppercase().as_str() {
        "SHA" => exact(20, Scheme::LdapSha),
        "SSHA" => salted(20, Scheme::LdapSsha),
        "MD5" => exact(16, Scheme::LdapMd5),
        "SMD5" => salted(16, Scheme::LdapSmd5),
        "SSHA512" => salted(64, Scheme::LdapSsha512),
        "SHA256" => exact(32, Scheme::LdapSha2),
        "SHA384" => exact(48, Scheme::LdapSha2),
        "SHA512" => exact(64, Scheme::LdapSha2),
        "SSHA256" => salted(32, Scheme::LdapSsha2),
        "SSHA384" => salted(48, Scheme::LdapSsha2),
        _ => None,
    }
}

/// Forms of frameworks, which name the function first.
fn named(password: &str) -> Option<Scheme> {
    let (head, rest) = password.split_once('$')?;
    let parts: Vec<&str> = rest.split('$').collect();
    let is_digest = |part: &str| part.len() >= 20 && from_base64(part).is_some();
    match head {
        _ if head.starts_with("pbkdf2") => return pbkdf2(password),
        // Django: scrypt$N$salt$r$p$hash.
        "scrypt" if parts.len() == 5 && is_number(parts[0]) && is_digest(parts[4]) => {
            return Some(Scheme::Scrypt);
        }
        "bcrypt" | "bcrypt_sha256" => {
            return modular(rest.strip_prefix('$')?).filter(|scheme| *scheme == Scheme::Bcrypt);
        }
        "argon2" => {
            let is_argon2 = |scheme: &Scheme| scheme.as_str().starts_with("argon2");
            return modular(rest.trim_start_matches('$')).filter(is_argon2);
        }
        _ => {}
    }
    // Werkzeug: scrypt:N:r:p$salt$hash.
    let mut costs = head.strip_prefix("scrypt:")?.split(':');
    let costs_fit = costs.clone().count() == 3 && costs.all(is_number);
    let is_hash = parts.len() == 2 && parts[1].len() >= 32 && is_hex(parts[1]);
    (costs_fit && is_hash).then_some(Scheme::Scrypt)
}

fn hex(password: &str) -> Option<Scheme> {
    if !is_hex(password) {
        return None;
    }
    match password.len() {
        32 => Some(Scheme::HexMd5),
        40 => Some(Scheme::HexSha1),
        64 => Some(Scheme::HexSha256),
        128 => Some(Scheme::HexSha512),
        _ => None,
    }
}

fn better_auth(password: &str) -> Option<Scheme> {
    BetterAuth::parse(&unpacked(password)).map(|_| Scheme::BetterAuth)
}

/// ASP.NET Identity: version 2 is a zero byte, 16 of salt and 32 of hash; version 3 a one, the
/// function, the iterations, the salt's length, salt and hash.
fn asp_net(password: &str) -> Option<Scheme> {
    // Other lengths have neither form; most passwords end here.
    if password.len() < 60 || password.len() > 256 {
        return None;
    }
    let bytes = from_base64(password)?;
    let number = |at: usize| {
        let four = bytes.get(at..at + 4)?.try_into().ok()?;
        Some(u32::from_be_bytes(four))
    };
    let is_one = match bytes.first()? {
        0 => bytes.len() == 49,
        1 => {
            let salt = number(9)? as usize;
            (8..=64).contains(&salt)
                && number(1)? <= 2
                && (1..=10_000_000).contains(&number(5)?)
                && bytes.len() >= 13 + salt + 16
        }
        _ => false,
    };
    is_one.then_some(Scheme::AspNetIdentity)
}

fn is_crypt(text: &str) -> bool {
    text.bytes().all(|byte| IN_CRYPT[usize::from(byte)])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_gets_its_name() {
        let x = |n: usize| "x".repeat(n);
        let a = |n: usize| "a".repeat(n);
        for (password, word) in [
            ("$2b$12$nCa3WDbsc3tvM57ifzjwrOAGGuNK7EPV0R17WKcW6f13NZvX97yLe".to_owned(), "bcrypt"),
            (format!("$2y$10${}", x(53)), "bcrypt"),
            ("$argon2id$v=19$m=65536,t=3,p=4$c2FsdHNhbHQ$aGFzaGhhc2hoYXNoaGFzaA".to_owned(), "argon2id"),
            ("$argon2i$v=19$m=65536,t=3,p=4$c2FsdHNhbHQ$aGFzaGhhc2hoYXNoaGFzaA".to_owned(), "argon2i"),
            ("$argon2d$v=19$m=65536,t=3,p=4$c2FsdHNhbHQ$aGFzaGhhc2hoYXNoaGFzaA".to_owned(), "argon2d"),
            ("$scrypt$ln=16,r=8,p=1$c2FsdA$aGFzaA".to_owned(), "scrypt"),
            (format!("scrypt:32768:8:1$salt${}", a(128)), "scrypt"),
            (format!("scrypt$16384$salt$8$1${}", "YWFh".repeat(22)), "scrypt"),
            (format!("$7$C6..../....salt${}", x(43)), "scrypt"),
            (format!("{}:{}", a(32), a(128)), "better-auth"),
            (format!("{}:{}:2", a(64), x(32)), "magento"),
            (format!("{}:{}:3_32_2_67108864", a(64), x(32)), "magento"),
            (format!("{}:{}:0:1:3_32_2_67108864", a(64), x(32)), "magento"),
            (format!("{}:{}:0:1", a(64), x(32)), "salted-sha256"),
            ("$pbkdf2$131000$c2FsdA$aGFzaA".to_owned(), "pbkdf2-sha1"),
            ("$pbkdf2-sha256$29000$c2FsdA$aGFzaA".to_owned(), "pbkdf2-sha256"),
            (format!("pbkdf2_sha256$600000$salt${}=", x(43)), "pbkdf2-sha256"),
            (format!("pbkdf2:sha512:1000$salt${}", a(128)), "pbkdf2-sha512"),
            (format!("bcrypt_sha256$$2b$12${}", x(53)), "bcrypt"),
            (format!("{{bcrypt}}$2a$10${}", x(53)), "bcrypt"),
            (format!("{{CRYPT}}$6$salt${}", x(86)), "sha512-crypt"),
            (format!("$6$salt${}", x(43)), "sha512-crypt"),
            (format!("$wp$2y$10${}", x(53)), "wordpress"),
            (format!("U$S$D{}", x(51)), "drupal7"),
            (format!("A{}==", "A".repeat(65)), "aspnet-identity"),
            (format!("AQAAAAEAACcQAAAAE{}", "A".repeat(67)), "aspnet-identity"),
            ("$firebase-scrypt$42xEC+ixf3L2lw==$lSrfV15cpx95".to_owned(), "firebase-scrypt"),
            (format!("$md5$ms$YWI${}", x(22)), "salted-md5"),
            (format!("$sha1$sps$YWI${}", x(27)), "salted-sha1"),
            (format!("$sha256$sp$YWI${}", x(43)), "salted-sha256"),
            (format!("$sha512$p$${}", x(43)), "salted-sha512"),
            (format!("$sha512$ps$YWI${}", x(86)), "salted-sha512"),
            (format!("bcrypt$$2b$12${}", x(53)), "bcrypt"),
            (format!("$P$B{}", x(30)), "phpass"),
            (format!("$H$9{}", x(30)), "phpass"),
            (format!("$S$D{}", x(51)), "drupal7"),
            (format!("$1$salt${}", x(22)), "md5-crypt"),
            (format!("$apr1$salt${}", x(22)), "apr1"),
            (format!("$5$rounds=5000$salt${}", x(43)), "sha256-crypt"),
            (format!("$6$salt${}", x(86)), "sha512-crypt"),
            (format!("$y$j9T$salt${}", x(43)), "yescrypt"),
            ("{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=".to_owned(), "ldap-sha"),
            ("{SSHA}W6ph5Mm5Pz8GgiULbPgzG37mj9hzYWx0".to_owned(), "ldap-ssha"),
            ("{MD5}X03MO1qnZdYdgyfeuILPmQ==".to_owned(), "ldap-md5"),
            ("{smd5}X03MO1qnZdYdgyfeuILPmXNhbHQ=".to_owned(), "ldap-smd5"),
            (format!("{{SSHA512}}{}", "YWFh".repeat(24)), "ldap-ssha512"),
            (format!("{{SSHA384}}{}", "YWFh".repeat(24)), "ldap-ssha2"),
            (format!("{{SHA384}}{}", "YWFh".repeat(16)), "ldap-sha2"),
            ("$argon2id$v=19$t=3,p=4,m=65536$c2FsdHNhbHQ$aGFzaGhhc2hoYXNoaGFzaA".to_owned(), "argon2id"),
            (
                "{argon2@SpringSecurity_v5_8}$argon2id$v=19$m=16384,t=2,p=1$c2FsdHNhbHQ$aGFzaGhhc2hoYXNoaGFzaA"
                    .to_owned(),
                "argon2id",
            ),
            (
                format!(
                    "{{scrypt@SpringSecurity_v5_8}}$100801$c2FsdHNhbHQ=$aGFz{}",
                    "YWFh".repeat(5)
                ),
                "scrypt",
            ),
            (format!("$e0801$c2FsdHNhbHQ=$aGFz{}", "YWFh".repeat(5)), "scrypt"),
            (format!("{{pbkdf2}}{}", a(80)), "pbkdf2-sha1"),
            (format!("{{pbkdf2@SpringSecurity_v5_8}}{}", a(96)), "pbkdf2-sha256"),
            ("{ldap}{SSHA}W6ph5Mm5Pz8GgiULbPgzG37mj9hzYWx0".to_owned(), "ldap-ssha"),
            (format!("$hmac-sha256$p$$a2V5${}", x(43)), "hmac"),
            (a(32), "hex-md5"),
            ("5BAA61E4C9B93F3F0682250B6CF8331B7EE68FD8".to_owned(), "hex-sha1"),
            (a(64), "hex-sha256"),
            (a(128), "hex-sha512"),
            (String::new(), "none"),
        ] {
            assert_eq!(detect(&password).as_str(), word, "{password}");
        }
    }

    #[test]
    fn what_stands_for_no_password_is_none() {
        let mark = |n: usize| format!("!{}", "aB3".repeat(14).get(..n).unwrap());
        assert!(is_unusable("!") && is_unusable(&mark(40)));
        assert!(is_unusable("{SASL}li@EXAMPLE.COM") && is_unusable("{sasl}li"));
        assert!(is_unusable("e1NBU0x9bGlARVhBTVBMRS5DT00="));
        for password in [
            "",
            "!!",
            "secret!",
            "SASL",
            "e1NT",
            "e1x",
            "{SSHA}AAAA",
            &mark(39),
            &mark(41),
            &format!("{}-", mark(39)),
        ] {
            assert!(!is_unusable(password), "{password}");
        }
    }

    #[test]
    fn what_only_looks_like_a_hash_is_plain() {
        for password in [
            "secret",
            "$",
            "$2b$",
            "$2b$12$short",
            "$1$",
            "$money$",
            "{SHA}",
            "{SHA}no",
            "{}",
            "pbkdf2_sha256$",
            "scrypt:a",
            "deadbeef",
            "$6$ s p a c e",
            "密码",
            "{é}",
            "a$b",
            "{bcrypt}secret",
            "{noop}secret",
            "{pbkdf2}secret",
            "{argon2@SpringSecurity_v5_8}secret",
            "AQAAAAEAACcQAAAAEAAAAA",
        ] {
            assert_eq!(detect(password), Scheme::Plain, "{password}");
        }
    }

    /// Nobody can verify them, and nobody types them.
    #[test]
    fn what_begins_as_a_hash_but_is_none_of_its_scheme_is_not_plain() {
        for password in [
            "$md5$sp$YWI$short",
            "$md5$xx$YWI$xxxxxxxxxxxxxxxxxxxxxx",
            "$md5$p$YWI$xxxxxxxxxxxxxxxxxxxxxx",
            "$argon2id$me$too$please",
            "$better-auth$abcdefabcdefabcdefabcdefabcdefab$aGFzaA",
            "$better-auth$secret$aGFzaGhhc2hoYXNoaGFzaGhhc2hoYXNoaGFzaGhhc2g",
            "$argon2id$v=19$m=65536,t=3,p=4$c2FsdA$aGFzaGhhc2hoYXNoaGFzaA",
            "$argon2id$v=19$m=65536,t=3,p=4$c2FsdHNhbHQ$aGFzaA",
            "$argon2id$v=19$m=16,t=3,p=4$c2FsdHNhbHQ$aGFzaGhhc2hoYXNoaGFzaA",
            "$argon2id$v=19$m=16,t=0,p=1$c2FsdHNhbHQ$aGFzaGhhc2hoYXNoaGFzaA",
            "$argon2id$v=19$m=16,t=1,p=0$c2FsdHNhbHQ$aGFzaGhhc2hoYXNoaGFzaA",
            "$argon2id$v=19$m=65536,t=3$c2FsdHNhbHQ$aGFzaGhhc2hoYXNoaGFzaA",
            "$argon2id$v=19$m=65536,t=3,p=4,data=x$c2FsdHNhbHQ$aGFzaGhhc2hoYXNoaGFzaA",
            "$hmac-sha256$p$c2FsdA$a2V5$xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
            "$hmac-md4$p$$a2V5$xxxxxxxxxxxxxxxxxxxxxx",
            "argon2$$pbkdf2-sha256$1000$$af8dP65",
            "pbkdf2:sha256:many$salt$aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
        ] {
            assert_eq!(detect(password), Scheme::Unknown, "{password}");
        }
    }
}
