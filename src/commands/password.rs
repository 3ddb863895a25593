//! `password verify`: does a known password match its staged hash? `password function`: writes the
//! custom password function for the schemes that were found.

use super::{jobs_of, open_reader, staged_mapping};
use crate::cli::{Global, PasswordCommand, PasswordFunction, PasswordVerify};
use crate::config::{Flags, Settings, TargetKind, process_env};
use crate::error::{Error, Exit, Result};
use crate::input::{Reader, Source};
use crate::job::Status;
use crate::mapping::Mapping;
use crate::password::firebase::Firebase;
use crate::password::verify::{Unverifiable, other_order, verify};
use crate::password::{Scheme, cost, detect, function};
use crate::problem::Rule;
use crate::store::JobId;
use crate::store::sqlite::JobRow;
use crate::target::schema::Schema;
use crate::ui::progress::ReadProgress;
use crate::ui::{Ui, counted};
use crate::validate;
use secrecy::{ExposeSecret as _, SecretString};
use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read as _, Write as _};
use std::path::Path;

/// Rows that are read at once.
const PAGE: u32 = 5_000;
/// The longest password that is read from a file.
const MOST: u64 = 4_096;

pub(super) fn run(global: &Global, ui: Ui, command: &PasswordCommand) -> Result<Exit> {
    match command {
        PasswordCommand::Verify(args) => verify_one(global, ui, args),
        PasswordCommand::Function(args) => write_function(global, ui, args),
    }
}

// ---- verify

fn verify_one(global: &Global, ui: Ui, args: &PasswordVerify) -> Result<Exit> {
    let table = open_reader(global)?;
    let jobs = jobs_of(&table, &args.key)?;
    let firebase = args.firebase.as_deref().map(read_firebase).transpose()?;
    let mapping = staged_mapping(&table)?.unwrap_or_else(Mapping::reference);
    let password = read_password(args.password_file.as_deref())?;
    let mut all_match = true;
    for job in &jobs {
        all_match &= verify_job(ui, job, &mapping, &password, firebase.as_ref())?;
    }
    Ok(if all_match { Exit::Done } else { Exit::Incomplete })
}

fn verify_job(
    ui: Ui,
    job: &JobRow,
    mapping: &Mapping,
    password: &SecretString,
    firebase: Option<&Firebase>,
) -> Result<bool> {
    let place = format!("{}, record {}", job.source, job.record_no);
    let schema = TargetKind::AuthingV2.schema();
    let prepared = validate::prepare(&job.raw, mapping, schema);
    let user = prepared.user;
    if let Some(problem) = prepared.problems.iter().find(|problem| problem.rule == Rule::Password) {
        let message = format!("{place}: the password cannot be used: {}", problem.message);
        return Err(Error::usage(message).hint("correct the record, and stage --replace it"));
    }
    let Some(stored) = &user.password else {
        return Err(Error::usage(format!("{place}: this user has no password"))
            .hint("userferry preview shows what the mapping makes of the record"));
    };
    let (password, stored) = (password.expose_secret(), stored.expose_secret());
    let scheme = detect(stored);
    let told = match cost::cost(scheme, stored) {
        Some(cost) => format!("{scheme}, {} {cost}", cost::unit(scheme)),
        None => scheme.to_string(),
    };
    match verify(password, stored, firebase) {
        Ok(true) => {
            ui.out(&format!("{place}: the password matches its hash ({told})\n"))?;
            Ok(true)
        }
        Ok(false) => {
            ui.out(&format!("{place}: the password does not match its hash ({told})\n"))?;
            match other_order(password, stored) {
                Some(order) => ui.note(&format!(
                    "It does with order = \"{order}\" in the mapping: correct it, then userferry remap"
                )),
                None => ui.note(
                    "Is it this user's password? Then the column, the scheme or what belongs to it (salt, iterations) is not \
                     what the mapping says",
                ),
            }
            Ok(false)
        }
        Err(why) => Err(unverifiable(&place, &told, why)),
    }
}

fn unverifiable(place: &str, told: &str, why: Unverifiable) -> Error {
    let (what, hint) = match why {
        Unverifiable::NoHash => (
            "the password is no hash of a known scheme",
            "with keep_password = false the provider hashes it itself; a hash whose salt has its own column needs \
             a mapping: password = { scheme = …, hash = …, salt = … }",
        ),
        Unverifiable::Malformed => {
            ("the hash is damaged", "userferry show tells what is known of the record")
        }
        Unverifiable::TooCostly => {
            ("the hash asks for more memory or time than is reasonable", "look at its parameters")
        }
        Unverifiable::Firebase => (
            "the parameters of the Firebase project are needed",
            "save what its console shows under 'Password hash parameters', and: --firebase FILE",
        ),
        Unverifiable::Faulty => (
            "$2x$ is the mark of a faulty bcrypt that nothing here imitates",
            "these users must set a new password",
        ),
    };
    Error::usage(format!("{place} ({told}): {what}")).hint(hint)
}

/// From the terminal, or from a file; never from an argument, which others can see.
fn read_password(file: Option<&Path>) -> Result<SecretString> {
    let Some(path) = file else {
        let term = console::Term::stderr();
        if !term.is_term() {
            return Err(Error::usage("there is no terminal to ask for the password")
                .hint("--password-file FILE, or - for standard input"));
        }
        let asked = term.write_str("Password: ").and_then(|()| term.read_secure_line());
        return asked
            .map(SecretString::from)
            .map_err(|error| Error::usage(format!("the password cannot be read: {error}")));
    };
    let shown = path.display();
    let fail = |error: std::io::Error| Error::usage(format!("{shown} cannot be read: {error}"));
    let mut text = String::new();
    let read = if path == Path::new("-") {
        std::io::stdin().lock().take(MOST + 2).read_to_string(&mut text)
    } else {
        let file = std::fs::File::open(path).map_err(fail)?;
        file.take(MOST + 2).read_to_string(&mut text)
    };
    read.map_err(fail)?;
    let line = text.strip_suffix('\n').unwrap_or(&text);
    let line = line.strip_suffix('\r').unwrap_or(line);
    if line.len() as u64 > MOST {
        return Err(Error::usage(format!("{shown}: a password of more than {MOST} bytes")));
    }
    Ok(line.to_owned().into())
}

fn read_firebase(path: &Path) -> Result<Firebase> {
    let shown = path.display();
    let text = std::fs::read_to_string(path)
        .map_err(|error| Error::usage(format!("{shown} cannot be read: {error}")))?;
    Firebase::parse(&text).map_err(|why| Error::usage(format!("{shown}: {why}")))
}

// ---- function

/// How many passwords are of which scheme; 0 where the schemes were named.
type Schemes = BTreeMap<Scheme, u64>;

/// The passwords that were found.
#[derive(Default)]
struct Found {
    schemes: Schemes,
    /// Those of a known scheme that the function refuses all the same.
    refused: Schemes,
}

fn write_function(global: &Global, ui: Ui, args: &PasswordFunction) -> Result<Exit> {
    let firebase = args.firebase.as_deref().map(read_firebase).transpose()?;
    is_empty(&args.output)?;
    let found = if !args.scheme.is_empty() {
        named(&args.scheme)?
    } else if !args.from.is_empty() {
        of_sources(global, ui, args)?
    } else {
        of_table(global)?
    };
    let (known, unknown): (Schemes, Schemes) =
        found.schemes.into_iter().partition(|(scheme, _)| function::knows(*scheme));
    if known.is_empty() {
        return Err(Error::usage("there is no hash that a custom password function could check")
            .hint("plain text needs none: keep_password = false; userferry check counts the passwords by scheme"));
    }
    let schemes: BTreeSet<Scheme> = known.keys().copied().collect();
    let mut files = function::files(&schemes);
    if let Some(firebase) = &firebase {
        files.push(("firebase.json".to_owned(), firebase.to_json()));
    }
    write(&args.output, &files)?;
    tell(ui, args, &known, &unknown);
    for (scheme, n) in &found.refused {
        ui.warn(&format!(
            "{}: {scheme}, but of a kind or cost that the function refuses (limits.json): they must set a new password, or \
             raise the limit",
            counted(*n, "user")
        ));
    }
    let left_out = unknown.values().chain(found.refused.values()).sum::<u64>();
    Ok(if left_out > 0 { Exit::Incomplete } else { Exit::Done })
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
    let schema = settings.target.kind.schema();
    settings.mapping.validate(schema)?;
    let options = args.reading.options(settings.mapping.cells(schema));
    let mut found = Found::default();
    for name in &args.from {
        let mut reader = Reader::open(&Source::parse(name), &options, None)?;
        let (mut bar, mut records) = (ReadProgress::new(ui), 0_u64);
        while let Some(record) = reader.next_record()? {
            records += 1;
            if record.fault.is_none() {
                count(&record.raw, &settings.mapping, schema, &mut found);
            }
            if records.is_multiple_of(PAGE.into()) {
                bar.update(reader.bytes_read(), reader.bytes_total(), records);
            }
        }
    }
    Ok(found)
}

fn of_table(global: &Global) -> Result<Found> {
    let table = open_reader(global)?;
    let mapping = staged_mapping(&table)?.unwrap_or_else(Mapping::reference);
    let mut found = Found::default();
    for status in Status::ALL.iter().copied() {
        let mut after = JobId(0);
        loop {
            let page = table.records(status, after, PAGE)?;
            let Some((last, _)) = page.last() else { break };
            after = *last;
            for (_, raw) in &page {
                count(raw, &mapping, TargetKind::AuthingV2.schema(), &mut found);
            }
        }
    }
    Ok(found)
}

fn count(raw: &[u8], mapping: &Mapping, schema: &Schema, found: &mut Found) {
    let user = validate::prepare(raw, mapping, schema).user;
    if let Some(password) = user.password {
        let scheme = detect(password.expose_secret());
        *found.schemes.entry(scheme).or_default() += 1;
        if function::knows(scheme) && function::refuses(scheme, password.expose_secret()) {
            *found.refused.entry(scheme).or_default() += 1;
        }
    }
}

/// A function that is there may be one that was changed by hand.
fn is_empty(directory: &Path) -> Result<()> {
    let is_used = match std::fs::read_dir(directory) {
        Ok(mut entries) => entries.next().is_some(),
        Err(error) => error.kind() != std::io::ErrorKind::NotFound,
    };
    if is_used {
        return Err(Error::usage(format!(
            "{} is there already, and not empty",
            directory.display()
        ))
        .hint("name a new directory with --output; nothing is written over"));
    }
    Ok(())
}

fn write(directory: &Path, files: &[function::File]) -> Result<()> {
    for (name, text) in files {
        let path = directory.join(name);
        let written = || {
            if let Some(folder) = path.parent() {
                std::fs::create_dir_all(folder)?;
            }
            // The parameters of a Firebase project are a secret; the rest must be readable for
            // whoever unpacks the archive at the provider's.
            if name == "firebase.json" {
                return crate::store::file::open_private(&path)?.write_all(text.as_bytes());
            }
            std::fs::write(&path, text)
        };
        written().map_err(|error| {
            Error::usage(format!("{} cannot be written: {error}", path.display()))
        })?;
    }
    Ok(())
}

fn tell(ui: Ui, args: &PasswordFunction, known: &Schemes, unknown: &Schemes) {
    let shown = args.output.display();
    let words = |schemes: &Schemes| -> String {
        let word = |(scheme, n): (&Scheme, &u64)| match n {
            0 => scheme.to_string(),
            n => format!("{scheme} ({})", crate::ui::grouped(*n)),
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
    if known.contains_key(&Scheme::FirebaseScrypt) && args.firebase.is_none() {
        ui.warn(&format!(
            "put {shown}/firebase.json beside it, or write it with --firebase FILE: without the parameters of your Firebase \
             project none of its hashes matches"
        ));
    }
    let schemes = known.keys().copied().collect();
    let install =
        if function::packages(&schemes).is_empty() { "" } else { "npm ci --omit=dev && " };
    ui.note(&format!(
        "Test it: (cd {shown} && {install}node self-test.js); then read {shown}/README.md"
    ));
}
