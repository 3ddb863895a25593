use super::*;
use crate::target::authing::fields::V2;
use secrecy::ExposeSecret;
use serde_json::json;

const ZHANG: &str = r#"{
		"uid": "1",
		"nickname": "zhang",
		"account_id": "zhang",
		"mail": "test1@123.com",
		"password": "$2b$12$nCa3WDbsc3tvM57ifzjwrOAGGuNK7EPV0R17WKcW6f13NZvX97yLe",
		"phone": "13100000001",
		"emailVerified": true,
		"loginsCount": 4
	}"#;

fn text(value: &str) -> Value {
    Value::Text(value.to_owned())
}

fn mapping(rules: serde_json::Value) -> Mapping {
    serde_json::from_value(rules).expect("a mapping")
}

#[test]
fn the_reference_mapping_aligns_the_reference_record() {
    let mapping = Mapping::reference();
    mapping.validate(&V2).expect("it fits");
    let (user, problems) = mapping.apply(ZHANG.as_bytes(), &V2);
    assert_eq!(problems, []);
    let copy = "{\"uid\":\"1\",\"nickname\":\"zhang\",\"account_id\":\"zhang\",\
                \"mail\":\"test1@123.com\",\"phone\":\"13100000001\",\
                \"emailVerified\":true,\"loginsCount\":4}";
    let expected = [
        ("externalId", text("1")),
        ("nickname", text("zhang")),
        ("email", text("test1@123.com")),
        ("emailVerified", Value::Bool(true)),
        ("phone", text("13100000001")),
        ("loginsCount", Value::Int(4)),
        ("oauth", text(copy)),
    ]
    .map(|(name, value)| (name.to_owned(), value));
    assert_eq!(user.fields, expected);
    let password = user.password.as_ref().expect("a password").expose_secret().to_owned();
    assert_eq!(password, "$2b$12$nCa3WDbsc3tvM57ifzjwrOAGGuNK7EPV0R17WKcW6f13NZvX97yLe");
    assert_eq!(user.identifiers.key(), Some((IdKind::ExternalId, "1")));
}

#[test]
fn a_mapping_is_stored_and_read_back_as_it_was() {
    let rules = r#"{"username":"login","email":"contact.mail","blocked":{"value":false},"loginsCount":{"from":"n","as":"int"},"registerSource":{"value":["import"]},"oauth":{"raw":true,"without":["pin"]}}"#;
    let mapping: Mapping = serde_json::from_str(rules).expect("a mapping");
    mapping.validate(&V2).expect("it fits");
    assert_eq!(serde_json::to_string(&mapping).expect("it serialises"), rules);
}

#[test]
fn all_problems_of_a_record_come_at_once() {
    let raw = br#"{"uid":{},"nickname":true,"mail":["a"],"emailVerified":"true","loginsCount":"4",
        "password":false}"#;
    let (user, problems) = Mapping::reference().apply(raw, &V2);
    let fields: Vec<&str> = problems.iter().map(|problem| problem.field.as_str()).collect();
    assert_eq!(fields, ["uid", "nickname", "password", "mail", "emailVerified", "loginsCount"]);
    assert!(problems.iter().all(|problem| problem.rule == Broken::Type));
    assert_eq!(user.identifiers.key(), None);
}

#[test]
fn absent_null_and_empty_are_left_out_and_digits_kept() {
    let raw = br#"{"uid":12345678901234567890,"nickname":"","mail":null,"phone":" +86 131-0000 "}"#;
    let (user, problems) = Mapping::reference().apply(raw, &V2);
    assert_eq!(problems, []);
    let names: Vec<&str> = user.fields.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["externalId", "phone", "oauth"]);
    assert_eq!(user.get("externalId"), Some(&text("12345678901234567890")));
    assert_eq!(user.get("phone"), Some(&text("+861310000")));
    assert!(user.password.is_none());
}

#[test]
fn the_raw_copy_never_holds_the_password() {
    let mapping = mapping(json!({"password": "login.hash", "oauth": {"raw": true}}));
    let raw = br#"{"uid":"1","login":{"hash":"secret","at":1},"login.hash":"secret"}"#;
    let (user, _) = mapping.apply(raw, &V2);
    assert_eq!(user.get("oauth"), Some(&text(r#"{"uid":"1","login":{"at":1}}"#)));
}

#[test]
fn a_mapping_that_cannot_work_is_refused_with_the_way_out() {
    for (rules, message, hint) in [
        (
            json!({"emial": "mail"}),
            "mapping: the target has no field `emial`",
            "did you mean `email`?",
        ),
        (
            json!({"external_id": "uid"}),
            "mapping: the target has no field `external_id`",
            "did you mean `externalId`?",
        ),
        (
            json!({"city": "town"}),
            "mapping: the target has no field `city`",
            "`city` cannot be given when a user is created, only in an update afterwards: \
             remove the rule, or keep the value in the raw record",
        ),
        (
            json!({"password": "pwd", "nickname": "pwd"}),
            "mapping: the column `pwd` feeds the password and `nickname` too",
            "a password or its hash must not be readable: remove `nickname`",
        ),
        (
            json!({"password": {"value": "x"}}),
            "mapping: `password`: one password for everybody, in a file, is none",
            "name the column of the password, or remove the rule: users without a password set \
             one by e-mail or phone",
        ),
        (
            json!({"blocked": {"from": "b", "as": "int"}}),
            "mapping: `blocked` takes true or false, so as = \"int\" cannot fit",
            "leave as = \"int\" out",
        ),
        (
            json!({"loginsCount": {"value": "4"}}),
            "mapping: the constant of `loginsCount` does not fit",
            "`loginsCount` takes a whole number of 32 bits",
        ),
        (
            json!({"email": {"raw": true}}),
            "mapping: `email` cannot take the raw record",
            "a field of text can, e.g. oauth",
        ),
    ] {
        let error = mapping(rules).validate(&V2).expect_err("it cannot work");
        assert_eq!((error.message.as_str(), error.hint.as_deref()), (message, Some(hint)));
    }
    let twice = Mapping::new(vec![
        ("password".to_owned(), Rule::column("a")),
        ("password".to_owned(), Rule::column("b")),
    ]);
    let error = twice.validate(&V2).expect_err("two rules");
    assert_eq!(error.message, "mapping: two rules for the field `password`");
}

#[test]
fn rules_of_later_versions_and_wrong_ones_are_refused_by_key() {
    for (rule, start) in [
        (json!({"jq": ".a"}), "`jq` is not available in this version"),
        (json!({"scheme": "sha256", "hash": "h"}), "`scheme` is not available in this version"),
        (json!({"from": "a", "as": "phone"}), "`as = \"phone\"` is not available in this version"),
        (json!({"from": "a", "as": "date"}), "`as` must be \"text\", \"int\" or \"bool\""),
        (json!({"from": "a", "value": 1}), "only one of `from`, `value` can be given"),
        (json!({"from": "a", "without": []}), "`without` does not belong beside `from`"),
        (json!({"as": "int"}), "neither `from` nor `value` nor `raw`"),
        (json!({"raw": false}), "`raw` can only be true"),
        (json!(4), "not a rule"),
        (json!(""), "the name of the column is empty"),
        (json!({"value": 1.5}), "`value` must be text"),
    ] {
        let error = Rule::from_json(&rule).expect_err("a wrong rule");
        assert!(error.starts_with(start), "{error}");
    }
}

mod laws {
    use super::*;
    use crate::mapping::record::{Fields, compact_without};
    use proptest::prelude::*;
    use serde_json::Value as Any;

    fn any_value() -> impl Strategy<Value = Any> {
        let leaf = prop_oneof![
            Just(Any::Null),
            any::<bool>().prop_map(Any::from),
            any::<i64>().prop_map(Any::from),
            "[\"\\\\\\]\\[}{,: \n\u{e9}中a]{0,8}".prop_map(Any::from),
        ];
        leaf.prop_recursive(3, 16, 4, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..4).prop_map(Any::from),
                proptest::collection::btree_map("[a-c\"\\\\ .]{0,3}", inner, 0..4)
                    .prop_map(|members| members.into_iter().collect::<Any>()),
            ]
        })
    }

    proptest! {
        #[test]
        fn a_record_is_taken_apart_as_serde_json_does(
            members in proptest::collection::btree_map("[a-c\"\\\\\n .]{0,3}", any_value(), 0..6),
            pretty in any::<bool>(),
        ) {
            let value: Any = members.into_iter().collect();
            let text =
                if pretty { serde_json::to_string_pretty(&value) } else { serde_json::to_string(&value) };
            let text = text.expect("it serialises");
            let fields = Fields::parse(&text).expect("an object");
            let rebuilt: Any = fields
                .0
                .iter()
                .map(|(name, raw)| (name.to_string(), serde_json::from_str(raw).expect("JSON")))
                .collect::<Vec<(String, Any)>>()
                .into_iter()
                .collect();
            prop_assert_eq!(&rebuilt, &value);
            let mut copy = String::new();
            compact_without(&fields, &[], &mut copy);
            prop_assert_eq!(copy, value.to_string());
        }

        #[test]
        fn no_bytes_make_mapping_panic(bytes in proptest::collection::vec(
            prop_oneof![any::<u8>(), prop::sample::select(b"{}[]\",:\\ \n0tu".to_vec())], 0..60,
        )) {
            let mut record = b"{\"uid\":".to_vec();
            record.extend(bytes);
            let _ = Mapping::reference().apply(&record, &V2);
        }
    }
}
