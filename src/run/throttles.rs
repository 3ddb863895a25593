//! Whose fault it is that a row is throttled time and again: the target's, which is busy, or the
//! row's, which is throttled though others are taken. Pure: time comes from outside.

use crate::clock::Moment;
use crate::store::JobId;
use std::collections::HashMap;
use std::time::Duration;

/// Consecutive throttled answers before the row itself is blamed, each after others were taken, and at
/// least as many as were throttled meanwhile: of requests of which less than half are throttled at
/// random that comes once in a million rows.
const ROW: u32 = 20;
/// After this many of them the row waits longer each time, so that it does not slow the others down.
const PATIENT: u32 = 3;
/// The longest of these waits.
const WAIT_MAX: Duration = Duration::from_secs(30);

/// What to make of a throttled answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The row is sent again, not before this much time has passed.
    Wait(Duration),
    /// The row, and it alone, is refused.
    Row,
    /// The same, if an authenticated read passes now: no other row is left to prove it. Otherwise it
    /// waits this long.
    RowIfReadsPass(Duration),
}

/// Rows whose latest answer was that they came too soon.
#[derive(Debug)]
pub struct Throttles {
    rows: HashMap<JobId, Met>,
    /// When the latest create left that was taken.
    taken_at: Moment,
    /// Creates taken, and answers that were throttled, so far.
    taken: u64,
    throttled: u64,
    longest_wait: Duration,
}

#[derive(Debug)]
struct Met {
    times: u32,
    /// When the latest answer came that counts, and how many were taken and throttled by then.
    at: Moment,
    taken: u64,
    throttled: u64,
}

impl Throttles {
    /// For a run that halts after an outage of this length: the waits of a row add up to less.
    pub fn new(max_outage: Duration) -> Self {
        let longest_wait = WAIT_MAX.min(max_outage / (2 * ROW));
        Self { rows: HashMap::new(), taken_at: Moment::ZERO, taken: 0, throttled: 0, longest_wait }
    }

    /// A row got another answer.
    pub fn forget(&mut self, id: JobId) {
        self.rows.remove(&id);
    }

    /// A create that left at `sent_at` was taken.
    pub fn taken(&mut self, sent_at: Moment) {
        self.taken_at = self.taken_at.max(sent_at);
        self.taken += 1;
    }

    /// A row was throttled at `now`. `is_alone`: no other row is left that could be taken.
    pub fn met(&mut self, id: JobId, now: Moment, is_alone: bool) -> Verdict {
        let (taken, throttled) = (self.taken, self.throttled);
        self.throttled += 1;
        let met = self.rows.entry(id).or_insert(Met { times: 0, at: now, taken, throttled });
        // Where as many are throttled as are taken, it may be chance each time.
        let is_witnessed = self.taken_at > met.at && taken - met.taken >= throttled - met.throttled;
        if met.times == 0 || is_witnessed || is_alone {
            *met = Met { times: met.times + 1, at: now, taken, throttled: self.throttled };
        }
        match met.times {
            ROW.. if is_witnessed => {
                self.rows.remove(&id);
                Verdict::Row
            }
            ROW.. if is_alone => Verdict::RowIfReadsPass(self.longest_wait),
            times => Verdict::Wait(wait(times).min(self.longest_wait)),
        }
    }
}

fn wait(times: u32) -> Duration {
    let doublings = times.saturating_sub(PATIENT).min(6);
    if doublings == 0 {
        return Duration::ZERO;
    }
    (Duration::from_millis(500) * (1 << doublings)).min(WAIT_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);
    const ID: JobId = JobId(1);
    const HALF_AN_HOUR: Duration = Duration::from_mins(30);

    /// The verdicts on a row that is throttled every minute; `between` happens after each.
    fn throttled(times: u32, is_alone: bool, between: fn(&mut Throttles, Moment)) -> Vec<Verdict> {
        let mut throttles = Throttles::new(HALF_AN_HOUR);
        let verdicts = (1..=times).map(|minute| {
            let now = minute * 60 * SECOND;
            let verdict = throttles.met(ID, now, is_alone);
            between(&mut throttles, now);
            verdict
        });
        verdicts.collect()
    }

    #[test]
    fn a_row_is_to_blame_where_others_were_taken_after_each_answer() {
        let verdicts = throttled(20, false, |throttles, now| throttles.taken(now + SECOND));
        let (last, before) = verdicts.split_last().unwrap();
        assert_eq!(*last, Verdict::Row);
        assert!(before.iter().all(|verdict| matches!(verdict, Verdict::Wait(_))), "{before:?}");
    }

    #[test]
    fn a_target_that_takes_nobody_is_not_held_against_a_row() {
        // One was taken that had left before the first of these answers.
        let between = |throttles: &mut Throttles, _| throttles.taken(59 * SECOND);
        let verdicts = throttled(100, false, between);
        assert!(verdicts.iter().all(|verdict| *verdict == Verdict::Wait(Duration::ZERO)));
    }

    #[test]
    fn the_last_row_is_to_blame_if_reads_pass() {
        let verdicts = throttled(21, true, |_, _| {});
        assert!(matches!(verdicts[18], Verdict::Wait(_)));
        assert_eq!(verdicts[19..], [Verdict::RowIfReadsPass(WAIT_MAX); 2]);
    }

    #[test]
    fn another_answer_starts_the_count_anew() {
        let mut throttles = Throttles::new(HALF_AN_HOUR);
        for minute in 1..=60 {
            if minute % 19 == 0 {
                throttles.forget(ID);
            }
            let now = minute * 60 * SECOND;
            assert!(matches!(throttles.met(ID, now, false), Verdict::Wait(_)), "{minute}");
            throttles.taken(now + SECOND);
        }
    }

    /// A quota that others share: nine of ten requests are throttled, whoever sends them.
    #[test]
    fn where_most_are_throttled_nobody_is_to_blame() {
        let mut throttles = Throttles::new(HALF_AN_HOUR);
        for second in 1..=2_000 {
            let now = second * SECOND;
            let id = JobId(i64::from(second % 10));
            if second % 10 == 9 {
                throttles.forget(id);
                throttles.taken(now);
            } else {
                assert!(matches!(throttles.met(id, now, false), Verdict::Wait(_)), "{second}");
            }
        }
    }

    #[test]
    fn the_waits_of_a_row_that_is_alone_end_before_the_run_does() {
        for max_outage in [60 * SECOND, 300 * SECOND, HALF_AN_HOUR] {
            let mut throttles = Throttles::new(max_outage);
            let mut waited = Duration::ZERO;
            while let Verdict::Wait(wait) = throttles.met(ID, waited, true) {
                waited += wait + SECOND / 2;
            }
            assert!(waited < max_outage, "{max_outage:?}: {waited:?}");
        }
    }

    #[test]
    fn it_waits_longer_each_time_up_to_half_a_minute() {
        let told: Vec<u128> = (1..12).map(|times| wait(times).as_millis()).collect();
        assert_eq!(told, [0, 0, 0, 1000, 2000, 4000, 8000, 16000, 30000, 30000, 30000]);
    }
}
