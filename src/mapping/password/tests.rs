use crate::mapping::{Mapping, Rule, meant};
use crate::password::Digest;
use crate::password::digest::to_hex;
use crate::password::verify::verify;
use crate::provider::authing::fields::V2;
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};

fn mapping(rule: &Value) -> Mapping {
    let rule = Rule::from_json(rule).unwrap();
    assert_eq!(Rule::from_json(&rule.to_json()).unwrap(), rule, "it is read as it was written");
    Mapping::new(vec![
        ("externalId".to_owned(), Rule::column("id")),
        ("password".to_owned(), rule),
        ("oauth".to_owned(), Rule::Raw { without: Vec::new() }),
    ])
}

/// The password that comes of a record, or the problem: field, rule and message.
fn taken(rule: &Value, record: &Value) -> Result<Option<String>, String> {
    let (user, _) = mapping(rule).apply(record.to_string().as_bytes(), &V2);
    for column in ["hash", "salt"] {
        let raw = format!("{:?}", user.get("oauth"));
        assert!(!raw.contains(column), "the copy holds no {column}: {raw}");
    }
    composed(rule, record)
}

fn composed(rule: &Value, record: &Value) -> Result<Option<String>, String> {
    let mapping = mapping(rule);
    mapping.validate(&V2).unwrap();
    let (user, problems) = mapping.apply(record.to_string().as_bytes(), &V2);
    match problems.as_slice() {
        [] => Ok(user.password.map(|password| password.expose_secret().to_owned())),
        [problem] => Err(format!("{} {}: {}", problem.field, problem.rule, problem.message)),
        several => panic!("{several:?}"),
    }
}

const MD5: &str = "5f4dcc3b5aa765d61d8327deb882cf99";

#[test]
fn parts_become_one_string() {
    let md5 =
        json!({"scheme": "md5", "hash": "hash", "salt": "salt", "order": "md5(password)+salt"});
    let one = Ok(Some("$md5$ms$YWI$X03MO1qnZdYdgyfeuILPmQ".to_owned()));
    assert_eq!(taken(&md5, &json!({"id": 1, "hash": MD5, "salt": "ab"})), one);
    for absent in [json!({"id": 1}), json!({"id": 1, "hash": null}), json!({"id": 1, "hash": ""})] {
        assert_eq!(taken(&md5, &absent), Ok(None));
    }
    // A table that has both.
    let bcrypt = format!("$2b$12${}", "x".repeat(53));
    assert_eq!(taken(&md5, &json!({"id": 1, "hash": bcrypt})), Ok(Some(bcrypt)));
    let by_column =
        json!({"scheme_from": "algo", "hash": "hash", "salt": "salt", "iterations": "n"});
    let record = json!({"id": 1, "algo": "PBKDF2-SHA256", "n": "29000", "hash": "ab".repeat(32), "salt": "ab"});
    let one = format!("$pbkdf2-sha256$29000$YWI${}", "q6ur".repeat(10) + "q6s");
    assert_eq!(taken(&by_column, &record), Ok(Some(one)));
    // Which of its records are digests, the column says: a salt must not be dropped then.
    let record = json!({"id": 1, "algo": "SHA-256", "hash": "ab".repeat(32), "salt": "ab"});
    let problem = taken(&by_column, &record).unwrap_err();
    assert!(problem.contains("a digest with a salt, and the mapping has no `order`"), "{problem}");
    let mut with_order = by_column.clone();
    with_order["order"] = json!("salt+password");
    let one = format!("$sha256$sp$YWI${}", "q6ur".repeat(10) + "q6s");
    assert_eq!(taken(&with_order, &record), Ok(Some(one)));
    let short = json!({"hash": "hash", "short": true});
    let one = format!("$sha512$p$${}", "q6ur".repeat(10) + "q6s");
    assert_eq!(taken(&short, &json!({"id": 1, "hash": "ab".repeat(64)})), Ok(Some(one)));
    assert_eq!(taken(&short, &json!({"id": 1, "hash": MD5})), Ok(Some(MD5.to_owned())));
}

#[test]
fn what_does_not_fit_is_a_problem_of_its_column() {
    let md5 = json!({"scheme": "md5", "hash": "hash", "salt": "salt", "order": "salt+password"});
    let none = "hash password: no hash of md5, in 32 hexadecimal digits or the same in base64";
    let length = "hash password: 64 hexadecimal digits, where md5 has 32; if the column has hashes of several \
                  schemes, scheme_from = { jq = '…' } says which";
    let absent = "hash password: the salt is absent";
    for (record, problem) in [
        (json!({"id": 1, "hash": "secret", "salt": "ab"}), none),
        // How long it is must not be told of what may be a password.
        (json!({"id": 1, "hash": "123456", "salt": "ab"}), none),
        (json!({"id": 1, "hash": "ab".repeat(32), "salt": "ab"}), length),
        (json!({"id": 1, "hash": MD5}), absent),
        (json!({"id": 1, "hash": MD5, "salt": null}), absent),
        (
            json!({"id": 1, "hash": MD5, "salt": [1]}),
            "salt type: a list, where a part of the password is expected",
        ),
    ] {
        assert_eq!(taken(&md5, &record), Err(problem.to_owned()));
    }
    let by_column = json!({"scheme_from": "algo", "hash": "hash"});
    let problem = taken(&by_column, &json!({"id": 1, "hash": MD5, "algo": "rot13"}));
    assert!(
        problem.unwrap_err().starts_with("algo password: names no scheme that can be composed")
    );
}

#[test]
fn a_program_names_the_scheme_of_each_hash_and_sees_it() {
    let by_length = json!({
        "scheme_from": {"jq": "if (.hash | length) == 32 then \"md5\" else \"pbkdf2-sha256\" end"},
        "iterations": {"jq": ".rounds * 1000"}, "hash": "hash", "salt": "salt", "order": "salt+password",
    });
    let md5 = json!({"id": 1, "hash": MD5, "salt": "ab"});
    assert_eq!(taken(&by_length, &md5), Ok(Some("$md5$sp$YWI$X03MO1qnZdYdgyfeuILPmQ".to_owned())));
    let record = json!({"id": 1, "hash": "ab".repeat(32), "salt": "ab", "rounds": 29});
    let one = format!("$pbkdf2-sha256$29000$YWI${}", "q6ur".repeat(10) + "q6s");
    assert_eq!(taken(&by_length, &record), Ok(Some(one)));
    for (program, why) in [
        (
            ".hash",
            "hash password: the jq program of `scheme_from` names no scheme that can be composed",
        ),
        ("empty", "hash password: the jq program of `scheme_from` names no scheme"),
        ("error(.hash)", "hash password: "),
        ("{hash}", "hash type: an object, where a part of the password is expected"),
    ] {
        let rule = json!({"scheme_from": {"jq": program}, "hash": "hash", "salt": "salt"});
        let problem = taken(&rule, &md5).unwrap_err();
        assert!(problem.starts_with(why) && !problem.contains(MD5), "{program}: {problem}");
    }
    let mapping = mapping(&by_length);
    let Some(Rule::Password(password)) = mapping.rule("password") else { panic!("no password") };
    assert!(password.columns().any(|column| column == "rounds"), "what feeds it is told");
}

#[test]
fn a_rule_that_cannot_be_is_refused_with_the_way_out() {
    for (rule, key, message) in [
        (json!({"scheme": "md5"}), None, "`hash` is missing"),
        (json!({"hash": "h"}), None, "neither `scheme` nor `scheme_from` nor `short`"),
        (json!({"scheme": "rot13", "hash": "h"}), Some("scheme"), "`scheme` must be one of md5"),
        (json!({"scheme": "bcrypt", "hash": "h"}), Some("scheme"), "is whole as it stands"),
        (json!({"scheme": "md5", "hash": "h", "salt": "s"}), Some("scheme"), "`order` is missing"),
        (
            json!({"scheme": "md5", "hash": "h", "order": "salt+password"}),
            Some("scheme"),
            "`salt` is missing",
        ),
        (
            json!({"scheme": "md5", "hash": "h", "order": "password+password"}),
            Some("order"),
            "`order` must be",
        ),
        (json!({"scheme": "md5", "hash": "h", "n": 2}), Some("n"), "does not belong to"),
        (
            json!({"scheme": "pbkdf2-sha256", "hash": "h", "salt": "s"}),
            Some("scheme"),
            "`iterations` is missing",
        ),
        (json!({"scheme": "scrypt", "hash": "h", "salt": "s"}), Some("scheme"), "`n` is missing"),
        (
            json!({"scheme": "pbkdf2-sha256", "hash": "h", "salt": "s", "iterations": 0}),
            Some("iterations"),
            "must be a number, or the column",
        ),
        (json!({"hash": "h", "short": true, "salt": "s"}), Some("salt"), "`salt` wants a `scheme`"),
        (
            json!({"scheme_from": {"jq": "if"}, "hash": "h"}),
            Some("scheme_from"),
            "jq: a term is expected",
        ),
        (
            json!({"scheme_from": {"from": "x"}, "hash": "h"}),
            Some("scheme_from"),
            "must be the name of a column, or { jq",
        ),
        (json!({"hash": "h", "short": "yes"}), Some("short"), "must be true or false"),
        (json!({"scheme": "md5", "hash": "h", "from": "x"}), Some("from"), "does not belong to"),
        (
            json!({"scheme": "md5", "hash": "h", "hash_encoding": "text"}),
            Some("hash_encoding"),
            "must be \"hex\" or \"base64\"",
        ),
    ] {
        let error = Rule::from_json(&rule).unwrap_err();
        assert_eq!(error.key.as_deref(), key, "{rule}");
        assert!(error.message.contains(message), "{rule}: {}", error.message);
    }
}

#[test]
fn its_columns_feed_nothing_else_and_it_feeds_no_other_field() {
    let rule = json!({"scheme": "md5", "hash": "hash", "salt": "salt", "order": "salt+password"});
    for column in ["hash", "salt"] {
        let mut rules = mapping(&rule).rules().to_vec();
        rules.push(("nickname".to_owned(), Rule::column(column)));
        let error = Mapping::new(rules).validate(&V2).unwrap_err().to_string();
        assert!(error.contains("feeds the password and `nickname` too"), "{error}");
    }
    let rules = vec![("nickname".to_owned(), Rule::from_json(&rule).unwrap())];
    let error = Mapping::new(rules).validate(&V2).unwrap_err().to_string();
    assert!(error.contains("`nickname` is no password"), "{error}");
}

/// A column with digest and salt, as shops and forums have it.
#[test]
fn a_digest_and_a_salt_in_one_column_are_told_apart() {
    let rule = json!({"scheme": "md5", "hash": "hash", "split": ":", "order": "password+salt"});
    let one = Ok(Some("$md5$ps$YWI$X03MO1qnZdYdgyfeuILPmQ".to_owned()));
    for text in [format!("{MD5}:ab"), format!("ab:{MD5}"), format!("{MD5}:ab:0")] {
        assert_eq!(taken(&rule, &json!({"id": 1, "hash": text})), one, "{text}");
    }
    let absent = "hash password: `split` does not stand in it, so there is no salt";
    assert_eq!(taken(&rule, &json!({"id": 1, "hash": MD5})), Err(absent.to_owned()));
    let empty = taken(&rule, &json!({"id": 1, "hash": format!("{MD5}:")}));
    assert_eq!(empty, Err("hash password: the salt is absent".to_owned()));
    let bcrypt = format!("$2b$12${}", "x".repeat(53));
    assert_eq!(taken(&rule, &json!({"id": 1, "hash": bcrypt})), Ok(Some(bcrypt)));
    for (rule, key, message) in [
        (json!({"scheme": "md5", "hash": "h", "split": ":"}), "scheme", "`order` is missing"),
        (
            json!({"scheme": "md5", "hash": "h", "split": ":", "salt": "s", "order": "salt+password"}),
            "split",
            "only one of `salt` and `split`",
        ),
        (
            json!({"scheme": "scrypt", "hash": "h", "split": ":", "salt": "s", "n": 2}),
            "split",
            "does not belong to",
        ),
        (
            json!({"scheme": "md5", "hash": "h", "order": "salt+password"}),
            "scheme",
            "or split = \":\" where it stands in the column of the hash",
        ),
    ] {
        let error = Rule::from_json(&rule).unwrap_err();
        assert_eq!(error.key.as_deref(), Some(key), "{rule}");
        assert!(error.message.contains(message), "{rule}: {}", error.message);
    }
}

fn meant_by(rule: &Value, record: &Value, password: &str) -> Option<(String, bool)> {
    let rules = vec![
        ("externalId".to_owned(), Rule::column("id")),
        ("nickname".to_owned(), Rule::column("nick")),
        ("password".to_owned(), Rule::from_json(rule).unwrap()),
        ("oauth".to_owned(), Rule::Raw { without: Vec::new() }),
    ];
    let matches = |stored: &str| verify(password, stored, None) == Ok(true);
    let mapping = Mapping::new(rules);
    let found = meant(record.to_string().as_bytes(), &mapping, &V2, &matches)?;
    Some((found.rule, found.feeds.is_some()))
}

/// By Node.js: `md5(md5("secret") + "x9")` and so on, with salts as text, as bytes and in base64.
#[test]
fn the_rule_that_was_meant_is_found() {
    let salt = "6b1f00ff80aa55c3";
    let bytes = [0x6b, 0x1f, 0, 0xff, 0x80, 0xaa, 0x55, 0xc3];
    let hex = |digest: Digest, parts: &[&[u8]]| to_hex(&digest.of(parts));
    let discuz = "173a88924b8698dd1c3d0a525963ca1a";
    let by_bytes = hex(Digest::Sha1, &[&bytes, b"secret"]);
    let of_salt =
        |rule: Value, record: Value| meant_by(&rule, &record, "secret").map(|(rule, _)| rule);
    let plain = json!("pwd");
    for (rule, record, found) in [
        (
            plain.clone(),
            json!({"id": 1, "pwd": discuz, "nick": "secret", "more": {"code": "x9"}}),
            "password = { scheme = \"md5\", hash = \"pwd\", salt = \"more.code\", order = \"md5(password)+salt\" }",
        ),
        (
            plain.clone(),
            json!({"id": 1, "pwd": by_bytes, "entropy": salt}),
            "password = { scheme = \"sha1\", hash = \"pwd\", salt = \"entropy\", salt_encoding = \"hex\", order = \"salt+password\" }",
        ),
        (
            json!({"scheme": "sha1", "hash": "pwd", "salt": "s", "order": "salt+password"}),
            json!({"id": 1, "pwd": by_bytes, "s": "ax8A/4CqVcM="}),
            "password = { scheme = \"sha1\", hash = \"pwd\", salt = \"s\", salt_encoding = \"base64\", order = \"salt+password\" }",
        ),
        (
            json!({"scheme": "md5", "hash": "pwd", "salt": "s", "order": "salt+password"}),
            json!({"id": 1, "pwd": discuz, "s": "x9"}),
            "password = { scheme = \"md5\", hash = \"pwd\", salt = \"s\", order = \"md5(password)+salt\" }",
        ),
        (
            json!({"scheme_from": "algo", "hash": "pwd", "salt": "s", "order": "salt+password"}),
            json!({"id": 1, "pwd": discuz, "s": "y", "other": "x9", "algo": "MD5"}),
            "password = { scheme_from = \"algo\", hash = \"pwd\", salt = \"other\", order = \"md5(password)+salt\" }",
        ),
        // Without a salt: twice, or in base64.
        (
            plain.clone(),
            json!({"id": 1, "pwd": hex(Digest::Md5, &[hex(Digest::Md5, &[b"secret"]).as_bytes()])}),
            "password = { scheme = \"md5\", hash = \"pwd\", order = \"md5(password)\" }",
        ),
        (
            plain.clone(),
            json!({"id": 1, "pwd": "K7gNU3sdo+OL0wNhqoVWhr3g6s1xYv72ol/pe/Unols="}),
            "password = { scheme = \"sha256\", hash = \"pwd\" }",
        ),
        // One column with a salt that is bytes.
        (
            plain.clone(),
            json!({"id": 1, "pwd": format!("{by_bytes}:{salt}")}),
            "password = { scheme = \"sha1\", hash = \"pwd\", split = \":\", salt_encoding = \"hex\", order = \"salt+password\" }",
        ),
    ] {
        assert_eq!(of_salt(rule.clone(), record.clone()).as_deref(), Some(found), "{rule}");
        assert_eq!(meant_by(&rule, &record, "another"), None, "{rule}");
        // What it says can be written so.
        let table: toml::Table = toml::from_str(found).unwrap();
        let rule = Rule::from_json(&serde_json::to_value(&table["password"]).unwrap()).unwrap();
        assert!(matches!(rule, Rule::Password(_) | Rule::Column { .. }));
    }
    // Iterations are not guessed, and what is slow is not tried with each column.
    let slow = json!({"scheme": "pbkdf2-sha1", "hash": "pwd", "salt": "s", "iterations": 2});
    // RFC 6070, the salt in hexadecimal digits.
    let record =
        json!({"id": 1, "pwd": "ea6c014dc72d6f8ffacd6b1c0aa5d4b5b8e6ce9f", "s": "73616c74"});
    assert_eq!(meant_by(&slow, &record, "password"), None);
    let record =
        json!({"id": 1, "pwd": "ea6c014dc72d6f8ccd1ed92ace1d41f0d8de8957", "s": "73616c74"});
    let (found, _) = meant_by(&slow, &record, "password").unwrap();
    assert!(found.contains("salt_encoding = \"hex\""), "{found}");
    // A column that feeds another field is told.
    let record = json!({"id": 1, "pwd": hex(Digest::Md5, &[b"ann", b"secret"]), "nick": "ann"});
    assert_eq!(meant_by(&plain, &record, "secret").map(|(_, feeds)| feeds), Some(true));
}

/// What Keycloak's `UserRepresentation` holds: JSON inside text, inside a list.
fn keycloak(algorithm: &str, more: &Value) -> Value {
    let secret = json!({"value": "q6ur".repeat(10) + "q6s=", "salt": "c2FsdHNhbHQ=", "additionalParameters": {}});
    let data = json!({"hashIterations": 5, "algorithm": algorithm, "additionalParameters": more});
    json!({"id": 1, "credentials": [
        {"type": "otp", "secretData": "{\"value\":\"TOTP\"}"},
        {"type": "password", "secretData": secret.to_string(), "credentialData": data.to_string()},
    ]})
}

#[test]
fn parts_lie_in_json_inside_text_inside_a_list() {
    let of = |name: &str| format!("credentials[type=password].{name}");
    let rule = json!({
        "scheme_from": of("credentialData.algorithm"),
        "hash": of("secretData.value"), "hash_encoding": "base64",
        "salt": of("secretData.salt"), "salt_encoding": "base64",
        "iterations": of("credentialData.hashIterations"),
        "m": of("credentialData.additionalParameters.memory[0]"),
        "p": of("credentialData.additionalParameters.parallelism[0]"),
        "variant": {"from": of("credentialData.additionalParameters.type[0]")},
        "version": {"from": of("credentialData.additionalParameters.version[0]")},
    });
    let hash = "q6ur".repeat(10) + "q6s";
    let argon2 =
        json!({"type": ["id"], "version": ["1.3"], "memory": ["7168"], "parallelism": ["1"]});
    for (record, one) in [
        (
            keycloak("pbkdf2-sha512", &json!({})),
            Ok(Some(format!("$pbkdf2-sha512$5$c2FsdHNhbHQ${hash}"))),
        ),
        (
            keycloak("argon2", &argon2),
            Ok(Some(format!("$argon2id$v=19$m=7168,t=5,p=1$c2FsdHNhbHQ${hash}"))),
        ),
        (json!({"id": 1, "credentials": []}), Ok(None)),
        (json!({"id": 1, "credentials": [{"type": "otp"}]}), Ok(None)),
        (json!({"id": 1}), Ok(None)),
        (
            keycloak("argon2", &json!({"memory": ["7168"]})),
            Err("credentials[type=password].secretData.value password: the variant of Argon2 is absent: i, d or id".to_owned()),
        ),
        (
            keycloak("argon2", &json!({"memory": ["much"], "type": ["id"]})),
            Err("credentials[type=password].secretData.value password: `m` or `p` is absent or no number".to_owned()),
        ),
        (
            keycloak("argon2", &json!({"memory": ["31"], "parallelism": ["4"], "type": ["id"]})),
            Err("credentials[type=password].secretData.value password: there is no Argon2 with less than 8 KiB of memory (`m`) a lane (`p`), or with a salt of less than 8 bytes".to_owned()),
        ),
        (
            keycloak("argon2", &json!({"memory": ["32"], "parallelism": ["4"], "type": ["id"]})),
            Ok(Some(format!("$argon2id$v=19$m=32,t=5,p=4$c2FsdHNhbHQ${hash}"))),
        ),
        (
            keycloak("argon2", &json!({"memory": ["1"], "type": ["ix"]})),
            Err("credentials[type=password].credentialData.additionalParameters.type[0] password: names no variant of Argon2 that is known (i, d or id)".to_owned()),
        ),
    ] {
        assert_eq!(composed(&rule, &record), one, "{record}");
    }
    // The copy, and other programs, go without the texts that hold them.
    let rules = vec![
        ("externalId".to_owned(), Rule::column("id")),
        ("password".to_owned(), Rule::from_json(&rule).unwrap()),
        ("oauth".to_owned(), Rule::Raw { without: Vec::new() }),
        ("name".to_owned(), Rule::from_json(&json!({"jq": "tojson"})).unwrap()),
    ];
    let record = keycloak("argon2", &argon2);
    let (user, problems) = Mapping::new(rules).apply(record.to_string().as_bytes(), &V2);
    assert_eq!(problems, []);
    for field in ["oauth", "name"] {
        let copy = format!("{:?}", user.get(field));
        assert!(copy.contains("credentialData") && !copy.contains("secretData"), "{copy}");
        assert!(!copy.contains("c2FsdHNhbHQ"), "{copy}");
    }
    // A rule that takes the text around it, or another entry, is refused.
    for from in
        ["credentials[0].secretData", "credentials", "credentials[type=otp].secretData.value"]
    {
        let rules = vec![
            ("password".to_owned(), Rule::from_json(&rule).unwrap()),
            ("nickname".to_owned(), Rule::column(from)),
        ];
        let error = Mapping::new(rules).validate(&V2).unwrap_err().to_string();
        assert!(error.contains("feeds the password and `nickname` too"), "{from}: {error}");
    }
}

/// The rule for Auth0's `custom_password_hash`.
fn auth0() -> Value {
    let of = |name: &str| format!("custom_password_hash.{name}");
    json!({
        "scheme_from": {"jq": ".custom_password_hash | if .algorithm == \"hmac\" then \"hmac-\" + .hash.digest else .algorithm end"},
        "hash": of("hash.value"), "hash_encoding": {"from": of("hash.encoding")},
        "salt": of("salt.value"), "salt_encoding": {"from": of("salt.encoding")},
        "order": {"from": of("salt.position"), "default": "salt+password"},
        "password_encoding": {"from": of("password.encoding")},
        "key": of("hash.key.value"), "key_encoding": {"from": of("hash.key.encoding")},
        "iterations": 100_000,
        "n": {"from": of("cost"), "default": 16384}, "r": {"from": of("blockSize"), "default": 8},
        "p": {"from": of("parallelization"), "default": 1},
    })
}

/// The examples of Auth0's documentation ("Bulk User Import Database Schema and Examples"), and what it
/// says besides.
#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn every_form_of_auth0_is_composed_or_told() {
    let sha256 = "d24e794fce503c3ddb1cd1ba1dd5d9b250cf9917336a0316fefd87fecf79200f";
    let pbkdf2 = "KNyFsA2rWoE$I2CQGI9H0JxdDf3kERRI97kPCGxh0KWBIV3MxyaS191gDGfzVBGyS4BibhgqWQ0/ails8mHuU9ckASxHOOq58w";
    let (argon2, bcrypt) = (
        "$argon2id$v=19$m=65536,t=2,p=1$J6Q/82PCyaNpYKRELJyTZg$m04qUAB8rexWDR4+/0f+SFB+4XMFxt7YAvAq2UycYos",
        "$2b$10$C9hB01.YxRSTcn/ZOOo4j.TW7xCKKFKBSF.C7E0xiUwumqIDqWUXG",
    );
    let ldap =
        "{SSHA384}/cgEjdoZh85DhurDeOQEMO1rMlAur93SVPbYe5XSD4lF7nNuvrBju5hUeg9A6agRemgSXGl5YuE=";
    let digest = "0k55T85QPD3bHNG6HdXZslDPmRczagMW/v2H/s95IA8";
    let scrypt = "097f6197e1b41538f723e32aa7a68e8d76227d8e432ce5faa4882a913032db29";
    for (custom, one) in [
        (
            json!({"algorithm": "sha256", "hash": {"value": sha256, "encoding": "hex"}, "salt": {"value": "abc123", "position": "prefix"}}),
            format!("$sha256$sp$YWJjMTIz${digest}"),
        ),
        (
            json!({"algorithm": "sha256", "hash": {"value": sha256, "encoding": "hex"}, "salt": {"value": "YWJjMTIz", "encoding": "base64", "position": "suffix"}}),
            format!("$sha256$ps$YWJjMTIz${digest}"),
        ),
        (
            json!({"algorithm": "sha256", "hash": {"value": sha256}, "salt": {"value": "abc123"}, "password": {"encoding": "ucs2"}}),
            format!("$sha256$su$YWJjMTIz${digest}"),
        ),
        (
            json!({"algorithm": "sha256", "hash": {"value": format!("{digest}="), "encoding": "base64"}}),
            format!("$sha256$p$${digest}"),
        ),
        (json!({"algorithm": "bcrypt", "hash": {"value": bcrypt}}), bcrypt.to_owned()),
        (
            json!({"algorithm": "argon2", "hash": {"value": argon2, "encoding": "utf8"}}),
            argon2.to_owned(),
        ),
        (
            json!({"algorithm": "pbkdf2", "hash": {"value": format!("$pbkdf2-sha512$i=1000,l=64${pbkdf2}")}}),
            format!("$pbkdf2-sha512$i=1000,l=64${pbkdf2}"),
        ),
        (
            json!({"algorithm": "pbkdf2", "hash": {"value": format!("$pbkdf2-sha512${pbkdf2}")}}),
            format!("$pbkdf2-sha512$i=100000${pbkdf2}"),
        ),
        (
            json!({"algorithm": "ldap", "hash": {"value": ldap, "encoding": "utf8"}}),
            ldap.to_owned(),
        ),
        (
            json!({"algorithm": "hmac", "hash": {"value": "cg7f42jH39/2EaAU4wNd4s2lKIk=", "encoding": "base64", "digest": "sha1",
                "key": {"value": "736868", "encoding": "hex"}}}),
            "$hmac-sha1$p$$c2ho$cg7f42jH39/2EaAU4wNd4s2lKIk".to_owned(),
        ),
        (
            json!({"algorithm": "scrypt", "hash": {"value": scrypt, "encoding": "hex"}, "salt": {"value": "abc123", "encoding": "utf8"},
                "keylen": 32, "cost": 4096}),
            "$scrypt$ln=12,r=8,p=1$YWJjMTIz$CX9hl+G0FTj3I+Mqp6aOjXYifY5DLOX6pIgqkTAy2yk".to_owned(),
        ),
    ] {
        let record = json!({"id": 1, "custom_password_hash": custom});
        assert_eq!(taken(&auth0(), &record), Ok(Some(one)), "{record}");
    }
    let none = "the jq program of `scheme_from` names no scheme that can be composed";
    let typed = "the password was not in UTF-8 when it was hashed";
    for (custom, why) in [
        (
            json!({"algorithm": "md4", "hash": {"value": "AbuUujgF0pPPkJPSFRTpmA==", "encoding": "base64"}}),
            none,
        ),
        (
            json!({"algorithm": "pbkdf2", "hash": {"value": format!("$pbkdf2-md4$i=100000,l=64${pbkdf2}")}}),
            none,
        ),
        (
            json!({"algorithm": "hmac", "hash": {"value": "ab", "digest": "whirlpool", "key": {"value": "k"}}}),
            none,
        ),
        (
            json!({"algorithm": "hmac", "hash": {"value": "cg7f42jH39/2EaAU4wNd4s2lKIk=", "digest": "sha1"}}),
            "the key of the HMAC is absent",
        ),
        (
            json!({"algorithm": "bcrypt", "hash": {"value": bcrypt}, "salt": {"value": "abc123"}}),
            "a hash that has its salt inside, and another salt beside it",
        ),
        (
            json!({"algorithm": "sha256", "hash": {"value": sha256}, "salt": {"position": "prefix"}}),
            "the salt is absent",
        ),
        (
            json!({"algorithm": "sha256", "hash": {"value": sha256}, "salt": {"value": "a", "position": "middle"}}),
            "custom_password_hash.salt.position password: names no order that is known",
        ),
        (
            json!({"algorithm": "sha256", "hash": {"value": sha256, "encoding": "utf8"}}),
            "no hash of sha256",
        ),
        (
            json!({"algorithm": "bcrypt", "hash": {"value": bcrypt}, "password": {"encoding": "utf16le"}}),
            typed,
        ),
        (
            json!({"algorithm": "scrypt", "hash": {"value": scrypt}, "salt": {"value": "a"}, "password": {"encoding": "latin1"}}),
            typed,
        ),
        (
            json!({"algorithm": "scrypt", "hash": {"value": scrypt}, "salt": {"value": "a"}, "cost": 1000}),
            "`n` is no power of two",
        ),
    ] {
        let record = json!({"id": 1, "custom_password_hash": custom});
        let problem = taken(&auth0(), &record).unwrap_err();
        assert!(problem.contains(why) && !problem.contains(sha256), "{record}: {problem}");
    }
}

#[test]
fn hash_and_salt_may_come_from_programs_whose_fields_go_nowhere_else() {
    let rule = json!({"scheme": "md5", "hash": {"jq": ".auth[0]"}, "salt": {"jq": ".auth[1]"}, "order": {"jq": ".how"}});
    let record = json!({"id": 1, "auth": [MD5, "ab"], "how": "suffix"});
    assert_eq!(taken(&rule, &record), Ok(Some("$md5$ps$YWI$X03MO1qnZdYdgyfeuILPmQ".to_owned())));
    let problem = taken(&rule, &json!({"id": 1, "auth": [MD5, "ab"]})).unwrap_err();
    assert_eq!(
        problem,
        "password password: a salt, and the record does not say in which order it was hashed"
    );
    let rules = vec![
        ("password".to_owned(), Rule::from_json(&rule).unwrap()),
        ("oauth".to_owned(), Rule::Raw { without: Vec::new() }),
    ];
    let mapping = Mapping::new(rules);
    let (user, _) = mapping.apply(record.to_string().as_bytes(), &V2);
    assert!(!format!("{:?}", user.get("oauth")).contains("auth"), "{:?}", user.get("oauth"));
    // A whole hash out of anywhere.
    let bcrypt = format!("$2b$12${}", "x".repeat(53));
    let whole = json!({"hash": {"jq": ".all | map(select(.main)) | .[0].hash"}});
    let record =
        json!({"id": 1, "all": [{"main": false, "hash": "x"}, {"main": true, "hash": bcrypt}]});
    assert_eq!(taken(&whole, &record), Ok(Some(bcrypt)));
}

/// What it reads could otherwise not be kept out of copies and of other programs.
#[test]
fn a_program_of_hash_salt_or_key_says_for_certain_what_it_reads() {
    let record =
        json!({"id": 1, "kennzahl": MD5, "zahl": {"s": "geheim1"}, "k": "geheim2", "art": "md5"});
    for program in [
        ". as $r | $r.kennzahl",
        "[.. | objects | .kennzahl? // empty][0]",
        "\"kennzahl\" as $n | .[$n]",
        "getpath([\"kennzahl\"])",
        "to_entries[1].value",
    ] {
        for key in ["hash", "salt", "key"] {
            let mut rule = json!({"scheme": "hmac-md5", "hash": "kennzahl", "salt": "k", "key": "k", "order": "salt+password"});
            rule[key] = json!({ "jq": program });
            let error = Rule::from_json(&rule).unwrap_err();
            assert_eq!(error.key.as_deref(), Some(key), "{program}");
            assert!(error.at.is_some() && error.message.contains("name each field"), "{error}");
        }
    }
    // What else it reads goes nowhere either; what the scheme comes from may.
    let rule = json!({"scheme_from": {"jq": ". as $r | $r.art"}, "hash": {"jq": "if .zahl then .kennzahl else .k end"},
        "salt": {"jq": ".zahl as $z | $z.s"}, "order": "salt+password"});
    let rules = vec![
        ("password".to_owned(), Rule::from_json(&rule).unwrap()),
        ("oauth".to_owned(), Rule::Raw { without: Vec::new() }),
        (
            "company".to_owned(),
            Rule::from_json(&json!({"jq": "[.. | strings] | join(\",\")"})).unwrap(),
        ),
    ];
    let mapping = Mapping::new(rules);
    let (user, problems) = mapping.apply(record.to_string().as_bytes(), &V2);
    assert_eq!(problems, []);
    assert!(user.password.is_some());
    for field in ["oauth", "company"] {
        let copy = format!("{:?}", user.get(field));
        assert!(copy.contains("md5") && !copy.contains("geheim") && !copy.contains(MD5), "{copy}");
    }
    for read in ["kennzahl", "zahl.s", "k"] {
        let rules = vec![
            ("password".to_owned(), Rule::from_json(&rule).unwrap()),
            ("company".to_owned(), Rule::from_json(&json!({ "jq": format!(".{read}") })).unwrap()),
        ];
        assert!(Mapping::new(rules).validate(&V2).is_err(), "{read}");
    }
}
