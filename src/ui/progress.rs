//! Progress: a bar on a terminal, a line every few seconds elsewhere.

use super::{Ui, grouped, span};
use crate::monitor::{Activity, Monitor, Progress};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::time::{Duration, Instant};

/// How often a line is written where there is no terminal.
const LINE_EVERY: Duration = Duration::from_secs(5);

/// Shows a run.
pub struct RunProgress {
    ui: Ui,
    bar: Option<ProgressBar>,
    lined_at: Option<Instant>,
}

impl RunProgress {
    /// A bar if standard error is a terminal, else lines; nothing when it is to be quiet.
    pub fn new(ui: Ui) -> Self {
        let bar = ui.has_bar().then(|| {
            let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr_with_hz(10));
            // Fails only for a template that is none; then there is the plain bar.
            if let Ok(style) = ProgressStyle::with_template("{bar:28} {pos}/{len}  {msg}") {
                bar.set_style(style);
            }
            bar
        });
        Self { ui, bar, lined_at: None }
    }
}

impl Monitor for RunProgress {
    fn progress(&mut self, progress: &Progress) {
        let settled = progress.done + progress.failed + progress.invalid;
        if let Some(bar) = &self.bar {
            bar.set_length(progress.total);
            bar.set_position(settled);
            bar.set_message(describe(progress));
        } else if self.lined_at.is_none_or(|at| at.elapsed() >= LINE_EVERY) {
            if self.lined_at.is_some() {
                let (settled, total) = (grouped(settled), grouped(progress.total));
                self.ui.note(&format!("{settled} of {total}  {}", describe(progress)));
            }
            self.lined_at = Some(Instant::now());
        }
    }

    fn note(&mut self, text: &str) {
        match &self.bar {
            Some(bar) => bar.suspend(|| self.ui.note(text)),
            None => self.ui.note(text),
        }
    }
}

impl Drop for RunProgress {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.abandon();
        }
    }
}

fn describe(progress: &Progress) -> String {
    let mut parts = vec![format!("done {}", grouped(progress.done))];
    for (n, word) in
        [(progress.failed, "failed"), (progress.invalid, "invalid"), (progress.unknown, "in doubt")]
    {
        if n > 0 {
            parts.push(format!("{word} {}", grouped(n)));
        }
    }
    match &progress.activity {
        Activity::Connecting => parts.push("connecting".to_owned()),
        Activity::Sending => {
            parts.push(format!("{:.0}/s", progress.rate_per_s));
            if let Some(eta) = progress.eta_s {
                parts.push(format!("ETA {}", span(eta)));
            }
        }
        Activity::Paused(left) => {
            parts.push(format!("asked to wait {}", span(left.as_secs() + 1)));
        }
        Activity::Outage(so_far) => {
            parts.push(format!("no answer for {}, waiting", span(so_far.as_secs())));
        }
        Activity::Settling => parts.push("settling what is in doubt or to be retried".to_owned()),
        Activity::Stopping => parts.push("stopping".to_owned()),
    }
    parts.join("  ")
}

/// Shows how far a source has been read.
pub struct ReadProgress {
    ui: Ui,
    bar: Option<ProgressBar>,
    lined_at: Instant,
}

impl ReadProgress {
    /// A bar if standard error is a terminal, else lines; nothing when it is to be quiet.
    pub fn new(ui: Ui) -> Self {
        let bar = ui.has_bar().then(|| {
            let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr_with_hz(10));
            if let Ok(style) =
                ProgressStyle::with_template("{bar:28} {bytes}/{total_bytes}  {msg}  ETA {eta}")
            {
                bar.set_style(style);
            }
            bar
        });
        Self { ui, bar, lined_at: Instant::now() }
    }

    /// So many bytes of so many, if known, and so many records.
    pub fn update(&mut self, bytes: u64, of: Option<u64>, records: u64) {
        if let Some(bar) = &self.bar {
            if let Some(of) = of {
                bar.set_length(of);
            }
            bar.set_position(bytes);
            bar.set_message(format!("{} records", grouped(records)));
        } else if self.lined_at.elapsed() >= LINE_EVERY {
            self.lined_at = Instant::now();
            self.ui.note(&format!("{} records read", grouped(records)));
        }
    }
}

impl Drop for ReadProgress {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
