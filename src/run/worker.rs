//! One job: sends it and says what came of it. No SQL, no policy.

use super::doubt::Doubt;
use super::gate::breaker::Trial;
use crate::clock::{Clock, Moment};
use crate::failpoint;
use crate::identity::DirectoryUser;
use crate::job::Outcome;
use crate::store::JobId;
use crate::target::{Answer, Fault, Target, Wanted};
use crate::user::User;
use crate::words::seconds;
use std::sync::Arc;
use std::time::Duration;

/// A create on its way.
pub(super) struct Flight {
    pub id: JobId,
    pub user: User,
    pub trial: Option<Trial>,
}

/// What is known of a create that has ended.
#[derive(Debug)]
pub(super) struct Landing {
    pub id: JobId,
    pub user: User,
    pub trial: Option<Trial>,
    pub sent_at: Moment,
    pub ended_at: Moment,
    pub answer: Answer,
    /// If the row is throttled: how long it waits at least, for its own sake.
    pub wait: Duration,
}

/// What a request came to.
pub(super) enum Event {
    Landed(Box<Landing>),
    Explained { asked_at: Moment, result: Result<(), Fault> },
    Found { doubts: Vec<Doubt>, asked_at: Moment, result: Result<Vec<Vec<DirectoryUser>>, Fault> },
    Probed { asked_at: Moment, result: Result<(), Fault> },
}

pub(super) async fn create<T: Target>(target: Arc<T>, clock: Clock, flight: Flight) -> Event {
    let Flight { id, user, trial } = flight;
    let sent_at = clock.now();
    failpoint::hit("before-send");
    let answer = if failpoint::is_due("after-send") {
        die_in_flight(&*target, &user).await
    } else {
        target.create(&user).await
    };
    failpoint::hit("after-reply");
    let ended_at = clock.now();
    Event::Landed(Box::new(Landing {
        id,
        user,
        trial,
        sent_at,
        ended_at,
        answer,
        wait: Duration::ZERO,
    }))
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
    Event::Probed { asked_at, result: read(&*target, limit).await }
}

/// The read that is to explain refusals.
pub(super) async fn explain<T: Target>(target: Arc<T>, clock: Clock, limit: Duration) -> Event {
    let asked_at = clock.now();
    Event::Explained { asked_at, result: read(&*target, limit).await }
}

async fn read<T: Target>(target: &T, limit: Duration) -> Result<(), Fault> {
    match tokio::time::timeout(limit, target.probe()).await {
        Ok(result) => result,
        Err(_) => Err(Fault::unknown(format!("no answer within {}", seconds(limit)))),
    }
}
