//! What a terminal of 80 columns shows: no line is wider, and none is broken by the terminal itself.

use super::Desk;
use crate::process::{BINARY, Rig};
use std::process::{Command, Stdio};
use unicode_width::UnicodeWidthStr as _;

const COMMANDS: [&str; 18] = [
    "",
    "init",
    "check",
    "preview",
    "stage",
    "remap",
    "run",
    "retry-failed",
    "status",
    "failures",
    "show",
    "settle",
    "waive",
    "export",
    "password verify",
    "password function",
    "sandbox",
    "demo",
];

/// What the command shows on a terminal of 80 columns.
fn shown(desk: &Desk, line: &str) -> String {
    let inner = desk.command(line);
    let mut terminal = Command::new("script");
    terminal.args(["-qec", &format!("stty cols 80 rows 24; exec {BINARY} {line}"), "/dev/null"]);
    terminal.env_clear().env("PATH", "/usr/bin:/bin").env("TERM", "xterm").env("NO_COLOR", "1");
    terminal.envs(inner.get_envs().filter_map(|(name, value)| Some((name, value?))));
    terminal.current_dir(desk.path("")).stdin(Stdio::null());
    let said = String::from_utf8(terminal.output().unwrap().stdout).unwrap();
    // Sequences that a terminal obeys have no width.
    let mut parts = said.split("\u{1b}[");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |told, part| {
        told + part
            .trim_start_matches(|c: char| c.is_ascii_digit() || c == ';' || c == '?')
            .get(1..)
            .unwrap_or_default()
    })
}

#[track_caller]
fn fits(desk: &Desk, line: &str) -> String {
    let said = shown(desk, line);
    assert!(said.lines().count() > 1, "{line}: {said}");
    for told in said.lines() {
        // What a bar drew before is drawn over.
        let told = told.rsplit('\r').next().unwrap_or_default();
        assert!(told.width() <= 80, "{line}: {} columns: {told}", told.width());
    }
    said.replace('\r', "")
}

#[test]
fn no_line_is_wider_than_a_terminal_of_80_columns() {
    // That of util-linux: others take other options.
    if !Command::new("script").arg("--version").output().is_ok_and(|said| said.status.success()) {
        println!("skipped: no program script on the PATH");
        return;
    }
    let rig = Rig::start(&["--poison=user3@subdomain.example.com=code:2003"]);
    let desk = Desk::at(&rig.sandbox.url);
    for command in COMMANDS {
        for help in ["--help", "-h"] {
            fits(&desk, &format!("{command} {help}"));
            // By a pager, too.
            let piped = desk.ferry(&format!("{command} {help}")).ok(0).out;
            let widest = piped.lines().max_by_key(|line| line.width()).unwrap();
            assert!(widest.width() <= 80, "{command} {help}: {widest}");
        }
    }
    let users: Vec<String> = (0..40)
        .map(|n| {
            let mail = if n == 7 { "none".to_owned() } else { format!("user{n}@subdomain.example.com") };
            format!(
                "{{\"uid\":\"a-rather-long-id-of-some-system-{n}\",\"mail\":\"{mail}\",\"nickname\":\"\u{5f20}\u{4e09}{n}\",\
                 \"a_rather_long_column_name_of_some_system_that_nobody_maps\":{n},\"emailVerified\":true,\
                 \"last_login_ip_address_of_user\":\"10.0.0.{n}\",\"tags\":[\"x\",1],\"loginsCount\":{n},\
                 \"pwd\":\"$2b$12${}\",\"address\":{{\"street_with_number\":\"x 1\",\"town\":\"y\"}}}}\n",
                "x".repeat(53)
            )
        })
        .collect();
    desk.write("users-of-the-old-system.jsonl", users.concat());
    let mapping = "[mapping]\nexternalId = \"uid\"\nemail = \"mail\"\nnickname = \"nickname\"\nloginsCount = \"loginsCount\"\n\
                   emailVerified = \"emailVerified\"\nusername = \"last_login_ip_address_of_user\"\npassword = \"pwd\"\n\
                   registerSource = { value = [\"import\", \"of the old system\"] }\n";
    desk.write("userferry.toml", mapping);
    let checked = fits(&desk, "check users-of-the-old-system.jsonl");
    // A row whose name leaves no room goes on in the next line, set in.
    assert!(checked.contains("number  -\n") && checked.contains("goes to\n"), "{checked}");
    fits(&desk, "preview users-of-the-old-system.jsonl --record 3");
    fits(&desk, "stage users-of-the-old-system.jsonl");
    fits(&desk, "run");
    let done = fits(&desk, "show --record 1");
    assert!(done.contains("maps now   {\"externalId\":\""), "{done}");
    assert!(done.contains("\n           \""), "broken behind a comma, below the column: {done}");
    fits(&desk, "show --record 4");
    fits(&desk, "show --record 8");
    for line in ["failures", "failures --summary", "status"] {
        fits(&desk, line);
    }
    // A pipe gets each line whole.
    assert!(desk.ferry("show --record 1").ok(0).out.lines().any(|line| line.width() > 80));
}
