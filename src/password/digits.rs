//! Tests for texts that consist of digits.

/// Whether a text has only hexadecimal digits, in either case. True for the empty text.
pub(super) fn is_hex(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Whether a text is a decimal number of at most ten digits.
pub(super) fn is_number(text: &str) -> bool {
    !text.is_empty() && text.len() <= 10 && text.bytes().all(|byte| byte.is_ascii_digit())
}
