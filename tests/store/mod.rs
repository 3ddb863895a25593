//! What every job table must do, whatever it lives in: [`staging`], [`running`] and [`decisions`]
//! say it law by law, [`model`] by random stories, [`comparing`] against a plain comparison of all
//! with all. [`files`] is about the files of SQLite.

pub(crate) mod bench;
mod comparing;
mod decisions;
mod files;
mod model;
mod running;
mod staging;

/// Runs laws over a store, one test for each.
macro_rules! suite {
    ($make:expr, $($module:ident :: { $($law:ident),* $(,)? }),* $(,)?) => {
        $(mod $module {
            use super::*;
            $(#[test] fn $law() { super::super::$module::$law($make()); })*
        })*
    };
}

mod sqlite {
    use super::bench::sqlite;

    suite! { sqlite,
        staging::{
            what_is_staged_is_pending_and_what_has_problems_is_invalid,
            the_same_content_counts_as_unchanged,
            the_same_json_written_otherwise_counts_as_unchanged,
            the_same_record_twice_in_one_source_is_one_row,
            another_record_of_the_same_key_is_invalid_and_names_the_first,
            two_sources_with_the_same_key_name_the_place_of_the_first,
            a_duplicate_is_told_once_however_often_its_source_is_staged,
            of_records_that_share_an_identifier_the_first_stays,
            an_identifier_of_another_kind_is_no_duplicate,
            a_record_without_a_key_is_known_by_its_bytes,
            a_replacement_takes_the_place_of_a_pending_row,
            a_replacement_takes_the_place_of_a_failed_row_whose_attempts_stay,
            a_replacement_takes_the_place_of_an_invalid_row,
            a_replacement_with_problems_makes_the_row_invalid,
            a_replacement_leaves_a_done_row_alone,
            a_replacement_never_touches_what_is_not_settled,
            a_replacement_frees_the_identifiers_of_the_old_record,
            a_replacement_holds_the_identifiers_of_the_new_record,
            a_correction_that_could_be_anybodys_replaces_nobody,
            what_is_left_of_two_is_not_anybodys,
            a_record_that_stands_in_the_same_file_is_not_replaced,
            a_correction_goes_to_the_row_that_it_shares_most_with,
            a_correction_of_the_key_finds_its_row,
            a_waived_row_stands_in_nobodys_way,
            a_newer_state_of_a_file_replaces_its_earlier_one,
            who_was_told_as_somebody_elses_duplicate_never_takes_that_row,
            a_file_staged_again_as_a_correction_makes_nobody_of_two,
            a_correction_that_is_started_anew_replaces_again,
            staging_goes_on_at_the_checkpoint,
            a_source_tells_what_became_of_its_records,
            a_source_started_anew_keeps_what_was_sent,
            a_source_started_anew_leaves_other_sources_alone,
            a_source_started_anew_keeps_what_others_hold_too,
            many_waived_rows_hide_nobody,
            a_binding_that_is_restored_is_what_it_was,
        },
        running::{
            a_claim_takes_only_what_is_due_the_earliest_first,
            no_job_is_claimed_twice,
            a_claim_carries_what_the_rules_need,
            where_chosen_jobs_stand_is_told,
            each_attempt_names_the_mapping_that_it_was_sent_under,
            an_outcome_tells_when_the_first_send_was,
            an_outcome_its_attempt_and_the_tally_are_one,
            an_outcome_of_an_older_send_changes_nothing,
            an_outcome_of_another_run_changes_nothing,
            an_outcome_of_a_settled_job_changes_nothing,
            an_outcome_of_a_job_that_is_not_there_changes_nothing,
            a_failed_transaction_changes_nothing,
            a_pending_job_waits_for_its_time,
            due_jobs_are_claimed_in_turn,
            a_job_that_waits_longer_than_any_rule_says_is_due,
            attempts_are_spent_only_where_the_transition_says_so,
            an_unsendable_job_is_invalid_with_its_problem,
            a_new_run_finds_what_was_being_sent_in_doubt,
            a_new_run_adopts_what_is_unknown_without_another_attempt,
            doubts_come_in_pages,
            doubts_know_an_earlier_unknown_and_the_last_duplicate,
            a_doubt_is_settled_without_an_attempt,
            rejections_are_taken_back_unspent,
            what_could_not_be_sent_is_taken_back_without_its_problem,
            what_failed_for_another_reason_is_not_taken_back,
            only_rejections_of_the_run_are_taken_back,
            the_outlook_tells_what_lies_ahead,
            a_run_counts_what_it_settled,
        },
        decisions::{
            a_doubt_is_settled_by_a_person_and_that_is_undone,
            whose_settings_a_doubt_was_sent_with_is_known,
            only_a_doubt_can_be_settled,
            a_settled_crash_stays_in_the_ledger,
            failed_and_invalid_rows_are_waived_and_that_is_undone,
            the_rows_of_one_source_are_waived_and_that_is_undone,
            of_a_source_only_what_was_waived_with_it_comes_back,
            the_rows_of_a_source_are_counted_where_their_records_are,
            what_a_crash_left_is_waived_and_taken_back_as_in_doubt,
            a_pending_row_is_waived_with_the_others_that_are_named,
            whoever_took_the_place_of_a_waived_row_keeps_it,
            of_two_that_come_back_together_the_first_has_the_place,
            two_of_one_key_come_back_as_they_were,
            a_row_that_is_waived_no_more_is_free_if_nobody_stands_in_its_way,
            decisions_are_undone_one_after_the_other,
            what_was_settled_is_not_undone_after_another_mapping,
            a_waiver_is_undone_after_another_mapping_and_nothing_before_it,
            a_doubt_that_comes_back_is_in_the_hands_of_the_last_run,
            only_waivers_that_hold_are_listed,
            rows_that_were_named_beside_their_keys_are_listed,
            a_retried_row_forgets_who_stood_in_its_way,
            what_is_done_is_not_waived_nor_all_that_is_pending,
            rows_in_doubt_are_waived_and_that_is_undone,
            all_rows_in_doubt_are_waived_and_that_is_undone,
            a_decision_that_was_followed_by_something_else_is_not_undone,
            failed_rows_are_retried_by_code_class_and_key,
        },
    }
}
