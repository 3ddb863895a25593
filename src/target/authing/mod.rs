//! Authing user pools, also sold as Approw and GenAuth.

pub mod fields;
