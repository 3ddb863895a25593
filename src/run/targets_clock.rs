//! How much the target's clock is ahead of ours, by the dates of its replies. Pure.

/// What the replies have told of the target's clock.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct TargetsClock {
    ahead_ms: Option<i64>,
    read_ms: i64,
}

/// Dates are whole seconds: to read them more often tells no more.
const READ_EVERY_MS: i64 = 1_000;

impl TargetsClock {
    /// A reply that bears this date came at `now_ms`; both are UTC milliseconds, each by its own clock.
    pub(super) fn heard(&mut self, date_ms: Option<i64>, now_ms: i64) {
        let Some(date_ms) = date_ms else { return };
        if self.ahead_ms.is_none() || now_ms.saturating_sub(self.read_ms) >= READ_EVERY_MS {
            self.ahead_ms = Some(date_ms.saturating_sub(now_ms));
            self.read_ms = now_ms;
        }
    }

    /// UTC milliseconds on the target's clock at `ms` on ours; `None` while no reply has borne a date.
    pub(super) fn at(&self, ms: i64) -> Option<i64> {
        self.ahead_ms.map(|ahead| ms.saturating_add(ahead))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_latest_date_counts_but_not_more_than_one_a_second() {
        let mut clock = TargetsClock::default();
        clock.heard(None, 1_000);
        assert_eq!(clock.at(5_000), None, "no reply has borne a date");
        clock.heard(Some(61_000), 1_000);
        assert_eq!(clock.at(5_000), Some(65_000));
        clock.heard(Some(61_000), 1_999);
        assert_eq!(clock.at(5_000), Some(65_000), "too soon");
        clock.heard(Some(61_000), 2_000);
        assert_eq!(clock.at(5_000), Some(64_000));
    }
}
