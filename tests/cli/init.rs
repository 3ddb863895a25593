//! `init --from`: a mapping for exports of many shapes, and what a person reads about it.

use super::Desk;
use serde_json::Value;
use std::path::{Path, PathBuf};
use userferry::config::Settings;
use userferry::input::{Options, Reader, Source};
use userferry::provider::authing::fields::V2;
use userferry::suggest::{Proposal, Survey, propose};

/// What each export is to be mapped to, by hand from what its vendor documents.
const EXPECTED: &[(&str, &[&str])] = &[
    (
        "reference.json",
        &[
            r#"externalId = "uid""#,
            r#"email = "mail""#,
            r#"phone = { from = "phone", as = "phone", region = "CN" }"#,
            r#"nickname = "nickname""#,
            r#"password = "password""#,
            r#"emailVerified = "emailVerified""#,
            r#"loginsCount = "loginsCount""#,
        ],
    ),
    (
        "auth0.ndjson",
        &[
            r#"externalId = "user_id""#,
            r#"email = "email""#,
            r#"nickname = "nickname""#,
            r#"password = "passwordHash""#,
            r#"emailVerified = "email_verified""#,
            r#"loginsCount = "logins_count""#,
            r#"photo = "picture""#,
            r#"lastLogin = "last_login""#,
            r#"company = "user_metadata.company""#,
            r#"lastIP = "last_ip""#,
            r#"signedUp = "created_at""#,
            r#"name = "name""#,
            r#"blocked = "blocked""#,
        ],
    ),
    (
        "keycloak.json",
        &[
            r#"externalId = "id""#,
            r#"email = "email""#,
            r#"phone = { jq = '.attributes.phoneNumber[0]', as = "phone" }"#,
            r#"username = "username""#,
            concat!(
                r#"password = { scheme_from = "credentials[type=password].credentialData.algorithm", "#,
                r#"hash = "credentials[type=password].secretData.value", hash_encoding = "base64", "#,
                r#"salt = "credentials[type=password].secretData.salt", salt_encoding = "base64", "#,
                r#"iterations = "credentials[type=password].credentialData.hashIterations", "#,
                r#"m = "credentials[type=password].credentialData.additionalParameters.memory[0]", "#,
                r#"p = "credentials[type=password].credentialData.additionalParameters.parallelism[0]", "#,
                r#"variant = { from = "credentials[type=password].credentialData.additionalParameters.type[0]" }, "#,
                r#"version = { from = "credentials[type=password].credentialData.additionalParameters.version[0]" }, "#,
                r#"short = true }"#,
            ),
            r#"emailVerified = "emailVerified""#,
            r#"phoneVerified = { jq = '.attributes.phoneNumberVerified[0]', as = "bool" }"#,
            r#"signedUp = { from = "createdTimestamp", as = "date" }"#,
            r#"givenName = "firstName""#,
            r#"familyName = "lastName""#,
            r"locale = { jq = '.attributes.locale[0]' }",
            r#"blocked = { from = "enabled", as = "not" }"#,
        ],
    ),
    (
        "firebase.json",
        &[
            r#"externalId = "localId""#,
            r#"email = "email""#,
            r#"phone = { from = "phoneNumber", as = "phone" }"#,
            r#"nickname = "displayName""#,
            r#"password = { scheme = "firebase-scrypt", hash = "passwordHash", salt = "salt", short = true }"#,
            r#"emailVerified = "emailVerified""#,
            r#"photo = "photoUrl""#,
            r#"lastLogin = { from = "lastSignedInAt", as = "date" }"#,
            r#"signedUp = { from = "createdAt", as = "date" }"#,
            r#"blocked = "disabled""#,
        ],
    ),
    (
        "cognito.json",
        &[
            r#"externalId = { jq = '.Attributes[]? | select(.Name == "sub") | .Value' }"#,
            r#"email = { jq = '.Attributes[]? | select(.Name == "email") | .Value' }"#,
            r#"phone = { jq = '.Attributes[]? | select(.Name == "phone_number") | .Value', as = "phone" }"#,
            r#"username = "Username""#,
            r#"emailVerified = { jq = '.Attributes[]? | select(.Name == "email_verified") | .Value', as = "bool" }"#,
            r#"phoneVerified = { jq = '.Attributes[]? | select(.Name == "phone_number_verified") | .Value', as = "bool" }"#,
            r#"signedUp = { from = "UserCreateDate", as = "date" }"#,
            r#"name = { jq = '.Attributes[]? | select(.Name == "name") | .Value' }"#,
            r#"givenName = { jq = '.Attributes[]? | select(.Name == "given_name") | .Value' }"#,
            r#"familyName = { jq = '.Attributes[]? | select(.Name == "family_name") | .Value' }"#,
            concat!(
                r#"blocked = { jq = 'def unknown: error("not known whether this user may sign in"); def text: tostring | trim; "#,
                r#"def word(words): text | ascii_downcase | words[.] | if . == null then unknown else . end; "#,
                r#"(.Enabled | word({"true": false, "t": false, "1": false, "yes": false, "y": false, "#,
                r#""false": true, "f": true, "0": true, "no": true, "n": true})) or "#,
                r#"(.UserStatus | word({"confirmed": false, "external_provider": false, "reset_required": false, "#,
                r#""force_change_password": false, "unconfirmed": true, "archived": true, "compromised": true}))' }"#,
            ),
        ],
    ),
    (
        "cognito.csv",
        &[
            r#"email = "email""#,
            r#"phone = { from = "phone_number", as = "phone" }"#,
            r#"username = "cognito:username""#,
            r#"emailVerified = { from = "email_verified", as = "bool" }"#,
            r#"phoneVerified = { from = "phone_number_verified", as = "bool" }"#,
            r#"name = "name""#,
            r#"givenName = "given_name""#,
            r#"familyName = "family_name""#,
            r#"gender = { from = "gender", as = "gender" }"#,
            r#"birthdate = { from = "birthdate", as = "date", format = "%m/%d/%Y" }"#,
            r#"zoneinfo = "zoneinfo""#,
            r#"locale = "locale""#,
        ],
    ),
    (
        "chinese.csv",
        &[
            r#"externalId = "用户ID""#,
            r#"email = "邮箱""#,
            r#"phone = { from = "手机号", as = "phone", region = "CN" }"#,
            r#"username = "用户名""#,
            r#"nickname = "昵称""#,
            r#"password = "密码""#,
            r#"emailVerified = { from = "邮箱已验证", as = "bool" }"#,
            r#"loginsCount = { from = "登录次数", as = "int" }"#,
            r#"photo = "头像""#,
            r#"lastLogin = { from = "最后登录时间", as = "date" }"#,
            r#"company = "公司""#,
            r#"signedUp = { from = "注册时间", as = "date" }"#,
            r#"name = "姓名""#,
            r#"gender = { from = "性别", as = "gender" }"#,
            r#"birthdate = { from = "生日", as = "date" }"#,
        ],
    ),
    (
        "nested.jsonl",
        &[
            r#"externalId = "_id.$oid""#,
            r#"email = { from = "profile.contact.email", as = "lower" }"#,
            r#"phone = { from = "profile.contact.mobile", as = "phone" }"#,
            r#"username = "account.login""#,
            r#"password = "security.password.hash""#,
            r#"signedUp = "meta.created_at.$date""#,
            r#"givenName = "profile.name.first""#,
            r#"familyName = "profile.name.last""#,
            r#"streetAddress = "profile.address.street""#,
            r#"locality = "profile.address.city""#,
            r#"postalCode = "profile.address.postal_code""#,
            r#"blocked = { from = "account.active", as = "not" }"#,
        ],
    ),
];

pub(super) fn export(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/exports").join(name)
}

/// The records of an export as JSON.
fn records(name: &str) -> Vec<Vec<u8>> {
    let path = export(name);
    if path.extension().is_some_and(|end| end == "csv") {
        let mut reader = csv::Reader::from_path(path).unwrap();
        let header = reader.headers().unwrap().clone();
        let row = |row: csv::StringRecord| -> Value {
            header.iter().zip(&row).map(|(name, cell)| (name.to_owned(), cell)).collect()
        };
        return reader.records().map(|r| row(r.unwrap()).to_string().into_bytes()).collect();
    }
    let source = Source::parse(path.to_str().unwrap());
    let mut reader = Reader::open(&source, &Options::default(), None).unwrap();
    std::iter::from_fn(|| reader.next_record().unwrap()).map(|record| record.raw).collect()
}

fn proposal(name: &str) -> Proposal {
    let mut survey = Survey::default();
    for record in records(name) {
        survey.add(&record);
    }
    propose(&survey, false, &V2)
}

#[test]
fn exports_of_many_shapes_are_mapped_as_their_vendors_document_them() {
    for (name, expected) in EXPECTED {
        let proposal = proposal(name);
        let held = proposal.lines.iter().filter(|line| line.holds);
        let rules: Vec<String> = held.map(|l| format!("{} = {}", l.field, l.rule)).collect();
        assert_eq!(rules, *expected, "{name}");
    }
}

#[test]
fn no_value_of_a_record_gets_into_a_proposal() {
    fn values(value: &Value, found: &mut Vec<String>) {
        match value {
            Value::Array(items) => items.iter().for_each(|item| values(item, found)),
            Value::Object(members) => members.values().for_each(|item| values(item, found)),
            Value::String(text) if text.len() > 8 => found.push(text.clone()),
            _ => {}
        }
    }
    for (name, _) in EXPECTED {
        let text = proposal(name).to_toml("");
        let mut found = Vec::new();
        for record in records(name) {
            values(&serde_json::from_slice(&record).unwrap(), &mut found);
        }
        // What a list of named values calls them are names.
        found.retain(|value| !value.starts_with("phone_number") && !value.starts_with("email_ver"));
        found.retain(|value| value != "given_name" && value != "family_name");
        assert!(found.len() > 50, "{name}");
        for value in found {
            assert!(!text.contains(&value), "{name}: {value}");
        }
    }
}

/// What is left after `init --from` and `check` of an untouched proposal.
#[track_caller]
fn is_clean(name: &str) {
    let desk = Desk::new();
    std::fs::copy(export(name), desk.path(name)).unwrap();
    desk.ferry(&format!("init --from {name}")).ok(0);
    let path = desk.path("userferry.toml");
    Settings::from_toml(&desk.read("userferry.toml"), &path).expect("it is read back");
    let did = desk.ferry(&format!("check --json {name}")).ok(0);
    let report: Value = serde_json::from_str(&did.out).unwrap();
    assert_eq!(report["invalid"], 0, "{name}");
    assert_eq!(report["valid"], records(name).len(), "{name}");
    let missing = report["warnings"].as_array().unwrap();
    assert!(!missing.iter().any(|w| w["warning"] == "column-missing"), "{name}: {missing:?}");
}

#[test]
fn an_untouched_proposal_finds_no_problem_in_a_clean_export() {
    is_clean("auth0.ndjson");
}

#[test]
fn an_untouched_proposal_with_conversions_finds_no_problem_in_a_clean_export() {
    for name in ["reference.json", "keycloak.json", "firebase.json", "cognito.json", "nested.jsonl"]
    {
        is_clean(name);
    }
}

#[test]
fn an_untouched_proposal_for_csv_finds_no_problem_in_a_clean_export() {
    for name in ["cognito.csv", "chinese.csv"] {
        is_clean(name);
    }
}

const TWO: &str = r#"[{"uid":"1","mail":"ada@example.com","salt":"geheim1","boss":{"phone":"1"}},
                      {"uid":"2","mail":"","login":"ben-geheim"}]"#;

#[test]
fn it_tells_what_was_found_and_what_to_do_next_without_a_value() {
    let desk = Desk::new();
    desk.write("users.json", TWO);
    let did = desk.ferry("init --from users.json").ok(0);
    assert_eq!(did.out, "");
    let table = "\
field       provider's field  filled
uid         externalId        100 %
mail        email             50 %
login       username          50 %
salt        -                 50 %
boss.phone  -                 50 %

Wrote userferry.toml after a look at 2 records. Set user_pool_id in it, read [mapping], and change \
what is wrong; then: userferry check users.json
";
    assert_eq!(did.err, table);
    let text = desk.read("userferry.toml");
    for word in ["geheim", "ada@"] {
        assert!(!text.contains(word) && !did.err.contains(word), "{word}");
    }
    assert!(text.contains("user_pool_id"), "the other settings are there");
    let at = text.find("# Proposed from").unwrap();
    let (help, mapping) = text.split_at(at);
    assert!(help.contains("[mapping]\n# The provider's field = your column"));
    let written = "\
# Proposed from the export: the provider's field = your column. Read it, and change what is wrong.
# The per cent say how many of 2 records have a value.
externalId = \"uid\"                                        # 100 % of 2 records; all 2 values taken
email = \"mail\"                                            # 50 % of 2 records; the only value taken
username = \"login\"                                        # 50 % of 2 records; the only value taken
# A copy of the whole record, as the vendor's script keeps it. It is off because everything in
# it leaves your house, also what nobody asked for; the password's column is never in it.
# oauth = { raw = true, without = [\"salt\"] }

# Not mapped:
# … = \"salt\"                                              # 50 %; looks like a secret: keep it out \
of oauth, too
# … = \"boss.phone\"                                        # 50 %; inside `boss`, which may be \
another's; if it is the user's: phone
";
    assert_eq!(mapping, written);
    desk.ferry("check users.json").ok(0);
}

/// Each column that a rule takes stands on the screen as taken.
#[test]
fn a_column_that_the_rule_of_another_takes_is_taken_on_the_screen() {
    let desk = Desk::new();
    desk.write(
        "users.csv",
        "id,enabled,UserPrincipalName,account_non_locked,banned\n1,t,ada,t,f\n2,t,bob,t,f\n3,f,cem,t,t\n",
    );
    let did = desk.ferry("init --from users.csv").ok(0);
    let rows: Vec<Vec<&str>> =
        did.err.lines().map(|line| line.split_whitespace().collect()).collect();
    for name in ["enabled", "account_non_locked", "banned"] {
        assert!(rows.contains(&vec![name, "blocked", "100", "%"]), "{name}\n{}", did.err);
    }
    let text = desk.read("userferry.toml");
    let rule = text.lines().find(|line| line.starts_with("blocked = ")).expect("a rule");
    assert!(
        rule.contains(".enabled")
            && rule.contains(".account_non_locked")
            && rule.contains(".banned"),
        "{rule}"
    );
}

/// One id that repeats, and one word among truth values, are mistakes of their records: the fields are
/// what they are, and `check` names the mistakes. What is not needed is left out where it is wrong.
#[test]
fn a_few_mistakes_in_a_field_are_told_and_left_to_check() {
    let desk = Desk::new();
    let record = |n: u32, uid: u32, active: &str, seen: &str| {
        format!(
            "{{\"uid\":\"{uid}\",\"mail\":\"u{n}@example.com\",\"active\":{active},\"email_verified\":{seen}}}\n"
        )
    };
    let mut lines: Vec<String> = (1..149).map(|n| record(n, n, "true", "true")).collect();
    lines[9] = record(10, 9, "true", "true");
    lines[19] = record(20, 20, "\"frozen\"", "true");
    lines[29] = record(30, 30, "false", "\"perhaps\"");
    desk.write("users.jsonl", lines.concat());
    desk.ferry("init --from users.jsonl").ok(0);
    let text = desk.read("userferry.toml");
    for (rule, comment) in [
        (
            "externalId = \"uid\"",
            "100 % of 148 records; all 148 values taken; 1 of 148 values came before in another record: the later record cannot be sent, \
             and check names it",
        ),
        (
            "blocked = { from = \"active\", as = \"not\" }",
            "100 % of 148 records; 147 of 148 values taken, 1 not: a text that means neither true nor false; the opposite of blocked; 1 of 148 values means neither true nor false: check names it",
        ),
        (
            "emailVerified = { from = \"email_verified\", as = \"bool\", on_error = \"omit\" }",
            "100 % of 148 records; 147 of 148 values taken, 1 left out: a text that means neither true nor false",
        ),
    ] {
        let is_it =
            |line: &&str| line.starts_with(rule) && line.ends_with(&format!(" # {comment}"));
        assert!(text.lines().any(|line| is_it(&line)), "{rule}: {text}");
    }
    assert!(!text.contains("frozen") && !text.contains("perhaps"), "{text}");
    let did = desk.ferry("check --format jsonl users.jsonl").ok(3);
    let found: Vec<Value> =
        did.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let told: Vec<(u64, &str, &str)> = found
        .iter()
        .map(|p| {
            (
                p["record"].as_u64().unwrap(),
                p["field"].as_str().unwrap(),
                p["rule"].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(told, [(10, "uid", "duplicate-key"), (20, "active", "type")], "{}", did.out);
}

/// One wrong number of 1,800 drops neither the conversion nor its user, and a few words for no date cost nobody.
#[test]
fn a_few_wrong_values_of_what_is_not_needed_are_left_out_and_counted() {
    let desk = Desk::new();
    let row = |n: u32| {
        let phone = if n == 77 { "1".to_owned() } else { format!("+44740012{n:04}") };
        let born = if n < 3 { "secret".to_owned() } else { format!("{:02}/02/1990", n % 28 + 1) };
        format!("{n},u{n}@example.com,{phone},{born}\n")
    };
    desk.write(
        "users.csv",
        "id,mail,tel,birthday\n".to_owned() + &(0..1_800).map(row).collect::<String>(),
    );
    desk.ferry("init --yes --from users.csv").ok(0);
    let text = desk.read("userferry.toml");
    for (rule, comment) in [
        (
            "phone = { from = \"tel\", as = \"phone\", on_error = \"omit\" }",
            "100 % of 1,800 records; 1,799 of 1,800 values taken, 1 left out: no phone number: without a country code it \
             must have 7 to 15 digits",
        ),
        (
            "birthdate = { from = \"birthday\", as = \"date\", format = \"%d/%m/%Y\", on_error = \"omit\" }",
            "100 % of 1,800 records; 1,797 of 1,800 values taken, 3 left out: no date of the mapping's format",
        ),
    ] {
        let line =
            text.lines().find(|line| line.starts_with(rule)).unwrap_or_else(|| panic!("{text}"));
        assert_eq!(line.split_once(" # ").map(|(_, told)| told), Some(comment));
    }
    let did = desk.ferry("check --json users.csv").ok(0);
    let report: Value = serde_json::from_str(&did.out).unwrap();
    assert_eq!(report["valid"], 1_800);
    assert_eq!(report["omitted"], serde_json::json!({"birthdate": 3, "phone": 1}));
}

/// Where many repeat it is another field's name, or many mistakes: a person must decide.
#[test]
fn an_id_of_which_many_repeat_is_a_comment_that_says_what_follows() {
    let desk = Desk::new();
    let records: Vec<String> = (0..100)
        .map(|n| format!("{{\"uid\":\"{}\",\"mail\":\"u{n}@example.com\"}}\n", n % 97))
        .collect();
    desk.write("users.jsonl", records.concat());
    let did = desk.ferry("init --from users.jsonl").ok(0);
    assert!(did.err.contains("uid    (externalId?)"), "{}", did.err);
    let text = desk.read("userferry.toml");
    let told = "# 100 % of 100 records; 3 of 100 values came before, so it is hardly an id: with this line the later \
                records could not be sent; if they are mistakes, correct them and take it; without an external id \
                users are recognised by e-mail address, phone number or user name\n";
    let line =
        text.lines().find(|line| line.starts_with("# externalId = \"uid\"")).expect("a line");
    assert!(format!("{line}\n").ends_with(told), "{line}");
    desk.ferry("check users.jsonl").ok(0);
}

#[test]
fn it_looks_at_the_first_two_thousand_records() {
    let desk = Desk::new();
    desk.write("users.jsonl", super::numbered(1..2_500) + "{\"uid\":\"1\",\"late\":1}\n");
    desk.ferry("-q init --from users.jsonl").ok(0);
    let text = desk.read("userferry.toml");
    assert!(text.contains("# 100 % of the first 2,000 records"), "{text}");
    assert!(!text.contains("late"), "{text}");
}

#[test]
fn it_reads_as_the_other_commands_do_and_never_writes_over_a_file() {
    let desk = Desk::new();
    desk.write("all.json", r#"{"staff":[{"id":1}],"guests":[{"login":"a"}]}"#);
    let did = desk.ferry("init --from all.json").ok(2);
    assert!(did.err.contains("name the one: --records NAME"), "{}", did.err);
    assert!(!desk.path("userferry.toml").exists());
    let did = desk.ferry("init --from all.json --records guests").ok(0);
    assert!(did.err.contains("userferry check all.json --records guests"), "{}", did.err);
    let text = desk.read("userferry.toml");
    assert!(text.contains("\nusername = \"login\""), "{text}");

    let did = desk.ferry("init --from all.json --records staff").ok(2);
    assert!(did.err.contains("userferry.toml is there already"), "{}", did.err);
    assert_eq!(desk.read("userferry.toml"), text);

    let did = desk.pipe("init --from - --config other.toml", TWO).ok(0);
    assert!(did.err.contains("other.toml") && desk.path("other.toml").exists(), "{}", did.err);
    // What came by standard input cannot be read once more, and the settings are not the default ones.
    let told = "then: userferry --config other.toml check FILE\n";
    assert!(did.err.ends_with(told), "{}", did.err);
    let did = desk.ferry("init --config third.toml").ok(0);
    let told = "then: userferry --config third.toml check users.json\n";
    assert!(did.err.ends_with(told), "{}", did.err);
}

#[test]
fn what_cannot_be_proposed_from_writes_nothing() {
    let desk = Desk::new();
    desk.write("empty.json", "[]");
    desk.write("broken.json", "[{\"uid\":\"1\"},");
    for (line, message) in [
        ("init --from empty.json", "empty.json: no record to propose a mapping from"),
        ("init --from broken.json", "the document is cut off"),
        ("init --from none.json", "none.json: no such file"),
        ("init --records users", "--from <SOURCE>"),
        ("init --input-format jsonl", "--from <SOURCE>"),
    ] {
        let did = desk.ferry(line).ok(2);
        assert!(did.err.contains(message), "{line}: {}", did.err);
        assert!(!desk.path("userferry.toml").exists(), "{line}");
    }
    desk.write("names.json", r#"[{"name":"Ada"}]"#);
    let did = desk.ferry("init --from names.json").ok(0);
    assert!(did.err.contains("warning: no field identifies a user"), "{}", did.err);
    assert!(desk.read("userferry.toml").contains("# No field was found that identifies a user"));
}

/// SQL Server Management Studio saves without quotes, unless it is told to.
#[test]
fn rows_that_fall_apart_at_their_delimiter_are_told_with_the_way_out_and_no_circle() {
    let row = |n: u32, name: &str| format!("{n},u{n}@b.cn,{name}\n");
    let rows = |n: u32, name: &str| (0..n).map(|n| row(n, name)).collect::<String>();
    let way = "a cell holds the delimiter without quotes around it; export with quotes (SQL Server Management Studio: \
               Tools, Options, Query Results,";
    let desk = Desk::new();
    desk.write("a.csv", format!("Id,Email,FullName\n{}", rows(1_000, "Weiß, Max")));
    let told = format!("1,000 of 1,000 rows have 4 cells, the header 3: {way}");
    let init = desk.ferry("init --from a.csv").ok(2).err;
    assert!(
        init.contains("a.csv: no record to propose a mapping from: none could be read"),
        "{init}"
    );
    assert!(init.contains(&told) && !init.contains("vendor's example"), "{init}");
    assert!(!desk.path("userferry.toml").exists());
    let told = format!("100 of 100 rows have 4 cells, the header 3: {way}");
    for command in ["check", "stage"] {
        let err = desk.ferry(&format!("{command} a.csv")).ok(2).err;
        assert!(err.contains("none of the columns that [mapping] takes"), "{err}");
        assert!(err.contains(&told), "{err}");
    }
    // Half of them.
    let half = format!("{}{}", rows(300, "Weiß, Max"), rows(300, "Max"));
    desk.write("b.csv", format!("Id,Email,FullName\n{half}"));
    let told = format!("b.csv: 300 of 600 rows have 4 cells, the header 3: {way}");
    let init = desk.ferry("init --from b.csv").ok(0).err;
    assert!(init.contains(&told), "{init}");
    assert!(
        init.contains(
            "b.csv: 300 records could not be read:\n300 x the whole record: the row has 4 columns, where the header \
             has 3 (syntax); first in b.csv, record 1, line 2\n"
        ),
        "{init}"
    );
    let check = desk.ferry("check b.csv").ok(3).out;
    assert!(check.contains(&told), "{check}");
    let stage = desk.ferry("stage b.csv").ok(3).err;
    assert!(stage.contains(&told), "{stage}");
}

#[test]
fn bytes_of_another_encoding_are_told_with_the_option() {
    let desk = Desk::new();
    let mut content = b"id,email,name\n".to_vec();
    for n in 0..1_000 {
        content.extend_from_slice(format!("{n},u{n}@b.cn,").as_bytes());
        content.extend_from_slice(if n < 301 { b"Max\n" } else { b"J\xfcrgen\n" });
    }
    desk.write("u.csv", content);
    let init = desk.ferry("init --from u.csv").ok(0).err;
    let told = "u.csv: 699 records could not be read:\n699 x name: bytes that are not UTF-8; if all of the file is in \
                another encoding, name it: --encoding (encoding); first in u.csv, record 302, line 303\n";
    assert!(init.contains(told), "{init}");
    let other = desk.ferry("init --config new.toml --encoding windows-1252 --from u.csv").ok(0).err;
    assert!(!other.contains("could not be read"), "{other}");
}

#[test]
fn german_names_of_the_password_are_known() {
    let desk = Desk::new();
    let hash = "$2b$12$nCa3WDbsc3tvM57ifzjwrOAGGuNK7EPV0R17WKcW6f13NZvX97yLe";
    for name in ["Kennwort", "passwort", "PasswortHash"] {
        desk.write("u.csv", format!("id,mail,{name}\n1,a@b.cn,{hash}\n2,c@d.cn,{hash}\n"));
        let _ = std::fs::remove_file(desk.path("userferry.toml"));
        desk.ferry("init --from u.csv").ok(0);
        let settings = desk.read("userferry.toml");
        assert!(settings.contains(&format!("\npassword = \"{name}\"")), "{settings}");
    }
}
