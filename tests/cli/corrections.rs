//! Wrong rows are exported with the reason, corrected, staged again and sent.

use super::Desk;
use crate::process::Rig;

const CSV: &str = "uid;mail;nickname;emailVerified\n\
                   1;a@b.cn;\"Wu; \"\"Li\"\"\";yes\n\
                   2;none;Bo;no\n\
                   3;c@d.cn;Zhang; too;no\n\
                   4;e@f.cn;\"Ma\" x;yes\n";

#[test]
fn wrong_rows_of_csv_are_corrected_as_csv_and_arrive() {
    let rig = Rig::start(&[]);
    let desk = Desk::at(&rig.sandbox.url);
    desk.write("users.csv", CSV);
    desk.ferry("stage users.csv").ok(3);
    let did = desk.ferry("export --status failed,invalid -o wrong.csv").ok(0);
    assert!(did.err.contains("1 row has more or fewer cells than the header"), "{}", did.err);
    assert_eq!(
        desk.read("wrong.csv"),
        "_userferry;uid;mail;nickname;emailVerified\n\
         invalid: mail: no e-mail address: it has no @;2;none;Bo;false\n\
         invalid: the row has 5 columns, where the header has 4;3;c@d.cn;Zhang; too;no\n\
         \"invalid: a quote stands inside a cell; a cell that has quotes must stand in quotes, and each of its own be \
         written twice\";4;e@f.cn;\"\"\"Ma\"\" x\";yes\n"
    );
    // What is still wrong in it is not new, nor has it become a user.
    let wrong = desk.read("wrong.csv");
    desk.write("wrong.csv", wrong.split_inclusive('\n').take(3).collect::<String>());
    let did = desk.ferry("stage --replace wrong.csv").ok(3);
    assert!(did.err.contains("2 records read, 2 in the table already"), "{}", did.err);
    assert_eq!(desk.ferry("export --status invalid").ok(0).err.matches("3 records").count(), 1);
    let checked = desk.ferry("check wrong.csv").ok(3).out;
    assert!(!checked.contains("_userferry"), "{checked}");

    let corrected = wrong.replace(";none;", ";g@h.cn;");
    let corrected = corrected.replace("Zhang; too", "\"Zhang; too\"");
    desk.write("wrong.csv", corrected);
    // Rows without a key are not found again: the corrected ones are new, and the old ones let go.
    let did = desk.ferry("stage --replace wrong.csv").ok(3);
    assert!(did.err.contains("3 records read, 2 staged, 1 replaced"), "{}", did.err);
    desk.ferry("waive --status invalid --reason corrected").ok(0);
    desk.ferry("run").ok(0);
    assert_eq!(desk.status()["created"], 4);
    let names: Vec<String> =
        rig.creates().iter().map(|user| user["stored"]["nickname"].to_string()).collect();
    for name in ["\"Bo\"", "\"Zhang; too\"", "\"\\\"Ma\\\" x\"", "\"Wu; \\\"Li\\\"\""] {
        assert!(names.iter().any(|other| other == name), "{name}: {names:?}");
    }
}

/// A row whose only mistake is how its quotes are written comes out with a cell for each column, and goes in again.
#[test]
fn a_row_with_an_odd_quote_is_exported_under_its_columns_and_staged_as_it_is() {
    let rig = Rig::start(&[]);
    let desk = Desk::at(&rig.sandbox.url);
    desk.write(
        "userferry.toml",
        "[mapping]\nexternalId = \"Id\"\nusername = \"UserName\"\ngivenName = \"FirstName\"\nfamilyName = \"LastName\"\n",
    );
    let rows = "Id,UserName,FirstName,LastName\n1,al,A,B\n2,bob,\"Kit\" Bo,Y\n";
    desk.write("users.csv", rows);
    desk.ferry("stage users.csv").ok(3);
    let did = desk.ferry("export --status invalid -o wrong.csv").ok(0);
    assert!(!did.err.contains("more or fewer cells"), "{}", did.err);
    let wrong = desk.read("wrong.csv");
    let mut reader = csv::Reader::from_reader(wrong.as_bytes());
    let header: Vec<&str> = reader.headers().unwrap().iter().skip(1).collect();
    assert_eq!(header, ["Id", "UserName", "FirstName", "LastName"]);
    let row = reader.records().next().unwrap().unwrap();
    assert_eq!(row.iter().skip(1).collect::<Vec<_>>(), ["2", "bob", "\"Kit\" Bo", "Y"]);
    let did = desk.ferry("stage --replace wrong.csv").ok(0);
    assert!(did.err.contains("1 record read, 1 staged"), "{}", did.err);
    desk.ferry("waive --record 2 --source users.csv --reason corrected").ok(0);
    desk.ferry("run").ok(0);
    assert_eq!(desk.status()["created"], 2);
    let names: Vec<String> =
        rig.creates().iter().map(|user| user["stored"]["givenName"].to_string()).collect();
    assert!(names.contains(&"\"\\\"Kit\\\" Bo\"".to_owned()), "{names:?}");
}

/// Two users, of whom a quote that is part of the nickname hides the second, and one with a wrong address.
const HIDING: &str = "id,nick,mail\no1,\"Bobby,z@b.cn\no2,Rob\",w@b.cn\no3,Al,none\n";

#[test]
fn a_row_that_may_be_several_stays_wrong_until_it_is_said_what_quotes_are() {
    for (name, header, quoted) in [
        ("w.csv", HIDING.to_owned(), ""),
        ("w.jsonl", HIDING.to_owned(), ""),
        ("w.json", HIDING.to_owned(), ""),
        // Between tabs, in a file that uses quotes.
        ("w.tsv", HIDING.replace(',', "\t"), "o4\t\"x\ty\"\ty@b.cn\n"),
    ] {
        let desk = Desk::new();
        desk.write(
            "userferry.toml",
            "[mapping]\nexternalId = \"id\"\nnickname = \"nick\"\nemail = \"mail\"\n",
        );
        desk.write("u.csv", header + quoted);
        let valid = quoted.lines().count();
        desk.ferry("stage u.csv").ok(3);
        assert_eq!(desk.status()["pending"], valid, "{name}");
        desk.ferry(&format!("export --status invalid -o {name}")).ok(0);
        let did = desk.ferry(&format!("stage --replace {name}")).ok(3);
        assert!(did.err.contains("2 records read, 2 in the table already"), "{}", did.err);
        // Another row is corrected.
        let exported = desk.read(name);
        desk.write(name, exported.replace("none", "al@b.cn"));
        desk.ferry(&format!("stage --replace {name}")).ok(3);
        assert_eq!(desk.status()["pending"], valid + 1, "{name}");
        assert_eq!(desk.status()["invalid"], 1, "{name}");
        // As a table that is saved anew: of the same width in each row, or without empty cells at its end.
        if name == "w.csv" {
            let trimmed = exported.replace(",\n", "\n");
            assert_ne!(trimmed, exported);
            let wide = exported.replace("mail\n", "mail,\n").replace("none\n", "none,\n");
            // Some editors put every cell in quotes, or every one that is not empty.
            let quoted =
                [in_quotes(&wide, true), in_quotes(&wide, false), in_quotes(&trimmed, true)];
            for saved in [trimmed, wide].into_iter().chain(quoted) {
                desk.write("saved.csv", saved);
                let check = desk.ferry("check saved.csv").ok(3);
                assert!(check.out.contains("look like rows"), "{}", check.out);
                assert!(!check.out.contains("1 valid"), "{}", check.out);
            }
            let did = desk.ferry("check --quotes none w.csv").ok(2);
            assert!(did.err.contains("an export of userferry"), "{}", did.err);
            let did = desk.ferry("check w.csv").ok(3);
            assert!(did.out.contains("a cell in quotes spans 2 lines"), "{}", did.out);
        }
        if ["w.csv", "w.tsv"].contains(&name) {
            // Without a key the wrong row is not found again: it is let go, as any that was corrected.
            desk.ferry(&format!("stage --replace --quotes double {name}")).ok(3);
            assert_eq!(desk.status()["pending"], valid + 2, "{name}");
            let pending = desk.ferry("export --status pending").ok(0).out;
            assert!(pending.contains(r#""id":"o1","nick":"Bobby"#), "{pending}");
        }
    }
}

/// The table with quotes around each cell, or around each that is not empty.
fn in_quotes(table: &str, also_empty: bool) -> String {
    let mut reader =
        csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(table.as_bytes());
    let cell = |cell: &str| match cell {
        "" if !also_empty => String::new(),
        text => format!("\"{}\"", text.replace('"', "\"\"")),
    };
    let row = |row: csv::StringRecord| row.iter().map(cell).collect::<Vec<_>>().join(",") + "\n";
    reader.records().map(|record| row(record.unwrap())).collect()
}

/// Its quotes were in order, whatever they hold: the source has them around each cell, an export only where
/// they are needed.
#[test]
fn what_was_read_as_one_user_is_one_when_an_export_of_it_comes_back() {
    let desk = Desk::new();
    desk.write(
        "userferry.toml",
        "[mapping]\nexternalId = \"id\"\nemail = \"mail\"\nprofile = \"bio\"\nname = \"name\"\n",
    );
    let bio = "Skills:\nC,C++,Java,Go";
    desk.write("u.csv", format!("id,mail,name,bio\n\"o1\",\"none\",\"Al\",\"{bio}\"\n"));
    desk.ferry("stage u.csv").ok(3);
    desk.ferry("export --status invalid -o w.csv").ok(0);
    let exported = desk.read("w.csv");
    assert!(exported.contains(&format!(",o1,none,Al,\"{bio}\"\n")), "{exported}");
    desk.write("w.csv", exported.replace("none", "al@b.cn"));
    let did = desk.ferry("stage --replace w.csv").ok(0);
    assert!(did.err.contains("1 replaced"), "{}", did.err);
    // A quote that somebody has put in by hand hides others as ever.
    let all = "_userferry,id,mail,name\nx,o1,a@b.cn,\"Al\nx,o2,b@b.cn,Bo\nx,o3,c@b.cn,Rob\"\n";
    desk.write("w.csv", all);
    let did = desk.ferry("check w.csv").ok(3);
    assert!(did.out.contains("look like rows"), "{}", did.out);
}

#[test]
fn wrong_rows_of_json_lines_are_corrected_as_json_lines_and_arrive() {
    let rig = Rig::start(&["--poison=u3@example.com=code:2003"]);
    let desk = Desk::at(&rig.sandbox.url);
    let lines = "{\"uid\":\"1\",\"mail\":\"u1@example.com\"}\n{ \"uid\": \"2\", \"mail\": \"none\" }\n\
                 {\"uid\":\"3\",\"mail\":\"u3@example.com\"}\n";
    desk.write("users.jsonl", lines);
    desk.ferry("stage users.jsonl").ok(3);
    desk.ferry("run").ok(3);
    desk.ferry("export --status failed,invalid -o wrong.jsonl").ok(0);
    let wrong = desk.read("wrong.jsonl");
    assert!(wrong.contains("u3@example.com\",\"_userferry\":\"failed/rejected 2003: "), "{wrong}");
    let of_mail = "\"none\",\"_userferry\":\"invalid: mail: no e-mail address: it has no @\" }\n";
    assert!(wrong.contains(of_mail), "{wrong}");
    let did = desk.ferry("stage wrong.jsonl").ok(3);
    assert!(did.err.contains("2 records read, 2 in the table already"), "{}", did.err);
    desk.write("wrong.jsonl", wrong.replace("none", "u2@example.com").replace("u3@", "v3@"));
    let did = desk.ferry("stage --replace wrong.jsonl").ok(0);
    assert!(did.err.contains("2 records read, 2 replaced"), "{}", did.err);
    desk.ferry("run").ok(0);
    assert_eq!(desk.status()["created"], 3);
    let rows = desk.ferry("export --status done").ok(0).out;
    assert!(!rows.contains("_userferry"), "{rows}");
}

#[test]
fn of_several_sources_csv_has_all_columns_and_says_what_it_cannot_hold() {
    let desk = Desk::new();
    desk.write("a.csv", "uid,mail\n1,none\n");
    desk.write("b.jsonl", "{\"uid\":\"2\",\"mail\":\"none\",\"more\":{\"zip\":1}}\n[7]\n");
    desk.ferry("stage a.csv b.jsonl").ok(3);
    let did = desk.ferry("export --status invalid --format csv").ok(3);
    let why = "invalid: mail: no e-mail address: it has no @";
    let rows =
        format!("_userferry,uid,mail,more\n{why},1,none,\n{why},2,none,\"{{\"\"zip\"\":1}}\"\n");
    assert_eq!(did.out, rows);
    for told in
        ["1 record left out", "1 record of JSON written as CSV", "1 record has lists or objects"]
    {
        assert!(did.err.contains(told), "{told}: {}", did.err);
    }
    // What is said goes by the rows that are written.
    desk.ferry("waive --key 1 --reason gone").ok(0);
    let did = desk.ferry("export --status invalid").ok(0);
    assert!(!did.err.contains("CSV"), "{}", did.err);
}

/// What a corrected record has may be another row's by now.
#[test]
fn check_says_that_it_reads_the_file_alone_and_stage_compares_with_the_table() {
    let desk = Desk::new();
    let wrong = "{\"uid\":\"2\",\"mail\":\"none\"}\n";
    desk.write("u.jsonl", format!("{{\"uid\":\"1\",\"mail\":\"a@b.cn\"}}\n{wrong}"));
    desk.ferry("stage u.jsonl").ok(3);
    desk.write("fixed.jsonl", wrong.replace("none", "a@b.cn"));
    desk.ferry("check fixed.jsonl").ok(0);
    desk.ferry("stage --replace fixed.jsonl").ok(3);
    assert!(desk.ferry("show 2").ok(0).out.contains("duplicate"));
    let help = desk.ferry("check --help").ok(0).out;
    let words: Vec<&str> = help.split_whitespace().collect();
    let told =
        "check reads the file alone; stage compares its records with the rows of the job table";
    assert!(words.join(" ").contains(told), "{help}");
}

/// What has no key is known by all that stands in it, as long as nothing of it was changed.
#[test]
fn records_without_a_key_that_are_as_they_were_are_told_as_that() {
    for (name, text, one, other) in [
        (
            "u.jsonl",
            "{\"uid\":\"1\"}\n{\"nick\":\"x\"}\n[7]\nbroken\n{\"uid\":\"2\",\"mail\":\"none\"}\n",
            "\"x\"",
            "\"y\"",
        ),
        (
            "u.csv",
            "uid,mail,nickname\n1,a@b.cn,A\n,,x\n3,c@d.cn,C,D\n\"4\"x,e@f.cn,E,\n2,none,\n",
            ",x",
            ",y",
        ),
    ] {
        let desk = Desk::new();
        desk.write(name, text);
        desk.ferry(&format!("stage {name}")).ok(3);
        let wrong = format!("wrong-{name}");
        desk.ferry(&format!("export --status invalid -o {wrong}")).ok(0);
        let told = |file: &str, became: &str| {
            let err = desk.ferry(&format!("stage --replace {file}")).ok(3).err;
            assert!(err.contains(became), "{err}");
            err
        };
        for (file, became) in [
            (&wrong[..], "4 records read, 4 in the table already"),
            (name, "5 records read, 5 in the table already"),
        ] {
            let err = told(file, became);
            assert!(err.contains("warning: 4 records are in the table already, in rows that are failed or invalid"), "{err}");
            assert!(!err.contains("no key"), "{err}");
        }
        desk.write(&wrong, desk.read(&wrong).replace(one, other));
        let err =
            told(&wrong, "4 records read, 1 staged, 1 of them invalid, 3 in the table already");
        let warned = format!("warning: 1 record of {wrong} has no key (");
        assert!(
            err.contains(&warned) && err.contains("let go of each with userferry waive --record N"),
            "{err}"
        );
    }
}

/// The next day's export: who is done by now stays as it was sent, whoever may not sign in any more.
#[test]
fn users_who_are_done_and_shut_out_by_a_newer_export_are_told() {
    let rig = Rig::start(&[]);
    let desk = Desk::at(&rig.sandbox.url);
    let mapping = "[mapping]\nexternalId = \"uid\"\nemail = \"mail\"\nblocked = \"off\"\n";
    desk.write("userferry.toml", mapping);
    // The last three have no id; the first was sent as one who may not.
    let line = |n: u64, off: bool, more: &str| match n {
        0..=7 => format!("{{\"uid\":\"{n}\",\"off\":{off}{more}}}\n"),
        _ => format!("{{\"mail\":\"user{n}@example.com\",\"off\":{off}{more}}}\n"),
    };
    let today: String = (0..11).map(|n| line(n, n == 0, "")).collect();
    desk.write("u.jsonl", today);
    desk.ferry("stage u.jsonl").ok(0);
    desk.ferry("run --key 0 --key 1 --key user9@example.com").ok(5);
    let told = |err: &str| {
        let lines = err.lines().filter(|line| line.contains("may not sign in"));
        lines.map(str::to_owned).collect::<Vec<_>>()
    };
    // Of 2 and 8, which are not done, the record is replaced.
    let tomorrow: String =
        (0..11).map(|n| line(n, matches!(n, 0..=2 | 8 | 9), ",\"v\":2")).collect();
    desk.write("next.jsonl", &tomorrow);
    let way = "userferry does not change users who are in the directory, so block";
    let expected = format!(
        "warning: 2 records say by now that their users may not sign in, who were sent before as users who may: {way} them \
         there (the keys: 1, u…(17); userferry export --map has the ids there)"
    );
    for command in ["stage next.jsonl", "stage --replace next.jsonl"] {
        let copy = Desk::at(&rig.sandbox.url);
        for file in ["userferry.toml", "userferry.db", "next.jsonl"] {
            std::fs::copy(desk.path(file), copy.path(file)).unwrap();
        }
        assert_eq!(
            told(&copy.ferry(command).ok(3).err),
            std::slice::from_ref(&expected),
            "{command}"
        );
    }
    // Over the same file, as an export of every night is.
    desk.write("u.jsonl", tomorrow);
    assert_eq!(told(&desk.ferry("stage u.jsonl").ok(3).err), std::slice::from_ref(&expected));
    assert_eq!(told(&desk.ferry("stage --replace u.jsonl").ok(3).err), [expected]);
    // What was told of the three who are done went when their file was staged with --replace.
    desk.ferry("run").ok(0);
    let all: String = (0..11).map(|n| line(n, true, ",\"v\":3")).collect();
    desk.write("all.jsonl", all);
    // By now 2 and 8 were sent as users who may not.
    let expected = format!(
        "warning: 8 records say by now that their users may not sign in, who were sent before as users who may: {way} them \
         there (the keys: 1, 3, 4, 5, 6 and 3 others; userferry export --map has the ids there)"
    );
    assert_eq!(told(&desk.ferry("stage --replace all.jsonl").ok(3).err), [expected]);
    let one = line(1, true, ",\"v\":4");
    desk.write("one.jsonl", one);
    let expected = format!(
        "warning: 1 record says by now that its user may not sign in, who was sent before as one who may: {way} this one \
         there (the key: 1; userferry export --map has the id there)"
    );
    assert_eq!(told(&desk.ferry("stage --replace one.jsonl").ok(3).err), [expected]);
    assert!(rig.creates().iter().all(|user| user["stored"].get("v").is_none()));
}

/// Who was let go by key, before anything was sent for them, is not let in by the export of the next day.
#[test]
fn who_was_waived_by_key_stays_out_of_newer_exports() {
    let rig = Rig::start(&[]);
    let mapping = "[mapping]\nexternalId = \"uid\"\nname = \"name\"\n";
    let first = "uid,name\n1,A\n2,B\n3,C\n";
    for (file, replace) in
        [("u.csv", ""), ("u.csv", "--replace "), ("v.csv", ""), ("v.csv", "--replace ")]
    {
        let desk = Desk::at(&rig.sandbox.url);
        desk.write("userferry.toml", mapping);
        desk.write("u.csv", first);
        desk.ferry("stage u.csv").ok(0);
        desk.ferry("waive --key 2 --reason left").ok(0);
        // Day after day, each with another byte; the user is no less out for it.
        for day in ["2,B2", "2,B3", "2,B3"] {
            desk.write(file, first.replace("2,B", day));
            let err = desk.ferry(&format!("stage {replace}{file}")).ok(0).err;
            let is_known = day == "2,B3" && err.contains("staged before");
            assert!(
                is_known
                    || err.contains("1 newer record not taken: its user was let go by its key"),
                "{err}"
            );
            let status = desk.status();
            assert!(
                status["total"] == 3 && status["pending"] == 2 && status["waived"] == 1,
                "{status}"
            );
        }
        // The way that is told lets in who is wanted after all.
        desk.ferry("waive --undo --key 2").ok(0);
        desk.ferry(&format!("stage --replace {file}")).ok(0);
        let status = desk.status();
        assert!(status["total"] == 3 && status["pending"] == 3, "{status}");
        let shown = desk.ferry("show 2 --unmask all").ok(0).out;
        assert!(shown.contains("B3"), "{shown}");
    }
}

/// Who was let go with all of a wrong file comes with the right one.
#[test]
fn who_was_waived_with_a_source_comes_with_the_next() {
    let desk = Desk::at("http://127.0.0.1:9");
    desk.write("userferry.toml", "[mapping]\nexternalId = \"uid\"\nname = \"name\"\n");
    desk.write("wrong.csv", "uid,name\n1,A\n2,B\n");
    desk.ferry("stage wrong.csv").ok(0);
    desk.ferry("waive --source wrong.csv --reason mistake").ok(0);
    desk.write("right.csv", "uid,name\n1,AA\n2,BB\n");
    desk.ferry("stage right.csv").ok(0);
    assert_eq!(desk.status()["pending"], 2);
    // One of these by key: this is the latest word.
    desk.ferry("waive --key 2 --reason left").ok(0);
    desk.write("next.csv", "uid,name\n1,AA\n2,BBB\n");
    desk.ferry("stage next.csv").ok(0);
    assert_eq!(desk.status()["pending"], 1);
}

/// `--replace` was forgotten, and said afterwards: nothing is left over that nobody can let go.
#[test]
fn what_was_told_of_users_who_are_done_goes_when_replace_is_said() {
    let rig = Rig::start(&[]);
    let desk = Desk::at(&rig.sandbox.url);
    desk.write("userferry.toml", "[mapping]\nexternalId = \"uid\"\nname = \"name\"\n");
    desk.write("u.csv", "uid,name\n1,A\n2,B\n3,C\n");
    desk.ferry("stage u.csv").ok(0);
    desk.ferry("run").ok(0);
    desk.write("u.csv", "uid,name\n1,A\n2,BB\n3,CC\n");
    desk.ferry("stage u.csv").ok(3);
    assert_eq!(desk.status()["invalid"], 2);
    let none = "No row of u.csv is pending, failed or invalid; what its records say of users who are done is not told any \
                more. DIR/u.csv was staged in 3 states, and \
                the rows of the latest are meant; --all takes those of the others, too\n";
    // Corrections that cannot be applied.
    desk.ferry("stage --replace u.csv").ok(3);
    let status = desk.status();
    assert!(status["invalid"] == 0 && status["total"] == 3 && status["done"] == 3, "{status}");
    assert_eq!(desk.ferry("failures --json").ok(0).out, "[]\n");
    assert_eq!(desk.ferry("waive --source u.csv --reason x").ok(0).err, none);
    desk.ferry("run").ok(0);
}

#[test]
fn a_waiver_of_an_earlier_state_of_a_file_is_found_by_all() {
    let desk = Desk::at("http://127.0.0.1:9");
    desk.write("userferry.toml", "[mapping]\nexternalId = \"uid\"\nname = \"name\"\n");
    desk.write("u.csv", "uid,name\n1,A\n2,B\n");
    desk.ferry("stage u.csv").ok(0);
    desk.ferry("waive --source u.csv --reason mistake").ok(0);
    desk.write("u.csv", "uid,name\n1,AA\n3,C\n");
    desk.ferry("stage u.csv").ok(0);
    let err = desk.ferry("waive --source u.csv --undo").ok(2).err;
    assert!(err.contains("no such decision to undo") && err.contains("--all"), "{err}");
    desk.ferry("waive --source u.csv --undo --all").ok(0);
}

/// What newer exports say of users who are done is kept, judged as the rows stand, and listed.
#[test]
fn what_newer_exports_say_of_users_who_are_done_is_listed() {
    let rig = Rig::start(&[]);
    let desk = Desk::at(&rig.sandbox.url);
    let mapping = "[mapping]\nexternalId = \"uid\"\nname = \"name\"\n\
                   blocked = { jq = 'if .state == \"off\" then true elif .state == \"on\" then false else error(\"unknown\") end' }\n";
    desk.write("userferry.toml", mapping);
    let export = |rows: &[&str]| format!("uid,name,state\n{}\n", rows.join("\n"));
    desk.write("u.csv", export(&["1,A,on", "2,B,on", "3,C,off", "4,D,on", "5,E,on", "6,F,on"]));
    desk.ferry("stage u.csv").ok(0);
    desk.ferry("waive --key 6 --reason left").ok(0);
    desk.ferry("run --key 1 --key 2 --key 3 --key 4").ok(5);
    // 5 is not done yet: what is new of it is told once it is.
    desk.write(
        "next.csv",
        export(&["1,A,off", "2,BB,gone", "3,C,on", "4,DD,on", "5,E,off", "6,FF,on"]),
    );
    let listed = |desk: &Desk| {
        let json: serde_json::Value =
            serde_json::from_str(&desk.ferry("failures --newer --json").ok(0).out).unwrap();
        let rows = json.as_array().unwrap().iter().map(|row| {
            let text = |name: &str| row[name].as_str().unwrap().to_owned();
            let fields: Vec<&str> = row["fields"]
                .as_array()
                .unwrap()
                .iter()
                .map(|name| name.as_str().unwrap())
                .collect();
            format!("{} {} {}", text("key"), text("newer"), fields.join(","))
        });
        rows.collect::<Vec<_>>()
    };
    let of_done = [
        "1 blocked blocked",
        "2 state-unknown blocked,name",
        "3 unblocked blocked",
        "4 differs name",
    ];
    let kept_out = "6 kept-out name";
    let line = |n: u64, block: u64| {
        format!(
            "{n} settled users with a newer record that was not applied ({block} to block, 1 in an unknown state, 1 blocked no \
             more, 1 otherwise different, 1 kept out): userferry failures --newer\n"
        )
    };
    assert!(listed(&desk).is_empty());
    let err = desk.ferry("stage next.csv").ok(3).err;
    assert!(err.contains(&line(5, 1)), "{err}");
    assert!(err.contains("1 record says by now that its user may not sign in"), "{err}");
    assert!(
        err.contains("1 record of a user who is done has a state that [mapping] does not know"),
        "{err}"
    );
    assert_eq!(listed(&desk), [&of_done[..], &[kept_out]].concat());
    let err = desk.ferry("run").ok(3).err;
    assert!(err.contains(&line(6, 2)), "{err}");
    assert_eq!(listed(&desk), [&of_done[..], &["5 blocked blocked", kept_out]].concat());
    // It is told as often as it is asked.
    let err = desk.ferry("stage next.csv").ok(3).err;
    assert!(err.contains("staged before") && err.contains(&line(6, 2)), "{err}");
    assert!(err.contains("2 records say by now that their users may not sign in"), "{err}");
    let status = desk.ferry("status").ok(0).out;
    assert!(status.contains(&line(6, 2)), "{status}");
    assert_eq!(desk.status()["newer"]["blocked"], 2);
    let out = desk.ferry("failures --newer").ok(0).out;
    assert!(out.contains("next.csv") && !out.contains("BB"), "{out}");
    // The next export says what was sent of 1; the latest word on 2 is another.
    desk.write("last.csv", export(&["1,A,on", "2,B,off"]));
    desk.ferry("stage --replace last.csv").ok(3);
    assert_eq!(
        listed(&desk),
        ["2 blocked blocked", of_done[2], of_done[3], "5 blocked blocked", kept_out]
    );
    // Whoever comes back is told no more, and has the record that is applied then.
    desk.ferry("waive --undo --key 6").ok(0);
    assert_eq!(listed(&desk).len(), 4);
    desk.ferry("stage --replace next.csv").ok(3);
    // By now more than two rows have the key of user 2.
    desk.ferry("run").ok(3);
    assert_eq!(listed(&desk), [&of_done[..], &["5 blocked blocked"]].concat());
}
