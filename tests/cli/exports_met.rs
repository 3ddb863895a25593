//! Exports over which new users stumbled: what is refused, told, or taken for no value.

use super::Desk;

const MAPPING: &str = "[mapping]\nexternalId = \"uid\"\nemail = \"mail\"\n";

#[test]
fn a_state_that_the_proposed_rule_does_not_know_is_told_with_its_column_and_never_shown() {
    let desk = Desk::new();
    let row = |n: u64, state: &str| format!("{n},u{n}@b.cn,{state}\n");
    let known: String =
        (1..=60).map(|n| row(n, if n % 3 == 0 { "suspended" } else { "active" })).collect();
    desk.write("u.csv", format!("uid,mail,account_status\n{known}"));
    desk.ferry("init --from u.csv").ok(0);
    assert!(desk.read("userferry.toml").contains("\nblocked = { jq = "));
    assert!(!desk.ferry("check u.csv").ok(0).out.contains("does not know"));
    let strange = row(61, "zhangfrozen") + &row(62, "hunter2") + &row(63, "active");
    desk.write("u.csv", format!("uid,mail,account_status\n{known}{strange}"));
    let did = desk.ferry("check u.csv").ok(3);
    let told = "2 records have a word in `account_status` that the rule of blocked does not know, or none, so they are invalid";
    assert!(
        did.out.contains(told) && did.out.contains("the first is record 61 of u.csv"),
        "{}",
        did.out
    );
    let way = "\"word\": true for users who may not sign in, \"word\": false for those who may";
    assert!(did.out.contains(way), "{}", did.out);
    for cell in ["zhangfrozen", "hunter2"] {
        assert!(!did.out.contains(cell) && !did.err.contains(cell), "{}", did.out);
    }
    let report: serde_json::Value =
        serde_json::from_str(&desk.ferry("check u.csv --format json").ok(3).out).unwrap();
    let warnings = report["warnings"].as_array().unwrap();
    assert!(warnings.iter().any(|one| one["warning"] == "unknown-state" && one["count"] == 2));
}

#[test]
fn escapes_of_a_databases_text_format_are_told_and_taken_as_they_stand() {
    let desk = Desk::new();
    desk.write("userferry.toml", format!("{MAPPING}nickname = \"nick\"\n"));
    for (name, content, expected) in [
        (
            "u.tsv",
            "uid\tmail\tnick\n1\ta@b.cn\tone\\ttwo\n2\tc@d.cn\t\\N\n3\te@f.cn\ta\\\\b\n",
            Some("in 2 rows cells hold"),
        ),
        (
            "u.tsv",
            "uid\tmail\tnick\n1\ta@b.cn\tone\\ttwo\n2\tc@d.cn\t\\N\n",
            Some("in 1 row cells hold"),
        ),
        // No escape, no cell without a value, and no tabs.
        ("u.tsv", "uid\tmail\tnick\n1\ta@b.cn\tone\n2\tc@d.cn\t\\N\n", None),
        ("u.tsv", "uid\tmail\tnick\n1\ta@b.cn\tone\\ttwo\n", None),
        ("u.csv", "uid,mail,nick\n1,a@b.cn,one\\ttwo\n2,c@d.cn,\\N\n", None),
    ] {
        desk.write(name, content);
        let did = desk.ferry(&format!("check {name}")).ok(0);
        assert!(!did.out.contains("two"), "{}", did.out);
        match expected {
            Some(told) => {
                assert!(did.out.contains(told), "{}", did.out);
                assert!(did.out.contains("WITH (FORMAT csv, HEADER)"), "{}", did.out);
            }
            None => assert!(!did.out.contains("FORMAT csv"), "{}", did.out),
        }
    }
}

#[test]
fn a_date_of_zero_is_no_date() {
    let desk = Desk::new();
    desk.write(
        "userferry.toml",
        format!("{MAPPING}lastLogin = {{ from = \"last\", as = \"date\" }}\n"),
    );
    let rows =
        "1,a@b.cn,0\n2,c@d.cn,0000-00-00 00:00:00\n3,e@f.cn,1970-01-01\n4,g@h.cn,1486324027\n";
    desk.write("u.csv", format!("uid,mail,last\n{rows}"));
    desk.ferry("check u.csv").ok(0);
    desk.write("u.jsonl", "{\"uid\":\"1\",\"last\":0}\n");
    desk.ferry("check u.jsonl").ok(0);
    for (record, has) in [(1, false), (2, false), (3, true), (4, true)] {
        let did = desk.ferry(&format!("preview u.csv --record {record} --unmask lastLogin")).ok(0);
        assert_eq!(
            did.out.contains("T00:00:00.000Z") || did.out.contains("T19:47:07.000Z"),
            has,
            "{}",
            did.out
        );
    }
    desk.write("u.csv", "uid,mail,last\n1,a@b.cn,1\n");
    desk.ferry("check u.csv").ok(3);
}
