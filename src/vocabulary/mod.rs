//! What exports call their columns, and the words in their values: tables of words, and the functions that
//! look names up in them. Used by header detection, mapping, `check` and proposals.

mod columns;
pub(crate) mod lockouts;
pub(crate) mod nulls;
pub(crate) mod salt;
pub(crate) mod standing;
pub(crate) mod states;
pub(crate) mod synonyms;
pub(crate) mod systems;
pub(crate) mod words;

pub(crate) use columns::is_column_name;
