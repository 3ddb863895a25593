//! Userferry moves the users of an existing system into an identity provider.

#![forbid(unsafe_code)]

pub mod backoff;
pub mod check;
pub mod cli;
pub mod clock;
pub mod commands;
pub mod config;
pub mod error;
pub mod failpoint;
pub mod identity;
pub mod input;
pub mod job;
pub mod mapping;
pub mod monitor;
pub mod password;
pub mod problem;
pub mod redact;
pub mod run;
pub mod sandbox;
pub mod stage;
pub mod store;
pub mod target;
pub mod ui;
pub mod units;
pub mod user;
pub mod validate;
