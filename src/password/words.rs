//! Words that exports use for how a hash was made, beside the scheme.

/// How a password was written when it was hashed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Typed {
    Utf8,
    /// Two bytes for each unit, the lower one first: .NET and SQL Server.
    Utf16,
    /// The lower byte of each unit of UTF-16, as Node.js writes `latin1`, `binary` and `ascii`.
    Latin1,
}

impl Typed {
    /// The encoding of a word, in a mapping or in an export.
    pub fn parse(word: &str) -> Option<Self> {
        Some(match plain(word).as_str() {
            "utf8" => Self::Utf8,
            "utf16le" | "ucs2" => Self::Utf16,
            "latin1" | "iso88591" | "binary" | "ascii" => Self::Latin1,
            _ => return None,
        })
    }

    /// The word in a mapping.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Utf8 => "utf8",
            Self::Utf16 => "utf16le",
            Self::Latin1 => "latin1",
        }
    }
}

/// A variant of Argon2.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Variant {
    I,
    D,
    Id,
}

impl Variant {
    /// The variant of a word: `id`, `argon2id`.
    pub fn parse(word: &str) -> Option<Self> {
        let word = plain(word);
        let variant = word.strip_prefix("argon2").unwrap_or(&word);
        [Self::I, Self::D, Self::Id].into_iter().find(|one| one.as_str() == variant)
    }

    /// The word in a mapping.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::I => "i",
            Self::D => "d",
            Self::Id => "id",
        }
    }
}

/// A version of Argon2.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    V10,
    V13,
}

impl Version {
    /// The version of a word: `1.3`, and `19`, as hashes write it.
    pub fn parse(word: &str) -> Option<Self> {
        Some(match word {
            "1.0" | "16" | "0x10" => Self::V10,
            "1.3" | "19" | "0x13" => Self::V13,
            _ => return None,
        })
    }

    /// The word in a mapping.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::V10 => "1.0",
            Self::V13 => "1.3",
        }
    }

    /// The number in a hash.
    pub(super) fn number(self) -> u32 {
        match self {
            Self::V10 => 16,
            Self::V13 => 19,
        }
    }
}

/// Letters and digits alone, in lower case.
pub(super) fn plain(word: &str) -> String {
    word.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_lowercase()
}
