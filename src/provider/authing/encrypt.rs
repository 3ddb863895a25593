//! The password on its way: RSA, PKCS#1 v1.5 padding, base64 (AUTHING V2: always, also with
//! `keepPassword`).
//!
//! Two libraries, by size of the key: `aws-lc-rs`, which TLS brings anyway, is four times faster
//! at 2,048 bits and refuses 1,024; `rsa` takes those.

use aws_lc_rs::rsa::{Pkcs1PublicEncryptingKey, PublicEncryptingKey};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rsa::pkcs8::{DecodePublicKey, EncodePublicKey};
use rsa::traits::PublicKeyParts;

/// Bytes of padding.
const PADDING: usize = 11;

/// The target's public key.
pub(super) struct Encryptor {
    key: Key,
    bytes: usize,
}

enum Key {
    Large(Pkcs1PublicEncryptingKey),
    Small(rsa::PublicKey),
}

/// Why a key cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the target's public key cannot be used: {0}")]
pub(super) struct BadKey(&'static str);

impl Encryptor {
    /// From PEM (`BEGIN PUBLIC KEY`) or the bare base64 of the same.
    pub(super) fn new(text: &str) -> Result<Self, BadKey> {
        let base64: String = text
            .lines()
            .filter(|line| !line.starts_with("-----"))
            .flat_map(str::chars)
            .filter(|c| !c.is_whitespace())
            .collect();
        let der = STANDARD.decode(base64).map_err(|_| BadKey("not PEM, nor base64"))?;
        let small = rsa::PublicKey::from_public_key_der(&der)
            .map_err(|_| BadKey("not an RSA key of 1,024 to 16,384 bits"))?;
        let bytes = small.size();
        let large = small
            .to_public_key_der()
            .ok()
            .and_then(|der| PublicEncryptingKey::from_der(der.as_bytes()).ok())
            .and_then(|key| Pkcs1PublicEncryptingKey::new(key).ok());
        let key = large.map_or(Key::Small(small), Key::Large);
        Ok(Self { key, bytes })
    }

    /// The longest password that fits, in bytes: 117 for a key of 1,024 bits, 245 for 2,048.
    pub(super) fn limit(&self) -> usize {
        self.bytes - PADDING
    }

    /// Encrypts; `None` for a password that does not fit.
    pub(super) fn encrypt(&self, password: &str) -> Option<String> {
        if password.len() > self.limit() {
            return None;
        }
        match &self.key {
            Key::Large(key) => {
                let mut out = vec![0; self.bytes];
                let out = key.encrypt(password.as_bytes(), &mut out).ok()?;
                Some(STANDARD.encode(out))
            }
            Key::Small(key) => {
                key.pkcs1v15_encrypt(password.as_bytes()).ok().map(|out| STANDARD.encode(out))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rsa::pkcs8::LineEnding;

    struct Random;

    impl rsa::rand_core::TryRng for Random {
        type Error = std::convert::Infallible;

        fn try_next_u32(&mut self) -> Result<u32, Self::Error> {
            Ok(fastrand::u32(..))
        }

        fn try_next_u64(&mut self) -> Result<u64, Self::Error> {
            Ok(fastrand::u64(..))
        }

        fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Self::Error> {
            fastrand::fill(bytes);
            Ok(())
        }
    }

    impl rsa::rand_core::TryCryptoRng for Random {}

    fn round_trip(bits: usize) {
        let private = rsa::PrivateKey::new(&mut Random, bits).unwrap();
        let pem = private.to_public_key().to_public_key_pem(LineEnding::LF).unwrap().clone();
        let bare: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
        for text in [pem, bare] {
            let encryptor = Encryptor::new(&text).unwrap();
            assert_eq!(encryptor.limit(), bits / 8 - 11);
            for password in
                ["", "$2b$12$nCa3WDbsc3tvM57ifzjwrO", &"é".repeat(encryptor.limit() / 2)]
            {
                let sent = STANDARD.decode(encryptor.encrypt(password).unwrap()).unwrap();
                assert_eq!(sent.len(), bits / 8);
                let read = private.pkcs1v15_decrypt(&sent).unwrap();
                assert_eq!(read, password.as_bytes());
            }
            assert_eq!(encryptor.encrypt(&"x".repeat(encryptor.limit() + 1)), None);
        }
    }

    #[test]
    fn what_was_encrypted_with_1024_bits_decrypts_to_the_same_bytes() {
        round_trip(1_024);
    }

    #[test]
    fn what_was_encrypted_with_2048_bits_decrypts_to_the_same_bytes() {
        round_trip(2_048);
    }

    #[test]
    fn a_key_that_is_none_is_refused() {
        for text in ["", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----", "%%%"] {
            assert!(Encryptor::new(text).is_err(), "{text:?}");
        }
    }
}
