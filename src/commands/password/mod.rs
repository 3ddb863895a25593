//! `password verify`: does a known password match its staged hash? `password function`: writes the
//! custom password function for the schemes that were found.

mod function;
mod verify;

use super::global::Global;
use crate::error::{Error, Exit, Result};
use crate::password::firebase::Firebase;
use crate::ui::Ui;
use clap::Subcommand;
use function::PasswordFunction;
use std::path::Path;
use verify::PasswordVerify;

/// `password`.
#[derive(Debug, Subcommand)]
pub enum PasswordCommand {
    /// Does this password match the staged hash of this user? Exit 0 if it does, 3 if not
    ///
    /// Prove the column, the scheme and what belongs to it with one account that you know, before
    /// anything is sent. The password is asked for on the terminal.
    Verify(PasswordVerify),
    /// Write the custom password function for the schemes that were found, ready to upload
    ///
    /// The provider asks such a function at every sign-in whether a password matches the stored
    /// hash. It is written in JavaScript, with a test and the steps of the upload.
    Function(PasswordFunction),
}

pub(crate) fn run(global: &Global, ui: Ui, command: &PasswordCommand) -> Result<Exit> {
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
