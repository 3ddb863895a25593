//! Words for true and false, and for whether an account is in use.

/// What a word means that `as = "bool"` takes.
pub(crate) fn truth_of(text: &str) -> Option<bool> {
    let text = text.trim();
    match text.to_ascii_lowercase().as_str() {
        "true" | "t" | "yes" | "y" | "1" | "是" => Some(true),
        "false" | "f" | "no" | "n" | "0" | "否" => Some(false),
        _ => state_of(text),
    }
}

/// The words among them that say of an account whether it is in use.
pub(crate) fn state_of(text: &str) -> Option<bool> {
    match text.trim() {
        "启用" | "正常" => Some(true),
        "禁用" | "停用" | "冻结" => Some(false),
        _ => None,
    }
}
