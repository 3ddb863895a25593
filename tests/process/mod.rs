//! The binary and the sandbox as processes of their own. What happened is told by the sandbox's
//! log, never by our own books; the books are then held against it.

pub(crate) mod books;

use rusqlite::{Connection, OpenFlags};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::fmt::Write as _;
use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

pub(crate) const BINARY: &str = env!("CARGO_BIN_EXE_userferry");
pub(crate) const POOL: &str = "5f0000000000000000000001";
pub(crate) const SECRET: &str = "sandbox-secret";

/// Whatever takes longer than this hangs.
const DEADLINE: Duration = Duration::from_mins(3);
const POLL: Duration = Duration::from_millis(5);

/// A folder with a job table, and a sandbox beside it.
pub(crate) struct Rig {
    pub(crate) dir: TempDir,
    pub(crate) sandbox: Service,
}

/// A sandbox in a process of its own; it ends with the value.
pub(crate) struct Service {
    child: Child,
    pub(crate) url: String,
    flags: Vec<String>,
    dir: PathBuf,
}

/// A `run` under way; it ends with the value.
pub(crate) struct Running {
    child: Child,
    stderr: PathBuf,
}

/// How a process ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) signal: Option<i32>,
    pub(crate) stderr: String,
}

impl Ended {
    #[track_caller]
    pub(crate) fn expect(self, code: i32) -> String {
        assert_eq!(self.code, Some(code), "signal {:?}\n{}", self.signal, self.stderr);
        self.stderr
    }
}

impl Service {
    fn start(dir: &Path, flags: &[&str]) -> Self {
        let flags: Vec<String> = flags.iter().map(|&flag| flag.to_owned()).collect();
        let (child, url) = launch(dir, &flags, 0);
        Self { child, url, flags, dir: dir.to_owned() }
    }

    fn port(&self) -> u16 {
        self.url.rsplit(':').next().unwrap().parse().unwrap()
    }

    /// Kills it: nobody listens any more.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Starts it again on the same port, with what it remembers.
    pub(crate) fn restart(&mut self) {
        let (child, url) = launch(&self.dir, &self.flags, self.port());
        assert_eq!(url, self.url);
        self.child = child;
    }

    fn http(&self, method: &str, path: &str, body: &str) -> std::io::Result<String> {
        let address = self.url.trim_start_matches("http://");
        let mut stream = TcpStream::connect(address)?;
        stream.set_read_timeout(Some(DEADLINE))?;
        let mut head = String::new();
        write!(head, "{method} {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n")
            .unwrap();
        write!(head, "content-length: {}\r\n\r\n{body}", body.len()).unwrap();
        stream.write_all(head.as_bytes())?;
        let mut reply = String::new();
        stream.read_to_string(&mut reply)?;
        let (head, body) = reply.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("HTTP/1.1 200"), "{reply}");
        Ok(body.to_owned())
    }

    /// Changes knobs and switches.
    pub(crate) fn faults(&self, change: &Value) {
        self.http("POST", "/__sandbox/faults", &change.to_string()).unwrap();
    }

    pub(crate) fn stats(&self) -> Value {
        serde_json::from_str(&self.http("GET", "/__sandbox/stats", "").unwrap()).unwrap()
    }

    pub(crate) fn count(&self, name: &str) -> u64 {
        self.stats()[name].as_u64().unwrap()
    }

    /// Users that were there before.
    pub(crate) fn add_users(&self, users: &Value) {
        self.http("POST", "/__sandbox/users", &users.to_string()).unwrap();
    }

    /// The whole directory, a line a user.
    pub(crate) fn users(&self) -> Vec<String> {
        let text = self.http("GET", "/__sandbox/users?passwords=true", "").unwrap();
        text.lines().map(str::to_owned).collect()
    }

    /// Waits until the statistics say so.
    #[track_caller]
    pub(crate) fn wait(&self, what: &str, mut is_so: impl FnMut(&Value) -> bool) -> Value {
        let began = Instant::now();
        loop {
            let stats = self.stats();
            if is_so(&stats) {
                return stats;
            }
            assert!(began.elapsed() < DEADLINE, "still waiting for {what}: {stats}");
            std::thread::sleep(POLL);
        }
    }

    #[track_caller]
    pub(crate) fn wait_for_stored(&self, n: u64) {
        self.wait("stored users", |stats| stats["creates_stored"].as_u64().unwrap() >= n);
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn launch(dir: &Path, flags: &[String], port: u16) -> (Child, String) {
    let mut child = command(dir)
        .args(["--quiet", "sandbox", "--port", &port.to_string()])
        .args(["--log", "log", "--state", "state"])
        .args(flags)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut url = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut url).unwrap();
    assert!(url.starts_with("http://"), "the sandbox did not start");
    (child, url.trim_end().to_owned())
}

fn command(dir: &Path) -> Command {
    let mut command = Command::new(BINARY);
    command.current_dir(dir).env_clear().stdin(Stdio::null()).stderr(Stdio::inherit());
    command
}

impl Rig {
    /// A folder and a sandbox with these flags.
    pub(crate) fn start(flags: &[&str]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let sandbox = Service::start(dir.path(), flags);
        Self { dir, sandbox }
    }

    /// A second sandbox.
    pub(crate) fn another(&self) -> Service {
        let dir = self.dir.path().join("another");
        std::fs::create_dir(&dir).unwrap();
        Service::start(&dir, &[])
    }

    fn command(&self) -> Command {
        let mut command = command(self.dir.path());
        command
            .env("AUTHING_HOST", &self.sandbox.url)
            .env("AUTHING_USERPOOL_ID", POOL)
            .env("AUTHING_SECRET", SECRET)
            .env("USERFERRY_REQUEST_TIMEOUT", "1s")
            .env("USERFERRY_CONNECT_TIMEOUT", "900ms")
            .env("USERFERRY_SETTLE_TIME", "200ms");
        command
    }

    /// Runs a program in the rig's folder with what a run needs in its environment.
    pub(crate) fn shell(&self, program: &mut Command) -> std::process::Output {
        let ours = self.command();
        let env = ours.get_envs().filter_map(|(name, value)| Some((name, value?)));
        program.envs(env).env("USERFERRY", BINARY).current_dir(self.dir.path()).output().unwrap()
    }

    /// Writes these records to `users.jsonl`.
    fn write(&self, records: &[Value]) {
        let mut text = String::new();
        for record in records {
            writeln!(text, "{record}").unwrap();
        }
        std::fs::write(self.dir.path().join("users.jsonl"), text).unwrap();
    }

    /// Writes users `u1` to `un` to `users.jsonl`.
    pub(crate) fn write_users(&self, n: usize) {
        self.write(&(1..=n).map(user).collect::<Vec<_>>());
    }

    /// Stages these records.
    pub(crate) fn stage(&self, records: &[Value]) {
        self.write(records);
        let output = self.command().args(["--quiet", "stage", "users.jsonl"]).output().unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(0), "{stderr}");
    }

    /// Stages users `u1` to `un`.
    pub(crate) fn stage_users(&self, n: usize) {
        let users: Vec<Value> = (1..=n).map(user).collect();
        self.stage(&users);
    }

    /// Starts a run.
    pub(crate) fn spawn(&self, args: &[&str]) -> Running {
        self.spawn_with(args, &[])
    }

    /// Starts a run with more variables in its environment.
    pub(crate) fn spawn_with(&self, args: &[&str], env: &[(&str, &str)]) -> Running {
        self.spawn_command(&[&["run"], args].concat(), env)
    }

    /// Starts any command with more variables in its environment.
    pub(crate) fn spawn_command(&self, args: &[&str], env: &[(&str, &str)]) -> Running {
        let stderr = self.dir.path().join(format!("stderr-{:016x}", fastrand::u64(..)));
        let child = self
            .command()
            .args(args)
            .envs(env.iter().copied())
            .stdout(Stdio::null())
            .stderr(File::create(&stderr).unwrap())
            .spawn()
            .unwrap();
        Running { child, stderr }
    }

    /// Runs to the end.
    #[track_caller]
    pub(crate) fn run(&self, args: &[&str]) -> Ended {
        self.spawn(args).wait()
    }

    /// Another command, to its end: exit code and what it printed.
    pub(crate) fn ask(&self, args: &[&str]) -> (Option<i32>, String) {
        let output = self.command().args(args).output().unwrap();
        (output.status.code(), String::from_utf8(output.stdout).unwrap())
    }

    /// The sandbox's log.
    pub(crate) fn log(&self) -> Vec<Value> {
        let text = std::fs::read_to_string(self.dir.path().join("log")).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// The creates in the sandbox's log.
    pub(crate) fn creates(&self) -> Vec<Value> {
        self.log().into_iter().filter(|line| line["op"] == "createUser").collect()
    }

    /// The job table, for reading; also between two processes: nothing in it changes by looking.
    pub(crate) fn table(&self) -> Connection {
        let path = self.dir.path().join("userferry.db");
        let table = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
        table.busy_timeout(DEADLINE).unwrap();
        table
    }

    /// One number from the job table.
    #[track_caller]
    pub(crate) fn number(&self, query: &str) -> i64 {
        self.table().query_row(query, [], |row| row.get(0)).unwrap()
    }

    /// Rows by status, and by `status/detail` where there is one, counted in the rows themselves.
    pub(crate) fn counts(&self) -> HashMap<String, i64> {
        let mut counts = HashMap::new();
        let table = self.table();
        let query = "SELECT status, detail, count(*) FROM job GROUP BY 1, 2";
        let mut statement = table.prepare(query).unwrap();
        let mut rows = statement.query([]).unwrap();
        while let Some(row) = rows.next().unwrap() {
            let (status, detail): (String, Option<String>) =
                (row.get(0).unwrap(), row.get(1).unwrap());
            let n: i64 = row.get(2).unwrap();
            if let Some(detail) = detail {
                counts.insert(format!("{status}/{detail}"), n);
            }
            *counts.entry(status).or_default() += n;
        }
        counts
    }

    /// Asserts the rows of each status; those that are not named are 0.
    #[track_caller]
    pub(crate) fn expect(&self, expected: &[(&str, i64)]) {
        let counts = self.counts();
        for status in ["pending", "sending", "unknown", "done", "failed", "invalid"] {
            let n = expected.iter().find(|(name, _)| *name == status).map_or(0, |(_, n)| *n);
            assert_eq!(counts.get(status).copied().unwrap_or(0), n, "{status}: {counts:?}");
        }
        for (name, n) in expected {
            assert_eq!(counts.get(*name).copied().unwrap_or(0), *n, "{name}: {counts:?}");
        }
    }
}

/// The record of user `n`; every second one has a password hash, every third no phone.
pub(crate) fn user(n: usize) -> Value {
    let mut record = json!({
        "uid": format!("u{n}"),
        "mail": format!("u{n}@example.com"),
        "nickname": format!("User {n}"),
    });
    if !n.is_multiple_of(3) {
        record["phone"] = json!(format!("138{n:08}"));
    }
    if n.is_multiple_of(2) {
        record["password"] = json!(format!("$2b$10${n:053}"));
    }
    record
}

impl Running {
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Whether it has ended.
    pub(crate) fn has_ended(&mut self) -> bool {
        self.child.try_wait().unwrap().is_some()
    }

    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
    }

    /// As Ctrl-C does.
    pub(crate) fn interrupt(&self) {
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
    }

    /// What it has said so far.
    pub(crate) fn said(&self) -> String {
        std::fs::read_to_string(&self.stderr).unwrap()
    }

    /// Waits until it has said this.
    #[track_caller]
    pub(crate) fn wait_for(&mut self, text: &str) {
        let began = Instant::now();
        while !self.said().contains(text) {
            assert!(!self.has_ended(), "ended without saying {text:?}:\n{}", self.said());
            assert!(began.elapsed() < DEADLINE, "has not said {text:?}:\n{}", self.said());
            std::thread::sleep(POLL);
        }
    }

    /// Waits for its end.
    #[track_caller]
    pub(crate) fn wait(mut self) -> Ended {
        let began = Instant::now();
        let status = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status;
            }
            assert!(began.elapsed() < DEADLINE, "it does not end:\n{}", self.said());
            std::thread::sleep(POLL);
        };
        Ended { code: status.code(), signal: status.signal(), stderr: self.said() }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
