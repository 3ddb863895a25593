//! How the target is doing, as far as answers tell: whether it answers at all, accepts anything,
//! and since when it has not. Pure: time comes from outside.

use crate::clock::Moment;
use crate::job::Halt;
use crate::words::exact_span;
use std::time::Duration;

/// The share of faults among the latest answers that counts as back-pressure.
const PRESSURE: f64 = 0.2;
/// The weight of the latest answer in that share.
const PRESSURE_WEIGHT: f64 = 0.05;

/// What a throttled answer says.
const TOO_OFTEN: &str = "requests come too often";

/// A pause that is a smaller part of `max_outage` does not stop its clock.
const SHORT_PAUSE: u32 = 10;

/// Pauses of `max_outage` and more, with no create answered in between, stop its clock for no longer
/// than this altogether: a target that opens once a day is waited for, one that never does is not.
/// Shorter ones stop it for `max_outage` altogether.
const PAUSES_MAX: Duration = Duration::from_hours(24);

/// How much of the slowest answer is still believed at the next one.
const SLOWEST_KEPT: f64 = 0.95;
/// A probe is up to three requests: for the token, the read itself, for the key.
const PROBE_REQUESTS: u32 = 3;

/// How long the target may be silent.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// Before its first answer.
    pub at_start: Duration,
    /// Later.
    pub max_outage: Duration,
}

/// How the target is doing.
#[derive(Clone, Debug, Default)]
pub struct Health {
    answered_once: bool,
    /// A read has passed.
    read_once: bool,
    /// Watchers were told of an outage, and not yet of its end.
    told: bool,
    last_fault: Option<String>,
    /// What came instead of an answer, if the latest fault was that another program answers.
    foreign: Option<String>,
    /// Since when it has accepted nothing, though it answers.
    refuses_since: Option<Moment>,
    /// Since when it has taken no create, though it throttled some and may have stored them: that their rows can be
    /// looked up says nothing of creates.
    creates_refused_since: Option<Moment>,
    /// Until when it has asked for a pause.
    back_at: Moment,
    /// How long such pauses have been since a create was last answered.
    paused: Duration,
    /// Since when every read has passed.
    reads_pass_since: Option<Moment>,
    /// When a create last got a definite answer.
    definite_at: Moment,
    /// The share of faults among the latest answers.
    pressure: f64,
    /// How long requests take until they are answered, of late, at most.
    slowest: Duration,
}

impl Health {
    /// It answered, with whatever.
    pub fn answered(&mut self) {
        self.answered_once = true;
    }

    /// Whether it has ever answered.
    pub fn has_answered(&self) -> bool {
        self.answered_once
    }

    /// What the last attempt came to, if none was answered and one came to an end.
    pub fn unanswered(&self) -> Option<&str> {
        self.last_fault.as_deref().filter(|_| !self.answered_once)
    }

    /// A create that left at `sent_at` got a definite answer.
    pub fn definite(&mut self, now: Moment, sent_at: Moment) {
        self.took(now, sent_at);
        self.definite_at = self.definite_at.max(now);
        self.paused = Duration::ZERO;
        self.refuses_since = None;
        self.creates_refused_since = None;
    }

    fn took(&mut self, now: Moment, sent_at: Moment) {
        let took = now.saturating_sub(sent_at);
        self.slowest = took.max(self.slowest.mul_f64(SLOWEST_KEPT));
    }

    /// How long a probe may take: `usual`, or longer where the target is known to be slow.
    pub fn probe_timeout(&self, usual: Duration, most: Duration) -> Duration {
        usual.max(self.slowest * PROBE_REQUESTS).min(most)
    }

    /// A read that left at `asked_at` passed.
    pub fn read_passed(&mut self, now: Moment, asked_at: Moment) {
        self.took(now, asked_at);
        self.read_once = true;
        self.refuses_since = None;
        self.reads_pass_since.get_or_insert(now);
    }

    /// Whether a read has ever passed.
    pub fn has_read(&self) -> bool {
        self.read_once
    }

    /// A read failed.
    pub fn read_failed(&mut self) {
        self.reads_pass_since = None;
    }

    /// Whether the latest read passed.
    pub fn reads_pass(&self) -> bool {
        self.reads_pass_since.is_some()
    }

    /// Since when reads have passed and creates got no definite answer.
    pub fn only_reads_since(&self) -> Option<Moment> {
        self.reads_pass_since.map(|since| since.max(self.definite_at))
    }

    /// A request ended without a usable answer, for this reason as far as known.
    pub fn fault(&mut self, why: Option<String>) {
        self.last_fault = why;
        self.foreign = None;
    }

    /// What answered a probe is not the target, as far as can be told.
    pub fn foreign(&mut self, why: String) {
        self.last_fault = Some(why.clone());
        self.foreign = Some(why);
    }

    /// It asked for fewer requests.
    pub fn throttled(&mut self, now: Moment) {
        self.last_fault = Some(TOO_OFTEN.to_owned());
        self.refuses_since.get_or_insert(now);
    }

    /// It asked for fewer creates, and does not promise that it stored nothing.
    pub fn creates_throttled(&mut self, now: Moment) {
        self.creates_refused_since.get_or_insert(now);
    }

    /// Whether that is what it said last, of what was no usable answer.
    pub fn is_throttled(&self) -> bool {
        self.last_fault.as_deref() == Some(TOO_OFTEN)
    }

    /// It asked for a pause. That is no silence, unless it is short, or follows so many others that a
    /// target which asks for a pause again and again would never be out of order.
    pub fn asked_to_wait(&mut self, now: Moment, wait: Duration, max_outage: Duration) {
        let most = if wait < max_outage / SHORT_PAUSE {
            Duration::ZERO
        } else if wait < max_outage {
            max_outage
        } else {
            PAUSES_MAX
        };
        let back_at = self.back_at.max(now + wait);
        let paused = self.paused + back_at.saturating_sub(self.back_at.max(now));
        if paused <= most {
            (self.back_at, self.paused) = (back_at, paused);
        }
    }

    /// An answer while the breaker is closed: whether faults have become so many that they are
    /// back-pressure, though they never come five in a row.
    pub fn presses(&mut self, fault: bool) -> bool {
        self.pressure += PRESSURE_WEIGHT * (f64::from(fault) - self.pressure);
        let presses = self.pressure > PRESSURE;
        if presses {
            self.pressure = 0.0;
        }
        presses
    }

    /// An outage is the breaker's business, and says nothing about the rate.
    pub fn no_pressure(&mut self) {
        self.pressure = 0.0;
    }

    /// What watchers are to be told when the breaker is closed or is not; once for each change.
    pub fn notice(&mut self, is_closed: bool) -> Option<String> {
        if is_closed != self.told {
            return None;
        }
        self.told = !is_closed;
        if is_closed {
            return Some("The target answers again".to_owned());
        }
        let why = self.last_fault.as_deref().unwrap_or("no answer");
        Some(format!("The target does not answer ({why}): waiting for it"))
    }

    /// Why the run ends now, if the target has given nothing for too long. `silent_since` is the
    /// breaker's.
    pub fn verdict(
        &self,
        now: Moment,
        silent_since: Option<Moment>,
        patience: Patience,
    ) -> Option<Halt> {
        let fault = self.last_fault.as_deref().unwrap_or("no answer");
        if !self.answered_once && now >= patience.at_start {
            let time = exact_span(patience.at_start);
            if let Some(came) = &self.foreign {
                return Some(Halt {
                    message: format!("the host answers, but not as the target does, for {time}: {came}"),
                    hint: "check the host and its port: another program or a proxy seems to answer there; this run has sent nothing"
                        .to_owned(),
                });
            }
            return Some(Halt {
                message: format!("the target could not be reached within {time}: {fault}"),
                hint: "check the host and the network, then run again; this run has sent nothing"
                    .to_owned(),
            });
        }
        let sinces = [silent_since, self.refuses_since, self.creates_refused_since];
        let since = sinces.into_iter().flatten().min()?;
        let since = since.max(self.back_at);
        let time = exact_span(patience.max_outage);
        (now >= since + patience.max_outage).then(|| Halt {
            message: format!("the target has given no usable answer for {time}: {fault}"),
            hint: "no row was marked failed; run again when it is back".to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);
    const PATIENCE: Patience =
        Patience { at_start: Duration::from_secs(30), max_outage: Duration::from_mins(5) };

    fn message(health: &Health, seconds: u32, silent_since: Option<u32>) -> Option<String> {
        let since = silent_since.map(|since| since * SECOND);
        health.verdict(seconds * SECOND, since, PATIENCE).map(|halt| halt.message)
    }

    fn wait(health: &mut Health, at: u32, seconds: u32) {
        health.asked_to_wait(at * SECOND, seconds * SECOND, PATIENCE.max_outage);
    }

    #[test]
    fn silence_at_the_start_ends_sooner_than_an_outage() {
        let mut health = Health::default();
        health.fault(Some("connection refused".to_owned()));
        assert_eq!(message(&health, 29, Some(0)), None);
        // Who stops the run before that should know, too.
        assert_eq!(health.unanswered(), Some("connection refused"));
        let told = "the target could not be reached within 30 s: connection refused";
        assert_eq!(message(&health, 30, Some(0)).as_deref(), Some(told));
        health.answered();
        assert_eq!(message(&health, 30, Some(0)), None);
        assert_eq!(health.unanswered(), None);
    }

    #[test]
    fn an_outage_ends_the_run_when_its_time_is_over() {
        let mut health = Health::default();
        health.answered();
        assert_eq!(message(&health, 1_000, None), None);
        assert_eq!(message(&health, 309, Some(10)), None);
        let told = "the target has given no usable answer for 5 min: no answer";
        assert_eq!(message(&health, 310, Some(10)).as_deref(), Some(told));
    }

    #[test]
    fn a_target_that_only_refuses_is_an_outage_but_for_the_pauses_it_asked_for() {
        let mut health = Health::default();
        health.answered();
        health.throttled(10 * SECOND);
        health.throttled(200 * SECOND);
        assert_eq!(message(&health, 309, None), None);
        assert!(message(&health, 310, None).is_some(), "since the first");
        assert!(message(&health, 310, Some(50)).is_some(), "the earlier of the two");
        wait(&mut health, 300, 60);
        assert_eq!(message(&health, 659, None), None, "since the end of the pause");
        assert!(message(&health, 660, None).is_some());
        health.definite(660 * SECOND, 660 * SECOND);
        assert_eq!(message(&health, 9_000, None), None);
        health.throttled(9_000 * SECOND);
        health.read_passed(9_100 * SECOND, 9_100 * SECOND);
        assert_eq!(message(&health, 9_900, None), None);
    }

    #[test]
    fn reads_that_pass_say_nothing_of_creates_that_are_throttled() {
        let mut health = Health::default();
        health.answered();
        for second in 10..310 {
            health.throttled(second * SECOND);
            health.creates_throttled(second * SECOND);
            assert_eq!(message(&health, second, None), None, "{second}");
            health.read_passed(second * SECOND, second * SECOND);
        }
        assert!(message(&health, 310, None).is_some(), "since the first");
        health.definite(310 * SECOND, 310 * SECOND);
        assert_eq!(message(&health, 310, None), None, "a create was taken");
    }

    #[test]
    fn pauses_that_are_short_and_never_end_are_an_outage() {
        let mut health = Health::default();
        health.answered();
        for n in 0..400 {
            health.throttled(n * SECOND);
            wait(&mut health, n, 29);
        }
        assert_eq!(message(&health, 299, None), None);
        assert!(message(&health, 300, None).is_some());
        wait(&mut health, 400, 30);
        assert_eq!(message(&health, 729, None), None);
        assert!(message(&health, 730, Some(0)).is_some(), "since the end of the pause");
    }

    #[test]
    fn pauses_without_end_are_an_outage_however_long_each_is() {
        for (pause, expected) in
            [(60, 5 * 60 + 5 * 60), (299, 299 + 5 * 60), (3_600, 24 * 3_600 + 5 * 60)]
        {
            let mut health = Health::default();
            health.answered();
            let ended = (0..200_000).find(|second| {
                if second % pause == 0 {
                    health.throttled(*second * SECOND);
                    wait(&mut health, *second, pause);
                }
                message(&health, *second, None).is_some()
            });
            assert_eq!(ended, Some(expected), "{pause} s");
        }
    }

    #[test]
    fn a_create_that_is_answered_between_pauses_makes_them_count_anew() {
        let mut health = Health::default();
        health.answered();
        for hour in 0..100 {
            let now = hour * 3_600;
            health.throttled(now * SECOND);
            wait(&mut health, now, 3_590);
            assert_eq!(message(&health, now + 3_595, None), None, "{hour}");
            health.definite((now + 3_595) * SECOND, (now + 3_594) * SECOND);
        }
    }

    #[test]
    fn another_program_on_the_port_is_a_wrong_setting_and_not_an_outage() {
        let mut health = Health::default();
        health.foreign("HTTP 200 with a page of HTML or XML".to_owned());
        assert_eq!(message(&health, 29, Some(0)), None);
        let told = "the host answers, but not as the target does, for 30 s: HTTP 200 with a page of HTML or XML";
        assert_eq!(message(&health, 30, Some(0)).as_deref(), Some(told));
        health.answered();
        assert_eq!(message(&health, 30, Some(0)), None);
    }

    #[test]
    fn whether_it_answers_and_whether_reads_pass_is_known_from_the_first_on() {
        let mut health = Health::default();
        assert!(!health.has_answered() && !health.reads_pass());
        health.answered();
        health.read_passed(SECOND, SECOND);
        assert!(health.has_answered() && health.reads_pass());
    }

    #[test]
    fn only_reads_pass_since_the_later_of_both() {
        let mut health = Health::default();
        assert_eq!(health.only_reads_since(), None);
        assert!(!health.has_read());
        health.read_passed(10 * SECOND, 10 * SECOND);
        health.read_passed(20 * SECOND, 20 * SECOND);
        assert_eq!(health.only_reads_since(), Some(10 * SECOND));
        health.definite(15 * SECOND, 14 * SECOND);
        assert_eq!(health.only_reads_since(), Some(15 * SECOND));
        health.read_failed();
        assert!(!health.reads_pass() && health.has_read());
        health.read_passed(30 * SECOND, 30 * SECOND);
        assert_eq!(health.only_reads_since(), Some(30 * SECOND));
    }

    #[test]
    fn one_fault_in_five_or_fewer_is_no_pressure() {
        let mut health = Health::default();
        assert!((0..10_000).all(|n| !health.presses(n % 8 == 0)));
        let mut health = Health::default();
        let first = (0..1_000).position(|n| health.presses(n % 3 == 0));
        assert!(first.is_some_and(|n| n > 5), "{first:?}");
        assert!(!health.presses(true), "begins anew");
        health.no_pressure();
        assert!((0..4).all(|_| !health.presses(true)));
        assert!(health.presses(true));
    }

    #[test]
    fn a_slow_target_may_take_longer_for_a_probe() {
        let mut health = Health::default();
        let limit = |health: &Health| health.probe_timeout(3 * SECOND, 30 * SECOND);
        health.definite(SECOND, SECOND / 2);
        assert_eq!(limit(&health), 3 * SECOND);
        health.definite(10 * SECOND, 6 * SECOND);
        assert_eq!(limit(&health), 12 * SECOND);
        health.definite(40 * SECOND, 20 * SECOND);
        assert_eq!(limit(&health), 30 * SECOND, "but never longer than any request");
        for n in 41..141 {
            health.definite(n * SECOND, n * SECOND);
        }
        assert_eq!(limit(&health), 3 * SECOND, "what was long ago is forgotten");
        health.read_passed(150 * SECOND, 145 * SECOND);
        assert_eq!(limit(&health), 15 * SECOND, "reads count too");
    }

    #[test]
    fn each_change_is_told_once() {
        let mut health = Health::default();
        assert_eq!(health.notice(true), None);
        health.fault(Some("HTTP 503".to_owned()));
        let told = "The target does not answer (HTTP 503): waiting for it";
        assert_eq!(health.notice(false).as_deref(), Some(told));
        assert_eq!(health.notice(false), None);
        assert_eq!(health.notice(true).as_deref(), Some("The target answers again"));
        assert_eq!(health.notice(true), None);
    }
}
