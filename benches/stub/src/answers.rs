//! What a request is, and the fixed answer to it.

use crate::http::Request;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// What a request asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Op {
    Token,
    Key,
    Create,
    Lookup,
    Counts,
    Other,
}

pub const OPS: [Op; 6] = [Op::Token, Op::Key, Op::Create, Op::Lookup, Op::Counts, Op::Other];

impl Op {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Token => "token",
            Self::Key => "key",
            Self::Create => "create",
            Self::Lookup => "lookup",
            Self::Counts => "counts",
            Self::Other => "other",
        }
    }
}

/// A GraphQL query is told by its beginning.
const QUERY_MAX: usize = 256;

pub fn op(request: &Request) -> Op {
    let start = &request.body[..request.body.len().min(QUERY_MAX)];
    let names = |name: &[u8]| memchr::memmem::find(start, name).is_some();
    let line = request.line;
    if line.starts_with(b"POST /graphql/v2 ") {
        if names(b"createUser") {
            Op::Create
        } else if names(b"accessToken") {
            Op::Token
        } else {
            Op::Other
        }
    } else if line.starts_with(b"GET /api/v2/.well-known ") {
        Op::Key
    } else if line.starts_with(b"POST /api/v2/users/batch ") {
        Op::Lookup
    } else if line.starts_with(b"GET /stub/counts ") {
        Op::Counts
    } else {
        Op::Other
    }
}

/// The answers, made once a second, for they carry the date.
pub struct Answers {
    key: &'static str,
    second: u64,
    made: Vec<Vec<u8>>,
}

impl Answers {
    pub fn new(key: &'static str) -> Self {
        Self { key, second: 0, made: Vec::new() }
    }

    /// Brings the date up to now.
    pub fn refresh(&mut self) {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        if now != self.second {
            self.second = now;
            let date = httpdate::fmt_http_date(UNIX_EPOCH + Duration::from_secs(now));
            self.made = OPS.iter().map(|op| self.make(*op, &date, now)).collect();
        }
    }

    pub fn of(&self, op: Op) -> &[u8] {
        &self.made[op as usize]
    }

    fn make(&self, op: Op, date: &str, now: u64) -> Vec<u8> {
        let day = now + 86_400;
        let body = match op {
            Op::Token => format!(
                r#"{{"data":{{"accessToken":{{"accessToken":"{}","exp":{day},"iat":{now}}}}}}}"#,
                token(now, day)
            ),
            Op::Key => format!(
                r#"{{"code":200,"message":"","data":{{"publicKey":"{}"}}}}"#,
                self.key.trim_end().replace('\n', "\\n")
            ),
            Op::Create => r#"{"data":{"createUser":{"id":"5f0000000000000000000002"}}}"#.to_owned(),
            Op::Lookup => r#"{"code":200,"message":"","data":[]}"#.to_owned(),
            Op::Counts | Op::Other => r#"{"statusCode":404}"#.to_owned(),
        };
        answer(if op == Op::Other { "404 Not Found" } else { "200 OK" }, date, &body)
    }
}

/// A token in the form of a JWT, which the vendor's SDK reads; signed by nobody.
fn token(from: u64, until: u64) -> String {
    let head = base64url(br#"{"alg":"HS256","typ":"JWT"}"#);
    let body = base64url(format!(r#"{{"type":"user","iat":{from},"exp":{until}}}"#).as_bytes());
    format!("{head}.{body}.{}", "s".repeat(43))
}

fn base64url(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut text = String::new();
    for three in bytes.chunks(3) {
        let at = |i: usize| u32::from(three.get(i).copied().unwrap_or(0));
        let bits = at(0) << 16 | at(1) << 8 | at(2);
        for i in 0..=three.len() {
            text.push(char::from(DIGITS[(bits >> (18 - 6 * i)) as usize & 63]));
        }
    }
    text
}

/// A whole answer.
pub fn answer(status: &str, date: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!(
        "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\
         date: {date}\r\n\r\n{body}"
    )
    .into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_that_of_rfc_4648_without_padding() {
        for (bytes, text) in
            [("", ""), ("f", "Zg"), ("fo", "Zm8"), ("foo", "Zm9v"), ("foob", "Zm9vYg")]
        {
            assert_eq!(base64url(bytes.as_bytes()), text);
        }
    }
}
