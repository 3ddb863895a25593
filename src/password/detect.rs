//! Which scheme a password is stored in, told from its form.
//!
//! Only what is unambiguous gets a name. A hash of pure hexadecimal digits is called by its
//! length; that it may be salted, or be of another function of that length, nobody can see.

/// A way to store a password. The words are part of the machine-readable contract; more may come,
/// none is renamed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Scheme {
    /// `$2a$`, `$2b$`, `$2x$`, `$2y$`.
    Bcrypt,
    /// `$argon2i$`.
    Argon2i,
    /// `$argon2d$`.
    Argon2d,
    /// `$argon2id$`.
    Argon2id,
    /// `$scrypt$`, `$7$`, `scrypt:`.
    Scrypt,
    /// PBKDF2 with SHA-1.
    Pbkdf2Sha1,
    /// PBKDF2 with SHA-256.
    Pbkdf2Sha256,
    /// PBKDF2 with SHA-512.
    Pbkdf2Sha512,
    /// `$P$`, `$H$`: portable PHP hashes.
    Phpass,
    /// `$S$`.
    Drupal7,
    /// `$1$`.
    Md5Crypt,
    /// `$5$`.
    Sha256Crypt,
    /// `$6$`.
    Sha512Crypt,
    /// `$y$`.
    Yescrypt,
    /// `$apr1$`.
    Apr1,
    /// `{SHA}`.
    LdapSha,
    /// `{SSHA}`.
    LdapSsha,
    /// `{MD5}`.
    LdapMd5,
    /// `{SMD5}`.
    LdapSmd5,
    /// `{SSHA512}`.
    LdapSsha512,
    /// 32 hexadecimal digits.
    HexMd5,
    /// 40 hexadecimal digits.
    HexSha1,
    /// 64 hexadecimal digits.
    HexSha256,
    /// 128 hexadecimal digits.
    HexSha512,
    /// None of the forms: most likely the password itself.
    Plain,
    /// No password.
    None,
}

impl Scheme {
    /// The word of the contract, e.g. `bcrypt`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Bcrypt => "bcrypt",
            Self::Argon2i => "argon2i",
            Self::Argon2d => "argon2d",
            Self::Argon2id => "argon2id",
            Self::Scrypt => "scrypt",
            Self::Pbkdf2Sha1 => "pbkdf2-sha1",
            Self::Pbkdf2Sha256 => "pbkdf2-sha256",
            Self::Pbkdf2Sha512 => "pbkdf2-sha512",
            Self::Phpass => "phpass",
            Self::Drupal7 => "drupal7",
            Self::Md5Crypt => "md5-crypt",
            Self::Sha256Crypt => "sha256-crypt",
            Self::Sha512Crypt => "sha512-crypt",
            Self::Yescrypt => "yescrypt",
            Self::Apr1 => "apr1",
            Self::LdapSha => "ldap-sha",
            Self::LdapSsha => "ldap-ssha",
            Self::LdapMd5 => "ldap-md5",
            Self::LdapSmd5 => "ldap-smd5",
            Self::LdapSsha512 => "ldap-ssha512",
            Self::HexMd5 => "hex-md5",
            Self::HexSha1 => "hex-sha1",
            Self::HexSha256 => "hex-sha256",
            Self::HexSha512 => "hex-sha512",
            Self::Plain => "plain",
            Self::None => "none",
        }
    }
}

impl Scheme {
    /// Whether nothing but a hash of this scheme looks so.
    pub fn is_unmistakable(self) -> bool {
        !matches!(
            self,
            Self::HexMd5
                | Self::HexSha1
                | Self::HexSha256
                | Self::HexSha512
                | Self::Plain
                | Self::None
        )
    }
}

impl std::fmt::Display for Scheme {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The scheme of a password as it stands in an export.
pub fn detect(password: &str) -> Scheme {
    if password.is_empty() {
        return Scheme::None;
    }
    if let Some(rest) = password.strip_prefix('$') {
        return modular(rest).unwrap_or(Scheme::Plain);
    }
    if password.starts_with('{') {
        return ldap(password).unwrap_or(Scheme::Plain);
    }
    if let Some(scheme) = named(password) {
        return scheme;
    }
    if password.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return match password.len() {
            32 => Scheme::HexMd5,
            40 => Scheme::HexSha1,
            64 => Scheme::HexSha256,
            128 => Scheme::HexSha512,
            _ => Scheme::Plain,
        };
    }
    Scheme::Plain
}

/// The modular crypt format, without its first `$`.
fn modular(rest: &str) -> Option<Scheme> {
    let (id, hash) = rest.split_once('$')?;
    // The alphabet of all of these, with the separators and parameters of PHC strings.
    let plausible = hash.bytes().all(|b| b.is_ascii_alphanumeric() || b"./$+=,-_*".contains(&b));
    if !plausible {
        return None;
    }
    let parts: Vec<&str> = hash.split('$').collect();
    let last = parts.last().map_or(0, |part| part.len());
    let one_salt = |digest: usize| last == digest && parts.len() >= 2;
    match id {
        // Cost, then 22 characters of salt and 31 of hash.
        "2a" | "2b" | "2x" | "2y" => {
            (parts.len() == 2 && parts[0].len() == 2 && last == 53).then_some(Scheme::Bcrypt)
        }
        "argon2i" => (parts.len() >= 3).then_some(Scheme::Argon2i),
        "argon2d" => (parts.len() >= 3).then_some(Scheme::Argon2d),
        "argon2id" => (parts.len() >= 3).then_some(Scheme::Argon2id),
        "scrypt" | "s0" | "7" => (parts.len() >= 2).then_some(Scheme::Scrypt),
        "pbkdf2" | "pbkdf2-sha1" => (parts.len() >= 3).then_some(Scheme::Pbkdf2Sha1),
        "pbkdf2-sha256" => (parts.len() >= 3).then_some(Scheme::Pbkdf2Sha256),
        "pbkdf2-sha512" => (parts.len() >= 3).then_some(Scheme::Pbkdf2Sha512),
        // One character of cost, eight of salt, then the hash.
        "P" | "H" => (parts.len() == 1 && last == 31).then_some(Scheme::Phpass),
        "S" => (parts.len() == 1 && last == 52).then_some(Scheme::Drupal7),
        "1" => one_salt(22).then_some(Scheme::Md5Crypt),
        "apr1" => one_salt(22).then_some(Scheme::Apr1),
        "5" => one_salt(43).then_some(Scheme::Sha256Crypt),
        "6" => one_salt(86).then_some(Scheme::Sha512Crypt),
        "y" => one_salt(43).then_some(Scheme::Yescrypt),
        _ => None,
    }
}

/// `{SCHEME}value`, as directories keep it.
fn ldap(password: &str) -> Option<Scheme> {
    let (name, value) = password[1..].split_once('}')?;
    let bytes = decoded_len(value)?;
    let exact = |digest: usize, scheme| (bytes == digest).then_some(scheme);
    let salted = |digest: usize, scheme| (bytes > digest).then_some(scheme);
    match name.to_ascii_uppercase().as_str() {
        "SHA" => exact(20, Scheme::LdapSha),
        "SSHA" => salted(20, Scheme::LdapSsha),
        "MD5" => exact(16, Scheme::LdapMd5),
        "SMD5" => salted(16, Scheme::LdapSmd5),
        "SSHA512" => salted(64, Scheme::LdapSsha512),
        _ => None,
    }
}

fn decoded_len(base64: &str) -> Option<usize> {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.decode(base64).ok().map(|bytes| bytes.len())
}

/// Forms of frameworks, which name the function first.
fn named(password: &str) -> Option<Scheme> {
    // Django: pbkdf2_sha256$iterations$salt$hash. Werkzeug: pbkdf2:sha256:iterations$salt$hash.
    let (head, rest) = password.split_once('$')?;
    let dollars = rest.split('$').count();
    match head {
        "pbkdf2_sha1" if dollars == 3 => return Some(Scheme::Pbkdf2Sha1),
        "pbkdf2_sha256" if dollars == 3 => return Some(Scheme::Pbkdf2Sha256),
        "pbkdf2_sha512" if dollars == 3 => return Some(Scheme::Pbkdf2Sha512),
        "bcrypt" | "argon2" => return modular(rest.trim_start_matches('$')),
        _ => {}
    }
    let mut head = head.split(':');
    match (head.next()?, head.next()) {
        ("scrypt", Some(_)) if dollars == 2 => Some(Scheme::Scrypt),
        ("pbkdf2", Some("sha1")) if dollars == 2 => Some(Scheme::Pbkdf2Sha1),
        ("pbkdf2", Some("sha256")) if dollars == 2 => Some(Scheme::Pbkdf2Sha256),
        ("pbkdf2", Some("sha512")) if dollars == 2 => Some(Scheme::Pbkdf2Sha512),
        _ => None,
    }
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
            ("$argon2id$v=19$m=65536,t=3,p=4$c2FsdA$aGFzaA".to_owned(), "argon2id"),
            ("$argon2i$v=19$m=65536,t=3,p=4$c2FsdA$aGFzaA".to_owned(), "argon2i"),
            ("$argon2d$v=19$m=65536,t=3,p=4$c2FsdA$aGFzaA".to_owned(), "argon2d"),
            ("$scrypt$ln=16,r=8,p=1$c2FsdA$aGFzaA".to_owned(), "scrypt"),
            ("scrypt:32768:8:1$salt$abcdef".to_owned(), "scrypt"),
            ("$pbkdf2$131000$c2FsdA$aGFzaA".to_owned(), "pbkdf2-sha1"),
            ("$pbkdf2-sha256$29000$c2FsdA$aGFzaA".to_owned(), "pbkdf2-sha256"),
            ("pbkdf2_sha256$600000$salt$aGFzaA==".to_owned(), "pbkdf2-sha256"),
            ("pbkdf2:sha512:1000$salt$abcdef".to_owned(), "pbkdf2-sha512"),
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
        ] {
            assert_eq!(detect(password), Scheme::Plain, "{password}");
        }
    }
}
