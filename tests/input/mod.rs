//! Bad inputs: for each the exact message and the way out, and what was read before.

mod documents;
mod mapping;
mod records;
mod settings;
