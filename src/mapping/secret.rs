//! Names of fields that hold passwords, or what belongs to them.

use crate::vocabulary::salt;

/// Any name with one of these in it.
const PARTS: &[&str] = &[
    "password",
    "passwort",
    "kennwort",
    "secretdata",
    "passwd",
    "passphrase",
    "passcode",
    "pwd",
    "密码",
    "口令",
    "盐",
];
/// Names whose last word is one of these.
const WORDS: &[&str] = &["pass", "pw", "hash", "pwhash", "salt", "digest", "secret"];
/// Last words of what is known about a password, and is none.
const ABOUT: &[&str] = &[
    "at",
    "on",
    "by",
    "date",
    "time",
    "timestamp",
    "changed",
    "updated",
    "reset",
    "expires",
    "expiry",
    "age",
    "type",
    "scheme",
    "algorithm",
    "algo",
    "alg",
    "iterations",
    "rounds",
    "cost",
    "count",
    "policy",
    "时间",
    "日期",
];

/// The letters of the shortest of these words in ASCII: a name without them all has none of the words in it.
const LETTERS: [u32; 7] = [
    letters("pass"),
    letters("pw"),
    letters("kennwort"),
    letters("hash"),
    letters("salt"),
    letters("digest"),
    letters("secret"),
];

/// Which letters there are, in either case.
const fn letters(name: &str) -> u32 {
    let (bytes, mut set, mut at) = (name.as_bytes(), 0, 0);
    while at < bytes.len() {
        let byte = bytes[at].to_ascii_lowercase();
        if byte.is_ascii_lowercase() {
            set |= 1 << (byte - b'a');
        }
        at += 1;
    }
    set
}

/// Whether a field is called like a password, its hash or its salt. `hash` and `pwd_md5` are,
/// `passwordChangedAt` and `hashtag` are not.
pub(crate) fn is_secret_name(name: &str) -> bool {
    // Asked of each field of each record: most names are told by their letters.
    let its = letters(name);
    if name.is_ascii() && !LETTERS.iter().any(|word| its & word == *word) {
        return false;
    }
    // Whether somebody has one is none.
    let begins = |word: &str, next: fn(char) -> bool| {
        name.strip_prefix(word).is_some_and(|rest| rest.starts_with(next))
    };
    let apart = |c: char| !c.is_alphanumeric();
    if ["has", "is"].iter().any(|word| begins(word, |c| c.is_uppercase() || !c.is_alphanumeric()))
        || ["HAS", "IS", "Has", "Is"].iter().any(|word| begins(word, apart))
    {
        return false;
    }
    let lower = name.to_lowercase();
    let joined: String = lower.chars().filter(|c| c.is_alphanumeric()).collect();
    let last = last_word(name).to_lowercase();
    if ABOUT.iter().any(|about| last == *about || (!about.is_ascii() && joined.ends_with(about))) {
        return false;
    }
    PARTS.iter().any(|part| joined.contains(part))
        || WORDS.contains(&last.as_str())
        || joined.contains("salt") && salt::of_name(name).is_some()
}

/// What follows the last sign that is no letter, or begins with the last capital letter behind a
/// small one.
fn last_word(name: &str) -> &str {
    let name = name.trim_end_matches(|c: char| !c.is_alphanumeric());
    let mut start = 0;
    let mut before: Option<char> = None;
    for (at, c) in name.char_indices() {
        if !c.is_alphanumeric() {
            start = at + c.len_utf8();
        } else if c.is_uppercase()
            && before.is_some_and(|before| before.is_lowercase() || before.is_numeric())
        {
            start = at;
        }
        before = Some(c);
    }
    &name[start..]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_letters_rule_no_word_out() {
        for word in PARTS.iter().chain(WORDS).filter(|word| word.is_ascii()) {
            assert!(LETTERS.iter().any(|set| letters(word) & set == *set), "{word}");
        }
        assert_eq!(letters("a-Z_b9"), 1 | 1 << 25 | 1 << 1);
    }

    #[test]
    fn passwords_are_known_by_their_names_in_every_spelling() {
        for name in [
            "password",
            "Password",
            "PASSWORD",
            "user_password",
            "passwordSha",
            "pwd_md5",
            "userPwd",
            "plainPassword",
            "pass",
            "user-pass",
            "hash",
            "HASH",
            "passHash",
            "salt",
            "pwdSalt",
            "SALT",
            "client_secret",
            "secretData",
            "digest",
            "saltValue",
            "salt_key",
            "usersalt",
            "Kennwort",
            "passwort_alt",
            "pw",
            "user_pw",
            "pwhash",
            "密码",
            "登录密码",
            "盐值",
            "password_hash_",
            "password hint",
        ] {
            assert!(is_secret_name(name), "{name}");
        }
        for name in [
            "hasPassword",
            "is_password_set",
            "passwordChangedAt",
            "password_updated_at",
            "pwdLastReset",
            "last_password_reset",
            "passwordExpires",
            "hash_algorithm",
            "hashtag",
            "passport",
            "salt_updated_at",
            "salt_intake",
            "saltwater",
            "compass",
            "asphalt",
            "rehash_count",
            "uid",
            "mail",
            "phone",
            "status",
            "密码修改时间",
            "",
            "_",
        ] {
            assert!(!is_secret_name(name), "{name}");
        }
    }
}
