//! The splitter against `serde_json`, at every boundary of reads; checkpoints; bad documents.

use super::window::Window;
use super::*;
use proptest::prelude::*;
use serde_json::{Value, json};

/// Returns at most so many bytes a read, in turn.
struct Chunks {
    data: Vec<u8>,
    at: usize,
    sizes: Vec<usize>,
    turn: usize,
}

impl Read for Chunks {
    fn read(&mut self, buf: &mut [u8]) -> std::io::Result<usize> {
        let size = self.sizes[self.turn % self.sizes.len()].max(1);
        self.turn += 1;
        let n = size.min(buf.len()).min(self.data.len() - self.at);
        buf[..n].copy_from_slice(&self.data[self.at..self.at + n]);
        self.at += n;
        Ok(n)
    }
}

fn open(text: &[u8], sizes: &[usize]) -> Result<Reader, InputError> {
    let input = Chunks { data: text.to_vec(), at: 0, sizes: sizes.to_vec(), turn: 0 };
    Reader::from_read(input, "users.json", &Options::default(), None)
}

fn read(reader: &mut Reader) -> (Vec<Record>, Option<InputError>) {
    let mut records = Vec::new();
    loop {
        match reader.next_record() {
            Ok(Some(record)) => records.push(record),
            Ok(None) => return (records, None),
            Err(error) => return (records, Some(error)),
        }
    }
}

fn raws(text: &str) -> Vec<String> {
    let mut reader = open(text.as_bytes(), &[7]).expect("it opens");
    let (records, error) = read(&mut reader);
    assert_eq!(error, None);
    records.iter().map(|r| String::from_utf8(r.raw.clone()).expect("UTF-8")).collect()
}

fn sha256(bytes: &[u8]) -> String {
    let mut window = Window::new(Box::new(std::io::Cursor::new(bytes.to_vec())));
    window.more(bytes.len()).expect("memory can be read");
    window.consume(bytes.len());
    window.fingerprint()
}

#[test]
fn an_array_yields_its_elements_as_they_stand() {
    let text = " [ {\"uid\": 1, \"b\":[{ }]} ,\n\n{\"uid\":12345678901234567890}\n]\n";
    let mut reader = open(text.as_bytes(), &[3]).expect("it opens");
    let (records, error) = read(&mut reader);
    assert_eq!(error, None);
    assert_eq!(records[0].raw, b"{\"uid\": 1, \"b\":[{ }]}");
    assert_eq!((records[0].no, records[0].line), (1, Some(1)));
    assert_eq!(records[1].raw, b"{\"uid\":12345678901234567890}");
    assert_eq!((records[1].no, records[1].line), (2, Some(3)));
    for record in &records {
        let start = usize::try_from(record.start).expect("small");
        assert_eq!(text.as_bytes()[start..][..record.raw.len()], record.raw[..]);
        assert_eq!(record.end, record.start + record.raw.len() as u64);
    }
    assert_eq!(reader.fingerprint(), sha256(text.as_bytes()));
    assert_eq!(reader.checkpoint().offset, text.len() as u64);
}

#[test]
fn an_empty_array_has_no_records() {
    assert_eq!(raws("[]"), Vec::<String>::new());
    assert_eq!(raws("{\"users\": []}"), Vec::<String>::new());
    assert_eq!(EMPTY_SHA256, sha256(b""));
}

#[test]
fn the_array_of_records_is_found_in_an_object() {
    let users = "{\"realm\":{\"a\":1},\"roles\":[{\"id\":1}],\"users\":[{\"x\":1}],\"z\":[3]}";
    assert_eq!(raws(users), ["{\"x\":1}"]);
    assert_eq!(raws("{\"n\":[1,2],\"members\":[{\"x\":1},{}],\"t\":\"}\"}"), ["{\"x\":1}", "{}"]);
    assert_eq!(raws("{\"n\":1,\"members\":[]}"), Vec::<String>::new());
    let options = Options { records: Some("data.list".to_owned()), ..Options::default() };
    let text = b"{\"users\":[1],\"data\":{\"list\":[{\"x\":1}],\"n\":2},\"z\":0}".to_vec();
    let input = std::io::Cursor::new(text);
    let mut reader = Reader::from_read(input, "users.json", &options, None).expect("it opens");
    let (records, error) = read(&mut reader);
    assert_eq!((records.len(), error), (1, None));
}

#[test]
fn several_values_are_lines_or_stand_one_after_the_other() {
    assert_eq!(raws("{\"a\":1}\r\n\n {\"a\":2} \n"), ["{\"a\":1}", "{\"a\":2}"]);
    assert_eq!(raws("{\"users\":[]}\n{\"a\":2}"), ["{\"users\":[]}", "{\"a\":2}"]);
    assert_eq!(raws("{\n\"a\":1\n}\n{\n\"a\":2\n}\n"), ["{\n\"a\":1\n}", "{\n\"a\":2\n}"]);
    assert_eq!(raws("{\"a\":1}{\"a\":2} {}"), ["{\"a\":1}", "{\"a\":2}", "{}"]);
}

#[test]
fn a_lone_object_is_a_record_only_in_a_file_of_lines() {
    let lone = |name: &str| {
        let input = std::io::Cursor::new(b"{\"uid\":1}\n".to_vec());
        Reader::from_read(input, name, &Options::default(), None).and_then(|mut r| r.next_record())
    };
    assert_eq!(lone("a.jsonl").map(|r| r.map(|r| r.no)), Ok(Some(1)));
    assert_eq!(lone("a.NDJSON").map(|r| r.map(|r| r.no)), Ok(Some(1)));
    assert_eq!(lone("a.json").map_err(|e| e.kind).err(), Some(InputErrorKind::Records));
}

#[test]
fn a_broken_line_spoils_only_its_own_record() {
    let text = "{\"a\":1,}\n{\"a\":2}\n{\"a\":\n[1]\n{\"a\":3} x\n{\"a\":4}";
    let mut reader = open(text.as_bytes(), &[5]).expect("it opens");
    let (records, error) = read(&mut reader);
    assert_eq!(error, None);
    let rules: Vec<_> = records.iter().map(|r| r.fault.as_ref().map(|f| f.rule)).collect();
    let syntax = Some(Rule::Syntax);
    assert_eq!(rules, [syntax, None, syntax, Some(Rule::Type), syntax, None]);
    assert_eq!(records[4].raw, b"{\"a\":3} x");
    assert_eq!(reader.fingerprint(), sha256(text.as_bytes()));
}

#[test]
fn a_last_line_that_is_cut_off_is_an_error_of_the_document() {
    let mut reader = open(b"{\"a\":1}\n{\"a\":2", &[100]).expect("it opens");
    let (records, error) = read(&mut reader);
    assert_eq!(records.len(), 1);
    assert_eq!(error.map(|e| e.kind), Some(InputErrorKind::CutOff));
}

#[test]
fn a_document_cut_off_anywhere_yields_what_was_whole_and_an_error() {
    let text = b"{\"n\":[1],\"users\":[{\"a\":\"x\"},{\"a\":2},{\"a\":[3]}],\"end\":{\"b\":1}}";
    let whole: Vec<Record> = read(&mut open(text, &[100]).expect("it opens")).0;
    assert_eq!(whole.len(), 3);
    for cut in 1..text.len() {
        match open(&text[..cut], &[4]) {
            Err(error) => {
                assert!(cut < 18, "at {cut}: {error}");
                let kinds = [InputErrorKind::CutOff, InputErrorKind::Records];
                assert!(kinds.contains(&error.kind), "at {cut}: {error}");
            }
            Ok(mut reader) => {
                let (records, error) = read(&mut reader);
                let error = error.expect("it is cut off");
                assert_eq!(error.kind, InputErrorKind::CutOff, "at {cut}");
                assert_eq!(records[..], whole[..records.len()]);
                assert!(records.iter().all(|record| record.end <= cut as u64));
                assert_eq!(reader.next_record(), Err(error), "the error stays");
            }
        }
    }
}

#[test]
fn a_record_may_be_large_but_not_too_large() {
    let text = |n: usize| format!("[{{\"a\":1}},{{\"a\":\"{}\"}}]", "x".repeat(n)).into_bytes();
    let mut reader = open(&text(MAX_RECORD - 8), &[65_536]).expect("it opens");
    assert_eq!(read(&mut reader).0.len(), 2);
    let mut reader = open(&text(MAX_RECORD), &[65_536]).expect("it opens");
    let (records, error) = read(&mut reader);
    assert_eq!((records.len(), error.map(|e| e.kind)), (1, Some(InputErrorKind::TooLong)));
}

/// A row with a stray quote ends with its first line, which may lie in the window already.
#[test]
fn a_row_with_a_stray_quote_may_be_large_but_not_too_large() {
    let text = |n: usize| format!("uid,mail\n\"x\"y{},1\nz,2\n", "x".repeat(n)).into_bytes();
    for size in [1 << 20, 65_536, 65_537] {
        let read = |n: usize| {
            let mut reader = open(&text(n), &[size]).expect("it opens");
            let (records, error) = read(&mut reader);
            (records.len(), error.map(|e| e.kind))
        };
        assert_eq!(read(MAX_RECORD - 64), (2, None));
        assert_eq!(read(MAX_RECORD + 60), (0, Some(InputErrorKind::TooLong)));
    }
}

#[test]
fn a_line_may_be_large_but_not_too_large() {
    let text =
        |n: usize| format!("{{\"a\":1}}\n{{\"a\":\"{}\"}}\n{{}}", "x".repeat(n)).into_bytes();
    let mut reader = open(&text(MAX_RECORD - 8), &[1 << 20]).expect("it opens");
    assert_eq!(read(&mut reader).0.len(), 3);
    // The newline may lie in the window already.
    for size in [1 << 20, 65_536, 65_537] {
        let mut reader = open(&text(MAX_RECORD), &[size]).expect("it opens");
        let (records, error) = read(&mut reader);
        assert_eq!((records.len(), error.map(|e| e.kind)), (1, Some(InputErrorKind::TooLong)));
    }
}

#[test]
fn a_small_object_in_a_stream_is_seen_whole() {
    let text = b"{\"n\":1,\"members\":[{\"x\":1},{\"x\":2}]}".to_vec();
    let options = Options { format: Some(Format::Json), ..Options::default() };
    let mut reader = Reader::from_read(std::io::Cursor::new(text), "users.json", &options, None)
        .expect("it opens");
    assert_eq!(read(&mut reader).0.len(), 2);
}

#[test]
fn a_long_broken_line_is_one_record_however_far_was_read() {
    let long = "x".repeat(3 << 20);
    let text = format!("{{\"a\" \"{long}\"}}\n{{\"a\":2}}\n");
    let mut reader = open(text.as_bytes(), &[65_536]).expect("it opens");
    let (records, error) = read(&mut reader);
    assert_eq!(error, None);
    let faulty: Vec<bool> = records.iter().map(|record| record.fault.is_some()).collect();
    assert_eq!(faulty, [true, false]);
}

#[test]
fn what_is_no_text_is_told_alike_after_a_checkpoint() {
    let text = b"[{\"a\":1},{\"a\":\"\xe9\"}]";
    let mut reader = open(text, &[100]).expect("it opens");
    reader.next_record().expect("a record");
    let input = std::io::Cursor::new(text.to_vec());
    let checkpoint = reader.checkpoint();
    let mut again = Reader::from_read(input, "users.json", &Options::default(), Some(&checkpoint))
        .expect("it goes on");
    let record = reader.next_record();
    assert_eq!(again.next_record(), record);
    let fault = record.expect("it is read").and_then(|record| record.fault).expect("a fault");
    assert!(fault.message.ends_with("name it: --encoding"), "{}", fault.message);
}

#[test]
fn a_checkpoint_refuses_another_prefix_and_a_file_that_grew() {
    let text = b"[{\"a\":1},{\"a\":2}]";
    let mut reader = open(text, &[100]).expect("it opens");
    reader.next_record().expect("a record");
    let middle = reader.checkpoint();
    read(&mut reader);
    let end = reader.checkpoint();
    let again = |text: &[u8], checkpoint: &Checkpoint| {
        let input = std::io::Cursor::new(text.to_vec());
        Reader::from_read(input, "users.json", &Options::default(), Some(checkpoint))
            .and_then(|mut reader| reader.next_record())
            .map_err(|error| error.kind)
    };
    assert_eq!(again(text, &middle).map(|r| r.map(|r| r.no)), Ok(Some(2)));
    assert_eq!(again(b"[{\"a\":3},{\"a\":2}]", &middle), Err(InputErrorKind::Changed));
    assert_eq!(again(b"[{\"a\"", &middle), Err(InputErrorKind::Changed));
    assert_eq!(again(text, &end), Ok(None));
    assert_eq!(again(b"[{\"a\":1},{\"a\":2}] ", &end), Err(InputErrorKind::Changed));
}

#[test]
fn rows_with_stray_quotes_are_the_same_at_every_boundary_and_checkpoint() {
    let text =
        b"id,name\r\n1,\"T\r\n2,B\r\n3,\"x\"\r\n4,\"a\"\"b\"c,\"\r\n5,\"\"\n6,\"E\nF\"\n7,\"G\"";
    let whole = {
        let mut reader = open(text, &[100]).expect("it opens");
        let (records, error) = read(&mut reader);
        assert_eq!(error, None);
        records
    };
    let lines: Vec<_> = whole.iter().map(|r| (r.line, r.fault.is_some())).collect();
    let expected =
        [(2, true), (3, false), (4, false), (5, true), (6, false), (7, false), (9, false)];
    assert_eq!(lines, expected.map(|(line, is_faulty)| (Some(line), is_faulty)));
    for size in 1..20 {
        let mut reader = open(text, &[size]).expect("it opens");
        for (i, record) in whole.iter().enumerate() {
            assert_eq!(reader.next_record().expect("a row").as_ref(), Some(record), "by {size}");
            let checkpoint = reader.checkpoint();
            let input = std::io::Cursor::new(text.to_vec());
            let mut second = Reader::from_read(input, "u", &Options::default(), Some(&checkpoint))
                .expect("it goes on");
            assert_eq!(read(&mut second), (whole[i + 1..].to_vec(), None), "behind {i}");
        }
        assert_eq!(reader.next_record(), Ok(None));
        assert_eq!(reader.fingerprint(), sha256(text));
    }
}

#[test]
fn carriage_returns_are_the_same_at_every_boundary_and_checkpoint() {
    let text = b"id,name\r\n1,T\rU\r\n\r\n\r2,\"B\"\r\n3,\"x\r\"\r\r\n4,\"a\"\rb\r\n5,\r\n6,E\r";
    let whole = read(&mut open(text, &[100]).expect("it opens"));
    let cells = |record: &Record| {
        let row: serde_json::Value = serde_json::from_slice(&record.raw).expect("JSON");
        [row["id"].clone(), row["name"].clone()]
    };
    let rows: Vec<_> = whole.0.iter().filter(|it| it.fault.is_none()).map(cells).collect();
    let expected = [["1", "T\rU"], ["\r2", "B"], ["3", "x\r"], ["5", ""], ["6", "E"]];
    assert_eq!(rows, expected);
    assert_eq!((whole.0.len(), &whole.1), (6, &None));
    for size in 1..20 {
        let mut reader = open(text, &[size]).expect("it opens");
        for (i, record) in whole.0.iter().enumerate() {
            assert_eq!(reader.next_record().expect("a row").as_ref(), Some(record), "by {size}");
            let input = std::io::Cursor::new(text.to_vec());
            let checkpoint = reader.checkpoint();
            let mut second = Reader::from_read(input, "u", &Options::default(), Some(&checkpoint))
                .expect("it goes on");
            assert_eq!(read(&mut second), (whole.0[i + 1..].to_vec(), None), "behind {i}");
        }
    }
}

#[test]
fn a_checkpoint_holds_only_for_options_that_say_the_same() {
    let named = |change: &dyn Fn(&mut Options)| {
        let mut options = Options::default();
        change(&mut options);
        options
    };
    let records = |name: &'static str| named(&move |o| o.records = Some(name.to_owned()));
    let format = |format| named(&move |o| o.format = Some(format));
    let header = |header: Header| named(&move |o| o.header = header.clone());
    let columns = |names: &[&str]| {
        header(Header::Columns(names.iter().map(|&name| name.to_owned()).collect()))
    };
    let null = |words: &[&str]| {
        named(&|o| o.null = Some(words.iter().map(|&word| word.to_owned()).collect()))
    };
    let delimiter = |byte| named(&move |o| o.delimiter = Some(Delimiter(byte)));
    let encoding =
        |label: &'static str| named(&move |o| o.encoding = Some(label.parse().expect("a label")));
    let quotes = |quoting| named(&move |o| o.quotes = Some(quoting));
    let json = "{\"a.b\":{\"users\":[{\"x\":1},{\"x\":2}]},\"admins\":[1]}";
    let rows = "uid;a,b;mail\n1;2;5\n3;4;6\n";
    let marked = "\u{feff}uid;mail\n1;2\n3;4\n";
    for (text, options, contradicted) in [
        (json, Options::default(), None),
        (json, records("a.b.users"), None),
        (json, records("admins"), Some("--records")),
        (json, format(Format::Json), None),
        (json, format(Format::Jsonl), Some("--input-format")),
        // Said of CSV alone.
        (json, delimiter(b';'), None),
        (rows, delimiter(b';'), None),
        (rows, delimiter(b','), Some("--delimiter")),
        (rows, format(Format::Csv), None),
        (rows, format(Format::Json), Some("--input-format")),
        (rows, records("users"), Some("--records")),
        (rows, header(Header::First), None),
        (rows, columns(&["uid", "a,b", "mail"]), Some("--columns")),
        (json, header(Header::First), Some("--header")),
        (json, columns(&["uid"]), Some("--columns")),
        (rows, encoding("utf-8"), None),
        (rows, encoding("big5"), Some("--encoding")),
        (marked, encoding("big5"), None),
        (rows, quotes(Quoting::Double), Some("--quotes")),
        (json, quotes(Quoting::None), None),
        // `\N` means no value, whatever is said.
        (rows, null(&["\\N"]), None),
        (rows, null(&["NULL"]), Some("null or --null")),
        (json, null(&["NULL"]), None),
    ] {
        for stop in [1, 3] {
            let mut reader = open(text.as_bytes(), &[100]).expect("it opens");
            for _ in 0..stop {
                reader.next_record().expect("it is read");
            }
            let input = std::io::Cursor::new(text.as_bytes().to_vec());
            let again =
                Reader::from_read(input, "users.json", &options, Some(&reader.checkpoint()));
            let error = again.err();
            let what = contradicted
                .map(|option| format!("was staged up to here otherwise than {option} says"));
            assert_eq!(error.as_ref().map(|error| error.what.clone()), what, "{options:?}");
            assert!(error.is_none_or(|error| {
                error.kind == InputErrorKind::Changed
                    && error.hint.is_some_and(|hint| hint.starts_with("leave the option out"))
            }));
        }
    }
}

/// Whether staging was killed before the first row or behind it.
#[test]
fn what_was_said_of_a_source_need_not_be_said_again() {
    let text = b"1,nil,\\N\n2,x,nil\n3,nil,nil \n";
    let words = |words: &[&str]| words.iter().map(|&word| word.to_owned()).collect::<Vec<_>>();
    let options = Options {
        header: Header::Columns(words(&["id", "a", "b"])),
        null: Some(words(&["nil", "nil", ""])),
        ..Options::default()
    };
    let from = |options: &Options, at: Option<&Checkpoint>| {
        Reader::from_read(std::io::Cursor::new(text.to_vec()), "u.csv", options, at)
            .expect("it opens")
    };
    let raws = |records: &[Record]| -> Vec<String> {
        records.iter().map(|record| String::from_utf8(record.raw.clone()).unwrap()).collect()
    };
    let mut first = from(&options, None);
    let whole = read(&mut from(&options, None)).0;
    let expected = [
        r#"{"id":"1","a":"","b":""}"#,
        r#"{"id":"2","a":"x","b":""}"#,
        r#"{"id":"3","a":"","b":"nil "}"#,
    ];
    assert_eq!(raws(&whole), expected);
    for behind in 0..3 {
        let at = serde_json::to_string(&first.checkpoint()).unwrap();
        let at: Checkpoint = serde_json::from_str(&at).unwrap();
        let rest = read(&mut from(&Options::default(), Some(&at)));
        assert_eq!(rest, (whole[behind..].to_vec(), None), "behind {behind}");
        first.next_record().unwrap();
    }
}

fn any_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        "\\PC{0,12}".prop_map(Value::from),
        "[\"\\\\\\]\\[}{,:\n\t ]{0,6}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 24, 6, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            proptest::collection::vec(("\\PC{0,5}", inner), 0..5)
                .prop_map(|members| members.into_iter().collect::<Value>()),
        ]
    })
}

fn parsed(records: &[Record]) -> Vec<Value> {
    records.iter().map(|r| serde_json::from_slice(&r.raw).expect("valid JSON")).collect()
}

proptest! {
    #[test]
    fn elements_are_those_of_serde_json(
        values in proptest::collection::vec(any_value(), 0..8),
        pretty in any::<bool>(),
        sizes in proptest::collection::vec(1usize..40, 1..5),
    ) {
        let value = Value::from(values.clone());
        let text = if pretty { serde_json::to_vec_pretty(&value) } else { serde_json::to_vec(&value) };
        let text = text.expect("it serialises");
        let mut reader = open(&text, &sizes).expect("it opens");
        let (records, error) = read(&mut reader);
        prop_assert_eq!(error, None);
        prop_assert_eq!(parsed(&records), values);
        prop_assert_eq!(reader.fingerprint(), sha256(&text));
    }

    #[test]
    fn lines_are_those_of_serde_json(
        values in proptest::collection::vec(any_value(), 0..8),
        sizes in proptest::collection::vec(1usize..40, 1..5),
        last_newline in any::<bool>(),
    ) {
        let mut text = b"{\"first\":1}\n".to_vec();
        for value in &values {
            text.extend(serde_json::to_vec(value).expect("it serialises"));
            text.extend(b"\r\n");
        }
        text.extend(b"{\"last\":1}");
        if last_newline {
            text.push(b'\n');
        }
        let mut reader = open(&text, &sizes).expect("it opens");
        let (records, error) = read(&mut reader);
        prop_assert_eq!(error, None);
        let mut expected = vec![json!({"first": 1})];
        expected.extend(values);
        expected.push(json!({"last": 1}));
        prop_assert_eq!(parsed(&records), expected);
        prop_assert_eq!(reader.fingerprint(), sha256(&text));
    }

    #[test]
    fn reading_goes_on_at_any_checkpoint(
        values in proptest::collection::vec(any_value(), 1..6),
        layout in 0..3,
        stop in 0usize..6,
    ) {
        let elements: Vec<String> = values.iter().map(Value::to_string).collect();
        let text = match layout {
            0 => format!(" [\n{} ] ", elements.join(" , \n")),
            1 => format!("{{\"a\":[2],\"users\":[{}],\"z\":{{}}}}", elements.join(",")),
            _ => format!("{{\"a\":0}}\n{}\n", elements.join("\n\n")),
        };
        let mut whole = open(text.as_bytes(), &[100]).expect("it opens");
        let (all, error) = read(&mut whole);
        prop_assert_eq!(error, None);
        let mut first = open(text.as_bytes(), &[3]).expect("it opens");
        let stop = stop.min(all.len());
        for _ in 0..stop {
            first.next_record().expect("a record");
        }
        let stored = serde_json::to_string(&first.checkpoint()).expect("it serialises");
        let checkpoint: Checkpoint = serde_json::from_str(&stored).expect("it is read back");
        let input = std::io::Cursor::new(text.clone().into_bytes());
        let mut second =
            Reader::from_read(input, "users.json", &Options::default(), Some(&checkpoint))
                .expect("it goes on");
        let (rest, error) = read(&mut second);
        prop_assert_eq!(error, None);
        prop_assert_eq!(&rest[..], &all[stop..]);
        prop_assert_eq!(second.checkpoint(), whole.checkpoint());
    }

    #[test]
    fn no_bytes_make_the_reader_panic(bytes in proptest::collection::vec(
        prop_oneof![any::<u8>(), prop::sample::select(b"{}[]\",:\\ \n0tu".to_vec())], 0..60,
    )) {
        if let Ok(mut reader) = open(&bytes, &[5]) {
            read(&mut reader);
        }
    }
}

/// Who names the format and the columns has looked at the file.
#[test]
fn a_file_that_is_said_to_be_csv_with_a_header_is_no_dump() {
    let text = "use code;\n1;2\n";
    let open = |format, header| {
        let options = Options { format, header, ..Options::default() };
        let input = std::io::Cursor::new(text.as_bytes().to_vec());
        Reader::from_read(input, "u.csv", &options, None)
            .map(|_| ())
            .map_err(|error| error.to_string())
    };
    let columns = || Header::Columns(vec!["a".to_owned(), "b".to_owned()]);
    for header in [Header::First, columns()] {
        assert_eq!(open(Some(Format::Csv), header), Ok(()));
    }
    for (format, header) in
        [(None, Header::First), (None, columns()), (Some(Format::Csv), Header::default())]
    {
        let error = open(format, header).expect_err("a dump");
        assert!(error.contains("SQL dump"), "{error}");
    }
}
