//! What a hash costs whoever tries passwords, and what checks it at a sign-in.

use super::Scheme;
use super::better_auth;
use super::crypt64::{from_base64, from_crypt};
use super::detect::{unwrapped, without_prefix};
use super::firebase::FbScrypt;
use super::magento::Magento;
use super::pbkdf2::Pbkdf2;
use super::spring::SpringScrypt;

/// The cost that a hash names, in the unit of [`unit`]; none for schemes without one.
pub fn cost(scheme: Scheme, stored: &str) -> Option<u64> {
    let unwrapped = unwrapped(stored);
    let hash = without_prefix(&unwrapped);
    let power = |log: u64| (log < 64).then(|| 1 << log);
    let number = |text: &str| text.parse().ok();
    let behind = |mark: &str| {
        let at = hash.find(mark)? + mark.len();
        let digits = hash[at..].bytes().take_while(u8::is_ascii_digit).count();
        hash[at..at + digits].parse().ok()
    };
    match scheme {
        Scheme::Bcrypt | Scheme::WordPress => hash.rsplit('$').nth(1).and_then(number),
        Scheme::Argon2i | Scheme::Argon2d | Scheme::Argon2id => behind("m="),
        Scheme::Magento => Magento::parse(hash).map(|read| read.cost().0.into()),
        Scheme::BetterAuth => Some(16_384),
        Scheme::Scrypt => {
            if hash.starts_with("$7$") {
                power(from_crypt(*hash.as_bytes().get(3)?)?.into())
            } else if let Some(rest) = hash.strip_prefix('$') {
                let spring = || SpringScrypt::parse(rest).map(|read| read.costs.0.into());
                behind("ln=").or_else(spring).and_then(power)
            } else {
                behind("scrypt:").or(behind("scrypt$"))
            }
        }
        Scheme::Pbkdf2Sha1 | Scheme::Pbkdf2Sha256 | Scheme::Pbkdf2Sha512 => {
            Pbkdf2::parse(hash).map(|read| read.iterations)
        }
        Scheme::FbScrypt => {
            power(FbScrypt::parse(hash.strip_prefix('$')?)?.parameters.mem_cost.into())
        }
        Scheme::AspNetIdentity => {
            let bytes = from_base64(hash)?;
            match bytes.first()? {
                0 => Some(1_000),
                _ => Some(u32::from_be_bytes(bytes.get(5..9)?.try_into().ok()?).into()),
            }
        }
        Scheme::Phpass | Scheme::Drupal7 => {
            let log = from_crypt(*hash.trim_start_matches('U').as_bytes().get(3)?)?;
            (log < 32).then(|| 1 << log)
        }
        Scheme::Md5Crypt | Scheme::Apr1 => Some(1_000),
        Scheme::Sha256Crypt | Scheme::Sha512Crypt => behind("rounds=").or(Some(5_000)),
        _ => None,
    }
}

/// What [`cost`] counts.
pub fn unit(scheme: Scheme) -> &'static str {
    match scheme {
        Scheme::Bcrypt | Scheme::WordPress => "cost",
        Scheme::Argon2i | Scheme::Argon2d | Scheme::Argon2id | Scheme::Magento => "KiB",
        Scheme::Scrypt | Scheme::FbScrypt | Scheme::BetterAuth => "N",
        Scheme::Pbkdf2Sha1
        | Scheme::Pbkdf2Sha256
        | Scheme::Pbkdf2Sha512
        | Scheme::AspNetIdentity => "iterations",
        _ => "rounds",
    }
}

/// How hard it is to find the password of a hash: 0 it is the password, or nobody
/// knows what, 1 a digest without salt, so
/// that one search is for all, 2 a digest with one, 3 an old scheme of little cost, 4 a scheme whose
/// cost can be chosen.
pub fn strength(scheme: Scheme) -> u8 {
    match scheme {
        Scheme::Plain | Scheme::Unknown | Scheme::None => 0,
        Scheme::UnsaltedMd5
        | Scheme::UnsaltedSha1
        | Scheme::HexMd5
        | Scheme::HexSha1
        | Scheme::HexSha256
        | Scheme::HexSha512
        | Scheme::LdapMd5
        | Scheme::LdapSha2
        | Scheme::LdapSha => 1,
        Scheme::LdapSmd5
        | Scheme::LdapSsha
        | Scheme::LdapSsha512
        | Scheme::LdapSsha2
        | Scheme::Hmac
        | Scheme::SaltedMd5
        | Scheme::SaltedSha1
        | Scheme::SaltedSha256
        | Scheme::SaltedSha512 => 2,
        Scheme::Md5Crypt | Scheme::Apr1 | Scheme::Phpass => 3,
        _ => 4,
    }
}

/// The word of a scheme for people: with what a text of its form may be instead.
pub fn named(word: &str) -> String {
    if word == Scheme::BetterAuth.as_str() {
        format!("{word} ({})", better_auth::OR)
    } else {
        word.to_owned()
    }
}

/// What the custom password function must know to check it, for people.
pub fn needs(scheme: Scheme) -> &'static str {
    match scheme {
        Scheme::Plain => "no hash: the provider hashes it itself, with keep_password = false",
        Scheme::Unknown => {
            "no form that is known, nor what people type: find out what made it (README, Passwords)"
        }
        Scheme::None => "no password: these users set one by e-mail or phone",
        Scheme::Yescrypt => {
            "no kept package of Node.js knows it: these users must set a new password"
        }
        Scheme::Bcrypt
        | Scheme::WordPress
        | Scheme::Argon2i
        | Scheme::Argon2d
        | Scheme::Argon2id
        | Scheme::Magento => "password function with the package hash-wasm",
        Scheme::FirebaseScrypt => "password function with the parameters of your Firebase project",
        Scheme::BetterAuth => {
            "password function, Node.js alone; or a digest and its salt: password verify tells which"
        }
        _ => "password function, Node.js alone",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::password::detect;

    #[test]
    fn the_cost_is_read_from_every_form_that_names_one() {
        let (x, a) = (|n: usize| "x".repeat(n), |n: usize| "a".repeat(n));
        for (stored, expected) in [
            (format!("$2b$12${}", x(53)), Some(12)),
            (format!("bcrypt_sha256$$2b$10${}", x(53)), Some(10)),
            (format!("{{bcrypt}}$2a$08${}", x(53)), Some(8)),
            (format!("$wp$2y$10${}", x(53)), Some(10)),
            ("$argon2id$v=19$m=65536,t=3,p=4$c2FsdHNhbHQ$aGFzaGhhc2hoYXNoaGFzaA".to_owned(), Some(65_536)),
            ("$scrypt$ln=15,r=8,p=1$c2FsdA$aGFzaA".to_owned(), Some(32_768)),
            (format!("{{scrypt}}$e0801$c2FsdHNhbHQ=$aGFz{}", "YWFh".repeat(5)), Some(16_384)),
            (format!("{{pbkdf2@SpringSecurity_v5_8}}{}", a(96)), Some(310_000)),
            (format!("scrypt:16384:8:1$salt${}", a(128)), Some(16_384)),
            (format!("scrypt$16384$salt$8$1${}", "YWFh".repeat(22)), Some(16_384)),
            (format!("$7$C6..../....salt${}", x(43)), Some(16_384)),
            (format!("pbkdf2_sha256$600000$1234${}=", x(43)), Some(600_000)),
            (format!("$pbkdf2-sha256$29000$c2FsdA${}", x(43)), Some(29_000)),
            (format!("pbkdf2:sha256:1000$1234${}", a(64)), Some(1_000)),
            (format!("A{}==", "A".repeat(65)), Some(1_000)),
            (format!("AQAAAAEAACcQAAAAE{}", "A".repeat(67)), Some(10_000)),
            (format!("$pbkdf2-sha256$i=29000,l=32$MTIzNA${}", "A".repeat(43)), Some(29_000)),
            (format!("{{PBKDF2-SHA256}}29000$MTIzNA${}", "A".repeat(43)), Some(29_000)),
            (format!("{{PKCS5S2}}{}", x(64)), Some(10_000)),
            (
                format!("$fbscrypt$v=1,n=14,r=8,p=1,ss=Bw==,sk=YWJj$c2FsdA${}", x(88)),
                Some(16_384),
            ),
            ("e0NSWVBUfSQyYiQxMiRuQ2EzV0Ric2MzdHZNNTdpZnpqd3JPQUdHdU5LN0VQVjBSMTdXS2NXNmYxM05adlg5N3lMZQ==".to_owned(), Some(12)),
            (format!("{}:{}", a(32), a(128)), Some(16_384)),
            (format!("{}:{}:1:2", a(64), x(32)), Some(65_536)),
            (format!("{}:{}:3_32_4_8192", a(64), x(32)), Some(8)),
            (format!("$P$B{}", x(30)), Some(8_192)),
            (format!("U$S$D{}", x(51)), Some(32_768)),
            (format!("$6$rounds=656000$salt${}", x(86)), Some(656_000)),
            (format!("$5$salt${}", x(43)), Some(5_000)),
            (format!("$1$salt${}", x(22)), Some(1_000)),
            (a(32), None),
            ("secret".to_owned(), None),
        ] {
            assert_eq!(cost(detect(&stored), &stored), expected, "{stored}");
        }
    }
}
