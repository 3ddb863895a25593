//! Scenarios in virtual time: the real runner and the real job table against a simulated server,
//! whose own log is the oracle. Each file says what the server is like, and what must come of it.
//!
//! `SIM_SEED=7 cargo test sim::outage_hang -- --nocapture` runs one scenario with one seed, and shows
//! what was seen.

mod check;
pub(crate) mod client;
mod kept;
pub(crate) mod server;
mod spec;
mod world;

/// Runs a scenario with each of its seeds.
#[expect(clippy::print_stdout, reason = "what was seen, for people")]
fn play(name: &str, text: &str) {
    let scenario = spec::parse(text);
    let only = std::env::var("SIM_SEED").ok().and_then(|seed| seed.parse().ok());
    let seeds = only.map_or(1..scenario.seeds + 1, |seed: u64| seed..seed + 1);
    for seed in seeds {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .unwrap();
        let started = std::time::Instant::now();
        let result = runtime.block_on(world::run(&scenario, seed));
        let took = started.elapsed();
        let (mut wrong, seen) = check::check(&scenario, &result);
        println!("{name}, seed {seed}, in {took:.1?}: {seen:?}");
        let more = wrong.len().saturating_sub(20);
        wrong.truncate(20);
        assert!(
            wrong.is_empty(),
            "{name}, seed {seed}:\n  {}\n  and {more} more\n\n{seen:#?}\n\n{}",
            wrong.join("\n  "),
            result.notes.join("\n"),
        );
    }
}

/// A test for each file.
macro_rules! scenarios {
    ($($name:ident)*) => {
        $(#[test]
        fn $name() {
            play(stringify!($name), include_str!(concat!(stringify!($name), ".toml")));
        })*

        #[test]
        fn every_scenario_file_is_played() {
            let mut files: Vec<String> = std::fs::read_dir("tests/sim")
                .unwrap()
                .filter_map(|entry| entry.unwrap().file_name().into_string().ok())
                .filter_map(|name| name.strip_suffix(".toml").map(str::to_owned))
                .collect();
            files.sort();
            assert_eq!(files, [$(stringify!($name)),*]);
        }
    };
}

scenarios! {
    after_a_crash
    batch_dropped
    batch_failures
    batch_first_refused
    batch_flapping
    batch_half_stored
    batch_held
    batch_identity
    batch_index
    batch_kept
    batch_kept_quota
    batch_kept_throttled
    batch_killed
    batch_left_out
    batch_limit_of_users
    batch_misnamed
    batch_named
    batch_poison
    batch_poison_and_outage
    batch_poison_dense
    batch_poison_wide
    batch_quota
    batch_rate_of_users
    batch_refused
    batch_throttled_each
    batch_throttled_most
    batch_throttled_rows
    batch_throttled_unnamed
    batch_too_large
    batch_unexplained
    batch_unnamed
    burst_429
    burst_429_retry_after
    canary
    chosen_beside_doubts
    chosen_killed
    conflicts_fail
    conflicts_skip
    credentials_revoked
    failures_max
    faults_many
    flapping
    imaginary_faults
    imaginary_killed
    imaginary_poison
    imaginary_steady
    killed
    killed_under_a_limit
    knee
    late_arrivals
    late_beyond_quiet
    limit_fast
    limit_held
    limit_held_before
    limit_retry_after
    limit_slow
    limit_unknown
    limit_window
    limit_window_retry_after
    lookup_lag
    lookup_lag_beyond_quiet
    lookups_broken
    lookups_broken_alone
    lookups_broken_for_ever
    lookups_denied
    lookups_denied_held
    lookups_denied_later
    lost_in_silence
    lost_replies
    narrow
    never_there
    no_external_id
    outage_at_start
    outage_hang
    outage_refuse
    outage_reset
    outage_slow
    outage_too_long
    outage_unavailable
    outage_writes
    outage_writes_tail
    pauses_for_ever
    poison_alone
    poison_and_outage
    poison_first
    poison_impatient
    poison_last
    poison_spread
    poison_tail
    rate_stated
    refuse_all
    refuse_all_later
    resets
    rows_refused
    steady
    stopped
    stopped_at_once
    stopped_at_the_end
    throttled_all
    throttled_alone
    throttled_alone_impatient
    throttled_mostly
    throttled_quota
    throttled_quota_again
    throttled_quota_last
    throttled_quota_limit
    throttled_quota_long
    throttled_quota_mostly
    throttled_quota_seven
    throttled_row
    throttled_row_soon
    throttled_rows
    throttled_two
    token_expiry
    trickle
}

/// [`kept`] compares the rows in hand with the bound after each transaction, also where the process dies next.
#[test]
fn rows_in_hand_stay_within_the_bound_at_every_width_and_batch() {
    for (width, most) in
        // Each with fewer rows in hand than there are users.
        [(1, 1), (256, 1), (7, 7), (32, 50), (8, 300), (1, 1_000), (2, 1_000)]
    {
        let users = (5 * width * most).clamp(500, 6_000);
        assert!(users > 2 * width * most);
        let text = format!(
            "seeds = 1\nusers = {users}\n[server]\nlatency_ms = 300\nlost_replies = 0.01\nbatch = {{ most = {most}, mode = \"identity\" }}\n\
             [run]\nwidth = {width}\nrequest_timeout_s = 2\nsettle_time_s = 0.5\nkill_after_s = [0.05, 0.4]\nkills = 5\n\
             [expect]\ndone = [{users}, {users}]\nkills = [5, 5]\n"
        );
        play(&format!("width {width}, batches of {most}"), &text);
    }
}
