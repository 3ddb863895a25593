//! A simulated server with a directory of users. It keeps its own log, which is the oracle.
//!
//! A request goes on at the server whatever becomes of the client who sent it.

use super::spec::{self, BatchMode, LimitKind, Only, OutageKind, RetryAfter};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;
use userferry::clock::{Clock, Moment};
use userferry::identity::DirectoryUser;
use userferry::user::{IdKind, Identifiers};

/// A request in the log.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "a line of a log")]
pub(crate) struct Call {
    pub at: Moment,
    /// The row of a create; `None` for a read.
    pub row: Option<u32>,
    /// The directory held the user of this very row when the request arrived.
    pub held: bool,
    pub throttled: bool,
    /// The create was stored and the reply says so.
    pub created_at: Option<Moment>,
    /// It arrived: a refused connection does not.
    pub arrived: bool,
    /// It is the first of its request: a request for several users has an entry for each.
    pub leads: bool,
}

/// A user in the directory.
#[derive(Clone, Debug)]
pub(crate) struct Stored {
    pub id: String,
    pub identifiers: Identifiers,
    /// The row it was created from, unless it was there before.
    pub row: Option<u32>,
    at: Moment,
    hidden: bool,
}

/// What comes back.
#[derive(Clone, Debug)]
pub(crate) enum Reply {
    Created(String),
    Found(Vec<Vec<DirectoryUser>>),
    Passed,
    Duplicate,
    Rejected(String),
    Unexplained,
    Throttled(Option<Duration>),
    Stale,
    Revoked,
    NoConnection,
    Broken(Option<u16>),
    Many(Many),
}

/// What comes back about several users; each by its place in the request.
#[derive(Clone, Debug)]
pub(crate) enum Many {
    /// In any order.
    Each(Vec<(usize, Reply)>),
    /// The others were created under these ids.
    Failures(Vec<(usize, Reply)>),
    /// Nothing was stored for these.
    Named(Vec<(usize, Reply)>),
    /// For one that is not named; nothing was stored, or the good ones.
    Whole(Box<Reply>, bool),
    TooLarge,
}

/// What is asked.
#[derive(Clone, Debug)]
pub(crate) enum Request {
    Token,
    Probe,
    Find(Vec<(Identifiers, bool)>),
    Create { row: u32, identifiers: Identifiers },
    CreateMany(Vec<(u32, Identifiers)>),
}

impl Request {
    fn is_create(&self) -> bool {
        matches!(self, Self::Create { .. } | Self::CreateMany(_))
    }

    /// The rows that it would create.
    fn rows(&self) -> Vec<(u32, Identifiers)> {
        match self {
            Self::Create { row, identifiers } => vec![(*row, identifiers.clone())],
            Self::CreateMany(rows) => rows.clone(),
            Self::Token | Self::Probe | Self::Find(_) => Vec::new(),
        }
    }
}

/// The server.
pub(crate) struct Server {
    spec: spec::Server,
    clock: Clock,
    request_timeout: Duration,
    state: Mutex<State>,
}

struct State {
    rng: fastrand::Rng,
    log: Vec<Call>,
    users: Vec<Stored>,
    index: HashMap<(IdKind, String), Vec<usize>>,
    in_flight: usize,
    most_in_flight: usize,
    tokens: f64,
    filled_at: Moment,
    window: (u64, f64),
}

/// The id that we make of a row.
pub(crate) fn own_id(row: u32) -> String {
    format!("own-{row}")
}

/// Whom a reply says to have been created, by their places in the request.
fn created(reply: &Reply, request: &Request) -> Vec<usize> {
    let is_created = |reply: &Reply| matches!(reply, Reply::Created(_));
    match reply {
        Reply::Created(_) => vec![0],
        Reply::Many(Many::Each(answers)) => {
            answers.iter().filter(|(_, reply)| is_created(reply)).map(|(place, _)| *place).collect()
        }
        Reply::Many(Many::Failures(failed)) => {
            let is_failed = |place: &usize| failed.iter().any(|(at, _)| at == place);
            (0..request.rows().len()).filter(|place| !is_failed(place)).collect()
        }
        _ => Vec::new(),
    }
}

/// How a request fares before it is worked on.
enum Fate {
    Served,
    Throttled(Option<Duration>),
    Down(OutageKind, bool),
}

impl Server {
    pub(crate) fn new(
        spec: &spec::Server,
        clock: Clock,
        request_timeout: Duration,
        seed: u64,
    ) -> Self {
        let state = State {
            rng: fastrand::Rng::with_seed(seed),
            log: Vec::new(),
            users: Vec::new(),
            index: HashMap::new(),
            in_flight: 0,
            most_in_flight: 0,
            tokens: spec.limit.as_ref().map_or(0.0, |limit| limit.burst),
            filled_at: Moment::ZERO,
            window: (0, 0.0),
        };
        Self { spec: spec.clone(), clock, request_timeout, state: Mutex::new(state) }
    }

    pub(crate) fn log(&self) -> Vec<Call> {
        self.state().log.clone()
    }

    pub(crate) fn users(&self) -> Vec<Stored> {
        self.state().users.clone()
    }

    pub(crate) fn most_in_flight(&self) -> usize {
        self.state().most_in_flight
    }

    pub(crate) fn now(&self) -> Moment {
        self.clock.now()
    }

    pub(crate) fn spec(&self) -> &spec::Server {
        &self.spec
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// Puts a user into the directory, unless it is there.
    pub(crate) fn put(&self, row: Option<u32>, identifiers: Identifiers, hidden: bool) -> String {
        let at = self.clock.now();
        let mut state = self.state();
        let n = state.users.len();
        // A server that answers about failures alone takes the ids that are sent.
        let takes_ids = self.spec.batch.is_some_and(|batch| batch.mode == BatchMode::Failures);
        let id = match row {
            Some(row) if takes_ids => own_id(row),
            _ => format!("id-{}", n + 1),
        };
        for (kind, value) in identifiers.iter() {
            state.index.entry((kind, value.to_owned())).or_default().push(n);
        }
        state.users.push(Stored { id: id.clone(), identifiers, row, at, hidden });
        id
    }

    fn is_held(&self, wanted: &Identifiers) -> bool {
        let state = self.state();
        wanted.iter().any(|(kind, value)| state.index.contains_key(&(kind, value.to_owned())))
    }

    /// Whether a user is there that was created from this row.
    fn has_made(&self, row: u32, wanted: &Identifiers) -> bool {
        let state = self.state();
        let held = wanted.iter().filter_map(|(kind, id)| state.index.get(&(kind, id.to_owned())));
        held.flatten().any(|n| state.users[*n].row == Some(row))
    }

    /// Sends a request over, and waits for what comes back.
    pub(crate) async fn ask(self: &Arc<Self>, request: Request) -> Reply {
        let server = Arc::clone(self);
        tokio::spawn(async move { server.serve(request).await }).await.unwrap()
    }

    async fn serve(self: Arc<Self>, request: Request) -> Reply {
        let (entry, fate, latency) = self.arrive(&request);
        let reply = match fate {
            Fate::Down(kind, stored) => self.down(kind, stored, &request, latency).await,
            Fate::Throttled(wait) => {
                tokio::time::sleep(latency / 5).await;
                Reply::Throttled(wait)
            }
            Fate::Served => self.work(entry, &request, latency).await,
        };
        self.state().in_flight -= 1;
        reply
    }

    fn arrive(&self, request: &Request) -> (usize, Fate, Duration) {
        let now = self.clock.now();
        let mut rows: Vec<(Option<u32>, bool)> = request
            .rows()
            .iter()
            .map(|(row, ids)| (Some(*row), self.has_made(*row, ids)))
            .collect();
        if rows.is_empty() {
            rows.push((None, false));
        }
        let mut state = self.state();
        state.in_flight += 1;
        state.most_in_flight = state.most_in_flight.max(state.in_flight);
        let latency = self.latency(&mut state);
        let fate = match self.outage(now, request) {
            Some((kind, share)) => {
                let stored = kind != OutageKind::Refuse && state.rng.f64() < share;
                Fate::Down(kind, stored)
            }
            None => match self.throttle(&mut state, now, self.units(request)) {
                Some(fate) => fate,
                None => Fate::Served,
            },
        };
        let entry = state.log.len();
        for (i, (row, held)) in rows.into_iter().enumerate() {
            state.log.push(Call {
                at: now,
                row,
                held,
                throttled: i == 0 && matches!(fate, Fate::Throttled(_)),
                created_at: None,
                arrived: !matches!(fate, Fate::Down(OutageKind::Refuse, _)),
                leads: i == 0,
            });
        }
        (entry, fate, latency)
    }

    fn latency(&self, state: &mut State) -> Duration {
        let extra = self.spec.knee.map_or(0.0, |knee| {
            f64::from(u32::try_from(state.in_flight.saturating_sub(knee.at)).unwrap())
                * knee.ms_per_extra
        });
        let swing = 1.0 + self.spec.jitter * (2.0 * state.rng.f64() - 1.0);
        Duration::from_secs_f64((self.spec.latency_ms + extra) * swing / 1_000.0)
    }

    /// The kind of outage that reigns, and the share of creates that are stored in it.
    fn outage(&self, now: Moment, request: &Request) -> Option<(OutageKind, f64)> {
        let now = now.as_secs_f64();
        let outage = self.spec.outages.iter().find(|outage| {
            let hit = match outage.only {
                Only::All => true,
                Only::Creates => request.is_create(),
                Only::Lookups => matches!(request, Request::Find(_)),
            };
            hit && (outage.from_s..outage.to_s).contains(&now)
        });
        let flap = self
            .spec
            .flap
            .as_ref()
            .filter(|flap| now < flap.until_s && now % (flap.up_s + flap.down_s) >= flap.up_s);
        outage
            .map(|outage| (outage.kind, outage.stored))
            .or_else(|| flap.map(|flap| (flap.kind, 0.0)))
    }

    /// What a request counts against the limit.
    fn units(&self, request: &Request) -> f64 {
        let counts_users = self.spec.batch.is_some_and(|batch| batch.counts_users);
        let users = u32::try_from(request.rows().len()).unwrap().max(1);
        if counts_users { users.into() } else { 1.0 }
    }

    /// Whether this request is one too many, and when to come back, if it says so.
    fn throttle(&self, state: &mut State, now: Moment, units: f64) -> Option<Fate> {
        let limit = self.spec.limit.as_ref()?;
        let at = now.as_secs_f64();
        if limit.between_s.is_some_and(|[from, to]| at < from || at >= to) {
            return None;
        }
        let wait_s = match limit.kind {
            LimitKind::Bucket => {
                let since = now.saturating_sub(state.filled_at).as_secs_f64();
                state.tokens = (state.tokens + since * limit.per_s).min(limit.burst);
                state.filled_at = now;
                if state.tokens >= units {
                    state.tokens -= units;
                    return None;
                }
                (units - state.tokens) / limit.per_s
            }
            LimitKind::Window => {
                if state.window.0 != now.as_secs() {
                    state.window = (now.as_secs(), 0.0);
                }
                if state.window.1 < limit.per_s {
                    state.window.1 += units;
                    return None;
                }
                1.0 - at.fract()
            }
        };
        Some(Fate::Throttled(match limit.retry_after {
            RetryAfter::No => None,
            RetryAfter::Yes => Some(Duration::from_secs_f64(wait_s.ceil())),
            RetryAfter::Seconds(seconds) => Some(Duration::from_secs_f64(seconds)),
        }))
    }

    async fn down(
        &self,
        kind: OutageKind,
        stored: bool,
        request: &Request,
        latency: Duration,
    ) -> Reply {
        if stored {
            self.put_absent(&request.rows());
        }
        self.fall_silent(kind, latency).await
    }

    async fn fall_silent(&self, kind: OutageKind, latency: Duration) -> Reply {
        match kind {
            OutageKind::Refuse => {
                tokio::time::sleep(Duration::from_millis(1)).await;
                Reply::NoConnection
            }
            OutageKind::Unavailable => {
                tokio::time::sleep(latency / 2).await;
                Reply::Broken(Some(503))
            }
            OutageKind::Hang => {
                tokio::time::sleep(self.request_timeout).await;
                Reply::Broken(None)
            }
            OutageKind::Reset => {
                tokio::time::sleep(latency / 2).await;
                Reply::Broken(None)
            }
        }
    }

    async fn work(self: &Arc<Self>, entry: usize, request: &Request, latency: Duration) -> Reply {
        tokio::time::sleep(latency / 2).await;
        let reply = match request {
            Request::Token if self.is_revoked() => Reply::Revoked,
            Request::Token | Request::Probe => Reply::Passed,
            Request::Find(wanted) => {
                Reply::Found(wanted.iter().map(|(ids, every)| self.find(ids, *every)).collect())
            }
            Request::Create { row, identifiers } => self.create(*row, identifiers).await,
            Request::CreateMany(rows) => self.create_many(rows).await,
        };
        tokio::time::sleep(latency / 2).await;
        match self.outage(self.clock.now(), request) {
            // A connection that was made is cut, not refused.
            Some((OutageKind::Refuse, _)) => Reply::Broken(None),
            Some((kind, _)) => self.fall_silent(kind, latency).await,
            None => {
                for place in created(&reply, request) {
                    self.state().log[entry + place].created_at = Some(self.clock.now());
                }
                reply
            }
        }
    }

    /// Whether a token that was issued then is still honoured.
    pub(crate) fn honours(&self, issued_at: Moment) -> bool {
        let now = self.clock.now();
        !self.is_revoked()
            && self
                .spec
                .token_life_s
                .is_none_or(|life| now.saturating_sub(issued_at).as_secs_f64() < life)
    }

    fn is_revoked(&self) -> bool {
        self.spec.revoked_s.is_some_and(|at| self.clock.now().as_secs_f64() >= at)
    }

    fn is_used_up(&self) -> bool {
        self.spec.quota.is_some_and(|quota| {
            self.clock.now().as_secs_f64() < quota.until_s
                && self.state().users.len() >= quota.creates
        })
    }

    /// Puts those into the directory that are not there.
    fn put_absent(&self, rows: &[(u32, Identifiers)]) {
        for (row, identifiers) in rows {
            if !self.is_held(identifiers) {
                self.put(Some(*row), identifiers.clone(), false);
            }
        }
    }

    /// Why a user is not created, if it is not; for one that does not break the server.
    fn verdict(&self, row: u32, identifiers: &Identifiers) -> Option<Reply> {
        if let Some(refuse) = &self.spec.refuse_all
            && self.clock.now().as_secs_f64() >= refuse.from_s
        {
            return Some(Reply::Rejected(refuse.code.clone()));
        }
        if self.spec.throttle.contains(&row) {
            return Some(Reply::Throttled(None));
        }
        if self.spec.rejects(row) {
            return Some(Reply::Rejected("2003".to_owned()));
        }
        if self.spec.unexplained.contains(&row) {
            return Some(Reply::Unexplained);
        }
        if self.is_held(identifiers) {
            return Some(Reply::Duplicate);
        }
        let is_throttled = self.is_used_up()
            || self.spec.throttled_share > 0.0 && self.chance() < self.spec.throttled_share;
        is_throttled.then_some(Reply::Throttled(None))
    }

    async fn create(self: &Arc<Self>, row: u32, identifiers: &Identifiers) -> Reply {
        if self.spec.poison.contains(&row) {
            return Reply::Broken(Some(500));
        }
        if let Some(reply) = self.verdict(row, identifiers) {
            return reply;
        }
        let chance = self.state().rng.f64();
        if chance < self.spec.resets {
            return Reply::Broken(None);
        }
        if chance < self.spec.resets + self.spec.late {
            let wait = Duration::from_secs_f64(self.spec.late_s * self.chance());
            self.arrive_late(row, identifiers.clone(), self.clock.now() + wait);
            return Reply::Broken(Some(504));
        }
        let id = self.put(Some(row), identifiers.clone(), false);
        if chance >= self.spec.resets + self.spec.late + self.spec.lost_replies {
            return Reply::Created(id);
        }
        if self.spec.lost_in_silence {
            tokio::time::sleep(self.request_timeout).await;
        }
        Reply::Broken(None)
    }

    async fn create_many(self: &Arc<Self>, rows: &[(u32, Identifiers)]) -> Reply {
        let batch = self.spec.batch.expect("a server that takes several users");
        if batch.too_large.is_some_and(|most| rows.len() > most) {
            return Reply::Many(Many::TooLarge);
        }
        let half = if batch.half_stored { &rows[..rows.len() / 2] } else { &[] };
        if rows.iter().any(|(row, _)| self.spec.poison.contains(row)) {
            let good = |(row, _): &&(u32, Identifiers)| !self.spec.poison.contains(row);
            self.put_absent(&half.iter().filter(good).cloned().collect::<Vec<_>>());
            return Reply::Broken(Some(500));
        }
        let chance = self.state().rng.f64();
        let (resets, late) = (self.spec.resets, self.spec.late);
        if chance < resets {
            self.put_absent(half);
            return Reply::Broken(None);
        }
        if chance < resets + late {
            let wait = Duration::from_secs_f64(self.spec.late_s * self.chance());
            for (row, identifiers) in rows {
                self.arrive_late(*row, identifiers.clone(), self.clock.now() + wait);
            }
            return Reply::Broken(Some(504));
        }
        let reply = self.answer_many(rows, &batch);
        if chance >= resets + late + self.spec.lost_replies {
            return Reply::Many(reply);
        }
        if self.spec.lost_in_silence {
            tokio::time::sleep(self.request_timeout).await;
        }
        Reply::Broken(None)
    }

    /// Stores what this kind of server stores, and answers.
    fn answer_many(&self, rows: &[(u32, Identifiers)], batch: &spec::Batch) -> Many {
        let is_atomic = matches!(batch.mode, BatchMode::Named | BatchMode::Unnamed);
        if is_atomic {
            let bad = self.bad_ones(rows);
            if let Some((_, first)) = bad.first() {
                return match batch.mode {
                    BatchMode::Named if batch.misnamed => Many::Named(Vec::new()),
                    BatchMode::Named => Many::Named(bad),
                    _ => Many::Whole(Box::new(first.clone()), false),
                };
            }
        }
        let mut answers: Vec<(usize, Reply)> = Vec::new();
        for (place, (row, identifiers)) in rows.iter().enumerate() {
            if self.spec.drop.contains(row) {
                continue;
            }
            let reply = self.verdict(*row, identifiers).unwrap_or_else(|| {
                let id = self.put(Some(*row), identifiers.clone(), false);
                Reply::Created(id)
            });
            answers.push((place, reply));
        }
        let is_bad = |(_, reply): &(usize, Reply)| !matches!(reply, Reply::Created(_));
        if batch.mode == BatchMode::Kept
            && let Some((_, first)) = answers.iter().find(|answer| is_bad(answer))
        {
            return Many::Whole(Box::new(first.clone()), true);
        }
        if batch.mode == BatchMode::Failures {
            answers.retain(is_bad);
            return Many::Failures(answers);
        }
        answers.retain(|_| self.chance() >= batch.left_out);
        if batch.mode == BatchMode::Identity {
            self.state().rng.shuffle(&mut answers);
        }
        Many::Each(answers)
    }

    /// Those that would not be created, two of one request that are the same user included.
    fn bad_ones(&self, rows: &[(u32, Identifiers)]) -> Vec<(usize, Reply)> {
        let mut seen = std::collections::HashSet::new();
        let mut bad = Vec::new();
        for (place, (row, identifiers)) in rows.iter().enumerate() {
            let is_again = identifiers.iter().any(|(kind, id)| !seen.insert((kind, id.to_owned())));
            let reply = self.verdict(*row, identifiers).or(is_again.then_some(Reply::Duplicate));
            bad.extend(reply.map(|reply| (place, reply)));
        }
        bad
    }

    /// Users that share an identifier: any of them, or the first.
    fn find(&self, wanted: &Identifiers, every: bool) -> Vec<DirectoryUser> {
        let now = self.clock.now();
        let lag = Duration::from_secs_f64(self.spec.lookup_lag_s);
        let state = self.state();
        let kinds = wanted.iter().take(if every { 4 } else { 1 });
        let found = kinds.filter_map(|(kind, value)| state.index.get(&(kind, value.to_owned())));
        let users = found.flatten().map(|n| &state.users[*n]);
        users
            .filter(|user| !user.hidden && user.at + lag <= now)
            .map(|user| DirectoryUser {
                id: user.id.clone(),
                identifiers: user.identifiers.clone(),
                created_at_ms: Some(self.created_ms(user)),
            })
            .collect()
    }

    /// Whole seconds of its own clock.
    fn created_ms(&self, user: &Stored) -> i64 {
        // Who was there before has been for a day.
        let age_ms = if user.row.is_none() { 86_400_000 } else { 0 };
        (self.clock.to_ms(user.at) + self.ahead_ms() - age_ms).div_euclid(1_000) * 1_000
    }

    pub(crate) fn ahead_ms(&self) -> i64 {
        self.spec.clock_ahead_s * 1_000
    }

    /// The date of its replies, by its own clock, in whole seconds.
    pub(crate) fn date_ms(&self) -> i64 {
        (self.clock.now_ms() + self.ahead_ms()).div_euclid(1_000) * 1_000
    }

    /// A create whose reply is lost may arrive later.
    pub(crate) fn arrive_late(self: &Arc<Self>, row: u32, identifiers: Identifiers, at: Moment) {
        let server = Arc::clone(self);
        tokio::spawn(async move {
            tokio::time::sleep_until(server.clock.instant(at)).await;
            if !server.is_held(&identifiers) {
                server.put(Some(row), identifiers, false);
            }
        });
    }

    pub(crate) fn chance(&self) -> f64 {
        self.state().rng.f64()
    }
}
