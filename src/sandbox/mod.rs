//! The stand-in Authing server for rehearsals, and the oracle of the tests.
//!
//! It speaks the V2 API (GraphQL and REST) on loopback and fails in the ways that people fear, when
//! they ask for it. The walk of a request: `http` reads it, `call` finds out what it asks for, `v2`
//! decides (with `schema`, `rules`, `auth`, `keys`, `directory`, `faults`), `server` writes the decision
//! down (`log`), carries it out and counts it (`stats`), `reply` gives it the API's shape, `http`
//! answers or hangs up. `admin` and `seed` stand aside. V3 will be a sibling of `v2`.

mod admin;
mod auth;
mod call;
mod core;
mod decision;
mod directory;
mod faults;
mod graphql;
mod http;
mod keys;
mod log;
mod reply;
mod rules;
mod schema;
mod seed;
mod server;
mod settings;
mod stats;
mod units;
mod v2;

pub use settings::{EmailSyntax, FindMiss, RateStatus, Settings};
pub use stats::Stats;
pub use units::{Chance, Effect, Poison, Rate, RetryAfter, Span};

use server::Server;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::net::{TcpListener, TcpSocket};
use tokio::sync::oneshot;

/// Connections that wait to be accepted.
const BACKLOG: u32 = 1024;

/// Why a sandbox does not start.
#[derive(Debug, thiserror::Error)]
pub enum SandboxError {
    /// The port cannot be had.
    #[error("cannot listen on 127.0.0.1:{port}: {source}; --port 0 takes any free one")]
    Listen {
        /// The port that was asked for.
        port: u16,
        source: io::Error,
    },
    /// A file cannot be read or written.
    #[error("{}: {source}", path.display())]
    File { path: PathBuf, source: io::Error },
    /// A file holds something else.
    #[error("{}: {why}", path.display())]
    Content {
        path: PathBuf,
        /// Where and what.
        why: String,
    },
    /// No RSA key.
    #[error("cannot make or read the RSA key: {0}")]
    Key(#[from] rsa::Error),
    /// No thread or runtime.
    #[error("cannot start the server: {0}")]
    Start(#[source] io::Error),
}

impl SandboxError {
    fn file(path: &Path, source: io::Error) -> Self {
        Self::File { path: path.to_owned(), source }
    }

    fn content(path: &Path, why: String) -> Self {
        Self::Content { path: path.to_owned(), why }
    }
}

/// A running sandbox. It has a thread and a runtime of its own, so that it ends at once and leaves
/// no connection behind; dropping it ends it too, without waiting.
pub struct Sandbox {
    address: SocketAddr,
    server: Arc<Server>,
    stop: oneshot::Sender<()>,
    stopped: oneshot::Receiver<()>,
}

impl std::fmt::Debug for Sandbox {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sandbox").field("address", &self.address).finish_non_exhaustive()
    }
}

impl Sandbox {
    /// Reads the files, binds 127.0.0.1 and serves.
    pub async fn start(settings: Settings) -> Result<Self, SandboxError> {
        let (stop, stopping) = oneshot::channel();
        let (ended, stopped) = oneshot::channel();
        let (ready, started) = oneshot::channel();
        let run = move || {
            serve(settings, ready, stopping);
            drop(ended);
        };
        std::thread::Builder::new()
            .name("sandbox".to_owned())
            .spawn(run)
            .map_err(SandboxError::Start)?;
        let gone = |_| SandboxError::Start(io::Error::other("its thread ended"));
        let (address, server) = started.await.map_err(gone)??;
        Ok(Self { address, server, stop, stopped })
    }

    /// `http://127.0.0.1:PORT`
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub fn stats(&self) -> Stats {
        self.server.core().stats.clone()
    }

    /// Stops: no connection is accepted any more, open ones end without a reply.
    pub async fn stop(self) {
        let Self { stop, stopped, .. } = self;
        drop(stop);
        // Ends by the sender being dropped: when the last socket is closed.
        drop(stopped.await);
    }
}

type Ready = oneshot::Sender<Result<(SocketAddr, Arc<Server>), SandboxError>>;

/// The life of the sandbox's thread.
fn serve(settings: Settings, ready: Ready, stopping: oneshot::Receiver<()>) {
    let threads = std::thread::available_parallelism().map_or(1, |n| n.get().min(4));
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(threads)
        .thread_name("sandbox")
        .enable_all()
        .build();
    let started = runtime.map_err(SandboxError::Start).and_then(|runtime| {
        let port = settings.port;
        let (listener, address) = runtime
            .block_on(async { bind(port) })
            .map_err(|source| SandboxError::Listen { port, source })?;
        Ok((runtime, listener, address, Arc::new(Server::open(settings)?)))
    });
    let (runtime, listener, address, server) = match started {
        Ok(started) => started,
        Err(e) => return drop(ready.send(Err(e))),
    };
    if ready.send(Ok((address, Arc::clone(&server)))).is_err() {
        return;
    }
    runtime.block_on(async {
        tokio::select! {
            _ = stopping => {}
            () = http::accept(listener, server) => {}
        }
    });
    // Drops every task, and with them the sockets.
    drop(runtime);
}

fn bind(port: u16) -> io::Result<(TcpListener, SocketAddr)> {
    let socket = TcpSocket::new_v4()?;
    // Starting again on the same port must not wait for the old connections' last packets.
    socket.set_reuseaddr(true)?;
    socket.bind(SocketAddr::from((Ipv4Addr::LOCALHOST, port)))?;
    let listener = socket.listen(BACKLOG)?;
    let address = listener.local_addr()?;
    Ok((listener, address))
}
