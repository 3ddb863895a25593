//! `provider list`, and tables of a provider that this version does not know.

use super::Desk;
use serde_json::{Value, json};

#[test]
fn the_providers_are_listed_for_programs_and_for_people() {
    let desk = Desk::new();
    let out = desk.ferry("provider list --json").ok(0).out;
    let all: Vec<Value> = serde_json::from_str(&out).unwrap();
    let first = &all[0];
    let keys: Vec<&str> = first.as_object().unwrap().keys().map(String::as_str).collect();
    for key in ["name", "fields", "batch", "lookup", "password_forms", "abilities", "settings"] {
        assert!(keys.contains(&key), "{key}: {keys:?}");
    }
    assert_eq!(first["name"], "authing-v2");
    // One user in a create, eighty in a lookup (AUTHING V2, sections 4 and 5).
    assert_eq!((&first["batch"], &first["lookup"]), (&json!(1), &json!(80)));
    let field = |name: &str| {
        let fields = first["fields"].as_array().unwrap();
        fields.iter().find(|field| field["name"] == name).unwrap().clone()
    };
    // How values compare: AUTHING V2, section 4.4.
    for (name, ty, is_id, folds, returned) in [
        ("email", "email", true, true, json!("same-but-for-case")),
        ("username", "text", true, false, json!("same")),
        ("phone", "phone", true, false, json!("same-number")),
        ("signedUp", "date-time", false, false, json!("same-moment")),
        ("loginsCount", "int", false, false, json!("same")),
        ("password", "password", false, false, Value::Null),
    ] {
        let expected = json!({
            "name": name, "type": ty, "values": null, "identifies": is_id, "unique": is_id,
            "folds": folds, "returned": returned,
        });
        assert_eq!(field(name), expected);
    }
    assert_eq!(field("gender")["values"], json!(["M", "F", "U"]));
    let abilities = first["abilities"].as_array().unwrap();
    for word in ["find-by-external-id", "find-by-phone", "update", "delete"] {
        assert!(abilities.contains(&json!(word)), "{word}");
    }
    assert!(!abilities.contains(&json!("batch")));
    assert_eq!(
        first["settings"],
        json!([
            { "name": "host", "env": "AUTHING_HOST" },
            { "name": "header_prefix", "env": null },
            { "name": "user_pool_id", "env": "AUTHING_USERPOOL_ID" },
            { "name": "secret", "env": "AUTHING_SECRET" },
        ])
    );
    let out = desk.ferry("provider list").ok(0).out;
    for told in ["authing-v2", "1 to create, 80 to look up", "externalId", "AUTHING_USERPOOL_ID"] {
        assert!(out.contains(told), "{told}: {out}");
    }
}

#[test]
fn a_table_of_a_provider_that_is_not_known_is_refused() {
    let desk = Desk::new();
    desk.write("users.jsonl", "{\"uid\":\"1\",\"mail\":\"none\"}\n");
    desk.ferry("stage users.jsonl").ok(3);
    let table = rusqlite::Connection::open(desk.path("userferry.db")).unwrap();
    assert_eq!(table.execute("UPDATE binding SET provider = 'other'", []), Ok(1));
    drop(table);
    for command in ["failures", "show 1", "run", "stage users.jsonl"] {
        let err = desk.ferry(command).ok(2).err;
        let told = "the job table is for the provider other, which this version does not know";
        assert!(err.contains(told) && err.contains("provider list"), "{command}: {err}");
    }
}

/// The mapping is written for a provider: where that is another, to put the old mapping back is no way out.
#[test]
fn a_dry_run_tells_of_another_provider_before_another_mapping() {
    let desk = Desk::new();
    desk.write("users.jsonl", "{\"uid\":\"1\",\"mail\":\"a@example.com\"}\n");
    desk.ferry("stage users.jsonl").ok(0);
    let table = rusqlite::Connection::open(desk.path("userferry.db")).unwrap();
    assert_eq!(table.execute("UPDATE binding SET provider = 'other'", []), Ok(1));
    drop(table);
    desk.write("userferry.toml", "[mapping]\nemail = \"mail\"\n");
    let err = desk.ferry("run --dry-run").ok(2).err;
    assert!(err.contains("the job table is for the provider other"), "{err}");
    assert!(!err.contains("mapping"), "{err}");
}

#[test]
fn init_writes_the_settings_of_the_provider_that_is_named() {
    let desk = Desk::new();
    let err = desk.ferry("init --provider other").ok(2).err;
    assert!(err.contains("known: \"authing-v2\""), "{err}");
    let err = desk.ferry("init --provider authing-v2").ok(0).err;
    assert!(err.contains("Set user_pool_id in it"), "{err}");
    assert!(desk.read("userferry.toml").contains("\nkind = \"authing-v2\"\n"));
}
