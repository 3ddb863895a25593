//! The two files: the log of requests and the journal of the state.
//!
//! Every line is one write to the file, made before the request is answered, so that nothing the
//! server said can be lost with its process. Neither is synced: they outlive the process, not a
//! loss of power.

use super::directory::{Change, Directory, Fields, User};
use serde::Serialize;
use serde_json::{Map, Value, json};
use std::fs::{File, OpenOptions, Permissions};
use std::io::{self, BufRead, Read as _, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;

/// A file of JSON lines that only grows, readable by its owner alone.
pub(super) struct Lines {
    file: File,
    length: u64,
    last: u64,
}

impl Lines {
    /// Opens or creates the file. A last line that was torn is cut off.
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        let mut file =
            OpenOptions::new().read(true).append(true).create(true).mode(0o600).open(path)?;
        let mut length = 0;
        let about = file.metadata()?;
        if about.is_file() {
            file.set_permissions(Permissions::from_mode(0o600))?;
            length = line_start(&mut file, about.len())?;
            file.set_len(length)?;
        }
        Ok(Self { file, length, last: 0 })
    }

    pub(super) fn last_line(&mut self) -> io::Result<Option<String>> {
        let Some(end) = self.length.checked_sub(1) else { return Ok(None) };
        let start = line_start(&mut self.file, end)?;
        self.file.seek(SeekFrom::Start(start))?;
        let mut line = String::new();
        (&self.file).take(end - start).read_to_string(&mut line)?;
        Ok(Some(line))
    }

    /// Appends one line. After a failure the file is as it was.
    pub(super) fn append(&mut self, line: &impl Serialize) -> io::Result<()> {
        let mut bytes = serde_json::to_vec(line)?;
        bytes.push(b'\n');
        if let Err(e) = self.file.write_all(&bytes) {
            self.cut(self.length);
            return Err(e);
        }
        self.last = bytes.len() as u64;
        self.length += self.last;
        Ok(())
    }

    /// Takes the last line back.
    pub(super) fn undo(&mut self) {
        self.cut(self.length - self.last);
        self.last = 0;
    }

    fn cut(&mut self, length: u64) {
        match self.file.set_len(length) {
            Ok(()) => self.length = length,
            Err(e) => tracing::error!("cannot take a line back: {e}"),
        }
    }
}

/// Where the line begins that `end` lies in: after the last line feed before it.
fn line_start(file: &mut File, end: u64) -> io::Result<u64> {
    const BLOCK: u64 = 65_536;
    let mut bytes = Vec::new();
    let mut to = end;
    while to > 0 {
        let from = to.saturating_sub(BLOCK);
        file.seek(SeekFrom::Start(from))?;
        bytes.clear();
        (&*file).take(to - from).read_to_end(&mut bytes)?;
        if let Some(at) = bytes.iter().rposition(|byte| *byte == b'\n') {
            return Ok(from + at as u64 + 1);
        }
        to = from;
    }
    Ok(0)
}

/// The number in the last line of a log.
pub(super) fn number(line: &str) -> Result<u64, String> {
    let entry: Value =
        serde_json::from_str(line).map_err(|e| format!("the last line is no JSON: {e}"))?;
    entry["n"].as_u64().ok_or_else(|| "the last line is no line of this log".to_owned())
}

/// One change of the state, as the journal keeps it and the directory takes it.
pub(super) enum Write {
    Create(Box<User>),
    Update {
        id: String,
        change: Change,
    },
    /// Custom data of several users.
    Custom(Vec<(String, Fields)>),
}

impl Write {
    /// The line of the journal.
    pub(super) fn line(&self) -> Value {
        match self {
            Self::Create(user) => json!({
                "kind": "user", "id": user.id, "fields": user.fields, "password": user.password,
                "custom": user.custom, "visible_at_ms": user.visible_at_ms,
            }),
            Self::Update { id, change } => json!({
                "kind": "update", "id": id, "fields": change.fields, "password": change.password,
                "custom": change.custom,
            }),
            Self::Custom(items) => json!({"kind": "custom", "items": items}),
        }
    }

    /// Changes the directory; what was checked before never fails.
    pub(super) fn apply(self, directory: &mut Directory) -> Result<(), String> {
        match self {
            Self::Create(user) => {
                directory.insert(*user).map_err(|why| format!("a user cannot be added: {why:?}"))
            }
            Self::Update { id, change } => directory
                .update(&id, change)
                .map(|_| ())
                .map_err(|why| format!("user {id} cannot be updated: {why:?}")),
            Self::Custom(items) => items.into_iter().try_for_each(|(id, custom)| {
                let change = Change { custom, ..Change::default() };
                Self::Update { id, change }.apply(directory)
            }),
        }
    }

    fn read(line: &mut Map<String, Value>) -> Option<Self> {
        let mut fields = |name: &str| match line.remove(name) {
            Some(Value::Object(fields)) => fields,
            _ => Fields::new(),
        };
        let (given, custom) = (fields("fields"), fields("custom"));
        let text = |name: &str| line.get(name).and_then(Value::as_str).map(str::to_owned);
        let password = text("password");
        match text("kind")?.as_str() {
            "user" => Some(Self::Create(Box::new(User {
                id: text("id")?,
                fields: given,
                password,
                custom,
                visible_at_ms: line.get("visible_at_ms").and_then(Value::as_i64).unwrap_or(0),
            }))),
            "update" => {
                let change = Change { fields: given, password, custom };
                Some(Self::Update { id: text("id")?, change })
            }
            "custom" => serde_json::from_value(line.remove("items")?).ok().map(Self::Custom),
            _ => None,
        }
    }
}

/// The line of the journal for a new key.
pub(super) fn key_line(private_pem: &str) -> Value {
    json!({"kind": "key", "private_pem": private_pem})
}

/// Reads a journal into `directory`; returns the last key.
pub(super) fn replay(
    journal: impl BufRead,
    directory: &mut Directory,
) -> Result<Option<String>, String> {
    let mut key = None;
    for (at, line) in journal.lines().enumerate() {
        let wrong = |why: &str| format!("line {}: {why}", at + 1);
        let mut line: Map<String, Value> = line
            .and_then(|line| Ok(serde_json::from_str(&line)?))
            .map_err(|e| wrong(&e.to_string()))?;
        if let Some(pem) = line.get("private_pem").and_then(Value::as_str) {
            key = Some(pem.to_owned());
        } else {
            let write =
                Write::read(&mut line).ok_or_else(|| wrong("no line of a sandbox's state"))?;
            write.apply(directory).map_err(|why| wrong(&why))?;
        }
    }
    Ok(key)
}

#[cfg(test)]
mod tests {

    use super::*;
    use crate::sandbox::directory::Identifier;

    fn user(id: &str, fields: Value) -> Write {
        let Value::Object(fields) = fields else { panic!("fields are an object") };
        Write::Create(Box::new(User {
            id: id.to_owned(),
            fields,
            password: Some("$2b$".to_owned()),
            custom: Fields::new(),
            visible_at_ms: 5,
        }))
    }

    #[test]
    fn a_journal_brings_the_directory_back() {
        let change = Change {
            fields: Fields::from_iter([("email".to_owned(), json!("b@x"))]),
            ..Change::default()
        };
        let custom = Fields::from_iter([("school".to_owned(), json!("\"A\""))]);
        let text = [
            key_line("old").to_string(),
            user("1", json!({"email": "a@x"})).line().to_string(),
            key_line("new").to_string(),
            Write::Update { id: "1".to_owned(), change }.line().to_string(),
            Write::Custom(vec![("1".to_owned(), custom)]).line().to_string(),
        ]
        .join("\n");
        let mut directory = Directory::default();
        assert_eq!(replay(text.as_bytes(), &mut directory).unwrap().as_deref(), Some("new"));
        let user = directory.find(Identifier::Email, "b@x").unwrap();
        assert_eq!((user.password.as_deref(), user.visible_at_ms), (Some("$2b$"), 5));
        assert_eq!(user.custom["school"], "\"A\"");
    }

    #[test]
    fn a_torn_last_line_is_cut_off_and_a_line_can_be_taken_back() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("log");
        std::fs::write(&path, "{\"n\":1}\n{\"n\":2}\n{\"n\":").unwrap();
        let mut lines = Lines::open(&path).unwrap();
        assert_eq!(number(&lines.last_line().unwrap().unwrap()), Ok(2));
        lines.append(&json!({"n": 3})).unwrap();
        lines.append(&json!({"n": 4})).unwrap();
        lines.undo();
        lines.append(&json!({"n": 5})).unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        assert_eq!(text, "{\"n\":1}\n{\"n\":2}\n{\"n\":3}\n{\"n\":5}\n");
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn the_last_line_is_found_however_long_the_lines_are() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("log");
        let mut lines = Lines::open(&path).unwrap();
        assert_eq!(lines.last_line().unwrap(), None);
        let long = "ü".repeat(100_000);
        lines.append(&json!({"n": 1, "text": long})).unwrap();
        lines.append(&json!({"n": 2, "text": long})).unwrap();
        drop(lines);
        let mut torn = std::fs::read(&path).unwrap();
        torn.extend("{\"n\":3,\"text\":\"ü".bytes().take(16));
        std::fs::write(&path, torn).unwrap();
        let mut lines = Lines::open(&path).unwrap();
        assert_eq!(number(&lines.last_line().unwrap().unwrap()), Ok(2));
    }

    #[test]
    fn a_file_of_something_else_is_refused() {
        for text in ["{\"kind\":\"other\"}", "[1]", "nonsense", "{\"kind\":\"user\"}"] {
            assert!(replay(text.as_bytes(), &mut Directory::default()).is_err(), "{text}");
        }
        assert!(number("{\"a\":1}").is_err());
    }
}
