//! The command line, as data: parsing, help and defaults.

use crate::config::{Flags, OnConflict, OnUnknown};
use crate::input::{self, Delimiter, Encoding, Format, Header};
use crate::mapping::Mapping;
use crate::target::schema::Schema;
use crate::units::{Duration, Rate};
use clap::{Arg, Args, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;

/// Move the users of an existing system into an identity provider: nobody lost, nobody twice
///
/// Userferry stages an export into a local job table with a status for every user, then runs: it
/// creates the users at the provider, records every success and every error, and can be stopped,
/// killed or cut off at any time and go on as if nothing had happened.
///
///   userferry init --from FILE      propose a mapping for an export, in userferry.toml
///   userferry check users.json      find problems; nothing is staged or sent
///   userferry preview users.json    what would be sent for one record, and from where
///   userferry stage users.json      read the export into userferry.db
///   userferry run                   create the users
///   userferry status                how far it is
///   userferry retry-failed --run    send the failed ones again
#[derive(Debug, Parser)]
#[command(version, max_term_width = 100, verbatim_doc_comment, subcommand_required = true)]
pub struct Cli {
    /// Options that every command takes.
    #[command(flatten)]
    pub global: Global,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// Options that every command takes.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Everywhere")]
pub struct Global {
    /// The job table
    #[arg(
        long,
        global = true,
        value_name = "FILE",
        default_value = "userferry.db",
        env = "USERFERRY_DB",
        hide_env_values = true
    )]
    pub db: PathBuf,

    /// The settings [default: userferry.toml, if it is there]
    #[arg(
        long,
        global = true,
        value_name = "FILE",
        env = "USERFERRY_CONFIG",
        hide_env_values = true
    )]
    pub config: Option<PathBuf>,

    /// Say more; twice for even more
    #[arg(short, long, global = true, action = clap::ArgAction::Count, conflicts_with = "quiet")]
    pub verbose: u8,

    /// Say only what went wrong
    #[arg(short, long, global = true)]
    pub quiet: bool,

    /// Colours on standard error
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub color: Color,
}

/// When to use colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// On a terminal, unless NO_COLOR is set.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Write a commented userferry.toml; never over an existing one
    ///
    /// With --from its mapping is made for your export: the first 2,000 records are looked at, and
    /// each of their fields is told by its name and by the shape of its values. What is not certain
    /// is written as a comment, with the reason. Read the file, change what is wrong, then check.
    Init(Init),
    /// Read, map and validate an export, and show its problems; nothing is staged or sent
    Check(Check),
    /// Show what would be sent for one record, field by field, and where each value comes from
    Preview(Preview),
    /// Read an export into the job table; can be repeated, and goes on where it was cut off
    Stage(Stage),
    /// Map and validate again what is not done yet, after a change of the mapping
    Remap(Remap),
    /// Create the users that are pending
    Run(Run),
    /// Make failed rows pending again; attempts and history stay
    RetryFailed(RetryFailed),
    /// Show how far it is; also while a run is going
    Status(Status),
    /// List failed, invalid and unknown rows with their reasons
    Failures(Failures),
    /// Show one user: masked record, problems, every attempt, id in the directory
    Show(Show),
    /// Decide about an unknown row, where no rule could
    Settle(Settle),
    /// Let failed or invalid rows go, or one that is still to be sent
    Waive(Waive),
    /// Write source records, re-stageable as they are; or old ids with the new ones
    Export(Export),
    /// Prove a known password against its staged hash; write the custom password function
    #[command(subcommand)]
    Password(PasswordCommand),
    /// Serve a stand-in Authing server on this machine
    ///
    /// Rehearse a migration with it before you touch production: with your real export, and with
    /// the failures you fear. It keeps a directory of users with unique identifiers, decrypts
    /// passwords with a real key, and can be slow, throttle, fail, lose replies and go down.
    /// Nothing leaves this machine. It prints its address and serves until it is stopped.
    #[command(arg(unused("db")), arg(unused("config")))]
    Sandbox(Box<crate::sandbox::Settings>),
    /// Tell the whole story in half a minute against the sandbox; needs nothing
    Demo(Demo),
}

/// Takes the place of an option of [`Global`] in the help of a command that has no use for it.
fn unused(name: &'static str) -> Arg {
    Arg::new(name)
        .long(name)
        .value_name("FILE")
        .value_parser(clap::value_parser!(PathBuf))
        .hide(true)
}

/// `init`.
#[derive(Debug, Args)]
#[command(mut_arg("input_format", |arg| arg.requires("from")))]
#[command(mut_arg("records", |arg| arg.requires("from")))]
#[command(mut_arg("encoding", |arg| arg.requires("from")))]
#[command(mut_arg("delimiter", |arg| arg.requires("from")))]
#[command(mut_arg("header", |arg| arg.requires("from")))]
#[command(mut_arg("columns", |arg| arg.requires("from")))]
pub struct Init {
    /// Propose the mapping from the fields of this export; '-' for standard input
    #[arg(long, value_name = "SOURCE")]
    pub from: Option<String>,

    #[command(flatten)]
    pub reading: Reading,
}

/// How to read a source.
#[derive(Clone, Debug, Default, Args)]
pub struct Reading {
    /// Format of the source [default: told by its content]
    #[arg(long, value_name = "FORMAT", value_enum)]
    pub input_format: Option<Format>,

    /// Where the records lie in a JSON document, e.g. data.users
    #[arg(long, value_name = "PATH")]
    pub records: Option<String>,

    /// Encoding of the text, e.g. gb18030, utf-16le, big5, windows-1252 [default: told by its content]
    #[arg(long, value_name = "NAME")]
    pub encoding: Option<Encoding>,

    /// What separates the cells of CSV: one character, or the word tab [default: told by the header]
    #[arg(long, value_name = "CHAR")]
    pub delimiter: Option<Delimiter>,

    /// The first line of CSV is a header, though Userferry does not know two of its names
    #[arg(long)]
    pub header: bool,

    /// CSV has no header: these are the names of its columns, e.g. id,name,password
    #[arg(long, value_name = "NAMES", value_delimiter = ',', conflicts_with = "header")]
    pub columns: Vec<String>,
}

impl Reading {
    /// How to read a source before there is a mapping.
    pub fn options(&self) -> input::Options {
        let header = if self.header {
            Header::First
        } else if self.columns.is_empty() {
            Header::default()
        } else {
            Header::Columns(self.columns.clone())
        };
        input::Options {
            records: self.records.clone(),
            format: self.input_format,
            encoding: self.encoding,
            delimiter: self.delimiter,
            header,
            cells: Vec::new(),
        }
    }

    /// How to read a source for a mapping: it says what columns of CSV feed, and knows names of them.
    pub fn options_for(&self, mapping: &Mapping, schema: &Schema) -> input::Options {
        let mut options = self.options();
        if let Header::Known(known) = &mut options.header {
            known.mapping = mapping.columns();
        }
        input::Options { cells: mapping.cells(schema), ..options }
    }
}

/// `password`.
#[derive(Debug, Subcommand)]
pub enum PasswordCommand {
    /// Does this password match the staged hash of this user? Exit 0 if it does, 3 if not
    ///
    /// Prove the column, the scheme and what belongs to it with one account that you know, before
    /// anything is sent. The password is asked for on the terminal.
    Verify(PasswordVerify),
    /// Write the custom password function for the schemes that were found, ready to upload
    ///
    /// The provider asks such a function at every sign-in whether a password matches the stored
    /// hash. It is written in JavaScript, with a test and the steps of the upload.
    Function(PasswordFunction),
}

/// `password verify`.
#[derive(Debug, Args)]
pub struct PasswordVerify {
    /// The user: external id, else e-mail address, phone number or user name
    #[arg(long, value_name = "KEY")]
    pub key: String,

    /// Read the password from FILE, without its last line end; '-' for standard input
    #[arg(long, value_name = "FILE")]
    pub password_file: Option<PathBuf>,

    /// The password hash parameters of the Firebase project, as its console shows them
    #[arg(long, value_name = "FILE")]
    pub firebase: Option<PathBuf>,
}

/// `password function`.
#[derive(Debug, Args)]
pub struct PasswordFunction {
    /// For the passwords of these exports, by the mapping [default: those in the job table]
    #[arg(long, value_name = "SOURCE", num_args = 1..)]
    pub from: Vec<String>,

    #[command(flatten)]
    pub reading: Reading,

    /// For these schemes, e.g. bcrypt,hex-md5
    #[arg(long, value_name = "SCHEME", value_delimiter = ',', conflicts_with = "from")]
    pub scheme: Vec<String>,

    /// The password hash parameters of the Firebase project, as its console shows them
    #[arg(long, value_name = "FILE")]
    pub firebase: Option<PathBuf>,

    /// The directory to write; must be new or empty
    #[arg(short, long, value_name = "DIR")]
    pub output: PathBuf,
}

/// `check`.
#[derive(Debug, Args)]
pub struct Check {
    /// The export; '-' for standard input
    #[arg(value_name = "SOURCE", required = true)]
    pub sources: Vec<String>,

    #[command(flatten)]
    pub reading: Reading,

    /// What to write: a summary as text or as one JSON object, or each problem as a JSON line
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub format: CheckFormat,

    /// Same as --format json
    #[arg(long, conflicts_with = "format")]
    pub json: bool,

    /// Write to FILE instead of standard output, which '-' means too
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,

    /// As stage --accept-passwords
    #[arg(long)]
    pub accept_passwords: bool,
}

/// `preview`.
#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("which").required(true).multiple(true).args(["source", "key"]))]
pub struct Preview {
    /// The export; '-' for standard input [default: the job table, with --key]
    #[arg(value_name = "SOURCE")]
    pub source: Option<String>,

    #[command(flatten)]
    pub reading: Reading,

    /// The record with this number [default: 1]
    #[arg(
        long,
        value_name = "N",
        requires = "source",
        conflicts_with = "key",
        value_parser = clap::value_parser!(u64).range(1..)
    )]
    pub record: Option<u64>,

    /// The record with this external id, e-mail address, phone number or user name
    #[arg(long, value_name = "KEY")]
    pub key: Option<String>,

    /// Show these of the provider's fields as they are: birthdate,gender; never a password
    #[arg(long, value_name = "FIELD", value_delimiter = ',')]
    pub unmask: Vec<String>,
}

/// What `check` writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum CheckFormat {
    /// A summary for people.
    Text,
    /// The summary as one object.
    Json,
    /// One object a problem.
    Jsonl,
}

/// `stage`.
#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag")]
#[command(mut_arg("input_format", |arg| arg.visible_alias("format")))]
pub struct Stage {
    /// The export: JSON, JSON Lines or CSV, also compressed; '-' for standard input
    #[arg(value_name = "SOURCE", required = true)]
    pub sources: Vec<String>,

    #[command(flatten)]
    pub reading: Reading,

    /// These are corrected records: they replace rows with the same key that are pending, failed
    /// or invalid
    #[arg(long)]
    pub replace: bool,

    /// Start a source anew whose staging was cut off and whose file has changed since
    #[arg(long)]
    pub restart: bool,

    /// Close sources whose staging was cut off: what was read of them counts as all of them
    #[arg(long, conflicts_with_all = ["replace", "restart", "accept_passwords"])]
    pub close: bool,

    /// Stage passwords that do not suit keep_password: plain text that would be stored readable,
    /// hashes that would be hashed again
    #[arg(long)]
    pub accept_passwords: bool,
}

/// `remap`.
#[derive(Debug, Args)]
pub struct Remap {
    /// As stage --accept-passwords
    #[arg(long)]
    pub accept_passwords: bool,
}

/// How to send.
#[derive(Clone, Debug, Default, Args)]
pub struct Sending {
    /// Requests in flight, at most [default: 32]
    #[arg(long, value_name = "N")]
    pub concurrency: Option<u32>,

    /// Requests per second, at most: 50/s, 3000/m [default: adapts to what the target takes]
    #[arg(long, value_name = "RATE")]
    pub rate: Option<Rate>,

    /// A canary: settle (retry-failed: retry) N rows at most, then stop. Exit 5, or 3 if some failed
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub limit: Option<u64>,

    /// Show what would be sent, masked; send and change nothing
    #[arg(long)]
    pub dry_run: bool,

    /// The target, https://host[:port]
    #[arg(long, value_name = "URL")]
    pub host: Option<String>,

    /// The user pool
    #[arg(long, value_name = "ID")]
    pub user_pool_id: Option<String>,

    /// How long the target may give no answer before the run halts (exit 4) [default: 30m]
    #[arg(long, value_name = "TIME")]
    pub max_outage: Option<Duration>,

    /// How long a request may take [default: 30s]
    #[arg(long, value_name = "TIME")]
    pub request_timeout: Option<Duration>,

    /// How long a connection may take to be made; less than a request [default: 5s]
    #[arg(long, value_name = "TIME")]
    pub connect_timeout: Option<Duration>,

    /// How long a request that timed out may still be on its way [default: 5s]
    #[arg(long, value_name = "TIME")]
    pub settle_time: Option<Duration>,

    /// Attempts that count before a row is exhausted [default: 8]
    #[arg(long, value_name = "N")]
    pub max_attempts: Option<u32>,

    /// What to do when another user without an external id stands in the way [default: fail]
    #[arg(long, value_name = "WHAT", value_enum)]
    pub on_conflict: Option<OnConflict>,

    /// What to do when the secret may not look users up [default: halt]
    #[arg(long, value_name = "WHAT", value_enum)]
    pub on_unknown: Option<OnUnknown>,

    /// Halt when N rows have failed, not when every row is refused alike
    #[arg(long, value_name = "N")]
    pub max_failures: Option<u64>,

    /// Refused with the way out; its value is not kept
    #[arg(long, hide = true, value_name = "SECRET", value_parser = was_given)]
    pub secret: Option<bool>,
}

#[expect(clippy::unnecessary_wraps, reason = "what clap asks of a parser")]
fn was_given(_secret: &str) -> Result<bool, std::convert::Infallible> {
    Ok(true)
}

impl Sending {
    /// What these flags say about the settings.
    pub fn flags(&self) -> Flags {
        Flags {
            host: self.host.clone(),
            user_pool_id: self.user_pool_id.clone(),
            concurrency: self.concurrency,
            rate: self.rate,
            request_timeout: self.request_timeout,
            connect_timeout: self.connect_timeout,
            settle_time: self.settle_time,
            max_attempts: self.max_attempts,
            max_outage: self.max_outage,
            on_conflict: self.on_conflict,
            on_unknown: self.on_unknown,
            max_failures: self.max_failures,
        }
    }
}

/// Where settings come from besides the flags of a run.
const SETTINGS_HELP: &str =
    "Flags go over the environment (USERFERRY_RATE=50/s, USERFERRY_MAX_OUTAGE=10m, …; AUTHING_HOST,
AUTHING_USERPOOL_ID), and that over userferry.toml. The secret comes from AUTHING_SECRET, from the
file that secret_file names, or is asked for on a terminal.";

/// `run`.
#[derive(Debug, Args)]
#[command(after_help = SETTINGS_HELP)]
pub struct Run {
    /// Send only the rows of this key, then stop; may be given several times: a canary of people whom
    /// you can ask
    #[arg(long, value_name = "KEY", conflicts_with = "limit")]
    pub key: Vec<String>,

    #[command(flatten)]
    pub sending: Sending,
}

/// `retry-failed`.
#[derive(Debug, Args)]
#[command(after_help = SETTINGS_HELP)]
pub struct RetryFailed {
    /// Only rows that failed with this code
    #[arg(long, value_name = "CODE")]
    pub code: Option<String>,

    /// Only rows that failed in this way
    #[arg(long, value_name = "CLASS")]
    pub class: Option<FailedClass>,

    /// Only the row with this key
    #[arg(long, value_name = "KEY")]
    pub key: Option<String>,

    /// Then do what run does
    #[arg(long)]
    pub run: bool,

    #[command(flatten)]
    pub sending: Sending,
}

/// How a row failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum FailedClass {
    /// Rejected by the provider.
    Rejected,
    /// Another user stands in the way.
    Conflict,
    /// Attempts used up.
    Exhausted,
}

/// `status`.
#[derive(Debug, Args)]
pub struct Status {
    /// Print one JSON object
    #[arg(long)]
    pub json: bool,

    /// Show it again every second until nothing is left to do
    #[arg(long, conflicts_with = "json")]
    pub watch: bool,
}

/// `failures`.
#[derive(Debug, Args)]
pub struct Failures {
    /// Only rows of this status, or of several: failed,unknown [default: all three]
    #[arg(long, value_name = "STATUS", value_delimiter = ',')]
    pub status: Vec<FailureStatus>,

    /// How to print them
    #[arg(long, value_name = "FORMAT", default_value = "table")]
    pub format: FailureFormat,

    /// The same as --format json
    #[arg(long, conflicts_with = "format")]
    pub json: bool,

    /// Each reason once: how many rows it concerns, and one of them, masked
    #[arg(long)]
    pub summary: bool,
}

/// The rows to list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum FailureStatus {
    /// Refused for good.
    Failed,
    /// Problems found before sending.
    Invalid,
    /// Nobody can tell yet whether the user was created.
    Unknown,
}

/// How to print failures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum FailureFormat {
    /// For people.
    Table,
    /// One array.
    Json,
    /// One object a line.
    Jsonl,
    /// For spreadsheets.
    Csv,
}

/// A row by the place that its record comes from, for those that have no key.
#[derive(Clone, Debug, Default, Args)]
pub struct Place {
    /// The row of the record with this number, as failures names it
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=9_223_372_036_854_775_807))]
    pub record: Option<u64>,

    /// The source of that record [default: the only one that has such a number]
    #[arg(long, value_name = "SOURCE", requires = "record")]
    pub source: Option<String>,
}

/// `show`.
#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("which").required(true).args(["key", "record"]))]
pub struct Show {
    /// External id, e-mail address, phone number or user name
    #[arg(value_name = "KEY")]
    pub key: Option<String>,

    #[command(flatten)]
    pub place: Place,

    /// Show these of the provider's fields as they are, and a key that is one of them: email; or all.
    /// Never a password
    #[arg(long, value_name = "FIELD", value_delimiter = ',')]
    pub unmask: Vec<String>,

    /// Print one array, an object for each row
    #[arg(long)]
    pub json: bool,
}

/// `settle`.
#[derive(Debug, Args)]
#[command(override_usage = "userferry settle KEY --as STATUS --reason TEXT [--user-id ID]
       userferry settle KEY --undo")]
pub struct Settle {
    /// The row
    #[arg(value_name = "KEY")]
    pub key: String,

    /// done: the user is in the directory; pending: it is not, send it; failed: neither
    #[arg(long = "as", value_name = "STATUS", required_unless_present = "undo")]
    pub to: Option<SettleTo>,

    /// The user's id in the directory, with --as done: export --map then has it
    #[arg(
        long,
        value_name = "ID",
        requires = "to",
        value_parser = clap::builder::NonEmptyStringValueParser::new()
    )]
    pub user_id: Option<String>,

    /// Why; kept with the decision
    #[arg(
        long,
        value_name = "TEXT",
        required_unless_present = "undo",
        value_parser = clap::builder::NonEmptyStringValueParser::new()
    )]
    pub reason: Option<String>,

    /// Take the decision back
    #[arg(long, conflicts_with_all = ["to", "reason", "user_id"])]
    pub undo: bool,
}

/// What became of a row in doubt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum SettleTo {
    /// The user is in the directory.
    Done,
    /// It is not: send it.
    Pending,
    /// It is not, and is not to be sent.
    Failed,
}

/// `waive`.
#[derive(Debug, Args)]
#[command(
    override_usage = "userferry waive --key KEY [--all | --record N [--source SOURCE]] --reason TEXT
       userferry waive --record N [--source SOURCE] --reason TEXT
       userferry waive --status STATUS[,STATUS] --reason TEXT
       userferry waive … --undo"
)]
#[command(group = clap::ArgGroup::new("which").required(true).multiple(true).args(["key", "status", "record"]))]
pub struct Waive {
    /// The rows with this key; with --record the one of that record
    #[arg(long, value_name = "KEY")]
    pub key: Option<String>,

    /// All rows with the key, also where several have it and one of them is still to be sent
    #[arg(long, requires = "key")]
    pub all: bool,

    #[command(flatten)]
    pub place: Place,

    /// All rows of this status, or of several: failed,invalid,unknown
    #[arg(long, value_name = "STATUS", value_delimiter = ',', conflicts_with_all = ["key", "record"])]
    pub status: Vec<WaiveStatus>,

    /// Why; kept with the decision
    #[arg(
        long,
        value_name = "TEXT",
        required_unless_present = "undo",
        value_parser = clap::builder::NonEmptyStringValueParser::new()
    )]
    pub reason: Option<String>,

    /// Take the decision back
    #[arg(long, conflicts_with = "reason")]
    pub undo: bool,
}

/// What can be waived.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum WaiveStatus {
    /// Refused for good.
    Failed,
    /// Problems found before sending.
    Invalid,
    /// Nobody can tell yet whether the user was created.
    Unknown,
}

/// `export`.
#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("what").required(true).args(["status", "map"]))]
pub struct Export {
    /// Records of the rows of this status, or of several: failed,invalid. Those of failed, invalid
    /// and unknown rows say why in `_userferry`, which no reading takes for a part of the record
    #[arg(long, value_name = "STATUS", value_delimiter = ',')]
    pub status: Vec<ExportStatus>,

    /// Old key and new id of every user that is done, instead of records
    ///
    /// A skipped row has the id of the user who was in the directory already.
    #[arg(long)]
    pub map: bool,

    /// Format [default: told by the name of FILE, else jsonl]
    #[arg(long, value_name = "FORMAT")]
    pub format: Option<ExportFormat>,

    /// Write to FILE (mode 0600: records hold password hashes) instead of standard output, which
    /// '-' means too
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,

    /// Replace FILE if it is there
    #[arg(long)]
    pub force: bool,
}

/// The rows to export.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ExportStatus {
    Pending,
    Sending,
    Unknown,
    Done,
    Failed,
    Invalid,
}

/// The format of an export.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ExportFormat {
    /// One object a line.
    Jsonl,
    /// One array.
    Json,
    /// Rows under the names of the columns, in UTF-8.
    Csv,
}

/// `demo`.
#[derive(Debug, Args)]
pub struct Demo {
    /// Keep the files in this folder [default: a new one under the system's temporary folder]
    #[arg(long, value_name = "FOLDER")]
    pub folder: Option<PathBuf>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_option_has_a_help_that_starts_with_a_capital_and_has_no_final_period() {
        for command in Cli::command().get_subcommands() {
            for arg in command.get_arguments().filter(|arg| !arg.is_hide_set()) {
                let help = arg.get_help().map(ToString::to_string).unwrap_or_default();
                let name = format!("{} {}", command.get_name(), arg.get_id());
                assert!(!help.is_empty(), "{name} has no help");
                assert!(!help.ends_with('.'), "{name}: {help}");
            }
        }
    }
}
