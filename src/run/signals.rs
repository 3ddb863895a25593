//! Ctrl-C and SIGTERM: the first asks the run to stop, the second stops it at once.

use tokio::sync::mpsc;

/// A request to stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// Claim no more, finish what is in flight.
    Stop,
    /// End now; what is in flight is unknown.
    StopNow,
}

/// Turns the process's signals into requests to stop.
pub fn listen() -> std::io::Result<mpsc::Receiver<Signal>> {
    use tokio::signal::unix::{SignalKind, signal};
    let (sender, receiver) = mpsc::channel(4);
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::spawn(async move {
        let mut next = Signal::Stop;
        loop {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
            if sender.send(next).await.is_err() {
                return;
            }
            next = Signal::StopNow;
        }
    });
    Ok(receiver)
}
