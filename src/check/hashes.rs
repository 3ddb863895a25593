//! Columns of password hashes that no rule takes, where no password is mapped.

use crate::input::show_name;
use crate::mapping::{Mapping, Seen, for_each_value, is_secret_name, path_of};
use crate::overlooked::is_accounted_for;
use crate::password::detect;
use crate::vocabulary::salt;
use crate::vocabulary::synonyms::{meaning, plain};
use crate::words::{counted, grouped};
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

/// How deep it is looked.
const DEPTH: usize = 4;
/// Different fields that are looked at; beyond, memory would not be constant.
const MOST: usize = 1_000;

/// What was seen of the columns that no rule takes. Counts; no value is kept.
#[derive(Default)]
pub(super) struct Hashes {
    columns: BTreeMap<String, Column>,
    /// Columns that are left out on purpose.
    unused: Vec<String>,
}

#[derive(Default)]
struct Column {
    is_taken: bool,
    /// Whether the column's name is one for passwords.
    is_named: bool,
    filled: u64,
    unmistakable: u64,
    /// Texts of hexadecimal digits, by their number.
    digests: BTreeMap<usize, u64>,
}

impl Hashes {
    /// Looks at all but these columns.
    pub(super) fn but(unused: &[String]) -> Self {
        Self { unused: unused.to_vec(), ..Self::default() }
    }

    /// Looks at a record.
    pub(super) fn add(&mut self, raw: &[u8], mapping: &Mapping) {
        for_each_value(raw, DEPTH, &mut |parent, name, seen| {
            let path = path_of(parent, name);
            let is_full = self.columns.len() >= MOST;
            let column = match self.columns.entry(path) {
                Entry::Occupied(known) => known.into_mut(),
                Entry::Vacant(_) if is_full => return false,
                // Asked once a column: all records have the same.
                Entry::Vacant(new) => {
                    let is_taken = is_accounted_for(mapping, &self.unused, new.key());
                    let is_named = is_of_password(name);
                    new.insert(Column { is_taken, is_named, ..Column::default() })
                }
            };
            match seen {
                Seen::Plain(text, _) => column.add(&text),
                Seen::Object => return true,
                Seen::Other => {}
            }
            false
        });
    }

    /// Each such column, and how many hashes are in it; empty without any.
    pub(super) fn told(&self) -> String {
        let of_one = |(path, column): (&String, &Column)| {
            let n = column.hashes()?;
            let of = counted(column.filled, "value");
            Some(format!("`{}` ({} of {of})", show_name(path.as_bytes()), grouped(n)))
        };
        let columns: Vec<String> = self.columns.iter().filter_map(of_one).collect();
        if columns.is_empty() {
            return String::new();
        }
        format!(
            "; what looks like password hashes is in {}, which no rule takes",
            columns.join(", ")
        )
    }
}

impl Column {
    fn add(&mut self, text: &str) {
        if self.is_taken || text.is_empty() {
            return;
        }
        self.filled += 1;
        let scheme = detect(text);
        self.unmistakable += u64::from(scheme.begins_as_hash());
        if scheme.as_str().starts_with("hex-") {
            *self.digests.entry(text.len()).or_default() += 1;
        }
    }

    /// How many hashes it holds: digits could be anything, unless they are called a password and are all alike.
    fn hashes(&self) -> Option<u64> {
        let digests = self.digests.values().next().copied().unwrap_or(0);
        let are_digests = self.is_named && digests > 0 && digests == self.filled;
        match self.unmistakable {
            0 => are_digests.then_some(digests),
            n => Some(n),
        }
    }
}

fn is_of_password(name: &str) -> bool {
    meaning(&plain(name)).is_some_and(|found| found.field == "password")
        || is_secret_name(name) && salt::is_of_password(name) && salt::of_name(name).is_none()
}
