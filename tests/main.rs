//! All integration tests, in one binary.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod crash;
mod halt;
mod input;
mod outage;
mod process;
mod sandbox;
mod sim;
