//! The folder that a password function is written to: what may be in it before, and what becomes of that.

use crate::error::{Error, Result};
use crate::password::function::{self, File};
use std::io::{self, ErrorKind, Write as _};
use std::path::Path;

/// The files of a function that was written to the folder before, by their paths in it.
#[derive(Debug)]
pub(super) struct Before(Vec<String>);

/// Looks at a folder. What is there is replaced only if that is said, for it may have been changed by hand, and
/// only if it is a function of ours.
pub(super) fn look(folder: &Path, force: bool) -> Result<Before> {
    let unreadable =
        |error: io::Error| Error::usage(format!("{} cannot be written: {error}", folder.display()));
    let files = files_of(folder).map_err(unreadable)?;
    if files.is_empty() {
        return Ok(Before(files));
    }
    let package = std::fs::read(folder.join("package.json")).unwrap_or_default();
    let is_one = function::is_one(&files, &package);
    if is_one && force {
        return Ok(Before(files));
    }
    let hint = match (is_one, force) {
        (true, _) => {
            "name a new directory with --output, or replace the function in it with --force"
        }
        (false, true) => {
            "name a new directory with --output: --force replaces nothing but a function that was written by this command, \
             with no other files beside it"
        }
        (false, false) => "name a new directory with --output; nothing is written over",
    };
    Err(Error::usage(format!("{} is there already, and not empty", folder.display())).hint(hint))
}

/// The files of a folder and of its `schemes`; of other folders only that they are there. None where the folder is
/// not there yet.
fn files_of(folder: &Path) -> io::Result<Vec<String>> {
    let mut files = Vec::new();
    let entries = match folder.read_dir() {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(files),
        entries => entries?,
    };
    for entry in entries {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if !entry.file_type()?.is_dir() {
            files.push(name);
        } else if name == "schemes" {
            for scheme in entry.path().read_dir()? {
                files.push(format!("{name}/{}", scheme?.file_name().to_string_lossy()));
            }
        } else {
            files.push(format!("{name}/"));
        }
    }
    Ok(files)
}

impl Before {
    /// Takes away the files that the new function does not have. What npm has installed stays, and so do the
    /// parameters of Firebase, if they are still of use: whoever wrote them in wrote them by hand.
    pub(super) fn clear(&self, folder: &Path, new: &[File], keeps_firebase: bool) -> Result<()> {
        let stays = |path: &String| {
            path.ends_with('/')
                || new.iter().any(|(name, _)| name == path)
                || keeps_firebase && path == function::FIREBASE
        };
        for path in self.0.iter().filter(|path| !stays(path)) {
            let path = folder.join(path);
            std::fs::remove_file(&path).map_err(|error| {
                Error::usage(format!("{} cannot be removed: {error}", path.display()))
            })?;
        }
        Ok(())
    }
}

pub(super) fn write(folder: &Path, files: &[File]) -> Result<()> {
    for (name, text) in files {
        let path = folder.join(name);
        let written = || {
            if let Some(folder) = path.parent() {
                std::fs::create_dir_all(folder)?;
            }
            // The parameters of a Firebase project are a secret; the rest must be readable for
            // whoever unpacks the archive at the provider's.
            if name == function::FIREBASE {
                return write_secret(&path, text);
            }
            std::fs::write(&path, text)
        };
        written().map_err(|error| {
            Error::usage(format!("{} cannot be written: {error}", path.display()))
        })?;
    }
    Ok(())
}

fn write_secret(path: &Path, text: &str) -> io::Result<()> {
    let mut file = crate::store::file::Replacement::create(path)?;
    file.write_all(text.as_bytes())?;
    file.finish()
}
