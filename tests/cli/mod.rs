//! The program as a user meets it: commands, exit codes, messages, files.

mod acting;
mod asked;
mod bad_input;
mod commands;
mod corrections;
mod echo;
mod exports_met;
mod first_record;
mod first_use;
mod formats;
mod header;
mod hostile;
mod init;
mod lockouts;
mod manners;
mod names;
mod nested;
mod newer;
mod nulls;
mod omitted;
mod outputs;
mod passwords;
mod planted;
mod preview;
mod providers;
mod remap;
mod secrets;
mod showing;
mod story;
mod stumbles;
mod systems;
mod views;
mod warned;
mod width;
mod wrong_file;

use crate::process::{BINARY, POOL, SECRET};
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use tempfile::TempDir;

/// A folder to work in, with an environment of its own.
pub(crate) struct Desk {
    dir: TempDir,
    host: Option<String>,
}

/// What a command did.
pub(crate) struct Did {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Did {
    /// Its standard output, if it ended as expected.
    #[track_caller]
    pub(crate) fn ok(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "out: {}\nerr: {}", self.out, self.err);
        self
    }
}

impl Desk {
    pub(crate) fn new() -> Self {
        Self { dir: tempfile::tempdir().unwrap(), host: None }
    }

    /// Its runs go to this host.
    pub(crate) fn at(host: &str) -> Self {
        Self { host: Some(host.to_owned()), ..Self::new() }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        std::fs::write(self.path(name), content).unwrap();
    }

    pub(crate) fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap()
    }

    pub(crate) fn command(&self, line: &str) -> Command {
        let mut command = Command::new(BINARY);
        command.args(line.split_whitespace()).current_dir(self.dir.path()).env_clear();
        command.env("AUTHING_USERPOOL_ID", POOL).env("AUTHING_SECRET", SECRET);
        command.env("RUST_BACKTRACE", "0").stdin(Stdio::null());
        // Short waits: what is in doubt is settled within a second.
        command.env("USERFERRY_REQUEST_TIMEOUT", "1s").env("USERFERRY_CONNECT_TIMEOUT", "500ms");
        command.env("USERFERRY_SETTLE_TIME", "200ms");
        if let Some(host) = &self.host {
            command.env("AUTHING_HOST", host);
        }
        command
    }

    /// `userferry LINE`, started where files are made without any mask.
    pub(crate) fn careless(&self, line: &str) -> Command {
        self.after("umask 0", line)
    }

    /// `userferry LINE`, started by a shell after it has set something.
    pub(crate) fn after(&self, setting: &str, line: &str) -> Command {
        let inner = self.command(line);
        let mut command = Command::new("/bin/sh");
        command.args(["-c", &format!("{setting} && exec \"$0\" \"$@\"")]).arg(inner.get_program());
        command.args(inner.get_args()).env_clear().current_dir(self.dir.path());
        command.envs(inner.get_envs().filter_map(|(name, value)| Some((name, value?))));
        command.stdin(Stdio::null());
        command
    }

    /// Runs `userferry LINE`.
    pub(crate) fn ferry(&self, line: &str) -> Did {
        self.did(self.command(line).output().unwrap())
    }

    /// Runs `userferry LINE` with something on standard input.
    pub(crate) fn pipe(&self, line: &str, input: &str) -> Did {
        use std::io::Write as _;
        let mut command = self.command(line);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        // A program that refuses its arguments may have ended before it reads.
        if let Err(error) = child.stdin.take().unwrap().write_all(input.as_bytes()) {
            assert_eq!(error.kind(), std::io::ErrorKind::BrokenPipe);
        }
        self.did(child.wait_with_output().unwrap())
    }

    /// Paths of the desk become `DIR`.
    pub(crate) fn did(&self, output: Output) -> Did {
        let dir = self.dir.path().canonicalize().unwrap();
        let text = |bytes: Vec<u8>| {
            String::from_utf8(bytes).unwrap().replace(dir.to_str().unwrap(), "DIR")
        };
        Did { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
    }

    pub(crate) fn status(&self) -> serde_json::Value {
        serde_json::from_str(&self.ferry("status --json").ok(0).out).unwrap()
    }
}

/// Records with nothing but a uid, a line each.
pub(crate) fn numbered(numbers: std::ops::Range<u32>) -> String {
    let lines: Vec<String> = numbers.map(|n| format!("{{\"uid\":\"{n}\"}}\n")).collect();
    lines.concat()
}
