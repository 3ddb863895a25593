use super::*;
use crate::problem::{Problem, Rule};
use proptest::prelude::*;

const NOW: Now = Now { ms: 1_000_000, jitter: 0.5 };

fn job(spent: u32, had_unknown: bool, duplicate: bool) -> Job {
    Job { spent, first_sent_ms: Some(1_000_000), had_unknown, duplicate }
}

fn created() -> Outcome {
    Outcome::Created { remote_id: "u".to_owned() }
}

/// Every outcome once.
fn outcomes() -> Vec<Outcome> {
    vec![
        created(),
        Outcome::Duplicate,
        Outcome::Rejected,
        Outcome::Unexplained { about_token: false },
        Outcome::Throttled,
        Outcome::Stale { halt: None },
        Outcome::NotSent,
        Outcome::Unknown,
        Outcome::Halt(Halt { message: "revoked".to_owned(), hint: String::new() }),
        Outcome::Unsendable(Problem::new("password", Rule::Password, "too long")),
        Outcome::Returned,
        Outcome::TooLarge,
        Outcome::Entangled { in_doubt: false },
        Outcome::Entangled { in_doubt: true },
    ]
}

fn findings() -> Vec<Finding> {
    let remote_id = || "u".to_owned();
    vec![
        Finding::Ours { remote_id: remote_id(), created_at_ms: None },
        Finding::Ours { remote_id: remote_id(), created_at_ms: Some(997_999) },
        Finding::Ours { remote_id: remote_id(), created_at_ms: Some(998_000) },
        Finding::Bystander { remote_id: remote_id() },
        Finding::Other,
        Finding::NobodyYet,
        Finding::Nobody { witnessed: false },
        Finding::Nobody { witnessed: true },
    ]
}

fn word(transition: &Transition) -> String {
    let detail = transition.detail.map_or(String::new(), |detail| format!("/{detail}"));
    let spent = if transition.spend { " spent" } else { "" };
    let wait = transition.not_before_ms.saturating_sub(NOW.ms).max(0);
    let wait = if wait > 0 { format!(" +{wait}") } else { String::new() };
    format!("{}{detail}{spent}{wait}", transition.status)
}

#[test]
fn each_outcome_leads_where_the_table_says() {
    let job = job(2, false, false);
    let words: Vec<String> =
        outcomes().iter().map(|outcome| word(&next(&job, outcome, None, NOW))).collect();
    assert_eq!(
        words,
        [
            "done/created spent",
            "unknown spent",
            "failed/rejected spent",
            "pending +1000",
            "pending +500",
            "pending +500",
            "pending +500",
            "unknown",
            "pending",
            "invalid",
            "pending",
            "failed/rejected spent",
            "pending",
            "unknown",
        ]
    );
}

#[test]
fn each_outcome_has_its_class_and_four_are_definite() {
    let classes: Vec<&str> =
        outcomes().iter().map(|outcome| outcome.class().map_or("-", Class::as_str)).collect();
    assert_eq!(
        classes,
        [
            "created",
            "duplicate",
            "rejected",
            "rejected",
            "throttled",
            "stale",
            "not-sent",
            "unknown",
            "halt",
            "unsendable",
            "-",
            "rejected",
            "entangled",
            "entangled",
        ]
    );
    let definite = outcomes().into_iter().filter(Outcome::is_definite).collect::<Vec<_>>();
    assert_eq!(definite, [created(), Outcome::Duplicate, Outcome::Rejected, Outcome::TooLarge]);
    let maybe = outcomes().into_iter().filter(|outcome| !outcome.proves_absence());
    assert_eq!(maybe.collect::<Vec<_>>(), [created(), Outcome::Unknown]);
}

/// Whether the provider stores nothing, or may have stored some of them.
#[test]
fn what_a_whole_request_came_to_blames_none_of_its_rows() {
    let entangled = |in_doubt| Outcome::Entangled { in_doubt };
    let unexplained = Outcome::Unexplained { about_token: false };
    let halt = Outcome::Halt(Halt { message: "revoked".to_owned(), hint: String::new() });
    for (whole, nothing_stored, some_stored) in [
        (Outcome::Duplicate, entangled(true), Outcome::Unknown),
        (Outcome::Rejected, entangled(false), Outcome::Unknown),
        (Outcome::TooLarge, entangled(false), Outcome::Unknown),
        (Outcome::Throttled, Outcome::Throttled, Outcome::Unknown),
        (halt.clone(), halt, Outcome::Unknown),
        (unexplained.clone(), unexplained, Outcome::Unknown),
        (
            Outcome::Stale { halt: None },
            Outcome::Stale { halt: None },
            Outcome::Stale { halt: None },
        ),
        (Outcome::NotSent, Outcome::NotSent, Outcome::NotSent),
        (Outcome::Unknown, Outcome::Unknown, Outcome::Unknown),
        (created(), Outcome::Unknown, Outcome::Unknown),
        (entangled(true), entangled(true), Outcome::Unknown),
        (entangled(false), entangled(false), Outcome::Unknown),
    ] {
        assert_eq!(whole.shared(Stored::Nothing, false), nothing_stored, "{whole:?}");
        assert_eq!(whole.shared(Stored::Some, false), some_stored, "{whole:?}");
    }
    for outcome in outcomes() {
        for stored in [Stored::Nothing, Stored::Some] {
            let next = next(&job(0, false, false), &outcome.shared(stored, false), None, NOW);
            let is_open = matches!(next.status, Status::Pending | Status::Unknown);
            assert!(is_open && !next.spend, "{outcome:?}: {next:?}");
        }
    }
}

/// Nothing of a neighbour's: but what may be in the directory is looked up.
#[test]
fn the_end_of_a_request_of_one_row_is_its_own() {
    let one = |outcome: &Outcome, stored| outcome.shared(stored, true);
    for outcome in outcomes() {
        let own = if outcome == (Outcome::Entangled { in_doubt: true }) {
            Outcome::Duplicate
        } else if outcome == (Outcome::Entangled { in_doubt: false }) {
            Outcome::Rejected
        } else {
            outcome.clone()
        };
        assert_eq!(one(&outcome, Stored::Nothing), own);
        let is_of_the_target = [Some(Class::Throttled), Some(Class::Halt)];
        let may_be_there = is_of_the_target.contains(&outcome.class()) || outcome.is_unexplained();
        let expected = if may_be_there { Outcome::Unknown } else { own };
        assert_eq!(one(&outcome, Stored::Some), expected, "{outcome:?}");
    }
}

/// What a read that passes tells of a refusal; what is no refusal stays.
#[test]
fn a_refusal_is_the_rows_where_a_read_passes_unless_it_is_about_the_token() {
    let explained = |outcome: Outcome| outcome.explained();
    assert_eq!(explained(Outcome::Unexplained { about_token: false }), Outcome::Rejected);
    assert_eq!(explained(Outcome::Throttled), Outcome::Rejected);
    assert_eq!(
        explained(Outcome::Unexplained { about_token: true }),
        Outcome::Stale { halt: None }
    );
    let stay = outcomes().into_iter().filter(|outcome| explained(outcome.clone()) == *outcome);
    assert_eq!(stay.count(), outcomes().len() - 2);
}

#[test]
fn a_user_may_be_of_our_making_unless_something_speaks_against_it() {
    let may = |had_unknown, created_at_ms| {
        let job = job(0, had_unknown, false);
        may_have_made(&job, created_at_ms, &Policy::default())
    };
    // The first send was at 1,000,000; 2 s of tolerance.
    assert!(may(true, None) && may(true, Some(1_000_000)) && may(true, Some(998_000)));
    assert!(!may(true, Some(997_999)));
    assert!(!may(false, None) && !may(false, Some(1_000_000)));
}

#[test]
fn a_row_that_is_refused_as_too_much_waits_until_the_target_said_and_a_little_longer() {
    let row = job(0, false, false);
    let until = |ms| next(&row, &Outcome::Throttled, Some(ms), NOW).not_before_ms;
    assert_eq!(until(NOW.ms + 3_000), NOW.ms + 3_500);
    assert_eq!(until(NOW.ms - 3_000), NOW.ms + 500);
}

#[test]
fn each_finding_leads_where_the_table_says() {
    let table = |had_unknown, duplicate, spent| -> Vec<String> {
        let job = job(spent, had_unknown, duplicate);
        let policy = Policy::default();
        let settled = findings().into_iter().map(|found| settle(&job, &found, &policy, NOW));
        settled.map(|next| next.map_or("-".to_owned(), |next| word(&next))).collect()
    };
    assert_eq!(
        table(true, false, 7),
        [
            "done/existed",
            "done/existed",
            "done/created",
            "failed/conflict",
            "failed/conflict",
            "-",
            "pending +32000",
            "failed/exhausted spent",
        ]
    );
    assert_eq!(table(true, false, 0)[6..], ["pending +250", "pending spent +500"]);
    // A duplicate after an unknown attempt of ours: its search lags, and it is never sent again.
    assert_eq!(table(true, true, 7)[6..], ["-", "-"]);
    // A duplicate that nobody finds.
    assert_eq!(table(false, true, 1)[5..], ["-", "failed/conflict", "failed/conflict"]);
    // Created needs an attempt of ours that ended unknown.
    assert_eq!(table(false, true, 1)[..3], ["done/existed"; 3]);
}

#[test]
fn a_bystander_is_skipped_only_by_policy() {
    let policy = Policy { on_conflict: OnConflict::Skip, ..Policy::default() };
    let skip = |found| word(&settle(&job(1, false, true), &found, &policy, NOW).unwrap());
    assert_eq!(skip(Finding::Bystander { remote_id: "u".to_owned() }), "done/skipped");
    assert_eq!(skip(Finding::Other), "failed/conflict");
    // Either way the row knows whom it met.
    for on_conflict in [OnConflict::Skip, OnConflict::Fail] {
        let policy = Policy { on_conflict, ..Policy::default() };
        let found = Finding::Bystander { remote_id: "u".to_owned() };
        let met = settle(&job(1, false, true), &found, &policy, NOW).unwrap();
        assert_eq!(met.remote_id.as_deref(), Some("u"));
    }
}

#[test]
fn words_are_read_back() {
    assert!(Status::ALL.iter().all(|word| Status::parse(word.as_str()) == Some(*word)));
    assert!(Detail::ALL.iter().all(|word| Detail::parse(word.as_str()) == Some(*word)));
    assert!(Class::ALL.iter().all(|word| Class::parse(word.as_str()) == Some(*word)));
    assert!(Evidence::ALL.iter().all(|word| Evidence::parse(word.as_str()) == Some(*word)));
    assert_eq!(Status::parse("Done"), None);
    assert_eq!(Status::Failed.with(Some(Detail::Conflict)), "failed/conflict");
    assert_eq!(Status::Pending.with(None), "pending");
}

#[test]
fn what_a_status_is_besides_its_word() {
    let those = |is: fn(Status) -> bool| -> Vec<&str> {
        Status::ALL.iter().filter(|status| is(**status)).map(|status| status.as_str()).collect()
    };
    assert_eq!(those(Status::is_in_hand), ["sending", "unknown"]);
    assert_eq!(those(Status::is_wrong), ["failed", "invalid"]);
    assert_eq!(those(Status::has_code), ["unknown", "failed"]);
    assert_eq!(those(Status::says_why), ["unknown", "failed", "invalid"]);
    assert_eq!(
        those(Status::can_be_waived),
        ["pending", "sending", "unknown", "failed", "invalid"]
    );
}

prop_compose! {
    fn any_job()(
        spent in 0..20u32,
        first_sent_ms in proptest::option::of(0..2_000_000i64),
        had_unknown: bool,
        duplicate: bool,
    ) -> Job {
        Job { spent, first_sent_ms, had_unknown, duplicate }
    }
}

prop_compose! {
    fn any_now()(ms in 0..2_000_000i64, jitter in 0.0..1.0f64) -> Now {
        Now { ms, jitter }
    }
}

fn any_finding() -> impl Strategy<Value = Finding> {
    let created = proptest::option::of(0..2_000_000i64);
    prop_oneof![
        created
            .prop_map(|created_at_ms| Finding::Ours { remote_id: "u".to_owned(), created_at_ms }),
        proptest::sample::select(findings()),
    ]
}

prop_compose! {
    fn any_policy()(max_attempts in 1..10u32, skip: bool) -> Policy {
        let on_conflict = if skip { OnConflict::Skip } else { OnConflict::Fail };
        Policy { max_attempts, on_conflict, ..Policy::default() }
    }
}

/// What holds of every transition.
fn is_sound(next: &Transition) -> bool {
    let reasoned = matches!(next.status, Status::Done | Status::Failed);
    let done = next.status == Status::Done;
    next.status != Status::Sending
        && next.detail.is_some() == reasoned
        && next.evidence.is_some() == done
        && (next.remote_id.is_some() == done || next.detail == Some(Detail::Conflict))
        && (next.status == Status::Pending || next.not_before_ms == 0)
        && match next.detail {
            Some(Detail::Created | Detail::Existed | Detail::Skipped) => done,
            Some(Detail::Rejected | Detail::Conflict | Detail::Exhausted) => !done,
            // Only a person waives.
            Some(Detail::Waived) => false,
            // Nothing adopts, updates or undoes yet.
            Some(Detail::Adopted | Detail::Updated | Detail::Undone) => false,
            None => true,
        }
}

proptest! {
    #[test]
    fn an_outcome_leads_to_a_sound_state(
        job in any_job(),
        outcome in proptest::sample::select(outcomes()),
        until_ms in proptest::option::of(0..2_000_000i64),
        now in any_now(),
    ) {
        let next = next(&job, &outcome, until_ms, now);
        prop_assert!(is_sound(&next), "{next:?}");
        // Only a definite answer is final or spends, and a row never pays for the target.
        prop_assert_eq!(next.spend, outcome.is_definite());
        if matches!(next.status, Status::Done | Status::Failed) {
            prop_assert!(outcome.is_definite());
        }
        if next.detail == Some(Detail::Created) {
            prop_assert_eq!(next.evidence, Some(Evidence::Reply));
        }
        // What may have been stored is never simply sent again.
        if matches!(outcome, Outcome::Unknown | Outcome::Duplicate) {
            prop_assert_eq!(next.status, Status::Unknown);
        }
        let waits = matches!(outcome, Outcome::Throttled | Outcome::NotSent | Outcome::Unexplained { .. });
        prop_assert!(!waits || next.not_before_ms >= now.ms);
        prop_assert!(!waits || next.not_before_ms >= until_ms.filter(|_| outcome == Outcome::Throttled).unwrap_or(0));
    }

    #[test]
    fn a_finding_leads_to_a_sound_state(
        job in any_job(),
        finding in any_finding(),
        policy in any_policy(),
        now in any_now(),
    ) {
        let Some(next) = settle(&job, &finding, &policy, now) else {
            let lags = matches!(finding, Finding::Nobody { .. }) && job.duplicate && job.had_unknown;
            prop_assert!(lags || finding == Finding::NobodyYet);
            return Ok(());
        };
        prop_assert!(is_sound(&next), "{next:?}");
        prop_assert!(matches!(next.status, Status::Done | Status::Failed | Status::Pending));
        if next.detail == Some(Detail::Created) {
            let Finding::Ours { created_at_ms: Some(at), .. } = finding else {
                return Err(TestCaseError::fail("created without proof"));
            };
            prop_assert!(job.had_unknown && at >= job.first_sent_ms.unwrap() - 2_000);
        }
        if next.status == Status::Pending {
            prop_assert!(!job.duplicate, "a duplicate is never sent again");
            prop_assert!(next.not_before_ms >= now.ms);
        }
        if next.detail == Some(Detail::Exhausted) {
            prop_assert_eq!(&finding, &Finding::Nobody { witnessed: true });
            prop_assert!(next.spend && job.spent + 1 >= policy.max_attempts);
        }
        let witnessed = finding == Finding::Nobody { witnessed: true };
        prop_assert_eq!(next.spend, witnessed && !job.duplicate);
    }

    /// However outcomes and findings follow each other: a row that nobody witnesses is never
    /// exhausted, and one that is always witnessed is, after `max_attempts`.
    #[test]
    fn only_what_is_witnessed_exhausts_a_row(
        witnesses in proptest::collection::vec(any::<bool>(), 1..60),
        policy in any_policy(),
    ) {
        let mut job = Job { spent: 0, first_sent_ms: Some(0), had_unknown: false, duplicate: false };
        let mut held = 0;
        for witnessed in witnesses {
            prop_assert_eq!(next(&job, &Outcome::Unknown, None, NOW).status, Status::Unknown);
            job.had_unknown = true;
            held += u32::from(witnessed);
            let to = settle(&job, &Finding::Nobody { witnessed }, &policy, NOW).unwrap();
            job.spent += u32::from(to.spend);
            prop_assert_eq!(job.spent, held);
            prop_assert_eq!(to.status == Status::Failed, held >= policy.max_attempts);
            if to.status == Status::Failed {
                break;
            }
        }
    }
}

// ---- what people, crashes, records and mappings make of a row

fn any_text() -> impl Strategy<Value = Option<String>> {
    proptest::option::of("[a-z]{1,4}")
}

/// Every row that the table can hold: what its checks allow.
fn any_standing() -> impl Strategy<Value = Standing> {
    let kinds = proptest::sample::select(Status::ALL.to_vec());
    let details = proptest::sample::select(Detail::ALL.to_vec());
    let numbers = (0..5u32, 0..9_000_000i64, proptest::option::of(0..2_000_000i64), 1..9i64);
    let texts = (
        any_text(),
        any_text(),
        any_text(),
        proptest::option::of(proptest::sample::select(Evidence::ALL.to_vec())),
    );
    (kinds, details, numbers, texts, 0..2_000_000i64).prop_map(
        |(status, detail, (spent, not_before_ms, first_sent_ms, run), texts, updated_at_ms)| {
            let (remote_id, code, reason, evidence) = texts;
            Standing {
                status,
                detail: detail_for(status, detail),
                spent,
                not_before_ms,
                first_sent_ms,
                claimed_by: status.is_in_hand().then_some(run),
                remote_id,
                evidence,
                code: code.filter(|_| status.has_code()),
                reason,
                updated_at_ms,
            }
        },
    )
}

/// A detail that such a row can have.
fn detail_for(status: Status, detail: Detail) -> Option<Detail> {
    let of_done = !matches!(detail, Detail::Rejected | Detail::Conflict | Detail::Exhausted);
    match status {
        Status::Done => Some(if of_done { detail } else { Detail::Created }),
        Status::Failed => Some(if of_done { Detail::Rejected } else { detail }),
        Status::Pending | Status::Sending | Status::Unknown | Status::Invalid => None,
    }
}

/// What the table checks of a row, and the tally counts on.
fn is_whole(row: &Standing) -> bool {
    let detail = row.detail.map(|detail| detail_for(row.status, detail) == Some(detail));
    let is_reasoned = matches!(row.status, Status::Done | Status::Failed);
    let is_in_hand = matches!(row.status, Status::Sending | Status::Unknown);
    detail.unwrap_or(!is_reasoned)
        && row.claimed_by.is_some() == is_in_hand
        && (row.code.is_none() || matches!(row.status, Status::Failed | Status::Unknown))
}

/// What a law that changes rows of some statuses makes of each: the words of the documentation.
fn table_of(law: impl Fn(&Standing) -> Option<Standing>) -> Vec<String> {
    Status::ALL
        .iter()
        .map(|status| {
            let row = Standing {
                status: *status,
                detail: detail_for(*status, Detail::Created),
                claimed_by: status.is_in_hand().then_some(1),
                spent: 3,
                first_sent_ms: Some(7),
                remote_id: Some("r".to_owned()),
                ..Standing::staged(true, 5)
            };
            law(&row).map_or("-".to_owned(), |to| {
                let detail = to.detail.map_or(String::new(), |detail| format!("/{detail}"));
                format!("{}{detail} {}", to.status, to.spent)
            })
        })
        .collect()
}

#[test]
fn each_law_changes_the_rows_that_it_is_about() {
    // pending, sending, unknown, done, failed, invalid; with the attempts spent
    assert_eq!(table_of(|row| row.claimed(2, None, 9)), ["sending 3", "-", "-", "-", "-", "-"]);
    assert_eq!(table_of(|row| row.recovered(2, 9)), ["-", "unknown 3", "unknown 3", "-", "-", "-"]);
    assert_eq!(table_of(|row| row.taken_back(9)), ["-", "-", "-", "-", "pending 2", "pending 3"]);
    assert_eq!(table_of(|row| row.retried(false, 9)), ["-", "-", "-", "-", "pending 0", "-"]);
    assert_eq!(table_of(|row| row.retried(true, 9)), ["-", "-", "-", "-", "invalid 0", "-"]);
    assert_eq!(
        table_of(|row| row.settled(SettleAs::Done, "", 9)),
        ["-", "done/existed 3", "done/existed 3", "-", "-", "-"]
    );
    assert_eq!(
        table_of(|row| row.settled(SettleAs::Pending, "", 9)),
        ["-", "pending 3", "pending 3", "-", "-", "-"]
    );
    assert_eq!(
        table_of(|row| row.settled(SettleAs::Failed, "", 9)),
        ["-", "failed/rejected 3", "failed/rejected 3", "-", "-", "-"]
    );
    let waived = "done/waived 3";
    assert_eq!(table_of(|row| row.waived("", 9)), [waived, waived, waived, "-", waived, waived]);
    assert_eq!(table_of(Standing::held_against), ["invalid 3", "-", "-", "-", "-", "-"]);
    assert_eq!(table_of(|row| row.freed(false)), ["-", "-", "-", "-", "-", "pending 3"]);
    assert_eq!(table_of(|row| row.freed(true)), ["-"; 6]);
    assert_eq!(
        table_of(|row| row.replaced(true, true, 9)),
        ["pending 0", "-", "-", "-", "pending 0", "pending 0"]
    );
    assert_eq!(
        table_of(|row| row.replaced(false, true, 9)),
        ["invalid 0", "-", "-", "-", "invalid 0", "invalid 0"]
    );
    let by = |has_problems| Remapped { has_problems, same_identifiers: true, is_decided: false };
    assert_eq!(
        table_of(|row| row.remapped(by(false), 9)),
        ["pending 3", "-", "-", "-", "failed/rejected 3", "pending 3"]
    );
    assert_eq!(
        table_of(|row| row.remapped(by(true), 9)),
        ["invalid 3", "-", "-", "-", "failed/rejected 3", "invalid 3"]
    );
}

#[test]
fn who_keeps_a_place_that_another_row_wants() {
    let place = |status, detail, anew| {
        Standing { status, detail, ..Standing::staged(true, 0) }.has_place(anew)
    };
    for (status, detail, while_staging, anew) in [
        (Status::Pending, None, true, false),
        (Status::Sending, None, true, true),
        (Status::Unknown, None, true, true),
        (Status::Done, Some(Detail::Created), true, true),
        (Status::Done, Some(Detail::Waived), false, false),
        (Status::Failed, Some(Detail::Conflict), true, false),
        (Status::Invalid, None, false, false),
    ] {
        assert_eq!(place(status, detail, false), while_staging, "{status}");
        assert_eq!(place(status, detail, true), anew, "{status}");
    }
}

#[test]
fn other_identifiers_forget_when_a_row_was_first_sent() {
    let row = Standing { first_sent_ms: Some(7), ..Standing::staged(true, 5) };
    let sent = |to: Option<Standing>| to.and_then(|to| to.first_sent_ms);
    for (same_identifiers, first_sent_ms) in [(true, Some(7)), (false, None)] {
        let by = Remapped { has_problems: false, same_identifiers, is_decided: false };
        assert_eq!(sent(row.remapped(by, 9)), first_sent_ms);
        assert_eq!(sent(row.replaced(true, same_identifiers, 9)), first_sent_ms);
        let failed = Standing { status: Status::Failed, ..row.clone() };
        assert_eq!(sent(failed.remapped(by, 9)), first_sent_ms);
        let waived = row.waived("gone", 8).unwrap();
        assert_eq!(sent(waived.remapped(by, 9)), first_sent_ms);
        assert_eq!(waived.remapped(by, 9).unwrap().updated_at_ms, 8, "it can still be undone");
    }
}

/// A row of this status with something in each column.
fn full(status: Status, detail: Option<Detail>) -> Standing {
    Standing {
        status,
        detail,
        spent: 3,
        not_before_ms: 400,
        first_sent_ms: Some(7),
        claimed_by: status.is_in_hand().then_some(1),
        remote_id: Some("r".to_owned()),
        evidence: Some(Evidence::Lookup),
        code: status.has_code().then(|| "2001".to_owned()),
        reason: Some("before".to_owned()),
        updated_at_ms: 5,
    }
}

/// Pending, to be sent at once, with nothing held against it; what was learned of it stays.
fn sent_again() -> Standing {
    Standing { reason: None, not_before_ms: 0, updated_at_ms: 9, ..full(Status::Pending, None) }
}

#[test]
fn what_is_decided_of_a_done_row_is_not_undone_after_another_mapping() {
    let by = |is_decided| Remapped { has_problems: false, same_identifiers: true, is_decided };
    let done = full(Status::Done, Some(Detail::Existed));
    let at = |row: &Standing, now_ms| row.remapped(by(true), now_ms);
    assert_eq!(at(&done, 9), Some(Standing { updated_at_ms: 9, ..done.clone() }));
    // In the same millisecond, and by a clock that was set back.
    assert_eq!(at(&done, 5), Some(Standing { updated_at_ms: 6, ..done.clone() }));
    assert_eq!(at(&done, 2), Some(Standing { updated_at_ms: 6, ..done.clone() }));
    assert_eq!(done.remapped(by(false), 9), None);
    for row in [full(Status::Sending, None), full(Status::Unknown, None)] {
        assert_eq!(at(&row, 9), None);
    }
    for row in [
        full(Status::Pending, None),
        full(Status::Invalid, None),
        full(Status::Failed, Some(Detail::Rejected)),
    ] {
        for (now_ms, updated_at_ms) in [(9, 9), (5, 6), (2, 6)] {
            assert_eq!(at(&row, now_ms).unwrap().updated_at_ms, updated_at_ms, "{}", row.status);
        }
    }
}

#[test]
fn another_mapping_keeps_what_the_provider_has_said() {
    let by = Remapped { has_problems: false, same_identifiers: true, is_decided: false };
    let pending = Standing { reason: None, updated_at_ms: 9, ..full(Status::Pending, None) };
    assert_eq!(full(Status::Invalid, None).remapped(by, 9), Some(pending));
    let failed = full(Status::Failed, Some(Detail::Conflict));
    let later = Standing { updated_at_ms: 9, ..failed.clone() };
    assert_eq!(failed.remapped(by, 9), Some(later));
}

#[test]
fn a_claim_keeps_when_the_first_send_was() {
    let claimed = Standing {
        claimed_by: Some(2),
        code: None,
        reason: None,
        updated_at_ms: 9,
        ..full(Status::Sending, None)
    };
    let pending = full(Status::Pending, None);
    let coded = Standing { code: Some("2026".to_owned()), ..pending.clone() };
    assert_eq!(coded.claimed(2, Some(99), 9), Some(claimed.clone()));
    assert_eq!(pending.claimed(2, Some(99), 9), Some(claimed.clone()));
    let unsent = Standing { first_sent_ms: None, ..pending };
    let first = Standing { first_sent_ms: Some(99), ..claimed };
    assert_eq!(unsent.claimed(2, Some(99), 9), Some(first));
}

#[test]
fn an_outcome_takes_the_place_of_what_was_said_before() {
    let sending = full(Status::Sending, None);
    let with = |code, reason, first_sent| Written { code, reason, first_sent };
    // It says nothing: the old reason goes, what the directory has stays.
    let pending = Standing { not_before_ms: 700, ..sent_again() };
    let again = Transition::pending(700);
    assert_eq!(sending.after(&again, &with(Some("1"), None, FirstSent::Keep), 9), pending);
    let forgotten = Standing { first_sent_ms: None, ..pending };
    assert_eq!(sending.after(&again, &with(None, None, FirstSent::Forget), 9), forgotten);
    let unknown = Standing {
        spent: 4,
        not_before_ms: 0,
        first_sent_ms: Some(8),
        code: Some("1".to_owned()),
        reason: Some("now".to_owned()),
        updated_at_ms: 9,
        ..full(Status::Unknown, None)
    };
    let doubt = Transition::to(Status::Unknown).spend();
    assert_eq!(sending.after(&doubt, &with(Some("1"), Some("now"), FirstSent::At(8)), 9), unknown);
    let done = Standing {
        not_before_ms: 0,
        remote_id: Some("new".to_owned()),
        evidence: Some(Evidence::Reply),
        reason: None,
        updated_at_ms: 9,
        ..full(Status::Done, Some(Detail::Created))
    };
    let created = Transition::done(Detail::Created, "new".to_owned(), Evidence::Reply);
    assert_eq!(sending.after(&created, &with(Some("1"), None, FirstSent::Keep), 9), done);
}

#[test]
fn a_crash_keeps_all_but_why_the_row_is_in_doubt() {
    let sending = full(Status::Sending, None);
    let doubt = Standing {
        claimed_by: Some(2),
        code: None,
        reason: Some(CRASHED.to_owned()),
        updated_at_ms: 9,
        ..full(Status::Unknown, None)
    };
    assert_eq!(Standing { code: None, ..sending }.recovered(2, 9), Some(doubt));
    let unknown = full(Status::Unknown, None);
    let inherited = Standing { claimed_by: Some(2), ..unknown.clone() };
    assert_eq!(unknown.recovered(2, 9), Some(inherited));
}

#[test]
fn only_what_was_rejected_or_could_not_be_sent_is_taken_back() {
    let back = |detail| full(Status::Failed, Some(detail)).taken_back(9);
    assert_eq!(back(Detail::Rejected), Some(Standing { spent: 2, ..sent_again() }));
    assert_eq!(back(Detail::Conflict), None);
    assert_eq!(back(Detail::Exhausted), None);
    assert_eq!(full(Status::Invalid, None).taken_back(9), Some(sent_again()));
}

#[test]
fn a_retry_forgets_who_stood_in_the_way() {
    let conflict = full(Status::Failed, Some(Detail::Conflict));
    let pending = Standing { spent: 0, remote_id: None, ..sent_again() };
    assert_eq!(conflict.retried(false, 9), Some(pending.clone()));
    let invalid = Standing { status: Status::Invalid, ..pending };
    assert_eq!(conflict.retried(true, 9), Some(invalid));
}

#[test]
fn a_decision_keeps_what_the_directory_has_and_says_why() {
    let unknown = full(Status::Unknown, None);
    let decided = |status, detail| Standing {
        not_before_ms: 0,
        code: None,
        reason: Some("why".to_owned()),
        updated_at_ms: 9,
        ..full(status, detail)
    };
    let existed = decided(Status::Done, Some(Detail::Existed));
    assert_eq!(unknown.settled(SettleAs::Done, "why", 9), Some(existed.clone()));
    let named = Standing { remote_id: Some("x".to_owned()), ..existed };
    assert_eq!(unknown.settled(SettleAs::DoneWithId("x"), "why", 9), Some(named));
    let failed = Standing { code: None, ..decided(Status::Failed, Some(Detail::Rejected)) };
    assert_eq!(unknown.settled(SettleAs::Failed, "why", 9), Some(failed));
    let pending = decided(Status::Pending, None);
    assert_eq!(unknown.settled(SettleAs::Pending, "why", 9), Some(pending));
    let waived = decided(Status::Done, Some(Detail::Waived));
    assert_eq!(unknown.waived("why", 9), Some(waived));
}

#[test]
fn what_is_held_against_a_row_and_goes_again_leaves_the_rest() {
    let pending = full(Status::Pending, None);
    let invalid = full(Status::Invalid, None);
    assert_eq!(pending.held_against(), Some(invalid.clone()));
    let free = Standing { reason: None, ..pending };
    assert_eq!(
        invalid.freed(false),
        Some(free.clone()),
        "why it could not be sent is no more true"
    );
    let coded = Standing { code: Some("2026".to_owned()), ..invalid };
    assert_eq!(coded.freed(false), Some(free));
}

#[test]
fn of_a_record_that_was_replaced_only_the_first_send_stays() {
    for (status, detail) in
        [(Status::Pending, None), (Status::Failed, Some(Detail::Conflict)), (Status::Invalid, None)]
    {
        let row = full(status, detail);
        assert_eq!(row.correction(), Correction::Takes);
        let new = Standing { first_sent_ms: Some(7), ..Standing::staged(true, 9) };
        assert_eq!(row.replaced(true, true, 9), Some(new));
        assert_eq!(row.replaced(false, false, 9), Some(Standing::staged(false, 9)));
    }
    assert_eq!(full(Status::Done, Some(Detail::Waived)).correction(), Correction::IsDone);
    assert_eq!(full(Status::Sending, None).correction(), Correction::IsInHand);
    assert_eq!(full(Status::Unknown, None).correction(), Correction::IsInHand);
}

#[test]
fn a_newer_record_is_told_by_what_it_says_of_signing_in() {
    use SignIn::{May, MayNot, Unknown, Unsaid};
    for (sent, newer, told) in [
        (May, MayNot, Newer::Blocked),
        (Unknown, MayNot, Newer::Blocked),
        (MayNot, MayNot, Newer::Differs),
        (May, May, Newer::Differs),
        (Unknown, May, Newer::Differs),
        (MayNot, May, Newer::Unblocked),
        (May, Unknown, Newer::StateUnknown),
        (MayNot, Unknown, Newer::StateUnknown),
        (Unknown, Unknown, Newer::StateUnknown),
        // Who is sent without a word may sign in; who was sent as one who may not is not let in by silence.
        (Unsaid, MayNot, Newer::Blocked),
        (MayNot, Unsaid, Newer::StateUnknown),
        (Unsaid, Unknown, Newer::StateUnknown),
        (May, Unsaid, Newer::Differs),
        (Unsaid, May, Newer::Differs),
        (Unknown, Unsaid, Newer::Differs),
    ] {
        assert_eq!(Newer::of(sent, newer), told, "{sent:?} {newer:?}");
    }
    for newer in Newer::ALL {
        let is_alarm = ["blocked", "state-unknown"].contains(&newer.as_str());
        assert_eq!(newer.is_alarm(), is_alarm, "{newer}");
    }
}

#[test]
fn a_row_that_waits_longer_than_any_backoff_waits_no_more() {
    let row = |not_before_ms| Standing { not_before_ms, ..Standing::staged(true, 5) };
    let latest = latest_due_ms(1_000);
    assert_eq!(latest, 1_000 + 3_900_000, "an hour that the target asked for, and five minutes");
    assert_eq!(row(latest).recovered(1, 1_000), None);
    assert_eq!(row(latest + 1).recovered(1, 1_000), Some(row(0)));
}

proptest! {
    #[test]
    fn no_law_makes_a_row_that_the_table_cannot_hold(
        row in any_standing(),
        flags in any::<[bool; 3]>(),
        now_ms in 0..2_000_000i64,
    ) {
        prop_assume!(is_whole(&row));
        let by = Remapped { has_problems: flags[0], same_identifiers: flags[1], is_decided: flags[2] };
        let laws = [
            row.claimed(3, Some(1), now_ms),
            row.recovered(3, now_ms),
            row.taken_back(now_ms),
            row.retried(flags[0], now_ms),
            row.settled(SettleAs::Done, "why", now_ms),
            row.settled(SettleAs::DoneWithId("x"), "why", now_ms),
            row.settled(SettleAs::Pending, "why", now_ms),
            row.settled(SettleAs::Failed, "why", now_ms),
            row.waived("why", now_ms),
            row.held_against(),
            row.freed(flags[0]),
            row.replaced(flags[0], flags[1], now_ms),
            row.remapped(by, now_ms),
        ];
        for to in laws.into_iter().flatten() {
            prop_assert!(is_whole(&to), "{to:?}");
            // What may be in the directory is never sent again, or let be forgotten, by any but a person.
            prop_assert!(to.status != Status::Sending || row.status == Status::Pending);
        }
    }

    /// A person takes a decision back, at once: the row is what it was, but for a claim that has ended.
    #[test]
    fn a_decision_taken_back_leaves_the_row_as_it_was(row in any_standing(), now_ms in 0..2_000_000i64) {
        prop_assume!(is_whole(&row));
        let decisions = [
            row.waived("why", now_ms),
            row.settled(SettleAs::DoneWithId("x"), "why", now_ms),
            row.settled(SettleAs::Pending, "why", now_ms),
        ];
        for to in decisions.into_iter().flatten() {
            let decided = Decided {
                at_ms: now_ms,
                to: to.status,
                from: row.status,
                from_detail: row.detail,
                from_code: row.code.clone(),
                from_reason: row.reason.clone(),
                from_remote_id: row.remote_id.clone(),
                from_evidence: row.evidence,
                from_updated_at_ms: row.updated_at_ms,
            };
            let back = to.undone(&decided, Some(8)).unwrap();
            let in_doubt = row.status.is_in_hand();
            let was = Standing {
                status: if in_doubt { Status::Unknown } else { row.status },
                claimed_by: in_doubt.then_some(8),
                not_before_ms: 0,
                ..row.clone()
            };
            prop_assert_eq!(&back, &was);
            // What the decision noted counts, not what the row has by now.
            let moved = Standing { evidence: Some(Evidence::Lookup), ..to.clone() };
            let noted = Decided { from_evidence: None, ..decided.clone() };
            prop_assert_eq!(moved.undone(&noted, None).map(|back| back.evidence), Some(None));
            // It has moved on: nothing is undone.
            let later = Standing { updated_at_ms: now_ms + 1, ..to.clone() };
            prop_assert_eq!(later.undone(&decided, Some(8)), None);
        }
    }
}
