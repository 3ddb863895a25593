//! What was hashed: the password in one of its forms, with the salt before, after or around it.

use super::digest::{Digest, to_hex};
use super::words::Typed;

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
    /// The password in UTF-16, the lower byte of each unit first.
    Utf16,
    /// The lower byte of each unit.
    Latin1,
}

impl Part {
    const ALL: [(Self, &'static str, char); 6] = [
        (Self::Salt, "salt", 's'),
        (Self::Password, "password", 'p'),
        (Self::Md5, "md5(password)", 'm'),
        (Self::Sha1, "sha1(password)", 'h'),
        (Self::Utf16, "utf16le(password)", 'u'),
        (Self::Latin1, "latin1(password)", 'l'),
    ];
}

impl Order {
    /// Only the password.
    pub fn plain() -> Self {
        Self(vec![Part::Password])
    }

    /// Reads e.g. `salt+password`, `md5(password)+salt`; `prefix` and `suffix` are where the salt stands.
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "prefix" => return Self::new(vec![Part::Salt, Part::Password]),
            "suffix" => return Self::new(vec![Part::Password, Part::Salt]),
            _ => {}
        }
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

    /// The same of a password that was written so; none where its digest was hashed, for it does not say
    /// of what.
    pub(super) fn typed(&self, typed: Typed) -> Option<Self> {
        let part = match typed {
            Typed::Utf8 => return Some(self.clone()),
            Typed::Utf16 => Part::Utf16,
            Typed::Latin1 => Part::Latin1,
        };
        let replaced = |one: &Part| if *one == Part::Password { part } else { *one };
        let parts: Vec<Part> = self.0.iter().map(replaced).collect();
        parts.contains(&part).then_some(Self(parts))
    }

    pub(super) fn digest(&self, digest: Digest, password: &[u8], salt: &[u8]) -> Vec<u8> {
        digest.of(&[&self.hashed(password, salt)])
    }

    /// What is hashed.
    pub(super) fn hashed(&self, password: &[u8], salt: &[u8]) -> Vec<u8> {
        let hex = |inner: Digest| to_hex(&inner.of(&[password])).into_bytes();
        let units = || String::from_utf8_lossy(password).encode_utf16().collect::<Vec<u16>>();
        let part = |part: &Part| match part {
            Part::Salt => salt.to_vec(),
            Part::Password => password.to_vec(),
            Part::Md5 => hex(Digest::Md5),
            Part::Sha1 => hex(Digest::Sha1),
            Part::Utf16 => units().into_iter().flat_map(u16::to_le_bytes).collect(),
            Part::Latin1 => units().into_iter().map(|unit| unit.to_le_bytes()[0]).collect(),
        };
        self.0.iter().flat_map(part).collect()
    }
}
