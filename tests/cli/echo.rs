//! A provider that quotes what it was sent in its messages: nothing of it is kept or shown.

use super::Desk;
use crate::process::{Rig, SECRET};
use rusqlite::types::ValueRef;
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

const MAIL: &str = "Planted.Person@example.org";
const PHONE: &str = "13912345678";
const NAME: &str = "Plantagenista";
const HASH: &str = "$2b$12$QuotedHashQuotedHashQuotedHashQuotedHashQuoted1234ABC";
/// In a column that no field is mapped to: it travels in the raw copy alone.
const PASSPORT: &str = "P-88917-XQ";
/// In the answer besides: the same values as a server may have changed them.
const CHANGED: [&str; 2] = ["planted.person@example.org", "PLANTAGENISTA"];

/// With which code and in which words a request is refused; none where it may pass.
type Refusal = fn(head: &str, body: &str) -> Option<(u32, String)>;

/// Stands between the program and the sandbox and refuses requests. The rest passes. Serves as long
/// as the test's process.
fn refusing(upstream: &str, refusal: Refusal) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let upstream = upstream.trim_start_matches("http://").to_owned();
    std::thread::spawn(move || {
        for client in listener.incoming().map_while(Result::ok) {
            let upstream = upstream.clone();
            // A client that hangs up is no concern of ours.
            std::thread::spawn(move || drop(answer(client, &upstream, refusal)));
        }
    });
    url
}

fn answer(mut client: TcpStream, upstream: &str, refusal: Refusal) -> std::io::Result<()> {
    let mut reader = BufReader::new(client.try_clone()?);
    let (mut head, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let lower = line.to_lowercase();
        if let Some(value) = lower.strip_prefix("content-length:") {
            length = value.trim().parse().unwrap_or(0);
        }
        if line.trim().is_empty() {
            break;
        }
        if !lower.starts_with("connection:") {
            head.push_str(&line);
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    if let Some((code, words)) = refusal(&head, &String::from_utf8_lossy(&body)) {
        let message =
            json!({"errors": [{"message": {"code": code, "message": words}}], "data": null});
        let message = message.to_string();
        return write!(
            client,
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\n\
             content-length: {}\r\n\r\n{message}",
            message.len()
        );
    }
    let mut server = TcpStream::connect(upstream)?;
    write!(server, "{head}connection: close\r\n\r\n")?;
    server.write_all(&body)?;
    std::io::copy(&mut server, &mut client).map(drop)
}

/// A create is refused with all values of the user.
fn quote_the_user(_: &str, body: &str) -> Option<(u32, String)> {
    body.contains("createUser").then(|| {
        let words = format!(
            "user {MAIL} ({}), {PHONE} of {NAME}, {}, passport {PASSPORT}, hash {HASH} refused",
            CHANGED[0], CHANGED[1]
        );
        (2003, words)
    })
}

/// The request for a token is refused with the secret that it brought.
fn quote_the_secret(_: &str, body: &str) -> Option<(u32, String)> {
    let request: Value = serde_json::from_str(body).ok()?;
    let secret = request["variables"]["secret"].as_str()?;
    Some((1001, format!("pool and secret '{secret}' do not match, '{secret}' is refused")))
}

/// A create is refused with the token that it brought, the pool's secret and the user's password.
fn quote_credentials(head: &str, body: &str) -> Option<(u32, String)> {
    let mut lines = head.lines().filter_map(|line| line.split_once(": "));
    let token = lines.find(|(name, _)| name.eq_ignore_ascii_case("authorization"));
    let words = format!("may not store {HASH}: {SECRET}, {}", token?.1);
    body.contains("createUser").then_some((2003, words))
}

/// All that stands in the table, but the records themselves.
fn books(desk: &Desk) -> String {
    let table = rusqlite::Connection::open(desk.path("userferry.db")).unwrap();
    let mut text = String::new();
    for name in
        ["attempt", "problem", "run", "job", "decision", "mapping", "binding", "remap", "tally"]
    {
        let mut statement = table.prepare(&format!("SELECT * FROM {name}")).unwrap();
        let columns = statement.column_count();
        let mut rows = statement.query([]).unwrap();
        while let Some(row) = rows.next().unwrap() {
            for column in 0..columns {
                if let ValueRef::Text(value) = row.get_ref(column).unwrap() {
                    writeln!(text, "{name}: {}", String::from_utf8_lossy(value)).unwrap();
                }
            }
        }
    }
    text
}

/// Stages one user and runs against a provider that refuses: all that is said and kept.
fn told(refusal: Refusal, code: i32) -> String {
    let rig = Rig::start(&[]);
    let desk = Desk::at(&refusing(&rig.sandbox.url, refusal));
    desk.write("users.json", json!([{"uid": "41", "password": HASH}]).to_string());
    let mut told = String::new();
    for (line, code) in [
        ("stage users.json", 0),
        ("run", code),
        ("failures", 0),
        ("failures --format jsonl", 0),
        ("show 41", 0),
        ("status", 0),
        ("status --json", 0),
    ] {
        let did = desk.ferry(&format!("-vv {line}")).ok(code);
        write!(told, "{}{}", did.out, did.err).unwrap();
    }
    told + &books(&desk)
}

#[test]
fn a_secret_that_is_quoted_when_a_token_is_asked_for_is_left_out() {
    let told = told(quote_the_secret, 4);
    let kept = "pool and secret '<secret>' do not match, '<secret>' is refused";
    assert!(told.contains(kept) && told.contains("run: the credentials of"), "{told}");
    assert!(!told.contains(SECRET), "{told}");
}

#[test]
fn a_token_and_a_secret_that_are_quoted_when_a_create_is_refused_are_left_out() {
    let told = told(quote_credentials, 3);
    assert!(told.contains("may not store <password>") && told.contains("attempt: "), "{told}");
    assert!(!told.contains(HASH), "{told}");
    assert!(!told.contains(SECRET), "{told}");
    let after = |text: &str| text.split("Bearer ").skip(1).all(|rest| rest.starts_with("<token>"));
    assert!(told.contains("<secret>, Bearer <token>") && after(&told), "{told}");
}

#[test]
fn a_providers_message_loses_every_value_that_was_sent() {
    let rig = Rig::start(&[]);
    let desk = Desk::at(&refusing(&rig.sandbox.url, quote_the_user));
    let user = json!([{"uid": "41", "mail": MAIL, "phone": PHONE, "nickname": NAME,
                       "password": HASH, "extra": {"passport": PASSPORT}}]);
    desk.write("users.json", user.to_string());
    let mut said = String::new();
    for (line, code) in [
        ("init --config other.toml", 0),
        ("check users.json", 0),
        ("check --format jsonl -o problems.jsonl users.json", 0),
        ("stage users.json", 0),
        ("run --dry-run", 0),
        ("run", 3),
        ("failures", 0),
        ("failures --format csv", 0),
        ("show 41", 0),
        ("status --json", 0),
        ("export --map -o map.csv", 0),
        ("export --status failed -o failed.json", 0),
    ] {
        let did = desk.did(desk.careless(&format!("-vv {line}")).output().unwrap()).ok(code);
        write!(said, "{}{}", did.out, did.err).unwrap();
    }
    for quoted in [MAIL, PHONE, NAME, HASH, PASSPORT, CHANGED[0], CHANGED[1]] {
        assert!(!said.contains(quoted), "{quoted} in {said}");
    }
    let failures = desk.ferry("failures --format jsonl").ok(0).out;
    let row: serde_json::Value = serde_json::from_str(&failures).unwrap();
    assert_eq!(
        row["message"],
        "user <email> (<email>), <phone> of <nickname>, <nickname>, passport <oauth>, hash \
         <password> refused"
    );
    // Our own events are there, and name rows by number alone.
    assert!(said.contains("attempt job=1 send=1 outcome=\"rejected\""), "{said}");
    assert!(said.contains("run begins") && said.contains("run ends"), "{said}");
    assert!(!said.contains('\u{1b}'), "no colours where there is no terminal: {said}");
    all_files_are_private(desk.path("users.json").parent().unwrap());
}

fn all_files_are_private(folder: &Path) {
    let mut seen = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.ends_with("users.json") {
            continue;
        }
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{}", path.display());
        seen += 1;
    }
    // Settings, problems, the table and its lock, two exports.
    assert!(seen >= 6, "{seen}");
}
