//! What a stored password is told to be. Oracle: for each scheme the form that its own documentation
//! gives, as a regular expression; the laws of shortening; and nothing panics or takes long.

#![no_main]

use libfuzzer_sys::fuzz_target;
use regex::Regex;
use std::collections::HashMap;
use std::sync::LazyLock;
use userferry::password::compose::shorten;
use userferry::password::verify::{Unverifiable, verify, way};
use userferry::password::{Scheme, cost, detect};

const B64: &str = "[A-Za-z0-9+/]";
const CRYPT: &str = "[A-Za-z0-9./]";
/// What directories and Spring Security put before a hash that says the same.
const FAMILY: &str = r"(\{(?i:crypt|bcrypt|argon2|scrypt)(@[^}]*)?\})?";

static FORMS: LazyLock<HashMap<Scheme, Regex>> = LazyLock::new(|| {
    let argon2 = |name: &str| {
        let digests = format!(r"{B64}+=*\${B64}+=*");
        let costs = r"([mtp]=\d{1,10},){2}[mtp]=\d{1,10}";
        format!(r"{FAMILY}(argon2\$)?\$*{name}\$(v=[^$]*\$)?{costs}\${digests}")
    };
    let pbkdf2 = |name: &str, function: &str| {
        let digest = "[A-Za-z0-9+/.]*=*";
        [
            format!(r"{FAMILY}\$({name})\$\d{{1,20}}\$[^$]*\${digest}"),
            format!(r"{FAMILY}\$({name})\$i=\d{{1,20}}(,l=\d{{1,20}})?\$[^$]*\${digest}"),
            format!(r"pbkdf2_{function}\$\d{{1,20}}\$[^$]*\${B64}+=*"),
            format!(r"pbkdf2:{function}:\d{{1,20}}\$[^$]*\$[0-9a-fA-F]{{32,}}"),
            format!(r"\{{(?i:{name})\}}\d{{1,20}}\$[^$]*\${digest}"),
        ]
        .join("|")
    };
    let ldap = |name: &str| format!(r"(\{{(?i:ldap)(@[^}}]*)?\}})?\{{(?i:{name})\}}{B64}*=*");
    let hex = |n: usize| format!("[0-9a-fA-F]{{{n}}}");
    let salted = |name: &str, n: usize| {
        let digest = hex(n);
        [
            format!(r"{FAMILY}\${name}\$[spmhul]{{1,4}}\${B64}*=*\${B64}+=*"),
            format!(r"{name}\$[!-~]+\${digest}"),
            format!("{digest}:[!-~]+"),
            format!("[!-~]+:{digest}"),
        ]
        .join("|")
    };
    let unix = |id: &str, digest: &str| {
        format!(r"{FAMILY}\${id}\$(rounds=[^$]*\$)?[^$]*\$[^$]{{{digest}}}")
    };
    let bcrypt = format!(r"\$2[abxy]\$\d\d\${CRYPT}{{53}}");
    let portable = format!(r"\$[PH]\$[^$]{{31}}");
    let scrypt = [
        r"\$scrypt\$ln=[^$]*\$[^$]*\$[^$]*".to_owned(),
        r"\$7\$[^$]{11,}\$[^$]{43}".to_owned(),
        r"scrypt:\d{1,20}:\d{1,20}:\d{1,20}\$[^$]*\$[0-9a-fA-F]{32,}".to_owned(),
        format!(r"scrypt\$\d{{1,20}}\$[^$]*\$[^$]*\$[^$]*\${B64}+=*"),
        // Spring Security's.
        format!(r"\$[0-9a-fA-F]{{5,6}}\${B64}+=*\${B64}+=*"),
    ];
    let hmac = format!(
        r"{FAMILY}\$hmac-(md5|sha1|sha256|sha512)\$[spmhul]{{1,4}}\${B64}*=*\${B64}*=*\${B64}+=*"
    );
    let sha1 = pbkdf2("pbkdf2|pbkdf2-sha1", "sha1");
    let sha256 = pbkdf2("pbkdf2-sha256", "sha256");
    [
        (Scheme::Bcrypt, format!(r"{FAMILY}(bcrypt\$|bcrypt_sha256\$)?{bcrypt}")),
        (Scheme::WordPress, format!(r"{FAMILY}\$wp\$2y\$\d\d\${CRYPT}{{53}}")),
        (Scheme::Argon2i, argon2("argon2i")),
        (Scheme::Argon2d, argon2("argon2d")),
        (Scheme::Argon2id, argon2("argon2id")),
        (Scheme::Scrypt, format!("{FAMILY}({})", scrypt.join("|"))),
        (
            Scheme::BetterAuth,
            format!(
                r"[0-9a-f]{{32}}:[0-9a-f]{{128}}|{FAMILY}\$better-auth\$[0-9a-f]{{32}}\${B64}{{43}}=?|{FAMILY}\$pair\${B64}{{22}}(==)?\${B64}{{86}}(==)?"
            ),
        ),
        (Scheme::FirebaseScrypt, format!(r"{FAMILY}\$firebase-scrypt\${B64}+=*\${B64}+=*")),
        (Scheme::FbScrypt, format!(r"{FAMILY}\$fbscrypt\$[^$]*v=1[^$]*\${B64}*=*\${B64}+=*")),
        (
            Scheme::Pbkdf2Sha1,
            format!(r"{sha1}|\{{(?i:pkcs5s2)\}}{B64}{{64}}|\{{(?i:pbkdf2)\}}[0-9a-fA-F]{{80}}"),
        ),
        (
            Scheme::Pbkdf2Sha256,
            format!(r"{sha256}|\{{(?i:pbkdf2@springsecurity_v5_8)\}}[0-9a-fA-F]{{96}}"),
        ),
        (Scheme::Pbkdf2Sha512, pbkdf2("pbkdf2-sha512", "sha512")),
        (Scheme::AspNetIdentity, format!(r"A[A-Za-f]{B64}+=*")),
        (Scheme::Phpass, format!("{FAMILY}{portable}")),
        (
            Scheme::Drupal7,
            format!(r"{FAMILY}\$S\$[^$]{{52}}|U\$({portable}|\$S\$[^$]{{52}})|U\$[PHS]\$[^$]*"),
        ),
        (Scheme::Md5Crypt, unix("1", "22")),
        (Scheme::Apr1, unix("apr1", "22")),
        (Scheme::Sha256Crypt, unix("5", "43")),
        (
            Scheme::Sha512Crypt,
            format!(r"{FAMILY}\$6\$(rounds=[^$]*\$)?[^$]*\$([^$]{{86}}|[^$]{{43}})"),
        ),
        (Scheme::Yescrypt, format!(r"{FAMILY}\$y\$[^$]*\$[^$]*\$[^$]{{43}}")),
        (Scheme::LdapSha, ldap("SHA")),
        (Scheme::LdapSsha, ldap("SSHA")),
        (Scheme::LdapMd5, ldap("MD5")),
        (Scheme::LdapSmd5, ldap("SMD5")),
        (Scheme::LdapSsha512, ldap("SSHA512")),
        (Scheme::LdapSha2, ldap("SHA(256|384|512)")),
        (Scheme::LdapSsha2, ldap("SSHA(256|384)")),
        (Scheme::SaltedMd5, salted("md5", 32)),
        (Scheme::SaltedSha1, salted("sha1", 40)),
        (Scheme::SaltedSha256, salted("sha256", 64)),
        (Scheme::SaltedSha512, salted("sha512", 128)),
        (Scheme::Magento, "[0-9a-fA-F]{32,128}:[!-~]*(:[0-9_]+)+".to_owned()),
        (Scheme::Hmac, hmac),
        (Scheme::UnsaltedMd5, format!(r"md5\$\${}", hex(32))),
        (Scheme::UnsaltedSha1, format!(r"sha1\$\${}", hex(40))),
        (Scheme::HexMd5, hex(32)),
        (Scheme::HexSha1, hex(40)),
        (Scheme::HexSha256, hex(64)),
        (Scheme::HexSha512, hex(128)),
    ]
    .into_iter()
    .map(|(scheme, form)| (scheme, Regex::new(&format!("^({form})$")).expect("a form")))
    .collect()
});

/// What a directory's base64 stands for, if it is text that begins with a brace.
fn decoded(stored: &str) -> Option<String> {
    let bits = |byte: u8| {
        let letters = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        letters.iter().position(|letter| *letter == byte)
    };
    let bare = stored.trim_end_matches('=');
    let digits: Vec<usize> = bare.bytes().map(bits).collect::<Option<_>>()?;
    let mut bytes = Vec::new();
    for group in digits.chunks(4) {
        let number = group.iter().fold(0, |number, digit| number << 6 | digit);
        let number = number << (6 * (4 - group.len()));
        let three = [number >> 16, number >> 8 & 255, number & 255];
        bytes
            .extend(three.iter().take(group.len() - 1).filter_map(|byte| u8::try_from(*byte).ok()));
    }
    String::from_utf8(bytes).ok().filter(|text| text.starts_with('{'))
}

/// What takes no time to verify.
fn is_cheap(scheme: Scheme, stored: &str) -> bool {
    let cost = cost::cost(scheme, stored);
    match scheme {
        Scheme::Bcrypt | Scheme::WordPress => cost.is_none_or(|cost| cost <= 5 || cost > 20),
        // Block size and lanes multiply the work, up to a bound that is seconds.
        Scheme::Scrypt
        | Scheme::BetterAuth
        | Scheme::FbScrypt
        | Scheme::Magento
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
        Scheme::Plain | Scheme::Unknown => {}
        scheme => {
            let is_one = |text: &str| FORMS[&scheme].is_match(text);
            let is_wrapped = || decoded(stored).is_some_and(|text| is_one(&text));
            assert!(is_one(stored) || is_wrapped(), "{scheme}: {stored}");
        }
    }
    let short = shorten(stored);
    assert!(short.len() <= stored.len());
    assert_eq!(shorten(&short), short, "short of {stored}");
    if short != stored {
        let is = detect(&short);
        let was_hex = scheme == Scheme::HexSha512 && is == Scheme::SaltedSha512;
        assert!(is == scheme || was_hex, "{stored} becomes {short}, {is}");
    }
    assert!(way("nobody has this".as_bytes(), stored).is_none(), "{stored}");
    if is_cheap(scheme, stored) {
        let verdict = verify("nobody has this", stored, None);
        let is_none = matches!(scheme, Scheme::Plain | Scheme::Unknown | Scheme::None);
        assert_eq!(verdict == Err(Unverifiable::NoHash), is_none, "{stored}");
    }
});
