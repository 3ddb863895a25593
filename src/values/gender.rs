//! `as = "gender"`: the words and numbers that exports have for it, as the provider's letters.

/// `M`, `F` or `U`; none for a word that nobody knows. The numbers are those of ISO/IEC 5218: 0 not
/// known, 1 male, 2 female, 9 not applicable.
pub(crate) fn letter(text: &str) -> Option<&'static str> {
    Some(match text.trim().to_lowercase().as_str() {
        "m" | "male" | "man" | "1" | "男" | "男性" => "M",
        "f" | "female" | "w" | "woman" | "2" | "女" | "女性" => "F",
        "u" | "unknown" | "0" | "9" | "未知" | "保密" => "U",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::letter;

    #[test]
    fn words_and_numbers_become_letters() {
        for (words, expected) in [
            (&["m", "M", " male", "Male", "MAN", "男", "男性", "1"][..], Some("M")),
            (&["f", "F", "w", "W", "Female", "woman", "女", "女性", "2"], Some("F")),
            (&["u", "U", "unknown", "0", "9", "未知", "保密"], Some("U")),
            (&["", "x", "3", "males", "mr", "01", "n/a"], None),
        ] {
            for word in words {
                assert_eq!(letter(word), expected, "{word}");
            }
        }
    }
}
