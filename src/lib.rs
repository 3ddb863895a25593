//! Userferry moves the users of an existing system into an identity provider.

pub mod sandbox;
