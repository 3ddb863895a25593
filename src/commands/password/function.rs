//! Writes the custom password function for the schemes that were found.

mod folder;

use crate::commands::global::Global;
use crate::commands::reading::SourceOptions;
use crate::commands::{open_reader, schema_of, staged_mapping};
use crate::config::{Flags, Settings, process_env};
use crate::error::{Error, Exit, Result};
use crate::input::{Reader, Source};
use crate::job::Status;
use crate::mapping::Mapping;
use crate::password::typed::Texts;
use crate::password::{Scheme, cost, detect, function};
use crate::prepare;
use crate::store::{JobId, Reading, Table};
use crate::ui::Ui;
use crate::ui::progress::ReadProgress;
use crate::user::User;
use crate::words::counted;
use clap::Args;
use secrecy::ExposeSecret as _;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

/// Rows that are read at once.
const PAGE: u32 = 5_000;

/// How many passwords are of which scheme; 0 where the schemes were named.
type Schemes = BTreeMap<Scheme, u64>;

/// The passwords that were found, of rows and records that are or will be sent.
#[derive(Default)]
struct Found {
    schemes: Schemes,
    /// Those of a known scheme that the function refuses all the same.
    refused: Schemes,
    /// Those of no known form.
    texts: Texts,
    /// No rule of the mapping says where the passwords are.
    are_unmapped: bool,
}

/// `password function`.
#[derive(Debug, Args)]
pub struct PasswordFunction {
    /// For the passwords of these exports, by the mapping [default: those in the job table]
    #[arg(long, value_name = "SOURCE", num_args = 1..)]
    pub from: Vec<String>,

    #[command(flatten)]
    pub reading: SourceOptions,

    /// For these schemes, e.g. bcrypt,hex-md5
    #[arg(long, value_name = "SCHEME", value_delimiter = ',', conflicts_with = "from")]
    pub scheme: Vec<String>,

    /// The password hash parameters of the Firebase project, as its console shows them
    #[arg(long, value_name = "FILE")]
    pub firebase: Option<PathBuf>,

    /// The directory to write; must be new or empty, or hold a function that --force replaces
    #[arg(short, long, value_name = "DIR")]
    pub output: PathBuf,

    /// Replace the function that was written to DIR before; a firebase.json in it stays if its hashes are in the new one
    #[arg(long)]
    pub force: bool,
}

pub(super) fn run(global: &Global, ui: Ui, args: &PasswordFunction) -> Result<Exit> {
    let firebase = args.firebase.as_deref().map(super::read_firebase).transpose()?;
    let before = folder::look(&args.output, args.force)?;
    let found = if !args.scheme.is_empty() {
        named(&args.scheme)?
    } else if !args.from.is_empty() {
        of_sources(global, ui, args)?
    } else {
        of_table(global, ui)?
    };
    let Found { mut schemes, refused, texts, are_unmapped } = found;
    if !texts.are_typed()
        && let Some(n) = schemes.remove(&Scheme::Plain)
    {
        *schemes.entry(Scheme::Unknown).or_default() += n;
    }
    let (known, unknown): (Schemes, Schemes) =
        schemes.into_iter().partition(|(scheme, _)| function::knows(*scheme));
    if known.is_empty() && unknown.contains_key(&Scheme::Unknown) {
        return Err(Error::usage("the passwords are of a form that is not known, which no custom password function of ours checks")
            .hint("find out what made them, and what belongs to them: a rule of the mapping may make one string of it (README, Passwords)"));
    }
    if known.is_empty() && are_unmapped {
        return Err(Error::usage("no password is mapped: there is no hash that a custom password function could check")
            .hint("if the export has passwords, map them: password = … under [mapping]; else the users set one by e-mail or phone"));
    }
    if known.is_empty() {
        return Err(Error::usage("there is no hash that a custom password function could check")
            .hint("plain text needs none: keep_password = false; userferry check counts the passwords by scheme"));
    }
    let schemes: BTreeSet<Scheme> = known.keys().copied().collect();
    let mut files = function::files(&schemes);
    if let Some(firebase) = &firebase {
        files.push((function::FIREBASE.to_owned(), firebase.to_json()));
    }
    let keeps_firebase = known.contains_key(&Scheme::FirebaseScrypt);
    before.clear(&args.output, &files, keeps_firebase)?;
    folder::write(&args.output, &files)?;
    tell(ui, args, &known, &unknown);
    for (scheme, n) in &refused {
        ui.warn(&format!(
            "{}: {scheme}, but of a kind or cost that the function refuses (limits.json): they must set a new password, or \
             raise the limit",
            counted(*n, "user")
        ));
    }
    let left_out = unknown.values().chain(refused.values()).sum::<u64>();
    let is_ready = !lacks_parameters(&known, args);
    Ok(if left_out > 0 || !is_ready { Exit::Incomplete } else { Exit::Done })
}

/// Whether none of its Firebase hashes could match.
fn lacks_parameters(known: &Schemes, args: &PasswordFunction) -> bool {
    known.contains_key(&Scheme::FirebaseScrypt) && !args.output.join(function::FIREBASE).is_file()
}

fn named(words: &[String]) -> Result<Found> {
    let schemes: Result<Schemes> = words
        .iter()
        .map(|word| {
            let scheme = Scheme::parse(word).ok_or_else(|| {
                let all: Vec<&str> = Scheme::HASHES.iter().map(|s| s.as_str()).collect();
                Error::usage(format!("--scheme: `{word}` is no scheme that is known"))
                    .hint(format!("one of {}", all.join(", ")))
            })?;
            Ok((scheme, 0))
        })
        .collect();
    Ok(Found { schemes: schemes?, ..Found::default() })
}

fn of_sources(global: &Global, ui: Ui, args: &PasswordFunction) -> Result<Found> {
    let settings = Settings::load(global.config.as_deref(), &Flags::default(), &process_env)?;
    let schema = settings.target.schema();
    settings.check_mapping()?;
    let options = args.reading.options_for(&settings);
    let are_unmapped = settings.mapping.rule(schema.password_field).is_none();
    let mut found = Found { are_unmapped, ..Found::default() };
    for name in &args.from {
        let mut reader = Reader::open(&Source::parse(name), &options, None)?;
        let (mut bar, mut records) = (ReadProgress::new(ui), 0_u64);
        while let Some(record) = reader.next_record()? {
            records += 1;
            if record.fault.is_none() {
                let prepared = prepare::prepare(&record.raw, &settings.mapping, schema);
                if prepared.problems.is_empty() {
                    count(&prepared.user, &mut found);
                }
            }
            if records.is_multiple_of(PAGE.into()) {
                bar.update(reader.bytes_read(), reader.bytes_total(), records);
            }
        }
    }
    // Staging would refuse them.
    if settings.target.guard(false).keep && found.texts.are_typed() {
        found.schemes.remove(&Scheme::Plain);
    }
    Ok(found)
}

fn of_table(global: &Global, ui: Ui) -> Result<Found> {
    let table = open_reader(global)?;
    let mapping = staged_mapping(&table)?.unwrap_or_else(Mapping::reference);
    let schema = schema_of(&table)?;
    let are_unmapped = mapping.rule(schema.password_field).is_none();
    let mut found = Found { are_unmapped, ..Found::default() };
    let mut after = JobId(0);
    loop {
        let page = table.records_to_send(after, PAGE)?;
        let Some((last, _)) = page.last() else { break };
        after = *last;
        for (_, raw) in &page {
            let user = prepare::prepare(raw, &mapping, schema).user;
            count(&user, &mut found);
        }
    }
    let left_out = invalid_with_password(&table, &mapping)?;
    if left_out > 0 {
        ui.warn(&format!(
            "the passwords of {} are left out; once the records are corrected, write the function again with --force",
            counted(left_out, "invalid row")
        ));
    }
    Ok(found)
}

fn invalid_with_password(table: &Table, mapping: &Mapping) -> Result<u64> {
    let schema = schema_of(table)?;
    let (mut n, mut after) = (0, JobId(0));
    loop {
        let page = table.records(Status::Invalid, after, PAGE)?;
        let Some((last, _)) = page.last() else { return Ok(n) };
        after = *last;
        let users = page.iter().map(|(_, raw)| prepare::inspect(raw, mapping, schema).user);
        n += users.filter(|user| user.password.is_some()).count() as u64;
    }
}

fn count(user: &User, found: &mut Found) {
    if let Some(password) = &user.password {
        let scheme = detect(password.expose_secret());
        *found.schemes.entry(scheme).or_default() += 1;
        if scheme == Scheme::Plain {
            found.texts.add(password.expose_secret());
        }
        if function::knows(scheme) && function::refuses(scheme, password.expose_secret()) {
            *found.refused.entry(scheme).or_default() += 1;
        }
    }
}

fn tell(ui: Ui, args: &PasswordFunction, known: &Schemes, unknown: &Schemes) {
    let shown = args.output.display();
    let words = |schemes: &Schemes| -> String {
        let word = |(scheme, n): (&Scheme, &u64)| match n {
            0 => scheme.to_string(),
            n => format!("{scheme} ({})", crate::words::grouped(*n)),
        };
        schemes.iter().map(word).collect::<Vec<_>>().join(", ")
    };
    ui.note(&format!("Wrote {shown} for {}", words(known)));
    for (scheme, n) in unknown {
        if *scheme != Scheme::None {
            let users = if *n == 0 { String::new() } else { format!("{}: ", counted(*n, "user")) };
            ui.warn(&format!("{users}{scheme} is not in it: {}", cost::needs(*scheme)));
        }
    }
    if lacks_parameters(known, args) {
        ui.warn(&format!(
            "the parameters of your Firebase project are missing, and without them none of its hashes matches: write the function \
             again with --force --firebase FILE, or put them into {shown}/firebase.json"
        ));
    }
    let named: Vec<&str> = known.keys().map(|scheme| scheme.as_str()).collect();
    ui.note(&format!(
        "A pool has one such function. Does another system come into the same pool, write one for the schemes of both: \
         --scheme {},OTHERS",
        named.join(",")
    ));
    let schemes = known.keys().copied().collect();
    let install =
        if function::packages(&schemes).is_empty() { "" } else { "npm ci --omit=dev && " };
    ui.note(&format!(
        "Test it: (cd {shown} && {install}node self-test.js); then read {shown}/README.md"
    ));
}
