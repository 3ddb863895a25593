//! The controller: what the measurements make of the rate. It knows no clock and no request, only
//! readings of the sensor and what earlier ones taught about the limit.

use super::sensor::Reading;
use super::settings::RateSettings;
use crate::clock::Moment;
use std::time::Duration;

/// Doublings of a ramp's growth that are computed; far fewer reach the fastest one.
const DOUBLINGS_MAX: f64 = 30.0;

/// What becomes of the rate.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Decision {
    /// It stays.
    Hold,
    /// A little more: measurements go on.
    Raise(f64),
    /// Less: what was measured holds for the old rate, and measurements start anew.
    Cut(f64),
    /// Back to the known good rate at once; measurements start anew.
    Recover(f64),
}

/// What earlier readings taught.
#[derive(Clone, Debug)]
pub(super) struct Control {
    settings: RateSettings,
    limit: Limit,
    /// The last cut.
    cut_at: Option<Moment>,
    burst: Burst,
    /// A recovery on trial: it has neither been throttled nor sustained yet.
    recovery: Option<Recovery>,
    /// The last recovery was throttled, and no cut to a measured goodput came since.
    recovery_failed: bool,
    ramp: Ramp,
    /// A pause began while nothing was known of the limit: the rate after it is estimated from
    /// everything accepted so far.
    paused_blindly: bool,
}

/// What is known of the target's limit.
#[derive(Clone, Copy, Debug)]
struct Limit {
    /// The rate that is believed to be accepted without throttles.
    known_good: Option<f64>,
    /// The last rate that was held for a whole hold.
    sustained: Option<f64>,
    /// The rate after the cut that found the limit last.
    found: Option<f64>,
    /// How long the rate is held before the limit is touched again.
    hold: Duration,
    /// Cuts in a row that found the limit, each before the rate was raised again.
    shallow_cuts: u32,
}

/// Throttles without a quiet control interval between them.
#[derive(Clone, Copy, Debug, Default)]
struct Burst {
    /// Cuts in this burst; none when it is over.
    cuts: usize,
    /// When the last burst began.
    began_at: Moment,
    /// How many requests had been accepted in all when it began.
    accepted: f64,
}

#[derive(Clone, Copy, Debug)]
struct Recovery {
    /// The rate before it.
    from: f64,
    at: Moment,
}

/// A hold, and the rise of the rate after it.
#[derive(Clone, Copy, Debug)]
struct Ramp {
    /// The end of the hold.
    from: Moment,
    /// The growth at the beginning.
    initial: f64,
    raised_at: Moment,
}

impl Ramp {
    /// The growth per control interval; it doubles with each.
    fn growth(&self, reading: &Reading, settings: &RateSettings) -> f64 {
        let ramping = reading.now.saturating_sub(self.from);
        let intervals = ramping.as_secs_f64() / reading.interval.as_secs_f64();
        (self.initial * intervals.min(DOUBLINGS_MAX).exp2()).min(settings.ramp_max)
    }
}

impl Control {
    /// A controller that knows nothing of the limit yet.
    pub(super) fn new(settings: &RateSettings) -> Self {
        Self {
            settings: *settings,
            limit: Limit {
                known_good: None,
                sustained: None,
                found: None,
                hold: settings.hold_min,
                shallow_cuts: 0,
            },
            cut_at: None,
            burst: Burst::default(),
            recovery: None,
            recovery_failed: false,
            ramp: Ramp { from: Moment::ZERO, initial: settings.ramp, raised_at: Moment::ZERO },
            paused_blindly: false,
        }
    }

    /// Nothing leaves before this moment.
    pub(super) fn paused_until(&mut self, moment: Moment) {
        self.paused_blindly |= self.burst.cuts > 0 && self.limit.known_good.is_none();
        self.ramp.from = self.ramp.from.max(moment);
        self.ramp.raised_at = self.ramp.raised_at.max(moment);
    }

    /// Whether the request that leaves now is the first one after a blind pause.
    pub(super) fn resumes_blindly(&mut self) -> bool {
        std::mem::take(&mut self.paused_blindly)
    }

    /// Whether a request that left at `sent_at` left after the last cut. Before the first cut the
    /// rate is not adapted, and none counts.
    pub(super) fn left_after_cut(&self, sent_at: Moment) -> bool {
        self.cut_at.is_some_and(|at| sent_at > at)
    }

    /// Whether a throttle of a request that left at `sent_at` belongs to the last cut.
    pub(super) fn is_cooling_down(&self, sent_at: Moment, rate: Option<f64>) -> bool {
        self.cut_at.is_some_and(|at| sent_at <= at + self.limit.cooldown(rate, &self.settings))
    }

    /// A request that left after the last cut was accepted, and it is quiet.
    pub(super) fn on_accepted(&mut self, rate: f64, reading: &Reading) -> Decision {
        let is_burst_over = std::mem::take(&mut self.burst.cuts) > 0;
        match self.limit.recovery_from(rate, &self.settings) {
            Some(to) if is_burst_over => self.recover(rate, to, reading),
            Some(_) | None => self.raise(rate, reading),
        }
    }

    fn recover(&mut self, from: f64, to: f64, reading: &Reading) -> Decision {
        self.recovery = Some(Recovery { from, at: reading.now });
        let growth =
            if self.recovery_failed { self.settings.ramp_gentle } else { self.settings.ramp };
        self.hold(reading.interval / 2, growth, reading);
        Decision::Recover(to)
    }

    fn raise(&mut self, rate: f64, reading: &Reading) -> Decision {
        let now = reading.now;
        let since = now.saturating_sub(self.ramp.raised_at.max(self.ramp.from));
        if now < self.ramp.from || since < self.settings.raise_every {
            return Decision::Hold;
        }
        self.ramp.raised_at = now;
        self.confirm(rate, reading);
        let used = self.settings.app_limited * rate;
        if reading.goodput.is_some_and(|goodput| goodput < used) {
            return Decision::Hold;
        }
        if self.limit.known_good.is_some_and(|good| rate > self.settings.far * good) {
            // The limit that was found is gone.
            self.limit.hold = self.settings.hold_min;
        }
        Decision::Raise(self.raised(rate, since, reading))
    }

    /// The hold has ended without a throttle: what was cut or recovered to has proved itself.
    fn confirm(&mut self, rate: f64, reading: &Reading) {
        if self.limit.shallow_cuts > 0 && reading.now < self.ramp.from + reading.interval {
            self.limit.sustained = Some(rate);
        }
        self.limit.shallow_cuts = 0;
        let trial = self.settings.hold_min;
        self.recovery = self.recovery.filter(|recovery| reading.now < recovery.at + trial);
    }

    /// The rate after a raise that makes up for the time since the last one.
    fn raised(&self, rate: f64, since: Duration, reading: &Reading) -> f64 {
        let mut growth = self.ramp.growth(reading, &self.settings);
        if self.limit.sustained.is_some_and(|sustained| rate <= self.settings.near * sustained) {
            growth = growth.min(self.settings.ramp_near);
        }
        let intervals = since.as_secs_f64() / reading.interval.as_secs_f64();
        rate * (1.0 + growth * intervals.min(self.settings.raise_span))
    }

    /// A request was throttled after the cooldown of the last cut.
    pub(super) fn on_throttled(&mut self, reading: &Reading) -> Decision {
        self.cut_at = Some(reading.now);
        let recovery = self.recovery.take();
        if let (Some(recovery), Some(good), None) =
            (recovery, self.limit.known_good, reading.goodput)
        {
            return self.undo(recovery, good, reading);
        }
        self.cut(recovery.is_some(), reading)
    }

    /// The recovery came too early: back to the rate before it. The next one goes half as far, by
    /// ratio.
    fn undo(&mut self, recovery: Recovery, good: f64, reading: &Reading) -> Decision {
        self.limit.known_good = Some((good * recovery.from).sqrt());
        self.recovery_failed = true;
        self.burst.cuts += 1;
        self.hold(reading.interval / 2, self.settings.ramp_gentle, reading);
        Decision::Cut(recovery.from)
    }

    fn cut(&mut self, is_recovering: bool, reading: &Reading) -> Decision {
        let is_ramping = reading.now >= self.ramp.from;
        let growth = self.ramp.growth(reading, &self.settings);
        let is_slow =
            growth <= self.settings.ramp_gentle || self.limit.is_near(reading.rate, &self.settings);
        let target = cut_target(&self.limit, &self.burst, reading, &self.settings);
        let to = self.limit.correct(target, is_ramping, reading.rate, &self.settings);
        if self.burst.cuts == 0 {
            self.begin_burst(to, is_recovering, reading);
        }
        self.burst.cuts += 1;
        if self.burst.cuts == 1 && reading.goodput.is_some() && is_slow {
            self.limit.found_at(to, is_ramping, &self.settings);
            self.hold(self.limit.hold, self.settings.ramp, reading);
        } else {
            let growth = self.growth_after_cut(growth);
            self.hold(reading.interval / 2, growth, reading);
        }
        Decision::Cut(to)
    }

    /// The growth after a cut that did not find the limit, from the growth before it.
    fn growth_after_cut(&self, growth: f64) -> f64 {
        let settings = &self.settings;
        match self.limit.known_good {
            Some(_) => {
                (growth * settings.ramp_after_cut).clamp(settings.ramp, settings.ramp_gentle)
            }
            None => settings.ramp_unknown,
        }
    }

    /// A burst begins, with a cut to this rate. The rate now known to be good is the one whose
    /// recovery would lead here; if a recovery led to this burst, halfway (by ratio) between that
    /// and what was accepted on average since the last burst.
    fn begin_burst(&mut self, to: f64, is_recovering: bool, reading: &Reading) {
        let last = self.burst;
        self.burst = Burst { cuts: 0, began_at: reading.now, accepted: reading.accepted };
        if reading.goodput.is_none() {
            return;
        }
        let good = to / self.settings.recovery_share;
        let seconds = reading.now.saturating_sub(last.began_at).as_secs_f64().max(1.0);
        let average = (reading.accepted - last.accepted) / seconds;
        self.limit.known_good =
            Some(if is_recovering { (good * average.min(good)).sqrt() } else { good });
        self.recovery_failed = false;
    }

    /// Holds the new rate for so long, then raises it with this growth.
    fn hold(&mut self, hold: Duration, growth: f64, reading: &Reading) {
        let from = reading.steady_since.max(reading.now) + hold;
        self.ramp = Ramp { from, initial: growth, raised_at: reading.now };
    }
}

impl Limit {
    /// After a cut, throttles count again when a few requests have left at the new rate. While
    /// nothing is known of the limit there is no cooldown, so that a high rate comes down quickly.
    fn cooldown(&self, rate: Option<f64>, settings: &RateSettings) -> Duration {
        match rate {
            Some(rate) if self.known_good.is_some() || rate <= settings.min_rate_in_burst => {
                let least =
                    if self.found.is_some() { settings.cooldown_min } else { Duration::ZERO };
                Duration::from_secs_f64(settings.cooldown_requests / rate)
                    .clamp(least, settings.window_max)
            }
            Some(_) | None => Duration::ZERO,
        }
    }

    /// The rate that a recovery from this one goes to, if it is worth one.
    fn recovery_from(&self, rate: f64, settings: &RateSettings) -> Option<f64> {
        let to = self.known_good? * settings.recovery_share;
        (to > rate * settings.recovery_min_factor).then_some(to)
    }

    /// Whether this rate is not far above the known good one.
    fn is_near(&self, rate: Option<f64>, settings: &RateSettings) -> bool {
        self.known_good.zip(rate).is_some_and(|(good, rate)| rate <= settings.far * good)
    }

    /// Corrects the target of a cut by the sustained rate, which is nearer the truth than a goodput
    /// measured while a full token bucket lets more through: to halfway between them, or if that
    /// was throttled before the ramp, to the sustained rate.
    fn correct(
        &mut self,
        target: f64,
        is_ramping: bool,
        rate: Option<f64>,
        settings: &RateSettings,
    ) -> f64 {
        let (Some(sustained), Some(rate)) = (self.sustained, rate) else { return target };
        if !is_ramping && rate <= sustained {
            // It cannot be sustained any more.
            self.sustained = None;
            return target;
        }
        match (settings.sustained_min..1.0).contains(&(sustained / target)) {
            true if is_ramping => f64::midpoint(sustained, target),
            true => sustained,
            false => target,
        }
    }

    /// The limit was found just above this rate. A throttle before the ramp means that the last
    /// cut was too shallow, and says nothing about how long to hold.
    fn found_at(&mut self, rate: f64, is_ramping: bool, settings: &RateSettings) {
        let is_same =
            self.found.is_some_and(|found| (rate / found - 1.0).abs() < settings.same_limit);
        self.hold = match (is_ramping, is_same) {
            (true, true) => (self.hold * 2).min(settings.hold_max),
            (true, false) => settings.hold_min,
            (false, _) => self.hold,
        };
        self.found = Some(rate);
        self.shallow_cuts += 1;
    }
}

/// The rate to cut down to: just below the goodput, or where that is unknown, deeper with each cut
/// of the burst.
fn cut_target(limit: &Limit, burst: &Burst, reading: &Reading, settings: &RateSettings) -> f64 {
    let target = match (reading.rate, reading.goodput) {
        (Some(rate), Some(goodput)) => {
            let doublings = f64::from(limit.shallow_cuts.min(settings.margin_doublings));
            let share = 1.0 - (1.0 - settings.cut_to_goodput) * doublings.exp2();
            (goodput * share).clamp(rate * settings.deepest_cut, rate * share)
        }
        (Some(rate), None) if limit.known_good.is_none() => rate * settings.deepest_cut,
        (Some(rate), None) => {
            rate * settings.blind_cuts[burst.cuts.min(settings.blind_cuts.len() - 1)]
        }
        (None, Some(goodput)) => goodput * settings.cut_to_goodput,
        (None, None) => reading.mean_sent * settings.deepest_cut,
    };
    let least = min_rate(limit, burst, reading.now, settings);
    target.max(reading.rate.map_or(least, |rate| least.min(rate)))
}

/// A burst may be over within a second, and some requests must leave to notice: the rate falls no
/// lower than this.
fn min_rate(limit: &Limit, burst: &Burst, now: Moment, settings: &RateSettings) -> f64 {
    let seconds = now.saturating_sub(burst.began_at).as_secs_f64();
    let at_first = limit.known_good.map_or(settings.min_rate_in_burst, |good| {
        settings.min_rate_in_burst.min(settings.min_share_in_burst * good)
    });
    (at_first / seconds.max(1.0)).max(settings.min_rate)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    /// Of a steady rate whose control interval is a second.
    fn reading(now: Moment, rate: f64, goodput: Option<f64>) -> Reading {
        Reading {
            now,
            rate: Some(rate),
            goodput,
            mean_sent: rate,
            accepted: 0.0,
            steady_since: Moment::ZERO,
            interval: SECOND,
        }
    }

    fn control() -> Control {
        Control::new(&RateSettings::default())
    }

    #[track_caller]
    fn assert_near(actual: f64, expected: f64) {
        assert!((actual / expected - 1.0).abs() < 1e-9, "{actual} instead of {expected}");
    }

    #[test]
    fn a_cut_goes_just_below_the_goodput_but_never_below_half_the_rate() {
        let mut control = control();
        for (goodput, shallow_cuts, expected) in [
            (80.0, 0, 78.4),
            (80.0, 1, 76.8),
            (80.0, 2, 73.6),
            (80.0, 3, 67.2),
            (80.0, 9, 67.2),
            (120.0, 0, 98.0),
            (20.0, 0, 50.0),
        ] {
            control.limit.shallow_cuts = shallow_cuts;
            let reading = reading(SECOND, 100.0, Some(goodput));
            let target = cut_target(&control.limit, &control.burst, &reading, &control.settings);
            assert_near(target, expected);
        }
    }

    #[test]
    fn without_a_goodput_each_cut_of_a_burst_is_deeper() {
        let mut control = control();
        control.limit.known_good = Some(100.0);
        for (cuts, expected) in [95.0, 90.0, 80.0, 65.0, 50.0, 50.0].into_iter().enumerate() {
            control.burst.cuts = cuts;
            let reading = reading(SECOND, 100.0, None);
            let target = cut_target(&control.limit, &control.burst, &reading, &control.settings);
            assert_near(target, expected);
        }
    }

    #[test]
    fn the_first_throttle_halves_what_was_sent_where_nothing_else_is_known() {
        let mut control = control();
        let reading = Reading { rate: None, ..reading(SECOND, 300.0, None) };
        assert_eq!(control.on_throttled(&reading), Decision::Cut(150.0));
    }

    #[test]
    fn a_burst_brings_the_rate_down_to_ten_at_first_and_lower_the_longer_it_lasts() {
        let control = control();
        for (seconds, expected) in [(0, 10.0), (1, 10.0), (10, 1.0), (50, 0.2), (1_000, 0.2)] {
            let least =
                min_rate(&control.limit, &control.burst, seconds * SECOND, &control.settings);
            assert_near(least, expected);
        }
    }

    #[test]
    fn the_hold_doubles_while_the_limit_is_found_unchanged() {
        let mut control = control();
        for (rate, is_ramping, hold) in [
            (100.0, true, 4),
            (102.0, true, 8),
            (98.0, true, 16),
            (98.0, false, 16),
            (98.0, true, 32),
            (98.0, true, 60),
            (98.0, true, 60),
            (150.0, true, 4),
        ] {
            control.limit.found_at(rate, is_ramping, &control.settings);
            assert_eq!(control.limit.hold, hold * SECOND, "{rate}");
        }
    }

    #[test]
    fn growth_doubles_every_interval_up_to_doubling_the_rate_itself() {
        let control = control();
        for (seconds, expected) in [(0, 0.01), (1, 0.02), (3, 0.08), (6, 0.64), (7, 1.0), (99, 1.0)]
        {
            let growth =
                control.ramp.growth(&reading(seconds * SECOND, 100.0, None), &control.settings);
            assert_near(growth, expected);
        }
    }

    #[test]
    fn the_rate_is_held_then_raised_unless_little_of_it_is_used() {
        let mut control = control();
        control.hold(4 * SECOND, control.settings.ramp, &reading(SECOND, 100.0, None));
        let mut at = |seconds: u32, goodput: f64| {
            control.on_accepted(100.0, &reading(seconds * SECOND, 100.0, Some(goodput)))
        };
        assert_eq!(at(4, 100.0), Decision::Hold, "held for four seconds");
        assert_eq!(at(6, 49.0), Decision::Hold, "half of the rate is not used");
        // Two intervals into the ramp the growth is 4 %, of which one raise takes half.
        assert_eq!(at(7, 100.0), Decision::Raise(102.0));
        assert_eq!(at(7, 100.0), Decision::Hold, "it was just raised");
    }

    #[test]
    fn a_recovery_that_is_throttled_goes_half_as_far_the_next_time() {
        let mut control = control();
        control.limit.known_good = Some(100.0);
        control.burst.cuts = 3;
        let at = |seconds: u32, rate: f64| reading(seconds * SECOND, rate, None);
        assert_eq!(control.on_accepted(25.0, &at(10, 25.0)), Decision::Recover(95.0));
        assert_eq!(control.on_throttled(&at(11, 95.0)), Decision::Cut(25.0));
        // Halfway between 25 and 100, by ratio, is 50.
        assert_eq!(control.on_accepted(25.0, &at(20, 25.0)), Decision::Recover(47.5));
    }

    #[test]
    fn a_recovery_by_less_than_a_third_is_left_to_the_ramp() {
        let mut control = control();
        control.limit.known_good = Some(100.0);
        for (rate, recovers) in [(73.0, true), (74.0, false)] {
            control.burst.cuts = 1;
            let decision = control.on_accepted(rate, &reading(SECOND, rate, None));
            assert_eq!(matches!(decision, Decision::Recover(_)), recovers, "{rate}");
        }
    }
}
