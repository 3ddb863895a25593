//! Takes requests out of what a connection has sent.

use memchr::memmem;

/// A head is not longer.
const HEAD_MAX: usize = 64 * 1024;
/// A body is not longer.
const BODY_MAX: usize = 16 * 1024 * 1024;

/// One whole request.
pub struct Request<'a> {
    /// Method, target and version.
    pub line: &'a [u8],
    pub head: &'a [u8],
    pub body: &'a [u8],
    /// The client wants the connection to end.
    pub last: bool,
    /// Bytes of head and body.
    pub length: usize,
}

/// What is no request that this server takes.
#[derive(Debug)]
pub struct Unreadable;

/// The first request, if it has arrived whole.
pub fn request(bytes: &[u8]) -> Result<Option<Request<'_>>, Unreadable> {
    let Some(end) = memmem::find(bytes, b"\r\n\r\n") else {
        return if bytes.len() > HEAD_MAX { Err(Unreadable) } else { Ok(None) };
    };
    let head = &bytes[..end];
    let line_end = memmem::find(head, b"\r\n").unwrap_or(end);
    let mut length = 0;
    let mut last = false;
    let mut rest = &head[line_end..];
    // `rest` begins with the end of the line before.
    while rest.len() > 2 {
        rest = &rest[2..];
        let line = &rest[..memmem::find(rest, b"\r\n").unwrap_or(rest.len())];
        rest = &rest[line.len()..];
        if let Some(value) = value_of(line, b"content-length") {
            let text = std::str::from_utf8(value).map_err(|_| Unreadable)?;
            length = text.parse().map_err(|_| Unreadable)?;
        } else if let Some(value) = value_of(line, b"connection") {
            last = value.eq_ignore_ascii_case(b"close");
        } else if value_of(line, b"transfer-encoding").is_some() {
            return Err(Unreadable);
        }
    }
    if length > BODY_MAX {
        return Err(Unreadable);
    }
    let from = end + 4;
    let whole = from + length;
    if bytes.len() < whole {
        return Ok(None);
    }
    let (line, body) = (&head[..line_end], &bytes[from..whole]);
    Ok(Some(Request { line, head, body, last, length: whole }))
}

/// The value of a header, if the line is that header's.
fn value_of<'a>(line: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    let (start, rest) = line.split_at_checked(name.len())?;
    if !start.eq_ignore_ascii_case(name) {
        return None;
    }
    Some(rest.strip_prefix(b":")?.trim_ascii())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_that_arrive_together_are_told_apart() {
        let two =
            b"POST /a HTTP/1.1\r\nHost: x\r\nCONTENT-LENGTH: 3\r\n\r\nabcGET /b HTTP/1.1\r\n\r\n";
        let first = request(two).unwrap().unwrap();
        assert_eq!((first.line, first.body), (&b"POST /a HTTP/1.1"[..], &b"abc"[..]));
        let second = request(&two[first.length..]).unwrap().unwrap();
        assert_eq!((second.line, second.body), (&b"GET /b HTTP/1.1"[..], &b""[..]));
        assert_eq!(first.length + second.length, two.len());
    }

    #[test]
    fn a_request_that_is_not_whole_is_waited_for_at_every_byte() {
        let one = b"POST /a HTTP/1.1\r\ncontent-length: 3\r\nconnection: close\r\n\r\nabc";
        for end in 0..one.len() {
            assert!(request(&one[..end]).unwrap().is_none(), "{end}");
        }
        assert!(request(one).unwrap().unwrap().last);
    }

    #[test]
    fn what_has_no_length_is_refused() {
        assert!(request(b"POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n").is_err());
        assert!(request(b"POST / HTTP/1.1\r\ncontent-length: x\r\n\r\n").is_err());
    }
}
