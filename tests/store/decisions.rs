//! The laws of what people decide.

use super::bench::{Bench, Sent};
use userferry::job::SettleAs;
use userferry::job::{Detail, Status};
use userferry::store::{Chosen, JobId, NewRun, Retry, RunId, Store, Undone};

const NOTHING: Undone = Undone { undone: 0, taken: 0, moved_on: 0 };
const UNDONE: Undone = Undone { undone: 1, ..NOTHING };
const TAKEN: Undone = Undone { taken: 1, ..UNDONE };
const MOVED_ON: Undone = Undone { moved_on: 1, ..NOTHING };

pub(super) fn a_doubt_is_settled_by_a_person_and_that_is_undone(mut bench: Bench<impl Store>) {
    bench.users(3);
    let run = bench.run();
    let cases = [
        (SettleAs::Done, Status::Done, Some(Detail::Existed)),
        (SettleAs::Pending, Status::Pending, None),
        (SettleAs::Failed, Status::Failed, Some(Detail::Rejected)),
    ];
    for (to, status, detail) in cases {
        let mut outcome = Sent::duplicate();
        outcome.transition.not_before_ms = 0;
        let id = bench.send(run, &outcome);
        let before = bench.row(id);
        assert!(bench.store.settle(id, to, "asked the help desk", 2_000).unwrap());
        bench.balance();
        let row = bench.row(id);
        assert_eq!((row.status, row.detail, row.code), (status, detail, None));
        assert_eq!(row.reason.as_deref(), Some("asked the help desk"));
        assert_eq!(bench.undo(id, "waive", 3_000), NOTHING);
        assert_eq!(bench.undo(id, "settle", 3_000), UNDONE);
        bench.balance();
        assert_eq!(bench.row(id), before);
        assert_eq!(bench.undo(id, "settle", 4_000), NOTHING);
        // In doubt again, and found by the next run.
        assert!(bench.store.doubts(JobId(0), 9).unwrap().iter().any(|doubt| doubt.id == id));
    }
}

pub(super) fn whose_settings_a_doubt_was_sent_with_is_known(mut bench: Bench<impl Store>) {
    fn begin(bench: &mut Bench<impl Store>, settings: &str) -> RunId {
        let new = NewRun {
            machine: "here".to_owned(),
            pid: 1,
            settings: settings.to_owned(),
            now_ms: 1_000,
        };
        bench.store.begin_run(&new).unwrap()
    }
    bench.users(2);
    let old = begin(&mut bench, "of the one that sent it");
    bench.send(old, &Sent::created());
    assert!(bench.store.settings_of_doubts().unwrap().is_empty());
    let doubt = bench.send(old, &Sent::unknown());
    begin(&mut bench, "of the one that has it now");
    let settings = bench.store.settings_of_doubts().unwrap();
    assert_eq!(settings, ["of the one that sent it", "of the one that has it now"]);
    bench.store.settle(doubt, SettleAs::Done, "there", 2_000).unwrap();
    assert!(bench.store.settings_of_doubts().unwrap().is_empty());
}

pub(super) fn only_a_doubt_can_be_settled(mut bench: Bench<impl Store>) {
    bench.staged(&[r#"{"x":"1"}"#, r#"{"x":"2"}"#, r#"{"x":"3"}"#, r#"{"x":"4","bad":1}"#]);
    let run = bench.run();
    bench.send(run, &Sent::created());
    bench.send(run, &Sent::rejected("1"));
    let before = bench.eyes.rows();
    for row in &before {
        assert!(!bench.store.settle(row.id, SettleAs::Done, "no", 2_000).unwrap());
    }
    assert!(!bench.store.settle(JobId(77), SettleAs::Done, "no", 2_000).unwrap());
    assert_eq!(bench.eyes.rows(), before);
}

pub(super) fn a_settled_crash_stays_in_the_ledger(mut bench: Bench<impl Store>) {
    bench.users(2);
    let old = bench.run();
    let claims = bench.claim(old, 2);
    // The process ends here. Before the next run somebody decides.
    assert!(bench.store.settle(claims[0].id, SettleAs::Pending, "not there", 2_000).unwrap());
    bench.balance();
    assert_eq!(bench.eyes.attempts(claims[0].id), [(1, old.0, "unknown".to_owned())]);
    assert!(bench.store.settle(claims[1].id, SettleAs::Done, "there", 2_000).unwrap());
    assert_eq!(bench.undo(claims[1].id, "settle", 3_000), UNDONE);
    bench.balance();
    assert_eq!(bench.row(claims[1].id).status, Status::Unknown);
    let new = bench.run();
    assert_eq!(bench.eyes.attempts(claims[1].id), [(1, old.0, "unknown".to_owned())]);
    bench.now_ms = 4_000;
    let again = bench.claim(new, 2);
    assert_eq!(again.len(), 1);
    assert!(again[0].job.had_unknown, "a user found may be of our making");
}

pub(super) fn failed_and_invalid_rows_are_waived_and_that_is_undone(mut bench: Bench<impl Store>) {
    bench.staged(&[r#"{"x":"1"}"#, r#"{"x":"2"}"#, r#"{"x":"3","bad":1}"#]);
    let run = bench.run();
    bench.send(run, &Sent::rejected("1"));
    bench.send(run, &Sent::rejected("2"));
    let before = bench.eyes.rows();
    let one = Chosen::Jobs(vec![before[1].id]);
    assert_eq!(bench.store.waive(&one, "left us", 2_000).unwrap(), 1);
    bench.balance();
    let failed = Chosen::Status(Status::Failed);
    assert_eq!(bench.store.waive(&failed, "test users", 2_001).unwrap(), 1);
    let invalid = Chosen::Status(Status::Invalid);
    assert_eq!(bench.store.waive(&invalid, "test users", 2_002).unwrap(), 1);
    bench.balance();
    assert!(bench.eyes.rows().iter().all(|row| row.detail == Some(Detail::Waived)));
    // Whoever was named stays out.
    assert_eq!(bench.store.waived(&failed).unwrap(), [before[0].id]);
    assert_eq!(bench.store.waived_otherwise(&failed).unwrap(), 1);
    assert_eq!(bench.store.waived_otherwise(&invalid).unwrap(), 0);
    for id in [before[0].id, before[1].id] {
        assert_eq!(bench.undo(id, "waive", 3_000), UNDONE);
        bench.balance();
    }
    assert_eq!(bench.eyes.rows()[..2], before[..2]);
    assert!(bench.store.waived(&failed).unwrap().is_empty());
    assert_eq!(bench.store.waived(&invalid).unwrap(), [before[2].id]);
}

/// A file that was staged by mistake, or in place of another.
pub(super) fn the_rows_of_one_source_are_waived_and_that_is_undone(mut bench: Bench<impl Store>) {
    let first = [r#"{"x":"1","e":"a"}"#, r#"{"x":"2","e":"b"}"#];
    bench.staged(&first);
    let run = bench.run();
    bench.send(run, &Sent::created());
    // The second one stands in the place of the row that the first source began with.
    let wrong = [r#"{"x":"7","e":"g"}"#, r#"{"x":"2","e":"c"}"#, r#"{"x":"8","bad":1}"#];
    let source = bench.source("wrong");
    bench.replace(source, &wrong);
    let before = bench.eyes.rows();
    let of = |path: &str, statuses: &[Status]| Chosen::Source {
        path: path.to_owned(),
        is_latest: true,
        statuses: statuses.to_vec(),
    };
    let all = [Status::Pending, Status::Failed, Status::Invalid];
    assert_eq!(bench.store.waive(&of("other", &all), "wrong", 2_000).unwrap(), 0);
    assert_eq!(bench.store.waive(&of("wrong", &[Status::Failed]), "wrong", 2_000).unwrap(), 0);
    assert_eq!(bench.store.waive(&of("wrong", &all), "wrong", 2_000).unwrap(), 3);
    bench.balance();
    let waived: Vec<bool> =
        bench.eyes.rows().iter().map(|row| row.detail == Some(Detail::Waived)).collect();
    assert_eq!(waived, [false, true, true, true], "the user who was created stays");
    let back = bench.store.waived(&of("wrong", &all)).unwrap();
    assert_eq!(back, before[1..].iter().map(|row| row.id).collect::<Vec<_>>());
    for id in back {
        assert_eq!(bench.undo(id, "waive", 3_000), UNDONE);
    }
    bench.balance();
    assert_eq!(bench.eyes.rows(), before);
}

/// Whoever takes a source's waiver back wants nobody back whom they had let go before, for another reason.
pub(super) fn of_a_source_only_what_was_waived_with_it_comes_back(mut bench: Bench<impl Store>) {
    bench.staged(&[r#"{"x":"0"}"#]);
    let source = bench.source("wrong");
    bench.stage(source, &[r#"{"x":"1"}"#, r#"{"x":"2"}"#, r#"{"x":"3","bad":1}"#, r#"{"x":"4"}"#]);
    let ids: Vec<_> = bench.eyes.rows().iter().map(|row| row.id).collect();
    let all = [Status::Pending, Status::Failed, Status::Invalid];
    let of = |statuses: &[Status]| Chosen::Source {
        path: "wrong".to_owned(),
        is_latest: true,
        statuses: statuses.to_vec(),
    };
    // One by one, by its status, and with the source: twice in the same millisecond and for the same reason.
    let mut waive = |which: &Chosen| bench.store.waive(which, "so", 2_000).unwrap();
    assert_eq!(waive(&Chosen::Jobs(vec![ids[0], ids[1]])), 2);
    assert_eq!(waive(&Chosen::Status(Status::Invalid)), 1);
    assert!(bench.store.waived(&of(&all)).unwrap().is_empty());
    assert_eq!(bench.store.waive(&of(&all), "so", 2_000).unwrap(), 2);
    assert_eq!(bench.store.waived(&of(&all)).unwrap(), [ids[2], ids[4]]);
    // Two rows of the source were waived otherwise, one by key and one by status: they stay waived.
    assert_eq!(bench.store.waived_otherwise(&of(&all)).unwrap(), 2);
    // A choice by status takes nobody back who was let go by itself or with the source.
    assert_eq!(bench.store.waived(&Chosen::Status(Status::Invalid)).unwrap(), [ids[3]]);
    assert!(bench.store.waived(&Chosen::Status(Status::Pending)).unwrap().is_empty());
    // Once taken back, a row that is let go by itself is not the source's any more.
    assert_eq!(bench.undo(ids[2], "waive", 3_000), UNDONE);
    assert_eq!(bench.store.waive(&Chosen::Jobs(vec![ids[2]]), "so", 4_000).unwrap(), 1);
    assert_eq!(bench.store.waived(&of(&all)).unwrap(), [ids[4]]);
    bench.balance();
}

fn count<S: Store>(bench: &Bench<S>, path: &str) -> Vec<(Status, Option<Detail>, u64)> {
    let mut rows = bench.store.rows_of(path).unwrap();
    rows.sort_by_key(|(status, detail, _)| (status.as_str(), detail.map(Detail::as_str)));
    rows
}

/// By statuses, for the source of each record.
pub(super) fn the_rows_of_a_source_are_counted_where_their_records_are(
    mut bench: Bench<impl Store>,
) {
    let first = bench.source("first");
    bench.stage(first, &[r#"{"x":"1"}"#, r#"{"x":"2"}"#, r#"{"x":"3","bad":1}"#]);
    let (pending, invalid) = ((Status::Pending, None), (Status::Invalid, None));
    let is = |kinds: &[((Status, Option<Detail>), u64)]| -> Vec<(Status, Option<Detail>, u64)> {
        kinds.iter().map(|((status, detail), n)| (*status, *detail, *n)).collect()
    };
    assert_eq!(count(&bench, "first"), is(&[(invalid, 1), (pending, 2)]));
    let second = bench.source("second");
    bench.replace(second, &[r#"{"x":"2","e":"b"}"#, r#"{"x":"3","e":"c"}"#, r#"{"x":"4"}"#]);
    assert_eq!(count(&bench, "first"), is(&[(pending, 1)]));
    assert_eq!(count(&bench, "second"), is(&[(pending, 3)]));
    let run = bench.run();
    bench.send(run, &Sent::created());
    let id = bench.eyes.rows()[1].id;
    bench.store.waive(&Chosen::Jobs(vec![id]), "so", 2_000).unwrap();
    let (created, waived) = (Some(Detail::Created), Some(Detail::Waived));
    assert_eq!(count(&bench, "first"), is(&[((Status::Done, created), 1)]));
    assert_eq!(count(&bench, "second"), is(&[((Status::Done, waived), 1), (pending, 2)]));
    assert!(count(&bench, "third").is_empty());
}

/// A row whose run was killed stands as sending, and counts as one in doubt.
pub(super) fn what_a_crash_left_is_waived_and_taken_back_as_in_doubt(mut bench: Bench<impl Store>) {
    bench.staged(&[r#"{"x":"1"}"#]);
    let run = bench.run();
    bench.claim(run, 1);
    let unknown = Chosen::Status(Status::Unknown);
    assert_eq!(bench.store.waive(&unknown, "gone", 2_000).unwrap(), 1);
    bench.balance();
    assert_eq!(bench.store.waived(&unknown).unwrap(), [bench.eyes.rows()[0].id]);
}

/// Else both would be sent, and the second be told that it existed.
pub(super) fn whoever_took_the_place_of_a_waived_row_keeps_it(mut bench: Bench<impl Store>) {
    bench.staged(&[r#"{"x":"1","e":"a"}"#, r#"{"x":"2","e":"b"}"#, r#"{"x":"3","e":"c","bad":1}"#]);
    let run = bench.run();
    let one = bench.send(run, &Sent::rejected("1"));
    let two = bench.send(run, &Sent::rejected("1"));
    let three = bench.eyes.rows()[2].id;
    // By what they are: whoever is named stays out.
    for (status, n) in [(Status::Failed, 2), (Status::Invalid, 1)] {
        let all = Chosen::Status(status);
        assert_eq!(bench.store.waive(&all, "left us", 2_000).unwrap(), n);
    }
    let later = bench.source("/later.json");
    bench.stage(
        later,
        &[r#"{"x":"1","e":"z"}"#, r#"{"x":"9","e":"b","bad":1}"#, r#"{"x":"8","e":"c"}"#],
    );
    let (done, pending, invalid) = (Status::Done, Status::Pending, Status::Invalid);
    assert_eq!(bench.statuses(), [done, done, done, pending, invalid, pending]);
    assert_eq!(bench.undo(one, "waive", 3_000), TAKEN);
    // Who has its e-mail address cannot be sent: it stands in nobody's way who was there before.
    assert_eq!(bench.undo(two, "waive", 3_000), UNDONE);
    assert_eq!(bench.undo(three, "waive", 3_000), TAKEN);
    let retried = bench.store.retry(&Retry::default(), 4_000).unwrap();
    assert_eq!((retried.pending, retried.invalid), (1, 1));
    assert_eq!(bench.statuses(), [invalid, pending, invalid, pending, invalid, pending]);
    let rules = |id: JobId| -> Vec<String> {
        bench.eyes.problems(id).into_iter().map(|(rule, _)| rule).collect()
    };
    assert_eq!(rules(one), ["duplicate-key"]);
    assert_eq!(rules(three), ["email", "duplicate-email"]);
    bench.balance();
}

/// Both come back at once: the first has the place, as if nothing had been.
pub(super) fn of_two_that_come_back_together_the_first_has_the_place(mut bench: Bench<impl Store>) {
    bench.staged(&[r#"{"x":"1","e":"a"}"#]);
    let one = bench.eyes.rows()[0].id;
    // With its source: whoever is named stays out.
    let all = Chosen::Source {
        path: "/users.json".to_owned(),
        is_latest: true,
        statuses: vec![Status::Pending],
    };
    bench.store.waive(&all, "so", 2_000).unwrap();
    let later = bench.source("/later.json");
    bench.stage(later, &[r#"{"x":"1","e":"b"}"#]);
    let two = bench.eyes.rows()[1].id;
    bench.store.waive(&Chosen::Jobs(vec![two]), "so", 2_001).unwrap();
    assert_eq!(bench.undo_all(&[two, one], 3_000), Undone { undone: 2, taken: 1, moved_on: 0 });
    assert_eq!(bench.row(one).status, Status::Pending);
    assert_eq!(bench.row(two).status, Status::Invalid);
}

/// Whoever is named goes, also beside others, and comes back to be sent.
pub(super) fn a_pending_row_is_waived_with_the_others_that_are_named(mut bench: Bench<impl Store>) {
    bench.staged(&[r#"{"x":"1","e":"a"}"#, r#"{"x":"1","e":"b"}"#]);
    let before = bench.eyes.rows();
    let ids: Vec<JobId> = before.iter().map(|row| row.id).collect();
    assert_eq!([before[0].status, before[1].status], [Status::Pending, Status::Invalid]);
    assert_eq!(bench.store.waive(&Chosen::Jobs(ids.clone()), "gone", 2_000).unwrap(), 2);
    bench.balance();
    assert!(bench.eyes.rows().iter().all(|row| row.detail == Some(Detail::Waived)));
    assert_eq!(bench.undo_all(&ids, 3_000), Undone { undone: 2, taken: 0, moved_on: 0 });
    bench.balance();
    assert_eq!(bench.eyes.rows(), before);
}

/// Of two records of one key the second had it against it before, and nobody came meanwhile.
pub(super) fn two_of_one_key_come_back_as_they_were(mut bench: Bench<impl Store>) {
    bench.staged(&[r#"{"x":"1","e":"a"}"#, r#"{"x":"1","e":"b"}"#]);
    let run = bench.run();
    bench.send(run, &Sent::rejected("1"));
    let before = bench.eyes.rows();
    let ids: Vec<JobId> = before.iter().map(|row| row.id).collect();
    let problems = bench.eyes.problems(ids[1]);
    assert_eq!(problems.len(), 1);
    for (waived, expected) in [(ids.clone(), 2), (vec![ids[1]], 1)] {
        bench.store.waive(&Chosen::Jobs(waived.clone()), "so", 2_000).unwrap();
        let undone = Undone { undone: expected, taken: 0, moved_on: 0 };
        assert_eq!(bench.undo_all(&waived, 3_000), undone);
        assert_eq!(bench.eyes.rows(), before);
        assert_eq!(bench.eyes.problems(ids[1]), problems);
        bench.balance();
    }
}

/// What was held against it need not be there any more.
pub(super) fn a_row_that_is_waived_no_more_is_free_if_nobody_stands_in_its_way(
    mut bench: Bench<impl Store>,
) {
    bench.staged(&[r#"{"x":"1","e":"a"}"#, r#"{"x":"2","e":"a"}"#]);
    let run = bench.run();
    let one = bench.send(run, &Sent::rejected("1"));
    let two = bench.eyes.rows()[1].id;
    assert_eq!(bench.row(two).status, Status::Invalid);
    bench.store.waive(&Chosen::Jobs(vec![one, two]), "so", 2_000).unwrap();
    assert_eq!(bench.undo(two, "waive", 3_000), UNDONE);
    assert_eq!(bench.row(two).status, Status::Pending);
    assert_eq!(bench.undo(one, "waive", 3_000), TAKEN);
    assert_eq!(bench.row(one).status, Status::Failed);
}

pub(super) fn decisions_are_undone_one_after_the_other(mut bench: Bench<impl Store>) {
    bench.users(1);
    let run = bench.run();
    let id = bench.send(run, &Sent::unknown());
    bench.store.settle(id, SettleAs::Failed, "no", 2_000).unwrap();
    bench.store.waive(&Chosen::Jobs(vec![id]), "no", 3_000).unwrap();
    assert_eq!(bench.undo(id, "settle", 3_500), MOVED_ON, "the later one first");
    assert_eq!(bench.undo(id, "waive", 4_000), UNDONE);
    assert_eq!(bench.row(id).status, Status::Failed);
    assert_eq!(bench.undo(id, "settle", 5_000), UNDONE);
    assert_eq!(bench.row(id).status, Status::Unknown);
    bench.balance();
}

/// The row was mapped anew: what it was before is not what the old mapping made of it.
pub(super) fn what_was_settled_is_not_undone_after_another_mapping(mut bench: Bench<impl Store>) {
    bench.users(3);
    let run = bench.run();
    for to in [SettleAs::Done, SettleAs::DoneWithId("x"), SettleAs::Failed] {
        let id = bench.send(run, &Sent::unknown());
        assert!(bench.store.settle(id, to, "asked", 2_000).unwrap());
    }
    // In the same millisecond as the last decision.
    bench.remap("B", 2_000);
    let before = bench.eyes.rows();
    for row in &before {
        assert_eq!(bench.undo(row.id, "settle", 3_000), MOVED_ON);
    }
    assert_eq!(bench.eyes.rows(), before);
}

/// A waiver is taken back also then, but nothing that was decided before it.
pub(super) fn a_waiver_is_undone_after_another_mapping_and_nothing_before_it(
    mut bench: Bench<impl Store>,
) {
    bench.users(2);
    let run = bench.run();
    let settled = bench.send(run, &Sent::unknown());
    let failed = bench.send(run, &Sent::rejected("1"));
    assert!(bench.store.settle(settled, SettleAs::Failed, "asked", 2_000).unwrap());
    let before = bench.eyes.rows();
    bench.store.waive(&Chosen::Jobs(vec![settled, failed]), "gone", 3_000).unwrap();
    // By a clock that was set back to the moment of the first decision.
    bench.remap("B", 2_000);
    assert_eq!(bench.undo(settled, "settle", 4_000), MOVED_ON);
    assert_eq!(bench.undo(settled, "waive", 4_000), UNDONE);
    assert_eq!(bench.undo(failed, "waive", 4_000), UNDONE);
    assert_eq!(bench.eyes.rows(), before);
    assert_eq!(bench.undo(settled, "settle", 5_000), MOVED_ON);
    assert_eq!(bench.eyes.rows(), before);
}

/// The doubt was the first run's; the last one looks it up.
pub(super) fn a_doubt_that_comes_back_is_in_the_hands_of_the_last_run(
    mut bench: Bench<impl Store>,
) {
    bench.users(1);
    let first = bench.run();
    let claim = bench.claim(first, 1).remove(0);
    bench.tick(first, &[Sent::unknown().of(&claim)], 0);
    bench.store.settle(claim.id, SettleAs::Failed, "no", 2_000).unwrap();
    let last = bench.run();
    assert_eq!(bench.undo(claim.id, "settle", 3_000), UNDONE);
    let found = Sent::created().by_lookup().of(&claim);
    assert_eq!(bench.tick(first, std::slice::from_ref(&found), 0).fenced, 1);
    assert_eq!(bench.tick(last, &[found], 0).fenced, 0);
}

/// Waived as failed, taken back, retried and waived as pending: it is no failed row that was waived.
pub(super) fn only_waivers_that_hold_are_listed(mut bench: Bench<impl Store>) {
    bench.users(1);
    let run = bench.run();
    let id = bench.send(run, &Sent::rejected("1"));
    let failed = Chosen::Status(Status::Failed);
    assert_eq!(bench.store.waive(&failed, "so", 2_000).unwrap(), 1);
    assert_eq!(bench.store.waived(&failed).unwrap(), [id]);
    assert_eq!(bench.undo(id, "waive", 3_000), UNDONE);
    bench.store.retry(&Retry::default(), 4_000).unwrap();
    let of = |status| Chosen::Source {
        path: "/users.json".to_owned(),
        is_latest: true,
        statuses: vec![status],
    };
    assert_eq!(bench.store.waive(&of(Status::Pending), "so", 5_000).unwrap(), 1);
    assert!(bench.store.waived(&failed).unwrap().is_empty());
    assert_eq!(bench.store.waived_otherwise(&failed).unwrap(), 0);
    assert!(bench.store.waived(&of(Status::Failed)).unwrap().is_empty());
    assert_eq!(bench.store.waived(&of(Status::Pending)).unwrap(), [id]);
}

/// What was waived by an identifier beside its key is told from what was waived by itself.
pub(super) fn rows_that_were_named_beside_their_keys_are_listed(mut bench: Bench<impl Store>) {
    bench.users(2);
    let ids: Vec<JobId> = bench.eyes.rows().iter().map(|row| row.id).collect();
    let beside = Chosen::Beside(ids.clone());
    assert_eq!(bench.store.waive(&Chosen::Jobs(vec![ids[0]]), "so", 2_000).unwrap(), 1);
    assert_eq!(bench.store.waive(&beside, "so", 2_000).unwrap(), 1);
    assert_eq!(bench.store.waived(&beside).unwrap(), [ids[1]]);
    assert_eq!(bench.undo(ids[1], "waive", 3_000), UNDONE);
    assert!(bench.store.waived(&beside).unwrap().is_empty());
    bench.store.waive(&Chosen::Jobs(vec![ids[1]]), "so", 4_000).unwrap();
    assert!(bench.store.waived(&beside).unwrap().is_empty());
}

/// Who stood in the way then need not do so any more.
pub(super) fn a_retried_row_forgets_who_stood_in_its_way(mut bench: Bench<impl Store>) {
    bench.users(1);
    let run = bench.run();
    let mut conflict = Sent::rejected("1");
    conflict.transition.detail = Some(Detail::Conflict);
    conflict.transition.remote_id = Some("somebody".to_owned());
    let id = bench.send(run, &conflict);
    assert_eq!(bench.row(id).remote_id.as_deref(), Some("somebody"));
    bench.store.retry(&Retry::default(), 2_000).unwrap();
    assert_eq!(bench.row(id).remote_id, None);
}

pub(super) fn what_is_done_is_not_waived_nor_all_that_is_pending(mut bench: Bench<impl Store>) {
    bench.users(4);
    let run = bench.run();
    let done = bench.send(run, &Sent::created());
    let before = bench.eyes.rows();
    assert_eq!(bench.store.waive(&Chosen::Jobs(vec![done]), "no", 2_000).unwrap(), 0);
    for status in [Status::Pending, Status::Done] {
        assert_eq!(bench.store.waive(&Chosen::Status(status), "no", 2_000).unwrap(), 0);
    }
    assert_eq!(bench.eyes.rows(), before);
}

pub(super) fn rows_in_doubt_are_waived_and_that_is_undone(bench: Bench<impl Store>) {
    doubts_come_back(bench, false);
}

pub(super) fn all_rows_in_doubt_are_waived_and_that_is_undone(bench: Bench<impl Store>) {
    doubts_come_back(bench, true);
}

/// Whoever gives up a row in doubt gets the doubt back with --undo; what an earlier run still hears of
/// it is dropped.
fn doubts_come_back(mut bench: Bench<impl Store>, by_status: bool) {
    bench.users(2);
    let run = bench.run();
    let unknown = bench.send(run, &Sent::unknown());
    let crashed = bench.claim(run, 1).remove(0);
    let chosen = if by_status {
        Chosen::Status(Status::Unknown)
    } else {
        Chosen::Jobs(vec![unknown, crashed.id])
    };
    assert_eq!(bench.store.waive(&chosen, "gone", 2_000).unwrap(), 2);
    bench.balance();
    for id in [unknown, crashed.id] {
        assert_eq!(bench.row(id).status, Status::Done);
    }
    assert_eq!(bench.tick(run, &[Sent::created().of(&crashed)], 0).fenced, 1);
    for id in [unknown, crashed.id] {
        assert_eq!(bench.undo(id, "waive", 3_000), UNDONE);
        assert_eq!(bench.row(id).status, Status::Unknown);
    }
    let run = bench.run();
    let doubts = bench.store.doubts(JobId(0), 10).unwrap();
    assert_eq!(doubts.len(), 2);
    let found: Vec<_> = doubts.iter().map(|doubt| Sent::created().by_lookup().of(doubt)).collect();
    assert_eq!(bench.tick(run, &found, 0).fenced, 0);
    bench.balance();
}

pub(super) fn a_decision_that_was_followed_by_something_else_is_not_undone(
    mut bench: Bench<impl Store>,
) {
    bench.users(1);
    let run = bench.run();
    let id = bench.send(run, &Sent::unknown());
    bench.store.settle(id, SettleAs::Pending, "not there", 2_000).unwrap();
    bench.now_ms = 3_000;
    bench.send(run, &Sent::throttled(0));
    assert_eq!(bench.row(id).status, Status::Pending, "as was decided, but sent since");
    assert_eq!(bench.undo(id, "settle", 4_000), MOVED_ON);
    bench.send(run, &Sent::created());
    let before = bench.row(id);
    assert_eq!(bench.undo(id, "settle", 4_000), MOVED_ON);
    assert_eq!(bench.row(id), before);
}

pub(super) fn failed_rows_are_retried_by_code_class_and_key(mut bench: Bench<impl Store>) {
    bench.users(4);
    let run = bench.run();
    bench.send(run, &Sent::rejected("1"));
    bench.send(run, &Sent::rejected("2"));
    let mut conflict = Sent::rejected("2");
    conflict.transition.detail = Some(Detail::Conflict);
    let third = bench.send(run, &conflict);
    bench.send(run, &Sent::created());
    let by =
        |code: Option<&str>, detail, jobs| Retry { code: code.map(str::to_owned), detail, jobs };
    assert_eq!(bench.store.retry(&by(Some("3"), None, None), 2_000).unwrap().pending, 0);
    assert_eq!(bench.store.retry(&by(Some("1"), None, None), 2_000).unwrap().pending, 1);
    bench.balance();
    assert_eq!(
        bench.store.retry(&by(Some("2"), Some(Detail::Conflict), None), 2_000).unwrap().pending,
        1
    );
    bench.balance();
    assert_eq!(bench.store.retry(&by(None, None, Some(vec![third])), 2_000).unwrap().pending, 0);
    assert_eq!(bench.store.retry(&Retry::default(), 2_000).unwrap().pending, 1);
    bench.balance();
    for row in &bench.eyes.rows()[..3] {
        assert_eq!((row.status, row.spent, row.sends), (Status::Pending, 0, 1));
        assert_eq!((&row.code, &row.reason, row.detail), (&None, &None, None));
        assert_eq!(bench.eyes.attempts(row.id).len(), 1);
    }
    assert_eq!(bench.store.retry(&Retry::default(), 2_000).unwrap().pending, 0, "done stays done");
}
