//! Random stories against what must hold in all of them.

use super::bench::{Bench, Row, Sent, sqlite};
use proptest::prelude::*;
use std::collections::BTreeMap;
use userferry::job::SettleAs;
use userferry::job::{self, Now, Outcome, Status};
use userferry::problem::{Problem, Rule};
use userferry::store::{
    Chosen, Claim, Deciding, JobId, Retry, RunId, Running, SourceId, Staging, Table,
};

/// One thing that happens.
#[derive(Clone, Debug)]
enum Event {
    Stage {
        keys: Vec<(u8, u8)>,
        replace: bool,
    },
    BeginRun,
    Claim(usize),
    Answer {
        which: usize,
        outcome: Outcome,
    },
    Late {
        which: usize,
        outcome: Outcome,
    },
    Lookup {
        which: usize,
        finding: Option<job::Finding>,
    },
    /// What is in hand is forgotten; a run begins only with `BeginRun`.
    Crash,
    Settle {
        which: usize,
        to: SettleAs<'static>,
    },
    Waive(usize),
    Undo {
        which: usize,
        settle: bool,
    },
    Retry,
    Restart,
    Later,
}

fn outcome() -> impl Strategy<Value = Outcome> {
    prop_oneof![
        Just(Outcome::Created { remote_id: "r".to_owned() }),
        Just(Outcome::Duplicate),
        Just(Outcome::Rejected),
        Just(Outcome::Throttled),
        Just(Outcome::NotSent),
        Just(Outcome::Unknown),
        Just(Outcome::Unsendable(Problem::new("password", Rule::Password, "too long"))),
        Just(Outcome::Returned),
    ]
}

fn event() -> impl Strategy<Value = Event> {
    let finding = prop_oneof![
        Just(None),
        Just(Some(job::Finding::Other)),
        Just(Some(job::Finding::Nobody { witnessed: true })),
        Just(Some(job::Finding::Ours { remote_id: "r".to_owned(), created_at_ms: None })),
    ];
    let to = prop_oneof![Just(SettleAs::Done), Just(SettleAs::Pending), Just(SettleAs::Failed)];
    prop_oneof![
        3 => (prop::collection::vec((0_u8..9, 0_u8..3), 1..5), any::<bool>())
            .prop_map(|(keys, replace)| Event::Stage { keys, replace }),
        2 => Just(Event::BeginRun),
        5 => (1_usize..4).prop_map(Event::Claim),
        8 => (any::<usize>(), outcome()).prop_map(|(which, outcome)| Event::Answer { which, outcome }),
        1 => (any::<usize>(), outcome()).prop_map(|(which, outcome)| Event::Late { which, outcome }),
        4 => (any::<usize>(), finding).prop_map(|(which, finding)| Event::Lookup { which, finding }),
        1 => Just(Event::Crash),
        1 => (any::<usize>(), to).prop_map(|(which, to)| Event::Settle { which, to }),
        1 => any::<usize>().prop_map(Event::Waive),
        1 => (any::<usize>(), any::<bool>()).prop_map(|(which, settle)| Event::Undo { which, settle }),
        1 => Just(Event::Retry),
        1 => Just(Event::Restart),
        2 => Just(Event::Later),
    ]
}

struct World {
    bench: Bench<Table>,
    source: SourceId,
    run: Option<RunId>,
    in_hand: Vec<Claim>,
    gone: Vec<Claim>,
    before: BTreeMap<JobId, (Row, usize)>,
}

fn class(outcome: &Outcome) -> Sent {
    let mut sent = Sent::created();
    sent.class = outcome.class();
    sent
}

impl World {
    fn new() -> Self {
        let mut bench = sqlite();
        let source = bench.source("/users.json");
        Self {
            bench,
            source,
            run: None,
            in_hand: Vec::new(),
            gone: Vec::new(),
            before: BTreeMap::new(),
        }
    }

    fn happen(&mut self, event: &Event) {
        self.bench.now_ms += 1;
        let rows = self.bench.eyes.rows();
        let pick = |which: usize| rows.get(which % rows.len().max(1)).map(|row| row.id);
        let now = Now { ms: self.bench.now_ms, jitter: 0.5 };
        match (event, self.run) {
            (Event::Stage { keys, replace }, _) => {
                let records: Vec<String> = keys
                    .iter()
                    .map(|(key, content)| {
                        format!(r#"{{"x":"{key}","p":"{content}{key}","n":{content}}}"#)
                    })
                    .collect();
                let records: Vec<&str> = records.iter().map(String::as_str).collect();
                if *replace {
                    self.bench.replace(self.source, &records);
                } else {
                    self.bench.stage(self.source, &records);
                }
            }
            (Event::BeginRun, _) => {
                self.gone.append(&mut self.in_hand);
                self.run = Some(self.bench.run());
            }
            (Event::Claim(n), Some(run)) => {
                for claim in self.bench.claim(run, *n) {
                    let last = self.before.get(&claim.id).map_or(0, |(row, _)| row.sends);
                    assert_eq!(claim.sends, last + 1);
                    self.in_hand.push(claim);
                }
            }
            (Event::Answer { which, outcome }, Some(run)) if !self.in_hand.is_empty() => {
                let claim = self.in_hand.remove(which % self.in_hand.len());
                let mut sent = class(outcome);
                sent.transition = job::next(&claim.job, outcome, None, now);
                assert_eq!(self.bench.tick(run, &[sent.of(&claim)], 0).fenced, 0);
            }
            (Event::Late { which, outcome }, Some(run)) if !self.gone.is_empty() => {
                // A run that is gone cannot write under its own number any more.
                let claim = &self.gone[which % self.gone.len()];
                let mut sent = class(outcome);
                sent.transition = job::next(&claim.job, outcome, None, now);
                let late = RunId(run.0 - 1);
                assert_eq!(self.bench.tick(late, &[sent.of(claim)], 0).fenced, 1);
            }
            (Event::Lookup { which, finding: Some(finding) }, Some(run)) => {
                let doubts = self.bench.store.doubts(JobId(0), 100).unwrap();
                let Some(doubt) = doubts.get(which % doubts.len().max(1)) else { return };
                let policy = job::Policy::default();
                let Some(next) = job::settle(&doubt.job, finding, &policy, now) else { return };
                let mut sent = Sent::created().by_lookup();
                sent.transition = next;
                assert_eq!(self.bench.tick(run, &[sent.of(doubt)], 0).fenced, 0);
            }
            // People decide while no run is going: they hold the same lock.
            (Event::Settle { which, to }, _) => {
                self.crash();
                if let Some(id) = pick(*which) {
                    self.bench.store.settle(id, *to, "so", self.bench.now_ms).unwrap();
                }
            }
            (Event::Waive(which), _) => {
                self.crash();
                let chosen = Chosen::Jobs(pick(*which).into_iter().collect());
                self.bench.store.waive(&chosen, "so", self.bench.now_ms).unwrap();
            }
            (Event::Undo { which, settle }, _) => {
                let decision = if *settle { "settle" } else { "waive" };
                if let Some(id) = pick(*which) {
                    self.bench.undo(id, decision, self.bench.now_ms);
                }
            }
            (Event::Retry, _) => {
                self.bench.store.retry(&Retry::default(), self.bench.now_ms).unwrap();
            }
            (Event::Restart, _) => {
                self.source =
                    self.bench.store.restart_source(self.source, self.bench.now_ms).unwrap();
                let kept: Vec<JobId> = self.bench.eyes.rows().iter().map(|row| row.id).collect();
                self.before.retain(|id, (row, attempts)| {
                    assert!(kept.contains(id) || (row.sends == 0 && *attempts == 0), "{row:?}");
                    kept.contains(id)
                });
            }
            (Event::Crash, _) => self.crash(),
            (Event::Later, _) => self.bench.now_ms += 1_000,
            _ => {}
        }
        self.check();
    }

    fn crash(&mut self) {
        self.gone.append(&mut self.in_hand);
        self.run = None;
    }

    fn check(&mut self) {
        self.bench.balance();
        let mut after = BTreeMap::new();
        for row in self.bench.eyes.rows() {
            let attempts = self.bench.eyes.attempts(row.id).len();
            assert!(attempts <= row.sends as usize);
            let settled = matches!(row.status, Status::Done | Status::Failed);
            assert_eq!(row.detail.is_some(), settled);
            let problems = !self.bench.eyes.problems(row.id).is_empty();
            assert!(row.status != Status::Pending || !problems || row.sends > 0);
            if let Some((old, old_attempts)) = self.before.get(&row.id) {
                assert!(row.sends >= old.sends && attempts >= *old_attempts);
                assert!(row.sends <= old.sends + 1);
            }
            after.insert(row.id, (row, attempts));
        }
        assert!(self.before.keys().all(|id| after.contains_key(id)), "a job is lost");
        self.before = after;
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn whatever_happens_the_books_balance_and_history_only_grows(
        events in prop::collection::vec(event(), 1..60)
    ) {
        let mut world = World::new();
        for event in &events {
            world.happen(event);
        }
    }
}
