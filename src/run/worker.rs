//! One request: sends it and says what came of it. No SQL, no policy.

use super::doubt::Doubt;
use super::gate::breaker::Trial;
use super::hand::Ready;
use crate::clock::{Clock, Moment};
use crate::failpoint;
use crate::identity::DirectoryUser;
use crate::job::{Outcome, Stored};
use crate::store::JobId;
use crate::target::{Answer, Created, Fault, Reply, Target, Told, Wanted};
use crate::user::User;
use crate::words::seconds;
use std::sync::Arc;
use std::time::Duration;

/// A request for creates on its way.
pub(super) struct Flight {
    pub rows: Vec<Ready>,
    /// Its number in this run, where it has several rows.
    pub request: Option<i64>,
    pub trial: Option<Trial>,
}

/// What is known of a request for creates that has ended.
#[derive(Debug)]
pub(super) struct Landing {
    pub rows: Vec<Landed>,
    /// How many rows the request had.
    pub size: usize,
    /// Its number in this run, where it had several.
    pub request: Option<i64>,
    /// The request came to one end for all its rows, and this may be in the directory all the same.
    pub whole: Option<Stored>,
    pub trial: Option<Trial>,
    pub sent_at: Moment,
    pub ended_at: Moment,
    pub told: Told,
    /// The gate has been told what the request came to.
    pub gate_knows: bool,
}

impl Landing {
    /// Takes the rows of which this holds out of it, as a landing of their own. If others stay, the gate hears of
    /// the request from those.
    pub(super) fn split_off(&mut self, is_apart: fn(&Landed) -> bool) -> Option<Self> {
        let (apart, rest): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.rows).into_iter().partition(is_apart);
        self.rows = rest;
        let gate_knows = self.gate_knows || !self.rows.is_empty();
        let told = self.told.clone();
        (!apart.is_empty()).then(|| Self { rows: apart, told, gate_knows, ..*self })
    }

    /// About how many bytes its users took.
    pub(super) fn bytes(&self) -> usize {
        self.rows.iter().map(|row| row.user.bytes()).sum()
    }

    /// Whether its row shared the request with no other.
    pub(super) fn is_alone(&self) -> bool {
        self.size == 1
    }

    pub(super) fn change_outcomes(&mut self, change: impl Fn(Outcome) -> Outcome) {
        self.rows.iter_mut().for_each(|row| row.change_outcome(&change));
    }

    /// Where nobody may be looked up: several rows that were refused for a duplicate, of which nothing is stored, go
    /// on in smaller groups, until it is alone.
    pub(super) fn without_doubts_of_others(&mut self) {
        if self.is_alone() || self.whole != Some(Stored::Nothing) {
            return;
        }
        let in_doubt = Outcome::Entangled { in_doubt: true };
        self.change_outcomes(|outcome| {
            let is_in_doubt = outcome.shared(Stored::Nothing, false) == in_doubt;
            if is_in_doubt { Outcome::Entangled { in_doubt: false } } else { outcome }
        });
    }

    /// Whether it is rows that came too often, each by its own answer.
    pub(super) fn is_throttled(&self) -> bool {
        (self.is_alone() || self.whole.is_none())
            && self.rows.iter().all(|row| row.answer.outcome == Outcome::Throttled)
    }

    /// The answer that tells most of the target: that it will not go on, that requests come too often, that it
    /// answers.
    pub(super) fn telling(&self) -> Option<&Answer> {
        let rank = |answer: &&Answer| match answer.outcome {
            Outcome::Halt(_) => 0,
            Outcome::Throttled => 1,
            Outcome::Created { .. }
            | Outcome::Duplicate
            | Outcome::Rejected
            | Outcome::TooLarge
            | Outcome::Entangled { .. } => 2,
            Outcome::Unknown | Outcome::NotSent => 3,
            Outcome::Stale { .. }
            | Outcome::Unexplained { .. }
            | Outcome::Unsendable(_)
            | Outcome::Returned => 4,
        };
        self.rows.iter().map(|row| &row.answer).min_by_key(rank)
    }
}

/// What is known of one row of it.
#[derive(Debug)]
pub(super) struct Landed {
    pub id: JobId,
    pub user: User,
    pub answer: Answer,
    /// If the row is throttled: how long it waits at least, for its own sake.
    pub wait: Duration,
}

impl Landed {
    pub(super) fn change_outcome(&mut self, change: impl FnOnce(Outcome) -> Outcome) {
        let outcome = std::mem::replace(&mut self.answer.outcome, Outcome::Returned);
        self.answer.outcome = change(outcome);
    }

    pub(super) fn is_created(&self) -> bool {
        matches!(self.answer.outcome, Outcome::Created { .. })
    }
}

/// What a request came to.
pub(super) enum Event {
    Landed(Box<Landing>),
    Explained {
        asked_at: Moment,
        reply: Reply<Result<(), Fault>>,
    },
    Found {
        doubts: Vec<Doubt>,
        asked_at: Moment,
        reply: Reply<Result<Vec<Vec<DirectoryUser>>, Fault>>,
    },
    Probed {
        asked_at: Moment,
        reply: Reply<Result<(), Fault>>,
    },
}

impl Event {
    /// What the reply says besides what was asked for.
    pub(super) fn told(&self) -> &Told {
        match self {
            Self::Landed(landing) => &landing.told,
            Self::Found { reply, .. } => &reply.told,
            Self::Explained { reply, .. } | Self::Probed { reply, .. } => &reply.told,
        }
    }
}

pub(super) async fn create(target: Arc<dyn Target>, clock: Clock, flight: Flight) -> Event {
    let Flight { rows, request, trial } = flight;
    let (ids, users): (Vec<JobId>, Vec<User>) =
        rows.into_iter().map(|ready| (ready.id, ready.user)).unzip();
    let sent_at = clock.now();
    failpoint::hit("before-send");
    let reply = if failpoint::is_due("after-send") {
        die_in_flight(&*target, &users).await
    } else {
        target.create(&users).await
    };
    failpoint::hit("after-reply");
    let ended_at = clock.now();
    let Reply { told, body } = reply;
    let size = users.len();
    let (whole, answers) = shared_out(body, size);
    let landed = |((id, user), answer)| Landed { id, user, answer, wait: Duration::ZERO };
    let rows = ids.into_iter().zip(users).zip(answers).map(landed).collect();
    Event::Landed(Box::new(Landing {
        rows,
        size,
        request,
        whole,
        trial,
        sent_at,
        ended_at,
        told,
        gate_knows: false,
    }))
}

/// An answer for each of so many rows. Where the request came to one end, all have the same.
fn shared_out(created: Created, rows: usize) -> (Option<Stored>, Vec<Answer>) {
    match created {
        // Which answer belongs to which row is anybody's guess.
        Created::Each(answers) if answers.len() != rows => {
            let why = format!("the reply has {} answers for {rows} users", answers.len());
            (None, vec![Answer::worded(Outcome::Unknown, why); rows])
        }
        // Refused for a neighbour, each of them: the reply names nobody.
        Created::Each(answers) if answers.iter().all(|answer| answer.outcome.is_entangled()) => {
            let in_doubt = Outcome::Entangled { in_doubt: true };
            let one = answers.iter().find(|answer| answer.outcome == in_doubt).or(answers.first());
            let answer = one.cloned().unwrap_or_else(|| Answer::new(Outcome::Unknown));
            (Some(Stored::Nothing), vec![answer; rows])
        }
        Created::Each(answers) => (None, answers),
        Created::Whole { answer, stored } => (Some(stored), vec![answer; rows]),
    }
}

async fn die_in_flight(target: &dyn Target, users: &[User]) -> Reply<Created> {
    tokio::select! {
        reply = target.create(users) => reply,
        () = tokio::time::sleep(Duration::from_millis(5)) => {
            failpoint::die();
            Reply::new(Created::whole(Answer::new(Outcome::Unknown)))
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

pub(super) async fn find(
    target: Arc<dyn Target>,
    clock: Clock,
    doubts: Vec<Doubt>,
    pace: Duration,
) -> Event {
    let asked_at = clock.now();
    let reply = target.find(&wanted(&doubts), pace).await;
    Event::Found { doubts, asked_at, reply }
}

pub(super) async fn probe(target: Arc<dyn Target>, clock: Clock, limit: Duration) -> Event {
    let asked_at = clock.now();
    Event::Probed { asked_at, reply: read(&*target, limit).await }
}

/// The read that is to explain refusals.
pub(super) async fn explain(target: Arc<dyn Target>, clock: Clock, limit: Duration) -> Event {
    let asked_at = clock.now();
    Event::Explained { asked_at, reply: read(&*target, limit).await }
}

async fn read(target: &dyn Target, limit: Duration) -> Reply<Result<(), Fault>> {
    let silent = || Err(Fault::Unknown(format!("no answer within {}", seconds(limit))));
    let reply = tokio::time::timeout(limit, target.probe()).await;
    reply.unwrap_or_else(|_| Reply::new(silent()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn each(outcomes: Vec<Outcome>) -> Created {
        Created::Each(outcomes.into_iter().map(Answer::new).collect())
    }

    fn outcomes(answers: Vec<Answer>) -> Vec<Outcome> {
        answers.into_iter().map(|answer| answer.outcome).collect()
    }

    #[test]
    fn answers_of_another_number_than_the_users_belong_to_nobody() {
        let created = || Outcome::Created { remote_id: "u".to_owned() };
        for n in [0, 1, 3] {
            let (whole, answers) = shared_out(each(vec![created(); n]), 2);
            assert_eq!((whole, outcomes(answers)), (None, vec![Outcome::Unknown; 2]), "{n}");
        }
        let (whole, answers) = shared_out(each(vec![created(), Outcome::Rejected]), 2);
        assert_eq!((whole, outcomes(answers)), (None, vec![created(), Outcome::Rejected]));
    }

    #[test]
    fn where_each_row_is_refused_for_a_neighbour_nobody_is_named() {
        let entangled = |in_doubt| Outcome::Entangled { in_doubt };
        for (given, together) in [
            (vec![entangled(false)], entangled(false)),
            (vec![entangled(false), entangled(false)], entangled(false)),
            (vec![entangled(false), entangled(true)], entangled(true)),
        ] {
            let rows = given.len();
            let (whole, answers) = shared_out(each(given), rows);
            assert_eq!((whole, outcomes(answers)), (Some(Stored::Nothing), vec![together; rows]));
        }
        let named = vec![entangled(false), Outcome::Rejected];
        assert_eq!(shared_out(each(named.clone()), 2).0, None, "one is named");
    }
}
