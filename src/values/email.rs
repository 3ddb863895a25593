//! E-mail addresses.

use super::holds;

/// Whether a text may be an e-mail address.
pub fn email(text: &str) -> Result<(), &'static str> {
    let (local, domain) = text.rsplit_once('@').ok_or("no e-mail address: it has no @")?;
    if local.is_empty() {
        return Err("no e-mail address: nothing before the @");
    }
    if domain.is_empty() {
        return Err("no e-mail address: nothing behind the @");
    }
    if local.len() > 64 {
        return Err("no e-mail address: more than 64 bytes before the @");
    }
    if local.contains('@') {
        return Err("no e-mail address: more than one @");
    }
    if text.len() > 254 {
        return Err("no e-mail address: more than 254 bytes");
    }
    let is_foreign =
        |c: char| c.is_whitespace() || c.is_control() || matches!(c, '<' | '>' | ',' | ';');
    if holds(text, is_foreign) {
        return Err("no e-mail address: it holds white space or a separator");
    }
    if local.starts_with('.') || local.ends_with('.') {
        return Err("no e-mail address: a dot at the edge of the part before the @");
    }
    let domain = domain.as_bytes();
    if !domain.contains(&b'.') {
        return Err("no e-mail address: the domain has no dot");
    }
    let is_bad =
        |label: &[u8]| label.is_empty() || label[0] == b'-' || label[label.len() - 1] == b'-';
    if domain.split(|byte| *byte == b'.').any(is_bad) {
        return Err("no e-mail address: the domain is not well formed");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::email;

    #[test]
    fn email_addresses_are_checked_leniently() {
        for good in
            ["test1@123.com", "a+b.c@x-y.example", "李@例子.中国", "o'hara@a.b.c", "A_B@C.de"]
        {
            assert_eq!(email(good), Ok(()), "{good}");
        }
        assert_eq!(email("x@"), Err("no e-mail address: nothing behind the @"));
        assert_eq!(email("x@y"), Err("no e-mail address: the domain has no dot"));
        let long = format!("{}@a.bc", "x".repeat(65));
        for bad in [
            "",
            "a",
            "@a.b",
            "a@",
            "a@b",
            "a@@b.c",
            "a@b@c.d",
            "a b@c.d",
            "a@b..c",
            "a@.b",
            "a@b.",
            "a@-b.c",
            "a\u{7f}@b.c",
            ".a@b.c",
            "a.@b.c",
            "a@b.c,d@e.f",
            "A <a@b.c>",
            &long,
        ] {
            assert!(email(bad).is_err(), "{bad}");
        }
    }
}
