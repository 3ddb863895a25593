//! The laws of a run: claims, outcomes, doubts.

use super::bench::{Bench, Sent};
use userferry::job::FirstSent;
use userferry::job::{Detail, SettleAs, Status};
use userferry::store::{JobId, OpenJob, Outlook, Record, RunEnd, Store, Tick};

pub(super) fn a_claim_takes_only_what_is_due_the_earliest_first<S: Store>(mut bench: Bench<S>) {
    bench.users(5);
    let run = bench.run();
    let claims = bench.claim(run, 3);
    let times = [2_000, 1_500, 9_000];
    let records: Vec<_> =
        claims.iter().zip(times).map(|(claim, at)| Sent::throttled(at).of(claim)).collect();
    bench.tick(run, &records, 0);
    bench.now_ms = 2_000;
    let order: Vec<i64> = bench.claim(run, 3).iter().map(|claim| claim.id.0).collect();
    assert_eq!(order, [4, 5, 2]);
    let order: Vec<i64> = bench.claim(run, 3).iter().map(|claim| claim.id.0).collect();
    assert_eq!(order, [1], "what is not due is not claimed");
}

pub(super) fn no_job_is_claimed_twice<S: Store>(mut bench: Bench<S>) {
    bench.users(7);
    let run = bench.run();
    let mut seen = std::collections::BTreeSet::new();
    for expected in [3, 3, 1, 0] {
        let claims = bench.claim(run, 3);
        assert_eq!(claims.len(), expected);
        for claim in claims {
            assert!(seen.insert(claim.id), "claimed twice");
        }
    }
    assert_eq!(bench.statuses(), [Status::Sending; 7]);
}

pub(super) fn a_claim_carries_what_the_rules_need<S: Store>(mut bench: Bench<S>) {
    bench.users(1);
    let run = bench.run();
    let first = bench.claim(run, 1).remove(0);
    assert_eq!(first.sends, 1);
    assert_eq!(first.raw, br#"{"x":"1"}"#);
    assert_eq!(first.job.spent, 0);
    assert_eq!(first.job.first_sent_ms, Some(1_007), "on the target's clock");
    assert!(!first.job.had_unknown && !first.job.duplicate && first.is_first);
    bench.tick(run, &[Sent::unknown().of(&first)], 0);
    bench.tick(run, &[Sent::throttled(0).by_lookup().of(&first)], 0);
    bench.now_ms = 5_000;
    let second = bench.claim(run, 1).remove(0);
    assert_eq!(second.sends, 2);
    assert_eq!(second.job.first_sent_ms, Some(1_007), "the first send stays the first");
    assert!(second.job.had_unknown && !second.is_first);
    let row = bench.store.jobs_by_record(1).unwrap().remove(0);
    assert_eq!(row.first_sent_ms, Some(1_007), "what is written is what is told");
}

/// A row that waits is due when it says, one that was never sent at once, one in hand never.
pub(super) fn where_chosen_jobs_stand_is_told<S: Store>(mut bench: Bench<S>) {
    bench.users(5);
    let run = bench.run();
    let waits = bench.send(run, &Sent::throttled(9_000));
    let doubt = bench.send(run, &Sent::duplicate());
    let sending = bench.claim(run, 1)[0].id;
    bench.send(run, &Sent::created());
    let ids: Vec<JobId> = bench.eyes.rows().iter().map(|row| row.id).collect();
    let open = |due_ms, is_unsent, is_unsuspected| OpenJob { due_ms, is_unsent, is_unsuspected };
    let expected = [
        (waits, open(Some(9_000), false, true)),
        (doubt, open(None, false, false)),
        (sending, open(None, false, true)),
        (ids[4], open(Some(0), true, true)),
    ];
    assert_eq!(bench.store.open_jobs(&ids).unwrap(), expected);
}

/// Also of a send whose run ended without a word, and of one that a person has decided about since.
pub(super) fn each_attempt_names_the_mapping_that_it_was_sent_under<S: Store>(mut bench: Bench<S>) {
    bench.store.bind("p", "A", 1).unwrap();
    bench.users(4);
    let run = bench.run();
    let again = bench.send(run, &Sent::throttled(0));
    let claims = bench.claim(run, 4);
    bench.store.settle(claims[1].id, SettleAs::Failed, "so", 2_000).unwrap();
    let run = bench.run();
    let back: Vec<Record> =
        [0, 2, 3].map(|n| Sent::throttled(0).by_lookup().of(&claims[n])).to_vec();
    bench.tick(run, &back, 0);
    bench.remap("B", 3_000);
    assert_eq!(bench.eyes.mappings(), ["A", "B"]);
    let run = bench.run();
    let claims = bench.claim(run, 3);
    bench.tick(run, &[Sent::created().of(&claims[0])], 0);
    bench.store.settle(claims[1].id, SettleAs::Failed, "so", 4_000).unwrap();
    bench.run();
    let (a, b) = (Some("A".to_owned()), Some("B".to_owned()));
    // Claimed twice under the first mapping, once under the other.
    assert_eq!(bench.eyes.sent_under(again), [a.clone(), a.clone(), b.clone()]);
    for id in [3, 4] {
        assert_eq!(bench.eyes.sent_under(JobId(id)), [a.clone(), b.clone()]);
    }
    assert_eq!(bench.eyes.sent_under(JobId(2)), [a]);
}

pub(super) fn an_outcome_tells_when_the_first_send_was<S: Store>(mut bench: Bench<S>) {
    bench.users(3);
    let run = bench.run();
    for (first_sent, expected) in [
        (FirstSent::Keep, Some(1_007)),
        (FirstSent::At(1_234), Some(1_234)),
        (FirstSent::Forget, Some(5_007)),
    ] {
        bench.now_ms = 1_000;
        let claim = bench.claim(run, 1).remove(0);
        bench.tick(run, &[Record { first_sent, ..Sent::throttled(0).of(&claim) }], 0);
        bench.now_ms = 5_000;
        let again = bench.claim(run, 1).remove(0);
        assert_eq!(again.job.first_sent_ms, expected, "{first_sent:?}");
        assert_eq!(again.is_first, first_sent == FirstSent::Forget);
        bench.tick(run, &[Sent::created().of(&again)], 0);
    }
}

pub(super) fn an_outcome_its_attempt_and_the_tally_are_one<S: Store>(mut bench: Bench<S>) {
    bench.users(3);
    let run = bench.run();
    let claims = bench.claim(run, 3);
    let records = [
        Sent::created().of(&claims[0]),
        Sent::rejected("2003").of(&claims[1]),
        Sent::unknown().of(&claims[2]),
    ];
    let ticked = bench.tick(run, &records, 0);
    assert_eq!(ticked.fenced, 0);
    assert_eq!(bench.statuses(), [Status::Done, Status::Failed, Status::Unknown]);
    let row = bench.row(claims[0].id);
    assert_eq!((row.detail, row.remote_id.as_deref()), (Some(Detail::Created), Some("r1")));
    assert_eq!(bench.row(claims[1].id).code.as_deref(), Some("2003"));
    for (claim, class) in claims.iter().zip(["created", "rejected", "unknown"]) {
        assert_eq!(bench.eyes.attempts(claim.id), [(1, run.0, class.to_owned())]);
    }
    let (kept, _) = bench.store.audit().unwrap();
    let failed = kept.iter().find(|line| line.status == Status::Failed).unwrap();
    assert_eq!((failed.detail.as_str(), failed.code.as_str(), failed.n), ("rejected", "2003", 1));
}

pub(super) fn an_outcome_of_an_older_send_changes_nothing<S: Store>(mut bench: Bench<S>) {
    bench.users(1);
    let run = bench.run();
    let first = bench.claim(run, 1).remove(0);
    bench.tick(run, &[Sent::throttled(0).of(&first)], 0);
    let second = bench.claim(run, 1).remove(0);
    let before = bench.row(first.id);
    let ticked = bench.tick(run, &[Sent::created().of(&first)], 0);
    assert_eq!(ticked.fenced, 1);
    assert_eq!(bench.row(first.id), before);
    assert_eq!(bench.eyes.attempts(first.id).len(), 1);
    let ticked = bench.tick(run, &[Sent::created().of(&second)], 0);
    assert_eq!(ticked.fenced, 0);
}

pub(super) fn an_outcome_of_another_run_changes_nothing<S: Store>(mut bench: Bench<S>) {
    bench.users(1);
    let old = bench.run();
    let claim = bench.claim(old, 1).remove(0);
    let new = bench.run();
    let before = bench.row(claim.id);
    let ticked = bench.tick(old, &[Sent::rejected("1").of(&claim)], 0);
    assert_eq!(ticked.fenced, 1);
    assert_eq!(bench.row(claim.id), before);
    let ticked = bench.tick(new, &[Sent::created().by_lookup().of(&claim)], 0);
    assert_eq!(ticked.fenced, 0, "the new run holds it now");
}

pub(super) fn an_outcome_of_a_settled_job_changes_nothing<S: Store>(mut bench: Bench<S>) {
    bench.users(1);
    let run = bench.run();
    let claim = bench.claim(run, 1).remove(0);
    let twice = [Sent::created().of(&claim), Sent::rejected("1").of(&claim)];
    assert_eq!(bench.tick(run, &twice, 0).fenced, 1);
    assert_eq!(bench.row(claim.id).detail, Some(Detail::Created));
    assert_eq!(bench.tick(run, &[Sent::unknown().of(&claim)], 0).fenced, 1);
    assert_eq!(bench.eyes.attempts(claim.id).len(), 1);
    assert_eq!(bench.eyes.settled(run), [1, 0, 0]);
}

pub(super) fn an_outcome_of_a_job_that_is_not_there_changes_nothing<S: Store>(mut bench: Bench<S>) {
    bench.users(1);
    let run = bench.run();
    assert_eq!(bench.tick(run, &[Sent::created().under(JobId(77), 1)], 0).fenced, 1);
}

pub(super) fn a_failed_transaction_changes_nothing<S: Store>(mut bench: Bench<S>) {
    bench.users(3);
    let run = bench.run();
    let claims = bench.claim(run, 2);
    bench.tick(run, &[Sent::unknown().of(&claims[1])], 0);
    let before = bench.eyes.rows();
    // The second attempt under one number is a bug; the ledger refuses it.
    let records = [Sent::created().of(&claims[0]), Sent::unknown().of(&claims[1])];
    let tick = Tick {
        run,
        now_ms: 2_000,
        target_now_ms: Some(2_000),
        records: &records,
        take_back: &[],
        claim: 1,
        claim_bytes: usize::MAX,
        only: None,
        rate_per_s: 0.0,
    };
    assert!(bench.store.tick(&tick).is_err());
    bench.balance();
    assert_eq!(bench.eyes.rows(), before);
    assert!(bench.eyes.attempts(claims[0].id).is_empty());
    assert_eq!(bench.tick(run, &records[..1], 1).fenced, 0, "and the store goes on");
}

pub(super) fn a_pending_job_waits_for_its_time<S: Store>(mut bench: Bench<S>) {
    bench.users(1);
    let run = bench.run();
    bench.send(run, &Sent::throttled(1_001));
    assert!(bench.claim(run, 1).is_empty());
    bench.now_ms = 1_001;
    assert_eq!(bench.claim(run, 1).len(), 1);
}

/// What goes again at once has its place among those that were never sent; what waited comes after.
pub(super) fn due_jobs_are_claimed_in_turn<S: Store>(mut bench: Bench<S>) {
    bench.users(5);
    let run = bench.run();
    let claims = bench.claim(run, 2);
    let (again, later) = (claims[0].id, claims[1].id);
    let records = [Sent::throttled(0).of(&claims[0]), Sent::throttled(bench.now_ms).of(&claims[1])];
    bench.tick(run, &records, 0);
    let new: Vec<JobId> = bench.eyes.rows()[2..].iter().map(|row| row.id).collect();
    let mut claimed =
        |n| -> Vec<JobId> { bench.claim(run, n).iter().map(|claim| claim.id).collect() };
    assert_eq!(claimed(1), [again], "who was named comes before those whom nobody has named");
    assert_eq!(claimed(2), new[..2]);
    assert_eq!(claimed(9), [new[2], later]);
}

/// The clock was set back: a target is believed for an hour, and a backoff ends within minutes.
pub(super) fn a_job_that_waits_longer_than_any_rule_says_is_due<S: Store>(mut bench: Bench<S>) {
    const HOUR_MS: i64 = 3_600_000;
    bench.users(2);
    let old = bench.run();
    let waits = bench.send(old, &Sent::throttled(bench.now_ms + HOUR_MS));
    let for_a_day = bench.send(old, &Sent::throttled(bench.now_ms + 24 * HOUR_MS));
    let new = bench.run();
    let claimed: Vec<JobId> = bench.claim(new, 9).iter().map(|claim| claim.id).collect();
    assert_eq!(claimed, [for_a_day]);
    bench.now_ms += HOUR_MS;
    assert_eq!(bench.claim(new, 9)[0].id, waits);
}

pub(super) fn attempts_are_spent_only_where_the_transition_says_so<S: Store>(mut bench: Bench<S>) {
    bench.users(1);
    let run = bench.run();
    let id = bench.send(run, &Sent::throttled(0));
    assert_eq!((bench.row(id).sends, bench.row(id).spent), (1, 0));
    bench.send(run, &Sent::rejected("1"));
    assert_eq!((bench.row(id).sends, bench.row(id).spent), (2, 1));
}

pub(super) fn an_unsendable_job_is_invalid_with_its_problem<S: Store>(mut bench: Bench<S>) {
    bench.users(1);
    let run = bench.run();
    let id = bench.send(run, &Sent::unsendable());
    assert_eq!(bench.row(id).status, Status::Invalid);
    assert_eq!(bench.eyes.problems(id)[0].0, "password");
    assert_eq!(bench.eyes.settled(run), [0, 0, 1]);
}

pub(super) fn a_new_run_finds_what_was_being_sent_in_doubt<S: Store>(mut bench: Bench<S>) {
    bench.users(3);
    let old = bench.run();
    let claims = bench.claim(old, 2);
    let new = bench.run();
    assert_eq!(bench.statuses(), [Status::Unknown, Status::Unknown, Status::Pending]);
    for claim in &claims {
        assert_eq!(bench.eyes.attempts(claim.id), [(1, old.0, "unknown".to_owned())]);
        assert_eq!(bench.row(claim.id).spent, 0, "a crash is no fault of the row");
    }
    let doubts = bench.store.doubts(JobId(0), 10).unwrap();
    assert_eq!(doubts.len(), 2);
    assert!(doubts.iter().all(|doubt| doubt.job.had_unknown && doubt.sends == 1));
    let third = bench.run();
    assert_eq!(bench.eyes.attempts(claims[0].id).len(), 1, "no send was added");
    assert_ne!(new, third);
}

pub(super) fn a_new_run_adopts_what_is_unknown_without_another_attempt<S: Store>(
    mut bench: Bench<S>,
) {
    bench.users(1);
    let old = bench.run();
    let claim = bench.claim(old, 1).remove(0);
    bench.tick(old, &[Sent::unknown().of(&claim)], 0);
    let new = bench.run();
    assert_eq!(bench.eyes.attempts(claim.id), [(1, old.0, "unknown".to_owned())]);
    assert_eq!(bench.tick(old, &[Sent::created().by_lookup().of(&claim)], 0).fenced, 1);
    assert_eq!(bench.tick(new, &[Sent::created().by_lookup().of(&claim)], 0).fenced, 0);
}

pub(super) fn doubts_come_in_pages<S: Store>(mut bench: Bench<S>) {
    bench.users(7);
    let run = bench.run();
    let claims = bench.claim(run, 6);
    bench.tick(run, &[Sent::created().of(&claims[2])], 0);
    bench.run();
    let mut after = JobId(0);
    let mut pages = Vec::new();
    loop {
        let page: Vec<i64> =
            bench.store.doubts(after, 2).unwrap().iter().map(|doubt| doubt.id.0).collect();
        let Some(last) = page.last() else { break };
        after = JobId(*last);
        pages.push(page);
    }
    assert_eq!(pages, [vec![1, 2], vec![4, 5], vec![6]]);
}

pub(super) fn doubts_know_an_earlier_unknown_and_the_last_duplicate<S: Store>(mut bench: Bench<S>) {
    bench.users(2);
    let run = bench.run();
    let claims = bench.claim(run, 2);
    bench.tick(run, &[Sent::duplicate().of(&claims[0]), Sent::unknown().of(&claims[1])], 0);
    bench.tick(run, &[Sent::throttled(0).by_lookup().of(&claims[1])], 0);
    let again = bench.claim(run, 1).remove(0);
    bench.tick(run, &[Sent::duplicate().of(&again)], 0);
    let doubts = bench.store.doubts(JobId(0), 10).unwrap();
    let known: Vec<(bool, bool)> =
        doubts.iter().map(|doubt| (doubt.job.duplicate, doubt.job.had_unknown)).collect();
    assert_eq!(known, [(true, false), (true, true)]);
    assert!(doubts.iter().all(|doubt| doubt.code.as_deref() == Some("2026")));
    assert_eq!(bench.row(claims[0].id).code.as_deref(), Some("2026"));
}

pub(super) fn a_doubt_is_settled_without_an_attempt<S: Store>(mut bench: Bench<S>) {
    bench.users(1);
    let run = bench.run();
    let claim = bench.claim(run, 1).remove(0);
    bench.tick(run, &[Sent::duplicate().of(&claim)], 0);
    bench.tick(run, &[Sent::created().by_lookup().of(&claim)], 0);
    let row = bench.row(claim.id);
    assert_eq!((row.status, row.code), (Status::Done, None));
    assert_eq!(bench.eyes.attempts(claim.id).len(), 1);
    assert_eq!(bench.eyes.settled(run), [1, 0, 0]);
}

pub(super) fn rejections_are_taken_back_unspent<S: Store>(mut bench: Bench<S>) {
    bench.users(2);
    let run = bench.run();
    let claims = bench.claim(run, 2);
    let records: Vec<_> = claims.iter().map(|claim| Sent::rejected("9").of(claim)).collect();
    bench.tick(run, &records[..1], 0);
    // One is written already, the other comes in the same transaction.
    let back: Vec<_> = claims.iter().map(|claim| (claim.id, claim.sends)).collect();
    bench.tick_with(run, &records[1..], &back, 0);
    assert_eq!(bench.statuses(), [Status::Pending; 2]);
    for row in bench.eyes.rows() {
        assert_eq!((row.spent, row.sends, row.code, row.detail), (0, 1, None, None));
        assert_eq!(bench.eyes.attempts(row.id).len(), 1, "what was sent stays in the ledger");
    }
    assert_eq!(bench.eyes.settled(run), [0, 0, 0]);
}

pub(super) fn what_could_not_be_sent_is_taken_back_without_its_problem<S: Store>(
    mut bench: Bench<S>,
) {
    bench.users(1);
    let run = bench.run();
    let id = bench.send(run, &Sent::duplicate());
    bench.tick(run, &[Sent::throttled(0).by_lookup().under(id, 1)], 0);
    bench.send(run, &Sent::unsendable());
    bench.tick_with(run, &[], &[(id, 2)], 0);
    let row = bench.row(id);
    assert_eq!((row.status, row.sends, row.spent), (Status::Pending, 2, 1), "what was spent stays");
    assert_eq!(bench.eyes.problems(id), []);
    assert_eq!(bench.eyes.attempts(id).len(), 2);
    assert_eq!(bench.eyes.settled(run), [0, 0, 0]);
}

/// The provider has somebody, or did not answer: that is no refusal of everybody.
pub(super) fn what_failed_for_another_reason_is_not_taken_back<S: Store>(mut bench: Bench<S>) {
    bench.users(2);
    let run = bench.run();
    let failed = [Detail::Conflict, Detail::Exhausted].map(|detail| {
        let mut sent = Sent::rejected("9");
        sent.transition.detail = Some(detail);
        bench.send(run, &sent)
    });
    let before = bench.eyes.rows();
    bench.tick_with(run, &[], &failed.map(|id| (id, 1)), 0);
    assert_eq!(bench.eyes.rows(), before);
    assert_eq!(bench.eyes.settled(run), [0, 2, 0]);
}

pub(super) fn only_rejections_of_the_run_are_taken_back<S: Store>(mut bench: Bench<S>) {
    bench.users(3);
    let old = bench.run();
    let failed = bench.send(old, &Sent::rejected("9"));
    let done = bench.send(old, &Sent::created());
    let run = bench.run();
    let unknown = bench.send(run, &Sent::unknown());
    let before = bench.eyes.rows();
    bench.tick_with(run, &[], &[(failed, 1), (done, 1), (unknown, 1), (JobId(77), 1)], 0);
    assert_eq!(bench.eyes.rows(), before);
    bench.tick_with(old, &[], &[(failed, 2)], 0);
    assert_eq!(bench.eyes.rows(), before, "another send");
    assert_eq!(bench.eyes.settled(run), [0, 0, 0]);
}

pub(super) fn the_outlook_tells_what_lies_ahead<S: Store>(mut bench: Bench<S>) {
    assert_eq!(bench.store.outlook().unwrap(), Outlook::default());
    bench.users(3);
    let run = bench.run();
    let all = Outlook {
        next_due_ms: Some(0),
        open: 2,
        unsuspected: 2,
        unsent: true,
        unfinished_source: true,
    };
    assert_eq!(bench.store.outlook().unwrap(), all);
    let claims = bench.claim(run, 3);
    let sending = Outlook { next_due_ms: None, unsent: false, ..all };
    assert_eq!(bench.store.outlook().unwrap(), sending);
    let mut spent = Sent::throttled(4_000);
    spent.transition.spend = true;
    bench.tick(
        run,
        &[Sent::created().of(&claims[0]), Sent::duplicate().of(&claims[1]), spent.of(&claims[2])],
        0,
    );
    let tail = Outlook {
        next_due_ms: Some(4_000),
        open: 2,
        unsuspected: 0,
        unsent: false,
        unfinished_source: true,
    };
    assert_eq!(bench.store.outlook().unwrap(), tail);
}

pub(super) fn a_run_counts_what_it_settled<S: Store>(mut bench: Bench<S>) {
    bench.users(4);
    let first = bench.run();
    bench.send(first, &Sent::created());
    bench.send(first, &Sent::rejected("1"));
    bench.send(first, &Sent::unknown());
    let end = RunEnd { end: "stopped", reason: None, now_ms: 2_000 };
    bench.store.end_run(first, &end).unwrap();
    let second = bench.run();
    bench.send(second, &Sent::unsendable());
    assert_eq!(bench.eyes.settled(first), [1, 1, 0]);
    assert_eq!(bench.eyes.settled(second), [0, 0, 1]);
}
