//! `demo`: the whole story in one command, told by the commands themselves.
//!
//! Every step is the real program in a process of its own, with the command line that is shown;
//! only the sandbox runs in here, so that it can go down and come back in the middle of the run.
//! The environment's settings are kept away from it: a demo must never reach a real pool.

mod export;

use super::sandbox;
use crate::error::{Error, Exit, Result};
use crate::sandbox::{Sandbox, Settings};
use crate::store::file::open_private;
use crate::ui::Ui;
use crate::words::grouped;
use clap::Args;
use std::io::Write;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// The sandbox goes down when it holds this many users, for this long.
const DOWN_AT: usize = 400;
const DOWN_FOR: Duration = Duration::from_secs(3);
/// How often the sandbox is looked at.
const LOOK: Duration = Duration::from_millis(20);

/// Short waits, so that the story fits into half a minute.
const SETTINGS: &str = "\
[run]
request_timeout = \"2s\"
connect_timeout = \"1s\"
settle_time = \"500ms\"
max_outage = \"1m\"
";

/// `demo`.
#[derive(Debug, Args)]
pub struct Demo {
    /// Keep the files in this folder [default: a new one under the system's temporary folder]
    #[arg(long, value_name = "FOLDER")]
    pub folder: Option<PathBuf>,
}

pub(crate) fn run(ui: Ui, args: &Demo) -> Result<Exit> {
    let folder = folder(args)?;
    let story = Story::new(ui, &folder)?;
    ui.note(&format!(
        "Userferry moves {} made-up users into a stand-in for {} on this machine.\n\
         Everything lies in {}; nothing leaves this machine.",
        grouped(export::USERS),
        sandbox::provider().title,
        folder.display()
    ));
    story.tell()?;
    Ok(Exit::Done)
}

fn folder(args: &Demo) -> Result<PathBuf> {
    let folder = args.folder.clone().unwrap_or_else(|| {
        std::env::temp_dir().join(format!("userferry-demo-{:08x}", fastrand::u32(..)))
    });
    let made = std::fs::DirBuilder::new().mode(0o700).create(&folder);
    made.map_err(|error| {
        Error::usage(format!("the folder {} cannot be made: {error}", folder.display()))
            .hint("name one that is not there yet: userferry demo --folder FOLDER")
    })?;
    folder.canonicalize().map_err(|error| Error::internal(error.to_string()))
}

/// The demo's stage.
struct Story<'a> {
    ui: Ui,
    folder: &'a Path,
    program: PathBuf,
    runtime: tokio::runtime::Runtime,
    sandbox: Settings,
}

impl<'a> Story<'a> {
    fn new(ui: Ui, folder: &'a Path) -> Result<Self> {
        let program = std::env::current_exe().map_err(|error| {
            Error::internal(format!("this program does not find itself: {error}"))
        })?;
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .map_err(|error| Error::internal(format!("no runtime: {error}")))?;
        let sandbox = Settings {
            port: 0,
            state: Some(folder.join("sandbox.state")),
            log: Some(folder.join("sandbox.log")),
            users: Some(folder.join("already-there.jsonl")),
            latency: span("250ms")?,
            jitter: span("100ms")?,
            ..Settings::default()
        };
        Ok(Self { ui, folder, program, runtime, sandbox })
    }

    fn tell(mut self) -> Result<()> {
        self.write("users.json", &export::users())?;
        self.write("already-there.jsonl", export::ALREADY_THERE)?;
        self.write("userferry.toml", SETTINGS)?;
        let sandbox = self.start()?;
        self.sandbox.port = port_of(&sandbox.url());
        // They are in the state now.
        self.sandbox.users = None;

        self.say("1. Read the export: what is wrong with it is found before anything is sent.");
        self.step(&["stage", "users.json"], &[3])?;

        self.say(&format!(
            "2. Create the users. When {DOWN_AT} are there, the provider goes down for {} s.",
            DOWN_FOR.as_secs()
        ));
        let sandbox = self.run_through_an_outage(sandbox)?;

        self.say("3. Who did not make it, and why?");
        self.step(&["failures"], &[0])?;

        self.say("4. Take these records out, correct them, stage them again.");
        self.step(&["export", "--status", "failed,invalid", "-o", "wrong.json"], &[0])?;
        let text = self.read("wrong.json")?;
        self.write("wrong.json", &export::corrected(&text))?;
        self.ui.note("  … an editor mends an address, a number and a phone …");
        self.step(&["stage", "--replace", "wrong.json"], &[0])?;

        self.say("5. Run again: only what is missing is sent.");
        self.step(&["run"], &[0])?;
        self.step(&["status"], &[0])?;
        let there = sandbox.stats().users;
        self.runtime.block_on(sandbox.stop());
        self.balance(there)
    }

    /// Both sides must agree, or the demo has failed.
    fn balance(&self, there: usize) -> Result<()> {
        let expected =
            usize::try_from(export::USERS).unwrap_or(0) + export::ALREADY_THERE.lines().count();
        if there != expected {
            return Err(Error::internal(format!(
                "the sandbox holds {there} users, not {expected}"
            )));
        }
        let folder = self.folder.display();
        self.ui.note(&format!(
            "\nThe sandbox holds {} users: {} of the export, once each, and {} that was there before.\n\
             Look around:\n  \
             sqlite3 -cmd '.timeout 5000' {folder}/userferry.db 'SELECT * FROM progress'\n  \
             userferry --db {folder}/userferry.db show 400\n  \
             {folder}/sandbox.log has every request (and, being the sandbox's, passwords)\n  \
             rm -r {folder}",
            grouped(there as u64),
            grouped(export::USERS),
            export::ALREADY_THERE.lines().count(),
        ));
        Ok(())
    }

    // ---- the sandbox

    fn start(&self) -> Result<Sandbox> {
        self.runtime
            .block_on(Sandbox::start(self.sandbox.clone()))
            .map_err(|error| Error::internal(format!("the sandbox cannot start: {error}")))
    }

    fn run_through_an_outage(&self, sandbox: Sandbox) -> Result<Sandbox> {
        let args = ["run"];
        let mut child = self.spawn(&args)?;
        while sandbox.stats().users < DOWN_AT {
            if ended(&mut child)? {
                Self::expect(&args, child, &[3])?;
                return Ok(sandbox);
            }
            std::thread::sleep(LOOK);
        }
        self.runtime.block_on(sandbox.stop());
        std::thread::sleep(DOWN_FOR);
        let sandbox = self.start()?;
        Self::expect(&args, child, &[3])?;
        Ok(sandbox)
    }

    // ---- the commands

    fn say(&self, text: &str) {
        self.ui.note(&format!("\n{}", self.ui.paint(text, "1")));
    }

    fn step(&self, args: &[&str], exits: &[i32]) -> Result<()> {
        let child = self.spawn(args)?;
        Self::expect(args, child, exits)
    }

    fn spawn(&self, args: &[&str]) -> Result<Child> {
        self.ui.note(&self.ui.paint(&format!("$ userferry {}", args.join(" ")), "36"));
        let mut command = Command::new(&self.program);
        command.args(args).current_dir(self.folder).stdin(Stdio::null()).env_clear();
        for name in ["PATH", "TERM", "COLUMNS", "NO_COLOR", "LANG", "LC_ALL"] {
            if let Some(value) = std::env::var_os(name) {
                command.env(name, value);
            }
        }
        let url = format!("http://127.0.0.1:{}", self.sandbox.port);
        let (pool, secret) = (&self.sandbox.user_pool_id, &self.sandbox.secret);
        command.envs(sandbox::environment(&url, pool, secret)).env("NO_PROXY", "*");
        command.spawn().map_err(|error| Error::internal(format!("a step cannot start: {error}")))
    }

    fn expect(args: &[&str], mut child: Child, exits: &[i32]) -> Result<()> {
        let status =
            child.wait().map_err(|error| Error::internal(format!("a step was lost: {error}")))?;
        match status.code() {
            Some(code) if exits.contains(&code) => Ok(()),
            // Stopped by Ctrl-C, which reaches the step too.
            Some(5) | None => Err(Error::new(Exit::Stopped, "the demo was stopped")),
            Some(code) => Err(Error::internal(format!(
                "'userferry {}' ended with {code} instead of {exits:?}",
                args.join(" ")
            ))),
        }
    }

    // ---- files

    fn write(&self, name: &str, text: &str) -> Result<()> {
        let path = self.folder.join(name);
        let write = || {
            let mut file = open_private(&path)?;
            file.set_len(0)?;
            file.write_all(text.as_bytes())
        };
        write().map_err(|error| Error::internal(format!("{name} cannot be written: {error}")))
    }

    fn read(&self, name: &str) -> Result<String> {
        std::fs::read_to_string(self.folder.join(name))
            .map_err(|error| Error::internal(format!("{name} cannot be read: {error}")))
    }
}

fn span<T: std::str::FromStr>(text: &str) -> Result<T> {
    text.parse().map_err(|_| Error::internal("internal error: a setting of the demo"))
}

fn port_of(url: &str) -> u16 {
    url.rsplit(':').next().and_then(|port| port.parse().ok()).unwrap_or(0)
}

fn ended(child: &mut Child) -> Result<bool> {
    let status =
        child.try_wait().map_err(|error| Error::internal(format!("a step was lost: {error}")))?;
    Ok(status.is_some())
}
