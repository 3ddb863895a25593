//! `password verify`: does a known password match its staged hash? `password function`: writes the
//! custom password function for the schemes that were found.

mod function;
mod verify;

use crate::cli::{Global, PasswordCommand};
use crate::error::{Error, Exit, Result};
use crate::password::firebase::Firebase;
use crate::ui::Ui;
use std::path::Path;

pub(super) fn run(global: &Global, ui: Ui, command: &PasswordCommand) -> Result<Exit> {
    match command {
        PasswordCommand::Verify(args) => verify::run(global, ui, args),
        PasswordCommand::Function(args) => function::run(global, ui, args),
    }
}

fn read_firebase(path: &Path) -> Result<Firebase> {
    let shown = path.display();
    let text = std::fs::read_to_string(path)
        .map_err(|error| Error::usage(format!("{shown} cannot be read: {error}")))?;
    Firebase::parse(&text).map_err(|why| Error::usage(format!("{shown}: {why}")))
}
