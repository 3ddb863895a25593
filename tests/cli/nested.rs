//! Values and passwords that lie inside lists and inside text: Keycloak, Auth0, directories; from `init`
//! to a password that is verified. The hashes are those of other libraries (`tests/password`).

use super::Desk;
use serde_json::{Value, json};

fn vectors() -> Vec<Value> {
    let files =
        [include_str!("../password/parts.jsonl"), include_str!("../password/vectors.jsonl")];
    files.into_iter().flat_map(str::lines).map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// So many vectors that the mapping composes, of which `is_it` holds; without those that are the empty
/// password.
fn composed(most: usize, is_it: impl Fn(&Value, &Value) -> bool) -> Vec<Value> {
    let holds = |vector: &Value| {
        let rule = &vector["rule"];
        rule["scheme"].is_string() && vector["password"] != "" && is_it(vector, rule)
    };
    let found: Vec<Value> = vectors().into_iter().filter(holds).take(most).collect();
    assert_eq!(found.len(), most);
    found
}

/// Everybody's password matches what was staged of an untouched proposal, and another one does not.
#[track_caller]
fn signs_in(desk: &Desk, passwords: &[(String, String)]) {
    for (key, password) in passwords {
        desk.write("right", password);
        desk.write("wrong", format!("~{password}"));
        let verify = |file: &str, code| {
            desk.ferry(&format!("password verify --key {key} --password-file {file}")).ok(code);
        };
        verify("right", 0);
        verify("wrong", 3);
    }
}

fn without_password(desk: &Desk, key: &str) {
    desk.write("right", "secret");
    let did = desk.ferry(&format!("password verify --key {key} --password-file right")).ok(2);
    assert!(did.err.contains("this user has no password"), "{key}: {}", did.err);
}

/// JSON inside text inside a list, as Keycloak's realm export has it.
#[test]
fn keycloaks_passwords_arrive_by_an_untouched_proposal() {
    let is = |word: &'static str| {
        move |vector: &Value, rule: &Value| {
            vector["scheme"].as_str().unwrap().starts_with(word)
                && rule["salt_encoding"] == "base64"
                && rule["hash_encoding"] == "base64"
        }
    };
    let vectors = [composed(8, is("argon2")), composed(6, is("pbkdf2"))].concat();
    let mut users = Vec::new();
    let mut passwords = Vec::new();
    for (n, vector) in vectors.iter().enumerate() {
        let (record, scheme) = (&vector["record"], vector["scheme"].as_str().unwrap());
        let secret =
            json!({"value": record["hash"], "salt": record["salt"], "additionalParameters": {}});
        let mut data = json!({"hashIterations": record["iterations"], "algorithm": scheme.replace("-sha1", ""), "additionalParameters": {}});
        if let Some(kind) = scheme.strip_prefix("argon2") {
            let text = |name: &str| json!([record[name].to_string()]);
            data["algorithm"] = json!("argon2");
            data["additionalParameters"] = json!({"hashLength": ["32"], "memory": text("m"), "type": [kind],
                "version": ["1.3"], "parallelism": text("p")});
        }
        let entry = json!({"id": n, "type": "password", "secretData": secret.to_string(), "credentialData": data.to_string()});
        let otp = json!({"type": "otp", "secretData": "{\"value\":\"x\"}", "credentialData": "{\"subType\":\"totp\"}"});
        users.push(json!({"id": format!("k{n}"), "username": format!("user{n}"), "credentials": [otp, entry]}));
        passwords.push((format!("k{n}"), vector["password"].as_str().unwrap().to_owned()));
    }
    users.push(json!({"id": "none", "username": "none", "credentials": []}));
    users.push(json!({"id": "otp", "username": "otp", "credentials": [{"type": "otp", "secretData": "{}", "credentialData": "{}"}]}));
    let desk = Desk::new();
    desk.write("realm.json", json!({"realm": "shop", "users": users}).to_string());
    desk.ferry("init --from realm.json").ok(0);
    let checked: Value =
        serde_json::from_str(&desk.ferry("check --json realm.json").ok(0).out).unwrap();
    assert_eq!(checked["invalid"], 0);
    assert_eq!(checked["passwords"]["none"], 2, "{checked}");
    desk.ferry("stage realm.json").ok(0);
    signs_in(&desk, &passwords);
    without_password(&desk, "none");
    without_password(&desk, "otp");
    let did = desk.ferry("preview --key k0").ok(0);
    assert!(did.out.contains("credentials[type=password].secretData.value"), "{}", did.out);
    for secret in ["secretData\\\"", vectors[0]["record"]["hash"].as_str().unwrap()] {
        assert!(!did.out.contains(secret), "{}", did.out);
    }
}

/// `custom_password_hash` in the forms that Auth0's import takes, beside the bcrypt of its own export.
#[test]
fn auth0s_custom_hashes_arrive_by_an_untouched_proposal() {
    let mut users = Vec::new();
    let mut passwords = Vec::new();
    let mut add = |vector: &Value, custom: Value| {
        let n = users.len();
        users.push(json!({"user_id": format!("auth0|{n}"), "email": format!("u{n}@example.com"), "custom_password_hash": custom}));
        passwords
            .push((format!("u{n}@example.com"), vector["password"].as_str().unwrap().to_owned()));
    };
    for vector in composed(8, |vector, rule| {
        vector["scheme"] == "hmac" && rule.get("order").is_none()
            || rule["password_encoding"].is_string()
    }) {
        let (rule, record) = (&vector["rule"], &vector["record"]);
        let hash = record["hash"].as_str().unwrap();
        let encoding =
            if hash.bytes().all(|byte| byte.is_ascii_hexdigit()) { "hex" } else { "base64" };
        let name = rule["scheme"].as_str().unwrap();
        let custom = match name.strip_prefix("hmac-") {
            Some(digest) => {
                json!({"algorithm": "hmac", "hash": {"value": hash, "encoding": encoding, "digest": digest,
                "key": {"value": record["key"], "encoding": rule["key_encoding"]}}})
            }
            None => json!({"algorithm": name, "hash": {"value": hash, "encoding": encoding},
                "salt": {"value": record["salt"], "encoding": "base64", "position": rule["order"]},
                "password": {"encoding": rule["password_encoding"]}}),
        };
        add(&vector, custom);
    }
    for vector in
        composed(3, |vector, rule| vector["scheme"] == "scrypt" && rule["salt_encoding"] == "hex")
    {
        let record = &vector["record"];
        add(
            &vector,
            json!({"algorithm": "scrypt", "hash": {"value": record["hash"], "encoding": "base64"},
            "salt": {"value": record["salt"], "encoding": "hex"}, "keylen": 64, "cost": record["n"], "blockSize": record["r"],
            "parallelization": record["p"]}),
        );
    }
    for start in ["$argon2id$v=19$", "$pbkdf2-sha512$", "{SSHA}", "$2b$04$"] {
        let is_it = |vector: &&Value| {
            vector["stored"].as_str().unwrap().starts_with(start)
                && vector.get("rule").is_none()
                && vector["password"] == "secret"
        };
        let all = vectors();
        let Some(vector) = all.iter().find(is_it) else { panic!("{start}") };
        let name = start.trim_matches(['$', '{', '}']).split(['-', '$']).next().unwrap();
        let algorithm = match name {
            "argon2id" => "argon2",
            "SSHA" => "ldap",
            "2b" => "bcrypt",
            other => other,
        };
        add(
            vector,
            json!({"algorithm": algorithm, "hash": {"value": vector["stored"], "encoding": "utf8"}}),
        );
    }
    let bcrypt = "$2b$04$xnrvHQfHU.4jNK3pUClMIOSW18SKvEYIGrm6waY6lZrRlPrptIB4O";
    users
        .push(json!({"user_id": "auth0|own", "email": "own@example.com", "password_hash": bcrypt}));
    passwords.push(("own@example.com".to_owned(), "secret".to_owned()));
    // What nobody can compose is told, and costs nobody else.
    users.push(json!({"user_id": "auth0|md4", "email": "md4@example.com",
        "custom_password_hash": {"algorithm": "md4", "hash": {"value": "AbuUujgF0pPPkJPSFRTpmA==", "encoding": "base64"}}}));
    users.push(json!({"user_id": "auth0|none", "email": "none@example.com"}));
    let desk = Desk::new();
    let lines: Vec<String> = users.iter().map(Value::to_string).collect();
    desk.write("users.ndjson", lines.join("\n"));
    desk.ferry("init --from users.ndjson").ok(0);
    let checked = desk.ferry("check users.ndjson").ok(3).out;
    let told = "the jq program of `scheme_from` names no scheme that can be composed";
    assert!(checked.contains(told), "{checked}");
    assert_eq!(checked.matches("1 x ").count(), 1, "{checked}");
    desk.ferry("stage users.ndjson").ok(3);
    signs_in(&desk, &passwords);
    without_password(&desk, "none@example.com");
}

/// `userPassword` with one value and with several, in base64, and where another server is asked.
#[test]
fn a_directorys_passwords_arrive_from_json_and_from_csv() {
    // Of `secret`, by passlib (tests/password/vectors.jsonl), and in base64.
    let (bcrypt, ssha) = (
        "{CRYPT}$2b$04$xnrvHQfHU.4jNK3pUClMIOSW18SKvEYIGrm6waY6lZrRlPrptIB4O",
        vectors()
            .into_iter()
            .find(|vector| vector["scheme"] == "ldap-ssha" && vector["password"] == "secret"),
    );
    let ssha = ssha.unwrap()["stored"].as_str().unwrap().to_owned();
    let wrapped = base64(&ssha);
    let sasl = "{SASL}li@EXAMPLE.COM";
    let lists =
        [vec![ssha.as_str()], vec!["legacy", bcrypt], vec![sasl, wrapped.as_str()], vec![sasl]];
    let users: Vec<Value> = lists
        .iter()
        .enumerate()
        .map(|(n, list)| json!({"uid": format!("p{n}"), "mail": [format!("p{n}@example.com")], "userPassword": list}))
        .collect();
    let desk = Desk::new();
    desk.write("users.json", Value::from(users).to_string());
    desk.ferry("init --from users.json").ok(0);
    assert!(
        desk.read("userferry.toml").contains("\npassword = \"userPassword\" "),
        "{}",
        desk.read("userferry.toml")
    );
    desk.ferry("check users.json").ok(0);
    desk.ferry("stage users.json").ok(0);
    let secret = |n: u8| (format!("p{n}"), "secret".to_owned());
    signs_in(&desk, &[secret(0), secret(1), secret(2)]);
    without_password(&desk, "p3");

    let desk = Desk::new();
    let rows = [&ssha, bcrypt, &wrapped, sasl, &base64(sasl)];
    let rows: Vec<String> =
        rows.iter().enumerate().map(|(n, cell)| format!("p{n},p{n}@example.com,{cell}")).collect();
    desk.write("users.csv", format!("uid,mail,userPassword\n{}\n", rows.join("\n")));
    desk.ferry("init --from users.csv").ok(0);
    desk.ferry("check users.csv").ok(0);
    desk.ferry("stage users.csv").ok(0);
    signs_in(&desk, &[secret(0), secret(1), secret(2)]);
    without_password(&desk, "p3");
    without_password(&desk, "p4");
}

fn base64(text: &str) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(text)
}

/// Paths into lists in ordinary rules: what is sent, where it comes from, and what is told as taken.
#[test]
fn a_path_chooses_an_entry_of_a_list_in_every_rule() {
    let desk = Desk::new();
    let user = json!({"uid": "1", "emails": [{"value": "old@example.com"}, {"value": "li@example.com", "primary": true}],
        "names": ["Li", "L"], "info": "{\"city\":\"Basel\"}"});
    desk.write("users.json", json!([user]).to_string());
    desk.write(
        "userferry.toml",
        "[mapping]\nexternalId = \"uid\"\nemail = \"emails[primary=true].value\"\nnickname = \"names[0]\"\n\
         locality = \"info.city\"\ncompany = \"names[7]\"\n",
    );
    let checked = desk.ferry("check users.json").ok(0).out;
    assert!(checked.contains("`company` comes from `names[7]`, which no record has"), "{checked}");
    assert_eq!(checked.matches("which no record has").count(), 1, "{checked}");
    let did = desk.ferry("preview users.json --record 1 --unmask all").ok(0).out;
    for told in ["emails[primary=true].value", "li@example.com", "names[0]", "info.city", "Basel"] {
        assert!(did.contains(told), "{told}: {did}");
    }
}
