//! A provider that quotes what it was sent in its messages: nothing of it is kept or shown.

use super::{Desk, Did};
use crate::process::Rig;
use serde_json::json;
use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

const MAIL: &str = "Planted.Person@example.org";
const PHONE: &str = "13912345678";
const NAME: &str = "Plantagenista";
const HASH: &str = "$2b$12$QuotedHashQuotedHashQuotedHashQuotedHashQuoted1234";
/// In a column that no field is mapped to: it travels in the raw copy alone.
const PASSPORT: &str = "P-88917-XQ";
/// In the answer besides: the same values as a server may have changed them.
const CHANGED: [&str; 2] = ["planted.person@example.org", "PLANTAGENISTA"];

/// Stands between the program and the sandbox. A create is refused with a message that quotes all
/// values; the rest passes. Serves as long as the test's process.
fn quoting(upstream: &str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let upstream = upstream.trim_start_matches("http://").to_owned();
    std::thread::spawn(move || {
        for client in listener.incoming().map_while(Result::ok) {
            let upstream = upstream.clone();
            // A client that hangs up is no concern of ours.
            std::thread::spawn(move || drop(answer(client, &upstream)));
        }
    });
    url
}

fn answer(mut client: TcpStream, upstream: &str) -> std::io::Result<()> {
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
    if String::from_utf8_lossy(&body).contains("createUser") {
        let words = format!(
            "user {MAIL} ({}), {PHONE} of {NAME}, {}, passport {PASSPORT}, hash {HASH} refused",
            CHANGED[0], CHANGED[1]
        );
        let message =
            json!({"errors": [{"message": {"code": 2003, "message": words}}], "data": null});
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

/// Runs `userferry -vv LINE` where files are made without any mask.
fn carelessly(desk: &Desk, line: &str) -> Did {
    let inner = desk.command(&format!("-vv {line}"));
    let mut command = Command::new("/bin/sh");
    command.args(["-c", "umask 0; exec \"$@\"", "sh"]).arg(inner.get_program());
    command.args(inner.get_args()).env_clear().current_dir(inner.get_current_dir().unwrap());
    command.envs(inner.get_envs().filter_map(|(name, value)| Some((name, value?))));
    desk.did(command.output().unwrap())
}

#[test]
fn a_providers_message_loses_every_value_that_was_sent() {
    let rig = Rig::start(&[]);
    let desk = Desk::at(&quoting(&rig.sandbox.url));
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
        let did = carelessly(&desk, line).ok(code);
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
