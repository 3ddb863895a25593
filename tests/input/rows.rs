//! CSV: what is detected, what is wrong in a row alone, and what is refused.

use super::check;
use userferry::input::{
    Checkpoint, Delimiter, Format, Header, InputError, InputErrorKind, Options, Quoting, Reader,
    Record,
};
use userferry::mapping::Mapping;
use userferry::provider::authing::fields::V2;

fn open(name: &str, content: &[u8], options: &Options) -> Result<Reader, InputError> {
    let input = std::io::Cursor::new(content.to_vec());
    Reader::from_read(input, name, options, None)
}

fn csv() -> Options {
    Options { cells: Mapping::reference().cells(&V2), ..Options::default() }
}

/// The raw records, and the error if the source could not be read to its end.
fn read(name: &str, content: &[u8]) -> (Vec<String>, Option<InputError>) {
    let mut raws = Vec::new();
    let result = open(name, content, &csv()).and_then(|mut reader| {
        while let Some(record) = reader.next_record()? {
            raws.push(String::from_utf8(record.raw).unwrap());
        }
        Ok(())
    });
    (raws, result.err())
}

/// The message and the hint of a source that cannot be read, and its records before.
#[track_caller]
fn refused(name: &str, content: &[u8]) -> (usize, InputErrorKind, String, String) {
    let (raws, error) = read(name, content);
    let error = error.unwrap();
    let (message, hint) = (error.to_string(), error.hint.clone().unwrap_or_default());
    assert!(!message.contains("geheim") && !hint.contains("geheim"), "{message}");
    (raws.len(), error.kind, message, hint)
}

#[test]
fn a_row_becomes_an_object_of_texts() {
    let content =
        b"uid, mail ,\"nick\"\"name\",\r\n007,a@b.cn,\"Wu, \"\"Li\"\"\r\nBo\",x\r\n\r\n8,,,\r\n";
    let expected = [
        r#"{"uid":"007","mail":"a@b.cn","nick\"name":"Wu, \"Li\"\r\nBo","column 4":"x"}"#,
        r#"{"uid":"8","mail":"","nick\"name":"","column 4":""}"#,
    ];
    assert_eq!(read("users.csv", content), (expected.map(str::to_owned).to_vec(), None));
}

#[test]
fn the_field_decides_what_a_cell_is() {
    let content =
        "uid,emailVerified,loginsCount\n1,Yes,4\n2, FALSE , 1e1 \n3,0,-0\n4,maybe,007\n5,,\n";
    let expected = [
        r#"{"uid":"1","emailVerified":true,"loginsCount":4}"#,
        r#"{"uid":"2","emailVerified":false,"loginsCount":1e1}"#,
        r#"{"uid":"3","emailVerified":false,"loginsCount":-0}"#,
        r#"{"uid":"4","emailVerified":"maybe","loginsCount":"007"}"#,
        r#"{"uid":"5","emailVerified":"","loginsCount":""}"#,
    ];
    let expected = expected.map(str::to_owned).to_vec();
    assert_eq!(read("users.csv", content.as_bytes()), (expected, None));
    let (found, valid, invalid) = check("users.csv", content.as_bytes());
    assert_eq!((valid, invalid), (4, 1));
    assert!(found.iter().all(|line| line.starts_with("users.csv: record 4, line 5")), "{found:?}");
    assert_eq!(found.iter().filter(|line| line.ends_with("(type)")).count(), 2, "{found:?}");
    for word in ["true", "yes", "T", "y", "1", "False", "NO", "f", "n", "0"] {
        let (raws, _) = read("users.csv", format!("uid,emailVerified\n1,{word}\n").as_bytes());
        let truth = matches!(word.to_lowercase().as_str(), "true" | "yes" | "t" | "y" | "1");
        assert_eq!(raws, [format!("{{\"uid\":\"1\",\"emailVerified\":{truth}}}")]);
    }
}

#[test]
fn csv_is_detected_by_its_name_or_its_first_line() {
    let found = |name: &str, content: &str| {
        open(name, content.as_bytes(), &Options::default()).map(|reader| reader.note())
    };
    let note = |text: &str| Ok(Some(text.to_owned()));
    assert_eq!(found("users.csv", "uid,mail\n"), note("CSV, separated by ','"));
    assert_eq!(found("users.csv.gz", "uid;mail\n"), note("CSV, separated by ';'"));
    assert_eq!(found("users.CSV", "uid,id\n"), note("CSV, separated by ','"));
    assert_eq!(found("users.tsv", "uid\tfirst, last\tmail\n"), note("CSV, separated by tabs"));
    assert_eq!(found("users.txt", "uid|mail\n"), note("CSV, separated by '|'"));
    assert_eq!(found("export", "\n\"uid\",\"mail\"\n"), note("CSV, separated by ','"));
    assert_eq!(found("users.csv", "sep=^\r\nuid^a,b^mail\r\n"), note("CSV, separated by '^'"));
    assert_eq!(found("users.csv", "[{\"uid\":\"1\"}]"), Ok(None), "what is in it decides");
    for (name, content) in [("users.txt", "uid\n1\n"), ("export", "x = {\"uid\": 1, \"b\": 2}")] {
        let kind = found(name, content).map_err(|error| error.kind);
        assert_eq!(kind, Err(InputErrorKind::Format), "{content}");
    }
}

#[test]
fn options_overrule_what_is_detected() {
    let read = |content: &str, options: &Options| {
        let mut reader = open("export", content.as_bytes(), options).unwrap();
        String::from_utf8(reader.next_record().unwrap().unwrap().raw).unwrap()
    };
    let named = Options { header: Header::First, format: Some(Format::Csv), ..Options::default() };
    assert_eq!(read("[uid\n1\n", &named), r#"{"[uid":"1"}"#);
    let delimiter = Some("^".parse::<Delimiter>().unwrap());
    let named = Options { delimiter, ..named };
    assert_eq!(read("a,b^c\n1^2\n", &named), r#"{"a,b":"1","c":"2"}"#);
    assert_eq!("TAB".parse::<Delimiter>(), "\t".parse());
    for wrong in ["", ",,", "\"", "，", "\n"] {
        let expected = "one character of ASCII that is no quotation mark, or the word tab";
        assert_eq!(wrong.parse::<Delimiter>(), Err(expected.to_owned()));
    }
    let json = Options { format: Some(Format::Json), ..Options::default() };
    let error = open("users.csv", b"uid,mail\n", &json).err().unwrap();
    assert_eq!(
        (error.to_string().as_str(), error.hint.as_deref()),
        (
            "users.csv: this looks like CSV, not like JSON (at line 1, byte 0)",
            Some("leave out --input-format")
        )
    );
    let records = Options { records: Some("users".to_owned()), ..Options::default() };
    assert_eq!(
        open("users.csv", b"uid,mail\n", &records).err().unwrap().to_string(),
        "users.csv: --records names an array inside a JSON object, and this is none"
    );
}

#[test]
fn a_header_alone_has_no_records() {
    for content in ["uid,mail", "uid,mail\n", "\r\nuid,mail\r\n\r\n", "uid,mail\n   \n"] {
        assert_eq!(read("users.csv", content.as_bytes()), (Vec::new(), None), "{content:?}");
    }
}

#[test]
fn a_row_of_another_length_is_that_records_problem() {
    for (row, problem, raw) in [
        ("2,b@c.cn", "the row has 2 columns, where the header has 3", r#"["2","b@c.cn"]"#),
        ("2", "the row has 1 column, where the header has 3", r#"["2"]"#),
        (
            "2,b@c.cn,geheim,geheim",
            "the row has 4 columns, where the header has 3",
            r#"["2","b@c.cn","geheim","geheim"]"#,
        ),
        (
            "2,\"geheim\n3,c@c.cn,x\n4\"",
            "the row has 2 columns, where the header has 3; it spans 3 lines, so a quote may not be \
             closed",
            r#"["2","geheim\n3,c@c.cn,x\n4"]"#,
        ),
    ] {
        let content = format!("uid,mail,nickname\n1,a@c.cn,A\n{row}\n9,z@c.cn,Z\n");
        let expected = format!("users.csv: record 2, line 3: {problem} (syntax)");
        assert_eq!(check("users.csv", content.as_bytes()), (vec![expected], 2, 1), "{row}");
        assert_eq!(read("users.csv", content.as_bytes()).0[1], raw);
    }
}

#[test]
fn bytes_that_are_no_text_are_that_records_problem() {
    let content = b"uid,nickname\n1,\xe5\xbc\xa0\xe4\xb8\x89\n2,geheim\xff\n3,c\n";
    let expected =
        "users.csv: record 2, line 3, nickname: bytes that are not UTF-8 (encoding)".to_owned();
    assert_eq!(check("users.csv", content), (vec![expected], 2, 1));
    let content = b"uid,nickname\n1,J\xfcrgen\n2,c\n";
    let expected =
        "users.csv: record 1, line 2, nickname: bytes that are not UTF-8; if all of the \
                    file is in another encoding, name it: --encoding (encoding)"
            .to_owned();
    assert_eq!(check("users.csv", content), (vec![expected], 1, 1));
    let mut content = b"\xff\xfe".to_vec();
    content.extend("uid,nickname\n1,a".encode_utf16().flat_map(u16::to_le_bytes));
    content.extend(b"\x00\xd8\n\x002\x00,\x00b\x00");
    let expected =
        "users.csv: record 1, line 2, nickname: bytes that are not UTF-16LE (encoding)".to_owned();
    assert_eq!(check("users.csv", &content), (vec![expected], 1, 1));
}

#[test]
fn a_header_that_cannot_be_used_is_refused() {
    let names = "if it is a user, name the columns: --columns id,name,password,…; if it is the header: --header";
    let seems = |what: &str| {
        format!(
            "users.csv: the first line seems to hold a user, not the names of the columns: {what}"
        )
    };
    let (number, phone) = (seems("column 1 is a number or a date"), seems("column 2 is a number"));
    for (content, kind, message, hint) in [
        (&b"1,geheim@b.cn\n2,c@b.cn\n"[..], InputErrorKind::Header, number.as_str(), names),
        (b"geheim;13800138000\n", InputErrorKind::Header, &phone, names),
        (
            b"uid,mail, uid\n1,a,b\n",
            InputErrorKind::Header,
            "users.csv: the columns 1 and 3 have the same name",
            "give each column a name of its own in the first line",
        ),
        (
            b"uid,pr\xe9nom\n1,a\n",
            InputErrorKind::Encoding,
            "users.csv: the names of the columns are not in UTF-8",
            "name the encoding of the file: --encoding gb18030, utf-16le, big5, …",
        ),
    ] {
        let expected = (0, kind, message.to_owned(), hint.to_owned());
        assert_eq!(refused("users.csv", content), expected);
    }
}

#[test]
fn a_file_that_ends_inside_quotes_is_cut_off() {
    let expected = (
        1,
        InputErrorKind::CutOff,
        "users.csv: the file ends inside quotes, in the row that begins here (at record 2, line 3, \
         byte 13)"
            .to_owned(),
        "export it again, completely, or close the quote, and stage the same file again: it goes on \
         with this record; if the file uses no quotes: --quotes none"
            .to_owned(),
    );
    assert_eq!(refused("users.csv", b"uid,mail\n1,a\n2,\"geheim\n3,c\n"), expected);
    let (raws, error) = read("users.csv", b"uid,mail\n1,a\n2,\"b\"");
    assert_eq!((raws.len(), error), (2, None), "a quote that is closed needs no newline");
}

#[test]
fn a_row_may_not_be_larger_than_a_record() {
    let big = "x".repeat(userferry::input::MAX_RECORD);
    let content = format!("uid,mail\n1,a\n2,\"{big}\"\n");
    let expected = (
        1,
        InputErrorKind::TooLong,
        "users.csv: a record of more than 16 MiB (at record 2, line 3, byte 13)".to_owned(),
        "a quote in it may not be closed; if the file uses no quotes: --quotes none".to_owned(),
    );
    assert_eq!(refused("users.csv", content.as_bytes()), expected);
}

#[test]
fn a_stray_quote_spoils_only_its_own_row() {
    let fault = "a quote stands inside a cell; a cell that has quotes must stand in quotes, and \
                 each of its own be written twice (syntax)";
    let content = "uid,nickname,mail\n1,\"Tiger,a@b.cn\n2,Bob,b@b.cn\n3,\"x\",c@b.cn\n4,D,d@b.cn\n";
    let expected = format!("users.csv: record 1, line 2: {fault}");
    assert_eq!(check("users.csv", content.as_bytes()), (vec![expected.clone()], 3, 1));
    let expected_raws = [
        r#"["1","\"Tiger","a@b.cn"]"#,
        r#"{"uid":"2","nickname":"Bob","mail":"b@b.cn"}"#,
        r#"{"uid":"3","nickname":"x","mail":"c@b.cn"}"#,
        r#"{"uid":"4","nickname":"D","mail":"d@b.cn"}"#,
    ];
    for line_end in ["\n", "\r\n", "\r"] {
        let content = content.replace('\n', line_end);
        let expected_raws = expected_raws.map(str::to_owned).to_vec();
        assert_eq!(read("users.csv", content.as_bytes()), (expected_raws, None), "{line_end:?}");
    }
    for (row, raw) in [
        ("1,\"Wu\" Li,a@b.cn", r#"["1","\"Wu\" Li","a@b.cn"]"#),
        ("1,\"Wu\" ,a@b.cn", r#"["1","\"Wu\" ","a@b.cn"]"#),
        // Behind it a quote is open to the end of the file.
        ("1,\"Wu\"x,\"a@b.cn", r#"["1","\"Wu\"x","\"a@b.cn"]"#),
    ] {
        let content = format!("uid,nickname,mail\n{row}\n2,B,b@b.cn\n3,C,c@b.cn");
        assert_eq!(check("users.csv", content.as_bytes()), (vec![expected.clone()], 2, 1), "{row}");
        assert_eq!(read("users.csv", content.as_bytes()).0[0], raw);
        let (raws, error) = read("users.csv", format!("uid,nickname,mail\n{row}").as_bytes());
        assert_eq!((raws, error), (vec![raw.to_owned()], None), "no line end behind it");
    }
    let (raws, _) = read("users.csv", b"uid,nickname\n1,Wu \"Tiger\" Li\n2,\"a\"\"b\"\n");
    assert_eq!(raws[0], r#"{"uid":"1","nickname":"Wu \"Tiger\" Li"}"#, "no cell in quotes");
    assert_eq!(raws[1], r#"{"uid":"2","nickname":"a\"b"}"#);
    let expected = (
        0,
        InputErrorKind::Header,
        "users.csv: a quote stands inside a name of a column".to_owned(),
        "take the quotes out of the first line".to_owned(),
    );
    assert_eq!(refused("users.csv", b"uid,\"mail,nick\n1,\"a\",b\n2,a,b\n"), expected);
}

/// 300 users as a program writes them that knows no quotes. One's nickname begins with a quote, and that of another
/// ends with one.
fn bobby_and_rob(delimiter: &str, line_end: &str) -> (String, Vec<[String; 4]>) {
    let rows: Vec<[String; 4]> = (1..=300)
        .map(|n| {
            let nickname = match n {
                50 => "\"Bobby".to_owned(),
                199 => "Rob\"".to_owned(),
                _ => format!("N{n}"),
            };
            [n.to_string(), format!("u{n}@b.cn"), nickname, String::new()]
        })
        .collect();
    let lines: Vec<String> = rows.iter().map(|row| row.join(delimiter) + line_end).collect();
    let header = ["uid", "mail", "nickname", "city"].join(delimiter) + line_end;
    (header + &lines.concat(), rows)
}

fn read_all(content: &str, options: &Options, start: Option<&Checkpoint>) -> Vec<Record> {
    let input = std::io::Cursor::new(content.to_owned().into_bytes());
    let mut reader = Reader::from_read(input, "users.csv", options, start).unwrap();
    std::iter::from_fn(|| reader.next_record().unwrap()).collect()
}

fn cells(record: &Record) -> Vec<String> {
    let row: serde_json::Value = serde_json::from_slice(&record.raw).unwrap();
    let text = |cell: &serde_json::Value| cell.as_str().unwrap().to_owned();
    row.as_object().map_or_else(Vec::new, |row| row.values().map(text).collect())
}

#[test]
fn a_quote_that_begins_a_value_between_tabs_hides_no_users() {
    for line_end in ["\n", "\r\n", "\r"] {
        let (text, rows) = bobby_and_rob("\t", line_end);
        let records = read_all(&text, &csv(), None);
        assert_eq!(records.len(), 300);
        for (record, row) in records.iter().zip(&rows) {
            if record.no == 50 {
                let message = &record.fault.as_ref().unwrap().message;
                assert!(
                    message.starts_with("a cell begins with a quote that its line does not close")
                );
                assert!(
                    record.raw.starts_with(br#"["50","u50@b.cn","\"Bobby","#),
                    "kept as it was"
                );
            } else {
                assert_eq!((cells(record), &record.fault), (row.to_vec(), &None));
            }
        }
        // From any place on, also where the sample was another.
        let mut reader = open("users.csv", text.as_bytes(), &csv()).unwrap();
        for n in 1..=60 {
            reader.next_record().unwrap();
            let rest = read_all(&text, &csv(), Some(&reader.checkpoint()));
            assert_eq!(rest, records[n..], "{n}");
        }
        let none = Options { quotes: Some(Quoting::None), ..csv() };
        let all: Vec<_> = read_all(&text, &none, None).iter().map(cells).collect();
        assert_eq!(all, rows, "every quote is part of its value");
        // Nothing closes the quote of the last row.
        let last = format!("{text}301\tx@b.cn\t\"Zed\t");
        let records = read_all(&last, &csv(), None);
        assert_eq!(records.len(), 301);
        assert_eq!(records.iter().filter(|it| it.fault.is_some()).count(), 2);
    }
}

#[test]
fn a_quote_that_may_hide_users_is_told_and_they_are_read_as_the_user_says() {
    for delimiter in [",", ";", "|", "^"] {
        let (text, rows) = bobby_and_rob(delimiter, "\n");
        let named = Some(delimiter.parse::<Delimiter>().unwrap());
        let with = |quotes| Options { quotes, delimiter: named, ..csv() };
        let records = read_all(&text, &with(None), None);
        assert_eq!(records.len(), 151);
        let faulty: Vec<_> = records.iter().filter(|it| it.fault.is_some()).collect();
        let [Record { no: 50, line: Some(51), fault: Some(fault), .. }] = faulty.as_slice() else {
            panic!("{faulty:?}");
        };
        assert_eq!(
            fault.message,
            "a cell in quotes spans 150 lines that look like rows, so its first quote may be part of a value, and \
             other users stand behind it; if the file uses no quotes: --quotes none; if the quote alone is wrong, \
             correct it; if it is one cell: --quotes double"
        );
        let none: Vec<_> =
            read_all(&text, &with(Some(Quoting::None)), None).iter().map(cells).collect();
        assert_eq!(none, rows);
        let one = read_all(&text, &with(Some(Quoting::Double)), None);
        assert_eq!((one.len(), one.iter().all(|it| it.fault.is_none())), (151, true));
        assert_eq!(cells(&one[49])[2].lines().count(), 150);
        // As it was said, it is read from any place on.
        let mut reader = open("users.csv", text.as_bytes(), &with(Some(Quoting::None))).unwrap();
        for n in 1..=60 {
            reader.next_record().unwrap();
            let rest = read_all(&text, &csv(), Some(&reader.checkpoint()));
            assert_eq!(rest.iter().map(cells).collect::<Vec<_>>(), rows[n..]);
        }
    }
    // Two users, and one whose row is damaged besides.
    for text in [
        "uid,mail,nick\n1,a@b.cn,\"A\n2,b@b.cn,B\"\n",
        "uid,mail,nick\n1,a,\"A\n2\n3,c,C\n4,d,D\"\n",
    ] {
        let records = read_all(text, &csv(), None);
        assert!(records[0].fault.is_some(), "{text}");
    }
}

/// As Python's csv module and Excel's "Text (Tab delimited)" write them; the crate `csv` is the writer here.
#[test]
fn cells_of_several_lines_stay_cells() {
    let cells_of_lines = [
        "12 Main St\nSpringfield, IL, USA, 12345",
        "12 Main St\r\nBerlin\r\n\r\nGermany",
        "He came, saw,\nand won; then left.\n\n\"Veni\", he said",
        "{\n  \"a\": 1,\n  \"b\": 2,\n  \"c\": 3\n}",
        "a\tb\nc",
        "\n",
        "- one\n- two; three | four",
    ];
    for delimiter in *b",;\t|" {
        for style in
            [csv::QuoteStyle::Necessary, csv::QuoteStyle::NonNumeric, csv::QuoteStyle::Always]
        {
            for place in 0..4 {
                // Tabs without quotes for more than the reader looks at first.
                for before in [0, 3_000] {
                    let mut rows = vec![["uid", "mail", "nickname", "city"].map(str::to_owned)];
                    rows.extend((0..before).map(|n| {
                        [n.to_string(), format!("u{n}@b.cn"), "x".to_owned(), "y".to_owned()]
                    }));
                    for text in cells_of_lines {
                        let mut row = ["7", "a@b.cn", "Bo", "Ulm"].map(str::to_owned);
                        text.clone_into(&mut row[place]);
                        rows.push(row);
                    }
                    let mut writer = csv::WriterBuilder::new()
                        .delimiter(delimiter)
                        .quote_style(style)
                        .from_writer(Vec::new());
                    for row in &rows {
                        writer.write_record(row).unwrap();
                    }
                    let text = String::from_utf8(writer.into_inner().unwrap()).unwrap();
                    let records = read_all(
                        &text,
                        &Options { header: Header::First, ..Options::default() },
                        None,
                    );
                    let read: Vec<_> = records.iter().map(cells).collect();
                    assert_eq!(read, rows[1..], "{} {style:?} {place}", char::from(delimiter));
                }
            }
        }
    }
}

/// The rows are known before they are written.
#[test]
fn a_carriage_return_in_a_cell_ends_no_row_where_newlines_do() {
    let rows = [
        ["1", "Li\rBo", "a@b.cn"],
        ["\r2", "Wu", "b@b.cn"],
        ["3", "\r", "c@b.cn"],
        ["4", "Xu", "d@b.cn\rx"],
        ["5", "", "\r\re@b.cn"],
        ["6", "Yu", "f@b.cn"],
    ];
    let expected = rows.map(|[uid, nickname, mail]| {
        serde_json::json!({"uid": uid, "nickname": nickname, "mail": mail}).to_string()
    });
    let sorted = |raws: Vec<String>| {
        raws.iter()
            .map(|raw| raw.parse::<serde_json::Value>().unwrap().to_string())
            .collect::<Vec<_>>()
    };
    // The last is what a program in text mode makes of CRLF.
    for line_end in ["\n", "\r\n", "\r\r\n"] {
        for delimiter in [",", ";", "\t", "|"] {
            let lines = rows.map(|row| row.join(delimiter) + line_end).concat();
            let text =
                format!("uid,nickname,mail{line_end}{line_end}").replace(',', delimiter) + &lines;
            let without = text.strip_suffix(line_end).unwrap();
            for text in [text.as_str(), without] {
                let (raws, error) = read("users.csv", text.as_bytes());
                assert_eq!((sorted(raws), error), (expected.to_vec(), None), "{text:?}");
            }
        }
    }
    // As the last cell of a quoted row has it, and behind the quote.
    let (raws, error) = read("users.csv", b"uid,nickname\r\n1,\"a\r\"\r\n2,\"b\"\rc\n3,d\n");
    let expected =
        [r#"{"uid":"1","nickname":"a\r"}"#, r#"["2","\"b\"\rc"]"#, r#"{"uid":"3","nickname":"d"}"#];
    assert_eq!((raws, error), (expected.map(str::to_owned).to_vec(), None));
}

/// Excel for Mac ends rows so, and writes a newline within a cell as one.
#[test]
fn rows_that_end_in_carriage_returns_alone_are_read() {
    let text = "uid,nickname,mail\r1,Li,a@b.cn\r2,\"Wu\nTiger\nX\",b@b.cn\r\r3,Xu,c@b.cn";
    let expected = [
        r#"{"uid":"1","nickname":"Li","mail":"a@b.cn"}"#,
        r#"{"uid":"2","nickname":"Wu\nTiger\nX","mail":"b@b.cn"}"#,
        r#"{"uid":"3","nickname":"Xu","mail":"c@b.cn"}"#,
    ];
    assert_eq!(read("users.csv", text.as_bytes()), (expected.map(str::to_owned).to_vec(), None));
}

/// `mysql --batch` separates by tabs and puts no quotes.
#[test]
fn where_no_quotes_are_used_those_of_a_cell_stand_for_themselves() {
    const ROWS: &str = "uid\tmail\tnick\n1\ta@b.cn\t\"Groß\" Müller\n2\t\"c\"@d.cn\tthe 5\" nail\n\
                        3\t\"x\" y\n4\t\"a@b.cn\"\t\"Kalle\" Li\n5\te@f.cn\tKalle\n";
    let rows = [
        r#"{"uid":"1","mail":"a@b.cn","nick":"\"Groß\" Müller"}"#,
        r#"{"uid":"2","mail":"\"c\"@d.cn","nick":"the 5\" nail"}"#,
        r#"["3","\"x\" y"]"#,
        r#"["4","\"a@b.cn\"","\"Kalle\" Li"]"#,
        r#"{"uid":"5","mail":"e@f.cn","nick":"Kalle"}"#,
    ];
    assert_eq!(read("users.csv", ROWS.as_bytes()), (rows.map(str::to_owned).to_vec(), None));
    // Commas, and quotes of CSV in a later row.
    let used = format!("{ROWS}6\t\"g@h.cn\"\t\"Wu \"\"Li\"\"\"\n");
    for content in [ROWS.replace('\t', ","), used] {
        let (raws, error) = read("users.csv", content.as_bytes());
        assert_eq!(error, None);
        assert!(raws[..2].iter().all(|raw| raw.starts_with('[')), "{raws:?}");
    }
    // What the first rows said holds from wherever reading goes on, and in any later row.
    let many = format!("{ROWS}{}7\ta@b.cn\t\"Li\" Bo\n", "6\te@f.cn\tx\n".repeat(10_000));
    for before in [1, 5, 10_005] {
        let mut reader = open("users.csv", many.as_bytes(), &csv()).unwrap();
        for _ in 0..before {
            reader.next_record().unwrap().unwrap();
        }
        let kept = serde_json::to_string(&reader.checkpoint()).unwrap();
        let kept = serde_json::from_str(&kept).unwrap();
        let input = std::io::Cursor::new(many.clone().into_bytes());
        let mut reader = Reader::from_read(input, "users.csv", &csv(), Some(&kept)).unwrap();
        let mut last = None;
        while let Some(record) = reader.next_record().unwrap() {
            last = Some(record);
        }
        let last = last.unwrap();
        assert_eq!((last.no, last.fault), (10_006, None));
        assert_eq!(last.raw, br#"{"uid":"7","mail":"a@b.cn","nick":"\"Li\" Bo"}"#);
    }
}
