//! How the message of a duplicate names the other row, and the way out.

use super::Judge;
use crate::job::Status;
use crate::store::sqlite::stored::Stored;

/// What the message of a duplicate says behind the place of the other row.
pub(super) const SAME: &str = " has the same";

/// The place of the other row, as the message of a duplicate names it.
pub(super) fn other_of(message: &str) -> &str {
    message.split_once(SAME).map_or(message, |(place, _)| place)
}

impl Judge<'_> {
    /// What is said of a key that another row has, behind the place of that row. What can be done about it
    /// people are told once, beside the rows; `check` tells it here, for it has no rows.
    pub(super) fn way_out(&self, first: &Stored, new: &Stored) -> &'static str {
        // Two records of one source are two people, also with --replace.
        let is_same_source = first.record_source == new.record_source;
        match (first.status() == Status::Done, self.is_check(), is_same_source) {
            (true, _, _) => "; its user is done",
            (_, true, true) => "; if they are one person, take the one that is out of date out",
            (_, true, false) => "; if this is the corrected record, stage it with --replace",
            (_, false, _) => "",
        }
    }

    /// Whether this is the table of `check`, which has no file, and of which nothing is sent.
    fn is_check(&self) -> bool {
        self.t.path().is_none_or(str::is_empty)
    }

    /// Where a row comes from, as seen from a new one.
    pub(super) fn place(&self, stored: &Stored, new: &Stored) -> rusqlite::Result<String> {
        let (source, path, record_no) = stored.place();
        let (new_source, new_path, _) = new.place();
        if source == new_source {
            return Ok(format!("record {record_no}"));
        }
        if path != new_path || new_path == "-" {
            return Ok(format!("record {record_no} of {path}"));
        }
        Ok(if self.have_one_text(source, new_source)? {
            // Staged again as it is.
            format!("record {record_no}")
        } else if stored.record_source == new_source {
            // The file has changed around it: the number is that of its first staging.
            format!("a record of the same file (record {record_no} when it was first staged)")
        } else {
            format!("record {record_no} of an earlier {path}")
        })
    }

    /// Whether two sources were read to the same end, and nothing in them differs.
    fn have_one_text(&self, one: i64, other: i64) -> rusqlite::Result<bool> {
        let mut statement = self.t.prepare_cached(
            "SELECT count(*) = 2 AND min(fingerprint) = max(fingerprint) AND min(fingerprint) <> ''
             FROM source WHERE id IN (?1, ?2) AND finished_at_ms IS NOT NULL",
        )?;
        statement.query_row([one, other], |row| row.get(0))
    }
}
