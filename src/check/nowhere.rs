//! The fields of an export that nothing maps, also those inside objects.

use super::{feeds, left_out};
use crate::input::show_name;
use crate::mapping::{Mapping, Rule, for_each_inner_field, path_of};
use crate::target::schema::Schema;

/// Fields of one object that are named one by one. Where there are more, their names may be data.
const OF_ONE: usize = 20;
/// Objects whose fields are named.
const OBJECTS: usize = 50;
/// How deep it is looked.
const DEPTH: usize = 4;

/// What was met: the paths of objects, each with the names in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Nowhere(Vec<(String, Vec<String>)>);

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
        for_each_inner_field(raw, DEPTH, &mut |parent, name, is_object| {
            let fed = fed(mapping, &path_of(parent, name), schema);
            // A field of the record itself is told by its own line.
            if fed == Fed::Not && !is_object && !parent.is_empty() {
                self.note(parent, name);
            }
            is_object && fed != Fed::Whole
        });
    }

    fn note(&mut self, parent: &str, name: &str) {
        let at = match self.0.iter().position(|(known, _)| known == parent) {
            Some(at) => at,
            None if self.0.len() >= OBJECTS => return,
            None => {
                self.0.push((parent.to_owned(), Vec::new()));
                self.0.len() - 1
            }
        };
        let names = &mut self.0[at].1;
        if names.len() <= OF_ONE && !names.iter().any(|known| known == name) {
            names.push(name.to_owned());
        }
    }

    /// Whether something inside this field is named.
    pub(crate) fn names_inside(&self, field: &str) -> bool {
        self.0.iter().any(|(parent, _)| feeds(field, parent))
    }

    /// The paths, for people.
    pub(crate) fn shown(&self) -> Vec<String> {
        let of_one = |(parent, names): &(String, Vec<String>)| -> Vec<String> {
            let path = |name: &str| show_name(format!("{parent}.{name}").as_bytes());
            if names.len() > OF_ONE {
                return vec![path("…")];
            }
            names.iter().map(|name| path(name)).collect()
        };
        self.0.iter().flat_map(of_one).collect()
    }
}

fn fed(mapping: &Mapping, path: &str, schema: &Schema) -> Fed {
    let mut fed = Fed::Not;
    let mut by_column = |column: &str| {
        // A rule that takes the object around it takes the field.
        if feeds(column, path) {
            fed = Fed::Whole;
        } else if feeds(path, column) && fed == Fed::Not {
            fed = Fed::Inside;
        }
    };
    let mut copied = false;
    for (_, rule) in mapping.rules() {
        match rule {
            Rule::Column { from, .. } => by_column(from),
            Rule::Password(password) => password.columns().for_each(&mut by_column),
            Rule::Jq { program, .. } => program.paths().iter().for_each(|path| by_column(path)),
            Rule::Raw { without } => {
                copied |= !left_out(mapping, without, schema).iter().any(|out| feeds(out, path));
            }
            Rule::Constant(_) => {}
        }
    }
    if copied { Fed::Whole } else { fed }
}
