//! Bad inputs: for each the exact message and the way out, and what was read before.

mod documents;
pub(crate) mod formats;
mod packed;
mod records;
mod rows;
mod settings;
