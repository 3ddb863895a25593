//! Userferry moves the users of an existing system into an identity provider.

pub mod backoff;
pub mod error;
pub mod job;
pub mod problem;
pub mod sandbox;
pub mod store;
pub mod target;
pub mod user;
