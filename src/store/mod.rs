//! The job table: what is asked of it, by those who need it ([`Staging`], [`Running`], [`Deciding`],
//! [`Reading`]), and where it lives ([`sqlite`]). All others see the traits alone, and [`Table`] as the place that
//! opens.
//!
//! Methods are synchronous and take and return batches: each is one transaction. Who calls them
//! decides about threads.

// A new status or outcome must be met wherever one is told from another.
#![warn(clippy::wildcard_enum_match_arm)]

mod deciding;
pub mod error;
pub mod file;
pub mod lock;
mod reading;
mod running;
pub mod sqlite;
mod staging;

pub use deciding::*;
pub use error::StoreError;
pub use reading::*;
pub use running::*;
pub use sqlite::Table;
pub use staging::*;

/// A job's id in the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct JobId(pub i64);

/// A run's id in the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RunId(pub i64);

/// A source's id in the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SourceId(pub i64);

/// What a job table is bound to. The texts are JSON, which the store does not read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Binding {
    /// Whose fields and password forms the rows were checked against.
    pub provider: String,
    /// What makes users of the records.
    pub mapping: String,
    /// The setting that the passwords were judged for, from the first source on.
    pub passwords: Option<String>,
    /// The directory of the first run.
    pub target: Option<String>,
}

/// All that a second store must implement, and nothing else.
pub trait Store: Staging + Running + Deciding + Reading {}

impl<T: Staging + Running + Deciding + Reading> Store for T {}
