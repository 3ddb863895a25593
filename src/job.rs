//! A job and its laws: what an outcome makes of it, and what a lookup makes of a doubt.
//!
//! Everything here is pure: no clock, no randomness, no I/O. The whole table of outcomes stands in
//! [`next`], that of lookups in [`settle`]; no state changes anywhere else.

use crate::backoff;
use std::fmt;
use std::time::Duration;

macro_rules! words {
    ($(#[$meta:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident = $word:literal,)* }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum $name { $($(#[$doc])* $variant,)* }

        impl $name {
            /// All of them, in the order of the documentation.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The word in the table, in JSON and on the command line.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)* }
            }

            /// The inverse of [`Self::as_str`].
            pub fn parse(word: &str) -> Option<Self> {
                match word { $($word => Some(Self::$variant),)* _ => None }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.as_str())
            }
        }
    };
}

words! {
    /// Where a job stands.
    Status {
        /// To send, maybe not before a time.
        Pending = "pending",
        /// Claimed by a run.
        Sending = "sending",
        /// May or may not have been created.
        Unknown = "unknown",
        /// In the directory, or let go by policy or a person.
        Done = "done",
        /// Refused for good, until somebody retries it.
        Failed = "failed",
        /// Problems found before sending; nothing was sent.
        Invalid = "invalid",
    }
}

words! {
    /// Why a job is done or failed.
    Detail {
        /// Done: created by this job table.
        Created = "created",
        /// Done: it was there, and is ours.
        Existed = "existed",
        /// Done: left alone by policy.
        Skipped = "skipped",
        /// Done: let go by a person.
        Waived = "waived",
        /// Failed: rejected by the provider.
        Rejected = "rejected",
        /// Failed: another user stands in the way.
        Conflict = "conflict",
        /// Failed: attempts used up.
        Exhausted = "exhausted",
    }
}

words! {
    /// The class of an attempt's result, as the table `attempt` keeps it.
    Class {
        /// The provider says that it created the user.
        Created = "created",
        /// The provider has such a user.
        Duplicate = "duplicate",
        /// The data must change.
        Rejected = "rejected",
        /// Too often; nothing was created.
        Throttled = "throttled",
        /// The token or the key is out of date; nothing was created.
        Stale = "stale",
        /// No connection; nothing was sent.
        NotSent = "not-sent",
        /// No readable answer: may or may not have been created.
        Unknown = "unknown",
        /// The target refuses to work at all; nothing was created.
        Halt = "halt",
        /// It cannot be sent to this target; nothing was sent.
        Unsendable = "unsendable",
    }
}

words! {
    /// What a row's being done rests on.
    Evidence {
        /// The reply to its create.
        Reply = "reply",
        /// A later lookup.
        Lookup = "lookup",
    }
}

/// The outcome of one attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The provider says that it created the user, with this id.
    Created {
        /// The id in the directory.
        remote_id: String,
    },
    /// The provider has such a user: to be looked up.
    Duplicate,
    /// The data must change.
    Rejected,
    /// A refusal that no known code explains and that could not be checked by a read; nothing was
    /// created.
    Unexplained,
    /// Too often; nothing was created.
    Throttled,
    /// The token or the key is out of date; nothing was created.
    Stale,
    /// The connection could not be made; nothing was sent.
    NotSent,
    /// Ended without a readable answer.
    Unknown,
    /// The target refuses to work at all; nothing was created.
    Halt,
    /// It cannot be sent to this target (its password does not fit the key); nothing was sent.
    Unsendable,
    /// Claimed, but never handed to the transport.
    Returned,
}

impl Outcome {
    /// The class for the table `attempt`; `None` when there was no attempt at all.
    pub fn class(&self) -> Option<Class> {
        Some(match self {
            Self::Created { .. } => Class::Created,
            Self::Duplicate => Class::Duplicate,
            Self::Rejected | Self::Unexplained => Class::Rejected,
            Self::Throttled => Class::Throttled,
            Self::Stale => Class::Stale,
            Self::NotSent => Class::NotSent,
            Self::Unknown => Class::Unknown,
            Self::Halt => Class::Halt,
            Self::Unsendable => Class::Unsendable,
            Self::Returned => return None,
        })
    }

    /// Whether the user cannot have been made by this attempt: the provider says so, or nothing was
    /// sent. One who is found later, and was not in doubt before, was made by a later attempt.
    pub fn proves_absence(&self) -> bool {
        match self {
            Self::Created { .. } | Self::Unknown => false,
            Self::Duplicate
            | Self::Rejected
            | Self::Unexplained
            | Self::Throttled
            | Self::Stale
            | Self::NotSent
            | Self::Halt
            | Self::Unsendable
            | Self::Returned => true,
        }
    }

    /// Whether the provider gave a definite answer about the row: proof that it answers.
    pub fn is_definite(&self) -> bool {
        match self {
            Self::Created { .. } | Self::Duplicate | Self::Rejected => true,
            Self::Unexplained
            | Self::Throttled
            | Self::Stale
            | Self::NotSent
            | Self::Unknown
            | Self::Halt
            | Self::Unsendable
            | Self::Returned => false,
        }
    }
}

/// What the rules need to know of a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Job {
    /// Attempts that count against [`Policy::max_attempts`].
    pub spent: u32,
    /// When the first create may have left, on the server's clock, UTC milliseconds.
    pub first_sent_ms: Option<i64>,
    /// An earlier attempt ended unknown, so that a user found may be of our making.
    pub had_unknown: bool,
    /// The last answer was that the user is there already.
    pub duplicate: bool,
}

/// What to do when another user stands in the way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum OnConflict {
    /// The row fails as a conflict.
    #[default]
    Fail,
    /// The row is done, skipped, if it is one user without an external id.
    Skip,
}

/// The settings that the rules depend on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Spent attempts after which a row is exhausted, at least 1.
    pub max_attempts: u32,
    /// What to do when another user stands in the way.
    pub on_conflict: OnConflict,
    /// How much a user's `createdAt` may lie before our first send and still be of our making:
    /// both are whole seconds of the server's clock, and ours is estimated from its `Date`.
    pub created_tolerance: Duration,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            max_attempts: 8,
            on_conflict: OnConflict::Fail,
            created_tolerance: Duration::from_secs(2),
        }
    }
}

/// The moment at which a rule is applied: time and chance come from outside.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Now {
    /// UTC milliseconds.
    pub ms: i64,
    /// A random number in `0.0..1.0`, for jitter.
    pub jitter: f64,
}

/// What becomes of a job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transition {
    /// The next status.
    pub status: Status,
    /// Why, for done and failed.
    pub detail: Option<Detail>,
    /// Whether an attempt is spent.
    pub spend: bool,
    /// For pending: not to be sent before, UTC milliseconds.
    pub not_before_ms: i64,
    /// The id in the directory: of a done job, or of the user without an external id that stands in
    /// the way of a failed one.
    pub remote_id: Option<String>,
    /// What done rests on.
    pub evidence: Option<Evidence>,
}

impl Transition {
    fn to(status: Status) -> Self {
        Self {
            status,
            detail: None,
            spend: false,
            not_before_ms: 0,
            remote_id: None,
            evidence: None,
        }
    }

    fn pending(not_before_ms: i64) -> Self {
        Self { not_before_ms, ..Self::to(Status::Pending) }
    }

    fn done(detail: Detail, remote_id: String, evidence: Evidence) -> Self {
        Self {
            detail: Some(detail),
            remote_id: Some(remote_id),
            evidence: Some(evidence),
            ..Self::to(Status::Done)
        }
    }

    fn failed(detail: Detail) -> Self {
        Self { detail: Some(detail), ..Self::to(Status::Failed) }
    }

    fn spend(self) -> Self {
        Self { spend: true, ..self }
    }
}

/// A doubt that nothing can settle now stays one.
pub fn held() -> Transition {
    Transition::to(Status::Unknown)
}

/// What an outcome makes of a job that is being sent.
///
/// `until_ms` is when the target asked to come back, if it did (UTC milliseconds).
pub fn next(job: &Job, outcome: &Outcome, until_ms: Option<i64>, now: Now) -> Transition {
    match outcome {
        Outcome::Created { remote_id } => {
            Transition::done(Detail::Created, remote_id.clone(), Evidence::Reply).spend()
        }
        Outcome::Duplicate => Transition::to(Status::Unknown).spend(),
        Outcome::Rejected => Transition::failed(Detail::Rejected).spend(),
        Outcome::Throttled => {
            let wait = backoff::short(now.jitter);
            Transition::pending(until_ms.unwrap_or(now.ms).max(now.ms) + wait)
        }
        Outcome::Halt | Outcome::Returned => Transition::pending(0),
        Outcome::Unexplained => {
            Transition::pending(now.ms + backoff::delay_ms(job.spent, now.jitter))
        }
        // A row that no key serves must not come before those that tell whether the key is good.
        Outcome::Stale | Outcome::NotSent => {
            Transition::pending(now.ms + backoff::short(now.jitter))
        }
        Outcome::Unknown => Transition::to(Status::Unknown),
        Outcome::Unsendable => Transition::to(Status::Invalid),
    }
}

/// What a lookup by the identifiers that were sent found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding {
    /// One user, and it is ours.
    Ours {
        /// The id in the directory.
        remote_id: String,
        /// When the directory says it was created, UTC milliseconds.
        created_at_ms: Option<i64>,
    },
    /// One user that is not ours and has no external id.
    Bystander {
        /// The id in the directory.
        remote_id: String,
    },
    /// A user with another external id, ours with other identifiers, or several users.
    Other,
    /// Nobody, and it is too early to conclude anything from it.
    NobodyYet,
    /// Nobody, after the quiet time.
    Nobody {
        /// Whether the attempt that ended unknown counts: the service was answering others.
        witnessed: bool,
    },
}

/// What a finding makes of a job that is in doubt (its last outcome was [`Outcome::Duplicate`] or
/// [`Outcome::Unknown`]). `None`: it stays in doubt and is looked up again.
pub fn settle(job: &Job, finding: &Finding, policy: &Policy, now: Now) -> Option<Transition> {
    match finding {
        Finding::Ours { remote_id, created_at_ms } => {
            let detail = if job.had_unknown && is_of_our_making(job, *created_at_ms, policy) {
                Detail::Created
            } else {
                Detail::Existed
            };
            Some(Transition::done(detail, remote_id.clone(), Evidence::Lookup))
        }
        Finding::Bystander { remote_id } => Some(match policy.on_conflict {
            OnConflict::Skip => {
                Transition::done(Detail::Skipped, remote_id.clone(), Evidence::Lookup)
            }
            // Kept, so that it is known later whom a skip would pass over.
            OnConflict::Fail => Transition {
                remote_id: Some(remote_id.clone()),
                ..Transition::failed(Detail::Conflict)
            },
        }),
        Finding::Other => Some(Transition::failed(Detail::Conflict)),
        Finding::NobodyYet => None,
        // The provider says it is there, and we may have made it: its search lags. Resending
        // would only be answered the same way.
        Finding::Nobody { .. } if job.duplicate && job.had_unknown => None,
        Finding::Nobody { .. } if job.duplicate => Some(Transition::failed(Detail::Conflict)),
        Finding::Nobody { witnessed } => Some(resend(job, *witnessed, policy, now)),
    }
}

/// Whether a user created at this time may be of this job's making: an attempt ended unknown, and
/// the directory does not say, or cannot for want of a clock, that the user was there before.
pub fn may_have_made(job: &Job, created_at_ms: Option<i64>, policy: &Policy) -> bool {
    let nobody_can_say = created_at_ms.is_none() || job.first_sent_ms.is_none();
    job.had_unknown && (nobody_can_say || is_of_our_making(job, created_at_ms, policy))
}

fn is_of_our_making(job: &Job, created_at_ms: Option<i64>, policy: &Policy) -> bool {
    let tolerance = i64::try_from(policy.created_tolerance.as_millis()).unwrap_or(i64::MAX);
    match (created_at_ms, job.first_sent_ms) {
        (Some(created), Some(sent)) => created >= sent.saturating_sub(tolerance),
        // A later undo deletes what was created here: without proof it is not ours to delete.
        (None, _) | (_, None) => false,
    }
}

fn resend(job: &Job, witnessed: bool, policy: &Policy, now: Now) -> Transition {
    let spent = job.spent + u32::from(witnessed);
    if witnessed && spent >= policy.max_attempts {
        return Transition::failed(Detail::Exhausted).spend();
    }
    let next = Transition::pending(now.ms + backoff::delay_ms(spent, now.jitter));
    if witnessed { next.spend() } else { next }
}

#[cfg(test)]
mod tests {
    use super::*;
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
            Outcome::Unexplained,
            Outcome::Throttled,
            Outcome::Stale,
            Outcome::NotSent,
            Outcome::Unknown,
            Outcome::Halt,
            Outcome::Unsendable,
            Outcome::Returned,
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
            ]
        );
    }

    #[test]
    fn each_outcome_has_its_class_and_three_are_definite() {
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
            ]
        );
        let definite = outcomes().iter().filter(|outcome| outcome.is_definite()).count();
        assert_eq!(definite, 3);
        assert!(outcomes()[..3].iter().all(Outcome::is_definite));
        let maybe = outcomes().into_iter().filter(|outcome| !outcome.proves_absence());
        assert_eq!(maybe.collect::<Vec<_>>(), [created(), Outcome::Unknown]);
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
    }

    #[test]
    fn words_are_read_back() {
        assert!(Status::ALL.iter().all(|word| Status::parse(word.as_str()) == Some(*word)));
        assert!(Detail::ALL.iter().all(|word| Detail::parse(word.as_str()) == Some(*word)));
        assert!(Class::ALL.iter().all(|word| Class::parse(word.as_str()) == Some(*word)));
        assert!(Evidence::ALL.iter().all(|word| Evidence::parse(word.as_str()) == Some(*word)));
        assert_eq!(Status::parse("Done"), None);
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
            created.prop_map(|created_at_ms| Finding::Ours {
                remote_id: "u".to_owned(),
                created_at_ms
            }),
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
            let waits = matches!(outcome, Outcome::Throttled | Outcome::NotSent | Outcome::Unexplained);
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
}
