//! The warnings of a check: they stop no record, but a person should know them before a run.

use super::Checker;
use super::fed::left_out;
use super::report::{CheckWarning, MISSING, MOST_FIELDS};
use super::states::Told;
use crate::input::Reader;
use crate::input::nulls::NullCells;
use crate::mapping::{Rule as MappingRule, feeds, is_secret_name};
use crate::overlooked::{Asked, digests};
use crate::password::Scheme;
use crate::prepare::Warning;
use crate::stage;
use crate::user::IdKind;
use crate::words::{agree, quoted};

impl Checker<'_> {
    /// Adds the warnings that concern all sources together.
    pub(super) fn warn_of_all(&mut self) {
        self.warn_of_passwords();
        self.warn_of_fields();
        self.warn_of_overlooked();
        self.warn_of_unknown_states();
        if let Some(told) = self.abroad.told() {
            self.warn(told.warning, told.count, told.message);
        }
        if let Some((count, message)) = self.nobody.told() {
            self.warn("nobody", count, message);
        }
        self.warn_of_external_ids();
        self.warn_of_ids_alone();
        self.warn_of_verified_nothing();
        self.warn_of_raw_copies();
    }

    /// An empty page is one, and so is one that was cut off or is an error; a person can tell.
    pub(super) fn warn_of_no_records(&mut self, name: &str) {
        self.warn("no-records", 1, stage::no_records(name));
    }

    pub(super) fn warn_of_escapes(&mut self, name: &str, reader: &Reader) {
        if let Some((rows, why)) = reader.escapes() {
            self.warn("backslash-escapes", rows, format!("{name}: {why}"));
        }
    }

    pub(super) fn warn_of_wide_rows(&mut self, name: &str, reader: &Reader) {
        if let Some((rows, why)) = reader.wide_rows() {
            self.warn("wide-rows", rows, format!("{name}: {why}"));
        }
    }

    /// Each word of CSV that is read as text, and so frequent that it means no value.
    pub(super) fn warn_of_nulls(&mut self, name: &str, reader: &Reader) {
        let mut words = reader.null_words();
        words.retain(|cells| !cells.is_taken);
        let told: Vec<String> = words.iter().map(NullCells::told).collect();
        let setting: Vec<String> =
            reader.null_setting(&words).iter().map(|word| quoted(word)).collect();
        let message = format!(
            "{name}: cells hold {}, which is taken as text; if it means no value, write at the top of \
             userferry.toml: null = [{}]",
            told.join(", "),
            setting.join(", ")
        );
        self.warn("null-word", words.iter().map(NullCells::count).sum(), message);
    }

    pub(super) fn warn(&mut self, warning: &'static str, count: u64, message: String) {
        if count > 0 {
            self.report.warnings.push(CheckWarning { warning, count, message, column: None });
        }
    }

    fn warn_of_passwords(&mut self) {
        if self.mapping.rule(self.schema.password_field).is_none() {
            let n = self.report.records;
            let message = format!(
                "no password is mapped: nobody can sign in before setting a new one by e-mail or phone{}",
                self.hashes.told()
            );
            self.warn("no-password", n, message);
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
        if !self.guard.keep && self.guard.accepted && self.guard.each.is_none() {
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
                "the records have more than {MOST_FIELDS} different fields; the others are not counted"
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
                from.contains(['.', '[']) && !self.met.contains(field) && !self.met.contains(from);
            if !is_there || leads_nowhere {
                let message = format!("`{field}` comes from `{from}`, which no record has");
                self.warn(MISSING, self.report.records, message);
            }
        }
    }
}

impl Checker<'_> {
    /// Nobody would miss these before it is too late.
    fn warn_of_overlooked(&mut self) {
        let (mapping, schema) = (self.mapping, self.schema);
        let digests = digests(self.report.passwords.keys().copied(), mapping, schema);
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
        for Told { warning, count, message } in self.unknown_states.told(self.mapping, self.schema)
        {
            self.warn(warning, count, message);
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

    /// It is sent as it stands: the provider takes it, and does not document what it makes of it.
    fn warn_of_verified_nothing(&mut self) {
        for (field, kind) in self.schema.verified_fields {
            let n = self.verified_nothing.get(field).copied().unwrap_or(0);
            let message = format!(
                "{} {field} = true and no {}: it is sent as it stands, and one that is added later may then count as verified; \
                 look at the rules of both, or leave {field} out of these by a jq program",
                agree(n, "1 record has", &format!("{n} records have")),
                kind.noun(),
            );
            self.warn("verified-nothing", n, message);
        }
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

/// `1 password is`, `2 passwords are`.
fn are(n: u64) -> String {
    if n == 1 { "1 password is".to_owned() } else { format!("{n} passwords are") }
}
