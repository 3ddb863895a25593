//! One writer at a time: an OS lock on a file beside the table, which says who holds it.
//!
//! The operating system drops the lock when its holder ends in whatever way, so a file that a
//! crash left behind is no obstacle.

use super::StoreError;
use super::file::{beside, open_private};
use serde::{Deserialize, Serialize};
use std::fs::{File, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// A reader that looks who holds the lock holds it itself for an instant: that is no reason to
/// refuse a writer.
const LOOK: Duration = Duration::from_millis(20);
const LOOK_TRIES: u32 = 5;

/// Who holds a lock.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq, Eq)]
pub struct Holder {
    /// The machine's name.
    pub machine: String,
    /// The process.
    pub pid: u32,
    /// ISO 8601, UTC.
    pub since: String,
    /// The command.
    pub command: String,
}

/// A lock that is held until it is dropped.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

impl Lock {
    /// Takes the lock of the table at `path` (canonical).
    pub fn take(path: &Path, holder: &Holder) -> Result<Self, StoreError> {
        let lock_path = lock_path(path);
        let mut file =
            open_private(&lock_path).map_err(|error| StoreError::of_system(path, &error))?;
        for tries_left in (0..LOOK_TRIES).rev() {
            match file.try_lock() {
                Ok(()) => break,
                Err(TryLockError::WouldBlock) if tries_left > 0 => std::thread::sleep(LOOK),
                Err(TryLockError::WouldBlock) => {
                    let holder = describe(&mut file);
                    return Err(StoreError::InUse { path: path.to_owned(), holder });
                }
                Err(TryLockError::Error(error)) => return Err(StoreError::of_system(path, &error)),
            }
        }
        let text = serde_json::to_string(holder).unwrap_or_default();
        let written = file
            .set_len(0)
            .and_then(|()| file.rewind())
            .and_then(|()| file.write_all(text.as_bytes()));
        written.map_err(|error| StoreError::of_system(path, &error))?;
        Ok(Self { _file: file })
    }
}

/// Whether somebody holds the lock of the table at `path`, without taking it for longer than a
/// look.
pub fn holder(path: &Path) -> Option<Holder> {
    let mut file = File::open(lock_path(path)).ok()?;
    match file.try_lock_shared() {
        Ok(()) => None,
        Err(_) => read(&mut file),
    }
}

fn lock_path(path: &Path) -> PathBuf {
    beside(path, ".lock")
}

fn read(file: &mut File) -> Option<Holder> {
    let mut text = String::new();
    file.rewind().ok()?;
    file.read_to_string(&mut text).ok()?;
    serde_json::from_str(&text).ok()
}

fn describe(file: &mut File) -> String {
    match read(file) {
        Some(holder) => format!(
            "the command '{}' on {}, process {}, since {}",
            holder.command, holder.machine, holder.pid, holder.since
        ),
        None => "held by a process that has not said who it is".to_owned(),
    }
}
