//! What a stored password is told to be. Oracle: for each scheme the form that its own documentation
//! gives, as a regular expression; the laws of shortening; and nothing panics or takes long.

#![no_main]

use libfuzzer_sys::fuzz_target;
use regex::Regex;
use std::collections::HashMap;
use std::sync::LazyLock;
use userferry::password::compose::shorten;
use userferry::password::verify::{Unverifiable, other_order, verify};
use userferry::password::{Scheme, cost, detect};

const B64: &str = "[A-Za-z0-9+/]";
const CRYPT: &str = "[A-Za-z0-9./]";

static FORMS: LazyLock<HashMap<Scheme, Regex>> = LazyLock::new(|| {
    let argon2 = |name: &str| {
        let digests = format!(r"{B64}+=*\${B64}+=*");
        format!(
            r"(\{{(?i:argon2|crypt|bcrypt)\}})?(argon2\$)?\$*{name}\$(v=[^$]*\$)?m=[^$]*\${digests}"
        )
    };
    let pbkdf2 = |name: &str, function: &str| {
        format!(
            r"\$({name})\$\d{{1,10}}\$[^$]*\$[A-Za-z0-9+/.]*=*|pbkdf2_{function}\$\d{{1,10}}\$[^$]*\${B64}+=*|pbkdf2:{function}:\d{{1,10}}\$[^$]*\$[0-9a-fA-F]{{32,}}"
        )
    };
    let ldap = |name: &str| format!(r"\{{(?i:{name})\}}{B64}*=*");
    let salted = |name: &str| format!(r"\${name}\$[spmh]{{1,4}}\${B64}*=*\${B64}+=*");
    let hex = |n: usize| format!("[0-9a-fA-F]{{{n}}}");
    let unix = |id: &str, digest: &str| {
        format!(
            r"(\{{(?i:crypt|bcrypt|argon2)\}})?\${id}\$(rounds=[^$]*\$)?[^$]*\$[^$]{{{digest}}}"
        )
    };
    let named = r"(\{(?i:crypt|bcrypt|argon2)\})?";
    let bcrypt = format!(r"\$2[abxy]\$\d\d\${CRYPT}{{53}}");
    let portable = format!(r"\$[PH]\$[^$]{{31}}");
    [
        (Scheme::Bcrypt, format!(r"{named}(bcrypt\$|bcrypt_sha256\$)?{bcrypt}")),
        (Scheme::WordPress, format!(r"{named}\$wp\$2y\$\d\d\${CRYPT}{{53}}")),
        (Scheme::Argon2i, argon2("argon2i")),
        (Scheme::Argon2d, argon2("argon2d")),
        (Scheme::Argon2id, argon2("argon2id")),
        (
            Scheme::Scrypt,
            format!(
                r"{named}(\$scrypt\$ln=[^$]*\$[^$]*\$[^$]*|\$7\$[^$]{{11,}}\$[^$]{{43}}|scrypt:\d{{1,10}}:\d{{1,10}}:\d{{1,10}}\$[^$]*\$[0-9a-fA-F]{{32,}}|scrypt\$\d{{1,10}}\$[^$]*\$[^$]*\$[^$]*\${B64}+=*)"
            ),
        ),
        (Scheme::FirebaseScrypt, format!(r"{named}\$firebase-scrypt\${B64}+=*\${B64}+=*")),
        (Scheme::Pbkdf2Sha1, format!("{named}({})", pbkdf2("pbkdf2|pbkdf2-sha1", "sha1"))),
        (Scheme::Pbkdf2Sha256, format!("{named}({})", pbkdf2("pbkdf2-sha256", "sha256"))),
        (Scheme::Pbkdf2Sha512, format!("{named}({})", pbkdf2("pbkdf2-sha512", "sha512"))),
        (Scheme::AspNetIdentity, format!(r"A[A-Za-f]{B64}+=*")),
        (Scheme::Phpass, format!("{named}{portable}")),
        (Scheme::Drupal7, format!(r"{named}\$S\$[^$]{{52}}|U\$({portable}|\$S\$[^$]{{52}})|U\$[PHS]\$[^$]*")),
        (Scheme::Md5Crypt, unix("1", "22")),
        (Scheme::Apr1, unix("apr1", "22")),
        (Scheme::Sha256Crypt, unix("5", "43")),
        (
            Scheme::Sha512Crypt,
            format!(r"{named}\$6\$(rounds=[^$]*\$)?[^$]*\$([^$]{{86}}|[^$]{{43}})"),
        ),
        (Scheme::Yescrypt, format!(r"{named}\$y\$[^$]*\$[^$]*\$[^$]{{43}}")),
        (Scheme::LdapSha, ldap("SHA")),
        (Scheme::LdapSsha, ldap("SSHA")),
        (Scheme::LdapMd5, ldap("MD5")),
        (Scheme::LdapSmd5, ldap("SMD5")),
        (Scheme::LdapSsha512, ldap("SSHA512")),
        (Scheme::SaltedMd5, format!("{named}{}", salted("md5"))),
        (Scheme::SaltedSha1, format!("{named}{}", salted("sha1"))),
        (Scheme::SaltedSha256, format!("{named}{}", salted("sha256"))),
        (Scheme::SaltedSha512, format!("{named}{}", salted("sha512"))),
        (Scheme::HexMd5, hex(32)),
        (Scheme::HexSha1, hex(40)),
        (Scheme::HexSha256, hex(64)),
        (Scheme::HexSha512, hex(128)),
    ]
    .into_iter()
    .map(|(scheme, form)| (scheme, Regex::new(&format!("^({form})$")).expect("a form")))
    .collect()
});

/// What takes no time to verify.
fn is_cheap(scheme: Scheme, stored: &str) -> bool {
    let cost = cost::cost(scheme, stored);
    match scheme {
        Scheme::Bcrypt | Scheme::WordPress => cost.is_none_or(|cost| cost <= 5 || cost > 20),
        // Block size and lanes multiply the work, up to a bound that is seconds.
        Scheme::Scrypt
        | Scheme::Yescrypt
        | Scheme::Argon2d
        | Scheme::Argon2i
        | Scheme::Argon2id => false,
        Scheme::FirebaseScrypt => true,
        _ => cost.is_none_or(|cost| cost <= 5_000),
    }
}

fuzz_target!(|data: &[u8]| {
    let Ok(stored) = std::str::from_utf8(data) else { return };
    let scheme = detect(stored);
    match scheme {
        Scheme::None => assert!(stored.is_empty()),
        Scheme::Plain => {}
        scheme => assert!(FORMS[&scheme].is_match(stored), "{scheme}: {stored}"),
    }
    let short = shorten(stored);
    assert!(short.len() <= stored.len());
    assert_eq!(shorten(&short), short, "short of {stored}");
    if short != stored {
        let is = detect(&short);
        let was_hex = scheme == Scheme::HexSha512 && is == Scheme::SaltedSha512;
        assert!(is == scheme || was_hex, "{stored} becomes {short}, {is}");
    }
    assert_eq!(other_order("nobody has this", stored).is_some(), false, "{stored}");
    if is_cheap(scheme, stored) {
        let verdict = verify("nobody has this", stored, None);
        let is_none = matches!(scheme, Scheme::Plain | Scheme::None);
        assert_eq!(verdict == Err(Unverifiable::NoHash), is_none, "{stored}");
    }
});
