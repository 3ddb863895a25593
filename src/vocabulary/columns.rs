//! Which words are names of columns, whatever stands in the columns.

use super::salt::{self, Salt};
use super::standing::{self, Kind};
use super::states::is_state;
use super::synonyms::{self, plain};

/// Names of columns that are as often values: of a status, of a way to reach somebody, of a country.
#[rustfmt::skip]
const VALUES: &[&str] = &[
    "active", "enabled", "disabled", "blocked", "locked", "banned", "suspended", "deleted", "removed", "verified", "confirmed",
    "registered", "启用", "已启用", "禁用", "已禁用", "锁定", "已锁定", "激活", "已删除", "邮箱已验证", "手机已验证", "已验证",
    "cn", "sn", "last", "first", "middle", "since", "born", "cell", "device", "browser", "org",
];

/// Whether a word is known for the name of a column of users. A word that is as often a value is not.
pub(crate) fn is_column_name(name: &str) -> bool {
    let original = name.trim();
    let name = plain(name);
    if VALUES.contains(&name.as_str()) || is_state(original) {
        return false;
    }
    synonyms::meaning(&name).is_some()
        || standing::kind(original).is_some_and(|kind| kind != Kind::Open)
        || salt::of_name(original).is_some_and(|salt| salt != Salt::Other)
        || [synonyms::STATUS, synonyms::SCHEMES, synonyms::ITERATIONS]
            .iter()
            .any(|names| names.contains(&name.as_str()))
}

#[cfg(test)]
mod tests {
    use super::is_column_name;

    #[test]
    fn names_are_known_and_usual_values_are_not() {
        for name in [
            "uid",
            "E-Mail",
            "user_pass",
            "用户名",
            "是否启用",
            "is_active",
            "account status",
            "pwd_salt",
            "hash_algo",
            "rounds",
        ] {
            assert!(is_column_name(name), "{name}");
        }
        for value in [
            "zhang",
            "hunter2",
            "admin",
            "user",
            "Active",
            "已删除",
            "CN",
            "male",
            "web",
            "",
            "--",
            "NULL",
            "Suspended",
            "冻结",
            "离职",
            "LOCKED_OUT",
            "expired",
        ] {
            assert!(!is_column_name(value), "{value}");
        }
    }
}
