//! Every knob of the sandbox: flags of the command line, and the same names in JSON.

use super::units::{Chance, Effect, Poison, Rate, RetryAfter, Span};
use clap::builder::TypedValueParser as _;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// Knobs of the sandbox.
///
/// The same names, with `_` for `-`, can be changed while it runs: `POST /__sandbox/faults`.
#[derive(clap::Args, Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Port on 127.0.0.1; 0 takes any free one
    #[arg(long, value_name = "PORT", default_value_t = 4010)]
    pub port: u16,

    /// Id of the one user pool
    #[arg(long, value_name = "ID", default_value = "5f0000000000000000000001")]
    pub user_pool_id: String,

    /// Secret of the user pool (a stand-in's secret is no secret)
    #[arg(long, value_name = "SECRET", default_value = "sandbox-secret")]
    pub secret: String,

    /// How the vendor's own headers begin: x-authing-, x-approw-, x-genauth-
    #[arg(long, value_name = "PREFIX", default_value = "x-authing-")]
    pub header_prefix: String,

    /// Append every stored user to FILE and read it back at the next start; holds passwords, mode 0600
    #[arg(long, value_name = "FILE", help_heading = "Files")]
    pub state: Option<PathBuf>,

    /// Append one JSON line per request to FILE before it is answered; holds passwords, mode 0600
    #[arg(long, value_name = "FILE", help_heading = "Files")]
    pub log: Option<PathBuf>,

    /// Users that were there before: JSON Lines, one object of provider fields a line
    #[arg(long, value_name = "FILE", help_heading = "Files")]
    pub users: Option<PathBuf>,

    /// Time that a request takes: 50ms, 2s; half of it passes before the user is stored
    #[arg(long, value_name = "TIME", default_value = "0ms", help_heading = "Speed")]
    pub latency: Span,

    /// Random extra time, up to this: 10ms
    #[arg(long, value_name = "TIME", default_value = "0ms", help_heading = "Speed")]
    pub jitter: Span,

    /// Requests at the same time beyond which each takes longer, in proportion
    #[arg(long, value_name = "N", help_heading = "Speed")]
    pub knee: Option<u32>,

    /// Creates, updates and lookups per second, at most; throttled beyond: 50/s, 600/m
    #[arg(long, value_name = "RATE", help_heading = "Throttling")]
    pub rate: Option<Rate>,

    /// How a throttled request is told
    #[arg(long, value_name = "KIND", value_enum, default_value_t = RateStatus::Http429, help_heading = "Throttling")]
    pub rate_status: RateStatus,

    /// Retry-After of HTTP 429, in seconds; date:N sends it as an HTTP date [default: none sent]
    #[arg(long, value_name = "SECONDS", help_heading = "Throttling")]
    pub retry_after: Option<RetryAfter>,

    /// Every Nth create fails
    #[arg(long, value_name = "N", help_heading = "Failures")]
    pub fail_every: Option<u64>,

    /// How every Nth create fails: http500, http502-html, http503, null, string-error, code:N, reset, hang; nothing is stored
    #[arg(long, value_name = "EFFECT", default_value = "code:2003", help_heading = "Failures")]
    pub fail_with: Effect,

    /// Every create for this e-mail, phone, username or external id fails so; repeatable
    #[arg(long, value_name = "KEY=EFFECT", help_heading = "Failures")]
    pub poison: Vec<Poison>,

    /// Probability (0 to 1) that a create's connection is closed, the user not stored
    #[arg(long, value_name = "P", default_value_t = Chance(0.0), help_heading = "Failures")]
    pub drop_before_store: Chance,

    /// Probability (0 to 1) that a create's connection is closed after the user was stored
    #[arg(long, value_name = "P", default_value_t = Chance(0.0), help_heading = "Failures")]
    pub drop_after_store: Chance,

    /// Probability (0 to 1) that a create stores the user and is never answered
    #[arg(long, value_name = "P", default_value_t = Chance(0.0), help_heading = "Failures")]
    pub hang: Chance,

    /// Lookups are refused with code 1001 (a key that may create but not read)
    #[arg(long, help_heading = "Failures")]
    pub deny_lookup: bool,

    /// Seed of every random choice
    #[arg(long, value_name = "N", default_value_t = 7, help_heading = "Failures")]
    pub seed: u64,

    /// Life of a token: 3600s, 60m
    #[arg(long, value_name = "TIME", default_value = "3600s", help_heading = "Token and key")]
    pub token_ttl: Span,

    /// Size of the RSA key: 1024 carries passwords of 117 bytes, 2048 of 245
    #[arg(long, value_name = "BITS", default_value_t = 1024, value_parser = clap::builder::PossibleValuesParser::new(["1024", "2048"]).map(|bits| if bits == "2048" { 2048_u32 } else { 1024 }), help_heading = "Token and key")]
    pub key_bits: u32,

    /// Change the RSA key after every N stored users; the old one is refused with code 2016
    #[arg(long, value_name = "N", help_heading = "Token and key")]
    pub key_rotate_after: Option<u64>,

    /// Users that the pool holds; a create beyond is refused with code 2040
    #[arg(long, value_name = "N", help_heading = "Directory")]
    pub quota: Option<usize>,

    /// Time until lookups find a stored user, 5s; its identifiers are taken at once
    #[arg(long, value_name = "TIME", default_value = "0ms", help_heading = "Directory")]
    pub lookup_lag: Span,

    /// Which e-mail addresses are taken: any text, or only what looks like one (else code 2204)
    #[arg(long, value_name = "KIND", value_enum, default_value_t = EmailSyntax::Lenient, help_heading = "Directory")]
    pub email_syntax: EmailSyntax,

    /// Code for an e-mail that is taken
    #[arg(long, value_name = "CODE", default_value_t = 2026, help_heading = "Directory")]
    pub duplicate_code_email: i64,

    /// Code for a phone that is taken
    #[arg(long, value_name = "CODE", default_value_t = 2026, help_heading = "Directory")]
    pub duplicate_code_phone: i64,

    /// Code for a username that is taken
    #[arg(long, value_name = "CODE", default_value_t = 2026, help_heading = "Directory")]
    pub duplicate_code_username: i64,

    /// Code for an external id that is taken
    #[arg(long, value_name = "CODE", default_value_t = 2026, help_heading = "Directory")]
    pub duplicate_code_external_id: i64,

    /// What `findUser` says when there is nobody
    #[arg(long, value_name = "KIND", value_enum, default_value_t = FindMiss::Null, help_heading = "Replies")]
    pub find_miss: FindMiss,

    /// Write codes as text: "2026"
    #[arg(long, help_heading = "Replies")]
    pub codes_as_text: bool,

    /// Send no Date header
    #[arg(long, help_heading = "Replies")]
    pub no_date_header: bool,
}

/// How a throttled request is told.
#[derive(clap::ValueEnum, Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[value(rename_all = "lower")]
pub enum RateStatus {
    /// HTTP 429, with Retry-After if set
    Http429,
    /// HTTP 200, body {"statusCode":429}
    Body429,
    /// GraphQL error with code 429
    Gql429,
    /// Code 2100, registering too often
    Code2100,
    /// Code 1000, system busy
    Code1000,
}

/// Which e-mail addresses are taken.
#[derive(clap::ValueEnum, Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum EmailSyntax {
    /// Any text
    Lenient,
    /// Only what looks like an address
    Strict,
}

/// What `findUser` says when there is nobody.
#[derive(clap::ValueEnum, Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[value(rename_all = "lower")]
pub enum FindMiss {
    /// Null data
    Null,
    /// An error with code 2004
    Code2004,
}

impl Default for Settings {
    /// The defaults of the flags, which stay their only home.
    fn default() -> Self {
        #[derive(clap::Parser)]
        struct Flags {
            #[command(flatten)]
            settings: Settings,
        }
        <Flags as clap::Parser>::parse_from(["sandbox"]).settings
    }
}

impl Settings {
    /// These settings with some replaced, by name. Names that cannot change while the sandbox runs
    /// are refused.
    pub(super) fn with(
        &self,
        changes: serde_json::Map<String, serde_json::Value>,
    ) -> Result<Self, String> {
        let text = |e: serde_json::Error| e.to_string();
        let serde_json::Value::Object(mut all) = serde_json::to_value(self).map_err(text)? else {
            return Err("settings are an object".to_owned());
        };
        for (name, value) in changes {
            if matches!(name.as_str(), "port" | "state" | "log" | "users" | "user_pool_id" | "seed")
            {
                return Err(format!("`{name}` cannot be changed while the sandbox runs"));
            }
            all.insert(name, value);
        }
        let merged: Self = serde_json::from_value(serde_json::Value::Object(all)).map_err(text)?;
        if matches!(merged.key_bits, 1024 | 2048) {
            Ok(merged)
        } else {
            Err("`key_bits` is 1024 or 2048".to_owned())
        }
    }
}

#[cfg(test)]
mod tests {

    use super::*;
    use clap::{CommandFactory as _, Parser as _};

    #[derive(clap::Parser)]
    struct Flags {
        #[command(flatten)]
        settings: Settings,
    }

    #[test]
    fn every_flag_is_read_and_has_help() {
        let line = "sandbox --port 0 --latency 50ms --jitter 10ms --rate 50/s --rate-status gql429 \
            --retry-after date:2 --fail-every 3 --fail-with code:2040 --poison a@x.org=hang \
            --poison 7=reset --drop-before-store 0.1 --drop-after-store 0.2 --hang 0.3 --knee 8 \
            --token-ttl 30m --key-bits 2048 --key-rotate-after 9 --quota 5 --lookup-lag 1s \
            --email-syntax strict --duplicate-code-phone 2035 --codes-as-text --no-date-header \
            --deny-lookup --seed 8 --find-miss code2004 --header-prefix x-approw- --state s --log l \
            --users u";
        let settings = Flags::parse_from(line.split_whitespace()).settings;
        assert_eq!(settings.key_bits, 2048);
        assert_eq!(settings.rate_status, RateStatus::Gql429);
        assert_eq!(settings.poison.len(), 2);
        assert_eq!(settings.token_ttl.0.as_secs(), 1800);
        for wrong in ["--hang 2", "--rate 0/s", "--key-bits 512", "--latency soon", "--poison x"] {
            let words = ["sandbox"].into_iter().chain(wrong.split(' '));
            assert!(Flags::try_parse_from(words).is_err(), "{wrong}");
        }
        let command = Flags::command();
        command.clone().debug_assert();
        let bare = command.get_arguments().find(|flag| flag.get_help().is_none());
        assert!(bare.is_none(), "{bare:?}");
    }

    #[test]
    fn settings_change_by_the_name_of_the_flag() {
        let change = |text: &str| {
            let serde_json::Value::Object(map) = serde_json::from_str(text).unwrap() else {
                panic!("object")
            };
            Settings::default().with(map)
        };
        let changed = change(
            r#"{"latency":"50ms","rate":"20/s","drop_after_store":0.25,"rate_status":"code2100",
                "poison":["a@x.org=hang"],"retry_after":"date:3","fail_every":3}"#,
        )
        .unwrap();
        assert_eq!(changed.latency.0.as_millis(), 50);
        assert_eq!(changed.drop_after_store, Chance(0.25));
        assert_eq!(changed.retry_after, Some(RetryAfter::Date(3)));
        assert_eq!(changed.poison[0].effect, Effect::Hang);
        assert!(change(r#"{"rate":null}"#).unwrap().rate.is_none());
        for wrong in
            [r#"{"latencyy":"1s"}"#, r#"{"port":1}"#, r#"{"hang":2}"#, r#"{"key_bits":512}"#]
        {
            assert!(change(wrong).is_err(), "{wrong}");
        }
    }
}
