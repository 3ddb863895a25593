//! One JSON document: an array, or an object that holds one. Oracle: `serde_json`.
//!
//! The first byte chooses what is named: the format, the array.

#![no_main]

use libfuzzer_sys::fuzz_target;
use serde_json::Value;
use userferry::input::{Encoding, Format, InputErrorKind, Options};
use userferry_fuzz::{Walk, has_twins, is_packed, is_private, parse, read};

fuzz_target!(|data: &[u8]| {
    let Some((choice, data)) = data.split_first() else { return };
    let options = Options {
        format: (choice & 1 == 1).then_some(Format::Json),
        records: (choice & 6 == 2).then(|| "data.users".to_owned()),
        encoding: Some(Encoding::UTF_8),
        ..Options::default()
    };
    let is_packed = is_packed(data);
    let walk = read(data, "users.json", &options, !is_packed);
    let text = data.strip_prefix(b"\xef\xbb\xbf").unwrap_or(data);
    if is_packed || walk.note.is_some() || is_private(text) {
        return;
    }
    let kind = walk.error.as_ref().map(|error| error.kind);
    match parse(text) {
        Some(document) if !has_twins(text) => judge(&walk, &document, &options),
        Some(_) => assert!(
            !document_is_array(text)
                || options.records.is_some()
                || matches!(kind, None | Some(InputErrorKind::TooLong)),
            "an array with twins in its elements is no broken document"
        ),
        None => assert!(
            walk.format.as_deref() != Some("json")
                || kind.is_some()
                || walk.records.iter().any(|record| record.fault.is_some())
                || !document_is_array(text),
            "what is no JSON comes to no clean end"
        ),
    }
});

fn document_is_array(text: &[u8]) -> bool {
    text.trim_ascii_start().starts_with(b"[")
}

/// `document` is what the reader read.
fn judge(walk: &Walk, document: &Value, options: &Options) {
    let error = walk.error.as_ref().map(|error| error.kind);
    if error == Some(InputErrorKind::TooLong) {
        return;
    }
    if document.is_array() && options.records.is_none() {
        assert_eq!(error, None, "an array is read to its end");
    }
    let named = options.records.is_some();
    let users = if named { &document["data"]["users"] } else { &document["users"] };
    // A name with dots in it may come first.
    let is_plain = document.get("data.users").is_none();
    if document.is_object() && users.is_array() && is_plain {
        // Without a hint, a large object is looked into only so far.
        assert!(
            matches!(error, None | Some(InputErrorKind::Records)),
            "the array of users is read to its end: {error:?}"
        );
    }
    if error.is_some() || walk.format.as_deref() != Some("json") {
        return;
    }
    let layout = walk.layout();
    let path = layout["array"]["path"].as_array().expect("a path");
    let mut array = document;
    for name in path {
        array = &array[name.as_str().expect("a name")];
    }
    let expected = array.as_array().expect("the path leads to an array");
    if named {
        let names: Vec<&str> = path.iter().filter_map(Value::as_str).collect();
        assert_eq!(names.join("."), "data.users");
    } else if users.is_array() && document.is_object() {
        assert_eq!(path.len(), 1, "users at the root goes before all others");
    }
    let found: Vec<Value> =
        walk.records.iter().map(|record| parse(&record.raw).expect("JSON")).collect();
    assert_eq!(found, *expected, "the elements are those of the document");
    for record in &walk.records {
        let is_deep =
            || record.fault.as_ref().is_some_and(|fault| fault.message.starts_with("nested more"));
        let is_object = record.raw.starts_with(b"{");
        assert!(is_object == record.fault.is_none() || is_deep(), "{:?}", record.fault);
    }
}
