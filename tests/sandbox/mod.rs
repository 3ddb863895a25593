//! The sandbox as a client on the wire sees it, and as its log tells it.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

pub(crate) mod client;
mod control;
mod faults;
mod files;
mod process;
mod raw;
mod wire;
