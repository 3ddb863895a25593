//! How to send: the options of `run`, and of `retry-failed --run`.

use super::own_flags::OwnFlags;
use crate::config::{Flags, OnConflict, OnUnknown};
use crate::provider::{self, Provider};
use crate::units::{Duration, Rate};
use clap::Args;

/// Where settings come from besides the flags of a run.
pub(super) fn settings_help() -> String {
    format!(
        "Flags go over the environment (USERFERRY_RATE=50/s, USERFERRY_MAX_OUTAGE=10m, …; {}), and that over \
         userferry.toml. The secret comes from {}, from the file that secret_file names, or is asked for on a \
         terminal.",
        all_of(setting_variables(provider::ALL)),
        secret_variables()
    )
}

/// The vendors' variables of the environment that hold settings.
fn setting_variables(providers: &[&'static Provider]) -> Vec<&'static str> {
    let of = |provider: &&'static Provider| {
        let own = provider.settings.iter().filter_map(|setting| setting.env);
        [provider.host.env].into_iter().chain(own)
    };
    providers.iter().flat_map(of).collect()
}

/// The variables of the environment that hold secrets.
pub(super) fn secret_variables() -> String {
    all_of(provider::ALL.iter().map(|provider| provider.secret.env).collect())
}

/// Each once: providers of one vendor share some.
fn all_of(names: Vec<&str>) -> String {
    let mut told = Vec::new();
    for name in names {
        if !told.contains(&name) {
            told.push(name);
        }
    }
    told.join(", ")
}

/// How to send.
#[derive(Clone, Debug, Default, Args)]
pub struct Sending {
    /// Requests in flight, at most [default: as many as suit the provider]
    #[arg(long, value_name = "N")]
    pub concurrency: Option<u32>,

    /// Requests per second, at most: 50/s, 3000/m [default: adapts to what the target takes]
    #[arg(long, value_name = "RATE")]
    pub rate: Option<Rate>,

    /// A canary: settle (retry-failed: retry) N rows at most, then stop. Exit 5, or 3 if some failed
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub limit: Option<u64>,

    /// Show what would be sent, masked; send and change nothing
    #[arg(long)]
    pub dry_run: bool,

    /// The target, https://host[:port]
    #[arg(long, value_name = "URL")]
    pub host: Option<String>,

    #[command(flatten)]
    pub own: OwnFlags,

    /// How long the target may give no answer before the run halts (exit 4) [default: 30m]
    #[arg(long, value_name = "TIME")]
    pub max_outage: Option<Duration>,

    /// How long a request may take [default: 30s]
    #[arg(long, value_name = "TIME")]
    pub request_timeout: Option<Duration>,

    /// How long a connection may take to be made; less than a request [default: 5s]
    #[arg(long, value_name = "TIME")]
    pub connect_timeout: Option<Duration>,

    /// How long a request that timed out may still be on its way [default: 5s]
    #[arg(long, value_name = "TIME")]
    pub settle_time: Option<Duration>,

    /// Attempts that count before a row is exhausted [default: 8]
    #[arg(long, value_name = "N")]
    pub max_attempts: Option<u32>,

    /// What to do when another user without an external id stands in the way [default: fail]
    #[arg(long, value_name = "WHAT", value_enum)]
    pub on_conflict: Option<OnConflict>,

    /// What to do when the secret may not look users up [default: halt]
    #[arg(long, value_name = "WHAT", value_enum)]
    pub on_unknown: Option<OnUnknown>,

    /// Halt when N rows have failed, not when every row is refused alike
    #[arg(long, value_name = "N")]
    pub max_failures: Option<u64>,

    /// Refused with the way out; its value is not kept
    #[arg(long, hide = true, value_name = "SECRET", value_parser = was_given)]
    pub secret: Option<bool>,
}

#[expect(clippy::unnecessary_wraps, reason = "what clap asks of a parser")]
fn was_given(_secret: &str) -> Result<bool, std::convert::Infallible> {
    Ok(true)
}

impl Sending {
    /// What these flags say about the settings.
    pub fn flags(&self) -> Flags {
        Flags {
            host: self.host.clone(),
            own: self.own.0.clone(),
            concurrency: self.concurrency,
            rate: self.rate,
            request_timeout: self.request_timeout,
            connect_timeout: self.connect_timeout,
            settle_time: self.settle_time,
            max_attempts: self.max_attempts,
            max_outage: self.max_outage,
            on_conflict: self.on_conflict,
            on_unknown: self.on_unknown,
            max_failures: self.max_failures,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::authing::V2;

    #[test]
    fn a_variable_that_providers_share_is_told_once() {
        static TWO: Provider = Provider { name: "two", ..V2 };
        let told = all_of(setting_variables(&[&V2, &TWO]));
        assert_eq!(told, "AUTHING_HOST, AUTHING_USERPOOL_ID");
    }
}
