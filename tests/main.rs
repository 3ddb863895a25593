//! All integration tests, in one binary.

#![allow(
    clippy::unwrap_used,
<<<<<<< HEAD
    clippy::unchecked_time_subtraction,
    reason = "a test fails by panicking"
)]
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "figures of a test")]

mod crash;
mod halt;
mod input;
mod outage;
=======
    clippy::print_stdout,
    reason = "a test says so by failing, and prints what it saw"
)]

>>>>>>> 65f48af5acc73f1dcf1b08604dba3adbe3b82aaf
mod power;
mod process;
mod sandbox;
mod sim;
mod store;
