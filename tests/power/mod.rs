//! A loss of power at any instant, and a disk that is full or fails: what a store said was
//! committed is there afterwards, and everything else goes on.

#[allow(unsafe_code, reason = "a file layer for SQLite is made of C functions")]
mod disk;
mod runner;
mod story;

use disk::{Disk, Fault, Loss};
use rusqlite::ffi;
use story::{Story, Violation};
use userferry::store::StoreError;

/// Tells the story on a disk whose power goes again and again; says how often, or what broke.
fn tell_with_cuts(seed: u64, synchronous: &'static str) -> (u32, Option<String>) {
    let disk = Disk::new(seed);
    let mut rng = fastrand::Rng::with_seed(seed);
    let mut story = Story::new(&disk, synchronous, seed);
    let mut cuts = 0;
    loop {
        let loss = match rng.u8(0..3) {
            0 => Loss::All,
            1 => Loss::Prefix,
            _ => Loss::Any,
        };
        // Every life gets further than the one before, so that the story ends.
        let after = rng.u64(0..150 + 40 * u64::from(cuts));
        disk.set_fault(Some(Fault::Power { after, loss }));
        match story.live() {
            Ok(()) => return (cuts, None),
            Err(Violation::Store(_)) if disk.is_dead() => {
                cuts += 1;
                disk.power_on();
            }
            Err(Violation::Broken(what)) => return (cuts, Some(what)),
            Err(Violation::Store(error)) => return (cuts, Some(error.to_string())),
        }
    }
}

#[test]
fn what_was_committed_survives_every_loss_of_power() {
    let mut cuts = 0;
    for seed in 0..150 {
        let (n, violation) = tell_with_cuts(seed, "FULL");
        assert!(violation.is_none(), "seed {seed}, after {n} cuts: {violation:?}");
        cuts += n;
    }
    println!("FULL: {cuts} cuts");
    assert!(cuts >= 300, "only {cuts} cuts prove little");
}

#[test]
fn a_loss_of_power_would_be_noticed_without_the_syncs() {
    let failed = (0..20).filter(|seed| tell_with_cuts(*seed, "NORMAL").1.is_some()).count();
    println!("NORMAL: {failed} of 20 broke");
    assert!(failed > 0, "the test proves nothing");
}

/// Refuses the n-th change, for every n until the story passes; then goes on without a fault.
fn refuse_every_change(
    fault: impl Fn(u64) -> Fault,
    expected: impl Fn(&StoreError) -> bool,
) -> u64 {
    for after in 0.. {
        let disk = Disk::new(after);
        let mut story = Story::new(&disk, "FULL", 1);
        disk.set_fault(Some(fault(after)));
        match story.live() {
            Ok(()) if disk.changes() <= after => return after,
            // What failed was of no consequence, as when a file is closed.
            Ok(()) => {}
            Err(Violation::Store(error)) => {
                assert!(expected(&error), "change {after}: {error:?}");
            }
            Err(Violation::Broken(what)) => panic!("change {after}: {what}"),
        }
        disk.set_fault(None);
        if let Err(violation) = story.live() {
            panic!("going on after change {after}: {violation:?}");
        }
    }
    0
}

#[test]
fn a_full_disk_is_told_as_such_and_loses_nothing() {
    let n = refuse_every_change(
        |after| Fault::Refuse { after, code: ffi::SQLITE_FULL },
        |error| matches!(error, StoreError::Full(_)),
    );
    println!("full at each of {n} changes");
    assert!(n > 50);
}

#[test]
fn an_error_of_the_disk_loses_nothing() {
    let n = refuse_every_change(
        |after| Fault::Once { after, code: ffi::SQLITE_IOERR_WRITE },
        |error| matches!(error, StoreError::Sqlite { .. }),
    );
    println!("one failure at each of {n} changes");
    assert!(n > 50);
}
