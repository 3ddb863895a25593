//! What was hashed: the password in one of its forms, with the salt before, after or around it.

use super::digest::{Digest, to_hex};

/// What was hashed, one after the other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order(Vec<Part>);

/// A part of what was hashed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Salt,
    Password,
    /// The lower-case hexadecimal digits of the password's MD5.
    Md5,
    /// The same of its SHA-1.
    Sha1,
}

impl Part {
    const ALL: [(Self, &'static str, char); 4] = [
        (Self::Salt, "salt", 's'),
        (Self::Password, "password", 'p'),
        (Self::Md5, "md5(password)", 'm'),
        (Self::Sha1, "sha1(password)", 'h'),
    ];
}

impl Order {
    /// Only the password.
    pub fn plain() -> Self {
        Self(vec![Part::Password])
    }

    /// Reads e.g. `salt+password`, `md5(password)+salt`.
    pub fn parse(text: &str) -> Option<Self> {
        let part = |word: &str| {
            let found = Part::ALL.iter().find(|(_, name, _)| *name == word.trim());
            found.map(|(part, _, _)| *part)
        };
        Self::new(text.split('+').map(part).collect::<Option<_>>()?)
    }

    /// Reads the letters of a composed form, e.g. `sp`.
    pub fn from_letters(letters: &str) -> Option<Self> {
        let part = |letter| {
            let found = Part::ALL.iter().find(|(_, _, other)| *other == letter);
            found.map(|(part, _, _)| *part)
        };
        Self::new(letters.chars().map(part).collect::<Option<_>>()?)
    }

    /// The password must be in it once, in one of its forms.
    fn new(parts: Vec<Part>) -> Option<Self> {
        let passwords = parts.iter().filter(|part| **part != Part::Salt).count();
        (passwords == 1 && parts.len() <= 4).then_some(Self(parts))
    }

    /// Whether there is a salt in it.
    pub fn has_salt(&self) -> bool {
        self.0.contains(&Part::Salt)
    }

    pub(super) fn letters(&self) -> String {
        let letter = |part| Part::ALL.iter().find(|(other, _, _)| other == part);
        self.0.iter().filter_map(letter).map(|(_, _, letter)| *letter).collect()
    }

    /// As [`Self::parse`] reads it.
    pub fn words(&self) -> String {
        let word = |part| Part::ALL.iter().find(|(other, _, _)| other == part);
        let words: Vec<&str> = self.0.iter().filter_map(word).map(|(_, word, _)| *word).collect();
        words.join("+")
    }

    pub(super) fn digest(&self, digest: Digest, password: &[u8], salt: &[u8]) -> Vec<u8> {
        let hex = |inner: Digest| to_hex(&inner.of(&[password])).into_bytes();
        let parts: Vec<Vec<u8>> = self
            .0
            .iter()
            .map(|part| match part {
                Part::Salt => salt.to_vec(),
                Part::Password => password.to_vec(),
                Part::Md5 => hex(Digest::Md5),
                Part::Sha1 => hex(Digest::Sha1),
            })
            .collect();
        let parts: Vec<&[u8]> = parts.iter().map(Vec::as_slice).collect();
        digest.of(&parts)
    }
}
