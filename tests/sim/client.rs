//! The target as the runner sees it: asks the simulated server, and puts its replies into our words.

use super::server::{Reply, Request, Server};
use super::world::row_of;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;
use userferry::clock::Moment;
use userferry::identity::DirectoryUser;
use userferry::job::{Halt, Outcome};
use userferry::problem::{Problem, Rule};
use userferry::target::{Answer, Fault, Target, Told, Wanted};
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
    async fn token(&self) -> Result<Moment, Reply> {
        let mut token = self.token.lock().await;
        if let Some(issued_at) = *token {
            return Ok(issued_at);
        }
        if self.refused.load(Ordering::SeqCst) {
            return Err(Reply::Revoked);
        }
        match self.server.ask(Request::Token).await {
            Reply::Revoked => {
                self.refused.store(true, Ordering::SeqCst);
                Err(Reply::Revoked)
            }
            Reply::Passed => {
                let now = self.server.now();
                *token = Some(now);
                Ok(now)
            }
            // Without a token nothing was sent.
            Reply::Broken(_) => Err(Reply::NoConnection),
            other => Err(other),
        }
    }

    async fn ask(&self, request: Request) -> Reply {
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
            return Reply::Stale;
        }
        self.server.ask(request).await
    }
}

fn coded(code: &str) -> Told {
    Told { code: Some(code.to_owned()), ..Told::default() }
}

fn halt(message: &str) -> Halt {
    Halt { message: message.to_owned(), hint: String::new() }
}

fn fault(reply: Reply) -> Fault {
    match reply {
        Reply::Throttled(wait) => Fault::Throttled(wait),
        Reply::Stale => Fault::Stale,
        Reply::Revoked => Fault::Halt(halt("credentials refused")),
        Reply::NoConnection => Fault::NotSent("connection refused".to_owned()),
        Reply::Broken(_) => Fault::unknown("no answer".to_owned()),
        other => panic!("a read was answered with {other:?}"),
    }
}

impl Target for Client {
    async fn probe(&self) -> Result<(), Fault> {
        match self.ask(Request::Probe).await {
            Reply::Passed
                if self.server.spec().lookups_denied
                    && self.server.now().as_secs_f64() >= self.server.spec().denied_from_s =>
            {
                Err(Fault::Denied(halt("lookups are not allowed")))
            }
            Reply::Passed => Ok(()),
            other => Err(fault(other)),
        }
    }

    async fn create(&self, user: &User) -> Answer {
        let row = row_of(user);
        if self.server.spec().unsendable.contains(&row) {
            let problem = Problem::new("password", Rule::Password, "too long for the key");
            return Answer::new(Outcome::Unsendable(problem));
        }
        let request = Request::Create { row, identifiers: user.identifiers.clone() };
        match self.ask(request).await {
            Reply::Created(remote_id) => Answer::new(Outcome::Created { remote_id }),
            Reply::Duplicate => Answer { outcome: Outcome::Duplicate, told: coded("2026") },
            Reply::Rejected(code) => Answer { outcome: Outcome::Rejected, told: coded(&code) },
            Reply::Unexplained => Answer::new(Outcome::Unexplained { about_token: false }),
            Reply::Throttled(retry_after) => Answer {
                outcome: Outcome::Throttled,
                told: Told { retry_after, ..coded("http-429") },
            },
            Reply::Stale => Answer::new(Outcome::Stale { halt: None }),
            Reply::Revoked => Answer::new(Outcome::Halt(halt("credentials refused"))),
            Reply::NoConnection => Answer::new(Outcome::NotSent),
            Reply::Broken(http_status) => Answer {
                outcome: Outcome::Unknown,
                told: Told {
                    http_status,
                    message: Some("no answer".to_owned()),
                    ..Told::default()
                },
            },
            other @ (Reply::Found(_) | Reply::Passed) => panic!("a create got {other:?}"),
        }
    }

    async fn find(
        &self,
        wanted: &[Wanted],
        _pace: Duration,
    ) -> Result<Vec<Vec<DirectoryUser>>, Fault> {
        if self.server.spec().lookups_denied
            && self.server.now().as_secs_f64() >= self.server.spec().denied_from_s
        {
            return Err(Fault::Denied(halt("lookups are not allowed")));
        }
        let wanted =
            wanted.iter().map(|wanted| (wanted.identifiers.clone(), wanted.thorough)).collect();
        match self.ask(Request::Find(wanted)).await {
            Reply::Found(found) => Ok(found),
            other => Err(fault(other)),
        }
    }

    fn clock_ahead_ms(&self) -> Option<i64> {
        Some(self.server.ahead_ms())
    }
}
