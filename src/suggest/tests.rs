use super::*;
use crate::provider::authing::fields::V2;

/// The lines that are proposed for these records: those that hold, and the comments behind `#`.
fn proposed(records: &[serde_json::Value]) -> Vec<String> {
    let told = |line: &Line| {
        let mark = if line.holds { "" } else { "# " };
        format!("{mark}{} = {}", line.field, line.rule)
    };
    proposal(records).lines.iter().map(told).collect()
}

fn proposal(records: &[serde_json::Value]) -> Proposal {
    let mut survey = Survey::default();
    for record in records {
        survey.add(record.to_string().as_bytes());
    }
    propose(&survey, false, &V2)
}

mod tables {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_field_is_told_by_its_name_and_converted_as_its_values_need() {
        for (name, values, expected) in [
            ("uid", json!(["1", "2"]), "externalId = \"uid\""),
            ("用户ID", json!([1, 2]), "externalId = \"用户ID\""),
            ("uid", json!(["1", "1"]), "# externalId = \"uid\""),
            ("kundenid", json!(["1", "2"]), "externalId = \"kundenid\""),
            ("mail", json!(["a@example.com"]), "email = \"mail\""),
            ("mail", json!(["A@example.com"]), "email = { from = \"mail\", as = \"lower\" }"),
            (
                "mail",
                json!([" A@example.com"]),
                "email = { from = \"mail\", as = [\"trim\", \"lower\"] }",
            ),
            ("mail", json!(["x"]), "# email = \"mail\""),
            ("x", json!(["a@example.com"]), "email = \"x\""),
            (
                "tel",
                json!(["13100000001"]),
                "phone = { from = \"tel\", as = \"phone\", region = \"CN\" }",
            ),
            ("tel", json!(["+14155550100"]), "phone = { from = \"tel\", as = \"phone\" }"),
            ("tel", json!(["4155550100"]), "phone = \"tel\""),
            ("tel", json!(["none"]), "# phone = \"tel\""),
            ("emailVerified", json!([true]), "emailVerified = \"emailVerified\""),
            (
                "email_verified",
                json!(["yes"]),
                "emailVerified = { from = \"email_verified\", as = \"bool\" }",
            ),
            (
                "email_verified_at",
                json!(["2024-01-31 10:00:00", null]),
                "emailVerified = { jq = '(.email_verified_at // \"\") != \"\"' }",
            ),
            ("logins_count", json!([4]), "loginsCount = \"logins_count\""),
            ("登录次数", json!(["4"]), "loginsCount = { from = \"登录次数\", as = \"int\" }"),
            ("created_at", json!(["2024-01-31T10:00:00Z"]), "signedUp = \"created_at\""),
            (
                "createdAt",
                json!([1_486_324_027_000_u64]),
                "signedUp = { from = \"createdAt\", as = \"date\" }",
            ),
            (
                "signup",
                json!(["2024/1/31 10:00"]),
                "signedUp = { from = \"signup\", as = \"date\" }",
            ),
            (
                "signup",
                json!(["03/04/2024", "31/01/2024"]),
                "signedUp = { from = \"signup\", as = \"date\", format = \"%d/%m/%Y\" }",
            ),
            (
                "signup",
                json!(["0", "1486324027", "0"]),
                "signedUp = { from = \"signup\", as = \"date\" }",
            ),
            ("signup", json!(["0", "0"]), "# signedUp = \"signup\""),
            ("signup", json!(["03/04/2024"]), "# signedUp = \"signup\""),
            ("生日", json!(["1990-01-31"]), "birthdate = \"生日\""),
            ("生日", json!(["1990年1月31日"]), "birthdate = { from = \"生日\", as = \"date\" }"),
            ("gender", json!(["M", "U"]), "gender = \"gender\""),
            ("性别", json!(["男", "女"]), "gender = { from = \"性别\", as = \"gender\" }"),
            ("sex", json!(["x"]), "# gender = \"sex\""),
            ("blocked", json!([false]), "blocked = \"blocked\""),
            (
                "blocked",
                json!([true, true, "maybe"]),
                "blocked = { from = \"blocked\", as = \"bool\" }",
            ),
            ("enabled", json!([true]), "blocked = { from = \"enabled\", as = \"not\" }"),
            ("is_active", json!([0, 1]), "blocked = { from = \"is_active\", as = \"not\" }"),
            ("user_active", json!([true]), "blocked = { from = \"user_active\", as = \"not\" }"),
            ("active", json!(["N"]), "blocked = { from = \"active\", as = \"not\" }"),
            (
                "active",
                json!(["gone"]),
                "# blocked = { jq = '.active | tostring | trim | ascii_downcase | {\"…\": true}[.] | if . == null then error(\"not known whether this user may sign in\") else . end' }",
            ),
            ("nick", json!([" x"]), "nickname = { from = \"nick\", as = \"trim\" }"),
            ("nick", json!([true]), "# nickname = \"nick\""),
            ("密码", json!(["x"]), "password = \"密码\""),
        ] {
            let values = values.as_array().expect("values");
            let records = values.iter().enumerate();
            let records: Vec<serde_json::Value> =
                records.map(|(n, value)| json!({ "n": n, (name): value })).collect();
            if expected.starts_with("emailVerified") {
                verified_only_with_an_address(records, expected);
                continue;
            }
            assert_eq!(proposed(&records), [expected], "{name}: {values:?}");
        }
    }

    /// Nothing is verified of who has no address.
    fn verified_only_with_an_address(mut records: Vec<serde_json::Value>, expected: &str) {
        assert_eq!(proposed(&records), [format!("# {expected}")]);
        for (n, record) in records.iter_mut().enumerate() {
            record["mail"] = format!("u{n}@example.com").into();
        }
        assert_eq!(proposed(&records), ["email = \"mail\"", expected]);
    }

    #[test]
    fn names_that_differ_in_case_are_two_and_addresses_one() {
        let records = [("Anna", "A@b.cn"), ("anna", "a@b.cn"), ("ANNA", "c@b.cn")];
        let records: Vec<serde_json::Value> = records
            .iter()
            .map(|(name, mail)| json!({"username": name, "uid": name, "mail": mail}))
            .collect();
        let toml = proposal(&records).to_toml("");
        let note = |line: &str| {
            let line = toml.lines().find(|found| found.starts_with(line)).expect("a line");
            line.split_once("  # ").expect("a comment").1.to_owned()
        };
        assert_eq!(note("username = "), "100 % of 3 records; all 3 values taken");
        assert_eq!(note("externalId = \"uid\""), "100 % of 3 records; all 3 values taken");
        assert!(note("email = ").contains("1 of 3 values came before"), "{toml}");
    }

    #[test]
    fn columns_whose_names_differ_in_case_are_two_and_one_is_used() {
        let records = [
            json!({"uid": 1, "Email": "", "email": "a@b.cn"}),
            json!({"uid": 2, "Email": "c@b.cn", "email": "d@b.cn"}),
        ];
        let toml = proposal(&records).to_toml("");
        let of_email: Vec<&str> = toml.lines().filter(|line| line.contains("email = ")).collect();
        assert_eq!(of_email.len(), 2, "{toml}");
        assert!(of_email[0].starts_with("email = \"email\" "), "{toml}");
        assert!(
            of_email[1].starts_with("# email = \"Email\" ")
                && of_email[1].ends_with("another candidate"),
            "{toml}"
        );
    }

    #[test]
    fn a_field_is_found_wherever_it_lies_if_it_is_the_users() {
        for (record, expected) in [
            (json!({"profile": {"email": "a@example.com"}}), "email = \"profile.email\""),
            (json!({"_id": {"$oid": "5dea9f9c82dd7c0e76e4ec93"}}), "externalId = \"_id.$oid\""),
            (
                json!({"attributes": {"phoneNumber": ["+14155550100"]}}),
                "phone = { jq = '.attributes.phoneNumber[0]', as = \"phone\" }",
            ),
            (
                json!({"Attributes": [{"Name": "email", "Value": "a@example.com"}]}),
                "email = { jq = '.Attributes[]? | select(.Name == \"email\") | .Value' }",
            ),
            (
                json!({"emails": [{"type": "work", "value": "a@example.com", "primary": true}]}),
                "email = { jq = '.emails[0].value' }",
            ),
            (json!({"address": {"state": "x"}}), "region = \"address.state\""),
            (json!({"state": "x", "zip": ""}), "region = \"state\""),
            (
                json!({"status": {"enabled": true, "name": "x", "since": "y"}}),
                "blocked = { from = \"status.enabled\", as = \"not\" }",
            ),
            (
                json!({"account": {"Status": {"isDisabled": "no"}}}),
                "blocked = { from = \"account.Status.isDisabled\", as = \"bool\" }",
            ),
            (json!({"credential": {"hash": "x"}}), "password = \"credential.hash\""),
            (json!({"name": {"first": "x"}}), "givenName = \"name.first\""),
            (json!({"company": {"name": "x"}}), "company = \"company.name\""),
            (json!({"address": {"postal_code": "x"}}), "postalCode = \"address.postal_code\""),
            (
                json!({"custom:phone-no": "13100000001"}),
                "phone = { from = \"custom:phone-no\", as = \"phone\", region = \"CN\" }",
            ),
            (
                json!({"attributes": {"e-mail's": ["a@example.com"], "x y": ["z"]}}),
                "email = { jq = \".attributes.[\\\"e-mail's\\\"][0]\" }",
            ),
        ] {
            assert_eq!(proposed(std::slice::from_ref(&record)), [expected], "{record}");
        }
        for record in [
            json!({"manager": {"email": "a@example.com"}}),
            json!({"identities": [{"user_id": "1"}]}),
            json!({"updated_at": "2024-01-31T10:00:00Z"}),
            json!({"status": "ok"}),
            json!({"state": "ACTIVE"}),
            json!({"": "a@example.com"}),
            json!({"nickname": null, "uid": " "}),
        ] {
            assert_eq!(proposed(std::slice::from_ref(&record)), [""; 0], "{record}");
        }
    }

    #[test]
    fn of_two_candidates_the_better_one_holds_and_the_other_is_a_comment() {
        for (records, expected) in [
            (
                json!([{"uid": "1", "account_id": "zhang"}, {"uid": "2", "account_id": "wang"}]),
                &["externalId = \"uid\"", "# externalId = \"account_id\""][..],
            ),
            (
                json!([{"uid": "1", "id": "8"}, {"uid": "1", "id": "9"}]),
                &["externalId = \"id\"", "# externalId = \"uid\""],
            ),
            (
                json!([{"phone": null, "mobile": "4155550100"}, {"phone": "4155550101", "mobile": "4155550102"}]),
                &["phone = \"mobile\"", "# phone = \"phone\""],
            ),
            (json!([{"login": "a@example.com"}]), &["email = \"login\"", "username = \"login\""]),
        ] {
            let records = records.as_array().expect("records").clone();
            assert_eq!(proposed(&records), expected);
        }
    }
}

/// So many records, each with an address and a value of that column.
fn column(
    name: &str,
    values: impl IntoIterator<Item = impl Into<serde_json::Value>>,
) -> Vec<serde_json::Value> {
    let record = |(n, value): (usize, serde_json::Value)| serde_json::json!({ "mail": format!("u{n}@example.com"), (name): value });
    values.into_iter().map(Into::into).enumerate().map(record).collect()
}

/// The rule that holds for a field, and what is told of it.
fn held(records: &[serde_json::Value], field: &str) -> Option<(String, String)> {
    let proposal = proposal(records);
    let line = proposal.lines.into_iter().find(|line| line.holds && line.field == field)?;
    let tried = line.tried.as_ref().map(|tried| tried.told(line.omits));
    let told: Vec<String> = tried.into_iter().chain(line.note).collect();
    Some((line.rule, told.join("; ")))
}

#[test]
fn one_wrong_number_of_many_drops_no_conversion() {
    // Mobile numbers of the United Kingdom, and one that is none.
    let numbers =
        (0..1_800).map(|n| if n == 77 { "1".to_owned() } else { format!("+44740012{n:04}") });
    let (rule, told) = held(&column("tel", numbers), "phone").expect("a rule");
    assert!(rule.starts_with("{ from = \"tel\", as = \"phone\""), "{rule}");
    assert!(told.starts_with("1,799 of 1,800 values taken, 1 "), "{told}");
    let days = (0..200)
        .map(|n| if n < 3 { "soon".to_owned() } else { format!("1990-01-{:02}", n % 28 + 1) });
    let (rule, told) = held(&column("dob", days), "birthdate").expect("a rule");
    assert!(rule.starts_with("{ from = \"dob\", as = \"date\""), "{rule}");
    assert!(told.starts_with("197 of 200 values taken, 3 "), "{told}");
}

#[test]
fn of_several_addresses_in_one_text_the_first_is_taken() {
    let values = [
        "Ada@example.com",
        "b@example.com|c@example.net",
        "d@example.com; e@example.net",
        "f@example.com",
    ];
    let records: Vec<serde_json::Value> = values
        .iter()
        .enumerate()
        .map(|(n, mail)| serde_json::json!({"uid": n, "mail": mail}))
        .collect();
    let (rule, told) = held(&records, "email").expect("a rule");
    assert_eq!(told, "all 4 values taken; 2 of them several addresses: the first");
    let text = format!("[mapping]\nexternalId = \"uid\"\nemail = {rule}\n");
    let path = std::path::Path::new("userferry.toml");
    let mapping = crate::config::Settings::from_toml(&text, path).expect("it is read").mapping;
    let sent = |record: &serde_json::Value| {
        let user = crate::prepare::prepare(record.to_string().as_bytes(), &mapping, &V2).user;
        user.identifiers.get(crate::user::IdKind::Email).map(str::to_owned)
    };
    let sent: Vec<_> = records.iter().filter_map(sent).collect();
    assert_eq!(sent, ["ada@example.com", "b@example.com", "d@example.com", "f@example.com"]);
}

#[test]
fn text_that_holds_json_says_names_but_nothing_that_must_be_true() {
    let inside = |n: usize| {
        let (mail, is_true) = (format!("x{n}@example.net"), n > 0);
        serde_json::json!({"sub": n, "email": mail, "email_verified": is_true, "banned": false, "full_name": "Ada"}).to_string()
    };
    let at = |n: usize| (!n.is_multiple_of(3)).then_some("2024-01-31 10:15:00+00");
    let records: Vec<serde_json::Value> = (0..9)
        .map(|n| serde_json::json!({"id": n, "email": format!("u{n}@example.com"), "raw_user_meta_data": inside(n), "email_confirmed_at": at(n), "confirmed_at": "2024-01-31 10:15:00+00"}))
        .collect();
    let proposal = proposal(&records);
    let rules = proposal
        .lines
        .iter()
        .filter(|line| line.holds)
        .map(|line| format!("{} = {}", line.field, line.rule));
    assert_eq!(
        rules.collect::<Vec<_>>(),
        [
            "externalId = \"id\"",
            "email = \"email\"",
            "emailVerified = { jq = '(.email_confirmed_at // \"\") != \"\"' }",
            "name = \"raw_user_meta_data.full_name\"",
        ]
    );
}

#[test]
fn a_country_is_chosen_only_where_the_numbers_are_certain() {
    let phone = |numbers: Vec<String>| held(&column("tel", numbers), "phone").expect("a rule");
    let as_phone = "{ from = \"tel\", as = \"phone\" }".to_owned();
    let of = |code: &str| format!("{{ from = \"tel\", as = \"phone\", region = \"{code}\" }}");
    // Country codes in most: no country is guessed, also not that of mainland China.
    let plus = (0..100).map(|n| format!("+86138001380{n:02}"));
    assert_eq!(
        phone(plus.clone().collect()),
        (as_phone.clone(), "all 100 values taken".to_owned())
    );
    let mixed = plus.chain((0..40).map(|n| format!("138001390{n:02}"))).collect();
    let told = "all 140 values taken; 40 without a country code: taken as they stand";
    assert_eq!(phone(mixed), (as_phone.clone(), told.to_owned()));
    let foreign = (0..60).map(|n| format!("0044740012{n:04}")).collect();
    assert_eq!(phone(foreign).0, as_phone);
    // Codes in few.
    let few = (0..100)
        .map(|n| if n < 9 { format!("+861380013800{n}") } else { format!("138001390{n:02}") });
    assert_eq!(phone(few.collect()).0, of("CN"));
    let states = (0..100)
        .map(|n| format!("({}) 55{}-{:04}", [202, 212, 415, 617][n % 4], n % 10, n * 97))
        .collect();
    assert_eq!(phone(states).0, of("US"));
    // The code of many countries in front, as GoTrue keeps them.
    let front = (0..100).map(|n| match n % 3 {
        0 => format!("44740012{n:04}"),
        1 => format!("86138001380{n:02}"),
        _ => format!("1415555{n:04}"),
    });
    let (rule, told) = phone(front.collect());
    assert!(
        rule.starts_with("{ jq = '.tel | select(") && rule.ends_with("as = \"phone\" }"),
        "{rule}"
    );
    assert_eq!(
        told,
        "all 100 values taken; the numbers begin with a country code, without the + (+44: 34, +1: 33, +86: 33)"
    );
    // A few are numbers of the United States without the code, and look like numbers of Singapore.
    let few = (0..100).map(|n| match n {
        0..4 => format!("659123456{n}"),
        _ if n % 2 == 0 => format!("44740012{n:04}"),
        _ => format!("4915112345{n:03}"),
    });
    let mut few = column("tel", few);
    let told = proposal(&few);
    let line = told.lines.iter().find(|line| line.field == "phone").expect("a line");
    let note = line.note.as_deref().unwrap_or_default();
    assert!(!line.holds && note.contains("(+44: 48, +49: 48, +65: 4)"), "{line:?}");
    // Where it is known that all have their code in front, it is one.
    few[0]["raw_user_meta_data"] = serde_json::json!({"name": "Ada"});
    assert!(held(&few, "phone").is_some());
    // Numbers of no plan, or too few of them.
    for numbers in [(0..100).map(|n| format!("555{n:05}")).collect(), vec!["4155550100".to_owned()]]
    {
        assert_eq!(phone(numbers).0, "\"tel\"");
    }
}

#[test]
fn days_above_twelve_settle_the_order_of_a_date() {
    let signed = |values: &[&str]| {
        let records = column("signup", values.iter().copied());
        let proposal = proposal(&records);
        let line =
            proposal.lines.into_iter().find(|line| line.field == "signedUp").expect("a line");
        (line.holds, line.rule, line.note.unwrap_or_default())
    };
    for (values, format) in [
        (&["13/02/2024", "01/02/2024"][..], "%d/%m/%Y"),
        (&["01/02/2024", "02/13/2024"], "%m/%d/%Y"),
        (&["13-02-2024", "01-02-2024"], "%d-%m-%Y"),
        (&["13/02/2024 08:15", "01/02/2024 09:00"], "%d/%m/%Y %H:%M"),
        (&["1/31/2024 8:15:00 PM", "1/2/2024 12:15:00 AM", "0000-00-00"], "%m/%d/%Y %I:%M:%S %p"),
    ] {
        let rule = format!("{{ from = \"signup\", as = \"date\", format = \"{format}\" }}");
        assert_eq!(signed(values), (true, rule, String::new()), "{values:?}");
    }
    for (values, told) in [
        (
            &["01/02/2024", "03/04/2024"][..],
            "day and month could be either: as = \"date\", format = \"%d/%m/%Y\" or \"%m/%d/%Y\"",
        ),
        (
            &["13/02/2024 1:00", "02/13/2024 1:00"],
            "day and month could be either: as = \"date\", format = \"%d/%m/%Y %H:%M\" or \"%m/%d/%Y %H:%M\"",
        ),
        (
            &["13/02/24", "01/02/24"],
            "years of two digits: if all are of this century, as = \"date\", format = \"%d/%m/%y\"",
        ),
    ] {
        let (holds, rule, note) = signed(values);
        assert_eq!((holds, &rule[..], &note[..]), (false, "\"signup\"", told));
    }
}

#[test]
fn a_rule_that_refuses_most_values_does_not_hold() {
    let records = column("username", (0..10).map(|n| "x".repeat(if n < 6 { 600 } else { 5 })));
    assert_eq!(held(&records, "username"), None);
    assert!(!proposal(&records).to_toml("").contains("\nusername ="));
}

#[test]
fn seconds_are_no_user_name_and_a_counter_is_no_id() {
    let records: Vec<serde_json::Value> = (0..30)
        .map(|n| serde_json::json!({"no": n + 1, "uid": format!("{}", n * 7 + 5), "login": 1_600_000_000 + n, "visits": n}))
        .collect();
    assert_eq!(
        proposed(&records),
        [
            "externalId = \"uid\"",
            "loginsCount = \"visits\"",
            "lastLogin = { from = \"login\", as = \"date\" }"
        ]
    );
}

#[test]
fn what_is_not_mapped_is_named_with_the_reason_and_secrets_are_kept_back() {
    let record = serde_json::json!({
        "uid": "1", "manager": {"email": "m@example.com"}, "status": "gefroren", "salt": "c2FsdA==",
        "roles": [{"id": 1}], "notes": "", "legacy": "$1$salt$0123456789012345678901",
        "password": "x",
    });
    let proposal = proposal(std::slice::from_ref(&record));
    let left: Vec<(&str, &str)> =
        proposal.left.iter().map(|left| (left.source.as_str(), left.reason.as_str())).collect();
    assert_eq!(
        left,
        [
            (
                "manager.email",
                "inside `manager`, which may be another's; if it is the user's: email"
            ),
            (
                "status",
                "if it says who may not log in: blocked = { jq = '.status | tostring | trim | ascii_downcase | {\"…\": true}[.] | if . == null then error(\"not known whether this user may sign in\") else . end' } (for \"…\" put each word that shuts out, and add each that lets in with false; any other is an error of its record)"
            ),
            ("salt", "looks like a secret: keep it out of oauth, too"),
            ("roles", "a list of objects: jq can pick one value out of it"),
            ("notes", "always empty"),
            ("legacy", "no field of the provider is plainly meant"),
        ]
    );
    assert_eq!(proposal.without, ["salt", "legacy", "password"]);
    let text = proposal.to_toml("");
    assert!(
        text.contains("# oauth = { raw = true, without = [\"salt\", \"legacy\", \"password\"] }")
    );
    assert!(!text.contains("gefroren") && !text.contains("m@example.com"), "{text}");
}

#[test]
fn a_hash_whose_salt_lies_apart_is_told_and_one_that_has_it_inside_is_not() {
    let bcrypt = "$2b$12$nCa3WDbsc3tvM57ifzjwrOAGGuNK7EPV0R17WKcW6f13NZvX97yLe";
    let guess = "scheme and order are a guess: find out what was hashed (several times? then pbkdf2 or the like), and \
                 prove it with userferry password verify and a password you know";
    for (hash, expected, rule) in [
        (
            "5BAA61E4C9B93F3F0682250B6CF8331B7EE68FD8",
            guess,
            "{ scheme = \"sha1\", hash = \"auth.password\", salt = \"auth.salt\", order = \"salt+password\" }",
        ),
        (bcrypt, "bcrypt", "\"auth.password\""),
        (
            "k3T1+no scheme",
            "its salt lies in \"auth.salt\": password = { scheme = \"…\", hash = \"auth.password\", salt = \"auth.salt\" }",
            "\"auth.password\"",
        ),
    ] {
        let record = serde_json::json!({"auth": {"password": hash, "salt": "x"}});
        let proposal = proposal(std::slice::from_ref(&record));
        let line = proposal.lines.iter().find(|line| line.field == "password").expect("a line");
        assert_eq!(line.note.as_deref(), Some(expected));
        assert_eq!(line.rule, rule);
    }
}

#[test]
fn a_hash_beside_its_salt_is_found_by_every_name_of_a_password() {
    let names = ["pwhash", "passwort_hash", "passwort", "passworthash", "Kennwort", "hash", "pw"];
    let others = names.into_iter().map(|name| (name, "salt"));
    for (hash, salt) in
        [("pw_hash", "pw_salt"), ("passwort_hash", "passwort_salt")].into_iter().chain(others)
    {
        let record = |n: u32| {
            let (digest, salted) = (format!("{n:064x}"), format!("{:016x}", n * 7_919));
            serde_json::json!({"kundennr": n, "vorname": "Ada", (hash): digest, (salt): salted})
        };
        let proposal = proposal(&(1..40).map(record).collect::<Vec<_>>());
        let line = proposal.lines.iter().find(|line| line.field == "password").expect(hash);
        let expected = format!(
            "{{ scheme = \"sha256\", hash = \"{hash}\", salt = \"{salt}\", order = \"salt+password\" }}"
        );
        assert_eq!(line.rule, expected);
        assert_eq!(proposal.without, [hash, salt]);
    }
}

#[test]
fn what_nobody_types_is_not_proposed_as_plain_text() {
    let note = |passwords: Vec<String>| {
        let records: Vec<serde_json::Value> =
            passwords.iter().map(|text| serde_json::json!({"password": text})).collect();
        let proposal = proposal(&records);
        let line = proposal.lines.into_iter().find(|line| line.field == "password");
        line.and_then(|line| line.note).unwrap()
    };
    let token = |i: u64| {
        format!("{:016x}{:08x}", i.wrapping_mul(0x9e37_79b9_7f4a_7c15), i * 48_271 % 0xffff_fffb)
    };
    let made = note((1..200).map(|i| token(i * i)).collect());
    assert!(made.contains("a form that is not known") && !made.contains("keep_password"), "{made}");
    let typed = note((1..200).map(|i| format!("Zhang@19{i}")).collect());
    assert!(typed.contains("set keep_password = false"), "{typed}");
}

#[test]
fn of_several_salts_the_passwords_own_is_taken_and_a_strange_one_only_as_a_guess() {
    let md5 = "5f4dcc3b5aa765d61d8327deb882cf99";
    let rule_for = |fields: &[&str]| {
        let mut record = serde_json::json!({ "pwd": md5 });
        for name in fields {
            record[*name] = format!("{name}-7f3a").into();
        }
        let proposal = proposal(std::slice::from_ref(&record));
        let line = proposal.lines.into_iter().find(|line| line.field == "password");
        line.expect("a line")
    };
    for (fields, salt) in [
        (&["wallet_salt", "salt"][..], "salt"),
        (&["salt", "pwd_salt"], "pwd_salt"),
        (&["basalt", "salutation", "盐值"], "盐值"),
        (&["wallet_salt"], "wallet_salt"),
    ] {
        let line = rule_for(fields);
        assert!(line.rule.contains(&format!("salt = \"{salt}\"")), "{}", line.rule);
        let is_strange = line.note.expect("a note").contains("may be the salt of something else");
        assert_eq!(is_strange, salt == "wallet_salt");
    }
    assert_eq!(rule_for(&["basalt", "saltwater"]).rule, "\"pwd\"");
    let note = rule_for(&["user_salt", "my_salt"]).note.expect("a note");
    assert!(note.starts_with("the salt may be \"my_salt\", too; "), "{note}");
}

#[test]
fn several_fields_that_shut_out_become_one_rule() {
    let records = [
        serde_json::json!({"id": 1, "status": "active", "deleted_at": null, "enabled": true}),
        serde_json::json!({"id": 2, "status": "banned", "deleted_at": null, "enabled": true}),
        serde_json::json!({"id": 3, "status": "active", "deleted_at": "2024-01-31 10:00:00", "enabled": true}),
        serde_json::json!({"id": 4, "status": "active", "deleted_at": null, "enabled": false}),
        serde_json::json!({"id": 5, "status": "strange", "deleted_at": null, "enabled": true}),
        serde_json::json!({"id": 6, "status": "active", "deleted_at": null, "enabled": true}),
    ];
    let proposal = proposal(&records);
    let lines: Vec<&Line> = proposal.lines.iter().filter(|line| line.field == "blocked").collect();
    let held: Vec<bool> = lines.iter().map(|line| line.holds).collect();
    assert_eq!(held, [true, false, false], "{lines:?}");
    let text = format!("[mapping]\nexternalId = \"id\"\nblocked = {}\n", lines[0].rule);
    let settings =
        crate::config::Settings::from_toml(&text, std::path::Path::new("x")).expect("a rule");
    let blocked = |record: &serde_json::Value| {
        let raw = record.to_string();
        let prepared = crate::prepare::prepare(raw.as_bytes(), &settings.mapping, &V2);
        let found = prepared.user.fields.iter().find(|(name, _)| *name == "blocked").cloned();
        found.map(|(_, value)| value == crate::user::Value::Bool(true))
    };
    let told: Vec<Option<bool>> = records.iter().map(blocked).collect();
    let (yes, no) = (Some(true), Some(false));
    assert_eq!(told, [no, yes, yes, yes, None, no]);
}

#[test]
fn the_other_half_of_a_pair_is_known_though_the_sample_has_one_alone() {
    for (seen, other) in
        [("t", "F"), ("true", "false"), ("1", "0"), ("yes", "no"), ("Y", "N"), ("是", "否")]
    {
        let of = |enabled: &str, state: &str| serde_json::json!({"id": 1, "enabled": enabled, "state": state});
        let sample = [of(seen, "enabled"), of(seen, "banned"), of(seen, "enabled")];
        let (rule, _) = held(&sample, "blocked").expect(seen);
        let text = format!("[mapping]\nexternalId = \"id\"\nblocked = {rule}\n");
        let path = std::path::Path::new("x");
        let settings = crate::config::Settings::from_toml(&text, path).expect("a rule");
        for (record, expected) in [
            (of(seen, "enabled"), false),
            (of(seen, "disabled"), true),
            (of(other, "enabled"), true),
        ] {
            let raw = record.to_string();
            let prepared = crate::prepare::prepare(raw.as_bytes(), &settings.mapping, &V2);
            let found = prepared.user.fields.iter().find(|(name, _)| *name == "blocked");
            let found = found.map(|(_, value)| *value == crate::user::Value::Bool(true));
            assert_eq!(found, Some(expected), "{record}: {rule}");
        }
    }
}

#[test]
fn what_stands_beside_a_hash_and_its_salt_tells_the_scheme() {
    let sha1 = "5baa61e4c9b93f3f0682250b6cf8331b7ee68fd8";
    let md5 = "5f4dcc3b5aa765d61d8327deb882cf99";
    let of = |record: serde_json::Value| serde_json::json!({ "credential": record });
    let (hash, salt) = ("credential.hash", "credential.salt");
    for (records, rule) in [
        (
            vec![of(serde_json::json!({"algorithm": "SHA1", "hash": sha1, "salt": "x"}))],
            format!(
                "{{ scheme_from = \"credential.algorithm\", hash = \"{hash}\", salt = \"{salt}\", order = \"salt+password\" }}"
            ),
        ),
        (
            vec![of(
                serde_json::json!({"algo": "pbkdf2-sha1", "rounds": 9, "hash": sha1, "salt": "x"}),
            )],
            format!(
                "{{ scheme_from = \"credential.algo\", hash = \"{hash}\", salt = \"{salt}\", iterations = \"credential.rounds\", order = \"salt+password\" }}"
            ),
        ),
        (
            [md5, sha1].map(|hash| of(serde_json::json!({"hash": hash, "salt": "x"}))).into(),
            format!(
                "{{ scheme_from = {{ jq = '{{\"32\": \"md5\", \"40\": \"sha1\"}}[.{hash} | length | tostring]' }}, hash = \"{hash}\", salt = \"{salt}\", order = \"salt+password\" }}"
            ),
        ),
    ] {
        let proposal = proposal(&records);
        let line = proposal.lines.iter().find(|line| line.field == "password").expect("a line");
        assert!(!line.holds, "the order is a guess");
        assert_eq!(line.rule, rule);
        // It can be taken as it stands.
        let text = format!("[mapping]\nexternalId = \"id\"\npassword = {rule}\n");
        crate::config::Settings::from_toml(&text, std::path::Path::new("x")).expect("a rule");
    }
}

#[test]
fn what_ucenter_hashed_is_known_by_its_columns() {
    let md5 = "5f4dcc3b5aa765d61d8327deb882cf99";
    let bcrypt = "$2y$10$nCa3WDbsc3tvM57ifzjwrOAGGuNK7EPV0R17WKcW6f13NZvX97yLe";
    let record = |password: &str, salt: &str| {
        serde_json::json!({
            "uid": 1, "username": "u", "password": password, "email": "u@example.com", "myid": "", "regip": "127.0.0.1",
            "regdate": 1_700_000_000, "salt": salt, "secques": ""
        })
    };
    let line = |records: &[serde_json::Value]| {
        let lines = proposal(records).lines;
        lines.into_iter().find(|line| line.field == "password").expect("a line")
    };
    let rule =
        r#"{ scheme = "md5", hash = "password", salt = "salt", order = "md5(password)+salt" }"#;
    for records in [&[record(md5, "a1b2c3")][..], &[record(md5, "a1b2c3"), record(bcrypt, "")]] {
        let line = line(records);
        assert_eq!((line.rule.as_str(), line.holds), (rule, true));
        assert!(line.note.as_deref().unwrap_or_default().contains("one account"), "{line:?}");
    }
    // Of another length, or without its other columns, what was hashed is a guess.
    assert!(!line(&[record(md5, "a1b2c3d4")]).holds);
    let bare = serde_json::json!({"uid": 1, "username": "u", "password": md5, "email": "u@example.com", "salt": "a1b2c3"});
    assert!(!line(&[bare]).holds);
}

#[test]
fn that_devise_may_have_a_pepper_is_told() {
    let bcrypt = "$2a$12$nCa3WDbsc3tvM57ifzjwrOAGGuNK7EPV0R17WKcW6f13NZvX97yLe";
    for (other, is_told) in [("reset_password_token", true), ("nickname", false)] {
        let record = serde_json::json!({"id": 1, "encrypted_password": bcrypt, (other): "x"});
        let lines = proposal(std::slice::from_ref(&record)).lines;
        let line =
            lines.iter().find(|line| line.field == "password" && line.holds).expect("a line");
        let note = line.note.as_deref().unwrap_or_default();
        assert_eq!(note.contains("config.pepper"), is_told, "{note}");
        assert!(note.starts_with("bcrypt"), "{note}");
    }
}

#[test]
fn the_section_is_read_back_whatever_the_fields_are_called() {
    let record = serde_json::json!({
        "uid": "1", "a\"b\\c\nd = [": {"mail": "a@example.com"}, "it's\u{7} x": "y",
        "x\"\n[run]\nemail": "a@example.com",
    });
    let text = proposal(std::slice::from_ref(&record)).to_toml("");
    let path = std::path::Path::new("userferry.toml");
    let settings = crate::config::Settings::from_toml(&text, path).expect("it is read");
    let names: Vec<&str> = settings.mapping.rules().iter().map(|(name, _)| &name[..]).collect();
    assert_eq!(names, ["externalId", "email"]);
}

#[test]
fn coverage_is_rounded_down() {
    let of = |n| percent(n, 2_000);
    assert_eq!([0, 1, 20, 1_999, 2_000].map(of), ["0 %", "< 1 %", "1 %", "99 %", "100 %"]);
}

#[test]
fn the_proposal_is_the_same_every_time() {
    let records: Vec<serde_json::Value> = (0..50)
        .map(|n| serde_json::json!({"b": n, "uid": n, "id": n, "mail": format!("{n}@example.com")}))
        .collect();
    let first = proposal(&records).to_toml("");
    assert!((0..5).all(|_| proposal(&records).to_toml("") == first), "{first}");
}

/// WordPress reads `user_status` nowhere (docs/from/wordpress.md), whichever of its columns were exported.
#[test]
fn what_a_system_never_reads_shuts_nobody_out() {
    let all = ["user_pass", "user_nicename", "user_activation_key"];
    for gone in [&[][..], &["user_pass"], &["user_nicename", "user_activation_key"]] {
        let record = |n: u32| {
            let mut record = serde_json::json!({
                "ID": n, "user_login": format!("u{n}"), "user_email": format!("u{n}@example.com"),
                "user_registered": "2024-01-01 00:00:00", "user_status": u32::from(n.is_multiple_of(9)), "display_name": "U",
            });
            for name in all.iter().filter(|name| !gone.contains(name)) {
                record[*name] = format!("{name}-{n}").into();
            }
            record
        };
        let proposal = proposal(&(0..40).map(record).collect::<Vec<_>>());
        assert!(!proposal.lines.iter().any(|line| line.source == "user_status"), "{gone:?}");
        let left = proposal.left.iter().find(|left| left.source == "user_status").expect("left");
        assert_eq!(left.reason, "not what says in WordPress who may sign in", "{gone:?}");
    }
    let own = serde_json::json!({"ID": 1, "user_login": "u", "user_status": 1});
    assert!(proposed(&[own]).iter().any(|line| line.starts_with("# blocked = ")));
}

/// `check` says of the later records of such values that they cannot be sent: of no others may this be told.
#[test]
fn only_what_the_rule_takes_came_before() {
    let record = |n: u32| {
        let mail = match n % 10 {
            0 => "NULL@".to_owned(),
            1 => format!("Shared{}@example.com", n / 20),
            _ => format!("u{n}@example.com"),
        };
        let phone = if n.is_multiple_of(3) {
            "n/a".to_owned()
        } else {
            format!("+1 415 555 {:04}", 100 + n)
        };
        serde_json::json!({"uid": n, "mail": mail, "phone": phone})
    };
    let records: Vec<serde_json::Value> = (0..100).map(record).collect();
    let proposal = proposal(&records);
    let note = |field: &str| {
        let line =
            proposal.lines.iter().find(|line| line.field == field && line.holds).expect(field);
        line.note.clone().unwrap_or_default()
    };
    // Ten times NULL@, which is none; the ten others are five addresses, each twice.
    assert_eq!(
        note("email"),
        "5 of 90 values came before in other records: the later records cannot be sent, and check names them"
    );
    assert_eq!(note("phone"), "");
}

#[test]
fn a_phone_column_is_taken_by_the_numbers_in_it_and_nothing_is_verified_without() {
    // Three kinds of five are numbers; the stroke is usual in Germany (DIN 5008 of before 2001).
    let kinds = ["+49 30 123456", "0049 30 123456", "030/123456", "n/a", "12"];
    let lines = |kinds: &[&str]| {
        let record = |n: usize| {
            let kind = kinds[n % kinds.len()];
            let phone =
                if kind.len() > 6 { format!("{kind}{:02}", n % 90 + 10) } else { kind.to_owned() };
            serde_json::json!({
                "Id": n, "Email": format!("u{n}@example.com"), "PhoneNumber": phone, "PhoneNumberConfirmed": "1",
                "EmailConfirmed": "1",
            })
        };
        proposed(&(0..100).map(record).collect::<Vec<_>>())
    };
    let taken = lines(&kinds);
    let phone = "phone = { from = \"PhoneNumber\", as = \"phone\", on_error = \"omit\" }";
    assert!(taken.iter().any(|line| line == phone), "{taken:?}");
    assert!(taken.iter().any(|line| line.starts_with("phoneVerified = ")), "{taken:?}");
    let apart = lines(&kinds[2..3]);
    assert!(
        apart
            .iter()
            .any(|line| line.starts_with("phone = { from = \"PhoneNumber\", as = \"phone\"")),
        "{apart:?}"
    );
    for none in [&kinds[2..], &kinds[3..]] {
        let left = lines(none);
        let has = |begin: &str| left.iter().any(|line| line.starts_with(begin));
        assert!(has("# phone = ") && has("# phoneVerified = "), "{left:?}");
        assert!(has("emailVerified = "), "{left:?}");
    }
    let no_mail =
        proposed(&[serde_json::json!({"uid": 1, "email": "none", "email_verified": true})]);
    assert!(no_mail.iter().any(|line| line.starts_with("# emailVerified = ")), "{no_mail:?}");
}

/// Okta keeps phone numbers as it is given them
/// (<https://developer.okta.com/docs/api/openapi/okta-management/management/tag/User/>).
#[test]
fn phone_numbers_that_a_system_keeps_as_free_text_are_left_out_where_a_later_one_is_wrong() {
    let record = |n: u32, status: &str| {
        serde_json::json!({
            "id": format!("00u{n}"), (status): "ACTIVE",
            "profile": {"login": format!("u{n}@example.com"), "email": format!("u{n}@example.com"),
                "mobilePhone": format!("+1 415 555 {:04}", n + 2000)},
        })
    };
    let lines = |status: &str| {
        let records: Vec<_> = (0..30).map(|n| record(n, status)).collect();
        proposed(&records)
    };
    let with =
        |omit: &str| format!("phone = {{ from = \"profile.mobilePhone\", as = \"phone\"{omit} }}");
    let (okta, another) = (lines("status"), lines("state"));
    assert!(okta.contains(&with(", on_error = \"omit\"")), "{okta:?}");
    assert!(another.contains(&with("")), "{another:?}");
}

/// Okta's users list the addresses once more under `credentials`, each with whether it is verified
/// (<https://developer.okta.com/docs/reference/api/users>, "Email object").
#[test]
fn what_okta_says_of_an_address_is_taken_for_the_address_of_the_profile_alone() {
    let user = |n: u32, emails: serde_json::Value| {
        serde_json::json!({
            "id": format!("00u{n}"), "status": "ACTIVE",
            "profile": {"login": format!("u{n}"), "email": format!("u{n}@example.com")},
            "credentials": {"emails": emails},
        })
    };
    let address = |n: u32, status: &str| serde_json::json!({"value": format!("u{n}@example.com"), "status": status, "type": "PRIMARY"});
    let users = [
        (user(1, serde_json::json!([address(1, "VERIFIED")])), Some(true)),
        (user(2, serde_json::json!([address(2, "UNVERIFIED")])), Some(false)),
        (user(3, serde_json::json!([address(4, "VERIFIED")])), Some(false)),
        (user(4, serde_json::json!([])), Some(false)),
        (
            user(5, serde_json::json!([address(9, "UNVERIFIED"), address(5, "VERIFIED")])),
            Some(true),
        ),
    ];
    let records: Vec<_> = users.iter().map(|(record, _)| record.clone()).collect();
    let lines = proposed(&records);
    let rule = lines.iter().find_map(|line| line.strip_prefix("emailVerified = ")).expect("a rule");
    let table: toml::Table = toml::from_str(&format!("rule = {rule}")).unwrap();
    let rule = serde_json::to_value(&table["rule"]).unwrap();
    let rule = crate::mapping::Rule::from_json(&rule).unwrap();
    let mapping = crate::mapping::Mapping::new(vec![("emailVerified".to_owned(), rule)]);
    for (record, expected) in users {
        let user = crate::prepare::prepare(record.to_string().as_bytes(), &mapping, &V2).user;
        let said = user.fields.iter().find(|(name, _)| *name == "emailVerified");
        assert_eq!(
            said.map(|(_, value)| value == &crate::user::Value::Bool(true)),
            expected,
            "{record}"
        );
    }
    let without = [user(1, serde_json::json!([{"value": "u1@example.com"}]))];
    assert!(!proposed(&without).iter().any(|line| line.starts_with("emailVerified = ")));
}
