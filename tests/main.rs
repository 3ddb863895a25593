//! All integration tests, in one binary.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test says so by failing, and prints what it saw"
)]

mod power;
mod store;
