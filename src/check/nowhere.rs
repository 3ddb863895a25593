//! The fields of an export that nothing maps, also those inside objects.

use super::fed::left_out;
use crate::input::{HIDDEN, is_data, show_name};
use crate::mapping::{Mapping, Rule, feeds, for_each_inner_field, is_secret_name, path_of};
use crate::schema::Schema;
use crate::suggest;

/// Fields of one object that are named one by one. Where there are more, their names may be data.
const OF_ONE: usize = 20;
/// Objects whose fields are named.
const OBJECTS: usize = 50;
/// How deep it is looked.
const DEPTH: usize = 4;

/// What was met.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Nowhere {
    /// The paths of objects, each with the names in it.
    of_objects: Vec<(String, Vec<String>)>,
}

/// How much of a field the mapping takes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fed {
    Whole,
    Inside,
    Not,
}

impl Nowhere {
    /// Looks into the objects of a record.
    pub(crate) fn add(&mut self, raw: &[u8], mapping: &Mapping, schema: &Schema) {
        let copies = copies(mapping, schema);
        for_each_inner_field(raw, DEPTH, &mut |parent, name, is_object| {
            let path = path_of(parent, name);
            let fed = fed(mapping, &path);
            // A field of the record itself is told by its own line.
            let is_told = !is_copied(&copies, &path) || is_secret_name(name);
            // An address as a name is data, and a path through it would show it.
            let is_data = is_data(name);
            if fed == Fed::Not && (!is_object || is_data) && !parent.is_empty() && is_told {
                self.note(parent, if is_data { HIDDEN } else { name });
            }
            is_object && fed != Fed::Whole && !is_data
        });
    }

    /// The paths of those that are called like passwords.
    pub(super) fn secrets(&self) -> impl Iterator<Item = String> {
        let of_one = |(parent, names): &(String, Vec<String>)| -> Vec<String> {
            names
                .iter()
                .filter(|name| is_secret_name(name))
                .map(|name| path_of(parent, name))
                .collect()
        };
        self.of_objects.iter().flat_map(of_one)
    }

    fn note(&mut self, parent: &str, name: &str) {
        let at = match self.of_objects.iter().position(|(known, _)| known == parent) {
            Some(at) => at,
            None if self.of_objects.len() >= OBJECTS => return,
            None => {
                self.of_objects.push((parent.to_owned(), Vec::new()));
                self.of_objects.len() - 1
            }
        };
        let names = &mut self.of_objects[at].1;
        if names.len() <= OF_ONE && !names.iter().any(|known| known == name) {
            names.push(name.to_owned());
        }
    }

    /// Whether something inside this field is named.
    pub(crate) fn names_inside(&self, field: &str) -> bool {
        self.of_objects.iter().any(|(parent, _)| feeds(field, parent))
    }

    /// The paths; of an object with very many fields, its own.
    pub(super) fn paths(&self) -> impl Iterator<Item = String> {
        let of_one = |(parent, names): &(String, Vec<String>)| -> Vec<String> {
            if names.len() > OF_ONE {
                return vec![parent.clone()];
            }
            names.iter().map(|name| path_of(parent, name)).collect()
        };
        self.of_objects.iter().flat_map(of_one)
    }

    /// The paths, for people.
    pub(crate) fn shown(&self, is_asked: bool) -> Vec<String> {
        let of_one = |(parent, names): &(String, Vec<String>)| -> Vec<String> {
            let path = |name: &str| shown_unmapped(&format!("{parent}.{name}"), is_asked);
            if names.len() > OF_ONE {
                return vec![path("…")];
            }
            names.iter().map(|name| path(name)).collect()
        };
        self.of_objects.iter().flat_map(of_one).collect()
    }
}

/// The name of an unmapped field, for people. If `is_asked`, a field that may say who is blocked is marked; a
/// warning proposes the rule for it.
pub(super) fn shown_unmapped(path: &str, is_asked: bool) -> String {
    let names: Vec<String> = path.split('.').map(str::to_owned).collect();
    let mark = if is_asked && suggest::speaks(&names) { " (blocked?)" } else { "" };
    format!("{}{mark}", show_name(path.as_bytes()))
}

/// How much of a field the rules take, but for copies of the record.
fn fed(mapping: &Mapping, path: &str) -> Fed {
    let mut fed = Fed::Not;
    let mut by_column = |column: &str| {
        // A rule that takes the object around it takes the field.
        if feeds(column, path) {
            fed = Fed::Whole;
        } else if feeds(path, column) && fed == Fed::Not {
            fed = Fed::Inside;
        }
    };
    for (_, rule) in mapping.rules() {
        match rule {
            Rule::Column { from, .. } => by_column(from),
            Rule::Password(password) => password.columns().for_each(&mut by_column),
            Rule::Jq { program, .. } => program.paths().iter().for_each(|path| by_column(path)),
            Rule::Raw { .. } | Rule::Constant(_) => {}
        }
    }
    fed
}

/// What each copy of the record goes without.
fn copies<'a>(mapping: &'a Mapping, schema: &Schema) -> Vec<Vec<&'a str>> {
    let without = mapping.rules().iter().filter_map(|(_, rule)| match rule {
        Rule::Raw { without } => Some(left_out(mapping, without, schema)),
        _ => None,
    });
    without.collect()
}

fn is_copied(copies: &[Vec<&str>], path: &str) -> bool {
    copies.iter().any(|without| !without.iter().any(|out| feeds(out, path)))
}
