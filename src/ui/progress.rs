//! Progress: a bar on a terminal, a line every few seconds elsewhere.

use super::Ui;
use super::bar::{Part, draw};
use super::screen::{self, width};
use crate::monitor::{Activity, Monitor, Progress, Settled};
use crate::words::{counted, grouped, span};
use indicatif::ProgressBar;
use std::collections::HashMap;
use std::time::{Duration, Instant};

/// How often a line is written where there is no terminal.
const LINE_EVERY: Duration = Duration::from_secs(5);

/// Shows a run.
pub struct RunProgress {
    ui: Ui,
    bar: Option<ProgressBar>,
    lined_at: Option<Instant>,
    /// The last line: one that says the same again says nothing.
    said: String,
    notes: Notes,
}

impl RunProgress {
    /// A bar if standard error is a terminal, else lines; nothing when it is to be quiet.
    pub fn new(ui: Ui) -> Self {
        let bar = ui.has_bar().then(screen::line);
        Self { ui, bar, lined_at: None, said: String::new(), notes: Notes::default() }
    }
}

impl Monitor for RunProgress {
    fn progress(&mut self, progress: &Progress) {
        let Settled { settled, of } = progress.extent();
        if let Some(bar) = &self.bar {
            bar.set_message(draw(share(settled, of), &parts(progress), width()));
        } else if self.lined_at.is_none_or(|at| at.elapsed() >= LINE_EVERY) {
            if self.lined_at.is_some()
                && let Some(line) = changed(&mut self.said, line(progress))
            {
                self.ui.note(&line);
            }
            self.lined_at = Some(Instant::now());
        }
    }

    fn note(&mut self, text: &str) {
        let text = self.notes.count(text);
        match &self.bar {
            Some(bar) => bar.suspend(|| self.ui.note(&text)),
            None => self.ui.note(&text),
        }
    }
}

impl Drop for RunProgress {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            // The line that follows reports the result.
            bar.finish_and_clear();
        }
    }
}

/// A line, unless it is the very one that was said last.
fn changed(said: &mut String, line: String) -> Option<String> {
    if *said == line {
        return None;
    }
    said.clone_from(&line);
    Some(line)
}

/// What has been told. A target that goes away and comes back again and again is told of in the
/// same words: with a number they are not taken for one event shown twice.
#[derive(Default)]
struct Notes(HashMap<String, u32>);

impl Notes {
    fn count(&mut self, text: &str) -> String {
        let n = self.0.entry(text.to_owned()).or_default();
        *n += 1;
        if *n == 1 { text.to_owned() } else { format!("{text} ({n} times so far)") }
    }
}

fn share(settled: u64, of: u64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "a share")]
    if of == 0 { 1.0 } else { settled as f64 / of as f64 }
}

fn line(progress: &Progress) -> String {
    let parts = parts(progress);
    let texts: Vec<&str> = parts.iter().map(|part| part.text.as_str()).collect();
    texts.join("  ")
}

/// How far a run is. Invalid rows are in the table and are not sent, so that the whole is another number than
/// the one that `status` shows.
fn extent(progress: &Progress) -> String {
    let Settled { settled, of } = progress.extent();
    let sendable = if progress.invalid > 0 && progress.limit.is_none() { " sendable" } else { "" };
    format!("{} of {}{sendable}", grouped(settled), grouped(of))
}

/// What is said of a run, the ranks by what a narrow terminal can do without.
fn parts(progress: &Progress) -> Vec<Part> {
    let Settled { settled, of } = progress.extent();
    // With a limit the numbers before it are those of this run.
    let in_all = if progress.limit.is_some() { " in all" } else { "" };
    let mut parts = vec![
        Part::new(0, extent(progress)),
        Part::new(4, format!("done {}{in_all}", grouped(progress.done))),
    ];
    for (rank, n, word) in [
        (2, progress.failed, "failed"),
        (5, progress.invalid, "invalid"),
        (3, progress.unknown, "unknown"),
    ] {
        if n > 0 {
            parts.push(Part::new(rank, format!("{word} {}", grouped(n))));
        }
    }
    if settled == of && progress.unknown == 0 {
        // Nothing waits any more.
        return parts;
    }
    let doing = match &progress.activity {
        Activity::Connecting => "connecting".to_owned(),
        Activity::Sending if progress.in_flight > 0 && progress.rate_per_s < 0.5 => {
            format!("waiting for {}", counted(progress.in_flight as u64, "answer"))
        }
        Activity::Sending => format!("{:.0}/s", progress.rate_per_s),
        Activity::Paused(left) => format!("asked to wait {}", span(left.as_secs() + 1)),
        Activity::Outage(so_far) => format!("no answer for {}, waiting", span(so_far.as_secs())),
        Activity::Settling if progress.unknown == 0 => "waiting to retry".to_owned(),
        Activity::Settling => "waiting to look unknown rows up or to retry".to_owned(),
        Activity::Stopping => "stopping".to_owned(),
    };
    parts.push(Part::new(1, doing));
    if let (Activity::Sending, Some(eta)) = (&progress.activity, progress.eta_s) {
        parts.push(Part::new(1, format!("ETA {}", span(eta))));
    }
    parts
}

/// Shows how far a source has been read.
pub struct ReadProgress {
    ui: Ui,
    bar: Option<ProgressBar>,
    /// What is counted are bytes, else rows.
    of_bytes: bool,
    what: &'static str,
    started_at: Instant,
    lined_at: Instant,
}

impl ReadProgress {
    /// Of a source: bytes of all its bytes, and records. A bar if standard error is a terminal, else
    /// lines; nothing when it is to be quiet.
    pub fn new(ui: Ui) -> Self {
        Self::with(ui, true, "records read")
    }

    /// The same of rows.
    pub fn of_rows(ui: Ui, what: &'static str) -> Self {
        Self::with(ui, false, what)
    }

    fn with(ui: Ui, of_bytes: bool, what: &'static str) -> Self {
        let bar = ui.has_bar().then(screen::line);
        let now = Instant::now();
        Self { ui, bar, of_bytes, what, started_at: now, lined_at: now }
    }

    /// At this place of so many, if known, and so many records.
    pub fn update(&mut self, at: u64, of: Option<u64>, records: u64) {
        let text = || {
            let seconds = self.started_at.elapsed().as_secs().max(1);
            format!("{} {}  {}/s", grouped(records), self.what, grouped(records / seconds))
        };
        if let Some(bar) = &self.bar {
            let parts = self.parts(at, of, records);
            bar.set_message(draw(of.map_or(0.0, |of| share(at, of)), &parts, width()));
        } else if self.lined_at.elapsed() >= LINE_EVERY {
            self.ui.note(&text());
            self.lined_at = Instant::now();
        }
    }
}

impl ReadProgress {
    fn parts(&self, at: u64, of: Option<u64>, records: u64) -> Vec<Part> {
        let elapsed = self.started_at.elapsed();
        let amount = |n: u64| {
            if self.of_bytes { indicatif::HumanBytes(n).to_string() } else { grouped(n) }
        };
        let so_far = match of {
            Some(of) => format!("{} of {}", amount(at), amount(of)),
            None => amount(at),
        };
        let mut parts = vec![
            Part::new(if self.of_bytes { 2 } else { 0 }, so_far),
            Part::new(u8::from(!self.of_bytes), format!("{} {}", grouped(records), self.what)),
            Part::new(3, format!("{}/s", grouped(records / elapsed.as_secs().max(1)))),
        ];
        if let Some(of) = of.filter(|of| at > 0 && at < *of) {
            let left = elapsed.as_secs_f64() * (1.0 / share(at, of) - 1.0);
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "seconds")]
            parts.push(Part::new(1, format!("ETA {}", span(left.ceil() as u64))));
        }
        parts
    }
}

impl Drop for ReadProgress {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn progress(activity: Activity) -> Progress {
        Progress {
            total: 1_009,
            done: 400,
            failed: 2,
            invalid: 6,
            unknown: 3,
            settled: 7,
            limit: None,
            in_flight: 4,
            rate_per_s: 12.4,
            eta_s: Some(61),
            activity,
        }
    }

    #[test]
    fn a_line_counts_rows_that_need_nothing_more_of_all_in_the_words_of_the_table() {
        let words = "402 of 1,003 sendable  done 400  failed 2  invalid 6  unknown 3";
        for (activity, end) in [
            (Activity::Sending, "12/s  ETA 1 min 1 s"),
            (Activity::Connecting, "connecting"),
            (Activity::Outage(Duration::from_secs(7)), "no answer for 7 s, waiting"),
            (Activity::Settling, "waiting to look unknown rows up or to retry"),
        ] {
            assert_eq!(line(&progress(activity)), format!("{words}  {end}"));
        }
    }

    #[test]
    fn with_a_limit_the_line_counts_what_the_run_may_settle() {
        let limited = |limit| Progress { limit: Some(limit), ..progress(Activity::Stopping) };
        let words = "done 400 in all  failed 2  invalid 6  unknown 3  stopping";
        assert_eq!(line(&limited(10)), format!("7 of 10  {words}"));
        // Fewer are left than it may.
        assert_eq!(line(&limited(5_000)), format!("7 of 608  {words}"));
    }

    #[test]
    fn where_nothing_comes_back_the_line_says_what_is_waited_for() {
        let hangs = |in_flight| Progress {
            in_flight,
            rate_per_s: 0.4,
            eta_s: None,
            limit: Some(10),
            ..progress(Activity::Sending)
        };
        assert!(line(&hangs(1)).ends_with("  waiting for 1 answer"), "{}", line(&hangs(1)));
        assert!(line(&hangs(2)).ends_with("  waiting for 2 answers"));
        assert!(line(&hangs(0)).ends_with("  0/s"));
    }

    #[test]
    fn nobody_waits_for_rows_that_are_not_unknown_and_at_the_end_for_none() {
        let waits = Progress { unknown: 0, ..progress(Activity::Settling) };
        assert_eq!(
            line(&waits),
            "402 of 1,003 sendable  done 400  failed 2  invalid 6  waiting to retry"
        );
        for activity in [Activity::Settling, Activity::Paused(Duration::from_secs(3))] {
            let end = Progress { done: 1_001, unknown: 0, ..progress(activity) };
            assert_eq!(line(&end), "1,003 of 1,003 sendable  done 1,001  failed 2  invalid 6");
        }
    }

    #[test]
    fn a_line_is_said_once_until_it_changes() {
        let mut said = String::new();
        let waits = progress(Activity::Settling);
        let fewer = Progress { unknown: 2, done: 401, ..waits.clone() };
        let lines = [&waits, &waits, &fewer, &fewer, &waits].map(line);
        let told = lines.clone().map(|line| changed(&mut said, line));
        let [one, _, two, _, three] = lines;
        assert_eq!(told, [Some(one), None, Some(two), None, Some(three)]);
    }

    #[test]
    fn a_notice_that_comes_again_is_counted() {
        let mut notes = Notes::default();
        let told: Vec<String> = ["gone", "back", "gone", "gone"].map(|n| notes.count(n)).into();
        assert_eq!(told, ["gone", "back", "gone (2 times so far)", "gone (3 times so far)"]);
    }
}
