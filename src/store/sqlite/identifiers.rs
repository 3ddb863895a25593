//! The identifiers of all records, as hashes, and which of them several records share.
//!
//! An index on random values costs more than everything else that staging does. So hashes are
//! appended in blocks, a share of the blocks for each value of their first bits, and compared in
//! passes over one share after the other, each small enough for memory. What is shared is a
//! candidate: the records themselves are compared afterwards.

use crate::json;
use crate::user::{IdKind, Identifiers};
use rusqlite::{Connection, params};
use rustc_hash::FxHashSet;
use siphasher::sip::SipHasher13;
use std::collections::{BTreeSet, HashSet};

/// Bits of a hash that tell its share of the blocks: a pass reads one, and so does a search for one hash. A key
/// has one for each kind of identifier, and a phone number one for each way to write it. So few that what one batch has of a share fills a page: each batch appends to all.
const SHARE_BITS: u32 = 4;
/// Bits of a row's id that number its block; the share stands above them.
const BLOCK_BITS: u32 = 40;
/// Bits of a hash.
const HASH_BITS: u32 = 48;
/// Bits of an entry behind the hash: the job, relative to the block's base.
const JOB_BITS: u32 = 16;
/// Hashes that are compared at once. The measure of the memory that comparing takes: a set of so many
/// has 262,144 places, 2.4 MB.
const AT_ONCE: u64 = 200_000;

/// The hash of one identifier, with the kind in it: the first 6 bytes of a SipHash-1-3, which is the
/// same everywhere and for ever, as it must be for what is kept. Of 50 million users' three, some
/// forty pairs have the same by chance.
pub(super) fn hash(kind: IdKind, value: &str) -> i64 {
    let mark = match kind {
        IdKind::ExternalId => b'x',
        IdKind::Email => b'e',
        IdKind::Phone => b'p',
        IdKind::Username => b'u',
    };
    marked(mark, value.as_bytes())
}

/// The hash by which a record without any key is known: however its parts are set apart.
pub(super) fn hash_bytes(raw: &[u8]) -> i64 {
    marked(b'r', &json::compact(raw))
}

fn marked(mark: u8, bytes: &[u8]) -> i64 {
    let hash = SipHasher13::new_with_keys(u64::from(mark), 0).hash(bytes);
    (hash >> (u64::BITS - HASH_BITS)).cast_signed()
}

/// The hashes of a record: of its identifiers, or of its bytes where it has none.
pub(super) fn hashes(identifiers: &Identifiers, raw: &[u8]) -> impl Iterator<Item = i64> {
    let of_bytes = identifiers.key().is_none().then(|| hash_bytes(raw));
    identifiers.iter().map(|(kind, value)| hash(kind, value)).chain(of_bytes)
}

/// Hashes on their way into the table.
#[derive(Default)]
pub(super) struct Block(Vec<(i64, i64)>);

impl Block {
    pub(super) fn add(&mut self, hash: i64, job: i64) {
        self.0.push((hash, job));
    }

    /// Appends the block to each share that it has hashes of.
    pub(super) fn write(self, c: &Connection) -> rusqlite::Result<()> {
        let Some(base) = self.0.iter().map(|(_, job)| *job).min() else { return Ok(()) };
        let mut shares = vec![Vec::new(); 1 << SHARE_BITS];
        for (hash, job) in &self.0 {
            // A block holds one batch, or the rows that one batch replaced.
            let Ok(job) = u16::try_from(job - base) else { return self.write_apart(c) };
            let entry = hash << JOB_BITS | i64::from(job);
            let share = usize::try_from(share(*hash)).unwrap_or_default();
            shares[share].extend_from_slice(&entry.to_be_bytes());
        }
        c.prepare_cached("UPDATE comparison SET blocks = blocks + 1")?.execute([])?;
        let mut insert = c.prepare_cached(
            "INSERT INTO identifier (id, base, entries) SELECT ?1 + blocks, ?2, ?3 FROM comparison",
        )?;
        for (share, entries) in (0_i64..).zip(shares).filter(|(_, entries)| !entries.is_empty()) {
            insert.execute(params![share << BLOCK_BITS, base, entries])?;
        }
        Ok(())
    }

    /// Where the jobs lie too far apart for one base: each half on its own.
    fn write_apart(mut self, c: &Connection) -> rusqlite::Result<()> {
        self.0.sort_unstable_by_key(|(_, job)| *job);
        let upper = Self(self.0.split_off(self.0.len() / 2));
        self.write(c)?;
        upper.write(c)
    }
}

/// The share that a hash belongs to: its first bits.
fn share(hash: i64) -> i64 {
    hash >> (HASH_BITS - SHARE_BITS)
}

/// Calls `f` with each entry of a share in the blocks up to one: hash, job, and block.
fn scan(
    c: &Connection,
    share: i64,
    upto: i64,
    mut f: impl FnMut(i64, i64, i64),
) -> rusqlite::Result<()> {
    let first = share << BLOCK_BITS;
    let mut statement = c.prepare_cached(
        "SELECT id, base, entries FROM identifier WHERE id > ?1 AND id <= ?2 ORDER BY id",
    )?;
    let mut rows = statement.query([first, first + upto])?;
    while let Some(row) = rows.next()? {
        let (id, base): (i64, i64) = (row.get(0)?, row.get(1)?);
        for entry in row.get_ref(2)?.as_blob()?.as_chunks().0 {
            let entry = u64::from_be_bytes(*entry);
            let job = entry & ((1 << JOB_BITS) - 1);
            f((entry >> JOB_BITS).cast_signed(), base + job.cast_signed(), id - first);
        }
    }
    Ok(())
}

/// The jobs that have, or had, an identifier of this hash, by id.
pub(super) fn with_hash(c: &Connection, wanted: i64) -> rusqlite::Result<Vec<i64>> {
    with_hashes(c, &HashSet::from([wanted]))
}

/// The same of any of these hashes.
pub(super) fn with_hashes(c: &Connection, wanted: &HashSet<i64>) -> rusqlite::Result<Vec<i64>> {
    let mut jobs = BTreeSet::new();
    let shares: BTreeSet<i64> = wanted.iter().map(|hash| share(*hash)).collect();
    for share in shares {
        scan(c, share, (1 << BLOCK_BITS) - 1, |hash, job, _| {
            if wanted.contains(&hash) {
                jobs.insert(job);
            }
        })?;
    }
    Ok(jobs.into_iter().collect())
}

/// Writes down in `collision` which jobs have these hashes.
pub(super) fn find(c: &Connection, wanted: &HashSet<i64>) -> rusqlite::Result<()> {
    let shares: BTreeSet<i64> = wanted.iter().map(|hash| share(*hash)).collect();
    let mut insert = c.prepare_cached(
        "INSERT OR IGNORE INTO collision (hash, job_id, is_new) VALUES (?1, ?2, 0)",
    )?;
    for share in shares {
        let mut result = Ok(());
        scan(c, share, (1 << BLOCK_BITS) - 1, |hash, job, _| {
            if result.is_ok() && wanted.contains(&hash) {
                result = insert.execute([hash, job]).map(drop);
            }
        })?;
        result?;
    }
    Ok(())
}

/// Writes down in `collision` which hashes of the blocks after `compared` and up to `upto` are
/// found more than once in the blocks up to `upto`, with all jobs that have them.
pub(super) fn find_shared(c: &Connection, compared: i64, upto: i64) -> rusqlite::Result<()> {
    find_shared_by(AT_ONCE, c, compared, upto)
}

fn find_shared_by(at_once: u64, c: &Connection, compared: i64, upto: i64) -> rusqlite::Result<()> {
    for share in 0..1 << SHARE_BITS {
        let mut new = 0_u64;
        scan(c, share, upto, |_, _, block| new += u64::from(block > compared))?;
        let passes = new.div_ceil(at_once);
        for pass in 0..passes {
            pass_over(c, share, compared, upto, |hash| slice(hash, passes) == pass)?;
        }
    }
    Ok(())
}

/// Which of so many even slices of a share a hash lies in: told by bits behind the share's own.
fn slice(hash: i64, slices: u64) -> u64 {
    const BITS: u32 = HASH_BITS - SHARE_BITS - 32;
    (((hash.cast_unsigned() >> BITS) & 0xffff_ffff) * slices) >> 32
}

fn pass_over(
    c: &Connection,
    share: i64,
    compared: i64,
    upto: i64,
    is_in: impl Fn(i64) -> bool,
) -> rusqlite::Result<()> {
    let mut seen: FxHashSet<i64> = FxHashSet::default();
    // A hash that is met for the second time is shared. One that many have is so only once.
    let mut shared: FxHashSet<i64> = FxHashSet::default();
    scan(c, share, upto, |hash, _, block| {
        if block > compared && is_in(hash) && !seen.insert(hash) {
            shared.insert(hash);
        }
    })?;
    scan(c, share, compared, |hash, _, _| {
        if seen.contains(&hash) {
            shared.insert(hash);
        }
    })?;
    drop(seen);
    if shared.is_empty() {
        return Ok(());
    }
    let mut insert = c.prepare_cached(
        "INSERT INTO collision (hash, job_id, is_new) VALUES (?1, ?2, ?3)
         ON CONFLICT (hash, job_id) DO UPDATE SET is_new = max(is_new, excluded.is_new)",
    )?;
    let mut result = Ok(());
    scan(c, share, upto, |hash, job, block| {
        if result.is_ok() && shared.contains(&hash) {
            result = insert.execute(params![hash, job, block > compared]).map(drop);
        }
    })?;
    result
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    /// A job that has a hash, and whether it is new.
    type Collision = (i64, i64, bool);

    fn tables() -> Connection {
        let c = Connection::open_in_memory().unwrap();
        c.execute_batch(include_str!("../../../migrations/sqlite/V1__job_table.sql")).unwrap();
        c
    }

    fn write(c: &Connection, entries: &[(i64, i64)]) {
        let mut block = Block::default();
        for (hash, job) in entries {
            block.add(*hash, *job);
        }
        block.write(c).unwrap();
    }

    fn collisions(c: &Connection) -> BTreeSet<Collision> {
        let mut statement = c.prepare("SELECT hash, job_id, is_new FROM collision").unwrap();
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)));
        rows.unwrap().map(Result::unwrap).collect()
    }

    /// They are kept in files. By a second implementation, from the paper (Aumasson and Bernstein,
    /// 2012), that gives the paper's own vector for SipHash-2-4.
    #[test]
    fn hashes_are_the_same_for_ever() {
        let kept = [
            (IdKind::ExternalId, "42", 0x0fb4_ab16_2c39),
            (IdKind::Email, "a@example.com", 0x3db5_835d_160e),
            (IdKind::Phone, "+8613800000000", 0x06e2_ed71_a24b),
            (IdKind::Username, "zoë", 0x9bd3_d24f_c9b9),
        ];
        for (kind, value, expected) in kept {
            assert_eq!(hash(kind, value), expected, "{value}");
        }
    }

    #[test]
    fn a_share_is_the_first_four_bits() {
        let last = (1 << HASH_BITS) - 1;
        assert_eq!([0, 1 << 43, 1 << 44, 1 << 47, last].map(share), [0, 0, 1, 8, 15]);
    }

    #[test]
    fn slices_are_even_and_told_by_the_bits_behind_those_of_the_share() {
        let bits = [0, 1 << 42, 1 << 43, (1 << 44) - 1, 1 << 44];
        assert_eq!(bits.map(|hash| slice(hash, 4)), [0, 1, 2, 3, 0]);
        assert_eq!(bits.map(|hash| slice(hash, 1)), [0; 5]);
        let finest = [(1 << 12) - 1, 1 << 12, -1];
        assert_eq!(finest.map(|hash| slice(hash, 1 << 32)), [0, 1, 0xffff_ffff]);
    }

    #[test]
    fn jobs_that_lie_too_far_apart_for_one_block_are_found_all_the_same() {
        let c = tables();
        let jobs = [7, 8, 65_542, 65_543, 65_544, 5_000_000_000];
        write(&c, &jobs.map(|job| (42, job)));
        assert_eq!(with_hash(&c, 42).unwrap(), jobs);
    }

    /// What was compared before comes up again only where a new one shares it.
    #[test]
    fn only_what_new_ones_share_is_shared_in_however_many_passes() {
        let mut rng = fastrand::Rng::with_seed(7);
        // Few of them, of two shares and of all slices.
        let hashes: Vec<i64> =
            (0..400).map(|n| (n & 1) << 44 | rng.i64(0..1 << 32) << 12).collect();
        let mut entries = (1..=600).map(|job| (*rng.choice(&hashes).unwrap(), job));
        let entries: Vec<(i64, i64)> = entries.by_ref().collect();
        let (old, new) = entries.split_at(300);
        let is_new = |job: i64| job > 300;
        let expected: BTreeSet<Collision> = entries
            .iter()
            .filter(|(hash, _)| {
                let of_hash = || entries.iter().filter(|(other, _)| other == hash);
                of_hash().count() > 1 && of_hash().any(|(_, job)| is_new(*job))
            })
            .map(|(hash, job)| (*hash, *job, is_new(*job)))
            .collect();
        for at_once in [1, 10, AT_ONCE] {
            let c = tables();
            old.chunks(100).chain(new.chunks(50)).for_each(|block| write(&c, block));
            find_shared_by(at_once, &c, 3, 9).unwrap();
            assert_eq!(collisions(&c), expected, "{at_once} at once");
        }
    }
}
