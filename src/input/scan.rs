//! One JSON value: where it ends, and what is wrong in it.
//!
//! The scanner checks the whole grammar while it looks for the end, so that a record is read once.
//! It tells two sorts of damage apart. Where it cannot say where the value ends, the document is
//! broken ([`Stop`]). Where it can, only this record is: a field given twice, a lone surrogate,
//! a control character or a bad escape in a text, a word that is no JSON value, too deep nesting.

use super::names::is_data;
use crate::json::{ends_word, is_number, next_special, skip_space};
use crate::problem::{Problem, Rule};

/// Containers that may lie within each other in a record; as much as JSON parsers commonly allow.
pub(crate) const MAX_DEPTH: usize = 128;

/// What is wrong with a value that is no text; the reader knows more of why.
pub(super) const BAD_BYTES: &str = "bytes that are not UTF-8";

/// Fields of one object up to which each new name is compared with all before it. Beyond, the
/// names are sorted once at the end, or an object of 100,000 fields would take minutes.
const FEW_KEYS: usize = 32;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Object,
    Array,
    Scalar,
}

/// A value that ends.
#[derive(Debug)]
pub(crate) struct Scanned {
    /// Its length in bytes.
    pub(crate) len: usize,
    pub(crate) kind: Kind,
    /// What is wrong in it alone.
    pub(crate) fault: Option<Problem>,
}

/// Why no end was found.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Stop {
    /// The bytes end within the value.
    Incomplete,
    /// At this offset stands something that cannot stand there.
    Broken { at: usize, what: &'static str },
}

#[derive(Clone, Copy)]
enum Expect {
    Value,
    FirstValue,
    FirstKey,
    Key,
    Next,
}

struct Frame {
    object: bool,
    first_key: usize,
}

/// The name of a field: where it stands in the record, or in `unescaped`.
#[derive(Clone, Copy)]
struct Key {
    start: usize,
    end: usize,
    unescaped: bool,
    at: usize,
    tag: u64,
}

struct Fault {
    rule: Rule,
    field: String,
    message: String,
}

/// Finds the end of a value. Keeps its memory from one value to the next.
#[derive(Default)]
pub(crate) struct Scanner {
    frames: Vec<Frame>,
    keys: Vec<Key>,
    unescaped: Vec<u8>,
    sorted: Vec<Key>,
    too_deep: bool,
    fault: Option<Fault>,
}

impl Scanner {
    /// Scans the value at the start of `bytes`, which must not be white space. `eof` says that
    /// nothing follows, so that a number may end where the bytes do.
    pub(crate) fn scan(&mut self, bytes: &[u8], eof: bool) -> Result<Scanned, Stop> {
        self.clear();
        let kind = match bytes.first() {
            Some(b'{') => Kind::Object,
            Some(b'[') => Kind::Array,
            _ => Kind::Scalar,
        };
        let len = self.walk(bytes, eof)?;
        if let Err(error) = std::str::from_utf8(&bytes[..len]) {
            self.note(bytes, error.valid_up_to(), Rule::Encoding, BAD_BYTES);
        }
        let fault = self.fault.take().map(|f| Problem::new(f.field, f.rule, f.message));
        Ok(Scanned { len, kind, fault })
    }

    fn clear(&mut self) {
        self.frames.clear();
        self.keys.clear();
        self.unescaped.clear();
        self.fault = None;
        self.too_deep = false;
    }

    fn walk(&mut self, bytes: &[u8], eof: bool) -> Result<usize, Stop> {
        use Expect::{FirstKey, FirstValue, Key, Next, Value};
        let mut at = 0;
        let mut expect = Value;
        // Whether the innermost open container is an object.
        let mut object = false;
        loop {
            at = skip_space(bytes, at);
            let &byte = bytes.get(at).ok_or(Stop::Incomplete)?;
            match (expect, byte) {
                (FirstKey | Key, b'"') => {
                    at = self.key(bytes, at)?;
                    expect = Value;
                    continue;
                }
                (Next, b',') => {
                    at += 1;
                    expect = if object { Key } else { Value };
                    continue;
                }
                (Value | FirstValue, b'"') => at = self.text(bytes, at)?.0,
                (Value | FirstValue, b'{' | b'[') => {
                    object = byte == b'{';
                    self.open(bytes, at, object);
                    at += 1;
                    expect = if object { FirstKey } else { FirstValue };
                    continue;
                }
                (FirstKey, b'}') | (FirstValue, b']') => {
                    object = self.close(bytes);
                    at += 1;
                }
                (Next, b'}' | b']') if object == (byte == b'}') => {
                    object = self.close(bytes);
                    at += 1;
                }
                (Value | FirstValue, _) => at = self.word(bytes, at, eof)?,
                (FirstKey | Key, _) => {
                    return Err(broken(at, "the name of a field in double quotes is expected"));
                }
                (Next, _) => {
                    return Err(broken(at, "a comma or the closing bracket is expected"));
                }
            }
            if self.frames.is_empty() {
                return Ok(at);
            }
            expect = Next;
        }
    }

    fn open(&mut self, bytes: &[u8], at: usize, object: bool) {
        self.frames.push(Frame { object, first_key: self.keys.len() });
        if self.frames.len() > MAX_DEPTH && !self.too_deep {
            self.too_deep = true;
            let message = format!("nested more than {MAX_DEPTH} levels deep");
            self.note(bytes, at, Rule::Syntax, &message);
        }
    }

    /// Closes the innermost container. Returns whether the one around it is an object.
    fn close(&mut self, bytes: &[u8]) -> bool {
        let first_key = self.frames.last().map_or(0, |frame| frame.first_key);
        if self.keys.len() - first_key > FEW_KEYS {
            self.find_twins(bytes, first_key);
        }
        self.frames.pop();
        // The names of the record itself stay: they tell in which field a fault lies.
        let Some(outer) = self.frames.last() else { return false };
        self.keys.truncate(first_key);
        outer.object
    }

    /// Looks for a name given twice among many: sorted, equal ones lie side by side.
    fn find_twins(&mut self, bytes: &[u8], first_key: usize) {
        let mut sorted = std::mem::take(&mut self.sorted);
        sorted.clear();
        sorted.extend_from_slice(&self.keys[first_key..]);
        let name = |key: &Key| self.name(bytes, *key);
        sorted.sort_unstable_by(|a, b| {
            a.tag.cmp(&b.tag).then_with(|| name(a).cmp(name(b))).then(a.at.cmp(&b.at))
        });
        let twin = sorted.windows(2).find(|pair| name(&pair[0]) == name(&pair[1]));
        if let Some(twin) = twin.map(|pair| pair[1]) {
            self.twice(bytes, twin);
        }
        self.sorted = sorted;
    }

    fn name<'a>(&'a self, bytes: &'a [u8], key: Key) -> &'a [u8] {
        let text = if key.unescaped { &self.unescaped } else { bytes };
        &text[key.start..key.end]
    }

    /// The name of a field at `at`, and the colon. Returns the offset behind it.
    fn key(&mut self, bytes: &[u8], at: usize) -> Result<usize, Stop> {
        let (end, escaped) = self.text(bytes, at)?;
        let mut key = Key { start: at + 1, end: end - 1, unescaped: escaped, at, tag: 0 };
        if escaped {
            key.start = self.unescaped.len();
            match serde_json::from_slice::<String>(&bytes[at..end]) {
                Ok(name) => self.unescaped.extend_from_slice(name.as_bytes()),
                Err(_) => self.unescaped.extend_from_slice(&bytes[at + 1..end - 1]),
            }
            key.end = self.unescaped.len();
        }
        key.tag = tag(self.name(bytes, key));
        let first = self.frames.last().map_or(0, |frame| frame.first_key);
        let before = &self.keys[first..];
        if before.len() < FEW_KEYS
            && before.iter().any(|other| {
                other.tag == key.tag && self.name(bytes, *other) == self.name(bytes, key)
            })
        {
            self.twice(bytes, key);
        }
        self.keys.push(key);
        let colon = skip_space(bytes, end);
        match bytes.get(colon) {
            Some(b':') => Ok(colon + 1),
            Some(_) => Err(broken(colon, "a colon is expected after a field's name")),
            None => Err(Stop::Incomplete),
        }
    }

    fn twice(&mut self, bytes: &[u8], key: Key) {
        if self.fault.is_some() {
            return;
        }
        let name = show_name(self.name(bytes, key));
        let field = if self.frames.len() <= 1 { name.clone() } else { self.field(bytes, key.at) };
        let message = format!("the field `{name}` is given twice");
        self.fault = Some(Fault { rule: Rule::Syntax, field, message });
    }

    /// The record's own field in which the offset lies; empty if in none.
    fn field(&self, bytes: &[u8], at: usize) -> String {
        let own = self.frames.get(1).map_or(self.keys.len(), |frame| frame.first_key);
        let key = self.keys[..own].iter().rev().find(|key| key.at <= at);
        key.map_or_else(String::new, |key| show_name(self.name(bytes, *key)))
    }

    /// Notes what is wrong at an offset. The first fault stays.
    fn note(&mut self, bytes: &[u8], at: usize, rule: Rule, message: &str) {
        if self.fault.is_none() {
            let field = self.field(bytes, at);
            let message = message.to_owned();
            self.fault = Some(Fault { rule, field, message });
        }
    }

    /// A text at `at`. Returns the offset behind it and whether it holds escapes.
    fn text(&mut self, bytes: &[u8], at: usize) -> Result<(usize, bool), Stop> {
        let mut at = at + 1;
        let mut escaped = false;
        loop {
            at = next_special(bytes, at).ok_or(Stop::Incomplete)?;
            match bytes[at] {
                b'"' => return Ok((at + 1, escaped)),
                b'\\' => {
                    escaped = true;
                    at = self.escape(bytes, at)?;
                }
                _ => {
                    let message = "a control character that is not escaped";
                    self.note(bytes, at, Rule::Syntax, message);
                    at += 1;
                }
            }
        }
    }

    /// The escape at `at`. Returns the offset behind it.
    fn escape(&mut self, bytes: &[u8], at: usize) -> Result<usize, Stop> {
        const BAD: &str = "an escape that JSON does not know";
        const LONE: &str = "half of a surrogate pair";
        match *bytes.get(at + 1).ok_or(Stop::Incomplete)? {
            b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => return Ok(at + 2),
            b'u' => {}
            _ => {
                self.note(bytes, at, Rule::Syntax, BAD);
                return Ok(at + 1);
            }
        }
        let Some(unit) = hex4(bytes, at + 2)? else {
            self.note(bytes, at, Rule::Syntax, BAD);
            return Ok(at + 2);
        };
        if !(0xd800..0xe000).contains(&unit) {
            return Ok(at + 6);
        }
        let pair = unit < 0xdc00
            && *bytes.get(at + 6).ok_or(Stop::Incomplete)? == b'\\'
            && *bytes.get(at + 7).ok_or(Stop::Incomplete)? == b'u'
            && hex4(bytes, at + 8)?.is_some_and(|low| (0xdc00..0xe000).contains(&low));
        if pair {
            return Ok(at + 12);
        }
        self.note(bytes, at, Rule::Encoding, LONE);
        Ok(at + 6)
    }

    /// A number, `true`, `false` or `null` at `at`. Returns the offset behind it.
    fn word(&mut self, bytes: &[u8], at: usize, eof: bool) -> Result<usize, Stop> {
        let len = bytes[at..].iter().position(|byte| ends_word(*byte));
        let len = match len {
            Some(0) => return Err(broken(at, "a value is expected")),
            Some(len) => len,
            None if eof => bytes.len() - at,
            None => return Err(Stop::Incomplete),
        };
        let word = &bytes[at..at + len];
        if !matches!(word, b"true" | b"false" | b"null") && !is_number(word) {
            if self.frames.is_empty() {
                return Err(broken(at, "a JSON value is expected"));
            }
            self.note(bytes, at, Rule::Syntax, "a word that is no JSON value");
        }
        Ok(at + len)
    }
}

fn broken(at: usize, what: &'static str) -> Stop {
    Stop::Broken { at, what }
}

/// A field's name for messages: cut at 64 characters, control characters replaced. An object may be
/// keyed by its users: an address or a long number is not shown, neither as a name nor in a path.
pub(crate) fn show_name(name: &[u8]) -> String {
    let text = String::from_utf8_lossy(name);
    if is_data(&text) {
        return HIDDEN.to_owned();
    }
    if let Some((before, _)) = text.split_once('@').filter(|(_, rest)| rest.contains('.')) {
        let parent = before.rsplit_once('.').map(|(parent, _)| show_name(parent.as_bytes()) + ".");
        return parent.unwrap_or_default() + HIDDEN;
    }
    let mut shown: String =
        text.chars().take(64).map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect();
    if text.chars().nth(64).is_some() {
        shown.push('…');
    }
    shown
}

/// In place of a name that is data.
pub(crate) const HIDDEN: &str = "…";

/// Four hexadecimal digits at `at`; none if others stand there.
fn hex4(bytes: &[u8], at: usize) -> Result<Option<u32>, Stop> {
    let mut value = 0;
    for i in at..at + 4 {
        let byte = *bytes.get(i).ok_or(Stop::Incomplete)?;
        let Some(digit) = char::from(byte).to_digit(16) else { return Ok(None) };
        value = value * 16 + digit;
    }
    Ok(Some(value))
}

/// A fingerprint of a name; equal names have equal ones.
fn tag(name: &[u8]) -> u64 {
    const PRIME: u64 = 0x9e37_79b9_7f4a_7c15;
    let length = name.len() as u64;
    // Both ends are enough to tell most names apart; the names themselves decide.
    if let (Some(first), Some(last)) = (name.first_chunk(), name.last_chunk()) {
        let ends = u64::from_le_bytes(*first) ^ u64::from_le_bytes(*last).rotate_left(32);
        return (ends ^ length).wrapping_mul(PRIME);
    }
    name.iter().fold(length, |tag, byte| tag << 8 | u64::from(*byte))
}

#[cfg(test)]
mod tests;
