//! One job: sends it and says what came of it. No SQL, no policy.

use super::Event;
use super::doubt::Doubt;
use crate::clock::{Clock, Moment};
use crate::failpoint;
use crate::job::Outcome;
use crate::store::JobId;
use crate::target::{Answer, Fault, Target, Wanted};
use crate::user::User;
use std::sync::Arc;
use std::time::Duration;

/// A create on its way.
pub(super) struct Flight {
    pub id: JobId,
    pub user: User,
    pub trial: bool,
}

/// What is known of a create that has ended.
#[derive(Debug)]
pub(super) struct Landing {
    pub id: JobId,
    pub user: User,
    pub trial: bool,
    pub sent_at: Moment,
    pub ended_at: Moment,
    pub answer: Answer,
    /// When the read that was to explain a refusal left, and what it failed with.
    pub read: Option<(Moment, Fault)>,
}

pub(super) async fn create<T: Target>(target: Arc<T>, clock: Clock, flight: Flight) -> Event {
    let Flight { id, user, trial } = flight;
    let sent_at = clock.now();
    failpoint::hit("before-send");
    let mut answer = if failpoint::is_due("after-send") {
        die_in_flight(&*target, &user).await
    } else {
        target.create(&user).await
    };
    let mut read = None;
    if answer.outcome == Outcome::Unexplained {
        let asked_at = clock.now();
        read = explain(&*target, &mut answer).await.map(|fault| (asked_at, fault));
    }
    failpoint::hit("after-reply");
    let ended_at = clock.now();
    Event::Landed(Box::new(Landing { id, user, trial, sent_at, ended_at, answer, read }))
}

/// A refusal that no known code explains: row or target? An authenticated read decides. If it fails
/// too, that is the target's business; nothing was created, and the row is sent again later.
async fn explain<T: Target>(target: &T, answer: &mut Answer) -> Option<Fault> {
    match target.probe().await {
        // The token is good after all, though not everywhere yet.
        Ok(()) if answer.is_about_token => answer.outcome = Outcome::Stale,
        Ok(()) => answer.outcome = Outcome::Rejected,
        Err(Fault::Halt(halt)) => {
            answer.outcome = Outcome::Halt;
            answer.halt = Some(halt);
        }
        Err(fault) => return Some(fault),
    }
    None
}

async fn die_in_flight<T: Target>(target: &T, user: &User) -> Answer {
    tokio::select! {
        answer = target.create(user) => answer,
        () = tokio::time::sleep(Duration::from_millis(5)) => {
            failpoint::die();
            Answer::new(Outcome::Unknown)
        }
    }
}

/// What these rows are looked up by.
pub(super) fn wanted(doubts: &[Doubt]) -> Vec<Wanted> {
    let of = |doubt: &Doubt| Wanted {
        identifiers: doubt.identifiers.clone(),
        thorough: super::doubt::thorough(doubt),
    };
    doubts.iter().map(of).collect()
}

pub(super) async fn find<T: Target>(
    target: Arc<T>,
    clock: Clock,
    doubts: Vec<Doubt>,
    pace: Duration,
) -> Event {
    let asked_at = clock.now();
    let result = target.find(&wanted(&doubts), pace).await;
    Event::Found { doubts, asked_at, result }
}

pub(super) async fn probe<T: Target>(target: Arc<T>, clock: Clock, limit: Duration) -> Event {
    let asked_at = clock.now();
    let result = match tokio::time::timeout(limit, target.probe()).await {
        Ok(result) => result,
        Err(_) => Err(Fault::unknown(format!("no answer within {} s", limit.as_secs_f32()))),
    };
    Event::Probed { asked_at, result }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::DirectoryUser;
    use crate::target::Halt;

    /// A target whose reads come to this.
    struct Reads(Result<(), Fault>);

    impl Target for Reads {
        async fn probe(&self) -> Result<(), Fault> {
            self.0.clone()
        }

        async fn create(&self, _user: &User) -> Answer {
            Answer::new(Outcome::Unexplained)
        }

        async fn find(
            &self,
            _wanted: &[Wanted],
            _pace: Duration,
        ) -> Result<Vec<Vec<DirectoryUser>>, Fault> {
            Ok(Vec::new())
        }

        fn clock_ahead_ms(&self) -> Option<i64> {
            None
        }
    }

    #[tokio::test]
    async fn what_no_code_explains_a_read_explains_or_leaves_to_the_target() {
        let halt = Halt { message: "revoked".to_owned(), hint: String::new() };
        let silent = Fault::NotSent("no route".to_owned());
        let cases = [
            (Ok(()), false, Outcome::Rejected, None),
            (Ok(()), true, Outcome::Stale, None),
            (Err(Fault::Halt(halt.clone())), true, Outcome::Halt, None),
            (Err(silent.clone()), false, Outcome::Unexplained, Some(silent)),
        ];
        for (read, is_about_token, outcome, fault) in cases {
            let mut answer = Answer { is_about_token, ..Answer::new(Outcome::Unexplained) };
            assert_eq!(explain(&Reads(read), &mut answer).await, fault);
            assert_eq!(answer.halt, (outcome == Outcome::Halt).then(|| halt.clone()));
            assert_eq!(answer.outcome, outcome);
        }
    }
}
