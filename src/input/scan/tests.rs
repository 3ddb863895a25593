use super::*;
use proptest::prelude::*;

fn scan(text: &[u8]) -> Result<Scanned, Stop> {
    Scanner::default().scan(text, true)
}

fn fault(text: &[u8]) -> (String, Rule) {
    let fault = scan(text).expect("it ends").fault.expect("a fault");
    (fault.field, fault.rule)
}

#[test]
fn a_value_ends_where_it_ends() {
    for (text, len) in [
        (&b"{}"[..], 2),
        (b"{\"a\":[1,2,{\"b\":\"]}\"}]} ,", 22),
        (b"12,", 2),
        (b"\"a\\\"b\" ", 6),
        (b"null", 4),
    ] {
        let scanned = scan(text).expect("a value");
        assert_eq!(scanned.len, len, "{}", String::from_utf8_lossy(text));
        assert_eq!(scanned.fault, None);
    }
}

#[test]
fn faults_name_the_field_that_they_lie_in() {
    for (text, field, rule) in [
        (&b"{\"a\":1,\"b\":2,\"a\":3}"[..], "a", Rule::Syntax),
        (b"{\"a\":1,\"\\u0061\":3}", "a", Rule::Syntax),
        (b"{\"x\":{\"a\":1,\"a\":2}}", "x", Rule::Syntax),
        (b"{\"x\":1,\"y\":\"\\ud800\"}", "y", Rule::Encoding),
        (b"{\"x\":1,\"y\":\"\\udc00\\ud800\"}", "y", Rule::Encoding),
        (b"{\"x\":\"\xff\",\"y\":1}", "x", Rule::Encoding),
        (b"{\"x\":\"a\tb\"}", "x", Rule::Syntax),
        (b"{\"x\":\"\\q\"}", "x", Rule::Syntax),
        (b"{\"x\":NaN}", "x", Rule::Syntax),
        (b"{\"x\":{\"z\":01}}", "x", Rule::Syntax),
    ] {
        let text_shown = String::from_utf8_lossy(text);
        assert_eq!(fault(text), (field.to_owned(), rule), "{text_shown}");
    }
}

#[test]
fn a_field_given_twice_is_found_among_many() {
    use std::fmt::Write as _;
    let mut text = String::from("{");
    for i in 0..500 {
        write!(text, "\"f{i}\":{i},").expect("a string takes all");
    }
    let once = format!("{text}\"last\":0}}");
    assert_eq!(scan(once.as_bytes()).expect("it ends").fault, None);
    let twice = format!("{text}\"f3\":0}}");
    assert_eq!(fault(twice.as_bytes()), ("f3".to_owned(), Rule::Syntax));
    let nested = format!("{{\"x\":{twice},\"y\":1}}");
    assert_eq!(fault(nested.as_bytes()), ("x".to_owned(), Rule::Syntax));
}

#[test]
fn many_names_with_equal_ends_cost_no_minutes() {
    let names: Vec<String> =
        (0..50_000).map(|i| format!("\"user-id-{i:06}-attribute\":0")).collect();
    let text = format!("{{{}}}", names.join(","));
    assert_eq!(scan(text.as_bytes()).expect("it ends").fault, None);
}

#[test]
fn deep_nesting_is_a_fault_and_no_stack_overflow() {
    let deep = |n: usize| format!("{{\"a\":{}{}}}", "[".repeat(n), "]".repeat(n));
    assert_eq!(scan(deep(127).as_bytes()).expect("it ends").fault, None);
    assert_eq!(fault(deep(128).as_bytes()), ("a".to_owned(), Rule::Syntax));
    assert_eq!(fault(deep(1_000_000).as_bytes()), ("a".to_owned(), Rule::Syntax));
}

#[test]
fn what_cannot_stand_where_it_stands_breaks_the_document() {
    for (text, at) in [
        (&b"{\"a\" 1}"[..], 5),
        (b"{\"a\":1,}", 7),
        (b"[1,]", 3),
        (b"[1 2]", 3),
        (b"{a:1}", 1),
        (b"[1}", 2),
        (b"nope", 0),
    ] {
        let Err(Stop::Broken { at: found, .. }) = scan(text) else {
            panic!("not broken: {}", String::from_utf8_lossy(text))
        };
        assert_eq!(found, at, "{}", String::from_utf8_lossy(text));
    }
}

proptest! {
    #[test]
    fn any_prefix_of_a_value_is_incomplete(cut in 0usize..1000) {
        let text = br#"{"a":[1.5e3,true,{"b":"\ud83d\ude00 \u4e2d"}],"c":null}"#;
        let cut = cut % text.len();
        prop_assert_eq!(scan(&text[..cut]).err(), Some(Stop::Incomplete));
    }
}
