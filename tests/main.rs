//! All integration tests, in one binary.
#![allow(clippy::unwrap_used, reason = "a test that fails says so")]

mod sim;
