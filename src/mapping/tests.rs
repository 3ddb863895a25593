use super::*;
use crate::provider::authing::fields::V2;
use crate::user::IdKind;
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
    ];
    assert_eq!(user.fields, expected);
    let password = user.password.as_ref().expect("a password").expose_secret().to_owned();
    assert_eq!(password, "$2b$12$nCa3WDbsc3tvM57ifzjwrOAGGuNK7EPV0R17WKcW6f13NZvX97yLe");
    assert_eq!(user.identifiers.key(), Some((IdKind::ExternalId, "1")));
}

#[test]
fn a_mapping_is_stored_and_read_back_as_it_was() {
    let rules = r#"{"username":"login","email":{"from":"contact.mail","as":["trim","lower"]},"blocked":{"value":false},"loginsCount":{"from":"n","as":"int","default":0},"registerSource":{"value":["import"]},"signedUp":{"from":"since","as":"date","format":"%m/%d/%Y","zone":"+08:00"},"birthdate":{"from":"born","as":"date"},"phone":{"from":"tel","as":"phone","region":{"from":"home.country"}},"gender":{"jq":".sex // .gender","as":"gender","default":"U","on_error":"omit"},"locality":{"from":"town","on_error":"omit"},"name":{"jq":".first + \" \" + .last"},"oauth":{"raw":true,"without":["pin"]}}"#;
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
    let names: Vec<&str> = user.fields.iter().map(|(name, _)| *name).collect();
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
            json!({"password": "pwd", "nickname": {"jq": ".pwd | ascii_downcase"}}),
            "mapping: the column `pwd` feeds the password and `nickname` too",
            "a password or its hash must not be readable: remove `nickname`",
        ),
        (
            json!({"password": {"jq": ".salt + .hash"}}),
            "mapping: `password` cannot come from a jq program",
            "name the column of the password: it is kept out of everything else",
        ),
        (
            json!({"password": {"from": "pwd", "as": "trim"}}),
            "mapping: `password`: a password is text",
            "leave `as` out",
        ),
        (
            json!({"loginsCount": {"from": "n", "as": "date"}}),
            "mapping: `loginsCount` takes a whole number of 32 bits, so as = \"date\" cannot fit",
            "leave as = \"date\" out",
        ),
        (
            json!({"nickname": {"from": "n", "as": "phone"}}),
            "mapping: `nickname` is no field for a phone number, so as = \"phone\" cannot fit",
            "leave as = \"phone\" out",
        ),
        (
            json!({"email": {"from": "mail", "default": "a@b.c"}}),
            "mapping: `email` identifies a user, so it cannot have a default",
            "leave `default` out: a user needs only one identifier",
        ),
        (
            json!({"loginsCount": {"from": "n", "default": "0"}}),
            "mapping: the default of `loginsCount` does not fit",
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
fn what_identifies_users_lets_them_in_or_keeps_them_out_is_never_left_out() {
    for (rules, message) in [
        (
            json!({"externalId": {"from": "uid", "on_error": "omit"}}),
            "mapping: `externalId` identifies a user, so a wrong value cannot be left out",
        ),
        (
            json!({"username": {"jq": ".login", "on_error": "omit"}}),
            "mapping: `username` identifies a user, so a wrong value cannot be left out",
        ),
        (
            json!({"blocked": {"from": "state", "as": "bool", "on_error": "omit"}}),
            "mapping: `blocked` says who may not sign in, so a wrong value cannot be left out",
        ),
        (
            json!({"isDeleted": {"from": "gone", "as": "bool", "on_error": "omit"}}),
            "mapping: `isDeleted` says who may not sign in, so a wrong value cannot be left out",
        ),
        // Without its code it would be a number of China's, which is somebody else's.
        (
            json!({"phoneCountryCode": {"jq": ".cc", "on_error": "omit"}}),
            "mapping: `phoneCountryCode` says whose a phone number is, so a wrong value cannot be left out",
        ),
        (
            json!({"password": {"from": "pwd", "on_error": "omit"}}),
            "mapping: `password` cannot be left out where it is wrong: that user could not sign in",
        ),
    ] {
        let error = mapping(rules).validate(&V2).expect_err("it cannot work");
        let hint = "leave `on_error` out: a record with a wrong value is then invalid";
        assert_eq!((error.message.as_str(), error.hint.as_deref()), (message, Some(hint)));
    }
    let allowed = json!({"email": {"from": "m", "on_error": "omit"}, "phone": {"from": "t", "on_error": "omit"}});
    mapping(allowed).validate(&V2).expect("another identifier may be left");
}

#[test]
fn wrong_rules_are_refused_by_key() {
    for (rule, start) in [
        (json!({"jq": 3}), "`jq` must be a program as text"),
        (json!({"jq": ".a +"}), "jq: a term is expected"),
        (json!({"jq": ".a", "from": "b"}), "only one of `from`, `jq` can be given"),
        (json!({"value": 1, "default": 2}), "`default` does not belong beside `value`"),
        (json!({"from": "a", "default": 1.5}), "`default` must be text"),
        (json!({"from": "a", "on_error": "ignore"}), "`on_error` can only be \"omit\""),
        (json!({"from": "a", "on_error": true}), "`on_error` can only be \"omit\""),
        (json!({"value": 1, "on_error": "omit"}), "`on_error` does not belong beside `value`"),
        (json!({"raw": true, "on_error": "omit"}), "`on_error` does not belong beside `raw`"),
        (json!({"hash": "pwd", "short": true, "on_error": "omit"}), "`on_error` does not belong"),
        (json!({"from": "a", "default": null}), "`default` must be text"),
        (json!({"from": "a", "as": ["int", "trim"]}), "\"int\" must come last in `as`"),
        (json!({"from": "a", "as": ["date", "date"]}), "\"date\" must come last in `as`"),
        (json!({"from": "a", "as": ["trim", 1]}), "`as` must be \"text\", \"int\""),
        (json!({"from": "a", "as": "upper"}), "`as` must be \"text\", \"int\""),
        (json!({"from": "a", "region": "CN"}), "`region` belongs to as = \"phone\""),
        (json!({"from": "a", "as": "trim", "zone": "Z"}), "`zone` belongs to as = \"date\""),
        (json!({"from": "a", "as": "phone", "region": "China"}), "`region`: a country in two"),
        (json!({"from": "a", "as": "phone", "region": 86}), "`region`: a country in two"),
        (json!({"from": "a", "as": "phone", "region": {"from": ""}}), "`region`: a country in two"),
        (json!({"from": "a", "as": "phone", "region": {"jq": ".c"}}), "`region`: a country in two"),
        (
            json!({"from": "a", "as": "phone", "region": {"from": "c", "x": 1}}),
            "`region`: a country in two",
        ),
        (json!({"from": "a", "as": "date", "format": "%m/%d"}), "`format`: the pattern gives no"),
        (json!({"from": "a", "as": "date", "zone": "CST"}), "`zone`: an offset from UTC"),
        (json!({"scheme": "rot13", "hash": "h"}), "`scheme` must be one of md5, sha1"),
        (json!({"from": "a", "value": 1}), "only one of `from`, `value` can be given"),
        (json!({"from": "a", "without": []}), "`without` does not belong beside `from`"),
        (json!({"as": "int"}), "neither `from` nor `jq` nor `value` nor `raw`"),
        (json!({"raw": false}), "`raw` can only be true"),
        (json!(4), "not a rule"),
        (json!(""), "the name of the column is empty"),
        (json!({"value": 1.5}), "`value` must be text"),
    ] {
        let error = Rule::from_json(&rule).expect_err("a wrong rule").to_string();
        assert!(error.starts_with(start), "{error}");
    }
}

#[test]
fn a_constant_or_default_that_the_target_refuses_is_found_before_any_record() {
    for (rule, what) in
        [(json!({"value": "x"}), "constant"), (json!({"from": "sex", "default": "x"}), "default")]
    {
        let error = mapping(json!({ "gender": rule })).validate(&V2).expect_err("no gender");
        let message = format!("mapping: the {what} of `gender` does not fit: not one of M, F, U");
        assert_eq!(error.message, message);
    }
}

#[test]
fn each_rule_makes_of_a_record_what_it_says() {
    let raw = br#"{"tel":"+86 138-0013-8000","mail":" Zhang@Example.COM ","since":1496846048,
        "born":"1.5.1990","sex":"\u5973","n":" 7 ","first":"San","last":"Zhang","vip":1,"town":""}"#;
    for (field, rule, expected) in [
        ("phone", json!({"from": "tel", "as": "phone", "region": "CN"}), text("13800138000")),
        ("phone", json!({"from": "tel", "as": "phone"}), text("13800138000")),
        ("phone", json!({"from": "tel", "as": "e164"}), text("+8613800138000")),
        ("email", json!({"from": "mail", "as": ["trim", "lower"]}), text("zhang@example.com")),
        ("signedUp", json!({"from": "since", "as": "date"}), text("2017-06-07T14:34:08.000Z")),
        ("birthdate", json!({"from": "born", "as": "date"}), text("1990-05-01")),
        ("gender", json!({"from": "sex", "as": "gender"}), text("F")),
        ("loginsCount", json!({"from": "n", "as": ["trim", "int"]}), Value::Int(7)),
        ("loginsCount", json!({"from": "none", "default": 3}), Value::Int(3)),
        ("blocked", json!({"jq": ".vip == 0"}), Value::Bool(false)),
        ("blocked", json!({"from": "vip", "as": "bool"}), Value::Bool(true)),
        ("name", json!({"jq": ".first + \" \" + .last"}), text("San Zhang")),
        ("name", json!({"jq": ".first", "as": "lower"}), text("san")),
        ("locality", json!({"from": "town", "default": "unknown"}), text("unknown")),
        ("locality", json!({"jq": ".nowhere", "default": "unknown"}), text("unknown")),
        (
            "registerSource",
            json!({"jq": "[.first, .n]"}),
            Value::List(vec!["San".into(), " 7 ".into()]),
        ),
        ("externalId", json!({"jq": ".since * 10000000000"}), text("14968460480000000000")),
    ] {
        let mapping = mapping(json!({ field: rule }));
        mapping.validate(&V2).expect("it fits");
        let (user, problems) = mapping.apply(raw, &V2);
        assert_eq!(problems, [], "{rule}");
        assert_eq!(user.get(field), Some(&expected), "{rule}");
        assert_eq!(user.fields.len(), 1, "{rule}");
    }
}

#[test]
fn what_a_rule_cannot_convert_is_a_problem_of_its_own_kind() {
    let raw =
        br#"{"tel":"12","since":"01/02/2024","sex":"x","flag":true,"pair":[1,2],"empty":"  "}"#;
    for (field, rule, broken, name) in [
        ("phone", json!({"from": "tel", "as": "phone", "region": "CN"}), Broken::Phone, "tel"),
        ("signedUp", json!({"from": "since", "as": "date"}), Broken::Date, "since"),
        ("gender", json!({"from": "sex", "as": "gender"}), Broken::Value, "sex"),
        ("gender", json!({"from": "flag", "as": "gender"}), Broken::Type, "flag"),
        ("name", json!({"jq": ".pair[]"}), Broken::Value, "name"),
        ("name", json!({"jq": ".sex + 1"}), Broken::Value, "name"),
        ("name", json!({"jq": ".pair"}), Broken::Type, "name"),
    ] {
        let mapping = mapping(json!({ field: rule }));
        mapping.validate(&V2).expect("it fits");
        let (user, problems) = mapping.apply(raw, &V2);
        let found: Vec<_> = problems.iter().map(|p| (p.field.as_str(), p.rule)).collect();
        assert_eq!(found, [(name, broken)], "{rule}");
        assert_eq!(user.fields.len(), 0, "{rule}");
    }
    for rule in [
        json!({"from": "empty", "as": "trim"}),
        json!({"from": "empty", "as": "gender", "default": "U"}),
        json!({"from": "empty", "as": "date"}),
    ] {
        let (_, problems) = mapping(json!({ "gender": rule })).apply(raw, &V2);
        assert_eq!(problems, [], "{rule}");
    }
}

#[test]
fn a_number_abroad_brings_its_country_code_unless_the_mapping_has_one() {
    let rule = json!({"from": "tel", "as": "phone", "region": "CN"});
    let raw = br#"{"tel":"+1 (520) 878-2491","code":"+9"}"#;
    let sent = |rules| mapping(rules).apply(raw, &V2).0;
    let user = sent(json!({ "phone": rule }));
    assert_eq!(user.get("phone"), Some(&text("5208782491")));
    assert_eq!(user.get("phoneCountryCode"), Some(&text("+1")));
    assert_eq!(user.identifiers.phone.as_deref(), Some("5208782491"));
    let user = sent(json!({ "phone": rule, "phoneCountryCode": {"jq": "\"001\""} }));
    assert_eq!(user.get("phoneCountryCode"), Some(&text("001")));
    assert_eq!(user.fields.len(), 2);
}

#[test]
fn a_country_code_of_the_record_stands_beside_that_of_its_number_or_against_it() {
    let phone = || json!({"from": "tel", "as": "phone", "region": "CN"});
    for rules in [
        json!({"phone": phone(), "phoneCountryCode": "cc"}),
        json!({"phoneCountryCode": "cc", "phone": phone()}),
    ] {
        let mapping = mapping(rules);
        for (raw, code) in [
            (json!({"tel": "+1 520 878 2491", "cc": ""}), Some("+1")),
            (json!({"tel": "+1 520 878 2491", "cc": " "}), Some("+1")),
            (json!({"tel": "+1 520 878 2491", "cc": null}), Some("+1")),
            (json!({"tel": "+1 520 878 2491"}), Some("+1")),
            (json!({"tel": "+1 520 878 2491", "cc": 1}), Some("1")),
            (json!({"tel": "+44 20 7946 0958", "cc": "0044"}), Some("0044")),
            (json!({"tel": "+44 20 7946 0958", "cc": "GB"}), Some("GB")),
            (json!({"tel": "13800138000", "cc": "86"}), Some("86")),
            (json!({"tel": "13800138000", "cc": ""}), None),
        ] {
            let (user, problems) = mapping.apply(raw.to_string().as_bytes(), &V2);
            assert_eq!(problems, [], "{raw}");
            assert_eq!(user.get("phoneCountryCode"), code.map(text).as_ref(), "{raw}");
            let count = user.fields.iter().filter(|(name, _)| *name == "phoneCountryCode").count();
            assert_eq!(count, usize::from(code.is_some()), "{raw}");
        }
        for raw in [
            json!({"tel": "+44 20 7946 0958", "cc": "86"}),
            json!({"tel": "+86 138 0013 8000", "cc": "+1"}),
        ] {
            let (user, problems) = mapping.apply(raw.to_string().as_bytes(), &V2);
            let found: Vec<_> = problems.iter().map(|p| (p.field.as_str(), p.rule)).collect();
            assert_eq!(found, [("tel", Broken::Phone)], "{raw}");
            assert_eq!(user.identifiers.phone, None);
        }
    }
}

#[test]
fn two_spellings_of_a_phone_number_are_one_identifier() {
    let mapping = mapping(json!({"phone": {"from": "tel", "as": "phone", "region": "CN"}}));
    let id =
        |tel: &str| mapping.apply(json!({ "tel": tel }).to_string().as_bytes(), &V2).0.identifiers;
    assert_eq!(id("+86 138-0013-8000"), id("13800138000"));
}

#[test]
fn a_phone_number_that_was_kept_as_a_float_gets_no_digit_more() {
    for rule in [json!("tel"), json!({"from": "tel", "as": "phone", "region": "CN"})] {
        let mapping = mapping(json!({ "phone": rule }));
        for raw in [&br#"{"tel":13800138000.0}"#[..], br#"{"tel":" 13800138000.0 "}"#] {
            let (user, problems) = mapping.apply(raw, &V2);
            assert_eq!(problems, []);
            assert_eq!(user.get("phone"), Some(&text("13800138000")), "{rule}");
            assert_eq!(user.identifiers.phone.as_deref(), Some("13800138000"), "{rule}");
        }
    }
}

#[test]
fn a_program_never_sees_the_password() {
    let hash = format!("$2b$12${}", "a".repeat(53));
    let raw = json!({"uid": "1", "login": {"pwd": "geheim", "at": 1}, "old": hash}).to_string();
    for (password, program, expected) in [
        ("login.pwd", "tojson", r#"{"uid":"1","login":{"at":1}}"#),
        ("login.pwd", "[..|strings]|join(\",\")", "1"),
        ("login", "tojson", r#"{"uid":"1"}"#),
    ] {
        let mapping = mapping(json!({"password": password, "nickname": {"jq": program}}));
        mapping.validate(&V2).expect("it fits");
        let (user, _) = mapping.apply(raw.as_bytes(), &V2);
        assert_eq!(user.get("nickname"), Some(&text(expected)), "{program}");
    }
}

#[test]
fn a_trace_says_where_each_value_comes_from() {
    let mapping = mapping(json!({
        "password": "pwd", "email": {"from": "mail", "as": ["trim", "lower"]}, "name": {"jq": ".n"},
        "locality": {"from": "town", "default": "x"}, "blocked": {"value": false},
        "phone": {"from": "tel", "as": "phone"}, "nickname": "nick", "oauth": {"raw": true},
    }));
    let raw = br#"{"pwd":"x","mail":"A@B.C","n":"N","tel":"+15208782491"}"#;
    let traced = mapping.trace(raw, &V2);
    let rows: Vec<_> =
        traced.iter().map(|t| (t.field, t.origin, t.conversions.join(","), t.has_value)).collect();
    let expected = [
        ("password", Origin::Column("pwd"), "", true),
        ("email", Origin::Column("mail"), "trim,lower", true),
        ("name", Origin::Jq, "", true),
        ("locality", Origin::Default, "", true),
        ("blocked", Origin::Constant, "", true),
        ("phone", Origin::Column("tel"), "phone", true),
        ("phoneCountryCode", Origin::CountryCode, "", true),
        ("nickname", Origin::Column("nick"), "", false),
        ("oauth", Origin::Raw, "", true),
    ];
    assert_eq!(
        rows,
        expected.map(|(field, origin, how, has)| (field, origin, how.to_owned(), has))
    );
}

mod laws {
    use super::*;
    use crate::mapping::copy::{LeftOut, compact_without};
    use crate::mapping::record::Fields;
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

    fn any_how() -> impl Strategy<Value = Any> {
        let steps = prop::sample::select(vec![
            json!({}),
            json!({"as": "text"}),
            json!({"as": ["trim", "lower"]}),
            json!({"as": ["trim", "int"]}),
            json!({"as": "bool"}),
            json!({"as": "date"}),
            json!({"as": ["text", "date"], "format": "%d.%m.%y", "zone": "-03:30"}),
            json!({"as": "date", "zone": "UTC"}),
            json!({"as": "phone", "region": "DE"}),
            json!({"as": "e164"}),
            json!({"as": ["trim", "gender"]}),
        ]);
        let default = prop_oneof![
            Just(None),
            ".{0,4}".prop_map(|text| Some(Any::from(text))),
            any::<i64>().prop_map(|n| Some(Any::from(n))),
            any::<bool>().prop_map(|truth| Some(Any::from(truth))),
        ];
        (steps, default).prop_map(|(mut how, default)| {
            if let Some(default) = default {
                how["default"] = default;
            }
            how
        })
    }

    fn any_rule() -> impl Strategy<Value = Any> {
        let jq = prop::sample::select(vec![".a", ".a + \"\\u00e9 \\\"\"", "{a}|tojson", "empty"]);
        prop_oneof![
            (".{1,6}", any_how()).prop_map(|(from, mut how)| {
                how["from"] = from.into();
                how
            }),
            (jq, any_how()).prop_map(|(program, mut how)| {
                how["jq"] = program.into();
                how
            }),
            ".{1,6}".prop_map(Any::from),
            ".{0,6}".prop_map(|text| json!({ "value": text })),
            proptest::collection::vec(".{0,4}", 0..3)
                .prop_map(|list| json!({ "raw": true, "without": list })),
        ]
    }

    proptest! {
        #[test]
        fn every_mapping_is_stored_and_read_back_as_it_was(
            rules in proptest::collection::btree_map("[a-z]{1,5}", any_rule(), 0..4),
        ) {
            let mapping: Mapping = serde_json::from_value(json!(rules)).expect("a mapping");
            let stored = serde_json::to_string(&mapping).expect("it serialises");
            let again: Mapping = serde_json::from_str(&stored).expect("a mapping");
            prop_assert_eq!(&again, &mapping);
            prop_assert_eq!(serde_json::to_string(&again).expect("it serialises"), stored);
        }

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
            compact_without(&fields, LeftOut { paths: &[], by_name: false }, &mut copy);
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
