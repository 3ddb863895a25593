//! Passwords: which scheme a hash is of.

pub mod detect;

pub use detect::{Scheme, detect};
