//! What must hold after a scenario: first what always must, by the server's own log; then what the
//! file says.

use super::server::Call;
use super::spec::{End, Range, Scenario};
use super::world::{Result, Row};
use std::collections::HashMap;
use std::time::Duration;
use userferry::clock::Moment;
use userferry::run;

/// What was seen, for people.
#[derive(Debug)]
pub(crate) struct Seen {
    pub duration_s: f64,
    pub per_s: f64,
    pub in_flight: usize,
    pub creates: usize,
    pub wasted: usize,
    pub throttled: usize,
    pub throttled_share: f64,
    pub sent_into_outages: Vec<usize>,
    pub back_s: Vec<f64>,
    pub spent_in_vain: i64,
    pub activities: Vec<&'static str>,
}

/// Everything that is wrong, and what was seen.
pub(crate) fn check(scenario: &Scenario, result: &Result) -> (Vec<String>, Seen) {
    let log = result.server.log();
    let mut wrong = Vec::new();
    invariants(scenario, result, &log, &mut wrong);
    let seen = look(scenario, result, &log);
    expectations(scenario, result, &seen, &mut wrong);
    (wrong, seen)
}

fn invariants(scenario: &Scenario, result: &Result, log: &[Call], wrong: &mut Vec<String>) {
    let users = result.server.users();
    let mut held: HashMap<u32, usize> = HashMap::new();
    for user in &users {
        *held.entry(user.row.unwrap_or(0)).or_default() += 1;
    }
    let mut sent: HashMap<u32, usize> = HashMap::new();
    for row in log.iter().filter_map(|call| call.row) {
        *sent.entry(row).or_default() += 1;
    }
    let by_id: HashMap<&str, Option<u32>> =
        users.iter().map(|user| (user.id.as_str(), user.row)).collect();
    let mut say = |text: String| wrong.push(text);
    for row in &result.rows {
        let n = row.n;
        let copies = held.get(&n).copied().unwrap_or(0);
        if copies > 1 {
            say(format!("row {n} is in the directory {copies} times"));
        }
        if row.detail.as_deref() == Some("created") && copies == 0 {
            say(format!("row {n} is done, created, but absent"));
        }
        if row.status == "done" {
            let owner = row.remote_id.as_deref().and_then(|id| by_id.get(id));
            match owner {
                None => say(format!("row {n} is done without a user in the directory")),
                Some(Some(other)) if *other != n => {
                    say(format!("row {n} is done with the user of row {other}"));
                }
                Some(_) => {}
            }
            if row.evidence.is_none() {
                say(format!("row {n} is done without evidence"));
            }
        }
        if row.status != "done" && copies > 0 && row.status != "unknown" && !ended_early(result) {
            say(format!("row {n} is {} but in the directory", row.status));
        }
        if row.status == "failed" && !is_condemned(scenario, n) {
            say(format!("row {n} failed for no fault of its own: {:?}", row.detail));
        }
        if matches!(row.detail.as_deref(), Some("conflict" | "exhausted" | "skipped"))
            && row.reason.is_none()
        {
            say(format!("row {n} is {:?} without a reason", row.detail));
        }
        if (row.status == "invalid") != (row.problems > 0) {
            say(format!("row {n} is {} with {} problems", row.status, row.problems));
        }
        if row.status == "sending" {
            say(format!("row {n} was left sending"));
        }
        let sent = sent.get(&n).copied().unwrap_or(0);
        if sent > row.attempts {
            say(format!("row {n}: {sent} creates, but {} attempts", row.attempts));
        }
    }
    departures(scenario, log, wrong);
    let mut say = |text: String| wrong.push(text);
    if result.most_in_flight > scenario.run.width {
        say(format!("{} in flight", result.most_in_flight));
    }
    let told = &result.progress;
    let of = |word: &str| result.rows.iter().filter(|row| row.status == word).count() as u64;
    let told = [told.total, told.done, told.failed, told.invalid, told.unknown];
    let counts = [of("done"), of("failed"), of("invalid"), of("unknown")];
    if told[0] != result.rows.len() as u64 || told[1..] != counts {
        say(format!("watchers were told {told:?}, but there are {counts:?}"));
    }
    if result.notes.iter().any(|note| note.contains("waiting for 0 requests")) {
        say("watchers were told of a wait for nothing".to_owned());
    }
    let in_doubt = result.rows.iter().filter(|row| row.status == "unknown" && row.is_of_last_run);
    let in_doubt = in_doubt.count() as u64;
    if result.in_doubt != in_doubt {
        say(format!("the run says {} of its rows in doubt, but {in_doubt} are", result.in_doubt));
    }
    let all_done = result.rows.iter().all(|row| row.status == "done");
    let end_word = match result.end {
        run::End::Drained if all_done => "done",
        run::End::Drained => "incomplete",
        run::End::Stopped | run::End::Limited => "stopped",
        run::End::Halted(_) => "halted",
    };
    if result.end_word != end_word {
        say(format!("the table says {}, but it is {end_word}", result.end_word));
    }
    if !result.tally_matches {
        say("the tally does not match the rows".to_owned());
    }
}

/// Which rows left, by the server's log.
fn departures(scenario: &Scenario, log: &[Call], wrong: &mut Vec<String>) {
    let mut say = |text: String| wrong.push(text);
    let quiet_s = scenario.run.request_timeout_s + scenario.run.settle_time_s;
    let may_meet = scenario.server.late > 0.0
        || scenario.start.arriving > 0.0
        || scenario.server.lookup_lag_s >= quiet_s;
    if !may_meet {
        for call in log.iter().filter(|call| call.held) {
            say(format!(
                "row {:?} was sent at {:?} though it was created before",
                call.row, call.at
            ));
        }
    }
    let every = scenario.run.only_every.unwrap_or(1);
    for row in log.iter().filter_map(|call| call.row).filter(|row| row % every != 0) {
        say(format!("row {row} was sent, though not chosen"));
    }
}

fn ended_early(result: &Result) -> bool {
    result.end != run::End::Drained
}

/// Whether the scenario lets this row fail.
fn is_condemned(scenario: &Scenario, row: u32) -> bool {
    let server = &scenario.server;
    scenario.expect.rows.contains_key(&row.to_string())
        || server.poison.contains(&row)
        || server.drop.contains(&row)
        || server.rejects(row)
        || server.unexplained.contains(&row)
        || server.refuse_all.is_some() && scenario.expect.failed.is_some()
        || scenario.run.max_failures.is_some()
}

#[expect(clippy::cast_precision_loss, reason = "counts")]
fn look(scenario: &Scenario, result: &Result, log: &[Call]) -> Seen {
    let duration_s = result.ended_at.as_secs_f64();
    let creates =
        log.iter().filter(|call| call.row.is_some() && call.leads && call.arrived).count();
    let after = scenario.expect.throttled_share.map_or(0.0, |share| share.after_s);
    let late: Vec<&Call> = log.iter().filter(|call| call.at.as_secs_f64() >= after).collect();
    let throttled_late = late.iter().filter(|call| call.throttled).count();
    let by_reply = result.rows.iter().filter(|row| row.evidence.as_deref() == Some("reply"));
    let spent: i64 = result.rows.iter().map(|row| i64::from(row.spent)).sum();
    let windows = windows(scenario);
    Seen {
        duration_s,
        per_s: result.rows.iter().filter(|row| row.status == "done").count() as f64 / duration_s,
        in_flight: result.server.most_in_flight(),
        creates,
        wasted: creates.saturating_sub(result.rows.len()),
        throttled: log.iter().filter(|call| call.throttled).count(),
        throttled_share: throttled_late as f64 / late.len().max(1) as f64,
        sent_into_outages: windows.iter().map(|window| sent_within(log, *window)).collect(),
        back_s: windows.iter().map(|(_, to)| back_after(log, *to)).collect(),
        spent_in_vain: spent - i64::try_from(by_reply.count()).unwrap(),
        activities: result.activities.clone(),
    }
}

/// The outages, as moments.
fn windows(scenario: &Scenario) -> Vec<(Moment, Moment)> {
    let seconds = Duration::from_secs_f64;
    let outages = scenario.server.outages.iter();
    outages.map(|outage| (seconds(outage.from_s), seconds(outage.to_s))).collect()
}

fn sent_within(log: &[Call], (from, to): (Moment, Moment)) -> usize {
    log.iter().filter(|call| call.at >= from && call.at < to).count()
}

/// How long after a moment the next row was created; for ever if none was.
fn back_after(log: &[Call], moment: Moment) -> f64 {
    let created = log.iter().filter_map(|call| call.created_at).filter(|at| *at >= moment);
    created.min().map_or(f64::INFINITY, |at| at.saturating_sub(moment).as_secs_f64())
}

fn expectations(scenario: &Scenario, result: &Result, seen: &Seen, wrong: &mut Vec<String>) {
    let expect = &scenario.expect;
    let (end, why) = match &result.end {
        run::End::Drained => (End::Drained, None),
        run::End::Limited => (End::Limited, None),
        run::End::Stopped => unreachable!("a run that was stopped is started again"),
        run::End::Halted(halt) => (End::Halted, Some(halt.message.clone())),
    };
    if end != expect.end {
        wrong.push(format!("ended {end:?} ({why:?}), not {:?}", expect.end));
    }
    if let Some(text) = &expect.halt
        && !why.as_ref().is_some_and(|why| why.contains(text.as_str()))
    {
        wrong.push(format!("halted with {why:?}, not {text:?}"));
    }
    if let Some(text) = &expect.halted_first
        && !result.halted_first.as_ref().is_some_and(|why| why.contains(text.as_str()))
    {
        wrong.push(format!("halted first with {:?}, not {text:?}", result.halted_first));
    }
    figures(scenario, result, seen, wrong);
    if let Some(text) = &expect.note
        && !result.notes.iter().any(|note| note.contains(text.as_str()))
    {
        wrong.push(format!("watchers were not told {text:?}"));
    }
    if expect.activities.as_ref().is_some_and(|expected| *expected != seen.activities) {
        wrong.push(format!("the runs were {:?}", seen.activities));
    }
    for (n, word) in &expect.rows {
        let row = result.rows.iter().find(|row| row.n.to_string() == *n).unwrap();
        let is = [Some(row.status.as_str()), row.detail.as_deref()];
        let is = is.into_iter().flatten().collect::<Vec<_>>().join("/");
        if is != *word {
            wrong.push(format!("row {n} is {is}, not {word}"));
        }
    }
    for (i, sent) in seen.sent_into_outages.iter().enumerate() {
        within(wrong, &format!("sent into outage {i}"), *sent, expect.sent_into_outage);
    }
    for back_s in &seen.back_s {
        if expect.back_within_s.is_some_and(|most| *back_s > most) {
            wrong.push(format!("back only {back_s} s after the outage"));
        }
    }
    if let Some(share) = expect.throttled_share
        && seen.throttled_share > share.max
    {
        wrong.push(format!("share of throttled requests {}", seen.throttled_share));
    }
}

fn figures(scenario: &Scenario, result: &Result, seen: &Seen, wrong: &mut Vec<String>) {
    let expect = &scenario.expect;
    let count = |matches: &dyn Fn(&Row) -> bool| result.rows.iter().filter(|r| matches(r)).count();
    let status = |word: &str| count(&|row| row.status == word);
    let detail = |word: &str| count(&|row| row.detail.as_deref() == Some(word));
    let all = f64::from(scenario.users);
    if let Some([from, to]) = expect.duration_s
        && !(from..=to).contains(&seen.duration_s)
    {
        wrong.push(format!("took {} s, not {from} to {to}", seen.duration_s));
    }
    if let Some([from, to]) = expect.per_s
        && !(from..=to).contains(&seen.per_s)
    {
        wrong.push(format!("{} rows a second, not {from} to {to}", seen.per_s));
    }
    within(wrong, "in flight", seen.in_flight, expect.in_flight);
    within(wrong, "creates", seen.creates, expect.creates);
    within(wrong, "creates wasted", seen.wasted, expect.wasted);
    within(wrong, "throttled", seen.throttled, expect.throttled);
    within(wrong, "done", status("done"), expect.done.or(Some([all, all])));
    within(wrong, "pending", status("pending"), expect.pending);
    within(wrong, "unknown", status("unknown"), expect.unknown);
    within(wrong, "failed", status("failed"), expect.failed);
    within(wrong, "invalid", status("invalid"), expect.invalid);
    within(wrong, "created", detail("created"), expect.created);
    within(wrong, "existed", detail("existed"), expect.existed);
    let in_vain = usize::try_from(seen.spent_in_vain).unwrap_or(usize::MAX);
    within(wrong, "kills", usize::try_from(result.kills).unwrap(), expect.kills);
    within(wrong, "attempts spent in vain", in_vain, expect.spent_in_vain);
}

#[expect(clippy::cast_precision_loss, reason = "a count")]
fn within(wrong: &mut Vec<String>, what: &str, seen: usize, range: Option<Range>) {
    if let Some([from, to]) = range
        && !(from..=to).contains(&(seen as f64))
    {
        wrong.push(format!("{what}: {seen}, not {from} to {to}"));
    }
}
