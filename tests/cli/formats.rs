//! One export in every format, encoding and compression: the job tables are the same.

use super::{Desk, numbered};
use crate::input::formats::{as_csv, as_lines, gzip, utf_16, zstd};
use serde_json::{Map, Value};

const COLUMNS: [&str; 7] =
    ["uid", "nickname", "mail", "phone", "emailVerified", "loginsCount", "password"];

/// A thousand users, some with problems, names in Chinese, quotes, commas and newlines.
fn users() -> Vec<Vec<String>> {
    let family = ["张", "李", "王", "赵", "陈", "诸葛"];
    let given = ["三", "伟", "芳", "小明", "娜", "强"];
    (1..=1000)
        .map(|n: usize| {
            let name = match n % 10 {
                0 => format!("O'Neil, \"{n}\""),
                1 => format!("两行\n{n}"),
                2 => format!("a;b\tc|{n}"),
                _ => format!("{}{}{n}", family[n % 6], given[n / 7 % 6]),
            };
            let mail = match n % 97 {
                0 => "no address".to_owned(),
                _ => format!("u{n}@example.com"),
            };
            // Every two hundredth has the uid of another.
            let uid = if n.is_multiple_of(200) { n - 1 } else { n };
            let logins =
                if n.is_multiple_of(101) { "many".to_owned() } else { (n % 7).to_string() };
            let phone = if n.is_multiple_of(3) { String::new() } else { format!("138{n:08}") };
            let verified = n.is_multiple_of(2).to_string();
            vec![
                format!("u{uid}"),
                name,
                mail,
                phone,
                verified,
                logins,
                format!("$1$salt${n:0>22}"),
            ]
        })
        .collect()
}

/// As JSON has them: with types.
fn objects(users: &[Vec<String>]) -> Vec<Value> {
    let typed = |column: &str, cell: &String| match column {
        "emailVerified" => Value::from(cell == "true"),
        "loginsCount" => cell.parse::<u64>().map_or_else(|_| cell.clone().into(), Value::from),
        _ => Value::from(cell.clone()),
    };
    let object = |user: &Vec<String>| -> Map<String, Value> {
        COLUMNS
            .iter()
            .zip(user)
            .map(|(name, cell)| ((*name).to_owned(), typed(name, cell)))
            .collect()
    };
    users.iter().map(|user| Value::from(object(user))).collect()
}

type Row = (i64, Option<String>, String, Option<String>);

/// Number, key, status and broken rules of every row.
fn rows(desk: &Desk, table: &str) -> Vec<Row> {
    let table = rusqlite::Connection::open(desk.path(table)).unwrap();
    let mut statement = table
        .prepare(
            "SELECT record_no, key, status, (SELECT group_concat(rule, ' ')
             FROM problem WHERE job_id = job.id) FROM job ORDER BY record_no",
        )
        .unwrap();
    let rows = statement
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))
        .unwrap();
    rows.map(Result::unwrap).collect()
}

#[test]
fn the_same_users_in_any_format_make_the_same_job_table() {
    let users = users();
    let json = Value::from(objects(&users)).to_string();
    let lines = as_lines(&objects(&users));
    let names = COLUMNS.map(str::to_owned);
    let any = csv::Terminator::Any(b'\n');
    let commas = as_csv(&names, &users, b',', csv::Terminator::CRLF, false);
    let semicolons = as_csv(&names, &users, b';', any, false);
    let tabs = as_csv(&names, &users, b'\t', any, true);
    let gb18030 = encoding_rs::GB18030.encode(&commas).0.into_owned();
    let marked = |text: &str| format!("\u{feff}{text}");
    let sources: Vec<(&str, Vec<u8>, &str)> = vec![
        ("users.json", json.clone().into(), ""),
        ("nested.json", format!("{{\"data\":{{\"users\":{json}}}}}").into(), ""),
        ("users.jsonl", lines.clone().into(), ""),
        ("users.json.gz", gzip(json.as_bytes()), "JSON, gzip"),
        ("users.jsonl.zst", zstd(lines.as_bytes()), "JSON Lines, zstd"),
        ("be.json", utf_16(&json, u16::to_be_bytes), "JSON, in UTF-16BE"),
        ("users.csv", commas.clone().into(), "CSV, separated by ','"),
        ("bom.csv", marked(&commas).into(), "CSV, separated by ','"),
        (
            "le.csv",
            utf_16(&marked(&commas), u16::to_le_bytes),
            "CSV, separated by ',', in UTF-16LE",
        ),
        (
            "be.csv",
            utf_16(&marked(&commas), u16::to_be_bytes),
            "CSV, separated by ',', in UTF-16BE",
        ),
        ("gb.csv", gb18030.clone(), "CSV, separated by ',', in GB18030"),
        ("semicolon.csv", semicolons.clone().into(), "CSV, separated by ';'"),
        ("users.tsv", tabs.into(), "CSV, separated by tabs"),
        ("gb.csv.gz", gzip(&gb18030), "CSV, separated by ',', in GB18030, gzip"),
        ("users.dat", zstd(semicolons.as_bytes()), "CSV, separated by ';', zstd"),
    ];
    let desk = Desk::new();
    let mut expected: Option<Vec<Row>> = None;
    for (name, content, note) in sources {
        desk.write(name, content);
        let did = desk.ferry(&format!("stage --db {name}.db {name}")).ok(3);
        let told = format!("{name}: {note}\n");
        assert_eq!(did.err.contains(&told), !note.is_empty(), "{}", did.err);
        let rows = rows(&desk, &format!("{name}.db"));
        let expected = expected.get_or_insert_with(|| rows.clone());
        assert_eq!(&rows, expected, "{name}");
    }
    let rows = expected.unwrap();
    // 10 addresses, 9 numbers, 5 keys; none of them in one record.
    assert_eq!(rows.len(), 1000);
    for (rule, n) in [("email", 10), ("type", 9), ("duplicate-key", 5)] {
        let broken = rows.iter().filter(|row| row.3.as_deref() == Some(rule)).count();
        assert_eq!(broken, n, "{rule}");
    }
    assert_eq!(rows.iter().filter(|row| row.2 == "pending").count(), 976);
}

#[test]
fn check_and_standard_input_take_every_format() {
    let desk = Desk::new();
    desk.write("users.csv", "uid|emailVerified\n1|yes\n");
    let did = desk.ferry("check users.csv").ok(0);
    assert_eq!(did.err, "users.csv: CSV, separated by '|'\n");
    let did = desk.pipe("stage --format csv --delimiter tab -", "uid\tmail\n1\ta@b.cn\n").ok(0);
    let expected =
        "standard input: CSV, separated by tabs\nstandard input: 1 record read, 1 staged\n";
    assert!(did.err.starts_with(expected), "{}", did.err);
    desk.write("more.json.gz", gzip(b"[{\"uid\":\"3\"}]"));
    desk.write("more.csv", "uid;mail\n4;c@b.cn\n");
    let did = desk.ferry("stage more.json.gz more.csv").ok(0);
    let expected = "more.json.gz: JSON, gzip\nmore.json.gz: 1 record read, 1 staged\n\
                    more.csv: CSV, separated by ';'\nmore.csv: 1 record read, 1 staged\n";
    assert!(did.err.starts_with(expected), "{}", did.err);
    assert_eq!(desk.status()["pending"], 3);
    let did = desk.ferry("stage --encoding klingon more.csv").ok(2);
    assert!(did.err.contains("no encoding of this name is known"), "{}", did.err);
}

#[test]
fn an_archive_cut_off_keeps_what_came_before_and_its_source_unfinished() {
    let lines = numbered(0..20_000);
    let whole = gzip(lines.as_bytes());
    let desk = Desk::new();
    desk.write("users.jsonl.gz", &whole[..whole.len() / 2]);
    let did = desk.ferry("stage users.jsonl.gz").ok(2);
    assert!(did.err.contains("the gzip data is cut off (at record "), "{}", did.err);
    let before = desk.status()["pending"].as_u64().unwrap();
    assert!(before > 1000, "{before}");
    // The rest comes, and staging goes on where it was.
    desk.write("users.jsonl.gz", &whole);
    let did = desk.ferry("stage users.jsonl.gz").ok(0);
    assert!(did.err.contains("went on after record"), "{}", did.err);
    assert_eq!(desk.status()["pending"], 20_000);
    assert!(desk.ferry("stage users.jsonl.gz").ok(0).err.contains("unchanged since"));
}

/// As `mysql --batch --raw` writes it. Nobody may be lost in a nickname that begins with a quote.
#[test]
fn what_quotes_are_is_asked_where_they_may_hide_users_and_kept_with_the_source() {
    let mut rows = vec!["uid\tnickname\tmail".to_owned()];
    rows.extend((1..=300).map(|n| {
        let nickname = match n {
            50 => "\"Bobby",
            199 => "Rob\"",
            _ => "Li",
        };
        format!("{n}\t{nickname}\tu{n}@example.com")
    }));
    let text = rows.join("\n") + "\n";
    let desk = Desk::new();
    desk.write("tabs.csv", &text);
    desk.write("commas.csv", text.replace('\t', ","));
    for (file, valid) in [("tabs.csv", 299), ("commas.csv", 150)] {
        let told = |line: &str, exit: i32| -> Value {
            serde_json::from_str(&desk.ferry(&format!("{line} --json {file}")).ok(exit).out)
                .unwrap()
        };
        let check = told("check", 3);
        assert_eq!((&check["valid"], &check["invalid"]), (&valid.into(), &1.into()), "{check}");
        let check = told("check --quotes none", 0);
        assert_eq!((&check["valid"], &check["invalid"]), (&300.into(), &0.into()), "{check}");
        let did = desk.ferry(&format!("check {file}")).ok(3);
        assert!((did.out + &did.err).contains("--quotes none"));
    }
    desk.ferry("stage --quotes none commas.csv").ok(0);
    assert_eq!(desk.status()["pending"], 300);
    let did = desk.ferry("stage commas.csv").ok(0);
    assert!(did.err.contains("unchanged since; nothing to do"), "{}", did.err);
    // Said otherwise it is another source, as with other words for no value.
    let did = desk.ferry("stage --quotes double commas.csv").ok(3);
    assert!(did.err.contains("151 records read, 1 staged"), "{}", did.err);
    let shown = desk.ferry("show --unmask all 50").ok(0).out;
    assert!(shown.contains("\"Bobby") || shown.contains("\\\"Bobby"), "{shown}");
}
