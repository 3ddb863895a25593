//! Panics that concern one record: caught, so that a fault of the program or of a library costs that record
//! and not the whole run.

use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, PanicHookInfo, catch_unwind, set_hook, take_hook};
use std::sync::Once;

thread_local! {
    static IS_CAUGHT: Cell<bool> = const { Cell::new(false) };
    static AT: RefCell<String> = const { RefCell::new(String::new()) };
}

/// What the work returns, or the place in the source code at which it panicked. The words of the panic are
/// not kept: they may hold a value of the record.
pub(crate) fn caught<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let before = take_hook();
        set_hook(Box::new(move |panic| {
            if !is_noted(panic) {
                before(panic);
            }
        }));
    });
    let before = IS_CAUGHT.replace(true);
    let done = catch_unwind(AssertUnwindSafe(work));
    IS_CAUGHT.set(before);
    done.map_err(|_| AT.take())
}

/// Whether the panic is one that is caught. Its place is noted then.
fn is_noted(panic: &PanicHookInfo<'_>) -> bool {
    if IS_CAUGHT.get() {
        AT.set(panic.location().map_or_else(|| "an unknown place".to_owned(), place));
    }
    IS_CAUGHT.get()
}

/// `convert.rs:17`: the folders are those of the machine that built the program.
fn place(location: &std::panic::Location<'_>) -> String {
    let file = location.file().rsplit(['/', '\\']).next().unwrap_or_default();
    format!("{file}:{}", location.line())
}

/// Tells of a panic that is not caught without its words, which may hold a value of a record.
pub fn tell_panics_without_words() {
    set_hook(Box::new(|panic| {
        let at = panic.location().map_or_else(|| "an unknown place".to_owned(), place);
        // A standard error that is gone takes no report.
        drop(std::io::Write::write_fmt(
            &mut std::io::stderr().lock(),
            format_args!(
                "internal error at {at}: please report it; what was staged and recorded stays\n"
            ),
        ));
    }));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_caught_and_told_by_its_place_alone() {
        let secret = "geheim-geheim";
        let at = caught(|| assert!(secret.is_empty(), "{secret}")).unwrap_err();
        assert!(at.starts_with("caught.rs:") && !at.contains("geheim"), "{at}");
        assert_eq!(caught(|| 7), Ok(7));
    }

    #[test]
    fn one_that_is_caught_inside_of_another_leaves_the_other_one_caught() {
        let inner = |fails: bool| caught(move || assert!(!fails)).is_err();
        let outer = caught(|| {
            assert!(inner(true));
            assert!(IS_CAUGHT.get());
            panic!("after it");
        });
        assert!(outer.is_err());
        assert!(!IS_CAUGHT.get());
    }
}
