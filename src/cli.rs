//! The list of the commands: parsing, help, and who runs each.

pub use crate::commands::global::{Color, Global};

use crate::commands::{
    check, demo, export, failures, init, password, preview, provider_list, remap, retry_failed,
    run, sandbox, settle, show, stage, status, waive,
};
use crate::error::{Exit, Result};
use crate::ui::Ui;
use clap::{Arg, Parser, Subcommand};
use std::path::PathBuf;

/// Move the users of an existing system into an identity provider
///
/// Nobody is lost, and nobody comes twice. Userferry stages an export into a local
/// job table with a status for every user, then runs: it creates the users at the
/// provider, records every success and every error, and can be stopped, killed or
/// cut off at any time and go on as if nothing had happened.
///
///   userferry init --from FILE      propose a mapping, in userferry.toml
///   userferry check users.json      find problems; nothing is staged or sent
///   userferry preview users.json    what would be sent for one record
///   userferry stage users.json      read the export into userferry.db
///   userferry run                   create the users
///   userferry status                how far it is
///   userferry retry-failed --run    send the failed ones again
#[derive(Debug, Parser)]
#[command(version, max_term_width = 80, verbatim_doc_comment, subcommand_required = true)]
pub struct Cli {
    /// Options that every command takes.
    #[command(flatten)]
    pub global: Global,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

impl Cli {
    /// Whether the command has a job table or settings; the others show tables of their own.
    pub fn has_table(&self) -> bool {
        !matches!(self.command, Command::Sandbox(_) | Command::Demo(_) | Command::Provider(_))
    }
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Write a commented userferry.toml; never over an existing one
    ///
    /// With --from its mapping is made for your export: the first 2,000 records are looked at, and
    /// each of their fields is told by its name and by the shape of its values. What is not certain
    /// is written as a comment, with the reason. Read the file, change what is wrong, then check.
    Init(init::Init),
    /// Read, map and validate an export, and show its problems; nothing is staged or sent
    ///
    /// check reads the file alone; stage compares its records with the rows of the job table, too,
    /// and may find duplicates there.
    Check(check::Check),
    /// Show what would be sent for one record, field by field, and where each value comes from
    Preview(preview::Preview),
    /// Read an export into the job table; can be repeated, and goes on where it was cut off
    Stage(stage::Stage),
    /// Map and validate again what is not done yet, after a change of the mapping
    Remap(remap::Remap),
    /// Create the users that are pending
    Run(run::Run),
    /// Make failed rows pending again; attempts and history stay
    RetryFailed(retry_failed::RetryFailed),
    /// Show how far it is; also while a run is going
    Status(status::Status),
    /// List failed, invalid and unknown rows with their reasons
    Failures(failures::Failures),
    /// Show one user: what is sent (masked), problems, every attempt, id in the directory
    Show(show::Show),
    /// Decide about an unknown row, where no rule could
    Settle(settle::Settle),
    /// Let failed or invalid rows go, or one that is still to be sent
    Waive(waive::Waive),
    /// Write source records, re-stageable as they are; or old ids with the new ones
    Export(export::Export),
    /// List the directories that users can be moved into
    #[command(subcommand)]
    Provider(provider_list::ProviderCommand),

    /// Prove a known password against its staged hash; write the custom password function
    #[command(subcommand)]
    Password(password::PasswordCommand),
    /// Serve a stand-in for a provider on this machine
    ///
    /// Rehearse a migration with it before you touch production: with your real export, and with
    /// the failures you fear. It keeps a directory of users with unique identifiers, decrypts
    /// passwords with a real key, and can be slow, throttle, fail, lose replies and go down.
    /// Nothing leaves this machine. It prints its address and serves until it is stopped.
    #[command(arg(unused("db")), arg(unused("config")))]
    Sandbox(Box<crate::sandbox::Settings>),
    /// Tell the whole story in half a minute against the sandbox; needs nothing
    Demo(demo::Demo),
}

/// Runs the command, and says how the process is to exit.
pub fn dispatch(cli: Cli, ui: Ui) -> Result<Exit> {
    let global = &cli.global;
    match cli.command {
        Command::Init(args) => init::run(global, ui, &args),
        Command::Check(args) => check::run(global, ui, &args),
        Command::Preview(args) => preview::run(global, ui, &args),
        Command::Stage(args) => stage::run(global, ui, &args),
        Command::Remap(args) => remap::run(global, ui, &args),
        Command::Run(args) => run::run(global, ui, &args),
        Command::RetryFailed(args) => retry_failed::run(global, ui, &args),
        Command::Status(args) => status::run(global, ui, &args),
        Command::Failures(args) => failures::run(global, ui, &args),
        Command::Show(args) => show::run(global, ui, &args),
        Command::Settle(args) => settle::run(global, ui, &args),
        Command::Waive(args) => waive::run(global, ui, &args),
        Command::Export(args) => export::run(global, ui, &args),
        Command::Provider(command) => provider_list::run(ui, &command),
        Command::Password(command) => password::run(global, ui, &command),
        Command::Sandbox(settings) => sandbox::run(ui, *settings),
        Command::Demo(args) => demo::run(ui, &args),
    }
}

/// Takes the place of an option of [`Global`] in the help of a command that has no use for it.
fn unused(name: &'static str) -> Arg {
    Arg::new(name)
        .long(name)
        .value_name("FILE")
        .value_parser(clap::value_parser!(PathBuf))
        .hide(true)
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    /// clap tells of two options of one command alone; those of other commands mean the same by the same word.
    #[test]
    fn no_flag_of_a_provider_has_the_name_of_another_option() {
        let own = |arg: &Arg| arg.get_id().as_str().starts_with("own.");
        let command = Cli::command();
        let args = || command.get_subcommands().flat_map(clap::Command::get_arguments);
        for flag in args().filter(|arg| own(arg)).filter_map(Arg::get_long) {
            // The sandbox stands in for a provider, and takes the flags of that one.
            let others = command.get_subcommands().filter(|it| it.get_name() != "sandbox");
            let mut others = others.flat_map(clap::Command::get_arguments).filter(|arg| !own(arg));
            assert!(others.all(|arg| arg.get_long() != Some(flag)), "--{flag}");
        }
    }

    #[test]
    fn each_command_with_a_use_for_the_table_or_the_settings_keeps_them_in_messages() {
        use std::path::Path;
        let again = crate::ui::again::Again::new(Some(Path::new("x")), None);
        for command in Cli::command().get_subcommands() {
            let is_of_its_own =
                ["init", "sandbox", "demo", "provider"].contains(&command.get_name());
            let text = format!("userferry {}", command.get_name());
            let kept = again.put_into(&text);
            assert_eq!(kept == text, is_of_its_own, "{kept}");
        }
    }

    #[test]
    fn every_option_has_a_help_that_starts_with_a_capital_and_has_no_final_period() {
        for command in Cli::command().get_subcommands() {
            for arg in command.get_arguments().filter(|arg| !arg.is_hide_set()) {
                let help = arg.get_help().map(ToString::to_string).unwrap_or_default();
                let name = format!("{} {}", command.get_name(), arg.get_id());
                assert!(!help.is_empty(), "{name} has no help");
                assert!(!help.ends_with('.'), "{name}: {help}");
            }
        }
    }
}
