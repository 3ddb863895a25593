//! The forms in which programs write a hash of PBKDF2: each becomes the same four parts.

use super::crypt64::{adapted, base64, from_adapted, from_base64};
use super::digest::{Digest, from_hex, to_hex};
use super::digits::{is_hex, is_number};

/// Iterations of Atlassian's `{PKCS5S2}`, which does not name them.
const ATLASSIAN: u64 = 10_000;

/// What a hash of PBKDF2 says.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Pbkdf2<'a> {
    pub digest: Digest,
    pub iterations: u64,
    pub salt: Vec<u8>,
    pub hash: Vec<u8>,
    form: Form,
    /// The salt as it is written.
    written: &'a str,
}

/// Who writes it so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    /// `$pbkdf2-sha256$29000$salt$hash`, adapted base64.
    Passlib,
    /// `$pbkdf2-sha256$i=29000,l=32$salt$hash`, as the PHC string format has it; `l` may be absent.
    Phc,
    /// `pbkdf2_sha256$600000$salt$hash`: the salt is its own text.
    Django,
    /// `pbkdf2:sha256:600000$salt$hash`: the salt is its own text, the hash hexadecimal digits.
    Werkzeug,
    /// `{PBKDF2-SHA256}10000$salt$hash`, adapted base64: OpenLDAP's pw-pbkdf2.
    Directory,
    /// `{PKCS5S2}` and base64 of 16 bytes of salt and 32 of hash.
    Atlassian,
    /// `{pbkdf2}` and hexadecimal digits of 8 bytes of salt and 32 of hash;
    /// `{pbkdf2@SpringSecurity_v5_8}` has 16 of salt, and another function.
    /// Source: `PasswordEncoderFactories` and `Pbkdf2PasswordEncoder` of Spring Security.
    Spring,
}

impl<'a> Pbkdf2<'a> {
    /// Reads any of the forms.
    pub(super) fn parse(text: &'a str) -> Option<Self> {
        match text.as_bytes().first()? {
            b'$' => modular(&text[1..]),
            b'{' => directory(&text[1..]),
            b'p' if text.starts_with("pbkdf2_") => django(text),
            b'p' if text.starts_with("pbkdf2:") => werkzeug(text),
            _ => None,
        }
    }

    /// The same with no more than so many bytes of hash: its output begins the same at any length.
    pub(super) fn cut(&self, most: usize) -> Option<String> {
        let hash = self.hash.get(..most)?;
        let (word, n, salt) = (self.digest.as_str(), self.iterations, self.written);
        let upper = word.to_ascii_uppercase();
        // As passlib calls the one with SHA-1.
        let name = match self.digest {
            Digest::Sha1 => "pbkdf2".to_owned(),
            Digest::Md5 | Digest::Sha256 | Digest::Sha512 => format!("pbkdf2-{word}"),
        };
        Some(match self.form {
            Form::Passlib => format!("${name}${n}${salt}${}", adapted(hash)),
            // Its `l` would contradict, and digits take more room; passlib's form has neither.
            Form::Phc | Form::Spring => {
                format!("${name}${n}${}${}", adapted(&self.salt), adapted(hash))
            }
            Form::Django => format!("pbkdf2_{word}${n}${salt}${}=", base64(hash)),
            Form::Werkzeug => format!("pbkdf2:{word}:{n}${salt}${}", to_hex(hash)),
            Form::Directory => format!("{{PBKDF2-{upper}}}{n}${salt}${}", adapted(hash)),
            Form::Atlassian => return None,
        })
    }
}

/// PBKDF2 with MD5 is nobody's.
fn function(word: &str) -> Option<Digest> {
    Digest::parse(word).filter(|digest| *digest != Digest::Md5)
}

fn modular(rest: &str) -> Option<Pbkdf2<'_>> {
    let parts: Vec<&str> = rest.split('$').collect();
    let [id, costs, written, hash] = parts.as_slice() else { return None };
    let digest = match *id {
        "pbkdf2" => Digest::Sha1,
        id => function(id.strip_prefix("pbkdf2-")?)?,
    };
    if is_number(costs) {
        let iterations = costs.parse().ok()?;
        let (salt, hash) = (from_adapted(written)?, filled(from_adapted(hash)?)?);
        return Some(Pbkdf2 { digest, iterations, salt, hash, form: Form::Passlib, written });
    }
    let (iterations, len) = match costs.split_once(',') {
        Some((iterations, len)) => (iterations, Some(len.strip_prefix("l=")?)),
        None => (*costs, None),
    };
    let iterations = iterations.strip_prefix("i=").filter(|text| is_number(text))?.parse().ok()?;
    let (salt, hash) = (from_base64(written)?, filled(from_base64(hash)?)?);
    let is_so_long = |len: &str| len.parse() == Ok(hash.len());
    let fits = len.is_none_or(is_so_long);
    fits.then_some(Pbkdf2 { digest, iterations, salt, hash, form: Form::Phc, written })
}

fn directory(rest: &str) -> Option<Pbkdf2<'_>> {
    let (name, value) = rest.split_once('}')?;
    let name = name.to_ascii_uppercase();
    if name == "PKCS5S2" {
        let bytes = from_base64(value).filter(|bytes| bytes.len() == 48)?;
        let (salt, hash) = (bytes[..16].to_vec(), bytes[16..].to_vec());
        let (digest, iterations) = (Digest::Sha1, ATLASSIAN);
        return Some(Pbkdf2 { digest, iterations, salt, hash, form: Form::Atlassian, written: "" });
    }
    let spring = match name.as_str() {
        "PBKDF2" => Some((Digest::Sha1, 185_000, 8)),
        "PBKDF2@SPRINGSECURITY_V5_8" => Some((Digest::Sha256, 310_000, 16)),
        _ => None,
    };
    if let Some((digest, iterations, salt)) = spring
        && let Some(bytes) = from_hex(value).filter(|bytes| bytes.len() == salt + 32)
    {
        let (salt, hash) = (bytes[..salt].to_vec(), bytes[salt..].to_vec());
        return Some(Pbkdf2 { digest, iterations, salt, hash, form: Form::Spring, written: "" });
    }
    let digest = match name.strip_prefix("PBKDF2")? {
        "" => Digest::Sha1,
        word => function(&word.strip_prefix('-')?.to_ascii_lowercase())?,
    };
    let parts: Vec<&str> = value.split('$').collect();
    let [iterations, written, hash] = parts.as_slice() else { return None };
    let iterations = Some(iterations).filter(|text| is_number(text))?.parse().ok()?;
    let (salt, hash) = (from_adapted(written)?, filled(from_adapted(hash)?)?);
    Some(Pbkdf2 { digest, iterations, salt, hash, form: Form::Directory, written })
}

fn django(text: &str) -> Option<Pbkdf2<'_>> {
    let parts: Vec<&str> = text.split('$').collect();
    let [id, iterations, written, hash] = parts.as_slice() else { return None };
    let digest = function(id.strip_prefix("pbkdf2_")?)?;
    let iterations = Some(iterations).filter(|text| is_number(text))?.parse().ok()?;
    let hash = Some(hash).filter(|hash| hash.len() >= 20).and_then(|hash| from_base64(hash))?;
    let salt = written.as_bytes().to_vec();
    Some(Pbkdf2 { digest, iterations, salt, hash, form: Form::Django, written })
}

fn werkzeug(text: &str) -> Option<Pbkdf2<'_>> {
    let parts: Vec<&str> = text.split('$').collect();
    let [head, written, hash] = parts.as_slice() else { return None };
    let (word, iterations) = head.strip_prefix("pbkdf2:")?.split_once(':')?;
    let digest = function(word)?;
    let iterations = Some(iterations).filter(|text| is_number(text))?.parse().ok()?;
    let hash = Some(hash).filter(|hash| hash.len() >= 32 && is_hex(hash))?;
    let (salt, hash) = (written.as_bytes().to_vec(), from_hex(hash)?);
    Some(Pbkdf2 { digest, iterations, salt, hash, form: Form::Werkzeug, written })
}

fn filled(bytes: Vec<u8>) -> Option<Vec<u8>> {
    Some(bytes).filter(|bytes| !bytes.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_says_the_same() {
        let (salt, hash) = (b"0123456789abcdef", [7_u8; 64]);
        let (a, b, h) = (adapted(&hash), base64(&hash), to_hex(&hash));
        let written = adapted(salt);
        for (text, cut) in [
            (
                format!("$pbkdf2-sha512$1000${written}${a}"),
                format!("$pbkdf2-sha512$1000${written}$"),
            ),
            (
                format!("$pbkdf2-sha512$i=1000,l=64${}${b}", base64(salt)),
                format!("$pbkdf2-sha512$1000${written}$"),
            ),
            (
                format!("$pbkdf2-sha512$i=1000${}${b}", base64(salt)),
                format!("$pbkdf2-sha512$1000${written}$"),
            ),
            (
                format!("pbkdf2_sha512$1000$0123456789abcdef${b}=="),
                "pbkdf2_sha512$1000$0123456789abcdef$".to_owned(),
            ),
            (
                format!("pbkdf2:sha512:1000$0123456789abcdef${h}"),
                "pbkdf2:sha512:1000$0123456789abcdef$".to_owned(),
            ),
            (
                format!("{{PBKDF2-SHA512}}1000${written}${a}"),
                format!("{{PBKDF2-SHA512}}1000${written}$"),
            ),
        ] {
            let read = Pbkdf2::parse(&text).unwrap();
            assert_eq!((read.digest, read.iterations), (Digest::Sha512, 1_000), "{text}");
            assert_eq!((read.salt.as_slice(), read.hash.as_slice()), (&salt[..], &hash[..]));
            let short = read.cut(32).unwrap();
            assert!(short.starts_with(&cut), "{short}");
            let again = Pbkdf2::parse(&short).unwrap();
            assert_eq!((again.salt, again.hash), (salt.to_vec(), hash[..32].to_vec()), "{short}");
        }
        // The one with SHA-1 has a name of its own, so that the shorter form is read as itself again.
        let phc = format!("$pbkdf2-sha1$i=1000${}${b}", base64(salt));
        let short = Pbkdf2::parse(&phc).unwrap().cut(32).unwrap();
        assert_eq!(short, format!("$pbkdf2$1000${written}${}", adapted(&hash[..32])));
        assert_eq!(Pbkdf2::parse(&short).unwrap().cut(32).unwrap(), short);
        let atlassian = format!("{{PKCS5S2}}{}", base64(&[7; 48]));
        let read = Pbkdf2::parse(&atlassian).unwrap();
        assert_eq!((read.digest, read.iterations), (Digest::Sha1, 10_000));
        assert_eq!((read.salt.len(), read.hash.len(), read.cut(32)), (16, 32, None));
        assert_eq!(Pbkdf2::parse("{PBKDF2}1$c2FsdA$aGFzaA").unwrap().digest, Digest::Sha1);
    }

    #[test]
    fn what_only_begins_so_is_none() {
        for text in [
            "$pbkdf2-sha512$i=1000,l=63$c2FsdA$aGFzaA",
            "$pbkdf2-sha512$i=,l=4$c2FsdA$aGFzaA",
            "$pbkdf2-sha512$l=4,i=1$c2FsdA$aGFzaA",
            "$pbkdf2-md5$1000$c2FsdA$aGFzaA",
            "$pbkdf2-sha512$1000$c2FsdA$",
            "{PBKDF2-SHA512}",
            "{PBKDF2-SHA512}x$c2FsdA$aGFzaA",
            "{PBKDF2_SHA256}1$c2FsdA$aGFzaA",
            "{PBKDF2-MD5}1$c2FsdA$aGFzaA",
            "{PKCS5S2}c2FsdA",
            "pbkdf2_sha256$x$salt$aGFzaA",
            "pbkdf2:sha256:1$salt$zz",
        ] {
            assert_eq!(Pbkdf2::parse(text), None, "{text}");
        }
    }
}
