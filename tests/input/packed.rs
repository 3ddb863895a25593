//! Compressed and differently encoded sources: what is told of them, and what is refused.

use super::formats::{gzip, utf_16, zstd};
use crate::cli::numbered;
use std::io::{Read, Write as _};
use userferry::input::{Encoding, Header, InputError, InputErrorKind, Options, Reader};

fn open(name: &str, input: impl Read + Send + 'static) -> Result<Reader, InputError> {
    Reader::from_read(input, name, &Options::default(), None)
}

/// The uids, and the error if the source could not be read to its end.
fn read(name: &str, content: &[u8]) -> (Vec<String>, Option<InputError>) {
    read_from(name, std::io::Cursor::new(content.to_vec()))
}

fn read_from(name: &str, input: impl Read + Send + 'static) -> (Vec<String>, Option<InputError>) {
    let mut uids = Vec::new();
    let result = open(name, input).and_then(|mut reader| {
        while let Some(record) = reader.next_record()? {
            let value: serde_json::Value = serde_json::from_slice(&record.raw).unwrap();
            uids.push(value["uid"].as_str().unwrap_or_default().to_owned());
        }
        Ok(())
    });
    (uids, result.err())
}

const LINES: &str = "{\"uid\":\"1\"}\n{\"uid\":\"2\"}\n{\"uid\":\"3\"}\n";

#[test]
fn what_was_found_out_is_told() {
    let chinese = "编号,姓名\n1,张三\n2,李四\n";
    let gb18030 = encoding_rs::GB18030.encode(chinese).0.into_owned();
    for (name, content, note) in [
        ("users.json", b"[{}]".to_vec(), None),
        ("users.jsonl", LINES.into(), None),
        ("users.json.gz", gzip(b"[{}]"), Some("JSON, gzip")),
        ("users.jsonl.zst", zstd(LINES.as_bytes()), Some("JSON Lines, zstd")),
        ("users.json", utf_16("[{}]", u16::to_le_bytes), Some("JSON, in UTF-16LE")),
        ("users.json", utf_16("\u{feff}[{}]", u16::to_be_bytes), Some("JSON, in UTF-16BE")),
        ("users.csv", gb18030.clone(), Some("CSV, separated by ',', in GB18030")),
        ("users.csv.gz", gzip(&gb18030), Some("CSV, separated by ',', in GB18030, gzip")),
        ("users.csv", chinese.into(), Some("CSV, separated by ','")),
        ("users.csv", format!("\u{feff}{chinese}").into(), Some("CSV, separated by ','")),
    ] {
        let reader = open(name, std::io::Cursor::new(content)).unwrap();
        assert_eq!(reader.note().as_deref(), note, "{name}");
    }
}

#[test]
fn an_encoding_can_be_named() {
    for (label, bytes) in [
        ("big5", &b"uid\n\xb1i\n"[..]),
        ("gbk", b"uid\n\x8f\x88\n"),
        ("utf-16le", b"u\0i\0d\0\n\x005_"),
    ] {
        let encoding = Some(label.parse::<Encoding>().unwrap());
        let options = Options { encoding, header: Header::First, ..Options::default() };
        let input = std::io::Cursor::new(bytes.to_vec());
        let mut reader = Reader::from_read(input, "users.csv", &options, None).unwrap();
        let raw = reader.next_record().unwrap().unwrap().raw;
        assert_eq!(String::from_utf8(raw).unwrap(), "{\"uid\":\"張\"}", "{label}");
    }
    let unknown = "klingon".parse::<Encoding>().unwrap_err();
    assert!(unknown.starts_with("no encoding of this name is known; there are utf-8,"));
}

/// Half a character at the end is no mistake of the last record: the rest of the text is missing.
#[test]
fn lines_in_utf_16_that_are_cut_off_at_any_byte_yield_what_came_before() {
    let units: [fn(u16) -> [u8; 2]; 2] = [u16::to_le_bytes, u16::to_be_bytes];
    for unit in units {
        let data = utf_16(&format!("\u{feff}{LINES}"), unit);
        let line = 2 * LINES.len() / 3;
        for cut in 2 + line..data.len() {
            let (whole, rest) = ((cut - 2) / line, (cut - 2) % line);
            // Before a line, and behind one that lacks nothing but its end.
            let (lines, may_end) = match line - rest {
                2 => (whole + 1, true),
                _ => (whole, rest == 0),
            };
            let (uids, error) = read("users.jsonl", &data[..cut]);
            assert_eq!(uids, ["1", "2", "3"][..lines], "{cut}");
            let expected = (!may_end).then_some(InputErrorKind::CutOff);
            assert_eq!(error.map(|error| error.kind), expected, "{cut}");
        }
    }
}

#[test]
fn an_archive_cut_off_at_any_byte_yields_what_came_before() {
    let text = numbered(0..200);
    let all: Vec<String> = (0..200).map(|n| n.to_string()).collect();
    let hint = "copy or export it again, completely; the records before this place are good";
    for (what, data) in [("gzip", gzip(text.as_bytes())), ("zstd", zstd(text.as_bytes()))] {
        // A shorter beginning is not known for an archive.
        for cut in 4..data.len() {
            let (uids, error) = read("users.jsonl", &data[..cut]);
            let error = error.unwrap();
            assert_eq!(error.kind, InputErrorKind::CutOff, "{what} at {cut}: {error}");
            let message = error.to_string();
            let cut_off = format!("users.jsonl: the {what} data is cut off (at record ");
            assert!(message.starts_with(&cut_off), "{message}");
            assert_eq!(error.hint.as_deref(), Some(hint));
            assert_eq!(uids, all[..uids.len()]);
        }
    }
    let data = gzip(text.as_bytes());
    let (uids, _) = read("users.jsonl", &data[..data.len() - 1]);
    assert_eq!(uids.len(), 200, "only the end of the checksum is missing");
}

#[test]
fn a_damaged_archive_says_so() {
    let text = numbered(0..200);
    let hint = "copy or export it again; the records before this place are good";
    for (what, mut data) in [("gzip", gzip(text.as_bytes())), ("zstd", zstd(text.as_bytes()))] {
        data.extend(b"something else");
        let (uids, error) = read("users.jsonl", &data);
        let error = error.unwrap();
        assert_eq!((uids.len(), error.kind), (200, InputErrorKind::Damaged));
        let message = format!(
            "users.jsonl: the {what} data is damaged (at record 201, line 201, byte {})",
            text.len()
        );
        assert_eq!((error.to_string(), error.hint.as_deref()), (message, Some(hint)));
    }
    // The checksum at the end, or the data itself.
    let data = gzip(text.as_bytes());
    let mut damaged = data.clone();
    damaged[data.len() - 6] ^= 1;
    let (uids, error) = read("users.jsonl", &damaged);
    assert_eq!((uids.len(), error.map(|error| error.kind)), (200, Some(InputErrorKind::Damaged)));
}

#[test]
fn an_archive_that_unpacks_without_end_is_refused() {
    // 200 MiB of blank lines after two records.
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(&vec![b'\n'; 1 << 20]).unwrap();
    let lines = encoder.finish().unwrap();
    let bomb = [gzip(b"{\"uid\":\"1\"}\n{\"uid\":\"2\"}\n"), lines.repeat(200)].concat();
    let (uids, error) = read("users.jsonl.gz", &bomb);
    let error = error.unwrap();
    assert_eq!((uids.len(), error.kind), (2, InputErrorKind::Limit));
    let message = error.to_string();
    let expected = "users.jsonl.gz: the gzip data unpacks to more than 200 times its size, which is \
                    the limit beyond the first 64 MiB (at record 3, line ";
    assert!(message.starts_with(expected), "{message}");
    let hint = "if that is right, unpack it yourself: gunzip -c FILE | userferry stage -";
    assert_eq!(error.hint.as_deref(), Some(hint));
}

#[test]
fn zstd_that_takes_too_much_memory_is_refused() {
    let mut encoder = zstd::stream::Encoder::new(Vec::new(), 1).unwrap();
    encoder.long_distance_matching(true).unwrap();
    encoder.window_log(28).unwrap();
    encoder.include_contentsize(false).unwrap();
    encoder.write_all(LINES.as_bytes()).unwrap();
    let data = encoder.finish().unwrap();
    let (uids, error) = read("users.jsonl.zst", &data);
    let error = error.unwrap();
    assert_eq!((uids.len(), error.kind), (0, InputErrorKind::Limit));
    assert_eq!(
        error.to_string(),
        "users.jsonl.zst: zstd data that takes more than 128 MiB of memory to unpack (at record 1, \
         line 1, byte 0)"
    );
    let hint = "unpack it yourself: zstd -dc --long=31 FILE | userferry stage -";
    assert_eq!(error.hint.as_deref(), Some(hint));
}

#[test]
fn a_disk_that_fails_is_no_damaged_archive() {
    struct Fails(std::io::Cursor<Vec<u8>>);
    impl Read for Fails {
        fn read(&mut self, buf: &mut [u8]) -> std::io::Result<usize> {
            match self.0.read(buf)? {
                0 => Err(std::io::Error::from_raw_os_error(5)),
                n => Ok(n),
            }
        }
    }
    let data = gzip(LINES.as_bytes());
    for cut in [data.len() / 2, data.len()] {
        let (_, error) = read_from("users.json", Fails(std::io::Cursor::new(data[..cut].to_vec())));
        assert_eq!(error.map(|error| error.kind), Some(InputErrorKind::Unreadable));
    }
}
