//! Check: read, map and validate, and say what was found. Stages nothing and prints nothing.

mod known;
mod nowhere;
mod overlooked;
mod reasons;
mod report;
mod states;

pub(crate) use nowhere::Nowhere;
pub use reasons::Reasons;
pub use report::{CheckReport, CheckWarning, FieldCount, FieldCounts, PasswordScheme};

use crate::error::Result;
use crate::input::{HIDDEN, Reader, Record, is_data};
use crate::mapping::{Mapping, Rule as MappingRule, feeds, for_each_field, is_secret_name};
use crate::password::guard::{Guard, Watch};
use crate::password::{Scheme, cost, detect};
use crate::prepare::{Prepared, Warning, inspect_guarded};
pub use crate::problem::FoundProblem;
use crate::problem::{Problem, Rule};
use crate::schema::Schema;
use crate::stage;
use crate::store::{Batch, JobId, Lens, NewJob, Reading, SourceId, Staging, Table};
use crate::user::{IdKind, Identifiers, User};
use crate::words::{agree, counted};
use known::Known;
use overlooked::{Asked, Overlooked};
use report::Costs;
use secrecy::ExposeSecret;
use states::UnknownStates;
use std::collections::{BTreeMap, BTreeSet};

/// Records that are compared with the others together.
const BATCH: usize = 5_000;

/// Checks one source after the other, as if they were staged into one table. They are, into a table
/// for the while, which holds no records but what they are known by: so what a check says of
/// records that share something is what staging will say.
pub struct Checker<'a> {
    mapping: &'a Mapping,
    schema: &'a Schema,
    table: Table,
    source: SourceId,
    batch: Vec<NewJob>,
    report: CheckReport,
    long_passwords: u64,
    shortenable: u64,
    too_many_fields: u64,
    without_external_id: u64,
    /// Users with an external id alone.
    without_sign_in: u64,
    guard: Guard,
    /// The passwords of the source.
    watch: Watch,
    schemes: BTreeMap<Scheme, Costs>,
    /// The provider's fields that had a value in some record, and the source's that had a problem.
    met: BTreeSet<String>,
    /// What nothing maps, though it may matter.
    overlooked: Overlooked,
    /// Records whose state the rule of those who may not sign in does not know.
    unknown_states: UnknownStates,
    /// Hears of each record that has nothing to sign in with.
    on_id_alone: Option<OnIdAlone<'a>>,
}

type OnIdAlone<'a> = Box<dyn FnMut(IdAlone<'_>) + 'a>;

/// A record with an external id and nothing to sign in with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdAlone<'r> {
    /// The record, from 1.
    pub record: u64,
    /// The line on which it starts, from 1, where the source has lines.
    pub line: Option<u64>,
    /// Its external id.
    pub key: &'r str,
}

impl<'a> Checker<'a> {
    /// Nothing checked yet.
    pub fn new(mapping: &'a Mapping, schema: &'a Schema) -> Result<Self> {
        Ok(Self {
            mapping,
            schema,
            table: Table::temporary()?,
            source: SourceId(0),
            batch: Vec::new(),
            report: CheckReport::default(),
            long_passwords: 0,
            shortenable: 0,
            too_many_fields: 0,
            without_external_id: 0,
            without_sign_in: 0,
            guard: Guard { keep: true, accepted: false },
            watch: Watch::new(Guard { keep: true, accepted: false }),
            schemes: BTreeMap::new(),
            met: BTreeSet::new(),
            overlooked: Overlooked::default(),
            unknown_states: UnknownStates::default(),
            on_id_alone: None,
        })
    }

    /// What the passwords must be; hashes without.
    #[must_use]
    pub fn guard(mut self, guard: Guard) -> Self {
        self.guard = guard;
        self
    }

    /// Columns of which nothing is asked.
    #[must_use]
    pub fn unused(mut self, columns: &[String]) -> Self {
        self.overlooked = Overlooked::but(columns);
        self
    }

    /// Hands on each record that has nothing to sign in with, as it is read.
    #[must_use]
    pub fn on_id_alone(mut self, work: impl FnMut(IdAlone<'_>) + 'a) -> Self {
        self.on_id_alone = Some(Box::new(work));
        self
    }

    /// Records that were checked.
    pub fn records(&self) -> u64 {
        self.report.records
    }

    /// Checks a source to its end. An error of the source leaves what was found before it in the
    /// report.
    pub fn source(
        &mut self,
        name: &str,
        reader: &mut Reader,
        progress: &mut dyn FnMut(&Reader, u64),
    ) -> Result<()> {
        self.source = self.table.begin_source(name, None, 0)?;
        self.watch = Watch::new(self.guard);
        let head = stage::look_ahead(reader, self.mapping, self.schema, &mut self.watch);
        if let Some((what, hint)) = self.watch.mistake() {
            let message = format!("{name}: {what}. stage will refuse it: {hint}");
            self.warn("password-column", 1, message);
        }
        for record in head {
            self.record(record);
        }
        let read = self.read(reader, progress);
        self.commit()?;
        self.warn_of_escapes(name, reader.rows_with_escapes());
        read
    }

    /// They may be the tabs, newlines and backslashes of a database's text format, or stand for themselves.
    fn warn_of_escapes(&mut self, name: &str, rows: u64) {
        let message = format!(
            "{name}: tabs between the cells and \\N for no value, as in the text format of PostgreSQL's COPY and of MySQL: in \
             {} cells hold escapes with a backslash, and are taken as they stand; export it as CSV: \
             COPY (SELECT …) TO … WITH (FORMAT csv, HEADER)",
            counted(rows, "row")
        );
        self.warn("backslash-escapes", rows, message);
    }

    fn read(&mut self, reader: &mut Reader, progress: &mut dyn FnMut(&Reader, u64)) -> Result<()> {
        while let Some(record) = reader.next_record()? {
            self.record(record);
            if self.batch.len() >= BATCH {
                self.commit()?;
                progress(reader, self.report.records);
            }
        }
        Ok(())
    }

    fn record(&mut self, record: Record) {
        self.report.records += 1;
        let (user, problems) = match record.fault {
            Some(fault) => (User::default(), vec![fault]),
            None => self.examine(&record),
        };
        self.batch.push(NewJob {
            record_no: record.no,
            line: record.line,
            raw: Known::new(&user.identifiers, &record.raw).to_bytes(),
            identifiers: user.identifiers,
            problems,
        });
    }

    fn examine(&mut self, record: &Record) -> (User, Vec<Problem>) {
        self.count_fields(&record.raw);
        self.overlooked.add(&record.raw, self.mapping);
        let prepared =
            inspect_guarded(&record.raw, record.no, self.mapping, self.schema, &mut self.watch);
        // A record without any key is invalid, and says so itself.
        let key_kind = prepared.user.identifiers.key().map(|(kind, _)| kind);
        self.without_external_id +=
            u64::from(key_kind.is_some_and(|kind| kind != IdKind::ExternalId));
        let is_sent = prepared.problems.is_empty();
        if is_sent && has_id_alone(&prepared.user.identifiers) {
            self.without_sign_in += 1;
            let key = prepared.user.identifiers.get(IdKind::ExternalId).unwrap_or_default();
            if let Some(work) = &mut self.on_id_alone {
                work(IdAlone { record: record.no, line: record.line, key });
            }
        }
        // What is wrong with one is told as a problem; it is no user without a password.
        let is_wrong = prepared.problems.iter().any(|problem| problem.rule == Rule::Password);
        if prepared.user.password.is_some() || !is_wrong {
            self.count_password(&prepared.user);
        }
        self.note_met(&prepared);
        let has = |warning| u64::from(prepared.warnings.contains(&warning));
        self.long_passwords += has(Warning::LongPassword);
        self.shortenable += has(Warning::Shortenable);
        (prepared.user, prepared.problems)
    }

    fn note_met(&mut self, prepared: &Prepared) {
        let fields = prepared.user.fields.iter().map(|(name, _)| *name);
        let password = prepared.user.password.as_ref().map(|_| self.schema.password_field);
        let problems = prepared.problems.iter().map(|problem| problem.field.as_str());
        for name in fields.chain(password).chain(problems) {
            if !self.met.contains(name) {
                self.met.insert(name.to_owned());
            }
        }
    }

    fn commit(&mut self) -> Result<()> {
        let batch = Batch {
            source: self.source,
            jobs: std::mem::take(&mut self.batch),
            checkpoint: String::new(),
            fingerprint: String::new(),
            finished: true,
            replace: false,
            now_ms: 0,
        };
        self.table.stage(&batch)?;
        Ok(())
    }

    /// Compares the records with each other, and hands every problem on, in the order of the records.
    fn compare(&mut self, on_problem: &mut dyn FnMut(FoundProblem) -> Result<()>) -> Result<()> {
        let lens = Lens {
            identify: &Known::identifiers_of,
            field: &|kind| stage::field_of(kind, self.mapping, self.schema),
        };
        while !self.table.is_compared()? {
            self.table.compare(&lens, 0)?;
        }
        let counts = self.table.counts()?;
        (self.report.valid, self.report.invalid) = (counts.pending, counts.invalid);
        self.report.unchanged = self.report.records - counts.total;
        let mut after = (JobId(0), 0);
        loop {
            let page = self.table.found_problems(after, 1_000)?;
            let Some(last) = page.last() else { return Ok(()) };
            after = last.0;
            for (_, problem) in page {
                *self.report.problems_by_rule.entry(problem.rule).or_default() += 1;
                self.unknown_states.see(&problem);
                on_problem(problem)?;
            }
        }
    }

    fn count_password(&mut self, user: &User) {
        if self.mapping.rule(self.schema.password_field).is_none() {
            return;
        }
        let password = user.password.as_ref().map_or("", ExposeSecret::expose_secret);
        let scheme = self.watch.named(detect(password));
        *self.report.passwords.entry(scheme.as_str()).or_default() += 1;
        self.schemes.entry(scheme).or_default().add(cost::cost(scheme, password));
    }

    fn count_fields(&mut self, raw: &[u8]) {
        let fields = &mut self.report.fields;
        let (mapping, schema) = (self.mapping, self.schema);
        let mut hint = 0;
        let (mut too_many, mut has_objects) = (false, false);
        for_each_field(raw, |name, ty, empty| {
            let name = if is_data(name) { HIDDEN } else { name };
            let Some(count) = fields.entry(name, hint) else {
                too_many = true;
                return;
            };
            hint += 1;
            has_objects |= ty == "object";
            if count.present == 0 {
                count.mapped_to = mapped_to(mapping, name, schema);
            }
            count.present += 1;
            count.empty += u64::from(empty);
            *count.types.entry(ty).or_default() += 1;
        });
        self.too_many_fields += u64::from(too_many);
        if has_objects {
            self.report.nowhere.add(raw, mapping, schema);
        }
    }

    /// Hands every problem on, in the order of the records, and makes the report.
    pub fn finish(
        mut self,
        on_problem: &mut dyn FnMut(FoundProblem) -> Result<()>,
    ) -> Result<CheckReport> {
        self.compare(on_problem)?;
        let schemes = std::mem::take(&mut self.schemes);
        self.report.password_schemes =
            schemes.into_iter().map(|(scheme, costs)| costs.report(scheme)).collect();
        self.report.password_schemes.sort_by_key(|one| (one.strength, one.cost));
        self.warn_of_passwords();
        self.warn_of_fields();
        self.warn_of_overlooked();
        self.warn_of_unknown_states();
        self.warn_of_external_ids();
        self.warn_of_ids_alone();
        self.warn_of_raw_copies();
        Ok(self.report)
    }

    fn warn(&mut self, warning: &'static str, count: u64, message: String) {
        if count > 0 {
            self.report.warnings.push(CheckWarning { warning, count, message, column: None });
        }
    }

    fn warn_of_passwords(&mut self) {
        if self.mapping.rule(self.schema.password_field).is_none() {
            let n = self.report.records;
            let message = "no password is mapped: nobody can sign in before setting a new one by \
                           e-mail or phone";
            self.warn("no-password", n, message.to_owned());
        }
        let long = self.long_passwords;
        let most = self.schema.password_bytes_warn;
        self.warn(
            Warning::LongPassword.as_str(),
            long,
            format!(
                "{} longer than {most} bytes: whether they fit depends on the target's key, and \
                 run decides",
                are(long)
            ),
        );
        let field = self.mapping.source_name(self.schema.password_field);
        let message = format!(
            "{} of these could be shorter: password = {{ hash = \"{field}\", short = true }}, or \
             short = true in the rule that is there",
            self.shortenable
        );
        self.warn(Warning::Shortenable.as_str(), self.shortenable, message);
        let count = |scheme: Scheme| self.report.passwords.get(scheme.as_str()).copied();
        let plain = count(Scheme::Plain).unwrap_or(0);
        let all: u64 = self.report.passwords.values().sum();
        let unknown = count(Scheme::Unknown).unwrap_or(0);
        let hashes = all - plain - unknown - count(Scheme::None).unwrap_or(0);
        // Where nobody has accepted it, it is a problem of each record.
        if !self.guard.keep && self.guard.accepted {
            let message = format!(
                "{}, and keep_password = false would hash {}",
                agree(hashes, "1 password is a hash", &format!("{hashes} passwords are hashes")),
                agree(
                    hashes,
                    "it again: nobody could sign in with it",
                    "them again: nobody could sign in with them"
                )
            );
            self.warn("hash-not-kept", hashes, message);
        }
        if !self.guard.keep {
            return;
        }
        let message = format!(
            "{} plain text, and keep_password = true would store {}, readable",
            are(plain),
            agree(plain, "it as it is", "them as they are")
        );
        self.warn("plain-kept", if self.guard.accepted { plain } else { 0 }, message);
        self.warn_of_order();
        // Plain text among hashes is a problem of its record, which is not sent.
        let is_sent = |scheme: &str| {
            scheme != Scheme::None.as_str()
                && ([Scheme::Plain, Scheme::Unknown].iter().all(|other| scheme != other.as_str())
                    || !self.guard.keep
                    || self.guard.accepted)
        };
        let schemes: Vec<&str> =
            self.report.passwords.keys().copied().filter(|scheme| is_sent(scheme)).collect();
        if schemes.len() > 1 {
            let message = format!(
                "the passwords are of several schemes ({}): the pool has one password function, \
                 which must tell them apart, as the one of userferry password function does",
                schemes.join(", ")
            );
            self.warn("several-schemes", plain + unknown + hashes, message);
        }
    }

    /// Of salted digests that the mapping composes.
    fn warn_of_order(&mut self) {
        let Some(message) = self.mapping.unproved_order(self.schema) else { return };
        let is_composed = |scheme: &&str| scheme.starts_with("salted-");
        let schemes = self.report.passwords.iter();
        let n = schemes.filter(|(scheme, _)| is_composed(scheme)).map(|(_, n)| n).sum();
        self.warn("order-unproved", n, message);
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
            let Some(from) = rule.column_name() else { continue };
            let is_there = self.report.fields.0.iter().any(|(name, _)| feeds(name, from));
            // Of a path only the first name is counted: what lies behind it is told by the values.
            let leads_nowhere =
                from.contains('.') && !self.met.contains(field) && !self.met.contains(from);
            if !is_there || leads_nowhere {
                let message = format!("`{field}` comes from `{from}`, which no record has");
                self.warn("column-missing", self.report.records, message);
            }
        }
    }
}

impl Checker<'_> {
    /// Nobody would miss these before it is too late.
    fn warn_of_overlooked(&mut self) {
        let (mapping, schema) = (self.mapping, self.schema);
        // Strings of digest and salt that stand so in the export are whole.
        let rule = mapping.rule(schema.password_field);
        let is_composed = matches!(rule, Some(MappingRule::Password(_)));
        let digest_of = |scheme: &'static str| {
            let composed = scheme.strip_prefix("salted-").filter(|_| is_composed);
            scheme.strip_prefix("hex-").or(composed)
        };
        let digests: Vec<&str> =
            self.report.passwords.keys().filter_map(|scheme| digest_of(scheme)).collect();
        let standing = self.overlooked.of_standing(mapping, schema);
        let salts = self.overlooked.of_salts(&digests, mapping, schema);
        let of = |warning, asked: Vec<Asked>| {
            asked.into_iter().map(move |Asked { column, concerned, message }| CheckWarning {
                warning,
                count: concerned,
                message,
                column: Some(column),
            })
        };
        let warnings = of("blocked-not-mapped", standing).chain(of("salt-not-mapped", salts));
        self.report.warnings.extend(warnings.filter(|one| one.count > 0));
    }

    /// Whether these users may sign in only a person can tell.
    fn warn_of_unknown_states(&mut self) {
        if let Some((count, message)) = self.unknown_states.told(self.mapping) {
            self.warn("unknown-state", count, message);
        }
    }

    /// Not where nobody is to have one.
    fn warn_of_external_ids(&mut self) {
        let field = self.schema.identifier(IdKind::ExternalId);
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

    fn warn_of_ids_alone(&mut self) {
        let n = self.without_sign_in;
        if n == 0 {
            return;
        }
        let have = if n == 1 { "record has" } else { "records have" };
        let message = format!(
            "{n} {have} no e-mail address, phone number or user name: there is nothing to sign in with; --format jsonl lists \
             them"
        );
        self.warn("nothing-to-sign-in-with", n, message);
    }

    /// More goes out than the mapping names.
    fn warn_of_raw_copies(&mut self) {
        let mapping = self.mapping;
        for (field, rule) in mapping.rules() {
            let MappingRule::Raw { without } = rule else { continue };
            let fields = &self.report.fields.0;
            let named = left_out(mapping, without, self.schema).into_iter();
            let is_there = |from: &str| fields.iter().any(|(name, _)| feeds(name, from));
            let mut left_out: Vec<String> =
                named.filter(|name| is_there(name)).map(str::to_owned).collect();
            let by_name = fields.iter().map(|(name, _)| name).filter(|name| is_secret_name(name));
            for name in by_name.cloned().chain(self.report.nowhere.secrets()) {
                if !left_out.iter().any(|known| feeds(known, &name)) {
                    left_out.push(name);
                }
            }
            let but = match left_out.as_slice() {
                [] => String::new(),
                names => format!(", all but {}", names.join(", ")),
            };
            let message = format!("the whole record goes into {field}{but}");
            self.warn("raw-copy", self.report.records, message);
        }
    }
}

/// Whether a user has an external id and no other identifier.
fn has_id_alone(identifiers: &Identifiers) -> bool {
    identifiers.get(IdKind::ExternalId).is_some()
        && [IdKind::Email, IdKind::Phone, IdKind::Username]
            .iter()
            .all(|kind| identifiers.get(*kind).is_none())
}

/// `1 password is`, `2 passwords are`.
fn are(n: u64) -> String {
    if n == 1 { "1 password is".to_owned() } else { format!("{n} passwords are") }
}

/// The columns that a copy of the raw record goes without; never with the password.
fn left_out<'a>(mapping: &'a Mapping, without: &'a [String], schema: &Schema) -> Vec<&'a str> {
    let mut names: Vec<&str> = without.iter().map(String::as_str).collect();
    for secret in mapping.secrets(schema) {
        if !names.contains(&secret) {
            names.push(secret);
        }
    }
    names
}

/// What a field of the record feeds: by a column or a program, else as a part of a copy of the whole.
pub(crate) fn mapped_to(mapping: &Mapping, name: &str, schema: &Schema) -> Vec<String> {
    let fed_by = |is_fed: &dyn Fn(&MappingRule) -> bool| -> Vec<String> {
        let rules = mapping.rules().iter().filter(|(_, rule)| is_fed(rule));
        rules.map(|(field, _)| field.clone()).collect()
    };
    let columns = fed_by(&|rule| match rule {
        MappingRule::Column { from, .. } => feeds(name, from),
        MappingRule::Password(password) => password.columns().any(|column| feeds(name, column)),
        MappingRule::Jq { program, .. } => program.paths().iter().any(|path| feeds(name, path)),
        _ => false,
    });
    if !columns.is_empty() {
        return columns;
    }
    fed_by(&|rule| match rule {
        MappingRule::Raw { without } => {
            !is_secret_name(name) && !left_out(mapping, without, schema).contains(&name)
        }
        _ => false,
    })
}

#[cfg(test)]
mod tests;
