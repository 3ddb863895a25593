//! Reads: what it means for each when it comes to nothing.

use super::{Token, V2};
use crate::job::Halt;
use crate::provider::authing::credential::Held;
use crate::provider::authing::fields;
use crate::provider::authing::refusal::{Code, Refusal, RefusalClass};
use crate::redact;
use crate::target::http::{self, Failure};
use crate::target::{Fault, Reply, Told};
use secrecy::ExposeSecret;

/// What is asked for, and with which token.
#[derive(Clone, Copy)]
pub(super) enum Read<'a> {
    Token,
    Key(&'a Held<Token>),
    Users(&'a Held<Token>),
}

/// A read that came to nothing.
#[derive(Clone, Debug)]
pub(super) struct Failed {
    pub fault: Fault,
    pub told: Told,
}

impl<T> From<Failed> for Reply<Result<T, Fault>> {
    fn from(failed: Failed) -> Self {
        Self { told: failed.told, body: Err(failed.fault) }
    }
}

impl V2 {
    /// A read that was refused.
    pub(super) fn failed(&self, refusal: Refusal, read: Read<'_>, reply: &http::Reply) -> Failed {
        Failed { fault: self.fault(refusal, read), told: reply.told() }
    }

    /// What a refusal means for a read. The target's words stay out: they may quote what was asked for.
    fn fault(&self, refusal: Refusal, read: Read<'_>) -> Fault {
        let code = refusal.code;
        match refusal.class {
            RefusalClass::Throttled => Fault::Throttled,
            RefusalClass::Foreign => Fault::Foreign(refusal.message),
            RefusalClass::Busy | RefusalClass::Unreadable => {
                Fault::Unknown(format!("no usable answer to a read ({code})"))
            }
            RefusalClass::Halt(hint) => Fault::Halt(Halt {
                message: format!("the target refuses to go on (code {code})"),
                hint: hint.to_owned(),
            }),
            RefusalClass::StaleToken => match read {
                Read::Token => self.token_refused(&refusal),
                Read::Key(token) | Read::Users(token) => self.stale_token(token, code),
            },
            RefusalClass::StaleKey => match read {
                Read::Token => self.token_refused(&refusal),
                Read::Key(_) | Read::Users(_) => Fault::Stale,
            },
            RefusalClass::Permission => match read {
                Read::Token => self.token_refused(&refusal),
                Read::Key(_) => Fault::Halt(refused(code)),
                Read::Users(_) => denied(code),
            },
            RefusalClass::Unexplained => match read {
                Read::Token => self.token_refused(&refusal),
                Read::Key(_) if refusal.is_of_http() => {
                    gateway("the request for the public key", code)
                }
                Read::Key(_) => Fault::Halt(refused(code)),
                Read::Users(_) if code.is_403() => denied(code),
                Read::Users(_) => Fault::Refused(refused(code)),
            },
            RefusalClass::Rejected | RefusalClass::Duplicate | RefusalClass::NoSuchUser => {
                match read {
                    Read::Token => self.token_refused(&refusal),
                    Read::Key(_) => Fault::Halt(refused(code)),
                    Read::Users(_) => Fault::Refused(refused(code)),
                }
            }
        }
    }

    fn token_refused(&self, refusal: &Refusal) -> Fault {
        let code = refusal.code;
        if refusal.is_of_http() {
            return gateway("the token request", code);
        }
        let secret = ("secret", self.settings.secret.expose_secret());
        let words = redact::message(&refusal.message, &[], &fields::V2, &[secret]);
        let pool = &self.settings.user_pool_id;
        Fault::Halt(Halt {
            message: format!("the credentials of user pool {pool} are refused (code {code}: {words})"),
            hint: "check AUTHING_USERPOOL_ID, AUTHING_SECRET and the host, then run again; no row was marked failed"
                .to_owned(),
        })
    }

    /// A read met a token that is out of date: it is fetched anew. One that was never accepted may not
    /// be known everywhere yet: it is tried for some seconds more.
    fn stale_token(&self, token: &Held<Token>, code: Code) -> Fault {
        if token.is_proven() {
            token.mark_stale();
            return Fault::Stale;
        }
        if token.may_still_spread(self.clock.now()) {
            return Fault::Stale;
        }
        Fault::Halt(Halt {
            message: format!("a token that was just fetched is refused (code {code})"),
            hint: "check user_pool_id, header_prefix and the rights of the secret; no row was marked failed"
                .to_owned(),
        })
    }
}

/// The page of a gateway: not the target's own word.
fn gateway(what: &str, code: Code) -> Fault {
    Fault::Foreign(format!("no usable answer to {what} ({code})"))
}

fn refused(code: Code) -> Halt {
    Halt {
        message: format!("a read is refused (code {code})"),
        hint: "check host, user_pool_id and the rights of the secret".to_owned(),
    }
}

fn denied(code: Code) -> Fault {
    Fault::Denied(Halt {
        message: format!("this secret may not look users up (code {code})"),
        hint: "rows in doubt could never be settled: use a secret that may, or set on_unknown = \"hold\" to leave them unknown"
            .to_owned(),
    })
}

pub(super) fn transport(failure: Failure) -> Failed {
    let fault = match failure {
        Failure::NotSent(why) => Fault::NotSent(why),
        Failure::Broken(why) => Fault::Foreign(why),
        Failure::Unknown(why) => Fault::Unknown(why),
        Failure::Halt(halt) => Fault::Halt(halt),
    };
    Failed { fault, told: Told::default() }
}
