//! What is asked for on a terminal, and how a script is not asked.
#![cfg(target_os = "linux")]

use super::{Desk, numbered};
use crate::process::{POOL, Rig, SECRET};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{LocalModes, Winsize, tcgetattr, tcsetwinsize};
use std::fs::File;
use std::io::{Read as _, Write as _};
use std::os::fd::OwnedFd;
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Child, Command};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// A command on a terminal of its own.
struct Seat {
    child: Child,
    screen: OwnedFd,
    seen: Arc<Mutex<String>>,
    reader: Option<JoinHandle<()>>,
}

impl Seat {
    /// The environment has no secret.
    fn of(mut command: Command) -> Self {
        let screen = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&screen).unwrap();
        unlockpt(&screen).unwrap();
        let size = Winsize { ws_row: 24, ws_col: 80, ws_xpixel: 0, ws_ypixel: 0 };
        tcsetwinsize(&screen, size).unwrap();
        let open = || Self::open(&screen);
        command.env_remove("AUTHING_SECRET").env("TERM", "xterm");
        command.stdin(open()).stdout(open()).stderr(open());
        let child = command.spawn().unwrap();
        // Its handles on the terminal: with them open, the end of the command would not be seen.
        drop(command);
        let seen = Arc::new(Mutex::new(String::new()));
        let (mut from, to) = (File::from(screen.try_clone().unwrap()), Arc::clone(&seen));
        let reader = std::thread::spawn(move || {
            let mut bytes = [0; 4096];
            // Reading a terminal that no process holds any more is an error.
            while let Ok(n) = from.read(&mut bytes) {
                to.lock().unwrap().push_str(&String::from_utf8_lossy(&bytes[..n]));
            }
        });
        Self { child, screen, seen, reader: Some(reader) }
    }

    /// A handle on the terminal.
    fn open(screen: &OwnedFd) -> File {
        let name = ptsname(screen, Vec::new()).unwrap().into_string().unwrap();
        File::options().read(true).write(true).open(name).unwrap()
    }

    fn seen(&self) -> String {
        self.seen.lock().unwrap().clone()
    }

    fn wait_until(&mut self, mut is_so: impl FnMut(&mut Self) -> bool) {
        let until = Instant::now() + Duration::from_mins(1);
        while !is_so(self) {
            assert!(Instant::now() < until, "it waits for somebody: {}", self.seen());
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    fn modes(&self) -> LocalModes {
        tcgetattr(&self.screen).unwrap().local_modes
    }

    /// Types a line once the terminal shows nothing of what is typed.
    fn type_unseen(&mut self, line: &str) {
        self.press_unseen(&format!("{line}\n"));
    }

    fn press_unseen(&mut self, keys: &str) {
        self.wait_until(|seat| !seat.modes().contains(LocalModes::ECHO));
        let mut screen = File::from(self.screen.try_clone().unwrap());
        screen.write_all(keys.as_bytes()).unwrap();
    }

    /// How it ends without anything more typed.
    fn end(mut self) -> (Option<i32>, String) {
        self.wait_until(|seat| seat.child.try_wait().unwrap().is_some());
        self.reader.take().unwrap().join().unwrap();
        (self.child.wait().unwrap().code(), self.seen().replace("\r\n", "\n"))
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn a_terminal_is_asked_for_the_secret_and_told_how_not_to_be() {
    let rig = Rig::start(&[]);
    let desk = Desk::at(&rig.sandbox.url);
    desk.write("u.jsonl", numbered(1..3));
    desk.ferry("stage u.jsonl").ok(0);
    let mut seat = Seat::of(desk.command("run"));
    // The terminal hides what is typed before what was written on it has been read here.
    seat.wait_until(|seat| seat.seen().ends_with("\r\nSecret: "));
    let asked = seat.seen();
    seat.type_unseen(SECRET);
    for line in asked.lines() {
        assert!(line.trim_end().len() <= 80, "{line}");
    }
    for word in [POOL, "AUTHING_SECRET", "secret_file", "Ctrl-C"] {
        assert!(asked.contains(word), "{word}: {asked}");
    }
    let (code, seen) = seat.end();
    assert_eq!(code, Some(0), "{seen}");
    assert!(!seen.contains(SECRET), "{seen}");
    assert_eq!(desk.status()["done"], 2);
}

/// Whether this process, and so each that it starts, ignores a signal (proc(5), `SigIgn`), as what a shell runs
/// in the background does.
fn is_ignored(signal: i32) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:")).unwrap();
    u64::from_str_radix(ignored.trim(), 16).unwrap() >> (signal - 1) & 1 == 1
}

/// Ctrl-C and Ctrl-\ at a question end the command as ever, and leave the terminal as it was.
#[test]
fn a_question_that_is_broken_off_leaves_a_terminal_that_shows_what_is_typed() {
    let desk = Desk::new();
    let hash = "$2b$12$nCa3WDbsc3tvM57ifzjwrOAGGuNK7EPV0R17WKcW6f13NZvX97yLe";
    desk.write("u.jsonl", format!("{{\"uid\":\"1\",\"password\":\"{hash}\"}}\n"));
    desk.ferry("stage u.jsonl").ok(0);
    for (line, keys, signal) in [
        ("password verify --key 1", "\u{3}", 2),
        ("run", "\u{3}", 2),
        ("run", "half of the secr\u{3}", 2),
        ("password verify --key 1", "half\u{1c}", 3),
    ] {
        let mut seat = Seat::of(desk.command(line));
        // Without one its modes would be forgotten with the command.
        let _held = Seat::open(&seat.screen);
        let before = seat.modes() | LocalModes::ECHO | LocalModes::ISIG;
        seat.press_unseen(keys);
        seat.wait_until(|seat| seat.child.try_wait().unwrap().is_some());
        let status = seat.child.wait().unwrap();
        // If the test process ignores the signal, the command survives it and reports that nothing was typed.
        let ended = if is_ignored(signal) { (None, Some(2)) } else { (Some(signal), None) };
        let seen = seat.seen();
        assert_eq!((status.signal(), status.code()), ended, "{line} {status}: {seen}");
        assert_eq!(seat.modes(), before, "{line}");
        assert!(!seat.seen().contains("half"), "{}", seat.seen());
    }
    assert_eq!(desk.status()["pending"], 1);
}

/// Keys that take back what was typed do so.
#[test]
fn what_is_typed_unseen_can_be_corrected() {
    let desk = Desk::new();
    // Of `secret`, by passlib.
    let hash = "$2b$04$xnrvHQfHU.4jNK3pUClMIOSW18SKvEYIGrm6waY6lZrRlPrptIB4O";
    desk.write("u.jsonl", format!("{{\"uid\":\"1\",\"password\":\"{hash}\"}}\n"));
    desk.ferry("stage u.jsonl").ok(0);
    let mut seat = Seat::of(desk.command("password verify --key 1"));
    seat.type_unseen("wrong\u{15}secrex\u{7f}t");
    let (code, seen) = seat.end();
    assert_eq!(code, Some(0), "{seen}");
    assert!(seen.contains("): \n") && !seen.contains("secret"), "{seen}");
}

/// A control key shows nothing, so it must not become a part of what is typed.
#[test]
fn a_control_key_is_no_part_of_what_is_typed_unseen() {
    let desk = Desk::new();
    // Of `secret`, by passlib.
    let hash = "$2b$04$xnrvHQfHU.4jNK3pUClMIOSW18SKvEYIGrm6waY6lZrRlPrptIB4O";
    desk.write("u.jsonl", format!("{{\"uid\":\"1\",\"password\":\"{hash}\"}}\n"));
    desk.ferry("stage u.jsonl").ok(0);
    let asked = |line: &str, typed: &str| {
        let mut seat = Seat::of(desk.command(line));
        seat.type_unseen(typed);
        seat.end()
    };
    for (line, typed) in [
        ("password verify --key 1", "\u{1a}secret"),
        ("password verify --key 1", "sec\u{1b}[Dret"),
        ("password verify --key 1", "secret\t"),
        ("run", "\u{1a}secret"),
    ] {
        let (code, seen) = asked(line, typed);
        assert_eq!(code, Some(2), "{line} {typed:?}: {seen}");
        assert!(seen.contains("not be read: a control key was typed"), "{line}: {seen}");
        assert!(!seen.contains("secret\n"), "{seen}");
    }
    assert_eq!(asked("password verify --key 1", "secret").0, Some(0));
    assert_eq!(desk.status()["pending"], 1);
}

#[test]
fn with_no_input_nobody_is_asked_on_a_terminal() {
    let desk = Desk::new();
    let hash = "$2b$12$nCa3WDbsc3tvM57ifzjwrOAGGuNK7EPV0R17WKcW6f13NZvX97yLe";
    desk.write("u.jsonl", format!("{{\"uid\":\"1\",\"password\":\"{hash}\"}}\n"));
    desk.ferry("stage u.jsonl").ok(0);
    for (line, message, way) in [
        ("run --no-input", "the secret of the user pool is missing", "AUTHING_SECRET"),
        ("--no-input retry-failed --run", "the secret of the user pool is missing", "secret_file"),
        (
            "password verify --key 1 --no-input",
            "the password is missing: --no-input forbids asking",
            "--password-file FILE",
        ),
    ] {
        let (code, seen) = Seat::of(desk.command(line)).end();
        assert_eq!(code, Some(2), "{line}: {seen}");
        assert!(seen.contains(message) && seen.contains(way), "{line}: {seen}");
    }
}

#[test]
fn where_standard_input_is_no_terminal_nobody_is_asked() {
    let desk = Desk::new();
    desk.write("u.jsonl", numbered(1..2));
    desk.ferry("stage u.jsonl").ok(0);
    let mut command = desk.command("run");
    command.env_remove("AUTHING_SECRET");
    let did = desk.did(command.output().unwrap()).ok(2);
    assert!(did.err.contains("the secret of the user pool is missing"), "{}", did.err);
}
