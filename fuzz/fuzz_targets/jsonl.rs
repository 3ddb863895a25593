//! JSON Lines. Oracle: `serde_json`, line by line.

#![no_main]

use libfuzzer_sys::fuzz_target;
use userferry::input::{Encoding, Format, InputErrorKind, MAX_RECORD, Options};
use userferry_fuzz::{has_twins, is_packed, is_private, parse, read};

fuzz_target!(|data: &[u8]| {
    let Some((choice, data)) = data.split_first() else { return };
    let options = Options {
        format: (choice & 1 == 0).then_some(Format::Jsonl),
        encoding: Some(Encoding::UTF_8),
        ..Options::default()
    };
    let is_packed = is_packed(data);
    let name = if choice & 2 == 0 { "users.jsonl" } else { "users.ndjson.gz" };
    let walk = read(data, name, &options, !is_packed);
    if is_packed || walk.note.is_some() || walk.layout() != "lines" || is_private(data) {
        return;
    }
    let is_space = |byte: &u8| matches!(byte, b' ' | b'\t' | b'\r' | b'\n');
    let mark = if data.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 };
    let mut records = walk.records.iter();
    let mut at = mark;
    let mut lines = data[mark..].split(|byte| *byte == b'\n').enumerate().peekable();
    while let Some((no, line)) = lines.next() {
        let is_last = lines.peek().is_none();
        let indent = line.iter().take_while(|byte| is_space(byte)).count();
        let start = at + indent;
        at += line.len() + usize::from(!is_last);
        let blank_end = line.iter().rev().take_while(|byte| is_space(byte)).count();
        if indent == line.len() {
            continue;
        }
        let text = &line[indent..line.len() - blank_end];
        let Some(record) = records.next() else {
            let kind = walk.error.as_ref().map(|error| error.kind);
            match kind {
                Some(InputErrorKind::CutOff) => {
                    assert!(is_last && parse(text).is_none(), "only the last line is cut off");
                }
                // It may be white space too, of several lines before the first record.
                Some(InputErrorKind::TooLong) => assert!(at > MAX_RECORD),
                other => panic!("line {} is left out: {other:?}", no + 1),
            }
            return;
        };
        assert_eq!(record.raw, text, "line {}", no + 1);
        assert_eq!(record.line, Some(no as u64 + 1));
        assert_eq!((record.start, record.end), (start as u64, at as u64));
        let is_good = parse(text).is_some_and(|value| value.is_object()) && !has_twins(text);
        let is_deep =
            record.fault.as_ref().is_some_and(|fault| fault.message.starts_with("nested more"));
        assert!(is_good == record.fault.is_none() || is_deep, "line {}", no + 1);
    }
    assert_eq!(records.next(), None, "no more records than lines");
});
