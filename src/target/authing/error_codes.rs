//! What the published error codes of V2 mean for a migration (shared table of the vendor's
//! `error-code.md`; the classes are ours).

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CodeClass {
    /// The directory has such a user.
    Duplicate,
    /// The data must change.
    Rejected,
    /// Too often.
    Throttled,
    /// The token is out of date.
    StaleToken,
    /// The server cannot decrypt with its key.
    StaleKey,
    /// Busy; may or may not have worked.
    Busy,
    /// Nobody of that name: for lookups.
    NoSuchUser,
    /// The caller may not do this.
    Permission,
    /// The target refuses to work; the text says what to do.
    Halt(&'static str),
}

/// The class of a code; `None` for one that the tables do not explain.
pub(super) fn v2(code: i64) -> Option<CodeClass> {
    Some(match code {
        2026 | 2034 | 2035 | 2200 => CodeClass::Duplicate,
        2003 | 2005 | 2028 | 2029 | 2032 | 2204 | 2211 | 2231 => CodeClass::Rejected,
        429 | 2100 => CodeClass::Throttled,
        401 | 2020 | 2206 | 2207 => CodeClass::StaleToken,
        2016 => CodeClass::StaleKey,
        500 | 502 | 503 | 504 | 1000 => CodeClass::Busy,
        2004 => CodeClass::NoSuchUser,
        1001 => CodeClass::Permission,
        2000 | 2001 => CodeClass::Halt(
            "the account behind the secret is locked or must pass a captcha: sign in at the console",
        ),
        2018 => CodeClass::Halt("the secret may not create users: use the user pool's own secret"),
        2031 => CodeClass::Halt("registration is disabled in the pool: enable it at the console"),
        2036 => CodeClass::Halt("the secret belongs to another user pool: check user_pool_id"),
        2040 => CodeClass::Halt("the pool's quota of users is full: raise it, then run again"),
        2224 => CodeClass::Halt("there is no such user pool: check user_pool_id and host"),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_that_look_alike_are_told_apart() {
        assert_eq!(v2(2026), Some(CodeClass::Duplicate));
        assert_eq!(v2(2027), None, "registered by OAuth: no duplicate");
        assert_eq!(v2(2028), Some(CodeClass::Rejected));
        assert!(matches!(v2(2040), Some(CodeClass::Halt(_))));
        assert_eq!(v2(1010), None);
    }
}
