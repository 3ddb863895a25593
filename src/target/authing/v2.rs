//! The V2 API: GraphQL for creates, REST for lookups (AUTHING V2: sections 1 to 6).

use super::credential::{Credential, Fetched, Held};
use super::encrypt::Encryptor;
use super::reply::{self, Verdict};
use crate::clock::Clock;
use crate::error::Error;
use crate::identity::DirectoryUser;
use crate::job::Outcome;
use crate::problem::{Problem, Rule};
use crate::redact;
use crate::target::http::{self, Failure, Http, Reply};
use crate::target::{Answer, Fault, Halt, Target, Wanted};
use crate::user::{IdKind, User, Value, same};
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Map, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// The operations' documents. What a create returns is kept small: the id says all.
const ACCESS_TOKEN: &str = "query accessToken($userPoolId: String!, $secret: String!) { \
    accessToken(userPoolId: $userPoolId, secret: $secret) { accessToken exp iat } }";
const CREATE_USER: &str = "mutation createUser($userInfo: CreateUserInput!, $keepPassword: Boolean, \
    $resetPasswordOnFirstLogin: Boolean) { createUser(userInfo: $userInfo, keepPassword: $keepPassword, \
    resetPasswordOnFirstLogin: $resetPasswordOnFirstLogin) { id } }";
/// Ids in one lookup, at most (code 2030 beyond).
const LOOKUP: usize = 80;

/// How to use the API.
#[derive(Clone, Debug)]
pub struct Settings {
    /// How to reach it.
    pub http: http::Settings,
    /// `x-authing-`, `x-approw-` or `x-genauth-`.
    pub header_prefix: String,
    /// The user pool.
    pub user_pool_id: String,
    /// The pool's secret.
    pub secret: SecretString,
    /// Passwords are hashes: stored as they are.
    pub keep_password: bool,
}

/// The V2 API of one user pool.
pub struct V2 {
    http: Http,
    settings: Settings,
    headers: HeaderMap,
    token: Credential<Token, Fault>,
    key: Credential<Encryptor, Fault>,
    probe_id: String,
}

struct Token(HeaderValue);

impl Token {
    /// Without the word that comes before it in the header.
    fn text(&self) -> &str {
        self.0.to_str().unwrap_or_default().trim_start_matches("Bearer ")
    }
}

impl V2 {
    /// A target; nothing is sent yet.
    pub fn new(settings: Settings, clock: Clock) -> Result<Self, Error> {
        let http = Http::new(&settings.http, clock)?;
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
        Ok(Self {
            http,
            headers,
            token: Credential::new(clock),
            key: Credential::new(clock),
            probe_id: format!("userferry-probe-{:016x}", fastrand::u64(..)),
            settings,
        })
    }

    // ---- token and key

    async fn token(&self) -> Result<Arc<Held<Token>>, Fault> {
        self.token.get(|| self.fetch_token()).await
    }

    async fn fetch_token(&self) -> Result<Fetched<Token>, Fault> {
        let body = json!({
            "query": ACCESS_TOKEN,
            "variables": {
                "userPoolId": self.settings.user_pool_id,
                "secret": self.settings.secret.expose_secret(),
            },
        });
        let reply = self.post("/graphql/v2", self.headers.clone(), &body).await?;
        let parsed = match reply::graphql(&reply, "accessToken") {
            Ok(parsed) => parsed,
            Err(verdict) => return Err(self.token_refused(verdict, reply.retry_after)),
        };
        let unreadable =
            || Fault::Unknown("the answer to the token request is not readable".to_owned());
        let text = parsed.get("accessToken").and_then(|t| t.as_str()).ok_or_else(unreadable)?;
        let mut value =
            HeaderValue::from_str(&format!("Bearer {text}")).map_err(|_| unreadable())?;
        value.set_sensitive(true);
        let seconds = |name| parsed.get(name).and_then(serde_json::Value::as_i64);
        // Counted from now on our own clock, whatever the server's says.
        let life = match (seconds("exp"), seconds("iat")) {
            (Some(exp), Some(iat)) => {
                let life = exp.checked_sub(iat).and_then(|life| u64::try_from(life).ok());
                life.filter(|life| *life > 0).map(Duration::from_secs)
            }
            _ => None,
        };
        Ok(Fetched { value: Token(value), life })
    }

    fn token_refused(&self, verdict: Verdict, retry_after: Option<Duration>) -> Fault {
        let pool = &self.settings.user_pool_id;
        match verdict {
            Verdict::Throttled { .. } | Verdict::Unknown { .. } | Verdict::Halt { .. } => {
                read_fault(verdict, retry_after)
            }
            // The page of a gateway, not the target's word about our credentials.
            Verdict::Refused { code, .. } | Verdict::StaleToken { code, .. }
                if reply::is_of_http(&code) =>
            {
                Fault::Unknown(format!("no usable answer to the token request ({code})"))
            }
            Verdict::Refused { code, message, .. }
            | Verdict::StaleToken { code, message }
            | Verdict::StaleKey { code, message }
            | Verdict::Rejected { code, message }
            | Verdict::Duplicate { code, message }
            | Verdict::NoSuchUser { code, message }
            | Verdict::Permission { code, message } => Fault::Halt(Halt {
                message: format!(
                    "the credentials of user pool {pool} are refused (code {code}: {})",
                    redact::message(
                        &message,
                        &User::default(),
                        &[("secret", self.settings.secret.expose_secret())]
                    )
                ),
                hint: "check AUTHING_USERPOOL_ID, AUTHING_SECRET and the host, then run again; no row was marked failed"
                    .to_owned(),
            }),
        }
    }

    async fn encryptor(&self) -> Result<Arc<Held<Encryptor>>, Fault> {
        self.key.get(|| self.fetch_key()).await
    }

    async fn fetch_key(&self) -> Result<Fetched<Encryptor>, Fault> {
        let token = self.token().await?;
        let headers = self.authorized(&token);
        let reply =
            self.http.send("/api/v2/.well-known", headers, None).await.map_err(transport)?;
        let data = reply::rest(&reply).map_err(|verdict| match verdict {
            Verdict::StaleToken { code, .. } => stale_token(&token, &code),
            verdict => read_fault(verdict, reply.retry_after),
        })?;
        let text = data.get("publicKey").and_then(|key| key.as_str()).unwrap_or_default();
        let value = Encryptor::new(text).map_err(|error| {
            Fault::Halt(Halt {
                message: error.to_string(),
                hint: "passwords cannot be sent without it; check the host".to_owned(),
            })
        })?;
        Ok(Fetched { value, life: None })
    }

    fn authorized(&self, token: &Held<Token>) -> HeaderMap {
        let mut headers = self.headers.clone();
        headers.insert(AUTHORIZATION, token.value.0.clone());
        headers
    }

    async fn post(
        &self,
        path: &str,
        headers: HeaderMap,
        body: &serde_json::Value,
    ) -> Result<Reply, Fault> {
        self.http.send(path, headers, Some(body.to_string().into_bytes())).await.map_err(transport)
    }

    // ---- creates

    async fn try_create(&self, user: &User) -> Result<Answer, Fault> {
        let token = self.token().await?;
        let mut key = None;
        let password = match &user.password {
            None => None,
            Some(password) => {
                let held = self.encryptor().await?;
                let Some(sent) = held.value.encrypt(password.expose_secret()) else {
                    return Ok(too_long(user, held.value.limit()));
                };
                key = Some(held);
                Some(sent)
            }
        };
        let body = self.create_body(user, password);
        let sent = self.http.send("/graphql/v2", self.authorized(&token), Some(body)).await;
        let reply = match sent {
            Ok(reply) => reply,
            Err(Failure::NotSent(why)) => return Ok(told(Outcome::NotSent, why)),
            Err(Failure::Unknown(why)) => return Ok(told(Outcome::Unknown, why)),
            Err(Failure::Halt(halt)) => return Ok(halted(halt)),
        };
        // What we sent besides the user; a target that quotes the request quotes these too.
        let secret = ("secret", self.settings.secret.expose_secret());
        let credentials = [secret, ("token", token.value.text())];
        let words = |text: &str| redact::message(text, user, &credentials);
        let mut answer = answer(reply::create(&reply), &words, &token, key.as_deref());
        answer.http_status = Some(reply.status);
        answer.request_id = reply.request_id;
        answer.retry_after = answer.retry_after.or(reply.retry_after);
        Ok(answer)
    }

    fn create_body(&self, user: &User, password: Option<String>) -> Vec<u8> {
        let mut info = Map::new();
        for (field, value) in &user.fields {
            let value = match value {
                Value::Text(text) => json!(text),
                Value::Bool(truth) => json!(truth),
                Value::Int(number) => json!(number),
                Value::List(items) => json!(items),
            };
            info.insert(field.clone(), value);
        }
        if let Some(password) = password {
            info.insert("password".to_owned(), json!(password));
        }
        let body = json!({
            "query": CREATE_USER,
            "variables": {
                "userInfo": info,
                "keepPassword": self.settings.keep_password,
                "resetPasswordOnFirstLogin": false,
            },
        });
        body.to_string().into_bytes()
    }

    // ---- lookups

    /// All users that have one of these identifiers of one kind.
    async fn batch(&self, kind: IdKind, ids: &[&str]) -> Result<Vec<DirectoryUser>, Fault> {
        let token = self.token().await?;
        let ty = match kind {
            IdKind::ExternalId => "externalId",
            IdKind::Email => "email",
            IdKind::Phone => "phone",
            IdKind::Username => "username",
        };
        let body = json!({ "ids": ids, "type": ty, "withCustomData": false });
        let reply = self.post("/api/v2/users/batch", self.authorized(&token), &body).await?;
        let data = match reply::rest(&reply) {
            Ok(data) => data,
            Err(Verdict::NoSuchUser { .. }) => return Ok(Vec::new()),
            Err(Verdict::StaleToken { code, .. }) => return Err(stale_token(&token, &code)),
            Err(Verdict::Permission { code, .. }) => return Err(denied(&code)),
            Err(Verdict::Refused { code, .. }) if matches!(code.as_str(), "http-403" | "403") => {
                return Err(denied(&code));
            }
            Err(verdict) => return Err(read_fault(verdict, reply.retry_after)),
        };
        token.prove();
        let unreadable = || Fault::Unknown("the answer to a lookup is not readable".to_owned());
        let list = data.as_array().ok_or_else(unreadable)?;
        let users: Option<Vec<DirectoryUser>> =
            list.iter().filter(|user| !user.is_null()).map(reply::directory_user).collect();
        let users = users.ok_or_else(unreadable)?;
        // A search that takes no notice of what was asked for would make nobody of everybody.
        let asked = |user: &DirectoryUser| {
            let id = user.identifiers.get(kind);
            id.is_some_and(|id| ids.iter().any(|asked| same(kind, asked, id)))
        };
        if users.is_empty() || users.iter().any(asked) { Ok(users) } else { Err(unreadable()) }
    }
}

impl Target for V2 {
    async fn probe(&self) -> Result<(), Fault> {
        self.batch(IdKind::ExternalId, &[&self.probe_id]).await?;
        // Ahead of the first password; where it cannot be had, the first password says so.
        drop(self.encryptor().await);
        Ok(())
    }

    async fn create(&self, user: &User) -> Answer {
        match self.try_create(user).await {
            Ok(answer) => answer,
            // The token or the key could not be had: the create never left.
            Err(Fault::NotSent(why) | Fault::Unknown(why)) => told(Outcome::NotSent, why),
            Err(Fault::Throttled(after)) => {
                Answer { retry_after: after, ..Answer::new(Outcome::Throttled) }
            }
            Err(Fault::Stale) => Answer::new(Outcome::Stale),
            Err(Fault::Halt(halt) | Fault::Denied(halt)) => halted(halt),
        }
    }

    async fn find(&self, wanted: &[Wanted]) -> Result<Vec<Vec<DirectoryUser>>, Fault> {
        let mut asked: BTreeMap<IdKind, Vec<&str>> = BTreeMap::new();
        for one in wanted {
            let count = if one.thorough { usize::MAX } else { 1 };
            for (kind, id) in one.identifiers.iter().take(count) {
                asked.entry(kind).or_default().push(id);
            }
        }
        let mut users: Vec<DirectoryUser> = Vec::new();
        for (kind, ids) in &asked {
            for ids in ids.chunks(LOOKUP) {
                users.extend(self.batch(*kind, ids).await?);
            }
        }
        Ok(share_out(wanted, &users))
    }

    fn clock_ahead_ms(&self) -> Option<i64> {
        self.http.clock_ahead_ms()
    }
}

/// Whom each one that was asked for has found. A phone number in another form counts only for a user
/// whom nobody has asked for in the very form that the directory has.
fn share_out(wanted: &[Wanted], users: &[DirectoryUser]) -> Vec<Vec<DirectoryUser>> {
    let shares =
        |one: &Wanted, user: &DirectoryUser, equal: &dyn Fn(IdKind, &str, &str) -> bool| {
            let count = if one.thorough { usize::MAX } else { 1 };
            let mut ids = one.identifiers.iter().take(count);
            ids.any(|(kind, id)| user.identifiers.get(kind).is_some_and(|it| equal(kind, id, it)))
        };
    let exactly = |_: IdKind, ours: &str, theirs: &str| ours == theirs;
    let same_phone = |kind, ours: &str, theirs: &str| kind == IdKind::Phone && ours == theirs;
    let is_claimed: Vec<bool> =
        users.iter().map(|user| wanted.iter().any(|one| shares(one, user, &same_phone))).collect();
    let found = |one: &Wanted| {
        let theirs = users.iter().zip(&is_claimed).filter(|(user, is_claimed)| {
            shares(one, user, &exactly) || !**is_claimed && shares(one, user, &same)
        });
        theirs.map(|(user, _)| user.clone()).collect()
    };
    wanted.iter().map(found).collect()
}

fn told(outcome: Outcome, message: String) -> Answer {
    Answer { message: Some(message), ..Answer::new(outcome) }
}

fn halted(halt: Halt) -> Answer {
    let message = Some(halt.message.clone());
    Answer { halt: Some(halt), message, ..Answer::new(Outcome::Halt) }
}

fn too_long(user: &User, limit: usize) -> Answer {
    let message = format!(
        "the password has {} bytes; the target's key carries {limit}",
        user.password_bytes()
    );
    let problem = Some(Problem::new("password", Rule::Password, message));
    Answer { problem, ..Answer::new(Outcome::Unsendable) }
}

/// What the answer to a create means, with what it says about the token and the key. `words` takes
/// out of a message what we sent.
fn answer(
    verdict: Result<String, Verdict>,
    words: &dyn Fn(&str) -> String,
    token: &Held<Token>,
    key: Option<&Held<Encryptor>>,
) -> Answer {
    let refused = |outcome, code: String, message: &str| Answer {
        code: Some(code),
        message: Some(words(message)),
        ..Answer::new(outcome)
    };
    // Whatever the server has decided about a user it has let us in for.
    let proven = || {
        token.prove();
        if let Some(key) = key {
            key.prove();
        }
    };
    match verdict {
        Ok(remote_id) => {
            proven();
            Answer::new(Outcome::Created { remote_id })
        }
        Err(Verdict::Duplicate { code, message }) => {
            token.prove();
            refused(Outcome::Duplicate, code, &message)
        }
        Err(Verdict::Rejected { code, message } | Verdict::NoSuchUser { code, message }) => {
            token.prove();
            refused(Outcome::Rejected, code, &message)
        }
        Err(Verdict::Refused { code, message }) => refused(Outcome::Unexplained, code, &message),
        Err(Verdict::Throttled { code, message }) => refused(Outcome::Throttled, code, &message),
        Err(Verdict::Unknown { code, message }) => {
            Answer { code, message: Some(words(&message)), ..Answer::new(Outcome::Unknown) }
        }
        // A token that was never accepted: is it the token, or this row? A read decides.
        Err(Verdict::StaleToken { code, message }) if !token.is_proven() => {
            Answer { is_about_token: true, ..refused(Outcome::Unexplained, code, &message) }
        }
        Err(Verdict::StaleToken { code, message }) => {
            token.mark_stale();
            refused(Outcome::Stale, code, &message)
        }
        Err(Verdict::StaleKey { code, message }) => {
            // It has let us in and read as far as the password.
            token.prove();
            // A key that was never accepted: is it the key, or this row? Other rows decide.
            let is_fresh = !key.is_some_and(Held::mark_stale);
            let halt = is_fresh.then(|| no_key_fits(&code));
            Answer { halt, ..refused(Outcome::Stale, code, &message) }
        }
        Err(Verdict::Permission { code, message }) => {
            let halt = Halt {
                message: format!(
                    "this secret may not create users (code {code}: {})",
                    words(&message)
                ),
                hint: "use the user pool's own secret; no row was marked failed".to_owned(),
            };
            Answer { halt: Some(halt), ..refused(Outcome::Halt, code, &message) }
        }
        Err(Verdict::Halt { code, message, hint }) => {
            let said = words(&message);
            let halt = Halt { message: halt_message(&code, &said), hint: hint.to_owned() };
            Answer { halt: Some(halt), ..refused(Outcome::Halt, code, &message) }
        }
    }
}

fn no_key_fits(code: &str) -> Halt {
    Halt {
        message: format!(
            "the target cannot decrypt passwords even with its newest key (code {code})"
        ),
        hint: "something between here and the target changes the requests, or its key service is broken"
            .to_owned(),
    }
}

fn denied(code: &str) -> Fault {
    Fault::Denied(Halt {
        message: format!("this secret may not look users up (code {code})"),
        hint: "rows in doubt could never be settled: use a secret that may, or set on_unknown = \"hold\" to leave them unknown"
            .to_owned(),
    })
}

/// A read met a token that is out of date: fetched anew, unless it was never accepted.
fn stale_token(token: &Held<Token>, code: &str) -> Fault {
    if token.mark_stale() { Fault::Stale } else { Fault::Halt(fresh_token_refused(code)) }
}

fn halt_message(code: &str, message: &str) -> String {
    format!("the target refuses to go on (code {code}: {message})")
}

fn fresh_token_refused(code: &str) -> Halt {
    Halt {
        message: format!("a token that was just fetched is refused (code {code})"),
        hint: "check user_pool_id, header_prefix and the rights of the secret; no row was marked failed"
            .to_owned(),
    }
}

fn transport(failure: Failure) -> Fault {
    match failure {
        Failure::NotSent(why) => Fault::NotSent(why),
        Failure::Unknown(why) => Fault::Unknown(why),
        Failure::Halt(halt) => Fault::Halt(halt),
    }
}

/// What a refusal means for a read. The target's words stay out: they may quote what was asked for.
fn read_fault(verdict: Verdict, retry_after: Option<Duration>) -> Fault {
    match verdict {
        Verdict::Throttled { .. } => Fault::Throttled(retry_after),
        Verdict::Unknown { code, .. } => {
            let code = code.map_or_else(String::new, |code| format!(" ({code})"));
            Fault::Unknown(format!("no usable answer to a read{code}"))
        }
        Verdict::StaleToken { .. } | Verdict::StaleKey { .. } => Fault::Stale,
        Verdict::Halt { code, hint, .. } => {
            let message = format!("the target refuses to go on (code {code})");
            Fault::Halt(Halt { message, hint: hint.to_owned() })
        }
        Verdict::Permission { code, .. }
        | Verdict::Refused { code, .. }
        | Verdict::Rejected { code, .. }
        | Verdict::Duplicate { code, .. }
        | Verdict::NoSuchUser { code, .. } => Fault::Halt(Halt {
            message: format!("a read is refused (code {code})"),
            hint: "check host, user_pool_id and the rights of the secret".to_owned(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::user::Identifiers;

    fn wanted(phone: &str) -> Wanted {
        let mut identifiers = Identifiers::default();
        identifiers.set(IdKind::Phone, phone);
        Wanted { identifiers, thorough: true }
    }

    #[test]
    fn a_phone_in_another_form_finds_nobody_whom_another_row_asked_for() {
        let user = |id: &str, phone| DirectoryUser {
            id: id.to_owned(),
            identifiers: wanted(phone).identifiers,
            created_at_ms: None,
        };
        let users = [user("a", "12345678"), user("b", "+4912345678"), user("c", "+8613800000001")];
        let asked = [wanted("12345678"), wanted("+4912345678"), wanted("13800000001")];
        let found: Vec<Vec<String>> = share_out(&asked, &users)
            .into_iter()
            .map(|users| users.into_iter().map(|user| user.id).collect())
            .collect();
        assert_eq!(found, [["a"], ["b"], ["c"]]);
    }
}
