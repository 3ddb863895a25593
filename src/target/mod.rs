//! The target: the one API of a provider that a run talks to.

pub mod authing;
pub mod schema;
