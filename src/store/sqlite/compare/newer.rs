//! What new records say of rows that they are not applied to: the lines of `newer`.

use super::Judge;
use super::fate::same_content;
use crate::input::show_name;
use crate::job::Newer;
use crate::store::sqlite::stored::Stored;
use rusqlite::params;
use serde_json::{Map, Value};
use std::collections::BTreeSet;

impl Judge<'_> {
    /// Writes down that a record was not applied to a row. Whatever becomes of the row, also when it is done
    /// later, a person can ask for it. Of two records of one source the one that shuts its user out is told.
    pub(super) fn note_newer(
        &mut self,
        known: &Stored,
        new: &Stored,
        kept_out: bool,
    ) -> rusqlite::Result<()> {
        // Two records of one source are two people.
        if known.record_source == new.source || same_content(&known.raw, &new.raw) {
            return Ok(());
        }
        let sign_in = self.lens.sign_in;
        let what = Newer::of(sign_in(&known.raw), sign_in(&new.raw));
        self.has_newer = true;
        self.t
            .prepare_cached(
                "INSERT INTO newer (job_id, source_id, record_no, what, kept_out, fields)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6)
                 ON CONFLICT (job_id) DO UPDATE SET source_id = ?2, record_no = ?3, what = ?4, kept_out = ?5, fields = ?6
                 WHERE source_id <> ?2 OR what <> 'blocked'",
            )?
            .execute(params![
                known.id,
                new.source,
                new.record_no,
                what.as_str(),
                kept_out,
                Value::from(differing(&known.raw, &new.raw)).to_string()
            ])
            .map(drop)
    }

    /// A record was applied to the row, or is as the row's: what earlier ones said of it is out of date.
    pub(in crate::store::sqlite) fn forget_newer(
        &self,
        known: &Stored,
        new: &Stored,
    ) -> rusqlite::Result<()> {
        if !self.has_newer {
            return Ok(());
        }
        self.t
            .prepare_cached("DELETE FROM newer WHERE job_id = ?1 AND source_id <> ?2")?
            .execute([known.id, new.source])
            .map(drop)
    }
}

/// The names of the fields in which two records differ, as they may be shown.
fn differing(a: &[u8], b: &[u8]) -> Vec<String> {
    let parse = |raw| serde_json::from_slice::<Map<String, Value>>(raw).unwrap_or_default();
    let (a, b) = (parse(a), parse(b));
    let names: BTreeSet<&String> = a.keys().chain(b.keys()).collect();
    let differ = names.into_iter().filter(|name| a.get(*name) != b.get(*name));
    differ.map(|name| show_name(name.as_bytes())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_that_differ_are_named_without_their_values() {
        let a = br#"{"id":"1","mail":"a@example.com","gone":1,"o":{"x":1},"same":[1]}"#;
        let b = br#"{"id":"1","mail":"b@example.com","o":{"x":2},"same":[1],"new":null}"#;
        assert_eq!(differing(a, b), ["gone", "mail", "new", "o"]);
        assert_eq!(differing(b"no object", b), ["id", "mail", "new", "o", "same"]);
    }
}
