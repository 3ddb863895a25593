//! A digest and its salt in one text, as programs write them that keep both in one column:
//! `sha1$salt$digest` (Django, Werkzeug), `digest:salt` (Joomla, osCommerce, Magento) and
//! `salt:digest`. Magento 2 puts numbers behind the salt, one for each time that it hashed.
//!
//! Such a text does not say what was hashed. One password matches in one of the few ways that are
//! in use, and a wrong password in none of them, so all of them are tried.

use super::Scheme;
use super::digest::{Digest, equal, from_hex};
use super::digits::is_hex;
use super::magento;
use super::order::Order;

/// The longest salt.
const LONGEST: usize = 128;
/// What is hashed where the text is a digest and a salt with a colon between.
const ORDERS: &[&str] = &["sp", "ps", "ms", "sm", "hs", "sh", "sps"];

/// One way to read such a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Joined<'a> {
    digest: Digest,
    /// Hexadecimal digits.
    expected: &'a str,
    salt: &'a str,
    /// Whether the function's name stands in front.
    is_named: bool,
    /// Magento's numbers, where there are several.
    versions: Option<&'a str>,
}

/// How a password matched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Way {
    /// The digest of these.
    Order(Digest, Order),
    /// HMAC with the salt as its key.
    Hmac,
    /// The digest of the salt and a digest, as Magento does to old ones.
    Again,
}

impl<'a> Joined<'a> {
    /// All ways to read a text; none if it is no such text. Two where both halves may be the digest.
    pub(super) fn readings(text: &'a str) -> impl Iterator<Item = Self> {
        // The shortest is 32 digits and one of salt, or two signs.
        let text = if text.len() > 32 { text } else { "" };
        let (front, back) = match named(text) {
            Some(one) => (Some(one), None),
            None if text.starts_with(['$', '{']) => (None, None),
            None => pair(text),
        };
        front.into_iter().chain(back)
    }

    /// The scheme of a text, if it is one of these.
    pub(super) fn scheme(text: &'a str) -> Option<Scheme> {
        let one = Self::readings(text).next()?;
        Some(match one.digest {
            Digest::Md5 if one.salt.is_empty() => Scheme::UnsaltedMd5,
            Digest::Sha1 if one.salt.is_empty() => Scheme::UnsaltedSha1,
            digest => Scheme::salted(digest),
        })
    }

    /// How a password matches, if it does.
    pub(super) fn matches(&self, password: &[u8]) -> Option<Way> {
        let expected = from_hex(self.expected)?;
        let salt = self.salt.as_bytes();
        if let Some(versions) = self.versions {
            let found = magento::digest_again(password, salt, versions)?;
            let expected = self.expected.to_ascii_lowercase();
            return equal(found.as_bytes(), expected.as_bytes()).then_some(Way::Again);
        }
        let by = |letters: &&str| {
            let order = Order::from_letters(letters)?;
            let found = order.digest(self.digest, password, salt);
            equal(&found, &expected).then_some(Way::Order(self.digest, order))
        };
        if !self.is_named {
            return ORDERS.iter().find_map(by);
        }
        // Werkzeug's older versions write as Django does, and hash otherwise.
        let is_hmac = || equal(&hmac(self.digest, salt, password), &expected);
        if salt.is_empty() {
            return by(&"p");
        }
        by(&"sp").or_else(|| is_hmac().then_some(Way::Hmac))
    }
}

/// How a password matches the first bytes of a SHA-512 digest with its salt, if it does.
pub(super) fn way_of_cut(password: &[u8], salt: &[u8], first: &[u8]) -> Option<Way> {
    ORDERS.iter().find_map(|letters| {
        let order = Order::from_letters(letters)?;
        let found = order.digest(Digest::Sha512, password, salt);
        equal(found.get(..first.len())?, first).then_some(Way::Order(Digest::Sha512, order))
    })
}

/// The two halves of a text with a separator, the digest first, in both readings.
pub fn halves<'a>(text: &'a str, separator: &str) -> [Option<(&'a str, &'a str)>; 2] {
    let front = text.split_once(separator).and_then(|(digest, rest)| {
        let (salt, versions) = if separator == ":" { without_version(rest)? } else { (rest, None) };
        versions.is_none().then_some((digest, salt))
    });
    let back = text.rsplit_once(separator).map(|(salt, digest)| (digest, salt));
    [front, back]
}

/// The salt without what Magento 2 puts behind it: 0 for MD5, 1 for SHA-256, and where it hashed an
/// older digest again, the older number before the newer one, which then come apart. Other numbers
/// are other schemes.
fn without_version(rest: &str) -> Option<(&str, Option<&str>)> {
    let is_digest = |version: &str| matches!(version, "0" | "1");
    let Some((_, last)) = rest.rsplit_once(':') else { return Some((rest, None)) };
    if !is_digest(last) {
        return (!last.starts_with(|c: char| c.is_ascii_digit())).then_some((rest, None));
    }
    let (salt, versions) = rest.split_once(':')?;
    let is_one = versions.len() == 1;
    versions.split(':').all(is_digest).then_some((salt, (!is_one).then_some(versions)))
}

/// The two readings of a text with a colon.
fn pair(text: &str) -> (Option<Joined<'_>>, Option<Joined<'_>>) {
    let front = text.split_once(':').and_then(|(expected, rest)| {
        let (salt, versions) = without_version(rest)?;
        Some(Joined { versions, ..of_halves(expected, salt)? })
    });
    let back = text.rsplit_once(':').and_then(|(salt, expected)| of_halves(expected, salt));
    (front, back)
}

fn of_halves<'a>(expected: &'a str, salt: &'a str) -> Option<Joined<'a>> {
    // A name there says that there is no salt.
    let name: String = salt.chars().filter(char::is_ascii_alphanumeric).collect();
    let is_salt = is_salt(salt) && Digest::parse(&name.to_ascii_lowercase()).is_none();
    let digest = of_digits(expected).filter(|_| is_salt && !salt.is_empty())?;
    Some(Joined { digest, expected, salt, is_named: false, versions: None })
}

fn named(text: &str) -> Option<Joined<'_>> {
    let (name, rest) = text.split_once('$')?;
    let (salt, expected) = rest.split_once('$')?;
    let digest = of_digits(expected)?;
    let is_empty_right = !salt.is_empty() || matches!(digest, Digest::Md5 | Digest::Sha1);
    let is_one = Digest::parse(name) == Some(digest) && is_salt(salt) && is_empty_right;
    is_one.then_some(Joined { digest, expected, salt, is_named: true, versions: None })
}

/// The function whose digest has so many hexadecimal digits.
fn of_digits(text: &str) -> Option<Digest> {
    let digest = Digest::ALL.into_iter().find(|digest| digest.len() * 2 == text.len());
    digest.filter(|_| is_hex(text))
}

fn is_salt(salt: &str) -> bool {
    salt.len() <= LONGEST && salt.bytes().all(|byte| byte.is_ascii_graphic())
}

/// RFC 2104. Written out, for aws-lc-rs has it for other digests than MD5 only.
pub(super) fn hmac(digest: Digest, key: &[u8], message: &[u8]) -> Vec<u8> {
    let block = if digest == Digest::Sha512 { 128 } else { 64 };
    let mut key = if key.len() > block { digest.of(&[key]) } else { key.to_vec() };
    key.resize(block, 0);
    let padded = |with: u8| key.iter().map(|byte| byte ^ with).collect::<Vec<u8>>();
    digest.of(&[&padded(0x5c), &digest.of(&[&padded(0x36), message])])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::password::digest::to_hex;

    #[test]
    fn a_digest_and_a_salt_are_told_from_other_texts() {
        let (md5, sha256) = ("a".repeat(32), "b".repeat(64));
        for (text, word) in [
            (format!("{md5}:xy"), "salted-md5"),
            (format!("xy:{md5}"), "salted-md5"),
            (format!("{md5}:a:b!"), "salted-md5"),
            (format!("{sha256}:{md5}"), "salted-sha256"),
            (format!("{sha256}:0123456789abcdef:1"), "salted-sha256"),
            (format!("{md5}:0123456789abcdef:0"), "salted-md5"),
            (format!("{sha256}:salt:0:1"), "salted-sha256"),
            (format!("md5$salt${md5}"), "salted-md5"),
            (format!("md5$${md5}"), "unsalted-md5"),
            (format!("sha1$${}", "c".repeat(40)), "unsalted-sha1"),
            (format!("sha256$salt${sha256}"), "salted-sha256"),
        ] {
            assert_eq!(Joined::scheme(&text).map(Scheme::as_str), Some(word), "{text}");
        }
        for text in [
            format!("{md5}:"),
            format!(":{md5}"),
            format!("{md5}: "),
            format!("sha256:{sha256}"),
            format!("SHA-256:{sha256}"),
            format!("{sha256}:salt:2"),
            format!("{sha256}:salt:2:1"),
            format!("{sha256}:sa:lt:1"),
            format!("{sha256}:salt:3_32_2_67108864"),
            format!("{}:salt", "a".repeat(33)),
            format!("md5$salt${sha256}"),
            format!("sha256$${sha256}"),
            format!("md5$sa lt${md5}"),
            format!("md4$salt${md5}"),
            "12:34:56:78:9a:bc:de:f0:12:34:56:78".to_owned(),
            String::new(),
        ] {
            assert_eq!(Joined::scheme(&text), None, "{text}");
        }
    }

    /// RFC 2202 and RFC 4231.
    #[test]
    fn hmac_is_that_of_the_rfcs() {
        let of = |digest, key: &[u8], text: &[u8]| to_hex(&hmac(digest, key, text));
        let (key, text) = (b"Jefe", b"what do ya want for nothing?");
        assert_eq!(of(Digest::Md5, key, text), "750c783e6ab0b503eaa86e310a5db738");
        assert_eq!(of(Digest::Sha1, key, text), "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79");
        let long = b"Test Using Larger Than Block-Size Key - Hash Key First";
        assert_eq!(
            of(Digest::Sha256, &[0xaa; 131], long),
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"
        );
        let sha512 = of(Digest::Sha512, key, text);
        assert!(sha512.starts_with("164b7a7bfcf819e2e395fbe73b56e0a3"), "{sha512}");
    }
}
