//! What the published error codes of V2 mean for a migration (shared table of the vendor's
//! `error-code.md`; the classes are ours).

use super::refusal::RefusalClass;

/// The class of a code; `None` for one that the tables do not explain.
pub(super) fn v2(code: u32) -> Option<RefusalClass> {
    Some(match code {
        2026 | 2034 | 2035 | 2200 => RefusalClass::Duplicate,
        2003 | 2005 | 2028 | 2029 | 2032 | 2204 | 2211 | 2231 => RefusalClass::Rejected,
        429 | 2100 => RefusalClass::Throttled,
        401 | 2020 | 2206 | 2207 => RefusalClass::StaleToken,
        2016 => RefusalClass::StaleKey,
        500 | 502 | 503 | 504 | 1000 => RefusalClass::Busy,
        2004 => RefusalClass::NoSuchUser,
        1001 => RefusalClass::Permission,
        2000 | 2001 => RefusalClass::Halt(
            "the account behind the secret is locked or must pass a captcha: sign in at the console",
        ),
        2018 => {
            RefusalClass::Halt("the secret may not create users: use the user pool's own secret")
        }
        2031 => {
            RefusalClass::Halt("registration is disabled in the pool: enable it at the console")
        }
        2036 => RefusalClass::Halt("the secret belongs to another user pool: check user_pool_id"),
        2040 => RefusalClass::Halt("the pool's quota of users is full: raise it, then run again"),
        2224 => RefusalClass::Halt("there is no such user pool: check user_pool_id and host"),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_that_look_alike_are_told_apart() {
        assert_eq!(v2(2026), Some(RefusalClass::Duplicate));
        assert_eq!(v2(2027), None, "registered by OAuth: no duplicate");
        assert_eq!(v2(2028), Some(RefusalClass::Rejected));
        assert!(matches!(v2(2040), Some(RefusalClass::Halt(_))));
        assert_eq!(v2(1010), None);
    }
}
