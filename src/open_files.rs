//! How many files, connections among them, this process may have open.

use crate::error::{Error, Result};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Besides connections: the table and its journal, the terminal, what the runtime and a resolver take.
const OTHERS: u64 = 64;

/// Sees to it that so many connections can be open at once: many systems allow a process 1,024 files,
/// until it asks for more. Fails with exit code 2 where the system does not allow it: else a run
/// would take the refused connections for an outage.
pub(crate) fn allow_connections(width: usize) -> Result<()> {
    let limit = getrlimit(Resource::Nofile);
    let needed = u64::try_from(width).unwrap_or(u64::MAX).saturating_add(OTHERS);
    let refused = |allowed: u64| {
        let most = allowed.saturating_sub(OTHERS).max(1);
        Error::usage(format!(
            "{width} requests in flight take up to {needed} open files, and the system allows this process {allowed}"
        ))
        .hint(format!("raise it (ulimit -n {needed}), or set --concurrency {most}"))
    };
    match raised(&limit, needed) {
        Ok(None) => Ok(()),
        Ok(Some(current)) => {
            let raised = Rlimit { current: Some(current), maximum: limit.maximum };
            setrlimit(Resource::Nofile, raised).map_err(|_| refused(limit.current.unwrap_or(0)))
        }
        Err(allowed) => Err(refused(allowed)),
    }
}

/// What the current limit must become, if anything; the most that is allowed where that is too low.
fn raised(limit: &Rlimit, needed: u64) -> std::result::Result<Option<u64>, u64> {
    if limit.current.is_none_or(|current| current >= needed) {
        return Ok(None);
    }
    match limit.maximum.filter(|maximum| *maximum < needed) {
        Some(maximum) => Err(maximum),
        None => Ok(Some(needed)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_is_raised_only_where_it_must_be_and_may_be() {
        let raised = |current, maximum| raised(&Rlimit { current, maximum }, 100);
        assert_eq!(raised(None, None), Ok(None));
        assert_eq!(raised(Some(100), Some(100)), Ok(None));
        assert_eq!(raised(Some(99), Some(100)), Ok(Some(100)));
        assert_eq!(raised(Some(99), None), Ok(Some(100)));
        assert_eq!(raised(Some(50), Some(99)), Err(99));
    }
}
