//! Rules of the mapping through the whole program: what is one person, what is a problem of its
//! kind, what stops.

use crate::cli::Desk;

#[test]
fn two_spellings_of_a_phone_number_are_one_person() {
    let desk = Desk::new();
    let users = "{\"uid\":\"1\",\"tel\":\"+86 138-0013-8000\"}\n\
                 {\"uid\":\"2\",\"tel\":\"13800138000\"}\n\
                 {\"uid\":\"3\",\"tel\":\"13800138001\"}\n";
    desk.write("u.jsonl", users);
    let settings = |phone: &str| {
        desk.write("userferry.toml", format!("[mapping]\nexternalId = \"uid\"\nphone = {phone}\n"));
    };
    settings("{ from = \"tel\", as = \"phone\", region = \"CN\" }");
    let found = desk.ferry("check u.jsonl --format jsonl").ok(3).out;
    assert_eq!(
        found,
        "{\"source\":\"u.jsonl\",\"record\":2,\"line\":2,\"key\":\"2\",\"field\":\"tel\",\
         \"rule\":\"duplicate-phone\",\"message\":\"record 1 has the same phone number\"}\n"
    );
    desk.ferry("stage u.jsonl").ok(3);
    let failures = desk.ferry("failures --format jsonl").ok(0).out;
    assert!(failures.contains("duplicate-phone"), "{failures}");
    assert_eq!(failures.lines().count(), 1, "{failures}");
    // As they stand they are two.
    settings("\"tel\"");
    desk.ferry("check u.jsonl").ok(0);
}

#[test]
fn each_conversion_that_fails_is_a_problem_of_its_kind() {
    let desk = Desk::new();
    desk.write(
        "userferry.toml",
        "[mapping]\nexternalId = \"uid\"\nphone = { from = \"tel\", as = \"phone\" }\n\
         signedUp = { from = \"since\", as = \"date\" }\ngender = { from = \"sex\", as = \"gender\" }\n\
         name = { jq = '.names[]' }\n",
    );
    desk.write(
        "u.json",
        r#"[{"uid":"1","tel":"+8612","since":"01/02/2024","sex":"x","names":["geheim","b"]}]"#,
    );
    let found = desk.ferry("check u.json --format jsonl").ok(3).out;
    let rules: Vec<(String, String)> = found
        .lines()
        .map(|line| {
            let problem: serde_json::Value = serde_json::from_str(line).unwrap();
            let text = |name: &str| problem[name].as_str().unwrap().to_owned();
            (text("field"), text("rule"))
        })
        .collect();
    let expected = [("tel", "phone"), ("since", "date"), ("sex", "value"), ("name", "value")];
    assert_eq!(rules, expected.map(|(field, rule)| (field.to_owned(), rule.to_owned())));
    assert!(!found.contains("geheim"), "{found}");
}

#[test]
fn a_program_without_an_end_makes_its_records_invalid_and_holds_nothing_up() {
    let desk = Desk::new();
    desk.write(
        "userferry.toml",
        "[mapping]\nexternalId = \"uid\"\nname = { jq = 'last(repeat(1))' }\n",
    );
    let users: Vec<String> = (0..200).map(|n| format!("{{\"uid\":\"{n}\"}}\n")).collect();
    desk.write("u.jsonl", users.concat());
    let out = desk.ferry("check u.jsonl").ok(3).out;
    assert!(out.contains("200 records: 0 valid, 200 invalid"), "{out}");
    assert!(out.contains("name: the jq program does not come to an end"), "{out}");
}

#[test]
fn what_was_staged_with_programs_is_mapped_alike_when_it_is_shown() {
    let desk = Desk::new();
    let settings = "[mapping]\nexternalId = { jq = '.id' }\nname = { jq = '\"\\(.a) \\(.b)\"' }\n";
    desk.write("userferry.toml", settings);
    desk.write("u.json", r#"[{"id":12345678901234567890,"a":"x","b":1.50}]"#);
    desk.ferry("stage u.json").ok(0);
    // The same mapping, read from the file and from the table, is the same.
    desk.ferry("stage u.json").ok(0);
    let shown = desk.ferry("show 12345678901234567890").ok(0).out;
    assert!(shown.contains("\"name\":\"x…(6)\""), "{shown}");
    desk.write("userferry.toml", settings.replace("(.a)", "(.b)"));
    let did = desk.ferry("stage u.json").ok(2);
    assert!(did.err.contains("the [mapping] is not the one"), "{}", did.err);
}
