//! What Argon2 asks of its numbers. What asks for less cannot be hashed again, so nobody could sign in
//! with it. Numbers and base64 count in their one spelling: the reference implementation refuses any other
//! (`decode_decimal` and `from_base64` in `src/encoding.c` of <https://github.com/P-H-C/phc-winner-argon2>),
//! but for padding in full, which some write.
//!
//! Source: RFC 9106, section 3.1.

/// Bytes of the shortest salt.
pub(super) const LEAST_SALT: usize = 8;
/// Bytes of the shortest hash that counts; a shorter one would match by chance.
pub(super) const LEAST_HASH: usize = 16;

/// Whether there is Argon2 with this memory in KiB, these passes and lanes, and so many bytes of salt.
pub(super) fn is_possible((m, t, p): (u32, u32, u32), salt: usize) -> bool {
    t > 0 && p > 0 && u64::from(m) >= 8 * u64::from(p) && salt >= LEAST_SALT
}
