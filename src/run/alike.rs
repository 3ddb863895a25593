//! One wrong setting must not burn a million rows: when the first answers of a run, or nearly all
//! of the last ones, are refusals with one code, the fault is not the rows'.

use crate::store::JobId;
use std::collections::{HashMap, VecDeque};

/// This many first answers of a run, all refused alike, halt it; fewer if it may settle no more.
const FIRST: u64 = 20;
/// But not fewer than this.
const FIRST_LEAST: u64 = 5;
/// The latest answers that are watched.
const LAST: usize = 200;
/// This many of them, refused alike, halt the run: 95 %.
const OF_LAST: usize = 190;

/// Watches the definite answers of a run; duplicates are not among them.
#[derive(Debug)]
pub struct Alike {
    first: u64,
    answers: VecDeque<Answer>,
    refused: HashMap<String, usize>,
    seen: u64,
}

#[derive(Debug)]
struct Answer {
    job: (JobId, u32),
    code: Option<String>,
}

/// Every row is refused alike.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// The code of the refusals.
    pub code: String,
    /// The rows that were refused with it (job and fence), to be taken back.
    pub rows: Vec<(JobId, u32)>,
}

impl Alike {
    /// For a run that settles at most `limit` rows.
    pub fn new(limit: Option<u64>) -> Self {
        let first = limit.map_or(FIRST, |limit| limit.clamp(FIRST_LEAST, FIRST));
        Self { first, answers: VecDeque::new(), refused: HashMap::new(), seen: 0 }
    }

    /// A row was created.
    pub fn created(&mut self, id: JobId, sends: u32) {
        self.push(Answer { job: (id, sends), code: None });
    }

    /// A row was refused.
    pub fn refused(&mut self, id: JobId, sends: u32, code: &str) -> Option<Verdict> {
        self.push(Answer { job: (id, sends), code: Some(code.to_owned()) });
        let alike = self.refused.get(code).copied().unwrap_or(0);
        let all_first = self.seen == self.first && alike as u64 == self.first;
        let most_last = self.answers.len() == LAST && alike >= OF_LAST;
        if !all_first && !most_last {
            return None;
        }
        let rows = self.answers.iter().filter(|answer| answer.code.as_deref() == Some(code));
        Some(Verdict { code: code.to_owned(), rows: rows.map(|answer| answer.job).collect() })
    }

    fn push(&mut self, answer: Answer) {
        self.seen += 1;
        if let Some(code) = &answer.code {
            *self.refused.entry(code.clone()).or_default() += 1;
        }
        self.answers.push_back(answer);
        if self.answers.len() > LAST
            && let Some(Answer { code: Some(code), .. }) = self.answers.pop_front()
            && let Some(n) = self.refused.get_mut(&code)
        {
            *n -= 1;
            if *n == 0 {
                self.refused.remove(&code);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_twenty_refused_alike_halt_the_run() {
        let mut alike = Alike::new(None);
        for n in 0..19 {
            assert_eq!(alike.refused(JobId(n), 1, "2003"), None);
        }
        let verdict = alike.refused(JobId(19), 1, "2003").unwrap();
        assert_eq!(verdict.rows.len(), 20);
    }

    #[test]
    fn a_canary_halts_sooner() {
        for (limit, expected) in [(1, 4), (5, 4), (10, 9), (1_000, 19)] {
            let mut alike = Alike::new(Some(limit));
            let halted = (0..30).find(|n| alike.refused(JobId(*n), 1, "2003").is_some());
            assert_eq!(halted, Some(expected), "--limit {limit}");
        }
    }

    #[test]
    fn one_created_among_the_first_twenty_does_not() {
        let mut alike = Alike::new(None);
        alike.created(JobId(0), 1);
        for n in 1..189 {
            assert_eq!(alike.refused(JobId(n), 1, "2003"), None, "{n}");
        }
    }

    #[test]
    fn nearly_all_of_the_last_two_hundred_halt_it() {
        let mut alike = Alike::new(None);
        for n in 0..1_000 {
            alike.created(JobId(n), 1);
        }
        let halted = (0..400).find(|n| alike.refused(JobId(1_000 + n), 1, "1001").is_some());
        assert_eq!(halted, Some(189), "the 190th refusal, with 10 created before");
    }

    #[test]
    fn only_the_last_two_hundred_count() {
        let mut alike = Alike::new(None);
        for n in 0..400 {
            if n % 2 == 0 {
                alike.created(JobId(n), 1);
            } else {
                assert_eq!(alike.refused(JobId(n), 1, "1001"), None);
            }
        }
        let halted = (0..400).find(|n| alike.refused(JobId(1_000 + n), 1, "1001").is_some());
        // 100 of the last 200 at first; two more refusals take one created answer's place.
        assert_eq!(halted, Some(178));
    }

    #[test]
    fn refusals_with_different_codes_do_not() {
        let mut alike = Alike::new(None);
        for n in 0..1_000 {
            let code = if n % 2 == 0 { "2003" } else { "2028" };
            assert_eq!(alike.refused(JobId(n), 1, code), None);
        }
    }
}
