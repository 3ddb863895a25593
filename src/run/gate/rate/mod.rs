//! The rate: how many requests leave a second.
//!
//! Requests are paced by the generic cell rate algorithm (GCRA, a token bucket kept as one number:
//! the theoretical arrival time of the next request). The rate itself adapts to what the target
//! accepts. It starts unlimited, or at the ceiling if there is one, and adapts from the first throttle
//! on, much as TCP's congestion control does:
//!
//! - **Cut**, at most once per round trip (answers to requests that left before the last cut do not
//!   count): to just below the goodput; where that is unknown, deeper with each cut of a burst of
//!   throttles, so that the burst is over after a few.
//! - **Recover** when a burst is over: at once to 95 % of the last rate that was known to be good.
//!   If that is throttled, back to where it came from, and the next recovery goes half as far (by
//!   ratio).
//! - **Hold**, then **raise**: by 1 % a second, and twice as fast each second without a throttle. A
//!   limit that stays is thus touched gently; one that is gone is left behind in seconds, unlike with
//!   the additive increase of AIMD. Each time the limit is found unchanged the hold doubles, up to
//!   a minute.
//!
//! [`settings`] has the numbers, the sensor measures, the controller decides, and [`Rate`] joins
//! them. Pure: time comes from outside.

mod control;
mod sensor;
pub mod settings;

use crate::clock::Moment;
use control::{Control, Decision};
use sensor::Sensor;
use settings::RateSettings;
use std::time::Duration;

/// The pace of requests.
#[derive(Clone, Debug)]
pub struct Rate {
    settings: RateSettings,
    ceiling: Option<f64>,
    current: Option<f64>,
    /// The theoretical arrival time of the next request.
    next_at: Moment,
    sensor: Sensor,
    control: Control,
}

impl Rate {
    /// A pace that never exceeds `ceiling` requests a second.
    pub fn new(ceiling: Option<f64>) -> Self {
        let settings = RateSettings::default();
        Self {
            settings,
            ceiling,
            current: ceiling,
            next_at: Moment::ZERO,
            sensor: Sensor::new(&settings),
            control: Control::new(&settings),
        }
    }

    /// Requests a second; `None` for no limit.
    pub fn current(&self) -> Option<f64> {
        self.current
    }

    /// When the next request may leave; a moment that has passed means at once.
    pub fn next_at(&self) -> Moment {
        if self.current.is_some() { self.next_at } else { Moment::ZERO }
    }

    /// How long from one request to the next; zero while no limit is known.
    pub fn interval(&self) -> Duration {
        self.current.map_or(Duration::ZERO, |rate| Duration::from_secs_f64(1.0 / rate))
    }

    /// How many requests may leave within a second, at least one.
    pub fn in_a_second(&self) -> usize {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "at least 1.0")]
        self.current.map_or(usize::MAX, |rate| rate.ceil().max(1.0) as usize)
    }

    /// A request leaves.
    pub fn left(&mut self, now: Moment) {
        self.sensor.sent(now);
        if self.control.resumes_blindly() {
            let mean = self.sensor.mean_accepted(now);
            let guess = mean.max(self.settings.min_rate_in_burst);
            self.set(self.current.map_or(guess, |rate| guess.min(rate)));
        }
        if self.current.is_some() {
            // Unused slots are lost but for the tolerance, so that no second sees a burst.
            let interval = self.interval();
            let tolerance =
                self.settings.burst_tolerance.min(interval * self.settings.burst_requests);
            self.next_at = self.next_at.max(now.saturating_sub(tolerance)) + interval;
        }
    }

    /// Charges the pace for more requests that leave with the one that just left.
    pub fn charge(&mut self, requests: usize, now: Moment) {
        (0..requests).for_each(|_| self.left(now));
    }

    /// Nothing leaves before this moment: what was accepted until then tells no rate.
    pub fn paused_until(&mut self, moment: Moment) {
        self.control.paused_until(moment);
        self.sensor.paused_until(moment);
    }

    /// The target accepted a request that left at `sent_at`.
    pub fn accepted(&mut self, now: Moment, sent_at: Moment) {
        self.sensor.accepted(now, sent_at, self.current);
        let Some(rate) = self.current else { return };
        if !self.control.left_after_cut(sent_at) || !self.sensor.is_quiet(now, rate) {
            return;
        }
        let reading = self.sensor.read(now, self.current);
        let decision = self.control.on_accepted(rate, &reading);
        self.apply(decision, now);
    }

    /// The target refused a request that left at `sent_at`, as too much.
    pub fn refused(&mut self, now: Moment, sent_at: Moment) {
        self.sensor.throttled(now, self.current);
        if self.control.is_cooling_down(sent_at, self.current) {
            return;
        }
        let reading = self.sensor.read(now, self.current);
        let decision = self.control.on_throttled(&reading);
        self.apply(decision, now);
    }

    fn apply(&mut self, decision: Decision, now: Moment) {
        match decision {
            Decision::Hold => {}
            Decision::Raise(rate) => self.set(rate),
            Decision::Cut(rate) | Decision::Recover(rate) => {
                self.sensor.restart(now);
                self.set(rate);
            }
        }
    }

    fn set(&mut self, rate: f64) {
        let rate = rate.max(self.settings.min_rate);
        self.current = Some(self.ceiling.map_or(rate, |ceiling| rate.min(ceiling)));
    }
}

#[cfg(test)]
mod tests;
