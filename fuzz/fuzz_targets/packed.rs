//! What lies around the text: gzip and zstd, whole and damaged, and encodings. Oracle: the same
//! text as it is.
//!
//! The first bytes choose what is named, how the rest is packed, and what is then damaged.

#![no_main]

use libfuzzer_sys::fuzz_target;
use std::io::Write;
use userferry::input::{Cell, Encoding, Format, Header, Options, Record};
use userferry_fuzz::{Walk, is_packed, read};

const ENCODINGS: [&str; 8] = [
    "utf-8",
    "utf-16le",
    "utf-16be",
    "gb18030",
    "big5",
    "shift_jis",
    "windows-1252",
    "iso-2022-jp",
];
const NAMES: [&str; 4] = ["users.json", "users.jsonl.gz", "users.csv.zst", "users"];

fuzz_target!(|data: &[u8]| {
    let [named, packing, place, change, payload @ ..] = data else { return };
    let encoding = (named & 1 == 1).then(|| ENCODINGS[usize::from(named >> 1 & 7)]);
    let format = [None, None, None, Some(Format::Json), Some(Format::Jsonl), Some(Format::Csv)]
        [usize::from(packing >> 4) % 6];
    let header = if format == Some(Format::Csv) { Header::First } else { Header::default() };
    let options = Options {
        records: (named >> 4 & 7 == 0).then(|| "users".to_owned()),
        format,
        header,
        encoding: encoding.map(|label| label.parse::<Encoding>().expect("an encoding")),
        delimiter: (named & 128 != 0).then(|| ";".parse().expect("a delimiter")),
        cells: vec![("a".to_owned(), Cell::Int)],
        ..Options::default()
    };
    let name = NAMES[usize::from(*change) % 4];
    if packing & 3 == 0 {
        let is_whole = !is_packed(payload);
        read(payload, name, &options, is_whole);
        if is_whole && encoding.is_none() {
            encoded(payload, name, &options, usize::from(*place));
        }
        return;
    }
    let is_gzip = packing & 3 == 1;
    let (packed, joint) = if is_gzip { gzip(payload) } else { zstd(payload, packing & 3 == 3) };
    // Beyond, it may unpack to more than it may.
    let is_small = payload.len() <= 4096 && !is_packed(payload);
    let plain = || read(payload, name, &options, true);
    if packing & 4 == 0 {
        let walk = read(&packed, name, &options, is_small);
        if is_small {
            same(&walk, &plain());
        }
        return;
    }
    let mut damaged = packed;
    let at = usize::from(*place) * damaged.len() / 256;
    if packing & 8 == 0 {
        damaged.truncate(at);
    } else {
        damaged[at] ^= change | 1;
    }
    let walk = read(&damaged, name, &options, false);
    if at < 4 || !is_small {
        return;
    }
    if packing & 8 != 0 {
        // Its sums tell of any damage.
        if is_gzip && walk.error.is_none() {
            assert_eq!(walk.records, plain().records, "damage that goes unnoticed");
        }
    } else if at != joint {
        assert!(walk.error.is_some(), "an archive that is cut off is no whole one");
        // How much comes out before the cut is the decoder's business; but nothing else does.
        let whole = plain();
        let is_told_alike = is_utf_8(&walk) && is_utf_8(&whole);
        if walk.format == whole.format && walk.layout() == whole.layout() && is_told_alike {
            // Of less text less is sure about its encoding, which a message says.
            let seen = |records: &[Record]| -> Vec<_> {
                let rule = |record: &Record| record.fault.as_ref().map(|fault| fault.rule);
                records.iter().map(|r| (r.raw.clone(), r.line, r.end, rule(r))).collect()
            };
            let found = seen(&walk.records);
            assert!(seen(&whole.records).starts_with(&found), "other records before the cut");
        }
    }
});

/// Whether the text was told to be UTF-8; of less of it another encoding may be guessed.
fn is_utf_8(walk: &Walk) -> bool {
    walk.note.as_ref().is_none_or(|note| !note.contains(" in "))
}

fn same(packed: &Walk, plain: &Walk) {
    assert_eq!(packed.error, plain.error);
    assert_eq!(packed.records, plain.records);
    assert_eq!(packed.last, plain.last);
}

/// In two members, as tools that go on with a file write it, and where they meet.
fn gzip(payload: &[u8]) -> (Vec<u8>, usize) {
    let (one, two) = payload.split_at(payload.len() / 2);
    let mut packed = Vec::new();
    let mut joint = 0;
    for part in [one, two] {
        joint = packed.len();
        let mut encoder = flate2::write::GzEncoder::new(&mut packed, flate2::Compression::fast());
        encoder.write_all(part).and_then(|()| encoder.finish().map(drop)).expect("to memory");
    }
    (packed, joint)
}

/// Perhaps behind a frame to be skipped, and where that ends.
fn zstd(payload: &[u8], has_two: bool) -> (Vec<u8>, usize) {
    let mut packed = Vec::new();
    if has_two {
        packed.extend_from_slice(b"\x52\x2a\x4d\x18\x03\0\0\0abc");
    }
    let joint = packed.len();
    packed.extend(zstd::encode_all(payload, 1).expect("to memory"));
    (packed, joint)
}

/// A text in another encoding, which is named, reads as the same text in UTF-8.
fn encoded(payload: &[u8], name: &str, options: &Options, which: usize) {
    let Ok(text) = std::str::from_utf8(payload) else { return };
    let text = text.trim_start_matches('\u{feff}');
    let label = ["utf-16le", "utf-16be", "gb18030"][which % 3];
    let bytes = match label {
        "utf-16le" => text.encode_utf16().flat_map(u16::to_le_bytes).collect(),
        "utf-16be" => text.encode_utf16().flat_map(u16::to_be_bytes).collect(),
        _ => {
            let (bytes, _, has_failed) = encoding_rs::GB18030.encode(text);
            // Some of the private area has two forms; it is read as the newer.
            let (again, _, _) = encoding_rs::GB18030.decode(&bytes);
            if has_failed || again != text {
                return;
            }
            bytes.into_owned()
        }
    };
    let plain = Options { encoding: Some(Encoding::UTF_8), ..options.clone() };
    let named = Options { encoding: Some(label.parse().expect("it is known")), ..options.clone() };
    let is_refused = |bytes: &[u8]| {
        let is_magic = [&b"PK\x03\x04"[..], b"\xfd7zXZ\0", b"BZh", b"SQLite", b"\xd0\xcf", b"%PDF"]
            .iter()
            .any(|magic| bytes.starts_with(magic));
        // A mark goes before what is named, and zeros look like UTF-32.
        let is_marked =
            matches!(bytes, [0xff, 0xfe, ..] | [0xfe, 0xff, ..] | [0xef, 0xbb, 0xbf, ..]);
        is_magic
            || is_marked
            || is_packed(bytes)
            || bytes.iter().take(4).filter(|b| **b == 0).count() > 2
    };
    if is_refused(&bytes) || is_refused(text.as_bytes()) {
        return;
    }
    let expected = read(text.as_bytes(), name, &plain, true);
    let found = read(&bytes, name, &named, true);
    assert_eq!(found.records, expected.records, "in {label}");
    let error = |walk: &Walk| walk.error.as_ref().map(|error| (error.kind, error.at));
    assert_eq!(error(&found), error(&expected), "in {label}");
}
