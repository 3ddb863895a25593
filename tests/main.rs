//! All integration tests, in one binary.

#![allow(
    clippy::unwrap_used,
    clippy::unchecked_time_subtraction,
    reason = "a test fails by panicking"
)]
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "figures of a test")]

mod cli;
mod crash;
mod full;
mod halt;
mod house;
mod imaginary;
mod input;
mod outage;
mod power;
mod process;
mod readers;
mod sandbox;
mod sim;
mod store;
mod wire;
