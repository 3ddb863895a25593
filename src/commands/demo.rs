//! `demo`: the whole story in one command.

use crate::cli::{Demo, Global};
use crate::error::{Exit, Result};
use crate::ui::Ui;

pub(super) fn run(_global: &Global, _ui: Ui, _args: &Demo) -> Result<Exit> {
    Ok(Exit::Done)
}
