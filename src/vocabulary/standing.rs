//! What a field's name says of whether its user may sign in.

use super::words;

/// What a field says, by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// True where the user may sign in.
    Allowed,
    /// True where the user may not.
    Blocked,
    /// The state of the account, in words or codes of its own.
    Status,
    /// Since when the user may not.
    Since,
    /// Until when the user may not.
    Until,
    /// Why the user may not, or who decided so.
    Mark,
    /// The flags of Active Directory, of which bit 2 is the lock.
    Bits,
    /// The flags of Samba: letters in brackets, of which D is the lock.
    Letters,
    /// Nothing; its values may say so.
    Open,
}

/// What a word of a name stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Class {
    Out,
    In,
    Status,
    Since,
    Until,
    Release,
    Mark,
    Allow,
    Deny,
    Login,
    Not,
    /// Only beside a word for a state: a `block_id` is a house.
    Of,
    Fill,
}

#[rustfmt::skip]
const WORDS: &[(Class, &[&str])] = &[
    (Class::Out, &[
        "blocked", "disabled", "locked", "banned", "suspended", "deactivated", "deleted", "removed", "terminated", "frozen", "inactive",
        "deprovisioned", "archived", "closed", "revoked", "barred", "blacklisted", "lockedout", "discarded", "trashed", "purged", "erased",
        "dismissed", "expelled", "canceled", "cancelled", "invalid", "del", "disable", "ban", "lock", "block", "lockout", "suspend",
        "suspension", "delete", "deletion", "deactivation", "deactivate", "termination", "terminate", "removal", "freeze", "blacklist", "unusable",
        "resigned", "shadowbanned", "quarantined", "dormant", "offboarded", "expired", "forbid", "forbidden", "denied", "prohibited", "prohibit", "cancel",
        "cancellation", "logoff", "stop", "stopped", "paused", "void", "voided", "trash", "destroyed", "anonymized", "anonymised", "susp", "deact", "inact",
        "dongjie", "jinyong", "tingyong", "suoding", "zhuxiao", "fenghao", "fengjin", "shanchu", "lahei", "lizhi", "heimingdan",
        "jybz", "sfjy", "tybz", "sfty", "zxbz", "sfzx", "sfsd", "sdbz", "djbz", "sfdj", "scbz", "sfsc",
        "禁用", "停用", "冻结", "锁定", "封禁", "封号", "封停", "注销", "删除", "拉黑", "黑名单", "失效", "无效", "作废", "关闭", "屏蔽", "吊销", "停权", "离职", "暂停",
        "挂起", "退会", "销号", "封杀", "禁封", "清退", "除名", "销户", "解雇", "开除", "停止", "封", "冻", "锁", "禁",
    ]),
    (Class::In, &[
        "enabled", "enable", "active", "activated", "activate", "activation", "valid", "approved", "usable", "effective", "unlocked", "alive", "normal", "use", "inuse", "qiyong", "jihuo", "youxiao", "zhengchang", "yxbz", "sfyx", "sfqy", "qybz",
        "启用", "激活", "有效", "有效性", "可用", "开通", "在职", "生效", "活跃", "正常",
    ]),
    (Class::Status, &["status", "state", "stat", "zt", "zhuangtai", "condition", "状态", "状况", "情况"]),
    (Class::Since, &[
        "at", "on", "date", "time", "timestamp", "since", "ts", "utc", "datetime", "dt", "when", "from", "时间", "日期", "时刻", "时", "于",
    ]),
    (Class::Until, &[
        "until", "till", "expires", "expire", "expiry", "expiration", "end", "ends", "ending", "to", "截止", "到期", "期限", "结束", "至",
    ]),
    (Class::Release, &[
        "unlock", "unban", "unblock", "unfreeze", "release", "unsuspend", "解封", "解锁", "解禁", "解冻",
    ]),
    (Class::Mark, &["by", "reason", "cause", "why", "原因", "理由", "人", "者", "备注", "说明"]),
    (Class::Allow, &["can", "may", "allow", "allows", "allowed", "permit", "permitted", "允许", "可", "可以", "能"]),
    (Class::Deny, &[
        "deny", "prevent", "prevented", "no", "cannot", "disallow", "disallowed", "restrict", "restricted", "禁止", "限制",
    ]),
    (Class::Of, &["code", "id", "name", "value", "text", "label", "desc", "名称", "值"]),
    (Class::Login, &["login", "logon", "signin", "log", "sign", "access", "登录", "登陆"]),
    (Class::Not, &["not", "non", "未", "不", "非", "没有"]),
    (Class::Fill, &[
        "user", "usr", "account", "acct", "acc", "member", "customer", "client", "in", "out", "is", "was", "has", "been", "are", "flag", "ind",
        "indicator", "yn", "bool", "the", "current", "currently", "employee", "employment", "person", "people", "profile", "record", "row", "self", "ns", "ds",
        "pwp", "soft", "softly", "logical", "logically", "permanent", "permanently", "temp", "temporary", "temporarily", "intruder", "admin",
        "manual", "manually", "auto", "automatically", "system", "lifecycle", "registration", "identity", "principal", "mem", "emp", "cust", "auth", "authentication", "u", "f", "b", "c", "t", "yh", "zh",
        "tag", "mark", "worker", "staff", "sys", "db", "ldap", "data", "yonghu", "zhanghao", "huiyuan", "shifou", "biaozhi", "workspace", "space",
        "是否", "已", "被", "的", "账号", "帐号", "帐户", "账户", "用户", "会员", "成员", "员工", "客户", "标志", "标识", "标记", "使用", "当前", "系统", "人员", "否", "是", "后",
        "自动", "永久", "临时", "管理员", "账", "平台", "逻辑", "学生", "教师", "字段", "数据", "记录", "本", "操作", "操作人", "为", "被封", "号",
    ]),
];

/// Names that LDAP servers and Active Directory give, which their words do not tell.
#[rustfmt::skip]
const WHOLE: &[(&str, Kind)] = &[
    ("useraccountcontrol", Kind::Bits),
    ("sambaacctflags", Kind::Letters),
    ("pwdaccountlockedtime", Kind::Since),
    ("pwdaccountlocked", Kind::Blocked),
    ("ibmpwdaccountlocked", Kind::Blocked),
    ("lockouttime", Kind::Since),
    ("lockedbyintruder", Kind::Blocked),
    ("passwordlock", Kind::Blocked),
    ("passwordlocked", Kind::Blocked),
    ("msdsuseraccountdisabled", Kind::Blocked),
    ("orclisenabled", Kind::Allowed),
    ("inetuserstatus", Kind::Status),
    ("mailuserstatus", Kind::Status),
    ("accountexpires", Kind::Until),
    ("shadowexpire", Kind::Until),
];

/// Names of what has a state of its own: a blocked card blocks nobody.
#[rustfmt::skip]
const OF_OTHERS: &[&str] = &[
    "email", "mail", "phone", "mobile", "sms", "subscription", "subscriptions", "plan", "order", "orders", "payment", "payments", "billing", "card", "device", "devices", "newsletter",
    "mfa", "otp", "totp", "kyc", "shipping", "delivery", "license", "licence", "contract", "wallet", "relationship", "marital", "ticket", "job", "task",
    "membership", "token", "session", "invoice", "loan", "project", "post", "posts", "comment", "comments", "article", "group", "team", "role", "type", "tier", "level",
    "notification", "notifications", "marketing", "push", "webhook", "feature", "features", "integration", "domain", "tenant", "company", "organization", "consent",
    "2fa", "policy", "visa", "trial", "vehicle", "note", "notes", "remark", "description", "title", "bio", "tags", "sync", "import", "export", "parent", "manager", "friend",
    "邮箱", "邮件", "手机", "短信", "设备", "卡", "优惠券", "套餐", "订阅", "订单", "支付", "婚姻", "合同", "公司", "类型", "等级", "角色", "备注", "推送", "通知", "项目", "钱包", "积分", "余额",
];

/// Words for the account itself.
const ACCOUNT: &[&str] =
    &["account", "acct", "user", "usr", "member", "账号", "账户", "用户", "会员"];

fn class(word: &str) -> Option<Class> {
    WORDS.iter().find(|(_, words)| words.contains(&word)).map(|(class, _)| *class)
}

/// Words that say so whatever the values are. Others may be a block of flats.
#[rustfmt::skip]
const PLAIN: &[&str] = &[
    "enabled", "enable", "active", "disabled", "disable", "forbid", "forbidden", "blocked", "suspended", "locked", "banned", "deactivated", "inactive", "启用", "禁用", "锁定", "冻结", "停用", "封禁", "封号", "注销",
];

/// Whether a name says so whatever the values are.
pub(crate) fn is_plain(name: &str) -> bool {
    let is_known = |word: &str| class(word).is_some();
    words::known(before_brackets(name), &is_known).iter().any(|word| PLAIN.contains(&word.as_str()))
}

/// A name such as `状态(0正常 1停用)` without what explains it.
fn before_brackets(name: &str) -> &str {
    let before = name.split(['(', '（', '[', '【']).next().unwrap_or(name).trim();
    if before.is_empty() { name } else { before }
}

/// What a name says; none where it speaks of something that is not the user's account.
pub(crate) fn kind(name: &str) -> Option<Kind> {
    let name = before_brackets(name);
    let plain: String = words::split(name).concat();
    if let Some((_, kind)) = WHOLE.iter().find(|(whole, _)| *whole == plain) {
        return Some(*kind);
    }
    let is_known = |word: &str| class(word).is_some() || OF_OTHERS.contains(&word);
    let words = words::known(name, &is_known);
    let words: Vec<&String> = words.iter().filter(|word| !words::is_number(word)).collect();
    let classes: Vec<Option<Class>> = words.iter().map(|word| class(word)).collect();
    if words.iter().any(|word| OF_OTHERS.contains(&word.as_str()) && class(word).is_none()) {
        return None;
    }
    let speaks = |class: &Option<Class>| {
        !matches!(class, None | Some(Class::Fill | Class::Login | Class::Of | Class::Not))
    };
    if !classes.iter().any(speaks) {
        return Some(Kind::Open);
    }
    if classes.contains(&None) {
        // The `oracle_account_status` may be what it is called; of others the state is not the account's.
        let is_state = classes
            .iter()
            .filter(|class| speaks(class))
            .all(|class| matches!(class, None | Some(Class::Status)));
        let is_account = words.iter().any(|word| ACCOUNT.contains(&word.as_str()));
        return (is_state && is_account).then_some(Kind::Open);
    }
    of_classes(&classes.into_iter().flatten().collect::<Vec<_>>())
}

fn of_classes(classes: &[Class]) -> Option<Kind> {
    let has = |class| classes.contains(&class);
    let flipped = |kind| match (kind, has(Class::Not)) {
        (Kind::Blocked, true) => Kind::Allowed,
        (Kind::Allowed, true) => Kind::Blocked,
        (kind, _) => kind,
    };
    let is_in = has(Class::In) || has(Class::Allow) && has(Class::Login);
    // Of 禁止启用 and `lockout_enabled` nobody can say.
    let is_out = has(Class::Out) || has(Class::Deny);
    if has(Class::Deny) && !has(Class::Login) || has(Class::Of) && (is_out || is_in) {
        return None;
    }
    let is_time = has(Class::Since) || has(Class::Until) || has(Class::Mark);
    match (is_out, is_in) {
        (true, true) => None,
        _ if has(Class::Release) => {
            (has(Class::Since) || has(Class::Until) || is_out || classes.len() == 1)
                .then_some(Kind::Until)
        }
        (true, false) if has(Class::Not) && is_time => None,
        (true, false) if has(Class::Until) => Some(Kind::Until),
        (true, false) if has(Class::Mark) => Some(Kind::Mark),
        (true, false) if has(Class::Since) => Some(Kind::Since),
        (true, false) => Some(flipped(Kind::Blocked)),
        (false, true) if is_time => None,
        (false, true) => Some(flipped(Kind::Allowed)),
        (false, false) if has(Class::Status) && !is_time => Some(Kind::Status),
        (false, false) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[rustfmt::skip]
    const SAYING: &[(Option<Kind>, &[&str])] = &[
            (
                Some(Kind::Blocked),
                &[
                    "disabled",
                    "isLocked",
                    "account_locked",
                    "IS_BANNED",
                    "nsAccountLock",
                    "loginDisabled",
                    "ds-pwp-account-disabled",
                    "del_flag",
                    "isdeleted",
                    "禁用",
                    "是否冻结",
                    "已注销",
                    "账号锁定",
                    "用户是否被封禁",
                    "IsLockedOut",
                    "not_active",
                    "inactive",
                    "是否黑名单",
                    "禁止登录",
                    "deny_login",
                    "帳號鎖定",
                    "lock_flag",
                    "is_dongjie",
                    "删除标志（0代表存在 2代表删除）",
                    "cancel_flag",
                    "is_forbidden",
                    "未激活",
                    "UserBlocked",
                    "soft_deleted",
                ],
            ),
            (
                Some(Kind::Allowed),
                &[
                    "enabled",
                    "isEnabled",
                    "IS_ACTIVE",
                    "user_active",
                    "accountEnabled",
                    "can_login",
                    "loginAllowed",
                    "启用",
                    "是否有效",
                    "启用状态",
                    "允许登录",
                    "active_yn",
                    "is_valid",
                    "IsApproved",
                    "activeFlag",
                    "USE_YN",
                    "accountNonExpired",
                    "shifou_qiyong",
                ],
            ),
            (
                Some(Kind::Status),
                &[
                    "status",
                    "account_status",
                    "UserState",
                    "状态",
                    "用户状态",
                    "账号状态",
                    "帳號狀態",
                    "inetUserStatus",
                    "userstatus",
                    "yhzt",
                ],
            ),
            (
                Some(Kind::Since),
                &[
                    "deleted_at",
                    "disabledOn",
                    "banned_since",
                    "lock_time",
                    "date_deleted",
                    "pwdAccountLockedTime",
                    "注销时间",
                    "封号日期",
                    "lockoutTime",
                ],
            ),
            (
                Some(Kind::Until),
                &[
                    "banned_until",
                    "LockoutEnd",
                    "suspension_expires_at",
                    "解封时间",
                    "封禁截止时间",
                    "unlock_time",
                    "lockoutEndDateUtc",
                ],
            ),
            (Some(Kind::Mark), &["ban_reason", "deleted_by", "停用原因"]),
            (Some(Kind::Bits), &["userAccountControl"]),
            (
                Some(Kind::Open),
                &[
                    "uid",
                    "nickname",
                    "姓名",
                    "login",
                    "banner",
                    "oracle_account_status",
                    "statement",
                    "proactive",
                    "estate",
                    "",
                ],
            ),
            (
                None,
                &[
                    "last_active",
                    "no",
                    "lock_no",
                    "block_id",
                    "valid_from",
                    "lockout_enabled",
                    "lock_version",
                    "newsletter_active",
                    "mfa.enabled",
                    "blocked_users",
                    "email_status",
                    "婚姻状况",
                    "在线状态",
                    "enabled_at",
                    "activated_at",
                    "激活时间",
                    "冻结金额",
                    "card_locked",
                    "email",
                    "ban_count",
                    "active_directory_id",
                    "status_changed_at",
                    "end_date",
                    "有效期至",
                ],
            ),
    ];

    #[test]
    fn names_say_what_their_words_say_together() {
        for (expected, names) in SAYING {
            for name in *names {
                assert_eq!(kind(name), *expected, "{name}");
            }
        }
    }
}
