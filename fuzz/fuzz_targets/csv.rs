//! CSV. Oracle: the reader of the crate `csv`.
//!
//! The first byte chooses the delimiter, the second what cells are read as.

#![no_main]

use csv::Terminator;
use libfuzzer_sys::fuzz_target;
use serde_json::Value;
use userferry::input::{Cell, Delimiter, Encoding, Format, Header, Options, Quoting};
use userferry_fuzz::{is_packed, is_private, parse, read};

fuzz_target!(|data: &[u8]| {
    let [choice, typed, data @ ..] = data else { return };
    let delimiter = match choice % 6 {
        0 | 1 => None,
        2 => Some(","),
        3 => Some(";"),
        4 => Some("tab"),
        _ => Some("|"),
    };
    let delimiter = delimiter.map(|text| text.parse::<Delimiter>().expect("a delimiter"));
    let mut cells = Vec::new();
    for (bit, name, cell) in [(1, "a", Cell::Bool), (2, "b", Cell::Int), (4, "column 3", Cell::Int)]
    {
        if typed & bit != 0 {
            cells.push((name.to_owned(), cell));
        }
    }
    let format = (choice & 64 == 0).then_some(Format::Csv);
    let encoding = Some(Encoding::UTF_8);
    // Headers that are known are rare among random ones.
    let header = if choice & 8 == 0 { Header::First } else { Header::default() };
    let words = ["NULL", "x", ""].map(str::to_owned).to_vec();
    let null = (choice & 16 != 0).then_some(words);
    let count_nulls = choice & 32 != 0;
    let quotes = match typed & 24 {
        8 => Some(Quoting::None),
        16 => Some(Quoting::Double),
        _ => None,
    };
    let options = Options {
        format,
        encoding,
        delimiter,
        quotes,
        header,
        cells,
        null,
        count_nulls,
        ..Options::default()
    };
    let is_packed = is_packed(data);
    let name = if choice & 128 == 0 { "users.csv" } else { "users" };
    let walk = read(data, name, &options, !is_packed);
    let in_utf_8 = walk.note.as_ref().is_some_and(|note| !note.contains(" in "));
    if is_packed
        || is_private(data)
        || walk.error.is_some()
        || walk.format.as_deref() != Some("csv")
        || !in_utf_8
    {
        return;
    }
    // A quote inside a cell spoils its row, and the next line is the next row, and what may be several rows is told: the
    // crate has no such rules.
    let is_stray = |record: &userferry::input::Record| {
        record.fault.as_ref().is_some_and(|fault| {
            let starts = |start| fault.message.starts_with(start);
            starts("a quote stands inside")
                || starts("a cell begins with a quote")
                || starts("a cell in quotes spans")
        })
    };
    if walk.records.iter().any(is_stray) {
        return;
    }
    let layout = walk.layout();
    let separator = layout["rows"]["delimiter"].as_u64().expect("a byte") as u8;
    // Where the source uses no quotes, such a row is one like any other: the crate has no such rule either.
    let goes_on = |two: &[u8]| two[0] == b'"' && !matches!(two[1], b'\t' | b'\r' | b'\n' | b'"');
    let returns = |three: &[u8]| three[0] == b'"' && three[1] == b'\r' && three[2] != b'\n';
    let is_bare = layout["rows"]["is_bare"] == true;
    if is_bare && (data.windows(2).any(goes_on) || data.windows(3).any(returns)) {
        return;
    }
    if let Some(named) = delimiter {
        assert_eq!(serde_json::to_value(named).expect("a byte"), layout["rows"]["delimiter"]);
    }
    let is_enclosed = !layout["rows"]["enclosed"].is_null();
    let header = layout["rows"]["header"].as_array().expect("the names");
    let header: Vec<&str> = header.iter().filter_map(Value::as_str).collect();
    let only_newlines = layout["rows"]["line_end"] == "newline";
    let rows = rows(text(data), separator, only_newlines, quotes != Some(Quoting::None));
    let Some((first, rows)) = rows.split_first() else {
        assert!(header.is_empty() && walk.records.is_empty(), "a header without a row");
        return;
    };
    assert_eq!(first.len(), header.len(), "as many columns as names");
    for (i, (cell, name)) in first.iter().zip(&header).enumerate() {
        let cell = String::from_utf8(cell.clone()).expect("names are text");
        let unnamed = format!("column {}", i + 1);
        assert_eq!(if cell.trim().is_empty() { &unnamed } else { cell.trim() }, *name);
    }
    let is_blank = |row: &Vec<Vec<u8>>| {
        let is_space = |byte: &u8| matches!(byte, b' ' | b'\t' | b'\r' | b'\n');
        header.len() > 1 && row.len() == 1 && row[0].iter().all(is_space)
    };
    let rows: Vec<_> = rows.iter().filter(|row| !is_blank(row)).collect();
    assert_eq!(rows.len(), walk.records.len(), "as many records as rows");
    for (row, record) in rows.iter().zip(&walk.records) {
        let is_text = row.iter().all(|cell| std::str::from_utf8(cell).is_ok());
        assert_eq!(record.fault.is_none(), is_text && row.len() == header.len());
        if !is_text {
            continue;
        }
        match parse(&record.raw).expect("JSON") {
            Value::Object(object) => {
                assert_eq!(row.len(), header.len());
                let names: Vec<&str> = object.keys().map(String::as_str).collect();
                assert_eq!(names, header);
                for ((name, value), cell) in object.iter().zip(row.iter()) {
                    let kind = options.cells.iter().find(|(n, _)| n == name).map(|(_, k)| *k);
                    let cell = std::str::from_utf8(cell).expect("text");
                    let is_named = |words: &Vec<String>| words.iter().any(|word| word == cell);
                    let is_null = cell == "\\N" || options.null.as_ref().is_some_and(is_named);
                    // Where texts are in quotes, these say whether such a word is one.
                    let is_open = is_enclosed && (cell == "NULL" || is_null);
                    let cell =
                        if is_open && value != cell || is_null && !is_open { "" } else { cell };
                    same(value, cell, kind);
                }
            }
            Value::Array(list) => {
                assert_ne!(row.len(), header.len());
                assert_eq!(list.len(), row.len());
                for (value, cell) in list.iter().zip(row.iter()) {
                    same(value, std::str::from_utf8(cell).expect("text"), None);
                }
            }
            _ => panic!("neither an object nor an array"),
        }
    }
});

/// What the rows start in: behind the mark, the blank lines, and the word about the delimiter.
fn text(data: &[u8]) -> &[u8] {
    let text = data.strip_prefix(b"\xef\xbb\xbf").unwrap_or(data);
    let is_space = |byte: &&u8| matches!(byte, b' ' | b'\t' | b'\r' | b'\n');
    let blank = text.iter().take_while(is_space).count();
    let line = text[..blank].iter().rposition(|byte| matches!(byte, b'\r' | b'\n'));
    let text = &text[line.map_or(0, |at| at + 1)..];
    match text {
        [b's' | b'S', b'e' | b'E', b'p' | b'P', b'=', byte, b'\r' | b'\n', ..]
            if byte.is_ascii() && !matches!(byte, b'"' | b'\r' | b'\n' | 0) =>
        {
            &text[5..]
        }
        _ => text,
    }
}

/// The rows, where a newline alone ends them, or a carriage return, too.
fn rows(text: &[u8], delimiter: u8, only_newlines: bool, quoting: bool) -> Vec<Vec<Vec<u8>>> {
    // The crate would take a second mark away.
    let mut marked = b"\n".to_vec();
    marked.extend_from_slice(text);
    let line_end = if only_newlines { Terminator::Any(b'\n') } else { Terminator::CRLF };
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(delimiter)
        .terminator(line_end)
        .quoting(quoting)
        .has_headers(false)
        .flexible(true)
        .from_reader(marked.as_slice());
    let (mut rows, mut row, mut start) = (Vec::new(), csv::ByteRecord::new(), 0);
    while reader.read_byte_record(&mut row).expect("rows of any length") {
        let end = reader.position().byte() as usize;
        let raw = marked[start..end].strip_suffix(b"\n").unwrap_or(&marked[start..end]);
        start = end;
        let mut cells: Vec<Vec<u8>> = row.iter().map(<[u8]>::to_vec).collect();
        if only_newlines {
            // Carriage returns before a newline, or at the end, belong to the line end.
            let blank = raw.iter().take_while(|byte| **byte == b'\n').count();
            let raw = &raw[blank..];
            let returns = raw.iter().rev().take_while(|byte| **byte == b'\r').count();
            if returns == raw.len() {
                continue;
            }
            let last = cells.last_mut().expect("a cell");
            last.truncate(last.len() - returns);
        }
        rows.push(cells);
    }
    rows
}

fn same(value: &Value, cell: &str, kind: Option<Cell>) {
    match (value, kind) {
        (Value::String(text), _) => assert_eq!(text, cell),
        (Value::Bool(truth), Some(Cell::Bool)) => {
            let word = cell.trim().to_ascii_lowercase();
            let words = if *truth { "true t yes y 1" } else { "false f no n 0" };
            assert!(words.split(' ').any(|known| known == word), "a word for {truth}");
        }
        (Value::Number(number), Some(Cell::Int)) => {
            assert_eq!(parse(cell.trim().as_bytes()), Some(Value::Number(number.clone())));
        }
        _ => panic!("a cell became something else"),
    }
}
