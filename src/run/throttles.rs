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
/// A limit seldom sets in when only so small a part is left of what was taken: a hundredth. Then the rows
/// left are to blame, if nobody is taken for four fifths of the longest outage.
const LAST_PART: u64 = 100;
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

/// The rows that are left.
#[derive(Clone, Copy, Debug)]
pub struct Left {
    /// So many that this run may send.
    pub rows: u64,
    /// The row that was answered is the only one, of those too that this run may not send.
    pub is_sole: bool,
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
    /// So long a few rows are waited for that are all throttled.
    long: Duration,
}

#[derive(Debug)]
struct Met {
    since: Moment,
    /// Answers that count: the first, those after others were taken, and those when only throttled rows
    /// were left.
    times: u32,
    /// Those after others were taken.
    witnessed: u32,
    /// When the latest answer came that counts, and how many were taken and throttled by then.
    at: Moment,
    taken: u64,
    throttled: u64,
}

impl Throttles {
    /// For a run that halts after an outage of this length: the waits of a row add up to less.
    pub fn new(max_outage: Duration) -> Self {
        Self {
            rows: HashMap::new(),
            taken_at: Moment::ZERO,
            taken: 0,
            throttled: 0,
            longest_wait: WAIT_MAX.min(max_outage / (2 * ROW)),
            long: max_outage * 4 / 5,
        }
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

    /// A row was throttled at `now`.
    pub fn met(&mut self, id: JobId, now: Moment, left: Left) -> Verdict {
        let (taken, throttled) = (self.taken, self.throttled);
        self.throttled += 1;
        let new = Met { since: now, times: 0, witnessed: 0, at: now, taken, throttled };
        let rows = self.rows.len() as u64 + u64::from(!self.rows.contains_key(&id));
        let met = self.rows.entry(id).or_insert(new);
        // Where as many are throttled as are taken, it may be chance each time.
        let is_witnessed = self.taken_at > met.at && taken - met.taken >= throttled - met.throttled;
        let are_all = left.is_sole || left.rows <= rows;
        if met.times == 0 || is_witnessed || are_all {
            met.times += 1;
            met.witnessed += u32::from(is_witnessed);
            (met.at, met.taken, met.throttled) = (now, taken, self.throttled);
        }
        let (times, witnessed, since) = (met.times, met.witnessed, met.since);
        if is_witnessed && witnessed >= ROW - 1 {
            self.rows.remove(&id);
            return Verdict::Row;
        }
        let are_few = rows * LAST_PART <= self.taken;
        let is_long = now >= since.max(self.taken_at) + self.long;
        if times >= ROW && (left.is_sole || are_all && are_few && is_long) {
            return Verdict::RowIfReadsPass(self.longest_wait);
        }
        Verdict::Wait(wait(times).min(self.longest_wait))
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
    const MANY: Left = Left { rows: 1_000, is_sole: false };
    const SOLE: Left = Left { rows: 1, is_sole: true };

    /// The verdicts on a row that is throttled every minute; `between` happens after each.
    fn throttled(times: u32, left: Left, between: fn(&mut Throttles, Moment)) -> Vec<Verdict> {
        let mut throttles = Throttles::new(HALF_AN_HOUR);
        let verdicts = (1..=times).map(|minute| {
            let now = minute * 60 * SECOND;
            let verdict = throttles.met(ID, now, left);
            between(&mut throttles, now);
            verdict
        });
        verdicts.collect()
    }

    #[test]
    fn a_row_is_to_blame_where_others_were_taken_after_each_answer() {
        let verdicts = throttled(20, MANY, |throttles, now| throttles.taken(now + SECOND));
        let (last, before) = verdicts.split_last().unwrap();
        assert_eq!(*last, Verdict::Row);
        assert!(before.iter().all(|verdict| matches!(verdict, Verdict::Wait(_))), "{before:?}");
    }

    #[test]
    fn a_target_that_takes_nobody_is_not_held_against_a_row() {
        // One was taken that had left before the first of these answers.
        let between = |throttles: &mut Throttles, _| throttles.taken(59 * SECOND);
        let verdicts = throttled(100, MANY, between);
        assert!(verdicts.iter().all(|verdict| *verdict == Verdict::Wait(Duration::ZERO)));
    }

    #[test]
    fn the_last_row_is_to_blame_if_reads_pass() {
        let verdicts = throttled(21, SOLE, |_, _| {});
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
            assert!(matches!(throttles.met(ID, now, MANY), Verdict::Wait(_)), "{minute}");
            throttles.taken(now + SECOND);
        }
    }

    /// The verdicts on the last answer of each of so many rows, the only ones that are left after 1,000
    /// others were taken, after so many minutes with an answer in each.
    fn last(rows: i64, minutes: u32) -> Vec<Verdict> {
        let mut throttles = Throttles::new(HALF_AN_HOUR);
        (0..1_000).for_each(|_| throttles.taken(SECOND));
        let left = Left { rows: rows.unsigned_abs(), is_sole: false };
        let mut verdicts = Vec::new();
        for minute in 0..=minutes {
            let now = SECOND + minute * 60 * SECOND;
            verdicts = (1..=rows).map(|n| throttles.met(JobId(n), now, left)).collect();
        }
        verdicts
    }

    #[test]
    fn the_last_rows_are_to_blame_when_it_lasts_and_they_are_few() {
        assert_eq!(last(10, 23), [Verdict::Wait(WAIT_MAX); 10]);
        assert_eq!(last(10, 24), [Verdict::RowIfReadsPass(WAIT_MAX); 10]);
        assert_eq!(last(11, 60), [Verdict::Wait(WAIT_MAX); 11]);
    }

    #[test]
    fn one_that_is_taken_shows_that_the_others_may_be() {
        let mut throttles = Throttles::new(HALF_AN_HOUR);
        (0..1_000).for_each(|_| throttles.taken(SECOND));
        let left = Left { rows: 2, is_sole: false };
        let is_blamed = |minute: u32| {
            if minute == 20 {
                throttles.taken(20 * 60 * SECOND);
            }
            let verdicts = [1, 2].map(|n| throttles.met(JobId(n), minute * 60 * SECOND, left));
            verdicts.iter().any(|verdict| !matches!(verdict, Verdict::Wait(_)))
        };
        assert_eq!((0..60).position(is_blamed), Some(44));
    }

    /// A quota that is used up when the last rows are left, and then lets one through at a time.
    #[test]
    fn the_last_rows_are_not_blamed_when_a_quota_lets_one_of_them_through() {
        let mut throttles = Throttles::new(HALF_AN_HOUR);
        (0..1_000).for_each(|_| throttles.taken(SECOND));
        for minute in 1..=60 {
            let now = minute * 60 * SECOND;
            if minute % 20 == 0 {
                throttles.forget(JobId(i64::from(minute / 20)));
                throttles.taken(now.saturating_sub(SECOND));
            }
            let ids = i64::from(minute / 20) + 1..=4;
            let left = Left { rows: ids.clone().count() as u64, is_sole: false };
            for id in ids {
                let verdict = throttles.met(JobId(id), now, left);
                assert!(matches!(verdict, Verdict::Wait(_)), "row {id}, minute {minute}");
            }
        }
    }

    #[test]
    fn a_row_that_was_settled_is_none_of_those_left() {
        let mut throttles = Throttles::new(HALF_AN_HOUR);
        (0..1_000).for_each(|_| throttles.taken(SECOND));
        throttles.met(JobId(2), SECOND, MANY);
        throttles.forget(JobId(2));
        // One row is left beside it that was never throttled.
        for minute in 1..=60 {
            let left = Left { rows: 2, is_sole: false };
            let verdict = throttles.met(ID, minute * 60 * SECOND, left);
            assert_eq!(verdict, Verdict::Wait(Duration::ZERO), "{minute}");
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
                assert!(matches!(throttles.met(id, now, MANY), Verdict::Wait(_)), "{second}");
            }
        }
    }

    #[test]
    fn the_waits_of_a_row_that_is_alone_end_before_the_run_does() {
        for max_outage in [60 * SECOND, 300 * SECOND, HALF_AN_HOUR] {
            let mut throttles = Throttles::new(max_outage);
            let mut waited = Duration::ZERO;
            while let Verdict::Wait(wait) = throttles.met(ID, waited, SOLE) {
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
