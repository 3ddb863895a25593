//! Check: read, map and validate, and say what was found. Stages nothing and prints nothing.

mod report;
mod seen;

pub use report::{CheckReport, CheckWarning, FieldCount, FieldCounts};

use crate::input::{InputError, Reader, Record};
use crate::mapping::{Mapping, Rule as MappingRule, for_each_field};
use crate::password::{Scheme, detect};
use crate::problem::{Problem, Rule};
use crate::target::schema::Schema;
use crate::user::{IdKind, User};
use crate::validate::{Warning, prepare};
use secrecy::ExposeSecret;
use seen::{Found, Seen};
use serde::Serialize;
use std::fmt;

/// A problem and where it is: one line of `check --format jsonl`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FoundProblem {
    /// The source as the user named it.
    pub source: String,
    /// The record, from 1.
    pub record: u64,
    /// The line on which the record starts, from 1; null where there is none.
    pub line: Option<u64>,
    /// The record's key, if it has one.
    pub key: Option<String>,
    /// The source's name of the field, or the target's; empty where the whole record is meant.
    pub field: String,
    /// The rule that is broken.
    pub rule: Rule,
    /// For people. Holds no value of the record.
    pub message: String,
}

impl fmt::Display for FoundProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: record {}", self.source, self.record)?;
        if let Some(line) = self.line {
            write!(f, ", line {line}")?;
        }
        if !self.field.is_empty() {
            write!(f, ", {}", self.field)?;
        }
        write!(f, ": {} ({})", self.message, self.rule)
    }
}

/// Checks one source after the other, as if they were staged into one table.
pub struct Checker<'a> {
    mapping: &'a Mapping,
    schema: &'a Schema,
    report: CheckReport,
    seen: Seen,
    /// Each source with the number of records before it.
    sources: Vec<(String, u64)>,
    long_passwords: u64,
    too_many_fields: u64,
    without_external_id: u64,
    keep_password: bool,
}

impl<'a> Checker<'a> {
    /// Nothing checked yet.
    pub fn new(mapping: &'a Mapping, schema: &'a Schema) -> Self {
        Self {
            mapping,
            schema,
            report: CheckReport::default(),
            seen: Seen::default(),
            sources: Vec::new(),
            long_passwords: 0,
            too_many_fields: 0,
            without_external_id: 0,
            keep_password: true,
        }
    }

    /// Whether passwords will be stored as they are (the setting `keep_password`); true without.
    #[must_use]
    pub fn keep_password(mut self, keep: bool) -> Self {
        self.keep_password = keep;
        self
    }

    /// The records that follow are of this source.
    pub fn begin_source(&mut self, name: impl Into<String>) {
        self.sources.push((name.into(), self.report.records));
    }

    /// Checks a source to its end and hands every problem on. An error of the source leaves what
    /// was found before it in the report; an error of `on_problem` (such as a full disk) ends the
    /// check.
    pub fn source<E: From<InputError>>(
        &mut self,
        name: &str,
        reader: &mut Reader,
        mut on_problem: impl FnMut(FoundProblem) -> Result<(), E>,
    ) -> Result<(), E> {
        self.begin_source(name);
        while let Some(record) = reader.next_record()? {
            for problem in self.record(&record) {
                on_problem(problem)?;
            }
        }
        Ok(())
    }

    /// Checks one record. Returns all its problems.
    pub fn record(&mut self, record: &Record) -> Vec<FoundProblem> {
        self.report.records += 1;
        if let Some(fault) = &record.fault {
            return self.invalid(record, None, vec![fault.clone()]);
        }
        self.count_fields(&record.raw);
        let prepared = prepare(&record.raw, self.mapping, self.schema);
        let mut problems = prepared.problems;
        // A value that is no e-mail address, such as "n/a", is no duplicate of its likes.
        let skip: Vec<IdKind> = IdKind::ALL
            .into_iter()
            .filter(|kind| {
                let name = self.field_of(*kind);
                problems.iter().any(|problem| problem.field == name)
            })
            .collect();
        let no = u32::try_from(self.report.records - 1).unwrap_or(u32::MAX);
        match self.seen.look(&prepared.user.identifiers, &record.raw, no, &skip) {
            Found::Unchanged => {
                self.report.unchanged += 1;
                return Vec::new();
            }
            Found::Duplicates(duplicates) => {
                problems.extend(duplicates.iter().map(|duplicate| self.duplicate(duplicate)));
            }
        }
        // A record without any key is invalid, and says so itself.
        let key_kind = prepared.user.identifiers.key().map(|(kind, _)| kind);
        self.without_external_id +=
            u64::from(key_kind.is_some_and(|kind| kind != IdKind::ExternalId));
        self.count_password(&prepared.user);
        if prepared.warnings.contains(&Warning::LongPassword) {
            self.long_passwords += 1;
        }
        if problems.is_empty() {
            self.report.valid += 1;
            return Vec::new();
        }
        let key = prepared.user.identifiers.key().map(|(_, value)| value);
        self.invalid(record, key, problems)
    }

    fn invalid(
        &mut self,
        record: &Record,
        key: Option<&str>,
        problems: Vec<Problem>,
    ) -> Vec<FoundProblem> {
        self.report.invalid += 1;
        let source = self.sources.last().map_or_else(String::new, |(name, _)| name.clone());
        problems
            .into_iter()
            .map(|problem| {
                *self.report.problems_by_rule.entry(problem.rule).or_default() += 1;
                FoundProblem {
                    source: source.clone(),
                    record: record.no,
                    line: record.line,
                    key: key.map(str::to_owned),
                    field: problem.field,
                    rule: problem.rule,
                    message: problem.message,
                }
            })
            .collect()
    }

    /// The source's name of the field that holds a kind of identifier.
    fn field_of(&self, kind: IdKind) -> &str {
        let field = self.schema.fields.iter().find(|field| field.identifier == Some(kind));
        field.map_or("", |field| self.mapping.source_name(field.name))
    }

    fn duplicate(&self, duplicate: &seen::Duplicate) -> Problem {
        let rule = match duplicate.kind {
            _ if duplicate.key => Rule::DuplicateKey,
            IdKind::ExternalId => Rule::DuplicateKey,
            IdKind::Email => Rule::DuplicateEmail,
            IdKind::Phone => Rule::DuplicatePhone,
            IdKind::Username => Rule::DuplicateUsername,
        };
        let first = u64::from(duplicate.first);
        let (name, before) = self
            .sources
            .iter()
            .rev()
            .find(|(_, before)| *before <= first)
            .map_or(("", 0), |(name, before)| (name.as_str(), *before));
        let mut message =
            format!("the same {} as record {}", duplicate.kind.noun(), first - before + 1);
        if self.sources.len() > 1 {
            message.push_str(" of ");
            message.push_str(name);
        }
        Problem::new(self.field_of(duplicate.kind), rule, message)
    }

    fn count_password(&mut self, user: &User) {
        if self.mapping.rule(self.schema.password_field).is_none() {
            return;
        }
        let password = user.password.as_ref().map_or("", ExposeSecret::expose_secret);
        let scheme = detect(password).as_str();
        *self.report.passwords.entry(scheme).or_default() += 1;
    }

    fn count_fields(&mut self, raw: &[u8]) {
        let fields = &mut self.report.fields;
        let (mapping, schema) = (self.mapping, self.schema);
        let mut hint = 0;
        let mut too_many = false;
        for_each_field(raw, |name, ty, empty| {
            let Some(count) = fields.entry(name, hint) else {
                too_many = true;
                return;
            };
            hint += 1;
            if count.present == 0 {
                count.mapped_to = mapped_to(mapping, name, schema);
            }
            count.present += 1;
            count.empty += u64::from(empty);
            *count.types.entry(ty).or_default() += 1;
        });
        self.too_many_fields += u64::from(too_many);
    }

    /// The report. The checker is done.
    pub fn finish(mut self) -> CheckReport {
        self.warn_of_passwords();
        self.warn_of_fields();
        self.warn_of_external_ids();
        self.warn_of_raw_copies();
        self.report
    }

    fn warn(&mut self, warning: &'static str, count: u64, message: String) {
        if count > 0 {
            self.report.warnings.push(CheckWarning { warning, count, message });
        }
    }

    fn warn_of_passwords(&mut self) {
        let long = self.long_passwords;
        let most = self.schema.password_bytes_warn;
        self.warn(
            Warning::LongPassword.as_str(),
            long,
            format!(
                "{long} passwords are longer than {most} bytes: whether they fit depends on the \
                 target's key, and run decides"
            ),
        );
        let count = |scheme: Scheme| self.report.passwords.get(scheme.as_str()).copied();
        let plain = count(Scheme::Plain).unwrap_or(0);
        let all: u64 = self.report.passwords.values().sum();
        let hashes = all - plain - count(Scheme::None).unwrap_or(0);
        if !self.keep_password {
            let message = format!(
                "{hashes} passwords look like hashes, and keep_password = false would hash them \
                 again: nobody could log in with them"
            );
            self.warn("hash-not-kept", hashes, message);
            return;
        }
        let message = format!(
            "{plain} passwords look like plain text, and keep_password = true would store them as \
             they are, readable"
        );
        self.warn("plain-kept", plain, message);
        let schemes: Vec<&str> = self
            .report
            .passwords
            .keys()
            .copied()
            .filter(|scheme| *scheme != Scheme::None.as_str())
            .collect();
        if schemes.len() > 1 {
            let message = format!(
                "the passwords are of several schemes ({}): the pool has one password function, \
                 which must tell them apart",
                schemes.join(", ")
            );
            self.warn("several-schemes", plain + hashes, message);
        }
    }

    fn warn_of_fields(&mut self) {
        if self.too_many_fields > 0 {
            let message = format!(
                "the records have more than {} different fields; the others are not counted",
                report::MOST_FIELDS
            );
            self.warn("many-fields", self.too_many_fields, message);
            return;
        }
        let mapping = self.mapping;
        for (field, rule) in mapping.rules() {
            let MappingRule::Column { from, .. } = rule else { continue };
            if !self.report.fields.0.iter().any(|(name, _)| feeds(name, from)) {
                let message = format!("`{field}` comes from `{from}`, which no record has");
                self.warn("column-missing", self.report.records, message);
            }
        }
    }
}

impl Checker<'_> {
    /// Not where nobody is to have one.
    fn warn_of_external_ids(&mut self) {
        let field =
            self.schema.fields.iter().find(|field| field.identifier == Some(IdKind::ExternalId));
        let Some(name) = field.map(|field| field.name) else { return };
        if self.mapping.rule(name).is_none() {
            return;
        }
        let n = self.without_external_id;
        let (have, they_are) =
            if n == 1 { ("record has", "it is") } else { ("records have", "they are") };
        let message = format!(
            "{n} {have} no external id ({name}): {they_are} recognised by e-mail address, phone \
             number or user name"
        );
        self.warn("no-external-id", n, message);
    }

    /// More goes out than the mapping names.
    fn warn_of_raw_copies(&mut self) {
        let mapping = self.mapping;
        for (field, rule) in mapping.rules() {
            let MappingRule::Raw { without } = rule else { continue };
            let left_out = left_out(mapping, without, self.schema);
            let but = match left_out.as_slice() {
                [] => String::new(),
                names => format!(", all but {}", names.join(", ")),
            };
            let message = format!("the whole record goes into {field}{but}");
            self.warn("raw-copy", self.report.records, message);
        }
    }
}

/// The columns that a copy of the raw record goes without; never with the password.
fn left_out<'a>(mapping: &'a Mapping, without: &'a [String], schema: &Schema) -> Vec<&'a str> {
    let mut names: Vec<&str> = without.iter().map(String::as_str).collect();
    if let Some(MappingRule::Column { from, .. }) = mapping.rule(schema.password_field)
        && !names.contains(&from.as_str())
    {
        names.push(from);
    }
    names
}

/// Whether a column of a mapping is this field of the record, or lies inside it.
fn feeds(field: &str, column: &str) -> bool {
    column == field || column.strip_prefix(field).is_some_and(|rest| rest.starts_with('.'))
}

/// What a field of the record feeds: by a column or a program, else as a part of a copy of the whole.
pub(crate) fn mapped_to(mapping: &Mapping, name: &str, schema: &Schema) -> Vec<String> {
    let fed_by = |is_fed: &dyn Fn(&MappingRule) -> bool| -> Vec<String> {
        let rules = mapping.rules().iter().filter(|(_, rule)| is_fed(rule));
        rules.map(|(field, _)| field.clone()).collect()
    };
    let columns = fed_by(&|rule| match rule {
        MappingRule::Column { from, .. } => feeds(name, from),
        MappingRule::Jq { program, .. } => program.paths().iter().any(|path| feeds(name, path)),
        _ => false,
    });
    if !columns.is_empty() {
        return columns;
    }
    fed_by(&|rule| match rule {
        MappingRule::Raw { without } => !left_out(mapping, without, schema).contains(&name),
        _ => false,
    })
}

#[cfg(test)]
mod tests;
