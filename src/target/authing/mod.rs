//! Authing user pools, also sold as Approw and GenAuth.

mod credential;
mod encrypt;
mod error_codes;
pub mod fields;
mod refusal;
mod reply;
pub mod v2;
