//! The secret: from the environment, a file that only its owner can read, or a prompt.

use super::{Env, TargetSettings};
use crate::error::{Error, Result};
use secrecy::SecretString;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// More is no secret, but some other file.
const MOST_BYTES: u64 = 4096;

/// Where the secret may come from.
fn ways(env: &str) -> String {
    format!(
        "give it as {env} in the environment, or name a secret_file that only you can read, or run on a \
         terminal, without --no-input, to be asked for it"
    )
}

/// The secret of the target. `prompt` asks on a terminal; it returns none where there is none.
pub fn load_secret(
    target: &TargetSettings,
    env: Env<'_>,
    prompt: impl FnOnce() -> Option<io::Result<SecretString>>,
) -> Result<SecretString> {
    use secrecy::ExposeSecret as _;
    let known = target.provider.secret;
    let ways = || ways(known.env);
    if let Some(secret) = env(known.env).filter(|secret| !secret.trim().is_empty()) {
        return Ok(secret.trim().to_owned().into());
    }
    if let Some(path) = &target.secret_file {
        return read_file(path, &ways());
    }
    match prompt() {
        None => Err(Error::usage(format!("the secret of {} is missing", known.of)).hint(ways())),
        Some(Ok(secret)) if secret.expose_secret().trim().is_empty() => {
            Err(Error::usage("the secret is empty").hint(ways()))
        }
        Some(Ok(secret)) => Ok(secret.expose_secret().trim().to_owned().into()),
        Some(Err(error)) => {
            Err(Error::usage(format!("the secret could not be read: {error}")).hint(ways()))
        }
    }
}

fn read_file(path: &Path, ways: &str) -> Result<SecretString> {
    let shown = path.display();
    let unreadable = |error: &io::Error| {
        let why = match error.kind() {
            io::ErrorKind::NotFound => "no such file".to_owned(),
            io::ErrorKind::InvalidData => "not in UTF-8".to_owned(),
            _ => format!("cannot be read: {error}"),
        };
        Error::usage(format!("secret_file {shown}: {why}")).hint(ways)
    };
    let file = File::open(path).map_err(|error| unreadable(&error))?;
    // Of the open file, so that what is checked is what is read.
    let metadata = file.metadata().map_err(|error| unreadable(&error))?;
    if metadata.is_dir() {
        return Err(Error::usage(format!("secret_file {shown}: a directory, not a file")));
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt as _;
        let mode = metadata.mode() & 0o777;
        if mode & 0o077 != 0 {
            return Err(Error::usage(format!(
                "secret_file {shown}: others can read it (mode {mode:03o})"
            ))
            .hint(format!("chmod 600 {shown}")));
        }
    }
    let mut text = String::new();
    file.take(MOST_BYTES + 1).read_to_string(&mut text).map_err(|error| unreadable(&error))?;
    let secret: SecretString = text.into();
    let text = secrecy::ExposeSecret::expose_secret(&secret);
    if text.len() as u64 > MOST_BYTES {
        return Err(Error::usage(format!("secret_file {shown}: more than {MOST_BYTES} bytes"))
            .hint("the file must hold the secret and nothing else"));
    }
    let text = text.trim();
    if text.is_empty() || text.contains('\n') {
        let what = if text.is_empty() { "empty" } else { "more than one line" };
        return Err(Error::usage(format!("secret_file {shown}: {what}"))
            .hint("the file must hold the secret and nothing else"));
    }
    Ok(text.to_owned().into())
}
