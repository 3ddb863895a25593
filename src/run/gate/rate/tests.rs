//! The rate against servers with a limit of their own, in virtual time.

#![expect(clippy::cast_precision_loss, reason = "counts of requests")]

use super::*;
use proptest::prelude::*;

proptest! {
    #[test]
    fn no_second_ever_sees_more_than_the_ceiling(
        rate in 1.0..500.0f64,
        waits in proptest::collection::vec(0u64..50_000, 50..400),
    ) {
        let mut pace = Rate::new(Some(rate));
        let mut now = Duration::ZERO;
        let mut left: Vec<Duration> = Vec::new();
        for wait in waits {
            now = (now + Duration::from_micros(wait)).max(pace.next_at());
            pace.left(now);
            left.push(now);
        }
        for (i, from) in left.iter().enumerate() {
            let in_a_second = left[i..].iter().take_while(|at| **at < *from + Duration::from_secs(1)).count();
            let grain = (RateSettings::default().burst_tolerance.as_secs_f64() * rate).min(4.0);
            prop_assert!(in_a_second as f64 <= rate + grain + 1.0, "{in_a_second} at {rate}/s");
        }
    }
}

/// A server with a limit of its own, in virtual time.
struct Server {
    per_s: f64,
    /// A bucket of this size; else so many in each whole second.
    bucket: Option<f64>,
    tokens: f64,
    at: f64,
}

impl Server {
    fn takes(&mut self, now: f64) -> bool {
        match self.bucket {
            Some(size) => {
                self.tokens = (self.tokens + (now - self.at) * self.per_s).min(size);
            }
            None if now.floor() > self.at.floor() => self.tokens = self.per_s,
            None => {}
        }
        self.at = now;
        let takes = self.tokens >= 1.0;
        self.tokens -= f64::from(u8::from(takes));
        takes
    }
}

/// Keeps 32 requests of 50 ms in flight for 100 s: what was accepted, and the share refused
/// after 5 s.
fn drive(per_s: f64, bucket: Option<f64>) -> (f64, f64) {
    let mut server = Server { per_s, bucket, tokens: bucket.unwrap_or(per_s), at: 0.0 };
    let mut rate = Rate::new(None);
    // When they end and when they left, in microseconds; whether they are accepted.
    let mut flights: std::collections::BinaryHeap<std::cmp::Reverse<(u64, u64, bool)>> =
        std::collections::BinaryHeap::new();
    let (mut now, mut accepted, mut late, mut refused) = (0u64, 0.0, 0.0, 0.0);
    while now < 100_000_000 {
        let next_at = u64::try_from(rate.next_at().as_micros()).unwrap_or(u64::MAX);
        if flights.len() < 32 && next_at <= now {
            rate.left(Duration::from_micros(now));
            let takes = server.takes(now as f64 / 1e6);
            if now > 5_000_000 {
                late += 1.0;
                refused += f64::from(u8::from(!takes));
            }
            let took = if takes { 50_000 + now % 7 * 1_000 } else { 10_000 };
            flights.push(std::cmp::Reverse((now + took, now, takes)));
            continue;
        }
        let ends = flights.peek().map_or(u64::MAX, |flight| flight.0.0);
        let leaves = if flights.len() < 32 { next_at } else { u64::MAX };
        now = ends.min(leaves);
        if ends > leaves {
            continue;
        }
        let Some(std::cmp::Reverse((_, sent_at, takes))) = flights.pop() else { continue };
        let (now, sent_at) = (Duration::from_micros(now), Duration::from_micros(sent_at));
        if takes {
            accepted += 1.0;
            rate.accepted(now, sent_at);
        } else {
            rate.refused(now, sent_at);
        }
    }
    (accepted, refused / late)
}

#[test]
fn a_limit_that_nobody_told_is_found_and_hardly_touched() {
    for per_s in [20.0, 50.0, 120.0, 400.0] {
        for bucket in [Some(10.0), Some(per_s), None] {
            let (accepted, refused) = drive(per_s, bucket);
            let of_ideal = accepted / (100.0 * per_s);
            assert!(of_ideal > 0.95, "{per_s}/s, {bucket:?}: {of_ideal:.3} of the ideal");
            assert!(refused < 0.015, "{per_s}/s, {bucket:?}: {refused:.4} refused");
        }
    }
}

#[test]
fn faster_than_any_limit_it_stays_unlimited() {
    let (accepted, refused) = drive(1e9, Some(1e9));
    assert!(accepted > 50_000.0 && refused == 0.0, "{accepted} {refused}");
}

#[test]
fn after_a_short_burst_of_refusals_it_is_back_within_seconds() {
    let second = Duration::from_secs(1);
    let step = Duration::from_millis(5);
    let mut rate = Rate::new(Some(200.0));
    let mut now = Duration::ZERO;
    let mut go = |rate: &mut Rate, until: Duration, takes: bool| {
        while now < until {
            now = (now + step).max(rate.next_at());
            rate.left(now);
            let ended = now + step;
            if takes { rate.accepted(ended, now) } else { rate.refused(ended, now) }
        }
    };
    go(&mut rate, 10 * second, true);
    go(&mut rate, 11 * second, false);
    assert!(rate.current().unwrap() < 50.0);
    go(&mut rate, 14 * second, true);
    assert!(rate.current().unwrap() >= 180.0, "{:?}", rate.current());
}

/// One request every 10 ms for `seconds`, each answered after 50 ms, then one refusal.
fn refused_after(mut rate: Rate, seconds: f64) -> f64 {
    let (step, took) = (Duration::from_millis(10), Duration::from_millis(50));
    let mut now = Duration::ZERO;
    while now.as_secs_f64() < seconds {
        rate.left(now);
        if now > took {
            rate.accepted(now, now.saturating_sub(took));
        }
        now += step;
    }
    rate.refused(now, now.saturating_sub(step));
    rate.current().unwrap()
}

#[test]
fn the_first_cut_goes_below_what_was_accepted_or_to_half_where_that_is_not_known() {
    let known = refused_after(Rate::new(None), 3.0);
    assert!((90.0..100.0).contains(&known), "of 100/s: {known}");
    let early = refused_after(Rate::new(None), 0.3);
    assert!((45.0..55.0).contains(&early), "of 100/s: {early}");
    let stated = refused_after(Rate::new(Some(200.0)), 0.3);
    assert!((90.0..=100.0).contains(&stated), "of the stated 200/s: {stated}");
}

/// A window of 300 in 10 s that says when it opens again: the next one is spread over its time.
#[test]
fn after_a_blind_pause_it_goes_on_at_what_was_taken_in_all() {
    let ms = Duration::from_millis;
    let mut rate = Rate::new(None);
    for n in 0..300 {
        rate.left(ms(n));
        rate.accepted(ms(n + 50), ms(n));
    }
    rate.left(ms(300));
    rate.refused(ms(350), ms(300));
    rate.paused_until(ms(10_000));
    rate.left(ms(10_000));
    let current = rate.current().unwrap();
    assert!((28.0..=31.0).contains(&current), "{current}");
    rate.left(ms(10_001));
    assert!(rate.current() <= Some(current), "once");
}

#[test]
fn a_pause_without_any_refusal_says_nothing_about_the_rate() {
    let second = Duration::from_secs(1);
    for rate in [None, Some(50.0)] {
        let mut pace = Rate::new(rate);
        pace.left(second);
        pace.accepted(2 * second, second);
        pace.paused_until(10 * second);
        pace.left(10 * second);
        assert_eq!(pace.current(), rate);
    }
}

/// A limit that has gone is left behind in seconds, however gently it was touched before.
#[test]
fn a_limit_that_has_gone_is_soon_left_behind() {
    let mut rate = Rate::new(None);
    let mut server = Server { per_s: 40.0, bucket: Some(10.0), tokens: 10.0, at: 0.0 };
    let took = Duration::from_millis(50);
    let mut now = Duration::ZERO;
    while now < Duration::from_secs(70) {
        now = rate.next_at().max(now + Duration::from_millis(1));
        if now > Duration::from_secs(40) {
            server.per_s = 1e9;
            server.bucket = Some(1e9);
        }
        rate.left(now);
        if server.takes(now.as_secs_f64()) {
            rate.accepted(now + took, now);
        } else {
            rate.refused(now + took, now);
        }
        if now < Duration::from_secs(40) && now > Duration::from_secs(5) {
            assert!(rate.current().unwrap() < 48.0, "{now:?}: {:?}", rate.current());
        }
    }
    assert!(rate.current().unwrap() > 400.0, "{:?}", rate.current());
}

proptest! {
    #[test]
    fn whatever_happens_the_rate_stays_within_its_bounds(
        ceiling in proptest::option::of(1.0..500.0f64),
        events in proptest::collection::vec((0u64..3_000, 0u64..2_000, 0u8..4), 1..300),
    ) {
        let mut rate = Rate::new(ceiling);
        let mut now = Duration::ZERO;
        for (wait, took, event) in events {
            now += Duration::from_millis(wait);
            let sent_at = now.saturating_sub(Duration::from_millis(took));
            match event {
                0 => rate.left(now),
                1 => rate.accepted(now, sent_at),
                2 => rate.refused(now, sent_at),
                _ => rate.paused_until(now + Duration::from_millis(took)),
            }
            if let Some(current) = rate.current() {
                prop_assert!(current >= RateSettings::default().min_rate && current <= ceiling.unwrap_or(f64::MAX), "{current}");
            }
        }
    }
}
