//! Words that stand in cells of CSV for no value.

use super::Desk;
use serde_json::{Value, json};
use std::fmt::Write as _;

/// Of these words every column but the id has some; one person is called Null.
fn export(word: &str) -> String {
    let mut csv = String::from("id,email,phone,birthday,surname\n");
    for n in 0..200 {
        let phone = if n % 4 == 0 { word.to_owned() } else { format!("138001380{n:02}") };
        let phone = if phone.len() > 11 { format!("13800138{n}") } else { phone };
        let born = if n % 3 == 0 { word } else { "31.12.1990" };
        let surname = if n == 7 { "Null" } else { "Miller" };
        writeln!(csv, "{n},u{n}@example.com,{phone},{born},{surname}").unwrap();
    }
    csv
}

fn proposed(desk: &Desk, line: &str) -> (String, String) {
    let did = desk.ferry(line).ok(0);
    (desk.read("userferry.toml"), did.err)
}

/// The screens of docs/from are what the program says.
#[test]
fn the_screens_of_the_docs_tell_words_for_no_value_as_init_does() {
    let mut told = 0;
    for page in std::fs::read_dir("docs/from").unwrap() {
        let text = std::fs::read_to_string(page.unwrap().path()).unwrap();
        let screen = text.split("<!-- screen -->").nth(1).unwrap_or_default();
        for line in screen.lines().filter(|line| line.contains(" NULL (")) {
            let (_, cells) = line.split_once(": ").unwrap();
            let is_told = cells.starts_with("cells that hold NULL (")
                && cells.ends_with(") count as no value");
            assert!(is_told, "{line}");
            told += 1;
        }
    }
    assert!(told >= 4, "{told}");
}

#[test]
fn init_takes_frequent_words_for_no_value_and_keeps_the_conversions() {
    for word in ["NULL", "(null)", "nil", "\\N"] {
        let desk = Desk::new();
        desk.write("u.csv", export(word));
        let (settings, told) = proposed(&desk, "init --from u.csv");
        let written = word.replace('\\', "\\\\");
        assert!(settings.contains(&format!("\nnull = [\"{written}\"]\n")), "{word}: {settings}");
        assert!(
            told.contains(&format!(
                "u.csv: cells that hold {word} (phone 50, birthday 67) count as no value\n"
            )),
            "{word}: {told}"
        );
        assert!(
            settings.contains("phone = { from = \"phone\", as = \"phone\""),
            "{word}: {settings}"
        );
        assert!(
            settings.contains("birthdate = { from = \"birthday\", as = \"date\" }"),
            "{word}: {settings}"
        );
        let check: Value =
            serde_json::from_str(&desk.ferry("check --json u.csv").ok(0).out).unwrap();
        assert_eq!(
            (&check["valid"], &check["invalid"]),
            (&json!(200), &json!(0)),
            "{word}: {check}"
        );
        assert_eq!(check["fields"]["phone"]["empty"], 50, "{word}");
    }
}

#[test]
fn words_that_are_nobodys_are_told_where_they_are_frequent_and_names_are_let_alone() {
    let desk = Desk::new();
    desk.write("u.csv", export("NULL"));
    desk.write(
        "userferry.toml",
        "[mapping]\nexternalId = \"id\"\nphone = { from = \"phone\", as = \"phone\" }\nfamilyName = \"surname\"\n",
    );
    let check: Value = serde_json::from_str(&desk.ferry("check --json u.csv").ok(3).out).unwrap();
    assert_eq!(check["invalid"], 50, "{check}");
    let warning = check["warnings"]
        .as_array()
        .unwrap()
        .iter()
        .find(|it| it["warning"] == "null-word")
        .unwrap();
    assert_eq!(warning["count"], 117);
    assert_eq!(
        warning["message"],
        "u.csv: cells hold NULL (phone 50, birthday 67), which is taken as text; if it means no value, write \
         at the top of userferry.toml: null = [\"NULL\"]"
    );
    for line in ["check --json --null NULL u.csv", "check --json --null nil --null NULL u.csv"] {
        let check: Value = serde_json::from_str(&desk.ferry(line).ok(0).out).unwrap();
        assert!(!check["warnings"].to_string().contains("null-word"), "{check}");
        assert_eq!(check["unmapped"], json!(["email", "birthday"]));
    }
    let preview = desk.ferry("preview u.csv --record 1 --null NULL").ok(0).out;
    let phone = preview.lines().find(|line| line.starts_with("phone ")).unwrap();
    assert!(phone.contains(" - "), "{preview}");
    // A surname alone is none.
    let mut csv = String::from("id,email,surname\n");
    (0..200).for_each(|n| {
        let surname = if n % 90 == 7 { "NULL" } else { "Miller" };
        writeln!(csv, "{n},u{n}@example.com,{surname}").unwrap();
    });
    desk.write("names.csv", csv);
    let said = desk.ferry("check names.csv").ok(0);
    assert!(!(said.out + &said.err).contains("NULL"), "nobody is asked about a name");
    let desk = Desk::new();
    desk.write("names.csv", "id,email,surname\n1,a@example.com,NULL\n2,b@example.com,Miller\n");
    let (settings, _) = proposed(&desk, "init --from names.csv");
    assert!(settings.contains("\n# null = [\"NULL\"]\n"), "{settings}");
}

/// The rows as they are kept.
fn records(desk: &Desk) -> Vec<Value> {
    let table = rusqlite::Connection::open(desk.path("userferry.db")).unwrap();
    let mut statement =
        table.prepare("SELECT CAST(raw AS TEXT) FROM record ORDER BY job_id").unwrap();
    let rows = statement.query_map([], |row| row.get::<_, String>(0)).unwrap();
    rows.map(|raw| serde_json::from_str(&raw.unwrap()).unwrap()).collect()
}

const MAPPED: &str = "[mapping]\nexternalId = \"id\"\nemail = \"mail\"\nloginsCount = \"logins\"\n";

#[test]
fn a_source_that_is_cut_off_goes_on_with_the_same_words() {
    let mut csv = String::from("id,mail,logins\n");
    for n in 0..12_000 {
        let mail = if n % 5 == 0 { "nil".to_owned() } else { format!("u{n}@example.com") };
        let logins = if n % 7 == 0 { "\\N" } else { "3" };
        writeln!(csv, "{n},{mail},{logins}").unwrap();
    }
    let desk = Desk::new();
    desk.write("userferry.toml", MAPPED);
    desk.write("u.csv", &csv);
    // Killed at once, then again and again; only the first call says so.
    let mut lives = 0;
    loop {
        let line = if lives == 0 { "stage --null nil u.csv" } else { "stage u.csv" };
        let did =
            desk.did(desk.command(line).env("USERFERRY_FAILPOINT", "staged:1").output().unwrap());
        if did.code.is_some() {
            did.ok(0);
            break;
        }
        lives += 1;
    }
    assert!(lives > 2, "{lives}");
    let kept = records(&desk);
    assert_eq!(kept.len(), 12_000);
    for (n, record) in kept.iter().enumerate() {
        assert_eq!(record["mail"] == "", n % 5 == 0, "{record}");
        assert_eq!(record["logins"] == "", n % 7 == 0, "{record}");
    }
    assert_eq!(
        desk.ferry("stage u.csv").ok(0).err.lines().next().unwrap(),
        "u.csv: staged before (CSV, separated by ',') and unchanged since; nothing to do"
    );
}

#[test]
fn other_words_make_another_source_of_a_file_and_replace_its_rows() {
    let desk = Desk::new();
    desk.write("userferry.toml", MAPPED);
    desk.write("u.csv", "id,mail,logins\n1,NULL,NULL\n2,b@example.com,4\n3,NULL,5\n");
    desk.ferry("stage u.csv").ok(3);
    assert_eq!(desk.status()["invalid"], 2);
    desk.write("userferry.toml", format!("null = [\"\\\\N\", \"NULL\"]\n{MAPPED}"));
    desk.ferry("stage --replace u.csv").ok(0);
    assert_eq!(desk.status()["pending"], 3);
    let kept = records(&desk);
    assert_eq!(kept[0], json!({"id": "1", "mail": "", "logins": ""}));
    assert_eq!(kept[2], json!({"id": "3", "mail": "", "logins": 5}));
    // Nothing is said of JSON, where such a word is text.
    desk.write("u.jsonl", "{\"id\":\"9\",\"mail\":\"NULL\"}\n");
    desk.ferry("stage u.jsonl").ok(3);
    assert_eq!(desk.status()["invalid"], 1);
}

/// As phpMyAdmin writes CSV: what is there in quotes, NULL without
/// (<https://github.com/phpmyadmin/phpmyadmin/blob/master/libraries/classes/Plugins/Export/ExportCsv.php>).
fn phpmyadmin(rows: &[[Option<&str>; 3]]) -> String {
    let cell = |cell: Option<&str>| {
        cell.map_or_else(|| "NULL".to_owned(), |text| format!("\"{}\"", text.replace('"', "\"\"")))
    };
    let row = |row: &[Option<&str>; 3]| {
        row.iter().copied().map(cell).collect::<Vec<_>>().join(",") + "\n"
    };
    rows.iter().map(row).collect()
}

#[test]
fn where_texts_are_quoted_null_without_quotes_is_no_value_and_in_quotes_a_name() {
    let ids: Vec<String> = (0..300).map(|n| n.to_string()).collect();
    let mails: Vec<String> = ids.iter().map(|id| format!("u{id}@example.com")).collect();
    let name = |n: usize| match n {
        7 => Some("NULL"),
        8 => Some("null"),
        _ if n.is_multiple_of(50) => None,
        _ => Some("Wu, \"Li\"\nBo"),
    };
    let mut rows = vec![[Some("id"), Some("email"), Some("display_name")]];
    rows.extend((0..300).map(|n| [Some(&*ids[n]), Some(&*mails[n]), name(n)]));
    let desk = Desk::new();
    desk.write("u.csv", phpmyadmin(&rows));
    let mapping =
        "[mapping]\nexternalId = \"id\"\nemail = \"email\"\nnickname = \"display_name\"\n";
    for null in ["", "null = [\"NULL\", \"null\"]\n", "null = []\n"] {
        let desk = Desk::new();
        desk.write("u.csv", phpmyadmin(&rows));
        desk.write("userferry.toml", format!("{null}{mapping}"));
        let check: Value =
            serde_json::from_str(&desk.ferry("check --json u.csv").ok(0).out).unwrap();
        assert_eq!(check["fields"]["display_name"]["empty"], 6, "{check}");
        assert!(!check["warnings"].to_string().contains("null-word"), "{check}");
        desk.ferry("stage u.csv").ok(0);
        for (n, record) in records(&desk).iter().enumerate() {
            let expected = json!({"id": ids[n], "email": mails[n], "display_name": name(n).unwrap_or_default()});
            assert_eq!(*record, expected, "{null}");
        }
    }
    let (settings, _) = proposed(&desk, "init --from u.csv");
    assert!(!settings.contains("\nnull = ["), "nothing is to be named: {settings}");
    // From a place in the middle on it is the same.
    let desk = Desk::new();
    desk.write("userferry.toml", mapping);
    let text = phpmyadmin(&rows);
    let half = text.match_indices("\n\"120\"").next().unwrap().0;
    desk.write("u.csv", format!("{}\n\"120\",\"u120", &text[..half]));
    desk.ferry("stage u.csv").ok(2);
    desk.write("u.csv", &text);
    let did = desk.ferry("stage u.csv").ok(0);
    assert!(did.err.contains("(went on after record 120)"), "{}", did.err);
    assert_eq!(records(&desk).iter().filter(|it| it["display_name"] == "").count(), 6);
    assert_eq!(records(&desk)[7]["display_name"], "NULL");

    // Where all is in quotes, or quotes stand only where they must, the word is what it was.
    let quoted = |cell: &str| {
        phpmyadmin(&[[Some("1"), Some("a@example.com"), Some(cell)]]).replace("\"1\"", "1")
    };
    let header = "id,email,display_name\n";
    for (row, null, expected) in [
        (quoted("NULL"), "", "NULL"),
        (quoted("NULL"), "null = [\"NULL\"]\n", ""),
        ("1,a@example.com,NULL\n".to_owned(), "", "NULL"),
        ("1,a@example.com,NULL\n2,b@example.com,\"Wu, Li\"\n".to_owned(), "", "NULL"),
        (quoted("\\N"), "", ""),
    ] {
        let desk = Desk::new();
        desk.write("u.csv", format!("{header}{row}"));
        desk.write("userferry.toml", format!("{null}{mapping}"));
        desk.ferry("stage u.csv").ok(0);
        assert_eq!(records(&desk)[0]["display_name"], expected, "{row} {null}");
    }
}
