//! What exports call their columns, and the words that stand in them: tables, and how a name is looked up in
//! them. Knows no mapping; the reader of headers, the mapping and the proposals all ask here.

mod columns;
pub(crate) mod salt;
pub(crate) mod standing;
pub(crate) mod states;
pub(crate) mod synonyms;
pub(crate) mod words;

pub(crate) use columns::is_column_name;
