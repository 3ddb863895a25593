//! The schemes in which passwords are stored.

use super::digest::Digest;

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
    /// `salt:key` of better-auth: scrypt of fixed costs.
    BetterAuth,
    Pbkdf2Sha1,
    Pbkdf2Sha256,
    Pbkdf2Sha512,
    /// `$P$`, `$H$`: portable PHP hashes.
    Phpass,
    /// `$S$`, `U$S$`.
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
    /// `{SHA256}`, `{SHA384}`, `{SHA512}`.
    LdapSha2,
    /// `{SSHA256}`, `{SSHA384}`.
    LdapSsha2,
    /// `$wp$2y$`: WordPress since 6.8. Older ones are [`Self::Phpass`].
    WordPress,
    /// Base64 of the binary form of ASP.NET Identity 2 or 3.
    AspNetIdentity,
    /// `$firebase-scrypt$`: composed of Firebase's two columns.
    FirebaseScrypt,
    /// `$fbscrypt$`: the same with the parameters of the project in it, as GoTrue (Supabase) takes it.
    FbScrypt,
    /// `$md5$ORDER$SALT$DIGEST`: composed of a digest and its salt; `md5$salt$digest`,
    /// `digest:salt`, as other programs write them.
    SaltedMd5,
    /// The same with SHA-1.
    SaltedSha1,
    /// The same with SHA-256.
    SaltedSha256,
    /// The same with SHA-512.
    SaltedSha512,
    /// `hash:salt:2`, `hash:salt:3_32_2_67108864`: Magento 2 with Argon2id, perhaps of an older hash.
    Magento,
    /// `$hmac-sha256$ORDER$SALT$KEY$DIGEST`, also with the other digests: composed.
    Hmac,
    /// `md5$$DIGEST`: Django's without a salt.
    UnsaltedMd5,
    /// `sha1$$DIGEST`.
    UnsaltedSha1,
    /// 32 hexadecimal digits.
    HexMd5,
    /// 40 hexadecimal digits.
    HexSha1,
    /// 64 hexadecimal digits.
    HexSha256,
    /// 128 hexadecimal digits.
    HexSha512,
    /// No known form, in a column that people typed: most likely the password itself.
    Plain,
    /// No known form, in a column that a program made; or a text that begins as hashes do, and is none
    /// that can be verified.
    Unknown,
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
            Self::BetterAuth => "better-auth",
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
            Self::LdapSha2 => "ldap-sha2",
            Self::LdapSsha2 => "ldap-ssha2",
            Self::WordPress => "wordpress",
            Self::AspNetIdentity => "aspnet-identity",
            Self::FirebaseScrypt => "firebase-scrypt",
            Self::FbScrypt => "fbscrypt",
            Self::SaltedMd5 => "salted-md5",
            Self::SaltedSha1 => "salted-sha1",
            Self::SaltedSha256 => "salted-sha256",
            Self::SaltedSha512 => "salted-sha512",
            Self::Magento => "magento",
            Self::Hmac => "hmac",
            Self::UnsaltedMd5 => "unsalted-md5",
            Self::UnsaltedSha1 => "unsalted-sha1",
            Self::HexMd5 => "hex-md5",
            Self::HexSha1 => "hex-sha1",
            Self::HexSha256 => "hex-sha256",
            Self::HexSha512 => "hex-sha512",
            Self::Plain => "plain",
            Self::Unknown => "unknown",
            Self::None => "none",
        }
    }
}

impl Scheme {
    /// All schemes that a hash can be of.
    pub const HASHES: &'static [Self] = &[
        Self::Bcrypt,
        Self::WordPress,
        Self::Argon2i,
        Self::Argon2d,
        Self::Argon2id,
        Self::Scrypt,
        Self::BetterAuth,
        Self::FirebaseScrypt,
        Self::FbScrypt,
        Self::Pbkdf2Sha1,
        Self::Pbkdf2Sha256,
        Self::Pbkdf2Sha512,
        Self::AspNetIdentity,
        Self::Phpass,
        Self::Drupal7,
        Self::Md5Crypt,
        Self::Apr1,
        Self::Sha256Crypt,
        Self::Sha512Crypt,
        Self::Yescrypt,
        Self::LdapSha,
        Self::LdapSsha,
        Self::LdapMd5,
        Self::LdapSmd5,
        Self::LdapSsha512,
        Self::LdapSha2,
        Self::LdapSsha2,
        Self::SaltedMd5,
        Self::SaltedSha1,
        Self::SaltedSha256,
        Self::SaltedSha512,
        Self::Magento,
        Self::Hmac,
        Self::UnsaltedMd5,
        Self::UnsaltedSha1,
        Self::HexMd5,
        Self::HexSha1,
        Self::HexSha256,
        Self::HexSha512,
    ];

    /// The scheme of a word of the contract.
    pub fn parse(word: &str) -> Option<Self> {
        Self::HASHES.iter().copied().find(|scheme| scheme.as_str() == word)
    }

    /// The one of a digest and its salt.
    pub(super) fn salted(digest: Digest) -> Self {
        match digest {
            Digest::Md5 => Self::SaltedMd5,
            Digest::Sha1 => Self::SaltedSha1,
            Digest::Sha256 => Self::SaltedSha256,
            Digest::Sha512 => Self::SaltedSha512,
        }
    }

    /// Whether it is none of the forms, and no absent password either.
    pub fn is_no_form(self) -> bool {
        matches!(self, Self::Plain | Self::Unknown)
    }

    /// Whether a hash of this scheme says itself what its salt is, so that no other column belongs to it.
    pub fn has_own_salt(self) -> bool {
        let is_put_together = matches!(
            self,
            Self::FirebaseScrypt
                | Self::SaltedMd5
                | Self::SaltedSha1
                | Self::SaltedSha256
                | Self::SaltedSha512
                | Self::Hmac
        );
        let is_without = matches!(
            self,
            Self::LdapSha | Self::LdapSha2 | Self::LdapMd5 | Self::UnsaltedMd5 | Self::UnsaltedSha1
        );
        self.is_unmistakable() && !is_put_together && !is_without
    }

    /// Whether a text alone tells that it is a hash, or the remains of one: no copy and no screen has it.
    pub fn begins_as_hash(self) -> bool {
        self.is_unmistakable() || self == Self::Unknown
    }

    /// Whether nothing but a hash of this scheme looks so.
    pub fn is_unmistakable(self) -> bool {
        !matches!(
            self,
            Self::HexMd5
                | Self::HexSha1
                | Self::HexSha256
                | Self::HexSha512
                | Self::Plain
                | Self::Unknown
                | Self::None
        )
    }
}

impl std::fmt::Display for Scheme {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}
