//! The tuning of the rate. None of it is configurable; the tests hold the defaults to servers with
//! token buckets and fixed windows of 20 to 400 requests a second.

use std::time::Duration;

/// The tuning of the rate. Rates are requests a second. A *share* is a fraction of another rate;
/// a *growth* is the fraction that is added to the rate per control interval (see
/// [`RateSettings::interval_requests`]), which is one second for most targets.
#[derive(Clone, Copy, Debug)]
pub struct RateSettings {
    // Pacing.
    /// How far behind the pace a request may leave without losing the difference: it makes up for
    /// the coarse timer. Above zero; larger values allow larger bursts.
    pub burst_tolerance: Duration,
    /// The same in requests: the tolerance is never more than this many intervals. At least 1.
    pub burst_requests: u32,

    // Measuring.
    /// Goodput is measured over at least this long.
    pub window_min: Duration,
    /// Goodput is measured over at most this long, however low the rate. At least `window_min`.
    pub window_max: Duration,
    /// Accepted requests needed to measure goodput within a few percent; the window is long enough
    /// for so many. At least 1.
    pub sample_size: f64,
    /// With fewer accepted requests in the window, goodput is unknown. From 1 to `sample_size`.
    pub sample_min: f64,
    /// With a shorter window since the last cut or pause, goodput is unknown. At most `window_min`.
    pub span_min: Duration,
    /// The weight of a new latency in the moving average. Between 0 and 1; larger values forget
    /// slow answers faster.
    pub latency_alpha: f64,
    /// A control interval is long enough for this many requests to leave (but no longer than
    /// `window_max`), for `quiet`, and for two round trips. Above 0.
    pub interval_requests: f64,

    // Cutting.
    /// The share of the measured goodput that a cut goes down to. Between 0.5 and 1.
    pub cut_to_goodput: f64,
    /// Each cut in a row that was too shallow doubles the margin below the goodput, at most this
    /// many times.
    pub margin_doublings: u32,
    /// The share of the rate that the first, second, … cut of a burst goes down to where goodput is
    /// unknown; the last one holds for all further cuts. Each between 0 and 1.
    pub blind_cuts: [f64; 5],
    /// The smallest share of the rate that one cut goes down to; also the first cut while nothing
    /// is known of the limit. Between 0 and 1.
    pub deepest_cut: f64,
    /// After a cut, throttles are ignored until this many more requests have left: a fixed window
    /// that is used up throttles everything until it ends. At least 0.
    pub cooldown_requests: f64,
    /// The least length of that cooldown once the limit has been found: a window that was slightly
    /// overfull throttles everything for so long.
    pub cooldown_min: Duration,
    /// The lowest rate of the first second of a burst; from then on it falls with the burst's
    /// length, to a tenth after ten seconds. Also the least that is assumed after a pause that began
    /// while nothing was known of the limit. Above `min_rate`.
    pub min_rate_in_burst: f64,
    /// The same as a share of the known good rate; the lower of the two holds. Between 0 and 1.
    pub min_share_in_burst: f64,
    /// The lowest rate of all. Above 0.
    pub min_rate: f64,

    // Recovering.
    /// A burst of throttles is over after this long without one (or one control interval, if that
    /// is longer).
    pub quiet: Duration,
    /// The share of the known good rate that a recovery goes back to at once. Between 0 and 1.
    pub recovery_share: f64,
    /// A recovery that would raise the rate by less than this factor is left to the ramp. At
    /// least 1.
    pub recovery_min_factor: f64,

    // Holding.
    /// How long the rate is held after the limit was found; also how long a recovery is on trial.
    pub hold_min: Duration,
    /// The hold doubles each time that the limit is found unchanged, up to this. At least
    /// `hold_min`.
    pub hold_max: Duration,
    /// Two limits that differ by less than this share are the same. Between 0 and 1.
    pub same_limit: f64,
    /// A rate that was sustained corrects the target of a cut down if it lies between this share of
    /// it and all of it. Between 0 and 1.
    pub sustained_min: f64,

    // Raising.
    /// The growth at the start of a ramp after the limit was found. Doubles every control interval.
    pub ramp: f64,
    /// The same while no limit is known.
    pub ramp_unknown: f64,
    /// The same after a recovery was throttled. A throttle while the growth is at most this has
    /// found the limit; during faster growth, only its surroundings.
    pub ramp_gentle: f64,
    /// The same after a cut that did not find the limit, as a share of the growth before the cut.
    pub ramp_after_cut: f64,
    /// The fastest growth near a rate that was sustained.
    pub ramp_near: f64,
    /// The fastest growth of all. 1 doubles the rate every control interval.
    pub ramp_max: f64,
    /// Up to this multiple of a sustained rate, the rate counts as near it. Above 1.
    pub near: f64,
    /// Above this multiple of the known good rate, the limit that was found is gone. Above `near`.
    pub far: f64,
    /// The least time between two raises.
    pub raise_every: Duration,
    /// One raise covers at most this part of a control interval, however long the last one is ago.
    pub raise_span: f64,
    /// With a goodput below this share of the rate, something else limits the traffic, and raising
    /// the rate would mean nothing. Between 0 and 1.
    pub app_limited: f64,
}

impl Default for RateSettings {
    fn default() -> Self {
        Self {
            burst_tolerance: Duration::from_millis(5),
            burst_requests: 4,

            window_min: Duration::from_secs(1),
            window_max: Duration::from_secs(8),
            sample_size: 20.0,
            sample_min: 5.0,
            span_min: Duration::from_millis(400),
            latency_alpha: 0.1,
            interval_requests: 4.0,

            cut_to_goodput: 0.98,
            margin_doublings: 3,
            blind_cuts: [0.95, 0.9, 0.8, 0.65, 0.5],
            deepest_cut: 0.5,
            cooldown_requests: 6.0,
            cooldown_min: Duration::from_millis(120),
            min_rate_in_burst: 10.0,
            min_share_in_burst: 0.2,
            min_rate: 0.2,

            quiet: Duration::from_secs(1),
            recovery_share: 0.95,
            recovery_min_factor: 1.3,

            hold_min: Duration::from_secs(4),
            hold_max: Duration::from_mins(1),
            same_limit: 0.05,
            sustained_min: 0.8,

            ramp: 0.01,
            ramp_unknown: 0.5,
            ramp_gentle: 0.1,
            ramp_after_cut: 0.125,
            ramp_near: 0.04,
            ramp_max: 1.0,
            near: 1.25,
            far: 1.5,
            raise_every: Duration::from_millis(50),
            raise_span: 0.5,
            app_limited: 0.5,
        }
    }
}
