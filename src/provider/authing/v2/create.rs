//! Creates: one user in one request, and what the answer says about user, token and key.

use super::read::Failed;
use super::{Token, V2};
use crate::job::{Halt, Outcome};
use crate::problem::{Problem, Rule};
use crate::provider::authing::credential::Held;
use crate::provider::authing::encrypt::Encryptor;
use crate::provider::authing::refusal::{Code, Refusal, RefusalClass};
use crate::provider::authing::{fields, reply};
use crate::redact;
use crate::target::http::Failure;
use crate::target::{Answer, Fault, Reply, Told};
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
    pub(super) async fn try_create(&self, user: &User) -> Result<Reply<Answer>, Failed> {
        let token = self.token().await?;
        let mut key = None;
        let password = match &user.password {
            None => None,
            Some(password) => {
                let held = self.encryptor().await?;
                let Some(sent) = held.value.encrypt(password.expose_secret()) else {
                    return Ok(Reply::new(too_long(user, held.value.limit())));
                };
                key = Some(held);
                Some(sent)
            }
        };
        let body = self.create_body(user, password);
        let sent = self.http.send(&self.endpoints.graphql, &token.value.headers, Some(body)).await;
        let reply = match sent {
            Ok(reply) => reply,
            Err(failure) => return Ok(Reply::new(unanswered(failure))),
        };
        let told = reply.told();
        let refusal = match reply::create(&reply) {
            Ok(remote_id) => {
                token.prove();
                key.as_deref().inspect(|key| key.prove());
                return Ok(Reply { told, body: Answer::new(Outcome::Created { remote_id }) });
            }
            Err(refusal) => refusal,
        };
        // What we sent besides the user; a target that quotes the request quotes these too.
        let secret = ("secret", self.settings.secret.expose_secret());
        let credentials = [secret, ("token", token.value.text.as_str())];
        let users = std::slice::from_ref(user);
        let words = |text: &str| redact::message(text, users, &fields::V2, &credentials);
        let message = said(&refusal, &words);
        let outcome = outcome(&refusal, &message, &token, key.as_deref());
        let code = Some(refusal.code.to_string());
        Ok(Reply { told, body: Answer { outcome, code, message: Some(message) } })
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

/// No reply came.
fn unanswered(failure: Failure) -> Answer {
    match failure {
        Failure::NotSent(why) => Answer::worded(Outcome::NotSent, why),
        Failure::Broken(why) | Failure::Unknown(why) => Answer::worded(Outcome::Unknown, why),
        Failure::Halt(halt) => halted(halt),
    }
}

/// The token or the key could not be had: the create never left.
pub(super) fn never_left(Failed { fault, told }: Failed) -> Reply<Answer> {
    let answer = match fault {
        Fault::NotSent(why) | Fault::Foreign(why) | Fault::Unknown(why) => {
            Answer::worded(Outcome::NotSent, why)
        }
        Fault::Throttled => Answer::new(Outcome::Throttled),
        Fault::Stale => Answer::new(Outcome::Stale { halt: None }),
        Fault::Halt(halt) | Fault::Denied(halt) | Fault::Refused(halt) => halted(halt),
    };
    // The create never left. Only the pause and the date of the failed token or key request still count.
    let told = Told { retry_after: told.retry_after, date_ms: told.date_ms, ..Told::default() };
    Reply { told, body: answer }
}

fn halted(halt: Halt) -> Answer {
    let message = halt.message.clone();
    Answer::worded(Outcome::Halt(halt), message)
}

fn too_long(user: &User, limit: usize) -> Answer {
    let message = format!(
        "the password has {} bytes; the target's key carries {limit}",
        user.password_bytes()
    );
    let problem = Problem::new("password", Rule::Password, message);
    Answer::new(Outcome::Unsendable(problem))
}

/// The message of a refusal, for the ledger. `words` removes every value that we sent from a text.
fn said(refusal: &Refusal, words: &dyn Fn(&str) -> String) -> String {
    let Refusal { class, code, message } = refusal;
    match class {
        // It quotes nothing of the answer.
        RefusalClass::Foreign => message.clone(),
        RefusalClass::Busy => words(&format!("the target is busy (code {code}: {message})")),
        RefusalClass::Duplicate
        | RefusalClass::Rejected
        | RefusalClass::Throttled
        | RefusalClass::StaleToken
        | RefusalClass::StaleKey
        | RefusalClass::NoSuchUser
        | RefusalClass::Permission
        | RefusalClass::Halt(_)
        | RefusalClass::Unexplained
        | RefusalClass::Unreadable => words(message),
    }
}

/// What a refusal means for a create, with what it says about the token and the key: whatever the
/// server has decided about a user it has let us in for.
fn outcome(
    refusal: &Refusal,
    message: &str,
    token: &Held<Token>,
    key: Option<&Held<Encryptor>>,
) -> Outcome {
    let code = refusal.code;
    match refusal.class {
        RefusalClass::Duplicate => {
            token.prove();
            Outcome::Duplicate
        }
        RefusalClass::Rejected | RefusalClass::NoSuchUser => {
            token.prove();
            Outcome::Rejected
        }
        RefusalClass::Unexplained => Outcome::Unexplained { about_token: false },
        RefusalClass::Throttled => Outcome::Throttled,
        RefusalClass::Busy | RefusalClass::Foreign | RefusalClass::Unreadable => Outcome::Unknown,
        // A token that was never accepted: is it the token, or this row? A read decides.
        RefusalClass::StaleToken if !token.is_proven() => {
            Outcome::Unexplained { about_token: true }
        }
        RefusalClass::StaleToken => {
            token.mark_stale();
            Outcome::Stale { halt: None }
        }
        RefusalClass::StaleKey => {
            // It has let us in and read as far as the password.
            token.prove();
            // A key that was never accepted: is it the key, or this row? Other rows decide.
            let is_fresh = !key.is_some_and(Held::mark_stale);
            Outcome::Stale { halt: is_fresh.then(|| no_key_fits(code)) }
        }
        RefusalClass::Permission => Outcome::Halt(Halt {
            message: format!("this secret may not create users (code {code}: {message})"),
            hint: "use the user pool's own secret; no row was marked failed".to_owned(),
        }),
        RefusalClass::Halt(hint) => Outcome::Halt(Halt {
            message: format!("the target refuses to go on (code {code}: {message})"),
            hint: hint.to_owned(),
        }),
    }
}

fn no_key_fits(code: Code) -> Halt {
    Halt {
        message: format!(
            "the target cannot decrypt passwords even with its newest key (code {code})"
        ),
        hint: "something between here and the target changes the requests, or its key service is broken"
            .to_owned(),
    }
}
