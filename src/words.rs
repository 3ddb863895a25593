//! Wording that several places share: numbers, plurals, lengths of time, texts in quotes, and
//! suggestions for mistyped names. Imports nothing of ours, so that every module may use it.

use std::collections::BTreeMap;
use std::time::Duration;

/// A number with commas: 1,234,567.
pub fn grouped(n: u64) -> String {
    indicatif::HumanCount(n).to_string()
}

/// "1 row", "2 rows".
pub fn counted(n: u64, what: &str) -> String {
    let s = if n == 1 { "" } else { "s" };
    format!("{} {what}{s}", grouped(n))
}

/// Counts by name: "birthdate 12, phone 1,003".
pub fn by_field(counts: &BTreeMap<String, u64>) -> String {
    let one = |(field, n): (&String, &u64)| format!("{field} {}", grouped(*n));
    counts.iter().map(one).collect::<Vec<_>>().join(", ")
}

/// The words for one thing, or those for several.
pub fn agree<'a>(n: u64, one: &'a str, several: &'a str) -> &'a str {
    if n == 1 { one } else { several }
}

/// A time that passes, in seconds, at a glance: 42 s, 3 min 5 s, 2 h 10 min.
pub fn span(seconds: u64) -> String {
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3_600 => format!("{} min {} s", seconds / 60, seconds % 60),
        _ => format!("{} h {} min", seconds / 3_600, seconds % 3_600 / 60),
    }
}

/// A time that somebody has set, exactly, in the largest unit that divides it: 5 min, 90 s, 1500 ms.
pub fn exact_span(time: Duration) -> String {
    let ms = time.as_millis();
    match ms {
        _ if ms.is_multiple_of(60_000) => format!("{} min", ms / 60_000),
        _ if ms.is_multiple_of(1_000) => format!("{} s", ms / 1_000),
        _ => format!("{ms} ms"),
    }
}

/// A time limit of a request, in seconds and fractions of one: 30 s, 0.25 s.
pub fn seconds(time: Duration) -> String {
    format!("{} s", time.as_secs_f32())
}

/// A text as TOML writes it, in quotes.
pub(crate) fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            c if c.is_control() => out.push_str(&format!("\\u{:04X}", u32::from(c))),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// The known word that is most like a mistyped one, if any is like it.
pub fn nearest<'a>(word: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let lower = word.to_lowercase();
    known
        .map(|candidate| (distance(&lower, &candidate.to_lowercase()), candidate))
        .filter(|(distance, _)| *distance <= (word.len() / 2).clamp(1, 3))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// How many letters differ (Levenshtein); dashes and underscores do not count.
fn distance(a: &str, b: &str) -> usize {
    // Names are short; what is not is no typing error.
    if a.len() > 64 || b.len() > 64 {
        return usize::MAX;
    }
    let letters = |word: &str| word.replace(['_', '-'], "");
    strsim::levenshtein(&letters(a), &letters(b))
}

/// A word of a command line, in quotes where a shell would take it apart; without what a terminal would
/// obey.
pub(crate) fn shell_word(word: &str) -> String {
    let word: String = word.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect();
    let is_plain = |c: char| c.is_alphanumeric() || "_@%+=:,./-".contains(c);
    if !word.is_empty() && word.chars().all(is_plain) {
        return word;
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped_and_agree_with_their_words() {
        for (n, expected) in [
            (0, "0"),
            (999, "999"),
            (1_000, "1,000"),
            (1_234_567, "1,234,567"),
            (u64::MAX, "18,446,744,073,709,551,615"),
        ] {
            assert_eq!(grouped(n), expected);
        }
        assert_eq!([0, 1, 2_000].map(|n| counted(n, "row")), ["0 rows", "1 row", "2,000 rows"]);
        assert_eq!(
            [0, 1, 2].map(|n| agree(n, "it was", "they were")),
            ["they were", "it was", "they were"]
        );
    }

    #[test]
    fn times_that_pass_are_short() {
        for (seconds, expected) in [
            (0, "0 s"),
            (59, "59 s"),
            (60, "1 min 0 s"),
            (185, "3 min 5 s"),
            (3_600, "1 h 0 min"),
            (7_800, "2 h 10 min"),
        ] {
            assert_eq!(span(seconds), expected);
        }
    }

    #[test]
    fn times_that_were_set_are_exact() {
        let told =
            [90, 1_500, 2_000, 90_000, 120_000].map(|ms| exact_span(Duration::from_millis(ms)));
        assert_eq!(told, ["90 ms", "1500 ms", "2 s", "90 s", "2 min"]);
        assert_eq!([250, 30_000].map(|ms| seconds(Duration::from_millis(ms))), ["0.25 s", "30 s"]);
    }

    #[test]
    fn the_nearest_word_is_one_that_may_have_been_meant() {
        let known = ["external_id", "email", "phone", "phone_country_code", "username"];
        for (word, expected) in [
            ("emial", Some("email")),
            ("E-Mail", Some("email")),
            ("externalId", Some("external_id")),
            ("user-name", Some("username")),
            ("fone", Some("phone")),
            ("phonecountrycode", Some("phone_country_code")),
            ("nickname", None),
            ("x", None),
            ("", None),
        ] {
            assert_eq!(nearest(word, known.into_iter()), expected, "{word}");
        }
        // Characters count, not bytes; and of equally near ones the first is taken.
        assert_eq!(nearest("naïve", ["naive"].into_iter()), Some("naive"));
        assert_eq!(nearest("cat", ["bat", "hat"].into_iter()), Some("bat"));
        let long = "x".repeat(65);
        assert_eq!(nearest(&long, [long.as_str()].into_iter()), None);
    }
}
