//! Userferry moves the users of an existing system into an identity provider.
//!
//! The walk, in the order of the data:
//!
//! 1. [`input`] reads a *source* as a stream of *records*, with checkpoints.
//! 2. [`mapping`] makes a *user* of a record, typed as the target's [`schema`] asks;
//!    [`prepare`] finds every *problem* that can be found before sending. [`check`] stops here.
//! 3. [`stage`] puts records into the job table as *jobs*; [`store`] keeps it, and all SQL. After a
//!    change of the mapping [`remap`] maps them again.
//! 4. [`run`] claims pending jobs, lets them through its gate, and hands users to the [`target`].
//! 5. The answer is an *outcome*. [`job::next`] says what becomes of the job; where nobody can
//!    know, a lookup, [`identity`] and [`job::settle`] do.
//! 6. [`commands`] tell people how it went; [`ui`] and [`monitor`] are how.
//!
//! What decides is pure ([`job`], [`identity`], [`backoff`], [`run::gate`] and its parts); what
//! moves data is thin. [`sandbox`] stands in for the provider. DESIGN.md has the rules and the
//! reasons.

#![forbid(unsafe_code)]

mod abroad;
pub mod backoff;
pub mod caught;
pub mod check;
pub mod cli;
pub mod clock;
mod columns;
pub mod commands;
pub mod config;
pub mod error;
pub mod failpoint;
pub mod identity;
pub mod input;
pub mod job;
mod json;
mod loopback;
pub mod mapping;
pub mod monitor;
mod nobody;
mod open_files;
mod overlooked;
pub mod password;
pub mod prepare;
pub mod problem;
pub mod provider;
pub mod redact;
pub mod remap;
pub mod run;
pub mod sandbox;
pub mod schema;
pub mod stage;
pub mod store;
pub mod suggest;
pub mod target;
pub mod ui;
pub mod units;
pub mod user;
pub mod values;
mod vocabulary;
pub mod words;
