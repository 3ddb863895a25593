//! Whether a column of texts without a known form is one of passwords, as people type them, or of
//! hashes, ciphertexts or tokens, which programs make.
//!
//! One text does not tell: people use password managers. A column does. What programs make has the
//! same length for everybody, few kinds of letters in a wild order, and little in common from one
//! row to the next; people's passwords have all lengths, words, and letters that no encoding has.

use std::collections::BTreeMap;

/// The shortest text that counts as made by a program: crypt(3)'s oldest hashes have 13 characters.
const SHORTEST: usize = 13;
/// As many must be so long where there are only a few texts: few may all be of one password manager.
const SHORTEST_OF_FEW: usize = 20;
/// So many texts are few.
const FEW: u64 = 5;
/// Places in which a text differs from the one before, on average: 10 hexadecimal digits are 40 bits.
/// A default password with a number behind it, or the same for all, has fewer.
const DIFFERENT: u64 = 10;
/// After so many it is known what they are.
const ENOUGH: u64 = 20_000;
/// Lengths beyond this are one.
const LONGEST: usize = 1_024;

/// What is known of the texts of a column. Holds none but the last one, to compare it with the next.
#[derive(Clone, Default)]
pub struct Texts {
    all: u64,
    made: u64,
    /// How many of those that may be made by a program have which length, padding not counted.
    lengths: BTreeMap<usize, u64>,
    /// Those that are base64 in whole groups, and of these the ones with padding.
    base64: u64,
    padded: u64,
    last: String,
    /// Texts that have the length of the one before, and the places in which they differ from it.
    pairs: u64,
    different: u64,
}

impl Texts {
    pub fn add(&mut self, text: &str) {
        if self.all >= ENOUGH {
            return;
        }
        self.all += 1;
        let bare = text.trim_end_matches('=');
        if is_made(bare) {
            self.made += 1;
            *self.lengths.entry(bare.len().min(LONGEST)).or_default() += 1;
        }
        if text.len() >= 8 && text.len().is_multiple_of(4) && bare.bytes().all(is_base64) {
            self.base64 += 1;
            self.padded += u64::from(matches!(text.len() - bare.len(), 1 | 2));
        }
        if self.last.len() == text.len() {
            let places = self.last.bytes().zip(text.bytes());
            self.pairs += 1;
            self.different += places.filter(|(a, b)| a != b).count() as u64;
        }
        text.clone_into(&mut self.last);
    }

    /// Whether people type them, as far as anybody can tell.
    pub fn are_typed(&self) -> bool {
        !self.are_made() && !self.are_encoded()
    }

    /// Whether they are so few that a password manager may have made them all.
    pub fn are_few(&self) -> bool {
        self.all < FEW
    }

    /// Nearly all are of the few lengths and the wild order that programs make.
    fn are_made(&self) -> bool {
        let most = |n: u64| self.all > 0 && n * 10 >= self.all * 9;
        // Asked for each record: of what people type this is all that is looked at.
        if !most(self.made) {
            return false;
        }
        let mut counts: Vec<u64> = self.lengths.values().copied().collect();
        counts.sort_unstable_by(|a, b| b.cmp(a));
        // A system that once changed its hashes has two lengths, or three.
        let kinds = if self.all < 4 * FEW { 1 } else { 3 };
        let differs = self.pairs == 0 || self.different >= self.pairs * DIFFERENT;
        let shortest = if self.are_few() { SHORTEST_OF_FEW } else { SHORTEST };
        let are_long = self.lengths.keys().all(|len| *len >= shortest);
        most(counts.iter().take(kinds).sum()) && differs && are_long
    }

    /// Nearly all are base64 of something, and many have its padding, as nobody's password has.
    fn are_encoded(&self) -> bool {
        let differs = self.pairs == 0 || self.different >= self.pairs * 2;
        !self.are_few()
            && self.base64 * 10 >= self.all * 9
            && self.padded * 5 >= self.all
            && differs
    }
}

/// Says nothing of what it holds.
impl std::fmt::Debug for Texts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Texts")
            .field("all", &self.all)
            .field("made", &self.made)
            .finish_non_exhaustive()
    }
}

/// Whether a text may be one that a program made: long, of the letters that encodings have, and
/// those of different kinds in turn.
fn is_made(text: &str) -> bool {
    let bytes = text.as_bytes();
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"./+=-_$:{}|,*".contains(&byte);
    if bytes.len() < SHORTEST || !bytes.iter().copied().all(fits) {
        return false;
    }
    let kind = |byte: u8| match byte {
        b'0'..=b'9' => 0,
        b'a'..=b'z' => 1,
        b'A'..=b'Z' => 2,
        _ => 3,
    };
    let turns = bytes.windows(2).filter(|two| kind(two[0]) != kind(two[1])).count();
    // In base32, which has the fewest turns, three in ten on average, and hardly ever two in 32.
    turns * 16 >= bytes.len()
}

fn is_base64(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/')
}

/// Whether a single text looks like one that a program made.
pub fn looks_made(text: &str) -> bool {
    let mut texts = Texts::default();
    texts.add(text);
    !texts.are_typed()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::password::crypt64::{base64, crypt_of};
    use crate::password::digest::{Digest, to_hex};

    fn are_typed<T: AsRef<str>>(texts: impl IntoIterator<Item = T>) -> bool {
        let mut column = Texts::default();
        for text in texts {
            column.add(text.as_ref());
        }
        column.are_typed()
    }

    /// The 2,000 of tests/password/plain.py: each group by its name, and one that is a mixture.
    fn typed() -> Vec<(&'static str, &'static str)> {
        let text = include_str!("../../tests/password/typed.tsv");
        text.lines().filter_map(|line| line.split_once('\t')).collect()
    }

    #[test]
    fn what_people_type_is_told_in_columns_of_any_size() {
        let all: Vec<&str> = typed().iter().map(|(_, text)| *text).collect();
        assert_eq!(all.len(), 2_000);
        assert!(are_typed(&all));
        for size in [5, 10, 20, 50, 100, 1_000] {
            for (i, column) in all.chunks(size).enumerate() {
                assert!(are_typed(column), "column {i} of {size}");
            }
        }
        // Nor is any column of one sort of people, but for those of one program's users.
        let names: std::collections::BTreeSet<&str> =
            typed().iter().map(|(name, _)| *name).collect();
        for name in names.into_iter().filter(|name| !matches!(*name, "browser" | "apple")) {
            let of = typed().into_iter().filter(|(other, _)| *other == name);
            assert!(are_typed(of.map(|(_, text)| text)), "{name}");
        }
    }

    #[test]
    fn defaults_and_numbers_that_all_have_one_length_are_typed() {
        let numbers = 0..1_000_u64;
        for column in [
            numbers.clone().map(|i| format!("{:06}", i * 7919 % 1_000_000)).collect::<Vec<_>>(),
            numbers.clone().map(|i| format!("138{:08}", i * 48_271 % 100_000_000)).collect(),
            numbers
                .clone()
                .map(|i| format!("11010119{:09}X", i * 48_271 % 1_000_000_000))
                .collect(),
            numbers.clone().map(|i| format!("Corp2024-{i:06}")).collect(),
            numbers.clone().map(|_| "Welcome2Company2024".to_owned()).collect(),
            numbers.clone().map(|i| format!("zhang1990{:04}", i * 37 % 10_000)).collect(),
            vec!["Q7w2E9r4T1y6".to_owned(); 2],
            Vec::new(),
        ] {
            assert!(are_typed(&column), "{:?}", column.first());
        }
    }

    type Form = Box<dyn Fn(u64) -> String>;

    #[test]
    fn what_programs_make_is_told() {
        let digest = |i: u64, len: usize| -> Vec<u8> {
            let long = |n: u8| Digest::Sha512.of(&[&i.to_be_bytes(), &[n]]);
            (0..8).flat_map(long).take(len).collect()
        };
        let base32 = |bytes: &[u8]| -> String {
            bytes
                .iter()
                .map(|byte| char::from(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"[usize::from(byte & 31)]))
                .collect()
        };
        let forms: Vec<(&str, Form)> = vec![
            ("16 hexadecimal digits", Box::new(move |i| to_hex(&digest(i, 8)))),
            ("48", Box::new(move |i| to_hex(&digest(i, 24)))),
            ("56, in capitals", Box::new(move |i| to_hex(&digest(i, 28)).to_uppercase())),
            ("96", Box::new(move |i| to_hex(&digest(i, 48)))),
            ("256", Box::new(move |i| to_hex(&digest(i, 128)))),
            ("with 0x", Box::new(move |i| format!("0x{}", to_hex(&digest(i, 20))))),
            ("base64 of 16 bytes", Box::new(move |i| base64(&digest(i, 16)) + "==")),
            ("of 20", Box::new(move |i| base64(&digest(i, 20)) + "=")),
            ("of 48", Box::new(move |i| base64(&digest(i, 48)))),
            (
                "for addresses",
                Box::new(move |i| base64(&digest(i, 32)).replace('+', "-").replace('/', "_")),
            ),
            (
                "DES crypt",
                Box::new(move |i| {
                    crypt_of(&digest(i, 10)).get(..13).unwrap_or_default().to_owned()
                }),
            ),
            ("base32", Box::new(move |i| base32(&digest(i, 32)))),
            (
                "a scheme of nobody's",
                Box::new(move |i| {
                    format!("$x9$10000${}${}", base64(&digest(i, 12)), base64(&digest(i + 1, 32)))
                }),
            ),
            (
                "a name in braces",
                Box::new(move |i| format!("{{SSHA384}}{}", base64(&digest(i, 56)))),
            ),
            (
                "salt and digest with a dot",
                Box::new(move |i| {
                    format!("{}.{}", to_hex(&digest(i, 8)), to_hex(&digest(i + 1, 24)))
                }),
            ),
            (
                "a UUID",
                Box::new(move |i| {
                    let hex = to_hex(&digest(i, 16));
                    format!(
                        "{}-{}-{}-{}-{}",
                        &hex[..8],
                        &hex[8..12],
                        &hex[12..16],
                        &hex[16..20],
                        &hex[20..]
                    )
                }),
            ),
            // A few blocks of a cipher: of different lengths.
            (
                "ciphertext",
                Box::new(move |i| {
                    base64(&digest(i, if i % 3 == 0 { 32 } else { 16 }))
                        + if i % 3 == 0 { "=" } else { "==" }
                }),
            ),
            // And what is no secret at all, but not what is typed either.
            (
                "base64 of passwords",
                Box::new(|i| {
                    let text = base64(format!("hunter{}", i * i).as_bytes());
                    let padding = "=".repeat((4 - text.len() % 4) % 4);
                    text + &padding
                }),
            ),
        ];
        for (name, form) in &forms {
            for size in [5, 20, 1_000] {
                if size == 5 && matches!(*name, "ciphertext" | "base64 of passwords") {
                    continue;
                }
                assert!(!are_typed((0..size).map(|i| form(i * 97))), "{size} of {name}");
            }
        }
        // One person in twelve among them has typed one.
        let mixed = (0..1_000)
            .map(|i| if i % 12 == 0 { format!("hunter{i}") } else { to_hex(&digest(i, 24)) });
        assert!(!are_typed(mixed));
        let half = (0..1_000)
            .map(|i| if i % 2 == 0 { format!("hunter{i}") } else { to_hex(&digest(i, 24)) });
        assert!(are_typed(half));
        assert!(
            looks_made(&to_hex(&digest(1, 24)))
                && !looks_made("correcthorsebattery")
                && !looks_made("xK9mP2vQ8rT5")
        );
    }

    #[test]
    fn nothing_of_a_text_is_shown() {
        let mut texts = Texts::default();
        texts.add("hunter2");
        assert!(!format!("{texts:?}").contains("hunter2"));
    }
}
