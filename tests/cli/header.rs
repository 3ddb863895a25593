//! CSV with and without a header: what is known for one, and how a user says the rest.

use super::Desk;

const ROWS: &str = "7,zhang,z@b.cn\n8,li,l@b.cn\n";
const COLUMNS: &str = "--columns uid,nickname,mail";

#[test]
fn a_first_line_that_is_not_known_to_be_a_header_is_refused_with_both_ways_out() {
    let desk = Desk::new();
    for (content, told) in [
        (
            "zhang,hunter2\n",
            "the first line is not known to be a header: of its 2 columns none has a known name",
        ),
        (
            "zhang,uid,hunter2\n",
            "the first line is not known to be a header: of its 3 columns only column 2 has a known name",
        ),
        ("uid\n1\n", "the first line is not known to be a header: it has a single column"),
        // Where the columns of both are the same twice over, that is not told either.
        (
            "hunter2,hunter2\n",
            "the first line is not known to be a header: of its 2 columns none has a known name",
        ),
        (
            "uid,mail,z@b.cn\n",
            "the first line seems to hold a user, not the names of the columns: column 3 is an e-mail address",
        ),
    ] {
        desk.write("u.csv", content);
        for line in ["init --from", "check", "preview", "stage"] {
            let did = desk.ferry(&format!("{line} u.csv")).ok(2);
            assert!(did.err.starts_with(&format!("error: u.csv: {told}\n\nhint: ")), "{}", did.err);
            for way in ["--header", "--columns id,name,password,…"] {
                assert!(did.err.contains(way), "{}", did.err);
            }
            assert_eq!(did.out, "");
        }
    }
    assert!(!desk.path("userferry.db").exists() && !desk.path("userferry.toml").exists());
}

#[test]
fn good_headers_need_nothing_said() {
    let desk = Desk::new();
    for header in [
        "uid,mail,town",
        "\"uid\",\"mail\",\"town\"",
        "用户编号,邮箱,城市",
        "ID;E-Mail;Custom Field 7",
        "user_login\tuser_pass\tuser_nicename",
        "sub|name|custom:department",
        "uid,,mail",
    ] {
        let cells = header.split([',', ';', '\t', '|']).count();
        let delimiter = header.chars().find(|c| [',', ';', '\t', '|'].contains(c)).unwrap();
        let row = vec!["x"; cells].join(&delimiter.to_string());
        desk.write("u.csv", format!("{header}\n{row}\n"));
        desk.ferry("init --config new.toml --from u.csv").ok(0);
        std::fs::remove_file(desk.path("new.toml")).unwrap();
    }
    // Names that only the mapping knows, and one that nobody else does.
    desk.write("u.csv", "k1,k2,k3\n1,a,b\n");
    desk.write("userferry.toml", "[mapping]\nexternalId = \"k1\"\nname = { jq = '.k3' }\n");
    assert!(desk.ferry("check u.csv").ok(0).out.contains("k2"));
    desk.write("userferry.toml", "[mapping]\nexternalId = \"k1\"\n");
    desk.ferry("check u.csv").ok(2);
    desk.ferry("check u.csv --header").ok(0);
}

#[test]
fn columns_can_be_named_for_every_command_and_the_first_line_is_a_record() {
    let desk = Desk::new();
    desk.write("u.csv", ROWS);
    let did = desk.ferry(&format!("init --from u.csv {COLUMNS}")).ok(0);
    assert!(did.err.contains("userferry check u.csv --columns 'uid,nickname,mail'"), "{}", did.err);
    assert!(did.err.contains("a look at 2 records"), "{}", did.err);
    let proposed = desk.read("userferry.toml");
    assert!(proposed.contains("email = \"mail\"") && !proposed.contains("zhang"), "{proposed}");
    let did = desk.ferry(&format!("check u.csv {COLUMNS}")).ok(0);
    assert!(did.out.starts_with("2 records: 2 valid, 0 invalid"), "{}", did.out);
    let did = desk.ferry(&format!("preview u.csv {COLUMNS}")).ok(0);
    assert!(did.out.starts_with("u.csv, record 1, line 1\n"), "{}", did.out);
    desk.ferry(&format!("stage u.csv {COLUMNS}")).ok(0);
    assert_eq!(desk.status()["total"], 2);
    // The names are kept: nothing new, whether they are said again or not.
    for line in ["stage u.csv", "stage u.csv --columns uid,nickname,mail"] {
        let did = desk.ferry(line).ok(0);
        assert!(did.err.contains("unchanged since; nothing to do"), "{line}: {}", did.err);
    }
}

#[test]
fn a_changed_file_without_a_header_is_refused_with_the_names_that_were_given_last_time() {
    let desk = Desk::new();
    desk.write("u.csv", ROWS);
    desk.ferry("stage u.csv --columns uid,nickname,mail").ok(0);
    desk.write("u.csv", format!("{ROWS}9,wu,w@b.cn\n"));
    for line in ["stage u.csv", "stage --replace u.csv", "stage u.csv --columns uid,mail"] {
        let did = desk.ferry(line).ok(2);
        let told = "hint: it was staged with --columns 'uid,nickname,mail' last time; ";
        assert!(did.err.contains(told), "{line}: {}", did.err);
        assert!(!did.err.contains("zhang") && !did.err.contains("z@b.cn"), "{}", did.err);
    }
    // What it says is what is needed.
    let did = desk.ferry("stage u.csv --columns uid,nickname,mail").ok(0);
    assert!(did.err.contains("3 records read, 1 staged, 2 in the table already"), "{}", did.err);
    // Another file has no such names.
    desk.write("v.csv", ROWS);
    assert!(!desk.ferry("stage v.csv").ok(2).err.contains("last time"));
}

#[test]
fn a_staging_that_was_cut_off_goes_on_or_begins_anew_with_the_names_that_were_given() {
    let desk = Desk::new();
    let cut_off = format!("{ROWS}9,\"wu");
    desk.write("u.csv", &cut_off);
    let did = desk.ferry(&format!("stage u.csv {COLUMNS}")).ok(2);
    assert!(did.err.contains("2 records read, 2 staged"), "{}", did.err);
    assert!(did.err.contains("the file ends inside quotes"), "{}", did.err);
    // Names that are others make another source of it.
    let did = desk.ferry("stage u.csv --columns uid,name,mail").ok(2);
    assert!(did.err.contains("was staged up to here otherwise than --columns says"), "{}", did.err);
    desk.write("u.csv", format!("{cut_off}\",w@b.cn\n"));
    let did = desk.ferry("stage u.csv").ok(0);
    assert!(did.err.contains("3 records read, 3 staged (went on after record 2)"), "{}", did.err);

    let desk = Desk::new();
    desk.write("u.csv", &cut_off);
    desk.ferry(&format!("stage u.csv {COLUMNS}")).ok(2);
    desk.write("u.csv", "1,a,a@b.cn\n2,b,b@b.cn\n");
    let did = desk.ferry("stage u.csv --restart").ok(0);
    assert!(did.err.contains("2 records read, 2 staged"), "{}", did.err);
    assert!(desk.ferry("show 1").ok(0).out.contains("record 1"));

    // A header that was only said to be one is one again, and a changed file has none.
    let desk = Desk::new();
    desk.write("u.csv", "uid,town\n1,x\n2,\"y");
    desk.ferry("stage u.csv --header").ok(2);
    desk.write("u.csv", "uid,town\n1,x\n2,\"y\"\n");
    desk.ferry("stage u.csv").ok(0);
    let desk = Desk::new();
    desk.write("u.csv", "uid,town\n1,x\n2,\"y");
    desk.ferry("stage u.csv --header").ok(2);
    desk.write("u.csv", "zhang,hunter2\n2,y\n");
    for line in ["stage u.csv", "stage --restart u.csv"] {
        let did = desk.ferry(line).ok(2);
        assert!(!did.err.contains("hunter2") && !did.err.contains("zhang"), "{}", did.err);
    }
}

#[test]
fn what_was_named_when_a_staging_began_need_not_be_named_when_it_goes_on() {
    for (option, start, end) in [
        ("--input-format csv --delimiter ^", "uid^mail\n1^a@b.cn\n2^\"b", "@b.cn\"\n"),
        ("--header --delimiter ^", "uid^town\n1^x\n2^\"b", "\"\n"),
        ("--columns uid,mail --delimiter ^", "1^a@b.cn\n2^\"b", "@b.cn\"\n"),
        (
            "--records b.list",
            "{\"a\":{\"list\":[{}]},\"b\":{\"list\":[{\"uid\":\"1\"},{\"uid\":",
            "\"2\"}]}}",
        ),
    ] {
        let desk = Desk::new();
        desk.write("export", start);
        let did = desk.ferry(&format!("stage export {option}")).ok(2);
        assert!(did.err.contains("1 record read, 1 staged"), "{option}: {}", did.err);
        desk.write("export", format!("{start}{end}"));
        let did = desk.ferry("stage export").ok(0);
        assert!(did.err.contains("(went on after record 1)"), "{option}: {}", did.err);
    }
}

#[test]
fn columns_that_cannot_be_those_of_the_file_are_refused() {
    let desk = Desk::new();
    desk.write("u.csv", ROWS);
    desk.write("h.csv", "UID,Mail\n1,a@b.cn\n");
    desk.write("u.json", "[{\"uid\":\"1\"}]");
    desk.write("u.jsonl", "{\"uid\":\"1\"}\n{\"uid\":\"2\"}\n");
    for (line, told) in [
        ("u.csv --columns uid,mail", "u.csv: the first line has 3 columns, and --columns names 2"),
        (
            "u.csv --columns uid,name,uid",
            "u.csv: --columns: the columns 1 and 3 have the same name",
        ),
        ("u.csv --columns uid,,mail", "u.csv: --columns: the name of column 2 is empty"),
        ("u.csv --columns uid,name,", "u.csv: --columns: the name of column 3 is empty"),
        (
            "h.csv --columns uid,mail",
            "h.csv: the first line is a header with the names that --columns gives",
        ),
        (
            "u.csv --header",
            "u.csv: the first line seems to hold a user, not the names of the columns: column 3 is an e-mail address",
        ),
        (
            "u.csv --header --columns a,b,c",
            "the argument '--header' cannot be used with '--columns <NAMES>'",
        ),
        ("u.json --header", "u.json: --header is for CSV, and this is JSON"),
        ("u.jsonl --columns uid", "u.jsonl: --columns is for CSV, and this is JSON"),
        (
            "u.json --input-format json --columns uid",
            "u.json: --columns is for CSV, and this is JSON",
        ),
        (
            "u.csv --input-format json --columns uid",
            "u.csv: --columns is for CSV, and this is JSON",
        ),
    ] {
        for command in ["check", "stage", "preview", "init --from"] {
            let did = desk.ferry(&format!("{command} {line}")).ok(2);
            assert!(did.err.starts_with(&format!("error: {told}\n")), "{line}: {}", did.err);
        }
    }
    // A row of another length is told by what the option says.
    desk.write("u.csv", "7,zhang,z@b.cn\n8,li\n");
    let did = desk.ferry(&format!("check u.csv {COLUMNS}")).ok(3);
    let told = "1 x the whole record: the row has 2 columns, where --columns names 3 (syntax); in u.csv, record 2, line 2\n";
    assert!(did.out.starts_with(told), "{}", did.out);
}

#[test]
fn a_missing_file_is_all_that_is_told() {
    let desk = Desk::new();
    desk.write("there.json", "[{\"uid\":\"1\"}]");
    for line in ["check", "preview", "stage", "init --from", "check there.json", "stage there.json"]
    {
        let did = desk.ferry(&format!("{line} users.csv")).ok(2);
        let told =
            "error: users.csv: no such file\n\nhint: check the path; '-' reads standard input\n";
        assert_eq!((did.out.as_str(), did.err.as_str()), ("", told), "{line}");
    }
    assert!(!desk.path("userferry.db").exists());
}

/// What two known words of a first line do not make safe to show.
#[test]
fn a_header_that_is_refused_for_another_reason_shows_none_of_its_unknown_names() {
    let desk = Desk::new();
    let files = [
        ("none.csv", "zhangwei77,hunter2x9,gender,locale\nliwei,geheim,m,cn\n"),
        ("twice.csv", "email,name,hunter2x9,hunter2x9\na@b.cn,li,x,y\n"),
        ("keys.jsonl", "{\"zhangwei@example.cn\":{\"pw\":\"hunter2x9\"}}\n"),
        ("inside.jsonl", "{\"uid\":\"1\",\"accounts\":{\"zhangwei@example.cn\":{\"pw\":\"x\"}}}\n"),
        (
            "arrays.json",
            "{\"zhangwei@example.cn\":[{\"uid\":\"1\"}],\"13800138000\":[{\"uid\":\"2\"}]}",
        ),
    ];
    for (name, text) in files {
        desk.write(name, text);
        for command in
            ["check", "check --json", "stage", "preview", "init --config new.toml --from"]
        {
            // Two known names are a header, and init is there to tell what the others are.
            if name == "none.csv" && command.starts_with("init") {
                continue;
            }
            let did = desk.ferry(&format!("-vv {command} {name}"));
            let written = std::fs::read_to_string(desk.path("new.toml")).unwrap_or_default();
            for said in [&did.out, &did.err, &written] {
                for cell in ["zhangwei", "hunter2x9", "example.cn", "13800138000"] {
                    assert!(!said.contains(cell), "{command} {name}: {cell} in {said}");
                }
            }
            drop(std::fs::remove_file(desk.path("new.toml")));
        }
    }
    let told = desk.ferry("check none.csv").ok(2).err;
    assert!(told.contains("which has 4 columns: gender, locale and 2 others\n"), "{told}");
}

#[test]
fn what_databases_write_for_null_is_no_value() {
    let desk = Desk::new();
    desk.write("u.csv", "7\tzhang\t\\N\n8\t\\N\tl@b.cn\n");
    let columns = "--columns uid,nickname,mail";
    desk.ferry(&format!("check u.csv {columns}")).ok(0);
    for (record, absent) in [(1, "email"), (2, "nickname")] {
        let line = format!("preview u.csv {columns} --record {record} --unmask all");
        let out = desk.ferry(&line).ok(0).out;
        assert!(!out.contains("\\N"), "{out}");
        let field = out.lines().find(|line| line.starts_with(absent));
        assert!(field.is_none_or(|line| !line.contains("\\N")), "{absent}: {out}");
    }
}
