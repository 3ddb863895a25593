//! A file of another kind than the mapping was written for: refused where its first records show it, and
//! taken out again where they did not.

use super::Desk;

const SETTINGS: &str = "[mapping]\nexternalId = \"uid\"\nemail = \"mail\"\npassword = \"pwd\"\n";
const HASH: &str = "$2b$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy";

/// So many records with these columns, each with its number for `%`.
fn records(columns: &str, n: usize) -> String {
    let lines: Vec<String> = (1..=n).map(|i| columns.replace('%', &i.to_string())).collect();
    lines.join("\n") + "\n"
}

fn right(n: usize) -> String {
    records(&format!(r#"{{"uid":"%","mail":"u%@example.com","pwd":"{HASH}"}}"#), n)
}

/// A desk with settings, and a staged file of 12 users.
fn desk() -> Desk {
    let desk = Desk::new();
    desk.write("userferry.toml", SETTINGS);
    desk.write("right.jsonl", right(12));
    desk.ferry("stage right.jsonl").ok(0);
    desk
}

#[test]
fn a_source_in_which_no_record_has_what_the_mapping_takes_is_refused() {
    let desk = desk();
    let other = |name: &str, columns: &str, n| desk.write(name, records(columns, n));
    other(
        "orders.jsonl",
        r#"{"mail":"o%@example.com","pwd":"$2b$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy"}"#,
        10,
    );
    let did = desk.ferry("stage orders.jsonl").ok(2);
    assert_eq!(
        did.err,
        "error: orders.jsonl: none of its first 10 records has a valid `uid`, which is to be the externalId\n\n\
         hint: userferry check orders.jsonl shows its columns; is it another file, or is the rule in [mapping] wrong? If \
         these users have none: userferry stage --accept-missing externalId\n"
    );
    other("social.jsonl", r#"{"uid":"s%","mail":"s%@example.com","pwd":null}"#, 10);
    let did = desk.ferry("stage social.jsonl").ok(2);
    assert!(did.err.contains("has a valid `pwd`, which is to be the password\n"), "{}", did.err);
    assert_eq!(desk.status()["total"], 12, "nothing was staged");
    desk.ferry("stage --accept-missing password social.jsonl").ok(0);
    desk.ferry("stage --accept-missing externalId,password orders.jsonl").ok(0);
    assert_eq!(desk.status()["total"], 32);
    let did = desk.ferry("stage --accept-missing email social.jsonl").ok(2);
    assert!(
        did.err.contains("--accept-missing takes externalId or password, not email"),
        "{}",
        did.err
    );
}

/// A column of languages is no id: of each language one user would be sent.
#[test]
fn a_column_that_nearly_all_records_share_is_refused_as_the_external_id() {
    let desk = Desk::new();
    desk.write("userferry.toml", "[mapping]\nexternalId = \"langcode\"\nemail = \"mail\"\n");
    let users = |n: u32, languages: u32| -> String {
        let user =
            |n| format!("{{\"langcode\":\"l{}\",\"mail\":\"u{n}@example.com\"}}\n", n % languages);
        (0..n).map(user).collect()
    };
    desk.write("u.jsonl", users(303, 4));
    let did = desk.ferry("stage u.jsonl").ok(2);
    assert_eq!(
        did.err,
        "warning: no password is mapped: nobody can sign in before setting a new one by e-mail or phone\n\
         error: u.jsonl: 303 of its first records have only 4 values of `langcode`, which is to be the externalId: this \
         tells nobody from another\n\n\
         hint: userferry check u.jsonl shows its columns: name the one that is different for everybody in [mapping]. If it \
         is right all the same, and of each value the first record is to be sent: userferry stage --accept-repeated\n"
    );
    assert!(!desk.path("userferry.db").exists());
    desk.ferry("stage --accept-repeated u.jsonl").ok(3);
    assert_eq!(desk.status()["pending"], 4);
    // One in five is a mess, and still an id; of a few records nothing is told.
    for (name, text) in [("five.jsonl", users(303, 61)), ("few.jsonl", users(9, 1))] {
        let desk = Desk::new();
        desk.write("userferry.toml", "[mapping]\nexternalId = \"langcode\"\nemail = \"mail\"\n");
        desk.write(name, text);
        desk.ferry(&format!("stage {name}")).ok(3);
    }
    // The same user over and over is one user.
    let desk = Desk::new();
    desk.write("userferry.toml", "[mapping]\nexternalId = \"langcode\"\nemail = \"mail\"\n");
    desk.write("u.jsonl", users(1, 1).repeat(20));
    desk.ferry("stage u.jsonl").ok(0);
}

#[test]
fn of_a_few_records_none_need_have_a_password_and_one_of_many_is_enough() {
    let desk = desk();
    desk.write("few.jsonl", records(r#"{"uid":"f%","mail":"f%@example.com"}"#, 9));
    desk.ferry("stage few.jsonl").ok(0);
    let many = records(r#"{"uid":"m%","mail":"m%@example.com"}"#, 500);
    desk.write("many.jsonl", format!("{many}{}", right(13).lines().last().unwrap()));
    desk.ferry("stage many.jsonl").ok(0);
    // The columns of a correction are those of the table.
    desk.write("fixed.jsonl", records(r#"{"uid":"%","mail":"new%@example.com"}"#, 12));
    desk.ferry("stage --replace fixed.jsonl").ok(0);
    // Nobody has named a column.
    let desk = Desk::new();
    desk.write("u.jsonl", records(r#"{"mail":"u%@example.com"}"#, 20));
    desk.ferry("stage u.jsonl").ok(0);
}

#[test]
fn who_may_not_sign_in_is_told_when_a_source_is_staged() {
    let desk = desk();
    let columns =
        format!(r#"{{"uid":"b%","mail":"b%@example.com","pwd":"{HASH}","is_active":true}}"#);
    let shut = columns.replace("true", "false").replace("b%", "c%");
    desk.write("b.jsonl", records(&columns, 7) + &records(&shut, 3));
    let told = "warning: b.jsonl: by the first 10 records, `is_active` is not mapped: it says of 3 of 10 records that the user \
                may not sign in, who could after the move; map it: blocked = { from = \"is_active\", as = \"not\" }\n";
    let err = desk.ferry("stage b.jsonl").ok(0).err;
    assert!(err.replace("\n         ", " ").contains(told), "{err}");
    let unused = format!("{SETTINGS}[check]\nunused = [\"is_active\"]\n");
    desk.write("userferry.toml", unused);
    let err = desk.ferry("--db other.db stage b.jsonl").ok(0).err;
    assert!(!err.contains("is_active"), "{err}");
}

#[test]
fn a_source_is_waived_as_a_whole_and_taken_back() {
    let desk = desk();
    let wrong = records(&format!(r#"{{"uid":"w%","mail":"w%@example.com","pwd":"{HASH}"}}"#), 10);
    desk.write("wrong.jsonl", wrong + "{\"uid\":\"w11\",\"mail\":\"no address\"}\n");
    desk.ferry("stage wrong.jsonl").ok(3);
    let all = "waive --source wrong.jsonl --reason";
    assert_eq!(
        desk.ferry(&format!("{all} mistake")).ok(0).err,
        "11 rows waived (10 pending, 1 invalid); --undo takes it back\n"
    );
    let status = desk.status();
    assert!(
        status["pending"] == 12 && status["waived"] == 11 && status["invalid"] == 0,
        "{status}"
    );
    assert_eq!(
        desk.ferry(&format!("{all} mistake")).ok(0).err,
        "No row of wrong.jsonl is pending, failed or invalid; nothing was changed\n"
    );
    assert_eq!(
        desk.ferry("waive --source wrong.jsonl --undo").ok(0).err,
        "11 rows as they were before\n"
    );
    desk.ferry("waive --source wrong.jsonl --status invalid --reason known").ok(0);
    let status = desk.status();
    assert!(status["pending"] == 22 && status["waived"] == 1, "{status}");
    desk.ferry("waive --source other.jsonl --reason so").ok(2);
    let err = desk.ferry("waive --key w1 --source wrong.jsonl --reason so").ok(2).err;
    assert!(err.starts_with("error: --source does not go with --key alone\n"), "{err}");
}

#[test]
fn who_was_let_go_before_stays_out_when_a_source_comes_back() {
    let desk = desk();
    let wrong = records(&format!(r#"{{"uid":"w%","mail":"w%@example.com","pwd":"{HASH}"}}"#), 10);
    desk.write("wrong.jsonl", wrong);
    desk.ferry("stage wrong.jsonl").ok(0);
    desk.ferry("waive --key w3 --reason left").ok(0);
    let before = desk.status();
    desk.ferry("waive --source wrong.jsonl --reason mistake").ok(0);
    let undo = "waive --source wrong.jsonl --undo";
    assert_eq!(desk.ferry(undo).ok(0).err, "9 rows as they were before\n");
    assert_eq!(desk.status(), before);
    assert!(desk.ferry(undo).ok(2).err.contains("there is no such decision to undo"));
    assert_eq!(desk.ferry("waive --key w3 --undo").ok(0).err, "1 row as it was before\n");
}

#[test]
fn of_a_file_in_two_states_the_latest_is_waived_unless_all_is_said() {
    let desk = desk();
    let wrong = records(&format!(r#"{{"uid":"w%","mail":"w%@example.com","pwd":"{HASH}"}}"#), 10);
    desk.write("right.jsonl", wrong);
    desk.ferry("stage right.jsonl").ok(0);
    let err = desk.ferry("waive --source right.jsonl --reason mistake").ok(0).err;
    assert!(err.starts_with("10 rows waived; --undo takes it back\n"), "{err}");
    assert!(err.contains("DIR/right.jsonl was staged in 2 states"), "{err}");
    assert_eq!(desk.status()["pending"], 12);
    desk.ferry("waive --source right.jsonl --all --reason mistake").ok(0);
    assert_eq!(desk.status()["waived"], 22);
    desk.ferry("waive --status failed --all --reason so").ok(2);
}

#[test]
fn a_source_that_was_cut_off_is_told_when_it_is_waived() {
    let desk = desk();
    let many = records(&format!(r#"{{"uid":"m%","mail":"m%@example.com","pwd":"{HASH}"}}"#), 6_000);
    desk.write("many.jsonl", many);
    let mut command = desk.command("stage many.jsonl");
    command.env("USERFERRY_FAILPOINT", "staged:1").output().unwrap();
    let err = desk.ferry("waive --source many.jsonl --reason mistake").ok(0).err;
    assert!(err.contains("many.jsonl was not read to its end"), "{err}");
    desk.ferry("stage --close many.jsonl").ok(0);
    let status = desk.status();
    assert!(status["pending"] == 12 && status["waived"] == 5_000, "{status}");
}

#[test]
fn who_loses_their_place_to_a_wrong_file_is_told_and_comes_back() {
    let desk = desk();
    let wrong = records(&format!(r#"{{"uid":"%","mail":"w%@example.com","pwd":"{HASH}"}}"#), 10);
    desk.write("wrong.jsonl", wrong);
    desk.ferry("stage --replace wrong.jsonl").ok(0);
    let told = "records of DIR/wrong.jsonl have taken the place of 10 records of DIR/right.jsonl";
    let way = "userferry stage --replace DIR/right.jsonl brings those of DIR/right.jsonl back\n";
    let err = desk.ferry("stage right.jsonl").ok(0).err;
    assert!(err.contains(told) && err.contains(way), "{err}");
    let err = desk.ferry("waive --source wrong.jsonl --reason mistake").ok(0).err;
    let waived = "; 10 of these are waived, so nobody is sent for them: ";
    assert!(err.contains(&format!("{told}{waived}{way}")), "{err}");
    let err = desk.ferry("stage right.jsonl").ok(0).err;
    assert!(err.contains(&format!("{told}{waived}")), "{err}");
    desk.ferry("stage --replace right.jsonl").ok(0);
    assert_eq!(desk.status()["pending"], 12, "all of them come back");
    assert!(!desk.ferry("stage right.jsonl").ok(0).err.contains("place of"));
}

#[test]
fn who_was_invalid_because_of_a_wrong_file_is_looked_at_again() {
    let desk = Desk::new();
    desk.write("userferry.toml", SETTINGS);
    let wrong = records(&format!(r#"{{"uid":"%","mail":"w%@example.com","pwd":"{HASH}"}}"#), 10);
    desk.write("wrong.jsonl", wrong);
    desk.write("right.jsonl", right(12));
    desk.ferry("stage wrong.jsonl").ok(0);
    desk.ferry("stage right.jsonl").ok(3);
    assert_eq!(desk.status()["invalid"], 10);
    let err = desk.ferry("waive --source wrong.jsonl --reason mistake").ok(0).err;
    let told = "10 rows of DIR/right.jsonl may have been invalid because of these: userferry stage --replace DIR/right.jsonl";
    assert!(err.contains(told), "{err}");
    desk.ferry("stage --replace right.jsonl").ok(0);
    assert_eq!(desk.status()["pending"], 12);
}

#[test]
fn whom_a_wrong_file_has_brought_to_the_provider_is_told() {
    let rig = crate::process::Rig::start(&[]);
    let desk = Desk::at(&rig.sandbox.url);
    desk.write("userferry.toml", SETTINGS);
    desk.write("wrong.jsonl", right(12));
    desk.ferry("stage wrong.jsonl").ok(0);
    desk.ferry("run --limit 2").ok(5);
    let err = desk.ferry("waive --source wrong.jsonl --reason mistake").ok(0).err;
    assert!(err.starts_with("10 rows waived; --undo takes it back\n"), "{err}");
    let told = "2 rows of DIR/wrong.jsonl are done: the provider has their users, and userferry export --map has their ids\n";
    assert!(err.contains(told), "{err}");
}

/// Okta's answer is that of <https://developer.okta.com/docs/reference/error-codes/>; the others are made up.
#[test]
fn an_error_that_was_saved_as_a_page_is_refused_by_the_names_in_it() {
    let okta = r#"{"errorCode":"E0000011","errorSummary":"Invalid token provided","errorLink":"E0000011","errorId":"sampleQhz","errorCauses":[]}"#;
    let shown = "`errorCode`, `errorSummary`, `errorLink`, `errorId`, `errorCauses`";
    for (text, shown, array) in [
        (okta, shown, "errorCauses"),
        (r#"{"users":[],"error":"denied-4711"}"#, "`error`", "users"),
        (r#"{"status_code":429,"data":[]}"#, "`status_code`", "data"),
        (r#"{"data":{"list":[]},"message":"denied-4711"}"#, "`message`", "data.list"),
        // The answer does not say that all is well, or it says that something is wrong.
        (r#"{"message":"ok","detail":null,"data":[]}"#, "`message`, `detail`", "data"),
        (r#"{"code":0,"data":[],"success":false}"#, "`code`, `success`", "data"),
        (r#"{"status":"ok","error":{"id":4711},"data":[]}"#, "`status`, `error`", "data"),
    ] {
        let desk = Desk::new();
        desk.write("page.json", text);
        let told = |name: &str| {
            format!(
                "error: {name}: no records, and it looks like an error that an API answered: it has {shown} beside an empty \
                 array\n\nhint: fetch it again; if it is a page without users all the same: --records {array}\n"
            )
        };
        for command in ["init --from", "check", "stage"] {
            assert_eq!(desk.ferry(&format!("{command} page.json")).ok(2).err, told("page.json"));
        }
        assert_eq!(desk.pipe("stage -", text).ok(2).err, told("standard input"));
        let did = desk.ferry(&format!("stage page.json --records {array}")).ok(0);
        assert!(did.err.contains("warning: page.json: no records in it"), "{}", did.err);
    }
}

#[test]
fn a_source_without_records_is_told_and_is_no_mistake() {
    let told = "no records in it; if users are missing, look at what is in the file";
    for (name, text) in [
        ("a.json", "[]"),
        ("b.json", r#"{"users":[]}"#),
        ("c.json", r#"{"data":[],"offset":0}"#),
        ("e.json", r#"{"code":0,"message":"ok","data":[]}"#),
        ("f.json", r#"{"code":200,"msg":"操作成功","data":{"list":[],"total":0}}"#),
        ("g.json", r#"{"users":[],"success":true,"error":null}"#),
        ("h.json", r#"{"status":"ok","errcode":0,"errmsg":"ok","userlist":[]}"#),
        ("d.csv", "uid,mail,pwd\n"),
    ] {
        let desk = desk();
        desk.write(name, text);
        let did = desk.ferry(&format!("check {name}")).ok(0);
        assert!(did.out.contains(&format!("\nwarnings\n  {name}: {told}\n")), "{}", did.out);
        let report = desk.ferry(&format!("check {name} right.jsonl --json")).ok(0).out;
        assert!(report.contains("\"no-records\""), "{report}");
        let did = desk.ferry(&format!("stage {name}")).ok(0);
        assert!(did.err.contains(&format!("warning: {name}: {told}\n")), "{}", did.err);
        assert!(did.err.contains("0 records read"), "{}", did.err);
    }
    let err = desk().ferry("stage right.jsonl").ok(0).err;
    assert!(!err.contains("no records"), "{err}");
}
