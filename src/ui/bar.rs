//! One line of progress that fits a terminal: a bar as wide as there is room for, and of the words those
//! that matter most. Pure.

use unicode_width::UnicodeWidthStr as _;

/// The widest bar, and the narrowest that still tells anything.
const WIDEST: usize = 28;
const NARROWEST: usize = 8;
/// Between the parts.
const GAP: &str = "  ";

/// A part of the line. Where there is no room, those of the highest rank go first.
#[derive(Clone, Debug)]
pub(super) struct Part {
    pub rank: u8,
    pub text: String,
}

impl Part {
    pub(super) fn new(rank: u8, text: impl Into<String>) -> Self {
        Self { rank, text: text.into() }
    }
}

/// The line at this width of the terminal; `share` of the bar is filled, from 0 to 1. It is at least one
/// column narrower, for some terminals wrap a line that fills the last one.
pub(super) fn draw(share: f64, parts: &[Part], width: usize) -> String {
    let room = width.saturating_sub(1);
    let mut kept: Vec<&Part> = parts.iter().collect();
    while kept.len() > 1 && length(&kept) > room {
        let Some(most) = kept.iter().map(|part| part.rank).max() else { break };
        let Some(at) = kept.iter().rposition(|part| part.rank == most) else { break };
        kept.remove(at);
    }
    let words: Vec<&str> = kept.iter().map(|part| part.text.as_str()).collect();
    let words = words.join(GAP);
    let left = room.saturating_sub(words.width() + GAP.len()).min(WIDEST);
    if left < NARROWEST {
        return words;
    }
    format!("{}{GAP}{words}", bar(share, left))
}

fn length(parts: &[&Part]) -> usize {
    let words: usize = parts.iter().map(|part| part.text.width()).sum();
    words + GAP.len() * parts.len().saturating_sub(1)
}

fn bar(share: f64, width: usize) -> String {
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "columns of a terminal"
    )]
    let full = (share.clamp(0.0, 1.0) * width as f64) as usize;
    format!("{}{}", "█".repeat(full), "░".repeat(width - full))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts() -> Vec<Part> {
        vec![
            Part::new(0, "12,408 of 1,000,009"),
            Part::new(4, "done 12,400"),
            Part::new(2, "failed 8"),
            Part::new(3, "unknown 12"),
            Part::new(1, "412/s"),
            Part::new(1, "ETA 39 min 58 s"),
        ]
    }

    #[test]
    fn a_wide_terminal_has_all_of_it_and_a_narrow_one_what_matters_most() {
        for (width, expected) in [
            (
                200,
                "███████░░░░░░░░░░░░░░░░░░░░░  12,408 of 1,000,009  done 12,400  failed 8  unknown 12  412/s  ETA 39 min 58 s",
            ),
            (80, "12,408 of 1,000,009  done 12,400  failed 8  unknown 12  412/s  ETA 39 min 58 s"),
            (60, "12,408 of 1,000,009  failed 8  412/s  ETA 39 min 58 s"),
            (20, "12,408 of 1,000,009"),
        ] {
            assert_eq!(draw(0.25, &parts(), width), expected, "{width}");
        }
    }

    #[test]
    fn no_line_is_wider_than_the_terminal_and_no_word_is_broken() {
        for width in 20..=220 {
            for share in [0.0, 0.4, 1.0] {
                let line = draw(share, &parts(), width);
                assert!(line.width() < width, "{width}: {line}");
                let words = line.trim_start_matches(['█', '░']).trim_start();
                let whole = |word: &str| parts().iter().any(|part| part.text == word);
                assert!(words.split(GAP).all(whole), "{width}: {line}");
            }
        }
    }

    #[test]
    fn the_bar_is_as_full_as_the_share_says() {
        for (share, expected) in
            [(0.0, "░░░░░░░░"), (0.5, "████░░░░"), (1.0, "████████"), (7.0, "████████")]
        {
            assert_eq!(bar(share, 8), expected);
        }
    }
}
