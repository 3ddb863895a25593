//! Which array of a JSON document holds the records, where nobody says so.

use super::scan::{MAX_DEPTH, show_name};
use super::stream::{Failure, Stream};
use serde_json::Value;

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
    /// The names at the root that answers have which went wrong.
    error_names: Vec<String>,
    /// Of their values, one says that all went well.
    is_well: bool,
    /// One says that something went wrong.
    is_wrong: bool,
}

/// Names at the root of an answer that went wrong, in small letters and without what separates their words:
/// those of Okta, Auth0, OAuth 2 (RFC 6749), problem details (RFC 9457) and of APIs in general. Any that begins
/// with `error` is one, too.
const OF_ERRORS: [&str; 16] = [
    "message",
    "messages",
    "msg",
    "status",
    "statuscode",
    "code",
    "detail",
    "details",
    "title",
    "reason",
    "exception",
    "fault",
    "failure",
    "success",
    "errcode",
    "errmsg",
];

/// What a survey came to.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Choice {
    Found(Vec<String>),
    None,
    /// It may be any of these.
    Several(Vec<Vec<String>>),
    /// The only array is empty, and names beside it are those of an answer that went wrong.
    Error {
        array: Vec<String>,
        names: Vec<String>,
    },
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

    /// Whether the array `users` at the root was found.
    pub(super) fn has_root_users(&self) -> bool {
        self.root_users
    }

    /// Whether nothing matters that comes behind: an empty array may be part of an answer that went wrong.
    fn is_settled(&self) -> bool {
        self.root_users && self.only_empty.is_none()
    }

    /// The array: `users` at the root; else the only one of objects, unless an array `users` that
    /// holds none may be meant; else the only one of all, which is empty.
    pub(super) fn choose(self) -> Choice {
        let is_error = self.is_wrong || !self.error_names.is_empty() && !self.is_well;
        if let (Some(array), 1, true) = (&self.only_empty, self.arrays, is_error) {
            return Choice::Error { array: array.clone(), names: self.error_names };
        }
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
            if let [name] = &path[..] {
                self.note_name(name, stream)?;
            }
            if value == b'[' {
                let first = stream.peek_from(1)?.map(|at| stream.window.bytes()[at]);
                self.note(path, first);
                if self.is_settled() {
                    return Ok(());
                }
            }
            if value == b'{' && path.len() < MAX_DEPTH {
                self.members(stream, path)?;
            } else {
                stream.skip_value()?;
            }
            path.pop();
            if !stream.goes_on(b'}')? {
                return Ok(());
            }
        }
    }

    /// Notes a name at the root, and what the value that follows says of how the answer went.
    fn note_name(&mut self, name: &str, stream: &mut Stream) -> Result<(), Failure> {
        let plain: String =
            name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect();
        if !plain.starts_with("error") && !OF_ERRORS.contains(&plain.as_str()) {
            return Ok(());
        }
        if self.error_names.len() <= SHOWN {
            self.error_names.push(name.to_owned());
        }
        let value = match stream.peek()? {
            b'{' | b'[' => None,
            _ => {
                let len = stream.scan_at(0)?.len;
                serde_json::from_slice(&stream.window.bytes()[..len]).ok()
            }
        };
        match says(&plain, value.as_ref()) {
            Some(true) => self.is_well = true,
            Some(false) => self.is_wrong = true,
            None => {}
        }
        Ok(())
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

/// Whether a value, by its name in small letters, says that all went well (`"code": 0`, `"success": true`) or that
/// something went wrong. Neither where it is a text for people. `value` is none for an object or array.
fn says(name: &str, value: Option<&Value>) -> Option<bool> {
    let is_error = name.starts_with("err");
    if !is_error && !["code", "statuscode", "status", "success"].contains(&name) {
        return None;
    }
    let of_number = |n: u64| match (name, n) {
        ("success", n) => Some(n != 0),
        // Some count from 0, and to others 1 is well.
        ("status", 0 | 1) => None,
        (_, n) => Some(n == 0 || (200..300).contains(&n)),
    };
    match value {
        None => is_error.then_some(false),
        Some(Value::Null) => is_error.then_some(true),
        Some(Value::Bool(said)) => Some(*said != is_error),
        Some(Value::Number(n)) => n.as_u64().map_or(Some(false), of_number),
        Some(Value::String(text)) => match text.trim().to_ascii_lowercase().as_str() {
            "" => is_error.then_some(true),
            "ok" | "success" | "successful" | "succeeded" | "true" => Some(true),
            _ if name.ends_with("msg") || name.ends_with("message") => None,
            word => word.parse().map_or(Some(false), of_number),
        },
        Some(Value::Array(_) | Value::Object(_)) => None,
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

/// Names for a message.
pub(super) fn show_names(names: &[String]) -> String {
    let paths: Vec<Vec<String>> = names.iter().map(|name| vec![name.clone()]).collect();
    show(&paths)
}

/// A path as `--records` takes it.
pub(super) fn show_path(path: &[String]) -> String {
    let names: Vec<String> = path.iter().map(|name| show_name(name.as_bytes())).collect();
    names.join(".")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_value_says_how_an_answer_went_or_nothing() {
        let well = [
            ("code", json!(0)),
            ("code", json!(200)),
            ("code", json!("00000")),
            ("code", json!("SUCCESS")),
            ("statuscode", json!(204)),
            ("status", json!("ok")),
            ("status", json!(200)),
            ("success", json!(true)),
            ("success", json!("true")),
            ("errcode", json!(0)),
            ("errmsg", json!("ok")),
            ("error", json!(null)),
            ("error", json!(false)),
            ("errormessage", json!("")),
        ];
        let wrong = [
            ("code", json!(401)),
            ("code", json!(-1)),
            ("code", json!("E0000011")),
            ("status", json!("error")),
            ("status", json!(false)),
            ("status", json!(500)),
            ("success", json!(false)),
            ("errcode", json!(40_013)),
            ("error", json!("invalid_token")),
            ("error", json!(true)),
        ];
        let neither = [
            ("message", json!("ok")),
            ("detail", json!(0)),
            ("code", json!(null)),
            ("status", json!(0)),
            ("status", json!(1)),
            ("errmsg", json!("invalid appid")),
        ];
        for (values, expected) in
            [(&well[..], Some(true)), (&wrong[..], Some(false)), (&neither[..], None)]
        {
            for (name, value) in values {
                assert_eq!(says(name, Some(value)), expected, "{name}: {value}");
            }
        }
        assert_eq!([says("error", None), says("status", None)], [Some(false), None]);
    }
}
