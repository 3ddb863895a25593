//! Users that were there before: from a file at the start, or from the admin API.

use super::SandboxError;
use super::core::{Core, Now};
use super::directory::{Fields, User, complete};
use super::log::Write;
use super::schema;
use serde_json::Value;
use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::time::{Duration, SystemTime};

/// How old such a user is.
const BEFORE: Duration = Duration::from_hours(24);

impl Core {
    /// Adds a user that was there before.
    pub(super) fn add_user(&mut self, mut given: Fields, now: &Now) -> Result<(), String> {
        let record = Value::Object(given.clone());
        schema::check("user", "user", &record, schema::CREATE_USER_INPUT)?;
        let password = given.remove("password").and_then(|p| p.as_str().map(str::to_owned));
        if let Some(identifier) = self.directory.taken(&given, None) {
            return Err(format!("the {} belongs to another user", identifier.field()));
        }
        // They were there before anybody's run.
        let before = Now { wall: now.wall - BEFORE, ..*now };
        let user = User {
            id: self.directory.next_id(),
            fields: complete(given, &before.iso()),
            password,
            custom: Fields::new(),
            visible_at_ms: 0,
        };
        let write = Write::Create(Box::new(user));
        if let Some(journal) = &mut self.journal {
            journal.append(&write.line()).map_err(|e| e.to_string())?;
        }
        write.apply(&mut self.directory)?;
        self.stats.users = self.directory.len();
        Ok(())
    }

    /// Reads the users that were there before, unless the state has them already.
    pub(super) fn read_users(&mut self) -> Result<(), SandboxError> {
        self.stats.users = self.directory.len();
        let Some(path) = self.settings.users.clone() else { return Ok(()) };
        let file = File::open(&path).map_err(|e| SandboxError::file(&path, e))?;
        let now = Now { wall: SystemTime::now(), since_start: Duration::ZERO };
        let remembered = self.directory.len() > 0;
        for (at, line) in BufReader::new(file).lines().enumerate() {
            let line = line.map_err(|e| SandboxError::file(&path, e))?;
            if line.trim().is_empty() {
                continue;
            }
            let wrong =
                |why: String| SandboxError::content(&path, format!("line {}: {why}", at + 1));
            let given: Fields = serde_json::from_str(&line).map_err(|e| wrong(e.to_string()))?;
            if remembered && self.directory.taken(&given, None).is_some() {
                continue;
            }
            self.add_user(given, &now).map_err(wrong)?;
        }
        Ok(())
    }
}
