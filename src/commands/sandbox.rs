//! `sandbox`: serves the stand-in until it is stopped.

use crate::error::{Error, Exit, Result};
use crate::open_files;
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
             export AUTHING_HOST={} AUTHING_USERPOOL_ID={pool} AUTHING_SECRET={secret}\n  \
             userferry --db rehearsal.db stage users.json\n  \
             userferry --db rehearsal.db run\n\
             Ctrl-C ends it.",
            sandbox.url()
        ));
        signals.recv().await;
        sandbox.stop().await;
        Ok(Exit::Done)
    })
}
