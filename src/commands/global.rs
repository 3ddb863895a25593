//! The options that every command takes.

use clap::{Args, ValueEnum};
use std::path::PathBuf;

/// Options that every command takes.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Everywhere")]
pub struct Global {
    /// The job table
    #[arg(
        long,
        global = true,
        value_name = "FILE",
        default_value = Global::DB,
        env = Global::DB_ENV,
        hide_env_values = true
    )]
    pub db: PathBuf,

    /// The settings [default: userferry.toml, if it is there]
    #[arg(
        long,
        global = true,
        value_name = "FILE",
        env = "USERFERRY_CONFIG",
        hide_env_values = true
    )]
    pub config: Option<PathBuf>,

    /// Say more; twice for even more
    #[arg(short, long, global = true, action = clap::ArgAction::Count, conflicts_with = "quiet")]
    pub verbose: u8,

    /// Say only what went wrong
    #[arg(short, long, global = true)]
    pub quiet: bool,

    /// Never ask for anything on the terminal: what is missing is an error
    #[arg(long, global = true)]
    pub no_input: bool,

    /// Colours on standard error
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub color: Color,
}

impl Global {
    /// The job table where none is named.
    pub const DB: &'static str = "userferry.db";
    /// The variable that names another.
    pub const DB_ENV: &'static str = "USERFERRY_DB";
}

/// When to use colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// On a terminal, unless NO_COLOR is set.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}
