//! Columns that nothing maps, though their names or values say that it matters: whether a user may sign
//! in, and the salt of a hash.

use crate::input::show_name;
use crate::mapping::{Mapping, Rule, Seen, feeds, for_each_value, path_of};
use crate::schema::Schema;
use crate::suggest::{self, Judgement, Place};
use crate::vocabulary::lockouts;
use crate::vocabulary::salt::{self, Salt};
use crate::vocabulary::standing::Kind;
use crate::vocabulary::states::Tally;
use crate::vocabulary::synonyms::plain;
use crate::words::{counted, grouped, quoted};
use std::collections::HashMap;

/// How deep it is looked.
const DEPTH: usize = 4;
/// Different fields that are looked at; beyond, memory would not be constant.
const MOST: usize = 1_000;

/// What the fields of the records say that nothing maps. Counts; no value is kept.
#[derive(Default)]
pub(crate) struct Overlooked {
    fields: Vec<Field>,
    index: HashMap<String, usize>,
    records: u64,
    /// Columns that are left out on purpose.
    unused: Vec<String>,
}

/// A column that a person should look at.
pub(crate) struct Asked {
    /// Its path.
    pub(crate) column: String,
    /// Records concerned.
    pub(crate) concerned: u64,
    /// What a person should know.
    pub(crate) message: String,
}

/// One field.
struct Field {
    path: String,
    names: Vec<String>,
    kind: Option<Kind>,
    salt: Option<Salt>,
    /// Whether its objects are looked into.
    is_open: bool,
    filled: u64,
    tally: Tally,
}

impl Field {
    /// A field that is taken is not looked at.
    fn new(path: String, parent: &str, name: &str, mapping: &Mapping, is_taken: bool) -> Self {
        let mut names: Vec<String> = parent.split('.').map(str::to_owned).collect();
        names.retain(|name| !name.is_empty());
        names.push(name.to_owned());
        let kind = suggest::standing(&names).filter(|_| !is_taken);
        let salt = suggest::salt(&names).filter(|_| !is_taken);
        let is_open = !takes_whole(mapping, &path);
        Self { path, names, kind, salt, is_open, filled: 0, tally: Tally::default() }
    }

    fn add(&mut self, text: &str, is_bool: bool) {
        self.filled += u64::from(!text.is_empty());
        if self.kind.is_none() && self.salt.is_none() {
            return;
        }
        self.tally.add(text, is_bool);
        // Of a field whose name says nothing, few different values could.
        if self.kind == Some(Kind::Open) && !self.tally.may_be_states() {
            self.kind = None;
        }
    }

    fn place(&self) -> Place {
        Place::Column(self.names.clone())
    }
}

impl Overlooked {
    /// Looks at all but these columns.
    pub(crate) fn but(unused: &[String]) -> Self {
        Self { unused: unused.to_vec(), ..Self::default() }
    }

    /// Looks at a record.
    pub(crate) fn add(&mut self, raw: &[u8], mapping: &Mapping) {
        self.records += 1;
        let mut hint = 0;
        for_each_value(raw, DEPTH, &mut |parent, name, seen| {
            let Some(at) = self.at(hint, parent, name, mapping) else { return false };
            hint = at + 1;
            let field = &mut self.fields[at];
            match seen {
                Seen::Plain(text, is_bool) => field.add(&text, is_bool),
                Seen::Object => return field.is_open,
                Seen::Other => {}
            }
            false
        });
    }

    /// Where a field stands. `hint` is where it probably does: records tend to have their fields in the
    /// same order.
    fn at(&mut self, hint: usize, parent: &str, name: &str, mapping: &Mapping) -> Option<usize> {
        let is_it = |field: &Field| {
            field.path.strip_suffix(name).is_some_and(|before| match parent {
                "" => before.is_empty(),
                _ => before.strip_suffix('.') == Some(parent),
            })
        };
        if self.fields.get(hint).is_some_and(is_it) {
            return Some(hint);
        }
        let path = path_of(parent, name);
        if let Some(at) = self.index.get(&path) {
            return Some(*at);
        }
        if self.fields.len() >= MOST {
            return None;
        }
        self.index.insert(path.clone(), self.fields.len());
        let is_taken = is_accounted_for(mapping, &self.unused, &path);
        self.fields.push(Field::new(path, parent, name, mapping, is_taken));
        Some(self.fields.len() - 1)
    }

    /// What follows from the fields that say who may sign in.
    pub(crate) fn of_standing(&self, mapping: &Mapping, schema: &Schema) -> Vec<Asked> {
        let Some(blocked) = schema.blocked_field else { return Vec::new() };
        let names: Vec<String> = self.fields.iter().map(|field| plain(&field.path)).collect();
        let beside = lockouts::of(&names).next().map_or(&[][..], |system| system.beside);
        let fields = self.fields.iter().zip(&names);
        let fields = fields.filter(|(_, name)| !beside.contains(&name.as_str()));
        let judged = fields.filter_map(|(field, _)| {
            let told =
                suggest::judge(field.kind?, field.names.last()?, &field.tally, self.records)?;
            let message = of_one(field, &told, self.records, (blocked, mapping.rule(blocked)))?;
            Some(Asked { column: field.path.clone(), concerned: told.concerned, message })
        });
        judged.filter(|asked| asked.concerned > 0).collect()
    }

    /// What follows from salts that are not mapped, where the passwords are digests without one.
    pub(crate) fn of_salts(
        &self,
        digests: &[&str],
        mapping: &Mapping,
        schema: &Schema,
    ) -> Vec<Asked> {
        let hash = match mapping.rule(schema.password_field) {
            Some(Rule::Password(password)) if !password.has_salt() => match password.hash() {
                Some(hash) => hash,
                None => return Vec::new(),
            },
            Some(Rule::Column { from, .. }) => from,
            _ => return Vec::new(),
        };
        if digests.is_empty() {
            return Vec::new();
        }
        let filled = || self.fields.iter().filter(|field| field.filled > 0);
        let salts = || {
            let salts = filled().filter_map(|field| Some((field, field.salt?)));
            salts.filter(|(field, kin)| salt::may_be(*kin, &field.tally))
        };
        // That of a wallet only where there is no better one.
        let is_better = salts().any(|(_, kin)| kin != Salt::Other);
        let scheme = suggest::scheme(&self.place_of(hash), digests);
        let of_one = |(field, _): (&Field, Salt)| {
            let path = &field.path;
            let (shown, hash, salt) = (show_name(path.as_bytes()), quoted(hash), quoted(path));
            let message = format!(
                "the passwords are digests ({}), and `{shown}`, which may be their salt, is not mapped: if they were \
                 hashed with it, nobody could sign in; then password = {{ {scheme}, hash = {hash}, salt = {salt}, \
                 order = \"salt+password\" }}, in the order in which it was hashed",
                digests.join(", ")
            );
            Asked { column: path.clone(), concerned: field.filled, message }
        };
        salts().filter(|(_, kin)| !is_better || *kin != Salt::Other).map(of_one).collect()
    }

    /// A field of a record: its name may hold dots, or it is a path.
    fn place_of(&self, path: &str) -> Place {
        Place::Column(match self.index.get(path).and_then(|at| self.fields.get(*at)) {
            Some(field) => field.names.clone(),
            None => path.split('.').map(str::to_owned).collect(),
        })
    }
}

/// The digests among the schemes of passwords that may have been hashed with a salt of another column. Strings
/// of digest and salt that stand so in the source are whole.
pub(crate) fn digests<'a>(
    schemes: impl Iterator<Item = &'a str>,
    mapping: &Mapping,
    schema: &Schema,
) -> Vec<&'a str> {
    let is_composed = matches!(mapping.rule(schema.password_field), Some(Rule::Password(_)));
    let digest_of = |scheme: &'a str| {
        let composed = scheme.strip_prefix("salted-").filter(|_| is_composed);
        scheme.strip_prefix("hex-").or(composed)
    };
    schemes.filter_map(digest_of).collect()
}

/// Whether a field needs no question: a rule takes it, or the settings leave it out on purpose.
pub(crate) fn is_accounted_for(mapping: &Mapping, unused: &[String], path: &str) -> bool {
    unused.iter().any(|unused| feeds(whole_list(unused), path)) || is_taken(mapping, path)
}

/// The field that a path leads to. For an entry of a list this is the list, since lists are not searched.
fn whole_list(path: &str) -> &str {
    path.split_once('[').map_or(path, |(list, _)| list)
}

/// Whether a rule takes this field of the record, or something inside it. A copy of the record takes
/// nothing: nobody reads it.
fn is_taken(mapping: &Mapping, path: &str) -> bool {
    takes(mapping, &|column| feeds(path, column) || feeds(column, path))
}

/// Whether a rule takes this field as a whole.
fn takes_whole(mapping: &Mapping, path: &str) -> bool {
    takes(mapping, &|column| feeds(column, path))
}

fn takes(mapping: &Mapping, is_it: &dyn Fn(&str) -> bool) -> bool {
    let takes = |rule: &Rule| match rule {
        Rule::Column { from, .. } => is_it(from),
        Rule::Password(password) => password.columns().any(is_it),
        Rule::Jq { program, .. } => program.paths().iter().any(|path| is_it(path)),
        Rule::Constant(_) | Rule::Raw { .. } => false,
    };
    mapping.rules().iter().any(|(_, rule)| takes(rule) || rule.region_column().is_some_and(is_it))
}

/// What follows from one field.
fn of_one(
    field: &Field,
    told: &Judgement,
    records: u64,
    (blocked, rule): (&str, Option<&Rule>),
) -> Option<String> {
    let shown = show_name(field.path.as_bytes());
    let of = format!("{} of {}", grouped(told.concerned), counted(records, "record"));
    let who = if told.is_told {
        format!("it says of {of} that the user may not sign in, who could after the move")
    } else {
        format!("if it says who may not sign in, these users could after the move ({of})")
    };
    let place = field.place();
    Some(match rule {
        None => {
            let note = told.note.as_ref().map_or(String::new(), |note| format!(" ({note})"));
            format!(
                "`{shown}` is not mapped: {who}; map it: {blocked} = {}{note}",
                told.rule(&place)
            )
        }
        // It may look at the whole record.
        Some(Rule::Jq { program, .. }) if program.paths().is_empty() => return None,
        Some(_) => format!(
            "`{shown}` is not mapped, and the rule of {blocked} takes another column: {who}; one rule can take both: \
             {blocked} = {{ jq = '… or ({})' }}",
            told.expression(&place)
        ),
    })
}
