//! Whole texts and streams: what goes where, in which words.

use super::{Desk, Did, numbered};
use crate::process::{POOL, Rig};
use rusqlite::Connection;

/// All that a command says: standard output, a line, standard error.
fn says(did: &Did) -> String {
    format!("{}---\n{}", did.out, did.err)
}

#[test]
fn each_step_says_what_it_did_and_what_comes_next() {
    let rig = Rig::start(&["--poison=2=code:2003"]);
    let desk = Desk::at(&rig.sandbox.url);
    desk.write("u.jsonl", format!("{}{{\"nickname\":\"nobody\"}}\n", numbered(1..4)));
    for (line, code, expected) in [
        (
            "stage u.jsonl",
            3,
            "---\nu.jsonl: 4 records read, 4 staged, 1 of them invalid\n\
             1 invalid row of u.jsonl cannot be sent: userferry failures\n3 rows to send: userferry run\n",
        ),
        (
            "status",
            0,
            "total               4\ndone                0\npending             3\n\
                       failed              0\ninvalid             1\n---\n",
        ),
        (
            "run",
            3,
            "---\nTo HOST, user pool POOL\n2 of 4 done, 1 failed, 1 invalid; 3 in this run: 2 created, 1 failed\n\
             See them, and why:       userferry failures\n\
             Send failed rows again:  userferry retry-failed --run\n\
             Take records out:        userferry export --status failed,invalid -o wrong.jsonl\n\
             Put corrected ones back: userferry stage --replace wrong.jsonl\n\
             Let invalid rows go:     userferry waive --status invalid --reason TEXT\n",
        ),
        (
            "failures",
            0,
            "SOURCE   RECORD  KEY  STATUS           CODE  TRIES  WHY\n\
             u.jsonl  2       2    failed/rejected  2003  1      The e-mail address is malformed\n\
             u.jsonl  4       -    invalid          -     0      nothing to identify the user by: \
             `uid`, `mail`, `phone` are absent or empty\n---\n\
             Send failed rows again:  userferry retry-failed --run\n\
             Take records out:        userferry export --status failed,invalid -o wrong.jsonl\n\
             Put corrected ones back: userferry stage --replace wrong.jsonl\n\
             Let invalid rows go:     userferry waive --status invalid --reason TEXT\n",
        ),
        (
            "stage u.jsonl",
            3,
            "---\nu.jsonl: staged before and unchanged since; nothing to do\n\
             1 invalid row of u.jsonl cannot be sent: userferry failures\n",
        ),
        ("retry-failed --code 1", 0, "---\nNo failed row matches; nothing was changed\n"),
        ("retry-failed", 0, "---\n1 failed row pending again\n"),
        (
            "waive --status failed --reason gone",
            0,
            "---\nNo row has this status; nothing was changed\n",
        ),
        ("waive --status invalid --reason gone", 0, "---\n1 row waived; --undo takes it back\n"),
        (
            "show nobody",
            2,
            "---\nerror: no row has the key nobody\n\nhint: an external id, an e-mail \
                            address, a phone number or a user name of a record\n",
        ),
    ] {
        let said = says(&desk.ferry(line).ok(code));
        assert_eq!(
            said.replace(&rig.sandbox.url, "HOST").replace(POOL, "POOL"),
            expected,
            "{line}"
        );
    }
    let map = desk.ferry("export --map --format csv").ok(0);
    assert_eq!(
        (map.out.lines().count(), map.err.as_str()),
        (
            3,
            "2 ids written; 2 rows have none\n1 row is done without an id there: waived, or \
             settled without --user-id\n"
        )
    );
    let fresh = Desk::new();
    fresh.write("u.jsonl", numbered(1..2));
    fresh.ferry("stage u.jsonl").ok(0);
    assert_eq!(says(&fresh.ferry("failures").ok(0)), "---\nNo row is failed, invalid or unknown\n");
}

#[test]
fn a_command_line_that_is_wrong_is_told_in_full_and_shows_no_setting_of_the_environment() {
    let desk = Desk::new();
    desk.write("u.jsonl", numbered(1..2));
    desk.ferry("stage u.jsonl").ok(0);
    assert_eq!(
        desk.ferry("frobnicate").ok(2).err,
        "error: unrecognized subcommand 'frobnicate'\n\nUsage: userferry [OPTIONS] <COMMAND>\n\n\
         For more information, try '--help'.\n"
    );
    for (line, words) in [
        ("run --limit 0", "0 is not in 1.."),
        ("waive --key 1 --reason=", "a value is required for '--reason <TEXT>'"),
        ("-q -v status", "cannot be used with"),
        ("export --status failed --map", "cannot be used with"),
        ("run --concurrency 0", "--concurrency: a whole number from 1 to 1024 is expected"),
    ] {
        let did = desk.ferry(line).ok(2);
        assert!(did.err.contains(words) && did.out.is_empty(), "{line}: {}", did.err);
    }
    for (name, form) in [
        ("USERFERRY_RATE", "a rate such as"),
        ("USERFERRY_MAX_ATTEMPTS", "a whole number from 1 to 1000"),
        ("USERFERRY_ON_CONFLICT", "\"fail\" or \"skip\""),
    ] {
        let mut command = desk.command("run --dry-run");
        let did = desk.did(command.env(name, "Zgeheim").output().unwrap()).ok(2);
        let start = format!("error: environment variable {name}: {form}");
        assert!(did.err.starts_with(&start) && !did.err.contains("Zgeheim"), "{}", did.err);
        // An empty variable is none.
        let mut command = desk.command("run --dry-run");
        desk.did(command.env(name, "").output().unwrap()).ok(0);
    }
    let mut command = desk.command("run --help");
    let help = desk.did(command.env("USERFERRY_DB", "Zgeheim.db").output().unwrap()).ok(0).out;
    assert!(!help.contains("Zgeheim") && help.contains("[env: USERFERRY_DB]"), "{help}");
    assert!(help.contains("Flags go over the environment"), "{help}");
}

#[test]
fn a_table_that_is_in_use_newer_or_of_another_program_is_exit_6() {
    let rig = Rig::start(&["--latency=100ms"]);
    let desk = Desk::at(&rig.sandbox.url);
    desk.write("u.jsonl", numbered(1..41));
    desk.ferry("stage u.jsonl").ok(0);
    let mut run = desk.command("-q run --concurrency 1").spawn().unwrap();
    rig.sandbox.wait_for_stored(1);
    for line in ["stage u.jsonl", "run", "retry-failed", "waive --status failed --reason x"] {
        let err = desk.ferry(line).ok(6).err;
        assert!(err.starts_with("error: the job table DIR/userferry.db is in use: "), "{err}");
        assert!(err.contains(&format!("process {}", run.id())), "{err}");
        assert!(err.ends_with("\nhint: wait for it to end or stop it; status, failures, show and export work meanwhile\n"), "{err}");
    }
    for line in ["status", "failures", "show 1", "export --status done"] {
        desk.ferry(line).ok(0);
    }
    assert_eq!(run.wait().unwrap().code(), Some(0));
    assert_eq!(rig.creates().len(), 40);

    Connection::open(desk.path("userferry.db"))
        .unwrap()
        .execute_batch("PRAGMA user_version = 99")
        .unwrap();
    for line in ["status", "run", "stage u.jsonl", "failures"] {
        let err = desk.ferry(line).ok(6).err;
        assert!(
            err.contains("was written by a newer Userferry (schema 99; this one knows "),
            "{err}"
        );
    }
    Connection::open(desk.path("other.db")).unwrap().execute_batch("CREATE TABLE t (x)").unwrap();
    for line in ["--db other.db status", "--db other.db stage u.jsonl"] {
        let err = desk.ferry(line).ok(6).err;
        assert!(err.starts_with("error: DIR/other.db is not a job table of Userferry\n"), "{err}");
    }
}

#[test]
fn a_table_that_was_used_is_bound_to_its_target() {
    let (one, other) = (Rig::start(&[]), Rig::start(&[]));
    let desk = Desk::at(&one.sandbox.url);
    desk.write("u.jsonl", numbered(1..2));
    desk.ferry("stage u.jsonl").ok(0);
    desk.ferry("run").ok(0);
    let err = desk.ferry(&format!("run --host {}", other.sandbox.url)).ok(2).err;
    assert!(err.contains(&one.sandbox.url) && err.contains(&other.sandbox.url), "{err}");
    assert!(err.contains("stage into a fresh table"), "{err}");
    assert_eq!(other.creates().len(), 0);
}

#[test]
fn colours_come_when_asked_for_and_never_into_a_pipe() {
    let desk = Desk::new();
    for (options, no_color, colored) in [
        ("", "", false),
        ("", "1", false),
        ("--color never", "", false),
        ("--color always", "1", true),
    ] {
        let mut command = desk.command(&format!("{options} status"));
        let did = desk.did(command.env("NO_COLOR", no_color).output().unwrap()).ok(6);
        assert_eq!(did.err.contains('\u{1b}'), colored, "{options}: {}", did.err);
        assert!(did.err.contains("there is no job table at DIR/userferry.db"), "{}", did.err);
    }
}

#[test]
fn a_record_of_many_lines_is_exported_on_one_with_every_digit_and_name() {
    let desk = Desk::new();
    let record = "{\n  \"uid\": 12345678901234567890123,\n  \"loginsCount\": 4,\n  \"x\": 1.00,\n  \"y\": \"a  b\"\n}";
    desk.write("u.json", format!("[{record}]"));
    desk.ferry("stage u.json").ok(0);
    let lines = desk.ferry("export --status pending").ok(0).out;
    assert_eq!(
        lines,
        "{\"uid\": 12345678901234567890123,\"loginsCount\": 4,\"x\": 1.00,\"y\": \"a  b\"}\n"
    );
    desk.ferry("export --status pending -o o.jsonl").ok(0);
    let did = desk.ferry("stage o.jsonl").ok(0);
    assert!(did.err.contains("1 record read, 1 in the table already"), "{}", did.err);
}

/// The target goes away and comes back, twice: no notice is the same as the one before.
#[test]
fn an_outage_that_comes_again_is_told_in_other_words() {
    let mut rig = Rig::start(&["--latency=20ms"]);
    rig.stage_users(600);
    let mut run = rig.spawn(&["--concurrency", "8"]);
    for (n, stored, end) in [(1, 50, ""), (2, 200, " (2 times so far)")] {
        rig.sandbox.wait_for_stored(stored);
        rig.sandbox.kill();
        // The reason between the brackets may be another one each time.
        while run.said().matches("): waiting for it").count() < n {
            assert!(!run.has_ended(), "{}", run.said());
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
        rig.sandbox.restart();
        run.wait_for(&format!("The target answers again{end}\n"));
    }
    let said = run.wait().expect(0);
    let notices: Vec<&str> = said.lines().filter(|line| line.starts_with("The target")).collect();
    assert!(notices.len() >= 4, "{said}");
    for (i, notice) in notices.iter().enumerate() {
        assert!(!notices[..i].contains(notice), "{said}");
    }
    rig.expect(&[("done", 600)]);
}

/// Else a run would take connections that its own system refuses for an outage of the target.
#[test]
fn a_run_may_have_as_many_files_open_as_it_has_requests_in_flight() {
    let rig = Rig::start(&["--latency=100ms"]);
    let desk = Desk::at(&rig.sandbox.url);
    desk.write("u.jsonl", numbered(1..1_001));
    desk.ferry("stage u.jsonl").ok(0);
    let under = |limit| desk.did(desk.after(limit, "run --concurrency 200").output().unwrap());
    let refused = under("ulimit -n 100").ok(2).err;
    let expected = "error: with 200 requests in flight up to 264 files are open, and the system allows \
                    this process 100\n\nhint: raise it: ulimit -n 264, or set --concurrency 36\n";
    assert_eq!(refused, expected);
    assert_eq!(rig.creates().len(), 0);
    // Only the limit that a process may lift by itself is low: two hundred are under way at once.
    let did = under("ulimit -Sn 100").ok(0);
    assert!(!did.err.contains("does not answer"), "{}", did.err);
    assert_eq!(rig.creates().len(), 1_000);
}
