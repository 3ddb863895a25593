//! Whether a field's name is that of a salt, and whose.

use super::states::Tally;
use super::words;

/// Whose salt a field may hold; the likelier ones are less.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Salt {
    /// Its name says that it is the password's.
    Password,
    /// Nothing says that it is not.
    Bare,
    /// Its name says something else, too: `wallet_salt`.
    Other,
}

const SALT: &[&str] = &[
    "salt", "salts", "盐", "fsalt", "usalt", "csalt", "ssalt", "psalt", "vsalt", "yanzhi", "佐料",
];
/// Words that may be one beside a word for a password.
#[rustfmt::skip]
const NONCE: &[&str] =
    &["nonce", "yan", "slt", "seed", "rand", "rands", "randstr", "mix", "pepper", "因子", "随机码", "随机串", "混淆码", "扰码"];
/// What some programs call it, with nothing beside it.
const WHOLE: &[&str] = &["encrypt", "rands", "slt", "混淆码", "加密因子"];
/// Words for passwords, and for what is made of them.
#[rustfmt::skip]
const PASSWORD: &[&str] = &[
    "password", "passwort", "kennwort", "passwd", "passwords", "pwd", "pass", "pw", "psw", "pswd", "psd", "passphrase", "passcode", "hash", "hashed", "hashing",
    "digest", "md", "md5", "sha", "sha1", "sha2", "sha256", "sha512", "bcrypt", "scrypt", "pbkdf2", "hmac", "kdf", "crypt", "crypto", "encrypt",
    "encrypted", "encryption", "login", "logon", "signin", "auth", "authentication", "cred", "creds", "credential", "credentials", "security", "secure", "mima", "密码", "口令",
    "登录", "登陆", "哈希", "散列", "加密", "摘要", "混淆",
];
/// Words that say nothing of whose salt it is.
#[rustfmt::skip]
const FILL: &[&str] = &[
    "user", "usr", "member", "account", "acct", "customer", "value", "val", "str", "string", "hex", "base64", "b64", "byte", "bytes",
    "blob", "data", "key", "code", "secret", "random", "rand", "dynamic", "custom", "raw", "text", "field", "column", "col", "db", "ec", "uc", "the",
    "my", "unique", "private", "personal", "prefix", "suffix", "v1", "v2", "f", "c", "s", "u", "t", "sys", "admin", "mem", "members", "users", "用户", "会员", "账号", "账户", "值", "的", "加", "撒", "随机", "字段", "字符串", "字符", "串", "码",
    "动态", "自定义", "个人", "专用", "钥", "密钥",
];
/// Words of what is known about a salt, and is none.
#[rustfmt::skip]
const ABOUT: &[&str] = &[
    "at", "on", "by", "date", "time", "timestamp", "changed", "updated", "created", "rotated", "length", "len", "size", "bits", "type", "version",
    "ver", "count", "rounds", "iterations", "policy", "position", "pos", "order", "enabled", "algorithm", "format", "has", "is", "use", "uses", "with",
    "without", "时间", "日期", "长度", "位置", "版本", "类型", "次数", "顺序", "方式", "是否",
];
/// Words beside the salt that people eat, drive over and live near.
#[rustfmt::skip]
const FOOD: &[&str] = &[
    "lake", "city", "water", "sea", "table", "diet", "dietary", "intake", "free", "low", "food", "pepper", "rock", "bath", "spray", "pan", "shaker", "flat", "flats", "mine",
    "mines", "preference", "level", "content", "sodium", "taste", "snack", "concentration", "percent", "percentage", "pct", "ratio", "mg", "g", "gram", "grams", "kg", "daily",
    "iodized", "himalayan", "road", "pool", "tolerance", "allergy", "usage", "consumption", "recipe", "marsh", "restriction", "restricted", "sensitivity", "sensitive", "cured", "per", "day",
    "食", "城", "湖", "田", "分", "水", "酸", "海", "精", "巴", "低", "少", "无", "椒", "税", "业", "含", "量", "摄入", "饮食", "口味", "池", "井", "盐渍", "岩", "粗", "碱",
];

/// What a name says of a salt; none if it is no salt's.
pub(crate) fn of_name(name: &str) -> Option<Salt> {
    const TABLES: &[&[&str]] = &[SALT, NONCE, PASSWORD, FILL, ABOUT, FOOD];
    let is_known = |word: &str| TABLES.iter().any(|table| table.contains(&word));
    // Nearly all names are told at once.
    let lower = name.to_lowercase();
    if WHOLE.contains(&lower.as_str()) {
        return Some(Salt::Other);
    }
    let parts = SALT.iter().chain(NONCE).chain(&["鹽"]);
    if !parts.into_iter().any(|word| lower.contains(word)) {
        return None;
    }
    let words = words::known(name, &is_known);
    let has = |table: &[&str]| words.iter().any(|word| table.contains(&word.as_str()));
    let is_salt = has(SALT) || has(NONCE) && has(PASSWORD);
    if !is_salt || has(ABOUT) || has(FOOD) {
        return None;
    }
    let is_strange = |word: &String| !is_known(word) && !words::is_number(word);
    Some(if words.iter().any(is_strange) {
        Salt::Other
    } else if has(PASSWORD) {
        Salt::Password
    } else {
        Salt::Bare
    })
}

/// Whether the values may be salts: not those of a switch; and where the name says something else, too,
/// only what differs from record to record.
pub(crate) fn may_be(kin: Salt, tally: &Tally) -> bool {
    !tally.is_switch() && (kin != Salt::Other || tally.is_varied())
}

/// Whether a name only says that a value lies in what is around it.
pub(crate) fn is_value(name: &str) -> bool {
    words::known(name, &|word| FILL.contains(&word)).iter().all(|word| FILL.contains(&&word[..]))
}

/// Whether an object is a password's or what is made of it: `password.hash`.
pub(crate) fn is_of_password(name: &str) -> bool {
    let is_known = |word: &str| [SALT, PASSWORD, FILL].iter().any(|table| table.contains(&word));
    words::known(name, &is_known).iter().all(|word| is_known(word))
}

/// How near a salt is to a password, by their names; the nearest is the least: whether words of it are
/// neither known nor the password's, and how few they share. `pay_salt` belongs to `pay_password`.
pub(crate) fn distance(salt: &str, password: &str) -> (bool, std::cmp::Reverse<usize>) {
    const TABLES: &[&[&str]] = &[SALT, NONCE, PASSWORD, FILL];
    let is_known = |word: &str| TABLES.iter().any(|table| table.contains(&word));
    let of_password = words::known(password, &is_known);
    let of_salt = words::known(salt, &is_known);
    let is_strange =
        |word: &String| !is_known(word) && !words::is_number(word) && !of_password.contains(word);
    let shared = of_salt.iter().filter(|word| of_password.contains(word)).count();
    (of_salt.iter().any(is_strange), std::cmp::Reverse(shared))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn salts_are_known_in_every_compound_and_style() {
        for name in [
            "pw_salt",
            "passwordSalt",
            "PwdSalt",
            "hash_salt",
            "PASSWORDSALT",
            "pwdsalt",
            "salt_pwd",
            "密码盐",
            "密码盐值",
            "登录密码加盐",
            "加密盐",
            "pwd_nonce",
            "hashsalt",
            "md5salt",
            "usr_pwd_slt",
            "密码加密因子",
            "password-salt-hex",
            "auth.salt",
            "mima_yan",
            "passwort_salt",
            "Kennwortsalt",
        ] {
            let kin = Salt::Password;
            assert_eq!(of_name(name), Some(kin), "{name}");
        }
        for name in [
            "salt",
            "SALT",
            "saltValue",
            "salt_key",
            "usersalt",
            "盐",
            "盐值",
            "加盐",
            "ec_salt",
            "鹽值",
            "用户盐",
        ] {
            assert_eq!(of_name(name), Some(Salt::Bare), "{name}");
        }
        for name in ["wallet_salt", "paySalt", "api_token_salt", "支付盐"] {
            assert_eq!(of_name(name), Some(Salt::Other), "{name}");
        }
        for name in [
            "salutation",
            "basalt",
            "basalt_no",
            "saltwater",
            "salt_water",
            "Salt Lake City",
            "exalted",
            "saltation",
            "salty",
            "psalter",
            "nonce",
            "last_nonce",
            "salt_length",
            "salt_updated_at",
            "has_salt",
            "salt_intake",
            "盐城",
            "食盐摄入量",
            "含盐量",
            "盐田区",
            "bryan",
            "password",
            "",
        ] {
            assert_eq!(of_name(name), None, "{name}");
        }
        for (near, far, password) in [
            ("pay_salt", "salt", "pay_password"),
            ("salt", "pay_salt", "password"),
            ("salt", "user_wallet_salt", "user_password"),
            ("pwd_salt", "salt", "pwd"),
        ] {
            assert!(distance(near, password) < distance(far, password), "{near} {far}");
        }
    }
}
