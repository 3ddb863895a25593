//! The first records of a source, judged before anything is staged: a column of hashes that would be hashed
//! again, a file of another kind than the mapping was written for, a column that says who may not sign in.

use super::{Found, Settings, batches};
use crate::abroad::Abroad;
use crate::columns;
use crate::error::{Error, Result};
use crate::input::{Reader, Record, Source};
use crate::mapping::Mapping;
use crate::nobody::Nobody;
use crate::overlooked::{Overlooked, digests};
use crate::password::guard::{self, Watch};
use crate::prepare;
use crate::schema::Schema;
use crate::user::IdKind;
use crate::words::{agree, counted, grouped};
use rustc_hash::FxBuildHasher;
use secrecy::ExposeSecret as _;
use std::collections::BTreeSet;
use std::hash::BuildHasher as _;

/// Records of which one at least should have what the mapping takes: of fewer it may be chance.
const MISSED: u64 = 10;

/// How many times more records than ids make a column none that tells people apart.
const REPEATED: u64 = 10;

/// The first records, and what they say.
#[derive(Default)]
pub(super) struct Head {
    pub(super) records: Vec<Record>,
    /// What a person should know.
    pub(super) warnings: Vec<String>,
}

/// Reads the first records of a source, and refuses it where they show that it is not what the settings
/// are for. Corrections are not refused for their passwords where those of the table were judged.
pub(super) fn judged(
    source: &Source,
    reader: &mut Reader,
    settings: &Settings<'_>,
    watch: &mut Watch,
) -> Result<Head> {
    columns::refuse_strange_header(source, reader, settings.mapping)?;
    let ahead = look_ahead(reader, settings.mapping, settings.schema, watch);
    let corrects = settings.replace && settings.is_judged;
    let mistake = watch.mistake();
    if let (Some((what, hint)), false) = (&mistake, corrects) {
        return Err(Error::usage(format!("{source}: {what}")).hint(*hint));
    }
    // The columns of a correction are those of the table.
    if settings.allowed.are_columns_named && !settings.replace {
        refuse_missing(source, &ahead.found, settings)?;
        refuse_repeated(source, &ahead, settings)?;
    }
    let mut warnings = overlooked(&ahead, settings);
    warnings.extend(mistake.map(|(what, _)| one_by_one(&what)));
    Ok(Head { records: ahead.records, warnings })
}

/// The first records, and what was seen of them.
#[derive(Default)]
pub(crate) struct Ahead {
    pub(crate) records: Vec<Record>,
    found: Found,
    nobody: Nobody,
    /// The external ids of those that have one, each once; and these records, each once.
    ids: BTreeSet<String>,
    with_id: BTreeSet<u64>,
    /// The schemes of their passwords.
    schemes: BTreeSet<&'static str>,
}

/// Reads the first records of a source, and takes note of their passwords.
pub(crate) fn look_ahead(
    reader: &mut Reader,
    mapping: &Mapping,
    schema: &Schema,
    watch: &mut Watch,
) -> Ahead {
    let mut ahead = Ahead::default();
    let (mut bytes, mut seen) = (0, 0);
    // All of it goes into one batch: behind it lies a checkpoint.
    while ahead.records.len() < guard::JUDGED && bytes < batches::BYTES {
        // An error comes again where the rest is read.
        let Ok(Some(record)) = reader.next_record() else { break };
        bytes += record.raw.len();
        if record.fault.is_none() {
            let user = prepare::inspect(&record.raw, mapping, schema).user;
            ahead.found.note(&user);
            ahead.nobody.add(&record.raw, &user.identifiers);
            if let Some(id) = &user.identifiers.external_id {
                ahead.ids.insert(id.clone());
                ahead.with_id.insert(FxBuildHasher.hash_one(&record.raw));
            }
            if let Some(password) = user.password {
                ahead.schemes.insert(watch.see(password.expose_secret(), record.no).as_str());
                seen += 1;
            }
        }
        ahead.records.push(record);
    }
    watch.rewind(seen);
    ahead
}

/// What is said of a source without any record: an empty page of a list is one, and so is an answer that went
/// wrong.
pub(crate) fn no_records(source: &str) -> String {
    format!("{source}: no records in it; if users are missing, look at what is in the file")
}

/// What is said of corrections whose passwords do not suit: they are the few that went wrong, so the others
/// are not refused for them. Whoever has one is invalid.
fn one_by_one(what: &str) -> String {
    format!(
        "{what}: each record with such a password is invalid, and the others are staged; correct these passwords or leave \
         them out; if they are right, --accept-passwords stages them as they are"
    )
}

/// Without its external id nobody is recognised by it again, and without a password nobody can sign in. If
/// no record has what the mapping takes, the file or the rule is a wrong one.
fn refuse_missing(source: &Source, found: &Found, settings: &Settings<'_>) -> Result<()> {
    if found.records < MISSED {
        return Ok(());
    }
    for field in awaited(settings.schema) {
        let is_password = field == settings.schema.password_field;
        let is_there =
            if is_password { found.passwords } else { found.kinds.contains(&IdKind::ExternalId) };
        if is_there || settings.allowed.missing.iter().any(|name| name == field) {
            continue;
        }
        let Some(column) = settings.mapping.rule(field).and_then(|rule| rule.column_name()) else {
            continue;
        };
        let message = format!(
            "{source}: none of its first {} has a valid `{column}`, which is to be the {field}",
            counted(found.records, "record")
        );
        let hint = format!(
            "userferry check {source} shows its columns; is it another file, or is the rule in [mapping] wrong? If \
             these users have none: userferry stage --accept-missing {field}"
        );
        return Err(Error::usage(message).hint(hint));
    }
    Ok(())
}

/// Of the records of one id only the first is sent. Where so few are different, the column is none that
/// tells people apart. Records that are wholly the same are one.
fn refuse_repeated(source: &Source, ahead: &Ahead, settings: &Settings<'_>) -> Result<()> {
    let (ids, records) = (ahead.ids.len() as u64, ahead.with_id.len() as u64);
    if settings.allowed.repeated || records < MISSED || ids * REPEATED > records {
        return Ok(());
    }
    let field = settings.schema.identifier(IdKind::ExternalId).map_or("", |field| field.name);
    let column = settings.mapping.source_name(field);
    let message = format!(
        "{source}: {} of its first records have {} of `{column}`, which is to be the {field}: this tells nobody from \
         another",
        grouped(records),
        agree(ids, "the same value", &format!("only {} values", grouped(ids)))
    );
    let hint = format!(
        "userferry check {source} shows its columns: name the one that is different for everybody in [mapping]. If it is \
         right all the same, and of each value the first record is to be sent: userferry stage --accept-repeated"
    );
    Err(Error::usage(message).hint(hint))
}

/// Fields that at least one record of a source must have if the mapping takes them from a column.
pub(crate) fn awaited(schema: &Schema) -> impl Iterator<Item = &'static str> {
    let id = schema.identifier(IdKind::ExternalId).map(|field| field.name);
    id.into_iter().chain([schema.password_field])
}

/// What nothing maps, though these users could sign in afterwards, or nobody; and phone numbers that may be
/// of another country than they are read as, or of any; and
/// what stands for nobody.
fn overlooked(ahead: &Ahead, settings: &Settings<'_>) -> Vec<String> {
    let (mapping, schema) = (settings.mapping, settings.schema);
    let mut overlooked = Overlooked::but(settings.allowed.unused);
    let mut abroad = Abroad::new(mapping, schema);
    for record in ahead.records.iter().filter(|record| record.fault.is_none()) {
        overlooked.add(&record.raw, mapping);
        abroad.add(&record.raw);
    }
    let digests = digests(ahead.schemes.iter().copied(), mapping, schema);
    let mut asked = overlooked.of_standing(mapping, schema);
    asked.extend(overlooked.of_salts(&digests, mapping, schema));
    let n = grouped(ahead.found.records);
    let told = asked.into_iter().filter(|one| one.concerned > 0).map(|one| one.message);
    let told = told.chain(abroad.told().map(|told| told.message));
    let told = told.chain(ahead.nobody.told().map(|(_, message)| message));
    told.map(|message| format!("by the first {n} records, {message}")).collect()
}
