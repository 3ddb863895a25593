//! Sources that cannot be read, or not to their end.

use std::path::Path;
use userferry::error::{Error, Exit};
use userferry::input::{Options, Reader, Source};

/// Reads a file of this content to its end: the records, and the error with its hint. The folder
/// is taken out of the message.
fn read_file(name: &str, content: &[u8]) -> (u64, Option<(String, String)>) {
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join(name);
    std::fs::write(&path, content).expect("it is written");
    read(&path, dir.path())
}

fn read(path: &Path, dir: &Path) -> (u64, Option<(String, String)>) {
    let mut records = 0;
    let source = Source::File(path.to_owned());
    let result = Reader::open(&source, &Options::default(), None).and_then(|mut reader| {
        while reader.next_record()?.is_some() {
            records += 1;
        }
        Ok(())
    });
    let error = result.err().map(Error::from).map(|error| {
        assert_eq!(error.exit, Exit::Usage);
        let message = error.message.replace(&format!("{}/", dir.display()), "");
        (message, error.hint.unwrap_or_default())
    });
    (records, error)
}

const ARRAY_OR_LINES: &str = "the export is an array of objects, [{…}, {…}], one object a line, or CSV with the names \
     of the columns in its first line";
const CUT_OFF: &str = "export it again, completely; the records before this one are good";
const BROKEN: &str = "correct the file at this place; the records before this one are good";

#[test]
fn what_is_no_export_is_refused_at_once() {
    let users_gz = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03";
    for (name, content, message, hint) in [
        (
            "empty.json",
            &b""[..],
            "empty.json: nothing but white space in it",
            "an export without users is an empty array: []",
        ),
        (
            "space.json",
            b" \n\t\r\n ",
            "space.json: nothing but white space in it",
            "an export without users is an empty array: []",
        ),
        (
            "bom.json",
            b"\xef\xbb\xbf\n",
            "bom.json: nothing but white space in it",
            "an export without users is an empty array: []",
        ),
        (
            "object.json",
            b"{}",
            "object.json: a JSON object that holds no array of objects",
            "name the array: --records NAME; if the object is itself the only user: --input-format jsonl",
        ),
        (
            "user.json",
            b"{\"uid\":\"1\",\"roles\":[\"a\"],\"groups\":[\"b\"]}",
            "user.json: a JSON object that holds no array of objects",
            "name the array: --records NAME; if the object is itself the only user: --input-format jsonl",
        ),
        (
            "two.json",
            b"{\"staff\":[{\"uid\":1}],\"guests\":[{\"uid\":2}]}",
            "two.json: several arrays may hold the records: `staff`, `guests`",
            "name the one: --records NAME",
        ),
        (
            "utf32.json",
            b"\xff\xfe\0\0[\0\0\0",
            "utf32.json: the text is in UTF-32, which is not read",
            "convert it first: iconv -f UTF-32 -t UTF-8 FILE > FILE.utf8",
        ),
        (
            "users.json.gz",
            users_gz,
            "users.json.gz: the gzip data is cut off (at record 1, line 1, byte 0)",
            "copy or export it again, completely; the records before this place are good",
        ),
        (
            "users.xlsx",
            b"PK\x03\x04rest",
            "users.xlsx: this looks like a zip archive or a spreadsheet, not like JSON or CSV",
            "unpack it, or export as CSV or JSON",
        ),
        (
            "users.xml",
            b"<?xml version='1.0'?>",
            "users.xml: this looks like XML or HTML, not like JSON or CSV (at line 1, byte 0)",
            "export the users as CSV or JSON",
        ),
        (
            "users.csv",
            b"<html>a,b</html>",
            "users.csv: this looks like XML or HTML, not like JSON or CSV (at line 1, byte 0)",
            "export the users as CSV or JSON",
        ),
        (
            "users.txt",
            b"\nzhang\n",
            "users.txt: this is no JSON array, no JSON object, no JSON Lines and no CSV (at line 2, byte 1)",
            ARRAY_OR_LINES,
        ),
    ] {
        let expected = (0, Some((message.to_owned(), hint.to_owned())));
        assert_eq!(read_file(name, content), expected);
    }
}

#[test]
fn a_missing_file_and_a_directory_are_named() {
    let dir = tempfile::tempdir().expect("a folder");
    let expected = |message: &str, hint: &str| (0, Some((message.to_owned(), hint.to_owned())));
    assert_eq!(
        read(&dir.path().join("users.json"), dir.path()),
        expected("users.json: no such file", "check the path; '-' reads standard input")
    );
    let folder = dir.path().join("users");
    std::fs::create_dir(&folder).expect("a folder");
    assert_eq!(
        read(&folder, dir.path()),
        expected("users: a directory, not a file", "name the files in it")
    );
}

#[test]
fn a_broken_document_keeps_what_was_read_before() {
    let two = "[{\"uid\":\"1\"},\n{\"uid\":\"2\"}";
    for (content, records, message, hint) in [
        (
            two.to_owned(),
            2,
            "users.json: the document is cut off (at record 3, line 2, byte 25)",
            CUT_OFF,
        ),
        (
            format!("{two},"),
            2,
            "users.json: the document is cut off (at record 3, line 2, byte 26)",
            CUT_OFF,
        ),
        (
            "[{\"uid\":\"1\"},\n{\"uid\":\"geheim".to_owned(),
            1,
            "users.json: the document is cut off (at record 2, line 2, byte 28)",
            CUT_OFF,
        ),
        (
            "[".to_owned(),
            0,
            "users.json: the document is cut off (at record 1, line 1, byte 1)",
            CUT_OFF,
        ),
        (
            format!("{two}] geheim"),
            2,
            "users.json: no valid JSON: something follows the end of the document \
             (at line 2, byte 27)",
            BROKEN,
        ),
        (
            format!("{two},]"),
            2,
            "users.json: no valid JSON: a value is expected (at record 3, line 2, byte 26)",
            BROKEN,
        ),
        (
            format!("{two} {{\"uid\":\"3\"}}]"),
            2,
            "users.json: no valid JSON: a comma or the closing bracket is expected \
             (at record 3, line 2, byte 26)",
            BROKEN,
        ),
        (
            format!("{two},\n\n{{uid:\"3\"}}]"),
            2,
            "users.json: no valid JSON: the name of a field in double quotes is expected \
             (at record 3, line 4, byte 29)",
            BROKEN,
        ),
        (
            "{\"users\":[{\"uid\":1}],\"users\":[]}".to_owned(),
            1,
            "users.json: no valid JSON: the field that holds the records is given twice \
             (at line 1, byte 21)",
            BROKEN,
        ),
    ] {
        let expected = (records, Some((message.to_owned(), hint.to_owned())));
        assert_eq!(read_file("users.json", content.as_bytes()), expected, "{content}");
    }
    let cut_line = "{\"uid\":\"1\"}\n{\"uid\":\"2";
    let message = "users.jsonl: the document is cut off (at record 2, line 2, byte 21)";
    let expected = (1, Some((message.to_owned(), CUT_OFF.to_owned())));
    assert_eq!(read_file("users.jsonl", cut_line.as_bytes()), expected);
}

#[test]
fn a_byte_order_mark_and_an_empty_array_are_fine() {
    assert_eq!(read_file("users.json", b"\xef\xbb\xbf[{\"uid\":\"1\"}]"), (1, None));
    assert_eq!(read_file("users.json", b"\xef\xbb\xbf{\"users\":[{\"uid\":\"1\"}]}\n"), (1, None));
    assert_eq!(read_file("users.jsonl", b"\xef\xbb\xbf{\"uid\":\"1\"}\n"), (1, None));
    assert_eq!(read_file("users.json", b"[ ]\n"), (0, None));
}

#[test]
fn the_records_are_found_in_nested_objects() {
    for (content, records) in [
        ("{\"data\":{\"users\":[{\"uid\":1},{\"uid\":2}]}}", 2),
        // `users` at the root, wherever it stands and whatever else there is.
        ("{\"a\":{\"users\":[{},{}]},\"n\":{\"x\":[{}]},\"users\":[{}]}", 1),
        ("{\"a\":[{},{}],\"users\":[]}", 0),
        ("{\"a\":{\"users\":[{},{}]},\"n\":[1],\"z\":[]}", 2),
        // The only one of objects, though a name on the way holds a dot.
        ("{\"a\":{\"b\":[1]},\"c.d\":{\"e\":{\"staff\":[{},{},{}]}}}", 3),
        ("{\"a\":{\"b\":{\"staff\":[]}}}", 0),
        // Arrays within arrays are none of the choice.
        ("{\"a\":{\"staff\":[{\"users\":[{},{}]}]}}", 1),
    ] {
        assert_eq!(read_file("users.json", content.as_bytes()), (records, None), "{content}");
        let input = std::io::Cursor::new(content.as_bytes().to_vec());
        let reader = Reader::from_read(input, "standard input", &Options::default(), None);
        assert!(reader.is_ok(), "{content}");
    }
    for (content, candidates) in [
        ("{\"a\":{\"users\":[{}]},\"b\":{\"users\":[{}]},\"c\":[{}]}", "`a.users`, `b.users`, `c`"),
        ("{\"a\":{\"b\":{\"users\":[{}]}},\"c\":{\"users\":[{}]}}", "`a.b.users`, `c.users`"),
        ("{\"a\":{\"users\":[{}]},\"roles\":[{}]}", "`a.users`, `roles`"),
        // One that holds no users may be meant, or the other.
        (
            "{\"deleted\":{\"users\":[]},\"accounts\":[{\"uid\":\"1\"},{\"uid\":\"2\"}]}",
            "`deleted.users`, `accounts`",
        ),
        ("{\"accounts\":[{}],\"team\":{\"users\":[\"a\"]}}", "`team.users`, `accounts`"),
    ] {
        let message = format!("users.json: several arrays may hold the records: {candidates}");
        let expected = (0, Some((message, "name the one: --records NAME".to_owned())));
        assert_eq!(read_file("users.json", content.as_bytes()), expected, "{content}");
    }
}

#[test]
fn records_names_an_array_that_must_be_there() {
    let open = |content: &str, records: &str| {
        let options = Options { records: Some(records.to_owned()), ..Options::default() };
        let input = std::io::Cursor::new(content.as_bytes().to_vec());
        Reader::from_read(input, "users.json", &options, None).err().map(|error| error.to_string())
    };
    let nested = "{\"data\":{\"list\":[{}]},\"n\":1}";
    assert_eq!(open(nested, "data.list"), None);
    let missing = Some("users.json: no array of records at `data.users`".to_owned());
    assert_eq!(open(nested, "data.users"), missing);
    let scalar = Some("users.json: no array of records at `n`".to_owned());
    assert_eq!(open(nested, "n"), scalar);
    let none = Some(
        "users.json: --records names an array inside a JSON object, and this is none".to_owned(),
    );
    assert_eq!(open("[{}]", "users"), none);
}

#[test]
fn a_large_object_is_read_to_where_its_records_are() {
    // More than twice what a record may be, so that it can never be seen as a whole.
    let element = format!("{{\"x\":\"{}\"}},", "0123456789".repeat(1000));
    let filler = format!("\"pad\":[{}{{}}]", element.repeat(4 * 1024));
    let content = format!("{{{filler},\"n\":[1],\"users\":[{{\"uid\":1}},{{\"uid\":2}}]}}");
    assert!(content.len() > 2 * userferry::input::MAX_RECORD);
    assert_eq!(read_file("users.json", content.as_bytes()), (2, None));
    let input = std::io::Cursor::new(content.into_bytes());
    let error = Reader::from_read(input, "standard input", &Options::default(), None).err();
    assert_eq!(
        error.map(|error| error.to_string()).as_deref(),
        Some("standard input: a large JSON object, and its records are not in an array `users`")
    );
}
