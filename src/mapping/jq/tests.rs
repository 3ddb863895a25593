use super::*;
use proptest::prelude::*;
use serde_json::{Value as Any, json};

fn program(source: &str) -> Program {
    Program::compile(source).unwrap_or_else(|fault| panic!("{source}: {fault:?}"))
}

fn run(source: &str, input: &str) -> Result<Output, Cow<'static, str>> {
    program(source).run(&record(input).expect("a record"))
}

#[expect(clippy::unnecessary_wraps, reason = "what a run gives")]
fn text(text: &str) -> Result<Output, Cow<'static, str>> {
    Ok(Output::Text(text.to_owned()))
}

#[expect(clippy::unnecessary_wraps, reason = "what a run gives")]
fn other(json: &str) -> Result<Output, Cow<'static, str>> {
    Ok(Output::Other(json.to_owned()))
}

#[test]
fn a_program_makes_one_value_of_a_record() {
    let zhang = r#"{"first":"San","last":"Zhang","id":12345678901234567890,"price":1.50,
        "tags":["a","b"],"at":{"city":"Wuhan"},"none":null,"mail":"A@B.C"}"#;
    for (source, expected) in [
        (".first + \" \" + .last", text("San Zhang")),
        ("\"\\(.last), \\(.first)\"", text("Zhang, San")),
        (".id", other("12345678901234567890")),
        (".id | tostring", text("12345678901234567890")),
        (".price", other("1.50")),
        (".at.city", text("Wuhan")),
        (".tags", other("[\"a\",\"b\"]")),
        (".tags | join(\"-\")", text("a-b")),
        (".tags | length", other("2")),
        (".none", Ok(Output::Nothing)),
        (".nowhere", Ok(Output::Nothing)),
        ("empty", Ok(Output::Nothing)),
        (".none // .first", text("San")),
        ("if .first == \"San\" then true else false end", other("true")),
        (".mail | ascii_downcase | split(\"@\")[0]", text("a")),
        (".mail | test(\"^[A-Z]@\")", other("true")),
        (".mail | sub(\"@.*\"; \"\")", text("A")),
        ("4 / 2", other("2")),
        ("[range(5)] | add", other("10")),
        ("[(1,2) + (10,20)]", other("[11,12,21,22]")),
        ("[(1,2) * (10,20)]", other("[10,20,20,40]")),
        (".n = 1 | .n += 2 | .n *= 5 | .n -= 1 | .n", other("14")),
        ("\"ab\" * 3", text("ababab")),
        ("\"ab\" * 0", Ok(Output::Nothing)),
        ("{a:{b:1}} * {a:{c:2}} | .a", other("{\"b\":1,\"c\":2}")),
        (
            "99999999999999999999 * 99999999999999999999",
            other("9999999999999999999800000000000000000001"),
        ),
        ("[range(5; 0; -2)]", other("[5,3,1]")),
        ("\"[1,{\\\"a\\\":2}]\" | fromjson | .[1].a", other("2")),
        ("def f($x): if $x < 100 then f($x * 2) else $x end; f(1)", other("128")),
        ("reduce .tags[] as $t (\"\"; . + $t)", text("ab")),
        ("first(recurse(if . < 3 then . + 1 else empty end) | select(. == 3)) // 0", other("0")),
        ("0 | last(recurse(if . < 3 then . + 1 else empty end))", other("3")),
        (".tags |= map(ascii_upcase) | .tags[0]", text("A")),
        ("walk(if type == \"string\" then \"x\" else . end) | .at.city", text("x")),
        ("try error(\"x\") catch \"caught\"", text("caught")),
        ("@base64 \"\\(.first)\"", text("U2Fu")),
        (".first as $f | {f: $f} | .f", text("San")),
        ("# a remark\n.first", text("San")),
    ] {
        assert_eq!(run(source, zhang), expected, "{source}");
    }
}

#[test]
fn what_is_no_single_value_is_told_without_the_record() {
    for (source, why) in [
        (".a, .b", "the jq program gives several values"),
        (".a | .x", "the jq program ends in an error: cannot index string with \"x\""),
        (".b | .[\"x\"]", "the jq program ends in an error: cannot index number with \"x\""),
        (
            ". as $r | .b | .[$r.a]",
            "the jq program ends in an error: cannot index number with string",
        ),
        (". + .b", "the jq program ends in an error: cannot add object and number"),
        (".a - {c: .a}", "the jq program ends in an error: cannot subtract string and object"),
        ("[.a, \" + 1\"] / .a", "the jq program ends in an error: cannot divide array and string"),
        (
            ".b[]",
            "the jq program ends in an error: cannot use number as iterable (array or object)",
        ),
        (".a | fromjson", "the jq program ends in an error: no JSON"),
        ("error(\"no \" + .a)", "the jq program ends in an error"),
        ("error(\"no city\")", "the mapping's program says: no city"),
        (".b | error ( \"no city\" )", "the mapping's program says: no city"),
        // The record's own text, though the program has the same one.
        ("if .a == \"geheim\" then error(.a) else 1 end", "the jq program ends in an error"),
        (
            "if .a == \"x\" then error(\"geheim \") else error(.a) end",
            "the jq program ends in an error",
        ),
        ("error(.)", "the jq program ends in an error"),
        (".a, error", "the jq program ends in an error"),
        // No end either, but there is nothing to go into.
        (
            "def f: .a | f; f |= 1",
            "the jq program ends in an error: cannot use string as iterable (array or object)",
        ),
        ("0 / 0", "the jq program gives no finite number"),
        ("\"a\" | tobytes", "the jq program gives bytes"),
    ] {
        assert_eq!(run(source, r#"{"a":"geheim","b":2}"#), Err(why.into()), "{source}");
    }
}

#[test]
fn a_program_without_an_end_is_stopped() {
    for source in [
        "def f: f; f",
        "def f: 1 + f; f",
        "def f: [f]; f",
        "def f: def g: f; g; f",
        "def f($x): f($x + 1); f(0)",
        "def f: . as $x | f; f",
        "def f: . as $x | f | $x; f",
        "def f: [., 1] | f; f",
        "def f: {a: .} | f; f",
        "def f: try f; f",
        "def f: (try f catch f); f",
        "last(repeat(1))",
        "[repeat(.)]",
        "[range(1; infinite)]",
        "[range(0; 1; 0)]",
        "last(range(1000000000000))",
        "until(false; .)",
        "[while(true; .)]",
        "last(recurse(.))",
        "path(def f: .a | f; f)",
        "try last(repeat(1)) catch 2",
        "[limit(1000000000; repeat(1))]",
        "0 | reduce repeat(1) as $x (0; . + $x)",
        NAME,
        // An end, but of a size that nobody wants.
        "\"x\" * 100000000000000",
        "100000000000000000000000 * \"x\"",
        ".a = \"x\" | .a *= 100000000000000",
        "reduce range(60) as $i (\"x\"; . + .)",
        "reduce range(60) as $i ([1]; . += .)",
        "reduce range(60) as $i (100000000000000000000; . * .)",
    ] {
        let why = run(source, "{\"a\":{}}");
        assert_eq!(why, Err(ENDLESS.into()), "{source}");
    }
}

#[test]
fn a_program_sees_the_record_alone() {
    for source in [
        "env",
        "$ENV",
        "input",
        "inputs",
        "now",
        "debug",
        "stderr",
        "halt",
        "halt_error",
        "input_filename",
        "localtime",
        "get_search_list",
        "$__prog_args",
    ] {
        let fault = Program::compile(source).expect_err(source);
        assert!(fault.message.starts_with("jq: there is no "), "{source}: {}", fault.message);
        assert_eq!(fault.at, 0, "{source}");
    }
    for source in ["import \"a\" as a; 1", "include \"a\"; 1"] {
        assert!(Program::compile(source).is_err(), "{source}");
    }
}

#[test]
fn a_text_that_is_no_program_is_told_with_its_place() {
    for (source, at, message) in [
        ("", 0, "jq: a term is expected"),
        (".a +", 4, "jq: a term is expected"),
        (".a | (.b", 8, "jq: closing parenthesis is expected"),
        (
            "error(.姓名)",
            7,
            "jq: closing parenthesis is expected; a name with other letters than a to z stands in brackets and \
             quotes: .[\"姓名\"]",
        ),
        (".a | foo(1)", 5, "jq: there is no filter `foo`"),
        (".a | $x", 5, "jq: there is no variable `$x`"),
        (".a .b", 0, ""),
        ("if .a then 1 end end", 17, "jq: the end of the program is expected"),
        (
            "def f(g): g | f(g); f(.)",
            4,
            "jq: the filter `f`, which calls itself, can only take $variables",
        ),
        (
            "def f(g): def h: f(g); h; f(.)",
            4,
            "jq: the filter `f`, which calls itself, can only take $variables",
        ),
        ("\"abc", 4, "jq: closing quote is expected"),
    ] {
        if message.is_empty() {
            assert!(Program::compile(source).is_ok());
            continue;
        }
        let fault = Program::compile(source).expect_err(source);
        assert_eq!((fault.at, fault.message.as_str()), (at, message), "{source}");
    }
    let long = format!("[{}]", "1,".repeat(10_000));
    assert_eq!(Program::compile(&long).expect_err("long").message, "a program of more than 16 KiB");
    for nested in ["-".repeat(8_000) + "1", "[".repeat(8_000) + &"]".repeat(8_000)] {
        let fault = Program::compile(&nested).expect_err("nested");
        assert_eq!(fault.message, "jq: nested too deeply");
    }
}

#[test]
fn a_record_that_is_nested_too_deeply_is_not_run() {
    let deep = |n: usize| format!("{{\"a\":{}1{}}}", "[".repeat(n), "]".repeat(n));
    assert!(record(&deep(255)).is_some());
    assert!(record(&deep(256)).is_none());
    assert!(record(&format!("{{\"a\":{}}}", "9".repeat(1001))).is_none());
    assert!(record(&format!("{{\"a\":\"{}\"}}", "9[".repeat(1001))).is_some());
    let text = json!({ "a": "[".repeat(100_000) + &"]".repeat(100_000) }).to_string();
    assert_eq!(run(".a | fromjson", &text), Err("the jq program ends in an error: no JSON".into()));
    let text = json!({ "a": format!("#\"\n{}", "[".repeat(100_000)) }).to_string();
    assert_eq!(run(".a | fromjson", &text), Err("the jq program ends in an error: no JSON".into()));
}

#[test]
fn a_program_knows_the_fields_that_it_names() {
    for (source, paths) in [
        (".first + \" \" + .last", &["first", "last"][..]),
        (".a.b[0].c | .d", &["a.b", "d"]),
        (".\"a b\"", &["a b"]),
        (".[\"x\"]", &["x"]),
        ("{name, n: .m}", &["name", "m"]),
        (". as {q: $z} | $z", &["q"]),
        ("tojson", &[]),
        ("map(.y)", &["y"]),
    ] {
        assert_eq!(program(source).paths(), paths, "{source}");
    }
}

#[test]
fn what_a_program_reads_is_known_where_its_text_says_so() {
    for (source, paths) in [
        (".a.b", &["a.b"][..]),
        (".a[0].b", &["a"]),
        (".a | fromjson | .b", &["a"]),
        (".a[].b?", &["a"]),
        (
            ".password_hash // .custom_password_hash.hash.value",
            &["password_hash", "custom_password_hash.hash.value"],
        ),
        (".all | map(select(.main)) | .[0].hash", &["all"]),
        ("[.l[]? | select(.type == \"password\") | .h][0]", &["l"]),
        (".a as $x | $x.b + .c", &["a", "c"]),
        (".a as {b: [$x], $y} | \"\\($x)\\(.d)\"", &["a", "d"]),
        (".a[.n]", &["n", "a"]),
        ("if .new then .b else .c end", &["c", "new", "b"]),
        ("select(.on).h", &["on", "h"]),
        ("[.a, .b] | join(\":\")", &["a", "b"]),
        ("first(.a, .b | strings)", &["a", "b"]),
        ("reduce .l[] as $x (\"\"; . + $x)", &["l"]),
        ("{h: .a, b} | .h + .b", &["a", "b"]),
        (".a | .. | strings", &["a"]),
        (".a | to_entries[0].value", &["a"]),
        ("try (.a | fromjson.b) catch null", &["a"]),
        ("null", &[]),
    ] {
        let paths: Vec<String> = paths.iter().map(|path| (*path).to_owned()).collect();
        assert_eq!(program(source).reads(), Ok(&paths[..]), "{source}");
    }
    for (source, at) in [
        (".", 0),
        (". as $r | $r.a", 5),
        (".a as $a | . as {b: $x} | $x", 20),
        ("[.][0].a", 0),
        ("{r: .} | .r.a", 0),
        (".[\"a\" + \"b\"]", 0),
        (".a as $n | .[$n]", 0),
        ("[.. | objects | .a? // empty][0]", 0),
        ("..", 0),
        (".[]", 0),
        ("getpath([\"a\"])", 0),
        (".b // to_entries[0].value", 6),
        ("with_entries(.)", 0),
        ("map(.)", 0),
        ("map_values(.)", 0),
        ("keys[0]", 0),
        ("walk(.)", 0),
        ("[paths]", 1),
        ("tojson", 0),
        ("tostring", 0),
        ("@base64", 0),
        ("@json \"\\(.)\"", 0),
        ("\"\\(.)\"", 0),
        ("def f: .a; f", 4),
        ("def f(g): g | .a; f(.)", 4),
        ("reduce .l[] as $x (.; .a)", 0),
        ("foreach .l[] as $x (.; .; .a)", 0),
        ("try error catch .a", 4),
        (".a = .b", 0),
        (".a |= .", 0),
        ("(.x = 1) | .a", 0),
        ("del(.b) | .a", 0),
        ("del(.b)", 0),
        ("first", 0),
        ("first(.) | [.]", 0),
        ("if .a then .b end", 0),
        (". == {}", 0),
        ("label $out | .", 0),
        ("[limit(1; .[])]", 0),
    ] {
        assert_eq!(program(source).reads(), Err(at), "{source}");
    }
}

fn as_value(output: Output) -> Any {
    match output {
        Output::Nothing => Any::Null,
        Output::Text(text) => Any::from(text),
        Output::Other(json) => serde_json::from_str(&json).expect("JSON"),
    }
}

proptest! {
    /// What a program gives, told by serde_json.
    #[test]
    fn results_are_what_serde_json_makes_of_the_record(
        a in ".{0,12}", b in ".{0,12}", n in any::<u64>(), list in prop::collection::vec(".{0,4}", 0..5),
    ) {
        let input = json!({ "a": a, "b": b, "n": n, "in": { "list": list } });
        let gives = |source: &str| as_value(run(source, &input.to_string()).expect("a value"));
        prop_assert_eq!(gives(".a + \" \" + .b"), json!(format!("{a} {b}")));
        prop_assert_eq!(gives(".n"), json!(n));
        prop_assert_eq!(gives(".in.list"), json!(list));
        prop_assert_eq!(gives(".in.list | length"), json!(list.len()));
        prop_assert_eq!(gives("[.in.list[] | select(length > 1)] | first"),
            json!(list.iter().find(|item| item.chars().count() > 1)));
        prop_assert_eq!(gives("if .a < .b then .a else .b end"), json!(a.clone().min(b.clone())));
        prop_assert_eq!(gives("{x: .b, y: [.n]}"), json!({ "x": b, "y": [n] }));
    }

    /// Numbers keep their digits, however many there are.
    #[test]
    fn numbers_keep_their_digits(n in "[1-9][0-9]{0,40}(\\.[0-9]{1,30})?") {
        prop_assert_eq!(run(".n", &format!("{{\"n\":{n}}}")), other(&n));
    }

    #[test]
    fn no_text_makes_compiling_panic(source in "[.a|$()\\[\\]{}\"\\\\,:;+*/ -]{0,24}|.{0,16}") {
        if let Ok(program) = Program::compile(&source) {
            let _ = program.run(&record("{\"a\":[1,{\"b\":\"c\"}]}").expect("a record"));
        }
    }
}
