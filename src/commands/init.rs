//! `init`: writes a commented userferry.toml, never over an existing one.

use crate::cli::Global;
use crate::config;
use crate::error::{Error, Exit, Result};
use crate::ui::Ui;
use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

pub(super) fn run(global: &Global, ui: Ui) -> Result<Exit> {
    let path = global.config.as_deref().unwrap_or(Path::new(config::DEFAULT_FILE));
    let shown = path.display();
    let opened = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    let mut file = opened.map_err(|error| match error.kind() {
        std::io::ErrorKind::AlreadyExists => Error::usage(format!("{shown} is there already"))
            .hint("edit it, or name another file with --config"),
        _ => Error::usage(format!("{shown} cannot be written: {error}")),
    })?;
    file.write_all(config::TEMPLATE.as_bytes())
        .map_err(|error| Error::usage(format!("{shown} cannot be written: {error}")))?;
    ui.note(&format!("Wrote {shown}. Set user_pool_id in it, then: userferry check users.json"));
    Ok(Exit::Done)
}
