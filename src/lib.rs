//! Userferry moves the users of an existing system into an identity provider.

pub mod check;
pub mod config;
pub mod error;
pub mod input;
pub mod mapping;
pub mod password;
pub mod problem;
pub mod sandbox;
pub mod target;
pub mod units;
pub mod user;
pub mod validate;
