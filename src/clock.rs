//! Time, injected: the wall clock is read once and then follows the monotonic one, so that a clock
//! that is set back in the middle of a run changes nothing; tests run it in virtual time.

use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::time::Instant;

/// Time since the clock was made.
pub type Moment = Duration;

/// The time of one process.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    start: Instant,
    start_ms: i64,
}

impl Clock {
    /// Starts from the system's time.
    pub fn system() -> Self {
        Self::starting_at(system_ms())
    }

    /// Starts from the given UTC milliseconds.
    pub fn starting_at(start_ms: i64) -> Self {
        Self { start: Instant::now(), start_ms }
    }

    /// Time since the start.
    pub fn now(&self) -> Moment {
        self.start.elapsed()
    }

    /// UTC milliseconds.
    pub fn now_ms(&self) -> i64 {
        self.to_ms(self.now())
    }

    /// The UTC milliseconds of a moment.
    pub fn to_ms(&self, moment: Moment) -> i64 {
        self.start_ms.saturating_add(millis(moment))
    }

    /// The moment of some UTC milliseconds; the start for what lies before it.
    pub fn to_moment(&self, ms: i64) -> Moment {
        Duration::from_millis(u64::try_from(ms.saturating_sub(self.start_ms)).unwrap_or(0))
    }

    /// The instant of a moment, to sleep until.
    pub fn instant(&self, moment: Moment) -> Instant {
        self.start + moment
    }
}

/// UTC milliseconds of the system's clock.
pub fn system_ms() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, millis)
}

/// Whole milliseconds.
pub fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

/// ISO 8601 in UTC, to the second.
pub fn iso(ms: i64) -> String {
    chrono::DateTime::from_timestamp_millis(ms)
        .map_or_else(String::new, |time| time.format("%Y-%m-%dT%H:%M:%SZ").to_string())
}
