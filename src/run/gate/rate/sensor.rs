//! The sensor: what is measured of the traffic. It counts and averages; it decides nothing.

use super::settings::RateSettings;
use crate::clock::Moment;
use std::collections::VecDeque;
use std::time::Duration;

/// What has been measured so far.
#[derive(Clone, Debug)]
pub(super) struct Sensor {
    settings: RateSettings,
    /// Requests sent in all.
    sent: f64,
    first_sent_at: Moment,
    /// Requests accepted in all.
    accepted: f64,
    /// When the recently accepted requests were sent, in the order of their answers.
    recent: VecDeque<Moment>,
    /// A moving average of the latency of accepted requests that rises at once and falls slowly.
    latency: Duration,
    /// Since when requests have left at an unbroken pace: the last cut, recovery or end of a pause.
    steady_since: Moment,
    /// The last throttle or recovery.
    quiet_since: Moment,
}

/// What the controller decides by: the measurements at one moment.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reading {
    pub(super) now: Moment,
    /// The rate in force; `None` while no limit is known.
    pub(super) rate: Option<f64>,
    /// Requests accepted a second at this rate; `None` if too few were to tell.
    pub(super) goodput: Option<f64>,
    /// Requests sent a second, on average since the first one.
    pub(super) mean_sent: f64,
    /// Requests accepted in all.
    pub(super) accepted: f64,
    /// Since when requests have left at an unbroken pace.
    pub(super) steady_since: Moment,
    /// The control interval.
    pub(super) interval: Duration,
}

impl Sensor {
    /// A sensor that has measured nothing yet.
    pub(super) fn new(settings: &RateSettings) -> Self {
        Self {
            settings: *settings,
            sent: 0.0,
            first_sent_at: Moment::ZERO,
            accepted: 0.0,
            recent: VecDeque::new(),
            latency: Duration::ZERO,
            steady_since: Moment::ZERO,
            quiet_since: Moment::ZERO,
        }
    }

    /// A request leaves.
    pub(super) fn sent(&mut self, now: Moment) {
        if self.sent == 0.0 {
            self.first_sent_at = now;
            self.steady_since = self.steady_since.max(now);
        }
        self.sent += 1.0;
    }

    /// A request that left at `sent_at`, under this rate, was accepted.
    pub(super) fn accepted(&mut self, now: Moment, sent_at: Moment, rate: Option<f64>) {
        let (latency, alpha) = (now.saturating_sub(sent_at), self.settings.latency_alpha);
        let average = self.latency.mul_f64(1.0 - alpha) + latency.mul_f64(alpha);
        self.latency = latency.max(average);
        self.accepted += 1.0;
        self.recent.push_back(sent_at);
        self.forget(now, rate);
    }

    /// A request was throttled.
    pub(super) fn throttled(&mut self, now: Moment, rate: Option<f64>) {
        self.quiet_since = now;
        self.forget(now, rate);
    }

    /// The rate was cut or has recovered: goodput is measured anew.
    pub(super) fn restart(&mut self, now: Moment) {
        self.quiet_since = now;
        self.paused_until(now);
    }

    /// Nothing leaves before this moment: goodput is measured from then on.
    pub(super) fn paused_until(&mut self, moment: Moment) {
        self.steady_since = self.steady_since.max(moment);
    }

    /// Whether a control interval has passed without a throttle.
    pub(super) fn is_quiet(&self, now: Moment, rate: f64) -> bool {
        now >= self.quiet_since + self.control_interval(Some(rate))
    }

    /// Requests accepted a second on average since the first one was sent.
    pub(super) fn mean_accepted(&self, now: Moment) -> f64 {
        let span = now.saturating_sub(self.first_sent_at).max(self.settings.window_min);
        self.accepted / span.as_secs_f64()
    }

    /// The measurements at this moment and rate.
    pub(super) fn read(&self, now: Moment, rate: Option<f64>) -> Reading {
        let span = now.saturating_sub(self.first_sent_at).max(Duration::from_millis(1));
        Reading {
            now,
            rate,
            goodput: self.goodput(now, rate),
            mean_sent: self.sent / span.as_secs_f64(),
            accepted: self.accepted,
            steady_since: self.steady_since,
            interval: self.control_interval(rate),
        }
    }

    /// Only requests that had the time to be answered count, by when they were sent.
    fn goodput(&self, now: Moment, rate: Option<f64>) -> Option<f64> {
        let until = now.saturating_sub(self.latency);
        let from = self.steady_since.max(until.saturating_sub(window(rate, &self.settings)));
        #[expect(clippy::cast_precision_loss, reason = "a count of requests")]
        let count = self.recent.iter().filter(|at| (from..until).contains(*at)).count() as f64;
        let span = until.saturating_sub(from);
        (count >= self.settings.sample_min && span >= self.settings.span_min)
            .then(|| count / span.as_secs_f64())
    }

    /// The control interval: the time in which enough requests leave and are answered to learn
    /// something.
    fn control_interval(&self, rate: Option<f64>) -> Duration {
        let requests = rate.map_or(Duration::ZERO, |rate| {
            Duration::from_secs_f64(self.settings.interval_requests / rate)
                .min(self.settings.window_max)
        });
        self.settings.quiet.max(2 * self.latency).max(requests)
    }

    fn forget(&mut self, now: Moment, rate: Option<f64>) {
        let keep = window(rate, &self.settings) + self.latency;
        while self.recent.front().is_some_and(|at| *at + keep < now) {
            self.recent.pop_front();
        }
    }
}

/// The length of a goodput measurement at this rate.
fn window(rate: Option<f64>, settings: &RateSettings) -> Duration {
    rate.map_or(settings.window_min, |rate| {
        Duration::from_secs_f64(settings.sample_size / rate)
            .clamp(settings.window_min, settings.window_max)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);
    const TOOK: Duration = Duration::from_millis(50);

    /// `count` requests, one every `gap`, each accepted after 50 ms; and when the last one was.
    fn sensed(count: u32, gap: Duration, rate: Option<f64>) -> (Sensor, Moment) {
        let mut sensor = Sensor::new(&RateSettings::default());
        for n in 0..count {
            sensor.sent(n * gap);
            sensor.accepted(n * gap + TOOK, n * gap, rate);
        }
        (sensor, (count - 1) * gap + TOOK)
    }

    fn goodput(sensor: &Sensor, now: Moment, rate: Option<f64>) -> Option<f64> {
        sensor.read(now, rate).goodput
    }

    #[test]
    fn goodput_is_what_was_accepted_a_second() {
        let (sensor, now) = sensed(200, Duration::from_millis(20), None);
        assert_eq!(goodput(&sensor, now, None), Some(50.0));
        // At 2/s the window is longer than a second, for one second has too few requests to tell.
        let (sensor, now) = sensed(20, SECOND / 2, Some(2.0));
        assert_eq!(goodput(&sensor, now, Some(2.0)), Some(2.0));
    }

    #[test]
    fn goodput_is_unknown_with_too_few_requests_or_too_short_a_time() {
        let (sensor, now) = sensed(4, SECOND / 4, None);
        assert_eq!(goodput(&sensor, now, None), None, "four requests");
        let (sensor, now) = sensed(100, Duration::from_millis(3), None);
        assert_eq!(goodput(&sensor, now, None), None, "0.3 s");
    }

    #[test]
    fn goodput_is_measured_anew_after_a_cut_and_after_a_pause() {
        let (mut sensor, now) = sensed(200, Duration::from_millis(20), None);
        sensor.restart(now);
        assert_eq!(goodput(&sensor, now, None), None);
        let (mut sensor, now) = sensed(200, Duration::from_millis(20), None);
        sensor.paused_until(now + SECOND);
        assert_eq!(goodput(&sensor, now + 2 * SECOND, None), None);
    }

    #[test]
    fn a_control_interval_has_time_for_four_requests_and_two_round_trips() {
        let mut sensor = Sensor::new(&RateSettings::default());
        for (rate, interval) in [
            (None, SECOND),
            (Some(100.0), SECOND),
            (Some(1.0), 4 * SECOND),
            (Some(0.2), 8 * SECOND),
        ] {
            assert_eq!(sensor.read(SECOND, rate).interval, interval, "{rate:?}");
        }
        sensor.accepted(3 * SECOND, Duration::ZERO, None);
        assert_eq!(sensor.read(3 * SECOND, None).interval, 6 * SECOND);
    }

    #[test]
    fn it_is_quiet_one_control_interval_after_a_throttle() {
        let mut sensor = Sensor::new(&RateSettings::default());
        sensor.throttled(SECOND, Some(100.0));
        assert!(!sensor.is_quiet(SECOND + TOOK, 100.0));
        assert!(sensor.is_quiet(2 * SECOND, 100.0));
        assert!(!sensor.is_quiet(2 * SECOND, 1.0), "at 1/s it takes four seconds");
    }

    #[test]
    fn one_slow_answer_raises_the_latency_at_once_and_fast_ones_lower_it_slowly() {
        let mut sensor = Sensor::new(&RateSettings::default());
        sensor.accepted(SECOND, Duration::ZERO, None);
        assert_eq!(sensor.latency, SECOND);
        sensor.accepted(SECOND, SECOND, None);
        assert_eq!(sensor.latency, Duration::from_millis(900));
    }
}
