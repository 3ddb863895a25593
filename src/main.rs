//! The command `userferry`.

#![forbid(unsafe_code)]

use clap::Parser;
use std::io::Write as _;
use tokio::signal::unix::{SignalKind, signal};
use userferry::sandbox::{Sandbox, Settings};

#[derive(Parser)]
enum Command {
    /// A stand-in Authing server on this machine, to rehearse a migration with
    ///
    /// Rehearse a migration with it before you touch production, with your real export and the
    /// failures you fear; nothing leaves this machine.
    Sandbox {
        #[command(flatten)]
        settings: Box<Settings>,
    },
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let Command::Sandbox { settings } = Command::parse();
    tracing_subscriber::fmt().with_writer(std::io::stderr).init();
    let (mut term, mut int) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let sandbox = Sandbox::start(*settings).await?;
    writeln!(std::io::stdout(), "{}", sandbox.url())?;
    tokio::select! {
        _ = term.recv() => {}
        _ = int.recv() => {}
    }
    sandbox.stop().await;
    Ok(())
}
