//! Does a known password match its staged hash? If not, by which rule would it?

use crate::commands::global::Global;
use crate::commands::place::{self, Place};
use crate::commands::{ask, jobs_of, open_reader, schema_of, staged_mapping};
use crate::config::{Flags, Settings, process_env};
use crate::error::{Error, Exit, Result};
use crate::mapping::{self, Mapping, Meant};
use crate::password::firebase::Firebase;
use crate::password::typed::looks_made;
use crate::password::verify::{Unverifiable, verify, way};
use crate::password::{Scheme, Way, cost, detect};
use crate::prepare;
use crate::problem::Rule;
use crate::schema::Schema;
use crate::store::JobRow;
use crate::ui::Ui;
use clap::Args;
use secrecy::{ExposeSecret as _, SecretString};
use std::io::Read as _;
use std::path::{Path, PathBuf};

/// The longest password that is read from a file.
const MOST: u64 = 4_096;

/// `password verify`.
#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("which").required(true).args(["key", "record"]))]
#[command(mut_arg("source", |arg| arg.requires("record").conflicts_with("key")))]
pub struct PasswordVerify {
    /// The user: external id, e-mail address, phone number or user name
    #[arg(long, value_name = "KEY")]
    pub key: Option<String>,

    #[command(flatten)]
    pub place: Place,

    /// Read the password from FILE, without its last line end; '-' for standard input
    #[arg(long, value_name = "FILE")]
    pub password_file: Option<PathBuf>,

    /// The password hash parameters of the Firebase project, as its console shows them
    #[arg(long, value_name = "FILE")]
    pub firebase: Option<PathBuf>,
}

pub(super) fn run(global: &Global, ui: Ui, args: &PasswordVerify) -> Result<Exit> {
    let table = open_reader(global)?;
    let jobs = match &args.key {
        Some(key) => jobs_of(&table, key)?,
        None => place::jobs_at(&table, &args.place)?,
    };
    let firebase = args.firebase.as_deref().map(super::read_firebase).transpose()?;
    let mapping = staged_mapping(&table)?.unwrap_or_else(Mapping::reference);
    let password = read_password(global, args.password_file.as_deref())?;
    // A settings file that cannot be read says nothing: the rows go by the mapping that they were staged with.
    let settings = Settings::load(global.config.as_deref(), &Flags::default(), &process_env).ok();
    let newer = settings.filter(|settings| settings.file.is_some() && settings.mapping != mapping);
    let by = By {
        mapping: &mapping,
        schema: schema_of(&table)?,
        newer: newer.as_ref().map(|settings| &settings.mapping),
        firebase: firebase.as_ref(),
    };
    let mut all_match = true;
    for job in &jobs {
        all_match &= verify_job(ui, job, &by, &password)?;
    }
    Ok(if all_match { Exit::Done } else { Exit::Incomplete })
}

/// What a password is verified by.
struct By<'a> {
    /// That of the rows.
    mapping: &'a Mapping,
    schema: &'static Schema,
    /// That of the settings file, where it is another.
    newer: Option<&'a Mapping>,
    firebase: Option<&'a Firebase>,
}

fn verify_job(ui: Ui, job: &JobRow, by: &By<'_>, password: &SecretString) -> Result<bool> {
    let By { mapping, schema, newer, firebase } = *by;
    let place = format!("{}, record {}", job.source, job.record_no);
    let prepared = prepare::prepare(&job.raw, mapping, schema);
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
    let told = told(password, stored);
    let verdict = verify(password, stored, firebase);
    let is_known = verdict != Err(Unverifiable::NoHash);
    match verdict {
        Ok(true) => {
            ui.tell(&format!("{place}: the password matches its hash ({told})\n"))?;
            return Ok(true);
        }
        Ok(false) | Err(Unverifiable::NoHash) => {}
        Err(why) => return Err(unverifiable(&place, &told, why)),
    }
    let matches = |other: &str| verify(password, other, firebase) == Ok(true);
    let is_remedied = newer.is_some_and(|newer| {
        let user = prepare::prepare(&job.raw, newer, schema).user;
        user.password.is_some_and(|stored| matches(stored.expose_secret()))
    });
    let meant = mapping::meant(&job.raw, mapping, schema, &matches);
    if meant.is_none() && !is_known && !is_remedied {
        return Err(no_hash(&place, &told, stored));
    }
    let told = if is_known { told.as_str() } else { "as it stands, of no known form" };
    ui.tell(&format!("{place}: the password does not match its hash ({told})\n"))?;
    match meant {
        _ if is_remedied => ui.note(
            "It does with the new rule, and the settings file says so already: userferry remap",
        ),
        Some(meant) => note_meant(ui, &meant),
        // Nothing else belongs to it.
        None if detect(stored).has_own_salt()
            && mapping::is_as_it_stands(&job.raw, mapping, schema, stored) => {}
        None => ui.note(
            "Is it this user's password? Then the column, the scheme or what belongs to it (salt, iterations) is not \
             what the mapping says; other orders, other ways to write the salt and, for digests, every other column as the salt \
             were tried",
        ),
    }
    Ok(false)
}

/// What is known of the hash: its scheme, its cost, and how its password matched where it does not say
/// so itself.
fn told(password: &str, stored: &str) -> String {
    let scheme = detect(stored);
    let way = way(password.as_bytes(), stored);
    if let (Scheme::BetterAuth, Some(Way::Order(digest, order))) = (scheme, &way) {
        return format!("a salt and its {}, {}; not {scheme}", digest.name(), order.words());
    }
    if let Some(cost) = cost::cost(scheme, stored) {
        return format!("{scheme}, {} {cost}", cost::unit(scheme));
    }
    match way {
        Some(Way::Order(_, order)) => format!("{scheme}, {}", order.words()),
        Some(Way::Hmac) => format!("{scheme}, HMAC with the salt as its key"),
        Some(Way::Again) => format!("{scheme}, an older digest hashed again"),
        None => scheme.to_string(),
    }
}

fn note_meant(ui: Ui, meant: &Meant) {
    ui.note(&format!("It does with this in the mapping, then userferry remap: {}", meant.rule));
    if let Some((salt, field)) = &meant.feeds {
        ui.note(&format!(
            "`{salt}` feeds `{field}`, too, and a column of a password may feed nothing else: put a copy of it into a column \
             of its own, and name that one as the salt"
        ));
    }
}

/// What to do about a password of no known form hangs on whether somebody may have typed it.
fn no_hash(place: &str, told: &str, stored: &str) -> Error {
    if detect(stored) == Scheme::Unknown || looks_made(stored) {
        let what = "a form that is not known, and no password as people type them";
        return Error::usage(format!("{place}: {what}")).hint(
            "find out what made it: a hash whose salt has its own column needs a mapping, password = { scheme = …, hash = …, \
             salt = … }; orders, encodings and columns were tried with this password, and none matches",
        );
    }
    unverifiable(place, told, Unverifiable::NoHash)
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
fn read_password(global: &Global, file: Option<&Path>) -> Result<SecretString> {
    let Some(path) = file else {
        let question =
            "The password to try (--password-file FILE avoids this question; Ctrl-C ends): ";
        let asked = ask::unseen(global, question).ok_or_else(|| {
            Error::usage(format!("the password is missing: {}", ask::why_not(global)))
                .hint("--password-file FILE, or - for standard input")
        })?;
        return asked
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
