//! The demo's export: the three users of the vendor's page on importing users, and 1,000 made-up
//! ones, three of them wrong in instructive ways.

use serde_json::{Value, json};

/// Users in the export.
pub(super) const USERS: u64 = 1_003;

/// A user of another origin that is in the directory before; it has the phone number that stands
/// by mistake in record [`TAKEN_PHONE`].
pub(super) const ALREADY_THERE: &str =
    "{\"externalId\":\"crm-77\",\"email\":\"reception@example.com\",\"phone\":\"13900000000\"}\n";

/// The records that are wrong, by uid.
const BAD_EMAIL: u64 = 217;
const BAD_TYPE: u64 = 580;
const TAKEN_PHONE: u64 = 801;

const FIRST: [&str; 20] = [
    "Li", "Wei", "Fang", "Na", "Min", "Jing", "Qiang", "Lei", "Yan", "Jun", "Anna", "Ben", "Clara",
    "David", "Emma", "Felix", "Grace", "Henry", "Ines", "Jonas",
];
const LAST: [&str; 20] = [
    "Wang", "Zhang", "Liu", "Chen", "Yang", "Huang", "Zhao", "Wu", "Zhou", "Xu", "Becker", "Costa",
    "Dubois", "Evans", "Fischer", "Garcia", "Hansen", "Ivanova", "Jensen", "Kowalski",
];
const BASE64: &[u8] = b"./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/// The page's own users (docs/guides/migrations, "Import Users Using SDK").
const PAGE: [(&str, &str, &str, bool, u32); 3] = [
    ("1", "zhang", "$2b$12$nCa3WDbsc3tvM57ifzjwrOAGGuNK7EPV0R17WKcW6f13NZvX97yLe", true, 4),
    ("2", "wang", "$2b$12$HGloOlfz1HzD0v/r5m1r7OCMcx6X85eC5.At3Ckxe.Jn/u/Za/yy2", false, 12),
    ("3", "zhao", "$2b$12$ia1oUZZFbEUpLvuqUsKideQq9lVkf2kq9vFaTvp7dlfeCx8UlTmDu", true, 0),
];

/// The export: a JSON array, a record a line.
pub(super) fn users() -> String {
    let page = PAGE.iter().map(|(uid, name, password, verified, logins)| {
        json!({
            "uid": uid, "nickname": name, "account_id": name, "mail": format!("test{uid}@123.com"),
            "password": password, "phone": format!("1310000000{uid}"),
            "emailVerified": verified, "loginsCount": logins,
        })
    });
    let mut rng = fastrand::Rng::with_seed(7);
    let made = (4..=USERS).map(|uid| user(uid, &mut rng));
    let records: Vec<String> = page.chain(made).map(|record| record.to_string()).collect();
    format!("[\n{}\n]\n", records.join(",\n"))
}

fn user(uid: u64, rng: &mut fastrand::Rng) -> Value {
    let first = FIRST[rng.usize(..FIRST.len())];
    let last = LAST[rng.usize(..LAST.len())];
    let account = format!("{}.{}{uid}", first.to_lowercase(), last.to_lowercase());
    let hash: String = (0..53).map(|_| char::from(BASE64[rng.usize(..BASE64.len())])).collect();
    let mut record = json!({
        "uid": uid.to_string(),
        "nickname": format!("{first} {last}"),
        "account_id": account,
        "mail": format!("{account}@example.com"),
        "password": format!("$2b$12${hash}"),
        "phone": phone(uid),
        "emailVerified": rng.bool(),
        "loginsCount": rng.u32(..500),
    });
    match uid {
        BAD_EMAIL => record["mail"] = json!(format!("{account}(at)example.com")),
        BAD_TYPE => record["loginsCount"] = json!("many"),
        TAKEN_PHONE => record["phone"] = json!("13900000000"),
        _ => {}
    }
    record
}

fn phone(uid: u64) -> String {
    format!("138{uid:08}")
}

/// What an editor would do to the wrong records.
pub(super) fn corrected(text: &str) -> String {
    let mut records: Value = serde_json::from_str(text).unwrap_or_default();
    for record in records.as_array_mut().into_iter().flatten() {
        let mail = record["mail"].as_str().unwrap_or_default().replace("(at)", "@");
        record["mail"] = json!(mail);
        if record["loginsCount"].is_string() {
            record["loginsCount"] = json!(0);
        }
        if record["phone"] == "13900000000" {
            record["phone"] = json!(phone(TAKEN_PHONE));
        }
    }
    records.to_string()
}
