//! Passwords as exports hold them: which scheme a hash is of, whether a password matches it, and how
//! its parts become the one string that a provider stores.

pub mod compose;
pub mod cost;
mod crypt64;
pub mod detect;
mod digest;
pub mod firebase;
pub mod function;
pub mod guard;
mod scheme;
pub mod verify;

pub use detect::{detect, is_unusable};
pub use scheme::Scheme;
