//! Against hashes that other programs' libraries have made.

use super::*;
use crate::password::compose::{
    Composable, Encoding, Order, Parts, Typed, Variant, Version, compose, halves, shorten,
};
use serde_json::Value;

fn vectors() -> Vec<Value> {
    let files = [
        include_str!("../../../tests/password/vectors.jsonl"),
        include_str!("../../../tests/password/forms.jsonl"),
        include_str!("../../../tests/password/systems.jsonl"),
        include_str!("../../../tests/password/parts.jsonl"),
        include_str!("../../../tests/password/either.jsonl"),
    ];
    files.into_iter().flat_map(str::lines).map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_default()
}

fn firebase(vector: &Value) -> Option<Firebase> {
    vector.get("firebase").map(|it| Firebase::parse(&it.to_string()).ok().unwrap())
}

#[test]
fn every_scheme_is_recognised() {
    for vector in vectors() {
        let stored = text(&vector, "stored");
        assert_eq!(detect(stored).as_str(), text(&vector, "scheme"), "{stored}");
    }
}

#[test]
fn no_plain_text_is_taken_for_a_hash() {
    let typed = include_str!("../../../tests/password/typed.tsv").lines();
    let typed: Vec<&str> =
        typed.filter_map(|line| line.split_once('\t')).map(|(_, text)| text).collect();
    assert_eq!(typed.len(), 2_000);
    // Damaged bcrypt, of the length of a hash, is no hash, but nothing that people type, either.
    let (damaged, plain): (Vec<&str>, Vec<&str>) =
        include_str!("../../../tests/password/plain.txt")
            .lines()
            .partition(|line| line.starts_with("$2") && line.len() > 50);
    for password in plain.into_iter().chain(typed) {
        assert!(matches!(detect(password), Scheme::Plain | Scheme::None), "{password}");
    }
    assert_eq!(damaged.len(), 5);
    for password in damaged {
        assert_eq!(detect(password), Scheme::Unknown, "{password}");
    }
}

#[test]
fn a_spelling_that_the_schemes_own_library_refuses_is_refused() {
    let lines: Vec<&str> = include_str!("../../../tests/password/refused.jsonl").lines().collect();
    assert_eq!(lines.len(), 16);
    for line in lines {
        let vector: Value = serde_json::from_str(line).unwrap();
        let stored = text(&vector, "stored");
        assert_eq!(detect(stored), Scheme::Unknown, "{stored}");
        assert!(verify(text(&vector, "password"), stored, None) != Ok(true), "{stored}");
        let way = kdf::argon2(text(&vector, "password").as_bytes(), stored);
        assert_eq!(way, Err(Unverifiable::Malformed), "{stored}");
    }
}

#[test]
fn the_right_password_matches_and_no_other() {
    let mut verified = 0;
    for vector in vectors() {
        let (password, stored) = (text(&vector, "password"), text(&vector, "stored"));
        let firebase = firebase(&vector);
        let is = |password: &str| verify(password, stored, firebase.as_ref());
        if vector["verifiable"] == false && !stored.starts_with("$y$") {
            assert_eq!(is(password), Err(Unverifiable::Faulty), "{stored}");
            continue;
        }
        assert_eq!(is(password), Ok(true), "{stored} of {}", text(&vector, "by"));
        // bcrypt sees no more than 72 bytes: the difference is at the beginning.
        assert_eq!(is(&format!("~{password}")), Ok(false), "{stored}");
        verified += 1;
    }
    assert!(verified > 1_100, "{verified}");
}

/// WordPress trims what is typed, and no other program is known to. The hashes are passlib's.
#[test]
fn white_space_around_a_password_is_left_out_for_wordpress_alone() {
    let (mut portable, mut others) = (0, 0);
    for vector in vectors() {
        let (password, stored) = (text(&vector, "password"), text(&vector, "stored"));
        let is_plain = password == "secret";
        if !text(&vector, "by").starts_with("passlib") || !is_plain || vector["verifiable"] == false
        {
            continue;
        }
        let is = |password: &str| verify(password, stored, firebase(&vector).as_ref());
        let is_wordpress = stored.starts_with("$P$");
        for around in
            [format!("  {password}"), format!("\t{password}\r\n"), format!("{password}\u{b}")]
        {
            assert_eq!(is(&around), Ok(is_wordpress), "{stored} with {around:?}");
        }
        // Unicode's spaces are none to PHP.
        assert_eq!(is(&format!("\u{a0}{password}")), Ok(false), "{stored}");
        *(if is_wordpress { &mut portable } else { &mut others }) += 1;
    }
    assert!(portable > 0 && others > 20, "{portable} {others}");
    // It lets nobody in with an empty password. The mark is no part of what is hashed.
    let empty = vectors().into_iter().find(|it| it["scheme"] == "phpass" && it["password"] == "");
    let stored = text(&empty.unwrap(), "stored").replace("$H$", "$P$");
    assert_eq!([verify("", &stored, None), verify(" ", &stored, None)], [Ok(true), Ok(false)]);
}

#[test]
fn parts_are_composed_to_the_string_that_others_compose() {
    let mut composed = 0;
    for vector in vectors() {
        let Some(rule) = vector.get("rule") else { continue };
        let record = &vector["record"];
        let expected = text(&vector, "stored");
        composed += 1;
        if rule["short"] == true {
            assert_eq!(shorten(text(record, "hash")), expected);
            // A directory's 64 bytes with their salt can be no shorter than they are without base64.
            let is_least = expected.starts_with("{SSHA512}");
            assert!(expected.len() <= 117 || is_least && expected.len() <= 120, "{expected}");
            continue;
        }
        let number = |name: &str| rule.get(name).or(record.get(name)).and_then(Value::as_u64);
        let small = |name: &str| number(name).and_then(|n| u32::try_from(n).ok());
        let order = rule.get("order").and_then(Value::as_str);
        let order = order.map_or_else(Order::plain, |order| Order::parse(order).unwrap());
        let encoding =
            |name: &str| rule.get(name).and_then(Value::as_str).and_then(Encoding::parse);
        let scheme = Composable::parse(text(rule, "scheme")).unwrap();
        let (whole, split) = (text(record, "hash"), rule.get("split").and_then(Value::as_str));
        let halves = split.map_or([None, None], |split| halves(whole, split));
        let is_digest = |half: &&(&str, &str)| {
            scheme != Composable::parse("sha1").unwrap() || half.0.len() == 40
        };
        let (hash, salt) = halves.iter().flatten().find(is_digest).copied().unzip();
        let said = |name: &str| rule.get(name).or(record.get(name)).and_then(Value::as_str);
        let key_encoding = encoding("key_encoding").unwrap_or(Encoding::Text);
        let parts = Parts {
            hash_encoding: encoding("hash_encoding"),
            salt: salt.or(record.get("salt").and_then(Value::as_str)),
            salt_encoding: encoding("salt_encoding").unwrap_or(Encoding::Text),
            typed: said("password_encoding")
                .map_or(Typed::Utf8, |word| Typed::parse(word).unwrap()),
            key: record.get("key").and_then(Value::as_str).map(|key| (key, key_encoding)),
            iterations: small("iterations"),
            scrypt: number("n").zip(small("r")).zip(small("p")).map(|((n, r), p)| (n, r, p)),
            argon2: small("m").zip(small("p")),
            variant: said("variant").map(|word| Variant::parse(word).unwrap()),
            version: said("version").map(|word| Version::parse(word).unwrap()),
            ..Parts::of(hash.unwrap_or(whole), &order)
        };
        assert_eq!(compose(scheme, &parts).as_deref(), Ok(expected), "{rule}");
    }
    assert!(composed > 150, "{composed}");
}

/// As SQL Server writes them; but base64 may begin so, too.
#[test]
fn digits_behind_0x_are_told_from_base64_that_begins_so() {
    let order = Order::plain();
    let composed = |hash: &str, hash_encoding| {
        let parts = Parts {
            hash_encoding,
            salt: Some("ab"),
            iterations: Some(1_000),
            ..Parts::of(hash, &order)
        };
        compose(Composable::parse("pbkdf2-sha256").unwrap(), &parts)
    };
    let bytes = "ab".repeat(32);
    assert_eq!(composed(&format!("0x{bytes}"), None), composed(&bytes, None));
    let base64 = format!("0x{}", "k".repeat(30));
    let whole = format!("$pbkdf2-sha256$1000$YWI${base64}");
    for encoding in [None, Some(Encoding::Base64)] {
        assert_eq!(composed(&base64, encoding), Ok(whole.clone()));
    }
    // Twelve bytes are no such digest, however they could be read.
    assert!(composed(&"ab".repeat(12), None).is_err());
}

/// Whatever stands in an export, and wherever it was cut.
#[test]
fn a_damaged_hash_breaks_nothing() {
    let mut read = 0;
    for vector in vectors() {
        let stored = text(&vector, "stored");
        for (at, _) in stored.char_indices() {
            let (head, tail) = stored.split_at(at);
            for damaged in [head.to_owned(), tail.to_owned(), format!("{head}密{tail}")] {
                let scheme = detect(&damaged);
                let cost = crate::password::cost::cost(scheme, &damaged);
                let short = shorten(&damaged);
                assert!(short.len() <= damaged.len(), "{damaged}");
                read += usize::from(cost.is_some());
            }
        }
    }
    assert!(read > 1_000, "{read}");
}

/// What a text with digest and salt does not say, its password does.
#[test]
fn how_a_password_matched_is_told() {
    let mut found = std::collections::BTreeMap::<String, u32>::new();
    for vector in vectors() {
        let (password, stored) = (text(&vector, "password"), text(&vector, "stored"));
        let by = text(&vector, "by");
        let expected = match by.split([' ', ',']).next().unwrap_or_default() {
            "Joomla" => "password+salt",
            "osCommerce" | "Magento" => "salt+password",
            "vBulletin" => "md5(password)+salt",
            "Werkzeug" if stored.starts_with("sha1$") => "HMAC",
            "Django" if stored.starts_with("sha1$$") => "password",
            "Django" if stored.starts_with("md5$$") => "password",
            "Django" if stored.starts_with("md5$") => "salt+password",
            _ => continue,
        };
        let told = match way(password.as_bytes(), stored) {
            Some(Way::Order(_, order)) => order.words(),
            Some(Way::Hmac) => "HMAC".to_owned(),
            Some(Way::Again) => "again".to_owned(),
            None => "no way".to_owned(),
        };
        assert_eq!(told, expected, "{stored} of {by}");
        assert_eq!(way(b"another", stored), None);
        *found.entry(told).or_default() += 1;
    }
    assert!(found.len() == 5 && found.values().all(|n| *n >= 11), "{found:?}");
}

#[test]
fn what_asks_for_too_much_is_refused_at_once() {
    let x = |n: usize| "x".repeat(n);
    for stored in [
        format!("$2b$31${}", x(53)),
        "$argon2id$v=19$m=4294967295,t=3,p=4$c2FsdHNhbHQ$aGFzaGhhc2hoYXNoaGFzaA".to_owned(),
        "$argon2id$v=19$m=65536,t=4294967295,p=4$c2FsdHNhbHQ$aGFzaGhhc2hoYXNoaGFzaA".to_owned(),
        "$scrypt$ln=63,r=8,p=1$c2FsdA$aGFzaGhhc2hoYXNoaGFzaA".to_owned(),
        "$scrypt$ln=14,r=4294967295,p=1$c2FsdA$aGFzaGhhc2hoYXNoaGFzaA".to_owned(),
        "$pbkdf2-sha256$4294967295$c2FsdA$aGFzaGhhc2hoYXNoaGFzaA".to_owned(),
        format!("{{PBKDF2-SHA512}}4294967295$c2FsdA${}", x(64)),
        "$pbkdf2-sha256$i=9999999999$c2FsdA$aGFzaGhhc2hoYXNoaGFzaA".to_owned(),
        "$fbscrypt$v=1,n=63,r=8,p=1,sk=YWJj$c2FsdA$aGFzaGhhc2hoYXNoaGFzaA".to_owned(),
        format!("$P$z{}", x(30)),
        format!("$S$z{}", x(51)),
        format!("$6$rounds=999999999$salt${}", x(86)),
        format!("$y$jzT$salt${}", x(43)),
    ] {
        assert_eq!(verify("secret", &stored, None), Err(Unverifiable::TooCostly), "{stored}");
    }
    assert_eq!(verify("a", "secret", None), Err(Unverifiable::NoHash));
    assert_eq!(verify("a", "$firebase-scrypt$YWI$YWI", None), Err(Unverifiable::Firebase));
}
