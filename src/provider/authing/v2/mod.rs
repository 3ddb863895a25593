//! The V2 API: GraphQL for creates, REST for lookups (AUTHING V2: sections 1 to 6).

mod create;
mod lookup;
mod read;

pub use lookup::LOOKUP;

use super::credential::{Credential, Fetched, Held};
use super::encrypt::Encryptor;
use super::reply;
use crate::clock::Clock;
use crate::error::Error;
use crate::identity::DirectoryUser;
use crate::job::{Halt, Outcome};
use crate::target::http::{self, Endpoint, Http};
use crate::target::{Answer, Created, Fault, Later, Reply, Target, Wanted};
use crate::user::{IdKind, User};
use read::{Failed, Read, transport};
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue};
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;

const ACCESS_TOKEN: &str = "query accessToken($userPoolId: String!, $secret: String!) { \
    accessToken(userPoolId: $userPoolId, secret: $secret) { accessToken exp iat } }";

#[derive(Clone, Debug)]
pub struct Settings {
    pub http: http::Settings,
    /// `x-authing-`, `x-approw-` or `x-genauth-`.
    pub header_prefix: String,
    pub user_pool_id: String,
    pub secret: SecretString,
    /// Passwords are hashes: stored as they are.
    pub keep_password: bool,
}

/// The V2 API of one user pool.
pub struct V2 {
    http: Http,
    clock: Clock,
    endpoints: Endpoints,
    settings: Settings,
    headers: HeaderMap,
    token: Credential<Token, Failed>,
    key: Credential<Encryptor, Failed>,
    probe_id: String,
}

struct Endpoints {
    graphql: Endpoint,
    well_known: Endpoint,
    users_batch: Endpoint,
}

struct Token {
    text: String,
    /// Of every request that is made with it.
    headers: HeaderMap,
}

impl V2 {
    /// A target; nothing is sent yet.
    pub fn new(settings: Settings, clock: Clock) -> Result<Self, Error> {
        let http = Http::new(&settings.http)?;
        let bad = |what: &str| Error::usage(format!("{what} cannot stand in a header"));
        let mut headers = HeaderMap::new();
        let mut set = |name: &str, value: &str| {
            let name = format!("{}{name}", settings.header_prefix).to_lowercase();
            let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| bad("header_prefix"))?;
            let value = HeaderValue::from_str(value).map_err(|_| bad("user_pool_id"))?;
            headers.insert(name, value);
            Ok::<(), Error>(())
        };
        set("userpool-id", &settings.user_pool_id)?;
        set("request-from", "sdk")?;
        set("lang", "en-US")?;
        let endpoints = Endpoints {
            graphql: http.endpoint("/graphql/v2"),
            well_known: http.endpoint("/api/v2/.well-known"),
            users_batch: http.endpoint("/api/v2/users/batch"),
        };
        Ok(Self {
            http,
            clock,
            endpoints,
            headers,
            // Credentials that are refused halt the run.
            token: Credential::new(clock, |failed: &Failed| failed.fault.is_halt()),
            key: Credential::new(clock, |_| false),
            probe_id: format!("userferry-probe-{:016x}", fastrand::u64(..)),
            settings,
        })
    }

    // ---- token and key

    async fn token(&self) -> Result<Arc<Held<Token>>, Failed> {
        self.token.get(|| self.fetch_token()).await
    }

    async fn fetch_token(&self) -> Result<Fetched<Token>, Failed> {
        let body = json!({
            "query": ACCESS_TOKEN,
            "variables": {
                "userPoolId": self.settings.user_pool_id,
                "secret": self.settings.secret.expose_secret(),
            },
        });
        let reply = self.post(&self.endpoints.graphql, &self.headers, &body).await?;
        let parsed = match reply::graphql(&reply, "accessToken") {
            Ok(parsed) => parsed,
            Err(refusal) => return Err(self.failed(refusal, Read::Token, &reply)),
        };
        let unreadable = || {
            let what = "the answer to the token request is not readable".to_owned();
            Failed { fault: Fault::Unknown(what), told: reply.told() }
        };
        let text = parsed.get("accessToken").and_then(|t| t.as_str()).ok_or_else(unreadable)?;
        let mut value =
            HeaderValue::from_str(&format!("Bearer {text}")).map_err(|_| unreadable())?;
        value.set_sensitive(true);
        let mut headers = self.headers.clone();
        headers.insert(AUTHORIZATION, value);
        let value = Token { text: text.to_owned(), headers };
        let seconds = |name| parsed.get(name).and_then(serde_json::Value::as_i64);
        // Counted from now on our own clock, whatever the server's says.
        let life = match (seconds("exp"), seconds("iat")) {
            (Some(exp), Some(iat)) => {
                let life = exp.checked_sub(iat).and_then(|life| u64::try_from(life).ok());
                life.filter(|life| *life > 0).map(Duration::from_secs)
            }
            _ => None,
        };
        Ok(Fetched { value, life })
    }

    async fn encryptor(&self) -> Result<Arc<Held<Encryptor>>, Failed> {
        self.key.get(|| self.fetch_key()).await
    }

    async fn fetch_key(&self) -> Result<Fetched<Encryptor>, Failed> {
        let token = self.token().await?;
        let sent = self.http.send(&self.endpoints.well_known, &token.value.headers, None).await;
        let reply = sent.map_err(transport)?;
        let data = reply::rest(&reply)
            .map_err(|refusal| self.failed(refusal, Read::Key(&token), &reply))?;
        let text = data.get("publicKey").and_then(|key| key.as_str()).unwrap_or_default();
        let value = Encryptor::new(text).map_err(|error| {
            let fault = Fault::Halt(Halt {
                message: error.to_string(),
                hint: "passwords cannot be sent without it; check the host".to_owned(),
            });
            Failed { fault, told: reply.told() }
        })?;
        Ok(Fetched { value, life: None })
    }

    async fn post(
        &self,
        endpoint: &Endpoint,
        headers: &HeaderMap,
        body: &serde_json::Value,
    ) -> Result<http::Reply, Failed> {
        let body = body.to_string().into_bytes();
        self.http.send(endpoint, headers, Some(body)).await.map_err(transport)
    }
}

impl Target for V2 {
    fn probe(&self) -> Later<'_, Reply<Result<(), Fault>>> {
        Box::pin(async {
            let read = self.batch(IdKind::ExternalId, &[&self.probe_id]).await;
            let told = match read {
                Ok((told, _)) => told,
                // A question as plain as any: it takes none.
                Err(Failed { fault: Fault::Refused(halt), told }) => {
                    return Reply { told, body: Err(Fault::Halt(halt)) };
                }
                Err(failed) => return failed.into(),
            };
            // Ahead of the first password; where it cannot be had, the first password says so.
            drop(self.encryptor().await);
            Reply { told, body: Ok(()) }
        })
    }

    fn create<'a>(&'a self, users: &'a [User]) -> Later<'a, Reply<Created>> {
        Box::pin(async {
            let [user] = users else {
                // The descriptor says that one user makes a request.
                let answers = users.iter().map(|_| Answer::new(Outcome::Returned)).collect();
                return Reply::new(Created::Each(answers));
            };
            let created = self.try_create(user).await.unwrap_or_else(create::never_left);
            Reply { told: created.told, body: Created::whole(created.body) }
        })
    }

    fn requests_for(&self, wanted: &[Wanted]) -> usize {
        lookup::questions(wanted).len()
    }

    fn find<'a>(
        &'a self,
        wanted: &'a [Wanted],
        pace: Duration,
    ) -> Later<'a, Reply<Result<Vec<Vec<DirectoryUser>>, Fault>>> {
        Box::pin(async move {
            match self.look_up(wanted, pace).await {
                Ok((told, found)) => Reply { told, body: Ok(found) },
                Err(failed) => failed.into(),
            }
        })
    }
}
