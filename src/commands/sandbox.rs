//! `sandbox`: serves the stand-in until it is stopped.

use crate::config;
use crate::error::{Error, Exit, Result};
use crate::open_files;
use crate::provider::{self, Provider};
use crate::run::signals;
use crate::sandbox::{Sandbox, Settings};
use crate::ui::Ui;

pub(crate) fn run(ui: Ui, settings: Settings) -> Result<Exit> {
    open_files::allow_all_connections();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Error::internal(format!("no runtime: {error}")))?;
    runtime.block_on(async {
        let mut signals = signals::listen()
            .map_err(|error| Error::internal(format!("signals cannot be heard: {error}")))?;
        let (pool, secret) = (settings.user_pool_id.clone(), settings.secret.clone());
        let sandbox = Sandbox::start(settings)
            .await
            .map_err(|error| Error::usage(format!("the sandbox cannot start: {error}")))?;
        ui.out(&format!("{}\n", sandbox.url()))?;
        ui.note(&format!(
            "A stand-in for rehearsals. In another terminal:\n  \
             export {}\n  \
             userferry --db rehearsal.db stage users.json\n  \
             userferry --db rehearsal.db run\n\
             Ctrl-C ends it.",
            exports(&sandbox.url(), &pool, &secret)
        ));
        signals.recv().await;
        sandbox.stop().await;
        Ok(Exit::Done)
    })
}

/// The provider that the sandbox stands in for.
pub(super) fn provider() -> &'static Provider {
    provider::DEFAULT
}

/// The variables of the environment that lead to a sandbox, with their values.
pub(super) fn environment(
    url: &str,
    place: &str,
    secret: &str,
) -> impl Iterator<Item = (&'static str, String)> {
    let provider = provider();
    let places = provider.settings.iter().filter(|setting| setting.is_place);
    let places = places.filter_map(|setting| setting.env).map(|env| (env, place.to_owned()));
    let kind = (config::KIND_ENV, provider.name.to_owned());
    let host = (provider.host.env, url.to_owned());
    let secret = (provider.secret.env, secret.to_owned());
    [kind, host].into_iter().chain(places.collect::<Vec<_>>()).chain([secret])
}

fn exports(url: &str, place: &str, secret: &str) -> String {
    let lines = environment(url, place, secret).map(|(name, value)| format!("{name}={value}"));
    lines.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A settings file for another provider would lead elsewhere.
    #[test]
    fn the_exports_name_the_provider_that_is_imitated() {
        let told = exports("http://127.0.0.1:8080", "pool", "secret");
        let expected = "USERFERRY_KIND=authing-v2 AUTHING_HOST=http://127.0.0.1:8080 \
                        AUTHING_USERPOOL_ID=pool AUTHING_SECRET=secret";
        assert_eq!(told, expected);
    }
}
