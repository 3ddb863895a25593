use super::*;
use crate::input::Options;
use crate::password::guard::Each;
use crate::problem::Rule;
use crate::provider::authing::fields::V2;
use std::io::Cursor;

fn check(sources: &[(&str, &str)]) -> (CheckReport, Vec<FoundProblem>, Option<String>) {
    let mapping = Mapping::reference();
    let mut checker = Checker::new(&mapping, &V2).expect("a table can be made");
    let mut failed = None;
    for (name, text) in sources {
        let input = Cursor::new(text.as_bytes().to_vec());
        let mut reader =
            Reader::from_read(input, name, &Options::default(), None).expect("it opens");
        let done = checker.source(name, &mut reader, &mut |_, _| {});
        failed = failed.or(done.err().map(|error| error.message));
    }
    let mut found = Vec::new();
    let report = checker.finish(&mut |problem| {
        found.push(problem);
        Ok(())
    });
    (report.expect("the table holds"), found, failed)
}

fn rules(found: &[FoundProblem]) -> Vec<(u64, &str, Rule)> {
    found.iter().map(|p| (p.record, p.field.as_str(), p.rule)).collect()
}

#[test]
fn the_report_counts_fields_passwords_and_problems() {
    let text = r#"[
        {"uid":"1","mail":"a@b.cn","password":"$1$salt$xxxxxxxxxxxxxxxxxxxxxx","loginsCount":4},
        {"uid":"2","mail":"n/a","password":null,"loginsCount":"4"},
        {"uid":"3","mail":"n/a","nick":[]}
    ]"#;
    let (report, found, failed) = check(&[("users.json", text)]);
    assert_eq!(failed, None);
    let expected =
        [(2, "loginsCount", Rule::Type), (2, "mail", Rule::Email), (3, "mail", Rule::Email)];
    assert_eq!(rules(&found), expected);
    assert_eq!(found[0].key.as_deref(), Some("2"));
    let json = serde_json::to_string(&report).expect("it serialises");
    let expected = concat!(
        r#"{"records":3,"valid":1,"invalid":2,"unchanged":0,"fields":{"#,
        r#""uid":{"present":3,"empty":0,"types":{"text":3},"mapped_to":["externalId"]},"#,
        r#""mail":{"present":3,"empty":0,"types":{"text":3},"mapped_to":["email"]},"#,
        r#""password":{"present":2,"empty":1,"types":{"null":1,"text":1},"mapped_to":["password"]},"#,
        r#""loginsCount":{"present":2,"empty":0,"types":{"number":1,"text":1},"mapped_to":["loginsCount"]},"#,
        r#""nick":{"present":1,"empty":0,"types":{"list":1},"mapped_to":["oauth"]}},"#,
        r#""passwords":{"md5-crypt":1,"none":2},"password_schemes":["#,
        r#"{"scheme":"none","count":2,"cost":null,"unit":"rounds","strength":0,"needs":"no password: these users set one by e-mail or phone"},"#,
        r#"{"scheme":"md5-crypt","count":1,"cost":[1000,1000],"unit":"rounds","strength":3,"needs":"password function, Node.js alone"}],"#,
        r#""problems_by_rule":{"type":1,"email":2},"omitted":{},"unmapped":[],"warnings":["#,
        r#"{"warning":"column-missing","count":3,"message":"`nickname` comes from `nickname`, which no record has"},"#,
        r#"{"warning":"column-missing","count":3,"message":"`emailVerified` comes from `emailVerified`, which no record has"},"#,
        r#"{"warning":"column-missing","count":3,"message":"`phone` comes from `phone`, which no record has"},"#,
        r#"{"warning":"raw-copy","count":3,"message":"the whole record goes into oauth, all but password"}]}"#,
    );
    assert_eq!(json, expected);
}

#[test]
fn what_a_copy_of_the_record_goes_without_is_told() {
    let text = r#"[{"uid":"1","pwd_md5":"5f4d","mail":"a@b.cn","credential":{"salt":"x","n":1}}]"#;
    let (report, ..) = check(&[("users.json", text)]);
    let told = report.warnings.iter().find(|warning| warning.warning == "raw-copy");
    let all_but = "the whole record goes into oauth, all but pwd_md5, credential.salt";
    assert_eq!(told.map(|warning| warning.message.as_str()), Some(all_but), "it has no password");
}

#[test]
fn who_has_nothing_to_sign_in_with_is_counted() {
    let text = r#"[{"uid":"1"},{"uid":"2","mail":"a@b.cn"},{"uid":"3","phone":"13800000000"},{"uid":"4","nickname":"x"}]"#;
    let (report, ..) = check(&[("users.json", text)]);
    let told = report.warnings.iter().find(|warning| warning.warning == "nothing-to-sign-in-with");
    assert_eq!(told.map(|warning| warning.count), Some(2));
}

#[test]
fn duplicates_name_the_first_and_the_same_record_again_is_none() {
    let a = r#"[{"uid":"1","mail":"A@b.cn","phone":"12345"},{"uid":"1","mail":"c@d.cn"},
        {"uid":"1","mail":"A@b.cn","phone":"12345"},{"mail":"a@B.cn"}]"#;
    let b =
        r#"[{"uid":"9","mail":"x@y.cn","phone":"1-23-45"},{"mail":"q@r.cn"},{"mail":"Q@r.cn"}]"#;
    let (report, found, _) = check(&[("a.json", a), ("b.json", b)]);
    let shown: Vec<String> = found.iter().map(ToString::to_string).collect();
    assert_eq!(
        shown,
        [
            "a.json: record 2, line 1, uid: record 1 has the same key (external id) with other \
             content; if they are one person, take the one that is out of date out (duplicate-key)",
            "a.json: record 4, line 2, mail: record 1 has the same e-mail address (duplicate-email)",
            "b.json: record 1, line 1, phone: record 1 of a.json has the same phone number \
             (duplicate-phone)",
            "b.json: record 3, line 1, mail: record 2 has the same key (e-mail address) with other \
             content; if they are one person, take the one that is out of date out (duplicate-key)",
        ]
    );
    assert_eq!((report.records, report.valid, report.invalid, report.unchanged), (7, 2, 4, 1));
}

#[test]
fn a_faulty_record_is_invalid_and_a_broken_document_keeps_what_came_before() {
    let text = "[{\"uid\":\"1\"},7,{\"uid\":1,\"uid\":2},{\"uid\":\"3\"";
    let (report, found, failed) = check(&[("users.json", text)]);
    assert_eq!(rules(&found), [(2, "", Rule::Type), (3, "uid", Rule::Syntax)]);
    assert_eq!((report.records, report.valid, report.invalid), (3, 1, 2));
    let failed = failed.expect("it is cut off");
    assert_eq!(failed, "users.json: the document is cut off (at record 4, line 1, byte 43)");
}

#[test]
fn passwords_that_do_not_suit_the_settings_are_a_warning() {
    let text = "[{\"uid\":\"1\",\"password\":\"secret\"},{\"uid\":\"2\"},\
                {\"uid\":\"3\",\"password\":\"00000000000000000000000000000000\"}]";
    let warnings = |guard: Guard| {
        let mapping = Mapping::reference();
        let mut checker = Checker::new(&mapping, &V2).expect("a table can be made").guard(guard);
        let input = Cursor::new(text.as_bytes().to_vec());
        let mut reader =
            Reader::from_read(input, "users.json", &Options::default(), None).expect("it opens");
        checker.source("users.json", &mut reader, &mut |_, _| {}).expect("it is read");
        let warnings = checker.finish(&mut |_| Ok(())).expect("the table holds").warnings;
        let other = ["column-missing", "raw-copy", "nothing-to-sign-in-with"];
        let about_passwords = warnings.iter().filter(|w| !other.contains(&w.warning));
        about_passwords.map(|w| (w.warning, w.count)).collect::<Vec<_>>()
    };
    let of_each = |guard: Guard| warnings(guard);
    let warnings = |keep, accepted| of_each(Guard { keep, accepted, each: None });
    // The one in plain text is not sent.
    assert_eq!(warnings(true, false), [("password-column", 1)]);
    assert_eq!(warnings(true, true), [("plain-kept", 1), ("several-schemes", 2)]);
    assert_eq!(warnings(false, false), [("password-column", 1)]);
    assert_eq!(warnings(false, true), [("hash-not-kept", 1)]);
    // A provider that judges each for itself has no setting to speak of.
    let each = Some(Each { schemes: &[], plain: true });
    assert_eq!(of_each(Guard { keep: false, accepted: true, each }), []);
}

/// A typing error deep in a path takes the field from everybody.
#[test]
fn a_path_that_leads_nowhere_is_told() {
    let mapping = Mapping::new(vec![
        ("externalId".to_owned(), crate::mapping::Rule::column("uid")),
        ("nickname".to_owned(), crate::mapping::Rule::column("profile.name")),
        ("email".to_owned(), crate::mapping::Rule::column("profile.mail")),
        ("company".to_owned(), crate::mapping::Rule::column("profile.firm")),
    ]);
    let text = r#"[{"uid":"1","profile":{"name":"Ann","mail":"no address","frim":"x"}}]"#;
    let mut checker = Checker::new(&mapping, &V2).expect("a table can be made");
    let input = Cursor::new(text.as_bytes().to_vec());
    let mut reader =
        Reader::from_read(input, "users.json", &Options::default(), None).expect("it opens");
    checker.source("users.json", &mut reader, &mut |_, _| {}).expect("it is read");
    let warnings = checker.finish(&mut |_| Ok(())).expect("the table holds").warnings;
    let missing = warnings.iter().filter(|w| w.warning == "column-missing");
    let missing: Vec<&str> = missing.map(|w| w.message.as_str()).collect();
    assert_eq!(missing, ["`company` comes from `profile.firm`, which no record has"]);
}

#[test]
fn a_problem_is_one_json_object_of_the_contract() {
    let (_, found, _) = check(&[("users.json", "[\n{\"uid\":\"1\",\"phone\":\"x\"}]")]);
    let json = serde_json::to_string(&found[0]).expect("it serialises");
    assert_eq!(
        json,
        r#"{"source":"users.json","record":1,"line":2,"key":"1","field":"phone","rule":"phone","message":"no phone number: it holds other characters than digits"}"#
    );
}

#[test]
fn the_text_shows_coverage_and_counts() {
    let text = r#"[{"uid":"1","mail":"a@b.cn","password":"00000000000000000000000000000000","extra":null}]"#;
    let (report, ..) = check(&[("users.json", text)]);
    let shown = report.to_text();
    let lines: Vec<&str> = shown.lines().collect();
    assert_eq!(lines[0], "1 record: 1 valid, 0 invalid");
    assert_eq!(lines[2], "field     present  empty  types  goes to");
    assert_eq!(lines[3], "uid             1      0  text   externalId");
    assert_eq!(lines[6], "extra           1      1  null   oauth");
    let passwords = "\npasswords\n  hex-md5                       1  password function, Node.js alone\n  \
                     weakest: hex-md5, a digest without a salt: one search finds the passwords of all\n";
    assert!(shown.contains(passwords), "{shown}");
}

/// By this line a column that is swapped with its opposite shows before anybody is shut out.
#[test]
fn those_who_would_be_blocked_are_counted_where_a_rule_says_who() {
    let records =
        r#"{"uid":"1","off":true}{"uid":"2","off":true}{"uid":"3","off":false}{"uid":"4"}"#;
    for (rules, blocked, line) in [
        (r#"{"externalId":"uid","blocked":"off"}"#, Some(2), "blocked: 2 of 4 users"),
        (
            r#"{"externalId":"uid","blocked":{"jq":".off != true"}}"#,
            Some(2),
            "blocked: 2 of 4 users",
        ),
        (r#"{"externalId":"uid","blocked":{"jq":"false"}}"#, Some(0), "blocked: 0 of 4 users"),
        (r#"{"externalId":"uid"}"#, None, ""),
    ] {
        let mapping: Mapping = serde_json::from_str(rules).expect("a mapping");
        let mut checker = Checker::new(&mapping, &V2).expect("a table can be made");
        let input = Cursor::new(records.as_bytes().to_vec());
        let mut reader =
            Reader::from_read(input, "users.json", &Options::default(), None).expect("it opens");
        checker.source("users.json", &mut reader, &mut |_, _| {}).expect("it is read");
        let report = checker.finish(&mut |_| Ok(())).expect("the table holds");
        assert_eq!(
            serde_json::to_value(&report).expect("JSON")["blocked"],
            serde_json::json!(blocked)
        );
        assert_eq!(report.to_text().lines().nth(1), Some(line), "{rules}");
    }
}

#[test]
fn nobody_says_that_digests_have_no_salt_while_a_salt_is_not_mapped() {
    let text = r#"[{"uid":"1","password":"00000000000000000000000000000000","pwSalt":"x"}]"#;
    let (report, ..) = check(&[("users.json", text)]);
    let shown = report.to_text();
    assert!(!shown.contains("without a salt"), "{shown}");
    let weakest =
        "weakest: hex-md5, a digest; whether it has a salt is not said: see the warnings\n";
    assert!(shown.contains(weakest), "{shown}");
}

/// The warnings of these words for records under a mapping, and what the report shows as not mapped.
fn overlooked(rules: serde_json::Value, records: &serde_json::Value) -> (Vec<String>, String) {
    let mapping: Mapping = serde_json::from_value(rules).expect("a mapping");
    let mut checker = Checker::new(&mapping, &V2).expect("a table can be made");
    let input = Cursor::new(records.to_string().into_bytes());
    let mut reader =
        Reader::from_read(input, "users.json", &Options::default(), None).expect("it opens");
    checker.source("users.json", &mut reader, &mut |_, _| {}).expect("it is read");
    let report = checker.finish(&mut |_| Ok(())).expect("the table holds");
    let text = report.to_text();
    let unmapped = text.lines().find_map(|line| line.strip_prefix("not mapped: "));
    let ours = ["blocked-not-mapped", "salt-not-mapped"];
    let found = report.warnings.iter().filter(|warning| ours.contains(&warning.warning));
    (found.map(|warning| warning.message.clone()).collect(), unmapped.unwrap_or("").to_owned())
}

#[test]
fn who_may_sign_in_is_not_overlooked() {
    use serde_json::json;
    let says = |of: &str| {
        format!("it says of {of} that the user may not sign in, who could after the move")
    };
    let records = json!([
        {"id": "1", "status": {"enabled": false, "since": "x"}, "Is_Suspended": 1},
        {"id": "2", "status": {"enabled": true, "since": "y"}, "Is_Suspended": 0},
        {"id": "3", "status": {"enabled": false, "since": "z"}, "Is_Suspended": 0},
    ]);
    let enabled = format!(
        "`status.enabled` is not mapped: {}; map it: blocked = {{ from = \"status.enabled\", as = \"not\" }}",
        says("2 of 3 records")
    );
    let suspended = format!(
        "`Is_Suspended` is not mapped: {}; map it: blocked = {{ from = \"Is_Suspended\", as = \"bool\" }}",
        says("1 of 3 records")
    );
    let both = vec![enabled, suspended];
    let (told, unmapped) = overlooked(json!({"externalId": "id"}), &records);
    assert_eq!(told, both);
    assert_eq!(unmapped, "Is_Suspended (blocked?), status.enabled (blocked?), status.since");
    // Nobody reads a copy of the record.
    let (told, unmapped) =
        overlooked(json!({"externalId": "id", "oauth": {"raw": true}}), &records);
    assert_eq!((told, unmapped.as_str()), (both, ""));
    for blocked in
        [json!({"from": "status.enabled", "as": "not"}), json!({"jq": ".status.enabled == false"})]
    {
        let rules = json!({"externalId": "id", "blocked": blocked});
        let (told, unmapped) = overlooked(rules, &records);
        // The warning asks about it.
        assert!(unmapped.starts_with("Is_Suspended") && !unmapped.contains('?'), "{unmapped}");
        let also = "`Is_Suspended` is not mapped, and the rule of blocked takes another column: ";
        assert!(told.len() == 1 && told[0].starts_with(also), "{told:?}");
        assert!(told[0].contains("{ jq = '… or (.Is_Suspended | tostring"), "{told:?}");
    }
    for blocked in [
        json!({"jq": ".Is_Suspended == 1 or .status.enabled == false"}),
        json!({"jq": "[.[]] | length > 9"}),
    ] {
        let rules = json!({"externalId": "id", "blocked": blocked});
        assert!(overlooked(rules, &records).0.is_empty());
    }
    // The rule that is told can be taken as it stands.
    let rules = json!({"externalId": "id", "blocked": {"from": "Is_Suspended", "as": "bool"}});
    assert_eq!(overlooked(rules, &json!([{"id": "1", "Is_Suspended": 1}])).0, [""; 0]);
    // Where nobody is shut out, nobody can come in again.
    let nobody = json!([{"id": "1", "Is_Suspended": 0, "state": "active", "deleted_at": null}]);
    assert_eq!(overlooked(json!({"externalId": "id"}), &nobody).0, [""; 0]);
}

#[test]
fn values_that_do_not_tell_are_counted_and_none_is_shown() {
    use serde_json::json;
    let records = json!([
        {"id": "1", "active": "geheim", "state": "suspended"},
        {"id": "2", "active": "anders", "state": "vertraulich-1"},
        {"id": "3", "active": "", "state": "active"},
        {"id": "4", "active": null, "state": "active"},
        {"id": "5", "state": "active"},
        {"id": "6", "state": "active"},
    ]);
    let (told, _) = overlooked(json!({"externalId": "id"}), &records);
    let active = "`active` is not mapped: if it says who may not sign in, these users could after the move (2 of 6 \
                  records); map it: blocked = { jq = '.active | tostring | trim | ascii_downcase | {\"…\": true}[.] | if . == \
                  null then error(\"not known whether this user may sign in\") else . end' } (for \"…\" put each word \
                  that shuts out, and add each that lets in with false; any other is an error of its record)";
    assert_eq!(told[0], active);
    let state = "`state` is not mapped: it says of 1 of 6 records that the user may not sign in, who could after the \
                 move; map it: blocked = { jq = '.state | tostring | trim | ascii_downcase | {\"active\": false, \
                 \"suspended\": true}[.] | if . == null then error(\"not known whether this user may sign in\") else . \
                 end' } (1 record has a word that is not known, which is an error of its record: add it)";
    assert_eq!(told[1..], [state]);
}

#[test]
fn a_salt_that_is_not_mapped_is_told_where_the_hashes_have_none() {
    use serde_json::json;
    let md5 = "5f4dcc3b5aa765d61d8327deb882cf99";
    let records =
        json!([{"id": "1", "pwd": md5, "pwd_salt": "x"}, {"id": "2", "pwd": "ab".repeat(32)}]);
    let rules = json!({"externalId": "id", "password": "pwd"});
    let (told, _) = overlooked(rules, &records);
    let rule = "{ scheme_from = { jq = '{\"32\": \"md5\", \"64\": \"sha256\"}[.pwd | length | tostring]' }, hash = \
                \"pwd\", salt = \"pwd_salt\", order = \"salt+password\" }";
    let expected = format!(
        "the passwords are digests (md5, sha256), and `pwd_salt`, which may be their salt, is not mapped: if they \
         were hashed with it, nobody could sign in; then password = {rule}, in the order in which it was hashed"
    );
    assert_eq!(told, [expected]);
    let settings = format!("[mapping]\nexternalId = \"id\"\npassword = {rule}\n");
    crate::config::Settings::from_toml(&settings, std::path::Path::new("x")).expect("a rule");
    let one = json!([{"id": "1", "auth": {"pwd": md5, "passwordSalt": "x"}}]);
    for password in [json!("auth.pwd"), json!({"scheme": "md5", "hash": "auth.pwd"})] {
        let (told, _) = overlooked(json!({"externalId": "id", "password": password}), &one);
        let rule = "password = { scheme = \"md5\", hash = \"auth.pwd\", salt = \"auth.passwordSalt\", order";
        assert!(told.len() == 1 && told[0].contains(rule), "{told:?}");
    }
    let salted = json!({"scheme": "md5", "hash": "auth.pwd", "salt": "auth.passwordSalt", "order": "salt+password"});
    assert!(overlooked(json!({"externalId": "id", "password": salted}), &one).0.is_empty());
    // That of a wallet is the password's only where no better one is there.
    let wallet = json!([{"id": "1", "pwd": md5, "wallet_salt": "x", "salt": "q"}]);
    let (told, _) = overlooked(json!({"externalId": "id", "password": "pwd"}), &wallet);
    assert!(told.len() == 1 && told[0].contains("salt = \"salt\""), "{told:?}");
    let wallet = json!([{"id": "1", "pwd": md5, "wallet_salt": "x"}]);
    let (told, _) = overlooked(json!({"externalId": "id", "password": "pwd"}), &wallet);
    assert!(told.len() == 1 && told[0].contains("salt = \"wallet_salt\""), "{told:?}");
    let bcrypt = json!([{"id": "1", "pwd": format!("$2b$12${}", "x".repeat(53)), "salt": "x"}]);
    assert!(overlooked(json!({"externalId": "id", "password": "pwd"}), &bcrypt).0.is_empty());
}

#[test]
fn hashes_that_no_rule_takes_are_named_where_no_password_is_mapped() {
    let told = |rules: serde_json::Value, unused: &[String]| {
        let mapping: Mapping = serde_json::from_value(rules).expect("a mapping");
        let mut checker = Checker::new(&mapping, &V2).expect("a table can be made").unused(unused);
        let bcrypt = "$2b$12$nCa3WDbsc3tvM57ifzjwrOAGGuNK7EPV0R17WKcW6f13NZvX97yLe";
        let md5 = "d41d8cd98f00b204e9800998ecf8427e";
        let (sha1, sha256) = (format!("{md5}01234567"), format!("{md5}{md5}"));
        let text = serde_json::json!([
            {"uid": 1, "pw_hash": sha256, "old": {"x": bcrypt}, "etag": md5, "salt": md5, "hash": md5, "note": "b"},
            {"uid": 2, "pw_hash": sha256, "old": {"x": "none"}, "etag": md5, "salt": md5, "hash": sha1, "note": "a"},
            {"uid": 3, "pw_hash": "", "etag": md5, "salt": md5, "hash": md5}
        ]);
        let input = Cursor::new(text.to_string().into_bytes());
        let mut reader =
            Reader::from_read(input, "users.json", &Options::default(), None).expect("it opens");
        checker.source("users.json", &mut reader, &mut |_, _| {}).expect("it is read");
        let report = checker.finish(&mut |_| Ok(())).expect("the table holds");
        let warnings = report.warnings.into_iter();
        warnings
            .filter(|one| one.warning == "no-password")
            .map(|one| one.message)
            .collect::<Vec<_>>()
    };
    let nobody =
        "no password is mapped: nobody can sign in before setting a new one by e-mail or phone";
    let behind = |columns: &str| {
        [format!("{nobody}; what looks like password hashes is in {columns}, which no rule takes")]
    };
    let rules = serde_json::json!({"externalId": "uid"});
    assert_eq!(
        told(rules.clone(), &[]),
        behind("`old.x` (1 of 2 values), `pw_hash` (2 of 2 values)")
    );
    assert_eq!(told(rules.clone(), &["old".to_owned()]), behind("`pw_hash` (2 of 2 values)"));
    assert_eq!(told(rules, &["old".to_owned(), "pw_hash".to_owned()]), [nobody]);
    assert!(told(serde_json::json!({"externalId": "uid", "password": "pw_hash"}), &[]).is_empty());
}
