//! `preview`: what would be sent for one record, field by field, and where each value comes from.

use super::global::Global;
use super::reading::SourceOptions;
use super::unmask::Unmasked;
use super::{jobs_of, open_reader, schema_of, staged_mapping};
use crate::check::{Nowhere, mapped_to};
use crate::columns;
use crate::config::{Flags, Settings, process_env};
use crate::error::{Error, Exit, Result};
use crate::input::{Reader, Record, Source, show_name};
use crate::mapping::{Mapping, Origin, Traced, for_each_field};
use crate::password::detect;
use crate::password::guard::Guard;
use crate::prepare::{Warning, prepare};
use crate::problem::{Omitted, Problem};
use crate::schema::Schema;
use crate::store::Reading;
use crate::ui::{Ui, table};
use crate::user::{Identifiers, User, normalise, same};
use clap::Args;
use secrecy::ExposeSecret;

/// `preview`.
#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("which").required(true).multiple(true).args(["source", "key"]))]
pub struct Preview {
    /// The export; '-' for standard input [default: the job table, with --key]
    #[arg(value_name = "SOURCE")]
    pub source: Option<String>,

    #[command(flatten)]
    pub reading: SourceOptions,

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

pub(crate) fn run(global: &Global, ui: Ui, args: &Preview) -> Result<Exit> {
    let previews = match &args.source {
        Some(source) => vec![from_source(global, args, source)?],
        None => from_table(global, args.key.as_deref().unwrap_or_default(), &args.unmask)?,
    };
    let texts: Vec<&str> = previews.iter().map(|(text, _)| text.as_str()).collect();
    ui.tell(&texts.join("\n"))?;
    let has_problems = previews.iter().any(|(_, has_problems)| *has_problems);
    Ok(if has_problems { Exit::Incomplete } else { Exit::Done })
}

/// The text, and whether the record has problems.
type Shown = (String, bool);

fn from_source(global: &Global, args: &Preview, source: &str) -> Result<Shown> {
    let settings = Settings::load(global.config.as_deref(), &Flags::default(), &process_env)?;
    let schema = settings.target.schema();
    let mapping = &settings.mapping;
    settings.check_mapping()?;
    let unmasked = Unmasked::new(&args.unmask, mapping, schema)?;
    let guard = settings.target.guard(false);
    let source = Source::parse(source);
    let options = args.reading.options_for(&settings);
    let mut reader = Reader::open(&source, &options, None)?;
    columns::refuse_strange_header(&source, &reader, mapping)?;
    let wanted = args.record.unwrap_or(1);
    let mut read = 0;
    while let Some(record) = reader.next_record()? {
        read = record.no;
        let is_it = match &args.key {
            Some(key) => has_key(&record, key, mapping, schema),
            None => record.no == wanted,
        };
        if is_it {
            let place = place(&source.to_string(), record.no, record.line);
            return Ok(match record.fault {
                Some(fault) => (format!("{place}\n\n{}", problems(&[fault])), true),
                None => describe(&place, &record.raw, mapping, schema, guard, &[], &unmasked),
            });
        }
    }
    Err(match &args.key {
        Some(_) => Error::usage(format!("{source}: no record has this key")).hint(
            "the key is the external id, the e-mail address, the phone number or the user name",
        ),
        None => Error::usage(format!("{source}: there is no record {wanted}"))
            .hint(format!("it has {}", crate::words::counted(read, "record"))),
    })
}

fn has_key(record: &Record, key: &str, mapping: &Mapping, schema: &Schema) -> bool {
    record.fault.is_none()
        && is_known_by(&prepare(&record.raw, mapping, schema).user.identifiers, key)
}

fn is_known_by(identifiers: &Identifiers, key: &str) -> bool {
    identifiers.iter().any(|(kind, value)| same(kind, value, &normalise(kind, key)))
}

fn from_table(global: &Global, key: &str, unmask: &[String]) -> Result<Vec<Shown>> {
    let table = open_reader(global)?;
    let jobs = jobs_of(&table, key)?;
    let mapping = staged_mapping(&table)?.unwrap_or_else(Mapping::reference);
    let schema = schema_of(&table)?;
    let unmasked = Unmasked::new(unmask, &mapping, schema)?;
    // The table says what is wrong with its rows.
    let guard = Guard { keep: true, accepted: true, each: None };
    let mut shown = Vec::new();
    for job in &jobs {
        let place = format!("{}, {}", place(&job.source, job.record_no, job.line), job.status);
        // What concerns several records, only the table knows.
        let known: Vec<String> = table
            .problems(job.id)?
            .into_iter()
            .map(|problem| {
                format!("{} ({})", line_of(&problem.field, &problem.message), problem.rule)
            })
            .collect();
        shown.push(describe(&place, &job.raw, &mapping, schema, guard, &known, &unmasked));
    }
    Ok(shown)
}

fn place(source: &str, record: u64, line: Option<u64>) -> String {
    let line = line.map_or_else(String::new, |line| format!(", line {line}"));
    format!("{source}, record {record}{line}")
}

fn describe(
    place: &str,
    raw: &[u8],
    mapping: &Mapping,
    schema: &Schema,
    guard: Guard,
    known: &[String],
    unmasked: &Unmasked<'_>,
) -> Shown {
    let mut prepared = prepare(raw, mapping, schema);
    if let Some(password) = &prepared.user.password {
        let field = mapping.source_name(schema.password_field);
        let scheme = detect(password.expose_secret());
        prepared.problems.extend(guard.problem(scheme, false, field));
    }
    let rows: Vec<Vec<String>> = mapping
        .trace(raw, schema)
        .iter()
        .map(|traced| row(traced, &prepared.user, schema, unmasked))
        .collect();
    let mut text = format!("{place}\n");
    if !rows.is_empty() {
        text.push('\n');
        text.push_str(&table::render(&["FIELD", "VALUE", "FROM"], &rows));
    }
    if !prepared.omitted.is_empty() {
        text.push('\n');
    }
    for Omitted { field, problem } in &prepared.omitted {
        text.push_str(&format!("left out: {field}: {} ({})\n", problem.message, problem.rule));
    }
    let nowhere = nowhere(raw, mapping, schema);
    if !nowhere.is_empty() {
        text.push_str(&format!("\nnot mapped: {}\n", nowhere.join(", ")));
    }
    if prepared.warnings.contains(&Warning::LongPassword) {
        text.push_str(&format!(
            "\nwarning: the password is longer than {} bytes: whether it fits depends on the \
             target's key{}\n",
            schema.password_bytes_warn,
            if prepared.warnings.contains(&Warning::Shortenable) {
                "; short = true in the mapping's rule for it makes it short enough"
            } else {
                ""
            }
        ));
    }
    let found = problems(&prepared.problems);
    let more: Vec<String> = known
        .iter()
        .map(|line| format!("problem: {line}\n"))
        .filter(|line| !found.contains(line.as_str()))
        .collect();
    let all = found + &more.concat();
    if !all.is_empty() {
        text.push('\n');
        text.push_str(&all);
    }
    (text, !all.is_empty())
}

fn problems(problems: &[Problem]) -> String {
    let line = |problem: &Problem| {
        format!("problem: {} ({})\n", line_of(&problem.field, &problem.message), problem.rule)
    };
    problems.iter().map(line).collect()
}

fn line_of(field: &str, message: &str) -> String {
    if field.is_empty() { message.to_owned() } else { format!("{field}: {message}") }
}

fn row(traced: &Traced<'_>, user: &User, schema: &Schema, unmasked: &Unmasked<'_>) -> Vec<String> {
    let value = if !traced.has_value {
        None
    } else if traced.field == schema.password_field {
        user.password.as_ref().map(|password| {
            let scheme = detect(password.expose_secret());
            // The length of what a person types says something of it.
            let size = if scheme.is_no_form() {
                "hidden".to_owned()
            } else {
                format!("{} bytes", user.password_bytes())
            };
            format!("<{size}>, {}", scheme.as_str())
        })
    } else {
        user.get(traced.field).map(|value| unmasked.show(traced.field, value, user))
    };
    let from = match traced.origin {
        Origin::Column(name) => format!("column {}", show_name(name.as_bytes())),
        Origin::Default => "default".to_owned(),
        Origin::Constant => "constant".to_owned(),
        Origin::Jq => "jq".to_owned(),
        Origin::Raw => "the whole record".to_owned(),
        Origin::CountryCode => "the phone number".to_owned(),
    };
    let conversions = match traced.conversions.as_slice() {
        [] => String::new(),
        conversions => format!(", as {}", conversions.join(", ")),
    };
    vec![
        traced.field.to_owned(),
        value.unwrap_or_else(|| "-".to_owned()),
        format!("{from}{conversions}"),
    ]
}

/// The fields of a record that feed nothing.
fn nowhere(raw: &[u8], mapping: &Mapping, schema: &Schema) -> Vec<String> {
    let (mut names, mut inner) = (Vec::new(), Nowhere::default());
    inner.add(raw, mapping, schema);
    for_each_field(raw, |name, _, _| {
        if mapped_to(mapping, name, schema).is_empty() && !inner.names_inside(name) {
            names.push(show_name(name.as_bytes()));
        }
    });
    let is_asked = schema.blocked_field.is_none_or(|field| mapping.rule(field).is_none());
    names.extend(inner.shown(is_asked));
    names
}
