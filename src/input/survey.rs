//! Which array of a JSON document holds the records, where nobody says so.

use super::scan::{MAX_DEPTH, show_name};
use super::stream::{Failure, Stream};

/// Candidates that a message names, at most.
const SHOWN: usize = 5;

/// The arrays that lie in objects, at any depth, as much of them as the choice needs: memory does
/// not grow with the document.
#[derive(Default)]
pub(super) struct Survey {
    /// The array `users` at the root was found.
    root_users: bool,
    /// The first array `users` deeper than that which does not begin with an object.
    hollow_users: Option<Vec<String>>,
    /// The first few arrays of objects.
    of_objects: Vec<Vec<String>>,
    /// The only array of all, if it is empty.
    only_empty: Option<Vec<String>>,
    arrays: u64,
}

/// What a survey came to.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Choice {
    Found(Vec<String>),
    None,
    /// It may be any of these.
    Several(Vec<Vec<String>>),
}

impl Survey {
    /// Walks through the document up to an array `users` at its root, or to where it is broken
    /// (which is found again, and reported, when it is read). Says too where it could not go on.
    pub(super) fn of(mut stream: Stream) -> (Self, Option<Failure>) {
        let mut survey = Self::default();
        let mut path = Vec::new();
        let end = survey.members(&mut stream, &mut path);
        (survey, end.err())
    }

    /// Whether the array `users` at the root was found, behind which nothing matters.
    pub(super) fn has_root_users(&self) -> bool {
        self.root_users
    }

    /// The array: `users` at the root; else the only one of objects, unless an array `users` that
    /// holds none may be meant; else the only one of all, which is empty.
    pub(super) fn choose(self) -> Choice {
        if self.root_users {
            return Choice::Found(vec!["users".to_owned()]);
        }
        let mut paths = self.of_objects;
        if !paths.is_empty() {
            paths.splice(..0, self.hollow_users);
        }
        match (paths.len(), self.only_empty) {
            (0, Some(empty)) if self.arrays == 1 => Choice::Found(empty),
            (0, _) => Choice::None,
            (1, _) => Choice::Found(paths.remove(0)),
            _ => Choice::Several(paths),
        }
    }

    fn members(&mut self, stream: &mut Stream, path: &mut Vec<String>) -> Result<(), Failure> {
        stream.expect(b'{', "an object is expected")?;
        if stream.peek()? == b'}' {
            stream.window.consume(1);
            return Ok(());
        }
        loop {
            path.push(stream.name()?);
            let value = stream.peek()?;
            if value == b'[' {
                let first = stream.peek_from(1)?.map(|at| stream.window.bytes()[at]);
                self.note(path, first);
                if self.has_root_users() {
                    return Ok(());
                }
            }
            if value == b'{' && path.len() < MAX_DEPTH {
                self.members(stream, path)?;
            } else {
                stream.skip_value()?;
            }
            if self.has_root_users() {
                return Ok(());
            }
            path.pop();
            if !stream.goes_on(b'}')? {
                return Ok(());
            }
        }
    }

    /// Notes an array by its path and the first byte in it.
    fn note(&mut self, path: &[String], first: Option<u8>) {
        self.arrays += 1;
        if first == Some(b'{') && self.of_objects.len() <= SHOWN {
            self.of_objects.push(path.to_vec());
        }
        if first == Some(b']') && self.arrays == 1 {
            self.only_empty = Some(path.to_vec());
        }
        if path.last().is_some_and(|name| name == "users") {
            self.root_users |= path.len() == 1;
            if path.len() > 1 && first != Some(b'{') && self.hollow_users.is_none() {
                self.hollow_users = Some(path.to_vec());
            }
        }
    }
}

/// Candidates for a message.
pub(super) fn show(paths: &[Vec<String>]) -> String {
    let mut shown: Vec<String> =
        paths.iter().take(SHOWN).map(|path| format!("`{}`", show_path(path))).collect();
    if paths.len() > SHOWN {
        shown.push("…".to_owned());
    }
    shown.join(", ")
}

/// A path as `--records` takes it.
pub(super) fn show_path(path: &[String]) -> String {
    let names: Vec<String> = path.iter().map(|name| show_name(name.as_bytes())).collect();
    names.join(".")
}
