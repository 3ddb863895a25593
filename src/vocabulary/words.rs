//! Splits the names of fields, and short values, into words: `nsAccountLock`, `ACCOUNT_LOCKED`,
//! `accountlocked` and `账号已锁定` alike.

/// Names that are longer than this, in characters, are not taken apart.
const MOST: usize = 64;
/// Traditional characters of the words that the tables know, and the simplified ones.
const SIMPLIFIED: &[(char, char)] = &[
    ('鹽', '盐'),
    ('啟', '启'),
    ('啓', '启'),
    ('凍', '冻'),
    ('結', '结'),
    ('鎖', '锁'),
    ('註', '注'),
    ('銷', '销'),
    ('帳', '账'),
    ('帐', '账'),
    ('號', '号'),
    ('戶', '户'),
    ('狀', '状'),
    ('態', '态'),
    ('刪', '删'),
    ('無', '无'),
    ('間', '间'),
    ('時', '时'),
    ('鑰', '钥'),
    ('碼', '码'),
    ('錄', '录'),
    ('陸', '陆'),
    ('員', '员'),
    ('會', '会'),
    ('關', '关'),
    ('閉', '闭'),
    ('離', '离'),
    ('職', '职'),
    ('單', '单'),
    ('過', '过'),
    ('審', '审'),
];

/// The words of a name, in lower case: parted by signs, by capital letters behind small ones, and
/// where another script begins.
pub(crate) fn split(name: &str) -> Vec<String> {
    let chars: Vec<char> = name.chars().take(4 * MOST).collect();
    let mut words = Vec::new();
    let mut word = String::new();
    for (at, c) in chars.iter().copied().enumerate() {
        let before = at.checked_sub(1).and_then(|before| chars.get(before)).copied();
        if !word.is_empty() && begins(before, c, chars.get(at + 1).copied()) {
            words.push(std::mem::take(&mut word));
        }
        if c.is_alphanumeric() {
            word.extend(simplified(c).to_lowercase());
        }
    }
    words.extend((!word.is_empty()).then_some(word));
    words
}

/// Whether a word begins at this character.
fn begins(before: Option<char>, c: char, after: Option<char>) -> bool {
    let Some(before) = before else { return true };
    if !c.is_alphanumeric() {
        return true;
    }
    let is_camel = c.is_uppercase()
        && (before.is_lowercase()
            || before.is_numeric()
            || before.is_uppercase() && after.is_some_and(char::is_lowercase));
    is_camel || before.is_alphanumeric() && before.is_ascii() != c.is_ascii()
}

fn simplified(c: char) -> char {
    SIMPLIFIED.iter().find(|(old, _)| *old == c).map_or(c, |(_, new)| *new)
}

/// The words of a name, each of which is taken apart further where that leaves nothing but words that
/// are known: `accountlocked` is `account locked`, but `basalt` is no `salt`. In Chinese, where nothing
/// stands between words, what is between known ones is parted, too.
pub(crate) fn known(name: &str, is_known: &dyn Fn(&str) -> bool) -> Vec<String> {
    split(name).iter().flat_map(|word| take_apart(word, is_known)).collect()
}

/// The fewest words; one that is not known counts as many.
fn take_apart(word: &str, is_known: &dyn Fn(&str) -> bool) -> Vec<String> {
    const UNKNOWN: usize = 100;
    let ends: Vec<usize> = word.char_indices().map(|(at, c)| at + c.len_utf8()).collect();
    if is_known(word) || ends.len() > MOST {
        return vec![word.to_owned()];
    }
    // What the words up to each end cost, and where the last of them begins.
    let mut best: Vec<Option<(usize, usize)>> = vec![None; ends.len()];
    let start = |i: usize| if i == 0 { 0 } else { ends[i - 1] };
    for end in 0..ends.len() {
        for begin in 0..=end {
            let before = if begin == 0 { Some(0) } else { best[begin - 1].map(|(cost, _)| cost) };
            let Some(before) = before else { continue };
            let part = &word[start(begin)..ends[end]];
            let cost = if is_piece(part, is_known) {
                1
            } else if !part.is_ascii() && begin == end {
                UNKNOWN
            } else {
                continue;
            };
            if best[end].is_none_or(|(known, _)| before + cost < known) {
                best[end] = Some((before + cost, begin));
            }
        }
    }
    let mut parts = Vec::new();
    let mut end = ends.len();
    while end > 0 {
        let Some((_, begin)) = best[end - 1] else { return vec![word.to_owned()] };
        parts.push(word[start(begin)..ends[end - 1]].to_owned());
        end = begin;
    }
    parts.reverse();
    parts
}

/// Single letters are no pieces of a word: too much would be taken apart.
fn is_piece(part: &str, is_known: &dyn Fn(&str) -> bool) -> bool {
    let is_number = part.bytes().all(|byte| byte.is_ascii_digit());
    is_number || (part.len() > 1 && is_known(part))
}

/// Whether nothing but digits: the number of a column.
pub(crate) fn is_number(word: &str) -> bool {
    word.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_split_where_a_person_would_split_them() {
        for (name, expected) in [
            ("nsAccountLock", "ns account lock"),
            ("ACCOUNT_LOCKED", "account locked"),
            ("accountlocked", "account locked"),
            ("isLDAPLocked", "is ldap locked"),
            ("is-locked2", "is locked 2"),
            ("账号已锁定", "账号 已 锁定"),
            ("锁定locked", "锁定 locked"),
            ("鎖定帳號", "锁定 账号"),
            ("锁具", "锁 具"),
            ("unlocked", "unlocked"),
            ("", ""),
            ("__", ""),
        ] {
            let known_ones = ["ns", "account", "is", "lock", "locked", "账号", "已", "锁定"];
            let words = known(name, &|word| known_ones.contains(&word));
            assert_eq!(words.join(" "), expected, "{name}");
        }
        assert_eq!(known(&"a".repeat(10_000), &|word| word == "aa").len(), 1);
    }
}
