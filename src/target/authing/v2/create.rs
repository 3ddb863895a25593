//! Creates: one user in one request, and what the answer says about user, token and key.

use super::{Token, V2};
use crate::job::Outcome;
use crate::problem::{Problem, Rule};
use crate::redact;
use crate::target::authing::credential::Held;
use crate::target::authing::encrypt::Encryptor;
use crate::target::authing::reply::{self, Verdict};
use crate::target::http::Failure;
use crate::target::{Answer, Fault, Halt};
use crate::user::User;
use secrecy::ExposeSecret;
use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};

/// What a create returns is kept small: the id says all.
const CREATE_USER: &str = "mutation createUser($userInfo: CreateUserInput!, $keepPassword: Boolean, \
    $resetPasswordOnFirstLogin: Boolean) { createUser(userInfo: $userInfo, keepPassword: $keepPassword, \
    resetPasswordOnFirstLogin: $resetPasswordOnFirstLogin) { id } }";

impl V2 {
    /// Sends a user. The fault is of what a create needs before it can leave: token and key.
    pub(super) async fn try_create(&self, user: &User) -> Result<Answer, Fault> {
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
        let sent = self.http.send(&self.endpoints.graphql, &token.value.headers, Some(body)).await;
        let reply = match sent {
            Ok(reply) => reply,
            Err(Failure::NotSent(why)) => return Ok(told(Outcome::NotSent, why)),
            Err(Failure::Broken(why) | Failure::Unknown(why)) => {
                return Ok(told(Outcome::Unknown, why));
            }
            Err(Failure::Halt(halt)) => return Ok(halted(halt)),
        };
        // What we sent besides the user; a target that quotes the request quotes these too.
        let secret = ("secret", self.settings.secret.expose_secret());
        let credentials = [secret, ("token", token.value.text.as_str())];
        let words = |text: &str| redact::message(text, user, &credentials);
        let mut answer = answer(reply::create(&reply), &words, &token, key.as_deref());
        answer.http_status = Some(reply.status);
        answer.request_id = reply.request_id;
        answer.retry_after = answer.retry_after.or(reply.retry_after);
        Ok(answer)
    }

    fn create_body(&self, user: &User, password: Option<String>) -> Vec<u8> {
        let body = Body {
            query: CREATE_USER,
            variables: Variables {
                user_info: UserInfo { user, password },
                keep_password: self.settings.keep_password,
                reset_password_on_first_login: false,
            },
        };
        // Texts, numbers and truth values can always be written.
        serde_json::to_vec(&body).unwrap_or_default()
    }
}

/// What is posted. Written without a tree in between: this is done for every user.
#[derive(Serialize)]
struct Body<'a> {
    query: &'a str,
    variables: Variables<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Variables<'a> {
    user_info: UserInfo<'a>,
    keep_password: bool,
    reset_password_on_first_login: bool,
}

/// The fields of a user, and the password as it is sent.
struct UserInfo<'a> {
    user: &'a User,
    password: Option<String>,
}

impl Serialize for UserInfo<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (field, value) in &self.user.fields {
            map.serialize_entry(field, value)?;
        }
        if let Some(password) = &self.password {
            map.serialize_entry("password", password)?;
        }
        map.end()
    }
}

/// The token or the key could not be had: the create never left.
pub(super) fn never_left(fault: Fault) -> Answer {
    match fault {
        Fault::NotSent(why) => told(Outcome::NotSent, why),
        Fault::Foreign(why) => told(Outcome::NotSent, why),
        Fault::Unknown { why, retry_after } => {
            Answer { retry_after, ..told(Outcome::NotSent, why) }
        }
        Fault::Throttled(retry_after) => Answer { retry_after, ..Answer::new(Outcome::Throttled) },
        Fault::Stale => Answer::new(Outcome::Stale),
        Fault::Halt(halt) | Fault::Denied(halt) | Fault::Refused(halt) => halted(halt),
    }
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
        Err(Verdict::Foreign { code, message }) => {
            Answer { code: Some(code), message: Some(message), ..Answer::new(Outcome::Unknown) }
        }
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

fn halt_message(code: &str, message: &str) -> String {
    format!("the target refuses to go on (code {code}: {message})")
}
