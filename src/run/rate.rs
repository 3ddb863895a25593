//! The rate: how many requests a second leave. One number, the theoretical arrival time of the next
//! request (GCRA), paces them; one controller adapts the rate to what the target takes.
//!
//! Unlimited until the first back-pressure. From then on:
//!
//! - **Cut**, at most once per round trip (answers to requests that left before the last cut do not
//!   count): to just below what the target was seen to accept; where too little has been seen since
//!   the last cut, deeper with each further one, so that a burst of refusals is over after a few.
//! - **Return** when a burst is over: to 95 % of the last good rate at once. If that is refused, back
//!   to where it came from, and the next return goes half as far (by ratio).
//! - **Climb** after a hold: 1 % a second, and twice as fast each second that nothing is refused. A
//!   limit that stays is thus touched gently, one that has gone is left behind in seconds. Each
//!   touch that finds it where it was doubles the hold, up to a minute.
//!
//! Pure: time comes from outside.

use crate::clock::Moment;
use std::collections::VecDeque;
use std::time::Duration;

/// What was accepted is counted over this long, or longer until there are [`SAMPLE`] answers.
const WINDOW: Duration = Duration::from_secs(1);
const WINDOW_MAX: Duration = Duration::from_secs(8);
/// So many answers tell a rate to within some percent; fewer than a quarter of them, nothing.
const SAMPLE: f64 = 20.0;
const SPAN_MIN: Duration = Duration::from_millis(400);
/// A cut goes to this much of what was accepted.
const BELOW_ACCEPTED: f64 = 0.98;
/// The first, second, … cut of a burst where too little is known; the last one for all further.
const BLIND_CUTS: [f64; 5] = [0.95, 0.9, 0.8, 0.65, 0.5];
/// The deepest cut, and that of the very first refusals, when nothing is known at all.
const DEEPEST_CUT: f64 = 0.5;
/// Returning after a burst of refusals.
const RETURN: f64 = 0.95;
const RETURN_MIN: f64 = 1.3;
/// How much of the rate a climb adds in its first second, and at most.
const CLIMB: f64 = 0.01;
const CLIMB_MAX: f64 = 1.0;
/// The same while no limit is known yet, and near one that is known.
const SEARCH: f64 = 0.5;
const CLIMB_NEAR: f64 = 0.04;
/// A refusal in a climb slower than this has found the limit; in a faster one only its whereabouts.
const GENTLE: f64 = 0.1;
/// So much above the last good rate the limit that was found is a thing of the past.
const FAR: f64 = 1.5;
const NEAR: f64 = 1.25;
/// How long the rate stays after its whereabouts, or the limit itself, were found.
const HOLD: Duration = Duration::from_secs(4);
/// Found twice within this share, it is the limit: the hold doubles.
const ALIKE: f64 = 0.05;
const HOLD_MAX: Duration = Duration::from_mins(1);
/// This long without a refusal, and a burst of them is over.
const CALM: Duration = Duration::from_secs(1);
/// Requests that leave between two steps of a climb, and between two cuts, at least.
const STEP: f64 = 4.0;
const FEW: f64 = 6.0;
/// So long a window that was a little too full refuses all, once the limit has been found.
const DEAD: Duration = Duration::from_millis(120);
/// The lowest rate of the first second of a burst of refusals; that of the tenth is a tenth of it.
const LOWEST: f64 = 10.0;
/// The lowest rate, a second.
const FLOOR: f64 = 0.2;
/// What may leave at once to make up for the timer's grain.
const GRAIN: Duration = Duration::from_millis(5);

/// The pace of requests.
#[derive(Clone, Debug)]
pub struct Rate {
    ceiling: Option<f64>,
    current: Option<f64>,
    next_at: Moment,
    /// Requests that left so far, and when the first one did.
    left: (f64, Moment),
    /// How many were accepted so far.
    taken: f64,
    /// When the requests left that were accepted, of late.
    accepted: VecDeque<Moment>,
    /// How long accepted requests took, of late, at most.
    latency: Duration,
    /// Since when requests have left at an unbroken pace: the last cut, or the end of a pause.
    stretch: Moment,
    cut_at: Option<Moment>,
    refused_at: Moment,
    /// Cuts since it was calm.
    burst: usize,
    /// When the last burst of them began, and how many were accepted until then.
    burst_began: (Moment, f64),
    /// The last rate that was held all through its hold.
    proved: Option<f64>,
    /// Cuts that were found too shallow, one after the other.
    shallow: u32,
    /// The last rate that was taken without a refusal.
    good: Option<f64>,
    /// The rate before a return that has not proved itself yet.
    returned_from: Option<(f64, Moment)>,
    /// A return was refused since: nobody knows how much is good now.
    failed: bool,
    /// Paused while nothing is known: what was accepted in all will be the best guess after it.
    paused_blindly: bool,
    /// Where the limit was found the last time.
    found: Option<f64>,
    /// How long the limit stays untouched.
    hold: Duration,
    climb: Climb,
}

#[derive(Clone, Copy, Debug)]
struct Climb {
    /// From when on.
    from: Moment,
    /// What the first second adds.
    first: f64,
    /// The last step.
    at: Moment,
}

impl Climb {
    /// The share that a second adds now; doubles with each `step`.
    fn pace(&self, now: Moment, step: Duration) -> f64 {
        let steps = now.saturating_sub(self.from).as_secs_f64() / step.as_secs_f64();
        (self.first * steps.min(30.0).exp2()).min(CLIMB_MAX)
    }
}

impl Rate {
    /// A pace that never exceeds `ceiling` requests a second.
    pub fn new(ceiling: Option<f64>) -> Self {
        Self {
            ceiling,
            current: ceiling,
            next_at: Duration::ZERO,
            left: (0.0, Duration::ZERO),
            taken: 0.0,
            accepted: VecDeque::new(),
            latency: Duration::ZERO,
            stretch: Duration::ZERO,
            cut_at: None,
            refused_at: Duration::ZERO,
            burst: 0,
            burst_began: (Duration::ZERO, 0.0),
            proved: None,
            shallow: 0,
            good: None,
            returned_from: None,
            failed: false,
            paused_blindly: false,
            found: None,
            hold: HOLD,
            climb: Climb { from: Duration::ZERO, first: CLIMB, at: Duration::ZERO },
        }
    }

    /// Requests a second; `None` for no limit.
    pub fn current(&self) -> Option<f64> {
        self.current
    }

    /// When the next request may leave; a moment that has passed means at once.
    pub fn next_at(&self) -> Moment {
        if self.current.is_some() { self.next_at } else { Duration::ZERO }
    }

    /// A request leaves.
    pub fn left(&mut self, now: Moment) {
        if self.left.0 == 0.0 {
            self.left.1 = now;
            self.stretch = self.stretch.max(now);
        }
        self.left.0 += 1.0;
        if std::mem::take(&mut self.paused_blindly) {
            let span = now.saturating_sub(self.left.1).max(WINDOW);
            let guess = (self.taken / span.as_secs_f64()).max(LOWEST);
            self.set(guess.min(self.current.unwrap_or(guess)));
        }
        let Some(rate) = self.current else { return };
        let interval = Duration::from_secs_f64(1.0 / rate);
        // What was not used is lost but for the timer's grain, so that no second sees a burst.
        let earliest = now.saturating_sub(GRAIN.min(interval * 4));
        self.next_at = self.next_at.max(earliest) + interval;
    }

    /// So many more will leave with the one that just did, at the same pace.
    pub fn left_too(&mut self, more: usize, now: Moment) {
        (0..more).for_each(|_| self.left(now));
    }

    /// How long from one request to the next; nothing while no limit is known.
    pub fn interval(&self) -> Duration {
        self.current.map_or(Duration::ZERO, |rate| Duration::from_secs_f64(1.0 / rate))
    }

    /// How many requests may leave within a second, at least one.
    pub fn in_a_second(&self) -> usize {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "at least 1.0")]
        self.current.map_or(usize::MAX, |rate| rate.ceil().max(1.0) as usize)
    }

    /// Nothing leaves before this moment: what was accepted until then tells no rate.
    pub fn paused_until(&mut self, moment: Moment) {
        self.paused_blindly |= self.burst > 0 && self.good.is_none();
        self.stretch = self.stretch.max(moment);
        self.climb.from = self.climb.from.max(moment);
        self.climb.at = self.climb.at.max(moment);
    }

    /// The target accepted a request that left at `sent_at`.
    pub fn accepted(&mut self, now: Moment, sent_at: Moment) {
        let latency = now.saturating_sub(sent_at);
        self.taken += 1.0;
        self.latency = latency.max(self.latency.mul_f64(0.9) + latency.mul_f64(0.1));
        self.accepted.push_back(sent_at);
        self.forget(now);
        let Some(current) = self.current else { return };
        let Some(cut_at) = self.cut_at else { return };
        if now < self.refused_at + self.step() || sent_at <= cut_at {
            return;
        }
        if self.burst > 0 {
            self.calm(now, current);
        }
        self.go_up(now, current);
    }

    /// A burst of refusals is over.
    fn calm(&mut self, now: Moment, current: f64) {
        self.burst = 0;
        let back = self.good.unwrap_or(0.0) * RETURN;
        // Less is soon climbed.
        if back > current * RETURN_MIN {
            self.returned_from = Some((current, now));
            self.refused_at = now;
            self.start(now, back, self.step() / 2, if self.failed { GENTLE } else { CLIMB });
        }
    }

    fn go_up(&mut self, now: Moment, current: f64) {
        let seconds = now.saturating_sub(self.climb.at.max(self.climb.from)).as_secs_f64();
        let seen = self.seen(now);
        if now < self.climb.from || seconds < 0.05 {
            return;
        }
        self.climb.at = now;
        // What was returned to, or cut to, has proved itself.
        if self.climb.from + self.step() > now && self.shallow > 0 {
            self.proved = Some(current);
        }
        self.shallow = 0;
        self.returned_from = self.returned_from.filter(|(_, at)| now < *at + HOLD);
        // Not the rate holds requests back: going up would mean nothing.
        if seen.is_some_and(|seen| seen < 0.5 * current) {
            return;
        }
        let step = self.step();
        let mut pace = self.climb.pace(now, step);
        if self.proved.is_some_and(|proved| current <= NEAR * proved) {
            pace = pace.min(CLIMB_NEAR);
        }
        if self.good.is_some_and(|good| current > FAR * good) {
            // The limit that was found has gone.
            self.hold = HOLD;
        }
        let steps = seconds / step.as_secs_f64();
        self.set(current * (1.0 + pace * steps.min(0.5)));
    }

    /// The target refused a request that left at `sent_at`, as too much.
    pub fn refused(&mut self, now: Moment, sent_at: Moment) {
        self.forget(now);
        self.refused_at = now;
        if self.cut_at.is_some_and(|at| sent_at <= at + self.patience()) {
            return;
        }
        self.cut_at = Some(now);
        let seen = self.seen(now);
        let returned_from = self.returned_from.take();
        if let (Some((from, _)), Some(good), None) = (returned_from, self.good, seen) {
            // Too early: half as far the next time.
            self.good = Some((good * from).sqrt());
            self.failed = true;
            self.burst += 1;
            self.start(now, from, self.step() / 2, GENTLE);
            return;
        }
        let climbed = now >= self.climb.from;
        let near = self.good.zip(self.current).is_some_and(|(good, from)| from <= FAR * good);
        let cut = self.cut(now, seen);
        let to = self.bound(cut, climbed);
        if self.burst == 0 {
            self.learn(now, to, seen.is_some(), returned_from.is_some());
        }
        self.burst += 1;
        let pace = self.climb.pace(now, self.step());
        if self.burst > 1 || seen.is_none() || pace > GENTLE && !near {
            let first =
                if self.good.is_some() { (pace / 8.0).clamp(CLIMB, GENTLE) } else { SEARCH };
            self.start(now, to, self.step() / 2, first);
        } else {
            // Found. If it was not even climbing, the last cut was too shallow.
            let same = self.found.is_some_and(|found| (to / found - 1.0).abs() < ALIKE);
            self.hold = match (climbed, same) {
                (true, true) => (self.hold * 2).min(HOLD_MAX),
                (true, false) => HOLD,
                (false, _) => self.hold,
            };
            self.found = Some(to);
            self.shallow += 1;
            self.start(now, to, self.hold, CLIMB);
        }
    }

    /// What was held for long is nearer the truth than what a full bucket lets through for a while:
    /// halfway between, and if that is refused, back.
    fn bound(&mut self, to: f64, climbed: bool) -> f64 {
        let (Some(proved), Some(from)) = (self.proved, self.current) else { return to };
        if !climbed && from <= proved {
            self.proved = None;
            return to;
        }
        match (0.8..1.0).contains(&(proved / to)) {
            true if climbed => f64::midpoint(proved, to),
            true => proved,
            false => to,
        }
    }

    /// A burst of refusals begins: what is good lies below, and if a return led here, no lower than
    /// what was accepted on average since the last burst.
    fn learn(&mut self, now: Moment, to: f64, seen: bool, returned: bool) {
        let (since, taken) = self.burst_began;
        self.burst_began = (now, self.taken);
        if !seen {
            return;
        }
        let good = to / RETURN;
        let average = (self.taken - taken) / now.saturating_sub(since).as_secs_f64().max(1.0);
        self.good = Some(if returned { (good * average.min(good)).sqrt() } else { good });
        self.failed = false;
    }

    /// The rate to go down to.
    fn cut(&self, now: Moment, seen: Option<f64>) -> f64 {
        let to = match (self.current, seen) {
            (Some(from), Some(seen)) => {
                let below = 1.0 - (1.0 - BELOW_ACCEPTED) * f64::from(self.shallow.min(3)).exp2();
                (seen * below).clamp(from * DEEPEST_CUT, from * below)
            }
            (Some(from), None) if self.good.is_none() => from * DEEPEST_CUT,
            (Some(from), None) => from * BLIND_CUTS[self.burst.min(BLIND_CUTS.len() - 1)],
            (None, Some(seen)) => seen * BELOW_ACCEPTED,
            (None, None) => {
                let span = now.saturating_sub(self.left.1).max(Duration::from_millis(1));
                self.left.0 / span.as_secs_f64() * DEEPEST_CUT
            }
        };
        to.max(self.lowest(now).min(self.current.unwrap_or(f64::INFINITY)))
    }

    /// After a cut, once something is known, a few requests must leave before the next: a window that
    /// is used up refuses all until its end.
    fn patience(&self) -> Duration {
        match self.current {
            Some(rate) if self.good.is_some() || rate <= LOWEST => {
                let least = if self.found.is_some() { DEAD } else { Duration::ZERO };
                Duration::from_secs_f64(FEW / rate).clamp(least, WINDOW_MAX)
            }
            Some(_) | None => Duration::ZERO,
        }
    }

    /// The time in which enough requests leave and are answered to learn something.
    fn step(&self) -> Duration {
        let requests = Duration::from_secs_f64(STEP / self.current.unwrap_or(STEP));
        CALM.max(2 * self.latency).max(requests.min(WINDOW_MAX))
    }

    /// A burst of refusals may be over within a second: to notice, some requests must leave.
    fn lowest(&self, now: Moment) -> f64 {
        let seconds = now.saturating_sub(self.burst_began.0).as_secs_f64();
        let lowest = self.good.map_or(LOWEST, |good| LOWEST.min(0.2 * good));
        (lowest / seconds.max(1.0)).max(FLOOR)
    }

    /// A new rate, kept for a while, then raised.
    fn start(&mut self, now: Moment, rate: f64, hold: Duration, first: f64) {
        self.stretch = self.stretch.max(now);
        self.climb = Climb { from: self.stretch + hold, first, at: now };
        self.set(rate);
    }

    /// Requests accepted a second, of late, at an unbroken pace; `None` if too few to tell.
    fn seen(&self, now: Moment) -> Option<f64> {
        let until = now.saturating_sub(self.latency);
        let from = self.stretch.max(until.saturating_sub(self.window()));
        #[expect(clippy::cast_precision_loss, reason = "a count of requests")]
        let n = self.accepted.iter().filter(|at| (from..until).contains(*at)).count() as f64;
        let span = until.saturating_sub(from).as_secs_f64();
        (n >= SAMPLE / 4.0 && span >= SPAN_MIN.as_secs_f64()).then(|| n / span)
    }

    fn window(&self) -> Duration {
        let rate = self.current.unwrap_or(SAMPLE);
        Duration::from_secs_f64(SAMPLE / rate).clamp(WINDOW, WINDOW_MAX)
    }

    fn forget(&mut self, now: Moment) {
        let keep = self.window() + self.latency;
        while self.accepted.front().is_some_and(|at| *at + keep < now) {
            self.accepted.pop_front();
        }
    }

    fn set(&mut self, rate: f64) {
        let rate = rate.max(FLOOR);
        self.current = Some(self.ceiling.map_or(rate, |ceiling| rate.min(ceiling)));
    }
}

#[cfg(test)]
mod tests {
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
                let grain = (GRAIN.as_secs_f64() * rate).min(4.0);
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
                    prop_assert!(current >= FLOOR && current <= ceiling.unwrap_or(f64::MAX), "{current}");
                }
            }
        }
    }
}
