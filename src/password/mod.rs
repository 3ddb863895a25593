//! Passwords as exports hold them: which scheme a hash is of, whether a password matches it, and how
//! its parts become the one string that a provider stores.

mod argon2;
mod better_auth;
pub mod compose;
pub mod cost;
mod crypt64;
pub mod detect;
pub(crate) mod digest;
mod digits;
pub mod firebase;
pub mod function;
pub mod guard;
mod joined;
mod magento;
mod marked;
mod order;
mod pbkdf2;
mod phc;
mod scheme;
mod spring;
pub mod typed;
pub mod verify;
mod words;

pub use detect::{detect, is_unusable};
pub(crate) use digest::Digest;
pub use joined::Way;
pub use scheme::Scheme;
