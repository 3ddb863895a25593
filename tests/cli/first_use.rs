//! What somebody stumbles over who uses it for the first time.

use super::{Desk, numbered};
use crate::process::Rig;
use std::fs::File;
use std::process::{Command, Stdio};

/// A desk with these users staged.
fn staged(host: &str, users: &str) -> Desk {
    let desk = Desk::at(host);
    desk.write("u.jsonl", users);
    desk.ferry("stage u.jsonl").ok(0);
    desk
}

#[test]
fn a_standard_error_that_is_closed_or_full_never_ends_a_run() {
    let rig = Rig::start(&[]);
    for options in ["", "-v", "-vv"] {
        for full in [true, false] {
            let desk = staged(&rig.sandbox.url, &numbered(1..21));
            let mut run = desk.command(&format!("{options} run"));
            let mut child = if full {
                run.stderr(File::options().write(true).open("/dev/full").unwrap()).spawn().unwrap()
            } else {
                run.stderr(Stdio::piped()).spawn().unwrap()
            };
            drop(child.stderr.take());
            assert_eq!(child.wait().unwrap().code(), Some(0), "{options} {full}");
            assert_eq!(desk.status()["done"], 20);
        }
    }
}

#[test]
fn the_sandbox_names_commands_that_can_follow_a_record_with_a_problem() {
    let desk = Desk::new();
    let mut command = desk.command("sandbox");
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut said = std::io::BufReader::new(child.stderr.take().unwrap());
    let mut lines = Vec::new();
    for _ in 0..5 {
        let mut line = String::new();
        std::io::BufRead::read_line(&mut said, &mut line).unwrap();
        lines.push(line);
    }
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(
        lines[2..],
        [
            "  userferry --db rehearsal.db stage users.json\n",
            "  userferry --db rehearsal.db run\n",
            "Ctrl-C ends it.\n",
        ]
    );
    let readme = include_str!("../../README.md");
    assert!(!readme.contains("&& userferry"), "stage exits 3, and run would not come");
}

#[test]
fn the_bar_is_gone_when_the_run_has_ended() {
    // That of util-linux: others take other options.
    if !Command::new("script").arg("--version").output().is_ok_and(|said| said.status.success()) {
        println!("skipped: no program script on the PATH");
        return;
    }
    let rig = Rig::start(&["--latency=20ms"]);
    let desk = staged(&rig.sandbox.url, &numbered(1..41));
    let run = desk.command("run");
    let mut terminal = Command::new("script");
    terminal.args(["-qec", &format!("{} run", crate::process::BINARY), "/dev/null"]);
    terminal.envs(run.get_envs().filter_map(|(name, value)| Some((name, value?))));
    terminal.env("TERM", "xterm").current_dir(desk.path("")).stdin(Stdio::null());
    let output = terminal.output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(said.contains("/40  done"), "a bar was shown: {said:?}");
    assert!(!said.contains("waiting to"), "{said:?}");
    let left = said.rsplit("\x1b[2K").next().unwrap();
    assert_eq!(left, "40 of 40 done; 40 in this run\r\n", "{said:?}");
}

#[test]
fn a_changed_mapping_is_refused_and_a_fresh_table_doubles_nobody() {
    let rig = Rig::start(&[]);
    let desk = staged(&rig.sandbox.url, &numbered(1..3));
    desk.ferry("run").ok(0);
    desk.write("userferry.toml", "[mapping]\nexternalId = \"uid\"\nnickname = \"nick\"\n");
    assert_eq!(
        desk.ferry("run").ok(2).err,
        "error: the [mapping] has changed since the rows in the job table were staged\n\n\
         hint: put the old mapping back, or stage into a fresh table: --db another.db; users that \
         were created already are found again and not doubled (existed)\n"
    );
    desk.ferry("--db another.db stage u.jsonl").ok(0);
    let did = desk.ferry("--db another.db run").ok(0);
    assert_eq!(did.err, "2 of 2 done; 2 in this run\n");
    assert_eq!(rig.sandbox.users().len(), 2);
}
