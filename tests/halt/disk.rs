//! A disk that is full, and one that is read-only, under the real program: a file system of its own
//! in memory, in a mount namespace that needs no rights. Where the system does not allow that, the
//! tests say so and do nothing; `tests/power` plays the same with a file layer of its own.

use crate::process::{Rig, books};
use std::process::Command;

/// Mounts 32 MB at `disk` in the rig's folder, runs the script there, and keeps the table that it
/// leaves behind. `uf` is the program with a table on that disk.
fn on_a_disk(rig: &Rig, script: &str) -> Option<Vec<i32>> {
    if !namespaces_work() {
        eprintln!("skipped: this system does not let unshare mount a file system");
        return None;
    }
    std::fs::create_dir(rig.dir.path().join("disk")).unwrap();
    let script = format!(
        "set -u\n\
         mount -t tmpfs -o size=32m userferry disk || exit 99\n\
         uf() {{ \"$USERFERRY\" --quiet --db disk/userferry.db \"$@\" 2>>said; echo $? >>codes; }}\n\
         fill() {{ dd if=/dev/zero of=disk/filler bs=4k 2>/dev/null; true; }}\n\
         {script}\n\
         cp disk/userferry.db userferry.db\n"
    );
    let output = rig.shell(Command::new("unshare").args(["-rm", "sh", "-c", &script]));
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let codes = std::fs::read_to_string(rig.dir.path().join("codes")).unwrap();
    Some(codes.lines().map(|code| code.parse().unwrap()).collect())
}

fn namespaces_work() -> bool {
    let mut try_it = Command::new("unshare");
    try_it.args(["-rm", "sh", "-c", "mount -t tmpfs userferry /mnt"]);
    try_it.output().is_ok_and(|output| output.status.success())
}

fn said(rig: &Rig) -> String {
    std::fs::read_to_string(rig.dir.path().join("said")).unwrap()
}

#[test]
fn a_disk_that_fills_during_staging() {
    let rig = Rig::start(&[]);
    rig.write_users(3_000);
    // Some 200 kB are left.
    let script = "head -c 32500k /dev/zero >disk/filler
        uf stage users.jsonl
        rm disk/filler
        uf stage users.jsonl
        uf run --concurrency=8";
    let Some(codes) = on_a_disk(&rig, script) else { return };
    assert_eq!(codes, [6, 0, 0], "{}", said(&rig));
    let said = said(&rig);
    assert!(said.contains("disk/userferry.db is full"), "{said}");
    assert!(said.contains("free some space and run the same command again"), "{said}");
    books::check_all_there(&rig, 3_000);
}

#[test]
fn a_disk_that_fills_during_a_run() {
    let rig = Rig::start(&["--latency=5ms"]);
    rig.write_users(1_000);
    let script = "uf stage users.jsonl
        uf run --limit=50
        { sleep 0.3; fill; } &
        uf run --concurrency=8 --rate=200/s
        wait
        uf run --concurrency=8
        rm disk/filler
        uf run --concurrency=8";
    let Some(codes) = on_a_disk(&rig, script) else { return };
    assert_eq!(codes, [0, 5, 6, 6, 0], "{}", said(&rig));
    let said = said(&rig);
    assert_eq!(said.matches("is full").count(), 2, "{said}");
    books::check_all_there(&rig, 1_000);
}

#[test]
fn a_table_on_a_read_only_disk() {
    let rig = Rig::start(&["--latency=5ms"]);
    rig.write_users(100);
    let script = "uf stage users.jsonl
        uf run --limit=50
        mount -o remount,ro disk
        uf run
        uf stage users.jsonl
        uf status --json >status
        uf export --status done >exported
        mount -o remount,rw disk
        uf run";
    let Some(codes) = on_a_disk(&rig, script) else { return };
    let told = said(&rig);
    assert_eq!(codes, [0, 5, 6, 6, 0, 0, 0], "{told}");
    assert!(told.contains("cannot be written: read-only file or folder"), "{told}");
    let read = |name: &str| std::fs::read_to_string(rig.dir.path().join(name)).unwrap();
    let status: serde_json::Value = serde_json::from_str(&read("status")).unwrap();
    assert_eq!((&status["done"], &status["pending"]), (&50.into(), &50.into()));
    assert_eq!(read("exported").lines().count(), 50);
    books::check_all_there(&rig, 100);
}
