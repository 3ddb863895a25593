//! What the targets share: sources that come in small pieces, and what must hold of every reader.
//!
//! Where the product is fuzzed its buffers and limits are small (`cfg(fuzzing)`), so that inputs
//! of a few hundred bytes reach the end of each.

use serde_json::Value;
use std::collections::HashSet;
use std::io::{Cursor, Read};
use userferry::input::{Checkpoint, InputError, MAX_RECORD, Options, Reader, Record};
use userferry::problem::Rule;

/// A source that gives 1 to 7 bytes a read.
pub struct Crumbs {
    data: Vec<u8>,
    at: usize,
    turn: usize,
}

impl Crumbs {
    pub fn new(data: &[u8]) -> Self {
        Self { data: data.to_vec(), at: 0, turn: data.len() }
    }
}

impl Read for Crumbs {
    fn read(&mut self, buf: &mut [u8]) -> std::io::Result<usize> {
        self.turn = self.turn.wrapping_mul(5).wrapping_add(3);
        let n = (self.turn % 7 + 1).min(buf.len()).min(self.data.len() - self.at);
        buf[..n].copy_from_slice(&self.data[self.at..self.at + n]);
        self.at += n;
        Ok(n)
    }
}

/// All that a reader gives.
pub struct Walk {
    pub records: Vec<Record>,
    /// The checkpoint before the first record and behind each.
    pub checkpoints: Vec<Checkpoint>,
    /// The checkpoint after the end or the error.
    pub last: Option<Checkpoint>,
    pub error: Option<InputError>,
    pub note: Option<String>,
    pub format: Option<String>,
}

impl Walk {
    /// Where the records lie, as the checkpoint keeps it.
    pub fn layout(&self) -> Value {
        match &self.last {
            Some(last) => serde_json::to_value(last).expect("it serialises")["layout"].clone(),
            None => Value::Null,
        }
    }
}

fn walk(input: impl Read + Send + 'static, name: &str, options: &Options) -> Walk {
    walk_from(input, name, options, None)
}

fn walk_from(
    input: impl Read + Send + 'static,
    name: &str,
    options: &Options,
    resume: Option<&Checkpoint>,
) -> Walk {
    let mut walk = Walk {
        records: Vec::new(),
        checkpoints: Vec::new(),
        last: None,
        error: None,
        note: None,
        format: None,
    };
    let mut reader = match Reader::from_read(input, name, options, resume) {
        Ok(reader) => reader,
        Err(error) => {
            walk.error = Some(error);
            return walk;
        }
    };
    walk.note = reader.note();
    walk.format = Some(reader.format().to_string());
    loop {
        walk.checkpoints.push(reader.checkpoint());
        match reader.next_record() {
            Ok(Some(record)) => walk.records.push(record),
            Ok(None) => break,
            Err(error) => {
                assert_eq!(reader.next_record(), Err(error.clone()), "the error stays");
                walk.error = Some(error);
                break;
            }
        }
    }
    walk.last = Some(reader.checkpoint());
    walk
}

/// Reads a source in one piece, in crumbs, and from several of its checkpoints on, and holds each
/// record against `serde_json`. `is_whole` says that how much of it comes out does not depend on
/// the pieces; of a damaged archive it does.
pub fn read(data: &[u8], name: &str, options: &Options, is_whole: bool) -> Walk {
    let one = walk(Cursor::new(data.to_vec()), name, options);
    let crumbs = walk(Crumbs::new(data), name, options);
    if is_whole {
        assert_eq!(one.error, crumbs.error, "the error in pieces");
        assert_eq!(one.records, crumbs.records, "the records in pieces");
        assert_eq!(one.last, crumbs.last, "the checkpoint in pieces");
        resume(&one, data, name, options);
    }
    let mut end = 0;
    for (i, record) in one.records.iter().enumerate() {
        assert_eq!(record.no, i as u64 + 1);
        assert!(record.start >= end && record.end > record.start, "the records follow each other");
        end = record.end;
        assert!(record.raw.len() <= MAX_RECORD, "a record of {} bytes", record.raw.len());
        judge(record);
    }
    one
}

fn resume(whole: &Walk, data: &[u8], name: &str, options: &Options) {
    let step = whole.checkpoints.len() / 6 + 1;
    for (at, checkpoint) in whole.checkpoints.iter().enumerate().step_by(step) {
        let text = serde_json::to_string(checkpoint).expect("it serialises");
        let stored: Checkpoint = serde_json::from_str(&text).expect("it is read back");
        assert_eq!(stored, *checkpoint, "a checkpoint is stored as it is");
        let rest = walk_from(Crumbs::new(data), name, options, Some(&stored));
        assert_eq!(rest.error, whole.error, "the error from checkpoint {at} on");
        assert_eq!(rest.records, whole.records[at..], "the records from checkpoint {at} on");
        assert_eq!(rest.last, whole.last, "the last checkpoint from checkpoint {at} on");
    }
    let Some(last) = &whole.last else { return };
    let after = walk_from(Cursor::new(data.to_vec()), name, options, Some(last));
    assert_eq!(after.error, whole.error, "the error after the end");
    // Before the first record there is nothing to keep: it starts anew.
    assert!(after.records.is_empty() || whole.records.is_empty(), "nothing follows the end");
}

/// `serde_json` takes a record exactly if the reader finds no fault in it.
fn judge(record: &Record) {
    if is_private(&record.raw) {
        return;
    }
    let parsed = parse(&record.raw);
    match &record.fault {
        None => {
            let value = parsed.expect("what has no fault is JSON");
            assert!(value.is_object(), "what has no fault is an object");
            assert!(!has_twins(&record.raw), "a field is given twice");
        }
        Some(fault) if fault.rule == Rule::Type => {
            assert!(!parsed.expect("of a wrong type, but JSON").is_object());
        }
        // A row of another length than the header's is kept as an array.
        Some(_) if record.raw.starts_with(b"[") => {}
        Some(fault) => {
            let is_deep = fault.message.starts_with("nested more than");
            assert!(is_deep || parsed.is_none() || has_twins(&record.raw), "nothing is wrong");
        }
    }
}

/// Fields by which `serde_json` hands numbers on within itself.
const PRIVATE: &[u8] = b"$serde_json::private";

/// The JSON value, of any depth; none if it is none, or one that cannot be compared.
pub fn parse(text: &[u8]) -> Option<Value> {
    let mut parser = serde_json::Deserializer::from_slice(text);
    parser.disable_recursion_limit();
    let value = serde::Deserialize::deserialize(&mut parser).ok()?;
    parser.end().ok()?;
    Some(value)
}

/// Whether it begins as gzip or zstd does.
pub fn is_packed(data: &[u8]) -> bool {
    matches!(
        data,
        [0x1f, 0x8b, ..] | [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..]
    )
}

/// Whether `serde_json` would read some of it as something else.
pub fn is_private(text: &[u8]) -> bool {
    text.windows(PRIVATE.len()).any(|window| window == PRIVATE)
}

/// Whether any object in it gives a field twice.
pub fn has_twins(text: &[u8]) -> bool {
    let mut parser = serde_json::Deserializer::from_slice(text);
    parser.disable_recursion_limit();
    serde::Deserialize::deserialize(&mut parser).is_ok_and(|twins: Twins| twins.0)
}

struct Twins(bool);

impl<'de> serde::Deserialize<'de> for Twins {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Finder)
    }
}

struct Finder;

impl<'de> serde::de::Visitor<'de> for Finder {
    type Value = Twins;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a value")
    }

    fn visit_bool<E>(self, _: bool) -> Result<Twins, E> {
        Ok(Twins(false))
    }

    fn visit_i64<E>(self, _: i64) -> Result<Twins, E> {
        Ok(Twins(false))
    }

    fn visit_u64<E>(self, _: u64) -> Result<Twins, E> {
        Ok(Twins(false))
    }

    fn visit_f64<E>(self, _: f64) -> Result<Twins, E> {
        Ok(Twins(false))
    }

    fn visit_str<E>(self, _: &str) -> Result<Twins, E> {
        Ok(Twins(false))
    }

    fn visit_unit<E>(self) -> Result<Twins, E> {
        Ok(Twins(false))
    }

    fn visit_seq<A: serde::de::SeqAccess<'de>>(self, mut items: A) -> Result<Twins, A::Error> {
        let mut found = false;
        while let Some(Twins(inner)) = items.next_element()? {
            found |= inner;
        }
        Ok(Twins(found))
    }

    fn visit_map<A: serde::de::MapAccess<'de>>(self, mut members: A) -> Result<Twins, A::Error> {
        let mut found = false;
        let mut names = HashSet::new();
        while let Some((name, Twins(inner))) = members.next_entry::<String, Twins>()? {
            found |= inner | !names.insert(name);
        }
        Ok(Twins(found))
    }
}
