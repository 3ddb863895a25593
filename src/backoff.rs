//! How long a row waits before it is sent again.

/// The wait before the second attempt, at most, milliseconds.
pub const BASE_MS: i64 = 500;
/// No wait is longer, milliseconds.
pub const CAP_MS: i64 = 300_000;

/// Full jitter: uniform between nothing and `BASE_MS` × 2ⁿ, at most [`CAP_MS`], where n is the
/// number of attempts already spent and `jitter` is uniform in `0.0..1.0`. Full jitter spreads
/// rows that failed together (Amazon Builders' Library, "Timeouts, retries and backoff with
/// jitter").
///
/// Eight attempts wait 0.5 + 1 + … + 32 s = 64 s at most, 32 s on average.
pub fn delay_ms(spent: u32, jitter: f64) -> i64 {
    let ceiling = BASE_MS.saturating_mul(1_i64 << spent.min(20)).min(CAP_MS);
    scale(ceiling, jitter)
}

/// The wait of a row that was refused for no fault of its own: the gate holds the stream back,
/// the row needs only to be spread, over up to one second.
pub fn short(jitter: f64) -> i64 {
    scale(2 * BASE_MS, jitter)
}

#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    reason = "at most 300,000 milliseconds"
)]
fn scale(ceiling: i64, jitter: f64) -> i64 {
    (ceiling as f64 * jitter.clamp(0.0, 1.0)) as i64
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_delay_stays_within_its_bounds(spent in 0u32.., jitter in 0.0..1.0f64) {
            let delay = delay_ms(spent, jitter);
            prop_assert!((0..=CAP_MS).contains(&delay));
            prop_assert!(delay <= BASE_MS.saturating_mul(1 << spent.min(20)));
            prop_assert!((0..=1_000).contains(&short(jitter)));
        }
    }

    #[test]
    fn the_ceiling_doubles_until_the_cap() {
        let ceilings: Vec<i64> = (0..12).map(|n| delay_ms(n, 1.0)).collect();
        assert_eq!(
            ceilings,
            [
                500, 1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 64_000, 128_000, 256_000, 300_000,
                300_000
            ]
        );
    }
}
