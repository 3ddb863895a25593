//! Tokens: issued for the pool's secret, a signed three-part JWT with `iat` and `exp`.
//!
//! They outlive a restart, as the real ones would: the signing key follows from the pool. This
//! guards nothing; it only tells the server's own tokens from others.

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

/// A token and its life, in Unix seconds.
#[derive(Debug)]
pub(super) struct Token {
    pub(super) jwt: String,
    pub(super) iat: i64,
    pub(super) exp: i64,
}

/// Why a request is not let in: the code of the API.
#[derive(Debug, PartialEq, Eq, Clone, Copy)]
pub(super) enum Denied {
    /// No token, or none of ours.
    NotLoggedIn,
    /// Its life is over.
    Expired,
    /// It was revoked; the code that says so.
    Revoked(i64),
}

impl Denied {
    pub(super) fn code(self) -> i64 {
        match self {
            Self::NotLoggedIn => 2020,
            Self::Expired => 2206,
            Self::Revoked(code) => code,
        }
    }
}

/// Issues tokens and knows them again.
pub(super) struct Tokens {
    pool: String,
    key: hmac::Key,
    /// Tokens are numbered; those below were revoked with this code.
    issued: u64,
    revoked: Option<(u64, i64)>,
}

impl Tokens {
    pub(super) fn new(pool: &str) -> Self {
        let key = hmac::Key::new(hmac::HMAC_SHA256, format!("sandbox:{pool}").as_bytes());
        Self { pool: pool.to_owned(), key, issued: 0, revoked: None }
    }

    /// A fresh token that lives for `ttl` seconds.
    pub(super) fn issue(&mut self, now: i64, ttl: i64) -> Token {
        self.issued += 1;
        let (iat, exp) = (now, now.saturating_add(ttl));
        let claims = json!({
            "type": "access-token", "sub": self.pool, "iat": iat, "exp": exp,
            "jti": self.issued.to_string(), "userPoolId": self.pool,
            "data": {"id": self.pool, "userPoolId": self.pool, "email": "admin@example.invalid"},
        });
        let head = URL_SAFE_NO_PAD.encode(r#"{"alg":"HS256","typ":"JWT"}"#);
        let signed = format!("{head}.{}", URL_SAFE_NO_PAD.encode(claims.to_string()));
        let tag = hmac::sign(&self.key, signed.as_bytes());
        Token { jwt: format!("{signed}.{}", URL_SAFE_NO_PAD.encode(tag)), iat, exp }
    }

    /// Refuses every token issued so far with `code`.
    pub(super) fn revoke(&mut self, code: i64) {
        self.revoked = Some((self.issued, code));
    }

    /// Whether the value of an Authorization header lets a request in.
    pub(super) fn check(&self, header: Option<&str>, now: i64) -> Result<(), Denied> {
        let claims = header.and_then(|text| self.claims(text)).ok_or(Denied::NotLoggedIn)?;
        let number = claims["jti"].as_str().and_then(|n| n.parse::<u64>().ok()).unwrap_or(0);
        match self.revoked {
            Some((last, code)) if number <= last => return Err(Denied::Revoked(code)),
            _ => {}
        }
        match claims["exp"].as_i64() {
            Some(exp) if exp > now => Ok(()),
            _ => Err(Denied::Expired),
        }
    }

    fn claims(&self, header: &str) -> Option<Value> {
        let jwt = header.strip_prefix("Bearer ").unwrap_or(header).trim();
        let (signed, tag) = jwt.rsplit_once('.')?;
        let tag = URL_SAFE_NO_PAD.decode(tag).ok()?;
        hmac::verify(&self.key, signed.as_bytes(), &tag).ok()?;
        let (_, claims) = signed.split_once('.')?;
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).ok()?).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bearer(token: &Token) -> String {
        format!("Bearer {}", token.jwt)
    }

    #[test]
    fn a_token_lets_in_until_it_expires() {
        let mut tokens = Tokens::new("pool");
        let token = tokens.issue(1000, 60);
        assert_eq!((token.iat, token.exp), (1000, 1060));
        assert_eq!(tokens.check(Some(&bearer(&token)), 1059), Ok(()));
        assert_eq!(tokens.check(Some(&token.jwt), 1059), Ok(()), "the word Bearer may be missing");
        assert_eq!(tokens.check(Some(&bearer(&token)), 1060), Err(Denied::Expired));
        assert_eq!(Tokens::new("pool").check(Some(&bearer(&token)), 1059), Ok(()), "restart");
    }

    #[test]
    fn what_is_no_token_of_this_pool_is_not_let_in() {
        let mut tokens = Tokens::new("pool");
        let token = tokens.issue(1000, 60);
        let other = Tokens::new("other").issue(1000, 60);
        let forged = token.jwt.replacen('.', ".e30", 1);
        for header in ["", "Bearer ", "Bearer null", "Bearer a.b.c", &forged, &bearer(&other)] {
            assert_eq!(tokens.check(Some(header), 1000), Err(Denied::NotLoggedIn), "{header}");
        }
        assert_eq!(tokens.check(None, 1000), Err(Denied::NotLoggedIn));
    }

    #[test]
    fn revoking_ends_the_tokens_so_far_and_none_after() {
        let mut tokens = Tokens::new("pool");
        let old = tokens.issue(1000, 60);
        tokens.revoke(2206);
        let new = tokens.issue(1000, 60);
        assert_eq!(tokens.check(Some(&bearer(&old)), 1000), Err(Denied::Revoked(2206)));
        assert_eq!(tokens.check(Some(&bearer(&new)), 1000), Ok(()));
    }
}
