//! scrypt as Spring Security writes it: `$100801$salt$hash`, the costs in one hexadecimal number.
//!
//! Source: `SCryptPasswordEncoder` of Spring Security.

use super::crypt64::from_base64;
use super::digits::is_hex;

/// What such a hash says.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct SpringScrypt {
    /// The cost as a power of two, block size, lanes.
    pub(super) costs: (u8, u32, u32),
    pub(super) salt: Vec<u8>,
    pub(super) hash: Vec<u8>,
}

impl SpringScrypt {
    /// Reads it without its first `$`.
    pub(super) fn parse(rest: &str) -> Option<Self> {
        let parts: Vec<&str> = rest.split('$').collect();
        let [costs, salt, hash] = parts.as_slice() else { return None };
        let number = Some(costs).filter(|costs| (5..=6).contains(&costs.len()) && is_hex(costs))?;
        let number = u32::from_str_radix(number, 16).ok()?;
        let (ln, r, p) = (u8::try_from(number >> 16).ok()?, number >> 8 & 0xff, number & 0xff);
        let (salt, hash) = (from_base64(salt)?, from_base64(hash)?);
        let is_one = ln > 0 && r > 0 && p > 0 && salt.len() >= 8 && hash.len() >= 16;
        is_one.then_some(Self { costs: (ln, r, p), salt, hash })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_costs_stand_in_one_number() {
        let (salt, hash) = ("c2FsdHNhbHQ=", "aGFzaGhhc2hoYXNoaGFzaA==");
        let costs = |text: &str| Some(SpringScrypt::parse(text)?.costs);
        assert_eq!(costs(&format!("100801${salt}${hash}")), Some((16, 8, 1)));
        assert_eq!(costs(&format!("e0801${salt}${hash}")), Some((14, 8, 1)));
        for text in [
            format!("0e00${salt}${hash}"),
            format!("e0001${salt}${hash}"),
            format!("e0801${salt}"),
            format!("e0801$c2E=${hash}"),
            format!("e0801${salt}$aGFzaA=="),
            format!("xyz01${salt}${hash}"),
        ] {
            assert_eq!(SpringScrypt::parse(&text), None, "{text}");
        }
    }
}
