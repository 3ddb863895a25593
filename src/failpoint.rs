//! Named points at which a test lets the process die as by `kill -9`.
//!
//! Only in builds with debug assertions: `USERFERRY_FAILPOINT=after-claim:3` dies the third time
//! that the point is reached. A release has none of it.

/// Dies here if the environment says so.
#[cfg(debug_assertions)]
pub fn hit(name: &str) {
    if is_due(name) {
        die();
    }
}

/// A release does not die here.
#[cfg(not(debug_assertions))]
#[inline]
pub fn hit(_name: &str) {}

/// Whether the point is reached for the time at which to die.
#[cfg(debug_assertions)]
pub fn is_due(name: &str) -> bool {
    use std::sync::OnceLock;
    use std::sync::atomic::{AtomicU32, Ordering};
    static POINT: OnceLock<Option<(String, AtomicU32)>> = OnceLock::new();
    let point = POINT.get_or_init(|| {
        let text = std::env::var("USERFERRY_FAILPOINT").ok()?;
        let (name, n) = text.split_once(':')?;
        Some((name.to_owned(), AtomicU32::new(n.parse().ok()?)))
    });
    let Some((wanted, left)) = point else { return false };
    wanted == name
        && left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |n| n.checked_sub(1)) == Ok(1)
}

/// Never in a release.
#[cfg(not(debug_assertions))]
#[inline]
pub fn is_due(_name: &str) -> bool {
    false
}

/// Ends the process as nothing in it can prevent or notice.
#[cfg(debug_assertions)]
pub fn die() {
    let me = rustix::process::getpid();
    if rustix::process::kill_process(me, rustix::process::Signal::KILL).is_err() {
        std::process::abort();
    }
    loop {
        std::thread::park();
    }
}

/// Never in a release.
#[cfg(not(debug_assertions))]
#[inline]
pub fn die() {}
