//! The alphabets in which hashes are written: those of base64, and that of crypt(3).

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_encode_padding(false)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

const CRYPT: &[u8; 64] = b"./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

const STRICT: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Base64, standard alphabet, without padding.
pub(super) fn base64(bytes: &[u8]) -> String {
    LENIENT.encode(bytes)
}

/// Base64, standard alphabet, with or without padding.
pub(super) fn from_base64(text: &str) -> Option<Vec<u8>> {
    LENIENT.decode(text).ok()
}

/// The same in its one spelling: no bits behind the last byte, and padding in full or none.
pub(super) fn from_strict_base64(text: &str) -> Option<Vec<u8>> {
    let is_cut = text.ends_with('=') && !text.len().is_multiple_of(4);
    if is_cut { None } else { STRICT.decode(text).ok() }
}

/// The standard alphabet in place of the one for addresses.
pub(super) fn standard(text: &str) -> String {
    text.replace('-', "+").replace('_', "/")
}

/// Base64 as passlib adapts it: `.` in place of `+`, no padding.
pub(super) fn adapted(bytes: &[u8]) -> String {
    base64(bytes).replace('+', ".")
}

/// What [`adapted`] wrote; a `+` is taken too.
pub(super) fn from_adapted(text: &str) -> Option<Vec<u8>> {
    from_base64(&text.replace('.', "+"))
}

/// Groups of 24 bits, six at a time from the lowest. `chars` is how many are written at most.
pub(super) fn crypt(groups: impl Iterator<Item = u32>, chars: usize) -> String {
    let digits = groups.flat_map(|group| (0..4).map(move |i| group >> (6 * i) & 63));
    digits.take(chars).map(|digit| char::from(CRYPT[digit as usize])).collect()
}

/// The number that one character of crypt(3)'s alphabet stands for.
pub(super) fn from_crypt(byte: u8) -> Option<u32> {
    CRYPT.iter().position(|other| *other == byte).and_then(|i| u32::try_from(i).ok())
}

/// Bytes as phpass and Drupal write them: groups of three, the first one lowest.
pub(super) fn crypt_of(bytes: &[u8]) -> String {
    let group =
        |three: &[u8]| three.iter().rev().fold(0, |group: u32, byte| group << 8 | u32::from(*byte));
    crypt(bytes.chunks(3).map(group), (bytes.len() * 8).div_ceil(6))
}

/// The bytes that [`crypt_of`] wrote.
pub(super) fn from_crypt_text(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len());
    for four in text.as_bytes().chunks(4) {
        let mut group = 0;
        for (i, byte) in four.iter().enumerate() {
            group |= from_crypt(*byte)? << (6 * i);
        }
        let whole = four.len() * 6 / 8;
        bytes.extend_from_slice(&group.to_le_bytes()[..whole]);
    }
    Some(bytes)
}
