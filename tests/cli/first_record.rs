//! Exports without a header, and dumps: nothing of a record is shown, or written but into the job table.
//!
//! The oracle is the generator: it knows every cell. `USERFERRY_FIRST_RECORDS=300` tries as many.

use super::Desk;
use crate::input::formats::gzip;
use std::fmt::Write as _;

const SETTINGS: &str = "[mapping]\nexternalId = \"uid\"\nemail = \"mail\"\npassword = \"pwd\"\nnickname = \"nick\"\n\
                        oauth = { raw = true, without = [\"pin\"] }\n";

/// Words that messages have for reasons of their own.
const OF_MESSAGES: &[&str] = &["password", "NULL", "male", "none"];

const NAMES: &[&str] = &[
    "zhang",
    "liwei",
    "Wang Fang",
    "o'brien",
    "陈小明明",
    "müller",
    "admin",
    "dev-ops",
    "Smith, John",
    "\"Tiger\" Wu",
];
const PASSWORDS: &[&str] = &[
    "hunter2",
    "letmein",
    "Tr0ub4dor&3",
    "correct horse",
    "password",
    "qwerty!",
    "geheim22",
    "p@ss,word",
    "我的密码一二三",
];

fn text(random: &mut fastrand::Rng, letters: &str, len: usize) -> String {
    let letters: Vec<char> = letters.chars().collect();
    (0..len).map(|_| letters[random.usize(..letters.len())]).collect()
}

/// A cell of one of the kinds that exports have.
fn cell(random: &mut fastrand::Rng, kind: usize) -> String {
    const HEX: &str = "0123456789abcdef";
    const BASE64: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    let pick =
        |random: &mut fastrand::Rng, from: &[&str]| from[random.usize(..from.len())].to_owned();
    match kind {
        0 => pick(random, NAMES),
        1 => pick(random, PASSWORDS),
        2 => text(random, BASE64, 10),
        3 => format!("$2b$12${}", text(random, BASE64, 53)),
        4 => text(random, HEX, 32),
        5 => format!("{{SSHA}}{}==", text(random, BASE64, 30)),
        6 => format!(
            "eyJ{}.eyJ{}.{}",
            text(random, BASE64, 20),
            text(random, BASE64, 30),
            text(random, BASE64, 20)
        ),
        7 => format!("{}@{}.example", text(random, "abcdefghij", 6), text(random, "klmnop", 5)),
        8 => format!("139{}", text(random, "0123456789", 8)),
        9 => random.u32(1..9_999).to_string(),
        10 => format!("20{}-0{}-1{} 08:00:00", random.u8(10..25), random.u8(1..9), random.u8(0..9)),
        11 => pick(
            random,
            &["active", "disabled", "verified", "locked", "deleted", "male", "CN", "启用"],
        ),
        12 => pick(random, &["", "\\N", "NULL", "none", "t", "0"]),
        13 => format!("{} Hauptstr., Köln", random.u32(10..99)),
        _ => text(random, HEX, 8) + "-" + &text(random, HEX, 12),
    }
}

/// Rows of an export without a header, of two to eight columns.
fn rows(random: &mut fastrand::Rng) -> Vec<Vec<String>> {
    let kinds: Vec<usize> = match random.usize(..4) {
        0 => vec![0, 1],
        _ => (0..random.usize(2..9)).map(|_| random.usize(..15)).collect(),
    };
    let mut row = |_| kinds.iter().map(|kind| cell(random, *kind)).collect();
    (0..3).map(&mut row).collect()
}

fn as_csv(rows: &[Vec<String>], delimiter: u8, style: csv::QuoteStyle) -> Vec<u8> {
    let mut writer =
        csv::WriterBuilder::new().delimiter(delimiter).quote_style(style).from_writer(Vec::new());
    for row in rows {
        writer.write_record(row).unwrap();
    }
    writer.into_inner().unwrap()
}

/// All that the commands print of a source, and all that they write but the job table.
fn told(source: &str, content: &[u8], settings: Option<&str>) -> String {
    let desk = Desk::new();
    desk.write(source, content);
    if let Some(settings) = settings {
        desk.write("userferry.toml", settings);
    }
    let mut told = String::new();
    for line in [
        format!("-vv init --config proposed.toml --from {source}"),
        format!("-vv init --config piped.toml --from - < {source}"),
        format!("-vv check {source}"),
        format!("check --format jsonl -o problems.jsonl {source}"),
        format!("-vv check --json - < {source}"),
        format!("-vv preview {source}"),
        format!("-vv preview {source} --key nobody"),
        format!("-vv password function -o function --from {source}"),
        format!("-vv stage {source}"),
        format!("-vv stage - < {source}"),
        "-vv failures".to_owned(),
        "failures --format jsonl".to_owned(),
        "-vv status".to_owned(),
    ] {
        let (line, input) = line.split_once(" < ").unwrap_or((&line, ""));
        let mut command = desk.command(line);
        if !input.is_empty() {
            command.stdin(std::fs::File::open(desk.path(input)).unwrap());
        }
        let did = desk.did(command.output().unwrap());
        if line.contains(source) || !input.is_empty() {
            assert_eq!(
                did.code,
                Some(2),
                "{line}: {}\n{}\n{}",
                did.out,
                did.err,
                String::from_utf8_lossy(content)
            );
        }
        writeln!(told, "{}{}", did.out, did.err).unwrap();
    }
    for entry in std::fs::read_dir(desk.path("")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        if name != source && !name.starts_with("userferry.db") && name != "userferry.toml" {
            write!(told, "{name}\n{}\n", String::from_utf8_lossy(&std::fs::read(&path).unwrap()))
                .unwrap();
        }
    }
    told
}

fn has_none_of<'a>(told: &str, cells: impl Iterator<Item = &'a String>, source: &str) {
    for cell in cells {
        if cell.chars().count() >= 4 && !OF_MESSAGES.contains(&cell.as_str()) {
            assert!(!told.contains(cell.as_str()), "{source}: {cell} in {told}");
        }
    }
}

#[test]
fn no_cell_of_a_first_record_is_shown_or_written() {
    let tries = std::env::var("USERFERRY_FIRST_RECORDS").map_or(12, |n| n.parse().unwrap());
    let one = |i: u64| {
        let mut random = fastrand::Rng::with_seed(i);
        let rows = rows(&mut random);
        let style =
            if i.is_multiple_of(4) { csv::QuoteStyle::Always } else { csv::QuoteStyle::Necessary };
        let (name, delimiter) =
            [("u.csv", b','), ("u.tsv", b'\t'), ("u.csv", b';'), ("users.txt", b'\t')]
                [random.usize(..4)];
        let content = as_csv(&rows, delimiter, style);
        let settings = i.is_multiple_of(2).then_some(SETTINGS);
        has_none_of(&told(name, &content, settings), rows.iter().flatten(), name);
    };
    std::thread::scope(|scope| {
        for half in 0..2 {
            scope.spawn(move || (0..tries).filter(|i| i % 2 == half).for_each(one));
        }
    });
}

/// Twenty dumps, as the usual programs write them: name and content.
fn dumps(user: &[String; 4]) -> Vec<(&'static str, String)> {
    let [id, name, mail, hash] = user;
    let values = format!("({id},'{name}','{mail}','{hash}')");
    let create = "CREATE TABLE `users` (\n  `id` int NOT NULL,\n  `name` text,\n  `mail` text,\n  `pwd` text\n);\n";
    let insert = format!("INSERT INTO `users` VALUES {values};\n");
    let long =
        format!("INSERT INTO `users` (`id`, `name`, `mail`, `pwd`) VALUES\n{values},\n{values};\n");
    let copy = format!(
        "COPY public.users (id, name, mail, pwd) FROM stdin;\n{id}\t{name}\t{mail}\t{hash}\n\\.\n"
    );
    let pg = "--\n-- PostgreSQL database dump\n--\n\n";
    let set = "SET statement_timeout = 0;\nSET lock_timeout = 0;\n";
    let head = "-- MySQL dump 10.13  Distrib 8.0.36, for Linux (x86_64)\n--\n-- Host: localhost    Database: app\n";
    vec![
        ("u.sql", format!("{head}/*!40101 SET NAMES utf8 */;\n{create}{insert}")),
        ("u.txt", format!("{head}{create}{insert}")),
        (
            "u.sql",
            format!(
                "/*M!999999\\- enable the sandbox mode */ \n-- MariaDB dump 10.19\n{create}{insert}"
            ),
        ),
        (
            "u.csv",
            format!(
                "/*!40101 SET @saved_cs_client     = @@character_set_client */;\n{create}{insert}"
            ),
        ),
        ("u.csv", insert.clone()),
        ("u.txt", long.clone()),
        ("u.sql", insert.repeat(3)),
        ("u.tsv", format!("LOCK TABLES `users` WRITE;\n{insert}UNLOCK TABLES;\n")),
        ("u.sql", format!("{pg}{set}{copy}")),
        ("u.csv", format!("{pg}\\restrict k3y\n\n{set}{copy}")),
        ("u.txt", format!("{pg}{set}{}", insert.replace('`', ""))),
        ("u.tsv", copy.clone()),
        ("u.txt", format!("\\connect app\n{copy}")),
        ("u.sql", format!("-- users only\n{copy}")),
        (
            "u.txt",
            format!("PRAGMA foreign_keys=OFF;\nBEGIN TRANSACTION;\n{create}{insert}COMMIT;\n"),
        ),
        ("u.csv", format!("BEGIN TRANSACTION;\n{insert}COMMIT;\n")),
        (
            "u.sql",
            format!(
                "-- phpMyAdmin SQL Dump\n-- version 5.2.1\n\nSET SQL_MODE = \"NO_AUTO_VALUE_ON_ZERO\";\n{create}{long}"
            ),
        ),
        (
            "u.txt",
            format!("-- phpMyAdmin SQL Dump\n-- version 5.2.1\n\nSTART TRANSACTION;\n{long}"),
        ),
        (
            "u.csv",
            format!("USE [app]\r\nGO\r\nINSERT [dbo].[users] ([id], [name]) VALUES {values}\r\n"),
        ),
        (
            "u.sql",
            format!(
                "\u{feff}\n-- Adminer 4.8.1 MySQL dump\n\nDROP TABLE IF EXISTS `users`;\n{create}{long}"
            ),
        ),
    ]
}

#[test]
fn a_dump_is_refused_as_one_and_nothing_of_it_is_shown_or_written() {
    let hash = "$2b$12$WApznUPhDubN0oeveSXHpOw3Y5j8Q3s1t2u3v4w5x6y7z8A9B0C1D";
    let user = ["4711", "zhang", "zhang.wei@mail.example", hash].map(str::to_owned);
    let dumps = dumps(&user);
    assert_eq!(dumps.len(), 20);
    let step = if std::env::var("USERFERRY_FIRST_RECORDS").is_ok() { 1 } else { 5 };
    for (i, (name, content)) in dumps.iter().enumerate() {
        let desk = Desk::new();
        desk.write(name, content);
        let did = desk.ferry(&format!("check {name}")).ok(2);
        let refusal =
            format!("error: {name}: this is an SQL dump, not an export as CSV or JSON\n\nhint: ");
        assert!(did.err.starts_with(&refusal) && did.out.is_empty(), "{content}\n{}", did.err);
        has_none_of(&(did.out + &did.err), user.iter(), name);
        if i % step == 0 {
            let settings = (i % 2 == 0).then_some(SETTINGS);
            has_none_of(&told(name, content.as_bytes(), settings), user.iter(), name);
        }
    }
    let desk = Desk::new();
    desk.write("u.sql.gz", gzip(b"select 1;"));
    assert!(desk.ferry("check u.sql.gz").ok(2).err.contains("this is an SQL dump"));
}

#[test]
fn a_dump_is_known_by_its_first_statement_whatever_its_file_is_called() {
    let insert = "INSERT INTO users VALUES (4711,'zhang','zhang.wei@mail.example','hunter2');\n";
    let cells = ["zhang", "zhang.wei@mail.example", "hunter2"].map(str::to_owned);
    for (name, content) in [
        ("u.csv", format!("USE app;\n{insert}")),
        ("u.txt", insert.replace("INSERT INTO", "INSERT IGNORE INTO")),
        ("u.csv", insert.replace("INSERT INTO", "UPSERT INTO")),
        ("u.txt", format!("REM INSERTING into USERS\nSET DEFINE OFF;\n{insert}")),
        ("u.csv", format!("/*\n Navicat Premium Data Transfer\n\n Schema: app\n*/\n\nSET NAMES utf8mb4;\n{insert}")),
        ("u.tsv", "COPY users (id, name,\n mail, pwd) FROM stdin;\n4711\tzhang\tzhang.wei@mail.example\thunter2\n".to_owned()),
        ("export", format!("SET IDENTITY_INSERT [dbo].[users] ON\nGO\n{insert}")),
    ] {
        for line in ["init --from", "check", "stage", "preview"] {
            let desk = Desk::new();
            desk.write(name, &content);
            let did = desk.ferry(&format!("{line} {name}")).ok(2);
            let refusal = format!("error: {name}: this is an SQL dump, not an export");
            assert!(did.err.starts_with(&refusal) && did.out.is_empty(), "{content}\n{}", did.err);
            has_none_of(&did.err, cells.iter(), name);
        }
    }
    let desk = Desk::new();
    desk.write("u.csv", "begin date;use case;uid;email\n2024-01-01;x;1;z@b.cn\n");
    desk.ferry("init --from u.csv").ok(0);
}

/// What the tests above look for would be found.
#[test]
fn a_first_record_that_is_called_a_header_is_shown_as_one() {
    let desk = Desk::new();
    desk.write("u.csv", "zhang,hunter2\nli,geheim22\n");
    desk.write("userferry.toml", "[mapping]\nnickname = \"zhang\"\n");
    assert!(desk.ferry("check u.csv --header").ok(3).out.contains("hunter2"));
    desk.ferry("init --config new.toml --from u.csv --header").ok(0);
    assert!(desk.read("new.toml").contains("hunter2"));
}
