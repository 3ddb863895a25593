//! What somebody stumbles over who uses it for the first time.

use super::{Desk, numbered};
use crate::process::Rig;
use serde_json::Value;
use std::fs::File;
use std::process::{Command, Stdio};

/// A desk with these users staged.
fn staged(host: &str, users: &str) -> Desk {
    let desk = Desk::at(host);
    desk.write("u.jsonl", users);
    desk.ferry("stage u.jsonl").ok(0);
    desk
}

#[test]
fn a_standard_error_that_is_closed_or_full_never_ends_a_run() {
    let rig = Rig::start(&[]);
    for options in ["", "-v", "-vv"] {
        for full in [true, false] {
            let desk = staged(&rig.sandbox.url, &numbered(1..21));
            let mut run = desk.command(&format!("{options} run"));
            let mut child = if full {
                run.stderr(File::options().write(true).open("/dev/full").unwrap()).spawn().unwrap()
            } else {
                run.stderr(Stdio::piped()).spawn().unwrap()
            };
            drop(child.stderr.take());
            assert_eq!(child.wait().unwrap().code(), Some(0), "{options} {full}");
            assert_eq!(desk.status()["done"], 20);
        }
    }
}

#[test]
fn the_sandbox_names_commands_that_can_follow_a_record_with_a_problem() {
    let desk = Desk::new();
    let mut command = desk.command("sandbox --port 0");
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut said = std::io::BufReader::new(child.stderr.take().unwrap());
    let mut lines = Vec::new();
    for _ in 0..5 {
        let mut line = String::new();
        std::io::BufRead::read_line(&mut said, &mut line).unwrap();
        lines.push(line);
    }
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(
        lines[2..],
        [
            "  userferry --db rehearsal.db stage users.json\n",
            "  userferry --db rehearsal.db run\n",
            "Ctrl-C ends it.\n",
        ]
    );
    let readme = include_str!("../../README.md");
    assert!(!readme.contains("&& userferry"), "stage exits 3, and run would not come");
}

#[test]
fn the_bar_is_gone_when_the_run_has_ended() {
    // That of util-linux: others take other options.
    if !Command::new("script").arg("--version").output().is_ok_and(|said| said.status.success()) {
        println!("skipped: no program script on the PATH");
        return;
    }
    let rig = Rig::start(&["--latency=20ms"]);
    let desk = staged(&rig.sandbox.url, &numbered(1..41));
    let run = desk.command("run");
    let mut terminal = Command::new("script");
    terminal.args(["-qec", &format!("{} run", crate::process::BINARY), "/dev/null"]);
    terminal.envs(run.get_envs().filter_map(|(name, value)| Some((name, value?))));
    terminal.env("TERM", "xterm").current_dir(desk.path("")).stdin(Stdio::null());
    let output = terminal.output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(said.contains(" of 40  done"), "a bar was shown: {said:?}");
    assert!(!said.contains("waiting to"), "{said:?}");
    let left = said.rsplit("\x1b[2K").next().unwrap();
    assert_eq!(left, "40 of 40 done; 40 in this run\r\n", "{said:?}");
}

#[test]
fn a_changed_mapping_is_refused_until_the_rows_are_mapped_again() {
    let rig = Rig::start(&[]);
    let desk = staged(&rig.sandbox.url, &numbered(1..3));
    desk.ferry("run --limit 1").ok(5);
    desk.write("userferry.toml", "[mapping]\nexternalId = \"uid\"\nnickname = \"uid\"\n");
    let hint = "hint: userferry remap maps and validates again what is not done yet; or put the old mapping back\n";
    let told = "error: the [mapping] has changed since the rows in the job table were staged\n\n";
    assert_eq!(desk.ferry("run").ok(2).err, format!("{told}{hint}"));
    assert!(desk.ferry("stage --replace u.jsonl").ok(2).err.ends_with(hint));
    assert_eq!(
        desk.ferry("remap").ok(0).err,
        "1 row mapped again: 1 pending (before: 1), 0 invalid (before: 0)\n\
         warning: 1 done row was sent by the old mapping, with the old rules of nickname, password, email, emailVerified, \
         phone, loginsCount, oauth: remap changes no user at the provider. Their records: userferry export --status done; \
         their ids there: userferry export --map\n\
         1 row to send: userferry run\n"
    );
    assert_eq!(desk.ferry("remap").ok(0).err, "the rows are mapped so already; nothing to do\n");
    desk.ferry("run").ok(0);
    // The first was sent by the old mapping.
    let users: Vec<Value> =
        rig.sandbox.users().iter().map(|user| serde_json::from_str(user).unwrap()).collect();
    let nicknames: Vec<&Value> = users.iter().map(|user| &user["nickname"]).collect();
    assert_eq!(nicknames, [&Value::Null, &Value::from("2")], "{users:?}");
}

#[test]
fn a_column_that_no_record_has_is_told_when_the_mapping_names_it() {
    let desk = Desk::new();
    desk.write("u.jsonl", numbered(1..11));
    let told =
        "no record has a valid `mail`, which is to be the email: userferry check shows the columns";
    assert!(!desk.ferry("--db a.db stage u.jsonl").ok(0).err.contains("no record has"));
    desk.write("userferry.toml", "[mapping]\nexternalId = \"uid\"\nemail = \"mail\"\n");
    let did = desk.ferry("stage u.jsonl").ok(0);
    assert_eq!(did.err.matches("no record has").count(), 1, "{}", did.err);
    assert!(did.err.contains(told), "{}", did.err);
}

/// One row refused, one invalid, one that nobody can tell of, one done.
fn one_of_each(host: &str) -> Desk {
    let desk = Desk::at(host);
    let users = "{\"uid\":\"1\"}\n{\"uid\":\"2\"}\n{\"nickname\":\"nobody\"}\n{\"uid\":\"4\"}\n";
    desk.write("u.jsonl", users);
    desk.ferry("stage u.jsonl").ok(3);
    desk.ferry("run --concurrency 1 --on-unknown hold").ok(3);
    desk
}

#[test]
fn unknown_rows_are_listed_and_statuses_selected() {
    let rig = Rig::start(&["--poison=1=code:2003", "--poison=2=hang", "--deny-lookup"]);
    let desk = one_of_each(&rig.sandbox.url);
    for (selected, expected) in [
        ("", vec![("1", "failed"), ("2", "unknown"), ("-", "invalid")]),
        ("--status unknown", vec![("2", "unknown")]),
        ("--status invalid,failed", vec![("1", "failed"), ("-", "invalid")]),
        ("--status unknown --status failed,unknown", vec![("1", "failed"), ("2", "unknown")]),
    ] {
        let lines = desk.ferry(&format!("failures --format jsonl {selected}")).ok(0).out;
        let rows: Vec<serde_json::Value> =
            lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let told: Vec<(&str, &str)> = rows
            .iter()
            .map(|row| (row["key"].as_str().unwrap_or("-"), row["status"].as_str().unwrap()))
            .collect();
        assert_eq!(told, expected, "{selected}");
        assert!(rows.iter().all(|row| row["message"] != ""), "each has its reason: {lines}");
    }
    let did = desk.ferry("failures --status unknown").ok(0);
    assert!(did.out.contains("u.jsonl  2       2    unknown  "), "{}", did.out);
    assert_eq!(
        did.err,
        "Look unknown rows up:    userferry run\n\
         One is in the directory: userferry settle KEY --as done --reason TEXT\n\
         One is not, send it:     userferry settle KEY --as pending --reason TEXT\n"
    );
    desk.ferry("settle 2 --as done --reason seen").ok(0);
    assert_eq!(desk.ferry("failures --status unknown").ok(0).err, "No row is unknown\n");
    let did = desk.ferry("failures --status done").ok(2);
    assert!(did.err.starts_with("error: invalid value 'done' for '--status <STATUS>'"));
}

#[test]
fn a_dash_is_standard_output_for_every_output() {
    let desk = staged("http://127.0.0.1:9", "{\"uid\":\"1\"}\n");
    for (line, out) in [
        ("export --map -o -", ""),
        ("export --status pending -o -", "{\"uid\":\"1\"}\n"),
        (
            "check --format jsonl -o - u.jsonl",
            "{\"source\":\"u.jsonl\",\"record\":1,\"line\":1,\"key\":\"1\",\"field\":\"\",\
             \"warning\":\"nothing-to-sign-in-with\",\"message\":\"no e-mail address, phone number or \
             user name: there is nothing to sign in with\"}\n",
        ),
    ] {
        let did = desk.ferry(line).ok(0);
        assert_eq!(did.out, out, "{line}");
        assert!(!did.err.contains("to -"), "{}", did.err);
        assert!(!desk.path("-").exists(), "{line}");
    }
}

#[test]
fn a_problem_of_the_whole_record_has_no_empty_field_before_it() {
    let desk = Desk::new();
    // Two of them: one that names no field, one that does.
    desk.write("u.jsonl", "{\"uid\":\"1\",\"mail\":\"none\"}\n42\n");
    desk.ferry("stage u.jsonl").ok(3);
    let table = rusqlite::Connection::open(desk.path("userferry.db")).unwrap();
    let mut statement = table.prepare("SELECT message FROM failures ORDER BY record").unwrap();
    let messages: Vec<String> =
        statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    assert!(messages[0].starts_with("mail: "), "{messages:?}");
    assert!(!messages[1].starts_with(':'), "{messages:?}");
    assert!(desk.ferry("show 1").ok(0).out.contains("\nproblem    mail (email): "));
    // A row with a key whose problem concerns the whole record.
    table.execute_batch("UPDATE problem SET field = '', message = 'whole' WHERE n = 1").unwrap();
    let shown = desk.ferry("show 1").ok(0).out;
    assert!(shown.contains("\nproblem    email: whole\n"), "{shown}");
}

/// Conflicts are let go without those who may go through another time.
#[test]
fn what_failed_in_one_way_is_waived_and_taken_back_alone() {
    let rig = Rig::start(&["--poison=1=code:2003"]);
    let desk = Desk::at(&rig.sandbox.url);
    desk.write("first.jsonl", "{\"uid\":\"7\",\"mail\":\"both@example.com\"}\n");
    desk.ferry("stage first.jsonl --db first.db").ok(0);
    desk.ferry("run --db first.db").ok(0);
    desk.write(
        "u.jsonl",
        "{\"uid\":\"1\"}\n{\"uid\":\"2\",\"mail\":\"both@example.com\"}\n{\"uid\":\"3\"}\n",
    );
    desk.ferry("stage u.jsonl").ok(0);
    desk.ferry("run").ok(3);
    let before = desk.status();
    assert_eq!(before["failed"], 2, "{before}");
    for (line, said) in [
        ("waive --class conflict --reason both", "1 row waived; --undo takes it back\n"),
        (
            "waive --status failed --class conflict --reason both",
            "No row failed in this way; nothing was changed\n",
        ),
        ("waive --class exhausted --reason so", "No row failed in this way; nothing was changed\n"),
    ] {
        assert_eq!(desk.ferry(line).ok(0).err, said, "{line}");
    }
    assert!(desk.ferry("show 1").ok(0).out.contains("failed/rejected"));
    assert!(desk.ferry("show 2").ok(0).out.contains("done/waived"));
    desk.ferry("waive --class rejected --reason so").ok(0);
    let undo = "waive --status failed --class conflict --undo";
    assert_eq!(desk.ferry(undo).ok(0).err, "1 row as it was before\n");
    assert!(desk.ferry("show 1").ok(0).out.contains("done/waived"));
    desk.ferry("waive --class rejected --undo").ok(0);
    assert_eq!(desk.status(), before);
    for line in [
        "waive --status failed,invalid --class conflict --reason x",
        "waive --class lost --reason x",
    ] {
        desk.ferry(line).ok(2);
    }
}

/// Whoever was named is to stay out, whatever is decided about the others of that status.
#[test]
fn who_was_waived_by_key_stays_out_when_all_of_a_status_come_back() {
    let rig = Rig::start(&["--poison=1=code:2003", "--poison=2=code:2003"]);
    let desk = Desk::at(&rig.sandbox.url);
    desk.write("u.jsonl", "{\"uid\":\"1\"}\n{\"uid\":\"2\"}\n{\"uid\":\"3\"}\n");
    desk.ferry("stage u.jsonl").ok(0);
    desk.ferry("run").ok(3);
    let told = "1 row of these that was let go by key or with a source stays waived: --undo with the \
                words of that decision takes it back\n";
    for choice in ["--class rejected", "--status failed"] {
        desk.ferry("waive --key 1 --reason gone").ok(0);
        let nothing = desk.ferry(&format!("waive {choice} --undo")).ok(2).err;
        assert!(nothing.contains("there is no such decision to undo"), "{nothing}");
        assert!(nothing.contains(told.trim_end()), "{nothing}");
        desk.ferry(&format!("waive {choice} --reason all")).ok(0);
        let said = desk.ferry(&format!("waive {choice} --undo")).ok(0).err;
        assert_eq!(said, format!("1 row as it was before\n{told}"));
        assert!(desk.ferry("show 1").ok(0).out.contains("done/waived"));
        assert!(desk.ferry("show 2").ok(0).out.contains("failed/rejected"));
        assert_eq!(desk.ferry("waive --key 1 --undo").ok(0).err, "1 row as it was before\n");
    }
}

#[test]
fn several_statuses_are_waived_and_taken_back_together() {
    let rig = Rig::start(&["--poison=1=code:2003"]);
    let desk = one_of_each(&rig.sandbox.url);
    for (line, said) in [
        (
            "waive --status failed,invalid,failed --reason gone",
            "2 rows waived (1 failed, 1 invalid); --undo takes it back\n",
        ),
        (
            "waive --status failed,invalid --reason gone",
            "No row has one of these statuses; nothing was changed\n",
        ),
        ("waive --status failed,invalid --undo", "2 rows as they were before\n"),
    ] {
        assert_eq!(desk.ferry(line).ok(0).err, said, "{line}");
    }
    assert_eq!(
        (desk.status()["failed"].as_u64(), desk.status()["invalid"].as_u64()),
        (Some(1), Some(1))
    );
}

#[test]
fn the_map_of_ids_says_how_many_rows_have_none() {
    let rig = Rig::start(&["--poison=1=code:2003"]);
    let desk = one_of_each(&rig.sandbox.url);
    assert_eq!(
        desk.ferry("export --map -o ids.csv").ok(0).err,
        "2 ids written to ids.csv; 2 rows have none\n"
    );
}

#[test]
fn what_a_killed_run_was_sending_is_settled_by_the_next_one() {
    let rig = Rig::start(&["--hang=1"]);
    let desk = staged(&rig.sandbox.url, &numbered(1..2));
    let mut run = desk.command("-q run --request-timeout 1m").spawn().unwrap();
    let line = |words: &str| format!("sending             1  {words}\n");
    while desk.status()["sending"] != 1 {
        assert!(run.try_wait().unwrap().is_none());
    }
    let going = desk.ferry("status").ok(0).out;
    assert_eq!(desk.status()["last_run"]["end"], Value::Null);
    run.kill().unwrap();
    run.wait().unwrap();
    assert!(going.contains(&line("this run settles it")), "{going}");
    assert_eq!(desk.status()["last_run"]["end"], "killed", "it ended, and not by itself");
    let killed = desk.ferry("status").ok(0).out;
    let expected = line("was being sent when the run ended; the next run settles it");
    assert!(killed.contains(&expected), "{killed}");
}

#[test]
fn check_tells_of_records_without_an_external_id_and_of_copies_of_the_whole_record() {
    let desk = Desk::new();
    let users =
        "{\"uid\":\"1\",\"dept\":\"x\",\"pin\":1}\n{\"mail\":\"a@b.cn\"}\n{\"phone\":\"123456\"}\n";
    desk.write("u.jsonl", users);
    let mapping = |oauth: &str| {
        let columns = "externalId = \"uid\"\nemail = \"mail\"\nphone = \"phone\"\n";
        desk.write("userferry.toml", format!("[mapping]\n{columns}{oauth}"));
        desk.ferry("check u.jsonl").ok(0).out
    };
    let table = |dept: &str, pin: &str| {
        let unmapped = match (dept, pin) {
            ("-", _) => "not mapped: dept, pin\n\n",
            (_, "-") => "not mapped: pin\n\n",
            _ => "",
        };
        format!(
            "3 records: 3 valid, 0 invalid\n\n\
             field  present  empty  types   goes to\n\
             uid          1      0  text    externalId\n\
             dept         1      0  text    {dept}\n\
             pin          1      0  number  {pin}\n\
             mail         1      0  text    email\n\
             phone        1      0  text    phone\n\n{unmapped}\
             warnings\n  no password is mapped: nobody can sign in before setting a new one by \
             e-mail or phone\n  2 records have no external id (externalId): they are recognised by e-mail \
             address, phone number or user name\n  1 record has no e-mail address, phone number or user name: there is \
             nothing to sign in with; --format jsonl lists them\n"
        )
    };
    assert_eq!(mapping(""), table("-", "-"));
    assert_eq!(
        mapping("oauth = { raw = true }\n"),
        format!("{}  the whole record goes into oauth\n", table("oauth", "oauth"))
    );
    assert_eq!(
        mapping("oauth = { raw = true, without = [\"pin\"] }\n"),
        format!("{}  the whole record goes into oauth, all but pin\n", table("oauth", "-"))
    );
    desk.write("u.jsonl", "{\"uid\":\"1\"}\n{\"mail\":\"a@b.cn\"}\n");
    let told = mapping("");
    let one = "  1 record has no external id (externalId): it is recognised by e-mail address, \
               phone number or user name\n";
    assert!(told.contains(one), "{told}");
}

#[test]
fn what_check_finds_is_never_written_over_the_job_table() {
    let desk = staged("http://127.0.0.1:9", &numbered(1..3));
    assert_eq!(
        desk.ferry("check u.jsonl -o userferry.db").ok(2).err,
        "error: userferry.db is the job table's own file\n\n\
         hint: name another file, or another table with --db\n"
    );
    assert_eq!(desk.status()["pending"], 2);
    // Where there is no such table, nor a place for one, nothing is in the way.
    desk.ferry("--db nowhere/x.db check u.jsonl -o found.txt").ok(0);
}
