//! The RSA key that passwords travel under.

use aws_lc_rs::rand;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rsa::hazmat::rsa_decrypt;
use rsa::pkcs8::{DecodePrivateKey as _, EncodePrivateKey as _, EncodePublicKey as _, LineEnding};
use rsa::rand_core::{TryCryptoRng, TryRng};
use rsa::traits::PublicKeyParts as _;
use rsa::{BoxedUint, PrivateKey};
use std::convert::Infallible;

/// A key pair, with the public half as it is published.
pub(super) struct Key {
    private: PrivateKey,
    /// SubjectPublicKeyInfo, PEM.
    pub(super) public_pem: String,
}

impl Key {
    /// A new key from the operating system's randomness. Takes a noticeable part of a second.
    pub(super) fn generate(bits: u32) -> Result<Self, rsa::Error> {
        Self::of(PrivateKey::new(&mut SystemRandom, bits as usize)?)
    }

    /// A key that was saved with [`Self::private_pem`].
    pub(super) fn from_private_pem(pem: &str) -> Result<Self, rsa::Error> {
        Self::of(PrivateKey::from_pkcs8_pem(pem)?)
    }

    fn of(private: PrivateKey) -> Result<Self, rsa::Error> {
        let public_pem = private
            .to_public_key()
            .to_public_key_pem(LineEnding::LF)
            .map_err(rsa::pkcs8::Error::from)?;
        Ok(Self { private, public_pem })
    }

    /// PKCS#8, PEM: for the state file.
    pub(super) fn private_pem(&self) -> Result<String, rsa::Error> {
        Ok(self.private.to_pkcs8_pem(LineEnding::LF)?.to_string())
    }

    /// Size in bits.
    pub(super) fn bits(&self) -> usize {
        self.private.size() * 8
    }

    /// The text under base64 of PKCS#1 v1.5; `None` for anything that this key does not open.
    ///
    /// Bytes that are no UTF-8 become U+FFFD, as in a server written in JavaScript.
    pub(super) fn decrypt(&self, base64: &str) -> Option<String> {
        let bytes = STANDARD.decode(base64).ok()?;
        // The vendor's client leaves zero bytes at the beginning out, one time in 256; OpenSSL, on which
        // servers in JavaScript stand, takes that.
        if bytes.len() > self.private.size() {
            return None;
        }
        let bits = self.private.n().as_ref().bits_precision();
        let sealed = BoxedUint::from_be_slice(&bytes, bits).ok()?;
        let block = rsa_decrypt(None::<&mut SystemRandom>, &self.private, &sealed).ok()?;
        let clear = unpad(&block.to_be_bytes())?.to_vec();
        Some(String::from_utf8_lossy(&clear).into_owned())
    }
}

/// The text in a block of PKCS#1 v1.5: 0, 2, at least eight bytes that are not 0, 0, text.
///
/// The crate's own decoder gives invented bytes for a wrong block, to tell an attacker nothing.
/// Here a wrong block must be told, code 2016, and there is nobody to hide it from.
fn unpad(block: &[u8]) -> Option<&[u8]> {
    let padded = block.strip_prefix(&[0, 2])?;
    let end = padded.iter().position(|byte| *byte == 0)?;
    (end >= 8).then(|| &padded[end + 1..])
}

/// The operating system's randomness, for the `rsa` crate. Without it no key can be made at all,
/// so a failure panics, as it does in the standard library's hash maps.
struct SystemRandom;

impl TryRng for SystemRandom {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        let mut bytes = [0; 4];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u32::from_ne_bytes(bytes))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        let mut bytes = [0; 8];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u64::from_ne_bytes(bytes))
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        rand::fill(bytes).expect("the operating system gives randomness");
        Ok(())
    }
}

impl TryCryptoRng for SystemRandom {}

#[cfg(test)]
mod tests {

    use super::*;
    use rsa::pkcs8::DecodePublicKey as _;
    use rsa::{Pkcs1v15Encrypt, PublicKey};

    fn encrypt(pem: &str, text: &str) -> String {
        let public = PublicKey::from_public_key_pem(pem).unwrap();
        let bytes = public.encrypt(&mut SystemRandom, Pkcs1v15Encrypt, text.as_bytes()).unwrap();
        STANDARD.encode(bytes)
    }

    #[test]
    fn a_key_opens_what_its_published_half_closed_also_after_a_restart() {
        let key = Key::generate(1024).unwrap();
        assert_eq!(key.bits(), 1024);
        let sealed = encrypt(&key.public_pem, "$2b$12$abc ü 😀");
        assert_eq!(sealed.len(), 172);
        assert_eq!(key.decrypt(&sealed).unwrap(), "$2b$12$abc ü 😀");
        let again = Key::from_private_pem(&key.private_pem().unwrap()).unwrap();
        assert_eq!(again.decrypt(&sealed).unwrap(), "$2b$12$abc ü 😀");
    }

    #[test]
    fn zero_bytes_at_the_beginning_may_be_left_out() {
        let key = Key::generate(1024).unwrap();
        let short = (0..100_000).find_map(|_| {
            let sealed = STANDARD.decode(encrypt(&key.public_pem, "secret")).unwrap();
            sealed.strip_prefix(&[0]).map(|rest| STANDARD.encode(rest))
        });
        assert_eq!(key.decrypt(&short.unwrap()).as_deref(), Some("secret"));
    }

    #[test]
    fn what_another_key_closed_stays_closed() {
        let key = Key::generate(1024).unwrap();
        let other = Key::generate(1024).unwrap();
        let open = |block: &[u8]| unpad(block).map(<[u8]>::to_vec);
        assert_eq!(open(b"\0\x0212345678\0text"), Some(b"text".to_vec()));
        assert_eq!(open(b"\0\x021234567\0text"), None);
        assert_eq!(open(b"\0\x011234567890"), None);
        assert_eq!(key.decrypt(&encrypt(&other.public_pem, "secret")), None);
        for hostile in ["", "plain", "!!!", "AAAA", &"A".repeat(172), &"/".repeat(5000)] {
            assert_eq!(key.decrypt(hostile), None, "{hostile:.20}");
        }
    }
}
