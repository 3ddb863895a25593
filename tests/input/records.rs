//! Records that are wrong while their neighbours are fine.

use super::check;
use userferry::mapping::Mapping;
use userferry::provider::authing::fields::V2;

#[test]
fn each_fault_makes_only_its_own_record_invalid() {
    let deep = format!("{{\"uid\":\"2\",\"x\":{}{}}}", "[".repeat(200), "]".repeat(200));
    for (record, problem) in [
        ("7", ": the record is a single value, where an object is expected (type)"),
        ("[{}]", ": the record is an array, where an object is expected (type)"),
        (
            r#"{"uid":"2","mail":"geheim","mail":"b"}"#,
            ", mail: the field `mail` is given twice (syntax)",
        ),
        (r#"{"uid":"2","mail":"geheim\ud800"}"#, ", mail: half of a surrogate pair (encoding)"),
        (&deep, ", x: nested more than 128 levels deep (syntax)"),
        (
            "{\"uid\":\"2\",\"nickname\":\"a\tb\"}",
            ", nickname: a control character that is not escaped (syntax)",
        ),
        (
            r#"{"uid":"2","loginsCount":NaN}"#,
            ", loginsCount: a word that is no JSON value (syntax)",
        ),
        (
            r#"{"uid":"2","loginsCount":"4"}"#,
            ", loginsCount: text, where a whole number is expected; the mapping can convert it: \
             as = \"int\" (type)",
        ),
        (
            r#"{"uid":"2","loginsCount":4294967296}"#,
            ", loginsCount: a number beyond the 32 bits that the field takes (type)",
        ),
        (
            r#"{"uid":"2","emailVerified":1}"#,
            ", emailVerified: a number, where true or false is expected; the mapping can convert \
             it: as = \"bool\" (type)",
        ),
        (
            r#"{"uid":true}"#,
            ", uid: a truth value, where text is expected; the mapping can convert it: as = \
             \"text\" (type)",
        ),
        (
            r#"{"nickname":"geheim","mail":null,"phone":""}"#,
            ": nothing to identify the user by: `uid`, `mail`, `phone` are absent or empty \
             (identifier)",
        ),
        (r#"{"uid":"2","mail":"geheim"}"#, ", mail: no e-mail address: it has no @ (email)"),
        (r#"{"uid":"2\u0000"}"#, ", uid: holds a control character (value)"),
        (
            r#"{"uid":"1","mail":"b@c.cn"}"#,
            ", uid: record 1 has the same key (external id) with other content; if they \
             are one person, take the one that is out of date out (duplicate-key)",
        ),
    ] {
        let array = format!("[{{\"uid\":\"1\"}},\n{record},\n{{\"uid\":\"3\"}}]");
        let expected = format!("users.json: record 2, line 2{problem}");
        assert_eq!(
            check("users.json", array.as_bytes()),
            (vec![expected.clone()], 2, 1),
            "{record}"
        );
        let lines = format!("{{\"uid\":\"1\"}}\n{record}\n{{\"uid\":\"3\"}}\n");
        assert_eq!(check("users.json", lines.as_bytes()), (vec![expected], 2, 1), "{record}");
    }
}

#[test]
fn bytes_that_are_not_utf_8_spoil_one_record() {
    let content = b"[{\"uid\":\"1\"},{\"uid\":\"2\",\"nickname\":\"geheim\xe9\"},{\"uid\":\"3\"}]";
    let expected =
        "users.json: record 2, line 1, nickname: bytes that are not UTF-8; if all of the file is in \
         another encoding, name it: --encoding (encoding)"
            .to_owned();
    assert_eq!(check("users.json", content), (vec![expected], 2, 1));
    // What else is in it shows that it is UTF-8.
    let content = b"{\"uid\":\"1\",\"nickname\":\"\xe5\xbc\xa0\xe4\xb8\x89\"}\n{\"uid\":\"2\",\"nickname\":\"geheim\xe9\"}\n";
    let expected =
        "users.json: record 2, line 2, nickname: bytes that are not UTF-8 (encoding)".to_owned();
    assert_eq!(check("users.json", content), (vec![expected], 1, 1));
}

#[test]
fn a_line_that_does_not_parse_spoils_one_record() {
    for (line, problem) in [
        ("{\"uid\":\"2\"", "the line ends within the record"),
        (
            "{\"uid\":\"2\",}",
            "the name of a field in double quotes is expected at byte 11 of the line",
        ),
        ("{\"uid\":\"2\"},", "something follows the end of the record"),
        ("geheim", "a JSON value is expected at byte 0 of the line"),
    ] {
        let lines = format!("{{\"uid\":\"1\"}}\n{line}\n{{\"uid\":\"3\"}}\n");
        let expected = format!("users.json: record 2, line 2: {problem} (syntax)");
        assert_eq!(check("users.json", lines.as_bytes()), (vec![expected], 2, 1), "{line}");
    }
}

#[test]
fn all_problems_of_a_record_are_found_at_once() {
    let (found, valid, invalid) = check(
        "users.json",
        br#"[{"mail":"x","phone":"1","emailVerified":"yes","loginsCount":1.5}]"#,
    );
    let rules: Vec<&str> = found.iter().filter_map(|line| line.rsplit('(').next()).collect();
    assert_eq!(rules, ["type)", "type)", "email)", "phone)"]);
    assert_eq!((valid, invalid), (0, 1));
}

#[test]
fn an_id_of_twenty_digits_is_not_rounded() {
    let raw = br#"{"uid":12345678901234567890}"#;
    let (user, problems) = Mapping::reference().apply(raw, &V2);
    assert_eq!(problems, []);
    assert_eq!(
        user.identifiers.key().map(|(_, value)| value.to_owned()).as_deref(),
        Some("12345678901234567890")
    );
}
