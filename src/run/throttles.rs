//! Whose fault it is that a row is throttled time and again: the target's, which is busy or has used a
//! quota up, or the row's, which is throttled though others are taken. Pure: time comes from outside.

use crate::clock::Moment;
use crate::job::Halt;
use crate::store::JobId;
use crate::words::{agree, counted};
use std::collections::HashMap;
use std::time::Duration;

/// Consecutive throttled answers before the row itself is blamed, each after others were taken, and at
/// least as many as were throttled meanwhile: of requests of which less than half are throttled at
/// random that comes once in a million rows.
const ROW: u32 = 20;
/// Where only throttled rows are left, no others can be taken any more, and those that were taken before
/// have to do: a row that is throttled like any other must have so small a chance of its answers.
const LUCK: f64 = 1e-6;
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
    /// Answers that count: the first, those after others were taken, and those when only throttled rows
    /// were left.
    times: u32,
    /// Those after others were taken.
    witnessed: u32,
    /// How likely those are for a row that is throttled like any other.
    luck: f64,
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
        }
    }

    /// A row got another answer.
    pub fn forget(&mut self, id: JobId) {
        self.rows.remove(&id);
    }

    /// A request that left at `sent_at` created so many.
    pub fn taken(&mut self, sent_at: Moment, rows: u64) {
        self.taken_at = self.taken_at.max(sent_at);
        self.taken += rows;
    }

    /// So many rows were throttled in one request.
    pub fn met_together(&mut self, rows: u64) {
        self.throttled += rows;
    }

    /// Whether the rows that are left, so many, have all been throttled.
    fn are_all(&self, left: u64) -> bool {
        left <= self.rows.len() as u64
    }

    /// A row was throttled at `now`; so many are left that this run may send.
    pub fn met(&mut self, id: JobId, now: Moment, left: u64) -> Verdict {
        let (taken, throttled) = (self.taken, self.throttled);
        self.throttled += 1;
        let new = Met { times: 0, witnessed: 0, luck: 1.0, at: now, taken, throttled };
        self.rows.entry(id).or_insert(new);
        let are_all = self.are_all(left);
        let Some(met) = self.rows.get_mut(&id) else { return Verdict::Wait(Duration::ZERO) };
        let (others_taken, others_throttled) = (taken - met.taken, throttled - met.throttled);
        // Where as many are throttled as are taken, it may be chance each time.
        let is_witnessed =
            met.times > 0 && self.taken_at > met.at && others_taken >= others_throttled;
        if met.times == 0 || is_witnessed || are_all {
            met.times += 1;
            if is_witnessed {
                met.witnessed += 1;
                met.luck *= share(others_throttled, others_taken);
            }
            (met.at, met.taken, met.throttled) = (now, taken, self.throttled);
        }
        let (times, witnessed) = (met.times, met.witnessed);
        if is_witnessed && witnessed >= ROW - 1 {
            self.rows.remove(&id);
            return Verdict::Row;
        }
        // Several may wait for a quota, unless each was throttled while others were taken. That a quota is
        // used up just before the last row is so unlikely that it does not hold up every run.
        let are_to_blame = left == 1 || self.rows.values().all(|met| met.luck <= LUCK);
        if times >= ROW && are_all && are_to_blame {
            return Verdict::RowIfReadsPass(self.longest_wait);
        }
        Verdict::Wait(wait(times).min(self.longest_wait))
    }

    /// What a halt for the target's throttling tells, where only rows are left that are throttled.
    pub fn tell(&self, halt: Halt, left: u64) -> Halt {
        if left == 0 || !self.are_all(left) {
            return halt;
        }
        let (rows, are) = (counted(left, "row"), agree(left, "is", "are"));
        let whom = agree(left, "it", "each of them");
        Halt {
            message: format!("{}; {rows} {are} left, and the target throttles {whom}", halt.message),
            hint: "no row was marked failed; run again later, for a quota may be used up. Rows that are throttled even then: export --status pending shows them, run --key KEY sends one alone, waive --key KEY --reason TEXT gives one up"
                .to_owned(),
        }
    }
}

/// The share of requests that are throttled, where so many were, and so many were taken. One more of each
/// is assumed, for few tell little.
#[expect(clippy::cast_precision_loss, reason = "a share")]
fn share(throttled: u64, taken: u64) -> f64 {
    (throttled + 1) as f64 / (throttled + taken + 2) as f64
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
    const MANY: u64 = 1_000;
    const SOLE: u64 = 1;

    /// The verdicts on a row that is throttled every minute; `between` happens after each.
    fn throttled(times: u32, left: u64, between: fn(&mut Throttles, Moment)) -> Vec<Verdict> {
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
        let verdicts = throttled(20, MANY, |throttles, now| throttles.taken(now + SECOND, 1));
        let (last, before) = verdicts.split_last().unwrap();
        assert_eq!(*last, Verdict::Row);
        assert!(before.iter().all(|verdict| matches!(verdict, Verdict::Wait(_))), "{before:?}");
    }

    #[test]
    fn a_target_that_takes_nobody_is_not_held_against_a_row() {
        // One was taken that had left before the first of these answers.
        let between = |throttles: &mut Throttles, _| throttles.taken(59 * SECOND, 1);
        let verdicts = throttled(100, MANY, between);
        assert!(verdicts.iter().all(|verdict| *verdict == Verdict::Wait(Duration::ZERO)));
    }

    /// Rows that are throttled every minute. For the first of these minutes many others are left, and so
    /// many of them are taken in each.
    fn alone(
        rows: i64,
        taken: u32,
        minutes: u32,
    ) -> (Throttles, impl Fn(&mut Throttles, u32, i64) -> Verdict) {
        let mut throttles = Throttles::new(HALF_AN_HOUR);
        for minute in 1..=minutes {
            let now = minute * 60 * SECOND;
            for n in 1..=rows {
                throttles.met(JobId(n), now, MANY);
            }
            (0..taken).for_each(|_| throttles.taken(now + SECOND, 1));
        }
        (throttles, move |throttles, minute, n| {
            throttles.met(JobId(n), minute * 60 * SECOND, rows.unsigned_abs())
        })
    }

    #[test]
    fn the_last_row_is_to_blame_if_others_were_taken_while_it_was_throttled() {
        let (mut throttles, meet) = alone(1, 100, 3);
        let verdicts: Vec<Verdict> =
            (4..=21).map(|minute| meet(&mut throttles, minute, 1)).collect();
        let (before, last) = verdicts.split_at(16);
        assert!(before.iter().all(|verdict| matches!(verdict, Verdict::Wait(_))), "{before:?}");
        assert_eq!(last, [Verdict::RowIfReadsPass(WAIT_MAX); 2]);
    }

    #[test]
    fn a_single_last_row_is_to_blame_after_twenty_answers() {
        let mut throttles = Throttles::new(HALF_AN_HOUR);
        let verdicts: Vec<Verdict> =
            (1..=20).map(|minute| throttles.met(ID, minute * 60 * SECOND, SOLE)).collect();
        let (last, before) = verdicts.split_last().expect("twenty");
        assert!(before.iter().all(|verdict| matches!(verdict, Verdict::Wait(_))), "{before:?}");
        assert_eq!(*last, Verdict::RowIfReadsPass(WAIT_MAX));
    }

    /// A quota may be used up.
    #[test]
    fn two_last_rows_are_not_to_blame_where_nobody_was_taken_while_they_were_throttled() {
        let mut throttles = Throttles::new(HALF_AN_HOUR);
        (0..1_000).for_each(|_| throttles.taken(SECOND, 1));
        for minute in 1..=100 {
            for n in 1..=2 {
                let verdict = throttles.met(JobId(n), minute * 60 * SECOND, 2);
                assert!(matches!(verdict, Verdict::Wait(_)), "{minute}");
            }
        }
    }

    #[test]
    fn several_are_to_blame_if_each_was_throttled_while_others_were_taken() {
        let (mut throttles, meet) = alone(2, 100, 4);
        for minute in 5..=21 {
            let verdicts = [1, 2].map(|n| meet(&mut throttles, minute, n));
            let are_blamed = verdicts == [Verdict::RowIfReadsPass(WAIT_MAX); 2];
            assert_eq!(are_blamed, minute >= 20, "{minute}: {verdicts:?}");
        }
    }

    #[test]
    fn none_of_several_is_to_blame_if_one_may_wait_for_a_quota() {
        let (mut throttles, _) = alone(2, 100, 5);
        for minute in 6..=100 {
            for n in 1..=3 {
                let verdict = throttles.met(JobId(n), minute * 60 * SECOND, 3);
                assert!(matches!(verdict, Verdict::Wait(_)), "row {n}, minute {minute}");
            }
        }
    }

    #[test]
    fn a_halt_tells_of_the_rows_that_are_left_if_all_are_throttled() {
        let mut throttles = Throttles::new(HALF_AN_HOUR);
        throttles.met(ID, SECOND, MANY);
        let tell = |throttles: &Throttles, left| {
            let halt = Halt { message: "too often".to_owned(), hint: "wait".to_owned() };
            throttles.tell(halt, left).message
        };
        assert_eq!(tell(&throttles, 1), "too often; 1 row is left, and the target throttles it");
        throttles.met(JobId(2), SECOND, MANY);
        let told = "too often; 2 rows are left, and the target throttles each of them";
        assert_eq!(tell(&throttles, 2), told);
        assert_eq!([tell(&throttles, 3), tell(&throttles, 0)], ["too often"; 2]);
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
            throttles.taken(now + SECOND, 1);
        }
    }

    #[test]
    fn a_row_that_was_settled_is_none_of_those_left() {
        let mut throttles = Throttles::new(HALF_AN_HOUR);
        (0..1_000).for_each(|_| throttles.taken(SECOND, 1));
        throttles.met(JobId(2), SECOND, MANY);
        throttles.forget(JobId(2));
        // One row is left beside it that was never throttled.
        for minute in 1..=60 {
            let verdict = throttles.met(ID, minute * 60 * SECOND, 2);
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
                throttles.taken(now, 1);
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
            // Others were taken while it was throttled.
            for _ in 0..5 {
                throttles.met(ID, waited, MANY);
                waited += SECOND / 100;
                (0..1_000).for_each(|_| throttles.taken(waited, 1));
                waited += SECOND / 100;
            }
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
