//! The target as the runner sees it: asks the simulated server, and puts its replies into our words.

use super::server::{Many, Reply as Answered, Request, Server, own_id};
use super::world::row_of;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;
use userferry::clock::Moment;
use userferry::identity::DirectoryUser;
use userferry::job::{Halt, Outcome, Stored};
use userferry::problem::{Problem, Rule};
use userferry::target::{Answer, Created, Fault, Later, Reply, Target, Told, Wanted};
use userferry::user::User;

/// One process's connection to the server.
pub(crate) struct Client {
    server: Arc<Server>,
    /// When the token in use was issued.
    token: tokio::sync::Mutex<Option<Moment>>,
    refused: AtomicBool,
    in_flight: AtomicUsize,
    most_in_flight: Arc<AtomicUsize>,
}

struct InFlight<'a>(&'a AtomicUsize);

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Client {
    pub(crate) fn new(server: Arc<Server>, most_in_flight: Arc<AtomicUsize>) -> Self {
        Self {
            server,
            token: tokio::sync::Mutex::default(),
            refused: AtomicBool::new(false),
            in_flight: AtomicUsize::new(0),
            most_in_flight,
        }
    }

    fn depart(&self) -> InFlight<'_> {
        let n = self.in_flight.fetch_add(1, Ordering::SeqCst) + 1;
        self.most_in_flight.fetch_max(n, Ordering::SeqCst);
        InFlight(&self.in_flight)
    }

    /// A token, fetched by one request for all.
    async fn token(&self) -> Result<Moment, Answered> {
        let mut token = self.token.lock().await;
        if let Some(issued_at) = *token {
            return Ok(issued_at);
        }
        if self.refused.load(Ordering::SeqCst) {
            return Err(Answered::Revoked);
        }
        match self.server.ask(Request::Token).await {
            Answered::Revoked => {
                self.refused.store(true, Ordering::SeqCst);
                Err(Answered::Revoked)
            }
            Answered::Passed => {
                let now = self.server.now();
                *token = Some(now);
                Ok(now)
            }
            // Without a token nothing was sent.
            Answered::Broken(_) => Err(Answered::NoConnection),
            other => Err(other),
        }
    }

    async fn ask(&self, request: Request) -> Answered {
        let _in_flight = self.depart();
        let issued_at = match self.token().await {
            Ok(issued_at) => issued_at,
            Err(reply) => return reply,
        };
        if !self.server.honours(issued_at) {
            let mut token = self.token.lock().await;
            if *token == Some(issued_at) {
                *token = None;
            }
            return Answered::Stale;
        }
        self.server.ask(request).await
    }
}

fn halt(message: &str) -> Halt {
    Halt { message: message.to_owned(), hint: String::new() }
}

fn fault(reply: Answered) -> Fault {
    match reply {
        Answered::Throttled(_) => Fault::Throttled,
        Answered::Stale => Fault::Stale,
        Answered::Revoked => Fault::Halt(halt("credentials refused")),
        Answered::NoConnection => Fault::NotSent("connection refused".to_owned()),
        Answered::Broken(_) => Fault::Unknown("no answer".to_owned()),
        other => panic!("a read was answered with {other:?}"),
    }
}

impl Client {
    /// What a reply says besides what was asked for.
    fn told(&self, reply: &Answered) -> Told {
        let date_ms = Some(self.server.date_ms());
        match reply {
            Answered::Throttled(retry_after) => {
                Told { retry_after: *retry_after, date_ms, ..Told::default() }
            }
            Answered::Broken(http_status) => Told { http_status: *http_status, ..Told::default() },
            Answered::NoConnection => Told::default(),
            _ => Told { date_ms, ..Told::default() },
        }
    }

    fn denies_lookups(&self) -> bool {
        let spec = self.server.spec();
        spec.lookups_denied && self.server.now().as_secs_f64() >= spec.denied_from_s
    }

    async fn create_one(&self, user: &User) -> Reply<Answer> {
        let row = row_of(user);
        if self.server.spec().unsendable.contains(&row) {
            let problem = Problem::new("password", Rule::Password, "too long for the key");
            return Reply::new(Answer::new(Outcome::Unsendable(problem)));
        }
        let request = Request::Create { row, identifiers: user.identifiers.clone() };
        let reply = self.ask(request).await;
        Reply { told: self.told(&reply), body: answer(reply) }
    }
}

impl Client {
    async fn create_many(&self, users: &[User]) -> Reply<Created> {
        let rows = users.iter().map(|user| (row_of(user), user.identifiers.clone())).collect();
        let reply = self.ask(Request::CreateMany(rows)).await;
        let told = self.told(&reply);
        let body = match reply {
            Answered::Many(many) => created(users, many),
            other => Created::whole(answer(other)),
        };
        Reply { told, body }
    }
}

/// What the answer about several users means for each.
fn created(users: &[User], many: Many) -> Created {
    let fill = |answers: Vec<(usize, Answered)>, others: &dyn Fn(&User) -> Outcome| {
        let mut each: Vec<Answer> = users.iter().map(|user| Answer::new(others(user))).collect();
        for (place, reply) in answers {
            each[place] = answer(reply);
        }
        Created::Each(each)
    };
    match many {
        Many::Each(answers) => fill(answers, &|_| Outcome::Unknown),
        Many::Failures(failed) => {
            fill(failed, &|user| Outcome::Created { remote_id: own_id(row_of(user)) })
        }
        Many::Named(bad) => fill(bad, &|_| Outcome::Entangled { in_doubt: false }),
        Many::Whole(reply, is_kept) => {
            let stored = if is_kept { Stored::Some } else { Stored::Nothing };
            Created::Whole { answer: answer(*reply), stored }
        }
        Many::TooLarge => Created::whole(Answer::coded(Outcome::TooLarge, "http-413")),
    }
}

fn answer(reply: Answered) -> Answer {
    match reply {
        Answered::Created(remote_id) => Answer::new(Outcome::Created { remote_id }),
        Answered::Duplicate => Answer::coded(Outcome::Duplicate, "2026"),
        Answered::Rejected(code) => Answer::coded(Outcome::Rejected, code),
        Answered::Unexplained => Answer::new(Outcome::Unexplained { about_token: false }),
        Answered::Throttled(_) => Answer::coded(Outcome::Throttled, "http-429"),
        Answered::Stale => Answer::new(Outcome::Stale { halt: None }),
        Answered::Revoked => Answer::new(Outcome::Halt(halt("credentials refused"))),
        Answered::NoConnection => Answer::new(Outcome::NotSent),
        Answered::Broken(_) => Answer::worded(Outcome::Unknown, "no answer".to_owned()),
        other @ (Answered::Found(_) | Answered::Passed | Answered::Many(_)) => {
            panic!("a create got {other:?}")
        }
    }
}

impl Target for Client {
    fn probe(&self) -> Later<'_, Reply<Result<(), Fault>>> {
        Box::pin(async {
            let reply = self.ask(Request::Probe).await;
            let told = self.told(&reply);
            let body = match reply {
                Answered::Passed if self.denies_lookups() => {
                    Err(Fault::Denied(halt("lookups are not allowed")))
                }
                Answered::Passed => Ok(()),
                other => Err(fault(other)),
            };
            Reply { told, body }
        })
    }

    fn create<'a>(&'a self, users: &'a [User]) -> Later<'a, Reply<Created>> {
        Box::pin(async move {
            if self.server.spec().batch.is_some() {
                return self.create_many(users).await;
            }
            let [user] = users else { panic!("{} users in one request", users.len()) };
            let Reply { told, body } = self.create_one(user).await;
            Reply { told, body: Created::whole(body) }
        })
    }

    fn find<'a>(
        &'a self,
        wanted: &'a [Wanted],
        _pace: Duration,
    ) -> Later<'a, Reply<Result<Vec<Vec<DirectoryUser>>, Fault>>> {
        Box::pin(async move {
            if self.denies_lookups() {
                return Reply::new(Err(Fault::Denied(halt("lookups are not allowed"))));
            }
            let wanted =
                wanted.iter().map(|wanted| (wanted.identifiers.clone(), wanted.thorough)).collect();
            let reply = self.ask(Request::Find(wanted)).await;
            let told = self.told(&reply);
            let body = match reply {
                Answered::Found(found) => Ok(found),
                other => Err(fault(other)),
            };
            Reply { told, body }
        })
    }
}
