//! Check: read, map and validate, and say what was found. Stages nothing and prints nothing.

mod fed;
mod hashes;
mod known;
mod nowhere;
mod reasons;
mod report;
mod states;
mod warnings;

pub(crate) use fed::mapped_to;
pub(crate) use nowhere::Nowhere;
pub use reasons::Reasons;
pub use report::{CheckReport, CheckWarning, FieldCount, FieldCounts, PasswordScheme};

use crate::abroad::Abroad;
use crate::error::Result;
use crate::input::{HIDDEN, Reader, Record, is_data};
use crate::mapping::{Mapping, for_each_field};
use crate::nobody::Nobody;
use crate::overlooked::Overlooked;
use crate::password::guard::{Guard, Watch};
use crate::password::{Scheme, cost, detect};
use crate::prepare::{Prepared, Warning, inspect_guarded};
pub use crate::problem::FoundProblem;
use crate::problem::{Problem, Rule};
use crate::schema::Schema;
use crate::stage;
use crate::store::{Batch, JobId, Lens, NewJob, Reading, SourceId, Staging, Table};
use crate::user::{IdKind, User, Value};
use hashes::Hashes;
use known::Known;
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
    /// Users who are sent with such a field that is true, and without what it would be true of.
    verified_nothing: BTreeMap<&'static str, u64>,
    guard: Guard,
    /// The passwords of the source.
    watch: Watch,
    schemes: BTreeMap<Scheme, Costs>,
    /// The provider's fields that had a value in some record, and the source's that had a problem.
    met: BTreeSet<String>,
    /// What nothing maps, though it may matter.
    overlooked: Overlooked,
    /// Phone numbers that may be of another country than they are read as.
    abroad: Abroad<'a>,
    /// Records that stand for nobody.
    nobody: Nobody,
    /// Hashes that no rule takes.
    hashes: Hashes,
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
            report: CheckReport {
                blocked: schema.blocked_field.and_then(|name| mapping.rule(name)).map(|_| 0),
                ..CheckReport::default()
            },
            long_passwords: 0,
            shortenable: 0,
            too_many_fields: 0,
            without_external_id: 0,
            without_sign_in: 0,
            verified_nothing: BTreeMap::new(),
            guard: Guard { keep: true, accepted: false, each: None },
            watch: Watch::new(Guard { keep: true, accepted: false, each: None }),
            schemes: BTreeMap::new(),
            met: BTreeSet::new(),
            overlooked: Overlooked::default(),
            abroad: Abroad::new(mapping, schema),
            nobody: Nobody::default(),
            hashes: Hashes::default(),
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
        self.hashes = Hashes::but(columns);
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
        let before = self.report.records;
        for record in head.records {
            self.record(record);
        }
        let read = self.read(reader, progress);
        self.commit()?;
        if read.is_ok() && self.report.records == before {
            self.warn_of_no_records(name);
        }
        self.warn_of_escapes(name, reader);
        self.warn_of_wide_rows(name, reader);
        self.warn_of_nulls(name, reader);
        read
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
            omitted: Vec::new(),
        });
    }

    fn examine(&mut self, record: &Record) -> (User, Vec<Problem>) {
        self.count_fields(&record.raw);
        self.overlooked.add(&record.raw, self.mapping);
        self.abroad.add(&record.raw);
        if self.mapping.rule(self.schema.password_field).is_none() {
            self.hashes.add(&record.raw, self.mapping);
        }
        let prepared =
            inspect_guarded(&record.raw, record.no, self.mapping, self.schema, &mut self.watch);
        // A record without any key is invalid, and says so itself.
        let key_kind = prepared.user.identifiers.key().map(|(kind, _)| kind);
        self.report.has_key |= key_kind.is_some();
        self.without_external_id +=
            u64::from(key_kind.is_some_and(|kind| kind != IdKind::ExternalId));
        let is_sent = prepared.problems.is_empty();
        if is_sent && prepared.user.identifiers.is_external_id_alone() {
            self.nobody.add(&record.raw, &prepared.user.identifiers);
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
        for omitted in &prepared.omitted {
            *self.report.omitted.entry(omitted.field.to_owned()).or_default() += 1;
        }
        self.count_blocked(&prepared.user);
        if is_sent {
            self.count_verified_nothing(&prepared.user);
        }
        let has = |warning| u64::from(prepared.warnings.contains(&warning));
        self.long_passwords += has(Warning::LongPassword);
        self.shortenable += has(Warning::Shortenable);
        (prepared.user, prepared.problems)
    }

    fn count_blocked(&mut self, user: &User) {
        if let (Some(blocked), Some(field)) = (&mut self.report.blocked, self.schema.blocked_field)
        {
            *blocked += u64::from(user.get(field) == Some(&Value::Bool(true)));
        }
    }

    fn count_verified_nothing(&mut self, user: &User) {
        for (field, kind) in self.schema.verified_fields {
            let is_verified = user.get(field) == Some(&Value::Bool(true));
            if is_verified && user.identifiers.get(*kind).is_none() {
                *self.verified_nothing.entry(*field).or_default() += 1;
            }
        }
    }

    fn note_met(&mut self, prepared: &Prepared) {
        let fields = prepared.user.fields.iter().map(|(name, _)| *name);
        let password = prepared.user.password.as_ref().map(|_| self.schema.password_field);
        let problems = prepared.problems.iter().map(|problem| problem.field.as_str());
        let omitted = prepared.omitted.iter().map(|omitted| omitted.field);
        for name in fields.chain(password).chain(problems).chain(omitted) {
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
            // Nobody is done here.
            sign_in: &|_| crate::job::SignIn::May,
            differing: &|_, _| Vec::new(),
            sign_in_by: &|_, _| crate::job::SignIn::May,
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
        let (schemes, keep) = (std::mem::take(&mut self.schemes), self.guard.keep);
        self.report.password_schemes =
            schemes.into_iter().map(|(scheme, costs)| costs.report(scheme, keep)).collect();
        self.report.password_schemes.sort_by_key(|one| (one.strength, one.cost));
        self.report.unmapped = self.report.all_unmapped();
        self.warn_of_all();
        Ok(self.report)
    }
}

/// Whether a user has an external id and no other identifier.
#[cfg(test)]
mod tests;
