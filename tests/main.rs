//! All integration tests, in one binary.

mod power;
mod store;
