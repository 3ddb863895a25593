//! `preview`: what would be sent for one record, and where each value comes from.

use super::Desk;

const SETTINGS: &str = r#"
[mapping]
externalId = "uid"
password = "pwd"
email = { from = "mail", as = ["trim", "lower"] }
phone = { from = "tel", as = "phone", region = "CN" }
name = { jq = '.first + " " + .last' }
nickname = "nick"
locality = { from = "town", default = "unknown" }
signedUp = { from = "since", as = "date" }
registerSource = { value = ["import"] }
"#;

const USERS: &str = r#"[
{"uid":"4711","pwd":"$2b$12$nCa3WDbsc3tvM57ifzjwrOAGGuNK7EPV0R17WKcW6f13NZvX97yLe","mail":" Zhang@Example.com","tel":"+86 138-0013-8000","first":"San","last":"Zhang","since":1496846048,"dept":"geheim","pin":1},
{"uid":"4712","tel":"+1 520 878 2491","town":"Wuhan","since":"01/02/2024"},
{"uid":"4713","uid":"4714"}
]"#;

fn desk() -> Desk {
    let desk = Desk::new();
    desk.write("userferry.toml", SETTINGS);
    desk.write("users.json", USERS);
    desk
}

#[test]
fn of_a_password_as_people_type_it_not_even_the_length_is_shown() {
    let desk = desk();
    desk.write("plain.json", r#"[{"uid":"1","pwd":"a-secret-of-22-letters"}]"#);
    let out = desk.ferry("preview plain.json --record 1").out;
    assert!(out.contains("password        <hidden>, plain"), "{out}");
    assert!(!out.contains("22"), "{out}");
}

#[test]
fn each_field_is_shown_masked_with_where_it_comes_from() {
    let desk = desk();
    let expected = "\
users.json, record 1, line 2

FIELD           VALUE               FROM
externalId      4…(4)               column uid
password        <60 bytes>, bcrypt  column pwd
email           z…(17)              column mail, as trim, lower
phone           1…(11)              column tel, as phone
name            S…(9)               jq
nickname        -                   column nick
locality        u…(7)               default
signedUp        2…(24)              column since, as date
registerSource  i…(6)               constant

not mapped: dept, pin
";
    assert_eq!(desk.ferry("preview users.json").ok(0).out, expected);
    assert_eq!(desk.ferry("preview users.json --record 1").ok(0).out, expected);
    for key in ["4711", "zhang@example.com", "13800138000", "+8613800138000"] {
        assert_eq!(desk.ferry(&format!("preview users.json --key {key}")).ok(0).out, expected);
    }
}

#[test]
fn a_record_with_problems_is_shown_with_them_and_exits_3() {
    let desk = desk();
    let out = desk.ferry("preview users.json --record 2").ok(3).out;
    let expected = "\
users.json, record 2, line 3

FIELD             VALUE   FROM
externalId        4…(4)   column uid
password          -       column pwd
email             -       column mail, as trim, lower
phone             5…(10)  column tel, as phone
phoneCountryCode  …(2)    the phone number
name              …(1)    jq
nickname          -       column nick
locality          W…(5)   column town
signedUp          -       column since, as date
registerSource    i…(6)   constant

problem: since: a date whose day and month could be either; the mapping must say which: \
format = \"%d/%m/%Y\" or format = \"%m/%d/%Y\" (date)
";
    assert_eq!(out, expected);
    let out = desk.ferry("preview users.json --record 3").ok(3).out;
    assert!(out.starts_with("users.json, record 3, line 4\n\nproblem: "), "{out}");
    assert!(out.ends_with(" (syntax)\n"), "{out}");
}

#[test]
fn a_row_of_the_job_table_is_shown_as_it_was_staged() {
    let desk = desk();
    desk.ferry("stage users.json").ok(3);
    // The mapping of the table counts, not that of the file.
    desk.write("userferry.toml", "[mapping]\nexternalId = \"uid\"\n");
    let out = desk.ferry("preview --key 4711").ok(0).out;
    assert!(out.contains("users.json, record 1, line 2, pending\n\nFIELD "), "{out}");
    assert!(out.contains("\nname            S…(9)               jq\n"), "{out}");
    let out = desk.ferry("preview --key 4712").ok(3).out;
    assert_eq!(out.matches("\nproblem: ").count(), 1, "{out}");
}

#[test]
fn a_record_that_is_not_there_is_exit_2() {
    let desk = desk();
    for (line, message) in [
        ("preview users.json --record 4", "users.json: there is no record 4\n"),
        ("preview users.json --key 99", "users.json: no record has this key\n"),
        ("preview none.json", "none.json"),
        ("preview --key 4711", "userferry.db"),
    ] {
        let did = desk.ferry(line).ok(2 + 4 * i32::from(line == "preview --key 4711"));
        assert!(did.err.contains(message), "{line}: {}", did.err);
        assert_eq!(did.out, "");
    }
    desk.ferry("stage users.json").ok(3);
    assert!(desk.ferry("preview --key 99").ok(2).err.contains("no row has the key 99"));
}
