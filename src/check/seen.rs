//! Which identifiers came before, and where.
//!
//! A file of 50 million users does not fit into memory, and neither do its identifiers. Of each
//! only 96 bits of its SHA-256 are kept: among 200 million identifiers the chance that any two
//! different ones look alike is one in four million million, so a hit counts as proof. That costs
//! 20 to 40 bytes an identifier.

use crate::user::{IdKind, Identifiers};
use aws_lc_rs::digest::{SHA256, digest};
use std::collections::HashMap;
use std::collections::hash_map::Entry;

type Short = [u32; 3];

/// The identifiers so far. Records are counted over all sources, from 0.
#[derive(Default)]
pub(super) struct Seen {
    /// Keys: the record, and its content.
    keys: HashMap<Short, (u32, [u32; 2])>,
    /// Identifiers beside the key.
    others: HashMap<Short, u32>,
}

/// What an identifier says about a record.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Duplicate {
    pub(super) kind: IdKind,
    /// Whether it is the key of both.
    pub(super) key: bool,
    /// The record that came first.
    pub(super) first: u32,
}

/// What all identifiers say.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// The same record, word for word.
    Unchanged,
    /// Where it collides; nowhere if empty.
    Duplicates(Vec<Duplicate>),
}

impl Seen {
    /// Looks the identifiers up and remembers those that are new. Kinds in `skip` do not count:
    /// they have a problem of their own.
    pub(super) fn look(
        &mut self,
        identifiers: &Identifiers,
        raw: &[u8],
        record: u32,
        skip: &[IdKind],
    ) -> Found {
        let key_kind = identifiers.key().map(|(kind, _)| kind);
        let mut duplicates = Vec::new();
        for (kind, value) in identifiers.iter() {
            if skip.contains(&kind) {
                continue;
            }
            let short = shorten(kind, value);
            if Some(kind) == key_kind {
                if let Some(first) = self.others.get(&short) {
                    duplicates.push(Duplicate { kind, key: false, first: *first });
                    continue;
                }
                let [a, b, ..] = words(raw);
                match self.keys.entry(short) {
                    Entry::Occupied(entry) if entry.get().1 == [a, b] => return Found::Unchanged,
                    Entry::Occupied(entry) => {
                        duplicates.push(Duplicate { kind, key: true, first: entry.get().0 });
                    }
                    Entry::Vacant(entry) => {
                        entry.insert((record, [a, b]));
                    }
                }
                continue;
            }
            if let Some((first, _)) = self.keys.get(&short) {
                duplicates.push(Duplicate { kind, key: false, first: *first });
                continue;
            }
            match self.others.entry(short) {
                Entry::Occupied(entry) => {
                    duplicates.push(Duplicate { kind, key: false, first: *entry.get() });
                }
                Entry::Vacant(entry) => {
                    entry.insert(record);
                }
            }
        }
        Found::Duplicates(duplicates)
    }
}

fn shorten(kind: IdKind, value: &str) -> Short {
    let mut bytes = Vec::with_capacity(value.len() + 1);
    bytes.push(match kind {
        IdKind::ExternalId => b'x',
        IdKind::Email => b'e',
        IdKind::Phone => b'p',
        IdKind::Username => b'u',
    });
    bytes.extend_from_slice(value.as_bytes());
    let [a, b, c, ..] = words(&bytes);
    [a, b, c]
}

fn words(bytes: &[u8]) -> [u32; 4] {
    let hash = digest(&SHA256, bytes);
    let mut words = [0; 4];
    for (word, chunk) in words.iter_mut().zip(hash.as_ref().as_chunks::<4>().0) {
        *word = u32::from_le_bytes(*chunk);
    }
    words
}
