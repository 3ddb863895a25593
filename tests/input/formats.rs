//! What was written in one format, encoding and compression is read back the same: at every
//! boundary of reads, and from every checkpoint. The writers are those of other libraries.

use proptest::prelude::*;
use serde_json::{Map, Value, json};
use std::io::{Read, Write as _};
use userferry::input::{
    Checkpoint, Delimiter, Encoding, Format, Header, InputError, Options, Quoting, Reader, Record,
};

/// Returns at most so many bytes a read, in turn.
struct Chunks {
    data: Vec<u8>,
    at: usize,
    sizes: Vec<usize>,
    turn: usize,
}

impl Read for Chunks {
    fn read(&mut self, buf: &mut [u8]) -> std::io::Result<usize> {
        let size = self.sizes[self.turn % self.sizes.len()];
        self.turn += 1;
        let n = size.min(buf.len()).min(self.data.len() - self.at);
        buf[..n].copy_from_slice(&self.data[self.at..self.at + n]);
        self.at += n;
        Ok(n)
    }
}

/// How a table of texts is written.
#[derive(Clone, Copy, Debug)]
enum Shape {
    Array,
    Nested,
    Lines,
    Csv { delimiter: u8, line_end: csv::Terminator, all_quoted: bool },
}

#[derive(Clone, Copy, Debug)]
enum Encoded {
    Utf8,
    Utf8Mark,
    Utf16LeMark,
    Utf16BeMark,
    Utf16Le,
    Gb18030,
}

#[derive(Clone, Copy, Debug)]
enum Packed {
    Plain,
    Gzip,
    GzipMembers,
    Zstd,
    ZstdFrames,
}

#[derive(Clone, Debug)]
struct Written {
    shape: Shape,
    encoded: Encoded,
    packed: Packed,
}

fn objects(names: &[String], rows: &[Vec<String>]) -> Vec<Value> {
    let object = |row: &Vec<String>| {
        names.iter().cloned().zip(row.iter().cloned().map(Value::from)).collect::<Map<_, _>>()
    };
    rows.iter().map(|row| Value::from(object(row))).collect()
}

/// The rows as a reader gives them: in CSV `\N` stands for no value, as databases write it.
fn as_read(rows: &[Vec<String>], shape: Shape) -> Vec<Vec<String>> {
    let cell = |text: &String| match (shape, text.as_str()) {
        (Shape::Csv { .. }, "\\N") => String::new(),
        _ => text.clone(),
    };
    rows.iter().map(|row| row.iter().map(cell).collect()).collect()
}

pub(crate) fn as_csv(
    names: &[String],
    rows: &[Vec<String>],
    delimiter: u8,
    line_end: csv::Terminator,
    all_quoted: bool,
) -> String {
    let style = if all_quoted { csv::QuoteStyle::Always } else { csv::QuoteStyle::Necessary };
    let mut writer = csv::WriterBuilder::new()
        .delimiter(delimiter)
        .terminator(line_end)
        .quote_style(style)
        .from_writer(Vec::new());
    for row in std::iter::once(names).chain(rows.iter().map(Vec::as_slice)) {
        writer.write_record(row).unwrap();
    }
    String::from_utf8(writer.into_inner().unwrap()).unwrap()
}

pub(crate) fn as_lines(values: &[Value]) -> String {
    let lines: Vec<String> = values.iter().map(|value| format!("{value}\n")).collect();
    lines.concat()
}

pub(crate) fn utf_16(text: &str, unit: fn(u16) -> [u8; 2]) -> Vec<u8> {
    text.encode_utf16().flat_map(unit).collect()
}

pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

pub(crate) fn zstd(bytes: &[u8]) -> Vec<u8> {
    zstd::stream::encode_all(bytes, 3).unwrap()
}

fn write(names: &[String], rows: &[Vec<String>], how: &Written) -> Vec<u8> {
    let values = objects(names, rows);
    let text = match how.shape {
        Shape::Array => serde_json::to_string_pretty(&values).unwrap(),
        Shape::Nested => json!({"n": 1, "data": {"x": [1], "users": values}, "z": {}}).to_string(),
        Shape::Lines => as_lines(&values),
        Shape::Csv { delimiter, line_end, all_quoted } => {
            as_csv(names, rows, delimiter, line_end, all_quoted)
        }
    };
    let bytes = match how.encoded {
        Encoded::Utf8 => text.into_bytes(),
        Encoded::Utf8Mark => format!("\u{feff}{text}").into_bytes(),
        Encoded::Utf16LeMark => utf_16(&format!("\u{feff}{text}"), u16::to_le_bytes),
        Encoded::Utf16BeMark => utf_16(&format!("\u{feff}{text}"), u16::to_be_bytes),
        Encoded::Utf16Le => utf_16(&text, u16::to_le_bytes),
        Encoded::Gb18030 => encoding_rs::GB18030.encode(&text).0.into_owned(),
    };
    let (first, second) = bytes.split_at(bytes.len() / 3);
    match how.packed {
        Packed::Plain => bytes,
        Packed::Gzip => gzip(&bytes),
        Packed::GzipMembers => [gzip(first), gzip(&[]), gzip(second)].concat(),
        Packed::Zstd => zstd(&bytes),
        Packed::ZstdFrames => [zstd(first), zstd(&[]), zstd(second)].concat(),
    }
}

/// Whether two lines of a row, each for itself, have as many cells as the header: then the row may be several.
fn looks_like_rows(row: &[String], shape: Shape) -> bool {
    let Shape::Csv { delimiter, line_end, all_quoted } = shape else { return false };
    let text = as_csv(row, &[], delimiter, line_end, all_quoted);
    let cells = |line: &str| line.bytes().filter(|byte| *byte == delimiter).count() + 1;
    // A carriage return ends lines only where nothing else does.
    [&['\n'][..], &['\r', '\n']]
        .iter()
        .any(|ends| text.split(*ends).filter(|line| cells(line) == row.len()).count() > 1)
}

fn options(rows: &[Vec<String>], how: &Written) -> Options {
    let mut options = Options::default();
    match how.shape {
        Shape::Csv { delimiter, .. } => {
            let is_unsure = rows.iter().any(|row| looks_like_rows(row, how.shape));
            options.quotes = is_unsure.then_some(Quoting::Double);
            options.format = Some(Format::Csv);
            options.header = Header::First;
            let word = if delimiter == b'\t' {
                "tab".to_owned()
            } else {
                char::from(delimiter).to_string()
            };
            options.delimiter = Some(word.parse::<Delimiter>().unwrap());
        }
        // One object alone could be anything.
        Shape::Lines => options.format = Some(Format::Jsonl),
        Shape::Array | Shape::Nested => {}
    }
    // Random characters are in no language.
    options.encoding = match how.encoded {
        Encoded::Utf8 => Some("utf-8".parse::<Encoding>().unwrap()),
        Encoded::Utf16Le => Some("utf-16le".parse().unwrap()),
        Encoded::Gb18030 => Some("gb18030".parse().unwrap()),
        Encoded::Utf8Mark | Encoded::Utf16LeMark | Encoded::Utf16BeMark => None,
    };
    options
}

fn open(
    data: &[u8],
    sizes: &[usize],
    options: &Options,
    resume: Option<&Checkpoint>,
) -> Result<Reader, InputError> {
    let input = Chunks { data: data.to_vec(), at: 0, sizes: sizes.to_vec(), turn: 0 };
    Reader::from_read(input, "export", options, resume)
}

/// Every record, and the checkpoint behind it.
fn read(reader: &mut Reader) -> (Vec<(Record, Checkpoint)>, Option<InputError>) {
    let mut records = Vec::new();
    loop {
        match reader.next_record() {
            Ok(Some(record)) => records.push((record, reader.checkpoint())),
            Ok(None) => return (records, None),
            Err(error) => return (records, Some(error)),
        }
    }
}

fn values(records: &[(Record, Checkpoint)]) -> Vec<Value> {
    records.iter().map(|(record, _)| serde_json::from_slice(&record.raw).unwrap()).collect()
}

fn any_shape() -> impl Strategy<Value = Shape> {
    let line_end = prop::sample::select(vec![
        csv::Terminator::CRLF,
        csv::Terminator::Any(b'\n'),
        csv::Terminator::Any(b'\r'),
    ]);
    let csv = (prop::sample::select(b",;\t|".to_vec()), line_end, any::<bool>());
    prop_oneof![
        Just(Shape::Array),
        Just(Shape::Nested),
        Just(Shape::Lines),
        csv.clone().prop_map(|(delimiter, line_end, all_quoted)| {
            Shape::Csv { delimiter, line_end, all_quoted }
        }),
        csv.prop_map(|(delimiter, line_end, all_quoted)| {
            Shape::Csv { delimiter, line_end, all_quoted }
        }),
    ]
}

fn any_written() -> impl Strategy<Value = Written> {
    let encoded = prop::sample::select(vec![
        Encoded::Utf8,
        Encoded::Utf8Mark,
        Encoded::Utf16LeMark,
        Encoded::Utf16BeMark,
        Encoded::Utf16Le,
        Encoded::Gb18030,
    ]);
    let packed = prop::sample::select(vec![
        Packed::Plain,
        Packed::Gzip,
        Packed::GzipMembers,
        Packed::Zstd,
        Packed::ZstdFrames,
    ]);
    (any_shape(), encoded, packed).prop_map(|(shape, encoded, packed)| Written {
        shape,
        encoded,
        packed,
    })
}

/// A table of texts with awkward characters.
fn any_table() -> impl Strategy<Value = (Vec<String>, Vec<Vec<String>>)> {
    let text = prop_oneof![
        "[ -~]{0,6}",
        "[\",;\t|\r\n 张三é]{0,6}",
        // A private character that no table of GB18030 has.
        "\\PC{0,4}".prop_map(|text| text.replace('\u{e5e5}', "")),
        Just("\\N".to_owned()),
    ];
    (2usize..5).prop_flat_map(move |columns| {
        let names: Vec<String> = (0..columns).map(|n| format!("列, \"{n}\"")).collect();
        let row = prop::collection::vec(text.clone(), columns);
        (Just(names), prop::collection::vec(row, 1..6))
    })
}

/// A carriage return is part of its cell where rows end with line feeds, so two lines of this row have four cells.
#[test]
fn a_row_that_may_be_several_is_known_by_the_line_ends_of_its_file() {
    let row = [";", ";\n", ";\r", " "].map(str::to_owned);
    let of = |line_end| Shape::Csv { delimiter: b';', line_end, all_quoted: false };
    assert!(looks_like_rows(&row, of(csv::Terminator::CRLF)));
}

proptest! {
    #[test]
    fn what_was_written_is_read_back_in_any_pieces_and_from_any_checkpoint(
        (names, rows) in any_table(),
        how in any_written(),
        sizes in prop::collection::vec(1usize..40, 1..5),
    ) {
        let data = write(&names, &rows, &how);
        let options = options(&rows, &how);
        let (all, error) = read(&mut open(&data, &sizes, &options, None).unwrap());
        prop_assert_eq!(error, None);
        prop_assert_eq!(values(&all), objects(&names, &as_read(&rows, how.shape)));
        prop_assert!(all.iter().all(|(record, _)| record.fault.is_none()));
        let whole = read(&mut open(&data, &[1 << 20], &options, None).unwrap()).0;
        prop_assert_eq!(&whole, &all, "the sizes of reads change nothing");
        for (i, (_, checkpoint)) in all.iter().enumerate() {
            let stored = serde_json::to_string(checkpoint).unwrap();
            let checkpoint: Checkpoint = serde_json::from_str(&stored).unwrap();
            // What was named when it was staged need not be named again.
            let mut rest = open(&data, &sizes, &Options::default(), Some(&checkpoint)).unwrap();
            let (rest, error) = read(&mut rest);
            prop_assert_eq!(error, None);
            prop_assert_eq!(&rest[..], &all[i + 1..]);
        }
    }

    #[test]
    fn lines_of_csv_are_counted_with_those_inside_quotes(
        (names, rows) in any_table(),
        line_end in prop::sample::select(vec![
            csv::Terminator::CRLF, csv::Terminator::Any(b'\n'), csv::Terminator::Any(b'\r'),
        ]),
        sizes in prop::collection::vec(1usize..40, 1..5),
    ) {
        let text = as_csv(&names, &rows, b',', line_end, true);
        let options =
            Options { format: Some(Format::Csv), header: Header::First, ..Options::default() };
        let (all, error) = read(&mut open(text.as_bytes(), &sizes, &options, None).unwrap());
        prop_assert_eq!(error, None);
        for (record, _) in all {
            let before = &text[..usize::try_from(record.start).unwrap()];
            let lines = before.replace("\r\n", "\n").replace('\r', "\n").matches('\n').count();
            prop_assert_eq!(record.line, Some(lines as u64 + 1));
        }
    }

    #[test]
    fn no_bytes_make_the_reader_panic(
        start in prop::sample::select(vec![
            &b""[..], b"\x1f\x8b\x08\0", b"\x28\xb5\x2f\xfd", b"\x50\x2a\x4d\x18", b"\xff\xfe", b"\xfe\xff",
            b"a,b\n", b"sep=", b"\xd5\xc5,\xc8\xfd\n",
        ]),
        bytes in prop::collection::vec(
            prop_oneof![any::<u8>(), prop::sample::select(b"{}[]\",;\t|\r\n0a\0".to_vec())], 0..80,
        ),
        name in prop::sample::select(vec!["a.csv", "a.tsv.gz", "a.jsonl", "a"]),
        sizes in prop::collection::vec(1usize..10, 1..4),
    ) {
        let data = [start, &bytes].concat();
        let input = Chunks { data, at: 0, sizes, turn: 0 };
        if let Ok(mut reader) = Reader::from_read(input, name, &Options::default(), None) {
            read(&mut reader);
        }
    }

    #[test]
    fn an_archive_cut_off_or_damaged_yields_what_came_before_and_an_error(
        (names, rows) in any_table(),
        how in any_written(),
        place in any::<prop::sample::Index>(),
        flip in prop::option::of(0u8..8),
    ) {
        let data = write(&names, &rows, &how);
        // Less than four bytes are not known for an archive.
        let place = 4 + place.index(data.len() - 4);
        let mut bad = data[..if flip.is_some() { data.len() } else { place }].to_vec();
        if let Some(bit) = flip {
            bad[place] ^= 1 << bit;
        }
        let is_packed = !matches!(how.packed, Packed::Plain);
        let Ok(mut reader) = open(&bad, &[7], &options(&rows, &how), None) else { return Ok(()) };
        let (before, error) = read(&mut reader);
        if is_packed && flip.is_none() {
            // Between two members an archive may end, and then it is the text that is cut off. In JSON that
            // is seen, but for lines that are whole; CSV may end anywhere, and nobody knows whether its last
            // row was longer.
            let is_csv = matches!(how.shape, Shape::Csv { .. });
            let may_end = matches!(how.packed, Packed::GzipMembers | Packed::ZstdFrames)
                && (is_csv || matches!(how.shape, Shape::Lines));
            prop_assert!(error.is_some() || may_end);
            let is_whole = error.is_some() || !is_csv;
            let certain = &before[..before.len() - usize::from(!is_whole && !before.is_empty())];
            let expected = objects(&names, &as_read(&rows, how.shape));
            prop_assert_eq!(&values(certain)[..], &expected[..certain.len()]);
        }
    }
}

#[test]
fn bytes_read_are_those_of_the_source() {
    let text = format!("[{}{{\"uid\":\"x\"}}]", "{\"uid\":\"1\"},".repeat(1000));
    for data in [text.clone().into_bytes(), gzip(text.as_bytes()), utf_16(&text, u16::to_le_bytes)]
    {
        let mut reader = open(&data, &[1 << 20], &Options::default(), None).unwrap();
        let (all, error) = read(&mut reader);
        assert_eq!((all.len(), error), (1001, None));
        assert_eq!(reader.bytes_read(), data.len() as u64);
        assert_eq!(reader.checkpoint().offset, text.len() as u64);
    }
}
