//! The laws of staging.

use super::bench::{Bench, Sent};
use userferry::job::{Detail, Status};
use userferry::store::{Chosen, StageCounts, Store};

const NONE: StageCounts = StageCounts {
    records: 0,
    rows: 0,
    replaced: 0,
    unchanged: 0,
    left_alone: 0,
    unsettled: 0,
    kept_out: 0,
    still_wrong: 0,
    waived: 0,
    keyless: 0,
    invalid: 0,
    differing: 0,
};

pub(super) fn what_is_staged_is_pending_and_what_has_problems_is_invalid<S: Store>(
    mut bench: Bench<S>,
) {
    let source = bench.source("/a");
    let counts = bench.stage(source, &[r#"{"x":"1"}"#, r#"{"x":"2","bad":1}"#]);
    assert_eq!(counts, StageCounts { records: 2, rows: 2, invalid: 1, ..NONE });
    let rows = bench.eyes.rows();
    assert_eq!((rows[0].status, rows[1].status), (Status::Pending, Status::Invalid));
    assert_eq!((rows[0].record_no, rows[1].record_no), (1, 2));
    assert_eq!(rows[0].raw, r#"{"x":"1"}"#);
    assert_eq!(bench.eyes.problems(rows[1].id)[0].0, "email");
}

pub(super) fn the_same_content_counts_as_unchanged<S: Store>(mut bench: Bench<S>) {
    bench.users(2);
    let again = bench.source("/b");
    let counts = bench.stage(again, &[r#"{"x":"2"}"#, r#"{"x":"3"}"#]);
    assert_eq!(counts, StageCounts { records: 2, rows: 1, unchanged: 1, ..NONE });
}

pub(super) fn the_same_json_written_otherwise_counts_as_unchanged<S: Store>(mut bench: Bench<S>) {
    let source = bench.staged(&[r#"{"x":"1","e":"a@b.c"}"#]);
    let counts = bench.stage(source, &[r#"{ "e": "a@b.c", "x": "\u0031" }"#]);
    assert_eq!(counts, StageCounts { records: 1, unchanged: 1, ..NONE });
}

pub(super) fn the_same_record_twice_in_one_source_is_one_row<S: Store>(mut bench: Bench<S>) {
    let source = bench.source("/a");
    let counts = bench.stage(source, &[r#"{"x":"1"}"#, r#"{"x":"1"}"#]);
    assert_eq!(counts, StageCounts { records: 2, rows: 1, unchanged: 1, ..NONE });
}

pub(super) fn another_record_of_the_same_key_is_invalid_and_names_the_first<S: Store>(
    mut bench: Bench<S>,
) {
    bench.staged(&[r#"{"x":"0"}"#, r#"{"x":"1"}"#, r#"{"x":"1","n":"other"}"#]);
    let row = &bench.eyes.rows()[2];
    assert_eq!(row.status, Status::Invalid);
    let problems = bench.eyes.problems(row.id);
    assert_eq!(problems.len(), 1);
    assert_eq!(problems[0].0, "duplicate-key");
    assert!(problems[0].1.starts_with("record 2 has the same key"), "{problems:?}");
}

pub(super) fn two_sources_with_the_same_key_name_the_place_of_the_first<S: Store>(
    mut bench: Bench<S>,
) {
    bench.staged(&[r#"{"x":"0"}"#, r#"{"x":"1"}"#]);
    let other = bench.source("/other.json");
    bench.stage(other, &[r#"{"x":"1","n":"other"}"#]);
    let row = &bench.eyes.rows()[2];
    let problems = bench.eyes.problems(row.id);
    assert!(problems[0].1.starts_with("record 2 of /users.json has"), "{problems:?}");
}

pub(super) fn a_duplicate_is_told_once_however_often_its_source_is_staged<S: Store>(
    mut bench: Bench<S>,
) {
    let records = [r#"{"x":"1"}"#, r#"{"x":"1","n":"other"}"#];
    bench.staged(&records);
    let again = bench.source("/grown.json");
    let counts = bench.stage(again, &records);
    assert_eq!(counts, StageCounts { records: 2, unchanged: 2, still_wrong: 1, ..NONE });
}

pub(super) fn of_records_that_share_an_identifier_the_first_stays<S: Store>(mut bench: Bench<S>) {
    bench.staged(&[
        r#"{"x":"1","e":"a@b.c","p":"+86 1","u":"li"}"#,
        r#"{"x":"2","e":"A@B.C"}"#,
        r#"{"x":"3","p":"+861"}"#,
        r#"{"x":"4","u":"li"}"#,
        r#"{"x":"5","u":"Li"}"#,
        r#"{"x":"6","e":"a@b.c","u":"li"}"#,
        r#"{"e":"a@b.c","n":"no external id"}"#,
    ]);
    let rows = bench.eyes.rows();
    let rules = |n: usize| -> Vec<String> {
        bench.eyes.problems(rows[n].id).into_iter().map(|(rule, _)| rule).collect()
    };
    assert_eq!(rules(0), [""; 0]);
    assert_eq!(rules(1), ["duplicate-email"]);
    assert_eq!(rules(2), ["duplicate-phone"]);
    assert_eq!(rules(3), ["duplicate-username"]);
    assert_eq!(rules(4), [""; 0]);
    assert_eq!(rules(5), ["duplicate-email", "duplicate-username"]);
    assert_eq!(rules(6), ["duplicate-email"]);
    let told = &bench.eyes.problems(rows[3].id)[0].1;
    assert_eq!(told, "record 1 has the same user name");
}

pub(super) fn an_identifier_of_another_kind_is_no_duplicate<S: Store>(mut bench: Bench<S>) {
    bench.staged(&[r#"{"x":"7"}"#, r#"{"u":"7"}"#, r#"{"x":"8","p":"7"}"#]);
    assert_eq!(bench.statuses(), [Status::Pending; 3]);
}

pub(super) fn a_record_without_a_key_is_known_by_its_bytes<S: Store>(mut bench: Bench<S>) {
    let source = bench.source("/a");
    let counts =
        bench.stage(source, &[r#"{"bad":1}"#, r#"{"bad":2}"#, r#"{"bad":1}"#, "not json, bad"]);
    assert_eq!(
        counts,
        StageCounts {
            records: 4,
            rows: 3,
            unchanged: 1,
            still_wrong: 1,
            keyless: 1,
            invalid: 3,
            ..NONE
        }
    );
    let again = bench.replace(source, &["not json, bad"]);
    assert_eq!(again, StageCounts { records: 1, unchanged: 1, still_wrong: 1, keyless: 1, ..NONE });
}

pub(super) fn a_replacement_takes_the_place_of_a_pending_row<S: Store>(mut bench: Bench<S>) {
    bench.users(2);
    let fixed = bench.source("/fixed");
    let counts = bench.replace(fixed, &[r#"{"x":"1","n":"new"}"#, r#"{"x":"2"}"#]);
    assert_eq!(counts, StageCounts { records: 2, replaced: 1, unchanged: 1, ..NONE });
    let rows = bench.eyes.rows();
    assert_eq!(rows.len(), 2);
    assert_eq!(rows[0].raw, r#"{"x":"1","n":"new"}"#);
    assert_eq!(rows[0].status, Status::Pending);
}

pub(super) fn a_replacement_takes_the_place_of_a_failed_row_whose_attempts_stay<S: Store>(
    mut bench: Bench<S>,
) {
    bench.users(1);
    let run = bench.run();
    let id = bench.send(run, &Sent::rejected("2003"));
    assert_eq!(bench.row(id).spent, 1);
    let fixed = bench.source("/fixed");
    bench.replace(fixed, &[r#"{"x":"1","n":"new"}"#]);
    let row = bench.row(id);
    assert_eq!((row.status, row.detail, row.code), (Status::Pending, None, None));
    assert_eq!((row.sends, row.spent), (1, 0));
    assert_eq!(bench.eyes.attempts(id), [(1, run.0, "rejected".to_owned())]);
    assert_eq!(bench.claim(run, 1)[0].sends, 2);
}

pub(super) fn a_replacement_takes_the_place_of_an_invalid_row<S: Store>(mut bench: Bench<S>) {
    bench.staged(&[r#"{"x":"1","bad":1}"#]);
    let fixed = bench.source("/fixed");
    bench.replace(fixed, &[r#"{"x":"1"}"#]);
    let rows = bench.eyes.rows();
    assert_eq!(rows[0].status, Status::Pending);
    assert!(bench.eyes.problems(rows[0].id).is_empty());
}

pub(super) fn a_replacement_with_problems_makes_the_row_invalid<S: Store>(mut bench: Bench<S>) {
    bench.staged(&[r#"{"x":"1"}"#, r#"{"x":"2","e":"a@b.c"}"#]);
    let fixed = bench.source("/fixed");
    let counts = bench.replace(fixed, &[r#"{"x":"1","e":"a@b.c"}"#]);
    assert_eq!(counts, StageCounts { records: 1, replaced: 1, invalid: 1, ..NONE });
    let rows = bench.eyes.rows();
    assert_eq!(rows[0].status, Status::Invalid);
    assert_eq!(bench.eyes.problems(rows[0].id)[0].0, "duplicate-email");
}

pub(super) fn a_replacement_leaves_a_done_row_alone<S: Store>(mut bench: Bench<S>) {
    bench.users(1);
    let run = bench.run();
    let id = bench.send(run, &Sent::created());
    let before = bench.row(id);
    let fixed = bench.source("/fixed");
    let counts = bench.replace(fixed, &[r#"{"x":"1","n":"new"}"#]);
    assert_eq!(counts, StageCounts { records: 1, left_alone: 1, ..NONE });
    assert_eq!(bench.row(id), before);
}

pub(super) fn a_replacement_never_touches_what_is_not_settled<S: Store>(mut bench: Bench<S>) {
    bench.users(2);
    let run = bench.run();
    let in_doubt = bench.send(run, &Sent::unknown());
    let sending = bench.claim(run, 1)[0].id;
    let before = (bench.row(in_doubt), bench.row(sending));
    let fixed = bench.source("/fixed");
    let counts = bench.replace(fixed, &[r#"{"x":"1","n":"new"}"#, r#"{"x":"2","n":"new"}"#]);
    assert_eq!(counts, StageCounts { records: 2, left_alone: 2, unsettled: 2, ..NONE });
    assert_eq!((bench.row(in_doubt), bench.row(sending)), before);
}

pub(super) fn a_replacement_frees_the_identifiers_of_the_old_record<S: Store>(mut bench: Bench<S>) {
    bench.staged(&[r#"{"x":"1","e":"wrong@b.c"}"#]);
    let fixed = bench.source("/fixed");
    let counts =
        bench.replace(fixed, &[r#"{"x":"1","e":"right@b.c"}"#, r#"{"x":"2","e":"wrong@b.c"}"#]);
    assert_eq!(counts, StageCounts { records: 2, rows: 1, replaced: 1, ..NONE });
}

/// Somebody who exports duplicates and corrects others has said nothing about this one; two
/// records of one source under one key are two people.
pub(super) fn a_correction_that_could_be_anybodys_replaces_nobody<S: Store>(mut bench: Bench<S>) {
    bench.staged(&[r#"{"x":"1","e":"a@b.c"}"#, r#"{"x":"1","e":"d@b.c"}"#]);
    let exported = bench.source("/invalid");
    let counts = bench.replace(exported, &[r#"{"x":"1","e":"d@b.c"}"#]);
    assert_eq!(counts, StageCounts { records: 1, unchanged: 1, still_wrong: 1, ..NONE });
    let unclear = r#"{"x":"1","e":"new@b.c"}"#;
    for n in 1..=2 {
        let fixed = bench.source("/fixed");
        let counts = bench.replace(fixed, &[unclear]);
        let first = StageCounts { records: 1, rows: 1, invalid: 1, ..NONE };
        let again = StageCounts { records: 1, unchanged: 1, still_wrong: 1, ..NONE };
        assert_eq!(counts, if n == 1 { first } else { again }, "time {n}");
    }
    let raws: Vec<String> = bench.eyes.rows().into_iter().map(|row| row.raw).collect();
    assert_eq!(raws, [r#"{"x":"1","e":"a@b.c"}"#, r#"{"x":"1","e":"d@b.c"}"#, unclear]);
    assert_eq!(bench.statuses(), [Status::Pending, Status::Invalid, Status::Invalid]);
}

/// One of two under a key is corrected; another record of the file has no more than the key in common
/// with the one that is left.
pub(super) fn what_is_left_of_two_is_not_anybodys<S: Store>(mut bench: Bench<S>) {
    let old = [r#"{"x":"1","e":"a@b.c"}"#, r#"{"x":"1","e":"d@b.c"}"#];
    bench.staged(&old);
    let fixed = bench.source("/fixed");
    let new = [r#"{"x":"1","e":"a@b.c","n":"A"}"#, r#"{"x":"1","e":"new@b.c"}"#];
    let counts = bench.replace(fixed, &new);
    assert_eq!(counts, StageCounts { records: 2, rows: 1, replaced: 1, invalid: 1, ..NONE });
    let raws: Vec<String> = bench.eyes.rows().into_iter().map(|row| row.raw).collect();
    assert_eq!(raws, [new[0], old[1], new[1]]);
}

/// A newer export holds the old record as it was, and another one under its key, or with its
/// address: that is somebody else.
pub(super) fn a_record_that_stands_in_the_same_file_is_not_replaced<S: Store>(mut bench: Bench<S>) {
    let a = r#"{"x":"1","n":"A"}"#;
    let c = r#"{"x":"1","n":"C"}"#;
    bench.staged(&[a, r#"{"e":"fam@b.c"}"#]);
    let newer = bench.source("/newer.json");
    let records = [a, c, r#"{"e":"fam@b.c"}"#, r#"{"x":"3","e":"fam@b.c"}"#];
    let counts = bench.replace(newer, &records);
    assert_eq!(counts, StageCounts { records: 4, rows: 2, unchanged: 2, invalid: 2, ..NONE });
    assert_eq!(bench.eyes.rows()[0].raw, a);
    assert_eq!(bench.eyes.rows()[1].raw, records[2]);
    // Nor is it when that file is staged plainly first, and then as a correction.
    let plain = bench.source("/users.json");
    bench.stage(plain, &[a, c]);
    let said = bench.source("/users.json");
    bench.replace(said, &[a, c]);
    assert_eq!(bench.eyes.rows()[0].raw, a);
}

/// Of two people under one key each correction goes to whom it shares more with.
pub(super) fn a_correction_goes_to_the_row_that_it_shares_most_with<S: Store>(mut bench: Bench<S>) {
    bench.staged(&[r#"{"x":"1","e":"a@b.c"}"#, r#"{"x":"1","e":"d@b.c"}"#]);
    let fixed = bench.source("/fixed");
    let of_b = r#"{"x":"1","e":"d@b.c","n":"B"}"#;
    let of_a = r#"{"x":"1","e":"a@b.c","n":"A"}"#;
    let counts = bench.replace(fixed, &[of_b, of_a]);
    assert_eq!(counts, StageCounts { records: 2, replaced: 2, invalid: 1, ..NONE });
    let rows = bench.eyes.rows();
    assert_eq!((rows[0].raw.as_str(), rows[1].raw.as_str()), (of_a, of_b));
    assert_eq!(bench.statuses(), [Status::Pending, Status::Invalid]);
    assert_eq!(bench.eyes.problems(rows[1].id).len(), 1, "the key alone");
}

/// A key that was wrong, or missing, is corrected: the row is known by what it shares else.
pub(super) fn a_correction_of_the_key_finds_its_row<S: Store>(mut bench: Bench<S>) {
    bench.staged(&[
        r#"{"x":"1","e":"a@b.c"}"#,
        r#"{"x":"1","e":"d@b.c"}"#,
        r#"{"e":"e@b.c","bad":1}"#,
        r#"{"e":"f@b.c"}"#,
    ]);
    let fixed = bench.source("/fixed");
    let counts = bench.replace(
        fixed,
        &[r#"{"x":"2","e":"d@b.c"}"#, r#"{"x":"3","e":"e@b.c"}"#, r#"{"x":"4","e":"f@b.c"}"#],
    );
    assert_eq!(counts, StageCounts { records: 3, replaced: 3, ..NONE });
    assert_eq!(bench.statuses(), [Status::Pending; 4]);
    assert!(bench.eyes.rows().iter().all(|row| bench.eyes.problems(row.id).is_empty()));
    // One who is to be sent and merely shares an address is somebody else.
    let more = bench.source("/more");
    let counts = bench.replace(more, &[r#"{"x":"5","e":"a@b.c"}"#]);
    assert_eq!(counts, StageCounts { records: 1, rows: 1, invalid: 1, ..NONE });
}

pub(super) fn a_waived_row_stands_in_nobodys_way(mut bench: Bench<impl Store>) {
    bench.staged(&[r#"{"e":"a@b.c","bad":1}"#, r#"{"x":"7","e":"a@b.c"}"#]);
    let rows = bench.eyes.rows();
    assert_eq!(bench.statuses(), [Status::Invalid; 2]);
    bench.store.waive(&Chosen::Jobs(vec![rows[0].id]), "gone", 2_000).unwrap();
    let again = bench.source("/again");
    let counts = bench.replace(again, &[r#"{"x":"7","e":"a@b.c"}"#, r#"{"e":"a@b.c","bad":1}"#]);
    assert_eq!(counts, StageCounts { records: 2, replaced: 1, unchanged: 1, waived: 1, ..NONE });
    assert_eq!(bench.statuses(), [Status::Done, Status::Pending]);
}

/// A changed file was staged without saying that it is a correction, and then with.
pub(super) fn a_newer_state_of_a_file_replaces_its_earlier_one<S: Store>(mut bench: Bench<S>) {
    bench.staged(&[r#"{"x":"1","e":"a@b.c"}"#, r#"{"x":"2"}"#]);
    let newer = bench.source("/users.json");
    let records = [r#"{"x":"1","e":"a@b.c","n":"new"}"#, r#"{"x":"2"}"#];
    let counts = bench.stage(newer, &records);
    assert_eq!(
        counts,
        StageCounts { records: 2, rows: 1, unchanged: 1, invalid: 1, differing: 1, ..NONE }
    );
    let told = &bench.eyes.problems(bench.eyes.rows()[2].id)[0].1;
    assert!(told.starts_with("record 1 of an earlier /users.json has the same key"), "{told}");
    let plain = bench.source("/users.json");
    let counts = bench.stage(plain, &records);
    assert_eq!(counts, StageCounts { records: 2, unchanged: 2, still_wrong: 1, ..NONE });
    let said = bench.source("/users.json");
    let counts = bench.replace(said, &records);
    assert_eq!(counts, StageCounts { records: 2, replaced: 1, unchanged: 1, ..NONE });
    let rows = bench.eyes.rows();
    assert_eq!(rows.len(), 2);
    assert_eq!((rows[0].raw.as_str(), rows[0].status), (records[0], Status::Pending));
    assert_eq!(bench.eyes.sources()[1], [2, 0, 1, 1, 0]);
    bench.balance();
}

/// They share one identifier, and the row of the first cannot be sent: it may be a correction of the
/// key, but as likely it is somebody else, whom a plain staging has told already.
pub(super) fn who_was_told_as_somebody_elses_duplicate_never_takes_that_row<S: Store>(
    mut bench: Bench<S>,
) {
    let (wrong, other) = (r#"{"x":"1","e":"fam@b.c","bad":1}"#, r#"{"x":"2","e":"fam@b.c"}"#);
    let (third, mended) = (r#"{"x":"3","bad":1}"#, r#"{"x":"3"}"#);
    bench.staged(&[wrong]);
    // Both in one file in either order, alone in it, and after the file was mended elsewhere.
    for (plainly, said) in [
        (&[wrong, other, third][..], &[wrong, other, third][..]),
        (&[other, wrong, third], &[other, third]),
        (&[other], &[other]),
        (&[other, third], &[other, mended]),
    ] {
        let plain = bench.source("/newer");
        bench.stage(plain, plainly);
        let again = bench.source("/newer");
        bench.replace(again, said);
        let raws: Vec<String> = bench.eyes.rows().into_iter().map(|row| row.raw).collect();
        assert_eq!(raws[..2], [wrong, other], "{said:?}");
    }
    let raws: Vec<String> = bench.eyes.rows().into_iter().map(|row| row.raw).collect();
    assert_eq!(raws, [wrong, other, mended]);
}

/// Both of them stand in one file, under one key: staging it once more as a correction says
/// nothing about who is who.
pub(super) fn a_file_staged_again_as_a_correction_makes_nobody_of_two<S: Store>(
    mut bench: Bench<S>,
) {
    let records = [r#"{"x":"1","n":"A"}"#, r#"{"x":"1","n":"B"}"#];
    bench.staged(&records);
    let again = bench.source("/users.json");
    let counts = bench.replace(again, &records);
    assert_eq!(counts, StageCounts { records: 2, unchanged: 2, still_wrong: 1, ..NONE });
    let raws: Vec<String> = bench.eyes.rows().into_iter().map(|row| row.raw).collect();
    assert_eq!(raws, records);
}

/// Cut off, corrected again and started anew: what the first try had replaced is replaced again.
pub(super) fn a_correction_that_is_started_anew_replaces_again<S: Store>(mut bench: Bench<S>) {
    bench.staged(&[r#"{"x":"1","bad":1}"#]);
    let fixed = bench.source("/fixed");
    bench.replace(fixed, &[r#"{"x":"1","n":"first try"}"#]);
    assert_eq!(bench.store.restart_source(fixed, 9).unwrap(), fixed);
    let second = r#"{"x":"1","n":"second try"}"#;
    let counts = bench.replace(fixed, &[second]);
    assert_eq!(counts, StageCounts { records: 1, replaced: 1, ..NONE });
    assert_eq!(bench.eyes.rows()[0].raw, second);
}

/// What a record brought along to the row that it replaced stands in the way of those that come later,
/// in its own file and in others.
pub(super) fn a_replacement_holds_the_identifiers_of_the_new_record<S: Store>(mut bench: Bench<S>) {
    bench.staged(&[r#"{"x":"1","e":"a@b.c"}"#]);
    let fixed = bench.source("/fixed");
    let counts = bench.replace(fixed, &[r#"{"x":"1","e":"d@b.c"}"#, r#"{"x":"2","e":"d@b.c"}"#]);
    assert_eq!(counts, StageCounts { records: 2, rows: 1, replaced: 1, invalid: 1, ..NONE });
    let later = bench.source("/later");
    let counts = bench.stage(later, &[r#"{"x":"3","e":"d@b.c"}"#]);
    assert_eq!(counts, StageCounts { records: 1, rows: 1, invalid: 1, ..NONE });
    assert_eq!(bench.statuses(), [Status::Pending, Status::Invalid, Status::Invalid]);
    // As each of them sees the place of the record that is there now.
    let told = |row: usize| bench.eyes.problems(bench.eyes.rows()[row].id)[0].1.clone();
    assert_eq!(told(1), "record 1 has the same e-mail address");
    assert_eq!(told(2), "record 1 of /fixed has the same e-mail address");
}

pub(super) fn staging_goes_on_at_the_checkpoint<S: Store>(mut bench: Bench<S>) {
    let source = bench.users(2);
    let known = bench.store.source("/users.json").unwrap();
    assert_eq!(known.len(), 1);
    assert_eq!((known[0].id, known[0].checkpoint.as_str()), (source, "after 2"));
    assert_eq!((known[0].counts.records, known[0].finished), (2, false));
    assert!(bench.store.source("/other").unwrap().is_empty());
}

/// Who goes on with a source counts on from what has become of it.
pub(super) fn a_source_tells_what_became_of_its_records<S: Store>(mut bench: Bench<S>) {
    bench.users(5);
    let run = bench.run();
    bench.send(run, &Sent::created());
    let fixed = bench.source("/fixed");
    bench.replace(
        fixed,
        &[
            r#"{"x":"1","n":"new"}"#,
            r#"{"x":"2","n":"new"}"#,
            r#"{"x":"3","n":"new"}"#,
            r#"{"x":"4"}"#,
            r#"{"x":"5"}"#,
            r#"{"x":"4"}"#,
            r#"{"x":"6"}"#,
            r#"{"x":"7","bad":1}"#,
            r#"{"x":"8","bad":1}"#,
            r#"{"x":"9","bad":1}"#,
        ],
    );
    let counts = bench.store.source("/fixed").unwrap()[0].counts;
    let expected = StageCounts {
        records: 10,
        rows: 4,
        replaced: 2,
        unchanged: 3,
        left_alone: 1,
        invalid: 3,
        ..NONE
    };
    assert_eq!(counts, expected);
}

pub(super) fn a_source_started_anew_keeps_what_was_sent<S: Store>(mut bench: Bench<S>) {
    let source = bench.staged(&[
        r#"{"x":"1"}"#,
        r#"{"x":"2"}"#,
        r#"{"x":"3"}"#,
        r#"{"x":"4","bad":1}"#,
        r#"{"x":"5"}"#,
    ]);
    let run = bench.run();
    bench.send(run, &Sent::created());
    bench.send(run, &Sent::throttled(0));
    let anew = bench.store.restart_source(source, 9).unwrap();
    bench.balance();
    let known = bench.store.source("/users.json").unwrap();
    assert_eq!((known[0].checkpoint.as_str(), known[0].counts.records), ("", 2));
    assert_eq!((known[1].id, known[1].counts.records), (anew, 0));
    assert_eq!([known[0].finished, known[1].finished], [true, false]);
    assert_eq!(bench.statuses(), [Status::Done, Status::Pending]);
    let counts = bench.stage(anew, &[r#"{"x":"1"}"#, r#"{"x":"2"}"#, r#"{"x":"3","n":"new"}"#]);
    assert_eq!(counts, StageCounts { records: 3, rows: 1, unchanged: 2, ..NONE });
    assert_eq!(bench.eyes.rows()[0].detail, Some(Detail::Created));
}

pub(super) fn a_source_started_anew_leaves_other_sources_alone<S: Store>(mut bench: Bench<S>) {
    bench.users(2);
    let other = bench.source("/other");
    bench.stage(other, &[r#"{"x":"8"}"#, r#"{"x":"9"}"#]);
    bench.store.restart_source(other, 9).unwrap();
    bench.balance();
    assert_eq!(bench.eyes.rows().len(), 2);
    assert_eq!(bench.eyes.sources()[0], [2, 2, 0, 0, 0]);
}

/// What another source holds too does not go with the source that had it first.
pub(super) fn a_source_started_anew_keeps_what_others_hold_too<S: Store>(mut bench: Bench<S>) {
    let first = bench.staged(&[r#"{"x":"1"}"#, r#"{"x":"2"}"#, r#"{"bad":1}"#]);
    let other = bench.source("/other");
    let counts = bench.stage(other, &[r#"{"x":"1"}"#, r#"{"x":"3"}"#, r#"{"bad":1}"#]);
    assert_eq!(
        counts,
        StageCounts { records: 3, rows: 1, unchanged: 2, still_wrong: 1, keyless: 1, ..NONE }
    );
    let anew = bench.store.restart_source(first, 9).unwrap();
    bench.balance();
    // The new start counts from the first record on, and finds them there.
    bench.stage(anew, &[r#"{"x":"1"}"#, r#"{"x":"2"}"#]);
    bench.stage(anew, &[r#"{"bad":1}"#]);
    bench.balance();
    assert_eq!(bench.eyes.sources(), [[2, 2, 0, 0, 0], [3, 1, 0, 2, 0], [3, 1, 0, 2, 0]]);
    let raws: Vec<String> = bench.eyes.rows().into_iter().map(|row| row.raw).collect();
    assert_eq!(raws, [r#"{"x":"1"}"#, r#"{"bad":1}"#, r#"{"x":"3"}"#, r#"{"x":"2"}"#]);
}

/// However many were let go before, the one that stands is seen.
pub(super) fn many_waived_rows_hide_nobody(mut bench: Bench<impl Store>) {
    let mut records: Vec<String> =
        (0..40).map(|n| format!(r#"{{"x":"1","n":{n},"bad":1}}"#)).collect();
    let source = bench.source("/users.json");
    for record in &records {
        bench.stage(source, &[record]);
    }
    bench.store.waive(&Chosen::Status(Status::Invalid), "gone", 2_000).unwrap();
    records = vec![r#"{"x":"1","n":"a"}"#.to_owned(), r#"{"x":"1","n":"b"}"#.to_owned()];
    let counts = bench.stage(source, &[&records[0], &records[1]]);
    assert_eq!(counts, StageCounts { records: 2, rows: 2, invalid: 1, ..NONE });
}

/// As if whoever was refused had never come: the passwords, the target, and no mapping more.
pub(super) fn a_binding_that_is_restored_is_what_it_was<S: Store>(mut bench: Bench<S>) {
    bench.store.bind("p", "A", 1).unwrap();
    bench.store.bind_passwords("of A").unwrap();
    bench.store.bind_target("there").unwrap();
    let before = bench.store.binding().unwrap();
    bench.store.bind("q", "B", 2).unwrap();
    bench.store.bind_passwords("of B").unwrap();
    bench.store.bind_target("elsewhere").unwrap();
    assert_eq!(bench.eyes.mappings(), ["A", "B"]);
    bench.store.restore_binding(before.as_ref()).unwrap();
    assert_eq!(bench.store.binding().unwrap(), before);
    assert_eq!(before.map(|binding| binding.passwords), Some(Some("of A".to_owned())));
    assert_eq!(bench.eyes.mappings(), ["A"]);
    bench.store.restore_binding(None).unwrap();
    assert_eq!(bench.store.binding().unwrap(), None);
    assert!(bench.eyes.mappings().is_empty());
}
