//! What the values of a field say of whether their users may sign in: counted, not kept. Only words of
//! the tables here are remembered as they are.

use super::words;
use crate::values::{is_zero_date, truth_of};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};

/// Different values that are told apart; a field with more holds no states.
const MOST: usize = 24;

/// What a word of a value says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Side {
    /// The user may sign in.
    In,
    /// The user may not.
    Out,
    /// A word for one who may not, beside words that nobody knows: `ldap_blocked`.
    Half,
    /// The user may not yet, or may not have been meant to be shut out: `pending`, `expired`.
    Doubt,
}

#[rustfmt::skip]
const SIDES: &[(Side, &[&str])] = &[
    (Side::In, &[
        "active", "activated", "enabled", "enable", "normal", "ok", "okay", "valid", "good", "live", "approved", "confirmed", "verified", "unlocked",
        "unblocked", "unbanned", "unsuspended", "allowed", "reactivated", "restored", "regular", "open", "working", "current", "employed", "registered", "recovery", "qiyong", "zhengchang", "youxiao", "jihuo", "act", "actv", "exists", "existing", "在用", "存在",
        "正常", "启用", "激活", "有效", "可用", "在职", "活跃", "开通", "生效", "使用中", "允许", "允许登录", "解封", "解锁", "解冻", "解禁", "良好", "通过",
        "恢复", "在读", "在校",
    ]),
    (Side::Out, &[
        "inactive", "suspended", "banned", "locked", "disabled", "deleted", "deactivated", "blocked", "frozen", "terminated", "deprovisioned", "blacklisted",
        "revoked", "removed", "closed", "barred", "archived", "lockedout", "lockout", "disable", "ban", "block", "lock", "suspend", "delete",
        "expelled", "dismissed", "purged", "erased", "trashed", "quarantined", "invalid", "deceased", "compromised", "forbidden", "inact", "ina", "susp", "sus", "term", "del", "deact", "unusable", "offboarded", "prohibited",
        "stopped", "voided", "jinyong", "dongjie", "tingyong", "suoding", "fenghao", "fengjin", "zhuxiao", "shixiao", "wuxiao", "zuofei",
        "冻结", "禁用", "停用", "锁定", "注销", "封号", "封禁", "封停", "删除", "拉黑", "黑名单", "失效", "无效", "作废", "关闭", "屏蔽", "吊销", "停权", "清退", "禁止登录",
        "限制登录", "禁止", "不可用", "除名", "销户", "销号", "封杀", "禁封", "退会", "开除", "解雇", "冻", "禁", "封", "锁", "暂停", "停止", "挂失",
    ]),
    (Side::Doubt, &[
        "pending", "unconfirmed", "unverified", "unactivated", "invited", "staged", "provisioned", "new", "waiting", "awaiting", "draft", "incomplete", "expired",
        "dormant", "hold", "paused", "resigned", "left", "retired", "rejected", "denied", "cancelled", "canceled", "limited", "restricted", "graduated",
        "unapproved", "shadowbanned", "quit", "leave",
        "待", "待审核", "审核中", "审核", "待激活", "待验证", "待审", "未激活", "未审核", "未验证", "欠费", "过期", "到期", "休眠", "离职", "退休", "挂起", "驳回", "拒绝", "毕业",
        "受限", "限制", "试用", "退学", "休学",
    ]),
];
/// What is neither, though a lock-like word stands in it.
#[rustfmt::skip]
const PHRASES: &[(Side, &str)] = &[
    (Side::In, "password expired"), (Side::In, "reset required"), (Side::In, "password reset"), (Side::In, "force change password"),
    (Side::In, "must change password"), (Side::In, "password reset required"),
];
#[rustfmt::skip]
const FILL: &[&str] = &[
    "account", "user", "member", "is", "has", "been", "was", "currently", "temporarily", "permanently", "soft", "hard", "temp", "temporary", "perm",
    "permanent", "status", "state", "by", "admin", "administrator", "self", "auto", "system", "out", "on", "timed", "grace", "and", "login", "ldap", "sso", "ad", "scim", "activation", "approval", "verification", "confirmation",
    "已", "被", "中", "的", "永久", "临时", "暂时", "账号", "账户", "用户", "会员", "系统", "管理员", "自动", "状态", "使用", "登录", "登陆", "已被",
];
const NOT: &[&str] = &["not", "non", "no", "never", "未", "不", "非", "没有"];

/// What stands for no date.
#[rustfmt::skip]
const NEVER: &[&str] = &[
    "null", "none", "nil", "never", "\\n", "n/a", "na", "-", "--", "undefined", "not set", "永不", "无", "没有", "从未",
    "9223372036854775807", "-1", "0000/00/00", "1601-01-01t00:00:00z", "1601-01-01 00:00:00", "1601/1/1 8:00:00", "1970-01-01", "1970-01-01 00:00:00",
    "1970-01-01 08:00:00", "1970-01-01t00:00:00z", "1970-01-01t00:00:00.000z",
];

/// What one value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum What {
    Yes,
    No,
    Word(Side),
    /// A word for no date.
    Never,
    /// A date, a time, or a number that is one.
    Date,
    /// A whole number of two digits or less.
    Code,
    /// Any other whole number. Whether bit 2 is set.
    Number(bool),
    Letter,
    /// A cross or a tick.
    Mark,
    /// Letters in brackets. Whether D is one of them.
    Letters(bool),
    Other,
}

/// Whether a text is a state as a column of states has it, in any case: `Suspended`, `LOCKED_OUT`, `冻结`.
pub(crate) fn is_state(text: &str) -> bool {
    let text = text.to_lowercase();
    let is_question = ["is", "has", "是否"].iter().any(|word| text.starts_with(word));
    !is_question && side(&text).is_some()
}

/// A value, trimmed and in lower case.
#[cfg(test)]
fn what(text: &str) -> What {
    side(text).map_or_else(|| other(text), What::Word)
}

/// What a value is that holds no words for states.
fn other(text: &str) -> What {
    // `0` is false before it is no date.
    if NEVER.contains(&text) || (text != "0" && is_zero_date(text)) {
        return What::Never;
    }
    match truth_of(text) {
        Some(true) => return What::Yes,
        Some(false) => return What::No,
        None => {}
    }
    // PostgreSQL has two dates that are words (postgresql.org/docs/current/datatype-datetime.html).
    if is_date(text) || matches!(text, "infinity" | "-infinity") {
        return What::Date;
    }
    if let Ok(number) = text.parse::<i64>() {
        return if text.len() <= 2 { What::Code } else { What::Number(number & 2 != 0) };
    }
    if let Some(letters) = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        return What::Letters(letters.contains('d'));
    }
    let mut chars = text.chars();
    match (chars.next(), chars.next()) {
        (Some('x' | '√' | '✓' | '✔' | '×' | '*'), None) => What::Mark,
        (Some(c), None) if c.is_ascii_alphabetic() => What::Letter,
        _ => What::Other,
    }
}

/// What a value of words of the tables says; none where another word stands in it.
fn side(text: &str) -> Option<Side> {
    let is_sign = |c: char| !c.is_alphanumeric() && !" _-.,:;&*/()[]|+（）：，、".contains(c);
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    if text.len() > 48 || text.contains(is_sign) || digits > 2 || digits == text.len() {
        return None;
    }
    let of = |word: &str| SIDES.iter().find(|(_, words)| words.contains(&word)).map(|one| one.0);
    let is_fill = |word: &str| FILL.contains(&word);
    let is_not = |word: &str| NOT.contains(&word);
    let is_known = |word: &str| of(word).is_some() || is_fill(word) || is_not(word);
    // `1-正常`: a code and its word.
    let mut parts = words::known(text, &is_known);
    parts.retain(|part| !words::is_number(part));
    let joined = parts.join(" ");
    if let Some((side, _)) = PHRASES.iter().find(|(_, phrase)| *phrase == joined) {
        return Some(*side);
    }
    let sides: Vec<Side> = parts.iter().filter_map(|part| of(part)).collect();
    let first = *sides.first()?;
    let is_not_there = !parts.iter().any(|part| is_not(part));
    if !parts.iter().all(|part| is_known(part)) {
        // In more words it is a sentence.
        let is_half = parts.len() <= 3 && is_not_there && sides.iter().all(|s| *s == Side::Out);
        return is_half.then_some(Side::Half);
    }
    if parts.len() > 6 {
        return None;
    }
    if is_not_there && sides.contains(&Side::Out) && !sides.contains(&Side::In) {
        return Some(Side::Out);
    }
    if !sides.iter().all(|side| *side == first) {
        // `pending activation`, and what contradicts itself.
        return Some(Side::Doubt);
    }
    Some(match (first, parts.iter().any(|part| is_not(part))) {
        (Side::Out, true) => Side::In,
        (Side::In, true) => Side::Doubt,
        (side, _) => side,
    })
}

fn is_date(text: &str) -> bool {
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    let is_number = digits == text.len();
    if is_number {
        // Of a day, seconds, milliseconds, or the 100 nanoseconds of Windows.
        return matches!(digits, 8..=10 | 13 | 14 | 17..=19);
    }
    let months =
        ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
    let others = |c: char| {
        c.is_ascii_digit()
            || matches!(
                c,
                '-' | '/'
                    | ':'
                    | '.'
                    | ' '
                    | 't'
                    | 'z'
                    | '+'
                    | ','
                    | '年'
                    | '月'
                    | '日'
                    | '时'
                    | '分'
                    | '秒'
            )
    };
    let is_plain = text.starts_with(|c: char| c.is_ascii_digit()) && text.chars().all(others);
    let has_month = months.iter().any(|month| text.contains(month)) && text.len() <= 40;
    let has_half = text.ends_with("am") || text.ends_with("pm") || text.contains("utc");
    digits >= 5 && text.len() <= 40 && (is_plain || has_month || has_half)
}

/// The values of one field.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tally {
    /// Records that have a value.
    pub(crate) filled: u64,
    /// Of these, those that are true or false in JSON.
    pub(crate) bools: u64,
    counts: BTreeMap<What, u64>,
    /// The words of the tables, as they are written but for capital letters.
    pub(crate) words: BTreeMap<String, (Side, u64)>,
    /// The words for no date.
    pub(crate) nevers: BTreeMap<String, u64>,
    /// Truth values as they are written.
    pub(crate) truths: BTreeMap<String, (bool, u64)>,
    /// Whether one of the letters is A.
    pub(crate) has_a: u64,
    /// What was met, and how often, by its hash.
    met: HashMap<u64, (What, u64)>,
    different: HashSet<u64>,
}

impl Tally {
    /// A value of a record: text, a number as it is written, `true` or `false`. Empty ones are none.
    pub(crate) fn add(&mut self, text: &str, is_bool: bool) {
        let trimmed = text.trim();
        if trimmed.is_empty() {
            return;
        }
        self.filled += 1;
        self.bools += u64::from(is_bool);
        let lower = trimmed.to_lowercase();
        let hash = hash(&lower);
        let met = self.met.get(&hash).map(|(what, _)| *what);
        let what = met.unwrap_or_else(|| {
            // Some words are truth values for `as = "bool"`, too. A field of many different values holds
            // no states: words are no longer looked for.
            let side = self.is_few().then(|| side(&lower)).flatten();
            side.map_or_else(|| other(&lower), What::Word)
        });
        if met.is_some() || self.met.len() < MOST {
            self.met.entry(hash).or_insert((what, 0)).1 += 1;
        }
        *self.counts.entry(what).or_default() += 1;
        self.has_a += u64::from(lower == "a");
        match what {
            What::Word(side) if side != Side::Half => {
                self.words.entry(lower).or_insert((side, 0)).1 += 1;
            }
            What::Never => *self.nevers.entry(lower).or_default() += 1,
            What::Word(_) => {}
            What::Yes | What::No => {
                self.truths.entry(lower).or_insert((what == What::Yes, 0)).1 += 1;
            }
            _ if self.different.len() <= MOST => {
                self.different.insert(hash);
            }
            _ => {}
        }
    }

    /// Values of a kind.
    pub(crate) fn of(&self, what: What) -> u64 {
        self.counts.get(&what).copied().unwrap_or(0)
    }

    /// How often a value was met, in lower case. Of a field of many different values only the first are known.
    pub(crate) fn times(&self, text: &str) -> u64 {
        self.met.get(&hash(text)).map_or(0, |(_, n)| *n)
    }

    /// Words of a side.
    pub(crate) fn side(&self, side: Side) -> u64 {
        self.of(What::Word(side))
    }

    /// Whether its values are those of a switch.
    pub(crate) fn is_switch(&self) -> bool {
        self.of(What::Yes) + self.of(What::No) == self.filled
    }

    /// Whether most of the different values, or most of all, are truth values.
    pub(crate) fn is_mostly_truths(&self) -> bool {
        let others = self.different.len() + self.words.len() + self.nevers.len();
        let truths = self.of(What::Yes) + self.of(What::No);
        self.truths.len() > others || truths * 2 > self.filled
    }

    /// Whether nearly every value is another, as random ones are.
    pub(crate) fn is_varied(&self) -> bool {
        self.different.len() as u64 * 2 >= self.filled.min(MOST as u64)
    }

    /// Words of the tables.
    pub(crate) fn known(&self) -> u64 {
        [Side::In, Side::Out, Side::Half, Side::Doubt].map(|side| self.side(side)).iter().sum()
    }

    /// Whether there are few different values that nobody knows, as states are.
    pub(crate) fn is_few(&self) -> bool {
        self.different.len() <= MOST
    }

    /// Whether its values could be states though its name does not say so: few that nobody knows.
    pub(crate) fn may_be_states(&self) -> bool {
        self.different.len() <= 4
    }
}

fn hash(text: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_say_what_a_person_would_read() {
        for (expected, texts) in [
            (
                What::Word(Side::In),
                &[
                    "active",
                    "正常",
                    "启用",
                    "已激活",
                    "not locked",
                    "1:正常",
                    "password_expired",
                    "unlocked",
                    "未冻结",
                    "account_active",
                    "未注销",
                ][..],
            ),
            (
                What::Word(Side::Out),
                &[
                    "suspended",
                    "locked_out",
                    "permanently banned",
                    "soft-deleted",
                    "已冻结",
                    "永久封禁",
                    "已被删除",
                    "停用",
                    "账号已注销",
                    "deprovisioned",
                    "expired & locked",
                    "locked(timed)",
                    "0-禁用",
                ],
            ),
            (
                What::Word(Side::Doubt),
                &[
                    "pending",
                    "pending activation",
                    "未激活",
                    "待审核",
                    "staged",
                    "not active",
                    "account expired",
                    "离职",
                ],
            ),
            (What::Word(Side::Half), &["mod_banned", "冻结-风控"]),
            (What::Mark, &["x"]),
            (What::Yes, &["yes", "是", "true", "1"]),
            (What::No, &["no", "否", "f", "0"]),
            (
                What::Never,
                &[
                    "null",
                    "never",
                    "0000-00-00",
                    "0000-00-00 00:00:00",
                    "0000-00-00t00:00:00z",
                    "00000000",
                    "0001-01-01t00:00:00",
                    "0001-01-01 00:00:00.0000000 +00:00",
                    "1/1/0001 12:00:00 am",
                    "\\n",
                ],
            ),
            (
                What::Date,
                &[
                    "2024-01-31",
                    "2024/1/31 10:00",
                    "1706695200",
                    "133512345678901234",
                    "20240131100000.0z",
                    "000001010000z",
                    "jan 31, 2024 10:00",
                    "2024年1月31日",
                    "31.01.2024",
                    "infinity",
                    "-infinity",
                ],
            ),
            (What::Code, &["2", "-2", "10"]),
            (What::Number(true), &["514", "66050"]),
            (What::Number(false), &["512", "66048"]),
            (What::Letter, &["a"]),
            (What::Letters(true), &["[du         ]"]),
            (What::Other, &["married", "ada@example.com", "active!", "gone", "vip", "在线"]),
        ] {
            for text in texts {
                assert_eq!(what(text), expected, "{text}");
            }
        }
    }
}
