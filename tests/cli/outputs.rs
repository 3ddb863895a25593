//! Where the program writes by name: what is there and is no file stays what it is.

use super::{Desk, numbered};
use rustix::fs::{CWD, FileType, Mode, OFlags, makedev, mknodat};
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _, PermissionsExt as _, symlink};
use std::path::Path;

fn node(path: &Path, kind: FileType, device: u64) -> std::io::Result<()> {
    Ok(mknodat(CWD, path, kind, Mode::from_raw_mode(0o644), device)?)
}

/// Three rows that are to be sent.
fn staged() -> Desk {
    let desk = Desk::new();
    desk.write("u.jsonl", numbered(1..4));
    desk.ferry("stage u.jsonl").ok(0);
    desk
}

const EXPORT: &str = "export --status pending -o";

#[test]
fn a_pipe_takes_what_a_command_writes_and_stays_a_pipe() {
    let desk = staged();
    let pipe = desk.path("pipe");
    node(&pipe, FileType::Fifo, 0).unwrap();
    symlink("pipe", desk.path("link")).unwrap();
    let before = pipe.metadata().unwrap();
    let lines = [
        &format!("{EXPORT} pipe"),
        &format!("{EXPORT} link"),
        "check u.jsonl --json -o pipe",
        "--config pipe init",
    ];
    for line in lines {
        // Open at both ends, so that neither waits for the other.
        let both = rustix::fs::open(&pipe, OFlags::RDWR | OFlags::NONBLOCK, Mode::empty()).unwrap();
        let did = desk.ferry(line).ok(0);
        let mut bytes = vec![0; 1 << 16];
        let n = rustix::io::read(&both, &mut bytes).expect("what was written to the pipe");
        let text = String::from_utf8(bytes[..n].to_vec()).unwrap();
        assert!(text.lines().count() >= 1 && did.out.is_empty(), "{line}: {text}");
        if line.starts_with("export") {
            assert_eq!(text, numbered(1..4));
        }
    }
    let after = pipe.metadata().unwrap();
    assert!(after.file_type().is_fifo());
    assert_eq!((after.ino(), after.mode()), (before.ino(), before.mode()));
    assert!(desk.path("link").symlink_metadata().unwrap().is_symlink());
}

/// Making a device takes rights that not every machine gives.
#[cfg(target_os = "linux")]
#[test]
fn a_device_takes_what_is_written_and_stays_a_device() {
    let desk = staged();
    let device = desk.path("null");
    // As `/dev/null` has it (null(4)).
    if node(&device, FileType::CharacterDevice, makedev(1, 3)).is_err()
        || std::fs::write(&device, "x").is_err()
    {
        return;
    }
    let before = device.metadata().unwrap();
    let did = desk.ferry(&format!("{EXPORT} null")).ok(0);
    assert_eq!(did.err, "3 records written to null\n");
    desk.ferry("check u.jsonl -o null").ok(0);
    let after = device.metadata().unwrap();
    assert!(after.file_type().is_char_device());
    assert_eq!((after.ino(), after.mode()), (before.ino(), before.mode()));
}

#[test]
fn a_link_is_followed_and_a_file_behind_it_needs_force() {
    let desk = staged();
    std::fs::create_dir(desk.path("inner")).unwrap();
    symlink("inner/out.jsonl", desk.path("link.jsonl")).unwrap();
    let told = |desk: &Desk| {
        assert!(desk.path("link.jsonl").symlink_metadata().unwrap().is_symlink());
        assert_eq!(desk.read("inner/out.jsonl"), numbered(1..4));
        let mode = desk.path("inner/out.jsonl").metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    };
    desk.ferry(&format!("{EXPORT} link.jsonl")).ok(0);
    told(&desk);
    let did = desk.ferry(&format!("{EXPORT} link.jsonl")).ok(2);
    assert!(did.err.starts_with("error: link.jsonl is there already\n"), "{}", did.err);
    desk.write("inner/out.jsonl", "old");
    desk.ferry(&format!("{EXPORT} link.jsonl --force")).ok(0);
    told(&desk);
    symlink("inner/userferry.toml", desk.path("userferry.toml")).unwrap();
    desk.ferry("init --from u.jsonl").ok(0);
    assert!(desk.read("inner/userferry.toml").contains("[mapping]"));
    desk.ferry("init --from u.jsonl").ok(2);
}

#[test]
fn a_directory_is_refused() {
    let desk = staged();
    std::fs::create_dir(desk.path("inner")).unwrap();
    symlink("inner", desk.path("link")).unwrap();
    for name in ["inner", "link"] {
        for line in [format!("{EXPORT} {name} --force"), format!("check u.jsonl -o {name}")] {
            let did = desk.ferry(&line).ok(2);
            let told = format!("error: {name} cannot be written: a directory, not a file\n");
            assert_eq!(did.err, told, "{line}");
        }
    }
    assert_eq!(std::fs::read_dir(desk.path("inner")).unwrap().count(), 0);
}

#[test]
fn the_names_of_standard_output_are_standard_output() {
    let desk = staged();
    for name in ["-", "/dev/stdout"] {
        assert_eq!(desk.ferry(&format!("{EXPORT} {name}")).ok(0).out, numbered(1..4));
    }
}

/// A shell that appends has put something before: no output may take the place of it.
#[cfg(target_os = "linux")]
#[test]
fn what_standard_output_goes_to_is_never_replaced_by_another_name_of_it() {
    let desk = staged();
    symlink("/dev/stdout", desk.path("link")).unwrap();
    for name in ["/dev/stdout", "/dev/fd/1", "/proc/self/fd/1", "link", "kept"] {
        desk.write("kept", "before\n");
        let before = desk.path("kept").metadata().unwrap().ino();
        let mut command = desk.command(&format!("{EXPORT} {name} --force"));
        let kept = std::fs::File::options().append(true).open(desk.path("kept")).unwrap();
        let did = command.stdout(kept).output().unwrap();
        assert!(did.status.success(), "{name}: {}", String::from_utf8_lossy(&did.stderr));
        assert_eq!(desk.read("kept"), format!("before\n{}", numbered(1..4)), "{name}");
        assert_eq!(desk.path("kept").metadata().unwrap().ino(), before, "{name}");
        // Through a pipe as well.
        if name != "kept" {
            assert_eq!(desk.ferry(&format!("{EXPORT} {name}")).ok(0).out, numbered(1..4));
        }
    }
}
