//! The command `userferry`: parse, dispatch, print one error and its hint, exit.

#![forbid(unsafe_code)]

use clap::Parser;
use std::path::Path;
use std::process::ExitCode;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::{Layer as _, SubscriberExt as _};
use tracing_subscriber::util::SubscriberInitExt as _;
use userferry::cli::{self, Cli, Color, Global};
use userferry::ui::Ui;
use userferry::ui::again::Again;

/// Threads hand over what they have allocated: records to the writer, answers to the runner. The
/// system's allocator makes them wait for each other.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    userferry::caught::tell_panics_without_words();
    let cli = Cli::parse();
    let ui = ui(&cli);
    log_to_stderr(cli.global.verbose, ui);
    no_core_dumps();
    match cli::dispatch(cli, ui) {
        Ok(exit) => exit.into(),
        Err(error) => {
            if !error.message.is_empty() {
                ui.error(&error);
            }
            error.exit.into()
        }
    }
}

/// As the options say.
fn ui(cli: &Cli) -> Ui {
    let global = &cli.global;
    let color = match global.color {
        Color::Always => Some(true),
        Color::Never => Some(false),
        Color::Auto => None,
    };
    // Where a variable names another, the usual one must be named, too.
    let is_usual = global.db == Path::new(Global::DB) && std::env::var_os(Global::DB_ENV).is_none();
    let db = (!is_usual).then_some(global.db.as_path());
    // What they show is for tables of their own.
    let again =
        if cli.has_table() { Again::new(db, global.config.as_deref()) } else { Again::default() };
    Ui::new(global.quiet, global.verbose > 0, color).with_flags(again)
}

/// A core dump would hold the secret and password hashes.
fn no_core_dumps() {
    use rustix::process::{Resource, Rlimit, setrlimit};
    let none = Rlimit { current: Some(0), maximum: Some(0) };
    if let Err(error) = setrlimit(Resource::Core, none) {
        tracing::warn!("core dumps cannot be switched off: {error}");
    }
}

/// Our own events only: those of the HTTP libraries may hold headers and bodies.
fn log_to_stderr(verbose: u8, ui: Ui) {
    let level = match verbose {
        0 => return,
        1 => LevelFilter::DEBUG,
        _ => LevelFilter::TRACE,
    };
    let events = tracing_subscriber::fmt::layer()
        .with_writer(std::io::stderr)
        // It would tell a broken standard error about itself, and panic there.
        .log_internal_errors(false)
        .with_ansi(ui.has_color());
    let ours = Targets::new().with_target("userferry", level);
    tracing_subscriber::registry().with(events.with_filter(ours)).init();
}
