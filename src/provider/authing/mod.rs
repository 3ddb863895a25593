//! Authing user pools, also sold as Approw and GenAuth.

mod credential;
mod encrypt;
mod error_codes;
pub mod fields;
mod refusal;
mod reply;
pub mod v2;

use super::{Ability, Connection, Flag, Form, Host, Limits, Passwords, Provider, Secret, Setting};
use crate::error::{Error, Result};
use crate::target::Target;
use crate::user::IdKind;
use std::sync::Arc;

/// The GraphQL API of one user pool (AUTHING V2).
pub static V2: Provider = Provider {
    name: "authing-v2",
    title: "Authing's V2 API",
    schema: fields::V2,
    passwords: Passwords::AllAlike,
    limits: |_| Limits {
        batch: 1,
        lookup: v2::LOOKUP,
        bytes: usize::MAX,
        counts_users: false,
        one_scheme: false,
    },
    abilities: &[
        Ability::FindBy(IdKind::ExternalId),
        Ability::FindBy(IdKind::Email),
        Ability::FindBy(IdKind::Phone),
        Ability::FindBy(IdKind::Username),
        Ability::Update,
        Ability::Delete,
    ],
    host: Host {
        example: "https://core.authing.cn",
        default: |_| Some("https://core.authing.cn"),
        env: "AUTHING_HOST",
    },
    secret: Secret { env: "AUTHING_SECRET", of: "the user pool" },
    request_id: &["x-request-id", "x-authing-request-id"],
    template: include_str!("template.toml"),
    mapping: include_str!("mapping.toml"),
    settings: &[HEADER_PREFIX, USER_POOL_ID],
    connect: &connect_v2,
};

const HEADER_PREFIX: Setting = Setting {
    name: "header_prefix",
    noun: "how the headers of the requests begin",
    word: "headers",
    form: Form::Text("a prefix such as \"x-authing-\"", |value| {
        let prefix = value.to_ascii_lowercase();
        let fits = prefix.ends_with('-')
            && prefix.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        fits.then_some(prefix)
    }),
    env: None,
    default: Some("x-authing-"),
    is_required: false,
    is_place: false,
    flag: None,
};

const USER_POOL_ID: Setting = Setting {
    name: "user_pool_id",
    noun: "the id of the user pool",
    word: "user pool",
    form: Form::Text("the id of the user pool as text", |id| {
        let fits = id.len() <= 128 && id.bytes().all(|byte| byte.is_ascii_graphic());
        fits.then(|| id.to_owned())
    }),
    env: Some("AUTHING_USERPOOL_ID"),
    default: None,
    is_required: true,
    is_place: true,
    flag: Some(Flag { name: "user-pool-id", value: "ID", help: "The user pool" }),
};

fn connect_v2(to: Connection) -> Result<Arc<dyn Target>> {
    let own = |setting: Setting| {
        let missing = || Error::usage(format!("{} is missing", setting.noun));
        to.own.get(setting.name).map(str::to_owned).ok_or_else(missing)
    };
    let settings = v2::Settings {
        header_prefix: own(HEADER_PREFIX)?,
        user_pool_id: own(USER_POOL_ID)?,
        http: to.http,
        secret: to.secret,
        keep_password: to.keep_password,
    };
    Ok(Arc::new(v2::V2::new(settings, to.clock)?))
}
