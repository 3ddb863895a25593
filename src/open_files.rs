//! How many files, connections among them, this process may have open.

use crate::error::{Error, Result};
use crate::words::counted;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Besides connections: the table and its journal, the terminal, what the runtime and a resolver take.
const OTHERS: u64 = 64;

/// Sees to it that so many connections can be open at once. Fails with exit code 2 where the system
/// does not allow it: else a run would take the refused connections for an outage.
pub(crate) fn allow_connections(width: usize) -> Result<()> {
    let width = u64::try_from(width).unwrap_or(u64::MAX);
    // While connections are being made there may be two for a request: to addresses of both families, or
    // one that became idle in between.
    let allowed = raise(width.saturating_mul(2).saturating_add(OTHERS));
    let needed = width.saturating_add(OTHERS);
    if allowed.is_none_or(|allowed| allowed >= needed) {
        return Ok(());
    }
    let allowed = allowed.unwrap_or_default();
    let fewer = match allowed.saturating_sub(OTHERS) {
        0 => String::new(),
        most => format!(", or set --concurrency {most}"),
    };
    Err(Error::usage(format!(
        "with {} in flight up to {needed} files are open, and the system allows this process {allowed}",
        counted(width, "request")
    ))
    .hint(format!("raise it: ulimit -n {needed}{fewer}")))
}

/// As many connections as the system allows: for a server, which does not choose their number.
pub(crate) fn allow_all_connections() {
    raise(u64::MAX);
}

/// Raises the limit, if need be, to this or to what the system allows at most: many set 1,024 until a
/// process asks for more. Returns what it is then; `None` for no limit.
fn raise(wanted: u64) -> Option<u64> {
    let limit = getrlimit(Resource::Nofile);
    let current = raised(&limit, wanted);
    if current == limit.current {
        return current;
    }
    match setrlimit(Resource::Nofile, Rlimit { current, maximum: limit.maximum }) {
        Ok(()) => current,
        Err(_) => limit.current,
    }
}

/// What the current limit should become.
fn raised(limit: &Rlimit, wanted: u64) -> Option<u64> {
    let current = limit.current?;
    let most = limit.maximum.map_or(wanted, |maximum| wanted.min(maximum));
    Some(current.max(most))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_is_raised_only_where_it_must_be_and_may_be() {
        let raised = |current, maximum| raised(&Rlimit { current, maximum }, 100);
        assert_eq!(raised(None, None), None);
        assert_eq!(raised(Some(101), Some(200)), Some(101));
        assert_eq!(raised(Some(100), Some(100)), Some(100));
        assert_eq!(raised(Some(99), Some(200)), Some(100));
        assert_eq!(raised(Some(99), None), Some(100));
        assert_eq!(raised(Some(50), Some(99)), Some(99));
    }
}
