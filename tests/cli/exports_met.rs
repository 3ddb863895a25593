//! Exports over which new users stumbled: what is refused, told, or taken for no value.

use super::Desk;

const MAPPING: &str = "[mapping]\nexternalId = \"uid\"\nemail = \"mail\"\n";

#[test]
fn a_refused_first_staging_leaves_no_table_and_a_later_one_leaves_it_as_it_was() {
    let desk = Desk::new();
    desk.write("userferry.toml", format!("{MAPPING}password = \"pwd\"\n"));
    desk.write("plain.csv", "uid,mail,pwd\n1,a@b.cn,hunter2\n2,c@d.cn,letmein\n");
    desk.write("strange.csv", "id,town,name\n1,x,y\n");
    for (line, told) in [
        ("stage plain.csv", "plain text"),
        ("stage strange.csv", "none of the columns that [mapping] takes"),
        ("stage missing.csv", "missing.csv"),
    ] {
        let did = desk.ferry(line).ok(2);
        assert!(did.err.contains(told), "{line}: {}", did.err);
        for end in ["", "-wal", "-shm"] {
            assert!(!desk.path(&format!("userferry.db{end}")).exists(), "{line}: {end}");
        }
    }
    let hash = "$2b$12$WApznUPhDubN0oeveSXHpOw3Y5j8Q3s1t2u3v4w5x6y7z8A9B0C1D";
    desk.write("good.csv", format!("uid,mail,pwd\n3,e@f.cn,{hash}\n"));
    desk.ferry("stage good.csv").ok(0);
    let before = desk.status();
    desk.ferry("stage plain.csv").ok(2);
    assert_eq!(desk.status(), before);
    // The first of several is staged; what refuses the second takes nothing back.
    let desk = Desk::new();
    desk.write("userferry.toml", format!("{MAPPING}password = \"pwd\"\n"));
    desk.write("good.csv", format!("uid,mail,pwd\n3,e@f.cn,{hash}\n"));
    desk.write("plain.csv", "uid,mail,pwd\n1,a@b.cn,hunter2\n2,c@d.cn,letmein\n");
    desk.ferry("stage good.csv plain.csv").ok(2);
    assert_eq!(desk.status()["total"], 1);
}

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
    let told = "2 records have a word in `account_status` that the rule of blocked does not know: it does not say whether such users \
                may sign in, so they are invalid";
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
    assert!(warnings.iter().all(|one| one["warning"] != "no-state"));

    // Without a value: in CSV an empty cell, in JSON also null or nothing.
    desk.write(
        "u.csv",
        format!("uid,mail,account_status\n{known}{strange}{}", row(64, "") + &row(65, " ")),
    );
    let did = desk.ferry("check u.csv").ok(3);
    assert!(
        did.out.contains(told) && did.out.contains("the first is record 61 of u.csv"),
        "{}",
        did.out
    );
    let none = "2 records have no value in `account_status`, and the rule of blocked does not say whether users without one may \
                sign in, so they are invalid; the first is record 64 of u.csv";
    assert!(did.out.contains(none), "{}", did.out);
    let lines = [
        "{\"uid\":\"1\",\"mail\":\"a@b.cn\"}",
        "{\"uid\":\"2\",\"mail\":\"b@b.cn\",\"account_status\":null}",
    ];
    desk.write("u.jsonl", lines.join("\n") + "\n");
    let did = desk.ferry("check u.jsonl").ok(3);
    assert!(did.out.contains("2 records have no value in `account_status`"), "{}", did.out);
    assert!(
        did.out.contains("blocked: the mapping's program says: not known whether this user may sign in; `account_status` has no value (value)"),
        "{}",
        did.out
    );
    // The way out that is told.
    let settings = desk.read("userferry.toml").replacen(
        "ascii_downcase | {",
        "ascii_downcase | {\"null\": true, ",
        1,
    );
    desk.write("userferry.toml", settings);
    assert!(desk.ferry("check u.jsonl").ok(0).out.contains("blocked: 2 of 2 users"));
}

/// The rule that `init` writes of a sample without gaps, and an export that has some.
#[test]
fn who_has_no_value_where_it_says_who_may_sign_in_is_neither_let_in_nor_shut_out() {
    let desk = Desk::new();
    let row = |n: u64, enabled: &str| format!("{n},u{n}@b.cn,{enabled}\n");
    let sample: String =
        (1..=9).map(|n| row(n, if n % 3 == 0 { "false" } else { "true" })).collect();
    desk.write("u.csv", format!("uid,mail,enabled\n{sample}"));
    desk.ferry("init --from u.csv").ok(0);
    let rule = r#"blocked = { from = "enabled", as = "not" }"#;
    let settings = desk.read("userferry.toml");
    assert!(settings.contains(rule), "{settings}");
    desk.write("u.csv", format!("uid,mail,enabled\n{sample}{}{}", row(10, ""), row(11, "\\N")));
    desk.write(
        "u.jsonl",
        "{\"uid\":\"20\",\"mail\":\"a@b.cn\",\"enabled\":null}\n{\"uid\":\"21\",\"mail\":\"c@b.cn\"}\n",
    );
    let told = "2 records have no value in `enabled`, and the rule of blocked does not say whether users without one may sign in, so \
                they are invalid";
    for file in ["u.csv", "u.jsonl"] {
        let did = desk.ferry(&format!("check {file}")).ok(3);
        assert!(did.out.contains(told) && did.out.contains("default = false"), "{}", did.out);
        assert!(!did.out.contains("list"), "{}", did.out);
        let report: serde_json::Value =
            serde_json::from_str(&desk.ferry(&format!("check {file} --format json")).ok(3).out)
                .unwrap();
        let found = report["warnings"].as_array().unwrap();
        assert!(found.iter().any(|one| one["warning"] == "no-state" && one["count"] == 2));
        desk.ferry(&format!("stage {file}")).ok(3);
    }
    let status = desk.status();
    assert_eq!((&status["pending"], &status["invalid"]), (&9.into(), &4.into()));
    for (truth, blocked) in [("false", "blocked: 0 of 2"), ("true", "blocked: 2 of 2")] {
        let with = format!(r#"blocked = {{ from = "enabled", as = "not", default = {truth} }}"#);
        desk.write("userferry.toml", settings.replace(rule, &with));
        let out = desk.ferry("check u.jsonl").ok(0).out;
        assert!(out.contains(blocked), "{out}");
    }
}

#[test]
fn of_a_rule_of_two_columns_the_empty_one_is_named() {
    for (name, sample, gap, column, has_list) in [
        (
            "u.jsonl",
            r#"{"Username":"N","Enabled":true,"UserStatus":"CONFIRMED","UserCreateDate":1700000000,"email":"uN@b.cn"}"#,
            ("\"Enabled\":true", "\"Enabled\":null"),
            "`Enabled`",
            true,
        ),
        ("u.csv", "N,512,0,uN@b.cn", (",512,", ",,"), "`userAccountControl`", false),
    ] {
        let desk = Desk::new();
        let row = |n: u64| {
            let id = n.to_string();
            let one = sample.replace("uN@", &format!("u{id}@"));
            one.replacen("N,", &format!("{id},"), 1).replace("\"N\"", &format!("\"{id}\"")) + "\n"
        };
        let head = if name == "u.csv" {
            "sAMAccountName,userAccountControl,accountExpires,mail\n"
        } else {
            ""
        };
        let sample: String = (1..=9).map(row).collect();
        desk.write(name, format!("{head}{sample}"));
        desk.ferry(&format!("init --from {name}")).ok(0);
        assert!(
            desk.read("userferry.toml").contains("\nblocked = { jq = "),
            "{}",
            desk.read("userferry.toml")
        );
        desk.ferry(&format!("check {name}")).ok(0);
        desk.write(name, format!("{head}{sample}{}", row(10).replace(gap.0, gap.1)));
        let out = desk.ferry(&format!("check {name}")).ok(3).out;
        assert!(out.contains(&format!("1 record has no value in {column}, and the rule")), "{out}");
        assert_eq!(out.contains("to the list in the rule"), has_list, "{out}");
        assert_eq!(out.contains("has no list of words"), !has_list, "{out}");
    }
}

/// An empty column that says nothing is not blamed for the value of another.
#[test]
fn of_a_rule_of_two_columns_an_innocent_empty_one_is_not_named() {
    for (head, row, known, unknown) in [
        ("id,email,aud,banned_until,deleted_at", "N,uN@b.cn,authenticated,", "", "soon"),
        ("entity_id,email,failures_num,lock_expires,is_active", "N,uN@b.cn,0,,", "1", "maybe"),
    ] {
        let desk = Desk::new();
        let end = if unknown == "soon" { "," } else { "" };
        let line = |n: u64, value: &str| row.replace('N', &n.to_string()) + value + end + "\n";
        let sample: String = (1..=9).map(|n| line(n, known)).collect();
        let banned = if end == "," {
            "90,u90@b.cn,authenticated,2020-01-01 00:00:00+00,2020-01-01 00:00:00+00\n"
        } else {
            ""
        };
        desk.write("u.csv", format!("{head}\n{sample}{banned}"));
        desk.ferry("init --from u.csv").ok(0);
        assert!(desk.read("userferry.toml").contains("\nblocked = { jq = "), "{head}");
        desk.write("u.csv", format!("{head}\n{sample}{}", line(10, unknown)));
        let out = desk.ferry("check u.csv").ok(3).out;
        assert!(out.contains("not known whether this user may sign in"), "{out}");
        assert!(!out.contains("no value"), "{out}");
    }
}

#[test]
fn escapes_of_a_databases_text_format_are_told_and_taken_as_they_stand() {
    let desk = Desk::new();
    desk.write("userferry.toml", format!("{MAPPING}nickname = \"nick\"\n"));
    for (name, content, expected) in [
        (
            "u.tsv",
            "uid\tmail\tnick\n1\ta@b.cn\tone\\ttwo\n2\tc@d.cn\t\\N\n3\te@f.cn\ta\\\\b\n",
            Some("cells of 2 rows hold"),
        ),
        (
            "u.tsv",
            "uid\tmail\tnick\n1\ta@b.cn\tone\\ttwo\n2\tc@d.cn\t\\N\n",
            Some("cells of 1 row hold"),
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
                let staged = desk.ferry(&format!("--db t{}.db stage {name}", told.len())).ok(0).err;
                assert!(staged.contains(told) && !staged.contains("two"), "{staged}");
                assert!(did.out.contains("WITH (FORMAT csv, HEADER)"), "{}", did.out);
            }
            None => assert!(!did.out.contains("FORMAT csv"), "{}", did.out),
        }
    }
}

/// As the client writes: a tab, a newline and a backslash escaped, and the word NULL for no value.
#[test]
fn escapes_of_mysql_batch_are_told_by_each_command_with_the_way_out() {
    const HEAD: &str = "id\temail\tusername\tdisplay_name\tcity\n";
    let row = |n: u32, name: &str| format!("{n}\tu{n}@b.cn\tuser{n}\t{name}\tNULL\n");
    let with = |names: [&str; 4]| {
        let rows = (1..).zip(names).map(|(n, name)| row(n, name)).collect::<String>();
        format!("{HEAD}{rows}")
    };
    let escaped = with(["Max\\\\Schmidt", "Uwe\\tBecker", "Eva", "Ann\\nLee"]);
    let told = "cells of 3 rows hold escapes with a backslash (\\t, \\n, \\\\), which are taken as they stand; \
                export it without: mysql --batch --raw, if no value holds a tab or a newline, or else as JSON: \
                mysql -N -r -e \"SELECT JSON_OBJECT(";
    for null in [true, false] {
        let desk = Desk::new();
        desk.write("u.tsv", &escaped);
        let init = desk.ferry("init --from u.tsv").ok(0).err;
        assert!(init.contains(told), "{init}");
        if !null {
            let settings = desk.read("userferry.toml");
            desk.write("userferry.toml", settings.replace("\nnull = [\"NULL\"]\n", "\n"));
        }
        let check = desk.ferry("check u.tsv").ok(0).out;
        assert!(check.contains(told), "{check}");
        let stage = desk.ferry("stage u.tsv").ok(0).err;
        assert!(stage.contains(told), "{stage}");
    }
    // Without escapes, with backslashes that are none, without the word, and between commas.
    let clean = with(["Max", "Uwe", "Eva", "Ann"]);
    let raw = with(["DOMAIN\\li", "Uwe\\tBecker", "Eva", "Ann"]);
    for (name, content) in [
        ("a.tsv", clean),
        ("b.tsv", raw),
        ("c.tsv", escaped.replace("NULL", "Rome")),
        ("d.csv", escaped.replace('\t', ",")),
    ] {
        let desk = Desk::new();
        desk.write(name, content);
        let init = desk.ferry(&format!("init --from {name}")).ok(0).err;
        assert!(!init.contains("escapes"), "{name}: {init}");
        let check = desk.ferry(&format!("check {name}")).ok(0).out;
        assert!(!check.contains("escapes"), "{name}: {check}");
    }
}

#[test]
fn corrections_without_a_key_are_told_with_the_way_out() {
    let desk = Desk::new();
    desk.write("userferry.toml", format!("{MAPPING}nickname = \"nick\"\n"));
    desk.write("u.csv", "uid,mail,nick\n,,one\n,,two\n3,c@d.cn,three\n");
    desk.ferry("stage u.csv").ok(3);
    desk.write("wrong.csv", "uid,mail,nick\n,,uno\n5,e@f.cn,due\n");
    let did = desk.ferry("stage --replace wrong.csv").ok(3);
    let told = "warning: 1 record of wrong.csv has no key (no external id, e-mail address, phone number or user name), and so \
                replaces no row";
    assert!(
        did.err.contains(told) && did.err.contains("userferry waive --record N --source FILE"),
        "{}",
        did.err
    );
    assert!(!did.err.contains("uno"), "{}", did.err);
    // Without --replace nobody expects it.
    desk.write("more.csv", "uid,mail,nick\n,,quattro\n6,g@h.cn,x\n");
    assert!(!desk.ferry("stage more.csv").ok(3).err.contains("no key"));
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

/// .NET's DateTime.MinValue, as SQL Server keeps it (datetime2), System.Text.Json and ToString write it
/// (learn.microsoft.com/dotnet/api/system.datetime.minvalue): nobody was born then.
#[test]
fn the_empty_date_of_dot_net_is_no_date() {
    let desk = Desk::new();
    let empty = ["0001-01-01 00:00:00.0000000", "0001-01-01T00:00:00", "01/01/0001", "0001-01-01"];
    let mut rows = String::from("Id,Email,BirthDate\n");
    for n in 0..40 {
        let born = empty.get(n % 10).map_or("1940-01-20 00:00:00.0000000", |born| born);
        rows.push_str(&format!("{n},u{n}@example.com,{born}\n"));
    }
    desk.write("u.csv", rows);
    desk.ferry("init --from u.csv --yes").ok(0);
    assert!(
        desk.read("userferry.toml").contains("birthdate = { from = \"BirthDate\", as = \"date\" }")
    );
    desk.ferry("check u.csv").ok(0);
    for record in 1..=10 {
        let did = desk.ferry(&format!("preview u.csv --record {record} --unmask birthdate")).ok(0);
        assert_eq!(did.out.contains("1940-01-20"), record > empty.len(), "{}", did.out);
        assert!(!did.out.contains("0001-01-01T") && !did.out.contains(" 0001-01-01\n"));
    }
    // Days as they are written, and among them one that is none: it is not sent as it stands.
    let desk = Desk::new();
    desk.write("v.csv", "Id,Email,BirthDate\n1,a@b.cn,1940-01-20\n2,c@d.cn,0001-01-01\n");
    desk.ferry("init --from v.csv --yes").ok(0);
    assert!(
        desk.read("userferry.toml").contains("birthdate = { from = \"BirthDate\", as = \"date\" }")
    );
}
